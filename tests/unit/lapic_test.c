// SPDX-License-Identifier: GPL-2.0
#include "tap.h"
#include "lapic.c"
#include "lapic_register.c"
#include "lapic_timer.c"

#define SECOND	NS_PER_SECOND
#define PAGE(reg)	((reg) * 16)
#define MSR(reg)	(LAPIC_MSR_FIRST + (reg))
#define LVT(n)		(REG_LVT + LAPIC_LVT_##n)

static struct lapic apic;
static const struct lapic_config plain = {
	.id = 5, .bsp = true, .x2apic = true, .tsc_deadline = true, .phys_bits = 40, .timer_hz = SECOND,
};

static struct lapic_effect write_at(u32 reg, u32 value, u64 now)
{
	return lapic_mmio_write(&apic, PAGE(reg), value, now);
}

static struct lapic_effect write(u32 reg, u32 value)
{
	return write_at(reg, value, 0);
}

static u32 read_at(u32 reg, u64 now)
{
	return lapic_mmio_read(&apic, PAGE(reg), now);
}

static u32 read(u32 reg)
{
	return read_at(reg, 0);
}

/* WRMSR: the kind of its effect, or -1 for #GP. */
static struct lapic_effect last;

static int wrmsr(u32 reg, u64 value)
{
	return lapic_msr_write(&apic, MSR(reg), value, 0, &last) ? -1 : (int)last.kind;
}

static u64 rdmsr(u32 reg)
{
	u64 value = 0xdead;

	check(!lapic_msr_read(&apic, MSR(reg), 0, &value));
	return value;
}

static bool rdmsr_faults(u32 reg)
{
	u64 value = 0xdead;
	bool faults = lapic_msr_read(&apic, MSR(reg), 0, &value) == -1;

	if (faults)
		check_eq(value, 0xdead);
	return faults;
}

static int wrbase(u64 value)
{
	return lapic_base_write(&apic, value, &last) ? -1 : (int)last.kind;
}

/* As an operating system has it after start-up. */
static void apic_fresh(void)
{
	lapic_reset(&apic, &plain);
	write(REG_SVR, 0x1ff);
}

static void apic_x2(void)
{
	apic_fresh();
	check_eq(wrbase(apic.base | LAPIC_BASE_EXTD), LAPIC_EFFECT_BASE);
}

static int next(void)
{
	u8 vector;

	return lapic_next(&apic, &vector) ? vector : -1;
}

static int eoi(void)
{
	struct lapic_eoi ended;

	return lapic_eoi(&apic, &ended) ? ended.vector | ended.level << 8 : -1;
}

#define LEVEL	0x100

/* ---- reset ---- */

TEST(reset_leaves_nothing_of_what_was)
{
	struct lapic_state was, fresh;

	lapic_reset(&apic, &plain);
	lapic_state_get(&apic, 0, &fresh);
	memset(&apic, 0xa5, sizeof(apic));
	apic.frozen = true;
	lapic_reset(&apic, &plain);
	lapic_state_get(&apic, 0, &was);
	check(!memcmp(&was, &fresh, sizeof(was)));
	check(!apic.tpr && !apic.lint_lines && !apic.frozen);
	check(!apic.timer_next && !apic.tsc_deadline);
}

TEST(reset_leaves_the_documented_values)
{
	lapic_reset(&apic, &plain);
	check_eq(apic.base, 0xfee00900);
	check_eq(read(REG_ID), 5u << 24);
	check_eq(read(REG_VERSION), 0x50014);
	check_eq(read(REG_TPR), 0);
	check_eq(read(REG_LDR), 0);
	check_eq(read(REG_DFR), U32_MAX);
	check_eq(lapic_mmio_read(&apic, 0xc0, 0), 0);
	check_eq(read(REG_ICR_LOW), 0);
	check_eq(read(REG_ICR_HIGH), 0);
	check_eq(read(REG_DIVIDE), 0);
	check_eq(read(REG_INITIAL_COUNT), 0);
	check_eq(read(REG_SVR), 0xff);
	check_eq(read(REG_ESR), 0);
	for (u32 i = 0; i < LAPIC_NR_LVT; i++)
		check_eq(read(REG_LVT + i), 0x10000);
	for (u32 reg = REG_ISR; reg <= REG_IRR_LAST; reg++)
		check_eq(read(reg), 0);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check_eq(next(), -1);
}

TEST(only_the_boot_processor_has_the_bsp_bit)
{
	struct lapic_config second = plain;

	second.bsp = false;
	lapic_reset(&apic, &second);
	check_eq(apic.base, 0xfee00800);
}

TEST(init_keeps_mode_and_id_and_forgets_the_rest)
{
	apic_x2();
	lapic_set_irr(&apic, 0x40, true);
	wrmsr(REG_TPR, 0x20);
	wrmsr(REG_INITIAL_COUNT, 1000);
	lapic_init(&apic);
	check(lapic_is_x2apic(&apic));
	check_eq(rdmsr(REG_ID), 5);
	check_eq(rdmsr(REG_SVR), 0xff);
	check_eq(rdmsr(REG_TPR), 0);
	check_eq(lapic_highest_irr(&apic), -1);
	check_eq(rdmsr(REG_CURRENT_COUNT), 0);
}

/* ---- APIC_BASE ---- */

#define DISABLED	0xfee00100ull
#define XAPIC		0xfee00900ull
#define X2APIC		0xfee00d00ull
#define IMPOSSIBLE	0xfee00500ull

TEST(mode_transitions_are_those_of_the_manual)
{
	static const struct { u64 from, to; int result; } cases[] = {
		{ DISABLED, DISABLED, LAPIC_EFFECT_NONE }, { DISABLED, XAPIC, LAPIC_EFFECT_BASE },
		{ DISABLED, X2APIC, -1 }, { DISABLED, IMPOSSIBLE, -1 },
		{ XAPIC, DISABLED, LAPIC_EFFECT_BASE }, { XAPIC, XAPIC, LAPIC_EFFECT_NONE },
		{ XAPIC, X2APIC, LAPIC_EFFECT_BASE }, { XAPIC, IMPOSSIBLE, -1 },
		{ X2APIC, DISABLED, LAPIC_EFFECT_BASE }, { X2APIC, XAPIC, -1 },
		{ X2APIC, X2APIC, LAPIC_EFFECT_NONE }, { X2APIC, IMPOSSIBLE, -1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		lapic_reset(&apic, &plain);
		check(lapic_base_set(&apic, cases[i].from));
		if (!check_eq(wrbase(cases[i].to), cases[i].result))
			printf("# 0x%llx to 0x%llx\n", cases[i].from, cases[i].to);
		check_eq(apic.base, cases[i].result < 0 ? cases[i].from : cases[i].to);
	}
}

TEST(x2apic_mode_needs_the_capability)
{
	struct lapic_config without = plain;

	without.x2apic = false;
	lapic_reset(&apic, &without);
	check_eq(wrbase(X2APIC), -1);
	check(!lapic_base_set(&apic, X2APIC));
	check_eq(apic.base, XAPIC);
}

TEST(reserved_bits_of_the_base_are_refused)
{
	apic_fresh();
	for (u32 bit = 0; bit < 64; bit++) {
		bool known = (bit >= 12 && bit < 40) || bit == 8 || bit == 10 || bit == 11;

		if (!known)
			check_eq(wrbase(XAPIC | BIT(bit)), -1);
	}
	check_eq(apic.base, XAPIC);
}

TEST(the_register_page_can_be_moved)
{
	apic_fresh();
	check_eq(wrbase(0xfffff00900ull & ~0x600ull), LAPIC_EFFECT_BASE);
	check_eq(lapic_page(&apic), 0xfffff00000ull);
	check_eq(wrbase(0xfec01900), LAPIC_EFFECT_BASE);
	check_eq(lapic_page(&apic), 0xfec01000);
	check(lapic_has_page(&apic));
}

TEST(the_bsp_bit_is_not_changed_by_writing)
{
	apic_fresh();
	check_eq(wrbase(XAPIC & ~LAPIC_BASE_BSP), LAPIC_EFFECT_NONE);
	check_eq(apic.base, XAPIC);
}

TEST(a_parent_may_set_any_legal_mode_from_any)
{
	lapic_reset(&apic, &plain);
	check(lapic_base_set(&apic, X2APIC));
	check(lapic_base_set(&apic, XAPIC));
	check(lapic_base_set(&apic, DISABLED));
	check(lapic_base_set(&apic, X2APIC));
	check(!lapic_base_set(&apic, IMPOSSIBLE));
}

TEST(disabling_loses_the_state)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x55, false);
	write(REG_INITIAL_COUNT, 100);
	check_eq(wrbase(DISABLED), LAPIC_EFFECT_BASE);
	check_eq(read(REG_ID), U32_MAX);
	check_eq(wrbase(XAPIC), LAPIC_EFFECT_BASE);
	check_eq(read(REG_SVR), 0xff);
	check_eq(lapic_highest_irr(&apic), -1);
}

