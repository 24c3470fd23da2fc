/*
 * See group_coordinator.h. Invariants:
 *   1. A shard's groups are what its partition's log says, with what was stored since. `groups` and
 *      `partition` are NULL while nobody has loaded it, or the partition is not here.
 *   2. A reply that waits stands in `parked` of its shard. It is answered, and its owner woken, under the
 *      shard's lock: the owner finds it whole, and nobody touches it afterwards.
 *   3. The lock is never held across a sync, nor while somebody waits for an answer.
 *   4. The thread looks at a shard no later than its due_ms: who sets that below looks_ms wakes it.
 */
#include "server/coordinator/group_coordinator.h"

#include "metadata/internal_topics.h"
#include "protocol/base/ensure.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/coordinator/group_log.h"
#include "server/coordinator/internal_topic.h"
#include "server/security/authorize.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_SERVER_COORDINATOR

enum { RETRY_MS = 1000 }; /* after this, what was due and could not be stored is tried again */

struct shard {
    struct group_coordinator *coordinator;
    int32_t index; /* of its partition */

    struct mutex mutex;                            /* RANK_GROUPS */
    struct partition *partition GUARDED_BY(mutex); /* referenced */
    struct groups *groups GUARDED_BY(mutex);
    struct list_node parked GUARDED_BY(mutex); /* struct group_reply.parked_node */
    int64_t sync_offset GUARDED_BY(mutex);     /* what answers wait for; -1: nothing */
    int64_t retry_ms GUARDED_BY(mutex);        /* monotonic; before this nothing that is due is tried */
    _Atomic int64_t due_ms; /* monotonic; when the thread has to look; written under the mutex */
};

struct group_coordinator {
    struct broker *broker;
    struct group_config config;
    struct arena arena; /* what the config points to */

    struct mutex mutex; /* RANK_COORDINATORS: making the shards, starting the thread */
    struct shard
        *_Atomic shards; /* shard_count of them, constant from then on; NULL: there is no topic yet */
    int32_t shard_count;

    struct thread thread;
    struct waiter waiter;
    _Atomic int64_t looks_ms; /* monotonic; the thread sleeps until then */
    _Atomic int64_t records_loaded;
};

/* ---- which shard ---- */

static int32_t count_partitions(struct group_coordinator *coordinator)
{
    const struct image *image = cluster_read(coordinator->broker->cluster);
    const struct topic *topic = image_find_topic(image, SLICE(CONSUMER_OFFSETS_TOPIC));
    int32_t count = topic == NULL ? 0 : topic->partition_count;
    cluster_read_done(coordinator->broker->cluster);
    return count;
}

static void shard_init(struct shard *shard, struct group_coordinator *coordinator, int32_t index)
{
    shard->coordinator = coordinator;
    shard->index = index;
    mutex_init(&shard->mutex, RANK_GROUPS);
    list_init(&shard->parked);
    shard->sync_offset = -1;
}

static struct shard *make_shards(struct group_coordinator *coordinator, int32_t count)
{
    struct shard *shards = calloc((size_t)count, sizeof *shards);
    ensure(shards != NULL && "out of memory");
    for (int32_t i = 0; i < count; i++)
        shard_init(&shards[i], coordinator, i);
    coordinator->shard_count = count;
    return shards;
}

static void *thread_main(void *context);

/* From here on what falls due is done whether or not somebody asks. */
static void start_thread(struct group_coordinator *coordinator)
{
    int error = thread_start(&coordinator->thread, "groups", thread_main, coordinator);
    if (error != 0)
        diag_error("cannot start the thread that looks after groups: %s", strerror(error));
}

/* NULL: the topic is not there. Their number stays what it was at first, as in Kafka. */
static struct shard *get_shards(struct group_coordinator *coordinator)
{
    struct shard *shards = atomic_load(&coordinator->shards);
    if (shards != NULL)
        return shards;
    mutex_lock(&coordinator->mutex);
    shards = atomic_load(&coordinator->shards);
    int32_t count = shards == NULL ? count_partitions(coordinator) : 0;
    if (count > 0) {
        shards = make_shards(coordinator, count);
        atomic_store(&coordinator->shards, shards);
        start_thread(coordinator);
    }
    mutex_unlock(&coordinator->mutex);
    return shards;
}

