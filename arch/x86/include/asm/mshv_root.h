/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Root partition of the Microsoft hypervisor: what the boot code offers to
 * the rest of the kernel and to the /dev/mshv driver.
 *
 * The roles are told apart by the privileges the hypervisor grants.  In a
 * kernel without CONFIG_MSHV_ROOT the role of root is constant-false, and
 * nothing below costs anything.
 */
#ifndef _ASM_X86_MSHV_ROOT_H
#define _ASM_X86_MSHV_ROOT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/thread_info.h>
#include <linux/types.h>
#include <asm/mshyperv.h>
#include <asm/x86_init.h>

struct page;
struct irq_domain;
struct tlfs_proximity;

/**
 * enum mshv_role - what this kernel is to the hypervisor below it
 * @MSHV_ROLE_NONE: there is no Microsoft hypervisor
 * @MSHV_ROLE_GUEST: an ordinary guest
 * @MSHV_ROLE_ISOLATED: a guest whose memory is closed to its host
 * @MSHV_ROLE_L1VH: a guest that may create partitions, but owns no hardware
 * @MSHV_ROLE_ROOT: the partition that owns the hardware
 */
enum mshv_role {
	MSHV_ROLE_NONE,
	MSHV_ROLE_GUEST,
	MSHV_ROLE_ISOLATED,
	MSHV_ROLE_L1VH,
	MSHV_ROLE_ROOT,
};

/* A privilege, CPUID 0x40000003 EBX, that asm/hyperv-tlfs.h has no name for */
#define MSHV_PRIV_ISOLATION		BIT(22)

/**
 * mshv_role_of - role of a partition on the Microsoft hypervisor
 * @privileges: upper half of the privilege mask
 *
 * Other hypervisors that offer this interface grant neither of the two
 * privileges that a root has.
 */
static inline enum mshv_role mshv_role_of(u32 privileges)
{
	if (privileges & MSHV_PRIV_ISOLATION)
		return MSHV_ROLE_ISOLATED;
	if (!(privileges & HV_CREATE_PARTITIONS))
		return MSHV_ROLE_GUEST;
	if (!(privileges & HV_CPU_POWER_MANAGEMENT))
		return MSHV_ROLE_L1VH;

	return MSHV_ROLE_ROOT;
}

#if IS_ENABLED(CONFIG_MSHV_ROOT)

extern enum mshv_role mshv_role;

static inline bool mshv_root_partition(void)
{
	return mshv_role == MSHV_ROLE_ROOT;
}

/* Boot: called from the Hyper-V platform code, in this order */
void mshv_detect_role(void);
void mshv_root_init_platform(void);
void mshv_root_alloc_args(void);
void mshv_root_copy_hypercalls(u64 pfn);
int mshv_root_cpu_init(unsigned int cpu);
int mshv_root_cpu_die(unsigned int cpu);

/*
 * Hypercalls
 *
 * These functions own the whole sequence: interrupts off, arguments into this
 * CPU's input page, the call, results out of this CPU's output page.  All
 * buffers are the caller's, may be on the stack, and need no alignment.  Input
 * is padded with zeros to a multiple of 8 bytes; the output page is cleared
 * before the call, so that what a failed call did not write reads as zero.
 *
 * Any context but NMI.  Interrupts are off for one entry into the hypervisor
 * at a time.  The value returned is a status (TLFS_STATUS_*, 16 bits);
 * MSHV_STATUS_NO_HYPERCALLS when there is no hypercall page.  The exception is
 * mshv_hvcall_control(), which takes and returns what the hypervisor defines.
 */

#define MSHV_STATUS_NO_HYPERCALLS	0xffffULL

/**
 * struct mshv_reps - the lists of a rep hypercall, and how far it got
 * @in: input elements, %NULL when the call has none
 * @out: where output elements go, %NULL when the call has none
 * @in_size: size of an input element in bytes
 * @out_size: size of an output element in bytes
 * @count: number of elements; header and lists must fit in a page each
 * @done: elements before this index are done.  Set by the caller to where
 *	processing starts (usually 0) and advanced by the call, on failure too.
 *	So calling again with the same structure resumes exactly.
 */
struct mshv_reps {
	const void *in;
	void *out;
	u16 in_size;
	u16 out_size;
	u16 count;
	u16 done;
};

u64 mshv_hvcall(u16 code, const void *in, size_t in_len,
		void *out, size_t out_len);
u64 mshv_hvcall_var(u16 code, const void *in, size_t in_len,
		    const u64 *var, unsigned int nr_var,
		    void *out, size_t out_len);
u64 mshv_hvcall_rep(u16 code, const void *in, size_t in_len,
		    struct mshv_reps *reps);
u64 mshv_hvcall_fast(u16 code, u64 in0, u64 in1);
u64 mshv_hvcall_control(u64 control, const void *in, size_t in_len,
			void *out, size_t out_len);

int mshv_status_to_errno(u64 status);
const char *mshv_status_name(u64 status);

/*
 * Memory pools
 *
 * Each partition has a pool of pages that its parent deposits.  The
 * hypervisor may touch a deposited page at any time and ends the machine when
 * somebody else does.  While deposited, a page stays allocated, is marked
 * PageOffline and knows its pool, so that dumps leave it out and nothing comes
 * back that was not given.
 */

