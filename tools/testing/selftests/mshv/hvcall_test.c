// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls that user space makes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/machine.h"

/* GetVpRegisters of RAX */
struct get_input {
	uint64_t partition;
	uint32_t index;
	uint32_t vtl;
	uint32_t names[4];
};

static struct get_input get_input = { .names = { VP_REG_RAX, VP_REG_RBX, VP_REG_RIP } };

static struct mshv_root_hvcall get_registers(void *out, size_t out_sz)
{
	return (struct mshv_root_hvcall) {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = 1,
		.in_sz = 20,
		.out_sz = out_sz,
		.in_ptr = (uintptr_t)&get_input,
		.out_ptr = (uintptr_t)out,
	};
}

TEST_F(vm, gets_registers)
{
	struct reg128 out[3] = { };
	struct mshv_root_hvcall args = get_registers(out, sizeof(out));

	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RBX, 0x1234567890ULL));
	args.reps = 3;
	args.in_sz = 28;
	EXPECT_EQ(0, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	EXPECT_EQ(3, args.reps);
	EXPECT_EQ(0, args.status);
	EXPECT_EQ(0x1234567890ULL, out[1].low);
}

TEST_F(vm, gets_registers_through_the_partition)
{
	uint64_t value;

	ASSERT_EQ(0, vp_set_reg(self->vm.fd, 0, VP_REG_RBX, 5));
	ASSERT_EQ(0, vp_get_reg(self->vm.fd, 0, VP_REG_RBX, &value));
	EXPECT_EQ(5, value);
}

TEST_F(vm, output_that_is_not_wanted_is_dropped)
{
	struct mshv_root_hvcall args = get_registers(NULL, 16);

	EXPECT_EQ(0, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	EXPECT_EQ(1, args.reps);
}

TEST_F(vm, output_is_only_what_the_hypervisor_wrote)
{
	unsigned char out[4096];
	struct mshv_root_hvcall args = get_registers(out, sizeof(out));
	int i;

	memset(out, 0xa5, sizeof(out));
	EXPECT_EQ(0, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	for (i = 16; i < sizeof(out); i++)
		if (out[i])
			break;
	EXPECT_EQ(sizeof(out), i);
}

TEST_F(vm, rejects_dirty_status)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.status = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_dirty_reserved_bytes)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.rsvd[5] = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_missing_or_odd_sized_input)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.in_ptr = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	args = get_registers(&out, sizeof(out));
	args.in_sz = 7;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	args.in_sz = 4097;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_odd_sized_output)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, 0);

	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	args.out_sz = 4097;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_list_that_is_longer_than_the_input)
{
	struct reg128 out[2];
	struct mshv_root_hvcall args = get_registers(out, sizeof(out));

	args.reps = 2;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	EXPECT_EQ(0, args.status);
}

TEST_F(vm, rejects_list_whose_output_does_not_fit)
{
	static struct {
		struct get_input header;
		uint32_t names[1020 - 4];
	} in;
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.in_ptr = (uintptr_t)&in;
	args.in_sz = 16 + 4 * 257;
	args.reps = 257;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_more_repetitions_than_can_be_expressed)
{
	struct {
		uint64_t partition, flags, gfn;
	} in = { };

	EXPECT_ERRNO(EINVAL, vm_hvcall(self->vm.fd, 0xc9, 4096, &in, sizeof(in),
				       NULL, 0, NULL));
}

TEST_F(vm, unreadable_input_is_efault)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.in_ptr = 8;
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, unwritable_output_is_efault)
{
	struct mshv_root_hvcall args = get_registers((void *)8, 16);

	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
}

TEST_F(vm, rejects_codes_that_are_not_on_the_list)
{
	static const uint16_t codes[] = {
		0, HVCALL_CREATE_PARTITION, HVCALL_DEPOSIT_MEMORY, 0x4b, 0x4e,
		0x53, HVCALL_POST_MESSAGE, 0x7c, 0xc2, 0xe1, 0xffff,
	};
	uint64_t in[8] = { };
	uint16_t status;
	int i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		EXPECT_ERRNO(EINVAL, vm_hvcall(self->vm.dev, codes[i], 0, in,
					       sizeof(in), NULL, 0, &status));
		EXPECT_EQ(0, status);
		EXPECT_ERRNO(EINVAL, vm_hvcall(self->vm.fd, codes[i], 0, in,
					       sizeof(in), NULL, 0, &status));
		EXPECT_EQ(0, status);
		EXPECT_ERRNO(EINVAL, vm_hvcall(self->vm.vp, codes[i], 0, in,
					       sizeof(in), NULL, 0, &status));
		EXPECT_EQ(0, status);
	}
}

