// SPDX-License-Identifier: GPL-2.0
/*
 * The IO-APIC. The local APICs are in the hypervisor, and the kernel sends them
 * what comes from an eventfd. So all that is left to do here is to make routes
 * of what the guest writes into the entries.
 */
#include "vmm.h"

#define IOAPIC_SELECT		0x00
#define IOAPIC_WINDOW		0x10
#define IOAPIC_EOI		0x40
#define IOAPIC_SIZE		4

#define IOAPIC_REG_VERSION	0x01
#define IOAPIC_REG_ENTRIES	0x10
#define IOAPIC_VERSION		(0x20 | (IOAPIC_NR_PINS - 1) << 16)

#define ENTRY_VECTOR_AND_MODE	0x7ff
#define ENTRY_LOGICAL		BIT(11)
#define ENTRY_READ_ONLY		(BIT(12) | BIT(14))
#define ENTRY_MASKED		BIT(16)
#define ENTRY_DESTINATION	24	/* in the upper half */

#define MSI_ADDRESS		0xfee00000
#define MSI_LOGICAL		BIT(2)
#define MSI_DESTINATION		12
#define MSI_LEVEL		BIT(15)

void ioapic_init(struct ioapic *ioapic)
{
	int pin;

	pthread_mutex_init(&ioapic->lock, NULL);
	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		ioapic->pin[pin] = (struct ioapic_pin){ .irq = -1, .ended = -1 };
}

/*
 * Whether a pin is a level or an edge is a matter of what is connected to it,
 * whatever the entry says. A masked one has vector 0, which is never sent.
 */
static struct mshv_user_irq_entry pin_route(const struct ioapic *ioapic,
					    __u32 pin)
{
	__u32 low = ioapic->entry[2 * pin], high = ioapic->entry[2 * pin + 1];
	struct mshv_user_irq_entry route = {
		.gsi = pin,
		.address_lo = MSI_ADDRESS |
			      high >> ENTRY_DESTINATION << MSI_DESTINATION,
		.data = ioapic->pin[pin].ended >= 0 ? MSI_LEVEL : 0,
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
	int pin;

	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		table.entries[pin] = pin_route(ioapic, pin);
	mshv_ioctl(ioapic->partition, MSHV_SET_MSI_ROUTING, &table,
		   "route interrupts");
}

/* Signals of its eventfd become the interrupt that the pin is routed to */
static void pin_connect(const struct ioapic_pin *pin, int partition, __u32 gsi)
{
	struct mshv_user_irqfd args = { .fd = pin->irq, .gsi = gsi };

	if (pin->ended >= 0) {
		args.resamplefd = pin->ended;
		args.flags = 1 << MSHV_IRQFD_BIT_RESAMPLE;
	}
	mshv_ioctl(partition, MSHV_IRQFD, &args, "connect an interrupt");
}

/**
 * ioapic_connect() - Be part of a new partition, as after power-on
 * @ioapic: the IO-APIC; the devices have their pins
 * @partition: the partition's file
 */
void ioapic_connect(struct ioapic *ioapic, int partition)
{
	int pin;

	ioapic->partition = partition;
	ioapic->select = 0;
	for (pin = 0; pin < IOAPIC_NR_PINS; pin++) {
		ioapic->entry[2 * pin] = ENTRY_MASKED;
		ioapic->entry[2 * pin + 1] = 0;
	}
	ioapic_route(ioapic);
	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		if (ioapic->pin[pin].irq >= 0)
			pin_connect(&ioapic->pin[pin], partition, pin);
}

static __u32 ioapic_read(const struct ioapic *ioapic)
{
	unsigned int n = ioapic->select - IOAPIC_REG_ENTRIES;

	if (ioapic->select == IOAPIC_REG_VERSION)
		return IOAPIC_VERSION;
	return n < ARRAY_SIZE(ioapic->entry) ? ioapic->entry[n] : 0;
}

/*
 * What was signalled while a pin was masked is lost, so when it no longer is,
 * a level is looked at, and an edge sent: one too many does no harm.
 */
static void ioapic_write(struct ioapic *ioapic, __u32 value)
{
	unsigned int n = ioapic->select - IOAPIC_REG_ENTRIES;
	const struct ioapic_pin *pin;
	__u32 old;

	if (n >= ARRAY_SIZE(ioapic->entry))
		return;
	pin = &ioapic->pin[n / 2];
	old = ioapic->entry[n];
	ioapic->entry[n] = n & 1 ? value : value & ~ENTRY_READ_ONLY;
	if (pin->irq < 0)
		return;
	ioapic_route(ioapic);
	if (!(n & 1) && old & ~value & ENTRY_MASKED)
		eventfd_write(pin->ended >= 0 ? pin->ended : pin->irq, 1);
}

/* Another way to end a level interrupt: whose it is, the device will find out */
static void ioapic_end(const struct ioapic *ioapic)
{
	int pin;

	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		if (ioapic->pin[pin].ended >= 0)
			eventfd_write(ioapic->pin[pin].ended, 1);
}

/**
 * ioapic_access() - The guest reads or writes the IO-APIC's page
 * @device: the IO-APIC
 * @offset: inside the page
 * @size: only 4 is answered
 * @write: direction
 * @data: the value
 */
void ioapic_access(void *device, __u64 offset, unsigned int size, bool write,
		   __u64 *data)
{
	struct ioapic *ioapic = device;

	if (size != IOAPIC_SIZE)
		return;
	pthread_mutex_lock(&ioapic->lock);
	if (offset == IOAPIC_SELECT && write)
		ioapic->select = *data & 0xff;
	else if (offset == IOAPIC_SELECT)
		*data = ioapic->select;
	else if (offset == IOAPIC_WINDOW && write)
		ioapic_write(ioapic, *data);
	else if (offset == IOAPIC_WINDOW)
		*data = ioapic_read(ioapic);
	else if (offset == IOAPIC_EOI && write)
		ioapic_end(ioapic);
	pthread_mutex_unlock(&ioapic->lock);
}
