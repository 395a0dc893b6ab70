// SPDX-License-Identifier: GPL-2.0
/* Each call that names a partition, on partitions that are not there, not its own, or in another state. */
#include "payload.h"

#define NOWHERE		0x4000ull

enum { SELF = 1, CREATED = 2, FINALIZED = 4 };	/* where more than an active child is legal */

static const struct {
	u16 code;
	bool rep;
	u8 legal;
	const char *name;
} calls[] = {
	{ HVCALL_INITIALIZE_PARTITION, false, CREATED, "InitializePartition" },
	{ HVCALL_FINALIZE_PARTITION, false, 0, "FinalizePartition" },
	{ HVCALL_DELETE_PARTITION, false, CREATED | FINALIZED, "DeletePartition" },
	{ HVCALL_SET_PARTITION_PROPERTY, false, SELF, "SetPartitionProperty" },
	{ HVCALL_DEPOSIT_MEMORY, true, SELF | CREATED, "DepositMemory" },
	{ HVCALL_WITHDRAW_MEMORY, true, SELF | CREATED | FINALIZED, "WithdrawMemory" },
	{ HVCALL_GET_MEMORY_BALANCE, false, SELF | CREATED | FINALIZED, "GetMemoryBalance" },
	{ HVCALL_MAP_GPA_PAGES, true, SELF, "MapGpaPages" },
	{ HVCALL_UNMAP_GPA_PAGES, true, 0, "UnmapGpaPages" },
	{ HVCALL_MAP_SPARSE_GPA_PAGES, true, SELF, "MapSparseGpaPages" },
	{ HVCALL_MODIFY_SPARSE_GPA_PAGES, true, SELF, "ModifySparseGpaPages" },
	{ HVCALL_GET_GPA_PAGES_ACCESS_STATES, true, 0, "GetGpaPagesAccessStates" },
	{ HVCALL_INSTALL_INTERCEPT, false, 0, "InstallIntercept" },
	{ HVCALL_REGISTER_INTERCEPT_RESULT, false, 0, "RegisterInterceptResult" },
	{ HVCALL_UNREGISTER_INTERCEPT_RESULT, false, 0, "UnregisterInterceptResult" },
	{ HVCALL_GET_VP_CPUID_VALUES, true, 0, "GetVpCpuidValues" },
	{ HVCALL_CREATE_VP, false, SELF, "CreateVp" },
	{ HVCALL_DELETE_VP, false, 0, "DeleteVp" },
	{ HVCALL_GET_VP_REGISTERS, true, SELF, "GetVpRegisters" },
	{ HVCALL_SET_VP_REGISTERS, true, SELF, "SetVpRegisters" },
	{ HVCALL_MAP_VP_STATE_PAGE, false, 0, "MapVpStatePage" },
	{ HVCALL_UNMAP_VP_STATE_PAGE, false, 0, "UnmapVpStatePage" },
	{ HVCALL_GET_VP_STATE, false, 0, "GetVpState" },
	{ HVCALL_SET_VP_STATE, false, 0, "SetVpState" },
	{ HVCALL_GET_VP_INDEX_FROM_APIC_ID, true, SELF, "GetVpIndexFromApicId" },
	{ HVCALL_TRANSLATE_VIRTUAL_ADDRESS, false, 0, "TranslateVirtualAddress" },
	{ HVCALL_TRANSLATE_VIRTUAL_ADDRESS_EX, false, 0, "TranslateVirtualAddressEx" },
	{ HVCALL_READ_GPA, false, 0, "ReadGpa" },
	{ HVCALL_WRITE_GPA, false, 0, "WriteGpa" },
	{ HVCALL_ASSERT_VIRTUAL_INTERRUPT, false, 0, "AssertVirtualInterrupt" },
	{ HVCALL_CLEAR_VIRTUAL_INTERRUPT, false, 0, "ClearVirtualInterrupt" },
	{ HVCALL_CREATE_PORT, false, SELF, "CreatePort" },
	{ HVCALL_DELETE_PORT, false, SELF, "DeletePort" },
	{ HVCALL_CONNECT_PORT, false, SELF, "ConnectPort" },
	{ HVCALL_DISCONNECT_PORT, false, SELF, "DisconnectPort" },
	{ HVCALL_SIGNAL_EVENT_DIRECT, false, 0, "SignalEventDirect" },
	{ HVCALL_POST_MESSAGE_DIRECT, false, 0, "PostMessageDirect" },
	{ HVCALL_SET_PARTITION_PROPERTY_EX, false, SELF, "SetPartitionPropertyEx" },
	{ HVCALL_SCRUB_PARTITION, false, 0, "ScrubPartition" },
	{ HVCALL_CHECK_FOR_IO_INTERCEPT, false, 0, "CheckForIoIntercept" },
	{ HVCALL_GET_VP_SET_FROM_MDA, false, 0, "GetVpSetFromMda" },
	{ HVCALL_GET_PORT_PROPERTY, false, SELF, "GetPortProperty" },
	{ HVCALL_SET_PORT_PROPERTY, false, SELF, "SetPortProperty" },
};

static u16 call_on(u32 i, u64 id)
{
	u64 *p = in;

	memset(in, 0, 512);
	p[0] = id;
	if (calls[i].code == HVCALL_SET_PARTITION_PROPERTY || calls[i].code == HVCALL_SET_PARTITION_PROPERTY_EX)
		p[1] = HV_PROPERTY_TIME_FREEZE;
	if (calls[i].code == HVCALL_DEPOSIT_MEMORY)
		p[1] = NOWHERE << 20;
	if (calls[i].code == HVCALL_TRANSLATE_VIRTUAL_ADDRESS_EX)
		p[1] = BIT(32);		/* a reserved field: after the partition */
	return call(calls[i].code | (calls[i].rep ? REPS(1) : 0));
}

static void unlike(u32 i, u64 id, u16 want, const char *whom)
{
	u16 got = call_on(i, id);

	if (got != want)
		puts_port(CONSOLE, calls[i].name);
	check(got, want, whom);
}

void states_checks(void)
{
	u64 created, finalized, avail, used;

	deposit(1, 2);
	check(create(FLAGS, &created), 0, "a partition that is only created");
	check(create(FLAGS, &finalized), 0, "and one to be finalized");
	deposit(finalized, 8);
	partition_call(HVCALL_INITIALIZE_PARTITION, finalized);
	partition_call(HVCALL_FINALIZE_PARTITION, finalized);
	for (u32 i = 0; i < ARRAY_SIZE(calls); i++) {
		unlike(i, 0, HV_STATUS_INVALID_PARTITION_ID, "partition 0");
		unlike(i, NOWHERE, HV_STATUS_INVALID_PARTITION_ID, "a partition that is not there");
		if (!(calls[i].legal & SELF))
			unlike(i, ~0ull, HV_STATUS_ACCESS_DENIED, "the root itself");
		if (!(calls[i].legal & CREATED))
			unlike(i, created, HV_STATUS_INVALID_PARTITION_STATE, "one that is only created");
		if (!(calls[i].legal & FINALIZED) && calls[i].code != HVCALL_INITIALIZE_PARTITION)
			unlike(i, finalized, HV_STATUS_INVALID_PARTITION_STATE, "one that is finalized");
	}
	balance(finalized, &avail, &used);
	check(used << 32 | avail, 8, "nothing has changed");
	withdraw(finalized);
	check(partition_call(HVCALL_DELETE_PARTITION, finalized), 0, "deleted");
	check(partition_call(HVCALL_DELETE_PARTITION, created), 0, "deleted, though never active");
	withdraw(1);
}
