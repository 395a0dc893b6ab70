// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual processors: life, reset state, x87/SSE/AVX state, and what is injected
 * at an entry.
 */
#include "hv.h"
#include "bits.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define SEG_CODE16	0x9b
#define SEG_DATA16	0x93
#define SEG_TSS_BUSY	0x8b
#define SEG_LDT		0x82
#define PAT_RESET	0x0007040600070406ull
#define MXCSR_RESET	0x1f80
#define FCW_RESET	0x37f

struct vp *vp_get(struct partition *pt, u32 index)
{
	return index < MAX_VPS && pt->vps ? pt->vps[index] : NULL;
}

struct vp *vp_next(struct partition *pt, u32 *pos)
{
	while (pt->vps && *pos < pt->vp_limit) {
		struct vp *vp = pt->vps[(*pos)++];

		if (vp)
			return vp;
	}
	return NULL;
}

static struct vmcb_seg seg_real(u16 selector, u64 base, u16 attrib)
{
	return (struct vmcb_seg){ .selector = selector, .attrib = attrib, .limit = 0xffff, .base = base };
}

/* What INIT sets (APM2 14.1.3): the core's registers. Other MSRs, x87 and SSE state, caching stay. */
static void registers_init(struct vp *vp)
{
	struct vmcb_save *s = &vp->vmcb->s;
	u32 r[4];

	vp_cpu_save(vp);
	memset(vp->gpr, 0, sizeof(vp->gpr));
	memset(vp->dr, 0, sizeof(vp->dr));
	cpuid(1, 0, r);
	vp->gpr[GPR_RDX] = r[0];
	s->cs = seg_real(0xf000, 0xffff0000, SEG_CODE16);
	s->ds = s->es = s->fs = s->gs = s->ss = seg_real(0, 0, SEG_DATA16);
	s->tr = seg_real(0, 0, SEG_TSS_BUSY);
	s->ldtr = seg_real(0, 0, SEG_LDT);
	s->gdtr = s->idtr = seg_real(0, 0, 0);
	s->cpl = 0;
	s->rip = 0xfff0;
	s->rflags = RFLAGS_FIXED;
	s->cr0 = (s->cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
	s->cr2 = s->cr3 = s->cr4 = 0;
	s->efer = EFER_SVME;	/* hidden from the guest; VMRUN wants it */
	s->dr6 = 0xffff0ff0;
	s->dr7 = 0x400;
	s->dbgctl = 0;
}

/* And what RESET does beyond. */
static void registers_reset(struct vp *vp)
{
	struct vmcb_save *s = &vp->vmcb->s;

	memset(s, 0, sizeof(*s));
	s->cr0 = CR0_CD | CR0_NW;
	s->g_pat = PAT_RESET;
	vp->tsc_aux = vp->mtrr_def_type = vp->misc_enable = 0;
	memset(vp->mtrr_fixed, 0, sizeof(vp->mtrr_fixed));
	memset(vp->mtrr_base, 0, sizeof(vp->mtrr_base));
	memset(vp->mtrr_mask, 0, sizeof(vp->mtrr_mask));
	registers_init(vp);
}

static void fpu_reset(struct vp *vp)
{
	memset(vp->fpu, 0, PAGE_SIZE);
	*(u16 *)vp->fpu = FCW_RESET;
	*(u32 *)(vp->fpu + 24) = MXCSR_RESET;
	*(u32 *)(vp->fpu + 28) = MXCSR_LEGAL;
	*(u64 *)(vp->fpu + 512) = 3;		/* XSTATE_BV: x87, SSE */
	vp->xcr0 = 1;
	if (vp->home->cpu_owner == vp)
		vp->home->cpu_owner = NULL;
}

static void events_reset(struct vp *vp)
{
	vp->pending_interruption = 0;
	memset(vp->pending_event, 0, sizeof(vp->pending_event));
	vp->nmi_pending = vp->nmi_masked = false;
	vp->vmcb->c.eventinj = 0;
	vp->vmcb->c.int_state = 0;
}

static void lapic_power_on(struct vp *vp, u32 id)
{
	struct lapic_config config = {
		.id = id,
		.bsp = !vp->index,
		.x2apic = partition_is_root(vp->pt) || (vp->pt->flags & HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE),
		.tsc_deadline = false,
		.phys_bits = 40,
		.timer_hz = APIC_HZ,
	};

	lapic_reset(&vp->lapic, &config);
	if (vp->pt->time_frozen)
		lapic_freeze(&vp->lapic, time_now_ns());
}

static u64 activity_reset(const struct vp *vp)
{
	return vp->index ? ACTIVITY_STARTUP_SUSPEND : 0;
}

/* The processor's state of creation; @id: of its local APIC, whose parent may have given it another. */
static void vp_power_on(struct vp *vp, u32 id)
{
	lapic_power_on(vp, id);
	registers_reset(vp);
	fpu_reset(vp);
	events_reset(vp);
	vp->extint = EXTINT_NONE;
	vp->activity = activity_reset(vp);
}

void vp_scrub(struct vp *vp)
{
	synic_reset(vp);
	stimer_reset(vp);
	memset(vp->stats_msr, 0, sizeof(vp->stats_msr));
	lapic_power_on(vp, vp->lapic.config.id);
}

/* Whoever runs it elsewhere finds that it waits for SIPI. */
void vp_restart(struct vp *vp)
{
	vp_evict(vp);
	vp->repeats_sp = 0;
	vp_scrub(vp);
	vp_power_on(vp, vp->lapic.config.id);
}

static void objects_free(struct partition *pt, struct vp *vp)
{
	if (!vp)
		return;
	if (vp->vmcb)
		pool_free(pt, vp->vmcb);
	if (vp->fpu)
		pool_free(pt, vp->fpu);
	if (vp->messages)
		pool_free(pt, vp->messages);
	pool_free(pt, vp);
}

u16 vp_create(struct partition *pt, u32 index, struct lp *home)
{
	struct vp *vp;

	if (!pool_has(&pt->pool, VP_FRAMES))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	vp = pool_alloc(pt);
	vp->vmcb = pool_alloc(pt);
	vp->fpu = pool_alloc(pt);
	vp->messages = pool_alloc(pt);
	vp->pt = pt;
	vp->index = index;
	vp->home = home;
	svm_vp_init(vp);
	vp_power_on(vp, partition_is_root(pt) ? home->apic_id : index);
	synic_reset(vp);
	vp->explicit_suspend = 1;
	if (partition_is_root(pt)) {
		home->root_vp = vp;
		root_pages_init(vp);
		vp->explicit_suspend = 0;
	}
	pt->vps[index] = vp;
	pt->nr_vps++;
	pt->vp_limit = max(pt->vp_limit, index + 1);
	vp->next_home = home->vps;
	home->vps = vp;
	return HV_STATUS_SUCCESS;
}

/* After each exit a child's state is in memory: its old LP has nothing of it. */
static void home_leave(struct vp *vp)
{
	struct vp **link = &vp->home->vps;

	sched_forget(vp);
	if (vp->home->cpu_owner == vp)
		vp->home->cpu_owner = NULL;
	while (*link != vp)
		link = &(*link)->next_home;
	*link = vp->next_home;
}

void vp_move(struct vp *vp, struct lp *home)
{
	if (vp->home == home)
		return;
	home_leave(vp);
	vp->home = home;
	vp->next_home = home->vps;
	home->vps = vp;
}

void vp_destroy(struct vp *vp)
{
	struct partition *pt = vp->pt;

	vp->explicit_suspend = 1;
	vp_evict(vp);
	dispatch_forget(vp);
	home_leave(vp);
	synic_cancel(&vp->messages->intercept);
	synic_reset(vp);
	hc_vp_release(vp);
	pt->vps[vp->index] = NULL;
	pt->nr_vps--;
	objects_free(pt, vp);
}

bool vp_allowed(const struct vp *vp)
{
	return !vp->explicit_suspend && !vp->intercept_suspend && !vp->dispatch_suspend &&
	       vp->pt->state == PARTITION_ACTIVE && !vp->pt->time_frozen;
}

bool vp_runnable(const struct vp *vp)
{
	return !vp->activity && vp_allowed(vp);
}

/* It cannot enter again while we hold the lock, so one look after it has left is enough. */
void vp_stop(struct vp *vp)
{
	if (!vp->in_guest)
		return;
	lp_kick(vp->home);
	while (vp->in_guest)
		cpu_relax();
}

/* Off its LP, and an exit that has not been handled yet never will be: the instruction is executed again, if at all. */
void vp_evict(struct vp *vp)
{
	vp_stop(vp);
	if (vp->home->inside == vp)
		vp->home->inside = NULL;
}

void vp_advance(struct vp *vp, u64 length)
{
	vp->vmcb->s.rip += length;
	if (!(vp->vmcb->s.efer & EFER_LMA) || !(vp->vmcb->s.cs.attrib & BIT(9)))
		vp->vmcb->s.rip &= 0xffffffff;
	vp->vmcb->c.int_state &= ~BIT(0);
}

u64 vp_time_100ns(struct vp *vp)
{
	return vp->run_time_ns / 100;
}

/* ---- what VMRUN does not switch: x87, SSE, AVX; DR0 to DR3; TSC_AUX ---- */

static void fpu_store(struct vp *vp)
{
	if (!xsave_mask) {
		fxsave(vp->fpu);
		return;
	}
	vp->xcr0 = xgetbv();
	xsetbv(xsave_mask);
	xsave(vp->fpu, xsave_mask);
	xsetbv(vp->xcr0);
}

static void fpu_load(struct vp *vp)
{
	if (!xsave_mask) {
		fxrstor(vp->fpu);
		return;
	}
	xsetbv(xsave_mask);
	xrstor(vp->fpu, xsave_mask);
	xsetbv(vp->xcr0);
}

/* A child's writes of TSC_AUX come here; the root's do not. */
void vp_cpu_store(struct vp *vp)
{
	if (vp->home->cpu_owner != vp)
		return;
	fpu_store(vp);
	read_dr(vp->dr);
	if (has_tsc_aux && partition_is_root(vp->pt))
		vp->tsc_aux = rdmsr(MSR_TSC_AUX);
}

void vp_cpu_load(struct vp *vp)
{
	struct lp *lp = vp->home;

	if (lp->cpu_owner == vp)
		return;
	if (lp->cpu_owner)
		vp_cpu_store(lp->cpu_owner);
	lp->cpu_owner = vp;
	fpu_load(vp);
	write_dr(vp->dr);
	if (has_tsc_aux)
		wrmsr(MSR_TSC_AUX, vp->tsc_aux);
}

/*
 * A root VP keeps its state on its LP until something else runs there. Nobody
 * asks for it from another LP: registers of the root are its own business.
 */
void vp_cpu_save(struct vp *vp)
{
	if (vp->home->cpu_owner != vp)
		return;
	if (vp->home == this_lp())
		vp_cpu_store(vp);
	vp->home->cpu_owner = NULL;
}

/* ---- events ---- */

/* PendingInterruption (TLFS: HvX64RegisterPendingInterruption) to EVENTINJ and back. */
#define PENDING_VALID		BIT(0)
#define PENDING_ERROR_VALID	BIT(4)

static u64 pending_to_eventinj(u64 p)
{
	return SVM_EVENT_VALID | ((p >> 1) & 7) << SVM_EVENT_TYPE_SHIFT | ((p >> 16) & 0xff) |
	       (p & PENDING_ERROR_VALID ? SVM_EVENT_ERROR_VALID | (p >> 32) << 32 : 0);
}

static u64 eventinj_to_pending(u64 e)
{
	return PENDING_VALID | ((e & SVM_EVENT_TYPE_MASK) >> SVM_EVENT_TYPE_SHIFT) << 1 |
	       (e & SVM_EVENT_VECTOR_MASK) << 16 |
	       (e & SVM_EVENT_ERROR_VALID ? PENDING_ERROR_VALID | (e >> 32) << 32 : 0);
}

void vp_inject(struct vp *vp, u8 vector, bool has_error, u32 error)
{
	vp->pending_interruption = PENDING_VALID | 3 << 1 | (u64)vector << 16 |
				   (has_error ? PENDING_ERROR_VALID | (u64)error << 32 : 0);
}

/* TLFS PendingEvent0, exception form: takes CR2 or DR6 along. */
static void pending_event_apply(struct vp *vp)
{
	u64 low = vp->pending_event[0][0], parameter = vp->pending_event[0][1];
	u8 vector = low >> 16;

	if (!(low & 1) || ((low >> 1) & 7) || vp->pending_interruption)
		return;
	if (vector == VEC_PF)
		vp->vmcb->s.cr2 = parameter;
	else if (vector == VEC_DB)
		vp->vmcb->s.dr6 = parameter;
	vp_inject(vp, vector, low & BIT(8), low >> 32);
	vp->pending_event[0][0] = vp->pending_event[0][1] = 0;
}

/* HLT ends with what can be taken; guest idle with any interrupt, whatever RFLAGS.IF says (TLFS: GUEST_IDLE). */
bool vp_event_waiting(const struct vp *vp)
{
	bool open = (vp->vmcb->s.rflags & RFLAGS_IF) || (vp->activity & ACTIVITY_IDLE_SUSPEND);
	u8 vector;

	return (vp->nmi_pending && !vp->nmi_masked) || vp->pending_interruption ||
	       (vp->pending_event[0][0] & 1) ||
	       (open && (vp->extint == EXTINT_PENDING || lapic_next(&vp->lapic, &vector)));
}

/*
 * The emulator does not load the interrupt shadow at VMRUN. What must not happen
 * is an interrupt between STI and the HLT after it: the guest would sleep through
 * it. So that HLT is taken as done.
 */
static void shadow_step(struct vp *vp)
{
	u8 bytes[INSN_MAX_BYTES];
	u32 n = guest_fetch(vp, bytes);

	if (n && bytes[0] == 0xf4)
		vp->vmcb->s.rip++;
	vp->vmcb->c.int_state &= ~BIT(0);
}

/*
 * An external interrupt is offered as V_IRQ (APM2 15.21.4): the processor takes it when
 * RFLAGS.IF and V_TPR allow, past any event injected at the same entry. EVENTINJ is not
 * used for them: the emulator can deliver such a one twice. Meanwhile CR8 is written here:
 * the emulator ends when a guest makes way for a V_IRQ with it.
 */
static void virq_offer(struct vp *vp, u8 vector, u64 flags)
{
	vp->virq_vector = vector;
	vp->vmcb->c.vintr |= SVM_V_IRQ | flags | (u64)vector << SVM_V_INTR_VECTOR_SHIFT |
			     (u64)(vector >> 4) << SVM_V_INTR_PRIO_SHIFT;
	vp->vmcb->c.intercept_cr |= SVM_INTERCEPT_CR8_WRITE;
}

static void interrupt_prepare(struct vp *vp)
{
	struct vmcb *v = vp->vmcb;
	int vector = lapic_highest_irr(&vp->lapic);
	u8 next;

	/* AssertVirtualInterrupt: an ExtINT ignores priorities and whether the APIC is on. */
	vp->virq_extint = vp->extint == EXTINT_PENDING;
	if (vp->virq_extint) {
		virq_offer(vp, vp->extint_vector, SVM_V_IGN_TPR);
		return;
	}
	if (vector < 0)
		return;
	/* In service is something higher: no window to wait for, its EOI comes here. Held back by TPR: V_TPR decides. */
	if (lapic_next(&vp->lapic, &next)) {
		if ((v->c.int_state & BIT(0)) && (v->s.rflags & RFLAGS_IF) && !(v->c.eventinj & SVM_EVENT_VALID))
			shadow_step(vp);
	} else if (vector >> 4 > lapic_cr8(&vp->lapic) || vector >> 4 <= bitmap256_highest(vp->lapic.isr) >> 4) {
		return;
	}
	virq_offer(vp, vector, 0);
	lapic_offer(&vp->lapic, vector);
}

/* The processor has taken what was offered. */
static void virq_taken(struct vp *vp)
{
	if (vp->virq_extint) {
		vp->extint = EXTINT_ACKNOWLEDGED;
		return;
	}
	lapic_accept(&vp->lapic, vp->virq_vector);
	if (synic_auto_eoi(vp, vp->virq_vector))
		bitmap256_clear(vp->lapic.isr, vp->virq_vector);
}

static void nmi_prepare(struct vp *vp)
{
	struct vmcb *v = vp->vmcb;

	if (!vp->nmi_pending || vp->nmi_masked || (v->c.eventinj & SVM_EVENT_VALID))
		return;
	v->c.eventinj = SVM_EVENT_VALID | SVM_EVENT_NMI | 2;
	vp->nmi_pending = false;
	vp->nmi_masked = true;
	v->c.intercept[0] |= SVM_INTERCEPT_IRET;
}

void vp_events_prepare(struct vp *vp)
{
	struct vmcb_control *c = &vp->vmcb->c;

	if (vp->register_page)
		regpage_load(vp);
	c->vintr = (c->vintr & ~(SVM_V_IRQ | SVM_V_TPR_MASK | SVM_V_INTR_PRIO_MASK | SVM_V_INTR_VECTOR_MASK |
				SVM_V_IGN_TPR)) |
		   lapic_cr8(&vp->lapic);
	c->intercept_cr &= ~SVM_INTERCEPT_CR8_WRITE;
	c->eventinj = 0;
	pending_event_apply(vp);
	if (vp->pending_interruption & PENDING_VALID) {
		c->eventinj = pending_to_eventinj(vp->pending_interruption);
		vp->pending_interruption = 0;
	}
	nmi_prepare(vp);
	interrupt_prepare(vp);
}

/*
 * Delivery that the exit broke off is repeated at the next entry (APM2 15.7.2). That of
 * the V_IRQ need not be noted for it: the request is still in the IRR.
 */
void vp_events_collect(struct vp *vp)
{
	struct vmcb_control *c = &vp->vmcb->c;
	bool broken_off = (c->exitintinfo & SVM_EVENT_VALID) && (c->exitintinfo & SVM_EVENT_TYPE_MASK) == SVM_EVENT_INTR &&
			  (c->exitintinfo & SVM_EVENT_VECTOR_MASK) == vp->virq_vector;

	lapic_cr8_set(&vp->lapic, c->vintr & SVM_V_TPR_MASK);
	if ((vp->virq_vector || vp->virq_extint) && !broken_off && !(c->vintr & SVM_V_IRQ))
		virq_taken(vp);
	if ((c->exitintinfo & SVM_EVENT_VALID) && !broken_off)
		vp->pending_interruption = eventinj_to_pending(c->exitintinfo);
	vp->virq_vector = 0;
	vp->virq_extint = false;
	lapic_offer(&vp->lapic, 0);
}

/* ---- interrupts from elsewhere ---- */

bool vp_irq(struct vp *vp, u8 vector, bool level)
{
	if (!lapic_set_irr(&vp->lapic, vector, level))
		return false;
	vp_wake(vp);
	return true;
}

void vp_nmi(struct vp *vp)
{
	vp->nmi_pending = true;
	vp_wake(vp);
}

void vp_init(struct vp *vp)
{
	vp_evict(vp);
	dispatch_abandon(vp);
	vp->repeats_sp = 0;
	registers_init(vp);
	events_reset(vp);
	lapic_init(&vp->lapic);
	vp->activity = activity_reset(vp);
}

void vp_sipi(struct vp *vp, u8 vector)
{
	struct vmcb_save *s = &vp->vmcb->s;

	if (!(vp->activity & ACTIVITY_STARTUP_SUSPEND))
		return;
	s->cs = seg_real(vector << 8, (u64)vector << 12, SEG_CODE16);
	s->rip = 0;
	vp->activity &= ~ACTIVITY_STARTUP_SUSPEND;
	vp_wake(vp);
}
