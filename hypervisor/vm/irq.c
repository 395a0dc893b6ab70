// SPDX-License-Identifier: GPL-2.0
/*
 * Device interrupts of the root (TLFS: HvCallMapDeviceInterrupt).
 *
 * The hypervisor owns every (LP, physical vector) pair. A map call takes one for
 * a device and a virtual vector of a root VP, and returns the pair in the form
 * that the device or IO-APIC pin is programmed with. What arrives on a pair that
 * no map call took is dropped, and the run is blamed.
 *
 * Edge: EOI at once, request in the VP's local APIC. Level: the physical
 * interrupt stays in service until the VP's EOI, so that it does not fire again
 * meanwhile; level vectors lie below all others, so that what stays in service
 * holds up nothing else.
 *
 * A first partition that is not the root maps nothing: what arrives is its own, on the
 * vector and the LP that it has chosen (role.c).
 */
#include "hv.h"
#include "bits.h"
#include "internal.h"

#define LEVEL_FIRST	0x20
#define LEVEL_LAST	0x4f
#define EDGE_FIRST	0x50
#define EDGE_LAST	0xef
#define NR_VECTORS	256

#define MSI_ADDRESS	0xfee00000u
#define MSI_DEST(id)	((id) << 12)
#define MSI_DEST_ID(a)	(((a) >> 12) & 0xff)
#define RTE_LEVEL	BIT(15)
#define RTE_DEST(id)	((u64)(id) << 56)

enum route_state { ROUTE_FREE, ROUTE_MAPPED, ROUTE_LEAVING };

struct route {
	u64 device_id;
	struct vp *target;
	u8 state;		/* enum route_state */
	u8 vector;		/* virtual */
	bool level;
	bool ioapic;
};

