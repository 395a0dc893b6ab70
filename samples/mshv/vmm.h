/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the sample VMM, and what the files offer each other.
 *
 *	main.c		options, the event loop, the end
 *	console.c	the terminal: raw mode, keys, output
 *	vm.c		a virtual machine: partition, memory, devices, VPs
 *	vp.c		a virtual processor: set up, run, answer intercepts
 *	decode.c	the MOV instructions that drivers use on device memory
 *	mshv.c		the one place that talks to /dev/mshv
 *	memory.c	guest memory
 *	loader.c	bzImage, command line, initial ramdisk
 *	acpi.c		the firmware tables
 *	bus.c		who owns which port or address
 *	serial.c ioapic.c rtc.c power.c		the devices
 *	error.c		the last line
 *
 * What cannot go on ends the program with one line: an error of the host, or a
 * guest that does what is not emulated here.
 */
#ifndef MSHV_SAMPLE_VMM_H
#define MSHV_SAMPLE_VMM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "hv.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define fallthrough	__attribute__((fallthrough))
#define __packed	__attribute__((__packed__))
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#define __noreturn	__attribute__((noreturn))
#define MIB		(1024ULL * 1024)

/* How the program ends */
enum exit_code {
	EXIT_POWER_OFF = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_RESET = 3,
	EXIT_CRASH = 4,
};

/* Where things are in the guest */
#define LAYOUT_GDT		0x00001000
#define LAYOUT_BOOT_PARAMS	0x00010000
#define LAYOUT_CMDLINE		0x00020000
#define LAYOUT_LOW_END		0x0009fc00
#define LAYOUT_ACPI		0x000e0000
#define LAYOUT_ACPI_SIZE	0x00020000
#define LAYOUT_RESET_VECTOR	0x000ffff0
#define LAYOUT_HIGH		0x00100000
#define LAYOUT_HOLE		0xc0000000
#define LAYOUT_IOAPIC		0xfec00000
#define LAYOUT_LAPIC		0xfee00000
#define LAYOUT_ABOVE_4G		BIT_ULL(32)

#define PORT_CMOS		0x070
#define PORT_COM1		0x3f8
#define PORT_POWER		0x600

#define IRQ_COM1		4
#define CMOS_CENTURY		0x32
#define POWER_SLEEP_CONTROL	0
#define POWER_SLEEP_STATUS	1
#define POWER_RESET		2
#define POWER_NR_PORTS		3
#define POWER_RESET_VALUE	1
#define POWER_S5		5

#define VM_MAX_CPUS		64

/* error.c */
void __noreturn __printf(1, 2) die(const char *what, ...);
void __noreturn __printf(1, 2) die_errno(const char *what, ...);

/* memory.c: one or two regions, below and above the hole for devices */
struct memory_region {
	__u64 gpa;
	__u64 size;
	void *host;
};

struct memory {
	struct memory_region region[2];
	int nr_regions;
};

void memory_create(struct memory *memory, __u64 size);
void *memory_at(const struct memory *memory, __u64 gpa, __u64 size);

/* bus.c */
typedef void bus_access_fn(void *device, __u64 offset, unsigned int size,
			   bool write, __u64 *data);

struct bus_range {
	__u64 base;
	__u64 size;
	bus_access_fn *access;
	void *device;
};

struct bus {
	struct bus_range range[16];
	int nr_ranges;
};

void bus_add(struct bus *bus, __u64 base, __u64 size, bus_access_fn *access,
	     void *device);
void bus_access(struct bus *bus, __u64 address, unsigned int size, bool write,
		__u64 *data);

/* ioapic.c */
#define IOAPIC_NR_PINS	24

struct ioapic {
	pthread_mutex_t lock;
	int partition;
	__u32 select;
	__u64 entry[IOAPIC_NR_PINS];
	__u32 line;		/* the level of each pin */
	__u32 pending;		/* edges that came while masked */
};

void ioapic_init(struct ioapic *ioapic, int partition);
void ioapic_set_line(struct ioapic *ioapic, unsigned int pin, bool level);
void ioapic_eoi(struct ioapic *ioapic, __u8 vector);
bus_access_fn ioapic_access;