TEST(entering_x2apic_mode_keeps_all_but_icr_high)
{
	apic_fresh();
	write(REG_TPR, 0x30);
	write(REG_ICR_HIGH, 0xab000000);
	write(LVT(ERROR), 0xfe);
	lapic_set_irr(&apic, 0x55, true);
	check_eq(wrbase(X2APIC), LAPIC_EFFECT_BASE);
	check_eq(rdmsr(REG_TPR), 0x30);
	check_eq(rdmsr(REG_ICR_LOW), 0);
	check_eq(rdmsr(LVT(ERROR)), 0xfe);
	check_eq(rdmsr(REG_SVR), 0x1ff);
	check_eq(rdmsr(REG_IRR + 2), BIT(0x55 - 64));
	check_eq(rdmsr(REG_TMR + 2), BIT(0x55 - 64));
}

/* ---- priorities ---- */

TEST(the_highest_request_is_delivered_first)
{
	apic_fresh();
	check(lapic_set_irr(&apic, 0x31, false));
	check(lapic_set_irr(&apic, 0xfe, false));
	check(lapic_set_irr(&apic, 0x80, false));
	check_eq(next(), 0xfe);
	lapic_accept(&apic, 0xfe);
	check_eq(next(), -1);
	check_eq(lapic_highest_irr(&apic), 0x80);
	check_eq(eoi(), 0xfe);
	check_eq(next(), 0x80);
}

TEST(a_higher_class_interrupts_service_and_the_same_class_waits)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x45, false);
	lapic_accept(&apic, 0x45);
	lapic_set_irr(&apic, 0x4f, false);
	check_eq(next(), -1);
	lapic_set_irr(&apic, 0x50, false);
	check_eq(next(), 0x50);
	lapic_accept(&apic, 0x50);
	check_eq(eoi(), 0x50);
	check_eq(next(), -1);
	check_eq(eoi(), 0x45);
	check_eq(next(), 0x4f);
}

TEST(the_task_priority_holds_back_its_class_and_below)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x5f, false);
	for (u32 tpr = 0; tpr < 0x100; tpr++) {
		write(REG_TPR, tpr);
		check_eq(next(), tpr >> 4 < 5 ? 0x5f : -1);
		check_eq(lapic_highest_irr(&apic), 0x5f);
	}
}

TEST(the_processor_priority_is_the_higher_of_task_and_service)
{
	apic_fresh();
	write(REG_TPR, 0x33);
	check_eq(read(REG_PPR), 0x33);
	lapic_set_irr(&apic, 0x59, false);
	lapic_accept(&apic, 0x59);
	check_eq(read(REG_PPR), 0x50);
	write(REG_TPR, 0x5a);
	check_eq(read(REG_PPR), 0x5a);
	write(REG_TPR, 0x61);
	check_eq(read(REG_PPR), 0x61);
}

TEST(the_processor_priority_is_right_for_every_task_priority_and_service)
{
	for (u32 vector = 16; vector < 256; vector += 5) {
		apic_fresh();
		lapic_set_irr(&apic, vector, false);
		lapic_accept(&apic, vector);
		for (u32 tpr = 0; tpr < 256; tpr++) {
			write(REG_TPR, tpr);
			check_eq(lapic_ppr(&apic), tpr >> 4 >= vector >> 4 ? tpr : vector & 0xf0);
		}
	}
}

TEST(the_arbitration_priority_counts_requests_too)
{
	apic_fresh();
	write(REG_TPR, 0x33);
	check_eq(read(REG_APR), 0x33);
	lapic_set_irr(&apic, 0x59, false);
	check_eq(read(REG_APR), 0x50);
	check_eq(read(REG_PPR), 0x33);
}

TEST(cr8_is_the_class_of_the_task_priority)
{
	apic_fresh();
	write(REG_TPR, 0x5a);
	check_eq(lapic_cr8(&apic), 5);
	lapic_cr8_set(&apic, 5);
	check_eq(read(REG_TPR), 0x5a);
	lapic_cr8_set(&apic, 14);
	check_eq(read(REG_TPR), 0xe0);
	lapic_cr8_set(&apic, 0);
	check_eq(read(REG_TPR), 0);
}

/* ---- requests and EOI ---- */

TEST(edge_requests_merge_and_level_is_remembered_by_the_last)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x41, true);
	check_eq(read(REG_TMR + 2), 2);
	lapic_set_irr(&apic, 0x41, false);
	check_eq(read(REG_TMR + 2), 0);
	check_eq(read(REG_IRR + 2), 2);
	lapic_accept(&apic, 0x41);
	check_eq(read(REG_IRR + 2), 0);
	check_eq(read(REG_ISR + 2), 2);
	check_eq(eoi(), 0x41);
	check_eq(eoi(), -1);
}

TEST(a_request_during_service_of_the_same_vector_comes_after_it)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x41, false);
	lapic_accept(&apic, 0x41);
	lapic_set_irr(&apic, 0x41, false);
	check_eq(next(), -1);
	check_eq(eoi(), 0x41);
	check_eq(next(), 0x41);
}

TEST(eoi_ends_the_highest_and_says_whether_it_was_level)
{
	struct lapic_effect effect;

	apic_fresh();
	lapic_set_irr(&apic, 0x41, true);
	lapic_accept(&apic, 0x41);
	lapic_set_irr(&apic, 0x61, false);
	lapic_accept(&apic, 0x61);
	effect = write(REG_EOI, 0);
	check_eq(effect.kind, LAPIC_EFFECT_EOI);
	check_eq(effect.eoi.vector, 0x61);
	check(!effect.eoi.level);
	effect = write(REG_EOI, 0xffffffff);
	check_eq(effect.kind, LAPIC_EFFECT_EOI);
	check_eq(effect.eoi.vector, 0x41);
	check(effect.eoi.level);
	check_eq(write(REG_EOI, 0).kind, LAPIC_EFFECT_NONE);
}

TEST(a_withdrawn_request_is_gone)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x41, true);
	lapic_clear_irr(&apic, 0x41);
	check_eq(next(), -1);
}

TEST(every_vector_from_16_up_can_be_requested)
{
	apic_fresh();
	for (u32 vector = 16; vector < 256; vector++) {
		check(lapic_set_irr(&apic, vector, vector & 1));
		check_eq(next(), vector);
		lapic_accept(&apic, vector);
		check_eq(eoi(), vector | (vector & 1 ? LEVEL : 0));
	}
}

TEST(a_request_since_the_offer_is_one_more)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x41, false);
	lapic_set_irr(&apic, 0x41, false);
	lapic_offer(&apic, 0x41);
	lapic_accept(&apic, 0x41);
	check_eq(lapic_highest_irr(&apic), -1);
	lapic_offer(&apic, 0);
	lapic_set_irr(&apic, 0x61, false);
	lapic_offer(&apic, 0x61);
	lapic_set_irr(&apic, 0x51, false);
	lapic_set_irr(&apic, 0x61, false);
	lapic_accept(&apic, 0x61);
	check_eq(lapic_highest_irr(&apic), 0x61);
	lapic_offer(&apic, 0);
	lapic_offer(&apic, 0x61);
	lapic_accept(&apic, 0x61);
	check_eq(lapic_highest_irr(&apic), 0x51);
}

