/* reading: see reading.h. */
#include "test/sim/reading.h"

#include "protocol/base/ensure.h"
#include "storage/segment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FETCH_BYTES = 1000, BATCHES_MAX = 100000 };

static void add_batch(struct reading *reading, struct slice bytes, const struct batch_header *header)
{
    if ((reading->count & (reading->count - 1)) == 0) {
        size_t capacity = reading->count == 0 ? 1 : reading->count * 2;
        reading->batches = realloc(reading->batches, sizeof *reading->batches * capacity);
        ensure(reading->batches != NULL);
    }
    reading->batches[reading->count++] =
        (struct reading_batch){*header, reading->bytes.len, bytes.len, batch_check_crc(bytes)};
    buf_append_slice(&reading->bytes, bytes);
}

static void keep_aborted(struct reading *reading, const struct partition_read *read)
{
    if (read->aborted_count == 0)
        return;
    size_t count = reading->aborted_count + (size_t)read->aborted_count;
    reading->aborted = realloc(reading->aborted, sizeof *reading->aborted * count);
    ensure(reading->aborted != NULL);
    memcpy(reading->aborted + reading->aborted_count, read->aborted,
           sizeof *reading->aborted * (size_t)read->aborted_count);
    reading->aborted_count = count;
}

/* Takes the whole batches of one fetch that are new; *next moves. False: what came is no sequence of batches.
 *  */
static bool take_fetch(struct reading *reading, const struct partition_read *read, int64_t *next,
                       struct note *why)
{
    size_t len = read->records.range_len;
    uint8_t *bytes = malloc(len);
    ensure(bytes != NULL);
    ssize_t got = segment_read(read->records.segment, bytes, len, read->records.position);
    struct slice left = slice_of(bytes, got < 0 ? 0 : (size_t)got);
    struct batch_header header;
    size_t size;
    int taken = 0;
    int64_t from = *next;
    while (left.len > 0 && batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
        if (batch_next_offset(&header) > from && reading->count < BATCHES_MAX) {
            add_batch(reading, slice_of(left.data, size), &header);
            from = batch_next_offset(&header);
            taken++;
        } else {
            reading->passed += !batch_check_crc(slice_of(left.data, size));
        }
        left = slice_from(left, size);
    }
    free(bytes);
    bool good = taken > 0 && from > *next;
    if (!good)
        note_set(why, "a fetch at %" PRId64 " brings %zu bytes and no batch", *next, len);
    *next = from;
    return good;
}

bool reading_take(struct reading *reading, struct partition *partition, enum isolation isolation,
                  int64_t from, struct note *why)
{
    *reading = (struct reading){0};
    partition_get_offsets(partition, &reading->offsets);
    int64_t next = from >= 0 ? from : reading->offsets.log_start_offset;
    bool more = true;
    bool good = true;
    while (more && good) {
        struct partition_read read = {
            .fetch_offset = next,
            .max_bytes = FETCH_BYTES,
            .at_least_one = true,
            .isolation = isolation,
            .current_leader_epoch = -1,
            .last_fetched_epoch = -1,
        };
        partition_read(partition, &read);
        reading->error = read.error;
        more = read.error == KERR_NONE && read.records.segment != NULL;
        if (more)
            good = take_fetch(reading, &read, &next, why);
        keep_aborted(reading, &read);
        free(read.aborted);
        if (read.records.segment != NULL)
            segment_unref(read.records.segment);
    }
    return good;
}

void reading_fini(struct reading *reading)
{
    buf_fini(&reading->bytes);
    free(reading->batches);
    free(reading->aborted);
    *reading = (struct reading){0};
}

struct slice reading_bytes(const struct reading *reading, size_t batch)
{
    return slice_of(reading->bytes.data + reading->batches[batch].at, reading->batches[batch].len);
}
