// SPDX-License-Identifier: GPL-2.0
/* A child that does what it is told, an instruction at a time: what guests may do. */
#include "payload.h"

#define GDT		0x400u
#define IDT		0x1000u
#define STACK		0xc00u
#define RAM_PAGES	32u
#define PARAMETERS	AGENT_PARAMETERS
#define DONE_PORT	0x90
#define AGENT_VECTOR	0x31u

u64 agent;
u64 agent_flags = FLAGS;
u64 agent_patience = 1ull << 36;	/* TSC ticks to wait for an intercept */
static bool agent_stopped;		/* at its report, to be moved on */
bool agent_blocked;			/* a dispatch of it ended so, since it was last told what to do */

static u64 gate(u32 handler)
{
	return (handler & 0xffff) | 8ull << 16 | 0x8eull << 40 | (u64)(handler >> 16) << 48;
}

void agent_memory(void)
{
	u64 *gdt = (void *)(CHILD_RAM + GDT), *idt = (void *)(CHILD_RAM + IDT);

	memset((void *)CHILD_RAM, 0, RAM_PAGES * 4096);
	memcpy((void *)CHILD_RAM, agent_start, agent_end - agent_start);
	gdt[1] = 0x00cf9b000000ffff;
	gdt[2] = 0x00cf93000000ffff;
	for (u32 i = 0; i < 32; i++)
		idt[i] = gate((agent_stubs - agent_start) + 32 * i);
	idt[AGENT_VECTOR] = gate(agent_wake - agent_start);
}

void agent_registers(void)
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
void drop_messages(void)
{
	while (slot->message_type)
		message_done();
}

static u32 go_root_scheduler(void)
{
	u64 end = rdtsc() + agent_patience;
	u32 got;

	clear_suspends();
	while (rdtsc() < end) {
		drop_messages();
		got = dispatch(agent, 10000);
		if (got == READY_INTERCEPT)
			return msg->message_type;
		agent_blocked |= got == HV_DISPATCH_STATE_BLOCKED << 16;
		if (got != READY_NONE && got >> 16 != HV_DISPATCH_STATE_BLOCKED)
			return got;
	}
	return 0;
}

/* Type of the intercept, 0: none came. */
u32 agent_go(void)
{
	if (agent_stopped) {
		skip(2);
		agent_stopped = false;
	}
	if (scheduler == HV_SCHEDULER_ROOT)
		return go_root_scheduler();
	clear_suspends();
	for (u64 end = rdtsc() + agent_patience; rdtsc() < end;) {
		if (!slot->message_type) {
			idle();
			continue;
		}
		message_done();
		if (reg_get(agent, 0, HV_REG_INTERCEPT_SUSPEND) == 1)
			return msg->message_type;
	}
	return 0;
}

bool agent_reported(u32 type)
{
	const struct hv_io_message *io = (void *)msg->payload;

	return type == HVMSG_X64_IO_PORT_INTERCEPT && io->port == DONE_PORT;
}

u32 agent_do(u32 op, u32 eax, u32 ebx, u32 ecx, u32 edx)
{
	u32 type;

	agent_blocked = false;
	AGENT_MAILBOX[0] = op;
	AGENT_MAILBOX[1 + EAX] = eax;
	AGENT_MAILBOX[1 + EBX] = ebx;
	AGENT_MAILBOX[1 + ECX] = ecx;
	AGENT_MAILBOX[1 + EDX] = edx;
	type = agent_go();
	agent_stopped = agent_reported(type);
	return type;
}

/* Past what it has been stopped for, to its report. */
bool agent_past(void)
{
	agent_stopped = agent_reported(agent_go());
	return agent_stopped;
}

u32 agent_result(u32 reg) { return AGENT_MAILBOX[1 + reg]; }
u32 agent_trapped(void) { return AGENT_MAILBOX[7]; }

/* 32-bit callers: EDX:EAX control, EBX:ECX input, EDI:ESI output. */
u16 agent_call(u64 control, u32 input, u32 output)
{
	AGENT_MAILBOX[1 + ESI] = output;
	AGENT_MAILBOX[1 + EDI] = 0;
	agent_do(OP_CALL, control, 0, input, control >> 32);
	return agent_result(EAX);
}

