// SPDX-License-Identifier: GPL-2.0
/* The terminal that the guest's serial port is connected to */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "vmm.h"

static struct termios console_saved;

static void console_restore(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &console_saved);
}

/**
 * console_init() - Take the terminal
 *
 * All keys go to the guest from here on. When the program ends, in whatever
 * way it can notice, the terminal is as it was. Without a terminal there is
 * nothing to do.
 */
void console_init(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &console_saved))
		return;

	raw = console_saved;
	raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR |
			 ICRNL | IXON);
	raw.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	atexit(console_restore);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		die_errno("set up the terminal");
}

/* Send what the guest sends */
void console_write(__u8 byte)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (write(STDOUT_FILENO, &byte, 1) != 1) {
		if (errno == EAGAIN)
			poll(&out, 1, -1);
		else if (errno != EINTR)
			die_errno("write to the console");
	}
}

/**
 * console_read() - Fetch what was typed
 * @data: where to put it
 * @size: at most so much
 *
 * Return: number of bytes; 0 if there is nothing now, -1 if never again
 */
int console_read(__u8 *data, size_t size)
{
	ssize_t n = read(STDIN_FILENO, data, size);

	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}
