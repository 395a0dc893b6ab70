/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypercall interface of the Microsoft hypervisor, as a root partition and
 * the parent of other partitions use it.
 *
 * The names follow the Top Level Functional Specification.  Everything here
 * has the prefix tlfs_ or TLFS_, because asm-generic/hyperv-tlfs.h already
 * defines the subset that an ordinary guest needs.  Structures hold whole
 * integers only; fields inside an integer are named by masks and shifts.
 * All integers are little endian, and "pfn" always counts 4096-byte pages.
 */
#ifndef _ASM_GENERIC_MSHV_TLFS_H
#define _ASM_GENERIC_MSHV_TLFS_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/*
 * Constants
 */

#define TLFS_PAGE_SHIFT			12
#define TLFS_PAGE_SIZE			4096
#define TLFS_LARGE_PAGE_PAGES		512	/* 2 MiB in small pages */

#define TLFS_PARTITION_ID_INVALID	0ULL
#define TLFS_PARTITION_ID_SELF		(~0ULL)
#define TLFS_VP_INDEX_SELF		0xFFFFFFFEU
#define TLFS_VP_ANY			0xFFFFFFFFU
#define TLFS_VECTOR_NONE		0xFFFFFFFFU
#define TLFS_MAX_VPS			2048	/* x86-64 */
#define TLFS_NR_SINTS			16
#define TLFS_NR_STIMERS			4
#define TLFS_MAX_REPS			4095

/* Hypercall input value */
#define TLFS_CONTROL_CODE_MASK		0xFFFFULL
#define TLFS_CONTROL_FAST		BIT_ULL(16)
#define TLFS_CONTROL_VARHEAD_SHIFT	17
#define TLFS_CONTROL_VARHEAD_MASK	(0x3FFULL << 17)
#define TLFS_CONTROL_NESTED		BIT_ULL(31)
#define TLFS_CONTROL_REPS_SHIFT		32
#define TLFS_CONTROL_REPS_MASK		(0xFFFULL << 32)
#define TLFS_CONTROL_START_SHIFT	48
#define TLFS_CONTROL_START_MASK		(0xFFFULL << 48)

/* Hypercall result value */
#define TLFS_RESULT_STATUS_MASK		0xFFFFULL
#define TLFS_RESULT_REPS_SHIFT		32
#define TLFS_RESULT_REPS_MASK		(0xFFFULL << 32)
/* What a wrapper returns when there is no hypercall page */
#define TLFS_RESULT_NO_HYPERCALLS	(~0ULL)

/* Privilege mask, CPUID 0x40000003 EAX (low) and EBX (high) */
#define TLFS_PRIV_CREATE_PARTITIONS	BIT_ULL(32)
#define TLFS_PRIV_ACCESS_PARTITION_ID	BIT_ULL(33)
#define TLFS_PRIV_ACCESS_MEMORY_POOL	BIT_ULL(34)
#define TLFS_PRIV_POST_MESSAGES		BIT_ULL(36)
#define TLFS_PRIV_SIGNAL_EVENTS		BIT_ULL(37)
#define TLFS_PRIV_CREATE_PORT		BIT_ULL(38)
#define TLFS_PRIV_CONNECT_PORT		BIT_ULL(39)
#define TLFS_PRIV_ACCESS_STATS		BIT_ULL(40)
#define TLFS_PRIV_CPU_MANAGEMENT	BIT_ULL(44)
#define TLFS_PRIV_ISOLATION		BIT_ULL(54)

/* CPUID 0x40000003 ECX */
#define TLFS_FEATURE_DISPATCH_INJECT	BIT(9)

/*
 * Call codes
 */

#define TLFS_CALL_GET_LP_RUN_TIME		0x0004
#define TLFS_CALL_CREATE_PARTITION		0x0040
#define TLFS_CALL_INITIALIZE_PARTITION		0x0041
#define TLFS_CALL_FINALIZE_PARTITION		0x0042
#define TLFS_CALL_DELETE_PARTITION		0x0043
#define TLFS_CALL_GET_PARTITION_PROPERTY	0x0044
#define TLFS_CALL_SET_PARTITION_PROPERTY	0x0045
#define TLFS_CALL_GET_PARTITION_ID		0x0046
#define TLFS_CALL_GET_NEXT_CHILD_PARTITION	0x0047
#define TLFS_CALL_DEPOSIT_MEMORY		0x0048
#define TLFS_CALL_WITHDRAW_MEMORY		0x0049
#define TLFS_CALL_GET_MEMORY_BALANCE		0x004A
#define TLFS_CALL_MAP_GPA_PAGES			0x004B
#define TLFS_CALL_UNMAP_GPA_PAGES		0x004C
#define TLFS_CALL_INSTALL_INTERCEPT		0x004D
#define TLFS_CALL_CREATE_VP			0x004E
#define TLFS_CALL_DELETE_VP			0x004F
#define TLFS_CALL_GET_VP_REGISTERS		0x0050
#define TLFS_CALL_SET_VP_REGISTERS		0x0051
#define TLFS_CALL_TRANSLATE_VIRTUAL_ADDRESS	0x0052
#define TLFS_CALL_READ_GPA			0x0053
#define TLFS_CALL_WRITE_GPA			0x0054
#define TLFS_CALL_CLEAR_VIRTUAL_INTERRUPT	0x0056
#define TLFS_CALL_DELETE_PORT			0x0058
#define TLFS_CALL_DISCONNECT_PORT		0x005B
#define TLFS_CALL_POST_MESSAGE			0x005C
#define TLFS_CALL_SIGNAL_EVENT			0x005D
#define TLFS_CALL_MAP_STATS_PAGE		0x006C
#define TLFS_CALL_UNMAP_STATS_PAGE		0x006D
#define TLFS_CALL_SET_SYSTEM_PROPERTY		0x006F
#define TLFS_CALL_ADD_LP			0x0076
#define TLFS_CALL_GET_SYSTEM_PROPERTY		0x007B
#define TLFS_CALL_MAP_DEVICE_INTERRUPT		0x007C
#define TLFS_CALL_UNMAP_DEVICE_INTERRUPT	0x007D
#define TLFS_CALL_ENTER_SLEEP_STATE		0x0084
#define TLFS_CALL_NOTIFY_PARTITION_EVENT	0x0087
#define TLFS_CALL_NOTIFY_PORT_RING_EMPTY	0x008B
#define TLFS_CALL_REGISTER_INTERCEPT_RESULT	0x0091
#define TLFS_CALL_ASSERT_VIRTUAL_INTERRUPT	0x0094
#define TLFS_CALL_CREATE_PORT			0x0095
#define TLFS_CALL_CONNECT_PORT			0x0096
#define TLFS_CALL_SIGNAL_EVENT_DIRECT		0x00C0
#define TLFS_CALL_POST_MESSAGE_DIRECT		0x00C1
#define TLFS_CALL_DISPATCH_VP			0x00C2
#define TLFS_CALL_GET_GPA_PAGES_ACCESS_STATES	0x00C9
#define TLFS_CALL_MAP_VP_STATE_PAGE		0x00E1
#define TLFS_CALL_UNMAP_VP_STATE_PAGE		0x00E2
#define TLFS_CALL_GET_VP_STATE			0x00E3
#define TLFS_CALL_SET_VP_STATE			0x00E4
#define TLFS_CALL_GET_VP_CPUID_VALUES		0x00F4
#define TLFS_CALL_GET_PARTITION_PROPERTY_EX	0x0101
#define TLFS_CALL_DISABLE_HYPERVISOR_EX		0x010F

