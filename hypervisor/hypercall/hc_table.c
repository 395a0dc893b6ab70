// SPDX-License-Identifier: GPL-2.0
/* Which hypercalls there are (hypercalls.md 3.0), and how often each was made. */
#include "format.h"
#include "hc.h"
#include "internal.h"

#define SIMPLE(c, n, i, o, p, h) \
	{ .code = c, .name = n, .in = i, .out = o, .privilege = p, .simple = h }
#define SIMPLE_VAR(c, n, i, o, p, h) \
	{ .code = c, .name = n, .in = i, .out = o, .privilege = p, .simple = h, .varhead = true }
#define REP(c, n, i, ie, oe, p, h) \
	{ .code = c, .name = n, .in = i, .in_element = ie, .out_element = oe, .privilege = p, .rep = true, \
	  .begin = h##_begin, .element = h }

#define PARENT	HV_PRIV_CREATE_PARTITIONS	/* "every call limited to acting on children" */
#define POOL	HV_PRIV_ACCESS_MEMORY_POOL
#define CPUS	HV_PRIV_CPU_MANAGEMENT

static const struct hcall_entry table[] = {
	SIMPLE(0x0001, "SwitchVirtualAddressSpace", 8, 0, 0, hc_switch_virtual_address_space),
	SIMPLE(0x0002, "FlushVirtualAddressSpace", 24, 0, 0, hc_flush_virtual_address_space),
	REP(0x0003, "FlushVirtualAddressList", 24, 8, 0, 0, hc_flush_virtual_address_list),
	SIMPLE(0x0004, "GetLogicalProcessorRunTime", 4, 32, CPUS, hc_get_logical_processor_run_time),
	SIMPLE(0x0008, "NotifyLongSpinWait", 8, 0, 0, hc_notify_long_spin_wait),
	SIMPLE(0x0009, "ParkLogicalProcessors", 8, 0, CPUS, hc_park_logical_processors),
	SIMPLE(0x000a, "InvokeHypervisorDebugger", 0, 0, 0, hc_invoke_hypervisor_debugger),
	SIMPLE(0x000b, "SendSyntheticClusterIpi", 16, 0, 0, hc_send_synthetic_cluster_ipi),
	SIMPLE_VAR(0x0013, "FlushVirtualAddressSpaceEx", 32, 0, 0, hc_flush_virtual_address_space_ex),
	{ .code = 0x0014, .name = "FlushVirtualAddressListEx", .in = 32, .in_element = 8, .rep = true, .varhead = true,
	  .begin = hc_flush_virtual_address_list_ex_begin, .element = hc_flush_virtual_address_list },
	SIMPLE_VAR(0x0015, "SendSyntheticClusterIpiEx", 24, 0, 0, hc_send_synthetic_cluster_ipi_ex),
	SIMPLE(0x0040, "CreatePartition", 56, 8, PARENT, hc_create_partition),
	SIMPLE(0x0041, "InitializePartition", 8, 0, PARENT, hc_initialize_partition),
	SIMPLE(0x0042, "FinalizePartition", 8, 0, PARENT, hc_finalize_partition),
	SIMPLE(0x0043, "DeletePartition", 8, 0, PARENT, hc_delete_partition),
	SIMPLE(0x0044, "GetPartitionProperty", 16, 8, PARENT, hc_get_partition_property),
	SIMPLE(0x0045, "SetPartitionProperty", 24, 0, PARENT, hc_set_partition_property),
	SIMPLE(0x0046, "GetPartitionId", 0, 8, HV_PRIV_ACCESS_PARTITION_ID, hc_get_partition_id),
	SIMPLE(0x0047, "GetNextChildPartition", 16, 8, PARENT, hc_get_next_child_partition),
	REP(0x0048, "DepositMemory", 8, 8, 0, POOL, hc_deposit_memory),
	REP(0x0049, "WithdrawMemory", 16, 0, 8, POOL, hc_withdraw_memory),
	SIMPLE(0x004a, "GetMemoryBalance", 16, 16, POOL, hc_get_memory_balance),
	REP(0x004b, "MapGpaPages", 24, 8, 0, PARENT, hc_map_gpa_pages),
	REP(0x004c, "UnmapGpaPages", 24, 0, 0, PARENT, hc_unmap_gpa_pages),
	SIMPLE(0x004d, "InstallIntercept", 24, 0, PARENT, hc_install_intercept),
	SIMPLE(0x004e, "CreateVp", 40, 0, PARENT, hc_create_vp),
	SIMPLE(0x004f, "DeleteVp", 16, 0, PARENT, hc_delete_vp),
	/* Privilege depends on whom: hc_vp_registers_begin() */
	{ .code = 0x0050, .name = "GetVpRegisters", .in = 16, .in_element = 4, .out_element = 16, .rep = true,
	  .begin = hc_vp_registers_begin, .element = hc_get_vp_registers },
	{ .code = 0x0051, .name = "SetVpRegisters", .in = 16, .in_element = 32, .rep = true,
	  .begin = hc_vp_registers_begin, .element = hc_set_vp_registers },
	SIMPLE(0x0052, "TranslateVirtualAddress", 32, 16, PARENT, hc_translate_virtual_address),
	SIMPLE(0x0053, "ReadGpa", 32, 24, PARENT, hc_read_gpa),
	SIMPLE(0x0054, "WriteGpa", 48, 8, PARENT, hc_write_gpa),
	SIMPLE(0x0056, "ClearVirtualInterrupt", 8, 0, PARENT, hc_clear_virtual_interrupt),
	SIMPLE(0x0058, "DeletePort", 16, 0, HV_PRIV_CREATE_PORT, hc_delete_port),
	SIMPLE(0x005a, "GetPortProperty", 24, 8, HV_PRIV_CREATE_PORT, hc_get_port_property),
	SIMPLE(0x005b, "DisconnectPort", 16, 0, HV_PRIV_CONNECT_PORT, hc_disconnect_port),
	SIMPLE(0x005c, "PostMessage", 256, 0, HV_PRIV_POST_MESSAGES, hc_post_message),
	SIMPLE(0x005d, "SignalEvent", 8, 0, HV_PRIV_SIGNAL_EVENTS, hc_signal_event),
	SIMPLE(0x006c, "MapStatsPage", 24, 8, HV_PRIV_ACCESS_STATS, hc_map_stats_page),
	SIMPLE(0x006d, "UnmapStatsPage", 24, 0, HV_PRIV_ACCESS_STATS, hc_unmap_stats_page),
	REP(0x006e, "MapSparseGpaPages", 16, 16, 0, PARENT, hc_map_sparse_gpa_pages),
	/* hypercalls.md section 7, 38: the root check only, which stands in the handler */
	SIMPLE(0x006f, "SetSystemProperty", 72, 0, 0, hc_set_system_property),
	SIMPLE(0x0070, "SetPortProperty", 32, 8, HV_PRIV_CREATE_PORT, hc_set_port_property),
	SIMPLE(0x0076, "AddLogicalProcessor", 16, 56, CPUS, hc_add_logical_processor),
	SIMPLE(0x007b, "GetSystemProperty", 16, 8, CPUS, hc_get_system_property),
	SIMPLE_VAR(0x007c, "MapDeviceInterrupt", 72, 56, CPUS, hc_map_device_interrupt),
	SIMPLE(0x007d, "UnmapDeviceInterrupt", 36, 0, CPUS, hc_unmap_device_interrupt),
	SIMPLE_VAR(0x007e, "RetargetDeviceInterrupt", 56, 0, 0, hc_retarget_device_interrupt),
	SIMPLE(0x0084, "EnterSleepState", 4, 0, CPUS, hc_enter_sleep_state),
	SIMPLE(0x0087, "NotifyPartitionEvent", 8, 0, CPUS, hc_notify_partition_event),
	SIMPLE(0x008b, "NotifyPortRingEmpty", 8, 0, CPUS, hc_notify_port_ring_empty),
	SIMPLE(0x008d, "ScrubPartition", 8, 0, PARENT, hc_scrub_partition),
	REP(0x0090, "ModifySparseGpaPages", 16, 8, 0, PARENT, hc_modify_sparse_gpa_pages),
	SIMPLE(0x0091, "RegisterInterceptResult", 60, 0, PARENT, hc_register_intercept_result),
	SIMPLE(0x0092, "UnregisterInterceptResult", 60, 0, PARENT, hc_unregister_intercept_result),
	SIMPLE(0x0094, "AssertVirtualInterrupt", 32, 0, PARENT, hc_assert_virtual_interrupt),
	SIMPLE(0x0095, "CreatePort", 56, 0, HV_PRIV_CREATE_PORT, hc_create_port),
	SIMPLE(0x0096, "ConnectPort", 72, 0, HV_PRIV_CONNECT_PORT, hc_connect_port),
	SIMPLE(0x0099, "StartVirtualProcessor", 240, 0, HV_PRIV_START_VIRTUAL_PROCESSOR, hc_start_virtual_processor),
	REP(0x009a, "GetVpIndexFromApicId", 16, 4, 4, 0, hc_get_vp_index_from_apic_id),
	SIMPLE(0x00ac, "TranslateVirtualAddressEx", 32, 64, PARENT, hc_translate_virtual_address_ex),
	SIMPLE(0x00ad, "CheckForIoIntercept", 18, 1, PARENT, hc_check_for_io_intercept),
	SIMPLE(0x00c0, "SignalEventDirect", 16, 8, PARENT, hc_signal_event_direct),
	SIMPLE(0x00c1, "PostMessageDirect", 280, 0, PARENT, hc_post_message_direct),
	SIMPLE(0x00c2, "DispatchVp", 32, 8, PARENT, hc_dispatch_vp),
	REP(0x00c9, "GetGpaPagesAccessStates", 24, 0, 1, PARENT, hc_get_gpa_pages_access_states),
	SIMPLE(0x00e1, "MapVpStatePage", 24, 8, PARENT, hc_map_vp_state_page),
	SIMPLE(0x00e2, "UnmapVpStatePage", 16, 0, PARENT, hc_unmap_vp_state_page),
	{ .code = 0x00e3, .name = "GetVpState", .in = 40, .out = 200, .privilege = PARENT, .varhead = true,
	  .out_by_type = true, .simple = hc_get_vp_state },
	SIMPLE_VAR(0x00e4, "SetVpState", 40, 0, PARENT, hc_set_vp_state),
	SIMPLE(0x00e5, "GetVpSetFromMda", 24, 16 + MAX_VPS / 8, PARENT, hc_get_vp_set_from_mda),
	REP(0x00f4, "GetVpCpuidValues", 24, 24, 16, PARENT, hc_get_vp_cpuid_values),
	SIMPLE(0x0101, "GetPartitionPropertyEx", 24, 16, PARENT, hc_get_partition_property_ex),
	SIMPLE_VAR(0x010a, "SetPartitionPropertyEx", 24, 0, PARENT, hc_set_partition_property_ex),
};

static u64 calls[ARRAY_SIZE(table)], failures[ARRAY_SIZE(table)], marked[ARRAY_SIZE(table)];

const struct hcall_entry *hcall_entry_find(u16 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

void hcall_count(const struct hcall_entry *e, bool failed)
{
	calls[e - table]++;
	failures[e - table] += failed;
}

u64 hypercall_total(void)
{
	u64 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		n += calls[i];
	return n;
}

void hypercall_stats_print(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		if (calls[i])
			hv_info("hypercall %04x %s: %llu, failed %llu", table[i].code, table[i].name, calls[i], failures[i]);
}

void hypercall_counters(void)
{
	char name[16];

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		if (calls[i] == marked[i])
			continue;
		format_text(name, sizeof(name), "call-%04x", table[i].code);
		control_answer(name, calls[i] - marked[i]);
	}
}

void hypercall_mark(void)
{
	memcpy(marked, calls, sizeof(marked));
}
