// SPDX-License-Identifier: GPL-2.0
/*
 * Host tests of the sample VMM's virtio devices. The test is the driver; guest
 * memory is from malloc(), so that the sanitizer sees each step beside it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../../samples/mshv/virtio.c"
#include "../../../samples/mshv/disk.c"
#include "../../../samples/mshv/net.c"

#define LOW_SIZE	0x8000
#define HIGH_SIZE	0x1000
#define QUEUE_GPA	0x1000
#define AVAIL_GPA	0x2000
#define USED_GPA	0x3000
#define BUFFER_GPA	0x4000
#define QUEUE_SIZE	8
#define DISK_SECTORS	64
#define STARTED		(VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)
#define NR_SEEDS	4000
#define NR_STEPS	40

static int nr_tests, nr_failed;
static struct vm vm;
static struct disk disk;
static struct net net;
static int wire;

static void check(bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++nr_tests, what);
	nr_failed += !ok;
}

/* Stubs: nothing is connected, the test calls virtio_serve() itself */

void loop_add(struct loop *loop, int fd, loop_look_fn *look, loop_wants_fn *wants, void *device)
{
	(void)loop;
	(void)fd;
	(void)look;
	(void)wants;
	(void)device;
}

void ioapic_connect(struct ioapic *ioapic, __u32 gsi, int irq, int ended)
{
	(void)ioapic;
	(void)gsi;
	(void)irq;
	(void)ended;
}

int mshv_ioctl(int fd, unsigned long number, void *args, const char *what)
{
	(void)fd;
	(void)number;
	(void)args;
	(void)what;
	return 0;
}

int event_create(void)
{
	return eventfd(0, EFD_NONBLOCK);
}

struct file file_open(const char *path, bool read_only)
{
	return (struct file){ path, open(path, O_RDWR), DISK_SECTORS * SECTOR, read_only };
}

/* The driver */

static __u32 get(struct virtio *virtio, __u64 reg)
{
	__u64 data = ~0ULL;

	virtio_access(virtio, reg, 4, false, &data);
	return data;
}

static void set(struct virtio *virtio, __u64 reg, __u32 value)
{
	__u64 data = value;

	virtio_access(virtio, reg, 4, true, &data);
}

static void *at(__u64 gpa)
{
	return memory_at(&vm.memory, gpa, 0);
}

static bool queue_set_up(struct virtio *virtio, unsigned int queue, __u32 size, __u64 desc,
			 __u64 avail, __u64 used)
{
	set(virtio, VIRTIO_MMIO_QUEUE_SEL, queue);
	set(virtio, VIRTIO_MMIO_QUEUE_READY, 0);
	set(virtio, VIRTIO_MMIO_QUEUE_NUM, size);
	set(virtio, VIRTIO_MMIO_QUEUE_DESC_LOW, desc);
	set(virtio, VIRTIO_MMIO_QUEUE_DESC_HIGH, desc >> 32);
	set(virtio, VIRTIO_MMIO_QUEUE_AVAIL_LOW, avail);
	set(virtio, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, avail >> 32);
	set(virtio, VIRTIO_MMIO_QUEUE_USED_LOW, used);
	set(virtio, VIRTIO_MMIO_QUEUE_USED_HIGH, used >> 32);
	set(virtio, VIRTIO_MMIO_QUEUE_READY, 1);
	return get(virtio, VIRTIO_MMIO_QUEUE_READY);
}

