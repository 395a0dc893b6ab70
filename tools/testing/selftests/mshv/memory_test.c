// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)
#define EXECUTABLE	(1 << MSHV_SET_MEM_BIT_EXECUTABLE)
#define UNMAP		(1 << MSHV_SET_MEM_BIT_UNMAP)

#define NR_PAGES	16
#define SIZE		(NR_PAGES * PAGE)
#define LARGE		(2UL << 20)

FIXTURE(partition)
{
	int dev;
	int fd;
	char *mem;
	long long pinned;
	long long mapped;
};

FIXTURE_SETUP(partition)
{
	self->dev = -1;
	self->fd = -1;
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->pinned = ledger_total("pinned");
	self->mapped = ledger_total("mapped");
	self->dev = vm_open();
	ASSERT_LE(0, self->dev);
	self->fd = vm_partition(self->dev, 1 << MSHV_PT_BIT_GPA_SUPER_PAGES);
	ASSERT_LE(0, self->fd);
	self->mem = vm_pages(SIZE);
	ASSERT_NE(NULL, self->mem);
}

/* Whatever a test did: in the end all pages are free */
FIXTURE_TEARDOWN(partition)
{
	if (self->fd < 0)
		return;
	munmap(self->mem, SIZE);
	close(self->fd);
	close(self->dev);
	EXPECT_EQ(self->pinned, ledger_total("pinned"));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

static int set(int fd, struct mshv_user_mem_region mem)
{
	return ioctl(fd, MSHV_SET_GUEST_MEMORY, &mem);
}

static struct mshv_user_mem_region region(void *addr)
{
	return (struct mshv_user_mem_region) {
		.size = SIZE,
		.guest_pfn = 1,
		.userspace_addr = (uintptr_t)addr,
		.flags = WRITABLE,
	};
}

TEST_F(partition, maps_and_unmaps)
{
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE | EXECUTABLE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
}

TEST_F(partition, counts_mapped_pages)
{
	if (self->mapped < 0)
		SKIP(return, "no ledger in debugfs");
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(self->mapped + NR_PAGES, ledger_total("mapped"));
	EXPECT_EQ(self->pinned, ledger_total("pinned"));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

TEST_F(partition, accepts_each_set_of_permissions)
{
	int flags;

	for (flags = 0; flags < UNMAP; flags++) {
		EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, flags));
		EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
	}
}

TEST_F(partition, rejects_size_zero_or_unaligned)
{
	struct mshv_user_mem_region mem = region(self->mem);

	mem.size = 0;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	mem.size = SIZE - 1;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, rejects_unaligned_address)
{
	struct mshv_user_mem_region mem = region(self->mem + 8);

	mem.size = PAGE;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, rejects_unknown_flags)
{
	struct mshv_user_mem_region mem = region(self->mem);

	mem.flags |= 1 << MSHV_SET_MEM_BIT_COUNT;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, rejects_dirty_reserved_bytes)
{
	struct mshv_user_mem_region mem = region(self->mem);
	int i;

	for (i = 0; i < 7; i++) {
		mem = region(self->mem);
		mem.rsvd[i] = 1;
		EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	}
}

TEST_F(partition, rejects_address_of_the_kernel)
{
	struct mshv_user_mem_region mem = region((void *)0xffff800000000000UL);

	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, rejects_address_where_nothing_is)
{
	char *mem = vm_pages(SIZE);

	munmap(mem, SIZE);
	EXPECT_ERRNO(EINVAL, vm_map(self->fd, 1, mem, SIZE, WRITABLE));
}

TEST_F(partition, rejects_wrapping_guest_pages)
{
	struct mshv_user_mem_region mem = region(self->mem);

	mem.guest_pfn = ~0ULL;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	mem.guest_pfn = 1ULL << 40;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, hole_in_the_middle_is_efault)
{
	ASSERT_EQ(0, munmap(self->mem + SIZE / 2, PAGE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE / 2, WRITABLE));
}

TEST_F(partition, several_vmas_are_one_region)
{
	ASSERT_EQ(0, mprotect(self->mem + PAGE, PAGE,
			      PROT_READ | PROT_WRITE | PROT_EXEC));
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
}

TEST_F(partition, memory_that_cannot_be_written_is_not_writable)
{
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
}

TEST_F(partition, memory_that_cannot_be_written_can_be_rom)
{
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, EXECUTABLE));
}

TEST_F(partition, memory_that_cannot_be_read_cannot_be_rom)
{
	ASSERT_EQ(0, mprotect(self->mem + PAGE, PAGE, PROT_NONE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, EXECUTABLE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem + PAGE, PAGE, 0));
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, PAGE, 0));
}

TEST_F(partition, shared_memory_that_cannot_be_written_can_be_rom)
{
	int fd = memfd_create("rom", 0);
	char *mem;

	ASSERT_EQ(0, ftruncate(fd, SIZE));
	mem = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, vm_map(self->fd, 1, mem, SIZE, EXECUTABLE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, mem, SIZE));
	munmap(mem, SIZE);
	close(fd);
}

