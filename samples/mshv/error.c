// SPDX-License-Identifier: GPL-2.0
/* Errors of the host end the program, with one line that says which */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

static void error_print(const char *what, va_list args, const char *why)
{
	char line[512];

	vsnprintf(line, sizeof(line), what, args);
	fprintf(stderr, "mshv-vmm: %s%s%s\n", line, why ? ": " : "",
		why ? why : "");
}

/**
 * die() - End the program because of what the message says
 * @what: printf format of the message
 */
void die(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	error_print(what, args, NULL);
	va_end(args);
	exit(EXIT_ERROR);
}

/**
 * die_errno() - End the program because a system call failed
 * @what: printf format, names the call; the reason is taken from errno
 */
void die_errno(const char *what, ...)
{
	const char *why = strerror(errno);
	va_list args;

	va_start(args, what);
	error_print(what, args, why);
	va_end(args);
	exit(EXIT_ERROR);
}
