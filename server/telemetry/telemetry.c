/*
 * See telemetry.h. Invariants:
 *   1. An instance is in the map and in the list; the list is in order of use, the one used longest ago
 *      first.
 *   2. There are INSTANCES_MAX at most: the one used longest ago makes room.
 *   3. An instance of an older version of the subscriptions begins anew when it is used.
 */
#include "server/telemetry/telemetry.h"

#include "protocol/base/list.h"
#include "protocol/base/memory.h"
#include "protocol/compress.h"
#include "storage/os/mutex.h"

enum {
    INSTANCES_MAX = 16384, /* as in Apache Kafka; some 2 MB */
    LEAST_EXPIRY_MS = 60 * 1000,
    INTERVALS_TO_EXPIRE = 3,
    PIECE_BYTES = 4096, /* of what is inflated and looked at by nobody */
};

/* In the past of every clock: nothing has come yet. */
static const int64_t NEVER_MS = INT64_MIN / 2;

struct instance {
    struct list_node node;
    struct uuid id;
    uint64_t version; /* of the subscriptions that it knows */
    int32_t subscription_id;
    int32_t interval_ms;
    int64_t asked_ms;  /* when it last asked and was answered */
    int64_t pushed_ms; /* when its last push was not too early */
    int64_t used_ms;
    enum kerr last_error; /* of its last push */
    bool terminating;
};

struct telemetry {
    struct mutex mutex; /* RANK_TELEMETRY */
    bool has_followed GUARDED_BY(mutex);
    uint64_t version GUARDED_BY(mutex); /* of the image's configs of clients' metrics */
    struct subscriptions *subscriptions GUARDED_BY(mutex);
    struct map by_id GUARDED_BY(mutex);
    struct list_node in_use_order GUARDED_BY(mutex);
};

struct telemetry *telemetry_new(uint64_t seed)
{
    struct telemetry *telemetry = memory_alloc(sizeof *telemetry);
    *telemetry = (struct telemetry){.has_followed = false};
    mutex_init(&telemetry->mutex, RANK_TELEMETRY);
    map_init(&telemetry->by_id, seed);
    list_init(&telemetry->in_use_order);
    return telemetry;
}

static void drop(struct telemetry *telemetry, struct instance *instance) NEEDS(telemetry->mutex)
{
    map_remove(&telemetry->by_id, uuid_key(&instance->id));
    list_remove(&instance->node);
    free(instance);
}

static struct instance *used_longest_ago(struct telemetry *telemetry) NEEDS(telemetry->mutex)
{
    return list_entry(telemetry->in_use_order.next, struct instance, node);
}

void telemetry_free(struct telemetry *telemetry)
{
    if (telemetry == NULL)
        return;
    mutex_lock(&telemetry->mutex);
    while (!list_is_empty(&telemetry->in_use_order))
        drop(telemetry, used_longest_ago(telemetry));
    map_fini(&telemetry->by_id);
    subscriptions_free(telemetry->subscriptions);
    mutex_unlock(&telemetry->mutex);
    mutex_fini(&telemetry->mutex);
    free(telemetry);
}

void telemetry_follow(struct telemetry *telemetry, const struct config_view *view)
{
    mutex_lock(&telemetry->mutex);
    if (!telemetry->has_followed || telemetry->version != view->image->client_metrics_changes) {
        subscriptions_free(telemetry->subscriptions);
        telemetry->subscriptions = subscriptions_new(view);
        telemetry->version = view->image->client_metrics_changes;
        telemetry->has_followed = true;
    }
    mutex_unlock(&telemetry->mutex);
}

/* ---- instances ---- */

static bool is_expired(const struct instance *instance, int64_t now_ms)
{
    int64_t expiry_ms = (int64_t)instance->interval_ms * INTERVALS_TO_EXPIRE;
    return now_ms - instance->used_ms >= (expiry_ms > LEAST_EXPIRY_MS ? expiry_ms : LEAST_EXPIRY_MS);
}

static struct instance *add_instance(struct telemetry *telemetry, struct uuid id) NEEDS(telemetry->mutex)
{
    if (telemetry->by_id.count >= INSTANCES_MAX)
        drop(telemetry, used_longest_ago(telemetry));
    struct instance *instance = memory_alloc(sizeof *instance);
    *instance = (struct instance){.id = id};
    map_put(&telemetry->by_id, uuid_key(&instance->id), instance);
    list_append(&telemetry->in_use_order, &instance->node);
    return instance;
}

static void begin(struct telemetry *telemetry, struct instance *instance, const struct wanted_metrics *wanted)
    NEEDS(telemetry->mutex)
{
    instance->version = telemetry->version;
    instance->subscription_id = wanted->id;
    instance->interval_ms = wanted->interval_ms;
    instance->asked_ms = instance->pushed_ms = NEVER_MS;
    instance->last_error = KERR_NONE;
    instance->terminating = false;
}

