/*
 * segment_list: the base offsets of the segments in a directory, by the names of its `.log` files.
 */
#ifndef STORAGE_CHECK_SEGMENT_LIST_H
#define STORAGE_CHECK_SEGMENT_LIST_H

#include "storage/os/file.h"

struct segment_list {
    int64_t *bases; /* ascending */
    size_t count;
    size_t capacity;
};

/* 0 or -errno; segment_list_fini is due either way. */
int segment_list_read(struct segment_list *list, struct file_system *fs, const char *directory);
void segment_list_fini(struct segment_list *list);

#endif
