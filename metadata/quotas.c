/*
 * quotas: see the header.
 *
 * An entity is found by its identity, its parts one behind the other: each text is followed by its length, so
 * that two of them never read as others do. Entity, parts, their texts and the identity are one allocation;
 * limits, which come and go, have their own. Entities have few parts and few limits: they are searched from
 * end to end.
 */
#include "metadata/quotas.h"

#include "protocol/base/buf.h"
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"

#include <stdlib.h>

void quotas_init(struct quotas *quotas, uint64_t hash_seed)
{
    map_init(&quotas->by_identity, hash_seed);
}

static void free_key(const struct quota_limit *limit)
{
    free((void *)(uintptr_t)limit->key.data);
}

static void free_entity(struct quota_entity *entity)
{
    for (int32_t i = 0; i < entity->limit_count; i++)
        free_key(&entity->limits[i]);
    free(entity->limits);
    free(entity);
}

void quotas_fini(struct quotas *quotas)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&quotas->by_identity, &cursor)) != NULL)
        free_entity(entry->value);
    map_fini(&quotas->by_identity);
}

/* ---- identities ---- */

/* By type; of one type the one that came first. */
static int by_type(const void *a, const void *b)
{
    const struct quota_part *one = *(const struct quota_part *const *)a;
    const struct quota_part *other = *(const struct quota_part *const *)b;
    int order = slice_compare(one->type, other->type);
    return order != 0 ? order : (one > other) - (one < other);
}

/* The parts that count, in order of type; malloc'ed. */
static const struct quota_part **sort_parts(const struct quota_part *parts, int32_t count, int32_t *different)
{
    const struct quota_part **sorted = memory_alloc(sizeof(const struct quota_part *) * (size_t)count);
    for (int32_t i = 0; i < count; i++)
        sorted[i] = &parts[i];
    qsort(sorted, (size_t)count, sizeof(const struct quota_part *), by_type);
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++)
        if (i == count - 1 || !slice_equal(sorted[i]->type, sorted[i + 1]->type))
            sorted[used++] = sorted[i];
    *different = used;
    return sorted;
}

static void add_text(struct buf *identity, struct slice text)
{
    uint32_t len = (uint32_t)text.len;
    buf_append_slice(identity, text);
    buf_append(identity, &len, sizeof len);
}

static void identify(struct buf *identity, const struct quota_part *const *parts, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        add_text(identity, parts[i]->type);
        buf_append_char(identity, slice_is_null(parts[i]->name) ? 'd' : 'n');
        add_text(identity, parts[i]->name);
    }
}

static struct quota_entity *find(const struct quotas *quotas, const struct quota_part *parts, int32_t count)
{
    struct buf identity = {0};
    int32_t different;
    const struct quota_part **sorted = sort_parts(parts, count, &different);
    identify(&identity, sorted, different);
    struct quota_entity *entity = map_find(&quotas->by_identity, buf_slice(&identity));
    buf_fini(&identity);
    free(sorted);
    return entity;
}

const struct quota_entity *quotas_find(const struct quotas *quotas, const struct quota_part *parts,
                                       int32_t count)
{
    return find(quotas, parts, count);
}

/* ---- entities ---- */

/* The text of a part, where the identity has it. */
static struct slice take_text(const uint8_t **at, struct slice text)
{
    struct slice taken = slice_of(*at, text.len);
    *at += text.len + sizeof(uint32_t);
    return taken;
}

static struct quota_entity *new_entity(const struct quota_part *const *parts, int32_t count,
                                       struct slice identity)
{
    size_t part_bytes = sizeof(struct quota_part) * (size_t)count;
    struct quota_entity *entity = memory_alloc(sizeof *entity + part_bytes + identity.len);
    struct quota_part *own = (struct quota_part *)(entity + 1);
    uint8_t *text = (uint8_t *)own + part_bytes;
    const uint8_t *at = text;
    memcpy(text, identity.data, identity.len);
    for (int32_t i = 0; i < count; i++) {
        own[i].type = take_text(&at, parts[i]->type);
        at++;
        struct slice name = take_text(&at, parts[i]->name);
        own[i].name = slice_is_null(parts[i]->name) ? SLICE_NULL : name;
    }
    *entity =
        (struct quota_entity){.parts = own, .part_count = count, .identity = slice_of(text, identity.len)};
    return entity;
}

