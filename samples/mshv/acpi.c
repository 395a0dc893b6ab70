// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware: tables of a hardware-reduced ACPI machine with processors, one
 * IO-APIC, one serial port, virtio devices, an off switch and a reset register;
 * and code at the reset vector.
 */
#include <string.h>

#include "vmm.h"

/* Where the tables are, behind LAYOUT_ACPI */
#define ACPI_RSDT		0x0100
#define ACPI_FADT		0x0200
#define ACPI_MADT		0x0400
#define ACPI_DSDT		0x1000

#define ACPI_HEADER_SIZE	36
#define ACPI_IO_PORT		0x01000801	/* of 8 bits */

#define FADT_SIZE		276
#define FADT_NO_VGA		BIT(2)
#define FADT_WBINVD		BIT(0)
#define FADT_NO_POWER_BUTTON	BIT(4)
#define FADT_NO_SLEEP_BUTTON	BIT(5)
#define FADT_RESET_SUPPORTED	BIT(10)
#define FADT_HARDWARE_REDUCED	BIT(20)

#define MADT_LOCAL_APIC		0x0800		/* size and type */
#define MADT_IO_APIC		0x0c01
#define MADT_ENABLED		1

/* What a hardware-reduced machine does not leave zero */
static const struct fadt_field {
	__u16 offset;
	__u16 size;
	__u32 value;
} fadt_fields[] = {
	{ 108, 1, CMOS_CENTURY },
	{ 109, 2, FADT_NO_VGA },
	{ 112, 4, FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON |
		  FADT_RESET_SUPPORTED | FADT_HARDWARE_REDUCED },
	{ 116, 4, ACPI_IO_PORT }, { 120, 4, PORT_RESET },	/* reset register */
	{ 128, 1, RESET_CPU },
	{ 140, 4, LAYOUT_ACPI + ACPI_DSDT },
	{ 244, 4, ACPI_IO_PORT }, { 248, 4, PORT_SLEEP },	/* sleep control */
	{ 256, 4, ACPI_IO_PORT }, { 260, 4, PORT_SLEEP },	/* sleep status */
};

/*
 * Name (_S5, Package () { 5, 5 })
 * Device (\_SB.COM1) {
 *	Name (_HID, EisaId ("PNP0501"))
 *	Name (_UID, 0)
 *	Name (_CRS, ResourceTemplate () {
 *		IO (Decode16, 0x3f8, 0x3f8, 1, 8)
 *		Interrupt (ResourceConsumer, Level, ActiveHigh) { 4 }
 *	})
 * }
 */
static const __u8 aml_machine[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02,
	0x0a, SLEEP_S5, 0x0a, SLEEP_S5,
	0x5b, 0x82, 0x37, '\\', 0x2e,
	'_', 'S', 'B', '_', 'C', 'O', 'M', '1',
	0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x05, 0x01,
	0x08, '_', 'U', 'I', 'D', 0x00,
	0x08, '_', 'C', 'R', 'S', 0x11, 0x16, 0x0a, 0x13,
	0x47, 0x01, PORT_COM1 & 0xff, PORT_COM1 >> 8,
	PORT_COM1 & 0xff, PORT_COM1 >> 8, 0x01, 0x08,
	0x89, 0x06, 0x00, 0x01, 0x01, IRQ_COM1, 0x00, 0x00, 0x00,
	0x79, 0x00,
};

/*
 * Device (\_SB.VIRn) {
 *	Name (_HID, "LNRO0005")
 *	Name (_UID, n)
 *	Name (_CRS, ResourceTemplate () {
 *		Memory32Fixed (ReadWrite, GPA, 0x1000)
 *		Interrupt (ResourceConsumer, Edge, ActiveHigh) { PIN }
 *	})
 * }
 */
struct aml_virtio {
	char name[13];
	char digit;
	char hid[21];
	__u8 uid;
	char crs[13];
	__u32 gpa;
	char size[9];
	__u32 pin;
	char end[2];
} __attribute__((__packed__));

static const struct aml_virtio aml_virtio = {
	.name = "\x5b\x82\x42\x04\\._SB_VIR",
	.hid = "\x08_HID\x0dLNRO0005\0\x08_UID\x0a",
	.crs = "\x08_CRS\x11\x1a\x0a\x17\x86\x09\0\1",
	.size = "\0\x10\0\0\x89\x06\0\3\1",
	.end = "\x79",
};

