// SPDX-License-Identifier: GPL-2.0
/* A child that does what it is told, an instruction at a time: what guests may do. */
#include "payload.h"

#define MAILBOX		((volatile u32 *)(CHILD_RAM + 0x800))
#define GDT		0x400u
#define IDT		0x1000u
#define STACK		0xc00u
#define RAM_PAGES	32u
#define PARAMETERS	0x6000u		/* the child's own hypercall parameters */
#define CODE		0x7000u
#define DONE_PORT	0x90
#define WAKE_VECTOR	0x31u

enum { OP_CALL = 1, OP_RDMSR, OP_WRMSR, OP_CPUID, OP_READ, OP_WRITE, OP_CODE };
enum { EAX, EBX, ECX, EDX, ESI, EDI };

static u64 agent;
static bool agent_stopped;		/* at its report, to be moved on */

static u64 gate(u32 handler)
{
	return (handler & 0xffff) | 8ull << 16 | 0x8eull << 40 | (u64)(handler >> 16) << 48;
}

static void agent_memory(void)
{
	u64 *gdt = (void *)(CHILD_RAM + GDT), *idt = (void *)(CHILD_RAM + IDT);

	memset((void *)CHILD_RAM, 0, RAM_PAGES * 4096);
	memcpy((void *)CHILD_RAM, agent_start, agent_end - agent_start);
	gdt[1] = 0x00cf9b000000ffff;
	gdt[2] = 0x00cf93000000ffff;
	for (u32 i = 0; i < 32; i++)
		idt[i] = gate((agent_stubs - agent_start) + 32 * i);
	idt[WAKE_VECTOR] = gate(agent_wake - agent_start);
}

static void agent_registers(void)
{
	u64 data = 0xffffffff | 0x10ull << 32 | 0xc093ull << 48;

	reg_set(agent, 0, HV_REG_CS, 0, 0xffffffff | 8ull << 32 | 0xc09bull << 48);
	for (u32 i = 0; i < 6; i++)
		if (i != 1)
			reg_set(agent, 0, HV_REG_ES + i, 0, data);
	reg_set(agent, 0, HV_REG_GDTR, 23ull << 48, GDT);
	reg_set(agent, 0, HV_REG_IDTR, 0x3ffull << 48, IDT);
	reg_set(agent, 0, HV_REG_CR0, 0x11, 0);
	reg_set(agent, 0, HV_REG_CR3, 0, 0);
	reg_set(agent, 0, HV_REG_CR4, 0, 0);
	reg_set(agent, 0, HV_REG_EFER, 0, 0);
	reg_set(agent, 0, HV_REG_RFLAGS, 2, 0);
	reg_set(agent, 0, HV_REG_RSP, STACK, 0);
	reg_set(agent, 0, HV_REG_RIP, 0, 0);
	reg_set(agent, 0, HV_REG_PENDING_INTERRUPTION, 0, 0);
	agent_stopped = false;
}

/* ---- runs until its next intercept ---- */

static void clear_suspends(void)
{
	struct hv_register_assoc *e = in + 16;

	reg_header(agent, 0);
	e[0] = (struct hv_register_assoc){ .name = HV_REG_INTERCEPT_SUSPEND };
	e[1] = (struct hv_register_assoc){ .name = HV_REG_EXPLICIT_SUSPEND };
	call(HVCALL_SET_VP_REGISTERS | REPS(2));
}

/* Messages that are not about an intercept are taken and left: scheduler signals. */
static void drop_messages(void)
{
	while (slot->message_type)
		message_done();
}

static u32 go_root_scheduler(void)
{
	u32 got;

	clear_suspends();
	for (u32 i = 0; i < 100000; i++) {
		drop_messages();
		got = dispatch(agent, 10000);
		if (got == READY_INTERCEPT)
			return msg->message_type;
		if (got != READY_NONE && got >> 16 != HV_DISPATCH_STATE_BLOCKED)
			return got;
	}
	return 0;
}

/* Type of the intercept, 0: none came. */
static u32 go(void)
{
	if (agent_stopped) {
		skip(2);
		agent_stopped = false;
	}
	if (scheduler == HV_SCHEDULER_ROOT)
		return go_root_scheduler();
	clear_suspends();
	do {
		if (!message_wait())
			return 0;
		message_done();
	} while (reg_get(agent, 0, HV_REG_INTERCEPT_SUSPEND) != 1);
	return msg->message_type;
}

static bool reported(u32 type)
{
	const struct hv_io_message *io = (void *)msg->payload;

	return type == HVMSG_X64_IO_PORT_INTERCEPT && io->port == DONE_PORT;
}