/**
 * struct mshv_pool - this side's account of a partition's memory pool
 * @partition_id: whose pool it is
 * @node: NUMA node to take pages from, or %NUMA_NO_NODE
 * @gfp: how to allocate pages for it
 * @nr_pages: pages deposited and not withdrawn
 */
struct mshv_pool {
	u64 partition_id;
	int node;
	gfp_t gfp;
	atomic_long_t nr_pages;
};

/* The root's own pool; its partition_id is the root's partition id */
extern struct mshv_pool mshv_root_pool;

void mshv_pool_init(struct mshv_pool *pool, u64 partition_id, int node,
		    gfp_t gfp);
int mshv_pool_deposit(struct mshv_pool *pool, unsigned long nr_pages);
long mshv_pool_withdraw(struct mshv_pool *pool, unsigned long nr_pages);
struct page *mshv_pool_lend(struct mshv_pool *pool, u64 pfn);
void mshv_pool_return(struct mshv_pool *pool, struct page *page);

/**
 * struct mshv_retry - one call that may have to be repeated after a deposit
 * @pool: pool the call draws on, except when the status names the root's
 * @nr_pages: pages for the first deposit; doubled each time it was not enough
 * @rounds: deposits made so far
 * @error: how it ended, as an errno
 *
 * The only way to meet a shortage of memory in a call::
 *
 *	struct mshv_retry retry = MSHV_RETRY(pool);
 *
 *	do {
 *		status = mshv_hvcall(...);
 *	} while (mshv_retry(&retry, status));
 *	return retry.error;
 */
struct mshv_retry {
	struct mshv_pool *pool;
	unsigned int nr_pages;
	unsigned int rounds;
	int error;
};

#define MSHV_RETRY_PAGES(pool_, nr_pages_) \
	{ .pool = (pool_), .nr_pages = (nr_pages_) }
#define MSHV_RETRY(pool_)	MSHV_RETRY_PAGES(pool_, 1)

bool mshv_retry(struct mshv_retry *retry, u64 status);

struct tlfs_proximity mshv_proximity(int node);

/* Virtual processors: of the root itself, and of its children */
int mshv_create_vp(struct mshv_pool *pool, u32 vp_index, int node, u64 flags);

/* Device interrupts */

/**
 * struct mshv_route - a device interrupt as mapped in the hypervisor
 * @device_id: device or IO-APIC it comes from, as the hypervisor names it
 * @source: TLFS_INTERRUPT_SOURCE_*, 0 when nothing is mapped
 * @value: MSI address and data, or redirection table entry, to be programmed
 * @cpu: CPU it goes to
 * @vector: vector it arrives on there
 * @level: level-triggered
 */
struct mshv_route {
	u64 device_id;
	u32 source;
	u64 value;
	unsigned int cpu;
	u8 vector;
	bool level;
};

int mshv_route_map(struct mshv_route *route);
void mshv_route_unmap(struct mshv_route *route);
void mshv_route_drop(struct mshv_route *route);
void mshv_unmap_all(void);
struct irq_domain *mshv_create_pci_msi_domain(void);

/* SynIC: the one function that is called on HYPERVISOR_CALLBACK_VECTOR */
void mshv_setup_callback(void (*handler)(void));
void mshv_remove_callback(void);
void mshv_callback(void);

/* The way down: power-off, restart, kexec, crash kernel */
void mshv_setup_shutdown(void (*handler)(void));

/*
 * Run loop of a virtual processor.  Before the guest runs, the thread must do
 * what it would do before returning to user space.
 */
#define MSHV_GUEST_WORK (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL | \
			 _TIF_NEED_RESCHED | _TIF_NOTIFY_RESUME)

/**
 * mshv_guest_work_pending - is there work to do before the guest may run?
 *
 * Exact with interrupts off, a hint otherwise.
 */
static inline bool mshv_guest_work_pending(void)
{
	return READ_ONCE(current_thread_info()->flags) & MSHV_GUEST_WORK;
}

int mshv_guest_work(void);

#else /* !CONFIG_MSHV_ROOT */

static inline bool mshv_root_partition(void)
{
	return false;
}

/* It would come far enough to be a riddle: without processors and interrupts */
static inline void mshv_root_unsupported(void)
{
	panic("Hyper-V: this is the root partition, for which the kernel needs CONFIG_MSHV_ROOT\n");
}

/* There is no console before that */
static inline void __init mshv_root_init_platform(void)
{
	if (mshv_role_of(ms_hyperv.priv_high) == MSHV_ROLE_ROOT)
		x86_init.irqs.intr_mode_init = mshv_root_unsupported;
}

static inline void mshv_detect_role(void) { }
static inline void mshv_root_alloc_args(void) { }
static inline void mshv_root_copy_hypercalls(u64 pfn) { }
static inline int mshv_root_cpu_init(unsigned int cpu) { return -ENODEV; }
static inline int mshv_root_cpu_die(unsigned int cpu) { return -ENODEV; }
static inline void mshv_callback(void) { }

#endif /* CONFIG_MSHV_ROOT */

#endif /* _ASM_X86_MSHV_ROOT_H */