bool agent_wrmsr(u32 msr, u64 val)
{
	agent_do(OP_WRMSR, val, 0, msr, val >> 32);
	return !agent_trapped();
}

bool agent_rdmsr(u32 msr)
{
	agent_do(OP_RDMSR, 0, 0, msr, 0);
	return !agent_trapped();
}

/* ---- life ---- */

void agent_vp_create(void)
{
	check(create_vp(agent, 0, 0), 0, "its VP");
	state_pages_map(agent);
	check(stats(MAP, HV_STATS_VP, agent, 0, 0), 0, "its statistics");
	agent_registers();
}

/* @privileges: beyond those that the features come to. */
void agent_create(u64 features, u64 privileges)
{
	deposit(1, 3);
	check(create(agent_flags, &agent), 0, "a child that does what it is told");
	property_set(agent, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, features);
	property_get(agent, HV_PROPERTY_PRIVILEGE_FLAGS);
	check(property_set(agent, HV_PROPERTY_PRIVILEGE_FLAGS, *(u64 *)out | privileges), 0, "its privileges");
	deposit(agent, 60);
	partition_call(HVCALL_INITIALIZE_PARTITION, agent);
	check(map(agent, 0, CHILD_RAM >> 12, RAM_PAGES, RWX), 0, "its memory");
	agent_vp_create();
	agent_memory();
}

void agent_delete(void)
{
	drop_messages();
	check(partition_call(HVCALL_FINALIZE_PARTITION, agent), 0, "finalized");
	check(withdraw(agent), 60, "all of its memory is back");
	check(partition_call(HVCALL_DELETE_PARTITION, agent), 0, "deleted");
	withdraw(1);
}

/* ---- its own hypercalls ---- */

/* A page of its pool has no address in its own space. */
static void stats_own_checks(void)
{
	struct hv_stats_input *p = (void *)(CHILD_RAM + PARAMETERS);

	memset(p, 0, sizeof(*p));
	p->type = HV_STATS_PARTITION;
	p->partition_id = ~0ull;
	check(agent_call(HVCALL_MAP_STATS_PAGE, PARAMETERS, PARAMETERS + 256), HV_STATUS_FEATURE_UNAVAILABLE,
	      "statistics in a space without room for them");
}

