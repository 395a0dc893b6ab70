// SPDX-License-Identifier: GPL-2.0
/* Guest memory: allocation, and the one checked way from guest to host address */
#include <stdint.h>
#include <sys/mman.h>

#include "vmm.h"

#define HUGE_PAGE	(2 * MIB)

/*
 * Host and guest addresses agree modulo 2 MiB, so that whole 2 MiB pages can
 * be given to the guest where the host has them.
 */
static void memory_add(struct memory *memory, __u64 gpa, __u64 size)
{
	uintptr_t start;
	void *map;

	map = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		err(EXIT_ERROR, "allocate %llu MiB of guest memory", size / MIB);

	start = ((uintptr_t)map + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
	madvise((void *)start, size, MADV_HUGEPAGE);
	memory->region[memory->nr_regions++] =
		(struct memory_region){ gpa, size, (void *)start };
}

/**
 * memory_create() - Allocate guest memory
 * @memory: what to fill in
 * @size: bytes, a multiple of the page size; what does not fit below the
 *	  hole for devices goes above 4 GiB
 */
void memory_create(struct memory *memory, __u64 size)
{
	__u64 low = size < LAYOUT_HOLE ? size : LAYOUT_HOLE;

	memory->nr_regions = 0;
	memory_add(memory, 0, low);
	if (size > low)
		memory_add(memory, LAYOUT_ABOVE_4G, size - low);
}

/**
 * memory_at() - Find guest memory
 * @memory: the guest's memory
 * @gpa: guest physical address of the first byte
 * @size: number of bytes
 *
 * Return: where the host sees it; NULL unless all of it is guest memory
 */
void *memory_at(const struct memory *memory, __u64 gpa, __u64 size)
{
	const struct memory_region *region;
	unsigned int i;

	for (i = 0; i < memory->nr_regions; i++) {
		region = &memory->region[i];
		if (gpa >= region->gpa && size <= region->size &&
		    gpa - region->gpa <= region->size - size)
			return (char *)region->host + (gpa - region->gpa);
	}
	return NULL;
}
