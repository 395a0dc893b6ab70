// SPDX-License-Identifier: GPL-2.0
/* What the host is asked for in more than one place; errors end the program */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "vmm.h"

/**
 * file_open() - Open a file of the host
 * @path: its name
 * @flags: as for open()
 *
 * Return: the file; without a file descriptor if it cannot be written, and must
 */
struct file file_open(const char *path, int flags)
{
	struct file file = { path, open(path, flags | O_CLOEXEC) };
	struct stat st;

	if (file.fd < 0 && flags == O_RDWR &&
	    (errno == EACCES || errno == EROFS))
		return file;
	if (file.fd < 0)
		err(EXIT_ERROR, "open %s", path);
	if (fstat(file.fd, &st))
		err(EXIT_ERROR, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		errx(EXIT_ERROR, "%s is not a regular file", path);
	file.size = st.st_size;
	return file;
}

/* An eventfd is how one thread, or the kernel, wakes another */
int event_create(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		err(EXIT_ERROR, "create an eventfd");
	return fd;
}

void event_clear(int fd)
{
	eventfd_t count;

	eventfd_read(fd, &count);
}

/* Until there is one at least */
void events_wait(struct pollfd *fds, unsigned int nr)
{
	while (poll(fds, nr, -1) < 0)
		if (errno != EINTR)
			err(EXIT_ERROR, "poll");
}

pthread_t thread_create(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno)
		err(EXIT_ERROR, "create a thread");
	return thread;
}
