// SPDX-License-Identifier: GPL-2.0
/*
 * The door of the hypercalls: the checks that run from the table (hc_table.c) in one
 * fixed order (hypercalls.md 1.8). A handler is reached with its parameters copied
 * in, the caller's privilege checked, and nothing else done.
 */
#include "fault.h"
#include "hc.h"
#include "internal.h"

#define PARAM_PAGE		4096u
#define FAST_BYTES		16u
#define REPS_PER_ENTRY		128u	/* then the call continues, interrupts in between */
#define LOG_FAILURES		400u	/* lines of the log spent on calls that fail */

static u32 failures_logged;

/* The parameters of the call in progress. The lock is held from copy-in to copy-out. */
static u8 in_copy[PARAM_PAGE] __aligned(16), out_copy[PARAM_PAGE] __aligned(16);

/* The fields of the input value, and where the lists are. */
struct request {
	u64 control;
	u64 in_gpa, out_gpa;	/* fast: input bytes 0-7, 8-15 */
	bool fast, wide;	/* wide: 64-bit caller */
	u32 nr_var, count, start;
	u32 in_size, out_size;	/* whole lists */
};

/* ---- registers ---- */

/* TLFS: 64-bit caller if and only if EFER.LMA and CS.L (VMCB attribute bit 9). */
static bool caller_is_wide(const struct vp *vp)
{
	return (vp->vmcb->s.efer & EFER_LMA) && (vp->vmcb->s.cs.attrib & BIT(9));
}

static u64 pair(const struct vp *vp, enum gpr high, enum gpr low)
{
	return vp->gpr[high] << 32 | (u32)vp->gpr[low];
}

static void request_read(const struct vp *vp, struct request *r)
{
	r->wide = caller_is_wide(vp);
	r->control = r->wide ? vp->gpr[GPR_RCX] : pair(vp, GPR_RDX, GPR_RAX);
	r->in_gpa = r->wide ? vp->gpr[GPR_RDX] : pair(vp, GPR_RBX, GPR_RCX);
	r->out_gpa = r->wide ? vp->gpr[GPR_R8] : pair(vp, GPR_RDI, GPR_RSI);
	r->fast = r->control & HV_HYPERCALL_FAST;
	r->nr_var = (r->control >> HV_HYPERCALL_VARHEAD_SHIFT) & HV_HYPERCALL_VARHEAD_MASK;
	r->count = (r->control >> HV_HYPERCALL_REP_COUNT_SHIFT) & HV_HYPERCALL_REP_MASK;
	r->start = (r->control >> HV_HYPERCALL_REP_START_SHIFT) & HV_HYPERCALL_REP_MASK;
}

static void result_write(struct vp *vp, const struct request *r, u16 status, u32 reps)
{
	u64 result = status | (u64)reps << HV_HYPERCALL_REPS_DONE_SHIFT;

	if (r->wide) {
		vp->gpr[GPR_RAX] = result;
	} else {
		vp->gpr[GPR_RAX] = (u32)result;
		vp->gpr[GPR_RDX] = result >> 32;
	}
}

/* The rep start field moves on, in RCX or in EDX of EDX:EAX. */
static void rep_start_write(struct vp *vp, const struct request *r, u32 start)
{
	u64 mask = HV_HYPERCALL_REP_MASK << HV_HYPERCALL_REP_START_SHIFT;
	u64 control = (r->control & ~mask) | (u64)start << HV_HYPERCALL_REP_START_SHIFT;

	if (r->wide)
		vp->gpr[GPR_RCX] = control;
	else
		vp->gpr[GPR_RDX] = control >> 32;
}

/* ---- the checks, in order ---- */

/* Steps 1 and 2. */
static bool caller_legal(const struct vp *vp)
{
	const struct vmcb_save *s = &vp->vmcb->s;

	if (!(s->cr0 & CR0_PE) || (s->rflags & RFLAGS_VM) || s->cpl)
		return false;
	return vp->pt->guest_os_id && (vp->pt->hypercall & HV_OVERLAY_ENABLE);
}

