/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine side of the hypervisor shares among its own files. */
#ifndef INTERNAL_H
#define INTERNAL_H

#include "decode.h"
#include "hv.h"
#include "walk.h"

/* isa-debug-exit turns v into exit status 2v + 1. */
#define EXIT_CLEAN	0x10
#define EXIT_BLAMED	0x11
#define EXIT_PANIC	0x12
#define EXIT_ROOT_CRASH	0x13
#define EXIT_RESET	0x14
#define EXIT_HALT	0x15
void __attribute__((noreturn)) machine_exit(u8 code);

/* Named leniencies, off by default: see README.md. */
#define QUIRK_GUEST_PAGES	BIT(0)	/* the root may move its hypercall page */
#define QUIRK_ROOT_VECTORS	BIT(1)	/* reserved vectors may be mapped */
#define QUIRK_STALE_MAPS	BIT(2)	/* a second map of a busy (VP, vector) is taken, beside the first */
#define QUIRK_UNMAP_FLAGS	BIT(3)	/* the flags of UnmapDeviceInterrupt may be anything */
void options_parse(const char *line);

/* ---- role.c: the first partition ---- */
bool role_find(const char *word, u64 len, enum role *role);
u64 role_privileges(void);
void role_start(void);		/* its VPs, as far as they are there from the start */

/* ---- multiboot.c: what the boot loader hands over ---- */
struct boot_range { u64 base, size; u32 type; };
#define RANGE_RAM	1
#define RANGE_RESERVED	2
struct boot_module { u64 base, size; char cmdline[2048]; };
struct boot_info {
	u32 nr_ranges, nr_modules;
	struct boot_range ranges[64];
	struct boot_module modules[2];	/* kernel, initramfs */
	char cmdline[1024];
};
extern struct boot_info boot_info;
void multiboot_parse(u32 magic, u32 info);

/* ---- acpi.c ---- */
#define MAX_DOMAINS	64
struct acpi_info {
	u32 nr_lps;
	u32 apic_ids[MAX_LPS];
	u32 nr_affinities;			/* SRAT: of processors */
	struct { u32 apic_id, domain; } affinities[MAX_LPS];
	u32 nr_domains;				/* SRAT: of processors and memory */
	u32 domains[MAX_DOMAINS];
	u16 pm1a_cnt, pm1b_cnt, pm_timer;
	u16 reset_port;
	u8 reset_value;
};
extern struct acpi_info acpi;
void acpi_parse(void);
void acpi_slp_typ_set(u8 pm1a, u8 pm1b);	/* what its registers take for S5 */
void acpi_power_off(void);	/* returns if the board has no PM1 control port, or it did not work */

/* ---- trace.c ---- */
#define TRACE_MAX	65536u
u64 trace_size(void);		/* bytes of start-up memory that trace_init() takes */
void trace_init(void);
void trace_exit(const struct vp *vp);
void trace_call(const struct vp *vp, u16 code, u16 status, u32 reps);
void trace_intercept(const struct vp *vp, u32 type);
void trace_message(const struct vp *to, u8 sint, u32 type);
void trace_print(bool well);	/* @well: how the run ends */

/* ---- topology.c: where processors are, and what the root says of it ---- */
bool topology_domain_known(u32 domain);
u16 topology_check_lp(u32 apic_id, const struct hv_proximity_info *told);
u16 topology_check_vp(const struct lp *home, u8 subnode_type, u64 subnode_id);
void topology_print(void);			/* to the log */

/* ---- frame.c ---- */
void frame_init(void);
void frame_verdict(void);
extern u64 hv_reserved_base, hv_reserved_end;	/* the hypervisor's working memory, top of low RAM */
extern char hv_image_start[], hv_image_end[];
void pool_seed(struct partition *pt, u64 nr_pages);	/* from boot memory */

/* ---- npt.c ---- */
u64 npt_root_tables(u64 frames);			/* pages that its tables can need */
void npt_init_root(struct partition *pt);	/* identity map, without hypervisor frames */
void npt_root_open(u64 pfn, u32 prot);		/* rights of one frame in the root: 0, NPT_R, ... */
void npt_flush_due(void);			/* do the flushes that pool and map calls left due */
void npt_flush_later(struct partition *pt);

/* ---- hwapic.c: the physical local APIC of this LP ---- */
extern u64 apic_timer_hz;	/* the physical one */
#define ICR_ASSERT	BIT(14)
#define ICR_INIT	(5u << 8)
#define ICR_SIPI	(6u << 8)
u32 apic_own_id(void);
void apic_init(void);
void apic_ipi(u32 apic_id, u32 low);
void apic_eoi(void);
bool apic_is_level(u8 vector);
bool apic_requested(u8 vector);
bool apic_in_service(u8 vector);
u32 apic_timer_count(bool start);
void apic_timer_set(struct lp *lp, u64 deadline_ns, u64 now);
void pic_mask(void);

/* ---- trap.c ---- */
void trap_init(void);
void trap_init_lp(void);

/* ---- lp.c ---- */
extern struct lp *lps[MAX_LPS];
extern u32 nr_lps;
void lp_init_boot(void);
void lp_start_others(void);
void lp_stats_print(void);
void __attribute__((noreturn)) lp_main(struct lp *lp);
void __attribute__((noreturn)) sched_run(struct lp *lp);

#define VECTOR_TIMER	0xf0
#define VECTOR_KICK	0xf1
#define VECTOR_SPURIOUS	0xff

