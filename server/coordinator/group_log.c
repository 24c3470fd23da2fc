/* See group_log.h. */
#include "server/coordinator/group_log.h"

#include "protocol/base/ensure.h"
#include "protocol/base/map.h"
#include "protocol/base/memory.h"
#include "protocol/batch_build.h"
#include "protocol/record.h"
#include "protocol/wire/writer.h"
#include "storage/os/diag.h"
#include "storage/os/random.h"
#include "storage/segment.h"

#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_SERVER_COORDINATOR

enum { READ_BYTES = 1024 * 1024 };

/* ---- loading ---- */

/* A record of a transaction that is open where the log has been read up to. */
struct pending_record {
    struct pending_record *next;
    int64_t offset;
    struct slice key, value; /* its own memory; value null: a tombstone */
};

struct pending_transaction {
    int64_t producer_id; /* the key in loading.open */
    struct pending_record *first;
    struct pending_record **last;
};

struct loading {
    struct partition *partition;
    struct groups *groups;
    struct map open;     /* producer id -> struct pending_transaction */
    int64_t next_offset; /* one past the last record read */
    int64_t end_offset;
    int64_t loaded;
    int64_t skipped;
    struct note *why;
    struct note skipped_why; /* of the first that was */
};

static void load_record(struct loading *loading, struct slice key, struct slice value, int64_t offset)
{
    struct note why = {""};
    if (groups_load(loading->groups, key, value, offset, &why))
        loading->loaded++;
    else if (loading->skipped++ == 0)
        note_set(&loading->skipped_why, "offset %lld: %s", (long long)offset, why.text);
}

static struct slice key_of(const int64_t *producer_id)
{
    return slice_of(producer_id, sizeof *producer_id);
}

/* It waits for its transaction's marker. */
static void hold_record(struct loading *loading, int64_t producer_id, const struct record *record)
{
    struct pending_transaction *open = map_find(&loading->open, key_of(&producer_id));
    if (open == NULL) {
        open = calloc(1, sizeof *open);
        ensure(open != NULL);
        open->producer_id = producer_id;
        open->last = &open->first;
        map_put(&loading->open, key_of(&open->producer_id), open);
    }
    struct pending_record *pending = calloc(1, sizeof *pending);
    ensure(pending != NULL);
    pending->offset = record->offset;
    pending->key = memory_dup(record->key);
    pending->value = slice_is_null(record->value) ? SLICE_NULL : memory_dup(record->value);
    *open->last = pending;
    open->last = &pending->next;
}

static void end_transaction(struct loading *loading, struct pending_transaction *open, bool committed)
{
    for (struct pending_record *pending = open->first; pending != NULL;) {
        struct pending_record *next = pending->next;
        if (committed)
            load_record(loading, pending->key, pending->value, pending->offset);
        memory_free_slice(pending->key);
        if (!slice_is_null(pending->value))
            memory_free_slice(pending->value);
        free(pending);
        pending = next;
    }
    free(open);
}

static void take_marker(struct loading *loading, int64_t producer_id, const struct record *record)
{
    int type = control_record_type(record);
    struct pending_transaction *open = map_find(&loading->open, key_of(&producer_id));
    if (open == NULL || (type != CONTROL_COMMIT && type != CONTROL_ABORT))
        return;
    map_remove(&loading->open, key_of(&producer_id));
    end_transaction(loading, open, type == CONTROL_COMMIT);
}

/* Transactions that nobody has ended: whoever coordinates them will. */
static void drop_open(struct loading *loading)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&loading->open, &cursor)) != NULL;)
        end_transaction(loading, entry->value, false);
    map_fini(&loading->open);
}

static bool load_batch(struct loading *loading, struct slice batch, const struct batch_header *header)
{
    struct record_iterator records;
    record_iterator_init(&records, batch, &(struct record_options){.tolerant = true});
    struct record record;
    while (record_iterator_next(&records, &record, loading->why) == RECORD_READ) {
        if (batch_is_control(header))
            take_marker(loading, header->producer_id, &record);
        else if (batch_is_transactional(header))
            hold_record(loading, header->producer_id, &record);
        else
            load_record(loading, record.key, record.value, record.offset);
    }
    bool whole = records.result == RECORD_END;
    record_iterator_fini(&records);
    loading->next_offset = batch_next_offset(header);
    return whole;
}

static bool load_batches(struct loading *loading, struct slice bytes)
{
    struct batch_header header;
    size_t size;
    while (batch_next(bytes, &header, &size, loading->why) == BATCH_WHOLE) {
        if (!load_batch(loading, slice_of(bytes.data, size), &header))
            return false;
        bytes = slice_from(bytes, size);
    }
    return true; /* the rest of one that the read has cut */
}

