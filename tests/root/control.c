// SPDX-License-Identifier: GPL-2.0
/* Requests to the test hypervisor: lines on the port of its log. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define LOG_PORT	0xe9
#define LINE_MAX	64

static int port = -1;
static char answer[CONTROL_ANSWER_MAX + 1];

void control_open(void)
{
	port = open("/dev/port", O_RDWR | O_CLOEXEC);
	if (port < 0)
		err(2, "/dev/port");
}

/* More than a byte at once would go to the ports behind it */
static void line_write(const char *line)
{
	for (; *line; line++)
		if (pwrite(port, line, 1, LOG_PORT) != 1)
			err(2, "/dev/port: write");
}

static void answer_read(void)
{
	size_t len = 0;

	while (len < CONTROL_ANSWER_MAX) {
		if (pread(port, &answer[len], 1, LOG_PORT) != 1)
			err(2, "/dev/port: read");
		if (!answer[len])
			break;
		len++;
	}
	answer[len] = 0;
}

const char *control_ask(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	line_write(line);
	line_write("\n");
	answer_read();
	if (!strcmp(answer, "what?\n"))
		errx(2, "the hypervisor does not understand \"%s\"", line);
	return answer;
}

unsigned long long control_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	}
	return 0;
}
