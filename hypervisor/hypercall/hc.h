/* SPDX-License-Identifier: GPL-2.0 */
/* What the handlers of hypercalls (hc_*.c) share. */
#ifndef HC_H
#define HC_H

#include "bits.h"
#include "hv.h"
#include "string.h"

struct hcall;

/*
 * One call as the table names it. A simple call has @simple; a rep call has
 * @element, run once per element, and perhaps @begin, run once per entry before
 * the first of them.
 */
struct hcall_entry {
	u16 code;
	u16 in;			/* fixed header */
	u16 in_element;		/* rep: size of an input element, 0: none */
	u16 out;		/* simple: most that it can return */
	u16 out_element;	/* rep: size of an output element */
	bool rep;
	bool varhead;		/* a variable header is allowed */
	bool out_by_type;	/* output or none: known only to the handler, so looked at after it */
	u64 privilege;		/* all of these are needed */
	const char *name;
	u16 (*simple)(struct hcall *c);
	u16 (*begin)(struct hcall *c);
	u16 (*element)(struct hcall *c, u32 index);
};

/*
 * A call being executed. Handlers see copies, never the caller's memory: what is
 * read was copied in before, what is written is copied out after, if and as far
 * as the call succeeded.
 */
struct hcall {
	struct vp *vp;			/* the caller */
	const struct hcall_entry *entry;
	const void *in;			/* fixed header */
	const u64 *var;			/* variable header */
	u32 nr_var;
	const void *list;		/* input elements */
	void *out;			/* output, zeroed */
	u32 out_size;			/* simple: how much goes out; entry->out unless changed */
	u32 start, count;		/* rep start index, rep count */
	bool again;			/* simple: to be executed again from the start, RIP stays */
	bool repeats;			/* it has been, and is the same call */
	bool gone;			/* the caller's parent has it: neither result nor status counts */

	struct partition *pt;		/* for the elements: what begin() found */
	struct vp *target;
};

/* ---- hc_table.c ---- */
const struct hcall_entry *hcall_entry_find(u16 code);	/* NULL: nobody handles it */
void hcall_count(const struct hcall_entry *e, bool failed);

/* ---- hc_common.c ---- */
/* Who may name which partition (hypercalls.md 3.0, "Caller"). */
#define HC_CHILD	BIT(0)		/* a child of the caller */
#define HC_ROOT_SELF	BIT(1)		/* the root itself */
#define HC_SELF		BIT(2)		/* the caller itself, whoever it is */
/* States the partition may be in. */
#define HC_CREATED	BIT(8)
#define HC_ACTIVE	BIT(9)
#define HC_FINALIZING	BIT(10)
#define HC_FINALIZED	BIT(11)
#define HC_ANY_STATE	(HC_CREATED | HC_ACTIVE | HC_FINALIZING | HC_FINALIZED)

/* Steps 9 to 11 of the order of checks: lookup, relation, state. */
u16 hc_partition(struct hcall *c, u64 id, u32 who, struct partition **pt);
/* And step 12. HV_VP_INDEX_SELF is legal on the caller's own partition. */
u16 hc_vp(struct hcall *c, u64 id, u32 index, u32 who, struct partition **pt, struct vp **vp);
/* HV_STATUS_INVALID_PARAMETER or SUCCESS. */
u16 hc_check_proximity(const struct hv_proximity_info *info);
u16 hc_check_ivtl(u8 ivtl);
bool bytes_zero(const u8 *bytes, u32 n);		/* reserved ones */
/*
 * True: the caller's parent has installed an intercept of @type for calls that lead
 * nowhere, and is told of this one. What the handler returns does not count then.
 */
bool hc_intercepted(struct hcall *c, u32 type);

/* A VP that another VP's call works on is off its LP until this block ends. */
static inline bool hc_is_self(const struct hcall *c, const struct vp *vp) { return c->vp == vp; }

/* ---- hc_partition.c ---- */
u16 hc_create_partition(struct hcall *c);
u16 hc_initialize_partition(struct hcall *c);
u16 hc_finalize_partition(struct hcall *c);
u16 hc_delete_partition(struct hcall *c);
u16 hc_get_partition_id(struct hcall *c);
u16 hc_get_next_child_partition(struct hcall *c);

/* ---- reset.c ---- */
u16 hc_scrub_partition(struct hcall *c);

