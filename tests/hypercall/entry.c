// SPDX-License-Identifier: GPL-2.0
/* The door: control words, lists, and what needs no partition. */
#include "payload.h"

void rep_checks(void)
{
	u64 *p = in, avail, used;

	p[0] = ~0ull;
	p[1] = ~0ull;
	p[2] = (SPARE >> 12) + spare_used++;
	p[3] = ~0ull;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(3) | START(1)), HV_STATUS_OPERATION_DENIED, "an element that is no page");
	check(reps, 2, "reps completed count from element 0");
	check(withdraw(~0ull), 1, "one page came back");
	check(fast(HVCALL_DEPOSIT_MEMORY | REPS(1), ~0ull, (SPARE >> 12) + spare_used++), 0, "a rep call that is fast");
	balance(~0ull, &avail, &used);
	check(avail, 1, "it took a page");
	check(withdraw(1), 1, "and gives it back");
}

void entry_checks(void)
{
	u64 *p = in;

	fast(HVCALL_GET_PARTITION_ID, 0, 0);
	check(ud_count, 1, "#UD while the interface is not enabled");
	wrmsr(HV_MSR_HYPERCALL, rdmsr(HV_MSR_HYPERCALL) | HV_OVERLAY_ENABLE);
	check(rdmsr(HV_MSR_HYPERCALL) & 1, 0, "the page stays disabled without a guest OS ID");
	wrmsr(HV_MSR_GUEST_OS_ID, 0x8100ull << 48);
	wrmsr(HV_MSR_HYPERCALL, rdmsr(HV_MSR_HYPERCALL) | HV_OVERLAY_ENABLE);
	check(rdmsr(HV_MSR_HYPERCALL) & 1, 1, "the page is enabled");
	check(call(HVCALL_GET_PARTITION_ID), 0, "GetPartitionId");
	check(*(u64 *)out, 1, "the root is partition 1");
	check(ud_count, 1, "no further #UD");

	check(call(0x3fff), HV_STATUS_INVALID_HYPERCALL_CODE, "unknown code");
	check(call(HVCALL_GET_PARTITION_ID | BIT(27)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 27");
	check(call(HVCALL_GET_PARTITION_ID | BIT(31)), HV_STATUS_INVALID_HYPERCALL_INPUT, "nested bit");
	check(call(HVCALL_GET_PARTITION_ID | BIT(47)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 47");
	check(call(HVCALL_GET_PARTITION_ID | BIT(63)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bit 63");
	check(call(HVCALL_GET_PARTITION_ID | REPS(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "reps of a simple call");
	check(call(HVCALL_GET_PARTITION_ID | START(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "rep start of a simple call");
	check(call(HVCALL_GET_PARTITION_ID | VAR(1)), HV_STATUS_INVALID_HYPERCALL_INPUT, "variable header not allowed");
	check(call(HVCALL_DEPOSIT_MEMORY), HV_STATUS_INVALID_HYPERCALL_INPUT, "rep call without reps");
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(2) | START(2)), HV_STATUS_INVALID_HYPERCALL_INPUT, "start not below count");
	check(fast(HVCALL_GET_PARTITION_ID, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, "fast with output");
	check(fast(HVCALL_CREATE_VP, 0, 0), HV_STATUS_INVALID_HYPERCALL_INPUT, "fast with too much input");
	check((u16)vmmcall(HVCALL_INITIALIZE_PARTITION, IN + 4, 0), HV_STATUS_INVALID_ALIGNMENT, "misaligned input");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, OUT + 1), HV_STATUS_INVALID_ALIGNMENT, "misaligned output");
	check((u16)vmmcall(HVCALL_CREATE_VP, IN + 4096 - 32, 0), HV_STATUS_INVALID_ALIGNMENT, "input crosses a page");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, 1ull << 52), HV_STATUS_INVALID_ALIGNMENT, "output beyond the space");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, 0xfed00000), HV_STATUS_INVALID_HYPERCALL_INPUT, "output not in RAM");
	*(volatile u64 *)0 = ~0ull;
	*(volatile u64 *)8 = 0;
	check((u16)vmmcall(HVCALL_GET_MEMORY_BALANCE, 0, OUT), 0, "parameters at address 0");
	p[0] = 0;
	check((u16)vmmcall(HVCALL_GET_MEMORY_BALANCE, IN, IN + 8), HV_STATUS_INVALID_HYPERCALL_INPUT, "lists overlap");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 0), HV_STATUS_INVALID_PARTITION_ID, "partition 0");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 99), HV_STATUS_INVALID_PARTITION_ID, "no such partition");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, 1), HV_STATUS_ACCESS_DENIED, "the root cannot be initialized");
	check(partition_call(HVCALL_FINALIZE_PARTITION, ~0ull), HV_STATUS_ACCESS_DENIED, "SELF cannot be finalized");
}

