// SPDX-License-Identifier: GPL-2.0
/*
 * faults MATRIX: the life of a virtual machine, again and again, while one
 * hypercall of it goes wrong; a line for each hypercall says how that was taken.
 *
 *	short	every hypercall the driver makes, with a few statuses
 *	all	with every status, more of its calls, and stops half-way
 *	stuck	hypercalls that undo something: what they would not undo is lost,
 *		and the hypervisor will say so at the end
 *	other	frames that are not there, and messages late or with strange company
 *	CODE	one hypercall with every status
 *	CODE:NTH:REPS:STATUS
 *		one fault, as the hypervisor understands it
 *
 * Which hypercalls there are, and how many of each, comes from the hypervisor's
 * counters: a clean life is led first. A step that fails must fail with the errno
 * of the status, must succeed when it is tried again, and in the end all pages are
 * back or counted as quarantined.
 *
 * Memory that is movable is mapped while a VP runs. What goes wrong with that is no
 * failure of the run: the guest stops where there is no memory.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "lib/vm.h"

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof(*(a)))
#define PORT			0x500
#define SPARE_GFN		(VM_HOLE / PAGE + 0x1000)
#define SPARE_SIZE		(16 * PAGE)
#define DEVICE_GFN		(SPARE_GFN + 0x1000)
#define DEVICE_SIZE		(4 * PAGE)
#define CALLS_MAX		0x110
#define HANG_SECONDS		20
#define ALWAYS			0
#define FRAMES_MAX		500
#define ACCESS_TRACKING		0x00050005
#define NO_MEMORY_THERE		EADDRNOTAVAIL	/* the guest has stopped at memory */

/*
 * A life, in steps. Each can be tried again after it has failed.
 */

struct life {
	struct vm vm;
	int vp1;
	int event;
	void *spare;
	void *device;
	struct msg msg;
};

static GUEST void guest_main(void)
{
	guest_outl(PORT, 1);
	guest_write32(VM_HOLE, 7);
	guest_outl(PORT, 2);
	for (;;)
		asm volatile("pause");
}

static int step_create(struct life *l)
{
	struct mshv_create_partition args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC | 1 << MSHV_PT_BIT_GPA_SUPER_PAGES,
	};

	l->vm.fd = ioctl(l->vm.dev, MSHV_CREATE_PARTITION, &args);
	return l->vm.fd < 0 ? -1 : 0;
}

static int step_initialize(struct life *l)
{
	return ioctl(l->vm.fd, MSHV_INITIALIZE_PARTITION);
}

static int step_property(struct life *l)
{
	uint64_t value;

	return vm_set_property(l->vm.fd, PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1, NULL) ||
	       vm_get_property(l->vm.fd, PROPERTY_UNIMPLEMENTED_MSR_ACTION, &value, NULL) ? -1 : 0;
}

static int step_memory(struct life *l)
{
	return vm_map(l->vm.fd, 0, l->vm.mem, l->vm.mem_size,
		      1 << MSHV_SET_MEM_BIT_WRITABLE | 1 << MSHV_SET_MEM_BIT_EXECUTABLE);
}

static int step_spare_memory(struct life *l)
{
	return vm_map(l->vm.fd, SPARE_GFN, l->spare, SPARE_SIZE, 1 << MSHV_SET_MEM_BIT_WRITABLE);
}

static int step_device(struct life *l)
{
	return vm_map(l->vm.fd, DEVICE_GFN, l->device, DEVICE_SIZE, 1 << MSHV_SET_MEM_BIT_WRITABLE);
}

static int step_vp(struct life *l)
{
	return vm_create_vp(&l->vm);
}

static int step_second_vp(struct life *l)
{
	struct mshv_create_vp args = { .vp_index = 1 };

	l->vp1 = ioctl(l->vm.fd, MSHV_CREATE_VP, &args);
	return l->vp1 < 0 ? -1 : 0;
}

