// SPDX-License-Identifier: GPL-2.0
/* Event ports: flags in the SIEF page of the receiver, which need no SIM page. */
#include "payload.h"

#define FIRST_FLAG	8u
#define NR_FLAGS	4u
#define SIEF		0xa000u

static u16 event_port(u32 id, u16 first, u16 nr)
{
	struct hv_create_port_input *p = port_input(agent, id, 1, HV_PORT_EVENT);

	p->info.base_flag = first;
	p->info.flag_count = nr;
	return call(HVCALL_CREATE_PORT);
}

static u16 signal_event(u32 connection, u16 flag)
{
	return fast(HVCALL_SIGNAL_EVENT, connection | (u64)flag << 32, 0);
}

static u32 flags(u32 sint)
{
	return *(volatile u32 *)(CHILD_RAM + SIEF + sint * 256);
}

static u16 signal_direct(u8 sint, u16 flag)
{
	struct hv_signal_direct_input *p = in;

	*p = (struct hv_signal_direct_input){ .partition_id = agent, .sint = sint, .flag_number = flag };
	return call(HVCALL_SIGNAL_EVENT_DIRECT);
}

static void direct_checks(void)
{
	check(signal_direct(5, 2048), HV_STATUS_INVALID_PARAMETER, "SignalEventDirect: no such flag");
	check(signal_direct(16, 0), HV_STATUS_INVALID_PARAMETER, "no such SINT");
	check(signal_direct(6, 0), HV_STATUS_INVALID_SYNIC_STATE, "a masked SINT");
	check(signal_direct(5, 0) << 8 | *(u8 *)out, 1, "newly signaled");
	check(signal_direct(5, 0) << 8 | *(u8 *)out, 0, "a second time");
	check(flags(5), 1 | BIT(FIRST_FLAG + 2), "in the page");
}

static u16 port_property(u64 call_code, u32 port, u32 code, u64 value)
{
	struct hv_port_property_input *p = in;

	*p = (struct hv_port_property_input){ .partition_id = agent, .port_id = port, .code = code, .value = value };
	return call(call_code);
}

static void property_checks(void)
{
	check(port_property(HVCALL_GET_PORT_PROPERTY, 12, 0, 0), HV_STATUS_INVALID_PORT_ID, "GetPortProperty: no such port");
	check(port_property(HVCALL_GET_PORT_PROPERTY, 10, 7, 0), HV_STATUS_UNKNOWN_PROPERTY, "no such property");
	check(port_property(HVCALL_GET_PORT_PROPERTY, 10, HV_PORT_PROPERTY_POST_COUNT, 0) << 8 | *(u64 *)out, 1, "one was sent");
	check(port_property(HVCALL_SET_PORT_PROPERTY, 10, HV_PORT_PROPERTY_POST_COUNT, 0), HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	      "that is not set");
	check(port_property(HVCALL_SET_PORT_PROPERTY, 10, HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 9), HV_STATUS_INVALID_VP_INDEX,
	      "a preferred VP that is not there");
	check(port_property(HVCALL_SET_PORT_PROPERTY, 10, HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 0), 0, "SetPortProperty");
	check(port_property(HVCALL_GET_PORT_PROPERTY, 10, HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 0) | *(u64 *)out, 0, "is set");
}

void event_checks(void)
{
	check(event_port(10, FIRST_FLAG, 0), HV_STATUS_INVALID_PARAMETER, "an event port without flags");
	check(event_port(10, 2040, 8), HV_STATUS_INVALID_PARAMETER, "flags up to the last");
	check(event_port(10, FIRST_FLAG, NR_FLAGS), 0, "an event port of the child");
	deposit(1, 1);
	check(port_connect(1, 10, agent, 10, HV_PORT_EVENT), 0, "the root connects to it");
	check(signal_event(10, NR_FLAGS), HV_STATUS_INVALID_PARAMETER, "a flag beyond");
	check(fast(HVCALL_SIGNAL_EVENT, 11 | BIT(48), 0), HV_STATUS_INVALID_PARAMETER, "reserved bits before the connection");
	check(signal_event(11, 0), HV_STATUS_INVALID_CONNECTION_ID, "no such connection");
	check(signal_event(10, 2), HV_STATUS_INVALID_SYNIC_STATE, "its SynIC is off");
	check(agent_wrmsr(HV_MSR_SIEFP, SIEF | 1) && agent_wrmsr(HV_MSR_SCONTROL, 1), 1, "SIEF page, SynIC on");
	check(signal_event(10, 2), HV_STATUS_INVALID_SYNIC_STATE, "the SINT is masked");
	check(agent_wrmsr(HV_MSR_SINT0 + 5, 0x31), 1, "no longer");
	check(signal_event(10, 2), 0, "SignalEvent, though there is no SIM page");
	check(flags(5), BIT(FIRST_FLAG + 2), "its flag, and no other");
	property_checks();
	direct_checks();
	check(fast(HVCALL_DELETE_PORT, agent, 10), 0, "DeletePort");
	check(signal_event(10, 2), HV_STATUS_INVALID_PORT_ID, "the connection leads nowhere");
	check(fast(HVCALL_DISCONNECT_PORT, 1, 10), 0, "DisconnectPort");
	check(agent_wrmsr(HV_MSR_SINT0 + 5, 0x10000) && agent_wrmsr(HV_MSR_SCONTROL, 0), 1, "off again");
}
