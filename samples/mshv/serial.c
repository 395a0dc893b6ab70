// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A on the terminal. It sends at once, so its transmitter is idle.
 *
 * Its interrupt is a level: as long as the line is up, the interrupt comes again
 * when the guest has ended the one before, which the kernel signals by eventfd.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/serial_reg.h>

#include "vmm.h"

#define KEY_QUIT	0x1d	/* Ctrl-] */
#define UART_DIVISOR	8	/* where the registers are that DLAB brings up */
#define IER_MASK	0x0f
#define MCR_MASK	0x0f	/* no loopback */
#define MSR_CONNECTED	(UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)
#define IIR_FIFO	0xc0

static bool serial_has_input(const struct serial *serial)
{
	return serial->next_input < serial->nr_input;
}

/* What the interrupt identification register shows, less the FIFO bits */
static __u8 serial_interrupt(const struct serial *serial)
{
	if (serial->reg[UART_IER] & UART_IER_RDI && serial_has_input(serial))
		return UART_IIR_RDI;
	if (serial->reg[UART_IER] & UART_IER_THRI && serial->transmitted)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

/* Interrupt if the line is up, and the guest has ended the interrupt before */
static void serial_update(struct serial *serial)
{
	if (serial->asked || !(serial->reg[UART_MCR] & UART_MCR_OUT2) ||
	    serial_interrupt(serial) == UART_IIR_NO_INT)
		return;
	serial->asked = true;
	eventfd_write(serial->irq, 1);
}

static bool serial_wants_input(const void *device)
{
	const struct serial *serial = device;

	return serial->nr_input < sizeof(serial->input) && !serial->has_no_more;
}

/* When the last byte is gone, there is room for more */
static __u8 serial_get(struct serial *serial)
{
	__u8 byte;

	if (!serial_has_input(serial))
		return 0;
	byte = serial->input[serial->next_input++];
	if (!serial_has_input(serial)) {
		if (!serial_wants_input(serial))
			eventfd_write(serial->look, 1);
		serial->next_input = 0;
		serial->nr_input = 0;
	}
	return byte;
}

static __u8 serial_read(struct serial *serial, __u64 offset)
{
	__u8 iir;

	switch (offset) {
	case UART_RX:
		return serial_get(serial);
	case UART_IIR:
		iir = serial_interrupt(serial);
		if (iir == UART_IIR_THRI)
			serial->transmitted = false;
		return serial->reg[UART_FCR] & UART_FCR_ENABLE_FIFO ?
		       iir | IIR_FIFO : iir;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE |
		       (serial_has_input(serial) ? UART_LSR_DR : 0);
	case UART_MSR:
		return MSR_CONNECTED;
	default:
		return serial->reg[offset];
	}
}

static void serial_write(struct serial *serial, __u64 offset, __u8 value)
{
	switch (offset) {
	case UART_TX:
		console_write(value);
		serial->transmitted = true;
		break;
	case UART_IER:
		/* The transmitter is idle, and says so as soon as it may */
		if (value & ~serial->reg[UART_IER] & UART_IER_THRI)
			serial->transmitted = true;
		value &= IER_MASK;
		break;
	case UART_FCR:
		while (value & UART_FCR_CLEAR_RCVR && serial_has_input(serial))
			serial_get(serial);
		break;
	case UART_MCR:
		value &= MCR_MASK;
		break;
	}
	serial->reg[offset] = value;
}

/* The guest reads or writes a port of the UART */
static void serial_access(void *device, __u64 offset, unsigned int size,
			  bool write, __u64 *data)
{
	struct serial *serial = device;

	if (size != 1)
		return;
	if (serial->reg[UART_LCR] & UART_LCR_DLAB && offset <= UART_DLM)
		offset += UART_DIVISOR;
	if (write)
		serial_write(serial, offset, *data);
	else
		*data = serial_read(serial, offset);
	serial_update(serial);
}

/* Fetch what was typed, which may be the end, whether the guest reads or not */
static void serial_fetch(void *device)
{
	struct serial *serial = device;
	__u8 *room = serial->input + serial->nr_input;
	ssize_t n = read(STDIN_FILENO, room,
			 sizeof(serial->input) - serial->nr_input);

	serial->has_no_more = !n || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return;
	if (memchr(room, KEY_QUIT, n)) {
		fprintf(stderr, "\r\nmshv-vmm: ended from the keyboard\n");
		power_end(container_of(serial, struct vm, serial), EXIT_ERROR);
	}
	serial->nr_input += n;
	serial_update(serial);
}

/* An interrupt has ended, or there is room for input */
static void serial_look(void *device)
{
	struct serial *serial = device;
	eventfd_t count;

	eventfd_read(serial->look, &count);
	serial->asked = false;
	serial_update(serial);
}

/* Make the UART of a virtual machine */
void serial_create(struct serial *serial, struct vm *vm)
{
	serial->irq = event_create();
	serial->look = event_create();
	serial->reg[UART_DIVISOR] = 1;
	ioapic_connect(&vm->ioapic, IRQ_COM1, serial->irq, serial->look);
	bus_add(&vm->ports, PORT_COM1, 8, serial_access, serial);
	loop_add(&vm->loop, serial->look, serial_look, NULL, serial);
	loop_add(&vm->loop, STDIN_FILENO, serial_fetch, serial_wants_input,
		 serial);
}
