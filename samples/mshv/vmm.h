/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the sample VMM, and what the files offer each other.
 *
 *	main.c		options
 *	console.c	the terminal: raw mode, output, the end by a signal
 *	vm.c		a virtual machine: partition, memory, devices, VPs
 *	vp.c		a virtual processor: set up, run, answer intercepts
 *	decode.c	the MOV instructions that drivers use on device memory
 *	mshv.c		how to speak to /dev/mshv
 *	memory.c	guest memory
 *	loader.c	bzImage, command line, initial ramdisk
 *	acpi.c		the firmware
 *	bus.c		who owns which port or address
 *	loop.c		who waits for what
 *	serial.c ioapic.c rtc.c power.c		the devices of a PC
 *	virtio.c disk.c net.c			the devices of a virtual machine
 *	host.c		files, events
 *
 * What cannot go on ends the program with one line: an error of the host, or a
 * guest that does what is not emulated here.
 */
#ifndef MSHV_SAMPLE_VMM_H
#define MSHV_SAMPLE_VMM_H

#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <linux/mshv.h>
#include <linux/types.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include "hv.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
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
#define LAYOUT_RESET_VECTOR	0x000ffff0
#define LAYOUT_HIGH		0x00100000
#define LAYOUT_HOLE		0xc0000000
#define LAYOUT_VIRTIO		0xd0000000
#define LAYOUT_IOAPIC		0xfec00000
#define LAYOUT_LAPIC		0xfee00000
#define LAYOUT_ABOVE_4G		BIT_ULL(32)

/* Ports, and what is written to them */
#define PORT_KEYBOARD		0x064
#define   KEYBOARD_PULSE_RESET	0xfe
#define PORT_CMOS		0x070
#define PORT_COM1		0x3f8
#define PORT_SLEEP		0x600
#define   SLEEP_S5		5
#define   SLEEP_ENABLE		BIT(5)
#define PORT_RESET		0xcf9
#define   RESET_CPU		BIT(2)

#define IRQ_COM1		4
#define CMOS_CENTURY		0x32

#define VM_MAX_CPUS		64
#define VM_MAX_DISKS		4

#define VIRTIO_GPA(n)		(LAYOUT_VIRTIO + (n) * HV_PAGE_SIZE)
#define VIRTIO_PIN(n)		(IRQ_COM1 + 1 + (n))

struct vm;

/* host.c */
struct file {
	const char *path;
	int fd;
	__u64 size;
	bool read_only;
};

struct file file_open(const char *path, bool read_only);
int event_create(void);

/* memory.c: one or two regions, below and above the hole for devices */
struct memory_region {
	__u64 gpa;
	__u64 size;
	void *host;
};

struct memory {
	struct memory_region region[2];
	unsigned int nr_regions;
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
	unsigned int nr_ranges;
};

void bus_add(struct bus *bus, __u64 base, __u64 size, bus_access_fn *access,
	     void *device);
void bus_access(const struct bus *bus, __u64 address, unsigned int size,
		bool write, __u64 *data);

/* loop.c */
typedef void loop_look_fn(void *device);
typedef bool loop_wants_fn(const void *device);

struct loop_source {
	int fd;
	loop_look_fn *look;
	loop_wants_fn *wants;
	void *device;
};

struct loop {
	pthread_mutex_t lock;		/* held while a device is at work */
	struct loop_source source[16];
	unsigned int nr_sources;
};

void loop_add(struct loop *loop, int fd, loop_look_fn *look,
	      loop_wants_fn *wants, void *device);
void __noreturn loop_run(struct loop *loop);

/* ioapic.c */
#define IOAPIC_NR_PINS	24

struct ioapic_pin {
	bool is_connected, is_level;
	int irq;		/* eventfd: interrupt */
	int ended;		/* eventfd: a level was ended */
	__u32 entry[2];		/* low and high half */
};

struct ioapic {
	int partition;
	__u32 select;
	struct ioapic_pin pin[IOAPIC_NR_PINS];
};

void ioapic_create(struct ioapic *ioapic, struct vm *vm);
void ioapic_connect(struct ioapic *ioapic, __u32 gsi, int irq, int ended);

/* serial.c */
struct serial {
	int irq;		/* eventfd: interrupt */
	int look;		/* eventfd: see to the line and the input */
	bool asked;		/* an interrupt has not ended yet */
	bool transmitted;	/* "holding register empty" not yet read */
	bool has_no_more;	/* the input has ended */
	__u8 reg[10];
	__u8 input[1024];
	unsigned int next_input, nr_input;
};

