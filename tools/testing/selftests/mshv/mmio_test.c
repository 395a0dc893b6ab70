// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory in a guest.  The device is the PCI configuration space, where
 * each page is that of one function and begins with what the function is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define WRITABLE	(1 << MSHV_SET_MEM_BIT_WRITABLE)

#define AREA_GFN	(VM_HOLE / PAGE)
#define PORT_DONE	0x500

/* Functions of bus 0 */
#define NR_PAGES	256
#define SIZE		(NR_PAGES * PAGE)

FIXTURE(vm)
{
	struct vm vm;
	struct msg msg;
	uint64_t base;
	uint8_t *mem;
	int last;
};

/* Where /proc/iomem says that the configuration space is, 0 if it does not */
static uint64_t config_space(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long start = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strstr(line, "PCI MMCONFIG") &&
		    sscanf(line, " %llx-", &start) == 1)
			break;
	fclose(file);
	return start;
}

static uint8_t *map_device(uint64_t base, size_t size, int prot)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *mem;

	if (fd < 0)
		return NULL;
	mem = mmap(NULL, size, prot, MAP_SHARED, fd, base);
	close(fd);
	return mem == MAP_FAILED ? NULL : mem;
}

static uint32_t id(const uint8_t *mem, int page)
{
	return *(volatile const uint32_t *)(mem + page * PAGE);
}

FIXTURE_SETUP(vm)
{
	int i;

	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->base = config_space();
	self->mem = self->base ? map_device(self->base, SIZE,
					    PROT_READ | PROT_WRITE) : NULL;
	if (!self->mem)
		SKIP(_exit(SKIPPED), "no PCI configuration space in /dev/mem");
	for (i = 1; i < NR_PAGES; i++)
		if (id(self->mem, i) != ~0U &&
		    id(self->mem, i) != id(self->mem, 0))
			self->last = i;
	if (!self->last)
		SKIP(_exit(SKIPPED), "only one kind of PCI device");
	ASSERT_EQ(0, vm_create(&self->vm));
}

FIXTURE_TEARDOWN(vm)
{
	vm_destroy(&self->vm);
	munmap(self->mem, SIZE);
}

static GUEST void guest_peek(void)
{
	guest_outl(PORT_DONE, guest_read32(VM_HOLE));
}

static GUEST void guest_peek_second(void)
{
	guest_outl(PORT_DONE, guest_read32(VM_HOLE + PAGE));
}

static int peek(struct vm *vm, struct msg *msg, void (*guest)(void))
{
	return vm_enter_at(vm, guest) || vm_run(vm, msg) ? -1 : 0;
}

TEST_F(vm, guest_sees_the_page_at_the_right_offset)
{
	uint8_t *mem = self->mem + self->last * PAGE;

	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, mem, PAGE, WRITABLE));
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(id(self->mem, self->last), (uint32_t)self->msg.io.rax);
}

TEST_F(vm, guest_sees_as_much_as_was_mapped)
{
	uint8_t *mem = self->mem + (self->last - 1) * PAGE;

	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, mem, 2 * PAGE, WRITABLE));
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek_second));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(id(self->mem, self->last), (uint32_t)self->msg.io.rax);
	ASSERT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, mem, 2 * PAGE));

	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, mem, PAGE, WRITABLE));
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek_second));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
}

TEST_F(vm, guest_loses_all_of_it_when_it_is_unmapped)
{
	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	ASSERT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, self->mem, SIZE));
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek_second));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
}

TEST_F(vm, range_must_lie_in_one_mapping)
{
	EXPECT_ERRNO(EINVAL, vm_map(self->vm.fd, AREA_GFN,
				    self->mem + SIZE - PAGE, 2 * PAGE,
				    WRITABLE));
	ASSERT_EQ(0, munmap(self->mem + PAGE, PAGE));
	EXPECT_ERRNO(EINVAL, vm_map(self->vm.fd, AREA_GFN, self->mem, 3 * PAGE,
				    WRITABLE));
	EXPECT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, PAGE, WRITABLE));
}

TEST_F(vm, mapping_must_be_readable_and_writable)
{
	uint8_t *mem = map_device(self->base, PAGE, PROT_READ);

	ASSERT_NE(NULL, mem);
	EXPECT_ERRNO(EINVAL, vm_map(self->vm.fd, AREA_GFN, mem, PAGE, WRITABLE));
	munmap(mem, PAGE);
}

/* A state page is mapped like device memory, but is none */
TEST_F(vm, memory_of_the_kernel_is_refused)
{
	EXPECT_ERRNO(EINVAL, vm_map(self->vm.fd, AREA_GFN, self->vm.regs, PAGE,
				    WRITABLE));
}

TEST_HARNESS_MAIN
