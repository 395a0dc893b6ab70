// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts and doorbells.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define DEASSIGN	(1 << MSHV_IRQFD_BIT_DEASSIGN)
#define RESAMPLE	(1 << MSHV_IRQFD_BIT_RESAMPLE)
#define DATAMATCH	(1 << MSHV_IOEVENTFD_BIT_DATAMATCH)
#define PIO		(1 << MSHV_IOEVENTFD_BIT_PIO)
#define IO_DEASSIGN	(1 << MSHV_IOEVENTFD_BIT_DEASSIGN)

#define VECTOR		0x41
#define LEVEL		(1 << 15 | 1 << 14)
#define PORT_READY	0x500
#define PORT_IRQ	0x501
#define PORT_DONE	0x502

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	int event;
};

FIXTURE_SETUP(vm)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->event = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(vm)
{
	vm_destroy(&self->vm);
	close(self->event);
}

static int ioeventfd(int fd, int event, uint64_t addr, uint32_t len,
		     uint32_t flags, uint64_t datamatch)
{
	struct mshv_user_ioeventfd args = {
		.datamatch = datamatch,
		.addr = addr,
		.len = len,
		.fd = event,
		.flags = flags,
	};

	return ioctl(fd, MSHV_IOEVENTFD, &args);
}

/*
 * Routing
 */

TEST_F(vm, empty_routing_table_is_fine)
{
	struct mshv_user_irq_table table = { };

	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
}

TEST_F(vm, gsi_zero_and_the_last_one_can_be_routed)
{
	EXPECT_EQ(0, vm_route(self->vm.fd, 0, VECTOR));
	EXPECT_EQ(0, vm_route(self->vm.fd, MSHV_MAX_GUEST_IRQS - 1, VECTOR));
}

TEST_F(vm, rejects_gsi_out_of_range)
{
	EXPECT_ERRNO(EINVAL, vm_route(self->vm.fd, MSHV_MAX_GUEST_IRQS, VECTOR));
	EXPECT_ERRNO(EINVAL, vm_route(self->vm.fd, ~0U, VECTOR));
}

TEST_F(vm, rejects_too_many_routes_and_dirty_reserved_field)
{
	struct mshv_user_irq_table table = { .nr = MSHV_MAX_GUEST_IRQS + 1 };

	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	table.nr = 0;
	table.rsvd = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
}

TEST_F(vm, rejects_two_routes_of_one_gsi_and_high_addresses)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entries[2];
	} table = {
		.nr = 2,
		.entries = {
			{ .gsi = 3, .address_lo = VM_MSI_ADDRESS, .data = VECTOR },
			{ .gsi = 3, .address_lo = VM_MSI_ADDRESS, .data = VECTOR },
		},
	};

	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	table.entries[1].gsi = 4;
	table.entries[1].address_hi = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	table.entries[1].address_hi = 0;
	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
}

TEST_F(vm, routes_that_cannot_be_read_are_efault)
{
	uint8_t *pages = vm_pages(2 * PAGE);
	struct mshv_user_irq_table *table = (void *)(pages + PAGE - 8);

	munmap(pages + PAGE, PAGE);
	table->nr = 1;
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, table));
}

/*
 * irqfd
 */

/* All of it is read first; only then somebody looks at what it says */
TEST_F(vm, unreadable_routes_are_efault_whatever_the_others_say)
{
	size_t readable = PAGE - sizeof(struct mshv_user_irq_table);
	struct mshv_user_irq_table *table = (void *)vm_pages(2 * PAGE);

	munmap((uint8_t *)table + PAGE, PAGE);
	table->nr = readable / sizeof(*table->entries) + 1;
	table->entries[0].gsi = MSHV_MAX_GUEST_IRQS;
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, table));
	table->nr = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, table));
}

TEST_F(vm, irqfd_without_a_route_is_fine)
{
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 30, 0, 0));
	EXPECT_EQ(0, vm_signal(self->event));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 30, DEASSIGN, 0));
}

