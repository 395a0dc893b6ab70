// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory that the root's memory management may move.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define PARAMETER	"/sys/module/mshv_root/parameters/movable_memory"

#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)
#define EXECUTABLE	(1 << MSHV_SET_MEM_BIT_EXECUTABLE)

#define NR_PAGES	16
#define SIZE		(NR_PAGES * PAGE)
#define LARGE		(2UL << 20)
#define LARGE_PAGES	((long long)(LARGE / PAGE))

/* The memory under test, in the guest */
#define AREA		VM_HOLE
#define AREA_GFN	(AREA / PAGE)

#define PORT_DONE	0x500

static void set_parameter(char value)
{
	int fd = open(PARAMETER, O_WRONLY);

	if (fd >= 0 && write(fd, &value, 1) != 1)
		value = 0;
	close(fd);
}

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	uint8_t *mem;
	long long mapped;
	long long quarantined;
};

FIXTURE_SETUP(vm)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	if (access(PARAMETER, W_OK))
		SKIP(_exit(SKIPPED), "the parameter movable_memory cannot be set");
	self->mapped = ledger_total("mapped");
	self->quarantined = ledger_total("quarantined");
	set_parameter('1');
	ASSERT_EQ(0, vm_create(&self->vm));
	self->mem = vm_pages(SIZE);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(vm)
{
	set_parameter('0');
	vm_destroy(&self->vm);
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
	EXPECT_EQ(self->quarantined, ledger_total("quarantined"));
}

static GUEST void guest_peek(void)
{
	guest_outl(PORT_DONE, guest_read32(AREA + PAGE));
}

static GUEST void guest_poke(void)
{
	guest_write32(AREA + PAGE, 0xfeed);
	guest_outl(PORT_DONE, 0xfeed);
}

/* What the guest finds in the second page of the area, or -1 if it stops there */
static long long peek(struct vm *vm, struct msg *msg)
{
	if (vm_enter_at(vm, guest_peek) || vm_run(vm, msg) ||
	    msg->type != MSG_IO_PORT || msg->io.port != PORT_DONE)
		return -1;

	return msg->io.rax & 0xffffffff;
}

/* Let the guest write there; returns 0 if it can */
static int poke(struct vm *vm, struct msg *msg)
{
	return vm_enter_at(vm, guest_poke) || vm_run(vm, msg) ||
		msg->type != MSG_IO_PORT || msg->io.port != PORT_DONE ? -1 : 0;
}

static int map_area(struct vm *vm, uint8_t *mem, size_t size)
{
	return vm_map(vm->fd, AREA_GFN, mem, size, WRITABLE | EXECUTABLE);
}

static uint32_t *word(uint8_t *mem)
{
	return (uint32_t *)(mem + PAGE);
}

TEST_F(vm, nothing_is_mapped_before_the_guest_asks)
{
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
	EXPECT_EQ(0, peek(&self->vm, &self->msg));
	EXPECT_LT(self->mapped, ledger_total("mapped"));
	EXPECT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, self->mem, SIZE));
}

TEST_F(vm, process_and_guest_see_the_same_memory)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	*word(self->mem) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	*word(self->mem) = 0x5678;
	EXPECT_EQ(0x5678, peek(&self->vm, &self->msg));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(0xfeed, *word(self->mem));
}

TEST_F(vm, memory_is_not_pinned)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(0, peek(&self->vm, &self->msg));
	EXPECT_EQ(0, process_status("VmPin"));
}

TEST_F(vm, must_be_initialized_first)
{
	struct mshv_create_partition args = { };
	int fd = ioctl(self->vm.dev, MSHV_CREATE_PARTITION, &args);

	ASSERT_LE(0, fd);
	errno = 0;
	EXPECT_EQ(-1, vm_map(fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

TEST_F(vm, forgotten_memory_reads_as_zero)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	*word(self->mem) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, peek(&self->vm, &self->msg));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(0xfeed, *word(self->mem));
}

TEST_F(vm, guest_stops_where_memory_was_unmapped)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	ASSERT_EQ(0, munmap(self->mem, SIZE));
	EXPECT_EQ(-1, peek(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(AREA + PAGE, self->msg.memory.gpa);
	EXPECT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, self->mem, SIZE));
}

TEST_F(vm, guest_follows_a_new_mapping)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	*word(self->mem) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	ASSERT_EQ(self->mem, mmap(self->mem, SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				  -1, 0));
	*word(self->mem) = 0x5678;
	EXPECT_EQ(0x5678, peek(&self->vm, &self->msg));
}

