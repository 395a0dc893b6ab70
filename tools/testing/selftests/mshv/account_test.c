// SPDX-License-Identifier: GPL-2.0
/*
 * Who is charged for what.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define ENFORCE		"/sys/module/mshv_root/parameters/enforce_memlock"
#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)
#define NOBODY		65534

#define NR_PAGES	16
#define SIZE		(NR_PAGES * PAGE)

FIXTURE(partition)
{
	int dev;
	int fd;
	char *mem;
};

FIXTURE_SETUP(partition)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->dev = vm_open();
	ASSERT_LE(0, self->dev);
	self->fd = vm_partition(self->dev, 0);
	ASSERT_LE(0, self->fd);
	self->mem = vm_pages(SIZE);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(partition)
{
	munmap(self->mem, SIZE);
	close(self->fd);
	close(self->dev);
}

static int write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, strlen(text));
	close(fd);
	return written == (ssize_t)strlen(text) ? 0 : -1;
}

static long long read_number(const char *name)
{
	FILE *file = fopen(name, "r");
	long long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%lld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

TEST_F(partition, pinned_pages_are_seen_in_the_process)
{
	long long before = process_status("VmPin");

	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(before + (long long)SIZE / 1024, process_status("VmPin"));
	ASSERT_EQ(0, vm_map(self->fd, 100, self->mem, SIZE, 0));
	EXPECT_EQ(before + 2 * (long long)SIZE / 1024, process_status("VmPin"));
	ASSERT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));
	ASSERT_EQ(0, vm_unmap(self->fd, 100, self->mem, SIZE));
	EXPECT_EQ(before, process_status("VmPin"));
}

TEST_F(partition, pins_that_failed_are_not_counted)
{
	long long before = process_status("VmPin");

	ASSERT_EQ(0, munmap(self->mem + SIZE / 2, PAGE));
	EXPECT_EQ(-1, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(before, process_status("VmPin"));
}

TEST_F(partition, pins_end_with_the_partition)
{
	long long before = process_status("VmPin");

	ASSERT_EQ(0, vm_map(self->fd, 1, self->mem, SIZE, WRITABLE));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(before, process_status("VmPin"));
}

/* In a process without privileges: map more than may be pinned, then less */
static int map_as_nobody(int fd, char *mem)
{
	struct rlimit limit = { SIZE / 2, SIZE / 2 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	if (!vm_map(fd, 1, mem, SIZE, WRITABLE))
		return 2;
	if (errno != ENOMEM)
		return 3;
	if (vm_map(fd, 1, mem, SIZE / 2, WRITABLE))
		return 4;
	return vm_map(fd, 100, mem, PAGE, WRITABLE) ? 0 : 5;
}

static int in_child(int (*function)(int fd, char *mem), int fd, char *mem)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(function(fd, mem));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(partition, limit_on_locked_memory_holds_where_it_is_asked_for)
{
	if (access(ENFORCE, W_OK))
		SKIP(return, "the parameter enforce_memlock cannot be set");
	EXPECT_EQ(2, in_child(map_as_nobody, self->fd, self->mem));
	ASSERT_EQ(0, vm_unmap(self->fd, 1, self->mem, SIZE));

	ASSERT_EQ(0, write_file(ENFORCE, "1"));
	EXPECT_EQ(0, in_child(map_as_nobody, self->fd, self->mem));
	EXPECT_EQ(0, write_file(ENFORCE, "0"));
}

/*
 * Memory cgroup
 */

#define CGROUPS		"/tmp/mshv-cgroups"
#define GROUP		CGROUPS "/test"

static int make_group(void)
{
	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL))
		return -1;
	if (write_file(CGROUPS "/cgroup.subtree_control", "+memory") ||
	    mkdir(GROUP, 0700))
		return -1;
	return access(GROUP "/memory.current", R_OK);
}

static void remove_group(void)
{
	rmdir(GROUP);
	umount(CGROUPS);
	rmdir(CGROUPS);
}

/* Of many partitions, because charges are kept in stock for 64 pages or so */
#define NR_PARTITIONS	16

static int charge(int dev, char *unused)
{
	struct mshv_create_vp args = { .vp_index = 0 };
	long long before;
	int fd, i;

	if (write_file(GROUP "/cgroup.procs", "0"))
		return 1;
	before = read_number(GROUP "/memory.current");
	for (i = 0; i < NR_PARTITIONS; i++) {
		fd = vm_partition(dev, 0);
		if (fd < 0 || ioctl(fd, MSHV_CREATE_VP, &args) < 0)
			return 2;
	}

	/* The hypervisor asks for more than this for each of them */
	return read_number(GROUP "/memory.current") >=
		before + (long long)(NR_PARTITIONS * 8 * PAGE) ? 0 : 3;
}

TEST_F(partition, deposited_memory_is_charged_to_the_memory_cgroup)
{
	if (make_group()) {
		remove_group();
		SKIP(return, "no memory cgroups of version 2");
	}
	EXPECT_EQ(0, in_child(charge, self->dev, NULL));
	remove_group();
}

TEST_HARNESS_MAIN
