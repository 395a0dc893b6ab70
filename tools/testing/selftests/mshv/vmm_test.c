// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual machine monitors from their first request to their last.
 *
 * There is more than one order in which a machine can be made, used and ended.
 * Each case here is a life as some monitor leads it: a list of steps, with the
 * arguments that it gives.  The guest says when it has got something.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define NR_VPS		2
#define NR_GSIS		64
#define BELL		(VM_HOLE + 0x3000)
#define BELL_WITH_VALUE	(VM_HOLE + 0x4000)
#define ROM		0x3fe00000UL	/* below the hole */
#define ROM_SIZE	(4 * PAGE)
#define LEAF		0x40000100
#define START_PAGE	8UL

#define VECTOR		0x41
#define SINT_VECTOR	0x51
#define SINT		2

#define PORT_LEAF	0x500
#define PORT_ROM	0x501
#define PORT_READY	0x502
#define PORT_IRQ	0x503
#define PORT_SINT	0x504
#define PORT_START	0x505

/* In the guest's memory, beyond its code */
#define COUNT		VM_DATA
#define MESSAGES	(VM_DATA + PAGE)
#define FLAGS		(VM_DATA + 2 * PAGE)

#define ANY_VP		0xffffffffU
#define ALL_STATES	MSHV_VP_STATE_COUNT

enum {
	PROPERTY_TIME_FREEZE = 0x00030003,
	PROPERTY_REFERENCE_TIME = 0x00030005,
	PROPERTY_PROCESSORS_PER_SOCKET = 0x00050003,
	PROPERTY_PROCESSOR_VENDOR = 0x00060000,
	PROPERTY_PHYSICAL_ADDRESS_WIDTH = 0x00060006,
	PROPERTY_XSAVE_STATES = 0x00060007,
	PROPERTY_MAX_XSAVE_DATA_SIZE = 0x00060008,
	PROPERTY_PROCESSOR_FEATURES1 = 0x0006000b,
	PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES = 0x00090009,
	INTERCEPT_HYPERCALL = 8,
	INTERCEPT_UNKNOWN_CONNECTION = 0x0d,
	INTERCEPT_RETARGET = 0x0f,
	INTERCEPT_EXECUTE = 4,
	INTERRUPT_SIPI = 6,
	REG_DELIVERABILITY_NOTIFICATIONS = 0x00010006,
	REG_APIC_BASE = 0x00080003,
	REG_LSTAR = 0x00080009,
	REG_INITIAL_APIC_ID = 0x0008000c,
	REG_MTRR_DEF_TYPE = 0x0008000e,
	REG_TSC = 0x00080000,
	REG_MISC_ENABLE = 0x000800a0,
	REG_HYPERCALL = 0x00090001,
	REG_GUEST_OS_ID = 0x00090002,
	REG_REFERENCE_TSC = 0x00090017,
	MSG_SINT_DELIVERABLE = 0x80000062,
};

/* What a VP is, as far as it is kept when it is saved */
struct saved_vp {
	uint8_t states[ALL_STATES][PAGE] __attribute__((aligned(PAGE)));
	struct reg128 regs[64];
};

struct monitor {
	int dev;
	int fd;
	int vps[NR_VPS];
	struct register_page *regs[NR_VPS];
	struct vm mem;			/* only its memory */
	uint8_t *rom;
	int event;
	int bell;
	uint64_t time;
	uint16_t status;
	struct msg msg;
	struct msg other_msg;
	struct saved_vp *saved;
};

FIXTURE(monitor)
{
	struct monitor m;
	long long mapped;
};

FIXTURE_SETUP(monitor)
{
	struct monitor *m = &self->m;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->mapped = ledger_total("mapped");
	memset(m, 0, sizeof(*m));
	m->event = eventfd(0, EFD_NONBLOCK);
	m->bell = eventfd(0, EFD_NONBLOCK);
	m->saved = vm_pages(sizeof(*m->saved));
	m->rom = vm_pages(ROM_SIZE);
	ASSERT_EQ(0, vm_prepare_memory(&m->mem));
	*(uint32_t *)m->rom = 0x600d;
}

FIXTURE_TEARDOWN(monitor)
{
	EXPECT_EQ(self->mapped, ledger_total("mapped"));
}

struct step {
	const char *name;
	int (*take)(struct monitor *m);
};

/* Take all steps, the last of which has no name; how many there were, or -1 */
static int lead(struct monitor *m, const struct step *steps)
{
	int i;

	for (i = 0; steps[i].name; i++) {
		m->status = 0;
		errno = 0;
		if (!steps[i].take(m))
			continue;
		fprintf(stderr, "# %s: errno %d, status %#x\n", steps[i].name,
			errno, m->status);
		return -1;
	}
	return i;
}

/*
 * The guest
 */

/* Writes down that it has come, says so, and ends the interrupt */
static GUEST __attribute__((naked)) void guest_irq(void)
{
	asm volatile("push %rax\n\t"
		     "push %rdx\n\t"
		     "mov $0x80000, %edx\n\t"
		     "incl (%rdx)\n\t"
		     "movl (%rdx), %eax\n\t"
		     "mov $0x503, %edx\n\t"
		     "outl %eax, %dx\n\t"
		     "mov $0xfee000b0, %edx\n\t"
		     "movl $0, (%rdx)\n\t"
		     "pop %rdx\n\t"
		     "pop %rax\n\t"
		     "iretq");
}

