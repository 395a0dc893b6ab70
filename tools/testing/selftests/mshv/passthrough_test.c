// SPDX-License-Identifier: GPL-2.0
/*
 * Each hypercall that user space may make: where, with what, and what comes
 * back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define ON_DEVICE	1
#define ON_PARTITION	2
#define ON_VP		4
#define ON_GUEST	(ON_PARTITION | ON_VP)
#define ON_ALL		(ON_DEVICE | ON_GUEST)
#define NR_FDS		3

/* Input of all of them: partition id, then up to 31 words of 64 bits */
struct input {
	uint64_t partition;
	uint64_t words[31];
};

FIXTURE(call)
{
	struct vm vm;
	int allowed[NR_FDS + 1];	/* where it may be made; ends with -1 */
	int refused[NR_FDS + 1];	/* where not; ends with -1 */
	struct input in;
	uint8_t out[PAGE];
};

FIXTURE_VARIANT(call)
{
	uint16_t code;
	int fds;
	uint16_t reps;
	uint16_t in_sz;
	uint16_t out_sz;
	uint64_t words[31];
};

#define WORD(low, high)	((uint32_t)(low) | (uint64_t)(high) << 32)

FIXTURE_VARIANT_ADD(call, get_partition_property)
{
	.code = HVCALL_GET_PARTITION_PROPERTY,
	.fds = ON_ALL,
	.in_sz = 16,
	.out_sz = 8,
	.words = { PROPERTY_PROCESSOR_FEATURES0 },
};

FIXTURE_VARIANT_ADD(call, set_partition_property)
{
	.code = HVCALL_SET_PARTITION_PROPERTY,
	.fds = ON_PARTITION,
	.in_sz = 24,
	.words = { PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1 },
};

FIXTURE_VARIANT_ADD(call, install_intercept)
{
	.code = HVCALL_INSTALL_INTERCEPT,
	.fds = ON_GUEST,
	.in_sz = 24,
	.words = { WORD(4, 2), 0x40000000 },	/* execute, CPUID, leaf */
};

FIXTURE_VARIANT_ADD(call, get_vp_registers)
{
	.code = HVCALL_GET_VP_REGISTERS,
	.fds = ON_GUEST,
	.reps = 2,
	.in_sz = 24,
	.out_sz = 32,
	.words = { 0, WORD(VP_REG_RIP, VP_REG_RFLAGS) },
};

FIXTURE_VARIANT_ADD(call, set_vp_registers)
{
	.code = HVCALL_SET_VP_REGISTERS,
	.fds = ON_GUEST,
	.reps = 1,
	.in_sz = 48,
	.words = { 0, VP_REG_RBX, 0, 0x1234 },
};

FIXTURE_VARIANT_ADD(call, translate_virtual_address)
{
	.code = HVCALL_TRANSLATE_VIRTUAL_ADDRESS,
	.fds = ON_GUEST,
	.in_sz = 32,
	.out_sz = 16,
	.words = { 0, 1, 5 },			/* VP, to read, page */
};

FIXTURE_VARIANT_ADD(call, clear_virtual_interrupt)
{
	.code = HVCALL_CLEAR_VIRTUAL_INTERRUPT,
	.fds = ON_GUEST,
	.in_sz = 8,
};

FIXTURE_VARIANT_ADD(call, register_intercept_result)
{
	.code = HVCALL_REGISTER_INTERCEPT_RESULT,
	.fds = ON_GUEST,
	.in_sz = 60,
	.words = { WORD(0, 2), WORD(0x40000100, 0), 0, WORD(1, ~0) },
};

FIXTURE_VARIANT_ADD(call, assert_virtual_interrupt)
{
	.code = HVCALL_ASSERT_VIRTUAL_INTERRUPT,
	.fds = ON_GUEST,
	.in_sz = 32,
	.words = { 7 },				/* ExtINT */
};

FIXTURE_VARIANT_ADD(call, signal_event_direct)
{
	.code = HVCALL_SIGNAL_EVENT_DIRECT,
	.fds = ON_GUEST,
	.in_sz = 16,
	.out_sz = 8,
	.words = { WORD(0, 2 << 8) },		/* VP 0, SINT 2: it is masked */
};

FIXTURE_VARIANT_ADD(call, post_message_direct)
{
	.code = HVCALL_POST_MESSAGE_DIRECT,
	.fds = ON_GUEST,
	.in_sz = 248,
	.words = { 0, WORD(2, 1) },		/* SINT 2: it is masked */
};

