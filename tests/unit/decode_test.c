// SPDX-License-Identifier: GPL-2.0
/*
 * The decoder has two judges. The assembler makes the bytes and knows their length;
 * the processor under this test executes them, and registers, flags and memory have
 * to come out the same. What cannot be executed here (16 and 32-bit code, FS and GS) is
 * compared with a description written by hand.
 */
#include <sys/mman.h>
#include "tap.h"
#include "decode.c"

/* ---- cases that can be executed ---- */

/* The page that memory operands lie in: low, so that it has an absolute 32-bit address. */
#define WINDOW		0x10000000ul
#define WINDOW_SIZE	4096ul
#define TARGET		(WINDOW + 0x800)	/* window_target, for the linker to know: see Makefile */

struct code {
	const u8 *start, *end;
	const char *text;
};

asm(".macro CODE text:vararg\n"
    "	.pushsection .text\n"
    "	771: \\text\n"
    "	772: jmp native_return\n"
    "	.popsection\n"
    "	.pushsection .rodata.text\n"
    "	773: .asciz \"\\text\"\n"
    "	.popsection\n"
    "	.pushsection code_cases, \"a\"\n"
    "	.quad 771b, 772b, 773b\n"
    "	.popsection\n"
    ".endm\n");
extern const struct code __start_code_cases[], __stop_code_cases[];

#define CODE(text) asm(".intel_syntax noprefix\nCODE " text "\n.att_syntax\n")
/* One case for each of a list of words in place of \w. */
#define CODE_EACH(words, text) \
	asm(".intel_syntax noprefix\n.irp w," words "\nCODE " text "\n.endr\n.att_syntax\n")

#define ADDRESSES \
	"[rbx],[rsp],[rbp],[r12],[r13+0x10],[rsi-0x10],[rdi+0x300],[rbx+rcx],[rbx+rcx*4+8]," \
	"[rbp+r9*8-0x40],[r13+r12*2],[rsp+rdx+0x7c],[rcx*8+0x10000700],[window_target]," \
	"[rip+window_target],[ebx],[ebx+ecx*2+0x20],[eip+window_target],[r8d+0x200]," \
	"cs:[rbx],ds:[rbp+8]"

/* Every address form, loaded and stored; the address shows in what memory becomes. */
CODE_EACH(ADDRESSES, "mov eax, \\w");
CODE_EACH(ADDRESSES, "mov \\w, eax");
CODE_EACH(ADDRESSES, "mov qword ptr \\w, -2");
CODE_EACH(ADDRESSES, "mov byte ptr \\w, 0x5a");
CODE_EACH(ADDRESSES, "movzx edx, word ptr \\w");
CODE_EACH(ADDRESSES, "add \\w, r10");
CODE_EACH(ADDRESSES, "xor dword ptr \\w, 0x12345678");
CODE_EACH(ADDRESSES, "cmp word ptr \\w, 0x1234");
CODE_EACH(ADDRESSES, "xchg \\w, r11w");

/* Every arithmetic form, in each size. */
#define ALU "add,or,adc,sbb,and,sub,xor,cmp"
CODE_EACH(ALU, "\\w al, [rbx]");
CODE_EACH(ALU, "\\w ah, [rbx]");
CODE_EACH(ALU, "\\w sil, [rbx]");
CODE_EACH(ALU, "\\w dx, [rbx]");
CODE_EACH(ALU, "\\w r9d, [rbx]");
CODE_EACH(ALU, "\\w r15, [rbx]");
CODE_EACH(ALU, "\\w [rbx], cl");
CODE_EACH(ALU, "\\w [rbx], dh");
CODE_EACH(ALU, "\\w [rbx], r8b");
CODE_EACH(ALU, "\\w [rbx], ax");
CODE_EACH(ALU, "\\w [rbx], edi");
CODE_EACH(ALU, "\\w [rbx], r14");
CODE_EACH(ALU, "\\w byte ptr [rbx], 0x80");
CODE_EACH(ALU, "\\w word ptr [rbx], 0x7fff");
CODE_EACH(ALU, "\\w word ptr [rbx], -1");
CODE_EACH(ALU, "\\w dword ptr [rbx], 0x80000000");
CODE_EACH(ALU, "\\w dword ptr [rbx], -128");
CODE_EACH(ALU, "\\w qword ptr [rbx], -0x80000000");
CODE_EACH(ALU, "\\w qword ptr [rbx], 1");
CODE_EACH("add,or,adc,sbb,and,sub,xor", "lock \\w [rbx], edx");
CODE_EACH("add,or,adc,sbb,and,sub,xor", "lock \\w qword ptr [rbx], 3");