/* Tells the type of the message in the slot of its SINT, and frees the slot */
static GUEST __attribute__((naked)) void guest_sint(void)
{
	asm volatile("push %rax\n\t"
		     "push %rcx\n\t"
		     "push %rdx\n\t"
		     "mov $0x81200, %edx\n\t"
		     "movl (%rdx), %eax\n\t"
		     "mov $0x504, %edx\n\t"
		     "outl %eax, %dx\n\t"
		     "mov $0x81200, %edx\n\t"
		     "movl $0, (%rdx)\n\t"
		     "mov $0x40000084, %ecx\n\t"
		     "xor %eax, %eax\n\t"
		     "xor %edx, %edx\n\t"
		     "wrmsr\n\t"
		     "mov $0xfee000b0, %edx\n\t"
		     "movl $0, (%rdx)\n\t"
		     "pop %rdx\n\t"
		     "pop %rcx\n\t"
		     "pop %rax\n\t"
		     "iretq");
}

static inline __attribute__((always_inline)) void guest_wrmsr(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value),
		     "d"((uint32_t)(value >> 32)) : "memory");
}

static inline __attribute__((always_inline)) void guest_begin(void)
{
	uint32_t eax = LEAF, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	guest_outl(PORT_LEAF, eax);
	guest_write32(BELL, 1);
	guest_write32(BELL_WITH_VALUE, 7);
	guest_write32(VM_APIC + 0xf0, 0x1ff);
}

static inline __attribute__((always_inline)) void guest_wait(void)
{
	guest_outl(PORT_READY, 0);
	asm volatile("sti; 1: hlt; jmp 1b");
}

static GUEST void guest_main(void)
{
	guest_begin();
	guest_outl(PORT_ROM, guest_read32(ROM));
	guest_write32(ROM, 0xbad);
	guest_wait();
}

/* The same without ROM, but with a SynIC */
static GUEST void guest_synic(void)
{
	guest_begin();
	guest_wrmsr(0x40000083, MESSAGES | 1);
	guest_wrmsr(0x40000082, FLAGS | 1);
	guest_wrmsr(0x40000090 + SINT, SINT_VECTOR);
	guest_wrmsr(0x40000080, 1);
	guest_wait();
}

/* mov $0x505, %dx; out %al, (%dx); 1: hlt; jmp 1b */
static const uint8_t real_mode_code[] = {
	0xba, 0x05, 0x05, 0xee, 0xf4, 0xeb, 0xfd,
};

static void on_signal(int number)
{
}

/* Run a VP up to its next message, whatever signals come */
static int run_vp(struct monitor *m, int vp, struct msg *msg)
{
	int ret;

	do {
		ret = ioctl(m->vps[vp], MSHV_RUN_VP, msg);
	} while (ret && (errno == EINTR || errno == EAGAIN));
	return ret;
}

/* A message about memory does not tell how long the instruction is */
static int skip_by_page(struct monitor *m, const struct msg *msg)
{
	struct register_page *regs = m->regs[0];

	if (!regs->isvalid)
		return -1;
	regs->rip = msg->intercept.rip +
		(msg->type == MSG_IO_PORT ? msg->intercept.length_cr8 & 0xf :
					    GUEST_MOVL_LEN);
	regs->dirty |= REGISTER_PAGE_RIP_DIRTY;
	return 0;
}

/* VP 0 comes to a port with a value, and is to go on after it */
static int run_to(struct monitor *m, uint16_t port, uint32_t value)
{
	if (run_vp(m, 0, &m->msg))
		return -1;
	if (m->msg.type != MSG_IO_PORT || m->msg.io.port != port ||
	    (uint32_t)m->msg.io.rax != value) {
		fprintf(stderr, "# message %#x, port %#x, value %#x\n",
			m->msg.type, m->msg.io.port, (uint32_t)m->msg.io.rax);
		errno = EPROTO;
		return -1;
	}
	return skip_by_page(m, &m->msg);
}

