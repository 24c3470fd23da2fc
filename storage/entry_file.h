/*
 * entry_file: a file of entries of one size (an index), read from front to back in pieces by somebody who
 * only looks. One thread; the memory is the struct's own.
 */
#ifndef STORAGE_ENTRY_FILE_H
#define STORAGE_ENTRY_FILE_H

#include "storage/os/file.h"

enum { ENTRY_FILE_BYTES = 64 * 1024 };

struct entry_file {
    struct file_system *fs;
    int file;
    size_t entry_size;
    int64_t position; /* of the next entry */
    size_t at;
    size_t len;
    uint8_t bytes[ENTRY_FILE_BYTES];
};

/* 0 or -errno. */
int entry_file_open(struct entry_file *entries, struct file_system *fs, const char *path, size_t entry_size);
void entry_file_close(struct entry_file *entries);

/* The next entry's bytes, until the next call; NULL at the end, with *error 0, -EBADMSG if a part of an entry
 * is left over, or -errno. */
const uint8_t *entry_file_next(struct entry_file *entries, int *error);

/* Bytes behind the last whole entry, once the end was reached. */
static inline size_t entry_file_left(const struct entry_file *entries)
{
    return entries->len - entries->at;
}

/* Whether an entry is nothing but zeros, as a running Apache Kafka keeps them behind the real ones. */
bool entry_is_zero(const uint8_t *entry, size_t size);

#endif
