/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypercall interface, transcribed from the Hypervisor Top-Level Functional
 * Specification (TLFS) and nothing else: no line of it is shared with the
 * kernel's header of the same purpose. A build-time test compares the two.
 *
 * Fields called rsvd must be zero on input; fields called pad are ignored.
 */
#ifndef HV_TLFS_H
#define HV_TLFS_H

#include "types.h"

/* ---- Constants ------------------------------------------------------------ */
#define HV_PARTITION_ID_INVALID		0ull
#define HV_PARTITION_ID_SELF		(~0ull)
#define HV_VP_INDEX_SELF		0xfffffffeu
#define HV_ANY_VP			0xffffffffu
#define HV_INTERRUPT_VECTOR_NONE	0xffffffffu
#define HV_SYNIC_SINT_COUNT		16
#define HV_SYNIC_STIMER_COUNT		4
#define HV_MESSAGE_SIZE			256
#define HV_MESSAGE_PAYLOAD_SIZE		240
#define HV_EVENT_FLAGS_COUNT		2048
#define HV_EVENT_RING_ENTRIES		63
#define HV_PORT_MESSAGE_BUFFERS		16
#define HV_HYP_PAGE_SIZE		4096

/* ---- Hypercall input and result value ---------------------------------------- */
#define HV_HYPERCALL_CODE_MASK		0xffffull
#define HV_HYPERCALL_FAST		BIT(16)
#define HV_HYPERCALL_VARHEAD_SHIFT	17
#define HV_HYPERCALL_VARHEAD_MASK	0x3ffull
#define HV_HYPERCALL_NESTED		BIT(31)
#define HV_HYPERCALL_REP_COUNT_SHIFT	32
#define HV_HYPERCALL_REP_START_SHIFT	48
#define HV_HYPERCALL_REP_MASK		0xfffull
/* Bits 30:27, 47:44, 63:60 */
#define HV_HYPERCALL_RSVD		0xf000f00078000000ull
#define HV_HYPERCALL_REPS_DONE_SHIFT	32

/* ---- Call codes --------------------------------------------------------------- */
enum hv_call {
	HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE	= 0x0001,
	HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE	= 0x0002,
	HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST	= 0x0003,
	HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME	= 0x0004,
	HVCALL_NOTIFY_LONG_SPIN_WAIT		= 0x0008,
	HVCALL_PARK_LOGICAL_PROCESSORS		= 0x0009,
	HVCALL_INVOKE_HYPERVISOR_DEBUGGER	= 0x000a,
	HVCALL_SEND_SYNTHETIC_CLUSTER_IPI	= 0x000b,
	HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX	= 0x0013,
	HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX	= 0x0014,
	HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX	= 0x0015,
	HVCALL_CREATE_PARTITION			= 0x0040,
	HVCALL_INITIALIZE_PARTITION		= 0x0041,
	HVCALL_FINALIZE_PARTITION		= 0x0042,
	HVCALL_DELETE_PARTITION			= 0x0043,
	HVCALL_GET_PARTITION_PROPERTY		= 0x0044,
	HVCALL_SET_PARTITION_PROPERTY		= 0x0045,
	HVCALL_GET_PARTITION_ID			= 0x0046,
	HVCALL_GET_NEXT_CHILD_PARTITION		= 0x0047,
	HVCALL_DEPOSIT_MEMORY			= 0x0048,
	HVCALL_WITHDRAW_MEMORY			= 0x0049,
	HVCALL_GET_MEMORY_BALANCE		= 0x004a,
	HVCALL_MAP_GPA_PAGES			= 0x004b,
	HVCALL_UNMAP_GPA_PAGES			= 0x004c,
	HVCALL_INSTALL_INTERCEPT		= 0x004d,
	HVCALL_CREATE_VP			= 0x004e,
	HVCALL_DELETE_VP			= 0x004f,
	HVCALL_GET_VP_REGISTERS			= 0x0050,
	HVCALL_SET_VP_REGISTERS			= 0x0051,
	HVCALL_TRANSLATE_VIRTUAL_ADDRESS	= 0x0052,
	HVCALL_READ_GPA				= 0x0053,
	HVCALL_WRITE_GPA			= 0x0054,
	HVCALL_CLEAR_VIRTUAL_INTERRUPT		= 0x0056,
	HVCALL_DELETE_PORT			= 0x0058,
	HVCALL_GET_PORT_PROPERTY		= 0x005a,
	HVCALL_DISCONNECT_PORT			= 0x005b,
	HVCALL_POST_MESSAGE			= 0x005c,
	HVCALL_SIGNAL_EVENT			= 0x005d,
	HVCALL_MAP_STATS_PAGE			= 0x006c,
	HVCALL_UNMAP_STATS_PAGE			= 0x006d,
	HVCALL_MAP_SPARSE_GPA_PAGES		= 0x006e,
	HVCALL_SET_SYSTEM_PROPERTY		= 0x006f,
	HVCALL_SET_PORT_PROPERTY		= 0x0070,
	HVCALL_ADD_LOGICAL_PROCESSOR		= 0x0076,
	HVCALL_GET_SYSTEM_PROPERTY		= 0x007b,
	HVCALL_MAP_DEVICE_INTERRUPT		= 0x007c,
	HVCALL_UNMAP_DEVICE_INTERRUPT		= 0x007d,
	HVCALL_RETARGET_DEVICE_INTERRUPT	= 0x007e,
	HVCALL_ENTER_SLEEP_STATE		= 0x0084,
	HVCALL_NOTIFY_PARTITION_EVENT		= 0x0087,
	HVCALL_NOTIFY_PORT_RING_EMPTY		= 0x008b,
	HVCALL_SCRUB_PARTITION			= 0x008d,
	HVCALL_MODIFY_SPARSE_GPA_PAGES		= 0x0090,
	HVCALL_REGISTER_INTERCEPT_RESULT	= 0x0091,
	HVCALL_UNREGISTER_INTERCEPT_RESULT	= 0x0092,
	HVCALL_ASSERT_VIRTUAL_INTERRUPT		= 0x0094,
	HVCALL_CREATE_PORT			= 0x0095,
	HVCALL_CONNECT_PORT			= 0x0096,
	HVCALL_START_VIRTUAL_PROCESSOR		= 0x0099,
	HVCALL_GET_VP_INDEX_FROM_APIC_ID	= 0x009a,
	HVCALL_TRANSLATE_VIRTUAL_ADDRESS_EX	= 0x00ac,
	HVCALL_CHECK_FOR_IO_INTERCEPT		= 0x00ad,
	HVCALL_SIGNAL_EVENT_DIRECT		= 0x00c0,
	HVCALL_POST_MESSAGE_DIRECT		= 0x00c1,
	HVCALL_DISPATCH_VP			= 0x00c2,
	HVCALL_GET_GPA_PAGES_ACCESS_STATES	= 0x00c9,
	HVCALL_MAP_VP_STATE_PAGE		= 0x00e1,
	HVCALL_UNMAP_VP_STATE_PAGE		= 0x00e2,
	HVCALL_GET_VP_STATE			= 0x00e3,
	HVCALL_SET_VP_STATE			= 0x00e4,
	HVCALL_GET_VP_SET_FROM_MDA		= 0x00e5,
	HVCALL_GET_VP_CPUID_VALUES		= 0x00f4,
	HVCALL_GET_PARTITION_PROPERTY_EX	= 0x0101,
	HVCALL_SET_PARTITION_PROPERTY_EX	= 0x010a,
	HVCALL_DISABLE_HYP_EX			= 0x010f,
};

/* ---- Status ---------------------------------------------------------------------- */
enum hv_status {
	HV_STATUS_SUCCESS				= 0x00,
	HV_STATUS_INVALID_HYPERCALL_CODE		= 0x02,
	HV_STATUS_INVALID_HYPERCALL_INPUT		= 0x03,
	HV_STATUS_INVALID_ALIGNMENT			= 0x04,
	HV_STATUS_INVALID_PARAMETER			= 0x05,
	HV_STATUS_ACCESS_DENIED				= 0x06,
	HV_STATUS_INVALID_PARTITION_STATE		= 0x07,
	HV_STATUS_OPERATION_DENIED			= 0x08,
	HV_STATUS_UNKNOWN_PROPERTY			= 0x09,
	HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE		= 0x0a,
	HV_STATUS_INSUFFICIENT_MEMORY			= 0x0b,
	HV_STATUS_PARTITION_TOO_DEEP			= 0x0c,
	HV_STATUS_INVALID_PARTITION_ID			= 0x0d,
	HV_STATUS_INVALID_VP_INDEX			= 0x0e,
	HV_STATUS_NOT_FOUND				= 0x10,
	HV_STATUS_INVALID_PORT_ID			= 0x11,
	HV_STATUS_INVALID_CONNECTION_ID			= 0x12,
	HV_STATUS_INSUFFICIENT_BUFFERS			= 0x13,
	HV_STATUS_NOT_ACKNOWLEDGED			= 0x14,
	HV_STATUS_INVALID_VP_STATE			= 0x15,
	HV_STATUS_ACKNOWLEDGED				= 0x16,
	HV_STATUS_INVALID_SAVE_RESTORE_STATE		= 0x17,
	HV_STATUS_INVALID_SYNIC_STATE			= 0x18,
	HV_STATUS_OBJECT_IN_USE				= 0x19,
	HV_STATUS_INVALID_PROXIMITY_DOMAIN_INFO		= 0x1a,
	HV_STATUS_NO_DATA				= 0x1b,
	HV_STATUS_INACTIVE				= 0x1c,
	HV_STATUS_NO_RESOURCES				= 0x1d,
	HV_STATUS_FEATURE_UNAVAILABLE			= 0x1e,
	HV_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED	= 0x20,
	HV_STATUS_INSUFFICIENT_BUFFER			= 0x33,
	HV_STATUS_INSUFFICIENT_DEVICE_DOMAINS		= 0x38,
	HV_STATUS_CPUID_FEATURE_VALIDATION_ERROR	= 0x3c,
	HV_STATUS_PROCESSOR_STARTUP_TIMEOUT		= 0x3e,
	HV_STATUS_INVALID_LP_INDEX			= 0x41,
	HV_STATUS_INVALID_REGISTER_VALUE		= 0x50,
	HV_STATUS_INVALID_VTL_STATE			= 0x51,
	HV_STATUS_INVALID_DEVICE_ID			= 0x57,
	HV_STATUS_INVALID_DEVICE_STATE			= 0x58,
	HV_STATUS_OPERATION_FAILED			= 0x71,
	HV_STATUS_INSUFFICIENT_ROOT_MEMORY		= 0x73,
	HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY	= 0x75,
	HV_STATUS_TIME_OUT				= 0x78,
	HV_STATUS_CALL_PENDING				= 0x79,
	HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY	= 0x83,
	HV_STATUS_UNKNOWN_REGISTER_NAME			= 0x87,
};

