// SPDX-License-Identifier: GPL-2.0
/* What the host is asked for in more than one place; errors end the program */
#include <fcntl.h>
#include <sys/stat.h>

#include "vmm.h"

/**
 * file_open() - Open a file of the host
 * @path: its name
 * @read_only: do not even try to get write access
 *
 * A file that nobody may write to is read-only for root, too.
 *
 * Return: the file, and whether it can be written
 */
struct file file_open(const char *path, bool read_only)
{
	struct file file = { path, -1 };
	struct stat st;

	if (stat(path, &st))
		err(EXIT_ERROR, "open %s", path);
	if (!S_ISREG(st.st_mode))
		errx(EXIT_ERROR, "%s is not a regular file", path);
	if (!read_only && st.st_mode & 0222)
		file.fd = open(path, O_RDWR | O_CLOEXEC);
	file.read_only = file.fd < 0;
	if (file.read_only)
		file.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0)
		err(EXIT_ERROR, "open %s", path);
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
