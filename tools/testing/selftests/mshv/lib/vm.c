// SPDX-License-Identifier: GPL-2.0
/*
 * A tiny library to run guest code through /dev/mshv.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm.h"

#define PTE_PRESENT	0x001ULL
#define PTE_WRITABLE	0x002ULL
#define PTE_UNCACHED	0x010ULL
#define PTE_LARGE	0x080ULL
#define PTE_TABLE	(PTE_PRESENT | PTE_WRITABLE)

#define CR0_LONG_MODE	0x80000031ULL	/* PG NE ET PE */
#define CR4_LONG_MODE	0x00000020ULL	/* PAE */
#define EFER_LONG_MODE	0x00000500ULL	/* LMA LME */

#define CODE_SELECTOR	0x08
#define DATA_SELECTOR	0x10
#define TASK_SELECTOR	0x18

/**
 * vm_open() - open the device
 *
 * Return: A file descriptor or -1.
 */
int vm_open(void)
{
	return open(MSHV_DEVICE, O_RDONLY | O_CLOEXEC);
}

/**
 * vm_pages() - get some private memory
 * @size: how much
 *
 * Return: Its address, or NULL.
 */
void *vm_pages(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/**
 * vm_dax_file() - get a file whose memory is the disk itself
 * @size: how much
 *
 * Return: A file descriptor; or -1 with ENODEV where MSHV_DAX_DIR does not say which
 * file system is mapped directly, with another errno where that did not work.
 */
int vm_dax_file(size_t size)
{
	const char *dir = getenv("MSHV_DAX_DIR");
	int fd;

	if (!dir) {
		errno = ENODEV;
		return -1;
	}
	fd = open(dir, O_RDWR | O_TMPFILE, 0600);
	return fd >= 0 && ftruncate(fd, size) ? -1 : fd;
}

/* Device memory: where /proc/iomem says PCI configuration space is; 0 if it does not */
uint64_t vm_config_space(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long start = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "PCI MMCONFIG") &&
		    sscanf(line, " %llx-", &start) == 1)
			break;
	fclose(file);
	return start;
}

/**
 * vm_partition() - create and initialize a partition
 * @dev: the device
 * @flags: mask of 1 << MSHV_PT_BIT_*
 *
 * Return: A file descriptor or -1.
 */
int vm_partition(int dev, uint64_t flags)
{
	struct mshv_create_partition args = { .pt_flags = flags };
	int fd = ioctl(dev, MSHV_CREATE_PARTITION, &args);

	if (fd < 0)
		return -1;

	if (ioctl(fd, MSHV_INITIALIZE_PARTITION)) {
		close(fd);
		return -1;
	}

	return fd;
}

/**
 * vp_create() - create a VP
 * @fd: partition
 * @index: VP index
 *
 * Return: A file descriptor or -1.
 */
int vp_create(int fd, uint32_t index)
{
	struct mshv_create_vp args = { .vp_index = index };

	return ioctl(fd, MSHV_CREATE_VP, &args);
}

static int vm_set_memory(int fd, uint64_t gfn, void *addr, size_t size,
			 unsigned int flags)
{
	struct mshv_user_mem_region mem = {
		.size = size,
		.guest_pfn = gfn,
		.userspace_addr = (uintptr_t)addr,
		.flags = flags,
	};

	return ioctl(fd, MSHV_SET_GUEST_MEMORY, &mem);
}

/**
 * vm_map() - give memory to a guest
 * @fd: partition
 * @gfn: guest page number
 * @addr: the memory
 * @size: how much
 * @flags: mask of 1 << MSHV_SET_MEM_BIT_*
 *
 * Return: 0 or -1.
 */
int vm_map(int fd, uint64_t gfn, void *addr, size_t size, unsigned int flags)
{
	return vm_set_memory(fd, gfn, addr, size, flags);
}

/**
 * vm_unmap() - take memory away from a guest
 * @fd: partition
 * @gfn: guest page number
 * @addr: the memory
 * @size: how much
 *
 * Return: 0 or -1.
 */