static void call_checks(void)
{
	struct hv_memory_message *m = (void *)msg->payload;

	check(agent_do(OP_CALL, HVCALL_GET_PARTITION_ID, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "it reports");
	check(agent_trapped(), 6 + 1, "#UD while the interface is not enabled");
	check(agent_wrmsr(HV_MSR_HYPERCALL, 0x5001), 1, "hypercall page without an OS ID");
	check(agent_rdmsr(HV_MSR_HYPERCALL) && !(agent_result(EAX) & 1), 1, "stays disabled");
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
	*(u32 *)(CHILD_RAM + PARAMETERS + 16) = HV_REG_EXPLICIT_SUSPEND;
	*(u64 *)(CHILD_RAM + PARAMETERS + 32) = 1;
	check(agent_call(HVCALL_SET_VP_REGISTERS | REPS(1), PARAMETERS, 0), HV_STATUS_ACCESS_DENIED, "its suspension is its parent's");
	stats_own_checks();
	check(agent_call(HVCALL_NOTIFY_LONG_SPIN_WAIT, PARAMETERS, 0), 0, "a hint");
	*(u64 *)(CHILD_RAM + PARAMETERS) = 1ull << 60;
	check(agent_call(HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE, PARAMETERS, 0), HV_STATUS_INVALID_PARAMETER, "reserved bits of CR3");
	*(u64 *)(CHILD_RAM + PARAMETERS) = 0x9000;
	check(agent_call(HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE, PARAMETERS, 0), 0, "SwitchVirtualAddressSpace");
	check(reg_get(agent, 0, HV_REG_CR3), 0x9000, "is in CR3");
	check(agent_do(OP_CALL, HVCALL_NOTIFY_LONG_SPIN_WAIT, 0, 0x40000, 0), HVMSG_UNMAPPED_GPA,
	      "parameters where nothing is mapped: its parent is told");
	check(m->gpa, 0x40000, "the address");
	check(map(agent, 0x40, (CHILD_RAM >> 12) + 6, 1, RWX), 0, "mapped");
	check(agent_past(), 1, "the call is executed again");
	check((u16)agent_result(EAX), 0, "and succeeds");
	check(agent_wrmsr(HV_MSR_GUEST_OS_ID, 0), 1, "OS ID 0");
	check(agent_rdmsr(HV_MSR_HYPERCALL) && !(agent_result(EAX) & 1), 1, "disables the page");
}

/* ---- MSRs ---- */

static u64 result_wide(void)
{
	return agent_result(EAX) | (u64)agent_result(EDX) << 32;
}

u16 agent_intercept(u32 type, u64 parameter, u32 mask)
{
	struct hv_install_intercept_input *p = in;

	*p = (struct hv_install_intercept_input){ .partition_id = agent, .access_mask = mask, .type = type, .parameter = parameter };
	return call(HVCALL_INSTALL_INTERCEPT);
}

static void msr_checks(void)
{
	struct hv_msr_message *m = (void *)msg->payload;

	check(agent_rdmsr(HV_MSR_EOI), 0, "EOI cannot be read");
	check(agent_rdmsr(HV_MSR_EOM) && !agent_result(EAX), 1, "EOM reads zero");
	check(agent_wrmsr(HV_MSR_TIME_REF_COUNT, 0), 0, "the reference count cannot be written");
	check(agent_wrmsr(HV_MSR_SVERSION, 1), 0, "nor SVERSION");
	check(agent_wrmsr(HV_MSR_VP_INDEX, 1), 0, "nor the VP index");
	check(agent_wrmsr(HV_MSR_SINT0 + 3, 15), 0, "SINT with vector 15");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, BIT(13)), 0, "timer with a reserved bit");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 1), 1, "timer enabled, of no SINT and not direct");
	check(agent_rdmsr(HV_MSR_STIMER0_CONFIG) && !agent_result(EAX), 1, "is disabled at once");
	check(agent_rdmsr(HV_MSR_STATS_PARTITION_RETAIL) && !result_wide(), 1, "statistics of the partition: nowhere");
	check(agent_wrmsr(HV_MSR_STATS_VP_RETAIL, 0xb001), 1, "those of the VP: a page");
	check(agent_rdmsr(HV_MSR_STATS_VP_RETAIL) && result_wide() == 0xb001, 1, "reads as written");
	check(reg_get(agent, 0, HV_REG_STATS_VP_RETAIL), 0xb001, "its parent sees it");
	check(reg_set(agent, 0, HV_REG_STATS_PARTITION_INTERNAL, 0xc000, 0), 0, "and sets another");
	check(agent_rdmsr(HV_MSR_STATS_PARTITION_INTERNAL) && result_wide() == 0xc000, 1, "which it reads");
	check(agent_wrmsr(HV_MSR_POWER_CONFIG_C1, 0), 0, "power states are nothing for a child");
	check(reg_set(agent, 0, HV_REG_ICR, 0x0100000000004031, 0), 0, "its ICR");
	check(agent_rdmsr(HV_MSR_ICR) && result_wide() == 0x0100000000004031, 1, "is in the MSR");
	check(agent_rdmsr(0x277), 1, "PAT");
	check(agent_wrmsr(0x277, 0x0007040600070402), 0, "PAT with a reserved type");
	check(agent_rdmsr(0x277) && agent_result(EAX) == 0x00070406, 1, "stays");
	check(agent_wrmsr(0x2ff, BIT(9)), 0, "MTRR default type with a reserved bit");
	check(agent_wrmsr(0x2ff, BIT(11) | 2), 0, "and with a reserved type");
	check(agent_wrmsr(0x2ff, BIT(11) | 6), 1, "MTRR default type");
	check(agent_wrmsr(0x200, BIT(45)), 0, "MTRR base beyond its space");
	check(agent_wrmsr(0x201, BIT(5)), 0, "MTRR mask with a reserved bit");
	check(agent_wrmsr(0x1d9, 1), 1, "DEBUGCTL");
	check(agent_wrmsr(0x1d9, BIT(40)), 0, "with a reserved bit");
	check(agent_wrmsr(0xc0000080, BIT(2)), 0, "EFER with a reserved bit");
	check(agent_rdmsr(0xc0000080) && !agent_result(EAX), 1, "SVME does not show");
	check(agent_rdmsr(0x12345), 0, "an MSR that does not exist");
	check(property_set(agent, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), 0, "those are to be ignored");
	check(agent_rdmsr(0x12345) && !agent_result(EAX), 1, "it reads zero");
	check(agent_wrmsr(HV_MSR_TSC_FREQUENCY, 5), 1, "one it has no privilege for: ignored");
	check(agent_intercept(HV_INTERCEPT_X64_MSR, 0, 3), 0, "all that are not virtual are to be told");
	check(agent_do(OP_RDMSR, 0, 0, 0x12345, 0), HVMSG_X64_MSR_INTERCEPT, "the one that does not exist");
	check(m->msr, 0x12345, "its number");
	skip(2);
	check(agent_past(), 1, "past it");
	check(agent_do(OP_RDMSR, 0, 0, HV_MSR_TSC_FREQUENCY, 0), HVMSG_X64_MSR_INTERCEPT, "the one without privilege");
	skip(2);
	check(agent_past(), 1, "past it");
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "the virtual ones are not told");
	check(agent_intercept(HV_INTERCEPT_X64_MSR, 0, 0), 0, "no longer");
}

