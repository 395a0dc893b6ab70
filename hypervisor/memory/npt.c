// SPDX-License-Identifier: GPL-2.0
/*
 * Nested page tables (APM2 15.25): the long-mode format, walked as user
 * accesses, so that every present entry carries the U bit.
 *
 * The root's table is an identity map of everything the hypervisor does not
 * keep, made of 1 GiB and 2 MiB pages and split where a frame needs rights of
 * its own; its table pages come from start-up memory, one for each 2 MiB of
 * RAM, so that a split cannot fail. A child's table pages come from its pool.
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"

#define PTE_P		BIT(0)
#define PTE_W		BIT(1)
#define PTE_U		BIT(2)
#define PTE_PWT		BIT(3)
#define PTE_PCD		BIT(4)
#define PTE_A		BIT(5)
#define PTE_D		BIT(6)
#define PTE_PS		BIT(7)
#define PTE_HELD	BIT(9)		/* software: translation kept, no access */
#define PTE_NX		BIT(63)
#define PTE_PFN		0x000ffffffffff000ull
#define PTE_TABLE	(PTE_P | PTE_W | PTE_U | PTE_A)

#define ROOT_SPAN	(1ull << 40)	/* physical address width of the machine's CPU model */

static u64 *spare;			/* root table pages, chained through their first word */
static u64 nr_spare;

static bool entry_used(u64 e)
{
	return e & (PTE_P | PTE_HELD);
}

static u64 *entry_table(u64 e)
{
	return (u64 *)(e & PTE_PFN);
}

static u32 level_index(u64 gfn, u32 level)	/* level 1: page table */
{
	return (gfn >> (9 * (level - 1))) & 511;
}

static u64 entry_make(u64 pfn, u32 prot, bool leaf_large)
{
	u64 e = pfn << PAGE_SHIFT;

	if (leaf_large)
		e |= PTE_PS;
	if (prot & NPT_NOACCESS)
		return e | PTE_HELD;
	e |= PTE_P | PTE_U;
	if (prot & NPT_W)
		e |= PTE_W;
	if (!(prot & NPT_X))
		e |= PTE_NX;
	if (prot & NPT_UC)
		e |= PTE_PCD | PTE_PWT;
	return e;
}

static u32 entry_prot(u64 e)
{
	if (e & PTE_HELD)
		return NPT_NOACCESS;
	if (!(e & PTE_P))
		return 0;
	return NPT_R | (e & PTE_W ? NPT_W : 0) | (e & PTE_NX ? 0 : NPT_X) | (e & PTE_PCD ? NPT_UC : 0);
}

static u64 *table_alloc(struct partition *pt)
{
	u64 *t;

	if (!partition_is_root(pt))
		return pool_alloc(pt);
	if (!spare)
		hv_panic("the root's page tables are used up");
	t = spare;
	spare = (u64 *)*t;
	nr_spare--;
	*t = 0;
	return t;
}

static void table_free(struct partition *pt, u64 *t)
{
	hv_assert(!partition_is_root(pt));
	pool_free(pt, t);
}

/* The entry that maps @gfn, at @level or above; *@level says where it is. NULL never. */
static u64 *entry_find(struct partition *pt, u64 gfn, u32 *level)
{
	u64 *t = pt->npt;
	u32 l = 4;

	for (;;) {
		u64 *e = &t[level_index(gfn, l)];

		if (l == *level || !(*e & PTE_P) || (*e & PTE_PS) || (*e & PTE_HELD)) {
			*level = l;
			return e;
		}
		t = entry_table(*e);
		l--;
	}
}

/* A leaf at @level becomes a table of leaves one level below, with the same rights. */
static bool entry_split(struct partition *pt, u64 *e, u32 level)
{
	u64 *t = table_alloc(pt);
	u64 step = 1ull << (9 * (level - 2));
	u64 flags = *e & ~PTE_PFN;
	u64 pfn = (*e & PTE_PFN) >> PAGE_SHIFT;

	if (!t)
		return false;
	if (level == 2)
		flags &= ~PTE_PS;
	for (u32 i = 0; i < 512; i++)
		t[i] = ((pfn + i * step) << PAGE_SHIFT) | flags;
	*e = ptr_frame(t) << PAGE_SHIFT | PTE_TABLE;
	return true;
}

/* Table pages that entry_make_way() would take are there. The root's always are. */
static bool way_affordable(struct partition *pt, u64 gfn, u32 level)
{
	u32 l = level;

	if (partition_is_root(pt))
		return true;
	entry_find(pt, gfn, &l);
	return pool_has(&pt->pool, l - level);
}

