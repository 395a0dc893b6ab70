// SPDX-License-Identifier: GPL-2.0
/* A VP's own view: its mode, its translation, its instruction bytes. */
#include "hv.h"
#include "internal.h"
#include "string.h"
#include "walk.h"

#define SEG_ATTRIB_L	BIT(9)
#define SEG_ATTRIB_DB	BIT(10)

enum insn_mode guest_mode(struct vp *vp)
{
	const struct vmcb_save *s = &vp->vmcb->s;

	if ((s->efer & EFER_LMA) && (s->cs.attrib & SEG_ATTRIB_L))
		return INSN_64;
	if (!(s->cr0 & CR0_PE) || (s->rflags & RFLAGS_VM))
		return INSN_16;
	return s->cs.attrib & SEG_ATTRIB_DB ? INSN_32 : INSN_16;
}

static void guest_walk_cpu(struct vp *vp, struct walk_cpu *cpu)
{
	const struct vmcb_save *s = &vp->vmcb->s;

	*cpu = (struct walk_cpu){
		.cr0 = s->cr0, .cr3 = s->cr3, .cr4 = s->cr4, .efer = s->efer & ~EFER_SVME,
		.pat = s->g_pat, .rflags = s->rflags, .cpl = s->cpl, .phys_bits = CHILD_GPA_BITS,
	};
}

static void *walk_page(void *context, u64 gpa, bool write, enum walk_code *why)
{
	struct partition *pt = context;
	void *p = gpa_ptr(pt, gpa, write ? NPT_R | NPT_W : NPT_R);

	if (!p)
		*why = npt_lookup(pt, gpa >> PAGE_SHIFT).prot ?
		       (write ? WALK_GPA_NO_WRITE : WALK_GPA_NO_READ) : WALK_GPA_UNMAPPED;
	return p;
}

struct walk_result guest_translate(struct vp *vp, u64 gva, u64 flags)
{
	struct walk_memory memory = { .page = walk_page, .context = vp->pt };
	struct walk_cpu cpu;

	guest_walk_cpu(vp, &cpu);
	return walk_translate(&cpu, &memory, gva, flags);
}

static u64 fetch_address(struct vp *vp)
{
	const struct vmcb_save *s = &vp->vmcb->s;

	return guest_mode(vp) == INSN_64 ? s->rip : (s->cs.base + s->rip) & 0xffffffff;
}

u32 guest_fetch(struct vp *vp, u8 bytes[INSN_MAX_BYTES])
{
	u64 gva = fetch_address(vp);
	u32 done = 0;

	while (done < INSN_MAX_BYTES) {
		struct walk_result r = guest_translate(vp, gva + done,
						       WALK_EXECUTE | WALK_PRIVILEGE_EXEMPT);
		u32 n = PAGE_SIZE - ((gva + done) & (PAGE_SIZE - 1));
		const void *p = r.code == WALK_OK ? gpa_ptr(vp->pt, r.gpa, NPT_R) : NULL;

		if (!p)
			break;
		n = min(n, INSN_MAX_BYTES - done);
		memcpy(bytes + done, p, n);
		done += n;
	}
	return done;
}

/* Length of the instruction that an exit was taken for; the processor gives no next RIP. */
u64 guest_insn_length(struct vp *vp, enum insn_fixed which)
{
	u8 bytes[INSN_MAX_BYTES];
	u32 n = guest_fetch(vp, bytes);
	u32 length = decode_length(bytes, n, guest_mode(vp), which);

	return length ? length : decode_length_bare(which);
}
