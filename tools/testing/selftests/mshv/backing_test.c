// SPDX-License-Identifier: GPL-2.0
/*
 * What guest memory can be made of: the guest and this process see the same,
 * whatever is behind it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)
#define EXECUTABLE	(1 << MSHV_SET_MEM_BIT_EXECUTABLE)

#define LARGE		(2UL << 20)
#define SIZE		(2 * LARGE)
#define GFN		(VM_HOLE / PAGE)
#define PORT		0x500
#define STEP		0x3f000UL

FIXTURE(backing)
{
	struct vm vm;
	struct msg msg;
	uint8_t *mem;
};

typedef void *(*backing_get)(size_t size);

static void *get_private(size_t size)
{
	return vm_pages(size);
}

static void *get_shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Aligned to large pages, so that there can be some */
static void *get_aligned(size_t size)
{
	uintptr_t start = (uintptr_t)vm_pages(size + LARGE);

	return (void *)((start + LARGE - 1) & -LARGE);
}

static void *get_large(size_t size)
{
	void *mem = get_aligned(size);

	madvise(mem, size, MADV_HUGEPAGE);
	memset(mem, 0, size);
	return mem;
}

static void *get_small(size_t size)
{
	void *mem = get_aligned(size);

	madvise(mem, size, MADV_NOHUGEPAGE);
	return mem;
}

static void *get_file(size_t size, int flags)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);
	void *mem = MAP_FAILED;

	if (!ftruncate(fd, size))
		mem = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	close(fd);
	return mem;
}

static void *get_shared_file(size_t size)
{
	return get_file(size, MAP_SHARED);
}

static void *get_private_file(size_t size)
{
	return get_file(size, MAP_PRIVATE);
}

static void *get_unreserved(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* A VMA for each page, and every other one of a file */
static void *get_patchwork(size_t size)
{
	uint8_t *mem = vm_pages(size);
	int fd = memfd_create("patch", MFD_CLOEXEC);
	size_t at;

	if (ftruncate(fd, size))
		return MAP_FAILED;
	for (at = 0; at < size; at += 32 * PAGE)
		mmap(mem + at, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED, fd, at);
	close(fd);
	return mem;
}

static void *get_locked(size_t size)
{
	void *mem = vm_pages(size);

	mlock(mem, size);
	return mem;
}

/* All pages are one page of the kernel's, as long as nobody writes */
static void *get_zero(size_t size)
{
	volatile uint8_t *mem = get_small(size);
	size_t at;

	for (at = 0; at < size; at += PAGE)
		(void)mem[at];
	return (void *)mem;
}

FIXTURE_VARIANT(backing)
{
	backing_get get;
};

FIXTURE_VARIANT_ADD(backing, private) { .get = get_private };
FIXTURE_VARIANT_ADD(backing, shared) { .get = get_shared };
FIXTURE_VARIANT_ADD(backing, large) { .get = get_large };
FIXTURE_VARIANT_ADD(backing, small) { .get = get_small };
FIXTURE_VARIANT_ADD(backing, shared_file) { .get = get_shared_file };
FIXTURE_VARIANT_ADD(backing, private_file) { .get = get_private_file };
FIXTURE_VARIANT_ADD(backing, unreserved) { .get = get_unreserved };
FIXTURE_VARIANT_ADD(backing, patchwork) { .get = get_patchwork };
FIXTURE_VARIANT_ADD(backing, locked) { .get = get_locked };
FIXTURE_VARIANT_ADD(backing, zero) { .get = get_zero };

FIXTURE_SETUP(backing)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->mem = variant->get(SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(backing)
{
	vm_destroy(&self->vm);
}

static int run_to_port(FIXTURE_DATA(backing) *self, uint32_t *value)
{
	if (vm_run(&self->vm, &self->msg))
		return -1;
	if (self->msg.type != MSG_IO_PORT || self->msg.io.port != PORT) {
		errno = EPROTO;
		return -1;
	}
	*value = self->msg.io.rax;
	return vm_skip(&self->vm, &self->msg);
}

/* Adds up one word of many pages, in both halves of the memory */
static GUEST void guest_read(void)
{
	uint32_t sum = 0;
	uint64_t at;

	for (at = 0; at < SIZE; at += STEP)
		sum += guest_read32(VM_HOLE + at);
	guest_outl(PORT, sum);
	for (;;)
		asm volatile("hlt");
}

static GUEST void guest_write(void)
{
	uint64_t at;

	for (at = 0; at < SIZE; at += STEP)
		guest_write32(VM_HOLE + at, at + 1);
	guest_outl(PORT, 1);
	guest_read32(VM_HOLE);
	guest_outl(PORT, 2);
	for (;;)
		asm volatile("hlt");
}

TEST_F(backing, guest_reads_what_was_there_before)
{
	uint32_t value, sum = 0;
	size_t at;

	for (at = 0; at < SIZE; at += STEP)
		sum += *(uint32_t *)(self->mem + at) = at * 3 + 7;
	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	ASSERT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(sum, value);
}

TEST_F(backing, guest_reads_what_is_written_later)
{
	uint32_t value, sum = 0;
	size_t at;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	for (at = 0; at < SIZE; at += STEP)
		sum += *(uint32_t *)(self->mem + at) = at * 5 + 7;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	ASSERT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(sum, value);
}

TEST_F(backing, guest_reads_zeros_where_nothing_was_written)
{
	uint32_t value;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	ASSERT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(0, value);
}

TEST_F(backing, process_reads_what_the_guest_writes)
{
	uint32_t value;
	size_t at;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_write));
	ASSERT_EQ(0, run_to_port(self, &value));
	for (at = 0; at < SIZE; at += STEP)
		if (*(uint32_t *)(self->mem + at) != at + 1)
			break;
	EXPECT_LE(SIZE, at);
}

