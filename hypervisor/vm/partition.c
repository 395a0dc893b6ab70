// SPDX-License-Identifier: GPL-2.0
/*
 * Partitions: the table, identities, life and death.
 *
 * created --init--> active --finalize--> finalized --delete--> gone; a partition
 * that never became active may be deleted too. IDs count up from 1 and are not used
 * again; slots are.
 */
#include "hc.h"
#include "internal.h"

#define CHILD_PRIVILEGES	0x5ffull	/* T20: bits 0 to 8 and 10 */
#define COMPATIBILITY_HOST	0x0609ull

static struct partition *table[MAX_PARTITIONS];
static u64 last_id;
struct partition *root;

struct partition *partition_by_slot(u32 slot)
{
	return slot < MAX_PARTITIONS ? table[slot] : NULL;
}

struct partition *partition_get(u64 id)
{
	for (u32 i = 0; i < MAX_PARTITIONS; i++)
		if (table[i] && table[i]->id == id)
			return table[i];
	return NULL;
}

/* In the order of creation, which is the order of IDs. */
struct partition *partition_next_child(struct partition *parent, u64 previous_id)
{
	struct partition *next = NULL;

	for (u32 i = 0; i < MAX_PARTITIONS; i++) {
		struct partition *pt = table[i];

		if (pt && pt->parent == parent && pt->id > previous_id && (!next || pt->id < next->id))
			next = pt;
	}
	return next;
}

static s32 slot_find(void)
{
	for (s32 i = 0; i < MAX_PARTITIONS; i++)
		if (!table[i])
			return i;
	return -1;
}

static void partition_register(struct partition *pt, u32 slot)
{
	pt->id = ++last_id;
	pt->slot = slot;
	pt->asid = slot + 1;	/* ASID 0 is the hypervisor's own */
	property_defaults(pt);
	table[slot] = pt;
}

/* The root is there before anybody could deposit: its frames are start-up memory. */
void partition_root_init(void)
{
	root = boot_alloc(PARTITION_CREATE_FRAMES);
	root->vps = boot_alloc(1);
	root->intercepts = boot_alloc(1);
	root->privileges = role_privileges();
	root->synthetic_features = SYNTHETIC_FEATURES_ASSIGNABLE;
	root->compatibility_version = COMPATIBILITY_HOST;
	root->state = PARTITION_ACTIVE;
	partition_register(root, 0);
	root->time_base_ns = time_now_ns();
}

bool partition_ignores_msrs(const struct partition *pt)
{
	return pt->properties[SLOT_MSR_ACTION] == HV_MSR_ACTION_IGNORE;
}

u16 partition_create(struct partition *creator, struct partition **out)
{
	struct partition *pt;
	s32 slot = slot_find();

	if (slot < 0)
		return HV_STATUS_NO_RESOURCES;
	if (!pool_has(&creator->pool, PARTITION_CREATE_FRAMES))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	pt = pool_alloc(creator);
	pt->state = PARTITION_CREATED;
	pt->parent = creator;
	pt->privileges = CHILD_PRIVILEGES;
	pt->synthetic_features = SYNTHETIC_FEATURES_DEFAULT;
	partition_register(pt, slot);
	creator->nr_children++;
	*out = pt;
	return HV_STATUS_SUCCESS;
}

u16 partition_init(struct partition *pt)
{
	if (!pool_has(&pt->pool, PARTITION_INIT_FRAMES))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	pt->vps = pool_alloc(pt);
	pt->npt = pool_alloc(pt);
	pt->intercepts = pool_alloc(pt);
	pt->state = PARTITION_ACTIVE;
	partition_time_set(pt, 0);
	return HV_STATUS_SUCCESS;
}

/* Safe on a half-built partition: looks at what is there. */
void partition_finalize(struct partition *pt)
{
	pt->state = PARTITION_FINALIZING;
	for (u32 i = 0; pt->vps && i < MAX_VPS; i++)
		if (pt->vps[i])
			vp_destroy(pt->vps[i]);
	hc_partition_release(pt);
	npt_destroy(pt);
	npt_flush(pt);
	if (pt->vps)
		pool_free(pt, pt->vps);
	if (pt->intercepts)
		pool_free(pt, pt->intercepts);
	pt->vps = NULL;
	pt->intercepts = NULL;
	pt->state = PARTITION_FINALIZED;
	if (pt->pool.nr_used)
		verdict_blame(VERDICT_LEAK, "partition %llu is finalized with %llu frames in use", pt->id, pt->pool.nr_used);
}

void partition_delete(struct partition *pt)
{
	struct partition *parent = pt->parent;

	hv_assert(!pt->pool.nr_free && !pt->pool.nr_used);
	table[pt->slot] = NULL;
	parent->nr_children--;
	pool_free(parent, pt);
}

/* What the hypercalls hung on it but for its VPs, which have gone before. */
void hc_partition_release(struct partition *pt)
{
	ports_release(pt);
	stats_partition_release(pt);
	results_free(pt, &pt->cpuid_results);
}

/* With no child and no port, the root's pool carries its VPs and what statistics pages it has mapped. */
static void root_pool_verdict(void)
{
	u64 expected = (u64)root->nr_vps * VP_FRAMES + stats_root_pages();

	if (root->pool.nr_used != expected)
		verdict_blame(VERDICT_LEAK, "the root's pool has %llu frames in use, not %llu", root->pool.nr_used, expected);
}

/* At the end of a run no child is left, and nothing of theirs in the root. */
void hc_verdict(void)
{
	for (u32 i = 0; i < MAX_PARTITIONS; i++) {
		struct partition *pt = table[i];

		if (pt && pt->parent)
			verdict_blame(VERDICT_LEAK, "partition %llu still exists: %u VPs, %llu frames in use, %llu free",
				      pt->id, pt->nr_vps, pt->pool.nr_used, pt->pool.nr_free);
	}
	if (root && root->ports)
		verdict_blame(VERDICT_LEAK, "the root still has ports");
	else if (root && !root->nr_children)
		root_pool_verdict();
	hypercall_stats_print();
}
