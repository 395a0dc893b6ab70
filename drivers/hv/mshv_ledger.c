// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: the page ledger.
 *
 * Each page that the driver takes is in exactly one state.  The ledger counts
 * how many pages of a partition are in each, checks that no state is left
 * more often than it was entered, and asks for zeros when the partition ends.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "mshv.h"
#include "mshv_trace.h"

/* Sums over all partitions, past ones too */
static struct mshv_ledger ledger_total;

/* Imbalances seen: each is a bug in this driver */
static atomic64_t ledger_faults;

static const char *const ledger_names[MSHV_PAGE_STATES] = {
	[MSHV_PAGE_PINNED]	= "pinned",
	[MSHV_PAGE_MAPPED]	= "mapped",
	[MSHV_PAGE_STATE]	= "state",
	[MSHV_PAGE_QUARANTINED]	= "quarantined",
};

/**
 * mshv_ledger_init() - start the ledger of a partition
 * @ledger: the ledger, zeroed
 * @partition_id: for messages
 */
void mshv_ledger_init(struct mshv_ledger *ledger, u64 partition_id)
{
	ledger->partition_id = partition_id;
}

static void ledger_enter(enum mshv_page_state state, struct mshv_ledger *ledger,
			 s64 nr_pages)
{
	if (state == MSHV_PAGE_FREE)
		return;

	atomic64_add(nr_pages, &ledger->pages[state]);
	atomic64_add(nr_pages, &ledger_total.pages[state]);
}

static void ledger_leave(enum mshv_page_state state, struct mshv_ledger *ledger,
			 s64 nr_pages)
{
	if (state == MSHV_PAGE_FREE)
		return;

	atomic64_sub(nr_pages, &ledger_total.pages[state]);
	if (atomic64_sub_return(nr_pages, &ledger->pages[state]) >= 0)
		return;

	atomic64_inc(&ledger_faults);
	WARN_ONCE(1, "mshv: p%llu: %lld pages left state %s, but fewer were in it\n",
		  ledger->partition_id, nr_pages, ledger_names[state]);
}

/**
 * mshv_ledger_move() - pages change their state
 * @ledger: ledger of the partition
 * @from: state they were in
 * @to: state they are in now
 * @nr_pages: how many
 *
 * Context: Any.
 */
void mshv_ledger_move(struct mshv_ledger *ledger, enum mshv_page_state from,
		      enum mshv_page_state to, s64 nr_pages)
{
	if (!nr_pages)
		return;

	trace_mshv_ledger(ledger->partition_id, from, to, nr_pages);
	ledger_enter(to, ledger, nr_pages);
	ledger_leave(from, ledger, nr_pages);
}

/**
 * mshv_ledger_close() - check that a partition left nothing behind
 * @ledger: ledger of the partition
 * @nr_deposited: pages that were deposited and did not come back
 *
 * Deposited pages that did not come back stay allocated for ever.
 */
void mshv_ledger_close(struct mshv_ledger *ledger, s64 nr_deposited)
{
	int state;
	s64 nr;

	mshv_ledger_move(ledger, MSHV_PAGE_FREE, MSHV_PAGE_QUARANTINED,
			 nr_deposited);

	for (state = MSHV_PAGE_FREE + 1; state < MSHV_PAGE_QUARANTINED; state++) {
		nr = atomic64_read(&ledger->pages[state]);
		if (!nr)
			continue;
		atomic64_inc(&ledger_faults);
		pr_err_ratelimited("p%llu: ended with %lld pages %s\n",
				   ledger->partition_id, nr,
				   ledger_names[state]);
	}

	nr = atomic64_read(&ledger->pages[MSHV_PAGE_QUARANTINED]);
	if (nr)
		pr_err_ratelimited("p%llu: %lld pages quarantined\n",
				   ledger->partition_id, nr);
}

/**
 * mshv_ledger_show() - print a ledger
 * @ledger: the ledger
 * @m: where to
 */
void mshv_ledger_show(struct mshv_ledger *ledger, struct seq_file *m)
{
	int state;

	for (state = MSHV_PAGE_FREE + 1; state < MSHV_PAGE_STATES; state++)
		seq_printf(m, "%-12s: %lld\n", ledger_names[state],
			   atomic64_read(&ledger->pages[state]));
}

/**
 * mshv_ledger_show_total() - print the sums over all partitions
 * @m: where to
 */
void mshv_ledger_show_total(struct seq_file *m)
{
	mshv_ledger_show(&ledger_total, m);
	seq_printf(m, "%-12s: %lld\n", "faults", atomic64_read(&ledger_faults));
}
