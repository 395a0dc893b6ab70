// SPDX-License-Identifier: GPL-2.0
/* Off and reset: the ACPI registers, and the two older ways to reset a PC */
#include "vmm.h"

#define SLEEP_ENABLE		BIT(5)
#define SLEEP_TYPE(v)		((v) >> 2 & 7)

#define RESET_CONTROL_CPU	BIT(2)
#define KEYBOARD_PULSE_RESET	0xfe

/**
 * power_access() - The sleep control, sleep status and reset registers
 * @device: the VM
 * @offset: which register
 * @size: only 1 is answered
 * @write: direction
 * @data: the value
 */
void power_access(void *device, __u64 offset, unsigned int size, bool write,
		  __u64 *data)
{
	if (!write) {
		*data = 0;
		return;
	}
	if (size != 1)
		return;
	if (offset == POWER_SLEEP_CONTROL && *data & SLEEP_ENABLE &&
	    SLEEP_TYPE(*data) == POWER_S5)
		vm_exit(device, EXIT_POWER_OFF);
	if (offset == POWER_RESET && *data == POWER_RESET_VALUE)
		vm_exit(device, EXIT_RESET);
}

/* Port 0xcf9, the reset control register */
void power_access_reset(void *device, __u64 offset, unsigned int size,
			bool write, __u64 *data)
{
	(void)offset;
	(void)size;
	if (!write)
		*data = 0;
	else if (*data & RESET_CONTROL_CPU)
		vm_exit(device, EXIT_RESET);
}

/* Port 0x64: no keyboard behind it, but its reset line is there */
void power_access_keyboard(void *device, __u64 offset, unsigned int size,
			   bool write, __u64 *data)
{
	(void)offset;
	if (write && size == 1 && *data == KEYBOARD_PULSE_RESET)
		vm_exit(device, EXIT_RESET);
}
