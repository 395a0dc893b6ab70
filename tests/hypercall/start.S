/* SPDX-License-Identifier: GPL-2.0 */
/* Entry in 64-bit mode, 4 GiB mapped to themselves; traps for the C code. */
	.section .entry, "ax"
	.globl entry
entry:
	lea	stack_top(%rip), %rsp
	call	payload_main
1:	hlt
	jmp	1b

	.text
	.globl trap_ud, trap_other
/* #UD of VMMCALL: counted, and stepped over. */
trap_ud:
	incl	ud_count(%rip)
	addq	$3, (%rsp)
	iretq
trap_other:
	cld
	call	trap_fatal

	.globl trap_wake
/* A message or the timer: HLT is over. EOI by its synthetic MSR. */
trap_wake:
	push	%rax
	push	%rcx
	push	%rdx
	xor	%eax, %eax
	xor	%edx, %edx
	mov	$0x40000070, %ecx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

	.globl vmmcall
/* u64 vmmcall(u64 control, u64 in, u64 out); what has to be preserved is checked by the caller. */
vmmcall:
	mov	%rdi, %rcx
	mov	%rdx, %r8
	mov	%rsi, %rdx
	mov	$0x5a5a5a5a, %eax
	vmmcall
	mov	%rcx, last_rcx(%rip)
	ret

	.bss
	.balign 16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
