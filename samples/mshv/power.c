// SPDX-License-Identifier: GPL-2.0
/* Off and reset: how a guest ends, and the ports of a PC that it writes to then */
#include <stdlib.h>
#include <unistd.h>
#include <sys/auxv.h>

#include "vmm.h"

static struct power_port {
	__u16 port;
	__u8 mask;		/* which bits matter */
	__u8 value;		/* what they must be */
	enum exit_code code;
	const struct vm *vm;
} power_ports[] = {
	{ PORT_SLEEP, 0x3c, SLEEP_ENABLE | SLEEP_S5 << 2, EXIT_POWER_OFF },
	{ PORT_RESET, RESET_CPU, RESET_CPU, EXIT_RESET },
	{ PORT_KEYBOARD, 0xff, KEYBOARD_PULSE_RESET, EXIT_RESET },
};

/**
 * power_end() - The guest has come to an end
 * @vm: the virtual machine
 * @code: why
 *
 * With the program ends the partition, and all that belongs to it. A reset is
 * a new start of the program: what a guest may have changed in a partition,
 * only the hypervisor knows, so a new one is the surest way to the beginning.
 *
 * Context: any thread, with the loop's lock
 */
void __noreturn power_end(const struct vm *vm, enum exit_code code)
{
	if (vm->config.no_reboot || (code != EXIT_RESET && code != EXIT_CRASH))
		exit(code);
	console_restore();
	execv((const char *)getauxval(AT_EXECFN), vm->config.argv);
	err(EXIT_ERROR, "start again");
}

/* They read as zero: nothing is busy */
static void power_access(void *device, __u64 offset, unsigned int size,
			 bool write, __u64 *data)
{
	const struct power_port *port = device;

	(void)offset;
	(void)size;
	if (!write)
		*data = 0;
	else if ((*data & port->mask) == port->value)
		power_end(port->vm, port->code);
}

/* Give these ports to a virtual machine */
void power_create(struct vm *vm)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(power_ports); i++) {
		power_ports[i].vm = vm;
		bus_add(&vm->ports, power_ports[i].port, 1, power_access,
			&power_ports[i]);
	}
}
