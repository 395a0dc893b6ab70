// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: hypercalls that user space makes.
 *
 * Only those in one table, each only on the kinds of file descriptor that the
 * table names, and always about the partition that the file descriptor stands
 * for.  Lists must fit where the caller says they are, input beyond what the
 * caller gave is zero, and output is only what the hypervisor wrote.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mshv.h"
#include "mshv_trace.h"

/**
 * struct hvcall_desc - a hypercall that user space may make
 * @code: call code
 * @fds: where, a mask of BIT(MSHV_FD_*)
 * @in_len: length of the input, without elements
 * @out_len: length of the output, without elements
 * @in_elem: length of an input element
 * @out_elem: length of an output element
 * @async: the hypervisor may finish it later
 */
struct hvcall_desc {
	u16 code;
	u8 fds;
	u16 in_len;
	u16 out_len;
	u8 in_elem;
	u8 out_elem;
	bool async;
};

#define ON_DEVICE	BIT(MSHV_FD_DEVICE)
#define ON_PARTITION	BIT(MSHV_FD_PARTITION)
#define ON_GUEST	(BIT(MSHV_FD_PARTITION) | BIT(MSHV_FD_VP))

/* Some callers leave 4 bytes out at the end, others send them */
#define INTERCEPT_RESULT_LEN	64

#define PROPERTY_EX_MAX_LEN	4072

static const struct hvcall_desc hvcall_descs[] = {
	{
		.code = TLFS_CALL_GET_VP_REGISTERS,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_get_vp_registers),
		.in_elem = sizeof(u32),
		.out_elem = sizeof(struct tlfs_reg128),
	}, {
		.code = TLFS_CALL_SET_VP_REGISTERS,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_set_vp_registers),
		.in_elem = sizeof(struct tlfs_reg_assoc),
	}, {
		.code = TLFS_CALL_TRANSLATE_VIRTUAL_ADDRESS,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_translate_virtual_address),
		.out_len = sizeof(struct tlfs_out_translate_virtual_address),
	}, {
		.code = TLFS_CALL_ASSERT_VIRTUAL_INTERRUPT,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_assert_virtual_interrupt),
	}, {
		.code = TLFS_CALL_CLEAR_VIRTUAL_INTERRUPT,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_partition),
	}, {
		.code = TLFS_CALL_SIGNAL_EVENT_DIRECT,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_signal_event_direct),
		.out_len = sizeof(struct tlfs_out_signal_event_direct),
	}, {
		.code = TLFS_CALL_POST_MESSAGE_DIRECT,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_post_message_direct),
	}, {
		.code = TLFS_CALL_GET_PARTITION_PROPERTY,
		.fds = ON_GUEST | ON_DEVICE,
		.in_len = sizeof(struct tlfs_in_get_partition_property),
		.out_len = sizeof(struct tlfs_out_get_partition_property),
	}, {
		.code = TLFS_CALL_GET_PARTITION_PROPERTY_EX,
		.fds = ON_GUEST | ON_DEVICE,
		.in_len = sizeof(struct tlfs_in_get_partition_property_ex),
		.out_len = PROPERTY_EX_MAX_LEN,
	}, {
		.code = TLFS_CALL_SET_PARTITION_PROPERTY,
		.fds = ON_PARTITION,
		.in_len = sizeof(struct tlfs_in_set_partition_property),
		.async = true,
	}, {
		.code = TLFS_CALL_INSTALL_INTERCEPT,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_install_intercept),
	}, {
		.code = TLFS_CALL_REGISTER_INTERCEPT_RESULT,
		.fds = ON_GUEST,
		.in_len = INTERCEPT_RESULT_LEN,
	}, {
		.code = TLFS_CALL_GET_VP_CPUID_VALUES,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_get_vp_cpuid_values),
		.in_elem = sizeof(struct tlfs_cpuid_leaf),
		.out_elem = sizeof(struct tlfs_cpuid_values),
	}, {
		.code = TLFS_CALL_GET_GPA_PAGES_ACCESS_STATES,
		.fds = ON_GUEST,
		.in_len = sizeof(struct tlfs_in_get_gpa_pages_access_states),
		.out_elem = sizeof(u8),
	},
};

/**
 * struct hvcall - a hypercall on its way through the kernel
 * @desc: what it is
 * @partition: whose, NULL for the root itself
 * @pool: pool it draws on
 * @args: argument of the ioctl
 * @in: input, longer than user space gave, filled up with zeros
 * @out: output
 * @in_len: length of @in
 * @out_len: length of @out
 * @reps: elements asked for and done
 * @status: how it ended
 */
