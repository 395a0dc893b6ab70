// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: hooks into the platform code,
 * and the pages that are shared with the hypervisor.
 *
 * A guest gives the hypervisor pages for the hypercall code, the VP assist
 * area and so on.  The root is given them: their addresses are in the MSRs
 * before Linux starts, lie outside of what the root may use as memory, and
 * cannot be changed.  So the root reads each MSR, sets or clears nothing but
 * the enable bit, and maps or copies what is there.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/cpumask.h>
#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/pfn.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <clocksource/hyperv_timer.h>
#include <asm/apic.h>
#include <asm/desc.h>
#include <asm/hpet.h>
#include <asm/io_apic.h>
#include <asm/iommu.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm/reboot.h>
#include <asm/x86_init.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

/* Enable bit of all MSRs that hold the address of a page */
#define PAGE_MSR_ENABLE		BIT_ULL(0)

static void (*mshv_callback_handler)(void);
static void (*mshv_shutdown_handler)(void);

/*
 * Vectors that mean something to the hypervisor itself: it takes an interrupt
 * on 0x29, 0x2c or 0x2d for a call of its debugger, and refuses to route a
 * device to 0x2f or 0xd2.  Neither does it to 0x1f, but that is never given to
 * a device anyway.
 */
static void __init root_reserve_vectors(void)
{
	static const u8 vectors[] __initconst = {
		0x29, 0x2c, 0x2d, 0x2f, 0xd2
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		set_bit(vectors[i], system_vectors);
}

/* Change nothing but the enable bit */
static void page_msr_set(u32 msr, bool enable)
{
	u64 value;

	rdmsrl(msr, value);
	value = enable ? value | PAGE_MSR_ENABLE : value & ~PAGE_MSR_ENABLE;
	wrmsrl(msr, value);
}

/**
 * mshv_root_copy_hypercalls() - fill the page that hypercalls are made through
 * @pfn: the hypervisor's page, in which the code appeared when it was enabled
 *
 * A copy keeps the code under the protection of the kernel's own page tables.
 * It goes in through the direct map, as hv_hypercall_pg cannot be written.
 */
void __init mshv_root_copy_hypercalls(u64 pfn)
{
	void *code = memremap(pfn << HV_HYP_PAGE_SHIFT, PAGE_SIZE, MEMREMAP_WB);

	if (!code)
		panic("Hyper-V: cannot map the hypercall page %#llx\n", pfn);

	memcpy_to_page(vmalloc_to_page(hv_hypercall_pg), 0, code, PAGE_SIZE);
	memunmap(code);
}

/**
 * mshv_root_cpu_init() - a CPU of the root comes online
 * @cpu: the CPU this runs on
 *
 * Return: 0. Without a VP assist page EOIs are slower, no more than that.
 */
int mshv_root_cpu_init(unsigned int cpu)
{
	void *page;
	u64 value;

	/* The first CPU was not started by us */
	mshv_root_vp_index();

	rdmsrl(HV_X64_MSR_VP_ASSIST_PAGE, value);
	page = memremap(value & HV_HYP_PAGE_MASK, PAGE_SIZE, MEMREMAP_WB);
	if (!page) {
		pr_warn("CPU %u: cannot map the VP assist page\n", cpu);
		return 0;
	}

	page_msr_set(HV_X64_MSR_VP_ASSIST_PAGE, true);
	hv_vp_assist_page[cpu] = page;
	return 0;
}

/* Returns the page, %NULL if there was none */
static void *assist_page_disable(void)
{
	unsigned int cpu;
	unsigned long flags;
	void *page;

	/* An EOI may come in at any time and looks at the page if there is one */
	local_irq_save(flags);
	cpu = smp_processor_id();
	page = hv_vp_assist_page[cpu];
	if (page)
		page_msr_set(HV_X64_MSR_VP_ASSIST_PAGE, false);
	hv_vp_assist_page[cpu] = NULL;
	local_irq_restore(flags);

	return page;
}

/**
 * mshv_root_cpu_die() - a CPU of the root goes offline
 * @cpu: the CPU this runs on
 *
 * The VP stays, and so do VP index and argument pages.
 *
 * Return: 0
 */
int mshv_root_cpu_die(unsigned int cpu)
{
	void *page = assist_page_disable();

	if (page)
		memunmap(page);
	return 0;
}

/*
 * The next kernel takes all memory for its own that its map does not reserve.
 * What the hypervisor does not use at the moment comes back.  If it uses some
 * that is not kept, the next kernel would die when it touches that.
 */
static void root_reclaim_memory(void)
{
	long left;

	mshv_pool_drain(mshv_root_pool.partition_id);
	left = mshv_pool_unkept();
	if (!left)
		return;

	pr_emerg("%ld pages are in use by the hypervisor: no kexec, restarting\n",
		 left);
	emergency_restart();
}

/* What the next kernel could not find out about, nor make a second time */
static void root_forget(void)
{
	mshv_unmap_all();
	mshv_root_unmap_left();
	if (mshv_shutdown_handler)
		mshv_shutdown_handler();
}

/*
 * The last that a CPU does for this kernel.  A timer that goes on would fire
 * into the next one; without it no task is preempted any more.
 */
static void root_cpu_leave(void *unused)
{
	assist_page_disable();
	if (ms_hyperv.features & HV_MSR_SYNTIMER_AVAILABLE) {
		hv_init_timer(0, 0);
		hv_init_timer_config(0, 0);
	}
}

/* The next kernel reads the addresses again, so they must survive */
static void root_disable_pages(void)
{
	/* From here on hypercalls fail instead of jumping into nowhere */
	hv_hypercall_pg = NULL;

	page_msr_set(HV_X64_MSR_HYPERCALL, false);
	if (ms_hyperv.features & HV_MSR_REFERENCE_TSC_AVAILABLE)
		page_msr_set(HV_X64_MSR_REFERENCE_TSC, false);
	wrmsrl(HV_X64_MSR_GUEST_OS_ID, 0);
}

/*
 * Nothing in here may sleep once the first CPU has left.  A CPU that does not
 * take its leave is stopped all the same: nobody waits for it.
 */
static void root_shutdown(void)
{
	if (kexec_in_progress)
		smp_call_function(root_cpu_leave, NULL, false);

	native_machine_shutdown();
	root_forget();
	mshv_end_children();
	if (!kexec_in_progress)
		return;

	root_reclaim_memory();
	root_cpu_leave(NULL);
	root_disable_pages();
}

/* No more than the next kernel needs in order to save the memory of this one */
static void __maybe_unused root_crash_shutdown(struct pt_regs *regs)
{
	native_machine_crash_shutdown(regs);
	root_forget();
	root_cpu_leave(NULL);
	root_disable_pages();
}

static void __init root_get_partition_id(void)
{
	struct tlfs_out_get_partition_id out;
	u64 status;

	status = mshv_hvcall(TLFS_CALL_GET_PARTITION_ID, NULL, 0,
			     &out, sizeof(out));
	if (status != TLFS_STATUS_SUCCESS)
		panic("Hyper-V: cannot get the root's partition id: %s (%#llx)\n",
		      mshv_status_name(status), status);

	mshv_root_pool.partition_id = out.partition_id;
}

static int __init root_iommu_init(void)
{
	return 0;
}

static void root_iommu_shutdown(void)
{
}

/*
 * The tables of the firmware describe the IOMMUs, but they belong to the
 * hypervisor, which maps the root's memory one to one.  Their drivers have
 * found them by now.  They must not start, nor "disable" what they have found.
 * Bounce buffers for devices with short addresses remain as they are.
 */
static void __init root_ignore_iommus(void)
{
	x86_init.iommu.iommu_init = root_iommu_init;
	x86_platform.iommu_shutdown = root_iommu_shutdown;
	iommu_detected = 0;
}

/*
 * The clocksource was registered when nothing could be mapped, and has been
 * reading the MSR since then.
 */
static void __init root_map_tsc_page(void)
{
	unsigned long pfn = hv_get_tsc_pfn();
	void *page;

	if (!pfn)
		return;

	page = memremap(PFN_PHYS(pfn), PAGE_SIZE, MEMREMAP_WB);
	if (page)
		hv_set_tsc_page(page);
	else
		pr_warn("cannot map the reference TSC page\n");
}

/*
 * A kernel that crashed has left its partitions, and what it had deposited.  It
 * is to be read, so it must be the root's again.
 */
static void __init root_take_over(void)
{
	if (!is_kdump_kernel())
		return;

	mshv_end_children();
	mshv_pool_drain(mshv_root_pool.partition_id);
}

/* After the setup that all partitions share, which gave up silently if at all */
static void __init root_apic_post_init(void)
{
	hyperv_init();
	if (!hv_hypercall_pg)
		panic("Hyper-V: no hypercalls, cannot run as the root partition\n");

	root_get_partition_id();
	root_take_over();
	mshv_root_pool_hide();
	root_map_tsc_page();
	root_ignore_iommus();
	mshv_root_irq_init();
	mshv_root_pm_init();
}

/* In every interrupt mode; the setup above is for those that have a local APIC */
static void __init root_intr_mode_init(void)
{
	apic_intr_mode_init();
	if (!hv_hypercall_pg)
		panic("Hyper-V: no local APIC, cannot run as the root partition\n");
}

/*
 * "noapic", and "nosmp" or "maxcpus=0", which bring it along and skip interrupt
 * remapping too.  A root has no other interrupts.
 */
static void __init root_override_words(void)
{
	if (skip_ioapic_setup)
		pr_warn("the root partition cannot do without its IO-APICs\n");
	skip_ioapic_setup = 0;

	if (!setup_max_cpus)
		setup_max_cpus = 1;
}

/**
 * mshv_root_init_platform() - replace platform hooks if this is the root
 *
 * Called at the end of the Hyper-V platform setup; there is no allocator yet,
 * and no hypercall page.
 */
void __init mshv_root_init_platform(void)
{
	if (!mshv_root_partition())
		return;

	root_reserve_vectors();

	root_override_words();

	/* Messages of its timers would not be mapped in the hypervisor */
	hpet_msi_disable = true;

	machine_ops.shutdown = root_shutdown;
#ifdef CONFIG_KEXEC_CORE
	machine_ops.crash_shutdown = root_crash_shutdown;
#endif
	x86_platform.apic_post_init = root_apic_post_init;
	x86_init.irqs.intr_mode_init = root_intr_mode_init;
	x86_init.hyper.guest_late_init = mshv_root_pool_reserve;
	mshv_root_smp_init();
}

/**
 * mshv_setup_callback() - set the handler of the SynIC's interrupt
 * @handler: called with interrupts off, on the CPU that was interrupted
 */
void mshv_setup_callback(void (*handler)(void))
{
	WRITE_ONCE(mshv_callback_handler, handler);
}
EXPORT_SYMBOL_GPL(mshv_setup_callback);

/**
 * mshv_remove_callback() - forget the handler of the SynIC's interrupt
 *
 * The caller has masked the interrupt sources on all CPUs.  No CPU is in the
 * handler any more when this returns.
 *
 * Context: Process context, may sleep.
 */
void mshv_remove_callback(void)
{
	WRITE_ONCE(mshv_callback_handler, NULL);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(mshv_remove_callback);

/**
 * mshv_setup_shutdown() - set what is called when this kernel goes down
 * @handler: deletes what the hypervisor has been asked to make on behalf of the
 *	root itself; called on the last CPU, with interrupts off, perhaps in a
 *	crash.  Partitions are ended without it.  %NULL to forget it.
 */
void mshv_setup_shutdown(void (*handler)(void))
{
	mshv_shutdown_handler = handler;
}
EXPORT_SYMBOL_GPL(mshv_setup_shutdown);

/**
 * mshv_callback() - the SynIC's interrupt has arrived
 */
void mshv_callback(void)
{
	void (*handler)(void);

	handler = READ_ONCE(mshv_callback_handler);
	if (handler)
		handler();
}
