// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: the device, the table of all ioctls, and the module.
 */
#define pr_fmt(fmt) "mshv: " fmt

#include <linux/build_bug.h>
#include <linux/crash_dump.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/reboot.h>
#include <linux/uaccess.h>

#include <asm/mshyperv.h>

#include "mshv.h"

#define CREATE_TRACE_POINTS
#include "mshv_trace.h"

/* Numbers, sizes and layouts are an interface that programs were built with */
static_assert(MSHV_CREATE_PARTITION == 0x4010b800);
static_assert(MSHV_INITIALIZE_PARTITION == 0x0000b800);
static_assert(MSHV_CREATE_VP == 0x4004b801);
static_assert(MSHV_SET_GUEST_MEMORY == 0x4020b802);
static_assert(MSHV_IRQFD == 0x4010b803);
static_assert(MSHV_IOEVENTFD == 0x4020b804);
static_assert(MSHV_SET_MSI_ROUTING == 0x4008b805);
static_assert(MSHV_GET_GPAP_ACCESS_BITMAP == 0xc020b806);
static_assert(MSHV_ROOT_HVCALL == 0xc020b807);
static_assert(MSHV_RUN_VP == 0x8100b800);
static_assert(MSHV_GET_VP_STATE == 0xc010b801);
static_assert(MSHV_SET_VP_STATE == 0xc010b802);
static_assert(MSHV_VP_TRANSLATE_GVA == 0xc020b8f2);
static_assert(sizeof(struct mshv_create_partition_v2) == 64);
static_assert(offsetof(struct mshv_create_partition_v2, pt_disabled_xsave) == 56);
static_assert(offsetof(struct mshv_user_mem_region, flags) == 24);
static_assert(offsetof(struct mshv_user_ioeventfd, flags) == 24);
static_assert(offsetof(struct mshv_user_irq_table, entries) == 8);
static_assert(sizeof(struct mshv_user_irq_entry) == 16);
static_assert(offsetof(struct mshv_gpap_access_bitmap, bitmap_ptr) == 24);
static_assert(offsetof(struct mshv_root_hvcall, in_ptr) == 16);
static_assert(offsetof(struct mshv_get_set_vp_state, buf_ptr) == 8);

/* Room for the copy of any argument */
union mshv_ioctl_arg {
	struct mshv_create_partition create_partition;
	struct mshv_create_vp create_vp;
	struct mshv_user_mem_region region;
	struct mshv_user_irqfd irqfd;
	struct mshv_user_ioeventfd ioeventfd;
	struct mshv_user_irq_table routing;
	struct mshv_gpap_access_bitmap bitmap;
	struct mshv_root_hvcall hvcall;
	struct mshv_get_set_vp_state state;
	struct mshv_translate_gva translate;
};

/**
 * struct mshv_ioctl - an ioctl
 * @cmd: complete number
 * @fd: on which kind of file descriptor
 * @size: bytes of the argument that are copied in
 * @handler: does it; called with the object of the file descriptor, locked,
 *	the user's argument and the copy
 */
struct mshv_ioctl {
	unsigned int cmd;
	enum mshv_fd fd;
	size_t size;
	long (*handler)(void *object, void __user *uarg, void *arg);
};

#define ARG_SIZE(member)	sizeof_field(union mshv_ioctl_arg, member)

#define IOCTL(fd_, cmd_, size_, handler_) \
	{ .cmd = (cmd_), .fd = MSHV_FD_##fd_, .size = (size_), \
	  .handler = (handler_) }

