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

TEST_HARNESS_MAIN