/* Every register, so that REX and AH to BH are covered. */
#define REGS8 "al,cl,dl,bl,spl,bpl,sil,dil,r8b,r9b,r10b,r11b,r12b,r13b,r14b,r15b,ah,ch,dh,bh"
#define REGS16 "ax,cx,dx,bx,bp,si,di,r8w,r9w,r10w,r11w,r12w,r13w,r14w,r15w"
#define REGS32 "eax,ecx,edx,ebx,ebp,esi,edi,r8d,r9d,r10d,r11d,r12d,r13d,r14d,r15d"
#define REGS64 "rax,rcx,rdx,rbx,rbp,rsi,rdi,r8,r9,r10,r11,r12,r13,r14,r15"
CODE_EACH(REGS8, "mov \\w, [window_target]");
CODE_EACH(REGS8, "mov [window_target], \\w");
CODE_EACH(REGS8, "xchg [window_target], \\w");
CODE_EACH(REGS8, "test [window_target], \\w");
CODE_EACH(REGS16, "mov \\w, [window_target]");
CODE_EACH(REGS16, "mov [window_target], \\w");
CODE_EACH(REGS16, "movzx \\w, byte ptr [window_target]");
CODE_EACH(REGS16, "movsx \\w, byte ptr [window_target]");
CODE_EACH(REGS32, "mov \\w, [window_target]");
CODE_EACH(REGS32, "mov [window_target], \\w");
CODE_EACH(REGS32, "test [window_target], \\w");
CODE_EACH(REGS32, "movzx \\w, byte ptr [window_target]");
CODE_EACH(REGS32, "movsx \\w, word ptr [window_target]");
CODE_EACH(REGS64, "mov \\w, [window_target]");
CODE_EACH(REGS64, "mov [window_target], \\w");
CODE_EACH(REGS64, "xchg [window_target], \\w");
CODE_EACH(REGS64, "movzx \\w, word ptr [window_target]");
CODE_EACH(REGS64, "movsx \\w, byte ptr [window_target]");
CODE_EACH(REGS64, "movsxd \\w, dword ptr [window_target]");

CODE("test byte ptr [rbx], 0x81");
CODE("test word ptr [rbx+rcx], 0x8001");
CODE("test dword ptr [rip+window_target], 0x80000001");
CODE("test qword ptr [rbx], -2");
CODE("mov word ptr [rip+window_target], 0x1234");
CODE("mov dword ptr [rbx+0x300], 0xfee00000");

/* MOV with an absolute offset, 64 and 32 bits of it */
CODE("movabs al, [window_target]");
CODE("movabs ax, [window_target]");
CODE("movabs eax, [window_target]");
CODE("movabs rax, [window_target]");
CODE("movabs [window_target], al");
CODE("movabs [window_target], ax");
CODE("movabs [window_target], eax");
CODE("movabs [window_target], rax");
CODE(".byte 0x67, 0xa1, 0x00, 0x08, 0x00, 0x10");
CODE(".byte 0x67, 0xa2, 0x00, 0x08, 0x00, 0x10");

CODE("stosb");
CODE("stosw");
CODE("stosd");
CODE("stosq");
CODE("rep stosb");
CODE("rep stosw");
CODE("rep stosd");
CODE("rep stosq");
CODE("addr32 stosd");
CODE("addr32 rep stosd");
CODE("movsb");
CODE("movsw");
CODE("movsd");
CODE("movsq");
CODE("rep movsb");
CODE("rep movsd");
CODE("rep movsq");
CODE("addr32 rep movsd");

/* A REX that is not next to the opcode does not count; prefixes may repeat. */
CODE(".byte 0x48, 0x66, 0x8b, 0x03");
CODE(".byte 0x66, 0x66, 0x8b, 0x03");
CODE(".byte 0x66, 0x48, 0x8b, 0x03");
CODE(".byte 0x4f, 0x48, 0x8b, 0x03");
CODE(".byte 0x40, 0x88, 0x33");
CODE(".byte 0xf3, 0x8b, 0x03");

/* ---- the processor's own answer ---- */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

u64 native_gpr[16], native_rflags, native_stack;
const u8 *native_code;
void native_execute(void);