/* A driver that has done all it must */
static void start(struct virtio *virtio, unsigned int queue)
{
	memset(vm.memory.region[0].host, 0, LOW_SIZE);
	set(virtio, VIRTIO_MMIO_STATUS, 0);
	set(virtio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(virtio, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	set(virtio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FEATURES_OK);
	queue_set_up(virtio, queue, QUEUE_SIZE, QUEUE_GPA, AVAIL_GPA, USED_GPA);
	set(virtio, VIRTIO_MMIO_STATUS, STARTED);
}

static void desc(unsigned int n, __u64 gpa, __u32 size, __u16 flags, __u16 next)
{
	struct vring_desc *table = at(QUEUE_GPA);

	table[n] = (struct vring_desc){ gpa, size, flags, next };
}

static struct vring_used *serve(struct virtio *virtio, unsigned int queue, __u16 head)
{
	struct vring_avail *avail = at(AVAIL_GPA);

	avail->ring[avail->idx++ % QUEUE_SIZE] = head;
	virtio_serve(virtio, queue);
	return at(USED_GPA);
}

static bool is_broken(const struct vring_used *used)
{
	bool broken = get(&disk.virtio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;

	return broken && !used->idx &&
	       get(&disk.virtio, VIRTIO_MMIO_INTERRUPT_STATUS) == VIRTIO_MMIO_INT_CONFIG;
}

/* One disk request; return its status, or 255 if it did not come back */
static __u8 transfer(__u32 type, __u64 sector, __u32 size, __u32 written)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };
	__u8 *status = at(BUFFER_GPA + 0x3000);
	struct vring_used *used = at(USED_GPA);
	__u16 before = used->idx;

	memcpy(at(BUFFER_GPA), &header, sizeof(header));
	*status = 255;
	desc(0, BUFFER_GPA, 10, VRING_DESC_F_NEXT, 3);
	desc(3, BUFFER_GPA + 10, 6, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA + 0x1000, size,
	     VRING_DESC_F_NEXT | (type == VIRTIO_BLK_T_IN ? VRING_DESC_F_WRITE : 0), 2);
	desc(2, BUFFER_GPA + 0x3000, 1, VRING_DESC_F_WRITE, 0);
	serve(&disk.virtio, 0, 0);
	if (used->idx != (__u16)(before + 1) || used->ring[before % QUEUE_SIZE].len != written)
		return 255;
	return *status;
}

static void test_negotiation(void)
{
	struct virtio *virtio = &disk.virtio;
	__u64 capacity;

	check(get(virtio, VIRTIO_MMIO_MAGIC_VALUE) == 0x74726976 &&
	      get(virtio, VIRTIO_MMIO_VERSION) == 2 &&
	      get(virtio, VIRTIO_MMIO_DEVICE_ID) == VIRTIO_ID_BLOCK, "says what it is");
	set(virtio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FEATURES_OK);
	check(!get(virtio, VIRTIO_MMIO_STATUS), "a driver without VERSION_1 is refused");
	set(virtio, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(virtio, VIRTIO_MMIO_DRIVER_FEATURES, 3);
	set(virtio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FEATURES_OK);
	check(!get(virtio, VIRTIO_MMIO_STATUS), "so is one that takes what is not offered");
	start(virtio, 0);
	check(get(virtio, VIRTIO_MMIO_STATUS) == STARTED, "one that does right is not");
	virtio_access(virtio, VIRTIO_MMIO_CONFIG, 8, false, &capacity);
	check(capacity == DISK_SECTORS, "configuration is read");
	virtio_access(virtio, VIRTIO_MMIO_CONFIG + sizeof(disk.config) - 1, 4, false, &capacity);
	check(!capacity, "nothing is read behind it");
	set(virtio, VIRTIO_MMIO_QUEUE_SEL, 1);
	check(!get(virtio, VIRTIO_MMIO_QUEUE_NUM_MAX), "there is no second queue");
	set(virtio, VIRTIO_MMIO_QUEUE_SEL, ~0U);
	check(!get(virtio, VIRTIO_MMIO_QUEUE_NUM_MAX) && !get(virtio, VIRTIO_MMIO_QUEUE_READY),
	      "nor one with the largest number");
}

static void test_queue_set_up(void)
{
	struct virtio *virtio = &disk.virtio;
	__u64 end = LOW_SIZE;

	start(virtio, 0);
	check(!queue_set_up(virtio, 0, 0, QUEUE_GPA, AVAIL_GPA, USED_GPA), "refuses an empty queue");
	check(!queue_set_up(virtio, 0, 6, QUEUE_GPA, AVAIL_GPA, USED_GPA), "refuses 6 elements");
	check(!queue_set_up(virtio, 0, 8, QUEUE_GPA + 8, AVAIL_GPA, USED_GPA) &&
	      !queue_set_up(virtio, 0, 8, QUEUE_GPA, AVAIL_GPA + 1, USED_GPA) &&
	      !queue_set_up(virtio, 0, 8, QUEUE_GPA, AVAIL_GPA, USED_GPA + 2),
	      "refuses what is not aligned");
	check(!queue_set_up(virtio, 0, 8, end - 112, AVAIL_GPA, USED_GPA) &&
	      !queue_set_up(virtio, 0, 8, QUEUE_GPA, end - 16, USED_GPA) &&
	      !queue_set_up(virtio, 0, 8, QUEUE_GPA, AVAIL_GPA, end - 64) &&
	      !queue_set_up(virtio, 0, 8, ~0ULL << 4, AVAIL_GPA, USED_GPA),
	      "refuses what leaves memory");
	check(queue_set_up(virtio, 0, 8, end - 128, AVAIL_GPA, USED_GPA) &&
	      queue_set_up(virtio, 0, 8, QUEUE_GPA, end - 20, USED_GPA) &&
	      queue_set_up(virtio, 0, 8, QUEUE_GPA, AVAIL_GPA, end - 68),
	      "takes what just fits");
	start(virtio, 0);
	transfer(VIRTIO_BLK_T_IN, 0, 512, 513);
	memset(at(AVAIL_GPA), 0, 0x2000);
	check(queue_set_up(virtio, 0, 8, QUEUE_GPA, AVAIL_GPA, USED_GPA) &&
	      transfer(VIRTIO_BLK_T_IN, 0, 512, 513) == VIRTIO_BLK_S_OK,
	      "a queue that is set up again begins at its beginning");
	set(virtio, VIRTIO_MMIO_QUEUE_NUM, 4);
	set(virtio, VIRTIO_MMIO_QUEUE_DESC_LOW, 0);
	check(virtio->regs.queue[0].size == 8 && virtio->regs.queue[0].gpa[0].whole == QUEUE_GPA,
	      "a ready queue stays as it is");
}

static void test_disk(void)
{
	struct virtio *virtio = &disk.virtio;
	char *data = at(BUFFER_GPA + 0x1000);

	start(virtio, 0);
	check(transfer(VIRTIO_BLK_T_IN, 1, 1024, 1025) == VIRTIO_BLK_S_OK &&
	      data[0] == 1 && data[512] == 2, "reads sectors");
	check(get(virtio, VIRTIO_MMIO_INTERRUPT_STATUS) == VIRTIO_MMIO_INT_VRING,
	      "the interrupt says why");
	set(virtio, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	check(!get(virtio, VIRTIO_MMIO_INTERRUPT_STATUS), "and is acknowledged");
	memset(data, 0x77, 512);
	check(transfer(VIRTIO_BLK_T_OUT, 5, 512, 1) == VIRTIO_BLK_S_OK &&
	      transfer(VIRTIO_BLK_T_FLUSH, 0, 0, 1) == VIRTIO_BLK_S_OK, "writes, and flushes");
	memset(data, 0, 512);
	check(transfer(VIRTIO_BLK_T_IN, 5, 512, 513) == VIRTIO_BLK_S_OK && data[511] == 0x77,
	      "what was written is there");
	check(transfer(VIRTIO_BLK_T_IN, DISK_SECTORS, 512, 1) == VIRTIO_BLK_S_IOERR &&
	      transfer(VIRTIO_BLK_T_OUT, DISK_SECTORS - 1, 1024, 1) == VIRTIO_BLK_S_IOERR &&
	      transfer(VIRTIO_BLK_T_IN, ~0ULL / 512 - 1, 512, 1) == VIRTIO_BLK_S_IOERR &&
	      transfer(VIRTIO_BLK_T_IN, ~0ULL, 512, 1) == VIRTIO_BLK_S_IOERR,
	      "nothing is behind the end");
	check(transfer(99, 0, 0, 1) == VIRTIO_BLK_S_UNSUPP, "a request that is not known is refused");
}

static void test_disk_misuse(void)
{
	struct virtio *virtio = &disk.virtio;
	struct vring_avail *avail;
	eventfd_t rings;
	unsigned int i;

	start(virtio, 0);
	check(is_broken(serve(virtio, 0, QUEUE_SIZE)), "a head beyond the table");
	desc(0, 0, 0, 0, 0);
	check(!serve(virtio, 0, 0)->idx, "then nothing more is served");
	start(virtio, 0);
	check(transfer(VIRTIO_BLK_T_IN, 0, 512, 513) == VIRTIO_BLK_S_OK, "until it is reset");

	start(virtio, 0);
	for (i = 0; i < QUEUE_SIZE; i++)
		desc(i, BUFFER_GPA, 16, VRING_DESC_F_NEXT, (i + 1) % QUEUE_SIZE);
	check(is_broken(serve(virtio, 0, 0)), "a chain that is a circle");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, VRING_DESC_F_NEXT, 0xffff);
	check(is_broken(serve(virtio, 0, 0)), "a next one beyond the table");
	start(virtio, 0);
	desc(0, LOW_SIZE - 8, 16, 0, 0);
	check(is_broken(serve(virtio, 0, 0)), "a buffer that leaves memory");
	start(virtio, 0);
	desc(0, ~0ULL - 7, 16, 0, 0);
	check(is_broken(serve(virtio, 0, 0)), "one that wraps around");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, VRING_DESC_F_INDIRECT, 0);
	check(is_broken(serve(virtio, 0, 0)), "an indirect one");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, 0, 0);
	check(is_broken(serve(virtio, 0, 0)), "a request without room for its status");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 15, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA, 1, VRING_DESC_F_WRITE, 0);
	check(is_broken(serve(virtio, 0, 0)), "a header that is too short");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA + 512, 1, VRING_DESC_F_WRITE, 0);
	avail = at(AVAIL_GPA);
	avail->idx = QUEUE_SIZE;
	check(is_broken(serve(virtio, 0, 0)), "more requests than the queue holds");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA + 512, 1, VRING_DESC_F_WRITE, 0);
	set(virtio, VIRTIO_MMIO_QUEUE_READY, 0);
	check(!serve(virtio, 0, 0)->idx, "a queue that is not ready is left alone");
	start(virtio, 0);
	desc(0, BUFFER_GPA, 16, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA + 512, 1, VRING_DESC_F_WRITE, 0);
	set(virtio, VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FEATURES_OK);
	check(!serve(virtio, 0, 0)->idx, "so is one whose driver is not ready");
	eventfd_read(virtio->kick, &rings);
	set(virtio, VIRTIO_MMIO_STATUS, STARTED);
	check(!eventfd_read(virtio->kick, &rings), "until it is, which is noticed without a doorbell");
	virtio_serve(virtio, 0);
	check(((struct vring_used *)at(USED_GPA))->idx == 1, "and what was there is served");
}

