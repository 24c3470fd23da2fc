/*
 * See group_offsets.h. Invariants:
 *   1. A group of `by_group` has at least one topic, a topic at least one offset; offsets are in order of
 *      partition.
 *   2. Nothing here changes but by group_offsets_apply, which follows a stored record: commits, deletions and
 *      expiry only write records.
 */
#include "server/coordinator/group_offsets.h"

#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "server/coordinator/consumer_group.h"

#include <stdlib.h>
#include <string.h>

enum {
    VERSION_MEMBER_EPOCHS = 9,
    GROUPS_PER_EXPIRY = 100,           /* looked at in one step, so that nobody waits long for the shard */
    TOMBSTONE_BYTES = 32,              /* of a record and its key, without the names */
    TOMBSTONES_MAX_BYTES = 512 * 1024, /* in one step: half of what a batch may have */
};

struct committed {
    int32_t partition;
    int32_t leader_epoch;
    int64_t offset;
    int64_t commit_ms;     /* since 1970, both */
    int64_t expire_ms;     /* -1: as the broker's configuration says; others may be negative too */
    int64_t record_offset; /* in the log; of two, the later one is in force, whenever it came to be known */
    struct uuid topic_id;
    struct slice metadata; /* its own memory, unless it is empty */
};

struct topic_offsets {
    struct slice topic; /* its own memory */
    struct committed *items;
    int32_t count, capacity;
};

struct one_groups_offsets {
    struct slice group; /* its own memory */
    struct map topics;  /* struct topic_offsets */
};

struct group_offsets {
    struct map by_group; /* struct one_groups_offsets */
    uint64_t hash_seed;
    int64_t due_ms;      /* when expiry looks again; INT64_MAX until the clock is known */
    size_t expiry_place; /* in by_group, of the pass that runs */
};

/* ---- the offsets ---- */

struct group_offsets *group_offsets_new(uint64_t hash_seed)
{
    struct group_offsets *offsets = calloc(1, sizeof *offsets);
    ensure(offsets != NULL);
    offsets->hash_seed = hash_seed;
    offsets->due_ms = INT64_MAX;
    map_init(&offsets->by_group, hash_seed);
    return offsets;
}

static void free_metadata(struct slice metadata)
{
    if (metadata.len > 0)
        memory_free_slice(metadata);
}

static void free_topic(struct topic_offsets *topic)
{
    for (int32_t i = 0; i < topic->count; i++)
        free_metadata(topic->items[i].metadata);
    free(topic->items);
    memory_free_slice(topic->topic);
    free(topic);
}

static void free_group(struct one_groups_offsets *group)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&group->topics, &cursor)) != NULL;)
        free_topic(entry->value);
    map_fini(&group->topics);
    memory_free_slice(group->group);
    free(group);
}

void group_offsets_free(struct group_offsets *offsets)
{
    if (offsets == NULL)
        return;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&offsets->by_group, &cursor)) != NULL;)
        free_group(entry->value);
    map_fini(&offsets->by_group);
    free(offsets);
}

bool group_offsets_has(const struct group_offsets *offsets, struct slice group_id)
{
    return map_find(&offsets->by_group, group_id) != NULL;
}

