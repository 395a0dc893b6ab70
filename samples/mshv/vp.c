// SPDX-License-Identifier: GPL-2.0
/* A virtual processor: one thread that runs it and answers its intercepts */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm.h"

#define INSN_MAX		15
#define VP_REGISTERS_MAX	12

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
#define CPUID_TOPOLOGY_V2	0x1f	/* preferred if it is there */
#define CPUID_CORES		0x80000008	/* AMD's */
#define CPUID_ECX_HYPERVISOR	BIT(31)
#define CPUID_EDX_HTT		BIT(28)
#define CPUID_LEVEL_THREAD	0x100
#define CPUID_LEVEL_CORE	0x201

/* Set @nr registers, at most VP_REGISTERS_MAX */
static void vp_set_registers(const struct vp *vp, const struct hv_register *regs,
			     unsigned int nr)
{
	struct {
		struct hv_vp_input vp;
		struct hv_register regs[VP_REGISTERS_MAX];
	} in = { .vp.vp_index = vp->index };

	memcpy(in.regs, regs, nr * sizeof(*regs));
	mshv_hvcall(vp->fd, (struct mshv_root_hvcall){
		.code = HVCALL_SET_VP_REGISTERS, .reps = nr,
		.in_ptr = (__u64)&in,
		.in_sz = sizeof(in.vp) + nr * sizeof(*regs),
	}, "set registers");
}

static __u64 vp_get_register(const struct vp *vp, __u32 name)
{
	struct {
		struct hv_vp_input vp;
		__u32 name;
	} in = { .vp.vp_index = vp->index, .name = name };
	union hv_value value = { 0 };

	mshv_hvcall(vp->fd, (struct mshv_root_hvcall){
		.code = HVCALL_GET_VP_REGISTERS, .reps = 1,
		.in_ptr = (__u64)&in, .in_sz = sizeof(in.vp) + sizeof(in.name),
		.out_ptr = (__u64)&value, .out_sz = sizeof(value),
	}, "get a register");
	return value.low;
}

/* The page is as good as a hypercall, and needs none */
static bool vp_has_page(const struct vp *vp)
{
	return vp->page && vp->page->valid;
}

static __u64 vp_get_gpr(const struct vp *vp, unsigned int n)
{
	return vp_has_page(vp) ? vp->page->gpr[n] :
	       vp_get_register(vp, HV_REGISTER_RAX + n);
}

/* Go on behind an instruction; one that loads has its value in its register then */
static void vp_go_on(const struct vp *vp, __u64 rip, const struct insn *insn,
		     __u64 value)
{
	const struct hv_register regs[] = {
		{ .name = HV_REGISTER_RIP, .value.low = rip },
		{ .name = HV_REGISTER_RAX + insn->reg, .value.low = value },
	};

	if (!vp_has_page(vp)) {
		vp_set_registers(vp, regs, insn->store ? 1 : 2);
		return;
	}
	vp->page->rip = rip;
	vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
	if (!insn->store) {
		vp->page->gpr[insn->reg] = value;
		vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_GPR;
	}
}

static void vp_set_cpuid_leaf(const struct vp *vp, struct hv_cpuid_result leaf)
{
	struct hv_register_result_input in = {
		.vp_index = vp->index,
		.type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = leaf,
	};

	in.cpuid.always_override = 1;
	mshv_hvcall(vp->fd, (struct mshv_root_hvcall){
		.code = HVCALL_REGISTER_RESULT,
		.in_ptr = (__u64)&in,
		.in_sz = offsetof(typeof(in), cpuid) + sizeof(in.cpuid),
	}, "set a CPUID leaf");
}

/*
 * Features are the hypervisor's business. Topology is the VMM's: one package,
 * one thread per core, and each processor tells its own APIC ID.
 */
static void vp_set_cpuid(const struct vp *vp)
{
	static const __u32 leaves[] = { CPUID_TOPOLOGY, CPUID_TOPOLOGY_V2 };
	__u32 id = vp->index, nr = vp->vm->config.nr_cpus;
	__u32 id_bits = nr > 1 ? 32 - __builtin_clz(nr - 1) : 0;
	struct hv_cpuid_result features = {
		.leaf = CPUID_FEATURES,
		.ebx = { id << 24 | nr << 16, 0xffff0000 },
		.ecx = { CPUID_ECX_HYPERVISOR, CPUID_ECX_HYPERVISOR },
		.edx = { nr > 1 ? CPUID_EDX_HTT : 0, CPUID_EDX_HTT },
	}, cores = {
		.leaf = CPUID_CORES,
		.ecx = { id_bits << 12 | (nr - 1), 0xf0ff },
	}, thread = {
		.subleaf = 0, .subleaf_specific = 1,
		.eax = { 0, ~0U }, .ebx = { 1, ~0U },
		.ecx = { CPUID_LEVEL_THREAD, ~0U }, .edx = { id, ~0U },
	}, core = {
		.subleaf = 1, .subleaf_specific = 1,
		.eax = { id_bits, ~0U }, .ebx = { nr, ~0U },
		.ecx = { CPUID_LEVEL_CORE, ~0U }, .edx = { id, ~0U },
	};
	size_t i;

	vp_set_cpuid_leaf(vp, features);
	vp_set_cpuid_leaf(vp, cores);
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		thread.leaf = leaves[i];
		core.leaf = leaves[i];
		vp_set_cpuid_leaf(vp, thread);
		vp_set_cpuid_leaf(vp, core);
	}
}

