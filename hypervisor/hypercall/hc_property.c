// SPDX-License-Identifier: GPL-2.0
/*
 * Partition properties (hypercalls.md 3.2, interface.md 7). One table: what may be
 * set when, within which bounds, and where it is kept.
 */
#include "fault.h"
#include "hc.h"
#include "internal.h"

/* Getters have one type; some properties are the machine's. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

enum property_class {
	EARLY,		/* set between CreatePartition and InitializePartition */
	NORMAL,		/* set on an active partition */
	READ_ONLY,	/* to set: PROPERTY_VALUE_OUT_OF_RANGE */
};

struct property {
	u32 code;
	u8 class;
	u8 slot;		/* in properties[]; where there are no functions */
	u64 min, max, initial;
	u64 (*get)(struct partition *pt);
	u16 (*set)(struct partition *pt, u64 value);
};

/* ---- those with a meaning of their own ---- */

static u64 privileges_get(struct partition *pt) { return pt->privileges; }

/* What a child may have though its creator does not: registers, and a call that the root needs not. */
#define OFFERED		(BITS(15, 0) | HV_PRIV_START_VIRTUAL_PROCESSOR)

/* Of a child: nothing that makes it a root, and nothing else its creator does not have. */
static u16 privileges_set(struct partition *pt, u64 value)
{
	if (value & HV_PRIV_RSVD)
		return HV_STATUS_INVALID_PARAMETER;
	if (value & (HV_PRIV_CPU_MANAGEMENT | HV_PRIV_ISOLATION | ~(pt->parent->privileges | OFFERED)))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	pt->privileges = value;
	return HV_STATUS_SUCCESS;
}

static u64 synthetic_get(struct partition *pt) { return pt->synthetic_features; }

/* Synthetic feature to privilege (interface.md 9.4; the mapping is inferred). */
static const struct { u64 feature, privilege; } synthetic_privileges[] = {
	{ HV_SYNTH_VP_RUNTIME, HV_PRIV_ACCESS_VP_RUN_TIME_REG },
	{ HV_SYNTH_REFERENCE_COUNTER, HV_PRIV_ACCESS_REFERENCE_COUNTER },
	{ HV_SYNTH_SYNIC, HV_PRIV_ACCESS_SYNIC_REGS },
	{ HV_SYNTH_STIMER, HV_PRIV_ACCESS_SYNTHETIC_TIMER_REGS },
	{ HV_SYNTH_INTR_CTRL, HV_PRIV_ACCESS_INTR_CTRL_REGS },
	{ HV_SYNTH_HYPERCALL, HV_PRIV_ACCESS_HYPERCALL_MSRS },
	{ HV_SYNTH_VP_INDEX, HV_PRIV_ACCESS_VP_INDEX },
	{ HV_SYNTH_REFERENCE_TSC, HV_PRIV_ACCESS_REFERENCE_TSC },
	{ HV_SYNTH_GUEST_IDLE, HV_PRIV_ACCESS_GUEST_IDLE_REG },
	{ HV_SYNTH_FREQUENCY, HV_PRIV_ACCESS_FREQUENCY_REGS },
	{ HV_SYNTH_SIGNAL_EVENTS, HV_PRIV_SIGNAL_EVENTS },
	{ HV_SYNTH_VP_REGISTERS, HV_PRIV_ACCESS_VP_REGISTERS },
	{ HV_SYNTH_START_VP, HV_PRIV_START_VIRTUAL_PROCESSOR },
};

static u16 synthetic_set(struct partition *pt, u64 value)
{
	if (value & ~SYNTHETIC_FEATURES_ASSIGNABLE)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	pt->synthetic_features = value;
	pt->privileges = 0;
	for (u32 i = 0; i < ARRAY_SIZE(synthetic_privileges); i++)
		if (value & synthetic_privileges[i].feature)
			pt->privileges |= synthetic_privileges[i].privilege;
	return HV_STATUS_SUCCESS;
}

static u64 freeze_get(struct partition *pt) { return pt->time_frozen; }

static u16 freeze_set(struct partition *pt, u64 value)
{
	if (partition_is_root(pt))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;	/* nobody could thaw it */
	partition_time_freeze(pt, value);
	return HV_STATUS_SUCCESS;
}

static u64 time_get(struct partition *pt) { return partition_time_100ns(pt); }

