// SPDX-License-Identifier: GPL-2.0
/* Exits: one case per reason, one function per case. */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define NPF_WRITE	BIT(1)		/* EXITINFO1 of a nested page fault, APM2 15.25.6 */
#define NPF_EXECUTE	BIT(4)
#define IOIO_IN		BIT(0)		/* EXITINFO1, APM2 15.10.2 */
#define IOIO_STRING	BIT(2)
#define IOIO_REP	BIT(3)
#define IOIO_PORT(i)	((u16)((i) >> 16))
#define IOIO_SIZE(i)	(((i) >> 4) & 7)

enum { STAT_INTR, STAT_CPUID, STAT_MSR, STAT_HLT, STAT_IO, STAT_NPF, STAT_HYPERCALL, STAT_OTHER, NR_STATS };
static const char *const stat_names[NR_STATS] = {
	"interrupt", "cpuid", "msr", "hlt", "io", "npf", "hypercall", "other",
};
static u64 stats[2][NR_STATS];		/* root, children */

void exit_stats_print(void)
{
	for (u32 i = 0; i < NR_STATS; i++)
		hv_info("exits: %s: root %llu children %llu", stat_names[i], stats[0][i], stats[1][i]);
}

static void exit_cpuid(struct vp *vp)
{
	u64 length = guest_insn_length(vp, INSN_CPUID);
	u32 leaf = vp->gpr[GPR_RAX], out[4];

	if (partition_is_root(vp->pt))
		cpuid_root(vp, leaf, vp->gpr[GPR_RCX], out);
	else
		cpuid_child(vp, leaf, vp->gpr[GPR_RCX], out);
	if (intercept_wanted(vp->pt, HV_INTERCEPT_X64_CPUID, leaf, HV_INTERCEPT_EXECUTE)) {
		intercept_cpuid(vp, out, length);
		return;
	}
	vp->gpr[GPR_RAX] = out[0];
	vp->gpr[GPR_RBX] = out[1];
	vp->gpr[GPR_RCX] = out[2];
	vp->gpr[GPR_RDX] = out[3];
	vp_advance(vp, length);
}

/*
 * What the parent has asked for by index comes before what is virtual; "any MSR"
 * means those that the hypervisor does not virtualise.
 */
static bool msr_intercepted(struct vp *vp, u32 msr, bool write)
{
	u32 access = write ? HV_INTERCEPT_WRITE : HV_INTERCEPT_READ;

	if (intercept_wanted(vp->pt, HV_INTERCEPT_X64_MSR, 0, access) && msr_is_virtual(vp, msr))
		return false;
	return intercept_wanted(vp->pt, HV_INTERCEPT_X64_MSR_INDEX, msr, access);
}

static void exit_rdmsr(struct vp *vp)
{
	u64 length = guest_insn_length(vp, INSN_RDMSR);
	u64 val;

	if (msr_intercepted(vp, vp->gpr[GPR_RCX], false)) {
		intercept_msr(vp, vp->gpr[GPR_RCX], false, length);
		return;
	}
	if (!msr_read(vp, vp->gpr[GPR_RCX], &val)) {
		vp_inject(vp, VEC_GP, true, 0);
		return;
	}
	vp->gpr[GPR_RAX] = (u32)val;
	vp->gpr[GPR_RDX] = val >> 32;
	vp_advance(vp, length);
}

static void exit_wrmsr(struct vp *vp)
{
	u64 length = guest_insn_length(vp, INSN_WRMSR);
	u64 rip = vp->vmcb->s.rip;
	u64 val = vp->gpr[GPR_RDX] << 32 | (u32)vp->gpr[GPR_RAX];

	if (msr_intercepted(vp, vp->gpr[GPR_RCX], true)) {
		intercept_msr(vp, vp->gpr[GPR_RCX], true, length);
		return;
	}
	/* Before the write: one that ends in an intercept (EOI) reports the VP behind the instruction. */
	vp_advance(vp, length);
	if (!msr_write(vp, vp->gpr[GPR_RCX], val)) {
		vp->vmcb->s.rip = rip;
		vp_inject(vp, VEC_GP, true, 0);
	}
}