static struct quota_entity *add_entity(struct quotas *quotas, const struct quota_part *parts, int32_t count)
{
    struct buf identity = {0};
    int32_t different;
    const struct quota_part **sorted = sort_parts(parts, count, &different);
    identify(&identity, sorted, different);
    struct quota_entity *entity = new_entity(sorted, different, buf_slice(&identity));
    map_put(&quotas->by_identity, entity->identity, entity);
    buf_fini(&identity);
    free(sorted);
    return entity;
}

const struct quota_part *quota_entity_part(const struct quota_entity *entity, struct slice type)
{
    for (int32_t i = 0; i < entity->part_count; i++)
        if (slice_equal(entity->parts[i].type, type))
            return &entity->parts[i];
    return NULL;
}

/* ---- limits ---- */

/* The first limit whose key is not below `key`. */
static int32_t place_of(const struct quota_entity *entity, struct slice key)
{
    int32_t at = 0;
    while (at < entity->limit_count && slice_compare(entity->limits[at].key, key) < 0)
        at++;
    return at;
}

static bool has_at(const struct quota_entity *entity, int32_t at, struct slice key)
{
    return at < entity->limit_count && slice_equal(entity->limits[at].key, key);
}

const struct quota_limit *quota_entity_find(const struct quota_entity *entity, struct slice key)
{
    if (entity == NULL)
        return NULL;
    int32_t at = place_of(entity, key);
    return has_at(entity, at, key) ? &entity->limits[at] : NULL;
}

static void insert_limit(struct quota_entity *entity, int32_t at, struct slice key, double value)
{
    size_t count = (size_t)entity->limit_count;
    struct quota_limit *limits = realloc(entity->limits, (count + 1) * sizeof *limits);
    ensure(limits != NULL && "out of memory");
    memmove(&limits[at + 1], &limits[at], (count - (size_t)at) * sizeof *limits);
    uint8_t *text = memory_alloc(key.len);
    if (key.len > 0)
        memcpy(text, key.data, key.len);
    limits[at] = (struct quota_limit){slice_of(text, key.len), value};
    entity->limits = limits;
    entity->limit_count++;
}

void quotas_set(struct quotas *quotas, const struct quota_part *parts, int32_t count, struct slice key,
                double value)
{
    struct quota_entity *entity = find(quotas, parts, count);
    if (entity == NULL)
        entity = add_entity(quotas, parts, count);
    int32_t at = place_of(entity, key);
    if (has_at(entity, at, key))
        entity->limits[at].value = value;
    else
        insert_limit(entity, at, key, value);
}

void quotas_remove(struct quotas *quotas, const struct quota_part *parts, int32_t count, struct slice key)
{
    struct quota_entity *entity = find(quotas, parts, count);
    int32_t at = entity == NULL ? 0 : place_of(entity, key);
    if (entity == NULL || !has_at(entity, at, key))
        return;
    free_key(&entity->limits[at]);
    entity->limit_count--;
    memmove(&entity->limits[at], &entity->limits[at + 1],
            (size_t)(entity->limit_count - at) * sizeof entity->limits[0]);
    if (entity->limit_count > 0)
        return;
    map_remove(&quotas->by_identity, entity->identity);
    free_entity(entity);
}

/* ---- all of them ---- */

/* Those of fewer parts first. */
static int in_order(const void *a, const void *b)
{
    const struct quota_entity *one = *(const struct quota_entity *const *)a;
    const struct quota_entity *other = *(const struct quota_entity *const *)b;
    if (one->part_count != other->part_count)
        return one->part_count < other->part_count ? -1 : 1;
    return slice_compare(one->identity, other->identity);
}

const struct quota_entity **quotas_sorted(const struct quotas *quotas)
{
    return map_sorted(&quotas->by_identity, in_order);
}