/* Steps 4 to 6: the control word alone. */
static u16 control_check(const struct hcall_entry *e, struct request *r)
{
	u32 in = e->in + r->nr_var * 8 + r->count * e->in_element;

	if (r->control & (HV_HYPERCALL_RSVD | HV_HYPERCALL_NESTED))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (e->rep ? !r->count || r->start >= r->count : r->count || r->start)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (r->nr_var && !e->varhead)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	r->in_size = in;
	r->out_size = e->rep ? r->count * e->out_element : e->out_by_type ? 0 : e->out;
	if (r->fast && (in > FAST_BYTES || r->out_size))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

static u16 list_check(const struct vp *vp, u64 gpa, u32 size)
{
	u32 width = partition_is_root(vp->pt) ? features_phys_bits() : CHILD_GPA_BITS;

	if (!size)
		return HV_STATUS_SUCCESS;
	if (gpa & 7 || (gpa & (PARAM_PAGE - 1)) + size > PARAM_PAGE || gpa >> width)
		return HV_STATUS_INVALID_ALIGNMENT;
	return HV_STATUS_SUCCESS;
}

/* Step 7 but for the accessibility. */
static u16 lists_check(const struct vp *vp, const struct request *r)
{
	u16 status;

	if (r->fast)
		return HV_STATUS_SUCCESS;
	status = list_check(vp, r->in_gpa, r->in_size);
	if (status)
		return status;
	status = list_check(vp, r->out_gpa, r->out_size);
	if (status)
		return status;
	if (r->in_size && r->out_size && r->in_gpa < r->out_gpa + r->out_size && r->out_gpa < r->in_gpa + r->in_size)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;	/* a guess: the TLFS leaves overlap undefined */
	return HV_STATUS_SUCCESS;
}

/*
 * A page that cannot be reached. The root has no parent to tell: an error status
 * (a guess). For a child its parent gets a memory intercept, and the call is
 * executed again when the VP resumes.
 */
static bool page_missing(struct vp *vp, u64 gpa, bool write)
{
	struct hv_memory_message m = { .cache_type = HV_CACHE_WB, .gpa = gpa };

	if (partition_is_root(vp->pt))
		return false;
	intercept_header(vp, &m.header, write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ, 0);
	intercept_report(vp, npt_lookup(vp->pt, gpa >> PAGE_SHIFT).prot ? HVMSG_GPA_INTERCEPT : HVMSG_UNMAPPED_GPA,
			 &m, sizeof(m));
	return true;
}

/* The rest of step 7, and the copy. *@gone: the VP has been suspended instead. */
static u16 params_copy_in(struct vp *vp, const struct hcall_entry *e, const struct request *r, bool *gone)
{
	const void *from;

	memset(out_copy, 0, e->out_by_type ? e->out : r->out_size);
	if (r->fast) {
		memcpy(in_copy, &r->in_gpa, 8);
		memcpy(in_copy + 8, &r->out_gpa, 8);
		memset(in_copy + r->in_size, 0, FAST_BYTES - r->in_size);	/* surplus bytes are ignored */
		return HV_STATUS_SUCCESS;
	}
	if (r->in_size) {
		from = gpa_ptr(vp->pt, r->in_gpa, NPT_R);
		if (!from) {
			*gone = page_missing(vp, r->in_gpa, false);
			return HV_STATUS_INVALID_HYPERCALL_INPUT;
		}
		memcpy(in_copy, from, r->in_size);
	}
	if (r->out_size && !gpa_ptr(vp->pt, r->out_gpa, NPT_R | NPT_W)) {
		*gone = page_missing(vp, r->out_gpa, true);
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	return HV_STATUS_SUCCESS;
}

/* The call may have changed the mapping of its own output page: look again. */
static void params_copy_out(struct vp *vp, const struct request *r, u32 first, u32 size)
{
	void *to = size ? gpa_ptr(vp->pt, r->out_gpa, NPT_R | NPT_W) : NULL;

	if (to)
		memcpy(to + first, out_copy + first, size);
}

/* ---- execution ---- */

/* What step 7 could not look at. Such calls change nothing. */
static u16 late_out_check(struct hcall *c, const struct request *r)
{
	u16 status = list_check(c->vp, r->out_gpa, c->out_size);

	if (status || !c->out_size)
		return status;
	return gpa_ptr(c->vp->pt, r->out_gpa, NPT_R | NPT_W) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_HYPERCALL_INPUT;
}

static u16 simple_run(struct hcall *c, const struct request *r, const struct fault_call *fault)
{
	u16 status = fault ? fault->status : c->entry->simple(c);

	if (c->gone)
		return status;
	if (!status && c->entry->out_by_type)
		status = late_out_check(c, r);
	if (!status && !c->again)
		params_copy_out(c->vp, r, 0, c->out_size);
	return status;
}

/* *@done: absolute count of elements completed. SUCCESS with less than all: continue. */
static u16 rep_run(struct hcall *c, const struct request *r, const struct fault_call *fault, u32 *done)
{
	u32 end = min(r->count, r->start + (fault ? fault->reps : REPS_PER_ENTRY));
	u32 size = c->entry->out_element;
	u16 status = c->entry->begin(c);
	u32 i = r->start;

	while (!status && i < end) {
		status = c->entry->element(c, i);
		if (!status)
			i++;
	}
	*done = i;
	params_copy_out(c->vp, r, r->start * size, (i - r->start) * size);
	return !status && fault ? fault->status : status;
}

static void hcall_init(struct hcall *c, struct vp *vp, const struct hcall_entry *e, const struct request *r)
{
	*c = (struct hcall){
		.vp = vp, .entry = e, .in = in_copy, .nr_var = r->nr_var, .out = out_copy, .out_size = e->out,
		.start = r->start, .count = r->count,
	};
	c->var = (const void *)(in_copy + e->in);
	c->list = in_copy + e->in + r->nr_var * 8;
}

/* Steps 4 to 8. */
static u16 call_check(struct vp *vp, const struct hcall_entry *e, struct request *r, bool *gone)
{
	u16 status = control_check(e, r);

	if (!status)
		status = lists_check(vp, r);
	if (!status)
		status = params_copy_in(vp, e, r, gone);
	if (!status && (vp->pt->privileges & e->privilege) != e->privilege)
		status = HV_STATUS_ACCESS_DENIED;
	return status;
}

static void failure_log(const struct vp *vp, const struct hcall_entry *e, u16 status, u32 reps)
{
	if (status == HV_STATUS_INSUFFICIENT_MEMORY || failures_logged >= LOG_FAILURES)
		return;
	failures_logged++;
	hv_info("p%lluvp%u: %s: status %x, %u done", vp->pt->id, vp->index, e->name, status, reps);
}

static void call_finish(struct vp *vp, const struct request *r, u16 status, u32 reps)
{
	trace_call(vp, r->control & HV_HYPERCALL_CODE_MASK, status, reps);
	result_write(vp, r, status, reps);
	vp_advance(vp, VMMCALL_LENGTH);
}

/*
 * A call that was entered before and goes on has met its fault then. Its stack
 * pointer tells it from one that an interrupt handler of the guest makes in between.
 */
static bool call_repeats(struct vp *vp)
{
	bool repeats = vp->repeats_sp == vp->gpr[GPR_RSP];

	if (repeats)
		vp->repeats_sp = 0;
	return repeats;
}

/* A caller may not look at the output of a call that has failed, but for the elements completed. */
static void output_spoil(struct vp *vp, const struct hcall_entry *e, const struct request *r, u32 done)
{
	u32 first = done * e->out_element;
	u8 *to = !r->fast && r->out_size > first && !lists_check(vp, r) ? gpa_ptr(vp->pt, r->out_gpa, NPT_R | NPT_W) : NULL;

	if (to)
		memset(to + first, 0xa5, r->out_size - first);
}

static void call_run(struct vp *vp, const struct hcall_entry *e, struct request *r)
{
	bool gone = false, repeats = call_repeats(vp);
	struct fault_call *fault = repeats ? NULL : fault_call(e->code);
	struct hcall c;
	u32 done = 0;
	u16 status;

	status = call_check(vp, e, r, &gone);
	if (gone)
		return;
	if (!status) {
		hcall_init(&c, vp, e, r);
		c.repeats = repeats;
		if (fault)
			fault_demand(fault, vp->pt->id, *(const u64 *)in_copy);
		done = e->rep ? r->start : 0;
		status = e->rep ? rep_run(&c, r, fault, &done) : simple_run(&c, r, fault);
		if (c.gone)
			return;
		if (!e->rep && c.again) {
			vp->repeats_sp = vp->gpr[GPR_RSP];
			return;
		}
	}
	if (!status && e->rep && done < r->count && !fault) {
		rep_start_write(vp, r, done);
		vp->repeats_sp = vp->gpr[GPR_RSP];
		return;
	}
	hcall_count(e, status);
	if (status)
		failure_log(vp, e, status, done);
	if (status && fault_output())
		output_spoil(vp, e, r, done);
	call_finish(vp, r, status, done);
}

void hypercall_exit(struct vp *vp)
{
	const struct hcall_entry *e;
	struct request r;

	if (!caller_legal(vp)) {
		vp_inject(vp, VEC_UD, false, 0);
		return;
	}
	request_read(vp, &r);
	e = hcall_entry_find(r.control & HV_HYPERCALL_CODE_MASK);
	if (e) {
		call_run(vp, e, &r);
		return;
	}
	/* A code nobody handles: the parent may have asked for those. */
	if (intercept_wanted(vp->pt, HV_INTERCEPT_HYPERCALL, 0, HV_INTERCEPT_EXECUTE)) {
		intercept_hypercall(vp);
		return;
	}
	if (options.verbose)
		hv_info("p%lluvp%u: hypercall %llx: unknown code", vp->pt->id, vp->index, r.control & HV_HYPERCALL_CODE_MASK);
	call_finish(vp, &r, HV_STATUS_INVALID_HYPERCALL_CODE, 0);
}