static u32 agent_do(u32 op, u32 eax, u32 ebx, u32 ecx, u32 edx)
{
	u32 type;

	MAILBOX[0] = op;
	MAILBOX[1 + EAX] = eax;
	MAILBOX[1 + EBX] = ebx;
	MAILBOX[1 + ECX] = ecx;
	MAILBOX[1 + EDX] = edx;
	type = go();
	agent_stopped = reported(type);
	return type;
}

static u32 result(u32 reg) { return MAILBOX[1 + reg]; }
static u32 trapped(void) { return MAILBOX[7]; }		/* vector + 1 */

/* 32-bit callers: EDX:EAX control, EBX:ECX input, EDI:ESI output. */
static u16 agent_call(u64 control, u32 input, u32 output)
{
	MAILBOX[1 + ESI] = output;
	MAILBOX[1 + EDI] = 0;
	agent_do(OP_CALL, control, 0, input, control >> 32);
	return result(EAX);
}

static bool agent_wrmsr(u32 msr, u64 val)
{
	agent_do(OP_WRMSR, val, 0, msr, val >> 32);
	return !trapped();
}

static bool agent_rdmsr(u32 msr)
{
	agent_do(OP_RDMSR, 0, 0, msr, 0);
	return !trapped();
}

/* ---- life ---- */

static void agent_create(u64 features)
{
	u16 status;

	deposit(1, 3);
	check(create(FLAGS, &agent), 0, "a child that does what it is told");
	property_set(agent, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, features);
	deposit(agent, 60);
	partition_call(HVCALL_INITIALIZE_PARTITION, agent);
	check(map(agent, 0, CHILD_RAM >> 12, RAM_PAGES, RWX), 0, "its memory");
	check(create_vp(agent, 0, 0), 0, "its VP");
	regs = (void *)state_page(agent, HV_STATE_PAGE_REGISTERS, &status);
	msg = (void *)state_page(agent, HV_STATE_PAGE_INTERCEPT, &status);
	check(stats(MAP, HV_STATS_VP, agent, 0, 0), 0, "its statistics");
	agent_memory();
	agent_registers();
}

static void agent_delete(void)
{
	drop_messages();
	check(partition_call(HVCALL_FINALIZE_PARTITION, agent), 0, "finalized");
	check(withdraw(agent), 60, "all of its memory is back");
	check(partition_call(HVCALL_DELETE_PARTITION, agent), 0, "deleted");
	withdraw(1);
}

/* ---- its own hypercalls ---- */

static void call_checks(void)
{
	struct hv_memory_message *m = (void *)msg->payload;

	check(agent_do(OP_CALL, HVCALL_GET_PARTITION_ID, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "it reports");
	check(trapped(), 6 + 1, "#UD while the interface is not enabled");
	check(agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercall page without an OS ID");
	check(agent_rdmsr(HV_MSR_HYPERCALL) && !(result(EAX) & 1), 1, "stays disabled");
	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 0x8100ull << 48), 1, "OS ID");
	check(agent_wrmsr(HV_MSR_HYPERCALL, 1ull << 50 | 1), 0, "hypercall page beyond its space: #GP");
	check(agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercall page");
	check(*(volatile u32 *)(CHILD_RAM + 0x5000), 0xc3d9010f, "which holds VMMCALL and RET");
	check(agent_call(HVCALL_GET_PARTITION_ID, 0, PARAMETERS), HV_STATUS_ACCESS_DENIED, "no privilege for its ID");
	check(agent_call(0x3fff, 0, 0), HV_STATUS_INVALID_HYPERCALL_CODE, "unknown code");
	check(agent_call(HVCALL_CREATE_PARTITION, PARAMETERS, PARAMETERS + 256), HV_STATUS_ACCESS_DENIED, "no child of its own");
	check(agent_call(HVCALL_MAP_GPA_PAGES | REPS(1), PARAMETERS, 0), HV_STATUS_ACCESS_DENIED, "no map of its own");
	check(agent_call(HVCALL_GET_VP_REGISTERS | REPS(1), PARAMETERS, PARAMETERS + 256), HV_STATUS_ACCESS_DENIED,
	      "registers of another partition");
	*(u64 *)(CHILD_RAM + PARAMETERS) = ~0ull;
	*(u32 *)(CHILD_RAM + PARAMETERS + 8) = HV_VP_INDEX_SELF;
	*(u32 *)(CHILD_RAM + PARAMETERS + 16) = HV_REG_VP_INDEX;
	check(agent_call(HVCALL_GET_VP_REGISTERS | REPS(1), PARAMETERS, PARAMETERS + 256), 0, "its own registers");
	check(agent_call(HVCALL_NOTIFY_LONG_SPIN_WAIT, PARAMETERS, 0), 0, "a hint");
	check(agent_do(OP_CALL, HVCALL_NOTIFY_LONG_SPIN_WAIT, 0, 0x40000, 0), HVMSG_UNMAPPED_GPA,
	      "parameters where nothing is mapped: its parent is told");
	check(m->gpa, 0x40000, "the address");
	check(map(agent, 0x40, (CHILD_RAM >> 12) + 6, 1, RWX), 0, "mapped");
	check(reported(go()), 1, "the call is executed again");
	agent_stopped = true;
	check((u16)result(EAX), 0, "and succeeds");
	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 0), 1, "OS ID 0");
	check(agent_rdmsr(HV_MSR_HYPERCALL) && !(result(EAX) & 1), 1, "disables the page");
}

