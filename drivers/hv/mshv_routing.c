// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: MSI routing.
 *
 * A routing table is built completely, published, and never changed again.  An
 * injection reads one route from one table, so that it cannot see half of an
 * old and half of a new route.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mshv.h"
#include "mshv_trace.h"

/* Vectors that a fixed interrupt can have */
#define MSI_MIN_VECTOR		16

static struct mshv_msi msi_decode(const struct mshv_user_irq_entry *entry)
{
	struct mshv_msi msi = {
		.destination = (entry->address_lo >> 12) & 0xff,
		.vector = entry->data & 0xff,
		.type = (entry->data >> 8) & 0x7,
		.valid = true,
	};

	if (entry->data & BIT(15))
		msi.flags |= TLFS_ASSERT_LEVEL_TRIGGERED;
	if (entry->address_lo & BIT(2))
		msi.flags |= TLFS_ASSERT_LOGICAL_DEST;

	return msi;
}

/* Entries that a VMM has reserved, but not filled in, are no interrupts */
static bool msi_is_deliverable(const struct mshv_msi *msi)
{
	if (!msi->valid)
		return false;

	return msi->vector >= MSI_MIN_VECTOR ||
		(msi->type != TLFS_INTERRUPT_FIXED &&
		 msi->type != TLFS_INTERRUPT_LOWEST_PRIORITY);
}

/**
 * mshv_routing_find() - the route of an interrupt
 * @pt: the partition
 * @gsi: the interrupt
 *
 * Context: Any but NMI.
 * Return: The route; not valid if there is none.
 */
struct mshv_msi mshv_routing_find(struct mshv_partition *pt, u32 gsi)
{
	const struct mshv_routing *routing;
	struct mshv_msi msi = { };
	int idx;

	idx = srcu_read_lock(&pt->irq_srcu);
	routing = srcu_dereference(pt->routing, &pt->irq_srcu);
	if (routing && gsi < routing->nr)
		msi = routing->msis[array_index_nospec(gsi, routing->nr)];
	srcu_read_unlock(&pt->irq_srcu, idx);

	return msi;
}

/**
 * mshv_msi_assert() - inject an interrupt into a partition
 * @pt: the partition
 * @msi: the interrupt
 *
 * Context: Any but NMI.
 * Return: 0 or a negative errno; -ENOENT if there is nothing to inject.
 */
int mshv_msi_assert(struct mshv_partition *pt, const struct mshv_msi *msi)
{
	int ret = -ENOENT;

	if (msi_is_deliverable(msi))
		ret = hv_call_assert_virtual_interrupt(pt->id, msi);

	trace_mshv_interrupt(pt->id, msi->vector, msi->destination, ret);
	return ret;
}

static struct mshv_routing *routing_alloc(u32 nr)
{
	struct mshv_routing *routing;

	routing = kvzalloc(struct_size(routing, msis, nr), GFP_KERNEL_ACCOUNT);
	if (routing)
		routing->nr = nr;

	return routing;
}

static int routing_add(struct mshv_routing *routing,
		       const struct mshv_user_irq_entry *entry)
{
	if (entry->gsi >= routing->nr || entry->address_hi ||
	    routing->msis[entry->gsi].valid)
		return -EINVAL;

	routing->msis[entry->gsi] = msi_decode(entry);
	return 0;
}

static int routing_read(struct mshv_routing *routing,
			const struct mshv_user_irq_entry __user *uentries,
			u32 nr)
{
	struct mshv_user_irq_entry *entries;
	int ret = 0;
	u32 i;

	entries = vmemdup_user(uentries, nr * sizeof(*entries));
	if (IS_ERR(entries))
		return PTR_ERR(entries);

	for (i = 0; i < nr && !ret; i++)
		ret = routing_add(routing, &entries[i]);

	kvfree(entries);
	return ret;
}

/* Publish @routing and free the table before it, which nobody uses then */
static void routing_replace(struct mshv_partition *pt,
			    struct mshv_routing *routing)
{
	routing = rcu_replace_pointer(pt->routing, routing,
				      lockdep_is_held(&pt->lock));
	if (!routing)
		return;

	synchronize_srcu_expedited(&pt->irq_srcu);
	kvfree(routing);
}

/**
 * mshv_routing_ioctl_set() - MSHV_SET_MSI_ROUTING
 * @object: partition, locked
 * @uarg: struct mshv_user_irq_table with its entries
 * @arg: struct mshv_user_irq_table without entries
 *
 * Return: 0 or a negative errno.
 */
long mshv_routing_ioctl_set(void *object, void __user *uarg, void *arg)
{
	struct mshv_user_irq_table __user *utable = uarg;
	const struct mshv_user_irq_table *table = arg;
	struct mshv_routing *routing = NULL;
	struct mshv_partition *pt = object;
	int ret;

	if (table->nr > MSHV_MAX_GUEST_IRQS || table->rsvd)
		return -EINVAL;

	if (table->nr) {
		routing = routing_alloc(MSHV_MAX_GUEST_IRQS);
		if (!routing)
			return -ENOMEM;

		ret = routing_read(routing, utable->entries, table->nr);
		if (ret) {
			kvfree(routing);
			return ret;
		}
	}

	routing_replace(pt, routing);
	return 0;
}

/**
 * mshv_routing_release() - free the routing table of a partition
 * @pt: the partition, out of everybody's reach
 */
void mshv_routing_release(struct mshv_partition *pt)
{
	kvfree(rcu_dereference_protected(pt->routing, true));
	RCU_INIT_POINTER(pt->routing, NULL);
}
