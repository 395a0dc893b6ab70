// SPDX-License-Identifier: GPL-2.0
#include "walk.h"

#define CR0_WRITE_PROTECT	BIT(16)
#define CR0_PAGING		BIT(31)
#define CR4_PAGE_SIZE		BIT(4)
#define CR4_PHYS_EXTENSION	BIT(5)
#define CR4_NO_USER_EXECUTE	BIT(20)	/* SMEP */
#define CR4_NO_USER_ACCESS	BIT(21)	/* SMAP */
#define EFER_LONG_ACTIVE	BIT(10)
#define EFER_NO_EXECUTE		BIT(11)
#define FLAG_ALIGNMENT		BIT(18)	/* RFLAGS.AC */

/* Page-table entries (APM2 5.4) */
#define PTE_PRESENT		BIT(0)
#define PTE_WRITE		BIT(1)
#define PTE_USER		BIT(2)
#define PTE_WRITE_THROUGH	BIT(3)
#define PTE_CACHE_DISABLE	BIT(4)
#define PTE_ACCESSED		BIT(5)
#define PTE_DIRTY		BIT(6)
#define PTE_LARGE		BIT(7)
#define PTE_PAT			BIT(7)
#define PTE_PAT_LARGE		BIT(12)
#define PTE_NO_EXECUTE		BIT(63)

#define PAGE_BITS		12
#define MAX_PHYS_BITS		52

#define WALK_ACCESS		(WALK_READ | WALK_WRITE | WALK_EXECUTE)
#define WALK_FLAGS		(BITS(9, 0) | WALK_VTL_MASK)

/* Internal: a table entry changed under the walk, begin anew. */
#define WALK_AGAIN		((enum walk_code)-1)
#define WALK_ROUNDS		64

/* A paging mode: how many levels, and the bits of the address and of an entry that each takes. */
struct mode {
	u8 levels;		/* level 0 is the one that maps 4 KiB */
	u8 entry_size;
	u8 shift[4];
	u8 index_bits[4];
	bool large[4];		/* PTE_LARGE may be set */
};

static const struct mode mode_long = {		/* APM2 5.3.3 */
	.levels = 4, .entry_size = 8, .shift = { 12, 21, 30, 39 }, .index_bits = { 9, 9, 9, 9 },
	.large = { false, true, true, false },
};

static const struct mode mode_pae = {		/* APM2 5.2.3 */
	.levels = 3, .entry_size = 8, .shift = { 12, 21, 30 }, .index_bits = { 9, 9, 2 },
	.large = { false, true, false },
};

static const struct mode mode_pse = {		/* APM2 5.2.2 */
	.levels = 2, .entry_size = 4, .shift = { 12, 22 }, .index_bits = { 10, 10 },
	.large = { false, true },
};

static const struct mode mode_legacy = {
	.levels = 2, .entry_size = 4, .shift = { 12, 22 }, .index_bits = { 10, 10 },
};

struct walk {
	const struct walk_cpu *cpu;
	const struct walk_memory *memory;
	const struct mode *mode;
	u64 gva, flags;
	u64 table;		/* address of the table of the level at hand */
	u64 entry_gpa, entry;	/* the entry at hand */
	u32 level;
	bool writable, user, executable;
	u64 refused;		/* the table that could not be reached */
};

bool walk_flags_valid(u64 flags)
{
	if (!(flags & WALK_ACCESS) || (flags & ~WALK_FLAGS))
		return false;
	if ((flags & WALK_SUPERVISOR) && (flags & WALK_USER))
		return false;
	return !((flags & WALK_ENFORCE_SMAP) && (flags & WALK_OVERRIDE_SMAP));
}

/* ---- entries ---- */

static void *entry_ptr(struct walk *w, bool write, enum walk_code *why)
{
	u64 page = ALIGN_DOWN(w->entry_gpa, 1ull << PAGE_BITS);
	u8 *host = w->memory->page(w->memory->context, page, write, why);

	if (!host) {
		w->refused = page;
		return NULL;
	}
	return host + (w->entry_gpa - page);
}

static enum walk_code entry_read(struct walk *w)
{
	enum walk_code why = WALK_GPA_UNMAPPED;
	void *host = entry_ptr(w, false, &why);

	if (!host)
		return why;
	if (w->mode->entry_size == 4)
		w->entry = __atomic_load_n((u32 *)host, __ATOMIC_RELAXED);
	else
		w->entry = __atomic_load_n((u64 *)host, __ATOMIC_RELAXED);
	return WALK_OK;
}

