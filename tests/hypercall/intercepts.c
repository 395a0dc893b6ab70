// SPDX-License-Identifier: GPL-2.0
/* Interrupts that a child takes and ends, and what its parent is told of exceptions and ports. */
#include "payload.h"

#define VECTOR		0x31u		/* its handler does nothing but return */
#define EXTINT		7u
#define EOI_REGISTER	0xfee000b0u

static u32 run_code(const u8 *code, u32 size)
{
	memcpy((void *)(CHILD_RAM + AGENT_CODE), code, size);
	return agent_do(OP_CODE, 0x1234, AGENT_CODE, 2, 0x60);
}

/* Interrupts are on for one instruction. */
static void window(void)
{
	static const u8 code[] = { 0xfb, 0x90, 0x90, 0xfa, 0xc3 };

	check(run_code(code, sizeof(code)), HVMSG_X64_IO_PORT_INTERCEPT, "interrupts are on for a moment");
}

static void extint_checks(void)
{
	check(interrupt_assert(agent, EXTINT, 0, 1, VECTOR), HV_STATUS_INVALID_VP_INDEX, "ExtINT goes to the boot processor");
	check(interrupt_assert(agent, EXTINT, 0, 0, 0x20), 0, "ExtINT");
	check(interrupt_assert(agent, EXTINT, 0, 0, VECTOR), 0, "another vector before it is taken");
	check(fast(HVCALL_CLEAR_VIRTUAL_INTERRUPT, agent, 0), HV_STATUS_NOT_ACKNOWLEDGED, "nothing is acknowledged");
	window();
	check(interrupt_assert(agent, EXTINT, 0, 0, VECTOR), HV_STATUS_ACKNOWLEDGED, "it is acknowledged, and not cleared");
	check(fast(HVCALL_CLEAR_VIRTUAL_INTERRUPT, agent, 0), 0, "cleared");
	check(fast(HVCALL_CLEAR_VIRTUAL_INTERRUPT, agent, 0), HV_STATUS_NOT_ACKNOWLEDGED, "a second time");
}