/* Where the partition stands, or would. */
static int32_t place_of(const struct topic_offsets *topic, int32_t partition)
{
    int32_t low = 0;
    int32_t high = topic->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (topic->items[middle].partition < partition)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct committed *find_in_topic(const struct topic_offsets *topic, int32_t partition)
{
    int32_t place = topic == NULL ? 0 : place_of(topic, partition);
    if (topic == NULL || place == topic->count || topic->items[place].partition != partition)
        return NULL;
    return &topic->items[place];
}

static const struct topic_offsets *find_topic(const struct group_offsets *offsets, struct slice group_id,
                                              struct slice topic)
{
    const struct one_groups_offsets *group = map_find(&offsets->by_group, group_id);
    return group == NULL ? NULL : map_find(&group->topics, topic);
}

static struct one_groups_offsets *get_group(struct group_offsets *offsets, struct slice group_id)
{
    struct one_groups_offsets *group = map_find(&offsets->by_group, group_id);
    if (group != NULL)
        return group;
    group = calloc(1, sizeof *group);
    ensure(group != NULL);
    group->group = memory_dup(group_id);
    map_init(&group->topics, offsets->hash_seed);
    map_put(&offsets->by_group, group->group, group);
    return group;
}

static struct topic_offsets *get_topic(struct one_groups_offsets *group, struct slice name)
{
    struct topic_offsets *topic = map_find(&group->topics, name);
    if (topic != NULL)
        return topic;
    topic = calloc(1, sizeof *topic);
    ensure(topic != NULL);
    topic->topic = memory_dup(name);
    map_put(&group->topics, topic->topic, topic);
    return topic;
}

static struct committed *get_partition(struct topic_offsets *topic, int32_t partition)
{
    struct committed *found = find_in_topic(topic, partition);
    if (found != NULL)
        return found;
    if (topic->count == topic->capacity) {
        topic->capacity = topic->capacity == 0 ? 1 : 2 * topic->capacity;
        topic->items = realloc(topic->items, (size_t)topic->capacity * sizeof *topic->items);
        ensure(topic->items != NULL);
    }
    int32_t place = place_of(topic, partition);
    memmove(&topic->items[place + 1], &topic->items[place],
            (size_t)(topic->count - place) * sizeof *topic->items);
    topic->count++;
    topic->items[place] = (struct committed){.partition = partition, .record_offset = -1};
    return &topic->items[place];
}

static void take_back(struct group_offsets *offsets, const struct offset_commit_key *key)
{
    struct one_groups_offsets *group = map_find(&offsets->by_group, key->group);
    struct topic_offsets *topic = group == NULL ? NULL : map_find(&group->topics, key->topic);
    struct committed *gone = find_in_topic(topic, key->partition);
    if (gone == NULL)
        return;
    free_metadata(gone->metadata);
    int32_t place = (int32_t)(gone - topic->items);
    memmove(gone, gone + 1, (size_t)(topic->count - place - 1) * sizeof *gone);
    if (--topic->count > 0)
        return;
    map_remove(&group->topics, topic->topic);
    free_topic(topic);
    if (group->topics.count > 0)
        return;
    map_remove(&offsets->by_group, group->group);
    free_group(group);
}

void group_offsets_apply(struct group_offsets *offsets, const struct offset_commit_key *key,
                         const struct offset_commit_value *value, int64_t record_offset)
{
    if (value == NULL) {
        take_back(offsets, key);
        return;
    }
    struct committed *at =
        get_partition(get_topic(get_group(offsets, key->group), key->topic), key->partition);
    if (at->record_offset > record_offset)
        return;
    free_metadata(at->metadata);
    *at = (struct committed){
        .partition = key->partition,
        .leader_epoch = value->leader_epoch,
        .offset = value->offset,
        .commit_ms = value->commit_timestamp,
        .expire_ms = value->expire_timestamp,
        .record_offset = record_offset,
        .topic_id = value->topic_id,
        .metadata = value->metadata.len == 0 ? SLICE("") : memory_dup(value->metadata),
    };
}

/* ---- records ---- */

static void write_tombstone(struct group_effects *effects, struct slice group_id, struct slice topic,
                            int32_t partition)
{
    struct offset_commit_key *key = arena_new(effects->arena, struct offset_commit_key);
    *key = (struct offset_commit_key){arena_dup(effects->arena, group_id), arena_dup(effects->arena, topic),
                                      partition};
    group_write(effects, &offset_commit_key_message, key, NULL);
    effects->tombstone_bytes += TOMBSTONE_BYTES + group_id.len + topic.len;
}

static bool is_full(const struct group_effects *effects)
{
    return effects->tombstone_bytes >= TOMBSTONES_MAX_BYTES;
}

static void write_topic_tombstones(struct group_effects *effects, struct slice group_id,
                                   const struct topic_offsets *topic)
{
    int32_t written = 0;
    for (; written < topic->count && !is_full(effects); written++)
        write_tombstone(effects, group_id, topic->topic, topic->items[written].partition);
    effects->unfinished |= written < topic->count;
}

void group_offsets_write_tombstones(const struct groups *groups, struct slice group_id,
                                    struct group_effects *effects)
{
    const struct one_groups_offsets *group = map_find(&groups->offsets->by_group, group_id);
    size_t cursor = 0;
    for (struct map_entry *entry; group != NULL && (entry = map_next(&group->topics, &cursor)) != NULL;)
        write_topic_tombstones(effects, group_id, entry->value);
}

/* ---- OffsetCommit ---- */

static void refuse_all(struct offset_commit_response *response, enum kerr error)
{
    for (int32_t i = 0; i < response->topics.count; i++)
        for (int32_t j = 0; j < response->topics.items[i].partitions.count; j++)
            response->topics.items[i].partitions.items[j].error_code = (int16_t)error;
}

static bool is_too_long(const struct groups *groups, struct slice metadata)
{
    size_t max = (size_t)groups->config.offset_metadata_max_bytes;
    return metadata.len > max && slice_utf16_len(metadata) > max;
}

static struct offset_committer committer_of(const struct group_event *event)
{
    const struct offset_commit_request *request = event->request;
    return (struct offset_committer){
        .member_id = request->member_id,
        .group_instance_id = request->group_instance_id,
        .generation = request->generation_id_or_member_epoch,
        .version = event->reply->version,
    };
}

static enum kerr check_commit(struct groups *groups, struct group *group, const struct group_event *event,
                              bool *per_partition)
{
    const struct offset_committer committer = committer_of(event);
    if (group == NULL && committer.generation < 0)
        return KERR_NONE;
    if (group == NULL)
        return committer.version >= VERSION_MEMBER_EPOCHS ? KERR_GROUP_ID_NOT_FOUND : KERR_ILLEGAL_GENERATION;
    if (group->kind == GROUP_IS_CLASSIC)
        return classic_group_check_committer(groups, group, &committer, event->now_ms);
    return consumer_group_check_committer(group, &committer, per_partition);
}

/* One partition that the member may not own at the epoch it names makes the whole commit wrong. */
static enum kerr check_partitions(const struct groups *groups, const struct group *group,
                                  const struct group_event *event,
                                  const struct offset_commit_request_topic *topic)
{
    const struct offset_committer committer = committer_of(event);
    enum kerr error = KERR_NONE;
    for (int32_t i = 0; i < topic->partitions.count && error == KERR_NONE; i++)
        if (!is_too_long(groups, topic->partitions.items[i].committed_metadata))
            error = consumer_group_check_partition(group, &committer, topic->topic_id,
                                                   topic->partitions.items[i].partition_index);
    return error;
}

/* -1: as the broker's configuration says. Any other number is added, as in Java. */
static int64_t expiry_of(const struct group_event *event)
{
    const struct offset_commit_request *request = event->request;
    if (request->retention_time_ms == -1)
        return -1;
    return (int64_t)((uint64_t)event->wall_ms + (uint64_t)request->retention_time_ms);
}

static void write_commit(const struct group_event *event, const struct offset_commit_request_topic *topic,
                         const struct offset_commit_request_partition *partition,
                         struct group_effects *effects)
{
    struct offset_commit_key *key = arena_new(effects->arena, struct offset_commit_key);
    *key = (struct offset_commit_key){event->group_id, topic->name, partition->partition_index};
    struct offset_commit_value *value = arena_new(effects->arena, struct offset_commit_value);
    *value = (struct offset_commit_value){
        .offset = partition->committed_offset,
        .leader_epoch = partition->committed_leader_epoch,
        .metadata = slice_is_null(partition->committed_metadata) ? SLICE("") : partition->committed_metadata,
        .commit_timestamp = event->wall_ms,
        .expire_timestamp = expiry_of(event),
        .topic_id = topic->topic_id,
    };
    group_write(effects, &offset_commit_key_message, key, value);
}

static void commit_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                           struct group_effects *effects)
{
    (void)groups;
    (void)effects;
    refuse_all(event->reply->response, group_error_of_append(error));
}

