// SPDX-License-Identifier: GPL-2.0
/*
 * The IO-APIC. The local APICs are in the hypervisor: an interrupt leaves here
 * as a message to them, and the end of a level interrupt comes back as one.
 *
 * Pins that have an irqfd are not driven from here. Their entries become routes
 * of the kernel, which sends the interrupt itself when the eventfd is signalled.
 */
#include "vmm.h"

#define IOAPIC_SELECT		0x00
#define IOAPIC_WINDOW		0x10
#define IOAPIC_EOI		0x40
#define IOAPIC_SIZE		4

#define IOAPIC_REG_VERSION	0x01
#define IOAPIC_REG_ENTRIES	0x10
#define IOAPIC_VERSION		(0x20 | (IOAPIC_NR_PINS - 1) << 16)

#define ENTRY_VECTOR(e)		((__u8)(e))
#define ENTRY_MODE(e)		((e) >> 8 & 7)
#define ENTRY_LOGICAL		BIT_ULL(11)
#define ENTRY_PENDING		BIT_ULL(12)
#define ENTRY_REMOTE_IRR	BIT_ULL(14)
#define ENTRY_LEVEL		BIT_ULL(15)
#define ENTRY_MASKED		BIT_ULL(16)
#define ENTRY_DESTINATION(e)	((e) >> 56)
#define ENTRY_READ_ONLY		(ENTRY_PENDING | ENTRY_REMOTE_IRR)

#define MSI_ADDRESS		0xfee00000
#define MSI_LOGICAL		BIT(2)
#define MSI_DESTINATION		12
#define MSI_MODE		8

/**
 * ioapic_reset() - As after power-on
 * @ioapic: the IO-APIC
 */
void ioapic_reset(struct ioapic *ioapic)
{
	int pin;

	pthread_mutex_lock(&ioapic->lock);
	ioapic->select = 0;
	ioapic->line = 0;
	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		ioapic->entry[pin] = ENTRY_MASKED;
	pthread_mutex_unlock(&ioapic->lock);
}

void ioapic_init(struct ioapic *ioapic)
{
	int pin;

	pthread_mutex_init(&ioapic->lock, NULL);
	for (pin = 0; pin < IOAPIC_NR_PINS; pin++)
		ioapic->irqfd[pin] = -1;
}

/* Tell the kernel where the interrupts of irqfds go now */
static void ioapic_route(const struct ioapic *ioapic)
{
	struct msi_route routes[IOAPIC_NR_PINS];
	unsigned int pin, nr = 0;
	__u64 entry;

	for (pin = 0; pin < IOAPIC_NR_PINS; pin++) {
		entry = ioapic->entry[pin];
		if (ioapic->irqfd[pin] < 0 || entry & ENTRY_MASKED)
			continue;
		routes[nr++] = (struct msi_route){
			.gsi = pin,
			.address = MSI_ADDRESS |
				   ENTRY_DESTINATION(entry) << MSI_DESTINATION |
				   (entry & ENTRY_LOGICAL ? MSI_LOGICAL : 0),
			.data = ENTRY_MODE(entry) << MSI_MODE |
				ENTRY_VECTOR(entry),
		};
	}
	mshv_msi_routes(ioapic->partition, routes, nr);
}

/*
 * Vector and destination are the guest's choice: if the hypervisor finds them
 * senseless, the interrupt is lost, as it is on a machine.
 */
static void ioapic_deliver(const struct ioapic *ioapic, __u64 entry)
{
	struct hv_interrupt interrupt = {
		.control = ENTRY_MODE(entry),
		.destination = ENTRY_DESTINATION(entry),
		.vector = ENTRY_VECTOR(entry),
	};

	if (entry & ENTRY_LEVEL)
		interrupt.control |= HV_INTERRUPT_LEVEL;
	if (entry & ENTRY_LOGICAL)
		interrupt.control |= HV_INTERRUPT_LOGICAL;
	mshv_interrupt_assert(ioapic->partition, &interrupt);
}