static void level_checks(void)
{
	const struct hv_apic_eoi_message *eoi = (void *)msg->payload;

	agent_do(OP_WRITE, 0x1ff, 0xfee000f0, 0, 0);
	check(interrupt_assert(agent, 0, HV_ASSERT_LEVEL, 0, VECTOR), 0, "a level interrupt");
	window();
	check(agent_do(OP_WRITE, 0, EOI_REGISTER, 0, 0), HVMSG_X64_APIC_EOI, "its parent is told of the EOI");
	check(eoi->vp_index << 8 | eoi->vector, VECTOR, "of that vector");
	check(agent_past(), 1, "past it");
	check(interrupt_assert(agent, 0, 0, 0, VECTOR), 0, "an edge interrupt");
	window();
	check(agent_do(OP_WRITE, 0, EOI_REGISTER, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "its EOI is nobody's concern");
	check(agent_intercept(HV_INTERCEPT_X64_APIC_EOI, 0, HV_INTERCEPT_WRITE), 0, "but if all are to be told");
	check(interrupt_assert(agent, 0, 0, 0, VECTOR), 0, "an edge interrupt");
	window();
	check(agent_do(OP_WRITE, 0, EOI_REGISTER, 0, 0), HVMSG_X64_APIC_EOI, "it is");
	check(agent_past(), 1, "past it");
	check(agent_intercept(HV_INTERCEPT_X64_APIC_EOI, 0, 0), 0, "no longer");
}

/* An interrupt that is there ends guest idle, whatever the flag says. */
static void idle_checks(void)
{
	check(interrupt_assert(agent, 0, 0, 0, VECTOR), 0, "an interrupt that is held back");
	check(agent_rdmsr(HV_MSR_GUEST_IDLE), 1, "GUEST_IDLE ends at once");
	check(agent_blocked, 0, "and its dispatch went on");
	window();
	agent_do(OP_WRITE, 0, EOI_REGISTER, 0, 0);
}

static bool in_service(u32 vector)
{
	return reg_get(agent, 0, HV_REG_APIC_FIRST + 0xe + vector / 32) >> vector % 32 & 1;
}

/* A SINT with AutoEoi is over as soon as it is delivered. */
static void auto_eoi_checks(void)
{
	struct hv_signal_direct_input *p = in;

	check(agent_wrmsr(HV_MSR_SIEFP, 0xa001) && agent_wrmsr(HV_MSR_SCONTROL, 1), 1, "SynIC on");
	check(agent_wrmsr(HV_MSR_SINT0 + 7, VECTOR | HV_SINT_AUTO_EOI), 1, "a SINT with AutoEoi");
	*p = (struct hv_signal_direct_input){ .partition_id = agent, .sint = 7, .flag_number = 1 };
	check(call(HVCALL_SIGNAL_EVENT_DIRECT), 0, "signaled");
	window();
	check(in_service(VECTOR), 0, "taken, and not in service");
	check(interrupt_assert(agent, 0, 0, 0, VECTOR), 0, "its vector from elsewhere");
	check(agent_wrmsr(HV_MSR_SINT0 + 7, VECTOR | HV_SINT_MASKED), 1, "the SINT is masked");
	window();
	check(in_service(VECTOR), 1, "is in service until its EOI");
	agent_do(OP_WRITE, 0, EOI_REGISTER, 0, 0);
}

static void exception_checks(void)
{
	static const u8 ud2[] = { 0x0f, 0x0b };
	const struct hv_exception_message *m = (void *)msg->payload;

	check(agent_intercept(HV_INTERCEPT_EXCEPTION, 32, HV_INTERCEPT_EXECUTE), HV_STATUS_INVALID_PARAMETER, "vector 32");
	check(agent_intercept(HV_INTERCEPT_EXCEPTION, 6, HV_INTERCEPT_EXECUTE), 0, "#UD is to be told");
	check(run_code(ud2, sizeof(ud2)), HVMSG_X64_EXCEPTION_INTERCEPT, "UD2");
	check(m->vector << 8 | m->info, 6 << 8, "#UD, without error code");
	check(m->header.rip, AGENT_CODE, "where it stands");
	check(m->header.length_cr8 & 15, 0, "of unknown length");
	check(m->byte_count >= 2 && m->bytes[0] == 0x0f && m->bytes[1] == 0x0b, 1, "its bytes");
	check(m->gpr[0] << 16 | m->gpr[2], 0x1234ull << 16 | 0x60, "the registers");
	check(agent_intercept(HV_INTERCEPT_EXCEPTION, 6, 0), 0, "no longer");
	check(agent_past(), 1, "its own handler has it");
	check(AGENT_MAILBOX[7], 6 + 1, "as #UD");
}

static void port_checks(void)
{
	static const u8 insw[] = { 0xf3, 0x66, 0x6d, 0xc3 }, in32[] = { 0xed, 0xc3 };
	const struct hv_io_message *m = (void *)msg->payload;

	check(run_code(insw, sizeof(insw)), HVMSG_X64_IO_PORT_INTERCEPT, "REP INSW");
	check(m->port << 16 | m->header.access << 8 | m->access_info, 0x60 << 16 | HV_IO_STRING | HV_IO_REP | 2,
	      "its port, a read, two bytes, string, repeated");
	check(m->rcx, 2, "how often");
	check(m->byte_count >= 3, 1, "its bytes");
	check(m->header.length_cr8 & 15, 3, "its length");
	skip(3);
	check(agent_past(), 1, "past it");
	check(run_code(in32, sizeof(in32)), HVMSG_X64_IO_PORT_INTERCEPT, "IN of four bytes");
	check(m->port << 16 | m->header.access << 8 | m->access_info, 0x60 << 16 | 4, "its port, a read, four bytes");
	check(m->header.length_cr8 & 15, 1, "its length");
	skip(1);
	check(agent_past(), 1, "past it");
}

/* Calls that lead nowhere, where the parent has asked for them. */
static void unknown_checks(void)
{
	const struct hv_hypercall_message *m = (void *)msg->payload;
	u32 *p = (void *)(CHILD_RAM + AGENT_PARAMETERS);

	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 1) && agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercalls");
	memset(p, 0, 256);
	p[0] = 0x77;
	p[2] = 1;
	check(agent_call(HVCALL_POST_MESSAGE, AGENT_PARAMETERS, 0), HV_STATUS_INVALID_CONNECTION_ID, "no such connection");
	check(agent_intercept(HV_INTERCEPT_UNKNOWN_CONNECTION, 0, HV_INTERCEPT_EXECUTE), 0, "those are to be told");
	check(agent_do(OP_CALL, HVCALL_POST_MESSAGE, 0, AGENT_PARAMETERS, 0), HVMSG_HYPERCALL_INTERCEPT, "PostMessage");
	check(m->rax << 32 | m->rcx, (u64)HVCALL_POST_MESSAGE << 32 | AGENT_PARAMETERS, "its registers");
	skip(3);
	check(agent_past(), 1, "past it");
	check(agent_do(OP_CALL, HVCALL_SIGNAL_EVENT, 0, AGENT_PARAMETERS + 8, 0), HVMSG_HYPERCALL_INTERCEPT, "SignalEvent");
	skip(3);
	check(agent_past(), 1, "past it");
	check(agent_intercept(HV_INTERCEPT_UNKNOWN_CONNECTION, 0, 0), 0, "no longer");
}

