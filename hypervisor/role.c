// SPDX-License-Identifier: GPL-2.0
/*
 * What the first partition is told that it is (interface.md 1.9): by default the root.
 * Told otherwise, it finds the machine as a guest does: all processors are there and
 * wait for SIPI, no page is provided, and its devices raise the vectors that it has
 * programmed (irq.c), for it is not the one to map interrupts.
 */
#include "hv.h"
#include "internal.h"
#include "string.h"

/* interface.md Appendix C, with stimers and frequencies */
#define ROOT_PRIVILEGES		(0x000211f7ull << 32 | 0x00000affull)
/* T20's defaults of a child, the clocks, and the calls of a VMBus guest */
#define GUEST_PRIVILEGES	(0x5ffull | HV_PRIV_ACCESS_REFERENCE_TSC | HV_PRIV_ACCESS_FREQUENCY_REGS | \
				 HV_PRIV_POST_MESSAGES | HV_PRIV_SIGNAL_EVENTS)

static const struct {
	const char *name;
	u64 privileges;
} roles[] = {
	[ROLE_ROOT]	= { "root", ROOT_PRIVILEGES },
	[ROLE_L1VH]	= { "l1vh", ROOT_PRIVILEGES & ~HV_PRIV_CPU_MANAGEMENT },
	[ROLE_GUEST]	= { "guest", GUEST_PRIVILEGES },
	[ROLE_ISOLATED]	= { "isolated", GUEST_PRIVILEGES | HV_PRIV_ISOLATION },
};

bool role_find(const char *word, u64 len, enum role *role)
{
	for (u32 i = 0; i < ARRAY_SIZE(roles); i++) {
		if (len != strlen(roles[i].name) || memcmp(word, roles[i].name, len))
			continue;
		*role = i;
		return true;
	}
	return false;
}

u64 role_privileges(void)
{
	return roles[options.role].privileges;
}

/* A root adds its own processors and VPs; any other partition has them from the start. */
static u32 vps_ready(void)
{
	return options.role == ROLE_ROOT ? 1 : nr_lps;
}

void role_start(void)
{
	pool_seed(root, vps_ready() * VP_FRAMES);
	for (u32 i = 0; i < vps_ready(); i++) {
		lps[i]->index = i;
		lps[i]->added = true;
		if (vp_create(root, i, lps[i]))
			hv_panic("no memory for VP %u of the first partition", i);
	}
	if (options.role != ROLE_ROOT)
		hv_info("the first partition is no root: %s", roles[options.role].name);
}