/* With interrupts off a VP needs another to wake it. */
static bool root_is_halted(struct partition *root)
{
	struct vp *vp;
	u32 pos = 0;

	while ((vp = vp_next(root, &pos)))
		if (!(vp->activity & ACTIVITY_STARTUP_SUSPEND) &&
		    (!(vp->activity & ACTIVITY_HALT_SUSPEND) || (vp->vmcb->s.rflags & RFLAGS_IF)))
			return false;
	return true;
}

static void exit_hlt(struct vp *vp)
{
	vp_advance(vp, guest_insn_length(vp, INSN_HLT));
	if (vp_event_waiting(vp))
		return;
	vp->activity |= ACTIVITY_HALT_SUSPEND;
	if (partition_is_root(vp->pt) && root_is_halted(vp->pt))
		verdict_end(END_HALT);
}

static void exit_shutdown(struct vp *vp)
{
	if (partition_is_root(vp->pt)) {
		verdict_blame(VERDICT_ROOT_CRASH, "root VP %u: triple fault at RIP %llx, CR3 %llx, RSP %llx", vp->index,
			      vp->vmcb->s.rip, vp->vmcb->s.cr3, vp->gpr[GPR_RSP]);
		verdict_end(END_ROOT_CRASH);
	}
	intercept_report_header(vp, HVMSG_UNRECOVERABLE_EXCEPTION, HV_INTERCEPT_ACCESS_READ, 0);
}

/* ---- ports ---- */

#define LOG_PORT	0xe9

static void root_end_port(struct vp *vp, u16 port, u32 val)
{
	if (port == acpi.pm1a_cnt && (val & BIT(13)))
		verdict_end(END_POWER_OFF);
	if (port == acpi.reset_port && (u8)val == acpi.reset_value)
		verdict_end(END_RESET);
	if (port == LOG_PORT)
		control_write(val);
	if (port == options.exit_port || port == LOG_PORT)
		return;
	switch (IOIO_SIZE(vp->vmcb->c.exitinfo1)) {
	case 1:
		outb(port, val);
		break;
	case 2:
		outw(port, val);
		break;
	default:
		outl(port, val);
	}
}

static u32 root_port_read(struct vp *vp, u16 port)
{
	if (port == LOG_PORT)
		return control_read();
	switch (IOIO_SIZE(vp->vmcb->c.exitinfo1)) {
	case 1:
		return inb(port);
	case 2:
		return inw(port);
	default:
		return inl(port);
	}
}

static void root_io(struct vp *vp)
{
	u64 info = vp->vmcb->c.exitinfo1;
	u16 port = IOIO_PORT(info);

	if (info & IOIO_STRING) {
		vp_inject(vp, VEC_GP, true, 0);
		return;
	}
	if (info & IOIO_IN)
		insn_reg_write(vp->gpr, GPR_RAX, false, IOIO_SIZE(info), root_port_read(vp, port));
	else
		root_end_port(vp, port, vp->gpr[GPR_RAX]);
	vp_advance(vp, vp->vmcb->c.exitinfo2 - vp->vmcb->s.rip);
}

/* A port where nothing is: reads all ones, and takes no notice. */
static void empty_io(struct vp *vp)
{
	u64 info = vp->vmcb->c.exitinfo1;

	if (info & IOIO_IN)
		insn_reg_write(vp->gpr, GPR_RAX, false, IOIO_SIZE(info), ~0ull);
	vp_advance(vp, vp->vmcb->c.exitinfo2 - vp->vmcb->s.rip);
}

/* String forms are told of all the same (a guess): their memory is the parent's to see to. */
static void child_io(struct vp *vp)
{
	u64 info = vp->vmcb->c.exitinfo1;
	struct hv_io_message m = { 0 };

	if (!(info & IOIO_STRING) && !intercept_wanted_io(vp->pt, IOIO_PORT(info), IOIO_SIZE(info))) {
		empty_io(vp);
		return;
	}

	m.port = IOIO_PORT(info);
	m.access_info = IOIO_SIZE(info) | (info & IOIO_STRING ? HV_IO_STRING : 0) |
			((info & IOIO_REP) && (info & IOIO_STRING) ? HV_IO_REP : 0);
	m.rax = vp->gpr[GPR_RAX];
	if (info & IOIO_STRING) {
		m.byte_count = intercept_bytes(vp, m.bytes);
		intercept_segment(&m.ds, &vp->vmcb->s.ds);
		intercept_segment(&m.es, &vp->vmcb->s.es);
		m.rcx = vp->gpr[GPR_RCX];
		m.rsi = vp->gpr[GPR_RSI];
		m.rdi = vp->gpr[GPR_RDI];
	}
	intercept_header(vp, &m.header, info & IOIO_IN ? HV_INTERCEPT_ACCESS_READ : HV_INTERCEPT_ACCESS_WRITE,
			 vp->vmcb->c.exitinfo2 - vp->vmcb->s.rip);
	intercept_report(vp, HVMSG_X64_IO_PORT_INTERCEPT, &m, sizeof(m));
}

