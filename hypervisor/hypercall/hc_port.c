// SPDX-License-Identifier: GPL-2.0
/*
 * Ports and connections (hypercalls.md 3.9). A port belongs to the receiver, a
 * connection to the sender, and a connection names one port. Each lies in a frame of
 * its partition's pool; message ports take a second one for half of their buffers.
 */
#include "fault.h"
#include "hc.h"
#include "internal.h"

#define MESSAGE_SINT	0	/* where notifications of a ring go, if its SINT says so */
#define BUFFERS_HALF	(HV_PORT_MESSAGE_BUFFERS / 2)

struct connection;

struct port {
	struct port *next;
	struct partition *pt;
	u32 id;
	u64 connection_partition;	/* the only one that may connect */
	struct hv_port_info info;
	struct connection *connection;
	u64 post_count;			/* properties of those names */
	u32 preferred_vp;
	bool pending;			/* doorbell that found its ring full ... */
	u32 pending_vp;			/* ... of this VP */
	struct synic_msg *more;		/* MESSAGE: the other half */
	struct synic_msg buffer[BUFFERS_HALF];
};
static_assert(sizeof(struct port) <= 4096, "a port fits a frame");

struct connection {
	struct connection *next;
	struct partition *pt;
	u32 id;
	struct port *port;		/* NULL: deleted */
	struct hv_connection_info info;
};

static struct port *port_find(const struct partition *pt, u32 id)
{
	for (struct port *p = pt->ports; p; p = p->next)
		if (p->id == id)
			return p;
	return NULL;
}

static struct connection *connection_find(const struct partition *pt, u32 id)
{
	for (struct connection *n = pt->connections; n; n = n->next)
		if (n->id == id)
			return n;
	return NULL;
}

/* ---- CreatePort, DeletePort ---- */

