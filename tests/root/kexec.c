// SPDX-License-Identifier: GPL-2.0
/*
 * Load a second kernel, and perhaps start it.
 *
 * usage: kexec load|start|crash KERNEL INITRD COMMAND-LINE
 *
 * "crash": for when this kernel panics. "start" loads it and goes there.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int file_open(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	unsigned long flags;

	if (argc != 5)
		errx(2, "usage: kexec load|start|crash KERNEL INITRD COMMAND-LINE");
	flags = strcmp(argv[1], "crash") ? 0 : KEXEC_FILE_ON_CRASH;
	if (syscall(SYS_kexec_file_load, file_open(argv[2]), file_open(argv[3]),
		    strlen(argv[4]) + 1, argv[4], flags))
		err(1, "kexec_file_load");
	if (!strcmp(argv[1], "start") && reboot(LINUX_REBOOT_CMD_KEXEC))
		err(1, "kexec");
	return 0;
}
