// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: guest memory.
 *
 * A region is a range of guest pages with the memory behind it.  RAM is pinned
 * as a whole when the region is made, so that the guest and its devices can
 * reach it at any time, or is movable, see mshv_movable.c.  Device memory is
 * looked up in the page tables of its one VMA and mapped uncached.
 *
 * A region that is not movable is a row of chunks, one for each large page of
 * the guest that it touches.  A chunk is one large page of the root, pinned and
 * mapped as one, or remembers the root page of each guest page.  So unmapping
 * cuts in the same places as mapping did, however far mapping got, and memory
 * in large pages costs nothing for each of the small ones.
 */
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/pgtable_types.h>

#include "mshv.h"
#include "mshv_trace.h"

#define CHUNK_PAGES		TLFS_LARGE_PAGE_PAGES

static bool enforce_memlock;
module_param(enforce_memlock, bool, 0644);
MODULE_PARM_DESC(enforce_memlock,
		 "Hold guest memory to RLIMIT_MEMLOCK of the process that maps it (default: no)");

static bool movable_memory;
module_param(movable_memory, bool, 0644);
MODULE_PARM_DESC(movable_memory,
		 "Map guest memory when it is accessed and let it move, instead of pinning it (default: no)");

/**
 * struct region_run - consecutive pages that one hypercall can take
 * @start: first page of the run, in the region
 * @unit: pages in one element, 1 or TLFS_LARGE_PAGE_PAGES
 * @count: number of elements
 */
