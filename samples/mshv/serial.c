// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A on the terminal. It sends at once, so its transmitter is idle.
 *
 * Its interrupt is a level: as long as the line is up, the interrupt comes again
 * when the guest has ended the one before, which the kernel signals by eventfd.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/serial_reg.h>

#include "vmm.h"

#define KEY_QUIT	0x1d	/* Ctrl-] */
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

/* When the last byte is gone, the thread fetches more */
static __u8 serial_get(struct serial *serial)
{
	__u8 byte = 0;

	if (serial_has_input(serial)) {
		byte = serial->input[serial->next_input++];
		if (!serial_has_input(serial))
			eventfd_write(serial->look, 1);
	}
	return byte;
}

static __u8 serial_read_iir(struct serial *serial)
{
	__u8 iir = serial_interrupt(serial);

	if (iir == UART_IIR_THRI)
		serial->transmitted = false;
	if (serial->reg[UART_FCR] & UART_FCR_ENABLE_FIFO)
		iir |= IIR_FIFO;
	return iir;
}

static bool serial_is_divisor(const struct serial *serial, __u64 offset)
{
	return serial->reg[UART_LCR] & UART_LCR_DLAB && offset <= UART_DLM;
}

static __u8 serial_read(struct serial *serial, __u64 offset)
{
	if (serial_is_divisor(serial, offset))
		return serial->divisor[offset];

	switch (offset) {
	case UART_RX:
		return serial_get(serial);
	case UART_IIR:
		return serial_read_iir(serial);
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
	if (serial_is_divisor(serial, offset)) {
		serial->divisor[offset] = value;
		return;
	}

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

/* Fetch what was typed; false if there will never be input again */
static bool serial_input(struct serial *serial)
{
	ssize_t n = read(STDIN_FILENO, serial->input, sizeof(serial->input));

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (memchr(serial->input, KEY_QUIT, n)) {
		fprintf(stderr, "\r\nmshv-vmm: ended from the keyboard\n");
		vm_exit(container_of(serial, struct vm, serial), EXIT_ERROR);
	}
	pthread_mutex_lock(&serial->lock);
	serial->next_input = 0;
	serial->nr_input = n;
	pthread_mutex_unlock(&serial->lock);
	return true;
}

/* See to the line; true if there is room for input */
static bool serial_look(struct serial *serial)
{
	bool empty;

	pthread_mutex_lock(&serial->lock);
	serial->asked = false;
	serial_update(serial);
	empty = !serial_has_input(serial);
	pthread_mutex_unlock(&serial->lock);
	return empty;
}

static void *serial_thread(void *arg)
{
	struct serial *serial = arg;
	struct pollfd fds[] = { { serial->look, POLLIN }, { -1, POLLIN } };
	int input = STDIN_FILENO;

	for (;;) {
		fds[1].fd = serial_look(serial) ? input : -1;
		events_wait(fds, ARRAY_SIZE(fds));
		if (fds[0].revents)
			event_clear(serial->look);
		if (fds[1].revents && !serial_input(serial))
			input = -1;
	}
	return NULL;
}

/* What was typed and not yet read stays */
void serial_reset(struct serial *serial)
{
	pthread_mutex_lock(&serial->lock);
	memset(serial->reg, 0, sizeof(serial->reg));
	serial->divisor[0] = 1;
	serial->transmitted = false;
	serial->asked = false;
	pthread_mutex_unlock(&serial->lock);
}

/**
 * serial_create() - Make the UART, with a thread to look after it
 * @serial: what to fill in
 * @pin: what its interrupt is connected to
 */
void serial_create(struct serial *serial, struct ioapic_pin *pin)
{
	pthread_mutex_init(&serial->lock, NULL);
	serial->irq = event_create();
	serial->look = event_create();
	*pin = (struct ioapic_pin){ .irq = serial->irq, .ended = serial->look };
	thread_create(serial_thread, serial);
}