/* ---- messages ---- */

static u16 message_post(u32 connection, u32 type)
{
	struct hv_post_message_input *p = in;

	memset(p, 0, sizeof(*p));
	p->connection_id = connection;
	p->message_type = type;
	p->payload_size = 8;
	return call(HVCALL_POST_MESSAGE);
}

#define SIM	((volatile struct hv_message *)(CHILD_RAM + 0x8000))

static void synic_checks(void)
{
	check(port_create(agent, 8, 1, HV_PORT_MESSAGE), 0, "a message port of the child");
	deposit(1, 1);
	check(port_connect(1, 8, agent, 8, HV_PORT_MESSAGE), 0, "the root connects to it");
	check(message_post(7, 1), HV_STATUS_INVALID_CONNECTION_ID, "no such connection");
	check(message_post(7, 0), HV_STATUS_INVALID_PARAMETER, "a bad type comes before it");
	check(message_post(8, 0), HV_STATUS_INVALID_PARAMETER, "message type 0");
	check(message_post(8, 1u << 31), HV_STATUS_INVALID_PARAMETER, "a type that is the hypervisor's");
	check(message_post(8, 1), HV_STATUS_INVALID_SYNIC_STATE, "its SynIC is off");
	check(agent_wrmsr(HV_MSR_SIMP, 0x8001), 1, "SIM page");
	check(agent_wrmsr(HV_MSR_SCONTROL, 1), 1, "SynIC on");
	check(message_post(8, 1), 0, "PostMessage");
	check(SIM[5].message_type, 1, "is in its slot");
	check(SIM[5].sender, 8, "from port 8");
	check(message_post(8, 2), 0, "another");
	check(SIM[5].flags & 1, 1, "is said to wait");
	for (u32 i = 0; i < 15; i++)
		message_post(8, 3);
	check(message_post(8, 4), HV_STATUS_INSUFFICIENT_BUFFERS, "sixteen wait, and no more");
	SIM[5].message_type = 0;
	check(agent_wrmsr(HV_MSR_EOM, 0), 1, "EOM");
	check(SIM[5].message_type, 2, "brings the next");
}