/*
 * Status codes
 */

#define TLFS_STATUS_SUCCESS				0x0000
#define TLFS_STATUS_INVALID_HYPERCALL_CODE		0x0002
#define TLFS_STATUS_INVALID_HYPERCALL_INPUT		0x0003
#define TLFS_STATUS_INVALID_ALIGNMENT			0x0004
#define TLFS_STATUS_INVALID_PARAMETER			0x0005
#define TLFS_STATUS_ACCESS_DENIED			0x0006
#define TLFS_STATUS_INVALID_PARTITION_STATE		0x0007
#define TLFS_STATUS_OPERATION_DENIED			0x0008
#define TLFS_STATUS_UNKNOWN_PROPERTY			0x0009
#define TLFS_STATUS_PROPERTY_VALUE_OUT_OF_RANGE		0x000A
#define TLFS_STATUS_INSUFFICIENT_MEMORY			0x000B
#define TLFS_STATUS_PARTITION_TOO_DEEP			0x000C
#define TLFS_STATUS_INVALID_PARTITION_ID		0x000D
#define TLFS_STATUS_INVALID_VP_INDEX			0x000E
#define TLFS_STATUS_NOT_FOUND				0x0010
#define TLFS_STATUS_INVALID_PORT_ID			0x0011
#define TLFS_STATUS_INVALID_CONNECTION_ID		0x0012
#define TLFS_STATUS_INSUFFICIENT_BUFFERS		0x0013
#define TLFS_STATUS_NOT_ACKNOWLEDGED			0x0014
#define TLFS_STATUS_INVALID_VP_STATE			0x0015
#define TLFS_STATUS_ACKNOWLEDGED			0x0016
#define TLFS_STATUS_INVALID_SYNIC_STATE			0x0018
#define TLFS_STATUS_OBJECT_IN_USE			0x0019
#define TLFS_STATUS_INVALID_PROXIMITY_DOMAIN_INFO	0x001A
#define TLFS_STATUS_NO_DATA				0x001B
#define TLFS_STATUS_NO_RESOURCES			0x001D
#define TLFS_STATUS_FEATURE_UNAVAILABLE			0x001E
#define TLFS_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED	0x0020
#define TLFS_STATUS_INSUFFICIENT_BUFFER			0x0033
#define TLFS_STATUS_PROCESSOR_STARTUP_TIMEOUT		0x003E
#define TLFS_STATUS_INVALID_LP_INDEX			0x0041
#define TLFS_STATUS_INVALID_REGISTER_VALUE		0x0050
#define TLFS_STATUS_INVALID_VTL_STATE			0x0051
#define TLFS_STATUS_INVALID_DEVICE_ID			0x0057
#define TLFS_STATUS_INVALID_DEVICE_STATE		0x0058
#define TLFS_STATUS_OPERATION_FAILED			0x0071
#define TLFS_STATUS_INSUFFICIENT_ROOT_MEMORY		0x0073
#define TLFS_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY	0x0075
#define TLFS_STATUS_TIME_OUT				0x0078
#define TLFS_STATUS_CALL_PENDING			0x0079
#define TLFS_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY	0x0083
#define TLFS_STATUS_VTL_ALREADY_ENABLED			0x0086
#define TLFS_STATUS_UNKNOWN_REGISTER_NAME		0x0087

/*
 * Common types
 */

/* Input VTL byte: TLFS_INPUT_VTL_NORMAL is the VTL the caller runs in */
#define TLFS_INPUT_VTL_NORMAL		0x00
#define TLFS_INPUT_VTL_USE_TARGET	0x10

#define TLFS_PROXIMITY_PREFERRED	BIT(0)
#define TLFS_PROXIMITY_VALID		BIT(31)

struct tlfs_proximity {
	u32 domain_id;
	u32 flags;
} __packed;

#define TLFS_VPSET_SPARSE_4K		0
#define TLFS_VPSET_ALL			1
#define TLFS_VPSET_BANKS		64

struct tlfs_vpset {
	u64 format;
	u64 valid_bank_mask;
	u64 banks[];
} __packed;

struct tlfs_reg128 {
	u64 low;
	u64 high;
} __packed;

struct tlfs_segment {
	u64 base;
	u32 limit;
	u16 selector;
	u16 attributes;
} __packed;

struct tlfs_table {
	u16 pad[3];
	u16 limit;
	u64 base;
} __packed;

static_assert(sizeof(struct tlfs_proximity) == 8);
static_assert(sizeof(struct tlfs_vpset) == 16);
static_assert(sizeof(struct tlfs_reg128) == 16);
static_assert(sizeof(struct tlfs_segment) == 16);
static_assert(sizeof(struct tlfs_table) == 16);

/* Device identifiers: type in bits 63:62 */
#define TLFS_DEVICE_TYPE_SHIFT		62
#define TLFS_DEVICE_TYPE_LOGICAL	0ULL
#define TLFS_DEVICE_TYPE_PCI		1ULL
#define TLFS_DEVICE_TYPE_IOAPIC		2ULL
#define TLFS_DEVICE_TYPE_ACPI		3ULL

#define TLFS_DEVICE_PCI_RID_MASK	0xFFFFULL
#define TLFS_DEVICE_PCI_SEGMENT_SHIFT	16
#define TLFS_DEVICE_PCI_SUBORDINATE_BUS_SHIFT	32
#define TLFS_DEVICE_PCI_SECONDARY_BUS_SHIFT	40
#define TLFS_DEVICE_PCI_PHANTOM_SHIFT	48
#define TLFS_DEVICE_PCI_SOURCE_SHADOW	BIT_ULL(50)
#define TLFS_DEVICE_IOAPIC_ID_MASK	0xFFULL

#define TLFS_INTERRUPT_SOURCE_MSI	1
#define TLFS_INTERRUPT_SOURCE_IOAPIC	2

/*
 * value: MSI: address in bits 31:0, data in bits 63:32
 *        IO-APIC: the redirection table entry
 */
struct tlfs_interrupt_entry {
	u32 source;
	u32 reserved;
	u64 value;
} __packed;

static_assert(sizeof(struct tlfs_interrupt_entry) == 16);

