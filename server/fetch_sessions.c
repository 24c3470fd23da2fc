/*
 * See fetch_sessions.h. Invariants:
 *   1. A session's epoch is the one that its client's next request must carry; it moves when a request is
 *      accepted.
 *   2. A session with topic ids has only partitions that were named by id, one without only such that were
 *      named by name.
 *   3. `count` sessions with `partition_count` partitions are in the map and in the list; the list is in
 *      order of use, the one used longest ago first.
 */
#include "server/fetch_sessions.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/list.h"
#include "protocol/base/map.h"
#include "storage/os/clock.h"
#include "storage/os/mutex.h"

#include <stdlib.h>

enum {
    MIN_EVICTION_MS = 120 * 1000, /* Kafka's: a session idle for less keeps its place */
    MAX_TOPIC_BYTES = 255,
    FULL_FETCH_EPOCH = -1,
    FIRST_EPOCH = 0,
    PARTITIONS_PER_SLOT = 1000, /* so many for each slot, all together: a few hundred bytes each */
};

/* A partition of a session. Its key (topic id or name, then the index) stands behind the struct. */
struct session_partition {
    struct list_node node; /* in the order to read */
    struct fetch_target target;
    size_t key_len;
    uint8_t key[];
};

struct session {
    struct list_node node; /* in the cache */
    int32_t id;
    int32_t epoch;
    bool by_topic_id;
    int64_t used_ms;
    struct list_node partitions;
    struct map by_key;
    int32_t count;
};

struct fetch_sessions {
    struct mutex mutex;
    int32_t slots; /* constant, as the seed of the maps */
    uint64_t seed;
    uint64_t random_state GUARDED_BY(mutex);
    int32_t count GUARDED_BY(mutex);
    int64_t partition_count GUARDED_BY(mutex);
    struct map by_id GUARDED_BY(mutex);
    struct list_node in_use_order GUARDED_BY(mutex);
};

struct fetch_sessions *fetch_sessions_new(int32_t slots, uint64_t seed)
{
    struct fetch_sessions *sessions = calloc(1, sizeof *sessions);
    ensure(sessions != NULL && "out of memory");
    mutex_init(&sessions->mutex, RANK_FETCH_SESSIONS);
    sessions->slots = slots;
    sessions->seed = sessions->random_state = seed;
    list_init(&sessions->in_use_order);
    return sessions;
}

static struct slice id_key(const struct session *session)
{
    return slice_of(&session->id, sizeof session->id);
}

static struct slice key_of(const struct session_partition *partition)
{
    return slice_of(partition->key, partition->key_len);
}

static void remove_partition(struct session *session, struct session_partition *partition)
{
    map_remove(&session->by_key, key_of(partition));
    list_remove(&partition->node);
    session->count--;
    free(partition);
}

static void remove_session(struct fetch_sessions *sessions, struct session *session) NEEDS(sessions->mutex)
{
    sessions->partition_count -= session->count;
    while (!list_is_empty(&session->partitions))
        remove_partition(session, list_entry(session->partitions.next, struct session_partition, node));
    map_remove(&sessions->by_id, id_key(session));
    list_remove(&session->node);
    map_fini(&session->by_key);
    sessions->count--;
    free(session);
}

void fetch_sessions_free(struct fetch_sessions *sessions)
{
    if (sessions == NULL)
        return;
    mutex_lock(&sessions->mutex);
    while (!list_is_empty(&sessions->in_use_order))
        remove_session(sessions, list_entry(sessions->in_use_order.next, struct session, node));
    map_fini(&sessions->by_id);
    mutex_unlock(&sessions->mutex);
    mutex_fini(&sessions->mutex);
    free(sessions);
}

static struct session *find_session(struct fetch_sessions *sessions, int32_t id) NEEDS(sessions->mutex)
{
    return map_find(&sessions->by_id, slice_of(&id, sizeof id));
}

static bool make_room(struct fetch_sessions *sessions, int64_t now_ms) NEEDS(sessions->mutex)
{
    if (sessions->count < sessions->slots)
        return true;
    if (list_is_empty(&sessions->in_use_order))
        return false;
    struct session *oldest = list_entry(sessions->in_use_order.next, struct session, node);
    if (now_ms - oldest->used_ms < MIN_EVICTION_MS)
        return false;
    remove_session(sessions, oldest);
    return true;
}

/* splitmix64: ids that do not repeat soon and that nobody outside can count on; Kafka's are no secrets
 * either. */
