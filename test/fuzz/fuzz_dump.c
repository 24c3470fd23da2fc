/*
 * Hostile files for `odradek dump`: the first byte chooses what the file is called (and so what it is taken
 * for), the second the form; the rest is its content. The checksum of the first batch is made right when the
 * second byte says so, so that the fuzzer gets behind it.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "server/dump/dump.h"

#include <errno.h>
#include <stdlib.h>

enum { CHOICE_BYTES = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "t-0/00000000000000000000.log",
    "__consumer_offsets-0/00000000000000000000.log",
    "__transaction_state-0/00000000000000000000.log",
    "__share_group_state-0/00000000000000000000.log",
    "__cluster_metadata-0/00000000000000000000.log",
    "bootstrap.checkpoint",
    "t-0/00000000000000000007.index",
    "t-0/00000000000000000007.timeindex",
    "t-0/00000000000000000007.txnindex",
    "t-0/00000000000000000007.snapshot",
    "replication-offset-checkpoint",
    "t-0/leader-epoch-checkpoint",
    "t-0/partition.metadata",
    "meta.properties",
    "__cluster_metadata-0/quorum-state",
    ".kafka_cleanshutdown",
};

/* ---- a file system of one file ---- */

static struct slice content;

static int open_content(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs, (void)path, (void)mode;
    return flags == FILE_READ ? 7 : -EACCES;
}

static int close_content(struct file_system *fs, int file)
{
    (void)fs, (void)file;
    return 0;
}

static ssize_t read_content(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    (void)fs, (void)file;
    if (at >= (int64_t)content.len)
        return 0;
    size_t left = content.len - (size_t)at;
    size_t got = len < left ? len : left;
    memcpy(bytes, content.data + at, got);
    return (ssize_t)got;
}

static int status_of_content(struct file_system *fs, int file, struct file_status *status)
{
    (void)fs, (void)file;
    *status = (struct file_status){.size = (int64_t)content.len};
    return 0;
}

static int status_of_path(struct file_system *fs, const char *path, struct file_status *status)
{
    (void)path;
    return status_of_content(fs, 7, status);
}

static void mend_crc(uint8_t *bytes, size_t len)
{
    struct batch_header header;
    size_t size;
    if (batch_next(slice_of(bytes, len), &header, &size, NULL) == BATCH_WHOLE)
        store_u32(bytes + BATCH_CRC_AT, batch_compute_crc(slice_of(bytes, size)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file_system fs = {
        .open = open_content,
        .close = close_content,
        .pread = read_content,
        .status = status_of_content,
        .path_status = status_of_path,
    };
    char directory[64] = "";
    if (size < CHOICE_BYTES)
        return 0;
    const char *name = names[data[0] % (sizeof names / sizeof names[0])];
    uint8_t *bytes = malloc(size);
    ensure(bytes != NULL);
    memcpy(bytes, data + CHOICE_BYTES, size - CHOICE_BYTES);
    content = slice_of(bytes, size - CHOICE_BYTES);
    if (data[1] & 2)
        mend_crc(bytes, content.len);
    if (strchr(name, '/') != NULL)
        memcpy(directory, name, (size_t)(strchr(name, '/') - name));
    struct dump dump;
    dump_init(&dump, &fs, -1, data[1] & 1);
    dump_file(&dump, name, directory);
    ensure(dump_finish(&dump));
    free(bytes);
    return 0;
}
