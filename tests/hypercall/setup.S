/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a loader take the payload for a Linux bzImage
 * (Documentation/x86/boot.rst): one sector of header and nothing behind it.
 */
	.section .setup, "a"
	.org	0x1f1
	.byte	1			/* setup_sects */
	.org	0x202
	.ascii	"HdrS"
	.word	0x020c			/* version */
	.org	0x211
	.byte	1			/* loadflags: loaded high */
	.org	0x22c
	.long	0x7fffffff		/* initrd_addr_max */
	.long	0x1000			/* kernel_alignment */
	.byte	0, 0
	.word	1			/* xloadflags: 64-bit entry point */
	.long	2047			/* cmdline_size */
	.org	0x258
	.quad	0x1000000		/* pref_address */
	.long	0x400000		/* init_size */
	.org	0x400

	.section .note.GNU-stack, "", @progbits
