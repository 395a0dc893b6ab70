/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the payload share. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include "../../hypervisor/pure/hv_tlfs.h"
#include "../../hypervisor/pure/string.h"

#define IN		0x2000000ull	/* parameter pages, and memory to give away */
#define OUT		0x2001000ull
#define SPARE		0x2002000ull
#define SPARE_PAGES	512u
#define CHILD_RAM	0x2400000ull	/* 2 MiB-aligned */
#define CONSOLE		0x3f8
#define VERDICT		0x2f8

static void *const in = (void *)IN;
static void *const out = (void *)OUT;

#define REPS(n)		((u64)(n) << HV_HYPERCALL_REP_COUNT_SHIFT)
#define START(n)	((u64)(n) << HV_HYPERCALL_REP_START_SHIFT)
#define VAR(n)		((u64)(n) << HV_HYPERCALL_VARHEAD_SHIFT)

#define FLAGS	(HV_PARTITION_CREATION_FLAG_EXO_PARTITION | HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED | \
		 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED | HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED)
#define RWX	(HV_MAP_READABLE | HV_MAP_WRITABLE | HV_MAP_EXECUTABLE)
#define MAP	HVCALL_MAP_STATS_PAGE
#define UNMAP	HVCALL_UNMAP_STATS_PAGE
#define BLOCKED_SUSPEND		(HV_DISPATCH_STATE_BLOCKED << 16 | HV_DISPATCH_EVENT_SUSPEND)
#define READY_INTERCEPT		(HV_DISPATCH_STATE_READY << 16 | HV_DISPATCH_EVENT_INTERCEPT)
#define READY_NONE		(HV_DISPATCH_STATE_READY << 16)

/* ---- start.S, child.S ---- */
u64 vmmcall(u64 control, u64 in, u64 out);
void trap_ud(void);
void trap_other(void);
void trap_wake(void);
void trap_fatal(void);
void payload_main(void);
extern u32 ud_count;
extern u64 last_rcx;
extern const u8 child_start[], child_end[];
extern const u8 agent_start[], agent_end[], agent_stubs[], agent_wake[];
extern const u8 second_start[], second_handler[], second_end[];

/* ---- lib.c ---- */
extern u32 nr_cpus;			/* that the root has VPs on: 1 or 2 */
extern u32 nr_ok, nr_not_ok, spare_used;
extern u32 reps;				/* of the last call */
void outb(u16 port, u8 val);
u8 inb(u16 port);
void puts_port(u16 port, const char *s);
void put_hex(u16 port, u64 v);
void check(u64 got, u64 want, const char *what);
#define WAKE_VECTOR	0x30ull
#define IPI_VECTOR	0x31ull
#define PIN_VECTOR	0x32u
#define FIRST_IRQ	0x20u
#define LAST_VECTOR	0xffu
void timer_arm(void);
void idle(void);
u64 rdtsc(void);
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 val);
void trap_set(u32 vector, void *handler);
void traps_init(void);
u16 call(u64 control);
u16 fast(u64 control, u64 a, u64 b);
u16 partition_call(u16 code, u64 id);
u16 deposit(u64 id, u32 nr);
u16 drain(u64 id, u32 *total);
u32 withdraw(u64 id);
void balance(u64 id, u64 *avail, u64 *used);
u16 property_set(u64 id, u32 code, u64 value);
u16 property_get(u64 id, u32 code);
u16 map(u64 id, u64 gfn, u64 source, u32 nr, u32 flags);
u16 unmap(u64 id, u64 gfn, u32 nr, u32 flags);
void reg_header(u64 id, u32 vp);
u16 reg_set(u64 id, u32 vp, u32 name, u64 low, u64 high);
u64 reg_get(u64 id, u32 vp, u32 name);
u16 create(u64 flags, u64 *id);
u16 create_vp(u64 id, u32 index, u64 flags);
u64 state_page(u64 id, u16 type, u16 *status);
u16 state_unpage(u64 id, u16 type);
u16 stats(u16 code, u32 type, u64 low, u32 vp, u8 area);
u16 interrupt_assert(u64 id, u32 type, u32 control, u64 destination, u32 vector);
u16 register_cpuid(u64 id, u32 leaf, u32 ebx);