static void commit_topic(const struct groups *groups, const struct group_event *event,
                         const struct offset_commit_request_topic *topic,
                         struct offset_commit_response_topic *answer, struct group_effects *effects)
{
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct offset_commit_request_partition *partition = &topic->partitions.items[i];
        if (is_too_long(groups, partition->committed_metadata))
            answer->partitions.items[i].error_code = KERR_OFFSET_METADATA_TOO_LARGE;
        else
            write_commit(event, topic, partition, effects);
    }
}

void group_offsets_commit(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects)
{
    const struct offset_commit_request *request = event->request;
    struct offset_commit_response *response = event->reply->response;
    struct group *group = find_group(groups, event->group_id);
    bool per_partition = false;
    enum kerr error = check_commit(groups, group, event, &per_partition);
    for (int32_t i = 0; per_partition && i < request->topics.count && error == KERR_NONE; i++)
        error = check_partitions(groups, group, event, &request->topics.items[i]);
    for (int32_t i = 0; i < request->topics.count && error == KERR_NONE; i++)
        commit_topic(groups, event, &request->topics.items[i], &response->topics.items[i], effects);
    if (error != KERR_NONE)
        refuse_all(response, error);
    effects->refused = commit_refused;
    group_answer(effects, event->reply);
}

/* ---- OffsetFetch ---- */

