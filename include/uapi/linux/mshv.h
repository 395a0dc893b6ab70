/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Userspace interface of /dev/mshv, the root partition driver for the
 * Microsoft hypervisor.  Documentation/virt/hyperv/mshv.rst describes each
 * ioctl with its states and errors.
 */
#ifndef _UAPI_LINUX_MSHV_H
#define _UAPI_LINUX_MSHV_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MSHV_IOCTL	0xB8

#define MSHV_HV_PAGE_SHIFT	12
#define MSHV_HV_PAGE_SIZE	0x1000

/*
 * ioctls of /dev/mshv
 */

enum {
	MSHV_PT_BIT_LAPIC,
	MSHV_PT_BIT_X2APIC,
	MSHV_PT_BIT_GPA_SUPER_PAGES,
	MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
	MSHV_PT_BIT_NESTED_VIRTUALIZATION,
	MSHV_PT_BIT_SMT_ENABLED_GUEST,
	MSHV_PT_BIT_COUNT,
};

#define MSHV_PT_FLAGS_MASK	((1 << MSHV_PT_BIT_COUNT) - 1)

enum {
	MSHV_PT_ISOLATION_NONE,
	MSHV_PT_ISOLATION_COUNT,
};

/**
 * struct mshv_create_partition - argument of MSHV_CREATE_PARTITION
 * @pt_flags: mask of 1 << MSHV_PT_BIT_*
 * @pt_isolation: one of MSHV_PT_ISOLATION_*
 *
 * The ioctl returns a partition file descriptor.
 */
struct mshv_create_partition {
	__u64 pt_flags;
	__u64 pt_isolation;
};

#define MSHV_NUM_CPU_FEATURES_BANKS	2

/**
 * struct mshv_create_partition_v2 - argument of MSHV_CREATE_PARTITION
 *	when MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES is set in @pt_flags
 * @pt_flags: as in struct mshv_create_partition
 * @pt_isolation: as in struct mshv_create_partition
 * @pt_num_cpu_fbanks: MSHV_NUM_CPU_FEATURES_BANKS
 * @pt_rsvd: zero
 * @pt_cpu_fbanks: processor features to take away, one bit each
 * @pt_rsvd1: zero
 * @pt_disabled_xsave: XSAVE features to take away, one bit each
 */
struct mshv_create_partition_v2 {
	__u64 pt_flags;
	__u64 pt_isolation;
	__u16 pt_num_cpu_fbanks;
	__u8 pt_rsvd[6];
	__u64 pt_cpu_fbanks[MSHV_NUM_CPU_FEATURES_BANKS];
	__u64 pt_rsvd1[2];
	__u64 pt_disabled_xsave;
} __attribute__((packed));

/* The size in the number is that of the first version for both versions */
#define MSHV_CREATE_PARTITION	_IOW(MSHV_IOCTL, 0x00, struct mshv_create_partition)

/*
 * ioctls of a partition file descriptor
 */

#define MSHV_INITIALIZE_PARTITION	_IO(MSHV_IOCTL, 0x00)
#define MSHV_CREATE_VP		_IOW(MSHV_IOCTL, 0x01, struct mshv_create_vp)
#define MSHV_SET_GUEST_MEMORY	_IOW(MSHV_IOCTL, 0x02, struct mshv_user_mem_region)
#define MSHV_IRQFD		_IOW(MSHV_IOCTL, 0x03, struct mshv_user_irqfd)
#define MSHV_IOEVENTFD		_IOW(MSHV_IOCTL, 0x04, struct mshv_user_ioeventfd)
#define MSHV_SET_MSI_ROUTING	_IOW(MSHV_IOCTL, 0x05, struct mshv_user_irq_table)
#define MSHV_GET_GPAP_ACCESS_BITMAP \
	_IOWR(MSHV_IOCTL, 0x06, struct mshv_gpap_access_bitmap)
/* also on /dev/mshv and on VP file descriptors */
#define MSHV_ROOT_HVCALL	_IOWR(MSHV_IOCTL, 0x07, struct mshv_root_hvcall)

/* Hypervisors allow at least so many; for more, ask CPUID leaf 0x40000005 */
#define MSHV_MAX_VPS		256

/**
 * struct mshv_create_vp - argument of MSHV_CREATE_VP
 * @vp_index: index of the new virtual processor
 *
 * The ioctl returns a VP file descriptor.
 */
struct mshv_create_vp {
	__u32 vp_index;
};

