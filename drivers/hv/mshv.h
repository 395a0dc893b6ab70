/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/mshv: partitions and virtual processors of the Microsoft hypervisor
 * for user space.  Private header of the driver.
 *
 * Objects
 *
 *	A partition file owns a partition, a VP file holds a reference to its
 *	partition.  The partition owns everything else: VPs, memory regions,
 *	irqfds, ioeventfds, the routing table.  It ends with its last reference,
 *	so the order in which files are closed does not matter.
 *
 *	Objects that are found from the interrupt handler (partition, VP, port,
 *	resampler) are published last and withdrawn first, and are freed after
 *	an RCU grace period.
 *
 * Lock order, outermost first
 *
 *	mshv_partition.lock		mutex: ioctls of a partition file,
 *					regions, ioeventfds, creation of VPs
 *	mshv_vp.lock			mutex: ioctls of a VP file
 *	mshv_partition.regions_lock	rwsem: tree of regions; read while a VP
 *					thread or a translation makes memory
 *					accessible
 *	mm_struct.mmap_lock		while memory is pinned, faulted in, or
 *					device memory is looked up
 *	mshv_region.lock		mutex: what is mapped of a region that
 *					follows a process; taken by its
 *					notifier, so no allocation may be made
 *					inside
 *	mshv_partition.irq_srcu		read: routing table, during injection
 *	lock of an eventfd		held when an irqfd is woken up
 *	mshv_partition.irqfds_lock	spinlock, interrupts off: list of irqfds
 *	mshv_partitions_lock		spinlock: table of all partitions
 *	lock of mshv_vp.wait		inside wake_up()
 */
#ifndef _MSHV_H
#define _MSHV_H

#include <linux/interval_tree.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <asm/mshv_root.h>
#include <asm-generic/mshv_tlfs.h>
#include <uapi/linux/mshv.h>

struct dentry;
struct eventfd_ctx;
struct file;
struct seq_file;

/*
 * mshv_ledger.c: what became of each page the driver took
 */

/**
 * enum mshv_page_state - where a page is
 * @MSHV_PAGE_FREE: not the driver's
 * @MSHV_PAGE_PINNED: pinned user memory, not visible to a guest
 * @MSHV_PAGE_MAPPED: user memory that a guest can reach
 * @MSHV_PAGE_STATE: handed out by the hypervisor as a page of VP state
 * @MSHV_PAGE_QUARANTINED: the hypervisor may still use it; never given back
 * @MSHV_PAGE_STATES: number of states
 *
 * Pages that were deposited are accounted by their pool, see struct mshv_pool.
 */
enum mshv_page_state {
	MSHV_PAGE_FREE,
	MSHV_PAGE_PINNED,
	MSHV_PAGE_MAPPED,
	MSHV_PAGE_STATE,
	MSHV_PAGE_QUARANTINED,
	MSHV_PAGE_STATES,
};

/**
 * struct mshv_ledger - pages of one partition in each state
 * @pages: number of pages, indexed by enum mshv_page_state
 * @partition_id: for messages
 */
struct mshv_ledger {
	atomic64_t pages[MSHV_PAGE_STATES];
	u64 partition_id;
};

void mshv_ledger_init(struct mshv_ledger *ledger, u64 partition_id);
void mshv_ledger_move(struct mshv_ledger *ledger, enum mshv_page_state from,
		      enum mshv_page_state to, s64 nr_pages);
void mshv_ledger_close(struct mshv_ledger *ledger, s64 nr_deposited);
void mshv_ledger_show(struct mshv_ledger *ledger, struct seq_file *m);
void mshv_ledger_show_total(struct seq_file *m);

/*
 * mshv_region.c: guest memory
 */

/* Guest page numbers have at most 40 bits: 52-bit physical addresses */
#define MSHV_MAX_GFN		BIT_ULL(40)

/**
 * enum mshv_region_type - what is behind a region
 * @MSHV_REGION_PINNED: RAM that stays where it is
 * @MSHV_REGION_MOVABLE: RAM that is mapped while its owner has it in place
 * @MSHV_REGION_DEVICE: device memory, mapped while its owner has it
 */
enum mshv_region_type {
	MSHV_REGION_PINNED,
	MSHV_REGION_MOVABLE,
	MSHV_REGION_DEVICE,
};

