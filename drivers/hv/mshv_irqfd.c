// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: interrupts from eventfds.
 *
 * An irqfd waits on its eventfd and injects the interrupt of its GSI in the
 * context of whoever signals it.  It is on the partition's list until somebody
 * takes it off; that somebody, and nobody else, stops and frees it.  When the
 * eventfd goes away, this happens in a worker, because the news come with the
 * lock of the eventfd held.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "mshv.h"

/**
 * struct mshv_irqfd - an eventfd that injects an interrupt
 * @partition: where to
 * @gsi: which interrupt
 * @eventfd: what is waited on
 * @resample: signalled when the guest ends the interrupt, or NULL
 * @wqh: wait queue of @eventfd
 * @wait: in @wqh
 * @poll: puts @wait there
 * @entry: in &mshv_partition.irqfds
 * @resampler: in &mshv_partition.resamplers, if there is @resample
 * @shutdown: stops and frees it after the eventfd has gone
 */
struct mshv_irqfd {
	struct mshv_partition *partition;
	u32 gsi;
	struct eventfd_ctx *eventfd;
	struct eventfd_ctx *resample;
	wait_queue_head_t *wqh;
	wait_queue_entry_t wait;
	poll_table poll;
	struct list_head entry;
	struct list_head resampler;
	struct work_struct shutdown;
};

static struct workqueue_struct *irqfd_wq;

static void irqfd_inject(struct mshv_irqfd *irqfd)
{
	struct mshv_msi msi = mshv_routing_find(irqfd->partition, irqfd->gsi);

	/* Nobody would ever end it, and so signal @resample */
	if (irqfd->resample && !(msi.flags & TLFS_ASSERT_LEVEL_TRIGGERED))
		return;

	mshv_msi_assert(irqfd->partition, &msi);
}

/* The irqfd is off the list; wait until it is out of use, and free it */
static void irqfd_free(struct mshv_irqfd *irqfd)
{
	if (irqfd->wqh)
		remove_wait_queue(irqfd->wqh, &irqfd->wait);

	if (irqfd->resample) {
		synchronize_rcu_expedited();
		eventfd_ctx_put(irqfd->resample);
	}

	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void irqfd_shutdown(struct work_struct *work)
{
	irqfd_free(container_of(work, struct mshv_irqfd, shutdown));
}

/* Whoever gets true here owns the irqfd from then on */
static bool irqfd_unlink(struct mshv_irqfd *irqfd)
{
	lockdep_assert_held(&irqfd->partition->irqfds_lock);

	if (list_empty(&irqfd->entry))
		return false;

	list_del_init(&irqfd->entry);
	if (irqfd->resample)
		list_del_rcu(&irqfd->resampler);
	return true;
}

/* The eventfd has been closed for good; its lock is held */
static void irqfd_hangup(struct mshv_irqfd *irqfd)
{
	struct mshv_partition *pt = irqfd->partition;
	unsigned long flags;

	spin_lock_irqsave(&pt->irqfds_lock, flags);
	if (irqfd_unlink(irqfd))
		queue_work(irqfd_wq, &irqfd->shutdown);
	spin_unlock_irqrestore(&pt->irqfds_lock, flags);
}

/* Called with the lock of the eventfd held and interrupts off */
static int irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync,
			void *key)
{
	struct mshv_irqfd *irqfd = container_of(wait, struct mshv_irqfd, wait);
	__poll_t events = key_to_poll(key);
	int handled = 0;
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		irqfd_inject(irqfd);
		handled = 1;
	}

	if (events & EPOLLHUP)
		irqfd_hangup(irqfd);

	return handled;
}

/* First in the queue and exclusive: no other waiter wakes up for our events */
static void irqfd_queue(struct file *file, wait_queue_head_t *wqh,
			poll_table *poll)
{
	struct mshv_irqfd *irqfd = container_of(poll, struct mshv_irqfd, poll);
	unsigned long flags;

	irqfd->wqh = wqh;
	spin_lock_irqsave(&wqh->lock, flags);
	__add_wait_queue_exclusive(wqh, &irqfd->wait);
	spin_unlock_irqrestore(&wqh->lock, flags);
}