int vm_unmap(int fd, uint64_t gfn, void *addr, size_t size)
{
	return vm_set_memory(fd, gfn, addr, size, 1 << MSHV_SET_MEM_BIT_UNMAP);
}

/**
 * vm_hvcall() - make a hypercall about a partition
 * @fd: any file descriptor of the driver
 * @code: call code
 * @reps: repetitions, 0 for a simple one
 * @in: input
 * @in_sz: its size
 * @out: output
 * @out_sz: its size, 0 for none
 * @status: status as the hypervisor said it, or NULL
 *
 * Return: 0 or -1.
 */
int vm_hvcall(int fd, uint16_t code, uint16_t reps, const void *in,
	      size_t in_sz, void *out, size_t out_sz, uint16_t *status)
{
	struct mshv_root_hvcall args = {
		.code = code,
		.reps = reps,
		.in_sz = in_sz,
		.out_sz = out_sz,
		.in_ptr = (uintptr_t)in,
		.out_ptr = out_sz ? (uintptr_t)out : 0,
	};
	int ret = ioctl(fd, MSHV_ROOT_HVCALL, &args);

	if (status)
		*status = args.status;
	return ret;
}

/**
 * vm_get_property() - read a partition property
 * @fd: device or partition
 * @code: which
 * @value: its value
 * @status: status as the hypervisor said it, or NULL
 *
 * Return: 0 or -1.
 */
int vm_get_property(int fd, uint32_t code, uint64_t *value, uint16_t *status)
{
	struct {
		uint64_t partition;
		uint32_t code;
		uint32_t pad;
	} in = { .code = code };

	return vm_hvcall(fd, HVCALL_GET_PARTITION_PROPERTY, 0, &in, sizeof(in),
			 value, sizeof(*value), status);
}

/**
 * vm_set_property() - set a partition property
 * @fd: partition
 * @code: which
 * @value: its value
 * @status: status as the hypervisor said it, or NULL
 *
 * Return: 0 or -1.
 */
int vm_set_property(int fd, uint32_t code, uint64_t value, uint16_t *status)
{
	struct {
		uint64_t partition;
		uint32_t code;
		uint32_t pad;
		uint64_t value;
	} in = { .code = code, .value = value };

	return vm_hvcall(fd, HVCALL_SET_PARTITION_PROPERTY, 0, &in, sizeof(in),
			 NULL, 0, status);
}

/**
 * vp_get_reg() - read a register
 * @fd: partition or VP
 * @index: VP index
 * @name: which
 * @value: its value
 *
 * Return: 0 or -1.
 */
int vp_get_reg(int fd, uint32_t index, uint32_t name, uint64_t *value)
{
	struct {
		uint64_t partition;
		uint32_t index;
		uint32_t vtl;
		uint32_t name;
	} in = { .index = index, .name = name };
	struct reg128 out;
	int ret;

	/* The list of names begins right after the 16 bytes of the header */
	ret = vm_hvcall(fd, HVCALL_GET_VP_REGISTERS, 1, &in, 20, &out,
			sizeof(out), NULL);
	*value = out.low;
	return ret;
}

/**
 * vp_set_regs() - set registers
 * @fd: partition or VP
 * @index: VP index
 * @regs: names and values
 * @nr: how many, at most 32
 *
 * Return: 0 or -1.
 */
int vp_set_regs(int fd, uint32_t index, const struct reg_assoc *regs, int nr)
{
	struct {
		uint64_t partition;
		uint32_t index;
		uint32_t vtl;
		struct reg_assoc regs[32];
	} in = { .index = index };

	memcpy(in.regs, regs, nr * sizeof(*regs));
	return vm_hvcall(fd, HVCALL_SET_VP_REGISTERS, nr, &in,
			 16 + nr * sizeof(*regs), NULL, 0, NULL);
}

/**
 * vp_set_reg() - set a register
 * @fd: partition or VP
 * @index: VP index
 * @name: which
 * @value: its value
 *
 * Return: 0 or -1.
 */
int vp_set_reg(int fd, uint32_t index, uint32_t name, uint64_t value)
{
	struct reg_assoc reg = { .name = name, .value.low = value };

	return vp_set_regs(fd, index, &reg, 1);
}