/* ---- run.c ---- */
extern volatile struct hv_message *slot;
extern volatile struct hv_event_ring *ring;
extern volatile u64 *counters;			/* of the child's VP */
extern struct hv_register_page *regs;
extern struct hv_message *msg;
extern u32 scheduler;				/* HV_SCHEDULER_* */
extern u32 dispatch_flags;
void state_pages_map(u64 id);
void synic_on(void);
u32 message_wait(void);
void message_done(void);
u32 dispatch(u64 id, u64 slice);
void resume(u64 id);
void run(u64 id);
void intercept_wait(u32 type, const char *what);
void skip(u32 length);

/* ---- entry.c ---- */
void rep_checks(void);
void entry_checks(void);
void system_checks(void);
void lp_checks(void);
void power_state_checks(void);
void interrupt_checks(void);
u16 interrupt_map(u64 device, u32 trigger, u32 vector, u32 vp);
u16 interrupt_unmap(u64 device, const struct hv_interrupt_entry *entry);

/* ---- partition.c ---- */
u64 partition_checks(void);
void map_checks(u64 id);
void stats_checks(u64 id);
void vp_checks(u64 id);
void doorbell_make(u64 id);
void teardown(u64 id);
void abrupt_checks(void);
void many_vps_checks(void);
struct hv_create_port_input *port_input(u64 partition, u32 id, u64 peer, u32 type);
u16 port_create(u64 partition, u32 id, u64 peer, u32 type);
struct hv_connect_port_input *connection_input(u64 partition, u32 id, u64 peer, u32 port, u32 type);
u16 port_connect(u64 partition, u32 id, u64 peer, u32 port, u32 type);

/* ---- child.c ---- */
void child_start_state(u64 id);
void child_io(u64 id);
void child_memory(u64 id);
void child_end_state(u64 id);
void state_checks(u64 id);
void translate_checks(u64 id);
void second_run(u64 id);
void memory_checks(u64 id);

/* ---- random.c ---- */
u64 random64(void);
u32 random_below(u32 n);
u64 random_value(void);
u64 random_register(void);
void random_checks(void);

/* ---- states.c ---- */
void states_checks(void);

/* ---- registers.c ---- */
void register_checks(void);

/* ---- deletion.c ---- */
#define SECOND_IN	0x2300000ull	/* the second VP's own parameter pages, and below its stack */
#define SECOND_OUT	0x2301000ull
void second_vp_start(void (*entry)(void), u64 stack);
void deletion_checks(void);

/* ---- interrupts.c ---- */
void interrupts_checks(void);

/* ---- faults.c ---- */
bool request(const char *line);
void fault_checks(void);

/* ---- agent.c ---- */
#define AGENT_MAILBOX	((volatile u32 *)(CHILD_RAM + 0x800))
#define AGENT_CODE	0x7000u
#define AGENT_PARAMETERS	0x6000u	/* the child's own hypercall parameters */
enum { OP_CALL = 1, OP_RDMSR, OP_WRMSR, OP_CPUID, OP_READ, OP_WRITE, OP_CODE };
enum { EAX, EBX, ECX, EDX, ESI, EDI };
extern u64 agent;
extern u64 agent_patience;
extern bool agent_blocked;
extern u64 agent_flags;			/* of its creation */
void agent_create(u64 features, u64 privileges);
void agent_vp_create(void);
void agent_memory(void);
void agent_registers(void);
/* Type of the intercept that ended it, 0: none came in time. */
u32 agent_do(u32 op, u32 eax, u32 ebx, u32 ecx, u32 edx);
u32 agent_go(void);			/* as agent_do(), from where it is */
u32 agent_result(u32 reg);
u32 agent_trapped(void);		/* vector + 1 */
u16 agent_call(u64 control, u32 input, u32 output);
bool agent_wrmsr(u32 msr, u64 val);
bool agent_rdmsr(u32 msr);
bool agent_reported(u32 type);
bool agent_past(void);
u16 agent_intercept(u32 type, u64 parameter, u32 mask);
void agent_delete(void);
void drop_messages(void);
void agent_checks(void);

/* ---- events.c ---- */
void event_checks(void);

/* ---- intercepts.c ---- */
void intercept_checks(void);
void bare_port_checks(void);

/* ---- reset.c ---- */
void reset_checks(void);
void start_checks(void);

/* ---- fuzz.c ---- */
void fuzz_checks(void);

#endif
