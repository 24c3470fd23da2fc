/*
 * consumer_topics: what the members of a consumer group read: by name, or by regular expressions that have
 * been resolved; and the hash by which a change of these topics is noticed (KIP-1101). Part of
 * consumer_group; pure.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "server/coordinator/consumer_state.h"

#include <xxhash.h>

/* ---- names ---- */

static int compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

int32_t consumer_sort_names(struct slice *names, int32_t count)
{
    if (count == 0)
        return 0;
    qsort(names, (size_t)count, sizeof *names, compare_names);
    int32_t kept = 1;
    for (int32_t i = 1; i < count; i++)
        if (!slice_equal(names[i], names[kept - 1]))
            names[kept++] = names[i];
    return kept;
}

bool consumer_names_equal(const struct slice *a, int32_t a_count, const struct slice *b, int32_t b_count)
{
    if (a_count != b_count)
        return false;
    for (int32_t i = 0; i < a_count; i++)
        if (!slice_equal(a[i], b[i]))
            return false;
    return true;
}

bool consumer_names_have(const struct slice *names, int32_t count, struct slice name)
{
    return count > 0 && bsearch(&name, names, (size_t)count, sizeof *names, compare_names) != NULL;
}

/* ---- subscriptions ---- */

bool consumer_is_subscribed_to(const struct consumer_group *consumer, const struct consumer_member *member,
                               struct slice topic)
{
    if (consumer_names_have(member->topics, member->topic_count, topic))
        return true;
    const struct consumer_regex *regex =
        consumer_has_regex(member) ? consumer_find_regex(consumer, member->regex) : NULL;
    return regex != NULL && consumer_names_have(regex->topics, regex->topic_count, topic);
}

/* Names on their way into an array, each once. */
struct gathering {
    struct map seen;
    struct slice *names;
    int32_t count, capacity;
    struct arena *arena;
};

static void gather(struct gathering *gathering, const struct slice *names, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (map_find(&gathering->seen, names[i]) != NULL)
            continue;
        map_put(&gathering->seen, names[i], (void *)(uintptr_t)names[i].data);
        if (gathering->count == gathering->capacity) {
            int32_t capacity = gathering->capacity == 0 ? 16 : 2 * gathering->capacity;
            struct slice *grown = arena_new_array(gathering->arena, struct slice, capacity);
            if (gathering->count > 0)
                memcpy(grown, gathering->names, (size_t)gathering->count * sizeof *grown);
            gathering->names = grown;
            gathering->capacity = capacity;
        }
        gathering->names[gathering->count++] = names[i];
    }
}

struct slice *consumer_subscribed_topics(const struct consumer_group *consumer,
                                         const struct consumer_member *const *members, int32_t member_count,
                                         struct arena *arena, int32_t *count)
{
    struct gathering gathering = {.arena = arena};
    struct map regexes;
    map_init(&gathering.seen, consumer->seed);
    map_init(&regexes, consumer->seed);
    for (int32_t i = 0; i < member_count; i++) {
        gather(&gathering, members[i]->topics, members[i]->topic_count);
        struct consumer_regex *regex =
            consumer_has_regex(members[i]) ? consumer_find_regex(consumer, members[i]->regex) : NULL;
        if (regex != NULL && map_put(&regexes, regex->text, regex) == NULL)
            gather(&gathering, regex->topics, regex->topic_count);
    }
    map_fini(&gathering.seen);
    map_fini(&regexes);
    *count = consumer_sort_names(gathering.names, gathering.count);
    return gathering.names;
}

/* ---- the hash ---- */

enum { HASH_VERSION = 0 };

static void append_i32(struct buf *buf, int32_t value)
{
    uint8_t bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)((uint32_t)value >> (8 * i));
    buf_append(buf, bytes, sizeof bytes);
}

static void append_i64(struct buf *buf, uint64_t value)
{
    append_i32(buf, (int32_t)(uint32_t)value);
    append_i32(buf, (int32_t)(uint32_t)(value >> 32));
}

static void append_unit(struct buf *buf, uint32_t unit)
{
    const uint8_t bytes[] = {(uint8_t)unit, (uint8_t)(unit >> 8)};
    buf_append(buf, bytes, sizeof bytes);
}

/* A text as Java has it: UTF-16, and its length behind. */
static void append_text(struct buf *buf, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        uint8_t first = text.data[i];
        size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        uint32_t code = len == 1 ? first : first & (0xffu >> (len + 1));
        for (size_t j = 1; j < len && i + j < text.len; j++)
            code = code << 6 | (text.data[i + j] & 0x3f);
        i += len;
        if (code >= 0x10000) {
            append_unit(buf, 0xd7c0 + (code >> 10));
            code = 0xdc00 | (code & 0x3ff);
        }
        append_unit(buf, code);
    }
    append_i32(buf, (int32_t)slice_utf16_len(text));
}

static void append_racks(struct buf *buf, const struct image *image, const struct partition_state *partition,
                         struct arena *arena)
{
    struct slice *racks = arena_new_array(arena, struct slice, partition->replicas.count);
    int32_t count = 0;
    for (int32_t i = 0; i < partition->replicas.count; i++) {
        const struct broker_state *broker = image_find_broker(image, partition->replicas.items[i]);
        if (broker != NULL && !slice_is_null(broker->rack))
            racks[count++] = broker->rack;
    }
    qsort(racks, (size_t)count, sizeof *racks, compare_names);
    for (int32_t i = 0; i < count; i++) {
        append_i32(buf, (int32_t)slice_utf16_len(racks[i]));
        append_text(buf, racks[i]);
    }
}

static uint64_t hash_topic(const struct image *image, const struct topic *topic, struct buf *buf)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    buf->len = 0;
    buf_append_char(buf, HASH_VERSION);
    append_i64(buf, load_u64(topic->id.bytes));
    append_i64(buf, load_u64(topic->id.bytes + 8));
    append_text(buf, topic->name);
    append_i32(buf, topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++) {
        append_i32(buf, i);
        append_racks(buf, image, &topic->partitions[i], &arena);
    }
    arena_fini(&arena);
    return XXH3_64bits(buf->data, buf->len);
}

int64_t consumer_metadata_hash(const struct image *image, const struct slice *topics, int32_t count)
{
    struct buf all = {0}, one = {0};
    for (int32_t i = 0; i < count; i++) {
        const struct topic *topic = image_find_topic(image, topics[i]);
        if (topic != NULL)
            append_i64(&all, hash_topic(image, topic, &one));
    }
    int64_t hash = all.len == 0 ? 0 : (int64_t)XXH3_64bits(all.data, all.len);
    buf_fini(&all);
    buf_fini(&one);
    return hash;
}