void serial_create(struct serial *serial, struct vm *vm);

/* rtc.c, power.c */
bus_access_fn rtc_access;
void power_create(struct vm *vm);
void __noreturn power_end(const struct vm *vm, enum exit_code code);

/* virtio.c */
#define VIRTIO_QUEUE_SIZE	128
#define VIRTIO_NR_QUEUES	2
#define QUEUE_NR_PARTS		3	/* descriptors, available, used */

/* A register of 64 bits that is written in halves, the low one first */
union virtio_halves {
	__u64 whole;
	__u32 half[2];
};

struct virtio_queue {
	bool ready;
	__u16 next;			/* request to serve */
	__u32 size;
	union virtio_halves gpa[QUEUE_NR_PARTS];
	struct vring_desc *desc;	/* the same for us, while it is ready */
	struct vring_avail *avail;
	struct vring_used *used;
};

/* What the guest has told the device since it was reset */
struct virtio_regs {
	__u32 status;
	__u32 interrupt;		/* why */
	__u32 device_select, driver_select, queue_select;
	union virtio_halves features;
	struct virtio_queue queue[VIRTIO_NR_QUEUES];
};

/* What the guest wants to be read, and what it wants to be filled */
struct virtio_request {
	__u16 head;
	unsigned int nr_out, nr_in;
	struct iovec out[VIRTIO_QUEUE_SIZE];
	struct iovec in[VIRTIO_QUEUE_SIZE];
};

/* Instead of a number of bytes that were filled */
#define VIRTIO_LATER	(-1)		/* nothing to fill them with yet */
#define VIRTIO_BROKEN	(-2)		/* the request makes no sense */

struct virtio;

struct virtio_type {
	__u32 id;
	unsigned int nr_queues;
	size_t config_size;
	ssize_t (*serve)(struct virtio *virtio, unsigned int queue,
			 struct virtio_request *request);
};

struct virtio {
	const struct virtio_type *type;
	const struct memory *memory;
	const void *config;
	__u64 features;
	int irq;			/* eventfd: interrupt */
	int kick;			/* eventfd: the guest has a request */
	bool has_complained;
	struct virtio_regs regs;
};

void virtio_create(struct virtio *virtio, const struct virtio_type *type,
		   struct vm *vm, int input);

/* disk.c */
struct disk {
	struct virtio virtio;
	struct virtio_blk_config config;
	struct file file;
};

void disk_create(struct disk *disk, struct vm *vm, const char *path);

/* net.c */
struct net {
	struct virtio virtio;
	struct virtio_net_config config;
	int tap;
};

void net_create(struct net *net, struct vm *vm, const char *tap);

/* vp.c */
struct vp {
	struct vm *vm;
	int fd;
	__u32 index;
	struct hv_register_page *page;	/* NULL if the hypervisor shows none */
};

void vp_create(struct vp *vp, struct vm *vm, __u32 index);
void vp_set_boot_state(struct vp *vp, __u32 entry);
void vp_start(struct vp *vp);

/* vm.c */
struct vm_config {
	char **argv;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	__u64 memory_size;
	unsigned int nr_cpus;
	const char *disk[VM_MAX_DISKS];
	unsigned int nr_disks;
	const char *tap;
	bool no_reboot;
};

struct vm {
	struct vm_config config;
	int partition;
	struct memory memory;
	struct loop loop;
	struct bus ports;
	struct bus mmio;
	struct ioapic ioapic;
	struct serial serial;
	__u8 rtc_index;
	struct disk disk[VM_MAX_DISKS];
	struct net net;
	unsigned int nr_virtio;
	struct vp vp[VM_MAX_CPUS];
};

void __noreturn vm_run(struct vm *vm);

/* decode.c */
struct insn {
	unsigned int length;
	unsigned int size;	/* bytes moved */
	unsigned int reg;
	bool store;
};

bool insn_decode(struct insn *insn, const __u8 *bytes, size_t nr_bytes,
		 bool long_mode);
__u64 insn_load(const struct insn *insn, __u64 old, __u64 data);

/* loader.c */
__u32 loader_load(const struct memory *memory, const struct vm_config *config);

/* acpi.c */
void acpi_build(const struct memory *memory, unsigned int nr_cpus,
		unsigned int nr_virtio);

/* console.c */
void console_init(void);
void console_restore(void);
void console_end(int signal);
void console_write(__u8 byte);

/* mshv.c */
int mshv_open(void);
int mshv_ioctl(int fd, unsigned long number, void *args, const char *what);
void mshv_hvcall(int fd, struct mshv_root_hvcall call, const char *what);

#endif
