// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: memory pools.
 *
 * The hypervisor has no memory of its own to give.  What it needs on behalf of
 * a partition it takes from that partition's pool, which the parent fills by
 * deposits.  A call that finds the pool empty fails with a status that says
 * whose pool it was and whether it needs contiguous pages; the caller
 * deposits and calls again.
 *
 * A deposited page is gone: any access ends the machine.  It stays allocated,
 * is marked PageOffline and points to its pool until it has been withdrawn.
 *
 * What the hypervisor uses for the root's own processors it uses for good, also
 * under a kernel started by kexec.  Pages for the root's pool come from a range
 * that such a kernel finds reserved in its memory map, for as long as it lasts.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/acpi.h>
#include <linux/export.h>
#include <linux/kcore.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/log2.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <acpi/acpi_numa.h>
#include <asm/e820/api.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

/* Largest block the hypervisor asks for: "contiguous" means 8 pages */
#define POOL_BLOCK_ORDER	3
#define POOL_BLOCK_PAGES	BIT(POOL_BLOCK_ORDER)

/*
 * A call that is still short of memory after this many deposits, each twice
 * the one before up to the limit, is not short of memory (9 MiB in all).
 */
#define RETRY_MAX_ROUNDS	16
#define RETRY_MAX_PAGES		256

/* Pages that are kept for the root's pool: some, and some for each CPU */
#define RESERVE_PAGES		64
#define RESERVE_CPU_PAGES	32

/* The range kept for the root's pool, and how far it has been used up */
static unsigned long reserve_start, reserve_next, reserve_end;
static DEFINE_SPINLOCK(reserve_lock);

struct mshv_pool mshv_root_pool = {
	.partition_id = TLFS_PARTITION_ID_SELF,
	.node = NUMA_NO_NODE,
	.gfp = GFP_KERNEL,
};
EXPORT_SYMBOL_GPL(mshv_root_pool);

/* Pages in all pools, also in those whose partition could not be ended */
static atomic_long_t pools_nr_pages;

/**
 * mshv_pool_init() - start the account of a partition's memory pool
 * @pool: the account
 * @partition_id: whose pool it is
 * @node: NUMA node to take pages from, or %NUMA_NO_NODE
 * @gfp: how to allocate them, %GFP_KERNEL or %GFP_KERNEL_ACCOUNT
 */
void mshv_pool_init(struct mshv_pool *pool, u64 partition_id, int node,
		    gfp_t gfp)
{
	pool->partition_id = partition_id;
	pool->node = node;
	pool->gfp = gfp;
	atomic_long_set(&pool->nr_pages, 0);
}
EXPORT_SYMBOL_GPL(mshv_pool_init);

/* From here on the page is the hypervisor's */
static void pool_page_add(struct mshv_pool *pool, struct page *page)
{
	set_page_private(page, (unsigned long)pool);
	__SetPageOffline(page);
	atomic_long_inc(&pool->nr_pages);
	atomic_long_inc(&pools_nr_pages);
}

static void pool_page_remove(struct mshv_pool *pool, struct page *page)
{
	atomic_long_dec(&pools_nr_pages);
	atomic_long_dec(&pool->nr_pages);
	__ClearPageOffline(page);
	set_page_private(page, 0);
}

/* The page of a pfn that the hypervisor says is from @pool, if it can be */
static struct page *pool_page_find(struct mshv_pool *pool, u64 pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return NULL;

	page = pfn_to_page(pfn);
	if (page_private(page) != (unsigned long)pool)
		return NULL;

	return page;
}

static struct page *pool_alloc_block(struct mshv_pool *pool, unsigned int *order)
{
	struct page *page;

	for (;; (*order)--) {
		page = alloc_pages_node(pool->node, pool->gfp | __GFP_NOWARN,
					*order);
		if (page || !*order)
			return page;
	}
}

/* Of the pages that are kept, once */
static unsigned int pool_alloc_reserved(struct mshv_pool *pool, u64 *pfns,
					unsigned int nr_pages)
{
	unsigned int n = 0;
	struct page *page;

	if (pool != &mshv_root_pool)
		return 0;

	spin_lock(&reserve_lock);
	while (n < nr_pages && reserve_next < reserve_end) {
		page = pfn_to_page(reserve_next);
		ClearPageReserved(page);
		init_page_count(page);
		adjust_managed_page_count(page, 1);
		pfns[n++] = reserve_next++;
	}
	spin_unlock(&reserve_lock);

	return n;
}

/*
 * Allocate up to @nr_pages, the large blocks first and each in ascending
 * order, so that a contiguous request is met if at all possible.
 */
static unsigned int pool_alloc(struct mshv_pool *pool, u64 *pfns,
			       unsigned int nr_pages)
{
	unsigned int order = POOL_BLOCK_ORDER;
	unsigned int n = pool_alloc_reserved(pool, pfns, nr_pages);
	unsigned int i;
	struct page *page;

	while (n < nr_pages) {
		order = min_t(unsigned int, order, ilog2(nr_pages - n));
		page = pool_alloc_block(pool, &order);
		if (!page)
			break;

		/* Pages come back one by one and in any order */
		split_page(page, order);
		for (i = 0; i < BIT(order); i++)
			pfns[n++] = page_to_pfn(page) + i;
	}

	return n;
}

/* Hand over @nr_pages; those that were not taken are freed again */
static u64 pool_give(struct mshv_pool *pool, const u64 *pfns,
		     unsigned int nr_pages)
{
	const struct tlfs_in_deposit_memory in = {
		.partition_id = pool->partition_id,
	};
	struct mshv_reps reps = {
		.in = pfns,
		.in_size = sizeof(*pfns),
		.count = nr_pages,
	};
	unsigned int i;
	u64 status;

	for (i = 0; i < nr_pages; i++)
		pool_page_add(pool, pfn_to_page(pfns[i]));

	status = mshv_hvcall_rep(TLFS_CALL_DEPOSIT_MEMORY, &in, sizeof(in),
				 &reps);

	for (i = reps.done; i < nr_pages; i++) {
		pool_page_remove(pool, pfn_to_page(pfns[i]));
		__free_page(pfn_to_page(pfns[i]));
	}

	return status;
}

static int pool_deposit_batch(struct mshv_pool *pool, u64 *pfns,
			      unsigned int nr_pages)
{
	unsigned int n = pool_alloc(pool, pfns, nr_pages);
	u64 status;

	if (!n)
		return -ENOMEM;

	status = pool_give(pool, pfns, n);
	if (status != TLFS_STATUS_SUCCESS) {
		pr_err_ratelimited("deposit of %u pages to partition %#llx: %s (%#llx)\n",
				   n, pool->partition_id,
				   mshv_status_name(status), status);
		return mshv_status_to_errno(status);
	}

	return n < nr_pages ? -ENOMEM : 0;
}

/**
 * mshv_pool_deposit() - deposit pages into a partition's memory pool
 * @pool: the pool
 * @nr_pages: number of pages
 *
 * On failure the pages which the hypervisor has not taken are free again.
 * Those it has taken stay in the pool and in its account: they serve the next
 * call, and come back by mshv_pool_withdraw().
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int mshv_pool_deposit(struct mshv_pool *pool, unsigned long nr_pages)
{
	unsigned int batch;
	int ret = 0;
	u64 *pfns;

	might_sleep();

	pfns = kmalloc_array(TLFS_DEPOSIT_MEMORY_BATCH, sizeof(*pfns),
			     GFP_KERNEL);
	if (!pfns)
		return -ENOMEM;

	while (nr_pages && !ret) {
		batch = min_t(unsigned long, nr_pages,
			      TLFS_DEPOSIT_MEMORY_BATCH);
		ret = pool_deposit_batch(pool, pfns, batch);
		nr_pages -= batch;
		cond_resched();
	}

	kfree(pfns);
	return ret;
}
EXPORT_SYMBOL_GPL(mshv_pool_deposit);

/* Returns how many of the pages were ours; frees those */
static unsigned int pool_take_back(struct mshv_pool *pool, const u64 *pfns,
				   unsigned int nr_pages)
{
	unsigned int taken = 0, i;
	struct page *page;

	for (i = 0; i < nr_pages; i++) {
		page = pool_page_find(pool, pfns[i]);
		if (!page || !PageOffline(page)) {
			pr_err_ratelimited("partition %#llx returned page %#llx, which is not in its pool\n",
					   pool->partition_id, pfns[i]);
			continue;
		}
		pool_page_remove(pool, page);
		__free_page(page);
		taken++;
	}

	return taken;
}

