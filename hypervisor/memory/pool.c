// SPDX-License-Identifier: GPL-2.0
/*
 * Memory pools (TLFS: HvCallDepositMemory, HvCallWithdrawMemory).
 *
 * A deposited frame leaves the root: its nested mapping goes, and it is filled
 * with a pattern. The pattern is looked at when the frame is taken for an
 * object and when it goes home, so that a write by whoever should have lost it
 * does not pass unseen.
 */
#include "fault.h"
#include "hv.h"
#include "internal.h"
#include "string.h"

#define POISON	0xdeadf00dfeedc0deull

static void poison(u64 pfn)
{
	u64 *word = frame_ptr(pfn);

	for (u32 i = 0; i < PAGE_SIZE / 8; i++)
		word[i] = POISON;
}

static void poison_check(u64 pfn)
{
	const u64 *word = frame_ptr(pfn);

	for (u32 i = 0; i < PAGE_SIZE / 8; i++) {
		if (word[i] != POISON) {
			verdict_blame(VERDICT_POISON, "frame %llx changed at offset %x while in a pool", pfn, i * 8);
			return;
		}
	}
}

static void push(struct partition *pt, u64 pfn)
{
	struct frame *f = frame_get(pfn);

	f->state = FRAME_POOL_FREE;
	f->owner = pt->slot;
	f->next = pt->pool.head;
	pt->pool.head = pfn;
	pt->pool.nr_free++;
	poison(pfn);
}

static u64 pop(struct partition *pt)
{
	u64 pfn = pt->pool.head;
	struct frame *f = frame_get(pfn);

	hv_assert(f->state == FRAME_POOL_FREE && f->owner == pt->slot);
	poison_check(pfn);
	pt->pool.head = f->next;
	pt->pool.nr_free--;
	f->next = 0;
	memset(frame_ptr(pfn), 0, PAGE_SIZE);
	return pfn;
}

bool pool_has(const struct pool *pool, u64 n)
{
	return !n || (!fault_frame() && pool->nr_free >= n);
}

void *pool_alloc(struct partition *pt)
{
	u64 pfn;

	if (!pt->pool.nr_free)
		return NULL;
	pfn = pop(pt);
	frame_get(pfn)->state = FRAME_POOL_USED;
	pt->pool.nr_used++;
	return frame_ptr(pfn);
}

void *pool_take(struct partition *pt)
{
	return pool_has(&pt->pool, 1) ? pool_alloc(pt) : NULL;
}

void pool_free(struct partition *pt, void *page)
{
	struct frame *f = frame_get(ptr_frame(page));

	hv_assert(f && f->state == FRAME_POOL_USED && f->owner == pt->slot);
	pt->pool.nr_used--;
	push(pt, ptr_frame(page));
}

/*
 * TLFS HvCallDepositMemory: RAM, the root's own, and in no child's map. Frame 0 is
 * none of ours to take: its pointer is NULL, its number the end of the free list.
 */
u16 pool_deposit(struct partition *pt, u64 pfn)
{
	struct frame *f = frame_get(pfn);

	if (!pfn || !f || f->state != FRAME_ROOT || f->maps || npt_lookup(root, pfn).prot != (NPT_R | NPT_W | NPT_X))
		return HV_STATUS_OPERATION_DENIED;
	npt_root_open(pfn, 0);
	npt_flush_later(root);
	push(pt, pfn);
	fault_deposit(pt->id, pfn);
	return HV_STATUS_SUCCESS;
}

bool pool_withdraw(struct partition *pt, u64 *pfn)
{
	struct frame *f;

	if (!pt->pool.nr_free)
		return false;
	*pfn = pop(pt);
	f = frame_get(*pfn);
	f->state = FRAME_ROOT;
	f->owner = 0;
	f->maps = 0;
	npt_root_open(*pfn, NPT_R | NPT_W | NPT_X);
	return true;
}

/* Frames that the root never had, for what exists before it can deposit. */
void pool_seed(struct partition *pt, u64 nr_pages)
{
	for (u64 i = 0; i < nr_pages; i++)
		push(pt, ptr_frame(boot_alloc(1)));
}

void pool_open(void *page, bool writable)
{
	struct frame *f = frame_get(ptr_frame(page));

	hv_assert(f && f->state == FRAME_POOL_USED);
	f->state = FRAME_POOL_STATE;
	npt_root_open(ptr_frame(page), writable ? NPT_R | NPT_W : NPT_R);
}

void pool_close(void *page)
{
	struct frame *f = frame_get(ptr_frame(page));

	hv_assert(f && f->state == FRAME_POOL_STATE);
	npt_root_open(ptr_frame(page), 0);
	npt_flush_later(root);
	f->state = FRAME_POOL_USED;
}