#define TLFS_INTERRUPT_FIXED		0
#define TLFS_INTERRUPT_LOWEST_PRIORITY	1
#define TLFS_INTERRUPT_SMI		2
#define TLFS_INTERRUPT_REMOTE_READ	3
#define TLFS_INTERRUPT_NMI		4
#define TLFS_INTERRUPT_INIT		5
#define TLFS_INTERRUPT_SIPI		6
#define TLFS_INTERRUPT_EXTINT		7
#define TLFS_INTERRUPT_LOCALINT0	8
#define TLFS_INTERRUPT_LOCALINT1	9

#define TLFS_TRIGGER_EDGE		0
#define TLFS_TRIGGER_LEVEL		1

/*
 * Partition life cycle
 */

#define TLFS_CREATE_SMT_ENABLED_GUEST		BIT_ULL(0)
#define TLFS_CREATE_NESTED_VIRTUALIZATION	BIT_ULL(1)
#define TLFS_CREATE_GPA_SUPER_PAGES		BIT_ULL(4)
#define TLFS_CREATE_EXO_PARTITION		BIT_ULL(8)
#define TLFS_CREATE_LAPIC			BIT_ULL(13)
#define TLFS_CREATE_INTERCEPT_MESSAGE_PAGE	BIT_ULL(19)
#define TLFS_CREATE_X2APIC			BIT_ULL(22)

#define TLFS_COMPATIBILITY_21H2			0x0609
#define TLFS_NR_FEATURE_BANKS			2

struct tlfs_in_create_partition {
	u64 flags;
	struct tlfs_proximity proximity;
	u32 compatibility_version;
	u32 pad;
	u64 disabled_features[TLFS_NR_FEATURE_BANKS];
	u64 disabled_xsave_features;
	u64 isolation_properties;
} __packed;

struct tlfs_out_create_partition {
	u64 partition_id;
} __packed;

/* Initialize, Finalize, Delete, ClearVirtualInterrupt: fast, 8 bytes */
struct tlfs_in_partition {
	u64 partition_id;
} __packed;

struct tlfs_out_get_partition_id {
	u64 partition_id;
} __packed;

struct tlfs_in_get_next_child_partition {
	u64 parent_id;
	u64 previous_child_id;
} __packed;

static_assert(sizeof(struct tlfs_in_create_partition) == 56);
static_assert(sizeof(struct tlfs_out_create_partition) == 8);
static_assert(sizeof(struct tlfs_in_partition) == 8);
static_assert(sizeof(struct tlfs_out_get_partition_id) == 8);
static_assert(sizeof(struct tlfs_in_get_next_child_partition) == 16);
static_assert(offsetof(struct tlfs_in_create_partition,
		       compatibility_version) == 16);
static_assert(offsetof(struct tlfs_in_create_partition,
		       disabled_features) == 24);
static_assert(offsetof(struct tlfs_in_create_partition,
		       isolation_properties) == 48);

/*
 * Partition properties
 */

#define TLFS_PROPERTY_PRIVILEGE_FLAGS		0x00010000
#define TLFS_PROPERTY_SYNTHETIC_PROC_FEATURES	0x00010001
#define TLFS_PROPERTY_SUSPEND			0x00020000
#define TLFS_PROPERTY_TIME_FREEZE		0x00030003
#define TLFS_PROPERTY_REFERENCE_TIME		0x00030005
#define TLFS_PROPERTY_PROCESSORS_PER_SOCKET	0x00050003
#define TLFS_PROPERTY_GPA_PAGE_ACCESS_TRACKING	0x00050005
#define TLFS_PROPERTY_UNIMPLEMENTED_MSR_ACTION	0x00050017
#define TLFS_PROPERTY_PROCESSOR_VENDOR		0x00060000
#define TLFS_PROPERTY_PROCESSOR_XSAVE_FEATURES	0x00060002
#define TLFS_PROPERTY_PHYSICAL_ADDRESS_WIDTH	0x00060006
#define TLFS_PROPERTY_XSAVE_STATES		0x00060007
#define TLFS_PROPERTY_MAX_XSAVE_DATA_SIZE	0x00060008
#define TLFS_PROPERTY_PROCESSOR_CLOCK_FREQUENCY	0x00060009
#define TLFS_PROPERTY_PROCESSOR_FEATURES0	0x0006000A
#define TLFS_PROPERTY_PROCESSOR_FEATURES1	0x0006000B
#define TLFS_PROPERTY_VMM_CAPABILITIES		0x00090007	/* Ex */
#define TLFS_PROPERTY_ASSIGNABLE_FEATURES	0x00090009	/* Ex */

struct tlfs_in_get_partition_property {
	u64 partition_id;
	u32 property_code;
	u32 pad;
} __packed;

struct tlfs_out_get_partition_property {
	u64 value;
} __packed;

struct tlfs_in_set_partition_property {
	u64 partition_id;
	u32 property_code;
	u32 pad;
	u64 value;
} __packed;

struct tlfs_in_get_partition_property_ex {
	u64 partition_id;
	u32 property_code;
	u32 pad;
	u64 arg;
} __packed;

struct tlfs_vmm_capabilities {
	u16 bank_count;
	u16 reserved[3];
	u64 bank0;
} __packed;

static_assert(sizeof(struct tlfs_in_get_partition_property) == 16);
static_assert(sizeof(struct tlfs_out_get_partition_property) == 8);
static_assert(sizeof(struct tlfs_in_set_partition_property) == 24);
static_assert(sizeof(struct tlfs_in_get_partition_property_ex) == 24);
static_assert(sizeof(struct tlfs_vmm_capabilities) == 16);

/*
 * Memory pools
 */

/* Elements follow the header; the batch is what fits in one page */
struct tlfs_in_deposit_memory {
	u64 partition_id;
	u64 pfns[];
} __packed;

#define TLFS_DEPOSIT_MEMORY_BATCH	511

struct tlfs_in_withdraw_memory {
	u64 partition_id;
	struct tlfs_proximity proximity;
} __packed;

#define TLFS_WITHDRAW_MEMORY_BATCH	512

struct tlfs_out_withdraw_memory {
	u64 pfns[TLFS_WITHDRAW_MEMORY_BATCH];
} __packed;

struct tlfs_in_get_memory_balance {
	u64 partition_id;
	struct tlfs_proximity proximity;
} __packed;

struct tlfs_out_get_memory_balance {
	u64 pages_available;
	u64 pages_in_use;
} __packed;

static_assert(sizeof(struct tlfs_in_deposit_memory) == 8);
static_assert(sizeof(struct tlfs_in_withdraw_memory) == 16);
static_assert(sizeof(struct tlfs_out_withdraw_memory) == 4096);
static_assert(sizeof(struct tlfs_in_get_memory_balance) == 16);
static_assert(sizeof(struct tlfs_out_get_memory_balance) == 16);

/*
 * Guest-physical mappings
 */

