// SPDX-License-Identifier: GPL-2.0
/* A child from creation to deletion: states, memory, mappings, pages, ports. */
#include "payload.h"

u64 partition_checks(void)
{
	u64 id, avail, used, *p = in;

	check(create(BIT(40), &id), HV_STATUS_INVALID_PARAMETER, "unknown creation flag");
	check(create(FLAGS, &id), HV_STATUS_INSUFFICIENT_MEMORY, "CreatePartition with an empty pool");
	check(deposit(~0ull, 2), 0, "deposit to the root");
	check(reps, 2, "two pages taken");
	check(create(FLAGS, &id), 0, "CreatePartition");
	check(id, 2, "the first child is partition 2");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "finalize before init");
	check(property_set(id, HV_PROPERTY_TIME_FREEZE, 1), HV_STATUS_INVALID_PARTITION_STATE, "normal property before init");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, 0x06400ffb), 0, "synthetic features");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, BIT(61)), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "synthetic feature that is not assignable");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INSUFFICIENT_MEMORY, "init without memory");
	balance(id, &avail, &used);
	check(avail + used, 0, "nothing changed");
	check(deposit(id, 20), 0, "deposit to the child");
	p[0] = id;
	p[1] = (SPARE >> 12) + spare_used;
	p[2] = p[1] - 1;
	spare_used++;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(2)), HV_STATUS_OPERATION_DENIED, "a page that is in a pool already");
	check(reps, 1, "the one before it is taken");
	check((u16)vmmcall(HVCALL_INITIALIZE_PARTITION, (SPARE + 8192), 0), HV_STATUS_INVALID_HYPERCALL_INPUT,
	      "parameters in a deposited page");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), 0, "InitializePartition");
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "a second time");
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_STATE, "delete while active");
	check(property_set(id, HV_PROPERTY_SYNTHETIC_PROC_FEATURES, 0), HV_STATUS_INVALID_PARTITION_STATE,
	      "early property after init");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 2), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "value out of range");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), 0, "UnimplementedMsrAction");
	*(struct hv_set_property_ex_input *)in = (struct hv_set_property_ex_input){
		.partition_id = id, .property = HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION };
	p[3] = 0;
	check(call(HVCALL_SET_PARTITION_PROPERTY_EX), HV_STATUS_INVALID_PARAMETER, "SetPartitionPropertyEx without a value");
	check(call(HVCALL_SET_PARTITION_PROPERTY_EX | VAR(1)), 0, "SetPartitionPropertyEx");
	check(property_get(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION) | *(u64 *)out, 0, "it is set");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), 0, "and back");
	check(property_set(id, HV_PROPERTY_PROCESSOR_VENDOR, 0), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "read-only property");
	return id;
}