/* ---- Privileges: CPUID 0x40000003 EBX:EAX ----------------------------------------- */
#define HV_PRIV_ACCESS_VP_RUN_TIME_REG		BIT(0)
#define HV_PRIV_ACCESS_REFERENCE_COUNTER	BIT(1)
#define HV_PRIV_ACCESS_SYNIC_REGS		BIT(2)
#define HV_PRIV_ACCESS_SYNTHETIC_TIMER_REGS	BIT(3)
#define HV_PRIV_ACCESS_INTR_CTRL_REGS		BIT(4)
#define HV_PRIV_ACCESS_HYPERCALL_MSRS		BIT(5)
#define HV_PRIV_ACCESS_VP_INDEX			BIT(6)
#define HV_PRIV_ACCESS_RESET_REG		BIT(7)
#define HV_PRIV_ACCESS_STATS_REG		BIT(8)
#define HV_PRIV_ACCESS_REFERENCE_TSC		BIT(9)
#define HV_PRIV_ACCESS_GUEST_IDLE_REG		BIT(10)
#define HV_PRIV_ACCESS_FREQUENCY_REGS		BIT(11)
#define HV_PRIV_ACCESS_DEBUG_REGS		BIT(12)
#define HV_PRIV_ACCESS_REENLIGHTENMENT		BIT(13)
#define HV_PRIV_ACCESS_ROOT_SCHEDULER_REG	BIT(14)
#define HV_PRIV_ACCESS_TSC_INVARIANT_CONTROLS	BIT(15)
#define HV_PRIV_CREATE_PARTITIONS		BIT(32)
#define HV_PRIV_ACCESS_PARTITION_ID		BIT(33)
#define HV_PRIV_ACCESS_MEMORY_POOL		BIT(34)
#define HV_PRIV_ADJUST_MESSAGE_BUFFERS		BIT(35)
#define HV_PRIV_POST_MESSAGES			BIT(36)
#define HV_PRIV_SIGNAL_EVENTS			BIT(37)
#define HV_PRIV_CREATE_PORT			BIT(38)
#define HV_PRIV_CONNECT_PORT			BIT(39)
#define HV_PRIV_ACCESS_STATS			BIT(40)
#define HV_PRIV_DEBUGGING			BIT(43)
#define HV_PRIV_CPU_MANAGEMENT			BIT(44)
#define HV_PRIV_CONFIGURE_PROFILER		BIT(45)
#define HV_PRIV_ACCESS_VP_EXIT_TRACING		BIT(46)
#define HV_PRIV_EXTENDED_GVA_RANGES		BIT(47)
#define HV_PRIV_ACCESS_VSM			BIT(48)
#define HV_PRIV_ACCESS_VP_REGISTERS		BIT(49)
#define HV_PRIV_FAST_HYPERCALL_OUTPUT		BIT(51)
#define HV_PRIV_EXTENDED_HYPERCALLS		BIT(52)
#define HV_PRIV_START_VIRTUAL_PROCESSOR		BIT(53)
#define HV_PRIV_ISOLATION			BIT(54)
/* Bits 31:16, 42:41, 50, 63:55 */
#define HV_PRIV_RSVD				0xff840600ffff0000ull

/* ---- Synthetic processor features: property 0x10001 --------------------------------- */
#define HV_SYNTH_HYPERVISOR_PRESENT		BIT(0)
#define HV_SYNTH_HV1				BIT(1)
#define HV_SYNTH_VP_RUNTIME			BIT(2)
#define HV_SYNTH_REFERENCE_COUNTER		BIT(3)
#define HV_SYNTH_SYNIC				BIT(4)
#define HV_SYNTH_STIMER				BIT(5)
#define HV_SYNTH_INTR_CTRL			BIT(6)
#define HV_SYNTH_HYPERCALL			BIT(7)
#define HV_SYNTH_VP_INDEX			BIT(8)
#define HV_SYNTH_REFERENCE_TSC			BIT(9)
#define HV_SYNTH_GUEST_IDLE			BIT(10)
#define HV_SYNTH_FREQUENCY			BIT(11)
#define HV_SYNTH_EXTENDED_GVA_RANGES		BIT(15)
#define HV_SYNTH_VSM				BIT(16)
#define HV_SYNTH_FAST_HYPERCALL_OUTPUT		BIT(18)
#define HV_SYNTH_START_VP			BIT(20)
#define HV_SYNTH_DIRECT_STIMER			BIT(22)
#define HV_SYNTH_EX_PROCESSOR_MASKS		BIT(24)
#define HV_SYNTH_TLB_FLUSH			BIT(25)
#define HV_SYNTH_CLUSTER_IPI			BIT(26)
#define HV_SYNTH_LONG_SPIN_WAIT			BIT(27)
#define HV_SYNTH_NUMA_DISTANCE			BIT(28)
#define HV_SYNTH_SIGNAL_EVENTS			BIT(29)
#define HV_SYNTH_RETARGET_INTERRUPT		BIT(30)
#define HV_SYNTH_RESTORE_TIME			BIT(31)
#define HV_SYNTH_VP_REGISTERS			BIT(38)
#define HV_SYNTH_GUEST_PHYSICAL_FLUSH		BIT(53)

/* ---- CPUID ------------------------------------------------------------------------- */
#define HV_CPUID_VENDOR				0x40000000u
#define HV_CPUID_INTERFACE			0x40000001u
#define HV_CPUID_VERSION			0x40000002u
#define HV_CPUID_FEATURES			0x40000003u
#define HV_CPUID_RECOMMENDATIONS		0x40000004u
#define HV_CPUID_LIMITS				0x40000005u
#define HV_CPUID_HARDWARE			0x40000006u
#define HV_CPUID_CPU_MANAGEMENT			0x40000007u
#define HV_CPUID_ISOLATION			0x4000000cu
#define HV_CPUID_LAST				HV_CPUID_ISOLATION
#define HV_CPUID_EBX_VENDOR			0x7263694du
#define HV_CPUID_ECX_VENDOR			0x666f736fu
#define HV_CPUID_EDX_VENDOR			0x76482074u
#define HV_CPUID_HV1				0x31237648u
/* 0x40000003 EDX */
#define HV_FEATURE_DISPATCH_INJECT		BIT(9)		/* ECX */
#define HV_FEATURE_FREQUENCY_MSRS		BIT(8)
#define HV_FEATURE_CRASH_MSRS			BIT(10)
#define HV_FEATURE_EXTENDED_GVA_RANGES		BIT(14)
#define HV_FEATURE_FAST_HYPERCALL_OUTPUT	BIT(15)
#define HV_FEATURE_DIRECT_STIMER		BIT(19)
/* 0x40000004 EAX */
#define HV_HINT_REMOTE_TLB_FLUSH		BIT(2)
#define HV_HINT_APIC_MSRS			BIT(3)
#define HV_HINT_RELAXED_TIMING			BIT(5)
#define HV_HINT_DEPRECATE_AUTO_EOI		BIT(9)
#define HV_HINT_CLUSTER_IPI			BIT(10)
#define HV_HINT_EX_PROCESSOR_MASKS		BIT(11)

/* ---- Synthetic MSRs ------------------------------------------------------------------ */
#define HV_MSR_GUEST_OS_ID			0x40000000u
#define HV_MSR_HYPERCALL			0x40000001u
#define HV_MSR_VP_INDEX				0x40000002u
#define HV_MSR_RESET				0x40000003u
#define HV_MSR_VP_RUNTIME			0x40000010u
#define HV_MSR_TIME_REF_COUNT			0x40000020u
#define HV_MSR_REFERENCE_TSC			0x40000021u
#define HV_MSR_TSC_FREQUENCY			0x40000022u
#define HV_MSR_APIC_FREQUENCY			0x40000023u
#define HV_MSR_EOI				0x40000070u
#define HV_MSR_ICR				0x40000071u
#define HV_MSR_TPR				0x40000072u
#define HV_MSR_VP_ASSIST_PAGE			0x40000073u
#define HV_MSR_SCONTROL				0x40000080u
#define HV_MSR_SVERSION				0x40000081u
#define HV_MSR_SIEFP				0x40000082u
#define HV_MSR_SIMP				0x40000083u
#define HV_MSR_EOM				0x40000084u
#define HV_MSR_SIRBP				0x40000085u
#define HV_MSR_SINT0				0x40000090u
#define HV_MSR_SINT15				0x4000009fu
#define HV_MSR_STIMER0_CONFIG			0x400000b0u
#define HV_MSR_STIMER3_COUNT			0x400000b7u
#define HV_MSR_POWER_TRIGGER_C1			0x400000c1u
#define HV_MSR_POWER_TRIGGER_C3			0x400000c3u
#define HV_MSR_POWER_CONFIG_C1			0x400000d1u
#define HV_MSR_POWER_CONFIG_C3			0x400000d3u
#define HV_MSR_STATS_PARTITION_RETAIL		0x400000e0u
#define HV_MSR_STATS_PARTITION_INTERNAL		0x400000e1u
#define HV_MSR_STATS_VP_RETAIL			0x400000e2u
#define HV_MSR_STATS_VP_INTERNAL		0x400000e3u
#define HV_MSR_GUEST_IDLE			0x400000f0u
#define HV_MSR_CRASH_P0				0x40000100u
#define HV_MSR_CRASH_P4				0x40000104u
#define HV_MSR_CRASH_CTL			0x40000105u
#define HV_MSR_TSC_INVARIANT_CONTROL		0x40000118u

