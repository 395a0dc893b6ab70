// SPDX-License-Identifier: GPL-2.0
/*
 * TLB flushes of a guest and hints to the scheduler (hypercalls.md 3.10). Every
 * entry into a VP flushes all there is, so that a VP has flushed as soon as it has
 * been off its LP once: the checks are exact, the work is coarse.
 */
#include "hc.h"

#define FLUSH_ALL_PROCESSORS		BIT(0)
#define FLUSH_ALL_ADDRESS_SPACES	BIT(1)
#define FLUSH_NON_GLOBAL_ONLY		BIT(2)

struct flush_input {
	u64 address_space;
	u64 flags;
	u64 mask;
} __packed;

struct flush_ex_input {
	u64 address_space;
	u64 flags;
	u64 format;
	u64 valid_bank_mask;
	u64 bank[];
} __packed;

static u16 flags_check(u64 address_space, u64 flags, bool list)
{
	/* Extended ranges are not offered (CPUID 0x40000003 EDX bit 14). */
	u64 legal = FLUSH_ALL_PROCESSORS | FLUSH_ALL_ADDRESS_SPACES | (list ? 0 : FLUSH_NON_GLOBAL_ONLY);

	if ((flags & ~legal) || (!(flags & FLUSH_ALL_ADDRESS_SPACES) && (address_space & ~BITS(51, 0))))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static u16 flush_check(const struct flush_input *in, bool list)
{
	if (!in->mask && !(in->flags & FLUSH_ALL_PROCESSORS))
		return HV_STATUS_INVALID_PARAMETER;
	return flags_check(in->address_space, in->flags, list);
}

static u16 flush_ex_check(struct hcall *c, bool list)
{
	const struct flush_ex_input *in = c->in;
	u64 bits[MAX_VPS / 64];
	u16 status = flags_check(in->address_space, in->flags, list);

	if (status)
		return status;
	status = vp_set_gather(in->format, in->valid_bank_mask, c->var, c->nr_var, bits);
	if (!status && !(in->flags & FLUSH_ALL_PROCESSORS) && bitmap_next(bits, MAX_VPS, 0) == MAX_VPS)
		status = HV_STATUS_INVALID_PARAMETER;
	return status;
}

static u16 flush(struct hcall *c, u16 status)
{
	if (!status)
		npt_flush(c->vp->pt);
	return status;
}

u16 hc_flush_virtual_address_space(struct hcall *c)
{
	return flush(c, flush_check(c->in, false));
}

u16 hc_flush_virtual_address_space_ex(struct hcall *c)
{
	return flush(c, flush_ex_check(c, false));
}

/* Once for the whole list: the ranges need no look. */
u16 hc_flush_virtual_address_list_begin(struct hcall *c)
{
	return flush(c, flush_check(c->in, true));
}

u16 hc_flush_virtual_address_list_ex_begin(struct hcall *c)
{
	return flush(c, flush_ex_check(c, true));
}

u16 hc_flush_virtual_address_list(struct hcall *c, u32 index)
{
	(void)c;
	(void)index;
	return HV_STATUS_SUCCESS;
}

/* MOV to CR3; the next entry flushes. */
u16 hc_switch_virtual_address_space(struct hcall *c)
{
	u64 cr3 = *(const u64 *)c->in;

	if (cr3 >> features_phys_bits())
		return HV_STATUS_INVALID_PARAMETER;
	c->vp->vmcb->s.cr3 = cr3;
	return HV_STATUS_SUCCESS;
}

/* A hint; always SUCCESS. */
u16 hc_notify_long_spin_wait(struct hcall *c)
{
	(void)c;
	return HV_STATUS_SUCCESS;
}
