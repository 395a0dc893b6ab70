// SPDX-License-Identifier: GPL-2.0
/*
 * Intercepts of a child: the message, and how its parent learns of it.
 *
 * The message goes into the VP's intercept page where that is mapped, and an
 * opaque message into the SynIC slot of a root VP; without the page the message
 * itself goes there. Under the root scheduler nothing is posted: DispatchVp
 * returns. Order: pages first, then InterceptSuspend, then the notification.
 */
#include "hv.h"
#include "internal.h"
#include "string.h"

#define INTERCEPT_SINT	0

void intercept_segment(struct hv_segment *to, const struct vmcb_seg *from)
{
	to->base = from->base;
	to->limit = from->limit;
	to->selector = from->selector;
	to->attributes = (from->attrib & 0xff) | (from->attrib & 0xf00) << 4;
}

/* Up to 16 bytes at CS:RIP, as far as they can be read. */
u8 intercept_bytes(struct vp *vp, u8 bytes[16])
{
	u8 fetched[INSN_MAX_BYTES];
	u32 n = guest_fetch(vp, fetched);

	memcpy(bytes, fetched, n);
	return n;
}

void intercept_header(struct vp *vp, struct hv_intercept_header *h, u8 access, u64 length)
{
	const struct vmcb_save *s = &vp->vmcb->s;

	h->vp_index = vp->index;
	h->length_cr8 = (length & 0xf) | lapic_cr8(&vp->lapic) << 4;
	h->access = access;
	h->execution_state = s->cpl |
		(s->cr0 & CR0_PE ? HV_EXEC_CR0_PE : 0) | (s->cr0 & CR0_AM ? HV_EXEC_CR0_AM : 0) |
		(s->efer & EFER_LMA ? HV_EXEC_EFER_LMA : 0) | (s->dr7 & 0xff ? HV_EXEC_DEBUG_ACTIVE : 0) |
		(vp->pending_interruption ? HV_EXEC_INTERRUPTION_PENDING : 0) |
		(vp->vmcb->c.int_state & BIT(0) ? HV_EXEC_INTERRUPT_SHADOW : 0);
	intercept_segment(&h->cs, &s->cs);
	h->rip = s->rip;
	h->rflags = s->rflags;
}

/* A root VP that can take it: the one of the LP the VP ran on, or any. */
static bool notify(struct vp *vp)
{
	struct vp *to = vp->home->root_vp;

	if (to && synic_post(to, INTERCEPT_SINT, &vp->messages->intercept))
		return true;
	for (u32 i = 0; i < nr_lps; i++) {
		to = lps[i]->root_vp;
		if (to && synic_post(to, INTERCEPT_SINT, &vp->messages->intercept))
			return true;
	}
	return false;
}

void intercept_report(struct vp *vp, u32 type, const void *payload, u8 size)
{
	struct hv_opaque_message opaque = { .vp_index = vp->index };
	struct synic_msg *m = &vp->messages->intercept;

	trace_intercept(vp, type);
	/* The parent may have resumed the VP before the slot took the last one: one notice serves for both. */
	synic_cancel(m);
	synic_fill(m, type, vp->pt->id, payload, size);
	if (vp->register_page)
		regpage_fill(vp);
	if (vp->intercept_page)
		memcpy(vp->intercept_page, &m->msg, sizeof(m->msg));
	vp->intercept_suspend = HV_INTERCEPT_SUSPENDED;
	if (options.root_scheduler)
		return;
	if (vp->intercept_page)
		synic_fill(m, HVMSG_OPAQUE_INTERCEPT, vp->pt->id, &opaque, sizeof(opaque));
	if (!notify(vp))
		hv_notice("p%llu vp%u: no root VP takes its intercept %x", vp->pt->id, vp->index, type);
}

void intercept_cpuid(struct vp *vp, const u32 result[4], u64 length)
{
	struct hv_cpuid_message m = {
		.rax = vp->gpr[GPR_RAX], .rcx = vp->gpr[GPR_RCX], .rdx = vp->gpr[GPR_RDX], .rbx = vp->gpr[GPR_RBX],
		.default_rax = result[0], .default_rbx = result[1], .default_rcx = result[2], .default_rdx = result[3],
	};

	intercept_header(vp, &m.header, HV_INTERCEPT_ACCESS_EXECUTE, length);
	intercept_report(vp, HVMSG_X64_CPUID_INTERCEPT, &m, sizeof(m));
}