#define TLFS_MAP_READABLE		0x00000001U
#define TLFS_MAP_WRITABLE		0x00000002U
#define TLFS_MAP_KERNEL_EXECUTABLE	0x00000004U
#define TLFS_MAP_USER_EXECUTABLE	0x00000008U
#define TLFS_MAP_EXECUTABLE		0x0000000CU
#define TLFS_MAP_ADJUSTABLE		0x00008000U
#define TLFS_MAP_NO_ACCESS		0x00010000U
#define TLFS_MAP_NOT_CACHED		0x00200000U
#define TLFS_MAP_LARGE_PAGE		0x80000000U

#define TLFS_UNMAP_LARGE_PAGE		0x00000002U

struct tlfs_in_map_gpa_pages {
	u64 partition_id;
	u64 gfn;
	u32 flags;
	u32 pad;
	u64 pfns[];
} __packed;

#define TLFS_MAP_GPA_PAGES_BATCH	509

struct tlfs_in_unmap_gpa_pages {
	u64 partition_id;
	u64 gfn;
	u32 flags;
	u32 pad;
} __packed;

#define TLFS_ACCESS_CLEAR_ACCESSED	BIT_ULL(0)
#define TLFS_ACCESS_SET_ACCESSED	BIT_ULL(1)
#define TLFS_ACCESS_CLEAR_DIRTY		BIT_ULL(2)
#define TLFS_ACCESS_SET_DIRTY		BIT_ULL(3)
#define TLFS_ACCESS_STATE_ACCESSED	0x01	/* output byte */
#define TLFS_ACCESS_STATE_DIRTY		0x02

struct tlfs_in_get_gpa_pages_access_states {
	u64 partition_id;
	u64 flags;
	u64 gfn;
} __packed;

static_assert(sizeof(struct tlfs_in_map_gpa_pages) == 24);
static_assert(sizeof(struct tlfs_in_unmap_gpa_pages) == 24);
static_assert(sizeof(struct tlfs_in_get_gpa_pages_access_states) == 24);
static_assert(offsetof(struct tlfs_in_map_gpa_pages, flags) == 16);
static_assert(offsetof(struct tlfs_in_unmap_gpa_pages, flags) == 16);

/*
 * Intercepts and CPUID results
 */

#define TLFS_INTERCEPT_ACCESS_NONE	0
#define TLFS_INTERCEPT_ACCESS_READ	1
#define TLFS_INTERCEPT_ACCESS_WRITE	2
#define TLFS_INTERCEPT_ACCESS_EXECUTE	4

#define TLFS_INTERCEPT_IO_PORT		0x00
#define TLFS_INTERCEPT_MSR		0x01
#define TLFS_INTERCEPT_CPUID		0x02
#define TLFS_INTERCEPT_EXCEPTION	0x03
#define TLFS_INTERCEPT_HYPERCALL	0x08
#define TLFS_INTERCEPT_MSR_INDEX	0x0C

struct tlfs_in_install_intercept {
	u64 partition_id;
	u32 access_type_mask;
	u32 intercept_type;
	u64 parameter;
} __packed;

struct tlfs_cpuid_result {
	u32 eax;
	u32 ecx;
	u8 subleaf_specific;
	u8 always_override;
	u16 pad;
	u32 eax_value;
	u32 eax_mask;
	u32 ebx_value;
	u32 ebx_mask;
	u32 ecx_value;
	u32 ecx_mask;
	u32 edx_value;
	u32 edx_mask;
} __packed;

struct tlfs_in_register_intercept_result {
	u64 partition_id;
	u32 vp_index;
	u32 intercept_type;
	struct tlfs_cpuid_result cpuid;
} __packed;

#define TLFS_CPUID_VALUES_USE_VP_XFEM_XSS	BIT(0)
#define TLFS_CPUID_VALUES_APPLY_REGISTERED	BIT(1)

struct tlfs_cpuid_leaf {
	u32 eax;
	u32 ecx;
	u64 xfem;
	u64 xss;
} __packed;

struct tlfs_in_get_vp_cpuid_values {
	u64 partition_id;
	u32 vp_index;
	u32 flags;
	u32 reserved;
	u32 pad;
	struct tlfs_cpuid_leaf leaves[];
} __packed;

#define TLFS_GET_VP_CPUID_VALUES_BATCH	169

struct tlfs_cpuid_values {
	u32 eax;
	u32 ebx;
	u32 ecx;
	u32 edx;
} __packed;

static_assert(sizeof(struct tlfs_in_install_intercept) == 24);
static_assert(sizeof(struct tlfs_cpuid_result) == 44);
static_assert(sizeof(struct tlfs_in_register_intercept_result) == 60);
static_assert(offsetof(struct tlfs_in_register_intercept_result,
		       cpuid.eax_value) == 28);
static_assert(sizeof(struct tlfs_cpuid_leaf) == 24);
static_assert(sizeof(struct tlfs_in_get_vp_cpuid_values) == 24);
static_assert(sizeof(struct tlfs_cpuid_values) == 16);

/*
 * Virtual processors
 */

struct tlfs_in_create_vp {
	u64 partition_id;
	u32 vp_index;
	u8 pad[3];
	u8 subnode_type;
	u64 subnode_id;
	struct tlfs_proximity proximity;
	u64 flags;		/* root's own VPs: the LP index */
} __packed;

/* Fast, 16 bytes */
struct tlfs_in_delete_vp {
	u64 partition_id;
	u32 vp_index;
	u32 reserved;
} __packed;

struct tlfs_in_get_vp_registers {
	u64 partition_id;
	u32 vp_index;
	u8 input_vtl;
	u8 reserved[3];
	u32 names[];
} __packed;

#define TLFS_GET_VP_REGISTERS_BATCH	256

struct tlfs_reg_assoc {
	u32 name;
	u32 reserved;
	u64 reserved2;
	struct tlfs_reg128 value;
} __packed;

struct tlfs_in_set_vp_registers {
	u64 partition_id;
	u32 vp_index;
	u8 input_vtl;
	u8 reserved[3];
	struct tlfs_reg_assoc elements[];
} __packed;

#define TLFS_SET_VP_REGISTERS_BATCH	127

static_assert(sizeof(struct tlfs_in_create_vp) == 40);
static_assert(offsetof(struct tlfs_in_create_vp, subnode_type) == 15);
static_assert(offsetof(struct tlfs_in_create_vp, proximity) == 24);
static_assert(sizeof(struct tlfs_in_delete_vp) == 16);
static_assert(sizeof(struct tlfs_in_get_vp_registers) == 16);
static_assert(sizeof(struct tlfs_reg_assoc) == 32);
static_assert(offsetof(struct tlfs_reg_assoc, value) == 16);
static_assert(sizeof(struct tlfs_in_set_vp_registers) == 16);

