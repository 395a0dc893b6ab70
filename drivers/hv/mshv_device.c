// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: device memory in a guest.
 *
 * It is looked up in the page tables of the process that has it, mapped
 * uncached, and followed from then on, see mshv_window.c: a driver that takes a
 * device away from the process takes it away from the guest, too.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "mshv.h"

/*
 * The VMA of a range, if it is one of device memory.  Whoever has a private one
 * need not be allowed to write to the device.
 */
static struct vm_area_struct *device_vma(struct mm_struct *mm,
					 unsigned long start, unsigned long end)
{
	const unsigned long needed = VM_READ | VM_WRITE | VM_SHARED;
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma || vma->vm_start > start || vma->vm_end < end ||
	    !(vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
	    (vma->vm_flags & needed) != needed)
		return NULL;

	return vma;
}

static int device_follow(struct mm_struct *mm, unsigned long addr,
			 unsigned long *pfn)
{
	struct vm_area_struct *vma = device_vma(mm, addr, addr + PAGE_SIZE);

	return vma ? follow_pfn(vma, addr, pfn) : -EINVAL;
}

static int device_find_page(struct mm_struct *mm, unsigned long addr, u64 *pfn)
{
	unsigned long found;
	bool unlocked;
	int ret;

	ret = device_follow(mm, addr, &found);
	if (ret && device_vma(mm, addr, addr + PAGE_SIZE)) {
		ret = fixup_user_fault(mm, addr, FAULT_FLAG_WRITE, &unlocked);
		if (!ret)
			ret = device_follow(mm, addr, &found);
	}
	if (ret)
		return ret;

	*pfn = found;
	return page_is_ram(found) ? -EINVAL : 0;
}

/**
 * mshv_device_get() - find device memory of a process
 * @region: whose process
 * @i: first page in the region
 * @nr: how many pages
 * @pfns: root page numbers of those that were found
 *
 * Context: Process context, any process, holds on to the memory map.  May sleep.
 * Return: Number of pages, not zero, or a negative errno if the first one cannot
 * be had.
 */
long mshv_device_get(struct mshv_region *region, u64 i, unsigned int nr,
		     u64 *pfns)
{
	struct mm_struct *mm = region->mm;
	long n, ret = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;

	for (n = 0; n < nr; n++) {
		ret = device_find_page(mm, mshv_region_addr(region, i + n),
				       &pfns[n]);
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
		if (ret)
			break;
		cond_resched();
	}
	mmap_read_unlock(mm);

	return n ? n : ret;
}

/**
 * mshv_device_start() - map all of a region of device memory
 * @region: a region that nobody else knows yet
 *
 * Return: 0 or a negative errno.
 */
int mshv_device_start(struct mshv_region *region)
{
	int ret;

	if (mmap_read_lock_killable(region->mm))
		return -EINTR;
	ret = device_vma(region->mm, region->userspace_addr,
			 mshv_region_addr(region, region->nr_pages)) ?
		0 : -EINVAL;
	mmap_read_unlock(region->mm);
	if (ret)
		return ret;

	ret = mshv_windows_start(region, MSHV_REGION_DEVICE);
	return ret ? ret : mshv_windows_fill(region);
}
