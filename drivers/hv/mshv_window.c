// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: guest memory that follows the memory of a process.
 *
 * Such a region has windows, one for each large page of the guest that it
 * touches.  An access of the guest to a page that is not mapped stops the VP;
 * then the window around that page is looked up in the process that the region
 * belongs to, as far as there is something, and mapped.  No reference to a page
 * is kept.  Instead, a notifier tells when the process is about to lose pages,
 * and they are unmapped before it does.
 *
 * A notifier cannot fail and must not allocate memory, because it may be called
 * to free some.  Unmapping needs none.  A page of RAM that the hypervisor will
 * not let go of is given a reference that is never dropped.
 *
 * What is mapped is under the lock of the region.  Memory is deposited without
 * that lock, so that an allocation which has to reclaim pages of the region
 * can do so.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mshv.h"
#include "mshv_trace.h"

#define WINDOW_PAGES		TLFS_LARGE_PAGE_PAGES

/**
 * struct mshv_window - the part of a region inside one large guest page
 * @start: first page in the region
 * @nr_pages: number of pages
 * @large: mapped as one large page
 * @mapped: pages that the guest can reach
 * @lost: pages that were unmapped since their access state was last cleared
 * @pfns: root page number of each page that is mapped
 */
struct mshv_window {
	u64 start;
	unsigned int nr_pages;
	bool large;
	DECLARE_BITMAP(mapped, WINDOW_PAGES);
	DECLARE_BITMAP(lost, WINDOW_PAGES);
	u64 *pfns;
};

/**
 * struct window_fault - a fault on its way
 * @region: where
 * @window: where in it
 * @wanted: page in the window that is asked for
 * @first: first page in the window that was found
 * @nr_pages: number of pages that were found
 * @status: how the hypercall ended that maps them
 * @pfns: root page numbers of these pages
 */
struct window_fault {
	struct mshv_region *region;
	struct mshv_window *window;
	unsigned int wanted;
	unsigned int first;
	unsigned int nr_pages;
	u64 status;
	u64 pfns[WINDOW_PAGES];
};

static u64 window_gfn(const struct mshv_region *region,
		      const struct mshv_window *window)
{
	return mshv_region_gfn(region) + window->start;
}

/*
 * Unmapping
 */

/* RAM that stays mapped below never goes back to the allocator */
static void window_quarantine(struct mshv_region *region,
			      struct mshv_window *window,
			      unsigned int start, unsigned int end)
{
	unsigned int i;

	for (i = start; i < end && region->type == MSHV_REGION_MOVABLE; i++)
		get_page(pfn_to_page(window->pfns[i]));

	mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_MAPPED,
			 MSHV_PAGE_QUARANTINED, end - start);
}

/* Unmap a run of small pages, or the one large page */
static void window_unmap_run(struct mshv_region *region,
			     struct mshv_window *window,
			     unsigned int start, unsigned int end)
{
	struct mshv_partition *pt = region->partition;
	unsigned int unit = window->large ? WINDOW_PAGES : 1;
	unsigned int stuck;
	u16 done;
	int ret;

	ret = hv_call_unmap_gpa_pages(pt->id, window_gfn(region, window) + start,
				      window->large ? TLFS_UNMAP_LARGE_PAGE : 0,
				      (end - start) / unit, &done);
	stuck = start + done * unit;
	mshv_ledger_move(&pt->ledger, MSHV_PAGE_MAPPED, MSHV_PAGE_FREE,
			 stuck - start);
	if (ret) {
		pt_warn(pt, "guest page %#llx cannot be unmapped: %d\n",
			window_gfn(region, window) + stuck, ret);
		window_quarantine(region, window, stuck, end);
	}

	bitmap_clear(window->mapped, start, end - start);
	bitmap_set(window->lost, start, end - start);
}

/* A large page goes as a whole */
static void window_unmap(struct mshv_region *region, struct mshv_window *window,
			 unsigned int start, unsigned int end)
{
	unsigned int i;

	lockdep_assert_held(&region->lock);

	if (window->large) {
		window_unmap_run(region, window, 0, WINDOW_PAGES);
		window->large = false;
		return;
	}

	while ((start = find_next_bit(window->mapped, end, start)) < end) {
		i = find_next_zero_bit(window->mapped, end, start);
		window_unmap_run(region, window, start, i);
		start = i;
	}
}