struct hvcall {
	const struct hvcall_desc *desc;
	struct mshv_partition *partition;
	struct mshv_pool *pool;
	struct mshv_root_hvcall *args;
	void *in;
	void *out;
	size_t in_len;
	size_t out_len;
	struct mshv_reps reps;
	u64 status;
};

static const struct hvcall_desc *hvcall_find(u16 code, enum mshv_fd fd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hvcall_descs); i++)
		if (hvcall_descs[i].code == code &&
		    hvcall_descs[i].fds & BIT(fd))
			return &hvcall_descs[i];

	return NULL;
}

static bool hvcall_args_valid(const struct mshv_root_hvcall *args)
{
	if (args->status || !args->in_ptr || args->in_sz < sizeof(u64) ||
	    args->in_sz > TLFS_PAGE_SIZE ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)))
		return false;

	return !args->out_ptr ||
		(args->out_sz && args->out_sz <= TLFS_PAGE_SIZE);
}

static bool hvcall_is_rep(const struct hvcall *call)
{
	return call->args->reps &&
		(call->desc->in_elem || call->desc->out_elem);
}

static bool hvcall_lists_fit(const struct hvcall *call)
{
	const struct hvcall_desc *desc = call->desc;
	size_t reps = call->args->reps;

	if (reps > TLFS_MAX_REPS)
		return false;
	if (desc->in_elem && call->args->in_sz < desc->in_len + reps * desc->in_elem)
		return false;

	return reps * desc->out_elem <= TLFS_PAGE_SIZE;
}

static bool hvcall_registers_are_harmless(const struct hvcall *call)
{
	const struct tlfs_reg_assoc *reg = call->in + call->desc->in_len;
	u16 i;

	for (i = 0; i < call->args->reps; i++)
		if (reg[i].name == TLFS_REG_EXPLICIT_SUSPEND ||
		    reg[i].name == TLFS_REG_INTERCEPT_SUSPEND ||
		    reg[i].name == TLFS_REG_DISPATCH_SUSPEND)
			return false;

	return true;
}

static bool hvcall_property_is_harmless(const struct hvcall *call)
{
	const struct tlfs_in_set_partition_property *in = call->in;

	return in->property_code != TLFS_PROPERTY_SUSPEND;
}

/*
 * The kernel resumes and suspends VPs.  A VP that runs behind its back would
 * go on running when the partition ends.
 */
static bool hvcall_is_harmless(const struct hvcall *call)
{
	switch (call->desc->code) {
	case TLFS_CALL_SET_VP_REGISTERS:
		return hvcall_registers_are_harmless(call);
	case TLFS_CALL_SET_PARTITION_PROPERTY:
		return hvcall_property_is_harmless(call);
	default:
		return true;
	}
}

static int hvcall_alloc(struct hvcall *call)
{
	const struct mshv_root_hvcall *args = call->args;
	const struct hvcall_desc *desc = call->desc;
	size_t out_len = desc->out_len + args->reps * desc->out_elem;

	call->in_len = max_t(size_t, args->in_sz, desc->in_len);
	call->out_len = out_len;

	/* Room for all that will be copied to the caller, too */
	call->in = kzalloc(call->in_len, GFP_KERNEL_ACCOUNT);
	call->out = kzalloc(max_t(size_t, out_len, args->out_sz),
			    GFP_KERNEL_ACCOUNT);
	return call->in && call->out ? 0 : -ENOMEM;
}

static int hvcall_read_input(struct hvcall *call)
{
	u64 id = call->partition ? call->partition->id : TLFS_PARTITION_ID_SELF;

	if (copy_from_user(call->in, u64_to_user_ptr(call->args->in_ptr),
			   call->args->in_sz))
		return -EFAULT;

	/* The partition id comes first in all of them */
	memcpy(call->in, &id, sizeof(id));
	return hvcall_is_harmless(call) ? 0 : -EINVAL;
}

static u64 hvcall_issue(struct hvcall *call)
{
	u64 control = call->desc->code;

	if (hvcall_is_rep(call))
		return mshv_hvcall_rep(call->desc->code, call->in,
				       call->desc->in_len, &call->reps);

	/* Repetitions where there are none: the hypervisor says what it says */
	control |= (u64)call->args->reps << TLFS_CONTROL_REPS_SHIFT;
	return mshv_hvcall_control(control, call->in, call->in_len,
				   call->out, call->out_len) &
		TLFS_RESULT_STATUS_MASK;
}

/* Issue an asynchronous hypercall and wait until it is really done */
static int hvcall_issue_async(struct hvcall *call)
{
	struct mshv_partition *pt = call->partition;
	int ret;

	ret = mshv_partition_begin_async(pt);
	if (ret)
		return ret;

	call->status = hvcall_issue(call);
	if (call->status == TLFS_STATUS_CALL_PENDING) {
		/* Unless it ends, it has no status */
		call->status = TLFS_STATUS_SUCCESS;
		ret = mshv_partition_wait_async(pt, &call->status);
		if (ret)
			return ret;
	}

	mshv_partition_end_async(pt);
	return 0;
}

