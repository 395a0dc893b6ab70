/* SPDX-License-Identifier: GPL-2.0 */
/* What the compiler calls on its own, and little more. */
#ifndef STRING_H
#define STRING_H

#include "types.h"

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

#endif