TEST_F(partition, overlap_in_the_guest_is_eexist)
{
	char *other = vm_pages(3 * SIZE);

	ASSERT_EQ(0, vm_map(self->fd, NR_PAGES, self->mem, SIZE, WRITABLE));
	EXPECT_ERRNO(EEXIST, vm_map(self->fd, NR_PAGES, other, SIZE, WRITABLE));
	EXPECT_ERRNO(EEXIST, vm_map(self->fd, 1, other, SIZE, WRITABLE));
	EXPECT_ERRNO(EEXIST, vm_map(self->fd, 2 * NR_PAGES - 1, other, PAGE,
				    WRITABLE));
	EXPECT_ERRNO(EEXIST, vm_map(self->fd, 0, other, 3 * SIZE, WRITABLE));
	EXPECT_ERRNO(EEXIST, vm_map(self->fd, NR_PAGES + 1, other, PAGE,
				    WRITABLE));
	munmap(other, 3 * SIZE);
}

TEST_F(partition, regions_may_touch)
{
	char *other = vm_pages(SIZE);

	EXPECT_EQ(0, vm_map(self->fd, NR_PAGES, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_map(self->fd, 2 * NR_PAGES, other, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_map(self->fd, 0, other, SIZE, WRITABLE));
	munmap(other, SIZE);
}

TEST_F(partition, memory_may_be_in_several_places)
{
	int fd = vm_partition(self->dev, 0);

	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_map(self->fd, 100, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_map(fd, 1, self->mem, SIZE, 0));
	close(fd);
}

TEST_F(partition, unmapping_what_is_not_mapped_is_enoent)
{
	EXPECT_ERRNO(ENOENT, vm_unmap(self->fd, 1, self->mem, SIZE));
	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_ERRNO(ENOENT, vm_unmap(self->fd, 0, self->mem, SIZE));
	EXPECT_ERRNO(ENOENT, vm_unmap(self->fd, 1 + NR_PAGES, self->mem, SIZE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
	EXPECT_ERRNO(ENOENT, vm_unmap(self->fd, 1, self->mem, SIZE));
}

TEST_F(partition, unmapping_must_name_all_of_a_region)
{
	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_ERRNO(EINVAL, vm_unmap(self->fd, 1, self->mem, SIZE - PAGE));
	EXPECT_ERRNO(EINVAL, vm_unmap(self->fd, 1, self->mem + PAGE, SIZE));
	EXPECT_ERRNO(EINVAL, vm_unmap(self->fd, 2, self->mem, SIZE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
}

TEST_F(partition, unmapping_works_after_the_memory_has_gone)
{
	char *mem = vm_pages(SIZE);

	ASSERT_EQ(0, vm_map(self->fd, 1, mem, SIZE, WRITABLE));
	ASSERT_EQ(0, munmap(mem, SIZE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, mem, SIZE));
}

TEST_F(partition, must_be_initialized_first)
{
	struct mshv_create_partition args = { };
	int fd = ioctl(self->dev, MSHV_CREATE_PARTITION, &args);

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EIO, vm_map(fd, 1, self->mem, SIZE, WRITABLE));
	/* What is wrong with the call itself comes first */
	EXPECT_ERRNO(EINVAL, vm_map(fd, 1, (void *)PAGE, SIZE, WRITABLE));
	EXPECT_ERRNO(ENOENT, vm_unmap(fd, 1, self->mem, SIZE));
	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	EXPECT_EQ(0, vm_map(fd, 1, self->mem, SIZE, WRITABLE));
	close(fd);
}

/* Large pages and small ones, at every alignment to each other */
TEST_F(partition, large_memory_at_any_alignment)
{
	size_t size = 3 * LARGE;
	char *mem = vm_pages(size + LARGE);
	unsigned long aligned = ((unsigned long)mem + LARGE - 1) & -LARGE;
	char *start;
	int i;

	ASSERT_NE(NULL, mem);
	madvise((void *)aligned, size, MADV_HUGEPAGE);
	for (i = 0; i < 3; i++) {
		start = (char *)aligned + i * 3 * PAGE;
		EXPECT_EQ(0, vm_map(self->fd, 512, start, size - LARGE, WRITABLE));
		EXPECT_EQ(0, vm_unmap(self->fd, 512, start, size - LARGE));
		EXPECT_EQ(0, vm_map(self->fd, 512 + i * 3, start, size - LARGE - PAGE,
				    WRITABLE));
		EXPECT_EQ(0, vm_unmap(self->fd, 512 + i * 3, start,
				      size - LARGE - PAGE));
	}
	munmap(mem, size + LARGE);
}

TEST_F(partition, forked_process_leaves_the_memory_of_the_guest_alone)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		memset(self->mem, 0x55, SIZE);
		_exit(self->mem[5] != 0x55);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, self->mem[5]);
}

TEST_F(partition, rejects_each_unknown_flag)
{
	struct mshv_user_mem_region mem;
	int bit;

	for (bit = MSHV_SET_MEM_BIT_COUNT; bit < 8; bit++) {
		mem = region(self->mem);
		mem.flags = 1 << bit;
		EXPECT_ERRNO(EINVAL, set(self->fd, mem));
		mem.flags |= UNMAP;
		EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	}
}

TEST_F(partition, unmapping_does_not_look_at_permissions)
{
	struct mshv_user_mem_region mem = region(self->mem);
	int flags;

	for (flags = 0; flags < UNMAP; flags++) {
		ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
		mem.flags = UNMAP | flags;
		EXPECT_EQ(0, set(self->fd, mem));
	}
}

TEST_F(partition, unmapping_rejects_dirty_reserved_bytes)
{
	struct mshv_user_mem_region mem = region(self->mem);

	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	mem.flags = UNMAP;
	mem.rsvd[6] = 1;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	mem.rsvd[6] = 0;
	EXPECT_EQ(0, set(self->fd, mem));
}

TEST_F(partition, rejects_range_that_leaves_the_address_space)
{
	struct mshv_user_mem_region mem = region(self->mem);

	mem.size = 1ULL << 47;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
	mem.size = -PAGE;
	EXPECT_ERRNO(EINVAL, set(self->fd, mem));
}

TEST_F(partition, inaccessible_memory_is_efault)
{
	ASSERT_EQ(0, mprotect(self->mem + PAGE, PAGE, PROT_NONE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
}

TEST_F(partition, memory_that_is_the_disk_itself_is_eopnotsupp)
{
	int fd = vm_dax_file(SIZE);
	void *mem;

	if (fd < 0 && errno == ENODEV)
		SKIP(return, "MSHV_DAX_DIR is not set");
	ASSERT_LE(0, fd);
	mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_ERRNO(EOPNOTSUPP, vm_map(self->fd, 1, mem, SIZE, WRITABLE));
	EXPECT_EQ(self->pinned, ledger_total("pinned"));
	EXPECT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, munmap(mem, SIZE));
	EXPECT_EQ(0, close(fd));
}

TEST_F(partition, hole_at_the_end_is_efault)
{
	ASSERT_EQ(0, munmap(self->mem + SIZE - PAGE, PAGE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
}

TEST_F(partition, failed_map_leaves_its_range_free)
{
	char *other = vm_pages(SIZE);

	ASSERT_EQ(0, munmap(self->mem + SIZE / 2, PAGE));
	EXPECT_ERRNO(EFAULT, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(self->pinned, ledger_total("pinned"));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
	EXPECT_ERRNO(ENOENT, vm_unmap(self->fd, 1, self->mem, SIZE));
	EXPECT_EQ(0, vm_map(self->fd, 1, other, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, other, SIZE));
}

TEST_F(partition, same_memory_is_in_two_places)
{
	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, vm_map(self->fd, 100, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
	EXPECT_EQ(0, vm_unmap(self->fd, 100, self->mem, SIZE));
}

TEST_F(partition, parts_of_one_vma_are_regions_of_their_own)
{
	ASSERT_EQ(0, vm_map(self->fd, 8, self->mem, SIZE / 2, WRITABLE));
	ASSERT_EQ(0, vm_map(self->fd, 0, self->mem + SIZE / 2, SIZE / 2, 0));
	EXPECT_ERRNO(EINVAL, vm_unmap(self->fd, 0, self->mem, SIZE));
	EXPECT_EQ(0, vm_unmap(self->fd, 0, self->mem + SIZE / 2, SIZE / 2));
	EXPECT_EQ(0, vm_unmap(self->fd, 8, self->mem, SIZE / 2));
}

TEST_F(partition, highest_guest_page_can_be_mapped)
{
	uint64_t gfn = (1ULL << 28) - 1;

	EXPECT_EQ(0, vm_map(self->fd, gfn, self->mem, PAGE, WRITABLE));
	EXPECT_EQ(0, vm_unmap(self->fd, gfn, self->mem, PAGE));
	EXPECT_EQ(-1, vm_map(self->fd, gfn, self->mem, 2 * PAGE, WRITABLE));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

TEST_F(partition, many_regions_come_and_go_in_any_order)
{
	int i;

	for (i = 0; i < 256; i++)
		ASSERT_EQ(0, vm_map(self->fd, i * 2, self->mem, PAGE, WRITABLE));
	for (i = 0; i < 256; i += 2)
		ASSERT_EQ(0, vm_unmap(self->fd, i * 2, self->mem, PAGE));
	for (i = 255; i > 0; i -= 2)
		ASSERT_EQ(0, vm_unmap(self->fd, i * 2, self->mem, PAGE));
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

TEST_F(partition, process_may_be_killed_while_it_maps)
{
	size_t size = 64UL << 20;
	int i, status;
	pid_t pid;

	for (i = 0; i < 10; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			char *mem = vm_pages(size);
			int fd = vm_partition(self->dev, 0);

			vm_map(fd, 0, mem, size, WRITABLE);
			pause();
			_exit(1);
		}
		usleep(1000 + 4000 * i);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(self->pinned, ledger_total("pinned"));
		EXPECT_EQ(self->mapped, ledger_total("mapped"));
	}
}

TEST_HARNESS_MAIN
