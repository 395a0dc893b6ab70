// SPDX-License-Identifier: GPL-2.0
/* The terminal that the guest's serial port is connected to */
#include <errno.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "vmm.h"

static struct termios console_saved;
static bool console_is_taken;

/* Give the terminal back */
void console_restore(void)
{
	if (console_is_taken)
		tcsetattr(STDIN_FILENO, TCSANOW, &console_saved);
}

/**
 * console_end() - End at once, by a signal
 * @signal: its number
 *
 * Context: signal handler: a thread may be at work, or wait for the terminal
 */
void console_end(int signal)
{
	char why[] = "mshv-vmm: ended by signal 00\n";
	ssize_t n;

	why[sizeof(why) - 4] += signal / 10;
	why[sizeof(why) - 3] += signal % 10;
	console_restore();
	n = write(STDERR_FILENO, why, sizeof(why) - 1);
	(void)n;		/* whether anybody reads it or not */
	_exit(EXIT_ERROR);
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
	console_is_taken = true;
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
			poll(&out, 1, -1);
		else if (errno != EINTR)
			err(EXIT_ERROR, "write to the console");
	}
}
