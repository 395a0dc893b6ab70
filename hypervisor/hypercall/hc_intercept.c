// SPDX-License-Identifier: GPL-2.0
/*
 * Installed intercepts (hypercalls.md 3.5). They are the partition's, kept in one
 * frame; what the processor has to be told (exceptions) goes into each VMCB.
 */
#include "hc.h"

struct intercept {
	u32 type;
	u32 access;
	u64 parameter;
};

#define NR_INTERCEPTS	((PAGE_SIZE - 8) / sizeof(struct intercept))

struct intercept_list {
	u32 nr;
	u32 unused;
	struct intercept list[NR_INTERCEPTS];
};
static_assert(sizeof(struct intercept_list) <= 4096, "intercepts fit a frame");

/*
 * What may be installed: the masks allowed, the bits of the parameter that count. Nothing
 * is told of SMI, INIT and SIPI, APIC writes, exceptions as traps (the messages are not
 * documented); accesses to what is not mapped are told of without installation.
 */
static const struct {
	u8 type;
	u8 access;		/* all that may be asked for */
	bool together;		/* all of it or nothing */
	u64 parameter;
} rules[] = {
	{ HV_INTERCEPT_X64_IO_PORT, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE, true, 0xffff },
	{ HV_INTERCEPT_X64_MSR, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE, true, 0 },
	{ HV_INTERCEPT_X64_CPUID, HV_INTERCEPT_EXECUTE, true, 0xffffffff },
	{ HV_INTERCEPT_EXCEPTION, HV_INTERCEPT_EXECUTE, true, 0x1f },
	{ HV_INTERCEPT_MMIO, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE, false, 0 },
	{ HV_INTERCEPT_X64_GLOBAL_CPUID, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_X64_APIC_SMI, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_HYPERCALL, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_X64_APIC_INIT_SIPI, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_MC_UPDATE_PATCH_LEVEL, HV_INTERCEPT_READ, true, 0 },
	{ HV_INTERCEPT_X64_APIC_WRITE, HV_INTERCEPT_WRITE, true, 0xffffffff },
	{ HV_INTERCEPT_X64_MSR_INDEX, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE, false, 0xffffffff },
	{ HV_INTERCEPT_UNKNOWN_CONNECTION, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_X64_APIC_EOI, HV_INTERCEPT_WRITE, true, ~0ull },
	{ HV_INTERCEPT_RETARGET_UNKNOWN_DEVICE, HV_INTERCEPT_EXECUTE, true, 0 },
	{ HV_INTERCEPT_X64_EXCEPTION_TRAP, HV_INTERCEPT_EXECUTE, true, 0x1f },
	{ HV_INTERCEPT_X64_IO_PORT_RANGE, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE, true, 0xffffffff },
};

static u16 intercept_check(const struct hv_install_intercept_input *in)
{
	u64 p = in->parameter;

	for (u32 i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].type != in->type)
			continue;
		if ((in->access_mask & ~rules[i].access) || (p & ~rules[i].parameter) ||
		    (rules[i].together && in->access_mask && in->access_mask != rules[i].access))
			return HV_STATUS_INVALID_PARAMETER;
		if (in->type == HV_INTERCEPT_X64_IO_PORT_RANGE && (p & 0xffff) > p >> 16)
			return HV_STATUS_INVALID_PARAMETER;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

static struct intercept *intercept_find(struct intercept_list *l, u32 type, u64 parameter)
{
	for (u32 i = 0; i < l->nr; i++)
		if (l->list[i].type == type && l->list[i].parameter == parameter)
			return &l->list[i];
	return NULL;
}

#define MSR_PATCH_LEVEL	0x8b

