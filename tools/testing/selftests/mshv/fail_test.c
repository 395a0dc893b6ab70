// SPDX-License-Identifier: GPL-2.0
/*
 * The n-th allocation of memory fails, for each n: whatever was done is undone.
 *
 * Needs a kernel with CONFIG_FAULT_INJECTION, CONFIG_FAILSLAB,
 * CONFIG_FAIL_PAGE_ALLOC and CONFIG_FAULT_INJECTION_DEBUG_FS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug/"
#define MAX_NTH		2000

static const char *const states[] = {
	"pinned", "mapped", "state", "quarantined", "faults",
};

#define NR_STATES	(sizeof(states) / sizeof(*states))

static int write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);
	int ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

/* All allocations may fail, those that can wait too, and in silence */
static int setup_faults(void)
{
	return write_file(DEBUGFS "failslab/ignore-gfp-wait", "N") ||
		write_file(DEBUGFS "failslab/verbose", "0") ||
		write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") ||
		write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") ||
		write_file(DEBUGFS "fail_page_alloc/min-order", "0") ||
		write_file(DEBUGFS "fail_page_alloc/verbose", "0") ? -1 : 0;
}

static int arm(int fd, int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	return pwrite(fd, text, strlen(text), 0) < 0 ? -1 : 0;
}

/* Returns true if the failure has happened */
static bool disarm(int fd)
{
	char text[16] = "";
	bool happened;

	happened = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	arm(fd, 0);
	return happened;
}

FIXTURE(faults)
{
	long long before[NR_STATES];
	int fd;
};

FIXTURE_SETUP(faults)
{
	int i;

	self->fd = -1;
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	if (setup_faults())
		SKIP(_exit(SKIPPED), "no fault injection in this kernel");
	self->fd = open(FAIL_NTH, O_RDWR);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < NR_STATES; i++)
		self->before[i] = ledger_total(states[i]);
}

FIXTURE_TEARDOWN(faults)
{
	close(self->fd);
}

static GUEST void guest_out(void)
{
	guest_outl(0x500, 0);
}

/* As much of a machine as can be had */
static int use_vm(struct vm *vm)
{
	struct mshv_user_irqfd irqfd = { .fd = eventfd(0, 0), .gsi = 3 };
	struct mshv_user_ioeventfd ioeventfd = {
		.fd = eventfd(0, 0),
		.addr = VM_HOLE,
	};
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entry;
	} table = {
		.nr = 1,
		.entry = { .gsi = 3, .address_lo = 0xfee00000, .data = 0x41 },
	};
	static uint8_t buf[PAGE] __attribute__((aligned(PAGE)));
	struct mshv_get_set_vp_state state = {
		.type = MSHV_VP_STATE_XSAVE,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)buf,
	};
	struct msg msg;
	int ret;

	ret = vm_create(vm) || ioctl(vm->fd, MSHV_SET_MSI_ROUTING, &table) ||
		ioctl(vm->fd, MSHV_IRQFD, &irqfd) ||
		ioctl(vm->fd, MSHV_IOEVENTFD, &ioeventfd) ||
		ioctl(vm->vp, MSHV_GET_VP_STATE, &state) ||
		vm_enter_at(vm, guest_out) || vm_run(vm, &msg);
	close(irqfd.fd);
	close(ioeventfd.fd);
	return ret;
}

TEST_F_TIMEOUT(faults, each_failing_allocation_is_survived, 1200)
{
	int nth, i, ret, failed = 0;
	struct vm vm;
	bool happened;

	for (nth = 1; nth < MAX_NTH; nth++) {
		ASSERT_EQ(0, arm(self->fd, nth));
		ret = use_vm(&vm);
		happened = disarm(self->fd);
		vm_destroy(&vm);
		failed += !!ret;

		for (i = 0; i < NR_STATES; i++) {
			ASSERT_EQ(self->before[i], ledger_total(states[i])) {
				TH_LOG("allocation %d, state %d", nth, i);
			}
		}
		if (!happened)
			break;
	}

	EXPECT_EQ(0, ret);
	EXPECT_GT(MAX_NTH, nth);
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed, %d times to be seen", nth - 1, failed);
}

TEST_HARNESS_MAIN
