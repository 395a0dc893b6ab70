/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry of the boot processor (multiboot 1: 32-bit protected mode, EBX = boot
 * information) and of the other processors (real mode, after SIPI).
 */
#define MB_MAGIC	0x1badb002
#define MB_FLAGS	3		/* page-align modules, memory information */
#define CR0_LONG	0x80000033	/* PG, NE, ET, MP, PE */
#define CR4_LONG	0x000006a0	/* OSXMMEXCPT, OSFXSR, PGE, PAE */
#define EFER		0xc0000080

	.section .multiboot, "a"
	.align 4
	.long MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS)

	.text
	.code32
	.globl start
start:
	cli
	cld
	mov	$boot_stack_end, %esp
	mov	%eax, %ebp		/* magic; kept across the mode switch */
	/* Identity map of 512 GiB in 1 GiB pages. */
	mov	$pdpt, %edi
	mov	$0x83, %eax		/* present, writable, page size */
	xor	%edx, %edx
1:	mov	%eax, (%edi)
	mov	%edx, 4(%edi)
	add	$0x40000000, %eax
	adc	$0, %edx
	add	$8, %edi
	cmp	$pdpt + 4096, %edi
	jne	1b
	movl	$pdpt + 3, pml4
	/* But for the first page, which NULL points to. All of the first GiB is at FRAME_0 (hv.h) too. */
	mov	$pd, %edi
	mov	$0x83, %eax
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	cmp	$pd + 4096, %edi
	jne	1b
	mov	$pt, %edi
	xor	%eax, %eax
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	or	$3, %eax
	add	$8, %edi
	cmp	$pt + 4096, %edi
	jne	1b
	movl	$pt + 3, pd
	movl	$pd + 3, pdpt
	movl	$0x83, pdpt_frame_0
	movl	$pdpt_frame_0 + 3, pml4 + 8
	call	enter_long
	ljmp	$0x08, $1f
	.code64
1:	mov	%ebp, %edi
	mov	%ebx, %esi
	call	hv_main
	hlt

	/* Paging and long mode on; returns in compatibility mode. */
	.code32
enter_long:
	mov	$CR4_LONG, %eax
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$0x1900, %eax		/* SVME, NXE (for the NX of nested tables), LME */
	wrmsr
	mov	$CR0_LONG, %eax
	mov	%eax, %cr0
	lgdt	gdt_ptr
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	ret

	/* Copied to a page below 1 MiB; CS = page >> 4. */
	.globl ap_start, ap_start_end
	.code16
ap_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	(ap_gdt_ptr - ap_start)
	mov	$0x21, %eax
	mov	%eax, %cr0
	ljmpl	$0x18, $ap_start32
	.align 4
ap_gdt_ptr:
	.word	gdt_end - gdt - 1
	.long	gdt
ap_start_end:

	.code32
ap_start32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	/* One at a time: the boot processor hands over the stack, and waits. */
	mov	ap_boot_stack, %esp
	call	enter_long
	ljmp	$0x08, $1f
	.code64
1:	mov	ap_boot_lp, %rdi
	call	lp_main
	hlt

	.section .rodata
	.align 8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 10: data */
	.quad	0x00cf9b000000ffff	/* 18: 32-bit code */
gdt_end:
	.globl gdt_ptr
gdt_ptr: .word	gdt_end - gdt - 1
	.quad	gdt

	.bss
	.align 4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
pt:	.skip	4096
pdpt_frame_0: .skip 4096
	/* 16 KiB, 16 KiB-aligned, the LP's struct at its lowest word: see this_lp(). */
	.align 16384
	.globl boot_stack
boot_stack:
	.skip	16384
boot_stack_end:
