// SPDX-License-Identifier: GPL-2.0
/* How VPs start anew: by RESET, INIT, StartVirtualProcessor; and what scrubbing leaves. */
#include "payload.h"

#define RESET_FAULT	0xfffffff0ull	/* where the first instruction is, and nothing is mapped */
#define STAR_VALUE	0x0023001000000000ull
#define PAT_VALUE	0x0007040600070401ull
#define XMM_VALUE	0x5566778899aabbccull

/* State that tells afterwards what has been reset. */
static void mark(void)
{
	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 0x8100ull << 48) && agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercall page");
	check(agent_wrmsr(HV_MSR_SIMP, 0x8001) && agent_wrmsr(HV_MSR_SCONTROL, 1), 1, "SynIC on");
	check(agent_wrmsr(HV_MSR_SINT0 + 5, 0x31), 1, "a SINT");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 1 << 16 | BIT(3)), 1, "a timer");
	reg_set(agent, 0, HV_REG_STAR, STAR_VALUE, 0);
	reg_set(agent, 0, HV_REG_PAT, PAT_VALUE, 0);
	reg_set(agent, 0, HV_REG_XMM0 + 3, XMM_VALUE, 0);
	reg_set(agent, 0, HV_REG_MTRR_DEF_TYPE, BIT(11) | 6, 0);
	reg_set(agent, 0, HV_REG_TSC_AUX, 7, 0);
}

static void paravirtual_checks(const char *what)
{
	check(reg_get(agent, 0, HV_REG_GUEST_OS_ID) | (reg_get(agent, 0, HV_REG_HYPERCALL) & 1), 0, what);
	check(reg_get(agent, 0, HV_REG_SCONTROL) | reg_get(agent, 0, HV_REG_SIMP), 0, "no SynIC");
	check(reg_get(agent, 0, HV_REG_SINT0 + 5), 0x10000, "its SINT is masked");
	check(reg_get(agent, 0, HV_REG_STIMER0_CONFIG), 0, "no timer");
}

/* INIT: the processor begins anew, but for what is no register of its core. */
static void init_checks(void)
{
	mark();
	reg_set(agent, 0, HV_REG_CR3, 0x3000, 0);
	check(interrupt_assert(agent, HV_INTERRUPT_INIT, 0, 0, 0), 0, "INIT");
	check(reg_get(agent, 0, HV_REG_RIP) << 16 | reg_get(agent, 0, HV_REG_CR3), 0xfff0ull << 16, "RIP and CR3 of reset");
	check(reg_get(agent, 0, HV_REG_EFER), 0, "no long mode");
	check(reg_get(agent, 0, HV_REG_STAR), STAR_VALUE, "STAR stays");
	check(reg_get(agent, 0, HV_REG_PAT), PAT_VALUE, "PAT stays");
	check(reg_get(agent, 0, HV_REG_XMM0 + 3), XMM_VALUE, "XMM3 stays");
	check(reg_get(agent, 0, HV_REG_TSC_AUX), 7, "TSC_AUX stays");
	check(reg_get(agent, 0, HV_REG_SCONTROL), 1, "its SynIC stays on");
	agent_memory();
	agent_registers();
}

