// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt remapping of the root partition of the Microsoft hypervisor.
 *
 * The hypervisor does the remapping; this is the way there.  One domain sits
 * on top of the vector domain and keeps one route in the hypervisor for each
 * interrupt: it is the parent of the IO-APICs' domains and of one for PCI MSI.
 *
 *	IO-APIC   PCI-MSI
 *	     \     /
 *	   MSHV-REMAP	route = source, CPU, vector; hypercalls
 *	        |
 *	     VECTOR
 *
 * A route cannot be changed, only replaced.  The new one is mapped first.  If
 * that fails the old one is still there and nothing has been lost.  If it
 * succeeds the device is given what the hypervisor returned, and then the old
 * route is unmapped: before that the device may use it, and after that the
 * vector may be given to another device.
 *
 * When the new route fails, the vector domain goes back to the old one, too.
 * If the old CPU is going offline there is no way back, and none for a managed
 * interrupt whose CPU comes online: then the interrupt is astray until a worker
 * succeeds in mapping its route.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/kernel.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/apic.h>
#include <asm/hw_irq.h>
#include <asm/io_apic.h>
#include <asm/irq_remapping.h>
#include <asm/irqdomain.h>
#include <asm/mshv_root.h>
#include <asm-generic/mshv_tlfs.h>

#include "irq_remapping.h"

/* Polarity, trigger mode and mask of a redirection entry are Linux's own */
#define RTE_OWN		(BIT_ULL(13) | BIT_ULL(15) | BIT_ULL(16))
/* Delivery status and remote IRR are read-only */
#define RTE_STATUS	(BIT_ULL(12) | BIT_ULL(14))

/* How often, and when, to try again to route an interrupt that is astray */
#define STRAY_RETRIES	20
#define STRAY_DELAY	(HZ / 10)

/**
 * struct remap_irq - an interrupt that is routed by the hypervisor
 * @irq: its number
 * @strays: failed attempts to route it since it is astray, 0 if it is not
 * @route: where it goes; not mapped while it has no real vector
 * @old: where it went before, if the device may still use that
 * @rte: redirection entry of an IO-APIC pin, %NULL for a message
 * @list: link in remap_irqs
 * @rcu: for freeing it
 *
 * Guarded by the lock of the interrupt descriptor, but for @list.
 */
struct remap_irq {
	unsigned int irq;
	unsigned int strays;
	struct mshv_route route;
	struct mshv_route old;
	struct IO_APIC_route_entry *rte;
	struct list_head list;
	struct rcu_head rcu;
};

static struct irq_domain *remap_domain;

/* All there are; changed under the lock, read at any time, in a crash too */
static LIST_HEAD(remap_irqs);
static DEFINE_RAW_SPINLOCK(remap_irqs_lock);

/*
 * The id of a PCI device is the one its requests carry when they arrive at the
 * root complex.  A bridge that is in PCI-X mode may use any of the bus numbers
 * behind it.
 */
struct pci_requester {
	struct pci_dev *dev;
	u16 rid;
};

static int pci_requester_alias(struct pci_dev *pdev, u16 alias, void *data)
{
	struct pci_requester *req = data;
	u8 bus = PCI_BUS_NUM(req->rid);

	/* Phantom functions on the same bus send messages as themselves */
	if (pdev->bus->number == bus && PCI_BUS_NUM(alias) == bus)
		return 0;

	req->dev = pdev;
	req->rid = alias;
	return 0;
}

static bool pci_bridge_is_pcix(struct pci_dev *bridge)
{
	int pos = pci_find_capability(bridge, PCI_CAP_ID_PCIX);
	u16 status = 0;

	if (!pos || !bridge->subordinate)
		return false;

	pci_read_config_word(bridge, pos + PCI_X_BRIDGE_SSTATUS, &status);
	return status & PCI_X_SSTATUS_FREQ;
}