/* Overlay MSRs: HYPERCALL, REFERENCE_TSC, VP_ASSIST_PAGE, SIMP, SIEFP, SIRBP */
#define HV_OVERLAY_ENABLE			BIT(0)
#define HV_OVERLAY_GPA_MASK			(~0xfffull)
#define HV_HYPERCALL_LOCKED			BIT(1)
#define HV_SCONTROL_ENABLE			BIT(0)
#define HV_SINT_VECTOR_MASK			0xffull
#define HV_SINT_MASKED				BIT(16)
#define HV_SINT_AUTO_EOI			BIT(17)
#define HV_SINT_POLLING				BIT(18)
#define HV_SINT_AS_INTERCEPT			BIT(19)
#define HV_SINT_PROXY				BIT(20)
#define HV_SINT_RESET				HV_SINT_MASKED
#define HV_STIMER_ENABLED			BIT(0)
#define HV_STIMER_PERIODIC			BIT(1)
#define HV_STIMER_LAZY				BIT(2)
#define HV_STIMER_AUTO_ENABLE			BIT(3)
#define HV_STIMER_VECTOR_SHIFT			4
#define HV_STIMER_DIRECT			BIT(12)
#define HV_STIMER_SINT_SHIFT			16
#define HV_STIMER_RSVD				0xfffffffffff0e000ull
#define HV_POWER_CONFIG_RSVD			0xf000000000000000ull
#define HV_RESET_MACHINE			BIT(0)
#define HV_CRASH_CTL_MESSAGE			BIT(62)
#define HV_CRASH_CTL_NOTIFY			BIT(63)

struct hv_reference_tsc_page {
	u32 sequence;
	u32 rsvd;
	u64 scale;
	u64 offset;
	u8 rsvd2[4072];
} __packed;
static_assert(sizeof(struct hv_reference_tsc_page) == 4096, "TLFS");

struct hv_vp_assist_page {
	u32 apic_assist;		/* bit 0: no EOI required */
	u32 rsvd;
	u8 vtl[32];
	u8 enlighten_vm_entry;
	u8 rsvd2[7];
	u64 current_nested_vmcs;
	u8 time_unhalted_expired;
	u8 rsvd3[7];
	u8 virtualization_fault[40];
	u64 rsvd4;
	u8 intercept_message[256];
	u8 vtl_return_actions[256];
} __packed;
static_assert(sizeof(struct hv_vp_assist_page) == 624, "TLFS");

/* ---- Small shared types ----------------------------------------------------------------- */
union hv_register_value {
	u64 low;
	u64 q[2];
	u32 d[4];
};
static_assert(sizeof(union hv_register_value) == 16, "TLFS");

/* Input VTL byte */
#define HV_IVTL_TARGET_MASK		0x0f
#define HV_IVTL_USE			0x10
#define HV_IVTL_RSVD			0xe0

struct hv_proximity_info {
	u32 domain_id;
	u32 flags;			/* 0 preferred, 31 valid */
} __packed;
#define HV_PROXIMITY_PREFERRED		BIT(0)
#define HV_PROXIMITY_VALID		BIT(31)

#define HV_SET_SPARSE_4K		0ull
#define HV_SET_ALL			1ull

struct hv_segment {
	u64 base;
	u32 limit;
	u16 selector;
	u16 attributes;			/* 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D, 15 G */
} __packed;
static_assert(sizeof(struct hv_segment) == 16, "TLFS");

struct hv_table {
	u16 pad[3];
	u16 limit;
	u64 base;
} __packed;
static_assert(sizeof(struct hv_table) == 16, "TLFS");

enum hv_interrupt_type {
	HV_INTERRUPT_FIXED		= 0,
	HV_INTERRUPT_LOWESTPRIORITY	= 1,
	HV_INTERRUPT_SMI		= 2,
	HV_INTERRUPT_REMOTEREAD		= 3,
	HV_INTERRUPT_NMI		= 4,
	HV_INTERRUPT_INIT		= 5,
	HV_INTERRUPT_SIPI		= 6,
	HV_INTERRUPT_EXTINT		= 7,
	HV_INTERRUPT_LOCALINT0		= 8,
	HV_INTERRUPT_LOCALINT1		= 9,
};

/* ---- Messages -------------------------------------------------------------------------- */
#define HV_MESSAGE_FLAG_PENDING		BIT(0)
struct hv_message {
	u32 message_type;		/* 0: slot free */
	u8 payload_size;
	u8 flags;			/* HV_MESSAGE_FLAG_* */
	u16 rsvd;
	u64 sender;			/* partition ID, port ID, or 0 */
	union {
		u8 payload[HV_MESSAGE_PAYLOAD_SIZE];
		u64 payload_q[HV_MESSAGE_PAYLOAD_SIZE / 8];
	};
} __packed;
static_assert(sizeof(struct hv_message) == HV_MESSAGE_SIZE, "TLFS");

enum hv_message_type {
	HVMSG_NONE				= 0,
	HVMSG_UNMAPPED_GPA			= 0x80000000,
	HVMSG_GPA_INTERCEPT			= 0x80000001,
	HVMSG_TIMER_EXPIRED			= 0x80000010,
	HVMSG_INVALID_VP_REGISTER_VALUE		= 0x80000020,
	HVMSG_UNRECOVERABLE_EXCEPTION		= 0x80000021,
	HVMSG_UNSUPPORTED_FEATURE		= 0x80000022,
	HVMSG_OPAQUE_INTERCEPT			= 0x8000003f,
	HVMSG_HYPERCALL_INTERCEPT		= 0x80000050,
	HVMSG_SYNIC_SINT_INTERCEPT		= 0x80000061,
	HVMSG_SYNIC_SINT_DELIVERABLE		= 0x80000062,
	HVMSG_ASYNC_CALL_COMPLETION		= 0x80000070,
	HVMSG_SCHEDULER_VP_SIGNAL_BITSET	= 0x80000100,
	HVMSG_SCHEDULER_VP_SIGNAL_PAIR		= 0x80000101,
	HVMSG_X64_IO_PORT_INTERCEPT		= 0x80010000,
	HVMSG_X64_MSR_INTERCEPT			= 0x80010001,
	HVMSG_X64_CPUID_INTERCEPT		= 0x80010002,
	HVMSG_X64_EXCEPTION_INTERCEPT		= 0x80010003,
	HVMSG_X64_APIC_EOI			= 0x80010004,
	HVMSG_X64_HALT				= 0x80010007,
	HVMSG_X64_INTERRUPTION_DELIVERABLE	= 0x80010008,
	HVMSG_X64_SIPI_INTERCEPT		= 0x80010009,
	HVMSG_X64_APIC_INIT_SIPI_INTERCEPT	= 0x8001000d,
};

#define HV_INTERCEPT_ACCESS_READ	0	/* in messages */
#define HV_INTERCEPT_ACCESS_WRITE	1
#define HV_INTERCEPT_ACCESS_EXECUTE	2

/* Execution state */
#define HV_EXEC_CPL_MASK		3u
#define HV_EXEC_CR0_PE			BIT(2)
#define HV_EXEC_CR0_AM			BIT(3)
#define HV_EXEC_EFER_LMA		BIT(4)
#define HV_EXEC_DEBUG_ACTIVE		BIT(5)
#define HV_EXEC_INTERRUPTION_PENDING	BIT(6)
#define HV_EXEC_INTERRUPT_SHADOW	BIT(12)

struct hv_intercept_header {
	u32 vp_index;
	u8 length_cr8;			/* 3:0 instruction length, 7:4 CR8 */
	u8 access;			/* HV_INTERCEPT_ACCESS_* */
	u16 execution_state;
	struct hv_segment cs;
	u64 rip;
	u64 rflags;
} __packed;
static_assert(sizeof(struct hv_intercept_header) == 40, "TLFS");

/* Memory access info */
#define HV_MEMORY_GVA_VALID		BIT(0)
#define HV_MEMORY_GVA_GPA_VALID		BIT(1)
#define HV_MEMORY_OUTPUT_PENDING	BIT(2)
#define HV_MEMORY_TLB_LOCKED		BIT(3)

#define HV_CACHE_UC	0
#define HV_CACHE_WC	1
#define HV_CACHE_WT	4
#define HV_CACHE_WP	5
#define HV_CACHE_WB	6

struct hv_memory_message {
	struct hv_intercept_header header;
	u32 cache_type;
	u8 byte_count;
	u8 access_info;
	u8 tpr;
	u8 rsvd;
	u64 gva;
	u64 gpa;
	u8 bytes[16];
} __packed;
static_assert(sizeof(struct hv_memory_message) == 80, "TLFS");

struct hv_timer_message {
	u32 timer_index;
	u32 rsvd;
	u64 expiration_time;
	u64 delivery_time;
} __packed;
static_assert(sizeof(struct hv_timer_message) == 24, "TLFS");

struct hv_opaque_message {
	u32 vp_index;
} __packed;

struct hv_sint_intercept_message {
	u32 sint_index;
} __packed;

struct hv_invalid_register_message {
	u32 vp_index;
	u32 rsvd;
} __packed;

#define HV_UNSUPPORTED_INTERCEPT	1
#define HV_UNSUPPORTED_TASK_SWITCH	2
struct hv_unsupported_message {
	u32 vp_index;
	u32 feature;
	u64 parameter;
} __packed;

