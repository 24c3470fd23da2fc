/*
 * consumer_regex: which topics the regular expressions of a consumer group's members match (KIP-848). They
 * are held against all names after the heartbeat that asked for it has been answered, some at a time, so that
 * nobody waits long; what they matched is a record. Part of consumer_group; pure.
 */
#include "protocol/base/memory.h"
#include "server/coordinator/consumer_state.h"
#include "server/coordinator/topic_regex.h"

enum { LEAST_PAUSE_MS = 10 * 1000 }; /* between two resolutions */

/* What one expression has matched so far. */
struct resolved {
    struct slice text;    /* these are its own */
    struct slice *topics; /* in no order */
    int32_t count, capacity;
};

struct regex_resolution {
    struct resolved *items;
    int32_t count;
    int32_t at;                /* the one that is being held against names; count: all have been */
    struct topic_regex *regex; /* of it; NULL: not begun */
    size_t cursor;             /* in the image's topics */
    int64_t topics_offset;     /* of the image that this began with */
    struct slice principal;    /* whose heartbeat asked for it: what it may not see is not matched. Its own */
    struct slice client_host;  /* likewise */
};

/* ---- begin and end ---- */

static void forget_topics(struct resolved *resolved)
{
    for (int32_t i = 0; i < resolved->count; i++)
        memory_free_slice(resolved->topics[i]);
    resolved->count = 0;
}

void consumer_end_resolution(struct consumer_group *consumer)
{
    struct regex_resolution *resolution = consumer->resolution;
    consumer->resolution = NULL;
    if (resolution == NULL)
        return;
    for (int32_t i = 0; i < resolution->count; i++) {
        forget_topics(&resolution->items[i]);
        free(resolution->items[i].topics);
        memory_free_slice(resolution->items[i].text);
    }
    free(resolution->items);
    topic_regex_free(resolution->regex);
    memory_free_slice(resolution->principal);
    memory_free_slice(resolution->client_host);
    free(resolution);
}

static bool is_due(const struct groups *groups, const struct consumer_group *consumer, int64_t wall_ms,
                   int64_t new_topics_offset)
{
    if (consumer->subscribed_regexes == 0 || consumer->resolution != NULL)
        return false;
    if (consumer->regex_wall_ms == INT64_MIN || wall_ms < consumer->regex_wall_ms)
        return true;
    int64_t since_ms = wall_ms - consumer->regex_wall_ms;
    if (since_ms <= LEAST_PAUSE_MS)
        return false;
    return consumer->subscribed_regexes != consumer->resolved_regexes
           || consumer->regex_version < new_topics_offset
           || since_ms > groups->config.consumer_regex_refresh_interval_ms;
}

void consumer_start_resolution(struct groups *groups, struct group *group, const struct group_event *event,
                               int64_t new_topics_offset)
{
    struct consumer_group *consumer = group->consumer;
    if (!is_due(groups, consumer, event->wall_ms, new_topics_offset))
        return;
    struct regex_resolution *resolution = memory_alloc(sizeof *resolution);
    *resolution = (struct regex_resolution){
        .items = memory_alloc((size_t)consumer->subscribed_regexes * sizeof(struct resolved)),
        .topics_offset = INT64_MIN,
        .principal = memory_dup(event->principal),
        .client_host = memory_dup(event->client_host),
    };
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&consumer->regexes, &cursor)) != NULL;) {
        const struct consumer_regex *regex = entry->value;
        if (regex->members > 0)
            resolution->items[resolution->count++] = (struct resolved){.text = memory_dup(regex->text)};
    }
    consumer->resolution = resolution;
    consumer_arm(groups, group, event->now_ms);
}

/* ---- matching ---- */

static void add_topic(struct resolved *resolved, struct slice name)
{
    if (resolved->count == resolved->capacity) {
        resolved->capacity = resolved->capacity == 0 ? 16 : 2 * resolved->capacity;
        struct slice *grown = memory_alloc((size_t)resolved->capacity * sizeof *grown);
        if (resolved->count > 0)
            memcpy(grown, resolved->topics, (size_t)resolved->count * sizeof *grown);
        free(resolved->topics);
        resolved->topics = grown;
    }
    resolved->topics[resolved->count++] = memory_dup(name);
}

/* All begins anew where the topics have changed meanwhile: the cursor would mean nothing. */
static void keep_up(struct regex_resolution *resolution, const struct image *image)
{
    if (resolution->topics_offset == image->topics_offset)
        return;
    for (int32_t i = 0; i < resolution->count; i++)
        forget_topics(&resolution->items[i]);
    topic_regex_free(resolution->regex);
    resolution->regex = NULL;
    resolution->at = 0;
    resolution->cursor = 0;
    resolution->topics_offset = image->topics_offset;
}

