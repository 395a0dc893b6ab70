// SPDX-License-Identifier: GPL-2.0
/*
 * What the devices wait for, in one thread: doorbells, ends of interrupts, input.
 *
 * One lock is held while a device is at work, for this thread or for a VP's. So
 * they wait for each other, which is simple, and good enough for a few.
 */
#include <errno.h>

#include "vmm.h"

/**
 * loop_add() - Wait for something
 * @loop: the loop
 * @fd: becomes readable when it happens
 * @look: called then
 * @wants: whether it matters at the moment, NULL if it always does
 * @device: passed to both
 */
void loop_add(struct loop *loop, int fd, loop_look_fn *look,
	      loop_wants_fn *wants, void *device)
{
	if (loop->nr_sources == ARRAY_SIZE(loop->source))
		errx(EXIT_ERROR, "too many devices");
	loop->source[loop->nr_sources++] =
		(struct loop_source){ fd, look, wants, device };
}

/**
 * loop_run() - Look after the devices, for ever
 * @loop: the loop, to which nothing is added any more
 */
void __noreturn loop_run(struct loop *loop)
{
	struct pollfd fds[ARRAY_SIZE(loop->source)] = { 0 };
	const struct loop_source *source;
	unsigned int i;

	for (;;) {
		pthread_mutex_lock(&loop->lock);
		for (i = 0; i < loop->nr_sources; i++)
			if (fds[i].revents)
				loop->source[i].look(loop->source[i].device);
		for (i = 0; i < loop->nr_sources; i++) {
			source = &loop->source[i];
			fds[i] = (struct pollfd){ source->fd, POLLIN };
			if (source->wants && !source->wants(source->device))
				fds[i].fd = -1;
		}
		pthread_mutex_unlock(&loop->lock);
		if (poll(fds, loop->nr_sources, -1) < 0 && errno != EINTR)
			err(EXIT_ERROR, "poll");
	}
}
