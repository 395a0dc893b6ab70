// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: RAM that the root's memory management may move.
 *
 * It is faulted in like for the process that owns it, and followed from then on,
 * see mshv_window.c.
 */
#include <linux/kernel.h>
#include <linux/mm.h>

#include "mshv.h"

/**
 * mshv_movable_get() - find RAM of a process
 * @region: whose process
 * @i: first page in the region
 * @nr: how many pages
 * @pfns: root page numbers of those that were found
 *
 * They stay what they are until mshv_movable_put().
 *
 * Context: Process context, any process, holds on to the memory map.  May sleep.
 * Return: Number of pages, not zero, or a negative errno if the first one cannot
 * be had.
 */
long mshv_movable_get(struct mshv_region *region, u64 i, unsigned int nr,
		      u64 *pfns)
{
	/* Each number takes the place of its page */
	struct page **pages = (struct page **)pfns;
	int locked = 1;
	long n, found;

	BUILD_BUG_ON(sizeof(*pages) != sizeof(*pfns));

	if (mmap_read_lock_killable(region->mm))
		return -EINTR;

	found = get_user_pages_remote(region->mm, mshv_region_addr(region, i), nr,
				      region->map_flags & TLFS_MAP_WRITABLE ?
				      FOLL_WRITE : 0, pages, NULL, &locked);
	if (locked)
		mmap_read_unlock(region->mm);

	for (n = 0; n < found; n++)
		pfns[n] = page_to_pfn(pages[n]);
	return found;
}

/**
 * mshv_movable_put() - end of mshv_movable_get()
 * @pfns: the pages
 * @nr: how many
 */
void mshv_movable_put(const u64 *pfns, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		put_page(pfn_to_page(pfns[i]));
}
