// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: state of a VP, in pieces and in shared pages.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mshv.h"

/*
 * Shared pages
 */

static const u16 state_page_types[MSHV_STATE_PAGES] = {
	[MSHV_STATE_PAGE_REGISTERS]	= TLFS_STATE_PAGE_REGISTERS,
	[MSHV_STATE_PAGE_INTERCEPT]	= TLFS_STATE_PAGE_INTERCEPT,
};

/**
 * mshv_shared_page_get() - begin to use a page that the hypervisor shares
 * @pool: pool that the hypervisor takes such pages from
 * @pfn: root page number, as the hypervisor says
 *
 * Usually it is a page that was deposited; in any case it must be memory that
 * this kernel can map.
 *
 * Return: The page, or %NULL if it is none.
 */
struct page *mshv_shared_page_get(struct mshv_pool *pool, u64 pfn)
{
	struct page *page = mshv_pool_lend(pool, pfn);

	if (page)
		return page;

	if (pfn >> (BITS_PER_LONG - PAGE_SHIFT) || !pfn_valid(pfn)) {
		pr_warn_ratelimited("p%llu: shared page %#llx is no memory\n",
				    pool->partition_id, pfn);
		return NULL;
	}

	return pfn_to_page(pfn);
}

/**
 * mshv_shared_page_put() - end of mshv_shared_page_get(), after it was unmapped
 * @pool: pool that the hypervisor takes such pages from
 * @page: the page
 */
void mshv_shared_page_put(struct mshv_pool *pool, struct page *page)
{
	/* It belongs to the pool again, and comes back from there */
	if (page_private(page) == (unsigned long)pool)
		mshv_pool_return(pool, page);
}

static int state_page_map(struct mshv_vp *vp, enum mshv_state_page type)
{
	u64 pfn;
	int ret;

	ret = hv_call_map_vp_state_page(vp, state_page_types[type], &pfn);
	if (ret)
		return ret;

	vp->pages[type] = mshv_shared_page_get(&vp->partition->pool, pfn);
	if (!vp->pages[type]) {
		hv_call_unmap_vp_state_page(vp, state_page_types[type]);
		return -EIO;
	}

	mshv_ledger_move(&vp->partition->ledger, MSHV_PAGE_FREE,
			 MSHV_PAGE_STATE, 1);
	return 0;
}

static void state_page_unmap(struct mshv_vp *vp, enum mshv_state_page type)
{
	struct mshv_partition *pt = vp->partition;
	struct page *page = vp->pages[type];
	int ret;

	if (!page)
		return;

	vp->pages[type] = NULL;
	ret = hv_call_unmap_vp_state_page(vp, state_page_types[type]);
	mshv_ledger_move(&pt->ledger, MSHV_PAGE_STATE, MSHV_PAGE_FREE, 1);
	if (ret)
		vp_warn(vp, "state page %d cannot be unmapped: %d\n", type,
			ret);

	mshv_shared_page_put(&pt->pool, page);
}

/**
 * mshv_state_pages_map() - map the state pages of a new VP
 * @vp: the VP
 *
 * The page of registers is there for speed, and not everywhere; hypercalls do the
 * same.  A shortage of memory is no reason to go without it.
 *
 * Return: 0 or a negative errno; mshv_state_pages_unmap() undoes what was done.
 */
int mshv_state_pages_map(struct mshv_vp *vp)
{
	int ret;

	ret = state_page_map(vp, MSHV_STATE_PAGE_INTERCEPT);
	if (ret)
		return ret;

	ret = state_page_map(vp, MSHV_STATE_PAGE_REGISTERS);
	return ret == -ENOMEM ? ret : 0;
}

/**
 * mshv_state_pages_unmap() - unmap those state pages that are mapped
 * @vp: the VP
 */
void mshv_state_pages_unmap(struct mshv_vp *vp)
{
	state_page_unmap(vp, MSHV_STATE_PAGE_REGISTERS);
	state_page_unmap(vp, MSHV_STATE_PAGE_INTERCEPT);
}

/* The page through which user space talks to the kernel; made for who asks */
static void *state_control_page(struct mshv_vp *vp)
{
	void *page;

	if (READ_ONCE(vp->control))
		return vp->control;

	page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (page && cmpxchg(&vp->control, NULL, page))
		free_page((unsigned long)page);

	return vp->control;
}

