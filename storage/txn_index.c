/*
 * txn_index: see txn_index.h.
 *
 *      OFFSET SIZE
 *      0      2     version, 0
 *      2      8     producer id
 *      10     8     first offset of the transaction
 *      18     8     last offset: the marker's
 *      26     8     last stable offset
 */
#include "storage/txn_index.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"

#include <errno.h>
#include <stdlib.h>

enum { ENTRY_BYTES = TXN_INDEX_ENTRY_BYTES, FILE_BYTES_MAX = 256 << 20 };

bool txn_index_decode(const uint8_t *at, struct aborted_entry *entry)
{
    *entry =
        (struct aborted_entry){load_i64(at + 2), load_i64(at + 10), load_i64(at + 18), load_i64(at + 26)};
    return load_i16(at) == 0;
}

int64_t txn_index_read(struct file_system *fs, const char *path, struct aborted_entry **entries)
{
    *entries = NULL;
    char *content;
    ssize_t len = file_read_all(fs, path, FILE_BYTES_MAX, &content);
    if (len < 0)
        return len == -ENOENT ? 0 : len;
    int64_t count = len / ENTRY_BYTES;
    if (count <= 0) {
        free(content);
        return 0;
    }
    struct aborted_entry *found = malloc(sizeof *found * (size_t)count);
    ensure(found != NULL);
    for (int64_t i = 0; i < count; i++) {
        if (!txn_index_decode((const uint8_t *)content + i * ENTRY_BYTES, &found[i])) {
            free(found);
            free(content);
            return -EBADMSG;
        }
    }
    free(content);
    *entries = found;
    return count;
}

int txn_index_check(struct file_system *fs, const char *path, int64_t base)
{
    struct file_status status;
    struct aborted_entry *entries;
    int result = file_path_status(fs, path, &status);
    if (result < 0)
        return result;
    int64_t count = txn_index_read(fs, path, &entries);
    if (count < 0)
        return (int)count;
    bool possible = status.size == count * TXN_INDEX_ENTRY_BYTES;
    for (int64_t i = 0; i < count; i++)
        possible &= entries[i].last_offset >= base && entries[i].first_offset <= entries[i].last_offset;
    free(entries);
    return possible ? 0 : -EBADMSG;
}

int txn_index_append(struct file_system *fs, const char *path, const struct aborted_entry *entry)
{
    uint8_t bytes[ENTRY_BYTES];
    store_i16(bytes, 0);
    store_i64(bytes + 2, entry->producer_id);
    store_i64(bytes + 10, entry->first_offset);
    store_i64(bytes + 18, entry->last_offset);
    store_i64(bytes + 26, entry->last_stable_offset);

    int file = file_open(fs, path, FILE_CREATE);
    if (file < 0)
        return file;
    struct file_status status;
    int result = file_status(fs, file, &status);
    if (result == 0)
        result = file_write(fs, file, bytes, sizeof bytes, status.size - status.size % ENTRY_BYTES);
    file_close(fs, file);
    return result;
}

int txn_index_truncate(struct file_system *fs, const char *path, int64_t offset)
{
    struct aborted_entry *entries;
    int64_t count = txn_index_read(fs, path, &entries);
    if (count <= 0)
        return (int)count;
    int64_t keep = 0;
    while (keep < count && entries[keep].last_offset < offset)
        keep++;
    free(entries);
    int file = file_open(fs, path, FILE_WRITE);
    if (file < 0)
        return file;
    int result = file_truncate(fs, file, keep * ENTRY_BYTES);
    file_close(fs, file);
    return result;
}
