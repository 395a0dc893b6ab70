/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Root partition of the Microsoft hypervisor: what the rooms of the boot code
 * share among themselves.
 */
#ifndef _X86_HYPERV_ROOT_H
#define _X86_HYPERV_ROOT_H

#include <linux/init.h>
#include <linux/types.h>

void __init mshv_root_irq_init(void);
void __init mshv_root_pm_init(void);
void __init mshv_root_pool_reserve(void);
#ifdef CONFIG_PROC_KCORE
void __init mshv_root_pool_hide(void);
#else
static inline void mshv_root_pool_hide(void) { }
#endif
long mshv_pool_unkept(void);
void __init mshv_root_smp_init(void);
void mshv_root_unmap_left(void);
void mshv_root_vp_index(void);
void mshv_pool_drain(u64 partition_id);
void mshv_end_children(void);

#endif
