// SPDX-License-Identifier: GPL-2.0
/*
 * What the operations of /dev/mshv cost: for each a line
 *
 *	bench NAME instructions=N hypercalls=N deposits=N
 *
 * Instructions are those of the root, kernel and this program, per operation.
 * They are ticks of the TSC while the root was inside, which count instructions
 * when QEMU runs with -icount shift=0, and are meaningless otherwise. Hypercalls
 * and, of these, deposits and withdrawals are exact in any case; both are per
 * operation, in hundredths. What must not be exceeded is checked: ok, or not ok.
 *
 * bench [icount]: with the word, budgets of instructions are checked, too.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "control.h"
#include "lib/vm.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define PORT		0x500
#define GIB		(1UL << 30)
#define LARGE		(2UL << 20)
#define NR_VPS		8
#define TRIES		5
#define CALL_DEPOSIT	"call-0048"
#define CALL_WITHDRAW	"call-0049"

static struct vm vm;
static struct msg msg;
static uint8_t *gib;		/* 1 GiB of memory, aligned to large pages */
static int event;
static bool count_instructions;

static void must(int ret, const char *what)
{
	if (ret < 0)
		err(2, "%s", what);
}

/*
 * Measuring
 */

struct cost {
	unsigned long long ticks, calls, deposits;	/* of all rounds */
};

static unsigned long long calls_sum(const char *answer)
{
	unsigned long long sum = 0;

	for (const char *line = answer; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "call-", 5) && strchr(line, ' '))
			sum += strtoull(strchr(line, ' '), NULL, 10);
	}
	return sum;
}

static struct cost counters_read(void)
{
	const char *answer = control_ask("counters");

	return (struct cost){
		.ticks = control_value(answer, "root-ticks"),
		.calls = calls_sum(answer),
		.deposits = control_value(answer, CALL_DEPOSIT) + control_value(answer, CALL_WITHDRAW),
	};
}

/* The least of some tries: what else the root does now and then is not in it */
static struct cost measure(void (*op)(void), unsigned int rounds)
{
	struct cost best = { .ticks = ~0ull }, nothing = { .ticks = ~0ull }, now;

	for (int try = 0; try < TRIES; try++) {
		control_ask("mark");
		now = counters_read();
		if (now.ticks < nothing.ticks)
			nothing = now;
		control_ask("mark");
		for (unsigned int i = 0; i < rounds; i++)
			op();
		now = counters_read();
		if (now.ticks < best.ticks)
			best = now;
	}
	best.ticks -= nothing.ticks < best.ticks ? nothing.ticks : best.ticks;
	return best;
}

static void row_print(const char *name, const struct cost *c, unsigned int rounds)
{
	printf("bench %s instructions=%llu hypercalls=%llu.%02llu deposits=%llu.%02llu\n", name, c->ticks / rounds,
	       c->calls / rounds, c->calls * 100 / rounds % 100, c->deposits / rounds, c->deposits * 100 / rounds % 100);
	fflush(stdout);
}

/* Hypercalls beyond deposits, in hundredths per operation */
static void budget_check(const char *name, unsigned long long spent, unsigned long long budget, const char *unit)
{
	if (spent <= budget)
		printf("ok budget: %s: %llu of %llu %s\n", name, spent, budget, unit);
	else
		printf("not ok budget: %s: %llu %s, and not more than %llu\n", name, spent, unit, budget);
	fflush(stdout);
}

struct bench {
	const char *name;
	void (*op)(void);
	unsigned int rounds;
	unsigned int calls;		/* budget per operation, beyond deposits; 0: none */
	unsigned long long instructions;	/* budget per operation; 0: none */
};

static void bench_run(const struct bench *b)
{
	struct cost c = measure(b->op, b->rounds);

	row_print(b->name, &c, b->rounds);
	if (b->calls)
		budget_check(b->name, (c.calls - c.deposits + b->rounds - 1) / b->rounds, b->calls, "hypercalls");
	if (b->instructions && count_instructions)
		budget_check(b->name, c.ticks / b->rounds, b->instructions, "instructions");
}

