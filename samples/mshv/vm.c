// SPDX-License-Identifier: GPL-2.0
/* A virtual machine: partition, memory, devices, processors */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm.h"

#define VM_RUNS		(-1)
#define KICK_PERIOD_US	10000

/* What a Linux guest makes use of; the rest would only cost */
#define VM_FEATURES	(HV_FEATURE_HYPERVISOR_PRESENT | HV_FEATURE_HV1 | \
			 HV_FEATURE_VP_RUNTIME | HV_FEATURE_REFERENCE_COUNTER | \
			 HV_FEATURE_HYPERCALL | HV_FEATURE_VP_INDEX | \
			 HV_FEATURE_REFERENCE_TSC | HV_FEATURE_FREQUENCIES)

static void vm_set(struct vm *vm, __u32 property, __u64 value)
{
	if (!mshv_property_set(vm->partition, property, value))
		die("the hypervisor refuses to set property 0x%x to 0x%llx",
		    property, value);
}

/* Some properties must be set before initialization, the others after */
static void vm_create_partition(struct vm *vm)
{
	int device = mshv_open();

	vm->partition = mshv_partition_create(device);
	vm_set(vm, HV_PROPERTY_SYNTHETIC_FEATURES,
	       VM_FEATURES & mshv_assignable_features(device));
	mshv_partition_initialize(vm->partition);
	vm_set(vm, HV_PROPERTY_UNKNOWN_MSR_ACTION, HV_UNKNOWN_MSR_IGNORE);
	/* Only a hint about topology */
	mshv_property_set(vm->partition, HV_PROPERTY_PROCS_PER_SOCKET,
			  vm->nr_cpus);
	close(device);
}

static void vm_map_memory(struct vm *vm)
{
	int i;

	for (i = 0; i < vm->memory.nr_regions; i++)
		mshv_memory_map(vm->partition, &vm->memory.region[i]);
}

static void vm_create_devices(struct vm *vm)
{
	struct bus *ports = &vm->ports;

	ioapic_init(&vm->ioapic, vm->partition);
	bus_add(&vm->mmio, LAYOUT_IOAPIC, HV_PAGE_SIZE, ioapic_access,
		&vm->ioapic);
	serial_init(&vm->serial, &vm->ioapic, IRQ_COM1);
	bus_add(ports, PORT_COM1, 8, serial_access, &vm->serial);
	bus_add(ports, PORT_CMOS, 2, rtc_access, &vm->rtc);
	bus_add(ports, PORT_POWER, POWER_NR_PORTS, power_access, vm);
	bus_add(ports, 0x064, 1, power_access_keyboard, vm);
	bus_add(ports, 0xcf9, 1, power_access_reset, vm);
}

static void vm_create_vps(struct vm *vm)
{
	unsigned int i;

	vm->vps = calloc(vm->nr_cpus, sizeof(*vm->vps));
	if (!vm->vps)
		die_errno("allocate %u VPs", vm->nr_cpus);
	for (i = 0; i < vm->nr_cpus; i++)
		vp_create(&vm->vps[i], vm, i);
}

/**
 * vm_create() - Make a virtual machine
 * @vm: what to fill in; its memory is there
 * @nr_cpus: 1 to VM_MAX_CPUS
 */
void vm_create(struct vm *vm, unsigned int nr_cpus)
{
	vm->nr_cpus = nr_cpus;
	vm->exit_code = VM_RUNS;
	vm->exit_event = eventfd(0, EFD_CLOEXEC);
	if (vm->exit_event < 0)
		die_errno("create an eventfd");
	vm_create_partition(vm);
	vm_map_memory(vm);
	vm_create_devices(vm);
	vm_create_vps(vm);
}

/**
 * vm_start() - Let it run
 * @vm: the virtual machine
 * @entry: where the first processor begins; the others wait to be started by
 *	   it
 */
void vm_start(struct vm *vm, __u32 entry)
{
	unsigned int i;

	vp_set_boot_state(&vm->vps[0], entry);
	vm->nr_running = vm->nr_cpus;
	for (i = 0; i < vm->nr_cpus; i++)
		vp_start(&vm->vps[i]);
}

/**
 * vm_exit() - Ask for the end
 * @vm: the virtual machine
 * @code: exit code; the first caller's counts
 *
 * Context: any thread.
 */
void vm_exit(struct vm *vm, int code)
{
	int runs = VM_RUNS;
	__u64 one = 1;

	if (!atomic_compare_exchange_strong(&vm->exit_code, &runs, code))
		return;
	if (write(vm->exit_event, &one, sizeof(one)) != sizeof(one))
		die_errno("signal an eventfd");
}

/**
 * vm_stop() - Wait until no VP runs
 * @vm: the virtual machine, which has exited
 *
 * A signal that arrives just before the VP runs does not stop it: repeat.
 */
void vm_stop(struct vm *vm)
{
	unsigned int i;

	while (vm->nr_running) {
		for (i = 0; i < vm->nr_cpus; i++)
			vp_kick(&vm->vps[i]);
		usleep(KICK_PERIOD_US);
	}
	for (i = 0; i < vm->nr_cpus; i++)
		pthread_join(vm->vps[i].thread, NULL);
}