TEST_F(vm, guest_loses_memory_that_moves_elsewhere)
{
	uint8_t *elsewhere = vm_pages(SIZE);

	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	*word(self->mem) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	ASSERT_EQ(elsewhere, mremap(self->mem, SIZE, SIZE,
				    MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere));
	EXPECT_EQ(-1, poke(&self->vm, &self->msg));
	EXPECT_EQ(0x1234, *word(elsewhere));

	ASSERT_EQ(self->mem, mremap(elsewhere, SIZE, SIZE,
				    MREMAP_MAYMOVE | MREMAP_FIXED, self->mem));
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
}

TEST_F(vm, guest_follows_the_parent_after_fork)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	*word(self->mem) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		*word(self->mem) = 0xdead;
		pause();
	}
	*word(self->mem) = 0x5678;
	EXPECT_EQ(0x5678, peek(&self->vm, &self->msg));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(0xfeed, *word(self->mem));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_EQ(0xfeed, peek(&self->vm, &self->msg));
}

TEST_F(vm, guest_cannot_write_what_the_process_cannot)
{
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_EQ(-1, poke(&self->vm, &self->msg));
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
}

TEST_F(vm, memory_that_cannot_be_written_can_be_rom)
{
	*word(self->mem) = 0x1234;
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, 0));
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	EXPECT_EQ(-1, poke(&self->vm, &self->msg));
	EXPECT_EQ(MSG_GPA_INTERCEPT, self->msg.type);
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
}

TEST_F(vm, hole_does_not_hide_what_is_around_it)
{
	ASSERT_EQ(0, munmap(self->mem, PAGE));
	mmap(self->mem, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	     -1, 0);
	ASSERT_EQ(0, munmap(self->mem + 2 * PAGE, PAGE));
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(0xfeed, *word(self->mem));
}

TEST_F(vm, memory_of_a_process_that_ended_is_gone)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(map_area(&self->vm, self->mem, SIZE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(-1, peek(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
}

TEST_F(vm, shared_memory_shows_what_others_write)
{
	int fd = memfd_create("shared", 0);
	uint8_t *mem, *other;

	ASSERT_EQ(0, ftruncate(fd, SIZE));
	mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_EQ(0, map_area(&self->vm, mem, SIZE));
	*word(other) = 0x1234;
	EXPECT_EQ(0x1234, peek(&self->vm, &self->msg));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(0xfeed, *word(other));

	/* Cut off and grown again: the old page must not be seen any more */
	ASSERT_EQ(0, ftruncate(fd, 0));
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	EXPECT_EQ(0, peek(&self->vm, &self->msg));
	close(fd);
}

static uint8_t *large_memory(uint8_t **mem)
{
	*mem = vm_pages(3 * LARGE);
	*mem += -(uintptr_t)*mem & (LARGE - 1);
	madvise(*mem, 2 * LARGE, MADV_HUGEPAGE);
	return *mem;
}

TEST_F(vm, memory_that_is_the_disk_itself_goes_with_its_file)
{
	int fd = vm_dax_file(SIZE);
	uint32_t value = 0;

	if (fd < 0 && errno == ENODEV)
		SKIP(return, "MSHV_DAX_DIR is not set");
	ASSERT_LE(0, fd);
	ASSERT_EQ(self->mem, mmap(self->mem, SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, 0));
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	EXPECT_EQ(sizeof(value), pread(fd, &value, sizeof(value), PAGE));
	EXPECT_EQ(0xfeed, value);

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(-1, poke(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(AREA + PAGE, self->msg.memory.gpa);
	EXPECT_EQ(0, close(fd));
}

TEST_F(vm, large_page_can_lose_a_part)
{
	uint8_t *mem = large_memory(&mem);
	long long before;

	ASSERT_EQ(0, map_area(&self->vm, mem, LARGE));
	ASSERT_EQ(0, poke(&self->vm, &self->msg));
	before = ledger_total("mapped");
	EXPECT_LE(LARGE_PAGES, before);
	ASSERT_EQ(0, munmap(mem + LARGE - PAGE, PAGE));
	EXPECT_GT(before, ledger_total("mapped"));
	EXPECT_EQ(0xfeed, peek(&self->vm, &self->msg));
	EXPECT_EQ(before - 1, ledger_total("mapped"));
}

TEST_F(vm, remapping_does_not_depend_on_size)
{
	size_t size = 1UL << 30;
	uint8_t *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, map_area(&self->vm, mem, size));
		ASSERT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, mem, size));
	}
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

static int translate(struct vm *vm, uint64_t gva, uint32_t *code, uint64_t *gpa)
{
	struct {
		uint32_t code;
		uint32_t cache_type;
	} result = { .code = ~0U };
	struct mshv_translate_gva args = {
		.gva = gva,
		.flags = 1,	/* read */
		.result_ptr = (uintptr_t)&result,
		.gpa_ptr = (uintptr_t)gpa,
	};
	int ret = ioctl(vm->vp, MSHV_VP_TRANSLATE_GVA, &args);

	*code = result.code;
	return ret;
}

TEST_F(vm, translation_finds_page_tables_that_are_not_mapped)
{
	uint32_t code;
	uint64_t gpa;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_peek));
	ASSERT_EQ(0, translate(&self->vm, VM_DATA + 8, &code, &gpa));
	EXPECT_EQ(0, code);
	EXPECT_EQ(VM_DATA + 8, gpa);
}

