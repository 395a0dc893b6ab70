// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a Linux kernel by the x86 boot protocol, see Documentation/x86/boot.rst.
 * The file is not trusted: each number in it is checked before it is used.
 */
#include <string.h>
#include <unistd.h>
#include <asm/bootparam.h>

#include "vmm.h"

#define BOOT_HEADER_MAGIC	0x53726448	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define BOOT_PROTOCOL_MIN	0x020a		/* first with init_size */
#define BOOT_SECTOR		512
#define BOOT_DEFAULT_SECTS	4
#define BOOT_LOADER_UNKNOWN	0xff
#define BOOT_HEADER		offsetof(struct boot_params, hdr)
#define BOOT_HEADER_JUMP	0x202		/* the header's size counts from here */

#define E820_RAM		1
#define E820_RESERVED		2

#define not_bzimage(image, why, ...) \
	errx(EXIT_ERROR, "%s is not a bzImage: " why, (image)->path, ##__VA_ARGS__)

static void image_read(const struct file *image, __u64 offset, void *to,
		       __u64 size)
{
	ssize_t n = pread(image->fd, to, size, offset);

	if (n < 0)
		err(EXIT_ERROR, "read %s", image->path);
	if (n != (ssize_t)size)
		errx(EXIT_ERROR, "%s became shorter while it was read",
		     image->path);
}

static __u64 header_setup_size(const struct setup_header *header)
{
	return ((header->setup_sects ?: BOOT_DEFAULT_SECTS) + 1) * BOOT_SECTOR;
}

/* Rounded up, so that the file may have up to 15 bytes less */
static __u64 header_kernel_size(const struct setup_header *header)
{
	return header->syssize * 16ULL;
}

/*
 * The header in the file ends where its jump instruction leads to; what lies
 * behind it must not get into the zero page.
 */
static void header_read(const struct file *image, struct setup_header *header)
{
	__u64 size;
	size_t end;

	if (image->size < BOOT_HEADER + sizeof(*header))
		not_bzimage(image, "it has only %llu bytes", image->size);
	image_read(image, BOOT_HEADER, header, sizeof(*header));
	if (header->boot_flag != BOOT_FLAG ||
	    header->header != BOOT_HEADER_MAGIC)
		not_bzimage(image, "no boot header");
	if (header->version < BOOT_PROTOCOL_MIN ||
	    !(header->loadflags & LOADED_HIGH))
		not_bzimage(image, "too old");
	size = header_setup_size(header) + header_kernel_size(header);
	if (!header->syssize || size > image->size + 15 ||
	    header_kernel_size(header) > header->init_size)
		not_bzimage(image, "it says %llu bytes and has %llu", size,
			    image->size);
	if (header->pref_address < LAYOUT_HIGH ||
	    header->pref_address >= LAYOUT_HOLE)
		not_bzimage(image, "it wants to be at 0x%llx",
			    header->pref_address);

	end = BOOT_HEADER_JUMP + (header->jump >> 8) - BOOT_HEADER;
	if (end < offsetof(struct setup_header, handover_offset))
		not_bzimage(image, "its header has only %zu bytes", end);
	if (end < sizeof(*header))
		memset((__u8 *)header + end, 0, sizeof(*header) - end);
}

/*
 * A kernel unpacks itself to the address that it prefers, or higher. Loaded
 * right there it needs the least memory. One that cannot be relocated has its
 * place, from which it moves there.
 */
static void kernel_load(const struct memory *memory,
			struct setup_header *header, const char *path)
{
	struct file image = file_open(path, true);
	__u64 setup_size, size;

	header_read(&image, header);
	setup_size = header_setup_size(header);
	size = header_kernel_size(header);
	if (size > image.size - setup_size)
		size = image.size - setup_size;
	header->type_of_loader = BOOT_LOADER_UNKNOWN;
	header->code32_start = header->relocatable_kernel ?
			       header->pref_address : LAYOUT_HIGH;
	if (!memory_at(memory, header->pref_address, header->init_size))
		errx(EXIT_ERROR, "%s needs guest memory up to %llu MiB", path,
		     (header->pref_address + header->init_size) / MIB + 1);
	image_read(&image, setup_size,
		   memory_at(memory, header->code32_start, size), size);
	close(image.fd);
}

/* As high as the kernel allows, so that it is out of the kernel's way */
static void initrd_load(const struct memory *memory,
			struct setup_header *header, const char *path)
{
	__u64 kernel_end = header->pref_address + header->init_size;
	__u64 start, end = memory->region[0].size;
	struct file image = file_open(path, true);

	if (end > header->initrd_addr_max + 1ULL)
		end = header->initrd_addr_max + 1ULL;
	if (end < kernel_end || image.size > end - kernel_end)
		errx(EXIT_ERROR, "%s does not fit into guest memory", path);

	start = (end - image.size) & ~(HV_PAGE_SIZE - 1ULL);
	if (start < kernel_end)
		start = kernel_end;
	image_read(&image, 0, memory_at(memory, start, image.size), image.size);
	close(image.fd);
	header->ramdisk_image = start;
	header->ramdisk_size = image.size;
}

static void cmdline_load(const struct memory *memory,
			 struct setup_header *header, const char *cmdline)
{
	size_t size = strlen(cmdline) + 1;
	char *place = memory_at(memory, LAYOUT_CMDLINE, size);

	if (size > header->cmdline_size + 1ULL ||
	    size > LAYOUT_LOW_END - LAYOUT_CMDLINE)
		errx(EXIT_ERROR, "the command line is too long: the kernel takes %u characters",
		     header->cmdline_size);
	memcpy(place, cmdline, size);
	header->cmd_line_ptr = LAYOUT_CMDLINE;
}

static void e820_build(const struct memory *memory, struct boot_params *params)
{
	const struct memory_region *low = &memory->region[0];
	const struct memory_region *high = &memory->region[1];
	const struct boot_e820_entry entries[] = {
		{ 0, LAYOUT_LOW_END, E820_RAM },
		{ LAYOUT_ACPI, LAYOUT_HIGH - LAYOUT_ACPI, E820_RESERVED },
		{ LAYOUT_HIGH, low->size - LAYOUT_HIGH, E820_RAM },
		{ high->gpa, high->size, E820_RAM },
	};

	memcpy(params->e820_table, entries, sizeof(entries));
	params->e820_entries = 2 + memory->nr_regions;
}

/* Flat segments, for the selectors that the protocol names: 0x10 and 0x18 */
static void gdt_build(const struct memory *memory)
{
	static const __u64 gdt[] = {
		0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff,
	};

	memcpy(memory_at(memory, LAYOUT_GDT, sizeof(gdt)), gdt, sizeof(gdt));
}

/**
 * loader_load() - Put a kernel and what it needs into guest memory
 * @memory: the guest's, still zero
 * @config: what to load
 *
 * Return: guest address of the 32-bit entry point
 */
__u32 loader_load(const struct memory *memory, const struct vm_config *config)
{
	struct boot_params *params = memory_at(memory, LAYOUT_BOOT_PARAMS,
					       sizeof(*params));

	kernel_load(memory, &params->hdr, config->kernel);
	if (config->initrd)
		initrd_load(memory, &params->hdr, config->initrd);
	cmdline_load(memory, &params->hdr, config->cmdline);
	e820_build(memory, params);
	gdt_build(memory);
	params->acpi_rsdp_addr = LAYOUT_ACPI;
	return params->hdr.code32_start;
}