static const __u8 reset_code[] = {
	0xb0, RESET_CPU,				/* mov $VALUE,%al */
	0xba, PORT_RESET & 0xff, PORT_RESET >> 8,	/* mov $PORT,%dx */
	0xee,						/* out %al,(%dx) */
};

static __u8 acpi_checksum(const __u8 *table, size_t size)
{
	__u8 sum = 0;

	while (size--)
		sum -= *table++;
	return sum;
}

/* Put a header before a table's content, which is there */
static void acpi_finish(__u8 *table, const char *signature, __u8 revision,
			__u32 content_size)
{
	static const char header[ACPI_HEADER_SIZE] =
		"SIGNSIZERCMSHV  SAMPLE  \1\0\0\0MSHV\1";
	__u32 size = ACPI_HEADER_SIZE + content_size;

	memcpy(table, header, ACPI_HEADER_SIZE);
	memcpy(table, signature, 4);
	memcpy(table + 4, &size, 4);
	table[8] = revision;
	table[9] = 0;
	table[9] = acpi_checksum(table, size);
}

static void fadt_build(__u8 *fadt)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fadt_fields); i++)
		memcpy(fadt + fadt_fields[i].offset, &fadt_fields[i].value,
		       fadt_fields[i].size);
	acpi_finish(fadt, "FACP", 6, FADT_SIZE - ACPI_HEADER_SIZE);
}

static void madt_build(__u8 *madt, unsigned int nr_cpus)
{
	const __u32 apics[] = { LAYOUT_LAPIC, 0, MADT_IO_APIC, LAYOUT_IOAPIC, 0 };
	__u32 *next = (__u32 *)(madt + ACPI_HEADER_SIZE);
	unsigned int i;

	memcpy(next, apics, sizeof(apics));
	next += ARRAY_SIZE(apics);
	for (i = 0; i < nr_cpus; i++) {
		*next++ = MADT_LOCAL_APIC | i << 16 | i << 24;
		*next++ = MADT_ENABLED;
	}
	acpi_finish(madt, "APIC", 4, (__u8 *)next - madt - ACPI_HEADER_SIZE);
}

static void dsdt_build(__u8 *dsdt, unsigned int nr_virtio)
{
	__u8 *next = dsdt + ACPI_HEADER_SIZE + sizeof(aml_machine);
	struct aml_virtio device = aml_virtio;
	unsigned int i;

	memcpy(dsdt + ACPI_HEADER_SIZE, aml_machine, sizeof(aml_machine));
	for (i = 0; i < nr_virtio; i++, next += sizeof(device)) {
		device.digit = '0' + i;
		device.uid = i;
		device.gpa = VIRTIO_GPA(i);
		device.pin = VIRTIO_PIN(i);
		memcpy(next, &device, sizeof(device));
	}
	acpi_finish(dsdt, "DSDT", 2, next - dsdt - ACPI_HEADER_SIZE);
}

/**
 * acpi_build() - Write the firmware into guest memory
 * @memory: the guest's, which has room for it
 * @nr_cpus: how many processors to describe; their APIC IDs are 0 and up
 * @nr_virtio: how many virtio devices
 *
 * The root pointer is at LAYOUT_ACPI. To the reset vector, where a PC's firmware
 * begins, a kernel jumps in real mode that can use EFI and finds none (Debian's).
 */
void acpi_build(const struct memory *memory, unsigned int nr_cpus,
		unsigned int nr_virtio)
{
	static const __u32 rsdt = LAYOUT_ACPI + ACPI_RSDT;
	static const __u32 tables[] = {
		LAYOUT_ACPI + ACPI_FADT, LAYOUT_ACPI + ACPI_MADT,
	};
	__u8 *rom = memory_at(memory, LAYOUT_ACPI, LAYOUT_HIGH - LAYOUT_ACPI);

	memcpy(rom, "RSD PTR \0MSHV  ", 16);
	memcpy(rom + 16, &rsdt, sizeof(rsdt));
	rom[8] = acpi_checksum(rom, 20);
	memcpy(rom + ACPI_RSDT + ACPI_HEADER_SIZE, tables, sizeof(tables));
	acpi_finish(rom + ACPI_RSDT, "RSDT", 1, sizeof(tables));
	fadt_build(rom + ACPI_FADT);
	madt_build(rom + ACPI_MADT, nr_cpus);
	dsdt_build(rom + ACPI_DSDT, nr_virtio);
	memcpy(rom + LAYOUT_RESET_VECTOR - LAYOUT_ACPI, reset_code,
	       sizeof(reset_code));
}
