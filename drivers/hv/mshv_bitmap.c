// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: which guest pages were accessed or written.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mshv.h"

/* Pages in one go: a multiple of 8 that one hypercall can do */
#define BITMAP_BATCH		4088

/**
 * struct bitmap_query - what is asked about each page
 * @partition: whose pages
 * @flags: TLFS_ACCESS_*, what is to be changed
 * @bit: TLFS_ACCESS_STATE_*, what is reported
 */
struct bitmap_query {
	struct mshv_partition *partition;
	u64 flags;
	u8 bit;
};

static const u64 bitmap_flags[MSHV_GPAP_ACCESS_TYPE_COUNT]
			     [MSHV_GPAP_ACCESS_OP_COUNT] = {
	[MSHV_GPAP_ACCESS_TYPE_ACCESSED] = {
		[MSHV_GPAP_ACCESS_OP_CLEAR] = TLFS_ACCESS_CLEAR_ACCESSED |
					      TLFS_ACCESS_CLEAR_DIRTY,
		[MSHV_GPAP_ACCESS_OP_SET] = TLFS_ACCESS_SET_ACCESSED,
	},
	[MSHV_GPAP_ACCESS_TYPE_DIRTY] = {
		[MSHV_GPAP_ACCESS_OP_CLEAR] = TLFS_ACCESS_CLEAR_DIRTY,
		[MSHV_GPAP_ACCESS_OP_SET] = TLFS_ACCESS_SET_ACCESSED |
					    TLFS_ACCESS_SET_DIRTY,
	},
};

/* One byte per page becomes one bit per page, in place */
static void bitmap_pack(u8 *states, unsigned int nr, u8 bit)
{
	unsigned int i;
	u8 byte = 0;

	for (i = 0; i < nr; i++) {
		byte |= (states[i] & bit ? 1 : 0) << (i % 8);
		if (i % 8 == 7 || i == nr - 1) {
			states[i / 8] = byte;
			byte = 0;
		}
	}
}

static int bitmap_get_batch(const struct bitmap_query *query, u64 gfn,
			    unsigned int nr, u8 *states, u8 __user *ubitmap)
{
	int ret;

	ret = hv_call_get_gpa_pages_access_states(query->partition->id,
						  query->flags, gfn, states,
						  nr);
	if (ret)
		return ret;

	mshv_region_merge_lost(query->partition, gfn, states, nr,
			       query->flags & TLFS_ACCESS_CLEAR_DIRTY);
	bitmap_pack(states, nr, query->bit);
	return copy_to_user(ubitmap, states, DIV_ROUND_UP(nr, 8)) ? -EFAULT : 0;
}

static int bitmap_get(const struct bitmap_query *query, u64 gfn, u64 left,
		      u8 __user *ubitmap)
{
	unsigned int nr;
	u8 *states;
	int ret = 0;

	states = kmalloc(BITMAP_BATCH, GFP_KERNEL_ACCOUNT);
	if (!states)
		return -ENOMEM;

	while (left && !ret) {
		nr = min_t(u64, left, BITMAP_BATCH);
		ret = bitmap_get_batch(query, gfn, nr, states, ubitmap);
		left -= nr;
		gfn += nr;
		ubitmap += nr / 8;
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}

	kfree(states);
	return ret;
}

/**
 * mshv_bitmap_ioctl_get() - MSHV_GET_GPAP_ACCESS_BITMAP
 * @object: partition, locked
 * @uarg: not used
 * @arg: struct mshv_gpap_access_bitmap
 *
 * Return: 0 or a negative errno.
 */
long mshv_bitmap_ioctl_get(void *object, void __user *uarg, void *arg)
{
	const struct mshv_gpap_access_bitmap *args = arg;
	struct mshv_partition *pt = object;
	struct bitmap_query query = { .partition = pt };
	u64 end;

	if (args->access_type >= MSHV_GPAP_ACCESS_TYPE_COUNT ||
	    args->access_op >= MSHV_GPAP_ACCESS_OP_COUNT ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) ||
	    !args->page_count || !args->bitmap_ptr ||
	    check_add_overflow(args->gpap_base, args->page_count, &end) ||
	    end > MSHV_MAX_GFN)
		return -EINVAL;

	query.flags = bitmap_flags[args->access_type][args->access_op];
	query.bit = args->access_type == MSHV_GPAP_ACCESS_TYPE_DIRTY ?
		    TLFS_ACCESS_STATE_DIRTY : TLFS_ACCESS_STATE_ACCESSED;

	return bitmap_get(&query, args->gpap_base, args->page_count,
			  u64_to_user_ptr(args->bitmap_ptr));
}