static u64 pci_device_id(struct pci_dev *pdev)
{
	struct pci_requester req = { .dev = pdev, .rid = pci_dev_id(pdev) };
	u64 id = TLFS_DEVICE_TYPE_PCI << TLFS_DEVICE_TYPE_SHIFT;

	pci_for_each_dma_alias(pdev, pci_requester_alias, &req);

	id |= req.rid;
	id |= (u64)pci_domain_nr(pdev->bus) << TLFS_DEVICE_PCI_SEGMENT_SHIFT;
	if (req.dev != pdev && pci_bridge_is_pcix(req.dev)) {
		struct resource *buses = &req.dev->subordinate->busn_res;

		id |= (u64)buses->start << TLFS_DEVICE_PCI_SECONDARY_BUS_SHIFT;
		id |= (u64)buses->end << TLFS_DEVICE_PCI_SUBORDINATE_BUS_SHIFT;
		id |= TLFS_DEVICE_PCI_SOURCE_SHADOW;
	}

	return id;
}

static u64 ioapic_device_id(u32 ioapic_id)
{
	return (TLFS_DEVICE_TYPE_IOAPIC << TLFS_DEVICE_TYPE_SHIFT) |
		(ioapic_id & TLFS_DEVICE_IOAPIC_ID_MASK);
}

/* Where the vector domain wants the interrupt */
static struct mshv_route remap_wanted(struct irq_data *data)
{
	struct remap_irq *ri = data->chip_data;

	return (struct mshv_route) {
		.device_id = ri->route.device_id,
		.cpu = cpumask_first_and(irq_data_get_effective_affinity_mask(data),
					 cpu_online_mask),
		.vector = irqd_cfg(data)->vector,
		/* The first user of a legacy pin may have changed it */
		.level = ri->rte && ri->rte->trigger == IOAPIC_LEVEL,
	};
}

static bool route_equal(const struct mshv_route *a, const struct mshv_route *b)
{
	return a->cpu == b->cpu && a->vector == b->vector &&
		a->level == b->level;
}

static void rte_write(struct IO_APIC_route_entry *rte, u64 value)
{
	u64 own;

	BUILD_BUG_ON(sizeof(*rte) != sizeof(own));

	memcpy(&own, rte, sizeof(own));
	value = (value & ~(RTE_OWN | RTE_STATUS)) | (own & RTE_OWN);
	memcpy(rte, &value, sizeof(value));
}

/* The device has been given the new route and cannot use the old one */
static void remap_commit(struct remap_irq *ri)
{
	mshv_route_drop(&ri->old);
}

/*
 * For a hypervisor that accepts one route at a time from this source.  If the
 * new route is refused even so, the old one is mapped again.
 */
static int remap_replace(struct remap_irq *ri, struct mshv_route *next)
{
	int ret;

	mshv_route_unmap(&ri->route);
	if (ri->route.source)
		return -EBUSY;

	ret = mshv_route_map(next);
	if (ret && mshv_route_map(&ri->route))
		pr_err("device %#llx has lost its interrupt\n",
		       ri->route.device_id);

	return ret;
}

static int remap_exchange(struct remap_irq *ri, struct mshv_route *next)
{
	int ret = mshv_route_map(next);

	if (!ret) {
		remap_commit(ri);
		ri->old = ri->route;
		return 0;
	}
	if (ri->route.source && (ret == -EACCES || ret == -EBUSY))
		ret = remap_replace(ri, next);

	return ret;
}

/* Make the route in the hypervisor what the vector domain wants */
static int remap_update(struct irq_data *data)
{
	struct remap_irq *ri = data->chip_data;
	struct mshv_route next = remap_wanted(data);
	int ret;

	if (next.cpu >= nr_cpu_ids)
		return -EINVAL;
	if (ri->route.source && route_equal(&ri->route, &next))
		return 0;

	ret = remap_exchange(ri, &next);
	if (!ret)
		ri->route = next;
	if (ri->rte && ri->route.source) {
		/* Pins are masked while this happens */
		rte_write(ri->rte, ri->route.value);
		remap_commit(ri);
	}

	return ret;
}

/*
 * Interrupts that are astray.  Whatever it was that the hypervisor was short of,
 * it may have been given meanwhile.
 */

/*
 * As when a CPU goes offline: usually an interrupt of this kind is moved when it
 * arrives, but this one does not.
 */
