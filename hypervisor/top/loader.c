// SPDX-License-Identifier: GPL-2.0
/*
 * Starting the root: a Linux bzImage by its 64-bit boot protocol
 * (Documentation/x86/boot.rst), initramfs used where the boot loader left it.
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define HEADER		0x1f1		/* setup header in file and boot_params */
#define HDR_SETUP_SECTS	0x1f1
#define HDR_MAGIC	0x202
#define HDR_VERSION	0x206
#define HDR_LOADER	0x210
#define HDR_LOADFLAGS	0x211
#define HDR_RAMDISK	0x218
#define HDR_RAMDISK_LEN	0x21c
#define HDR_CMDLINE	0x228
#define HDR_ALIGN	0x230
#define HDR_RELOC	0x234
#define HDR_XLOADFLAGS	0x236
#define HDR_CMDLINE_MAX	0x238
#define HDR_PREF	0x258
#define HDR_INIT_SIZE	0x260
#define HDR_END		0x290
#define BP_EXT_RAMDISK	0x0c0
#define BP_EXT_SIZE	0x0c4
#define BP_E820_NR	0x1e8
#define BP_E820		0x2d0
#define E820_MAX	128
#define MAGIC		0x53726448	/* "HdrS" */
#define MIN_VERSION	0x020c
#define XLF_KERNEL_64	BIT(0)
#define LOADER_UNKNOWN	0xff
#define ENTRY_64	0x200

/* Conventional memory that firmware has finished with. */
#define BOOT_PARAMS	0x10000ull
#define CMDLINE		0x11000ull	/* up to 2 KiB */
#define GDT		0x12000ull
#define TABLES		0x13000ull	/* PML4, PDPT, four page directories */
#define STACK		0x1a000ull
#define BOOT_CS		0x10
#define BOOT_DS		0x18

struct e820_entry { u64 base, size; u32 type; } __packed;

static u8 *params;

static u16 get16(const u8 *p, u32 off) { return *(const u16 *)(p + off); }
static u32 get32(const u8 *p, u32 off) { return *(const u32 *)(p + off); }
static u64 get64(const u8 *p, u32 off) { return *(const u64 *)(p + off); }
static void put32(u32 off, u32 val) { *(u32 *)(params + off) = val; }

static void kernel_check(const u8 *image, u64 size)
{
	if (size < HDR_END || get32(image, HDR_MAGIC) != MAGIC)
		hv_panic("the first module is not a Linux bzImage");
	if (get16(image, HDR_VERSION) < MIN_VERSION || !(get16(image, HDR_XLOADFLAGS) & XLF_KERNEL_64))
		hv_panic("the kernel cannot be entered in 64-bit mode");
}

/* ---- memory map ---- */

static void e820_add(u64 base, u64 end, u32 type)
{
	u8 nr = params[BP_E820_NR];
	struct e820_entry *e = (struct e820_entry *)(params + BP_E820) + nr;

	if (base >= end)
		return;
	if (nr == E820_MAX)
		hv_panic("the memory map has too many entries");
	*e = (struct e820_entry){ base, end - base, type };
	params[BP_E820_NR]++;
}

/* A range of the firmware's map less what the hypervisor keeps. @own is in ascending order. */
static void e820_add_range(const struct boot_range *r)
{
	const u64 own[2][2] = {
		{ (u64)hv_image_start, (u64)hv_image_end },
		{ hv_reserved_base, hv_reserved_end },
	};
	bool image_first = own[0][0] < own[1][0];
	u64 base = r->base, end = r->base + r->size;

	for (u32 i = 0; i < 2 && r->type == RANGE_RAM; i++) {
		const u64 *o = own[image_first ? i : 1 - i];

		if (o[0] < base || o[1] > end)
			continue;
		e820_add(base, o[0], RANGE_RAM);
		e820_add(o[0], o[1], RANGE_RESERVED);
		base = o[1];
	}
	e820_add(base, end, r->type);
}

/* ---- where the kernel goes ---- */

static bool range_is_root_ram(u64 base, u64 size)
{
	for (u64 pfn = base >> PAGE_SHIFT; pfn < (base + size + PAGE_SIZE - 1) >> PAGE_SHIFT; pfn++) {
		const struct frame *f = frame_get(pfn);

		if (!f || f->state != FRAME_ROOT)
			return false;
	}
	return true;
}

static bool range_hits_module(u64 base, u64 size)
{
	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *m = &boot_info.modules[i];

		if (base < m->base + m->size && m->base < base + size)
			return true;
	}
	return false;
}