TEST_F(vm, device_only_reads_properties)
{
	uint64_t value;
	uint16_t status;

	EXPECT_EQ(0, vm_get_property(self->vm.dev, PROPERTY_PROCESSOR_FEATURES0,
				     &value, &status));
	EXPECT_EQ(0, status);
	EXPECT_ERRNO(EINVAL, vm_set_property(self->vm.dev,
					     PROPERTY_UNIMPLEMENTED_MSR_ACTION,
					     1, &status));
	EXPECT_ERRNO(EINVAL, vp_get_reg(self->vm.dev, 0, VP_REG_RAX, &value));
}

TEST_F(vm, device_reads_long_properties)
{
	struct {
		uint64_t partition;
		uint32_t code;
		uint32_t pad;
		uint64_t arg;
	} in = { .code = PROPERTY_VMM_CAPABILITIES };
	static unsigned char out[4072];
	uint16_t status;
	int ret;

	ret = vm_hvcall(self->vm.dev, HVCALL_GET_PARTITION_PROPERTY_EX, 0,
			&in, sizeof(in), out, sizeof(out), &status);
	/* Not every hypervisor knows the property, but all are asked */
	EXPECT_TRUE(!ret || status);
}

TEST_F(vm, property_is_not_set_through_a_vp)
{
	EXPECT_ERRNO(EINVAL, vm_set_property(self->vm.vp,
					     PROPERTY_UNIMPLEMENTED_MSR_ACTION,
					     1, NULL));
}

TEST_F(vm, reports_the_status_of_a_failure)
{
	uint64_t value;
	uint16_t status;

	EXPECT_EQ(-1, vm_get_property(self->vm.fd, 0x0fffffff, &value, &status));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, status);
}

TEST_F(vm, reports_a_vp_that_does_not_exist)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));
	struct get_input in = { .index = 77, .names = { VP_REG_RAX } };

	args.in_ptr = (uintptr_t)&in;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.fd, MSHV_ROOT_HVCALL, &args));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, args.status);
	EXPECT_EQ(0, args.reps);
}

TEST_F(vm, list_call_without_repetitions_is_left_to_the_hypervisor)
{
	struct reg128 out;
	struct mshv_root_hvcall args = get_registers(&out, sizeof(out));

	args.reps = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->vm.vp, MSHV_ROOT_HVCALL, &args));
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT, args.status);
}

TEST_F(vm, vp_cannot_be_started_or_stopped_by_its_registers)
{
	EXPECT_ERRNO(EINVAL, vp_set_reg(self->vm.vp, 0, VP_REG_EXPLICIT_SUSPEND, 0));
	EXPECT_ERRNO(EINVAL, vp_set_reg(self->vm.fd, 0, VP_REG_INTERCEPT_SUSPEND, 0));
	EXPECT_ERRNO(EINVAL, vp_set_reg(self->vm.fd, 0, 3, 0));
}

static GUEST void guest_count(void)
{
	volatile uint32_t *count = (volatile uint32_t *)VM_DATA;

	for (;;)
		(*count)++;
}

TEST_F(vm, vps_cannot_be_started_or_stopped_by_a_property)
{
	uint16_t status;
	uint64_t value;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_count));
	for (value = 0; value < 2; value++) {
		EXPECT_ERRNO(EINVAL, vm_set_property(self->vm.fd,
						     PROPERTY_SUSPEND, value,
						     &status));
		EXPECT_EQ(0, status);
	}
	/* Where it could be set, the guest would run now */
	usleep(20000);
	EXPECT_EQ(0, *(volatile uint32_t *)(self->vm.mem + VM_DATA));
}

TEST_F(vm, partition_id_in_the_input_does_not_matter)
{
	struct {
		uint64_t partition;
		uint32_t code;
		uint32_t pad;
	} in = { .code = PROPERTY_PROCESSOR_FEATURES0 };
	uint64_t value;

	in.partition = 1;
	EXPECT_EQ(0, vm_hvcall(self->vm.fd, HVCALL_GET_PARTITION_PROPERTY, 0,
			       &in, sizeof(in), &value, sizeof(value), NULL));
	in.partition = ~0ULL;
	EXPECT_EQ(0, vm_hvcall(self->vm.fd, HVCALL_GET_PARTITION_PROPERTY, 0,
			       &in, sizeof(in), &value, sizeof(value), NULL));
}

