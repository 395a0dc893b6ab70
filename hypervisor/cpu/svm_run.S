/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world switch, and the entries of physical interrupts and exceptions.
 *
 * void svm_run(u64 vmcb_pa, u64 *gpr)
 *
 * Called with GIF clear. gpr[] is in the order of ModRM (enum gpr); RAX and RSP
 * travel in the VMCB. VMLOAD/VMSAVE surround each run, so that the VMCB is
 * complete whenever a VP is not running (APM2 15.5.2).
 */
	.text
	.globl svm_run
svm_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rsi
	mov	%rdi, %rax
	mov	0x08(%rsi), %rcx
	mov	0x10(%rsi), %rdx
	mov	0x18(%rsi), %rbx
	mov	0x28(%rsi), %rbp
	mov	0x38(%rsi), %rdi
	mov	0x40(%rsi), %r8
	mov	0x48(%rsi), %r9
	mov	0x50(%rsi), %r10
	mov	0x58(%rsi), %r11
	mov	0x60(%rsi), %r12
	mov	0x68(%rsi), %r13
	mov	0x70(%rsi), %r14
	mov	0x78(%rsi), %r15
	mov	0x30(%rsi), %rsi
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	mov	(%rsp), %rax
	mov	%rcx, 0x08(%rax)
	mov	%rdx, 0x10(%rax)
	mov	%rbx, 0x18(%rax)
	mov	%rbp, 0x28(%rax)
	mov	%rsi, 0x30(%rax)
	mov	%rdi, 0x38(%rax)
	mov	%r8,  0x40(%rax)
	mov	%r9,  0x48(%rax)
	mov	%r10, 0x50(%rax)
	mov	%r11, 0x58(%rax)
	mov	%r12, 0x60(%rax)
	mov	%r13, 0x68(%rax)
	mov	%r14, 0x70(%rax)
	mov	%r15, 0x78(%rax)
	pop	%rsi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/*
 * 256 entries of 16 bytes. Those without an error code push a zero, so that
 * every frame looks the same to trap().
 */
	.align 16
	.globl trap_entries
trap_entries:
	vector = 0
	.rept 256
	.align 16
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

/*
 * A device's interrupt may have the vector of an exception that has an error code, and
 * comes without. The stack was aligned to 16 bytes before the frame: that tells.
 */
trap_common:
	testb	$8, %spl
	jnz	1f
	pushq	(%rsp)
	movq	$0, 8(%rsp)
1:	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	cld
	call	trap
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
