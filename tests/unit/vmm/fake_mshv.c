// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of the VMM's mshv.c: no hypervisor, but a VP that does what the
 * environment variable FAKE says. So the way from an intercept to the exit code
 * can be tested on the build host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

static __u64 gpr[17];
static struct hv_message next;
static const struct memory_region *low;
static unsigned int step, nr_partitions;

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
	((__u8 *)low->host)[0x200000] = opcode;
	((__u8 *)low->host)[0x200001] = modrm;
}

/* Return: false if the VP does nothing any more */
static bool script(const char *what)
{
	static const char text[] = "fake\n";

	memset(&next, 0, sizeof(next));
	if (!strcmp(what, "mmio") && step == 0)
		mmio(0x89);
	else if (!strcmp(what, "mmio") && step == 1 && gpr[16] != 0x200002)
		return false;
	else if (!strcmp(what, "insn"))
		mmio(0x87);
	else if (!strcmp(what, "crash") && nr_partitions == 1)
		next.type = HV_MESSAGE_TRIPLE_FAULT;
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
	else if (step < sizeof(text) - 1)
		out(PORT_COM1, text[step]);
	else if (!strcmp(what, "reset") && nr_partitions == 1)
		out(PORT_POWER + POWER_RESET, POWER_RESET_VALUE);
	else if (!strcmp(what, "keyboard") && nr_partitions == 1)
		out(PORT_KEYBOARD, 0xfe);
	else if (!strcmp(what, "cf9") && nr_partitions == 1)
		out(PORT_RESET, 6);
	else
		out(PORT_POWER + POWER_SLEEP_CONTROL, POWER_S5 << 2 | 1 << 5);
	return true;
}

bool mshv_vp_run(int vp, struct hv_message *message)
{
	(void)vp;
	if (!script(getenv("FAKE"))) {
		pause();
		return false;
	}
	step++;
	*message = next;
	return true;
}

void mshv_vp_set_registers(const struct vp *vp, const struct hv_register *regs,
			   unsigned int nr)
{
	(void)vp;
	for (; nr--; regs++)
		if (regs->name - HV_REGISTER_RAX < ARRAY_SIZE(gpr))
			gpr[regs->name - HV_REGISTER_RAX] = regs->value.low;
}

/* RAX to R15, and RIP behind them */
__u64 mshv_vp_get_register(const struct vp *vp, __u32 name)
{
	(void)vp;
	return gpr[name - HV_REGISTER_RAX];
}

bool mshv_vp_translate(const struct vp *vp, __u64 gva, __u64 *gpa)
{
	(void)vp;
	*gpa = gva;
	return true;
}

void mshv_memory_map(int partition, const struct memory_region *region)
{
	(void)partition;
	low = region;
}

int mshv_open(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int mshv_partition_create(int device)
{
	step = 0;
	nr_partitions++;
	return dup(device);
}

void mshv_partition_initialize(int partition)
{
	(void)partition;
}

void mshv_property_set(int partition, __u32 code, __u64 value)
{
	(void)partition;
	(void)code;
	(void)value;
}

void mshv_interrupt_assert(int partition, const struct hv_interrupt *interrupt)
{
	(void)partition;
	(void)interrupt;
}

void mshv_irqfd(int partition, __u32 gsi, int fd)
{
	(void)partition;
	(void)gsi;
	(void)fd;
}

void mshv_msi_routes(int partition, const struct msi_route *routes,
		     unsigned int nr)
{
	(void)partition;
	(void)routes;
	(void)nr;
}

void mshv_doorbell(int partition, __u64 gpa, __u32 size, __u64 value, int fd)
{
	(void)partition;
	(void)gpa;
	(void)size;
	(void)value;
	(void)fd;
}

int mshv_vp_create(int partition, __u32 index)
{
	(void)index;
	return dup(partition);
}

struct hv_register_page *mshv_vp_register_page(int vp)
{
	(void)vp;
	return NULL;
}

void mshv_vp_set_cpuid(const struct vp *vp, const struct hv_cpuid_result *res)
{
	(void)vp;
	(void)res;
}

void mshv_vp_close(int vp, struct hv_register_page *page)
{
	(void)page;
	close(vp);
}