static int step_registers(struct life *l)
{
	return vm_enter_at(&l->vm, guest_main);
}

static int step_irqfd(struct life *l)
{
	struct { uint32_t nr, rsvd; struct mshv_user_irq_entry entry; } table = {
		.nr = 1, .entry = { .gsi = 3, .address_lo = 0xfee00000, .data = 0x41 },
	};
	struct mshv_user_irqfd args = { .fd = l->event, .gsi = 3 };
	uint64_t one = 1;
	int ret;

	if (ioctl(l->vm.fd, MSHV_SET_MSI_ROUTING, &table) || ioctl(l->vm.fd, MSHV_IRQFD, &args))
		return -1;
	ret = write(l->event, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
	args.flags = 1 << MSHV_IRQFD_BIT_DEASSIGN;
	return ioctl(l->vm.fd, MSHV_IRQFD, &args) || ret ? -1 : 0;
}

static int doorbell(struct life *l, uint32_t flags)
{
	struct mshv_user_ioeventfd args = { .fd = l->event, .addr = VM_HOLE, .flags = flags };

	return ioctl(l->vm.fd, MSHV_IOEVENTFD, &args);
}

static int step_doorbell(struct life *l)
{
	return doorbell(l, 0);
}

/* Whatever interrupted the run, the guest gets to its next write to the port */
static int run_to(struct life *l, uint32_t value)
{
	if (l->msg.type == MSG_IO_PORT && vm_skip(&l->vm, &l->msg))
		return -1;
	l->msg.type = MSG_NONE;
	if (vm_run(&l->vm, &l->msg))
		return -1;
	if (l->msg.type == MSG_IO_PORT && (uint32_t)l->msg.io.rax == value)
		return 0;
	errno = l->msg.type == MSG_UNMAPPED_GPA || l->msg.type == MSG_GPA_INTERCEPT ? NO_MEMORY_THERE : EPROTO;
	return -1;
}

static int step_run(struct life *l)
{
	return run_to(l, 1);
}

static int step_ring(struct life *l)
{
	return run_to(l, 2);
}

/* The guest spins until a signal comes; that is how this step succeeds */
static int step_cancel(struct life *l)
{
	struct itimerval timer = { { .tv_usec = 3000 }, { .tv_usec = 3000 } }, none = { };
	int ret, error;

	if (l->msg.type == MSG_IO_PORT && vm_skip(&l->vm, &l->msg))
		return -1;
	l->msg.type = MSG_NONE;
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = vm_run(&l->vm, &l->msg);
	error = ret ? errno : EPROTO;
	setitimer(ITIMER_REAL, &none, NULL);
	errno = error;
	return error == EINTR ? 0 : -1;
}

static int step_state(struct life *l)
{
	static uint8_t buf[PAGE] __attribute__((aligned(PAGE)));
	struct mshv_get_set_vp_state args;

	for (int type = 0; type < MSHV_VP_STATE_COUNT; type++) {
		args = (struct mshv_get_set_vp_state){ .type = type, .buf_sz = PAGE, .buf_ptr = (uintptr_t)buf };
		if (ioctl(l->vm.vp, MSHV_GET_VP_STATE, &args))
			return -1;
		args.buf_sz = PAGE;
		if (ioctl(l->vm.vp, MSHV_SET_VP_STATE, &args))
			return -1;
	}
	return 0;
}

static int step_translate(struct life *l)
{
	struct mshv_translate_gva_result result;
	uint64_t gpa;
	struct mshv_translate_gva args = {
		.gva = VM_DATA, .flags = 1, .result_ptr = (uintptr_t)&result, .gpa_ptr = (uintptr_t)&gpa,
	};

	return ioctl(l->vm.vp, MSHV_VP_TRANSLATE_GVA, &args);
}

static int step_bitmap(struct life *l)
{
	uint8_t bitmap[VM_MEMORY / PAGE / 8];
	struct mshv_gpap_access_bitmap args = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY, .access_op = MSHV_GPAP_ACCESS_OP_NOOP,
		.page_count = VM_MEMORY / PAGE, .bitmap_ptr = (uintptr_t)bitmap,
	};

	return vm_set_property(l->vm.fd, ACCESS_TRACKING, 1, NULL) ||
	       ioctl(l->vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, &args) ? -1 : 0;
}