TEST_F(vm, irqfd_consumes_the_event)
{
	uint64_t count;

	EXPECT_EQ(0, vm_signal(self->event));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 30, 0, 0));
	EXPECT_ERRNO(EAGAIN, read(self->event, &count, sizeof(count)));
	EXPECT_EQ(0, vm_signal(self->event));
	EXPECT_ERRNO(EAGAIN, read(self->event, &count, sizeof(count)));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 30, DEASSIGN, 0));
	EXPECT_EQ(0, vm_signal(self->event));
	EXPECT_EQ(sizeof(count), read(self->event, &count, sizeof(count)));
}

TEST_F(vm, eventfd_is_assigned_once)
{
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, 0, 0));
	EXPECT_ERRNO(EBUSY, vm_irqfd(self->vm.fd, self->event, 1, 0, 0));
	EXPECT_ERRNO(EBUSY, vm_irqfd(self->vm.fd, self->event, 2, 0, 0));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, DEASSIGN, 0));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 2, 0, 0));
}

TEST_F(vm, several_eventfds_may_share_a_gsi)
{
	int other = eventfd(0, 0);

	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, 0, 0));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, other, 1, 0, 0));
	close(other);
}

TEST_F(vm, deassigning_what_is_not_assigned_is_fine)
{
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, DEASSIGN, 0));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, 0, 0));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 2, DEASSIGN, 0));
	EXPECT_ERRNO(EBUSY, vm_irqfd(self->vm.fd, self->event, 1, 0, 0));
}

/* None of these can have a route */
TEST_F(vm, irqfd_takes_any_gsi)
{
	static const uint32_t gsis[] = { MSHV_MAX_GUEST_IRQS, 0x80000000, ~0U };
	int i;

	ASSERT_EQ(0, vm_route(self->vm.fd, 1, VECTOR));
	for (i = 0; i < sizeof(gsis) / sizeof(*gsis); i++) {
		ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, gsis[i], 0, 0));
		EXPECT_EQ(0, vm_signal(self->event));
		EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, gsis[i],
				      DEASSIGN, 0));
	}
}

TEST_F(vm, routes_and_eventfds_may_come_before_initialization)
{
	struct mshv_create_partition args = { };
	int fd = ioctl(self->vm.dev, MSHV_CREATE_PARTITION, &args);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, vm_route(fd, 1, VECTOR));
	EXPECT_EQ(0, vm_irqfd(fd, self->event, 1, 0, 0));
	EXPECT_EQ(0, vm_signal(self->event));
	EXPECT_EQ(0, vm_irqfd(fd, self->event, 1, DEASSIGN, 0));
	EXPECT_EQ(0, ioeventfd(fd, self->event, PORT_DONE, 4, PIO, 0));
	EXPECT_EQ(0, ioeventfd(fd, self->event, PORT_DONE, 4, PIO | IO_DEASSIGN,
			       0));
	close(fd);
}

TEST_F(vm, irqfd_rejects_unknown_flags)
{
	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->event, 1,
				      1 << MSHV_IRQFD_BIT_COUNT, 0));
}

TEST_F(vm, irqfd_rejects_what_is_no_eventfd)
{
	EXPECT_ERRNO(EBADF, vm_irqfd(self->vm.fd, 999, 1, 0, 0));
	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->vm.dev, 1, 0, 0));
	EXPECT_ERRNO(EBADF, vm_irqfd(self->vm.fd, 999, 1, DEASSIGN, 0));
	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->vm.dev, 1, DEASSIGN, 0));
	EXPECT_ERRNO(EBADF, vm_irqfd(self->vm.fd, self->event, 1, RESAMPLE, 999));
	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->event, 1, RESAMPLE,
				      self->vm.dev));
}

TEST_F(vm, resampling_needs_a_level_triggered_route)
{
	int resample = eventfd(0, EFD_NONBLOCK);

	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->event, 1, RESAMPLE,
				      resample));
	ASSERT_EQ(0, vm_route(self->vm.fd, 1, VECTOR));
	EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->event, 1, RESAMPLE,
				      resample));
	ASSERT_EQ(0, vm_route(self->vm.fd, 1, VECTOR | LEVEL));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, RESAMPLE, resample));
	EXPECT_EQ(0, vm_irqfd(self->vm.fd, self->event, 1, DEASSIGN, 0));
	close(resample);
}

