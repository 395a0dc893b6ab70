// SPDX-License-Identifier: GPL-2.0
/*
 * Running a VP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/machine.h"

#define PORT		0x3f8
#define PORT_DONE	0x500

static GUEST void guest_out(void)
{
	guest_outb(PORT, 0x42);
	guest_outl(PORT_DONE, 0x12345678);
}

TEST_F(vm, stops_at_a_port_write_with_its_value)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(PORT, self->msg.io.port);
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
	EXPECT_EQ(1, self->msg.io.access_info & 7);
	EXPECT_EQ(0x42, self->msg.io.rax & 0xff);
	EXPECT_EQ(0, self->msg.intercept.vp_index);
}

TEST_F(vm, goes_on_after_a_port_write)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_skip(&self->vm, &self->msg));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(4, self->msg.io.access_info & 7);
	EXPECT_EQ(0x12345678, self->msg.io.rax & 0xffffffff);
}

TEST_F(vm, goes_on_by_the_register_page)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(1, self->vm.regs->version);
	ASSERT_EQ(1, self->vm.regs->isvalid);
	EXPECT_EQ(self->msg.intercept.rip, self->vm.regs->rip);
	EXPECT_EQ(0x42, self->vm.regs->gp[0] & 0xff);

	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	self->vm.regs->dirty |= REGISTER_PAGE_RIP_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
}

TEST_F(vm, same_access_again_if_nothing_was_done_about_it)
{
	uint64_t rip;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	rip = self->msg.intercept.rip;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT, self->msg.io.port);
	EXPECT_EQ(rip, self->msg.intercept.rip);
}

static GUEST void guest_in(void)
{
	guest_outl(PORT_DONE, guest_inl(PORT) + 1);
}

TEST_F(vm, port_read_gets_the_value_it_is_given)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_in));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(ACCESS_READ, self->msg.intercept.access_type);
	ASSERT_EQ(0, vm_complete_in(&self->vm, &self->msg, 0x55aa0000));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(0x55aa0001, self->msg.io.rax & 0xffffffff);
}

static GUEST void guest_mmio(void)
{
	guest_write32(VM_HOLE + 0x123458, 0xabcd);
	guest_outl(PORT_DONE, guest_read32(VM_HOLE + 0x10));
}

TEST_F(vm, stops_where_there_is_no_memory)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_mmio));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
	EXPECT_EQ(VM_HOLE + 0x123458, self->msg.memory.gpa);

	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RIP,
				self->msg.intercept.rip + GUEST_MOVL_LEN));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(ACCESS_READ, self->msg.intercept.access_type);
	EXPECT_EQ(VM_HOLE + 0x10, self->msg.memory.gpa);
}

TEST_F(vm, memory_can_appear_while_the_guest_waits_for_it)
{
	uint32_t *mem = vm_pages(PAGE);

	mem[0] = 0x600d;
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_mmio));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RIP,
				self->msg.intercept.rip + GUEST_MOVL_LEN));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	mem[4] = 0x600d;
	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, PAGE, 0));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(0x600d, self->msg.io.rax & 0xffffffff);
}

static GUEST void guest_rom(void)
{
	guest_read32(VM_HOLE);
	guest_write32(VM_HOLE, 1);
	guest_outl(PORT_DONE, 0);
}

TEST_F(vm, memory_that_is_not_writable_can_only_be_read)
{
	uint32_t *mem = vm_pages(PAGE);

	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, PAGE, 0));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_rom));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_GPA_INTERCEPT, self->msg.type);
	EXPECT_EQ(ACCESS_WRITE, self->msg.intercept.access_type);
	EXPECT_EQ(VM_HOLE, self->msg.memory.gpa);
	EXPECT_EQ(0, mem[0]);
}

static GUEST void guest_store(void)
{
	guest_write32(VM_DATA, 0xfeed);
	guest_outl(PORT_DONE, 0);
}

TEST_F(vm, what_the_guest_writes_is_in_its_memory)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_store));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(0xfeed, *(uint32_t *)(self->vm.mem + VM_DATA));
}

TEST_F(vm, unmapped_memory_is_out_of_reach_of_the_guest)
{
	uint32_t *mem = vm_pages(PAGE);

	ASSERT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, PAGE, 0));
	ASSERT_EQ(0, vm_unmap(self->vm.fd, VM_HOLE / PAGE, mem, PAGE));
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_rom));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(ACCESS_READ, self->msg.intercept.access_type);
}

TEST_F(vm, mapped_page_shows_the_same_message)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(0, memcmp(&self->msg, self->vm.msg_page, sizeof(self->msg)));
}

static GUEST void guest_die(void)
{
	/* With an empty interrupt table there is nothing left to do */
	asm volatile("ud2");
}

TEST_F(vm, triple_fault_is_reported)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_die));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNRECOVERABLE_EXCEPTION, self->msg.type);
}

TEST_F(vm, message_that_could_not_be_stored_comes_again)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	errno = 0;
	EXPECT_EQ(-1, ioctl(self->vm.vp, MSHV_RUN_VP, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT, self->msg.io.port);
}

/*
 * Signals
 */

static GUEST void guest_spin(void)
{
	volatile uint32_t *count = (volatile uint32_t *)VM_DATA;

	for (;;)
		(*count)++;
}

static void on_signal(int number)
{
}

