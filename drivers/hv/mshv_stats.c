// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: what the hypervisor counts.
 *
 * The hypervisor keeps a page of counters for itself, for each logical
 * processor, partition and VP.  A page is mapped only while somebody reads it,
 * so that nothing has to be undone when its object ends.  The meaning of most
 * counters depends on the build of the hypervisor; those have numbers here.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "mshv.h"

/* A page can be mapped once */
static DEFINE_MUTEX(stats_lock);

/* Add the counters of one area that are still zero */
static int stats_read_area(u32 type, struct tlfs_stats_identity *identity,
			   u8 area, u64 *counters)
{
	struct page *page;
	const u64 *values;
	int i, ret;
	u64 pfn;

	identity->area = area;
	ret = hv_call_map_stats_page(type, identity, &pfn);
	if (ret)
		return ret;

	page = mshv_shared_page_get(&mshv_root_pool, pfn);
	if (page) {
		values = page_address(page);
		for (i = 0; i < TLFS_STATS_COUNTERS; i++)
			if (!counters[i])
				counters[i] = READ_ONCE(values[i]);
	}

	ret = hv_call_unmap_stats_page(type, identity);
	if (page)
		mshv_shared_page_put(&mshv_root_pool, page);
	return page ? ret : -EIO;
}

/* A parent sees more in an area of its own, which not all hypervisors have */
static int stats_read(u32 type, struct tlfs_stats_identity *identity,
		      u64 *counters)
{
	int ret;

	mutex_lock(&stats_lock);
	if (type == TLFS_STATS_PARTITION || type == TLFS_STATS_VP)
		stats_read_area(type, identity, TLFS_STATS_AREA_PARENT,
				counters);
	ret = stats_read_area(type, identity, TLFS_STATS_AREA_SELF, counters);
	mutex_unlock(&stats_lock);

	return ret;
}

static void stats_print(struct seq_file *m, u32 type, const u64 *counters)
{
	unsigned int i;

	for (i = 0; i < TLFS_STATS_COUNTERS; i++) {
		if (type == TLFS_STATS_HYPERVISOR &&
		    i == TLFS_STATS_HYPERVISOR_LPS)
			seq_printf(m, "%-24s: %llu\n", "logical processors",
				   counters[i]);
		else if (type == TLFS_STATS_VP &&
			 i == TLFS_STATS_VP_DISPATCH_BLOCKED)
			seq_printf(m, "%-24s: %llu\n", "dispatch blocked",
				   counters[i]);
		else if (counters[i])
			seq_printf(m, "counter %-16u: %llu\n", i, counters[i]);
	}
}

/**
 * mshv_stats_show() - print what the hypervisor counts of an object
 * @m: where to
 * @type: TLFS_STATS_*
 * @id: partition id or index of a logical processor
 * @vp_index: VP index
 *
 * Return: 0 or a negative errno.
 */
int mshv_stats_show(struct seq_file *m, u32 type, u64 id, u32 vp_index)
{
	struct tlfs_stats_identity identity = { .id = id, .vp_index = vp_index };
	u64 *counters;
	int ret;

	counters = kcalloc(TLFS_STATS_COUNTERS, sizeof(*counters), GFP_KERNEL);
	if (!counters)
		return -ENOMEM;

	ret = stats_read(type, &identity, counters);
	if (!ret)
		stats_print(m, type, counters);

	kfree(counters);
	return ret;
}

/**
 * mshv_stats_count_lps() - number of logical processors there are
 *
 * Return: The number, 0 if that cannot be found out.
 */
unsigned int mshv_stats_count_lps(void)
{
	struct tlfs_stats_identity identity = { };
	unsigned int nr = 0;
	u64 *counters;

	counters = kcalloc(TLFS_STATS_COUNTERS, sizeof(*counters), GFP_KERNEL);
	if (counters && !stats_read(TLFS_STATS_HYPERVISOR, &identity, counters))
		nr = min_t(u64, counters[TLFS_STATS_HYPERVISOR_LPS],
			   num_possible_cpus());

	kfree(counters);
	return nr;
}