TEST_F(vm, irqfd_goes_away_with_its_eventfd)
{
	int event = eventfd(0, 0);
	int i;

	ASSERT_EQ(0, vm_irqfd(self->vm.fd, event, 1, 0, 0));
	close(event);
	for (i = 0; i < 16; i++) {
		event = eventfd(0, 0);
		ASSERT_EQ(0, vm_irqfd(self->vm.fd, event, 1, 0, 0));
		close(event);
	}
}

/* The interrupt handler says where it is, and ends the interrupt */
static GUEST __attribute__((naked)) void guest_irq(void)
{
	asm volatile("push %rax\n\t"
		     "push %rdx\n\t"
		     "mov $0x501, %edx\n\t"
		     "outl %eax, %dx\n\t"
		     "mov $0xfee000b0, %edx\n\t"
		     "movl $0, (%rdx)\n\t"
		     "pop %rdx\n\t"
		     "pop %rax\n\t"
		     "iretq");
}

/* Local APIC on, then wait for interrupts */
static GUEST void guest_wait(void)
{
	guest_write32(0xfee000f0, 0x1ff);
	guest_outl(PORT_READY, 0);
	asm volatile("sti; 1: hlt; jmp 1b");
}

static int start_waiting(struct vm *vm, struct msg *msg)
{
	vm_set_gate(vm, VECTOR, guest_irq);
	vm_map_apic(vm);
	if (vm_enter_at(vm, guest_wait) || vm_run(vm, msg))
		return -1;
	if (msg->type != MSG_IO_PORT || msg->io.port != PORT_READY) {
		errno = EPROTO;
		return -1;
	}
	return vm_skip(vm, msg);
}

TEST_F(vm, irqfd_interrupts_the_guest)
{
	int i;

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, vm_signal(self->event));
		ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
		ASSERT_EQ(MSG_IO_PORT, self->msg.type);
		ASSERT_EQ(PORT_IRQ, self->msg.io.port);
		ASSERT_EQ(0, vm_skip(&self->vm, &self->msg));
	}
}

TEST_F(vm, gsi_zero_interrupts_the_guest)
{
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 0, VECTOR));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 0, 0, 0));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, event_before_assignment_interrupts_once)
{
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

static void *signal_later(void *arg)
{
	usleep(100000);
	vm_signal(*(int *)arg);
	return NULL;
}

TEST_F(vm, irqfd_wakes_up_a_guest_that_sleeps)
{
	pthread_t thread;

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_later, &self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
	pthread_join(thread, NULL);
}

TEST_F(vm, asserted_interrupt_reaches_the_guest)
{
	struct {
		uint64_t partition;
		uint32_t type, flags;
		uint64_t destination;
		uint32_t vector;
		uint32_t vtl;
	} in = { .vector = VECTOR };

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_hvcall(self->vm.fd, HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0,
			       &in, sizeof(in), NULL, 0, NULL));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

/* The hypervisor says whether it takes vectors from the register page */
static bool takes_vectors(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid_count(0x40000003, 0, eax, ebx, ecx, edx);
	return ecx & 1 << 9;
}

TEST_F(vm, vectors_on_the_register_page_interrupt_the_guest)
{
	if (!takes_vectors())
		SKIP(return, "the hypervisor schedules VPs by itself");
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	self->vm.regs->vectors[0] = VECTOR;
	self->vm.regs->vector_count = 1;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
	EXPECT_EQ(0, self->vm.regs->vector_count);
}

TEST_F(vm, more_vectors_than_fit_onto_the_register_page_do_no_harm)
{
	if (!takes_vectors())
		SKIP(return, "the hypervisor schedules VPs by itself");
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	memset(self->vm.regs->vectors, VECTOR, sizeof(self->vm.regs->vectors));
	self->vm.regs->vector_count = 255;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, interrupt_for_a_vp_that_does_not_exist_is_dropped)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entry;
	} table = {
		.nr = 1,
		.entry = {
			.gsi = 5,
			.address_lo = VM_MSI_ADDRESS | 77 << 12,
			.data = VECTOR,
		},
	};

	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	EXPECT_EQ(0, vm_signal(self->event));
}

