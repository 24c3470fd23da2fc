/* What CreateTopics leaves on disk. See check_created.h. */
#include "check_created.h"

#include "batch.h"

#include <string.h>

enum {
    TOPIC_RECORD = 2,
    PARTITION_RECORD = 3,
    CONFIG_RECORD = 4,
    NO_OP_RECORD = 20,
    TOPIC_RESOURCE = 2,
    NODE_ID = 1
};

/* The tester's log is at metadata.version 20, which asks for version 1. */
enum { PARTITION_RECORD_VERSION = 1 };

/* The log as a whole --------------------------------------------------------------------------- */

/* Where the log's own records end and what the program appended begins. */
struct metadata_log {
    struct reader reader;
    struct batch_read found[16]; /* the batches with a topic in them that did not lie there */
    int found_count;
};

/* A record of the metadata log is its frame version, its type, its version, its fields. */
static bool is_topic_record(const struct reader *reader, const struct record_read *record)
{
    const uint8_t *value = reader->bytes + record->value_start;
    return record->value_size >= 3 && value[0] == 1 && value[1] == TOPIC_RECORD;
}

static bool has_topic(const struct reader *reader, const struct batch_read *batch)
{
    for (int i = 0; i < batch->record_count; i++)
        if (is_topic_record(reader, &batch->records[i]))
            return true;
    return false;
}

static void check_prefix(const struct reader *reader, const struct frame *written)
{
    size_t end = written->size < reader->end ? written->size : reader->end;
    expect_bytes(reader, "the bytes that lay there", 0, end, written);
}

/* Offsets follow each other without a gap, epochs never fall. */
static void walk_batches(struct metadata_log *log, size_t old_size, int64_t first_offset)
{
    struct reader *reader = &log->reader;
    int64_t next_offset = first_offset;
    int32_t epoch = 1;
    for (int i = 0; reader->at < reader->end; i++) {
        struct batch_read batch = read_batch(reader, i);
        if (batch.base_offset != next_offset)
            reader_fail(reader, "batches[%d].base_offset is %lld, expected %lld", i,
                        (long long)batch.base_offset, (long long)next_offset);
        if (batch.leader_epoch < epoch)
            reader_fail(reader, "batches[%d].partition_leader_epoch is %d, expected at least %d", i,
                        batch.leader_epoch, epoch);
        next_offset += batch.record_count;
        epoch = batch.leader_epoch;
        if (batch.start >= old_size && has_topic(reader, &batch) && log->found_count < 16)
            log->found[log->found_count++] = batch;
    }
}

static struct metadata_log read_metadata_log(struct stage *stage)
{
    struct metadata_log log = {.reader = stage_read_metadata_log(stage)};
    if (stage->directory.without_metadata_log) {
        walk_batches(&log, 0, 0);
        return log;
    }
    struct frame written = directory_metadata_log(&stage->directory, &stage->arena, NULL);
    walk_batches(&log, written.size, 1);
    check_prefix(&log.reader, &written);
    return log;
}

/* The records of the request ------------------------------------------------------------------- */

/* The batch's records, one after the other. */
struct record_cursor {
    const struct batch_read *batch;
    int next;
};

/* Apache Kafka's controller writes one now and then, into whatever batch is open. */
static void skip_no_op_records(const struct reader *log, struct record_cursor *cursor)
{
    const struct record_read *records = cursor->batch->records;
    while (program_is_apache_kafka() && cursor->next < cursor->batch->record_count
           && log->bytes[records[cursor->next].value_start + 1] == NO_OP_RECORD)
        cursor->next++;
}

/* A reader of the next record's fields, "created.records[n].": its frame and type are checked. */
static struct reader next_record(const struct reader *log, struct record_cursor *cursor, int type)
{
    struct reader reader = *log;
    skip_no_op_records(log, cursor);
    if (cursor->next == cursor->batch->record_count)
        reader_fail(log, "created has %d record(s), more are expected", cursor->next);
    const struct record_read *record = &cursor->batch->records[cursor->next];
    reader.at = record->value_start;
    reader.end = reader.at + record->value_size;
    enter(&reader, "created.records[%d]", cursor->next++);
    expect_uvarint(&reader, "frame_version", 1);
    expect_uvarint(&reader, "type", (uint64_t)type);
    return reader;
}

static void expect_only_node(struct reader *reader, const char *name)
{
    expect_count(reader, name, 1);
    enter(reader, "%s[0]", name);
    expect_i32(reader, "broker_id", NODE_ID);
    leave(reader);
}

static const uint8_t *check_topic_record(const struct reader *log, struct record_cursor *cursor,
                                         const struct topic_result *result)
{
    struct reader reader = next_record(log, cursor, TOPIC_RECORD);
    expect_uvarint(&reader, "version", 0);
    expect_text(&reader, "name", result->name);
    const uint8_t *topic_id = reader.bytes + reader.at;
    if (result->topic_id != NULL)
        expect_uuid(&reader, "topic_id", result->topic_id);
    else
        expect_some_uuid(&reader, "topic_id");
    skip_tags(&reader);
    expect_end(&reader);
    return topic_id;
}

