/*
 * records: a `records` field: record batches in memory, or a range of a segment file that is sent without
 * being read.
 *
 * A range borrows the segment: whoever puts one into an answer holds a reference to it until the answer is
 * out (see server/run.h). The protocol only counts its bytes; server/respond turns it into sendfile.
 */
#ifndef PROTOCOL_BASE_RECORDS_H
#define PROTOCOL_BASE_RECORDS_H

#include "protocol/base/slice.h"

struct segment; /* storage's; opaque here */

struct records {
    struct slice bytes;      /* in memory; null if `segment` is set or the field is null */
    struct segment *segment; /* else: `range_len` bytes of this segment's file from `position` on */
    int64_t position;
    size_t range_len;
};

static inline bool records_are_null(const struct records *records)
{
    return slice_is_null(records->bytes) && records->segment == NULL;
}

static inline size_t records_len(const struct records *records)
{
    return records->segment != NULL ? records->range_len : records->bytes.len;
}

#endif
