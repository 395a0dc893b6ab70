// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware tables: a hardware-reduced ACPI machine with processors, one
 * IO-APIC, one serial port, an off switch and a reset register.
 */
#include <string.h>

#include "vmm.h"

#define ACPI_OEM_ID		"MSHV  "
#define ACPI_OEM_TABLE_ID	"SAMPLE  "

#define MADT_LOCAL_APIC		0
#define MADT_IO_APIC		1
#define MADT_LOCAL_NMI		4
#define MADT_ENABLED		1
#define MADT_ALL_PROCESSORS	0xff
#define MADT_LINT1		1

#define FADT_REVISION		6
#define FADT_WBINVD		BIT(0)
#define FADT_NO_POWER_BUTTON	BIT(4)
#define FADT_NO_SLEEP_BUTTON	BIT(5)
#define FADT_RESET_REGISTER	BIT(10)
#define FADT_HARDWARE_REDUCED	BIT(20)
#define FADT_BOOT_NO_VGA	BIT(2)

#define GAS_SYSTEM_IO		1
#define GAS_BYTE		1

struct acpi_header {
	char signature[4];
	__u32 length;
	__u8 revision;
	__u8 checksum;
	char oem_id[6];
	char oem_table_id[8];
	__u32 oem_revision;
	char creator_id[4];
	__u32 creator_revision;
} __packed;

struct acpi_rsdp {
	char signature[8];
	__u8 checksum;
	char oem_id[6];
	__u8 revision;
	__u32 rsdt;
	__u32 length;
	__u64 xsdt;
	__u8 extended_checksum;
	__u8 reserved[3];
} __packed;

#define ACPI_RSDP_V1_SIZE	20

struct acpi_xsdt {
	struct acpi_header header;
	__u64 fadt;
	__u64 madt;
} __packed;

struct acpi_gas {
	__u8 space;
	__u8 bits;
	__u8 offset;
	__u8 access;
	__u64 address;
} __packed;

/* What a hardware-reduced machine leaves zero has no name here */
struct acpi_fadt {
	struct acpi_header header;
	__u8 zero1[108 - 36];
	__u8 century;
	__u16 boot_flags;
	__u8 zero2;
	__u32 flags;
	struct acpi_gas reset_register;
	__u8 reset_value;
	__u16 arm_flags;
	__u8 minor_revision;
	__u64 facs;
	__u64 dsdt;
	__u8 zero3[244 - 148];
	struct acpi_gas sleep_control;
	struct acpi_gas sleep_status;
	__u64 hypervisor;
} __packed;

struct madt_local_apic {
	__u8 type;
	__u8 length;
	__u8 processor;
	__u8 apic_id;
	__u32 flags;
} __packed;

struct madt_io_apic {
	__u8 type;
	__u8 length;
	__u8 id;
	__u8 reserved;
	__u32 address;
	__u32 gsi_base;
} __packed;

struct madt_local_nmi {
	__u8 type;
	__u8 length;
	__u8 processor;
	__u16 flags;
	__u8 lint;
} __packed;

struct acpi_madt {
	struct acpi_header header;
	__u32 local_apic_address;
	__u32 flags;
	struct madt_io_apic io_apic;
	struct madt_local_nmi local_nmi;
	struct madt_local_apic local_apic[VM_MAX_CPUS];
} __packed;

/*
 * The body of the DSDT, compiled from:
 *
 *	Name (_S5, Package () { 5, 5 })
 *	Device (\_SB.COM1) {
 *		Name (_HID, EisaId ("PNP0501"))
 *		Name (_UID, 0)
 *		Name (_CRS, ResourceTemplate () {
 *			IO (Decode16, 0x3f8, 0x3f8, 1, 8)
 *			Interrupt (ResourceConsumer, Level, ActiveHigh) { 4 }
 *		})
 *	}
 *
 * A level interrupt costs a message at its end, and is asked for again as long
 * as the port has something to say.
 */
static const __u8 dsdt_body[] = {
	/* Name (_S5, Package () { 5, 5 }) */
	0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02,
	0x0a, POWER_S5, 0x0a, POWER_S5,
	/* Device (\_SB.COM1) */
	0x5b, 0x82, 0x37, '\\', 0x2e,
	'_', 'S', 'B', '_', 'C', 'O', 'M', '1',
	/* Name (_HID, EisaId ("PNP0501")) */
	0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x05, 0x01,
	/* Name (_UID, 0) */
	0x08, '_', 'U', 'I', 'D', 0x00,
	/* Name (_CRS, ResourceTemplate () { */
	0x08, '_', 'C', 'R', 'S', 0x11, 0x16, 0x0a, 0x13,
	/* IO (Decode16, 0x3f8, 0x3f8, 1, 8) */
	0x47, 0x01, PORT_COM1 & 0xff, PORT_COM1 >> 8,
	PORT_COM1 & 0xff, PORT_COM1 >> 8, 0x01, 0x08,
	/* Interrupt (ResourceConsumer, Level, ActiveHigh) { 4 } */
	0x89, 0x06, 0x00, 0x01, 0x01, IRQ_COM1, 0x00, 0x00, 0x00,
	/* }) */
	0x79, 0x00,
};