TEST_F(vm, passed_on_translation_finds_them_too)
{
	struct {
		uint64_t partition;
		uint32_t vp;
		uint32_t pad;
		uint64_t flags;
		uint64_t page;
	} in = { .flags = 1, .page = VM_DATA / PAGE };
	struct {
		uint32_t code;
		uint32_t cache_type;
		uint64_t page;
	} out = { .code = ~0U };

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_peek));
	ASSERT_EQ(0, vm_hvcall(self->vm.vp, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 0,
			       &in, sizeof(in), &out, sizeof(out), NULL));
	EXPECT_EQ(0, out.code);
	EXPECT_EQ(VM_DATA / PAGE, out.page);
}

static int get_dirty(int fd, int op, uint8_t *bitmap)
{
	struct mshv_gpap_access_bitmap args = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY,
		.access_op = op,
		.page_count = 8,
		.gpap_base = AREA_GFN,
		.bitmap_ptr = (uintptr_t)bitmap,
	};

	return ioctl(fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args);
}

TEST_F(vm, page_that_was_written_and_moved_is_still_dirty)
{
	uint8_t bitmap = 0xff;

	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	ASSERT_EQ(0, vm_set_property(self->vm.fd,
				     PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1, NULL));
	ASSERT_EQ(0, get_dirty(self->vm.fd, MSHV_GPAP_ACCESS_OP_CLEAR, &bitmap));
	ASSERT_EQ(0, get_dirty(self->vm.fd, MSHV_GPAP_ACCESS_OP_NOOP, &bitmap));
	EXPECT_EQ(0, bitmap);
	EXPECT_EQ(0, poke(&self->vm, &self->msg));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	ASSERT_EQ(0, get_dirty(self->vm.fd, MSHV_GPAP_ACCESS_OP_CLEAR, &bitmap));
	EXPECT_EQ(2, bitmap & 2);
	ASSERT_EQ(0, get_dirty(self->vm.fd, MSHV_GPAP_ACCESS_OP_SET, &bitmap));
	EXPECT_EQ(0, bitmap);
}

/*
 * The guest counts in each page of its area while the process does what it
 * likes to them.
 */

static GUEST void guest_count(void)
{
	uint64_t addr;

	for (;;)
		for (addr = AREA; addr < AREA + SIZE; addr += PAGE)
			guest_write32(addr, guest_read32(addr) + 1);
}

static void on_signal(int number)
{
}

static void *run_thread(void *arg)
{
	struct vm *vm = arg;
	struct msg msg;

	/* Until the signal, or the first thing that goes wrong */
	errno = 0;
	return vm_run(vm, &msg) == -1 && errno == EINTR ? NULL : (void *)1;
}

