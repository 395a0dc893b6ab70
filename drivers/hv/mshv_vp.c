// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: virtual processors.
 *
 * A VP runs while a thread is in MSHV_RUN_VP and never otherwise: it is
 * created suspended, an intercept suspends it, and a thread that leaves
 * because of a signal suspends it first.
 *
 * Who chooses the physical processor depends on the hypervisor's scheduler.
 * Either the hypervisor does; then the thread resumes the VP and sleeps until
 * the interrupt handler says that there is a message.  Or the root does; then
 * the thread lends its processor to the VP until the VP stops.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/mshyperv.h>

#include "mshv.h"
#include "mshv_trace.h"

/* Longest stay in the guest with the root's scheduler, in 100 ns */
#define VP_TIME_SLICE		(10 * 10000)

/* For a message to come after its VP has stopped */
#define VP_MESSAGE_PATIENCE	HZ

static struct tlfs_msg *vp_message_page(struct mshv_vp *vp)
{
	return page_address(vp->pages[MSHV_STATE_PAGE_INTERCEPT]);
}

/* Are there interrupts on the register page for the hypervisor to take? */
static bool vp_has_vectors(struct mshv_vp *vp)
{
	struct page *page = vp->pages[MSHV_STATE_PAGE_REGISTERS];
	const struct tlfs_register_page *regs;

	if (!page || !mshv_takes_vectors())
		return false;

	regs = page_address(page);
	return READ_ONCE(regs->vector_count);
}

/**
 * mshv_vp_kick() - the hypervisor wants somebody to look after a VP
 * @vp: the VP
 *
 * Context: Interrupt.
 */
void mshv_vp_kick(struct mshv_vp *vp)
{
	atomic_inc(&vp->kicks);
	wake_up(&vp->wait);
}

/* Has user space said, on the page for that, that the VP is not to run? */
static bool vp_cancelled(struct mshv_vp *vp)
{
	const struct mshv_vp_control *control = READ_ONCE(vp->control);

	return control && READ_ONCE(control->cancel);
}

/*
 * The message page is shared with user space, too.  Take one copy, and believe
 * nothing in it that has not been checked.
 */
static void vp_take_message(struct mshv_vp *vp)
{
	memcpy(&vp->message, vp_message_page(vp), sizeof(vp->message));
}

/*
 * The hypervisor's scheduler
 */

/* Before the VP runs: whatever is in the message page from now on is new */
static void vp_arm(struct mshv_vp *vp)
{
	WRITE_ONCE(vp_message_page(vp)->type, TLFS_MSG_NONE);
	atomic_set(&vp->kicks, 0);
}

/*
 * In this order: the other way round could undo an intercept in between.  If it
 * fails half way, the VP may run all the same.
 */
static int vp_resume(struct mshv_vp *vp)
{
	static const struct tlfs_reg_assoc regs[] = {
		{ .name = TLFS_REG_INTERCEPT_SUSPEND },
		{ .name = TLFS_REG_EXPLICIT_SUSPEND },
	};
	u16 done;
	int ret;

	ret = hv_call_set_vp_registers(vp, regs, ARRAY_SIZE(regs), &done);
	vp->running = done;
	return ret;
}

static int vp_is_intercepted(struct mshv_vp *vp, bool *intercepted)
{
	u64 value = 0;
	int ret;

	ret = hv_call_get_vp_register(vp, TLFS_REG_INTERCEPT_SUSPEND, &value);
	*intercepted = value & 1;
	return ret;
}

/* Stop the VP; it may have stopped at an intercept just before */
static int vp_suspend(struct mshv_vp *vp, bool *intercepted)
{
	int ret;

	ret = hv_call_set_vp_register(vp, TLFS_REG_EXPLICIT_SUSPEND, 1);
	return ret ? ret : vp_is_intercepted(vp, intercepted);
}

/*
 * A kick means a message, unless it is the late one of an earlier message.
 * Where such a one is owed, ask whether the VP has really stopped: it may be
 * about to, with half of its message written.
 */
