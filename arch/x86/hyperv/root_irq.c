// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: routes of device interrupts.
 *
 * The hypervisor owns the physical interrupt controllers.  A device interrupt
 * reaches the root only if its source, its target and its vector there have
 * been mapped by a hypercall, which returns what is to be programmed into the
 * device or the IO-APIC pin.  Routes come and go with interrupts off, where
 * nothing can be deposited, so the root's pool is given a reserve beforehand.
 *
 * The interrupt domains on top are in drivers/iommu/hyperv-root-iommu.c.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm/x86_init.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

/*
 * Pages that are in the root's pool for the hypervisor's remapping tables.  If
 * it has been given that many times the same again (4 MiB) and is still short,
 * more will not help.
 */
#define ROUTE_RESERVE_PAGES	16
#define ROUTE_RESERVE_ROUNDS	64

/* What could not be unmapped: how many, how often, and when, it is tried again */
#define ROUTES_LEFT_MAX		64
#define ROUTE_LEFT_TRIES	20
#define ROUTE_LEFT_DELAY	(HZ / 10)

static void route_reserve(struct work_struct *work)
{
	static unsigned int rounds;

	if (rounds++ == ROUTE_RESERVE_ROUNDS)
		pr_err("no more memory for interrupt routes\n");
	if (rounds > ROUTE_RESERVE_ROUNDS)
		return;

	if (mshv_pool_deposit(&mshv_root_pool, ROUTE_RESERVE_PAGES))
		pr_warn("no memory in reserve for interrupt routes\n");
}

static DECLARE_WORK(route_reserve_work, route_reserve);

static u64 route_call_map(const struct mshv_route *route, u32 vp_index,
			  struct tlfs_interrupt_entry *entry)
{
	const struct tlfs_in_map_device_interrupt in = {
		.partition_id = mshv_root_pool.partition_id,
		.device_id = route->device_id,
		.descriptor = {
			.interrupt_type = TLFS_INTERRUPT_FIXED,
			.trigger_mode = route->level ? TLFS_TRIGGER_LEVEL :
						       TLFS_TRIGGER_EDGE,
			.vector_count = 1,
			.target = {
				.vector = route->vector,
				.flags = TLFS_TARGET_PROCESSOR_SET,
				.vp_mask_or_format = TLFS_VPSET_SPARSE_4K,
			},
		},
	};
	/* The variable header: which banks follow, and the one that does */
	const u64 var[] = {
		BIT_ULL(vp_index / TLFS_VPSET_BANKS),
		BIT_ULL(vp_index % TLFS_VPSET_BANKS),
	};
	struct tlfs_out_map_device_interrupt out;
	u64 status;

	status = mshv_hvcall_var(TLFS_CALL_MAP_DEVICE_INTERRUPT, &in,
				 offsetof(typeof(in), descriptor.target.valid_bank_mask),
				 var, ARRAY_SIZE(var), &out, sizeof(out));
	*entry = out.entry;
	return status;
}

/* A route that is not known to the hypervisor is as good as unmapped */
static u64 route_call_unmap(struct mshv_route *route)
{
	const struct tlfs_in_unmap_device_interrupt in = {
		.partition_id = mshv_root_pool.partition_id,
		.device_id = route->device_id,
		.entry.source = route->source,
		.entry.value = route->value,
	};
	u64 status = mshv_hvcall(TLFS_CALL_UNMAP_DEVICE_INTERRUPT,
				 &in, sizeof(in), NULL, 0);

	if (status == TLFS_STATUS_SUCCESS || status == TLFS_STATUS_NOT_FOUND)
		route->source = 0;

	return status;
}

/**
 * mshv_route_unmap() - unmap a device interrupt
 * @route: the route; nothing happens if it is not mapped.  It still is
 *	afterwards if the hypervisor refuses.
 *
 * Context: Any but NMI.
 */
void mshv_route_unmap(struct mshv_route *route)
{
	u64 status;

	if (!route->source)
		return;

	status = route_call_unmap(route);
	if (status != TLFS_STATUS_SUCCESS)
		pr_err_ratelimited("cannot unmap device %#llx from CPU %u vector %#x: %s (%#llx)\n",
				   route->device_id, route->cpu, route->vector,
				   mshv_status_name(status), status);
}

/*
 * Routes that nobody uses any more and the hypervisor would not unmap.  Until it
 * does, their CPU and vector may be refused to another device.
 */
static struct route_left {
	struct mshv_route route;	/* not mapped: the place is free */
	unsigned int tries;
} routes_left[ROUTES_LEFT_MAX];
static unsigned int routes_lost;
static DEFINE_RAW_SPINLOCK(routes_left_lock);

static void route_lose(const struct mshv_route *route)
{
	pr_err("device %#llx stays mapped to CPU %u vector %#x: lost routes: %u\n",
	       route->device_id, route->cpu, route->vector, ++routes_lost);
}