/* ---- timer.c ---- */
void time_init(void);
void vp_timers_run(struct vp *vp, u64 now);	/* fire what is due */
u64 vp_deadline_ns(struct vp *vp);		/* next event, ~0: none */
bool stimer_read(struct vp *vp, u32 msr, u64 *val);
bool stimer_write(struct vp *vp, u32 msr, u64 val);
void stimer_reset(struct vp *vp);
/* A message of timer @index that waits for its slot, and when it expired. */
bool stimer_undelivered(const struct vp *vp, u32 index, u64 *expiration);
void stimer_undelivered_set(struct vp *vp, u32 index, bool waits, u64 expiration);
void reference_tsc_update(struct partition *pt);

/* ---- svm.c ---- */
void svm_init_lp(struct lp *lp);
void svm_check(void);
void svm_init(void);
void svm_vp_init(struct vp *vp);	/* VMCB of a new VP */
void svm_run(u64 vmcb_pa, u64 *gpr);
extern u64 xsave_mask;			/* 0: FXSAVE only */
extern bool has_tsc_aux;		/* RDTSCP and its MSR are there */

/* ---- sched.c ---- */
void sched_forget(struct vp *vp);	/* off its home's queue */
bool sched_wanted(struct vp *vp);	/* it can run, or its parent is to be told of it */
void vp_activity_update(struct vp *vp);	/* an event may have ended HLT or guest idle */

/* ---- hc_dispatch.c: the root scheduler ---- */
struct vp *dispatch_pick(struct lp *lp);
void dispatch_signal(struct vp *vp);
void dispatch_forget(struct vp *vp);
void dispatch_abandon(struct vp *caller);

/* ---- vp.c ---- */
void vp_cpu_load(struct vp *vp);	/* onto this LP, if it is not there */
void vp_cpu_store(struct vp *vp);	/* it is in *vp too; the LP still holds it */
bool vp_event_waiting(const struct vp *vp);	/* something that ends HLT */
void vp_events_prepare(struct vp *vp);	/* what to inject at this entry */
void vp_events_collect(struct vp *vp);	/* what the exit left undelivered */

/* ---- exit.c, msr.c, apic.c ---- */
void exit_handle(struct vp *vp);
void exit_stats_print(void);
bool msr_read(struct vp *vp, u32 msr, u64 *val);	/* false: #GP */
bool msr_write(struct vp *vp, u32 msr, u64 val);
bool pat_valid(u64 pat);
bool msr_is_virtual(struct vp *vp, u32 msr);	/* of a child: emulated, not merely refused or ignored */
void apic_access(struct vp *vp, u64 gpa);
void apic_effect(struct vp *vp, const struct lapic_effect *fx);

/* ---- guest.c: a VP's own view ---- */
/* Fetch up to 15 bytes at CS:RIP; how many could be read. */
u32 guest_fetch(struct vp *vp, u8 bytes[INSN_MAX_BYTES]);
u64 guest_insn_length(struct vp *vp, enum insn_fixed which);
struct walk_result guest_translate(struct vp *vp, u64 gva, u64 flags);
enum insn_mode guest_mode(struct vp *vp);

/* ---- intercept.c ---- */
void intercept_header(struct vp *vp, struct hv_intercept_header *h, u8 access, u64 length);
void intercept_segment(struct hv_segment *to, const struct vmcb_seg *from);
u8 intercept_bytes(struct vp *vp, u8 bytes[16]);
void intercept_cpuid(struct vp *vp, const u32 result[4], u64 length);
void intercept_msr(struct vp *vp, u32 msr, bool write, u64 length);
#define VMMCALL_LENGTH	3	/* 0F 01 D9 */
void intercept_hypercall(struct vp *vp);
void intercept_exception(struct vp *vp, u8 vector);
bool intercept_is_due(struct vp *vp);		/* it may sleep, but its parent is to be told first */
bool intercept_deliverable(struct vp *vp);	/* true: it has been told, and the VP is suspended */
void intercept_report_header(struct vp *vp, u32 type, u8 access, u64 length);

/* ---- synic.c ---- */
void synic_fill(struct synic_msg *m, u32 type, u64 sender, const void *payload, u8 size);
bool synic_auto_eoi(const struct vp *vp, u8 vector);	/* no EOI follows */
void synic_reset(struct vp *vp);
u16 synic_slots_free(struct vp *vp, u16 sints);	/* those of @sints that could take a message now */
void synic_scan(struct vp *vp);			/* slots may have been freed: deliver what waits */

/* ---- msr_synthetic.c ---- */
void root_pages_init(struct vp *vp);		/* pre-provisioned pages of a root VP */
bool hypercall_page_fill(struct partition *pt, u64 msr);	/* where @msr says; false: it cannot be there */

/* ---- irq.c ---- */
void irq_init_lp(struct lp *lp);
void irq_taken(struct lp *lp, u8 vector);	/* from the interrupt entry */
void irq_drain(struct lp *lp);
void irq_eoi(struct vp *vp, u8 vector);		/* root VP ended a level vector */
void irq_print(void);				/* all routes, to the log */

/* ---- control.c: what the root writes to and reads from the port of the log ---- */
void control_write(u8 byte);
u8 control_read(void);
void control_answer(const char *name, u64 value);	/* adds a line to the answer */

/* ---- loader.c ---- */
void loader_load(struct vp *vp);

#endif
