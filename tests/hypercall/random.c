// SPDX-License-Identifier: GPL-2.0
/* Anything at all: the hypervisor has to stand it. */
#include "payload.h"

#define RANDOM_CALLS	30000u
#define RANDOM_PORTS	4u

#ifndef RANDOM_SEED
#define RANDOM_SEED	0x9e3779b97f4a7c15
#endif
static u64 random_state = RANDOM_SEED;

u64 random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* The low bits of a xorshift are its worst. */
u32 random_below(u32 n)
{
	return (random64() >> 8) % n;
}

static u64 random_id = 2;	/* of the child in use */

/* Values that lead somewhere. Pages among them are the child's, or nobody's. */
u64 random_value(void)
{
	u64 r = random64() >> 8;

	switch (random64() & 15) {
	case 0 ... 3:
		return 0;
	case 4 ... 6:
		return r % RANDOM_PORTS;
	case 7 ... 8:
		return random_id;
	case 9:
		return ~0ull;
	case 10 ... 11:
		return (CHILD_RAM >> 12) + r % 512;
	case 12:
		return 1ull << r % 64;
	case 13:
		return (r % RANDOM_PORTS) << 32 | (random64() >> 8) % RANDOM_PORTS;
	case 14:
		return r & 0xff;
	}
	return r;
}

static const u16 random_codes[] = {
	0x02, 0x03, 0x04, 0x08, 0x0b, 0x13, 0x14, 0x15, 0x40, 0x41, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
	0x48, 0x48, 0x49, 0x4a, 0x4b, 0x4b, 0x4c, 0x4d, 0x4e, 0x4e, 0x4f, 0x50, 0x51, 0x51, 0x51, 0x52, 0x53, 0x54, 0x56,
	0x58, 0x5a, 0x5b, 0x5c, 0x5d, 0x6c, 0x6d, 0x6e, 0x70, 0x7b, 0x7c, 0x7d, 0x7e, 0x8b, 0x8d, 0x90, 0x91, 0x92, 0x94, 0x95,
	0x95, 0x96, 0x96, 0x99, 0x9a, 0xac, 0xad, 0xc0, 0xc1, 0xc2, 0xc2, 0xc2, 0xc9, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xf4, 0x101,
	0x09, 0x10a,
};

u64 random_register(void)
{
	static const u32 group[] = { 0, 0x10002, 0x20000, 0x30000, 0x40000, 0x50000, 0x60000, 0x70000, 0x80000, 0x80070,
				     0x84800, 0x90000, 0xa0000, 0xb0000 };

	return group[(random64() >> 8) % ARRAY_SIZE(group)] + (random64() >> 8) % 24;
}

/* Registers of the root itself, or its memory as a buffer, would be this program's end. */
static void random_tame(u16 code, u64 *p)
{
	if (code == HVCALL_MAP_GPA_PAGES || code == HVCALL_MAP_SPARSE_GPA_PAGES || code == HVCALL_MODIFY_SPARSE_GPA_PAGES)
		p[0] = random_id;
	if (code == HVCALL_SET_VP_REGISTERS) {
		p[0] = random_id;
		p[1] = 0;
		for (u32 i = 0; i < 8; i++) {
			p[2 + 4 * i] = random_register();
			p[3 + 4 * i] = 0;
		}
	}
	if (code == HVCALL_GET_VP_STATE || code == HVCALL_SET_VP_STATE) {
		p[2] = (random64() & 3) | 1ull << 31;
		p[3] = 0;
		p[5] = (CHILD_RAM >> 12) + 5;
	}
	if (code == HVCALL_DEPOSIT_MEMORY || code == HVCALL_MAP_GPA_PAGES || code == HVCALL_MAP_SPARSE_GPA_PAGES)
		for (u32 i = 1; i < 40; i++)
			if (p[i] > 3 && p[i] < CHILD_RAM >> 12)
				p[i] += CHILD_RAM >> 12;
	if (code == HVCALL_DISPATCH_VP)		/* no interrupt would end it: a slice has to */
		p[2] = 1 + (random64() >> 8) % 1000;
	if (code == HVCALL_CREATE_PARTITION) {
		memset(p + 1, 0, 48);
		p[0] = FLAGS;
	}
}

