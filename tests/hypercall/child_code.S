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

/*
 * The agent: flat 32-bit code at 0 that does what its mailbox says, one thing at a
 * time, and tells the result by a write to port 0x90 (agent.c).
 */
	.set	MAILBOX, 0x800
	.set	OP, MAILBOX
	.set	REGS, MAILBOX + 4	/* EAX, EBX, ECX, EDX, ESI, EDI: in and out */
	.set	TRAP, MAILBOX + 28	/* vector + 1 of what was raised; 0: nothing */
	.set	STACK, 0xc00
	.code32
	.globl agent_start, agent_end, agent_stubs, agent_wake
agent_start:
	movl	$0, TRAP
	mov	REGS, %eax
	mov	REGS + 4, %ebx
	mov	REGS + 8, %ecx
	mov	REGS + 12, %edx
	mov	REGS + 16, %esi
	mov	REGS + 20, %edi
	cmpl	$1, OP
	je	1f
	cmpl	$2, OP
	je	2f
	cmpl	$3, OP
	je	3f
	cmpl	$4, OP
	je	4f
	cmpl	$5, OP
	je	5f
	cmpl	$6, OP
	je	6f
	cmpl	$7, OP
	je	7f
	jmp	done
1:	vmmcall
	jmp	done
2:	rdmsr
	jmp	done
3:	wrmsr
	jmp	done
4:	cpuid
	jmp	done
5:	mov	(%ebx), %eax
	jmp	done
6:	mov	%eax, (%ebx)
	jmp	done
7:	call	*%ebx			/* any bytes at all */
done:
	mov	%eax, REGS
	mov	%ebx, REGS + 4
	mov	%ecx, REGS + 8
	mov	%edx, REGS + 12
	mov	%esi, REGS + 16
	mov	%edi, REGS + 20
report:
	out	%al, $0x90
	jmp	agent_start
	.balign 32
agent_stubs:
	.set	vector, 0
	.rept	32
	.balign	32
	movl	$vector + 1, TRAP
	mov	$STACK, %esp
	jmp	report
	.set	vector, vector + 1
	.endr
	.balign	32
agent_wake:
	iret
agent_end:

	.section .note.GNU-stack, "", @progbits