/* ---- MSRs ---- */

static u16 msr_intercept(u32 type, u32 msr, u32 mask)
{
	struct hv_install_intercept_input *p = in;

	*p = (struct hv_install_intercept_input){ .partition_id = agent, .access_mask = mask, .type = type, .parameter = msr };
	return call(HVCALL_INSTALL_INTERCEPT);
}

static void msr_checks(void)
{
	struct hv_msr_message *m = (void *)msg->payload;

	check(agent_rdmsr(HV_MSR_EOI), 0, "EOI cannot be read");
	check(agent_rdmsr(HV_MSR_EOM) && !result(EAX), 1, "EOM reads zero");
	check(agent_wrmsr(HV_MSR_TIME_REF_COUNT, 0), 0, "the reference count cannot be written");
	check(agent_wrmsr(HV_MSR_SVERSION, 1), 0, "nor SVERSION");
	check(agent_wrmsr(HV_MSR_VP_INDEX, 1), 0, "nor the VP index");
	check(agent_wrmsr(HV_MSR_SINT0 + 3, 15), 0, "SINT with vector 15");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, BIT(13)), 0, "timer with a reserved bit");
	check(agent_rdmsr(0x277), 1, "PAT");
	check(agent_wrmsr(0x277, 0x0007040600070402), 0, "PAT with a reserved type");
	check(agent_rdmsr(0x277) && result(EAX) == 0x00070406, 1, "stays");
	check(agent_wrmsr(0x2ff, BIT(9)), 0, "MTRR default type with a reserved bit");
	check(agent_wrmsr(0x2ff, BIT(11) | 2), 0, "and with a reserved type");
	check(agent_wrmsr(0x2ff, BIT(11) | 6), 1, "MTRR default type");
	check(agent_wrmsr(0x200, BIT(45)), 0, "MTRR base beyond its space");
	check(agent_wrmsr(0x201, BIT(5)), 0, "MTRR mask with a reserved bit");
	check(agent_wrmsr(0x1d9, 1), 1, "DEBUGCTL");
	check(agent_wrmsr(0x1d9, BIT(40)), 0, "with a reserved bit");
	check(agent_wrmsr(0xc0000080, BIT(2)), 0, "EFER with a reserved bit");
	check(agent_rdmsr(0xc0000080) && !result(EAX), 1, "SVME does not show");
	check(agent_rdmsr(0x12345), 0, "an MSR that does not exist");
	check(property_set(agent, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), 0, "those are to be ignored");
	check(agent_rdmsr(0x12345) && !result(EAX), 1, "it reads zero");
	check(agent_wrmsr(HV_MSR_TSC_FREQUENCY, 5), 1, "one it has no privilege for: ignored");
	check(msr_intercept(HV_INTERCEPT_X64_MSR, 0, 3), 0, "all that are not virtual are to be told");
	check(agent_do(OP_RDMSR, 0, 0, 0x12345, 0), HVMSG_X64_MSR_INTERCEPT, "the one that does not exist");
	check(m->msr, 0x12345, "its number");
	skip(2);
	check(reported(go()), 1, "past it");
	agent_stopped = true;
	check(agent_do(OP_RDMSR, 0, 0, HV_MSR_TSC_FREQUENCY, 0), HVMSG_X64_MSR_INTERCEPT, "the one without privilege");
	skip(2);
	check(reported(go()), 1, "past it");
	agent_stopped = true;
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "the virtual ones are not told");
	check(msr_intercept(HV_INTERCEPT_X64_MSR, 0, 0), 0, "no longer");
}

void agent_checks(void)
{
	agent_create(0x06400000 | 0x1ff | BIT(10) | HV_SYNTH_VP_REGISTERS);	/* no frequency registers */
	call_checks();
	msr_checks();
	agent_delete();
}