/**
 * mshv_pool_withdraw() - take free pages out of a partition's memory pool
 * @pool: the pool
 * @nr_pages: upper limit; %ULONG_MAX to take all there are
 *
 * While a partition is active the hypervisor may keep what it likes.  Before
 * initialisation and after finalisation all pages can be withdrawn; then
 * @pool->nr_pages is zero afterwards, or somebody has lost pages.
 *
 * Context: Process context, may sleep.
 * Return: Number of pages that came back and are free now, or a negative
 * errno if the hypervisor refused.
 */
long mshv_pool_withdraw(struct mshv_pool *pool, unsigned long nr_pages)
{
	const struct tlfs_in_withdraw_memory in = {
		.partition_id = pool->partition_id,
	};
	struct mshv_reps reps = { .out_size = sizeof(u64) };
	u64 status = TLFS_STATUS_SUCCESS;
	long total = 0;

	might_sleep();

	/* One page. Without it a partition could not be taken down. */
	reps.out = kcalloc(TLFS_WITHDRAW_MEMORY_BATCH, sizeof(u64),
			   GFP_KERNEL | __GFP_NOFAIL);

	while (nr_pages && status == TLFS_STATUS_SUCCESS) {
		reps.count = min_t(unsigned long, nr_pages,
				   TLFS_WITHDRAW_MEMORY_BATCH);
		reps.done = 0;
		status = mshv_hvcall_rep(TLFS_CALL_WITHDRAW_MEMORY,
					 &in, sizeof(in), &reps);
		total += pool_take_back(pool, reps.out, reps.done);
		nr_pages -= reps.done;
		/* Success without progress would go on for ever */
		if (!reps.done)
			break;
		cond_resched();
	}

	kfree(reps.out);

	/* "No resources" is how the hypervisor says that nothing is left */
	if (status != TLFS_STATUS_SUCCESS && status != TLFS_STATUS_NO_RESOURCES)
		return mshv_status_to_errno(status);

	return total;
}
EXPORT_SYMBOL_GPL(mshv_pool_withdraw);

/* The pool itself may have gone with the partition */
static void pool_forget(u64 pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return;

	page = pfn_to_page(pfn);
	if (!page_private(page))
		return;

	/* A page that is lent is not marked */
	if (PageOffline(page))
		__ClearPageOffline(page);
	set_page_private(page, 0);
	atomic_long_dec(&pools_nr_pages);
}

/**
 * mshv_pool_drain() - take all free pages out of a pool, for another kernel
 * @partition_id: whose pool it is
 *
 * They are not freed: this kernel needs no memory any more, or has never had
 * these pages.
 *
 * Context: Only one CPU runs.
 */
void mshv_pool_drain(u64 partition_id)
{
	static u64 pfns[TLFS_WITHDRAW_MEMORY_BATCH];
	const struct tlfs_in_withdraw_memory in = {
		.partition_id = partition_id,
	};
	struct mshv_reps reps = {
		.out = pfns,
		.out_size = sizeof(*pfns),
		.count = ARRAY_SIZE(pfns),
	};
	u64 status;

	do {
		reps.done = 0;
		status = mshv_hvcall_rep(TLFS_CALL_WITHDRAW_MEMORY,
					 &in, sizeof(in), &reps);
		while (reps.done)
			pool_forget(pfns[--reps.done]);
	} while (status == TLFS_STATUS_SUCCESS);
}

/**
 * mshv_pool_unkept() - what another kernel would not know about
 *
 * Return: Number of pages in pools that are not in the range which the memory
 * map of the next kernel shows as reserved.
 */
long mshv_pool_unkept(void)
{
	long kept = 0;
	unsigned long pfn;

	for (pfn = reserve_start; pfn < reserve_next; pfn++)
		if (PageOffline(pfn_to_page(pfn)))
			kept++;

	return atomic_long_read(&pools_nr_pages) - kept;
}

#ifdef CONFIG_PROC_KCORE
/* For /proc/kcore: what must not be read is read as zeros */
static int pool_pfn_is_ram(unsigned long pfn)
{
	return !pfn_valid(pfn) || !PageOffline(pfn_to_page(pfn));
}

/**
 * mshv_root_pool_hide() - keep programs that read all memory out of the pools
 */
void __init mshv_root_pool_hide(void)
{
	/* Only a GART of old would be there before */
	if (register_mem_pfn_is_ram(pool_pfn_is_ram))
		pr_warn("/proc/kcore shows pages of the hypervisor: do not read it\n");
}
#endif