/* ---- answers ---- */

/* The owner's again: nobody touches it after this. */
static void hand_out(struct shard *shard, struct group_reply *reply, enum kerr error) NEEDS(shard->mutex)
{
    bool sleeps = !list_is_empty(&reply->parked_node);
    list_remove(&reply->parked_node);
    reply->error = error;
    reply->sync_offset = error == KERR_NONE ? shard->sync_offset : -1;
    reply->partition = reply->sync_offset < 0 ? NULL : partition_ref(shard->partition);
    reply->answered = true;
    if (sleeps)
        waiter_wake(reply->waiter);
}

static void hand_out_answered(struct shard *shard, struct group_effects *effects) NEEDS(shard->mutex)
{
    list_for_each(node, &effects->answered) {
        list_remove(node);
        hand_out(shard, list_entry(node, struct group_reply, node), KERR_NONE);
    }
}

/* ---- loading ---- */

static void unload(struct shard *shard) NEEDS(shard->mutex)
{
    list_for_each(node, &shard->parked) {
        struct group_reply *reply = list_entry(node, struct group_reply, parked_node);
        group_reply_withdraw(reply);
        hand_out(shard, reply, KERR_NOT_COORDINATOR);
    }
    groups_free(shard->groups);
    partition_unref(shard->partition);
    shard->groups = NULL;
    shard->partition = NULL;
    shard->sync_offset = -1;
    atomic_store(&shard->due_ms, INT64_MAX);
}

/* Takes over the reference. */
static enum kerr load(struct shard *shard, struct partition *partition) NEEDS(shard->mutex)
{
    struct note why = {""};
    struct groups *groups = groups_new(&shard->coordinator->config.groups, broker_random, NULL);
    int64_t count = group_log_load(partition, groups, &why);
    if (count < 0) {
        diag_error("%s-%d: its groups cannot be loaded: %s", CONSUMER_OFFSETS_TOPIC, (int)shard->index,
                   why.text);
        groups_free(groups);
        partition_unref(partition);
        return KERR_NOT_COORDINATOR;
    }
    shard->groups = groups;
    shard->partition = partition;
    struct group_effects effects;
    group_effects_init(&effects, NULL);
    struct cluster *cluster = shard->coordinator->broker->cluster;
    groups_loaded(groups, cluster_read(cluster), clock_monotonic_ms(), &effects);
    cluster_read_done(cluster);
    atomic_fetch_add(&shard->coordinator->records_loaded, count);
    return KERR_NONE;
}

/* Whether this broker coordinates the shard's groups: then they are loaded. */
static enum kerr make_ready(struct shard *shard) NEEDS(shard->mutex)
{
    if (shard->partition != NULL) {
        if (partition_check_leader(shard->partition, -1, true) == KERR_NONE)
            return KERR_NONE;
        unload(shard);
    }
    struct partition *partition =
        partitions_find(shard->coordinator->broker->partitions, SLICE(CONSUMER_OFFSETS_TOPIC), shard->index);
    if (partition == NULL)
        return KERR_NOT_COORDINATOR;
    if (partition_check_leader(partition, -1, true) == KERR_NONE)
        return load(shard, partition);
    partition_unref(partition);
    return KERR_NOT_COORDINATOR;
}

/* ---- steps ---- */

static enum kerr store(struct shard *shard, const struct group_event *event, struct group_effects *effects)
    NEEDS(shard->mutex)
{
    int64_t sync_offset = -1;
    enum kerr error = group_log_append(shard->partition, shard->coordinator->config.codec, effects,
                                       event->wall_ms, &sync_offset);
    if (error != KERR_NONE) {
        groups_refused(shard->groups, event, error, effects);
        return error;
    }
    if (sync_offset > shard->sync_offset)
        shard->sync_offset = sync_offset;
    diag_debug("%s-%d: %d records", CONSUMER_OFFSETS_TOPIC, (int)shard->index, (int)effects->record_count);
    groups_stored(shard->groups, event, effects);
    return KERR_NONE;
}