/*
 * Running
 */

static GUEST void guest_out(void)
{
	for (;;)
		guest_outl(PORT, 1);
}

static GUEST void guest_ring(void)
{
	for (;;) {
		guest_write32(VM_HOLE, 1);
		guest_outl(PORT, 1);
	}
}

/* Without PAUSE, which takes an emulator longer than many other instructions */
static GUEST void guest_spin(void)
{
	volatile uint32_t *count = (volatile uint32_t *)VM_DATA;

	for (;;)
		(*count)++;
}

static void op_null_ioctl(void)
{
	ioctl(vm.vp, _IO(MSHV_IOCTL, 0x7f));
}

static void op_run(void)
{
	must(vm_run(&vm, &msg), "run");
}

static void op_port_page(void)
{
	op_run();
	vm.regs->gp[0] += 1;
	vm.regs->rip += 1;
	vm.regs->dirty = REGISTER_PAGE_GP_DIRTY | REGISTER_PAGE_RIP_DIRTY;
}

static void op_port_hypercall(void)
{
	uint64_t value;

	op_run();
	must(vp_get_reg(vm.vp, 0, VP_REG_RAX, &value), "register");
	must(vm_complete_in(&vm, &msg, value + 1), "register");
}

static void op_irqfd(void)
{
	must(vm_signal(event), "event");
}

static void op_ring(void)
{
	uint64_t count;

	op_run();
	must(vm_skip(&vm, &msg), "register");
	must(read(event, &count, sizeof(count)), "event");
}

static void registers(uint16_t code)
{
	static struct {
		uint64_t partition;
		uint32_t index, vtl;
		union {
			uint32_t names[16];
			struct reg_assoc regs[16];
		};
	} in;
	static struct reg128 out[16];
	bool set = code == HVCALL_SET_VP_REGISTERS;

	memset(&in, 0, sizeof(in));
	for (int i = 0; i < 16; i++) {
		if (set)
			in.regs[i].name = VP_REG_XMM0 + i;
		else
			in.names[i] = VP_REG_RAX + i;
	}
	must(vm_hvcall(vm.vp, code, 16, &in, 16 + 16 * (set ? sizeof(*in.regs) : 4), out, set ? 0 : sizeof(out), NULL),
	     "registers");
}

static void op_get_registers(void)
{
	registers(HVCALL_GET_VP_REGISTERS);
}

static void op_set_registers(void)
{
	registers(HVCALL_SET_VP_REGISTERS);
}

static void on_alarm(int number)
{
	(void)number;
}

/* A signal comes while the guest spins; should it come too early, there is another */
static void op_cancel(void)
{
	struct itimerval timer = { { .tv_usec = 1000 }, { .tv_usec = 1000 } }, none = { };

	setitimer(ITIMER_REAL, &timer, NULL);
	if (!vm_run(&vm, &msg) || errno != EINTR)
		err(2, "cancel");
	setitimer(ITIMER_REAL, &none, NULL);
}

static void enter(void (*guest)(void))
{
	must(vm_enter_at(&vm, guest), "registers");
}

