// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: power.
 *
 * The machine is switched off by the hypervisor, which finds the registers in
 * the firmware's tables, but has to be told the values that AML computes.
 * Sleep states in which the processors lose their state are refused: nobody
 * would set up the hypervisor again afterwards.
 *
 * When Linux panics, the hypervisor is told why if it wants to know.
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/acpi.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/pm.h>
#include <linux/processor.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>
#include <asm/page.h>
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

	/* Also when it could not be started: then there is no AML to ask */
	if (acpi_disabled)
		return;

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

static void root_enter_s5(void)
{
	const struct tlfs_in_enter_sleep_state in = {
		.sleep_state = TLFS_SLEEP_STATE_S5,
	};
	u64 status;

	status = mshv_hvcall(TLFS_CALL_ENTER_SLEEP_STATE, &in, sizeof(in),
			     NULL, 0);
	pr_emerg("the hypervisor did not power off: %s (%#llx)\n",
		 mshv_status_name(status), status);
}

static void root_power_off(void)
{
	if (!reboot_force)
		machine_shutdown();

	root_enter_s5();
	if (pm_power_off && pm_power_off != root_enter_s5)
		pm_power_off();

	pr_emerg("cannot power off, halting\n");
	stop_this_cpu(NULL);
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

/* Must not cross a page, and its physical address must be known */
static char root_panic_text[256] __aligned(256);

static int root_panic_event(struct notifier_block *nb, unsigned long event,
			    void *text)
{
	ssize_t len = strscpy(root_panic_text, text, sizeof(root_panic_text));

	if (len < 0)
		len = sizeof(root_panic_text) - 1;
	hyperv_report_panic_msg(__pa_symbol(root_panic_text), len);

	return NOTIFY_DONE;
}

static struct notifier_block root_panic_nb = {
	.notifier_call = root_panic_event,
};

static void root_panic_init(void)
{
	u64 supported;

	if (!(ms_hyperv.misc_features & HV_FEATURE_GUEST_CRASH_MSR_AVAILABLE))
		return;

	rdmsrl(HV_X64_MSR_CRASH_CTL, supported);
	if (supported & HV_CRASH_CTL_CRASH_NOTIFY_MSG)
		atomic_notifier_chain_register(&panic_notifier_list,
					       &root_panic_nb);
}

/**
 * mshv_root_pm_init() - take over power-off, refuse hibernation, report panics
 */
void __init mshv_root_pm_init(void)
{
	machine_ops.power_off = root_power_off;
	/* ACPI will put its own there, if it can */
	pm_power_off = root_enter_s5;
	register_reboot_notifier(&root_reboot_nb);
	register_pm_notifier(&root_pm_nb);
	root_panic_init();
}