/* Again and again: a signal that comes before the run has begun ends nothing */
static void timer_start(int ms)
{
	struct itimerval timer = {
		.it_value.tv_usec = ms * 1000,
		.it_interval.tv_usec = ms * 1000,
	};
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void timer_stop(void)
{
	struct itimerval none = { };

	setitimer(ITIMER_REAL, &none, NULL);
}

/* Run until the guest has counted on from @before; a signal ends each run */
static int run_until_counted(struct vm *vm, uint32_t before)
{
	volatile uint32_t *count = (void *)(vm->mem + VM_DATA);
	struct msg msg;

	timer_start(50);
	do {
		errno = 0;
		if (vm_run(vm, &msg) != -1 || errno != EINTR)
			return -1;
	} while (*count == before);
	timer_stop();
	return 0;
}

/* If it does not, this test takes longer than it may */
TEST_F(vm, signal_ends_a_run)
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	EXPECT_EQ(0, run_until_counted(&self->vm, 0));
}

TEST_F(vm, guest_stands_still_after_a_signal)
{
	volatile uint32_t *count = (void *)(self->vm.mem + VM_DATA);
	uint32_t before;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, run_until_counted(&self->vm, 0));
	before = *count;
	usleep(50000);
	EXPECT_EQ(before, *count);
	EXPECT_EQ(0, run_until_counted(&self->vm, before));
}

TEST_F(vm, intercepts_are_not_lost_in_a_storm_of_signals)
{
	int i, interrupted = 0, ret;

	timer_start(1);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, vm_enter_at(&self->vm, guest_in));
		do {
			ret = vm_run(&self->vm, &self->msg);
			interrupted += ret;
		} while (ret && errno == EINTR);
		ASSERT_EQ(0, ret);
		ASSERT_EQ(PORT, self->msg.io.port);
		ASSERT_EQ(0, vm_complete_in(&self->vm, &self->msg, i));
		do {
			ret = vm_run(&self->vm, &self->msg);
			interrupted += ret;
		} while (ret && errno == EINTR);
		ASSERT_EQ(0, ret);
		ASSERT_EQ(PORT_DONE, self->msg.io.port);
		ASSERT_EQ(i + 1, self->msg.io.rax & 0xffffffff);
	}
	timer_stop();
	TH_LOG("%d runs were interrupted", -interrupted);
}

struct runner {
	struct vm *vm;
	struct msg msg;
	int ret;
	int error;
};

static void *run_thread(void *arg)
{
	struct runner *runner = arg;

	runner->ret = vm_run(runner->vm, &runner->msg);
	runner->error = errno;
	return NULL;
}

TEST_F(vm, signal_from_another_thread_ends_a_run)
{
	struct runner runner = { .vm = &self->vm };
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_thread, &runner));
	thread_stop(thread, NULL);
	EXPECT_EQ(-1, runner.ret);
	EXPECT_EQ(EINTR, runner.error);
}

static struct mshv_vp_control *map_control(struct vm *vm)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  vm->vp, MSHV_VP_MMAP_OFFSET_CONTROL * PAGE);

	return page == MAP_FAILED ? NULL : page;
}

TEST_F(vm, cancel_sticks_until_it_is_taken_back)
{
	struct mshv_vp_control *control = map_control(&self->vm);
	int i;

	ASSERT_NE(NULL, control);
	EXPECT_EQ(0, control->cancel);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_store));
	control->cancel = 1;
	for (i = 0; i < 3; i++) {
		errno = 0;
		EXPECT_EQ(-1, vm_run(&self->vm, &self->msg));
		EXPECT_EQ(EINTR, errno);
	}
	EXPECT_EQ(0, *(uint32_t *)(self->vm.mem + VM_DATA));
	control->cancel = 0;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(PORT_DONE, self->msg.io.port);
	EXPECT_EQ(0xfeed, *(uint32_t *)(self->vm.mem + VM_DATA));
	munmap(control, PAGE);
}

static struct mshv_vp_control *cancel_control;

static void on_signal_cancel(int number)
{
	cancel_control->cancel = 1;
}

TEST_F(vm, signal_before_the_run_is_not_forgotten)
{
	struct sigaction action = { .sa_handler = on_signal_cancel };

	cancel_control = map_control(&self->vm);
	ASSERT_NE(NULL, cancel_control);
	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	raise(SIGUSR1);
	errno = 0;
	EXPECT_EQ(-1, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(EINTR, errno);
}

TEST_F(vm, control_page_belongs_to_one_vp)
{
	struct mshv_vp_control *one = map_control(&self->vm);
	struct mshv_vp_control *two = map_control(&self->vm);

	ASSERT_NE(NULL, one);
	ASSERT_NE(NULL, two);
	one->cancel = 5;
	EXPECT_EQ(5, two->cancel);
	munmap(one, PAGE);
	munmap(two, PAGE);
}

TEST_F(vm, partition_ioctls_work_while_a_vp_runs)
{
	struct runner runner = { .vm = &self->vm };
	struct sigaction action = { .sa_handler = on_signal };
	uint64_t value;
	pthread_t thread;
	void *mem = vm_pages(PAGE);

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_spin));
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_thread, &runner));
	usleep(50000);
	EXPECT_EQ(0, vm_map(self->vm.fd, VM_HOLE / PAGE, mem, PAGE, 1));
	EXPECT_EQ(0, vm_unmap(self->vm.fd, VM_HOLE / PAGE, mem, PAGE));
	EXPECT_EQ(0, vm_get_property(self->vm.fd, PROPERTY_PROCESSOR_FEATURES0,
				     &value, NULL));
	thread_stop(thread, NULL);
}

TEST_HARNESS_MAIN
