// SPDX-License-Identifier: GPL-2.0
/* GetVpRegisters, SetVpRegisters (hypercalls.md 3.6). */
#include "internal.h"
#include "register.h"

bool hc_vp_stopped(const struct vp *vp)
{
	if (vp->explicit_suspend || vp->intercept_suspend || vp->dispatch_suspend)
		return true;
	return options.root_scheduler && vp->home->dispatched != vp;
}

/* On SELF the privilege is AccessVpRegisters, on a child that of every parent. */
static u16 registers_privilege(const struct hcall *c, u64 id)
{
	bool self = id == HV_PARTITION_ID_SELF || id == c->vp->pt->id;

	return c->vp->pt->privileges & (self ? HV_PRIV_ACCESS_VP_REGISTERS : HV_PRIV_CREATE_PARTITIONS) ?
	       HV_STATUS_SUCCESS : HV_STATUS_ACCESS_DENIED;
}

/*
 * Page and VP agree before and after: what the page holds dirty is taken first, so that
 * of two writers the later one wins.
 */
u16 hc_vp_registers_begin(struct hcall *c)
{
	const struct hv_vp_registers_input *in = c->in;
	u16 status = registers_privilege(c, in->partition_id);

	if (status)
		return status;
	status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_SELF | HC_ACTIVE, &c->pt, &c->target);
	if (status)
		return status;
	if (in->rsvd[0] || in->rsvd[1] || in->rsvd[2])
		return HV_STATUS_INVALID_PARAMETER;
	status = hc_check_ivtl(in->ivtl);
	if (status)
		return status;
	if (!hc_is_self(c, c->target))
		vp_stop(c->target);
	if (c->target->register_page_valid)
		regpage_take(c->target);
	return HV_STATUS_SUCCESS;
}

/* Of another root VP (a guess: what a child has is in memory whenever it is stopped). */
static bool out_of_reach(const struct hcall *c, u32 name)
{
	return partition_is_root(c->pt) && !hc_is_self(c, c->target) && reg_on_processor(name);
}

/* What stops and starts a child's VP, and what its parent is told of, is its parent's to say. */
static bool is_parents(const struct hcall *c, u32 name)
{
	bool of_parent = name == HV_REG_EXPLICIT_SUSPEND || name == HV_REG_INTERCEPT_SUSPEND ||
			 name == HV_REG_DISPATCH_SUSPEND || name == HV_REG_DELIVERABILITY_NOTIFICATIONS;

	return of_parent && c->pt == c->vp->pt && !partition_is_root(c->pt);
}

u16 hc_get_vp_registers(struct hcall *c, u32 index)
{
	u32 name = ((const u32 *)c->list)[index];

	if (out_of_reach(c, name))
		return HV_STATUS_INVALID_VP_STATE;
	return reg_get(c->target, name, (u64 *)c->out + 2 * index);
}

u16 hc_set_vp_registers(struct hcall *c, u32 index)
{
	const struct hv_register_assoc *e = (const struct hv_register_assoc *)c->list + index;
	u64 value[2] = { e->value[0], e->value[1] };
	u16 status;

	if (e->rsvd || e->rsvd2)
		return HV_STATUS_INVALID_PARAMETER;
	if (is_parents(c, e->name))
		return HV_STATUS_ACCESS_DENIED;
	if (out_of_reach(c, e->name))
		return HV_STATUS_INVALID_VP_STATE;
	if (!reg_settable_while_running(e->name) && !hc_is_self(c, c->target) && !hc_vp_stopped(c->target))
		return HV_STATUS_INVALID_VP_STATE;
	status = reg_set(c->target, e->name, value);
	if (!status && c->target->register_page_valid)
		regpage_fill(c->target);
	return status;
}