asm(".pushsection .text\n"
    "native_execute:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "	mov %rsp, native_stack(%rip)\n"
    "	push native_rflags(%rip)\n"
    "	popf\n"
    "	mov native_gpr+0(%rip), %rax\n"
    "	mov native_gpr+8(%rip), %rcx\n"
    "	mov native_gpr+16(%rip), %rdx\n"
    "	mov native_gpr+24(%rip), %rbx\n"
    "	mov native_gpr+32(%rip), %rsp\n"
    "	mov native_gpr+40(%rip), %rbp\n"
    "	mov native_gpr+48(%rip), %rsi\n"
    "	mov native_gpr+56(%rip), %rdi\n"
    "	mov native_gpr+64(%rip), %r8\n"
    "	mov native_gpr+72(%rip), %r9\n"
    "	mov native_gpr+80(%rip), %r10\n"
    "	mov native_gpr+88(%rip), %r11\n"
    "	mov native_gpr+96(%rip), %r12\n"
    "	mov native_gpr+104(%rip), %r13\n"
    "	mov native_gpr+112(%rip), %r14\n"
    "	mov native_gpr+120(%rip), %r15\n"
    "	jmp *native_code(%rip)\n"
    "native_return:\n"
    "	mov %rax, native_gpr+0(%rip)\n"
    "	mov %rcx, native_gpr+8(%rip)\n"
    "	mov %rdx, native_gpr+16(%rip)\n"
    "	mov %rbx, native_gpr+24(%rip)\n"
    "	mov %rsp, native_gpr+32(%rip)\n"
    "	mov %rbp, native_gpr+40(%rip)\n"
    "	mov %rsi, native_gpr+48(%rip)\n"
    "	mov %rdi, native_gpr+56(%rip)\n"
    "	mov %r8, native_gpr+64(%rip)\n"
    "	mov %r9, native_gpr+72(%rip)\n"
    "	mov %r10, native_gpr+80(%rip)\n"
    "	mov %r11, native_gpr+88(%rip)\n"
    "	mov %r12, native_gpr+96(%rip)\n"
    "	mov %r13, native_gpr+104(%rip)\n"
    "	mov %r14, native_gpr+112(%rip)\n"
    "	mov %r15, native_gpr+120(%rip)\n"
    "	mov native_stack(%rip), %rsp\n"
    "	pushf\n"
    "	pop native_rflags(%rip)\n"
    "	cld\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n"
    "	.popsection\n");

struct machine {
	u64 gpr[16], rflags;
	u8 window[WINDOW_SIZE];
};

static u8 *window(void)
{
	static u8 *page;

	if (!page)
		page = mmap((void *)WINDOW, WINDOW_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page != (u8 *)WINDOW) {
		printf("Bail out! no page at 0x%lx\n", WINDOW);
		exit(EXIT_FAILURE);
	}
	return page;
}

static void machine_run_native(struct machine *m, const struct code *code)
{
	memcpy(native_gpr, m->gpr, sizeof(m->gpr));
	memcpy(window(), m->window, WINDOW_SIZE);
	native_rflags = m->rflags;
	native_code = code->start;
	native_execute();
	memcpy(m->gpr, native_gpr, sizeof(m->gpr));
	memcpy(m->window, window(), WINDOW_SIZE);
	m->rflags = native_rflags;
}

static u8 *machine_memory(struct machine *m, u64 address, u8 size)
{
	if (address < WINDOW || address > WINDOW + WINDOW_SIZE - size) {
		printf("# address 0x%llx is outside\n", address);
		exit(EXIT_FAILURE);
	}
	return m->window + (address - WINDOW);
}

static void machine_step_decoded(struct machine *m, const struct insn *insn, u64 rip)
{
	u64 from = insn_offset(insn, m->gpr, rip), to = from;
	u64 mem = tap_random();

	if (insn->op == INSN_MOVS)
		to = insn_string_offset(insn, m->gpr);
	if (insn->reads) {
		mem = 0;
		memcpy(&mem, machine_memory(m, from, insn->size), insn->size);
	}
	insn_execute(insn, m->gpr, &m->rflags, &mem);
	if (insn->writes)
		memcpy(machine_memory(m, to, insn->size), &mem, insn->size);
}

static void machine_run_decoded(struct machine *m, const struct insn *insn, u64 rip)
{
	do {
		machine_step_decoded(m, insn, rip);
	} while (insn_repeats(insn, m->gpr));
}

static void machine_random(struct machine *m)
{
	static const u64 corners[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff, 0x80000000,
				       U32_MAX, 0x7fffffffffffffffull, 0x8000000000000000ull, U64_MAX };

	for (u32 i = 0; i < 16; i++)
		m->gpr[i] = tap_random() & 1 ? tap_random() : corners[tap_random() % ARRAY_SIZE(corners)];
	for (u32 i = 0; i < WINDOW_SIZE; i++)
		m->window[i] = tap_random();
	if (tap_random() & 1)	/* or one of the corners where most operands are */
		memcpy(&m->window[0x800], &corners[tap_random() % ARRAY_SIZE(corners)], 8);
	m->rflags = 0x202 | (tap_random() & FLAGS_STATUS);
	if (tap_random() & 1)
		m->rflags |= FLAG_DF;
}