/*
 * A machine in long mode
 */

static struct reg_assoc reg64(uint32_t name, uint64_t value)
{
	return (struct reg_assoc) { .name = name, .value.low = value };
}

static struct reg_assoc reg_segment(uint32_t name, uint16_t selector,
				    uint32_t limit, uint16_t attributes)
{
	return (struct reg_assoc) {
		.name = name,
		.value.high = limit | (uint64_t)selector << 32 |
			      (uint64_t)attributes << 48,
	};
}

static struct reg_assoc reg_table(uint32_t name, uint64_t base, uint16_t limit)
{
	return (struct reg_assoc) {
		.name = name,
		.value.low = (uint64_t)limit << 48,
		.value.high = base,
	};
}

/* The lowest 2 GiB, in pages of 2 MiB: tables at four consecutive pages */
static void vm_fill_page_tables(struct vm *vm)
{
	uint64_t *top = (void *)(vm->mem + VM_PAGE_TABLES);
	uint64_t *middle = top + 512, *bottom = top + 1024;
	int i;

	top[0] = (VM_PAGE_TABLES + PAGE) | PTE_TABLE;
	middle[0] = (VM_PAGE_TABLES + 2 * PAGE) | PTE_TABLE;
	middle[1] = (VM_PAGE_TABLES + 3 * PAGE) | PTE_TABLE;
	for (i = 0; i < 1024; i++)
		bottom[i] = ((uint64_t)i << 21) | PTE_TABLE | PTE_LARGE;
}

static void vm_fill_gdt(struct vm *vm)
{
	uint64_t *gdt = (void *)(vm->mem + VM_GDT);

	gdt[CODE_SELECTOR / 8] = 0x00af9b000000ffffULL;
	gdt[DATA_SELECTOR / 8] = 0x00cf93000000ffffULL;
}

/**
 * vm_guest_address() - where a piece of guest code is in the guest
 * @guest: the code
 *
 * Return: Its guest address.
 */
uint64_t vm_guest_address(void (*guest)(void))
{
	return VM_CODE + ((const uint8_t *)guest - __start_guest_text);
}

/**
 * vp_enter_at() - make a VP ready to run a piece of guest code
 * @fd: partition or VP
 * @index: VP index
 * @guest: the code
 * @stack: top of its stack in the guest
 *
 * A VP that waits for its start does not do so any longer.
 *
 * Return: 0 or -1.
 */
int vp_enter_at(int fd, uint32_t index, void (*guest)(void), uint64_t stack)
{
	const struct reg_assoc regs[] = {
		reg64(VP_REG_EFER, EFER_LONG_MODE),
		reg64(VP_REG_CR4, CR4_LONG_MODE),
		reg64(VP_REG_CR3, VM_PAGE_TABLES),
		reg64(VP_REG_CR0, CR0_LONG_MODE),
		reg_segment(VP_REG_CS, CODE_SELECTOR, ~0U, 0xa09b),
		reg_segment(VP_REG_SS, DATA_SELECTOR, ~0U, 0xc093),
		reg_segment(VP_REG_DS, DATA_SELECTOR, ~0U, 0xc093),
		reg_segment(VP_REG_ES, DATA_SELECTOR, ~0U, 0xc093),
		reg_segment(VP_REG_FS, DATA_SELECTOR, ~0U, 0xc093),
		reg_segment(VP_REG_GS, DATA_SELECTOR, ~0U, 0xc093),
		reg_segment(VP_REG_TR, TASK_SELECTOR, 0xffff, 0x008b),
		reg_table(VP_REG_GDTR, VM_GDT, 3 * 8 - 1),
		reg_table(VP_REG_IDTR, VM_IDT, PAGE - 1),
		reg64(VP_REG_RSP, stack - 8),
		reg64(VP_REG_RFLAGS, 2),
		reg64(VP_REG_RIP, vm_guest_address(guest)),
		reg64(VP_REG_ACTIVITY, 0),
	};

	return vp_set_regs(fd, index, regs, sizeof(regs) / sizeof(*regs));
}

/**
 * vm_max_vps() - how many VPs a partition may have
 *
 * Return: What the hypervisor says.
 */