static const struct mshv_ioctl mshv_ioctls[] = {
	IOCTL(VP, MSHV_RUN_VP, 0, mshv_vp_ioctl_run),
	IOCTL(VP, MSHV_ROOT_HVCALL, ARG_SIZE(hvcall), mshv_hvcall_ioctl_vp),
	IOCTL(VP, MSHV_VP_TRANSLATE_GVA, ARG_SIZE(translate),
	      mshv_vp_ioctl_translate),
	IOCTL(VP, MSHV_GET_VP_STATE, ARG_SIZE(state), mshv_state_ioctl_get),
	IOCTL(VP, MSHV_SET_VP_STATE, ARG_SIZE(state), mshv_state_ioctl_set),

	IOCTL(PARTITION, MSHV_INITIALIZE_PARTITION, 0,
	      mshv_partition_ioctl_initialize),
	IOCTL(PARTITION, MSHV_CREATE_VP, ARG_SIZE(create_vp),
	      mshv_vp_ioctl_create),
	IOCTL(PARTITION, MSHV_SET_GUEST_MEMORY, ARG_SIZE(region),
	      mshv_region_ioctl_set),
	IOCTL(PARTITION, MSHV_IRQFD, ARG_SIZE(irqfd), mshv_irqfd_ioctl),
	IOCTL(PARTITION, MSHV_IOEVENTFD, ARG_SIZE(ioeventfd),
	      mshv_ioeventfd_ioctl),
	IOCTL(PARTITION, MSHV_SET_MSI_ROUTING, ARG_SIZE(routing),
	      mshv_routing_ioctl_set),
	IOCTL(PARTITION, MSHV_GET_GPAP_ACCESS_BITMAP, ARG_SIZE(bitmap),
	      mshv_bitmap_ioctl_get),
	IOCTL(PARTITION, MSHV_ROOT_HVCALL, ARG_SIZE(hvcall),
	      mshv_hvcall_ioctl_partition),

	IOCTL(DEVICE, MSHV_CREATE_PARTITION, ARG_SIZE(create_partition),
	      mshv_partition_ioctl_create),
	IOCTL(DEVICE, MSHV_ROOT_HVCALL, ARG_SIZE(hvcall),
	      mshv_hvcall_ioctl_device),
};

static u64 scheduler_type;
static bool takes_vectors;
static bool going_down;

/**
 * mshv_root_scheduler() - is it this kernel that schedules the VPs?
 *
 * Return: true if so, false if the hypervisor does.
 */
bool mshv_root_scheduler(void)
{
	return scheduler_type == TLFS_SCHEDULER_ROOT;
}

/**
 * mshv_takes_vectors() - does the hypervisor take interrupts from the page of
 * registers when this kernel dispatches a VP?
 *
 * Return: true if so.
 */
bool mshv_takes_vectors(void)
{
	return takes_vectors;
}

/**
 * mshv_going_down() - is the machine about to stop?
 *
 * Return: true if no VP may run any more.
 */
bool mshv_going_down(void)
{
	return READ_ONCE(going_down);
}

/*
 * ioctls
 */

static const struct mshv_ioctl *ioctl_find(enum mshv_fd fd, unsigned int cmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_ioctls); i++)
		if (mshv_ioctls[i].cmd == cmd && mshv_ioctls[i].fd == fd)
			return &mshv_ioctls[i];

	return NULL;
}

/**
 * mshv_ioctl_dispatch() - find an ioctl, copy its argument, call its handler
 * @fd: kind of the file descriptor
 * @object: what it stands for
 * @lock: serializes ioctls on @object, NULL if there is no need
 * @cmd: number of the ioctl
 * @arg: its argument
 *
 * Return: What the handler returns; -ENOTTY if there is none; -EINTR if a fatal
 * signal came first.
 */
long mshv_ioctl_dispatch(enum mshv_fd fd, void *object, struct mutex *lock,
			 unsigned int cmd, unsigned long arg)
{
	const struct mshv_ioctl *ioctl = ioctl_find(fd, cmd);
	void __user *uarg = (void __user *)arg;
	union mshv_ioctl_arg copy;
	long ret;

	if (!ioctl)
		return -ENOTTY;
	if (copy_from_user(&copy, uarg, ioctl->size))
		return -EFAULT;
	if (!lock)
		return ioctl->handler(object, uarg, &copy);

	if (mutex_lock_killable(lock))
		return -EINTR;
	ret = ioctl->handler(object, uarg, &copy);
	mutex_unlock(lock);
	return ret;
}