/* Tables down to @level; the pool has been asked before. */
static u64 *entry_make_way(struct partition *pt, u64 gfn, u32 level)
{
	for (;;) {
		u32 l = level;
		u64 *e = entry_find(pt, gfn, &l);

		if (l == level)
			return e;
		if (entry_used(*e)) {
			entry_split(pt, e, l);
		} else {
			*e = ptr_frame(table_alloc(pt)) << PAGE_SHIFT | PTE_TABLE;
		}
	}
}

/* Count a child's view of root frames, so that they cannot be deposited meanwhile. */
static void maps_count(struct partition *pt, u64 entry, u64 nr, int by)
{
	u64 pfn = (entry & PTE_PFN) >> PAGE_SHIFT;

	if (partition_is_root(pt))
		return;
	for (u64 i = 0; i < nr; i++) {
		struct frame *f = frame_get(pfn + i);

		if (f && f->state == FRAME_ROOT)
			f->maps += by;
	}
	pt->nr_mapped += by * (s64)nr;
}

static void leaf_drop(struct partition *pt, u64 *e, u32 level)
{
	/* A NO_ACCESS entry has no frame behind it. */
	if ((*e & PTE_P) && !(*e & PTE_HELD))
		maps_count(pt, *e, level == 2 ? 512 : 1, -1);
	*e = 0;
}

static void table_drop(struct partition *pt, u64 *e, u32 level)	/* level of the entries in the table */
{
	u64 *t = entry_table(*e);

	for (u32 i = 0; i < 512; i++) {
		if (!entry_used(t[i]))
			continue;
		if (level > 1 && (t[i] & PTE_P) && !(t[i] & PTE_PS))
			table_drop(pt, &t[i], level - 1);
		else
			leaf_drop(pt, &t[i], level);
	}
	table_free(pt, t);
	*e = 0;
}

static void entry_clear(struct partition *pt, u64 *e, u32 level)
{
	if (!entry_used(*e))
		return;
	if (level > 1 && (*e & PTE_P) && !(*e & PTE_PS))
		table_drop(pt, e, level - 1);
	else
		leaf_drop(pt, e, level);
}

/* Large leaves below @table, whose entries are at @level; all become small ones on request. */
static u64 large_leaves(struct partition *pt, u64 *table, u32 level, bool split)
{
	u64 nr = 0;

	for (u32 i = 0; i < 512; i++) {
		u64 *e = &table[i];

		if (!(*e & PTE_P) || (*e & PTE_HELD))
			continue;
		if (!(*e & PTE_PS)) {
			nr += level > 2 ? large_leaves(pt, entry_table(*e), level - 1, split) : 0;
			continue;
		}
		nr++;
		if (split)
			entry_split(pt, e, level);
	}
	return nr;
}

/* What is accessed and written is known for each page, not for 512 at a time. */
u16 npt_track(struct partition *pt, bool track)
{
	if (track && !pool_has(&pt->pool, large_leaves(pt, pt->npt, 4, false)))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (track)
		large_leaves(pt, pt->npt, 4, true);
	pt->pages_tracked = track;
	npt_flush_later(pt);
	return HV_STATUS_SUCCESS;
}

u16 npt_map(struct partition *pt, u64 gfn, u64 pfn, u32 prot, bool large)
{
	u32 level = large ? 2 : 1;
	u64 *e;

	if (!way_affordable(pt, gfn, pt->pages_tracked ? 1 : level))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	e = entry_make_way(pt, gfn, level);
	entry_clear(pt, e, level);
	*e = entry_make(prot & NPT_NOACCESS ? 0 : pfn, prot, large);
	if (*e & PTE_P)
		maps_count(pt, *e, large ? 512 : 1, 1);
	if (large && pt->pages_tracked && (*e & PTE_P))
		entry_split(pt, e, level);
	npt_flush_later(pt);
	return HV_STATUS_SUCCESS;
}

u16 npt_unmap(struct partition *pt, u64 gfn, bool large)
{
	u32 level = large ? 2 : 1;
	u32 l = level;
	u64 *e = entry_find(pt, gfn, &l);

	if (l > level && !entry_used(*e))
		return HV_STATUS_SUCCESS;
	if (!way_affordable(pt, gfn, level))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	entry_clear(pt, entry_make_way(pt, gfn, level), level);
	npt_flush_later(pt);
	return HV_STATUS_SUCCESS;
}

