// SPDX-License-Identifier: GPL-2.0
/*
 * A signal with a handler is no reason to fail for any ioctl but MSHV_RUN_VP.
 * Here one is pending in each of them: a tracer sends it to the process that
 * makes the ioctl, when it has entered the kernel and not yet begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define PARAMETER	"/sys/module/mshv_root/parameters/movable_memory"
#define SIZE		(16 * PAGE)
#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)
#define SYSCALL_STOP	(SIGTRAP | 0x80)

/* Exit statuses of the process that is traced */
enum {
	GOOD,
	FAILED,		/* an ioctl did */
	UNDISTURBED,	/* no signal came, the test proves nothing */
	PINNED,		/* memory that is to be movable is not */
	ABSENT,		/* what is to be mapped is not there */
};

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals++;
}

/* The next ioctl after this is made with a signal pending */
static void disturb(void)
{
	syscall(SYS_getppid);
}

/* Is the ioctl good, and has the signal come? */
static int check(long ret)
{
	static int wanted;

	wanted++;
	if (ret < 0) {
		fprintf(stderr, "# ioctl %d: errno %d\n", wanted, errno);
		_exit(FAILED);
	}
	if (signals != wanted) {
		fprintf(stderr, "# ioctl %d: %d signals\n", wanted, signals);
		_exit(UNDISTURBED);
	}
	return ret;
}

#define DISTURBED(call) ({ disturb(); check(call); })

/* Follow a process that is about to stop; returns how it ends */
static int trace(pid_t pid)
{
	bool armed = false, inside = false;
	struct user_regs_struct regs;
	int status, forward = 0;

	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	while (!ptrace(PTRACE_SYSCALL, pid, NULL, (long)forward) &&
	       waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		forward = 0;
		if (WSTOPSIG(status) != SYSCALL_STOP) {
			forward = WSTOPSIG(status);
			continue;
		}
		inside = !inside;
		if (!inside || ptrace(PTRACE_GETREGS, pid, NULL, &regs))
			continue;
		if (regs.orig_rax == SYS_getppid) {
			armed = true;
		} else if (armed && regs.orig_rax == SYS_ioctl) {
			kill(pid, SIGUSR1);
			armed = false;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_traced(int (*body)(void))
{
	struct sigaction action = { .sa_handler = on_signal };
	pid_t pid = fork();

	if (pid)
		return trace(pid);

	sigaction(SIGUSR1, &action, NULL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	_exit(body());
}

static int make_partition(int dev)
{
	struct mshv_create_partition args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC,
	};
	int fd = DISTURBED(ioctl(dev, MSHV_CREATE_PARTITION, &args));

	DISTURBED(ioctl(fd, MSHV_INITIALIZE_PARTITION));
	return fd;
}

static void use_memory(int fd)
{
	uint8_t bitmap[SIZE / PAGE / 8];
	struct mshv_gpap_access_bitmap args = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY,
		.page_count = SIZE / PAGE,
		.bitmap_ptr = (uintptr_t)bitmap,
	};
	void *mem = vm_pages(SIZE);

	DISTURBED(vm_map(fd, 0, mem, SIZE, WRITABLE));
	DISTURBED(vm_set_property(fd, PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1,
				  NULL));
	DISTURBED(ioctl(fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args));
	DISTURBED(vm_unmap(fd, 0, mem, SIZE));
}

static void use_vp(int fd)
{
	void *buf = vm_pages(PAGE);
	struct mshv_get_set_vp_state state = {
		.type = MSHV_VP_STATE_XSAVE,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)buf,
	};
	struct mshv_translate_gva_result result;
	uint64_t gpa;
	struct mshv_translate_gva translate = {
		.flags = 1,
		.result_ptr = (uintptr_t)&result,
		.gpa_ptr = (uintptr_t)&gpa,
	};
	int vp = DISTURBED(vp_create(fd, 0));

	DISTURBED(vp_set_reg(vp, 0, VP_REG_RBX, 1));
	DISTURBED(ioctl(vp, MSHV_GET_VP_STATE, &state));
	state.buf_sz = PAGE;
	DISTURBED(ioctl(vp, MSHV_SET_VP_STATE, &state));
	DISTURBED(ioctl(vp, MSHV_VP_TRANSLATE_GVA, &translate));
}

static void use_events(int fd)
{
	struct mshv_user_ioeventfd args = { .addr = VM_HOLE };
	int event = eventfd(0, 0);

	args.fd = event;
	DISTURBED(vm_route(fd, 0, 0x41));
	DISTURBED(vm_irqfd(fd, event, 0, 0, 0));
	DISTURBED(vm_irqfd(fd, event, 0, 1 << MSHV_IRQFD_BIT_DEASSIGN, 0));
	DISTURBED(ioctl(fd, MSHV_IOEVENTFD, &args));
	args.flags = 1 << MSHV_IOEVENTFD_BIT_DEASSIGN;
	DISTURBED(ioctl(fd, MSHV_IOEVENTFD, &args));
}

static int make_all_ioctls(void)
{
	int dev = vm_open(), fd = make_partition(dev);
	uint64_t value;

	DISTURBED(vm_get_property(dev, PROPERTY_PROCESSOR_FEATURES0, &value,
				  NULL));
	use_memory(fd);
	use_vp(fd);
	use_events(fd);
	return GOOD;
}

static int map_device(void)
{
	uint64_t base = vm_config_space();
	int file = open("/dev/mem", O_RDWR | O_SYNC);
	int fd = vm_partition(vm_open(), 0);
	void *mem = MAP_FAILED;

	if (base)
		mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   file, base);
	if (mem == MAP_FAILED)
		return ABSENT;
	DISTURBED(vm_map(fd, 0, mem, PAGE, WRITABLE));
	return GOOD;
}

static int map_movable(void)
{
	void *mem = vm_pages(SIZE);
	int fd = vm_partition(vm_open(), 0);

	DISTURBED(vm_map(fd, 0, mem, SIZE, WRITABLE));
	return process_status("VmPin") ? PINNED : GOOD;
}

static int set_movable(const char *value)
{
	int fd = open(PARAMETER, O_WRONLY), ret;

	ret = write(fd, value, 1) == 1 ? 0 : -1;
	close(fd);
	return ret;
}

FIXTURE(pending_signal)
{
};

FIXTURE_SETUP(pending_signal)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
}

FIXTURE_TEARDOWN(pending_signal)
{
}

TEST_F(pending_signal, ends_no_ioctl_before_it_has_begun)
{
	EXPECT_EQ(GOOD, run_traced(make_all_ioctls));
}

TEST_F(pending_signal, does_not_end_mapping_of_a_device)
{
	int how = run_traced(map_device);

	if (how == ABSENT)
		SKIP(return, "no PCI configuration space in /dev/mem");
	EXPECT_EQ(GOOD, how);
}

TEST_F(pending_signal, does_not_pin_memory_that_is_to_be_movable)
{
	if (set_movable("1"))
		SKIP(return, "the parameter movable_memory cannot be set");
	EXPECT_EQ(GOOD, run_traced(map_movable));
	set_movable("0");
}

TEST_HARNESS_MAIN