static void remap_move(struct irq_data *data)
{
	const struct cpumask *mask = irq_data_get_affinity_mask(data);
	struct irq_chip *chip = irq_data_get_irq_chip(data);
	bool mask_it = !irqd_irq_masked(data);

	if (!cpumask_intersects(mask, cpu_online_mask))
		mask = cpu_online_mask;
	if (mask_it)
		chip->irq_mask(data);
	chip->irq_set_affinity(data, mask, false);
	if (mask_it)
		chip->irq_unmask(data);
}

static void remap_retry_one(unsigned int irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	struct irq_data *data;
	unsigned long flags;

	if (!desc)
		return;

	raw_spin_lock_irqsave(&desc->lock, flags);
	data = irq_desc_get_irq_data(desc);
	if (irqd_is_activated(data) && irqd_is_started(data))
		remap_move(data);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
}

static void remap_retry(struct work_struct *work)
{
	struct remap_irq *ri;

	rcu_read_lock();
	list_for_each_entry_rcu(ri, &remap_irqs, list)
		if (READ_ONCE(ri->strays))
			remap_retry_one(ri->irq);
	rcu_read_unlock();
}

static DECLARE_DELAYED_WORK(remap_retry_work, remap_retry);

static void remap_stray(struct remap_irq *ri)
{
	if (ri->strays > STRAY_RETRIES)
		return;

	WRITE_ONCE(ri->strays, ri->strays + 1);
	if (ri->strays > STRAY_RETRIES)
		pr_err("device %#llx has lost its interrupt\n",
		       ri->route.device_id);
	else
		schedule_delayed_work(&remap_retry_work, STRAY_DELAY);
}

/* What has come meanwhile was lost, so have one more than that */
static void remap_home(struct irq_data *data)
{
	struct irq_data *parent = data->parent_data;
	struct remap_irq *ri = data->chip_data;

	if (!ri->strays)
		return;

	WRITE_ONCE(ri->strays, 0);
	parent->chip->irq_retrigger(parent);
}

/* The new route could not be mapped: what has the vector domain done already? */
static void remap_go_back(struct irq_data *data, const struct mshv_route *before)
{
	struct mshv_route now = remap_wanted(data);
	struct remap_irq *ri = data->chip_data;

	if (!route_equal(before, &now) && irq_abort_move(data))
		return;
	if (!ri->route.source || !cpu_online(ri->route.cpu))
		remap_stray(ri);
}

static int remap_set_affinity(struct irq_data *data,
			      const struct cpumask *mask, bool force)
{
	struct mshv_route before = remap_wanted(data);
	struct irq_data *parent = data->parent_data;
	struct remap_irq *ri = data->chip_data;
	u64 programmed = ri->route.value;
	int ret, err;

	ret = parent->chip->irq_set_affinity(parent, mask, force);
	if (ret < 0 || ret == IRQ_SET_MASK_OK_DONE)
		return ret;

	err = remap_update(data);
	if (!err) {
		remap_home(data);
		/* A message is not programmed yet: that waits for the ack */
		if (ri->rte)
			send_cleanup_vector(irqd_cfg(data));
		return ret;
	}

	/*
	 * The old route is in place.  If it had to be mapped again the device
	 * must learn what it looks like now.
	 */
	remap_go_back(data, &before);
	return ri->route.value == programmed ? err : IRQ_SET_MASK_OK_NOCOPY;
}

static void remap_compose_msi_msg(struct irq_data *data, struct msi_msg *msg)
{
	struct remap_irq *ri = data->chip_data;
	u64 value = ri->route.source ? ri->route.value : 0;

	msg->address_hi = 0;
	msg->address_lo = lower_32_bits(value);
	msg->data = upper_32_bits(value);
}

static struct irq_chip remap_chip = {
	.name			= "MSHV-REMAP",
	.irq_ack		= apic_ack_edge,
	.irq_set_affinity	= remap_set_affinity,
	.irq_compose_msi_msg	= remap_compose_msi_msg,
};

