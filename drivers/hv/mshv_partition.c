// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: partitions.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mshv.h"
#include "mshv_trace.h"

/* After this time any signal ends the wait for a completion */
#define ASYNC_PATIENCE		HZ

/* All partitions by id, for the interrupt handler; read under RCU */
#define PARTITIONS_BITS		6

static DEFINE_HASHTABLE(mshv_partitions, PARTITIONS_BITS);
static DEFINE_SPINLOCK(mshv_partitions_lock);

/**
 * mshv_partition_find() - find a partition by its id
 * @id: the id, as the hypervisor says
 *
 * Context: RCU read side.
 * Return: The partition or %NULL.
 */
struct mshv_partition *mshv_partition_find(u64 id)
{
	struct mshv_partition *pt;

	hash_for_each_possible_rcu(mshv_partitions, pt, hash, id)
		if (pt->id == id)
			return pt;

	return NULL;
}

static void partition_publish(struct mshv_partition *pt)
{
	spin_lock(&mshv_partitions_lock);
	hash_add_rcu(mshv_partitions, &pt->hash, pt->id);
	spin_unlock(&mshv_partitions_lock);
	pt->published = true;
}

static void partition_withdraw(struct mshv_partition *pt)
{
	if (!pt->published)
		return;

	spin_lock(&mshv_partitions_lock);
	hash_del_rcu(&pt->hash);
	spin_unlock(&mshv_partitions_lock);
	synchronize_rcu_expedited();
}

/*
 * The end
 */

static void partition_release_vps(struct mshv_partition *pt)
{
	struct mshv_vp *vp;
	unsigned long index;

	xa_for_each(&pt->vps, index, vp)
		mshv_vp_release(vp);
	xa_destroy(&pt->vps);
}

static int partition_delete(struct mshv_partition *pt)
{
	long withdrawn;
	int ret;

	if (pt->initialized) {
		ret = hv_call_finalize_partition(pt->id);
		if (ret)
			return ret;
	}

	withdrawn = mshv_pool_withdraw(&pt->pool, ULONG_MAX);
	if (withdrawn < 0)
		return withdrawn;

	return hv_call_delete_partition(pt->id);
}

/* Works on a partition in any state of making */
static void partition_destroy(struct kref *refs)
{
	struct mshv_partition *pt = container_of(refs, struct mshv_partition,
						 refs);
	int ret = 0;

	partition_withdraw(pt);
	mshv_debugfs_remove_partition(pt);
	partition_release_vps(pt);
	mshv_region_release_all(pt);
	mshv_routing_release(pt);

	if (pt->id != TLFS_PARTITION_ID_INVALID) {
		ret = partition_delete(pt);
		if (ret)
			pt_warn(pt, "cannot be deleted: %d\n", ret);
		trace_mshv_partition(pt->id, "destroy", ret);
	}

	mshv_ledger_close(&pt->ledger, atomic_long_read(&pt->pool.nr_pages));
	cleanup_srcu_struct(&pt->irq_srcu);
	kfree(pt);
}

/**
 * mshv_partition_get() - take a reference
 * @pt: the partition
 */
void mshv_partition_get(struct mshv_partition *pt)
{
	kref_get(&pt->refs);
}

/**
 * mshv_partition_put() - drop a reference; the last one ends the partition
 * @pt: the partition
 *
 * Context: Process context, may sleep.
 */
void mshv_partition_put(struct mshv_partition *pt)
{
	kref_put(&pt->refs, partition_destroy);
}

/*
 * The partition file
 */

static long partition_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct mshv_partition *pt = file->private_data;

	return mshv_ioctl_dispatch(MSHV_FD_PARTITION, pt, &pt->lock, cmd, arg);
}

/*
 * VPs may go on running without the partition file, but its eventfds belong
 * to the file.
 */
static int partition_release(struct inode *inode, struct file *file)
{
	struct mshv_partition *pt = file->private_data;

	mshv_ioeventfd_release_all(pt);
	mshv_irqfd_release_all(pt);
	mshv_partition_put(pt);
	return 0;
}

static const struct file_operations partition_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= partition_ioctl,
	.release	= partition_release,
	.llseek		= noop_llseek,
};

/*
 * MSHV_CREATE_PARTITION
 */

