// SPDX-License-Identifier: GPL-2.0
/*
 * State pages, which the root reads and writes while they are mapped, and state
 * buffers, which are copied (hypercalls.md 3.6, 4.10; interface.md 6).
 */
#include "hc.h"
#include "cpu.h"
#include "internal.h"

/* ---- MapVpStatePage, UnmapVpStatePage ---- */

/* Where the page of @type hangs; NULL: that type is not offered. */
static void **state_page(struct vp *vp, u16 type)
{
	switch (type) {
	case HV_STATE_PAGE_REGISTERS:
		return &vp->register_page;
	case HV_STATE_PAGE_INTERCEPT:
		return vp->pt->flags & HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED ? &vp->intercept_page : NULL;
	}
	return NULL;
}

static u16 state_page_target(struct hcall *c, u64 id, u32 index, u16 type, u8 ivtl, struct vp **vp, void ***page)
{
	struct partition *pt;
	u16 status = hc_vp(c, id, index, HC_CHILD | HC_ACTIVE, &pt, vp);

	if (!status)
		status = hc_check_ivtl(ivtl);
	if (status)
		return status;
	*page = state_page(*vp, type);
	return *page ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

/* The page is one of the child's pool, opened to the root (rule 64). A location of the root's choice is not offered. */
u16 hc_map_vp_state_page(struct hcall *c)
{
	const struct hv_map_state_page_input *in = c->in;
	void **page, *p;
	struct vp *vp;
	u16 status = state_page_target(c, in->partition_id, in->vp_index, in->type, in->ivtl, &vp, &page);

	if (status)
		return status;
	if (in->flags)
		return HV_STATUS_INVALID_PARAMETER;
	if (*page)
		return HV_STATUS_OPERATION_DENIED;	/* mapped already (a guess) */
	p = pool_take(vp->pt);
	if (!p)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	pool_open(p, true);
	vp_stop(vp);
	*page = p;
	if (in->type == HV_STATE_PAGE_REGISTERS && !vp_runnable(vp))
		regpage_fill(vp);
	*(u64 *)c->out = ptr_frame(p);
	return HV_STATUS_SUCCESS;
}

static void state_page_drop(struct vp *vp, void **page)
{
	if (!*page)
		return;
	pool_close(*page);
	pool_free(vp->pt, *page);
	*page = NULL;
}

/* What the root left dirty in a register page counts. */
static void register_page_drop(struct vp *vp)
{
	regpage_load(vp);
	state_page_drop(vp, &vp->register_page);
}

u16 hc_unmap_vp_state_page(struct hcall *c)
{
	const struct hv_unmap_state_page_input *in = c->in;
	void **page;
	struct vp *vp;
	u16 status = state_page_target(c, in->partition_id, in->vp_index, in->type, in->ivtl, &vp, &page);

	if (status)
		return status;
	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	if (!*page)
		return HV_STATUS_OPERATION_DENIED;
	vp_stop(vp);
	if (in->type == HV_STATE_PAGE_REGISTERS)
		register_page_drop(vp);
	else
		state_page_drop(vp, page);
	return HV_STATUS_SUCCESS;
}

void hc_vp_release(struct vp *vp)
{
	state_page_drop(vp, &vp->register_page);
	state_page_drop(vp, &vp->intercept_page);
	stats_vp_release(vp);
	results_free(vp->pt, &vp->cpuid_results);
}

/* ---- XSAVE image: standard format in the VP, compacted in the buffer (APM2 18.5.6) ---- */

#define XSAVE_LEGACY_END	512u
#define XSAVE_HEADER_END	576u
#define XCOMP_COMPACTED		BIT(63)
#define MXCSR_OFFSET		24u
#define XFEM_LEGACY		3ull

struct xsave_header {
	u64 xstate_bv;
	u64 xcomp_bv;
	u64 rsvd[6];
} __packed;

struct component {
	u32 size, standard, compacted;
};

/* Component @n of an image with @xfem; its offsets in both formats. */
static struct component component_find(u64 xfem, u32 n)
{
	struct component at = { .compacted = features_xsave_size(xfem & (BIT(n) - 1), true) };
	u32 out[4];

	cpuid(0xd, n, out);
	at.size = out[0];
	at.standard = out[1];
	if (out[2] & 2)
		at.compacted = ALIGN_UP(at.compacted, 64);
	return at;
}

/* SSE is always reported as present, as the interface has it (interface.md 6.6). */
static void xsave_compact(const struct vp *vp, u64 xfem, u8 *to)
{
	const struct xsave_header *h = (const void *)(vp->fpu + XSAVE_LEGACY_END);
	struct xsave_header *out = (void *)(to + XSAVE_LEGACY_END);

	memset(to, 0, PAGE_SIZE);
	memcpy(to, vp->fpu, XSAVE_LEGACY_END);
	out->xstate_bv = (h->xstate_bv & xfem) | XFEM_LEGACY;
	out->xcomp_bv = XCOMP_COMPACTED | xfem;
	for (u32 n = 2; n < 63; n++) {
		struct component at;

		if (!(xfem & BIT(n)))
			continue;
		at = component_find(xfem, n);
		if (h->xstate_bv & BIT(n))
			memcpy(to + at.compacted, vp->fpu + at.standard, at.size);
	}
}

/* The legacy area counts whatever XSTATE_BV says of it; components of @xfem that it lacks are initial. */
static u16 xsave_expand(struct vp *vp, u64 xfem, const u8 *from)
{
	const struct xsave_header *h = (const void *)(from + XSAVE_LEGACY_END);
	struct xsave_header *out = (void *)(vp->fpu + XSAVE_LEGACY_END);
	u64 image = h->xcomp_bv & ~XCOMP_COMPACTED;

	if ((h->xcomp_bv && !(h->xcomp_bv & XCOMP_COMPACTED)) || (image & ~(features_xfem(vp->pt) | XFEM_LEGACY)) ||
	    (*(const u32 *)(from + MXCSR_OFFSET) & ~MXCSR_LEGAL))
		return HV_STATUS_INVALID_PARAMETER;
	memcpy(vp->fpu, from, XSAVE_LEGACY_END);
	*(u32 *)(vp->fpu + MXCSR_OFFSET + 4) = MXCSR_LEGAL;
	out->xstate_bv |= XFEM_LEGACY;
	for (u32 n = 2; n < 63; n++) {
		struct component at;

		if (!(xfem & BIT(n)))
			continue;
		out->xstate_bv &= ~BIT(n);
		if (!(image & h->xstate_bv & BIT(n)))
			continue;
		at = component_find(image, n);
		memcpy(vp->fpu + at.standard, from + at.compacted, at.size);
		out->xstate_bv |= BIT(n);
	}
	return HV_STATUS_SUCCESS;
}

/* ---- GetVpState, SetVpState ---- */

/* Both formats of every component fit into one page (MAX_XSAVE_DATA_SIZE says so): one PFN for every type. */
static u16 buffer_find(struct hcall *c, bool write, void **page)
{
	if (!c->nr_var)
		return HV_STATUS_INSUFFICIENT_BUFFER;	/* a guess */
	*page = c->var[0] >> (64 - PAGE_SHIFT) ? NULL :
		gpa_ptr(c->vp->pt, c->var[0] << PAGE_SHIFT, write ? NPT_R | NPT_W : NPT_R);
	return *page ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

static u16 state_target(struct hcall *c, struct vp **vp)
{
	const struct hv_vp_state_input *in = c->in;
	struct partition *pt;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, vp);

	if (!status)
		status = hc_check_ivtl(in->ivtl);
	if (status)
		return status;
	if (in->rsvd[0] || in->rsvd[1] || in->rsvd[2] || in->rsvd2 || in->xsave_flags)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->type != HV_VP_STATE_XSAVE && in->xsave_states)
		return HV_STATUS_INVALID_PARAMETER;
	vp_stop(*vp);
	return hc_vp_stopped(*vp) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_STATE;
}