static u64 place_find(const u8 *image)
{
	u64 size = get32(image, HDR_INIT_SIZE), align = get32(image, HDR_ALIGN);
	u64 base = get64(image, HDR_PREF);

	if (!align || (align & (align - 1)))
		hv_panic("the kernel wants an alignment of %llx", align);
	for (; base + size < frame_limit() << PAGE_SHIFT && base + size < 0x100000000ull; base += align) {
		if (range_is_root_ram(base, size) && !range_hits_module(base, size))
			return base;
		if (!image[HDR_RELOC])
			break;
	}
	hv_panic("no room for a kernel of %llu MiB: give the machine more memory", size >> 20);
}

/* ---- entry state ---- */

static void tables_fill(void)
{
	u64 *pml4 = (u64 *)TABLES, *pdpt = pml4 + 512, *pd = pdpt + 512;

	memset(pml4, 0, 6 * PAGE_SIZE);
	pml4[0] = (u64)pdpt | 3;
	for (u32 i = 0; i < 4; i++)
		pdpt[i] = (u64)(pd + 512 * i) | 3;
	for (u64 i = 0; i < 2048; i++)
		pd[i] = i << LARGE_SHIFT | 0x83;
}

static void gdt_fill(void)
{
	u64 *gdt = (u64 *)GDT;

	gdt[0] = gdt[1] = 0;
	gdt[BOOT_CS / 8] = 0x00af9b000000ffff;
	gdt[BOOT_DS / 8] = 0x00cf93000000ffff;
}

static void vp_enter_state(struct vp *vp, u64 entry)
{
	struct vmcb_save *s = &vp->vmcb->s;
	struct vmcb_seg data = { .selector = BOOT_DS, .attrib = 0xc93, .limit = ~0u };

	s->cs = (struct vmcb_seg){ .selector = BOOT_CS, .attrib = 0xa9b, .limit = ~0u };
	s->ds = s->es = s->ss = data;
	s->gdtr.base = GDT;
	s->gdtr.limit = BOOT_DS + 7;
	s->cr0 = CR0_PG | CR0_PE | CR0_ET;
	s->cr3 = TABLES;
	s->cr4 = BIT(5);	/* PAE */
	s->efer = EFER_LME | EFER_LMA | EFER_SVME;
	s->rip = entry;
	vp->gpr[GPR_RSP] = STACK;
	vp->gpr[GPR_RSI] = BOOT_PARAMS;
	vp->gpr[GPR_RDX] = 0;
}

/* The command line of a module starts with the file's name. */
static const char *after_name(const char *line)
{
	while (*line && *line != ' ')
		line++;
	while (*line == ' ')
		line++;
	return line;
}

static void cmdline_set(const u8 *image)
{
	const char *line = after_name(boot_info.modules[0].cmdline);
	u64 len = strlen(line);

	if (len > get32(image, HDR_CMDLINE_MAX))
		hv_panic("the kernel takes a command line of %u characters, %llu are given",
			 get32(image, HDR_CMDLINE_MAX), len);
	memcpy((void *)CMDLINE, line, len + 1);
	put32(HDR_CMDLINE, CMDLINE);
}

static void initrd_set(void)
{
	const struct boot_module *m = &boot_info.modules[1];

	if (boot_info.nr_modules < 2)
		return;
	put32(HDR_RAMDISK, m->base);
	put32(HDR_RAMDISK_LEN, m->size);
	put32(BP_EXT_RAMDISK, m->base >> 32);
	put32(BP_EXT_SIZE, m->size >> 32);
}

void loader_load(struct vp *vp)
{
	const struct boot_module *kernel = &boot_info.modules[0];
	const u8 *image = (const u8 *)kernel->base;
	u64 setup, base;

	if (!boot_info.nr_modules)
		hv_panic("no kernel: give the boot loader a Linux bzImage as first module");
	kernel_check(image, kernel->size);
	setup = ((image[HDR_SETUP_SECTS] ? image[HDR_SETUP_SECTS] : 4) + 1) * 512;
	if (setup >= kernel->size || kernel->size - setup > get32(image, HDR_INIT_SIZE))
		hv_panic("the kernel image is truncated or lies about its size");
	base = place_find(image);
	params = (u8 *)BOOT_PARAMS;
	memset(params, 0, PAGE_SIZE);
	memcpy(params + HEADER, image + HEADER, HDR_END - HEADER);
	params[HDR_LOADER] = LOADER_UNKNOWN;
	cmdline_set(image);
	initrd_set();
	for (u32 i = 0; i < boot_info.nr_ranges; i++)
		e820_add_range(&boot_info.ranges[i]);
	memcpy((void *)base, image + setup, kernel->size - setup);
	tables_fill();
	gdt_fill();
	vp_enter_state(vp, base + ENTRY_64);
	hv_info("root: kernel of %llu KiB at %llx, initramfs of %llu KiB", kernel->size >> 10, base,
		boot_info.nr_modules > 1 ? boot_info.modules[1].size >> 10 : 0);
}
