/* header_scan: see header_scan.h. No locks; what lies below `end` does not change while somebody scans. */
#include "storage/header_scan.h"

#include <errno.h>

void header_scan_init(struct header_scan *scan, struct file_system *fs, int file, int64_t end)
{
    scan->fs = fs;
    scan->file = file;
    scan->end = end;
    scan->chunk_at = 0;
    scan->chunk_len = 0;
    scan->far = false;
}

int header_scan_read(struct header_scan *scan, int64_t position, struct batch_header *header)
{
    if (position >= scan->end)
        return 0;
    if (scan->end - position < BATCH_HEADER_SIZE)
        return -EBADMSG;
    if (position < scan->chunk_at
        || position + BATCH_HEADER_SIZE > scan->chunk_at + (int64_t)scan->chunk_len) {
        int64_t want = scan->end - position;
        int64_t most = scan->far ? BATCH_HEADER_SIZE : HEADER_SCAN_CHUNK;
        if (want > most)
            want = most;
        ssize_t got = file_read(scan->fs, scan->file, scan->chunk, (size_t)want, position);
        if (got < 0)
            return (int)got;
        scan->chunk_at = position;
        scan->chunk_len = (size_t)got;
        if (got < BATCH_HEADER_SIZE)
            return -EBADMSG;
    }
    batch_header_read(scan->chunk + (position - scan->chunk_at), header);
    if (header->magic != BATCH_MAGIC || batch_size(header) < BATCH_HEADER_SIZE
        || header->last_offset_delta < 0 || header->base_offset < 0
        || batch_size(header) > scan->end - position)
        return -EBADMSG;
    scan->far = batch_size(header) > HEADER_SCAN_CHUNK;
    return 1;
}
