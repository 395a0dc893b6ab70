// SPDX-License-Identifier: GPL-2.0
/*
 * Registers of a VP: one by one, in batches, and in the mapped page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/machine.h"

#define PORT		0x500
#define MAX_GET		256
#define MAX_SET		127

FIXTURE(group)
{
	struct vm vm;
};

/* Registers that can be set to a value and read back, one after the other */
FIXTURE_VARIANT(group)
{
	uint32_t first;
	int nr;
	struct reg128 value;
};

FIXTURE_VARIANT_ADD(group, general)
{
	.first = VP_REG_RAX,
	.nr = 16,
	.value = { .low = 0x123456789abcdef0 },
};

FIXTURE_VARIANT_ADD(group, instruction_pointer)
{
	.first = VP_REG_RIP,
	.nr = 1,
	.value = { .low = 0x7fff12345678 },
};

FIXTURE_VARIANT_ADD(group, flags)
{
	.first = VP_REG_RFLAGS,
	.nr = 1,
	.value = { .low = 0x202 },
};

FIXTURE_VARIANT_ADD(group, xmm)
{
	.first = VP_REG_XMM0,
	.nr = 16,
	.value = { .low = 0x1122334455667788, .high = 0x99aabbccddeeff00 },
};

FIXTURE_VARIANT_ADD(group, debug)
{
	.first = VP_REG_DR0,
	.nr = 4,
	.value = { .low = 0x1000 },
};

FIXTURE_VARIANT_ADD(group, segments)
{
	.first = VP_REG_ES,
	.nr = 6,
	.value = { .low = 0x10000, .high = 0xc0930010ffffffff },
};

FIXTURE_VARIANT_ADD(group, tables)
{
	.first = VP_REG_IDTR,
	.nr = 2,
	.value = { .low = 0xfffULL << 48, .high = 0x5000 },
};

FIXTURE_VARIANT_ADD(group, page_table)
{
	.first = VP_REG_CR3,
	.nr = 1,
	.value = { .low = 0x3000 },
};

FIXTURE_VARIANT_ADD(group, second_page_fault_address)
{
	.first = VP_REG_CR2,
	.nr = 1,
	.value = { .low = 0xdead000 },
};

FIXTURE_VARIANT_ADD(group, task_priority)
{
	.first = VP_REG_CR8,
	.nr = 1,
	.value = { .low = 5 },
};

FIXTURE_VARIANT_ADD(group, kernel_gs_base)
{
	.first = VP_REG_KERNEL_GS_BASE,
	.nr = 1,
	.value = { .low = 0xffff888000000000 },
};

FIXTURE_VARIANT_ADD(group, page_attributes)
{
	.first = VP_REG_PAT,
	.nr = 1,
	.value = { .low = 0x0007040600070406 },
};

FIXTURE_VARIANT_ADD(group, sysenter)
{
	.first = VP_REG_SYSENTER_CS,
	.nr = 3,
	.value = { .low = 0x10 },
};

FIXTURE_VARIANT_ADD(group, syscall_targets)
{
	.first = VP_REG_STAR,
	.nr = 4,
	.value = { .low = 0x10 },
};

FIXTURE_SETUP(group)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
}

FIXTURE_TEARDOWN(group)
{
	vm_destroy(&self->vm);
}

struct get_registers {
	uint64_t partition;
	uint32_t index;
	uint32_t vtl;
	uint32_t names[MAX_GET + 1];
};

static int get_many(int fd, const uint32_t *names, int nr, struct reg128 *out,
		    uint16_t *done)
{
	struct get_registers in = { };
	struct mshv_root_hvcall args = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = nr,
		.in_sz = 16 + 4 * nr,
		.out_sz = 16 * nr,
		.in_ptr = (uintptr_t)&in,
		.out_ptr = (uintptr_t)out,
	};
	int ret;

	memcpy(in.names, names, 4 * nr);
	ret = ioctl(fd, MSHV_ROOT_HVCALL, &args);
	*done = args.reps;
	return ret;
}

