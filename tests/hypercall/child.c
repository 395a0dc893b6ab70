// SPDX-License-Identifier: GPL-2.0
/* A child that runs: its intercepts, its state, interrupts, memory. */
#include "payload.h"

void child_start_state(u64 id)
{
	u64 flat[2] = { 0, 0xffff | 0x9bull << 48 };

	memcpy((void *)CHILD_RAM, child_start, child_end - child_start);
	check(reg_set(id, 0, HV_REG_CS, flat[0], flat[1]), 0, "CS at 0");
	check(reg_set(id, 0, HV_REG_RIP, 0, 0), 0, "RIP at 0");
	check(regs->rip, 0, "the page follows");
}

void child_io(u64 id)
{
	struct hv_io_message *io = (void *)msg->payload;

	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "port write");
	check(msg->sender, id, "by the child");
	check(io->port << 16 | io->header.access << 8 | io->access_info, 0x800101, "port 80, write, one byte");
	check((u8)io->rax, 0x42, "the value");
	check(reg_get(id, 0, HV_REG_INTERCEPT_SUSPEND), 1, "InterceptSuspend");
	check(regs->isvalid, 1, "register page valid");
	check(regs->rip, 2, "RIP of the OUT");
	skip(io->header.length_cr8 & 15);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "port read");
	check(io->port << 16 | io->header.access << 8 | io->access_info, 0x600001, "port 60, read, one byte");
	regs->gpr[0] = 0x99;
	regs->dirty |= HV_REGPAGE_DIRTY_GP;
	skip(io->header.length_cr8 & 15);
	run(id);
}

void child_memory(u64 id)
{
	struct hv_memory_message *m = (void *)msg->payload;

	intercept_wait(HVMSG_UNMAPPED_GPA, "write to nothing");
	check(m->gpa, 0x2000, "its address");
	check(m->header.access, HV_INTERCEPT_ACCESS_WRITE, "a write");
	check(*(u8 *)(CHILD_RAM + 0x700), 0x99, "the port's value arrived");
	skip(4);
	run(id);
	check(message_wait(), HVMSG_SYNIC_SINT_INTERCEPT, "doorbell: message");
	check(*(volatile u32 *)slot->payload, 5, "of SINT 5");
	check(ring->data[0], 5, "port 5 in the ring");
	check(ring->signal_masked, 1, "further ones are masked");
	message_done();
	intercept_wait(HVMSG_GPA_INTERCEPT, "write to a page to read only");
	check(m->gpa, 0x4000, "its address");
	skip(3);
	run(id);
}

static u16 translate(u64 id, u64 flags)
{
	struct hv_translate_input *p = in;

	*p = (struct hv_translate_input){ .partition_id = id, .flags = flags };
	return call(HVCALL_TRANSLATE_VIRTUAL_ADDRESS);
}

void child_end_state(u64 id)
{
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "the last port");
	check(*(u32 *)(CHILD_RAM + 0x704), 0x12345678, "registered CPUID");
	skip(2);
	if (scheduler == HV_SCHEDULER_ROOT) {
		dispatch_flags = HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND;
		check(dispatch(id, 100000), READY_NONE, "dispatch ends with its time slice");
		timer_arm();
		dispatch_flags = HV_DISPATCH_ENABLE_CALLER_INTERRUPTS;
		check(dispatch(id, 0), READY_NONE, "and with an interrupt, if the caller lets them");
		asm volatile("sti; nop; cli" : : : "memory");
	} else {
		resume(id);
		check(reg_set(id, 0, HV_REG_RIP, 0, 0), HV_STATUS_INVALID_VP_STATE, "registers of a running VP");
		check(translate(id, HV_TRANSLATE_VALIDATE_READ), HV_STATUS_INVALID_VP_STATE, "translation by a running VP");
	}
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 1, 0), 0, "stop");
	if (scheduler == HV_SCHEDULER_ROOT)
		check(dispatch(id, 0), BLOCKED_SUSPEND, "dispatch of a stopped VP");
	else
		check(dispatch(id, 0), 1u << 31 | HV_STATUS_OPERATION_DENIED, "dispatch without the root scheduler");
	check(reg_get(id, 0, HV_REG_INTERCEPT_SUSPEND), 0, "no intercept in flight");
	check(reg_get(id, 0, HV_REG_RIP) & ~1ull, ((child_end - child_start) - 2) & ~1ull, "stopped in its loop");
	check(regs->isvalid, 1, "register page valid again");
}

