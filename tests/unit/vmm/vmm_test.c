// SPDX-License-Identifier: GPL-2.0
/*
 * Host tests of the sample VMM: decoder, bus, IO-APIC, UART, loader, tables.
 * What would reach the hypervisor or the terminal ends in the stubs here.
 *
 * usage: vmm_test [FILE [DIRECTORY]]: a kernel image for other tests is written
 * to the file, the tables to the directory
 */
#define _GNU_SOURCE	/* pipe2() */
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <asm/bootparam.h>

#include "../../../samples/mshv/serial.c"
#include "../../../samples/mshv/ioapic.c"

static int nr_tests, nr_failed;
static struct vm vm;

static void check(bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++nr_tests, what);
	nr_failed += !ok;
}

/* Stubs */

static char printed[64];
static int nr_printed;
static struct mshv_user_irq_entry routes[IOAPIC_NR_PINS];
static struct mshv_user_irqfd irqfd[IOAPIC_NR_PINS];
static jmp_buf ended;

int mshv_ioctl(int fd, unsigned long number, void *args, const char *what)
{
	const struct mshv_user_irq_table *table = args;
	const struct mshv_user_irqfd *one = args;
	unsigned int i;

	(void)fd;
	(void)what;
	if (number == MSHV_IRQFD)
		irqfd[one->gsi] = *one;
	else
		for (i = 0; i < table->nr; i++)
			routes[table->entries[i].gsi] = table->entries[i];
	return 0;
}

void power_end(const struct vm *vm, enum exit_code code)
{
	(void)vm;
	longjmp(ended, 1 + code);
}

void console_write(__u8 byte)
{
	printed[nr_printed++ % sizeof(printed)] = byte;
}

/* How often was it signalled since? */
static unsigned int signals(int fd)
{
	eventfd_t count = 0;

	eventfd_read(fd, &count);
	return count;
}

/* Decoder */

struct decode_case {
	const char *what;
	unsigned int mode;
	__u8 bytes[16];
	struct insn expect;
};

static const struct decode_case decode_cases[] = {
	{ "mov %eax,(%rdi)", 64, { 0x89, 0x07 },
	  { .length = 2, .size = 4, .reg = 0, .store = true } },
	{ "mov (%rsi),%ecx", 64, { 0x8b, 0x0e },
	  { .length = 2, .size = 4, .reg = 1 } },
	{ "mov 0x10(%r9),%r10d", 64, { 0x45, 0x8b, 0x51, 0x10 },
	  { .length = 4, .size = 4, .reg = 10 } },
	{ "mov %rdx,-0xa00ff0(%rip)", 64,
	  { 0x48, 0x89, 0x15, 0x10, 0xf0, 0x5f, 0xff },
	  { .length = 7, .size = 8, .reg = 2, .store = true } },
	{ "mov %al,0x10(%rsp)", 64, { 0x88, 0x44, 0x24, 0x10 },
	  { .length = 4, .size = 1, .reg = 0, .store = true } },
	{ "mov %spl,(%rbx)", 64, { 0x40, 0x88, 0x23 },
	  { .length = 3, .size = 1, .reg = 4, .store = true } },
	{ "mov %ecx,disp32(,%rax,4)", 64,
	  { 0x89, 0x0c, 0x85, 0, 0, 0, 0x10 },
	  { .length = 7, .size = 4, .reg = 1, .store = true } },
	{ "mov %dx,(%rbx)", 64, { 0x66, 0x89, 0x13 },
	  { .length = 3, .size = 2, .reg = 2, .store = true } },
	{ "mov (%esi),%bl, 32-bit code", 32, { 0x8a, 0x1e },
	  { .length = 2, .size = 1, .reg = 3 } },
};

static bool insn_same(const struct insn *a, const struct insn *b)
{
	return a->length == b->length && a->size == b->size &&
	       a->reg == b->reg && a->store == b->store;
}

static void test_decode(void)
{
	const struct decode_case *c;
	struct insn insn;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decode_cases); i++) {
		c = &decode_cases[i];
		check(insn_decode(&insn, c->bytes, sizeof(c->bytes),
				  c->mode == 64) &&
		      insn_same(&insn, &c->expect), c->what);
	}
}

