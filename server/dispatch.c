/*
 * See dispatch.h. To add an API: its tables in protocol/messages, its row in protocol/apis.def, its handler
 * in server/api, and a line below, which says on which listeners it is served (docs/adding-an-api.md).
 */
#include "server/dispatch.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/header.h"
#include "protocol/schema/schema.h"
#include "server/api/handlers.h"

enum {
    KEY_PRODUCE = 0,
    KEY_OFFSET_COMMIT = 8,
    KEY_API_VERSIONS = 18,
};

/* Where an API is served (KIP-919). */
enum served_on {
    BROKER = 1 << LISTENER_OF_BROKER,
    CONTROLLER = 1 << LISTENER_OF_CONTROLLER,
    BOTH = BROKER | CONTROLLER,
};

struct service {
    int16_t key;
    enum served_on on;
    handler_fn *handle;
};

static const struct service services[] = {
    {KEY_PRODUCE, BROKER, produce_begin},
    {1, BROKER, handle_fetch},
    {2, BROKER, handle_list_offsets},
    {3, BROKER, handle_metadata},
    {KEY_OFFSET_COMMIT, BROKER, offset_commit_begin},
    {9, BROKER, handle_offset_fetch},
    {10, BROKER, handle_find_coordinator},
    {11, BROKER, handle_join_group},
    {12, BROKER, handle_heartbeat},
    {13, BROKER, handle_leave_group},
    {14, BROKER, handle_sync_group},
    {15, BROKER, handle_describe_groups},
    {16, BROKER, handle_list_groups},
    {KEY_API_VERSIONS, BOTH, handle_api_versions},
    {19, BOTH, handle_create_topics},
    {20, BOTH, handle_delete_topics},
    {21, BROKER, handle_delete_records},
    {22, BROKER, handle_init_producer_id},
    {23, BROKER, handle_offset_for_leader_epoch},
    {29, BOTH, handle_describe_acls},
    {30, BOTH, handle_create_acls},
    {31, BOTH, handle_delete_acls},
    {32, BOTH, handle_describe_configs},
    {33, BOTH, handle_alter_configs},
    {34, BROKER, handle_alter_replica_log_dirs},
    {35, BROKER, handle_describe_log_dirs},
    {37, BOTH, handle_create_partitions},
    {38, BOTH, handle_create_delegation_token},
    {39, BOTH, handle_renew_delegation_token},
    {40, BOTH, handle_expire_delegation_token},
    {41, BOTH, handle_describe_delegation_token},
    {42, BROKER, handle_delete_groups},
    {43, BOTH, handle_elect_leaders},
    {44, BOTH, handle_incremental_alter_configs},
    {45, BOTH, handle_alter_partition_reassignments},
    {46, BOTH, handle_list_partition_reassignments},
    {47, BROKER, handle_offset_delete},
    {48, BROKER, handle_describe_client_quotas},
    {49, BOTH, handle_alter_client_quotas},
    {50, BOTH, handle_describe_user_scram_credentials},
    {51, BOTH, handle_alter_user_scram_credentials},
    {55, BOTH, handle_describe_quorum},
    {57, BOTH, handle_update_features},
    {60, BROKER, handle_describe_cluster},
    {60, CONTROLLER, handle_describe_controllers},
    {61, BROKER, handle_describe_producers},
    {64, BOTH, handle_unregister_broker},
    {68, BROKER, handle_consumer_group_heartbeat},
    {69, BROKER, handle_consumer_group_describe},
    {71, BROKER, handle_get_telemetry_subscriptions},
    {72, BROKER, handle_push_telemetry},
    {74, BROKER, handle_list_config_resources},
    {75, BROKER, handle_describe_topic_partitions},
    {80, BOTH, handle_add_raft_voter},
    {81, BOTH, handle_remove_raft_voter},
};

/* The second steps of those that have two. */
static const struct service finishes[] = {
    {KEY_PRODUCE, BROKER, produce_finish},
    {KEY_OFFSET_COMMIT, BROKER, offset_commit_finish},
};

/* Served and not listed: nobody here receives metrics, so that clients need not push any. */
static const int16_t unlisted[] = {71, 72};

