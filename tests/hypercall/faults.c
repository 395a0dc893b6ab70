// SPDX-License-Identifier: GPL-2.0
/* The fault script of the hypervisor: what is to go wrong does, and is over then. */
#include "payload.h"

#define LOG_PORT	0xe9

/* A line to the hypervisor; what it answers begins with 'o' if it was understood. */
bool request(const char *line)
{
	bool understood;
	u8 byte;

	puts_port(LOG_PORT, line);
	outb(LOG_PORT, '\n');
	byte = inb(LOG_PORT);
	understood = byte == 'o';
	while (byte)
		byte = inb(LOG_PORT);
	return understood;
}

/* @nr frames that lie side by side, or with gaps. */
static void deposit_run(u64 id, u32 nr, u32 step)
{
	for (u32 i = 0; i < nr; i++, spare_used += step)
		fast(HVCALL_DEPOSIT_MEMORY | REPS(1), id, (SPARE >> 12) + spare_used);
}

static void demand_checks(u64 id)
{
	check(request("fault=demand:0x4e:1:0:0x99"), 0, "a status that asks for no memory");
	check(request("fault=demand:0x4e:1:0:0x75"), 1, "CreateVp asks for eight frames in a row");
	check(create_vp(id, 1, 0), HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, "it does");
	deposit_run(id, 8, 2);
	check(create_vp(id, 1, 0), HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, "eight that lie apart do not do");
	deposit_run(1, 8, 1);
	check(create_vp(id, 1, 0), HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, "nor eight for the root");
	deposit_run(id, 8, 1);
	check(create_vp(id, 1, 0), 0, "eight in a row do");
	check(request("fault=demand:0x4e:1:0:0x73"), 1, "CreateVp asks for a frame of the root's");
	check(create_vp(id, 2, 0), HV_STATUS_INSUFFICIENT_ROOT_MEMORY, "it does");
	deposit_run(id, 1, 1);
	check(create_vp(id, 2, 0), HV_STATUS_INSUFFICIENT_ROOT_MEMORY, "one for the child does not do");
	deposit_run(1, 1, 1);
	check(create_vp(id, 2, 0), 0, "one for the root does");
	check(request("fault=demand:0x4b:1:3:0x0b"), 1, "MapGpaPages stops after three and asks");
	check(map(id, 0, CHILD_RAM >> 12, 8, RWX) << 4 | reps, HV_STATUS_INSUFFICIENT_MEMORY << 4 | 3, "it does");
	check(map(id, 3, (CHILD_RAM >> 12) + 3, 5, RWX) << 4 | reps, HV_STATUS_INSUFFICIENT_MEMORY << 4, "and goes on asking");
	deposit_run(id, 1, 1);
	check(map(id, 3, (CHILD_RAM >> 12) + 3, 5, RWX), 0, "until it has got one");
	request("fault=none");
}

static void pending_checks(u64 id)
{
	const struct hv_async_completion_message *done = (const void *)slot->payload;

	check(request("fault=pending:1:2:0"), 1, "a property completes later");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), HV_STATUS_CALL_PENDING, "it is pending");
	check(message_wait(), HVMSG_ASYNC_CALL_COMPLETION, "completed");
	check(done->partition_id << 16 | done->status, id << 16, "of that partition, with success");
	message_done();
	check(property_get(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION) << 8 | *(u8 *)out, 1, "it is set");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 0), 0, "the next completes at once");
	check(request("fault=pending:1:0:0x0a"), 1, "one that fails later");
	check(property_set(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1), HV_STATUS_CALL_PENDING, "it is pending");
	check(message_wait(), HVMSG_ASYNC_CALL_COMPLETION, "completed");
	check(done->status, HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "with that status");
	message_done();
	check(property_get(id, HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION) << 8 | *(u8 *)out, 0, "it is not set");
	request("fault=none");
}

static void output_checks(void)
{
	*(u64 *)out = 5;
	check(property_get(~0ull, 0x77777), HV_STATUS_UNKNOWN_PROPERTY, "a call that fails");
	check(*(u64 *)out, 5, "leaves its output alone");
	check(request("fault=output"), 1, "rubbish from now on");
	check(property_get(~0ull, 0x77777), HV_STATUS_UNKNOWN_PROPERTY, "the same call");
	check(*(u64 *)out, 0xa5a5a5a5a5a5a5a5, "leaves rubbish");
	request("fault=none");
}

void fault_checks(void)
{
	u64 id;

	check(request("fault=nonsense"), 0, "a fault that is not known");
	deposit(1, 2);
	create(FLAGS, &id);
	deposit(id, 30);
	partition_call(HVCALL_INITIALIZE_PARTITION, id);
	demand_checks(id);
	pending_checks(id);
	output_checks();
	partition_call(HVCALL_FINALIZE_PARTITION, id);
	withdraw(id);
	check(partition_call(HVCALL_DELETE_PARTITION, id), 0, "deleted");
	withdraw(1);
}