struct region_run {
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
 * Cutting a region into runs
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

static u64 region_nr_chunks(const struct mshv_region *region)
{
	return DIV_ROUND_UP(chunk_offset(region, 0) + region->nr_pages,
			    CHUNK_PAGES);
}

static int region_alloc_chunks(struct mshv_region *region)
{
	region->chunks = kvcalloc(region_nr_chunks(region),
				  sizeof(*region->chunks),
				  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return region->chunks ? 0 : -ENOMEM;
}

static void region_free_chunks(struct mshv_region *region)
{
	u64 n;

	for (n = 0; region->chunks && n < region_nr_chunks(region); n++)
		kfree(region->chunks[n].pfns);
	kvfree(region->chunks);
}

/* The run that starts at page @start and ends before page @end */
static struct region_run region_run_at(const struct mshv_region *region,
				       u64 start, u64 end, u16 max)
{
	bool large = chunk_is_large(region, start);
	struct region_run run = {
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

static int region_map_run(struct mshv_region *region, u64 *elements)
{
	struct region_run run = region_run_at(region, region->nr_mapped,
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
	if (region->type == MSHV_REGION_PINNED)
		mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_PINNED,
				 MSHV_PAGE_MAPPED, (s64)done * run.unit);
	return ret;
}

static int region_map(struct mshv_region *region)
{
	u64 *elements;
	int ret = 0;

	elements = kmalloc_array(TLFS_MAP_GPA_PAGES_BATCH, sizeof(*elements),
				 GFP_KERNEL);
	if (!elements)
		return -ENOMEM;

	while (!ret && region->nr_mapped < region->nr_pages) {
		ret = region_map_run(region, elements);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}

	kfree(elements);
	return ret;
}

/* Returns the number of pages, from the start, that the guest has lost */
static u64 region_unmap(struct mshv_region *region)
{
	struct mshv_partition *pt = region->partition;
	struct region_run run;
	u64 i = 0;
	u16 done;
	int ret;

	while (i < region->nr_mapped) {
		run = region_run_at(region, i, region->nr_mapped,
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
 * RAM
 */

/*
 * Memory that the guest only reads is pinned for writing all the same, so that
 * the pin gets the page that a later write of this process would see.  Where
 * the process may only read, the write is forced, once it is known that it may
 * read; what cannot be written at all does not change.
 */
static int region_pin_batch(struct mshv_region *region, unsigned long addr,
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

static bool region_exceeds_limit(const struct mshv_region *region)
{
	u64 pinned = atomic64_read(&region->mm->pinned_vm);

	return READ_ONCE(enforce_memlock) && !capable(CAP_IPC_LOCK) &&
		pinned + region->nr_pages > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
}

static unsigned long region_addr(const struct mshv_region *region, u64 i)
{
	return region->userspace_addr + (i << PAGE_SHIFT);
}

/*
 * Is all of the large page that begins at @addr the large page of which @page,
 * which is pinned, is the first?  Then that one pin holds all of it.
 */
static bool region_is_large(unsigned long addr, struct page *page)
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
static int region_pin_large(struct mshv_region *region, struct page **pages)
{
	u64 i = region->nr_pinned;
	unsigned long addr = region_addr(region, i);
	int ret;

	if (!(region->partition->create_flags & TLFS_CREATE_GPA_SUPER_PAGES) ||
	    chunk_rest(region, i) < CHUNK_PAGES || !IS_ALIGNED(addr, PMD_SIZE))
		return 0;

	ret = region_pin_batch(region, addr, pages, 1);
	if (ret <= 0)
		return ret;

	if (!region_is_large(addr, pages[0])) {
		unpin_user_page(pages[0]);
		return 0;
	}

	*chunk_pfn(region, i) = page_to_pfn(pages[0]);
	return CHUNK_PAGES;
}

static int region_pin_small(struct mshv_region *region, struct page **pages)
{
	u64 i = region->nr_pinned;
	int n, ret;

	ret = chunk_make_small(region, i);
	if (ret)
		return ret;

	ret = region_pin_batch(region, region_addr(region, i), pages,
			       chunk_rest(region, i));
	for (n = 0; n < ret; n++)
		*chunk_pfn(region, i + n) = page_to_pfn(pages[n]);

	return ret ? ret : -ENOMEM;
}

static int region_pin(struct mshv_region *region)
{
	struct page **pages;
	int ret = 0;

	if (region_exceeds_limit(region))
		return -ENOMEM;

	pages = kmalloc_array(CHUNK_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	while (region->nr_pinned < region->nr_pages) {
		ret = region_pin_large(region, pages);
		if (!ret)
			ret = region_pin_small(region, pages);
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

static void region_unpin_page(const struct mshv_region *region,
			      unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	if (region->map_flags & TLFS_MAP_WRITABLE &&
	    !PageDirty(compound_head(page)))
		set_page_dirty_lock(page);
	unpin_user_page(page);
}

/* A large page has one pin */
static void region_unpin(struct mshv_region *region, u64 start, u64 end)
{
	const unsigned long *pfns;
	u64 i, n, nr_pins;

	for (i = start; i < end; i += n) {
		pfns = chunk_pfn(region, i);
		n = min_t(u64, chunk_rest(region, i), end - i);
		for (nr_pins = chunk_is_large(region, i) ? 1 : n; nr_pins;
		     nr_pins--)
			region_unpin_page(region, *pfns++);
		cond_resched();
	}

	atomic64_sub(end - start, &region->mm->pinned_vm);
	mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_PINNED,
			 MSHV_PAGE_FREE, end - start);
}

/*
 * Device memory
 */

/* The VMA of the whole range, if it is one of device memory */
static struct vm_area_struct *region_device_vma(struct mm_struct *mm,
						unsigned long start,
						unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma || vma->vm_start > start || vma->vm_end < end ||
	    !(vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
	    !(vma->vm_flags & VM_READ) || !(vma->vm_flags & VM_WRITE))
		return NULL;

	return vma;
}

static int region_device_pfn(struct mshv_region *region, unsigned long addr,
			     unsigned long *pfn)
{
	unsigned long start = region->userspace_addr;
	unsigned long end = start + (region->nr_pages << PAGE_SHIFT);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool unlocked;
	int ret;

	vma = region_device_vma(mm, start, end);
	if (!vma)
		return -EINVAL;
	if (!follow_pfn(vma, addr, pfn))
		return 0;

	ret = fixup_user_fault(mm, addr, FAULT_FLAG_WRITE, &unlocked);
	if (ret)
		return ret;

	vma = region_device_vma(mm, start, end);
	return vma ? follow_pfn(vma, addr, pfn) : -EINVAL;
}

static int region_find_page(struct mshv_region *region, u64 i)
{
	unsigned long *pfn;
	int ret;

	ret = chunk_make_small(region, i);
	if (ret)
		return ret;

	pfn = chunk_pfn(region, i);
	ret = region_device_pfn(region, region_addr(region, i), pfn);
	if (ret)
		return ret;

	return page_is_ram(*pfn) ? -EINVAL : 0;
}

static int region_find_device(struct mshv_region *region)
{
	int ret = 0;
	u64 i;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;

	for (i = 0; i < region->nr_pages && !ret; i++) {
		ret = region_find_page(region, i);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	mmap_read_unlock(current->mm);

	return ret;
}

/*
 * Making and ending regions
 */

/*
 * Release a region, however far its making got.  What the hypervisor will not
 * let go of keeps its pins: better lost than used by two.
 */
static void region_release(struct mshv_region *region)
{
	struct mshv_partition *pt = region->partition;
	u64 unmapped = region_unmap(region);
	u64 stuck = region->nr_mapped - unmapped;

	if (region->type == MSHV_REGION_MOVABLE) {
		mshv_movable_end(region);
	} else if (region->type == MSHV_REGION_PINNED) {
		mshv_ledger_move(&pt->ledger, MSHV_PAGE_MAPPED,
				 MSHV_PAGE_PINNED, unmapped);
		mshv_ledger_move(&pt->ledger, MSHV_PAGE_MAPPED,
				 MSHV_PAGE_QUARANTINED, stuck);
		region_unpin(region, 0, unmapped);
		region_unpin(region, region->nr_mapped, region->nr_pinned);
	}

	trace_mshv_region(pt->id, "release", mshv_region_gfn(region),
			  region->nr_pages, stuck ? -EIO : 0);
	mmdrop(region->mm);
	region_free_chunks(region);
	kfree(region);
}

static u32 region_map_flags(const struct mshv_user_mem_region *mem,
			    enum mshv_region_type type)
{
	u32 flags = TLFS_MAP_READABLE | TLFS_MAP_ADJUSTABLE;

	if (type == MSHV_REGION_DEVICE)
		return TLFS_MAP_READABLE | TLFS_MAP_WRITABLE |
			TLFS_MAP_NOT_CACHED;

	if (mem->flags & BIT(MSHV_SET_MEM_BIT_WRITABLE))
		flags |= TLFS_MAP_WRITABLE;
	if (mem->flags & BIT(MSHV_SET_MEM_BIT_EXECUTABLE))
		flags |= TLFS_MAP_EXECUTABLE;

	return flags;
}

/* What the first byte of the memory is decides what the region is */
static int region_choose_type(u64 addr, enum mshv_region_type *type)
{
	struct vm_area_struct *vma;
	int ret = -EINVAL;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;

	vma = find_vma(current->mm, addr);
	if (vma && vma->vm_start <= addr) {
		*type = vma->vm_flags & (VM_IO | VM_PFNMAP) ?
			MSHV_REGION_DEVICE : MSHV_REGION_PINNED;
		ret = 0;
	}
	mmap_read_unlock(current->mm);

	return ret;
}

static struct mshv_region *region_alloc(struct mshv_partition *pt,
					const struct mshv_user_mem_region *mem,
					enum mshv_region_type type)
{
	u64 nr_pages = mem->size >> PAGE_SHIFT;
	struct mshv_region *region;

	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return NULL;

	region->node.start = mem->guest_pfn;
	region->node.last = mem->guest_pfn + nr_pages - 1;
	region->partition = pt;
	region->type = type;
	region->map_flags = region_map_flags(mem, type);
	region->userspace_addr = mem->userspace_addr;
	region->nr_pages = nr_pages;
	region->mm = current->mm;
	mmgrab(region->mm);

	return region;
}

static bool region_range_valid(const struct mshv_user_mem_region *mem)
{
	u64 end;

	return access_ok(u64_to_user_ptr(mem->userspace_addr), mem->size) &&
		!check_add_overflow(mem->guest_pfn, mem->size >> PAGE_SHIFT,
				    &end) &&
		end <= MSHV_MAX_GFN;
}

static int region_fill(struct mshv_region *region)
{
	int ret;

	ret = region_alloc_chunks(region);
	if (ret)
		return ret;

	ret = region->type == MSHV_REGION_DEVICE ? region_find_device(region) :
						   region_pin(region);
	return ret ? ret : region_map(region);
}

/* Movable is a wish: what cannot be followed is pinned */
static int region_start(struct mshv_region *region)
{
	if (region->type != MSHV_REGION_PINNED || !READ_ONCE(movable_memory) ||
	    mshv_movable_start(region))
		return region_fill(region);

	region->type = MSHV_REGION_MOVABLE;
	return 0;
}

static int region_insert(struct mshv_partition *pt, struct mshv_region *region)
{
	if (down_write_killable(&pt->regions_lock))
		return -EINTR;

	interval_tree_insert(&region->node, &pt->regions);
	up_write(&pt->regions_lock);
	return 0;
}

/* After this nobody uses the region any more */
static int region_remove(struct mshv_partition *pt, struct mshv_region *region)
{
	if (down_write_killable(&pt->regions_lock))
		return -EINTR;

	interval_tree_remove(&region->node, &pt->regions);
	up_write(&pt->regions_lock);
	return 0;
}

static int region_create(struct mshv_partition *pt,
			 const struct mshv_user_mem_region *mem)
{
	u64 last = mem->guest_pfn + (mem->size >> PAGE_SHIFT) - 1;
	enum mshv_region_type type;
	struct mshv_region *region;
	int ret;

	if (!region_range_valid(mem))
		return -EINVAL;

	if (!pt->initialized)
		return -EIO;

	ret = region_choose_type(mem->userspace_addr, &type);
	if (ret)
		return ret;

	if (interval_tree_iter_first(&pt->regions, mem->guest_pfn, last))
		return -EEXIST;

	region = region_alloc(pt, mem, type);
	if (!region)
		return -ENOMEM;

	ret = region_start(region);
	if (!ret)
		ret = region_insert(pt, region);
	trace_mshv_region(pt->id, "map", mem->guest_pfn, region->nr_pages, ret);
	if (ret)
		region_release(region);

	return ret;
}

static struct mshv_region *region_find(struct mshv_partition *pt, u64 gfn)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_first(&pt->regions, gfn, gfn);
	return node ? container_of(node, struct mshv_region, node) : NULL;
}

static int region_destroy(struct mshv_partition *pt,
			  const struct mshv_user_mem_region *mem)
{
	struct mshv_region *region = region_find(pt, mem->guest_pfn);
	int ret;

	if (!region)
		return -ENOENT;

	if (mshv_region_gfn(region) != mem->guest_pfn ||
	    region->userspace_addr != mem->userspace_addr ||
	    region->nr_pages != mem->size >> PAGE_SHIFT)
		return -EINVAL;

	ret = region_remove(pt, region);
	if (!ret)
		region_release(region);

	return ret;
}

static bool region_allows(const struct mshv_region *region, u8 access)
{
	static const u32 flags[] = {
		[TLFS_ACCESS_READ] = TLFS_MAP_READABLE,
		[TLFS_ACCESS_WRITE] = TLFS_MAP_WRITABLE,
		[TLFS_ACCESS_EXECUTE] = TLFS_MAP_EXECUTABLE,
	};

	return access < ARRAY_SIZE(flags) && region->map_flags & flags[access];
}

/**
 * mshv_region_fault() - make a guest page accessible, if it is to be
 * @pt: the partition
 * @gfn: guest page number
 * @access: TLFS_ACCESS_READ, _WRITE or _EXECUTE
 *
 * Context: Process context, any process.  May sleep.
 * Return: true if the access can be tried again.
 */
bool mshv_region_fault(struct mshv_partition *pt, u64 gfn, u8 access)
{
	struct mshv_region *region;
	int ret = -EFAULT;

	if (down_read_killable(&pt->regions_lock))
		return false;

	region = region_find(pt, gfn);
	if (region && region->type == MSHV_REGION_MOVABLE &&
	    region_allows(region, access)) {
		ret = mshv_movable_fault(region, gfn);
		trace_mshv_region(pt->id, "fault", gfn, 1, ret);
	}
	up_read(&pt->regions_lock);

	return !ret;
}

/**
 * mshv_region_merge_lost() - complete what the hypervisor knows of guest pages
 * @pt: the partition, locked
 * @gfn: guest page number of the first page
 * @states: TLFS_ACCESS_STATE_* of each page; bits are added
 * @nr: number of pages
 * @clear: the state of these pages is being cleared
 */
void mshv_region_merge_lost(struct mshv_partition *pt, u64 gfn, u8 *states,
			    unsigned int nr, bool clear)
{
	struct interval_tree_node *node;
	struct mshv_region *region;
	u64 last = gfn + nr - 1;

	lockdep_assert_held(&pt->lock);

	for (node = interval_tree_iter_first(&pt->regions, gfn, last); node;
	     node = interval_tree_iter_next(node, gfn, last)) {
		region = container_of(node, struct mshv_region, node);
		if (region->type == MSHV_REGION_MOVABLE)
			mshv_movable_merge_lost(region, gfn, states, nr, clear);
	}
}

/**
 * mshv_region_ioctl_set() - MSHV_SET_GUEST_MEMORY
 * @object: partition, locked
 * @uarg: not used
 * @arg: struct mshv_user_mem_region
 *
 * Return: 0 or a negative errno.
 */
long mshv_region_ioctl_set(void *object, void __user *uarg, void *arg)
{
	const struct mshv_user_mem_region *mem = arg;
	struct mshv_partition *pt = object;

	if (!mem->size || !PAGE_ALIGNED(mem->size) ||
	    !PAGE_ALIGNED(mem->userspace_addr) ||
	    mem->flags & ~MSHV_SET_MEM_FLAGS_MASK ||
	    memchr_inv(mem->rsvd, 0, sizeof(mem->rsvd)))
		return -EINVAL;

	if (mem->flags & BIT(MSHV_SET_MEM_BIT_UNMAP))
		return region_destroy(pt, mem);

	return region_create(pt, mem);
}

/**
 * mshv_region_release_all() - release all memory of a partition
 * @pt: the partition, out of everybody's reach
 */
void mshv_region_release_all(struct mshv_partition *pt)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(&pt->regions, 0, ULONG_MAX))) {
		interval_tree_remove(node, &pt->regions);
		region_release(container_of(node, struct mshv_region, node));
	}
}