/* By itself: as it was created, and it goes on from there. */
static void self_reset_checks(void)
{
	struct hv_memory_message *m = (void *)msg->payload;

	check(agent_rdmsr(HV_MSR_RESET) && !agent_result(EAX), 1, "RESET reads zero");
	check(agent_wrmsr(HV_MSR_RESET, 0), 1, "written 0, it does nothing");
	check(agent_do(OP_WRMSR, 1, 0, HV_MSR_RESET, 0), HVMSG_UNMAPPED_GPA, "RESET: it begins where there is no firmware");
	check(m->gpa, RESET_FAULT, "at the reset vector");
	paravirtual_checks("no hypercall page");
	check(reg_get(agent, 0, HV_REG_STAR), 0, "no STAR");
	check(reg_get(agent, 0, HV_REG_PAT), 0x0007040600070406, "PAT of reset");
	check(reg_get(agent, 0, HV_REG_XMM0 + 3), 0, "no XMM3");
	check(reg_get(agent, 0, HV_REG_MTRR_DEF_TYPE) | reg_get(agent, 0, HV_REG_TSC_AUX), 0, "no MTRR, no TSC_AUX");
	agent_memory();
	agent_registers();
	check(agent_do(OP_CPUID, 0, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "set right, it runs again");
}

/* By its parent: the paravirtual part only. */
static void scrub_checks(void)
{
	mark();
	check(partition_call(HVCALL_SCRUB_PARTITION, 1), HV_STATUS_ACCESS_DENIED, "the root is not scrubbed");
	check(partition_call(HVCALL_SCRUB_PARTITION, 0x4000), HV_STATUS_INVALID_PARTITION_ID, "nor who is not there");
	check(partition_call(HVCALL_SCRUB_PARTITION, agent), 0, "ScrubPartition");
	paravirtual_checks("scrubbed: no hypercall page");
	check(reg_get(agent, 0, HV_REG_STAR), STAR_VALUE, "its registers stay");
	check(agent_do(OP_CPUID, 0, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "it goes on where it was");
	*(volatile u32 *)(CHILD_RAM + 0x5000) = 0;
	check(reg_set(agent, 0, HV_REG_HYPERCALL, 0x5001, 0), 0, "a hypercall page given by its parent");
	check(*(volatile u32 *)(CHILD_RAM + 0x5000), 0xc3d9010f, "is there");
}

void reset_checks(void)
{
	agent_create(0x06400000 | 0x1ff | BIT(10), HV_PRIV_ACCESS_RESET_REG);
	init_checks();
	mark();
	self_reset_checks();
	scrub_checks();
	agent_delete();
}

/* ---- StartVirtualProcessor ---- */

/* Flat 32-bit code, as its own. */
static void context_fill(struct hv_start_vp_input *p, u32 vp, u32 rip)
{
	struct hv_segment data = { .limit = ~0u, .selector = 0x10, .attributes = 0xc093 };

	memset(p, 0, sizeof(*p));
	p->partition_id = ~0ull;
	p->vp_index = vp;
	p->context = (struct hv_vp_context){
		.rip = rip, .rsp = 0xe00, .rflags = 2, .cr0 = 0x11, .pat = 0x0007040600070406,
		.cs = { .limit = ~0u, .selector = 8, .attributes = 0xc09b },
		.ds = data, .es = data, .fs = data, .gs = data, .ss = data,
		.tr = { .limit = 0xffff, .attributes = 0x8b }, .ldtr = { .limit = 0xffff, .attributes = 0x82 },
	};
}

static u16 start_vp(void)
{
	return agent_call(HVCALL_START_VIRTUAL_PROCESSOR, AGENT_PARAMETERS, 0);
}

void start_checks(void)
{
	static const u8 loop[] = { 0xeb, 0xfe };
	struct hv_start_vp_input *p = (void *)(CHILD_RAM + AGENT_PARAMETERS);

	agent_create(0x1ff | BIT(10) | HV_SYNTH_START_VP, 0);
	check(create_vp(agent, 1, 0), 0, "its second VP");
	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 1) && agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercalls");
	memcpy((void *)(CHILD_RAM + AGENT_CODE), loop, sizeof(loop));
	context_fill(p, 0, AGENT_CODE);
	check(start_vp(), HV_STATUS_INVALID_VP_STATE, "StartVirtualProcessor of one that runs");
	context_fill(p, 2, AGENT_CODE);
	check(start_vp(), HV_STATUS_INVALID_VP_INDEX, "of one that is not there");
	context_fill(p, 1, AGENT_CODE);
	p->ivtl = 0x11;
	check(start_vp(), HV_STATUS_INVALID_VTL_STATE, "in a VTL that is not there");
	context_fill(p, 1, AGENT_CODE);
	p->context.efer = BIT(2);
	check(start_vp(), HV_STATUS_INVALID_REGISTER_VALUE, "with a bad EFER");
	check(reg_get(agent, 1, HV_REG_INTERNAL_ACTIVITY_STATE) << 16 | reg_get(agent, 1, HV_REG_RIP), 1 << 16 | 0xfff0,
	      "it waits as before");
	context_fill(p, 1, AGENT_CODE);
	check(start_vp(), 0, "StartVirtualProcessor");
	check(reg_get(agent, 1, HV_REG_INTERNAL_ACTIVITY_STATE) << 16 | reg_get(agent, 1, HV_REG_RIP), AGENT_CODE,
	      "it is there, and held by its parent alone");
	check(start_vp(), HV_STATUS_INVALID_VP_STATE, "a second time");
	check(fast(HVCALL_DELETE_VP, agent, 1), 0, "deleted");
	agent_delete();
}
