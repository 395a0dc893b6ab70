// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of the VMM's mshv.c: no hypervisor, but a VP that does what the
 * environment variable FAKE says. So the way from an intercept to the exit code
 * can be tested on the build host.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

static __u64 gpr[17];
static struct hv_message next;
static void *low;
static unsigned int step;

static void out(__u16 port, __u8 value)
{
	next.type = HV_MESSAGE_IO_PORT;
	next.io.header.access = HV_ACCESS_WRITE;
	next.io.port = port;
	next.io.info = 1;
	next.io.rax = value;
}

/* mov %ecx,(%rax), then the like with a byte that is no MOV */
static void mmio(__u8 opcode)
{
	static const __u8 modrm = 0x08;

	next.type = HV_MESSAGE_UNMAPPED_GPA;
	next.memory.header.access = HV_ACCESS_WRITE;
	next.memory.header.rip = 0x200000;
	next.memory.header.cs.attributes = HV_SEGMENT_LONG;
	next.memory.gpa = LAYOUT_IOAPIC;
	((__u8 *)low)[0x200000] = opcode;
	((__u8 *)low)[0x200001] = modrm;
}

/* A start later in the life of the VMM has another script */
static void out_and_then_off(__u16 port, __u8 value)
{
	setenv("FAKE", "off", 1);
	out(port, value);
}

/* Return: false if the VP does nothing any more */
static bool script(const char *what)
{
	static const char text[] = "fake\n";

	memset(&next, 0, sizeof(next));
	next.header.rip = gpr[16];
	if (!strcmp(what, "mmio") && step == 0)
		mmio(0x89);
	else if (!strcmp(what, "mmio") && step == 1 && gpr[16] != 0x200002)
		return false;
	else if (!strcmp(what, "ram")) {
		mmio(0x89);
		next.memory.gpa = 0x300000;
	}
	else if (!strcmp(what, "insn"))
		mmio(0x87);
	else if (!strcmp(what, "crash")) {
		setenv("FAKE", "off", 1);
		next.type = HV_MESSAGE_TRIPLE_FAULT;
	}
	else if (!strcmp(what, "unknown"))
		next.type = 0x8000ffff;
	else if (!strcmp(what, "invalid"))
		next.type = HV_MESSAGE_INVALID_REGISTER;
	else if (!strcmp(what, "unsupported"))
		next.type = HV_MESSAGE_UNSUPPORTED_FEATURE;
	else if (!strcmp(what, "string")) {
		out(PORT_COM1, 0);
		next.io.info |= HV_IO_STRING;
	}
	else if (!strcmp(what, "hang"))
		return false;
	else if (!strcmp(what, "flood") || step < sizeof(text) - 1)
		out(PORT_COM1, text[step % (sizeof(text) - 1)]);
	else if (!strcmp(what, "reset"))
		out_and_then_off(PORT_RESET, RESET_CPU);
	else if (!strcmp(what, "keyboard"))
		out_and_then_off(PORT_KEYBOARD, 0xfe);
	else if (!strcmp(what, "cf9"))
		out_and_then_off(PORT_RESET, 6);
	else
		out(PORT_SLEEP, SLEEP_S5 << 2 | SLEEP_ENABLE);
	return true;
}

int mshv_open(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int mshv_ioctl(int fd, unsigned long number, void *args, const char *what)
{
	struct mshv_translate_gva *translate = args;
	struct hv_message *message = args;
	struct mshv_user_mem_region *region = args;

	(void)what;
	switch (number) {
	case MSHV_CREATE_PARTITION:
	case MSHV_CREATE_VP:
		return dup(fd);
	case MSHV_RUN_VP:
		while (!script(getenv("FAKE")))
			pause();
		step++;
		*message = next;
		break;
	case MSHV_SET_GUEST_MEMORY:
		if (!region->guest_pfn)
			low = (void *)region->userspace_addr;
		break;
	case MSHV_VP_TRANSLATE_GVA:
		*(__u64 *)translate->gpa_ptr = translate->gva;
		break;
	}
	return 0;
}

/* RAX to R15, and RIP behind them */
void mshv_hvcall(int fd, struct mshv_root_hvcall call, const char *what)
{
	const struct hv_vp_input *in = (void *)call.in_ptr;
	const struct hv_register *regs = (const void *)(in + 1);
	union hv_value *value = (void *)call.out_ptr;
	const __u32 *names = (const void *)(in + 1);

	(void)fd;
	(void)what;
	if (call.code == HVCALL_GET_VP_REGISTERS)
		value->low = gpr[names[0] - HV_REGISTER_RAX];
	if (call.code != HVCALL_SET_VP_REGISTERS)
		return;
	for (; call.reps--; regs++)
		if (regs->name - HV_REGISTER_RAX < ARRAY_SIZE(gpr))
			gpr[regs->name - HV_REGISTER_RAX] = regs->value.low;
}