static void check_config_record(const struct reader *log, struct record_cursor *cursor, const char *topic,
                                const struct config *config)
{
    struct reader reader = next_record(log, cursor, CONFIG_RECORD);
    expect_uvarint(&reader, "version", 0);
    expect_i8(&reader, "resource_type", TOPIC_RESOURCE);
    expect_text(&reader, "resource_name", topic);
    expect_text(&reader, "name", config->name);
    expect_text(&reader, "value", config->value);
    skip_tags(&reader);
    expect_end(&reader);
}

/* A directory of a log that was formatted anew may be at any level, so its version is free. */
static void check_partition_version(struct reader *reader)
{
    if (!reader->stage->directory.without_metadata_log)
        expect_uvarint(reader, "version", PARTITION_RECORD_VERSION);
    else if (read_uvarint(reader, "version") > 2)
        reader_fail(reader, "version is none that there is");
}

static void check_partition_record(const struct reader *log, struct record_cursor *cursor,
                                   const uint8_t *topic_id, int32_t partition)
{
    struct reader reader = next_record(log, cursor, PARTITION_RECORD);
    check_partition_version(&reader);
    expect_i32(&reader, "partition_id", partition);
    expect_uuid(&reader, "topic_id", topic_id);
    expect_only_node(&reader, "replicas");
    expect_only_node(&reader, "isr");
    expect_count(&reader, "removing_replicas", 0);
    expect_count(&reader, "adding_replicas", 0);
    expect_i32(&reader, "leader", NODE_ID);
    expect_i32(&reader, "leader_epoch", 0);
    expect_i32(&reader, "partition_epoch", 0);
    expect_count(&reader, "directories", 1);
    enter(&reader, "directories[0]");
    expect_uuid(&reader, "directory_id", directory_id);
    leave(&reader);
    skip_tags(&reader);
    expect_end(&reader);
}

/* The one batch that may have new topics in it. */
static const struct batch_read *check_found(struct metadata_log *log)
{
    struct reader *reader = &log->reader;
    if (log->found_count != 1)
        reader_fail(reader, "%d batches have new topics in them, expected 1", log->found_count);
    reader->at = log->found[0].start;
    enter(reader, "created"); /* so that acceptance_broken can take it away */
    reader->at += log->found[0].size;
    leave(reader);
    return &log->found[0];
}

/* The directories ------------------------------------------------------------------------------ */

static char *url_safe(char *base64)
{
    for (char *at = base64; *at != '\0'; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return base64;
}

static void check_partition_directory(struct stage *stage, const char *topic, int32_t partition,
                                      const uint8_t *topic_id)
{
    struct arena *arena = &stage->arena;
    struct frame expected = frame_new(arena);
    const char *text =
        arena_printf(arena, "version: 0\ntopic_id: %s", url_safe(base64_encode(arena, topic_id, false)));
    const char *directory = arena_printf(arena, "%s-%d", topic, partition);
    struct reader log = stage_read_file(stage, arena_printf(arena, "%s/" FIRST_SEGMENT, directory));
    if (log.end != 0)
        reader_fail(&log, "a new log has %zu byte(s)", log.end);
    put_bytes(&expected, text, strlen(text));
    struct reader metadata = stage_read_file(stage, arena_printf(arena, "%s/partition.metadata", directory));
    expect_bytes(&metadata, "its bytes", 0, metadata.end, &expected);
}

/* The whole ------------------------------------------------------------------------------------ */

void check_created(struct stage *stage, const struct new_topic *topics, const struct topic_result *results,
                   int count)
{
    stage_let_settle(stage);
    struct metadata_log log = read_metadata_log(stage);
    const uint8_t *topic_ids[8];
    struct record_cursor cursor = {.batch = check_found(&log)};
    for (int i = 0; i < count; i++) {
        topic_ids[i] = check_topic_record(&log.reader, &cursor, &results[i]);
        for (int config = 0; config < topics[i].config_count; config++)
            check_config_record(&log.reader, &cursor, topics[i].name, &topics[i].configs[config]);
        for (int32_t partition = 0; partition < results[i].partitions; partition++)
            check_partition_record(&log.reader, &cursor, topic_ids[i], partition);
    }
    skip_no_op_records(&log.reader, &cursor);
    if (cursor.next != cursor.batch->record_count)
        reader_fail(&log.reader, "created has %d records, expected %d", cursor.batch->record_count,
                    cursor.next);
    for (int i = 0; i < count; i++)
        for (int32_t partition = 0; partition < results[i].partitions; partition++)
            check_partition_directory(stage, topics[i].name, partition, topic_ids[i]);
}

void check_nothing_created(struct stage *stage, const char *const *names, int count)
{
    struct metadata_log log = read_metadata_log(stage);
    if (log.found_count != 0)
        reader_fail(&log.reader, "%d batch(es) have new topics in them, expected none", log.found_count);
    for (int i = 0; i < count; i++) {
        const char *directory = arena_printf(&stage->arena, "%s-0", names[i]);
        if (stage_path_exists(stage, directory))
            stage_fail(stage, "%s: the directory exists", directory);
    }
}
