// SPDX-License-Identifier: GPL-2.0
#include "tap.h"
#include "walk.c"

/* The names below are the walker's own; what they stand for is not left to it. */
static_assert(CR0_WRITE_PROTECT == 1 << 16 && CR0_PAGING == 1ul << 31, "APM2 3.1.1");
static_assert(CR4_PAGE_SIZE == 1 << 4 && CR4_PHYS_EXTENSION == 1 << 5, "APM2 3.1.3");
static_assert(CR4_NO_USER_EXECUTE == 1 << 20 && CR4_NO_USER_ACCESS == 1 << 21, "APM2 3.1.3");
static_assert(EFER_LONG_ACTIVE == 1 << 10 && EFER_NO_EXECUTE == 1 << 11, "APM2 3.1.7");
static_assert(FLAG_ALIGNMENT == 1 << 18, "APM2 3.1.6");
static_assert(PTE_PRESENT == 1 && PTE_WRITE == 2 && PTE_USER == 4, "APM2 5.4");
static_assert(PTE_WRITE_THROUGH == 8 && PTE_CACHE_DISABLE == 0x10, "APM2 5.4");
static_assert(PTE_ACCESSED == 0x20 && PTE_DIRTY == 0x40 && PTE_LARGE == 0x80, "APM2 5.4");
static_assert(PTE_PAT == 0x80 && PTE_PAT_LARGE == 0x1000 && PTE_NO_EXECUTE == 1ul << 63, "APM2 5.4");

/* ---- a guest's memory: few pages, tables put up by hand ---- */

#define NR_PAGES	16

enum access { GONE, UNREADABLE, READ_ONLY, WRITABLE, OVERLAID };

static struct guest {
	_Alignas(4096) u8 page[NR_PAGES][4096];
	enum access access[NR_PAGES];
	u32 nr_writes;
	void (*before_write)(void);	/* another processor, between look and change */
} guest;

static enum walk_code access_refused(enum access access, bool write)
{
	switch (access) {
	case GONE: return WALK_GPA_UNMAPPED;
	case UNREADABLE: return WALK_GPA_NO_READ;
	case OVERLAID: return WALK_OVERLAY;
	case READ_ONLY: return write ? WALK_GPA_NO_WRITE : WALK_OK;
	default: return WALK_OK;
	}
}

static void *guest_page(void *context, u64 gpa, bool write, enum walk_code *why)
{
	struct guest *g = context;
	enum access access = gpa / 4096 < NR_PAGES ? g->access[gpa / 4096] : GONE;

	check(IS_ALIGNED(gpa, 4096));
	if (access_refused(access, write)) {
		*why = access_refused(access, write);
		return NULL;
	}
	if (write && g->before_write)
		g->before_write();
	g->nr_writes += write;
	return g->page[gpa / 4096];
}

static const struct walk_memory memory = { .page = guest_page, .context = &guest };
static struct walk_cpu cpu;

static u64 *wide(u64 table, u32 index)
{
	return (u64 *)(guest.page[table / 4096]) + index;
}

static u32 *narrow(u64 table, u32 index)
{
	return (u32 *)(guest.page[table / 4096]) + index;
}

static void guest_clear(void)
{
	memset(&guest, 0, sizeof(guest));
	for (u32 i = 0; i < NR_PAGES; i++)
		guest.access[i] = WRITABLE;
	cpu = (struct walk_cpu){
		.cr0 = CR0_PAGING | CR0_WRITE_PROTECT | 1, .cr3 = 0x1000, .phys_bits = 40,
		.pat = 0x0007040600070406ull, .efer = EFER_NO_EXECUTE,
	};
}

#define ALL	(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define GVA	0x00007f8040201abcull	/* indexes 255, 1, 1, 1 */
#define PAGE	0x123456000ull
#define PML4E	(wide(0x1000, 255))
#define PDPTE	(wide(0x2000, 1))
#define PDE	(wide(0x3000, 1))
#define PTE	(wide(0x4000, 1))

static void guest_long(void)
{
	guest_clear();
	cpu.efer |= EFER_LONG_ACTIVE;
	cpu.cr4 = CR4_PHYS_EXTENSION;
	*PML4E = 0x2000 | ALL;
	*PDPTE = 0x3000 | ALL;
	*PDE = 0x4000 | ALL;
	*PTE = PAGE | ALL;
}

