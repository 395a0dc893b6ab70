// SPDX-License-Identifier: GPL-2.0
/*
 * A small virtual machine monitor for /dev/mshv: boots a Linux kernel, with the
 * terminal as its serial console.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define MEMORY_DEFAULT_MIB	256
#define MEMORY_MAX_MIB		BIT(20)
#define TAP			"tap="

static const char help[] =
	"usage: mshv-vmm --kernel BZIMAGE [--initrd FILE] [--cmdline STRING]\n"
	"                [--memory MIB] [--cpus N] [--disk FILE]... [--net tap=NAME]\n"
	"                [--no-reboot]\n"
	"\n"
	"Runs a Linux kernel in a partition of the Microsoft hypervisor. The\n"
	"guest's serial console ttyS0 is the terminal; Ctrl-] ends it.\n"
	"\n"
	"  --kernel     the kernel, a bzImage\n"
	"  --initrd     initial ramdisk\n"
	"  --cmdline    kernel command line (console=ttyS0)\n"
	"  --memory     guest memory in MiB (256)\n"
	"  --cpus       number of processors (1)\n"
	"  --disk       a virtio disk, up to 4; read-only if the file is\n"
	"  --net        a virtio network card in a tap device of the host\n"
	"  --no-reboot  end where the guest would start again\n"
	"\n"
	"Exit status: 0 the guest switched itself off, 1 an error of the host or\n"
	"the end was asked for from outside, 2 wrong usage; with --no-reboot 3 the\n"
	"guest asked for a reset, 4 it crashed (triple fault).\n";

#define usage(why, ...) \
	errx(EXIT_USAGE, why " (--help explains)", ##__VA_ARGS__)

static unsigned long option_number(const char *name, const char *text,
				   unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value ||
	    value > max)
		usage("--%s takes a number from 1 to %lu, not '%s'", name, max,
		      text);
	return value;
}

static const struct option option_names[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "cmdline", required_argument, NULL, 'c' },
	{ "memory", required_argument, NULL, 'm' },
	{ "cpus", required_argument, NULL, 'p' },
	{ "disk", required_argument, NULL, 'd' },
	{ "net", required_argument, NULL, 'n' },
	{ "no-reboot", no_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void option_set(struct vm_config *config, int c, const char *word)
{
	switch (c) {
	case 'k':
		config->kernel = optarg;
		break;
	case 'i':
		config->initrd = optarg;
		break;
	case 'c':
		config->cmdline = optarg;
		break;
	case 'm':
		config->memory_size = MIB * option_number("memory", optarg,
							  MEMORY_MAX_MIB);
		break;
	case 'p':
		config->nr_cpus = option_number("cpus", optarg, VM_MAX_CPUS);
		break;
	case 'd':
		if (config->nr_disks == VM_MAX_DISKS)
			usage("more than %d disks", VM_MAX_DISKS);
		config->disk[config->nr_disks++] = optarg;
		break;
	case 'n':
		if (strncmp(optarg, TAP, strlen(TAP)) || !optarg[strlen(TAP)])
			usage("--net takes " TAP "NAME, not '%s'", optarg);
		config->tap = optarg + strlen(TAP);
		break;
	case 'r':
		config->no_reboot = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(EXIT_SUCCESS);
	case ':':
		usage("%s takes a value", word);
	default:
		usage("unknown option '%s'", word);
	}
}

static void options_parse(struct vm_config *config, int argc, char **argv)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", option_names, NULL)) != -1)
		option_set(config, c, argv[optind - 1]);
	if (optind < argc)
		usage("'%s' is one word too many", argv[optind]);
	if (!config->kernel)
		usage("--kernel is missing");
}

/* Until somebody asks for the end: the guest, the keyboard, or a signal */
static void wait_for_end(struct vm *vm, const sigset_t *signals)
{
	int signal;

	while (vm->exit_code == VM_RUNS) {
		signal = sigwaitinfo(signals, NULL);
		if (signal < 0 || signal == SIGUSR1)
			continue;
		fprintf(stderr, "mshv-vmm: ended by signal %u\n", signal);
		vm_exit(vm, EXIT_ERROR);
	}
}

int main(int argc, char **argv)
{
	static struct vm vm = {
		.config.cmdline = "console=ttyS0",
		.config.memory_size = MEMORY_DEFAULT_MIB * MIB,
		.config.nr_cpus = 1,
	};
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 };
	sigset_t signals;
	size_t i;
	int code;

	setlinebuf(stderr);
	options_parse(&vm.config, argc, argv);

	/* Here they are waited for; all threads inherit the mask */
	sigemptyset(&signals);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&signals, ends[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	console_init();
	vm_create(&vm);
	do {
		vm_start(&vm);
		wait_for_end(&vm, &signals);
		code = vm_stop(&vm);
	} while (!vm.config.no_reboot &&
		 (code == EXIT_RESET || code == EXIT_CRASH));
	return code;
}