static bool vp_has_message(struct mshv_vp *vp)
{
	bool intercepted = true;

	if (!atomic_xchg(&vp->kicks, 0))
		return false;

	if (vp->kick_owed && vp_is_intercepted(vp, &intercepted))
		intercepted = false;
	if (intercepted && READ_ONCE(vp_message_page(vp)->type) != TLFS_MSG_NONE)
		return true;

	vp->kick_owed = false;
	vp->stats.spurious_kicks++;
	return false;
}

/*
 * The VP has stopped at an intercept, and its message is on its way.  A kick
 * that does not come must not keep this thread for ever: then the message is
 * taken without it.
 */
static int vp_await_message(struct mshv_vp *vp)
{
	long ret;

	ret = wait_event_killable_timeout(vp->wait, vp_has_message(vp) ||
					  mshv_going_down(),
					  VP_MESSAGE_PATIENCE);
	if (ret > 0 && !mshv_going_down())
		return 0;

	vp->kick_owed = true;
	if (ret < 0)
		return -EINTR;
	if (READ_ONCE(vp_message_page(vp)->type) != TLFS_MSG_NONE)
		return 0;

	vp_warn(vp, "stopped without a message\n");
	return -EIO;
}

/* Stop the VP: -EINTR, or 0 if it has stopped at an intercept meanwhile */
static int vp_cancel(struct mshv_vp *vp)
{
	bool intercepted;
	int ret;

	ret = vp_suspend(vp, &intercepted);
	if (ret)
		return ret;

	vp->running = false;
	vp->stats.cancels++;
	return intercepted ? vp_await_message(vp) : -EINTR;
}

static bool vp_is_interrupted(struct mshv_vp *vp)
{
	return signal_pending(current) || vp_cancelled(vp);
}

/*
 * Run the VP up to its next message.  One that could not be stopped the last time
 * has gone on since.
 */
static int vp_run_scheduled(struct mshv_vp *vp)
{
	int ret, failed;

	ret = vp->running ? vp_cancel(vp) : -EINTR;
	if (ret != -EINTR || vp_is_interrupted(vp))
		return ret;

	vp_arm(vp);
	failed = vp_resume(vp);
	if (failed && !vp->running)
		return failed;

	if (!failed &&
	    !wait_event_interruptible(vp->wait, vp_has_message(vp) ||
				      mshv_going_down()) &&
	    !mshv_going_down()) {
		vp->running = false;
		return 0;
	}

	ret = vp_cancel(vp);
	return failed && ret == -EINTR ? failed : ret;
}

/*
 * The root's scheduler
 */

static u32 vp_dispatch_flags(struct mshv_vp *vp)
{
	u32 flags = 0;

	if (vp->intercepted)
		flags |= TLFS_DISPATCH_CLEAR_INTERCEPT_SUSPEND;
	if (vp_has_vectors(vp))
		flags |= TLFS_DISPATCH_SCAN_INTERRUPTS;

	return flags;
}

/* Lend this CPU to the VP, once */
static int vp_dispatch(struct mshv_vp *vp)
{
	struct mshv_retry retry = MSHV_RETRY(&vp->partition->pool);
	u64 status;

	do {
		vp->dispatch.in = (struct tlfs_in_dispatch_vp) {
			.partition_id = vp->partition->id,
			.vp_index = vp->index,
			.flags = vp_dispatch_flags(vp),
			.time_slice = VP_TIME_SLICE,
		};
		memset(&vp->dispatch.out, 0, sizeof(vp->dispatch.out));

		/* Interrupts stay on: they are what ends the stay */
		preempt_disable();
		status = hv_do_hypercall(TLFS_CALL_DISPATCH_VP,
					 &vp->dispatch.in, &vp->dispatch.out);
		preempt_enable();
		status &= TLFS_RESULT_STATUS_MASK;
	} while (mshv_retry(&retry, status));

	if (!retry.error)
		vp->intercepted = false;
	return retry.error;
}

