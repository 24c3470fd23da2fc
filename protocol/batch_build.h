/*
 * batch_build: makes a batch out of records: for the cluster log, transaction markers, group and offset
 * records, `odradek call`, recompression and tests.
 *
 *     struct batch_builder builder;
 *     batch_builder_init(&builder, CODEC_NONE, 0);
 *     builder.header.base_offset = 7;                       any field, before or after the records
 *     batch_builder_append(&builder, now_ms, key, value, NULL, 0);
 *     struct slice batch = batch_builder_finish(&builder);   the builder's own bytes, valid until it changes
 *     batch_builder_fini(&builder);
 *
 * Appending keeps record_count, last_offset_delta, base_timestamp and max_timestamp up to date; what the
 * caller then sets stays. Finishing sets the codec bits, batch_length, magic and crc. Pure; owns its memory.
 */
#ifndef PROTOCOL_BATCH_BUILD_H
#define PROTOCOL_BATCH_BUILD_H

#include "protocol/base/buf.h"
#include "protocol/batch.h"
#include "protocol/record.h"

struct batch_builder {
    struct batch_header header;
    enum codec codec;
    int level;
    bool has_base_timestamp;
    struct buf bytes;  /* room for the header, then plain records */
    struct buf packed; /* the finished batch of a compressing builder */
};

/* No producer, leader epoch -1, offsets from 0. level: codec_default_level(codec) if in doubt. */
void batch_builder_init(struct batch_builder *builder, enum codec codec, int level);
void batch_builder_fini(struct batch_builder *builder);

/* Forgets the records and the header, for another batch in the same memory. */
void batch_builder_reset(struct batch_builder *builder);

/*
 * Fixes base_timestamp before the first record, which would set it otherwise (delete horizons, compaction).
 */
void batch_builder_set_base_timestamp(struct batch_builder *builder, int64_t timestamp_ms);

/* Copies a record with the next offset delta. null key and value are null on the wire. */
void batch_builder_append(struct batch_builder *builder, int64_t timestamp_ms, struct slice key,
                          struct slice value, const struct record_header *headers, int32_t header_count);

/*
 * As above at any offset delta and with headers as their bytes: for copying records as a record_iterator gave
 * them.
 */
void batch_builder_append_raw(struct batch_builder *builder, int32_t offset_delta, int64_t timestamp_ms,
                              struct slice key, struct slice value, struct slice headers,
                              int32_t header_count);

/* Uncompressed bytes so far, header included. */
size_t batch_builder_size(const struct batch_builder *builder);

/*
 * The batch, borrowed until the builder is touched again. The null slice if the level is none of the codec's.
 */
struct slice batch_builder_finish(struct batch_builder *builder);

/*
 * One control record, as transaction markers and the metadata log have them: key = version 0, type. Sets
 * BATCH_CONTROL; the caller sets BATCH_TRANSACTIONAL and the producer for a marker.
 */
enum control_type {
    CONTROL_ABORT = 0,
    CONTROL_COMMIT = 1,
    CONTROL_LEADER_CHANGE = 2,
    CONTROL_SNAPSHOT_HEADER = 3,
    CONTROL_SNAPSHOT_FOOTER = 4,
    CONTROL_KRAFT_VERSION = 5,
    CONTROL_KRAFT_VOTERS = 6,
};
void batch_builder_append_control(struct batch_builder *builder, int64_t timestamp_ms, enum control_type type,
                                  struct slice value);

/*
 * The control type in a control record's key; -1 if the key is too short to have one. Unknown types must be
 * skipped.
 */
int control_record_type(const struct record *record);

#endif
