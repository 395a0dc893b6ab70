// SPDX-License-Identifier: GPL-2.0
/*
 * Logical processors: start them, tell them apart, poke them.
 *
 * The hypervisor starts every processor of the MADT itself and keeps it; an
 * INIT or SIPI that the root sends goes to the local APIC model and never to
 * the hardware. The physical local APICs belong to this file and irq.c.
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define APIC_BASE	0xfee00000ull
#define APIC_ID		0x20
#define APIC_TPR	0x80
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_TMR	0x180
#define APIC_ICR_LOW	0x300
#define APIC_ICR_HIGH	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0
#define LVT_MASKED	BIT(16)
#define LVT_NMI		(4u << 8)
#define SVR_ENABLE	BIT(8)
#define ICR_PENDING	BIT(12)
#define ICR_ASSERT	BIT(14)
#define ICR_INIT	(5u << 8)
#define ICR_SIPI	(6u << 8)
#define TDCR_DIV_1	0xb

#define AP_PAGE		0x8000ull	/* conventional memory that firmware has finished with */
#define STACK_PAGES	4		/* boot_stack in start.S, this_lp() below */
#define STACK_SIZE	(STACK_PAGES * PAGE_SIZE)
#define AP_WAIT_NS	5000000000ull

extern char ap_start[], ap_start_end[], boot_stack[], trap_entries[], gdt_ptr[];

struct lp *lps[MAX_LPS];
u32 nr_lps;
u64 apic_timer_hz;
u32 ap_boot_stack;	/* for start.S: one processor at a time */
struct lp *ap_boot_lp;
static volatile u32 ap_here;

static struct {
	u16 limit;
	u64 base;
} __packed idt_ptr;

struct idt_entry {
	u16 offset_low, selector;
	u16 type;
	u16 offset_mid;
	u32 offset_high, reserved;
} __packed;
static struct idt_entry idt[256];

static u32 apic_read(u32 reg)
{
	return *(volatile u32 *)(APIC_BASE + reg);
}

static void apic_write(u32 reg, u32 val)
{
	*(volatile u32 *)(APIC_BASE + reg) = val;
}

struct lp *this_lp(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	return *(struct lp **)(sp & ~(STACK_SIZE - 1));
}

u32 lp_count(void)
{
	return nr_lps;
}

struct lp *lp_get(u32 index)
{
	for (u32 i = 0; i < nr_lps; i++)
		if (lps[i]->added && lps[i]->index == index)
			return lps[i];
	return NULL;
}

struct lp *lp_by_apic_id(u32 apic_id)
{
	for (u32 i = 0; i < nr_lps; i++)
		if (lps[i]->apic_id == apic_id)
			return lps[i];
	return NULL;
}

/* Trigger mode of a vector in service. */
bool apic_is_level(u8 vector)
{
	return apic_read(APIC_TMR + vector / 32 * 0x10) & BIT(vector % 32);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static void ipi(u32 apic_id, u32 low)
{
	while (apic_read(APIC_ICR_LOW) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, low);
}

void lp_kick(struct lp *lp)
{
	if (lp != this_lp())
		ipi(lp->apic_id, ICR_ASSERT | VECTOR_KICK);
}

/*
 * @deadline_ns: absolute; ~0: no event. A deadline that has passed fires at once.
 * A timer that is due earlier is left alone: whoever is woken looks again.
 */
void apic_timer_set(struct lp *lp, u64 deadline_ns, u64 now)
{
	u64 ticks;

	if (deadline_ns == lp->timer_ns || (lp->timer_ns > now && lp->timer_ns < deadline_ns))
		return;
	lp->timer_ns = deadline_ns;
	if (deadline_ns == ~0ull) {
		apic_write(APIC_TMICT, 0);
		return;
	}
	ticks = deadline_ns > now ? (deadline_ns - now) : 1;
	if (ticks > 1000000000ull)
		ticks = 1000000000ull;		/* look again in a second */
	ticks = ticks * (apic_timer_hz / 1000) / 1000000;
	apic_write(APIC_TMICT, ticks ? ticks : 1);
}

/* Ticks of the physical timer so far, for time_init() to measure it. */
u32 apic_timer_count(bool start)
{
	if (start)
		apic_write(APIC_TMICT, ~0u);
	return ~0u - apic_read(APIC_TMCCT);
}

static void apic_init(void)
{
	wrmsr(MSR_APIC_BASE, APIC_BASE | BIT(11) | (rdmsr(MSR_APIC_BASE) & BIT(8)));
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
	/* Nothing we hand out is addressed logically. What is all the same shall be caught, not lost. */
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_LDR, (1u << 24) << nr_lps % 8);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);		/* the 8259 reaches nobody */
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TDCR, TDCR_DIV_1);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	apic_write(APIC_TMICT, 0);
}

