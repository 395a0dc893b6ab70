// SPDX-License-Identifier: GPL-2.0
/* Off and reset: the ACPI registers, and the older ways to reset a PC */
#include <string.h>

#include "vmm.h"

#define SLEEP_ENABLE		BIT(5)
#define SLEEP_TYPE(v)		((v) >> 2 & 7)

#define RESET_CONTROL_CPU	BIT(2)
#define KEYBOARD_PULSE_RESET	0xfe

/**
 * power_build() - Write the reset vector into guest memory
 * @memory: the guest's
 *
 * That is where a PC's firmware begins, and where a kernel jumps to in real
 * mode when it knows no better way to restart.
 */
void power_build(const struct memory *memory)
{
	static const __u8 code[] = {
		0xb0, POWER_RESET_VALUE,		/* mov $VALUE,%al */
		0xba, (PORT_POWER + POWER_RESET) & 0xff,
		      (PORT_POWER + POWER_RESET) >> 8,	/* mov $PORT,%dx */
		0xee,					/* out %al,(%dx) */
		0xf4,					/* hlt */
	};

	memcpy(memory_at(memory, LAYOUT_RESET_VECTOR, sizeof(code)), code,
	       sizeof(code));
}

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

/* The reset control register of PC chipsets */
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

/* The keyboard controller: no keyboard behind it, but it is ready to pulse the reset line */
void power_access_keyboard(void *device, __u64 offset, unsigned int size,
			   bool write, __u64 *data)
{
	(void)offset;
	if (!write)
		*data = 0;
	else if (size == 1 && *data == KEYBOARD_PULSE_RESET)
		vm_exit(device, EXIT_RESET);
}
