// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: eventfds from writes of a guest.
 *
 * An ioeventfd on guest memory is a doorbell: a port of the root, and a
 * connection that makes the hypervisor watch a guest address.  The hypervisor
 * does not watch I/O ports for anybody; an ioeventfd on one is looked for when a
 * VP has stopped there, and saves the way to user space and back.
 */
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "mshv.h"

#define IOEVENTFD_PORTS		0x10000

/* Of one partition: they are searched one by one, and ended one by one */
#define IOEVENTFDS_MAX		8192

/**
 * struct mshv_ioeventfd - an eventfd that a guest's write signals
 * @entry: in one of &mshv_partition.ioeventfds
 * @eventfd: what is signalled
 * @space: whose address @addr is
 * @addr: guest physical address, or number of an I/O port
 * @len: size of the writes that count, 0 for any
 * @wildcard: any value counts
 * @datamatch: otherwise, the value that does
 * @port: port and connection id of a doorbell, 0 if there is none
 */
struct mshv_ioeventfd {
	struct list_head entry;
	struct eventfd_ctx *eventfd;
	enum mshv_io_space space;
	u64 addr;
	u32 len;
	bool wildcard;
	u64 datamatch;
	u32 port;
};

static const u64 ioeventfd_sizes[] = {
	[0] = TLFS_DOORBELL_SIZE_ANY,
	[1] = TLFS_DOORBELL_SIZE_BYTE,
	[2] = TLFS_DOORBELL_SIZE_WORD,
	[4] = TLFS_DOORBELL_SIZE_DWORD,
	[8] = TLFS_DOORBELL_SIZE_QWORD,
};

static bool ioeventfd_args_valid(const struct mshv_user_ioeventfd *args)
{
	u64 end;

	if (args->len && args->len != 1 && args->len != 2 && args->len != 4 &&
	    args->len != 8)
		return false;

	if (check_add_overflow(args->addr, (__u64)args->len, &end))
		return false;

	return !(args->flags & BIT(MSHV_IOEVENTFD_BIT_PIO)) ||
		(args->addr < IOEVENTFD_PORTS && end <= IOEVENTFD_PORTS &&
		 args->len <= sizeof(u32));
}

static bool ioeventfd_same(const struct mshv_ioeventfd *a,
			   const struct mshv_ioeventfd *b)
{
	return a->eventfd == b->eventfd && a->addr == b->addr &&
		a->len == b->len && a->wildcard == b->wildcard &&
		(a->wildcard || a->datamatch == b->datamatch);
}

static bool ioeventfd_collides(const struct mshv_ioeventfd *a,
			       const struct mshv_ioeventfd *b)
{
	return a->addr == b->addr && a->len == b->len &&
		(a->wildcard || b->wildcard || a->datamatch == b->datamatch);
}

static int ioeventfd_connect(struct mshv_partition *pt,
			     struct mshv_ioeventfd *ioeventfd)
{
	const struct tlfs_doorbell_connection_info info = {
		.type = TLFS_PORT_DOORBELL,
		.gpa = ioeventfd->addr,
		.trigger_value = ioeventfd->wildcard ? 0 : ioeventfd->datamatch,
		.flags = ioeventfd_sizes[ioeventfd->len] |
			(ioeventfd->wildcard ? TLFS_DOORBELL_ANY_VALUE : 0),
	};
	u32 port;
	int ret;

	ret = mshv_port_create(ioeventfd->eventfd, &port);
	if (ret)
		return ret;

	ret = hv_call_create_port(pt->id, port);
	if (ret)
		goto delete_id;

	ret = hv_call_connect_port(&pt->pool, port, &info);
	if (ret)
		goto delete_port;

	ioeventfd->port = port;
	return 0;

delete_port:
	hv_call_delete_port(port);
delete_id:
	mshv_port_delete(port);
	return ret;
}

static void ioeventfd_disconnect(struct mshv_partition *pt, u32 port)
{
	int ret;

	ret = hv_call_disconnect_port(pt->id, port);
	if (ret)
		pt_warn(pt, "doorbell %u cannot be disconnected: %d\n", port,
			ret);

	ret = hv_call_delete_port(port);
	if (ret)
		pt_warn(pt, "port %u cannot be deleted: %d\n", port, ret);

	mshv_port_delete(port);
}

static void ioeventfd_free(struct mshv_ioeventfd *ioeventfd)
{
	eventfd_ctx_put(ioeventfd->eventfd);
	kfree(ioeventfd);
}

/* When this returns, no write of the guest signals the eventfd any more */
static void ioeventfd_remove(struct mshv_partition *pt,
			     struct mshv_ioeventfd *ioeventfd)
{
	list_del_rcu(&ioeventfd->entry);
	pt->nr_ioeventfds--;
	if (ioeventfd->port)
		ioeventfd_disconnect(pt, ioeventfd->port);
	else
		synchronize_rcu_expedited();
	ioeventfd_free(ioeventfd);
}

