// SPDX-License-Identifier: GPL-2.0
/*
 * State of a VP, in pieces and in mapped pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

FIXTURE(vm)
{
	struct vm vm;
	uint8_t *buf;
};

FIXTURE_SETUP(vm)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->buf = vm_pages(2 * PAGE);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(vm)
{
	vm_destroy(&self->vm);
}

static struct mshv_get_set_vp_state state_args(int type, void *buf)
{
	return (struct mshv_get_set_vp_state) {
		.type = type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)buf,
	};
}

static int first_difference(const uint8_t *a, const uint8_t *b)
{
	int i;

	for (i = 0; i < PAGE; i++)
		if (a[i] != b[i])
			return i;
	return -1;
}

static int get_and_set(struct vm *vm, int type, uint8_t *buf)
{
	struct mshv_get_set_vp_state args = state_args(type, buf);

	memset(buf, 0, PAGE);
	if (ioctl(vm->vp, MSHV_GET_VP_STATE, &args))
		return -1;
	args = state_args(type, buf);
	return ioctl(vm->vp, MSHV_SET_VP_STATE, &args);
}

TEST_F(vm, local_apic_can_be_changed)
{
	struct mshv_get_set_vp_state args;
	uint32_t *lint1 = (uint32_t *)(self->buf + 144);

	args = state_args(MSHV_VP_STATE_LAPIC, self->buf);
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	*lint1 = 4 << 8;
	args = state_args(MSHV_VP_STATE_LAPIC, self->buf);
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
	*lint1 = 0;
	args = state_args(MSHV_VP_STATE_LAPIC, self->buf);
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	EXPECT_EQ(4 << 8, *lint1);
}

TEST_F(vm, rejects_unknown_type)
{
	struct mshv_get_set_vp_state args;

	args = state_args(MSHV_VP_STATE_COUNT, self->buf);
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
}

FIXTURE(state)
{
	struct vm vm;
	uint8_t *buf;
};

/* A type of state, and its size; 0: depends on the processor */
FIXTURE_VARIANT(state)
{
	int type;
	uint32_t size;
};

FIXTURE_VARIANT_ADD(state, lapic)
{
	.type = MSHV_VP_STATE_LAPIC,
	.size = 4096,
};

FIXTURE_VARIANT_ADD(state, xsave)
{
	.type = MSHV_VP_STATE_XSAVE,
};

FIXTURE_VARIANT_ADD(state, message_page)
{
	.type = MSHV_VP_STATE_SIMP,
	.size = 4096,
};

FIXTURE_VARIANT_ADD(state, event_flags_page)
{
	.type = MSHV_VP_STATE_SIEFP,
	.size = 4096,
};

FIXTURE_VARIANT_ADD(state, synthetic_timers)
{
	.type = MSHV_VP_STATE_SYNTHETIC_TIMERS,
	.size = 200,
};

FIXTURE_SETUP(state)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->buf = vm_pages(2 * PAGE);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(state)
{
	vm_destroy(&self->vm);
}

/* From the first on: a new VP's state is no other than one that was set */
TEST_F(state, survives_a_round_trip)
{
	uint8_t *copy = self->buf + PAGE;

	EXPECT_EQ(0, get_and_set(&self->vm, variant->type, self->buf));
	EXPECT_EQ(0, get_and_set(&self->vm, variant->type, copy));
	EXPECT_EQ(-1, first_difference(self->buf, copy));
}

TEST_F(state, has_a_size_and_is_no_larger)
{
	struct mshv_get_set_vp_state args;
	int i;

	memset(self->buf, 0xa5, 2 * PAGE);
	args = state_args(variant->type, self->buf);
	args.buf_sz = 2 * PAGE;
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	EXPECT_LT(0, args.buf_sz);
	if (variant->size)
		EXPECT_EQ(variant->size, args.buf_sz);
	for (i = args.buf_sz; i < 2 * PAGE; i++)
		if (self->buf[i] != 0xa5)
			break;
	EXPECT_EQ(2 * PAGE, i);
}

TEST_F(state, reports_its_size_when_it_is_set_too)
{
	struct mshv_get_set_vp_state args;
	uint32_t size;

	args = state_args(variant->type, self->buf);
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	size = args.buf_sz;
	args = state_args(variant->type, self->buf);
	args.buf_sz = 2 * PAGE;
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
	EXPECT_EQ(size, args.buf_sz);
}

