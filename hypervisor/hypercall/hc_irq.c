// SPDX-License-Identifier: GPL-2.0
/* Interrupts: asserted, mapped, sent (hypercalls.md 3.8). */
#include "hc.h"
#include "internal.h"

#define VECTOR_LOWEST	16u
#define VECTOR_HIGHEST	255u

/* ---- VP sets (4.4) ---- */

u16 vp_set_gather(u64 format, u64 mask, const u64 *banks, u32 nr_banks, u64 bits[MAX_VPS / 64])
{
	u32 bank, n = 0;

	memset(bits, 0, MAX_VPS / 8);
	if (format == HV_SET_ALL) {
		memset(bits, 0xff, MAX_VPS / 8);
		return nr_banks ? HV_STATUS_INVALID_HYPERCALL_INPUT : HV_STATUS_SUCCESS;
	}
	if (format != HV_SET_SPARSE_4K)
		return HV_STATUS_INVALID_PARAMETER;
	if (bit_count(mask) != nr_banks)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	for (; mask; mask &= mask - 1, n++) {
		bank = bit_lowest(mask);
		if (bank < MAX_VPS / 64)
			bits[bank] = banks[n];
		else if (banks[n])
			return HV_STATUS_INVALID_VP_INDEX;
	}
	return HV_STATUS_SUCCESS;
}

/* ---- AssertVirtualInterrupt ---- */

static bool takes_vector(u32 type)
{
	return type == HV_INTERRUPT_FIXED || type == HV_INTERRUPT_LOWESTPRIORITY || type == HV_INTERRUPT_SIPI ||
	       type == HV_INTERRUPT_EXTINT;
}

static bool takes_level(u32 type)
{
	return type == HV_INTERRUPT_FIXED || type == HV_INTERRUPT_LOWESTPRIORITY || type == HV_INTERRUPT_EXTINT ||
	       type >= HV_INTERRUPT_LOCALINT0;
}

