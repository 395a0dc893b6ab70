// SPDX-License-Identifier: GPL-2.0
/*
 * A small virtual machine monitor for /dev/mshv: boots a Linux kernel, with the
 * terminal as its serial console.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "vmm.h"

#define KEY_QUIT		0x1d	/* Ctrl-] */
#define MEMORY_DEFAULT_MIB	256
#define MEMORY_MAX_MIB		BIT(20)
#define FULL_POLL_MS		20
#define TAP			"tap="

/* What the event loop looks at */
enum event_source {
	EVENT_EXIT,
	EVENT_SIGNAL,
	EVENT_INPUT,
	EVENT_COUNT,
};

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

static void __noreturn __printf(1, 2) usage(const char *why, ...)
{
	va_list args;

	fputs("mshv-vmm: ", stderr);
	va_start(args, why);
	vfprintf(stderr, why, args);
	va_end(args);
	fputs(" (--help explains)\n", stderr);
	exit(EXIT_USAGE);
}

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

static void option_disk(struct vm_config *config, const char *path)
{
	if (config->nr_disks == VM_MAX_DISKS)
		usage("more than %d disks", VM_MAX_DISKS);
	config->disk[config->nr_disks++] = path;
}

static const char *option_net(const char *value)
{
	if (strncmp(value, TAP, strlen(TAP)) || !value[strlen(TAP)])
		usage("--net takes " TAP "NAME, not '%s'", value);
	return value + strlen(TAP);
}

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
		option_disk(config, optarg);
		break;
	case 'n':
		config->tap = option_net(optarg);
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

/* Signals that end the program are read from a file; threads inherit the mask */
static int signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die_errno("create a signalfd");
	return fd;
}

static void handle_signal(struct vm *vm, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		die_errno("read a signal");
	fprintf(stderr, "mshv-vmm: ended by signal %u\n", info.ssi_signo);
	vm_exit(vm, EXIT_ERROR);
}

/* Return: false if there will never be input again */
static bool handle_input(struct vm *vm, size_t space)
{
	__u8 data[SERIAL_FIFO];
	int n = console_read(data, space);

	if (n <= 0)
		return !n;
	if (memchr(data, KEY_QUIT, n)) {
		fprintf(stderr, "\r\nmshv-vmm: ended from the keyboard\n");
		vm_exit(vm, EXIT_ERROR);
	}
	serial_input(&vm->serial, data, n);
	return true;
}

/* Until somebody asks for the end */
static void event_loop(struct vm *vm, int signals)
{
	struct pollfd poll_fds[EVENT_COUNT] = {
		[EVENT_EXIT] = { .fd = vm->exit_event, .events = POLLIN },
		[EVENT_SIGNAL] = { .fd = signals, .events = POLLIN },
		[EVENT_INPUT] = { .fd = STDIN_FILENO },
	};
	struct pollfd *input = &poll_fds[EVENT_INPUT];
	size_t space;

	while (vm->exit_code < 0) {
		space = serial_space(&vm->serial);
		input->events = space ? POLLIN : 0;
		input->revents = 0;
		if (poll(poll_fds, EVENT_COUNT, space ? -1 : FULL_POLL_MS) < 0 &&
		    errno != EINTR)
			die_errno("poll");
		if (poll_fds[EVENT_SIGNAL].revents)
			handle_signal(vm, signals);
		if (space && input->revents && !handle_input(vm, space))
			input->fd = -1;
	}
}

int main(int argc, char **argv)
{
	static struct vm vm = {
		.config.cmdline = "console=ttyS0",
		.config.memory_size = MEMORY_DEFAULT_MIB * MIB,
		.config.nr_cpus = 1,
	};
	int signals, code;

	options_parse(&vm.config, argc, argv);
	signals = signals_open();
	vm_create(&vm);
	console_init();
	do {
		vm_start(&vm);
		event_loop(&vm, signals);
		code = vm_stop(&vm);
	} while (!vm.config.no_reboot &&
		 (code == EXIT_RESET || code == EXIT_CRASH));
	return code;
}
