// SPDX-License-Identifier: GPL-2.0
/*
 * Which guest pages were accessed or written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define ACCESSED	MSHV_GPAP_ACCESS_TYPE_ACCESSED
#define DIRTY		MSHV_GPAP_ACCESS_TYPE_DIRTY
#define NOOP		MSHV_GPAP_ACCESS_OP_NOOP
#define CLEAR		MSHV_GPAP_ACCESS_OP_CLEAR
#define SET		MSHV_GPAP_ACCESS_OP_SET

#define NR_PAGES	(VM_MEMORY / PAGE)
#define DATA_PAGE	(VM_DATA / PAGE)
#define PORT_DONE	0x500

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	uint8_t bitmap[2 * NR_PAGES / 8];
};

FIXTURE_SETUP(vm)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
}

FIXTURE_TEARDOWN(vm)
{
	vm_destroy(&self->vm);
}

static int get(int fd, int type, int op, uint64_t gfn, uint64_t nr, void *bitmap)
{
	struct mshv_gpap_access_bitmap args = {
		.access_type = type,
		.access_op = op,
		.page_count = nr,
		.gpap_base = gfn,
		.bitmap_ptr = (uintptr_t)bitmap,
	};

	return ioctl(fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args);
}

static int track(int fd, int on)
{
	return vm_set_property(fd, PROPERTY_GPA_PAGE_ACCESS_TRACKING, on, NULL);
}

static bool bit(const uint8_t *bitmap, int i)
{
	return bitmap[i / 8] >> (i % 8) & 1;
}

static GUEST void guest_touch(void)
{
	guest_write32(VM_DATA, 1);
	guest_read32(VM_DATA + 2 * PAGE);
	guest_outl(PORT_DONE, 0);
}

static int touch(struct vm *vm, struct msg *msg)
{
	return vm_enter_at(vm, guest_touch) || vm_run(vm, msg) ||
		msg->type != MSG_IO_PORT || msg->io.port != PORT_DONE ? -1 : 0;
}

TEST_F(vm, rejects_unknown_types_and_operations)
{
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, MSHV_GPAP_ACCESS_TYPE_COUNT, NOOP,
				 0, 8, self->bitmap));
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, MSHV_GPAP_ACCESS_OP_COUNT,
				 0, 8, self->bitmap));
}

TEST_F(vm, rejects_dirty_reserved_bytes)
{
	struct mshv_gpap_access_bitmap args = {
		.page_count = 8,
		.bitmap_ptr = (uintptr_t)self->bitmap,
	};
	int i;

	for (i = 0; i < 6; i++) {
		memset(args.rsvd, 0, sizeof(args.rsvd));
		args.rsvd[i] = 1;
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd,
					   MSHV_GET_GPAP_ACCESS_BITMAP, &args));
	}
}

TEST_F(vm, rejects_no_pages_no_bitmap_and_wrapping_pages)
{
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, NOOP, 0, 0, self->bitmap));
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, NOOP, 0, 8, NULL));
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, NOOP, ~0ULL, 8,
				 self->bitmap));
	ASSERT_EQ(0, track(self->vm.fd, 1));
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, NOOP, (1ULL << 40) - 7, 8,
				 self->bitmap));
	EXPECT_ERRNO(EINVAL, get(self->vm.fd, DIRTY, NOOP, 0, 1ULL << 41,
				 self->bitmap));
}

TEST_F(vm, nothing_to_get_without_tracking)
{
	EXPECT_EQ(-1, get(self->vm.fd, DIRTY, NOOP, 0, 8, self->bitmap));
}

TEST_F(vm, bitmap_that_is_not_there_is_efault)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	EXPECT_ERRNO(EFAULT, get(self->vm.fd, DIRTY, NOOP, 0, 8, (void *)8));
}

TEST_F(vm, written_pages_are_dirty)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, 0, NR_PAGES, self->bitmap));
	ASSERT_EQ(0, touch(&self->vm, &self->msg));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, 0, NR_PAGES, self->bitmap));
	EXPECT_TRUE(bit(self->bitmap, DATA_PAGE));
	EXPECT_FALSE(bit(self->bitmap, DATA_PAGE + 1));
	EXPECT_FALSE(bit(self->bitmap, DATA_PAGE + 2));
}

TEST_F(vm, read_pages_are_accessed)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, ACCESSED, CLEAR, 0, NR_PAGES,
			 self->bitmap));
	ASSERT_EQ(0, touch(&self->vm, &self->msg));
	ASSERT_EQ(0, get(self->vm.fd, ACCESSED, NOOP, 0, NR_PAGES,
			 self->bitmap));
	EXPECT_TRUE(bit(self->bitmap, DATA_PAGE));
	EXPECT_FALSE(bit(self->bitmap, DATA_PAGE + 1));
	EXPECT_TRUE(bit(self->bitmap, DATA_PAGE + 2));
}

TEST_F(vm, reading_changes_nothing)
{
	uint8_t before[NR_PAGES / 8];

	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, 0, NR_PAGES, self->bitmap));
	ASSERT_EQ(0, touch(&self->vm, &self->msg));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, 0, NR_PAGES, before));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, 0, NR_PAGES, self->bitmap));
	EXPECT_EQ(0, memcmp(before, self->bitmap, sizeof(before)));
}

TEST_F(vm, state_before_the_change_is_reported)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, 0, NR_PAGES, self->bitmap));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, SET, 0, NR_PAGES, self->bitmap));
	EXPECT_FALSE(bit(self->bitmap, DATA_PAGE));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, 0, NR_PAGES, self->bitmap));
	EXPECT_TRUE(bit(self->bitmap, DATA_PAGE));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, 0, NR_PAGES, self->bitmap));
	EXPECT_FALSE(bit(self->bitmap, DATA_PAGE));
}

TEST_F(vm, no_bit_or_byte_too_many_is_stored)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, SET, 0, NR_PAGES, self->bitmap));
	memset(self->bitmap, 0xff, sizeof(self->bitmap));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, 0, 11, self->bitmap));
	EXPECT_EQ(0xff, self->bitmap[0]);
	EXPECT_EQ(0x07, self->bitmap[1]);
	EXPECT_EQ(0xff, self->bitmap[2]);
}

TEST_F(vm, many_pages_at_once)
{
	size_t size = 32UL << 20, nr = size / PAGE;
	uint8_t *bitmap = calloc(1, nr / 8);
	void *mem = vm_pages(size);
	int i;

	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, size,
			    1 << MSHV_SET_MEM_BIT_WRITABLE));
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, VM_HOLE / PAGE, nr, bitmap));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, SET, VM_HOLE / PAGE, nr, bitmap));
	for (i = 0; i < nr / 8; i++)
		if (bitmap[i])
			break;
	EXPECT_EQ(nr / 8, i);
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, NOOP, VM_HOLE / PAGE, nr, bitmap));
	for (i = 0; i < nr / 8; i++)
		if (bitmap[i] != 0xff)
			break;
	EXPECT_EQ(nr / 8, i);
	free(bitmap);
}

/*
 * Large pages
 */