/* ---- memory ---- */

static void root_fault(struct vp *vp, u64 gpa)
{
	const struct frame *f = frame_get(gpa >> PAGE_SHIFT);

	verdict_blame(VERDICT_ILLEGAL_TOUCH, "root VP %u: %s of %llx at RIP %llx, which is %s", vp->index,
		      vp->vmcb->c.exitinfo1 & NPF_WRITE ? "write" :
		      vp->vmcb->c.exitinfo1 & NPF_EXECUTE ? "execution" : "read",
		      gpa, vp->vmcb->s.rip, !f || f->state == FRAME_NOT_RAM ? "beyond the address space" :
		      f->state == FRAME_HV ? "the hypervisor's" :
		      f->state == FRAME_ROOT ? "its own, without that right" : "deposited");
	verdict_end(END_ILLEGAL_TOUCH);
}

static bool doorbell_hit(struct vp *vp, u64 gpa)
{
	u8 bytes[INSN_MAX_BYTES];
	struct insn insn;
	u64 mem = 0, gpr[16], rflags = vp->vmcb->s.rflags;

	if (!vp->pt->connections || !(vp->vmcb->c.exitinfo1 & NPF_WRITE))
		return false;
	if (!insn_decode(bytes, guest_fetch(vp, bytes), guest_mode(vp), &insn) || insn.reads || !insn.writes)
		return false;
	memcpy(gpr, vp->gpr, sizeof(gpr));
	insn_execute(&insn, gpr, &rflags, &mem);
	if (!port_doorbell(vp, gpa, insn.size, mem))
		return false;
	memcpy(vp->gpr, gpr, sizeof(gpr));
	vp->vmcb->s.rflags = rflags;
	if (!insn_repeats(&insn, gpr))
		vp_advance(vp, insn.length);
	return true;
}

static void child_fault(struct vp *vp, u64 gpa)
{
	u64 info = vp->vmcb->c.exitinfo1;
	bool mapped = npt_lookup(vp->pt, gpa >> PAGE_SHIFT).prot;
	struct hv_memory_message m = { 0 };

	if (!mapped && doorbell_hit(vp, gpa))
		return;
	m.cache_type = HV_CACHE_WB;
	m.gpa = gpa;
	m.tpr = lapic_cr8(&vp->lapic);
	if (!vp->pending_interruption)
		m.byte_count = intercept_bytes(vp, m.bytes);
	intercept_header(vp, &m.header, info & NPF_WRITE ? HV_INTERCEPT_ACCESS_WRITE :
			 info & NPF_EXECUTE ? HV_INTERCEPT_ACCESS_EXECUTE : HV_INTERCEPT_ACCESS_READ, 0);
	intercept_report(vp, mapped ? HVMSG_GPA_INTERCEPT : HVMSG_UNMAPPED_GPA, &m, sizeof(m));
}

static void exit_npf(struct vp *vp)
{
	u64 gpa = vp->vmcb->c.exitinfo2;

	if (lapic_has_page(&vp->lapic) && (gpa & ~(PAGE_SIZE - 1)) == lapic_page(&vp->lapic))
		apic_access(vp, gpa);
	else if (partition_is_root(vp->pt))
		root_fault(vp, gpa);
	else
		child_fault(vp, gpa);
}

/* ---- the rest ---- */

/* Only the privileged get here: the exit comes after the checks (APM2 15.9). */
static void exit_cr8_write(struct vp *vp)
{
	u8 bytes[INSN_MAX_BYTES], reg = 0;
	u32 length = decode_mov_to_cr8(bytes, guest_fetch(vp, bytes), guest_mode(vp), &reg);

	if (!length || vp->gpr[reg] & ~15ull) {
		vp_inject(vp, VEC_GP, true, 0);
		return;
	}
	lapic_cr8_set(&vp->lapic, vp->gpr[reg]);
	vp_advance(vp, length);
}