/* VP 0 runs, with nothing to do, until a signal comes */
static int run_idle(struct monitor *m)
{
	struct itimerval timer = { { .tv_usec = 10000 }, { .tv_usec = 10000 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval none = { };
	int ret;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = ioctl(m->vps[0], MSHV_RUN_VP, &m->msg);
	if (ret && errno == EINTR)
		ret = 0;
	else
		ret = -1;
	setitimer(ITIMER_REAL, &none, NULL);
	return ret;
}

/*
 * Requests
 */

static int hvcall(struct monitor *m, int fd, uint16_t code, uint16_t reps,
		  const void *in, size_t in_sz, void *out, size_t out_sz)
{
	return vm_hvcall(fd, code, reps, in, in_sz, out, out_sz, &m->status);
}

static int get_property(struct monitor *m, int fd, uint32_t code, uint64_t *value)
{
	return vm_get_property(fd, code, value, &m->status);
}

static int set_property(struct monitor *m, uint32_t code, uint64_t value)
{
	return vm_set_property(m->fd, code, value, &m->status);
}

/* The first bank of a property that has banks */
static int get_bank(struct monitor *m, uint32_t code, uint64_t *bank)
{
	struct {
		uint64_t partition;
		uint32_t code;
		uint32_t pad;
		uint64_t arg;
	} in = { .code = code };
	static uint64_t out[4072 / 8];

	if (hvcall(m, m->dev, HVCALL_GET_PARTITION_PROPERTY_EX, 0, &in,
		   sizeof(in), out, sizeof(out)))
		return -1;
	*bank = (out[0] & 0xffff) ? out[1] : 0;
	return 0;
}

static int register_cpuid(struct monitor *m, int fd, uint32_t vp, size_t in_sz)
{
	struct {
		uint64_t partition;
		uint32_t vp;
		uint32_t type;
		uint32_t eax, ecx;
		uint8_t subleaf_specific, always_override;
		uint16_t pad;
		uint32_t values[8];
		uint32_t pad2;
	} in = {
		.vp = vp,
		.type = INTERCEPT_CPUID,
		.eax = LEAF,
		.always_override = 1,
		.values = { 0xc001, ~0U, 0, ~0U, 0, ~0U, 0, ~0U },
	};

	return hvcall(m, fd, HVCALL_REGISTER_INTERCEPT_RESULT, 0, &in, in_sz,
		      NULL, 0);
}

static int get_cpuid(struct monitor *m, int vp, uint32_t leaf, uint32_t *out)
{
	struct {
		uint64_t partition;
		uint32_t vp;
		uint32_t flags;
		uint64_t rsvd;
		uint32_t eax, ecx;
		uint64_t xfem, xss;
	} in = { .vp = vp, .flags = 3, .eax = leaf };

	return hvcall(m, m->vps[vp], HVCALL_GET_VP_CPUID_VALUES, 1, &in,
		      sizeof(in), out, 16);
}

static int install_intercept(struct monitor *m, uint32_t type)
{
	struct {
		uint64_t partition;
		uint32_t access;
		uint32_t type;
		uint64_t parameter;
	} in = { .access = INTERCEPT_EXECUTE, .type = type };

	return hvcall(m, m->fd, HVCALL_INSTALL_INTERCEPT, 0, &in, sizeof(in),
		      NULL, 0);
}

/* A request for a vector in long mode has bit 62 set */
static int assert_interrupt(struct monitor *m, uint64_t control,
			    uint64_t destination, uint32_t vector)
{
	struct {
		uint64_t partition;
		uint64_t control;
		uint64_t destination;
		uint32_t vector;
		uint32_t vtl;
	} in = {
		.control = control,
		.destination = destination,
		.vector = vector,
	};

	return hvcall(m, m->fd, HVCALL_ASSERT_VIRTUAL_INTERRUPT, 0, &in,
		      sizeof(in), NULL, 0);
}

static int post_message(struct monitor *m, uint32_t type)
{
	struct {
		uint64_t partition;
		uint32_t vp;
		uint32_t vtl;
		uint32_t sint;
		uint32_t type;
		uint8_t payload_size;
		uint8_t rest[251];
		uint32_t pad;
	} in = { .sint = SINT, .type = type, .payload_size = 8 };

	_Static_assert(sizeof(in) == 280, "PostMessageDirect");
	return hvcall(m, m->fd, HVCALL_POST_MESSAGE_DIRECT, 0, &in, sizeof(in),
		      NULL, 0);
}

static int signal_flag(struct monitor *m, uint16_t flag)
{
	struct {
		uint64_t partition;
		uint32_t vp;
		uint8_t vtl, sint;
		uint16_t flag;
	} in = { .sint = SINT, .flag = flag };
	uint64_t newly = 0;

	if (hvcall(m, m->fd, HVCALL_SIGNAL_EVENT_DIRECT, 0, &in, sizeof(in),
		   &newly, sizeof(newly)))
		return -1;
	return (newly & 0xff) == 1 ? 0 : -1;
}

/* Routes for all GSIs; only one of them leads somewhere */
static int route_all(struct monitor *m, uint32_t wanted)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entries[NR_GSIS];
	} table = { .nr = NR_GSIS };
	int i;

	for (i = 0; i < NR_GSIS; i++) {
		table.entries[i].gsi = i;
		if (i != wanted)
			continue;
		table.entries[i].address_lo = VM_MSI_ADDRESS;
		table.entries[i].data = VECTOR;
	}
	return ioctl(m->fd, MSHV_SET_MSI_ROUTING, &table);
}

static int set_bell(struct monitor *m, uint64_t addr, uint32_t len,
		    uint32_t flags, uint64_t value)
{
	struct mshv_user_ioeventfd args = {
		.datamatch = value,
		.addr = addr,
		.len = len,
		.fd = m->bell,
		.flags = flags,
	};

	return ioctl(m->fd, MSHV_IOEVENTFD, &args);
}

static int create_vp(struct monitor *m, int vp)
{
	m->vps[vp] = vp_create(m->fd, vp);
	if (m->vps[vp] < 0)
		return -1;
	m->regs[vp] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   m->vps[vp], MSHV_VP_MMAP_OFFSET_REGISTERS * PAGE);
	return m->regs[vp] == MAP_FAILED ? -1 : 0;
}

static int transfer(struct monitor *m, int vp, unsigned long cmd, int type)
{
	struct mshv_get_set_vp_state args = {
		.type = type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)m->saved->states[type],
	};

	return ioctl(m->vps[vp], cmd, &args);
}

static int transfer_all(struct monitor *m, int vp, unsigned long cmd)
{
	int type;

	for (type = 0; type < ALL_STATES; type++)
		if (transfer(m, vp, cmd, type))
			return -1;
	return 0;
}