FIXTURE_VARIANT_ADD(call, get_gpa_pages_access_states)
{
	.code = HVCALL_GET_GPA_PAGES_ACCESS_STATES,
	.fds = ON_GUEST,
	.reps = 64,
	.in_sz = 24,
	.out_sz = 64,
};

FIXTURE_VARIANT_ADD(call, get_vp_cpuid_values)
{
	.code = HVCALL_GET_VP_CPUID_VALUES,
	.fds = ON_GUEST,
	.reps = 1,
	.in_sz = 48,
	.out_sz = 16,
	.words = { WORD(0, 3) },
};

FIXTURE_VARIANT_ADD(call, get_partition_property_ex)
{
	.code = HVCALL_GET_PARTITION_PROPERTY_EX,
	.fds = ON_ALL,
	.in_sz = 24,
	.out_sz = 16,
	.words = { PROPERTY_VMM_CAPABILITIES },
};

/* Calls that are made for their status: the guest's SynIC and APIC are off */
static bool may_fail(uint16_t code)
{
	return code == HVCALL_CLEAR_VIRTUAL_INTERRUPT ||
		code == HVCALL_SIGNAL_EVENT_DIRECT ||
		code == HVCALL_POST_MESSAGE_DIRECT ||
		code == HVCALL_ASSERT_VIRTUAL_INTERRUPT;
}

/* The files of a machine that are in a mask of ON_* */
static void fds_choose(const struct vm *vm, int mask, int *chosen)
{
	const int fds[NR_FDS] = { vm->dev, vm->fd, vm->vp };
	int i;

	for (i = 0; i < NR_FDS; i++)
		if (mask & 1 << i)
			*chosen++ = fds[i];
	*chosen = -1;
}

FIXTURE_SETUP(call)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	ASSERT_EQ(0, vm_set_property(self->vm.fd,
				     PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1,
				     NULL));
	fds_choose(&self->vm, variant->fds, self->allowed);
	fds_choose(&self->vm, ~variant->fds, self->refused);
	memset(&self->in, 0, sizeof(self->in));
	memcpy(self->in.words, variant->words, sizeof(variant->words));
}

FIXTURE_TEARDOWN(call)
{
	vm_destroy(&self->vm);
}

static struct mshv_root_hvcall arguments(FIXTURE_DATA(call) *self,
					 const FIXTURE_VARIANT(call) *variant)
{
	return (struct mshv_root_hvcall) {
		.code = variant->code,
		.reps = variant->reps,
		.in_sz = variant->in_sz,
		.out_sz = variant->out_sz,
		.in_ptr = (uintptr_t)&self->in,
		.out_ptr = variant->out_sz ? (uintptr_t)self->out : 0,
	};
}

TEST_F(call, works_where_it_may_be_made)
{
	struct mshv_root_hvcall args;
	const int *fd;
	int ret;

	for (fd = self->allowed; *fd >= 0; fd++) {
		args = arguments(self, variant);
		ret = ioctl(*fd, MSHV_ROOT_HVCALL, &args);
		if (may_fail(variant->code)) {
			EXPECT_TRUE(!ret || args.status);
			continue;
		}
		EXPECT_EQ(0, ret) {
			TH_LOG("file %td: errno %d, status %d",
			       fd - self->allowed, errno, args.status);
		}
		EXPECT_EQ(0, args.status);
		EXPECT_EQ(variant->reps, args.reps);
	}
}

TEST_F(call, is_refused_where_it_may_not_be_made)
{
	struct mshv_root_hvcall args, before;
	const int *fd;

	for (fd = self->refused; *fd >= 0; fd++) {
		args = arguments(self, variant);
		before = args;
		EXPECT_ERRNO(EINVAL, ioctl(*fd, MSHV_ROOT_HVCALL, &args));
		EXPECT_EQ(0, memcmp(&before, &args, sizeof(args)));
	}
}