/* Send what the pin has to say, if it may speak */
static void ioapic_update(struct ioapic *ioapic, unsigned int pin)
{
	__u64 *entry = &ioapic->entry[pin];

	if (!(ioapic->line & BIT(pin)) ||
	    *entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR))
		return;
	if (*entry & ENTRY_LEVEL)
		*entry |= ENTRY_REMOTE_IRR;
	ioapic_deliver(ioapic, *entry);
}

/**
 * ioapic_set_line() - A device drives its interrupt line
 * @ioapic: the IO-APIC
 * @pin: which line
 * @level: high or low; only a change means something
 *
 * Context: any thread.
 */
void ioapic_set_line(struct ioapic *ioapic, unsigned int pin, bool level)
{
	__u32 old;

	pthread_mutex_lock(&ioapic->lock);
	old = ioapic->line;
	if (level)
		ioapic->line |= BIT(pin);
	else
		ioapic->line &= ~BIT(pin);
	if (ioapic->line & ~old)
		ioapic_update(ioapic, pin);
	pthread_mutex_unlock(&ioapic->lock);
}

/* A level interrupt has been served: when the line is still up, ask again */
static void ioapic_end(struct ioapic *ioapic, __u8 vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_NR_PINS; pin++) {
		if (!(ioapic->entry[pin] & ENTRY_REMOTE_IRR) ||
		    ENTRY_VECTOR(ioapic->entry[pin]) != vector)
			continue;
		ioapic->entry[pin] &= ~ENTRY_REMOTE_IRR;
		ioapic_update(ioapic, pin);
	}
}

/**
 * ioapic_eoi() - The hypervisor reports the end of a level interrupt
 * @ioapic: the IO-APIC
 * @vector: which one
 *
 * Context: any thread.
 */
void ioapic_eoi(struct ioapic *ioapic, __u8 vector)
{
	pthread_mutex_lock(&ioapic->lock);
	ioapic_end(ioapic, vector);
	pthread_mutex_unlock(&ioapic->lock);
}

static __u32 ioapic_read(const struct ioapic *ioapic)
{
	unsigned int n = ioapic->select - IOAPIC_REG_ENTRIES;

	if (ioapic->select == IOAPIC_REG_VERSION)
		return IOAPIC_VERSION;
	if (n < 2 * IOAPIC_NR_PINS)
		return ioapic->entry[n / 2] >> (n & 1 ? 32 : 0);
	return 0;
}

static void ioapic_write(struct ioapic *ioapic, __u32 value)
{
	unsigned int n = ioapic->select - IOAPIC_REG_ENTRIES, pin = n / 2;
	__u64 *entry = &ioapic->entry[pin], old;

	if (n >= 2 * IOAPIC_NR_PINS)
		return;

	old = *entry;
	if (n & 1)
		*entry = (*entry & 0xffffffff) | (__u64)value << 32;
	else
		*entry = (*entry & (~0xffffffffULL | ENTRY_READ_ONLY)) |
			 (value & ~ENTRY_READ_ONLY);
	if (!(*entry & ENTRY_LEVEL))
		*entry &= ~ENTRY_REMOTE_IRR;
	if (ioapic->irqfd[pin] < 0) {
		ioapic_update(ioapic, pin);
		return;
	}
	/* An edge while it was masked is lost; one too many does no harm */
	ioapic_route(ioapic);
	if (old & ~*entry & ENTRY_MASKED)
		event_signal(ioapic->irqfd[pin]);
}

static void ioapic_register(struct ioapic *ioapic, __u64 offset, bool write,
			    __u64 *data)
{
	switch (offset) {
	case IOAPIC_SELECT:
		if (write)
			ioapic->select = *data & 0xff;
		else
			*data = ioapic->select;
		break;
	case IOAPIC_WINDOW:
		if (write)
			ioapic_write(ioapic, *data);
		else
			*data = ioapic_read(ioapic);
		break;
	case IOAPIC_EOI:
		if (write)
			ioapic_end(ioapic, *data);
		break;
	}
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
	ioapic_register(ioapic, offset, write, data);
	pthread_mutex_unlock(&ioapic->lock);
}
