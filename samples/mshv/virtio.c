// SPDX-License-Identifier: GPL-2.0
/*
 * virtio over MMIO: what all virtio devices share.
 *
 * The VPs only set a device up. At work none of them stops for it: a write to
 * the notify register is a doorbell, which the hypervisor turns into a signal of
 * an eventfd; the loop serves the queues and signals another eventfd, which the
 * kernel turns into an interrupt.
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
	virtio->regs.interrupt |= why;
	eventfd_write(virtio->irq, 1);
}

/* The guest has broken the rules: nothing more until it resets the device */
static void virtio_break(struct virtio *virtio)
{
	if (!virtio->has_complained)
		fprintf(stderr, "mshv-vmm: the guest misuses virtio device %u\n",
			virtio->type->id);
	virtio->has_complained = true;
	virtio->regs.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	virtio_interrupt(virtio, VIRTIO_MMIO_INT_CONFIG);
}

/* Nothing is looked at before the driver says that it is ready */
static bool queue_has_request(const struct virtio *virtio, unsigned int n)
{
	const struct virtio_queue *queue = &virtio->regs.queue[n];

	return queue->ready &&
	       virtio->regs.status & VIRTIO_CONFIG_S_DRIVER_OK &&
	       !(virtio->regs.status & VIRTIO_CONFIG_S_NEEDS_RESET) &&
	       __atomic_load_n(&queue->avail->idx, __ATOMIC_ACQUIRE) !=
	       queue->next;
}

/*
 * Read the chain of descriptors of the next request, which may be a circle.
 *
 * Return: false if it is not as it must be
 */
static bool queue_read(const struct virtio_queue *queue,
		       const struct memory *memory,
		       struct virtio_request *request)
{
	const volatile struct vring_desc *table = queue->desc;
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
		desc = table[desc.next];
		if (desc.flags & VRING_DESC_F_WRITE)
			iov = &request->in[request->nr_in++];
		else
			iov = &request->out[request->nr_out++];
		iov->iov_base = memory_at(memory, desc.addr, desc.len);
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
	struct virtio_queue *queue = &virtio->regs.queue[n];
	struct virtio_request request;
	bool served = false;
	ssize_t written;

