// SPDX-License-Identifier: GPL-2.0
/*
 * Who owns each frame of RAM.
 *
 * One entry per frame, from 0 to the last frame of RAM. At start-up the
 * hypervisor takes its image and one block at the top of low RAM; everything
 * else is the root's. After that a frame moves only between the root and a
 * pool (pool.c).
 */
#include "hv.h"
#include "internal.h"
#include "string.h"

#define LOW_LIMIT	0x100000000ull	/* the block must be reachable for 32-bit DMA tables and stacks alike */
#define MIN_LOW		0x100000ull
#define SHARED_PER_LP	4	/* SIMP, SIEFP, SIRBP, VP assist */
#define SHARED_PER_ROOT	2	/* hypercall page, reference TSC */

static struct frame *table;
static u64 table_frames;
static u64 boot_next;

u64 hv_reserved_base, hv_reserved_end;

u64 frame_limit(void)
{
	return table_frames;
}

struct frame *frame_get(u64 pfn)
{
	return pfn < table_frames ? &table[pfn] : NULL;
}

static u64 ram_end(void)
{
	u64 end = 0;

	for (u32 i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];

		if (r->type == RANGE_RAM && r->base + r->size > end)
			end = r->base + r->size;
	}
	return end;
}

/* Frame table; the root's page tables; per-LP things; the trace; slack. */
static u64 reserve_size(u64 frames)
{
	u64 size = frames * sizeof(struct frame);

	size += npt_root_tables(frames) * PAGE_SIZE;
	size += acpi.nr_lps * 64 * PAGE_SIZE;
	size += trace_size();
	size += 1024 * PAGE_SIZE;
	return (size + LARGE_SIZE - 1) & ~(LARGE_SIZE - 1);
}

static bool overlaps(u64 base, u64 end, u64 other_base, u64 other_end)
{
	return base < other_end && other_base < end;
}

static bool reserve_free(u64 base, u64 end)
{
	if (overlaps(base, end, (u64)hv_image_start, (u64)hv_image_end))
		return false;
	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *m = &boot_info.modules[i];

		if (overlaps(base, end, m->base, m->base + m->size))
			return false;
	}
	return true;
}

/* The highest place below 4 GiB that holds the block. */
static void reserve_find(u64 size)
{
	u64 best = 0;

	for (u32 i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];
		u64 end = r->base + r->size < LOW_LIMIT ? r->base + r->size : LOW_LIMIT;
		u64 base;

		if (r->type != RANGE_RAM || end < size || end - size < MIN_LOW)
			continue;
		base = (end - size) & ~(LARGE_SIZE - 1);
		if (base >= r->base && base > best && reserve_free(base, base + size))
			best = base;
	}
	if (!best)
		hv_panic("%llu MiB of RAM below 4 GiB are needed and not there: give the machine more memory",
			 size >> 20);
	hv_reserved_base = best;
	hv_reserved_end = best + size;
}

static void mark(u64 base, u64 end, enum frame_state state)
{
	for (u64 pfn = base >> PAGE_SHIFT; pfn < (end + PAGE_SIZE - 1) >> PAGE_SHIFT; pfn++)
		if (pfn < table_frames)
			table[pfn].state = state;
}

void *boot_alloc(u64 nr_pages)
{
	u64 base = boot_next;

	if (nr_pages > (hv_reserved_end - boot_next) >> PAGE_SHIFT)
		hv_panic("start-up memory is used up");
	boot_next += nr_pages << PAGE_SHIFT;
	memset((void *)base, 0, nr_pages << PAGE_SHIFT);
	return (void *)base;
}

/* Root VPs may come late, so their pages are set aside at the start: see frame_init(). */
static u64 shared_next, shared_end;

void *boot_shared_page(void)
{
	if (shared_next == shared_end)
		hv_panic("shared pages are used up");
	shared_next += PAGE_SIZE;
	return (void *)(shared_next - PAGE_SIZE);
}

static void shared_init(void)
{
	u64 nr = acpi.nr_lps * SHARED_PER_LP + SHARED_PER_ROOT;

	shared_next = (u64)boot_alloc(nr);
	shared_end = shared_next + nr * PAGE_SIZE;
	mark(shared_next, shared_end, FRAME_SHARED);
}

void frame_init(void)
{
	u64 frames = ram_end() >> PAGE_SHIFT;

	reserve_find(reserve_size(frames));
	boot_next = hv_reserved_base;
	table_frames = frames;
	table = boot_alloc((frames * sizeof(*table) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	for (u32 i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];

		if (r->type == RANGE_RAM)
			mark(r->base, r->base + r->size, FRAME_ROOT);
	}
	for (u32 i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];

		if (r->type != RANGE_RAM)
			mark(r->base, r->base + r->size, FRAME_NOT_RAM);
	}
	mark((u64)hv_image_start, (u64)hv_image_end, FRAME_HV);
	mark(hv_reserved_base, hv_reserved_end, FRAME_HV);
	shared_init();
	hv_info("memory: %llu MiB of RAM, own: %llx-%llx and %llx-%llx", ram_end() >> 20,
		(u64)hv_image_start, (u64)hv_image_end, hv_reserved_base, hv_reserved_end);
}

/* At the end: each pool's counts against the frames that name it as owner. */
void frame_verdict(void)
{
	static u64 nr_free[MAX_PARTITIONS], nr_used[MAX_PARTITIONS];

	for (u64 pfn = 0; pfn < table_frames; pfn++) {
		const struct frame *f = &table[pfn];

		if (f->owner >= MAX_PARTITIONS)
			hv_panic("frame %llx: owner %u", pfn, f->owner);
		if (f->state == FRAME_POOL_FREE)
			nr_free[f->owner]++;
		else if (f->state == FRAME_POOL_USED || f->state == FRAME_POOL_STATE)
			nr_used[f->owner]++;
	}
	for (u32 slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *pt = partition_by_slot(slot);
		u64 pool_free_count = pt ? pt->pool.nr_free : 0;
		u64 pool_used_count = pt ? pt->pool.nr_used : 0;

		if (nr_free[slot] != pool_free_count || nr_used[slot] != pool_used_count)
			verdict_blame(VERDICT_LEAK, "pool %u: %llu free and %llu used frames, its books say %llu and %llu",
				      slot, nr_free[slot], nr_used[slot], pool_free_count, pool_used_count);
	}
}
