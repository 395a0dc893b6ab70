// SPDX-License-Identifier: GPL-2.0
/* Interrupts and exceptions that the hypervisor itself takes. */
#include "hv.h"
#include "cpu.h"
#include "internal.h"

extern char trap_entries[];

static struct {
	u16 limit;
	u64 base;
} __packed idt_ptr;

struct idt_entry {
	u16 offset_low, selector;
	u16 type;
	u16 offset_mid;
	u32 offset_high, reserved;
} __packed;
static struct idt_entry idt[256];

void trap_init(void)
{
	for (u32 i = 0; i < 256; i++) {
		u64 entry = (u64)trap_entries + i * 16;

		idt[i] = (struct idt_entry){
			.offset_low = entry, .offset_mid = entry >> 16, .offset_high = entry >> 32,
			.selector = 0x08, .type = 0x8e00,
		};
	}
	idt_ptr.limit = sizeof(idt) - 1;
	idt_ptr.base = (u64)idt;
}

void trap_init_lp(void)
{
	asm volatile("lidt %0" : : "m"(idt_ptr));
}

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

void trap(struct trap_frame *f);
void trap(struct trap_frame *f)
{
	struct lp *lp = this_lp();

	/* Nobody keeps a device from the vector of an exception. */
	if (f->vector >= 32 || apic_in_service(f->vector)) {
		irq_taken(lp, f->vector);
		return;
	}
	if (f->vector == 2) {
		lp->nmi_taken = true;
		return;
	}
	hv_panic("exception %llu (error %llx, CR2 %llx) at %llx, RSP %llx, LP %u",
		 f->vector, f->error, read_cr2(), f->rip, f->rsp, lp->apic_id);
}
