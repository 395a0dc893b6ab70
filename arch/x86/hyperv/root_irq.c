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
#include <linux/smp.h>
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

	status = route_call_map(route, vp_index, &entry);
	if (status == TLFS_STATUS_SUCCESS) {
		route->source = entry.source;
		route->value = entry.value;
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
 * mshv_route_unmap() - unmap a device interrupt
 * @route: the route; nothing happens if it is not mapped.  It still is
 *	afterwards if the hypervisor refuses.
 *
 * Context: Any but NMI.
 */
void mshv_route_unmap(struct mshv_route *route)
{
	const struct tlfs_in_unmap_device_interrupt in = {
		.partition_id = mshv_root_pool.partition_id,
		.device_id = route->device_id,
		.entry.source = route->source,
		.entry.value = route->value,
	};
	u64 status;

	if (!route->source)
		return;

	status = mshv_hvcall(TLFS_CALL_UNMAP_DEVICE_INTERRUPT, &in, sizeof(in),
			     NULL, 0);
	if (status == TLFS_STATUS_SUCCESS)
		route->source = 0;
	else
		pr_err_ratelimited("cannot unmap device %#llx from CPU %u vector %#x: %s (%#llx)\n",
				   route->device_id, route->cpu, route->vector,
				   mshv_status_name(status), status);
}

/**
 * mshv_root_irq_init() - route device interrupts through the hypervisor
 */
void __init mshv_root_irq_init(void)
{
	route_reserve(NULL);
	x86_init.irqs.create_pci_msi_domain = mshv_create_pci_msi_domain;
}
