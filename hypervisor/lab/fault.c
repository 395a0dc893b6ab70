// SPDX-License-Identifier: GPL-2.0
/*
 * The fault script: what is to go wrong, said on the command line, or by the root
 * while it runs (control.c).
 *
 *	fault=call:CODE:NTH:REPS:STATUS	the NTH call of CODE (0: each) stops after REPS
 *					elements (simple calls: 0) and returns STATUS; SUCCESS
 *					with fewer elements than asked is legal
 *	fault=demand:CODE:NTH:REPS:STATUS
 *					the same with one of the four statuses that ask for
 *					memory; the call fails until the pool that it draws on,
 *					or the root's, has got what the status stands for
 *	fault=pending:NTH:MS:STATUS	the NTH SetPartitionProperty (0: each) is pending, and
 *					completes MS milliseconds later with STATUS
 *	fault=output			calls that fail leave rubbish in their output
 *	fault=ring:NTH			before the NTH port (0: each) one that nobody knows is
 *					put into the root's event ring
 *	fault=memory:NTH		the NTH time that frames are asked of a pool (0: each)
 *					there are none
 *	fault=message:NTH:KIND		the NTH message to the root (0: each) comes late
 *					(delay), and what is in the message page of the VP with
 *					it (page; stuck: seconds later, and the NTH message about
 *					an intercept), or with another one: dup (itself again), type
 *					(of unknown type), vp (of a VP that is not there),
 *					partition (of one that is not there), count (of too many
 *					VPs), size (too large)
 *	fault=none			forget all that was said so far
 *
 * A word per fault, up to MAX_FAULTS of each kind.
 */
#include "fault.h"
#include "format.h"
#include "internal.h"
#include "string.h"

#define MAX_FAULTS	16
#define UNKNOWN_TYPE	0x8000eeee
#define WILD_VP		0xfffffff0
#define WILD_PARTITION	0xdead0000dead0000ull
#define WILD_PORT	0x00fffff0
#define CONTIGUOUS_PAGES	8u	/* that the statuses of that name stand for (hypercalls.md 2.2) */
#define DELAY_NS	3000000ull
#define STUCK_NS	3000000000ull

enum message_kind {
	MESSAGE_DUP, MESSAGE_TYPE, MESSAGE_VP, MESSAGE_SIZE, MESSAGE_DELAY, MESSAGE_PAGE, MESSAGE_STUCK, MESSAGE_PARTITION,
	MESSAGE_COUNT
};

static struct fault_call calls[MAX_FAULTS];
static struct fault_message {
	u32 nth, seen;
	enum message_kind kind;
	struct synic_msg extra;
} messages[MAX_FAULTS];
/* The VP whose message page is as late as the message about it, and what the page says then. */
static struct {
	u64 partition;
	u32 vp, type;
} late_page;
static struct fault_frame {
	u32 nth, seen;
} frames[MAX_FAULTS];
static struct fault_ring {
	u32 nth, seen;
} rings[MAX_FAULTS];
static struct {
	bool on;
	u32 nth, seen, delay_ms;
	u16 status;
	struct synic_msg completion;
} pending;
static u32 nr_calls, nr_messages, nr_frames, nr_rings;
static bool spoils_output;
static u64 hits;

/* Each number ends with ':' but the last. */
static const char *number(const char *s, bool last, u64 max, u64 *val)
{
	const char *end = s ? format_number(s, last ? "" : ":", val) : NULL;

	if (!end || *val > max)
		return NULL;
	return last ? end : end + 1;
}

static bool parse_call(const char *s)
{
	u64 code, nth, reps, status;

	s = number(s, false, 0xffff, &code);
	s = number(s, false, ~0u, &nth);
	s = number(s, false, HV_HYPERCALL_REP_MASK, &reps);
	s = number(s, true, 0xffff, &status);
	if (!s || nr_calls == MAX_FAULTS)
		return false;
	calls[nr_calls++] = (struct fault_call){ .code = code, .nth = nth, .reps = reps, .status = status };
	return true;
}

static bool asks_for_memory(u16 status)
{
	return status == HV_STATUS_INSUFFICIENT_MEMORY || status == HV_STATUS_INSUFFICIENT_ROOT_MEMORY ||
	       status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY || status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;
}

static bool parse_demand(const char *s)
{
	struct fault_call *f;

	if (!parse_call(s))
		return false;
	f = &calls[nr_calls - 1];
	f->demand = true;
	if (f->nth && asks_for_memory(f->status))
		return true;
	nr_calls--;
	return false;
}

