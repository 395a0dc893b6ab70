// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: ports.
 *
 * A doorbell of a guest signals a port of the root.  This is the table of the
 * port ids in use and of the eventfd behind each.
 */
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "mshv.h"

struct mshv_port {
	struct eventfd_ctx *eventfd;
	struct rcu_head rcu;
};

/* Port id 0 means "empty" in an event ring */
static DEFINE_XARRAY_FLAGS(mshv_ports, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
static u32 mshv_ports_next;

/**
 * mshv_port_create() - reserve a port id
 * @eventfd: signalled when the port is; the caller keeps it until
 *	mshv_port_delete()
 * @id: the id
 *
 * Return: 0, -ENOMEM, or -ENOSPC if all ids are in use.
 */
int mshv_port_create(struct eventfd_ctx *eventfd, u32 *id)
{
	struct mshv_port *port;
	int ret;

	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return -ENOMEM;

	port->eventfd = eventfd;
	ret = xa_alloc_cyclic(&mshv_ports, id, port,
			      XA_LIMIT(1, TLFS_PORT_ID_MAX), &mshv_ports_next,
			      GFP_KERNEL);
	if (ret < 0) {
		kfree(port);
		return ret == -EBUSY ? -ENOSPC : ret;
	}

	return 0;
}

/**
 * mshv_port_delete() - give back a port id
 * @id: the id
 *
 * After this the eventfd is no longer signalled.
 */
void mshv_port_delete(u32 id)
{
	struct mshv_port *port = xa_erase(&mshv_ports, id);

	if (WARN_ON_ONCE(!port))
		return;

	synchronize_rcu_expedited();
	kfree(port);
}

/**
 * mshv_port_signal() - a port was signalled
 * @id: its id, as the hypervisor says
 *
 * Context: Interrupt.
 * Return: true if there is such a port.
 */
bool mshv_port_signal(u32 id)
{
	struct mshv_port *port;

	rcu_read_lock();
	port = xa_load(&mshv_ports, id);
	if (port)
		eventfd_signal(port->eventfd, 1);
	rcu_read_unlock();

	return port;
}

/**
 * mshv_port_shutdown() - delete all ports in the hypervisor
 *
 * They are the root's own, and would still be there under the next kernel.
 *
 * Context: This kernel goes down, perhaps in a crash; no other CPU runs.
 */
void mshv_port_shutdown(void)
{
	struct mshv_port *port;
	unsigned long id;

	xa_for_each(&mshv_ports, id, port)
		hv_call_delete_port(id);
}
