// SPDX-License-Identifier: GPL-2.0
/*
 * The firmware: tables of a hardware-reduced ACPI machine with processors, one
 * IO-APIC, one serial port, virtio devices, an off switch and a reset register;
 * and code at the reset vector.
 */
#include <string.h>

#include "vmm.h"

#define FADT_NO_VGA		BIT(2)

#define FADT_WBINVD		BIT(0)
#define FADT_NO_POWER_BUTTON	BIT(4)
#define FADT_NO_SLEEP_BUTTON	BIT(5)
#define FADT_RESET_SUPPORTED	BIT(10)
#define FADT_HARDWARE_REDUCED	BIT(20)

#define MADT_LOCAL_APIC		0x0800	/* size and type */
#define MADT_IO_APIC		0x0c01
#define MADT_ENABLED		1

#define __packed		__attribute__((__packed__))

struct acpi_rsdp {
	char signature[8];
	__u8 checksum;
	char oem[6];
	__u8 revision;
	__u32 rsdt;
} __packed;

struct acpi_header {
	char signature[4];
	__u32 size;
	__u8 revision;
	__u8 checksum;
	char oem[14];
	__u32 oem_revision;
	char creator[4];
	__u32 creator_revision;
} __packed;

/* A register of 8 bits */
struct acpi_port {
	__u32 kind;
	__u64 port;
} __packed;

#define ACPI_PORT(n)		{ 0x01000801, n }

/* What a hardware-reduced machine leaves zero has no name here */
struct acpi_fadt {
	__u8 zero1[72];
	__u8 century;
	__u16 boot_flags;
	__u8 zero2;
	__u32 flags;
	struct acpi_port reset;
	__u8 reset_value;
	__u8 zero3[11];
	__u64 dsdt;
	__u8 zero4[96];
	struct acpi_port sleep_control;
	struct acpi_port sleep_status;
	__u64 hypervisor;
} __packed;

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
} __packed;

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
	0xf4,						/* hlt */
};

static __u8 acpi_checksum(const void *table, size_t size)
{
	const __u8 *byte = table;
	__u8 sum = 0;

	while (size--)
		sum -= *byte++;
	return sum;
}

/* Put a table behind the ones before, and return where it is */
static __u32 acpi_add(const struct memory *memory, __u32 *next,
		      const char *signature, __u8 revision,
		      const void *content, size_t content_size)
{
	size_t size = sizeof(struct acpi_header) + content_size;
	struct acpi_header *header = memory_at(memory, *next, size);
	__u32 gpa = *next;

	*header = (struct acpi_header){
		.size = size,
		.revision = revision,
		.oem = "MSHV  SAMPLE",
		.oem_revision = 1,
		.creator = "MSHV",
		.creator_revision = 1,
	};
	memcpy(header->signature, signature, sizeof(header->signature));
	memcpy(header + 1, content, content_size);
	header->checksum = acpi_checksum(header, size);
	*next = (gpa + size + 15) & ~15U;
	return gpa;
}

static size_t dsdt_build(__u8 *aml, unsigned int nr_virtio)
{
	size_t size = sizeof(aml_machine);
	struct aml_virtio device = aml_virtio;
	unsigned int i;

	memcpy(aml, aml_machine, sizeof(aml_machine));
	for (i = 0; i < nr_virtio; i++, size += sizeof(device)) {
		device.digit = '0' + i;
		device.uid = i;
		device.gpa = VIRTIO_GPA(i);
		device.pin = VIRTIO_PIN(i);
		memcpy(aml + size, &device, sizeof(device));
	}
	return size;
}

static size_t madt_build(__u32 *madt, unsigned int nr_cpus)
{
	const __u32 apics[] = { LAYOUT_LAPIC, 0, MADT_IO_APIC, LAYOUT_IOAPIC, 0 };
	__u32 *next = madt + ARRAY_SIZE(apics);
	unsigned int i;

	memcpy(madt, apics, sizeof(apics));
	for (i = 0; i < nr_cpus; i++) {
		*next++ = MADT_LOCAL_APIC | i << 16 | i << 24;
		*next++ = MADT_ENABLED;
	}
	return (next - madt) * sizeof(*madt);
}

/**
 * acpi_build() - Write the firmware into guest memory
 * @memory: the guest's
 * @nr_cpus: how many processors to describe; their APIC IDs are 0 and up
 * @nr_virtio: how many virtio devices
 *
 * The root pointer is at LAYOUT_ACPI. At the reset vector begins a PC's firmware,
 * and there a kernel jumps to in real mode if it knows no better way to restart.
 */
void acpi_build(const struct memory *memory, unsigned int nr_cpus,
		unsigned int nr_virtio)
{
	struct acpi_rsdp *rsdp = memory_at(memory, LAYOUT_ACPI, sizeof(*rsdp));
	__u8 aml[sizeof(aml_machine) + VIRTIO_MAX * sizeof(aml_virtio)];
	__u32 madt[5 + 2 * VM_MAX_CPUS];
	struct acpi_fadt fadt = {
		.century = CMOS_CENTURY,
		.boot_flags = FADT_NO_VGA,
		.flags = FADT_WBINVD | FADT_NO_POWER_BUTTON |
			 FADT_NO_SLEEP_BUTTON | FADT_RESET_SUPPORTED |
			 FADT_HARDWARE_REDUCED,
		.reset = ACPI_PORT(PORT_RESET),
		.reset_value = RESET_CPU,
		.sleep_control = ACPI_PORT(PORT_SLEEP),
		.sleep_status = ACPI_PORT(PORT_SLEEP),
	};
	__u32 tables[2], next = LAYOUT_ACPI + 0x20;

	fadt.dsdt = acpi_add(memory, &next, "DSDT", 2, aml,
			     dsdt_build(aml, nr_virtio));
	tables[0] = acpi_add(memory, &next, "FACP", 6, &fadt, sizeof(fadt));
	tables[1] = acpi_add(memory, &next, "APIC", 4, madt,
			     madt_build(madt, nr_cpus));

	*rsdp = (struct acpi_rsdp){
		.signature = "RSD PTR ",
		.oem = "MSHV",
		.rsdt = acpi_add(memory, &next, "RSDT", 1, tables,
				 sizeof(tables)),
	};
	rsdp->checksum = acpi_checksum(rsdp, sizeof(*rsdp));

	memcpy(memory_at(memory, LAYOUT_RESET_VECTOR, sizeof(reset_code)),
	       reset_code, sizeof(reset_code));
}
