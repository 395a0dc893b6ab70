// SPDX-License-Identifier: GPL-2.0
/* A partition's memory, as the hypervisor reads and writes it on a VP's behalf. */
#include "hv.h"

/* Only RAM that is the root's, or that is shown to it, may be reached by name. */
static bool frame_reachable(u64 pfn)
{
	const struct frame *f = frame_get(pfn);

	return f && (f->state == FRAME_ROOT || f->state == FRAME_SHARED || f->state == FRAME_POOL_STATE);
}

void *gpa_ptr(struct partition *pt, u64 gpa, u32 access)
{
	struct npt_entry e = npt_lookup(pt, gpa >> PAGE_SHIFT);

	if ((e.prot & access) != access || (e.prot & NPT_NOACCESS) || !e.prot)
		return NULL;
	if (!frame_reachable(e.pfn))
		return NULL;
	if (!partition_is_root(pt) && (!e.accessed || (!e.dirty && (access & NPT_W))))
		npt_mark(pt, gpa >> PAGE_SHIFT, access & NPT_W);
	return frame_ptr(e.pfn) + (gpa & (PAGE_SIZE - 1));
}
