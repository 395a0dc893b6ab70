// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: messages and events that the hypervisor sends to the root.
 *
 * Each CPU has a message page, an event flags page and an event ring page,
 * whose places the hypervisor has chosen.  Everything is announced by one
 * interrupt vector and by a message in the slot of SINT 0; doorbells are in
 * the ring of SINT 5.
 *
 * What comes from below is input: lengths, counts and indexes are bounded, and
 * a message that nobody understands is counted and acknowledged, because the
 * next one cannot come before.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/cpuhotplug.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>
#include <asm/msr.h>

#include "mshv.h"
#include "mshv_trace.h"

/* Messages handled, and ring entries consumed, in one interrupt */
#define SYNIC_MAX_MESSAGES	16
#define SYNIC_MAX_EVENTS	(4 * TLFS_RING_ENTRIES)

enum synic_count {
	SYNIC_INTERCEPTS,
	SYNIC_EOIS,
	SYNIC_DOORBELLS,
	SYNIC_SIGNALS,
	SYNIC_COMPLETIONS,
	SYNIC_ORPHANS,
	SYNIC_MALFORMED,
	SYNIC_UNKNOWN,
	SYNIC_DEFERRED,
	SYNIC_COUNTS,
};

static const char *const synic_count_names[SYNIC_COUNTS] = {
	[SYNIC_INTERCEPTS]	= "intercepts",
	[SYNIC_EOIS]		= "ends of interrupt",
	[SYNIC_DOORBELLS]	= "doorbells",
	[SYNIC_SIGNALS]		= "scheduler signals",
	[SYNIC_COMPLETIONS]	= "completions",
	[SYNIC_ORPHANS]		= "for nobody",
	[SYNIC_MALFORMED]	= "malformed",
	[SYNIC_UNKNOWN]		= "unknown",
	[SYNIC_DEFERRED]	= "deferred",
};

/**
 * struct synic_cpu - SynIC of one CPU
 * @messages: message page, NULL while it is off
 * @flags: event flags page, not used
 * @rings: event ring page
 * @tail: next entry of the doorbell ring
 * @more: takes up a ring that had too many entries for one interrupt
 * @counts: what came
 */
struct synic_cpu {
	struct tlfs_msg_page *messages;
	void *flags;
	struct tlfs_event_ring_page *rings;
	u32 tail;
	struct irq_work more;
	u64 counts[SYNIC_COUNTS];
};

static DEFINE_PER_CPU(struct synic_cpu, synic_cpus);
static int synic_cpuhp_state;

static void synic_count(enum synic_count what)
{
	__this_cpu_inc(synic_cpus.counts[what]);
}

/*
 * Messages
 */

static struct mshv_vp *synic_find_vp(u64 partition_id, u32 vp_index)
{
	struct mshv_partition *pt = mshv_partition_find(partition_id);

	return pt ? xa_load(&pt->vps, vp_index) : NULL;
}

static enum synic_count synic_kick(u64 partition_id, u32 vp_index,
				   enum synic_count what)
{
	struct mshv_vp *vp = synic_find_vp(partition_id, vp_index);

	if (!vp)
		return SYNIC_ORPHANS;

	mshv_vp_kick(vp);
	return what;
}

static enum synic_count synic_do_intercept(const struct tlfs_msg *msg)
{
	struct tlfs_msg_opaque opaque;

	memcpy(&opaque, msg->payload, sizeof(opaque));
	return synic_kick(msg->sender, opaque.vp_index, SYNIC_INTERCEPTS);
}

static enum synic_count synic_do_eoi(const struct tlfs_msg *msg)
{
	struct mshv_partition *pt = mshv_partition_find(msg->sender);
	struct tlfs_msg_apic_eoi eoi;

	memcpy(&eoi, msg->payload, sizeof(eoi));
	if (!pt || !mshv_irqfd_ack(pt, eoi.vector))
		return SYNIC_ORPHANS;

	return SYNIC_EOIS;
}

