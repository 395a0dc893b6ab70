// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv itself: who answers to which number, and what the file
 * descriptors are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

FIXTURE(fds)
{
	struct vm vm;
};

FIXTURE_SETUP(fds)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
}

FIXTURE_TEARDOWN(fds)
{
	vm_destroy(&self->vm);
}

#define EXPECT_ERRNO(error, call) \
	do { \
		errno = 0; \
		EXPECT_EQ(-1, (long)(call)); \
		EXPECT_EQ(error, errno); \
	} while (0)

TEST_F(fds, unknown_ioctl_is_enotty_on_each)
{
	char arg[256] = { };

	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, _IO(MSHV_IOCTL, 0x7f), arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, _IO(MSHV_IOCTL, 0x7f), arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, _IO(MSHV_IOCTL, 0x7f), arg));
}

TEST_F(fds, right_number_with_another_size_is_enotty)
{
	char arg[256] = { };

	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, _IOW(MSHV_IOCTL, 0, char[64]),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, _IOW(MSHV_IOCTL, 2, char[24]),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, _IOR(MSHV_IOCTL, 0, char[255]),
				   arg));
}

TEST_F(fds, right_number_with_another_direction_is_enotty)
{
	char arg[256] = { };

	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, _IOR(MSHV_IOCTL, 0, char[16]),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, _IOWR(MSHV_IOCTL, 1, char[4]),
				   arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, _IOW(MSHV_IOCTL, 1, char[16]),
				   arg));
}

TEST_F(fds, ioctl_of_another_file_is_enotty)
{
	char arg[256] = { };

	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, MSHV_INITIALIZE_PARTITION));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, MSHV_CREATE_VP, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.dev, MSHV_RUN_VP, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, MSHV_CREATE_PARTITION, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, MSHV_RUN_VP, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.fd, MSHV_GET_VP_STATE, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, MSHV_CREATE_PARTITION, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, MSHV_CREATE_VP, arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->vm.vp, MSHV_SET_GUEST_MEMORY, arg));
}

TEST_F(fds, unreadable_argument_is_efault)
{
	void *bad = (void *)8;

	EXPECT_ERRNO(EFAULT, ioctl(self->vm.dev, MSHV_CREATE_PARTITION, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.dev, MSHV_ROOT_HVCALL, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_CREATE_VP, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_SET_GUEST_MEMORY, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_IRQFD, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_IOEVENTFD, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP,
				   bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_ROOT_HVCALL, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_GET_VP_STATE, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_SET_VP_STATE, bad));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, bad));
}

TEST_F(fds, device_node_is_for_the_owner_only)
{
	struct stat st;

	ASSERT_EQ(0, stat(MSHV_DEVICE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 0777);
}

TEST_F(fds, new_files_are_closed_at_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->vm.fd, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->vm.vp, F_GETFD));
}

TEST_F(fds, new_files_are_open_for_reading_and_writing)
{
	EXPECT_EQ(O_RDWR, fcntl(self->vm.fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDWR, fcntl(self->vm.vp, F_GETFL) & O_ACCMODE);
}

static void expect_link(struct __test_metadata *_metadata, int fd,
			const char *expected)
{
	char path[32], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	EXPECT_STREQ(expected, target);
}

TEST_F(fds, files_have_names)
{
	expect_link(_metadata, self->vm.dev, "/dev/mshv");
	expect_link(_metadata, self->vm.fd, "anon_inode:mshv_partition");
	expect_link(_metadata, self->vm.vp, "anon_inode:mshv_vp");
}

TEST_F(fds, device_and_partition_cannot_be_mapped)
{
	EXPECT_ERRNO(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				  self->vm.dev, 0));
	EXPECT_ERRNO(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				  self->vm.fd, 0));
}

TEST_F(fds, files_cannot_be_read_or_written)
{
	char byte = 0;

	EXPECT_ERRNO(EINVAL, read(self->vm.dev, &byte, 1));
	EXPECT_ERRNO(EINVAL, read(self->vm.fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, read(self->vm.vp, &byte, 1));
	EXPECT_ERRNO(EBADF, write(self->vm.dev, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(self->vm.fd, &byte, 1));
	EXPECT_ERRNO(EINVAL, write(self->vm.vp, &byte, 1));
}

TEST_F(fds, seeking_goes_nowhere)
{
	EXPECT_EQ(0, lseek(self->vm.dev, 4096, SEEK_SET));
	EXPECT_EQ(0, lseek(self->vm.fd, 4096, SEEK_SET));
	EXPECT_EQ(0, lseek(self->vm.vp, 4096, SEEK_SET));
}

TEST_F(fds, files_are_always_ready)
{
	struct pollfd fds[] = {
		{ .fd = self->vm.dev, .events = POLLIN | POLLOUT },
		{ .fd = self->vm.fd, .events = POLLIN | POLLOUT },
		{ .fd = self->vm.vp, .events = POLLIN | POLLOUT },
	};
	int i;

	ASSERT_EQ(3, poll(fds, 3, 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(POLLIN | POLLOUT, fds[i].revents);
}

TEST_F(fds, files_cannot_be_in_an_epoll_set)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);

	ASSERT_LE(0, epoll);
	EXPECT_ERRNO(EPERM, epoll_ctl(epoll, EPOLL_CTL_ADD, self->vm.dev,
				      &event));
	EXPECT_ERRNO(EPERM, epoll_ctl(epoll, EPOLL_CTL_ADD, self->vm.fd,
				      &event));
	EXPECT_ERRNO(EPERM, epoll_ctl(epoll, EPOLL_CTL_ADD, self->vm.vp,
				      &event));
	close(epoll);
}

TEST_F(fds, device_can_be_closed_before_its_partitions)
{
	struct msg msg;

	close(self->vm.dev);
	self->vm.dev = -1;
	EXPECT_EQ(0, ioctl(self->vm.fd, MSHV_INITIALIZE_PARTITION));
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_GET_VP_STATE,
				   memset(&msg, 0xff, sizeof(msg))));
}

/* Files below mshv in debugfs that can be read and say @line; -1 if one cannot */
static int count_readable(const char *pattern, const char *line)
{
	char buffer[4096];
	int found = 0;
	size_t i;
	glob_t files;
	ssize_t len;
	int fd;

	if (glob(pattern, 0, NULL, &files))
		return 0;
	for (i = 0; i < files.gl_pathc; i++) {
		fd = open(files.gl_pathv[i], O_RDONLY);
		len = read(fd, buffer, sizeof(buffer) - 1);
		close(fd);
		if (len < 0) {
			found = -1;
			break;
		}
		buffer[len] = 0;
		found += !!strstr(buffer, line);
	}
	globfree(&files);
	return found;
}

#define DEBUGFS	"/sys/kernel/debug/mshv"

TEST_F(fds, counters_of_the_hypervisor_can_be_read)
{
	int i;

	if (access(DEBUGFS, R_OK))
		SKIP(return, "no debugfs");
	/* Again and again: nothing of the first time is in the way */
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, count_readable(DEBUGFS "/stats",
					    "logical processors"));
		EXPECT_LE(1, count_readable(DEBUGFS "/lp/*/stats", ""));
		EXPECT_LE(2, count_readable(DEBUGFS "/partition/*/stats", ""));
		EXPECT_LE(1, count_readable(DEBUGFS "/partition/*/vp/0/stats",
					    "dispatch blocked"));
	}
}

TEST_HARNESS_MAIN
