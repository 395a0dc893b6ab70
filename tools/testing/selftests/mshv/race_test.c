// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads at once, at everything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define NR_THREADS	4
#define ROUNDS		50
#define PORT		0x500
#define PORT_A		0x501
#define PORT_B		0x502
#define VECTOR_A	0x51
#define VECTOR_B	0x52
#define GSI		3
#define GFN		(VM_HOLE / PAGE)

static const char *const states[] = {
	"pinned", "mapped", "state", "quarantined", "faults",
};

#define NR_STATES	(sizeof(states) / sizeof(*states))

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	int vp1;
	int event;
	long long before[NR_STATES];
};

static void on_signal(int number)
{
}

FIXTURE_SETUP(vm)
{
	struct sigaction action = { .sa_handler = on_signal };
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	for (i = 0; i < NR_STATES; i++)
		self->before[i] = ledger_total(states[i]);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	ASSERT_EQ(0, vm_create(&self->vm));
	self->vp1 = vp_create(self->vm.fd, 1);
	ASSERT_LE(0, self->vp1);
	self->event = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, self->event);
}

FIXTURE_TEARDOWN(vm)
{
	int i;

	close(self->vp1);
	vm_destroy(&self->vm);
	close(self->event);
	for (i = 0; i < NR_STATES; i++) {
		EXPECT_EQ(self->before[i], ledger_total(states[i])) {
			TH_LOG("state %s", states[i]);
		}
	}
}

/* What each of some threads does; returns how often something was not right */
struct worker {
	pthread_t thread;
	struct vm *vm;
	int number;
	int (*work)(struct worker *worker);
	int wrong;
	int fd;
	atomic_int tid;
	atomic_int *stop;
};

static void *worker_thread(void *arg)
{
	struct worker *worker = arg;

	worker->tid = syscall(SYS_gettid);
	worker->wrong = worker->work(worker);
	return NULL;
}

static int run_workers(struct vm *vm, int nr, int (*work)(struct worker *))
{
	struct worker workers[NR_THREADS];
	int i, wrong = 0;

	for (i = 0; i < nr; i++) {
		workers[i] = (struct worker) {
			.vm = vm, .number = i, .work = work,
		};
		if (pthread_create(&workers[i].thread, NULL, worker_thread,
				   &workers[i]))
			return -1;
	}
	for (i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	return wrong;
}

static atomic_int winners;

static int create_same_vps(struct worker *worker)
{
	int i, fd, wrong = 0;

	for (i = 2; i < 10; i++) {
		fd = vp_create(worker->vm->fd, i);
		if (fd >= 0) {
			winners++;
			close(fd);
		} else if (errno != EEXIST) {
			wrong++;
		}
	}
	return wrong;
}

TEST_F(vm, each_vp_is_created_by_one_thread_only)
{
	winners = 0;
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, create_same_vps));
	EXPECT_EQ(8, winners);
}

static int map_own_pages(struct worker *worker)
{
	uint64_t gfn = GFN + 64 * worker->number;
	void *mem = vm_pages(8 * PAGE);
	int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		wrong += !!vm_map(worker->vm->fd, gfn, mem, 8 * PAGE, VM_RWX);
		wrong += !!vm_unmap(worker->vm->fd, gfn, mem, 8 * PAGE);
	}
	munmap(mem, 8 * PAGE);
	return wrong;
}

TEST_F(vm, threads_map_and_unmap_side_by_side)
{
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, map_own_pages));
}

static int map_same_pages(struct worker *worker)
{
	void *mem = vm_pages(8 * PAGE);
	int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		if (vm_map(worker->vm->fd, GFN, mem, 8 * PAGE, VM_RWX)) {
			wrong += errno != EEXIST;
			continue;
		}
		winners++;
		wrong += !!vm_unmap(worker->vm->fd, GFN, mem, 8 * PAGE);
	}
	munmap(mem, 8 * PAGE);
	return wrong;
}

TEST_F(vm, threads_map_to_the_same_place_one_after_the_other)
{
	winners = 0;
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, map_same_pages));
	EXPECT_LT(0, winners);
}

static int make_machines(struct worker *worker)
{
	struct vm vm;
	int i, wrong = 0;

	for (i = 0; i < 5; i++) {
		wrong += !!vm_create(&vm);
		vm_destroy(&vm);
	}
	return wrong;
}

TEST_F(vm, threads_make_and_end_machines)
{
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, make_machines));
}