static enum synic_count synic_do_completion(const struct tlfs_msg *msg)
{
	struct tlfs_msg_async_completion completion;
	struct mshv_partition *pt;

	memcpy(&completion, msg->payload, sizeof(completion));
	pt = mshv_partition_find(completion.partition_id);
	if (!pt || !mshv_partition_complete_async(pt, completion.status))
		return SYNIC_ORPHANS;

	return SYNIC_COMPLETIONS;
}

static enum synic_count synic_do_pair(const struct tlfs_msg *msg)
{
	struct tlfs_msg_scheduler_pair pair;
	int i;

	memcpy(&pair, msg->payload, sizeof(pair));
	if (!pair.vp_count || pair.vp_count > TLFS_MSG_PAIRS)
		return SYNIC_MALFORMED;

	for (i = 0; i < pair.vp_count; i++)
		synic_kick(pair.partition_ids[i], pair.vp_indexes[i],
			   SYNIC_SIGNALS);
	return SYNIC_SIGNALS;
}

static void synic_kick_bank(u64 partition_id, u32 first, u64 bank)
{
	while (bank) {
		synic_kick(partition_id, first + __ffs64(bank), SYNIC_SIGNALS);
		bank &= bank - 1;
	}
}

static enum synic_count synic_do_bitset(const struct tlfs_msg *msg)
{
	struct tlfs_msg_scheduler_bitset set;
	int i = 0;
	u64 mask;

	memcpy(&set, msg->payload, sizeof(set));
	if (set.format != TLFS_VPSET_SPARSE_4K ||
	    hweight64(set.valid_bank_mask) > TLFS_MSG_BITSET_BANKS)
		return SYNIC_MALFORMED;

	for (mask = set.valid_bank_mask; mask; mask &= mask - 1)
		synic_kick_bank(set.partition_id, __ffs64(mask) * 64,
				set.banks[i++]);
	return SYNIC_SIGNALS;
}

static void synic_drain(struct synic_cpu *cpu);

static enum synic_count synic_do_doorbell(const struct tlfs_msg *msg)
{
	struct tlfs_msg_sint_intercept sint;

	memcpy(&sint, msg->payload, sizeof(sint));
	if (sint.sint_index != TLFS_SINT_DOORBELLS)
		return SYNIC_MALFORMED;

	synic_drain(this_cpu_ptr(&synic_cpus));
	return SYNIC_DOORBELLS;
}

static const struct {
	u32 type;
	u8 payload_size;
	enum synic_count (*handle)(const struct tlfs_msg *msg);
} synic_handlers[] = {
	{ TLFS_MSG_OPAQUE_INTERCEPT, sizeof(struct tlfs_msg_opaque),
	  synic_do_intercept },
	{ TLFS_MSG_SYNIC_SINT_INTERCEPT, sizeof(struct tlfs_msg_sint_intercept),
	  synic_do_doorbell },
	{ TLFS_MSG_SCHEDULER_PAIR, sizeof(struct tlfs_msg_scheduler_pair),
	  synic_do_pair },
	{ TLFS_MSG_SCHEDULER_BITSET, offsetof(struct tlfs_msg_scheduler_bitset,
					      banks),
	  synic_do_bitset },
	{ TLFS_MSG_X64_APIC_EOI, sizeof(struct tlfs_msg_apic_eoi),
	  synic_do_eoi },
	{ TLFS_MSG_ASYNC_COMPLETION, sizeof(struct tlfs_msg_async_completion),
	  synic_do_completion },
};

static enum synic_count synic_handle(u32 type, const struct tlfs_msg *msg)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(synic_handlers); i++) {
		if (synic_handlers[i].type != type)
			continue;
		if (msg->payload_size < synic_handlers[i].payload_size ||
		    msg->payload_size > TLFS_MSG_PAYLOAD_SIZE)
			return SYNIC_MALFORMED;
		return synic_handlers[i].handle(msg);
	}

	pr_warn_ratelimited("message of unknown type %#x\n", type);
	return SYNIC_UNKNOWN;
}

