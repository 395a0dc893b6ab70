// SPDX-License-Identifier: GPL-2.0
/* A virtio network card that is plugged into a tap device of the host */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "vmm.h"

enum net_queue {
	NET_RECEIVE,
	NET_SEND,
};

/* Where byte @n of a packet is, NULL if there is no room for it */
static __u8 *net_byte(const struct virtio_request *request, size_t n)
{
	const struct iovec *iov;

	for (iov = request->in; iov < request->in + request->nr_in; iov++) {
		if (n < iov->iov_len)
			return (__u8 *)iov->iov_base + n;
		n -= iov->iov_len;
	}
	return NULL;
}

/*
 * What a guest puts before a packet is what the tap wants to have there, and the
 * other way round, so packets go as they are. One that the tap does not take is
 * lost, as on a wire.
 */
static ssize_t net_serve(struct virtio *virtio, unsigned int queue,
			 struct virtio_request *request)
{
	struct net *net = container_of(virtio, struct net, virtio);
	const size_t at = offsetof(struct virtio_net_hdr_v1, num_buffers);
	__u8 *low = net_byte(request, at), *high = net_byte(request, at + 1);
	ssize_t n;

	if (queue == NET_SEND) {
		n = writev(net->tap, request->out, request->nr_out);
		return 0;
	}
	if (!high)
		return VIRTIO_BROKEN;
	n = readv(net->tap, request->in, request->nr_in);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		err(EXIT_ERROR, "read from the tap device");
	if (n < 0)
		return VIRTIO_LATER;
	*low = 1;	/* number of buffers */
	*high = 0;
	return n;
}

static const struct virtio_type net_type = {
	.id = VIRTIO_ID_NET,
	.nr_queues = 2,
	.config_size = sizeof(struct virtio_net_config),
	.serve = net_serve,
};

/**
 * net_create() - Give the guest a network card
 * @net: what to fill in
 * @vm: the guest
 * @tap: name of the tap device; it must be there, and stays what it is over a
 *	 reset
 *
 * Its address is made of the tap's number, so that two guests do not share one.
 */
void net_create(struct net *net, struct vm *vm, const char *tap)
{
	unsigned int index = if_nametoindex(tap);
	const __u8 mac[] = { 0x02, 'm', 's', 'h', index >> 8, index };
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int size = sizeof(struct virtio_net_hdr_v1);

	if (!index)
		err(EXIT_ERROR, "tap device %s", tap);
	strncpy(request.ifr_name, tap, sizeof(request.ifr_name) - 1);
	net->tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (net->tap < 0)
		err(EXIT_ERROR, "open /dev/net/tun");
	if (ioctl(net->tap, TUNSETIFF, &request) ||
	    ioctl(net->tap, TUNSETVNETHDRSZ, &size) ||
	    ioctl(net->tap, TUNSETOFFLOAD, 0))
		err(EXIT_ERROR, "open tap device %s", tap);

	memcpy(net->config.mac, mac, sizeof(mac));
	net->virtio.features = BIT_ULL(VIRTIO_NET_F_MAC);
	net->virtio.config = &net->config;
	virtio_create(&net->virtio, &net_type, vm, net->tap);
}
