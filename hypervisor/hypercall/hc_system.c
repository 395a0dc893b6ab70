// SPDX-License-Identifier: GPL-2.0
/* Logical processors, system properties, power (hypercalls.md 3.12). */
#include "hc.h"
#include "internal.h"

static bool root_calls(const struct hcall *c)
{
	return partition_is_root(c->vp->pt);
}

/*
 * HvCallGetLogicalProcessorRunTime: SUCCESS for an LP that has been added,
 * INVALID_LP_INDEX else, and nothing else: a root tells by it a fresh boot from kexec.
 */
u16 hc_get_logical_processor_run_time(struct hcall *c)
{
	struct hv_lp_run_time_output *out = c->out;
	struct lp *lp = lp_get(*(const u32 *)c->in);

	if (!lp)
		return HV_STATUS_INVALID_LP_INDEX;
	out->global_time = time_now_ns() / 100;
	out->local_run_time = lp->run_ns / 100;
	out->hypervisor_time = (time_now_ns() - min(time_now_ns(), lp->run_ns + lp->idle_ns)) / 100;
	return HV_STATUS_SUCCESS;
}

/*
 * HvCallAddLogicalProcessor. The hypervisor has started every processor already;
 * adding one only gives it its index and makes it known to the root.
 */
u16 hc_add_logical_processor(struct hcall *c)
{
	const struct hv_add_lp_input *in = c->in;
	struct lp *lp = lp_by_apic_id(in->apic_id);
	u16 status;

	if (!root_calls(c))
		return HV_STATUS_ACCESS_DENIED;
	status = hc_check_proximity(&in->proximity);
	if (status)
		return status;
	if (in->lp_index >= MAX_LPS || lp_get(in->lp_index))
		return HV_STATUS_INVALID_LP_INDEX;
	if (!lp)
		return HV_STATUS_PROCESSOR_STARTUP_TIMEOUT;	/* nobody answers at that APIC ID */
	if (lp->added)
		return HV_STATUS_INVALID_PARAMETER;
	status = topology_check_lp(in->apic_id, &in->proximity);
	if (status)
		return status;
	lp->index = in->lp_index;
	lp->proximity = in->proximity;
	lp->added = true;
	return HV_STATUS_SUCCESS;
}

u16 hc_get_system_property(struct hcall *c)
{
	const struct hv_get_system_property_input *in = c->in;
	u64 *out = c->out;

	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	switch (in->property) {
	case HV_SYSTEM_PROPERTY_SCHEDULER_TYPE:
		*out = options.root_scheduler ? HV_SCHEDULER_ROOT : HV_SCHEDULER_LP;
		return HV_STATUS_SUCCESS;
	case HV_SYSTEM_PROPERTY_DYNAMIC_FEATURE:	/* encrypted partitions: none, SNP: none */
	case HV_SYSTEM_PROPERTY_CRASHDUMP_AREA:		/* none */
		*out = 0;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_UNKNOWN_PROPERTY;
}

static u8 sleep_registered;		/* bit n: state Sn */
static bool sleep_locked;

static u16 sleep_state_register(const struct hv_set_system_property_input *in)
{
	if (sleep_locked)
		return HV_STATUS_OPERATION_DENIED;
	if (!in->sleep_state || in->sleep_state > HV_SLEEP_STATE_LOCK)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->sleep_state == HV_SLEEP_STATE_LOCK)
		sleep_locked = true;
	else
		sleep_registered |= 1u << in->sleep_state;
	if (in->sleep_state == HV_SLEEP_STATE_S5)
		acpi_slp_typ_set(in->pm1a_slp_typ, in->pm1b_slp_typ);
	return HV_STATUS_SUCCESS;
}

u16 hc_set_system_property(struct hcall *c)
{
	const struct hv_set_system_property_input *in = c->in;

	if (!root_calls(c))
		return HV_STATUS_ACCESS_DENIED;
	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->property != HV_SYSTEM_PROPERTY_SLEEP_STATE)
		return HV_STATUS_UNKNOWN_PROPERTY;
	return sleep_state_register(in);
}

/* ENTER_SLEEP_STATE: needs the registration; S5 does not return. */
u16 hc_enter_sleep_state(struct hcall *c)
{
	u32 state = *(const u32 *)c->in;

	if (!root_calls(c))
		return HV_STATUS_ACCESS_DENIED;
	if (!state || state > HV_SLEEP_STATE_S5)
		return HV_STATUS_INVALID_PARAMETER;
	if (!(sleep_registered & 1u << state))
		return HV_STATUS_OPERATION_DENIED;	/* a guess: the status is not documented */
	if (state == HV_SLEEP_STATE_S5)
		verdict_end(END_POWER_OFF);
	return HV_STATUS_FEATURE_UNAVAILABLE;
}

u16 hc_notify_partition_event(struct hcall *c)
{
	const struct hv_partition_event_input *in = c->in;

	if (!root_calls(c))
		return HV_STATUS_ACCESS_DENIED;
	switch (in->event) {
	case HV_EVENT_ALL_LPS_STARTED:
		return in->data ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
	case HV_EVENT_ROOT_CRASHDUMP:
		if (in->data > 4)
			return HV_STATUS_INVALID_PARAMETER;
		verdict_blame(VERDICT_ROOT_CRASH, "root VP %u announces a crash, action %u", c->vp->index, in->data);
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

/* Advice; every LP stays in use. */
u16 hc_park_logical_processors(struct hcall *c)
{
	return root_calls(c) ? HV_STATUS_SUCCESS : HV_STATUS_ACCESS_DENIED;
}

/* There is no debugger to break into, and its input is not documented. */
u16 hc_invoke_hypervisor_debugger(struct hcall *c)
{
	if (!root_calls(c))
		return HV_STATUS_ACCESS_DENIED;
	hv_notice("root VP %u calls the debugger at RIP %llx", c->vp->index, c->vp->vmcb->s.rip);
	return HV_STATUS_SUCCESS;
}
