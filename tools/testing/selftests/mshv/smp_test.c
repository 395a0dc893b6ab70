// SPDX-License-Identifier: GPL-2.0
/*
 * More than one VP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define NR_VPS		4
#define START_PAGE	8UL
#define INTERRUPT_SIPI	6

FIXTURE(vm)
{
	struct vm vm;
	int vps[NR_VPS];
};

FIXTURE_SETUP(vm)
{
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	for (i = 1; i < NR_VPS; i++) {
		self->vps[i] = vp_create(self->vm.fd, i);
		ASSERT_LE(0, self->vps[i]);
	}
}

FIXTURE_TEARDOWN(vm)
{
	int i;

	for (i = 1; i < NR_VPS; i++)
		close(self->vps[i]);
	vm_destroy(&self->vm);
}

struct runner {
	int fd;
	struct msg msg;
	int ret;
	int error;
	pthread_t thread;
};

static void *run_thread(void *arg)
{
	struct runner *runner = arg;

	runner->ret = ioctl(runner->fd, MSHV_RUN_VP, &runner->msg);
	runner->error = errno;
	return NULL;
}

static int start(struct runner *runner, int fd)
{
	memset(runner, 0, sizeof(*runner));
	runner->fd = fd;
	return pthread_create(&runner->thread, NULL, run_thread, runner);
}

static void on_signal(int number)
{
}

static int send_sipi(int fd, uint64_t apic_id)
{
	struct {
		uint64_t partition;
		uint32_t type, flags;
		uint64_t destination;
		uint32_t vector;
		uint32_t vtl;
	} in = {
		.type = INTERRUPT_SIPI,
		.destination = apic_id,
		.vector = START_PAGE,
	};

	return vm_hvcall(fd, HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0, &in, sizeof(in),
			 NULL, 0, NULL);
}

/* mov $0x500, %dx; out %al, (%dx); 1: hlt; jmp 1b */
static const uint8_t real_mode_code[] = {
	0xba, 0x00, 0x05, 0xee, 0xf4, 0xeb, 0xfd,
};

TEST_F(vm, other_vps_wait_for_their_start)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct runner runner;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, start(&runner, self->vps[1]));
	usleep(100000);
	thread_stop(runner.thread, NULL);
	EXPECT_EQ(-1, runner.ret);
	EXPECT_EQ(EINTR, runner.error);
}

TEST_F(vm, other_vps_start_where_they_are_told)
{
	struct runner runners[NR_VPS];
	int i;

	memcpy(self->vm.mem + START_PAGE * PAGE, real_mode_code,
	       sizeof(real_mode_code));
	for (i = 1; i < NR_VPS; i++)
		ASSERT_EQ(0, start(&runners[i], self->vps[i]));
	usleep(50000);
	for (i = 1; i < NR_VPS; i++)
		ASSERT_EQ(0, send_sipi(self->vm.fd, i));
	for (i = 1; i < NR_VPS; i++) {
		ASSERT_EQ(0, pthread_join(runners[i].thread, NULL));
		ASSERT_EQ(0, runners[i].ret);
		EXPECT_EQ(MSG_IO_PORT, runners[i].msg.type);
		EXPECT_EQ(0x500, runners[i].msg.io.port);
		EXPECT_EQ(i, runners[i].msg.intercept.vp_index);
		EXPECT_EQ(START_PAGE * PAGE, runners[i].msg.intercept.cs.base);
	}
}

TEST_F(vm, vp_that_is_started_before_it_runs_starts_then)
{
	struct runner runner;

	memcpy(self->vm.mem + START_PAGE * PAGE, real_mode_code,
	       sizeof(real_mode_code));
	ASSERT_EQ(0, send_sipi(self->vm.fd, 2));
	ASSERT_EQ(0, start(&runner, self->vps[2]));
	ASSERT_EQ(0, pthread_join(runner.thread, NULL));
	EXPECT_EQ(0, runner.ret);
	EXPECT_EQ(MSG_IO_PORT, runner.msg.type);
}

TEST_F(vm, last_vp_that_the_hypervisor_allows_can_run)
{
	uint32_t index = vm_max_vps() - 1;
	const struct reg_assoc regs[] = {
		{ .name = VP_REG_ACTIVITY },
		{
			.name = VP_REG_CS,
			.value.low = START_PAGE * PAGE,
			.value.high = 0xffff | START_PAGE << 40 | 0x9bUL << 48,
		},
		{ .name = VP_REG_RIP },
	};
	int vp = vp_create(self->vm.fd, index);
	struct msg msg = { };

	ASSERT_LE(0, vp);
	memcpy(self->vm.mem + START_PAGE * PAGE, real_mode_code,
	       sizeof(real_mode_code));
	ASSERT_EQ(0, vp_set_regs(vp, index, regs, 3));
	ASSERT_EQ(0, ioctl(vp, MSHV_RUN_VP, &msg));
	EXPECT_EQ(MSG_IO_PORT, msg.type);
	EXPECT_EQ(index, msg.intercept.vp_index);
	close(vp);
}

static GUEST void guest_spin(void)
{
	guest_outl(0x500, 0);
	for (;;)
		asm volatile("pause");
}

TEST_F(vm, second_thread_waits_until_the_first_has_left)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct runner first, second;
	struct msg msg;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, vm_run(&self->vm, &msg));
	ASSERT_EQ(0, vm_skip(&self->vm, &msg));
	ASSERT_EQ(0, start(&first, self->vm.vp));
	usleep(50000);
	ASSERT_EQ(0, start(&second, self->vm.vp));
	usleep(50000);
	thread_stop(first.thread, NULL);
	EXPECT_EQ(EINTR, first.error);
	usleep(50000);
	thread_stop(second.thread, NULL);
	EXPECT_EQ(EINTR, second.error);
}

/* What /proc says a process does, 0 if nothing */
static char process_state(pid_t pid)
{
	char path[64], stat[256] = { };
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(stat, sizeof(stat), file) || !strrchr(stat, ')'))
		stat[0] = 0;
	fclose(file);
	return stat[0] ? strrchr(stat, ')')[2] : 0;
}

TEST_F(vm, process_that_waits_for_a_running_vp_can_be_killed)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct runner runner;
	uint64_t value;
	struct msg msg;
	int status;
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, vm_run(&self->vm, &msg));
	ASSERT_EQ(0, vm_skip(&self->vm, &msg));
	ASSERT_EQ(0, start(&runner, self->vm.vp));
	/* A register can be read as long as the VP does not run yet */
	pid = fork();
	if (!pid)
		for (;;)
			vp_get_reg(self->vm.vp, 0, VP_REG_RIP, &value);
	ASSERT_LT(0, pid);
	while (process_state(pid) != 'D')
		usleep(1000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	thread_stop(runner.thread, NULL);
	EXPECT_EQ(EINTR, runner.error);
}

TEST_HARNESS_MAIN
