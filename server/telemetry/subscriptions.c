/*
 * subscriptions: see the header.
 *
 * A subscription's patterns are Java's regular expressions, and are given to PCRE2 as they are: the two read
 * the same, but for a few things that nobody writes to choose clients by (unions of classes). PCRE2 has a
 * bound on the work for a match; a pattern that passes it, or that PCRE2 does not take, is for no client.
 */
#include "server/telemetry/subscriptions.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/java_string.h"
#include "protocol/base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

enum {
    MATCH_LIMIT = 10 * 1000, /* steps of PCRE2: some 0.1 ms */
    HEAP_LIMIT_KB = 256,
    INTERVAL_MS_MAX = 300 * 1000, /* also without a subscription */
    HASH_SET_CAPACITY = 16,       /* Java's, when it has its first element */
};

/* One selector=pattern. */
struct selector {
    struct slice attribute;
    pcre2_code *code; /* NULL: it matches nothing */
};

struct subscription {
    struct slice *metrics;
    int32_t metric_count;
    struct selector *selectors;
    int32_t selector_count;
    int32_t interval_ms;
};

struct subscriptions {
    struct arena arena; /* all of it but the compiled patterns */
    struct subscription *items;
    int32_t count;
    pcre2_match_context *limits;
};

/* ---- made of configs ---- */

static struct slice value_of(const struct config_view *view, struct slice name, const char *key,
                             struct arena *arena)
{
    enum config_source source;
    const struct config_def *def = find_config(RESOURCE_CLIENT_METRICS, slice_str(key));
    return arena_dup(arena, config_effective(view, RESOURCE_CLIENT_METRICS, name, def, arena, &source));
}

static pcre2_code *compile(struct slice pattern)
{
    int error;
    PCRE2_SIZE at;
    return pcre2_compile(pattern.data, pattern.len, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error,
                         &at, NULL);
}

static struct selector make_selector(struct slice element)
{
    const uint8_t *equals = element.len > 0 ? memchr(element.data, '=', element.len) : NULL;
    if (equals == NULL) /* only a directory that somebody else wrote has one */
        return (struct selector){SLICE_NULL, NULL};
    size_t at = (size_t)(equals - element.data);
    return (struct selector){config_trim(slice_of(element.data, at)),
                             compile(config_trim(slice_from(element, at + 1)))};
}

static void read_subscription(const struct config_view *view, struct slice name, struct arena *arena,
                              struct subscription *to)
{
    struct slice *elements = NULL;
    to->metric_count = config_split(value_of(view, name, "metrics", arena), arena, &to->metrics);
    to->selector_count = config_split(value_of(view, name, "match", arena), arena, &elements);
    to->selectors = arena_new_array(arena, struct selector, to->selector_count);
    for (int32_t i = 0; i < to->selector_count; i++)
        to->selectors[i] = make_selector(elements[i]);
    const struct config_def *interval = find_config(RESOURCE_CLIENT_METRICS, SLICE("interval.ms"));
    to->interval_ms = (int32_t)config_number(view, RESOURCE_CLIENT_METRICS, name, interval);
}

static int by_name(const void *a, const void *b)
{
    const struct config_set *one = *(const struct config_set *const *)a;
    const struct config_set *other = *(const struct config_set *const *)b;
    return slice_compare(one->resource_name, other->resource_name);
}

struct subscriptions *subscriptions_new(const struct config_view *view)
{
    struct subscriptions *subscriptions = memory_alloc(sizeof *subscriptions);
    *subscriptions = (struct subscriptions){.limits = pcre2_match_context_create(NULL)};
    arena_init(&subscriptions->arena, SIZE_MAX);
    if (subscriptions->limits != NULL) {
        pcre2_set_match_limit(subscriptions->limits, MATCH_LIMIT);
        pcre2_set_heap_limit(subscriptions->limits, HEAP_LIMIT_KB);
    }
    struct map of_clients = {0};
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&view->image->configs, &cursor)) != NULL;)
        if (((const struct config_set *)entry->value)->resource_type == RESOURCE_CLIENT_METRICS)
            map_put(&of_clients, entry->key, entry->value);
    struct config_set **sets = map_sorted(&of_clients, by_name);
    subscriptions->count = (int32_t)of_clients.count;
    subscriptions->items = arena_new_array(&subscriptions->arena, struct subscription, subscriptions->count);
    for (int32_t i = 0; i < subscriptions->count; i++)
        read_subscription(view, sets[i]->resource_name, &subscriptions->arena, &subscriptions->items[i]);
    free(sets);
    map_fini(&of_clients);
    return subscriptions;
}

void subscriptions_free(struct subscriptions *subscriptions)
{
    if (subscriptions == NULL)
        return;
    for (int32_t i = 0; i < subscriptions->count; i++)
        for (int32_t j = 0; j < subscriptions->items[i].selector_count; j++)
            pcre2_code_free(subscriptions->items[i].selectors[j].code);
    pcre2_match_context_free(subscriptions->limits);
    arena_fini(&subscriptions->arena);
    free(subscriptions);
}

/* ---- whom a subscription is for ---- */

static struct slice said_or_unknown(struct slice said)
{
    return slice_is_null(said) ? SLICE("unknown") : said;
}