static void retarget_checks(void)
{
	struct hv_retarget_interrupt_input *p = (void *)(CHILD_RAM + AGENT_PARAMETERS);

	memset(p, 0, sizeof(*p));
	p->partition_id = ~0ull;
	p->device_id = 5;
	p->target.vector = 0x40;
	p->target.vp_mask = 1;
	check(agent_call(HVCALL_RETARGET_DEVICE_INTERRUPT, AGENT_PARAMETERS, 0), HV_STATUS_INVALID_DEVICE_ID, "no such device");
	check(agent_intercept(HV_INTERCEPT_RETARGET_UNKNOWN_DEVICE, 0, HV_INTERCEPT_EXECUTE), 0, "those are to be told");
	check(agent_do(OP_CALL, HVCALL_RETARGET_DEVICE_INTERRUPT, 0, AGENT_PARAMETERS, 0), HVMSG_HYPERCALL_INTERCEPT, "it is");
	skip(3);
	check(agent_past(), 1, "past it");
	check(agent_intercept(HV_INTERCEPT_RETARGET_UNKNOWN_DEVICE, 0, 0), 0, "no longer");
}

static void patch_level_checks(void)
{
	const struct hv_msr_message *m = (void *)msg->payload;

	check(agent_intercept(HV_INTERCEPT_MC_UPDATE_PATCH_LEVEL, 0, HV_INTERCEPT_READ), 0, "reads of the patch level are to be told");
	check(agent_do(OP_RDMSR, 0, 0, 0x8b, 0), HVMSG_X64_MSR_INTERCEPT, "one");
	check(m->msr, 0x8b, "its number");
	skip(2);
	check(agent_past(), 1, "past it");
	check(agent_intercept(HV_INTERCEPT_MC_UPDATE_PATCH_LEVEL, 0, 0), 0, "no longer");
	check(agent_rdmsr(0x8b), 1, "it is read");
}

static bool io_intercepted(u16 port, u8 size)
{
	struct hv_check_io_intercept_input *p = in;

	*p = (struct hv_check_io_intercept_input){ .partition_id = agent, .port = port, .size = size };
	return call(HVCALL_CHECK_FOR_IO_INTERCEPT) || *(u8 *)out;
}

/* A partition that is no EXO: its ports are nobody's but those that its parent asks for. */
void bare_port_checks(void)
{
	static const u8 in8[] = { 0xe4, 0x60, 0xc3 }, in16[] = { 0x66, 0xe5, 0x8f, 0xc3 }, out8[] = { 0xe6, 0x61, 0xc3 };
	const struct hv_io_message *m;

	agent_flags &= ~HV_PARTITION_CREATION_FLAG_EXO_PARTITION;
	agent_create(0x1ff, 0);
	m = (void *)msg->payload;
	check(agent_intercept(HV_INTERCEPT_X64_IO_PORT, 0x90, 3), 0, "one port is to be told");
	check(run_code(in8, sizeof(in8)), HVMSG_X64_IO_PORT_INTERCEPT, "IN from another");
	check(m->port << 16 | agent_result(EAX), 0x90 << 16 | 0x12ff, "reads all ones");
	check(run_code(out8, sizeof(out8)), HVMSG_X64_IO_PORT_INTERCEPT, "OUT to another");
	check(m->port, 0x90, "is nothing");
	check(run_code(in16, sizeof(in16)), HVMSG_X64_IO_PORT_INTERCEPT, "IN of two bytes that touches it");
	check(m->port, 0x8f, "is told");
	check(io_intercepted(0x90, 1) << 4 | io_intercepted(0x8f, 2) << 3 | io_intercepted(0x8e, 4) << 2 |
	      io_intercepted(0x91, 1) << 1 | io_intercepted(0x60, 4), 7 << 2, "CheckForIoIntercept says so");
	check(io_intercepted(0x60, 3), 1, "of no size of three");
	skip(3);
	check(agent_past(), 1, "past it");
	agent_delete();
	agent_flags = FLAGS;
}