static bool parse_pending(const char *s)
{
	u64 nth, ms, status;

	s = number(s, false, ~0u, &nth);
	s = number(s, false, 100000, &ms);
	s = number(s, true, 0xffff, &status);
	if (!s)
		return false;
	pending.on = true;
	pending.nth = nth;
	pending.seen = 0;
	pending.delay_ms = ms;
	pending.status = status;
	return true;
}

static bool parse_message(const char *s)
{
	static const char *const kinds[] = {
		[MESSAGE_DUP] = "dup", [MESSAGE_TYPE] = "type", [MESSAGE_VP] = "vp", [MESSAGE_SIZE] = "size",
		[MESSAGE_DELAY] = "delay", [MESSAGE_PAGE] = "page", [MESSAGE_STUCK] = "stuck",
		[MESSAGE_PARTITION] = "partition", [MESSAGE_COUNT] = "count",
	};
	struct fault_message *f = &messages[nr_messages];
	u64 nth;

	s = number(s, false, ~0u, &nth);
	if (!s || nr_messages == MAX_FAULTS)
		return false;
	for (u32 kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		if (strcmp(s, kinds[kind]))
			continue;
		f->nth = nth;
		f->seen = 0;
		f->kind = kind;
		nr_messages++;
		return true;
	}
	return false;
}

static bool parse_memory(const char *s)
{
	u64 nth;

	s = number(s, true, ~0u, &nth);
	if (!s || nr_frames == MAX_FAULTS)
		return false;
	frames[nr_frames++] = (struct fault_frame){ .nth = nth };
	return true;
}

static bool parse_ring(const char *s)
{
	u64 nth;

	s = number(s, true, ~0u, &nth);
	if (!s || nr_rings == MAX_FAULTS)
		return false;
	rings[nr_rings++] = (struct fault_ring){ .nth = nth };
	return true;
}

static bool parse_output(const char *s)
{
	spoils_output = !*s;
	return spoils_output;
}

/* An extra message that is queued stays so: whoever takes it empties its buffer. */
static bool forget(void)
{
	nr_calls = nr_messages = nr_frames = nr_rings = 0;
	pending.on = spoils_output = false;
	hits = 0;
	return true;
}

static const struct {
	const char *name;
	bool (*parse)(const char *s);
} words[] = {
	{ "call:", parse_call }, { "demand:", parse_demand }, { "pending:", parse_pending }, { "output", parse_output },
	{ "ring:", parse_ring }, { "memory:", parse_memory }, { "message:", parse_message },
};

bool fault_parse(const char *word, u64 len)
{
	char text[64];

	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(text, words[i].name, strlen(words[i].name)))
			return words[i].parse(text + strlen(words[i].name));
	return !strcmp(text, "none") && forget();
}

u64 fault_hits(void)
{
	return hits;
}

/* A demand stays until it is met; elements are done before it the first time only. */
static bool call_hit(struct fault_call *f)
{
	if (!f->demand)
		return ++f->seen == f->nth || !f->nth;
	if (f->met || ++f->seen < f->nth)
		return false;
	if (f->seen > f->nth)
		f->reps = 0;
	return true;
}

struct fault_call *fault_call(u16 code)
{
	struct fault_call *hit = NULL;

	for (u32 i = 0; i < nr_calls; i++)
		if (calls[i].code == code && call_hit(&calls[i]) && !hit)
			hit = &calls[i];
	hits += !!hit;
	return hit;
}

/* These draw on the caller's pool, all others on that of the partition they name first (hypercalls.md 2.2). */
static bool draws_on_caller(u16 code)
{
	return code == HVCALL_CREATE_PARTITION || code == HVCALL_MAP_STATS_PAGE || code == HVCALL_ADD_LOGICAL_PROCESSOR;
}

void fault_demand(struct fault_call *f, u64 caller, u64 named)
{
	bool of_root = f->status == HV_STATUS_INSUFFICIENT_ROOT_MEMORY ||
		       f->status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;

	if (!f->demand)
		return;
	f->pool = of_root ? root->id : draws_on_caller(f->code) || named == HV_PARTITION_ID_SELF ? caller : named;
}

/* One frame, or eight that lie side by side and come in that order. */
static void demand_deposit(struct fault_call *f, u64 pfn)
{
	bool contiguous = f->status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY ||
			  f->status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;

	f->got = pfn == f->next ? f->got + 1 : 1;
	f->next = pfn + 1;
	if (!contiguous || f->got == CONTIGUOUS_PAGES)
		f->met = true;
}

void fault_deposit(u64 partition, u64 pfn)
{
	for (u32 i = 0; i < nr_calls; i++) {
		struct fault_call *f = &calls[i];

		if (f->demand && f->pool == partition && !f->met)
			demand_deposit(f, pfn);
	}
}

