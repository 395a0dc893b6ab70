// SPDX-License-Identifier: GPL-2.0
/*
 * All that is said to /dev/mshv. The ioctls are those of <linux/mshv.h>; one of
 * them, MSHV_ROOT_HVCALL, passes hypercalls on to the hypervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/mshv.h>

#include "vmm.h"

#define MSHV_DEVICE		"/dev/mshv"
#define MSHV_REGISTERS_MAX	16	/* at most so many at a time */

/*
 * Issue a hypercall. The kernel puts the partition's ID into the first eight
 * bytes of the input.
 *
 * Return: the hypervisor's status; a refusal by the kernel is the end
 */
static __u16 hvcall(int fd, __u16 code, __u16 reps, const void *in,
		    size_t in_size, void *out, size_t out_size)
{
	struct mshv_root_hvcall args = {
		.code = code,
		.reps = reps,
		.in_sz = in_size,
		.out_sz = out_size,
		.in_ptr = (__u64)in,
		.out_ptr = (__u64)out,
	};

	if (!ioctl(fd, MSHV_ROOT_HVCALL, &args))
		return 0;
	if (!args.status)
		die_errno("hypercall 0x%x", code);
	return args.status;
}

/* What has no reason to fail ends the program if it does */
static void must(__u16 status, const char *what)
{
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

/* Local APICs by the hypervisor, and all features it has for processors */
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

void mshv_property_set(int partition, __u32 code, __u64 value)
{
	struct hv_property_input in = { .code = code, .value = value };

	must(hvcall(partition, HVCALL_SET_PARTITION_PROPERTY, 0, &in,
		    sizeof(in), NULL, 0), "set a property");
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

/*
 * Vector and destination are the guest's choice: if the hypervisor finds them
 * senseless, the interrupt is lost, as it is on a machine.
 */
void mshv_interrupt_assert(int partition, const struct hv_interrupt *interrupt)
{
	hvcall(partition, HVCALL_ASSERT_INTERRUPT, 0, interrupt,
	       sizeof(*interrupt), NULL, 0);
}

/* Signals of @fd become the interrupt that @gsi is routed to */
void mshv_irqfd(int partition, __u32 gsi, int fd)
{
	struct mshv_user_irqfd args = { .fd = fd, .gsi = gsi };

	if (ioctl(partition, MSHV_IRQFD, &args))
		die_errno("connect an eventfd to GSI %u", gsi);
}

/* Each table replaces the one before */
void mshv_msi_routes(int partition, const struct msi_route *routes,
		     unsigned int nr)
{
	struct mshv_user_irq_table *table;
	unsigned int i;

	table = calloc(1, sizeof(*table) + nr * sizeof(table->entries[0]));
	if (!table)
		die_errno("allocate a routing table");
	table->nr = nr;
	for (i = 0; i < nr; i++)
		table->entries[i] = (struct mshv_user_irq_entry){
			.gsi = routes[i].gsi,
			.address_lo = routes[i].address,
			.data = routes[i].data,
		};
	if (ioctl(partition, MSHV_SET_MSI_ROUTING, table))
		die_errno("route interrupts");
	free(table);
}

/* A write of this value to this address is a signal of @fd, and no intercept */
void mshv_doorbell(int partition, __u64 gpa, __u32 size, __u64 value, int fd)
{
	struct mshv_user_ioeventfd args = {
		.datamatch = value,
		.addr = gpa,
		.len = size,
		.fd = fd,
		.flags = 1 << MSHV_IOEVENTFD_BIT_DATAMATCH,
	};

	if (ioctl(partition, MSHV_IOEVENTFD, &args))
		die_errno("set a doorbell at 0x%llx", gpa);
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
			  MSHV_VP_MMAP_OFFSET_REGISTERS * HV_PAGE_SIZE);

	if (page != MAP_FAILED)
		return page;
	if (errno != ENODEV)
		die_errno("map a register page");
	return NULL;
}

/* The partition ends with the last of its files and pages */
void mshv_vp_close(int vp, struct hv_register_page *page)
{
	if (page)
		munmap(page, HV_PAGE_SIZE);
	close(vp);
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

	if (nr > MSHV_REGISTERS_MAX)
		die("%u registers at a time", nr);
	memcpy(in.regs, regs, nr * sizeof(*regs));
	must(hvcall(vp->fd, HVCALL_SET_VP_REGISTERS, nr, &in,
		    sizeof(in.vp) + nr * sizeof(*regs), NULL, 0),
	     "set registers");
}

__u64 mshv_vp_get_register(const struct vp *vp, __u32 name)
{
	struct {
		struct hv_vp_input vp;
		__u32 name;
	} in = { .vp.vp_index = vp->index, .name = name };
	union hv_value value = { 0 };

	must(hvcall(vp->fd, HVCALL_GET_VP_REGISTERS, 1, &in,
		    sizeof(in.vp) + sizeof(in.name), &value, sizeof(value)),
	     "get a register");
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

	must(hvcall(vp->fd, HVCALL_TRANSLATE_GVA, 0, &in, sizeof(in), &out,
		    sizeof(out)), "translate an address");
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

	in.cpuid.always_override = 1;
	must(hvcall(vp->fd, HVCALL_REGISTER_RESULT, 0, &in,
		    offsetof(struct hv_register_result_input, cpuid) +
		    sizeof(*res), NULL, 0), "set a CPUID leaf");
}