static void begin_next(struct regex_resolution *resolution)
{
    topic_regex_free(resolution->regex);
    resolution->regex = NULL;
    resolution->cursor = 0;
    resolution->at++;
}

static bool may_see(const struct groups_config *config, const struct regex_resolution *resolution,
                    struct slice topic)
{
    return config->may_describe == NULL
           || config->may_describe(config->authorizer, resolution->principal, resolution->client_host, topic);
}

/* A record may hold an expression that is none: it matches nothing. */
static void match_some(const struct groups_config *config, struct regex_resolution *resolution,
                       const struct image *image)
{
    struct resolved *resolved = &resolution->items[resolution->at];
    if (resolution->regex == NULL)
        resolution->regex = topic_regex_new(resolved->text, NULL);
    int32_t left = resolution->regex == NULL ? 0 : topic_regex_names_at_once(resolution->regex);
    for (; left > 0; left--) {
        const struct map_entry *entry = map_next(&image->topics_by_name, &resolution->cursor);
        if (entry == NULL)
            break;
        if (topic_regex_matches(resolution->regex, entry->key) && may_see(config, resolution, entry->key))
            add_topic(resolved, entry->key);
    }
    if (left > 0 || resolution->regex == NULL)
        begin_next(resolution);
}

/* ---- what was found ---- */

static const struct resolved *find_result(const struct regex_resolution *resolution, struct slice text)
{
    for (int32_t i = 0; i < resolution->count; i++)
        if (slice_equal(resolution->items[i].text, text))
            return &resolution->items[i];
    return NULL;
}

/* Names, with room for all that there may be. */
struct names {
    struct slice *items;
    int32_t count;
};

static void add_names(struct names *names, const struct slice *items, int32_t count)
{
    if (count > 0)
        memcpy(names->items + names->count, items, (size_t)count * sizeof *items);
    names->count += count;
}

static int64_t most_names(const struct consumer_group *consumer)
{
    int64_t most = 0;
    consumer_for_each_member(node, consumer) most += consumer_member_of(node)->topic_count;
    for (int32_t i = 0; i < consumer->resolution->count; i++)
        most += consumer->resolution->items[i].count;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&consumer->regexes, &cursor)) != NULL;)
        most += ((const struct consumer_regex *)entry->value)->topic_count;
    return most;
}

/* All that the members are subscribed to once the results are in force. */
static struct names topics_after(const struct consumer_step *step)
{
    const struct consumer_group *consumer = step->consumer;
    struct names names = {arena_new_array(step->effects->arena, struct slice, most_names(consumer)), 0};
    consumer_for_each_member(node, consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        add_names(&names, member->topics, member->topic_count);
    }
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&consumer->regexes, &cursor)) != NULL;) {
        const struct consumer_regex *regex = entry->value;
        const struct resolved *result = find_result(consumer->resolution, regex->text);
        if (regex->members > 0 && result != NULL)
            add_names(&names, result->topics, result->count);
        else if (regex->members > 0)
            add_names(&names, regex->topics, regex->topic_count);
    }
    names.count = consumer_sort_names(names.items, names.count);
    return names;
}

/* True: it matches other topics than before. */
static bool write_result(const struct consumer_step *step, struct resolved *resolved)
{
    const struct consumer_regex *regex = consumer_find_regex(step->consumer, resolved->text);
    if (regex == NULL || regex->members == 0)
        return false;
    resolved->count = consumer_sort_names(resolved->topics, resolved->count);
    consumer_write_regex(step, resolved->text, resolved->topics, resolved->count,
                         step->consumer->resolution->topics_offset);
    return !consumer_names_equal(resolved->topics, resolved->count, regex->topics, regex->topic_count);
}

static void write_results(struct consumer_step *step)
{
    struct regex_resolution *resolution = step->consumer->resolution;
    bool must_rise = false;
    for (int32_t i = 0; i < resolution->count; i++)
        must_rise |= write_result(step, &resolution->items[i]);
    struct names topics = topics_after(step);
    int64_t hash = consumer_metadata_hash(step->event->image, topics.items, topics.count);
    if (!must_rise && hash == step->metadata_hash)
        return;
    step->epoch++;
    step->metadata_hash = hash;
    consumer_write_epoch(step);
}

void consumer_continue_resolution(struct consumer_step *step)
{
    struct regex_resolution *resolution = step->consumer->resolution;
    keep_up(resolution, step->event->image);
    if (resolution->at < resolution->count) {
        match_some(&step->groups->config, resolution, step->event->image);
        return;
    }
    write_results(step);
    if (step->effects->record_count == 0)
        consumer_end_resolution(step->consumer);
}