struct hv_apic_eoi_message {
	u32 vp_index;
	u32 vector;
} __packed;

#define HV_IO_STRING	BIT(3)
#define HV_IO_REP	BIT(4)
struct hv_io_message {
	struct hv_intercept_header header;
	u16 port;
	u8 access_info;			/* 2:0 size, 3 string, 4 rep */
	u8 byte_count;
	u32 rsvd;
	u64 rax;
	u8 bytes[16];
	struct hv_segment ds, es;
	u64 rcx, rsi, rdi;
} __packed;
static_assert(sizeof(struct hv_io_message) == 128, "TLFS");

struct hv_msr_message {
	struct hv_intercept_header header;
	u32 msr;
	u32 rsvd;
	u64 rdx, rax;
} __packed;
static_assert(sizeof(struct hv_msr_message) == 64, "TLFS");

struct hv_cpuid_message {
	struct hv_intercept_header header;
	u64 rax, rcx, rdx, rbx;
	u64 default_rax, default_rcx, default_rdx, default_rbx;
} __packed;
static_assert(sizeof(struct hv_cpuid_message) == 104, "TLFS");

struct hv_exception_message {
	struct hv_intercept_header header;
	u16 vector;
	u8 info;			/* 0 error code valid, 1 software */
	u8 byte_count;
	u32 error_code;
	u64 parameter;
	u64 rsvd;
	u8 bytes[16];
	struct hv_segment ds, ss;
	u64 gpr[16];			/* RAX RCX RDX RBX RSP RBP RSI RDI R8-R15 */
} __packed;
static_assert(sizeof(struct hv_exception_message) == 240, "TLFS");

struct hv_hypercall_message {
	struct hv_intercept_header header;
	u64 rax, rbx, rcx, rdx, r8, rsi, rdi;
	u64 xmm[6][2];
	u32 flags;			/* 0 isolated */
} __packed;
static_assert(sizeof(struct hv_hypercall_message) == 196, "TLFS");

struct hv_deliverable_message {
	struct hv_intercept_header header;
	u32 type;
	u32 rsvd;
} __packed;
static_assert(sizeof(struct hv_deliverable_message) == 48, "TLFS");

struct hv_sint_deliverable_message {
	struct hv_intercept_header header;
	u16 sints;
	u8 rsvd[6];
} __packed;
static_assert(sizeof(struct hv_sint_deliverable_message) == 48, "TLFS");

struct hv_sipi_message {
	struct hv_intercept_header header;
	u32 target_vp_index;
	u32 vector;
} __packed;
static_assert(sizeof(struct hv_sipi_message) == 48, "TLFS");

struct hv_async_completion_message {
	u64 partition_id;
	u32 status;
	u32 completion_count;
	u64 sub_status;
} __packed;
static_assert(sizeof(struct hv_async_completion_message) == 24, "TLFS");

struct hv_signal_bitset_message {
	u64 partition_id;
	u32 overflow_count;
	u16 vp_count;
	u16 rsvd;
	u64 format;
	u64 valid_bank_mask;
	u64 banks[16];
} __packed;
static_assert(sizeof(struct hv_signal_bitset_message) == 160, "TLFS");

#define HV_SIGNAL_PAIRS		19
struct hv_signal_pair_message {
	u32 overflow_count;
	u8 vp_count;
	u8 rsvd[3];
	u64 partition_id[HV_SIGNAL_PAIRS];
	u32 vp_index[HV_SIGNAL_PAIRS];
	u32 rsvd2;
} __packed;
static_assert(sizeof(struct hv_signal_pair_message) == 240, "TLFS");

/* ---- SynIC pages ----------------------------------------------------------------------- */
struct hv_event_ring {
	u8 signal_masked;
	u8 ring_full;
	u16 rsvd;
	u32 data[HV_EVENT_RING_ENTRIES];	/* port ID; 0: free */
} __packed;
struct hv_event_ring_page {
	struct hv_event_ring ring[HV_SYNIC_SINT_COUNT];
} __packed;
static_assert(sizeof(struct hv_event_ring_page) == 4096, "TLFS");

struct hv_message_page {
	struct hv_message slot[HV_SYNIC_SINT_COUNT];
} __packed;
static_assert(sizeof(struct hv_message_page) == 4096, "TLFS");

struct hv_event_flags_page {
	u64 flags[HV_SYNIC_SINT_COUNT][HV_EVENT_FLAGS_COUNT / 64];
} __packed;
static_assert(sizeof(struct hv_event_flags_page) == 4096, "TLFS");

/* ---- Register names (x64) ---------------------------------------------------------------- */
enum hv_register_name {
	HV_REG_EXPLICIT_SUSPEND			= 0x00000000,
	HV_REG_INTERCEPT_SUSPEND		= 0x00000001,
	HV_REG_INSTRUCTION_EMULATION_HINTS	= 0x00000002,
	HV_REG_DISPATCH_SUSPEND			= 0x00000003,
	HV_REG_INTERNAL_ACTIVITY_STATE		= 0x00000004,
	HV_REG_HYPERVISOR_VERSION		= 0x00000100,
	HV_REG_CPUID_40000003			= 0x00000200,	/* and on to leaf ...0B */
	HV_REG_CPUID_4000000B			= 0x00000208,
	HV_REG_GUEST_CRASH_P0			= 0x00000210,
	HV_REG_GUEST_CRASH_P4			= 0x00000214,
	HV_REG_GUEST_CRASH_CTL			= 0x00000215,
	HV_REG_POWER_STATE_CONFIG_C1		= 0x00000220,	/* trigger next to it, then those of C2, C3 */
	HV_REG_POWER_STATE_TRIGGER_C3		= 0x00000225,
	HV_REG_PROCESSOR_CLOCK_FREQUENCY	= 0x00000240,
	HV_REG_INTERRUPT_CLOCK_FREQUENCY	= 0x00000241,
	HV_REG_PENDING_INTERRUPTION		= 0x00010002,
	HV_REG_INTERRUPT_STATE			= 0x00010003,
	HV_REG_PENDING_EVENT0			= 0x00010004,
	HV_REG_PENDING_EVENT1			= 0x00010005,
	HV_REG_DELIVERABILITY_NOTIFICATIONS	= 0x00010006,
	HV_REG_PENDING_DEBUG_EXCEPTION		= 0x00010007,
	HV_REG_RAX				= 0x00020000,
	HV_REG_RSP				= 0x00020004,
	HV_REG_R15				= 0x0002000f,
	HV_REG_RIP				= 0x00020010,
	HV_REG_RFLAGS				= 0x00020011,
	HV_REG_XMM0				= 0x00030000,
	HV_REG_XMM15				= 0x0003000f,
	HV_REG_FP_MMX0				= 0x00030010,
	HV_REG_FP_MMX7				= 0x00030017,
	HV_REG_FP_CONTROL_STATUS		= 0x00030018,
	HV_REG_XMM_CONTROL_STATUS		= 0x00030019,
	HV_REG_CR0				= 0x00040000,
	HV_REG_CR2				= 0x00040001,
	HV_REG_CR3				= 0x00040002,
	HV_REG_CR4				= 0x00040003,
	HV_REG_CR8				= 0x00040004,
	HV_REG_XFEM				= 0x00040005,
	HV_REG_INTERMEDIATE_CR0			= 0x00041000,
	HV_REG_INTERMEDIATE_CR3			= 0x00041002,
	HV_REG_INTERMEDIATE_CR4			= 0x00041003,
	HV_REG_INTERMEDIATE_CR8			= 0x00041004,
	HV_REG_DR0				= 0x00050000,
	HV_REG_DR3				= 0x00050003,
	HV_REG_DR6				= 0x00050004,
	HV_REG_DR7				= 0x00050005,
	HV_REG_ES				= 0x00060000,
	HV_REG_CS				= 0x00060001,
	HV_REG_SS				= 0x00060002,
	HV_REG_DS				= 0x00060003,
	HV_REG_FS				= 0x00060004,
	HV_REG_GS				= 0x00060005,
	HV_REG_LDTR				= 0x00060006,
	HV_REG_TR				= 0x00060007,
	HV_REG_IDTR				= 0x00070000,
	HV_REG_GDTR				= 0x00070001,
	HV_REG_TSC				= 0x00080000,
	HV_REG_EFER				= 0x00080001,
	HV_REG_KERNEL_GS_BASE			= 0x00080002,
	HV_REG_APIC_BASE			= 0x00080003,
	HV_REG_PAT				= 0x00080004,
	HV_REG_SYSENTER_CS			= 0x00080005,
	HV_REG_SYSENTER_EIP			= 0x00080006,
	HV_REG_SYSENTER_ESP			= 0x00080007,
	HV_REG_STAR				= 0x00080008,
	HV_REG_LSTAR				= 0x00080009,
	HV_REG_CSTAR				= 0x0008000a,
	HV_REG_SFMASK				= 0x0008000b,
	HV_REG_INITIAL_APIC_ID			= 0x0008000c,
	HV_REG_MTRR_CAP				= 0x0008000d,
	HV_REG_MTRR_DEF_TYPE			= 0x0008000e,
	HV_REG_MTRR_PHYS_BASE0			= 0x00080010,
	HV_REG_MTRR_PHYS_BASEF			= 0x0008001f,
	HV_REG_MTRR_PHYS_MASK0			= 0x00080040,
	HV_REG_MTRR_PHYS_MASKF			= 0x0008004f,
	HV_REG_MTRR_FIX64K			= 0x00080070,
	HV_REG_MTRR_FIX4K_F8000			= 0x0008007a,
	HV_REG_TSC_AUX				= 0x0008007b,
	HV_REG_BNDCFGS				= 0x0008007c,
	HV_REG_DEBUG_CTL			= 0x0008007d,
	HV_REG_SPEC_CTRL			= 0x00080084,
	HV_REG_PRED_CMD				= 0x00080085,
	HV_REG_VIRT_SPEC_CTRL			= 0x00080086,
	HV_REG_XSS				= 0x0008008b,
	HV_REG_TSC_DEADLINE			= 0x00080095,
	HV_REG_TSC_ADJUST			= 0x00080096,
	HV_REG_MISC_ENABLE			= 0x000800a0,
	HV_REG_APIC_FIRST			= 0x00084802,	/* 0x84000 + x2APIC MSR number */
	HV_REG_APIC_LAST			= 0x0008483f,
	HV_REG_VP_RUNTIME			= 0x00090000,
	HV_REG_HYPERCALL			= 0x00090001,
	HV_REG_GUEST_OS_ID			= 0x00090002,
	HV_REG_VP_INDEX				= 0x00090003,
	HV_REG_TIME_REF_COUNT			= 0x00090004,
	HV_REG_CPU_MANAGEMENT_VERSION		= 0x00090007,
	HV_REG_EOI				= 0x00090010,
	HV_REG_ICR				= 0x00090011,
	HV_REG_TPR				= 0x00090012,
	HV_REG_VP_ASSIST_PAGE			= 0x00090013,
	HV_REG_VP_ROOT_SIGNAL_COUNT		= 0x00090014,
	HV_REG_REFERENCE_TSC			= 0x00090017,
	HV_REG_STATS_PARTITION_RETAIL		= 0x00090020,
	HV_REG_STATS_PARTITION_INTERNAL		= 0x00090021,
	HV_REG_STATS_VP_RETAIL			= 0x00090022,
	HV_REG_STATS_VP_INTERNAL		= 0x00090023,
	HV_REG_SINT0				= 0x000a0000,
	HV_REG_SINT15				= 0x000a000f,
	HV_REG_SCONTROL				= 0x000a0010,
	HV_REG_SVERSION				= 0x000a0011,
	HV_REG_SIEFP				= 0x000a0012,
	HV_REG_SIMP				= 0x000a0013,
	HV_REG_EOM				= 0x000a0014,
	HV_REG_SIRBP				= 0x000a0015,
	HV_REG_STIMER0_CONFIG			= 0x000b0000,
	HV_REG_STIMER3_COUNT			= 0x000b0007,
};

