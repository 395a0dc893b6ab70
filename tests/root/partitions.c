// SPDX-License-Identifier: GPL-2.0
/*
 * Make a partition in each state that one can be in, and keep them all.
 *
 * One was just created. One is initialized, has memory, a doorbell and a VP that
 * runs a loop; its state page is written to all the time. Says "ready" when they
 * are there, and goes on until somebody ends it or the machine.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/mshv.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define RAM_SIZE	(4u << 20)
#define DOORBELL	(1ull << 30)	/* no memory there */

static int device;

static int call(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static int partition_create(void)
{
	struct mshv_create_partition args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC,
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
	};

	return call(device, MSHV_CREATE_PARTITION, &args, "create a partition");
}

/* Memory full of jumps to themselves: the reset vector finds one */
static void memory_add(int partition)
{
	struct mshv_user_mem_region region = {
		.size = RAM_SIZE,
		.guest_pfn = (0x100000000ull - RAM_SIZE) >> 12,
		.flags = 1 << MSHV_SET_MEM_BIT_WRITABLE |
			 1 << MSHV_SET_MEM_BIT_EXECUTABLE,
	};
	uint16_t *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ram == MAP_FAILED)
		err(1, "memory");
	for (unsigned int i = 0; i < RAM_SIZE / sizeof(*ram); i++)
		ram[i] = 0xfeeb;
	region.userspace_addr = (uintptr_t)ram;
	call(partition, MSHV_SET_GUEST_MEMORY, &region, "memory");
}

static void doorbell_add(int partition, unsigned int nr)
{
	struct mshv_user_ioeventfd args = {
		.addr = DOORBELL + nr * 8,
		.len = 4,
		.fd = eventfd(0, 0),
	};

	call(partition, MSHV_IOEVENTFD, &args, "doorbell");
}

static void *vp_run(void *fd)
{
	struct mshv_run_vp message;

	while (!ioctl(*(int *)fd, MSHV_RUN_VP, &message))
		;
	return NULL;
}

int main(void)
{
	struct mshv_create_vp create = { .vp_index = 0 };
	volatile uint32_t *page;
	int partition, vp;
	pthread_t thread;

	device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	if (device < 0)
		err(1, "/dev/mshv");
	partition_create();
	partition = partition_create();
	call(partition, MSHV_INITIALIZE_PARTITION, NULL, "initialize");
	memory_add(partition);
	for (unsigned int i = 0; i < 40; i++)
		doorbell_add(partition, i);
	vp = call(partition, MSHV_CREATE_VP, &create, "create a VP");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vp,
		    MSHV_VP_MMAP_OFFSET_REGISTERS * 4096);
	if (page == MAP_FAILED)
		err(1, "state page");
	if (pthread_create(&thread, NULL, vp_run, &vp))
		errx(1, "no thread");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		page[1023] = page[1023] + 1;
}
