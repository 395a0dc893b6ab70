// SPDX-License-Identifier: GPL-2.0
/*
 * Intercepts that a VMM asks for: what stops the guest, and what it is told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define READ		1
#define WRITE		2
#define EXECUTE		4

#define LEAF		7
#define MSR_PAT		0x277
#define MSR_NOBODYS	0x12345
#define UD_VECTOR	6
#define GP_VECTOR	13

#define PORT_DONE	0x500
#define PORT_FAULT	0x501

static GUEST void guest_cpuid(void)
{
	uint32_t eax = LEAF, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	guest_outl(PORT_DONE, 0);
}

static GUEST void guest_read_pat(void)
{
	asm volatile("rdmsr" : : "c"(MSR_PAT) : "eax", "edx");
	guest_outl(PORT_DONE, 0);
}

static GUEST void guest_write_pat(void)
{
	asm volatile("wrmsr" : : "c"(MSR_PAT), "a"(0x70406), "d"(0x70406));
	guest_outl(PORT_DONE, 0);
}

static GUEST void guest_read_nobodys(void)
{
	asm volatile("rdmsr" : : "c"(MSR_NOBODYS) : "eax", "edx");
	guest_outl(PORT_DONE, 0);
}

static GUEST void guest_undefined(void)
{
	asm volatile("ud2");
}

/* Where the guest is when nobody has stopped it at the exception */
static GUEST void guest_fault(void)
{
	guest_outl(PORT_FAULT, 0);
}

FIXTURE(intercept)
{
	struct vm vm;
	struct msg msg;
};

/*
 * What is intercepted; what the guest does; which message says so, and the
 * number in it; where the guest ends when it is not intercepted.
 */
FIXTURE_VARIANT(intercept)
{
	uint32_t type;
	uint32_t access;
	uint64_t parameter;
	void (*guest)(void);
	uint32_t message;
	uint32_t number;
	uint8_t how;
	uint16_t end;
};

FIXTURE_VARIANT_ADD(intercept, cpuid)
{
	.type = INTERCEPT_CPUID,
	.access = EXECUTE,
	.parameter = LEAF,
	.guest = guest_cpuid,
	.message = MSG_CPUID,
	.number = LEAF,
	.how = ACCESS_EXECUTE,
	.end = PORT_DONE,
};

FIXTURE_VARIANT_ADD(intercept, each_cpuid)
{
	.type = INTERCEPT_GLOBAL_CPUID,
	.access = EXECUTE,
	.guest = guest_cpuid,
	.message = MSG_CPUID,
	.number = LEAF,
	.how = ACCESS_EXECUTE,
	.end = PORT_DONE,
};

FIXTURE_VARIANT_ADD(intercept, msr_read)
{
	.type = INTERCEPT_MSR_INDEX,
	.access = READ,
	.parameter = MSR_PAT,
	.guest = guest_read_pat,
	.message = MSG_MSR,
	.number = MSR_PAT,
	.how = ACCESS_READ,
	.end = PORT_DONE,
};

FIXTURE_VARIANT_ADD(intercept, msr_write)
{
	.type = INTERCEPT_MSR_INDEX,
	.access = WRITE,
	.parameter = MSR_PAT,
	.guest = guest_write_pat,
	.message = MSG_MSR,
	.number = MSR_PAT,
	.how = ACCESS_WRITE,
	.end = PORT_DONE,
};

FIXTURE_VARIANT_ADD(intercept, msr_of_nobody)
{
	.type = INTERCEPT_MSR,
	.access = READ | WRITE,
	.guest = guest_read_nobodys,
	.message = MSG_MSR,
	.number = MSR_NOBODYS,
	.how = ACCESS_READ,
	.end = PORT_FAULT,
};

FIXTURE_VARIANT_ADD(intercept, exception)
{
	.type = INTERCEPT_EXCEPTION,
	.access = EXECUTE,
	.parameter = UD_VECTOR,
	.guest = guest_undefined,
	.message = MSG_EXCEPTION,
	.number = UD_VECTOR,
	.how = ACCESS_EXECUTE,
	.end = PORT_FAULT,
};

FIXTURE_SETUP(intercept)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
	vm_set_gate(&self->vm, UD_VECTOR, guest_fault);
	vm_set_gate(&self->vm, GP_VECTOR, guest_fault);
	ASSERT_EQ(0, vm_enter_at(&self->vm, variant->guest));
}

FIXTURE_TEARDOWN(intercept)
{
	vm_destroy(&self->vm);
}

static int install(int fd, uint32_t access, uint32_t type, uint64_t parameter,
		   uint16_t *status)
{
	struct {
		uint64_t partition;
		uint32_t access;
		uint32_t type;
		uint64_t parameter;
	} in = { .access = access, .type = type, .parameter = parameter };

	return vm_hvcall(fd, HVCALL_INSTALL_INTERCEPT, 0, &in, sizeof(in),
			 NULL, 0, status);
}

/* The number that the message is about; an exception has 16 bits for it */
static uint32_t number(const struct msg *msg)
{
	uint32_t value;

	memcpy(&value, msg->payload + sizeof(msg->intercept), sizeof(value));
	return msg->type == MSG_EXCEPTION ? value & 0xffff : value;
}

TEST_F(intercept, stops_the_guest_and_says_where)
{
	ASSERT_EQ(0, install(self->vm.fd, variant->access, variant->type,
			     variant->parameter, NULL));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(variant->message, self->msg.type);
	EXPECT_EQ(variant->number, number(&self->msg));
	EXPECT_EQ(variant->how, self->msg.intercept.access_type);
	EXPECT_EQ(0, self->msg.intercept.vp_index);
}

TEST_F(intercept, can_be_asked_for_through_the_vp)
{
	ASSERT_EQ(0, install(self->vm.vp, variant->access, variant->type,
			     variant->parameter, NULL));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(variant->message, self->msg.type);
}

TEST_F(intercept, is_none_that_was_not_asked_for)
{
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(variant->end, self->msg.io.port);
}

TEST_F(intercept, can_be_taken_back)
{
	ASSERT_EQ(0, install(self->vm.fd, variant->access, variant->type,
			     variant->parameter, NULL));
	ASSERT_EQ(0, install(self->vm.fd, 0, variant->type, variant->parameter,
			     NULL));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(variant->end, self->msg.io.port);
}

TEST_F(intercept, comes_again_if_nothing_was_done_about_it)
{
	uint64_t rip;

	ASSERT_EQ(0, install(self->vm.fd, variant->access, variant->type,
			     variant->parameter, NULL));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	rip = self->msg.intercept.rip;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(variant->message, self->msg.type);
	EXPECT_EQ(rip, self->msg.intercept.rip);
}

TEST_F(intercept, is_refused_with_an_access_that_cannot_be)
{
	uint16_t status = 0;

	EXPECT_ERRNO(EINVAL, install(self->vm.fd, 8, variant->type,
				     variant->parameter, &status));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, status);
}

TEST_HARNESS_MAIN
