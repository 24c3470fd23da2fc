/*
 * See throttle.h. Invariants:
 *   1. A bucket is in the map while it is referenced, and goes, when others come, once nobody holds it and
 *      its window has passed; beyond BUCKETS_MAX without waiting for that.
 *   2. `version` is what the rules were when a connection looked its buckets up; 0 is no version.
 *   3. A bucket's limit is that of the newest rules that somebody has looked it up by.
 */
#include "server/throttle/throttle.h"

#include "protocol/base/buf.h"
#include "protocol/base/memory.h"
#include "storage/os/mutex.h"

#include <math.h>
#include <stdio.h>

enum {
    BUCKETS_MAX = 100 * 1000, /* that nobody holds: clients choose their ids */
    BUCKETS_FIRST_SWEEP = 1000,
    SAMPLES_MAX = 1000 * 1000,
    SAMPLE_MS_MAX = 1000 * 1000 * 1000,
};

/* What clients of one user, one client id or one address share. Its key stands behind the struct. */
struct quota_bucket {
    struct mutex mutex; /* RANK_QUOTA_BUCKET */
    double limit GUARDED_BY(mutex);
    struct rate rate GUARDED_BY(mutex);
    struct token_bucket tokens GUARDED_BY(mutex);
    int64_t used_ms GUARDED_BY(mutex);
    int32_t references; /* under the throttle's lock */
    size_t key_len;
    uint8_t key[];
};

struct throttle {
    struct throttle_settings settings;
    atomic_uint kinds; /* quota_rules_kinds */
    atomic_bool has_addresses;
    _Atomic uint64_t version;
    struct mutex mutex; /* RANK_THROTTLE */
    struct quotas quotas GUARDED_BY(mutex);
    struct map buckets GUARDED_BY(mutex);
    size_t sweep_at GUARDED_BY(mutex); /* how many there are when it is time to look for old ones */
    uint64_t seed;
};

/* Of what nobody means seriously, so that no product overflows. */
static struct quota_window in_bounds(struct quota_window window)
{
    return (struct quota_window){window.samples < SAMPLES_MAX ? window.samples : SAMPLES_MAX,
                                 window.sample_ms < SAMPLE_MS_MAX ? window.sample_ms : SAMPLE_MS_MAX};
}

struct throttle *throttle_new(const struct throttle_settings *settings, uint64_t seed)
{
    struct throttle *throttle = memory_alloc(sizeof *throttle);
    *throttle = (struct throttle){.sweep_at = BUCKETS_FIRST_SWEEP, .seed = seed};
    throttle->settings.window = in_bounds(settings->window);
    throttle->settings.controller_window = in_bounds(settings->controller_window);
    atomic_init(&throttle->version, 1);
    mutex_init(&throttle->mutex, RANK_THROTTLE);
    quotas_init(&throttle->quotas, seed);
    map_init(&throttle->buckets, seed);
    return throttle;
}

static void free_bucket(struct quota_bucket *bucket)
{
    rate_fini(&bucket->rate);
    mutex_fini(&bucket->mutex);
    free(bucket);
}

void throttle_free(struct throttle *throttle)
{
    if (throttle == NULL)
        return;
    mutex_lock(&throttle->mutex);
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&throttle->buckets, &cursor)) != NULL;)
        free_bucket(entry->value);
    map_fini(&throttle->buckets);
    quotas_fini(&throttle->quotas);
    mutex_unlock(&throttle->mutex);
    mutex_fini(&throttle->mutex);
    free(throttle);
}

void throttle_follow(struct throttle *throttle, const struct quotas *quotas)
{
    mutex_lock(&throttle->mutex);
    quotas_fini(&throttle->quotas);
    quotas_init(&throttle->quotas, throttle->seed);
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&quotas->by_identity, &cursor)) != NULL;) {
        const struct quota_entity *entity = entry->value;
        for (int32_t i = 0; i < entity->limit_count; i++)
            quotas_set(&throttle->quotas, entity->parts, entity->part_count, entity->limits[i].key,
                       entity->limits[i].value);
    }
    atomic_fetch_add(&throttle->version, 1);
    atomic_store(&throttle->kinds, quota_rules_kinds(quotas));
    atomic_store(&throttle->has_addresses, quota_rules_have_addresses(quotas));
    mutex_unlock(&throttle->mutex);
}

bool throttle_is_on(const struct throttle *throttle, enum quota_kind kind)
{
    return (atomic_load_explicit(&throttle->kinds, memory_order_relaxed) & 1U << kind) != 0;
}

bool throttle_is_on_at_all(const struct throttle *throttle)
{
    return atomic_load_explicit(&throttle->kinds, memory_order_relaxed) != 0;
}

/* ---- buckets ---- */

