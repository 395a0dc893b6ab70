// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells: which writes ring them, and what everybody else sees of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define DATAMATCH	(1 << MSHV_IOEVENTFD_BIT_DATAMATCH)
#define PIO		(1 << MSHV_IOEVENTFD_BIT_PIO)
#define DEASSIGN	(1 << MSHV_IOEVENTFD_BIT_DEASSIGN)

#define PORT_DONE	0x500
#define MATCH		0x11
#define NO_MATCH	0x22
#define NR_SIZES	4
#define NR_MAX		8192	/* ioeventfds of one partition */

FIXTURE(bell)
{
	struct vm vm;
	struct msg msg;
	int event;
};

FIXTURE_VARIANT(bell)
{
	uint32_t len;
	bool match;
};

FIXTURE_VARIANT_ADD(bell, any_size) { .len = 0 };
FIXTURE_VARIANT_ADD(bell, byte) { .len = 1 };
FIXTURE_VARIANT_ADD(bell, word) { .len = 2 };
FIXTURE_VARIANT_ADD(bell, dword) { .len = 4 };
FIXTURE_VARIANT_ADD(bell, qword) { .len = 8 };
FIXTURE_VARIANT_ADD(bell, any_size_with_value) { .len = 0, .match = true };
FIXTURE_VARIANT_ADD(bell, byte_with_value) { .len = 1, .match = true };
FIXTURE_VARIANT_ADD(bell, word_with_value) { .len = 2, .match = true };
FIXTURE_VARIANT_ADD(bell, dword_with_value) { .len = 4, .match = true };
FIXTURE_VARIANT_ADD(bell, qword_with_value) { .len = 8, .match = true };

static int ring_set(FIXTURE_DATA(bell) *self,
		    const FIXTURE_VARIANT(bell) *variant, uint64_t addr,
		    uint32_t flags)
{
	struct mshv_user_ioeventfd args = {
		.datamatch = variant->match ? MATCH : 0,
		.addr = addr,
		.len = variant->len,
		.fd = self->event,
		.flags = flags | (variant->match ? DATAMATCH : 0),
	};

	return ioctl(self->vm.fd, MSHV_IOEVENTFD, &args);
}

FIXTURE_SETUP(bell)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->event = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(bell)
{
	vm_destroy(&self->vm);
	close(self->event);
}

/* A write of each size, of the value in the data page, then the end */
static GUEST void guest_writes(void)
{
	volatile uint32_t *which = (volatile uint32_t *)VM_DATA;
	uint64_t value = which[1];

	switch (which[0]) {
	case 0:
		asm volatile("movb %%al, (%1)" : : "a"(value), "b"(VM_HOLE));
		break;
	case 1:
		asm volatile("movw %%ax, (%1)" : : "a"(value), "b"(VM_HOLE));
		break;
	case 2:
		asm volatile("movl %%eax, (%1)" : : "a"(value), "b"(VM_HOLE));
		break;
	default:
		asm volatile("movq %%rax, (%1)" : : "a"(value), "b"(VM_HOLE));
		break;
	}
	guest_outl(PORT_DONE, 0);
}

/* Times that the bell rang */
static uint64_t rings(int event)
{
	struct pollfd wait = { .fd = event, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&wait, 1, 200) == 1 && read(event, &count, 8) != 8)
		return 0;
	return count;
}

static void write_once(struct __test_metadata *_metadata,
		       FIXTURE_DATA(bell) *self, int size, uint32_t value)
{
	uint32_t *data = (uint32_t *)(self->vm.mem + VM_DATA);

	data[0] = size;
	data[1] = value;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_writes));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
}

TEST_F(bell, rings_for_its_size_only)
{
	int size;

	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, 0));
	for (size = 0; size < NR_SIZES; size++) {
		write_once(_metadata, self, size, MATCH);
		if (!variant->len || variant->len == 1 << size) {
			EXPECT_EQ(MSG_IO_PORT, self->msg.type);
			EXPECT_EQ(1, rings(self->event));
		} else {
			EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
			EXPECT_EQ(0, rings(self->event));
		}
	}
}

TEST_F(bell, rings_for_its_value_only)
{
	int size;

	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, 0));
	for (size = 0; size < NR_SIZES; size++) {
		if (variant->len && variant->len != 1 << size)
			continue;
		write_once(_metadata, self, size, NO_MATCH);
		EXPECT_EQ(variant->match ? MSG_UNMAPPED_GPA : MSG_IO_PORT,
			  self->msg.type);
		EXPECT_EQ(!variant->match, rings(self->event));
	}
}

TEST_F(bell, rings_for_its_address_only)
{
	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE + 8, 0));
	write_once(_metadata, self, 2, MATCH);
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(VM_HOLE, self->msg.memory.gpa);
	EXPECT_EQ(0, rings(self->event));
}

