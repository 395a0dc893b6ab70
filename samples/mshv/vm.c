// SPDX-License-Identifier: GPL-2.0
/* A virtual machine: partition, memory, devices, processors, in this order */
#include "vmm.h"

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

static void vm_set_property(const struct vm *vm, __u32 code, __u64 value)
{
	struct hv_property_input in = { .code = code, .value = value };

	mshv_hvcall(vm->partition, (struct mshv_root_hvcall){
		.code = HVCALL_SET_PARTITION_PROPERTY,
		.in_ptr = (__u64)&in, .in_sz = sizeof(in),
	}, "set a property");
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

	vm->partition = mshv_ioctl(mshv_open(), MSHV_CREATE_PARTITION, &args,
				   "create a partition");
	vm_set_property(vm, HV_PROPERTY_SYNTHETIC_FEATURES, VM_FEATURES);
	mshv_ioctl(vm->partition, MSHV_INITIALIZE_PARTITION, NULL,
		   "initialize the partition");
	vm_set_property(vm, HV_PROPERTY_UNKNOWN_MSR_ACTION,
			HV_UNKNOWN_MSR_IGNORE);
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

static void vm_create_devices(struct vm *vm)
{
	unsigned int i;

	ioapic_create(&vm->ioapic, vm);
	serial_create(&vm->serial, vm);
	bus_add(&vm->ports, PORT_CMOS, 2, rtc_access, &vm->rtc_index);
	power_create(vm);
	for (i = 0; i < vm->config.nr_disks; i++)
		disk_create(&vm->disk[i], vm, vm->config.disk[i]);
	if (vm->config.tap)
		net_create(&vm->net, vm, vm->config.tap);
}

/**
 * vm_run() - Make a virtual machine, and be there for it until it ends
 * @vm: the virtual machine; the configuration is there
 *
 * The first processor begins at the kernel's entry, the others wait to be
 * started by it. From then on this thread looks after the devices.
 */
void __noreturn vm_run(struct vm *vm)
{
	unsigned int i;
	__u32 entry;

	pthread_mutex_init(&vm->loop.lock, NULL);
	memory_create(&vm->memory, vm->config.memory_size);
	vm_create_partition(vm);
	vm_map_memory(vm);
	vm_create_devices(vm);
	entry = loader_load(&vm->memory, &vm->config);
	acpi_build(&vm->memory, vm->config.nr_cpus, vm->nr_virtio);

	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_create(&vm->vp[i], vm, i);
	vp_set_boot_state(&vm->vp[0], entry);
	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_start(&vm->vp[i]);
	loop_run(&vm->loop);
}