/* What the hypervisor counts of partitions that come and go */
static void read_counters(void)
{
	char counters[64];
	glob_t files;
	size_t i;
	int fd;

	if (glob("/sys/kernel/debug/mshv/partition/*/stats", 0, NULL, &files))
		return;
	for (i = 0; i < files.gl_pathc; i++) {
		fd = open(files.gl_pathv[i], O_RDONLY);
		while (read(fd, counters, sizeof(counters)) > 0)
			;
		close(fd);
	}
	globfree(&files);
}

static int end_what_is_looked_at(struct worker *worker)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (worker->number % 2)
			close(vm_partition(worker->vm->dev, 0));
		else
			read_counters();
	}
	return 0;
}

/* The hypervisor does not let anybody look at a page of a partition that is gone */
TEST_F(vm, machines_end_while_somebody_looks_at_their_counters)
{
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, end_what_is_looked_at));
}

static int change_registers(struct worker *worker)
{
	uint32_t name = VP_REG_RAX + 8 + worker->number;
	uint64_t value;
	int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		wrong += !!vp_set_reg(worker->vm->vp, 0, name, i);
		wrong += !!vp_get_reg(i & 1 ? worker->vm->fd : worker->vm->vp,
				      0, name, &value);
		wrong += value != i;
	}
	return wrong;
}

TEST_F(vm, threads_use_one_vp_without_mixing_registers)
{
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, change_registers));
}

static int use_eventfds(struct worker *worker)
{
	int event = eventfd(0, EFD_NONBLOCK);
	struct mshv_user_ioeventfd bell = {
		.addr = VM_HOLE + 64 * worker->number,
		.fd = event,
	};
	int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		wrong += !!vm_irqfd(worker->vm->fd, event, GSI, 0, 0);
		wrong += !!vm_signal(event);
		wrong += !!vm_irqfd(worker->vm->fd, event, GSI,
				    1 << MSHV_IRQFD_BIT_DEASSIGN, 0);
		bell.flags = 0;
		wrong += !!ioctl(worker->vm->fd, MSHV_IOEVENTFD, &bell);
		bell.flags = 1 << MSHV_IOEVENTFD_BIT_DEASSIGN;
		wrong += !!ioctl(worker->vm->fd, MSHV_IOEVENTFD, &bell);
	}
	close(event);
	return wrong;
}

TEST_F(vm, threads_assign_and_deassign_eventfds)
{
	ASSERT_EQ(0, vm_route(self->vm.fd, GSI, VECTOR_A));
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, use_eventfds));
}

/* Eventfds that vanish while they are signalled */
static int close_eventfds(struct worker *worker)
{
	int i, event, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		event = eventfd(0, EFD_NONBLOCK);
		wrong += !!vm_irqfd(worker->vm->fd, event, GSI, 0, 0);
		wrong += !!vm_signal(event);
		close(event);
	}
	return wrong;
}

TEST_F(vm, threads_close_assigned_eventfds)
{
	ASSERT_EQ(0, vm_route(self->vm.fd, GSI, VECTOR_A));
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, close_eventfds));
}

static int map_vp_pages(struct worker *worker)
{
	volatile uint16_t *page;
	int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, worker->vm->vp,
			    0);
		wrong += page == MAP_FAILED || *page != 1;
		munmap((void *)page, PAGE);
	}
	return wrong;
}

TEST_F(vm, threads_map_the_pages_of_a_vp)
{
	EXPECT_EQ(0, run_workers(&self->vm, NR_THREADS, map_vp_pages));
}

/*
 * The route of one interrupt goes back and forth between two vectors and two
 * VPs; no VP may ever see the other one's vector.
 */

#define HANDLER(name, port) \
static GUEST __attribute__((naked)) void name(void) \
{ \
	asm volatile("push %rax\n\t" \
		     "push %rdx\n\t" \
		     "mov $" #port ", %edx\n\t" \
		     "outl %eax, %dx\n\t" \
		     "mov $0xfee000b0, %edx\n\t" \
		     "movl $0, (%rdx)\n\t" \
		     "pop %rdx\n\t" \
		     "pop %rax\n\t" \
		     "iretq"); \
}

HANDLER(guest_irq_a, 0x501)
HANDLER(guest_irq_b, 0x502)

static GUEST void guest_wait(void)
{
	guest_write32(VM_APIC + 0xf0, 0x1ff);
	guest_outl(PORT, 0);
	asm volatile("sti; 1: hlt; jmp 1b");
}