static int state_mmap_find(struct mshv_vp *vp, unsigned long offset,
			   unsigned long *pfn)
{
	void *page;

	if (offset == MSHV_VP_MMAP_OFFSET_CONTROL) {
		page = state_control_page(vp);
		if (!page)
			return -ENOMEM;
		*pfn = virt_to_phys(page) >> PAGE_SHIFT;
		return 0;
	}

	if (offset >= MSHV_VP_MMAP_OFFSET_COUNT)
		return -EINVAL;
	if (offset >= MSHV_STATE_PAGES || !vp->pages[offset])
		return -ENODEV;

	*pfn = page_to_pfn(vp->pages[offset]);
	return 0;
}

/**
 * mshv_state_mmap() - mmap() of a VP file
 * @vp: the VP
 * @vma: one page, shared, at the offset of one of the pages
 *
 * Return: 0; -ENODEV if the VP does not have that page; -EINVAL; -ENOMEM.
 */
int mshv_state_mmap(struct mshv_vp *vp, struct vm_area_struct *vma)
{
	unsigned long pfn;
	int ret;

	ret = state_mmap_find(vp, vma->vm_pgoff, &pfn);
	if (ret)
		return ret;
	if (vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;

	/*
	 * The VMA holds the VP file, and so the page.  It is mapped by number:
	 * a deposited page may be one that is charged to a memory cgroup, and
	 * has no room for a count of its mappings.
	 */
	vma->vm_flags &= ~VM_MAYEXEC;
	return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE,
			       vma->vm_page_prot);
}

/*
 * State in pieces
 */

/**
 * struct vp_state - how the state of one type is transferred
 * @type: TLFS_VP_STATE_*
 * @size: its size; 0: depends on the partition
 * @by_pages: the hypervisor reads and writes pages, not the hypercall's input
 *	and output
 */
struct vp_state {
	u32 type;
	u32 size;
	bool by_pages;
};

static const struct vp_state vp_states[MSHV_VP_STATE_COUNT] = {
	[MSHV_VP_STATE_LAPIC] = {
		.type = TLFS_VP_STATE_LAPIC,
		.size = TLFS_PAGE_SIZE,
		.by_pages = true,
	},
	[MSHV_VP_STATE_XSAVE] = {
		.type = TLFS_VP_STATE_XSAVE,
		.by_pages = true,
	},
	[MSHV_VP_STATE_SIMP] = {
		.type = TLFS_VP_STATE_SIM_PAGE,
		.size = TLFS_PAGE_SIZE,
		.by_pages = true,
	},
	[MSHV_VP_STATE_SIEFP] = {
		.type = TLFS_VP_STATE_SIEF_PAGE,
		.size = TLFS_PAGE_SIZE,
		.by_pages = true,
	},
	[MSHV_VP_STATE_SYNTHETIC_TIMERS] = {
		.type = TLFS_VP_STATE_TIMERS,
		.size = sizeof(struct tlfs_stimers_state),
	},
};

/**
 * struct vp_state_buf - kernel memory for the state of a VP
 * @size: bytes of state
 * @nr: elements of @vars
 * @vars: what goes into the hypercall: page numbers, or the state itself
 *
 * User space gets a copy, so that the hypervisor never writes to memory which
 * is not the kernel's.
 */
struct vp_state_buf {
	u32 size;
	unsigned int nr;
	u64 vars[];
};

static void *state_buf_page(struct vp_state_buf *buf, unsigned int i)
{
	return pfn_to_kaddr(buf->vars[i]);
}

static void state_buf_free(struct vp_state_buf *buf, bool by_pages)
{
	unsigned int i;

	for (i = 0; by_pages && i < buf->nr; i++)
		free_page((unsigned long)state_buf_page(buf, i));
	kfree(buf);
}

static struct vp_state_buf *state_buf_alloc(u32 size, bool by_pages)
{
	unsigned int nr = DIV_ROUND_UP(size, by_pages ? PAGE_SIZE : sizeof(u64));
	struct vp_state_buf *buf;
	void *page;

	buf = kzalloc(struct_size(buf, vars, nr), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return NULL;

	buf->size = size;
	if (!by_pages) {
		buf->nr = nr;
		return buf;
	}

	for (; buf->nr < nr; buf->nr++) {
		page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!page) {
			state_buf_free(buf, by_pages);
			return NULL;
		}
		buf->vars[buf->nr] = virt_to_phys(page) >> PAGE_SHIFT;
	}

	return buf;
}

static int state_buf_to_user(struct vp_state_buf *buf, bool by_pages,
			     void __user *ubuf)
{
	unsigned int i;
	u32 len;

	if (!by_pages)
		return copy_to_user(ubuf, buf->vars, buf->size) ? -EFAULT : 0;

	for (i = 0; i < buf->nr; i++) {
		len = min_t(u32, buf->size - i * PAGE_SIZE, PAGE_SIZE);
		if (copy_to_user(ubuf + i * PAGE_SIZE, state_buf_page(buf, i),
				 len))
			return -EFAULT;
	}

	return 0;
}