static void expect_group(struct __test_metadata *_metadata, int get_fd,
			 int set_fd, const FIXTURE_VARIANT(group) *variant)
{
	struct reg_assoc regs[16] = { };
	struct reg128 out[16];
	uint32_t names[16];
	uint16_t done;
	int i;

	for (i = 0; i < variant->nr; i++) {
		names[i] = variant->first + i;
		regs[i].name = names[i];
		regs[i].value = variant->value;
	}
	ASSERT_EQ(0, vp_set_regs(set_fd, 0, regs, variant->nr));
	ASSERT_EQ(0, get_many(get_fd, names, variant->nr, out, &done));
	EXPECT_EQ(variant->nr, done);
	for (i = 0; i < variant->nr; i++) {
		EXPECT_EQ(variant->value.low, out[i].low) {
			TH_LOG("register %#x", names[i]);
		}
		EXPECT_EQ(variant->value.high, out[i].high);
	}
}

TEST_F(group, can_be_set_and_read_through_the_vp)
{
	expect_group(_metadata, self->vm.vp, self->vm.vp, variant);
}

TEST_F(group, can_be_set_and_read_through_the_partition)
{
	expect_group(_metadata, self->vm.fd, self->vm.fd, variant);
}

static void fill_names(uint32_t *names, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		names[i] = VP_REG_RAX + i % 16;
}

TEST_F(vm, as_many_can_be_read_as_fit_into_a_page)
{
	static struct reg128 out[MAX_GET];
	uint32_t names[MAX_GET];
	uint16_t done;
	int i;

	fill_names(names, MAX_GET);
	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RBX, 77));
	ASSERT_EQ(0, get_many(self->vm.vp, names, MAX_GET, out, &done));
	EXPECT_EQ(MAX_GET, done);
	for (i = 3; i < MAX_GET; i += 16)
		EXPECT_EQ(77, out[i].low);
}

TEST_F(vm, one_more_than_fits_into_a_page_is_refused)
{
	static struct reg128 out[MAX_GET + 1];
	uint32_t names[MAX_GET + 1];
	uint16_t done;

	fill_names(names, MAX_GET + 1);
	EXPECT_ERRNO(EINVAL, get_many(self->vm.vp, names, MAX_GET + 1, out,
				      &done));
	EXPECT_EQ(MAX_GET + 1, done);
}

static int set_many(int fd, const struct reg_assoc *regs, int nr,
		    struct mshv_root_hvcall *args)
{
	static struct {
		uint64_t partition;
		uint32_t index;
		uint32_t vtl;
		struct reg_assoc regs[MAX_SET + 1];
	} in;

	memcpy(in.regs, regs, nr * sizeof(*regs));
	*args = (struct mshv_root_hvcall) {
		.code = HVCALL_SET_VP_REGISTERS,
		.reps = nr,
		.in_sz = 16 + nr * sizeof(*regs),
		.in_ptr = (uintptr_t)&in,
	};
	return ioctl(fd, MSHV_ROOT_HVCALL, args);
}

TEST_F(vm, as_many_can_be_set_as_fit_into_a_page)
{
	struct reg_assoc regs[MAX_SET] = { };
	struct mshv_root_hvcall args;
	uint64_t value;
	int i;

	for (i = 0; i < MAX_SET; i++) {
		regs[i].name = VP_REG_RBX;
		regs[i].value.low = i;
	}
	ASSERT_EQ(0, set_many(self->vm.vp, regs, MAX_SET, &args));
	EXPECT_EQ(MAX_SET, args.reps);
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RBX, &value));
	EXPECT_EQ(MAX_SET - 1, value);
}

TEST_F(vm, failure_says_how_many_were_set)
{
	struct mshv_root_hvcall args;
	struct reg_assoc regs[] = {
		{ .name = VP_REG_RBX, .value.low = 1 },
		{ .name = VP_REG_RCX, .value.low = 2 },
		{ .name = VP_REG_CR8, .value.low = 16 },
		{ .name = VP_REG_RDX, .value.low = 3 },
	};
	uint64_t value;

	EXPECT_ERRNO(EINVAL, set_many(self->vm.vp, regs, 4, &args));
	EXPECT_EQ(HV_STATUS_INVALID_REGISTER_VALUE, args.status);
	EXPECT_EQ(2, args.reps);
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RCX, &value));
	EXPECT_EQ(2, value);
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RDX, &value));
	EXPECT_NE(3, value);
}