static u64 states_wanted(const struct vp *vp, const struct hv_vp_state_input *in)
{
	return (in->xsave_states & features_xfem(vp->pt)) | XFEM_LEGACY;
}

/* Irr[0] bit 2 is a pending NMI (interface.md 6.5). */
static void lapic_get(struct vp *vp, struct hv_lapic_state *out)
{
	struct lapic_state s;

	static_assert(sizeof(s) == sizeof(*out), "local APIC state");
	lapic_state_get(&vp->lapic, time_now_ns(), &s);
	if (vp->nmi_pending)
		s.irr[0] |= LAPIC_STATE_NMI_PENDING;
	memcpy(out, &s, sizeof(s));
}

static void lapic_set(struct vp *vp, const struct hv_lapic_state *in)
{
	struct lapic_state s;

	memcpy(&s, in, sizeof(s));
	vp->nmi_pending = s.irr[0] & LAPIC_STATE_NMI_PENDING;
	s.irr[0] &= ~(u32)LAPIC_STATE_NMI_PENDING;
	lapic_state_set(&vp->lapic, time_now_ns(), &s);
}

static void timers_get(const struct vp *vp, struct hv_stimers_state *out)
{
	u64 expiration;

	for (u32 i = 0; i < HV_SYNIC_STIMER_COUNT; i++) {
		out->timer[i].flags = stimer_undelivered(vp, i, &expiration);
		out->timer[i].config = vp->stimer[i].config;
		out->timer[i].count = vp->stimer[i].count;
		out->timer[i].undelivered_exp_time = expiration;
	}
}

