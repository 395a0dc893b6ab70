// SPDX-License-Identifier: GPL-2.0
/* Every register that has a name can be read, and takes what was read; CPUID by what is registered. */
#include "payload.h"

static const struct {
	u32 first, last;
	bool read_only;
} names[] = {
	{ 0x00000000, 0x00000001, false }, { 0x00000002, 0x00000002, true }, { 0x00000003, 0x00000004, false },
	{ 0x00000100, 0x00000100, true }, { 0x00000200, 0x00000208, true }, { 0x00000210, 0x00000215, false },
	{ 0x00000240, 0x00000241, true }, { 0x00010002, 0x00010007, false }, { 0x00020000, 0x00020011, false },
	{ 0x00030000, 0x00030019, false }, { 0x00040000, 0x00040000, false }, { 0x00040002, 0x00040005, false },
	{ 0x00041000, 0x00041000, false }, { 0x00041002, 0x00041004, false }, { 0x00050000, 0x00050005, false },
	{ 0x00060000, 0x00060007, false }, { 0x00070000, 0x00070001, false }, { 0x00080000, 0x0008000c, false },
	{ 0x0008000d, 0x0008000d, true }, { 0x0008000e, 0x0008000e, false }, { 0x00080010, 0x0008001f, false },
	{ 0x00080040, 0x0008004f, false }, { 0x00080070, 0x0008007d, false }, { 0x00080084, 0x00080086, false },
	{ 0x0008008b, 0x00080093, false }, { 0x00080095, 0x00080096, false }, { 0x000800a0, 0x000800a0, false },
	{ 0x00090000, 0x00090000, true }, { 0x00090001, 0x00090002, false }, { 0x00090003, 0x00090004, true },
	{ 0x00090007, 0x00090007, true }, { 0x00090010, 0x00090013, false }, { 0x00090014, 0x00090014, true },
	{ 0x00090017, 0x00090017, false }, { 0x00090020, 0x00090023, false }, { 0x000a0000, 0x000a0010, false },
	{ 0x000a0011, 0x000a0011, true }, { 0x000a0012, 0x000a0015, false }, { 0x000b0000, 0x000b0007, false },
};

/* Read, written, read: the status of the write, or 0xffff if a read fails or the two differ. */
static u16 round_trip(u64 id, u32 name)
{
	u64 was[2];
	u16 status;

	reg_get(id, 0, name);
	if (reps != 1)
		return 0xffff;
	memcpy(was, out, sizeof(was));
	status = reg_set(id, 0, name, was[0], was[1]);
	reg_get(id, 0, name);
	/* Time goes on. */
	return reps == 1 && (!memcmp(was, out, sizeof(was)) || name == HV_REG_TSC || name == HV_REG_TIME_REF_COUNT) ? status : 0xffff;
}

static void name_checks(u64 id)
{
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		for (u32 name = names[i].first; name <= names[i].last; name++) {
			if (round_trip(id, name) == (names[i].read_only ? HV_STATUS_INVALID_PARAMETER : 0))
				continue;
			put_hex(CONSOLE, name);
			puts_port(CONSOLE, ": not the register that it should be\n");
			wrong++;
		}
	}
	check(wrong, 0, "registers that cannot be read, or do not take what they are");
}

/* ---- CPUID ---- */

static u16 result_call(u16 code, u64 id, u32 vp, u32 subleaf, bool specific, bool always, u32 ebx)
{
	struct hv_intercept_result_input *p = in;

	memset(p, 0, sizeof(*p));
	p->partition_id = id;
	p->vp_index = vp;
	p->type = HV_INTERCEPT_X64_CPUID;
	p->cpuid.leaf = 0x20;		/* where the hypervisor itself has nothing */
	p->cpuid.subleaf = subleaf;
	p->cpuid.subleaf_specific = specific;
	p->cpuid.always_override = always;
	p->cpuid.reg[1].value = ebx;
	p->cpuid.reg[1].mask = 0xffff;
	return call(code);
}

static u32 cpuid_ebx(u64 id, u32 subleaf, u32 flags)
{
	struct hv_cpuid_values_input *p = in;
	u32 *element = in + sizeof(*p);

	*p = (struct hv_cpuid_values_input){ .partition_id = id, .flags = flags };
	memset(element, 0, 24);
	element[0] = 0x20;
	element[1] = subleaf;
	return call(HVCALL_GET_VP_CPUID_VALUES | REPS(1)) ? ~0u : ((u32 *)out)[1];
}

static void cpuid_checks(u64 id)
{
	const u16 set = HVCALL_REGISTER_INTERCEPT_RESULT, unset = HVCALL_UNREGISTER_INTERCEPT_RESULT;
	const u32 registered = HV_CPUID_APPLY_REGISTERED;

	check(result_call(set, id, HV_ANY_VP, 0, false, false, 1), 0, "a result for the partition");
	check(cpuid_ebx(id, 0, registered), 0, "not where the hypervisor has nothing");
	check(result_call(set, id, HV_ANY_VP, 0, false, true, 0x50002), 0, "if it always overrides");
	check(cpuid_ebx(id, 5, registered), 2, "it is there for all subleaves, as far as its mask goes");
	check(cpuid_ebx(id, 5, 0), 0, "where registered ones are asked for");
	check(result_call(set, id, HV_ANY_VP, 5, true, true, 3), 0, "one of its own for subleaf 5");
	check(cpuid_ebx(id, 5, registered) << 8 | cpuid_ebx(id, 6, registered), 3 << 8 | 2, "comes before");
	check(result_call(set, id, 0, 0, false, true, 4), 0, "one for the VP");
	check(cpuid_ebx(id, 5, registered), 4, "comes before both");
	check(result_call(unset, id, 0, 0, false, true, 0), 0, "UnregisterInterceptResult");
	check(cpuid_ebx(id, 5, registered), 3, "and those are back");
	check(result_call(unset, id, 0, 0, false, true, 0), HV_STATUS_NOT_FOUND, "a second time");
	check(result_call(set, id, 9, 0, false, true, 4), HV_STATUS_INVALID_VP_INDEX, "for a VP that is not there");
}

void register_checks(void)
{
	u64 id;

	deposit(1, 1);
	check(create(FLAGS, &id), 0, "a partition of many registers");
	deposit(id, 20);
	partition_call(HVCALL_INITIALIZE_PARTITION, id);
	check(create_vp(id, 0, 0), 0, "its VP");
	name_checks(id);
	cpuid_checks(id);
	partition_call(HVCALL_FINALIZE_PARTITION, id);
	check(withdraw(id), 20, "all memory is back");
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "deleted");
	withdraw(1);
}
