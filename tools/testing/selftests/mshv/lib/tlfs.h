/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests need to know about hypercalls and messages: the part of the
 * hypervisor's interface that passes through /dev/mshv unchanged.
 */
#ifndef TLFS_H
#define TLFS_H

#include <stdint.h>

enum {
	HVCALL_CREATE_PARTITION = 0x40,
	HVCALL_GET_PARTITION_PROPERTY = 0x44,
	HVCALL_SET_PARTITION_PROPERTY = 0x45,
	HVCALL_DEPOSIT_MEMORY = 0x48,
	HVCALL_INSTALL_INTERCEPT = 0x4d,
	HVCALL_GET_VP_REGISTERS = 0x50,
	HVCALL_SET_VP_REGISTERS = 0x51,
	HVCALL_TRANSLATE_VIRTUAL_ADDRESS = 0x52,
	HVCALL_CLEAR_VIRTUAL_INTERRUPT = 0x56,
	HVCALL_POST_MESSAGE = 0x5c,
	HVCALL_REGISTER_INTERCEPT_RESULT = 0x91,
	HVCALL_ASSERT_VIRTUAL_INTERRUPT = 0x94,
	HVCALL_SIGNAL_EVENT_DIRECT = 0xc0,
	HVCALL_POST_MESSAGE_DIRECT = 0xc1,
	HVCALL_GET_GPA_PAGES_ACCESS_STATES = 0xc9,
	HVCALL_GET_VP_CPUID_VALUES = 0xf4,
	HVCALL_GET_PARTITION_PROPERTY_EX = 0x101,
};

enum {
	HV_STATUS_INVALID_HYPERCALL_INPUT = 3,
	HV_STATUS_INVALID_PARAMETER = 5,
	HV_STATUS_INVALID_PARTITION_STATE = 7,
	HV_STATUS_UNKNOWN_PROPERTY = 9,
	HV_STATUS_INVALID_VP_INDEX = 14,
	HV_STATUS_INVALID_REGISTER_VALUE = 0x50,
};

enum {
	PROPERTY_PRIVILEGE_FLAGS = 0x00010000,
	PROPERTY_SYNTHETIC_PROC_FEATURES = 0x00010001,
	PROPERTY_SUSPEND = 0x00020000,
	PROPERTY_GPA_PAGE_ACCESS_TRACKING = 0x00050005,
	PROPERTY_UNIMPLEMENTED_MSR_ACTION = 0x00050017,
	PROPERTY_PROCESSOR_XSAVE_FEATURES = 0x00060002,
	PROPERTY_PROCESSOR_FEATURES0 = 0x0006000a,
	PROPERTY_VMM_CAPABILITIES = 0x00090007,
};

enum {
	MSG_NONE = 0,
	MSG_UNMAPPED_GPA = 0x80000000,
	MSG_GPA_INTERCEPT = 0x80000001,
	MSG_UNRECOVERABLE_EXCEPTION = 0x80000021,
	MSG_IO_PORT = 0x80010000,
	MSG_MSR = 0x80010001,
	MSG_CPUID = 0x80010002,
	MSG_EXCEPTION = 0x80010003,
	MSG_APIC_EOI = 0x80010004,
};

enum {
	INTERCEPT_MSR = 0x01,
	INTERCEPT_CPUID = 0x02,
	INTERCEPT_EXCEPTION = 0x03,
	INTERCEPT_GLOBAL_CPUID = 0x06,
	INTERCEPT_MSR_INDEX = 0x0c,
};

enum {
	VP_REG_EXPLICIT_SUSPEND = 0,
	VP_REG_INTERCEPT_SUSPEND = 1,
	VP_REG_DISPATCH_SUSPEND = 3,
	VP_REG_ACTIVITY = 4,
	VP_REG_RAX = 0x20000, VP_REG_RCX, VP_REG_RDX, VP_REG_RBX,
	VP_REG_RSP, VP_REG_RBP, VP_REG_RSI, VP_REG_RDI,
	VP_REG_RIP = 0x20010, VP_REG_RFLAGS,
	VP_REG_XMM0 = 0x30000,
	VP_REG_CR0 = 0x40000, VP_REG_CR2, VP_REG_CR3, VP_REG_CR4, VP_REG_CR8,
	VP_REG_DR0 = 0x50000,
	VP_REG_ES = 0x60000, VP_REG_CS, VP_REG_SS, VP_REG_DS, VP_REG_FS, VP_REG_GS,
	VP_REG_LDTR, VP_REG_TR,
	VP_REG_IDTR = 0x70000, VP_REG_GDTR,
	VP_REG_EFER = 0x80001,
	VP_REG_KERNEL_GS_BASE,
	VP_REG_PAT = 0x80004,
	VP_REG_SYSENTER_CS,
	VP_REG_STAR = 0x80008,
};

struct reg128 {
	uint64_t low;
	uint64_t high;
};

struct reg_assoc {
	uint32_t name;
	uint32_t rsvd;
	uint64_t rsvd2;
	struct reg128 value;
};

struct segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t attributes;
};

struct msg_intercept {
	uint32_t vp_index;
	uint8_t length_cr8;
	uint8_t access_type;
	uint16_t execution_state;
	struct segment cs;
	uint64_t rip;
	uint64_t rflags;
};

struct msg_memory {
	struct msg_intercept header;
	uint32_t cache_type;
	uint8_t byte_count;
	uint8_t access_info;
	uint8_t tpr;
	uint8_t rsvd;
	uint64_t gva;
	uint64_t gpa;
	uint8_t bytes[16];
};

struct msg_io_port {
	struct msg_intercept header;
	uint16_t port;
	uint8_t access_info;
	uint8_t byte_count;
	uint32_t rsvd;
	uint64_t rax;
};

struct msg {
	uint32_t type;
	uint8_t payload_size;
	uint8_t flags;
	uint16_t rsvd;
	uint64_t sender;
	union {
		uint8_t payload[240];
		struct msg_intercept intercept;
		struct msg_memory memory;
		struct msg_io_port io;
	};
};

struct register_page {
	uint16_t version;
	uint8_t isvalid;
	uint8_t rsvd;
	uint32_t dirty;
	uint64_t gp[16];
	uint64_t rip;
	uint64_t rflags;
	uint64_t rsvd2;
	struct reg128 xmm[6];
	struct segment segments[6];
	uint8_t rsvd3[336];
	uint8_t vector_count;
	uint8_t vectors[7];
};

#define REGISTER_PAGE_GP_DIRTY		1
#define REGISTER_PAGE_RIP_DIRTY		2
#define REGISTER_PAGE_XMM_DIRTY		4
#define REGISTER_PAGE_SEGMENTS_DIRTY	8
#define REGISTER_PAGE_FLAGS_DIRTY	16

#define ACCESS_READ	0
#define ACCESS_WRITE	1
#define ACCESS_EXECUTE	2

#endif /* TLFS_H */
