// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: the end of its children.
 *
 * Partitions outlive the kernel that made them.  The next kernel, started by
 * kexec or because this one crashed, takes all memory for its own, but what
 * they were given is not: a touch of a deposited page ends the machine.
 *
 * So a kernel that goes down ends them all.  That happens when no other CPU
 * runs any more: then nobody can make another one, nobody can touch what a
 * partition shares with its owner, and no lock matters.  Nothing is asked of
 * the owner, which will not run again either.
 *
 * A kernel that crashed does as little as it can.  The one that saves its
 * memory ends what it finds before it looks at that memory.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/kernel.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

/* More than any hypervisor has; for one that does not come to an end */
#define CHILDREN_MAX	65536

static u64 child_next(u64 previous)
{
	const struct tlfs_in_get_next_child_partition in = {
		.parent_id = mshv_root_pool.partition_id,
		.previous_child_id = previous,
	};
	struct tlfs_out_get_partition_id out;
	u64 status;

	status = mshv_hvcall(TLFS_CALL_GET_NEXT_CHILD_PARTITION,
			     &in, sizeof(in), &out, sizeof(out));
	if (status == TLFS_STATUS_SUCCESS)
		return out.partition_id;

	pr_err("cannot look for partitions: %s (%#llx)\n",
	       mshv_status_name(status), status);
	return TLFS_PARTITION_ID_INVALID;
}

/* Its processors stop and its memory is unmapped by the first of the calls */
static bool child_end(u64 id)
{
	u64 status;

	/* Refused if it never became active, or if its owner did this already */
	mshv_hvcall_fast(TLFS_CALL_FINALIZE_PARTITION, id, 0);
	mshv_pool_drain(id);
	status = mshv_hvcall_fast(TLFS_CALL_DELETE_PARTITION, id, 0);
	if (status == TLFS_STATUS_SUCCESS)
		return true;

	pr_err("partition %#llx cannot be deleted: %s (%#llx)\n", id,
	       mshv_status_name(status), status);
	return false;
}

/**
 * mshv_end_children() - end all partitions that the root has made
 *
 * Context: Only one CPU runs, and no child will be run by it again.
 */
void mshv_end_children(void)
{
	u64 id, left = TLFS_PARTITION_ID_INVALID;
	unsigned int ended = 0, i;

	for (i = 0; i < CHILDREN_MAX; i++) {
		id = child_next(left);
		if (id == TLFS_PARTITION_ID_INVALID)
			break;
		if (child_end(id))
			ended++;
		else
			left = id;
	}

	if (ended)
		pr_info("%u partitions ended\n", ended);
}