unsigned int vm_max_vps(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x40000005, eax, ebx, ecx, edx);
	return eax;
}

/**
 * vm_enter_at() - make VP 0 ready to run a piece of guest code
 * @vm: the machine
 * @guest: the code
 *
 * Return: 0 or -1.
 */
int vm_enter_at(struct vm *vm, void (*guest)(void))
{
	return vp_enter_at(vm->vp, 0, guest, VM_STACK);
}

/**
 * vm_set_gate() - have a piece of guest code handle an interrupt or exception
 * @vm: the machine
 * @vector: which
 * @handler: the code; it has to save registers and to return on its own
 */
void vm_set_gate(struct vm *vm, int vector, void (*handler)(void))
{
	uint64_t *gate = (uint64_t *)(vm->mem + VM_IDT) + 2 * vector;
	uint64_t address = vm_guest_address(handler);

	gate[0] = (address & 0xffff) | (uint64_t)CODE_SELECTOR << 16 |
		  0x8e00ULL << 32 | (address >> 16 & 0xffff) << 48;
	gate[1] = address >> 32;
}

/**
 * vm_map_apic() - let guest code reach its local APIC
 * @vm: the machine
 *
 * The page of the local APIC needs a page table entry of its own.
 */
void vm_map_apic(struct vm *vm)
{
	uint64_t *top = (uint64_t *)(vm->mem + VM_PAGE_TABLES);
	uint64_t *middle = top + 512;
	uint64_t *bottom = (uint64_t *)(vm->mem + VM_APIC_TABLE);

	middle[3] = VM_APIC_TABLE | PTE_TABLE;
	bottom[VM_APIC >> 21 & 511] = VM_APIC | PTE_TABLE | PTE_LARGE |
				      PTE_UNCACHED;
}

/**
 * vm_route() - replace the routing table by one route to APIC id 0
 * @fd: partition
 * @gsi: the interrupt
 * @data: MSI data
 *
 * Return: 0 or -1.
 */
int vm_route(int fd, uint32_t gsi, uint32_t data)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entry;
	} table = {
		.nr = 1,
		.entry = {
			.gsi = gsi,
			.address_lo = VM_MSI_ADDRESS,
			.data = data,
		},
	};

	return ioctl(fd, MSHV_SET_MSI_ROUTING, &table);
}

/**
 * vm_irqfd() - MSHV_IRQFD
 * @fd: partition
 * @event: eventfd
 * @gsi: the interrupt
 * @flags: mask of 1 << MSHV_IRQFD_BIT_*
 * @resample: eventfd, with 1 << MSHV_IRQFD_BIT_RESAMPLE
 *
 * Return: 0 or -1.
 */
int vm_irqfd(int fd, int event, uint32_t gsi, uint32_t flags, int resample)
{
	struct mshv_user_irqfd args = {
		.fd = event,
		.resamplefd = resample,
		.gsi = gsi,
		.flags = flags,
	};

	return ioctl(fd, MSHV_IRQFD, &args);
}

/**
 * vm_signal() - signal an eventfd
 * @event: the eventfd
 *
 * Return: 0 or -1.
 */
int vm_signal(int event)
{
	uint64_t one = 1;

	return write(event, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

/**
 * vm_create_vp() - make VP 0 of a machine and map its pages
 * @vm: the machine
 *
 * Return: 0 or -1.
 */
int vm_create_vp(struct vm *vm)
{
	vm->vp = vp_create(vm->fd, 0);
	if (vm->vp < 0)
		return -1;

	vm->regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vp,
			MSHV_VP_MMAP_OFFSET_REGISTERS * PAGE);
	if (vm->regs == MAP_FAILED) {
		vm->regs = NULL;
		if (errno != ENODEV)
			return -1;
	}

	vm->msg_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    vm->vp, MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE * PAGE);
	if (vm->msg_page == MAP_FAILED) {
		vm->msg_page = NULL;
		return -1;
	}

	return 0;
}

/**
 * vm_prepare_memory() - get the memory of a machine, with all guest code
 * @vm: the machine, zeroed
 *
 * Return: 0 or -1.
 */
