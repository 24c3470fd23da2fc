/*
 * DescribeTopicPartitions v0 (KIP-966). Topics in order of name, partitions in order of index, a page at a
 * time; the cursor names the first partition that did not fit: kafka-apis 7. Nothing here blocks.
 */
#include "protocol/messages/describe_topic_partitions.h"
#include "metadata/controller/topic_name.h"
#include "metadata/internal_topics.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"
#include "server/security/authorize.h"

#include <stdlib.h>

struct page {
    struct call *call;
    const struct image *image;
    struct slice *names; /* sorted, each once */
    int32_t name_count;
    struct slice *hidden; /* asked for by names that the client may not know of */
    int32_t hidden_count;
    int32_t partitions_left;
    bool all;
};

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* The names asked for, or all, in order. */
static void collect_names(struct page *page, const struct describe_topic_partitions_request *request)
{
    bool all = page->all = request->topics.count == 0;
    int32_t count = all ? (int32_t)page->image->topics_by_name.count : request->topics.count;
    page->names = arena_new_array(page->call->arena, struct slice, count);
    if (all) {
        struct topic **topics = image_sorted_topics(page->image);
        for (int32_t i = 0; i < count; i++)
            page->names[page->name_count++] = topics[i]->name;
        free(topics);
        return;
    }
    for (int32_t i = 0; i < count; i++)
        page->names[i] = request->topics.items[i].name;
    qsort(page->names, (size_t)count, sizeof *page->names, compare_names);
    for (int32_t i = 0; i < count; i++)
        if (page->name_count == 0 || !slice_equal(page->names[page->name_count - 1], page->names[i]))
            page->names[page->name_count++] = page->names[i];
}

/* Starts at the cursor. False if it does not fit the topics asked for. */
static bool seek(struct page *page, const struct describe_topic_partitions_request *request)
{
    const struct describe_topic_partitions_cursor *cursor = request->cursor;
    if (cursor == NULL)
        return true;
    if (cursor->partition_index < 0)
        return false;
    int32_t first = 0;
    while (first < page->name_count && slice_compare(page->names[first], cursor->topic_name) < 0)
        first++;
    page->names += first;
    page->name_count -= first;
    bool named = page->name_count > 0 && slice_equal(page->names[0], cursor->topic_name);
    return named || request->topics.count == 0;
}

static void describe_partition(struct page *page, const struct topic *topic, int32_t index,
                               struct describe_topic_partitions_response_partition *answer)
{
    const struct partition_state *state = &topic->partitions[index];
    bool led = state->leader != NO_LEADER && is_reachable(page->call, page->image, state->leader);
    answer->partition_index = index;
    answer->leader_id = led ? state->leader : -1;
    answer->leader_epoch = state->leader_epoch;
    list_ids(page->call, state->replicas, &answer->replica_nodes);
    list_ids(page->call, state->isr, &answer->isr_nodes);
    list_ids(page->call, state->eligible_leader_replicas, &answer->eligible_leader_replicas);
    list_ids(page->call, state->last_known_elr, &answer->last_known_elr);
    list_offline_replicas(page->call, page->image, state, &answer->offline_replicas);
}

/* What fits of a topic from partition `first` on; returns the index of the first partition that did not
 * fit. */
static int32_t describe_topic(struct page *page, const struct topic *topic, int32_t first,
                              struct describe_topic_partitions_response_topic *answer)
{
    int32_t count = topic->partition_count > first ? topic->partition_count - first : 0;
    if (count > page->partitions_left)
        count = page->partitions_left;
    answer->topic_id = topic->id;
    array_init(&answer->partitions, describe_topic_partitions_response_partition, page->call->arena, count);
    for (int32_t i = 0; i < count; i++)
        describe_partition(page, topic, first + i, &answer->partitions.items[i]);
    page->partitions_left -= count;
    return first + count;
}

