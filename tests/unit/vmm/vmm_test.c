// SPDX-License-Identifier: GPL-2.0
/*
 * Host tests of the sample VMM: decoder, bus, IO-APIC, UART, loader, tables.
 * What would reach the hypervisor or the terminal ends in the stubs here.
 *
 * usage: vmm_test [FILE [DIRECTORY]]: a kernel image for other tests is written
 * to the file, the tables to the directory
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <asm/bootparam.h>
#include <linux/serial_reg.h>

#include "vmm.h"

static int nr_tests, nr_failed;

static void check(bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++nr_tests, what);
	nr_failed += !ok;
}

/* Stubs */

static struct hv_interrupt sent;
static int nr_sent;
static char printed[64];
static int nr_printed;

void mshv_interrupt_assert(int partition, const struct hv_interrupt *interrupt)
{
	(void)partition;
	sent = *interrupt;
	nr_sent++;
}

static struct msi_route routes[IOAPIC_NR_PINS];
static unsigned int nr_routes;

void mshv_msi_routes(int partition, const struct msi_route *table, unsigned int nr)
{
	(void)partition;
	memcpy(routes, table, nr * sizeof(*table));
	nr_routes = nr;
}

void console_write(__u8 byte)
{
	printed[nr_printed++ % sizeof(printed)] = byte;
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
	{ "movl $5,disp32(,%rax,4)", 64,
	  { 0xc7, 0x04, 0x85, 0, 0, 0, 0x10, 5, 0, 0, 0 },
	  { .length = 11, .size = 4, .store = true, .has_immediate = true,
	    .immediate = 5 } },
	{ "movq $-1,(%rax)", 64,
	  { 0x48, 0xc7, 0x00, 0xff, 0xff, 0xff, 0xff },
	  { .length = 7, .size = 8, .store = true, .has_immediate = true,
	    .immediate = ~0ULL } },
	{ "movw $0x1234,(%rax)", 64, { 0x66, 0xc7, 0x00, 0x34, 0x12 },
	  { .length = 5, .size = 2, .store = true, .has_immediate = true,
	    .immediate = 0x1234 } },
	{ "movzbl (%rax),%edx", 64, { 0x0f, 0xb6, 0x10 },
	  { .length = 3, .size = 1, .reg = 2 } },
};

static bool insn_same(const struct insn *a, const struct insn *b)
{
	return a->length == b->length && a->size == b->size &&
	       a->reg == b->reg && a->store == b->store &&
	       a->has_immediate == b->has_immediate &&
	       a->immediate == b->immediate;
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
	static const __u8 group[] = { 0xc7, 0x08, 1, 2, 3, 4 };
	static const __u8 prefixes[] = { 0x66, 0x66, 0x66, 0x66 };
	static const __u8 high_byte[] = { 0x88, 0x23 };
	struct insn insn;
	size_t n;

	check(!insn_decode(&insn, reg_reg, 2, true), "refuses mov between registers");
	check(!insn_decode(&insn, xchg, 2, true), "refuses xchg");
	check(!insn_decode(&insn, group, 6, true), "refuses c7 /1");
	check(!insn_decode(&insn, prefixes, 4, true), "refuses prefixes alone");
	check(!insn_decode(&insn, high_byte, 2, true), "refuses mov %ah,(%rbx)");
	for (n = 0; n < decode_cases[6].expect.length; n++)
		if (insn_decode(&insn, decode_cases[6].bytes, n, true))
			break;
	check(n == decode_cases[6].expect.length, "refuses each cut instruction");
}

