// SPDX-License-Identifier: GPL-2.0
/* Memory pools and guest-physical mappings (hypercalls.md 3.3, 3.4). */
#include "hc.h"
#include "internal.h"

#define CHILD_GFNS	(1ull << (CHILD_GPA_BITS - PAGE_SHIFT))

/* ---- pools ---- */

u16 hc_deposit_memory_begin(struct hcall *c)
{
	const struct hv_deposit_input *in = c->in;

	return hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_CREATED | HC_ACTIVE, &c->pt);
}

u16 hc_deposit_memory(struct hcall *c, u32 index)
{
	const u64 *gfn = c->list;

	return pool_deposit(c->pt, gfn[index]);
}

static u16 pool_target(struct hcall *c)
{
	const struct hv_withdraw_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_ANY_STATE, &c->pt);

	if (status)
		return status;
	return hc_check_proximity(&in->proximity);
}

u16 hc_withdraw_memory_begin(struct hcall *c)
{
	return pool_target(c);
}

/* NO_RESOURCES is the normal end of a drain. */
u16 hc_withdraw_memory(struct hcall *c, u32 index)
{
	u64 *out = c->out;

	return pool_withdraw(c->pt, &out[index]) ? HV_STATUS_SUCCESS : HV_STATUS_NO_RESOURCES;
}

u16 hc_get_memory_balance(struct hcall *c)
{
	struct hv_balance_output *out = c->out;
	u16 status = pool_target(c);

	if (status)
		return status;
	out->pages_available = c->pt->pool.nr_free;
	out->pages_in_use = c->pt->pool.nr_used;
	return HV_STATUS_SUCCESS;
}

/* ---- flags ---- */

#define MAP_RIGHTS	(HV_MAP_READABLE | HV_MAP_WRITABLE | HV_MAP_EXECUTABLE)
#define MAP_AD		(HV_MAP_CLEAR_ACCESSED | HV_MAP_SET_ACCESSED | HV_MAP_CLEAR_DIRTY | HV_MAP_SET_DIRTY)
#define MAP_FLAGS	(MAP_RIGHTS | HV_MAP_ADJUSTABLE | HV_MAP_FIELD_17_16 | HV_MAP_NO_OVERLAY | HV_MAP_NOT_CACHED | \
			 MAP_AD | HV_MAP_DONT_SET_RANGE_ACCESSED | HV_MAP_LARGE_PAGE)

/* Rights: none, R, RW, RX, RWX; both execute bits or neither (no mode-based execute control here). */
static bool rights_ok(u32 flags)
{
	u32 x = flags & HV_MAP_EXECUTABLE;

	if (x && x != HV_MAP_EXECUTABLE)
		return false;
	return !(flags & (HV_MAP_WRITABLE | HV_MAP_EXECUTABLE)) || (flags & HV_MAP_READABLE);
}

static bool ad_ok(u32 flags)
{
	return (flags & (HV_MAP_CLEAR_ACCESSED | HV_MAP_SET_ACCESSED)) != (HV_MAP_CLEAR_ACCESSED | HV_MAP_SET_ACCESSED) &&
	       (flags & (HV_MAP_CLEAR_DIRTY | HV_MAP_SET_DIRTY)) != (HV_MAP_CLEAR_DIRTY | HV_MAP_SET_DIRTY);
}

