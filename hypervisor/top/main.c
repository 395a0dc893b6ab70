// SPDX-License-Identifier: GPL-2.0
/* Start-up, in order. The boot processor comes here from start.S. */
#include "hv.h"
#include "internal.h"

static void root_create(void)
{
	partition_root_init();
	npt_init_root(root);
	role_start();
}

void __noreturn hv_main(u32 magic, u32 info);
void __noreturn hv_main(u32 magic, u32 info)
{
	multiboot_parse(magic, info);
	options_parse(boot_info.cmdline);
	svm_check();
	acpi_parse();
	frame_init();
	trace_init();
	svm_init();
	lp_init_boot();
	time_init();
	lp_start_others();
	root_create();
	loader_load(root->vps[0]);
	vp_wake(root->vps[0]);
	sched_run(lps[0]);
}