static void test_decode_refuses(void)
{
	static const __u8 reg_reg[] = { 0x89, 0xc0 };
	static const __u8 xchg[] = { 0x87, 0x07 };
	static const __u8 number[] = { 0xc7, 0x00, 1, 2, 3, 4 };
	static const __u8 inc[] = { 0x48, 0x89, 0x07 };
	static const __u8 prefixes[] = { 0x66, 0x66, 0x66, 0x66 };
	static const __u8 high_byte[] = { 0x88, 0x23 };
	struct insn insn;
	size_t n;

	check(!insn_decode(&insn, reg_reg, 2, true), "refuses mov between registers");
	check(!insn_decode(&insn, xchg, 2, true), "refuses xchg");
	check(!insn_decode(&insn, number, 6, true), "refuses mov of a number");
	check(!insn_decode(&insn, inc, 3, false), "refuses inc, which is a prefix in 64-bit code alone");
	check(!insn_decode(&insn, prefixes, 4, true), "refuses prefixes alone");
	check(!insn_decode(&insn, high_byte, 2, true), "refuses mov %ah,(%rbx)");
	for (n = 0; n < decode_cases[6].expect.length; n++)
		if (insn_decode(&insn, decode_cases[6].bytes, n, true))
			break;
	check(n == decode_cases[6].expect.length, "refuses each cut instruction");
}

static void test_load(void)
{
	const __u64 old = 0x1122334455667788;
	struct insn byte = { .size = 1 }, word = { .size = 2 };
	struct insn dword = { .size = 4 }, qword = { .size = 8 };

	check(insn_load(&byte, old, ~0ULL) == 0x11223344556677ff &&
	      insn_load(&word, old, ~0ULL) == 0x112233445566ffff,
	      "a byte or word load keeps the rest of the register");
	check(insn_load(&dword, old, ~0ULL) == 0xffffffff &&
	      insn_load(&qword, old, 5) == 5,
	      "a 32 bit load clears the upper half");
}

/* Bus */

static __u64 bus_seen;

static void bus_probe(void *device, __u64 offset, unsigned int size, bool write,
		      __u64 *data)
{
	bus_seen = (__u64)device + offset;
	if (!write)
		*data = size;
}

static void test_bus(void)
{
	struct bus bus = { 0 };
	__u64 data;

	bus_add(&bus, 0x60, 4, bus_probe, (void *)0x2000);
	bus_add(&bus, 0x10, 8, bus_probe, (void *)0x1000);
	bus_add(&bus, 0x64, 4, bus_probe, (void *)0x3000);

	bus_access(&bus, 0x66, 2, false, &data);
	check(bus_seen == 0x3002 && data == 2, "an access reaches its device");
	bus_seen = 0;
	bus_access(&bus, 0x18, 1, false, &data);
	check(!bus_seen && data == ~0ULL, "behind a device nobody answers");
	bus_access(&bus, 0x16, 4, false, &data);
	check(!bus_seen && data == ~0ULL, "an access beyond the end reads ones");
	bus_access(&bus, 0xffff, 4, true, &data);
	check(!bus_seen, "a write to nobody vanishes");
}

/* IO-APIC */

static void ioapic_set(struct ioapic *ioapic, __u32 reg, __u32 value)
{
	__u64 select = reg, data = value;

	ioapic_access(ioapic, 0x00, 4, true, &select);
	ioapic_access(ioapic, 0x10, 4, true, &data);
}

static __u32 ioapic_get(struct ioapic *ioapic, __u32 reg)
{
	__u64 select = reg, data = 0;

	ioapic_access(ioapic, 0x00, 4, true, &select);
	ioapic_access(ioapic, 0x10, 4, false, &data);
	return data;
}