static void tell(struct offset_fetch_response_partitions *answer, const struct committed *committed,
                 struct arena *arena)
{
    answer->committed_offset = committed == NULL ? -1 : committed->offset;
    answer->committed_leader_epoch = committed == NULL ? -1 : committed->leader_epoch;
    answer->metadata = committed == NULL ? SLICE("") : arena_dup(arena, committed->metadata);
}

static void tell_asked(const struct groups *groups, const struct group_event *event,
                       const struct offset_fetch_request_topics *topic,
                       struct offset_fetch_response_topics *answer)
{
    const struct topic_offsets *found = find_topic(groups->offsets, event->group_id, topic->name);
    for (int32_t i = 0; i < answer->partitions.count; i++) {
        struct offset_fetch_response_partitions *partition = &answer->partitions.items[i];
        tell(partition, find_in_topic(found, partition->partition_index), event->reply->arena);
    }
}

static void tell_topic(const struct topic_offsets *topic, struct offset_fetch_response_topics *answer,
                       struct arena *arena)
{
    answer->name = arena_dup(arena, topic->topic);
    array_init(&answer->partitions, offset_fetch_response_partitions, arena, topic->count);
    for (int32_t i = 0; i < topic->count; i++) {
        answer->partitions.items[i].partition_index = topic->items[i].partition;
        tell(&answer->partitions.items[i], &topic->items[i], arena);
    }
}

static void tell_all(const struct groups *groups, const struct group_event *event)
{
    struct offset_fetch_response_group *response = event->reply->response;
    const struct one_groups_offsets *group = map_find(&groups->offsets->by_group, event->group_id);
    int32_t count = group == NULL ? 0 : (int32_t)group->topics.count;
    array_init(&response->topics, offset_fetch_response_topics, event->reply->arena, count);
    size_t cursor = 0;
    for (int32_t i = 0; i < count; i++)
        tell_topic(map_next(&group->topics, &cursor)->value, &response->topics.items[i], event->reply->arena);
}

/* A group that is not there has committed nothing, whoever asks. */
static enum kerr check_fetch(const struct groups *groups, const struct group_event *event)
{
    const struct offset_fetch_request_group *request = event->request;
    const struct group *group = find_group(groups, event->group_id);
    if (group == NULL || group->kind == GROUP_IS_CLASSIC)
        return KERR_NONE;
    return consumer_group_check_fetcher(group, request->member_id, request->member_epoch);
}

void group_offsets_fetch(struct groups *groups, const struct group_event *event,
                         struct group_effects *effects)
{
    const struct offset_fetch_request_group *request = event->request;
    struct offset_fetch_response_group *response = event->reply->response;
    enum kerr error = check_fetch(groups, event);
    response->error_code = (int16_t)error;
    if (error != KERR_NONE)
        response->topics.count = 0;
    else if (request->topics.count < 0)
        tell_all(groups, event);
    for (int32_t i = 0; error == KERR_NONE && i < request->topics.count; i++)
        tell_asked(groups, event, &request->topics.items[i], &response->topics.items[i]);
    group_answer(effects, event->reply);
}

/* ---- OffsetDelete, deleted topics ---- */

static bool is_subscribed(const struct group *group, struct slice topic)
{
    if (group->kind == GROUP_IS_CLASSIC)
        return classic_group_is_subscribed(group, topic);
    return consumer_group_is_subscribed(group, topic);
}

/* A group of the classic protocol with members must be one of consumers: of others nobody knows what they
 * read. */
static enum kerr check_delete(const struct group *group)
{
    if (group == NULL)
        return KERR_GROUP_ID_NOT_FOUND;
    if (group->kind == GROUP_IS_CONSUMER || group_is_empty(group))
        return KERR_NONE;
    return slice_equal_str(classic_group_protocol_type(group), "consumer") ? KERR_NONE : KERR_NON_EMPTY_GROUP;
}

static void delete_of_topic(const struct groups *groups, const struct group_event *event, bool subscribed,
                            struct offset_delete_response_topic *answer, struct group_effects *effects)
{
    const struct topic_offsets *topic = find_topic(groups->offsets, event->group_id, answer->name);
    for (int32_t i = 0; i < answer->partitions.count; i++) {
        struct offset_delete_response_partition *partition = &answer->partitions.items[i];
        if (subscribed)
            partition->error_code = KERR_GROUP_SUBSCRIBED_TO_TOPIC;
        else if (find_in_topic(topic, partition->partition_index) != NULL)
            write_tombstone(effects, event->group_id, topic->topic, partition->partition_index);
    }
}