/* One of NO_ACCESS, ZEROED, ONES; the last two are not offered. */
static u16 map_flags_check(const struct partition *pt, u32 flags)
{
	u32 special = flags & HV_MAP_FIELD_17_16;

	if ((flags & ~MAP_FLAGS) || !rights_ok(flags) || !ad_ok(flags))
		return HV_STATUS_INVALID_PARAMETER;
	if (special && (special != HV_MAP_NO_ACCESS || (flags & HV_MAP_NOT_CACHED)))
		return HV_STATUS_INVALID_PARAMETER;
	if ((flags & HV_MAP_LARGE_PAGE) &&
	    ((flags & HV_MAP_NOT_CACHED) || !(pt->flags & HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED)))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static u32 map_prot(u32 flags)
{
	if ((flags & HV_MAP_NO_ACCESS) || !(flags & HV_MAP_READABLE))
		return NPT_NOACCESS;
	return NPT_R | (flags & HV_MAP_WRITABLE ? NPT_W : 0) | (flags & HV_MAP_EXECUTABLE ? NPT_X : 0) |
	       (flags & HV_MAP_NOT_CACHED ? NPT_UC : 0);
}

/* ---- one mapping ---- */

/* @nr frames from @pfn are the root's RAM; for NOT_CACHED it is one, which is no RAM, and none of the hypervisor's. */
static u16 source_check(u64 pfn, u32 nr, u32 flags)
{
	if (pfn >> (features_phys_bits() - PAGE_SHIFT))
		return HV_STATUS_INVALID_PARAMETER;
	if (flags & HV_MAP_NOT_CACHED) {
		const struct frame *f = frame_get(pfn);

		return pfn == APIC_FRAME || (f && f->state != FRAME_NOT_RAM) ? HV_STATUS_OPERATION_DENIED :
									      HV_STATUS_SUCCESS;
	}
	for (u32 i = 0; i < nr; i++) {
		const struct frame *f = frame_get(pfn + i);

		if (!f || f->state != FRAME_ROOT)
			return HV_STATUS_OPERATION_DENIED;
	}
	return HV_STATUS_SUCCESS;
}

static int flag_tristate(u32 flags, u32 set, u32 clear)
{
	return flags & set ? 1 : flags & clear ? 0 : -1;
}

static void ad_apply(struct partition *pt, u64 gfn, u32 flags)
{
	if (flags & MAP_AD)
		npt_set_ad(pt, gfn, flag_tristate(flags, HV_MAP_SET_ACCESSED, HV_MAP_CLEAR_ACCESSED),
			   flag_tristate(flags, HV_MAP_SET_DIRTY, HV_MAP_CLEAR_DIRTY));
}

/* The root on itself: rights of identity pages that are its own. */
static u16 root_map(u64 gfn, u64 source, u32 flags)
{
	const struct frame *f = frame_get(gfn);
	u32 prot = map_prot(flags);

	if (gfn != source || !f || f->state != FRAME_ROOT || (flags & (HV_MAP_LARGE_PAGE | HV_MAP_FIELD_17_16)))
		return HV_STATUS_ACCESS_DENIED;
	npt_root_open(gfn, prot == NPT_NOACCESS ? 0 : prot);
	npt_flush_later(root);
	return HV_STATUS_SUCCESS;
}

static u16 gpa_map(struct hcall *c, u64 gfn, u64 source, u32 flags)
{
	bool large = flags & HV_MAP_LARGE_PAGE;
	u32 nr = large ? PAGES_PER_LARGE : 1;
	u32 prot = map_prot(flags);
	u16 status;

	if (partition_is_root(c->pt))
		return root_map(gfn, source, flags);
	if (gfn >= CHILD_GFNS || (large && ((gfn & (PAGES_PER_LARGE - 1)))))
		return HV_STATUS_INVALID_PARAMETER;
	if (!(flags & HV_MAP_NO_ACCESS)) {
		if (large && (source & (PAGES_PER_LARGE - 1)))
			return HV_STATUS_INVALID_PARAMETER;
		status = source_check(source, nr, flags);
		if (status)
			return status;
	}
	status = npt_map(c->pt, gfn, source, prot, large);
	for (u32 i = 0; !status && (flags & MAP_AD) && i < nr; i++)	/* tracked, a large page is 512 small ones */
		ad_apply(c->pt, gfn + i, flags);
	return status;
}

/* The whole range first: an element that wraps round would be inside it again. */
static bool range_ok(u64 base, u32 count, bool large)
{
	return base < CHILD_GFNS && (u64)count * (large ? PAGES_PER_LARGE : 1) <= (1ull << 52) - base;
}

static u64 element_gfn(u64 base, u32 index, bool large)
{
	return base + (u64)index * (large ? PAGES_PER_LARGE : 1);
}

/* ---- MapGpaPages, UnmapGpaPages ---- */

u16 hc_map_gpa_pages_begin(struct hcall *c)
{
	const struct hv_map_gpa_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_ACTIVE, &c->pt);

	if (status)
		return status;
	status = map_flags_check(c->pt, in->flags);
	if (status)
		return status;
	return range_ok(in->base_gfn, c->count, in->flags & HV_MAP_LARGE_PAGE) ? HV_STATUS_SUCCESS :
	       HV_STATUS_INVALID_PARAMETER;
}

u16 hc_map_gpa_pages(struct hcall *c, u32 index)
{
	const struct hv_map_gpa_input *in = c->in;
	const u64 *source = c->list;

	return gpa_map(c, element_gfn(in->base_gfn, index, in->flags & HV_MAP_LARGE_PAGE), source[index], in->flags);
}

u16 hc_unmap_gpa_pages_begin(struct hcall *c)
{
	const struct hv_unmap_gpa_input *in = c->in;
	bool large = in->flags & HV_UNMAP_LARGE_PAGE;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &c->pt);

	if (status)
		return status;
	if ((in->flags & ~(HV_UNMAP_KEEP_PRECOMMITTED | HV_UNMAP_LARGE_PAGE)) || !range_ok(in->base_gfn, c->count, large))
		return HV_STATUS_INVALID_PARAMETER;
	return large && (in->base_gfn & (PAGES_PER_LARGE - 1)) ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

