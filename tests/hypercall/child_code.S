/* SPDX-License-Identifier: GPL-2.0 */
/* The child: 16-bit code at 0, real mode, one step after the other. */
	.code16
	.section .rodata
	.globl child_start, child_end
child_start:
	mov	$0x42, %al
	out	%al, $0x80		/* 1: port write */
	in	$0x60, %al		/* 2: port read: 0x99 expected */
	mov	%al, 0x700
	mov	$0x2000, %bx		/* 3: write where nothing is mapped */
	movw	$0x1234, (%bx)
	mov	$0x3000, %bx		/* 4: doorbell: any value, any size */
	movw	$7, (%bx)
	mov	$0x4000, %bx		/* 5: write to a page that may be read only */
	movb	$1, (%bx)
	xor	%eax, %eax
	cpuid				/* 6: registered: EBX = 0x12345678 */
	mov	%ebx, 0x704
	mov	$1, %al
	out	%al, $0x81
1:	jmp	1b			/* 7: until it is stopped */
child_end:

	/* At 0x600: an interrupt ends HLT, then CPUID and MSR that the parent has a say in. */
	.globl second_start, second_handler, second_end
second_start:
	sti
	hlt
	out	%al, $0x82
	mov	$0x77, %eax
	cpuid				/* intercepted */
	mov	$0x12345, %ecx
	mov	$0xffffffff, %eax
	rdmsr				/* unimplemented: zero */
	out	%eax, $0x84
1:	jmp	1b
second_handler:
	out	%al, $0x83
	iretw
second_end:

	.section .note.GNU-stack, "", @progbits