/* Number of the window of a page: windows are where large guest pages are */
static unsigned long window_index(const struct mshv_region *region, u64 i)
{
	return (mshv_region_gfn(region) + i) / WINDOW_PAGES;
}

/* Unmap pages @start to @end - 1 of the region */
static void windows_unmap(struct mshv_region *region, u64 start, u64 end)
{
	struct mshv_window *window;
	unsigned long index;

	xa_for_each_range(&region->windows, index, window,
			  window_index(region, start),
			  window_index(region, end - 1))
		window_unmap(region, window,
			     start > window->start ? start - window->start : 0,
			     min_t(u64, end - window->start, window->nr_pages));
}

/* The process is about to lose memory, or to get other memory in its place */
static bool windows_invalidate(struct mmu_interval_notifier *notifier,
			       const struct mmu_notifier_range *range,
			       unsigned long seq)
{
	struct mshv_region *region = container_of(notifier, struct mshv_region,
						  notifier);
	unsigned long base = region->userspace_addr;
	unsigned long start = max(range->start, base);
	unsigned long end = min(range->end,
				base + (unsigned long)(region->nr_pages << PAGE_SHIFT));

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&region->lock);
	else if (!mutex_trylock(&region->lock))
		return false;

	mmu_interval_set_seq(notifier, seq);
	if (start < end)
		windows_unmap(region, (start - base) >> PAGE_SHIFT,
			      PAGE_ALIGN(end - base) >> PAGE_SHIFT);
	mutex_unlock(&region->lock);

	return true;
}

static const struct mmu_interval_notifier_ops windows_ops = {
	.invalidate	= windows_invalidate,
};

/*
 * Mapping
 */

static bool fault_is_large(const struct window_fault *fault)
{
	const struct mshv_window *window = fault->window;
	u64 pfn = fault->pfns[0];
	unsigned int i;

	if (fault->region->type != MSHV_REGION_MOVABLE ||
	    !(fault->region->partition->create_flags & TLFS_CREATE_GPA_SUPER_PAGES) ||
	    fault->nr_pages < WINDOW_PAGES ||
	    !bitmap_empty(window->mapped, WINDOW_PAGES) ||
	    !IS_ALIGNED(pfn, WINDOW_PAGES))
		return false;

	for (i = 1; i < WINDOW_PAGES; i++)
		if (fault->pfns[i] != pfn + i)
			return false;

	return true;
}

/* Map a run of small pages, or one large page */
static void fault_map_run(struct window_fault *fault, unsigned int start,
			  unsigned int end, bool large)
{
	struct mshv_region *region = fault->region;
	struct mshv_window *window = fault->window;
	unsigned int unit = large ? WINDOW_PAGES : 1;
	u16 done;

	fault->status =
		hv_call_try_map_gpa_pages(region->partition->id,
					  window_gfn(region, window) + start,
					  region->map_flags |
					  (large ? TLFS_MAP_LARGE_PAGE : 0),
					  &window->pfns[start],
					  (end - start) / unit, &done);

	if (done)
		window->large = large;
	bitmap_set(window->mapped, start, done * unit);
	mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_FREE,
			 MSHV_PAGE_MAPPED, done * unit);
}

/* Map what was found and is not mapped yet */
static void fault_map(struct window_fault *fault)
{
	struct mshv_window *window = fault->window;
	unsigned int end = fault->first + fault->nr_pages;
	unsigned int i = fault->first, run;

	fault->status = TLFS_STATUS_SUCCESS;
	for (run = i; run < end; run++)
		if (!test_bit(run, window->mapped))
			window->pfns[run] = fault->pfns[run - i];

	if (fault_is_large(fault)) {
		fault_map_run(fault, 0, WINDOW_PAGES, true);
		return;
	}

	while (fault->status == TLFS_STATUS_SUCCESS) {
		i = find_next_zero_bit(window->mapped, end, i);
		if (i >= end)
			break;
		run = min_t(unsigned int, i + TLFS_MAP_GPA_PAGES_BATCH,
			    find_next_bit(window->mapped, end, i));
		fault_map_run(fault, i, run, false);
	}
}