/* Register names the kernel itself uses */
#define TLFS_REG_EXPLICIT_SUSPEND	0x00000000
#define TLFS_REG_INTERCEPT_SUSPEND	0x00000001
#define TLFS_REG_DISPATCH_SUSPEND	0x00000003
#define TLFS_REG_RIP			0x00020010
#define TLFS_REG_INITIAL_APIC_ID	0x0008000C
#define TLFS_REG_VP_ROOT_SIGNAL_COUNT	0x00090014

#define TLFS_DISPATCH_CLEAR_INTERCEPT_SUSPEND	0x00000001U
#define TLFS_DISPATCH_ENABLE_CALLER_INTERRUPTS	0x00000002U
#define TLFS_DISPATCH_SCAN_INTERRUPTS		0x00000040U

struct tlfs_in_dispatch_vp {
	u64 partition_id;
	u32 vp_index;
	u32 flags;
	u64 time_slice;		/* in 100 ns, 0: no limit */
	u64 spec_ctrl;
} __packed;

#define TLFS_DISPATCH_STATE_INVALID	0
#define TLFS_DISPATCH_STATE_BLOCKED	1
#define TLFS_DISPATCH_STATE_READY	2

#define TLFS_DISPATCH_EVENT_NONE	0
#define TLFS_DISPATCH_EVENT_SUSPEND	1
#define TLFS_DISPATCH_EVENT_INTERCEPT	2

struct tlfs_out_dispatch_vp {
	u32 state;
	u32 event;
} __packed;

static_assert(sizeof(struct tlfs_in_dispatch_vp) == 32);
static_assert(sizeof(struct tlfs_out_dispatch_vp) == 8);

#define TLFS_STATE_PAGE_REGISTERS	0
#define TLFS_STATE_PAGE_INTERCEPT	1
#define TLFS_STATE_PAGE_GHCB		2

struct tlfs_in_map_vp_state_page {
	u64 partition_id;
	u32 vp_index;
	u16 type;
	u8 input_vtl;
	u8 flags;
	u64 requested_pfn;
} __packed;

struct tlfs_out_map_vp_state_page {
	u64 pfn;
} __packed;

struct tlfs_in_unmap_vp_state_page {
	u64 partition_id;
	u32 vp_index;
	u16 type;
	u8 input_vtl;
	u8 reserved;
} __packed;

static_assert(sizeof(struct tlfs_in_map_vp_state_page) == 24);
static_assert(sizeof(struct tlfs_out_map_vp_state_page) == 8);
static_assert(sizeof(struct tlfs_in_unmap_vp_state_page) == 16);

#define TLFS_VP_STATE_LAPIC		0x80000000U
#define TLFS_VP_STATE_XSAVE		0x80000001U
#define TLFS_VP_STATE_SIM_PAGE		0x80000002U
#define TLFS_VP_STATE_SIEF_PAGE		0x80000003U
#define TLFS_VP_STATE_TIMERS		0x00000004U

#define TLFS_XSAVE_STATES_FORCED	0x3ULL	/* x87 and SSE */

/* Fixed header of GetVpState and SetVpState; the rest is variable header */
struct tlfs_in_vp_state {
	u64 partition_id;
	u32 vp_index;
	u8 input_vtl;
	u8 reserved[3];
	u32 type;
	u32 reserved2;
	u64 xsave_flags;
	u64 xsave_states;
	u64 data[];		/* pfns, or the state itself */
} __packed;

#define TLFS_VP_STATE_MAX_PFNS		507

struct tlfs_stimer_state {
	u32 flags;
	u32 reserved;
	u64 config;
	u64 count;
	u64 adjustment;
	u64 undelivered_exp_time;
} __packed;

struct tlfs_stimers_state {
	struct tlfs_stimer_state timers[TLFS_NR_STIMERS];
	u8 reserved[40];
} __packed;