static void test_ioapic(void)
{
	struct ioapic ioapic = { 0 };
	int edge = event_create(), level = event_create(), ended = event_create();

	ioapic_create(&ioapic, &vm);
	ioapic_connect(&ioapic, 5, edge, -1);
	ioapic_connect(&ioapic, 4, level, ended);
	check(ioapic_get(&ioapic, 1) >> 16 == IOAPIC_NR_PINS - 1 &&
	      ioapic_get(&ioapic, 0x10) == 1 << 16,
	      "after reset 24 pins are masked");
	check(irqfd[5].fd == edge && !irqfd[5].flags && irqfd[4].fd == level &&
	      irqfd[4].resamplefd == ended && irqfd[4].flags == 1 << MSHV_IRQFD_BIT_RESAMPLE,
	      "what is connected is connected to the kernel");
	check(routes[5].data == 0 && routes[4].data == 1 << 15,
	      "a masked pin has vector 0, a level is one from the beginning");

	ioapic_set(&ioapic, 0x1b, 3 << 24);
	check(!(routes[5].data & 0xff), "a masked pin stays silent when its destination is set");
	ioapic_set(&ioapic, 0x1a, 0x31 | 1 << 11 | 1 << 15);
	check(routes[5].data == 0x31 && routes[5].address_lo == (0xfee00000 | 3 << 12 | 1 << 2),
	      "an entry is a route, of an edge");
	check(signals(edge) == 1, "unmasked: signalled, in case one is lost");
	ioapic_set(&ioapic, 0x1a, 0x32);
	check(routes[5].data == 0x32 && !signals(edge), "but not when it was not masked");
	ioapic_set(&ioapic, 0x1a, 0x31 | 1 << 16);
	check(!routes[5].data, "masked: silent again");

	ioapic_set(&ioapic, 0x18, 0x40 | 1 << 8 | 1 << 12 | 1 << 14 | 1 << 15);
	check(routes[4].data == (0x40 | 1 << 8 | 1 << 15) && routes[4].address_lo == 0xfee00000,
	      "a level interrupt says what it is");
	check(ioapic_get(&ioapic, 0x18) == (0x40 | 1 << 8 | 1 << 15), "what is read-only is not written");
	check(!signals(level) && signals(ended) == 1, "unmasked: the line is looked at");
	ioapic_set(&ioapic, 0x20, 0x50);
	check(ioapic_get(&ioapic, 0x20) == 0x50, "a pin that nothing is connected to is only remembered");
	close(edge);
	close(level);
	close(ended);
}

/* UART */

static __u8 uart_read(struct serial *serial, __u64 reg)
{
	__u64 data = 0;

	serial_access(serial, reg, 1, false, &data);
	return data;
}

static void uart_write(struct serial *serial, __u64 reg, __u8 value)
{
	__u64 data = value;

	serial_access(serial, reg, 1, true, &data);
}

/* The line is up as long as there is something to say */
static void test_serial(void)
{
	struct serial *uart = &vm.serial;
	volatile int code;
	int keys[2];
	size_t i;

	if (pipe2(keys, O_NONBLOCK) || dup2(keys[0], STDIN_FILENO) < 0) {
		printf("Bail out! no pipe\n");
		exit(1);
	}
	serial_create(uart, &vm);
	check(uart_read(uart, UART_MSR) & UART_MSR_DCD, "it is connected");
	uart_write(uart, UART_MCR, UART_MCR_OUT2);
	uart_write(uart, UART_FCR, UART_FCR_ENABLE_FIFO);
	check(uart_read(uart, UART_IIR) == 0xc1, "it is a 16550A");
	uart_write(uart, UART_TX, 'x');
	check(nr_printed == 1 && printed[0] == 'x', "output is printed");
	check(!signals(uart->irq), "and nobody has asked for an interrupt");
	uart_write(uart, UART_IER, UART_IER_THRI);
	check(signals(uart->irq) == 1, "the transmitter's interrupt comes");
	uart_write(uart, UART_SCR, 1);
	check(!signals(uart->irq), "and comes once");
	serial_look(uart);
	check(signals(uart->irq) == 1, "ended with the line up: asked again");
	check(uart_read(uart, UART_IIR) == 0xc2 && uart_read(uart, UART_IIR) == 0xc1,
	      "it goes when it is read");
	serial_look(uart);
	check(!signals(uart->irq), "ended with the line down: no more");

	uart_write(uart, UART_IER, UART_IER_RDI | UART_IER_THRI);
	check(serial_wants_input(uart) && write(keys[1], "a", 1) == 1, "it waits for input");
	serial_fetch(uart);
	check(serial_wants_input(uart) && write(keys[1], "b", 1) == 1, "and for more");
	serial_fetch(uart);
	check(signals(uart->irq) == 1,
	      "what is typed is fetched, and interrupts");
	check(uart_read(uart, UART_IIR) == 0xc4 && uart_read(uart, UART_LSR) & UART_LSR_DR,
	      "the guest sees why");
	check(uart_read(uart, UART_RX) == 'a' && uart_read(uart, UART_RX) == 'b', "input is read in order");
	check(!(uart_read(uart, UART_LSR) & UART_LSR_DR) && !uart_read(uart, UART_RX), "then there is none");
	for (i = 0; serial_wants_input(uart) && write(keys[1], "x", 1) == 1; i++)
		serial_fetch(uart);
	check(i == sizeof(uart->input), "until the guest reads, no more is fetched than there is room for");
	while (--i)
		uart_read(uart, UART_RX);
	check(!signals(uart->look) && !serial_wants_input(uart) && uart_read(uart, UART_RX) == 'x' &&
	      signals(uart->look) == 1 && serial_wants_input(uart), "the last byte calls for more");
	check(write(keys[1], "cd", 2) == 2, "more is typed");
	serial_fetch(uart);
	uart_write(uart, UART_FCR, UART_FCR_CLEAR_RCVR);
	check(!(uart_read(uart, UART_LSR) & UART_LSR_DR), "and thrown away");

	uart_write(uart, UART_LCR, UART_LCR_DLAB);
	check(uart_read(uart, UART_DLL) == 1 && !uart_read(uart, UART_DLM), "there is a divisor");
	uart_write(uart, UART_DLL, 12);
	uart_write(uart, UART_LCR, 0);
	check(nr_printed == 1, "to set it prints nothing");
	check(write(keys[1], "\x1d", 1) == 1, "Ctrl-] is typed");
	code = setjmp(ended);
	if (!code)
		serial_fetch(uart);
	check(code == 1 + EXIT_ERROR, "and is the end");
	close(keys[1]);
	serial_fetch(uart);
	check(!serial_wants_input(uart), "the end of the input is one");
}