static uint64_t next_random(struct fetch_sessions *sessions) NEEDS(sessions->mutex)
{
    uint64_t z = sessions->random_state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static struct session *add_session(struct fetch_sessions *sessions, bool by_topic_id) NEEDS(sessions->mutex)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!make_room(sessions, now_ms))
        return NULL;
    struct session *session = calloc(1, sizeof *session);
    ensure(session != NULL && "out of memory");
    session->id = (int32_t)(next_random(sessions) & INT32_MAX);
    while (session->id == 0 || find_session(sessions, session->id) != NULL)
        session->id = (int32_t)(((uint32_t)session->id + 1) & INT32_MAX);
    session->epoch = 1;
    session->by_topic_id = by_topic_id;
    session->used_ms = now_ms;
    list_init(&session->partitions);
    map_init(&session->by_key, sessions->seed);
    map_put(&sessions->by_id, id_key(session), session);
    list_append(&sessions->in_use_order, &session->node);
    sessions->count++;
    return session;
}

/* Topic id or name, then the index. */
static size_t make_key(const struct session *session, struct slice topic, const struct uuid *topic_id,
                       int32_t partition, uint8_t key[MAX_TOPIC_BYTES + 4])
{
    struct slice name = session->by_topic_id ? uuid_key(topic_id) : topic;
    size_t len = name.len < MAX_TOPIC_BYTES ? name.len : MAX_TOPIC_BYTES;
    if (len > 0)
        memcpy(key, name.data, len);
    store_i32(key + len, partition);
    return len + 4;
}

/* Where a target's topic name lives once it is in a session: in the partition's own key. */
static void adopt(struct session *session, struct session_partition *partition,
                  const struct fetch_target *target)
{
    int64_t told_high_watermark = partition->target.told_high_watermark;
    int64_t told_log_start_offset = partition->target.told_log_start_offset;
    partition->target = *target;
    partition->target.told_high_watermark = told_high_watermark;
    partition->target.told_log_start_offset = told_log_start_offset;
    partition->target.topic =
        session->by_topic_id ? SLICE_NULL : slice_of(partition->key, partition->key_len - 4);
}

static void put_partition(struct session *session, const struct fetch_target *target)
{
    uint8_t key[MAX_TOPIC_BYTES + 4];
    size_t key_len = make_key(session, target->topic, &target->topic_id, target->partition, key);
    struct session_partition *partition = map_find(&session->by_key, slice_of(key, key_len));
    if (partition == NULL) {
        partition = calloc(1, sizeof *partition + key_len);
        ensure(partition != NULL && "out of memory");
        memcpy(partition->key, key, key_len);
        partition->key_len = key_len;
        partition->target.told_high_watermark = partition->target.told_log_start_offset = -1;
        list_append(&session->partitions, &partition->node);
        map_put(&session->by_key, key_of(partition), partition);
        session->count++;
    }
    adopt(session, partition, target);
}

static struct fetch_target target_of(const struct fetch_topic *topic, const struct fetch_partition *partition,
                                     int version)
{
    return (struct fetch_target){
        .topic = version < 13 ? topic->topic : SLICE_NULL,
        .topic_id = topic->topic_id,
        .partition = partition->partition,
        .max_bytes = partition->partition_max_bytes,
        .fetch_offset = partition->fetch_offset,
        .log_start_offset = partition->log_start_offset,
        .current_leader_epoch = partition->current_leader_epoch,
        .last_fetched_epoch = partition->last_fetched_epoch,
        .told_high_watermark = -1,
        .told_log_start_offset = -1,
    };
}

static void put_all(struct session *session, const struct fetch_request *request, int version)
{
    for (int32_t i = 0; i < request->topics.count; i++) {
        const struct fetch_topic *topic = &request->topics.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            struct fetch_target target = target_of(topic, &topic->partitions.items[j], version);
            put_partition(session, &target);
        }
    }
}

static void forget_all(struct session *session, const struct fetch_request *request)
{
    for (int32_t i = 0; i < request->forgotten_topics_data.count; i++) {
        const struct fetch_forgotten_topic *topic = &request->forgotten_topics_data.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            uint8_t key[MAX_TOPIC_BYTES + 4];
            size_t len = make_key(session, topic->topic, &topic->topic_id, topic->partitions.items[j], key);
            struct session_partition *partition = map_find(&session->by_key, slice_of(key, len));
            if (partition != NULL)
                remove_partition(session, partition);
        }
    }
}

/* A copy in the arena: the session may change or go while its partitions are read. */
static void targets_of_session(const struct session *session, struct arena *arena,
                               struct fetch_context *context)
{
    context->targets = arena_new_array(arena, struct fetch_target, session->count);
    list_for_each(node, &session->partitions) {
        const struct session_partition *partition = list_entry(node, struct session_partition, node);
        struct fetch_target *target = &context->targets[context->target_count++];
        *target = partition->target;
        target->topic = arena_dup(arena, target->topic);
    }
}

/* The request's own partitions, for a fetch without a session. One that is named twice is read once, where it
 * was named first, with what was said last, as in a session. */
