// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: what can be seen in debugfs.
 *
 *	mshv/ledger			pages by state, all partitions
 *	mshv/synic			messages by kind
 *	mshv/stats			what the hypervisor counts: of itself,
 *	mshv/lp/<n>/stats		of a logical processor,
 *	mshv/partition/<id>/stats	of a partition, the root too,
 *	mshv/partition/<id>/vp/<n>/stats	of a VP
 *	mshv/partition/<id>/ledger	pages by state
 *	mshv/partition/<id>/vp/<n>/runs	what happened to a VP
 *
 * Nothing here can fail in a way that matters to anything else.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "mshv.h"

static struct dentry *debugfs_root;
static struct dentry *debugfs_partitions;

static int total_show(struct seq_file *m, void *unused)
{
	mshv_ledger_show_total(m);
	seq_printf(m, "%-12s: %ld\n", "deposited",
		   atomic_long_read(&mshv_root_pool.nr_pages));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(total);

static int synic_show(struct seq_file *m, void *unused)
{
	mshv_synic_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(synic);

static int ledger_show(struct seq_file *m, void *unused)
{
	struct mshv_partition *pt = m->private;

	mshv_ledger_show(&pt->ledger, m);
	seq_printf(m, "%-12s: %ld\n", "deposited",
		   atomic_long_read(&pt->pool.nr_pages));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ledger);

static int runs_show(struct seq_file *m, void *unused)
{
	struct mshv_vp *vp = m->private;

	seq_printf(m, "%-16s: %llu\n", "runs", vp->stats.runs);
	seq_printf(m, "%-16s: %llu\n", "intercepts", vp->stats.intercepts);
	seq_printf(m, "%-16s: %llu\n", "cancels", vp->stats.cancels);
	seq_printf(m, "%-16s: %llu\n", "spurious kicks",
		   vp->stats.spurious_kicks);
	seq_printf(m, "%-16s: %llu\n", "faults", vp->stats.faults);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(runs);

static int stats_show(struct seq_file *m, void *unused)
{
	return mshv_stats_show(m, TLFS_STATS_HYPERVISOR, 0, 0);
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int stats_lp_show(struct seq_file *m, void *unused)
{
	return mshv_stats_show(m, TLFS_STATS_LP, (unsigned long)m->private, 0);
}
DEFINE_SHOW_ATTRIBUTE(stats_lp);

static int stats_partition_show(struct seq_file *m, void *unused)
{
	struct mshv_partition *pt = m->private;

	return mshv_stats_show(m, TLFS_STATS_PARTITION,
			       pt ? pt->id : mshv_root_pool.partition_id, 0);
}
DEFINE_SHOW_ATTRIBUTE(stats_partition);

static int stats_vp_show(struct seq_file *m, void *unused)
{
	struct mshv_vp *vp = m->private;

	return mshv_stats_show(m, TLFS_STATS_VP, vp->partition->id, vp->index);
}
DEFINE_SHOW_ATTRIBUTE(stats_vp);

static struct dentry *debugfs_add_dir(u64 id, struct dentry *parent)
{
	char name[24];

	snprintf(name, sizeof(name), "%llu", id);
	return debugfs_create_dir(name, parent);
}

static void debugfs_add_lps(void)
{
	struct dentry *lps = debugfs_create_dir("lp", debugfs_root);
	unsigned long lp, nr = mshv_stats_count_lps();

	for (lp = 0; lp < nr; lp++)
		debugfs_create_file("stats", 0400, debugfs_add_dir(lp, lps),
				    (void *)lp, &stats_lp_fops);
}

/**
 * mshv_debugfs_init() - make the directory of the driver
 */
void mshv_debugfs_init(void)
{
	debugfs_root = debugfs_create_dir("mshv", NULL);
	debugfs_partitions = debugfs_create_dir("partition", debugfs_root);
	debugfs_create_file("ledger", 0400, debugfs_root, NULL, &total_fops);
	debugfs_create_file("synic", 0400, debugfs_root, NULL, &synic_fops);
	debugfs_create_file("stats", 0400, debugfs_root, NULL, &stats_fops);
	debugfs_create_file("stats", 0400,
			    debugfs_add_dir(mshv_root_pool.partition_id,
					    debugfs_partitions),
			    NULL, &stats_partition_fops);
	debugfs_add_lps();
}

/**
 * mshv_debugfs_exit() - remove the directory of the driver
 */
void mshv_debugfs_exit(void)
{
	debugfs_remove(debugfs_root);
}

/**
 * mshv_debugfs_add_partition() - make the directory of a partition
 * @pt: the partition
 */
void mshv_debugfs_add_partition(struct mshv_partition *pt)
{
	pt->debugfs = debugfs_add_dir(pt->id, debugfs_partitions);
	pt->debugfs_vps = debugfs_create_dir("vp", pt->debugfs);
	debugfs_create_file("ledger", 0400, pt->debugfs, pt, &ledger_fops);
	debugfs_create_file("stats", 0400, pt->debugfs, pt,
			    &stats_partition_fops);
}

/**
 * mshv_debugfs_add_vp() - make the directory of a VP
 * @vp: the VP
 *
 * It stays as long as that of the partition.
 */
void mshv_debugfs_add_vp(struct mshv_vp *vp)
{
	struct dentry *dir = debugfs_add_dir(vp->index,
					     vp->partition->debugfs_vps);

	debugfs_create_file("runs", 0400, dir, vp, &runs_fops);
	debugfs_create_file("stats", 0400, dir, vp, &stats_vp_fops);
}

/**
 * mshv_debugfs_remove_partition() - remove the directory of a partition
 * @pt: the partition, with all its VPs; nobody looks at them after this
 */
void mshv_debugfs_remove_partition(struct mshv_partition *pt)
{
	debugfs_remove(pt->debugfs);
}