void map_checks(u64 id)
{
	u64 ram = CHILD_RAM >> 12, given = (SPARE >> 12) + spare_used - 1;

	check(map(id, 0, ram, 1, 2), HV_STATUS_INVALID_PARAMETER, "writable without readable");
	check(map(id, 0, ram, 1, RWX | BIT(9)), HV_STATUS_INVALID_PARAMETER, "reserved map flag");
	check(map(id, 0, ram, 1, RWX | HV_MAP_ONES), HV_STATUS_INVALID_PARAMETER, "shared page of ones");
	check(map(id, 1ull << 40, ram, 1, RWX), HV_STATUS_INVALID_PARAMETER, "beyond the child's space");
	check(map(id, 1, ram, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large page misaligned");
	check(map(id, 512, ram + 1, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large source misaligned");
	check(map(id, 0, given, 1, RWX), HV_STATUS_OPERATION_DENIED, "source in a pool");
	check(map(id, 0, 0xfed00, 1, RWX), HV_STATUS_OPERATION_DENIED, "source that is no RAM");
	check(map(id, 0, 0xfed00, 1, RWX | HV_MAP_NOT_CACHED), 0, "but may be mapped as it is, not cached");
	check(map(id, 0, 0xfee00, 1, RWX | HV_MAP_NOT_CACHED), HV_STATUS_OPERATION_DENIED, "the local APIC may not");
	check(map(1, ram, ram + 1, 1, RWX), HV_STATUS_ACCESS_DENIED, "root on itself, not identity");
	check(map(1, given, given, 1, RWX), HV_STATUS_ACCESS_DENIED, "nor a page that it has given away");
	check(map(1, ram + 9, ram + 9, 1, HV_MAP_READABLE), 0, "root on itself: to read only");
	check(*(volatile u64 *)(CHILD_RAM + 9 * 4096) | 1, 1, "it reads");
	check((u16)vmmcall(HVCALL_GET_PARTITION_ID, 0, CHILD_RAM + 9 * 4096), HV_STATUS_INVALID_HYPERCALL_INPUT, "no output there");
	*(u64 *)in = id;
	*(u64 *)(in + 8) = ram + 9;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(1)), HV_STATUS_OPERATION_DENIED, "and no deposit");
	check(map(1, ram + 9, ram + 9, 1, 0), 0, "without access");
	check((u16)vmmcall(HVCALL_GET_MEMORY_BALANCE, CHILD_RAM + 9 * 4096, OUT), HV_STATUS_INVALID_HYPERCALL_INPUT, "no input there");
	check(map(1, ram + 9, ram + 9, 1, RWX), 0, "all of it again");
	*(volatile u64 *)(CHILD_RAM + 9 * 4096) = 0;
	check(unmap(1, ram, 1, 0), HV_STATUS_ACCESS_DENIED, "unmap of the root");
	check(map(id, 512, ram, 1, RWX | HV_MAP_LARGE_PAGE), 0, "large page");
	check(unmap(id, 513, 1, HV_UNMAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large unmap misaligned");
	check(unmap(id, 512, 1, HV_UNMAP_LARGE_PAGE), 0, "large unmap");
	check(map(id, 512, ram, 400, RWX), 0, "400 pages");
	check(reps, 400, "all of them");
	check((last_rcx >> 48) & 0xfff, 384, "continued in between");
	check(unmap(id, 512, 1, HV_UNMAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large unmap partly covered");
	check(unmap(id, 500, 512, 0), 0, "unmap, mapped or not");
	check(reps, 512, "all of them");
	check(map(id, 0, ram, 1, RWX), 0, "child's first page");
	check(map(id, 4, ram + 4, 1, HV_MAP_READABLE), 0, "a page to read only");
	check(map(id, 5, 0, 1, HV_MAP_NO_ACCESS), 0, "a page without access");
	*(u64 *)in = id;
	*(u64 *)(in + 8) = ram;
	check(call(HVCALL_DEPOSIT_MEMORY | REPS(1)), HV_STATUS_OPERATION_DENIED, "deposit of a page that a child sees");
}

void stats_checks(u64 id)
{
	check(stats(MAP, 77, 0, 0, 0), HV_STATUS_INVALID_PARAMETER, "unknown statistics object");
	check(stats(MAP, HV_STATS_HYPERVISOR, 0, 0, 0), 0, "the hypervisor's page");
	counters = (void *)(*(u64 *)out << 12);
	check(counters[HV_COUNTER_LOGICAL_PROCESSORS] > 0, 1, "its number of processors");
	check(stats(MAP, HV_STATS_HYPERVISOR, 0, 0, 0), HV_STATUS_OPERATION_DENIED, "a second time");
	check(stats(UNMAP, HV_STATS_HYPERVISOR, 0, 0, 0), 0, "unmapped");
	check(stats(UNMAP, HV_STATS_HYPERVISOR, 0, 0, 0), HV_STATUS_OPERATION_DENIED, "a second time");
	check(stats(MAP, HV_STATS_LOGICAL_PROCESSOR, 50, 0, 0), HV_STATUS_INVALID_PARAMETER, "an LP that is not there");
	check(stats(MAP, HV_STATS_VP, id, 3, 0), HV_STATUS_INVALID_VP_INDEX, "a VP that is not there");
	check(stats(MAP, HV_STATS_VP, id, 0, 2), HV_STATUS_INVALID_PARAMETER, "area INTERNAL");
	check(stats(MAP, HV_STATS_VP, id, 0, 0), 0, "the VP's page");
	counters = (void *)(*(u64 *)out << 12);
	check(stats(MAP, HV_STATS_VP, id, 0, 1), HV_STATUS_INSUFFICIENT_MEMORY, "the caller's pool is charged");
}

void vp_checks(u64 id)
{
	u16 status;

	check(create_vp(id, 0, 1), HV_STATUS_INVALID_PARAMETER, "flags of a child VP");
	check(create_vp(id, 100000, 0), HV_STATUS_INVALID_VP_INDEX, "VP index too large");
	check(create_vp(id, 0, 0), 0, "CreateVp");
	check(create_vp(id, 0, 0), HV_STATUS_INVALID_VP_INDEX, "the same again");
	check(create_vp(1, 7, 40), HV_STATUS_INVALID_PARAMETER, "root VP on an LP that is not there");
	regs = (void *)state_page(id, HV_STATE_PAGE_REGISTERS, &status);
	check(status, 0, "register page");
	check(regs->isvalid, 1, "it is valid before the first run");
	check(regs->rip, 0xfff0, "it shows the reset state");
	msg = (void *)state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(status, 0, "intercept page");
	state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(status, HV_STATUS_OPERATION_DENIED, "a second time");
	check(reg_get(id, 0, HV_REG_EXPLICIT_SUSPEND), 1, "suspended from birth");
	check(reg_get(id, 0, HV_REG_RIP), 0xfff0, "RIP at reset");
	check(reg_set(id, 0, 0x12345, 0, 0), HV_STATUS_INVALID_PARAMETER, "unknown register");
	check(reg_set(id, 0, HV_REG_VP_INDEX, 0, 0), HV_STATUS_INVALID_PARAMETER, "read-only register");
	check(reg_set(id, 0, HV_REG_CR8, 16, 0), HV_STATUS_INVALID_REGISTER_VALUE, "CR8 too wide");
	check(reg_set(id, 0, HV_REG_INTERCEPT_SUSPEND, 1, 0), HV_STATUS_INVALID_REGISTER_VALUE, "InterceptSuspend cannot be set");
	check(reg_set(id, 9, HV_REG_RIP, 0, 0), HV_STATUS_INVALID_VP_INDEX, "no such VP");
	check(reg_set(id, 0, HV_REG_XMM0 + 3, 0x1122334455667788, 0x99aabbccddeeff00), 0, "XMM3 set");
	check(reg_get(id, 0, HV_REG_XMM0 + 3), 0x1122334455667788, "XMM3 read back");
	check(*(u64 *)(out + 8), 0x99aabbccddeeff00, "its upper half");
	check(reg_set(id, 0, HV_REG_XMM_CONTROL_STATUS, 0, 0xffff0000ull << 16 | BIT(20)), HV_STATUS_INVALID_REGISTER_VALUE,
	      "MXCSR with a reserved bit");
}

struct hv_create_port_input *port_input(u64 partition, u32 id, u64 peer, u32 type)
{
	struct hv_create_port_input *p = in;

	memset(p, 0, sizeof(*p));
	p->port_partition = partition;
	p->port_id = id;
	p->connection_partition = peer;
	p->info.type = type;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	return p;
}

u16 port_create(u64 partition, u32 id, u64 peer, u32 type)
{
	port_input(partition, id, peer, type);
	return call(HVCALL_CREATE_PORT);
}

struct hv_connect_port_input *connection_input(u64 partition, u32 id, u64 peer, u32 port, u32 type)
{
	struct hv_connect_port_input *n = in;

	memset(n, 0, sizeof(*n));
	n->connection_partition = partition;
	n->connection_id = id;
	n->port_partition = peer;
	n->port_id = port;
	n->info.type = type;
	if (type == HV_PORT_DOORBELL) {
		n->info.gpa = 0x3000;
		n->info.flags = HV_DOORBELL_ANY_VALUE;
	}
	return n;
}

u16 port_connect(u64 partition, u32 id, u64 peer, u32 port, u32 type)
{
	connection_input(partition, id, peer, port, type);
	return call(HVCALL_CONNECT_PORT);
}

/* Reserved fields come before the object that is meant (hypercalls.md 1.8). */
static void port_order_checks(u64 id)
{
	struct hv_connect_port_input *n;
	struct hv_create_port_input *p;

	p = port_input(1, 5, id, HV_PORT_DOORBELL);
	p->rsvd = 1;
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INVALID_PARAMETER, "reserved field before the port ID in use");
	p = port_input(1, 5, id, HV_PORT_DOORBELL);
	p->info.target_vp = 400;
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INVALID_VP_INDEX, "VP index before the port ID in use");
	p = port_input(1, 6, id, HV_PORT_DOORBELL);
	p->info.target_sint = 0;
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INVALID_PARAMETER, "SINT 0 is the hypervisor's");
	check(port_create(1, 0x1000006, id, HV_PORT_DOORBELL), HV_STATUS_INVALID_PORT_ID, "port ID with a high byte");
	check(port_create(1, 6, 1, HV_PORT_DOORBELL), HV_STATUS_INVALID_PARTITION_ID, "a port to oneself");
	check(port_create(id, 6, 1, HV_PORT_DOORBELL), HV_STATUS_INVALID_PARAMETER, "doorbell of a child");
	n = connection_input(id, 5, 1, 5, HV_PORT_DOORBELL);
	n->rsvd2 = 1;
	check(call(HVCALL_CONNECT_PORT), HV_STATUS_INVALID_PARAMETER, "reserved field before the connection ID in use");
	check(fast(HVCALL_DELETE_PORT, 1, 77 | BIT(32)), HV_STATUS_INVALID_PARAMETER, "DeletePort: reserved field first");
	check(fast(HVCALL_DISCONNECT_PORT, id, 77 | BIT(33)), HV_STATUS_INVALID_PARAMETER, "DisconnectPort: reserved flag first");
}

void doorbell_make(u64 id)
{
	check(withdraw(1), 0, "the root's pool is empty");
	check(port_create(1, 5, id, HV_PORT_DOORBELL), HV_STATUS_INSUFFICIENT_MEMORY, "CreatePort without memory in the root");
	check(deposit(1, 1), 0, "deposit to the root");
	check(port_create(1, 5, id, HV_PORT_DOORBELL), 0, "CreatePort");
	check(port_create(1, 5, id, HV_PORT_DOORBELL), HV_STATUS_INVALID_PORT_ID, "the same port ID");
	check(port_connect(id, 5, 1, 6, HV_PORT_DOORBELL), HV_STATUS_INVALID_PORT_ID, "no such port");
	check(port_connect(id, 5, 1, 5, HV_PORT_DOORBELL), 0, "ConnectPort");
	check(port_connect(id, 6, 1, 5, HV_PORT_DOORBELL), HV_STATUS_INVALID_PORT_ID, "a second connection");
	port_order_checks(id);
}

void teardown(u64 id)
{
	u64 avail, used;

	check(state_unpage(id, HV_STATE_PAGE_REGISTERS), 0, "register page unmapped");
	check(state_unpage(id, HV_STATE_PAGE_REGISTERS), HV_STATUS_OPERATION_DENIED, "a second time");
	check(fast(HVCALL_DELETE_PORT, 1, 5), 0, "DeletePort");
	check(fast(HVCALL_DELETE_PORT, 1, 5), HV_STATUS_INVALID_PORT_ID, "a second time");
	check(fast(HVCALL_DISCONNECT_PORT, id, 5 | BIT(32)), 0, "DisconnectPort");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), 0, "FinalizePartition");
	balance(id, &avail, &used);
	check(used, 0, "nothing in use afterwards");
	check(deposit(id, 1), HV_STATUS_INVALID_PARTITION_STATE, "no deposit after finalize");
	spare_used--;
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_OPERATION_DENIED, "delete with memory left");
	check(withdraw(id), avail, "all came back");
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "DeletePartition");
	check(partition_call(HVCALL_DELETE_PARTITION, id), HV_STATUS_INVALID_PARTITION_ID, "gone");
}

