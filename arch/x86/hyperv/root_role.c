// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: is this the root?
 */
#define pr_fmt(fmt) "Hyper-V: " fmt

#include <linux/cache.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <asm/mshyperv.h>
#include <asm/mshv_root.h>

enum mshv_role mshv_role __ro_after_init;
EXPORT_SYMBOL_GPL(mshv_role);

/**
 * mshv_detect_role() - find out what this kernel is to the hypervisor
 *
 * Called as soon as the features have been read; all that follows depends on
 * the answer.
 */
void __init mshv_detect_role(void)
{
	static const char * const names[] = {
		[MSHV_ROLE_GUEST] = "a guest partition",
		[MSHV_ROLE_ISOLATED] = "an isolated guest partition",
		[MSHV_ROLE_L1VH] = "a parent partition that is not the root",
		[MSHV_ROLE_ROOT] = "the root partition",
	};

	mshv_role = mshv_role_of(ms_hyperv.priv_high);
	pr_info("running as %s\n", names[mshv_role]);
}