static int vp_lift_suspend(struct mshv_vp *vp)
{
	return hv_call_set_vp_register(vp, TLFS_REG_EXPLICIT_SUSPEND, 0);
}

/* Wait until a VP that could not run may be able to */
static int vp_wait_unblocked(struct mshv_vp *vp)
{
	if (wait_event_interruptible(vp->wait, atomic_xchg(&vp->kicks, 0) ||
				     vp_has_vectors(vp) ||
				     mshv_going_down()))
		return -EINTR;

	vp->blocked = false;
	return 0;
}

/* Run the VP up to its next message */
static int vp_run_dispatched(struct mshv_vp *vp)
{
	const struct tlfs_out_dispatch_vp *out = &vp->dispatch.out;
	int ret;

	while (!mshv_going_down()) {
		ret = vp->blocked ? vp_wait_unblocked(vp) : 0;
		if (!ret)
			ret = vp_cancelled(vp) ? -EINTR : mshv_guest_work();
		if (!ret)
			ret = vp_dispatch(vp);
		if (ret)
			return ret;

		if (out->state == TLFS_DISPATCH_STATE_BLOCKED) {
			ret = out->event == TLFS_DISPATCH_EVENT_SUSPEND ?
				vp_lift_suspend(vp) : 0;
			if (ret)
				return ret;
			vp->blocked = true;
		} else if (out->event == TLFS_DISPATCH_EVENT_INTERCEPT) {
			vp->intercepted = true;
			return 0;
		}
	}

	return -EINTR;
}

/*
 * MSHV_RUN_VP
 */

static bool vp_handle_eoi(struct mshv_vp *vp)
{
	struct tlfs_msg_apic_eoi eoi;

	memcpy(&eoi, vp->message.payload, sizeof(eoi));
	return mshv_irqfd_ack(vp->partition, eoi.vector);
}

/* Memory that is there, but not mapped at the moment */
static bool vp_handle_memory(struct mshv_vp *vp)
{
	struct tlfs_msg_memory memory;

	memcpy(&memory, vp->message.payload, sizeof(memory));
	if (!mshv_region_fault(vp->partition, memory.gpa >> PAGE_SHIFT,
			       memory.header.access_type))
		return false;

	vp->stats.faults++;
	return true;
}

/* A write to a port that has an eventfd is done when that is signalled */
static bool vp_handle_port(struct mshv_vp *vp)
{
	struct tlfs_msg_io_port io;
	u8 size, length;

	memcpy(&io, vp->message.payload, sizeof(io));
	size = io.access_info & TLFS_IO_SIZE_MASK;
	length = io.header.length_cr8 & TLFS_INSTRUCTION_LENGTH_MASK;
	if (io.header.access_type != TLFS_ACCESS_WRITE || !length ||
	    io.access_info & TLFS_IO_STRING ||
	    (size != 1 && size != 2 && size != 4) ||
	    !mshv_ioeventfd_signal_port(vp->partition, io.port, size,
					io.rax & GENMASK(size * 8 - 1, 0)))
		return false;

	return !hv_call_set_vp_register(vp, TLFS_REG_RIP,
					io.header.rip + length);
}

/* Returns true if user space need not know about the message */
static bool vp_handle_message(struct mshv_vp *vp)
{
	switch (vp->message.type) {
	case TLFS_MSG_X64_APIC_EOI:
		return vp_handle_eoi(vp);
	case TLFS_MSG_GPA_INTERCEPT:
	case TLFS_MSG_UNMAPPED_GPA:
		return vp_handle_memory(vp);
	case TLFS_MSG_X64_IO_PORT:
		return vp_handle_port(vp);
	default:
		return false;
	}
}

