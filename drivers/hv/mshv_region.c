// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: guest memory.
 *
 * A region is a range of guest pages with the memory behind it.  That is RAM,
 * which is pinned, see mshv_pinned.c, or movable, see mshv_movable.c; or it is
 * device memory, see mshv_device.c.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "mshv.h"
#include "mshv_trace.h"

static bool movable_memory;
module_param(movable_memory, bool, 0644);
MODULE_PARM_DESC(movable_memory,
		 "Map guest memory when it is accessed and let it move, instead of pinning it (default: no)");

/*
 * Making and ending regions
 */

/* Works on a region in any state of making */
static void region_release(struct mshv_region *region)
{
	int ret = 0;

	if (region->type == MSHV_REGION_PINNED)
		ret = mshv_pinned_end(region);
	else
		mshv_windows_end(region);

	trace_mshv_region(region->partition->id, "release",
			  mshv_region_gfn(region), region->nr_pages, ret);
	mmdrop(region->mm);
	kfree(region);
}

static u32 region_map_flags(const struct mshv_user_mem_region *mem,
			    bool device)
{
	u32 flags = TLFS_MAP_READABLE | TLFS_MAP_ADJUSTABLE;

	if (device)
		return TLFS_MAP_READABLE | TLFS_MAP_WRITABLE |
			TLFS_MAP_NOT_CACHED;

	if (mem->flags & BIT(MSHV_SET_MEM_BIT_WRITABLE))
		flags |= TLFS_MAP_WRITABLE;
	if (mem->flags & BIT(MSHV_SET_MEM_BIT_EXECUTABLE))
		flags |= TLFS_MAP_EXECUTABLE;

	return flags;
}

/* What the first byte of the memory is decides what the region is */
static int region_is_device(u64 addr, bool *device)
{
	struct vm_area_struct *vma;
	int ret = -EINVAL;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;

	vma = find_vma(current->mm, addr);
	if (vma && vma->vm_start <= addr) {
		*device = vma->vm_flags & (VM_IO | VM_PFNMAP);
		ret = 0;
	}
	mmap_read_unlock(current->mm);

	return ret;
}

static struct mshv_region *region_alloc(struct mshv_partition *pt,
					const struct mshv_user_mem_region *mem,
					bool device)
{
	u64 nr_pages = mem->size >> PAGE_SHIFT;
	struct mshv_region *region;

	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return NULL;

	region->node.start = mem->guest_pfn;
	region->node.last = mem->guest_pfn + nr_pages - 1;
	region->partition = pt;
	region->map_flags = region_map_flags(mem, device);
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

/* Movable is a wish: what cannot be followed is pinned */
static int region_start(struct mshv_region *region, bool device)
{
	int ret;

	if (device)
		return mshv_device_start(region);

	if (READ_ONCE(movable_memory)) {
		ret = mshv_windows_start(region, MSHV_REGION_MOVABLE);
		if (!ret || ret == -ERESTARTNOINTR)
			return ret;
	}

	return mshv_pinned_start(region);
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
	struct mshv_region *region;
	bool device;
	int ret;

	if (!region_range_valid(mem))
		return -EINVAL;

	ret = region_is_device(mem->userspace_addr, &device);
	if (ret)
		return ret;

	if (!pt->initialized)
		return -EIO;
	if (interval_tree_iter_first(&pt->regions, mem->guest_pfn, last))
		return -EEXIST;

	region = region_alloc(pt, mem, device);
	if (!region)
		return -ENOMEM;

	ret = region_start(region, device);
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
	if (region && region->type != MSHV_REGION_PINNED &&
	    region_allows(region, access)) {
		ret = mshv_windows_fault(region, gfn - mshv_region_gfn(region));
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
			mshv_windows_merge_lost(region, gfn, states, nr, clear);
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