void state_checks(u64 id)
{
	struct hv_vp_state_input *p = in;
	struct hv_lapic_state *lapic = (void *)(CHILD_RAM + 0x5000);

	memset(p, 0, 64);
	p->partition_id = id;
	p->type = HV_VP_STATE_LAPIC;
	p->data[0] = (u64)lapic >> 12;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), 0, "LAPIC state");
	check(lapic->version & 0xff, 0x14, "its version");
	check((u16)vmmcall(HVCALL_GET_VP_STATE | VAR(1), IN, 1), 0, "no output page where there is no output");
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "and back");
	p->type = HV_VP_STATE_XSAVE;
	p->xsave_states = 7;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), 0, "XSAVE state");
	check(*(u64 *)((u8 *)lapic + 160 + 48), 0x1122334455667788, "XMM3 in it");
	check(*(u64 *)((u8 *)lapic + 520) >> 63, 1, "compacted");
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "and back");
	check(call(HVCALL_GET_VP_STATE), HV_STATUS_INSUFFICIENT_BUFFER, "no buffer");
	p->type = HV_VP_STATE_SYNTHETIC_TIMERS;
	p->xsave_states = 0;
	check(call(HVCALL_GET_VP_STATE), 0, "timers: in the output page");
	check((u16)vmmcall(HVCALL_GET_VP_STATE, IN, 1), HV_STATUS_INVALID_ALIGNMENT, "which has to be aligned");
	p->type = 77;
	check(call(HVCALL_GET_VP_STATE | VAR(1)), HV_STATUS_INVALID_PARAMETER, "unknown state type");
}

void translate_checks(u64 id)
{
	struct hv_translate_output *o = out;

	check(translate(id, HV_TRANSLATE_VALIDATE_READ), 0, "translate");
	check(o->result << 16 | o->gpa_page, 0, "paging is off: identity");
	check(translate(id, 0), HV_STATUS_INVALID_PARAMETER, "no access named");
}

/* ---- a second life: interrupts, CPUID and MSR intercepts ---- */

#define SECOND		0x600u
#define VECTOR		0x30u

static u32 nmi_pending(u64 id)
{
	struct hv_vp_state_input *p = in;
	struct hv_lapic_state *lapic = (void *)(CHILD_RAM + 0x5000);

	memset(p, 0, 64);
	p->partition_id = id;
	p->type = HV_VP_STATE_LAPIC;
	p->data[0] = (u64)lapic >> 12;
	return call(HVCALL_GET_VP_STATE | VAR(1)) ? ~0u : lapic->irr[0] & 4;
}

static void assert_checks(u64 id)
{
	check(interrupt_assert(id, 3, 0, 0, VECTOR), HV_STATUS_INVALID_PARAMETER, "remote read");
	check(interrupt_assert(id, 0, BIT(5), 0, VECTOR), HV_STATUS_INVALID_PARAMETER, "reserved control bit");
	check(interrupt_assert(id, 0, 0, 0, 256), HV_STATUS_INVALID_PARAMETER, "vector too large");
	check(interrupt_assert(id, 4, 0, 0, 2), HV_STATUS_INVALID_PARAMETER, "NMI with a vector");
	check(interrupt_assert(id, HV_INTERRUPT_INIT, 0, 0, HV_INTERRUPT_VECTOR_NONE), 0, "INIT deasserted");
	check(reg_get(id, 0, HV_REG_RIP), SECOND, "is no INIT");
	check(interrupt_assert(id, HV_INTERRUPT_NMI, 0, 0, HV_INTERRUPT_VECTOR_NONE), 0, "NMI deasserted");
	check(nmi_pending(id), 0, "is no NMI");
	check(interrupt_assert(id, 0, 0, 9, VECTOR), HV_STATUS_INVALID_VP_INDEX, "APIC ID of nobody");
	check(interrupt_assert(id, 0, HV_ASSERT_LOGICAL, 0x80, VECTOR), 0, "logical destination of nobody: dropped");
	check(fast(HVCALL_CLEAR_VIRTUAL_INTERRUPT, id, 0), HV_STATUS_NOT_ACKNOWLEDGED, "nothing to clear");
}

static void apic_enable(u64 id)
{
	struct hv_vp_state_input *p = in;
	struct hv_lapic_state *lapic = (void *)(CHILD_RAM + 0x5000);

	memset(p, 0, 64);
	p->partition_id = id;
	p->type = HV_VP_STATE_LAPIC;
	p->data[0] = (u64)lapic >> 12;
	call(HVCALL_GET_VP_STATE | VAR(1));
	lapic->spurious = 0x1ff;
	check(call(HVCALL_SET_VP_STATE | VAR(1)), 0, "local APIC enabled by its state");
}

static u16 cpuid_intercept(u64 id, u32 leaf, u32 mask)
{
	struct hv_install_intercept_input *p = in;

	*p = (struct hv_install_intercept_input){ .partition_id = id, .access_mask = mask,
						  .type = HV_INTERCEPT_X64_CPUID, .parameter = leaf };
	return call(HVCALL_INSTALL_INTERCEPT);
}

