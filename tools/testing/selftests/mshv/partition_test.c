// SPDX-License-Identifier: GPL-2.0
/*
 * Making partitions and VPs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "lib/vm.h"

#define V2_FLAG	(1 << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES)

FIXTURE(device)
{
	int dev;
};

FIXTURE_SETUP(device)
{
	self->dev = -1;
	if (access(MSHV_DEVICE, F_OK))
		SKIP(_exit(SKIPPED), "no " MSHV_DEVICE);
	self->dev = vm_open();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(device)
{
	close(self->dev);
}

static int create(int dev, uint64_t flags, uint64_t isolation)
{
	struct mshv_create_partition args = {
		.pt_flags = flags,
		.pt_isolation = isolation,
	};

	return ioctl(dev, MSHV_CREATE_PARTITION, &args);
}

TEST_F(device, creates_a_partition_without_flags)
{
	int fd = create(self->dev, 0, 0);

	ASSERT_LE(0, fd);
	close(fd);
}

TEST_F(device, accepts_each_plain_flag)
{
	static const int bits[] = {
		MSHV_PT_BIT_LAPIC, MSHV_PT_BIT_GPA_SUPER_PAGES,
		MSHV_PT_BIT_X2APIC,
	};
	int fd, i;

	for (i = 0; i < 3; i++) {
		fd = create(self->dev, 1 << MSHV_PT_BIT_LAPIC | 1 << bits[i], 0);
		EXPECT_LE(0, fd);
		close(fd);
	}
}

TEST_F(device, rejects_unknown_flags)
{
	EXPECT_ERRNO(EINVAL, create(self->dev, 1ULL << MSHV_PT_BIT_COUNT, 0));
	EXPECT_ERRNO(EINVAL, create(self->dev, 1ULL << 63, 0));
}

TEST_F(device, rejects_isolation)
{
	EXPECT_ERRNO(EINVAL, create(self->dev, 0, MSHV_PT_ISOLATION_COUNT));
	EXPECT_ERRNO(EINVAL, create(self->dev, 0, ~0ULL));
}

TEST_F(device, second_version_creates_a_partition)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = V2_FLAG | 1 << MSHV_PT_BIT_LAPIC,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};
	int fd = ioctl(self->dev, MSHV_CREATE_PARTITION, &args);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	close(fd);
}

TEST_F(device, second_version_rejects_other_numbers_of_banks)
{
	struct mshv_create_partition_v2 args = { .pt_flags = V2_FLAG };

	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
	args.pt_num_cpu_fbanks = 3;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
}

TEST_F(device, second_version_rejects_dirty_reserved_fields)
{
	struct mshv_create_partition_v2 args = {
		.pt_flags = V2_FLAG,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};

	args.pt_rsvd[5] = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
	args.pt_rsvd[5] = 0;
	args.pt_rsvd1[1] = 1ULL << 63;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
}

TEST_F(device, second_version_that_ends_too_early_is_efault)
{
	char *pages = vm_pages(2 * PAGE);
	struct mshv_create_partition *args = (void *)(pages + PAGE -
						      sizeof(*args));

	ASSERT_NE(NULL, pages);
	ASSERT_EQ(0, munmap(pages + PAGE, PAGE));
	args->pt_flags = V2_FLAG;
	EXPECT_ERRNO(EFAULT, ioctl(self->dev, MSHV_CREATE_PARTITION, args));
	args->pt_flags = 0;
	EXPECT_EQ(0, close(ioctl(self->dev, MSHV_CREATE_PARTITION, args)));
}

TEST_F(device, without_a_free_descriptor_nothing_is_created)
{
	struct rlimit limit, none;
	int i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = self->dev + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 8; i++)
		EXPECT_ERRNO(EMFILE, create(self->dev, 0, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

TEST_F(device, initializes_more_than_once)
{
	int fd = create(self->dev, 0, 0);

	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	close(fd);
}

TEST_F(device, partition_that_was_not_initialized_has_no_vps)
{
	int fd = create(self->dev, 0, 0);

	EXPECT_ERRNO(EIO, vp_create(fd, 0));
	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	EXPECT_EQ(0, close(vp_create(fd, 0)));
	close(fd);
}

/* Lines that the kernel has logged since @log was opened */
static int log_lines(int log)
{
	char record[4096];
	int nr = 0;

	while (read(log, record, sizeof(record)) > 0)
		nr++;
	return nr;
}

