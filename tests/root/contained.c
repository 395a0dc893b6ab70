// SPDX-License-Identifier: GPL-2.0
/*
 * Is every CPU inside the hypervisor?
 *
 * A CPU that left the hypervisor through INIT/SIPI runs Linux just as well, so
 * only asking on each CPU tells: its CPUID leaves must be the hypervisor's, its
 * VP index must be readable and its own.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CPUS_MAX	64
#define MSR_VP_INDEX	0x40000002
#define CREATE_PARTITIONS	1	/* leaf 0x40000003 EBX bit 0 */

static void cpu_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "cpu %d: cannot move there", cpu);
}

static void cpuid_check(int cpu)
{
	uint32_t eax, ebx, ecx, edx, name[3];

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx >> 31))
		errx(1, "cpu %d: no hypervisor bit", cpu);
	__cpuid(0x40000000, eax, name[0], name[1], name[2]);
	if (memcmp(name, "Microsoft Hv", sizeof(name)))
		errx(1, "cpu %d: hypervisor is \"%.12s\"", cpu, (char *)name);
	__cpuid(0x40000003, eax, ebx, ecx, edx);
	if (!(ebx & CREATE_PARTITIONS))
		errx(1, "cpu %d: may not create partitions", cpu);
}

static uint64_t vp_index(int cpu)
{
	char path[32];
	uint64_t index;
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(2, "%s", path);
	if (pread(fd, &index, sizeof(index), MSR_VP_INDEX) != sizeof(index))
		errx(1, "cpu %d: VP index cannot be read", cpu);
	close(fd);
	return index;
}

int main(void)
{
	uint64_t seen = 0;
	cpu_set_t online;

	if (sched_getaffinity(0, sizeof(online), &online))
		err(2, "no CPUs");
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		uint64_t index;

		if (!CPU_ISSET(cpu, &online))
			continue;
		cpu_pin(cpu);
		cpuid_check(cpu);
		index = vp_index(cpu);
		if (index >= CPUS_MAX || (seen >> index & 1))
			errx(1, "cpu %d: VP index %llu is not its own", cpu,
			     (unsigned long long)index);
		seen |= 1ULL << index;
		printf("cpu %d: inside, VP index %llu\n", cpu, (unsigned long long)index);
	}
	return 0;
}