/* All that the guest has by its name, in an order in which it can be set */
static const uint32_t saved_names[] = {
	VP_REG_CR0, VP_REG_CR3, VP_REG_CR4, VP_REG_EFER,
	VP_REG_CS, VP_REG_SS, VP_REG_DS, VP_REG_ES, VP_REG_FS, VP_REG_GS,
	VP_REG_LDTR, VP_REG_TR, VP_REG_IDTR, VP_REG_GDTR,
	VP_REG_RAX, VP_REG_RCX, VP_REG_RDX, VP_REG_RBX, VP_REG_RSP, VP_REG_RBP,
	VP_REG_RSI, VP_REG_RDI, VP_REG_RIP, VP_REG_RFLAGS,
	VP_REG_CR2, VP_REG_CR8, VP_REG_PAT, VP_REG_SYSENTER_CS, VP_REG_STAR,
	VP_REG_KERNEL_GS_BASE, REG_APIC_BASE, REG_TSC, REG_MISC_ENABLE,
	REG_MTRR_DEF_TYPE, VP_REG_ACTIVITY,
};

#define NR_SAVED	(sizeof(saved_names) / sizeof(*saved_names))

static int save_registers(struct monitor *m)
{
	struct {
		uint64_t partition;
		uint32_t vp, vtl;
		uint32_t names[NR_SAVED];
	} in = { };

	memcpy(in.names, saved_names, sizeof(saved_names));
	return hvcall(m, m->vps[0], HVCALL_GET_VP_REGISTERS, NR_SAVED, &in,
		      16 + sizeof(saved_names), m->saved->regs,
		      NR_SAVED * sizeof(struct reg128));
}

static int restore_registers(struct monitor *m)
{
	struct {
		uint64_t partition;
		uint32_t vp, vtl;
		struct reg_assoc regs[NR_SAVED];
	} in = { };
	int i;

	for (i = 0; i < NR_SAVED; i++) {
		in.regs[i].name = saved_names[i];
		in.regs[i].value = m->saved->regs[i];
	}
	return hvcall(m, m->vps[0], HVCALL_SET_VP_REGISTERS, NR_SAVED, &in,
		      sizeof(in), NULL, 0);
}

/*
 * Devices and interrupts first, then memory, then all VPs at once
 */

static int open_without_blocking(struct monitor *m)
{
	m->dev = open(MSHV_DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return m->dev < 0 ? -1 : 0;
}

/* What the host does not have, and what nobody knows, is taken away */
static int create_with_masks(struct monitor *m, uint64_t flags)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = flags | 1 << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
		.pt_disabled_xsave = ~0x181fULL,
	};
	uint64_t features[2], width;

	if (get_property(m, m->dev, PROPERTY_PROCESSOR_FEATURES0, &features[0]) ||
	    get_property(m, m->dev, PROPERTY_PROCESSOR_FEATURES1, &features[1]) ||
	    get_property(m, m->dev, PROPERTY_PHYSICAL_ADDRESS_WIDTH, &width))
		return -1;
	args.pt_cpu_fbanks[0] = ~features[0];
	args.pt_cpu_fbanks[1] = ~features[1];
	do {
		m->fd = ioctl(m->dev, MSHV_CREATE_PARTITION, &args);
	} while (m->fd < 0 && errno == EINTR);
	return m->fd < 0 ? -1 : 0;
}

static int create_x2apic(struct monitor *m)
{
	return create_with_masks(m, 1 << MSHV_PT_BIT_LAPIC |
				    1 << MSHV_PT_BIT_X2APIC |
				    1 << MSHV_PT_BIT_GPA_SUPER_PAGES);
}

static int set_synthetic_features(struct monitor *m)
{
	uint64_t bank;

	return get_bank(m, PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES, &bank) ||
		set_property(m, PROPERTY_SYNTHETIC_PROC_FEATURES, bank) ? -1 : 0;
}

/* Whoever may not know is told so by the hypervisor, not by the kernel */
static int ask_for_capabilities(struct monitor *m)
{
	uint64_t bank;

	return get_bank(m, PROPERTY_VMM_CAPABILITIES, &bank) && !m->status ?
		-1 : 0;
}

static int initialize(struct monitor *m)
{
	return ioctl(m->fd, MSHV_INITIALIZE_PARTITION, 0);
}

static int freeze(struct monitor *m)
{
	return set_property(m, PROPERTY_TIME_FREEZE, 1);
}

static int thaw(struct monitor *m)
{
	return set_property(m, PROPERTY_TIME_FREEZE, 0);
}

static int set_msr_action(struct monitor *m)
{
	return set_property(m, PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1);
}

static int ask_for_properties(struct monitor *m, const uint32_t *codes, int nr)
{
	uint64_t value;
	int i;

	for (i = 0; i < nr; i++)
		if (get_property(m, m->fd, codes[i], &value))
			return -1;
	return 0;
}

static int ask_for_features(struct monitor *m)
{
	static const uint32_t codes[] = {
		PROPERTY_PROCESSOR_XSAVE_FEATURES, PROPERTY_PROCESSOR_FEATURES0,
		PROPERTY_PROCESSOR_FEATURES1, PROPERTY_SYNTHETIC_PROC_FEATURES,
	};

	return ask_for_properties(m, codes, sizeof(codes) / sizeof(*codes));
}

static int no_routes(struct monitor *m)
{
	struct mshv_user_irq_table table = { };

	return ioctl(m->fd, MSHV_SET_MSI_ROUTING, &table);
}