static void rdpmc_checks(void)
{
	static const u8 rdpmc[] = { 0x0f, 0x33, 0xc3 };

	check(run_code(rdpmc, sizeof(rdpmc)), HVMSG_X64_IO_PORT_INTERCEPT, "RDPMC is nothing for its parent");
	check(agent_trapped(), 13 + 1, "there is no such counter: #GP");
}

#define DEBUG(n)	({ u64 val; asm volatile("mov %%dr" #n ", %0" : "=r"(val)); val; })

/* What the world switch of the processor leaves to the hypervisor: each VP has its own. */
static void switched_checks(void)
{
	static const u8 read[] = { 0x0f, 0x21, 0xc0, 0xc3 }, write[] = { 0x0f, 0x23, 0xc8, 0xc3 }, rdtscp[] = { 0x0f, 0x01, 0xf9, 0xc3 };

	asm volatile("mov %0, %%dr1" : : "r"(0x111ull));
	wrmsr(0xc0000103, 5);
	check(reg_set(agent, 0, HV_REG_DR0, 0xabcd, 0), 0, "DR0 of the child");
	check(run_code(read, sizeof(read)), HVMSG_X64_IO_PORT_INTERCEPT, "MOV from DR0");
	check(agent_result(EAX), 0xabcd, "as it was set");
	check(run_code(write, sizeof(write)), HVMSG_X64_IO_PORT_INTERCEPT, "MOV to DR1");
	check(reg_get(agent, 0, HV_REG_DR0 + 1), 0x1234, "its parent sees it");
	check(DEBUG(1), 0x111, "and keeps its own");
	check(reg_get(~0ull, 0, HV_REG_DR0 + 1), 0x111, "as the register says");
	check(agent_wrmsr(0xc0000103, 7), 1, "TSC_AUX of the child");
	check(run_code(rdtscp, sizeof(rdtscp)), HVMSG_X64_IO_PORT_INTERCEPT, "RDTSCP");
	check(agent_result(ECX), 7, "has it");
	check(rdmsr(0xc0000103), 5, "the root has its own");
	check(reg_get(~0ull, 0, HV_REG_TSC_AUX), 5, "as the register says");
	check(reg_get(1, 1, HV_REG_TSC_AUX) & reg_get(1, 1, HV_REG_DR0), ~0ull, "those of another processor are out of reach");
}

/* The last of the VP as it is: its state is gone. */
static void shutdown_checks(void)
{
	static const u8 int3[] = { 0xcc };

	check(reg_set(agent, 0, HV_REG_IDTR, 0, 0), 0, "no IDT");
	check(run_code(int3, sizeof(int3)), HVMSG_UNRECOVERABLE_EXCEPTION, "triple fault");
	check(reg_set(agent, 0, HV_REG_CR0, BIT(29) | 0x11, 0), 0, "not write-through, but cached");
	check(agent_go(), HVMSG_INVALID_VP_REGISTER_VALUE, "a state that cannot be run");
	agent_memory();
	agent_registers();
	check(agent_do(OP_CPUID, 0, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "set right, it runs again");
}

void intercept_checks(void)
{
	extint_checks();
	level_checks();
	idle_checks();
	auto_eoi_checks();
	exception_checks();
	port_checks();
	unknown_checks();
	retarget_checks();
	patch_level_checks();
	rdpmc_checks();
	switched_checks();
	shutdown_checks();
}
