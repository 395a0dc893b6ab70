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
 * @read_only: do not even try to get write access
 *
 * Return: the file, and whether it can be written
 */
struct file file_open(const char *path, bool read_only)
{
	struct file file = { path, .read_only = read_only };
	struct stat st;

	file.fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file.fd < 0 && !read_only && (errno == EACCES || errno == EROFS))
		return file_open(path, true);
	if (file.fd < 0 || fstat(file.fd, &st))
		err(EXIT_ERROR, "open %s", path);
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
