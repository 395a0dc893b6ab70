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
#include <sys/socket.h>
#include <sys/wait.h>
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

#define ON_DEVICE	1
#define ON_PARTITION	2
#define ON_VP		4
#define ON_ALL		(ON_DEVICE | ON_PARTITION | ON_VP)

/* Each ioctl, and where it is one */
static const struct {
	unsigned int cmd;
	int fds;
} ioctls[] = {
	{ MSHV_CREATE_PARTITION, ON_DEVICE },
	{ MSHV_ROOT_HVCALL, ON_ALL },
	{ MSHV_INITIALIZE_PARTITION, ON_PARTITION },
	{ MSHV_CREATE_VP, ON_PARTITION },
	{ MSHV_SET_GUEST_MEMORY, ON_PARTITION },
	{ MSHV_IRQFD, ON_PARTITION },
	{ MSHV_IOEVENTFD, ON_PARTITION },
	{ MSHV_SET_MSI_ROUTING, ON_PARTITION },
	{ MSHV_GET_GPAP_ACCESS_BITMAP, ON_PARTITION },
	{ MSHV_RUN_VP, ON_VP },
	{ MSHV_GET_VP_STATE, ON_VP },
	{ MSHV_SET_VP_STATE, ON_VP },
	{ MSHV_VP_TRANSLATE_GVA, ON_VP },
};

#define NR_IOCTLS	(sizeof(ioctls) / sizeof(*ioctls))

TEST_F(fds, ioctl_of_another_file_is_enotty)
{
	const int fds[] = { self->vm.dev, self->vm.fd, self->vm.vp };
	char arg[256] = { };
	int i, fd;

	for (i = 0; i < NR_IOCTLS; i++)
		for (fd = 0; fd < 3; fd++)
			if (!(ioctls[i].fds & 1 << fd))
				EXPECT_ERRNO(ENOTTY, ioctl(fds[fd],
							   ioctls[i].cmd, arg));
}

/*
 * Programs try these, and take another way where they are not known: an
 * extension to ask for, devices to pass through, encrypted memory, and what
 * MSHV_ROOT_HVCALL does.
 */
TEST_F(fds, ioctl_of_another_kernel_is_enotty)
{
	static const unsigned int cmds[] = {
		0x4004b800, 0xc010b801, 0xc00cb808, 0x4010b809, 0x4010b80a,
		0x4010b8f0, 0x4018b8f1, 0x4010b8f2, 0xc010b8f3, 0x4d06b8f4,
		0x4010b8f5, 0x4010b8f6, 0xc00cb8f7, 0x4010b8f8, 0x4010b8f9,
		0xc010b8f0, 0x4010b8f1, 0x4030b8f3, 0xc028b8f4, 0xc020b8f5,
		0x4020b8f6, 0x4018b800, 0x4018b801, 0x4018b802, 0xc010b805,
		0x4010b806,
	};
	/* One of them is the number of another ioctl, of a VP */
	const int fds[] = { self->vm.dev, self->vm.fd };
	static char arg[0xd06];
	int i, fd;

	for (i = 0; i < sizeof(cmds) / sizeof(*cmds); i++)
		for (fd = 0; fd < 2; fd++)
			EXPECT_ERRNO(ENOTTY, ioctl(fds[fd], cmds[i], arg));
}

/*
 * A call of a program of 32 bits, which this one makes by the door for such
 * programs.  Where there is no such door, a signal is the answer.
 */