static const struct {
	u64 user;
	u64 hypervisor;
} partition_flags[] = {
	{ BIT(MSHV_PT_BIT_LAPIC), TLFS_CREATE_LAPIC },
	{ BIT(MSHV_PT_BIT_X2APIC), TLFS_CREATE_X2APIC },
	{ BIT(MSHV_PT_BIT_GPA_SUPER_PAGES), TLFS_CREATE_GPA_SUPER_PAGES },
	{ BIT(MSHV_PT_BIT_NESTED_VIRTUALIZATION),
	  TLFS_CREATE_NESTED_VIRTUALIZATION },
	{ BIT(MSHV_PT_BIT_SMT_ENABLED_GUEST), TLFS_CREATE_SMT_ENABLED_GUEST },
};

static bool partition_args_valid(const struct mshv_create_partition_v2 *args)
{
	return !(args->pt_flags & ~(u64)MSHV_PT_FLAGS_MASK) &&
		args->pt_isolation < MSHV_PT_ISOLATION_COUNT;
}

static bool partition_args_v2_valid(const struct mshv_create_partition_v2 *args)
{
	return args->pt_num_cpu_fbanks == MSHV_NUM_CPU_FEATURES_BANKS &&
		!memchr_inv(args->pt_rsvd, 0, sizeof(args->pt_rsvd)) &&
		!memchr_inv(args->pt_rsvd1, 0, sizeof(args->pt_rsvd1));
}

/* The first version of the argument is the beginning of the second one */
static int partition_read_args(struct mshv_create_partition_v2 *args,
			       const void __user *uarg,
			       const struct mshv_create_partition *v1)
{
	args->pt_flags = v1->pt_flags;
	args->pt_isolation = v1->pt_isolation;
	if (!partition_args_valid(args))
		return -EINVAL;

	if (!(args->pt_flags & BIT(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES)))
		return 0;

	if (copy_from_user(args, uarg, sizeof(*args)))
		return -EFAULT;
	if (!partition_args_valid(args) || !partition_args_v2_valid(args))
		return -EINVAL;

	return 0;
}

static void partition_fill_input(struct tlfs_in_create_partition *in,
				 const struct mshv_create_partition_v2 *args)
{
	int i;

	in->flags = TLFS_CREATE_EXO_PARTITION |
		    TLFS_CREATE_INTERCEPT_MESSAGE_PAGE;
	for (i = 0; i < ARRAY_SIZE(partition_flags); i++)
		if (args->pt_flags & partition_flags[i].user)
			in->flags |= partition_flags[i].hypervisor;

	in->compatibility_version = TLFS_COMPATIBILITY_21H2;
	for (i = 0; i < MSHV_NUM_CPU_FEATURES_BANKS; i++)
		in->disabled_features[i] = args->pt_cpu_fbanks[i];
	in->disabled_xsave_features = args->pt_disabled_xsave;
}

static struct mshv_partition *partition_alloc(void)
{
	enum mshv_io_space space;
	struct mshv_partition *pt;
	int ret;

	pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);
	if (!pt)
		return ERR_PTR(-ENOMEM);

	ret = init_srcu_struct(&pt->irq_srcu);
	if (ret) {
		kfree(pt);
		return ERR_PTR(ret);
	}

	kref_init(&pt->refs);
	mutex_init(&pt->lock);
	pt->regions = RB_ROOT_CACHED;
	init_rwsem(&pt->regions_lock);
	xa_init_flags(&pt->vps, XA_FLAGS_ACCOUNT);
	for (space = 0; space < MSHV_IO_SPACES; space++)
		INIT_LIST_HEAD(&pt->ioeventfds[space]);
	INIT_LIST_HEAD(&pt->irqfds);
	INIT_LIST_HEAD(&pt->resamplers);
	spin_lock_init(&pt->irqfds_lock);
	init_waitqueue_head(&pt->async_wait);

	return pt;
}

static struct mshv_partition *
partition_create(const struct mshv_create_partition_v2 *args)
{
	struct tlfs_in_create_partition in = { };
	struct mshv_partition *pt;
	u64 id;
	int ret;

	pt = partition_alloc();
	if (IS_ERR(pt))
		return pt;

	partition_fill_input(&in, args);
	ret = hv_call_create_partition(&in, &id);
	trace_mshv_partition(id, "create", ret);
	if (ret) {
		mshv_partition_put(pt);
		return ERR_PTR(ret);
	}

	pt->id = id;
	pt->create_flags = in.flags;
	mshv_pool_init(&pt->pool, id, NUMA_NO_NODE, GFP_KERNEL_ACCOUNT);
	mshv_ledger_init(&pt->ledger, id);
	partition_publish(pt);
	return pt;
}

/**
 * mshv_partition_ioctl_create() - MSHV_CREATE_PARTITION
 * @object: not used
 * @uarg: struct mshv_create_partition or mshv_create_partition_v2
 * @arg: struct mshv_create_partition
 *
 * Return: A file descriptor or a negative errno.
 */
