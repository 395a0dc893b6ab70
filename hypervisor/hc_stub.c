// SPDX-License-Identifier: GPL-2.0
/* DispatchVp where no root scheduler is built in. */
#include "hc.h"

u16 __attribute__((weak)) hc_dispatch_vp(struct hcall *c)
{
	(void)c;
	return HV_STATUS_OPERATION_DENIED;	/* a guess */
}
