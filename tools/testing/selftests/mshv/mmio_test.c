// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory in a guest.  The device is the PCI configuration space, where
 * each page is that of one function and begins with what the function is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
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

static uint8_t *map_device_at(void *addr, uint64_t base, size_t size, int prot,
			      int flags)
{
	int fd = open("/dev/mem", (flags & MAP_SHARED ? O_RDWR : O_RDONLY) |
				  O_SYNC);
	void *mem;

	if (fd < 0)
		return NULL;
	mem = mmap(addr, size, prot, flags, fd, base);
	close(fd);
	return mem == MAP_FAILED ? NULL : mem;
}

static uint8_t *map_device(uint64_t base, size_t size, int prot)
{
	return map_device_at(NULL, base, size, prot, MAP_SHARED);
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
	self->base = vm_config_space();
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

/* Who may only read a device could map it writable like this */
TEST_F(vm, private_mapping_is_refused)
{
	uint8_t *mem = map_device_at(NULL, self->base, PAGE,
				     PROT_READ | PROT_WRITE, MAP_PRIVATE);

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

/*
 * What becomes of the mapping in this process
 */

/* What the guest reads from its first page, -1 if it stops there */
static int64_t value(struct vm *vm, struct msg *msg)
{
	if (peek(vm, msg, guest_peek) || msg->type != MSG_IO_PORT)
		return -1;
	return (uint32_t)msg->io.rax;
}

TEST_F(vm, guest_loses_a_device_that_was_unmapped)
{
	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(id(self->mem, 0), value(&self->vm, &self->msg));
	ASSERT_EQ(0, munmap(self->mem, PAGE));
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	/* The rest is where it was */
	ASSERT_EQ(0, peek(&self->vm, &self->msg, guest_peek_second));
	EXPECT_EQ(MSG_IO_PORT, self->msg.type);
	EXPECT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, self->mem, SIZE));
}

TEST_F(vm, guest_loses_a_device_while_it_is_out_of_reach)
{
	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_NONE));
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(id(self->mem, 0), value(&self->vm, &self->msg));
}

TEST_F(vm, guest_follows_to_another_device)
{
	uint64_t other = self->base + self->last * PAGE;
	uint32_t ids[] = { id(self->mem, 0), id(self->mem, self->last) };

	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	EXPECT_EQ(ids[0], value(&self->vm, &self->msg));
	ASSERT_EQ(self->mem, map_device_at(self->mem, other, PAGE,
					   PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_FIXED));
	EXPECT_EQ(ids[1], value(&self->vm, &self->msg));
}

TEST_F(vm, guest_does_not_follow_to_ram)
{
	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(self->mem, mmap(self->mem, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				  -1, 0));
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
}

TEST_F(vm, guest_loses_a_device_that_moves_elsewhere)
{
	uint8_t *elsewhere;

	ASSERT_EQ(0, vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	elsewhere = mremap(self->mem, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   vm_pages(SIZE));
	ASSERT_NE(MAP_FAILED, elsewhere);
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	munmap(elsewhere, SIZE);
}

TEST_F(vm, guest_loses_a_device_of_a_process_that_ended)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(vm_map(self->vm.fd, AREA_GFN, self->mem, SIZE, WRITABLE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(-1, value(&self->vm, &self->msg));
	EXPECT_EQ(MSG_UNMAPPED_GPA, self->msg.type);
	EXPECT_EQ(0, vm_unmap(self->vm.fd, AREA_GFN, self->mem, SIZE));
}

TEST_HARNESS_MAIN