/* Only from the value that was judged: other processors of the guest may be at it too. */
static bool entry_exchange(struct walk *w, void *host, u64 value)
{
	u64 entry = w->entry;
	u32 entry32 = entry;

	if (w->mode->entry_size == 4)
		return __atomic_compare_exchange_n((u32 *)host, &entry32, (u32)value, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	return __atomic_compare_exchange_n((u64 *)host, &entry, value, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static enum walk_code entry_mark(struct walk *w, u64 bits)
{
	enum walk_code why = WALK_GPA_NO_WRITE;
	void *host;

	if (!(w->flags & WALK_SET_BITS) || (w->entry & bits) == bits)
		return WALK_OK;
	host = entry_ptr(w, true, &why);
	if (!host)
		return why;
	return entry_exchange(w, host, w->entry | bits) ? WALK_OK : WALK_AGAIN;
}

/* The four entries above PAE's page directories: no permissions, no accessed bit (APM2 5.2.3). */
static bool entry_is_pdpte(const struct walk *w)
{
	return w->mode == &mode_pae && w->level == 2;
}

static bool entry_is_leaf(const struct walk *w)
{
	return !w->level || (w->mode->large[w->level] && (w->entry & PTE_LARGE));
}

/* Address bits of a large page's entry below the page, its PAT bit excepted. */
static u64 reserved_large(const struct walk *w)
{
	u32 shift = w->mode->shift[w->level];

	if (w->mode == &mode_pse)
		return BIT(21);			/* PSE-36 has 39:32 in 20:13 (APM2 5.2.2) */
	return BITS(shift - 1, 13);
}

static u64 reserved_wide(const struct walk *w)
{
	u64 bits = 0;

	if (w->cpu->phys_bits < MAX_PHYS_BITS)
		bits |= BITS(MAX_PHYS_BITS - 1, w->cpu->phys_bits);
	if (w->mode == &mode_pae)
		bits |= BITS(62, 52);
	if (!(w->cpu->efer & EFER_NO_EXECUTE))
		bits |= PTE_NO_EXECUTE;
	return bits;
}

static u64 entry_reserved(const struct walk *w)
{
	u64 bits = w->mode->entry_size == 8 ? reserved_wide(w) : 0;

	if (entry_is_pdpte(w))
		return bits | PTE_NO_EXECUTE | BITS(8, 5) | BITS(2, 1);
	if (w->mode == &mode_long && w->level == 3)
		return bits | PTE_LARGE;
	if (w->level && entry_is_leaf(w))
		return bits | reserved_large(w);
	return bits;
}

static u64 entry_address(const struct walk *w)
{
	return w->entry & BITS(MAX_PHYS_BITS - 1, PAGE_BITS);
}

/* ---- one walk ---- */

static void walk_collect(struct walk *w)
{
	if (entry_is_pdpte(w))
		return;
	w->writable &= !!(w->entry & PTE_WRITE);
	w->user &= !!(w->entry & PTE_USER);
	if (w->mode->entry_size == 8)
		w->executable &= !(w->entry & PTE_NO_EXECUTE);
}

static enum walk_code walk_level(struct walk *w)
{
	u32 index = w->gva >> w->mode->shift[w->level] & (BIT(w->mode->index_bits[w->level]) - 1);
	enum walk_code code;

	w->entry_gpa = w->table + index * w->mode->entry_size;
	code = entry_read(w);
	if (code)
		return code;
	if (!(w->entry & PTE_PRESENT))
		return WALK_NOT_PRESENT;
	if (w->entry & entry_reserved(w))
		return WALK_RESERVED_BIT;
	walk_collect(w);
	return WALK_OK;
}

/* Down to the entry that maps the page, which is not marked yet. */
static enum walk_code walk_descend(struct walk *w)
{
	enum walk_code code;

	for (w->level = w->mode->levels - 1; ; w->level--) {
		code = walk_level(w);
		if (code || entry_is_leaf(w))
			return code;
		if (!entry_is_pdpte(w)) {
			code = entry_mark(w, PTE_ACCESSED);
			if (code)
				return code;
		}
		w->table = entry_address(w);
	}
}

static bool walk_as_user(const struct walk *w)
{
	if (w->flags & (WALK_SUPERVISOR | WALK_USER))
		return w->flags & WALK_USER;
	return w->cpu->cpl == 3;
}

/* SMAP holds unless RFLAGS.AC lifts it (APM2 5.6). */
static bool smap_holds(const struct walk *w)
{
	if (!(w->cpu->cr4 & CR4_NO_USER_ACCESS) || (w->flags & WALK_OVERRIDE_SMAP))
		return false;
	return (w->flags & WALK_ENFORCE_SMAP) || !(w->cpu->rflags & FLAG_ALIGNMENT);
}

/* What a supervisor may not do to a user page. */
static bool supervisor_barred(const struct walk *w)
{
	if (!w->user || (w->flags & WALK_PRIVILEGE_EXEMPT))
		return false;
	if ((w->flags & WALK_EXECUTE) && (w->cpu->cr4 & CR4_NO_USER_EXECUTE))
		return true;
	return (w->flags & (WALK_READ | WALK_WRITE)) && smap_holds(w);
}

static bool walk_permitted(const struct walk *w)
{
	bool user = walk_as_user(w) && !(w->flags & WALK_PRIVILEGE_EXEMPT);
	bool obeys_write = user || (w->cpu->cr0 & CR0_WRITE_PROTECT);

	if ((w->flags & WALK_EXECUTE) && !w->executable)
		return false;
	if ((w->flags & WALK_WRITE) && !w->writable && obeys_write)
		return false;
	return user ? w->user : !supervisor_barred(w);
}

static enum walk_code walk_once(struct walk *w)
{
	u64 bits = PTE_ACCESSED | (w->flags & WALK_WRITE ? PTE_DIRTY : 0);
	enum walk_code code;

	w->writable = w->user = w->executable = true;
	code = walk_descend(w);
	if (code)
		return code;
	if (!walk_permitted(w))
		return WALK_PRIVILEGE;
	return entry_mark(w, bits);
}

/* ---- the page it leads to ---- */

static u64 leaf_size(const struct walk *w)
{
	return BIT(w->mode->shift[w->level]);
}

static u64 leaf_base(const struct walk *w)
{
	u64 high = w->mode == &mode_pse && w->level ? (w->entry >> 13 & 0xff) << 32 : 0;

	return high | (entry_address(w) & ~(leaf_size(w) - 1));
}

/* APM2 7.8: PAT, PCD and PWT choose one of eight types; UC- is UC here. */
static enum walk_cache leaf_cache(const struct walk *w)
{
	u32 index = 0;
	u8 type;

	if (w->entry & PTE_WRITE_THROUGH)
		index |= 1;
	if (w->entry & PTE_CACHE_DISABLE)
		index |= 2;
	if (w->entry & (w->level ? PTE_PAT_LARGE : PTE_PAT))
		index |= 4;
	type = w->cpu->pat >> (8 * index) & 7;
	return type == WALK_WC || (type >= WALK_WT && type <= WALK_WB) ? type : WALK_UC;
}

static struct walk_result walk_found(const struct walk *w)
{
	return (struct walk_result){
		.code = WALK_OK,
		.gpa = leaf_base(w) + (w->gva & (leaf_size(w) - 1)),
		.page_size = leaf_size(w),
		.cache = leaf_cache(w),
		.writable = w->writable, .executable = w->executable, .user = w->user,
	};
}

static const struct mode *walk_mode(const struct walk_cpu *cpu)
{
	if (cpu->efer & EFER_LONG_ACTIVE)
		return &mode_long;
	if (cpu->cr4 & CR4_PHYS_EXTENSION)
		return &mode_pae;
	return cpu->cr4 & CR4_PAGE_SIZE ? &mode_pse : &mode_legacy;
}

static u64 walk_root(const struct walk *w)
{
	if (w->mode == &mode_long)
		return w->cpu->cr3 & BITS(w->cpu->phys_bits - 1, PAGE_BITS);
	if (w->mode == &mode_pae)
		return w->cpu->cr3 & BITS(31, 5);
	return w->cpu->cr3 & BITS(31, PAGE_BITS);
}

static bool gva_in_range(const struct walk *w)
{
	if (w->mode == &mode_long)
		return (u64)((s64)(w->gva << 16) >> 16) == w->gva;
	return w->gva <= U32_MAX;
}

static struct walk_result walk_paging_off(u64 gva)
{
	return (struct walk_result){
		.code = WALK_OK, .gpa = gva & U32_MAX, .cache = WALK_WB,
		.writable = true, .executable = true, .user = true,
	};
}

struct walk_result walk_translate(const struct walk_cpu *cpu, const struct walk_memory *memory,
				  u64 gva, u64 flags)
{
	struct walk w = {
		.cpu = cpu, .memory = memory, .mode = walk_mode(cpu), .gva = gva, .flags = flags,
	};
	enum walk_code code = WALK_AGAIN;

	if (!(cpu->cr0 & CR0_PAGING))
		return walk_paging_off(gva);
	if (!gva_in_range(&w))
		return (struct walk_result){ .code = WALK_NOT_PRESENT };
	for (u32 round = 0; code == WALK_AGAIN && round < WALK_ROUNDS; round++) {
		w.table = walk_root(&w);
		code = walk_once(&w);
	}
	if (code == WALK_OK)
		return walk_found(&w);
	if (code == WALK_AGAIN)		/* tables that never hold still translate nothing */
		code = WALK_NOT_PRESENT;
	return (struct walk_result){ .code = code, .gpa = w.refused };
}