TEST(a_disabled_apic_accepts_nothing_and_keeps_what_it_has)
{
	apic_fresh();
	lapic_set_irr(&apic, 0x41, false);
	write(REG_SVR, 0xff);
	check(!lapic_set_irr(&apic, 0x42, false));
	check_eq(next(), 0x41);
	check_eq(wrbase(DISABLED), LAPIC_EFFECT_BASE);
	check(!lapic_set_irr(&apic, 0x42, false));
	check_eq(next(), -1);
}

/* ---- errors ---- */

TEST(an_illegal_vector_is_refused_and_shows_in_the_esr_once_written)
{
	apic_fresh();
	for (u32 vector = 0; vector < 16; vector++) {
		check(!lapic_set_irr(&apic, vector, false));
		check_eq(read(REG_ESR), 0);
		write(REG_ESR, 0);
		check_eq(read(REG_ESR), 0x40);
		write(REG_ESR, 0);
		check_eq(read(REG_ESR), 0);
	}
}

TEST(the_error_interrupt_comes_once_until_the_esr_is_written)
{
	apic_fresh();
	write(LVT(ERROR), 0xfe);
	lapic_set_irr(&apic, 3, false);
	check_eq(next(), 0xfe);
	lapic_accept(&apic, 0xfe);
	eoi();
	lapic_set_irr(&apic, 4, false);
	check_eq(next(), -1);
	write(REG_ESR, 0);
	lapic_set_irr(&apic, 5, false);
	check_eq(next(), 0xfe);
}

TEST(an_error_entry_with_an_illegal_vector_does_not_loop)
{
	apic_fresh();
	write(LVT(ERROR), 0x02);
	lapic_set_irr(&apic, 3, false);
	check_eq(next(), -1);
	write(REG_ESR, 0);
	check_eq(read(REG_ESR), 0x40);
}

TEST(addresses_without_a_register_are_an_error)
{
	static const u32 holes[] = { 0x00, 0x01, 0x04, 0x07, 0x29, 0x2f, 0x3a, 0x3d, 0x3f, 0x40, 0xff };

	for (u32 i = 0; i < ARRAY_SIZE(holes); i++) {
		apic_fresh();
		check_eq(read(holes[i]), 0);
		write(REG_ESR, 0);
		check_eq(read(REG_ESR), 0x80);
		apic_fresh();
		check_eq(write(holes[i], 0x1ff).kind, LAPIC_EFFECT_NONE);
		write(REG_ESR, 0);
		check_eq(read(REG_ESR), 0x80);
	}
}

TEST(between_registers_there_is_nothing)
{
	struct lapic before;

	apic_fresh();
	write(REG_TPR, 0x20);
	before = apic;
	for (u32 offset = 0; offset < 0x1000; offset += 4) {
		if (!(offset & 0xf))
			continue;
		check_eq(lapic_mmio_read(&apic, offset, 0), 0);
		check_eq(lapic_mmio_write(&apic, offset, U32_MAX, 0).kind, LAPIC_EFFECT_NONE);
	}
	check(!memcmp(&apic, &before, sizeof(apic)));
}

TEST(read_only_registers_are_not_changed_and_are_no_error)
{
	static const u32 regs[] = { REG_ID, REG_VERSION, REG_APR, REG_PPR, REG_REMOTE_READ, REG_CURRENT_COUNT };
	struct lapic before;

	apic_fresh();
	before = apic;
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		write(regs[i], U32_MAX);
	for (u32 reg = REG_ISR; reg <= REG_IRR_LAST; reg++)
		write(reg, U32_MAX);
	check(!memcmp(&apic, &before, sizeof(apic)));
}

/* ---- registers with reserved bits ---- */

TEST(reserved_bits_in_the_page_read_as_zero)
{
	static const struct { u32 reg, value; } cases[] = {
		{ REG_TPR, 0xff }, { REG_LDR, 0xff000000 }, { REG_DFR, U32_MAX }, { REG_SVR, 0x3ff },
		{ REG_ICR_HIGH, 0xff000000 }, { REG_DIVIDE, 0xb }, { LVT(TIMER), 0x700ff },
		{ LVT(THERMAL), 0x107ff }, { LVT(PERFMON), 0x107ff }, { LVT(LINT0), 0x1a7ff },
		{ LVT(LINT1), 0x1a7ff }, { LVT(ERROR), 0x100ff },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		apic_fresh();
		write(cases[i].reg, U32_MAX);
		if (!check_eq(read(cases[i].reg), cases[i].value))
			printf("# register 0x%x\n", cases[i].reg);
	}
	write(REG_DFR, 0);
	check_eq(read(REG_DFR), 0x0fffffff);
}

TEST(tsc_deadline_mode_needs_the_capability)
{
	struct lapic_config without = plain;

	without.tsc_deadline = false;
	lapic_reset(&apic, &without);
	write(REG_SVR, 0x1ff);
	write(LVT(TIMER), 0x400ef);
	check_eq(read(LVT(TIMER)), 0xef);
	check(lapic_base_set(&apic, X2APIC));
	check_eq(wrmsr(LVT(TIMER), 0x400ef), -1);
}

TEST(disabling_masks_every_entry_until_it_is_written_again)
{
	apic_fresh();
	for (u32 i = 0; i < LAPIC_NR_LVT; i++)
		write(REG_LVT + i, 0x40 + i);
	write(REG_SVR, 0xff);
	for (u32 i = 0; i < LAPIC_NR_LVT; i++) {
		check_eq(read(REG_LVT + i), 0x10040 + i);
		write(REG_LVT + i, 0x40 + i);
		check_eq(read(REG_LVT + i), 0x10040 + i);
	}
	write(REG_SVR, 0x1ff);
	check_eq(read(LVT(TIMER)), 0x10040);
	write(LVT(TIMER), 0x40);
	check_eq(read(LVT(TIMER)), 0x40);
}

/* ---- IPIs ---- */

/* Which delivery modes may go by which shorthand: SDM table 10-3. */
static bool combination_sends(u32 delivery, u32 shorthand)
{
	static const char *sends[4] = {	/* by shorthand; one letter per delivery mode */
		"FLS.NIU.", "F.......", "F.......", "FLS.NIU.",
	};

	return sends[shorthand][delivery] != '.';
}

TEST(each_combination_of_mode_and_shorthand_sends_or_does_not)
{
	for (u32 bits = 0; bits < 8 * 4 * 2; bits++) {
		u32 delivery = bits & 7, shorthand = bits >> 3 & 3, logical = bits >> 5;
		u32 low = 0x4050 | delivery << 8 | logical << 11 | shorthand << 18;
		struct lapic_effect effect;

		apic_fresh();
		write(REG_ICR_HIGH, 0x0f000000);
		effect = write(REG_ICR_LOW, low);
		check_eq(read(REG_ICR_LOW), low);
		if (!check_eq(effect.kind == LAPIC_EFFECT_IPI, combination_sends(delivery, shorthand)))
			printf("# delivery %u shorthand %u\n", delivery, shorthand);
		if (effect.kind != LAPIC_EFFECT_IPI)
			continue;
		check_eq(effect.ipi.delivery, delivery);
		check_eq(effect.ipi.shorthand, shorthand);
		check_eq(effect.ipi.logical, logical);
		check_eq(effect.ipi.dest, 0x0f);
		check(!effect.ipi.wide);
		check_eq(effect.ipi.vector, delivery < 2 || delivery == LAPIC_SIPI ? 0x50 : 0);
	}
}

TEST(writing_icr_high_or_reading_sends_nothing)
{
	apic_fresh();
	check_eq(write(REG_ICR_HIGH, 0xff000000).kind, LAPIC_EFFECT_NONE);
	check_eq(read(REG_ICR_HIGH), 0xff000000);
}

