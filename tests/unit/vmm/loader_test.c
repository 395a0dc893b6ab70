// SPDX-License-Identifier: GPL-2.0
/*
 * Boot images made of a good one by changing bytes of its headers: the loader
 * takes them or says why not, and never leaves the memory it may write to.
 *
 * usage: loader_test KERNEL
 */
#define _GNU_SOURCE	/* close_range() */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

#define NR_SEEDS	3000
#define HEADERS		1024
#define MEMORY_SIZE	(20 * MIB)

static jmp_buf refused;

void err(int code, const char *what, ...)
{
	(void)code;
	(void)what;
	longjmp(refused, 1);
}

void errx(int code, const char *what, ...)
{
	err(code, what);
}

static void change(const char *path, const __u8 *image)
{
	__u8 changed[HEADERS];
	int n, fd = open(path, O_RDWR);

	memcpy(changed, image, sizeof(changed));
	for (n = rand() % 4; n >= 0; n--)
		changed[rand() % 2 ? 0x1f1 + rand() % 0x7b : rand() % HEADERS] =
			rand() % 2 ? rand() : rand() % 2 ? 0 : 0xff;
	if (pwrite(fd, changed, sizeof(changed), 0) != sizeof(changed))
		exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	struct memory memory = { { { 0, MEMORY_SIZE, malloc(MEMORY_SIZE) } }, 1 };
	struct vm_config config = { .cmdline = "console=ttyS0" };
	volatile unsigned int seed, taken = 0;
	static __u8 image[HEADERS];
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!file || fread(image, 1, HEADERS, file) != HEADERS) {
		printf("usage: loader_test KERNEL\n");
		return 2;
	}
	fclose(file);
	config.kernel = config.initrd = argv[1];
	for (seed = 1; seed <= NR_SEEDS; seed++) {
		srand(seed);
		change(argv[1], image);
		if (!setjmp(refused)) {
			loader_load(&memory, &config);
			taken++;
		}
		close_range(3, ~0U, 0);
	}
	free(memory.region[0].host);
	printf("%sok 1 - of %d images with changed headers some are taken, some are not\n1..1\n",
	       taken && taken < NR_SEEDS ? "" : "not ", NR_SEEDS);
	return !taken || taken == NR_SEEDS;
}