/* Pages of the owner, from @first on; how many, or a negative errno */
static long fault_get_from(struct window_fault *fault, unsigned int first)
{
	struct mshv_region *region = fault->region;
	u64 i = fault->window->start + first;
	unsigned int wanted = fault->window->nr_pages - first;
	long nr;

	nr = region->type == MSHV_REGION_DEVICE ?
		mshv_device_get(region, i, wanted, fault->pfns) :
		mshv_movable_get(region, i, wanted, fault->pfns);

	fault->first = first;
	fault->nr_pages = max(nr, 0L);
	return nr;
}

static void fault_put(struct window_fault *fault)
{
	if (fault->region->type == MSHV_REGION_MOVABLE)
		mshv_movable_put(fault->pfns, fault->nr_pages);
	fault->nr_pages = 0;
}

/*
 * All of the window if possible.  If it has a hole before the page that is
 * wanted, then from that page on.
 */
static int fault_get(struct window_fault *fault)
{
	long nr = fault_get_from(fault, 0);

	if (nr <= (long)fault->wanted) {
		fault_put(fault);
		nr = fault_get_from(fault, fault->wanted);
	}

	return nr > 0 ? 0 : nr ? nr : -EFAULT;
}

/* One attempt; -EAGAIN if the process has lost pages meanwhile */
static int fault_try(struct window_fault *fault)
{
	struct mshv_region *region = fault->region;
	unsigned long seq = mmu_interval_read_begin(&region->notifier);
	int ret = fault_get(fault);

	if (ret)
		return ret;

	mutex_lock(&region->lock);
	if (mmu_interval_read_retry(&region->notifier, seq))
		ret = fatal_signal_pending(current) ? -EINTR : -EAGAIN;
	else
		fault_map(fault);
	mutex_unlock(&region->lock);

	fault_put(fault);
	return ret;
}

static int fault_resolve(struct window_fault *fault)
{
	struct mshv_retry retry =
		MSHV_RETRY_PAGES(&fault->region->partition->pool, 4);
	int ret;

	do {
		do {
			ret = fault_try(fault);
			cond_resched();
		} while (ret == -EAGAIN);
		if (ret)
			return ret;
	} while (mshv_retry(&retry, fault->status));

	return retry.error;
}

static void window_free(struct mshv_window *window)
{
	kfree(window->pfns);
	kfree(window);
}

/* In two pieces: as one it would be a little larger than a page */
static struct mshv_window *window_alloc(void)
{
	struct mshv_window *window;

	window = kzalloc(sizeof(*window), GFP_KERNEL_ACCOUNT);
	if (!window)
		return NULL;

	window->pfns = kmalloc_array(WINDOW_PAGES, sizeof(*window->pfns),
				     GFP_KERNEL_ACCOUNT);
	if (!window->pfns) {
		kfree(window);
		return NULL;
	}

	return window;
}

/* The window of a page of the region; it stays for as long as the region */
static struct mshv_window *window_find(struct mshv_region *region, u64 i)
{
	unsigned long index = window_index(region, i);
	struct mshv_window *window = xa_load(&region->windows, index);
	u64 first = index * WINDOW_PAGES;
	int ret;

	if (window)
		return window;

	window = window_alloc();
	if (!window)
		return NULL;

	if (first > mshv_region_gfn(region))
		window->start = first - mshv_region_gfn(region);
	window->nr_pages = min_t(u64, first + WINDOW_PAGES,
				 mshv_region_gfn(region) + region->nr_pages) -
			   window_gfn(region, window);

	ret = xa_insert(&region->windows, index, window, GFP_KERNEL_ACCOUNT);
	if (ret) {
		window_free(window);
		/* Another VP was faster */
		window = ret == -EBUSY ? xa_load(&region->windows, index) : NULL;
	}

	return window;
}

static int windows_fault(struct mshv_region *region, u64 i)
{
	struct window_fault *fault;
	int ret = -ENOMEM;

	fault = kmalloc(sizeof(*fault), GFP_KERNEL_ACCOUNT);
	if (!fault)
		return -ENOMEM;

	fault->region = region;
	fault->window = window_find(region, i);
	if (fault->window) {
		fault->wanted = i - fault->window->start;
		ret = fault_resolve(fault);
	}

	kfree(fault);
	return ret;
}

