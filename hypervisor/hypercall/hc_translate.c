// SPDX-License-Identifier: GPL-2.0
/* A child's memory as its VP sees it (hypercalls.md 3.7). */
#include "hc.h"
#include "internal.h"
#include "walk.h"

#define GVA_PAGE_MAX	(1ull << (64 - PAGE_SHIFT))

/* ---- TranslateVirtualAddress ---- */

/* walk.h has its flags and result codes from this call: the numbers are the same. */
static_assert(WALK_SET_BITS == HV_TRANSLATE_SET_PAGE_BITS, "walk flags");
static_assert(WALK_OVERRIDE_SMAP == HV_TRANSLATE_OVERRIDE_SMAP, "walk flags");
static_assert((int)WALK_GPA_NO_WRITE == (int)HV_TRANSLATE_GPA_NO_WRITE, "walk codes");

/* A VTL other than 0 is not there; shadow stacks walk.c refuses. The padding is reserved in the Ex form alone. */
static u16 translate_check(const struct hcall *c, bool ex)
{
	const struct hv_translate_input *in = c->in;
	u64 flags = in->flags & ~WALK_VTL_MASK;

	if ((ex && in->pad) || (flags & ~HV_TRANSLATE_FLAGS) || !walk_flags_valid(flags) || in->gva_page >= GVA_PAGE_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	return hc_check_ivtl(in->flags >> HV_TRANSLATE_IVTL_SHIFT);
}

static u16 translate(struct hcall *c, bool ex, struct walk_result *out)
{
	const struct hv_translate_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	status = translate_check(c, ex);
	if (status)
		return status;
	if (!hc_vp_stopped(vp))
		return HV_STATUS_INVALID_VP_STATE;	/* a guess */
	vp_stop(vp);
	*out = guest_translate(vp, in->gva_page << PAGE_SHIFT, in->flags & HV_TRANSLATE_FLAGS);
	if (out->code == WALK_OK && (in->flags & HV_TRANSLATE_TLB_FLUSH_INHIBIT))
		vp->intercept_suspend |= HV_INTERCEPT_TLB_FLUSH_INHIBIT;
	return HV_STATUS_SUCCESS;
}

static u32 translate_info(const struct walk_result *r)
{
	return r->code == WALK_OK ? r->cache : r->code == WALK_OVERLAY ? HV_TRANSLATE_OVERLAY_PAGE : 0;
}

u16 hc_translate_virtual_address(struct hcall *c)
{
	struct hv_translate_output *out = c->out;
	struct walk_result r;
	u16 status = translate(c, false, &r);

	if (status)
		return status;
	out->result = r.code;
	out->info = translate_info(&r);
	out->gpa_page = r.gpa >> PAGE_SHIFT;
	return HV_STATUS_SUCCESS;
}

/* The pending event that the Ex form can report belongs to higher VTLs: none. */
u16 hc_translate_virtual_address_ex(struct hcall *c)
{
	struct hv_translate_ex_output *out = c->out;
	struct walk_result r;
	u16 status = translate(c, true, &r);

	if (status)
		return status;
	out->result = r.code;
	out->info = translate_info(&r);
	out->gpa_page = r.gpa >> PAGE_SHIFT;
	return HV_STATUS_SUCCESS;
}

/* ---- ReadGpa, WriteGpa ---- */

static bool cache_type_ok(u64 control)
{
	switch (control) {
	case HV_CACHE_UC:
	case HV_CACHE_WC:
	case HV_CACHE_WT:
	case HV_CACHE_WP:
	case HV_CACHE_WB:
		return true;
	}
	return false;
}

static u16 access_check(u32 count, u64 gpa, u64 control)
{
	if (!count || count > HV_GPA_ACCESS_MAX || (gpa & (PAGE_SIZE - 1)) + count > PAGE_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	return gpa >> CHILD_GPA_BITS || !cache_type_ok(control) ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

static bool is_apic_page(const struct vp *vp, u64 gpa)
{
	return lapic_has_page(&vp->lapic) && lapic_page(&vp->lapic) == (gpa & ~(PAGE_SIZE - 1));
}

/* The local APIC answers aligned 32-bit accesses; anything else meets no memory there. */
static u32 apic_read(struct vp *vp, u64 gpa, u32 count, u8 *data)
{
	u32 value;

	if (count != 4 || (gpa & 3))
		return HV_GPA_ACCESS_ILLEGAL_OVERLAY;
	value = lapic_mmio_read(&vp->lapic, gpa & (PAGE_SIZE - 1), time_now_ns());
	memcpy(data, &value, 4);
	return HV_GPA_ACCESS_OK;
}

static u32 apic_write(struct vp *vp, u64 gpa, u32 count, const u8 *data)
{
	struct lapic_effect fx;
	u32 value;

	if (count != 4 || (gpa & 3))
		return HV_GPA_ACCESS_ILLEGAL_OVERLAY;
	memcpy(&value, data, 4);
	fx = lapic_mmio_write(&vp->lapic, gpa & (PAGE_SIZE - 1), value, time_now_ns());
	apic_effect(vp, &fx);
	return HV_GPA_ACCESS_OK;
}

u16 hc_read_gpa(struct hcall *c)
{
	const struct hv_read_gpa_input *in = c->in;
	struct hv_read_gpa_output *out = c->out;
	struct partition *pt;
	struct vp *vp;
	const void *from;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (!status)
		status = access_check(in->byte_count, in->gpa, in->control);
	if (status)
		return status;
	if (is_apic_page(vp, in->gpa)) {
		vp_stop(vp);
		out->result = apic_read(vp, in->gpa, in->byte_count, out->data);
		return HV_STATUS_SUCCESS;
	}
	from = gpa_ptr(pt, in->gpa, NPT_R);
	if (from)
		memcpy(out->data, from, in->byte_count);
	else
		out->result = npt_lookup(pt, in->gpa >> PAGE_SHIFT).prot ? HV_GPA_ACCESS_READ_INTERCEPT :
									      HV_GPA_ACCESS_UNMAPPED;
	return HV_STATUS_SUCCESS;
}

u16 hc_write_gpa(struct hcall *c)
{
	const struct hv_write_gpa_input *in = c->in;
	struct hv_write_gpa_output *out = c->out;
	struct partition *pt;
	struct vp *vp;
	void *to;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (!status)
		status = access_check(in->byte_count, in->gpa, in->control);
	if (status)
		return status;
	if (is_apic_page(vp, in->gpa)) {
		vp_stop(vp);
		out->result = apic_write(vp, in->gpa, in->byte_count, in->data);
		return HV_STATUS_SUCCESS;
	}
	to = gpa_ptr(pt, in->gpa, NPT_R | NPT_W);
	if (to)
		memcpy(to, in->data, in->byte_count);
	else
		out->result = npt_lookup(pt, in->gpa >> PAGE_SHIFT).prot ? HV_GPA_ACCESS_WRITE_INTERCEPT :
									      HV_GPA_ACCESS_UNMAPPED;
	return HV_STATUS_SUCCESS;
}
