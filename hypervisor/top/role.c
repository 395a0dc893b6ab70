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

/*
 * A root adds its own processors and VPs, on builds like the one that CPUID names. Older
 * ones have them all from the start (interface.md 10.5), and so has any other partition.
 */
static u32 vps_ready(void)
{
	return options.role == ROLE_ROOT && !options.all_lps ? 1 : nr_lps;
}

/* No source says that they are in the order of their APIC IDs, so they are not (a guess). */
static u32 lp_index(u32 i)
{
	return i && options.all_lps ? nr_lps - i : i;
}

void role_start(void)
{
	pool_seed(root, vps_ready() * VP_FRAMES);
	for (u32 i = 0; i < vps_ready(); i++) {
		lps[i]->index = lp_index(i);
		lps[i]->added = true;
		if (vp_create(root, lps[i]->index, lps[i]))
			hv_panic("no memory for VP %u of the first partition", lps[i]->index);
	}
	if (options.role != ROLE_ROOT)
		hv_info("the first partition is no root: %s", roles[options.role].name);
}
