// SPDX-License-Identifier: GPL-2.0
/*
 * Random ioctls with random arguments: whatever comes of them, the kernel
 * lives, the next machine works, and no page is lost.
 *
 * Arguments are mostly good ones with something wrong, because those get
 * further than noise does.  A failure is repeated by its seed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define NR_IOCTLS	1500
#define NR_VPS		4
#define AREA		(64 * PAGE)

FIXTURE(fuzz)
{
	struct vm vm;
	int vps[NR_VPS];
	int event;
	uint8_t *area;
	uint64_t random;
	long long quarantined;
};

FIXTURE_VARIANT(fuzz)
{
	uint64_t seed;
};

FIXTURE_VARIANT_ADD(fuzz, seed_1) { .seed = 1 };
FIXTURE_VARIANT_ADD(fuzz, seed_2) { .seed = 2 };
FIXTURE_VARIANT_ADD(fuzz, seed_3) { .seed = 3 };
FIXTURE_VARIANT_ADD(fuzz, seed_4) { .seed = 4 };
FIXTURE_VARIANT_ADD(fuzz, seed_5) { .seed = 5 };
FIXTURE_VARIANT_ADD(fuzz, seed_6) { .seed = 6 };
FIXTURE_VARIANT_ADD(fuzz, seed_7) { .seed = 7 };
FIXTURE_VARIANT_ADD(fuzz, seed_8) { .seed = 8 };

static void on_signal(int number)
{
}

static void set_timer(int us)
{
	struct itimerval timer = {
		.it_value.tv_usec = us,
		.it_interval.tv_usec = us,
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

FIXTURE_SETUP(fuzz)
{
	struct sigaction action = { .sa_handler = on_signal };
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->quarantined = ledger_total("quarantined");
	ASSERT_EQ(0, vm_create(&self->vm));
	for (i = 0; i < NR_VPS; i++)
		self->vps[i] = -1;
	self->event = eventfd(0, EFD_NONBLOCK);
	self->area = vm_pages(AREA);
	ASSERT_NE(NULL, self->area);
	self->random = variant->seed * 0x9e3779b97f4a7c15;
	sigaction(SIGALRM, &action, NULL);
}

FIXTURE_TEARDOWN(fuzz)
{
	int i;

	set_timer(0);
	for (i = 0; i < NR_VPS; i++)
		close(self->vps[i]);
	vm_destroy(&self->vm);
	close(self->event);
	EXPECT_EQ(self->quarantined, ledger_total("quarantined"));
	EXPECT_EQ(0, ledger_total("mapped"));
	EXPECT_EQ(0, ledger_total("pinned"));
	EXPECT_EQ(0, ledger_total("state"));
}

/* xorshift64* */
static uint64_t any(FIXTURE_DATA(fuzz) *self)
{
	self->random ^= self->random >> 12;
	self->random ^= self->random << 25;
	self->random ^= self->random >> 27;
	return self->random * 0x2545f4914f6cdd1d >> 8;
}

static bool rarely(FIXTURE_DATA(fuzz) *self)
{
	return any(self) % 8 == 0;
}

/* A number that is good for something, or one at an edge, or any */
static uint64_t number(FIXTURE_DATA(fuzz) *self, uint64_t good)
{
	static const uint64_t edges[] = {
		0, 1, 7, 255, 256, 4095, 4096, 1ULL << 31, 1ULL << 32,
		1ULL << 40, 1ULL << 63, ~0ULL, ~0ULL - 4095,
	};

	if (!rarely(self))
		return good;
	if (rarely(self))
		return any(self);
	return edges[any(self) % (sizeof(edges) / sizeof(*edges))];
}

static uint64_t address(FIXTURE_DATA(fuzz) *self)
{
	uint64_t page = any(self) % 64;

	return number(self, (uintptr_t)self->area + page * PAGE);
}

static void fuzz_memory(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_user_mem_region args = {
		.size = number(self, (1 + any(self) % 8) * PAGE),
		.guest_pfn = number(self, VM_HOLE / PAGE + any(self) % 32),
		.userspace_addr = address(self),
		.flags = number(self, any(self) % 8),
	};

	ioctl(self->vm.fd, MSHV_SET_GUEST_MEMORY, &args);
}

static void fuzz_irqfd(FIXTURE_DATA(fuzz) *self)
{
	vm_irqfd(self->vm.fd, number(self, self->event), number(self, 3),
		 number(self, any(self) % 4), number(self, self->event));
	vm_signal(self->event);
}

static void fuzz_ioeventfd(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_user_ioeventfd args = {
		.datamatch = any(self) % 4,
		.addr = number(self, VM_HOLE + any(self) % 64),
		.len = number(self, 1 << any(self) % 4),
		.fd = number(self, self->event),
		.flags = number(self, any(self) % 8),
	};

	ioctl(self->vm.fd, MSHV_IOEVENTFD, &args);
}

