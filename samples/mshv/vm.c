// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine: partition, memory, devices, processors.
 *
 * Memory and devices stay from the start of the program to its end. Partition
 * and processors live from reset to reset: only the hypervisor knows all that a
 * guest may have changed in them, so that new ones are the surest way back to
 * the beginning, and the sequence is the same as for the first start.
 */
#include <stdlib.h>
#include <unistd.h>

#include "vmm.h"

#define VM_RUNS		(-1)
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

/* A device that raises interrupts by irqfd, at the next place */
void vm_add_virtio(struct vm *vm, struct virtio *virtio)
{
	unsigned int n = vm->nr_virtio++;

	if (n == VIRTIO_MAX)
		die("more than %u virtio devices", VIRTIO_MAX);
	virtio->gpa = VIRTIO_GPA(n);
	virtio->pin = VIRTIO_PIN(n);
	vm->virtio[n] = virtio;
	vm->ioapic.irqfd[virtio->pin] = virtio->irq;
	bus_add(&vm->mmio, virtio->gpa, HV_PAGE_SIZE, virtio_access, virtio);
}

static void vm_create_devices(struct vm *vm)
{
	const struct vm_config *config = &vm->config;
	struct bus *ports = &vm->ports;
	unsigned int i;

	ioapic_init(&vm->ioapic);
	bus_add(&vm->mmio, LAYOUT_IOAPIC, HV_PAGE_SIZE, ioapic_access,
		&vm->ioapic);
	serial_init(&vm->serial, &vm->ioapic, IRQ_COM1);
	bus_add(ports, PORT_COM1, 8, serial_access, &vm->serial);
	bus_add(ports, PORT_CMOS, 2, rtc_access, &vm->rtc);
	bus_add(ports, PORT_POWER, POWER_NR_PORTS, power_access, vm);
	bus_add(ports, PORT_KEYBOARD, 1, power_access_keyboard, vm);
	bus_add(ports, PORT_RESET, 1, power_access_reset, vm);

	for (i = 0; i < config->nr_disks; i++)
		disk_create(&vm->disk[i], vm, config->disk[i]);
	if (config->tap)
		net_create(&vm->net, vm, config->tap);
}

/**
 * vm_create() - Make what a virtual machine keeps from start to end
 * @vm: what to fill in; the configuration is there
 */
void vm_create(struct vm *vm)
{
	vm->exit_event = event_create();
	vm->device = mshv_open();
	vm->vps = calloc(vm->config.nr_cpus, sizeof(*vm->vps));
	if (!vm->vps)
		die_errno("allocate %u VPs", vm->config.nr_cpus);
	memory_create(&vm->memory, vm->config.memory_size);
	vm_create_devices(vm);
}

static void vm_reset_devices(struct vm *vm)
{
	unsigned int i;

	ioapic_reset(&vm->ioapic);
	serial_reset(&vm->serial);
	for (i = 0; i < vm->nr_virtio; i++)
		virtio_reset(vm->virtio[i]);
}

/* Some properties must be set before initialization, the others after */
static void vm_create_partition(struct vm *vm)
{
	unsigned int i;

	vm->partition = mshv_partition_create(vm->device);
	mshv_property_set(vm->partition, HV_PROPERTY_SYNTHETIC_FEATURES,
			  VM_FEATURES);
	mshv_partition_initialize(vm->partition);
	mshv_property_set(vm->partition, HV_PROPERTY_UNKNOWN_MSR_ACTION,
			  HV_UNKNOWN_MSR_IGNORE);
	for (i = 0; i < vm->memory.nr_regions; i++)
		mshv_memory_map(vm->partition, &vm->memory.region[i]);

	vm->ioapic.partition = vm->partition;
	for (i = 0; i < vm->nr_virtio; i++)
		virtio_connect(vm->virtio[i], vm->partition);
}

/**
 * vm_start() - Let it run, from the beginning
 * @vm: the virtual machine
 *
 * The first processor begins at the kernel's entry, the others wait to be
 * started by it.
 */
void vm_start(struct vm *vm)
{
	unsigned int i;
	__u32 entry;

	vm->exit_code = VM_RUNS;
	vm_reset_devices(vm);
	entry = loader_load(&vm->memory, &vm->config);
	acpi_build(&vm->memory, vm->config.nr_cpus, vm->nr_virtio);
	power_build(&vm->memory);

	vm_create_partition(vm);
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
 * @code: exit code; the first caller's counts
 *
 * Context: any thread.
 */
void vm_exit(struct vm *vm, int code)
{
	int runs = VM_RUNS;

	if (atomic_compare_exchange_strong(&vm->exit_code, &runs, code))
		event_signal(vm->exit_event);
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
			vp_kick(&vm->vps[i]);
		usleep(KICK_PERIOD_US);
	}
	for (i = 0; i < vm->config.nr_cpus; i++)
		vp_destroy(&vm->vps[i]);
	close(vm->partition);
	event_clear(vm->exit_event);
	return vm->exit_code;
}