/* The thread must not sleep longer than until what is due next. */
static void plan(struct shard *shard) NEEDS(shard->mutex)
{
    int64_t due_ms = groups_next_due_ms(shard->groups);
    if (due_ms < shard->retry_ms)
        due_ms = shard->retry_ms;
    atomic_store(&shard->due_ms, due_ms);
    if (due_ms < atomic_load(&shard->coordinator->looks_ms))
        waiter_wake(&shard->coordinator->waiter);
}

/* What its records could not be stored for, if so. */
static enum kerr step(struct shard *shard, struct group_event *event) NEEDS(shard->mutex)
{
    struct cluster *cluster = shard->coordinator->broker->cluster;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct group_effects effects;
    enum kerr error = KERR_NONE;
    do {
        arena_reset(&arena);
        group_effects_init(&effects, &arena);
        event->image = cluster_read(cluster);
        groups_step(shard->groups, event, &effects);
        event->image = NULL;
        cluster_read_done(cluster);
        if (effects.record_count > 0)
            error = store(shard, event, &effects);
        hand_out_answered(shard, &effects);
    } while (effects.unfinished && error == KERR_NONE);
    arena_fini(&arena);
    plan(shard);
    return error;
}

/* ---- what clients ask ---- */

/* Until it is answered, or the broker stops. */
static void wait_for_answer(struct shard *shard, struct group_reply *reply) NEEDS(shard->mutex)
{
    enum waiter_result result = WAITER_WOKEN;
    list_append(&shard->parked, &reply->parked_node);
    while (!reply->answered && result != WAITER_STOPPED) {
        mutex_unlock(&shard->mutex);
        result = waiter_wait(reply->waiter, INT64_MAX);
        mutex_lock(&shard->mutex);
    }
    if (!reply->answered) {
        list_remove(&reply->parked_node);
        group_reply_withdraw(reply);
    }
}

/* What a member has to say may be millions of names, to be sorted and hashed while others wait for the shard
 * and the image, only to find that no record can hold them. No codec is expected to make them sixteen times
 * smaller. */
static size_t max_record_bytes(const struct shard *shard)
{
    struct log_config config;
    partition_get_config(shard->partition, &config);
    size_t bytes = (size_t)config.max_message_bytes;
    return shard->coordinator->config.codec == CODEC_NONE ? bytes : bytes * 16;
}

/* Whether a member says what it reads: a heartbeat that goes on as before is not long, and comes often. */
static bool subscribes(const struct group_event *event)
{
    const struct consumer_group_heartbeat_request *beat = event->request;
    return event->kind == GROUP_JOIN
           || (event->kind == GROUP_CONSUMER_HEARTBEAT && beat->subscribed_topic_names.count > 0);
}

static enum kerr ask_locked(struct shard *shard, struct group_event *event) NEEDS(shard->mutex)
{
    enum kerr error = make_ready(shard);
    if (error != KERR_NONE)
        return error;
    if (subscribes(event))
        event->max_record_bytes = max_record_bytes(shard);
    (void)step(shard, event); /* the answer says what was refused */
    if (!event->reply->answered)
        wait_for_answer(shard, event->reply);
    return event->reply->error;
}

static enum kerr begin(struct shard *shard, struct call *call, enum group_event_kind kind,
                       struct slice group_id, const void *request, void *response, struct group_sync *sync)
{
    struct group_reply reply = {
        .arena = call->arena,
        .response = response,
        .version = call->version,
        .waiter = &call->connection->waiter,
    };
    list_init(&reply.parked_node);
    struct group_event event = {
        .kind = kind,
        .group_id = group_id,
        .request = request,
        .reply = &reply,
        .client_id = slice_is_null(call->client_id) ? SLICE("") : call->client_id,
        .client_host = call_printf(call, "/%s", call->connection->peer),
        .principal = call->connection->principal,
        .now_ms = clock_monotonic_ms(),
        .wall_ms = clock_wall_ms(),
    };
    waiter_arm(reply.waiter);
    mutex_lock(&shard->mutex);
    enum kerr error = ask_locked(shard, &event);
    mutex_unlock(&shard->mutex);
    if (!reply.answered && error == KERR_NONE)
        call->verdict = CALL_CLOSE;
    *sync = (struct group_sync){
        .partition = reply.partition,
        .offset = reply.sync_offset,
        .deadline_ms = clock_monotonic_ms() + shard->coordinator->config.commit_timeout_ms,
    };
    return error;
}