/* The area that the tables are laid out in */
struct acpi_area {
	const struct memory *memory;
	__u64 next;
};

static __u8 acpi_checksum(const void *data, size_t size)
{
	const __u8 *byte = data;
	__u8 sum = 0;

	while (size--)
		sum += *byte++;
	return -sum;
}

/* Complete the header of a table, put the table into the guest */
static __u64 acpi_add(struct acpi_area *area, struct acpi_header *header,
		      const char *signature, __u8 revision, size_t size)
{
	__u64 gpa = area->next;

	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = size;
	header->revision = revision;
	memcpy(header->oem_id, ACPI_OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, ACPI_OEM_TABLE_ID,
	       sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, "MSHV", sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = acpi_checksum(header, size);

	memcpy(memory_at(area->memory, gpa, size), header, size);
	area->next = (gpa + size + 15) & ~15ULL;
	return gpa;
}

static __u64 acpi_add_dsdt(struct acpi_area *area)
{
	struct {
		struct acpi_header header;
		__u8 body[sizeof(dsdt_body)];
	} __packed dsdt = { 0 };

	memcpy(dsdt.body, dsdt_body, sizeof(dsdt_body));
	return acpi_add(area, &dsdt.header, "DSDT", 2, sizeof(dsdt));
}

static struct acpi_gas acpi_port(__u16 port)
{
	return (struct acpi_gas){
		.space = GAS_SYSTEM_IO,
		.bits = 8,
		.access = GAS_BYTE,
		.address = port,
	};
}

static __u64 acpi_add_fadt(struct acpi_area *area, __u64 dsdt)
{
	struct acpi_fadt fadt = {
		.century = CMOS_CENTURY,
		.boot_flags = FADT_BOOT_NO_VGA,
		.flags = FADT_WBINVD | FADT_NO_POWER_BUTTON |
			 FADT_NO_SLEEP_BUTTON | FADT_RESET_REGISTER |
			 FADT_HARDWARE_REDUCED,
		.reset_register = acpi_port(PORT_POWER + POWER_RESET),
		.reset_value = POWER_RESET_VALUE,
		.dsdt = dsdt,
		.sleep_control = acpi_port(PORT_POWER + POWER_SLEEP_CONTROL),
		.sleep_status = acpi_port(PORT_POWER + POWER_SLEEP_STATUS),
	};

	return acpi_add(area, &fadt.header, "FACP", FADT_REVISION,
			sizeof(fadt));
}

static __u64 acpi_add_madt(struct acpi_area *area, unsigned int nr_cpus)
{
	struct acpi_madt madt = {
		.local_apic_address = LAYOUT_LAPIC,
		.io_apic = {
			.type = MADT_IO_APIC,
			.length = sizeof(madt.io_apic),
			.address = LAYOUT_IOAPIC,
		},
		.local_nmi = {
			.type = MADT_LOCAL_NMI,
			.length = sizeof(madt.local_nmi),
			.processor = MADT_ALL_PROCESSORS,
			.lint = MADT_LINT1,
		},
	};
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		madt.local_apic[i] = (struct madt_local_apic){
			.type = MADT_LOCAL_APIC,
			.length = sizeof(madt.local_apic[i]),
			.processor = i,
			.apic_id = i,
			.flags = MADT_ENABLED,
		};
	return acpi_add(area, &madt.header, "APIC", 4,
			offsetof(struct acpi_madt, local_apic[nr_cpus]));
}

/**
 * acpi_build() - Write the tables into guest memory
 * @memory: the guest's
 * @nr_cpus: how many processors to describe; their APIC IDs are 0 and up
 *
 * The root pointer is at LAYOUT_ACPI.
 */
void acpi_build(const struct memory *memory, unsigned int nr_cpus)
{
	struct acpi_area area = { memory, LAYOUT_ACPI + 64 };
	struct acpi_xsdt xsdt = { 0 };
	struct acpi_rsdp rsdp = {
		.signature = "RSD PTR ",
		.oem_id = ACPI_OEM_ID,
		.revision = 2,
		.length = sizeof(rsdp),
	};

	xsdt.fadt = acpi_add_fadt(&area, acpi_add_dsdt(&area));
	xsdt.madt = acpi_add_madt(&area, nr_cpus);
	rsdp.xsdt = acpi_add(&area, &xsdt.header, "XSDT", 1, sizeof(xsdt));

	rsdp.checksum = acpi_checksum(&rsdp, ACPI_RSDP_V1_SIZE);
	rsdp.extended_checksum = acpi_checksum(&rsdp, sizeof(rsdp));
	memcpy(memory_at(memory, LAYOUT_ACPI, sizeof(rsdp)), &rsdp,
	       sizeof(rsdp));
}
