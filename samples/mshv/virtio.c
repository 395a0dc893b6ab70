// SPDX-License-Identifier: GPL-2.0
/*
 * virtio over MMIO: what all virtio devices share.
 *
 * The VPs only set a device up. At work none of them stops for it: writes to
 * the notify register are doorbells, which the hypervisor turns into signals of
 * an eventfd; the device's thread serves the queue and signals another eventfd,
 * which the kernel turns into an interrupt.
 *
 * A queue is in guest memory, and the guest can write anything into it, at any
 * time. So each number is read once, and checked before it is used.
 */
#include <stdio.h>
#include <string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "vmm.h"

#define VIRTIO_MAGIC		0x74726976	/* "virt" */
#define VIRTIO_MMIO_VERSION_1	2
#define VIRTIO_VENDOR		0x5648534d	/* "MSHV" */
#define STATUS_MASK		0xff

#define read_once(p)		__atomic_load_n(p, __ATOMIC_RELAXED)

static void virtio_interrupt(struct virtio *virtio, __u32 why)
{
	virtio->interrupt |= why;
	eventfd_write(virtio->irq, 1);
}

/* The guest has broken the rules: nothing more until it resets the device */
static void virtio_break(struct virtio *virtio)
{
	if (!virtio->has_complained)
		fprintf(stderr, "mshv-vmm: the guest misuses virtio device %u\n",
			virtio->type->id);
	virtio->has_complained = true;
	virtio->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_interrupt(virtio, VIRTIO_MMIO_INT_CONFIG);
}

static bool queue_has_request(const struct virtio *virtio,
			      const struct virtio_queue *queue)
{
	return queue->ready &&
	       !(virtio->status & VIRTIO_CONFIG_S_NEEDS_RESET) &&
	       __atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE) !=
	       queue->next;
}

static struct vring_desc desc_read(const volatile struct vring_desc *desc)
{
	return *desc;
}

/*
 * Read the chain of descriptors of the next request, which may be a circle.
 *
 * Return: false if it is not as it must be
 */
static bool queue_read(const struct virtio *virtio,
		       const struct virtio_queue *queue,
		       struct virtio_request *request)
{
	const struct vring_avail *avail = queue->avail;
	struct vring_desc desc;
	struct iovec *iov;
	unsigned int n;

	if ((__u16)(read_once(&avail->idx) - queue->next) > queue->size)
		return false;
	request->nr_out = 0;
	request->nr_in = 0;
	request->head = read_once(&avail->ring[queue->next % queue->size]);
	desc.next = request->head;
	for (n = 0; n < queue->size; n++) {
		if (desc.next >= queue->size)
			return false;
		desc = desc_read(&queue->desc[desc.next]);
		if (desc.flags & VRING_DESC_F_WRITE)
			iov = &request->in[request->nr_in++];
		else
			iov = &request->out[request->nr_out++];
		iov->iov_base = memory_at(virtio->memory, desc.addr, desc.len);
		iov->iov_len = desc.len;
		if (!iov->iov_base || desc.flags & VRING_DESC_F_INDIRECT)
			return false;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return true;
	}
	return false;
}

static void queue_return(struct virtio_queue *queue, __u16 head, __u32 written)
{
	queue->used->ring[queue->next % queue->size] =
		(struct vring_used_elem){ .id = head, .len = written };
	queue->next++;
	__atomic_store_n(&queue->used->idx, queue->next, __ATOMIC_RELEASE);
}

/*
 * Serve what is in a queue. Requests are served in order, so that the place of
 * the next one in the available ring is also its place in the used ring.
 */
static void virtio_serve(struct virtio *virtio, unsigned int n)
{
	struct virtio_queue *queue = &virtio->queue[n];
	struct virtio_request request;
	bool served = false;
	ssize_t written;

	while (queue_has_request(virtio, queue)) {
		written = VIRTIO_BROKEN;
		if (queue_read(virtio, queue, &request))
			written = virtio->type->serve(virtio, n, &request);
		if (written == VIRTIO_LATER)
			break;
		if (written == VIRTIO_BROKEN) {
			virtio_break(virtio);
			return;
		}
		queue_return(queue, request.head, written);
		served = true;
	}
	if (!served)
		return;
	/* The guest sees the used index, or we see that it wants to be told */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(read_once(&queue->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT))
		virtio_interrupt(virtio, VIRTIO_MMIO_INT_VRING);
}