void irq_init_lp(struct lp *lp)
{
	lp->routes = boot_alloc((NR_VECTORS * sizeof(struct route) + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* A device that uses one of these makes this LP look once more. */
static bool own_vector(u8 vector)
{
	return vector == VECTOR_TIMER || vector == VECTOR_KICK;
}

/* In the interrupt entry, without the lock: note it, and let the next one come. */
void irq_taken(struct lp *lp, u8 vector)
{
	/* A true one is not in service; a device's is. */
	if (vector == VECTOR_SPURIOUS && !apic_in_service(vector))
		return;
	if (vector == VECTOR_TIMER)
		lp->timer_ns = ~0ull;
	if (!own_vector(vector))
		bitmap_set(lp->taken, vector);
	if (bitmap_test(lp->level, vector) || (options.role != ROLE_ROOT && apic_is_level(vector)))
		bitmap_set(lp->level_active, vector);
	else
		apic_eoi();
}

/*
 * The physical EOI ends the highest vector in service, which need not be the one
 * the VP has ended: level vectors wait for each other.
 */
static void physical_eoi(struct lp *lp)
{
	for (int v = EDGE_LAST; v >= 0; v--) {
		if (!bitmap_test(lp->level_active, v))
			continue;
		if (!bitmap_test(lp->eoi_due, v))
			return;
		bitmap_clear(lp->eoi_due, v);
		bitmap_clear(lp->level_active, v);
		apic_eoi();
	}
}

static void route_deliver(struct lp *lp, u8 vector)
{
	struct route *r = &lp->routes[vector];

	if (options.role != ROLE_ROOT) {
		vp_irq(lp->root_vp, vector, bitmap_test(lp->level_active, vector));
		return;
	}
	if (r->state == ROUTE_FREE) {
		if (bitmap_test(lp->level_active, vector))
			bitmap_set(lp->eoi_due, vector);
		physical_eoi(lp);
		verdict_blame(VERDICT_DROPPED_INTERRUPT, "LP %u, vector %02x: no device is mapped there",
			      lp->index, vector);
		return;
	}
	vp_irq(r->target, r->vector, r->level);
}

/*
 * A pair that was unmapped may have had an interrupt on its way. It belongs to
 * the old route if it was there when this LP next looked, after that and with the
 * lock held (sched_run()), be it behind a level in service. When it has been
 * delivered the pair is free, and the VP's EOI will not find it any more.
 */
static void routes_leave(struct lp *lp)
{
	bool waits = false;

	if (!lp->routes_leaving)
		return;
	for (u32 v = LEVEL_FIRST; v <= EDGE_LAST; v++) {
		if (lp->routes[v].state != ROUTE_LEAVING)
			continue;
		if (apic_requested(v)) {
			waits = true;
			continue;
		}
		lp->routes[v] = (struct route){ .state = ROUTE_FREE };
		if (bitmap_test(lp->level_active, v))
			bitmap_set(lp->eoi_due, v);
	}
	lp->routes_leaving = waits;
	physical_eoi(lp);
}

void irq_drain(struct lp *lp)
{
	for (u32 v = bitmap_next(lp->taken, NR_VECTORS, 0); v < NR_VECTORS;
	     v = bitmap_next(lp->taken, NR_VECTORS, v + 1)) {
		bitmap_clear(lp->taken, v);
		route_deliver(lp, v);
	}
	routes_leave(lp);
	if (lp->nmi_taken) {
		lp->nmi_taken = false;
		if (lp->root_vp)
			vp_nmi(lp->root_vp);
	}
}

void irq_eoi(struct vp *vp, u8 vector)
{
	struct lp *lp = vp->home;

	if (options.role != ROLE_ROOT && bitmap_test(lp->level_active, vector))
		bitmap_set(lp->eoi_due, vector);
	for (u32 v = LEVEL_FIRST; v <= LEVEL_LAST; v++) {
		const struct route *r = &lp->routes[v];

		if (r->state != ROUTE_FREE && r->level && r->vector == vector && bitmap_test(lp->level_active, v))
			bitmap_set(lp->eoi_due, v);
	}
	physical_eoi(lp);
}

/* ---- map and unmap ---- */

static bool vector_mapped(const struct lp *lp, u8 vector)
{
	for (u32 v = LEVEL_FIRST; v <= EDGE_LAST; v++)
		if (lp->routes[v].state == ROUTE_MAPPED && lp->routes[v].vector == vector)
			return true;
	return false;
}

/* Never the vector asked for: a device programmed with that, and not with what we return, is caught. */
static u32 pair_find(struct lp *lp, u8 vector, bool level)
{
	u32 first = level ? LEVEL_FIRST : EDGE_FIRST, last = level ? LEVEL_LAST : EDGE_LAST;

	for (u32 v = first; v <= last; v++)
		if (v != vector && lp->routes[v].state == ROUTE_FREE && !bitmap_test(lp->level_active, v))
			return v;
	return 0;
}

static bool device_is_ioapic(u64 device_id)
{
	return device_id >> HV_DEVICE_TYPE_SHIFT == HV_DEVICE_IOAPIC;
}

static void entry_fill(struct hv_interrupt_entry *out, struct lp *lp, u32 v, bool level, bool ioapic)
{
	*out = (struct hv_interrupt_entry){ 0 };
	if (ioapic) {
		out->source = HV_INTERRUPT_SOURCE_IOAPIC;
		out->rte = v | RTE_DEST(lp->apic_id) | (level ? RTE_LEVEL : 0);
	} else {
		out->source = HV_INTERRUPT_SOURCE_MSI;
		out->msi.address = MSI_ADDRESS | MSI_DEST(lp->apic_id);
		out->msi.data = v;
	}
}

u16 irq_map(u64 device_id, u32 base_irt, struct vp *target, u8 vector, bool level,
	    struct hv_interrupt_entry *out)
{
	struct lp *lp = target->home;
	u32 v;

	(void)base_irt;
	if (vector_mapped(lp, vector) && !(options.quirks & QUIRK_STALE_MAPS))
		return HV_STATUS_OPERATION_DENIED;
	v = pair_find(lp, vector, level);
	if (!v)
		return HV_STATUS_NO_RESOURCES;
	lp->routes[v] = (struct route){
		.device_id = device_id, .target = target, .state = ROUTE_MAPPED,
		.vector = vector, .level = level, .ioapic = device_is_ioapic(device_id),
	};
	if (level)
		bitmap_set(lp->level, v);
	else
		bitmap_clear(lp->level, v);
	entry_fill(out, lp, v, level, device_is_ioapic(device_id));
	if (options.verbose)
		hv_info("map: device %llx, VP %u vector %02x %s: LP %u vector %02x", device_id, target->index,
			vector, level ? "level" : "edge", lp->index, v);
	return HV_STATUS_SUCCESS;
}

static bool entry_same(const struct hv_interrupt_entry *a, const struct hv_interrupt_entry *b)
{
	return a->source == b->source && a->body == b->body;
}

static void route_unmap(struct lp *lp, u32 v)
{
	struct route *r = &lp->routes[v];

	if (bitmap_test(lp->level_active, v)) {
		bitmap_set(lp->eoi_due, v);
		if (lp == this_lp())
			physical_eoi(lp);
	}
	r->state = ROUTE_LEAVING;
	lp->routes_leaving = true;
	lp_kick(lp);
}

u16 irq_unmap(u64 device_id, const struct hv_interrupt_entry *entry)
{
	for (u32 i = 0; i < nr_lps; i++) {
		struct lp *lp = lps[i];

		for (u32 v = LEVEL_FIRST; v <= EDGE_LAST; v++) {
			const struct route *r = &lp->routes[v];
			struct hv_interrupt_entry e;

			if (r->state != ROUTE_MAPPED || r->device_id != device_id)
				continue;
			entry_fill(&e, lp, v, r->level, r->ioapic);
			if (!entry_same(&e, entry))
				continue;
			route_unmap(lp, v);
			return HV_STATUS_SUCCESS;
		}
	}
	return HV_STATUS_NOT_FOUND;
}

/* What is routed where, for comparison with what the root believes. */
void irq_print(void)
{
	u32 nr = 0;

	for (u32 i = 0; i < nr_lps; i++) {
		for (u32 v = LEVEL_FIRST; v <= EDGE_LAST; v++) {
			const struct route *r = &lps[i]->routes[v];

			if (r->state != ROUTE_MAPPED)
				continue;
			nr++;
			hv_info("route: VP %u vector %02x %s, device %llx: LP %u vector %02x", r->target->index, r->vector,
				r->level ? "level" : "edge", r->device_id, lps[i]->index, v);
		}
	}
	hv_info("routes: %u", nr);
}