/* The end of one interrupt is seen when the guest stops for the next one */
TEST_F(vm, end_of_a_level_triggered_interrupt_is_resampled)
{
	int resample = eventfd(0, EFD_NONBLOCK);
	uint64_t count = 0;
	int i;

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR | LEVEL));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, RESAMPLE, resample));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, vm_signal(self->event));
		ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
		ASSERT_EQ(MSG_IO_PORT, self->msg.type);
		ASSERT_EQ(PORT_IRQ, self->msg.io.port);
		if (i) {
			EXPECT_EQ(sizeof(count), read(resample, &count,
						      sizeof(count)));
		} else {
			EXPECT_ERRNO(EAGAIN, read(resample, &count,
						  sizeof(count)));
		}
		ASSERT_EQ(0, vm_skip(&self->vm, &self->msg));
	}
	close(resample);
}

/*
 * ioeventfd
 */

TEST_F(vm, doorbell_is_assigned_and_deassigned)
{
	EXPECT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0, 0, 0));
	EXPECT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0,
			       IO_DEASSIGN, 0));
	EXPECT_ERRNO(ENOENT, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0,
				       IO_DEASSIGN, 0));
}

TEST_F(vm, doorbell_accepts_each_size_and_no_other)
{
	uint32_t len;

	for (len = 0; len <= 16; len++) {
		if (len == 0 || len == 1 || len == 2 || len == 4 || len == 8) {
			EXPECT_EQ(0, ioeventfd(self->vm.fd, self->event,
					       VM_HOLE, len, 0, 0));
			EXPECT_EQ(0, ioeventfd(self->vm.fd, self->event,
					       VM_HOLE, len, IO_DEASSIGN, 0));
		} else {
			EXPECT_ERRNO(EINVAL, ioeventfd(self->vm.fd, self->event,
						       VM_HOLE, len, 0, 0));
		}
	}
}

TEST_F(vm, doorbell_rejects_wrapping_address)
{
	EXPECT_ERRNO(EINVAL, ioeventfd(self->vm.fd, self->event, ~0ULL, 4, 0,
				       0));
}

TEST_F(vm, doorbell_rejects_unknown_flags_and_dirty_reserved_bytes)
{
	struct mshv_user_ioeventfd args = { .addr = VM_HOLE };
	int i;

	args.fd = self->event;
	for (i = MSHV_IOEVENTFD_BIT_COUNT; i < 32; i++) {
		args.flags = 1U << i;
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
		args.flags |= IO_DEASSIGN;
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	}
	args.flags = 0;
	for (i = 0; i < sizeof(args.rsvd); i++) {
		memset(args.rsvd, 0, sizeof(args.rsvd));
		args.rsvd[i] = 1;
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	}
}