/* Another child, finalized while it runs, with everything still attached to it. */
void abrupt_checks(void)
{
	u64 id, avail, used, root_used;
	u16 status;

	withdraw(1);
	balance(1, &avail, &root_used);
	deposit(1, 3);
	check(create(FLAGS, &id), 0, "another partition");
	check(id, 3, "IDs are not used again");
	deposit(id, 30);
	check(partition_call(HVCALL_INITIALIZE_PARTITION, id), 0, "InitializePartition");
	*(volatile u16 *)CHILD_RAM = 0xfeeb;		/* jmp . */
	check(map(id, 0, CHILD_RAM >> 12, 1, RWX), 0, "its memory");
	check(create_vp(id, 0, 0), 0, "its VP");
	regs = (void *)state_page(id, HV_STATE_PAGE_REGISTERS, &status);
	msg = (void *)state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
	check(stats(MAP, HV_STATS_VP, id, 0, 0), 0, "statistics page");
	check(register_cpuid(id, 1, 0), 0, "a result");
	check(port_create(1, 9, id, HV_PORT_DOORBELL), 0, "port");
	check(port_connect(id, 9, 1, 9, HV_PORT_DOORBELL), 0, "connection");
	reg_set(id, 0, HV_REG_CS, 0, 0xffff | 0x9bull << 48);
	reg_set(id, 0, HV_REG_RIP, 0, 0);
	if (scheduler != HV_SCHEDULER_ROOT)
		resume(id);
	for (u32 i = 0; i < 1000000; i++)
		asm volatile("pause");
	check(partition_call(HVCALL_FINALIZE_PARTITION, id), 0, "finalized while it runs");
	balance(id, &avail, &used);
	check(used << 32 | avail, 30, "every page is free");
	check(withdraw(id), 30, "and comes back");
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "DeletePartition");
	check(fast(HVCALL_DELETE_PORT, 1, 9), 0, "the port had stayed");
	balance(1, &avail, &used);
	check(used, root_used, "the root's pool is as before");
}