/* Its parent asks to be told when a slot is free. */
static void deliverable_checks(void)
{
	const struct hv_sint_deliverable_message *m = (void *)msg->payload;

	SIM[6].message_type = 77;
	check(reg_set(agent, 0, HV_REG_DELIVERABILITY_NOTIFICATIONS, 1, 0), HV_STATUS_INVALID_PARAMETER,
	      "notice of an NMI window, with the local APIC in here");
	check(reg_set(agent, 0, HV_REG_DELIVERABILITY_NOTIFICATIONS, BIT(48 + 6), 0), 0, "notice of a free slot");
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "it is busy");
	check(agent_do(OP_WRITE, 0, 0x8000 + 6 * 256, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "freed");
	check(agent_do(OP_RDMSR, 0, 0, HV_MSR_VP_INDEX, 0), HVMSG_SYNIC_SINT_DELIVERABLE, "its parent is told");
	check(m->sints, BIT(6), "of that one");
	check(reg_get(agent, 0, HV_REG_DELIVERABILITY_NOTIFICATIONS), 0, "once");
	check(agent_past(), 1, "it goes on");
}

/* Messages that wait for their slots are part of the state, out and in. */
static void timer_state_checks(void)
{
	struct hv_vp_state_input *p = in;
	struct hv_stimers_state state;

	memset(p, 0, 64);
	p->partition_id = agent;
	p->type = HV_VP_STATE_SYNTHETIC_TIMERS;
	check(call(HVCALL_GET_VP_STATE), 0, "state of the timers");
	memcpy(&state, out, sizeof(state));
	for (u32 i = 0; i < 4; i++)
		check(state.timer[i].flags << 8 | state.timer[i].undelivered_exp_time, 1 << 8 | 1, "undelivered, of its time");
	memset(p->data, 0, sizeof(state));
	check(call(HVCALL_SET_VP_STATE | VAR(25)), 0, "a state without");
	check(call(HVCALL_GET_VP_STATE), 0, "read back");
	check(((struct hv_stimers_state *)out)->timer[2].flags, 0, "none waits");
	memcpy(p->data, &state, sizeof(state));
	check(call(HVCALL_SET_VP_STATE | VAR(25)), 0, "the first state again");
}

/* Timers of message mode that expire at once: each has a buffer of its own. */
static void timer_checks(void)
{
	for (u32 i = 0; i < 4; i++) {
		check(agent_wrmsr(HV_MSR_STIMER0_CONFIG + 2 * i, (u64)(i + 1) << 16 | 1 << 3), 1, "timer for its SINT, auto-enable");
		SIM[i + 1].message_type = 77;	/* busy */
	}
	for (u32 i = 0; i < 4; i++)
		check(agent_wrmsr(HV_MSR_STIMER0_CONFIG + 2 * i + 1, 1), 1, "long past");
	agent_rdmsr(HV_MSR_VP_INDEX);
	timer_state_checks();
	for (u32 i = 0; i < 4; i++)
		SIM[i + 1].message_type = 0;
	agent_wrmsr(HV_MSR_EOM, 0);
	for (u32 i = 0; i < 4; i++) {
		check(SIM[i + 1].message_type, HVMSG_TIMER_EXPIRED, "each SINT has its message");
		check(*(volatile u32 *)SIM[i + 1].payload, i, "of its timer");
	}
}

/* A period beyond the end of time: it does not come round to the past. */
static void timer_far_checks(void)
{
	SIM[1].message_type = HVMSG_NONE;
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 0), 1, "stopped");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG + 1, ~0ull), 1, "the longest period");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 1 << 16 | BIT(1) | 1), 1, "enabled");
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "a while later");
	check(SIM[1].message_type, HVMSG_NONE, "it has not expired");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 0), 1, "stopped");
}

