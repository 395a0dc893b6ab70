// SPDX-License-Identifier: GPL-2.0
/*
 * Do all CPUs have the same time?
 *
 * From CPU to CPU, round after round, no clock may go back: neither the TSC, nor
 * the hypervisor's reference counter, nor what the kernel makes of either.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define CPUS_MAX	64
#define ROUNDS		2000
#define MSR_COUNTER	0x40000020

static int msr[CPUS_MAX];

static void cpu_move(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "cpu %d: cannot move there", cpu);
}

static void msr_open(int cpu)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	msr[cpu] = open(path, O_RDONLY);
	if (msr[cpu] < 0)
		err(2, "%s", path);
}

static uint64_t counter_read(int cpu)
{
	uint64_t value;

	if (pread(msr[cpu], &value, sizeof(value), MSR_COUNTER) != sizeof(value))
		err(1, "reference counter");
	return value;
}

static uint64_t time_read(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void goes_on(const char *clock, int cpu, uint64_t *last, uint64_t now)
{
	if (now < *last)
		errx(1, "%s goes back by %llu on cpu %d", clock,
		     (unsigned long long)(*last - now), cpu);
	*last = now;
}

int main(void)
{
	uint64_t tsc = 0, counter = 0, time = 0;
	cpu_set_t online;

	if (sched_getaffinity(0, sizeof(online), &online))
		err(2, "no CPUs");
	for (int cpu = 0; cpu < CPUS_MAX; cpu++)
		if (CPU_ISSET(cpu, &online))
			msr_open(cpu);
	for (int round = 0; round < ROUNDS; round++) {
		for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
			if (!CPU_ISSET(cpu, &online))
				continue;
			cpu_move(cpu);
			goes_on("TSC", cpu, &tsc, __rdtsc());
			goes_on("reference counter", cpu, &counter,
				counter_read(cpu));
			goes_on("time", cpu, &time, time_read());
		}
	}
	printf("%d rounds over %d CPUs\n", ROUNDS, CPU_COUNT(&online));
	return 0;
}