static u16 assert_check(const struct hv_assert_interrupt_input *in)
{
	bool none = in->vector == HV_INTERRUPT_VECTOR_NONE;

	if (in->control & ~(HV_ASSERT_LEVEL | HV_ASSERT_LOGICAL | HV_ASSERT_LONG_MODE))
		return HV_STATUS_INVALID_PARAMETER;
	if (in->target_vtl || in->rsvd[0] || in->rsvd[1] || in->rsvd[2])
		return HV_STATUS_INVALID_PARAMETER;
	if (in->type > HV_INTERRUPT_LOCALINT1 || in->type == HV_INTERRUPT_REMOTEREAD)
		return HV_STATUS_INVALID_PARAMETER;
	if ((in->control & HV_ASSERT_LEVEL) && !takes_level(in->type))
		return HV_STATUS_INVALID_PARAMETER;
	if (takes_vector(in->type))
		return in->vector > VECTOR_HIGHEST && !none ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
	return in->vector && !none ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

/* Boot VP only, destination 0; a second one waits until the first is cleared (rule 55). */
static u16 extint_assert(struct partition *pt, const struct hv_assert_interrupt_input *in)
{
	struct vp *vp = vp_get(pt, 0);

	if (in->destination || !vp)
		return HV_STATUS_INVALID_VP_INDEX;
	if (vp->extint == EXTINT_ACKNOWLEDGED)
		return HV_STATUS_ACKNOWLEDGED;
	if (in->vector == HV_INTERRUPT_VECTOR_NONE) {
		vp->extint = EXTINT_NONE;
		return HV_STATUS_SUCCESS;
	}
	vp->extint = EXTINT_PENDING;
	vp->extint_vector = in->vector;
	vp_wake(vp);
	return HV_STATUS_SUCCESS;
}

static void local_deliver(struct vp *vp, enum lapic_delivery how)
{
	if (how == LAPIC_NMI)
		vp_nmi(vp);
	else if (how == LAPIC_INIT)
		vp_init(vp);
	else
		vp_wake(vp);
}

static void vp_assert(struct vp *vp, const struct hv_assert_interrupt_input *in)
{
	bool level = in->control & HV_ASSERT_LEVEL, none = in->vector == HV_INTERRUPT_VECTOR_NONE;

	if (none && !takes_level(in->type))
		return;		/* an edge has no end */
	switch (in->type) {
	case HV_INTERRUPT_FIXED:
	case HV_INTERRUPT_LOWESTPRIORITY:
		if (!none) {
			if (level)
				vp->level_vector = in->vector;
			vp_irq(vp, in->vector, level);
		} else if (level) {
			lapic_clear_irr(&vp->lapic, vp->level_vector);
		}
		break;
	case HV_INTERRUPT_NMI:
		vp_nmi(vp);
		break;
	case HV_INTERRUPT_INIT:
		vp_init(vp);
		break;
	case HV_INTERRUPT_SIPI:
		vp_sipi(vp, in->vector);
		break;
	case HV_INTERRUPT_LOCALINT0:
	case HV_INTERRUPT_LOCALINT1:
		local_deliver(vp, lapic_lint(&vp->lapic, in->type - HV_INTERRUPT_LOCALINT0, !none));
		break;
	}
}

/* A physical destination is a whole APIC ID, whatever mode the APIC is in; 0xff is everybody but in long mode. */
static bool destination_match(const struct vp *vp, const struct hv_assert_interrupt_input *in)
{
	bool logical = in->control & HV_ASSERT_LOGICAL, wide = (in->control & HV_ASSERT_LONG_MODE) || in->destination > 0xff;

	if (in->destination > U32_MAX)
		return false;
	if (!logical && !wide && in->destination == 0xff)
		return true;
	return lapic_match_dest(&vp->lapic, in->destination, logical, wide || !logical);
}

/* One that takes it before one that does not, then the lower priority; the first among equals. */
static bool lowest_better(const struct vp *vp, const struct vp *best)
{
	bool on = lapic_software_enabled(&vp->lapic), best_on = lapic_software_enabled(&best->lapic);

	return on == best_on ? lapic_ppr(&vp->lapic) < lapic_ppr(&best->lapic) : on;
}

/* Of the VPs addressed, the one with the lowest priority. */
static bool lowest_assert(struct partition *pt, const struct hv_assert_interrupt_input *in)
{
	struct vp *best = NULL;

	for (u32 i = 0; i < MAX_VPS; i++) {
		struct vp *vp = vp_get(pt, i);

		if (vp && destination_match(vp, in) && (!best || lowest_better(vp, best)))
			best = vp;
	}
	if (best)
		vp_assert(best, in);
	return best;
}

static bool all_assert(struct partition *pt, const struct hv_assert_interrupt_input *in)
{
	bool any = false;

	for (u32 i = 0; i < MAX_VPS; i++) {
		struct vp *vp = vp_get(pt, i);

		if (!vp || !destination_match(vp, in))
			continue;
		vp_assert(vp, in);
		any = true;
	}
	return any;
}

/* TLFS HvCallAssertVirtualInterrupt. A logical destination that nobody has: dropped (a guess). */
u16 hc_assert_virtual_interrupt(struct hcall *c)
{
	const struct hv_assert_interrupt_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &pt);
	bool any;

	if (status)
		return status;
	status = assert_check(in);
	if (status)
		return status;
	if (in->type == HV_INTERRUPT_EXTINT)
		return extint_assert(pt, in);
	any = in->type == HV_INTERRUPT_LOWESTPRIORITY ? lowest_assert(pt, in) : all_assert(pt, in);
	return any || (in->control & HV_ASSERT_LOGICAL) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

/* TLFS HvCallGetVpSetFromMda: the VPs that an interrupt to @destination would reach. */
u16 hc_get_vp_set_from_mda(struct hcall *c)
{
	const struct hv_vp_set_from_mda_input *in = c->in;
	struct hv_assert_interrupt_input to = { .control = in->logical ? HV_ASSERT_LOGICAL : 0, .destination = in->destination };
	u64 bits[MAX_VPS / 64] = { 0 }, *set = c->out;
	struct partition *pt;
	struct vp *vp;
	u32 pos = 0, n = 2;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (in->target_vtl || in->logical > 1 || !bytes_zero(in->rsvd, sizeof(in->rsvd)))
		return HV_STATUS_INVALID_PARAMETER;
	while ((vp = vp_next(pt, &pos)))
		if (destination_match(vp, &to))
			bitmap_set(bits, vp->index);
	set[0] = HV_SET_SPARSE_4K;
	for (u32 bank = 0; bank < ARRAY_SIZE(bits); bank++) {
		if (!bits[bank])
			continue;
		set[1] |= BIT(bank);
		set[n++] = bits[bank];
	}
	return HV_STATUS_SUCCESS;
}

u16 hc_clear_virtual_interrupt(struct hcall *c)
{
	const struct hv_partition_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &pt);

	if (status)
		return status;
	vp = vp_get(pt, 0);
	if (!vp || vp->extint != EXTINT_ACKNOWLEDGED)
		return HV_STATUS_NOT_ACKNOWLEDGED;
	vp->extint = EXTINT_NONE;
	return HV_STATUS_SUCCESS;
}