/* What partition_read has found, into memory. */
static bool load_range(struct loading *loading, const struct records *range, struct buf *buf)
{
    buf_clear(buf, READ_BYTES);
    uint8_t *bytes = buf_reserve(buf, range->range_len);
    ssize_t got = segment_read(range->segment, bytes, range->range_len, range->position);
    if (got < 0 || (size_t)got < range->range_len) {
        note_set(loading->why, "%s", got < 0 ? strerror((int)-got) : "the file is too short");
        return false;
    }
    return load_batches(loading, slice_of(bytes, range->range_len));
}

static bool load_next(struct loading *loading, struct buf *buf)
{
    int64_t before = loading->next_offset;
    struct partition_read read = {
        .fetch_offset = before,
        .max_bytes = READ_BYTES,
        .at_least_one = true,
        .isolation = READ_REPLICA,
        .current_leader_epoch = -1,
        .last_fetched_epoch = -1,
    };
    partition_read(loading->partition, &read);
    if (read.error != KERR_NONE) {
        note_set(loading->why, "%s", kerr_name(read.error));
        return false;
    }
    if (read.records.segment == NULL) { /* compaction has left nothing behind it */
        loading->next_offset = loading->end_offset;
        return true;
    }
    bool loaded = load_range(loading, &read.records, buf);
    segment_unref(read.records.segment);
    if (loaded && loading->next_offset == before)
        note_set(loading->why, "nothing can be read at offset %lld", (long long)before);
    return loaded && loading->next_offset > before;
}

int64_t group_log_load(struct partition *partition, struct groups *groups, struct note *why)
{
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    struct loading loading = {
        .partition = partition,
        .groups = groups,
        .next_offset = offsets.log_start_offset,
        .end_offset = offsets.log_end_offset,
        .why = why,
    };
    map_init(&loading.open, random_bits());
    struct buf buf = {0};
    bool whole = true;
    while (whole && loading.next_offset < loading.end_offset)
        whole = load_next(&loading, &buf);
    buf_fini(&buf);
    drop_open(&loading);
    if (loading.skipped > 0)
        diag_warn("%.*s-%d: %lld records mean nothing to this release; the first: %s",
                  SLICE_ARGS(partition_topic(partition)), (int)partition_index(partition),
                  (long long)loading.skipped, loading.skipped_why.text);
    return whole ? loading.loaded : -1;
}

/* ---- appending ---- */

static struct slice encode(struct buf *buf, const struct message *message, int16_t first, int version,
                           const void *from)
{
    buf->len = 0;
    struct writer writer;
    writer_init(&writer, buf, NULL);
    write_i16(&writer, first);
    message_write(message, version, &writer, from);
    return buf_slice(buf);
}

static void add_record(struct batch_builder *builder, const struct group_record *record, int64_t wall_ms,
                       struct buf *key, struct buf *value)
{
    struct slice key_bytes = encode(key, record->type->key, record->type->key->key, 0, record->key);
    struct slice value_bytes = SLICE_NULL;
    if (record->value != NULL) {
        int version = group_record_version(record);
        value_bytes = encode(value, record->type->value, (int16_t)version, version, record->value);
    }
    batch_builder_append(builder, wall_ms, key_bytes, value_bytes, NULL, 0);
}

static struct slice build(struct batch_builder *builder, const struct group_effects *effects, int64_t wall_ms)
{
    struct buf key = {0};
    struct buf value = {0};
    for (int32_t i = 0; i < effects->record_count; i++)
        add_record(builder, &effects->records[i], wall_ms, &key, &value);
    buf_fini(&key);
    buf_fini(&value);
    return batch_builder_finish(builder);
}

/* The bytes are the builder's, which is ours to patch. */
static enum kerr append(struct partition *partition, struct slice batch, struct group_effects *effects,
                        int64_t wall_ms, int64_t *sync_offset)
{
    struct append append = {
        .batch = (uint8_t *)(uintptr_t)batch.data,
        .len = batch.len,
        .acks = -1,
        .is_coordinators = true,
    };
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, wall_ms);
    for (int32_t i = 0; i < effects->record_count && append.error == KERR_NONE; i++)
        effects->records[i].offset = append.base_offset + i;
    *sync_offset = append.sync_offset;
    return append.error;
}

enum kerr group_log_append(struct partition *partition, enum codec codec, struct group_effects *effects,
                           int64_t wall_ms, int64_t *sync_offset)
{
    struct batch_builder builder;
    batch_builder_init(&builder, codec, codec_default_level(codec));
    builder.header.base_sequence = 0; /* as in Apache Kafka, though there is no producer */
    struct slice batch = build(&builder, effects, wall_ms);
    struct log_config config;
    partition_get_config(partition, &config);
    enum kerr error = KERR_RECORD_LIST_TOO_LARGE;
    if (batch.len <= (size_t)config.max_message_bytes)
        error = append(partition, batch, effects, wall_ms, sync_offset);
    batch_builder_fini(&builder);
    return error;
}