static int disturb(uint8_t *mem, int i)
{
	uint8_t *elsewhere;
	pid_t pid;

	switch (i % 5) {
	case 0:
		return madvise(mem, SIZE, MADV_DONTNEED);
	case 1:
		return madvise(mem + PAGE, PAGE, MADV_DONTNEED);
	case 2:
		pid = fork();
		if (!pid) {
			memset(mem, 0x55, SIZE);
			_exit(0);
		}
		return waitpid(pid, NULL, 0) == pid ? 0 : -1;
	case 3:
		return mprotect(mem, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
			mprotect(mem, SIZE, PROT_READ | PROT_WRITE);
	default:
		elsewhere = vm_pages(SIZE);
		memset(elsewhere, 0, SIZE);
		return mremap(elsewhere, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			      mem) != mem;
	}
}

TEST_F(vm, guest_runs_through_all_that_happens_to_its_memory)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;
	bool ended = false;
	void *failed;
	int i;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, map_area(&self->vm, self->mem, SIZE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_count));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_thread, &self->vm));
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(0, disturb(self->mem, i));
		usleep(1000);
	}

	/* It has not stopped: it counts on in each page that it has now */
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	for (i = 0; i < NR_PAGES; i++)
		while (!ended && !*(volatile uint32_t *)(self->mem + i * PAGE))
			ended = !pthread_tryjoin_np(thread, &failed);
	EXPECT_FALSE(ended);
	if (!ended)
		thread_stop(thread, &failed);
	EXPECT_EQ(NULL, failed);
}

/*
 * The guest writes its round into each page and finds it there in the next one,
 * while the process does to the memory what must not change what is in it.
 */

#define TABLE		(2 * LARGE)
#define PART		(TABLE / 32)
#define PORT_LOST	0x501

static GUEST void guest_remember(void)
{
	uint32_t round, found;
	uint64_t addr;

	for (round = 0;; round++) {
		for (addr = AREA; addr < AREA + TABLE; addr += PAGE) {
			found = guest_read32(addr);
			if (found != round)
				guest_outl(PORT_LOST, found);
			guest_write32(addr, round + 1);
		}
	}
}

static int write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);
	int ret = fd < 0 ? -1 : (int)write(fd, text, strlen(text));

	close(fd);
	return ret;
}

static int move_away_and_back(uint8_t *mem, size_t size)
{
	uint8_t *elsewhere = vm_pages(size);

	if (mremap(mem, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   elsewhere) != elsewhere)
		return -1;
	return mremap(elsewhere, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		      mem) == mem ? 0 : -1;
}

static int shake(uint8_t *mem, int i)
{
	pid_t pid;

	switch (i % 6) {
	case 0:
		/* To the swap, if there is one, another part each time */
		return madvise(mem + i % 32 * PART, PART, MADV_PAGEOUT);
	case 1:
		/* Part of a large page, so that it is split */
		return mprotect(mem + 7 * PAGE, PAGE, PROT_READ | PROT_WRITE |
				PROT_EXEC) ||
			mprotect(mem + 7 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	case 2:
		/* Migrates pages */
		write_file("/proc/sys/vm/compact_memory", "1");
		return 0;
	case 3:
		pid = fork();
		if (!pid) {
			memset(mem, 0x55, TABLE);
			_exit(0);
		}
		return waitpid(pid, NULL, 0) == pid ? 0 : -1;
	case 4:
		return madvise(mem + LARGE + i * PAGE, PAGE, MADV_PAGEOUT);
	default:
		/* Makes large pages of small ones, in time */
		return madvise(mem, TABLE, MADV_HUGEPAGE);
	}
}

TEST_F_TIMEOUT(vm, nothing_that_the_guest_writes_is_lost, 120)
{
	struct sigaction action = { .sa_handler = on_signal };
	volatile uint32_t *first;
	uint8_t *mem = large_memory(&mem);
	pthread_t thread;
	bool ended = false;
	uint32_t rounds;
	void *failed;
	size_t at;
	int i;

	sigaction(SIGUSR1, &action, NULL);
	memset(mem, 0, TABLE);
	first = (uint32_t *)mem;
	ASSERT_EQ(0, map_area(&self->vm, mem, TABLE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_remember));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_thread, &self->vm));
	for (i = 0; i < 60; i++) {
		EXPECT_EQ(0, shake(mem, i)) {
			TH_LOG("%d: errno %d", i % 6, errno);
		}
		for (rounds = *first; *first == rounds && !ended;) {
			ended = !pthread_tryjoin_np(thread, &failed);
			usleep(1000);
		}
	}
	EXPECT_FALSE(ended);
	if (!ended)
		thread_stop(thread, &failed);
	EXPECT_EQ(NULL, failed);

	/* While nobody runs it, the memory may go away and come back */
	ASSERT_EQ(0, move_away_and_back(mem, TABLE));
	rounds = *first;
	for (at = 0; at < TABLE; at += PAGE)
		if (rounds - *(uint32_t *)(mem + at) > 1)
			break;
	EXPECT_EQ(TABLE, at);
	EXPECT_LE(60, rounds);
}

TEST_HARNESS_MAIN