#define GVA32	0x40201abcull		/* PAE: indexes 1, 1, 1; 2 levels: 0x100, 0x201 */

static void guest_pae(void)
{
	guest_clear();
	cpu.cr3 = 0x1020;		/* 32-byte aligned, not page aligned */
	cpu.cr4 = CR4_PHYS_EXTENSION;
	*wide(0x1000, 4 + 1) = 0x3000 | PTE_PRESENT;
	*PDE = 0x4000 | ALL;
	*PTE = PAGE | ALL;
}

static void guest_legacy(void)
{
	guest_clear();
	cpu.efer = 0;
	*narrow(0x1000, 0x100) = 0x2000 | ALL;
	*narrow(0x2000, 0x201) = 0x89abc000 | ALL;
}

static struct walk_result translate(u64 gva, u64 flags)
{
	check(walk_flags_valid(flags));
	return walk_translate(&cpu, &memory, gva, flags);
}

static enum walk_code code(u64 gva, u64 flags)
{
	return translate(gva, flags).code;
}

#define check_gpa(gva, should_gpa, should_size) do {			\
	struct walk_result found = translate(gva, WALK_READ);		\
									\
	check_eq(found.code, WALK_OK);					\
	check_eq(found.gpa, should_gpa);				\
	check_eq(found.page_size, should_size);				\
} while (0)

/* ---- translation ---- */

TEST(paging_off_translates_every_address_to_itself)
{
	struct walk_result found;

	guest_clear();
	memset(guest.access, 0, sizeof(guest.access));
	cpu.cr0 = 1;
	found = translate(0xfee00020, WALK_READ | WALK_WRITE | WALK_EXECUTE);
	check_eq(found.code, WALK_OK);
	check_eq(found.gpa, 0xfee00020);
	check_eq(found.cache, WALK_WB);
	check(found.writable && found.executable && found.user);
	check_eq(translate(0x1fee00020, WALK_READ).gpa, 0xfee00020);
}

TEST(long_mode_translates_pages_of_all_sizes)
{
	guest_long();
	check_gpa(GVA, PAGE | 0xabc, 4096);
	*PDE = 0x8000000000ull | 0x600000 | PTE_LARGE | ALL;
	check_gpa(GVA, 0x8000000000ull | 0x601abc, 1 << 21);
	*PDPTE = 0x40000000 | PTE_LARGE | ALL;
	check_gpa(GVA, 0x40000000 | 0x201abc, 1 << 30);
}

TEST(long_mode_uses_all_nine_bits_of_each_index)
{
	guest_long();
	*wide(0x1000, 511) = 0x2000 | ALL;
	*wide(0x2000, 510) = 0x3000 | ALL;
	*wide(0x3000, 509) = 0x4000 | ALL;
	*wide(0x4000, 508) = 0x5000 | ALL;
	check_gpa(0xffffffffbfbfc123ull, 0x5123, 4096);
}

TEST(pae_translates_pages_of_both_sizes)
{
	guest_pae();
	check_gpa(GVA32, PAGE | 0xabc, 4096);
	*PDE = 0x8000000000ull | 0x600000 | PTE_LARGE | ALL;
	check_gpa(GVA32, 0x8000000000ull | 0x601abc, 1 << 21);
}

TEST(pae_entries_of_the_first_level_restrict_nothing)
{
	guest_pae();
	cpu.cpl = 3;
	check_eq(code(GVA32, WALK_READ | WALK_WRITE | WALK_EXECUTE | WALK_SET_BITS), WALK_OK);
	check_eq(*wide(0x1000, 5), 0x3000 | PTE_PRESENT);
}

TEST(two_levels_translate_small_pages)
{
	guest_legacy();
	check_gpa(GVA32, 0x89abcabc, 4096);
}

TEST(two_levels_translate_4_mib_pages_with_40_address_bits_under_pse_only)
{
	guest_legacy();
	*narrow(0x1000, 0x100) = 0x00802000 | PTE_LARGE | ALL;	/* bits 20:13 are address 39:32 */
	cpu.cr4 = CR4_PAGE_SIZE;
	check_gpa(GVA32, 0x100a01abcull, 1 << 22);
	*narrow(0x1000, 0x100) = 0x2000 | ALL;
	check_gpa(GVA32, 0x89abcabc, 4096);
	*narrow(0x1000, 0x100) = 0x2000 | PTE_LARGE | ALL;
	cpu.cr4 = 0;
	check_gpa(GVA32, 0x89abcabc, 4096);
}