enum kerr group_coordinator_begin(struct call *call, enum group_event_kind kind, struct slice group_id,
                                  const void *request, void *response, struct group_sync *sync)
{
    struct group_coordinator *coordinator = call->broker->group_coordinator;
    struct shard *shards = get_shards(coordinator);
    *sync = (struct group_sync){.partition = NULL};
    if (shards == NULL)
        return KERR_NOT_COORDINATOR;
    return begin(&shards[coordinator_partition(group_id, coordinator->shard_count)], call, kind, group_id,
                 request, response, sync);
}

enum kerr group_coordinator_sync(struct group_sync *sync)
{
    if (sync->partition == NULL)
        return KERR_NONE;
    enum kerr error = partition_sync(sync->partition, sync->offset, sync->deadline_ms);
    partition_unref(sync->partition);
    return group_error_of_append(error);
}

enum kerr group_coordinator_ask(struct call *call, enum group_event_kind kind, struct slice group_id,
                                const void *request, void *response)
{
    struct group_sync sync;
    enum kerr error = group_coordinator_begin(call, kind, group_id, request, response, &sync);
    return error == KERR_NONE ? group_coordinator_sync(&sync) : error;
}

enum kerr group_coordinator_ask_all(struct call *call, enum group_event_kind kind, const void *request,
                                    void *response)
{
    struct group_coordinator *coordinator = call->broker->group_coordinator;
    struct shard *shards = get_shards(coordinator);
    enum kerr error = KERR_NONE;
    for (int32_t i = 0; shards != NULL && i < coordinator->shard_count && error == KERR_NONE; i++) {
        struct group_sync sync;
        error = begin(&shards[i], call, kind, SLICE_NULL, request, response, &sync);
        if (error == KERR_NONE)
            error = group_coordinator_sync(&sync);
        if (error == KERR_NOT_COORDINATOR)
            error = KERR_NONE;
    }
    return error;
}

bool group_coordinator_has_consumer_protocol(const struct broker *broker)
{
    int16_t level = image_feature_level(cluster_read(broker->cluster), SLICE("group.version"));
    cluster_read_done(broker->cluster);
    return level >= 1 && broker->group_coordinator->config.consumer_protocol;
}

/* ---- what nobody asks for ---- */

static void forget_topic(struct shard *shard, struct slice topic)
{
    struct group_event event = {
        .kind = GROUP_TOPIC_DELETED,
        .topic = topic,
        .now_ms = clock_monotonic_ms(),
        .wall_ms = clock_wall_ms(),
    };
    mutex_lock(&shard->mutex);
    enum kerr error = make_ready(shard) == KERR_NONE ? step(shard, &event) : KERR_NONE;
    mutex_unlock(&shard->mutex);
    if (error != KERR_NONE)
        diag_warn("%s-%d: offsets of the deleted topic %.*s stay until they expire: %s",
                  CONSUMER_OFFSETS_TOPIC, (int)shard->index, SLICE_ARGS(topic), kerr_name(error));
}

void group_coordinator_topic_deleted(struct group_coordinator *coordinator, struct slice topic)
{
    struct shard *shards = get_shards(coordinator);
    for (int32_t i = 0; shards != NULL && i < coordinator->shard_count; i++)
        forget_topic(&shards[i], topic);
}