TEST(init_deassert_sends_nothing_and_init_assert_does)
{
	apic_fresh();
	check_eq(write(REG_ICR_LOW, 0x8500).kind, LAPIC_EFFECT_NONE);
	check_eq(write(REG_ICR_LOW, 0xc500).kind, LAPIC_EFFECT_IPI);
	check_eq(write(REG_ICR_LOW, 0x4500).kind, LAPIC_EFFECT_IPI);
	check_eq(write(REG_ICR_LOW, 0x0500).kind, LAPIC_EFFECT_IPI);
}

TEST(a_fixed_ipi_needs_no_assert_bit)
{
	apic_fresh();
	check_eq(write(REG_ICR_LOW, 0x00fd).kind, LAPIC_EFFECT_IPI);
	check_eq(write(REG_ICR_LOW, 0x80fd).kind, LAPIC_EFFECT_IPI);
}

TEST(an_illegal_vector_is_not_sent_and_is_an_error)
{
	apic_fresh();
	check_eq(write(REG_ICR_LOW, 0x400f).kind, LAPIC_EFFECT_NONE);
	write(REG_ESR, 0);
	check_eq(read(REG_ESR), 0x20);
	check_eq(write(REG_ICR_LOW, 0x4607).kind, LAPIC_EFFECT_IPI);	/* SIPI: a page number */
	write(REG_ESR, 0);
	check_eq(read(REG_ESR), 0);
}

TEST(the_x2apic_icr_is_one_64_bit_register)
{
	apic_x2();
	check_eq(wrmsr(REG_ICR_LOW, 0x1234567800000840ull | 0x4000), LAPIC_EFFECT_IPI);
	check_eq(last.ipi.dest, 0x12345678);
	check(last.ipi.wide && last.ipi.logical);
	check_eq(last.ipi.vector, 0x40);
	check_eq(rdmsr(REG_ICR_LOW), 0x1234567800004840ull);
}

TEST(the_synthetic_icr_follows_the_mode)
{
	struct lapic_effect effect;

	apic_fresh();
	effect = lapic_icr_write(&apic, 0x0700000000004050ull);
	check_eq(effect.kind, LAPIC_EFFECT_IPI);
	check_eq(effect.ipi.dest, 7);
	check(!effect.ipi.wide);
	check_eq(lapic_icr_read(&apic), 0x0700000000004050ull);
	apic_x2();
	effect = lapic_icr_write(&apic, 0x0700000000004050ull);
	check_eq(effect.ipi.dest, 0x07000000);
	check(effect.ipi.wide);
}

TEST(the_self_ipi_register_sends_to_the_sender)
{
	apic_x2();
	check_eq(wrmsr(REG_SELF_IPI, 0x42), LAPIC_EFFECT_IPI);
	check_eq(last.ipi.shorthand, LAPIC_TO_SELF);
	check_eq(last.ipi.delivery, LAPIC_FIXED);
	check_eq(last.ipi.vector, 0x42);
	check_eq(wrmsr(REG_SELF_IPI, 0x0f), LAPIC_EFFECT_NONE);
	check_eq(wrmsr(REG_ESR, 0), LAPIC_EFFECT_NONE);
	check_eq(rdmsr(REG_ESR), 0x40);
}

/* ---- x2APIC MSRs ---- */

TEST(outside_x2apic_mode_every_register_msr_faults)
{
	apic_fresh();
	for (u32 msr = LAPIC_MSR_FIRST; msr <= LAPIC_MSR_LAST; msr++) {
		check(rdmsr_faults(msr - LAPIC_MSR_FIRST));
		check_eq(wrmsr(msr - LAPIC_MSR_FIRST, 0), -1);
	}
}

/* 'r' readable, 'w' writable; by register number, SDM table 10-6. */
static const char *x2apic_access(u32 reg)
{
	if (reg >= 0x10 && reg <= 0x27)
		return "r";
	if (reg >= 0x32 && reg <= 0x38)
		return "rw";
	switch (reg) {
	case 0x02: case 0x03: case 0x0a: case 0x0d: case 0x39:
		return "r";
	case 0x08: case 0x0f: case 0x28: case 0x30: case 0x3e:
		return "rw";
	case 0x0b: case 0x3f:
		return "w";
	default:
		return "";
	}
}

TEST(in_x2apic_mode_each_register_msr_can_be_read_or_written_as_the_manual_says)
{
	for (u32 reg = 0; reg <= LAPIC_MSR_LAST - LAPIC_MSR_FIRST; reg++) {
		apic_x2();
		if (!check_eq(!rdmsr_faults(reg), !!strchr(x2apic_access(reg), 'r')))
			printf("# read of 0x%x\n", reg);
		if (!check_eq(wrmsr(reg, 0) != -1, !!strchr(x2apic_access(reg), 'w')))
			printf("# write of 0x%x\n", reg);
	}
}

TEST(in_x2apic_mode_reserved_bits_fault_and_change_nothing)
{
	static const struct { u32 reg; u64 bits; } cases[] = {
		{ REG_TPR, 0xff }, { REG_EOI, 0 }, { REG_SVR, 0x3ff }, { REG_ESR, 0 },
		{ REG_ICR_LOW, 0xffffffff000ccfffull }, { LVT(TIMER), 0x710ff }, { LVT(THERMAL), 0x117ff },
		{ LVT(PERFMON), 0x117ff }, { LVT(LINT0), 0x1f7ff }, { LVT(LINT1), 0x1f7ff },
		{ LVT(ERROR), 0x110ff }, { REG_INITIAL_COUNT, U32_MAX }, { REG_DIVIDE, 0xb },
		{ REG_SELF_IPI, 0xff },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		for (u32 bit = 0; bit < 64; bit++) {
			struct lapic before;
			int result;

			apic_x2();
			before = apic;
			result = wrmsr(cases[i].reg, BIT(bit));
			if (!check_eq(result == -1, !(cases[i].bits & BIT(bit))))
				printf("# register 0x%x bit %u\n", cases[i].reg, bit);
			if (result == -1)
				check(!memcmp(&apic, &before, sizeof(apic)));
		}
	}
}

TEST(in_x2apic_mode_there_is_no_page)
{
	apic_x2();
	check(!lapic_has_page(&apic));
	check_eq(read(REG_VERSION), U32_MAX);
	check_eq(write(REG_TPR, 0x20).kind, LAPIC_EFFECT_NONE);
	check_eq(rdmsr(REG_TPR), 0);
}

