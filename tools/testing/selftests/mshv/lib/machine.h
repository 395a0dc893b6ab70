/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of tests that need a machine and nothing else: "vm".  To be
 * included by the test itself, once.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <unistd.h>

#include "../../kselftest_harness.h"
#include "vm.h"

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
};

FIXTURE_SETUP(vm)
{
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	ASSERT_EQ(0, vm_create(&self->vm));
}

FIXTURE_TEARDOWN(vm)
{
	vm_destroy(&self->vm);
}

#endif /* MACHINE_H */
