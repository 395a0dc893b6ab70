// SPDX-License-Identifier: GPL-2.0
/*
 * Where processors are: proximity domains by ACPI (SRAT), packages by CPUID; and what
 * the root has told of both (AddLogicalProcessor, CreateVp). A root that tells
 * otherwise is refused.
 */
#include "hc.h"
#include "cpu.h"
#include "format.h"
#include "internal.h"

bool topology_domain_known(u32 domain)
{
	for (u32 i = 0; i < acpi.nr_domains; i++)
		if (acpi.domains[i] == domain)
			return true;
	return !acpi.nr_domains && !domain;
}

/* A firmware that names none has one: 0. */
static u32 domain_of(u32 apic_id)
{
	for (u32 i = 0; i < acpi.nr_affinities; i++)
		if (acpi.affinities[i].apic_id == apic_id)
			return acpi.affinities[i].domain;
	return 0;
}

/* Bits of the APIC ID below the package: CPUID 0xB where it is, or APM3 80000008 ECX. */
static u32 package_shift(void)
{
	u32 r[4];

	cpuid(0, 0, r);
	if (r[0] >= 0xb) {
		cpuid(0xb, 1, r);
		if (r[1])
			return r[0] & 31;
	}
	cpuid(0x80000008, 0, r);
	return r[2] >> 12 & 15;
}

static u32 package_of(u32 apic_id)
{
	return apic_id >> package_shift();
}

/* A processor is where it is: no other domain that there is will do. */
u16 topology_check_lp(u32 apic_id, const struct hv_proximity_info *told)
{
	u32 domain = domain_of(apic_id);

	if (!(told->flags & HV_PROXIMITY_VALID) || told->domain_id == domain || !topology_domain_known(told->domain_id))
		return HV_STATUS_SUCCESS;
	hv_info("processor with APIC ID %u is in proximity domain %u, the root says %u", apic_id, domain, told->domain_id);
	return HV_STATUS_INVALID_PARAMETER;
}

/* A root VP's socket is the package of its LP; the other subnodes have no number that we know. */
u16 topology_check_vp(const struct lp *home, u8 subnode_type, u64 subnode_id)
{
	if (subnode_type != HV_SUBNODE_SOCKET || subnode_id == package_of(home->apic_id))
		return HV_STATUS_SUCCESS;
	hv_info("LP %u is in package %u, the root says %llu", home->index, package_of(home->apic_id), subnode_id);
	return HV_STATUS_INVALID_PARAMETER;
}

static const char *told_text(bool told, u64 number, char text[24])
{
	format_text(text, 24, told ? "%llu" : "none", number);
	return text;
}

static void lp_print(const struct lp *lp)
{
	const struct vp *vp = lp->root_vp;
	char a[24], b[24], c[24];

	hv_info("lp: LP %u APIC ID %u domain %u package %u, told: domain %s, VP %s socket %s",
		lp->index, lp->apic_id, domain_of(lp->apic_id), package_of(lp->apic_id),
		told_text(lp->proximity.flags & HV_PROXIMITY_VALID, lp->proximity.domain_id, a),
		told_text(vp, vp ? vp->index : 0, b),
		told_text(vp && vp->subnode_type == HV_SUBNODE_SOCKET, vp ? vp->subnode_id : 0, c));
}

void topology_print(void)
{
	u32 nr = 0;

	for (u32 i = 0; i < nr_lps; i++) {
		if (!lps[i]->added)
			continue;
		lp_print(lps[i]);
		nr++;
	}
	hv_info("lps: %u", nr);
}