#define HV_INTERCEPT_SUSPENDED		BIT(0)
#define HV_INTERCEPT_TLB_FLUSH_INHIBIT	BIT(1)
#define HV_INTERRUPT_STATE_SHADOW	BIT(0)
#define HV_INTERRUPT_STATE_NMI_MASKED	BIT(1)

/* PendingInterruption */
#define HV_PENDING_INTERRUPTION		BIT(0)
#define HV_PENDING_TYPE_SHIFT		1
#define HV_PENDING_TYPE_MASK		7ull
#define HV_PENDING_ERROR_VALID		BIT(4)
#define HV_PENDING_LENGTH_SHIFT		5
#define HV_PENDING_VECTOR_SHIFT		16
#define HV_PENDING_ERROR_SHIFT		32
#define HV_PENDING_RSVD			0xfc00ull
/* PendingEvent0 */
#define HV_EVENT_PENDING		BIT(0)
#define HV_EVENT_TYPE_SHIFT		1
#define HV_EVENT_TYPE_MASK		7ull
#define HV_EVENT_EXCEPTION		0
#define HV_EVENT_EXTINT			5
#define HV_EVENT_ERROR_VALID		BIT(8)
/* DeliverabilityNotifications */
#define HV_DELIVERABLE_NMI		BIT(0)
#define HV_DELIVERABLE_INTERRUPT	BIT(1)
#define HV_DELIVERABLE_SINT_SHIFT	48

/* ---- Pages and state buffers --------------------------------------------------------------- */
#define HV_REGPAGE_DIRTY_GP		BIT(0)
#define HV_REGPAGE_DIRTY_IP		BIT(1)
#define HV_REGPAGE_DIRTY_XMM		BIT(2)
#define HV_REGPAGE_DIRTY_SEGMENTS	BIT(3)
#define HV_REGPAGE_DIRTY_FLAGS		BIT(4)
#define HV_REGPAGE_VECTORS		7

struct hv_register_page {
	u16 version;
	u8 isvalid;
	u8 rsvd;
	u32 dirty;
	u64 gpr[16];			/* RAX RCX RDX RBX RSP RBP RSI RDI R8-R15 */
	u64 rip;
	u64 rflags;
	u64 rsvd2;
	u64 xmm[6][2];
	struct hv_segment segment[6];	/* ES CS SS DS FS GS */
	u64 cr0, cr3, cr4, cr8, efer, dr7;
	u64 pending_interruption;
	u64 interrupt_state;
	u64 instruction_emulation_hints;
	u64 xfem;
	u8 rsvd3[256];
	u8 vector_count;
	u8 vectors[HV_REGPAGE_VECTORS];
} __packed;
static_assert(offsetof(struct hv_register_page, xmm) == 160, "TLFS");
static_assert(offsetof(struct hv_register_page, cr0) == 352, "TLFS");
static_assert(offsetof(struct hv_register_page, xfem) == 424, "TLFS");
static_assert(offsetof(struct hv_register_page, vector_count) == 688, "TLFS");
static_assert(sizeof(struct hv_register_page) == 696, "TLFS");

struct hv_lapic_state {
	u32 id;
	u32 version;
	u32 ldr;
	u32 dfr;
	u32 spurious;
	u32 isr[8];
	u32 tmr[8];
	u32 irr[8];
	u32 esr;
	u32 icr_high;
	u32 icr_low;
	u32 lvt_timer;
	u32 lvt_thermal;
	u32 lvt_perfmon;
	u32 lvt_lint0;
	u32 lvt_lint1;
	u32 lvt_error;
	u32 lvt_cmci;
	u32 error_status;
	u32 initial_count;
	u32 counter_value;
	u32 divide_configuration;
	u32 remote_read;
} __packed;
static_assert(sizeof(struct hv_lapic_state) == 176, "TLFS");

struct hv_stimer_state {
	u32 flags;			/* 0 undelivered message pending */
	u32 rsvd;
	u64 config;
	u64 count;
	u64 adjustment;
	u64 undelivered_exp_time;
} __packed;
struct hv_stimers_state {
	struct hv_stimer_state timer[HV_SYNIC_STIMER_COUNT];
	u8 rsvd[40];
} __packed;
static_assert(sizeof(struct hv_stimers_state) == 200, "TLFS");

struct hv_vp_context {
	u64 rip, rsp, rflags;
	struct hv_segment cs, ds, es, fs, gs, ss, tr, ldtr;
	struct hv_table idtr, gdtr;
	u64 efer, cr0, cr3, cr4, pat;
} __packed;
static_assert(sizeof(struct hv_vp_context) == 224, "TLFS");

/* ---- 3.1 Partitions ----------------------------------------------------------------------- */
#define HV_PARTITION_CREATION_FLAG_SMT_ENABLED_GUEST BIT(0)
#define HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION_CAPABLE BIT(1)
#define HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES_ENABLED BIT(4)
#define HV_PARTITION_CREATION_FLAG_EXO_PARTITION BIT(8)
#define HV_PARTITION_CREATION_FLAG_VTL1_OVERRIDE BIT(9)
#define HV_PARTITION_CREATION_FLAG_VTL2_OVERRIDE BIT(10)
#define HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED BIT(13)
#define HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_PMU BIT(15)
#define HV_PARTITION_CREATION_FLAG_ENABLE_PERFMON_LBR BIT(16)
#define HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE_ENABLED BIT(19)
#define HV_PARTITION_CREATION_FLAG_HYPERCALL_DOORBELL_PAGE_ENABLED BIT(20)
#define HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE BIT(22)

#define HV_ISOLATION_TYPE_MASK		0x1full
#define HV_ISOLATION_VBS		1u
#define HV_ISOLATION_RSVD		0xf80ull

struct hv_create_partition_input {
	u64 flags;
	struct hv_proximity_info proximity;
	u32 compatibility_version;
	u32 pad;
	u64 disabled_features[2];
	u64 disabled_xsave;
	u64 isolation;
} __packed;
static_assert(sizeof(struct hv_create_partition_input) == 56, "TLFS");
struct hv_create_partition_output {
	u64 partition_id;
} __packed;

struct hv_partition_input {	/* Initialize, Finalize, Delete, ClearVirtualInterrupt, GetPartitionId's output */
	u64 partition_id;
} __packed;

struct hv_next_child_input {
	u64 parent_id;
	u64 previous_child_id;
} __packed;