static long ioctl32(int fd, unsigned int cmd, void *arg)
{
	long ret = 54;	/* ioctl */

	asm volatile("int $0x80"
		     : "+a"(ret)
		     : "b"((long)fd), "c"((long)cmd), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static bool knows_32_bits(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(ioctl32(-1, 0, NULL) == -EBADF ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && !status;
}

TEST_F(fds, every_ioctl_of_a_32_bit_program_is_enotty)
{
	const int fds[] = { self->vm.dev, self->vm.fd, self->vm.vp };
	void *arg;
	int i, fd;

	if (!knows_32_bits())
		SKIP(return, "this kernel runs no programs of 32 bits");
	arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	for (i = 0; i < NR_IOCTLS; i++)
		for (fd = 0; fd < 3; fd++)
			EXPECT_EQ(-ENOTTY, ioctl32(fds[fd], ioctls[i].cmd, arg));
	munmap(arg, PAGE);
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
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_VP_TRANSLATE_GVA, bad));
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

static void expect_usable(struct __test_metadata *_metadata, int dev)
{
	struct mshv_create_partition args = { };
	int fd = ioctl(dev, MSHV_CREATE_PARTITION, &args);

	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(fds, access_mode_of_the_device_does_not_matter)
{
	static const int modes[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK,
	};
	int i, dev;

	for (i = 0; i < 4; i++) {
		dev = open(MSHV_DEVICE, modes[i] | O_CLOEXEC);
		ASSERT_LE(0, dev);
		expect_usable(_metadata, dev);
		close(dev);
	}
}

TEST_F(fds, device_may_be_open_often)
{
	int devs[32], i;

	for (i = 0; i < 32; i++) {
		devs[i] = vm_open();
		ASSERT_LE(0, devs[i]);
	}
	expect_usable(_metadata, devs[31]);
	for (i = 0; i < 32; i++)
		close(devs[i]);
}

/* Returns what a child process without privileges returns */
static int without_privileges(int (*work)(struct vm *vm), struct vm *vm)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setgid(65534) || setuid(65534) ? 99 : work(vm));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int open_device(struct vm *vm)
{
	return vm_open() < 0 ? errno : 0;
}

static int use_all_files(struct vm *vm)
{
	struct mshv_create_partition args = { };
	uint64_t value;
	void *mem = vm_pages(PAGE);

	if (ioctl(vm->dev, MSHV_CREATE_PARTITION, &args) < 0)
		return 1;
	if (vm_map(vm->fd, VM_HOLE / PAGE, mem, PAGE, VM_RWX) ||
	    vm_unmap(vm->fd, VM_HOLE / PAGE, mem, PAGE))
		return 2;
	return vp_get_reg(vm->vp, 0, VP_REG_RIP, &value) ? 3 : 0;
}

TEST_F(fds, others_cannot_open_the_device)
{
	EXPECT_EQ(EACCES, without_privileges(open_device, &self->vm));
}

TEST_F(fds, others_can_use_files_that_they_are_given)
{
	EXPECT_EQ(0, without_privileges(use_all_files, &self->vm));
}

#define FILE_MAX "/proc/sys/fs/file-max"

static int set_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	ret = write(fd, text, strlen(text)) == strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

static int make_partition(struct vm *vm)
{
	struct mshv_create_partition args = { };

	return ioctl(vm->dev, MSHV_CREATE_PARTITION, &args) < 0 ? errno : 0;
}

static int make_vp(struct vm *vm)
{
	return vp_create(vm->fd, 1) < 0 ? errno : 0;
}

TEST_F(fds, without_a_free_file_nothing_is_created)
{
	char limit[32] = { };
	int fd = open(FILE_MAX, O_RDONLY);

	if (read(fd, limit, sizeof(limit) - 1) <= 0)
		SKIP(return, "no " FILE_MAX);
	close(fd);
	/* The number of open files is not counted to the last: none may be open */
	ASSERT_EQ(0, set_text(FILE_MAX, "0"));
	EXPECT_EQ(ENFILE, without_privileges(make_partition, &self->vm));
	EXPECT_EQ(ENFILE, without_privileges(make_vp, &self->vm));
	ASSERT_EQ(0, set_text(FILE_MAX, limit));
	/* The index has stayed free */
	EXPECT_EQ(0, make_vp(&self->vm));
}

/* Hands a file descriptor through a socket */
static int pass(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -1;
}

static int receive(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

TEST_F(fds, files_can_be_passed_through_a_socket)
{
	int sockets[2], fd, vp;
	uint64_t value;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, pass(sockets[0], self->vm.fd));
	fd = receive(sockets[1]);
	ASSERT_EQ(0, pass(sockets[0], self->vm.vp));
	vp = receive(sockets[1]);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, vp);
	close(self->vm.fd);
	close(self->vm.vp);
	self->vm.fd = fd;
	self->vm.vp = vp;
	EXPECT_EQ(0, vp_get_reg(vp, 0, VP_REG_RIP, &value));
	EXPECT_EQ(0, vp_get_reg(fd, 0, VP_REG_RIP, &value));
}

TEST_F(fds, duplicates_are_the_same_file)
{
	int copy = dup(self->vm.fd);

	close(self->vm.fd);
	self->vm.fd = copy;
	EXPECT_EQ(0, ioctl(copy, MSHV_INITIALIZE_PARTITION));
	EXPECT_ERRNO(EEXIST, vp_create(copy, 0));
}

TEST_F(fds, partition_survives_the_process_that_made_it)
{
	int sockets[2], status;
	struct vm vm;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(vm_create(&vm) || pass(sockets[0], vm.fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	vm.fd = receive(sockets[1]);
	ASSERT_LE(0, vm.fd);
	EXPECT_ERRNO(EEXIST, vp_create(vm.fd, 0));
	vm.vp = vp_create(vm.fd, 1);
	EXPECT_LE(0, vm.vp);
	close(vm.vp);
	close(vm.fd);
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