/* Of a large unit either all or nothing is mapped, by large page or by small ones. */
static bool unit_whole(struct partition *pt, u64 gfn)
{
	struct npt_entry first = npt_lookup(pt, gfn);

	if (first.large)
		return true;
	for (u32 i = 1; i < PAGES_PER_LARGE; i++)
		if (!npt_lookup(pt, gfn + i).prot != !first.prot)
			return false;
	return true;
}

u16 hc_unmap_gpa_pages(struct hcall *c, u32 index)
{
	const struct hv_unmap_gpa_input *in = c->in;
	bool large = in->flags & HV_UNMAP_LARGE_PAGE;
	u64 gfn = element_gfn(in->base_gfn, index, large);

	if (gfn >= CHILD_GFNS || (large && !unit_whole(c->pt, gfn)))
		return HV_STATUS_INVALID_PARAMETER;
	return npt_unmap(c->pt, gfn, large);
}

/* ---- sparse forms ---- */

u16 hc_map_sparse_gpa_pages_begin(struct hcall *c)
{
	const struct hv_map_sparse_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_ACTIVE, &c->pt);

	return status ? status : map_flags_check(c->pt, in->flags);
}

u16 hc_map_sparse_gpa_pages(struct hcall *c, u32 index)
{
	const struct hv_map_sparse_input *in = c->in;
	const struct hv_sparse_element *e = c->list;

	return gpa_map(c, e[index].target_gfn, e[index].source_gfn, in->flags);
}

u16 hc_modify_sparse_gpa_pages_begin(struct hcall *c)
{
	const struct hv_modify_sparse_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_ACTIVE, &c->pt);

	if (status)
		return status;
	/* A mapping without access keeps no source to give rights to. */
	if (in->rsvd || (in->flags & (HV_MAP_FIELD_17_16 | HV_MAP_LARGE_PAGE)))
		return HV_STATUS_INVALID_PARAMETER;
	return map_flags_check(c->pt, in->flags);
}

u16 hc_modify_sparse_gpa_pages(struct hcall *c, u32 index)
{
	const struct hv_modify_sparse_input *in = c->in;
	u64 gfn = ((const u64 *)c->list)[index];
	struct npt_entry e;
	u16 status;

	if (partition_is_root(c->pt))
		return root_map(gfn, gfn, in->flags);
	if (gfn >= CHILD_GFNS)
		return HV_STATUS_INVALID_PARAMETER;
	e = npt_lookup(c->pt, gfn);
	if (!e.prot || (e.prot & NPT_NOACCESS))
		return HV_STATUS_OPERATION_DENIED;
	status = npt_map(c->pt, gfn, e.pfn, map_prot(in->flags) | (e.prot & NPT_UC), false);
	if (status)
		return status;
	npt_set_ad(c->pt, gfn, e.accessed, e.dirty);
	ad_apply(c->pt, gfn, in->flags);
	return HV_STATUS_SUCCESS;
}

/* ---- GetGpaPagesAccessStates ---- */

#define ACCESS_BOTH(f)	(((f) & (HV_ACCESS_CLEAR_ACCESSED | HV_ACCESS_SET_ACCESSED)) == \
			 (HV_ACCESS_CLEAR_ACCESSED | HV_ACCESS_SET_ACCESSED) || \
			 ((f) & (HV_ACCESS_CLEAR_DIRTY | HV_ACCESS_SET_DIRTY)) == \
			 (HV_ACCESS_CLEAR_DIRTY | HV_ACCESS_SET_DIRTY))

u16 hc_get_gpa_pages_access_states_begin(struct hcall *c)
{
	const struct hv_access_states_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &c->pt);

	if (status)
		return status;
	/* Tracking off: INVALID_PARAMETER is a guess. */
	if ((in->flags & ~BITS(3, 0)) || ACCESS_BOTH(in->flags) || !range_ok(in->base_gfn, c->count, false) ||
	    !c->pt->pages_tracked)
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

/* The state as it was before the change the flags ask for. */
u16 hc_get_gpa_pages_access_states(struct hcall *c, u32 index)
{
	const struct hv_access_states_input *in = c->in;
	u64 gfn = in->base_gfn + index;
	struct npt_entry was;

	if (gfn >= CHILD_GFNS)
		return HV_STATUS_INVALID_PARAMETER;
	was = npt_set_ad(c->pt, gfn, flag_tristate(in->flags, HV_ACCESS_SET_ACCESSED, HV_ACCESS_CLEAR_ACCESSED),
			 flag_tristate(in->flags, HV_ACCESS_SET_DIRTY, HV_ACCESS_CLEAR_DIRTY));
	((u8 *)c->out)[index] = (was.prot && was.accessed ? HV_ACCESS_STATE_ACCESSED : 0) |
				(was.prot && was.dirty ? HV_ACCESS_STATE_DIRTY : 0);
	return HV_STATUS_SUCCESS;
}
