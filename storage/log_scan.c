/*
 * log_scan: see log_scan.h.
 *
 * 1. The file is read from front to back in pieces of a window; nothing is allocated for what a header
 * claims. A batch that is larger than the window has its checksum computed piece by piece.
 * 2. Below durable_below only headers are read, one at a time where batches are large: their bytes were on
 * stable storage before the crash, and Apache Kafka does not look at them either where they lie in an earlier
 * segment.
 * 3. Behind a bad batch the next whole one is looked for: where the bad one says that it ends, else at every
 * byte. What a hostile file can make that cost is bounded (search_left); beyond it the rest of the segment
 * counts as damage, which loses nothing, as damage is kept.
 * 4. A batch's checksum does not cover its base offset. A sector that never reached the disk may hold just
 * that, and be followed by one that did: behind damage such an offset is believed if the next batch, or the
 * next segment, begins where the batch would end. Else the batch is damage too, which is kept: served it
 * would be at an offset that it never had. (SECTOR_BYTES: what a disk writes whole or not at all.)
 * 5. Index entries are made for the file as it will be without the damage.
 *
 * Called by log_recover.
 */
#include "storage/log_scan.h"

#include "protocol/base/crc32c.h"
#include "protocol/base/ensure.h"
#include "storage/log_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_BYTES = 256 << 10,
    HEADERS_BYTES = 4096, /* read at once where only headers are wanted */
    SEARCH_FREE_BYTES = 64 << 20,
    SECTOR_BYTES = 512,
};

/* ---- reading ---- */

/* Makes sure that [at, at + len) is in the window; reads up to `most` bytes if it is not. */
static int look(struct log_scan *scan, int64_t at, size_t len, size_t most)
{
    if (at >= scan->window_at && at + (int64_t)len <= scan->window_at + (int64_t)scan->window_len)
        return 0;
    int64_t left = scan->segment->size - at;
    size_t want = (int64_t)most < left ? most : (size_t)left;
    ensure(want >= len && want <= WINDOW_BYTES);
    scan->window_len = 0;
    ssize_t got = segment_read(scan->segment, scan->window, want, at);
    if (got < 0)
        return (int)got;
    if ((size_t)got < want)
        return -EIO; /* the file is shorter than it was a moment ago */
    scan->window_at = at;
    scan->window_len = want;
    recovery_progress_read(scan->progress, got);
    return 0;
}

static const uint8_t *seen(const struct log_scan *scan, int64_t at)
{
    return scan->window + (at - scan->window_at);
}

/* Whether a batch's checksum is right: 1, 0, -errno. The batch lies within the segment. */
static int check_crc(struct log_scan *scan, int64_t at, const struct batch_header *header)
{
    int64_t end = at + batch_size(header);
    uint32_t crc = 0;
    for (int64_t from = at + BATCH_ATTRIBUTES_AT; from < end;) {
        int64_t left = end - from;
        size_t len = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
        if (batch_size(header) <= WINDOW_BYTES) { /* all of it, and what follows, with one read */
            int result = look(scan, at, (size_t)batch_size(header), WINDOW_BYTES);
            if (result < 0)
                return result;
        } else {
            int result = look(scan, from, len, WINDOW_BYTES);
            if (result < 0)
                return result;
        }
        crc = crc32c_update(crc, seen(scan, from), len);
        from += (int64_t)len;
    }
    return crc == header->crc;
}

/* ---- one batch ---- */

/* What is wrong with a header at this place, or NULL. */
static const char *complain(const struct log_scan *scan, int64_t at, const struct batch_header *header)
{
    int64_t base = scan->segment->base_offset;
    if (header->magic != BATCH_MAGIC || batch_size(header) < BATCH_HEADER_SIZE)
        return "no batch of format 2";
    if (batch_size(header) > scan->segment->size - at)
        return "the last batch is cut off";
    if (header->last_offset_delta < 0 || header->base_offset < scan->next_offset
        || header->base_offset - base > INT32_MAX || batch_last_offset(header) - base > INT32_MAX
        || at - scan->removed > INT32_MAX)
        return "offsets out of order";
    return NULL;
}

