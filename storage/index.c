/*
 * index: see index.h.
 *
 * 1. Entries [0, in_file) are in the file, [in_file, count) in the tail; the tail never exceeds one piece.
 * 2. Keys strictly increase; values do not decrease.
 * 3. An index is a hint. Whoever follows an entry checks that a batch of the right offsets starts there.
 *
 * Called by segment and log only.
 */
#include "storage/index.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"

#include <errno.h>
#include <stdlib.h>

enum { WINDOW_ENTRIES = 64 };

size_t index_entry_size(enum index_kind kind)
{
    return kind == OFFSET_INDEX ? 8 : 12;
}

struct index_entry index_decode(enum index_kind kind, const uint8_t *at)
{
    if (kind == OFFSET_INDEX)
        return (struct index_entry){load_i32(at), load_i32(at + 4)};
    return (struct index_entry){load_i64(at), load_i32(at + 8)};
}

static struct index_entry none(enum index_kind kind)
{
    return (struct index_entry){kind == OFFSET_INDEX ? 0 : -1, 0};
}

/* The offset that an entry stands for, relative to the segment. */
static int64_t relative_offset_of(enum index_kind kind, struct index_entry entry)
{
    return kind == OFFSET_INDEX ? entry.key : entry.value;
}

void index_init(struct index *index, enum index_kind kind)
{
    *index = (struct index){.kind = kind, .last = none(kind)};
}

void index_fini(struct index *index)
{
    free(index->tail);
    *index = (struct index){.kind = index->kind, .last = none(index->kind)};
}

static int read_entry(struct file_system *fs, int file, enum index_kind kind, int64_t i,
                      struct index_entry *entry)
{
    uint8_t bytes[12];
    size_t size = index_entry_size(kind);
    ssize_t got = file_read(fs, file, bytes, size, i * (int64_t)size);
    if (got < 0)
        return (int)got;
    if ((size_t)got < size)
        return -EIO;
    *entry = index_decode(kind, bytes);
    return 0;
}

/* How many entries the file has, and the last one. Most of many thousand indexes are empty: these are not
 * opened. */
static int read_last(struct file_system *fs, const char *path, enum index_kind kind, int64_t *count,
                     struct index_entry *last)
{
    struct file_status status;
    int result = file_path_status(fs, path, &status);
    *count = result < 0 ? 0 : status.size / (int64_t)index_entry_size(kind);
    if (*count == 0)
        return result;
    int file = file_open(fs, path, FILE_READ);
    if (file < 0)
        return file;
    result = read_entry(fs, file, kind, *count - 1, last);
    file_close(fs, file);
    return result;
}

int index_load(struct index *index, struct file_system *fs, const char *path)
{
    int64_t count;
    struct index_entry last = none(index->kind);
    int result = read_last(fs, path, index->kind, &count, &last);
    if (result < 0)
        return result;
    bool possible =
        index->kind == OFFSET_INDEX ? last.key > 0 || (last.key == 0 && last.value > 0) : last.key > 0;
    if (count > 0 && (!possible || last.value < 0))
        return -EBADMSG;
    index->count = index->in_file = count;
    index->last = last;
    return 0;
}

static size_t tail_bytes(const struct index *index)
{
    return (size_t)(index->count - index->in_file) * index_entry_size(index->kind);
}

bool index_tail_is_full(const struct index *index)
{
    return tail_bytes(index) + index_entry_size(index->kind) > INDEX_PIECE_BYTES;
}

void index_add(struct index *index, int64_t key, int32_t value)
{
    ensure(index->count == 0 || key > index->last.key);
    ensure(!index_tail_is_full(index));
    size_t size = index_entry_size(index->kind);
    size_t used = tail_bytes(index);
    if (used + size > index->tail_capacity) {
        size_t capacity = index->tail_capacity == 0 ? 8 * size : index->tail_capacity * 2;
        index->tail_capacity = capacity > INDEX_PIECE_BYTES ? INDEX_PIECE_BYTES : capacity;
        index->tail = realloc(index->tail, index->tail_capacity);
        ensure(index->tail != NULL);
    }
    uint8_t *at = index->tail + used;
    if (index->kind == OFFSET_INDEX) {
        store_i32(at, (int32_t)key);
        store_i32(at + 4, value);
    } else {
        store_i64(at, key);
        store_i32(at + 8, value);
    }
    index->last = (struct index_entry){key, value};
    index->count++;
}

static int write_tail(struct index *index, struct file_system *fs, int file)
{
    int64_t at = index->in_file * (int64_t)index_entry_size(index->kind);
    int result = file_write(fs, file, index->tail, tail_bytes(index), at);
    if (result == 0)
        index->in_file = index->count;
    return result;
}

int index_write(struct index *index, struct file_system *fs, const char *path)
{
    if (index->count == index->in_file)
        return 0;
    int file = file_open(fs, path, FILE_CREATE);
    if (file < 0)
        return file;
    int result = write_tail(index, fs, file);
    file_close(fs, file);
    return result;
}