static bool is_over(const struct throttle *throttle, struct quota_bucket *bucket, int64_t now_ms)
{
    const struct quota_window *window = &throttle->settings.window,
                              *other = &throttle->settings.controller_window;
    int64_t age_ms = window->samples * window->sample_ms;
    mutex_lock(&bucket->mutex);
    bool over = now_ms - bucket->used_ms > age_ms
                && (!bucket->tokens.is_used
                    || token_bucket_throttle_ms(&bucket->tokens, other, bucket->limit, now_ms) == 0);
    mutex_unlock(&bucket->mutex);
    return over;
}

/* Looks at all of them whenever their number has doubled. */
static void sweep(struct throttle *throttle, int64_t now_ms) NEEDS(throttle->mutex)
{
    if (throttle->buckets.count < throttle->sweep_at)
        return;
    bool too_many = throttle->buckets.count >= BUCKETS_MAX;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&throttle->buckets, &cursor)) != NULL;) {
        struct quota_bucket *bucket = entry->value;
        if (bucket->references > 0 || !(too_many || is_over(throttle, bucket, now_ms)))
            continue;
        map_remove(&throttle->buckets, slice_of(bucket->key, bucket->key_len));
        free_bucket(bucket);
    }
    size_t twice = throttle->buckets.count * 2;
    throttle->sweep_at = twice < BUCKETS_FIRST_SWEEP ? BUCKETS_FIRST_SWEEP : twice;
    if (throttle->sweep_at > BUCKETS_MAX && throttle->buckets.count < BUCKETS_MAX)
        throttle->sweep_at = BUCKETS_MAX;
}

static struct quota_bucket *get_bucket(struct throttle *throttle, struct slice key, double limit,
                                       int64_t now_ms) NEEDS(throttle->mutex)
{
    struct quota_bucket *bucket = map_find(&throttle->buckets, key);
    if (bucket == NULL) {
        sweep(throttle, now_ms);
        bucket = memory_alloc(sizeof *bucket + key.len);
        *bucket = (struct quota_bucket){.used_ms = now_ms, .key_len = key.len};
        mutex_init(&bucket->mutex, RANK_QUOTA_BUCKET);
        memcpy(bucket->key, key.data, key.len);
        map_put(&throttle->buckets, slice_of(bucket->key, bucket->key_len), bucket);
    }
    bucket->references++;
    mutex_lock(&bucket->mutex);
    bucket->limit = limit;
    mutex_unlock(&bucket->mutex);
    return bucket;
}

/* The kind, then who shares the bucket; a length stands before each text so that no two read alike. */
static void make_key(struct buf *key, enum quota_kind kind, const struct quota_rule *rule, struct slice user,
                     struct slice client_id)
{
    buf_append_char(key, (char)('0' + kind));
    buf_append_char(key, (char)('0' + rule->by_user + 2 * rule->by_client));
    if (rule->by_user)
        buf_printf(key, "%zu:%.*s", user.len, SLICE_ARGS(user));
    if (rule->by_client)
        buf_append_slice(key, client_id);
}

static void let_go(struct throttle_client *client)
{
    for (enum quota_kind kind = 0; kind < QUOTA_KIND_COUNT; kind++) {
        if (client->buckets[kind] != NULL)
            client->buckets[kind]->references--;
        client->buckets[kind] = NULL;
    }
    memory_free_slice(client->client_id);
    *client = (struct throttle_client){.version = 0};
}

void throttle_client_fini(struct throttle *throttle, struct throttle_client *client)
{
    if (client->version == 0)
        return;
    mutex_lock(&throttle->mutex);
    let_go(client);
    mutex_unlock(&throttle->mutex);
}

static void look_up(struct throttle *throttle, const struct throttle_asker *asker, struct slice client_id)
    NEEDS(throttle->mutex)
{
    struct buf key = {0};
    struct quota_rule rule;
    for (enum quota_kind kind = 0; kind < QUOTA_KIND_COUNT; kind++) {
        if (!quota_rules_find(&throttle->quotas, kind, asker->user, client_id, &rule))
            continue;
        key.len = 0;
        make_key(&key, kind, &rule, asker->user, client_id);
        asker->client->buckets[kind] = get_bucket(throttle, buf_slice(&key), rule.limit, asker->now_ms);
    }
    buf_fini(&key);
}

/* The asker's bucket, NULL without a limit. */
static struct quota_bucket *bucket_of(struct throttle *throttle, const struct throttle_asker *asker,
                                      enum quota_kind kind)
{
    struct throttle_client *client = asker->client;
    struct slice client_id = slice_is_null(asker->client_id) ? SLICE("") : asker->client_id;
    if (!throttle_is_on(throttle, kind))
        return NULL;
    if (client->version != atomic_load(&throttle->version) || !slice_equal(client->client_id, client_id)) {
        mutex_lock(&throttle->mutex);
        let_go(client);
        client->version = atomic_load(&throttle->version);
        client->client_id = memory_dup(client_id);
        look_up(throttle, asker, client_id);
        mutex_unlock(&throttle->mutex);
    }
    return client->buckets[kind];
}

