// SPDX-License-Identifier: GPL-2.0
/*
 * A root partition that does nothing but call: each status the interface promises,
 * the accounting of pools, and the life of a child from creation to deletion. One
 * line for each check on both serial ports, and the verdict on the second.
 */
#include "payload.h"

static void power_off(void)
{
	struct hv_set_system_property_input *s = in;

	memset(s, 0, sizeof(*s));
	s->property = HV_SYSTEM_PROPERTY_SLEEP_STATE;
	s->sleep_state = HV_SLEEP_STATE_S5;
	check(call(HVCALL_SET_SYSTEM_PROPERTY), 0, "S5 registered");
	put_hex(CONSOLE, nr_ok);
	puts_port(CONSOLE, " (hexadecimal) ok, ");
	put_hex(CONSOLE, nr_not_ok);
	puts_port(CONSOLE, " not ok\n");
	puts_port(VERDICT, nr_not_ok ? "verdict fail\n" : "verdict pass\n");
	memset(in, 0, 8);
	*(u32 *)in = HV_SLEEP_STATE_S5;
	call(HVCALL_ENTER_SLEEP_STATE);
	puts_port(CONSOLE, "not ok S5 returned\n");
}

void payload_main(void)
{
	u64 id;

	traps_init();
	entry_checks();
	system_checks();
	rep_checks();
	lp_checks();
	interrupt_checks();
	id = partition_checks();
	map_checks(id);
	vp_checks(id);
	check(register_cpuid(id, 0, 0x12345678), 0, "RegisterInterceptResult");
	stats_checks(id);
	synic_on();
	power_state_checks();
	doorbell_make(id);
	child_start_state(id);
	child_io(id);
	child_memory(id);
	child_end_state(id);
	state_checks(id);
	translate_checks(id);
	second_run(id);
	memory_checks(id);
	teardown(id);
	abrupt_checks();
	states_checks();
	register_checks();
	fault_checks();
	many_vps_checks();
	interrupts_checks();
	deletion_checks();
	agent_checks();
	fuzz_checks();
	random_checks();
	power_off();
}