TEST_F(state, can_be_set_from_a_buffer_that_is_not_writable)
{
	struct mshv_get_set_vp_state args;

	args = state_args(variant->type, self->buf);
	ASSERT_EQ(0, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	ASSERT_EQ(0, mprotect(self->buf, PAGE, PROT_READ));
	args = state_args(variant->type, self->buf);
	EXPECT_EQ(0, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
	args = state_args(variant->type, self->buf);
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
}

TEST_F(state, wants_no_reserved_byte)
{
	struct mshv_get_set_vp_state args;
	int i;

	for (i = 0; i < 3; i++) {
		args = state_args(variant->type, self->buf);
		args.rsvd[i] = 1;
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_GET_VP_STATE,
					   &args));
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_SET_VP_STATE,
					   &args));
	}
}

TEST_F(state, wants_no_buffer_of_odd_size_or_address)
{
	static const uint32_t sizes[] = { 0, 1, 1024, PAGE - 1, PAGE + 1, ~0U };
	struct mshv_get_set_vp_state args;
	int i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		args = state_args(variant->type, self->buf);
		args.buf_sz = sizes[i];
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_GET_VP_STATE,
					   &args));
		EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_SET_VP_STATE,
					   &args));
	}
	args = state_args(variant->type, self->buf + 8);
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
}

TEST_F(state, wants_a_buffer_that_is_there)
{
	struct mshv_get_set_vp_state args;

	ASSERT_EQ(0, munmap(self->buf, PAGE));
	args = state_args(variant->type, self->buf);
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
	args = state_args(variant->type, self->buf);
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_SET_VP_STATE, &args));
	args = state_args(variant->type, (void *)0xffff800000000000UL);
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_GET_VP_STATE, &args));
}

/*
 * Mapped pages
 */

static void *map(struct vm *vm, size_t size, int prot, int flags, long page)
{
	return mmap(NULL, size, prot, flags, vm->vp, page * PAGE);
}

TEST_F(vm, register_page_follows_the_registers)
{
	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RBX, 0xbb));
	EXPECT_EQ(1, self->vm.regs->version);
	ASSERT_EQ(1, self->vm.regs->isvalid);
	EXPECT_EQ(0, self->vm.regs->dirty);
	EXPECT_EQ(0xbb, self->vm.regs->gp[3]);
}

TEST_F(vm, rejects_pages_that_no_vp_has)
{
	static const int pages[] = { MSHV_VP_MMAP_OFFSET_COUNT, 4, 255, 1000000 };
	int i;

	/* Programs count on this number of pages */
	EXPECT_EQ(3, MSHV_VP_MMAP_OFFSET_COUNT);
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		EXPECT_ERRNO(EINVAL, map(&self->vm, PAGE, PROT_READ, MAP_SHARED,
					 pages[i]));
}

TEST_F(vm, page_that_this_vp_does_not_have_is_enodev)
{
	EXPECT_ERRNO(ENODEV, map(&self->vm, PAGE, PROT_READ, MAP_SHARED,
				 MSHV_VP_MMAP_OFFSET_GHCB));
}

TEST_F(vm, rejects_mappings_of_more_than_a_page)
{
	EXPECT_ERRNO(EINVAL, map(&self->vm, 2 * PAGE, PROT_READ, MAP_SHARED, 0));
}

TEST_F(vm, rejects_private_and_executable_mappings)
{
	EXPECT_ERRNO(EINVAL, map(&self->vm, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE, 0));
	EXPECT_ERRNO(EINVAL, map(&self->vm, PAGE, PROT_READ | PROT_EXEC,
				 MAP_SHARED, 0));
	EXPECT_ERRNO(EACCES, mprotect(self->vm.regs, PAGE,
				      PROT_READ | PROT_EXEC));
}

TEST_F(vm, pages_can_be_mapped_more_than_once)
{
	struct register_page *other;

	other = map(&self->vm, PAGE, PROT_READ, MAP_SHARED, 0);
	ASSERT_NE(MAP_FAILED, other);
	self->vm.regs->gp[5] = 0x5a5a;
	EXPECT_EQ(0x5a5a, other->gp[5]);
	munmap(other, PAGE);
}

TEST_F(vm, mapping_of_a_page_stays_one_page)
{
	EXPECT_ERRNO(EFAULT, mremap(self->vm.regs, PAGE, 2 * PAGE,
				    MREMAP_MAYMOVE));
}

TEST_F(vm, mapping_is_inherited)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		self->vm.regs->gp[5] = 0x5a5a;
		_exit(self->vm.regs->version == 1 ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0x5a5a, self->vm.regs->gp[5]);
}

TEST_F(vm, mapping_keeps_everything_alive)
{
	close(self->vm.vp);
	close(self->vm.fd);
	self->vm.vp = -1;
	self->vm.fd = -1;
	EXPECT_EQ(1, self->vm.regs->version);
	self->vm.regs->gp[0] = 1;
}

TEST_HARNESS_MAIN