/**
 * mshv_windows_fault() - make a page of a region accessible to the guest
 * @region: the region; stays while this runs
 * @i: page in the region
 *
 * Context: Process context, any process.  May sleep for as long as it takes to
 * get the memory; a fatal signal ends that.
 * Return: 0 or a negative errno.
 */
int mshv_windows_fault(struct mshv_region *region, u64 i)
{
	int ret;

	if (!mmget_not_zero(region->mm))
		return -EFAULT;

	ret = windows_fault(region, i);
	mmput(region->mm);
	return ret;
}

/* The first page after page @i that is not mapped, or in another window */
static u64 windows_next(struct mshv_region *region, u64 i)
{
	struct mshv_window *window = window_find(region, i);

	return window->start + find_next_zero_bit(window->mapped,
						  window->nr_pages,
						  i + 1 - window->start);
}

/**
 * mshv_windows_fill() - make all of a region accessible to the guest
 * @region: a region that nobody else knows yet
 *
 * Return: 0 or a negative errno.
 */
int mshv_windows_fill(struct mshv_region *region)
{
	u64 i = 0;
	int ret;

	while (i < region->nr_pages) {
		ret = mshv_windows_fault(region, i);
		if (ret)
			return ret;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		i = windows_next(region, i);
	}

	return 0;
}

/**
 * mshv_windows_start() - begin to follow the memory of a process
 * @region: a region that nobody else knows yet
 * @type: what it becomes
 *
 * The first time for a process this is given up for any signal.  That is no
 * failure: the system call is made again when the signal has been handled.
 *
 * Return: 0 or a negative errno; -ERESTARTNOINTR if there was a signal.
 */
int mshv_windows_start(struct mshv_region *region, enum mshv_region_type type)
{
	int ret;

	mutex_init(&region->lock);
	xa_init_flags(&region->windows, XA_FLAGS_ACCOUNT);
	ret = mmu_interval_notifier_insert(&region->notifier, region->mm,
					   region->userspace_addr,
					   region->nr_pages << PAGE_SHIFT,
					   &windows_ops);
	if (!ret)
		region->type = type;
	return ret == -EINTR ? -ERESTARTNOINTR : ret;
}

/**
 * mshv_windows_end() - unmap a region and free what was needed to follow it
 * @region: a region that mshv_windows_start() began, out of everybody's reach
 *
 * While the notifier is there, what is mapped is not freed.
 */
void mshv_windows_end(struct mshv_region *region)
{
	struct mshv_window *window;
	unsigned long index;

	xa_for_each(&region->windows, index, window) {
		mutex_lock(&region->lock);
		window_unmap(region, window, 0, window->nr_pages);
		mutex_unlock(&region->lock);
		cond_resched();
	}

	mmu_interval_notifier_remove(&region->notifier);

	xa_for_each(&region->windows, index, window)
		window_free(window);
	xa_destroy(&region->windows);
}

/**
 * mshv_windows_merge_lost() - add pages that count as accessed and written
 * @region: the region
 * @gfn: guest page number of the first page asked for
 * @states: TLFS_ACCESS_STATE_* of each page; bits are added
 * @nr: number of pages
 * @clear: forget that they were lost
 *
 * The hypervisor knows nothing of pages that it does not map any more.
 */
void mshv_windows_merge_lost(struct mshv_region *region, u64 gfn, u8 *states,
			     unsigned int nr, bool clear)
{
	u64 base = mshv_region_gfn(region);
	u64 end = min(gfn + nr, base + region->nr_pages);
	struct mshv_window *window;
	u64 i;

	mutex_lock(&region->lock);
	for (i = max(gfn, base); i < end; i++) {
		window = xa_load(&region->windows, i / WINDOW_PAGES);
		if (!window) {
			i |= WINDOW_PAGES - 1;
			continue;
		}
		if (!test_bit(i - window_gfn(region, window), window->lost))
			continue;
		states[i - gfn] |= TLFS_ACCESS_STATE_ACCESSED;
		if (region->map_flags & TLFS_MAP_WRITABLE)
			states[i - gfn] |= TLFS_ACCESS_STATE_DIRTY;
		if (clear)
			clear_bit(i - window_gfn(region, window), window->lost);
	}
	mutex_unlock(&region->lock);
}