/* Free the slot; if messages wait behind it, ask for the next one */
static void synic_ack(struct tlfs_msg *slot)
{
	WRITE_ONCE(slot->type, TLFS_MSG_NONE);

	/* The hypervisor must see the slot free before it is asked */
	mb();

	if (READ_ONCE(slot->flags) & TLFS_MSG_FLAG_PENDING)
		wrmsrl(TLFS_MSR_EOM, 0);
}

static void synic_callback(void)
{
	struct tlfs_msg_page *messages = __this_cpu_read(synic_cpus.messages);
	struct tlfs_msg *slot;
	int budget;
	u32 type;

	if (!messages)
		return;

	slot = &messages->slots[TLFS_SINT_INTERCEPTS];
	for (budget = SYNIC_MAX_MESSAGES; budget; budget--) {
		type = READ_ONCE(slot->type);
		if (type == TLFS_MSG_NONE)
			break;

		/* The rest of the message was there before its type */
		rmb();
		trace_mshv_message(type, slot->sender);

		rcu_read_lock();
		synic_count(synic_handle(type, slot));
		rcu_read_unlock();
		synic_ack(slot);
	}
}

/*
 * Doorbells
 */

static u32 synic_ring_peek(struct synic_cpu *cpu, struct tlfs_event_ring *ring)
{
	return READ_ONCE(ring->data[cpu->tail]);
}

/*
 * The ring looks empty.  Before saying so, fetch what did not fit into it, and
 * after saying so, look once more: nobody tells us what came in between.
 */
static u32 synic_ring_refill(struct synic_cpu *cpu,
			     struct tlfs_event_ring *ring)
{
	u32 port;

	if (READ_ONCE(ring->ring_full)) {
		WRITE_ONCE(ring->ring_full, 0);
		hv_call_notify_port_ring_empty(TLFS_SINT_DOORBELLS);
		port = synic_ring_peek(cpu, ring);
		if (port)
			return port;
	}

	WRITE_ONCE(ring->signal_masked, 0);
	/* The hypervisor must see this before we look again */
	mb();
	port = synic_ring_peek(cpu, ring);
	if (port)
		WRITE_ONCE(ring->signal_masked, 1);

	return port;
}

static void synic_drain(struct synic_cpu *cpu)
{
	struct tlfs_event_ring *ring = &cpu->rings->rings[TLFS_SINT_DOORBELLS];
	int budget;
	u32 port;

	for (budget = SYNIC_MAX_EVENTS; budget; budget--) {
		port = synic_ring_peek(cpu, ring);
		if (!port)
			port = synic_ring_refill(cpu, ring);
		if (!port)
			return;

		WRITE_ONCE(ring->data[cpu->tail], 0);
		cpu->tail = (cpu->tail + 1) % TLFS_RING_ENTRIES;
		if (!mshv_port_signal(port))
			synic_count(SYNIC_ORPHANS);
	}

	synic_count(SYNIC_DEFERRED);
	irq_work_queue(&cpu->more);
}

static void synic_drain_more(struct irq_work *work)
{
	struct synic_cpu *cpu = container_of(work, struct synic_cpu, more);

	if (cpu->rings)
		synic_drain(cpu);
}

/*
 * Setting up
 */

/*
 * The page stays where the hypervisor has put it.  A kernel before this one may
 * have left it enabled; enabling it anew makes the hypervisor start afresh.
 */
static void *synic_enable_page(u32 msr)
{
	void *page;
	u64 value;

	if (rdmsrl_safe(msr, &value))
		return NULL;

	page = memremap(value & PAGE_MASK, PAGE_SIZE, MEMREMAP_WB);
	if (!page)
		return NULL;

	wrmsrl(msr, value & ~TLFS_SYNIC_ENABLE);
	wrmsrl(msr, value | TLFS_SYNIC_ENABLE);
	return page;
}

static void synic_disable_page(u32 msr, void *page)
{
	u64 value;

	if (!page)
		return;

	rdmsrl(msr, value);
	wrmsrl(msr, value & ~TLFS_SYNIC_ENABLE);
	memunmap(page);
}