TEST_F(device, refused_vps_do_not_flood_the_log)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	int fd = create(self->dev, 0, 0);
	int i;

	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		SKIP(return, "the kernel's log cannot be read");
	for (i = 0; i < 200; i++)
		EXPECT_ERRNO(EIO, vp_create(fd, 0));
	EXPECT_GT(100, log_lines(log));
	close(fd);
	close(log);
}

TEST_F(device, rejects_vp_index_out_of_range)
{
	int fd = vm_partition(self->dev, 0);

	EXPECT_ERRNO(EINVAL, vp_create(fd, vm_max_vps()));
	EXPECT_ERRNO(EINVAL, vp_create(fd, ~0U));
	close(fd);
}

TEST_F(device, as_many_vps_as_the_hypervisor_allows)
{
	int fd = vm_partition(self->dev, 0);
	int vp;

	EXPECT_LE(MSHV_MAX_VPS, vm_max_vps());
	vp = vp_create(fd, vm_max_vps() - 1);
	EXPECT_LE(0, vp);
	close(vp);
	close(fd);
}

TEST_F(device, vp_index_is_used_once_even_if_it_was_closed)
{
	int fd = vm_partition(self->dev, 0);
	int vp = vp_create(fd, 0);

	ASSERT_LE(0, vp);
	EXPECT_ERRNO(EEXIST, vp_create(fd, 0));
	close(vp);
	EXPECT_ERRNO(EEXIST, vp_create(fd, 0));
	close(fd);
}

TEST_F(device, without_a_free_descriptor_vp_index_stays_free)
{
	int fd = vm_partition(self->dev, 1 << MSHV_PT_BIT_LAPIC);
	struct rlimit limit, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = fd + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_ERRNO(EMFILE, vp_create(fd, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, close(vp_create(fd, 0)));
	close(fd);
}

TEST_F(device, vps_can_be_created_in_any_order)
{
	int fd = vm_partition(self->dev, 1 << MSHV_PT_BIT_LAPIC);

	EXPECT_EQ(0, close(vp_create(fd, 3)));
	EXPECT_EQ(0, close(vp_create(fd, 0)));
	EXPECT_EQ(0, close(vp_create(fd, 1)));
	close(fd);
}

TEST_F(device, new_vp_is_suspended_explicitly_and_not_by_an_intercept)
{
	int fd = vm_partition(self->dev, 1 << MSHV_PT_BIT_LAPIC);
	int vp = vp_create(fd, 0);
	uint64_t value;

	ASSERT_LE(0, vp);
	EXPECT_EQ(0, vp_get_reg(vp, 0, VP_REG_EXPLICIT_SUSPEND, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, vp_get_reg(vp, 0, VP_REG_INTERCEPT_SUSPEND, &value));
	EXPECT_EQ(0, value);
	close(vp);
	close(fd);
}

TEST_F(device, partitions_can_be_made_again_and_again)
{
	int fd, i;

	for (i = 0; i < 16; i++) {
		fd = vm_partition(self->dev, 1 << MSHV_PT_BIT_LAPIC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, close(vp_create(fd, 0)));
		ASSERT_EQ(0, close(fd));
	}
}

TEST_F(device, early_property_is_early)
{
	int fd = create(self->dev, 0, 0);
	uint64_t features;
	uint16_t status;

	EXPECT_EQ(0, vm_get_property(fd, PROPERTY_SYNTHETIC_PROC_FEATURES,
				     &features, NULL));
	EXPECT_EQ(0, vm_set_property(fd, PROPERTY_SYNTHETIC_PROC_FEATURES,
				     features, NULL));
	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	EXPECT_EQ(-1, vm_set_property(fd, PROPERTY_PRIVILEGE_FLAGS, 0,
				      &status));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, status);
	close(fd);
}

TEST_F(device, late_property_can_be_read_back)
{
	int fd = vm_partition(self->dev, 0);
	uint64_t value = 0;

	EXPECT_EQ(0, vm_set_property(fd, PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1,
				     NULL));
	EXPECT_EQ(0, vm_get_property(fd, PROPERTY_UNIMPLEMENTED_MSR_ACTION,
				     &value, NULL));
	EXPECT_EQ(1, value);
	close(fd);
}

TEST_F(device, rejects_each_unknown_flag)
{
	int bit;

	for (bit = MSHV_PT_BIT_COUNT; bit < 64; bit++)
		EXPECT_ERRNO(EINVAL, create(self->dev, 1ULL << bit, 0));
}

static struct mshv_create_partition_v2 second_version(void)
{
	return (struct mshv_create_partition_v2) {
		.pt_flags = V2_FLAG | 1 << MSHV_PT_BIT_LAPIC,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};
}

TEST_F(device, second_version_rejects_each_reserved_byte)
{
	struct mshv_create_partition_v2 args;
	uint8_t *byte;
	int i;

	for (i = 0; i < sizeof(args.pt_rsvd) + sizeof(args.pt_rsvd1); i++) {
		args = second_version();
		byte = i < sizeof(args.pt_rsvd) ? &args.pt_rsvd[i] :
			(uint8_t *)args.pt_rsvd1 + i - sizeof(args.pt_rsvd);
		*byte = 0x80;
		EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION,
					   &args));
	}
}

