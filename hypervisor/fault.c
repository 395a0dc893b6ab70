// SPDX-License-Identifier: GPL-2.0
/*
 * The fault script: what is to go wrong, said on the command line.
 *
 *	fault=call:CODE:NTH:REPS:STATUS	the NTH call of CODE (0: each) stops after REPS
 *					elements (simple calls: 0) and returns STATUS; SUCCESS
 *					with fewer elements than asked is legal
 *	fault=message:NTH:KIND		the NTH message to the root (0: each) comes with
 *					another one: dup (itself again), type (of unknown
 *					type), vp (of a VP that is not there), size (too large)
 *
 * A word per fault, up to MAX_FAULTS of either.
 */
#include "fault.h"
#include "format.h"
#include "internal.h"
#include "string.h"

#define MAX_FAULTS	16
#define UNKNOWN_TYPE	0x8000eeee
#define WILD_VP		0xfffffff0

enum message_kind { MESSAGE_DUP, MESSAGE_TYPE, MESSAGE_VP, MESSAGE_SIZE };

static struct fault_call calls[MAX_FAULTS];
static struct fault_message {
	u32 nth, seen;
	enum message_kind kind;
	struct synic_msg extra;
} messages[MAX_FAULTS];
static u32 nr_calls, nr_messages;

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
	};
	u64 nth;

	s = number(s, false, ~0u, &nth);
	if (!s || nr_messages == MAX_FAULTS)
		return false;
	for (u32 kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		if (strcmp(s, kinds[kind]))
			continue;
		messages[nr_messages].nth = nth;
		messages[nr_messages++].kind = kind;
		return true;
	}
	return false;
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
	return false;
}

const struct fault_call *fault_call(u16 code)
{
	const struct fault_call *hit = NULL;

	for (u32 i = 0; i < nr_calls; i++) {
		struct fault_call *f = &calls[i];

		if (f->code == code && (++f->seen == f->nth || !f->nth) && !hit)
			hit = f;
	}
	return hit;
}

static void spoil(struct hv_message *msg, enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_DUP:
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

/* A buffer that is still queued has company enough. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m)
{
	for (u32 i = 0; i < nr_messages; i++) {
		struct fault_message *f = &messages[i];

		if (m == &f->extra)
			return;
	}
	for (u32 i = 0; i < nr_messages; i++) {
		struct fault_message *f = &messages[i];

		if ((++f->seen != f->nth && f->nth) || f->extra.queued)
			continue;
		f->extra.msg = m->msg;
		spoil(&f->extra.msg, f->kind);
		synic_post(vp, sint, &f->extra);
	}
}
