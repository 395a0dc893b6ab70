// SPDX-License-Identifier: GPL-2.0
/* Local APIC accesses of a VP: the register page, the MSRs, and what a write sets off. */
#include "hv.h"
#include "internal.h"

static bool ipi_matches(const struct vp *from, const struct vp *to, const struct lapic_ipi *ipi)
{
	switch (ipi->shorthand) {
	case LAPIC_TO_SELF:
		return from == to;
	case LAPIC_TO_ALL:
		return true;
	case LAPIC_TO_OTHERS:
		return from != to;
	default:
		return lapic_match_dest(&to->lapic, ipi->dest, ipi->logical, ipi->wide);
	}
}

/* False: not accepted, a lowest-priority interrupt may go to the next. */
static bool ipi_deliver(struct vp *to, const struct lapic_ipi *ipi)
{
	switch (ipi->delivery) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST:
		return vp_irq(to, ipi->vector, false);
	case LAPIC_NMI:
		vp_nmi(to);
		break;
	case LAPIC_INIT:
		vp_init(to);
		break;
	case LAPIC_SIPI:
		vp_sipi(to, ipi->vector);
		break;
	}
	return true;
}

static void ipi_route(struct vp *from, const struct lapic_ipi *ipi)
{
	struct partition *pt = from->pt;
	u32 nr = 0, pos = 0;
	struct vp *to;

	while ((to = vp_next(pt, &pos))) {
		if (!ipi_matches(from, to, ipi))
			continue;
		if (!ipi_deliver(to, ipi))
			continue;
		nr++;
		if (ipi->delivery == LAPIC_LOWEST)
			break;
	}
	if (!nr && options.verbose)
		hv_info("p%llu vp%u: IPI of mode %u to %x reaches nobody", pt->id, from->index,
			ipi->delivery, ipi->dest);
}

static void eoi_done(struct vp *vp, const struct lapic_eoi *eoi)
{
	struct hv_apic_eoi_message payload = { .vp_index = vp->index, .vector = eoi->vector };

	synic_scan(vp);
	if (partition_is_root(vp->pt)) {
		if (eoi->level)
			irq_eoi(vp, eoi->vector);
	} else if (eoi->level || intercept_wanted(vp->pt, HV_INTERCEPT_X64_APIC_EOI, 0, HV_INTERCEPT_WRITE))
		intercept_report(vp, HVMSG_X64_APIC_EOI, &payload, sizeof(payload));
}

void apic_effect(struct vp *vp, const struct lapic_effect *fx)
{
	switch (fx->kind) {
	case LAPIC_EFFECT_IPI:
		ipi_route(vp, &fx->ipi);
		break;
	case LAPIC_EFFECT_EOI:
		eoi_done(vp, &fx->eoi);
		break;
	default:
		break;	/* timers and mode are looked at before each entry */
	}
}

/* Aligned 32-bit accesses are what is defined; a part of a register reads as that part. */
static u64 page_read(struct vp *vp, u32 offset, u8 size)
{
	u64 val = lapic_mmio_read(&vp->lapic, offset & ~3u, time_now_ns()) >> (offset & 3) * 8;

	return size >= 4 ? val & 0xffffffff : val & (BIT(size * 8) - 1);
}

/* An access of @vp to its local APIC page: fetched, decoded, executed. */
void apic_access(struct vp *vp, u64 gpa)
{
	u8 bytes[INSN_MAX_BYTES];
	u32 n = guest_fetch(vp, bytes), offset = gpa & (PAGE_SIZE - 1);
	struct lapic_effect fx = { 0 };
	struct insn insn;
	u64 mem = 0;

	/* MOVS has ordinary memory on its other side. */
	if (!insn_decode(bytes, n, guest_mode(vp), &insn) || insn.op == INSN_MOVS) {
		hv_notice("p%llu vp%u: instruction %02x %02x %02x at %llx on its local APIC page is not known",
			vp->pt->id, vp->index, bytes[0], bytes[1], bytes[2], vp->vmcb->s.rip);
		vp_inject(vp, VEC_GP, true, 0);
		return;
	}
	if (insn.reads)
		mem = page_read(vp, offset, insn.size);
	insn_execute(&insn, vp->gpr, &vp->vmcb->s.rflags, &mem);
	if (!insn_repeats(&insn, vp->gpr))
		vp_advance(vp, insn.length);
	if (insn.writes)
		fx = lapic_mmio_write(&vp->lapic, offset & ~3u, mem, time_now_ns());
	apic_effect(vp, &fx);
}