static u16 port_info_check(const struct partition *pt, const struct hv_port_info *i)
{
	if (i->type == HV_PORT_MONITOR && (i->monitor_gpa & (PAGE_SIZE - 1)))
		return HV_STATUS_INVALID_ALIGNMENT;
	if (i->type != HV_PORT_MESSAGE && i->type != HV_PORT_EVENT && i->type != HV_PORT_DOORBELL)
		return HV_STATUS_INVALID_PARAMETER;	/* monitor pages are not offered */
	if (!i->target_sint || i->target_sint >= HV_SYNIC_SINT_COUNT || i->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	if (i->type == HV_PORT_DOORBELL && !partition_is_root(pt))
		return HV_STATUS_INVALID_PARAMETER;
	if (i->type != HV_PORT_EVENT)
		return i->base_flag || i->flag_count ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
	/* T20: the sum being the number of flags is an error already. */
	return !i->flag_count || i->base_flag + i->flag_count >= HV_EVENT_FLAGS_COUNT ? HV_STATUS_INVALID_PARAMETER :
											 HV_STATUS_SUCCESS;
}

/* The other side of a port or connection: another active partition of the same family. */
static u16 peer_find(const struct hcall *c, u64 id, const struct partition *pt, struct partition **peer)
{
	*peer = id == HV_PARTITION_ID_SELF ? c->vp->pt : partition_get(id);
	if (!*peer || *peer == pt)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (*peer != c->vp->pt && (*peer)->parent != c->vp->pt && c->vp->pt->parent != *peer)
		return HV_STATUS_ACCESS_DENIED;
	return (*peer)->state == PARTITION_ACTIVE ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARTITION_STATE;
}

static bool port_has_vp(const struct hv_port_info *i)
{
	return i->type == HV_PORT_MESSAGE || i->type == HV_PORT_EVENT || i->type == HV_PORT_DOORBELL;
}

static u16 create_check(const struct hcall *c, struct partition *pt)
{
	const struct hv_create_port_input *in = c->in;
	struct partition *peer;
	u16 status = peer_find(c, in->connection_partition, pt, &peer);

	if (status)
		return status;
	if (port_has_vp(&in->info) && in->info.target_vp != HV_ANY_VP && !vp_get(pt, in->info.target_vp))
		return HV_STATUS_INVALID_VP_INDEX;
	if (in->port_vtl || in->min_connection_vtl || in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	status = port_info_check(pt, &in->info);
	if (!status)
		status = hc_check_proximity(&in->proximity);
	if (status)
		return status;
	if ((in->port_id & ~HV_PORT_ID_MASK) || port_find(pt, in->port_id) ||
	    (in->info.type == HV_PORT_DOORBELL && !in->port_id))
		return HV_STATUS_INVALID_PORT_ID;
	return HV_STATUS_SUCCESS;
}

u16 hc_create_port(struct hcall *c)
{
	const struct hv_create_port_input *in = c->in;
	struct partition *pt;
	struct port *p;
	u16 status = hc_partition(c, in->port_partition, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (!status)
		status = create_check(c, pt);
	if (status)
		return status;
	if (!pool_has(&pt->pool, in->info.type == HV_PORT_MESSAGE ? 2 : 1))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	p = pool_alloc(pt);
	if (in->info.type == HV_PORT_MESSAGE)
		p->more = pool_alloc(pt);
	p->pt = pt;
	p->id = in->port_id;
	p->connection_partition = partition_get(in->connection_partition) ? in->connection_partition : c->vp->pt->id;
	p->info = in->info;
	p->next = pt->ports;
	pt->ports = p;
	return HV_STATUS_SUCCESS;
}

static struct synic_msg *buffer_get(struct port *p, u32 i)
{
	return i < BUFFERS_HALF ? &p->buffer[i] : &p->more[i - BUFFERS_HALF];
}

static void port_unlink(struct port *p)
{
	void **link = &p->pt->ports;

	while (*link != p)
		link = (void **)&((struct port *)*link)->next;
	*link = p->next;
}

/* Queued messages are lost; the connection stays, and leads nowhere. */
static void port_free(struct port *p)
{
	for (u32 i = 0; i < (p->more ? HV_PORT_MESSAGE_BUFFERS : BUFFERS_HALF); i++)
		synic_cancel(buffer_get(p, i));
	if (p->connection)
		p->connection->port = NULL;
	port_unlink(p);
	if (p->more)
		pool_free(p->pt, p->more);
	pool_free(p->pt, p);
}

u16 hc_delete_port(struct hcall *c)
{
	const struct hv_delete_port_input *in = c->in;
	struct partition *pt;
	struct port *p;
	u16 status = hc_partition(c, in->port_partition, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	p = port_find(pt, in->port_id);
	if (!p)
		return HV_STATUS_INVALID_PORT_ID;
	port_free(p);
	return HV_STATUS_SUCCESS;
}

/* ---- GetPortProperty, SetPortProperty ---- */

/* The port, and where the property is kept. */
static u16 property_find(struct hcall *c, struct port **p)
{
	const struct hv_port_property_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	*p = port_find(pt, in->port_id);
	if (!*p)
		return HV_STATUS_INVALID_PORT_ID;
	return in->code > HV_PORT_PROPERTY_PREFERRED_TARGET_VP ? HV_STATUS_UNKNOWN_PROPERTY : HV_STATUS_SUCCESS;
}

u16 hc_get_port_property(struct hcall *c)
{
	const struct hv_port_property_input *in = c->in;
	struct port *p;
	u16 status = property_find(c, &p);

	if (!status)
		*(u64 *)c->out = in->code == HV_PORT_PROPERTY_POST_COUNT ? p->post_count : p->preferred_vp;
	return status;
}

/* What it is set to comes back. */
u16 hc_set_port_property(struct hcall *c)
{
	const struct hv_port_property_input *in = c->in;
	struct port *p;
	u16 status = property_find(c, &p);

	if (status)
		return status;
	if (in->code == HV_PORT_PROPERTY_POST_COUNT)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (in->value >= MAX_VPS || !vp_get(p->pt, in->value))
		return HV_STATUS_INVALID_VP_INDEX;
	p->preferred_vp = in->value;
	*(u64 *)c->out = in->value;
	return HV_STATUS_SUCCESS;
}

/* ---- ConnectPort, DisconnectPort ---- */

static u32 doorbell_size(const struct hv_connection_info *i)
{
	u32 code = i->flags & HV_DOORBELL_SIZE_MASK;

	return code ? 1u << (code - 1) : 0;
}

static u16 doorbell_check(const struct partition *pt, const struct hv_connection_info *i)
{
	u32 size = doorbell_size(i);

	if ((i->flags & ~(HV_DOORBELL_SIZE_MASK | HV_DOORBELL_ANY_VALUE)) || size > 8 || i->gpa >> CHILD_GPA_BITS)
		return HV_STATUS_INVALID_PARAMETER;
	if ((i->gpa & (PAGE_SIZE - 1)) + (size ? size : 1) > PAGE_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	for (const struct connection *n = pt->connections; n; n = n->next)
		if (n->info.type == HV_PORT_DOORBELL && n->info.gpa == i->gpa && n->info.flags == i->flags &&
		    (n->info.trigger_value == i->trigger_value || (i->flags & HV_DOORBELL_ANY_VALUE)))
			return HV_STATUS_OBJECT_IN_USE;		/* a guess */
	return HV_STATUS_SUCCESS;
}

static u16 connection_info_check(const struct partition *pt, const struct port *p, const struct hv_connection_info *i)
{
	if (i->type != p->info.type)
		return HV_STATUS_INVALID_PORT_ID;	/* a guess */
	if (i->type == HV_PORT_DOORBELL)
		return doorbell_check(pt, i);
	return i->gpa || i->trigger_value || i->flags ? HV_STATUS_INVALID_PARAMETER : HV_STATUS_SUCCESS;
}

static u16 connect_check(const struct hcall *c, const struct partition *pt, struct port **port)
{
	const struct hv_connect_port_input *in = c->in;
	struct partition *peer;
	struct port *p;
	u16 status = peer_find(c, in->port_partition, pt, &peer);

	if (status)
		return status;
	if (in->connection_vtl || in->rsvd[0] || in->rsvd[1] || in->rsvd[2] || in->rsvd2)
		return HV_STATUS_INVALID_PARAMETER;
	status = hc_check_proximity(&in->proximity);
	if (status)
		return status;
	if ((in->connection_id & ~HV_PORT_ID_MASK) || connection_find(pt, in->connection_id))
		return HV_STATUS_INVALID_CONNECTION_ID;
	p = in->port_id & ~HV_PORT_ID_MASK ? NULL : port_find(peer, in->port_id);
	if (!p || p->connection)
		return HV_STATUS_INVALID_PORT_ID;
	if (p->connection_partition != pt->id)
		return HV_STATUS_INVALID_PARTITION_ID;
	*port = p;
	return connection_info_check(pt, p, &in->info);
}

u16 hc_connect_port(struct hcall *c)
{
	const struct hv_connect_port_input *in = c->in;
	struct connection *n;
	struct partition *pt;
	struct port *port;
	u16 status = hc_partition(c, in->connection_partition, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (!status)
		status = connect_check(c, pt, &port);
	if (status)
		return status;
	n = pool_take(pt);
	if (!n)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	n->pt = pt;
	n->id = in->connection_id;
	n->info = in->info;
	n->port = port;
	port->connection = n;
	n->next = pt->connections;
	pt->connections = n;
	return HV_STATUS_SUCCESS;
}

static void connection_free(struct connection *n)
{
	void **link = &n->pt->connections;

	while (*link != n)
		link = (void **)&((struct connection *)*link)->next;
	*link = n->next;
	if (n->port)
		n->port->connection = NULL;
	pool_free(n->pt, n);
}

/* The doorbell bit is honoured, and not required. */
u16 hc_disconnect_port(struct hcall *c)
{
	const struct hv_disconnect_port_input *in = c->in;
	struct connection *n;
	struct partition *pt;
	u16 status = hc_partition(c, in->connection_partition, HC_CHILD | HC_SELF | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (in->flags & ~HV_DISCONNECT_DOORBELL)
		return HV_STATUS_INVALID_PARAMETER;
	n = connection_find(pt, in->connection_id);
	if (!n || ((in->flags & HV_DISCONNECT_DOORBELL) && n->info.type != HV_PORT_DOORBELL))
		return HV_STATUS_INVALID_CONNECTION_ID;
	connection_free(n);
	return HV_STATUS_SUCCESS;
}

void ports_release(struct partition *pt)
{
	while (pt->connections)
		connection_free(pt->connections);
	while (pt->ports)
		port_free(pt->ports);
}

/* ---- doorbells and event rings (interface.md 3.4) ---- */

static struct hv_event_ring *ring_find(struct vp *vp, u32 sint)
{
	struct hv_event_ring_page *page;

	if (!(vp->synic.sirbp & HV_OVERLAY_ENABLE) || !synic_target_ok(vp))
		return NULL;
	page = gpa_ptr(vp->pt, vp->synic.sirbp & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W);
	return page ? &page->ring[sint] : NULL;
}

/* With AsIntercept the SINT's notification is a message on SINT 0, one buffer per VP for it. */
static void ring_notify(struct vp *vp, struct port *p, u32 sint)
{
	struct hv_sint_intercept_message payload = { .sint_index = sint };
	struct synic_msg *m = &vp->messages->ring;

	if (!(vp->synic.sint[sint] & HV_SINT_AS_INTERCEPT)) {
		synic_interrupt(vp, sint);
		return;
	}
	if (m->queued && *(u32 *)m->msg.payload != sint)
		m = &p->buffer[0];
	if (m->queued)
		return;
	synic_fill(m, HVMSG_SYNIC_SINT_INTERCEPT, 0, &payload, sizeof(payload));
	synic_post(vp, MESSAGE_SINT, m);
}

static bool ring_store(struct vp *vp, u32 sint, struct hv_event_ring *ring, u32 port)
{
	volatile u32 *slot = &ring->data[vp->synic.ring_head[sint]];

	if (*slot)
		return false;
	*slot = port;
	vp->synic.ring_head[sint] = (vp->synic.ring_head[sint] + 1) % HV_EVENT_RING_ENTRIES;
	return true;
}

/* The entry, a full barrier, then test and set of SignalMasked; a full ring is remembered. */
static void ring_add(struct vp *vp, struct port *p, struct hv_event_ring *ring)
{
	u32 sint = p->info.target_sint, stranger = fault_ring();

	if (stranger)
		ring_store(vp, sint, ring, stranger);
	if (!ring_store(vp, sint, ring, p->id)) {
		p->pending = true;
		p->pending_vp = vp->index;
		*(volatile u8 *)&ring->ring_full = 1;
	}
	__sync_synchronize();
	if (!__atomic_exchange_n(&ring->signal_masked, 1, __ATOMIC_SEQ_CST))
		ring_notify(vp, p, sint);
}

/* The VP of the port, or for ANY the one nearest to the sender that can take it. */
static struct vp *ring_target(const struct vp *sender, const struct port *p, struct hv_event_ring **ring)
{
	struct vp *vp = sender->home->root_vp;
	u32 sint = p->info.target_sint;

	if (p->info.target_vp != HV_ANY_VP)
		vp = vp_get(p->pt, p->info.target_vp);
	*ring = vp ? ring_find(vp, sint) : NULL;
	for (u32 i = 0; !*ring && p->info.target_vp == HV_ANY_VP && i < MAX_VPS; i++) {
		vp = vp_get(p->pt, i);
		*ring = vp ? ring_find(vp, sint) : NULL;
	}
	return *ring ? vp : NULL;
}

static void doorbell_signal(struct vp *sender, struct port *p)
{
	struct hv_event_ring *ring;
	struct vp *vp = ring_target(sender, p, &ring);

	if (vp)
		ring_add(vp, p, ring);
	else
		hv_notice("p%lluvp%u: doorbell of port %x: no event ring is enabled", sender->pt->id, sender->index, p->id);
}

static bool doorbell_match(const struct connection *n, u64 gpa, u32 size, u64 value)
{
	const struct hv_connection_info *i = &n->info;
	u64 mask = size < 8 ? BIT(size * 8) - 1 : ~0ull;

	if (i->type != HV_PORT_DOORBELL || !n->port || i->gpa != gpa)
		return false;
	if (doorbell_size(i) && doorbell_size(i) != size)
		return false;
	return (i->flags & HV_DOORBELL_ANY_VALUE) || ((i->trigger_value ^ value) & mask) == 0;
}

bool port_doorbell(struct vp *vp, u64 gpa, u32 size, u64 value)
{
	for (struct connection *n = vp->pt->connections; n; n = n->next) {
		if (!doorbell_match(n, gpa, size, value))
			continue;
		doorbell_signal(vp, n->port);
		return true;
	}
	return false;
}

/* What found the caller's ring full is put in again. */
u16 hc_notify_port_ring_empty(struct hcall *c)
{
	const struct hv_ring_empty_input *in = c->in;
	struct hv_event_ring *ring;

	if (!partition_is_root(c->vp->pt))
		return HV_STATUS_ACCESS_DENIED;
	if (in->sint >= HV_SYNIC_SINT_COUNT || in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	ring = ring_find(c->vp, in->sint);
	for (struct port *p = c->vp->pt->ports; ring && p; p = p->next) {
		if (!p->pending || p->pending_vp != c->vp->index || p->info.target_sint != in->sint)
			continue;
		p->pending = false;
		ring_add(c->vp, p, ring);
	}
	return HV_STATUS_SUCCESS;
}

/* ---- PostMessage, SignalEvent ---- */

static u16 sender_port(const struct hcall *c, u32 id, u32 type, struct port **port)
{
	struct connection *n = id & ~HV_PORT_ID_MASK ? NULL : connection_find(c->vp->pt, id);

	if (!n)
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (!n->port || n->port->info.type != type || n->port->pt->state != PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PORT_ID;
	*port = n->port;
	return HV_STATUS_SUCCESS;
}

/* NULL: its SynIC or that page is off. */
static struct hv_event_flags_page *flags_find(struct vp *vp)
{
	if (!(vp->synic.scontrol & HV_SCONTROL_ENABLE) || !(vp->synic.siefp & HV_OVERLAY_ENABLE))
		return NULL;
	return gpa_ptr(vp->pt, vp->synic.siefp & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W);
}

/* A message needs the SIM page, an event flag the SIEF page. */
static bool target_ok(const struct port *p, struct vp *vp)
{
	return p->info.type == HV_PORT_EVENT ? !!flags_find(vp) : synic_target_ok(vp);
}

/* The preferred one, if it can. */
static struct vp *any_target(const struct port *p)
{
	struct vp *vp = vp_get(p->pt, p->preferred_vp);
	u32 pos = 0;

	if (vp && target_ok(p, vp))
		return vp;
	while ((vp = vp_next(p->pt, &pos)))
		if (target_ok(p, vp))
			return vp;
	return NULL;
}

static u16 port_target(const struct port *p, struct vp **vp)
{
	if (p->info.target_vp == HV_ANY_VP) {
		*vp = any_target(p);
		return *vp ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
	}
	*vp = vp_get(p->pt, p->info.target_vp);
	if (!*vp)
		return HV_STATUS_INVALID_VP_INDEX;
	return target_ok(p, *vp) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

static struct synic_msg *buffer_free(struct port *p)
{
	for (u32 i = 0; i < HV_PORT_MESSAGE_BUFFERS; i++)
		if (!buffer_get(p, i)->queued)
			return buffer_get(p, i);
	return NULL;
}

u16 hc_post_message(struct hcall *c)
{
	const struct hv_post_message_input *in = c->in;
	struct synic_msg *m;
	struct port *p;
	struct vp *vp;
	u16 status;

	if (in->rsvd || !in->message_type || in->message_type >> 31 || in->payload_size > HV_MESSAGE_PAYLOAD_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	status = sender_port(c, in->connection_id, HV_PORT_MESSAGE, &p);
	if (status == HV_STATUS_INVALID_CONNECTION_ID && hc_intercepted(c, HV_INTERCEPT_UNKNOWN_CONNECTION))
		return status;
	if (!status)
		status = port_target(p, &vp);
	if (status)
		return status;
	m = buffer_free(p);
	if (!m)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	synic_fill(m, in->message_type, p->id, in->payload, in->payload_size);
	if (!synic_post(vp, p->info.target_sint, m))
		return HV_STATUS_INVALID_SYNIC_STATE;
	p->post_count++;
	return HV_STATUS_SUCCESS;
}

/* The bit in the SIEF page; the interrupt only when it was clear. */
static u16 flag_signal(struct vp *vp, u32 sint, u32 flag, bool *newly)
{
	struct hv_event_flags_page *page = flags_find(vp);
	u64 bit = BIT(flag % 64);

	if (!page || (vp->synic.sint[sint] & HV_SINT_MASKED))
		return HV_STATUS_INVALID_SYNIC_STATE;
	*newly = !(__atomic_fetch_or(&page->flags[sint][flag / 64], bit, __ATOMIC_SEQ_CST) & bit);
	if (*newly)
		synic_interrupt(vp, sint);
	return HV_STATUS_SUCCESS;
}

u16 hc_signal_event(struct hcall *c)
{
	const struct hv_signal_event_input *in = c->in;
	struct port *p;
	struct vp *vp;
	bool newly;
	u16 status;

	if (in->rsvd)
		return HV_STATUS_INVALID_PARAMETER;
	status = sender_port(c, in->connection_id, HV_PORT_EVENT, &p);
	if (status == HV_STATUS_INVALID_CONNECTION_ID)
		hc_intercepted(c, HV_INTERCEPT_UNKNOWN_CONNECTION);
	if (status)
		return status;
	if (in->flag_number >= p->info.flag_count)
		return HV_STATUS_INVALID_PARAMETER;
	status = port_target(p, &vp);
	if (!status)
		status = flag_signal(vp, p->info.target_sint, p->info.base_flag + in->flag_number, &newly);
	p->post_count += !status;
	return status;
}

/* ---- the direct forms: no port ---- */

u16 hc_signal_event_direct(struct hcall *c)
{
	const struct hv_signal_direct_input *in = c->in;
	struct hv_signal_direct_output *out = c->out;
	struct partition *pt;
	struct vp *vp;
	bool newly = false;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	if (in->target_vtl || in->sint >= HV_SYNIC_SINT_COUNT || in->flag_number >= HV_EVENT_FLAGS_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	status = flag_signal(vp, in->sint, in->flag_number, &newly);
	out->newly_signaled = newly;
	return status;
}

u16 hc_post_message_direct(struct hcall *c)
{
	const struct hv_post_direct_input *in = c->in;
	const struct hv_message *msg = &in->message;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	if (in->target_vtl || in->sint >= HV_SYNIC_SINT_COUNT || !msg->message_type ||
	    msg->payload_size > HV_MESSAGE_PAYLOAD_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	if (!synic_target_ok(vp))
		return HV_STATUS_INVALID_SYNIC_STATE;
	if (vp->messages->direct.queued)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	synic_fill(&vp->messages->direct, msg->message_type, msg->sender, msg->payload, msg->payload_size);
	return synic_post(vp, in->sint, &vp->messages->direct) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}