/* A guest that does anything: nothing is touched beside the devices */
static void test_devices_fuzz(void)
{
	struct ioapic ioapic = { 0 };
	struct bus bus = { 0 };
	__u8 rtc = 0;
	unsigned int i;
	__u64 data;

	vm.mmio.nr_ranges = 0;
	ioapic_create(&ioapic, &vm);
	ioapic_connect(&ioapic, 5, vm.serial.irq, -1);
	bus_add(&bus, 0, 0x1000, ioapic_access, &ioapic);
	bus_add(&bus, 0x1000, 8, serial_access, &vm.serial);
	bus_add(&bus, 0x1008, 2, rtc_access, &rtc);
	srand(1);
	for (i = 0; i < 200000; i++) {
		data = (__u64)rand() << rand() % 33 >> rand() % 31;
		bus_access(&bus, rand() % 2 ? 0x10 * (rand() % 2) : rand() % 0x1010,
			   1 << rand() % 4, rand() % 2, &data);
	}
	check(ioapic_get(&ioapic, 1) >> 16 == IOAPIC_NR_PINS - 1, "devices survive what a guest may do");
}

/* Clock */

static __u8 rtc_get(__u8 reg)
{
	__u8 rtc = 0;
	__u64 index = reg, data = 0;

	rtc_access(&rtc, 0, 1, true, &index);
	rtc_access(&rtc, 1, 1, false, &data);
	return data;
}

static void test_rtc(void)
{
	time_t now = time(NULL);
	struct tm tm;

	check(rtc_get(0x0d) == 0x80 && rtc_get(0x0b) == 2 && rtc_get(0x0a) == 0x26,
	      "the clock is valid, 24 hours, BCD");
	gmtime_r(&now, &tm);
	check(rtc_get(CMOS_CENTURY) * 256 + rtc_get(9) >= 0x2020 &&
	      (rtc_get(4) >> 4) * 10 + (rtc_get(4) & 15) - tm.tm_hour <= 1,
	      "it tells the time");
	check(!rtc_get(0x0c) && !rtc_get(0x33) && !rtc_get(0x7f), "other registers are zero");
}

/* Files */

static void test_file(const char *path)
{
	struct file file = file_open(path, false);

	check(!file.read_only && (fcntl(file.fd, F_GETFL) & O_ACCMODE) == O_RDWR, "a file is opened for writing");
	close(file.fd);
	chmod(path, 0444);
	file = file_open(path, false);
	check(file.read_only && (fcntl(file.fd, F_GETFL) & O_ACCMODE) == O_RDONLY,
	      "but not one that is read-only, even for root");
	close(file.fd);
	chmod(path, 0600);
}

/* Loader */

#define KERNEL_SIZE	0x8000
#define SETUP_SECTS	4

static struct memory memory;