static struct mshv_ioeventfd *
ioeventfd_alloc(const struct mshv_user_ioeventfd *args)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct mshv_ioeventfd *ioeventfd;

	if (IS_ERR(eventfd))
		return ERR_CAST(eventfd);

	ioeventfd = kzalloc(sizeof(*ioeventfd), GFP_KERNEL_ACCOUNT);
	if (!ioeventfd) {
		eventfd_ctx_put(eventfd);
		return ERR_PTR(-ENOMEM);
	}

	ioeventfd->eventfd = eventfd;
	ioeventfd->space = args->flags & BIT(MSHV_IOEVENTFD_BIT_PIO) ?
			   MSHV_IO_PORTS : MSHV_IO_MEMORY;
	ioeventfd->addr = args->addr;
	ioeventfd->len = args->len;
	ioeventfd->wildcard = !(args->flags & BIT(MSHV_IOEVENTFD_BIT_DATAMATCH));
	ioeventfd->datamatch = args->datamatch;
	return ioeventfd;
}

static int ioeventfd_assign(struct mshv_partition *pt,
			    const struct mshv_user_ioeventfd *args)
{
	struct mshv_ioeventfd *ioeventfd, *other;
	struct list_head *list;
	int ret;

	if (!ioeventfd_args_valid(args))
		return -EINVAL;

	if (pt->nr_ioeventfds >= IOEVENTFDS_MAX)
		return -ENOSPC;

	ioeventfd = ioeventfd_alloc(args);
	if (IS_ERR(ioeventfd))
		return PTR_ERR(ioeventfd);

	ret = 0;
	list = &pt->ioeventfds[ioeventfd->space];
	list_for_each_entry(other, list, entry) {
		if (ioeventfd_collides(ioeventfd, other))
			ret = -EEXIST;
	}
	if (!ret && ioeventfd->space == MSHV_IO_MEMORY)
		ret = ioeventfd_connect(pt, ioeventfd);
	if (ret) {
		ioeventfd_free(ioeventfd);
		return ret;
	}

	list_add_tail_rcu(&ioeventfd->entry, list);
	pt->nr_ioeventfds++;
	return 0;
}

static int ioeventfd_deassign(struct mshv_partition *pt,
			      const struct mshv_user_ioeventfd *args)
{
	struct mshv_ioeventfd *wanted, *ioeventfd;
	int ret = -ENOENT;

	wanted = ioeventfd_alloc(args);
	if (IS_ERR(wanted))
		return PTR_ERR(wanted);

	list_for_each_entry(ioeventfd, &pt->ioeventfds[wanted->space], entry) {
		if (ioeventfd_same(ioeventfd, wanted)) {
			ioeventfd_remove(pt, ioeventfd);
			ret = 0;
			break;
		}
	}

	ioeventfd_free(wanted);
	return ret;
}

/**
 * mshv_ioeventfd_ioctl() - MSHV_IOEVENTFD
 * @object: partition, locked
 * @uarg: not used
 * @arg: struct mshv_user_ioeventfd
 *
 * Return: 0 or a negative errno.
 */
long mshv_ioeventfd_ioctl(void *object, void __user *uarg, void *arg)
{
	const struct mshv_user_ioeventfd *args = arg;

	if (args->flags & ~MSHV_IOEVENTFD_FLAGS_MASK ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)))
		return -EINVAL;

	if (args->flags & BIT(MSHV_IOEVENTFD_BIT_DEASSIGN))
		return ioeventfd_deassign(object, args);

	return ioeventfd_assign(object, args);
}

/**
 * mshv_ioeventfd_signal_port() - a guest has written to an I/O port
 * @pt: the partition
 * @port: number of the port
 * @len: size of the write
 * @value: what was written
 *
 * Context: Any but NMI.
 * Return: true if there are eventfds for that, which have been signalled.
 */
bool mshv_ioeventfd_signal_port(struct mshv_partition *pt, u16 port, u8 len,
				u32 value)
{
	struct mshv_ioeventfd *ioeventfd;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(ioeventfd, &pt->ioeventfds[MSHV_IO_PORTS],
				entry) {
		if (ioeventfd->addr != port ||
		    (ioeventfd->len && ioeventfd->len != len) ||
		    (!ioeventfd->wildcard && ioeventfd->datamatch != value))
			continue;
		eventfd_signal(ioeventfd->eventfd, 1);
		found = true;
	}
	rcu_read_unlock();

	return found;
}

/**
 * mshv_ioeventfd_release_all() - remove all ioeventfds
 * @pt: the partition; no more ioctls can come
 */
void mshv_ioeventfd_release_all(struct mshv_partition *pt)
{
	struct mshv_ioeventfd *ioeventfd, *next;
	enum mshv_io_space space;

	for (space = 0; space < MSHV_IO_SPACES; space++)
		list_for_each_entry_safe(ioeventfd, next,
					 &pt->ioeventfds[space], entry)
			ioeventfd_remove(pt, ioeventfd);
}