enum {
	MSHV_SET_MEM_BIT_WRITABLE,
	MSHV_SET_MEM_BIT_EXECUTABLE,
	MSHV_SET_MEM_BIT_UNMAP,
	MSHV_SET_MEM_BIT_COUNT,
};

#define MSHV_SET_MEM_FLAGS_MASK	((1 << MSHV_SET_MEM_BIT_COUNT) - 1)

/**
 * struct mshv_user_mem_region - argument of MSHV_SET_GUEST_MEMORY
 * @size: in bytes, a multiple of the page size, not zero
 * @guest_pfn: first guest page number
 * @userspace_addr: page aligned address of the memory in the caller
 * @flags: mask of 1 << MSHV_SET_MEM_BIT_*
 * @rsvd: zero
 *
 * With MSHV_SET_MEM_BIT_UNMAP, @size, @guest_pfn and @userspace_addr must be
 * those of a region that was mapped.
 */
struct mshv_user_mem_region {
	__u64 size;
	__u64 guest_pfn;
	__u64 userspace_addr;
	__u8 flags;
	__u8 rsvd[7];
};

enum {
	MSHV_IRQFD_BIT_DEASSIGN,
	MSHV_IRQFD_BIT_RESAMPLE,
	MSHV_IRQFD_BIT_COUNT,
};

#define MSHV_IRQFD_FLAGS_MASK	((1 << MSHV_IRQFD_BIT_COUNT) - 1)

/**
 * struct mshv_user_irqfd - argument of MSHV_IRQFD
 * @fd: eventfd, a write to it injects the interrupt
 * @resamplefd: eventfd that is signalled when the guest ends the interrupt,
 *	looked at with MSHV_IRQFD_BIT_RESAMPLE only
 * @gsi: index into the MSI routing table
 * @flags: mask of 1 << MSHV_IRQFD_BIT_*
 */
struct mshv_user_irqfd {
	__s32 fd;
	__s32 resamplefd;
	__u32 gsi;
	__u32 flags;
};

enum {
	MSHV_IOEVENTFD_BIT_DATAMATCH,
	MSHV_IOEVENTFD_BIT_PIO,
	MSHV_IOEVENTFD_BIT_DEASSIGN,
	MSHV_IOEVENTFD_BIT_COUNT,
};

#define MSHV_IOEVENTFD_FLAGS_MASK	((1 << MSHV_IOEVENTFD_BIT_COUNT) - 1)

/**
 * struct mshv_user_ioeventfd - argument of MSHV_IOEVENTFD
 * @datamatch: value to match, used with MSHV_IOEVENTFD_BIT_DATAMATCH
 * @addr: guest physical address
 * @len: 1, 2, 4 or 8 bytes, or 0 for an access of any size
 * @fd: eventfd to signal
 * @flags: mask of 1 << MSHV_IOEVENTFD_BIT_*
 * @rsvd: zero
 */
struct mshv_user_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u8 rsvd[4];
};

#define MSHV_MAX_GUEST_IRQS	4096

/**
 * struct mshv_user_irq_entry - route of one interrupt
 * @gsi: less than MSHV_MAX_GUEST_IRQS
 * @address_lo: bits 31:0 of the MSI address
 * @address_hi: zero
 * @data: MSI data
 */
struct mshv_user_irq_entry {
	__u32 gsi;
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
};

/**
 * struct mshv_user_irq_table - argument of MSHV_SET_MSI_ROUTING
 * @nr: number of entries
 * @rsvd: zero
 * @entries: the new routing table, at most one entry per interrupt
 */
struct mshv_user_irq_table {
	__u32 nr;
	__u32 rsvd;
	struct mshv_user_irq_entry entries[];
};

enum {
	MSHV_GPAP_ACCESS_TYPE_ACCESSED,
	MSHV_GPAP_ACCESS_TYPE_DIRTY,
	MSHV_GPAP_ACCESS_TYPE_COUNT,
};

enum {
	MSHV_GPAP_ACCESS_OP_NOOP,
	MSHV_GPAP_ACCESS_OP_CLEAR,
	MSHV_GPAP_ACCESS_OP_SET,
	MSHV_GPAP_ACCESS_OP_COUNT,
};

/**
 * struct mshv_gpap_access_bitmap - argument of MSHV_GET_GPAP_ACCESS_BITMAP
 * @access_type: one of MSHV_GPAP_ACCESS_TYPE_*
 * @access_op: what to do with the state after reading it,
 *	one of MSHV_GPAP_ACCESS_OP_*
 * @rsvd: zero
 * @page_count: number of pages
 * @gpap_base: first guest page number
 * @bitmap_ptr: where to store one bit per page
 */
