// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: guest memory that stays where it is.
 *
 * RAM is pinned as a whole when its region is made, so that the guest and its
 * devices can reach it at any time.
 *
 * Such a region is a row of chunks, one for each large page of the guest that it
 * touches.  A chunk is one large page of the root, pinned and mapped as one, or
 * remembers the root page of each guest page.  So unmapping cuts in the same
 * places as mapping did, however far mapping got, and memory in large pages
 * costs nothing for each of the small ones.
 */
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/pgtable_types.h>

#include "mshv.h"

#define CHUNK_PAGES		TLFS_LARGE_PAGE_PAGES

static bool enforce_memlock;
module_param(enforce_memlock, bool, 0644);
MODULE_PARM_DESC(enforce_memlock,
		 "Hold guest memory to RLIMIT_MEMLOCK of the process that maps it (default: no)");

/**
 * struct chunk_run - consecutive pages that one hypercall can take
 * @start: first page of the run, in the region
 * @unit: pages in one element, 1 or TLFS_LARGE_PAGE_PAGES
 * @count: number of elements
 */
struct chunk_run {
	u64 start;
	u16 unit;
	u16 count;
};

/**
 * struct mshv_chunk - the part of a region inside one large guest page
 * @pfn: root page number of the first page, if it is a large page
 * @pfns: root page number of each page, if it is not; NULL otherwise
 */
struct mshv_chunk {
	unsigned long pfn;
	unsigned long *pfns;
};

/*
 * Chunks
 */

/* Where page @i of the region is in its chunk */
static unsigned int chunk_offset(const struct mshv_region *region, u64 i)
{
	return (mshv_region_gfn(region) + i) % CHUNK_PAGES;
}

static struct mshv_chunk *chunk_at(const struct mshv_region *region, u64 i)
{
	return &region->chunks[(chunk_offset(region, 0) + i) / CHUNK_PAGES];
}

static bool chunk_is_large(const struct mshv_region *region, u64 i)
{
	return !chunk_at(region, i)->pfns;
}

/* Where the page number of page @i is; a region may begin inside its first chunk */
static unsigned long *chunk_pfn(const struct mshv_region *region, u64 i)
{
	struct mshv_chunk *chunk = chunk_at(region, i);

	return chunk->pfns ?
		&chunk->pfns[min_t(u64, i, chunk_offset(region, i))] :
		&chunk->pfn;
}

/* Pages of the region from page @i to the end of its chunk */
static unsigned int chunk_rest(const struct mshv_region *region, u64 i)
{
	return min_t(u64, CHUNK_PAGES - chunk_offset(region, i),
		     region->nr_pages - i);
}

/* The chunk that begins with page @i has a number for each page */
static int chunk_make_small(struct mshv_region *region, u64 i)
{
	struct mshv_chunk *chunk = chunk_at(region, i);

	if (!chunk->pfns)
		chunk->pfns = kmalloc_array(chunk_rest(region, i),
					    sizeof(*chunk->pfns),
					    GFP_KERNEL_ACCOUNT);
	return chunk->pfns ? 0 : -ENOMEM;
}

static u64 chunks_count(const struct mshv_region *region)
{
	return DIV_ROUND_UP(chunk_offset(region, 0) + region->nr_pages,
			    CHUNK_PAGES);
}

static int chunks_alloc(struct mshv_region *region)
{
	region->chunks = kvcalloc(chunks_count(region),
				  sizeof(*region->chunks),
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return region->chunks ? 0 : -ENOMEM;
}

static void chunks_free(struct mshv_region *region)
{
	u64 nr = region->chunks ? chunks_count(region) : 0;
	u64 n;

	for (n = 0; n < nr; n++)
		kfree(region->chunks[n].pfns);
	kvfree(region->chunks);
}

/* The run that starts at page @start and ends before page @end */
static struct chunk_run chunk_run_at(const struct mshv_region *region,
				     u64 start, u64 end, u16 max)
{
	bool large = chunk_is_large(region, start);
	struct chunk_run run = {
		.start = start,
		.unit = large ? CHUNK_PAGES : 1,
	};
	u64 i = start, n;

	while (i < end && run.count < max && chunk_is_large(region, i) == large) {
		n = large ? 1 : min_t(u64, chunk_rest(region, i), end - i);
		n = min_t(u64, n, max - run.count);
		run.count += n;
		i += n * run.unit;
	}

	return run;
}

/*
 * Mapping
 */

static int pinned_map_run(struct mshv_region *region, u64 *elements)
{
	struct chunk_run run = chunk_run_at(region, region->nr_mapped,
					    region->nr_pages,
					    TLFS_MAP_GPA_PAGES_BATCH);
	u32 flags = region->map_flags;
	u16 n, done;
	int ret;

	for (n = 0; n < run.count; n++)
		elements[n] = *chunk_pfn(region, run.start + (u64)n * run.unit);

	if (run.unit > 1)
		flags |= TLFS_MAP_LARGE_PAGE;

	ret = hv_call_map_gpa_pages(&region->partition->pool,
				    mshv_region_gfn(region) + run.start,
				    flags, elements, run.count, &done);

	region->nr_mapped += (u64)done * run.unit;
	mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_PINNED,
			 MSHV_PAGE_MAPPED, (s64)done * run.unit);
	return ret;
}

