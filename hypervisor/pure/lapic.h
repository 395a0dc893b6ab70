/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local APIC of a virtual processor, root's and child's alike: state and
 * rules, nothing of the machine. APM2 chapter 16; SDM volume 3 chapter 10.
 *
 * Time is passed in: @now is the hypervisor's clock in ns, never going back. What a
 * write asks of the outside comes back as a struct lapic_effect; nothing is called.
 * After any write, and after lapic_tick(), look again with lapic_next() and
 * lapic_deadline(): both are cheap.
 */
#ifndef LAPIC_H
#define LAPIC_H

#include "types.h"

#define LAPIC_BASE_DEFAULT	0xfee00000ull
#define LAPIC_BASE_BSP		BIT(8)
#define LAPIC_BASE_EXTD		BIT(10)
#define LAPIC_BASE_ENABLE	BIT(11)

#define LAPIC_VERSION		0x50014u	/* version 0x14, highest LVT entry 5 (SDM 10.4.8) */
#define LAPIC_NEVER		U64_MAX		/* lapic_deadline(): no event is coming */
#define LAPIC_MSR_FIRST		0x800u
#define LAPIC_MSR_LAST		0x8ffu		/* the architectural range; most of it is #GP */

/* Delivery modes (SDM 10.6.1). AssertVirtualInterrupt's interrupt types have the same numbers. */
enum lapic_delivery {
	LAPIC_FIXED = 0, LAPIC_LOWEST = 1, LAPIC_SMI = 2, LAPIC_REMOTE_READ = 3,
	LAPIC_NMI = 4, LAPIC_INIT = 5, LAPIC_SIPI = 6, LAPIC_EXTINT = 7,
};

enum lapic_shorthand {
	LAPIC_TO_DEST = 0, LAPIC_TO_SELF = 1, LAPIC_TO_ALL = 2, LAPIC_TO_OTHERS = 3,
};

/*
 * An interrupt to other processors, already checked: modes and combinations that
 * send nothing never get here. The trigger mode is not kept: all IPIs are edge
 * (SDM 10.6.1, table 10-3).
 */
struct lapic_ipi {
	u8 delivery;		/* enum lapic_delivery: FIXED, LOWEST, SMI, NMI, INIT, SIPI */
	u8 shorthand;		/* enum lapic_shorthand; not TO_DEST: the next three mean nothing */
	bool logical;
	bool wide;		/* @dest is 32 bits, from an x2APIC */
	u32 dest;
	u8 vector;
};

enum lapic_effect_kind {
	LAPIC_EFFECT_NONE,
	LAPIC_EFFECT_IPI,	/* route .ipi; the sender itself may be among the targets */
	LAPIC_EFFECT_EOI,	/* .eoi ended */
	LAPIC_EFFECT_TIMER,	/* lapic_deadline() has changed */
	LAPIC_EFFECT_BASE,	/* mode or address of the register page has changed */
};

struct lapic_eoi {
	u8 vector;
	bool level;		/* post APIC_EOI, or EOI the physical interrupt */
};

struct lapic_effect {
	enum lapic_effect_kind kind;
	union {
		struct lapic_ipi ipi;
		struct lapic_eoi eoi;
	};
};

struct lapic_config {
	u32 id;			/* APIC ID; in xAPIC mode its low 8 bits count */
	bool bsp;
	bool x2apic;		/* CPUID 1 ECX.21: x2APIC mode may be entered */
	bool tsc_deadline;	/* CPUID 1 ECX.24 */
	u8 phys_bits;		/* width of APIC_BASE */
	u64 timer_hz;		/* APIC clock before the divider, not 0 */
};

enum lapic_lvt {		/* the order of the registers, 0x320 to 0x370 */
	LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PERFMON,
	LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR, LAPIC_NR_LVT,
};

struct lapic {
	struct lapic_config config;
	u64 base;			/* APIC_BASE MSR; write with lapic_base_*() only */
	u32 tpr, ldr, dfr, svr;		/* ldr: xAPIC mode's */
	u32 esr, esr_pending;		/* as read; collected since (SDM 10.5.3) */
	u32 icr_low, icr_high;
	u32 lvt[LAPIC_NR_LVT];
	u32 isr[8], tmr[8], irr[8];
	u8 offered;			/* the processor may take it at any time; 0: none */
	bool asked_again;		/* requested since it was offered */
	u8 lint_lines;			/* bit n: LINTn is asserted */