static void image_make(__u8 *image)
{
	struct setup_header *header = (void *)(image + 0x1f1);

	memset(image, 0x5a, (SETUP_SECTS + 1) * 512 + KERNEL_SIZE);
	memset(header, 0, sizeof(*header));
	header->setup_sects = SETUP_SECTS;
	header->boot_flag = 0xaa55;
	header->jump = 0xeb | (0x26c - 0x202) << 8;
	header->header = 0x53726448;
	header->version = 0x020f;
	header->loadflags = LOADED_HIGH;
	header->syssize = KERNEL_SIZE / 16;
	header->initrd_addr_max = 0x7fffffff;
	header->kernel_alignment = 0x200000;
	header->relocatable_kernel = 1;
	header->cmdline_size = 2047;
	header->pref_address = 0x1000000;
	header->init_size = 2 * MIB;
}

static void file_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
}

/* Load in a child; return its exit code, 0 if the kernel was taken */
static int load_status(const struct vm_config *options, char *message,
		       size_t size)
{
	int status, pipe_fds[2];
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(pipe_fds))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(pipe_fds[1], STDERR_FILENO);
		loader_load(&memory, options);
		_exit(0);
	}
	close(pipe_fds[1]);
	while ((n = read(pipe_fds[0], message + length, size - 1 - length)) > 0)
		length += n;
	message[length] = 0;
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct lie {
	const char *what;
	size_t offset;
	unsigned int size;
	__u64 value;
};

#define LIE(text, field, lie) { \
	text, 0x1f1 + offsetof(struct setup_header, field), \
	sizeof(((struct setup_header *)0)->field), lie }

static const struct lie lies[] = {
	LIE("no boot flag", boot_flag, 0),
	LIE("no magic", header, 0x12345678),
	LIE("an old protocol", version, 0x0204),
	LIE("a zImage", loadflags, 0),
	LIE("no kernel", syssize, 0),
	LIE("a kernel longer than the file", syssize, 0xffffffff),
	LIE("a setup longer than the file", setup_sects, 255),
	LIE("a kernel that shrinks", init_size, 16),
	LIE("a header that ends early", jump, 0x10eb),
	LIE("a kernel at the end of the world", pref_address, ~0ULL),
	LIE("a kernel in low memory", pref_address, 0x10000),
};

static void test_loader_lies(const char *path, const char *expect)
{
	static __u8 image[(SETUP_SECTS + 1) * 512 + KERNEL_SIZE];
	struct vm_config options = { .kernel = path, .cmdline = "" };
	char message[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		image_make(image);
		memcpy(image + lies[i].offset, &lies[i].value, lies[i].size);
		file_write(path, image, sizeof(image));
		check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
		      strstr(message, expect) &&
		      strchr(message, '\n') == message + strlen(message) - 1,
		      lies[i].what);
	}
	image_make(image);
	file_write(path, image, sizeof(image) - 16);
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, expect), "a file 16 bytes short");
	file_write(path, image, sizeof(image) - 15);
	check(!load_status(&options, message, sizeof(message)), "but not one that was not rounded up");
	file_write(path, image, 100);
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, expect), "a file of 100 bytes");
}

static void test_loader_bounds(const char *path)
{
	static __u8 image[(SETUP_SECTS + 1) * 512 + KERNEL_SIZE];
	struct setup_header *header = (void *)(image + 0x1f1);
	struct vm_config options = { .kernel = path, .cmdline = "" };
	char message[256];

	image_make(image);
	header->init_size = 0xfffff000;
	file_write(path, image, sizeof(image));
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, "guest memory"), "a kernel that wants 4 GiB");
	image_make(image);
	header->initrd_addr_max = 0x1000;
	options.initrd = path;
	file_write(path, image, sizeof(image));
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, "does not fit"), "no room for the initrd");
	options.initrd = NULL;
	options.cmdline = "123456";
	header->cmdline_size = 5;
	file_write(path, image, sizeof(image));
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, "command line"), "a command line too long");
}

