// SPDX-License-Identifier: GPL-2.0
/* Calls that are still to come. */
#include "hc.h"

u16 hc_register_intercept_result(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_unregister_intercept_result(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_get_vp_cpuid_values_begin(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_get_vp_cpuid_values(struct hcall *c, u32 index) { (void)c; (void)index; return HV_STATUS_INVALID_HYPERCALL_CODE; }
bool cpuid_leaf0_registered(const struct vp *vp) { (void)vp; return false; }
void cpuid_registered_apply(const struct vp *vp, u32 leaf, u32 subleaf, u32 out[4]) { (void)vp; (void)leaf; (void)subleaf; (void)out;  }
void results_free(struct partition *pt, void **chain) { (void)pt; (void)chain;  }
u16 hc_map_vp_state_page(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_unmap_vp_state_page(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_get_vp_state(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_set_vp_state(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_install_intercept(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
void intercept_vp_update(struct vp *vp) { (void)vp;  }
u16 hc_translate_virtual_address(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_translate_virtual_address_ex(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_read_gpa(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_write_gpa(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_flush_virtual_address_space(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_flush_virtual_address_list_begin(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_flush_virtual_address_list(struct hcall *c, u32 index) { (void)c; (void)index; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_flush_virtual_address_space_ex(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_flush_virtual_address_list_ex_begin(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_notify_long_spin_wait(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_map_stats_page(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_unmap_stats_page(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
void stats_partition_release(struct partition *pt) { (void)pt;  }
void stats_vp_release(struct vp *vp) { (void)vp;  }
u16 hc_create_port(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_delete_port(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_connect_port(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_disconnect_port(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_post_message(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_signal_event(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_signal_event_direct(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_post_message_direct(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
u16 hc_notify_port_ring_empty(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
void ports_release(struct partition *pt) { (void)pt;  }
u16 hc_dispatch_vp(struct hcall *c) { (void)c; return HV_STATUS_INVALID_HYPERCALL_CODE; }
bool intercept_wanted(const struct partition *pt, u32 type, u64 parameter, u32 access) { (void)pt; (void)type; (void)parameter; (void)access; return false; }
bool intercept_msr_result(const struct vp *vp, u32 msr, u32 access, u32 *action) { (void)vp; (void)msr; (void)access; (void)action; return false; }
bool port_doorbell(struct vp *vp, u64 gpa, u32 size, u64 value) { (void)vp; (void)gpa; (void)size; (void)value; return false; }
void hc_partition_release(struct partition *pt) { (void)pt; }
void hc_vp_release(struct vp *vp) { (void)vp; }
void hc_verdict(void) { hypercall_stats_print(); }
