// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics pages (hypercalls.md 3.11): 512 counters, read-only to the root while
 * mapped, from the caller's pool. The numbering of a real build is not public; two
 * counters are known, and kept.
 */
#include "hc.h"
#include "internal.h"

static void *hypervisor_page;
static void *lp_pages[MAX_LPS];

/* Hypervisor and LP objects: the root's only, and one area. */
static u16 machine_page(const struct hcall *c, const struct hv_stats_input *in, void ***page)
{
	if (!partition_is_root(c->vp->pt))
		return HV_STATUS_ACCESS_DENIED;
	if (in->area != HV_STATS_AREA_SELF)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->type == HV_STATS_HYPERVISOR) {
		*page = &hypervisor_page;
		return bytes_zero(in->identity, sizeof(in->identity)) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
	}
	if (in->lp_index >= MAX_LPS || !lp_get(in->lp_index) || !bytes_zero(in->lp_rsvd, sizeof(in->lp_rsvd)))
		return HV_STATUS_INVALID_PARAMETER;
	*page = &lp_pages[in->lp_index];
	return HV_STATUS_SUCCESS;
}

/* The root has no parent: of its own objects only the area SELF. */
static u16 area_check(const struct partition *pt, u8 area)
{
	return area > (partition_is_root(pt) ? HV_STATS_AREA_SELF : HV_STATS_AREA_PARENT) ? HV_STATUS_INVALID_PARAMETER :
											     HV_STATUS_SUCCESS;
}

static u16 partition_page(struct hcall *c, const struct hv_stats_input *in, void ***page)
{
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (!status)
		status = area_check(pt, in->area);
	if (status)
		return status;
	*page = &pt->stats_page[in->area];
	return bytes_zero(in->identity + 8, 7) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

static u16 vp_page(struct hcall *c, const struct hv_stats_input *in, void ***page)
{
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_SELF | HC_ACTIVE, &pt, &vp);

	if (!status)
		status = area_check(pt, in->area);
	if (status)
		return status;
	*page = &vp->stats_page[in->area];
	return in->vp_flags || in->vp_rsvd ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

static u16 page_find(struct hcall *c, void ***page)
{
	const struct hv_stats_input *in = c->in;

	switch (in->type) {
	case HV_STATS_HYPERVISOR:
	case HV_STATS_LOGICAL_PROCESSOR:
		return machine_page(c, in, page);
	case HV_STATS_PARTITION:
		return partition_page(c, in, page);
	case HV_STATS_VP:
		return vp_page(c, in, page);
	}
	return HV_STATUS_INVALID_PARAMETER;
}

/* The page is where it is in the machine: only the root's space has it at that address. */
u16 hc_map_stats_page(struct hcall *c)
{
	void **page, *p;
	u16 status = page_find(c, &page);

	if (status)
		return status;
	if (!partition_is_root(c->vp->pt))
		return HV_STATUS_FEATURE_UNAVAILABLE;
	if (*page)
		return HV_STATUS_OPERATION_DENIED;
	p = pool_take(c->vp->pt);
	if (!p)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (page == &hypervisor_page)
		((u64 *)p)[HV_COUNTER_LOGICAL_PROCESSORS] = lp_count();
	pool_open(p, false);
	*page = p;
	*(u64 *)c->out = ptr_frame(p);
	return HV_STATUS_SUCCESS;
}

/* Back to the pool it came from, which is that of whoever mapped it. */
static void page_drop(void **page)
{
	if (!*page)
		return;
	pool_close(*page);
	pool_free(partition_by_slot(frame_get(ptr_frame(*page))->owner), *page);
	*page = NULL;
}

u16 hc_unmap_stats_page(struct hcall *c)
{
	void **page;
	u16 status = page_find(c, &page);

	if (status)
		return status;
	if (!*page)
		return HV_STATUS_OPERATION_DENIED;
	page_drop(page);
	return HV_STATUS_SUCCESS;
}

void stats_partition_release(struct partition *pt)
{
	for (u32 i = 0; i < ARRAY_SIZE(pt->stats_page); i++)
		page_drop(&pt->stats_page[i]);
}

void stats_vp_release(struct vp *vp)
{
	for (u32 i = 0; i < ARRAY_SIZE(vp->stats_page); i++)
		page_drop(&vp->stats_page[i]);
}

/* Pages of the machine, the root and its VPs: all in the root's pool. */
u32 stats_root_pages(void)
{
	u32 n = !!hypervisor_page + !!root->stats_page[0];

	for (u32 i = 0; i < MAX_LPS; i++)
		n += !!lp_pages[i];
	for (u32 i = 0; i < MAX_VPS; i++)
		if (vp_get(root, i))
			n += !!vp_get(root, i)->stats_page[0];
	return n;
}

void stats_vp_counter(struct vp *vp, u32 counter, u64 value)
{
	for (u32 i = 0; i < ARRAY_SIZE(vp->stats_page); i++)
		if (vp->stats_page[i])
			((volatile u64 *)vp->stats_page[i])[counter] = value;
}