/* ---- device interrupts ---- */

/* 4.5. The root names devices by what the bus knows them by; the other two forms are not offered. */
static u16 device_check(u64 id)
{
	switch (id >> HV_DEVICE_TYPE_SHIFT) {
	case HV_DEVICE_PCI:
		return id & HV_DEVICE_PCI_RSVD ? HV_STATUS_INVALID_DEVICE_ID : HV_STATUS_SUCCESS;
	case HV_DEVICE_IOAPIC:
		return id & HV_DEVICE_IOAPIC_RSVD ? HV_STATUS_INVALID_DEVICE_ID : HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_DEVICE_ID;
}

/* Bounds, and the vectors the hypervisor keeps to itself (rule 54). */
static bool vector_ok(u32 vector)
{
	switch (vector) {
	case 0x1f:
	case 0x29:
	case 0x2c:
	case 0x2d:
	case 0x2f:
	case 0xd2:
		return options.quirks & QUIRK_ROOT_VECTORS;
	}
	return vector >= VECTOR_LOWEST && vector <= VECTOR_HIGHEST;
}

/* The VPs meant: a mask of 0 to 63, or a set whose bank mask is the first of the variable header. */
static u16 target_gather(const struct hcall *c, const struct hv_interrupt_target *t, u64 bits[MAX_VPS / 64])
{
	if (t->flags & ~(HV_TARGET_MULTICAST | HV_TARGET_PROCESSOR_SET))
		return HV_STATUS_INVALID_PARAMETER;
	if (!(t->flags & HV_TARGET_PROCESSOR_SET)) {
		memset(bits, 0, MAX_VPS / 8);
		bits[0] = t->vp_mask;
		return c->nr_var ? HV_STATUS_INVALID_HYPERCALL_INPUT : HV_STATUS_SUCCESS;
	}
	if (!c->nr_var)
		return t->format == HV_SET_ALL ? vp_set_gather(t->format, 0, NULL, 0, bits) :
						 HV_STATUS_INVALID_HYPERCALL_INPUT;
	return vp_set_gather(t->format, c->var[0], c->var + 1, t->format == HV_SET_ALL ? 0 : c->nr_var - 1, bits);
}

/* All VPs named exist; the interrupt goes to the first of them. */
static u16 target_vp(const struct hcall *c, const struct hv_interrupt_target *t, struct vp **target)
{
	u64 bits[MAX_VPS / 64];
	u16 status = target_gather(c, t, bits);

	*target = NULL;
	if (status)
		return status;
	for (u32 i = bitmap_next(bits, MAX_VPS, 0); i < MAX_VPS; i = bitmap_next(bits, MAX_VPS, i + 1)) {
		struct vp *vp = vp_get(c->vp->pt, i);

		if (!vp && t->format != HV_SET_ALL)
			return HV_STATUS_INVALID_VP_INDEX;
		if (!*target)
			*target = vp;
	}
	return *target ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

static u16 map_check(const struct hv_map_interrupt_input *in)
{
	u16 status = device_check(in->device_id);

	if (status)
		return status;
	if (in->flags || in->rsvd || in->interrupt_type != HV_INTERRUPT_FIXED || in->trigger_mode > 1 ||
	    in->vector_count != 1 || !vector_ok(in->target.vector))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

u16 hc_map_device_interrupt(struct hcall *c)
{
	const struct hv_map_interrupt_input *in = c->in;
	struct hv_map_interrupt_output *out = c->out;
	struct partition *pt;
	struct vp *target;
	u16 status = hc_partition(c, in->partition_id, HC_ROOT_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	status = map_check(in);
	if (status)
		return status;
	status = target_vp(c, &in->target, &target);
	if (status)
		return status;
	return irq_map(in->device_id, in->base_irt, target, in->target.vector, in->trigger_mode, &out->entry);
}

u16 hc_unmap_device_interrupt(struct hcall *c)
{
	const struct hv_unmap_interrupt_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_ROOT_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	status = device_check(in->device_id);
	if (status)
		return status;
	if ((in->flags && !(options.quirks & QUIRK_UNMAP_FLAGS)) || in->entry.rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	return irq_unmap(in->device_id, &in->entry);
}

/* For devices assigned to the caller, by logical ID: there are none here. */
u16 hc_retarget_device_interrupt(struct hcall *c)
{
	const struct hv_retarget_interrupt_input *in = c->in;
	struct partition *pt;
	struct vp *target;
	u16 status = hc_partition(c, in->partition_id, HC_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (in->rsvd || in->target.vector < VECTOR_LOWEST || in->target.vector > VECTOR_HIGHEST)
		return HV_STATUS_INVALID_PARAMETER;
	status = target_vp(c, &in->target, &target);
	if (!status)
		hc_intercepted(c, HV_INTERCEPT_RETARGET_UNKNOWN_DEVICE);
	return status ? status : HV_STATUS_INVALID_DEVICE_ID;
}

/* ---- synthetic cluster IPIs ---- */

static u16 ipi_send(struct hcall *c, u32 vector, const u64 bits[MAX_VPS / 64])
{
	for (u32 i = bitmap_next(bits, MAX_VPS, 0); i < MAX_VPS; i = bitmap_next(bits, MAX_VPS, i + 1)) {
		struct vp *vp = vp_get(c->vp->pt, i);

		if (vp)
			vp_irq(vp, vector, false);
	}
	return HV_STATUS_SUCCESS;
}

static u16 ipi_check(u32 vector, u8 ivtl, const u8 rsvd[3])
{
	if (vector < VECTOR_LOWEST || vector > VECTOR_HIGHEST || rsvd[0] || rsvd[1] || rsvd[2])
		return HV_STATUS_INVALID_PARAMETER;
	return hc_check_ivtl(ivtl);
}

u16 hc_send_synthetic_cluster_ipi(struct hcall *c)
{
	const struct hv_cluster_ipi_input *in = c->in;
	u64 bits[MAX_VPS / 64] = { in->mask };
	u16 status = ipi_check(in->vector, in->ivtl, in->rsvd);

	return status ? status : ipi_send(c, in->vector, bits);
}

u16 hc_send_synthetic_cluster_ipi_ex(struct hcall *c)
{
	const struct hv_cluster_ipi_ex_input *in = c->in;
	u64 bits[MAX_VPS / 64];
	u16 status = ipi_check(in->vector, in->ivtl, in->rsvd);

	if (status)
		return status;
	status = vp_set_gather(in->format, in->valid_bank_mask, c->var, c->nr_var, bits);
	return status ? status : ipi_send(c, in->vector, bits);
}
