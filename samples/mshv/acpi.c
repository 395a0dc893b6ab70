// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware tables: a hardware-reduced ACPI machine with processors, one
 * IO-APIC, one serial port, virtio devices, an off switch and a reset register.
 */
#include <string.h>

#include "vmm.h"

#define ACPI_TABLE_MAX		1024
#define ACPI_HEADER_SIZE	36
#define ACPI_HEADER_LENGTH	4
#define ACPI_HEADER_REVISION	8
#define ACPI_HEADER_CHECKSUM	9
#define ACPI_HEADER_OEM_ID	10

#define RSDP_CHECKSUM		8
#define RSDP_V1_SIZE		20
#define RSDP_LENGTH		20
#define RSDP_XSDT		24
#define RSDP_EXT_CHECKSUM	32
#define RSDP_SIZE		36

/* Fields of the FADT; what a hardware-reduced machine leaves zero is not here */
#define FADT_CENTURY		108
#define FADT_BOOT_FLAGS		109
#define   FADT_BOOT_NO_VGA	BIT(2)
#define FADT_FLAGS		112
#define   FADT_WBINVD		BIT(0)
#define   FADT_NO_POWER_BUTTON	BIT(4)
#define   FADT_NO_SLEEP_BUTTON	BIT(5)
#define   FADT_RESET_SUPPORTED	BIT(10)
#define   FADT_HARDWARE_REDUCED	BIT(20)
#define FADT_RESET_REGISTER	116
#define FADT_RESET_VALUE	128
#define FADT_DSDT		140
#define FADT_SLEEP_CONTROL	244
#define FADT_SLEEP_STATUS	256
#define FADT_SIZE		276

/* A register in port space, 8 bits, byte access; the address follows */
#define GAS_PORT		0x01000801
#define GAS_ADDRESS		4

#define MADT_LOCAL_APIC		0
#define MADT_LOCAL_APIC_SIZE	8
#define MADT_IO_APIC		1
#define MADT_IO_APIC_SIZE	12
#define MADT_ENABLED		1

/* What differs between the virtio devices, in aml_virtio */
#define AML_DIGIT		13
#define AML_UID			35
#define AML_GPA			49
#define AML_PIN			62

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
 *
 * A level interrupt costs a message at its end, and is asked for again as long
 * as the port has something to say.
 */
