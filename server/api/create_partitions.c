/*
 * CreatePartitions v0-3. Decided by metadata/controller/create_partitions (kafka-apis 13.4); answered when
 * the new partitions serve. Blocks for the cluster log's sync.
 */
#include "metadata/controller/create_partitions.h"

#include "protocol/messages/create_partitions.h"
#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/throttle/throttle_call.h"

enum { STRICT_SINCE = 3 }; /* version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599) */

static struct uuid id_of(struct call *call, struct slice name)
{
    const struct image *image = cluster_read(call->broker->cluster);
    const struct topic *topic = image_find_topic(image, name);
    struct uuid id = topic == NULL ? UUID_ZERO : topic->id;
    cluster_read_done(call->broker->cluster);
    return id;
}

static void host_grown(struct change *change, struct create_partitions_response *response)
{
    struct call *call = change->call;
    struct uuid *grown = arena_new_array(call->arena, struct uuid, response->results.count);
    int32_t count = 0;
    for (int32_t i = 0; i < response->results.count; i++) {
        struct create_partitions_response_topic *result = &response->results.items[i];
        if (result->error_code != KERR_NONE)
            continue;
        grown[count] = id_of(call, result->name);
        result->error_code = (int16_t)broker_host_topic(call->broker, grown[count++]);
    }
    change_settle(change, grown, count);
}

static void fail_grown(struct create_partitions_response *response, enum kerr error)
{
    for (int32_t i = 0; i < response->results.count; i++)
        if (response->results.items[i].error_code == KERR_NONE)
            response->results.items[i].error_code = (int16_t)error;
}

void handle_create_partitions(struct call *call)
{
    const struct create_partitions_request *request = call->request;
    struct create_partitions_response *response = call->response;
    struct change change;
    struct mutation_quota quota;
    change_begin(&change, call);
    throttle_call_mutations(call, STRICT_SINCE, &quota, &change.controller);
    controller_create_partitions(&change.controller, request, response, &change.records);
    enum kerr error = change_commit_names(&change);
    if (error != KERR_NONE)
        fail_grown(response, error);
    else if (!request->validate_only)
        host_grown(&change, response);
    change_end(&change);
}