/* ---- using them ---- */

/* Of the time of requests at most one sample, as in Apache Kafka: it is the broker that makes it long. */
static int32_t bounded(const struct throttle *throttle, enum quota_kind kind, int64_t throttle_ms)
{
    int64_t sample_ms = throttle->settings.window.sample_ms;
    if (kind == QUOTA_REQUEST && throttle_ms > sample_ms)
        return (int32_t)sample_ms;
    return (int32_t)throttle_ms;
}

int32_t throttle_record(struct throttle *throttle, const struct throttle_asker *asker, enum quota_kind kind,
                        double value)
{
    struct quota_bucket *bucket = bucket_of(throttle, asker, kind);
    if (bucket == NULL)
        return 0;
    const struct quota_window *window = &throttle->settings.window;
    mutex_lock(&bucket->mutex);
    rate_record(&bucket->rate, window, value, asker->now_ms);
    int64_t throttle_ms = rate_throttle_ms(&bucket->rate, window, bucket->limit, asker->now_ms);
    bucket->used_ms = asker->now_ms;
    mutex_unlock(&bucket->mutex);
    return bounded(throttle, kind, throttle_ms);
}

void throttle_unrecord(struct throttle *throttle, const struct throttle_asker *asker, enum quota_kind kind,
                       double value)
{
    struct quota_bucket *bucket = bucket_of(throttle, asker, kind);
    if (bucket == NULL)
        return;
    mutex_lock(&bucket->mutex);
    rate_record(&bucket->rate, &throttle->settings.window, -value, asker->now_ms);
    mutex_unlock(&bucket->mutex);
}

int32_t throttle_fetch_max_bytes(struct throttle *throttle, const struct throttle_asker *asker)
{
    struct quota_bucket *bucket = bucket_of(throttle, asker, QUOTA_FETCH);
    if (bucket == NULL)
        return INT32_MAX;
    const struct quota_window *window = &throttle->settings.window;
    mutex_lock(&bucket->mutex);
    double most = bucket->limit * (window->samples - 1) * ((double)window->sample_ms / 1000);
    mutex_unlock(&bucket->mutex);
    return most >= INT32_MAX ? INT32_MAX : most > 0 ? (int32_t)most : 0; /* a limit may be no number */
}

bool throttle_take_mutations(struct throttle *throttle, const struct throttle_asker *asker,
                             int32_t partitions, bool strict, int32_t *throttle_ms)
{
    struct quota_bucket *bucket = bucket_of(throttle, asker, QUOTA_CONTROLLER);
    if (bucket == NULL)
        return true;
    const struct quota_window *window = &throttle->settings.controller_window;
    mutex_lock(&bucket->mutex);
    int64_t ms = token_bucket_throttle_ms(&bucket->tokens, window, bucket->limit, asker->now_ms);
    bool gets_it = !strict || ms == 0;
    if (gets_it)
        token_bucket_take(&bucket->tokens, window, bucket->limit, partitions, asker->now_ms);
    if (!strict)
        ms = token_bucket_throttle_ms(&bucket->tokens, window, bucket->limit, asker->now_ms);
    bucket->used_ms = asker->now_ms;
    mutex_unlock(&bucket->mutex);
    if (ms > *throttle_ms)
        *throttle_ms = (int32_t)ms;
    return gets_it;
}

int32_t throttle_connection(struct throttle *throttle, const char *address, int64_t now_ms)
{
    if (!atomic_load_explicit(&throttle->has_addresses, memory_order_relaxed))
        return 0;
    const struct quota_window *window = &throttle->settings.window;
    char key[128];
    int64_t ms = 0;
    int len = snprintf(key, sizeof key, "ip:%s", address);
    mutex_lock(&throttle->mutex);
    double limit = quota_rules_connection_rate(&throttle->quotas, slice_str(address));
    if (!isinf(limit)) {
        struct quota_bucket *bucket = get_bucket(throttle, slice_of(key, (size_t)len), limit, now_ms);
        mutex_lock(&bucket->mutex);
        rate_record(&bucket->rate, window, 1, now_ms);
        ms = rate_throttle_ms(&bucket->rate, window, limit, now_ms);
        if (ms > 0)
            rate_record(&bucket->rate, window, -1, now_ms); /* it does not begin */
        bucket->used_ms = now_ms;
        mutex_unlock(&bucket->mutex);
        bucket->references--;
    }
    mutex_unlock(&throttle->mutex);
    return (int32_t)(ms > window->sample_ms ? window->sample_ms : ms);
}

size_t throttle_bucket_count(struct throttle *throttle)
{
    mutex_lock(&throttle->mutex);
    size_t count = throttle->buckets.count;
    mutex_unlock(&throttle->mutex);
    return count;
}