static void targets_of_request(const struct fetch_request *request, int version, uint64_t seed,
                               struct arena *arena, struct fetch_context *context)
{
    struct session once = {.by_topic_id = version >= 13};
    list_init(&once.partitions);
    map_init(&once.by_key, seed);
    put_all(&once, request, version);
    targets_of_session(&once, arena, context);
    while (!list_is_empty(&once.partitions))
        remove_partition(&once, list_entry(once.partitions.next, struct session_partition, node));
    map_fini(&once.by_key);
}

/* Applies a request to its session. False if there are too many partitions in the cache now: the session is
 * gone. */
static bool change_session(struct fetch_sessions *sessions, struct session *session,
                           const struct fetch_request *request, int version) NEEDS(sessions->mutex)
{
    int32_t before = session->count;
    put_all(session, request, version);
    forget_all(session, request);
    sessions->partition_count += session->count - before;
    if (sessions->partition_count <= (int64_t)sessions->slots * PARTITIONS_PER_SLOT)
        return true;
    remove_session(sessions, session);
    return false;
}

/* Leaves session id 0 where there is no session. */
static void begin_full(struct fetch_sessions *sessions, const struct fetch_request *request, int version,
                       struct arena *arena, struct fetch_context *context) NEEDS(sessions->mutex)
{
    struct session *old = find_session(sessions, request->session_id);
    if (old != NULL)
        remove_session(sessions, old);
    struct session *session =
        request->session_epoch == FIRST_EPOCH ? add_session(sessions, version >= 13) : NULL;
    if (session == NULL || !change_session(sessions, session, request, version))
        return;
    targets_of_session(session, arena, context);
    context->session_id = session->id;
}

static void begin_incremental(struct fetch_sessions *sessions, const struct fetch_request *request,
                              int version, struct arena *arena, struct fetch_context *context)
    NEEDS(sessions->mutex)
{
    struct session *session = find_session(sessions, request->session_id);
    if (session == NULL)
        context->error = KERR_FETCH_SESSION_ID_NOT_FOUND;
    else if (session->epoch != request->session_epoch)
        context->error = KERR_INVALID_FETCH_SESSION_EPOCH;
    else if (session->by_topic_id != (version >= 13))
        context->error = KERR_FETCH_SESSION_TOPIC_ID_ERROR;
    if (context->error != KERR_NONE)
        return;
    if (!change_session(sessions, session, request, version)) {
        context->error = KERR_FETCH_SESSION_ID_NOT_FOUND; /* the client begins anew */
        return;
    }
    if (session->count == 0) {
        remove_session(sessions, session);
        return;
    }
    session->epoch = session->epoch == INT32_MAX ? 1 : session->epoch + 1;
    session->used_ms = clock_monotonic_ms();
    list_remove(&session->node);
    list_append(&sessions->in_use_order, &session->node);
    targets_of_session(session, arena, context);
    context->session_id = session->id;
    context->incremental = true;
}

void fetch_sessions_begin(struct fetch_sessions *sessions, const struct fetch_request *request, int version,
                          struct arena *arena, struct fetch_context *context)
{
    *context = (struct fetch_context){.error = KERR_NONE};
    bool is_full = request->session_epoch == FULL_FETCH_EPOCH || request->session_epoch == FIRST_EPOCH;
    mutex_lock(&sessions->mutex);
    if (is_full)
        begin_full(sessions, request, version, arena, context);
    else
        begin_incremental(sessions, request, version, arena, context);
    mutex_unlock(&sessions->mutex);
    if (is_full && context->session_id == 0)
        targets_of_request(request, version, sessions->seed, arena, context);
}

static void remember(struct session *session, const struct fetch_target *target,
                     const struct fetch_told *told)
{
    uint8_t key[MAX_TOPIC_BYTES + 4];
    size_t len = make_key(session, target->topic, &target->topic_id, target->partition, key);
    struct session_partition *partition = map_find(&session->by_key, slice_of(key, len));
    if (partition == NULL)
        return;
    partition->target.told_high_watermark = told->high_watermark;
    partition->target.told_log_start_offset = told->log_start_offset;
    if (told->has_records) {
        list_remove(&partition->node);
        list_append(&session->partitions, &partition->node);
    }
}

void fetch_sessions_end(struct fetch_sessions *sessions, const struct fetch_context *context,
                        const struct fetch_told *told)
{
    if (context->session_id == 0)
        return;
    mutex_lock(&sessions->mutex);
    struct session *session = find_session(sessions, context->session_id);
    for (int32_t i = 0; session != NULL && i < context->target_count; i++)
        remember(session, &context->targets[i], &told[i]);
    mutex_unlock(&sessions->mutex);
}

void fetch_sessions_cancel(struct fetch_sessions *sessions, const struct fetch_context *context)
{
    if (context->session_id == 0)
        return;
    mutex_lock(&sessions->mutex);
    struct session *session = find_session(sessions, context->session_id);
    if (session != NULL)
        remove_session(sessions, session);
    mutex_unlock(&sessions->mutex);
}