/* serial.c */
#define SERIAL_FIFO	256

struct serial {
	pthread_mutex_t lock;
	struct ioapic *ioapic;
	unsigned int irq;
	__u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	bool transmitted;	/* "holding register empty" not yet read */
	__u8 fifo[SERIAL_FIFO];
	unsigned int head, tail;
};

void serial_init(struct serial *serial, struct ioapic *ioapic,
		 unsigned int irq);
size_t serial_space(struct serial *serial);
void serial_input(struct serial *serial, const __u8 *data, size_t size);
bus_access_fn serial_access;

/* rtc.c */
struct rtc {
	atomic_uchar index;
};

bus_access_fn rtc_access;

/* vm.c */
struct vp {
	struct vm *vm;
	int fd;
	__u32 index;
	pthread_t thread;
	struct hv_register_page *page;		/* NULL: there is none */
	struct hv_register pending[2];		/* to be set before it runs */
	unsigned int nr_pending;
};

struct vm {
	int partition;
	struct memory memory;
	struct bus ports;
	struct bus mmio;
	struct ioapic ioapic;
	struct serial serial;
	struct rtc rtc;
	struct vp *vps;
	unsigned int nr_cpus;
	atomic_int nr_running;
	atomic_int exit_code;	/* -1 while it runs */
	int exit_event;		/* eventfd: a VP asked for the end */
};

void vm_create(struct vm *vm, unsigned int nr_cpus);
void vm_start(struct vm *vm, __u32 entry);
void vm_exit(struct vm *vm, int code);
void vm_stop(struct vm *vm);

/* power.c */
void power_build(const struct memory *memory);
bus_access_fn power_access;
bus_access_fn power_access_keyboard;
bus_access_fn power_access_reset;

/* vp.c */
void vp_create(struct vp *vp, struct vm *vm, __u32 index);
void vp_set_boot_state(struct vp *vp, __u32 entry);
void vp_start(struct vp *vp);
void vp_kick(struct vp *vp);

/* decode.c */
struct insn {
	unsigned int length;
	unsigned int size;	/* bytes moved from or to memory */
	unsigned int reg_size;	/* bytes of the register that a load sets */
	unsigned int reg;
	bool high_byte;		/* AH, CH, DH, BH */
	bool store;
	bool has_immediate;
	bool sign_extend;
	__u64 immediate;
};

bool insn_decode(struct insn *insn, const __u8 *bytes, size_t nr_bytes,
		 unsigned int mode);
__u64 insn_load(const struct insn *insn, __u64 old, __u64 data);
__u64 insn_store(const struct insn *insn, __u64 reg);

/* loader.c */
struct loader_options {
	const char *kernel;
	const char *initrd;
	const char *cmdline;
};

__u32 loader_load(const struct memory *memory,
		  const struct loader_options *options);

/* acpi.c */
void acpi_build(const struct memory *memory, unsigned int nr_cpus);

/* console.c */
void console_init(void);
void console_write(__u8 byte);
int console_read(__u8 *data, size_t size);

/* mshv.c */
int mshv_open(void);
__u64 mshv_assignable_features(int device);
int mshv_partition_create(int device);
void mshv_partition_initialize(int partition);
bool mshv_property_set(int partition, __u32 code, __u64 value);
void mshv_memory_map(int partition, const struct memory_region *region);
bool mshv_interrupt_assert(int partition, struct hv_interrupt *interrupt);
int mshv_vp_create(int partition, __u32 index);
struct hv_register_page *mshv_vp_register_page(int vp);
bool mshv_vp_run(int vp, struct hv_message *message);
void mshv_vp_set_registers(const struct vp *vp, const struct hv_register *regs,
			   unsigned int nr);
__u64 mshv_vp_get_register(const struct vp *vp, __u32 name);
bool mshv_vp_translate(const struct vp *vp, __u64 gva, __u64 *gpa);
void mshv_vp_set_cpuid(const struct vp *vp, const struct hv_cpuid_result *res);
void mshv_vp_get_lapic(int vp, void *page);
void mshv_vp_set_lapic(int vp, void *page);

#endif