/* What the host has for the guest waits until the guest has room for it */
static bool virtio_wants_input(struct virtio *virtio)
{
	bool wants;

	pthread_mutex_lock(&virtio->lock);
	wants = queue_has_request(virtio, &virtio->queue[0]);
	pthread_mutex_unlock(&virtio->lock);
	return wants;
}

static void *virtio_thread(void *arg)
{
	struct pollfd fds[VIRTIO_NR_QUEUES + 1];
	struct virtio *virtio = arg;
	unsigned int n, nr_queues = virtio->type->nr_queues;
	struct pollfd *input = &fds[nr_queues];

	for (n = 0; n < nr_queues; n++)
		fds[n] = (struct pollfd){ virtio->queue[n].kick, POLLIN };

	for (;;) {
		*input = (struct pollfd){ -1, POLLIN };
		if (virtio_wants_input(virtio))
			input->fd = virtio->input;
		events_wait(fds, nr_queues + 1);
		pthread_mutex_lock(&virtio->lock);
		for (n = 0; n < nr_queues; n++) {
			if (fds[n].revents)
				event_clear(fds[n].fd);
			if (fds[n].revents || (!n && input->revents))
				virtio_serve(virtio, n);
		}
		pthread_mutex_unlock(&virtio->lock);
	}
	return NULL;
}

static __u32 virtio_read(const struct virtio *virtio, __u64 offset)
{
	bool there = virtio->queue_select < virtio->type->nr_queues;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_VERSION_1;
	case VIRTIO_MMIO_DEVICE_ID:
		return virtio->type->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VIRTIO_VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return virtio->features_select > 1 ? 0 :
		       virtio->features >> 32 * virtio->features_select;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return there ? VIRTIO_QUEUE_SIZE : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return there && virtio->queue[virtio->queue_select].ready;
	case VIRTIO_MMIO_STATUS:
		return virtio->status;
	default:
		return ~0U;	/* also the length of memory that is not shared */
	}
}

static void virtio_clear(struct virtio *virtio)
{
	unsigned int n;

	virtio->status = 0;
	virtio->interrupt = 0;
	virtio->driver_features[0] = 0;
	virtio->driver_features[1] = 0;
	for (n = 0; n < virtio->type->nr_queues; n++) {
		virtio->queue[n].ready = false;
		virtio->queue[n].next = 0;
	}
}

static __u64 join(const __u32 half[2])
{
	return half[0] | (__u64)half[1] << 32;
}