static void run_all(void)
{
	static const struct bench page = { "port-with-register-page", op_port_page, 100, 2, 0 };
	static const struct bench benches[] = {
		{ "null-ioctl", op_null_ioctl, 200, 0, 0 },
		{ "run", op_run, 100, 2, 0 },
		{ "port-with-hypercalls", op_port_hypercall, 100, 4, 0 },
		{ "registers-get-16", op_get_registers, 100, 1, 0 },
		{ "registers-set-16", op_set_registers, 100, 1, 0 },
		{ "irqfd", op_irqfd, 100, 1, 0 },
	};
	static const struct bench ring = { "run-with-ioeventfd", op_ring, 50, 0, 0 };
	static const struct bench cancel = { "cancel", op_cancel, 10, 3, 0 };
	struct mshv_user_ioeventfd doorbell = { .addr = VM_HOLE, .fd = event };

	must(vm_route(vm.fd, 5, 0x41), "route");
	must(vm_irqfd(vm.fd, event, 5, 0, 0), "irqfd");
	enter(guest_out);
	for (size_t i = 0; i < ARRAY_SIZE(benches); i++)
		bench_run(&benches[i]);
	must(vm_irqfd(vm.fd, event, 5, 1 << MSHV_IRQFD_BIT_DEASSIGN, 0), "irqfd");
	enter(guest_out);
	bench_run(&page);
	must(ioctl(vm.fd, MSHV_IOEVENTFD, &doorbell), "ioeventfd");
	enter(guest_ring);
	bench_run(&ring);
	doorbell.flags = 1 << MSHV_IOEVENTFD_BIT_DEASSIGN;
	must(ioctl(vm.fd, MSHV_IOEVENTFD, &doorbell), "ioeventfd");
	enter(guest_spin);
	bench_run(&cancel);
}

/*
 * Memory
 */

static void map_gib(void)
{
	must(vm_map(vm.fd, VM_HOLE / PAGE, gib, GIB, VM_RWX), "map");
}

static void unmap_gib(void)
{
	must(vm_unmap(vm.fd, VM_HOLE / PAGE, gib, GIB), "unmap");
}

/* Mapping and unmapping are measured apart; each needs the other in between */
static void memory_bench(const char *map_name, const char *unmap_name, unsigned int calls,
			 unsigned long long instructions)
{
	struct cost map, unmap, nothing;

	map_gib();
	unmap_gib();
	control_ask("mark");
	nothing = counters_read();
	control_ask("mark");
	map_gib();
	map = counters_read();
	control_ask("mark");
	unmap_gib();
	unmap = counters_read();
	map.ticks -= nothing.ticks;
	unmap.ticks -= nothing.ticks;
	row_print(map_name, &map, 1);
	row_print(unmap_name, &unmap, 1);
	if (!calls)
		return;
	budget_check(map_name, map.calls - map.deposits, calls, "hypercalls");
	budget_check(unmap_name, unmap.calls - unmap.deposits, calls, "hypercalls");
	if (instructions && count_instructions)
		budget_check(unmap_name, unmap.ticks, instructions, "instructions");
}

static long large_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = -1;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "AnonHugePages: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

static uint8_t *gib_get(int advice)
{
	uint8_t *mem = vm_pages(GIB + LARGE);

	if (!mem)
		err(2, "memory");
	mem = (uint8_t *)(((uintptr_t)mem + LARGE - 1) & -LARGE);
	if (madvise(mem, GIB, advice))
		err(2, "madvise");
	for (size_t at = 0; at < GIB; at += PAGE)
		mem[at] = 1;
	return mem;
}

static uint8_t bitmap[GIB / PAGE / 8];

static void op_bitmap(void)
{
	struct mshv_gpap_access_bitmap args = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY, .access_op = MSHV_GPAP_ACCESS_OP_CLEAR,
		.page_count = GIB / PAGE, .gpap_base = VM_HOLE / PAGE, .bitmap_ptr = (uintptr_t)bitmap,
	};

	must(ioctl(vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args), "bitmap");
}

/* Writes to as many pages as the data page says, far from each other */
static GUEST void guest_dirty(void)
{
	volatile uint32_t *nr = (volatile uint32_t *)VM_DATA;
	uint32_t i;

	for (i = 0; i < *nr; i++)
		guest_write32(VM_HOLE + (uint64_t)i * 256 * PAGE, i);
	guest_outl(PORT, 1);
}

static unsigned int dirty_pages(void)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < sizeof(bitmap); i++)
		nr += __builtin_popcount(bitmap[i]);
	return nr;
}

