// SPDX-License-Identifier: GPL-2.0
/* What a guest may do, at random: it stops that guest at most. */
#include "payload.h"

#define ROUNDS		3000u
#define LIFE		40u		/* rounds of one VP */
#define PATIENCE	20000000ull	/* TSC ticks: a guest that halts or loops is stopped */
#define APIC		0xfee00000u
#define SYNTHETIC_ALL	(0x06400fffull | BIT(24) | BIT(27) | BIT(29) | HV_SYNTH_VP_REGISTERS)

static u32 random_msr(void)
{
	static const struct { u32 first, nr; } ranges[] = {
		{ 0, 0x300 }, { 0x1b, 1 }, { 0x200, 16 }, { 0x800, 0x100 }, { 0x800, 0x40 }, { 0x40000000, 0x130 },
		{ 0x40000080, 0x40 }, { 0x400000b0, 8 }, { 0xc0000080, 0x90 }, { 0xc0010000, 0x130 }, { 0, 0xffffffff },
	};
	u32 i = random_below(ARRAY_SIZE(ranges));

	return ranges[i].first + random_below(ranges[i].nr);
}

static u32 fuzz_msr(void)
{
	u64 val = random_value();

	return random64() & 0x100 ? agent_do(OP_RDMSR, 0, 0, random_msr(), 0) :
				    agent_do(OP_WRMSR, val, 0, random_msr(), val >> 32);
}

static u32 fuzz_cpuid(void)
{
	static const u32 first[] = { 0, 0x40000000, 0x80000000, 0x8fffffff };

	return agent_do(OP_CPUID, first[random_below(ARRAY_SIZE(first))] + random_below(0x30), 0, random_below(70), 0);
}

static u32 fuzz_apic(void)
{
	u32 at = APIC + random_below(4096);

	return agent_do(random64() & 0x100 ? OP_READ : OP_WRITE, random_value(), at & (random64() & 0x200 ? ~0u : ~15u), 0, 0);
}

static u32 fuzz_memory(void)
{
	u32 at = random64() & 0x100 ? random_below(0x40000) : random64() >> 20;

	return agent_do(random64() & 0x200 ? OP_READ : OP_WRITE, random64(), at, 0, 0);
}

static u32 fuzz_call(void)
{
	u64 *p = (void *)(CHILD_RAM + 0x6000);

	for (u32 i = 0; i < 16; i++)
		p[i] = random_value();
	AGENT_MAILBOX[1 + ESI] = random64() & 0x100 ? 0x6800 : random64();
	AGENT_MAILBOX[1 + EDI] = 0;
	return agent_do(OP_CALL, (random64() & 0x1fff) >> random_below(8), 0, random64() & 0x200 ? 0x6000 : random64(),
			random64() & 0x400 ? 0 : random64() >> 20);
}

/* Instructions that exit, with prefixes, and anything behind them. */
static u32 fuzz_code(void)
{
	static const u8 prefixes[] = { 0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x48, 0xf0 };
	static const u8 exits[][3] = {
		{ 0x0f, 0xa2 }, { 0x0f, 0x30 }, { 0x0f, 0x32 }, { 0x0f, 0x01, 0xd9 }, { 0x0f, 0x01, 0xd8 }, { 0x0f, 0x01, 0xda },
		{ 0x0f, 0x01, 0xdf }, { 0x0f, 0x08 }, { 0x0f, 0x09 }, { 0x0f, 0x01, 0xc8 }, { 0x0f, 0x01, 0xc9 }, { 0x0f, 0x01, 0xd1 },
		{ 0x0f, 0x33 }, { 0x0f, 0xaa }, { 0xf4 }, { 0xcf }, { 0x6c }, { 0x6e }, { 0x6d }, { 0x6f }, { 0xec }, { 0xef },
		{ 0xfb, 0xf4 }, { 0x0f, 0x22, 0xc0 }, { 0x0f, 0x22, 0xd8 }, { 0x0f, 0x22, 0xe0 }, { 0x8e, 0xd0 }, { 0x0f, 0x01, 0x1b },
		{ 0x0f, 0x00, 0xd8 }, { 0xcd, 0x80 }, { 0xf1 }, { 0xcc }, { 0x89, 0x03 }, { 0x8b, 0x03 }, { 0xa4 }, { 0xab },
		{ 0xf0, 0x01, 0x03 }, { 0x0f, 0xb1, 0x03 }, { 0x0f, 0xc1, 0x03 }, { 0x87, 0x03 }, { 0xff, 0x03 }, { 0x83, 0x03 }, { 0x0f, 0xb6, 0x03 },
	};
	u8 *code = (void *)(CHILD_RAM + AGENT_CODE);
	u32 n = 0, nr_prefixes = random_below(4);

	while (nr_prefixes--)
		code[n++] = prefixes[random_below(sizeof(prefixes))];
	if (random64() & 0x700) {
		memcpy(code + n, exits[random_below(ARRAY_SIZE(exits))], 3);
		n += 3;
	}
	while (n < 64)
		code[n++] = random64() & 0x100 ? 0xc3 : random64() >> 8;
	AGENT_MAILBOX[1 + ESI] = random64() & 0x100 ? APIC + random_below(4096) : random64();
	AGENT_MAILBOX[1 + EDI] = random64() & 0x200 ? APIC + random_below(4096) : random64();
	return agent_do(OP_CODE, random64(), AGENT_CODE, random_msr(), random64());
}