static int step_no_doorbell(struct life *l)
{
	return doorbell(l, 1 << MSHV_IOEVENTFD_BIT_DEASSIGN);
}

static int step_unmap(struct life *l)
{
	return vm_unmap(l->vm.fd, SPARE_GFN, l->spare, SPARE_SIZE);
}

/* The guest loses it when this process does, not when it is told */
static int step_no_device(struct life *l)
{
	munmap(l->device, DEVICE_SIZE);
	return vm_unmap(l->vm.fd, DEVICE_GFN, l->device, DEVICE_SIZE);
}

static const struct step {
	const char *name;
	int (*run)(struct life *l);
} steps[] = {
	{ "create", step_create },
	{ "initialize", step_initialize },
	{ "property", step_property },
	{ "memory", step_memory },
	{ "more memory", step_spare_memory },
	{ "device", step_device },
	{ "VP 0", step_vp },
	{ "VP 1", step_second_vp },
	{ "registers", step_registers },
	{ "irqfd", step_irqfd },
	{ "doorbell", step_doorbell },
	{ "run", step_run },
	{ "ring", step_ring },
	{ "cancel", step_cancel },
	{ "state", step_state },
	{ "translate", step_translate },
	{ "bitmap", step_bitmap },
	{ "no doorbell", step_no_doorbell },
	{ "unmap", step_unmap },
	{ "no device", step_no_device },
};

/* How a life went; shared with the process that leads it. */
static struct outcome {
	int step, error;	/* the first that failed, -1: none */
	int again;		/* its second try failed, too, with this */
	int after, after_error;	/* another one failed later, -1: none */
	bool ended;
} *outcome;

static void *map_device(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *mem;

	mem = mmap(NULL, DEVICE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, vm_config_space());
	close(fd);
	return mem == MAP_FAILED ? NULL : mem;
}

static void life_begin(struct life *l)
{
	memset(l, 0, sizeof(*l));
	l->vm.fd = l->vm.vp = l->vp1 = -1;
	l->vm.dev = vm_open();
	l->event = eventfd(0, EFD_NONBLOCK);
	l->spare = vm_pages(SPARE_SIZE);
	l->device = map_device();
	if (l->vm.dev < 0 || l->event < 0 || !l->spare || !l->device || vm_prepare_memory(&l->vm))
		err(2, "a life cannot begin");
}

static void life_end(struct life *l)
{
	close(l->vp1);
	vm_destroy(&l->vm);
	close(l->event);
	munmap(l->spare, SPARE_SIZE);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Up to the step whose second try fails, too; or to the second step that fails */
static void life_lead(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct life l;

	sigaction(SIGALRM, &action, NULL);
	life_begin(&l);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (!steps[i].run(&l))
			continue;
		if (outcome->step >= 0) {
			outcome->after = i;
			outcome->after_error = errno;
			break;
		}
		outcome->step = i;
		outcome->error = errno;
		if (steps[i].run(&l)) {
			outcome->again = errno;
			break;
		}
	}
	life_end(&l);
	outcome->ended = true;
}

/*
 * What the driver counts
 */

static const char *const states[] = { "pinned", "mapped", "state", "faults", "quarantined" };

#define NR_STATES	ARRAY_SIZE(states)
#define QUARANTINED	(NR_STATES - 1)

static void ledger_read(long long counts[NR_STATES])
{
	for (size_t i = 0; i < NR_STATES; i++)
		counts[i] = ledger_total(states[i]);
}