TEST_F(vm, doorbell_rejects_what_is_no_eventfd)
{
	EXPECT_ERRNO(EBADF, ioeventfd(self->vm.fd, 999, VM_HOLE, 4, 0, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(self->vm.fd, self->vm.dev, VM_HOLE, 4,
				       0, 0));
	EXPECT_ERRNO(EBADF, ioeventfd(self->vm.fd, 999, VM_HOLE, 4,
				      IO_DEASSIGN, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(self->vm.fd, self->vm.dev, VM_HOLE, 4,
				       IO_DEASSIGN, 0));
}

TEST_F(vm, doorbells_that_collide_are_eexist)
{
	int fd = self->vm.fd, event = self->event;

	ASSERT_EQ(0, ioeventfd(fd, event, VM_HOLE, 4, DATAMATCH, 7));
	EXPECT_ERRNO(EEXIST, ioeventfd(fd, event, VM_HOLE, 4, DATAMATCH, 7));
	EXPECT_ERRNO(EEXIST, ioeventfd(fd, event, VM_HOLE, 4, 0, 0));
	EXPECT_EQ(0, ioeventfd(fd, event, VM_HOLE, 4, DATAMATCH, 8));
	EXPECT_EQ(0, ioeventfd(fd, event, VM_HOLE + 4, 4, 0, 0));
	EXPECT_ERRNO(EEXIST, ioeventfd(fd, event, VM_HOLE + 4, 4, DATAMATCH, 1));
}

TEST_F(vm, doorbell_is_deassigned_only_if_all_is_the_same)
{
	int fd = self->vm.fd, event = self->event;
	int other = eventfd(0, 0);

	ASSERT_EQ(0, ioeventfd(fd, event, VM_HOLE, 4, DATAMATCH, 7));
	EXPECT_ERRNO(ENOENT, ioeventfd(fd, event, VM_HOLE, 4,
				       DATAMATCH | IO_DEASSIGN, 8));
	EXPECT_ERRNO(ENOENT, ioeventfd(fd, event, VM_HOLE, 4, IO_DEASSIGN, 7));
	EXPECT_ERRNO(ENOENT, ioeventfd(fd, event, VM_HOLE, 2,
				       DATAMATCH | IO_DEASSIGN, 7));
	EXPECT_ERRNO(ENOENT, ioeventfd(fd, other, VM_HOLE, 4,
				       DATAMATCH | IO_DEASSIGN, 7));
	EXPECT_EQ(0, ioeventfd(fd, event, VM_HOLE, 4, DATAMATCH | IO_DEASSIGN,
			       7));
	close(other);
}

static GUEST void guest_ring(void)
{
	guest_write32(VM_HOLE, 7);
	guest_write32(VM_HOLE, 8);
	guest_outl(PORT_DONE, 0);
}

TEST_F(vm, doorbell_rings_without_a_message)
{
	struct pollfd wait = { .fd = self->event, .events = POLLIN };
	uint64_t count = 0;

	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0, 0, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(1, poll(&wait, 1, 1000));
	EXPECT_EQ(sizeof(count), read(self->event, &count, sizeof(count)));
	EXPECT_LE(1, count);
}

TEST_F(vm, doorbell_with_a_value_rings_for_that_value_only)
{
	struct pollfd wait = { .fd = self->event, .events = POLLIN };
	uint64_t count = 0;

	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 4, DATAMATCH,
			       7));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(VM_HOLE, self->msg.memory.gpa);
	EXPECT_EQ(1, poll(&wait, 1, 1000));
	EXPECT_EQ(sizeof(count), read(self->event, &count, sizeof(count)));
	EXPECT_EQ(1, count);
}

TEST_F(vm, doorbell_that_was_deassigned_does_not_ring)
{
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0, 0, 0));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, VM_HOLE, 0,
			       IO_DEASSIGN, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
}

TEST_F(vm, table_that_is_refused_leaves_the_one_before)
{
	struct mshv_user_irq_table bad = { .nr = MSHV_MAX_GUEST_IRQS + 1 };

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &bad));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, all_gsis_can_be_routed_at_once)
{
	static struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entries[MSHV_MAX_GUEST_IRQS];
	} table = { .nr = MSHV_MAX_GUEST_IRQS };
	int i;

	for (i = 0; i < MSHV_MAX_GUEST_IRQS; i++)
		table.entries[i] = (struct mshv_user_irq_entry) {
			.gsi = MSHV_MAX_GUEST_IRQS - 1 - i,
			.address_lo = VM_MSI_ADDRESS,
			.data = VECTOR,
		};
	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
	table.entries[7].gsi = 9;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table));
}

TEST_F(vm, reserved_vector_is_accepted_and_never_delivered)
{
	int vector;

	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	for (vector = 0; vector < 16; vector++) {
		ASSERT_EQ(0, vm_route(self->vm.fd, 5, vector));
		EXPECT_EQ(0, vm_signal(self->event));
	}
	/* What comes is the one that is not reserved */
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, lowest_priority_interrupt_arrives)
{
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR | 1 << 8));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, nonmaskable_interrupt_arrives_as_one)
{
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	vm_set_gate(&self->vm, 2, guest_irq);
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, 4 << 8));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, route_may_come_after_the_irqfd)
{
	ASSERT_EQ(0, start_waiting(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 5, 0, 0));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_route(self->vm.fd, 5, VECTOR));
	ASSERT_EQ(0, vm_signal(self->event));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_IRQ, self->msg.io.port);
}

