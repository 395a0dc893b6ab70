// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: making hypercalls.
 *
 * Arguments travel in two pages per CPU that live as long as the kernel, the
 * input page shared with the IPI and TLB flush code.  One function fills
 * them, calls, and empties them, with interrupts off.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nmi.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm-generic/mshv_tlfs.h>

#define MSHV_ARG_ALIGN	8

static void * __percpu *hvcall_input;
static void * __percpu *hvcall_output;

static void __init hvcall_alloc_pages(void * __percpu *slots)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct page *page = alloc_pages_node(cpu_to_node(cpu),
						     GFP_KERNEL | __GFP_ZERO, 0);

		if (!page)
			panic("Hyper-V: no memory for hypercall arguments\n");
		*per_cpu_ptr(slots, cpu) = page_address(page);
	}
}

/**
 * mshv_root_alloc_args() - allocate the hypercall argument pages
 *
 * Unlike those of a guest they exist for all possible CPUs and stay when a CPU
 * goes offline: interrupts are moved away from a CPU after its hotplug
 * callbacks have run, and moving an interrupt takes a hypercall.
 */
void __init mshv_root_alloc_args(void)
{
	hvcall_input = (void * __percpu *)hyperv_pcpu_input_arg;
	hvcall_output = alloc_percpu(void *);
	if (!hvcall_output)
		panic("Hyper-V: no memory for hypercall arguments\n");

	hvcall_alloc_pages(hvcall_input);
	hvcall_alloc_pages(hvcall_output);
}

/* Input is up to two pieces, which follow each other in the page */
struct hvcall_piece {
	const void *data;
	size_t len;
};

struct hvcall_args {
	struct hvcall_piece in[2];
	size_t out_len;		/* length of the output list, 0 if none */
	size_t out_skip;	/* part of it that is not copied out */
	void *out;
};

static size_t hvcall_in_len(const struct hvcall_args *args)
{
	size_t len = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(args->in); i++)
		len += args->in[i].len;

	return len;
}

static void hvcall_fill(u8 *page, const struct hvcall_args *args, size_t in_len)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(args->in); i++) {
		memcpy(page, args->in[i].data, args->in[i].len);
		page += args->in[i].len;
	}
	memset(page, 0, ALIGN(in_len, MSHV_ARG_ALIGN) - in_len);
}

/* Returns the whole result, or all ones if nobody was called */
static u64 hvcall_issue(u64 control, const struct hvcall_args *args)
{
	size_t in_len = hvcall_in_len(args);
	unsigned long flags;
	u8 *in, *out;
	u64 result;

	if (!hvcall_input || !hvcall_output)
		return TLFS_RESULT_NO_HYPERCALLS;
	if (WARN_ON_ONCE(in_len > TLFS_PAGE_SIZE || args->out_len > TLFS_PAGE_SIZE))
		return TLFS_STATUS_INVALID_HYPERCALL_INPUT;

	local_irq_save(flags);
	in = *this_cpu_ptr(hvcall_input);
	out = *this_cpu_ptr(hvcall_output);
	hvcall_fill(in, args, in_len);
	memset(out, 0, args->out_len);
	result = hv_do_hypercall(control, in_len ? in : NULL,
				 args->out_len ? out : NULL);
	if (args->out_len > args->out_skip)
		memcpy(args->out, out + args->out_skip,
		       args->out_len - args->out_skip);
	local_irq_restore(flags);

	return result;
}

/**
 * mshv_hvcall_control() - make a hypercall with a ready-made control word
 * @control: hypercall input value
 * @in: input, header and lists
 * @in_len: its length, at most a page
 * @out: where the output goes
 * @out_len: its length, at most a page
 *
 * For a caller that passes on what somebody else composed and has checked.
 * All others use the typed functions below.
 *
 * Context: Any but NMI.
 * Return: The hypercall result value, status and completed reps; all ones if
 * there is no hypercall page.
 */
u64 mshv_hvcall_control(u64 control, const void *in, size_t in_len,
			void *out, size_t out_len)
{
	const struct hvcall_args args = {
		.in = { { in, in_len } },
		.out = out,
		.out_len = out_len,
	};

	return hvcall_issue(control, &args);
}
EXPORT_SYMBOL_GPL(mshv_hvcall_control);