TEST(the_last_address_of_32_bits_is_translated)
{
	guest_legacy();
	*narrow(0x1000, 0x3ff) = 0x2000 | ALL;
	*narrow(0x2000, 0x3ff) = 0x7000 | ALL;
	check_gpa(0xffffffff, 0x7fff, 4096);
}

TEST(the_page_itself_need_not_exist)
{
	guest_long();
	*PTE = 0xfec00000 | ALL;
	check_gpa(GVA, 0xfec00abc, 4096);
}

TEST(cr3_bits_outside_the_table_address_are_not_address)
{
	guest_pae();
	cpu.cr3 |= BIT(32) | 0x18;
	check_gpa(GVA32, PAGE | 0xabc, 4096);
	guest_long();
	cpu.cr3 = 0x1fff;
	check_gpa(GVA, PAGE | 0xabc, 4096);
	guest_legacy();
	cpu.cr3 = BIT(32) | 0x1018;
	check_gpa(GVA32, 0x89abcabc, 4096);
}

TEST(the_cache_type_is_what_pat_says)
{
	static const u64 bits[8] = {
		0, PTE_WRITE_THROUGH, PTE_CACHE_DISABLE, PTE_CACHE_DISABLE | PTE_WRITE_THROUGH, PTE_PAT,
		PTE_PAT | PTE_WRITE_THROUGH, PTE_PAT | PTE_CACHE_DISABLE,
		PTE_PAT | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH,
	};
	static const u8 types[8] = { 6, 4, 7, 0, 1, 5, 2, 3 };
	static const enum walk_cache caches[8] = {
		WALK_WB, WALK_WT, WALK_UC, WALK_UC, WALK_WC, WALK_WP, WALK_UC, WALK_UC,
	};

	for (u32 i = 0; i < 8; i++) {
		u64 large = (bits[i] & ~PTE_PAT) | (bits[i] & PTE_PAT ? PTE_PAT_LARGE : 0);

		guest_long();
		memcpy(&cpu.pat, types, 8);
		*PTE = PAGE | ALL | bits[i];
		check_eq(translate(GVA, WALK_READ).cache, caches[i]);
		*PDE = ALL | PTE_LARGE | large;
		check_eq(translate(GVA, WALK_READ).cache, caches[i]);
	}
}

/* ---- addresses that translate to nothing ---- */

TEST(an_entry_that_is_not_present_ends_the_walk_at_each_level)
{
	u64 *entries[] = { PML4E, PDPTE, PDE, PTE };

	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		guest_long();
		*entries[i] = ~PTE_PRESENT;	/* the rest does not matter then */
		check_eq(code(GVA, WALK_READ), WALK_NOT_PRESENT);
		check_eq(code(GVA, WALK_READ | WALK_PRIVILEGE_EXEMPT), WALK_NOT_PRESENT);
	}
	guest_pae();
	*wide(0x1000, 5) = 0;
	check_eq(code(GVA32, WALK_READ), WALK_NOT_PRESENT);
	guest_legacy();
	*narrow(0x2000, 0x201) = 0;
	check_eq(code(GVA32, WALK_READ), WALK_NOT_PRESENT);
	*narrow(0x1000, 0x100) = 0;
	check_eq(code(GVA32, WALK_READ), WALK_NOT_PRESENT);
}

TEST(addresses_out_of_range_are_not_present)
{
	guest_long();
	check_eq(code(0x0000800000000000ull, WALK_READ), WALK_NOT_PRESENT);
	check_eq(code(0xffff7fffffffffffull, WALK_READ), WALK_NOT_PRESENT);
	check_eq(code(GVA | BIT(63), WALK_READ), WALK_NOT_PRESENT);
	guest_pae();
	check_eq(code(GVA32 | BIT(32), WALK_READ), WALK_NOT_PRESENT);
	guest_legacy();
	check_eq(code(GVA32 | BIT(32), WALK_READ), WALK_NOT_PRESENT);
}