/* Registers such that the operands are within the window, by what was decoded. */
static void machine_aim(struct machine *m, const struct insn *insn)
{
	if (insn->op == INSN_STOS || insn->op == INSN_MOVS) {
		m->gpr[RDI] = TARGET;
		m->gpr[RSI] = TARGET + tap_random() % 64;
		m->gpr[RCX] = 1 + tap_random() % 16;
		return;
	}
	if (insn->index != INSN_NO_REG && insn->index != insn->base)
		m->gpr[insn->index] = tap_random() % 32;
	if (insn->base == INSN_NO_REG)
		return;
	m->gpr[insn->base] = 0;
	m->gpr[insn->base] = TARGET - insn_offset(insn, m->gpr, 0);
}

/* AF is undefined after logic operations (APM3, AND). */
static u64 defined_flags(const struct insn *insn, u64 rflags)
{
	switch (insn->op) {
	case INSN_AND:
	case INSN_OR:
	case INSN_XOR:
	case INSN_TEST:
		return rflags & ~FLAG_AF;
	default:
		return rflags;
	}
}

static void compare_machines(const struct insn *insn, const struct machine *is, const struct machine *should)
{
	for (u32 i = 0; i < 16; i++)
		check_eq(is->gpr[i], should->gpr[i]);
	check_eq(defined_flags(insn, is->rflags), defined_flags(insn, should->rflags));
	check(!memcmp(is->window, should->window, WINDOW_SIZE));
}

static bool code_decode(const struct code *code, struct insn *insn)
{
	return insn_decode(code->start, INSN_MAX_BYTES, INSN_64, insn);
}

static void run_case(const struct code *code)
{
	struct machine native, decoded;
	struct insn insn;

	if (!check(code_decode(code, &insn)))
		return;
	machine_random(&native);
	machine_aim(&native, &insn);
	decoded = native;
	machine_run_native(&native, code);
	machine_run_decoded(&decoded, &insn, (u64)code->start);
	compare_machines(&insn, &decoded, &native);
}

TEST(what_is_decoded_does_what_the_processor_does)
{
	u32 n = 0;

	for (const struct code *code = __start_code_cases; code < __stop_code_cases; code++, n++) {
		u32 before = tap_failures;

		for (u32 round = 0; round < 40 && tap_failures == before; round++)
			run_case(code);
		if (tap_failures != before)
			printf("# in: %s\n", code->text);
	}
	check(n > 500);
	printf("# %u instructions\n", n);
}

TEST(lengths_are_those_of_the_assembler)
{
	for (const struct code *code = __start_code_cases; code < __stop_code_cases; code++) {
		struct insn insn;

		if (!check(code_decode(code, &insn)) || !check_eq(insn.length, code->end - code->start))
			printf("# in: %s\n", code->text);
	}
}

TEST(an_instruction_that_is_cut_short_is_refused_and_not_read_beyond)
{
	for (const struct code *code = __start_code_cases; code < __stop_code_cases; code++) {
		for (u32 n = 0; n < (u32)(code->end - code->start); n++) {
			u8 *exact = malloc(n ?: 1);	/* its end is watched by the sanitizer */
			struct insn insn;

			memcpy(exact, code->start, n);
			if (!check(!insn_decode(exact, n, INSN_64, &insn)))
				printf("# %u bytes of: %s\n", n, code->text);
			free(exact);
		}
	}
}

TEST(any_bytes_decode_to_something_sane_or_to_nothing)
{
	for (u32 i = 0; i < 300000; i++) {
		u64 bytes[2] = { tap_random(), tap_random() };
		u64 gpr[16] = { 0 }, rflags = 2, mem = 0;
		enum insn_mode mode = i % 3;
		struct insn insn;

		if (!insn_decode((u8 *)bytes, 15, mode, &insn))
			continue;
		check(insn.length >= 1 && insn.length <= 15);
		check(insn.size == 1 || insn.size == 2 || insn.size == 4 || insn.size == 8);
		check(insn.reads || insn.writes);
		insn_offset(&insn, gpr, 0);
		insn_execute(&insn, gpr, &rflags, &mem);
	}
}

/* ---- what cannot be executed here ---- */

struct described {
	const u8 *start, *end;
	const char *text;
	u64 bits;
	const char *expected;
};

asm(".macro DESCRIBED bits, expected, text:vararg\n"
    "	.pushsection .rodata.bytes\n"
    "	.code\\bits\n"
    "	771: \\text\n"
    "	772: .code64\n"
    "	.skip 16, 0x90\n"
    "	.popsection\n"
    "	.pushsection .rodata.text\n"
    "	773: .asciz \"\\text\"\n"
    "	774: .asciz \"\\expected\"\n"
    "	.popsection\n"
    "	.pushsection described_cases, \"a\"\n"
    "	.quad 771b, 772b, 773b, \\bits, 774b\n"
    "	.popsection\n"
    ".endm\n");