long mshv_partition_ioctl_create(void *object, void __user *uarg, void *arg)
{
	struct mshv_create_partition_v2 args = { };
	struct mshv_partition *pt;
	struct file *file;
	int fd, ret;

	ret = partition_read_args(&args, uarg, arg);
	if (ret)
		return ret;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	pt = partition_create(&args);
	if (IS_ERR(pt)) {
		ret = PTR_ERR(pt);
		goto put_fd;
	}

	file = anon_inode_getfile("mshv_partition", &partition_fops, pt,
				  O_RDWR);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto put_partition;
	}

	file->f_mode |= FMODE_LSEEK;
	fd_install(fd, file);
	return fd;

put_partition:
	mshv_partition_put(pt);
put_fd:
	put_unused_fd(fd);
	return ret;
}

/**
 * mshv_partition_ioctl_initialize() - MSHV_INITIALIZE_PARTITION
 * @object: partition, locked
 * @uarg: not used
 * @arg: not used
 *
 * Return: 0 or a negative errno.
 */
long mshv_partition_ioctl_initialize(void *object, void __user *uarg, void *arg)
{
	struct mshv_partition *pt = object;
	int ret;

	if (pt->initialized)
		return 0;

	ret = hv_call_initialize_partition(&pt->pool);
	trace_mshv_partition(pt->id, "initialize", ret);
	if (ret) {
		mshv_pool_withdraw(&pt->pool, ULONG_MAX);
		return ret;
	}

	pt->initialized = true;
	mshv_debugfs_add_partition(pt);
	return 0;
}

/*
 * Asynchronous hypercalls
 */

/**
 * mshv_partition_begin_async() - reserve the one asynchronous hypercall
 * @pt: the partition
 *
 * Return: 0, or -EPERM while the completion of another one is outstanding.
 */
int mshv_partition_begin_async(struct mshv_partition *pt)
{
	lockdep_assert_held(&pt->lock);

	/* Done: a signal came before the completion did */
	if (atomic_read(&pt->async_state) == MSHV_ASYNC_PENDING)
		return -EPERM;

	atomic_set(&pt->async_state, MSHV_ASYNC_PENDING);
	return 0;
}

static bool partition_async_done(struct mshv_partition *pt)
{
	return atomic_read_acquire(&pt->async_state) == MSHV_ASYNC_DONE;
}

/**
 * mshv_partition_wait_async() - wait for the end of an asynchronous hypercall
 * @pt: the partition
 * @status: how the hypercall ended
 *
 * Programs do not expect that a signal which is not meant to kill them ends
 * this.  It does so only if the hypervisor takes exceptionally long.
 *
 * Return: 0, or -EINTR if a signal came first; then the completion remains
 * outstanding.
 */
int mshv_partition_wait_async(struct mshv_partition *pt, u64 *status)
{
	long ret;

	ret = wait_event_killable_timeout(pt->async_wait,
					  partition_async_done(pt),
					  ASYNC_PATIENCE);
	if (!ret)
		ret = wait_event_interruptible(pt->async_wait,
					       partition_async_done(pt));
	if (ret < 0)
		return -EINTR;

	*status = pt->async_status;
	return 0;
}

/**
 * mshv_partition_end_async() - there is no asynchronous hypercall any more
 * @pt: the partition
 */
void mshv_partition_end_async(struct mshv_partition *pt)
{
	atomic_set(&pt->async_state, MSHV_ASYNC_IDLE);
}

/**
 * mshv_partition_complete_async() - a completion message has come
 * @pt: the partition
 * @status: how the hypercall ended
 *
 * Context: Interrupt.
 * Return: true if there was an asynchronous hypercall.
 */
bool mshv_partition_complete_async(struct mshv_partition *pt, u32 status)
{
	if (atomic_read(&pt->async_state) != MSHV_ASYNC_PENDING)
		return false;

	pt->async_status = status;
	atomic_set_release(&pt->async_state, MSHV_ASYNC_DONE);
	wake_up(&pt->async_wait);
	return true;
}

/**
 * mshv_partition_kick_all() - wake up all threads that run a VP
 */
void mshv_partition_kick_all(void)
{
	struct mshv_partition *pt;
	struct mshv_vp *vp;
	unsigned long index;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(mshv_partitions, bucket, pt, hash) {
		xa_for_each(&pt->vps, index, vp)
			wake_up(&vp->wait);
	}
	rcu_read_unlock();
}