static void reserved(u64 *entry, u64 bits, bool is_reserved)
{
	for (u32 bit = 0; bit < 64; bit++) {
		if (!(bits & BIT(bit)))
			continue;
		*entry ^= BIT(bit);
		if (!check_eq(code(GVA, WALK_READ) == WALK_RESERVED_BIT, is_reserved))
			printf("# bit %u of 0x%llx\n", bit, *entry);
		*entry ^= BIT(bit);
	}
}

TEST(long_mode_refuses_reserved_bits_and_only_those)
{
	guest_long();
	reserved(PML4E, BITS(51, 40) | PTE_LARGE, true);
	reserved(PML4E, BITS(62, 52) | BITS(11, 8) | BIT(6), false);
	reserved(PDPTE, BITS(51, 40), true);
	reserved(PDE, BITS(51, 40), true);
	reserved(PTE, BITS(51, 40), true);
	reserved(PTE, BITS(63, 52) | BITS(39, 12) | BITS(11, 5), false);
	*PDE = 0x600000 | PTE_LARGE | ALL;
	reserved(PDE, BITS(51, 40) | BITS(20, 13), true);
	reserved(PDE, BITS(63, 52) | BITS(39, 21) | BIT(12) | BITS(11, 8), false);
	*PDPTE = 0x40000000 | PTE_LARGE | ALL;
	reserved(PDPTE, BITS(51, 40) | BITS(29, 13), true);
	reserved(PDPTE, BITS(39, 30) | BIT(12), false);
}

TEST(no_execute_is_reserved_unless_enabled)
{
	u64 *entries[] = { PML4E, PDPTE, PDE, PTE };

	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		guest_long();
		reserved(entries[i], PTE_NO_EXECUTE, false);
		cpu.efer &= ~EFER_NO_EXECUTE;
		reserved(entries[i], PTE_NO_EXECUTE, true);
	}
}

TEST(a_full_address_width_leaves_no_address_bit_reserved)
{
	guest_long();
	cpu.phys_bits = 52;
	reserved(PTE, BITS(51, 12), false);
}

#define pae_reserved(entry, bits, is) do {				\
	for (u32 bit = 0; bit < 64; bit++) {				\
		if (!((bits) & BIT(bit)))				\
			continue;					\
		*(entry) ^= BIT(bit);					\
		check_eq(code(GVA32, WALK_READ) == WALK_RESERVED_BIT, is);	\
		*(entry) ^= BIT(bit);					\
	}								\
} while (0)

TEST(pae_refuses_reserved_bits_and_only_those)
{
	guest_pae();
	pae_reserved(wide(0x1000, 5), BITS(63, 40) | BITS(8, 5) | BITS(2, 1), true);
	pae_reserved(wide(0x1000, 5), BITS(11, 9) | BITS(4, 3), false);
	pae_reserved(PDE, BITS(62, 40), true);
	pae_reserved(PTE, BITS(62, 40), true);
	pae_reserved(PTE, PTE_NO_EXECUTE | BITS(39, 12), false);
	*PDE = 0x600000 | PTE_LARGE | ALL;
	pae_reserved(PDE, BITS(62, 40) | BITS(20, 13), true);
}

TEST(bit_21_of_a_4_mib_entry_is_reserved)
{
	guest_legacy();
	cpu.cr4 = CR4_PAGE_SIZE;
	*narrow(0x1000, 0x100) = 0x00a00000 | PTE_LARGE | ALL;
	check_eq(code(GVA32, WALK_READ), WALK_RESERVED_BIT);
	*narrow(0x1000, 0x100) = 0x00800000 | PTE_LARGE | ALL;
	check_eq(code(GVA32, WALK_READ), WALK_OK);
}

/* ---- privileges ---- */

TEST(each_level_can_take_write_and_user_and_execute_away)
{
	u64 *entries[] = { PML4E, PDPTE, PDE, PTE };

	for (u32 i = 0; i < ARRAY_SIZE(entries); i++) {
		guest_long();
		*entries[i] &= ~PTE_WRITE;
		check_eq(code(GVA, WALK_WRITE), WALK_PRIVILEGE);
		check_eq(code(GVA, WALK_READ | WALK_EXECUTE), WALK_OK);
		guest_long();
		*entries[i] &= ~PTE_USER;
		check_eq(code(GVA, WALK_READ | WALK_USER), WALK_PRIVILEGE);
		check_eq(code(GVA, WALK_READ), WALK_OK);
		guest_long();
		*entries[i] |= PTE_NO_EXECUTE;
		check_eq(code(GVA, WALK_EXECUTE), WALK_PRIVILEGE);
		check_eq(code(GVA, WALK_READ | WALK_WRITE), WALK_OK);
	}
}