/* A translation may have to wait for memory that is not mapped */
static bool hvcall_is_missing_memory(const struct hvcall *call,
				     unsigned int *tries)
{
	return call->desc->code == TLFS_CALL_TRANSLATE_VIRTUAL_ADDRESS &&
		call->status == TLFS_STATUS_SUCCESS &&
		mshv_translate_again(call->partition, call->out, tries);
}

static int hvcall_run(struct hvcall *call)
{
	struct mshv_retry retry = MSHV_RETRY(call->pool);
	unsigned int tries = MSHV_TRANSLATE_TRIES;
	int ret;

	call->reps.in = call->desc->in_elem ? call->in + call->desc->in_len : NULL;
	call->reps.in_size = call->desc->in_elem;
	call->reps.out = call->desc->out_elem ? call->out : NULL;
	call->reps.out_size = call->desc->out_elem;
	call->reps.count = call->args->reps;

	do {
		if (call->desc->async) {
			ret = hvcall_issue_async(call);
			if (ret)
				return ret;
		} else {
			call->status = hvcall_issue(call);
		}
	} while (hvcall_is_missing_memory(call, &tries) ||
		 mshv_retry(&retry, call->status));

	return retry.error;
}

static int hvcall_reply(struct hvcall *call, void __user *uarg, int ret)
{
	struct mshv_root_hvcall __user *uargs = uarg;
	struct mshv_root_hvcall *args = call->args;

	if (put_user((u16)call->status, &uargs->status) ||
	    put_user(call->reps.done, &uargs->reps))
		return -EFAULT;

	if (!ret && args->out_ptr &&
	    copy_to_user(u64_to_user_ptr(args->out_ptr), call->out,
			 args->out_sz))
		return -EFAULT;

	return ret;
}

/* The hypervisor was asked: it has the last word, and its status goes back */
static int hvcall_make(struct hvcall *call, void __user *uarg)
{
	int ret;

	ret = hvcall_alloc(call);
	if (!ret)
		ret = hvcall_read_input(call);
	if (ret)
		return ret;

	call->status = TLFS_STATUS_SUCCESS;
	ret = hvcall_run(call);
	trace_mshv_hvcall(call->desc->code, call->args->reps, call->reps.done,
			  call->status);
	if (ret && call->status == TLFS_STATUS_SUCCESS)
		return ret;

	return hvcall_reply(call, uarg, ret);
}

static long hvcall_ioctl(enum mshv_fd fd, struct mshv_partition *pt,
			 void __user *uarg, struct mshv_root_hvcall *args)
{
	struct hvcall call = {
		.partition = pt,
		.pool = pt ? &pt->pool : &mshv_root_pool,
		.args = args,
	};
	long ret;

	if (!hvcall_args_valid(args))
		return -EINVAL;

	call.desc = hvcall_find(args->code, fd);
	if (!call.desc || !hvcall_lists_fit(&call))
		return -EINVAL;

	ret = hvcall_make(&call, uarg);
	kfree(call.in);
	kfree(call.out);
	return ret;
}

/**
 * mshv_hvcall_ioctl_device() - MSHV_ROOT_HVCALL on /dev/mshv
 * @object: not used
 * @uarg: struct mshv_root_hvcall, its status and reps are written
 * @arg: copy of it
 *
 * Return: 0 or a negative errno.
 */
long mshv_hvcall_ioctl_device(void *object, void __user *uarg, void *arg)
{
	return hvcall_ioctl(MSHV_FD_DEVICE, NULL, uarg, arg);
}

/**
 * mshv_hvcall_ioctl_partition() - MSHV_ROOT_HVCALL on a partition
 * @object: partition, locked
 * @uarg: struct mshv_root_hvcall, its status and reps are written
 * @arg: copy of it
 *
 * Return: 0 or a negative errno.
 */
long mshv_hvcall_ioctl_partition(void *object, void __user *uarg, void *arg)
{
	return hvcall_ioctl(MSHV_FD_PARTITION, object, uarg, arg);
}

/**
 * mshv_hvcall_ioctl_vp() - MSHV_ROOT_HVCALL on a VP
 * @object: VP, locked
 * @uarg: struct mshv_root_hvcall, its status and reps are written
 * @arg: copy of it
 *
 * Return: 0 or a negative errno.
 */
long mshv_hvcall_ioctl_vp(void *object, void __user *uarg, void *arg)
{
	struct mshv_vp *vp = object;

	return hvcall_ioctl(MSHV_FD_VP, vp->partition, uarg, arg);
}