bool fault_output(void)
{
	return spoils_output;
}

bool fault_pending(struct vp *caller, u64 partition, u16 *status)
{
	struct hv_async_completion_message payload = { .partition_id = partition, .status = pending.status };
	struct synic_msg *m = &pending.completion;

	if (!pending.on || (++pending.seen != pending.nth && pending.nth) || m->queued || !synic_target_ok(caller))
		return false;
	hits++;
	synic_fill(m, HVMSG_ASYNC_CALL_COMPLETION, 0, &payload, sizeof(payload));
	caller->synic.late_ns = time_now_ns() + pending.delay_ms * 1000000ull;
	synic_post(caller, 0, m);
	*status = pending.status;
	return true;
}

u32 fault_ring(void)
{
	bool hit = false;

	for (u32 i = 0; i < nr_rings; i++)
		if (++rings[i].seen == rings[i].nth || !rings[i].nth)
			hit = true;
	hits += hit;
	return hit ? WILD_PORT : 0;
}

bool fault_frame(void)
{
	bool hit = false;

	for (u32 i = 0; i < nr_frames; i++)
		if (++frames[i].seen == frames[i].nth || !frames[i].nth)
			hit = true;
	hits += hit;
	return hit;
}

static void spoil(struct hv_message *msg, enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_DUP:
	case MESSAGE_DELAY:
	case MESSAGE_PAGE:
	case MESSAGE_STUCK:
		break;
	case MESSAGE_TYPE:
		msg->message_type = UNKNOWN_TYPE;
		break;
	case MESSAGE_VP:
		*(u32 *)msg->payload = WILD_VP;
		break;
	case MESSAGE_SIZE:
		msg->payload_size = 0xff;
		break;
	case MESSAGE_PARTITION:
		msg->sender = WILD_PARTITION;
		if (msg->message_type == HVMSG_SCHEDULER_VP_SIGNAL_PAIR)
			((struct hv_signal_pair_message *)msg->payload)->partition_id[0] = WILD_PARTITION;
		break;
	case MESSAGE_COUNT:
		if (msg->message_type == HVMSG_SCHEDULER_VP_SIGNAL_PAIR)
			((struct hv_signal_pair_message *)msg->payload)->vp_count = 0xff;
		else
			msg->payload_size = 0;
		break;
	}
}

/* A message that is an extra one itself gets no company. */
static bool is_extra(const struct synic_msg *m)
{
	for (u32 i = 0; i < MAX_FAULTS; i++)
		if (m == &messages[i].extra)
			return true;
	return false;
}

static struct hv_message *late_page_get(void)
{
	struct partition *pt = late_page.type ? partition_get(late_page.partition) : NULL;
	struct vp *vp = pt ? vp_get(pt, late_page.vp) : NULL;

	return vp ? vp->intercept_page : NULL;
}

static void late_page_hide(const struct hv_message *msg)
{
	struct hv_message *page;

	if (msg->message_type != HVMSG_OPAQUE_INTERCEPT || late_page.type)
		return;
	late_page.partition = msg->sender;
	late_page.vp = ((const struct hv_opaque_message *)msg->payload)->vp_index;
	late_page.type = 1;
	page = late_page_get();
	late_page.type = page ? page->message_type : 0;
	if (page)
		page->message_type = HVMSG_NONE;
}

void fault_late_end(void)
{
	struct hv_message *page = late_page_get();

	if (page)
		page->message_type = late_page.type;
	late_page.type = 0;
}

/* A buffer that is still queued has company enough. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m)
{
	if (is_extra(m))
		return;
	for (u32 i = 0; i < nr_messages; i++) {
		struct fault_message *f = &messages[i];

		if (f->kind == MESSAGE_STUCK && m->msg.message_type != HVMSG_OPAQUE_INTERCEPT)
			continue;
		if ((++f->seen != f->nth && f->nth) || f->extra.queued)
			continue;
		hits++;
		if (f->kind == MESSAGE_PAGE || f->kind == MESSAGE_STUCK)
			late_page_hide(&m->msg);
		if (f->kind == MESSAGE_DELAY || f->kind == MESSAGE_PAGE || f->kind == MESSAGE_STUCK) {
			vp->synic.late_ns = time_now_ns() + (f->kind == MESSAGE_STUCK ? STUCK_NS : DELAY_NS);
			continue;
		}
		f->extra.msg = m->msg;
		spoil(&f->extra.msg, f->kind);
		synic_post(vp, sint, &f->extra);
	}
}