TEST(what_the_translation_permits_is_reported)
{
	struct walk_result found;

	guest_long();
	found = translate(GVA, WALK_READ);
	check(found.writable && found.user && found.executable);
	*PDE &= ~(PTE_WRITE | PTE_USER);
	*PTE |= PTE_NO_EXECUTE;
	found = translate(GVA, WALK_READ);
	check(!found.writable && !found.user && !found.executable);
}

TEST(a_supervisor_writes_read_only_pages_without_wp)
{
	guest_long();
	*PTE &= ~PTE_WRITE;
	check_eq(code(GVA, WALK_WRITE), WALK_PRIVILEGE);
	cpu.cr0 &= ~CR0_WRITE_PROTECT;
	check_eq(code(GVA, WALK_WRITE), WALK_OK);
	check_eq(code(GVA, WALK_WRITE | WALK_USER), WALK_PRIVILEGE);
}

TEST(who_asks_is_the_cpl_unless_a_flag_says_otherwise)
{
	guest_long();
	*PTE &= ~PTE_USER;
	cpu.cpl = 3;
	check_eq(code(GVA, WALK_READ), WALK_PRIVILEGE);
	check_eq(code(GVA, WALK_READ | WALK_SUPERVISOR), WALK_OK);
	cpu.cpl = 2;
	check_eq(code(GVA, WALK_READ), WALK_OK);
	check_eq(code(GVA, WALK_READ | WALK_USER), WALK_PRIVILEGE);
}

TEST(smep_bars_a_supervisor_from_executing_user_pages)
{
	guest_long();
	check_eq(code(GVA, WALK_EXECUTE), WALK_OK);
	cpu.cr4 |= CR4_NO_USER_EXECUTE;
	check_eq(code(GVA, WALK_EXECUTE), WALK_PRIVILEGE);
	check_eq(code(GVA, WALK_EXECUTE | WALK_USER), WALK_OK);
	check_eq(code(GVA, WALK_READ | WALK_WRITE), WALK_OK);
	*PTE &= ~PTE_USER;
	check_eq(code(GVA, WALK_EXECUTE), WALK_OK);
}

TEST(smap_bars_a_supervisor_from_user_data_unless_ac_is_set)
{
	guest_long();
	cpu.cr4 |= CR4_NO_USER_ACCESS;
	check_eq(code(GVA, WALK_READ), WALK_PRIVILEGE);
	check_eq(code(GVA, WALK_WRITE), WALK_PRIVILEGE);
	check_eq(code(GVA, WALK_EXECUTE), WALK_OK);
	check_eq(code(GVA, WALK_READ | WALK_USER), WALK_OK);
	check_eq(code(GVA, WALK_READ | WALK_OVERRIDE_SMAP), WALK_OK);
	cpu.rflags = FLAG_ALIGNMENT;
	check_eq(code(GVA, WALK_READ), WALK_OK);
	check_eq(code(GVA, WALK_READ | WALK_ENFORCE_SMAP), WALK_PRIVILEGE);
	cpu.cr4 &= ~CR4_NO_USER_ACCESS;
	check_eq(code(GVA, WALK_READ | WALK_ENFORCE_SMAP), WALK_OK);
}

TEST(exempt_from_privileges_is_not_exempt_from_write_protection)
{
	guest_long();
	cpu.cr4 |= CR4_NO_USER_ACCESS | CR4_NO_USER_EXECUTE;
	check_eq(code(GVA, WALK_READ | WALK_EXECUTE | WALK_PRIVILEGE_EXEMPT), WALK_OK);
	*PTE &= ~(PTE_USER | PTE_WRITE);
	cpu.cpl = 3;
	check_eq(code(GVA, WALK_READ | WALK_PRIVILEGE_EXEMPT), WALK_OK);
	check_eq(code(GVA, WALK_WRITE | WALK_PRIVILEGE_EXEMPT), WALK_PRIVILEGE);
	*PTE |= PTE_NO_EXECUTE;
	check_eq(code(GVA, WALK_EXECUTE | WALK_PRIVILEGE_EXEMPT), WALK_PRIVILEGE);
}