extern const struct described __start_described_cases[], __stop_described_cases[];

#define DESCRIBED(bits, text, expected) \
	asm(".intel_syntax noprefix\nDESCRIBED " #bits ", \"" expected "\", " text "\n.att_syntax\n")

/* register operand or immediate, <- or ->, seg:[base index<<scale disp] size, address size */
DESCRIBED(64, "mov eax, fs:[rbx+8]", "r0.4 <- fs:[3 - 0 0x8].4 a8");
DESCRIBED(64, "mov gs:[0x20], rcx", "r1.8 -> gs:[- - 0 0x20].8 a8");
DESCRIBED(64, "mov eax, [rsp]", "r0.4 <- ss:[4 - 0 0x0].4 a8");
DESCRIBED(64, "mov eax, [r12]", "r0.4 <- ds:[12 - 0 0x0].4 a8");
DESCRIBED(64, "mov eax, [rip+0x10]", "r0.4 <- ds:[ip - 0 0x10].4 a8");
DESCRIBED(64, "mov eax, [eip+0x10]", "r0.4 <- ds:[ip - 0 0x10].4 a4");
DESCRIBED(64, "mov eax, cs:[rbx]", "r0.4 <- ds:[3 - 0 0x0].4 a8");
DESCRIBED(64, "mov eax, fs:[ebx+ecx*4-4]", "r0.4 <- fs:[3 1 2 0xfffffffffffffffc].4 a4");
DESCRIBED(64, "mov dword ptr [rax+0x300], 0xc4500", "0xc4500.4 -> ds:[0 - 0 0x300].4 a8");
DESCRIBED(64, "mov dword ptr [0xffffffffff5fb0b0], 0", "0x0.4 -> ds:[- - 0 0xffffffffff5fb0b0].4 a8");
DESCRIBED(64, "mov [0xffffffffff5fb300], edi", "r7.4 -> ds:[- - 0 0xffffffffff5fb300].4 a8");
DESCRIBED(64, "stosd", "r0.4 -> es:[7 - 0 0x0].4 a8");
DESCRIBED(64, "rep movsd dword ptr es:[rdi], dword ptr fs:[rsi]", "rep imm0x0 <-> fs:[6 - 0 0x0].4 a8");

DESCRIBED(32, "mov eax, [0xfee00020]", "r0.4 <- ds:[- - 0 0xfee00020].4 a4");
DESCRIBED(32, "mov ds:0xfee000b0, eax", "r0.4 -> ds:[- - 0 0xfee000b0].4 a4");
DESCRIBED(32, "mov ecx, [0xfee00020]", "r1.4 <- ds:[- - 0 0xfffffffffee00020].4 a4");
DESCRIBED(32, "mov dword ptr [0xfee000f0], 0x1ff", "0x1ff.4 -> ds:[- - 0 0xfffffffffee000f0].4 a4");
DESCRIBED(32, "mov eax, [ebx+esi*8+0x300]", "r0.4 <- ds:[3 6 3 0x300].4 a4");
DESCRIBED(32, "mov eax, [ebp+esi]", "r0.4 <- ss:[5 6 0 0x0].4 a4");
DESCRIBED(32, "mov eax, [esp+4]", "r0.4 <- ss:[4 - 0 0x4].4 a4");
DESCRIBED(32, "mov al, es:[edi]", "r0.1 <- es:[7 - 0 0x0].1 a4");
DESCRIBED(32, "mov ch, [edi]", "r1h.1 <- ds:[7 - 0 0x0].1 a4");
DESCRIBED(32, "mov ax, [edi]", "r0.2 <- ds:[7 - 0 0x0].2 a4");
DESCRIBED(32, "mov word ptr [edi], 0x1234", "0x1234.2 -> ds:[7 - 0 0x0].2 a4");
DESCRIBED(32, "mov eax, [bx+si+4]", "r0.4 <- ds:[3 6 0 0x4].4 a2");
DESCRIBED(32, "or dword ptr [eax], 0x100", "or 0x100.4 <-> ds:[0 - 0 0x0].4 a4");
DESCRIBED(32, "and eax, [edx]", "and r0.4 <- ds:[2 - 0 0x0].4 a4");
DESCRIBED(32, "test dword ptr [eax], 0x1000", "test 0x1000.4 <- ds:[0 - 0 0x0].4 a4");
DESCRIBED(32, "xchg [eax], ebx", "xchg r3.4 <-> ds:[0 - 0 0x0].4 a4");
DESCRIBED(32, "movzx eax, byte ptr [ecx]", "movzx r0.4 <- ds:[1 - 0 0x0].1 a4");
DESCRIBED(32, "movsx ax, byte ptr [ecx]", "movsx r0.2 <- ds:[1 - 0 0x0].1 a4");
DESCRIBED(32, "rep stosd", "rep r0.4 -> es:[7 - 0 0x0].4 a4");

DESCRIBED(16, "mov eax, [bx+si]", "r0.4 <- ds:[3 6 0 0x0].4 a2");
DESCRIBED(16, "mov ax, [bx+di+1]", "r0.2 <- ds:[3 7 0 0x1].2 a2");
DESCRIBED(16, "mov ax, [bp+si-1]", "r0.2 <- ss:[5 6 0 0xffffffffffffffff].2 a2");
DESCRIBED(16, "mov ax, [bp+di+0x1234]", "r0.2 <- ss:[5 7 0 0x1234].2 a2");
DESCRIBED(16, "mov ax, [si]", "r0.2 <- ds:[6 - 0 0x0].2 a2");
DESCRIBED(16, "mov ax, [di]", "r0.2 <- ds:[7 - 0 0x0].2 a2");
DESCRIBED(16, "mov ax, [bp]", "r0.2 <- ss:[5 - 0 0x0].2 a2");
DESCRIBED(16, "mov cx, [0x8000]", "r1.2 <- ds:[- - 0 0x8000].2 a2");
DESCRIBED(16, "mov ax, [bx]", "r0.2 <- ds:[3 - 0 0x0].2 a2");
DESCRIBED(16, "mov ax, [0xfff0]", "r0.2 <- ds:[- - 0 0xfff0].2 a2");
DESCRIBED(16, "mov ax, es:[bx]", "r0.2 <- es:[3 - 0 0x0].2 a2");
DESCRIBED(16, "mov eax, [ebx+ecx*4]", "r0.4 <- ds:[3 1 2 0x0].4 a4");
DESCRIBED(16, "mov dword ptr [ebx], 0x12345678", "0x12345678.4 -> ds:[3 - 0 0x0].4 a4");
DESCRIBED(16, "rep movsw", "rep imm0x0 <-> ds:[6 - 0 0x0].2 a2");

static const char *op_name(enum insn_op op)
{
	static const char *names[] = {
		"add ", "or ", "adc ", "sbb ", "and ", "sub ", "xor ", "cmp ",
		"", "movzx ", "movsx ", "xchg ", "test ", "", "",
	};

	return names[op];
}

static void describe_other(const struct insn *insn, char *text)
{
	if (insn->op == INSN_MOVS)
		sprintf(text, "imm0x%llx", insn->imm);
	else if (insn->reg == INSN_NO_REG)
		sprintf(text, "0x%llx.%u", insn->imm, insn->reg_size);
	else
		sprintf(text, "r%u%s.%u", insn->reg, insn->reg_high ? "h" : "", insn->reg_size);
}

static void describe_reg(u8 reg, bool ip, char *text)
{
	if (ip)
		strcpy(text, "ip");
	else if (reg == INSN_NO_REG)
		strcpy(text, "-");
	else
		sprintf(text, "%u", reg);
}

static void describe(const struct insn *insn, char *text)
{
	static const char *segs[] = { "es", "cs", "ss", "ds", "fs", "gs" };
	char other[32], base[8], index[8];

	describe_other(insn, other);
	describe_reg(insn->base, insn->rip_relative, base);
	describe_reg(insn->index, false, index);
	sprintf(text, "%s%s%s %s%s %s:[%s %s %u 0x%llx].%u a%u", op_name(insn->op),
		insn->rep ? "rep " : "", other, insn->reads ? "<-" : "-", insn->writes ? ">" : "",
		segs[insn->seg], base, index, insn->scale, insn->disp, insn->size, insn->address_size);
}

TEST(operands_of_all_modes_are_as_described)
{
	for (const struct described *d = __start_described_cases; d < __stop_described_cases; d++) {
		enum insn_mode mode = d->bits == 64 ? INSN_64 : d->bits == 32 ? INSN_32 : INSN_16;
		struct insn insn;
		char text[128];

		if (!check(insn_decode(d->start, 15, mode, &insn))) {
			printf("# in %llu-bit: %s\n", d->bits, d->text);
			continue;
		}
		describe(&insn, text);
		check_eq(insn.length, d->end - d->start);
		if (!check_str(text, d->expected))
			printf("# in %llu-bit: %s\n", d->bits, d->text);
	}
}

#define decodes(mode, ...) ({						\
	static const u8 bytes[] = { __VA_ARGS__ };			\
	struct insn insn;						\
	insn_decode(bytes, sizeof(bytes), mode, &insn);			\
})

