/*
 * batch_file: see batch_file.h. Called by the tools that look at directories (dump and check).
 *
 * 1. Lengths are held against the bytes of the file before anything is allocated or read for them.
 * 2. Each call moves `at` on, so that every walk ends.
 * 3. What searches cost is bounded by a few times the file: whoever fills a file with headers that promise
 *    much does not get it summed up again and again.
 */
#include "storage/batch_file.h"

#include "protocol/base/crc32c.h"
#include "protocol/base/ensure.h"

#include <errno.h>
#include <stdlib.h>

enum { READ_STEP = 1 << 20, SEARCH_FACTOR = 4, ATTRIBUTES_KNOWN = 0x7f };

int batch_file_open(struct batch_file *reader, struct file_system *fs, const char *path, int64_t first_offset)
{
    *reader = (struct batch_file){.fs = fs, .next_offset = first_offset};
    struct file_status status;
    reader->file = file_open(fs, path, FILE_READ);
    if (reader->file < 0)
        return reader->file;
    int result = file_status(fs, reader->file, &status);
    if (result < 0) {
        file_close(fs, reader->file);
        return result;
    }
    reader->size = status.size;
    reader->search_left = SEARCH_FACTOR * (status.size + READ_STEP);
    return 0;
}

void batch_file_close(struct batch_file *reader)
{
    file_close(reader->fs, reader->file);
    free(reader->buffer);
    *reader = (struct batch_file){.file = -1};
}

static void reserve(struct batch_file *reader, size_t capacity)
{
    if (capacity <= reader->capacity)
        return;
    ensure(capacity > 0);
    reader->buffer = realloc(reader->buffer, capacity);
    ensure(reader->buffer != NULL);
    reader->capacity = capacity;
}

/*
 * At least `len` bytes at `position`, and what else is read already: 0; fewer only where the file ends.
 * -errno.
 */
static int view(struct batch_file *reader, int64_t position, size_t len, struct slice *bytes)
{
    int64_t left = reader->size > position ? reader->size - position : 0;
    size_t want = (int64_t)len < left ? len : (size_t)left;
    int64_t skip = position - reader->buffer_at;
    if (skip < 0 || skip > (int64_t)reader->buffer_len) {
        reader->buffer_at = position;
        reader->buffer_len = 0;
        skip = 0;
    }
    if (reader->buffer_len - (size_t)skip < want) {
        if (skip > 0)
            memmove(reader->buffer, reader->buffer + skip, reader->buffer_len - (size_t)skip);
        reader->buffer_at = position;
        reader->buffer_len -= (size_t)skip;
        skip = 0;
        size_t most = want > READ_STEP ? want : READ_STEP;
        size_t wish = (int64_t)most < left ? most : (size_t)left;
        reserve(reader, wish);
        ssize_t got = file_read(reader->fs, reader->file, reader->buffer + reader->buffer_len,
                                wish - reader->buffer_len, position + (int64_t)reader->buffer_len);
        if (got < 0)
            return (int)got;
        reader->buffer_len += (size_t)got;
        if (reader->buffer_len < wish) /* it has become shorter: somebody works on it */
            reader->size = position + (int64_t)reader->buffer_len;
    }
    *bytes = slice_of(reader->buffer + skip, reader->buffer_len - (size_t)skip);
    return 0;
}

/* ---- what may be a batch ---- */

static bool has_possible_length(const struct batch_header *header, int64_t left)
{
    return batch_size(header) >= BATCH_HEADER_SIZE && batch_size(header) <= left;
}

/* More than a walk asks for: a search meets any bytes. */
static bool looks_like_batch(const struct batch_file *reader, const struct batch_header *header, int64_t left)
{
    return header->magic == BATCH_MAGIC && has_possible_length(header, left)
           && header->base_offset >= reader->next_offset
           && (uint64_t)header->base_offset - (uint64_t)reader->next_offset <= INT32_MAX
           && header->last_offset_delta >= 0 && (header->attributes & ~ATTRIBUTES_KNOWN) == 0
           && batch_codec(header) < CODEC_COUNT && header->record_count >= 0;
}

/* 1 or 0, -errno. Batches of any size: those that are too large for the buffer are read in steps. */
static int check_crc(struct batch_file *reader, int64_t position, const struct batch_header *header)
{
    int64_t end = position + batch_size(header);
    uint32_t crc = 0;
    for (int64_t at = position + BATCH_ATTRIBUTES_AT; at < end;) {
        struct slice bytes;
        int64_t step = end - at < READ_STEP ? end - at : READ_STEP;
        int result = view(reader, at, (size_t)step, &bytes);
        if (result < 0)
            return result;
        if ((int64_t)bytes.len < step)
            return 0;
        crc = crc32c_update(crc, bytes.data, (size_t)step);
        at += step;
    }
    return crc == header->crc;
}

/* ---- searching behind damage ---- */

/* 1: a whole batch with the right checksum begins there, with the bytes that are in the buffer. */
static int is_batch(struct batch_file *reader, int64_t position, struct slice bytes)
{
    struct batch_header header;
    batch_header_read(bytes.data, &header);
    if (!looks_like_batch(reader, &header, reader->size - position))
        return 0;
    int64_t cost = batch_size(&header);
    if (cost > (int64_t)bytes.len)
        cost += 2 * READ_STEP; /* the buffer goes there and comes back */
    if (cost > reader->search_left)
        return 0;
    reader->search_left -= cost;
    return check_crc(reader, position, &header);
}