static void synic_set_sint(unsigned int sint, u64 flags)
{
	u64 value = HYPERVISOR_CALLBACK_VECTOR | flags;

	if (!(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED))
		value |= TLFS_SINT_AUTO_EOI;
	wrmsrl(TLFS_MSR_SINT0 + sint, value);
}

static int synic_cpu_down(unsigned int number)
{
	struct synic_cpu *cpu = this_cpu_ptr(&synic_cpus);
	struct tlfs_msg_page *messages = cpu->messages;
	struct tlfs_event_ring_page *rings = cpu->rings;
	void *flags = cpu->flags;
	u64 value;

	synic_set_sint(TLFS_SINT_DOORBELLS, TLFS_SINT_MASKED);
	synic_set_sint(TLFS_SINT_INTERCEPTS, TLFS_SINT_MASKED);

	/* What has come is for VPs that go on; nobody will look here again */
	local_irq_disable();
	synic_callback();
	if (rings)
		synic_drain(cpu);
	cpu->messages = NULL;
	cpu->flags = NULL;
	cpu->rings = NULL;
	local_irq_enable();
	irq_work_sync(&cpu->more);

	synic_disable_page(TLFS_MSR_SIRBP, rings);
	synic_disable_page(TLFS_MSR_SIEFP, flags);
	synic_disable_page(TLFS_MSR_SIMP, messages);

	rdmsrl(TLFS_MSR_SCONTROL, value);
	wrmsrl(TLFS_MSR_SCONTROL, value & ~TLFS_SYNIC_ENABLE);
	return 0;
}

static int synic_cpu_up(unsigned int number)
{
	struct synic_cpu *cpu = this_cpu_ptr(&synic_cpus);
	u64 value;

	init_irq_work(&cpu->more, synic_drain_more);

	cpu->tail = 0;
	cpu->messages = synic_enable_page(TLFS_MSR_SIMP);
	cpu->flags = synic_enable_page(TLFS_MSR_SIEFP);
	cpu->rings = synic_enable_page(TLFS_MSR_SIRBP);
	if (!cpu->messages || !cpu->flags || !cpu->rings) {
		pr_err("CPU %u: SynIC pages cannot be mapped\n", number);
		synic_cpu_down(number);
		return -ENOMEM;
	}

	synic_set_sint(TLFS_SINT_INTERCEPTS, 0);
	synic_set_sint(TLFS_SINT_DOORBELLS, TLFS_SINT_AS_INTERCEPT);
	rdmsrl(TLFS_MSR_SCONTROL, value);
	wrmsrl(TLFS_MSR_SCONTROL, value | TLFS_SYNIC_ENABLE);
	return 0;
}

/**
 * mshv_synic_init() - listen to the hypervisor, on all CPUs
 *
 * Return: 0 or a negative errno.
 */
int mshv_synic_init(void)
{
	int ret;

	mshv_setup_callback(synic_callback);
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "mshv_synic",
				synic_cpu_up, synic_cpu_down);
	if (ret < 0) {
		mshv_remove_callback();
		return ret;
	}

	synic_cpuhp_state = ret;
	return 0;
}

/**
 * mshv_synic_exit() - undo mshv_synic_init(), once
 */
void mshv_synic_exit(void)
{
	if (!synic_cpuhp_state)
		return;

	cpuhp_remove_state(synic_cpuhp_state);
	synic_cpuhp_state = 0;
	mshv_remove_callback();
}

/**
 * mshv_synic_show() - print what came from the hypervisor
 * @m: where to
 */
void mshv_synic_show(struct seq_file *m)
{
	enum synic_count what;
	unsigned int cpu;
	u64 sum;

	for (what = 0; what < SYNIC_COUNTS; what++) {
		sum = 0;
		for_each_possible_cpu(cpu)
			sum += per_cpu(synic_cpus, cpu).counts[what];
		seq_printf(m, "%-20s: %llu\n", synic_count_names[what], sum);
	}
}