TEST(register_operands_are_no_memory_access)
{
	check(!decodes(INSN_64, 0x89, 0xc0));
	check(!decodes(INSN_64, 0x0f, 0xb6, 0xc0));
	check(!decodes(INSN_32, 0xc7, 0xc0, 1, 0, 0, 0));
	check(!decodes(INSN_32, 0x87, 0xd8));
}

TEST(what_is_not_known_is_refused)
{
	check(!decodes(INSN_64, 0x0f, 0x0b));				/* UD2 */
	check(!decodes(INSN_64, 0x0f, 0x11, 0x03));			/* MOVUPS */
	check(!decodes(INSN_64, 0xff, 0x03));				/* INC */
	check(!decodes(INSN_64, 0xc6, 0x0b, 0x00));			/* C6 /1 */
	check(!decodes(INSN_64, 0xf7, 0x13));				/* NOT */
	check(!decodes(INSN_32, 0x63, 0x03));				/* ARPL */
	check(!decodes(INSN_64, 0x90));
	check(!decodes(INSN_32, 0x48, 0x8b, 0x03));			/* DEC: no REX here */
}

TEST(lock_goes_only_with_read_modify_write)
{
	check(decodes(INSN_64, 0xf0, 0x01, 0x03));			/* ADD m, r */
	check(decodes(INSN_64, 0xf0, 0x87, 0x03));			/* XCHG */
	check(!decodes(INSN_64, 0xf0, 0x89, 0x03));			/* MOV m, r */
	check(!decodes(INSN_64, 0xf0, 0x03, 0x03));			/* ADD r, m */
	check(!decodes(INSN_64, 0xf0, 0x39, 0x03));			/* CMP m, r */
	check(!decodes(INSN_64, 0xf0, 0x85, 0x03));			/* TEST */
	check(!decodes(INSN_64, 0xf0, 0xa5));				/* MOVS */
}

