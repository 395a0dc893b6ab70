// SPDX-License-Identifier: GPL-2.0
/*
 * What a hypervisor may do and this one only does when it is told to: a line for
 * each thing that can come of it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "lib/vm.h"

#define PROPERTY	PROPERTY_UNIMPLEMENTED_MSR_ACTION
#define PORT		0x500

static int dev, fd;

/* The last attempt at something */
static int error;
static uint16_t status;

static void fault(const char *script)
{
	control_ask("fault=none");
	control_ask("fault=%s", script);
}

static void judge(const char *what, bool good)
{
	if (good)
		printf("ok rare: %s\n", what);
	else
		printf("not ok rare: %s: errno %d, status %#x\n", what, error, status);
	fflush(stdout);
}

/*
 * Properties that are set later
 */

static int set(uint64_t value)
{
	int ret;

	status = 0;
	errno = 0;
	ret = vm_set_property(fd, PROPERTY, value, &status);
	error = errno;
	return ret;
}

static bool has(uint64_t wanted)
{
	uint64_t value = ~0ULL;

	return !vm_get_property(fd, PROPERTY, &value, NULL) && value == wanted;
}

/* A completion that is outstanding comes in the end */
static void settle(void)
{
	control_ask("fault=none");
	while (set(0) && error == EPERM)
		usleep(10000);
	if (error)
		errx(2, "the partition does not settle: errno %d", error);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Signals with a handler, which interrupts system calls, as long as this is on */
static void signals(bool on)
{
	struct itimerval timer = { };

	if (on)
		timer.it_interval.tv_usec = timer.it_value.tv_usec = 10000;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void completions(void)
{
	fault("pending:1:50:0");
	judge("a property is set when it is completed", !set(1) && has(1));
	settle();

	fault("pending:1:50:5");
	judge("a completion can say that it failed", set(1) && error == EINVAL && status == 5 && has(0));
	settle();

	fault("pending:1:20:0xb");
	judge("a completion can ask for memory", !set(1) && has(1));
	settle();

	fault("pending:0:5:0xb");
	judge("a completion that always asks for memory is not believed for ever",
	      set(1) && error == ENOMEM && status == 0xb && has(0));
	settle();

	fault("demand:0x45:1:0:0xb");
	judge("the hypercall can ask for memory", !set(1) && has(1));
	settle();
}

static void with_signals(void)
{
	bool good;

	fault("pending:1:200:0");
	signals(true);
	good = !set(1) && has(1);
	signals(false);
	judge("signals do not disturb a completion that comes soon", good);
	settle();

	fault("pending:1:8000:0");
	signals(true);
	good = set(1) && error == EINTR && !status;
	signals(false);
	judge("a signal ends the wait for one that does not", good);
	judge("meanwhile there cannot be another", set(0) && error == EPERM && !status);
	judge("other ioctls of the partition go on", has(1));
	settle();
}

static void with_death(void)
{
	pid_t pid;
	int how;

	fault("pending:1:8000:0");
	pid = fork();
	if (!pid) {
		set(1);
		_exit(0);
	}
	usleep(100000);
	kill(pid, SIGKILL);
	waitpid(pid, &how, 0);
	judge("a process that waits can be killed", WIFSIGNALED(how));
	judge("its completion is outstanding", set(0) && error == EPERM);
	settle();

	fault("pending:1:2500:0");
	signals(true);
	set(1);
	signals(false);
	close(fd);
	fd = vm_partition(dev, 0);
	judge("a partition can end before its completion comes", fd >= 0);
	control_ask("fault=none");
	usleep(2500000);
	judge("which disturbs nobody then", !set(1) && has(1));
}

/*
 * VPs without a page of registers
 */

static GUEST void guest_main(void)
{
	guest_outl(PORT, guest_inl(PORT) + 1);
	for (;;)
		;
}

static bool runs(struct vm *vm)
{
	struct msg msg;

	return !vm_enter_at(vm, guest_main) && !vm_run(vm, &msg) && !vm_complete_in(vm, &msg, 41) &&
	       !vm_run(vm, &msg) && msg.type == MSG_IO_PORT && msg.io.port == PORT && (uint32_t)msg.io.rax == 42;
}

static void without_registers(void)
{
	struct vm vm;

	fault("call:0xe1:2:0:5");
	error = vm_create(&vm) ? errno : 0;
	judge("a VP need not have a page of registers", !error && !vm.regs && vm.msg_page);
	judge("it runs all the same", !error && runs(&vm));
	vm_destroy(&vm);

	fault("call:0xe1:2:0:0xb");
	error = vm_create(&vm) ? errno : 0;
	judge("memory for that page is given", !error && vm.regs && runs(&vm));
	vm_destroy(&vm);

	fault("call:0xe1:1:0:5");
	error = vm_create(&vm) ? errno : 0;
	judge("there is no VP without a page of messages", error == EINVAL);
	vm_destroy(&vm);
	control_ask("fault=none");
}

/*
 * Messages that are not there yet when the VP has stopped
 */

static GUEST void guest_count(void)
{
	for (uint32_t i = 1; ; i++)
		guest_outl(PORT, i);
}

static void with_late_messages(void)
{
	struct msg msg;
	struct vm vm;

	error = vm_create(&vm) || vm_enter_at(&vm, guest_count) ? errno : 0;
	fault("message:0:page");
	signals(true);
	for (uint32_t n = 1; n <= 50 && !error; n++) {
		do {
			error = vm_run(&vm, &msg) ? errno : 0;
		} while (error == EINTR);
		if (!error && (msg.type != MSG_IO_PORT || (uint32_t)msg.io.rax != n || vm_skip(&vm, &msg)))
			error = EPROTO;
	}
	signals(false);
	control_ask("fault=none");
	judge("a signal does not come between a VP and a message that is on its way", !error);
	vm_destroy(&vm);
}

/* Run up to the next message; signals come, and are no reason to stop. */
static int run_on(struct vm *vm, struct msg *msg)
{
	int ret;

	do {
		ret = vm_run(vm, msg);
	} while (ret && errno == EINTR);
	return ret ? errno : 0;
}

/* It does not come within the second that is waited for it: then the instruction is tried again. */
static void with_lost_message(void)
{
	unsigned long long lost;
	struct msg msg;
	struct vm vm;

	error = vm_create(&vm) || vm_enter_at(&vm, guest_count) ? errno : 0;
	fault("message:1:stuck");
	signals(true);
	error = error ? error : run_on(&vm, &msg);
	lost = control_value(control_ask("counters"), "faults");
	judge("a VP whose message does not come ends its run", error == (lost ? EIO : 0));
	for (uint32_t n = 1; n <= 10; n++) {
		error = n > 1 || lost ? run_on(&vm, &msg) : 0;
		if (error || msg.type != MSG_IO_PORT || (uint32_t)msg.io.rax != n || vm_skip(&vm, &msg))
			break;
	}
	signals(false);
	control_ask("fault=none");
	judge("it runs again, and misses nothing", !error && (uint32_t)msg.io.rax == 10);
	vm_destroy(&vm);
}

/*
 * A VP that the hypervisor has let go, or not stopped, and says it failed
 */

static GUEST void guest_spin(void)
{
	for (;;)
		++*(volatile uint32_t *)VM_DATA;
}

static bool spins(const struct vm *vm)
{
	const volatile uint32_t *count = (const uint32_t *)(vm->mem + VM_DATA);
	uint32_t before = *count;

	usleep(100000);
	return *count != before;
}

/* Run it, in spite of signals, with this fault; true if something failed because of it */
static bool fails(struct vm *vm, const char *script)
{
	struct msg msg;

	fault(script);
	signals(true);
	error = vm_run(vm, &msg) ? errno : 0;
	signals(false);
	return control_value(control_ask("counters"), "faults");
}

/* With the root's scheduler these calls are not made */
static void with_half_a_resume(void)
{
	static const char *const resumes[] = { "call:0x51:1:0:5", "call:0x51:1:1:5", "call:0x51:1:2:5" };
	struct msg msg;
	struct vm vm;
	bool failed;

	error = vm_create(&vm) || vm_enter_at(&vm, guest_spin) ? errno : 0;
	failed = fails(&vm, resumes[2]);
	judge("a VP that cannot be resumed ends its run", error == (failed ? EINVAL : EINTR));
	judge("and has stopped", !spins(&vm));
	failed = fails(&vm, "call:0x51:2:0:5");
	judge("a VP that cannot be stopped ends its run", error == (failed ? EINVAL : EINTR));
	fault("none");
	signals(true);
	error = vm_run(&vm, &msg) ? errno : 0;
	signals(false);
	judge("it is stopped the next time", error == EINTR && !spins(&vm));
	vm_destroy(&vm);

	error = vm_create(&vm) || vm_enter_at(&vm, guest_count) ? errno : 0;
	for (uint32_t n = 1; n <= 60 && !error; n++) {
		fault(resumes[n % 3]);
		do {
			error = vm_run(&vm, &msg) ? errno : 0;
		} while (error == EINVAL);
		control_ask("fault=none");
		if (!error && (msg.type != MSG_IO_PORT || (uint32_t)msg.io.rax != n || vm_skip(&vm, &msg)))
			error = EPROTO;
	}
	judge("what it gets to in spite of that is not lost", !error);
	vm_destroy(&vm);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	control_open();
	dev = vm_open();
	fd = vm_partition(dev, 0);
	if (fd < 0)
		err(2, "partition");
	completions();
	with_signals();
	with_death();
	close(fd);
	close(dev);
	without_registers();
	with_late_messages();
	with_lost_message();
	with_half_a_resume();
	return 0;
}