struct mshv_gpap_access_bitmap {
	__u8 access_type;
	__u8 access_op;
	__u8 rsvd[6];
	__u64 page_count;
	__u64 gpap_base;
	__u64 bitmap_ptr;
};

/**
 * struct mshv_root_hvcall - argument of MSHV_ROOT_HVCALL
 * @code: hypercall code, one that this file descriptor passes on
 * @reps: in: number of repetitions; out: those completed
 * @in_sz: bytes at @in_ptr
 * @out_sz: bytes at @out_ptr
 * @status: in: zero; out: status that the hypervisor returned
 * @rsvd: zero
 * @in_ptr: input of the hypercall; the kernel fills in the partition id
 * @out_ptr: where to store the output, or zero
 */
struct mshv_root_hvcall {
	__u16 code;
	__u16 reps;
	__u16 in_sz;
	__u16 out_sz;
	__u16 status;
	__u8 rsvd[6];
	__u64 in_ptr;
	__u64 out_ptr;
};

/*
 * ioctls of a VP file descriptor
 */

#define MSHV_RUN_VP		_IOR(MSHV_IOCTL, 0x00, struct mshv_run_vp)
#define MSHV_GET_VP_STATE	_IOWR(MSHV_IOCTL, 0x01, struct mshv_get_set_vp_state)
#define MSHV_SET_VP_STATE	_IOWR(MSHV_IOCTL, 0x02, struct mshv_get_set_vp_state)
#define MSHV_VP_TRANSLATE_GVA	_IOWR(MSHV_IOCTL, 0xF2, struct mshv_translate_gva)

#define MSHV_RUN_VP_BUF_SZ	256

/**
 * struct mshv_run_vp - argument of MSHV_RUN_VP
 * @msg_buf: the message that says why the VP stopped
 */
struct mshv_run_vp {
	__u8 msg_buf[MSHV_RUN_VP_BUF_SZ];
};

enum {
	MSHV_VP_STATE_LAPIC,
	MSHV_VP_STATE_XSAVE,
	MSHV_VP_STATE_SIMP,
	MSHV_VP_STATE_SIEFP,
	MSHV_VP_STATE_SYNTHETIC_TIMERS,
	MSHV_VP_STATE_COUNT,
};

/**
 * struct mshv_get_set_vp_state - argument of MSHV_GET_VP_STATE and
 *	MSHV_SET_VP_STATE
 * @type: one of MSHV_VP_STATE_*
 * @rsvd: zero
 * @buf_sz: in: size of the buffer, a multiple of the page size;
 *	out: size of the state
 * @buf_ptr: page aligned address of the buffer
 */
struct mshv_get_set_vp_state {
	__u8 type;
	__u8 rsvd[3];
	__u32 buf_sz;
	__u64 buf_ptr;
};

/**
 * struct mshv_translate_gva_result - how a translation ended
 * @result_code: zero if there is a guest physical address
 * @cache_type: cache type in bits 7:0; bit 8 is set for an overlay page
 */
struct mshv_translate_gva_result {
	__u32 result_code;
	__u32 cache_type;
};

/**
 * struct mshv_translate_gva - argument of MSHV_VP_TRANSLATE_GVA
 * @gva: guest virtual address
 * @flags: which kinds of access to check, as the hypervisor defines them
 * @result_ptr: where to store struct mshv_translate_gva_result
 * @gpa_ptr: where to store the guest physical address, 64 bits
 */
struct mshv_translate_gva {
	__u64 gva;
	__u64 flags;
	__u64 result_ptr;
	__u64 gpa_ptr;
};

/**
 * struct mshv_vp_control - what user space says about a VP, in a mapped page
 * @cancel: while not zero, MSHV_RUN_VP fails with EINTR and the VP does not run
 * @rsvd: zero
 *
 * A signal handler that sets @cancel stops MSHV_RUN_VP also when the signal has
 * come right before it.
 */
struct mshv_vp_control {
	__u32 cancel;
	__u32 rsvd[15];
};

/*
 * Offsets for mmap() of a VP file descriptor, in units of the page size
 */

enum {
	MSHV_VP_MMAP_OFFSET_REGISTERS,
	MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE,
	MSHV_VP_MMAP_OFFSET_GHCB,
	MSHV_VP_MMAP_OFFSET_COUNT,
};

/*
 * A page of the kernel's own, out of the way of those of the hypervisor.  A
 * kernel that does not know it fails with EINVAL.
 */
#define MSHV_VP_MMAP_OFFSET_CONTROL	0x10000

#endif /* _UAPI_LINUX_MSHV_H */
