// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: processors.
 *
 * The hypervisor starts the root on one logical processor (LP) and knows no
 * other.  Before an AP gets its first INIT, its LP must have been added and a
 * virtual processor (VP) of the root must have been created on it.  After that
 * everything is as on bare metal; CPU hotplug does not undo either.
 *
 * CPUs are taken in the order of their APIC ids, so that the threads of a core
 * have neighbouring LPs and VPs, which is what the hypervisor's core scheduler
 * asks for.  Linux numbers CPUs in another order: use hv_vp_index[].
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>
#include <linux/topology.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm/x86_init.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

/* A CPU, the index its LP and VP get or should have, and what became of them */
struct root_cpu {
	unsigned int cpu;
	u32 apic_id;
	u32 index;
	bool added;
	bool lost;
};

static void (*native_prepare_cpus)(unsigned int max_cpus) __initdata;

/* Returns how it ended; @status is that of the last attempt */
static int vp_create(struct mshv_pool *pool, u32 vp_index, int node, u64 flags,
		     u64 *status)
{
	const struct tlfs_in_create_vp in = {
		.partition_id = pool->partition_id,
		.vp_index = vp_index,
		.proximity = mshv_proximity(node),
		.flags = flags,
	};
	struct mshv_retry retry = MSHV_RETRY(pool);

	do {
		*status = mshv_hvcall(TLFS_CALL_CREATE_VP, &in, sizeof(in),
				      NULL, 0);
	} while (mshv_retry(&retry, *status));

	return retry.error;
}

/**
 * mshv_create_vp() - create a virtual processor
 * @pool: pool of the partition that gets it
 * @vp_index: its index
 * @node: NUMA node to prefer, or %NUMA_NO_NODE
 * @flags: for a VP of the root the index of its LP, 0 for others
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int mshv_create_vp(struct mshv_pool *pool, u32 vp_index, int node, u64 flags)
{
	u64 status;
	int ret;

	ret = vp_create(pool, vp_index, node, flags, &status);
	if (ret)
		pr_err_ratelimited("partition %#llx: cannot create VP %u: %s (%#llx)\n",
				   pool->partition_id, vp_index,
				   mshv_status_name(status), status);

	return ret;
}
EXPORT_SYMBOL_GPL(mshv_create_vp);

/*
 * After kexec the LPs are there already.  Only the run time of an LP can be
 * asked for; the answer does not matter.
 */
static bool __init lp_exists(u32 lp_index)
{
	const struct tlfs_in_get_lp_run_time in = { .lp_index = lp_index };
	struct tlfs_out_get_lp_run_time out;

	return mshv_hvcall(TLFS_CALL_GET_LP_RUN_TIME, &in, sizeof(in),
			   &out, sizeof(out)) == TLFS_STATUS_SUCCESS;
}

static int __init lp_add(const struct root_cpu *rc)
{
	const struct tlfs_in_add_lp in = {
		.lp_index = rc->index,
		.apic_id = rc->apic_id,
		.proximity = mshv_proximity(cpu_to_node(rc->cpu)),
	};
	struct mshv_retry retry = MSHV_RETRY(&mshv_root_pool);
	struct tlfs_out_add_lp out;
	u64 status;

	do {
		status = mshv_hvcall(TLFS_CALL_ADD_LP, &in, sizeof(in),
				     &out, sizeof(out));
	} while (mshv_retry(&retry, status));

	if (retry.error)
		pr_err("cannot add LP %u: %s (%#llx), startup status %#llx %#llx\n",
		       rc->index, mshv_status_name(status), status,
		       out.status, out.substatus[0]);

	return retry.error;
}

static void __init lps_started(void)
{
	const struct tlfs_in_notify_partition_event in = {
		.event = TLFS_EVENT_ALL_LPS_STARTED,
	};
	u64 status;

	status = mshv_hvcall(TLFS_CALL_NOTIFY_PARTITION_EVENT, &in, sizeof(in),
			     NULL, 0);
	if (status != TLFS_STATUS_SUCCESS)
		pr_warn("cannot announce that all LPs have started: %s (%#llx)\n",
			mshv_status_name(status), status);
}

