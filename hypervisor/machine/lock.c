// SPDX-License-Identifier: GPL-2.0
/* The one lock: see hv.h. */
#include "hv.h"
#include "cpu.h"

static volatile u32 lock;

void hv_lock(void)
{
	while (__sync_lock_test_and_set(&lock, 1))
		while (lock)
			cpu_relax();
}

void hv_unlock(void)
{
	__sync_lock_release(&lock);
}