TEST(reserved_bits_are_named_before_privileges)
{
	guest_long();
	*PML4E &= ~PTE_USER;
	*PTE |= BIT(45);
	check_eq(code(GVA, WALK_READ | WALK_USER), WALK_RESERVED_BIT);
}

/* ---- tables that cannot be reached ---- */

TEST(a_table_that_cannot_be_read_is_named_at_each_level)
{
	static const enum walk_code expected[] = {
		[GONE] = WALK_GPA_UNMAPPED, [UNREADABLE] = WALK_GPA_NO_READ, [OVERLAID] = WALK_OVERLAY,
	};
	static const enum access faults[] = { GONE, UNREADABLE, OVERLAID };

	for (u32 table = 1; table <= 4; table++) {
		for (u32 i = 0; i < ARRAY_SIZE(faults); i++) {
			struct walk_result found;

			guest_long();
			guest.access[table] = faults[i];
			found = translate(GVA, WALK_READ);
			check_eq(found.code, expected[faults[i]]);
			check_eq(found.gpa, table * 4096);
		}
	}
}

TEST(a_table_that_cannot_be_written_matters_only_where_a_bit_is_to_be_set)
{
	struct walk_result found;

	guest_long();
	guest.access[3] = READ_ONLY;
	check_eq(code(GVA, WALK_WRITE), WALK_OK);
	found = translate(GVA, WALK_READ | WALK_SET_BITS);
	check_eq(found.code, WALK_GPA_NO_WRITE);
	check_eq(found.gpa, 0x3000);
	*PDE |= PTE_ACCESSED;
	check_eq(code(GVA, WALK_WRITE | WALK_SET_BITS), WALK_OK);
}

/* ---- accessed and dirty bits ---- */

TEST(nothing_is_written_without_being_asked_for)
{
	guest_long();
	check_eq(code(GVA, WALK_READ | WALK_WRITE), WALK_OK);
	check_eq(guest.nr_writes, 0);
	check_eq(*PTE, PAGE | ALL);
}

TEST(a_read_sets_accessed_and_a_write_dirty_as_well)
{
	guest_long();
	check_eq(code(GVA, WALK_READ | WALK_SET_BITS), WALK_OK);
	check_eq(*PML4E, 0x2000 | ALL | PTE_ACCESSED);
	check_eq(*PDPTE, 0x3000 | ALL | PTE_ACCESSED);
	check_eq(*PDE, 0x4000 | ALL | PTE_ACCESSED);
	check_eq(*PTE, PAGE | ALL | PTE_ACCESSED);
	check_eq(guest.nr_writes, 4);
	check_eq(code(GVA, WALK_WRITE | WALK_SET_BITS), WALK_OK);
	check_eq(*PDE, 0x4000 | ALL | PTE_ACCESSED);
	check_eq(*PTE, PAGE | ALL | PTE_ACCESSED | PTE_DIRTY);
	check_eq(guest.nr_writes, 5);
	check_eq(code(GVA, WALK_WRITE | WALK_SET_BITS), WALK_OK);
	check_eq(guest.nr_writes, 5);
}

TEST(large_pages_and_narrow_entries_get_their_bits)
{
	guest_long();
	*PDE = 0x600000 | PTE_LARGE | ALL;
	check_eq(code(GVA, WALK_WRITE | WALK_SET_BITS), WALK_OK);
	check_eq(*PDE, 0x600000 | PTE_LARGE | ALL | PTE_ACCESSED | PTE_DIRTY);
	guest_legacy();
	*narrow(0x2000, 0x202) = 0x55555555;
	check_eq(code(GVA32, WALK_WRITE | WALK_SET_BITS), WALK_OK);
	check_eq(*narrow(0x1000, 0x100), 0x2000 | ALL | PTE_ACCESSED);
	check_eq(*narrow(0x2000, 0x201), 0x89abc000 | ALL | PTE_ACCESSED | PTE_DIRTY);
	check_eq(*narrow(0x2000, 0x202), 0x55555555);
}