/* Null: it has none. `text` has room for what is no text by itself. */
static struct slice attribute_of(const struct metrics_client *client, struct slice name, char text[32])
{
    if (slice_equal_str(name, "client_instance_id")) {
        uuid_format(client->instance_id, text);
        return slice_str(text);
    }
    if (slice_equal_str(name, "client_source_port")) {
        snprintf(text, 32, "%u", client->port);
        return slice_str(text);
    }
    if (slice_equal_str(name, "client_id"))
        return client->client_id;
    if (slice_equal_str(name, "client_software_name"))
        return said_or_unknown(client->software_name);
    if (slice_equal_str(name, "client_software_version"))
        return said_or_unknown(client->software_version);
    if (slice_equal_str(name, "client_source_address"))
        return client->address;
    return SLICE_NULL;
}

static bool matches(const struct subscriptions *subscriptions, const struct selector *selector,
                    const struct metrics_client *client)
{
    char text[32];
    struct slice attribute = attribute_of(client, selector->attribute, text);
    if (selector->code == NULL || slice_is_null(attribute) || subscriptions->limits == NULL)
        return false;
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    bool found =
        match != NULL
        && pcre2_match(selector->code, attribute.data, attribute.len, 0, 0, match, subscriptions->limits)
               >= 0;
    pcre2_match_data_free(match);
    return found;
}

static bool is_for(const struct subscriptions *subscriptions, const struct subscription *subscription,
                   const struct metrics_client *client)
{
    for (int32_t i = 0; i < subscription->selector_count; i++)
        if (!matches(subscriptions, &subscription->selectors[i], client))
            return false;
    return true;
}

/* ---- what a client is asked for ---- */

/* A metric, and where Java's HashSet has it. */
struct placed_metric {
    struct slice name;
    uint32_t bucket;
    int32_t order; /* in which it came */
};

static int by_bucket(const void *a, const void *b)
{
    const struct placed_metric *one = a, *other = b;
    if (one->bucket != other->bucket)
        return one->bucket < other->bucket ? -1 : 1;
    return one->order - other->order;
}

/* Puts them into the order of a Java HashSet, which the id is made of too. */
static void order_as_java(struct wanted_metrics *wanted, struct arena *arena)
{
    uint32_t capacity = HASH_SET_CAPACITY;
    while ((int64_t)wanted->count * 4 > (int64_t)capacity * 3)
        capacity *= 2;
    struct placed_metric *placed = arena_new_array(arena, struct placed_metric, wanted->count);
    for (int32_t i = 0; i < wanted->count; i++) {
        uint32_t hash = (uint32_t)java_string_hash(wanted->metrics[i]);
        placed[i] = (struct placed_metric){wanted->metrics[i], (hash ^ hash >> 16) & (capacity - 1), i};
    }
    qsort(placed, (size_t)wanted->count, sizeof placed[0], by_bucket);
    for (int32_t i = 0; i < wanted->count; i++)
        wanted->metrics[i] = placed[i].name;
}

static void add_new(struct wanted_metrics *wanted, struct map *known, struct slice *metric)
{
    if (map_find(known, *metric) != NULL)
        return;
    map_put(known, *metric, metric);
    wanted->metrics[wanted->count++] = *metric;
}

/* CRC-32C of how Java prints list and interval, mixed with the hash of the client's id. */
static int32_t make_id(const struct wanted_metrics *wanted, struct uuid instance_id)
{
    struct buf text = {0};
    buf_append_char(&text, '[');
    for (int32_t i = 0; i < wanted->count; i++)
        buf_printf(&text, "%s%.*s", i == 0 ? "" : ", ", SLICE_ARGS(wanted->metrics[i]));
    buf_printf(&text, "]%d", wanted->interval_ms);
    uint32_t crc = crc32c(text.data, text.len);
    buf_fini(&text);
    uint64_t folded = load_u64(instance_id.bytes) ^ load_u64(instance_id.bytes + 8);
    return (int32_t)(crc ^ (uint32_t)(folded >> 32) ^ (uint32_t)folded);
}

static int32_t metrics_of_all(const struct subscriptions *subscriptions)
{
    int32_t count = 1;
    for (int32_t i = 0; i < subscriptions->count; i++)
        count += subscriptions->items[i].metric_count;
    return count;
}

void subscriptions_for(const struct subscriptions *subscriptions, const struct metrics_client *client,
                       struct arena *arena, struct wanted_metrics *wanted)
{
    *wanted = (struct wanted_metrics){.interval_ms = INTERVAL_MS_MAX};
    wanted->metrics = arena_new_array(arena, struct slice, metrics_of_all(subscriptions));
    struct map known = {0};
    bool all = false;
    for (int32_t i = 0; i < subscriptions->count; i++) {
        const struct subscription *subscription = &subscriptions->items[i];
        if (!is_for(subscriptions, subscription, client))
            continue;
        for (int32_t j = 0; j < subscription->metric_count; j++) {
            all = all || slice_equal_str(subscription->metrics[j], "*");
            add_new(wanted, &known, &subscription->metrics[j]);
        }
        if (subscription->interval_ms < wanted->interval_ms)
            wanted->interval_ms = subscription->interval_ms;
    }
    map_fini(&known);
    if (all) {
        wanted->metrics[0] = SLICE("*");
        wanted->count = 1;
    }
    order_as_java(wanted, arena);
    wanted->id = make_id(wanted, client->instance_id);
}