static void idt_init(void)
{
	for (u32 i = 0; i < 256; i++) {
		u64 entry = (u64)trap_entries + i * 16;

		idt[i] = (struct idt_entry){
			.offset_low = entry, .offset_mid = entry >> 16, .offset_high = entry >> 32,
			.selector = 0x08, .type = 0x8e00,
		};
	}
	idt_ptr.limit = sizeof(idt) - 1;
	idt_ptr.base = (u64)idt;
}

/* What each processor does for itself, on its own stack. */
static void lp_here(struct lp *lp)
{
	asm volatile("lidt %0" : : "m"(idt_ptr));
	svm_init_lp(lp);
	clgi();
	sti();
	apic_init();
	lp->started = true;
}

static struct lp *lp_new(u32 apic_id, char *stack)
{
	struct lp *lp = boot_alloc((sizeof(*lp) + PAGE_SIZE - 1) >> PAGE_SHIFT);

	lp->apic_id = apic_id;
	lp->timer_ns = ~0ull;
	lp->host_save = boot_alloc(1);
	irq_init_lp(lp);
	*(struct lp **)stack = lp;
	lps[nr_lps] = lp;
	return lp;
}

/* Firmware leaves the 8259 live on LINT0: quiet before LINT0 is masked, so that nothing stays half delivered. */
static void pic_mask(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void lp_init_boot(void)
{
	struct lp *lp = lp_new(apic_read(APIC_ID) >> 24, boot_stack);

	pic_mask();
	idt_init();
	lp_here(lp);
	nr_lps = 1;
}

static char *stack_alloc(void)
{
	char *p = boot_alloc(2 * STACK_PAGES - 1);

	return (char *)(((u64)p + STACK_SIZE - 1) & ~(STACK_SIZE - 1));
}

static void delay_ns(u64 ns)
{
	u64 end = time_now_ns() + ns;

	while (time_now_ns() < end)
		cpu_relax();
}

static bool ap_wait(void)
{
	u64 end = time_now_ns() + AP_WAIT_NS;

	while (!ap_here) {
		if (time_now_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

static void lp_start(u32 apic_id)
{
	char *stack = stack_alloc();
	struct lp *lp = lp_new(apic_id, stack);

	ap_boot_stack = (u64)stack + STACK_SIZE;
	ap_boot_lp = lp;
	ap_here = 0;
	ipi(apic_id, ICR_ASSERT | ICR_INIT);
	delay_ns(200000);
	ipi(apic_id, ICR_ASSERT | ICR_SIPI | AP_PAGE >> PAGE_SHIFT);
	if (!ap_wait()) {
		ipi(apic_id, ICR_ASSERT | ICR_SIPI | AP_PAGE >> PAGE_SHIFT);
		if (!ap_wait())
			hv_panic("processor with APIC ID %u does not start", apic_id);
	}
	nr_lps++;
}

void lp_start_others(void)
{
	memcpy((void *)AP_PAGE, ap_start, ap_start_end - ap_start);
	for (u32 i = 0; i < acpi.nr_lps; i++)
		if (acpi.apic_ids[i] != lps[0]->apic_id)
			lp_start(acpi.apic_ids[i]);
	hv_info("%u logical processors, all the hypervisor's", nr_lps);
}

/* First C of a processor other than the boot processor. */
void lp_main(struct lp *lp)
{
	lp_here(lp);
	ap_here = 1;
	sched_run(lp);
}

static volatile u32 lock;

void hv_lock(void)
{
	while (__sync_lock_test_and_set(&lock, 1))
		while (lock)
			cpu_relax();
}

void hv_unlock(void)
{
	__sync_lock_release(&lock);
}

void lp_stats_print(void)
{
	u64 exits = 0;

	for (u32 i = 0; i < nr_lps; i++)
		exits += lps[i]->nr_exits;
	topology_print();
	hv_info("exits: %llu, hypercalls: %llu", exits, hypercall_total());
	exit_stats_print();
}

/* ---- physical interrupts and exceptions of the hypervisor itself ---- */

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

void trap(struct trap_frame *f);
void trap(struct trap_frame *f)
{
	struct lp *lp = this_lp();

	if (f->vector >= 32) {
		irq_taken(lp, f->vector);
		return;
	}
	if (f->vector == 2) {
		lp->nmi_taken = true;
		return;
	}
	hv_panic("exception %llu (error %llx, CR2 %llx) at %llx, RSP %llx, LP %u",
		 f->vector, f->error, read_cr2(), f->rip, f->rsp, lp->apic_id);
}
