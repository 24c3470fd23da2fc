/* The last row of the course's table of errors: what CreateTopics refuses for want of authorisation. It takes
 * Apache Kafka's StandardAuthorizer, which the course's server.properties does not name, and rules in the
 * metadata log: everybody may do anything, except that nobody may create on the cluster, nor create the topic
 * "forbidden". */
#include "batch.h"
#include "check_created.h"
#include "stages.h"

static struct frame acl_batch(struct stage *stage)
{
    static const struct {
        int type;
        const char *name;
        int operation, permission;
    } rules[] = {
        {4, "kafka-cluster", 2, 3}, /* allow all */
        {4, "kafka-cluster", 5, 2}, /* deny create */
        {2, "forbidden", 5, 2},
    };
    struct frame values[3];
    for (int i = 0; i < 3; i++) {
        uint8_t id[UUID_SIZE];
        random_uuid(stage, id);
        values[i] = frame_new(&stage->arena);
        put_bytes(&values[i], (const uint8_t[]){1, 18, 0}, 3);
        put_uuid(&values[i], id);
        put_i8(&values[i], rules[i].type);
        put_text(&values[i], rules[i].name);
        put_i8(&values[i], 3); /* the literal name */
        put_text(&values[i], "User:ANONYMOUS");
        put_text(&values[i], "*");
        put_i8(&values[i], rules[i].operation);
        put_i8(&values[i], rules[i].permission);
        put_no_tags(&values[i]);
    }
    struct frame bytes = frame_new(&stage->arena);
    struct batch batch = {.leader_epoch = 1,
                          .timestamp_ms = stage->now_ms,
                          .producer_id = -1,
                          .producer_epoch = -1,
                          .base_sequence = -1,
                          .values = values,
                          .value_count = 3};
    put_batch(&bytes, &batch);
    return bytes;
}

static void refuses_what_is_not_authorised(struct stage *stage)
{
    stage->directory.more_properties =
        "\nauthorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        "\nallow.everyone.if.no.acl.found=true";
    stage->directory.more_metadata = acl_batch(stage);
    stage->directory.topics[0] = random_topic(stage, 1, 0);
    stage->directory.topic_count = 1;
    stage_start(stage);
    struct new_topic topics[] = {
        {.name = "forbidden", .partitions = 1, .replication_factor = 1},
        {.name = "allowed", .partitions = 1, .replication_factor = 1},
    };
    struct topic_result results[] = {
        created_result(&topics[1]),
        {.name = "forbidden", .error_code = 29, .message = "Authorization failed."},
    };
    create_topics(stage, stage_connect(stage), topics, 2, false, results, 2);
    check_created(stage, &topics[1], results, 1);
}

static const struct stage_plan plans[] = {
    {"not authorised v6", "what is not authorised is refused (v6)", refuses_what_is_not_authorised, 6, NULL},
    {"not authorised v7", "what is not authorised is refused (v7)", refuses_what_is_not_authorised, 7, NULL},
};

const struct stage_suite refuse_unauthorised_suite = {"refuse_unauthorised", plans, PLAN_COUNT(plans)};
