/* Fetch v16. See check_fetch.h. */
#include "check_fetch.h"

#include "batch.h"

struct frame fetch_request(struct stage *stage, const uint8_t *topic_id)
{
    struct frame request = stage_request(stage, API_FETCH, 16);
    put_i32(&request, 500);        /* max_wait_ms */
    put_i32(&request, 1);          /* min_bytes */
    put_i32(&request, 2147483647); /* max_bytes */
    put_i8(&request, 0);           /* isolation_level */
    put_i32(&request, 0);          /* session_id */
    put_i32(&request, 0);          /* session_epoch */
    put_count(&request, topic_id == NULL ? 0 : 1);
    if (topic_id != NULL) {
        put_uuid(&request, topic_id);
        put_count(&request, 1);
        put_i32(&request, 0);          /* partition */
        put_i32(&request, -1);         /* current_leader_epoch */
        put_i64(&request, 0);          /* fetch_offset */
        put_i32(&request, -1);         /* last_fetched_epoch */
        put_i64(&request, -1);         /* log_start_offset */
        put_i32(&request, 2147483647); /* partition_max_bytes */
        put_no_tags(&request);
        put_no_tags(&request);
    }
    put_count(&request, 0); /* forgotten topics */
    put_text(&request, ""); /* rack */
    put_no_tags(&request);
    return request;
}

/* Each batch must be sound by itself before all are compared with what was written. */
static void check_records(struct reader *reader, const struct frame *expected)
{
    size_t size = read_size(reader, "records");
    size_t start = reader->at;
    size_t end = reader->end;
    if (expected == NULL) {
        read_bytes(reader, "records_content", size);
        return;
    }
    reader->end = start + size;
    for (int i = 0; reader->at < reader->end; i++)
        read_batch(reader, i);
    expect_bytes(reader, "records", start, start + size, expected);
    reader->end = end;
}

static void check_partition(struct reader *reader, const struct fetched *expected)
{
    enter(reader, "partitions[0]");
    expect_i32(reader, "partition_index", 0);
    expect_i16(reader, "error_code", expected->error_code);
    read_i64(reader, "high_watermark");
    read_i64(reader, "last_stable_offset");
    read_i64(reader, "log_start_offset");
    int aborted = read_count(reader, "aborted_transactions");
    for (int i = 0; i < aborted; i++) {
        enter(reader, "aborted_transactions[%d]", i);
        read_i64(reader, "producer_id");
        read_i64(reader, "first_offset");
        skip_tags(reader);
        leave(reader);
    }
    read_i32(reader, "preferred_read_replica");
    check_records(reader, expected->records);
    skip_tags(reader);
    leave(reader);
}

void check_fetch_answer(struct reader *reader, const struct fetched *expected)
{
    int topics = expected->topic_id == NULL ? 0 : 1;
    expect_i32(reader, "throttle_time_ms", 0);
    expect_i16(reader, "error_code", 0);
    read_i32(reader, "session_id");
    expect_count(reader, "responses", topics);
    if (topics > 0) {
        enter(reader, "responses[0]");
        expect_uuid(reader, "topic_id", expected->topic_id);
        expect_count(reader, "partitions", 1);
        check_partition(reader, expected);
        skip_tags(reader);
        leave(reader);
    }
    skip_tags(reader);
    expect_end(reader);
}