/* An eventfd for each pin, of which only one will be used; closed at once */
static int irqfds_before_routes(struct monitor *m)
{
	int i, event, ret = 0;

	for (i = 0; i < 24 && !ret; i++) {
		event = i == 5 ? m->event : eventfd(0, EFD_NONBLOCK);
		ret = vm_irqfd(m->fd, event, i, 0, 0);
		if (event != m->event)
			close(event);
	}
	return ret;
}

static int any_bell(struct monitor *m)
{
	return set_bell(m, BELL, 0, 0, 0);
}

static int second_any_bell(struct monitor *m)
{
	return set_bell(m, BELL_WITH_VALUE, 0, 0, 0);
}

static int route_five(struct monitor *m)
{
	return route_all(m, 5);
}

static int map_ram(struct monitor *m)
{
	return vm_map(m->fd, 0, m->mem.mem, m->mem.mem_size, VM_RWX);
}

static int map_rom(struct monitor *m)
{
	return vm_map(m->fd, ROM / PAGE, m->rom, ROM_SIZE,
		      1 << MSHV_SET_MEM_BIT_EXECUTABLE);
}

static int create_vps(struct monitor *m)
{
	int vp;

	for (vp = 0; vp < NR_VPS; vp++)
		if (create_vp(m, vp))
			return -1;
	return 0;
}

static int cpuid_per_vp(struct monitor *m)
{
	uint32_t out[4] = { };
	int vp;

	for (vp = 0; vp < NR_VPS; vp++)
		if (register_cpuid(m, m->vps[vp], vp, 60) ||
		    get_cpuid(m, vp, LEAF, out) || out[0] != 0xc001)
			return -1;
	return 0;
}

static int set_msrs(struct monitor *m)
{
	const struct reg_assoc regs[] = {
		{ .name = VP_REG_SYSENTER_CS },
		{ .name = VP_REG_STAR },
		{ .name = REG_LSTAR },
		{ .name = VP_REG_KERNEL_GS_BASE },
		{ .name = REG_TSC },
		{ .name = REG_MISC_ENABLE, .value.low = 1 },
		{ .name = REG_MTRR_DEF_TYPE, .value.low = 0x806 },
	};
	int vp;

	for (vp = 0; vp < NR_VPS; vp++)
		if (vp_set_regs(m->vps[vp], vp, regs,
				sizeof(regs) / sizeof(*regs)))
			return -1;
	return 0;
}

/* LINT0 takes external interrupts, LINT1 NMIs */
static int set_lints(struct monitor *m)
{
	uint32_t *apic = (uint32_t *)m->saved->states[MSHV_VP_STATE_LAPIC];
	int vp;

	for (vp = 0; vp < NR_VPS; vp++) {
		if (transfer(m, vp, MSHV_GET_VP_STATE, MSHV_VP_STATE_LAPIC))
			return -1;
		apic[140 / 4] = (apic[140 / 4] & ~0x700) | 0x700;
		apic[144 / 4] = (apic[144 / 4] & ~0x700) | 0x400;
		if (transfer(m, vp, MSHV_SET_VP_STATE, MSHV_VP_STATE_LAPIC))
			return -1;
	}
	return 0;
}

/* Late, and nobody looks at what comes of it */
static int try_processors_per_socket(struct monitor *m)
{
	set_property(m, PROPERTY_PROCESSORS_PER_SOCKET, NR_VPS);
	return 0;
}

static int enter(struct monitor *m, void (*guest)(void))
{
	vm_map_apic(&m->mem);
	vm_set_gate(&m->mem, VECTOR, guest_irq);
	vm_set_gate(&m->mem, SINT_VECTOR, guest_sint);
	return vp_enter_at(m->vps[0], 0, guest, VM_STACK);
}

static int enter_main(struct monitor *m)
{
	return enter(m, guest_main);
}

static int boot_main(struct monitor *m)
{
	if (run_to(m, PORT_LEAF, 0xc001) || run_to(m, PORT_ROM, 0x600d))
		return -1;
	/* The guest tries to write to its ROM, and is told nothing of it */
	if (run_vp(m, 0, &m->msg) || m->msg.type != MSG_GPA_INTERCEPT ||
	    m->msg.memory.gpa != ROM || skip_by_page(m, &m->msg))
		return -1;
	if (run_to(m, PORT_READY, 0))
		return -1;
	return *(uint32_t *)m->rom == 0x600d ? 0 : -1;
}

/* Two bells were rung since */
static int bells_have_rung(struct monitor *m)
{
	uint64_t count = 0;

	return read(m->bell, &count, sizeof(count)) == sizeof(count) &&
		count == 2 ? 0 : -1;
}

static int interrupt_by_eventfd(struct monitor *m)
{
	uint32_t count = *(uint32_t *)(m->mem.mem + COUNT) + 1;

	return vm_signal(m->event) || run_to(m, PORT_IRQ, count) ||
		run_idle(m) ? -1 : 0;
}

static int access_bitmap(struct monitor *m, uint8_t op, uint64_t *bitmap)
{
	struct mshv_gpap_access_bitmap args = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY,
		.access_op = op,
		.page_count = m->mem.mem_size / PAGE,
		.bitmap_ptr = (uintptr_t)bitmap,
	};

	return ioctl(m->fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args);
}

static bool is_dirty(const uint64_t *bitmap, uint64_t gpa)
{
	return bitmap[gpa / PAGE / 64] >> (gpa / PAGE % 64) & 1;
}

/*
 * Tracking begins, the guest writes, what it wrote is asked for once, and
 * before tracking ends all is set
 */