TEST_F(vm, failure_says_how_many_were_read)
{
	uint32_t names[] = { VP_REG_RAX, VP_REG_RBX, 0x0fffffff, VP_REG_RCX };
	struct reg128 out[4];
	uint16_t done;

	EXPECT_ERRNO(EINVAL, get_many(self->vm.vp, names, 4, out, &done));
	EXPECT_EQ(2, done);
}

TEST_F(vm, failure_stores_no_output)
{
	uint32_t names[] = { VP_REG_RAX, 0x0fffffff };
	struct reg128 out[2];
	uint16_t done;

	memset(out, 0xa5, sizeof(out));
	EXPECT_ERRNO(EINVAL, get_many(self->vm.vp, names, 2, out, &done));
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5, out[0].low);
}

TEST_F(vm, register_that_does_not_exist_is_einval)
{
	struct mshv_root_hvcall args;
	struct reg_assoc reg = { .name = 0x0fffffff };

	EXPECT_ERRNO(EINVAL, set_many(self->vm.vp, &reg, 1, &args));
	EXPECT_NE(0, args.status);
	EXPECT_EQ(0, args.reps);
}

static void expect_refused(struct __test_metadata *_metadata, int fd,
			   uint32_t name, int position)
{
	struct reg_assoc regs[3] = {
		{ .name = VP_REG_RAX }, { .name = VP_REG_RBX },
		{ .name = VP_REG_RCX },
	};
	struct mshv_root_hvcall args;

	regs[position].name = name;
	EXPECT_ERRNO(EINVAL, set_many(fd, regs, 3, &args));
	EXPECT_EQ(0, args.status);
	EXPECT_EQ(3, args.reps);
}

TEST_F(vm, suspending_is_refused_wherever_it_is_in_the_list)
{
	static const uint32_t names[] = {
		VP_REG_EXPLICIT_SUSPEND, VP_REG_INTERCEPT_SUSPEND,
		VP_REG_DISPATCH_SUSPEND,
	};
	int i, n;

	for (i = 0; i < 3; i++)
		for (n = 0; n < 3; n++) {
			expect_refused(_metadata, self->vm.vp, names[i], n);
			expect_refused(_metadata, self->vm.fd, names[i], n);
		}
}

/*
 * The register page
 */

static GUEST void guest_out(void)
{
	guest_outl(PORT, 1);
	guest_outl(PORT, 2);
	for (;;)
		asm volatile("hlt");
}

static void stop_at_port(struct __test_metadata *_metadata,
			 FIXTURE_DATA(vm) *self, void (*guest)(void))
{
	ASSERT_EQ(0, vm_enter_at(&self->vm, guest));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	ASSERT_EQ(MSG_IO_PORT, self->msg.type);
	ASSERT_EQ(1, self->vm.regs->isvalid);
}

TEST_F(vm, page_shows_what_the_hypercall_shows)
{
	uint64_t value;
	int i;

	stop_at_port(_metadata, self, guest_out);
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RAX + i,
					&value));
		EXPECT_EQ(value, self->vm.regs->gp[i]);
	}
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RIP, &value));
	EXPECT_EQ(value, self->vm.regs->rip);
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RFLAGS, &value));
	EXPECT_EQ(value, self->vm.regs->rflags);
}

TEST_F(vm, page_is_not_looked_at_where_it_is_not_dirty)
{
	stop_at_port(_metadata, self, guest_out);
	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(1, self->msg.io.rax);
}

TEST_F(vm, page_moves_the_instruction_pointer)
{
	stop_at_port(_metadata, self, guest_out);
	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	self->vm.regs->dirty = REGISTER_PAGE_RIP_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(2, self->msg.io.rax);
	EXPECT_EQ(0, self->vm.regs->dirty);
}

