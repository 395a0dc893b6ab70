// SPDX-License-Identifier: GPL-2.0
/* A 16550A on the terminal. It sends at once, so its transmitter is idle */
#include <string.h>
#include <linux/serial_reg.h>

#include "vmm.h"

#define IER_MASK	0x0f
#define MCR_MASK	0x0f	/* no loopback */
#define MSR_CONNECTED	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)
#define IIR_FIFO	0xc0

void serial_init(struct serial *serial, struct ioapic *ioapic,
		 unsigned int irq)
{
	pthread_mutex_init(&serial->lock, NULL);
	serial->ioapic = ioapic;
	serial->irq = irq;
}

/* What was typed and not yet read stays */
void serial_reset(struct serial *serial)
{
	pthread_mutex_lock(&serial->lock);
	memset(&serial->reg, 0, sizeof(serial->reg));
	serial->reg.dll = 1;
	pthread_mutex_unlock(&serial->lock);
}

static bool serial_has_input(const struct serial *serial)
{
	return serial->head != serial->tail;
}

static void serial_put(struct serial *serial, __u8 byte)
{
	if (serial->head - serial->tail < SERIAL_FIFO)
		serial->fifo[serial->head++ % SERIAL_FIFO] = byte;
}

static __u8 serial_get(struct serial *serial)
{
	if (!serial_has_input(serial))
		return 0;
	return serial->fifo[serial->tail++ % SERIAL_FIFO];
}

/* What the interrupt identification register shows, less the FIFO bits */
static __u8 serial_interrupt(const struct serial *serial)
{
	if (serial->reg.ier & UART_IER_RDI && serial_has_input(serial))
		return UART_IIR_RDI;
	if (serial->reg.ier & UART_IER_THRI && serial->reg.transmitted)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void serial_update(struct serial *serial)
{
	ioapic_set_line(serial->ioapic, serial->irq,
			serial->reg.mcr & UART_MCR_OUT2 &&
			serial_interrupt(serial) != UART_IIR_NO_INT);
}

static __u8 serial_read_iir(struct serial *serial)
{
	__u8 iir = serial_interrupt(serial);

	if (iir == UART_IIR_THRI)
		serial->reg.transmitted = false;
	if (serial->reg.fcr & UART_FCR_ENABLE_FIFO)
		iir |= IIR_FIFO;
	return iir;
}

static __u8 serial_read(struct serial *serial, __u64 offset)
{
	bool dlab = serial->reg.lcr & UART_LCR_DLAB;

	switch (offset) {
	case UART_RX:
		return dlab ? serial->reg.dll : serial_get(serial);
	case UART_IER:
		return dlab ? serial->reg.dlm : serial->reg.ier;
	case UART_IIR:
		return serial_read_iir(serial);
	case UART_LCR:
		return serial->reg.lcr;
	case UART_MCR:
		return serial->reg.mcr;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE |
		       (serial_has_input(serial) ? UART_LSR_DR : 0);
	case UART_MSR:
		return MSR_CONNECTED;
	default:
		return serial->reg.scr;
	}
}

static void serial_transmit(struct serial *serial, __u8 byte)
{
	console_write(byte);
	serial->reg.transmitted = true;
}

static void serial_write_fcr(struct serial *serial, __u8 value)
{
	serial->reg.fcr = value;
	if (value & UART_FCR_CLEAR_RCVR)
		serial->tail = serial->head;
}

/* Enabling the transmitter's interrupt raises it, as the transmitter is idle */
static void serial_write_ier(struct serial *serial, __u8 value)
{
	if (value & ~serial->reg.ier & UART_IER_THRI)
		serial->reg.transmitted = true;
	serial->reg.ier = value & IER_MASK;
}

static void serial_write(struct serial *serial, __u64 offset, __u8 value)
{
	bool dlab = serial->reg.lcr & UART_LCR_DLAB;

	switch (offset) {
	case UART_TX:
		if (dlab)
			serial->reg.dll = value;
		else
			serial_transmit(serial, value);
		break;
	case UART_IER:
		if (dlab)
			serial->reg.dlm = value;
		else
			serial_write_ier(serial, value);
		break;
	case UART_FCR:
		serial_write_fcr(serial, value);
		break;
	case UART_LCR:
		serial->reg.lcr = value;
		break;
	case UART_MCR:
		serial->reg.mcr = value & MCR_MASK;
		break;
	case UART_SCR:
		serial->reg.scr = value;
		break;
	}
}

/**
 * serial_access() - The guest reads or writes a port of the UART
 * @device: the UART
 * @offset: which register
 * @size: only 1 is answered
 * @write: direction
 * @data: the value
 */
void serial_access(void *device, __u64 offset, unsigned int size, bool write,
		   __u64 *data)
{
	struct serial *serial = device;

	if (size != 1)
		return;
	pthread_mutex_lock(&serial->lock);
	if (write)
		serial_write(serial, offset, *data);
	else
		*data = serial_read(serial, offset);
	serial_update(serial);
	pthread_mutex_unlock(&serial->lock);
}

/* How much input can be taken now */
size_t serial_space(struct serial *serial)
{
	size_t space;

	pthread_mutex_lock(&serial->lock);
	space = SERIAL_FIFO - (serial->head - serial->tail);
	pthread_mutex_unlock(&serial->lock);
	return space;
}

/**
 * serial_input() - Somebody typed
 * @serial: the UART
 * @data: what arrived
 * @size: number of bytes, at most what serial_space() said
 *
 * Context: any thread.
 */
void serial_input(struct serial *serial, const __u8 *data, size_t size)
{
	pthread_mutex_lock(&serial->lock);
	while (size--)
		serial_put(serial, *data++);
	serial_update(serial);
	pthread_mutex_unlock(&serial->lock);
}