/* ---- 3.2 Properties -------------------------------------------------------------------------- */
enum hv_property {
	HV_PROPERTY_PRIVILEGE_FLAGS		= 0x00010000,
	HV_PROPERTY_SYNTHETIC_PROC_FEATURES	= 0x00010001,
	HV_PROPERTY_SUSPEND			= 0x00020000,
	HV_PROPERTY_CPU_RESERVE			= 0x00020001,
	HV_PROPERTY_CPU_CAP			= 0x00020002,
	HV_PROPERTY_CPU_WEIGHT			= 0x00020003,
	HV_PROPERTY_CPU_GROUP_ID		= 0x00020004,
	HV_PROPERTY_TIME_FREEZE			= 0x00030003,
	HV_PROPERTY_APIC_FREQUENCY		= 0x00030004,
	HV_PROPERTY_REFERENCE_TIME		= 0x00030005,
	HV_PROPERTY_DEBUG_CHANNEL_ID		= 0x00040000,
	HV_PROPERTY_VIRTUAL_TLB_PAGE_COUNT	= 0x00050000,
	HV_PROPERTY_ZERO_MEMORY_ON_RESET	= 0x00050002,
	HV_PROPERTY_PROCESSORS_PER_SOCKET	= 0x00050003,
	HV_PROPERTY_NESTED_TLB_SIZE		= 0x00050004,
	HV_PROPERTY_GPA_PAGE_ACCESS_TRACKING	= 0x00050005,
	HV_PROPERTY_ISOLATION_STATE		= 0x0005000c,
	HV_PROPERTY_ISOLATION_CONTROL		= 0x0005000d,
	HV_PROPERTY_ALLOCATION_ID		= 0x0005000e,
	HV_PROPERTY_MONITORING_ID		= 0x0005000f,
	HV_PROPERTY_PHYSICAL_ADDRESS_BITS	= 0x00050010,
	HV_PROPERTY_NON_ARCH_CORE_SHARING	= 0x00050011,
	HV_PROPERTY_HYPERCALL_DOORBELL_PAGE	= 0x00050012,
	HV_PROPERTY_UNIMPLEMENTED_MSR_ACTION	= 0x00050017,
	HV_PROPERTY_PROCESSOR_VENDOR		= 0x00060000,
	HV_PROPERTY_PROCESSOR_FEATURES		= 0x00060001,
	HV_PROPERTY_PROCESSOR_XSAVE_FEATURES	= 0x00060002,
	HV_PROPERTY_CL_FLUSH_SIZE		= 0x00060003,
	HV_PROPERTY_COMPATIBILITY_VERSION	= 0x00060005,
	HV_PROPERTY_PHYSICAL_ADDRESS_WIDTH	= 0x00060006,
	HV_PROPERTY_XSAVE_STATES		= 0x00060007,
	HV_PROPERTY_MAX_XSAVE_DATA_SIZE		= 0x00060008,
	HV_PROPERTY_PROCESSOR_CLOCK_FREQUENCY	= 0x00060009,
	HV_PROPERTY_PROCESSOR_FEATURES0		= 0x0006000a,
	HV_PROPERTY_PROCESSOR_FEATURES1		= 0x0006000b,
	HV_PROPERTY_GUEST_OS_ID			= 0x00070000,
	HV_PROPERTY_VMM_CAPABILITIES		= 0x00090007,
	HV_PROPERTY_ASSIGNABLE_SYNTH_FEATURES	= 0x00090009,
};
#define HV_VENDOR_AMD			0
#define HV_MSR_ACTION_FAULT		0
#define HV_MSR_ACTION_IGNORE		1

struct hv_get_property_input {
	u64 partition_id;
	u32 property;
	u32 pad;
} __packed;
struct hv_set_property_input {
	u64 partition_id;
	u32 property;
	u32 pad;
	u64 value;
} __packed;
struct hv_get_property_ex_input {
	u64 partition_id;
	u32 property;
	u32 pad;
	u64 arg;			/* 31:0 argument, 63:56 object type, rest reserved */
} __packed;
#define HV_PROPERTY_EX_ARG_RSVD		0x00ffffff00000000ull
struct hv_set_property_ex_input {		/* the value is the variable header */
	u64 partition_id;
	u32 property;
	u32 pad;
	u64 arg;
	u64 value[];
} __packed;
static_assert(sizeof(struct hv_set_property_ex_input) == 24, "TLFS");
struct hv_banks_output {		/* VmmCapabilities, AssignableSyntheticProcFeatures */
	u16 bank_count;
	u16 rsvd[3];
	u64 bank[1];
} __packed;
static_assert(sizeof(struct hv_get_property_input) == 16, "TLFS");
static_assert(sizeof(struct hv_set_property_input) == 24, "TLFS");
static_assert(sizeof(struct hv_get_property_ex_input) == 24, "TLFS");
static_assert(sizeof(struct hv_banks_output) == 16, "TLFS");

/* ---- 3.3 Memory pools ------------------------------------------------------------------------ */
struct hv_deposit_input {
	u64 partition_id;
	u64 gfn[];
} __packed;
struct hv_withdraw_input {		/* GetMemoryBalance too */
	u64 partition_id;
	struct hv_proximity_info proximity;
} __packed;
struct hv_balance_output {
	u64 pages_available;
	u64 pages_in_use;
} __packed;

/* ---- 3.4 Mappings ------------------------------------------------------------------------------ */
#define HV_MAP_READABLE			0x00000001u
#define HV_MAP_WRITABLE			0x00000002u
#define HV_MAP_KERNEL_EXECUTABLE	0x00000004u
#define HV_MAP_USER_EXECUTABLE		0x00000008u
#define HV_MAP_EXECUTABLE		0x0000000cu
#define HV_MAP_ADJUSTABLE		0x00008000u
#define HV_MAP_NO_ACCESS		0x00010000u
#define HV_MAP_ZEROED			0x00020000u
#define HV_MAP_ONES			0x00030000u
#define HV_MAP_FIELD_17_16		0x00030000u
#define HV_MAP_NO_OVERLAY		0x00100000u
#define HV_MAP_NOT_CACHED		0x00200000u
#define HV_MAP_CLEAR_ACCESSED		0x01000000u
#define HV_MAP_SET_ACCESSED		0x02000000u
#define HV_MAP_CLEAR_DIRTY		0x04000000u
#define HV_MAP_SET_DIRTY		0x08000000u
#define HV_MAP_DONT_SET_RANGE_ACCESSED	0x10000000u
#define HV_MAP_LARGE_PAGE		0x80000000u
#define HV_UNMAP_KEEP_PRECOMMITTED	0x1u
#define HV_UNMAP_LARGE_PAGE		0x2u

struct hv_map_gpa_input {
	u64 partition_id;
	u64 base_gfn;
	u32 flags;
	u32 pad;
	u64 source_gfn[];
} __packed;
static_assert(sizeof(struct hv_map_gpa_input) == 24, "TLFS");
struct hv_unmap_gpa_input {
	u64 partition_id;
	u64 base_gfn;
	u32 flags;
	u32 pad;
} __packed;
static_assert(sizeof(struct hv_unmap_gpa_input) == 24, "TLFS");
struct hv_sparse_element {
	u64 target_gfn;
	u64 source_gfn;
} __packed;
struct hv_map_sparse_input {
	u64 partition_id;
	u32 flags;
	u32 pad;
	struct hv_sparse_element element[];
} __packed;
struct hv_modify_sparse_input {
	u64 partition_id;
	u32 flags;
	u32 rsvd;
	u64 gfn[];
} __packed;
#define HV_ACCESS_CLEAR_ACCESSED	BIT(0)
#define HV_ACCESS_SET_ACCESSED		BIT(1)
#define HV_ACCESS_CLEAR_DIRTY		BIT(2)
#define HV_ACCESS_SET_DIRTY		BIT(3)
#define HV_ACCESS_STATE_ACCESSED	BIT(0)
#define HV_ACCESS_STATE_DIRTY		BIT(1)
struct hv_access_states_input {
	u64 partition_id;
	u64 flags;
	u64 base_gfn;
} __packed;

/* ---- 3.5 Intercepts ---------------------------------------------------------------------------- */
#define HV_INTERCEPT_NONE		0u	/* access masks in calls */
#define HV_INTERCEPT_READ		1u
#define HV_INTERCEPT_WRITE		2u
#define HV_INTERCEPT_EXECUTE		4u
enum hv_intercept_type {
	HV_INTERCEPT_X64_IO_PORT		= 0x00,
	HV_INTERCEPT_X64_MSR			= 0x01,
	HV_INTERCEPT_X64_CPUID			= 0x02,
	HV_INTERCEPT_EXCEPTION			= 0x03,
	HV_INTERCEPT_MMIO			= 0x05,
	HV_INTERCEPT_X64_GLOBAL_CPUID		= 0x06,
	HV_INTERCEPT_X64_APIC_SMI		= 0x07,
	HV_INTERCEPT_HYPERCALL			= 0x08,
	HV_INTERCEPT_X64_APIC_INIT_SIPI		= 0x09,
	HV_INTERCEPT_MC_UPDATE_PATCH_LEVEL	= 0x0a,
	HV_INTERCEPT_X64_APIC_WRITE		= 0x0b,
	HV_INTERCEPT_X64_MSR_INDEX		= 0x0c,
	HV_INTERCEPT_UNKNOWN_CONNECTION		= 0x0d,
	HV_INTERCEPT_X64_APIC_EOI		= 0x0e,
	HV_INTERCEPT_RETARGET_UNKNOWN_DEVICE	= 0x0f,
	HV_INTERCEPT_X64_EXCEPTION_TRAP		= 0x10,
	HV_INTERCEPT_X64_IO_PORT_RANGE		= 0x11,
};
struct hv_check_io_intercept_input {
	u64 partition_id;
	u32 vp_index;
	u8 target_vtl;
	u8 pad;
	u16 port;
	u8 size;
	u8 is_write;
} __packed;
static_assert(sizeof(struct hv_check_io_intercept_input) == 18, "TLFS");
struct hv_install_intercept_input {
	u64 partition_id;
	u32 access_mask;
	u32 type;
	u64 parameter;
} __packed;
static_assert(sizeof(struct hv_install_intercept_input) == 24, "TLFS");
struct hv_cpuid_result {
	u32 leaf;
	u32 subleaf;
	u8 subleaf_specific;
	u8 always_override;
	u16 pad;
	struct {
		u32 value;
		u32 mask;
	} reg[4];			/* EAX EBX ECX EDX */
} __packed;
static_assert(sizeof(struct hv_cpuid_result) == 44, "TLFS");
struct hv_msr_result {
	u32 msr;
	u32 access;
	u32 action;
} __packed;
struct hv_intercept_result_input {
	u64 partition_id;
	u32 vp_index;
	u32 type;
	union {
		struct hv_cpuid_result cpuid;
		struct hv_msr_result msr;
	};
} __packed;
static_assert(sizeof(struct hv_intercept_result_input) == 60, "TLFS");
#define HV_CPUID_USE_VP_XFEM_XSS	BIT(0)
#define HV_CPUID_APPLY_REGISTERED	BIT(1)
struct hv_cpuid_element {
	u32 leaf;
	u32 subleaf;
	u64 xfem;
	u64 xss;
} __packed;
struct hv_cpuid_values_input {
	u64 partition_id;
	u32 vp_index;
	u32 flags;
	u32 rsvd;
	u32 pad;
	struct hv_cpuid_element element[];
} __packed;
static_assert(sizeof(struct hv_cpuid_values_input) == 24, "TLFS");