/* Inject, once, for what was signalled before the irqfd began to wait */
static void irqfd_consume(struct mshv_irqfd *irqfd)
{
	u64 count;

	spin_lock_irq(&irqfd->wqh->lock);
	eventfd_ctx_do_read(irqfd->eventfd, &count);
	spin_unlock_irq(&irqfd->wqh->lock);

	if (count)
		irqfd_inject(irqfd);
}

static int irqfd_link(struct mshv_irqfd *irqfd)
{
	struct mshv_partition *pt = irqfd->partition;
	struct mshv_irqfd *other;
	int ret = 0;

	spin_lock_irq(&pt->irqfds_lock);
	list_for_each_entry(other, &pt->irqfds, entry) {
		if (other->eventfd == irqfd->eventfd)
			ret = -EBUSY;
	}
	if (!ret) {
		list_add_tail(&irqfd->entry, &pt->irqfds);
		if (irqfd->resample)
			list_add_tail_rcu(&irqfd->resampler, &pt->resamplers);
	}
	spin_unlock_irq(&pt->irqfds_lock);

	return ret;
}

static int irqfd_set_resample(struct mshv_irqfd *irqfd, int fd)
{
	struct eventfd_ctx *resample = eventfd_ctx_fdget(fd);

	if (IS_ERR(resample))
		return PTR_ERR(resample);

	irqfd->resample = resample;
	return 0;
}

static bool irqfd_is_level(const struct mshv_irqfd *irqfd)
{
	struct mshv_msi msi = mshv_routing_find(irqfd->partition, irqfd->gsi);

	return msi.valid && msi.flags & TLFS_ASSERT_LEVEL_TRIGGERED;
}

/* An irqfd that is complete, but not yet on any list or queue */
static struct mshv_irqfd *irqfd_alloc(struct mshv_partition *pt,
				      const struct mshv_user_irqfd *args,
				      struct file *file)
{
	struct mshv_irqfd *irqfd;
	int ret;

	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return ERR_PTR(-ENOMEM);

	irqfd->partition = pt;
	irqfd->gsi = args->gsi;
	INIT_LIST_HEAD(&irqfd->entry);
	INIT_WORK(&irqfd->shutdown, irqfd_shutdown);
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wakeup);
	init_poll_funcptr(&irqfd->poll, irqfd_queue);

	irqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(irqfd->eventfd)) {
		ret = PTR_ERR(irqfd->eventfd);
		kfree(irqfd);
		return ERR_PTR(ret);
	}

	if (args->flags & BIT(MSHV_IRQFD_BIT_RESAMPLE)) {
		ret = irqfd_set_resample(irqfd, args->resamplefd);
		if (ret) {
			irqfd_free(irqfd);
			return ERR_PTR(ret);
		}
	}

	return irqfd;
}

static int irqfd_assign_file(struct mshv_partition *pt,
			     const struct mshv_user_irqfd *args,
			     struct file *file)
{
	struct mshv_irqfd *irqfd = irqfd_alloc(pt, args, file);
	int ret;

	if (IS_ERR(irqfd))
		return PTR_ERR(irqfd);

	ret = irqfd_link(irqfd);
	if (!ret && irqfd->resample && !irqfd_is_level(irqfd)) {
		spin_lock_irq(&pt->irqfds_lock);
		irqfd_unlink(irqfd);
		spin_unlock_irq(&pt->irqfds_lock);
		ret = -EINVAL;
	}
	if (ret) {
		irqfd_free(irqfd);
		return ret;
	}

	/* @file is held, so that it cannot hang up until all is done */
	vfs_poll(file, &irqfd->poll);
	irqfd_consume(irqfd);
	return 0;
}