static struct hv_register_page *vp_map_page(const struct vp *vp)
{
	void *page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED, vp->fd,
			  MSHV_VP_MMAP_OFFSET_REGISTERS * HV_PAGE_SIZE);

	if (page != MAP_FAILED)
		return page;
	if (errno != ENODEV)
		err(EXIT_ERROR, "map the register page of VP %u", vp->index);
	return NULL;
}

/**
 * vp_create() - Make a virtual processor
 * @vp: what to fill in
 * @vm: where it belongs
 * @index: its number, also its APIC ID
 *
 * It is as after reset, but for the type of memory: that would be uncached, and
 * there is no firmware to change it. One that is not the first waits for the
 * interrupt that starts it, in its first run: that is between the hypervisor
 * and the guest.
 */
void vp_create(struct vp *vp, struct vm *vm, __u32 index)
{
	const struct hv_register mtrr = {
		.name = HV_REGISTER_MTRR_DEF_TYPE,
		.value.low = MTRR_ENABLE_WB,
	};
	struct mshv_create_vp args = { .vp_index = index };

	*vp = (struct vp){ .vm = vm, .index = index };
	vp->fd = mshv_ioctl(vm->partition, MSHV_CREATE_VP, &args, "create a VP");
	vp->page = vp_map_page(vp);
	vp_set_cpuid(vp);
	vp_set_registers(vp, &mtrr, 1);
}

#define SEGMENT(n, s, a) { \
	.name = HV_REGISTER_##n, \
	.value.segment = { .limit = ~0U, .selector = (s), .attributes = (a) } }

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
		SEGMENT(CS, CODE_SELECTOR, CODE_SEGMENT),
		SEGMENT(DS, DATA_SELECTOR, DATA_SEGMENT),
		SEGMENT(ES, DATA_SELECTOR, DATA_SEGMENT),
		SEGMENT(FS, DATA_SELECTOR, DATA_SEGMENT),
		SEGMENT(GS, DATA_SELECTOR, DATA_SEGMENT),
		SEGMENT(SS, DATA_SELECTOR, DATA_SEGMENT),
		SEGMENT(TR, 0, TASK_SEGMENT),
		{ .name = HV_REGISTER_GDTR,
		  .value.table = { .limit = GDT_LIMIT, .base = LAYOUT_GDT } },
		{ .name = HV_REGISTER_CR0, .value.low = CR0_PE | CR0_ET },
		{ .name = HV_REGISTER_RFLAGS, .value.low = RFLAGS_FIXED },
		{ .name = HV_REGISTER_RIP, .value.low = entry },
		{ .name = HV_REGISTER_RSI, .value.low = LAYOUT_BOOT_PARAMS },
	};

	vp_set_registers(vp, regs, ARRAY_SIZE(regs));
}

/* What there is no answer to ends the program, and says where it happened */
static void __noreturn vp_die(const struct vp *vp,
			      const struct hv_message *message, const char *why)
{
	errx(EXIT_ERROR, "VP %u: message 0x%x at 0x%llx: %s", vp->index,
	     message->type, message->header.rip, why);
}

/* Do what the instruction does to a port or to memory, and go on behind it */
static void vp_emulate(const struct vp *vp, const struct hv_intercept *header,
		       const struct bus *bus, __u64 address,
		       const struct insn *insn, __u64 reg)
{
	__u64 data = reg;

	pthread_mutex_lock(&vp->vm->loop.lock);
	bus_access(bus, address, insn->size, insn->store, &data);
	pthread_mutex_unlock(&vp->vm->loop.lock);
	vp_go_on(vp, header->rip + insn->length, insn,
		 insn_load(insn, reg, data));
}

static void vp_handle_io(const struct vp *vp, const struct hv_message *message)
{
	const struct hv_io_intercept *io = &message->io;
	const struct insn insn = {
		.length = io->header.length_cr8 & 0xf,
		.size = io->info & HV_IO_SIZE_MASK,
		.store = io->header.access == HV_ACCESS_WRITE,
	};

	if (io->info & HV_IO_STRING)
		vp_die(vp, message, "string I/O is not emulated");
	vp_emulate(vp, &io->header, &vp->vm->ports, io->port, &insn, io->rax);
}