static int vp_run(struct mshv_vp *vp)
{
	int ret;

	do {
		if (vp_is_interrupted(vp) && !vp->running)
			return -EINTR;
		if (mshv_going_down())
			return -EIO;

		trace_mshv_run_entry(vp->partition->id, vp->index);
		ret = mshv_root_scheduler() ? vp_run_dispatched(vp) :
					      vp_run_scheduled(vp);
		if (!ret)
			vp_take_message(vp);
		trace_mshv_run_exit(vp->partition->id, vp->index,
				    vp->message.type, ret);
		if (ret)
			return ret;
	} while (vp_handle_message(vp));

	return 0;
}

/**
 * mshv_vp_ioctl_run() - MSHV_RUN_VP
 * @object: VP, locked
 * @uarg: struct mshv_run_vp, receives the message
 * @arg: not used
 *
 * A message that could not be stored is kept for the next call.
 *
 * Return: 0 or a negative errno.
 */
long mshv_vp_ioctl_run(void *object, void __user *uarg, void *arg)
{
	struct mshv_vp *vp = object;
	int ret;

	BUILD_BUG_ON(sizeof(vp->message) != sizeof(struct mshv_run_vp));

	vp->stats.runs++;
	if (!vp->undelivered) {
		ret = vp_run(vp);
		if (ret)
			return ret;
	}

	vp->undelivered = true;
	if (copy_to_user(uarg, &vp->message, sizeof(vp->message)))
		return -EFAULT;

	vp->undelivered = false;
	vp->stats.intercepts++;
	return 0;
}

/**
 * mshv_translate_again() - did a translation end where memory was not mapped?
 * @pt: the partition
 * @out: result of HvCallTranslateVirtualAddress
 * @tries: starts as MSHV_TRANSLATE_TRIES
 *
 * Context: Process context, may sleep.
 * Return: true if that memory is mapped now, so that it can be tried again.
 */
bool mshv_translate_again(struct mshv_partition *pt,
			  const struct tlfs_out_translate_virtual_address *out,
			  unsigned int *tries)
{
	bool write = out->result_code == TLFS_TRANSLATE_GPA_NO_WRITE;

	if (!write && out->result_code != TLFS_TRANSLATE_GPA_UNMAPPED &&
	    out->result_code != TLFS_TRANSLATE_GPA_NO_READ)
		return false;

	cond_resched();
	return (*tries)-- && !fatal_signal_pending(current) &&
		mshv_region_fault(pt, out->gpa_page,
				  write ? TLFS_ACCESS_WRITE : TLFS_ACCESS_READ);
}

/**
 * mshv_vp_ioctl_translate() - MSHV_VP_TRANSLATE_GVA
 * @object: VP, locked
 * @uarg: not used
 * @arg: struct mshv_translate_gva
 *
 * Memory that is not mapped at the moment is mapped for this.
 *
 * Return: 0 or a negative errno.
 */
long mshv_vp_ioctl_translate(void *object, void __user *uarg, void *arg)
{
	struct tlfs_out_translate_virtual_address out = { };
	const struct mshv_translate_gva *args = arg;
	unsigned int tries = MSHV_TRANSLATE_TRIES;
	struct mshv_translate_gva_result result;
	struct mshv_vp *vp = object;
	u64 gpa;
	int ret;

	do {
		ret = hv_call_translate_virtual_address(vp, args->flags,
							args->gva >> PAGE_SHIFT,
							&out);
		if (ret)
			return ret;
	} while (mshv_translate_again(vp->partition, &out, &tries));

	result.result_code = out.result_code;
	result.cache_type = out.cache_type;
	gpa = (out.gpa_page << PAGE_SHIFT) | (args->gva & ~PAGE_MASK);
	if (copy_to_user(u64_to_user_ptr(args->result_ptr), &result,
			 sizeof(result)) ||
	    copy_to_user(u64_to_user_ptr(args->gpa_ptr), &gpa, sizeof(gpa)))
		return -EFAULT;

	return 0;
}

/*
 * The VP file
 */

static long vp_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct mshv_vp *vp = file->private_data;

	return mshv_ioctl_dispatch(MSHV_FD_VP, vp, &vp->lock, cmd, arg);
}