/**
 * struct mshv_region - a range of guest memory
 * @node: guest page numbers, in &mshv_partition.regions
 * @partition: whose memory it is
 * @type: what is behind it
 * @map_flags: TLFS_MAP_*
 * @userspace_addr: where it came from in user space
 * @nr_pages: its size
 * @mm: process whose memory it is
 * @nr_pinned: pages that are pinned, from the start; pinned
 * @nr_mapped: pages that are mapped, from the start; pinned
 * @chunks: which pages of the root they are; pinned
 * @lock: guards what is mapped of @windows; not pinned
 * @windows: struct mshv_window by number of the large guest page; not pinned
 * @notifier: says when @mm loses pages; not pinned
 */
struct mshv_region {
	struct interval_tree_node node;
	struct mshv_partition *partition;
	enum mshv_region_type type;
	u32 map_flags;
	u64 userspace_addr;
	u64 nr_pages;
	struct mm_struct *mm;
	u64 nr_pinned;
	u64 nr_mapped;
	struct mshv_chunk *chunks;
	struct mutex lock; /* what is mapped of @windows */
	struct xarray windows;
	struct mmu_interval_notifier notifier;
};

static inline u64 mshv_region_gfn(const struct mshv_region *region)
{
	return region->node.start;
}

static inline unsigned long mshv_region_addr(const struct mshv_region *region,
					     u64 i)
{
	return region->userspace_addr + (i << PAGE_SHIFT);
}

long mshv_region_ioctl_set(void *object, void __user *uarg, void *arg);
bool mshv_region_fault(struct mshv_partition *pt, u64 gfn, u8 access);
void mshv_region_merge_lost(struct mshv_partition *pt, u64 gfn, u8 *states,
			    unsigned int nr, bool clear);
void mshv_region_release_all(struct mshv_partition *pt);

/*
 * mshv_pinned.c: guest memory that stays where it is
 */

int mshv_pinned_start(struct mshv_region *region);
int mshv_pinned_end(struct mshv_region *region);

/*
 * mshv_window.c: guest memory that follows the memory of a process
 */

int mshv_windows_start(struct mshv_region *region, enum mshv_region_type type);
void mshv_windows_end(struct mshv_region *region);
int mshv_windows_fault(struct mshv_region *region, u64 i);
int mshv_windows_fill(struct mshv_region *region);
void mshv_windows_merge_lost(struct mshv_region *region, u64 gfn, u8 *states,
			     unsigned int nr, bool clear);

/*
 * mshv_movable.c: RAM that can move
 */

long mshv_movable_get(struct mshv_region *region, u64 i, unsigned int nr,
		      u64 *pfns);
void mshv_movable_put(const u64 *pfns, unsigned int nr);

/*
 * mshv_device.c: device memory
 */

int mshv_device_start(struct mshv_region *region);
long mshv_device_get(struct mshv_region *region, u64 i, unsigned int nr,
		     u64 *pfns);

/*
 * mshv_partition.c
 */

/* Where a guest can write to */
enum mshv_io_space {
	MSHV_IO_MEMORY,
	MSHV_IO_PORTS,
	MSHV_IO_SPACES,
};

/**
 * enum mshv_async_state - the one asynchronous hypercall of a partition
 * @MSHV_ASYNC_IDLE: there is none
 * @MSHV_ASYNC_PENDING: issued, its completion message has not come
 * @MSHV_ASYNC_DONE: the message has come, the caller has not seen it
 */
enum mshv_async_state {
	MSHV_ASYNC_IDLE,
	MSHV_ASYNC_PENDING,
	MSHV_ASYNC_DONE,
};

/**
 * struct mshv_partition - a partition made through /dev/mshv
 * @refs: one for the partition file, one for each VP file
 * @lock: serializes the ioctls on the partition file
 * @id: how the hypervisor calls it
 * @create_flags: TLFS_CREATE_* it was made with
 * @initialized: MSHV_INITIALIZE_PARTITION succeeded
 * @published: can be found by the interrupt handler
 * @hash: in the table of all partitions
 * @pool: account of the memory deposited for it
 * @ledger: account of all other memory
 * @regions: guest memory, by guest page number
 * @regions_lock: guards @regions; read for as long as a region is used, except
 *	by those who hold @lock
 * @vps: VPs by index; read under RCU
 * @ioeventfds: lists of struct mshv_ioeventfd; under @lock, and read under RCU
 * @nr_ioeventfds: how many there are on both; under @lock
 * @irqfds: list of struct mshv_irqfd; under @irqfds_lock
 * @resamplers: the irqfds with a resample eventfd; read under RCU
 * @irqfds_lock: see above
 * @irq_srcu: protects @routing
 * @routing: current routing table, or NULL
 * @async_state: enum mshv_async_state, changed atomically
 * @async_status: status in the completion message
 * @async_wait: the caller
 * @debugfs: directory
 * @debugfs_vps: directory of the VPs in it
 */