/* Returns true if it is to be tried again */
static bool route_left_retry(struct route_left *left)
{
	if (!left->route.source || left->tries == ROUTE_LEFT_TRIES)
		return false;

	route_call_unmap(&left->route);
	if (!left->route.source) {
		pr_info("device %#llx is not mapped any more\n",
			left->route.device_id);
		return false;
	}
	if (++left->tries < ROUTE_LEFT_TRIES)
		return true;

	route_lose(&left->route);
	return false;
}

static void routes_left_retry(struct work_struct *work)
{
	unsigned long flags;
	bool again = false;
	int i;

	for (i = 0; i < ROUTES_LEFT_MAX; i++) {
		raw_spin_lock_irqsave(&routes_left_lock, flags);
		again |= route_left_retry(&routes_left[i]);
		raw_spin_unlock_irqrestore(&routes_left_lock, flags);
	}

	if (again)
		schedule_delayed_work(to_delayed_work(work), ROUTE_LEFT_DELAY);
}

static DECLARE_DELAYED_WORK(routes_left_work, routes_left_retry);

/**
 * mshv_route_drop() - unmap a device interrupt that nobody uses any more
 * @route: the route; it is not the caller's afterwards.  If the hypervisor
 *	refuses now, it is asked again for a while.
 *
 * Context: Any but NMI.
 */
void mshv_route_drop(struct mshv_route *route)
{
	struct route_left *left = routes_left;
	unsigned long flags;

	mshv_route_unmap(route);
	if (!route->source)
		return;

	raw_spin_lock_irqsave(&routes_left_lock, flags);
	while (left < routes_left + ROUTES_LEFT_MAX && left->route.source)
		left++;
	if (left < routes_left + ROUTES_LEFT_MAX)
		*left = (struct route_left) { .route = *route };
	else
		route_lose(route);
	raw_spin_unlock_irqrestore(&routes_left_lock, flags);

	route->source = 0;
	schedule_delayed_work(&routes_left_work, ROUTE_LEFT_DELAY);
}

/* Before a route is mapped: one that is in its way is tried once more */
static void routes_left_yield(const struct mshv_route *route)
{
	struct route_left *left;
	unsigned long flags;

	raw_spin_lock_irqsave(&routes_left_lock, flags);
	for (left = routes_left; left < routes_left + ROUTES_LEFT_MAX; left++)
		if (left->route.source && left->route.cpu == route->cpu &&
		    left->route.vector == route->vector)
			route_call_unmap(&left->route);
	raw_spin_unlock_irqrestore(&routes_left_lock, flags);
}

/* After that: what is given out a second time had been unmapped before */
static void routes_left_forget(const struct mshv_route *route)
{
	struct route_left *left;
	unsigned long flags;

	raw_spin_lock_irqsave(&routes_left_lock, flags);
	for (left = routes_left; left < routes_left + ROUTES_LEFT_MAX; left++)
		if (left->route.device_id == route->device_id &&
		    left->route.source == route->source &&
		    left->route.value == route->value)
			left->route.source = 0;
	raw_spin_unlock_irqrestore(&routes_left_lock, flags);
}

/**
 * mshv_root_unmap_left() - try once more, for another kernel
 *
 * Context: One CPU is left, interrupts are off; may be in a crash.
 */
void mshv_root_unmap_left(void)
{
	int i;

	for (i = 0; i < ROUTES_LEFT_MAX; i++)
		if (routes_left[i].route.source)
			route_call_unmap(&routes_left[i].route);
}

/**
 * mshv_route_map() - map a device interrupt
 * @route: device, CPU, vector and trigger mode; filled with what is to be
 *	programmed into the device
 *
 * Context: Any but NMI. When the hypervisor is short of memory the call fails,
 * and memory for the next attempt is deposited as soon as that is possible.
 * Return: 0 or a negative errno; then @route is not mapped.
 */
int mshv_route_map(struct mshv_route *route)
{
	struct tlfs_interrupt_entry entry = { };
	u32 vp_index = hv_vp_index[route->cpu];
	u64 status;
	int ret;

	route->source = 0;
	route->value = 0;

	if (vp_index >= TLFS_MAX_VPS)
		return -EINVAL;

	routes_left_yield(route);
	status = route_call_map(route, vp_index, &entry);
	if (status == TLFS_STATUS_SUCCESS) {
		route->source = entry.source;
		route->value = entry.value;
		routes_left_forget(route);
		return 0;
	}

	ret = mshv_status_to_errno(status);
	if (ret == -ENOMEM)
		schedule_work(&route_reserve_work);
	pr_err_ratelimited("cannot map device %#llx to CPU %u vector %#x: %s (%#llx)\n",
			   route->device_id, route->cpu, route->vector,
			   mshv_status_name(status), status);
	return ret;
}

/**
 * mshv_root_irq_init() - route device interrupts through the hypervisor
 */
void __init mshv_root_irq_init(void)
{
	route_reserve(NULL);
	x86_init.irqs.create_pci_msi_domain = mshv_create_pci_msi_domain;
}