static int vp_mmap(struct file *file, struct vm_area_struct *vma)
{
	return mshv_state_mmap(file->private_data, vma);
}

/* The VP itself stays until the partition ends */
static int vp_release(struct inode *inode, struct file *file)
{
	struct mshv_vp *vp = file->private_data;

	mshv_partition_put(vp->partition);
	return 0;
}

static const struct file_operations vp_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= vp_ioctl,
	.mmap		= vp_mmap,
	.release	= vp_release,
	.llseek		= noop_llseek,
};

/*
 * MSHV_CREATE_VP
 */

static struct mshv_vp *vp_alloc(struct mshv_partition *pt, u32 index)
{
	struct mshv_vp *vp;

	vp = kzalloc(sizeof(*vp), GFP_KERNEL_ACCOUNT);
	if (!vp)
		return NULL;

	vp->partition = pt;
	vp->index = index;
	mutex_init(&vp->lock);
	init_waitqueue_head(&vp->wait);
	return vp;
}

static int vp_create(struct mshv_vp *vp)
{
	int ret;

	ret = mshv_create_vp(&vp->partition->pool, vp->index, NUMA_NO_NODE, 0);
	if (ret)
		return ret;

	vp->created = true;
	return mshv_state_pages_map(vp);
}

/* A VP that nobody has seen yet can be taken back */
static void vp_uncreate(struct mshv_vp *vp)
{
	struct mshv_partition *pt = vp->partition;
	bool created = vp->created;
	u32 index = vp->index;

	mshv_vp_release(vp);
	if (created && hv_call_delete_vp(pt->id, index))
		pt_warn(pt, "VP %u cannot be deleted\n", index);
}

static int vp_create_file(struct mshv_partition *pt, u32 index,
			  struct file **file)
{
	struct mshv_vp *vp;
	int ret;

	vp = vp_alloc(pt, index);
	if (!vp)
		return -ENOMEM;

	ret = vp_create(vp);
	if (!ret) {
		*file = anon_inode_getfile("mshv_vp", &vp_fops, vp, O_RDWR);
		ret = PTR_ERR_OR_ZERO(*file);
	}
	if (ret) {
		vp_uncreate(vp);
		return ret;
	}

	(*file)->f_mode |= FMODE_LSEEK;

	/* The slot is reserved, so that this cannot fail */
	mshv_partition_get(pt);
	xa_store(&pt->vps, index, vp, GFP_KERNEL);
	mshv_debugfs_add_vp(vp);
	return 0;
}

/* As many as the hypervisor says, and as its messages can name */
static u32 vp_limit(void)
{
	return min_t(u32, ms_hyperv.max_vp_index, TLFS_VPSET_BANKS * 64);
}

/**
 * mshv_vp_ioctl_create() - MSHV_CREATE_VP
 * @object: partition, locked
 * @uarg: not used
 * @arg: struct mshv_create_vp
 *
 * Return: A file descriptor or a negative errno.
 */
long mshv_vp_ioctl_create(void *object, void __user *uarg, void *arg)
{
	const struct mshv_create_vp *args = arg;
	struct mshv_partition *pt = object;
	u32 index = args->vp_index;
	struct file *file;
	int fd, ret;

	if (index >= vp_limit())
		return -EINVAL;
	if (xa_load(&pt->vps, index))
		return -EEXIST;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	ret = xa_reserve(&pt->vps, index, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto put_fd;

	ret = vp_create_file(pt, index, &file);
	if (ret)
		goto release_slot;

	fd_install(fd, file);
	return fd;

release_slot:
	xa_release(&pt->vps, index);
put_fd:
	put_unused_fd(fd);
	return ret;
}

/**
 * mshv_vp_release() - free a VP; its end in the hypervisor is elsewhere
 * @vp: the VP, out of everybody's reach
 */
void mshv_vp_release(struct mshv_vp *vp)
{
	mshv_state_pages_unmap(vp);
	free_page((unsigned long)vp->control);
	kfree(vp);
}
