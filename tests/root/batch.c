// SPDX-License-Identifier: GPL-2.0
/*
 * batch COMMAND...: run a command as a batch process.
 *
 * A thread that wakes up does not preempt a batch process. With one CPU this
 * keeps a signal for a VP's thread from arriving between two MSHV_RUN_VP, where
 * QEMU's loop does not look for it.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 0 };

	if (argc < 2) {
		fprintf(stderr, "usage: batch COMMAND...\n");
		return 2;
	}
	if (sched_setscheduler(0, SCHED_BATCH, &param)) {
		perror("batch: sched_setscheduler");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