/* ---- hc_property.c ---- */
u16 hc_get_partition_property(struct hcall *c);
u16 hc_set_partition_property(struct hcall *c);
u16 hc_get_partition_property_ex(struct hcall *c);
u16 hc_set_partition_property_ex(struct hcall *c);
#define SYNTHETIC_FEATURES_DEFAULT	0x5ffull	/* what T20_PRIVILEGES stands for */
#define SYNTHETIC_FEATURES_ASSIGNABLE \
	(BITS(11, 0) | HV_SYNTH_START_VP | HV_SYNTH_DIRECT_STIMER | HV_SYNTH_EX_PROCESSOR_MASKS | HV_SYNTH_TLB_FLUSH | \
	 HV_SYNTH_CLUSTER_IPI | HV_SYNTH_LONG_SPIN_WAIT | HV_SYNTH_SIGNAL_EVENTS | HV_SYNTH_VP_REGISTERS)
/* Properties kept as they are set, in partition->properties[]. */
enum property_slot {
	SLOT_CPU_RESERVE, SLOT_CPU_CAP, SLOT_CPU_WEIGHT, SLOT_CPU_GROUP, SLOT_TLB_PAGES, SLOT_ZERO_ON_RESET,
	SLOT_PROCESSORS_PER_SOCKET, SLOT_NESTED_TLB, SLOT_ALLOCATION_ID,
	SLOT_MONITORING_ID, SLOT_MSR_ACTION, SLOT_CL_FLUSH, SLOT_DEBUG_CHANNEL, SLOT_SUSPEND, SLOT_ADDRESS_WIDTH,
	NR_PROPERTY_SLOTS
};
static_assert(NR_PROPERTY_SLOTS <= 32, "properties[] of struct partition");
void property_defaults(struct partition *pt);

/* ---- features.c: processor feature banks ---- */
#define NR_FEATURE_BANKS	3	/* two of processor features, one of XSAVE features */
enum { BANK_XSAVE = 2 };
/* What the machine has and the hypervisor offers. */
u64 features_host(u32 bank);
/* What @pt has. */
u64 features_partition(const struct partition *pt, u32 bank);
/* Clear in a CPUID result what @pt does not have; bits no bank names stay. */
void features_apply(const struct partition *pt, u32 leaf, u32 subleaf, u32 out[4]);
/* XCR0 bits @pt can use. */
u64 features_xfem(const struct partition *pt);
/* Size of an XSAVE area for @xfem; @compacted or standard format. */
u32 features_xsave_size(u64 xfem, bool compacted);
u32 features_phys_bits(void);		/* of the machine */

/* ---- cpuid.c ---- */
/* Defaults of a child without what is registered. */
void cpuid_default(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4]);

/* ---- hc_cpuid.c: registered results ---- */
u16 hc_register_intercept_result(struct hcall *c);
u16 hc_unregister_intercept_result(struct hcall *c);
u16 hc_get_vp_cpuid_values_begin(struct hcall *c);
u16 hc_get_vp_cpuid_values(struct hcall *c, u32 index);
bool cpuid_leaf0_registered(const struct vp *vp);
void cpuid_registered_apply(const struct vp *vp, u32 leaf, u32 subleaf, u32 out[4]);
void results_free(struct partition *pt, void **chain);

/* ---- hc_memory.c ---- */
u16 hc_deposit_memory_begin(struct hcall *c);
u16 hc_deposit_memory(struct hcall *c, u32 index);
u16 hc_withdraw_memory_begin(struct hcall *c);
u16 hc_withdraw_memory(struct hcall *c, u32 index);
u16 hc_get_memory_balance(struct hcall *c);
u16 hc_map_gpa_pages_begin(struct hcall *c);
u16 hc_map_gpa_pages(struct hcall *c, u32 index);
u16 hc_unmap_gpa_pages_begin(struct hcall *c);
u16 hc_unmap_gpa_pages(struct hcall *c, u32 index);
u16 hc_map_sparse_gpa_pages_begin(struct hcall *c);
u16 hc_map_sparse_gpa_pages(struct hcall *c, u32 index);
u16 hc_modify_sparse_gpa_pages_begin(struct hcall *c);
u16 hc_modify_sparse_gpa_pages(struct hcall *c, u32 index);
u16 hc_get_gpa_pages_access_states_begin(struct hcall *c);
u16 hc_get_gpa_pages_access_states(struct hcall *c, u32 index);

/* ---- hc_vp.c ---- */
u16 hc_create_vp(struct hcall *c);
u16 hc_delete_vp(struct hcall *c);
u16 hc_start_virtual_processor(struct hcall *c);
u16 hc_get_vp_index_from_apic_id_begin(struct hcall *c);
u16 hc_get_vp_index_from_apic_id(struct hcall *c, u32 index);