static int route_to(int fd, uint32_t vector, uint32_t apic_id)
{
	struct {
		uint32_t nr, rsvd;
		struct mshv_user_irq_entry entry;
	} table = {
		.nr = 1,
		.entry = {
			.gsi = GSI,
			.address_lo = VM_MSI_ADDRESS | apic_id << 12,
			.data = vector,
		},
	};

	return ioctl(fd, MSHV_SET_MSI_ROUTING, &table);
}

/* Runs a VP and counts interrupts that are not its own */
static int serve_interrupts(struct worker *worker)
{
	uint16_t own = worker->number ? PORT_B : PORT_A;
	int seen = 0, wrong = 0;
	struct msg msg;

	while (!*worker->stop) {
		if (ioctl(worker->fd, MSHV_RUN_VP, &msg)) {
			wrong += errno != EINTR;
			continue;
		}
		wrong += msg.type != MSG_IO_PORT;
		wrong += msg.io.port != own && msg.io.port != PORT;
		seen += msg.io.port == own;
		vp_set_reg(worker->fd, worker->number, VP_REG_RIP,
			   msg.intercept.rip +
			   (msg.intercept.length_cr8 & 0xf));
	}
	winners += !!seen;
	return wrong;
}

TEST_F(vm, route_is_never_half_old_and_half_new)
{
	int fds[2] = { self->vm.vp, self->vp1 };
	struct worker workers[2];
	atomic_int stop = 0;
	int i;

	winners = 0;
	vm_map_apic(&self->vm);
	vm_set_gate(&self->vm, VECTOR_A, guest_irq_a);
	vm_set_gate(&self->vm, VECTOR_B, guest_irq_b);
	ASSERT_EQ(0, route_to(self->vm.fd, VECTOR_A, 0));
	ASSERT_EQ(0, vm_irqfd(self->vm.fd, self->event, GSI, 0, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, vp_enter_at(fds[i], i, guest_wait,
					 VM_STACK - i * 0x2000));
		workers[i] = (struct worker) {
			.number = i, .fd = fds[i], .stop = &stop,
			.work = serve_interrupts,
		};
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    worker_thread, &workers[i]));
	}
	usleep(100000);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, route_to(self->vm.fd, i & 1 ? VECTOR_B : VECTOR_A,
				      i & 1));
		ASSERT_EQ(0, vm_signal(self->event));
		if (i % 20 > 17)
			usleep(10000);
	}
	usleep(100000);
	stop = 1;
	for (i = 0; i < 2; i++) {
		thread_stop(workers[i].thread, NULL);
		EXPECT_EQ(0, workers[i].wrong);
	}
	EXPECT_EQ(2, winners);
}

/* Writes to the port when the data page says so, and would do so for ever */
static GUEST void guest_out_later(void)
{
	volatile uint32_t *go = (volatile uint32_t *)VM_DATA;

	go[1] = 1;
	while (!*go)
		asm volatile("pause");
	guest_outl(PORT, 1);
}

static int run_once(struct worker *worker)
{
	struct msg msg;

	return ioctl(worker->fd, MSHV_RUN_VP, &msg) ? errno : 0;
}

/* Until the kernel does not let it run, whatever signal there is but a fatal one */
static void worker_wait_blocked(struct worker *worker)
{
	char path[64], stat[256], state = 0;
	FILE *file;

	while (state != 'D') {
		usleep(1000);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 worker->tid);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(stat, sizeof(stat), file) && strrchr(stat, ')'))
			state = strrchr(stat, ')')[2];
		fclose(file);
	}
}

/*
 * The second thread waits for the first one to leave, and gets a signal
 * meanwhile.  If the guest ran on its behalf, it would be back at its port.
 */
TEST_F(vm, signal_pending_at_entry_comes_before_the_guest)
{
	volatile uint32_t *data = (void *)(self->vm.mem + VM_DATA);
	struct worker workers[2];
	int i;

	ASSERT_EQ(0, vm_enter_at(&self->vm, guest_out_later));
	for (i = 0; i < 2; i++) {
		workers[i] = (struct worker) {
			.fd = self->vm.vp, .work = run_once,
		};
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    worker_thread, &workers[i]));
		while (!data[1])
			usleep(1000);
	}
	worker_wait_blocked(&workers[1]);
	pthread_kill(workers[1].thread, SIGUSR1);
	data[0] = 1;
	for (i = 0; i < 2; i++)
		pthread_join(workers[i].thread, NULL);
	EXPECT_EQ(0, workers[0].wrong);
	EXPECT_EQ(EINTR, workers[1].wrong);
}

TEST_HARNESS_MAIN