static void test_load_store(void)
{
	const __u64 old = 0x1122334455667788;
	struct insn byte = { .size = 1, .reg_size = 1 };
	struct insn dword = { .size = 4, .reg_size = 4 };
	struct insn movzx = { .size = 1, .reg_size = 4 };
	struct insn movzx16 = { .size = 1, .reg_size = 2 };

	check(insn_load(&byte, old, ~0ULL) == 0x11223344556677ff &&
	      insn_load(&movzx16, old, ~0ULL) == 0x11223344556600ff,
	      "a byte or word load keeps the rest of the register");
	check(insn_load(&dword, old, ~0ULL) == 0xffffffff &&
	      insn_load(&movzx, old, ~0ULL) == 0xff,
	      "a 32 bit load clears the upper half");
	check(insn_store(&byte, old) == 0x88 && insn_store(&dword, old) == 0x55667788,
	      "a store takes its part of the register");
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

static void test_ioapic_edge(void)
{
	struct ioapic ioapic = { 0 };

	ioapic_init(&ioapic);
	ioapic_reset(&ioapic);
	check(ioapic_get(&ioapic, 1) >> 16 == IOAPIC_NR_PINS - 1 &&
	      ioapic_get(&ioapic, 0x10) == 1 << 16,
	      "after reset 24 pins are masked");
	nr_sent = 0;
	ioapic_set_line(&ioapic, 4, true);
	ioapic_set_line(&ioapic, 4, false);
	check(!nr_sent, "a masked pin is silent");
	ioapic_set(&ioapic, 0x19, 3 << 24);
	ioapic_set(&ioapic, 0x18, 0x31);
	check(!nr_sent, "an edge that came and went while masked is lost");
	ioapic_set_line(&ioapic, 4, true);
	ioapic_set_line(&ioapic, 4, true);
	check(nr_sent == 1 && sent.vector == 0x31 && sent.destination == 3 &&
	      !sent.control, "one edge is one interrupt");
}

static void test_ioapic_level(void)
{
	struct ioapic ioapic = { 0 };

	ioapic_init(&ioapic);
	ioapic_reset(&ioapic);
	ioapic_set(&ioapic, 0x20, 0x40 | 1 << 15 | 1 << 11);
	nr_sent = 0;
	ioapic_set_line(&ioapic, 8, true);
	check(nr_sent == 1 && sent.control == (HV_INTERRUPT_LEVEL |
	      HV_INTERRUPT_LOGICAL), "a level interrupt says what it is");
	check(ioapic_get(&ioapic, 0x20) & 1 << 14, "remote IRR is set");
	ioapic_eoi(&ioapic, 0x41);
	check(nr_sent == 1, "the end of another vector does not matter");
	ioapic_eoi(&ioapic, 0x40);
	check(nr_sent == 2, "the line is still up: asked again");
	ioapic_set_line(&ioapic, 8, false);
	ioapic_eoi(&ioapic, 0x40);
	check(nr_sent == 2 && !(ioapic_get(&ioapic, 0x20) & 1 << 14),
	      "the line is down: ended");
	ioapic_set(&ioapic, 0x20, 0x40 | 1 << 16 | 1 << 15);
	ioapic_set_line(&ioapic, 8, true);
	ioapic_set(&ioapic, 0x20, 0x40 | 1 << 15 | 1 << 14);
	check(nr_sent == 3, "unmasked with the line up: asked");
}

/* A pin with an irqfd is a route, and one edge too many when it is unmasked */
static void test_ioapic_irqfd(void)
{
	struct ioapic ioapic = { 0 };
	__u64 count = 0;

	ioapic_init(&ioapic);
	ioapic_reset(&ioapic);
	ioapic.irqfd[5] = event_create();
	nr_sent = 0;
	ioapic_set(&ioapic, 0x1b, 3 << 24);
	check(!nr_routes, "a masked pin has no route");
	ioapic_set(&ioapic, 0x1a, 0x31 | 1 << 11 | 1 << 15);
	check(nr_routes == 1 && routes[0].gsi == 5 && routes[0].data == 0x31 &&
	      routes[0].address == (0xfee00000 | 3 << 12 | 1 << 2),
	      "an entry is a route, of an edge");
	check(read(ioapic.irqfd[5], &count, sizeof(count)) == sizeof(count) && count == 1 &&
	      !nr_sent, "unmasked: signalled, in case one is lost");
	ioapic_set(&ioapic, 0x1a, 0x31 | 1 << 16);
	check(!nr_routes, "masked: the route is gone");
	close(ioapic.irqfd[5]);
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

static void test_serial(void)
{
	struct ioapic ioapic = { 0 };
	struct serial uart;

	ioapic_init(&ioapic);
	ioapic_reset(&ioapic);
	ioapic_set(&ioapic, 0x18, 0x34);
	memset(&uart, 0, sizeof(uart));
	serial_init(&uart, &ioapic, 4);
	serial_reset(&uart);
	nr_sent = 0;
	check(uart_read(&uart, UART_MSR) & UART_MSR_DCD, "it is connected");
	uart_write(&uart, UART_MCR, UART_MCR_OUT2);
	uart_write(&uart, UART_FCR, UART_FCR_ENABLE_FIFO);
	check(uart_read(&uart, UART_IIR) == 0xc1, "it is a 16550A");
	uart_write(&uart, UART_TX, 'x');
	check(nr_printed == 1 && printed[0] == 'x', "output is printed");
	uart_write(&uart, UART_IER, UART_IER_THRI);
	check(nr_sent == 1 && uart_read(&uart, UART_IIR) == 0xc2 &&
	      uart_read(&uart, UART_IIR) == 0xc1,
	      "the transmitter's interrupt comes, and goes when it is read");
	uart_write(&uart, UART_IER, UART_IER_RDI | UART_IER_THRI);
	serial_input(&uart, (const __u8 *)"ab", 2);
	check(nr_sent == 2 && uart_read(&uart, UART_IIR) == 0xc4 &&
	      uart_read(&uart, UART_LSR) & UART_LSR_DR, "input interrupts");
	check(uart_read(&uart, UART_RX) == 'a' && uart_read(&uart, UART_RX) == 'b' &&
	      !(uart_read(&uart, UART_LSR) & UART_LSR_DR), "input is read in order");
	check(serial_space(&uart) == SERIAL_FIFO, "and leaves room again");
}

/* Clock */

static __u8 rtc_get(__u8 reg)
{
	struct rtc rtc = { 0 };
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
	n = read(pipe_fds[0], message, size - 1);
	message[n > 0 ? n : 0] = 0;
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
	LIE("a kernel that stays where it is", relocatable_kernel, 0),
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
	file_write(path, image, sizeof(image) - 1);
	check(load_status(&options, message, sizeof(message)) == EXIT_ERROR &&
	      strstr(message, expect), "a file one byte short");
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
	__u64 xsdt, fadt, madt, dsdt;

	acpi_build(&memory, 3, VIRTIO_MAX);
	rsdp = memory_at(&memory, LAYOUT_ACPI, 36);
	memcpy(&xsdt, rsdp + 24, 8);
	check(!memcmp(rsdp, "RSD PTR ", 8) && table_is_good(xsdt, "XSDT"),
	      "RSDP and XSDT");
	memcpy(&fadt, memory_at(&memory, xsdt + 36, 8), 8);
	memcpy(&madt, memory_at(&memory, xsdt + 44, 8), 8);
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
	test_load_store();
	test_bus();
	test_ioapic_edge();
	test_ioapic_level();
	test_ioapic_irqfd();
	test_serial();
	test_rtc();
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