static void set_cursor(struct page *page, struct slice name, int32_t partition)
{
    struct describe_topic_partitions_response *response = page->call->response;
    response->next_cursor = arena_new(page->call->arena, struct describe_topic_partitions_cursor);
    response->next_cursor->topic_name = arena_dup(page->call->arena, name);
    response->next_cursor->partition_index = partition;
}

/* What the client may not know of comes last, whether it exists or not; where all are asked for, not at
 * all. */
static void refuse_hidden(struct page *page)
{
    struct describe_topic_partitions_response *response = page->call->response;
    for (int32_t i = 0; i < page->hidden_count && !page->all; i++) {
        struct describe_topic_partitions_response_topic *answer =
            &response->topics.items[response->topics.count++];
        answer->name = page->hidden[i];
        answer->error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
    }
}

static void describe_page(struct page *page, int32_t first_partition)
{
    struct describe_topic_partitions_response *response = page->call->response;
    array_init(&response->topics, describe_topic_partitions_response_topic, page->call->arena,
               page->name_count);
    response->topics.count = 0;
    page->hidden = arena_new_array(page->call->arena, struct slice, page->name_count);
    for (int32_t i = 0; i < page->name_count; i++) {
        struct slice name = page->names[i];
        if (!authorize_topic(page->call, ACL_DESCRIBE, name)) {
            page->hidden[page->hidden_count++] = name;
            continue;
        }
        if (page->partitions_left == 0) {
            set_cursor(page, name, 0);
            return;
        }
        struct describe_topic_partitions_response_topic *answer =
            &response->topics.items[response->topics.count++];
        answer->name = arena_dup(page->call->arena, name);
        answer->is_internal = is_internal_topic(name);
        answer->topic_authorized_operations = authorized_operations(page->call, ACL_TOPIC, name);
        const struct topic *topic = image_find_topic(page->image, name);
        if (topic == NULL) {
            answer->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
            continue;
        }
        int32_t next = describe_topic(page, topic, i == 0 ? first_partition : 0, answer);
        if (next < topic->partition_count) {
            set_cursor(page, name, next);
            return;
        }
    }
}

/* Kafka fails such a request as a whole and says so once for each name, as they were asked for. */
static void refuse_all(struct call *call, enum kerr error)
{
    const struct describe_topic_partitions_request *request = call->request;
    struct describe_topic_partitions_response *response = call->response;
    array_init(&response->topics, describe_topic_partitions_response_topic, call->arena,
               request->topics.count);
    for (int32_t i = 0; i < request->topics.count; i++) {
        response->topics.items[i].error_code = (int16_t)error;
        response->topics.items[i].name = request->topics.items[i].name;
    }
}

static bool has_illegal_name(const struct describe_topic_partitions_request *request)
{
    for (int32_t i = 0; i < request->topics.count; i++)
        if (!topic_name_is_valid(request->topics.items[i].name, NULL))
            return true;
    return false;
}

void handle_describe_topic_partitions(struct call *call)
{
    const struct describe_topic_partitions_request *request = call->request;
    struct page page = {.call = call};
    int32_t limit = call->broker->config.max_request_partition_size_limit;
    page.partitions_left =
        request->response_partition_limit < limit ? request->response_partition_limit : limit;
    if (page.partitions_left < 1)
        page.partitions_left = 1;
    page.image = cluster_read(call->broker->cluster);
    collect_names(&page, request);
    bool fits = seek(&page, request);
    if (!fits)
        refuse_all(call, KERR_INVALID_REQUEST);
    else if (has_illegal_name(request))
        refuse_all(call, KERR_UNKNOWN_SERVER_ERROR);
    else {
        describe_page(&page, request->cursor != NULL && page.name_count > 0
                                     && slice_equal(page.names[0], request->cursor->topic_name)
                                 ? request->cursor->partition_index
                                 : 0);
        refuse_hidden(&page);
    }
    cluster_read_done(call->broker->cluster);
}