/**
 * mshv_hvcall() - make a simple hypercall
 * @code: call code
 * @in: input
 * @in_len: length of the input, at most a page
 * @out: where the output goes, %NULL if the call has none
 * @out_len: length of the output, at most a page
 *
 * Context: Any but NMI.
 * Return: Status of the call.
 */
u64 mshv_hvcall(u16 code, const void *in, size_t in_len,
		void *out, size_t out_len)
{
	return mshv_hvcall_control(code, in, in_len, out, out_len) &
		TLFS_RESULT_STATUS_MASK;
}
EXPORT_SYMBOL_GPL(mshv_hvcall);

/**
 * mshv_hvcall_var() - make a simple hypercall with a variable header
 * @code: call code
 * @in: fixed header
 * @in_len: its length
 * @var: variable header
 * @nr_var: its length in units of 8 bytes
 * @out: where the output goes, %NULL if the call has none
 * @out_len: length of the output, at most a page
 *
 * Context: Any but NMI.
 * Return: Status of the call.
 */
u64 mshv_hvcall_var(u16 code, const void *in, size_t in_len,
		    const u64 *var, unsigned int nr_var,
		    void *out, size_t out_len)
{
	const struct hvcall_args args = {
		.in = { { in, in_len }, { var, nr_var * sizeof(*var) } },
		.out = out,
		.out_len = out_len,
	};
	u64 control = code | ((u64)nr_var << TLFS_CONTROL_VARHEAD_SHIFT);

	return hvcall_issue(control, &args) & TLFS_RESULT_STATUS_MASK;
}
EXPORT_SYMBOL_GPL(mshv_hvcall_var);

/* One entry: start at @reps->done, take over what was completed */
static u64 hvcall_rep_once(u16 code, const void *in, size_t in_len,
			   struct mshv_reps *reps)
{
	const size_t skip = reps->done * reps->out_size;
	const struct hvcall_args args = {
		.in = { { in, in_len },
			{ reps->in, reps->count * reps->in_size } },
		.out = reps->out + skip,
		.out_len = reps->count * reps->out_size,
		.out_skip = skip,
	};
	u64 control = code | ((u64)reps->count << TLFS_CONTROL_REPS_SHIFT) |
		((u64)reps->done << TLFS_CONTROL_START_SHIFT);
	u64 result = hvcall_issue(control, &args);
	u16 done;

	if (result == TLFS_RESULT_NO_HYPERCALLS)
		return MSHV_STATUS_NO_HYPERCALLS;

	done = (result & TLFS_RESULT_REPS_MASK) >> TLFS_RESULT_REPS_SHIFT;
	reps->done = clamp(done, reps->done, reps->count);

	return result & TLFS_RESULT_STATUS_MASK;
}

/**
 * mshv_hvcall_rep() - make a rep hypercall
 * @code: call code
 * @in: fixed header
 * @in_len: its length, a multiple of 8 bytes
 * @reps: the lists; @reps->done says where to start, and afterwards how far
 *	the call got, also when it failed
 *
 * Enters the hypervisor as often as it takes to complete all elements, with
 * interrupts on in between.
 *
 * Context: Any but NMI.
 * Return: Status of the call; success means that all elements are done.
 */
u64 mshv_hvcall_rep(u16 code, const void *in, size_t in_len,
		    struct mshv_reps *reps)
{
	u64 status = TLFS_STATUS_SUCCESS;
	u16 before;

	if (WARN_ON_ONCE(reps->count > TLFS_MAX_REPS))
		return TLFS_STATUS_INVALID_HYPERCALL_INPUT;

	while (reps->done < reps->count && status == TLFS_STATUS_SUCCESS) {
		before = reps->done;
		status = hvcall_rep_once(code, in, in_len, reps);
		touch_nmi_watchdog();

		/* Success without progress would go on for ever */
		if (status == TLFS_STATUS_SUCCESS && reps->done == before)
			status = TLFS_STATUS_OPERATION_FAILED;
	}

	return status;
}
EXPORT_SYMBOL_GPL(mshv_hvcall_rep);

/**
 * mshv_hvcall_fast() - make a hypercall whose input fits in two registers
 * @code: call code, of a call without output
 * @in0: bytes 0 to 7 of the input
 * @in1: bytes 8 to 15 of the input, 0 if it is shorter
 *
 * Context: Any.
 * Return: Status of the call.
 */