TEST_F(device, second_version_rejects_isolation_and_unknown_flags)
{
	struct mshv_create_partition_v2 args = second_version();

	args.pt_isolation = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
	args = second_version();
	args.pt_flags |= 1ULL << 40;
	EXPECT_ERRNO(EINVAL, ioctl(self->dev, MSHV_CREATE_PARTITION, &args));
}

TEST_F(device, first_version_does_not_look_behind_its_end)
{
	struct mshv_create_partition_v2 args;
	int fd;

	memset(&args, 0xff, sizeof(args));
	args.pt_flags = 1 << MSHV_PT_BIT_LAPIC;
	args.pt_isolation = 0;
	fd = ioctl(self->dev, MSHV_CREATE_PARTITION, &args);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(device, features_that_are_taken_away_are_not_there)
{
	struct mshv_create_partition_v2 args = second_version();
	uint64_t all, left;
	int fd;

	ASSERT_EQ(0, vm_get_property(self->dev, PROPERTY_PROCESSOR_FEATURES0,
				     &all, NULL));
	args.pt_cpu_fbanks[0] = all & -all;
	fd = ioctl(self->dev, MSHV_CREATE_PARTITION, &args);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	ASSERT_EQ(0, vm_get_property(fd, PROPERTY_PROCESSOR_FEATURES0, &left,
				     NULL));
	EXPECT_EQ(all & ~args.pt_cpu_fbanks[0], left);
	close(fd);
}

TEST_F(device, xsave_features_that_are_taken_away_are_not_there)
{
	struct mshv_create_partition_v2 args = second_version();
	uint64_t left;
	int fd;

	args.pt_disabled_xsave = ~0ULL;
	fd = ioctl(self->dev, MSHV_CREATE_PARTITION, &args);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION));
	ASSERT_EQ(0, vm_get_property(fd, PROPERTY_PROCESSOR_XSAVE_FEATURES,
				     &left, NULL));
	EXPECT_EQ(0, left);
	close(fd);
}

TEST_F(device, initializing_takes_no_argument)
{
	int fd = create(self->dev, 0, 0);

	EXPECT_EQ(0, ioctl(fd, MSHV_INITIALIZE_PARTITION, ~0UL));
	close(fd);
}

TEST_F(device, highest_vp_index_can_be_used)
{
	int fd = vm_partition(self->dev, 0);

	EXPECT_EQ(0, close(vp_create(fd, MSHV_MAX_VPS - 1)));
	close(fd);
}

TEST_F(device, partitions_have_vp_indexes_of_their_own)
{
	int fds[3], i;

	for (i = 0; i < 3; i++) {
		fds[i] = vm_partition(self->dev, 1 << MSHV_PT_BIT_LAPIC);
		EXPECT_EQ(0, close(vp_create(fds[i], 0)));
	}
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

TEST_F(device, partition_that_was_never_initialized_leaves_nothing)
{
	long long before = ledger_total("quarantined");
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, close(create(self->dev, 0, 0)));
	EXPECT_EQ(before, ledger_total("quarantined"));
}

TEST_HARNESS_MAIN
