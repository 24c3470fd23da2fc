/*
 * replay: see the header. Called by metadata/cluster at start, by one thread.
 *
 * Invariants:
 * 1. What a transaction holds is applied when its end is read, at the offsets where it stood; an abort, or
 *    the end of the log, forgets it.
 * 2. A record that cannot be applied stops everything: a broker must not run on half an image.
 */
#include "metadata/replay.h"

#include "protocol/base/ensure.h"
#include "protocol/batch_build.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/leader_change.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/snapshot_record.h"
#include "protocol/records/voters_record.h"

#include <stdlib.h>

struct held_record {
    size_t end; /* in held; it begins where the one before ends */
    int64_t offset;
    int32_t epoch;
};

enum { DECODE_CAP = 16 * 1024 * 1024, HELD_KEPT = 0 };

void replay_init(struct replay *replay, struct image *image)
{
    *replay = (struct replay){.image = image, .voter_count = -1, .last_timestamp_ms = -1};
}

void replay_fini(struct replay *replay)
{
    buf_fini(&replay->held);
    buf_fini(&replay->voters_record);
    free(replay->held_records);
}

/* ---- control records ---- */

static bool set_voters(struct replay *replay, int32_t count, struct note *why)
{
    if (count > QUORUM_VOTERS_MAX) {
        note_set(why, "%d voters are more than can be", count);
        return false;
    }
    replay->voter_count = count;
    return true;
}

static bool take_leader_change(struct replay *replay, const struct leader_change *change, struct note *why)
{
    replay->had_leader = true;
    if (replay->kraft_version > 0)
        return true; /* KRaftVoters says it */
    if (!set_voters(replay, change->voters.count, why))
        return false;
    for (int32_t i = 0; i < change->voters.count; i++) {
        replay->voters[i] = change->voters.items[i].voter_id;
        replay->voter_directory_ids[i] = UUID_ZERO;
    }
    return true;
}

static bool take_voters(struct replay *replay, const struct voters_record *voters, struct note *why)
{
    if (!set_voters(replay, voters->voters.count, why))
        return false;
    for (int32_t i = 0; i < voters->voters.count; i++) {
        replay->voters[i] = voters->voters.items[i].voter_id;
        replay->voter_directory_ids[i] = voters->voters.items[i].voter_directory_id;
    }
    return true;
}

/* The values' first field is their version; the message tables have it too. */
static bool decode_control(const struct message *message, struct slice value, struct arena *arena, void *to,
                           struct note *why)
{
    struct reader peek, reader;
    reader_init(&peek, value, NULL);
    int16_t version = read_i16(&peek);
    reader_init(&reader, value, arena);
    if (peek.failed || !message_has_version(message, version)) {
        note_set(why, "%s v%d is not known", message->name, version);
        return false;
    }
    if (message_read(message, version, &reader, to))
        return true;
    note_set(why, "%s", reader.error);
    return false;
}

static bool apply_control(struct replay *replay, const struct record *record, struct arena *arena,
                          struct note *why)
{
    union {
        struct leader_change leader_change;
        struct kraft_version_record kraft_version;
        struct voters_record voters;
        struct snapshot_header_record header;
    } value;
    switch (control_record_type(record)) {
    case CONTROL_LEADER_CHANGE:
        return decode_control(&leader_change_message, record->value, arena, &value.leader_change, why)
               && take_leader_change(replay, &value.leader_change, why);
    case CONTROL_KRAFT_VERSION:
        if (!decode_control(&kraft_version_record_message, record->value, arena, &value.kraft_version, why))
            return false;
        replay->kraft_version = value.kraft_version.k_raft_version;
        return true;
    case CONTROL_KRAFT_VOTERS:
        buf_clear(&replay->voters_record, SIZE_MAX);
        buf_append_slice(&replay->voters_record, record->value);
        return decode_control(&voters_record_message, record->value, arena, &value.voters, why)
               && take_voters(replay, &value.voters, why);
    case CONTROL_SNAPSHOT_HEADER:
        if (!decode_control(&snapshot_header_record_message, record->value, arena, &value.header, why))
            return false;
        replay->had_header = true;
        replay->last_timestamp_ms = value.header.last_contained_log_timestamp;
        return true;
    case CONTROL_SNAPSHOT_FOOTER:
        replay->had_footer = true;
        return true;
    default:
        return true;
    }
}

/* ---- transactions ---- */