int index_finish(struct index *index, struct file_system *fs, const char *path, bool durable)
{
    int file = file_open(fs, path, FILE_CREATE);
    if (file < 0)
        return file;
    int result = write_tail(index, fs, file);
    struct file_status status;
    int64_t size = index->count * (int64_t)index_entry_size(index->kind);
    if (result == 0)
        result = file_status(fs, file, &status);
    if (result == 0 && status.size != size)
        result = file_truncate(fs, file, size);
    if (result == 0 && durable)
        result = file_sync(fs, file);
    file_close(fs, file);
    if (result == 0) {
        free(index->tail);
        index->tail = NULL;
        index->tail_capacity = 0;
    }
    return result;
}

int index_reset(struct index *index, struct file_system *fs, const char *path)
{
    index->count = index->in_file = 0;
    index->last = none(index->kind);
    int file = file_open(fs, path, FILE_CREATE | FILE_TRUNCATE);
    if (file < 0)
        return file;
    file_close(fs, file);
    return 0;
}

int index_get(const struct index *index, struct file_system *fs, const char *path, int64_t i,
              struct index_entry *entry)
{
    ensure(i >= 0 && i < index->count);
    if (i >= index->in_file) {
        *entry = index_decode(index->kind,
                              index->tail + (size_t)(i - index->in_file) * index_entry_size(index->kind));
        return 0;
    }
    int file = file_open(fs, path, FILE_READ);
    if (file < 0)
        return file;
    int result = read_entry(fs, file, index->kind, i, entry);
    file_close(fs, file);
    return result;
}

int index_truncate(struct index *index, struct file_system *fs, const char *path, int64_t relative_offset)
{
    int64_t keep = 0;
    int64_t end = index->count;
    struct index_entry entry;
    while (keep < end) {
        int64_t middle = keep + (end - keep) / 2;
        int result = index_get(index, fs, path, middle, &entry);
        if (result < 0)
            return result;
        if (relative_offset_of(index->kind, entry) < relative_offset)
            keep = middle + 1;
        else
            end = middle;
    }
    struct index_entry last = none(index->kind);
    if (keep > 0) {
        int result = index_get(index, fs, path, keep - 1, &last);
        if (result < 0)
            return result;
    }
    index->count = keep;
    index->last = last;
    if (keep >= index->in_file)
        return 0;
    index->in_file = keep;
    return index_finish(index, fs, path, false);
}

/* The last of `count` entries with a key <= `key`; -1 if there is none. */
static int64_t search(enum index_kind kind, const uint8_t *entries, int64_t count, int64_t key)
{
    int64_t low = 0;
    size_t size = index_entry_size(kind);
    while (low < count) {
        int64_t middle = low + (count - low) / 2;
        if (index_decode(kind, entries + (size_t)middle * size).key <= key)
            low = middle + 1;
        else
            count = middle;
    }
    return low - 1;
}

bool index_find_in_tail(const struct index *index, int64_t key, struct index_entry *found)
{
    int64_t at = search(index->kind, index->tail, index->count - index->in_file, key);
    if (at < 0)
        return false;
    *found = index_decode(index->kind, index->tail + (size_t)at * index_entry_size(index->kind));
    return true;
}

/* Narrows [*low, *high), which holds the last entry with a key <= `key` if there is one, to a window. */
static int narrow(struct file_system *fs, int file, enum index_kind kind, int64_t key, int64_t *low,
                  int64_t *high)
{
    while (*high - *low > WINDOW_ENTRIES) {
        struct index_entry entry = {0};
        int64_t middle = *low + (*high - *low) / 2;
        int result = read_entry(fs, file, kind, middle, &entry);
        if (result < 0)
            return result;
        if (entry.key <= key)
            *low = middle;
        else
            *high = middle;
    }
    return 0;
}

int index_find_in_file(struct file_system *fs, const char *path, enum index_kind kind, int64_t in_file,
                       int64_t key, struct index_entry *found, struct index_page *page)
{
    if (in_file == 0)
        return 0;
    int file = file_open(fs, path, FILE_READ);
    if (file < 0)
        return file;
    struct index_page own;
    if (page == NULL)
        page = &own;
    size_t size = index_entry_size(kind);
    int64_t low = 0;
    int64_t high = in_file;
    int result = narrow(fs, file, kind, key, &low, &high);
    ssize_t got = 0;
    if (result == 0) {
        int64_t want = in_file - low;
        if (want > (int64_t)(INDEX_PIECE_BYTES / size))
            want = (int64_t)(INDEX_PIECE_BYTES / size);
        got = file_read(fs, file, page->bytes, (size_t)want * size, low * (int64_t)size);
        result = got < 0 ? (int)got : 0;
    }
    file_close(fs, file);
    page->count = result < 0 ? 0 : (int32_t)((size_t)got / size);
    page->at_end = low + page->count == in_file;
    if (result < 0)
        return result;
    int64_t at = search(kind, page->bytes, page->count, key);
    if (at < 0)
        return 0;
    *found = index_decode(kind, page->bytes + (size_t)at * size);
    return 1;
}

bool index_find_in_page(const struct index_page *page, int64_t segment, enum index_kind kind, int64_t key,
                        struct index_entry *found)
{
    if (page->segment != segment || page->count == 0)
        return false;
    int64_t at = search(kind, page->bytes, page->count, key);
    if (at < 0 || (at == page->count - 1 && !page->at_end))
        return false;
    *found = index_decode(kind, page->bytes + (size_t)at * index_entry_size(kind));
    return true;
}
