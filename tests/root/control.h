/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the test hypervisor: lines on the port of its log, see hypervisor/run/control.c. */
#ifndef CONTROL_H
#define CONTROL_H

#define CONTROL_ANSWER_MAX	4096

/* Exits where there is no such port. */
void control_open(void);
/* Ask for something; the answer, ended with a zero byte, is valid until the next call. */
const char *control_ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Value of a line "NAME VALUE" in an answer, 0 if there is none. */
unsigned long long control_value(const char *answer, const char *name);

#endif