static void fuzz_routing(FIXTURE_DATA(fuzz) *self)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entries[4];
	} table = { .nr = number(self, any(self) % 5) };
	int i;

	for (i = 0; i < 4; i++)
		table.entries[i] = (struct mshv_user_irq_entry) {
			.gsi = number(self, i),
			.address_lo = number(self, VM_MSI_ADDRESS),
			.address_hi = rarely(self),
			.data = number(self, any(self) & 0xffff),
		};
	ioctl(self->vm.fd, MSHV_SET_MSI_ROUTING, &table);
}

static void fuzz_bitmap(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_gpap_access_bitmap args = {
		.access_type = number(self, any(self) % 2),
		.access_op = number(self, any(self) % 3),
		.page_count = number(self, any(self) % 512) & 0xffff,
		.gpap_base = number(self, any(self) % 1024),
		.bitmap_ptr = address(self),
	};

	ioctl(self->vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args);
}

static void fuzz_hvcall(FIXTURE_DATA(fuzz) *self)
{
	static const uint16_t codes[] = {
		0x44, 0x45, 0x4d, 0x50, 0x51, 0x52, 0x56, 0x91, 0x94, 0xc0,
		0xc1, 0xc9, 0xf4, 0x101,
	};
	const int fds[] = { self->vm.dev, self->vm.fd, self->vm.vp };
	struct mshv_root_hvcall args = {
		.code = number(self, codes[any(self) % 14]),
		.reps = number(self, any(self) % 4),
		.in_sz = number(self, 8 + any(self) % 120),
		.out_sz = number(self, any(self) % 128),
		.in_ptr = address(self),
		.out_ptr = rarely(self) ? 0 : address(self),
	};
	int i;

	for (i = 0; i < 256; i++)
		((uint32_t *)self->area)[i] = number(self, any(self) % 3);
	ioctl(fds[any(self) % 3], MSHV_ROOT_HVCALL, &args);
}

static void fuzz_state(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_get_set_vp_state args = {
		.type = number(self, any(self) % 5),
		.buf_sz = number(self, PAGE),
		.buf_ptr = address(self),
	};

	ioctl(self->vm.vp, any(self) & 1 ? MSHV_GET_VP_STATE :
					   MSHV_SET_VP_STATE, &args);
}

static void fuzz_translate(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_translate_gva args = {
		.gva = number(self, any(self)),
		.flags = number(self, any(self) % 16),
		.result_ptr = address(self),
		.gpa_ptr = address(self),
	};

	ioctl(self->vm.vp, MSHV_VP_TRANSLATE_GVA, &args);
}

static void fuzz_vp(FIXTURE_DATA(fuzz) *self)
{
	int i = any(self) % NR_VPS;

	if (self->vps[i] >= 0)
		close(self->vps[i]);
	self->vps[i] = vp_create(self->vm.fd, number(self, 1 + i));
}

static void fuzz_partition(FIXTURE_DATA(fuzz) *self)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = number(self, any(self) % 64),
		.pt_isolation = rarely(self),
		.pt_num_cpu_fbanks = number(self, 2),
		.pt_cpu_fbanks = { any(self), any(self) },
		.pt_disabled_xsave = any(self),
	};
	int fd = ioctl(self->vm.dev, MSHV_CREATE_PARTITION, &args);

	if (fd >= 0 && any(self) & 1)
		ioctl(fd, MSHV_INITIALIZE_PARTITION);
	if (fd >= 0)
		close(fd);
}

/* The timer ends what the guest makes of it */
static void fuzz_run(FIXTURE_DATA(fuzz) *self)
{
	ioctl(self->vm.vp, MSHV_RUN_VP, number(self, (uintptr_t)self->area));
}

static void fuzz_number(FIXTURE_DATA(fuzz) *self)
{
	const int fds[] = { self->vm.dev, self->vm.fd, self->vm.vp };

	ioctl(fds[any(self) % 3], 0xb800 | any(self) % 16 | any(self) % 4 << 30 |
	      any(self) % 64 << 16, address(self));
}

static void (*const fuzzers[])(FIXTURE_DATA(fuzz) *self) = {
	fuzz_memory, fuzz_irqfd, fuzz_ioeventfd, fuzz_routing, fuzz_bitmap,
	fuzz_hvcall, fuzz_hvcall, fuzz_hvcall, fuzz_state, fuzz_translate,
	fuzz_vp, fuzz_partition, fuzz_run, fuzz_number,
};

static GUEST void guest_out(void)
{
	guest_outl(0x500, 0x600d);
	for (;;)
		asm volatile("pause");
}

TEST_F_TIMEOUT(fuzz, random_ioctls_do_no_harm, 120)
{
	struct vm vm;
	struct msg msg;
	int i;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	set_timer(4000);
	for (i = 0; i < NR_IOCTLS; i++)
		fuzzers[any(self) % (sizeof(fuzzers) / sizeof(*fuzzers))](self);
	set_timer(0);

	/* Another machine is none the wiser */
	ASSERT_EQ(0, vm_create(&vm));
	ASSERT_EQ(0, vm_enter_at(&vm, guest_out));
	ASSERT_EQ(0, vm_run(&vm, &msg));
	EXPECT_EQ(MSG_IO_PORT, msg.type);
	EXPECT_EQ(0x600d, msg.io.rax & 0xffff);
	vm_destroy(&vm);
}

TEST_HARNESS_MAIN
