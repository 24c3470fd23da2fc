/*
 * header_scan: walks the batch headers of a segment file, reading them in chunks: small batches cost one read
 * for dozens.
 */
#ifndef STORAGE_HEADER_SCAN_H
#define STORAGE_HEADER_SCAN_H

#include "protocol/batch.h"
#include "storage/os/file.h"

enum { HEADER_SCAN_CHUNK = 4096 };

struct header_scan {
    struct file_system *fs;
    int file;    /* open while the scan lasts */
    int64_t end; /* bytes at and beyond this are not looked at */
    int64_t chunk_at;
    size_t chunk_len;
    bool far; /* the last batch was larger than a chunk: the next header will be read alone */
    uint8_t chunk[HEADER_SCAN_CHUNK];
};

void header_scan_init(struct header_scan *scan, struct file_system *fs, int file, int64_t end);

/* The header at `position`; the next batch is at position + batch_size. 1; 0 at the end; -EBADMSG if no whole
 * batch of magic 2 is there; -errno. */
int header_scan_read(struct header_scan *scan, int64_t position, struct batch_header *header);

#endif
