// SPDX-License-Identifier: GPL-2.0
/*
 * The IO-APIC. The local APICs are in the hypervisor, and the kernel sends them
 * what comes from an eventfd. So all that is left to do here is to make routes
 * of what the guest writes into the entries.
 */
#include "vmm.h"

#define IOAPIC_SELECT		0x00
#define IOAPIC_WINDOW		0x10

#define IOAPIC_REG_VERSION	0x01
#define IOAPIC_REG_ENTRIES	0x10
#define IOAPIC_VERSION		(0x11 | (IOAPIC_NR_PINS - 1) << 16)

#define ENTRY_VECTOR_AND_MODE	0x7ff
#define ENTRY_LOGICAL		BIT(11)
#define ENTRY_READ_ONLY		(BIT(12) | BIT(14))
#define ENTRY_MASKED		BIT(16)
#define ENTRY_DESTINATION	24	/* in the upper half */

#define MSI_ADDRESS		0xfee00000
#define MSI_LOGICAL		BIT(2)
#define MSI_DESTINATION		12
#define MSI_LEVEL		BIT(15)

/*
 * Whether a pin is a level or an edge is a matter of what is connected to it,
 * whatever the entry says. A masked one has vector 0, which is never sent.
 */
static struct mshv_user_irq_entry pin_route(const struct ioapic_pin *pin,
					    __u32 gsi)
{
	__u32 low = pin->entry[0], high = pin->entry[1];
	struct mshv_user_irq_entry route = {
		.gsi = gsi,
		.address_lo = MSI_ADDRESS |
			      high >> ENTRY_DESTINATION << MSI_DESTINATION,
		.data = pin->is_level ? MSI_LEVEL : 0,
	};

	if (low & ENTRY_LOGICAL)
		route.address_lo |= MSI_LOGICAL;
	if (!(low & ENTRY_MASKED))
		route.data |= low & ENTRY_VECTOR_AND_MODE;
	return route;
}

/* Each table replaces the one before */
static void ioapic_route(const struct ioapic *ioapic)
{
	struct {
		struct mshv_user_irq_table head;
		struct mshv_user_irq_entry entries[IOAPIC_NR_PINS];
	} table = { .head.nr = IOAPIC_NR_PINS };
	__u32 gsi;

	for (gsi = 0; gsi < IOAPIC_NR_PINS; gsi++)
		table.entries[gsi] = pin_route(&ioapic->pin[gsi], gsi);
	mshv_ioctl(ioapic->partition, MSHV_SET_MSI_ROUTING, &table,
		   "route interrupts");
}

static __u32 *ioapic_entry(struct ioapic *ioapic)
{
	__u32 n = ioapic->select - IOAPIC_REG_ENTRIES;

	return n < 2 * IOAPIC_NR_PINS ? &ioapic->pin[n / 2].entry[n % 2] : NULL;
}

static __u32 ioapic_read(struct ioapic *ioapic)
{
	const __u32 *entry = ioapic_entry(ioapic);

	if (ioapic->select == IOAPIC_REG_VERSION)
		return IOAPIC_VERSION;
	return entry ? *entry : 0;
}

/*
 * What was signalled while a pin was masked is lost, so when it no longer is,
 * a level is looked at, and an edge sent: one too many does no harm.
 */
static void ioapic_write(struct ioapic *ioapic, __u32 value)
{
	__u32 n = ioapic->select % 2, old, *entry = ioapic_entry(ioapic);
	const struct ioapic_pin *pin;

	if (!entry)
		return;
	old = *entry;
	*entry = n ? value : value & ~ENTRY_READ_ONLY;
	pin = container_of(entry, struct ioapic_pin, entry[n]);
	if (!pin->is_connected)
		return;
	ioapic_route(ioapic);
	if (!n && old & ~value & ENTRY_MASKED)
		eventfd_write(pin->is_level ? pin->ended : pin->irq, 1);
}

/* The guest reads or writes the IO-APIC's page */
static void ioapic_access(void *device, __u64 offset, unsigned int size,
			  bool write, __u64 *data)
{
	struct ioapic *ioapic = device;

	if (size != sizeof(__u32))
		return;
	if (offset == IOAPIC_SELECT && write)
		ioapic->select = *data & 0xff;
	else if (offset == IOAPIC_SELECT)
		*data = ioapic->select;
	else if (offset == IOAPIC_WINDOW && write)
		ioapic_write(ioapic, *data);
	else if (offset == IOAPIC_WINDOW)
		*data = ioapic_read(ioapic);
}

/**
 * ioapic_connect() - Let a device interrupt
 * @ioapic: the IO-APIC
 * @gsi: number of the pin
 * @irq: eventfd that becomes the interrupt to which the pin is routed
 * @ended: eventfd that is signalled when such an interrupt has ended, which
 *	   makes it a level; -1 for an edge
 */
void ioapic_connect(struct ioapic *ioapic, __u32 gsi, int irq, int ended)
{
	struct mshv_user_irqfd args = { .fd = irq, .gsi = gsi };
	struct ioapic_pin *pin = &ioapic->pin[gsi];

	pin->is_connected = true;
	pin->is_level = ended >= 0;
	pin->irq = irq;
	pin->ended = ended;
	ioapic_route(ioapic);
	if (pin->is_level) {
		args.resamplefd = ended;
		args.flags = 1 << MSHV_IRQFD_BIT_RESAMPLE;
	}
	mshv_ioctl(ioapic->partition, MSHV_IRQFD, &args, "connect an interrupt");
}

/* As after power-on: all pins masked */
void ioapic_create(struct ioapic *ioapic, struct vm *vm)
{
	struct ioapic_pin *pin;

	for (pin = ioapic->pin; pin < ioapic->pin + IOAPIC_NR_PINS; pin++)
		pin->entry[0] = ENTRY_MASKED;
	ioapic->partition = vm->partition;
	bus_add(&vm->mmio, LAYOUT_IOAPIC, HV_PAGE_SIZE, ioapic_access, ioapic);
}