static void hold(struct replay *replay, struct slice frame, int64_t offset, int32_t epoch)
{
    if (replay->held_count == replay->held_capacity) {
        size_t capacity = replay->held_capacity == 0 ? 64 : replay->held_capacity * 2;
        struct held_record *records = realloc(replay->held_records, capacity * sizeof *records);
        ensure(records != NULL && "out of memory");
        replay->held_records = records;
        replay->held_capacity = capacity;
    }
    buf_append_slice(&replay->held, frame);
    replay->held_records[replay->held_count++] = (struct held_record){replay->held.len, offset, epoch};
}

static void forget_held(struct replay *replay)
{
    replay->in_transaction = false;
    replay->held_count = 0;
    buf_clear(&replay->held, HELD_KEPT);
}

static bool apply_held(struct replay *replay, struct note *why)
{
    size_t start = 0;
    for (size_t i = 0; i < replay->held_count; i++) {
        const struct held_record *held = &replay->held_records[i];
        struct slice frame = slice_of(replay->held.data + start, held->end - start);
        if (!image_apply(replay->image, frame, held->offset, held->epoch, why)) {
            note_prefix(why, "offset %lld", (long long)held->offset);
            return false;
        }
        start = held->end;
    }
    forget_held(replay);
    return true;
}

/* The key of the message if the frame is a transaction's mark, else 0. */
static uint32_t transaction_mark(struct slice frame)
{
    struct reader reader;
    uint32_t type, version;
    reader_init(&reader, frame, NULL);
    if (!metadata_record_read_frame(&reader, &type, &version))
        return 0;
    return type == (uint32_t)begin_transaction_record_message.key
                   || type == (uint32_t)end_transaction_record_message.key
                   || type == (uint32_t)abort_transaction_record_message.key
               ? type
               : 0;
}

static bool apply_mark(struct replay *replay, uint32_t mark, struct note *why)
{
    bool begins = mark == (uint32_t)begin_transaction_record_message.key;
    if (begins == replay->in_transaction) {
        note_set(why, begins ? "a metadata transaction begins within another"
                             : "a metadata transaction ends that never began");
        return false;
    }
    if (begins) {
        replay->in_transaction = true;
        return true;
    }
    if (mark == (uint32_t)end_transaction_record_message.key)
        return apply_held(replay, why);
    forget_held(replay);
    return true;
}

/* ---- batches ---- */

static bool apply_data(struct replay *replay, const struct record *record, int32_t epoch, struct note *why)
{
    uint32_t mark = transaction_mark(record->value);
    if (mark != 0 && !apply_mark(replay, mark, why))
        return false;
    if (mark == 0 && replay->in_transaction) {
        hold(replay, record->value, record->offset, epoch);
        return true;
    }
    return image_apply(replay->image, record->value, record->offset, epoch, why);
}

static bool apply_records(struct replay *replay, struct record_iterator *it, struct arena *arena,
                          struct note *why)
{
    struct record record;
    enum record_result result;
    while ((result = record_iterator_next(it, &record, why)) == RECORD_READ) {
        if (record.offset < replay->from_offset)
            continue;
        arena_reset(arena);
        bool applied = batch_is_control(&it->header)
                           ? apply_control(replay, &record, arena, why)
                           : apply_data(replay, &record, it->header.partition_leader_epoch, why);
        if (!applied) {
            note_prefix(why, "offset %lld", (long long)record.offset);
            return false;
        }
    }
    return result == RECORD_END;
}

/* Between its header and its footer. */
static bool is_in_snapshot(const struct replay *replay)
{
    return replay->had_header && !replay->had_footer;
}

bool replay_batch(void *context, struct slice batch, struct note *why)
{
    struct replay *replay = context;
    struct arena arena;
    struct record_iterator it;
    bool is_of_snapshot = is_in_snapshot(replay);
    arena_init(&arena, DECODE_CAP);
    record_iterator_init(&it, batch, &(struct record_options){.tolerant = true});
    bool applied = apply_records(replay, &it, &arena, why);
    if (applied) {
        if (!is_of_snapshot && !is_in_snapshot(replay)) {
            replay->last_timestamp_ms = it.header.max_timestamp;
            replay->log_bytes += (int64_t)batch.len;
        }
        if (!replay->in_transaction) {
            replay->image->offset = batch_last_offset(&it.header);
            replay->image->epoch = it.header.partition_leader_epoch;
        }
    }
    record_iterator_fini(&it);
    arena_fini(&arena);
    return applied;
}
