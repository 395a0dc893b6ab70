// SPDX-License-Identifier: GPL-2.0
/*
 * VPs and partitions that go while they run, on another processor too: in the guest, on
 * the way out of it, at an intercept, asleep. With the root scheduler the root's second VP
 * dispatches them meanwhile.
 */
#include "payload.h"

#define NR_VPS		3u
#define ROUNDS		300u
#define PARTITIONS	40u
#define INITS		5u
#define FRAMES		40u
#define PATIENCE	0x200000u	/* at most, in TSC ticks, before they go */

#define COUNT		0x500u		/* what a child counts with */

/* What they do; real mode, 16 bytes each. */
static const u8 loops[][16] = {
	{ 0x0f, 0xa2, 0xeb, 0xfc },		/* CPUID: exits that its parent does not see */
	{ 0xeb, 0xfe },				/* nothing */
	{ 0xf4, 0xeb, 0xfd },			/* HLT */
	{ 0xe6, 0x80, 0xeb, 0xfc },		/* a port: an intercept */
	{ 0xa2, 0x00, 0x20, 0xeb, 0xfb },	/* a write where nothing is mapped: another */
	{ 0xfe, 0x06, COUNT & 0xff, COUNT >> 8, 0xeb, 0xfa },
};
#define NR_LOOPS	ARRAY_SIZE(loops)

/* ---- the root's second VP ---- */

static volatile u64 second_id;			/* whose VPs it dispatches; 0: it sleeps for good */
static volatile u32 dispatches;

static void second_main(void)
{
	struct hv_dispatch_vp_input *p = (void *)SECOND_IN;

	for (u32 i = 0; second_id; i++) {
		*p = (struct hv_dispatch_vp_input){ .partition_id = second_id, .vp_index = i % NR_VPS, .time_slice = 2000,
						    .flags = HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND };
		if ((u16)vmmcall(HVCALL_DISPATCH_VP, SECOND_IN, SECOND_OUT))
			asm volatile("pause");
		else
			dispatches++;
	}
	for (;;)
		asm volatile("cli; hlt");
}

static volatile u32 answer;

/* Of a VP that is not there. */
static void second_again(void)
{
	struct hv_dispatch_vp_input *p = (void *)SECOND_IN;

	*p = (struct hv_dispatch_vp_input){ .partition_id = second_id, .vp_index = NR_VPS };
	answer = (u16)vmmcall(HVCALL_DISPATCH_VP, SECOND_IN, SECOND_OUT);
	for (;;)
		asm volatile("cli; hlt");
}

static u64 segment(u16 selector, u16 attributes)
{
	return 0xffffffff | (u64)selector << 32 | (u64)attributes << 48;
}

#define CONTROL(reg)	({ u64 val; asm volatile("mov %%" #reg ", %0" : "=r"(val)); val; })

/* With the control registers and tables of the first. It is suspended for that, and starts without SIPI. */
void second_vp_start(void (*entry)(void), u64 stack)
{
	struct { u16 pad[3], limit; u64 base; } gdtr, idtr;
	u16 cs, ss, bad = 0;

	asm volatile("mov %%cs, %0; mov %%ss, %1; sgdt %2; sidt %3" : "=r"(cs), "=r"(ss), "=m"(gdtr.limit), "=m"(idtr.limit));
	bad |= reg_set(~0ull, 1, HV_REG_EXPLICIT_SUSPEND, 1, 0);
	bad |= reg_set(~0ull, 1, HV_REG_EFER, rdmsr(0xc0000080), 0);
	bad |= reg_set(~0ull, 1, HV_REG_CR4, CONTROL(cr4), 0);
	bad |= reg_set(~0ull, 1, HV_REG_CR3, CONTROL(cr3), 0);
	bad |= reg_set(~0ull, 1, HV_REG_CR0, CONTROL(cr0), 0);
	bad |= reg_set(~0ull, 1, HV_REG_CS, 0, segment(cs, 0xa09b));
	bad |= reg_set(~0ull, 1, HV_REG_SS, 0, segment(ss, 0xc093));
	bad |= reg_set(~0ull, 1, HV_REG_DS, 0, segment(ss, 0xc093));
	bad |= reg_set(~0ull, 1, HV_REG_ES, 0, segment(ss, 0xc093));
	bad |= reg_set(~0ull, 1, HV_REG_GDTR, (u64)gdtr.limit << 48, gdtr.base);
	bad |= reg_set(~0ull, 1, HV_REG_IDTR, (u64)idtr.limit << 48, idtr.base);
	bad |= reg_set(~0ull, 1, HV_REG_RSP, stack - 8, 0);
	bad |= reg_set(~0ull, 1, HV_REG_RFLAGS, 2, 0);
	bad |= reg_set(~0ull, 1, HV_REG_RIP, (u64)entry, 0);
	bad |= reg_set(~0ull, 1, HV_REG_INTERNAL_ACTIVITY_STATE, 0, 0);
	check(bad, 0, "registers of the root's second VP, suspended");
	check(reg_set(~0ull, 1, HV_REG_EXPLICIT_SUSPEND, 0, 0), 0, "it starts");
}

/* ---- children ---- */