/* ---- many VPs ---- */

static u32 vp_of_apic_id(u64 id, u32 apic_id)
{
	struct hv_apic_id_input *p = in;

	*p = (struct hv_apic_id_input){ .partition_id = id };
	*(u32 *)(in + sizeof(*p)) = apic_id;
	return call(HVCALL_GET_VP_INDEX_FROM_APIC_ID | REPS(1)) ? ~0u : *(u32 *)out;
}

static bool irr_has(u64 id, u32 vp, u32 vector)
{
	u64 word = reg_get(id, vp, HV_REG_APIC_FIRST + 0x1e + vector / 32);

	return word != ~0ull && (word >> vector % 32 & 1);
}

static u16 vp_set(u64 id, u64 destination, u8 logical)
{
	struct hv_vp_set_from_mda_input *p = in;

	*p = (struct hv_vp_set_from_mda_input){ .partition_id = id, .destination = destination, .logical = logical };
	return call(HVCALL_GET_VP_SET_FROM_MDA);
}

static void vp_set_checks(u64 id)
{
	const u64 *set = out;

	check(vp_set(id, 300, 0), 0, "GetVpSetFromMda: VP 300");
	check(set[0] << 32 | set[1], 1 << 4, "is in bank 4");
	check(set[2], BIT(300 % 64), "alone");
	check(vp_set(id, 0xff, 0), 0, "all VPs");
	check(set[1], 1 | 1 << 4 | 1 << 7, "are in three banks");
	check(set[2] & set[4] & 1, set[4] & 1, "VP 0 in the first");
	check(set[3] << 1 | set[4] >> 63, BIT(300 % 64) << 1 | 1, "VPs 300 and 511 in the others");
	check(vp_set(id, 17, 0) << 16 | set[1], 0, "of nobody it is empty");
	check(vp_set(id, 0, 2), HV_STATUS_INVALID_PARAMETER, "neither logical nor physical");
}