static struct remap_irq *remap_irq_create(struct irq_alloc_info *info, int node,
					  unsigned int irq)
{
	struct remap_irq *ri = kzalloc_node(sizeof(*ri), GFP_KERNEL, node);
	unsigned long flags;

	if (!ri)
		return NULL;

	ri->irq = irq;
	if (info->type == X86_IRQ_ALLOC_TYPE_IOAPIC) {
		ri->rte = info->ioapic.entry;
		ri->route.device_id = ioapic_device_id(info->devid);
	} else {
		ri->route.device_id = pci_device_id(msi_desc_to_pci_dev(info->desc));
	}

	raw_spin_lock_irqsave(&remap_irqs_lock, flags);
	list_add_tail_rcu(&ri->list, &remap_irqs);
	raw_spin_unlock_irqrestore(&remap_irqs_lock, flags);

	return ri;
}

static void remap_irq_destroy(struct remap_irq *ri)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&remap_irqs_lock, flags);
	list_del_rcu(&ri->list);
	raw_spin_unlock_irqrestore(&remap_irqs_lock, flags);

	kfree_rcu(ri, rcu);
}

static bool remap_serves(const struct irq_alloc_info *info)
{
	return info && (info->type == X86_IRQ_ALLOC_TYPE_IOAPIC ||
			info->type == X86_IRQ_ALLOC_TYPE_PCI_MSI ||
			info->type == X86_IRQ_ALLOC_TYPE_PCI_MSIX);
}

static int remap_alloc(struct irq_domain *domain, unsigned int virq,
		       unsigned int nr_irqs, void *arg)
{
	struct irq_data *data = irq_domain_get_irq_data(domain, virq);
	struct irq_alloc_info *info = arg;
	struct remap_irq *ri;
	int ret;

	if (!data || !remap_serves(info) || nr_irqs > 1)
		return -EINVAL;

	ri = remap_irq_create(info, irq_data_get_node(data), virq);
	if (!ri)
		return -ENOMEM;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr_irqs, arg);
	if (ret < 0) {
		remap_irq_destroy(ri);
		return ret;
	}

	data->hwirq = virq;
	data->chip = &remap_chip;
	data->chip_data = ri;
	return 0;
}

static void remap_deactivate(struct irq_domain *domain, struct irq_data *data)
{
	struct remap_irq *ri = data->chip_data;

	WRITE_ONCE(ri->strays, 0);
	remap_commit(ri);
	mshv_route_drop(&ri->route);
}

static void remap_free(struct irq_domain *domain, unsigned int virq,
		       unsigned int nr_irqs)
{
	struct irq_data *data = irq_domain_get_irq_data(domain, virq);

	if (data && data->chip_data) {
		remap_deactivate(domain, data);
		remap_irq_destroy(data->chip_data);
	}
	irq_domain_free_irqs_common(domain, virq, nr_irqs);
}

/*
 * A managed interrupt has its resources reserved, so the core does not expect
 * it to fail here, where a CPU may be coming online.  It is astray until it has
 * a route; before that the device has no message to send.
 */
static int remap_activate(struct irq_domain *domain, struct irq_data *data,
			  bool reserve)
{
	int ret;

	/* Not requested yet, there is no more than a placeholder */
	if (irqd_cfg(data)->vector == MANAGED_IRQ_SHUTDOWN_VECTOR) {
		remap_deactivate(domain, data);
		return 0;
	}

	ret = remap_update(data);
	if (ret && irqd_affinity_is_managed(data)) {
		remap_stray(data->chip_data);
		return 0;
	}

	return ret;
}

/**
 * mshv_unmap_all() - unmap all device interrupts, for another kernel
 *
 * The next kernel has no way to find out what this one has mapped, and could
 * not map the same CPUs and vectors.
 *
 * Context: One CPU is left, interrupts are off; may be in a crash.
 */
void mshv_unmap_all(void)
{
	struct remap_irq *ri;

	list_for_each_entry_rcu(ri, &remap_irqs, list, irqs_disabled()) {
		mshv_route_unmap(&ri->old);
		mshv_route_unmap(&ri->route);
	}
}

