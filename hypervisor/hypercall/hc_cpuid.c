// SPDX-License-Identifier: GPL-2.0
/*
 * Results that a parent registers in advance (hypercalls.md 3.5): CPUID leaves and
 * MSRs. Per VP or, for HV_ANY_VP, per partition; a VP's own come first. They lie in a
 * chain of frames from the partition's pool.
 */
#include "hc.h"

#define RESULTS_PER_FRAME	64u

struct result {
	u32 type;		/* HV_INTERCEPT_X64_CPUID, HV_INTERCEPT_X64_MSR_INDEX */
	union {
		struct hv_cpuid_result cpuid;
		struct hv_msr_result msr;
	};
} __packed;

struct results {
	struct results *next;
	u32 nr;
	u32 unused;
	struct result list[RESULTS_PER_FRAME];
};
static_assert(sizeof(struct results) <= 4096, "results fit a frame");

static bool same_cpuid(const struct hv_cpuid_result *a, const struct hv_cpuid_result *b)
{
	return a->leaf == b->leaf && !a->subleaf_specific == !b->subleaf_specific &&
	       (!a->subleaf_specific || a->subleaf == b->subleaf);
}

static bool same_key(const struct result *a, const struct result *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == HV_INTERCEPT_X64_CPUID)
		return same_cpuid(&a->cpuid, &b->cpuid);
	return a->msr.msr == b->msr.msr && a->msr.access == b->msr.access;
}

static struct result *result_find(struct results *chain, const struct result *key)
{
	for (; chain; chain = chain->next)
		for (u32 i = 0; i < chain->nr; i++)
			if (same_key(&chain->list[i], key))
				return &chain->list[i];
	return NULL;
}

/* Replaces an earlier one of the same key. */
static u16 result_store(struct partition *pt, void **head, const struct result *r)
{
	struct result *old = result_find(*head, r);
	struct results *chain;

	if (old) {
		*old = *r;
		return HV_STATUS_SUCCESS;
	}
	for (chain = *head; chain && chain->nr == RESULTS_PER_FRAME; chain = chain->next)
		;
	if (!chain) {
		chain = pool_take(pt);
		if (!chain)
			return HV_STATUS_INSUFFICIENT_MEMORY;
		chain->next = *head;
		*head = chain;
	}
	chain->list[chain->nr++] = *r;
	return HV_STATUS_SUCCESS;
}

static u16 result_remove(struct results *head, const struct result *key)
{
	for (struct results *chain = head; chain; chain = chain->next)
		for (u32 i = 0; i < chain->nr; i++)
			if (same_key(&chain->list[i], key)) {
				chain->list[i] = chain->list[--chain->nr];
				return HV_STATUS_SUCCESS;
			}
	return HV_STATUS_NOT_FOUND;	/* a guess */
}

void results_free(struct partition *pt, void **head)
{
	struct results *chain = *head;

	while (chain) {
		struct results *next = chain->next;

		pool_free(pt, chain);
		chain = next;
	}
	*head = NULL;
}

/* ---- RegisterInterceptResult, UnregisterInterceptResult ---- */

static u16 result_parse(const struct hv_intercept_result_input *in, struct result *r)
{
	memset(r, 0, sizeof(*r));
	switch (in->type) {
	case HV_INTERCEPT_X64_CPUID:
		if (in->cpuid.subleaf_specific > 1 || in->cpuid.always_override > 1)
			return HV_STATUS_INVALID_PARAMETER;
		r->type = HV_INTERCEPT_X64_CPUID;
		r->cpuid = in->cpuid;
		return HV_STATUS_SUCCESS;
	case HV_INTERCEPT_X64_MSR:
	case HV_INTERCEPT_X64_MSR_INDEX:
		if (!in->msr.access || (in->msr.access & ~(HV_INTERCEPT_READ | HV_INTERCEPT_WRITE)) ||
		    in->msr.action > HV_MSR_ACTION_IGNORE)
			return HV_STATUS_INVALID_PARAMETER;
		r->type = HV_INTERCEPT_X64_MSR_INDEX;
		r->msr = in->msr;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

/* The partition, the chain that is meant, and the result in the form it is kept in. */
static u16 result_target(struct hcall *c, struct partition **pt, void ***head, struct result *r)
{
	const struct hv_intercept_result_input *in = c->in;
	struct vp *vp;
	u16 status;

	if (in->vp_index == HV_ANY_VP) {
		status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, pt);
		if (!status)
			*head = &(*pt)->cpuid_results;
	} else {
		status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, pt, &vp);
		if (!status)
			*head = &vp->cpuid_results;
	}
	return status ? status : result_parse(in, r);
}

