// SPDX-License-Identifier: GPL-2.0
/* A virtual processor: one thread that runs it and answers its intercepts */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "vmm.h"

#define INSN_MAX		15

#define CR0_PE			BIT(0)
#define CR0_ET			BIT(4)
#define RFLAGS_FIXED		BIT(1)

#define CODE_SEGMENT		0xc09b	/* flat, 32 bits, execute and read */
#define DATA_SEGMENT		0xc093	/* flat, 32 bits, read and write */
#define TASK_SEGMENT		0x008b	/* busy */
#define CODE_SELECTOR		0x10
#define DATA_SELECTOR		0x18
#define GDT_LIMIT		0x1f

#define MTRR_ENABLE_WB		0x806	/* enabled, all memory write-back */

#define CPUID_FEATURES		0x1
#define CPUID_TOPOLOGY		0xb
#define CPUID_ECX_HYPERVISOR	BIT(31)
#define CPUID_EDX_HTT		BIT(28)
#define CPUID_LEVEL_THREAD	0x100
#define CPUID_LEVEL_CORE	0x201

/* Bits of an APIC ID that number the processors of the one package */
static __u32 vp_package_shift(__u32 nr_cpus)
{
	__u32 shift = 0;

	while (BIT(shift) < nr_cpus)
		shift++;
	return shift;
}

/*
 * Features are the hypervisor's business. Topology is the VMM's: one package,
 * one thread per core, and each processor tells its own APIC ID.
 */