static void delete_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                           struct group_effects *effects)
{
    (void)groups;
    (void)effects;
    struct offset_delete_response *response = event->reply->response;
    response->error_code = (int16_t)group_error_of_append(error);
    response->topics.count = 0;
}

void group_offsets_delete(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects)
{
    struct offset_delete_response *response = event->reply->response;
    const struct group *group = find_group(groups, event->group_id);
    enum kerr error = check_delete(group);
    response->error_code = (int16_t)error;
    if (error != KERR_NONE)
        response->topics.count = 0;
    for (int32_t i = 0; i < response->topics.count; i++) {
        struct offset_delete_response_topic *topic = &response->topics.items[i];
        bool subscribed = !group_is_empty(group) && is_subscribed(group, topic->name);
        delete_of_topic(groups, event, subscribed, topic, effects);
    }
    effects->refused = delete_refused;
    group_answer(effects, event->reply);
}

void group_offsets_drop_topic(struct groups *groups, const struct group_event *event,
                              struct group_effects *effects)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&groups->offsets->by_group, &cursor)) != NULL;) {
        const struct one_groups_offsets *group = entry->value;
        const struct topic_offsets *topic = map_find(&group->topics, event->topic);
        if (topic != NULL)
            write_topic_tombstones(effects, group->group, topic);
    }
}

/* ---- expiry ---- */

void group_offsets_start_expiry(struct group_offsets *offsets, int64_t due_ms)
{
    offsets->due_ms = due_ms;
}

int64_t group_offsets_due_ms(const struct group_offsets *offsets)
{
    return offsets->due_ms;
}

/* How offsets of one group expire (kafka-apis 11.5). */
struct expiry {
    const struct group *group;
    int64_t since_ms;     /* -1: each since its commit */
    int64_t retention_ms; /* what the broker's configuration says */
    int64_t wall_ms;
};

static bool has_expired(const struct expiry *expiry, const struct committed *committed)
{
    if (committed->expire_ms != -1)
        return expiry->wall_ms >= committed->expire_ms;
    int64_t since_ms = expiry->since_ms >= 0 ? expiry->since_ms : committed->commit_ms;
    return expiry->wall_ms - since_ms >= expiry->retention_ms;
}

/* How many offsets of the topic stay. */
static int32_t expire_topic(const struct expiry *expiry, struct slice group_id,
                            const struct topic_offsets *topic, struct group_effects *effects)
{
    if (!group_is_empty(expiry->group) && is_subscribed(expiry->group, topic->topic))
        return topic->count;
    int32_t stay = topic->count;
    for (int32_t i = 0; i < topic->count; i++) {
        if (!has_expired(expiry, &topic->items[i])
            || is_full(effects)) /* of which the next pass takes care */
            continue;
        write_tombstone(effects, group_id, topic->topic, topic->items[i].partition);
        stay--;
    }
    return stay;
}

static void expire_group(const struct groups *groups, const struct group *group,
                         const struct group_event *event, struct group_effects *effects)
{
    struct expiry expiry = {group, -1, groups->config.offsets_retention_ms, event->wall_ms};
    if (group->kind == GROUP_IS_CLASSIC && !classic_group_offsets_expire(group, &expiry.since_ms))
        return;
    const struct one_groups_offsets *offsets = map_find(&groups->offsets->by_group, group->id);
    int64_t stay = 0;
    size_t cursor = 0;
    for (struct map_entry *entry; offsets != NULL && (entry = map_next(&offsets->topics, &cursor)) != NULL;)
        stay += expire_topic(&expiry, group->id, entry->value, effects);
    if (stay == 0 && group_is_empty(group))
        group_write_tombstones(group, effects);
}

/* A pass goes through the groups in steps. The map may change between two of them: then a group waits for the
 * next pass, or is looked at twice. */
void group_offsets_expire(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects)
{
    struct group_offsets *offsets = groups->offsets;
    for (int looked_at = 0; looked_at < GROUPS_PER_EXPIRY && !is_full(effects); looked_at++) {
        struct map_entry *entry = map_next(&groups->by_id, &offsets->expiry_place);
        if (entry == NULL) {
            offsets->expiry_place = 0;
            offsets->due_ms = event->now_ms + groups->config.offsets_retention_check_interval_ms;
            return;
        }
        expire_group(groups, entry->value, event, effects);
    }
}
