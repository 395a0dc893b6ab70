// SPDX-License-Identifier: GPL-2.0
/*
 * Root partition of the Microsoft hypervisor: entering a guest.
 *
 * A thread that runs a virtual processor does not return to user space for
 * long times, but must do what is done on the way there.  The functions this
 * takes are not exported, so it is built in for the driver's sake.
 */
#include <linux/export.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/tracehook.h>
#include <asm/mshv_root.h>

/**
 * mshv_guest_work() - do what must be done before the guest may run
 *
 * To be called before the guest is entered and whenever
 * mshv_guest_work_pending() says so.
 *
 * Context: Process context, interrupts and preemption on; may sleep.
 * Return: 0 when the guest may run, -EINTR when a signal wants the thread back
 * in user space.
 */
int mshv_guest_work(void)
{
	unsigned long work;

	while ((work = READ_ONCE(current_thread_info()->flags)) & MSHV_GUEST_WORK) {
		if (work & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
			return -EINTR;

		if (work & _TIF_NEED_RESCHED)
			schedule();

		if (work & _TIF_NOTIFY_RESUME) {
			tracehook_notify_resume(NULL);
			rseq_handle_notify_resume(NULL, NULL);
		}
	}

	return 0;
}
EXPORT_SYMBOL_GPL(mshv_guest_work);