	u32 initial_count, divide;
	u64 timer_start_ns;		/* the timer counts its ticks from here */
	u64 timer_next;			/* ticks after which it fires next; 0: stopped */
	u64 tsc_deadline, tsc_deadline_ns;	/* as written, as time; both 0: not armed */
	bool frozen;
	u64 frozen_ns;			/* the time it is, while frozen */
};

/* Local APIC state of Get/SetVpState: 176 bytes. */
#define LAPIC_STATE_NMI_PENDING	BIT(2)	/* in irr[0]; the caller's to set and take, not ours */

struct lapic_state {
	u32 apic_id;		/* xAPIC mode: in bits 31:24 */
	u32 version, ldr, dfr, svr;
	u32 isr[8], tmr[8], irr[8];
	u32 esr, icr_high, icr_low;
	u32 lvt[LAPIC_NR_LVT];
	u32 lvt_cmci;		/* none: 0 */
	u32 error_status;	/* collected, not yet in esr */
	u32 initial_count, current_count, divide, remote_read;
};
static_assert(sizeof(struct lapic_state) == 176, "local APIC state");
static_assert(offsetof(struct lapic_state, esr) == 116, "local APIC state");
static_assert(offsetof(struct lapic_state, lvt) == 128, "local APIC state");
static_assert(offsetof(struct lapic_state, initial_count) == 160, "local APIC state");

/* Power-on: APIC_BASE default and enabled, xAPIC mode. Not frozen. */
void lapic_reset(struct lapic *l, const struct lapic_config *config);
/* INIT: all registers but APIC_BASE and the ID (SDM 10.4.7.3, 10.12.5.1). */
void lapic_init(struct lapic *l);

static inline bool lapic_enabled(const struct lapic *l)
{
	return l->base & LAPIC_BASE_ENABLE;
}

/* And by the spurious vector register: it takes interrupts. */
bool lapic_software_enabled(const struct lapic *l);

static inline bool lapic_is_x2apic(const struct lapic *l)
{
	return l->base & LAPIC_BASE_EXTD;
}

/* The register page exists in the guest-physical space, at lapic_page(). */
static inline bool lapic_has_page(const struct lapic *l)
{
	return lapic_enabled(l) && !lapic_is_x2apic(l);
}

static inline u64 lapic_page(const struct lapic *l)
{
	return l->base & ~0xfffull;
}

/*
 * The register page: aligned 32-bit accesses, @offset below 0x1000. Other sizes are
 * undefined on hardware (SDM 10.4.1); lapic_mmio_read() of a part of a register
 * is @offset rounded down and shifted, which is for the caller to do.
 */
u32 lapic_mmio_read(struct lapic *l, u32 offset, u64 now);
struct lapic_effect lapic_mmio_write(struct lapic *l, u32 offset, u32 value, u64 now);

/* MSRs LAPIC_MSR_FIRST to LAPIC_MSR_LAST. 0, or -1: inject #GP(0), nothing has changed. */
int lapic_msr_read(struct lapic *l, u32 msr, u64 now, u64 *value);
int lapic_msr_write(struct lapic *l, u32 msr, u64 value, u64 now, struct lapic_effect *effect);

/* The guest's WRMSR to APIC_BASE; reading it is l->base. 0, or -1: #GP(0). */
int lapic_base_write(struct lapic *l, u64 value, struct lapic_effect *effect);
/* APIC_BASE as a VP register, by the parent: any legal mode from any. False: illegal value. */
bool lapic_base_set(struct lapic *l, u64 value);

/*
 * The ICR as 64 bits in either mode: the synthetic MSR. The destination is in bits 63:56 in
 * xAPIC mode, in 63:32 in x2APIC mode.
 */
u64 lapic_icr_read(const struct lapic *l);
struct lapic_effect lapic_icr_write(struct lapic *l, u64 value);