u64 mshv_hvcall_fast(u16 code, u64 in0, u64 in1)
{
	if (!hv_hypercall_pg)
		return MSHV_STATUS_NO_HYPERCALLS;

	return hv_do_fast_hypercall16(code, in0, in1) & TLFS_RESULT_STATUS_MASK;
}
EXPORT_SYMBOL_GPL(mshv_hvcall_fast);

#define STATUS(name_, errno_) \
	{ TLFS_STATUS_##name_, -(errno_), #name_ }

static const struct {
	u16 status;
	s16 error;
	const char *name;
} hvcall_statuses[] = {
	STATUS(SUCCESS, 0),
	STATUS(INVALID_HYPERCALL_CODE, EINVAL),
	STATUS(INVALID_HYPERCALL_INPUT, EINVAL),
	STATUS(INVALID_ALIGNMENT, EIO),
	STATUS(INVALID_PARAMETER, EINVAL),
	STATUS(ACCESS_DENIED, EACCES),
	STATUS(INVALID_PARTITION_STATE, EIO),
	STATUS(OPERATION_DENIED, EACCES),
	STATUS(UNKNOWN_PROPERTY, EINVAL),
	STATUS(PROPERTY_VALUE_OUT_OF_RANGE, EINVAL),
	STATUS(INSUFFICIENT_MEMORY, ENOMEM),
	STATUS(PARTITION_TOO_DEEP, EIO),
	STATUS(INVALID_PARTITION_ID, EINVAL),
	STATUS(INVALID_VP_INDEX, EINVAL),
	STATUS(NOT_FOUND, EIO),
	STATUS(INVALID_PORT_ID, EINVAL),
	STATUS(INVALID_CONNECTION_ID, EINVAL),
	STATUS(INSUFFICIENT_BUFFERS, EIO),
	STATUS(NOT_ACKNOWLEDGED, EIO),
	STATUS(INVALID_VP_STATE, EIO),
	STATUS(ACKNOWLEDGED, EIO),
	STATUS(INVALID_SYNIC_STATE, EIO),
	STATUS(OBJECT_IN_USE, EBUSY),
	STATUS(INVALID_PROXIMITY_DOMAIN_INFO, EIO),
	STATUS(NO_DATA, EIO),
	STATUS(NO_RESOURCES, EIO),
	STATUS(FEATURE_UNAVAILABLE, EOPNOTSUPP),
	STATUS(PROCESSOR_FEATURE_NOT_SUPPORTED, EOPNOTSUPP),
	STATUS(INSUFFICIENT_BUFFER, EIO),
	STATUS(PROCESSOR_STARTUP_TIMEOUT, EIO),
	STATUS(INVALID_LP_INDEX, EINVAL),
	STATUS(INVALID_REGISTER_VALUE, EINVAL),
	STATUS(INVALID_VTL_STATE, EIO),
	STATUS(INVALID_DEVICE_ID, EINVAL),
	STATUS(INVALID_DEVICE_STATE, EIO),
	STATUS(OPERATION_FAILED, EIO),
	STATUS(INSUFFICIENT_ROOT_MEMORY, ENOMEM),
	STATUS(INSUFFICIENT_CONTIGUOUS_MEMORY, ENOMEM),
	STATUS(TIME_OUT, EIO),
	STATUS(CALL_PENDING, EIO),
	STATUS(INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, ENOMEM),
	STATUS(VTL_ALREADY_ENABLED, EIO),
	STATUS(UNKNOWN_REGISTER_NAME, EINVAL),
	{ MSHV_STATUS_NO_HYPERCALLS, -EOPNOTSUPP, "NO_HYPERCALLS" },
};

/**
 * mshv_status_to_errno() - translate a hypercall status
 * @status: status of a hypercall
 *
 * Return: 0 or a negative errno; -EIO for a status that is not known.
 */
int mshv_status_to_errno(u64 status)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hvcall_statuses); i++) {
		if (hvcall_statuses[i].status == status)
			return hvcall_statuses[i].error;
	}

	return -EIO;
}
EXPORT_SYMBOL_GPL(mshv_status_to_errno);

/**
 * mshv_status_name() - name of a hypercall status, for messages
 * @status: status of a hypercall
 *
 * Return: A constant string; print the number next to it.
 */
const char *mshv_status_name(u64 status)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hvcall_statuses); i++) {
		if (hvcall_statuses[i].status == status)
			return hvcall_statuses[i].name;
	}

	return "unknown";
}
EXPORT_SYMBOL_GPL(mshv_status_name);