int vm_prepare_memory(struct vm *vm)
{
	vm->mem_size = VM_MEMORY;
	vm->mem = vm_pages(vm->mem_size);
	if (!vm->mem)
		return -1;

	vm_fill_page_tables(vm);
	vm_fill_gdt(vm);
	memcpy(vm->mem + VM_CODE, __start_guest_text,
	       __stop_guest_text - __start_guest_text);
	return 0;
}

/**
 * vm_create() - make a machine with some memory, all guest code, and one VP
 * @vm: the machine; to be destroyed by vm_destroy() whatever this returns
 *
 * Return: 0 or -1.
 */
int vm_create(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->fd = -1;
	vm->vp = -1;

	vm->dev = vm_open();
	if (vm->dev < 0)
		return -1;

	vm->fd = vm_partition(vm->dev, 1 << MSHV_PT_BIT_LAPIC |
			      1 << MSHV_PT_BIT_GPA_SUPER_PAGES);
	if (vm->fd < 0)
		return -1;

	if (vm_prepare_memory(vm) ||
	    vm_map(vm->fd, 0, vm->mem, vm->mem_size, VM_RWX))
		return -1;

	return vm_create_vp(vm);
}

/**
 * vm_destroy() - end a machine, however far its making got
 * @vm: the machine
 */
void vm_destroy(struct vm *vm)
{
	if (vm->regs)
		munmap(vm->regs, PAGE);
	if (vm->msg_page)
		munmap(vm->msg_page, PAGE);
	if (vm->vp >= 0)
		close(vm->vp);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->mem)
		munmap(vm->mem, vm->mem_size);
	if (vm->dev >= 0)
		close(vm->dev);
}

/**
 * vm_run() - run VP 0 up to its next message
 * @vm: the machine
 * @msg: the message
 *
 * Return: 0 or -1.
 */
int vm_run(struct vm *vm, struct msg *msg)
{
	_Static_assert(sizeof(*msg) == sizeof(struct mshv_run_vp), "size");

	return ioctl(vm->vp, MSHV_RUN_VP, msg);
}

/**
 * vm_skip() - let VP 0 go on after the instruction of a message
 * @vm: the machine
 * @msg: the message; of a kind that tells the length of the instruction
 *
 * Return: 0 or -1.
 */
int vm_skip(struct vm *vm, const struct msg *msg)
{
	return vp_set_reg(vm->vp, 0, VP_REG_RIP, msg->intercept.rip +
			  (msg->intercept.length_cr8 & 0xf));
}

/**
 * vm_complete_in() - let VP 0 go on after it has read from a port
 * @vm: the machine
 * @msg: the message
 * @value: what it reads
 *
 * Return: 0 or -1.
 */
int vm_complete_in(struct vm *vm, const struct msg *msg, uint64_t value)
{
	if (vp_set_reg(vm->vp, 0, VP_REG_RAX, value))
		return -1;

	return vm_skip(vm, msg);
}

/**
 * ledger_total() - pages in a state, over all partitions
 * @state: name of the state
 *
 * Return: How many, or -1 if that cannot be found out.
 */
long long ledger_total(const char *state)
{
	FILE *file = fopen("/sys/kernel/debug/mshv/ledger", "r");
	long long nr = -1, value;
	char name[32];

	if (!file)
		return -1;

	while (fscanf(file, "%31s : %lld", name, &value) == 2)
		if (!strcmp(name, state))
			nr = value;

	fclose(file);
	return nr;
}

/**
 * process_status() - a number in /proc/self/status
 * @name: its name
 *
 * Return: Its value, or -1 if there is none.
 */
long long process_status(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	size_t len = strlen(name);
	long long value = -1;
	char line[128];

	if (!file)
		return -1;

	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtoll(line + len + 1, NULL, 10);

	fclose(file);
	return value;
}

/* One signal may come before the thread is where a signal ends something */
void thread_stop(pthread_t thread, void **result)
{
	while (pthread_tryjoin_np(thread, result)) {
		pthread_kill(thread, SIGUSR1);
		usleep(5000);
	}
}