struct npt_entry npt_lookup(struct partition *pt, u64 gfn)
{
	struct npt_entry out = { 0 };
	u32 level = 1;
	u64 e;

	if (gfn >= ROOT_SPAN >> PAGE_SHIFT)
		return out;
	e = *entry_find(pt, gfn, &level);
	if (!entry_used(e))
		return out;
	out.pfn = ((e & PTE_PFN) >> PAGE_SHIFT) + (gfn & ((1ull << (9 * (level - 1))) - 1));
	out.prot = entry_prot(e);
	out.large = level > 1;
	out.accessed = e & PTE_A;
	out.dirty = e & PTE_D;
	return out;
}

struct npt_entry npt_set_ad(struct partition *pt, u64 gfn, int accessed, int dirty)
{
	struct npt_entry was = npt_lookup(pt, gfn);
	u32 level = 1;
	u64 *e = entry_find(pt, gfn, &level);

	if (!entry_used(*e))
		return was;
	if (accessed >= 0)
		*e = accessed ? *e | PTE_A : *e & ~PTE_A;
	if (dirty >= 0)
		*e = dirty ? *e | PTE_D : *e & ~PTE_D;
	npt_flush_later(pt);
	return was;
}

void npt_mark(struct partition *pt, u64 gfn, bool dirty)
{
	u32 level = 1;

	*entry_find(pt, gfn, &level) |= PTE_A | (dirty ? PTE_D : 0);
}

void npt_destroy(struct partition *pt)
{
	if (!pt->npt)
		return;
	for (u32 i = 0; i < 512; i++)
		entry_clear(pt, &pt->npt[i], 4);
	pool_free(pt, pt->npt);
	pt->npt = NULL;
	npt_flush_later(pt);
}

/* ---- the root's table ---- */

void npt_root_open(u64 pfn, u32 prot)
{
	u64 *e = entry_make_way(root, pfn, 1);

	*e = prot ? entry_make(pfn, prot, false) : 0;
}

/* The levels above; one for each 2 MiB and each 1 GiB of RAM, begun ones too; two for the local APIC's page. */
u64 npt_root_tables(u64 frames)
{
	return 1 + (ROOT_SPAN >> 39) + frames / PAGES_PER_LARGE + 1 + frames / (PAGES_PER_LARGE * 512) + 1 + 2;
}

static void root_spare_init(void)
{
	u64 nr = npt_root_tables(frame_limit());

	for (u64 i = 0; i < nr; i++) {
		u64 *t = boot_alloc(1);

		*t = (u64)spare;
		spare = t;
	}
	nr_spare = nr;
}

static bool frame_is_hv(u64 pfn)
{
	const struct frame *f = frame_get(pfn);

	return f && (f->state == FRAME_HV || f->state == FRAME_POOL_USED || f->state == FRAME_POOL_FREE);
}

void npt_init_root(struct partition *pt)
{
	root_spare_init();
	if (!pt->npt)
		pt->npt = table_alloc(pt);
	for (u64 pfn = 0; pfn < ROOT_SPAN >> PAGE_SHIFT; pfn += 512 * 512)
		*entry_make_way(pt, pfn, 3) = entry_make(pfn, NPT_R | NPT_W | NPT_X, true);
	for (u64 pfn = 0; pfn < frame_limit(); pfn++)
		if (frame_is_hv(pfn))
			npt_root_open(pfn, 0);
	npt_root_open(APIC_FRAME, 0);
}

/* ---- translations that may be left in a TLB ---- */

static bool due[MAX_PARTITIONS];
static bool any_due;

void npt_flush_later(struct partition *pt)
{
	due[pt->slot] = true;
	any_due = true;
}

/*
 * Each entry into a VP flushes (TLB_CONTROL), so an LP that has left the guest
 * holds nothing stale. It cannot go back while we hold the lock.
 */
void npt_flush(struct partition *pt)
{
	for (u32 i = 0; i < nr_lps; i++) {
		struct lp *lp = lps[i];

		if (lp == this_lp() || !lp->in_guest || lp->inside->pt != pt)
			continue;
		lp_kick(lp);
		while (lp->in_guest)
			cpu_relax();
	}
	due[pt->slot] = false;
}

void npt_flush_due(void)
{
	if (!any_due)
		return;
	for (u32 slot = 0; slot < MAX_PARTITIONS; slot++) {
		struct partition *pt = due[slot] ? partition_by_slot(slot) : NULL;

		if (pt)
			npt_flush(pt);
		due[slot] = false;
	}
	any_due = false;
}
