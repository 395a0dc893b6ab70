// SPDX-License-Identifier: GPL-2.0
/*
 * Load a second kernel, start it, or both.
 *
 * usage: kexec load|start|crash KERNEL INITRD COMMAND-LINE
 *        kexec last
 *
 * "crash": for when this kernel panics. "start" loads it and goes there. "last"
 * goes to the one that is loaded, and lets every other program go first.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdbool.h>
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

static void kernel_load(char **args, unsigned long flags)
{
	const char *words = args[2];

	if (syscall(SYS_kexec_file_load, file_open(args[0]), file_open(args[1]),
		    strlen(words) + 1, words, flags))
		err(1, "kexec_file_load");
}

static void kernel_start(void)
{
	if (reboot(LINUX_REBOOT_CMD_KEXEC))
		err(1, "kexec");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool last = !strcmp(what, "last");

	if (argc != (last ? 2 : 5))
		errx(2, "usage: kexec load|start|crash KERNEL INITRD COMMAND-LINE, or kexec last");
	if (!last)
		kernel_load(argv + 2, strcmp(what, "crash") ? 0 : KEXEC_FILE_ON_CRASH);
	else if (nice(19) < 0)
		err(1, "nice");
	if (last || !strcmp(what, "start"))
		kernel_start();
	return 0;
}