static const __u8 aml_machine[] = {
	0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02,
	0x0a, POWER_S5, 0x0a, POWER_S5,
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
 *
 * An edge needs no message at its end, and can come from an irqfd.
 */
static const __u8 aml_virtio[] = {
	0x5b, 0x82, 0x42, 0x04, '\\', 0x2e,
	'_', 'S', 'B', '_', 'V', 'I', 'R', '0',
	0x08, '_', 'H', 'I', 'D', 0x0d,
	'L', 'N', 'R', 'O', '0', '0', '0', '5', 0x00,
	0x08, '_', 'U', 'I', 'D', 0x0a, 0x00,
	0x08, '_', 'C', 'R', 'S', 0x11, 0x1a, 0x0a, 0x17,
	0x86, 0x09, 0x00, 0x01, 0, 0, 0, 0, 0x00, 0x10, 0x00, 0x00,
	0x89, 0x06, 0x00, 0x03, 0x01, 0, 0x00, 0x00, 0x00,
	0x79, 0x00,
};

/* The area that the tables are laid out in, and the table in the making */
struct acpi {
	const struct memory *memory;
	__u64 next;
	__u8 table[ACPI_TABLE_MAX];
	size_t size;
};

static void acpi_put(struct acpi *acpi, size_t offset, size_t size,
		     __u64 value)
{
	memcpy(acpi->table + offset, &value, size);
}

static void acpi_append(struct acpi *acpi, const void *data, size_t size)
{
	memcpy(acpi->table + acpi->size, data, size);
	acpi->size += size;
}

static void acpi_begin(struct acpi *acpi, const char *signature,
		       __u8 revision, size_t size)
{
	memset(acpi->table, 0, sizeof(acpi->table));
	memcpy(acpi->table, signature, 4);
	acpi->table[ACPI_HEADER_REVISION] = revision;
	memcpy(acpi->table + ACPI_HEADER_OEM_ID,
	       "MSHV  SAMPLE  \1\0\0\0MSHV\1\0\0\0", 26);
	acpi->size = size;
}

static __u8 acpi_checksum(const __u8 *byte, size_t size)
{
	__u8 sum = 0;

	while (size--)
		sum += *byte++;
	return -sum;
}

/* Put the table into the guest, and say where it is */
static __u64 acpi_end(struct acpi *acpi)
{
	__u64 gpa = acpi->next;

	acpi_put(acpi, ACPI_HEADER_LENGTH, 4, acpi->size);
	acpi->table[ACPI_HEADER_CHECKSUM] = acpi_checksum(acpi->table,
							  acpi->size);
	memcpy(memory_at(acpi->memory, gpa, acpi->size), acpi->table,
	       acpi->size);
	acpi->next = (gpa + acpi->size + 15) & ~15ULL;
	return gpa;
}

static __u64 acpi_add_dsdt(struct acpi *acpi, unsigned int nr_virtio)
{
	unsigned int i;
	size_t at;

	acpi_begin(acpi, "DSDT", 2, ACPI_HEADER_SIZE);
	acpi_append(acpi, aml_machine, sizeof(aml_machine));
	for (i = 0; i < nr_virtio; i++) {
		at = acpi->size;
		acpi_append(acpi, aml_virtio, sizeof(aml_virtio));
		acpi->table[at + AML_DIGIT] = '0' + i;
		acpi->table[at + AML_UID] = i;
		acpi_put(acpi, at + AML_GPA, 4, VIRTIO_GPA(i));
		acpi->table[at + AML_PIN] = VIRTIO_PIN(i);
	}
	return acpi_end(acpi);
}

static void acpi_put_port(struct acpi *acpi, size_t offset, __u16 port)
{
	acpi_put(acpi, offset, 4, GAS_PORT);
	acpi_put(acpi, offset + GAS_ADDRESS, 8, port);
}

static __u64 acpi_add_fadt(struct acpi *acpi, __u64 dsdt)
{
	acpi_begin(acpi, "FACP", 6, FADT_SIZE);
	acpi_put(acpi, FADT_CENTURY, 1, CMOS_CENTURY);
	acpi_put(acpi, FADT_BOOT_FLAGS, 2, FADT_BOOT_NO_VGA);
	acpi_put(acpi, FADT_FLAGS, 4,
		 FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON |
		 FADT_RESET_SUPPORTED | FADT_HARDWARE_REDUCED);
	acpi_put_port(acpi, FADT_RESET_REGISTER, PORT_POWER + POWER_RESET);
	acpi_put(acpi, FADT_RESET_VALUE, 1, POWER_RESET_VALUE);
	acpi_put(acpi, FADT_DSDT, 8, dsdt);
	acpi_put_port(acpi, FADT_SLEEP_CONTROL,
		      PORT_POWER + POWER_SLEEP_CONTROL);
	acpi_put_port(acpi, FADT_SLEEP_STATUS, PORT_POWER + POWER_SLEEP_STATUS);
	return acpi_end(acpi);
}

static __u64 acpi_add_madt(struct acpi *acpi, unsigned int nr_cpus)
{
	const __u32 apic[] = { LAYOUT_LAPIC, 0 };
	const __u32 io_apic[] = {
		MADT_IO_APIC | MADT_IO_APIC_SIZE << 8, LAYOUT_IOAPIC, 0,
	};
	unsigned int i;

	acpi_begin(acpi, "APIC", 4, ACPI_HEADER_SIZE);
	acpi_append(acpi, apic, sizeof(apic));
	acpi_append(acpi, io_apic, sizeof(io_apic));
	for (i = 0; i < nr_cpus; i++) {
		const __u32 local_apic[] = {
			MADT_LOCAL_APIC | MADT_LOCAL_APIC_SIZE << 8 |
			i << 16 | i << 24, MADT_ENABLED,
		};

		acpi_append(acpi, local_apic, sizeof(local_apic));
	}
	return acpi_end(acpi);
}

/**
 * acpi_build() - Write the tables into guest memory
 * @memory: the guest's
 * @nr_cpus: how many processors to describe; their APIC IDs are 0 and up
 * @nr_virtio: how many virtio devices
 *
 * The root pointer is at LAYOUT_ACPI.
 */
void acpi_build(const struct memory *memory, unsigned int nr_cpus,
		unsigned int nr_virtio)
{
	struct acpi acpi = { memory, LAYOUT_ACPI + RSDP_SIZE };
	__u64 tables[2], xsdt;

	acpi.next = (acpi.next + 15) & ~15ULL;
	tables[0] = acpi_add_fadt(&acpi, acpi_add_dsdt(&acpi, nr_virtio));
	tables[1] = acpi_add_madt(&acpi, nr_cpus);
	acpi_begin(&acpi, "XSDT", 1, ACPI_HEADER_SIZE);
	acpi_append(&acpi, tables, sizeof(tables));
	xsdt = acpi_end(&acpi);

	memset(acpi.table, 0, RSDP_SIZE);
	memcpy(acpi.table, "RSD PTR \0MSHV  \2", RSDP_V1_SIZE - 4);
	acpi_put(&acpi, RSDP_LENGTH, 4, RSDP_SIZE);
	acpi_put(&acpi, RSDP_XSDT, 8, xsdt);
	acpi.table[RSDP_CHECKSUM] = acpi_checksum(acpi.table, RSDP_V1_SIZE);
	acpi.table[RSDP_EXT_CHECKSUM] = acpi_checksum(acpi.table, RSDP_SIZE);
	memcpy(memory_at(memory, LAYOUT_ACPI, RSDP_SIZE), acpi.table,
	       RSDP_SIZE);
}