/* Reference time of a partition that is older than the machine: what is past is past. */
static void timer_restored_checks(void)
{
	u64 tsc;

	SIM[1].message_type = HVMSG_NONE;
	check(property_set(agent, HV_PROPERTY_TIME_FREEZE, 1), 0, "time stands still");
	check(property_set(agent, HV_PROPERTY_REFERENCE_TIME, ~0ull / 150), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "a time that no clock here can count");
	check(property_set(agent, HV_PROPERTY_REFERENCE_TIME, 1000000000000), 0, "a day and more");
	tsc = reg_get(agent, 0, HV_REG_TSC);
	check(reg_get(agent, 0, HV_REG_TSC), tsc, "its TSC too");
	check(reg_set(agent, 0, HV_REG_TSC, 0x123456789abc, 0), 0, "set");
	check(reg_get(agent, 0, HV_REG_TSC), 0x123456789abc, "is what it reads");
	check(property_get(agent, HV_PROPERTY_REFERENCE_TIME) | *(u64 *)out, 1000000000000, "that leaves the time alone");
	check(property_set(agent, HV_PROPERTY_TIME_FREEZE, 0), 0, "it goes on");
	check(agent_rdmsr(0x10) && result_wide() > 0x123456789abc, 1, "from there");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 1 << 16 | BIT(3)), 1, "a timer");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG + 1, 5), 1, "due before the machine was there");
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "a while later");
	check(SIM[1].message_type, HVMSG_TIMER_EXPIRED, "has expired");
}

/* A guest's timer that never rests: the root goes on. */
static void timer_storm_checks(void)
{
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 0x31ull << 4 | BIT(12) | BIT(1)), 1, "periodic, direct");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG + 1, 1), 1, "every 100 ns");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 0x31ull << 4 | BIT(12) | BIT(1) | 1), 1, "enabled");
	check(agent_rdmsr(HV_MSR_VP_INDEX), 1, "the child goes on too");
	check(agent_wrmsr(HV_MSR_STIMER0_CONFIG, 0), 1, "disabled");
}

/* What waits for a VP that goes is lost, and nothing else. */
static void vp_deletion_checks(void)
{
	check(fast(HVCALL_DELETE_VP, agent, 0), 0, "DeleteVp with messages queued");
	check(message_post(8, 1), HV_STATUS_INVALID_SYNIC_STATE, "nobody to take one");
	check(fast(HVCALL_DELETE_PORT, agent, 8), 0, "DeletePort");
	check(message_post(8, 1), HV_STATUS_INVALID_PORT_ID, "the connection leads nowhere");
	check(fast(HVCALL_DISCONNECT_PORT, 1, 8), 0, "DisconnectPort");
}

/* ---- dirty and accessed ---- */

static u16 access_states(u64 gfn, u32 nr, u64 flags)
{
	struct hv_access_states_input *p = in;

	*p = (struct hv_access_states_input){ .partition_id = agent, .flags = flags, .base_gfn = gfn };
	return call(HVCALL_GET_GPA_PAGES_ACCESS_STATES | REPS(nr));
}

static u32 dirty_count(u32 nr)
{
	u32 n = 0;

	for (u32 i = 0; i < nr; i++)
		n += ((u8 *)out)[i] >> 1 & 1;
	return n;
}

#define CLEAR	(HV_ACCESS_CLEAR_ACCESSED | HV_ACCESS_CLEAR_DIRTY)
#define LARGE_GFN	0x400u

static void dirty_checks(void)
{
	struct hv_write_gpa_input *p = in;

	property_set(agent, HV_PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1);
	check(map(agent, LARGE_GFN, CHILD_RAM >> 12, 1, RWX | HV_MAP_LARGE_PAGE | HV_MAP_SET_DIRTY), 0, "a large page, dirty");
	check(access_states(LARGE_GFN, 256, CLEAR), 0, "the first half, and clear");
	check(dirty_count(256), 256, "all of it was dirty");
	check(access_states(LARGE_GFN + 256, 256, 0), 0, "the other half");
	check(dirty_count(256), 256, "still is");
	check(access_states(LARGE_GFN, 256, CLEAR), 0, "the first half again");
	check(dirty_count(256), 0, "is clean");
	agent_do(OP_WRITE, 1, LARGE_GFN * 4096 + 5 * 4096, 0, 0);
	check(access_states(LARGE_GFN, 256, CLEAR), 0, "after a write to page 5");
	check(dirty_count(256) << 8 | ((u8 *)out)[5], 1 << 8 | 3, "page 5 is dirty");
	*p = (struct hv_write_gpa_input){ .partition_id = agent, .byte_count = 4, .gpa = (LARGE_GFN + 7) * 4096ull,
					  .control = HV_CACHE_WB };
	check(call(HVCALL_WRITE_GPA), 0, "WriteGpa to page 7");
	check(access_states(LARGE_GFN, 256, CLEAR), 0, "after it");
	check(dirty_count(256) << 8 | ((u8 *)out)[7], 1 << 8 | 3, "page 7 is dirty");
}