static int pinned_map(struct mshv_region *region)
{
	u64 *elements;
	int ret = 0;

	elements = kmalloc_array(TLFS_MAP_GPA_PAGES_BATCH, sizeof(*elements),
				 GFP_KERNEL);
	if (!elements)
		return -ENOMEM;

	while (!ret && region->nr_mapped < region->nr_pages) {
		ret = pinned_map_run(region, elements);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}

	kfree(elements);
	return ret;
}

/* Returns the number of pages, from the start, that the guest has lost */
static u64 pinned_unmap(struct mshv_region *region)
{
	struct mshv_partition *pt = region->partition;
	struct chunk_run run;
	u64 i = 0;
	u16 done;
	int ret;

	while (i < region->nr_mapped) {
		run = chunk_run_at(region, i, region->nr_mapped,
				   TLFS_MAX_REPS);
		ret = hv_call_unmap_gpa_pages(pt->id,
					      mshv_region_gfn(region) + i,
					      run.unit > 1 ?
					      TLFS_UNMAP_LARGE_PAGE : 0,
					      run.count, &done);
		i += (u64)done * run.unit;
		if (ret) {
			pt_warn(pt, "guest page %#llx cannot be unmapped: %d\n",
				mshv_region_gfn(region) + i, ret);
			break;
		}
		cond_resched();
	}

	return i;
}

/*
 * Pinning
 */

/*
 * Memory that the guest only reads is pinned for writing all the same, so that
 * the pin gets the page that a later write of this process would see.  Where
 * the process may only read, the write is forced, once it is known that it may
 * read; what cannot be written at all does not change.
 */
static int pin_batch(struct mshv_region *region, unsigned long addr,
		     struct page **pages, int nr)
{
	unsigned int flags = FOLL_LONGTERM | FOLL_WRITE;
	int ret;

	ret = pin_user_pages_fast(addr, nr, flags, pages);
	if (ret != -EFAULT || region->map_flags & TLFS_MAP_WRITABLE)
		return ret;

	nr = pin_user_pages_fast(addr, nr, FOLL_LONGTERM, pages);
	if (nr <= 0)
		return nr;

	unpin_user_pages(pages, nr);
	ret = pin_user_pages_fast(addr, nr, flags | FOLL_FORCE, pages);
	if (ret == -EFAULT)
		ret = pin_user_pages_fast(addr, nr, FOLL_LONGTERM, pages);
	return ret;
}