static void exit_iret(struct vp *vp)
{
	vp->nmi_masked = false;
	vp->vmcb->c.intercept[0] &= ~SVM_INTERCEPT_IRET;
}

static void exit_invalid(struct vp *vp)
{
	struct hv_invalid_register_message m = { .vp_index = vp->index };

	if (partition_is_root(vp->pt)) {
		verdict_blame(VERDICT_ROOT_CRASH, "root VP %u: state that the processor refuses, RIP %llx CR0 %llx CR4 %llx EFER %llx",
			      vp->index, vp->vmcb->s.rip, vp->vmcb->s.cr0, vp->vmcb->s.cr4, vp->vmcb->s.efer);
		verdict_end(END_ROOT_CRASH);
	}
	intercept_report(vp, HVMSG_INVALID_VP_REGISTER_VALUE, &m, sizeof(m));
}

static void exit_unsupported(struct vp *vp, u64 code)
{
	struct hv_unsupported_message m = { .vp_index = vp->index, .feature = HV_UNSUPPORTED_INTERCEPT, .parameter = code };

	if (code == SVM_EXIT_TASK_SWITCH)
		m.feature = HV_UNSUPPORTED_TASK_SWITCH;
	if (partition_is_root(vp->pt)) {
		hv_notice("root VP %u: exit %llx at RIP %llx: not supported", vp->index, code, vp->vmcb->s.rip);
		vp_inject(vp, VEC_UD, false, 0);
		return;
	}
	intercept_report(vp, HVMSG_UNSUPPORTED_FEATURE, &m, sizeof(m));
}

static u32 exit_stat(u64 code)
{
	switch (code) {
	case SVM_EXIT_INTR:
	case SVM_EXIT_NMI:
	case SVM_EXIT_INIT: return STAT_INTR;
	case SVM_EXIT_CPUID: return STAT_CPUID;
	case SVM_EXIT_MSR: return STAT_MSR;
	case SVM_EXIT_HLT: return STAT_HLT;
	case SVM_EXIT_IOIO: return STAT_IO;
	case SVM_EXIT_NPF: return STAT_NPF;
	case SVM_EXIT_VMMCALL: return STAT_HYPERCALL;
	}
	return STAT_OTHER;
}

void exit_handle(struct vp *vp)
{
	u64 code = vp->vmcb->c.exitcode;

	trace_exit(vp);
	stats[!partition_is_root(vp->pt)][exit_stat(code)]++;
	switch (code) {
	case SVM_EXIT_EXCP_BASE ... SVM_EXIT_EXCP_BASE + 31:
		intercept_exception(vp, code - SVM_EXIT_EXCP_BASE);
		break;
	case SVM_EXIT_INTR:
	case SVM_EXIT_NMI:
	case SVM_EXIT_INIT:
		break;
	case SVM_EXIT_CPUID:
		exit_cpuid(vp);
		break;
	case SVM_EXIT_MSR:
		if (vp->vmcb->c.exitinfo1)
			exit_wrmsr(vp);
		else
			exit_rdmsr(vp);
		break;
	case SVM_EXIT_HLT:
		exit_hlt(vp);
		break;
	case SVM_EXIT_IOIO:
		if (partition_is_root(vp->pt))
			root_io(vp);
		else
			child_io(vp);
		break;
	case SVM_EXIT_NPF:
		exit_npf(vp);
		break;
	case SVM_EXIT_VMMCALL:
		hypercall_exit(vp);
		npt_flush_due();
		break;
	case SVM_EXIT_SHUTDOWN:
		exit_shutdown(vp);
		break;
	case SVM_EXIT_IRET:
		exit_iret(vp);
		break;
	case SVM_EXIT_CR8_WRITE:
		exit_cr8_write(vp);
		break;
	case SVM_EXIT_INVD:
		vp_advance(vp, 2);
		break;
	case SVM_EXIT_INVALID:
	case (u32)SVM_EXIT_INVALID:	/* the emulator stores 32 bits of it */
		exit_invalid(vp);
		break;
	case SVM_EXIT_RDPMC:
		vp_inject(vp, VEC_GP, true, 0);		/* no counter is offered */
		break;
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_INVLPGA:
	case SVM_EXIT_MONITOR:
	case SVM_EXIT_MWAIT:
		vp_inject(vp, VEC_UD, false, 0);
		break;
	default:
		exit_unsupported(vp, code);
	}
}
