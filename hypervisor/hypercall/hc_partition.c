// SPDX-License-Identifier: GPL-2.0
/* Partition life cycle (hypercalls.md 3.1). */
#include "hc.h"

#define CREATION_FLAGS \
	(HV_PARTITION_CREATION_FLAG_SMT_ENABLED_GUEST | HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION_CAPABLE | \
	 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED | HV_PARTITION_CREATION_FLAG_EXO_PARTITION | \
	 HV_PARTITION_CREATION_FLAG_VTL1_OVERRIDE | HV_PARTITION_CREATION_FLAG_VTL2_OVERRIDE | \
	 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED | HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_PMU | \
	 HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_LBR | HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED | \
	 HV_PARTITION_CREATION_FLAG_HYPERCALL_DOORBELL_PAGE_ENABLED | HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE)

/* Known flags whose feature this machine does not have: nested SVM, VTLs, PMU, doorbell page. */
#define CREATION_FLAGS_UNSUPPORTED \
	(HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION_CAPABLE | HV_PARTITION_CREATION_FLAG_VTL1_OVERRIDE | \
	 HV_PARTITION_CREATION_FLAG_VTL2_OVERRIDE | HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_PMU | \
	 HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_LBR | HV_PARTITION_CREATION_FLAG_HYPERCALL_DOORBELL_PAGE_ENABLED)

static u16 create_check(const struct hv_create_partition_input *in)
{
	u16 status = hc_check_proximity(&in->proximity);

	if (in->flags & ~CREATION_FLAGS)
		return HV_STATUS_INVALID_PARAMETER;
	if (status)
		return status;
	/* Isolation: a type we cannot give is a parameter we cannot take (a guess). */
	if (in->isolation)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->flags & CREATION_FLAGS_UNSUPPORTED)
		return HV_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED;
	return HV_STATUS_SUCCESS;
}

/* TLFS HvCallCreatePartition. Memory: the caller's own pool. */
u16 hc_create_partition(struct hcall *c)
{
	const struct hv_create_partition_input *in = c->in;
	struct hv_create_partition_output *out = c->out;
	struct partition *pt;
	u16 status = create_check(in);

	if (status)
		return status;
	if (c->vp->pt->parent)
		return HV_STATUS_PARTITION_TOO_DEEP;	/* root and child, the least that is allowed */
	status = partition_create(c->vp->pt, &pt);
	if (status)
		return status;
	pt->flags = in->flags;
	pt->compatibility_version = in->compatibility_version;
	pt->disabled_features[0] = in->disabled_features[0];
	pt->disabled_features[1] = in->disabled_features[1];
	pt->disabled_xsave = in->disabled_xsave;
	out->partition_id = pt->id;
	return HV_STATUS_SUCCESS;
}

/* TLFS HvCallInitializePartition. Memory: the target's pool. */
u16 hc_initialize_partition(struct hcall *c)
{
	const struct hv_partition_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_CREATED, &pt);

	return status ? status : partition_init(pt);
}

u16 hc_finalize_partition(struct hcall *c)
{
	const struct hv_partition_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE | HC_FINALIZING, &pt);

	if (status)
		return status;
	if (pt->nr_children)
		return HV_STATUS_OPERATION_DENIED;
	partition_finalize(pt);
	return HV_STATUS_SUCCESS;
}

u16 hc_delete_partition(struct hcall *c)
{
	const struct hv_partition_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_CREATED | HC_FINALIZED, &pt);

	if (status)
		return status;
	if (pt->pool.nr_free || pt->pool.nr_used)
		return HV_STATUS_OPERATION_DENIED;
	partition_delete(pt);
	return HV_STATUS_SUCCESS;
}

u16 hc_get_partition_id(struct hcall *c)
{
	struct hv_partition_input *out = c->out;

	out->partition_id = c->vp->pt->id;
	return HV_STATUS_SUCCESS;
}

/* TLFS HvCallGetNextChildPartition: the parent named must be the caller itself. */
u16 hc_get_next_child_partition(struct hcall *c)
{
	const struct hv_next_child_input *in = c->in;
	struct hv_partition_input *out = c->out;
	struct partition *parent, *previous, *next;
	u16 status = hc_partition(c, in->parent_id, HC_SELF | HC_ANY_STATE, &parent);

	if (status)
		return status;
	if (in->previous_child_id) {
		previous = partition_get(in->previous_child_id);
		if (!previous || previous->parent != parent)
			return HV_STATUS_INVALID_PARTITION_ID;
	}
	next = partition_next_child(parent, in->previous_child_id);
	out->partition_id = next ? next->id : HV_PARTITION_ID_INVALID;
	return HV_STATUS_SUCCESS;
}