/* ---- hc_state.c: state pages, state buffers ---- */
u16 hc_map_vp_state_page(struct hcall *c);
u16 hc_unmap_vp_state_page(struct hcall *c);
u16 hc_get_vp_state(struct hcall *c);
u16 hc_set_vp_state(struct hcall *c);

/* ---- hc_register.c ---- */
u16 hc_vp_registers_begin(struct hcall *c);
u16 hc_get_vp_registers(struct hcall *c, u32 index);
u16 hc_set_vp_registers(struct hcall *c, u32 index);
/* Registers and state of @vp may be changed by another. */
bool hc_vp_stopped(const struct vp *vp);
void segment_get(const struct vmcb_seg *s, struct hv_segment *out);
void segment_set(struct vmcb_seg *s, const struct hv_segment *in);

/* ---- hc_intercept.c ---- */
u16 hc_install_intercept(struct hcall *c);
u16 hc_check_for_io_intercept(struct hcall *c);
void intercept_vp_update(struct vp *vp);	/* the VMCB's exception intercepts follow what is installed */

/* ---- hc_translate.c ---- */
u16 hc_translate_virtual_address(struct hcall *c);
u16 hc_translate_virtual_address_ex(struct hcall *c);
u16 hc_read_gpa(struct hcall *c);
u16 hc_write_gpa(struct hcall *c);

/* ---- hc_irq.c ---- */
u16 hc_assert_virtual_interrupt(struct hcall *c);
u16 hc_get_vp_set_from_mda(struct hcall *c);
u16 hc_clear_virtual_interrupt(struct hcall *c);
u16 hc_map_device_interrupt(struct hcall *c);
u16 hc_unmap_device_interrupt(struct hcall *c);
u16 hc_retarget_device_interrupt(struct hcall *c);
u16 hc_send_synthetic_cluster_ipi(struct hcall *c);
u16 hc_send_synthetic_cluster_ipi_ex(struct hcall *c);
/*
 * A VP set (4.4): @mask and one bank in @banks for each of its bits, exactly
 * @nr_banks of them, gathered into @bits of MAX_VPS. HV_STATUS_*.
 */
u16 vp_set_gather(u64 format, u64 mask, const u64 *banks, u32 nr_banks, u64 bits[MAX_VPS / 64]);

/* ---- hc_tlb.c ---- */
u16 hc_switch_virtual_address_space(struct hcall *c);
u16 hc_flush_virtual_address_space(struct hcall *c);
u16 hc_flush_virtual_address_list_begin(struct hcall *c);
u16 hc_flush_virtual_address_list(struct hcall *c, u32 index);
u16 hc_flush_virtual_address_space_ex(struct hcall *c);
u16 hc_flush_virtual_address_list_ex_begin(struct hcall *c);
u16 hc_notify_long_spin_wait(struct hcall *c);

/* ---- hc_system.c ---- */
u16 hc_get_logical_processor_run_time(struct hcall *c);
u16 hc_add_logical_processor(struct hcall *c);
u16 hc_get_system_property(struct hcall *c);
u16 hc_set_system_property(struct hcall *c);
u16 hc_enter_sleep_state(struct hcall *c);
u16 hc_notify_partition_event(struct hcall *c);
u16 hc_park_logical_processors(struct hcall *c);
u16 hc_invoke_hypervisor_debugger(struct hcall *c);

/* ---- hc_stats.c ---- */
u16 hc_map_stats_page(struct hcall *c);
u16 hc_unmap_stats_page(struct hcall *c);
void stats_partition_release(struct partition *pt);
void stats_vp_release(struct vp *vp);
u32 stats_root_pages(void);

/* ---- hc_port.c ---- */
u16 hc_create_port(struct hcall *c);
u16 hc_delete_port(struct hcall *c);
u16 hc_get_port_property(struct hcall *c);
u16 hc_set_port_property(struct hcall *c);
u16 hc_connect_port(struct hcall *c);
u16 hc_disconnect_port(struct hcall *c);
u16 hc_post_message(struct hcall *c);
u16 hc_signal_event(struct hcall *c);
u16 hc_signal_event_direct(struct hcall *c);
u16 hc_post_message_direct(struct hcall *c);
u16 hc_notify_port_ring_empty(struct hcall *c);
void ports_release(struct partition *pt);

/* ---- hc_dispatch.c ---- */
u16 hc_dispatch_vp(struct hcall *c);

#endif