TEST(the_x2apic_ldr_follows_from_the_id)
{
	static const struct { u32 id, ldr; } cases[] = {
		{ 0, 0x00000001 }, { 5, 0x00000020 }, { 15, 0x00008000 }, { 16, 0x00010001 },
		{ 0x123, 0x00120008 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lapic_config config = plain;

		config.id = cases[i].id;
		lapic_reset(&apic, &config);
		check(lapic_base_set(&apic, X2APIC));
		check_eq(rdmsr(REG_LDR), cases[i].ldr);
		check_eq(rdmsr(REG_ID), cases[i].id);
	}
}

TEST(an_msr_eoi_reports_as_the_register_does)
{
	apic_x2();
	lapic_set_irr(&apic, 0x41, true);
	lapic_accept(&apic, 0x41);
	check_eq(wrmsr(REG_EOI, 0), LAPIC_EFFECT_EOI);
	check_eq(last.eoi.vector, 0x41);
	check(last.eoi.level);
}

/* ---- destinations ---- */

static bool match(u32 dest, bool logical, bool wide)
{
	return lapic_match_dest(&apic, dest, logical, wide);
}

TEST(physical_destinations_match_the_id_or_broadcast)
{
	apic_fresh();
	check(match(5, false, false));
	check(!match(4, false, false));
	check(match(0xff, false, false));
	check(match(5, false, true));
	check(match(0xffffffff, false, true));
	check(!match(0xff, false, true));
	apic_x2();
	check(match(5, false, true));
	check(match(5, false, false));
	check(match(0xff, false, false));
	check(!match(0xff, false, true));
	check(match(0xffffffff, false, true));
}

TEST(an_id_above_255_shows_8_bits_in_xapic_mode_only)
{
	struct lapic_config config = plain;

	config.id = 0x105;
	lapic_reset(&apic, &config);
	check_eq(read(REG_ID), 5u << 24);
	check(match(5, false, false));
	check(match(0x105, false, true));
	check(!match(5, false, true));
	check(lapic_base_set(&apic, X2APIC));
	check(!match(5, false, false));
	check(match(0x105, false, true));
}

TEST(flat_logical_destinations_match_any_common_bit)
{
	apic_fresh();
	write(REG_LDR, 0x20000000);
	for (u32 dest = 0; dest < 0x100; dest++)
		check_eq(match(dest, true, false), dest == 0xff || (dest & 0x20));
	check(!match(0x120, true, true));
	check(match(0x20, true, true));
	check(match(0xffffffff, true, true));
	write(REG_LDR, 0);
	check(!match(0x7f, true, false));
	check(match(0xff, true, false));
}

TEST(cluster_logical_destinations_match_within_the_cluster)
{
	apic_fresh();
	write(REG_DFR, 0x0fffffff);
	for (u32 place = 1; place < 0x10; place <<= 1) {
		write(REG_LDR, (0x20 | place) << 24);
		for (u32 dest = 0; dest < 0x100; dest++)
			check_eq(match(dest, true, false), dest == 0xff || (dest >> 4 == 2 && (dest & place)));
	}
}

TEST(an_unknown_destination_format_matches_broadcast_only)
{
	apic_fresh();
	write(REG_DFR, 0x5fffffff);
	write(REG_LDR, 0xff000000);
	check(!match(0x55, true, false));
	check(match(0xff, true, false));
}

TEST(x2apic_logical_destinations_match_cluster_and_place)
{
	struct lapic_config config = plain;

	config.id = 0x123;
	lapic_reset(&apic, &config);
	check(lapic_base_set(&apic, X2APIC));
	check(match(0x00120008, true, true));
	check(match(0x0012ffff, true, true));
	check(!match(0x0012fff7, true, true));
	check(!match(0x00130008, true, true));
	check(match(0xffffffff, true, true));
	check(!match(0x08, true, false));
	config.id = 3;
	lapic_reset(&apic, &config);
	check(lapic_base_set(&apic, X2APIC));
	check(match(0x08, true, false));	/* 8 bits reach cluster 0 */
}

/* ---- timer ---- */

#define ONE_SHOT	0x000efu
#define PERIODIC	0x200efu
#define DEADLINE	0x400efu
#define MASKED		0x10000u
#define BY_1		0xb

static void timer(u32 lvt, u32 divide, u32 count, u64 now)
{
	apic_fresh();
	write_at(LVT(TIMER), lvt, now);
	write_at(REG_DIVIDE, divide, now);
	check_eq(write_at(REG_INITIAL_COUNT, count, now).kind, LAPIC_EFFECT_TIMER);
}

static int fired(void)
{
	int vector = next();

	if (vector >= 0) {
		lapic_accept(&apic, vector);
		eoi();
	}
	return vector;
}

TEST(a_one_shot_timer_fires_once_at_its_time)
{
	timer(ONE_SHOT, BY_1, 1000, 5000);
	check_eq(lapic_deadline(&apic), 6000);
	check_eq(read_at(REG_CURRENT_COUNT, 5000), 1000);
	check_eq(read_at(REG_CURRENT_COUNT, 5999), 1);
	check(!lapic_tick(&apic, 5999));
	check(lapic_tick(&apic, 6000));
	check_eq(fired(), 0xef);
	check_eq(read_at(REG_CURRENT_COUNT, 6000), 0);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check(!lapic_tick(&apic, 1000000));
	check_eq(read_at(REG_INITIAL_COUNT, 1000000), 1000);
}

TEST(a_late_read_of_an_expired_one_shot_is_zero)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	check_eq(read_at(REG_CURRENT_COUNT, 5000), 0);
}

TEST(all_eight_dividers_divide)
{
	static const struct { u32 code, by; } cases[] = {
		{ 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 },
		{ 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 }, { 0xb, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		timer(ONE_SHOT, cases[i].code, 1000, 0);
		check_eq(lapic_deadline(&apic), 1000 * cases[i].by);
		check_eq(read_at(REG_CURRENT_COUNT, 10 * cases[i].by), 990);
		check_eq(read_at(REG_CURRENT_COUNT, 10 * cases[i].by - 1), 991);
	}
}

TEST(the_longest_count_fits)
{
	timer(ONE_SHOT, 0xa, U32_MAX, 1ull << 62);
	check_eq(lapic_deadline(&apic), (1ull << 62) + 128ull * U32_MAX);
	check_eq(read_at(REG_CURRENT_COUNT, (1ull << 62) + 128), U32_MAX - 1);
}

TEST(a_deadline_beyond_time_is_never)
{
	struct lapic_config slow = plain;

	slow.timer_hz = 1;
	lapic_reset(&apic, &slow);
	write(REG_SVR, 0x1ff);
	write(LVT(TIMER), ONE_SHOT);
	write(REG_DIVIDE, 0xa);
	write(REG_INITIAL_COUNT, U32_MAX);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
}

TEST(a_periodic_timer_fires_each_period_and_counts_down_in_each)
{
	timer(PERIODIC, BY_1, 1000, 0);
	for (u64 n = 1; n < 50; n++) {
		check_eq(lapic_deadline(&apic), n * 1000);
		check_eq(read_at(REG_CURRENT_COUNT, n * 1000 - 250), 250);
		check(!lapic_tick(&apic, n * 1000 - 1));
		check(lapic_tick(&apic, n * 1000));
		check_eq(fired(), 0xef);
		check_eq(read_at(REG_CURRENT_COUNT, n * 1000), 1000);
	}
}

TEST(a_periodic_timer_does_not_drift_when_served_late)
{
	timer(PERIODIC, BY_1, 1000, 0);
	check(lapic_tick(&apic, 1900));
	check_eq(lapic_deadline(&apic), 2000);
	check(lapic_tick(&apic, 7300));		/* five missed: one interrupt */
	check_eq(lapic_deadline(&apic), 8000);
	check(!lapic_tick(&apic, 7999));
	check(lapic_tick(&apic, 8000));
	check_eq(read_at(REG_CURRENT_COUNT, 123456), 1000 - 456);
	check_eq(read_at(REG_CURRENT_COUNT, 9000), 1000);
}

TEST(a_frequency_that_does_not_divide_a_second_does_not_drift)
{
	struct lapic_config odd = plain;
	u64 count = 62503, period = 16, deadline = 0;

	odd.timer_hz = 999999937;		/* prime */
	lapic_reset(&apic, &odd);
	write(REG_SVR, 0x1ff);
	write(LVT(TIMER), PERIODIC);
	write(REG_DIVIDE, 3);
	write(REG_INITIAL_COUNT, count);
	for (u64 n = 1; n <= 10000; n++) {
		unsigned __int128 exact = (unsigned __int128)n * count * period * SECOND;

		deadline = lapic_deadline(&apic);
		if (!check_eq(deadline, (u64)((exact + odd.timer_hz - 1) / odd.timer_hz)))
			return;
		check(!lapic_tick(&apic, deadline - 1));
		check(lapic_tick(&apic, deadline));
	}
}

TEST(the_deadline_is_the_first_nanosecond_at_which_the_timer_fires)
{
	for (u32 i = 0; i < 20000; i++) {
		struct lapic_config config = plain;
		u64 deadline;

		config.timer_hz = 1 + tap_random() % 5000000000ull;
		lapic_reset(&apic, &config);
		write(REG_SVR, 0x1ff);
		write_at(LVT(TIMER), tap_random() & 1 ? ONE_SHOT : PERIODIC, 0);
		write_at(REG_DIVIDE, tap_random(), 0);
		write_at(REG_INITIAL_COUNT, 1 + tap_random() % 1000000, tap_random() >> 8);
		deadline = lapic_deadline(&apic);
		if (!check(!lapic_tick(&apic, deadline - 1)) || !check(lapic_tick(&apic, deadline)))
			return;
	}
}

TEST(a_new_count_starts_anew_and_zero_stops)
{
	timer(PERIODIC, BY_1, 1000, 0);
	write_at(REG_INITIAL_COUNT, 500, 900);
	check_eq(lapic_deadline(&apic), 1400);
	write_at(REG_INITIAL_COUNT, 0, 1000);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check_eq(read_at(REG_CURRENT_COUNT, 5000), 0);
	check(!lapic_tick(&apic, 5000));
}

TEST(what_was_due_before_a_write_still_fires)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	write_at(REG_INITIAL_COUNT, 1000, 1000);
	check_eq(fired(), 0xef);
	check_eq(lapic_deadline(&apic), 2000);
	timer(ONE_SHOT, BY_1, 1000, 0);
	write_at(LVT(TIMER), MASKED, 1000);
	check_eq(fired(), 0xef);
}

