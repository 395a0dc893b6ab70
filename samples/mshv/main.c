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

struct options {
	struct loader_options loader;
	unsigned long memory_mib;
	unsigned long nr_cpus;
};

/* What the event loop looks at */
enum event_source {
	EVENT_EXIT,
	EVENT_SIGNAL,
	EVENT_INPUT,
	EVENT_COUNT,
};

static const char help[] =
	"usage: mshv-vmm --kernel BZIMAGE [--initrd FILE] [--cmdline STRING]\n"
	"                [--memory MIB] [--cpus N]\n"
	"\n"
	"Runs a Linux kernel in a partition of the Microsoft hypervisor. The\n"
	"guest's serial console ttyS0 is the terminal; Ctrl-] ends it.\n"
	"\n"
	"  --kernel   the kernel, a bzImage\n"
	"  --initrd   initial ramdisk\n"
	"  --cmdline  kernel command line (console=ttyS0)\n"
	"  --memory   guest memory in MiB (256)\n"
	"  --cpus     number of processors (1)\n"
	"\n"
	"Exit status: 0 the guest switched itself off, 1 an error of the host or\n"
	"the end was asked for from outside, 2 wrong usage, 3 the guest asked for\n"
	"a reset, 4 the guest crashed.\n";

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

static void options_set(struct options *options, const char *name,
			const char *value)
{
	switch (*name) {
	case 'k':
		options->loader.kernel = value;
		break;
	case 'i':
		options->loader.initrd = value;
		break;
	case 'c':
		if (!strcmp(name, "cpus"))
			options->nr_cpus = option_number(name, value,
							 VM_MAX_CPUS);
		else
			options->loader.cmdline = value;
		break;
	case 'm':
		options->memory_mib = option_number(name, value,
						    MEMORY_MAX_MIB);
		break;
	default:
		fputs(help, stdout);
		exit(EXIT_SUCCESS);
	}
}

static void options_parse(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
		{ "kernel", required_argument },
		{ "initrd", required_argument },
		{ "cmdline", required_argument },
		{ "memory", required_argument },
		{ "cpus", required_argument },
		{ "help", no_argument },
		{ 0 },
	};
	int index, c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", names, &index)) != -1) {
		if (c == ':')
			usage("%s takes a value", argv[optind - 1]);
		if (c)
			usage("unknown option '%s'", argv[optind - 1]);
		options_set(options, names[index].name, optarg);
	}
	if (optind < argc)
		usage("'%s' is one word too many", argv[optind]);
	if (!options->loader.kernel)
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
	struct options options = {
		.loader.cmdline = "console=ttyS0",
		.memory_mib = MEMORY_DEFAULT_MIB,
		.nr_cpus = 1,
	};
	static struct vm vm;
	int signals;
	__u32 entry;

	options_parse(&options, argc, argv);
	signals = signals_open();
	memory_create(&vm.memory, options.memory_mib * MIB);
	entry = loader_load(&vm.memory, &options.loader);
	acpi_build(&vm.memory, options.nr_cpus);
	power_build(&vm.memory);
	vm_create(&vm, options.nr_cpus);

	console_init();
	vm_start(&vm, entry);
	event_loop(&vm, signals);
	vm_stop(&vm);
	return vm.exit_code;
}