/* IO_PORT matches a range too, MSR_INDEX what MSR catches, CPUID what GLOBAL_CPUID does. */
static bool intercept_covers(const struct intercept *i, u32 type, u64 parameter)
{
	if (i->type == type)
		return i->parameter == parameter || type == HV_INTERCEPT_X64_APIC_EOI;
	switch (type) {
	case HV_INTERCEPT_X64_IO_PORT:
		return i->type == HV_INTERCEPT_X64_IO_PORT_RANGE && parameter >= (i->parameter & 0xffff) &&
		       parameter <= i->parameter >> 16;
	case HV_INTERCEPT_X64_MSR_INDEX:
		return i->type == HV_INTERCEPT_X64_MSR ||
		       (i->type == HV_INTERCEPT_MC_UPDATE_PATCH_LEVEL && parameter == MSR_PATCH_LEVEL);
	case HV_INTERCEPT_X64_CPUID:
		return i->type == HV_INTERCEPT_X64_GLOBAL_CPUID;
	}
	return false;
}

bool intercept_wanted(const struct partition *pt, u32 type, u64 parameter, u32 access)
{
	const struct intercept_list *l = pt->intercepts;

	for (u32 i = 0; l && i < l->nr; i++)
		if ((l->list[i].access & access) && intercept_covers(&l->list[i], type, parameter))
			return true;
	return false;
}

/* An EXO partition has no devices but its parent's: all its ports are told of. One that is touched is enough. */
bool intercept_wanted_io(const struct partition *pt, u16 port, u32 size)
{
	if (pt->flags & HV_PARTITION_CREATION_FLAG_EXO_PARTITION)
		return true;
	for (u32 i = 0; i < size; i++)
		if (intercept_wanted(pt, HV_INTERCEPT_X64_IO_PORT, port + i, HV_INTERCEPT_READ | HV_INTERCEPT_WRITE))
			return true;
	return false;
}

/* The exception bitmap has nothing else in it for a child. */
void intercept_vp_update(struct vp *vp)
{
	u32 map = 0;

	if (partition_is_root(vp->pt))
		return;
	for (u32 vector = 0; vector < 32; vector++)
		if (intercept_wanted(vp->pt, HV_INTERCEPT_EXCEPTION, vector, HV_INTERCEPT_EXECUTE))
			map |= 1u << vector;
	vp->vmcb->c.intercept_exceptions = map;
	vp->vmcb->c.clean = 0;
}

static u16 intercept_store(struct intercept_list *l, const struct hv_install_intercept_input *in)
{
	struct intercept *i = intercept_find(l, in->type, in->parameter);

	if (!in->access_mask) {
		if (i)
			*i = l->list[--l->nr];
		return HV_STATUS_SUCCESS;
	}
	if (!i) {
		if (l->nr == NR_INTERCEPTS)
			return HV_STATUS_NO_RESOURCES;
		i = &l->list[l->nr++];
	}
	*i = (struct intercept){ .type = in->type, .access = in->access_mask, .parameter = in->parameter };
	return HV_STATUS_SUCCESS;
}

/* TLFS HvCallInstallIntercept. Access mask 0 removes; removing what is not there succeeds. */
u16 hc_install_intercept(struct hcall *c)
{
	const struct hv_install_intercept_input *in = c->in;
	struct partition *pt;
	u16 status = hc_partition(c, in->partition_id, HC_CHILD | HC_ACTIVE, &pt);

	if (status)
		return status;
	status = intercept_check(in);
	if (status)
		return status;
	status = intercept_store(pt->intercepts, in);
	for (u32 i = 0; i < MAX_VPS; i++) {
		struct vp *vp = vp_get(pt, i);

		if (!vp)
			continue;
		vp_stop(vp);
		intercept_vp_update(vp);
	}
	return status;
}

u16 hc_check_for_io_intercept(struct hcall *c)
{
	const struct hv_check_io_intercept_input *in = c->in;
	struct partition *pt;
	struct vp *vp;
	u16 status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);

	if (status)
		return status;
	if (in->target_vtl || in->is_write > 1 || (in->size != 1 && in->size != 2 && in->size != 4))
		return HV_STATUS_INVALID_PARAMETER;
	*(u8 *)c->out = intercept_wanted_io(pt, in->port, in->size);
	return HV_STATUS_SUCCESS;
}