TEST(more_than_fifteen_bytes_are_no_instruction)
{
	u8 bytes[32];
	struct insn insn;

	memset(bytes, 0x66, sizeof(bytes));
	memcpy(bytes + 13, "\x8b\x03", 2);
	check(insn_decode(bytes, sizeof(bytes), INSN_64, &insn));
	check_eq(insn.length, 15);
	memset(bytes, 0x66, sizeof(bytes));
	memcpy(bytes + 14, "\x8b\x03", 2);
	check(!insn_decode(bytes, sizeof(bytes), INSN_64, &insn));
}

TEST(offsets_wrap_at_the_address_size)
{
	u64 gpr[16] = { [RBX] = 0xffff, [RSI] = 2 };
	struct insn insn;

	check(insn_decode((const u8 *)"\x8b\x00", 2, INSN_16, &insn));	/* [bx+si] */
	check_eq(insn_offset(&insn, gpr, 0), 1);
	gpr[RBX] = 0xfffffffff;
	check(insn_decode((const u8 *)"\x67\x8b\x43\x01", 4, INSN_64, &insn));	/* [ebx+1] */
	check_eq(insn_offset(&insn, gpr, 0), 0);
}

TEST(a_repeated_string_uses_the_counter_of_its_address_size)
{
	u64 gpr[16] = { [RCX] = 0x500010002ull, [RDI] = 0xffff, [RAX] = 7 }, rflags = 2, mem = 0;
	struct insn insn;

	check(insn_decode((const u8 *)"\xf3\xaa", 2, INSN_16, &insn));
	insn_execute(&insn, gpr, &rflags, &mem);
	check_eq(mem, 7);
	check_eq(gpr[RCX], 0x500010001ull);
	check_eq(gpr[RDI], 0);
	check(insn_repeats(&insn, gpr));
	insn_execute(&insn, gpr, &rflags, &mem);
	check(!insn_repeats(&insn, gpr));
}

/* ---- instructions without operands ---- */

#define length(mode, which, ...) ({					\
	static const u8 bytes[] = { __VA_ARGS__ };			\
	decode_length(bytes, sizeof(bytes), mode, which);		\
})

TEST(fixed_instructions_have_their_length_with_prefixes)
{
	check_eq(length(INSN_64, INSN_RDMSR, 0x0f, 0x32), 2);
	check_eq(length(INSN_64, INSN_WRMSR, 0x48, 0x0f, 0x30), 3);
	check_eq(length(INSN_64, INSN_WRMSR, 0x3e, 0x66, 0x0f, 0x30, 0x90), 4);
	check_eq(length(INSN_64, INSN_HLT, 0xf4, 0x0f), 1);
	check_eq(length(INSN_64, INSN_HLT, 0xf3, 0xf4), 2);
	check_eq(length(INSN_64, INSN_CPUID, 0x0f, 0xa2), 2);
	check_eq(length(INSN_64, INSN_VMMCALL, 0x0f, 0x01, 0xd9), 3);
	check_eq(length(INSN_64, INSN_VMMCALL, 0xf3, 0x0f, 0x01, 0xd9), 4);
	check_eq(length(INSN_64, INSN_PAUSE, 0xf3, 0x90), 2);
	check_eq(length(INSN_32, INSN_RDTSC, 0x2e, 0x0f, 0x31), 3);
}

