// SPDX-License-Identifier: GPL-2.0
/* What the handlers of hypercalls have in common: whom a call names, and whether it may. */
#include "hc.h"
#include "internal.h"

static bool relation_ok(const struct hcall *c, const struct partition *pt, u32 who)
{
	if (pt == c->vp->pt)
		return (who & HC_SELF) || ((who & HC_ROOT_SELF) && partition_is_root(pt));
	return (who & HC_CHILD) && pt->parent == c->vp->pt;
}

u16 hc_partition(struct hcall *c, u64 id, u32 who, struct partition **out)
{
	static const u32 state_bits[] = {
		[PARTITION_CREATED] = HC_CREATED, [PARTITION_ACTIVE] = HC_ACTIVE,
		[PARTITION_FINALIZING] = HC_FINALIZING, [PARTITION_FINALIZED] = HC_FINALIZED,
	};
	struct partition *pt = id == HV_PARTITION_ID_SELF ? c->vp->pt : partition_get(id);

	if (!pt)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (!relation_ok(c, pt, who))
		return HV_STATUS_ACCESS_DENIED;
	if (!(who & state_bits[pt->state]))
		return HV_STATUS_INVALID_PARTITION_STATE;
	*out = pt;
	return HV_STATUS_SUCCESS;
}

u16 hc_vp(struct hcall *c, u64 id, u32 index, u32 who, struct partition **pt, struct vp **vp)
{
	u16 status = hc_partition(c, id, who, pt);

	if (status)
		return status;
	*vp = index == HV_VP_INDEX_SELF && *pt == c->vp->pt ? c->vp : vp_get(*pt, index);
	return *vp ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

/*
 * 4.2: bits 30:1 are reserved, and without bit 31 nothing else counts. Domains are those
 * that ACPI names; one that is only preferred need not be there (a guess).
 */
u16 hc_check_proximity(const struct hv_proximity_info *info)
{
	if (!(info->flags & HV_PROXIMITY_VALID))
		return HV_STATUS_SUCCESS;
	if (info->flags & ~(HV_PROXIMITY_VALID | HV_PROXIMITY_PREFERRED))
		return HV_STATUS_INVALID_PARAMETER;
	return (info->flags & HV_PROXIMITY_PREFERRED) || topology_domain_known(info->domain_id) ? HV_STATUS_SUCCESS :
												    HV_STATUS_INVALID_PARAMETER;
}

/* 4.1: no VTL but 0 here. */
u16 hc_check_ivtl(u8 ivtl)
{
	if (ivtl & HV_IVTL_RSVD)
		return HV_STATUS_INVALID_PARAMETER;
	return ivtl & HV_IVTL_TARGET_MASK ? HV_STATUS_INVALID_VTL_STATE : HV_STATUS_SUCCESS;
}

bool bytes_zero(const u8 *bytes, u32 n)
{
	while (n--)
		if (bytes[n])
			return false;
	return true;
}

bool hc_intercepted(struct hcall *c, u32 type)
{
	if (!intercept_wanted(c->vp->pt, type, 0, HV_INTERCEPT_EXECUTE))
		return false;
	intercept_hypercall(c->vp);
	c->gone = true;
	return true;
}