/* Now and then a child that is ready for more: active, with memory, a VP and a page. */
static void random_child(void)
{
	u64 id;
	u32 total;

	partition_call(HVCALL_FINALIZE_PARTITION, random_id);
	drain(random_id, &total);
	partition_call(HVCALL_DELETE_PARTITION, random_id);
	deposit(1, 2);
	if (create(FLAGS, &id))
		return;
	random_id = id;
	for (u32 i = 0; i < 40; i++)
		fast(HVCALL_DEPOSIT_MEMORY | REPS(1), random_id, (SPARE >> 12) + (random64() >> 8) % SPARE_PAGES);
	partition_call(HVCALL_INITIALIZE_PARTITION, random_id);
	*(volatile u16 *)CHILD_RAM = 0xfeeb;
	map(random_id, 0, CHILD_RAM >> 12, 16, RWX);
	create_vp(random_id, 0, 0);
	create_vp(random_id, 1, 0);
	spare_used = (random64() >> 8) % (SPARE_PAGES - 2);
}

static bool code_in(u16 code, const u16 *codes, u32 nr)
{
	while (nr--)
		if (codes[nr] == code)
			return true;
	return false;
}

/* The control word that the call wants, mostly. */
static u64 random_control(u16 code)
{
	static const u16 rep[] = { 0x03, 0x14, 0x48, 0x49, 0x4b, 0x4c, 0x50, 0x51, 0x6e, 0x90, 0x9a, 0xc9, 0xf4 };
	static const u16 var[] = { 0x13, 0x14, 0x15, 0x7c, 0x7e, 0xe3, 0xe4, 0x10a };
	bool odd = !(random64() & 15);
	u64 control = code;

	if (code_in(code, rep, ARRAY_SIZE(rep)) != odd)
		control |= REPS(1 + (random64() >> 8) % 8);
	if (code_in(code, var, ARRAY_SIZE(var)) != odd)
		control |= VAR((random64() >> 8) % 4);
	return control;
}

static void random_call(u64 input, u64 output)
{
	u16 code = random_codes[(random64() >> 8) % ARRAY_SIZE(random_codes)];
	u64 *p = (void *)input;

	for (u32 i = 0; i < 40; i++)
		p[i] = random_value();
	if (random64() & 12)
		p[0] = random_id;
	random_tame(code, p);
	vmmcall(random_control(code), input, output);
}

/* The root's second VP does the same, at the same time. */
static volatile bool second_goes;

static void second_random(void)
{
	while (second_goes)
		random_call(SECOND_IN, SECOND_OUT);
	second_goes = true;
	for (;;)
		asm volatile("cli; hlt");
}

static void second_stop(void)
{
	second_goes = false;
	while (!second_goes)
		asm volatile("pause");
}

/* All children, whatever state they are in. */
static void random_clean(void)
{
	u64 id, avail, used, *p = in;

	for (u32 i = 0; i < 4 * RANDOM_CALLS; i++) {
		p[0] = ~0ull;
		p[1] = 0;
		if (call(HVCALL_GET_NEXT_CHILD_PARTITION) || !*(u64 *)out)
			break;
		id = *(u64 *)out;
		partition_call(HVCALL_FINALIZE_PARTITION, id);
		withdraw(id);
		balance(id, &avail, &used);
		check(avail << 32 | used, 0, "nothing left");
		check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "child deleted");
	}
	for (u32 i = 0; i < 0x10000; i++)
		fast(HVCALL_DELETE_PORT, 1, i);
	withdraw(1);
}

void random_checks(void)
{
	for (u32 i = 0; i < RANDOM_CALLS; i++) {
		if (i % 500 == 0)
			random_child();
		if (i == RANDOM_CALLS / 2 && nr_cpus > 1) {
			second_goes = true;
			second_vp_start(second_random, SECOND_IN);
		}
		random_call(IN, OUT);
		if (slot->message_type)
			message_done();
	}
	if (nr_cpus > 1)
		second_stop();
	check(ud_count, 1, "no #UD on the way");
	random_clean();
}