/* A driver that does not take what must be taken is told so by the status */
static void virtio_set_status(struct virtio *virtio, __u32 status)
{
	__u64 taken = join(virtio->driver_features);

	if (!status) {
		virtio_clear(virtio);
		return;
	}
	if (taken & ~virtio->features ||
	    !(taken & BIT_ULL(VIRTIO_F_VERSION_1)))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	virtio->status = (status & STATUS_MASK) |
			 (virtio->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

/* One of the parts, or NULL if it cannot be where the guest says it is */
static void *queue_part(const struct virtio *virtio, const __u32 gpa[2],
			size_t size, unsigned int align)
{
	return join(gpa) % align ? NULL :
	       memory_at(virtio->memory, join(gpa), size);
}

/* Where the three parts are is fixed as long as the queue is ready */
static void queue_enable(const struct virtio *virtio,
			 struct virtio_queue *queue)
{
	unsigned int n = queue->size;

	queue->desc = queue_part(virtio, queue->gpa[QUEUE_DESC],
				 n * sizeof(*queue->desc),
				 VRING_DESC_ALIGN_SIZE);
	queue->avail = queue_part(virtio, queue->gpa[QUEUE_AVAIL],
				  sizeof(*queue->avail) + n * sizeof(__u16),
				  VRING_AVAIL_ALIGN_SIZE);
	queue->used = queue_part(virtio, queue->gpa[QUEUE_USED],
				 sizeof(*queue->used) +
				 n * sizeof(struct vring_used_elem),
				 VRING_USED_ALIGN_SIZE);
	queue->ready = queue->desc && queue->avail && queue->used && n &&
		       !(n & (n - 1));
}

/* The registers of where the parts are follow each other: low, high, two more */
static void queue_write(const struct virtio *virtio, struct virtio_queue *queue,
			__u64 offset, __u32 value)
{
	unsigned int n = (offset - VIRTIO_MMIO_QUEUE_DESC_LOW) / sizeof(value);

	if (offset == VIRTIO_MMIO_QUEUE_READY) {
		queue->ready = false;
		if (value)
			queue_enable(virtio, queue);
	} else if (queue->ready) {
		return;
	} else if (offset == VIRTIO_MMIO_QUEUE_NUM) {
		if (value <= VIRTIO_QUEUE_SIZE)
			queue->size = value;
	} else if (n < 4 * QUEUE_NR_PARTS && n % 4 < 2) {
		queue->gpa[n / 4][n % 4] = value;
	}
}

static void virtio_write(struct virtio *virtio, __u64 offset, __u32 value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		virtio->features_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		virtio->driver_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (virtio->driver_select <= 1)
			virtio->driver_features[virtio->driver_select] = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		virtio->queue_select = value;
		break;
	case VIRTIO_MMIO_STATUS:
		virtio_set_status(virtio, value);
		break;
	default:
		if (virtio->queue_select < virtio->type->nr_queues)
			queue_write(virtio, &virtio->queue[virtio->queue_select],
				    offset, value);
	}
}

static void virtio_read_config(const struct virtio *virtio, __u64 offset,
			       unsigned int size, __u64 *data)
{
	*data = 0;
	if (offset + size <= virtio->type->config_size)
		memcpy(data, (const char *)virtio->config + offset, size);
}

/**
 * virtio_access() - The guest reads or writes a device's page
 * @device: the device
 * @offset: inside the page
 * @size: only 4 is answered, but in the configuration space
 * @write: direction
 * @data: the value
 */
void virtio_access(void *device, __u64 offset, unsigned int size, bool write,
		   __u64 *data)
{
	struct virtio *virtio = device;

	if (offset >= VIRTIO_MMIO_CONFIG) {
		if (!write)
			virtio_read_config(virtio, offset - VIRTIO_MMIO_CONFIG,
					   size, data);
		return;
	}
	if (size != sizeof(__u32))
		return;

	/* The end of an interrupt does not wait for a request being served */
	if (offset == VIRTIO_MMIO_INTERRUPT_STATUS && !write) {
		*data = virtio->interrupt;
		return;
	}
	if (offset == VIRTIO_MMIO_INTERRUPT_ACK && write) {
		virtio->interrupt &= ~*data;
		return;
	}
	pthread_mutex_lock(&virtio->lock);
	if (write)
		virtio_write(virtio, offset, *data);
	else
		*data = virtio_read(virtio, offset);
	pthread_mutex_unlock(&virtio->lock);
}

/**
 * virtio_connect() - Be part of a new partition, as after power-on
 * @virtio: the device; a request that is being served ends first
 * @partition: the partition's file
 *
 * A write of a queue's number to the notify register is a doorbell.
 */
void virtio_connect(struct virtio *virtio, int partition)
{
	struct mshv_user_ioeventfd args = {
		.addr = virtio->gpa + VIRTIO_MMIO_QUEUE_NOTIFY,
		.len = sizeof(__u32),
		.flags = 1 << MSHV_IOEVENTFD_BIT_DATAMATCH,
	};
	unsigned int n;

	pthread_mutex_lock(&virtio->lock);
	virtio_clear(virtio);
	pthread_mutex_unlock(&virtio->lock);
	for (n = 0; n < virtio->type->nr_queues; n++) {
		args.datamatch = n;
		args.fd = virtio->queue[n].kick;
		mshv_ioctl(partition, MSHV_IOEVENTFD, &args, "set a doorbell");
	}
}

/**
 * virtio_create() - Make a device at the next place, with a thread to serve it
 * @virtio: what to fill in; features and configuration are there
 * @type: what kind of device it is
 * @vm: where it belongs
 * @input: file to poll for what the first queue waits for, or -1
 *
 * Its interrupt is an edge, which needs no look at its end.
 */
void virtio_create(struct virtio *virtio, const struct virtio_type *type,
		   struct vm *vm, int input)
{
	unsigned int n, place = vm->nr_virtio++;

	virtio->type = type;
	virtio->memory = &vm->memory;
	virtio->input = input;
	virtio->features |= BIT_ULL(VIRTIO_F_VERSION_1);
	virtio->gpa = VIRTIO_GPA(place);
	virtio->irq = event_create();
	for (n = 0; n < type->nr_queues; n++)
		virtio->queue[n].kick = event_create();
	pthread_mutex_init(&virtio->lock, NULL);
	vm->virtio[place] = virtio;
	vm->ioapic.pin[VIRTIO_PIN(place)].irq = virtio->irq;
	bus_add(&vm->mmio, virtio->gpa, HV_PAGE_SIZE, virtio_access, virtio);
	thread_create(virtio_thread, virtio);
}
