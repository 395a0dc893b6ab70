// SPDX-License-Identifier: GPL-2.0
/*
 * The fault script: what is to go wrong, said on the command line, or by the root
 * while it runs (control.c).
 *
 *	fault=call:CODE:NTH:REPS:STATUS	the NTH call of CODE (0: each) stops after REPS
 *					elements (simple calls: 0) and returns STATUS; SUCCESS
 *					with fewer elements than asked is legal
 *	fault=memory:NTH		the NTH time that frames are asked of a pool (0: each)
 *					there are none
 *	fault=message:NTH:KIND		the NTH message to the root (0: each) comes late
 *					(delay), or with another one: dup (itself again), type
 *					(of unknown type), vp (of a VP that is not there), size
 *					(too large)
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
#define DELAY_NS	3000000ull

enum message_kind { MESSAGE_DUP, MESSAGE_TYPE, MESSAGE_VP, MESSAGE_SIZE, MESSAGE_DELAY };

static struct fault_call calls[MAX_FAULTS];
static struct fault_message {
	u32 nth, seen;
	enum message_kind kind;
	struct synic_msg extra;
} messages[MAX_FAULTS];
static struct fault_frame {
	u32 nth, seen;
} frames[MAX_FAULTS];
static u32 nr_calls, nr_messages, nr_frames;
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

static bool parse_message(const char *s)
{
	static const char *const kinds[] = {
		[MESSAGE_DUP] = "dup", [MESSAGE_TYPE] = "type", [MESSAGE_VP] = "vp", [MESSAGE_SIZE] = "size",
		[MESSAGE_DELAY] = "delay",
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

/* An extra message that is queued stays so: whoever takes it empties its buffer. */
static bool forget(void)
{
	nr_calls = nr_messages = nr_frames = 0;
	hits = 0;
	return true;
}

bool fault_parse(const char *word, u64 len)
{
	char text[64];

	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = 0;
	if (!strncmp(text, "call:", 5))
		return parse_call(text + 5);
	if (!strncmp(text, "message:", 8))
		return parse_message(text + 8);
	if (!strncmp(text, "memory:", 7))
		return parse_memory(text + 7);
	return !strcmp(text, "none") && forget();
}

u64 fault_hits(void)
{
	return hits;
}

const struct fault_call *fault_call(u16 code)
{
	const struct fault_call *hit = NULL;

	for (u32 i = 0; i < nr_calls; i++) {
		struct fault_call *f = &calls[i];

		if (f->code == code && (++f->seen == f->nth || !f->nth) && !hit)
			hit = f;
	}
	hits += !!hit;
	return hit;
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

/* A buffer that is still queued has company enough. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m)
{
	if (is_extra(m))
		return;
	for (u32 i = 0; i < nr_messages; i++) {
		struct fault_message *f = &messages[i];

		if ((++f->seen != f->nth && f->nth) || f->extra.queued)
			continue;
		hits++;
		if (f->kind == MESSAGE_DELAY) {
			vp->synic.late_ns = time_now_ns() + DELAY_NS;
			continue;
		}
		f->extra.msg = m->msg;
		spoil(&f->extra.msg, f->kind);
		synic_post(vp, sint, &f->extra);
	}
}