static int log_dirty_pages(struct monitor *m)
{
	uint64_t bitmap[VM_MEMORY / PAGE / 64];

	if (set_property(m, PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1) ||
	    access_bitmap(m, MSHV_GPAP_ACCESS_OP_CLEAR, bitmap) ||
	    interrupt_by_eventfd(m) ||
	    access_bitmap(m, MSHV_GPAP_ACCESS_OP_CLEAR, bitmap))
		return -1;
	if (!is_dirty(bitmap, COUNT) || is_dirty(bitmap, COUNT + 8 * PAGE))
		return -1;
	if (access_bitmap(m, MSHV_GPAP_ACCESS_OP_CLEAR, bitmap) ||
	    is_dirty(bitmap, COUNT))
		return -1;
	return access_bitmap(m, MSHV_GPAP_ACCESS_OP_SET, bitmap) ||
		set_property(m, PROPERTY_GPA_PAGE_ACCESS_TRACKING, 0) ? -1 : 0;
}

static int save(struct monitor *m)
{
	return save_registers(m) || transfer_all(m, 0, MSHV_GET_VP_STATE) ||
		get_property(m, m->fd, PROPERTY_REFERENCE_TIME, &m->time) ?
		-1 : 0;
}

/* Time first, while it stands still */
static int restore(struct monitor *m)
{
	return set_property(m, PROPERTY_REFERENCE_TIME, m->time) ||
		restore_registers(m) ||
		transfer_all(m, 0, MSHV_SET_VP_STATE) ? -1 : 0;
}

static int time_has_gone_on(struct monitor *m)
{
	uint64_t now;

	return get_property(m, m->fd, PROPERTY_REFERENCE_TIME, &now) ||
		now < m->time ? -1 : 0;
}

/* Partition and VPs; eventfds and memory stay, and so does the device */
static int end_without_asking(struct monitor *m)
{
	int vp;

	for (vp = 0; vp < NR_VPS; vp++) {
		munmap(m->regs[vp], PAGE);
		close(m->vps[vp]);
	}
	return close(m->fd);
}

static int close_device(struct monitor *m)
{
	return close(m->dev);
}

static const struct step devices_first[] = {
	{ "open", open_without_blocking },
	{ "create", create_x2apic },
	{ "capabilities", ask_for_capabilities },
	{ "synthetic features", set_synthetic_features },
	{ "initialize", initialize },
	{ "unimplemented MSRs", set_msr_action },
	{ "freeze", freeze },
	{ "features", ask_for_features },
	{ "no routes", no_routes },
	{ "irqfds", irqfds_before_routes },
	{ "bell", any_bell },
	{ "second bell", second_any_bell },
	{ "routes", route_five },
	{ "RAM", map_ram },
	{ "ROM", map_rom },
	{ "VPs", create_vps },
	{ "CPUID", cpuid_per_vp },
	{ "MSRs", set_msrs },
	{ "LINTs", set_lints },
	{ "topology", try_processors_per_socket },
	{ "registers", enter_main },
	{ "thaw", thaw },
	{ "boot", boot_main },
	{ "bells", bells_have_rung },
	{ "interrupt", interrupt_by_eventfd },
	{ },
};

static const struct step made_anew[] = {
	{ "create", create_x2apic },
	{ "synthetic features", set_synthetic_features },
	{ "initialize", initialize },
	{ "unimplemented MSRs", set_msr_action },
	{ "freeze", freeze },
	{ "irqfds", irqfds_before_routes },
	{ "bell", any_bell },
	{ "second bell", second_any_bell },
	{ "routes", route_five },
	{ "RAM", map_ram },
	{ "ROM", map_rom },
	{ "VPs", create_vps },
	{ "CPUID", cpuid_per_vp },
	{ },
};

static const struct step saving[] = {
	{ "dirty log", log_dirty_pages },
	{ "pause", freeze },
	{ "save", save },
	{ "end", end_without_asking },
	{ },
};

static const struct step restoring[] = {
	{ "restore", restore },
	{ "thaw", thaw },
	{ "interrupt", interrupt_by_eventfd },
	{ "time", time_has_gone_on },
	{ "end", end_without_asking },
	{ "close", close_device },
	{ },
};

static const struct step starting_anew[] = {
	{ "registers", enter_main },
	{ "thaw", thaw },
	{ "boot", boot_main },
	{ "bells", bells_have_rung },
	{ "interrupt", interrupt_by_eventfd },
	{ "end", end_without_asking },
	{ "close", close_device },
	{ },
};

TEST_F(monitor, has_devices_first_and_moves_its_guest_to_another_machine)
{
	ASSERT_LT(0, lead(&self->m, devices_first));
	ASSERT_LT(0, lead(&self->m, saving));
	ASSERT_LT(0, lead(&self->m, made_anew));
	ASSERT_LT(0, lead(&self->m, restoring));
}

/* A reset: the partition ends, and there is another one at once */
TEST_F(monitor, has_devices_first_and_starts_anew)
{
	const struct step end[] = {
		{ "end", end_without_asking },
		{ },
	};

	ASSERT_LT(0, lead(&self->m, devices_first));
	ASSERT_LT(0, lead(&self->m, end));
	ASSERT_LT(0, lead(&self->m, made_anew));
	ASSERT_LT(0, lead(&self->m, starting_anew));
}

/*
 * The first VP first, then memory; other VPs by the threads that run them
 */

