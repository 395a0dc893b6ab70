// SPDX-License-Identifier: GPL-2.0
/*
 * All that is said to /dev/mshv. The ioctls are those of <linux/mshv.h>; one of
 * them, MSHV_ROOT_HVCALL, passes hypercalls on to the hypervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/mshv.h>

#include "vmm.h"

#define MSHV_DEVICE		"/dev/mshv"
#define MSHV_REGISTERS_MAX	16	/* at most so many at a time */

struct hvcall {
	__u16 code;
	__u16 reps;
	const void *in;
	size_t in_size;
	void *out;
	size_t out_size;
};

/*
 * Issue a hypercall. The kernel puts the partition's ID into the first eight
 * bytes of the input. A refusal by the kernel is the end; a refusal by the
 * hypervisor is returned.
 */
static __u16 hvcall(int fd, const struct hvcall *call)
{
	struct mshv_root_hvcall args = {
		.code = call->code,
		.reps = call->reps,
		.in_sz = call->in_size,
		.out_sz = call->out_size,
		.in_ptr = (__u64)call->in,
		.out_ptr = (__u64)call->out,
	};

	if (!ioctl(fd, MSHV_ROOT_HVCALL, &args))
		return 0;
	if (!args.status)
		die_errno("hypercall 0x%x", call->code);
	return args.status;
}

/* The same, for a hypercall that has no reason to fail */
static void hvcall_or_die(int fd, const struct hvcall *call, const char *what)
{
	__u16 status = hvcall(fd, call);

	if (status)
		die("%s: the hypervisor says status 0x%x", what, status);
}

int mshv_open(void)
{
	int fd = open(MSHV_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die_errno("open " MSHV_DEVICE);
	return fd;
}

/* Which synthetic features the hypervisor can give to a partition */
__u64 mshv_assignable_features(int device)
{
	struct hv_property_input in = { .code = HV_PROPERTY_ASSIGNABLE_FEATURES };
	struct hv_features features = { 0 };
	struct hvcall call = {
		.code = HVCALL_GET_PROPERTY_EX,
		.in = &in,
		.in_size = sizeof(in),
		.out = &features,
		.out_size = sizeof(features),
	};

	hvcall_or_die(device, &call, "query the features of partitions");
	return features.nr_banks ? features.bank[0] : 0;
}

int mshv_partition_create(int device)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC |
			    1 << MSHV_PT_BIT_X2APIC |
			    1 << MSHV_PT_BIT_GPA_SUPER_PAGES |
			    1 << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};
	int fd;

	do {
		fd = ioctl(device, MSHV_CREATE_PARTITION, &args);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		die_errno("create a partition");
	return fd;
}

void mshv_partition_initialize(int partition)
{
	if (ioctl(partition, MSHV_INITIALIZE_PARTITION))
		die_errno("initialize the partition");
}

/* Return: false if the hypervisor does not like it */
bool mshv_property_set(int partition, __u32 code, __u64 value)
{
	struct hv_property_input in = { .code = code, .value = value };
	struct hvcall call = {
		.code = HVCALL_SET_PARTITION_PROPERTY,
		.in = &in,
		.in_size = sizeof(in),
	};

	return !hvcall(partition, &call);
}

void mshv_memory_map(int partition, const struct memory_region *region)
{
	struct mshv_user_mem_region args = {
		.size = region->size,
		.guest_pfn = region->gpa / HV_PAGE_SIZE,
		.userspace_addr = (__u64)region->host,
		.flags = 1 << MSHV_SET_MEM_BIT_WRITABLE |
			 1 << MSHV_SET_MEM_BIT_EXECUTABLE,
	};

	if (ioctl(partition, MSHV_SET_GUEST_MEMORY, &args))
		die_errno("give the guest %llu MiB at 0x%llx",
			  region->size / MIB, region->gpa);
}

/* Return: false if the hypervisor does not like it */
bool mshv_interrupt_assert(int partition, struct hv_interrupt *interrupt)
{
	struct hvcall call = {
		.code = HVCALL_ASSERT_INTERRUPT,
		.in = interrupt,
		.in_size = sizeof(*interrupt),
	};

	return !hvcall(partition, &call);
}

int mshv_vp_create(int partition, __u32 index)
{
	struct mshv_create_vp args = { .vp_index = index };
	int fd = ioctl(partition, MSHV_CREATE_VP, &args);

	if (fd < 0)
		die_errno("create VP %u", index);
	return fd;
}