TEST_F(vm, registers_a_cpuid_result_of_either_length)
{
	struct {
		uint64_t partition;
		uint32_t index;
		uint32_t type;
		uint32_t eax, ecx;
		uint32_t subleaf_and_override;
		uint32_t values[8];
		uint32_t pad;
	} in = {
		.type = 2,
		.eax = 0x40000100,
		.values = { 0x12345678, ~0U, 0, ~0U, 0, ~0U, 0, ~0U },
	};

	EXPECT_EQ(0, vm_hvcall(self->vm.vp, HVCALL_REGISTER_INTERCEPT_RESULT, 0,
			       &in, 60, NULL, 0, NULL));
	EXPECT_EQ(0, vm_hvcall(self->vm.vp, HVCALL_REGISTER_INTERCEPT_RESULT, 0,
			       &in, 64, NULL, 0, NULL));
}

TEST_F(vm, gets_cpuid_values)
{
	struct {
		uint64_t partition;
		uint32_t index;
		uint32_t flags;
		uint64_t rsvd;
		uint32_t eax, ecx;
		uint64_t xfem, xss;
	} in = { .flags = 3 };
	uint32_t out[4] = { };

	EXPECT_EQ(0, vm_hvcall(self->vm.vp, HVCALL_GET_VP_CPUID_VALUES, 1,
			       &in, sizeof(in), out, sizeof(out), NULL));
	EXPECT_LE(1, out[0]);
}

TEST_F(vm, translates_an_address)
{
	struct {
		uint64_t partition;
		uint32_t index;
		uint32_t pad;
		uint64_t flags;
		uint64_t gva_page;
	} in = { .flags = 1, .gva_page = 5 };
	struct {
		uint32_t result;
		uint32_t cache;
		uint64_t gpa_page;
	} out = { };

	EXPECT_EQ(0, vm_hvcall(self->vm.vp, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 0,
			       &in, sizeof(in), &out, sizeof(out), NULL));
	EXPECT_EQ(0, out.result);
	EXPECT_EQ(5, out.gpa_page);
}

TEST_F(vm, translates_an_address_by_its_own_ioctl)
{
	struct mshv_translate_gva_result result = { .result_code = 99 };
	uint64_t gpa = 0;
	struct mshv_translate_gva args = {
		.gva = 0x5123,
		.flags = 1,
		.result_ptr = (uintptr_t)&result,
		.gpa_ptr = (uintptr_t)&gpa,
	};

	EXPECT_EQ(0, ioctl(self->vm.vp, MSHV_VP_TRANSLATE_GVA, &args));
	EXPECT_EQ(0, result.result_code);
	EXPECT_EQ(0x5123, gpa);
	args.gpa_ptr = 8;
	EXPECT_ERRNO(EFAULT, ioctl(self->vm.vp, MSHV_VP_TRANSLATE_GVA, &args));
}

static int translate(int vp, uint64_t gva, uint64_t flags, uint64_t *gpa,
		     struct mshv_translate_gva_result *result)
{
	struct mshv_translate_gva args = {
		.gva = gva,
		.flags = flags,
		.result_ptr = (uintptr_t)result,
		.gpa_ptr = (uintptr_t)gpa,
	};

	return ioctl(vp, MSHV_VP_TRANSLATE_GVA, &args);
}

static GUEST void guest_out(void)
{
	guest_outl(0x500, 0);
}

TEST_F(vm, translates_by_the_page_tables_of_the_guest)
{
	struct mshv_translate_gva_result result = { };
	uint64_t *table = (uint64_t *)(self->vm.mem + VM_PAGE_TABLES);
	uint64_t gpa = 0;
	struct msg msg;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &msg));
	EXPECT_EQ(0, translate(self->vm.vp, VM_DATA + 5, 1, &gpa, &result));
	EXPECT_EQ(0, result.result_code);
	EXPECT_EQ(VM_DATA + 5, gpa);
	/* The second 2 MiB are now where the third are */
	table[1024 + 1] = table[1024 + 2];
	EXPECT_EQ(0, translate(self->vm.vp, (2UL << 20) + 5, 1, &gpa, &result));
	EXPECT_EQ((4UL << 20) + 5, gpa);
}

TEST_F(vm, address_that_is_not_mapped_has_a_result_that_says_so)
{
	struct mshv_translate_gva_result result = { };
	uint64_t gpa = 0;
	struct msg msg;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out));
	ASSERT_EQ(0, vm_run(&self->vm, &msg));
	EXPECT_EQ(0, translate(self->vm.vp, VM_HOLE_END + 5, 1, &gpa, &result));
	EXPECT_NE(0, result.result_code);
}

TEST_F(vm, translation_needs_somewhere_to_go)
{
	struct mshv_translate_gva_result result;
	uint64_t gpa;

	EXPECT_ERRNO(EFAULT, translate(self->vm.vp, 0, 1, (void *)8, &result));
	EXPECT_ERRNO(EFAULT, translate(self->vm.vp, 0, 1, &gpa, (void *)8));
}

TEST_HARNESS_MAIN