struct tlfs_lapic_state {
	u32 apic_id;
	u32 apic_version;
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

static_assert(sizeof(struct tlfs_in_vp_state) == 40);
static_assert(offsetof(struct tlfs_in_vp_state, type) == 16);
static_assert(offsetof(struct tlfs_in_vp_state, xsave_states) == 32);
static_assert(sizeof(struct tlfs_stimer_state) == 40);
static_assert(sizeof(struct tlfs_stimers_state) == 200);
static_assert(sizeof(struct tlfs_lapic_state) == 176);
static_assert(offsetof(struct tlfs_lapic_state, lvt_lint0) == 140);

#define TLFS_REGISTER_PAGE_VERSION	1
#define TLFS_REGISTER_PAGE_VECTORS	7

struct tlfs_register_page {
	u16 version;
	u8 isvalid;
	u8 reserved;
	u32 dirty;
	u64 gp[16];		/* rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
	u64 rip;
	u64 rflags;
	u64 reserved2;
	struct tlfs_reg128 xmm[6];
	struct tlfs_segment segments[6];	/* es cs ss ds fs gs */
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 cr8;
	u64 efer;
	u64 dr7;
	u64 pending_interruption;
	u64 interrupt_state;
	u64 instruction_emulation_hints;
	u64 xfem;
	u8 reserved3[256];
	u8 vector_count;
	u8 vectors[TLFS_REGISTER_PAGE_VECTORS];
} __packed;

static_assert(sizeof(struct tlfs_register_page) == 696);
static_assert(offsetof(struct tlfs_register_page, rip) == 136);
static_assert(offsetof(struct tlfs_register_page, xmm) == 160);
static_assert(offsetof(struct tlfs_register_page, segments) == 256);
static_assert(offsetof(struct tlfs_register_page, cr0) == 352);
static_assert(offsetof(struct tlfs_register_page, vector_count) == 688);

#define TLFS_TRANSLATE_VALIDATE_READ		0x0001ULL
#define TLFS_TRANSLATE_VALIDATE_WRITE		0x0002ULL
#define TLFS_TRANSLATE_VALIDATE_EXECUTE		0x0004ULL
#define TLFS_TRANSLATE_PRIVILEGE_EXEMPT		0x0008ULL
#define TLFS_TRANSLATE_SET_PAGE_TABLE_BITS	0x0010ULL

struct tlfs_in_translate_virtual_address {
	u64 partition_id;
	u32 vp_index;
	u32 pad;
	u64 control_flags;
	u64 gva_page;
} __packed;

#define TLFS_TRANSLATE_SUCCESS			0
#define TLFS_TRANSLATE_GPA_UNMAPPED		4
#define TLFS_TRANSLATE_GPA_NO_READ		5
#define TLFS_TRANSLATE_GPA_NO_WRITE		6

struct tlfs_out_translate_virtual_address {
	u32 result_code;
	u32 cache_type;		/* bits 7:0; bit 8: overlay page */
	u64 gpa_page;
} __packed;

static_assert(sizeof(struct tlfs_in_translate_virtual_address) == 32);
static_assert(sizeof(struct tlfs_out_translate_virtual_address) == 16);

struct tlfs_in_read_gpa {
	u64 partition_id;
	u32 vp_index;
	u32 byte_count;
	u64 base_gpa;
	u64 control;
} __packed;

struct tlfs_out_read_gpa {
	u32 result_code;
	u32 reserved;
	u8 data[16];
} __packed;

struct tlfs_in_write_gpa {
	u64 partition_id;
	u32 vp_index;
	u32 byte_count;
	u64 base_gpa;
	u64 control;
	u8 data[16];
} __packed;

static_assert(sizeof(struct tlfs_in_read_gpa) == 32);
static_assert(sizeof(struct tlfs_out_read_gpa) == 24);
static_assert(sizeof(struct tlfs_in_write_gpa) == 48);

/*
 * Interrupts
 */

#define TLFS_ASSERT_LEVEL_TRIGGERED	BIT(0)
#define TLFS_ASSERT_LOGICAL_DEST	BIT(1)

struct tlfs_in_assert_virtual_interrupt {
	u64 partition_id;
	u32 interrupt_type;
	u32 flags;
	u64 destination;
	u32 vector;
	u8 target_vtl;
	u8 reserved[3];
} __packed;

static_assert(sizeof(struct tlfs_in_assert_virtual_interrupt) == 32);

#define TLFS_TARGET_MULTICAST		1
#define TLFS_TARGET_PROCESSOR_SET	2

/*
 * Fixed header ends at vp_mask_or_format + 8; with TLFS_TARGET_PROCESSOR_SET
 * the variable header is the bank mask and the banks.
 */
struct tlfs_device_interrupt_target {
	u32 vector;
	u32 flags;
	u64 vp_mask_or_format;
	u64 valid_bank_mask;
	u64 banks[];
} __packed;

struct tlfs_device_interrupt_descriptor {
	u32 interrupt_type;
	u32 trigger_mode;
	u32 vector_count;
	u32 reserved;
	struct tlfs_device_interrupt_target target;
} __packed;

struct tlfs_in_map_device_interrupt {
	u64 partition_id;
	u64 device_id;
	u32 flags;
	u32 base_irt_index;
	struct tlfs_interrupt_entry logical_entry;
	struct tlfs_device_interrupt_descriptor descriptor;
} __packed;

struct tlfs_out_map_device_interrupt {
	struct tlfs_interrupt_entry entry;
	u64 deprecated[5];
} __packed;

struct tlfs_in_unmap_device_interrupt {
	u64 partition_id;
	u64 device_id;
	struct tlfs_interrupt_entry entry;
	u32 flags;
} __packed;

static_assert(sizeof(struct tlfs_device_interrupt_target) == 24);
static_assert(sizeof(struct tlfs_in_map_device_interrupt) == 80);
static_assert(offsetof(struct tlfs_in_map_device_interrupt,
		       logical_entry) == 24);
static_assert(offsetof(struct tlfs_in_map_device_interrupt,
		       descriptor.vector_count) == 48);
static_assert(offsetof(struct tlfs_in_map_device_interrupt,
		       descriptor.target.vector) == 56);
static_assert(offsetof(struct tlfs_in_map_device_interrupt,
		       descriptor.target.valid_bank_mask) == 72);
static_assert(sizeof(struct tlfs_out_map_device_interrupt) == 56);
static_assert(sizeof(struct tlfs_in_unmap_device_interrupt) == 36);

/*
 * Ports, connections, direct messages
 */

#define TLFS_PORT_MESSAGE		1
#define TLFS_PORT_EVENT			2
#define TLFS_PORT_MONITOR		3
#define TLFS_PORT_DOORBELL		4

#define TLFS_PORT_ID_MAX		0xFFFFFFU	/* 24 bits */

struct tlfs_port_info {
	u32 type;
	u32 pad;
	u32 target_sint;
	u32 target_vp;
	u64 reserved;
} __packed;

#define TLFS_DOORBELL_SIZE_ANY		0ULL
#define TLFS_DOORBELL_SIZE_BYTE		1ULL
#define TLFS_DOORBELL_SIZE_WORD		2ULL
#define TLFS_DOORBELL_SIZE_DWORD	3ULL
#define TLFS_DOORBELL_SIZE_QWORD	4ULL
#define TLFS_DOORBELL_ANY_VALUE		0x80000000ULL

struct tlfs_doorbell_connection_info {
	u32 type;
	u32 pad;
	u64 gpa;
	u64 trigger_value;
	u64 flags;
} __packed;

struct tlfs_in_create_port {
	u64 port_partition_id;
	u32 port_id;
	u8 port_vtl;
	u8 min_connection_vtl;
	u16 reserved;
	u64 connection_partition_id;
	struct tlfs_port_info port_info;
	struct tlfs_proximity proximity;
} __packed;

/* Fast, 16 bytes */
struct tlfs_in_delete_port {
	u64 port_partition_id;
	u32 port_id;
	u32 reserved;
} __packed;

struct tlfs_in_connect_port {
	u64 connection_partition_id;
	u32 connection_id;
	u8 connection_vtl;
	u8 reserved[3];
	u64 port_partition_id;
	u32 port_id;
	u32 reserved2;
	struct tlfs_doorbell_connection_info connection_info;
	struct tlfs_proximity proximity;
} __packed;

#define TLFS_DISCONNECT_IS_DOORBELL	BIT(0)

/* Fast, 16 bytes */
struct tlfs_in_disconnect_port {
	u64 connection_partition_id;
	u32 connection_id;
	u32 flags;
} __packed;

struct tlfs_in_signal_event_direct {
	u64 partition_id;
	u32 vp_index;
	u8 target_vtl;
	u8 target_sint;
	u16 flag_number;
} __packed;

struct tlfs_out_signal_event_direct {
	u8 newly_signaled;
	u8 reserved[7];
} __packed;

/* Fast, 8 bytes */
struct tlfs_in_notify_port_ring_empty {
	u32 sint_index;
	u32 reserved;
} __packed;

static_assert(sizeof(struct tlfs_port_info) == 24);
static_assert(sizeof(struct tlfs_doorbell_connection_info) == 32);
static_assert(sizeof(struct tlfs_in_create_port) == 56);
static_assert(sizeof(struct tlfs_in_delete_port) == 16);
static_assert(sizeof(struct tlfs_in_connect_port) == 72);
static_assert(sizeof(struct tlfs_in_disconnect_port) == 16);
static_assert(sizeof(struct tlfs_in_signal_event_direct) == 16);
static_assert(sizeof(struct tlfs_out_signal_event_direct) == 8);
static_assert(sizeof(struct tlfs_in_notify_port_ring_empty) == 8);

/*
 * Statistics
 */

#define TLFS_STATS_HYPERVISOR		0x00000001
#define TLFS_STATS_LP			0x00000002
#define TLFS_STATS_PARTITION		0x00010001
#define TLFS_STATS_VP			0x00010002

#define TLFS_STATS_AREA_SELF		0
#define TLFS_STATS_AREA_PARENT		1

#define TLFS_STATS_COUNTERS		512
#define TLFS_STATS_HYPERVISOR_LPS	1	/* x86-64 */
#define TLFS_STATS_VP_DISPATCH_BLOCKED	202	/* x86-64 */

/* id: LP index, or partition id */
struct tlfs_stats_identity {
	u64 id;
	u32 vp_index;
	u16 flags;
	u8 reserved;
	u8 area;
} __packed;

struct tlfs_in_map_stats_page {
	u32 type;
	u32 pad;
	struct tlfs_stats_identity identity;
} __packed;

struct tlfs_out_map_stats_page {
	u64 pfn;
} __packed;

struct tlfs_in_unmap_stats_page {
	u32 type;
	u32 pad;
	struct tlfs_stats_identity identity;
} __packed;

static_assert(sizeof(struct tlfs_stats_identity) == 16);
static_assert(sizeof(struct tlfs_in_map_stats_page) == 24);
static_assert(sizeof(struct tlfs_out_map_stats_page) == 8);
static_assert(sizeof(struct tlfs_in_unmap_stats_page) == 24);

/*
 * Logical processors, system, power
 */

struct tlfs_in_get_lp_run_time {
	u32 lp_index;
	u32 pad;
} __packed;

struct tlfs_out_get_lp_run_time {
	u64 global_time;
	u64 local_run_time;
	u64 reserved;
	u64 hypervisor_time;
} __packed;

struct tlfs_in_add_lp {
	u32 lp_index;
	u32 apic_id;
	struct tlfs_proximity proximity;
} __packed;

struct tlfs_out_add_lp {
	u64 status;
	u64 substatus[6];
} __packed;

#define TLFS_EVENT_ROOT_CRASHDUMP	2
#define TLFS_EVENT_ALL_LPS_STARTED	4

#define TLFS_CRASHDUMP_NONE		0
#define TLFS_CRASHDUMP_SUSPEND_ALL_VPS	1
#define TLFS_CRASHDUMP_PREPARE_SAVE	2
#define TLFS_CRASHDUMP_STATE_SAVED	3
#define TLFS_CRASHDUMP_ENTRY		4

struct tlfs_in_notify_partition_event {
	u32 event;
	u32 data;
} __packed;

#define TLFS_SYSTEM_PROPERTY_SLEEP_STATE	3
#define TLFS_SYSTEM_PROPERTY_SCHEDULER_TYPE	15
#define TLFS_SYSTEM_PROPERTY_CRASHDUMP_AREA	47

#define TLFS_SCHEDULER_LP		1
#define TLFS_SCHEDULER_LP_SMT		2
#define TLFS_SCHEDULER_CORE_SMT		3
#define TLFS_SCHEDULER_ROOT		4

struct tlfs_in_get_system_property {
	u32 property_id;
	u32 reserved;
	u64 argument;
} __packed;

struct tlfs_out_get_system_property {
	u64 value;
} __packed;

#define TLFS_SLEEP_STATE_S1		1
#define TLFS_SLEEP_STATE_S5		5
#define TLFS_SLEEP_STATE_LOCK		6

struct tlfs_sleep_state_info {
	u32 sleep_state;
	u8 pm1a_slp_typ;
	u8 pm1b_slp_typ;
	u8 pad[58];
} __packed;

struct tlfs_in_set_system_property {
	u32 property_id;
	u32 reserved;
	struct tlfs_sleep_state_info sleep_state;
} __packed;

struct tlfs_in_enter_sleep_state {
	u32 sleep_state;
	u32 pad;
} __packed;

struct tlfs_in_disable_hypervisor_ex {
	u64 rip;
	u64 arg;
} __packed;

static_assert(sizeof(struct tlfs_in_get_lp_run_time) == 8);
static_assert(sizeof(struct tlfs_out_get_lp_run_time) == 32);
static_assert(sizeof(struct tlfs_in_add_lp) == 16);
static_assert(sizeof(struct tlfs_out_add_lp) == 56);
static_assert(sizeof(struct tlfs_in_notify_partition_event) == 8);
static_assert(sizeof(struct tlfs_in_get_system_property) == 16);
static_assert(sizeof(struct tlfs_out_get_system_property) == 8);
static_assert(sizeof(struct tlfs_in_set_system_property) == 72);
static_assert(offsetof(struct tlfs_in_set_system_property, sleep_state) == 8);
static_assert(sizeof(struct tlfs_in_enter_sleep_state) == 8);
static_assert(sizeof(struct tlfs_in_disable_hypervisor_ex) == 16);

/*
 * SynIC: registers, messages, event rings
 */

#define TLFS_MSR_SCONTROL		0x40000080
#define TLFS_MSR_SIEFP			0x40000082
#define TLFS_MSR_SIMP			0x40000083
#define TLFS_MSR_EOM			0x40000084
#define TLFS_MSR_SIRBP			0x40000085
#define TLFS_MSR_SINT0			0x40000090

#define TLFS_SYNIC_ENABLE		BIT_ULL(0)
#define TLFS_SYNIC_PFN_SHIFT		12

#define TLFS_SINT_VECTOR_MASK		0xFFULL
#define TLFS_SINT_MASKED		BIT_ULL(16)
#define TLFS_SINT_AUTO_EOI		BIT_ULL(17)
#define TLFS_SINT_POLLING		BIT_ULL(18)
#define TLFS_SINT_AS_INTERCEPT		BIT_ULL(19)
#define TLFS_SINT_PROXY			BIT_ULL(20)

#define TLFS_SINT_INTERCEPTS		0
#define TLFS_SINT_DOORBELLS		5

#define TLFS_MSG_SIZE			256
#define TLFS_MSG_PAYLOAD_SIZE		240
#define TLFS_MSG_FLAG_PENDING		0x01

struct tlfs_msg {
	u32 type;
	u8 payload_size;
	u8 flags;
	u16 reserved;
	u64 sender;		/* partition id or port id */
	u8 payload[TLFS_MSG_PAYLOAD_SIZE];
} __packed;

struct tlfs_msg_page {
	struct tlfs_msg slots[TLFS_NR_SINTS];
} __packed;

struct tlfs_in_post_message_direct {
	u64 partition_id;
	u32 vp_index;
	u8 vtl;
	u8 pad[3];
	u32 sint_index;
	struct tlfs_msg message;
	u32 pad2;
} __packed;

#define TLFS_RING_ENTRIES		63

struct tlfs_event_ring {
	u8 signal_masked;
	u8 ring_full;
	u16 reserved;
	u32 data[TLFS_RING_ENTRIES];
} __packed;

struct tlfs_event_ring_page {
	struct tlfs_event_ring rings[TLFS_NR_SINTS];
} __packed;

static_assert(sizeof(struct tlfs_msg) == 256);
static_assert(offsetof(struct tlfs_msg, payload) == 16);
static_assert(sizeof(struct tlfs_msg_page) == 4096);
static_assert(sizeof(struct tlfs_in_post_message_direct) == 280);
static_assert(sizeof(struct tlfs_event_ring) == 256);
static_assert(sizeof(struct tlfs_event_ring_page) == 4096);

#define TLFS_MSG_NONE			0x00000000U
#define TLFS_MSG_UNMAPPED_GPA		0x80000000U
#define TLFS_MSG_GPA_INTERCEPT		0x80000001U
#define TLFS_MSG_UNACCEPTED_GPA		0x80000003U
#define TLFS_MSG_GPA_ATTRIBUTE		0x80000004U
#define TLFS_MSG_INVALID_VP_REGISTER	0x80000020U
#define TLFS_MSG_UNRECOVERABLE		0x80000021U
#define TLFS_MSG_UNSUPPORTED_FEATURE	0x80000022U
#define TLFS_MSG_OPAQUE_INTERCEPT	0x8000003FU
#define TLFS_MSG_HYPERCALL		0x80000050U
#define TLFS_MSG_SYNIC_EVENT		0x80000060U
#define TLFS_MSG_SYNIC_SINT_INTERCEPT	0x80000061U
#define TLFS_MSG_SINT_DELIVERABLE	0x80000062U
#define TLFS_MSG_ASYNC_COMPLETION	0x80000070U
#define TLFS_MSG_SCHEDULER_BITSET	0x80000100U
#define TLFS_MSG_SCHEDULER_PAIR		0x80000101U
#define TLFS_MSG_X64_IO_PORT		0x80010000U
#define TLFS_MSG_X64_MSR		0x80010001U
#define TLFS_MSG_X64_CPUID		0x80010002U
#define TLFS_MSG_X64_EXCEPTION		0x80010003U
#define TLFS_MSG_X64_APIC_EOI		0x80010004U
#define TLFS_MSG_X64_LEGACY_FP_ERROR	0x80010005U
#define TLFS_MSG_X64_HALT		0x80010007U
#define TLFS_MSG_X64_INTERRUPTION_DELIVERABLE	0x80010008U
#define TLFS_MSG_X64_SIPI		0x80010009U
#define TLFS_MSG_X64_VMGEXIT		0x80010013U

#define TLFS_ACCESS_READ		0
#define TLFS_ACCESS_WRITE		1
#define TLFS_ACCESS_EXECUTE		2

#define TLFS_INSTRUCTION_LENGTH_MASK	0x0f

/* First in every intercept payload except the small ones */
struct tlfs_msg_intercept {
	u32 vp_index;
	u8 length_cr8;		/* 3:0 TLFS_INSTRUCTION_LENGTH_MASK, 7:4 CR8 */
	u8 access_type;
	u16 execution_state;
	struct tlfs_segment cs;
	u64 rip;
	u64 rflags;
} __packed;

#define TLFS_EXECUTION_CPL_MASK		0x0003
#define TLFS_EXECUTION_CR0_PE		0x0004
#define TLFS_EXECUTION_EFER_LMA		0x0010
#define TLFS_EXECUTION_PENDING		0x0040
#define TLFS_EXECUTION_SHADOW		0x1000

struct tlfs_msg_memory {
	struct tlfs_msg_intercept header;
	u32 cache_type;
	u8 instruction_byte_count;
	u8 access_info;
	u8 tpr_priority;
	u8 reserved;
	u64 gva;
	u64 gpa;
	u8 instruction_bytes[16];
} __packed;

#define TLFS_IO_SIZE_MASK		0x07
#define TLFS_IO_STRING			0x08
#define TLFS_IO_REP			0x10

struct tlfs_msg_io_port {
	struct tlfs_msg_intercept header;
	u16 port;
	u8 access_info;		/* TLFS_IO_* */
	u8 instruction_byte_count;
	u32 reserved;
	u64 rax;
	u8 instruction_bytes[16];
	struct tlfs_segment ds;
	struct tlfs_segment es;
	u64 rcx;
	u64 rsi;
	u64 rdi;
} __packed;

struct tlfs_msg_msr {
	struct tlfs_msg_intercept header;
	u32 msr;
	u32 reserved;
	u64 rdx;
	u64 rax;
} __packed;

struct tlfs_msg_cpuid {
	struct tlfs_msg_intercept header;
	u64 rax;
	u64 rcx;
	u64 rdx;
	u64 rbx;
	u64 default_rax;
	u64 default_rcx;
	u64 default_rdx;
	u64 default_rbx;
} __packed;

struct tlfs_msg_opaque {
	u32 vp_index;
} __packed;

struct tlfs_msg_sint_intercept {
	u32 sint_index;
} __packed;

struct tlfs_msg_apic_eoi {
	u32 vp_index;
	u32 vector;
} __packed;

struct tlfs_msg_async_completion {
	u64 partition_id;
	u32 status;
	u32 completion_count;
	u64 sub_status;
} __packed;

#define TLFS_MSG_BITSET_BANKS		16

struct tlfs_msg_scheduler_bitset {
	u64 partition_id;
	u32 overflow_count;
	u16 vp_count;
	u16 reserved;
	u64 format;
	u64 valid_bank_mask;
	u64 banks[TLFS_MSG_BITSET_BANKS];
} __packed;

#define TLFS_MSG_PAIRS			19

struct tlfs_msg_scheduler_pair {
	u32 overflow_count;
	u8 vp_count;
	u8 reserved[3];
	u64 partition_ids[TLFS_MSG_PAIRS];
	u32 vp_indexes[TLFS_MSG_PAIRS];
	u32 reserved2;
} __packed;

static_assert(sizeof(struct tlfs_msg_intercept) == 40);
static_assert(sizeof(struct tlfs_msg_memory) == 80);
static_assert(offsetof(struct tlfs_msg_memory, gpa) == 56);
static_assert(sizeof(struct tlfs_msg_io_port) == 128);
static_assert(offsetof(struct tlfs_msg_io_port, rax) == 48);
static_assert(offsetof(struct tlfs_msg_io_port, rcx) == 104);
static_assert(sizeof(struct tlfs_msg_msr) == 64);
static_assert(sizeof(struct tlfs_msg_cpuid) == 104);
static_assert(sizeof(struct tlfs_msg_opaque) == 4);
static_assert(sizeof(struct tlfs_msg_sint_intercept) == 4);
static_assert(sizeof(struct tlfs_msg_apic_eoi) == 8);
static_assert(sizeof(struct tlfs_msg_async_completion) == 24);
static_assert(sizeof(struct tlfs_msg_scheduler_bitset) == 160);
static_assert(sizeof(struct tlfs_msg_scheduler_pair) == 240);

#endif /* _ASM_GENERIC_MSHV_TLFS_H */