static void bitmap_bench(const char *name, unsigned int nr)
{
	struct cost c, nothing;

	*(uint32_t *)(vm.mem + VM_DATA) = nr;
	op_bitmap();
	enter(guest_dirty);
	op_run();
	control_ask("mark");
	nothing = counters_read();
	control_ask("mark");
	op_bitmap();
	c = counters_read();
	c.ticks -= nothing.ticks;
	row_print(name, &c, 1);
	if (dirty_pages() != nr)
		printf("not ok %s: %u pages are dirty, not %u\n", name, dirty_pages(), nr);
}

/* The first to get memory: it wants all of it in large pages */
static void large_memory_all(void)
{
	gib = gib_get(MADV_HUGEPAGE);
	/* The kernel's counter is late by some pages */
	if (large_kib() < (long)(GIB / 1024 / 16 * 15))
		errx(2, "the root has large pages for %ld KiB only", large_kib());
	memory_bench("map-1GiB-of-2M", "unmap-1GiB-of-2M", 3, GIB / PAGE);
}

static void small_memory_all(void)
{
	munmap(gib, GIB);
	gib = gib_get(MADV_NOHUGEPAGE);
	memory_bench("map-1GiB-of-4K", "unmap-1GiB-of-4K", 0, 0);
	map_gib();
	must(vm_set_property(vm.fd, PROPERTY_GPA_PAGE_ACCESS_TRACKING, 1, NULL), "tracking");
	bitmap_bench("bitmap-1GiB-0-dirty", 0);
	bitmap_bench("bitmap-1GiB-1-dirty", 1);
	bitmap_bench("bitmap-1GiB-1000-dirty", 1000);
}

/*
 * Partitions
 */

static int machine_fds[NR_VPS + 1];

static void machine_make(int nr_vps, bool memory)
{
	machine_fds[NR_VPS] = vm_partition(vm.dev, 1 << MSHV_PT_BIT_LAPIC | 1 << MSHV_PT_BIT_GPA_SUPER_PAGES);
	must(machine_fds[NR_VPS], "partition");
	if (memory)
		must(vm_map(machine_fds[NR_VPS], VM_HOLE / PAGE, gib, GIB, VM_RWX), "map");
	for (int i = 0; i < nr_vps; i++) {
		machine_fds[i] = vp_create(machine_fds[NR_VPS], i);
		must(machine_fds[i], "VP");
	}
}

static void machine_end(int nr_vps)
{
	for (int i = 0; i < nr_vps; i++)
		close(machine_fds[i]);
	close(machine_fds[NR_VPS]);
}

static void op_one_vp(void)
{
	machine_make(1, false);
	machine_end(1);
}

static void op_eight_vps(void)
{
	machine_make(NR_VPS, false);
	machine_end(NR_VPS);
}

static struct cost destroy_once(void)
{
	struct cost c, nothing;

	machine_make(NR_VPS, true);
	control_ask("mark");
	nothing = counters_read();
	control_ask("mark");
	machine_end(NR_VPS);
	c = counters_read();
	c.ticks -= nothing.ticks;
	return c;
}

static void destroy_bench(void)
{
	struct cost c = destroy_once(), next;

	for (int try = 1; try < TRIES; try++) {
		next = destroy_once();
		if (next.ticks < c.ticks)
			c = next;
	}
	row_print("destroy-8-VPs-1GiB", &c, 1);
	/* A loop over all small pages would take more than one for each */
	if (count_instructions)
		budget_check("destroy-8-VPs-1GiB", c.ticks, GIB / PAGE, "instructions");
}

static void partitions_all(void)
{
	static const struct bench benches[] = {
		{ "create-destroy-1-VP", op_one_vp, 5, 0, 0 },
		{ "create-destroy-8-VPs", op_eight_vps, 5, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(benches); i++)
		bench_run(&benches[i]);
	destroy_bench();
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };

	count_instructions = argc > 1 && !strcmp(argv[1], "icount");
	sigaction(SIGALRM, &action, NULL);
	control_open();
	event = eventfd(0, EFD_NONBLOCK);
	must(event, "eventfd");
	must(vm_create(&vm), "machine");
	run_all();
	large_memory_all();
	partitions_all();
	small_memory_all();
	vm_destroy(&vm);
	return 0;
}