static bool is_listed(int16_t key)
{
    for (size_t i = 0; i < sizeof unlisted / sizeof unlisted[0]; i++)
        if (unlisted[i] == key)
            return false;
    return true;
}

static bool is_served_on(const struct service *service, enum listener_role role)
{
    return (service->on & (1U << role)) != 0;
}

static const struct service *find_service(int key, enum listener_role role)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].key == key && is_served_on(&services[i], role))
            return &services[i];
    return NULL;
}

size_t dispatch_served(enum listener_role role, struct served_api *served, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        const struct api *api = find_api(services[i].key);
        ensure(api != NULL && api->request != NULL && count < capacity);
        int16_t least = services[i].key == KEY_PRODUCE ? 0 : api->min_version;
        if (is_served_on(&services[i], role) && is_listed(api->key))
            served[count++] = (struct served_api){api->key, least, api->max_version};
    }
    return count;
}

int dispatch_peek_key(struct slice frame)
{
    return frame.len < 2 ? -1 : load_i16(frame.data);
}

/* ApiVersions of a version that we do not know is answered in its version 0 and without a look at its body
 * (KIP-511). */
static bool is_unknown_api_versions(const struct call *call)
{
    return call->api->key == KEY_API_VERSIONS
           && (call->version < call->api->min_version || call->version > call->api->max_version);
}

static bool read_header(struct call *call, struct reader *reader, struct slice frame)
{
    if (frame.len < 8)
        return false;
    const struct service *service = find_service(load_i16(frame.data), call->role);
    if (service == NULL)
        return false;
    call->api = find_api(service->key);
    call->version = load_i16(frame.data + 2);
    bool unknown = is_unknown_api_versions(call);
    if (!unknown && (call->version < call->api->min_version || call->version > call->api->max_version))
        return false;
    call->response_version = unknown ? 0 : call->version;
    struct request_header header;
    int header_version = unknown ? 1 : request_header_version(call->api, call->version);
    if (!message_read(&request_header_message, header_version, reader, &header))
        return false;
    call->correlation_id = header.correlation_id;
    call->client_id = header.client_id;
    return true;
}

bool dispatch_decode(struct call *call, struct slice frame)
{
    struct reader reader;
    reader_init(&reader, frame, call->arena);
    if (!read_header(call, &reader, frame))
        return false;
    const struct message *request = call->api->request;
    call->request = arena_alloc(call->arena, request->schema()->size);
    if (!is_unknown_api_versions(call) && !message_read(request, call->version, &reader, call->request))
        return false;
    const struct schema *response = call->api->response->schema();
    call->response = arena_alloc(call->arena, response->size);
    schema_set_defaults(response, call->response);
    return true;
}

static const struct service *find_finish(int key)
{
    for (size_t i = 0; i < sizeof finishes / sizeof finishes[0]; i++)
        if (finishes[i].key == key)
            return &finishes[i];
    return NULL;
}

bool dispatch_has_two_steps(int key)
{
    return find_finish(key) != NULL;
}

void dispatch_begin(struct call *call)
{
    const struct service *service = find_service(call->api->key, call->role);
    ensure(service != NULL);
    service->handle(call);
}

void dispatch_finish(struct call *call)
{
    const struct service *finish = find_finish(call->api->key);
    if (finish != NULL)
        finish->handle(call);
}

bool dispatch_encode(struct call *call, struct writer *writer)
{
    if (call->verdict != CALL_ANSWER)
        return true;
    size_t start = writer->out->len;
    size_t ranges_before = writer->range_bytes;
    write_i32(writer, 0); /* the length, once it is known */
    struct response_header header = {.correlation_id = call->correlation_id};
    message_write(&response_header_message, response_header_version(call->api, call->response_version),
                  writer, &header);
    message_write(call->api->response, call->response_version, writer, call->response);
    size_t len = writer->out->len - start - 4 + (writer->range_bytes - ranges_before);
    if (len > INT32_MAX) {
        writer->out->len = start;
        return false;
    }
    store_i32(writer->out->data + start, (int32_t)len);
    return true;
}