TEST(a_new_divider_goes_on_with_what_is_left)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	write_at(REG_DIVIDE, 0, 400);
	check_eq(read_at(REG_CURRENT_COUNT, 400), 600);
	check_eq(lapic_deadline(&apic), 400 + 1200);
	timer(PERIODIC, BY_1, 1000, 0);
	write_at(REG_DIVIDE, 0, 400);
	check(lapic_tick(&apic, 1600));
	check_eq(lapic_deadline(&apic), 1600 + 2000);
}

TEST(a_masked_timer_counts_and_does_not_fire)
{
	timer(PERIODIC | MASKED, BY_1, 1000, 0);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check(!lapic_tick(&apic, 1500));
	check_eq(read_at(REG_CURRENT_COUNT, 1500), 500);
	write_at(LVT(TIMER), PERIODIC, 1500);
	check_eq(lapic_deadline(&apic), 2000);
	timer(ONE_SHOT | MASKED, BY_1, 1000, 0);
	write_at(LVT(TIMER), ONE_SHOT, 1500);
	check(!lapic_tick(&apic, 5000));
}

TEST(a_timer_can_be_made_periodic_while_it_runs)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	write_at(LVT(TIMER), PERIODIC, 500);
	check_eq(lapic_deadline(&apic), 1000);
	check(lapic_tick(&apic, 1000));
	check_eq(lapic_deadline(&apic), 2000);
}

TEST(software_disabling_silences_the_timer)
{
	timer(PERIODIC, BY_1, 1000, 0);
	check_eq(write_at(REG_SVR, 0xff, 100).kind, LAPIC_EFFECT_TIMER);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check(!lapic_tick(&apic, 5000));
}

TEST(a_tsc_deadline_fires_once_and_then_reads_as_zero)
{
	apic_fresh();
	write(LVT(TIMER), DEADLINE);
	lapic_deadline_write(&apic, 123456, 7000, 5000);
	check_eq(lapic_deadline(&apic), 7000);
	check_eq(lapic_deadline_read(&apic, 6999), 123456);
	check_eq(read_at(REG_CURRENT_COUNT, 6000), 0);
	check(!lapic_tick(&apic, 6999));
	check(lapic_tick(&apic, 7000));
	check_eq(fired(), 0xef);
	check_eq(lapic_deadline_read(&apic, 7000), 0);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
}

TEST(a_tsc_deadline_in_the_past_fires_at_once_and_zero_disarms)
{
	apic_fresh();
	write(LVT(TIMER), DEADLINE);
	lapic_deadline_write(&apic, 5, 10, 5000);
	check(lapic_tick(&apic, 5000));
	lapic_deadline_write(&apic, 5, 6000, 5000);
	lapic_deadline_write(&apic, 0, 0, 5000);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
}

TEST(a_tsc_deadline_that_was_due_before_a_new_one_still_fires)
{
	apic_fresh();
	write(LVT(TIMER), DEADLINE);
	lapic_deadline_write(&apic, 5, 1000, 0);
	lapic_deadline_write(&apic, 6, 9000, 2000);
	check_eq(fired(), 0xef);
	check_eq(lapic_deadline(&apic), 9000);
}

TEST(each_kind_of_timer_ignores_the_registers_of_the_other)
{
	timer(DEADLINE, BY_1, 1000, 0);
	check_eq(read(REG_INITIAL_COUNT), 0);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	timer(ONE_SHOT, BY_1, 1000, 0);
	lapic_deadline_write(&apic, 5, 10, 0);
	check_eq(lapic_deadline(&apic), 1000);
	check_eq(lapic_deadline_read(&apic, 0), 0);
}

TEST(changing_between_deadline_and_count_disarms)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	write(LVT(TIMER), DEADLINE);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	write(LVT(TIMER), ONE_SHOT);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	write(LVT(TIMER), DEADLINE);
	lapic_deadline_write(&apic, 5, 10, 0);
	write(LVT(TIMER), PERIODIC);
	write(LVT(TIMER), DEADLINE);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
}

TEST(frozen_time_stands_still_and_goes_on_where_it_was)
{
	timer(PERIODIC, BY_1, 1000, 0);
	lapic_freeze(&apic, 300);
	lapic_freeze(&apic, 350);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check(!lapic_tick(&apic, 100000));
	check_eq(read_at(REG_CURRENT_COUNT, 100000), 700);
	lapic_thaw(&apic, 100300);
	lapic_thaw(&apic, 100400);
	check_eq(lapic_deadline(&apic), 101000);
	check_eq(read_at(REG_CURRENT_COUNT, 100300), 700);
	apic_fresh();
	write(LVT(TIMER), DEADLINE);
	lapic_deadline_write(&apic, 5, 1000, 0);
	lapic_freeze(&apic, 400);
	lapic_thaw(&apic, 5400);
	check_eq(lapic_deadline(&apic), 6000);
}

TEST(a_timer_started_in_frozen_time_runs_from_the_thaw)
{
	apic_fresh();
	lapic_freeze(&apic, 100);
	write_at(LVT(TIMER), ONE_SHOT, 500);
	write_at(REG_DIVIDE, BY_1, 500);
	write_at(REG_INITIAL_COUNT, 1000, 500);
	lapic_thaw(&apic, 900);
	check_eq(lapic_deadline(&apic), 1900);
}

TEST(what_was_due_at_the_freeze_has_fired)
{
	timer(ONE_SHOT, BY_1, 1000, 0);
	lapic_freeze(&apic, 1000);
	check_eq(fired(), 0xef);
}

/* ---- local pins and sources ---- */

TEST(lint_pins_deliver_as_their_entry_says)
{
	static const struct { u32 lvt; enum lapic_delivery expected; } cases[] = {
		{ 0x00400, LAPIC_NMI }, { 0x00200, LAPIC_SMI }, { 0x00500, LAPIC_INIT },
		{ 0x00700, LAPIC_EXTINT }, { 0x10400, LAPIC_FIXED }, { 0x10700, LAPIC_FIXED },
		{ 0x00100, LAPIC_FIXED }, { 0x00055, LAPIC_FIXED },
	};

	for (u32 pin = 0; pin < 2; pin++) {
		for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
			apic_fresh();
			write(LVT(LINT0) + pin, cases[i].lvt);
			check_eq(lapic_lint(&apic, pin, true), cases[i].expected);
			check_eq(next(), cases[i].lvt == 0x55 ? 0x55 : -1);
		}
	}
}

TEST(an_edge_pin_delivers_on_each_rising_edge)
{
	apic_fresh();
	write(LVT(LINT0), 0x55);
	lapic_lint(&apic, 0, true);
	check_eq(fired(), 0x55);
	lapic_lint(&apic, 0, true);
	check_eq(fired(), -1);
	lapic_lint(&apic, 0, false);
	check_eq(fired(), -1);
	lapic_lint(&apic, 0, true);
	check_eq(fired(), 0x55);
}

TEST(an_edge_pin_that_is_up_is_not_seen_again_by_a_write_or_an_eoi)
{
	apic_fresh();
	write(LVT(LINT0), 0x55);
	lapic_lint(&apic, 0, true);
	check_eq(fired(), 0x55);
	write(LVT(LINT0), 0x55);
	check_eq(fired(), -1);
	lapic_set_irr(&apic, 0x55, true);
	check_eq(fired(), 0x55);
	check_eq(fired(), -1);
}