static void vp_set_cpuid(const struct vp *vp)
{
	__u32 id = vp->index, nr = vp->vm->config.nr_cpus;
	const struct hv_cpuid_result results[] = {
		{ .leaf = CPUID_FEATURES,
		  .ebx = { id << 24 | nr << 16, 0xffff0000 },
		  .ecx = { CPUID_ECX_HYPERVISOR, CPUID_ECX_HYPERVISOR },
		  .edx = { nr > 1 ? CPUID_EDX_HTT : 0, CPUID_EDX_HTT } },
		{ .leaf = CPUID_TOPOLOGY, .subleaf = 0, .subleaf_specific = 1,
		  .eax = { 0, ~0U },
		  .ebx = { 1, ~0U },
		  .ecx = { CPUID_LEVEL_THREAD, ~0U },
		  .edx = { id, ~0U } },
		{ .leaf = CPUID_TOPOLOGY, .subleaf = 1, .subleaf_specific = 1,
		  .eax = { vp_package_shift(nr), ~0U },
		  .ebx = { nr, ~0U },
		  .ecx = { CPUID_LEVEL_CORE, ~0U },
		  .edx = { id, ~0U } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(results); i++)
		mshv_vp_set_cpuid(vp, &results[i]);
}

/* After reset all memory is uncached; there is no firmware to change that */
static void vp_set_memory_type(const struct vp *vp)
{
	const struct hv_register mtrr = {
		.name = HV_REGISTER_MTRR_DEF_TYPE,
		.value.low = MTRR_ENABLE_WB,
	};

	mshv_vp_set_registers(vp, &mtrr, 1);
}

/**
 * vp_create() - Make a virtual processor
 * @vp: what to fill in
 * @vm: where it belongs
 * @index: its number, also its APIC ID
 *
 * It is as after reset. One that is not the first waits for the interrupt that
 * starts it, in its first run: that is between the hypervisor and the guest.
 */
void vp_create(struct vp *vp, struct vm *vm, __u32 index)
{
	*vp = (struct vp){ .vm = vm, .index = index };
	vp->fd = mshv_vp_create(vm->partition, index);
	vp->page = mshv_vp_register_page(vp->fd);
	vp_set_cpuid(vp);
	vp_set_memory_type(vp);
}

static struct hv_register vp_segment(__u32 name, __u16 selector,
				     __u16 attributes)
{
	return (struct hv_register){
		.name = name,
		.value.segment = {
			.limit = 0xffffffff,
			.selector = selector,
			.attributes = attributes,
		},
	};
}

/**
 * vp_set_boot_state() - Prepare for the 32-bit boot protocol
 * @vp: the first processor
 * @entry: where the kernel begins
 *
 * Flat segments, protected mode, no paging; the rest is as after reset.
 */
void vp_set_boot_state(struct vp *vp, __u32 entry)
{
	const struct hv_register regs[] = {
		vp_segment(HV_REGISTER_CS, CODE_SELECTOR, CODE_SEGMENT),
		vp_segment(HV_REGISTER_DS, DATA_SELECTOR, DATA_SEGMENT),
		vp_segment(HV_REGISTER_ES, DATA_SELECTOR, DATA_SEGMENT),
		vp_segment(HV_REGISTER_FS, DATA_SELECTOR, DATA_SEGMENT),
		vp_segment(HV_REGISTER_GS, DATA_SELECTOR, DATA_SEGMENT),
		vp_segment(HV_REGISTER_SS, DATA_SELECTOR, DATA_SEGMENT),
		vp_segment(HV_REGISTER_TR, 0, TASK_SEGMENT),
		{ .name = HV_REGISTER_GDTR,
		  .value.table = { .limit = GDT_LIMIT, .base = LAYOUT_GDT } },
		{ .name = HV_REGISTER_CR0, .value.low = CR0_PE | CR0_ET },
		{ .name = HV_REGISTER_RFLAGS, .value.low = RFLAGS_FIXED },
		{ .name = HV_REGISTER_RIP, .value.low = entry },
		{ .name = HV_REGISTER_RSI, .value.low = LAYOUT_BOOT_PARAMS },
	};

	mshv_vp_set_registers(vp, regs, ARRAY_SIZE(regs));
}

/* The page is as good as a hypercall, and needs none */
static bool vp_has_page(const struct vp *vp)
{
	return vp->page && vp->page->valid;
}

static __u64 vp_get_gpr(const struct vp *vp, unsigned int n)
{
	if (vp_has_page(vp))
		return vp->page->gpr[n];
	return mshv_vp_get_register(vp, HV_REGISTER_RAX + n);
}

/* Without the page, what an intercept changes is handed over in one call */
static void vp_set_later(struct vp *vp, __u32 name, __u64 value)
{
	vp->later[vp->nr_later++] = (struct hv_register){
		.name = name,
		.value.low = value,
	};
}

static void vp_set_gpr(struct vp *vp, unsigned int n, __u64 value)
{
	if (vp_has_page(vp)) {
		vp->page->gpr[n] = value;
		vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_GPR;
	} else {
		vp_set_later(vp, HV_REGISTER_RAX + n, value);
	}
}

/* Go on behind the instruction that was intercepted */
static void vp_advance(struct vp *vp, const struct hv_intercept *header,
		       unsigned int length)
{
	__u64 rip = header->rip + length;

	if (vp_has_page(vp)) {
		vp->page->rip = rip;
		vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
	} else {
		vp_set_later(vp, HV_REGISTER_RIP, rip);
	}
}

static void vp_set_now(struct vp *vp)
{
	if (vp->nr_later)
		mshv_vp_set_registers(vp, vp->later, vp->nr_later);
	vp->nr_later = 0;
}

/* What there is no answer to ends the program, and says where it happened */
static void __noreturn vp_die(const struct vp *vp, __u32 type, const char *why)
{
	die("VP %u: message 0x%x at 0x%llx: %s", vp->index, type,
	    mshv_vp_get_register(vp, HV_REGISTER_RIP), why);
}

static void vp_handle_io(struct vp *vp, const struct hv_message *message)
{
	const struct hv_io_intercept *io = &message->io;
	unsigned int size = io->info & HV_IO_SIZE_MASK;
	struct insn in = { .size = size, .reg_size = size };
	bool write = io->header.access == HV_ACCESS_WRITE;
	__u64 data = io->rax;

	if (io->info & HV_IO_STRING)
		vp_die(vp, message->type, "string I/O is not emulated");

	bus_access(&vp->vm->ports, io->port, size, write, &data);
	if (!write)
		vp_set_gpr(vp, 0, insn_load(&in, io->rax, data));
	vp_advance(vp, &io->header, io->header.length_cr8 & 0xf);
}

/* Bytes of the instruction: what the message has, and what it lacks */
static size_t vp_fetch(const struct vp *vp,
		       const struct hv_memory_intercept *access, __u8 *bytes)
{
	const struct hv_intercept *header = &access->header;
	size_t chunk, n = access->nr_bytes;
	__u64 gpa, gva = header->rip;
	const void *code;

	if (n > INSN_MAX)
		n = INSN_MAX;
	memcpy(bytes, access->bytes, n);
	if (!(header->cs.attributes & HV_SEGMENT_LONG))
		gva += header->cs.base;

	for (; n < INSN_MAX; n += chunk) {
		chunk = HV_PAGE_SIZE - (gva + n) % HV_PAGE_SIZE;
		if (chunk > INSN_MAX - n)
			chunk = INSN_MAX - n;
		if (!mshv_vp_translate(vp, gva + n, &gpa))
			break;
		code = memory_at(&vp->vm->memory, gpa, chunk);
		if (!code)
			break;
		memcpy(bytes + n, code, chunk);
	}
	return n;
}

static void __noreturn vp_die_insn(const struct vp *vp,
				   const struct hv_message *message,
				   const __u8 *bytes, size_t nr_bytes)
{
	char text[3 * INSN_MAX + 1] = "", why[128];
	size_t i;

	for (i = 0; i < nr_bytes; i++)
		snprintf(text + 3 * i, sizeof(text) - 3 * i, " %02x", bytes[i]);
	snprintf(why, sizeof(why), "cannot emulate%s, which accesses 0x%llx",
		 nr_bytes ? text : " what cannot be read",
		 message->memory.gpa);
	vp_die(vp, message->type, why);
}

static void vp_handle_memory(struct vp *vp, const struct hv_message *message)
{
	const struct hv_memory_intercept *access = &message->memory;
	__u16 code = access->header.cs.attributes;
	__u8 bytes[INSN_MAX];
	size_t nr_bytes = vp_fetch(vp, access, bytes);
	struct insn insn;
	__u64 data = 0;

	if (!(code & (HV_SEGMENT_LONG | HV_SEGMENT_DEFAULT_BIG)) ||
	    !insn_decode(&insn, bytes, nr_bytes, code & HV_SEGMENT_LONG) ||
	    access->header.access != (insn.store ? HV_ACCESS_WRITE :
						   HV_ACCESS_READ))
		vp_die_insn(vp, message, bytes, nr_bytes);

	if (insn.store)
		data = insn_store(&insn, vp_get_gpr(vp, insn.reg));
	bus_access(&vp->vm->mmio, access->gpa, insn.size, insn.store, &data);
	if (!insn.store)
		vp_set_gpr(vp, insn.reg,
			   insn_load(&insn, vp_get_gpr(vp, insn.reg), data));
	vp_advance(vp, &access->header, insn.length);
}

static void vp_handle_eoi(struct vp *vp, const struct hv_message *message)
{
	ioapic_eoi(&vp->vm->ioapic, message->eoi.vector);
}

/* On a PC that is a reset, too */
static void vp_handle_triple_fault(struct vp *vp,
				   const struct hv_message *message)
{
	fprintf(stderr, "mshv-vmm: VP %u: triple fault at 0x%llx\n", vp->index,
		message->header.rip);
	vm_exit(vp->vm, EXIT_CRASH);
}

static void vp_handle_invalid_state(struct vp *vp,
				    const struct hv_message *message)
{
	vp_die(vp, message->type, "invalid register values");
}

static void vp_handle_unsupported(struct vp *vp,
				  const struct hv_message *message)
{
	vp_die(vp, message->type, "the hypervisor cannot do that");
}

/*
 * The messages of a partition that has asked for no others. Where HLT, MSRs and
 * interrupts of processors to each other lead to, the hypervisor knows itself.
 */
static const struct vp_handler {
	__u32 type;
	void (*handle)(struct vp *vp, const struct hv_message *message);
} vp_handlers[] = {
	{ HV_MESSAGE_IO_PORT, vp_handle_io },
	{ HV_MESSAGE_UNMAPPED_GPA, vp_handle_memory },
	{ HV_MESSAGE_GPA_INTERCEPT, vp_handle_memory },
	{ HV_MESSAGE_APIC_EOI, vp_handle_eoi },
	{ HV_MESSAGE_TRIPLE_FAULT, vp_handle_triple_fault },
	{ HV_MESSAGE_INVALID_REGISTER, vp_handle_invalid_state },
	{ HV_MESSAGE_UNSUPPORTED_FEATURE, vp_handle_unsupported },
};

static void vp_handle(struct vp *vp, const struct hv_message *message)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vp_handlers); i++) {
		if (vp_handlers[i].type == message->type) {
			vp_handlers[i].handle(vp, message);
			return;
		}
	}
	vp_die(vp, message->type, "nobody asked for that");
}

static void *vp_thread(void *arg)
{
	struct vp *vp = arg;
	struct hv_message message;

	while (vp->vm->exit_code < 0) {
		vp_set_now(vp);
		if (mshv_vp_run(vp->fd, &message))
			vp_handle(vp, &message);
	}
	vp->vm->nr_running--;
	return NULL;
}

static void vp_kicked(int signal)
{
	(void)signal;
}

/* Start the thread that runs it */
void vp_start(struct vp *vp)
{
	struct sigaction action = { .sa_handler = vp_kicked };

	sigaction(SIGRTMIN, &action, NULL);
	vp->thread = thread_create(vp_thread, vp);
}

/* Make the thread look at whether the VM still runs */
void vp_kick(struct vp *vp)
{
	pthread_kill(vp->thread, SIGRTMIN);
}

/* Its thread has ended */
void vp_destroy(struct vp *vp)
{
	pthread_join(vp->thread, NULL);
	mshv_vp_close(vp->fd, vp->page);
}