/* Name of a state that is not as it was before, or NULL */
static const char *ledger_differs(const long long before[NR_STATES], bool may_quarantine)
{
	long long now[NR_STATES];

	ledger_read(now);
	for (size_t i = 0; i < NR_STATES; i++)
		if (now[i] != before[i] && !(i == QUARANTINED && may_quarantine))
			return states[i];
	return NULL;
}

/*
 * One fault
 */

struct fault {
	unsigned int code, nth, reps, status;
	int error;		/* errno of the status; 0: it need not fail */
	bool undoes;		/* what it undoes may be lost */
	bool may_hang;		/* it may be waited for as long as nobody kills the waiter */
};

/* Lives, those of them in which a step failed, in which the fault did not happen, that went wrong */
static struct tally {
	unsigned int lives, refused, missed, bad;
	char why[160];
} tally;

static void complain(const char *what, const struct fault *f, const char *detail)
{
	if (!tally.bad++)
		snprintf(tally.why, sizeof(tally.why), "%s: %s (call %04x, %u of them, after %u, status %#x)", what,
			 detail, f->code, f->nth, f->reps, f->status);
	printf("# %s: %s (call %04x, %u of them, after %u, status %#x)\n", what, detail, f->code, f->nth, f->reps,
	       f->status);
}

/* In a process of its own, so that it can be killed. Returns false if it had to be. */
static bool life_run(unsigned int seconds)
{
	struct timespec limit = { .tv_sec = seconds }, now = { };
	bool ended = true;
	sigset_t chld;
	pid_t pid;

	*outcome = (struct outcome){ .step = -1, .after = -1 };
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		life_lead();
		_exit(0);
	}
	if (pid < 0)
		err(2, "fork");
	if (sigtimedwait(&chld, NULL, &limit) < 0) {
		ended = false;
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
	/* That it was killed is no news for the next time */
	if (!ended)
		sigtimedwait(&chld, NULL, &now);
	return ended;
}

static bool memory_is_movable(void)
{
	FILE *file = fopen("/sys/module/mshv_root/parameters/movable_memory", "r");
	bool movable = file && fgetc(file) == 'Y';

	if (file)
		fclose(file);
	return movable;
}

static bool is_expected(const struct fault *f, int error)
{
	static const uint16_t mapping[] = { 0x48, 0x4b };

	for (size_t i = 0; i < ARRAY_SIZE(mapping); i++)
		if (f->code == mapping[i] && error == NO_MEMORY_THERE && memory_is_movable())
			return true;
	return error == f->error;
}

static void judge(const struct fault *f)
{
	const struct outcome *o = outcome;
	char text[80];

	if (o->step < 0)
		return;
	tally.refused++;
	snprintf(text, sizeof(text), "%s: %s", steps[o->step].name, strerror(o->error));
	if (!is_expected(f, o->error))
		complain("unexpected errno", f, text);
	if (o->again && (f->nth != ALWAYS || !is_expected(f, o->again))) {
		snprintf(text, sizeof(text), "%s: %s", steps[o->step].name, strerror(o->again));
		complain("second try failed", f, text);
	}
	if (o->after >= 0 && f->nth != ALWAYS) {
		snprintf(text, sizeof(text), "%s: %s", steps[o->after].name, strerror(o->after_error));
		complain("a later step failed", f, text);
	}
}

static void fault_run(const struct fault *f, const char *script)
{
	long long before[NR_STATES];
	const char *state;
	bool ended;

	ledger_read(before);
	control_ask("fault=none");
	control_ask("%s", script);
	ended = life_run(f->may_hang ? 1 : HANG_SECONDS);
	if (!control_value(control_ask("counters"), "faults"))
		tally.missed++;
	control_ask("fault=none");
	if (ended && outcome->ended)
		judge(f);
	else if (!f->may_hang)
		complain(ended ? "the process died" : "hangs", f, "had to be killed");
	tally.lives++;
	state = ledger_differs(before, f->undoes);
	if (state)
		complain("the ledger is not as before", f, state);
}

