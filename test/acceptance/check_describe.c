/* DescribeTopicPartitions v0. See check_describe.h. */
#include "check_describe.h"

enum { UNKNOWN_TOPIC_OR_PARTITION = 3 };

static const uint8_t zero_id[UUID_SIZE];

struct frame describe_request(struct stage *stage, const char *const *names, int count, int partition_limit)
{
    struct frame request = stage_request(stage, API_DESCRIBE_TOPIC_PARTITIONS, 0);
    put_count(&request, count);
    for (int i = 0; i < count; i++) {
        put_text(&request, names[i]);
        put_no_tags(&request);
    }
    put_i32(&request, partition_limit);
    put_i8(&request, -1); /* no cursor */
    put_no_tags(&request);
    return request;
}

static void read_broker_ids(struct reader *reader, const char *name)
{
    int count = read_count(reader, name);
    for (int i = 0; i < count; i++) {
        enter(reader, "%s[%d]", name, i);
        read_i32(reader, "broker_id");
        leave(reader);
    }
}

static void check_partition(struct reader *reader, int index)
{
    enter(reader, "partitions[%d]", index);
    expect_i16(reader, "error_code", 0);
    expect_i32(reader, "partition_index", index);
    read_i32(reader, "leader_id");
    read_i32(reader, "leader_epoch");
    read_broker_ids(reader, "replica_nodes");
    read_broker_ids(reader, "isr_nodes");
    read_broker_ids(reader, "eligible_leader_replicas");
    read_broker_ids(reader, "last_known_elr");
    read_broker_ids(reader, "offline_replicas");
    skip_tags(reader);
    leave(reader);
}

/* No partitions at all may also be said with null. */
static void check_partitions(struct reader *reader, int expected)
{
    if (expected > 0)
        expect_count(reader, "partitions", expected);
    else if (read_count(reader, "partitions") > 0)
        reader_fail(reader, "partitions is not empty");
    for (int i = 0; i < expected; i++)
        check_partition(reader, i);
}

static void check_topic(struct reader *reader, int index, const struct topic *topic)
{
    bool known = topic->partitions > 0;
    enter(reader, "topics[%d]", index);
    expect_i16(reader, "error_code", known ? 0 : UNKNOWN_TOPIC_OR_PARTITION);
    expect_text(reader, "name", topic->name);
    expect_uuid(reader, "topic_id", known ? topic->id : zero_id);
    read_i8(reader, "is_internal");
    check_partitions(reader, topic->partitions);
    read_i32(reader, "topic_authorized_operations");
    skip_tags(reader);
    leave(reader);
}

void check_describe_answer(struct reader *reader, const struct topic *const *sorted, int count)
{
    read_i32(reader, "throttle_time_ms");
    expect_count(reader, "topics", count);
    for (int i = 0; i < count; i++)
        check_topic(reader, i, sorted[i]);
    expect_i8(reader, "next_cursor", -1);
    skip_tags(reader);
    expect_end(reader);
}