/* A state that its parent gives it, whole or nearly. */
static u32 fuzz_state(void)
{
	for (u32 i = 0; i < 4; i++)
		reg_set(agent, 0, random_register(), random_value(), random64() & 0x100 ? 0 : random64());
	return agent_do(OP_CPUID, 0, 0, 0, 0);
}

static u32 fuzz_lapic(void)
{
	struct hv_vp_state_input *p = in;
	u64 *page = (void *)(CHILD_RAM + 0x9000);

	for (u32 i = 0; i < 512; i++)
		page[i] = random_value();
	memset(p, 0, 64);
	p->partition_id = agent;
	p->type = HV_VP_STATE_LAPIC + random_below(4);
	p->xsave_states = p->type == HV_VP_STATE_XSAVE ? 7 : 0;
	p->data[0] = (CHILD_RAM >> 12) + 9;
	call(HVCALL_SET_VP_STATE | VAR(1));
	return agent_do(OP_CPUID, 1, 0, 0, 0);
}

static u32 fuzz_interrupt(void)
{
	interrupt_assert(agent, random_below(10), random64() & 3, random_below(3), random_below(256));
	return agent_do(OP_CPUID, 1, 0, 0, 0);
}

static u32 (*const kinds[])(void) = {
	fuzz_msr, fuzz_msr, fuzz_msr, fuzz_cpuid, fuzz_apic, fuzz_apic, fuzz_memory, fuzz_call, fuzz_code, fuzz_code, fuzz_code,
	fuzz_state, fuzz_lapic, fuzz_interrupt,
};

/* Stopped wherever it is, and back at its first instruction. */
static void restart(void)
{
	reg_set(agent, 0, HV_REG_EXPLICIT_SUSPEND, 1, 0);
	drop_messages();
	reg_set(agent, 0, HV_REG_INTERCEPT_SUSPEND, 0, 0);
	reg_set(agent, 0, HV_REG_INTERNAL_ACTIVITY_STATE, 0, 0);
	agent_memory();
	agent_registers();
}

static bool replaced(void)
{
	stats(UNMAP, HV_STATS_VP, agent, 0, 0);
	drop_messages();
	if (fast(HVCALL_DELETE_VP, agent, 0))
		return false;
	agent_memory();
	if (create_vp(agent, 0, 0))
		return false;
	state_pages_map(agent);
	agent_registers();
	return true;
}

void fuzz_checks(void)
{
	u32 nr_stopped = 0, bad = 0;
	u64 patience = agent_patience;

	agent_create(SYNTHETIC_ALL, 0);
	agent_patience = PATIENCE;
	for (u32 i = 0; i < ROUNDS; i++) {
		if (i % LIFE == LIFE - 1)
			bad += !replaced();
		if (!kinds[random_below(ARRAY_SIZE(kinds))]())
			nr_stopped++;
		restart();
	}
	agent_patience = patience;
	check(bad, 0, "a VP can always be replaced");
	check(nr_stopped < ROUNDS / 2, 1, "most rounds end with an intercept");
	check(replaced(), 1, "the last is replaced too");
	check(agent_do(OP_CPUID, 0x40000000, 0, 0, 0), HVMSG_X64_IO_PORT_INTERCEPT, "and does what it is told");
	agent_delete();
}
