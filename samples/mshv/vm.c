// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine: partition, memory, devices, processors.
 *
 * Memory and devices stay from the start of the program to its end. Partition
 * and processors live from reset to reset: only the hypervisor knows all that a
 * guest may have changed in them, so that new ones are the surest way back to
 * the beginning, and the sequence is the same as for the first start.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm.h"

#define KICK_PERIOD_US	10000

/*
 * What a Linux guest makes use of: to be told the frequencies, and clocks that
 * cost no intercept. It believes in the hypervisor only if there are hypercalls
 * and VP indexes, too. A kernel with VMBus built in then waits five seconds for
 * it, unless told otherwise (initcall_blacklist=hv_acpi_init).
 */
#define VM_FEATURES	(HV_FEATURE_HYPERVISOR_PRESENT | HV_FEATURE_HV1 | \
			 HV_FEATURE_REFERENCE_COUNTER | HV_FEATURE_HYPERCALL | \
			 HV_FEATURE_VP_INDEX | HV_FEATURE_REFERENCE_TSC | \
			 HV_FEATURE_FREQUENCIES)

/**
 * vm_create() - Make what a virtual machine keeps from start to end
 * @vm: what to fill in; the configuration is there
 */
void vm_create(struct vm *vm)
{
	const struct vm_config *config = &vm->config;
	unsigned int i;

	vm->exit_code = VM_RUNS;
	vm->device = mshv_open();
	vm->vps = calloc(config->nr_cpus, sizeof(*vm->vps));
	if (!vm->vps)
		err(EXIT_ERROR, "allocate %u VPs", config->nr_cpus);
	memory_create(&vm->memory, config->memory_size);

	ioapic_init(&vm->ioapic);
	bus_add(&vm->mmio, LAYOUT_IOAPIC, HV_PAGE_SIZE, ioapic_access,
		&vm->ioapic);
	serial_create(&vm->serial, &vm->ioapic.pin[IRQ_COM1]);
	bus_add(&vm->ports, PORT_COM1, 8, serial_access, &vm->serial);
	bus_add(&vm->ports, PORT_CMOS, 2, rtc_access, &vm->rtc_index);
	power_create(vm);
	for (i = 0; i < config->nr_disks; i++)
		disk_create(&vm->disk[i], vm, config->disk[i]);
	if (config->tap)
		net_create(&vm->net, vm, config->tap);
}

static void vm_set_property(const struct vm *vm, __u32 code, __u64 value)
{
	struct hv_property_input in = { .code = code, .value = value };

	mshv_hvcall(vm->partition, (struct mshv_root_hvcall){
		.code = HVCALL_SET_PARTITION_PROPERTY,
		.in_sz = sizeof(in),
		.in_ptr = (__u64)&in,
	}, "set a property");
}

static void vm_map_memory(const struct vm *vm)
{
	const struct memory_region *region = vm->memory.region;
	unsigned int i;

	for (i = 0; i < vm->memory.nr_regions; i++, region++) {
		struct mshv_user_mem_region args = {
			.size = region->size,
			.guest_pfn = region->gpa / HV_PAGE_SIZE,
			.userspace_addr = (__u64)region->host,
			.flags = 1 << MSHV_SET_MEM_BIT_WRITABLE |
				 1 << MSHV_SET_MEM_BIT_EXECUTABLE,
		};

		mshv_ioctl(vm->partition, MSHV_SET_GUEST_MEMORY, &args,
			   "give the guest its memory");
	}
}

/*
 * Local APICs are the hypervisor's, and processors have all features it has. Some
 * properties must be set before initialization, the others after.
 */
static void vm_create_partition(struct vm *vm)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC |
			    1 << MSHV_PT_BIT_X2APIC |
			    1 << MSHV_PT_BIT_GPA_SUPER_PAGES |
			    1 << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};

	vm->partition = mshv_ioctl(vm->device, MSHV_CREATE_PARTITION, &args,
				   "create a partition");
	vm_set_property(vm, HV_PROPERTY_SYNTHETIC_FEATURES, VM_FEATURES);
	mshv_ioctl(vm->partition, MSHV_INITIALIZE_PARTITION, NULL,
		   "initialize the partition");
	vm_set_property(vm, HV_PROPERTY_UNKNOWN_MSR_ACTION,
			HV_UNKNOWN_MSR_IGNORE);
	vm_map_memory(vm);
}

static void vm_connect_devices(struct vm *vm)
{
	unsigned int i;

	ioapic_connect(&vm->ioapic, vm->partition);
	serial_reset(&vm->serial);
	for (i = 0; i < vm->nr_virtio; i++)
		virtio_connect(vm->virtio[i], vm->partition);
}

/**
 * vm_start() - Let it run, from the beginning
 * @vm: the virtual machine
 *
 * The first processor begins at the kernel's entry, the others wait to be
 * started by it. No device touches memory any more when that is filled.
 */
void vm_start(struct vm *vm)
{
	unsigned int i;
	__u32 entry;

	vm_create_partition(vm);
	vm_connect_devices(vm);
	entry = loader_load(&vm->memory, &vm->config);
	acpi_build(&vm->memory, vm->config.nr_cpus, vm->nr_virtio);

	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_create(&vm->vps[i], vm, i);
	vp_set_boot_state(&vm->vps[0], entry);

	vm->nr_running = vm->config.nr_cpus;
	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_start(&vm->vps[i]);
}

/**
 * vm_exit() - Ask for the end
 * @vm: the virtual machine
 * @code: exit code; the first caller's counts, but an end that was asked for
 *	  from outside is one in any case
 *
 * Context: any thread. The main thread waits for the signal.
 */
void vm_exit(struct vm *vm, int code)
{
	int runs = VM_RUNS;

	if (code == EXIT_ERROR)
		vm->exit_code = code;
	else
		atomic_compare_exchange_strong(&vm->exit_code, &runs, code);
	kill(getpid(), SIGUSR1);
}

/**
 * vm_stop() - Wait until no VP runs, and end the partition
 * @vm: the virtual machine, which has exited
 *
 * A signal that arrives just before the VP runs does not stop it: repeat.
 *
 * Return: the exit code
 */
int vm_stop(struct vm *vm)
{
	unsigned int i;

	while (vm->nr_running) {
		for (i = 0; i < vm->config.nr_cpus; i++)
			pthread_kill(vm->vps[i].thread, VP_KICK);
		usleep(KICK_PERIOD_US);
	}
	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_end(&vm->vps[i]);
	close(vm->partition);
	return atomic_exchange(&vm->exit_code, VM_RUNS);
}