static int state_buf_from_user(struct vp_state_buf *buf, bool by_pages,
			       const void __user *ubuf)
{
	unsigned int i;
	u32 len;

	if (!by_pages)
		return copy_from_user(buf->vars, ubuf, buf->size) ? -EFAULT : 0;

	for (i = 0; i < buf->nr; i++) {
		len = min_t(u32, buf->size - i * PAGE_SIZE, PAGE_SIZE);
		if (copy_from_user(state_buf_page(buf, i), ubuf + i * PAGE_SIZE,
				   len))
			return -EFAULT;
	}

	return 0;
}

/* Which XSAVE components there are is decided when the partition is made */
static int state_find_xsave(struct mshv_vp *vp, u32 *size, u64 *states)
{
	u64 id = vp->partition->id;
	u64 value;
	int ret;

	ret = hv_call_get_partition_property(id, TLFS_PROPERTY_XSAVE_STATES,
					     states);
	if (ret)
		return ret;

	ret = hv_call_get_partition_property(id,
					     TLFS_PROPERTY_MAX_XSAVE_DATA_SIZE,
					     &value);
	if (ret)
		return ret;

	*states |= TLFS_XSAVE_STATES_FORCED;
	*size = value;
	return 0;
}

static int state_get(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
		     struct vp_state_buf *buf, bool by_pages)
{
	struct tlfs_stimers_state unused;

	if (!by_pages)
		return hv_call_get_vp_state(vp, in, NULL, 0, (void *)buf->vars);

	return hv_call_get_vp_state(vp, in, buf->vars, buf->nr, &unused);
}

static int state_transfer(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
			  const struct vp_state *state, u32 size, bool set,
			  void __user *ubuf)
{
	struct vp_state_buf *buf = state_buf_alloc(size, state->by_pages);
	int ret;

	if (!buf)
		return -ENOMEM;

	if (set) {
		ret = state_buf_from_user(buf, state->by_pages, ubuf);
		if (!ret)
			ret = hv_call_set_vp_state(vp, in, buf->vars, buf->nr);
	} else {
		ret = state_get(vp, in, buf, state->by_pages);
		if (!ret)
			ret = state_buf_to_user(buf, state->by_pages, ubuf);
	}

	state_buf_free(buf, state->by_pages);
	return ret;
}

static long state_ioctl(struct mshv_vp *vp,
			struct mshv_get_set_vp_state __user *uargs,
			const struct mshv_get_set_vp_state *args, bool set)
{
	struct tlfs_in_vp_state in = { };
	const struct vp_state *state;
	u32 size;
	int ret;

	if (args->type >= MSHV_VP_STATE_COUNT ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) ||
	    !args->buf_sz || !PAGE_ALIGNED(args->buf_sz) ||
	    !PAGE_ALIGNED(args->buf_ptr))
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(args->buf_ptr), args->buf_sz))
		return -EFAULT;

	state = &vp_states[args->type];
	size = state->size;
	in.type = state->type;
	if (args->type == MSHV_VP_STATE_XSAVE) {
		ret = state_find_xsave(vp, &size, &in.xsave_states);
		if (ret)
			return ret;
	}

	if (put_user(size, &uargs->buf_sz))
		return -EFAULT;
	if (!size || size > args->buf_sz ||
	    size > TLFS_VP_STATE_MAX_PFNS * PAGE_SIZE)
		return -EINVAL;

	return state_transfer(vp, &in, state, size, set,
			      u64_to_user_ptr(args->buf_ptr));
}

/**
 * mshv_state_ioctl_get() - MSHV_GET_VP_STATE
 * @object: VP, locked
 * @uarg: struct mshv_get_set_vp_state, its buf_sz is written
 * @arg: copy of it
 *
 * Return: 0 or a negative errno.
 */
long mshv_state_ioctl_get(void *object, void __user *uarg, void *arg)
{
	return state_ioctl(object, uarg, arg, false);
}

/**
 * mshv_state_ioctl_set() - MSHV_SET_VP_STATE
 * @object: VP, locked
 * @uarg: struct mshv_get_set_vp_state, its buf_sz is written
 * @arg: copy of it
 *
 * Return: 0 or a negative errno.
 */
long mshv_state_ioctl_set(void *object, void __user *uarg, void *arg)
{
	return state_ioctl(object, uarg, arg, true);
}