/* The client's, known or new. */
static struct instance *use_instance(struct telemetry *telemetry, const struct metrics_client *client,
                                     const struct wanted_metrics *wanted, int64_t now_ms)
    NEEDS(telemetry->mutex)
{
    struct instance *instance = map_find(&telemetry->by_id, uuid_key(&client->instance_id));
    bool is_known =
        instance != NULL && instance->version == telemetry->version && !is_expired(instance, now_ms);
    if (instance == NULL)
        instance = add_instance(telemetry, client->instance_id);
    if (!is_known)
        begin(telemetry, instance, wanted);
    instance->used_ms = now_ms;
    list_remove(&instance->node);
    list_append(&telemetry->in_use_order, &instance->node);
    return instance;
}

void telemetry_forget(struct telemetry *telemetry, struct uuid instance_id)
{
    mutex_lock(&telemetry->mutex);
    struct instance *instance = map_find(&telemetry->by_id, uuid_key(&instance_id));
    if (instance != NULL)
        drop(telemetry, instance);
    mutex_unlock(&telemetry->mutex);
}

size_t telemetry_instance_count(struct telemetry *telemetry)
{
    mutex_lock(&telemetry->mutex);
    size_t count = telemetry->by_id.count;
    mutex_unlock(&telemetry->mutex);
    return count;
}

/* ---- asking ---- */

/* An interval after its last word; sooner only who was told that his subscription or codec is none. */
static bool may_ask(struct instance *instance, int64_t now_ms)
{
    int64_t last_ms = instance->asked_ms > instance->pushed_ms ? instance->asked_ms : instance->pushed_ms;
    if (now_ms - last_ms >= instance->interval_ms) {
        instance->asked_ms = now_ms;
        return true;
    }
    return instance->last_error == KERR_UNKNOWN_SUBSCRIPTION_ID
           || instance->last_error == KERR_UNSUPPORTED_COMPRESSION_TYPE;
}

enum kerr telemetry_subscribe(struct telemetry *telemetry, const struct metrics_client *client,
                              int64_t now_ms, struct arena *arena, struct wanted_metrics *wanted)
{
    mutex_lock(&telemetry->mutex);
    subscriptions_for(telemetry->subscriptions, client, arena, wanted);
    for (int32_t i = 0; i < wanted->count; i++)
        wanted->metrics[i] = arena_dup(arena, wanted->metrics[i]);
    struct instance *instance = use_instance(telemetry, client, wanted, now_ms);
    bool may = may_ask(instance, now_ms);
    if (may)
        instance->last_error = KERR_NONE;
    mutex_unlock(&telemetry->mutex);
    return may ? KERR_NONE : KERR_THROTTLING_QUOTA_EXCEEDED;
}

/* ---- pushing ---- */

/* Once after it has asked (clients spread their pushes over the interval), then once an interval. */
static bool may_push(struct instance *instance, int64_t now_ms)
{
    if (instance->asked_ms <= instance->pushed_ms && now_ms - instance->pushed_ms < instance->interval_ms)
        return false;
    instance->pushed_ms = now_ms;
    return true;
}

static enum kerr check_push(struct instance *instance, const struct metrics_push *push, int64_t now_ms)
{
    if (instance->terminating)
        return KERR_INVALID_REQUEST;
    if (!may_push(instance, now_ms) && !push->terminating)
        return KERR_THROTTLING_QUOTA_EXCEEDED;
    if (push->subscription_id != instance->subscription_id)
        return KERR_UNKNOWN_SUBSCRIPTION_ID;
    if (push->compression_type < 0 || push->compression_type >= CODEC_COUNT)
        return KERR_UNSUPPORTED_COMPRESSION_TYPE;
    return push->metrics.len > push->max_bytes ? KERR_TELEMETRY_TOO_LARGE : KERR_NONE;
}

/* Whether the metrics inflate, within the bound. They go no further than through one small buffer. */
static bool inflates(const struct metrics_push *push)
{
    struct inflater inflater;
    struct note ignored = {""};
    uint8_t piece[PIECE_BYTES];
    size_t got = sizeof piece;
    inflater_init(&inflater);
    bool good = inflater_start(&inflater, push->compression_type, push->metrics, push->max_bytes, &ignored);
    while (good && got == sizeof piece)
        good = inflater_read(&inflater, piece, sizeof piece, &got, &ignored);
    inflater_fini(&inflater);
    return good;
}

enum kerr telemetry_push(struct telemetry *telemetry, const struct metrics_client *client,
                         const struct metrics_push *push, int64_t now_ms)
{
    struct arena arena;
    struct wanted_metrics wanted;
    arena_init(&arena, SIZE_MAX);
    mutex_lock(&telemetry->mutex);
    subscriptions_for(telemetry->subscriptions, client, &arena, &wanted);
    struct instance *instance = use_instance(telemetry, client, &wanted, now_ms);
    enum kerr error = check_push(instance, push, now_ms);
    instance->terminating = push->terminating;
    instance->last_error = error;
    mutex_unlock(&telemetry->mutex);
    arena_fini(&arena);
    if (error != KERR_NONE || push->metrics.len == 0 || push->compression_type == CODEC_NONE)
        return error;
    return inflates(push) ? KERR_NONE : KERR_INVALID_RECORD;
}