TEST_F(call, takes_lists_at_any_address)
{
	uint8_t in[sizeof(self->in) + 1], out[sizeof(self->out) + 1];
	struct mshv_root_hvcall args;
	const int *fd;
	int ret;

	memcpy(in + 1, &self->in, sizeof(self->in));
	for (fd = self->allowed; *fd >= 0; fd++) {
		args = arguments(self, variant);
		args.in_ptr = (uintptr_t)(in + 1);
		args.out_ptr = variant->out_sz ? (uintptr_t)(out + 1) : 0;
		ret = ioctl(*fd, MSHV_ROOT_HVCALL, &args);
		EXPECT_TRUE(!ret || (may_fail(variant->code) && args.status));
	}
}

TEST_F(call, is_about_the_partition_of_the_file)
{
	static const uint64_t ids[] = { 1, 2, ~0ULL - 1, ~0ULL };
	struct mshv_root_hvcall args;
	const int *fd;
	int n, ret;

	for (fd = self->allowed; *fd >= 0; fd++) {
		for (n = 0; n < 4; n++) {
			args = arguments(self, variant);
			self->in.partition = ids[n];
			ret = ioctl(*fd, MSHV_ROOT_HVCALL, &args);
			EXPECT_TRUE(!ret || (may_fail(variant->code) &&
					     args.status));
		}
	}
}

/* Returns the first byte from @from on that is not @value */
static int first_other(const uint8_t *out, int from, uint8_t value)
{
	while (from < PAGE && out[from] == value)
		from++;
	return from;
}

TEST_F(call, stores_zeros_where_the_hypervisor_wrote_nothing)
{
	struct mshv_root_hvcall args;
	const int *fd;

	for (fd = self->allowed; *fd >= 0; fd++) {
		memset(self->out, 0xa5, sizeof(self->out));
		args = arguments(self, variant);
		args.out_sz = PAGE;
		args.out_ptr = (uintptr_t)self->out;
		if (ioctl(*fd, MSHV_ROOT_HVCALL, &args)) {
			/* On failure nothing is stored */
			ASSERT_TRUE(may_fail(variant->code));
			EXPECT_EQ(PAGE, first_other(self->out, 0, 0xa5));
		} else {
			EXPECT_EQ(PAGE, first_other(self->out, variant->out_sz,
						    0));
		}
	}
}

TEST_F(call, stores_no_more_than_was_asked_for)
{
	struct mshv_root_hvcall args;
	const int *fd;

	for (fd = self->allowed; *fd >= 0; fd++) {
		memset(self->out, 0xa5, sizeof(self->out));
		args = arguments(self, variant);
		args.out_sz = 1;
		args.out_ptr = (uintptr_t)self->out;
		EXPECT_TRUE(!ioctl(*fd, MSHV_ROOT_HVCALL, &args) ||
			    may_fail(variant->code));
		EXPECT_EQ(PAGE, first_other(self->out, 1, 0xa5));
	}
}

TEST_F(call, with_input_that_cannot_be_read_is_efault)
{
	struct mshv_root_hvcall args;
	const int *fd;

	for (fd = self->allowed; *fd >= 0; fd++) {
		args = arguments(self, variant);
		args.in_ptr = 8;
		EXPECT_ERRNO(EFAULT, ioctl(*fd, MSHV_ROOT_HVCALL, &args));
		EXPECT_EQ(0, args.status);
	}
}

TEST_F(call, with_more_repetitions_than_can_be_is_refused)
{
	struct mshv_root_hvcall args;
	const int *fd;

	for (fd = self->allowed; *fd >= 0; fd++) {
		args = arguments(self, variant);
		args.reps = 4096;
		EXPECT_ERRNO(EINVAL, ioctl(*fd, MSHV_ROOT_HVCALL, &args));
		EXPECT_EQ(0, args.status);
	}
}

TEST_F(call, is_refused_by_the_hypervisor_if_it_is_the_wrong_kind)
{
	struct mshv_root_hvcall args;
	const int *fd;

	for (fd = self->allowed; *fd >= 0; fd++) {
		args = arguments(self, variant);
		args.reps = variant->reps ? 0 : 1;
		EXPECT_ERRNO(EINVAL, ioctl(*fd, MSHV_ROOT_HVCALL, &args));
		EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT, args.status);
		EXPECT_EQ(0, args.reps);
	}
}

TEST_F(call, whose_argument_cannot_be_written_is_efault)
{
	struct mshv_root_hvcall *args = vm_pages(PAGE);

	*args = arguments(self, variant);
	ASSERT_EQ(0, mprotect(args, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.fd, MSHV_ROOT_HVCALL, args));
}

TEST_HARNESS_MAIN
