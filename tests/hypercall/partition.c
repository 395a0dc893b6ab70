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
	check(property_set(id, HV_PROPERTY_PROCESSOR_VENDOR, 0), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "read-only property");
	return id;
}

void map_checks(u64 id)
{
	u64 ram = CHILD_RAM >> 12;

	check(map(id, 0, ram, 1, 2), HV_STATUS_INVALID_PARAMETER, "writable without readable");
	check(map(id, 0, ram, 1, RWX | BIT(9)), HV_STATUS_INVALID_PARAMETER, "reserved map flag");
	check(map(id, 0, ram, 1, RWX | HV_MAP_ONES), HV_STATUS_INVALID_PARAMETER, "shared page of ones");
	check(map(id, 1ull << 40, ram, 1, RWX), HV_STATUS_INVALID_PARAMETER, "beyond the child's space");
	check(map(id, 1, ram, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large page misaligned");
	check(map(id, 512, ram + 1, 1, RWX | HV_MAP_LARGE_PAGE), HV_STATUS_INVALID_PARAMETER, "large source misaligned");
	check(map(id, 0, (SPARE >> 12) + spare_used - 1, 1, RWX), HV_STATUS_OPERATION_DENIED, "source in a pool");
	check(map(id, 0, 0xfed00, 1, RWX), HV_STATUS_OPERATION_DENIED, "source that is no RAM");
	check(map(1, ram, ram + 1, 1, RWX), HV_STATUS_ACCESS_DENIED, "root on itself, not identity");
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

void doorbell_make(u64 id)
{
	struct hv_create_port_input *p = in;
	struct hv_connect_port_input *n = in;

	check(withdraw(1), 0, "the root's pool is empty");
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 5;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INSUFFICIENT_MEMORY, "CreatePort without memory in the root");
	check(deposit(1, 1), 0, "deposit to the root");
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 5;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), 0, "CreatePort");
	check(call(HVCALL_CREATE_PORT), HV_STATUS_INVALID_PORT_ID, "the same port ID");
	memset(n, 0, sizeof(*n));
	n->connection_partition = id;
	n->connection_id = 5;
	n->port_partition = 1;
	n->port_id = 6;
	n->info.type = HV_PORT_DOORBELL;
	n->info.gpa = 0x3000;
	n->info.flags = HV_DOORBELL_ANY_VALUE;
	check(call(HVCALL_CONNECT_PORT), HV_STATUS_INVALID_PORT_ID, "no such port");
	n->port_id = 5;
	check(call(HVCALL_CONNECT_PORT), 0, "ConnectPort");
	n->connection_id = 6;
	check(call(HVCALL_CONNECT_PORT), HV_STATUS_INVALID_PORT_ID, "a second connection");
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
	struct hv_connect_port_input *n = in;
	struct hv_create_port_input *p = in;
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
	memset(p, 0, sizeof(*p));
	p->port_partition = 1;
	p->port_id = 9;
	p->connection_partition = id;
	p->info.type = HV_PORT_DOORBELL;
	p->info.target_sint = 5;
	p->info.target_vp = HV_ANY_VP;
	check(call(HVCALL_CREATE_PORT), 0, "port");
	memset(n, 0, sizeof(*n));
	n->connection_partition = id;
	n->connection_id = 9;
	n->port_partition = 1;
	n->port_id = 9;
	n->info.type = HV_PORT_DOORBELL;
	n->info.gpa = 0x3000;
	check(call(HVCALL_CONNECT_PORT), 0, "connection");
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