TEST_F(vm, irqfd_does_not_wake_up_other_waiters)
{
	struct pollfd wait = { .fd = self->event, .events = POLLIN };

	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, 30, 0, 0));
	ASSERT_EQ(0, vm_signal(self->event));
	EXPECT_EQ(0, poll(&wait, 1, 0));
}

TEST_F(vm, each_unknown_irqfd_flag_is_refused)
{
	int bit;

	for (bit = MSHV_IRQFD_BIT_COUNT; bit < 32; bit++)
		EXPECT_ERRNO(EINVAL, vm_irqfd(self->vm.fd, self->event, 1,
					      1U << bit, 0));
}

/*
 * ioeventfd on I/O ports
 */

#define PORT	0x80

static GUEST void guest_ring_port(void)
{
	guest_outb(PORT, 7);
	guest_outl(PORT, 7);
	guest_outl(PORT, 0x80000008);
	guest_outl(PORT_DONE, 0x1234);
}

static uint64_t taken(int event)
{
	uint64_t count = 0;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

TEST_F(vm, port_signals_an_eventfd_without_a_message)
{
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 0, PIO, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring_port));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(0x1234, self->msg.io.rax & 0xffffffff);
	EXPECT_EQ(3, taken(self->event));
}

TEST_F(vm, port_signals_for_its_size_only)
{
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 1, PIO, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring_port));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT, self->msg.io.port);
	EXPECT_EQ(4, self->msg.io.access_info & 7);
	EXPECT_EQ(1, taken(self->event));
}

TEST_F(vm, port_signals_for_its_value_only)
{
	int other = eventfd(0, EFD_NONBLOCK);

	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 4,
			       PIO | DATAMATCH, 0x80000008));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, other, PORT, 0, PIO | DATAMATCH, 7));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring_port));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(1, taken(self->event));
	EXPECT_EQ(2, taken(other));
	close(other);
}

static GUEST void guest_ask_port(void)
{
	guest_outl(PORT_DONE, guest_inl(PORT));
}

TEST_F(vm, read_from_a_port_is_no_signal)
{
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 0, PIO, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ask_port));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT, self->msg.io.port);
	EXPECT_EQ(ACCESS_READ, self->msg.intercept.access_type);
	EXPECT_EQ(0, taken(self->event));
}

TEST_F(vm, port_and_memory_do_not_collide)
{
	int fd = self->vm.fd, event = self->event;

	EXPECT_EQ(0, ioeventfd(fd, event, PORT, 4, PIO, 0));
	EXPECT_EQ(0, ioeventfd(fd, event, PORT, 4, 0, 0));
	EXPECT_ERRNO(EEXIST, ioeventfd(fd, event, PORT, 4, PIO | DATAMATCH, 7));
	EXPECT_EQ(0, ioeventfd(fd, event, PORT, 4, IO_DEASSIGN, 0));
	EXPECT_EQ(0, ioeventfd(fd, event, PORT, 4, PIO | IO_DEASSIGN, 0));
	EXPECT_ERRNO(ENOENT, ioeventfd(fd, event, PORT, 4, PIO | IO_DEASSIGN, 0));
}

TEST_F(vm, port_that_does_not_exist_is_einval)
{
	int fd = self->vm.fd, event = self->event;

	EXPECT_EQ(0, ioeventfd(fd, event, 0xffff, 1, PIO, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(fd, event, 0xffff, 2, PIO, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(fd, event, 0x10000, 0, PIO, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(fd, event, PORT, 8, PIO, 0));
	EXPECT_ERRNO(EINVAL, ioeventfd(fd, event, ~0ULL, 1, PIO, 0));
}

TEST_F(vm, port_that_was_deassigned_does_not_signal)
{
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 0, PIO, 0));
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->event, PORT, 0,
			       PIO | IO_DEASSIGN, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_ring_port));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT, self->msg.io.port);
	EXPECT_EQ(0, taken(self->event));
}

TEST_HARNESS_MAIN
