// SPDX-License-Identifier: GPL-2.0
/*
 * A small virtual machine monitor for /dev/mshv: boots a Linux kernel, with the
 * terminal as its serial console.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define MEMORY_DEFAULT_MIB	256
#define MEMORY_MAX_MIB		BIT(20)
#define TAP			"tap="

static const char about[] =
	"Runs a Linux kernel in a partition of the Microsoft hypervisor. The\n"
	"guest's serial console ttyS0 is the terminal; Ctrl-] ends it.\n"
	"\vExit status: 0 the guest switched itself off, 1 an error of the host or\n"
	"the end was asked for from outside, 2 wrong usage; with --no-reboot 3 the\n"
	"guest asked for a reset, 4 it crashed (triple fault).\n";

static const struct argp_option options[] = {
	{ "kernel", 'k', "BZIMAGE", 0, "the kernel, a bzImage" },
	{ "initrd", 'i', "FILE", 0, "initial ramdisk" },
	{ "cmdline", 'c', "STRING", 0, "kernel command line (console=ttyS0)" },
	{ "memory", 'm', "MIB", 0, "guest memory in MiB (256)" },
	{ "cpus", 'p', "N", 0, "number of processors (1)" },
	{ "disk", 'd', "FILE", 0, "a virtio disk, up to 4; read-only if the file is" },
	{ "net", 'n', TAP "NAME", 0, "a virtio network card in a tap device of the host" },
	{ "no-reboot", 'r', NULL, 0, "end where the guest would start again" },
	{ 0 },
};

static unsigned long option_number(struct argp_state *state, const char *name,
				   const char *word, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || errno || !value || value > max)
		argp_error(state, "--%s takes a number from 1 to %lu, not '%s'",
			   name, max, word);
	return value;
}

static error_t option_set(int key, char *word, struct argp_state *state)
{
	struct vm_config *config = state->input;

	switch (key) {
	case 'k':
		config->kernel = word;
		break;
	case 'i':
		config->initrd = word;
		break;
	case 'c':
		config->cmdline = word;
		break;
	case 'm':
		config->memory_size = MIB * option_number(state, "memory",
							  word, MEMORY_MAX_MIB);
		break;
	case 'p':
		config->nr_cpus = option_number(state, "cpus", word,
						VM_MAX_CPUS);
		break;
	case 'd':
		if (config->nr_disks == VM_MAX_DISKS)
			argp_error(state, "more than %d disks", VM_MAX_DISKS);
		config->disk[config->nr_disks++] = word;
		break;
	case 'n':
		if (strncmp(word, TAP, strlen(TAP)) || !word[strlen(TAP)])
			argp_error(state, "--net takes " TAP "NAME, not '%s'",
				   word);
		config->tap = word + strlen(TAP);
		break;
	case 'r':
		config->no_reboot = true;
		break;
	case ARGP_KEY_END:
		if (!config->kernel)
			argp_error(state, "--kernel is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, option_set, NULL, about };
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	static struct vm vm = {
		.config.cmdline = "console=ttyS0",
		.config.memory_size = MEMORY_DEFAULT_MIB * MIB,
		.config.nr_cpus = 1,
	};
	size_t i;

	vm.config.argv = argv;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &vm.config);

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		signal(ends[i], console_end);
	console_init();
	vm_run(&vm);
}