u16 hc_register_intercept_result(struct hcall *c)
{
	struct partition *pt;
	struct result r;
	void **head;
	u16 status = result_target(c, &pt, &head, &r);

	return status ? status : result_store(pt, head, &r);
}

/* The parameters beyond the key are not looked at; their layout is not public. */
u16 hc_unregister_intercept_result(struct hcall *c)
{
	struct partition *pt;
	struct result r;
	void **head;
	u16 status = result_target(c, &pt, &head, &r);

	return status ? status : result_remove(*head, &r);
}

/* ---- what they do ---- */

/* The exact subleaf before the leaf as a whole. */
static const struct hv_cpuid_result *cpuid_find(struct results *chain, u32 leaf, u32 subleaf)
{
	const struct hv_cpuid_result *whole = NULL;

	for (; chain; chain = chain->next) {
		for (u32 i = 0; i < chain->nr; i++) {
			const struct result *r = &chain->list[i];

			if (r->type != HV_INTERCEPT_X64_CPUID || r->cpuid.leaf != leaf)
				continue;
			if (!r->cpuid.subleaf_specific)
				whole = &r->cpuid;
			else if (r->cpuid.subleaf == subleaf)
				return &r->cpuid;
		}
	}
	return whole;
}

static const struct hv_cpuid_result *cpuid_result(const struct vp *vp, u32 leaf, u32 subleaf)
{
	const struct hv_cpuid_result *r = cpuid_find(vp->cpuid_results, leaf, subleaf);

	return r ? r : cpuid_find(vp->pt->cpuid_results, leaf, subleaf);
}

bool cpuid_leaf0_registered(const struct vp *vp)
{
	return cpuid_find(vp->cpuid_results, 0, 0);
}

/* Per register: (computed & ~mask) | (value & mask). Without always_override not where we compute zero. */
void cpuid_registered_apply(const struct vp *vp, u32 leaf, u32 subleaf, u32 out[4])
{
	const struct hv_cpuid_result *r = cpuid_result(vp, leaf, subleaf);

	if (!r || (!r->always_override && !(out[0] | out[1] | out[2] | out[3])))
		return;
	for (u32 i = 0; i < 4; i++)
		out[i] = (out[i] & ~r->reg[i].mask) | (r->reg[i].value & r->reg[i].mask);
}

static bool msr_find(const struct results *chain, u32 msr, u32 access, u32 *action)
{
	for (; chain; chain = chain->next) {
		for (u32 i = 0; i < chain->nr; i++) {
			const struct result *r = &chain->list[i];

			if (r->type != HV_INTERCEPT_X64_MSR_INDEX || r->msr.msr != msr || !(r->msr.access & access))
				continue;
			*action = r->msr.action;
			return true;
		}
	}
	return false;
}

bool intercept_msr_result(const struct vp *vp, u32 msr, u32 access, u32 *action)
{
	return msr_find(vp->cpuid_results, msr, access, action) || msr_find(vp->pt->cpuid_results, msr, access, action);
}

/* ---- GetVpCpuidValues ---- */

u16 hc_get_vp_cpuid_values_begin(struct hcall *c)
{
	const struct hv_cpuid_values_input *in = c->in;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &c->pt, &c->target);

	if (status)
		return status;
	if ((in->flags & ~(HV_CPUID_USE_VP_XFEM_XSS | HV_CPUID_APPLY_REGISTERED)) || in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	vp_stop(c->target);
	return HV_STATUS_SUCCESS;
}

/* With the XCR0 of the element in place of the VP's, unless the VP's is asked for. */
u16 hc_get_vp_cpuid_values(struct hcall *c, u32 index)
{
	const struct hv_cpuid_values_input *in = c->in;
	const struct hv_cpuid_element *e = (const struct hv_cpuid_element *)c->list + index;
	struct vp *vp = c->target;
	u32 *out = (u32 *)c->out + 4 * index;
	u64 xcr0 = vp->xcr0, xss = vp->xss;

	if (!(in->flags & HV_CPUID_USE_VP_XFEM_XSS)) {
		vp->xcr0 = e->xfem;
		vp->xss = e->xss;
	}
	if (in->flags & HV_CPUID_APPLY_REGISTERED)
		cpuid_child(vp, e->leaf, e->subleaf, out);
	else
		cpuid_default(vp, e->leaf, e->subleaf, out);
	vp->xcr0 = xcr0;
	vp->xss = xss;
	return HV_STATUS_SUCCESS;
}
