/* Produce v11 and v12. See check_produce.h. */
#include "check_produce.h"

#include <stdio.h>
#include <string.h>

enum { UNKNOWN_TOPIC_OR_PARTITION = 3, RELEASED_TIMEOUT_MS = 30000 };

const struct produce_style released_style = {11, NULL, -1, RELEASED_TIMEOUT_MS};

void part_init(struct stage *stage, struct part *part, const char *topic, int32_t partition, int record_count)
{
    const char *words[MAX_RECORDS];
    random_words(stage, words, record_count);
    *part = (struct part){.topic = topic, .partition = partition, .log_append_time_ms = -1};
    for (int i = 0; i < record_count; i++) {
        part->values[i] = frame_new(&stage->arena);
        put_bytes(&part->values[i], words[i], strlen(words[i]));
    }
    part->batch.timestamp_ms = message_timestamp_ms;
    part->batch.value_count = record_count;
}

void part_expect_unknown(struct part *part)
{
    part->error_code = UNKNOWN_TOPIC_OR_PARTITION;
    part->base_offset = part->log_append_time_ms = part->log_start_offset = -1;
}

static struct frame batch_bytes(struct stage *stage, const struct part *part)
{
    struct frame bytes = frame_new(&stage->arena);
    struct batch batch = part->batch;
    batch.values = part->values;
    put_batch(&bytes, &batch);
    return bytes;
}

static void put_part(struct stage *stage, struct frame *request, const struct part *part)
{
    struct frame records = batch_bytes(stage, part);
    put_i32(request, part->partition);
    put_count(request, (int64_t)records.size);
    put_bytes(request, records.bytes, records.size);
    put_no_tags(request);
}

/* How many of the parts belong to the first one's topic. */
static int same_topic(const struct part *parts, int count)
{
    int same = 1;
    while (same < count && strcmp(parts[same].topic, parts[0].topic) == 0)
        same++;
    return same;
}

static int topic_count(const struct part *parts, int count)
{
    int topics = 0;
    for (int at = 0; at < count; at += same_topic(parts + at, count - at))
        topics++;
    return topics;
}

struct frame produce_request(struct stage *stage, const struct produce_style *style, const struct part *parts,
                             int count)
{
    struct frame request = stage_request(stage, API_PRODUCE, style->version);
    put_text(&request, style->transactional_id);
    put_i16(&request, style->acks);
    put_i32(&request, style->timeout_ms);
    put_count(&request, topic_count(parts, count));
    for (int at = 0; at < count;) {
        int same = same_topic(parts + at, count - at);
        put_text(&request, parts[at].topic);
        put_count(&request, same);
        for (int i = 0; i < same; i++)
            put_part(stage, &request, &parts[at + i]);
        put_no_tags(&request);
        at += same;
    }
    put_no_tags(&request);
    return request;
}

static void check_part(struct reader *reader, const struct part *part)
{
    expect_i16(reader, "error_code", part->error_code);
    expect_i64(reader, "base_offset", part->base_offset);
    expect_i64(reader, "log_append_time_ms", part->log_append_time_ms);
    expect_i64(reader, "log_start_offset", part->log_start_offset);
    int errors = read_count(reader, "record_errors");
    for (int i = 0; i < errors; i++) {
        enter(reader, "record_errors[%d]", i);
        read_i32(reader, "batch_index");
        read_text(reader, "message");
        skip_tags(reader);
        leave(reader);
    }
    read_text(reader, "error_message");
    skip_tags(reader);
}

/* Finds the part by its partition; each may be answered once. */
static void check_partition(struct reader *reader, int index, const struct part *parts, int count,
                            bool *answered)
{
    enter(reader, "partitions[%d]", index);
    int32_t partition = read_i32(reader, "index");
    int found = 0;
    while (found < count && parts[found].partition != partition)
        found++;
    if (found == count || answered[found])
        reader_fail(reader, "index is %d, which was not sent or is answered already", partition);
    answered[found] = true;
    check_part(reader, &parts[found]);
    leave(reader);
}

/* Finds the topic by its name. */
static void check_topic(struct reader *reader, int index, const struct part *parts, int count, bool *answered)
{
    enter(reader, "responses[%d]", index);
    const char *name = read_text(reader, "name");
    int first = 0;
    while (first < count && (name == NULL || strcmp(parts[first].topic, name) != 0))
        first++;
    if (first == count || answered[first])
        reader_fail(reader, "name is '%s', which was not sent or is answered already",
                    name == NULL ? "null" : name);
    int same = same_topic(parts + first, count - first);
    expect_count(reader, "partitions", same);
    for (int i = 0; i < same; i++)
        check_partition(reader, i, parts + first, same, answered + first);
    skip_tags(reader);
    leave(reader);
}

void check_produce_answer(struct reader *reader, const struct part *parts, int count)
{
    bool answered[MAX_PARTS] = {false};
    int topics = topic_count(parts, count);
    expect_count(reader, "responses", topics);
    for (int i = 0; i < topics; i++)
        check_topic(reader, i, parts, count, answered);
    expect_i32(reader, "throttle_time_ms", 0);
    skip_tags(reader);
    expect_end(reader);
}

void produce(struct stage *stage, int connection, const struct produce_style *style, const struct part *parts,
             int count)
{
    struct frame request = produce_request(stage, style, parts, count);
    const char *what = arena_printf(&stage->arena, "Produce v%d answer", style->version);
    struct reader reader = stage_ask(stage, connection, &request, what, 1);
    check_produce_answer(&reader, parts, count);
}

static struct reader read_log(struct stage *stage, const struct part *part)
{
    return stage_read_file(stage,
                           arena_printf(&stage->arena, "%s-%d/" FIRST_SEGMENT, part->topic, part->partition));
}

void check_stored_batch(struct stage *stage, const struct part *part)
{
    struct reader reader = read_log(stage, part);
    struct batch_read stored = read_batch(&reader, 0);
    struct frame sent = batch_bytes(stage, part);
    struct reader own = {
        .stage = stage, .what = "what was sent", .seen = -1, .bytes = sent.bytes, .end = sent.size};
    bool mapping = stage->tape->mapping; /* the own bytes did not come from outside */
    stage->tape->mapping = false;
    struct batch_read expected = read_batch(&own, 0);
    stage->tape->mapping = mapping;
    if (stored.crc != expected.crc)
        reader_fail(&reader, "batches[0].crc is %08x, but a batch with %08x was sent", stored.crc,
                    expected.crc);
}

void check_stored_file(struct stage *stage, const struct part *parts, int count)
{
    struct frame expected = frame_new(&stage->arena);
    for (int i = 0; i < count; i++) {
        struct part stored = parts[i];
        stored.batch.base_offset = parts[i].base_offset;
        stored.batch.leader_epoch = expected_leader_epoch();
        struct frame bytes = batch_bytes(stage, &stored);
        put_bytes(&expected, bytes.bytes, bytes.size);
    }
    struct reader reader = read_log(stage, &parts[0]);
    for (int i = 0; reader.at < reader.end; i++)
        read_batch(&reader, i);
    expect_bytes(&reader, "the stored batches", 0, reader.end, &expected);
}
