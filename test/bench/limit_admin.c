/* See limit_admin.h. Called by limit_serve.c on the connection's thread. */
#include "test/bench/limit_admin.h"

#include "protocol/base/big_endian.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_topics.h"
#include "protocol/messages/list_offsets.h"
#include "protocol/messages/metadata.h"

enum { ARENA_CAP = 16 * 1024 * 1024, NODE = 1 };

static void answer_api_versions(struct limit_log *log, const void *request, void *response,
                                struct arena *arena)
{
    static const struct api_versions_response_api offered[] = {{0, 3, 9},  {1, 4, 12}, {2, 1, 7}, {3, 0, 12},
                                                               {18, 0, 3}, {19, 2, 7}, {20, 1, 6}};
    struct api_versions_response *answer = response;
    (void)log;
    (void)request;
    array_init(&answer->api_keys, api_versions_response_api, arena,
               (int32_t)(sizeof offered / sizeof offered[0]));
    memcpy(answer->api_keys.items, offered, sizeof offered);
}

static void describe_topic(struct limit_log *log, struct slice name, struct metadata_response_topic *answer,
                           struct arena *arena)
{
    const struct limit_topic *topic = limit_find(log, name);
    answer->name = name;
    answer->error_code = topic == NULL ? KERR_UNKNOWN_TOPIC_OR_PARTITION : KERR_NONE;
    array_init(&answer->partitions, metadata_response_partition, arena,
               topic == NULL ? 0 : topic->partition_count);
    for (int32_t i = 0; i < answer->partitions.count; i++) {
        struct metadata_response_partition *partition = &answer->partitions.items[i];
        int32_t *node = arena_new(arena, int32_t);
        *node = NODE;
        partition->partition_index = i;
        partition->leader_id = NODE;
        partition->leader_epoch = 0;
        partition->replica_nodes.items = partition->isr_nodes.items = node;
        partition->replica_nodes.count = partition->isr_nodes.count = 1;
    }
}

static void answer_metadata(struct limit_log *log, const void *request, void *response, struct arena *arena)
{
    const struct metadata_request *wanted = request;
    struct metadata_response *answer = response;
    array_init(&answer->brokers, metadata_response_broker, arena, 1);
    answer->brokers.items[0].node_id = NODE;
    answer->brokers.items[0].host = SLICE("127.0.0.1");
    answer->brokers.items[0].port = log->port;
    answer->cluster_id = SLICE("limit");
    answer->controller_id = NODE;
    array_init(&answer->topics, metadata_response_topic, arena,
               wanted->topics.count > 0 ? wanted->topics.count : 0);
    for (int32_t i = 0; i < answer->topics.count; i++)
        describe_topic(log, wanted->topics.items[i].name, &answer->topics.items[i], arena);
}

static void answer_create(struct limit_log *log, const void *request, void *response, struct arena *arena)
{
    const struct create_topics_request *wanted = request;
    struct create_topics_response *answer = response;
    array_init(&answer->topics, create_topics_response_topic, arena, wanted->topics.count);
    for (int32_t i = 0; i < wanted->topics.count; i++) {
        struct slice name = wanted->topics.items[i].name;
        bool fresh = limit_create(log, name, wanted->topics.items[i].num_partitions);
        answer->topics.items[i].name = name;
        answer->topics.items[i].error_code = fresh ? KERR_NONE : KERR_TOPIC_ALREADY_EXISTS;
    }
}

static void answer_delete(struct limit_log *log, const void *request, void *response, struct arena *arena)
{
    const struct delete_topics_request *unwanted = request;
    struct delete_topics_response *answer = response;
    array_init(&answer->responses, delete_topics_response_topic, arena, unwanted->topics.count);
    for (int32_t i = 0; i < unwanted->topics.count; i++) {
        answer->responses.items[i].name = unwanted->topics.items[i].name;
        limit_delete(log, unwanted->topics.items[i].name);
    }
}

static void answer_offsets(struct limit_log *log, const void *request, void *response, struct arena *arena)
{
    const struct list_offsets_request *wanted = request;
    struct list_offsets_response *answer = response;
    array_init(&answer->topics, list_offsets_response_topic, arena, wanted->topics.count);
    for (int32_t i = 0; i < wanted->topics.count; i++) {
        const struct list_offsets_topic *from = &wanted->topics.items[i];
        struct list_offsets_response_topic *to = &answer->topics.items[i];
        const struct limit_topic *topic = limit_find(log, from->name);
        to->name = from->name;
        array_init(&to->partitions, list_offsets_response_partition, arena, from->partitions.count);
        for (int32_t j = 0; j < to->partitions.count; j++) {
            int32_t index = from->partitions.items[j].partition_index;
            bool known = topic != NULL && index < topic->partition_count;
            to->partitions.items[j].partition_index = index;
            to->partitions.items[j].error_code = known ? KERR_NONE : KERR_UNKNOWN_TOPIC_OR_PARTITION;
            to->partitions.items[j].offset =
                known && from->partitions.items[j].timestamp == -1 ? topic->partitions[index].end_offset : 0;
        }
    }
}

typedef void answer_fn(struct limit_log *log, const void *request, void *response, struct arena *arena);

static answer_fn *find_answer(int key)
{
    switch (key) {
    case 2:
        return answer_offsets;
    case 3:
        return answer_metadata;
    case 18:
        return answer_api_versions;
    case 19:
        return answer_create;
    case 20:
        return answer_delete;
    default:
        return NULL;
    }
}

static void write_answer(const struct api *api, int version, int32_t correlation_id, const void *body,
                         struct buf *out)
{
    struct response_header header = {correlation_id};
    struct writer writer;
    size_t start = out->len;
    writer_init(&writer, out, NULL);
    write_i32(&writer, 0);
    message_write(&response_header_message, response_header_version(api, version), &writer, &header);
    message_write(api->response, version, &writer, body);
    store_u32(out->data + start, (uint32_t)(out->len - start - sizeof(uint32_t)));
}

bool limit_answer_admin(struct limit_log *log, struct slice frame, struct buf *out)
{
    struct request_header header;
    struct arena arena;
    struct reader reader;
    if (frame.len < 8)
        return false;
    int key = load_i16(frame.data), version = load_i16(frame.data + 2);
    const struct api *api = find_api(key);
    answer_fn *answer = find_answer(key);
    if (answer == NULL || !message_has_version(api->request, version))
        return false;
    arena_init(&arena, ARENA_CAP);
    reader_init(&reader, frame, &arena);
    void *request = arena_alloc(&arena, api->request->schema()->size);
    void *response = arena_alloc(&arena, api->response->schema()->size);
    schema_set_defaults(api->response->schema(), response);
    bool read = message_read(&request_header_message, request_header_version(api, version), &reader, &header)
                && message_read(api->request, version, &reader, request);
    if (read) {
        answer(log, request, response, &arena);
        write_answer(api, version, header.correlation_id, response, out);
    }
    arena_fini(&arena);
    return read;
}
