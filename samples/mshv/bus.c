// SPDX-License-Identifier: GPL-2.0
/* Who owns which port or address. Filled before the guest runs, then only read */
#include "vmm.h"

/**
 * bus_add() - Give a range of addresses to a device
 * @bus: ports or memory
 * @base: first address
 * @size: number of addresses
 * @access: called for each access that lies inside the range
 * @device: passed to @access
 */
void bus_add(struct bus *bus, __u64 base, __u64 size, bus_access_fn *access,
	     void *device)
{
	if (bus->nr_ranges == ARRAY_SIZE(bus->range))
		errx(EXIT_ERROR, "too many devices");
	bus->range[bus->nr_ranges++] =
		(struct bus_range){ base, size, access, device };
}

/**
 * bus_access() - Carry out a guest's access
 * @bus: ports or memory
 * @address: where
 * @size: 1, 2, 4 or 8 bytes
 * @write: direction
 * @data: what to write, and perhaps bits beyond @size, or where to put what was
 *	  read; where nobody lives writes vanish and reads return ones
 */
void bus_access(const struct bus *bus, __u64 address, unsigned int size,
		bool write, __u64 *data)
{
	const struct bus_range *range;

	if (!write)
		*data = ~0ULL;
	for (range = bus->range; range < bus->range + bus->nr_ranges; range++)
		if (address >= range->base &&
		    address - range->base + size <= range->size)
			range->access(range->device, address - range->base,
				      size, write, data);
}
