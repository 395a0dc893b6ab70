// SPDX-License-Identifier: GPL-2.0
/*
 * A partition that starts anew: all of it, because it has written RESET, or its
 * paravirtual part, because its parent scrubs it for a guest's soft reboot.
 */
#include "hc.h"
#include "internal.h"

/* What hangs on no VP. */
static void partition_scrub(struct partition *pt)
{
	pt->guest_os_id = pt->hypercall = pt->reference_tsc = 0;
	memset(pt->stats_msr, 0, sizeof(pt->stats_msr));
	memset(pt->crash, 0, sizeof(pt->crash));
}

/*
 * The root's RESET is the machine's. A child's VPs become what they were when they were
 * created, and go on; its memory stays (T20), and its parent is not told (a guess).
 */
void partition_restart(struct partition *pt)
{
	struct vp *vp;
	u32 pos = 0;

	if (partition_is_root(pt))
		verdict_end(END_RESET);
	partition_scrub(pt);
	while ((vp = vp_next(pt, &pos)))
		vp_restart(vp);
	if (vp_get(pt, 0))
		vp_wake(vp_get(pt, 0));
}

static bool all_stopped(struct partition *pt)
{
	struct vp *vp;
	u32 pos = 0;

	while ((vp = vp_next(pt, &pos)))
		if (!hc_vp_stopped(vp))
			return false;
	return true;
}

/* ScrubPartition: of its input only the partition is known. */
u16 hc_scrub_partition(struct hcall *c)
{
	const struct hv_partition_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u32 pos = 0;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &pt);

	if (status)
		return status;
	if (!all_stopped(pt))
		return HV_STATUS_INVALID_VP_STATE;
	partition_scrub(pt);
	while ((vp = vp_next(pt, &pos)))
		vp_scrub(vp);
	return HV_STATUS_SUCCESS;
}