TEST_F(backing, what_the_guest_wrote_stays_after_unmapping)
{
	uint32_t value;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_write));
	ASSERT_EQ(0, run_to_port(self, &value));
	ASSERT_EQ(0, vm_unmap(self->vm.fd, GFN, self->mem, SIZE));
	EXPECT_EQ(1, *(uint32_t *)self->mem);
	EXPECT_EQ(STEP + 1, *(uint32_t *)(self->mem + STEP));
}

TEST_F(backing, guest_cannot_reach_it_after_unmapping)
{
	uint32_t value;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_write));
	ASSERT_EQ(0, run_to_port(self, &value));
	ASSERT_EQ(0, vm_unmap(self->vm.fd, GFN, self->mem, SIZE));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(VM_HOLE, self->msg.memory.gpa);
}

TEST_F(backing, guest_cannot_write_to_rom_of_it)
{
	uint32_t value;

	*(uint32_t *)self->mem = 0x600d;
	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, EXECUTABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	ASSERT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(0x600d, value);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_write));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_GPA_INTERCEPT, self->msg.type);
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
	EXPECT_EQ(0x600d, *(uint32_t *)self->mem);
}

TEST_F(backing, guest_follows_this_process_after_a_fork)
{
	uint32_t value;
	int status;
	pid_t pid;

	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	*(uint32_t *)self->mem = 1;
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		usleep(20000);
		_exit(0);
	}
	*(uint32_t *)self->mem = 2;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	EXPECT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(2, value);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(backing, can_be_mapped_anew_at_another_place)
{
	uint32_t value;

	*(uint32_t *)(self->mem + STEP) = 77;
	ASSERT_EQ(0, vm_map(self->vm.fd, GFN + 0x1000, self->mem, SIZE,
			    WRITABLE));
	ASSERT_EQ(0, vm_unmap(self->vm.fd, GFN + 0x1000, self->mem, SIZE));
	ASSERT_EQ(0, vm_map(self->vm.fd, GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_read));
	ASSERT_EQ(0, run_to_port(self, &value));
	EXPECT_EQ(77, value);
}

TEST_F(backing, leaves_nothing_behind)
{
	static const char *const states[] = { "pinned", "mapped", "quarantined" };
	long long before[3];
	int i, n;

	for (i = 0; i < 3; i++)
		before[i] = ledger_total(states[i]);
	for (n = 0; n < 3; n++) {
		/* At any alignment to large pages */
		ASSERT_EQ(0, vm_map(self->vm.fd, GFN + n, self->mem + n * PAGE,
				    SIZE - 2 * n * PAGE, WRITABLE));
		ASSERT_EQ(0, vm_unmap(self->vm.fd, GFN + n,
				      self->mem + n * PAGE,
				      SIZE - 2 * n * PAGE));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(before[i], ledger_total(states[i]));
}

TEST_HARNESS_MAIN