static int take_marker(struct log_scan *scan, const struct batch_header *header)
{
    struct marker marker;
    struct ended_transaction ended;
    size_t size = (size_t)batch_size(header);
    if (size > WINDOW_BYTES)
        return 0; /* a transaction's marker has 78 bytes */
    int result = look(scan, scan->position, size, size);
    if (result < 0)
        return result;
    marker_read(slice_of(seen(scan, scan->position), size), &marker);
    if (!producers_end_transaction(&scan->log->producers, header, &marker, header->max_timestamp, &ended))
        return 0;
    producers_first_unstable(&scan->log->producers, INT64_MAX);
    return ended.aborted ? log_note_aborted(scan->segment, &ended) : 0;
}

static int take(struct log_scan *scan, const struct batch_header *header)
{
    struct log *log = scan->log;
    segment_index_batch(scan->segment, header, scan->position - scan->removed,
                        log->config.index_interval_bytes);
    scan->next_offset = batch_next_offset(header);
    scan->has_batches = true;
    scan->last_size = batch_size(header);
    int result = 0;
    if (scan->with_state) {
        if (header->partition_leader_epoch > epochs_latest(&log->epochs))
            epochs_assign(&log->epochs, header->partition_leader_epoch, header->base_offset);
        if (batch_is_control(header))
            result = take_marker(scan, header);
        else
            producers_update(&log->producers, header, header->max_timestamp);
    }
    scan->position += batch_size(header);
    return result;
}

/* The batch at the position: 1 if it is taken, 0 if it is none, -errno. *header is what was read. */
static int scan_batch(struct log_scan *scan, struct batch_header *header)
{
    *header = (struct batch_header){0};
    if (scan->segment->size - scan->position < BATCH_HEADER_SIZE) {
        scan->complaint = "the last batch is cut off";
        return 0;
    }
    size_t most = scan->next_offset >= scan->durable_below ? WINDOW_BYTES
                  : scan->last_size > HEADERS_BYTES        ? BATCH_HEADER_SIZE
                                                           : HEADERS_BYTES;
    int result = look(scan, scan->position, BATCH_HEADER_SIZE, most);
    if (result < 0)
        return result;
    batch_header_read(seen(scan, scan->position), header);
    scan->complaint = complain(scan, scan->position, header);
    if (scan->complaint != NULL)
        return 0;
    if (batch_next_offset(header) > scan->durable_below) {
        result = check_crc(scan, scan->position, header);
        if (result == 0)
            scan->complaint = "wrong checksum";
        if (result != 1)
            return result;
    }
    result = take(scan, header);
    return result < 0 ? result : 1;
}

/* ---- behind a bad one ---- */

/* Whether what follows this batch begins where it ends: 1, 0, -errno. */
static int is_continued(struct log_scan *scan, int64_t at, const struct batch_header *header)
{
    int64_t next_offset = batch_next_offset(header);
    int64_t behind = at + batch_size(header);
    if (behind == scan->segment->size)
        return next_offset == scan->offset_limit;
    if (scan->segment->size - behind < BATCH_HEADER_SIZE)
        return 0;
    int result = look(scan, behind, BATCH_HEADER_SIZE, WINDOW_BYTES);
    if (result < 0)
        return result;
    struct batch_header next;
    batch_header_read(seen(scan, behind), &next);
    if (next.base_offset != next_offset || complain(scan, behind, &next) != NULL)
        return 0;
    scan->search_left -= batch_size(&next);
    return scan->search_left < 0 ? 0 : check_crc(scan, behind, &next);
}

/* Whether the base offset of a whole batch behind damage can be its own: 1, 0, -errno. */
static int is_offset_sure(struct log_scan *scan, int64_t at, const struct batch_header *header)
{
    if (at % SECTOR_BYTES + BATCH_ATTRIBUTES_AT < SECTOR_BYTES)
        return 1; /* in one sector with bytes that the checksum covers */
    int result = is_continued(scan, at, header);
    scan->doubted |= result == 0;
    return result;
}

/* Whether a whole batch that fits in here begins at `at`, of which a header's bytes are given: 1, 0, -errno.
 */
static int is_whole(struct log_scan *scan, int64_t at, const uint8_t *bytes)
{
    struct batch_header header;
    batch_header_read(bytes, &header);
    if (header.magic != BATCH_MAGIC || complain(scan, at, &header) != NULL
        || batch_last_offset(&header) >= scan->offset_limit || header.record_count < 0)
        return 0;
    scan->search_left -= batch_size(&header);
    int result = scan->search_left < 0 ? 0 : check_crc(scan, at, &header);
    return result == 1 ? is_offset_sure(scan, at, &header) : result;
}