TEST(a_level_pin_delivers_again_after_eoi_while_it_is_up)
{
	apic_fresh();
	write(LVT(LINT0), 0x8055);
	lapic_lint(&apic, 0, true);
	check_eq(read(LVT(LINT0)), 0xc055);
	check_eq(next(), 0x55);
	lapic_accept(&apic, 0x55);
	check_eq(eoi(), 0x55 | LEVEL);
	check_eq(next(), 0x55);
	lapic_lint(&apic, 0, false);
	lapic_accept(&apic, 0x55);
	check_eq(eoi(), 0x55 | LEVEL);
	check_eq(next(), -1);
	check_eq(read(LVT(LINT0)), 0x8055);
}

TEST(the_eoi_of_another_vector_is_not_that_of_the_pin)
{
	apic_fresh();
	write(LVT(LINT0), 0x8055);
	lapic_lint(&apic, 0, true);
	lapic_accept(&apic, 0x55);
	lapic_set_irr(&apic, 0x75, true);
	lapic_accept(&apic, 0x75);
	check_eq(eoi(), 0x75 | LEVEL);
	check_eq(lapic_highest_irr(&apic), -1);
	check_eq(read(LVT(LINT0)), 0xc055);
}

TEST(a_level_pin_that_was_up_while_masked_delivers_when_unmasked)
{
	apic_fresh();
	lapic_lint(&apic, 1, true);
	check_eq(next(), -1);
	write(LVT(LINT1), 0x8066);
	check_eq(next(), 0x66);
}

TEST(remote_irr_is_not_written_by_software)
{
	apic_fresh();
	write(LVT(LINT0), 0xc055);
	check_eq(read(LVT(LINT0)), 0x8055);
	lapic_lint(&apic, 0, true);
	write(LVT(LINT0), 0x8055);
	check_eq(read(LVT(LINT0)), 0xc055);
	write(LVT(LINT0), 0x0055);
	check_eq(read(LVT(LINT0)), 0x0055);
}

TEST(external_interrupts_pass_by_virtual_wire_or_without_an_apic)
{
	lapic_reset(&apic, &plain);
	check(!lapic_accepts_extint(&apic));
	write(REG_SVR, 0x1ff);
	write(LVT(LINT0), 0x700);
	check(lapic_accepts_extint(&apic));
	write(LVT(LINT0), 0x10700);
	check(!lapic_accepts_extint(&apic));
	write(LVT(LINT0), 0x400);
	check(!lapic_accepts_extint(&apic));
	check(lapic_base_set(&apic, DISABLED));
	check(lapic_accepts_extint(&apic));
}

TEST(other_local_sources_use_their_entries)
{
	apic_fresh();
	write(LVT(PERFMON), 0x400);
	check_eq(lapic_local(&apic, LAPIC_LVT_PERFMON), LAPIC_NMI);
	write(LVT(THERMAL), 0x077);
	check_eq(lapic_local(&apic, LAPIC_LVT_THERMAL), LAPIC_FIXED);
	check_eq(next(), 0x77);
}

TEST(a_local_source_with_an_illegal_vector_is_an_error)
{
	apic_fresh();
	write(LVT(THERMAL), 0x007);
	lapic_local(&apic, LAPIC_LVT_THERMAL);
	write(REG_ESR, 0);
	check_eq(read(REG_ESR), 0x40);
	check_eq(next(), -1);
}

/* ---- state ---- */

static void apic_busy(void)
{
	apic_fresh();
	write(REG_LDR, 0x20000000);
	write(REG_DFR, 0x0fffffff);
	write(REG_TPR, 0x20);
	write(REG_ICR_HIGH, 0x07000000);
	write(REG_ICR_LOW, 0x40fd);
	write(LVT(TIMER), PERIODIC);
	write(LVT(LINT0), 0x8055);
	write(LVT(LINT1), 0x400);
	write(REG_DIVIDE, 3);
	write(REG_INITIAL_COUNT, 1000);
	lapic_lint(&apic, 0, true);
	lapic_set_irr(&apic, 0x81, true);
	lapic_accept(&apic, 0x81);
	lapic_set_irr(&apic, 0x91, false);
	lapic_set_irr(&apic, 3, false);
}

TEST(the_state_buffer_has_each_register_at_its_offset)
{
	struct lapic_state state;
	const u32 *words = (const u32 *)&state;

	apic_busy();
	lapic_state_get(&apic, 160, &state);
	check_eq(words[0], 5u << 24);
	check_eq(words[1], 0x50014);
	check_eq(words[2], 0x20000000);
	check_eq(words[3], 0x0fffffff);
	check_eq(words[4], 0x1ff);
	check_eq(words[(20 / 4) + 4], 2);		/* ISR: 0x81 */
	check_eq(words[(52 / 4) + 4], 2);		/* TMR */
	check_eq(words[(84 / 4) + 4], 0x20000);		/* IRR: 0x91 */
	check_eq(words[116 / 4], 0);
	check_eq(words[120 / 4], 0x07000000);
	check_eq(words[124 / 4], 0x40fd);
	check_eq(words[128 / 4], PERIODIC);
	check_eq(words[140 / 4], 0xc055);
	check_eq(words[144 / 4], 0x400);
	check_eq(words[148 / 4], 0x10000);
	check_eq(words[152 / 4], 0);
	check_eq(words[156 / 4], 0x40);
	check_eq(words[160 / 4], 1000);
	check_eq(words[164 / 4], 990);
	check_eq(words[168 / 4], 3);
	check_eq(words[172 / 4], 0);
}

TEST(state_set_on_another_apic_goes_on_as_the_first)
{
	struct lapic_state state, again;

	apic_busy();
	lapic_state_get(&apic, 160, &state);
	lapic_reset(&apic, &plain);
	lapic_state_set(&apic, 1000160, &state);
	lapic_state_get(&apic, 1000160, &again);
	check(!memcmp(&state, &again, sizeof(state)));
	check_eq(lapic_deadline(&apic), 1000160 + 990 * 16);
	check(lapic_tick(&apic, 1000160 + 990 * 16));
	check_eq(lapic_deadline(&apic), 1000160 + 1990 * 16);
	check_eq(eoi(), 0x81 | LEVEL);
}

TEST(state_in_x2apic_mode_has_the_plain_id_and_does_not_take_one)
{
	struct lapic_state state;

	apic_x2();
	lapic_state_get(&apic, 0, &state);
	check_eq(state.apic_id, 5);
	check_eq(state.ldr, 0x20);
	state.apic_id = 9;
	state.icr_high = 0x12345678;
	lapic_state_set(&apic, 0, &state);
	check_eq(rdmsr(REG_ID), 5);
	check_eq(rdmsr(REG_ICR_LOW) >> 32, 0x12345678);
}

TEST(state_in_xapic_mode_takes_an_id)
{
	struct lapic_config config = plain;
	struct lapic_state state;

	config.id = 0x105;
	lapic_reset(&apic, &config);
	lapic_state_get(&apic, 0, &state);
	lapic_state_set(&apic, 0, &state);
	check_eq(apic.config.id, 0x105);
	state.apic_id = 9u << 24;
	lapic_state_set(&apic, 0, &state);
	check_eq(read(REG_ID), 9u << 24);
}

TEST(state_drops_reserved_bits_and_illegal_vectors)
{
	struct lapic_state state;

	apic_fresh();
	memset(&state, 0xff, sizeof(state));
	lapic_state_set(&apic, 0, &state);
	check_eq(read(REG_SVR), 0x3ff);
	check_eq(read(REG_IRR), 0xffff0000);
	check_eq(read(REG_ISR), 0xffff0000);
	check_eq(read(LVT(TIMER)), 0x700ff);
	check_eq(read(LVT(LINT0)), 0x1e7ff);
	check_eq(read(REG_ESR), 0xff);
	state.lvt[LAPIC_LVT_LINT0] = 0x4055;	/* remote IRR without level */
	lapic_state_set(&apic, 0, &state);
	check_eq(read(LVT(LINT0)), 0x0055);
	check_eq(read(REG_VERSION), 0x50014);
	check_eq(read(REG_DIVIDE), 0xb);
}

