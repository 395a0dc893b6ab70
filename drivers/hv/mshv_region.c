// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: guest memory.
 *
 * A region is a range of guest pages with the memory behind it.  RAM is pinned
 * as a whole when the region is made, so that the guest and its devices can
 * reach it at any time.  Device memory is looked up in the page tables of its
 * one VMA and mapped uncached.
 *
 * A region remembers the root page of each guest page.  How the region is cut
 * into large and small pages follows from that array alone, so that unmapping
 * cuts in the same places as mapping did, however far mapping got.
 */
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mshv.h"
#include "mshv_trace.h"

/*
 * Pages pinned at a time: one page of pointers, here and for the array that
 * a long-term pin allocates.
 */
#define REGION_PIN_BATCH	(PAGE_SIZE / sizeof(struct page *))

/* Guest page numbers have at most 40 bits: 52-bit physical addresses */
#define REGION_MAX_GFN		BIT_ULL(40)

static bool enforce_memlock;
module_param(enforce_memlock, bool, 0644);
MODULE_PARM_DESC(enforce_memlock,
		 "Hold guest memory to RLIMIT_MEMLOCK of the process that maps it (default: no)");

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

/*
 * Cutting a region into runs
 */

static bool region_is_large_at(const struct mshv_region *region, u64 i)
{
	const unsigned long *pfn = &region->pfns[i];
	unsigned int n;

	if (!(region->partition->create_flags & TLFS_CREATE_GPA_SUPER_PAGES) ||
	    region->type != MSHV_REGION_PINNED ||
	    region->nr_pages - i < TLFS_LARGE_PAGE_PAGES ||
	    !IS_ALIGNED(mshv_region_gfn(region) + i, TLFS_LARGE_PAGE_PAGES) ||
	    !IS_ALIGNED(*pfn, TLFS_LARGE_PAGE_PAGES))
		return false;

	for (n = 1; n < TLFS_LARGE_PAGE_PAGES; n++)
		if (pfn[n] != pfn[0] + n)
			return false;

	return true;
}

/* The run that starts at page @start and ends before page @end */
static struct region_run region_run_at(const struct mshv_region *region,
				       u64 start, u64 end, u16 max)
{
	bool large = region_is_large_at(region, start);
	struct region_run run = {
		.start = start,
		.unit = large ? TLFS_LARGE_PAGE_PAGES : 1,
	};
	u64 i;

	for (i = start; i < end && run.count < max; i += run.unit) {
		/* Only at these places can the size of pages change */
		if ((large || IS_ALIGNED(mshv_region_gfn(region) + i,
					 TLFS_LARGE_PAGE_PAGES)) &&
		    region_is_large_at(region, i) != large)
			break;
		run.count++;
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
		elements[n] = region->pfns[run.start + (u64)n * run.unit];

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

static int region_pin(struct mshv_region *region)
{
	struct page **pages;
	u64 left;
	int i, n, ret = 0;

	if (region_exceeds_limit(region))
		return -ENOMEM;

	pages = kmalloc_array(REGION_PIN_BATCH, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	while (region->nr_pinned < region->nr_pages) {
		left = region->nr_pages - region->nr_pinned;
		n = region_pin_batch(region, region->userspace_addr +
				     (region->nr_pinned << PAGE_SHIFT), pages,
				     min_t(u64, left, REGION_PIN_BATCH));
		ret = n ? min(n, 0) : -ENOMEM;
		if (ret)
			break;

		for (i = 0; i < n; i++)
			region->pfns[region->nr_pinned + i] =
				page_to_pfn(pages[i]);
		region->nr_pinned += n;
		atomic64_add(n, &region->mm->pinned_vm);
		mshv_ledger_move(&region->partition->ledger, MSHV_PAGE_FREE,
				 MSHV_PAGE_PINNED, n);

		ret = fatal_signal_pending(current) ? -EINTR : 0;
		if (ret)
			break;
		cond_resched();
	}

	kfree(pages);
	return ret;
}

static void region_unpin(struct mshv_region *region, u64 start, u64 end)
{
	bool writable = region->map_flags & TLFS_MAP_WRITABLE;
	struct page *page, *head, *last = NULL;
	u64 i;

	for (i = start; i < end; i++) {
		page = pfn_to_page(region->pfns[i]);
		head = compound_head(page);
		if (writable && head != last && !PageDirty(head))
			set_page_dirty_lock(head);
		last = head;
		unpin_user_page(page);
		if (!(i % REGION_PIN_BATCH)) {
			cond_resched();
			last = NULL;
		}
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

static int region_find_device(struct mshv_region *region)
{
	unsigned long addr = region->userspace_addr;
	int ret = 0;
	u64 i;

	mmap_read_lock(current->mm);
	for (i = 0; i < region->nr_pages && !ret; i++, addr += PAGE_SIZE) {
		ret = region_device_pfn(region, addr, &region->pfns[i]);
		if (!ret && page_is_ram(region->pfns[i]))
			ret = -EINVAL;
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

	if (region->type == MSHV_REGION_PINNED) {
		mshv_ledger_move(&pt->ledger, MSHV_PAGE_MAPPED,
				 MSHV_PAGE_PINNED, unmapped);
		mshv_ledger_move(&pt->ledger, MSHV_PAGE_MAPPED,
				 MSHV_PAGE_QUARANTINED, stuck);
		region_unpin(region, 0, unmapped);
		region_unpin(region, region->nr_mapped, region->nr_pinned);
	}

	trace_mshv_region(pt->id, "release", mshv_region_gfn(region),
			  region->nr_pages, stuck ? -EIO : 0);
	if (region->mm)
		mmdrop(region->mm);
	kvfree(region->pfns);
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

	mmap_read_lock(current->mm);
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

	region->pfns = kvmalloc_array(nr_pages, sizeof(*region->pfns),
				      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!region->pfns) {
		kfree(region);
		return NULL;
	}

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
		end <= REGION_MAX_GFN;
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

	ret = region_choose_type(mem->userspace_addr, &type);
	if (ret)
		return ret;

	if (interval_tree_iter_first(&pt->regions, mem->guest_pfn, last))
		return -EEXIST;

	region = region_alloc(pt, mem, type);
	if (!region)
		return -ENOMEM;

	ret = type == MSHV_REGION_DEVICE ? region_find_device(region) :
					   region_pin(region);
	if (!ret)
		ret = region_map(region);
	trace_mshv_region(pt->id, "map", mem->guest_pfn, region->nr_pages, ret);
	if (ret) {
		region_release(region);
		return ret;
	}

	interval_tree_insert(&region->node, &pt->regions);
	return 0;
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

	if (!region)
		return -ENOENT;

	if (mshv_region_gfn(region) != mem->guest_pfn ||
	    region->userspace_addr != mem->userspace_addr ||
	    region->nr_pages != mem->size >> PAGE_SHIFT)
		return -EINVAL;

	interval_tree_remove(&region->node, &pt->regions);
	region_release(region);
	return 0;
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