static void call_run(const struct fault *f)
{
	char script[64];

	snprintf(script, sizeof(script), "fault=call:%#x:%u:%u:%#x", f->code, f->nth, f->reps, f->status);
	fault_run(f, script);
}

static void tally_print(const char *what)
{
	if (!tally.bad && tally.missed == tally.lives)
		printf("not ok %s: %u lives, and none met it\n", what, tally.lives);
	else if (tally.bad)
		printf("not ok %s: %u of %u lives: %s\n", what, tally.bad, tally.lives, tally.why);
	else
		printf("ok %s: %u lives, %u met it, %u noticed\n", what, tally.lives, tally.lives - tally.missed,
		       tally.refused);
	fflush(stdout);
	tally = (struct tally){ };
}

/*
 * The matrix
 */

static const struct status {
	unsigned int status;
	int error;
	bool often;	/* in the short matrix, too */
	bool shortage;	/* met by a deposit, unless it comes each time */
} statuses[] = {
	{ 0x05, EINVAL, true, false },	/* INVALID_PARAMETER */
	{ 0x06, EACCES, false, false },	/* ACCESS_DENIED */
	{ 0x07, EIO, false, false },	/* INVALID_PARTITION_STATE */
	{ 0x0b, ENOMEM, true, true },	/* INSUFFICIENT_MEMORY */
	{ 0x0d, EINVAL, false, false },	/* INVALID_PARTITION_ID */
	{ 0x15, EIO, false, false },	/* INVALID_VP_STATE */
	{ 0x1d, EIO, false, false },	/* NO_RESOURCES */
	{ 0x71, EIO, true, false },	/* OPERATION_FAILED */
	{ 0x73, ENOMEM, true, true },	/* INSUFFICIENT_ROOT_MEMORY */
	{ 0x75, ENOMEM, false, true },	/* INSUFFICIENT_CONTIGUOUS_MEMORY */
	{ 0x78, EIO, false, false },	/* TIME_OUT */
	{ 0x79, EIO, true, false },	/* CALL_PENDING */
	{ 0x83, ENOMEM, false, true },	/* INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY */
	{ 0x7777, EIO, false, false },	/* one that nobody knows */
};

static const struct status no_progress = { 0, EIO, false, false };