void intercept_msr(struct vp *vp, u32 msr, bool write, u64 length)
{
	struct hv_msr_message m = { .msr = msr, .rdx = vp->gpr[GPR_RDX], .rax = vp->gpr[GPR_RAX] };

	intercept_header(vp, &m.header, write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ, length);
	intercept_report(vp, HVMSG_X64_MSR_INTERCEPT, &m, sizeof(m));
}

/* Not executed: RIP stays, as at every intercept. */
void intercept_hypercall(struct vp *vp)
{
	struct {
		struct hv_hypercall_message m;
		u8 tail[12];		/* interface.md section 11, 29: 208 bytes are safe with every parent */
	} __packed padded = { 0 };
	struct hv_hypercall_message *m = &padded.m;

	vp_cpu_save(vp);
	intercept_header(vp, &m->header, HV_INTERCEPT_ACCESS_EXECUTE, VMMCALL_LENGTH);
	m->rax = vp->gpr[GPR_RAX];
	m->rbx = vp->gpr[GPR_RBX];
	m->rcx = vp->gpr[GPR_RCX];
	m->rdx = vp->gpr[GPR_RDX];
	m->r8 = vp->gpr[GPR_R8];
	m->rsi = vp->gpr[GPR_RSI];
	m->rdi = vp->gpr[GPR_RDI];
	memcpy(m->xmm, vp->fpu + 160, sizeof(m->xmm));	/* FXSAVE image */
	intercept_report(vp, HVMSG_HYPERCALL_INTERCEPT, &padded, sizeof(padded));
}

static u16 deliverable_sints(struct vp *vp)
{
	return synic_slots_free(vp, vp->deliverability >> HV_DELIVERABLE_SINT_SHIFT);
}

bool intercept_is_due(struct vp *vp)
{
	return vp->deliverability && vp_allowed(vp) && deliverable_sints(vp);
}

/*
 * DeliverabilityNotifications: each SINT that is asked for is told of once, when its
 * slot is free. The guest frees one without an exit: looked at before it runs, and
 * before it sleeps.
 */
bool intercept_deliverable(struct vp *vp)
{
	struct hv_sint_deliverable_message m = { .sints = deliverable_sints(vp) };

	if (!m.sints)
		return false;
	vp->deliverability &= ~((u64)m.sints << HV_DELIVERABLE_SINT_SHIFT);
	intercept_header(vp, &m.header, HV_INTERCEPT_ACCESS_READ, 0);
	intercept_report(vp, HVMSG_SYNIC_SINT_DELIVERABLE, &m, sizeof(m));
	return true;
}

#define VECTOR_HAS_ERROR	0x60227d00u	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX */

void intercept_exception(struct vp *vp, u8 vector)
{
	struct hv_exception_message m = { .vector = vector };

	if (VECTOR_HAS_ERROR & BIT(vector)) {
		m.info = BIT(0);
		m.error_code = vp->vmcb->c.exitinfo1;
	}
	m.parameter = vector == VEC_PF ? vp->vmcb->c.exitinfo2 : vector == VEC_DB ? vp->vmcb->s.dr6 : 0;
	m.byte_count = intercept_bytes(vp, m.bytes);
	intercept_segment(&m.ds, &vp->vmcb->s.ds);
	intercept_segment(&m.ss, &vp->vmcb->s.ss);
	memcpy(m.gpr, vp->gpr, sizeof(m.gpr));
	intercept_header(vp, &m.header, HV_INTERCEPT_ACCESS_EXECUTE, 0);
	intercept_report(vp, HVMSG_X64_EXCEPTION_INTERCEPT, &m, sizeof(m));
}

void intercept_report_header(struct vp *vp, u32 type, u8 access, u64 length)
{
	struct hv_intercept_header h = { 0 };

	intercept_header(vp, &h, access, length);
	intercept_report(vp, type, &h, sizeof(h));
}