	while (queue_has_request(virtio, n)) {
		written = queue_read(queue, virtio->memory, &request) ?
			  virtio->type->serve(virtio, n, &request) :
			  VIRTIO_BROKEN;
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

/* A doorbell has rung, or there is input */
static void virtio_look(void *device)
{
	struct virtio *virtio = device;
	eventfd_t count;
	unsigned int n;

	eventfd_read(virtio->kick, &count);
	for (n = 0; n < virtio->type->nr_queues; n++)
		virtio_serve(virtio, n);
}

/* What the host has for the guest waits until the guest has room for it */
static bool virtio_wants_input(const void *device)
{
	return queue_has_request(device, 0);
}

/* A driver that does not take what must be taken is told so by the status */
static void virtio_set_status(struct virtio *virtio, __u32 status)
{
	__u64 taken = virtio->regs.features.whole;

	if (!status)
		virtio->regs = (struct virtio_regs){ 0 };
	if (taken & ~virtio->features || !(taken & BIT_ULL(VIRTIO_F_VERSION_1)))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	virtio->regs.status = (status & STATUS_MASK) |
			      (virtio->regs.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	eventfd_write(virtio->kick, 1);		/* for what came before */
}

/*
 * Where the three parts are is fixed as long as the queue is ready, which it is
 * not if they cannot be where the guest says they are.
 */
static void queue_enable(struct virtio_queue *queue,
			 const struct memory *memory)
{
	__u32 n = queue->size, part;
	const struct {
		size_t size, align;
	} layout[QUEUE_NR_PARTS] = {
		{ n * sizeof(*queue->desc), VRING_DESC_ALIGN_SIZE },
		{ sizeof(*queue->avail) + n * sizeof(*queue->avail->ring),
		  VRING_AVAIL_ALIGN_SIZE },
		{ sizeof(*queue->used) + n * sizeof(*queue->used->ring),
		  VRING_USED_ALIGN_SIZE },
	};
	void *at[QUEUE_NR_PARTS];

	queue->ready = n && !(n & (n - 1));
	queue->next = 0;
	for (part = 0; part < QUEUE_NR_PARTS; part++) {
		at[part] = memory_at(memory, queue->gpa[part].whole,
				     layout[part].size);
		if (!at[part] || queue->gpa[part].whole % layout[part].align)
			queue->ready = false;
	}
	queue->desc = at[0];
	queue->avail = at[1];
	queue->used = at[2];
}

/* The registers of where the parts are follow each other: low, high, two more */
static void queue_write(struct virtio_queue *queue, const struct memory *memory,
			__u64 offset, __u32 value)
{
	unsigned int n = (offset - VIRTIO_MMIO_QUEUE_DESC_LOW) / sizeof(value);

	if (offset == VIRTIO_MMIO_QUEUE_READY) {
		queue->ready = false;
		if (value)
			queue_enable(queue, memory);
	} else if (queue->ready) {
		return;
	} else if (offset == VIRTIO_MMIO_QUEUE_NUM) {
		if (value <= VIRTIO_QUEUE_SIZE)
			queue->size = value;
	} else if (n < 4 * QUEUE_NR_PARTS && n % 4 < 2) {
		queue->gpa[n / 4].half[n % 4] = value;
	}
}

static void virtio_write(struct virtio *virtio, __u64 offset, __u32 value)
{
	struct virtio_regs *regs = &virtio->regs;

	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		regs->device_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		regs->driver_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (regs->driver_select <= 1)
			regs->features.half[regs->driver_select] = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		regs->queue_select = value;
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		regs->interrupt &= ~value;
		break;
	case VIRTIO_MMIO_STATUS:
		virtio_set_status(virtio, value);
		break;
	default:
		if (regs->queue_select < virtio->type->nr_queues)
			queue_write(&regs->queue[regs->queue_select],
				    virtio->memory, offset, value);
	}
}

static __u32 virtio_read(const struct virtio *virtio, __u64 offset)
{
	const struct virtio_regs *regs = &virtio->regs;
	bool there = regs->queue_select < virtio->type->nr_queues;
	const __u32 identity[] = {
		VIRTIO_MAGIC, VIRTIO_MMIO_VERSION_1, virtio->type->id,
		VIRTIO_VENDOR,
	};

	if (offset <= VIRTIO_MMIO_VENDOR_ID)
		return identity[offset / sizeof(*identity)];
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return regs->device_select > 1 ? 0 :
		       virtio->features >> 32 * regs->device_select;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return there ? VIRTIO_QUEUE_SIZE : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return there && regs->queue[regs->queue_select].ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return regs->interrupt;
	case VIRTIO_MMIO_STATUS:
		return regs->status;
	default:
		return ~0U;	/* also the length of memory that is not shared */
	}
}

/* The guest reads or writes a device's page; its configuration is read-only */
static void virtio_access(void *device, __u64 offset, unsigned int size,
			  bool write, __u64 *data)
{
	struct virtio *virtio = device;
	__u64 n = offset - VIRTIO_MMIO_CONFIG;

	if (offset < VIRTIO_MMIO_CONFIG && size != sizeof(__u32))
		return;
	if (offset < VIRTIO_MMIO_CONFIG && write) {
		virtio_write(virtio, offset, *data);
	} else if (offset < VIRTIO_MMIO_CONFIG) {
		*data = virtio_read(virtio, offset);
	} else if (!write) {
		*data = 0;
		if (n + size <= virtio->type->config_size)
			memcpy(data, (const char *)virtio->config + n, size);
	}
}

/**
 * virtio_create() - Make a device at the next place
 * @virtio: what to fill in; features and configuration are there
 * @type: what kind of device it is
 * @vm: where it belongs
 * @input: file that has what the first queue waits for, or -1
 *
 * Any write to the notify register is a doorbell. The interrupt is an edge,
 * which needs no look at its end.
 */
void virtio_create(struct virtio *virtio, const struct virtio_type *type,
		   struct vm *vm, int input)
{
	unsigned int place = vm->nr_virtio++;
	struct mshv_user_ioeventfd doorbell = {
		.addr = VIRTIO_GPA(place) + VIRTIO_MMIO_QUEUE_NOTIFY,
		.len = sizeof(__u32),
		.fd = event_create(),
	};

	virtio->type = type;
	virtio->memory = &vm->memory;
	virtio->features |= BIT_ULL(VIRTIO_F_VERSION_1);
	virtio->irq = event_create();
	virtio->kick = doorbell.fd;
	mshv_ioctl(vm->partition, MSHV_IOEVENTFD, &doorbell, "set a doorbell");
	ioapic_connect(&vm->ioapic, VIRTIO_PIN(place), virtio->irq, -1);
	bus_add(&vm->mmio, VIRTIO_GPA(place), HV_PAGE_SIZE, virtio_access,
		virtio);
	loop_add(&vm->loop, virtio->kick, virtio_look, NULL, virtio);
	if (input >= 0)
		loop_add(&vm->loop, input, virtio_look, virtio_wants_input,
			 virtio);
}