TEST_F(bell, does_not_ring_after_it_was_deassigned)
{
	int size = variant->len == 8 ? 3 : variant->len / 2;

	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, 0));
	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, DEASSIGN));
	write_once(_metadata, self, size, MATCH);
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(0, rings(self->event));
}

TEST_F(bell, can_be_assigned_again)
{
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, 0));
		EXPECT_ERRNO(EEXIST, ring_set(self, variant, VM_HOLE, 0));
		ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, DEASSIGN));
	}
	EXPECT_ERRNO(ENOENT, ring_set(self, variant, VM_HOLE, DEASSIGN));
}

TEST_F(bell, is_gone_with_the_partition_file)
{
	ASSERT_EQ(0, ring_set(self, variant, VM_HOLE, 0));
	close(self->vm.fd);
	self->vm.fd = -1;
	write_once(_metadata, self, 2, MATCH);
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(0, rings(self->event));
}

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	int events[64];
};

FIXTURE_SETUP(vm)
{
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	for (i = 0; i < 64; i++)
		self->events[i] = eventfd(0, EFD_NONBLOCK);
}

FIXTURE_TEARDOWN(vm)
{
	int i;

	vm_destroy(&self->vm);
	for (i = 0; i < 64; i++)
		close(self->events[i]);
}

static GUEST void guest_rings_all(void)
{
	uint64_t i, n;

	for (n = 0; n < 8; n++)
		for (i = 0; i < 64; i++)
			guest_write32(VM_HOLE + 4 * i, n);
	guest_outl(PORT_DONE, 0);
}

TEST_F(vm, many_bells_ring_often_and_none_is_lost)
{
	struct mshv_user_ioeventfd args = { .len = 4 };
	int i;

	for (i = 0; i < 64; i++) {
		args.addr = VM_HOLE + 4 * i;
		args.fd = self->events[i];
		ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	}
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_rings_all));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	/* Rings may merge, but each bell rang */
	for (i = 0; i < 64; i++)
		EXPECT_LE(1, rings(self->events[i]));
}

TEST_F(vm, bells_of_two_machines_ring_apart)
{
	struct mshv_user_ioeventfd args = { .addr = VM_HOLE };
	struct vm other;

	ASSERT_EQ(0, vm_create(&other));
	args.fd = self->events[0];
	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	args.fd = self->events[1];
	ASSERT_EQ(0, ioctl(other.fd, MSHV_IOEVENTFD, &args));
	ASSERT_EQ(0, vm_enter_at(&other, guest_writes));
	ASSERT_EQ(0, vm_run(&other, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(1, rings(self->events[1]));
	EXPECT_EQ(0, rings(self->events[0]));
	vm_destroy(&other);
}

TEST_F(vm, memory_over_a_bell_silences_it)
{
	struct mshv_user_ioeventfd args = {
		.addr = VM_HOLE,
		.fd = self->events[0],
	};
	void *mem = vm_pages(PAGE);

	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, PAGE, VM_RWX));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_writes));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(0, rings(self->events[0]));
}

TEST_F(vm, bell_needs_an_initialized_partition)
{
	struct mshv_create_partition create = { };
	struct mshv_user_ioeventfd args = {
		.addr = VM_HOLE,
		.fd = self->events[0],
	};
	int fd = ioctl(self->vm.dev, MSHV_CREATE_PARTITION, &create);

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EIO, ioctl(fd, MSHV_IOEVENTFD, &args));
	close(fd);
}

TEST_F(vm, eventfd_of_a_bell_may_be_closed)
{
	struct mshv_user_ioeventfd args = {
		.addr = VM_HOLE,
		.fd = self->events[0],
	};

	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &args));
	close(self->events[0]);
	self->events[0] = -1;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_writes));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
}

/* Most of them at ports, which cost no hypercall */
TEST_F(vm, more_than_8192_bells_are_too_many)
{
	struct mshv_user_ioeventfd bell = {
		.addr = VM_HOLE,
		.fd = self->events[0],
	};
	struct mshv_user_ioeventfd port = {
		.fd = self->events[1],
		.flags = PIO,
	};

	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &bell));
	for (port.addr = 1; port.addr < NR_MAX; port.addr++)
		ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &port));
	EXPECT_ERRNO(ENOSPC, ioctl(self->vm.fd, MSHV_IOEVENTFD, &port));
	bell.addr += PAGE;
	EXPECT_ERRNO(ENOSPC, ioctl(self->vm.fd, MSHV_IOEVENTFD, &bell));

	port.addr = 1;
	port.flags |= DEASSIGN;
	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &port));
	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &bell));
}

TEST_HARNESS_MAIN