TEST_F(vm, page_changes_general_registers)
{
	stop_at_port(_metadata, self, guest_out);
	self->vm.regs->gp[0] = 0x77;
	self->vm.regs->dirty = REGISTER_PAGE_GP_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(0x77, self->msg.io.rax);
}

TEST_F(vm, page_and_hypercall_see_each_others_changes)
{
	uint64_t value;

	stop_at_port(_metadata, self, guest_out);
	self->vm.regs->gp[3] = 0x55;
	self->vm.regs->dirty = REGISTER_PAGE_GP_DIRTY;
	ASSERT_EQ(0, vp_get_reg(self->vm.vp, 0, VP_REG_RBX, &value));
	EXPECT_EQ(0x55, value);
	ASSERT_EQ(0, vp_set_reg(self->vm.vp, 0, VP_REG_RBX, 0x66));
	EXPECT_EQ(0x66, self->vm.regs->gp[3]);
	EXPECT_EQ(1, self->vm.regs->isvalid);
}

static GUEST void guest_flags(void)
{
	uint64_t flags;

	guest_outl(PORT, 1);
	asm volatile("pushf; pop %0" : "=r"(flags));
	guest_outl(PORT, flags);
	for (;;)
		asm volatile("hlt");
}

TEST_F(vm, page_changes_flags)
{
	stop_at_port(_metadata, self, guest_flags);
	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	self->vm.regs->rflags |= 1 << 18;
	self->vm.regs->dirty = REGISTER_PAGE_RIP_DIRTY |
			       REGISTER_PAGE_FLAGS_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(1 << 18, self->msg.io.rax & 1 << 18);
}

static GUEST void guest_ds_base(void)
{
	uint32_t value;

	guest_outl(PORT, 1);
	asm volatile("movl %%fs:0, %0" : "=r"(value));
	guest_outl(PORT, value);
	for (;;)
		asm volatile("hlt");
}

TEST_F(vm, page_changes_segments)
{
	stop_at_port(_metadata, self, guest_ds_base);
	*(uint32_t *)(self->vm.mem + VM_DATA) = 0xf5f5;
	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	self->vm.regs->segments[4].base = VM_DATA;
	self->vm.regs->dirty = REGISTER_PAGE_RIP_DIRTY |
			       REGISTER_PAGE_SEGMENTS_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(0xf5f5, self->msg.io.rax & 0xffffffff);
}

static GUEST void guest_xmm(void)
{
	uint64_t cr4, value;

	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 | 0x600));
	guest_outl(PORT, 1);
	asm volatile("movq %%xmm3, %0" : "=r"(value));
	guest_outl(PORT, value);
	for (;;)
		asm volatile("hlt");
}

TEST_F(vm, page_changes_xmm_registers)
{
	stop_at_port(_metadata, self, guest_xmm);
	self->vm.regs->rip += self->msg.intercept.length_cr8 & 0xf;
	self->vm.regs->xmm[3].low = 0xa3a3a3;
	self->vm.regs->dirty = REGISTER_PAGE_RIP_DIRTY |
			       REGISTER_PAGE_XMM_DIRTY;
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(0xa3a3a3, self->msg.io.rax & 0xffffffff);
}

TEST_F(vm, page_full_of_noise_does_no_harm)
{
	uint8_t *page = (uint8_t *)self->vm.regs;
	int i;

	stop_at_port(_metadata, self, guest_out);
	for (i = 0; i < PAGE; i++)
		page[i] = i * 37 + 11;
	self->vm.regs->dirty = 0;
	/* The count of interrupt vectors is more than there are */
	page[688] = 0xff;
	EXPECT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
}

TEST_F(vm, message_page_full_of_noise_does_no_harm)
{
	stop_at_port(_metadata, self, guest_out);
	memset(self->vm.msg_page, 0xee, sizeof(*self->vm.msg_page));
	ASSERT_EQ(0, vm_run(&self->vm, &self->msg));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(1, self->msg.io.rax);
}

TEST_HARNESS_MAIN