static int open_plainly(struct monitor *m)
{
	m->dev = open(MSHV_DEVICE, O_RDONLY | O_CLOEXEC);
	return m->dev < 0 ? -1 : 0;
}

static int create_plainly(struct monitor *m)
{
	return create_with_masks(m, 1 << MSHV_PT_BIT_LAPIC |
				    1 << MSHV_PT_BIT_GPA_SUPER_PAGES);
}

static int set_processors_per_socket(struct monitor *m)
{
	return set_property(m, PROPERTY_PROCESSORS_PER_SOCKET, NR_VPS);
}

static int create_first_vp(struct monitor *m)
{
	return create_vp(m, 0);
}

static int ask_for_leaves(struct monitor *m)
{
	static const uint32_t leaves[] = {
		0, 1, 7, 0xd, 0x40000000, 0x40000003, 0x80000000, 0x80000008,
	};
	uint32_t out[4];
	int i;

	for (i = 0; i < sizeof(leaves) / sizeof(*leaves); i++)
		if (get_cpuid(m, 0, leaves[i], out))
			return -1;
	return 0;
}

static int ask_for_sizes(struct monitor *m)
{
	static const uint32_t codes[] = {
		PROPERTY_PROCESSOR_VENDOR, PROPERTY_PHYSICAL_ADDRESS_WIDTH,
		PROPERTY_XSAVE_STATES, PROPERTY_MAX_XSAVE_DATA_SIZE,
	};

	return ask_for_properties(m, codes, sizeof(codes) / sizeof(*codes));
}

static int install_intercepts(struct monitor *m)
{
	return install_intercept(m, INTERCEPT_HYPERCALL) ||
		install_intercept(m, INTERCEPT_UNKNOWN_CONNECTION) ||
		install_intercept(m, INTERCEPT_RETARGET) ? -1 : 0;
}

static int cpuid_for_any_vp(struct monitor *m)
{
	return register_cpuid(m, m->fd, ANY_VP, 64);
}

static int set_apic(struct monitor *m, int vp)
{
	const struct reg_assoc regs[] = {
		{ .name = REG_INITIAL_APIC_ID, .value.low = vp },
		{
			.name = REG_APIC_BASE,
			.value.low = VM_APIC | 0x800 | (vp ? 0 : 0x100),
		},
	};

	return vp_set_regs(m->vps[vp], vp, regs, 2);
}

static int set_first_apic(struct monitor *m)
{
	return set_apic(m, 0);
}

/* What the hypervisor has for a new VP is what a VP is reset to */
static int keep_initial_state(struct monitor *m)
{
	return transfer_all(m, 0, MSHV_GET_VP_STATE);
}

static int bell_for_any(struct monitor *m)
{
	return set_bell(m, BELL, 0, 0, 0);
}

static int bell_for_a_value(struct monitor *m)
{
	return set_bell(m, BELL_WITH_VALUE, 4,
			1 << MSHV_IOEVENTFD_BIT_DATAMATCH, 7);
}

static int route_zero(struct monitor *m)
{
	return route_all(m, 0) || vm_irqfd(m->fd, m->event, 0, 0, 0) ? -1 : 0;
}

static int enter_synic(struct monitor *m)
{
	return enter(m, guest_synic);
}

static int boot_synic(struct monitor *m)
{
	return run_to(m, PORT_LEAF, 0xc001) || run_to(m, PORT_READY, 0) ||
		run_idle(m) ? -1 : 0;
}

static void *second_vp(void *arg)
{
	struct monitor *m = arg;

	if (create_vp(m, 1) || set_apic(m, 1) ||
	    assert_interrupt(m, INTERRUPT_SIPI, 1, START_PAGE) ||
	    run_vp(m, 1, &m->other_msg))
		m->other_msg.type = MSG_NONE;
	return NULL;
}

/*
 * A thread makes the second VP, starts it and runs it, while the first one
 * runs; meanwhile time is read
 */
static int second_vp_while_first_runs(struct monitor *m)
{
	uint64_t before, after;
	pthread_t thread;
	int ret;

	memcpy(m->mem.mem + START_PAGE * PAGE, real_mode_code,
	       sizeof(real_mode_code));
	if (pthread_create(&thread, NULL, second_vp, m))
		return -1;
	do {
		ret = get_property(m, m->fd, PROPERTY_REFERENCE_TIME, &before) ||
			run_idle(m) ||
			get_property(m, m->fd, PROPERTY_REFERENCE_TIME, &after) ||
			after <= before ? -1 : 0;
	} while (!ret && pthread_tryjoin_np(thread, NULL));
	if (ret)
		return -1;
	return m->other_msg.type == MSG_IO_PORT &&
		m->other_msg.io.port == PORT_START &&
		m->other_msg.intercept.vp_index == 1 ? 0 : -1;
}

static int interrupt_by_hypercall(struct monitor *m)
{
	uint32_t count = *(uint32_t *)(m->mem.mem + COUNT) + 1;

	return assert_interrupt(m, 0, 0, VECTOR) ||
		run_to(m, PORT_IRQ, count) || run_idle(m) ||
		assert_interrupt(m, 1ULL << 62, 0, VECTOR) ||
		run_to(m, PORT_IRQ, count + 1) || run_idle(m) ? -1 : 0;
}

static int message_to_guest(struct monitor *m)
{
	return post_message(m, 0x77) || run_to(m, PORT_SINT, 0x77) ||
		run_idle(m) ? -1 : 0;
}

