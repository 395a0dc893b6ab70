// SPDX-License-Identifier: GPL-2.0
/* What a multiboot 1 loader hands over: memory map, modules, command lines. Copied out before anything is overwritten. */
#include "hv.h"
#include "internal.h"
#include "string.h"

#define BOOT_MAGIC	0x2badb002
#define INFO_CMDLINE	BIT(2)
#define INFO_MODULES	BIT(3)
#define INFO_MMAP	BIT(6)

struct mb_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
} __packed;

struct mb_module {
	u32 start, end, cmdline, pad;
} __packed;

struct mb_mmap {
	u32 size;		/* of what follows */
	u64 base, length;
	u32 type;
} __packed;

struct boot_info boot_info;

static void copy_line(char *to, u64 size, u32 from)
{
	const char *s = (const char *)(u64)from;
	u64 len = s ? strlen(s) : 0;

	if (len >= size)
		hv_panic("a command line of %llu characters is too long, the limit is %llu", len, size - 1);
	memcpy(to, s, len);
	to[len] = 0;
}

static void parse_mmap(const struct mb_info *mb)
{
	u64 pos = mb->mmap_addr, end = pos + mb->mmap_length;

	while (pos + sizeof(struct mb_mmap) <= end && boot_info.nr_ranges < ARRAY_SIZE(boot_info.ranges)) {
		const struct mb_mmap *m = (const void *)pos;

		boot_info.ranges[boot_info.nr_ranges++] = (struct boot_range){ m->base, m->length, m->type };
		pos += m->size + 4;
	}
}

static void parse_modules(const struct mb_info *mb)
{
	const struct mb_module *m = (const void *)(u64)mb->mods_addr;

	if (mb->mods_count > ARRAY_SIZE(boot_info.modules))
		hv_panic("%u modules: at most a kernel and an initramfs are taken", mb->mods_count);
	boot_info.nr_modules = mb->mods_count;
	for (u32 i = 0; i < mb->mods_count; i++) {
		struct boot_module *out = &boot_info.modules[i];

		out->base = m[i].start;
		out->size = m[i].end - m[i].start;
		copy_line(out->cmdline, sizeof(out->cmdline), m[i].cmdline);
	}
}

void multiboot_parse(u32 magic, u32 info)
{
	const struct mb_info *mb = (const void *)(u64)info;

	if (magic != BOOT_MAGIC)
		hv_panic("not started by a multiboot loader");
	if (!(mb->flags & INFO_MMAP))
		hv_panic("the boot loader gives no memory map");
	parse_mmap(mb);
	if (mb->flags & INFO_CMDLINE)
		copy_line(boot_info.cmdline, sizeof(boot_info.cmdline), mb->cmdline);
	if (mb->flags & INFO_MODULES)
		parse_modules(mb);
}
