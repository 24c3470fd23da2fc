/*
 * See dispatch.h. To add an API: its tables in protocol/messages, its row in protocol/apis.def, its handler
 * in server/api, and a line below (docs/adding-an-api.md).
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

struct service {
    int16_t key;
    handler_fn *handle;
};

static const struct service services[] = {
    {KEY_PRODUCE, produce_begin},
    {1, handle_fetch},
    {2, handle_list_offsets},
    {3, handle_metadata},
    {KEY_OFFSET_COMMIT, offset_commit_begin},
    {9, handle_offset_fetch},
    {10, handle_find_coordinator},
    {11, handle_join_group},
    {12, handle_heartbeat},
    {13, handle_leave_group},
    {14, handle_sync_group},
    {15, handle_describe_groups},
    {16, handle_list_groups},
    {KEY_API_VERSIONS, handle_api_versions},
    {19, handle_create_topics},
    {20, handle_delete_topics},
    {21, handle_delete_records},
    {22, handle_init_producer_id},
    {23, handle_offset_for_leader_epoch},
    {29, handle_describe_acls},
    {30, handle_create_acls},
    {31, handle_delete_acls},
    {32, handle_describe_configs},
    {33, handle_alter_configs},
    {34, handle_alter_replica_log_dirs},
    {35, handle_describe_log_dirs},
    {37, handle_create_partitions},
    {38, handle_create_delegation_token},
    {39, handle_renew_delegation_token},
    {40, handle_expire_delegation_token},
    {41, handle_describe_delegation_token},
    {42, handle_delete_groups},
    {43, handle_elect_leaders},
    {44, handle_incremental_alter_configs},
    {45, handle_alter_partition_reassignments},
    {46, handle_list_partition_reassignments},
    {47, handle_offset_delete},
    {48, handle_describe_client_quotas},
    {49, handle_alter_client_quotas},
    {50, handle_describe_user_scram_credentials},
    {51, handle_alter_user_scram_credentials},
    {55, handle_describe_quorum},
    {57, handle_update_features},
    {60, handle_describe_cluster},
    {61, handle_describe_producers},
    {64, handle_unregister_broker},
    {68, handle_consumer_group_heartbeat},
    {69, handle_consumer_group_describe},
    {71, handle_get_telemetry_subscriptions},
    {72, handle_push_telemetry},
    {74, handle_list_config_resources},
    {75, handle_describe_topic_partitions},
    {80, handle_add_raft_voter},
    {81, handle_remove_raft_voter},
};

/* The second steps of those that have two. */
static const struct service finishes[] = {
    {KEY_PRODUCE, produce_finish},
    {KEY_OFFSET_COMMIT, offset_commit_finish},
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

static const struct service *find_service(int key)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].key == key)
            return &services[i];
    return NULL;
}

size_t dispatch_served(struct served_api *served, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        const struct api *api = find_api(services[i].key);
        ensure(api != NULL && api->request != NULL && count < capacity);
        int16_t least = services[i].key == KEY_PRODUCE ? 0 : api->min_version;
        if (is_listed(api->key))
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
    const struct service *service = find_service(load_i16(frame.data));
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
    const struct service *service = find_service(call->api->key);
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
