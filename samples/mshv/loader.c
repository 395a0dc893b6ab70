// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a Linux kernel by the x86 boot protocol, see Documentation/x86/boot.rst.
 * The file is not trusted: each number in it is checked before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <asm/bootparam.h>

#include "vmm.h"

#define BOOT_HEADER_MAGIC	0x53726448	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define BOOT_PROTOCOL_MIN	0x020a		/* first with init_size */
#define BOOT_SECTOR		512
#define BOOT_DEFAULT_SECTS	4
#define BOOT_LOADER_UNKNOWN	0xff
#define BOOT_HEADER_JUMP	0x202		/* the header's size counts from here */

#define E820_RAM		1
#define E820_RESERVED		2

struct image {
	const char *path;
	int fd;
	__u64 size;
};

/* Which part of the guest's low memory is still free */
struct loader {
	const struct memory *memory;
	struct boot_params *params;
	__u64 kernel_start;
	__u64 kernel_end;
};

#define not_bzimage(image, why, ...) \
	die("%s is not a bzImage: " why, (image)->path, ##__VA_ARGS__)

static struct image image_open(const char *path)
{
	struct image image = { .path = path };
	struct stat st;

	image.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (image.fd < 0)
		die_errno("open %s", path);
	if (fstat(image.fd, &st))
		die_errno("stat %s", path);
	if (!S_ISREG(st.st_mode))
		die("%s is not a regular file", path);
	image.size = st.st_size;
	return image;
}

static void image_read(const struct image *image, __u64 offset, void *to,
		       __u64 size)
{
	ssize_t n;

	while (size) {
		n = pread(image->fd, to, size, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno("read %s", image->path);
		if (!n)
			die("%s became shorter while it was read", image->path);
		to = (char *)to + n;
		offset += n;
		size -= n;
	}
}

static __u64 image_setup_size(const struct setup_header *header)
{
	__u64 sects = header->setup_sects ? header->setup_sects :
					    BOOT_DEFAULT_SECTS;

	return (sects + 1) * BOOT_SECTOR;
}

static __u64 image_kernel_size(const struct setup_header *header)
{
	return header->syssize * 16ULL;
}

static void header_check(const struct image *image,
			 const struct setup_header *header)
{
	__u64 size = image_setup_size(header) + image_kernel_size(header);

	if (header->boot_flag != BOOT_FLAG ||
	    header->header != BOOT_HEADER_MAGIC)
		not_bzimage(image, "no boot header");
	if (header->version < BOOT_PROTOCOL_MIN)
		not_bzimage(image, "boot protocol %u.%02u is too old",
			    header->version >> 8, header->version & 0xff);
	if (!(header->loadflags & LOADED_HIGH))
		not_bzimage(image, "it is a zImage");
	if (!header->relocatable_kernel)
		not_bzimage(image, "it cannot be relocated");
	if (!header->syssize)
		not_bzimage(image, "it has no kernel");
	if (size > image->size)
		not_bzimage(image, "it says %llu bytes and has %llu", size,
			    image->size);
	if (image_kernel_size(header) > header->init_size)
		not_bzimage(image, "it says it is larger than it becomes");
}

/*
 * The header in the file ends where its jump instruction leads to; what lies
 * behind it must not get into the zero page.
 */
static void header_read(const struct image *image, struct setup_header *header)
{
	__u8 start[2 * BOOT_SECTOR];
	size_t end, at = offsetof(struct boot_params, hdr);

	if (image->size < sizeof(start))
		not_bzimage(image, "it has only %llu bytes", image->size);
	image_read(image, 0, start, sizeof(start));

	memcpy(header, start + at, sizeof(*header));
	header_check(image, header);

	end = BOOT_HEADER_JUMP + (header->jump >> 8);
	if (end < at + offsetof(struct setup_header, handover_offset))
		not_bzimage(image, "its header ends at 0x%zx", end);
	if (end < at + sizeof(*header))
		memset((__u8 *)header + (end - at), 0, at + sizeof(*header) - end);
}

/*
 * A kernel unpacks itself to the address that it prefers, or higher. Loaded
 * right there it needs the least memory.
 */
static __u64 kernel_place(const struct loader *loader,
			  const struct image *image)
{
	const struct setup_header *header = &loader->params->hdr;
	__u64 start = header->pref_address;

	if (start < LAYOUT_HIGH || start >= LAYOUT_HOLE)
		not_bzimage(image, "it wants to be at 0x%llx", start);
	if (!memory_at(loader->memory, start, header->init_size))
		die("%s needs guest memory up to %llu MiB, there are %llu MiB",
		    image->path, (start + header->init_size + MIB - 1) / MIB,
		    loader->memory->region[0].size / MIB);
	return start;
}

static void kernel_load(struct loader *loader, const char *path)
{
	struct setup_header *header = &loader->params->hdr;
	struct image image = image_open(path);
	__u64 size;

	header_read(&image, header);
	size = image_kernel_size(header);
	loader->kernel_start = kernel_place(loader, &image);
	loader->kernel_end = loader->kernel_start + header->init_size;
	image_read(&image, image_setup_size(header),
		   memory_at(loader->memory, loader->kernel_start, size), size);
	close(image.fd);

	header->type_of_loader = BOOT_LOADER_UNKNOWN;
	header->code32_start = loader->kernel_start;
}

/* As high as the kernel allows, so that it is out of the kernel's way */
static void initrd_load(struct loader *loader, const char *path)
{
	struct setup_header *header = &loader->params->hdr;
	__u64 end = loader->memory->region[0].size;
	struct image image = image_open(path);
	__u64 start;

	if (end > header->initrd_addr_max + 1ULL)
		end = header->initrd_addr_max + 1ULL;
	if (end < loader->kernel_end || image.size > end - loader->kernel_end)
		die("%s does not fit: it has %llu KiB, guest memory has room for %llu KiB",
		    path, image.size / 1024,
		    end < loader->kernel_end ? 0 :
		    (end - loader->kernel_end) / 1024);

	start = (end - image.size) & ~(__u64)(HV_PAGE_SIZE - 1);
	if (start < loader->kernel_end)
		start = loader->kernel_end;
	image_read(&image, 0, memory_at(loader->memory, start, image.size),
		   image.size);
	close(image.fd);

	header->ramdisk_image = start;
	header->ramdisk_size = image.size;
}

static void cmdline_load(struct loader *loader, const char *cmdline)
{
	struct setup_header *header = &loader->params->hdr;
	size_t size = strlen(cmdline), max = LAYOUT_LOW_END - LAYOUT_CMDLINE - 1;

	if (max > header->cmdline_size)
		max = header->cmdline_size;
	if (size > max)
		die("the command line has %zu characters, the kernel takes %zu",
		    size, max);

	memcpy(memory_at(loader->memory, LAYOUT_CMDLINE, size + 1), cmdline,
	       size + 1);
	header->cmd_line_ptr = LAYOUT_CMDLINE;
}

static void e820_add(struct boot_params *params, __u64 start, __u64 end,
		     __u32 type)
{
	struct boot_e820_entry *entry;

	entry = &params->e820_table[params->e820_entries++];
	entry->addr = start;
	entry->size = end - start;
	entry->type = type;
}

static void e820_build(struct loader *loader)
{
	const struct memory_region *low = &loader->memory->region[0];
	const struct memory_region *high = &loader->memory->region[1];
	struct boot_params *params = loader->params;

	e820_add(params, 0, LAYOUT_LOW_END, E820_RAM);
	e820_add(params, LAYOUT_ACPI, LAYOUT_ACPI + LAYOUT_ACPI_SIZE,
		 E820_RESERVED);
	e820_add(params, LAYOUT_HIGH, low->size, E820_RAM);
	if (loader->memory->nr_regions > 1)
		e820_add(params, high->gpa, high->gpa + high->size, E820_RAM);
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
 * @memory: the guest's
 * @config: what to load
 *
 * Return: guest address of the 32-bit entry point
 */
__u32 loader_load(const struct memory *memory, const struct vm_config *config)
{
	struct loader loader = { .memory = memory };

	loader.params = memory_at(memory, LAYOUT_BOOT_PARAMS,
				  sizeof(*loader.params));
	if (!loader.params || !memory_at(memory, 0, LAYOUT_HIGH))
		die("%llu KiB of guest memory are too small for any kernel",
		    memory->region[0].size / 1024);

	memset(loader.params, 0, sizeof(*loader.params));
	kernel_load(&loader, config->kernel);
	if (config->initrd)
		initrd_load(&loader, config->initrd);
	cmdline_load(&loader, config->cmdline);
	e820_build(&loader);
	gdt_build(memory);
	loader.params->acpi_rsdp_addr = LAYOUT_ACPI;
	return loader.kernel_start;
}