#define LARGE		(2UL << 20)
#define LARGE_PAGES	(LARGE / PAGE)
#define NR_LARGE	3

static GUEST void guest_touch_large(void)
{
	guest_write32(VM_HOLE + LARGE + 5 * PAGE, 1);
	guest_outl(PORT_DONE, 0);
}

FIXTURE(large)
{
	struct vm vm;
	struct msg msg;
	uint8_t *mem;
	uint8_t bitmap[NR_LARGE * LARGE_PAGES / 8];
};

FIXTURE_SETUP(large)
{
	uint8_t *mem;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	mem = vm_pages((NR_LARGE + 1) * LARGE);
	ASSERT_NE(NULL, mem);
	self->mem = mem + (-(uintptr_t)mem & (LARGE - 1));
	madvise(self->mem, NR_LARGE * LARGE, MADV_HUGEPAGE);
	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, self->mem,
			    NR_LARGE * LARGE, VM_RWX));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_touch_large));
}

FIXTURE_TEARDOWN(large)
{
	vm_destroy(&self->vm);
}

static int get_large(FIXTURE_DATA(large) *self, int type, int op)
{
	return get(self->vm.fd, type, op, VM_HOLE / PAGE,
		   NR_LARGE * LARGE_PAGES, self->bitmap);
}

/* Number of pages of a large page that have their bit set */
static int count(const uint8_t *bitmap, int large)
{
	int i, nr = 0;

	for (i = 0; i < LARGE_PAGES; i++)
		nr += bit(bitmap, large * LARGE_PAGES + i);
	return nr;
}

TEST_F(large, written_page_is_dirty_and_its_neighbours_are_not)
{
	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get_large(self, DIRTY, CLEAR));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	ASSERT_EQ(PORT_DONE, self->msg.io.port);
	ASSERT_EQ(0, get_large(self, DIRTY, NOOP));
	EXPECT_EQ(0, count(self->bitmap, 0));
	EXPECT_TRUE(bit(self->bitmap, LARGE_PAGES + 5));
	EXPECT_EQ(0, count(self->bitmap, 2));
}

TEST_F(large, part_of_it_can_be_cleared_and_set)
{
	uint64_t gfn = VM_HOLE / PAGE + LARGE_PAGES;

	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get_large(self, DIRTY, SET));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, CLEAR, gfn, 8, self->bitmap));
	EXPECT_EQ(0xff, self->bitmap[0]);
	ASSERT_EQ(0, get_large(self, DIRTY, CLEAR));
	EXPECT_EQ(LARGE_PAGES, count(self->bitmap, 0));
	EXPECT_EQ(LARGE_PAGES - 8, count(self->bitmap, 1));
	EXPECT_EQ(LARGE_PAGES, count(self->bitmap, 2));
	ASSERT_EQ(0, get(self->vm.fd, DIRTY, SET, gfn, 8, self->bitmap));
	ASSERT_EQ(0, get_large(self, DIRTY, NOOP));
	EXPECT_EQ(8, count(self->bitmap, 1));
}

TEST_F(large, can_be_unmapped_while_it_is_tracked)
{
	long long mapped = ledger_total("mapped");

	ASSERT_EQ(0, track(self->vm.fd, 1));
	ASSERT_EQ(0, get_large(self, DIRTY, CLEAR));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(0, vm_unmap(self->vm.fd, VM_HOLE / PAGE, self->mem,
			      NR_LARGE * LARGE));
	if (mapped >= 0)
		EXPECT_EQ(mapped - NR_LARGE * LARGE_PAGES,
			  ledger_total("mapped"));
	EXPECT_EQ(1, *(uint32_t *)(self->mem + LARGE + 5 * PAGE));
}

TEST_HARNESS_MAIN
