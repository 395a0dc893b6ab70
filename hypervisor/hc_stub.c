// SPDX-License-Identifier: GPL-2.0
/* Calls that are still to come. */
#include "hc.h"

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
bool port_doorbell(struct vp *vp, u64 gpa, u32 size, u64 value) { (void)vp; (void)gpa; (void)size; (void)value; return false; }
void hc_partition_release(struct partition *pt) { (void)pt; }
void hc_verdict(void) { hypercall_stats_print(); }
