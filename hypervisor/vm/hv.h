/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the hypervisor and who may touch them.
 *
 * Everything an LP does outside VMRUN, it does with interrupts held off by GIF
 * and, from hv_lock() to hv_unlock(), alone: one lock covers every object
 * here. It is dropped only to enter a VP, to idle, and to wait for another LP.
 * So no object has a lock of its own, and no order of locks exists.
 *
 * The unit of allocation is a frame (4 KiB). Objects that exist on behalf of a
 * partition lie in frames of a pool (see pool.c) and fit into one frame each.
 */
#ifndef HV_H
#define HV_H

#include "types.h"
#include "svm.h"
#include "lapic.h"
#include "hv_tlfs.h"

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096ull
#define LARGE_SHIFT	21
#define LARGE_SIZE	(1ull << LARGE_SHIFT)
#define PAGES_PER_LARGE	512

#define MAX_LPS		64
#define MAX_VPS		512	/* per partition: one frame of pointers */
#define MAX_PARTITIONS	256

struct lp;
struct vp;
struct partition;

/* ---- log.c ------------------------------------------------------------- */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define hv_info(fmt, ...)	log_printf("hv: " fmt "\n", ##__VA_ARGS__)
/* Of what a partition can do as often as it likes: up to a bound. */
#define hv_notice(fmt, ...)	do { if (log_notice_allowed()) hv_info(fmt, ##__VA_ARGS__); } while (0)
bool log_notice_allowed(void);
void __attribute__((noreturn, format(printf, 1, 2))) hv_panic(const char *fmt, ...);
#define hv_assert(cond)	do { if (!(cond)) hv_panic("%s:%d: %s", __FILE__, __LINE__, #cond); } while (0)

/* ---- options.c: the command line --------------------------------------- */
enum role { ROLE_ROOT, ROLE_L1VH, ROLE_GUEST, ROLE_ISOLATED };
struct options {
	bool root_scheduler;	/* sched=root */
	enum role role;		/* role=: what the first partition is told that it is */
	bool verbose;
	bool all_hints;		/* hints=all: CPUID recommends to the root what it can be recommended */
	bool all_lps;		/* lps=all: a root has all its processors from the start */
	bool trap_reset;	/* trap-reset: a verdict before the machine's reset too */
	u16 exit_port;		/* isa-debug-exit; 0: none */
	u32 quirks;		/* QUIRK_* */
	u32 trace;		/* trace=: entries to be printed at the end */
};
extern struct options options;

/* ---- verdict.c: how a run ends ------------------------------------------ */
enum verdict_reason {
	VERDICT_LEAK,			/* a pool or frame does not balance at the end */
	VERDICT_DROPPED_INTERRUPT,	/* device interrupt on a pair nobody mapped */
	VERDICT_ILLEGAL_TOUCH,		/* the root touched memory it does not own */
	VERDICT_POISON,			/* a deposited frame changed while it was ours */
	VERDICT_ROOT_CRASH,
	NR_VERDICT_REASONS,
};
/* The run is no longer clean; it goes on. Named on the log each time, up to a bound. */
void verdict_blame(enum verdict_reason why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum run_end { END_POWER_OFF, END_RESET, END_HALT, END_ROOT_CRASH, END_ILLEGAL_TOUCH };
void __attribute__((noreturn)) verdict_end(enum run_end how);

/* ---- frame.c: who owns each frame of RAM --------------------------------- */
enum frame_state {
	FRAME_NOT_RAM,		/* device memory, firmware, holes */
	FRAME_HV,		/* the hypervisor's own, for good; the root cannot reach it */
	FRAME_SHARED,		/* the hypervisor's, reachable for the root (pre-provisioned pages) */
	FRAME_ROOT,		/* the root's */
	FRAME_POOL_FREE,	/* deposited: free in pool of frame->owner */
	FRAME_POOL_USED,	/* deposited: carries an object charged to frame->owner */
	FRAME_POOL_STATE,	/* as USED, and opened to the root: VP state or stats page */
};

struct frame {
	union {
		u32 next;	/* POOL_FREE: next in the free list, 0 = end */
		u32 maps;	/* ROOT: how many child GPAs show this frame */
	};
	u16 owner;		/* partition slot, for the POOL states */
	u8 state;		/* enum frame_state */
	u8 reserved;
};
static_assert(sizeof(struct frame) == 8, "the frame table costs 1/512 of RAM");

struct frame *frame_get(u64 pfn);		/* NULL beyond the table */
u64 frame_limit(void);				/* first frame number beyond the table */
#define APIC_FRAME	0xfee00ull		/* the local APIC's: no RAM, and the hypervisor's */
/* The hypervisor's own memory: zeroed, at start-up only, never given back. */
void *boot_alloc(u64 nr_pages);
/* One zeroed page of ours that the root may reach (pre-provisioned pages). */
void *boot_shared_page(void);
/* Nothing is at address 0, so that NULL is nothing: frame 0 is reached elsewhere (start.S). */
#define FRAME_0		(1ull << 39)
static inline void *frame_ptr(u64 pfn) { return (void *)(pfn ? pfn << PAGE_SHIFT : FRAME_0); }
static inline u64 ptr_frame(const void *p) { return (u64)p >> PAGE_SHIFT; }

/* ---- pool.c: the memory a partition has been given ------------------------ */
struct pool {
	u32 head;		/* free list, frame numbers */
	u64 nr_free;
	u64 nr_used;		/* USED and STATE */
};
/* Take one zeroed frame from @pt's pool; NULL: the pool is empty, the caller returns a MEM status. */
void *pool_alloc(struct partition *pt);
void pool_free(struct partition *pt, void *page);
/* True if @n frames can be taken now: asked before a sequence that must not stop half-way. */
bool pool_has(const struct pool *pool, u64 n);
/* One frame where nothing else depends on it. NULL: there is none. */
void *pool_take(struct partition *pt);
/* One frame from the root to @pt's pool. HV_STATUS_*. */
u16 pool_deposit(struct partition *pt, u64 pfn);
/* One free frame of @pt's pool back to the root, zeroed. False: none free. */
bool pool_withdraw(struct partition *pt, u64 *pfn);
/* A used frame becomes reachable for the root (read-only or read-write) and back. */
void pool_open(void *page, bool writable);
void pool_close(void *page);

/* ---- npt.c: nested page tables --------------------------------------------- */
#define NPT_R	1u		/* present (SVM has no unreadable mapping) */
#define NPT_W	2u
#define NPT_X	4u
#define NPT_UC	8u
/* Mapping kept for its translation, but with no access (NO_ACCESS maps). */
#define NPT_NOACCESS 16u

struct npt_entry {
	u64 pfn;		/* of the 4 KiB page asked for, inside a large page too */
	u32 prot;		/* NPT_*; 0: not mapped */
	bool large;
	bool accessed, dirty;
};
/*
 * npt_map: map @gfn to @pfn (512 pages if @large; both 512-aligned then). Draws table
 * pages from @pt's pool. 0, or HV_STATUS_INSUFFICIENT_MEMORY with nothing changed.
 * npt_unmap: unmapping what is not mapped is fine; splitting a large page may need memory.
 * Both leave stale translations: call npt_flush() before telling anyone.
 */
u16 npt_map(struct partition *pt, u64 gfn, u64 pfn, u32 prot, bool large);
u16 npt_unmap(struct partition *pt, u64 gfn, bool large);
struct npt_entry npt_lookup(struct partition *pt, u64 gfn);
/* Clear (or set) accessed/dirty bits of the mapping of @gfn; returns the bits as they were. */
struct npt_entry npt_set_ad(struct partition *pt, u64 gfn, int accessed, int dirty); /* -1: leave */
/* The hypervisor has accessed what is mapped at @gfn on behalf of the partition. */
void npt_mark(struct partition *pt, u64 gfn, bool dirty);
void npt_destroy(struct partition *pt);		/* all table pages back to the pool */
/* Small pages only from now on, or no longer; needs a table for each large one. */
u16 npt_track(struct partition *pt, bool track);
void npt_flush(struct partition *pt);		/* returns when no LP holds a stale translation */
#define CHILD_GPA_BITS	40			/* width of a child's GPA space */

/* ---- mem.c: reading and writing a partition's memory ------------------------- */
/*
 * Host pointer to a guest-physical address, valid to the end of its page; NULL if
 * not mapped, or not with @access (NPT_R, NPT_W or both), or not RAM. For the root,
 * hypervisor frames and pool frames are not reachable.
 */
void *gpa_ptr(struct partition *pt, u64 gpa, u32 access);

/* ---- synic.c, timer.c ----------------------------------------------------------- */
struct synic_msg {		/* a message buffer: belongs to its source */
	struct synic_msg *next;
	struct vp *target;	/* while queued */
	bool queued;
	u8 sint;
	struct hv_message msg;
};

struct stimer {
	u64 config, count;
	u64 deadline;		/* reference time, 100 ns; 0: not armed */
};

struct synic {
	u64 scontrol, siefp, simp, sirbp;
	u64 sint[16];
	struct synic_msg *queue[16];
	u64 late_ns;		/* nothing is delivered before; 0: no such time */
	u8 ring_head[16];
};

/* ---- vp.c -------------------------------------------------------------------------- */
enum gpr { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	   GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15, NR_GPRS };

#define ACTIVITY_STARTUP_SUSPEND	BIT(0)
#define ACTIVITY_HALT_SUSPEND		BIT(1)
#define ACTIVITY_IDLE_SUSPEND		BIT(2)

/* Buffers of the messages that a VP is the source of. */
struct vp_messages {
	struct synic_msg intercept;	/* to its parent: the one that suspends it */
	struct synic_msg signal;	/* to the root, as its scheduler */
	struct synic_msg timer[4];	/* to itself, and the rest too */
	struct synic_msg ring;		/* "look at your event ring" */
	struct synic_msg direct;	/* PostMessageDirect */
};
static_assert(sizeof(struct vp_messages) <= 4096, "a VP's messages fit a frame");

struct vp {
	struct partition *pt;
	u32 index;
	struct lp *home;		/* the LP it runs on; root VPs: for good */
	u8 subnode_type;		/* where CreateVp says that it is */
	u64 subnode_id;
	struct vp *next_home;		/* all VPs of home */
	struct vp *next_runnable;	/* home's run queue */
	bool on_runq;
	volatile bool in_guest;		/* between VMRUN and exit, on home */

	/*
	 * Registers. Complete and writable whenever the lock is held and the VP is
	 * not in_guest: VMSAVE state is in the VMCB, RAX and RSP are in gpr[] as the
	 * others are (copied to the VMCB at entry), x87/SSE/AVX state in *fpu, DR0
	 * to DR3 and TSC_AUX after vp_cpu_save().
	 */
	struct vmcb *vmcb;
	u64 gpr[NR_GPRS];
	u64 dr[4];
	u64 xcr0, xss;
	u8 *fpu;			/* one frame: XSAVE area, standard format (or FXSAVE) */
	u64 apic_base;
	u64 tsc_aux, mtrr_def_type, misc_enable;
	u64 mtrr_fixed[11], mtrr_base[8], mtrr_mask[8];

	u64 explicit_suspend, intercept_suspend, dispatch_suspend;	/* registers of those names */
	u64 activity;			/* InternalActivityState */
	u64 pending_interruption;	/* register 0x10002 */
	u64 pending_event[2][2];	/* registers 0x10004, 0x10005: {low, high} */
	u64 deliverability;		/* register 0x10006 */
	bool nmi_pending, nmi_masked;
	u8 virq_vector;			/* offered at this entry; 0: none */
	bool virq_extint;		/* ... and it is the ExtINT */
	u8 extint;			/* EXTINT_*: the boot VP's external interrupt (AssertVirtualInterrupt) */
	u8 extint_vector;
	u8 level_vector;		/* last level vector asserted: what a deassertion withdraws */
	u64 vp_assist, stats_msr[2];	/* MSR values */
	u64 power_config[3];		/* C1 to C3 */
	u8 power_entries[3];
	u64 root_signal_count;
	bool dispatch_blocked;		/* root scheduler: last reported BLOCKED, owed a signal */
	bool dispatch_done;		/* root VP: result of its DispatchVp, to be fetched */
	struct hv_dispatch_vp_output dispatch_result;
	u64 run_time_ns, run_since_ns;
	u64 run_ticks;			/* of the TSC, inside the guest alone */
	u64 repeats_sp;			/* stack pointer of the hypercall that is executed again; 0: none */

	struct lapic lapic;
	struct synic synic;
	struct stimer stimer[4];
	struct vp_messages *messages;	/* own frame */

	void *register_page, *intercept_page;	/* open state pages, or NULL */
	void *stats_page[2];
	void *cpuid_results;		/* frame chain of registered results, see hc_cpuid.c */
	bool register_page_valid;
};
static_assert(sizeof(struct vp) <= 4096, "a VP fits a frame");

/* PENDING: deliver as soon as RFLAGS.IF allows, past PPR and APIC enable, then it is ACKNOWLEDGED. */
enum { EXTINT_NONE, EXTINT_PENDING, EXTINT_ACKNOWLEDGED };

struct vp *vp_get(struct partition *pt, u32 index);	/* NULL: no such VP */
/* All VPs of @pt in order of index: u32 pos = 0; while ((vp = vp_next(pt, &pos))) ... */
struct vp *vp_next(struct partition *pt, u32 *pos);
/* Frames taken from the pool by vp_create(): struct, VMCB, FPU, messages. */
#define VP_FRAMES	4
/* New VP in reset state, ExplicitSuspend set. HV_STATUS_*; nothing taken on failure. */
u16 vp_create(struct partition *pt, u32 index, struct lp *home);
void vp_destroy(struct vp *vp);
void vp_restart(struct vp *vp);			/* as created, but for how its parent holds and addresses it */
void vp_scrub(struct vp *vp);			/* of that its SynIC, timers and local APIC only */
/* Off its LP at an instruction boundary when this returns; it may be made to run again only by vp_wake(). */
void vp_stop(struct vp *vp);
void vp_evict(struct vp *vp);
/* Something changed that may let it run (suspend cleared, interrupt, SIPI): look again. */
void vp_wake(struct vp *vp);
bool vp_runnable(const struct vp *vp);
bool vp_allowed(const struct vp *vp);		/* nothing but its own sleep keeps it from running */
/* Another LP becomes its home. It is not in_guest. */
void vp_move(struct vp *vp, struct lp *home);
void vp_cpu_save(struct vp *vp);		/* what VMRUN does not switch is in *vp; the LP no longer holds it */
void vp_advance(struct vp *vp, u64 length);	/* past the emulated instruction, shadow gone */
void vp_inject(struct vp *vp, u8 vector, bool has_error, u32 error);	/* exception at next entry */
#define VEC_DB	1
#define VEC_UD	6
#define VEC_GP	13
#define VEC_PF	14
u64 vp_time_100ns(struct vp *vp);		/* VP_RUNTIME */

/* ---- partition.c ---------------------------------------------------------------------- */
enum partition_state { PARTITION_CREATED, PARTITION_ACTIVE, PARTITION_FINALIZING, PARTITION_FINALIZED };

struct partition {
	u64 id;
	u32 slot;			/* index in the partition table; frame->owner */
	enum partition_state state;
	struct partition *parent;	/* NULL: the root */
	struct pool pool;
	struct vp **vps;		/* one frame, MAX_VPS entries */
	u32 nr_vps;
	u32 vp_limit;			/* above the highest index that was ever used */
	u32 nr_children;
	u64 *npt;			/* level-4 table */
	u32 asid;

	u64 flags;			/* creation flags */
	u64 privileges;
	u64 synthetic_features;
	u64 disabled_features[2], disabled_xsave;
	u64 compatibility_version;
	u64 properties[32];		/* see hc_property.c */

	u64 guest_os_id, hypercall, reference_tsc;
	u64 crash[6];
	u64 stats_msr[2];
	bool time_frozen;
	u64 time_base_ns;		/* hypervisor time at which its reference time was 0 */
	u64 time_frozen_ns;		/* its time while frozen */
	u64 tsc_offset;
	u64 tsc_bias;			/* guest TSC beyond what its reference time makes */

	void *cpuid_results;		/* partition-wide registered results */
	void *intercepts;		/* frame: installed intercepts, see hc_intercept.c */
	void *ports, *connections;	/* frames, see hc_port.c */
	void *stats_page[2];
	bool pages_tracked;		/* all leaves of npt are small */
	u64 nr_mapped;			/* child GPAs mapped, for the trace */
};
static_assert(sizeof(struct partition) <= 4096, "a partition fits a frame");

extern struct partition *root;
struct partition *partition_get(u64 id);	/* SELF is not resolved here; NULL: no such ID */
struct partition *partition_by_slot(u32 slot);		/* NULL: free slot */
struct partition *partition_next_child(struct partition *parent, u64 previous_id);
/* Frames CreatePartition takes from the creator's pool and InitializePartition from its own. */
#define PARTITION_CREATE_FRAMES		1
#define PARTITION_INIT_FRAMES		3	/* VP pointers, NPT root, intercepts */
u16 partition_create(struct partition *creator, struct partition **out);
u16 partition_init(struct partition *pt);
void partition_finalize(struct partition *pt);	/* stops and frees everything but the pool */
void partition_delete(struct partition *pt);
void partition_restart(struct partition *pt);	/* reset.c */
/*
 * The root, before anything else exists: Active, slot 0, ID 1, all privileges but those the interface
 * withholds; its struct and vps[] from boot_alloc(), its npt is filled by npt_init_root().
 */
void partition_root_init(void);
/* Property UnimplementedMsrAction: 1 ignores writes and reads zero. */
bool partition_ignores_msrs(const struct partition *pt);
static inline bool partition_is_root(const struct partition *pt) { return !pt->parent; }

/* ---- time (timer.c) ---------------------------------------------------------------------- */
u64 time_now_ns(void);				/* monotonic since start, all LPs agree */
u64 partition_time_100ns(struct partition *pt);	/* its reference time */
#define REFERENCE_TIME_MAX	(~0ull / 200)	/* in nanoseconds it has a sign and a bit to spare */
void partition_time_set(struct partition *pt, u64 time_100ns);
void partition_time_freeze(struct partition *pt, bool freeze);
u64 partition_tsc(struct partition *pt);
void partition_tsc_set(struct partition *pt, u64 tsc);
extern u64 tsc_hz;
#define APIC_HZ	1000000000ull			/* local APIC timers tick once a nanosecond */

/* ---- synic.c -------------------------------------------------------------------------------- */
bool synic_target_ok(struct vp *vp);		/* SCONTROL and SIMP enabled */
/* Queue @m on @vp's @sint and deliver when the slot is free. False: target not eligible. */
bool synic_post(struct vp *vp, u8 sint, struct synic_msg *m);
/* Raise the interrupt of @sint, if it is neither masked nor polled. */
void synic_interrupt(struct vp *vp, u8 sint);
void synic_cancel(struct synic_msg *m);		/* off whatever queue it is on */

/* ---- msr_synthetic.c, intercept.c ------------------------------------------------------------- */
bool msr_synthetic_permitted(const struct vp *vp, u32 msr);	/* it exists, and the partition has the privilege */
/* MSR access in the synthetic range; false: #GP */
bool msr_synthetic_read(struct vp *vp, u32 msr, u64 *val);
bool msr_synthetic_write(struct vp *vp, u32 msr, u64 val);
/* An intercept: fills message and register page, suspends the VP, tells the parent. */
void intercept_report(struct vp *vp, u32 type, const void *payload, u8 size);

/* ---- irq.c: physical vectors and routes ------------------------------------------------------ */
/* The map, unmap and route rules of MapDeviceInterrupt; arguments already bounded. */
u16 irq_map(u64 device_id, u32 base_irt, struct vp *target, u8 vector, bool level,
	    struct hv_interrupt_entry *out);
u16 irq_unmap(u64 device_id, const struct hv_interrupt_entry *entry);
/* Request a virtual interrupt in a VP's local APIC and make it run. False: the APIC does not accept it. */
bool vp_irq(struct vp *vp, u8 vector, bool level);
void vp_nmi(struct vp *vp);
void vp_init(struct vp *vp);
void vp_sipi(struct vp *vp, u8 vector);

/* ---- lp.c -------------------------------------------------------------------------------------- */
struct lp {
	u32 index;			/* LP index, given by AddLogicalProcessor; LP 0 = boot processor */
	u32 apic_id;
	bool started;			/* the hypervisor runs there */
	bool added;			/* the root knows it */
	struct hv_proximity_info proximity;	/* where the root says that it is */
	struct vp *root_vp;
	struct vp *vps;			/* all VPs that have this LP as home */
	struct vp *running;		/* last chosen by the scheduler */
	struct vp *dispatched;		/* root scheduler: child that the root VP's DispatchVp runs */
	bool caller_interrupts;		/* ... which an interrupt ends even if the root VP holds them off */
	struct vp *cpu_owner;		/* whose state that VMRUN does not switch is loaded */
	struct vp *runq_head, *runq_tail;
	volatile u32 in_guest;
	struct vp *inside;		/* which VP that is; until its exit is handled or forgotten */
	u64 slice_end_ns;
	u64 timer_ns;			/* what the physical timer is set to */
	u64 taken[4];			/* physical vectors taken, not yet looked at */
	u64 level[4];			/* physical vectors that stay in service until the VP's EOI */
	u64 level_active[4];		/* of those: taken and in service */
	u64 eoi_due[4];			/* of those: the VP's EOI has come, the physical one not yet */
	bool routes_leaving;
	struct route *routes;		/* by physical vector, see irq.c */
	volatile bool nmi_taken;	/* physical NMI: belongs to the root VP */
	u64 idle_ns, run_ns;
	u64 nr_exits;
	void *host_save;
};
struct lp *this_lp(void);
struct lp *lp_get(u32 index);			/* added LPs only; NULL: no such */
struct lp *lp_by_apic_id(u32 apic_id);		/* started LPs */
u32 lp_count(void);				/* started LPs */
void lp_kick(struct lp *lp);			/* make it leave the guest soon */

void hv_lock(void);
void hv_unlock(void);

/* ---- hypercall.c, hc_table.c ------------------------------------------------------------------------------- */
/*
 * VMMCALL exit of @vp: decodes RCX/RDX/R8, checks, runs, sets RAX, advances RIP
 * unless the call continues (then RCX's rep start has moved and RIP stays).
 * Injects #UD where the specification says so.
 */
void hypercall_exit(struct vp *vp);
/* CPUID of a child: computed defaults with registered results applied. */
void cpuid_child(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4]);
void cpuid_root(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4]);
/* @pt's parent has installed an intercept of this kind (hypercalls.md 3.5); @access: HV_INTERCEPT_READ, ... */
bool intercept_wanted(const struct partition *pt, u32 type, u64 parameter, u32 access);
/* And for any of the @size ports from @port on. */
bool intercept_wanted_io(const struct partition *pt, u16 port, u32 size);
/* What the parent registered for an MSR that is not handled: *@action HV_MSR_ACTION_*. False: nothing. */
bool intercept_msr_result(const struct vp *vp, u32 msr, u32 access, u32 *action);
u64 hypercall_total(void);			/* calls that have ended */
void hypercall_stats_print(void);		/* by code, on the log */
void hypercall_counters(void);			/* since the mark, into the answer to a request */
void hypercall_mark(void);
/* A child's write to @gpa matched a doorbell: signalled, true. */
bool port_doorbell(struct vp *vp, u64 gpa, u32 size, u64 value);
/* A counter of @vp's statistics pages, where they are mapped (HV_COUNTER_VP_*). */
void stats_vp_counter(struct vp *vp, u32 counter, u64 value);
/* Register page: fill before an intercept is reported; load dirty classes before resume. */
void regpage_fill(struct vp *vp);
void regpage_take(struct vp *vp);	/* what is dirty now; the page stays valid */
void regpage_load(struct vp *vp);
/* Register read and write by name (hypercalls.md 4.9). HV_STATUS_*. */
u16 reg_get(struct vp *vp, u32 name, u64 value[2]);
u16 reg_set(struct vp *vp, u32 name, const u64 value[2]);
/* Everything hc_*.c hung on a partition or VP goes; called by finalize and vp_destroy. */
void hc_partition_release(struct partition *pt);
void hc_vp_release(struct vp *vp);
/* End of the run: name what does not balance. */
void hc_verdict(void);

#endif
