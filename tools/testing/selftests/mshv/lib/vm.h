/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tiny library to run guest code through /dev/mshv.
 *
 * Guest code is a C function marked GUEST beside the test that runs it.  All
 * such functions are copied to the guest's memory and run there in long mode,
 * on identity-mapped pages, at the highest privilege.  They must not use
 * globals, strings or functions that are not GUEST too.
 */
#ifndef VM_H
#define VM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mshv.h>

#include "tlfs.h"

#define MSHV_DEVICE	"/dev/mshv"

/* How a test ends that its fixture skips; returning would still run it */
#define SKIPPED		255

#define PAGE		4096UL

#define GUEST __attribute__((section("guest_text"), noinline, used))

/* The linker makes these for sections with such names */
extern const uint8_t __start_guest_text[] __attribute__((weak));
extern const uint8_t __stop_guest_text[] __attribute__((weak));

/* Where things are in the memory of a guest made by vm_create() */
#define VM_MEMORY	(2UL << 20)
#define VM_PAGE_TABLES	0x1000UL
#define VM_IDT		0x5000UL
#define VM_GDT		0x6000UL
#define VM_APIC_TABLE	0x7000UL
#define VM_STACK	0x10000UL	/* top */
#define VM_CODE		0x10000UL
#define VM_DATA		0x80000UL

/* Addresses with page table entries, but no memory behind them */
#define VM_HOLE		0x40000000UL
#define VM_HOLE_END	0x80000000UL

#define VM_APIC		0xfee00000UL
#define VM_MSI_ADDRESS	0xfee00000U

/* All that MSHV_SET_GUEST_MEMORY can permit */
#define VM_RWX		(1 << MSHV_SET_MEM_BIT_WRITABLE | \
			 1 << MSHV_SET_MEM_BIT_EXECUTABLE)

/* For tests: a system call fails, and with that errno */
#define EXPECT_ERRNO(error, call) \
	do { \
		errno = 0; \
		EXPECT_EQ(-1, (long)(call)); \
		EXPECT_EQ(error, errno); \
	} while (0)

struct vm {
	int dev;
	int fd;
	int vp;
	uint8_t *mem;
	size_t mem_size;
	struct register_page *regs;	/* NULL if the VP has none */
	struct msg *msg_page;
};

/* Each returns 0, or -1 with errno, unless it says something else */
int vm_open(void);
int vm_partition(int dev, uint64_t flags);
int vm_map(int fd, uint64_t gfn, void *addr, size_t size, unsigned int flags);
int vm_unmap(int fd, uint64_t gfn, void *addr, size_t size);
void *vm_pages(size_t size);
int vm_dax_file(size_t size);
uint64_t vm_config_space(void);

int vp_create(int fd, uint32_t index);
int vm_prepare_memory(struct vm *vm);
int vm_create_vp(struct vm *vm);
int vm_create(struct vm *vm);
unsigned int vm_max_vps(void);
int vp_enter_at(int fd, uint32_t index, void (*guest)(void), uint64_t stack);
int vm_enter_at(struct vm *vm, void (*guest)(void));
void vm_destroy(struct vm *vm);
uint64_t vm_guest_address(void (*guest)(void));
void vm_set_gate(struct vm *vm, int vector, void (*handler)(void));
void vm_map_apic(struct vm *vm);
int vm_route(int fd, uint32_t gsi, uint32_t data);
int vm_irqfd(int fd, int event, uint32_t gsi, uint32_t flags, int resample);
int vm_signal(int event);

/* Signal a thread, which has a handler for SIGUSR1, until it has ended */
void thread_stop(pthread_t thread, void **result);

int vm_hvcall(int fd, uint16_t code, uint16_t reps, const void *in,
	      size_t in_sz, void *out, size_t out_sz, uint16_t *status);
int vm_get_property(int fd, uint32_t code, uint64_t *value, uint16_t *status);
int vm_set_property(int fd, uint32_t code, uint64_t value, uint16_t *status);
int vp_get_reg(int fd, uint32_t index, uint32_t name, uint64_t *value);
int vp_set_regs(int fd, uint32_t index, const struct reg_assoc *regs, int nr);
int vp_set_reg(int fd, uint32_t index, uint32_t name, uint64_t value);

int vm_run(struct vm *vm, struct msg *msg);
int vm_skip(struct vm *vm, const struct msg *msg);
int vm_complete_in(struct vm *vm, const struct msg *msg, uint64_t value);

/* Pages in a state according to the driver's ledger, -1 if not to be known */
long long ledger_total(const char *state);

/* A number of kB in /proc/self/status, -1 if it is not there */
long long process_status(const char *name);

/*
 * For guest code
 */

static inline __attribute__((always_inline)) void guest_outl(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline __attribute__((always_inline)) uint32_t guest_inl(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline __attribute__((always_inline)) void guest_outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* Instructions whose forms are known: they are all two bytes long */
static inline __attribute__((always_inline)) void guest_write32(uint64_t addr, uint32_t value)
{
	asm volatile("movl %1, (%0)" : : "b"(addr), "a"(value) : "memory");
}

static inline __attribute__((always_inline)) uint32_t guest_read32(uint64_t addr)
{
	uint32_t value;

	asm volatile("movl (%1), %0" : "=a"(value) : "b"(addr) : "memory");
	return value;
}

#define GUEST_MOVL_LEN	2

#endif /* VM_H */
