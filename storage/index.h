/*
 * index: the two sparse indexes of a segment.
 *
 *   .index      int32 relative offset (last of a batch), int32 position of that batch      8 bytes an entry
 *   .timeindex  int64 largest timestamp so far, int32 relative offset (last of its batch) 12 bytes an entry
 *
 * Keys increase. New entries collect in memory and are written in pieces of 4 KB; files hold exactly their
 * entries and are never preallocated. Files are opened for each use: a piece stands for 2 MB of log. The
 * segment knows the path. Guarded by the log's owner, except index_find_in_file, which reads what no longer
 * changes.
 */
#ifndef STORAGE_INDEX_H
#define STORAGE_INDEX_H

#include "storage/os/file.h"

enum index_kind { OFFSET_INDEX, TIME_INDEX };

enum { INDEX_PIECE_BYTES = 4096 };

struct index_entry {
    int64_t key;   /* relative offset, or timestamp */
    int32_t value; /* position, or relative offset */
};

struct index {
    enum index_kind kind;
    int64_t count;           /* entries, written or not */
    int64_t in_file;         /* entries in the file */
    uint8_t *tail;           /* the others, as they will be written */
    size_t tail_capacity;    /* bytes */
    struct index_entry last; /* of an empty index: key 0 (offsets) or -1 (times), value 0 */
};

/* A piece of an index file that was read last: a reader that goes on finds its next entries here. */
struct index_page {
    int64_t segment; /* base offset; -1: empty */
    int32_t count;
    bool at_end; /* no entries behind it when it was read */
    uint8_t bytes[INDEX_PIECE_BYTES];
};

size_t index_entry_size(enum index_kind kind);

/* The entry whose bytes these are. */
struct index_entry index_decode(enum index_kind kind, const uint8_t *at);

void index_init(struct index *index, enum index_kind kind);
void index_fini(struct index *index);

/* Takes over what is in the file: all its whole entries. -ENOENT if there is no file, -EBADMSG if its last
 * entry cannot be one (zeros of a preallocated file). */
int index_load(struct index *index, struct file_system *fs, const char *path);

/* The key must be above the last. The tail must have room: index_write makes it. */
void index_add(struct index *index, int64_t key, int32_t value);
bool index_tail_is_full(const struct index *index);

/* Writes the tail behind the file's entries. 0 or -errno (nothing is lost then). */
int index_write(struct index *index, struct file_system *fs, const char *path);

/* Writes the tail, cuts the file to its entries, and syncs it if asked to. */
int index_finish(struct index *index, struct file_system *fs, const char *path, bool durable);

/* Drops every entry and empties the file. */
int index_reset(struct index *index, struct file_system *fs, const char *path);

/* Drops the entries for relative offsets at or beyond this one. */
int index_truncate(struct index *index, struct file_system *fs, const char *path, int64_t relative_offset);

/* The i-th entry. 0 or -errno. */
int index_get(const struct index *index, struct file_system *fs, const char *path, int64_t i,
              struct index_entry *entry);

/* The last entry with a key <= `key`, if it is among those in memory. */
bool index_find_in_tail(const struct index *index, int64_t key, struct index_entry *found);

/* The same among the first `in_file` entries of the file: 1, 0 (there is none), -errno. Fills `page` (may be
 * NULL) from there on; page->segment is the caller's to set. */
int index_find_in_file(struct file_system *fs, const char *path, enum index_kind kind, int64_t in_file,
                       int64_t key, struct index_entry *found, struct index_page *page);

/* True if the page of this segment's index knows the answer. */
bool index_find_in_page(const struct index_page *page, int64_t segment, enum index_kind kind, int64_t key,
                        struct index_entry *found);

#endif