static u16 timers_set(struct vp *vp, const struct hv_stimers_state *in)
{
	for (u32 i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		if (in->timer[i].config & HV_STIMER_RSVD)
			return HV_STATUS_INVALID_PARAMETER;
	for (u32 i = 0; i < HV_SYNIC_STIMER_COUNT; i++) {
		u64 config = in->timer[i].config;

		/* Count first, enabled last: then it starts once. */
		stimer_write(vp, HV_MSR_STIMER0_CONFIG + 2 * i, 0);
		stimer_write(vp, HV_MSR_STIMER0_CONFIG + 2 * i + 1, in->timer[i].count);
		stimer_write(vp, HV_MSR_STIMER0_CONFIG + 2 * i, config);
		stimer_undelivered_set(vp, i, in->timer[i].flags & 1, in->timer[i].undelivered_exp_time);
	}
	return HV_STATUS_SUCCESS;
}

/*
 * SIM and SIEF pages are where their MSRs point in the child's memory. Disabled they
 * read as zero, and what is set is dropped: enabling clears the page anyway (a guess).
 */
static void *synic_page(struct vp *vp, u32 type)
{
	u64 msr = type == HV_VP_STATE_SIM_PAGE ? vp->synic.simp : vp->synic.siefp;

	return msr & HV_OVERLAY_ENABLE ? gpa_ptr(vp->pt, msr & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W) : NULL;
}

static u16 pages_get(struct vp *vp, const struct hv_vp_state_input *in, void *to)
{
	void *page;

	switch (in->type) {
	case HV_VP_STATE_LAPIC:
		lapic_get(vp, to);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_XSAVE:
		vp_cpu_save(vp);
		xsave_compact(vp, states_wanted(vp, in), to);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_SIM_PAGE:
	case HV_VP_STATE_SIEF_PAGE:
		page = synic_page(vp, in->type);
		if (page)
			memcpy(to, page, PAGE_SIZE);
		else
			memset(to, 0, PAGE_SIZE);
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

u16 hc_get_vp_state(struct hcall *c)
{
	const struct hv_vp_state_input *in = c->in;
	struct vp *vp;
	void *page;
	u16 status = state_target(c, &vp);

	if (status)
		return status;
	if (in->type == HV_VP_STATE_SYNTHETIC_TIMERS) {
		timers_get(vp, c->out);
		return HV_STATUS_SUCCESS;
	}
	c->out_size = 0;
	if (!(in->type & HV_VP_STATE_PFN_LIST))
		return HV_STATUS_INVALID_PARAMETER;
	status = buffer_find(c, true, &page);
	return status ? status : pages_get(vp, in, page);
}

/* The buffer is the root's and may change under us: work on a copy. */
static u8 state_copy[PAGE_SIZE] __aligned(64);

static u16 pages_set(struct vp *vp, const struct hv_vp_state_input *in)
{
	void *page;

	switch (in->type) {
	case HV_VP_STATE_LAPIC:
		lapic_set(vp, (const void *)state_copy);
		return HV_STATUS_SUCCESS;
	case HV_VP_STATE_XSAVE:
		vp_cpu_save(vp);
		return xsave_expand(vp, states_wanted(vp, in), state_copy);
	case HV_VP_STATE_SIM_PAGE:
	case HV_VP_STATE_SIEF_PAGE:
		page = synic_page(vp, in->type);
		if (page)
			memcpy(page, state_copy, PAGE_SIZE);
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

u16 hc_set_vp_state(struct hcall *c)
{
	const struct hv_vp_state_input *in = c->in;
	struct vp *vp;
	void *page;
	u16 status = state_target(c, &vp);

	if (status)
		return status;
	if (in->type == HV_VP_STATE_SYNTHETIC_TIMERS)
		return c->nr_var * 8 < sizeof(struct hv_stimers_state) ? HV_STATUS_INVALID_PARAMETER :
									   timers_set(vp, (const void *)c->var);
	if (!(in->type & HV_VP_STATE_PFN_LIST))
		return HV_STATUS_INVALID_PARAMETER;
	status = buffer_find(c, false, &page);
	if (status)
		return status;
	memcpy(state_copy, page, PAGE_SIZE);
	return pages_set(vp, in);
}
