// SPDX-License-Identifier: GPL-2.0
/* A virtio disk in a file */
#include <string.h>
#include <unistd.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "vmm.h"

#define SECTOR	512

/* A request begins with a header, wherever the guest has cut it in pieces */
static bool disk_take_header(struct virtio_request *request,
			     struct virtio_blk_outhdr *header)
{
	size_t n, done = 0;
	struct iovec *iov;

	for (iov = request->out; iov < request->out + request->nr_out; iov++) {
		n = sizeof(*header) - done;
		if (n > iov->iov_len)
			n = iov->iov_len;
		memcpy((char *)header + done, iov->iov_base, n);
		iov->iov_base = (char *)iov->iov_base + n;
		iov->iov_len -= n;
		done += n;
	}
	return done == sizeof(*header);
}

/* Its last byte is for the status */
static __u8 *disk_take_status(struct virtio_request *request)
{
	struct iovec *last = request->in + request->nr_in - 1;

	if (!request->nr_in || !last->iov_len)
		return NULL;
	return (__u8 *)last->iov_base + --last->iov_len;
}

/* Return: the number of bytes moved, -1 if not all of them were */
static ssize_t disk_move(const struct disk *disk, __u64 sector,
			 ssize_t (*move)(int fd, const struct iovec *iov,
					 int nr_iov, off_t offset),
			 const struct iovec *iov, unsigned int nr_iov)
{
	__u64 size = 0;
	ssize_t moved;
	unsigned int i;

	for (i = 0; i < nr_iov; i++)
		size += iov[i].iov_len;
	if (sector > disk->config.capacity ||
	    size > (disk->config.capacity - sector) * SECTOR)
		return -1;
	moved = move(disk->file.fd, iov, nr_iov, sector * SECTOR);
	return moved == (ssize_t)size ? moved : -1;
}

static ssize_t disk_serve(struct virtio *virtio, unsigned int queue,
			  struct virtio_request *request)
{
	struct disk *disk = container_of(virtio, struct disk, virtio);
	struct virtio_blk_outhdr header;
	__u8 *status = disk_take_status(request);
	ssize_t read = 0, ret = 0;

	(void)queue;
	if (!status || !disk_take_header(request, &header))
		return VIRTIO_BROKEN;

	*status = VIRTIO_BLK_S_OK;
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		ret = disk_move(disk, header.sector, preadv, request->in,
				request->nr_in);
		read = ret < 0 ? 0 : ret;
		break;
	case VIRTIO_BLK_T_OUT:
		ret = disk_move(disk, header.sector, pwritev, request->out,
				request->nr_out);
		break;
	case VIRTIO_BLK_T_FLUSH:
		ret = fdatasync(disk->file.fd);
		break;
	default:
		*status = VIRTIO_BLK_S_UNSUPP;
	}
	if (ret < 0)
		*status = VIRTIO_BLK_S_IOERR;
	return read + sizeof(*status);
}

static const struct virtio_type disk_type = {
	.id = VIRTIO_ID_BLOCK,
	.nr_queues = 1,
	.config_size = sizeof(struct virtio_blk_config),
	.serve = disk_serve,
};

/**
 * disk_create() - Give the guest a disk
 * @disk: what to fill in
 * @vm: the guest
 * @path: the file; if it cannot be written, the guest can only read it
 */
void disk_create(struct disk *disk, struct vm *vm, const char *path)
{
	disk->file = file_open(path, false);
	disk->config.capacity = disk->file.size / SECTOR;
	disk->virtio.config = &disk->config;
	disk->virtio.features = BIT_ULL(VIRTIO_BLK_F_FLUSH);
	if (disk->file.read_only)
		disk->virtio.features |= BIT_ULL(VIRTIO_BLK_F_RO);
	virtio_create(&disk->virtio, &disk_type, vm, -1);
}