/* ---- 3.6 Virtual processors ----------------------------------------------------------------------- */
#define HV_SUBNODE_SOCKET		1u
struct hv_create_vp_input {
	u64 partition_id;
	u32 vp_index;
	u8 pad[3];
	u8 subnode_type;
	u64 subnode_id;
	struct hv_proximity_info proximity;
	u64 flags;
} __packed;
static_assert(sizeof(struct hv_create_vp_input) == 40, "TLFS");
struct hv_delete_vp_input {
	u64 partition_id;
	u32 vp_index;
	u32 rsvd;
} __packed;
struct hv_vp_registers_input {		/* header of Get and Set */
	u64 partition_id;
	u32 vp_index;
	u8 ivtl;
	u8 rsvd[3];
} __packed;
static_assert(sizeof(struct hv_vp_registers_input) == 16, "TLFS");
struct hv_register_assoc {
	u32 name;
	u32 rsvd;
	u64 rsvd2;
	u64 value[2];
} __packed;
static_assert(sizeof(struct hv_register_assoc) == 32, "TLFS");

#define HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND	0x01u
#define HV_DISPATCH_ENABLE_CALLER_INTERRUPTS	0x02u
#define HV_DISPATCH_SET_CALLER_SPEC_CTRL	0x04u
#define HV_DISPATCH_SKIP_VP_SPEC_FLUSH		0x08u
#define HV_DISPATCH_SKIP_CALLER_SPEC_FLUSH	0x10u
#define HV_DISPATCH_SKIP_USER_SPEC_FLUSH	0x20u
#define HV_DISPATCH_SCAN_INTERRUPTS		0x40u
#define HV_DISPATCH_FLAGS			0x7fu
#define HV_DISPATCH_STATE_BLOCKED		1u
#define HV_DISPATCH_STATE_READY			2u
#define HV_DISPATCH_EVENT_NONE			0u
#define HV_DISPATCH_EVENT_SUSPEND		1u
#define HV_DISPATCH_EVENT_INTERCEPT		2u
struct hv_dispatch_vp_input {
	u64 partition_id;
	u32 vp_index;
	u32 flags;
	u64 time_slice;
	u64 spec_ctrl;
} __packed;
static_assert(sizeof(struct hv_dispatch_vp_input) == 32, "TLFS");
struct hv_dispatch_vp_output {
	u32 state;
	u32 event;
} __packed;

#define HV_STATE_PAGE_REGISTERS		0
#define HV_STATE_PAGE_INTERCEPT		1
#define HV_STATE_PAGE_GHCB		2
#define HV_STATE_PAGE_LOCATION_GIVEN	BIT(0)
struct hv_map_state_page_input {
	u64 partition_id;
	u32 vp_index;
	u16 type;
	u8 ivtl;
	u8 flags;
	u64 location_gfn;
} __packed;
static_assert(sizeof(struct hv_map_state_page_input) == 24, "TLFS");
struct hv_unmap_state_page_input {
	u64 partition_id;
	u32 vp_index;
	u16 type;
	u8 ivtl;
	u8 rsvd;
} __packed;
static_assert(sizeof(struct hv_unmap_state_page_input) == 16, "TLFS");

#define HV_VP_STATE_LAPIC		0x80000000u
#define HV_VP_STATE_XSAVE		0x80000001u
#define HV_VP_STATE_SIM_PAGE		0x80000002u
#define HV_VP_STATE_SIEF_PAGE		0x80000003u
#define HV_VP_STATE_SYNTHETIC_TIMERS	4u
#define HV_VP_STATE_PFN_LIST		0x80000000u
struct hv_vp_state_input {		/* fixed header of Get and Set */
	u64 partition_id;
	u32 vp_index;
	u8 ivtl;
	u8 rsvd[3];
	u32 type;
	u32 rsvd2;
	u64 xsave_flags;
	u64 xsave_states;
	u64 data[];
} __packed;
static_assert(sizeof(struct hv_vp_state_input) == 40, "TLFS");

struct hv_start_vp_input {
	u64 partition_id;
	u32 vp_index;
	u8 ivtl;
	u8 rsvd[3];
	struct hv_vp_context context;
} __packed;
static_assert(sizeof(struct hv_start_vp_input) == 240, "TLFS");
struct hv_apic_id_input {
	u64 partition_id;
	u8 ivtl;
	u8 rsvd[7];
	u32 apic_id[];
} __packed;
static_assert(sizeof(struct hv_apic_id_input) == 16, "TLFS");

/* ---- 3.7 A child's memory ---------------------------------------------------------------------------- */
#define HV_TRANSLATE_VALIDATE_READ	0x0001ull
#define HV_TRANSLATE_VALIDATE_WRITE	0x0002ull
#define HV_TRANSLATE_VALIDATE_EXECUTE	0x0004ull
#define HV_TRANSLATE_PRIVILEGE_EXEMPT	0x0008ull
#define HV_TRANSLATE_SET_PAGE_BITS	0x0010ull
#define HV_TRANSLATE_TLB_FLUSH_INHIBIT	0x0020ull
#define HV_TRANSLATE_SUPERVISOR_ACCESS	0x0040ull
#define HV_TRANSLATE_USER_ACCESS	0x0080ull
#define HV_TRANSLATE_ENFORCE_SMAP	0x0100ull
#define HV_TRANSLATE_OVERRIDE_SMAP	0x0200ull
#define HV_TRANSLATE_SHADOW_STACK	0x0400ull
#define HV_TRANSLATE_FLAGS		0x07ffull
#define HV_TRANSLATE_IVTL_SHIFT		56
struct hv_translate_input {
	u64 partition_id;
	u32 vp_index;
	u32 pad;
	u64 flags;
	u64 gva_page;
} __packed;
static_assert(sizeof(struct hv_translate_input) == 32, "TLFS");
enum hv_translate_result {
	HV_TRANSLATE_SUCCESS			= 0,
	HV_TRANSLATE_PAGE_NOT_PRESENT		= 1,
	HV_TRANSLATE_PRIVILEGE_VIOLATION	= 2,
	HV_TRANSLATE_INVALID_PAGE_TABLE_FLAGS	= 3,
	HV_TRANSLATE_GPA_UNMAPPED		= 4,
	HV_TRANSLATE_GPA_NO_READ		= 5,
	HV_TRANSLATE_GPA_NO_WRITE		= 6,
	HV_TRANSLATE_GPA_ILLEGAL_OVERLAY	= 7,
};
#define HV_TRANSLATE_OVERLAY_PAGE	BIT(8)
struct hv_translate_output {
	u32 result;
	u32 info;			/* 7:0 cache type, 8 overlay */
	u64 gpa_page;
} __packed;
static_assert(sizeof(struct hv_translate_output) == 16, "TLFS");
struct hv_translate_ex_output {
	u32 result;
	u32 info;
	u64 rsvd;
	u64 event[4];
	u64 gpa_page;
	u64 pad;
} __packed;
static_assert(sizeof(struct hv_translate_ex_output) == 64, "TLFS");

#define HV_GPA_ACCESS_MAX		16
struct hv_read_gpa_input {
	u64 partition_id;
	u32 vp_index;
	u32 byte_count;
	u64 gpa;
	u64 control;			/* 7:0 cache type */
} __packed;
struct hv_write_gpa_input {
	u64 partition_id;
	u32 vp_index;
	u32 byte_count;
	u64 gpa;
	u64 control;
	u8 data[HV_GPA_ACCESS_MAX];
} __packed;
enum hv_gpa_access_result {
	HV_GPA_ACCESS_OK		= 0,
	HV_GPA_ACCESS_UNMAPPED		= 1,
	HV_GPA_ACCESS_READ_INTERCEPT	= 2,
	HV_GPA_ACCESS_WRITE_INTERCEPT	= 3,
	HV_GPA_ACCESS_ILLEGAL_OVERLAY	= 4,
};
struct hv_read_gpa_output {
	u32 result;
	u32 rsvd;
	u8 data[HV_GPA_ACCESS_MAX];
} __packed;
struct hv_write_gpa_output {
	u32 result;
	u32 rsvd;
} __packed;
static_assert(sizeof(struct hv_read_gpa_input) == 32, "TLFS");
static_assert(sizeof(struct hv_write_gpa_input) == 48, "TLFS");
static_assert(sizeof(struct hv_read_gpa_output) == 24, "TLFS");

/* ---- 3.8 Interrupts ------------------------------------------------------------------------------------ */
#define HV_ASSERT_LEVEL			BIT(0)
#define HV_ASSERT_LOGICAL		BIT(1)
#define HV_ASSERT_LONG_MODE		BIT(30)
struct hv_assert_interrupt_input {
	u64 partition_id;
	u32 type;
	u32 control;
	u64 destination;
	u32 vector;
	u8 target_vtl;
	u8 rsvd[3];
} __packed;
static_assert(sizeof(struct hv_assert_interrupt_input) == 32, "TLFS");

struct hv_vp_set_from_mda_input {
	u64 partition_id;
	u64 destination;
	u8 target_vtl;
	u8 logical;
	u8 rsvd[6];
} __packed;
static_assert(sizeof(struct hv_vp_set_from_mda_input) == 24, "TLFS");

