// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: power.
 *
 * The machine is switched off by the hypervisor, which finds the registers in
 * the firmware's tables, but has to be told the values that AML computes.
 * Sleep states in which the processors lose their state are refused: nobody
 * would set up the hypervisor again afterwards.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/acpi.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/pm.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <asm/mshv_root.h>
#include <asm/reboot.h>
#include <asm-generic/mshv_tlfs.h>

#include "root.h"

static void root_register_s5(void)
{
	struct tlfs_in_set_system_property in = {
		.property_id = TLFS_SYSTEM_PROPERTY_SLEEP_STATE,
		.sleep_state.sleep_state = TLFS_SLEEP_STATE_S5,
	};
	acpi_status acpi;
	u64 status;

	acpi = acpi_get_sleep_type_data(ACPI_STATE_S5,
					&in.sleep_state.pm1a_slp_typ,
					&in.sleep_state.pm1b_slp_typ);
	if (ACPI_FAILURE(acpi))
		return;

	status = mshv_hvcall(TLFS_CALL_SET_SYSTEM_PROPERTY, &in, sizeof(in),
			     NULL, 0);
	if (status != TLFS_STATUS_SUCCESS)
		pr_err("cannot register the S5 sleep state: %s (%#llx)\n",
		       mshv_status_name(status), status);
}

static int root_reboot_event(struct notifier_block *nb, unsigned long event,
			     void *unused)
{
	if (event == SYS_HALT || event == SYS_POWER_OFF)
		root_register_s5();

	return NOTIFY_DONE;
}

static struct notifier_block root_reboot_nb = {
	.notifier_call = root_reboot_event,
};

static void root_power_off(void)
{
	const struct tlfs_in_enter_sleep_state in = {
		.sleep_state = TLFS_SLEEP_STATE_S5,
	};
	u64 status;

	if (!reboot_force)
		machine_shutdown();

	status = mshv_hvcall(TLFS_CALL_ENTER_SLEEP_STATE, &in, sizeof(in),
			     NULL, 0);
	pr_emerg("the hypervisor did not power off: %s (%#llx)\n",
		 mshv_status_name(status), status);

	if (pm_power_off)
		pm_power_off();
}

/* Suspend to RAM ends in hv_suspend(); hibernation is refused before it begins */
static int root_pm_event(struct notifier_block *nb, unsigned long event,
			 void *unused)
{
	if (event != PM_HIBERNATION_PREPARE && event != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;

	pr_err("the root partition cannot hibernate\n");
	return notifier_from_errno(-EPERM);
}

static struct notifier_block root_pm_nb = {
	.notifier_call = root_pm_event,
};

/**
 * mshv_root_pm_init() - take over power-off, refuse hibernation
 */
void __init mshv_root_pm_init(void)
{
	machine_ops.power_off = root_power_off;
	register_reboot_notifier(&root_reboot_nb);
	register_pm_notifier(&root_pm_nb);
}