/* The same at a place that is yet to be read. */
static int is_whole_at(struct log_scan *scan, int64_t at)
{
    uint8_t header[BATCH_HEADER_SIZE];
    int result = look(scan, at, sizeof header, WINDOW_BYTES);
    if (result < 0)
        return result;
    memcpy(header, seen(scan, at), sizeof header);
    return is_whole(scan, at, header);
}

/* Looks at every byte of one piece; `len` includes the header of a batch that begins at the last one. */
static int search_piece(struct log_scan *scan, const uint8_t *bytes, size_t len, int64_t at, int64_t *found)
{
    const uint8_t *end = bytes + len;
    const uint8_t *magic = bytes + BATCH_MAGIC_AT;
    while ((magic = memchr(magic, BATCH_MAGIC, (size_t)(end - magic))) != NULL) {
        const uint8_t *header = magic++ - BATCH_MAGIC_AT;
        if (header + BATCH_HEADER_SIZE > end)
            return 0;
        int result = is_whole(scan, at + (header - bytes), header);
        if (result != 0) {
            *found = at + (header - bytes);
            return result;
        }
        if (scan->search_left < 0)
            return 0;
    }
    return 0;
}

static int search(struct log_scan *scan, int64_t from, int64_t *found)
{
    uint8_t *piece = malloc(WINDOW_BYTES);
    ensure(piece != NULL);
    int result = 0;
    int64_t size = scan->segment->size;
    while (result == 0 && scan->search_left >= 0 && size - from >= BATCH_HEADER_SIZE) {
        size_t len = size - from < WINDOW_BYTES ? (size_t)(size - from) : WINDOW_BYTES;
        ssize_t got = segment_read(scan->segment, piece, len, from);
        recovery_progress_read(scan->progress, got < 0 ? 0 : got);
        result = got < 0 ? (int)got : (size_t)got != len ? -EIO : search_piece(scan, piece, len, from, found);
        from += (int64_t)len - BATCH_HEADER_SIZE + 1;
    }
    free(piece);
    return result;
}

/* Where the next whole batch begins; the segment's end if nowhere. `bad` is what was read as a header. */
static int find_next(struct log_scan *scan, const struct batch_header *bad, int64_t *found)
{
    int64_t size = scan->segment->size;
    int64_t behind = scan->position + batch_size(bad);
    *found = size;
    if (scan->damage.count == DAMAGE_RANGES_MAX - 1)
        return 0; /* the last range takes all that is left */
    if (batch_size(bad) >= BATCH_HEADER_SIZE && size - behind >= BATCH_HEADER_SIZE) {
        int result = is_whole_at(scan, behind);
        if (result == 1)
            *found = behind;
        if (result != 0)
            return result;
    }
    int result = search(scan, scan->position + 1, found);
    return result < 0 ? result : 0;
}

static int skip_damage(struct log_scan *scan, const struct batch_header *bad)
{
    struct damage *damage = &scan->damage;
    int64_t end;
    scan->doubted = false;
    int result = find_next(scan, bad, &end);
    if (result < 0)
        return result;
    if (damage->ranges == NULL) {
        damage->ranges = malloc(sizeof *damage->ranges * DAMAGE_RANGES_MAX);
        ensure(damage->ranges != NULL);
    }
    damage->ranges[damage->count++] =
        (struct damage_range){scan->position, end, scan->next_offset, scan->complaint, scan->doubted};
    scan->removed += end - scan->position;
    scan->position = end;
    scan->complaint = NULL;
    scan->durable_below = 0; /* from here on every byte is looked at */
    return 0;
}

/* ---- all of it ---- */

int log_scan_segment(struct log_scan *scan)
{
    struct segment *segment = scan->segment;
    int result = segment_reset_indexes(segment);
    if (result == 0)
        result = segment_pin(segment);
    if (result < 0)
        return result;
    scan->next_offset = segment->base_offset;
    scan->search_left = SEARCH_FREE_BYTES + segment->size;
    scan->window = malloc(WINDOW_BYTES);
    ensure(scan->window != NULL);
    while (result >= 0 && scan->position < segment->size) {
        struct batch_header header;
        result = scan_batch(scan, &header);
        if (result == 0)
            result = skip_damage(scan, &header);
    }
    free(scan->window);
    scan->window = NULL;
    segment_unref(segment);
    return result < 0 ? result : 0;
}