/* Where the page tables lead to code; NULL if that is not guest memory */
static const void *vp_translate(const struct vp *vp, __u64 gva, size_t size)
{
	struct mshv_translate_gva_result result = { 0 };
	__u64 gpa = 0;
	struct mshv_translate_gva args = {
		.gva = gva,
		.flags = HV_TRANSLATE_VALIDATE_EXECUTE |
			 HV_TRANSLATE_PRIVILEGE_EXEMPT,
		.result_ptr = (__u64)&result,
		.gpa_ptr = (__u64)&gpa,
	};

	mshv_ioctl(vp->fd, MSHV_VP_TRANSLATE_GVA, &args, "translate an address");
	return result.result_code ? NULL : memory_at(&vp->vm->memory, gpa, size);
}

/* Bytes of the instruction: what the message has, and what it lacks */
static size_t vp_fetch(const struct vp *vp,
		       const struct hv_memory_intercept *access, __u8 *bytes)
{
	const struct hv_intercept *header = &access->header;
	size_t chunk, n = access->nr_bytes;
	__u64 gva = header->rip;
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
		code = vp_translate(vp, gva + n, chunk);
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
	char why[128] = "cannot emulate";
	size_t i;

	for (i = 0; i < nr_bytes; i++)
		sprintf(why + strlen(why), " %02x", bytes[i]);
	sprintf(why + strlen(why), " for address 0x%llx", message->memory.gpa);
	vp_die(vp, message, why);
}

/*
 * An access to guest memory comes here if the host has none left to put there:
 * nothing can be done about that, least of all to treat it as a device's.
 */
static void vp_handle_memory(const struct vp *vp,
			     const struct hv_message *message)
{
	const struct hv_memory_intercept *access = &message->memory;
	__u16 code = access->header.cs.attributes;
	__u8 bytes[INSN_MAX];
	struct insn insn;
	size_t nr_bytes;

	if (memory_at(&vp->vm->memory, access->gpa, 1))
		vp_die(vp, message, "the host has lost the guest's memory");
	nr_bytes = vp_fetch(vp, access, bytes);
	if (!(code & (HV_SEGMENT_LONG | HV_SEGMENT_DEFAULT_BIG)) ||
	    !insn_decode(&insn, bytes, nr_bytes, code & HV_SEGMENT_LONG) ||
	    access->header.access != (insn.store ? HV_ACCESS_WRITE :
						   HV_ACCESS_READ))
		vp_die_insn(vp, message, bytes, nr_bytes);
	vp_emulate(vp, &access->header, &vp->vm->mmio, access->gpa, &insn,
		   vp_get_gpr(vp, insn.reg));
}

/*
 * The messages of a partition that has asked for no others. Where HLT, MSRs and
 * interrupts of processors to each other lead to, the hypervisor knows itself.
 * The end of a level interrupt is for the kernel, unless its route has changed
 * since: then the one device that has such an interrupt had better look.
 */
static void vp_handle(const struct vp *vp, const struct hv_message *message)
{
	switch (message->type) {
	case HV_MESSAGE_IO_PORT:
		vp_handle_io(vp, message);
		break;
	case HV_MESSAGE_UNMAPPED_GPA:
	case HV_MESSAGE_GPA_INTERCEPT:
		vp_handle_memory(vp, message);
		break;
	case HV_MESSAGE_APIC_EOI:
		eventfd_write(vp->vm->serial.look, 1);
		break;
	case HV_MESSAGE_TRIPLE_FAULT:
		fprintf(stderr, "mshv-vmm: VP %u: triple fault at 0x%llx\n",
			vp->index, message->header.rip);
		pthread_mutex_lock(&vp->vm->loop.lock);
		power_end(vp->vm, EXIT_CRASH);	/* on a PC a reset, too */
	case HV_MESSAGE_INVALID_REGISTER:
		vp_die(vp, message, "invalid register values");
	case HV_MESSAGE_UNSUPPORTED_FEATURE:
		vp_die(vp, message, "the hypervisor cannot do that");
	default:
		vp_die(vp, message, "nobody asked for that");
	}
}

static void *vp_thread(void *arg)
{
	const struct vp *vp = arg;
	struct hv_message message;

	for (;;) {
		mshv_ioctl(vp->fd, MSHV_RUN_VP, &message, "run a VP");
		vp_handle(vp, &message);
	}
	return NULL;
}

/* Start the thread that runs it */
void vp_start(struct vp *vp)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, vp_thread, vp);
	if (errno)
		err(EXIT_ERROR, "create a thread");
}