TEST(state_may_unmask_entries_of_a_disabled_apic)
{
	struct lapic_state state;

	lapic_reset(&apic, &plain);
	lapic_state_get(&apic, 0, &state);
	state.lvt[LAPIC_LVT_LINT0] = 0x700;
	state.lvt[LAPIC_LVT_LINT1] = 0x400;
	lapic_state_set(&apic, 0, &state);
	check_eq(read(LVT(LINT0)), 0x700);
	check_eq(read(LVT(LINT1)), 0x400);
	check(lapic_accepts_extint(&apic));
	check_eq(lapic_lint(&apic, 1, true), LAPIC_FIXED);	/* and still it delivers nothing */
}

TEST(a_set_periodic_timer_without_a_count_left_starts_its_period)
{
	struct lapic_state state;

	timer(PERIODIC, BY_1, 1000, 0);
	lapic_state_get(&apic, 500, &state);
	state.current_count = 0;
	lapic_state_set(&apic, 500, &state);
	check_eq(lapic_deadline(&apic), 1500);
	state.initial_count = 0;
	state.current_count = 77;
	lapic_state_set(&apic, 500, &state);
	check_eq(lapic_deadline(&apic), LAPIC_NEVER);
	check_eq(read_at(REG_CURRENT_COUNT, 600), 0);
}

TEST(registers_are_set_by_number_without_side_effects)
{
	u64 value;

	apic_fresh();
	check(lapic_register_set(&apic, 0x830, 0, 0x07000000000040fdull));
	check_eq(read(REG_ICR_LOW), 0x40fd);
	check_eq(read(REG_ICR_HIGH), 0x07000000);
	check(lapic_register_get(&apic, 0x830, 0, &value));
	check_eq(value, 0x07000000000040fdull);
	check(lapic_register_set(&apic, 0x808, 0, 0xfffff31));
	check_eq(read(REG_TPR), 0x31);
	check(lapic_register_set(&apic, 0x80f, 0, 0xff1fe));
	check_eq(read(REG_SVR), 0x1fe);
	check(lapic_register_set(&apic, 0x80d, 0, 0x20ffffff));
	check_eq(read(REG_LDR), 0x20000000);
	check(lapic_register_set(&apic, 0x80e, 0, 0));
	check_eq(read(REG_DFR), 0x0fffffff);
	check(lapic_register_set(&apic, 0x828, 0, 0xfff40));
	check_eq(read(REG_ESR), 0x40);
	check(lapic_register_set(&apic, 0x802, 0, 9u << 24));
	check_eq(read(REG_ID), 9u << 24);
	check(lapic_register_set(&apic, 0x822, 0, 2));
	check_eq(lapic_highest_irr(&apic), 0x41);
	check(lapic_register_set(&apic, 0x820, 0, U32_MAX));
	check(lapic_register_get(&apic, 0x820, 0, &value));
	check_eq(value, 0xffff0000);
	check(lapic_register_set(&apic, 0x832, 0, PERIODIC));
	check(lapic_register_set(&apic, 0x83e, 0, BY_1));
	check(lapic_register_set(&apic, 0x838, 0, 1000));
	check(lapic_register_set(&apic, 0x839, 0, 400));
	check_eq(lapic_deadline(&apic), 400);
}

TEST(registers_that_do_not_exist_are_neither_read_nor_set)
{
	static const u32 missing[] = { 0x000, 0x7ff, 0x800, 0x804, 0x82f, 0x831, 0x83f, 0x840, 0xffffffff };
	static const u32 fixed[] = { 0x803, 0x809, 0x80a, 0x80b, 0x80c };
	u64 value;

	apic_fresh();
	for (u32 i = 0; i < ARRAY_SIZE(missing); i++) {
		check(!lapic_register_get(&apic, missing[i], 0, &value));
		check(!lapic_register_set(&apic, missing[i], 0, 0));
	}
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++)
		check(!lapic_register_set(&apic, fixed[i], 0, 0));
}

TEST(any_sequence_of_writes_keeps_the_rules)
{
	u64 now = 0;

	apic_fresh();
	for (u32 i = 0; i < 500000; i++) {
		u32 reg = tap_random() % 0x48;
		u64 value = tap_random() >> (tap_random() % 64);
		u8 vector;

		now += tap_random() % 100000;
		switch (tap_random() % 6) {
		case 0: lapic_msr_write(&apic, MSR(reg), value, now, &last); break;
		case 1: lapic_mmio_write(&apic, PAGE(reg), value, now); break;
		case 2: lapic_set_irr(&apic, value, value & 0x100); break;
		case 3: lapic_register_set(&apic, MSR(reg), now, value); break;
		case 4: lapic_lint(&apic, value & 1, value & 2); break;
		default: lapic_base_set(&apic, (value & 0xf00) | 0xfee00000);
		}
		if (tap_random() % 64 == 0)
			lapic_freeze(&apic, now);
		else if (tap_random() % 4 == 0)
			lapic_thaw(&apic, now);
		lapic_tick(&apic, now);
		read_at(REG_CURRENT_COUNT, now);
		if (lapic_next(&apic, &vector)) {
			check(vector >= 16 && vector >> 4 > lapic_ppr(&apic) >> 4);
			lapic_accept(&apic, vector);
		}
		check(!apic.frozen || lapic_deadline(&apic) == LAPIC_NEVER);
		if (!check(lapic_deadline(&apic) > now))
			return;
		check_eq((apic.irr[0] | apic.isr[0]) & 0xffff, 0);
	}
}

/* ---- anything at all ---- */

static void random_step(u64 now)
{
	struct lapic_state state;
	struct lapic_eoi eoi;
	u64 value;
	u8 vector;

	switch (tap_random() % 14) {
	case 0 ... 2:
		lapic_mmio_write(&apic, tap_random() & 0xfff, tap_random() >> (tap_random() % 40), now);
		break;
	case 3:
		lapic_mmio_read(&apic, tap_random() & 0xfff, now);
		break;
	case 4 ... 5:
		lapic_msr_write(&apic, LAPIC_MSR_FIRST + (tap_random() & 0xff), tap_random() >> (tap_random() % 64), now, &last);
		break;
	case 6:
		lapic_msr_read(&apic, LAPIC_MSR_FIRST + (tap_random() & 0xff), now, &value);
		break;
	case 7:
		lapic_base_write(&apic, 0xfee00000 | (tap_random() & 0xd00), &last);
		break;
	case 8:
		lapic_set_irr(&apic, tap_random(), tap_random() & 1);
		break;
	case 9:
		if (lapic_next(&apic, &vector))
			lapic_accept(&apic, vector);
		break;
	case 10:
		lapic_eoi(&apic, &eoi);
		break;
	case 11:
		for (u32 i = 0; i < sizeof(state) / 4; i++)
			((u32 *)&state)[i] = tap_random() >> (tap_random() % 32);
		lapic_state_set(&apic, now, &state);
		break;
	case 12:
		lapic_register_set(&apic, LAPIC_MSR_FIRST + (tap_random() & 0x3f), now, tap_random());
		break;
	case 13:
		if (tap_random() & 1)
			lapic_freeze(&apic, now);
		else
			lapic_thaw(&apic, now);
		break;
	}
}

/* However it is programmed: no vector below 16 is taken, and no timer fires without end. */
TEST(any_sequence_of_accesses_is_survived)
{
	struct lapic_state state;
	u64 now = SECOND;
	u8 vector;

	lapic_reset(&apic, &plain);
	for (u32 round = 0; round < 500000; round++) {
		if (round % 5000 == 0)
			lapic_reset(&apic, &plain);
		random_step(now);
		now += tap_random() % 1000000;
		lapic_tick(&apic, now);
		if (!check(lapic_deadline(&apic) > now))
			break;
		if (lapic_next(&apic, &vector) && !check(vector >= 16))
			break;
		if (!check(lapic_highest_irr(&apic) < 256))
			break;
		lapic_state_get(&apic, now, &state);
	}
}