static int event_to_guest(struct monitor *m)
{
	const uint8_t *flags = m->mem.mem + FLAGS + SINT * 256;

	if (signal_flag(m, 9) || run_to(m, PORT_SINT, 0) || run_idle(m))
		return -1;
	return flags[1] == 2 ? 0 : -1;
}

static int ask_for_notice(struct monitor *m)
{
	struct reg_assoc reg = {
		.name = REG_DELIVERABILITY_NOTIFICATIONS,
		.value.low = 1ULL << (48 + SINT),
	};

	return vp_set_regs(m->fd, 0, &reg, 1);
}

static int run_to_notice(struct monitor *m)
{
	if (run_vp(m, 0, &m->msg) || m->msg.type != MSG_SINT_DELIVERABLE)
		return -1;
	return m->msg.payload[40] == 1 << SINT ? 0 : -1;
}

/* To be told when there is room for another message: there is, and nobody stirs */
static int notice_of_room(struct monitor *m)
{
	return ask_for_notice(m) || run_to_notice(m) || run_idle(m) ? -1 : 0;
}

static void *ask_later(void *arg)
{
	usleep(50000);
	return ask_for_notice(arg) ? arg : NULL;
}

static int notice_while_it_runs(struct monitor *m)
{
	pthread_t thread;
	void *failed;
	int ret;

	if (pthread_create(&thread, NULL, ask_later, m))
		return -1;
	ret = run_to_notice(m);
	pthread_join(thread, &failed);
	return ret || failed || run_idle(m) ? -1 : 0;
}

/* All of the first VP as it was, and what the partition has */
static int reset_in_place(struct monitor *m)
{
	const struct reg_assoc regs[] = {
		{ .name = REG_HYPERCALL },
		{ .name = REG_GUEST_OS_ID },
		{ .name = REG_REFERENCE_TSC },
	};
	struct saved_vp now;
	int type;

	if (vp_set_regs(m->vps[0], 0, regs, 3) ||
	    set_property(m, PROPERTY_REFERENCE_TIME, 0))
		return -1;
	memcpy(&now, m->saved, sizeof(now));
	for (type = ALL_STATES - 1; type >= 0; type--) {
		if (transfer(m, 0, MSHV_GET_VP_STATE, type))
			return -1;
		memcpy(m->saved->states[type], now.states[type], PAGE);
		if (transfer(m, 0, MSHV_SET_VP_STATE, type))
			return -1;
	}
	return set_apic(m, 0);
}

/* Pages that belong to the guest's SynIC are not there after a reset */
static int forget_memory(struct monitor *m)
{
	memset(m->mem.mem + COUNT, 0, 3 * PAGE);
	return 0;
}

static int deassign_all(struct monitor *m)
{
	const int off = 1 << MSHV_IOEVENTFD_BIT_DEASSIGN;

	return vm_irqfd(m->fd, m->event, 0, 1 << MSHV_IRQFD_BIT_DEASSIGN, 0) ||
		set_bell(m, BELL, 0, off, 0) ||
		set_bell(m, BELL_WITH_VALUE, 4,
			 off | 1 << MSHV_IOEVENTFD_BIT_DATAMATCH, 7) ? -1 : 0;
}

/* The memory goes before the partition, the partition before its VPs */
static int end_in_another_order(struct monitor *m)
{
	int vp;

	munmap(m->mem.mem, m->mem.mem_size);
	if (close(m->fd))
		return -1;
	for (vp = NR_VPS - 1; vp >= 0; vp--) {
		munmap(m->regs[vp], PAGE);
		if (close(m->vps[vp]))
			return -1;
	}
	return 0;
}

TEST_F(monitor, has_its_first_vp_first_and_resets_in_place)
{
	const struct step steps[] = {
		{ "open", open_plainly },
		{ "create", create_plainly },
		{ "synthetic features", set_synthetic_features },
		{ "initialize", initialize },
		{ "topology", set_processors_per_socket },
		{ "first VP", create_first_vp },
		{ "leaves", ask_for_leaves },
		{ "sizes", ask_for_sizes },
		{ "intercepts", install_intercepts },
		{ "CPUID", cpuid_for_any_vp },
		{ "RAM", map_ram },
		{ "APIC", set_first_apic },
		{ "initial state", keep_initial_state },
		{ "bell", bell_for_any },
		{ "bell with a value", bell_for_a_value },
		{ "routes", route_zero },
		{ "registers", enter_synic },
		{ "boot", boot_synic },
		{ "bells", bells_have_rung },
		{ "second VP", second_vp_while_first_runs },
		{ "interrupt by hypercall", interrupt_by_hypercall },
		{ "interrupt by eventfd", interrupt_by_eventfd },
		{ "message", message_to_guest },
		{ "event", event_to_guest },
		{ "notice", notice_of_room },
		{ "notice while it runs", notice_while_it_runs },
		{ "freeze", freeze },
		{ "reset", reset_in_place },
		{ "memory", forget_memory },
		{ "registers", enter_synic },
		{ "thaw", thaw },
		{ "boot again", boot_synic },
		{ "bells", bells_have_rung },
		{ "interrupt by eventfd", interrupt_by_eventfd },
		{ "message", message_to_guest },
		{ "deassign", deassign_all },
		{ "end", end_in_another_order },
		{ "close", close_device },
		{ },
	};

	ASSERT_LT(0, lead(&self->m, steps));
}

TEST_HARNESS_MAIN