/* All functions that change a map change the kernel's own */
static void __init reserve_in_map(struct e820_table **map, u64 start, u64 size)
{
	swap(e820_table, *map);
	e820__range_update(start, size, E820_TYPE_RAM, E820_TYPE_RESERVED);
	e820__update_table(e820_table);
	swap(e820_table, *map);
}

/**
 * mshv_root_pool_reserve() - keep a range of memory for the root's pool
 *
 * The map that kexec_file_load() hands on has it reserved.  So must the kernel's
 * own, where the place of the next kernel is looked for, and the firmware's,
 * which is what programs hand on that use kexec_load().
 */
void __init mshv_root_pool_reserve(void)
{
	u64 size = (u64)(RESERVE_PAGES + RESERVE_CPU_PAGES *
			 num_possible_cpus()) << PAGE_SHIFT;
	u64 start = e820__memblock_alloc_reserved(size, PAGE_SIZE << POOL_BLOCK_ORDER);

	if (!start) {
		pr_warn("no memory to keep for kexec\n");
		return;
	}

	/* What is in it is for the hypervisor alone to read */
	kmemleak_ignore_phys(start);
	reserve_in_map(&e820_table, start, size);
	reserve_in_map(&e820_table_firmware, start, size);
	reserve_start = PHYS_PFN(start);
	reserve_next = reserve_start;
	reserve_end = PHYS_PFN(start + size);
}

/**
 * mshv_pool_lend() - a page of the pool becomes accessible for a while
 * @pool: the pool
 * @pfn: page that the hypervisor has mapped for us, for instance to show the
 *	state of a virtual processor
 *
 * Return: The page, or %NULL if it is not one that was deposited here.
 */
struct page *mshv_pool_lend(struct mshv_pool *pool, u64 pfn)
{
	struct page *page = pool_page_find(pool, pfn);

	if (!page || !PageOffline(page))
		return NULL;

	__ClearPageOffline(page);
	return page;
}
EXPORT_SYMBOL_GPL(mshv_pool_lend);

/**
 * mshv_pool_return() - end of mshv_pool_lend(), after the page was unmapped
 * @pool: the pool
 * @page: the page
 */
void mshv_pool_return(struct mshv_pool *pool, struct page *page)
{
	if (WARN_ON_ONCE(page_private(page) != (unsigned long)pool))
		return;

	__SetPageOffline(page);
}
EXPORT_SYMBOL_GPL(mshv_pool_return);

static bool status_names_root(u64 status)
{
	return status == TLFS_STATUS_INSUFFICIENT_ROOT_MEMORY ||
		status == TLFS_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;
}

static bool status_wants_block(u64 status)
{
	return status == TLFS_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY ||
		status == TLFS_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;
}

/**
 * mshv_retry() - decide whether to repeat a call, and deposit what it lacks
 * @retry: state of this call, initialised by MSHV_RETRY()
 * @status: how the call ended this time
 *
 * Context: Process context, may sleep.
 * Return: true if the call is to be repeated; otherwise @retry->error says how
 * it ended.
 */
bool mshv_retry(struct mshv_retry *retry, u64 status)
{
	struct mshv_pool *pool = retry->pool;
	unsigned int nr_pages = retry->nr_pages;

	retry->error = mshv_status_to_errno(status);
	if (retry->error != -ENOMEM || retry->rounds++ >= RETRY_MAX_ROUNDS)
		return false;

	if (status_names_root(status))
		pool = &mshv_root_pool;
	if (status_wants_block(status))
		nr_pages = round_up(nr_pages, POOL_BLOCK_PAGES);
	retry->nr_pages = max(nr_pages,
			      min_t(unsigned int, 2 * nr_pages, RETRY_MAX_PAGES));

	retry->error = mshv_pool_deposit(pool, nr_pages);
	return !retry->error;
}
EXPORT_SYMBOL_GPL(mshv_retry);

/**
 * mshv_proximity() - proximity of a NUMA node, as the hypervisor wants it
 * @node: NUMA node, or %NUMA_NO_NODE
 *
 * Return: A preference for that node; none for %NUMA_NO_NODE.
 */
struct tlfs_proximity mshv_proximity(int node)
{
	struct tlfs_proximity proximity = { };
	int pxm = node == NUMA_NO_NODE ? -1 : node_to_pxm(node);

	if (pxm >= 0) {
		proximity.domain_id = pxm;
		proximity.flags = TLFS_PROXIMITY_PREFERRED | TLFS_PROXIMITY_VALID;
	}

	return proximity;
}
EXPORT_SYMBOL_GPL(mshv_proximity);
