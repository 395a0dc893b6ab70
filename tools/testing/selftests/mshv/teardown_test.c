// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a machine, in every order and at any point.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

static const char *const states[] = {
	"pinned", "mapped", "state", "quarantined", "faults",
};

#define NR_STATES	(sizeof(states) / sizeof(*states))

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	long long before[NR_STATES];
	int running;
};

FIXTURE_SETUP(vm)
{
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	for (i = 0; i < NR_STATES; i++)
		self->before[i] = ledger_total(states[i]);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->running = 1;
}

FIXTURE_TEARDOWN(vm)
{
	int i;

	if (!self->running)
		return;
	vm_destroy(&self->vm);
	for (i = 0; i < NR_STATES; i++) {
		EXPECT_EQ(self->before[i], ledger_total(states[i])) {
			TH_LOG("state %d", i);
		}
	}
}

static GUEST void guest_spin(void)
{
	guest_outl(0x500, 0);
	for (;;)
		asm volatile("pause");
}

TEST_F(vm, partition_file_may_be_closed_first)
{
	close(self->vm.fd);
	self->vm.fd = -1;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
}

TEST_F(vm, vp_file_may_be_closed_first)
{
	uint64_t value;

	close(self->vm.vp);
	self->vm.vp = -1;
	EXPECT_EQ(0, vp_get_reg(self->vm.fd, 0, VP_REG_RIP, &value));
}

TEST_F(vm, memory_may_go_first)
{
	munmap(self->vm.mem, self->vm.mem_size);
	self->vm.mem = NULL;
}

TEST_F(vm, eventfds_may_stay_behind)
{
	struct mshv_user_irqfd irqfd = { .fd = eventfd(0, 0), .gsi = 3 };
	struct mshv_user_ioeventfd ioeventfd = {
		.fd = eventfd(0, 0),
		.addr = VM_HOLE,
	};
	uint64_t one = 1;

	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IRQFD, &irqfd));
	ASSERT_EQ(0, ioctl(self->vm.fd, MSHV_IOEVENTFD, &ioeventfd));
	close(self->vm.fd);
	self->vm.fd = -1;
	EXPECT_EQ(8, write(irqfd.fd, &one, 8));
	close(irqfd.fd);
	close(ioeventfd.fd);
}

/* A child that inherits or makes a machine, and is killed while it runs */
static pid_t run_in_child(struct vm *vm, int *pipe_fd)
{
	struct msg msg;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;

	pid = fork();
	if (pid) {
		close(fds[1]);
		*pipe_fd = fds[0];
		return pid;
	}

	if (vm_enter_at(vm, guest_spin) || vm_run(vm, &msg) ||
	    vm_skip(vm, &msg) || write(fds[1], "x", 1) != 1)
		_exit(1);
	vm_run(vm, &msg);
	_exit(2);
}

TEST_F(vm, process_may_be_killed_while_it_runs_a_vp)
{
	int status, fd;
	char byte;
	pid_t pid;

	pid = run_in_child(&self->vm, &fd);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, read(fd, &byte, 1));
	usleep(50000);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));

	/* The machine is this process's, too, and can go on */
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
}

TEST_F(vm, process_may_be_killed_with_all_it_has)
{
	struct vm vm;
	int status, i;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (vm_create(&vm) || vm_enter_at(&vm, guest_spin) ||
			    vm_run(&vm, &self->msg) || vm_skip(&vm, &self->msg))
				_exit(1);
			vm_run(&vm, &self->msg);
			_exit(2);
		}
		usleep(3000 * i);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

TEST_F(vm, machines_can_be_many)
{
	struct vm vms[8];
	int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, vm_create(&vms[i]));
		ASSERT_EQ(0, vm_enter_at(&vms[i], guest_spin));
		ASSERT_EQ(0, vm_run(&vms[i], &self->msg));
		EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	}
	for (i = 0; i < 8; i++)
		vm_destroy(&vms[i]);
}

TEST_HARNESS_MAIN
