// SPDX-License-Identifier: GPL-2.0
/*
 * How to speak to /dev/mshv: by the ioctls of <linux/mshv.h>, one of which passes
 * hypercalls on to the hypervisor. What is asked for has no reason to fail, and
 * ends the program if it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "vmm.h"

#define MSHV_DEVICE	"/dev/mshv"

int mshv_open(void)
{
	int fd = open(MSHV_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(EXIT_ERROR, "open " MSHV_DEVICE);
	return fd;
}

/**
 * mshv_ioctl() - Ask the kernel for something
 * @fd: device, partition or VP
 * @number: of the ioctl
 * @args: its argument
 * @what: what it is, for the message if it fails
 *
 * Return: what the ioctl returns, often a file descriptor
 */
int mshv_ioctl(int fd, unsigned long number, void *args, const char *what)
{
	int ret;

	do {
		ret = ioctl(fd, number, args);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	if (ret < 0)
		err(EXIT_ERROR, "%s", what);
	return ret;
}

/**
 * mshv_hvcall() - Ask the hypervisor for something
 * @fd: partition or VP
 * @call: the hypercall; the kernel puts the partition's ID into the first eight
 *	  bytes of its input
 * @what: what it is, for the message if it fails
 */
void mshv_hvcall(int fd, struct mshv_root_hvcall call, const char *what)
{
	if (!ioctl(fd, MSHV_ROOT_HVCALL, &call))
		return;
	if (!call.status)
		err(EXIT_ERROR, "%s", what);
	errx(EXIT_ERROR, "%s: the hypervisor says status 0x%x", what,
	     call.status);
}