static bool pin_exceeds_limit(const struct mshv_region *region)
{
	u64 pinned = atomic64_read(&region->mm->pinned_vm);

	return READ_ONCE(enforce_memlock) && !capable(CAP_IPC_LOCK) &&
		pinned + region->nr_pages > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

/*
 * Is all of the large page that begins at @addr the large page of which @page,
 * which is pinned, is the first?  Then that one pin holds all of it.
 */
static bool pin_is_large(unsigned long addr, struct page *page)
{
	unsigned long flags, pfn = 0;
	unsigned int level;
	pte_t *entry;

	if (compound_nr(compound_head(page)) < CHUNK_PAGES)
		return false;

	/* Page tables are not freed while interrupts are off */
	local_irq_save(flags);
	entry = lookup_address_in_mm(current->mm, addr, &level);
	if (entry && level == PG_LEVEL_2M) {
		pmd_t pmd = READ_ONCE(*(pmd_t *)entry);

		pfn = pmd_leaf(pmd) ? pmd_pfn(pmd) : 0;
	} else if (entry && level == PG_LEVEL_1G) {
		pud_t pud = READ_ONCE(*(pud_t *)entry);

		pfn = pud_leaf(pud) ? pud_pfn(pud) +
			((addr & ~PUD_MASK) >> PAGE_SHIFT) : 0;
	}
	local_irq_restore(flags);

	return pfn == page_to_pfn(page);
}

/* Returns the pages that are pinned, 0 if they are not to be had as one */
static int pin_large(struct mshv_region *region, struct page **pages)
{
	u64 i = region->nr_pinned;
	unsigned long addr = mshv_region_addr(region, i);
	int ret;

	if (!(region->partition->create_flags & TLFS_CREATE_GPA_SUPER_PAGES) ||
	    chunk_rest(region, i) < CHUNK_PAGES || !IS_ALIGNED(addr, PMD_SIZE))
		return 0;

	ret = pin_batch(region, addr, pages, 1);
	if (ret <= 0)
		return ret;

	if (!pin_is_large(addr, pages[0])) {
		unpin_user_page(pages[0]);
		return 0;
	}

	*chunk_pfn(region, i) = page_to_pfn(pages[0]);
	return CHUNK_PAGES;
}

static int pin_small(struct mshv_region *region, struct page **pages)
{
	u64 i = region->nr_pinned;
	int n, ret;

	ret = chunk_make_small(region, i);
	if (ret)
		return ret;

	ret = pin_batch(region, mshv_region_addr(region, i), pages,
			chunk_rest(region, i));
	for (n = 0; n < ret; n++)
		*chunk_pfn(region, i + n) = page_to_pfn(pages[n]);

	return ret ? ret : -ENOMEM;
}

static int pin_all(struct mshv_region *region)
{
	struct page **pages;
	int ret = 0;

	if (pin_exceeds_limit(region))
		return -ENOMEM;

	pages = kmalloc_array(CHUNK_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	while (region->nr_pinned < region->nr_pages) {
		ret = pin_large(region, pages);
		if (!ret)
			ret = pin_small(region, pages);
		if (ret < 0)
			break;

		region->nr_pinned += ret;
		atomic64_add(ret, &region->mm->pinned_vm);
		mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_FREE,
				 MSHV_PAGE_PINNED, ret);

		ret = fatal_signal_pending(current) ? -EINTR : 0;
		if (ret)
			break;
		cond_resched();
	}

	kfree(pages);
	return ret;
}

static void unpin_page(const struct mshv_region *region, unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	if (region->map_flags & TLFS_MAP_WRITABLE &&
	    !PageDirty(compound_head(page)))
		set_page_dirty_lock(page);
	unpin_user_page(page);
}

/* A large page has one pin */
static void unpin(struct mshv_region *region, u64 start, u64 end)
{
	const unsigned long *pfns;
	u64 i, n, nr_pins;

	for (i = start; i < end; i += n) {
		pfns = chunk_pfn(region, i);
		n = min_t(u64, chunk_rest(region, i), end - i);
		for (nr_pins = chunk_is_large(region, i) ? 1 : n; nr_pins;
		     nr_pins--)
			unpin_page(region, *pfns++);
		cond_resched();
	}

	atomic64_sub(end - start, &region->mm->pinned_vm);
	mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_PINNED,
			 MSHV_PAGE_FREE, end - start);
}

/**
 * mshv_pinned_start() - pin and map all of a region
 * @region: a region that nobody else knows yet
 *
 * Return: 0 or a negative errno; mshv_pinned_end() undoes what was done.
 */
int mshv_pinned_start(struct mshv_region *region)
{
	int ret;

	ret = chunks_alloc(region);
	if (!ret)
		ret = pin_all(region);
	return ret ? ret : pinned_map(region);
}

/**
 * mshv_pinned_end() - unmap and unpin a region, however far its making got
 * @region: the region, out of everybody's reach
 *
 * What the hypervisor will not let go of keeps its pins: better lost than used
 * by two.
 *
 * Return: 0, or -EIO if there is such memory.
 */
int mshv_pinned_end(struct mshv_region *region)
{
	struct mshv_ledger *ledger = &region->partition->ledger;
	u64 unmapped = pinned_unmap(region);
	u64 stuck = region->nr_mapped - unmapped;

	mshv_ledger_move(ledger, MSHV_PAGE_MAPPED, MSHV_PAGE_PINNED, unmapped);
	mshv_ledger_move(ledger, MSHV_PAGE_MAPPED, MSHV_PAGE_QUARANTINED, stuck);
	unpin(region, 0, unmapped);
	unpin(region, region->nr_mapped, region->nr_pinned);
	chunks_free(region);
	return stuck ? -EIO : 0;
}