static bool is_rep(unsigned int code)
{
	static const uint16_t codes[] = { 0x48, 0x49, 0x4b, 0x4c, 0x50, 0x51, 0x6e, 0x90, 0xc9, 0xf4 };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static bool is_undo(unsigned int code)
{
	static const uint16_t codes[] = { 0x42, 0x43, 0x49, 0x4c, 0x4f, 0x58, 0x5b, 0x6d, 0xe2 };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static void status_run(unsigned int code, const struct status *s, unsigned int nth, unsigned int reps)
{
	struct fault f = {
		.code = code, .nth = nth, .reps = reps, .status = s->status, .error = s->error,
		.undoes = is_undo(code),
		.may_hang = code == HVCALL_SET_PARTITION_PROPERTY && s->status == 0x79,
	};

	call_run(&f);
}

/* Calls 1, 2 and the last; in the whole matrix the first eight */
static bool nth_wanted(unsigned int nth, unsigned int calls, bool all)
{
	return nth <= (all ? 8 : 2) || nth == calls;
}

static void code_run(unsigned int code, unsigned int calls, bool all)
{
	static const unsigned int reps[] = { 0, 1, 200 };
	size_t nr_reps = all && is_rep(code) ? ARRAY_SIZE(reps) : 1;
	char what[40];

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (!all && !statuses[i].often)
			continue;
		for (unsigned int nth = 1; nth <= calls; nth++)
			for (size_t r = 0; nth_wanted(nth, calls, all) && r < nr_reps; r++)
				status_run(code, &statuses[i], nth, reps[r]);
		if (!is_undo(code) && (all || statuses[i].shortage))
			status_run(code, &statuses[i], ALWAYS, 0);
	}
	if (is_rep(code)) {
		status_run(code, &no_progress, 1, 0);
		status_run(code, &no_progress, 1, 1);
	}
	snprintf(what, sizeof(what), "hypercall %04x fails", code);
	tally_print(what);
}

/* What a clean life makes of each hypercall; its numbers are stable after the first */
static void calls_count(unsigned int calls[CALLS_MAX])
{
	unsigned long long before[CALLS_MAX];
	char name[16];
	const char *text;

	control_ask("fault=none");
	for (int life = 0; life < 2; life++) {
		text = control_ask("counters");
		for (unsigned int code = 0; code < CALLS_MAX; code++) {
			snprintf(name, sizeof(name), "call-%04x", code);
			before[code] = control_value(text, name);
		}
		if (!life_run(HANG_SECONDS) || !outcome->ended || outcome->step >= 0)
			errx(2, "a life without faults fails at step %d: %s", outcome->step, strerror(outcome->error));
	}
	text = control_ask("counters");
	for (unsigned int code = 0; code < CALLS_MAX; code++) {
		snprintf(name, sizeof(name), "call-%04x", code);
		calls[code] = control_value(text, name) - before[code];
	}
}

static void matrix_run(bool all, bool undo)
{
	unsigned int calls[CALLS_MAX];

	calls_count(calls);
	for (unsigned int code = 0; code < CALLS_MAX; code++)
		if (calls[code] && is_undo(code) == undo)
			code_run(code, calls[code], all);
}

/* Frames that are not there: met by a deposit each time, until they never are */
static void frames_run(void)
{
	struct fault f = { .error = ENOMEM };
	char script[32];

	for (f.nth = 1; f.nth < FRAMES_MAX && !tally.missed; f.nth++) {
		snprintf(script, sizeof(script), "fault=memory:%u", f.nth);
		fault_run(&f, script);
		if (outcome->step >= 0)
			complain("one missing frame is noticed", &f, steps[outcome->step].name);
	}
	f.nth = ALWAYS;
	fault_run(&f, "fault=memory:0");
	tally_print("a frame is not there");
}

static void messages_run(void)
{
	static const char *const kinds[] = { "dup", "type", "vp", "size", "delay" };
	struct fault f = { };
	char script[32], what[40];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (f.nth = 0; f.nth < 8; f.nth++) {
			snprintf(script, sizeof(script), "fault=message:%u:%s", f.nth, kinds[i]);
			fault_run(&f, script);
			if (outcome->step >= 0)
				complain("the message is noticed", &f, steps[outcome->step].name);
		}
		snprintf(what, sizeof(what), "message: %s", kinds[i]);
		tally_print(what);
	}
}

/* All of one hypercall, or one fault of it */
static int one_run(const char *text)
{
	unsigned int calls[CALLS_MAX];
	struct fault f = { };

	switch (sscanf(text, "%x:%u:%u:%x", &f.code, &f.nth, &f.reps, &f.status)) {
	case 1:
		calls_count(calls);
		code_run(f.code % CALLS_MAX, calls[f.code % CALLS_MAX], true);
		return 0;
	case 4:
		break;
	default:
		return -1;
	}
	f.undoes = is_undo(f.code);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == f.status)
			f.error = statuses[i].error;
	call_run(&f);
	tally_print(text);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: faults short|all|stuck|other|CODE|CODE:NTH:REPS:STATUS");
	outcome = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		err(2, "mmap");
	control_open();
	if (!strcmp(argv[1], "short"))
		matrix_run(false, false);
	else if (!strcmp(argv[1], "all"))
		matrix_run(true, false);
	else if (!strcmp(argv[1], "stuck"))
		matrix_run(true, true);
	else if (!strcmp(argv[1], "other"))
		frames_run(), messages_run();
	else if (one_run(argv[1]))
		errx(2, "no matrix \"%s\"", argv[1]);
	return 0;
}
