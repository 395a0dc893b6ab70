/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the hypervisor's own interface that this VMM uses.
 *
 * <linux/mshv.h> describes the ioctls. What travels through them unchanged
 * (hypercall parameters, register names, intercept messages) is defined by the
 * hypervisor, and transcribed here.
 */
#ifndef MSHV_SAMPLE_HV_H
#define MSHV_SAMPLE_HV_H

#include <linux/types.h>

#define BIT(n)				(1U << (n))
#define BIT_ULL(n)			(1ULL << (n))

#define HV_PAGE_SIZE			4096

/* Hypercalls, to be issued with MSHV_ROOT_HVCALL */
#define HVCALL_SET_PARTITION_PROPERTY	0x0045
#define HVCALL_GET_VP_REGISTERS		0x0050
#define HVCALL_SET_VP_REGISTERS		0x0051
#define HVCALL_REGISTER_RESULT		0x0091

/* Partition properties */
#define HV_PROPERTY_SYNTHETIC_FEATURES	0x00010001
#define HV_PROPERTY_UNKNOWN_MSR_ACTION	0x00050017

#define HV_UNKNOWN_MSR_IGNORE		1

/* Synthetic processor features */
#define HV_FEATURE_HYPERVISOR_PRESENT	BIT_ULL(0)
#define HV_FEATURE_HV1			BIT_ULL(1)
#define HV_FEATURE_REFERENCE_COUNTER	BIT_ULL(3)
#define HV_FEATURE_HYPERCALL		BIT_ULL(7)
#define HV_FEATURE_VP_INDEX		BIT_ULL(8)
#define HV_FEATURE_REFERENCE_TSC	BIT_ULL(9)
#define HV_FEATURE_FREQUENCIES		BIT_ULL(11)

/* Register names; the general registers are numbered as in instructions */
#define HV_REGISTER_RAX			0x00020000
#define HV_REGISTER_RSI			0x00020006
#define HV_REGISTER_RIP			0x00020010
#define HV_REGISTER_RFLAGS		0x00020011
#define HV_REGISTER_CR0			0x00040000
#define HV_REGISTER_ES			0x00060000
#define HV_REGISTER_CS			0x00060001
#define HV_REGISTER_SS			0x00060002
#define HV_REGISTER_DS			0x00060003
#define HV_REGISTER_FS			0x00060004
#define HV_REGISTER_GS			0x00060005
#define HV_REGISTER_TR			0x00060007
#define HV_REGISTER_GDTR		0x00070001
#define HV_REGISTER_MTRR_DEF_TYPE	0x0008000e

/* Message types */
#define HV_MESSAGE_UNMAPPED_GPA		0x80000000
#define HV_MESSAGE_GPA_INTERCEPT	0x80000001
#define HV_MESSAGE_INVALID_REGISTER	0x80000020
#define HV_MESSAGE_TRIPLE_FAULT		0x80000021
#define HV_MESSAGE_UNSUPPORTED_FEATURE	0x80000022
#define HV_MESSAGE_IO_PORT		0x80010000
#define HV_MESSAGE_APIC_EOI		0x80010004

#define HV_ACCESS_READ			0
#define HV_ACCESS_WRITE			1

#define HV_INTERCEPT_TYPE_CPUID		2

#define HV_TRANSLATE_VALIDATE_EXECUTE	BIT_ULL(2)
#define HV_TRANSLATE_PRIVILEGE_EXEMPT	BIT_ULL(3)

#define HV_SEGMENT_LONG			BIT(13)
#define HV_SEGMENT_DEFAULT_BIG		BIT(14)

struct hv_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u16 attributes;
};

struct hv_table {
	__u16 pad[3];
	__u16 limit;
	__u64 base;
};

union hv_value {
	__u64 low;
	struct hv_segment segment;
	struct hv_table table;
};

struct hv_register {
	__u32 name;
	__u32 reserved1;
	__u64 reserved2;
	union hv_value value;
};

/* First in the payload of each intercept but the APIC EOI */
struct hv_intercept {
	__u32 vp_index;
	__u8 length_cr8;	/* 3:0 instruction length, 7:4 CR8 */
	__u8 access;
	__u16 state;
	struct hv_segment cs;
	__u64 rip;
	__u64 rflags;
};

struct hv_memory_intercept {
	struct hv_intercept header;
	__u32 cache_type;
	__u8 nr_bytes;
	__u8 info;
	__u8 tpr;
	__u8 reserved;
	__u64 gva;
	__u64 gpa;
	__u8 bytes[16];
};

struct hv_io_intercept {
	struct hv_intercept header;
	__u16 port;
	__u8 info;		/* 2:0 size, 3 string, 4 repeated */
	__u8 nr_bytes;
	__u32 reserved;
	__u64 rax;		/* what follows is for string instructions */
};

#define HV_IO_SIZE_MASK			7
#define HV_IO_STRING			BIT(3)

struct hv_message {
	__u32 type;
	__u8 size;
	__u8 flags;
	__u16 reserved;
	__u64 sender;
	union {
		struct hv_intercept header;
		struct hv_memory_intercept memory;
		struct hv_io_intercept io;
		__u8 payload[240];
	};
};

/* Mapped from a VP's file; valid says whether it speaks for the stopped VP */
struct hv_register_page {
	__u16 version;
	__u8 valid;
	__u8 reserved1;
	__u32 dirty;
	__u64 gpr[16];
	__u64 rip;
	__u64 rflags;
};

#define HV_REGISTER_PAGE_DIRTY_GPR	BIT(0)
#define HV_REGISTER_PAGE_DIRTY_RIP	BIT(1)

struct hv_property_input {
	__u64 partition;
	__u32 code;
	__u32 pad;
	__u64 value;
};

struct hv_vp_input {
	__u64 partition;
	__u32 vp_index;
	__u32 vtl;
};

/* The guest sees (hypervisor's value & ~mask) | (value & mask) */
struct hv_cpuid_register {
	__u32 value;
	__u32 mask;
};

struct hv_cpuid_result {
	__u32 leaf;
	__u32 subleaf;
	__u8 subleaf_specific;
	__u8 always_override;
	__u16 pad;
	struct hv_cpuid_register eax, ebx, ecx, edx;
};

struct hv_register_result_input {
	__u64 partition;
	__u32 vp_index;
	__u32 type;
	struct hv_cpuid_result cpuid;
};

#endif
