// SPDX-License-Identifier: GPL-2.0
/*
 * LD_PRELOAD for a VMM: mapping the register page of a VP fails as it does where
 * there is none, and the VMM has to go by hypercalls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_vp(int fd)
{
	char path[32], name[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "mshv_vp");
}

void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off64_t offset)
{
	if (fd >= 0 && is_vp(fd)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
}