/* T20 asks for a frozen partition. */
static u16 time_set(struct partition *pt, u64 value)
{
	if (!pt->time_frozen)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	partition_time_set(pt, value);
	return HV_STATUS_SUCCESS;
}

/* All VPs of it stop, or those go on that nothing else holds back. */
static u64 suspend_get(struct partition *pt) { return pt->properties[SLOT_SUSPEND]; }

static u16 suspend_set(struct partition *pt, u64 value)
{
	if (partition_is_root(pt))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	pt->properties[SLOT_SUSPEND] = value;
	for (u32 i = 0; i < MAX_VPS; i++) {
		struct vp *vp = vp_get(pt, i);
		u64 v[2] = { value, 0 };

		if (vp)
			reg_set(vp, HV_REG_EXPLICIT_SUSPEND, v);
	}
	return HV_STATUS_SUCCESS;
}

static u64 tracking_get(struct partition *pt) { return pt->pages_tracked; }

static u16 tracking_set(struct partition *pt, u64 value)
{
	return partition_is_root(pt) ? HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE : npt_track(pt, value);
}

static u64 apic_frequency_get(struct partition *pt) { return APIC_HZ; }
static u64 tsc_frequency_get(struct partition *pt) { return tsc_hz; }
static u64 vendor_get(struct partition *pt) { return HV_VENDOR_AMD; }
static u64 features0_get(struct partition *pt) { return features_partition(pt, 0); }
static u64 features1_get(struct partition *pt) { return features_partition(pt, 1); }
static u64 xsave_features_get(struct partition *pt) { return features_partition(pt, BANK_XSAVE); }
static u64 xsave_states_get(struct partition *pt) { return features_xfem(pt); }
static u64 version_get(struct partition *pt) { return pt->compatibility_version; }
static u64 os_id_get(struct partition *pt) { return pt->guest_os_id; }
static u64 zero_get(struct partition *pt) { return 0; }

/* Without XSAVE the legacy area and header all the same: clients read the image either way. */
static u64 xsave_size_get(struct partition *pt)
{
	return features_xsave_size(features_xfem(pt), true);
}

static u64 width_get(struct partition *pt)
{
	return partition_is_root(pt) ? features_phys_bits() : pt->properties[SLOT_ADDRESS_WIDTH];
}

static u64 phys_bits_get(struct partition *pt) { return features_phys_bits(); }

#define BOOLEAN		0, 1, 0
#define ANY_VALUE	0, ~0ull, 0