/*
 * MSR TSC_DEADLINE: @tsc as written and the time the guest's TSC gets there (in the
 * past is fine; while frozen, in frozen time). Ignored unless the timer is in
 * TSC-deadline mode. @tsc 0 disarms.
 * Reading gives 0 once it has fired (SDM 10.5.4.1). The caller refuses both with
 * #GP when config.tsc_deadline is not set.
 */
void lapic_deadline_write(struct lapic *l, u64 tsc, u64 due_ns, u64 now);
u64 lapic_deadline_read(struct lapic *l, u64 now);

/*
 * CR8 is TPR bits 7:4 (APM2 16.6). Setting the class it has already leaves bits 3:0
 * alone, so that V_TPR can be copied back after each exit.
 */
u8 lapic_cr8(const struct lapic *l);
void lapic_cr8_set(struct lapic *l, u8 cr8);

/* Request @vector. False: not accepted: APIC off or disabled, or an illegal vector (to the ESR). */
bool lapic_set_irr(struct lapic *l, u8 vector, bool level);
/* Withdraw a request that has not been accepted. */
void lapic_clear_irr(struct lapic *l, u8 vector);
/* The vector to deliver now, interrupts permitting: above the processor priority. False: none. */
bool lapic_next(const struct lapic *l, u8 *vector);
/* The highest vector requested, deliverable or not; -1: none. For V_IRQ and V_INTR_PRIO. */
int lapic_highest_irr(const struct lapic *l);
u8 lapic_ppr(const struct lapic *l);
/*
 * The processor may take a requested vector from now on, and it shows later that it has:
 * by lapic_accept(). A request that comes in between may be one more. 0: no longer.
 */
void lapic_offer(struct lapic *l, u8 vector);
/* Delivery of a requested vector: IRR to ISR. */
void lapic_accept(struct lapic *l, u8 vector);
/* EOI by register, MSR, synthetic MSR or assist page. False: nothing was in service. */
bool lapic_eoi(struct lapic *l, struct lapic_eoi *eoi);

/*
 * LINT0 or LINT1 (@pin 0, 1) changes to @asserted. Returns what the caller has to do:
 * LAPIC_FIXED: nothing (the request, if any, is in the IRR); LAPIC_NMI, LAPIC_SMI,
 * LAPIC_INIT, LAPIC_EXTINT: that, to this processor.
 */
enum lapic_delivery lapic_lint(struct lapic *l, u32 pin, bool asserted);
/* LINT0 lets an external interrupt controller's INTR through, or there is no APIC (SDM 10.4.3). */
bool lapic_accepts_extint(const struct lapic *l);
/* Any other local source fires; as lapic_lint(). */
enum lapic_delivery lapic_local(struct lapic *l, enum lapic_lvt source);

/* Absolute time of the next timer interrupt, or LAPIC_NEVER. */
u64 lapic_deadline(const struct lapic *l);
/* Fire what is due at @now. True: an interrupt was requested. */
bool lapic_tick(struct lapic *l, u64 now);
/* Stop and continue the time of this APIC (partition property TimeFreeze). Idempotent. */
void lapic_freeze(struct lapic *l, u64 now);
void lapic_thaw(struct lapic *l, u64 now);

/*
 * Is this APIC addressed? @wide: @dest has 32 bits and 0xffffffff is everybody; else 8
 * and 0xff. Does not look at enable bits: NMI, INIT and SIPI reach a disabled one.
 */
bool lapic_match_dest(const struct lapic *l, u32 dest, bool logical, bool wide);

void lapic_state_get(struct lapic *l, u64 now, struct lapic_state *state);
/* Reserved bits and read-only fields are dropped. The ID counts in xAPIC mode only. */
void lapic_state_set(struct lapic *l, u64 now, const struct lapic_state *state);
/*
 * One register by its x2APIC MSR number (VP register names 0x84802 to 0x8483f), whatever
 * the mode, with no side effect. False: no such register, or (set) one that cannot be set.
 */
bool lapic_register_get(struct lapic *l, u32 msr, u64 now, u64 *value);
bool lapic_register_set(struct lapic *l, u32 msr, u64 now, u64 value);

#endif
