/*
 * segment_times: see segment_times.h.
 *
 * 1. The entry's batch is looked for from where the offset index says. If it has the entry's timestamp, what
 * lies before it is believed to have none that is larger: that is what an entry says. If it has not, the time
 * index is not true, and every header of the segment is read.
 * 2. What has been read is remembered (times_read), so that pieces make progress whoever asks. Batches that
 * are appended meanwhile are read too.
 * 3. Headers are believed as they are: their checksum covers the records as well, which nobody reads here.
 *
 * Called by log_read.
 */
#include "storage/segment_times.h"

#include "storage/header_scan.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <inttypes.h>

#define DIAG_AREA DIAG_STORAGE

/* Reads of the file in one piece; where batches are small each brings dozens of headers. */
enum { READS_IN_A_PIECE = 256 };

bool segment_find_entry(struct segment *segment, const struct index *index, int64_t key,
                        struct index_entry *entry)
{
    if (index_find_in_tail(index, key, entry))
        return true;
    char path[FILE_PATH_MAX];
    segment_path(segment, index->kind == OFFSET_INDEX ? ".index" : ".timeindex", path);
    return index_find_in_file(segment_fs(segment), path, index->kind, index->in_file, key, entry, NULL) == 1;
}

int64_t segment_find_position(struct segment *segment, int64_t relative)
{
    struct index_entry entry;
    return segment_find_entry(segment, &segment->offsets, relative, &entry) ? entry.value : 0;
}

bool segment_times_are_true(const struct segment *segment)
{
    return segment->times_state == TIMES_TRUE;
}

static void begin_anew(struct segment *segment)
{
    segment->times_state = TIMES_UNTRUE;
    segment->times_read = 0;
    segment->max_timestamp = NO_TIMESTAMP;
    segment->max_timestamp_offset = 0;
}

/* An index that cannot be what it should be is none; what cannot be read now may be read later. */
static int begin(struct segment *segment)
{
    int result = segment_load_indexes(segment);
    if (result == -EBADMSG || result == -ENOENT)
        begin_anew(segment);
    else if (result < 0)
        return result;
    else if (segment->times.count == 0)
        segment->times_state = TIMES_TRUE;
    else {
        segment->times_state = TIMES_SOUGHT;
        segment->times_read = segment_find_position(segment, segment->times.last.value);
    }
    return 0;
}

static void take(struct segment *segment, const struct batch_header *header)
{
    int64_t relative = batch_last_offset(header) - segment->base_offset;
    if (segment->times_state == TIMES_SOUGHT && relative >= segment->times.last.value) {
        if (header->max_timestamp != segment->times.last.key) {
            begin_anew(segment);
            return;
        }
        segment->times_state = TIMES_TRUE;
    }
    segment->times_read += batch_size(header);
    if (header->max_timestamp > segment->max_timestamp) {
        segment->max_timestamp = header->max_timestamp;
        segment->max_timestamp_offset = relative;
    }
}

/* 1 at the end of the segment, 0 before it, -EBADMSG, -errno. The file is open. */
static int read_piece(struct segment *segment)
{
    struct header_scan scan;
    struct batch_header header;
    int64_t chunk_at = -1;
    int result;
    header_scan_init(&scan, segment_fs(segment), segment->file.file, segment->size);
    for (int reads = 0; (result = header_scan_read(&scan, segment->times_read, &header)) == 1;) {
        take(segment, &header);
        reads += scan.chunk_at != chunk_at;
        chunk_at = scan.chunk_at;
        if (reads == READS_IN_A_PIECE)
            return 0;
    }
    if (segment->times_state == TIMES_SOUGHT && (result == 0 || result == -EBADMSG)) {
        begin_anew(segment); /* one of the indexes lies */
        return 0;
    }
    return result == 0 ? 1 : result;
}

static void say_damage(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    segment_path(segment, ".log", path);
    diag_warn("%s: there is no batch at byte %" PRId64 ": how old the records are is not known, and none is "
              "deleted for its age",
              path, segment->times_read);
    segment->times_said = true;
}

int segment_learn_times(struct segment *segment)
{
    if (segment->times_known)
        return 1;
    int result = segment->times_state == TIMES_UNSEEN ? begin(segment) : 0;
    if (result == 0)
        result = segment_pin(segment);
    if (result < 0)
        return result;
    result = read_piece(segment);
    segment_unref(segment);
    segment->times_known = result == 1;
    if (result == -EBADMSG && !segment->times_said)
        say_damage(segment);
    return result;
}