static void do_what_is_due(struct shard *shard, int64_t now_ms)
{
    struct group_event event = {.kind = GROUP_TIME, .now_ms = now_ms, .wall_ms = clock_wall_ms()};
    mutex_lock(&shard->mutex);
    if (make_ready(shard) != KERR_NONE) {
        atomic_store(&shard->due_ms, INT64_MAX);
    } else {
        bool is_due = groups_next_due_ms(shard->groups) <= now_ms && shard->retry_ms <= now_ms;
        if (is_due && step(shard, &event) != KERR_NONE)
            shard->retry_ms = now_ms + RETRY_MS;
        plan(shard);
    }
    mutex_unlock(&shard->mutex);
}

/* When to look again. */
static int64_t look(struct shard *shard)
{
    int64_t now_ms = clock_monotonic_ms();
    for (bool again = false; atomic_load(&shard->due_ms) <= now_ms; again = true) {
        if (again)
            thread_give_way();
        do_what_is_due(shard, now_ms);
    }
    return atomic_load(&shard->due_ms);
}

/* When to look again at any of them. */
static int64_t look_at_all(struct group_coordinator *coordinator)
{
    struct shard *shards = atomic_load(&coordinator->shards);
    atomic_store(&coordinator->looks_ms, INT64_MAX); /* who sets something due from now on wakes us */
    int64_t next_ms = INT64_MAX;
    for (int32_t i = 0; i < coordinator->shard_count; i++) {
        int64_t due_ms = look(&shards[i]);
        if (due_ms < next_ms)
            next_ms = due_ms;
    }
    atomic_store(&coordinator->looks_ms, next_ms);
    return next_ms;
}

static void *thread_main(void *context)
{
    struct group_coordinator *coordinator = context;
    int64_t began_ms = clock_monotonic_ms();
    int64_t next_ms = look_at_all(coordinator); /* which loads them */
    if (atomic_load(&coordinator->records_loaded) > 0)
        diag_info("%lld records of %s were loaded in %lld ms",
                  (long long)atomic_load(&coordinator->records_loaded), CONSUMER_OFFSETS_TOPIC,
                  (long long)(clock_monotonic_ms() - began_ms));
    while (waiter_wait(&coordinator->waiter, next_ms) != WAITER_STOPPED)
        next_ms = look_at_all(coordinator);
    return NULL;
}

/* ---- life ---- */

/* The client's host has a slash before it here, as Kafka prints it. */
static bool may_describe(const void *broker, struct slice principal, struct slice client_host,
                         struct slice topic)
{
    struct acl_client client = {principal, slice_from(client_host, 1)};
    return authorize_client(broker, client, ACL_DESCRIBE, ACL_TOPIC, topic);
}

struct group_coordinator *group_coordinator_new(struct broker *broker)
{
    struct group_coordinator *coordinator = calloc(1, sizeof *coordinator);
    ensure(coordinator != NULL && "out of memory");
    coordinator->broker = broker;
    arena_init(&coordinator->arena, SIZE_MAX);
    mutex_init(&coordinator->mutex, RANK_COORDINATORS);
    waiter_init(&coordinator->waiter);
    const struct image *image = cluster_read(broker->cluster);
    struct config_view view = broker_config_view(broker, image);
    group_config_read(&coordinator->config, &view, &coordinator->arena);
    cluster_read_done(broker->cluster);
    coordinator->config.groups.may_describe = broker->config.authorizer.configured ? may_describe : NULL;
    coordinator->config.groups.authorizer = broker;
    (void)get_shards(coordinator);
    return coordinator;
}

void group_coordinator_free(struct group_coordinator *coordinator)
{
    if (coordinator == NULL)
        return;
    waiter_stop(&coordinator->waiter);
    if (coordinator->thread.started)
        thread_join(&coordinator->thread);
    struct shard *shards = atomic_load(&coordinator->shards);
    for (int32_t i = 0; i < coordinator->shard_count; i++) {
        mutex_lock(&shards[i].mutex);
        if (shards[i].partition != NULL)
            unload(&shards[i]);
        mutex_unlock(&shards[i].mutex);
        mutex_fini(&shards[i].mutex);
    }
    free(shards);
    waiter_fini(&coordinator->waiter);
    mutex_fini(&coordinator->mutex);
    arena_fini(&coordinator->arena);
    free(coordinator);
}
