// SPDX-License-Identifier: GPL-2.0
/* What the host is asked for everywhere; its errors end the program */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

/* An eventfd is how one thread, or the kernel, wakes another */
int event_create(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		die_errno("create an eventfd");
	return fd;
}

void event_signal(int fd)
{
	const __u64 one = 1;

	if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		die_errno("signal an eventfd");
}

void event_clear(int fd)
{
	__u64 count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		die_errno("read an eventfd");
}

pthread_t thread_create(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno)
		die_errno("create a thread");
	return thread;
}