struct mshv_partition {
	struct kref refs;
	struct mutex lock; /* ioctls of the partition file */
	u64 id;
	u64 create_flags;
	bool initialized;
	bool published;
	struct hlist_node hash;
	struct mshv_pool pool;
	struct mshv_ledger ledger;
	struct rb_root_cached regions;
	struct rw_semaphore regions_lock;
	struct xarray vps;
	struct list_head ioeventfds[MSHV_IO_SPACES];
	unsigned int nr_ioeventfds;
	struct list_head irqfds;
	struct list_head resamplers;
	spinlock_t irqfds_lock; /* @irqfds, and writing @resamplers */
	struct srcu_struct irq_srcu;
	struct mshv_routing __rcu *routing;
	atomic_t async_state;
	u32 async_status;
	wait_queue_head_t async_wait;
	struct dentry *debugfs;
	struct dentry *debugfs_vps;
};

#define pt_info(pt, fmt, ...) \
	pr_info("p%llu: " fmt, (pt)->id, ##__VA_ARGS__)
#define pt_warn(pt, fmt, ...) \
	pr_warn_ratelimited("p%llu: " fmt, (pt)->id, ##__VA_ARGS__)

struct mshv_partition *mshv_partition_find(u64 id);
void mshv_partition_get(struct mshv_partition *pt);
void mshv_partition_put(struct mshv_partition *pt);
int mshv_partition_begin_async(struct mshv_partition *pt);
int mshv_partition_wait_async(struct mshv_partition *pt, u64 *status);
void mshv_partition_end_async(struct mshv_partition *pt);
bool mshv_partition_complete_async(struct mshv_partition *pt, u32 status);
void mshv_partition_kick_all(void);
long mshv_partition_ioctl_create(void *object, void __user *uarg, void *arg);
long mshv_partition_ioctl_initialize(void *object, void __user *uarg, void *arg);

/*
 * mshv_vp.c
 */

enum mshv_state_page {
	MSHV_STATE_PAGE_REGISTERS,
	MSHV_STATE_PAGE_INTERCEPT,
	MSHV_STATE_PAGES,
};

/**
 * struct mshv_vp_stats - what happened to a VP
 * @runs: entries into MSHV_RUN_VP
 * @intercepts: messages returned to user space
 * @cancels: runs that ended by a signal
 * @spurious_kicks: wake-ups without a message
 * @faults: intercepts that mapped memory
 */
struct mshv_vp_stats {
	u64 runs;
	u64 intercepts;
	u64 cancels;
	u64 spurious_kicks;
	u64 faults;
};

/**
 * struct mshv_vp - a virtual processor
 * @partition: the partition it is a part of
 * @lock: serializes the ioctls on the VP file
 * @index: VP index
 * @created: it exists in the hypervisor
 * @pages: its state pages, NULL where there is none
 * @control: what user space says about it, NULL while nobody has asked for it
 * @wait: the thread that runs it
 * @kicks: wake-ups since it was last resumed
 * @kick_owed: a message was taken before the wake-up that announces it
 * @running: it was resumed, and is not known to have stopped, hypervisor's
 *	scheduler only
 * @blocked: last dispatch said it cannot run, root scheduler only
 * @intercepted: it stopped at an intercept, root scheduler only
 * @undelivered: @message has not reached user space
 * @message: the last message
 * @stats: what happened
 * @dispatch: input and output of HvCallDispatchVp, which runs with interrupts
 *	on and so cannot use the pages of a CPU
 */
struct mshv_vp {
	struct mshv_partition *partition;
	struct mutex lock; /* ioctls of the VP file */
	u32 index;
	bool created;
	struct page *pages[MSHV_STATE_PAGES];
	struct mshv_vp_control *control;
	wait_queue_head_t wait;
	atomic_t kicks;
	bool kick_owed;
	bool running;
	bool blocked;
	bool intercepted;
	bool undelivered;
	struct tlfs_msg message;
	struct mshv_vp_stats stats;
	struct {
		struct tlfs_in_dispatch_vp in;
		struct tlfs_out_dispatch_vp out;
	} dispatch __aligned(64);
};

#define vp_warn(vp, fmt, ...) ({ \
	const struct mshv_vp *vp_ = (vp); \
	pr_warn_ratelimited("p%lluvp%u: " fmt, vp_->partition->id, \
			    vp_->index, ##__VA_ARGS__); \
})

/* Page tables of a walk that can be missing, and go missing again */
#define MSHV_TRANSLATE_TRIES	16

long mshv_vp_ioctl_create(void *object, void __user *uarg, void *arg);
long mshv_vp_ioctl_run(void *object, void __user *uarg, void *arg);
long mshv_vp_ioctl_translate(void *object, void __user *uarg, void *arg);
bool mshv_translate_again(struct mshv_partition *pt,
			  const struct tlfs_out_translate_virtual_address *out,
			  unsigned int *tries);
void mshv_vp_kick(struct mshv_vp *vp);
void mshv_vp_release(struct mshv_vp *vp);

/*
 * mshv_state.c: VP state, in pieces and in shared pages
 */

struct page *mshv_shared_page_get(struct mshv_pool *pool, u64 pfn);
void mshv_shared_page_put(struct mshv_pool *pool, struct page *page);
int mshv_state_pages_map(struct mshv_vp *vp);
void mshv_state_pages_unmap(struct mshv_vp *vp);
int mshv_state_mmap(struct mshv_vp *vp, struct vm_area_struct *vma);
long mshv_state_ioctl_get(void *object, void __user *uarg, void *arg);
long mshv_state_ioctl_set(void *object, void __user *uarg, void *arg);

/*
 * mshv_routing.c: MSI routing
 */

/**
 * struct mshv_msi - where an interrupt goes
 * @destination: APIC id or logical destination
 * @vector: interrupt vector
 * @type: TLFS_INTERRUPT_*
 * @flags: TLFS_ASSERT_*
 * @valid: there is a route
 */
struct mshv_msi {
	u32 destination;
	u8 vector;
	u8 type;
	u8 flags;
	bool valid;
};

/**
 * struct mshv_routing - a routing table; never changed once it is published
 * @nr: entries in @msis
 * @msis: routes by GSI
 */
struct mshv_routing {
	u32 nr;
	struct mshv_msi msis[];
};

struct mshv_msi mshv_routing_find(struct mshv_partition *pt, u32 gsi);
int mshv_msi_assert(struct mshv_partition *pt, const struct mshv_msi *msi);
void mshv_routing_release(struct mshv_partition *pt);
long mshv_routing_ioctl_set(void *object, void __user *uarg, void *arg);

/*
 * mshv_irqfd.c: interrupts from eventfds
 */

long mshv_irqfd_ioctl(void *object, void __user *uarg, void *arg);
bool mshv_irqfd_ack(struct mshv_partition *pt, u32 vector);
void mshv_irqfd_release_all(struct mshv_partition *pt);
int mshv_irqfd_init(void);
void mshv_irqfd_exit(void);

/*
 * mshv_ioeventfd.c: eventfds from writes of a guest
 */

long mshv_ioeventfd_ioctl(void *object, void __user *uarg, void *arg);
bool mshv_ioeventfd_signal_port(struct mshv_partition *pt, u16 port, u8 len,
				u32 value);
void mshv_ioeventfd_release_all(struct mshv_partition *pt);

/*
 * mshv_port.c: port ids, and what a signal on a port does
 */

int mshv_port_create(struct eventfd_ctx *eventfd, u32 *id);
void mshv_port_delete(u32 id);
bool mshv_port_signal(u32 id);
void mshv_port_shutdown(void);

/*
 * mshv_synic.c: messages and events for the root
 */

int mshv_synic_init(void);
void mshv_synic_exit(void);
void mshv_synic_show(struct seq_file *m);

/*
 * mshv_hvcall.c: hypercalls that user space makes
 */

long mshv_hvcall_ioctl_device(void *object, void __user *uarg, void *arg);
long mshv_hvcall_ioctl_partition(void *object, void __user *uarg, void *arg);
long mshv_hvcall_ioctl_vp(void *object, void __user *uarg, void *arg);

/*
 * mshv_bitmap.c: accessed and dirty pages
 */

long mshv_bitmap_ioctl_get(void *object, void __user *uarg, void *arg);

/*
 * mshv_stats.c: what the hypervisor counts
 */

int mshv_stats_show(struct seq_file *m, u32 type, u64 id, u32 vp_index);
unsigned int mshv_stats_count_lps(void);

/*
 * mshv_debugfs.c
 */

void mshv_debugfs_init(void);
void mshv_debugfs_exit(void);
void mshv_debugfs_add_partition(struct mshv_partition *pt);
void mshv_debugfs_add_vp(struct mshv_vp *vp);
void mshv_debugfs_remove_partition(struct mshv_partition *pt);

/*
 * mshv_main.c
 */

/* Which file descriptor an ioctl belongs to */
enum mshv_fd {
	MSHV_FD_DEVICE,
	MSHV_FD_PARTITION,
	MSHV_FD_VP,
};

long mshv_ioctl_dispatch(enum mshv_fd fd, void *object, struct mutex *lock,
			 unsigned int cmd, unsigned long arg);
bool mshv_root_scheduler(void);
bool mshv_takes_vectors(void);
bool mshv_going_down(void);

/*
 * mshv_call.c: one function for each hypercall
 */

int hv_call_create_partition(const struct tlfs_in_create_partition *in,
			     u64 *partition_id);
int hv_call_initialize_partition(struct mshv_pool *pool);
int hv_call_finalize_partition(u64 partition_id);
int hv_call_delete_partition(u64 partition_id);
int hv_call_get_partition_property(u64 partition_id, u32 code, u64 *value);
int hv_call_get_system_property(u32 id, u64 *value);
int hv_call_map_gpa_pages(struct mshv_pool *pool, u64 gfn, u32 flags,
			  const u64 *pfns, u16 count, u16 *done);
u64 hv_call_try_map_gpa_pages(u64 partition_id, u64 gfn, u32 flags,
			      const u64 *pfns, u16 count, u16 *done);
int hv_call_unmap_gpa_pages(u64 partition_id, u64 gfn, u32 flags, u16 count,
			    u16 *done);
int hv_call_get_gpa_pages_access_states(u64 partition_id, u64 flags, u64 gfn,
					u8 *states, u16 count);
int hv_call_delete_vp(u64 partition_id, u32 vp_index);
int hv_call_get_vp_register(struct mshv_vp *vp, u32 name, u64 *value);
int hv_call_set_vp_registers(struct mshv_vp *vp,
			     const struct tlfs_reg_assoc *regs, u16 count,
			     u16 *done);
int hv_call_set_vp_register(struct mshv_vp *vp, u32 name, u64 value);
int hv_call_map_vp_state_page(struct mshv_vp *vp, u16 type, u64 *pfn);
int hv_call_unmap_vp_state_page(struct mshv_vp *vp, u16 type);
int hv_call_map_stats_page(u32 type, const struct tlfs_stats_identity *identity,
			   u64 *pfn);
int hv_call_unmap_stats_page(u32 type,
			     const struct tlfs_stats_identity *identity);
int hv_call_get_vp_state(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
			 const u64 *pfns, unsigned int nr_pfns,
			 struct tlfs_stimers_state *out);
int hv_call_set_vp_state(struct mshv_vp *vp, struct tlfs_in_vp_state *in,
			 const u64 *data, unsigned int nr_data);
int hv_call_translate_virtual_address(struct mshv_vp *vp, u64 flags,
				      u64 gva_page,
				      struct tlfs_out_translate_virtual_address *out);
int hv_call_assert_virtual_interrupt(u64 partition_id,
				     const struct mshv_msi *msi);
int hv_call_clear_virtual_interrupt(u64 partition_id);
int hv_call_create_port(u64 connection_partition_id, u32 port_id);
int hv_call_delete_port(u32 port_id);
int hv_call_connect_port(struct mshv_pool *pool, u32 port_id,
			 const struct tlfs_doorbell_connection_info *info);
int hv_call_disconnect_port(u64 connection_partition_id, u32 port_id);
int hv_call_notify_port_ring_empty(u32 sint);

#endif /* _MSHV_H */