static void test_loader(const char *path)
{
	static __u8 image[(SETUP_SECTS + 1) * 512 + KERNEL_SIZE];
	struct vm_config options = {
		.kernel = path, .initrd = path, .cmdline = "hello",
	};
	struct boot_params *params = memory_at(&memory, LAYOUT_BOOT_PARAMS, 4096);
	const __u8 *initrd;
	__u32 entry;

	image_make(image);
	file_write(path, image, sizeof(image));
	entry = loader_load(&memory, &options);
	check(entry == 0x1000000 && params->hdr.code32_start == entry &&
	      !memcmp(memory_at(&memory, entry, KERNEL_SIZE),
		      image + (SETUP_SECTS + 1) * 512, KERNEL_SIZE),
	      "the kernel is where it wants to be");
	((struct setup_header *)(image + 0x1f1))->relocatable_kernel = 0;
	file_write(path, image, sizeof(image));
	check(loader_load(&memory, &options) == 0x100000 &&
	      !memcmp(memory_at(&memory, 0x100000, KERNEL_SIZE),
		      image + (SETUP_SECTS + 1) * 512, KERNEL_SIZE),
	      "one that cannot be relocated is in its place");
	initrd = memory_at(&memory, params->hdr.ramdisk_image, sizeof(image));
	check(initrd && params->hdr.ramdisk_size == sizeof(image) &&
	      !memcmp(initrd, image, sizeof(image)), "so is the initrd");
	check(!strcmp(memory_at(&memory, params->hdr.cmd_line_ptr, 6), "hello"),
	      "so is the command line");
	check(params->e820_entries == 3 &&
	      params->e820_table[2].addr + params->e820_table[2].size ==
	      memory.region[0].size && !params->sentinel,
	      "the zero page tells about memory");
	check(params->hdr.kernel_info_offset == 0 &&
	      params->edd_mbr_sig_buffer[0] == 0,
	      "nothing from behind the header got into it");
}

/* Tables */

static bool table_is_good(__u64 gpa, const char *signature)
{
	const __u8 *table = memory_at(&memory, gpa, 36);
	__u32 i, length = table ? *(const __u32 *)(table + 4) : 0;
	__u8 sum = 0;

	for (i = 0; i < length; i++)
		sum += table[i];
	return table && !memcmp(table, signature, 4) && !sum;
}

/* For iasl -d */
static void table_dump(__u64 gpa, const char *directory)
{
	const __u8 *table = memory_at(&memory, gpa, 36);
	char path[256];

	snprintf(path, sizeof(path), "%s/%.4s.aml", directory, table);
	file_write(path, table, *(const __u32 *)(table + 4));
}

static void test_acpi(const char *directory)
{
	const __u8 *rsdp;
	__u8 sum = 0;
	int i;
	__u32 rsdt, fadt, madt;
	__u64 dsdt;

	acpi_build(&memory, 3, VM_MAX_DISKS + 1);
	rsdp = memory_at(&memory, LAYOUT_ACPI, 36);
	memcpy(&rsdt, rsdp + 16, 4);
	for (i = 0; i < 20; i++)
		sum += rsdp[i];
	check(!memcmp(rsdp, "RSD PTR ", 8) && !sum && table_is_good(rsdt, "RSDT"),
	      "RSDP and RSDT");
	memcpy(&fadt, memory_at(&memory, rsdt + 36, 4), 4);
	memcpy(&madt, memory_at(&memory, rsdt + 40, 4), 4);
	memcpy(&dsdt, memory_at(&memory, fadt + 140, 8), 8);
	check(table_is_good(fadt, "FACP"), "FADT");
	check(table_is_good(madt, "APIC"), "MADT");
	check(table_is_good(dsdt, "DSDT"), "DSDT");
	if (directory) {
		table_dump(fadt, directory);
		table_dump(madt, directory);
		table_dump(dsdt, directory);
	}
}

/* A kernel that loads, for the tests of the whole program */
static void kernel_write(const char *path)
{
	static __u8 image[(SETUP_SECTS + 1) * 512 + KERNEL_SIZE];

	image_make(image);
	file_write(path, image, sizeof(image));
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/vmm_test.XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0) {
		printf("Bail out! no temporary file\n");
		return 1;
	}
	close(fd);
	memory_create(&memory, 64 * MIB);

	test_decode();
	test_decode_refuses();
	test_load();
	test_bus();
	test_ioapic();
	test_serial();
	test_devices_fuzz();
	test_rtc();
	test_file(path);
	test_loader_lies(path, "is not a bzImage");
	test_loader_bounds(path);
	test_loader(path);
	test_acpi(argc > 2 ? argv[2] : NULL);
	if (argc > 1)
		kernel_write(argv[1]);

	printf("1..%d\n", nr_tests);
	unlink(path);
	return nr_failed != 0;
}