/*
 * The device
 */

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mshv_ioctl_dispatch(MSHV_FD_DEVICE, NULL, NULL, cmd, arg);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= device_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice mshv_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "mshv",
	.fops	= &device_fops,
	.mode	= 0600,
};

/*
 * The module
 */

/*
 * Threads that run a VP leave it, and leave it stopped.  A next kernel is not to
 * be bothered with messages for this one.  Partitions that are still there when
 * the other CPUs have stopped are ended then.
 */
static int mshv_reboot(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	WRITE_ONCE(going_down, true);
	mshv_partition_kick_all();
	mshv_synic_exit();
	return NOTIFY_DONE;
}

static struct notifier_block mshv_reboot_nb = {
	.notifier_call = mshv_reboot,
};

static int mshv_check_role(void)
{
	if (!mshv_root_partition()) {
		if (mshv_role == MSHV_ROLE_L1VH)
			pr_info("a parent that is not the root is not supported\n");
		else if (IS_MODULE(CONFIG_MSHV_ROOT))
			pr_info("not the root partition of the Microsoft hypervisor\n");
		return -ENODEV;
	}

	if (is_kdump_kernel()) {
		pr_info("not available in a crash kernel\n");
		return -ENODEV;
	}

	return 0;
}

static int mshv_check_scheduler(void)
{
	int ret;

	ret = hv_call_get_system_property(TLFS_SYSTEM_PROPERTY_SCHEDULER_TYPE,
					  &scheduler_type);
	if (ret) {
		pr_err("scheduler type cannot be read: %d\n", ret);
		return ret;
	}

	scheduler_type = (u32)scheduler_type;
	if (scheduler_type < TLFS_SCHEDULER_LP ||
	    scheduler_type > TLFS_SCHEDULER_ROOT) {
		pr_err("scheduler type %llu is not known\n", scheduler_type);
		return -EOPNOTSUPP;
	}

	takes_vectors = mshv_root_scheduler() &&
		cpuid_ecx(HYPERV_CPUID_FEATURES) & TLFS_FEATURE_DISPATCH_INJECT;
	return 0;
}

static int __init mshv_init(void)
{
	int ret;

	ret = mshv_check_role();
	if (ret)
		return ret;
	ret = mshv_check_scheduler();
	if (ret)
		return ret;

	ret = mshv_irqfd_init();
	if (ret)
		return ret;
	ret = mshv_synic_init();
	if (ret)
		goto exit_irqfd;

	mshv_debugfs_init();
	mshv_setup_shutdown(mshv_port_shutdown);
	register_reboot_notifier(&mshv_reboot_nb);
	ret = misc_register(&mshv_device);
	if (ret)
		goto exit_debugfs;

	pr_info("root partition %llu, VPs scheduled by the %s\n",
		mshv_root_pool.partition_id,
		mshv_root_scheduler() ? "root" : "hypervisor");
	return 0;

exit_debugfs:
	unregister_reboot_notifier(&mshv_reboot_nb);
	mshv_setup_shutdown(NULL);
	mshv_debugfs_exit();
	mshv_synic_exit();
exit_irqfd:
	mshv_irqfd_exit();
	return ret;
}
module_init(mshv_init);

static void __exit mshv_exit(void)
{
	misc_deregister(&mshv_device);
	unregister_reboot_notifier(&mshv_reboot_nb);
	mshv_setup_shutdown(NULL);
	mshv_debugfs_exit();
	mshv_synic_exit();
	mshv_irqfd_exit();
}
module_exit(mshv_exit);

MODULE_DESCRIPTION("Microsoft hypervisor root partition driver");
MODULE_LICENSE("GPL");