static u64 child_make(void)
{
	u64 id;

	if (create(FLAGS, &id))
		return 0;
	deposit(id, FRAMES);
	spare_used -= FRAMES;		/* they come back before they are used again */
	if (partition_call(HVCALL_INITIALIZE_PARTITION, id) || map(id, 0, CHILD_RAM >> 12, 1, RWX))
		return 0;
	second_id = id;
	return id;
}

static bool vp_run(u64 id, u32 vp, u32 loop)
{
	struct hv_register_assoc *e = in + 16;

	if (create_vp(id, vp, 0))
		return false;
	reg_header(id, vp);
	e[0] = (struct hv_register_assoc){ .name = HV_REG_CS, .value = { 0, 0xffff | 0x9bull << 48 } };
	e[1] = (struct hv_register_assoc){ .name = HV_REG_RIP, .value = { 16 * loop } };
	e[2] = (struct hv_register_assoc){ .name = HV_REG_INTERNAL_ACTIVITY_STATE };
	e[3] = (struct hv_register_assoc){ .name = HV_REG_EXPLICIT_SUSPEND };
	return !call(HVCALL_SET_VP_REGISTERS | REPS(4));
}

static bool vps_run(u64 id)
{
	u64 end = rdtsc() + random_below(PATIENCE);

	for (u32 i = 0; i < NR_VPS; i++)
		if (!vp_run(id, i, random_below(NR_LOOPS)))
			return false;
	while (rdtsc() < end)
		asm volatile("pause");
	return true;
}

static bool vps_delete(u64 id)
{
	u32 first = random_below(NR_VPS);

	for (u32 i = 0; i < NR_VPS; i++)
		if (fast(HVCALL_DELETE_VP, id, (first + i) % NR_VPS))
			return false;
	drop_messages();
	return true;
}

/* Finalized as they run. */
static bool partition_end(u64 id)
{
	u64 avail, used;
	u32 total;

	if (partition_call(HVCALL_FINALIZE_PARTITION, id))
		return false;
	balance(id, &avail, &used);
	drop_messages();
	return !used && drain(id, &total) == HV_STATUS_NO_RESOURCES && total == FRAMES &&
	       !partition_call(HVCALL_DELETE_PARTITION, id);
}

/* INIT takes the caller of a dispatch away while the VP runs: the next dispatch is the only one. */
static void init_dispatch_checks(u64 id)
{
	volatile u8 *count = (void *)(CHILD_RAM + COUNT);
	u32 good = 0;

	check(vp_run(id, 0, NR_LOOPS - 1), 1, "a VP that counts");
	for (u32 i = 0; i < INITS; i++) {
		u64 end = rdtsc() + agent_patience;

		*count = 0;
		second_id = id;
		second_vp_start(second_main, SECOND_IN);
		while (!*count && rdtsc() < end)
			asm volatile("pause");
		wrmsr(HV_MSR_ICR, 1ull << 56 | 0x4500);
		good += *count && !(dispatch(id, 1000) >> 31);
	}
	check(good, INITS, "dispatched by another after INIT of the first");
	check(fast(HVCALL_DELETE_VP, id, 0), 0, "is deleted");
}

/* A dispatch ends while its caller has been taken elsewhere: the next one does not get its result. */
static void left_dispatch_checks(u64 id)
{
	volatile u8 *count = (void *)(CHILD_RAM + COUNT);
	u64 end = rdtsc() + agent_patience;

	second_id = id;
	*count = 0;
	check(vp_run(id, 0, NR_LOOPS - 1), 1, "a VP that counts");
	second_vp_start(second_main, SECOND_IN);
	while (!*count && rdtsc() < end)
		asm volatile("pause");
	check(*count != 0, 1, "is dispatched, and counts");
	reg_set(~0ull, 1, HV_REG_EXPLICIT_SUSPEND, 1, 0);
	check(fast(HVCALL_DELETE_VP, id, 0), 0, "is deleted");
	second_vp_start(second_again, SECOND_IN - 256);
	while (!answer && rdtsc() < end)
		asm volatile("pause");
	check(answer, HV_STATUS_INVALID_VP_INDEX, "another dispatch is not answered with the first one's end");
}

void deletion_checks(void)
{
	u32 rounds = 0, ends = 0;
	u64 id;

	deposit(1, 2);
	memcpy((void *)CHILD_RAM, loops, sizeof(loops));
	id = child_make();
	if (scheduler == HV_SCHEDULER_ROOT && nr_cpus > 1)
		second_vp_start(second_main, SECOND_IN);
	while (rounds < ROUNDS && vps_run(id) && vps_delete(id))
		rounds++;
	check(rounds, ROUNDS, "VPs deleted while they run");
	while (ends < PARTITIONS && vps_run(id) && partition_end(id)) {
		ends++;
		id = child_make();
	}
	check(ends, PARTITIONS, "partitions finalized while they run");
	second_id = 0;
	if (scheduler == HV_SCHEDULER_ROOT && nr_cpus > 1) {
		init_dispatch_checks(id);
		left_dispatch_checks(id);
	}
	check(partition_end(id), 1, "and one with no VP");
	check(scheduler != HV_SCHEDULER_ROOT || nr_cpus == 1 || dispatches > ROUNDS, 1, "dispatches have succeeded meanwhile");
	withdraw(1);
}