TEST(a_walk_that_fails_leaves_the_page_unmarked_and_the_tables_marked)
{
	guest_long();
	*PTE &= ~PTE_WRITE;
	check_eq(code(GVA, WALK_WRITE | WALK_SET_BITS), WALK_PRIVILEGE);
	check_eq(*PDE, 0x4000 | ALL | PTE_ACCESSED);
	check_eq(*PTE, (PAGE | ALL) & ~PTE_WRITE);
}

static void move_page(void)
{
	guest.before_write = NULL;
	*PTE = 0x777000 | ALL | PTE_ACCESSED;
}

TEST(an_entry_that_changes_under_the_walk_is_judged_anew)
{
	struct walk_result found;

	guest_long();
	*PML4E |= PTE_ACCESSED;
	*PDPTE |= PTE_ACCESSED;
	*PDE |= PTE_ACCESSED;
	guest.before_write = move_page;
	found = translate(GVA, WALK_READ | WALK_SET_BITS);
	check_eq(found.code, WALK_OK);
	check_eq(found.gpa, 0x777abc);
	check_eq(*PTE, 0x777000 | ALL | PTE_ACCESSED);
}

static void keep_moving(void)
{
	*PTE ^= BIT(20);
}

TEST(tables_that_never_hold_still_do_not_hold_the_walk)
{
	guest_long();
	guest.before_write = keep_moving;
	check_eq(code(GVA, WALK_READ | WALK_SET_BITS), WALK_NOT_PRESENT);
}

/* ---- flags ---- */

TEST(flags_need_an_access_and_no_contradiction)
{
	check(walk_flags_valid(WALK_READ));
	check(walk_flags_valid(WALK_WRITE | WALK_SET_BITS | WALK_TLB_FLUSH_INHIBIT));
	check(walk_flags_valid(WALK_EXECUTE | WALK_SUPERVISOR | WALK_VTL_MASK));
	check(!walk_flags_valid(0));
	check(!walk_flags_valid(WALK_SET_BITS | WALK_USER));
	check(!walk_flags_valid(WALK_READ | WALK_SUPERVISOR | WALK_USER));
	check(!walk_flags_valid(WALK_READ | WALK_ENFORCE_SMAP | WALK_OVERRIDE_SMAP));
	check(!walk_flags_valid(WALK_READ | WALK_SHADOW_STACK));
	for (u32 bit = 11; bit < 56; bit++)
		check(!walk_flags_valid(WALK_READ | BIT(bit)));
}

/* ---- anything at all ---- */

static u64 random_entry(void)
{
	u64 e = tap_random();

	if (tap_random() & 0x700)		/* mostly one that leads somewhere */
		e = (e & 0xfff) | PTE_PRESENT | (tap_random() >> 9) % NR_PAGES << 12 | (e & 1ull << 63);
	return tap_random() & 0x100 ? e & ~(u64)PTE_LARGE : e;
}

static void random_guest(void)
{
	for (u32 p = 0; p < NR_PAGES; p++) {
		guest.access[p] = tap_random() & 0x300 ? WRITABLE : (tap_random() >> 8) % (OVERLAID + 1);
		for (u32 i = 0; i < 4096; i += 8) {
			u64 e = random_entry();

			memcpy(&guest.page[p][i], &e, 8);
		}
	}
	guest.before_write = NULL;
}

TEST(any_tables_lead_to_a_result)
{
	u32 seen = 0;

	for (u32 round = 0; round < 200000; round++) {
		u64 flags = tap_random() & 0x7ff, gva = tap_random() >> (tap_random() % 40);
		struct walk_result r;

		if (round % 500 == 0)
			random_guest();
		if (!walk_flags_valid(flags))
			continue;
		cpu = (struct walk_cpu){
			.cr0 = tap_random() | (tap_random() & 0x300 ? 1u << 31 : 0), .cr3 = (tap_random() >> 8) % NR_PAGES << 12,
			.cr4 = tap_random(), .efer = tap_random(), .pat = tap_random(), .rflags = tap_random(),
			.cpl = tap_random() & 3, .phys_bits = 40,
		};
		r = walk_translate(&cpu, &memory, gva, flags);
		check(r.code <= WALK_GPA_UNACCEPTED);
		check(r.code != WALK_OK || !(cpu.cr0 & CR0_PAGING) || r.gpa >> 52 == 0);
		seen |= 1u << r.code;
	}
	for (enum walk_code code = WALK_OK; code <= WALK_OVERLAY; code++)
		check(seen >> code & 1);
}
