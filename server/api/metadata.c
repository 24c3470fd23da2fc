/*
 * Metadata v0-13. Who is there, and which topics: kafka-apis 7. A topic that is missing may be created on the
 * way (auto.create.topics.enable); as in Kafka it is answered as unknown this time, and the client asks
 * again. That creation takes RANK_CONTROLLER and syncs the cluster log; nothing else here blocks.
 *
 * v1: all topics by null, none by an empty list; v4: allow_auto_topic_creation; v5: offline replicas; v7:
 * leader epochs; v8: authorized operations; v9: flexible; v10: topic ids in answers, v12: in requests
 * (KIP-516); v13: error code.
 */
#include "protocol/messages/metadata.h"

#include "metadata/controller/topic_name.h"
#include "metadata/internal_topics.h"
#include "server/api/create_topics.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"
#include "server/security/authorize.h"

#include <stdlib.h>

struct listing {
    struct call *call;
    const struct image *image;
    struct slice *to_create; /* missing topics that shall be made */
    int32_t to_create_count;
};

/* Names on their way into the answer. */
struct names {
    struct slice *items;
    int32_t count;
};

static struct metadata_response_topic *add_topic(struct listing *listing)
{
    struct metadata_response *response = listing->call->response;
    return &response->topics.items[response->topics.count++];
}

static void describe_partition(struct listing *listing, const struct topic *topic, int32_t index,
                               struct metadata_response_partition *answer)
{
    const struct partition_state *state = &topic->partitions[index];
    bool led = state->leader != NO_LEADER && is_reachable(listing->call, listing->image, state->leader);
    answer->error_code = led ? KERR_NONE : KERR_LEADER_NOT_AVAILABLE;
    answer->partition_index = index;
    answer->leader_id = led ? state->leader : -1;
    answer->leader_epoch = state->leader_epoch;
    list_ids(listing->call, state->replicas, &answer->replica_nodes);
    list_ids(listing->call, state->isr, &answer->isr_nodes);
    list_offline_replicas(listing->call, listing->image, state, &answer->offline_replicas);
}

static void describe_topic(struct listing *listing, const struct topic *topic)
{
    const struct metadata_request *request = listing->call->request;
    struct metadata_response_topic *answer = add_topic(listing);
    answer->name = arena_dup(listing->call->arena, topic->name);
    answer->topic_id = topic->id;
    answer->is_internal = is_internal_topic(topic->name);
    if (request->include_topic_authorized_operations)
        answer->topic_authorized_operations = authorized_operations(listing->call, ACL_TOPIC, answer->name);
    array_init(&answer->partitions, metadata_response_partition, listing->call->arena,
               topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++)
        describe_partition(listing, topic, i, &answer->partitions.items[i]);
}

static void describe_missing(struct listing *listing, struct slice name)
{
    const struct metadata_request *request = listing->call->request;
    struct metadata_response_topic *answer = add_topic(listing);
    bool valid = topic_name_is_valid(name, NULL);
    answer->error_code = valid ? KERR_UNKNOWN_TOPIC_OR_PARTITION : KERR_INVALID_TOPIC_EXCEPTION;
    answer->name = name;
    answer->is_internal = is_internal_topic(name);
    if (request->include_topic_authorized_operations)
        answer->topic_authorized_operations = authorized_operations(listing->call, ACL_TOPIC, answer->name);
    if (valid && !slice_equal_str(name, CLUSTER_METADATA_TOPIC))
        listing->to_create[listing->to_create_count++] = name;
}

static void list_all(struct listing *listing)
{
    struct metadata_response *response = listing->call->response;
    int32_t count = (int32_t)listing->image->topics_by_name.count;
    array_init(&response->topics, metadata_response_topic, listing->call->arena, count);
    response->topics.count = 0;
    struct topic **topics = image_sorted_topics(listing->image);
    for (int32_t i = 0; i < count; i++)
        if (authorize_topic(listing->call, ACL_DESCRIBE, topics[i]->name))
            describe_topic(listing, topics[i]);
    free(topics);
}

static struct metadata_response_topic *refuse_topic(struct listing *listing, struct slice name)
{
    struct metadata_response_topic *answer = add_topic(listing);
    answer->error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
    answer->name = name;
    return answer;
}

static bool creates_topics(const struct call *call)
{
    const struct metadata_request *request = call->request;
    return request->allow_auto_topic_creation && call->broker->config.auto_create_topics_enable;
}

/* Missing ones; those that would be made if the client were allowed to are refused behind the others. */
static void describe_all_missing(struct listing *listing, const struct names *missing)
{
    const struct call *call = listing->call;
    bool may_create_any = !creates_topics(call) || authorize_cluster(call, ACL_CREATE);
    struct names refused = {arena_new_array(call->arena, struct slice, missing->count), 0};
    for (int32_t i = 0; i < missing->count; i++) {
        if (may_create_any || authorize_topic(call, ACL_CREATE, missing->items[i]))
            describe_missing(listing, missing->items[i]);
        else
            refused.items[refused.count++] = missing->items[i];
    }
    for (int32_t i = 0; i < refused.count; i++)
        refuse_topic(listing, refused.items[i])->is_internal = is_internal_topic(refused.items[i]);
}

/* Each name once: those that exist, then those that do not, then those of which the client may not know
 * either. */
static void list_by_name(struct listing *listing, const struct metadata_request *request)
{
    struct map seen;
    map_init(&seen, listing->call->broker->hash_seed);
    struct names missing = {arena_new_array(listing->call->arena, struct slice, request->topics.count), 0};
    struct names hidden = {arena_new_array(listing->call->arena, struct slice, request->topics.count), 0};
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct metadata_topic *wanted = &request->topics.items[i];
        if (slice_is_null(wanted->name) || map_put(&seen, wanted->name, wanted) != NULL)
            continue;
        const struct topic *topic = image_find_topic(listing->image, wanted->name);
        if (!authorize_topic(listing->call, ACL_DESCRIBE, wanted->name))
            hidden.items[hidden.count++] = wanted->name;
        else if (topic != NULL)
            describe_topic(listing, topic);
        else
            missing.items[missing.count++] = wanted->name;
    }
    describe_all_missing(listing, &missing);
    for (int32_t i = 0; i < hidden.count; i++)
        refuse_topic(listing, hidden.items[i]);
    map_fini(&seen);
}

static enum kerr place_of(const struct listing *listing, const struct topic *topic)
{
    if (topic == NULL)
        return KERR_UNKNOWN_TOPIC_ID;
    return authorize_topic(listing->call, ACL_DESCRIBE, topic->name) ? KERR_NONE
                                                                     : KERR_TOPIC_AUTHORIZATION_FAILED;
}

/* A topic that is asked for by its id, and whether the client may know of it. */
struct asked_id {
    const struct topic *topic; /* NULL: nobody knows it */
    enum kerr place;
};

/* Asked once for each: ACLs may change meanwhile. */
static const struct asked_id *find_ids(const struct listing *listing, const struct metadata_request *request)
{
    struct asked_id *asked = arena_new_array(listing->call->arena, struct asked_id, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        asked[i].topic = image_find_topic_by_id(listing->image, request->topics.items[i].topic_id);
        asked[i].place = place_of(listing, asked[i].topic);
    }
    return asked;
}

static void list_id(struct listing *listing, const struct asked_id *asked, struct uuid id)
{
    if (asked->place == KERR_NONE) {
        describe_topic(listing, asked->topic);
        return;
    }
    struct metadata_response_topic *answer = add_topic(listing);
    answer->error_code = (int16_t)asked->place;
    answer->name = SLICE_NULL;
    answer->topic_id = id;
}

/* Ids that nobody knows first, then those that are known, then those that are hidden, each once; entries with
 * a name only are left out. */