/* ---- a doorbell, and a port in its ring that nobody knows ---- */

static u32 ring_count(u32 port)
{
	u32 n = 0;

	for (u32 i = 0; i < HV_EVENT_RING_ENTRIES; i++)
		n += ring->data[i] == port;
	return n;
}

static u16 ring_empty(u32 sint)
{
	return fast(HVCALL_NOTIFY_PORT_RING_EMPTY, sint, 0);
}

/* The port that found it full is put in when there is room, and told so. */
static void ring_full_checks(void)
{
	u32 last = 0;

	while (ring->data[last])
		last++;
	while (ring_count(0) && agent_do(OP_WRITE, 1, 0x3000, 0, 0) == HVMSG_X64_IO_PORT_INTERCEPT)
		;
	check(ring_count(0) << 8 | ring->ring_full, 0, "63 entries, and it is not full");
	check(agent_do(OP_WRITE, 1, 0x3000, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "one more");
	check(ring->ring_full, 1, "is too much");
	check(ring_empty(16), HV_STATUS_INVALID_PARAMETER, "NotifyPortRingEmpty: no such SINT");
	check(ring_empty(5 | 0) << 8 | ring_count(0), 0, "while it is still full");
	for (u32 i = 0; i < HV_EVENT_RING_ENTRIES; i++)
		ring->data[i] = 0;
	ring->ring_full = ring->signal_masked = 0;
	check(ring_empty(5), 0, "NotifyPortRingEmpty");
	check(ring_count(9) << 8 | ring->ring_full, 1 << 8, "the one that was too much is in");
	check(ring->signal_masked, 1, "and was announced");
	check(ring_empty(5) << 8 | ring_count(9), 1, "once");
	for (u32 i = 0; i < HV_EVENT_RING_ENTRIES; i++)
		ring->data[i] = 0;
}

static u16 doorbell(u32 id, u32 value, u32 flags)
{
	struct hv_connect_port_input *n;

	deposit(1, 1);
	if (port_create(1, id, agent, HV_PORT_DOORBELL))
		return 0xffff;
	n = connection_input(agent, id, 1, id, HV_PORT_DOORBELL);
	n->info.gpa = 0x3100;
	n->info.trigger_value = value;
	n->info.flags = flags;
	return call(HVCALL_CONNECT_PORT);
}

static u32 ring_taken(void)
{
	u32 port = 0;

	for (u32 i = 0; i < HV_EVENT_RING_ENTRIES; i++) {
		port |= ring->data[i];
		ring->data[i] = 0;
	}
	ring->signal_masked = 0;
	drop_messages();
	return port;
}

/* Size and value both: what does not match is an intercept. */
static void match_checks(void)
{
	static const u8 word[] = { 0x66, 0xa3, 0x00, 0x31, 0, 0, 0xc3 }, dword[] = { 0xa3, 0x00, 0x31, 0, 0, 0xc3 };
	const struct hv_memory_message *m = (void *)msg->payload;

	check(doorbell(20, 0, 5), HV_STATUS_INVALID_PARAMETER, "a doorbell of no size");
	check(fast(HVCALL_DELETE_PORT, 1, 20), 0, "no port for it");
	check(doorbell(21, 0x1234, 2), 0, "a doorbell of two bytes and one value");
	check(doorbell(22, 0x1234, 2), HV_STATUS_OBJECT_IN_USE, "the same again");
	check(doorbell(23, 0x77, 3), 0, "one of four bytes");
	memcpy((void *)(CHILD_RAM + AGENT_CODE), word, sizeof(word));
	check(agent_do(OP_CODE, 0x1234, AGENT_CODE, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "the word");
	check(ring_taken(), 21, "rings the first");
	check(agent_do(OP_CODE, 0x1235, AGENT_CODE, 0, 0), HVMSG_UNMAPPED_GPA, "another value rings none");
	check(m->gpa << 8 | m->header.access, 0x3100 << 8 | HV_INTERCEPT_ACCESS_WRITE, "it is a write to nothing");
	skip(6);
	check(agent_past(), 1, "past it");
	memcpy((void *)(CHILD_RAM + AGENT_CODE), dword, sizeof(dword));
	check(agent_do(OP_CODE, 0x77, AGENT_CODE, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "four bytes");
	check(ring_taken(), 23, "ring the other");
	for (u32 i = 21; i <= 23; i++)
		check(fast(HVCALL_DELETE_PORT, 1, i), 0, "DeletePort");
	check(agent_do(OP_CODE, 0x77, AGENT_CODE, 0, 0), HVMSG_UNMAPPED_GPA, "which nobody hears any more");
	skip(5);
	check(agent_past(), 1, "past it");
}

static void ring_checks(void)
{
	deposit(1, 1);
	check(port_create(1, 9, agent, HV_PORT_DOORBELL), 0, "a doorbell");
	check(port_connect(agent, 9, 1, 9, HV_PORT_DOORBELL), 0, "connected");
	check(unmap(agent, 3, 1, 0), 0, "where nothing is mapped");
	check(request("fault=ring:1"), 1, "with a stranger");
	check(agent_do(OP_WRITE, 1, 0x3000, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "the write is no intercept");
	check(ring_count(9) << 8 | ring_count(0xfffff0), 1 << 8 | 1, "both are in the ring");
	check(request("fault=none"), 1, "no more");
	check(agent_do(OP_WRITE, 1, 0x3000, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "another write");
	check(ring_count(9) << 8 | ring_count(0xfffff0), 2 << 8 | 1, "is alone");
	ring_full_checks();
	match_checks();
	check(fast(HVCALL_DELETE_PORT, 1, 9), 0, "DeletePort");
}

/* ---- calls that nobody handles ---- */

static void hypercall_intercept_checks(void)
{
	const struct hv_hypercall_message *m = (void *)msg->payload;

	agent_wrmsr(HV_MSR_GUEST_OS_ID, 1);
	agent_wrmsr(HV_MSR_HYPERCALL, 0x5001);
	check(agent_intercept(HV_INTERCEPT_HYPERCALL, 0, HV_INTERCEPT_EXECUTE), 0, "unknown hypercalls are to be told");
	check(agent_do(OP_CALL, 0x3fff, 1, 2, 0), HVMSG_HYPERCALL_INTERCEPT, "one of them");
	check(m->rax << 16 | m->rcx << 8 | m->rbx, 0x3fffull << 16 | 2 << 8 | 1, "its registers");
	check(msg->payload_size, 208, "the size of its message");
	skip(3);
	check(agent_past(), 1, "past it");
	check(agent_intercept(HV_INTERCEPT_HYPERCALL, 0, 0), 0, "no longer");
}

void agent_checks(void)
{
	/* no frequency registers */
	agent_create(0x06400000 | 0x1ff | BIT(10) | HV_SYNTH_VP_REGISTERS,
		     HV_PRIV_ACCESS_STATS | HV_PRIV_ACCESS_STATS_REG | HV_PRIV_POST_MESSAGES | HV_PRIV_SIGNAL_EVENTS);
	call_checks();
	msr_checks();
	hypercall_intercept_checks();
	event_checks();
	synic_checks();
	deliverable_checks();
	timer_checks();
	timer_far_checks();
	timer_restored_checks();
	timer_storm_checks();
	intercept_checks();
	dirty_checks();
	ring_checks();
	vp_deletion_checks();
	agent_delete();
	reset_checks();
	bare_port_checks();
	start_checks();
}