/* Return: NULL if this hypervisor shows no such page */
struct hv_register_page *mshv_vp_register_page(int vp)
{
	void *page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED, vp,
			  MSHV_VP_MMAP_OFFSET_REGISTERS * sysconf(_SC_PAGESIZE));

	if (page != MAP_FAILED)
		return page;
	if (errno != ENODEV)
		die_errno("map a register page");
	return NULL;
}

/**
 * mshv_vp_run() - Let a VP run until it needs the VMM
 * @vp: its file
 * @message: set to what it needs
 *
 * Return: false if a signal came first
 */
bool mshv_vp_run(int vp, struct hv_message *message)
{
	if (!ioctl(vp, MSHV_RUN_VP, message))
		return true;
	if (errno != EINTR && errno != EAGAIN)
		die_errno("run a VP");
	return false;
}

void mshv_vp_set_registers(const struct vp *vp, const struct hv_register *regs,
			   unsigned int nr)
{
	struct {
		struct hv_vp_input vp;
		struct hv_register regs[MSHV_REGISTERS_MAX];
	} in = { .vp.vp_index = vp->index };
	struct hvcall call = {
		.code = HVCALL_SET_VP_REGISTERS,
		.reps = nr,
		.in = &in,
		.in_size = sizeof(in.vp) + nr * sizeof(*regs),
	};

	if (nr > MSHV_REGISTERS_MAX)
		die("%u registers at a time", nr);
	memcpy(in.regs, regs, nr * sizeof(*regs));
	hvcall_or_die(vp->fd, &call, "set registers");
}

__u64 mshv_vp_get_register(const struct vp *vp, __u32 name)
{
	struct {
		struct hv_vp_input vp;
		__u32 name;
	} in = { .vp.vp_index = vp->index, .name = name };
	union hv_value value = { 0 };
	struct hvcall call = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = 1,
		.in = &in,
		.in_size = sizeof(in.vp) + sizeof(in.name),
		.out = &value,
		.out_size = sizeof(value),
	};

	hvcall_or_die(vp->fd, &call, "get a register");
	return value.low;
}

/**
 * mshv_vp_translate() - Find the guest physical address of code
 * @vp: whose page tables to use
 * @gva: guest virtual address
 * @gpa: the answer
 *
 * Return: false if nothing is mapped there
 */
bool mshv_vp_translate(const struct vp *vp, __u64 gva, __u64 *gpa)
{
	struct hv_translate_input in = {
		.vp.vp_index = vp->index,
		.flags = HV_TRANSLATE_VALIDATE_EXECUTE |
			 HV_TRANSLATE_PRIVILEGE_EXEMPT,
		.gva_page = gva / HV_PAGE_SIZE,
	};
	struct hv_translate_output out = { 0 };
	struct hvcall call = {
		.code = HVCALL_TRANSLATE_GVA,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};

	hvcall_or_die(vp->fd, &call, "translate an address");
	*gpa = out.gpa_page * HV_PAGE_SIZE + gva % HV_PAGE_SIZE;
	return !out.result;
}

void mshv_vp_set_cpuid(const struct vp *vp, const struct hv_cpuid_result *res)
{
	struct hv_register_result_input in = {
		.vp_index = vp->index,
		.type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = *res,
	};
	struct hvcall call = {
		.code = HVCALL_REGISTER_RESULT,
		.in = &in,
		.in_size = offsetof(struct hv_register_result_input, cpuid) +
			   sizeof(*res),
	};

	in.cpuid.always_override = 1;
	hvcall_or_die(vp->fd, &call, "set a CPUID leaf");
}

static void mshv_vp_lapic(int vp, unsigned long request, void *page)
{
	struct mshv_get_set_vp_state args = {
		.type = MSHV_VP_STATE_LAPIC,
		.buf_sz = HV_PAGE_SIZE,
		.buf_ptr = (__u64)page,
	};

	if (ioctl(vp, request, &args))
		die_errno("%s the local APIC",
			  request == MSHV_GET_VP_STATE ? "get" : "set");
}

void mshv_vp_get_lapic(int vp, void *page)
{
	mshv_vp_lapic(vp, MSHV_GET_VP_STATE, page);
}

void mshv_vp_set_lapic(int vp, void *page)
{
	mshv_vp_lapic(vp, MSHV_SET_VP_STATE, page);
}
