// SPDX-License-Identifier: GPL-2.0
/*
 * Logical processors: start them, tell them apart, poke them.
 *
 * The hypervisor starts every processor of the MADT itself and keeps it; an
 * INIT or SIPI that the root sends goes to the local APIC model and never to
 * the hardware.
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define AP_PAGE		0x8000ull	/* conventional memory that firmware has finished with */
#define STACK_PAGES	4		/* boot_stack in start.S, this_lp() below */
#define STACK_SIZE	(STACK_PAGES * PAGE_SIZE)
#define AP_WAIT_NS	5000000000ull

extern char ap_start[], ap_start_end[], boot_stack[];

struct lp *lps[MAX_LPS];
u32 nr_lps;
u32 ap_boot_stack;	/* for start.S: one processor at a time */
struct lp *ap_boot_lp;
static volatile u32 ap_here;

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

void lp_kick(struct lp *lp)
{
	if (lp != this_lp())
		apic_ipi(lp->apic_id, ICR_ASSERT | VECTOR_KICK);
}

/* What each processor does for itself, on its own stack. */
static void lp_here(struct lp *lp)
{
	trap_init_lp();
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

void lp_init_boot(void)
{
	struct lp *lp = lp_new(apic_own_id(), boot_stack);

	pic_mask();
	trap_init();
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
	apic_ipi(apic_id, ICR_ASSERT | ICR_INIT);
	delay_ns(200000);
	apic_ipi(apic_id, ICR_ASSERT | ICR_SIPI | AP_PAGE >> PAGE_SHIFT);
	if (!ap_wait()) {
		apic_ipi(apic_id, ICR_ASSERT | ICR_SIPI | AP_PAGE >> PAGE_SHIFT);
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

void lp_stats_print(void)
{
	u64 exits = 0;

	for (u32 i = 0; i < nr_lps; i++)
		exits += lps[i]->nr_exits;
	topology_print();
	hv_info("exits: %llu, hypercalls: %llu", exits, hypercall_total());
	exit_stats_print();
}
