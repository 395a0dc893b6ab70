// SPDX-License-Identifier: GPL-2.0
/* The few facts taken from ACPI: processors (MADT), where they are (SRAT), power and reset registers (FADT). */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

struct acpi_info acpi;

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
} __packed;

struct table {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

struct gas {
	u8 space, width, offset, access;
	u64 address;
} __packed;

#define FADT_PM1A_CNT	64
#define FADT_PM1B_CNT	68
#define FADT_PM_TMR	76
#define FADT_RESET_REG	116
#define FADT_RESET_VAL	128
#define GAS_IO		1
#define BDA_EBDA	0x40e		/* segment of the extended BIOS data area */

static const struct rsdp *rsdp_scan(u64 base, u64 end)
{
	for (u64 p = base; p < end; p += 16) {
		const u8 *b = (const u8 *)p;
		u8 sum = 0;

		if (memcmp(b, "RSD PTR ", 8))
			continue;
		for (u32 i = 0; i < 20; i++)
			sum += b[i];
		if (!sum)
			return (const void *)b;
	}
	return NULL;
}

static const struct table *table_find(const struct table *rsdt, const char *signature)
{
	const u32 *entry = (const u32 *)(rsdt + 1);
	u32 nr = (rsdt->length - sizeof(*rsdt)) / 4;

	for (u32 i = 0; i < nr; i++) {
		const struct table *t = (const void *)(u64)entry[i];

		if (!memcmp(t->signature, signature, 4))
			return t;
	}
	return NULL;
}

static void lp_found(u32 apic_id, u32 flags)
{
	if (!(flags & 1))	/* not enabled */
		return;
	if (acpi.nr_lps == MAX_LPS || apic_id > 0xfe)
		hv_info("processor with APIC ID %u is left alone: beyond what is supported", apic_id);
	else
		acpi.apic_ids[acpi.nr_lps++] = apic_id;
}

static void parse_madt(const struct table *madt)
{
	u64 pos = (u64)(madt + 1) + 8, end = (u64)madt + madt->length;

	while (pos + 2 <= end) {
		const u8 *e = (const u8 *)pos;

		if (e[1] < 2)
			break;
		if (e[0] == 0 && e[1] >= 8)		/* local APIC */
			lp_found(e[3], *(const u32 *)(e + 4));
		else if (e[0] == 9 && e[1] >= 16)	/* local x2APIC */
			lp_found(*(const u32 *)(e + 4), *(const u32 *)(e + 8));
		pos += e[1];
	}
}

static void domain_found(u32 domain)
{
	for (u32 i = 0; i < acpi.nr_domains; i++)
		if (acpi.domains[i] == domain)
			return;
	if (acpi.nr_domains < MAX_DOMAINS)
		acpi.domains[acpi.nr_domains++] = domain;
}

static void affinity_found(u32 apic_id, u32 domain)
{
	domain_found(domain);
	if (acpi.nr_affinities == MAX_LPS)
		return;
	acpi.affinities[acpi.nr_affinities].apic_id = apic_id;
	acpi.affinities[acpi.nr_affinities++].domain = domain;
}

/* ACPI 5.2.16: entries that are not enabled (flags bit 0) say nothing. */
static void parse_srat(const struct table *srat)
{
	u64 pos = (u64)(srat + 1) + 12, end = (u64)srat + srat->length;

	while (pos + 2 <= end) {
		const u8 *e = (const u8 *)pos;

		if (e[1] < 2)
			break;
		if (e[0] == 0 && e[1] >= 16 && (e[4] & 1))		/* local APIC; the domain's bytes are apart */
			affinity_found(e[3], e[2] | e[9] << 8 | e[10] << 16 | (u32)e[11] << 24);
		else if (e[0] == 1 && e[1] >= 40 && (e[28] & 1))	/* memory */
			domain_found(*(const u32 *)(e + 2));
		else if (e[0] == 2 && e[1] >= 24 && (e[12] & 1))	/* local x2APIC */
			affinity_found(*(const u32 *)(e + 8), *(const u32 *)(e + 4));
		pos += e[1];
	}
}

static void parse_fadt(const struct table *fadt)
{
	const u8 *b = (const u8 *)fadt;

	acpi.pm1a_cnt = *(const u32 *)(b + FADT_PM1A_CNT);
	acpi.pm1b_cnt = *(const u32 *)(b + FADT_PM1B_CNT);
	acpi.pm_timer = *(const u32 *)(b + FADT_PM_TMR);
	if (fadt->length > FADT_RESET_VAL) {
		const struct gas *g = (const void *)(b + FADT_RESET_REG);

		if (g->space == GAS_IO)
			acpi.reset_port = g->address;
		acpi.reset_value = b[FADT_RESET_VAL];
	}
}

void acpi_parse(void)
{
	const volatile u16 *bda_ebda = frame_ptr(0) + BDA_EBDA;
	u64 ebda = (u64)*bda_ebda << 4;
	const struct rsdp *rsdp = ebda ? rsdp_scan(ebda, ebda + 1024) : NULL;
	const struct table *rsdt, *t;

	if (!rsdp)
		rsdp = rsdp_scan(0xe0000, 0x100000);
	if (!rsdp)
		hv_panic("no ACPI tables");
	rsdt = (const void *)(u64)rsdp->rsdt;
	t = table_find(rsdt, "APIC");
	if (!t)
		hv_panic("no MADT");
	parse_madt(t);
	t = table_find(rsdt, "SRAT");
	if (t)
		parse_srat(t);
	t = table_find(rsdt, "FACP");
	if (t)
		parse_fadt(t);
}

#define PM1_SLP_EN		BIT(13)
#define PM1_SLP_TYP(typ)	(((typ) & 7) << 10)

/* Of S5. Until the root has said which it is: 0, as on the boards of the emulator. */
static u8 slp_typ[2];

void acpi_slp_typ_set(u8 pm1a, u8 pm1b)
{
	slp_typ[0] = pm1a;
	slp_typ[1] = pm1b;
}

void acpi_power_off(void)
{
	if (acpi.pm1a_cnt)
		outw(acpi.pm1a_cnt, PM1_SLP_TYP(slp_typ[0]) | PM1_SLP_EN);
	if (acpi.pm1b_cnt)
		outw(acpi.pm1b_cnt, PM1_SLP_TYP(slp_typ[1]) | PM1_SLP_EN);
	for (u32 i = 0; i < 1000000; i++)
		cpu_relax();
}