/* A VP that is there already after kexec is refused by its index */
static bool __init root_vp_create(const struct root_cpu *rc)
{
	u64 status;

	if (!vp_create(&mshv_root_pool, rc->index, cpu_to_node(rc->cpu),
		       rc->index, &status))
		return true;
	if (!rc->added && status == TLFS_STATUS_INVALID_VP_INDEX)
		return true;

	pr_err("cannot create VP %u on its LP: %s (%#llx)\n", rc->index,
	       mshv_status_name(status), status);
	return false;
}

/* A CPU without a VP cannot start and must not be the target of anything */
static void __init cpu_give_up(struct root_cpu *rc)
{
	pr_err("CPU %u (APIC id %#x) could not be added, going on without it\n",
	       rc->cpu, rc->apic_id);
	set_cpu_present(rc->cpu, false);
	rc->lost = true;
}

static int __init root_cpu_cmp(const void *a, const void *b)
{
	const struct root_cpu *l = a, *r = b;

	return l->apic_id < r->apic_id ? -1 : l->apic_id > r->apic_id;
}

/*
 * All present CPUs except this one, which has an LP and a VP: those of index 0,
 * unless the kernel before has crashed on another.
 */
static unsigned int __init root_cpus_collect(struct root_cpu *cpus)
{
	unsigned int n = 0, i, cpu;

	for_each_present_cpu(cpu) {
		if (cpu == smp_processor_id())
			continue;
		cpus[n].cpu = cpu;
		cpus[n++].apic_id = cpu_physical_id(cpu);
	}

	sort(cpus, n, sizeof(*cpus), root_cpu_cmp, NULL);
	for (i = 0; i < n; i++)
		cpus[i].index = i + (i >= hv_vp_index[smp_processor_id()]);

	return n;
}

/* Returns the number of LPs that were new to the hypervisor */
static unsigned int __init root_cpus_add_lps(struct root_cpu *cpus,
					     unsigned int n)
{
	unsigned int added = 0, i;

	for (i = 0; i < n; i++) {
		if (lp_exists(cpus[i].index))
			continue;
		if (lp_add(&cpus[i])) {
			cpu_give_up(&cpus[i]);
			continue;
		}
		cpus[i].added = true;
		added++;
	}

	return added;
}

static void __init root_cpus_create_vps(struct root_cpu *cpus, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!cpus[i].lost && !root_vp_create(&cpus[i]))
			cpu_give_up(&cpus[i]);
	}
}

static void __init root_prepare_cpus(unsigned int max_cpus)
{
	unsigned int n, added;
	struct root_cpu *cpus;

	native_prepare_cpus(max_cpus);
	if (num_present_cpus() == 1)
		return;

	cpus = kcalloc(num_present_cpus(), sizeof(*cpus), GFP_KERNEL);
	if (!cpus) {
		init_cpu_present(cpumask_of(smp_processor_id()));
		pr_err("no memory, only the boot CPU will run\n");
		return;
	}

	n = root_cpus_collect(cpus);
	added = root_cpus_add_lps(cpus, n);
	if (added)
		lps_started();
	root_cpus_create_vps(cpus, n);
	pr_info("%u logical processors added, %u of %u CPUs can be used\n",
		added, num_present_cpus(), n + 1);

	kfree(cpus);
}

/**
 * mshv_root_vp_index() - find out which VP this CPU is
 *
 * From the moment it is online interrupts are sent and routed to it, so it asks
 * before that.  The index it was created with need not be the right one: that is
 * not known if the processors had all been there before, in whatever order.
 */
void mshv_root_vp_index(void)
{
	u64 index;

	hv_get_vp_index(index);
	hv_vp_index[smp_processor_id()] = index;
	if (index > hv_max_vp_index)
		hv_max_vp_index = index;
}

/**
 * mshv_root_smp_init() - have the APs announced before they are started
 */
void __init mshv_root_smp_init(void)
{
	native_prepare_cpus = smp_ops.smp_prepare_cpus;
	smp_ops.smp_prepare_cpus = root_prepare_cpus;
	/* Of the hooks of a starting CPU, the one before it is online */
	x86_cpuinit.early_percpu_clock_init = mshv_root_vp_index;
}