static const struct property properties[] = {
	{ HV_PROPERTY_PRIVILEGE_FLAGS, EARLY, 0, ANY_VALUE, privileges_get, privileges_set },
	{ HV_PROPERTY_SYNTHETIC_PROC_FEATURES, EARLY, 0, ANY_VALUE, synthetic_get, synthetic_set },
	{ HV_PROPERTY_SUSPEND, NORMAL, 0, BOOLEAN, suspend_get, suspend_set },
	{ HV_PROPERTY_CPU_RESERVE, NORMAL, SLOT_CPU_RESERVE, 0, 0x10000, 0, NULL, NULL },
	{ HV_PROPERTY_CPU_CAP, NORMAL, SLOT_CPU_CAP, 0, 0x10000, 0x10000, NULL, NULL },
	{ HV_PROPERTY_CPU_WEIGHT, NORMAL, SLOT_CPU_WEIGHT, 1, 10000, 100, NULL, NULL },
	{ HV_PROPERTY_CPU_GROUP_ID, NORMAL, SLOT_CPU_GROUP, 0, 0, 0, NULL, NULL },
	{ HV_PROPERTY_TIME_FREEZE, NORMAL, 0, BOOLEAN, freeze_get, freeze_set },
	{ HV_PROPERTY_APIC_FREQUENCY, READ_ONLY, 0, ANY_VALUE, apic_frequency_get, NULL },
	{ HV_PROPERTY_REFERENCE_TIME, NORMAL, 0, 0, REFERENCE_TIME_MAX, 0, time_get, time_set },
	{ HV_PROPERTY_DEBUG_CHANNEL_ID, NORMAL, SLOT_DEBUG_CHANNEL, 0, 0, 0, NULL, NULL },
	{ HV_PROPERTY_VIRTUAL_TLB_PAGE_COUNT, NORMAL, SLOT_TLB_PAGES, ANY_VALUE, NULL, NULL },
	{ HV_PROPERTY_ZERO_MEMORY_ON_RESET, NORMAL, SLOT_ZERO_ON_RESET, BOOLEAN, NULL, NULL },
	{ HV_PROPERTY_PROCESSORS_PER_SOCKET, NORMAL, SLOT_PROCESSORS_PER_SOCKET, 0, MAX_VPS, 0, NULL, NULL },
	{ HV_PROPERTY_NESTED_TLB_SIZE, NORMAL, SLOT_NESTED_TLB, ANY_VALUE, NULL, NULL },
	{ HV_PROPERTY_GPA_PAGE_ACCESS_TRACKING, NORMAL, 0, BOOLEAN, tracking_get, tracking_set },
	{ HV_PROPERTY_ISOLATION_STATE, READ_ONLY, 0, ANY_VALUE, zero_get, NULL },	/* not isolated */
	{ HV_PROPERTY_ALLOCATION_ID, NORMAL, SLOT_ALLOCATION_ID, ANY_VALUE, NULL, NULL },
	{ HV_PROPERTY_MONITORING_ID, NORMAL, SLOT_MONITORING_ID, ANY_VALUE, NULL, NULL },
	{ HV_PROPERTY_PHYSICAL_ADDRESS_BITS, READ_ONLY, 0, ANY_VALUE, phys_bits_get, NULL },
	{ HV_PROPERTY_NON_ARCH_CORE_SHARING, READ_ONLY, 0, ANY_VALUE, zero_get, NULL },
	{ HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, NORMAL, SLOT_MSR_ACTION, BOOLEAN, NULL, NULL },
	{ HV_PROPERTY_PROCESSOR_VENDOR, READ_ONLY, 0, ANY_VALUE, vendor_get, NULL },
	{ HV_PROPERTY_PROCESSOR_FEATURES, READ_ONLY, 0, ANY_VALUE, features0_get, NULL },
	{ HV_PROPERTY_PROCESSOR_XSAVE_FEATURES, READ_ONLY, 0, ANY_VALUE, xsave_features_get, NULL },
	{ HV_PROPERTY_CL_FLUSH_SIZE, READ_ONLY, SLOT_CL_FLUSH, 8, 8, 8, NULL, NULL },
	{ HV_PROPERTY_COMPATIBILITY_VERSION, READ_ONLY, 0, ANY_VALUE, version_get, NULL },
	{ HV_PROPERTY_PHYSICAL_ADDRESS_WIDTH, EARLY, SLOT_ADDRESS_WIDTH, CHILD_GPA_BITS, CHILD_GPA_BITS, CHILD_GPA_BITS,
	  width_get, NULL },
	{ HV_PROPERTY_XSAVE_STATES, READ_ONLY, 0, ANY_VALUE, xsave_states_get, NULL },
	{ HV_PROPERTY_MAX_XSAVE_DATA_SIZE, READ_ONLY, 0, ANY_VALUE, xsave_size_get, NULL },
	{ HV_PROPERTY_PROCESSOR_CLOCK_FREQUENCY, READ_ONLY, 0, ANY_VALUE, tsc_frequency_get, NULL },
	{ HV_PROPERTY_PROCESSOR_FEATURES0, READ_ONLY, 0, ANY_VALUE, features0_get, NULL },
	{ HV_PROPERTY_PROCESSOR_FEATURES1, READ_ONLY, 0, ANY_VALUE, features1_get, NULL },
	{ HV_PROPERTY_GUEST_OS_ID, READ_ONLY, 0, ANY_VALUE, os_id_get, NULL },
};

void property_defaults(struct partition *pt)
{
	for (u32 i = 0; i < ARRAY_SIZE(properties); i++)
		if (properties[i].initial)
			pt->properties[properties[i].slot] = properties[i].initial;
}

static const struct property *property_find(u32 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(properties); i++)
		if (properties[i].code == code)
			return &properties[i];
	return NULL;
}

static u64 property_get(const struct property *p, struct partition *pt)
{
	return p->get ? p->get(pt) : pt->properties[p->slot];
}