static void list_by_id(struct listing *listing, const struct metadata_request *request)
{
    static const enum kerr places[] = {KERR_UNKNOWN_TOPIC_ID, KERR_NONE, KERR_TOPIC_AUTHORIZATION_FAILED};
    const struct asked_id *asked = find_ids(listing, request);
    struct map seen;
    map_init(&seen, listing->call->broker->hash_seed);
    for (size_t place = 0; place < sizeof places / sizeof places[0]; place++)
        for (int32_t i = 0; i < request->topics.count; i++) {
            struct metadata_topic *wanted = &request->topics.items[i];
            if (!uuid_is_zero(wanted->topic_id) && asked[i].place == places[place]
                && map_put(&seen, uuid_key(&wanted->topic_id), wanted) == NULL)
                list_id(listing, &asked[i], wanted->topic_id);
        }
    map_fini(&seen);
}

static bool names_an_id(const struct metadata_request *request)
{
    for (int32_t i = 0; i < request->topics.count; i++)
        if (!uuid_is_zero(request->topics.items[i].topic_id))
            return true;
    return false;
}

static bool lacks_a_name(const struct metadata_request *request)
{
    for (int32_t i = 0; i < request->topics.count; i++)
        if (slice_is_null(request->topics.items[i].name) && uuid_is_zero(request->topics.items[i].topic_id))
            return true;
    return false;
}

/* Fails the request as a whole: the error once for each topic, and no cluster. */
static void refuse_all(struct call *call, enum kerr error)
{
    const struct metadata_request *request = call->request;
    struct metadata_response *response = call->response;
    response->cluster_id = SLICE_NULL;
    response->controller_id = -1;
    array_init(&response->topics, metadata_response_topic, call->arena, request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        struct slice name = request->topics.items[i].name;
        response->topics.items[i].error_code = (int16_t)error;
        response->topics.items[i].name = slice_is_null(name) ? SLICE("") : name;
        response->topics.items[i].topic_id = request->topics.items[i].topic_id;
    }
}

static enum kerr check(const struct call *call)
{
    const struct metadata_request *request = call->request;
    if (call->version >= 10 && call->version < 12 && (names_an_id(request) || lacks_a_name(request)))
        return KERR_INVALID_REQUEST;
    return call->version >= 12 && lacks_a_name(request) ? KERR_UNKNOWN_SERVER_ERROR : KERR_NONE;
}

static void list_cluster(struct listing *listing)
{
    const struct metadata_request *request = listing->call->request;
    struct metadata_response *response = listing->call->response;
    int32_t count = 0;
    const struct listed_broker *brokers = list_brokers(listing->call, listing->image, false, &count);
    array_init(&response->brokers, metadata_response_broker, listing->call->arena, count);
    for (int32_t i = 0; i < count; i++) {
        response->brokers.items[i].node_id = brokers[i].id;
        response->brokers.items[i].host = brokers[i].host;
        response->brokers.items[i].port = brokers[i].port;
        response->brokers.items[i].rack = brokers[i].rack;
    }
    response->cluster_id = listing->call->broker->cluster_id;
    response->controller_id = any_live_broker(listing->call, brokers, count);
    if (request->include_cluster_authorized_operations)
        response->cluster_authorized_operations = cluster_operations(listing->call);
}

static void list_topics(struct listing *listing)
{
    const struct metadata_request *request = listing->call->request;
    struct metadata_response *response = listing->call->response;
    bool all = request->topics.count < 0 || (listing->call->version == 0 && request->topics.count == 0);
    if (all) {
        list_all(listing);
        return;
    }
    listing->to_create = arena_new_array(listing->call->arena, struct slice, request->topics.count);
    array_init(&response->topics, metadata_response_topic, listing->call->arena, request->topics.count);
    response->topics.count = 0;
    if (listing->call->version >= 12 && names_an_id(request))
        list_by_id(listing, request);
    else
        list_by_name(listing, request);
}

void handle_metadata(struct call *call)
{
    enum kerr error = check(call);
    if (error != KERR_NONE) {
        refuse_all(call, error);
        return;
    }
    struct listing listing = {.call = call, .image = cluster_read(call->broker->cluster)};
    list_cluster(&listing);
    list_topics(&listing);
    cluster_read_done(call->broker->cluster);
    if (creates_topics(call) && listing.to_create_count > 0)
        (void)auto_create_topics(call, listing.to_create, listing.to_create_count);
}
