// SPDX-License-Identifier: GPL-2.0
/*
 * Print where the kernel believes that its device interrupts go, and have the
 * hypervisor log where they do.
 *
 * The kernel's half is in debugfs: vector and CPU of each interrupt that has the
 * hypervisor's remapping among its domains. CPUs become VP indexes on the way.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IRQS		"/sys/kernel/debug/irq/irqs"
#define MSR_VP_INDEX	0x40000002
#define LOG_PORT	0xe9
#define NO_VECTOR	0		/* not requested */
#define SHUTDOWN_VECTOR	239		/* requested, and shut down or not started */
#define IRQS_MAX	1024

static unsigned int vp_index(unsigned int cpu)
{
	char path[32];
	uint64_t index;
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, &index, sizeof(index), MSR_VP_INDEX) != sizeof(index))
		err(2, "%s", path);
	close(fd);
	return index;
}

/* False: the hypervisor has nothing to do with it */
static bool irq_print(const char *irq)
{
	unsigned int vector = NO_VECTOR, cpu = 0;
	char path[288], line[256];
	bool remapped = false;
	FILE *file;

	snprintf(path, sizeof(path), IRQS "/%s", irq);
	file = fopen(path, "r");
	if (!file)
		return false;		/* freed meanwhile */
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "MSHV-REMAP"))
			remapped = true;
		sscanf(line, " Vector: %u", &vector);
		sscanf(line, " Target: %u", &cpu);
	}
	fclose(file);
	if (!remapped || vector == NO_VECTOR || vector == SHUTDOWN_VECTOR)
		return false;
	printf("route: VP %u vector %02x irq %s\n", vp_index(cpu), vector, irq);
	return true;
}

static void hypervisor_print(void)
{
	const char *byte = "routes\n";
	int fd = open("/dev/port", O_WRONLY);

	/* More than a byte at once would go to the ports behind it */
	for (; fd >= 0 && *byte; byte++)
		if (pwrite(fd, byte, 1, LOG_PORT) != 1)
			break;
	if (fd < 0 || *byte)
		err(2, "/dev/port");
	close(fd);
}

int main(void)
{
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir = opendir(IRQS);

	if (!dir)
		err(2, IRQS);
	while ((entry = readdir(dir)) && nr < IRQS_MAX)
		if (entry->d_name[0] != '.' && irq_print(entry->d_name))
			nr++;
	closedir(dir);
	hypervisor_print();
	printf("routes: %u\n", nr);
	return 0;
}
