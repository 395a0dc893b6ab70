// SPDX-License-Identifier: GPL-2.0
/*
 * The register page of a VP (interface.md 6.1): filled when it stops, its dirty
 * classes loaded before it runs. The root writes it at any time.
 */
#include "internal.h"
#include "register.h"

void regpage_fill(struct vp *vp)
{
	const struct vmcb_save *s = &vp->vmcb->s;
	struct hv_register_page *p = vp->register_page;

	if (!p)
		return;
	vp_cpu_save(vp);
	p->version = 1;
	p->dirty = 0;
	memcpy(p->gpr, vp->gpr, sizeof(p->gpr));
	p->rip = s->rip;
	p->rflags = s->rflags;
	memcpy(p->xmm, vp->fpu + FXSAVE_XMM0, sizeof(p->xmm));
	for (u32 i = 0; i < ARRAY_SIZE(p->segment); i++)
		segment_get(reg_segment(vp, i), &p->segment[i]);
	p->cr0 = s->cr0;
	p->cr3 = s->cr3;
	p->cr4 = s->cr4;
	p->cr8 = lapic_cr8(&vp->lapic);
	p->efer = s->efer & ~EFER_SVME;
	p->dr7 = s->dr7;
	p->pending_interruption = vp->pending_interruption;
	p->interrupt_state = reg_interrupt_state(vp);
	p->xfem = vp->xcr0;
	p->isvalid = 1;
	vp->register_page_valid = true;
}

static void regpage_take_segments(struct vp *vp, const struct hv_register_page *p)
{
	for (u32 i = 0; i < ARRAY_SIZE(p->segment); i++) {
		struct hv_segment seg = p->segment[i];	/* one read: the page is the root's to write */

		seg.attributes &= 0xf0ff;
		segment_set(reg_segment(vp, i), &seg);
	}
	reg_cpl_update(vp);
}

/* Dirty classes become the VP's. The page is written by the root at any time: each value is read once. */
void regpage_take(struct vp *vp)
{
	struct hv_register_page *p = vp->register_page;
	u32 dirty = p->dirty;

	p->dirty = 0;
	if (dirty & HV_REGPAGE_DIRTY_GP)
		memcpy(vp->gpr, p->gpr, sizeof(p->gpr));
	if (dirty & HV_REGPAGE_DIRTY_IP)
		vp->vmcb->s.rip = p->rip;
	if (dirty & HV_REGPAGE_DIRTY_FLAGS)
		vp->vmcb->s.rflags = (p->rflags & RFLAGS_SETTABLE) | RFLAGS_FIXED;
	if (dirty & HV_REGPAGE_DIRTY_XMM) {
		vp_cpu_save(vp);
		memcpy(vp->fpu + FXSAVE_XMM0, p->xmm, sizeof(p->xmm));
		*(u64 *)(vp->fpu + XSTATE_BV) |= 2;
	}
	if (dirty & (HV_REGPAGE_DIRTY_SEGMENTS | HV_REGPAGE_DIRTY_FLAGS))
		reg_cpl_update(vp);
	if (dirty & HV_REGPAGE_DIRTY_SEGMENTS)
		regpage_take_segments(vp, p);
}

/* Before the VP runs. A page that was not valid holds nothing to load. */
void regpage_load(struct vp *vp)
{
	struct hv_register_page *p = vp->register_page;

	if (!p || !vp->register_page_valid)
		return;
	if (p->dirty)
		regpage_take(vp);
	p->isvalid = 0;
	vp->register_page_valid = false;
}