static int irqfd_assign(struct mshv_partition *pt,
			const struct mshv_user_irqfd *args)
{
	struct file *file = eventfd_fget(args->fd);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);

	ret = irqfd_assign_file(pt, args, file);
	fput(file);
	return ret;
}

static struct mshv_irqfd *irqfd_take(struct mshv_partition *pt,
				     const struct eventfd_ctx *eventfd, u32 gsi)
{
	struct mshv_irqfd *irqfd, *found = NULL;

	spin_lock_irq(&pt->irqfds_lock);
	list_for_each_entry(irqfd, &pt->irqfds, entry) {
		if (irqfd->eventfd == eventfd && irqfd->gsi == gsi) {
			irqfd_unlink(irqfd);
			found = irqfd;
			break;
		}
	}
	spin_unlock_irq(&pt->irqfds_lock);

	return found;
}

static int irqfd_deassign(struct mshv_partition *pt,
			  const struct mshv_user_irqfd *args)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct mshv_irqfd *irqfd;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	/* An eventfd is on the list once; it is no error if it is not */
	irqfd = irqfd_take(pt, eventfd, args->gsi);
	if (irqfd)
		irqfd_free(irqfd);

	eventfd_ctx_put(eventfd);
	return 0;
}

/**
 * mshv_irqfd_ioctl() - MSHV_IRQFD
 * @object: partition, locked
 * @uarg: not used
 * @arg: struct mshv_user_irqfd
 *
 * Return: 0 or a negative errno.
 */
long mshv_irqfd_ioctl(void *object, void __user *uarg, void *arg)
{
	const struct mshv_user_irqfd *args = arg;

	if (args->flags & ~MSHV_IRQFD_FLAGS_MASK)
		return -EINVAL;

	if (args->flags & BIT(MSHV_IRQFD_BIT_DEASSIGN))
		return irqfd_deassign(object, args);

	return irqfd_assign(object, args);
}

/**
 * mshv_irqfd_ack() - a guest has ended a level-triggered interrupt
 * @pt: the partition
 * @vector: its vector
 *
 * Context: Any but NMI.
 * Return: true if an irqfd was waiting for this.
 */
bool mshv_irqfd_ack(struct mshv_partition *pt, u32 vector)
{
	struct mshv_irqfd *irqfd;
	struct mshv_msi msi;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(irqfd, &pt->resamplers, resampler) {
		msi = mshv_routing_find(pt, irqfd->gsi);
		if (!msi.valid || msi.vector != vector)
			continue;
		if (msi.type == TLFS_INTERRUPT_EXTINT)
			hv_call_clear_virtual_interrupt(pt->id);
		eventfd_signal(irqfd->resample, 1);
		found = true;
	}
	rcu_read_unlock();

	return found;
}

/**
 * mshv_irqfd_release_all() - remove all irqfds
 * @pt: the partition; no more ioctls can come
 */
void mshv_irqfd_release_all(struct mshv_partition *pt)
{
	struct mshv_irqfd *irqfd;

	for (;;) {
		spin_lock_irq(&pt->irqfds_lock);
		irqfd = list_first_entry_or_null(&pt->irqfds,
						 struct mshv_irqfd, entry);
		if (irqfd)
			irqfd_unlink(irqfd);
		spin_unlock_irq(&pt->irqfds_lock);
		if (!irqfd)
			break;
		irqfd_free(irqfd);
	}

	/* Those whose eventfd went away first */
	flush_workqueue(irqfd_wq);
}

/**
 * mshv_irqfd_init() - set up what irqfds share
 *
 * Return: 0 or -ENOMEM.
 */
int mshv_irqfd_init(void)
{
	irqfd_wq = alloc_workqueue("mshv-irqfd-cleanup", 0, 0);
	return irqfd_wq ? 0 : -ENOMEM;
}

/**
 * mshv_irqfd_exit() - undo mshv_irqfd_init()
 */
void mshv_irqfd_exit(void)
{
	destroy_workqueue(irqfd_wq);
}