TEST(another_instruction_or_too_few_bytes_have_no_length)
{
	check_eq(length(INSN_64, INSN_RDMSR, 0x0f, 0x30), 0);
	check_eq(length(INSN_64, INSN_VMMCALL, 0x0f, 0x01, 0xc1), 0);
	check_eq(length(INSN_64, INSN_VMMCALL, 0x0f, 0x01), 0);
	check_eq(length(INSN_64, INSN_PAUSE, 0x90), 0);
	check_eq(length(INSN_32, INSN_WRMSR, 0x48, 0x0f, 0x30), 0);
	check_eq(decode_length(NULL, 0, INSN_64, INSN_HLT), 0);
}

#define cr8(mode, ...)							\
({									\
	const u8 bytes[] = { __VA_ARGS__ };				\
	reg = 99;							\
	decode_mov_to_cr8(bytes, sizeof(bytes), mode, &reg);		\
})

TEST(moves_to_cr8_name_their_register)
{
	u8 reg;

	check_eq(cr8(INSN_64, 0x44, 0x0f, 0x22, 0xc0), 4);
	check_eq(reg, 0);
	check_eq(cr8(INSN_64, 0x45, 0x0f, 0x22, 0xc7), 4);
	check_eq(reg, 15);
	check_eq(cr8(INSN_64, 0x66, 0x4d, 0x0f, 0x22, 0xc3, 0x90), 5);
	check_eq(reg, 11);
	check_eq(cr8(INSN_32, 0xf0, 0x0f, 0x22, 0xc2), 4);
	check_eq(reg, 2);
	check_eq(cr8(INSN_64, 0x0f, 0x22, 0xc0), 0);
	check_eq(cr8(INSN_64, 0x44, 0x0f, 0x22, 0xd8), 0);
	check_eq(cr8(INSN_64, 0x44, 0x0f, 0x20, 0xc0), 0);
	check_eq(cr8(INSN_64, 0x44, 0x0f, 0x22), 0);
	check_eq(cr8(INSN_32, 0x0f, 0x22, 0xc0), 0);
	check_eq(reg, 99);
}

TEST(bare_lengths_are_those_of_the_opcodes)
{
	check_eq(decode_length_bare(INSN_HLT), 1);
	check_eq(decode_length_bare(INSN_CPUID), 2);
	check_eq(decode_length_bare(INSN_VMMCALL), 3);
	check_eq(decode_length_bare(INSN_PAUSE), 2);
	for (u32 which = 0; which < INSN_NR_FIXED; which++)
		check(decode_length_bare(which));
}

/* ---- anything at all ---- */

static void decoded_check(const struct insn *i, u32 n)
{
	u64 gpr[16], rflags = tap_random(), mem = tap_random();

	check(i->length >= 1 && i->length <= n && n <= INSN_MAX_BYTES);
	check(i->size == 1 || i->size == 2 || i->size == 4 || i->size == 8);
	check(i->reads || i->writes);
	check(i->reg < 16 || i->reg == INSN_NO_REG);
	check((i->base < 16 || i->base == INSN_NO_REG) && (i->index < 16 || i->index == INSN_NO_REG));
	check(i->seg <= INSN_GS && i->scale <= 3);
	for (u32 r = 0; r < 16; r++)
		gpr[r] = tap_random();
	if (i->address_size < 8)
		check(insn_offset(i, gpr, tap_random()) >> (i->address_size * 8) == 0);
	insn_execute(i, gpr, &rflags, &mem);
	insn_repeats(i, gpr);
}

/* The bytes lie in an allocation of their size, so that one read beyond is seen. */
TEST(any_bytes_are_decoded_or_refused)
{
	u32 nr_decoded = 0;

	for (u32 round = 0; round < 400000; round++) {
		u32 n = tap_random() % (INSN_MAX_BYTES + 1);
		enum insn_mode mode = tap_random() % 3;
		u8 *bytes = malloc(n ? n : 1);
		struct insn insn;

		for (u32 i = 0; i < n; i++)
			bytes[i] = tap_random() >> 7;
		if (insn_decode(bytes, n, mode, &insn)) {
			decoded_check(&insn, n);
			nr_decoded++;
		}
		for (enum insn_fixed which = 0; which < INSN_NR_FIXED; which++)
			check(decode_length(bytes, n, mode, which) <= n);
		free(bytes);
	}
	check(nr_decoded > 10000);
}