/* Where the next whole batch begins, at `from` or behind it; the file's end if there is none. -errno. */
static int64_t search(struct batch_file *reader, int64_t from)
{
    while (reader->size - from >= BATCH_HEADER_SIZE) {
        struct slice bytes;
        int result = view(reader, from, BATCH_HEADER_SIZE, &bytes);
        if (result < 0)
            return result;
        if (bytes.len < BATCH_HEADER_SIZE)
            break;
        size_t last = bytes.len - BATCH_HEADER_SIZE; /* the last place of these where a header fits */
        const uint8_t *magic = memchr(bytes.data + BATCH_MAGIC_AT, BATCH_MAGIC, last + 1);
        if (magic == NULL) {
            from += (int64_t)last + 1;
            continue;
        }
        size_t skip = (size_t)(magic - BATCH_MAGIC_AT - bytes.data);
        from += (int64_t)skip;
        result = is_batch(reader, from, slice_from(bytes, skip));
        if (result != 0)
            return result < 0 ? result : from;
        from++;
    }
    return reader->size;
}

/* The first byte from `from` on that is not zero; the end if all are. */
static int64_t skip_zeros(struct batch_file *reader, int64_t from)
{
    while (from < reader->size) {
        struct slice bytes;
        int result = view(reader, from, 1, &bytes);
        if (result < 0)
            return result;
        if (bytes.len == 0)
            return reader->size;
        for (size_t i = 0; i < bytes.len; i++)
            if (bytes.data[i] != 0)
                return from + (int64_t)i;
        from += (int64_t)bytes.len;
    }
    return reader->size;
}

/* ---- walking ---- */

static int damaged(struct batch_file *reader, struct found_batch *found, int64_t next)
{
    if (next < 0)
        return (int)next;
    found->size = next - found->position;
    reader->at = next;
    return -EBADMSG;
}

/* Nothing that is a header. */
static int no_batch(struct batch_file *reader, struct found_batch *found)
{
    const struct batch_header *header = &found->header;
    int64_t left = reader->size - found->position;
    int64_t zeros_end = skip_zeros(reader, found->position);
    if (zeros_end < 0)
        return (int)zeros_end;
    if (zeros_end == reader->size) {
        note_set(&found->why, "zeros up to the end: preallocated, or never written");
        return damaged(reader, found, reader->size);
    }
    if (header->magic >= 0 && header->magic < BATCH_MAGIC && batch_size(header) > BATCH_MAGIC_AT
        && batch_size(header) <= left) {
        note_set(&found->why, "a message of format %d, older than Apache Kafka 0.11", header->magic);
        return damaged(reader, found, found->position + batch_size(header));
    }
    if (header->magic != BATCH_MAGIC)
        note_set(&found->why, "no record batch: its magic would be %d", header->magic);
    else if (batch_size(header) > left)
        note_set(&found->why, "a batch of %lld bytes, of which %lld are there", (long long)batch_size(header),
                 (long long)left);
    else
        note_set(&found->why, "a batch whose length is %d", header->batch_length);
    return damaged(reader, found, search(reader, found->position + 1));
}

/* Whether the walk may go on at `position`: it is the end, or something with a batch's magic and length. */
static int is_continued(struct batch_file *reader, int64_t position)
{
    struct slice bytes;
    struct batch_header header;
    if (position == reader->size)
        return 1;
    int result = view(reader, position, BATCH_HEADER_SIZE, &bytes);
    if (result < 0 || bytes.len < BATCH_HEADER_SIZE)
        return result;
    batch_header_read(bytes.data, &header);
    return header.magic == BATCH_MAGIC && has_possible_length(&header, reader->size - position);
}

/* A batch by its header: its checksum, and its bytes. */
static int take_batch(struct batch_file *reader, struct found_batch *found)
{
    int64_t next = found->position + found->size;
    int result;
    if (found->size <= BATCH_FILE_BYTES_MAX) {
        result = view(reader, found->position, (size_t)found->size, &found->bytes);
        if (result < 0)
            return result;
        if ((int64_t)found->bytes.len < found->size) {
            note_set(&found->why, "the file has become shorter");
            return damaged(reader, found, reader->size);
        }
        found->bytes.len = (size_t)found->size;
        result = batch_check_crc(found->bytes);
    } else {
        result = check_crc(reader, found->position, &found->header);
    }
    if (result < 0)
        return result;
    found->crc_right = result == 1;
    if (found->crc_right) {
        reader->next_offset = batch_next_offset(&found->header);
        reader->at = next;
        return 1;
    }
    result = is_continued(reader, next);
    if (result < 0)
        return result;
    if (result == 0) {
        note_set(&found->why, "a batch of %lld bytes whose checksum is wrong, and behind it is none",
                 (long long)found->size);
        return damaged(reader, found, search(reader, found->position + 1));
    }
    if (found->size <= BATCH_FILE_BYTES_MAX) { /* looking on may have moved the bytes */
        result = view(reader, found->position, (size_t)found->size, &found->bytes);
        found->bytes.len = (size_t)found->size;
    }
    reader->at = next;
    return result < 0 ? result : 1;
}

int batch_file_next(struct batch_file *reader, struct found_batch *found)
{
    found->position = reader->at;
    found->size = 0;
    found->bytes = SLICE_NULL;
    found->crc_right = false;
    found->why.text[0] = '\0';
    struct slice bytes;
    if (reader->at >= reader->size)
        return 0;
    int result = view(reader, reader->at, BATCH_HEADER_SIZE, &bytes);
    if (result < 0)
        return result;
    if (bytes.len < BATCH_HEADER_SIZE) {
        note_set(&found->why, "%zu bytes that are less than a batch's header", bytes.len);
        return damaged(reader, found, reader->size);
    }
    batch_header_read(bytes.data, &found->header);
    if (found->header.magic != BATCH_MAGIC
        || !has_possible_length(&found->header, reader->size - found->position))
        return no_batch(reader, found);
    found->size = batch_size(&found->header);
    return take_batch(reader, found);
}