/* C1: whatever is configured, the processor waits for an interrupt. */
void power_state_checks(void)
{
	wrmsr(HV_MSR_POWER_CONFIG_C1, 5);
	check(rdmsr(HV_MSR_POWER_CONFIG_C1), 5, "a power state is configured");
	check(reg_get(~0ull, 0, HV_REG_POWER_STATE_CONFIG_C1), 5, "is in its register");
	check(reg_set(~0ull, 0, HV_REG_DELIVERABILITY_NOTIFICATIONS, BIT(48 + 9), 0), HV_STATUS_INVALID_PARAMETER,
	      "the root has nobody to be told of its free slots");
	timer_arm();
	check(rdmsr(HV_MSR_POWER_TRIGGER_C1) >> 56, 1, "entered once, and left by a timer");
	check(rdmsr(HV_MSR_STIMER0_CONFIG) & 1, 0, "which has expired");
	asm volatile("sti; nop; cli" : : : "memory");
}

void system_checks(void)
{
	struct hv_get_system_property_input *g = in;
	u32 *word = in;

	*g = (struct hv_get_system_property_input){ .property = HV_SYSTEM_PROPERTY_SCHEDULER_TYPE };
	check(call(HVCALL_GET_SYSTEM_PROPERTY), 0, "scheduler type");
	scheduler = *(u32 *)out;
	check(scheduler == HV_SCHEDULER_LP || scheduler == HV_SCHEDULER_ROOT, 1, "it is one of two");
	g->property = 999;
	check(call(HVCALL_GET_SYSTEM_PROPERTY), HV_STATUS_UNKNOWN_PROPERTY, "unknown system property");
	*word = 0;
	check(call(HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME), 0, "LP 0 is there");
	*word = 40;
	check(call(HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME), HV_STATUS_INVALID_LP_INDEX, "LP 40 is not");
	*word = 5;
	check(call(HVCALL_ENTER_SLEEP_STATE), HV_STATUS_OPERATION_DENIED, "S5 without registration");
	check(fast(HVCALL_PARK_LOGICAL_PROCESSORS, 2, 0), 0, "ParkLogicalProcessors");
	check(call(HVCALL_INVOKE_HYPERVISOR_DEBUGGER), 0, "InvokeHypervisorDebugger");
	check(property_get(~0ull, HV_PROPERTY_PROCESSOR_FEATURES0), 0, "root's features");
	check(property_get(~0ull, 0x77777), HV_STATUS_UNKNOWN_PROPERTY, "unknown property");
	*(struct hv_get_property_ex_input *)in = (struct hv_get_property_ex_input){ .partition_id = ~0ull, .property = 0x77777,
										    .arg = BIT(40) };
	check(call(HVCALL_GET_PARTITION_PROPERTY_EX), HV_STATUS_INVALID_PARAMETER, "its reserved argument bits come first");
}

static u16 lp_add(u32 index, u32 apic_id, u32 domain, u32 flags)
{
	struct hv_add_lp_input *p = in;

	*p = (struct hv_add_lp_input){ .lp_index = index, .apic_id = apic_id, .proximity = { domain, flags } };
	return call(HVCALL_ADD_LOGICAL_PROCESSOR);
}

static u16 root_vp_create(u32 index, u64 lp, u8 subnode_type, u64 subnode_id)
{
	struct hv_create_vp_input *p = in;

	*p = (struct hv_create_vp_input){ .partition_id = ~0ull, .vp_index = index, .flags = lp,
					  .subnode_type = subnode_type, .subnode_id = subnode_id };
	return call(HVCALL_CREATE_VP);
}