struct hv_cluster_ipi_input {
	u32 vector;
	u8 ivtl;
	u8 rsvd[3];
	u64 mask;
} __packed;
static_assert(sizeof(struct hv_cluster_ipi_input) == 16, "TLFS");
struct hv_cluster_ipi_ex_input {
	u32 vector;
	u8 ivtl;
	u8 rsvd[3];
	u64 format;
	u64 valid_bank_mask;
	u64 bank[];
} __packed;
static_assert(sizeof(struct hv_cluster_ipi_ex_input) == 24, "TLFS");

/* Device IDs: bits 63:62 type */
#define HV_DEVICE_TYPE_SHIFT		62
#define HV_DEVICE_LOGICAL		0
#define HV_DEVICE_PCI			1
#define HV_DEVICE_IOAPIC		2
#define HV_DEVICE_ACPI			3
#define HV_DEVICE_PCI_RSVD		0x3ff8000000000000ull	/* 61:51 */
#define HV_DEVICE_IOAPIC_RSVD		0x3fffffffffffff00ull	/* 61:8 */

#define HV_INTERRUPT_SOURCE_MSI		1
#define HV_INTERRUPT_SOURCE_IOAPIC	2
struct hv_interrupt_entry {
	u32 source;
	u32 rsvd;
	union {
		u64 body;
		struct {
			u32 address;
			u32 data;
		} msi;
		u64 rte;
	};
} __packed;
static_assert(sizeof(struct hv_interrupt_entry) == 16, "TLFS");

#define HV_TARGET_MULTICAST		BIT(0)
#define HV_TARGET_PROCESSOR_SET		BIT(1)
struct hv_interrupt_target {		/* with a VP mask, or with a set in its place */
	u32 vector;
	u32 flags;
	union {
		u64 vp_mask;
		u64 format;
	};
	u64 set[];			/* bank mask, banks: the variable header */
} __packed;
static_assert(sizeof(struct hv_interrupt_target) == 16, "TLFS");
struct hv_map_interrupt_input {
	u64 partition_id;
	u64 device_id;
	u32 flags;
	u32 base_irt;
	struct hv_interrupt_entry logical_entry;
	u32 interrupt_type;
	u32 trigger_mode;
	u32 vector_count;
	u32 rsvd;
	struct hv_interrupt_target target;
} __packed;
static_assert(offsetof(struct hv_map_interrupt_input, target) == 56, "TLFS");
static_assert(sizeof(struct hv_map_interrupt_input) == 72, "TLFS");
struct hv_map_interrupt_output {
	struct hv_interrupt_entry entry;
	u64 deprecated[5];
} __packed;
static_assert(sizeof(struct hv_map_interrupt_output) == 56, "TLFS");
struct hv_unmap_interrupt_input {
	u64 partition_id;
	u64 device_id;
	struct hv_interrupt_entry entry;
	u32 flags;
} __packed;
static_assert(sizeof(struct hv_unmap_interrupt_input) == 36, "TLFS");
struct hv_retarget_interrupt_input {
	u64 partition_id;
	u64 device_id;
	struct hv_interrupt_entry entry;
	u64 rsvd;
	struct hv_interrupt_target target;
} __packed;
static_assert(sizeof(struct hv_retarget_interrupt_input) == 56, "TLFS");

/* ---- 3.9 Ports --------------------------------------------------------------------------------------------- */
#define HV_PORT_MESSAGE			1u
#define HV_PORT_EVENT			2u
#define HV_PORT_MONITOR			3u
#define HV_PORT_DOORBELL		4u
#define HV_PORT_ID_MASK			0x00ffffffu
struct hv_port_info {
	u32 type;
	u32 pad;
	union {
		struct {
			u32 target_sint;
			u32 target_vp;
			u16 base_flag;	/* EVENT; reserved otherwise */
			u16 flag_count;
			u32 rsvd;
		};
		struct {
			u64 monitor_gpa;
			u64 monitor_rsvd;
		};
	};
} __packed;
static_assert(sizeof(struct hv_port_info) == 24, "TLFS");
#define HV_DOORBELL_SIZE_MASK		7ull
#define HV_DOORBELL_ANY_VALUE		0x80000000ull
struct hv_connection_info {
	u32 type;
	u32 pad;
	u64 gpa;			/* DOORBELL, MONITOR; reserved otherwise */
	u64 trigger_value;
	u64 flags;
} __packed;
static_assert(sizeof(struct hv_connection_info) == 32, "TLFS");
struct hv_create_port_input {
	u64 port_partition;
	u32 port_id;
	u8 port_vtl;
	u8 min_connection_vtl;
	u16 rsvd;
	u64 connection_partition;
	struct hv_port_info info;
	struct hv_proximity_info proximity;
} __packed;
static_assert(sizeof(struct hv_create_port_input) == 56, "TLFS");
#define HV_PORT_PROPERTY_POST_COUNT		0u
#define HV_PORT_PROPERTY_PREFERRED_TARGET_VP	1u
struct hv_port_property_input {		/* Get: without the value */
	u64 partition_id;
	u32 port_id;
	u32 pad;
	u32 code;
	u32 pad2;
	u64 value;
} __packed;
static_assert(sizeof(struct hv_port_property_input) == 32, "TLFS");
struct hv_delete_port_input {
	u64 port_partition;
	u32 port_id;
	u32 rsvd;
} __packed;
struct hv_connect_port_input {
	u64 connection_partition;
	u32 connection_id;
	u8 connection_vtl;
	u8 rsvd[3];
	u64 port_partition;
	u32 port_id;
	u32 rsvd2;
	struct hv_connection_info info;
	struct hv_proximity_info proximity;
} __packed;
static_assert(sizeof(struct hv_connect_port_input) == 72, "TLFS");
#define HV_DISCONNECT_DOORBELL		BIT(0)
struct hv_disconnect_port_input {
	u64 connection_partition;
	u32 connection_id;
	u32 flags;
} __packed;
struct hv_post_message_input {
	u32 connection_id;
	u32 rsvd;
	u32 message_type;
	u32 payload_size;
	u8 payload[HV_MESSAGE_PAYLOAD_SIZE];
} __packed;
static_assert(sizeof(struct hv_post_message_input) == 256, "TLFS");
struct hv_signal_event_input {
	u32 connection_id;
	u16 flag_number;
	u16 rsvd;
} __packed;
struct hv_signal_direct_input {
	u64 partition_id;
	u32 vp_index;
	u8 target_vtl;
	u8 sint;
	u16 flag_number;
} __packed;
struct hv_signal_direct_output {
	u8 newly_signaled;
	u8 rsvd[7];
} __packed;
struct hv_post_direct_input {
	u64 partition_id;
	u32 vp_index;
	u8 target_vtl;
	u8 pad[3];
	u32 sint;
	struct hv_message message;
	u32 pad2;
} __packed;
static_assert(sizeof(struct hv_post_direct_input) == 280, "TLFS");
struct hv_ring_empty_input {
	u32 sint;
	u32 rsvd;
} __packed;

/* ---- 3.11 Statistics ------------------------------------------------------------------------------------------ */
#define HV_STATS_HYPERVISOR		0x00000001u
#define HV_STATS_LOGICAL_PROCESSOR	0x00000002u
#define HV_STATS_PARTITION		0x00010001u
#define HV_STATS_VP			0x00010002u
#define HV_STATS_AREA_SELF		0
#define HV_STATS_AREA_PARENT		1
#define HV_STATS_AREA_INTERNAL		2
#define HV_COUNTER_LOGICAL_PROCESSORS	1
#define HV_COUNTER_VP_DISPATCH_BLOCKED	202
struct hv_stats_input {
	u32 type;
	u32 pad;
	union {
		struct {
			u32 lp_index;
			u8 lp_rsvd[11];
		} __packed;
		struct {
			u64 partition_id;
			u32 vp_index;	/* VP; reserved for PARTITION */
			u16 vp_flags;
			u8 vp_rsvd;
		} __packed;
		u8 identity[15];
	};
	u8 area;
} __packed;
static_assert(sizeof(struct hv_stats_input) == 24, "TLFS");

/* ---- 3.12 System -------------------------------------------------------------------------------------------------- */
struct hv_add_lp_input {
	u32 lp_index;
	u32 apic_id;
	struct hv_proximity_info proximity;
} __packed;
static_assert(sizeof(struct hv_add_lp_input) == 16, "TLFS");
struct hv_add_lp_output {
	u64 status;
	u64 substatus[6];
} __packed;
static_assert(sizeof(struct hv_add_lp_output) == 56, "TLFS");
struct hv_lp_run_time_output {
	u64 global_time;
	u64 local_run_time;
	u64 rsvd;
	u64 hypervisor_time;
} __packed;
static_assert(sizeof(struct hv_lp_run_time_output) == 32, "TLFS");
#define HV_EVENT_ROOT_CRASHDUMP		2u
#define HV_EVENT_ALL_LPS_STARTED	4u
struct hv_partition_event_input {
	u32 event;
	u32 data;
} __packed;
#define HV_SYSTEM_PROPERTY_SLEEP_STATE		3u
#define HV_SYSTEM_PROPERTY_SCHEDULER_TYPE	15u
#define HV_SYSTEM_PROPERTY_DYNAMIC_FEATURE	21u
#define HV_SYSTEM_PROPERTY_CRASHDUMP_AREA	47u
#define HV_SCHEDULER_LP			1u
#define HV_SCHEDULER_LP_SMT		2u
#define HV_SCHEDULER_CORE_SMT		3u
#define HV_SCHEDULER_ROOT		4u
struct hv_get_system_property_input {
	u32 property;
	u32 rsvd;
	u64 argument;
} __packed;
#define HV_SLEEP_STATE_S5		5u
#define HV_SLEEP_STATE_LOCK		6u
struct hv_set_system_property_input {
	u32 property;
	u32 rsvd;
	union {
		struct {
			u32 sleep_state;
			u8 pm1a_slp_typ;
			u8 pm1b_slp_typ;
		} __packed;
		u8 value[64];
	};
} __packed;
static_assert(sizeof(struct hv_set_system_property_input) == 72, "TLFS");

#endif
