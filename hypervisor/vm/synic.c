// SPDX-License-Identifier: GPL-2.0
/* The synthetic interrupt controller: messages, their slots, their interrupts (TLFS chapter 11). */
#include "fault.h"
#include "hv.h"
#include "internal.h"
#include "string.h"

void synic_fill(struct synic_msg *m, u32 type, u64 sender, const void *payload, u8 size)
{
	struct hv_message *msg = &m->msg;

	hv_assert(size <= sizeof(msg->payload));
	memset(msg, 0, sizeof(*msg));
	msg->message_type = type;
	msg->payload_size = size;
	msg->sender = sender;
	memcpy(msg->payload, payload, size);
}

static struct hv_message *slot_get(struct vp *vp, u8 sint)
{
	struct hv_message_page *page;

	if (!(vp->synic.scontrol & 1) || !(vp->synic.simp & HV_OVERLAY_ENABLE))
		return NULL;
	page = gpa_ptr(vp->pt, vp->synic.simp & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W);
	return page ? &page->slot[sint] : NULL;
}

bool synic_target_ok(struct vp *vp)
{
	return slot_get(vp, 0);
}

void synic_interrupt(struct vp *vp, u8 sint)
{
	u64 s = vp->synic.sint[sint];

	if (!(s & (HV_SINT_MASKED | HV_SINT_POLLING)))
		vp_irq(vp, (u8)s, false);
}

bool synic_auto_eoi(const struct vp *vp, u8 vector)
{
	for (u32 i = 0; i < HV_SYNIC_SINT_COUNT; i++) {
		u64 s = vp->synic.sint[i];

		if ((s & HV_SINT_AUTO_EOI) && !(s & (HV_SINT_MASKED | HV_SINT_POLLING)) && (u8)s == vector)
			return true;
	}
	return false;
}

/* The type comes last: the consumer looks at it first (interface: delivery, rule 7). */
static void slot_store(struct hv_message *slot, const struct hv_message *msg, bool more)
{
	u32 type = msg->message_type;

	memcpy((u8 *)slot + 4, (const u8 *)msg + 4, sizeof(*msg) - 4);
	slot->flags = more ? HV_MESSAGE_FLAG_PENDING : 0;
	__sync_synchronize();
	*(volatile u32 *)&slot->message_type = type;
}

/* If so, it says that there is more. Who frees it just then may have looked for that before: so look once more. */
static bool slot_is_taken(struct hv_message *slot)
{
	const volatile u32 *type = &slot->message_type;

	if (*type == HVMSG_NONE)
		return false;
	__sync_or_and_fetch(&slot->flags, HV_MESSAGE_FLAG_PENDING);
	return *type != HVMSG_NONE;
}

/* Head of the queue into the slot if that is free; whoever waits behind shows in the pending flag. */
static void queue_deliver(struct vp *vp, u8 sint)
{
	struct synic_msg *m = vp->synic.queue[sint];
	struct hv_message *slot;

	if (!m || vp->synic.late_ns)
		return;
	slot = slot_get(vp, sint);
	if (!slot)
		return;
	if (slot_is_taken(slot))
		return;
	vp->synic.queue[sint] = m->next;
	m->next = NULL;
	m->queued = false;
	m->target = NULL;
	slot_store(slot, &m->msg, vp->synic.queue[sint]);
	trace_message(vp, sint, m->msg.message_type);
	synic_interrupt(vp, sint);
}

bool synic_post(struct vp *vp, u8 sint, struct synic_msg *m)
{
	struct synic_msg **link;

	hv_assert(!m->queued);
	if (!slot_get(vp, sint))
		return false;
	if (partition_is_root(vp->pt))
		fault_message(vp, sint, m);
	for (link = &vp->synic.queue[sint]; *link; link = &(*link)->next)
		;
	*link = m;
	m->next = NULL;
	m->queued = true;
	m->sint = sint;
	m->target = vp;
	queue_deliver(vp, sint);
	return true;
}

void synic_cancel(struct synic_msg *m)
{
	struct synic_msg **link;

	if (!m->queued)
		return;
	link = &m->target->synic.queue[m->sint];
	while (*link != m)
		link = &(*link)->next;
	*link = m->next;
	m->next = NULL;
	m->queued = false;
	m->target = NULL;
}

u16 synic_slots_free(struct vp *vp, u16 sints)
{
	u16 are_free = 0;

	for (u8 sint = 0; sints >> sint; sint++) {
		const struct hv_message *slot = sints >> sint & 1 ? slot_get(vp, sint) : NULL;

		if (slot && !vp->synic.queue[sint] && *(const volatile u32 *)&slot->message_type == HVMSG_NONE)
			are_free |= 1u << sint;
	}
	return are_free;
}

/* EOM or EOI: slots may be free again. */
void synic_scan(struct vp *vp)
{
	for (u8 sint = 0; sint < HV_SYNIC_SINT_COUNT; sint++)
		queue_deliver(vp, sint);
}

void synic_reset(struct vp *vp)
{
	struct synic *s = &vp->synic;

	for (u8 sint = 0; sint < HV_SYNIC_SINT_COUNT; sint++) {
		while (s->queue[sint])
			synic_cancel(s->queue[sint]);
		s->sint[sint] = HV_SINT_RESET;
		s->ring_head[sint] = 0;
	}
	s->scontrol = s->siefp = s->simp = s->sirbp = 0;
	vp->vp_assist = 0;
}
