// SPDX-License-Identifier: GPL-2.0
/* Virtual processors: creation, start, lookup (hypercalls.md 3.6). */
#include "hc.h"
#include "internal.h"

#define SUBNODE_MAX	3	/* any, socket, cluster, L3 */

static u32 homes_count(const struct lp *lp)
{
	u32 n = 0;

	for (const struct vp *vp = lp->vps; vp; vp = vp->next_home)
		n++;
	return n;
}

/* A child's VP lives where fewest others do. */
static struct lp *home_choose(void)
{
	struct lp *best = NULL;

	for (u32 i = 0; i < MAX_LPS; i++) {
		struct lp *lp = lp_get(i);

		if (lp && (!best || homes_count(lp) < homes_count(best)))
			best = lp;
	}
	return best;
}

/* A root VP is bound to the LP that its flags name: it must have been added. */
static u16 home_find(const struct partition *pt, u64 flags, struct lp **home)
{
	if (!partition_is_root(pt)) {
		*home = home_choose();
		return flags ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
	}
	*home = flags < MAX_LPS ? lp_get(flags) : NULL;
	return *home && !(*home)->root_vp ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

/* TLFS HvCallCreateVp. Bytes 12-14 are padding; the subnode ID counts only with a type. */
u16 hc_create_vp(struct hcall *c)
{
	const struct hv_create_vp_input *in = c->in;
	struct partition *pt;
	struct lp *home;
	struct vp *vp;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ROOT_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (in->vp_index >= MAX_VPS || vp_get(pt, in->vp_index))
		return HV_STATUS_INVALID_VP_INDEX;
	if (in->subnode_type > SUBNODE_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	status = hc_check_proximity(&in->proximity);
	if (status)
		return status;
	status = home_find(pt, in->flags, &home);
	if (status)
		return status;
	if (partition_is_root(pt))
		status = topology_check_vp(home, in->subnode_type, in->subnode_id);
	if (!status)
		status = vp_create(pt, in->vp_index, home);
	if (status)
		return status;
	vp = vp_get(pt, in->vp_index);
	vp->subnode_type = in->subnode_type;
	vp->subnode_id = in->subnode_id;
	intercept_vp_update(vp);
	return HV_STATUS_SUCCESS;
}

u16 hc_delete_vp(struct hcall *c)
{
	const struct hv_delete_vp_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	vp_destroy(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- StartVirtualProcessor ---- */

static void segments_load(struct vmcb_save *s, const struct hv_vp_context *x)
{
	segment_set(&s->cs, &x->cs);
	segment_set(&s->ds, &x->ds);
	segment_set(&s->es, &x->es);
	segment_set(&s->fs, &x->fs);
	segment_set(&s->gs, &x->gs);
	segment_set(&s->ss, &x->ss);
	segment_set(&s->tr, &x->tr);
	segment_set(&s->ldtr, &x->ldtr);
	s->idtr.base = x->idtr.base;
	s->idtr.limit = x->idtr.limit;
	s->gdtr.base = x->gdtr.base;
	s->gdtr.limit = x->gdtr.limit;
	s->cpl = (x->ss.attributes >> 5) & 3;
}

static u16 control_load(struct vp *vp, const struct hv_vp_context *x)
{
	const struct { u32 name; u64 value; } regs[] = {
		{ HV_REG_EFER, x->efer }, { HV_REG_CR0, x->cr0 }, { HV_REG_CR3, x->cr3 }, { HV_REG_CR4, x->cr4 },
		{ HV_REG_PAT, x->pat }, { HV_REG_RIP, x->rip }, { HV_REG_RFLAGS, x->rflags }, { HV_REG_RSP, x->rsp },
	};

	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 value[2] = { regs[i].value, 0 };
		u16 status = reg_set(vp, regs[i].name, value);

		if (status)
			return status;
	}
	return HV_STATUS_SUCCESS;
}

/* The VP must be waiting for SIPI; it starts with the context instead. */
u16 hc_start_virtual_processor(struct hcall *c)
{
	const struct hv_start_vp_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_SELF | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	status = hc_check_ivtl(in->ivtl);
	if (status)
		return status;
	if (in->rsvd[0] || in->rsvd[1] || in->rsvd[2])
		return HV_STATUS_INVALID_PARAMETER;
	if (!(vp->activity & ACTIVITY_STARTUP_SUSPEND))
		return HV_STATUS_INVALID_VP_STATE;
	status = control_load(vp, &in->context);
	if (status) {
		vp_init(vp);	/* it waits for SIPI still: what it was before is the state of INIT */
		return status;
	}
	segments_load(&vp->vmcb->s, &in->context);
	vp->activity &= ~ACTIVITY_STARTUP_SUSPEND;
	vp_wake(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- GetVpIndexFromApicId ---- */

u16 hc_get_vp_index_from_apic_id_begin(struct hcall *c)
{
	const struct hv_apic_id_input *in = c->in;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_SELF | HC_ACTIVE, &c->pt);

	if (status)
		return status;
	for (u32 i = 0; i < ARRAY_SIZE(in->rsvd); i++)
		if (in->rsvd[i])
			return HV_STATUS_INVALID_PARAMETER;
	return hc_check_ivtl(in->ivtl);
}

u16 hc_get_vp_index_from_apic_id(struct hcall *c, u32 index)
{
	u32 apic_id = ((const u32 *)c->list)[index];

	for (u32 i = 0; i < MAX_VPS; i++) {
		struct vp *vp = vp_get(c->pt, i);

		if (vp && vp->lapic.config.id == apic_id) {
			((u32 *)c->out)[index] = i;
			return HV_STATUS_SUCCESS;
		}
	}
	return HV_STATUS_INVALID_PARAMETER;
}
