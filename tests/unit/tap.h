/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program is one file of TEST(a_sentence_of_what_holds) { ... } blocks and
 * this header. It runs them in order and prints TAP; the exit status is 0 if all hold.
 * A failed check names its line and values; the rest of the test still runs.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tap_test {
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};

static struct tap_test *tap_first, **tap_last = &tap_first;
static unsigned int tap_failures;

#define TEST(sentence)							\
	static void sentence(void);					\
	static struct tap_test tap_##sentence = { #sentence, sentence, NULL };	\
	__attribute__((constructor)) static void tap_add_##sentence(void)	\
	{								\
		*tap_last = &tap_##sentence;				\
		tap_last = &tap_##sentence.next;			\
	}								\
	static void sentence(void)

#define check(cond) tap_check((cond), __FILE__, __LINE__, #cond)
#define check_eq(is, should) \
	tap_check_eq((unsigned long long)(is), (unsigned long long)(should), __FILE__, __LINE__, #is)
#define check_str(is, should) tap_check_str((is), (should), __FILE__, __LINE__, #is)

static inline bool tap_check(bool holds, const char *file, int line, const char *what)
{
	if (!holds) {
		tap_failures++;
		printf("# %s:%d: %s does not hold\n", file, line, what);
	}
	return holds;
}

static inline bool tap_check_eq(unsigned long long is, unsigned long long should,
				const char *file, int line, const char *what)
{
	if (is != should) {
		tap_failures++;
		printf("# %s:%d: %s is 0x%llx, should be 0x%llx\n", file, line, what, is, should);
	}
	return is == should;
}

static inline bool tap_check_str(const char *is, const char *should,
				 const char *file, int line, const char *what)
{
	bool same = !strcmp(is, should);

	if (!same) {
		tap_failures++;
		printf("# %s:%d: %s is \"%s\", should be \"%s\"\n", file, line, what, is, should);
	}
	return same;
}

/* Numbers that are the same in each run. */
static inline unsigned long long tap_random(void)
{
	static unsigned long long state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void tap_print_sentence(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? ' ' : *name);
	putchar('\n');
}

int main(void)
{
	unsigned int n = 0, failed = 0;

	for (struct tap_test *test = tap_first; test; test = test->next)
		n++;
	printf("TAP version 13\n1..%u\n", n);
	n = 0;
	for (struct tap_test *test = tap_first; test; test = test->next) {
		tap_failures = 0;
		test->run();
		printf("%s %u ", tap_failures ? "not ok" : "ok", ++n);
		tap_print_sentence(test->name);
		fflush(stdout);
		failed += !!tap_failures;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