static void second_prepare(u64 id)
{
	memcpy((void *)(CHILD_RAM + SECOND), second_start, second_end - second_start);
	*(volatile u32 *)(CHILD_RAM + VECTOR * 4) = SECOND + (second_handler - second_start);
	apic_enable(id);
	check(cpuid_intercept(id, 0x77, HV_INTERCEPT_READ), HV_STATUS_INVALID_PARAMETER, "mask that CPUID does not take");
	check(cpuid_intercept(id, 0x77, HV_INTERCEPT_EXECUTE), 0, "InstallIntercept");
	check(reg_set(id, 0, HV_REG_RIP, SECOND, 0), 0, "RIP");
	check(reg_set(id, 0, HV_REG_RSP, 0x7f0, 0), 0, "RSP");
}

/* Halted, it waits inside the hypervisor; the interrupt wakes it. */
static void second_wake(u64 id)
{
	if (scheduler != HV_SCHEDULER_ROOT) {
		resume(id);
		check(interrupt_assert(id, 0, 0, 0, VECTOR), 0, "AssertVirtualInterrupt");
		return;
	}
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 0, 0), 0, "ExplicitSuspend cleared");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	message_done();
	check(dispatch(id, 0), HV_DISPATCH_STATE_BLOCKED << 16, "halted");
	wrmsr(HV_MSR_SIMP, rdmsr(HV_MSR_SIMP) & ~1ull);
	check(interrupt_assert(id, 0, 0, 0, VECTOR), 0, "an interrupt while no root VP takes messages");
	check(counters[HV_COUNTER_VP_DISPATCH_BLOCKED] != 0, 1, "nobody could be told: it stays blocked");
	wrmsr(HV_MSR_SIMP, rdmsr(HV_MSR_SIMP) | 1);
	check(interrupt_assert(id, 0, 0, 0, VECTOR), 0, "AssertVirtualInterrupt");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	message_done();
	check(dispatch(id, 0), READY_INTERCEPT, "an intercept");
}

void second_run(u64 id)
{
	struct hv_io_message *io = (void *)msg->payload;
	struct hv_cpuid_message *cpuid = (void *)msg->payload;

	second_prepare(id);
	assert_checks(id);
	second_wake(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "in the handler");
	check(io->port, 0x83, "its port");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "past HLT");
	check(io->port, 0x82, "its port");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_CPUID_INTERCEPT, "CPUID");
	check(cpuid->rax, 0x77, "its leaf");
	skip(2);
	run(id);
	intercept_wait(HVMSG_X64_IO_PORT_INTERCEPT, "past RDMSR");
	check(io->rax, 0, "an unimplemented MSR reads zero");
	check(cpuid_intercept(id, 0x77, 0), 0, "intercept removed");
}

/* ---- memory from outside ---- */

static u8 access_state(u64 id, u64 gfn, u64 flags)
{
	struct hv_access_states_input *p = in;

	*p = (struct hv_access_states_input){ .partition_id = id, .flags = flags, .base_gfn = gfn };
	return call(HVCALL_GET_GPA_PAGES_ACCESS_STATES | REPS(1)) ? 0xff : *(u8 *)out;
}

static u16 gpa_read(u64 id, u64 gpa, u32 count)
{
	struct hv_read_gpa_input *p = in;

	*p = (struct hv_read_gpa_input){ .partition_id = id, .byte_count = count, .gpa = gpa, .control = HV_CACHE_WB };
	return call(HVCALL_READ_GPA);
}

void memory_checks(u64 id)
{
	struct hv_read_gpa_output *o = out;

	check(access_state(id, 0, 0), 0xff, "access states without tracking");
	check(property_set(id, HV_PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1), 0, "tracking on");
	check(access_state(id, 0, 3), 0xff, "set and clear at once");
	check(access_state(id, 0, HV_ACCESS_CLEAR_ACCESSED | HV_ACCESS_CLEAR_DIRTY), 3, "accessed and dirty");
	check(access_state(id, 0, 0), 0, "cleared");
	check(gpa_read(id, 0x700, 17), HV_STATUS_INVALID_PARAMETER, "17 bytes");
	check(gpa_read(id, 0xffe, 4), HV_STATUS_INVALID_PARAMETER, "across a page");
	check(gpa_read(id, 0x704, 4), 0, "ReadGpa");
	check(*(u32 *)o->data, 0x12345678, "what the child wrote");
	check(gpa_read(id, 0x2000, 4), 0, "of nothing");
	check(o->result, HV_GPA_ACCESS_UNMAPPED, "is unmapped");
	check(gpa_read(id, 0xfee00030, 4), 0, "of the local APIC");
	check(o->data[0], 0x14, "its version");
}