static void test_net(void)
{
	struct virtio *virtio = &net.virtio;
	struct vring_used *used;
	char packet[64];

	start(virtio, NET_SEND);
	strcpy((char *)at(BUFFER_GPA) + 12, "ping");
	desc(0, BUFFER_GPA, 12, VRING_DESC_F_NEXT, 1);
	desc(1, BUFFER_GPA + 12, 4, 0, 0);
	used = serve(virtio, NET_SEND, 0);
	check(used->idx == 1 && recv(wire, packet, sizeof(packet), MSG_DONTWAIT) == 16 &&
	      !memcmp(packet + 12, "ping", 4), "sends a packet");

	start(virtio, NET_RECEIVE);
	desc(0, BUFFER_GPA, 64, VRING_DESC_F_WRITE, 0);
	used = serve(virtio, NET_RECEIVE, 0);
	check(!used->idx && virtio_wants_input(virtio), "waits for a packet");
	send(wire, "............pong", 16, 0);
	virtio_serve(virtio, NET_RECEIVE);
	check(used->idx == 1 && used->ring[0].len == 16 && !virtio_wants_input(virtio) &&
	      !memcmp((char *)at(BUFFER_GPA) + 12, "pong", 4) &&
	      ((struct virtio_net_hdr_v1 *)at(BUFFER_GPA))->num_buffers == 1, "receives it");
	desc(0, BUFFER_GPA, 11, VRING_DESC_F_WRITE, 0);
	serve(virtio, NET_RECEIVE, 0);
	check(get(virtio, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET, "a buffer without room for the header");

	start(virtio, NET_RECEIVE);
	desc(0, BUFFER_GPA, 11, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1);
	desc(1, BUFFER_GPA + 32, 0, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2);
	desc(2, BUFFER_GPA + 11, 64, VRING_DESC_F_WRITE, 0);
	send(wire, "............pieces", 18, 0);
	used = serve(virtio, NET_RECEIVE, 0);
	check(used->idx == 1 && used->ring[0].len == 18 && !memcmp((char *)at(BUFFER_GPA) + 12, "pieces", 6) &&
	      ((struct virtio_net_hdr_v1 *)at(BUFFER_GPA))->num_buffers == 1, "a header may be in pieces");
}

/* A guest that does anything; numbers that mean something come often */

static __u32 random_number(void)
{
	static const __u32 often[] = {
		0, 1, 2, 3, 8, 16, 128, 512, QUEUE_GPA, AVAIL_GPA, USED_GPA, BUFFER_GPA,
		LOW_SIZE, LOW_SIZE - 1, LOW_SIZE - 16, 0x7fffffff, 0x80000000, 0xffffffff,
	};

	return rand() % 4 ? often[rand() % ARRAY_SIZE(often)] : (__u32)rand();
}

static void fuzz_step(struct virtio *virtio)
{
	struct vring_avail *avail = at(AVAIL_GPA);
	__u64 data = random_number();

	switch (rand() % 6) {
	case 0:
		virtio_access(virtio, rand() % 0x140, 1 << rand() % 4, rand() % 2, &data);
		break;
	case 1:
		set(virtio, rand() % 0x40 * 4, data);
		break;
	case 2:
		desc(rand() % QUEUE_SIZE, rand() % 8 ? random_number() : (__u64)rand() << 32,
		     random_number(), rand() % 8 ? rand() % 4 : rand(), rand() % 16 ? rand() % QUEUE_SIZE : rand());
		break;
	case 3:
		avail->ring[rand() % QUEUE_SIZE] = rand() % 8 ? rand() % QUEUE_SIZE : rand();
		avail->idx += rand() % 16 ? rand() % 3 : rand();
		break;
	case 4:
		((__u8 *)vm.memory.region[0].host)[rand() % LOW_SIZE] = rand();
		break;
	default:
		send(wire, "................", 16, MSG_DONTWAIT);
		virtio_serve(virtio, rand() % virtio->type->nr_queues);
	}
}

static void test_fuzz(struct virtio *virtio, const char *what)
{
	unsigned int seed, step;
	char packet[64];

	for (seed = 1; seed <= NR_SEEDS; seed++) {
		srand(seed);
		start(virtio, rand() % virtio->type->nr_queues);
		for (step = 0; step < NR_STEPS; step++)
			fuzz_step(virtio);
		while (recv(wire, packet, sizeof(packet), MSG_DONTWAIT) > 0 ||
		       recv(net.tap, packet, sizeof(packet), MSG_DONTWAIT) > 0)
			;
	}
	start(virtio, 0);
	check(get(virtio, VIRTIO_MMIO_STATUS) == STARTED, what);
}

static void memory_make(void)
{
	static const __u64 gpas[] = { 0, LAYOUT_ABOVE_4G };
	static const __u64 sizes[] = { LOW_SIZE, HIGH_SIZE };

	for (vm.memory.nr_regions = 0; vm.memory.nr_regions < 2; vm.memory.nr_regions++)
		vm.memory.region[vm.memory.nr_regions] = (struct memory_region){
			.gpa = gpas[vm.memory.nr_regions],
			.size = sizes[vm.memory.nr_regions],
			.host = malloc(sizes[vm.memory.nr_regions]),
		};
}

/* A file in which each sector is full of its number */
static void disk_make(void)
{
	char path[] = "/tmp/virtio_test.XXXXXX", sector[SECTOR];
	int i, fd = mkstemp(path);

	for (i = 0; i < DISK_SECTORS; i++) {
		memset(sector, i, sizeof(sector));
		if (write(fd, sector, sizeof(sector)) != sizeof(sector))
			errx(1, "cannot write a disk");
	}
	close(fd);
	disk_create(&disk, &vm, path);
	unlink(path);
}

/* Where the tap would be is a socket that keeps packets apart, too */
static void net_make(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends))
		errx(1, "no sockets");
	net.tap = ends[0];
	wire = ends[1];
	net.virtio.config = &net.config;
	virtio_create(&net.virtio, &net_type, &vm, net.tap);
}

int main(void)
{
	memory_make();
	disk_make();
	net_make();

	test_negotiation();
	test_queue_set_up();
	test_disk();
	test_disk_misuse();
	test_net();
	test_fuzz(&disk.virtio, "a disk survives what a guest may do");
	test_fuzz(&net.virtio, "so does a network card");

	printf("1..%d\n", nr_tests);
	return nr_failed != 0;
}