void lp_checks(void)
{
	u16 added;

	check(lp_add(0, 0, 0, 0), HV_STATUS_INVALID_LP_INDEX, "LP 0 is taken");
	check(lp_add(1, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, "its processor too");
	check(lp_add(1, 77, 0, 0), HV_STATUS_PROCESSOR_STARTUP_TIMEOUT, "a processor that is not there");
	check(lp_add(1, 1, 0, HV_PROXIMITY_VALID | BIT(3)), HV_STATUS_INVALID_PARAMETER, "reserved bit of its proximity");
	check(lp_add(1, 1, 7, HV_PROXIMITY_VALID), HV_STATUS_INVALID_PARAMETER, "a domain that is not there");
	added = lp_add(1, 1, 7, HV_PROXIMITY_VALID | HV_PROXIMITY_PREFERRED);
	if (added == HV_STATUS_PROCESSOR_STARTUP_TIMEOUT)
		return;		/* a machine with one processor */
	check(added, 0, "AddLogicalProcessor: it is only preferred");
	nr_cpus = 2;
	check(lp_add(1, 1, 0, 0), HV_STATUS_INVALID_LP_INDEX, "a second time");
	check(root_vp_create(1, 1, 4, 0), HV_STATUS_INVALID_PARAMETER, "unknown subnode type");
	check(root_vp_create(1, 1, HV_SUBNODE_SOCKET, 99), HV_STATUS_INVALID_PARAMETER, "a socket that its LP is not in");
	check(root_vp_create(1, 1, 0, 99), HV_STATUS_INSUFFICIENT_MEMORY, "a subnode without type does not count");
	deposit(~0ull, 4);
	check(root_vp_create(1, 1, 0, 99), 0, "the root's second VP");
	check(root_vp_create(2, 1, 0, 0), HV_STATUS_INVALID_PARAMETER, "its LP has one already");
	check(reg_get(1, 1, HV_REG_RIP), 0xfff0, "a register of it");
	check(reg_get(1, 1, HV_REG_XMM0), ~0ull, "but none that its processor holds");
	check(reg_get(1, 0, HV_REG_XMM0) != ~0ull, 1, "those of its own a VP may read");
}

#define DEVICE	(BIT(62) | 0x18)	/* PCI 00:03.0 */

u16 interrupt_map(u64 device, u32 trigger, u32 vector, u32 vp)
{
	struct hv_map_interrupt_input *p = in;
	u64 *set = in + sizeof(*p);

	memset(p, 0, sizeof(*p));
	p->partition_id = 1;
	p->device_id = device;
	p->trigger_mode = trigger;
	p->vector_count = 1;
	p->target.vector = vector;
	p->target.flags = HV_TARGET_PROCESSOR_SET;
	set[0] = 1;
	set[1] = 1ull << vp;
	return call(HVCALL_MAP_DEVICE_INTERRUPT | VAR(2));
}

u16 interrupt_unmap(u64 device, const struct hv_interrupt_entry *entry)
{
	struct hv_unmap_interrupt_input *p = in;

	memset(p, 0, sizeof(*p));
	p->partition_id = 1;
	p->device_id = device;
	p->entry = *entry;
	return call(HVCALL_UNMAP_DEVICE_INTERRUPT);
}

void interrupt_checks(void)
{
	static const u8 reserved[] = { 0x0f, 0x1f, 0x29, 0x2c, 0x2d, 0x2f, 0xd2 };
	struct hv_interrupt_entry entry;

	for (u32 i = 0; i < sizeof(reserved); i++)
		check(interrupt_map(DEVICE, 0, reserved[i], 0), HV_STATUS_INVALID_PARAMETER, "reserved vector");
	check(interrupt_map(DEVICE, 0, 0x141, 0), HV_STATUS_INVALID_PARAMETER, "vector too large");
	check(interrupt_map(DEVICE, 0, 0x41, 63), HV_STATUS_INVALID_VP_INDEX, "a VP that is not there");
	check(interrupt_map(DEVICE | BIT(55), 0, 0x41, 0), HV_STATUS_INVALID_DEVICE_ID, "reserved bit of the device ID");
	check(interrupt_map(5, 0, 0x41, 0), HV_STATUS_INVALID_DEVICE_ID, "a logical device");
	check(interrupt_map(DEVICE, 0, 0x41, 0), 0, "MapDeviceInterrupt");
	entry = *(struct hv_interrupt_entry *)out;
	check(entry.source, HV_INTERRUPT_SOURCE_MSI, "an MSI entry");
	check(entry.msi.address >> 20, 0xfee, "its address");
	check(interrupt_map(DEVICE, 0, 0x41, 0), HV_STATUS_OPERATION_DENIED, "mapped already");
	entry.msi.data ^= 1;
	check(interrupt_unmap(DEVICE, &entry) != 0, 1, "unmap of another entry");
	entry.msi.data ^= 1;
	check(interrupt_unmap(DEVICE, &entry), 0, "UnmapDeviceInterrupt");
	check(interrupt_unmap(DEVICE, &entry) != 0, 1, "a second time");
}