static const struct irq_domain_ops remap_domain_ops = {
	.alloc		= remap_alloc,
	.free		= remap_free,
	.activate	= remap_activate,
	.deactivate	= remap_deactivate,
};

static int __init remap_domain_create(void)
{
	struct fwnode_handle *fn;

	if (remap_domain)
		return 0;

	fn = irq_domain_alloc_named_fwnode("MSHV-REMAP");
	if (!fn)
		return -ENOMEM;

	remap_domain = irq_domain_create_hierarchy(arch_get_ir_parent_domain(),
						   0, 0, fn, &remap_domain_ops,
						   NULL);
	if (!remap_domain) {
		irq_domain_free_fwnode(fn);
		return -ENOMEM;
	}

	return 0;
}

/* PCI MSI and MSI-X */

static void root_msi_write_msg(struct irq_data *data, struct msi_msg *msg)
{
	pci_msi_domain_write_msg(data, msg);
	remap_commit(data->parent_data->chip_data);
}

/*
 * A message that cannot be masked may have been sent with half of the old and
 * half of the new contents, and has not arrived then.  One too many does no
 * harm.
 */
static int root_msi_set_affinity(struct irq_data *data,
				 const struct cpumask *mask, bool force)
{
	int ret = msi_domain_set_affinity(data, mask, force);

	if (ret >= 0 && irqd_msi_nomask_quirk(data) && irqd_is_started(data))
		irq_chip_retrigger_hierarchy(data);

	return ret;
}

static struct irq_chip root_msi_chip = {
	.name			= "MSHV-PCI-MSI",
	.irq_unmask		= pci_msi_unmask_irq,
	.irq_mask		= pci_msi_mask_irq,
	.irq_ack		= irq_chip_ack_parent,
	.irq_retrigger		= irq_chip_retrigger_hierarchy,
	.irq_set_affinity	= root_msi_set_affinity,
	.irq_write_msi_msg	= root_msi_write_msg,
	.flags			= IRQCHIP_SKIP_SET_WAKE |
				  IRQCHIP_AFFINITY_PRE_STARTUP,
};

static struct msi_domain_ops root_msi_ops = {
	.msi_prepare	= pci_msi_prepare,
};

/* No multi-MSI: the hypervisor maps vectors one by one */
static struct msi_domain_info root_msi_info = {
	.flags		= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS |
			  MSI_FLAG_PCI_MSIX,
	.ops		= &root_msi_ops,
	.chip		= &root_msi_chip,
	.handler	= handle_edge_irq,
	.handler_name	= "edge",
};

/**
 * mshv_create_pci_msi_domain() - create the default domain of PCI devices
 *
 * Return: The domain, or %NULL if there is no memory for it.
 */
struct irq_domain * __init mshv_create_pci_msi_domain(void)
{
	struct fwnode_handle *fn;
	struct irq_domain *domain;

	/* There already if the IO-APICs have been set up */
	if (remap_domain_create())
		return NULL;

	fn = irq_domain_alloc_named_fwnode("MSHV-PCI-MSI");
	if (!fn)
		return NULL;

	domain = pci_msi_create_irq_domain(fn, &root_msi_info, remap_domain);
	if (!domain) {
		irq_domain_free_fwnode(fn);
		pr_err("cannot create the PCI MSI domain\n");
		return NULL;
	}

	domain->flags |= IRQ_DOMAIN_MSI_NOMASK_QUIRK;
	return domain;
}

/* The IO-APICs find their parent domain through the remapping framework */

static int __init root_remap_prepare(void)
{
	return remap_domain_create();
}

static int __init root_remap_enable(void)
{
	return x2apic_supported() ? IRQ_REMAP_X2APIC_MODE : IRQ_REMAP_XAPIC_MODE;
}

static struct irq_domain *root_remap_get_domain(struct irq_alloc_info *info)
{
	if (info->type == X86_IRQ_ALLOC_TYPE_IOAPIC_GET_PARENT)
		return remap_domain;

	return NULL;
}

struct irq_remap_ops mshv_root_remap_ops = {
	.prepare	= root_remap_prepare,
	.enable		= root_remap_enable,
	.get_irq_domain	= root_remap_get_domain,
};