void many_vps_checks(void)
{
	static const u32 indexes[] = { 0, 44, 300, 511 };
	u64 id, avail, used;

	deposit(1, 2);
	check(create(FLAGS, &id), 0, "a partition of many VPs");
	deposit(id, 60);
	partition_call(HVCALL_INITIALIZE_PARTITION, id);
	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++)
		check(create_vp(id, indexes[i], 0), 0, "VPs of any index");
	check(create_vp(id, 512, 0), HV_STATUS_INVALID_VP_INDEX, "but not beyond the limit");
	check(vp_of_apic_id(id, 300), 300, "APIC ID 300 is VP 300");
	check(vp_of_apic_id(id, 301), ~0u, "APIC ID 301 is nobody");
	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++)
		check(reg_set(id, indexes[i], HV_REG_APIC_FIRST + 0xd, 0x1ff, 0), 0, "its APIC is on");
	check(interrupt_assert(id, 0, 0, 300, 0x40), 0, "an interrupt to APIC ID 300");
	check(irr_has(id, 300, 0x40) << 1 | irr_has(id, 44, 0x40), 2, "reaches VP 300 alone");
	check(interrupt_assert(id, 0, 0, 44, 0x41), 0, "an interrupt to APIC ID 44");
	check(irr_has(id, 300, 0x41) << 1 | irr_has(id, 44, 0x41), 1, "reaches VP 44 alone");
	vp_set_checks(id);
	check(reg_set(id, 0, HV_REG_APIC_FIRST + 0xd, 0xff, 0), 0, "VP 0's is off");
	check(interrupt_assert(id, HV_INTERRUPT_LOWESTPRIORITY, 0, 0xff, 0x42), 0, "an interrupt of lowest priority to all");
	check(irr_has(id, 300, 0x42) << 1 | irr_has(id, 44, 0x42), 1, "goes to one that is on");
	check(fast(HVCALL_DELETE_VP, id, 300), 0, "DeleteVp");
	check(fast(HVCALL_DELETE_VP, id, 300), HV_STATUS_INVALID_VP_INDEX, "a second time");
	check(fast(HVCALL_DELETE_VP, id, 44 | BIT(32)), HV_STATUS_INVALID_PARAMETER, "reserved field");
	partition_call(HVCALL_FINALIZE_PARTITION, id);
	balance(id, &avail, &used);
	check(used << 32 | avail, 60, "all memory is free");
	withdraw(id);
	partition_call(HVCALL_DELETE_PARTITION, id);
	withdraw(1);
}
