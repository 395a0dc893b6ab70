// SPDX-License-Identifier: GPL-2.0
/* Who owns which port or address. Filled before the guest runs, then only read */
#include "vmm.h"

/* The first range that ends behind the address: ranges are sorted */
static int bus_search(const struct bus *bus, __u64 address)
{
	int low = 0, high = bus->nr_ranges, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (address < bus->range[middle].base + bus->range[middle].size)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

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
	int i, at = bus_search(bus, base);

	if (bus->nr_ranges == ARRAY_SIZE(bus->range))
		die("too many devices");
	if (at < bus->nr_ranges && bus->range[at].base < base + size)
		die("two devices at address 0x%llx", base);

	for (i = bus->nr_ranges++; i > at; i--)
		bus->range[i] = bus->range[i - 1];
	bus->range[at] = (struct bus_range){ base, size, access, device };
}

/**
 * bus_access() - Carry out a guest's access
 * @bus: ports or memory
 * @address: where
 * @size: 1, 2, 4 or 8 bytes
 * @write: direction
 * @data: what to write, or where to put what was read; where nobody lives
 *	  writes vanish and reads return ones
 */
void bus_access(struct bus *bus, __u64 address, unsigned int size, bool write,
		__u64 *data)
{
	int at = bus_search(bus, address);
	const struct bus_range *range = &bus->range[at];

	if (!write)
		*data = ~0ULL;
	if (at == bus->nr_ranges || address < range->base ||
	    address - range->base + size > range->size)
		return;

	range->access(range->device, address - range->base, size, write, data);
}
