// SPDX-License-Identifier: GPL-2.0
/* The terminal that the guest's serial port is connected to */
#include <errno.h>
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
	cfmakeraw(&raw);
	raw.c_oflag = console_saved.c_oflag;
	atexit(console_restore);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		err(EXIT_ERROR, "set up the terminal");
}

/* Send what the guest sends */
void console_write(__u8 byte)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (write(STDOUT_FILENO, &byte, 1) != 1) {
		if (errno == EAGAIN)
			events_wait(&out, 1);
		else if (errno != EINTR)
			err(EXIT_ERROR, "write to the console");
	}
}