/* Get: early properties of a created partition too, everything of an active one. */
static u16 get_target(struct hcall *c, u64 id, const struct property *p, struct partition **pt)
{
	u32 states = HC_ACTIVE | (!p || p->class == EARLY ? HC_CREATED : 0);

	return hc_partition(c, id, HC_CHILD | HC_SELF | states, pt);
}

u16 hc_get_partition_property(struct hcall *c)
{
	const struct hv_get_property_input *in = c->in;
	const struct property *p = property_find(in->property);
	struct partition *pt;
	u16 status = get_target(c, in->partition_id, p, &pt);

	if (status)
		return status;
	if (!p)
		return HV_STATUS_UNKNOWN_PROPERTY;
	*(u64 *)c->out = property_get(p, pt);
	return HV_STATUS_SUCCESS;
}

static u16 property_set(const struct property *p, struct partition *pt, u64 value)
{
	if (value < p->min || value > p->max)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (p->set)
		return p->set(pt, value);
	pt->properties[p->slot] = value;
	return HV_STATUS_SUCCESS;
}

/* The root may set its own, but not what makes it the root. */
static u16 set_target(struct hcall *c, u64 id, const struct property *p, struct partition **pt)
{
	u32 state = p && p->class == EARLY ? HC_CREATED : p ? HC_ACTIVE : HC_CREATED | HC_ACTIVE;

	return hc_partition(c, id, HC_CHILD | HC_ROOT_SELF | state, pt);
}

static u16 set_check(const struct property *p)
{
	if (!p)
		return HV_STATUS_UNKNOWN_PROPERTY;
	return p->class == READ_ONLY ? HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE : HV_STATUS_SUCCESS;
}

u16 hc_set_partition_property(struct hcall *c)
{
	const struct hv_set_property_input *in = c->in;
	const struct property *p = property_find(in->property);
	struct partition *pt;
	u16 status = set_target(c, in->partition_id, p, &pt);

	if (!status)
		status = set_check(p);
	if (status)
		return status;
	if (!fault_pending(c->vp, pt->id, &status))
		return property_set(p, pt, in->value);
	if (!status)
		property_set(p, pt, in->value);
	return HV_STATUS_CALL_PENDING;
}

/* ---- the Ex forms ---- */

/* The properties that are wider than 64 bits are not for setting here. */
u16 hc_set_partition_property_ex(struct hcall *c)
{
	const struct hv_set_property_ex_input *in = c->in;
	const struct property *p = property_find(in->property);
	struct partition *pt;
	u16 status = set_target(c, in->partition_id, p, &pt);

	if (status)
		return status;
	if (in->arg & HV_PROPERTY_EX_ARG_RSVD)
		return HV_STATUS_INVALID_PARAMETER;
	status = set_check(p);
	if (status)
		return status;
	return c->nr_var == 1 ? property_set(p, pt, c->var[0]) : HV_STATUS_INVALID_PARAMETER;
}

static void banks_write(struct hcall *c, u64 bank)
{
	struct hv_banks_output *out = c->out;

	out->bank_count = 1;
	out->bank[0] = bank;
}

#define VMM_CAPABILITY_ASSIGNABLE_FEATURES	BIT(4)

u16 hc_get_partition_property_ex(struct hcall *c)
{
	const struct hv_get_property_ex_input *in = c->in;
	const struct property *p = property_find(in->property);
	bool banks = in->property == HV_PROPERTY_VMM_CAPABILITIES || in->property == HV_PROPERTY_ASSIGNABLE_SYNTH_FEATURES;
	struct partition *pt;
	u16 status = get_target(c, in->partition_id, banks ? NULL : p, &pt);

	if (status)
		return status;
	if (in->arg & HV_PROPERTY_EX_ARG_RSVD)
		return HV_STATUS_INVALID_PARAMETER;
	if (!banks && !p)
		return HV_STATUS_UNKNOWN_PROPERTY;
	if (in->property == HV_PROPERTY_VMM_CAPABILITIES) {
		banks_write(c, VMM_CAPABILITY_ASSIGNABLE_FEATURES);
	} else if (in->property == HV_PROPERTY_ASSIGNABLE_SYNTH_FEATURES) {
		banks_write(c, SYNTHETIC_FEATURES_ASSIGNABLE);
	} else {
		*(u64 *)c->out = property_get(p, pt);
		c->out_size = 8;
	}
	return HV_STATUS_SUCCESS;
}
