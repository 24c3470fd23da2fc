/*
 * CreateTopics v2-7. Decided by metadata/controller/create_topics (kafka-apis 13.2); answered when the
 * partitions serve. Blocks for the cluster log's sync. v5: effective configs in the answer (KIP-525); v7:
 * topic ids.
 */
#include "metadata/controller/create_topics.h"

#include "protocol/messages/create_topics.h"
#include "server/api/change.h"
#include "server/api/create_topics.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/coordinator/internal_topic.h"
#include "server/throttle/throttle_call.h"

enum { STRICT_SINCE = 6 }; /* version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599) */

/* Nothing was created: every topic that would have been is told why. */
static void fail_created(struct create_topics_response *response, enum kerr error)
{
    for (int32_t i = 0; i < response->topics.count; i++)
        if (response->topics.items[i].error_code == KERR_NONE)
            response->topics.items[i].error_code = (int16_t)error;
}

static void host_created(struct change *change, struct create_topics_response *response)
{
    struct call *call = change->call;
    struct uuid *created = arena_new_array(call->arena, struct uuid, response->topics.count);
    int32_t count = 0;
    for (int32_t i = 0; i < response->topics.count; i++) {
        struct create_topics_response_topic *topic = &response->topics.items[i];
        if (topic->error_code != KERR_NONE)
            continue;
        created[count++] = topic->topic_id;
        topic->error_code = (int16_t)broker_host_topic(call->broker, topic->topic_id);
    }
    change_settle(change, created, count);
}

/* Under the change, so that a deletion cannot come between a topic's records and its directories. For the
 * client of the call, who has to be allowed to, or for the broker itself. */
static void create(struct call *call, bool for_client, const struct create_topics_request *request,
                   int version, struct create_topics_response *response)
{
    struct change change;
    change_begin(&change, call);
    struct mutation_quota quota;
    if (for_client)
        throttle_call_mutations(call, STRICT_SINCE, &quota, &change.controller);
    else
        change.controller.client = (struct acl_asker){0};
    controller_create_topics(&change.controller, request, version, response, &change.records);
    enum kerr error = change_commit_names(&change);
    if (error != KERR_NONE)
        fail_created(response, error);
    else if (!request->validate_only)
        host_created(&change, response);
    change_end(&change);
}

void handle_create_topics(struct call *call)
{
    create(call, true, call->request, call->version, call->response);
}

struct slice auto_create_topics(struct call *call, const struct slice *names, int32_t count)
{
    struct create_topics_request request;
    schema_set_defaults(create_topics_request_schema(), &request);
    array_init(&request.topics, create_topics_topic, call->arena, count);
    const struct image *image = cluster_read(call->broker->cluster);
    struct config_view view = broker_config_view(call->broker, image);
    for (int32_t i = 0; i < count; i++) {
        request.topics.items[i].name = names[i];
        request.topics.items[i].num_partitions = -1;
        request.topics.items[i].replication_factor = -1;
        (void)internal_topic_describe(names[i], &view, call->arena, &request.topics.items[i]);
    }
    cluster_read_done(call->broker->cluster);
    struct create_topics_response response;
    schema_set_defaults(create_topics_response_schema(), &response);
    create(call, false, &request, create_topics_request_message.max_version, &response);
    for (int32_t i = 0; i < response.topics.count; i++) {
        const struct create_topics_response_topic *topic = &response.topics.items[i];
        if (topic->error_code != KERR_NONE)
            return slice_is_null(topic->error_message) ? slice_str(kerr_message(topic->error_code))
                                                       : topic->error_message;
    }
    return SLICE_NULL;
}
