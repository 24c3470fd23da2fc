/*
 * acls: see the header.
 *
 * Invariants:
 * 1. Every entry is in by_id; it is in a pattern too if its resource type and pattern type are known. Entries
 *    that no question can meet (a record may say anything) are kept for the snapshots alone.
 * 2. A pattern has at least one entry. Its entries are sorted by principal, so that a topic with thousands of
 *    users costs a binary search.
 * 3. `prefixes` is sorted by name; a prefix's `shorter` is the longest other one of its type that it begins
 *    with. What covers a name is then its neighbour below, or one of that neighbour's `shorter`s, and all of
 *    the `shorter`s from there on.
 */
#include "metadata/acls.h"

#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"

#include <stdlib.h>

struct acl_pattern {
    struct slice name;           /* in its own allocation */
    struct acl_pattern *shorter; /* of a prefix, see 3 */
    struct acl **entries;        /* by principal */
    size_t count;
    size_t capacity;
};

/* The array of pointers with room for one more. */
static void *grown(void *array, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 4 : *capacity * 2;
    array = realloc(array, *capacity * sizeof(void *));
    ensure(array != NULL && "out of memory");
    return array;
}

void acls_init(struct acls *acls, uint64_t hash_seed)
{
    *acls = (struct acls){.by_id = {0}};
    map_init(&acls->by_id, hash_seed);
    for (int type = 0; type < ACL_RESOURCE_TYPES; type++)
        map_init(&acls->of_type[type].literals, hash_seed);
}

static void free_pattern(struct acl_pattern *pattern)
{
    free(pattern->entries);
    free(pattern);
}

void acls_fini(struct acls *acls)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&acls->by_id, &cursor)) != NULL)
        free(entry->value);
    map_fini(&acls->by_id);
    for (int type = 0; type < ACL_RESOURCE_TYPES; type++) {
        struct acl_patterns *patterns = &acls->of_type[type];
        for (cursor = 0; (entry = map_next(&patterns->literals, &cursor)) != NULL;)
            free_pattern(entry->value);
        map_fini(&patterns->literals);
        for (size_t i = 0; i < patterns->prefix_count; i++)
            free_pattern(patterns->prefixes[i]);
        free(patterns->prefixes);
    }
}

/* ---- patterns ---- */

/* How many prefixes are not above the name. */
static size_t count_below(const struct acl_patterns *patterns, struct slice name)
{
    size_t from = 0, to = patterns->prefix_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (slice_compare(patterns->prefixes[middle]->name, name) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* The longest prefix that the name begins with; NULL: none. */
static struct acl_pattern *find_prefix(const struct acl_patterns *patterns, struct slice name)
{
    size_t below = count_below(patterns, name);
    struct acl_pattern *prefix = below == 0 ? NULL : patterns->prefixes[below - 1];
    while (prefix != NULL && !slice_starts_with(name, prefix->name))
        prefix = prefix->shorter;
    return prefix;
}

static struct acl_pattern *find_pattern(const struct acl_patterns *patterns, int8_t pattern_type,
                                        struct slice name)
{
    if (pattern_type == ACL_LITERAL)
        return map_find(&patterns->literals, name);
    struct acl_pattern *prefix = find_prefix(patterns, name);
    return prefix != NULL && prefix->name.len == name.len ? prefix : NULL;
}

static struct acl_pattern *new_pattern(struct slice name)
{
    struct acl_pattern *pattern = memory_alloc(sizeof *pattern + name.len);
    if (name.len > 0)
        memcpy(pattern + 1, name.data, name.len);
    *pattern = (struct acl_pattern){.name = slice_of(pattern + 1, name.len)};
    return pattern;
}

/* Its longer ones stand right behind it. */
static void add_prefix(struct acl_patterns *patterns, struct acl_pattern *prefix)
{
    size_t at = count_below(patterns, prefix->name);
    prefix->shorter = find_prefix(patterns, prefix->name);
    for (size_t i = at;
         i < patterns->prefix_count && slice_starts_with(patterns->prefixes[i]->name, prefix->name); i++)
        if (patterns->prefixes[i]->shorter == prefix->shorter)
            patterns->prefixes[i]->shorter = prefix;
    patterns->prefixes = grown(patterns->prefixes, patterns->prefix_count, &patterns->prefix_capacity);
    memmove(&patterns->prefixes[at + 1], &patterns->prefixes[at],
            (patterns->prefix_count - at) * sizeof(struct acl_pattern *));
    patterns->prefixes[at] = prefix;
    patterns->prefix_count++;
}

static void remove_prefix(struct acl_patterns *patterns, struct acl_pattern *prefix)
{
    size_t at = count_below(patterns, prefix->name) - 1;
    ensure(patterns->prefixes[at] == prefix);
    patterns->prefix_count--;
    memmove(&patterns->prefixes[at], &patterns->prefixes[at + 1],
            (patterns->prefix_count - at) * sizeof(struct acl_pattern *));
    for (size_t i = at;
         i < patterns->prefix_count && slice_starts_with(patterns->prefixes[i]->name, prefix->name); i++)
        if (patterns->prefixes[i]->shorter == prefix)
            patterns->prefixes[i]->shorter = prefix->shorter;
}

/* Whether a question can meet the entry. */
static bool is_met(const struct acl *acl)
{
    return acl->resource_type >= ACL_TOPIC && acl->resource_type < ACL_RESOURCE_TYPES
           && (acl->pattern_type == ACL_LITERAL || acl->pattern_type == ACL_PREFIXED);
}

/* ---- entries ---- */

/* Where the principal's entries begin, or would. */
static size_t first_of(const struct acl_pattern *pattern, struct slice principal)
{
    size_t from = 0, to = pattern->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (slice_compare(pattern->entries[middle]->principal, principal) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool is_of(const struct acl_pattern *pattern, size_t at, struct slice principal)
{
    return at < pattern->count && slice_equal(pattern->entries[at]->principal, principal);
}

static struct slice copy_text(uint8_t **at, struct slice text)
{
    uint8_t *copy = *at;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    *at += text.len;
    return slice_of(copy, text.len);
}

static struct acl *copy_acl(const struct acl *acl)
{
    struct acl *copy = memory_alloc(sizeof *copy + acl->name.len + acl->principal.len + acl->host.len);
    uint8_t *at = (uint8_t *)(copy + 1);
    *copy = *acl;
    copy->name = copy_text(&at, acl->name);
    copy->principal = copy_text(&at, acl->principal);
    copy->host = copy_text(&at, acl->host);
    return copy;
}

static void index_acl(struct acl_patterns *patterns, struct acl *acl)
{
    struct acl_pattern *pattern = find_pattern(patterns, acl->pattern_type, acl->name);
    if (pattern == NULL) {
        pattern = new_pattern(acl->name);
        if (acl->pattern_type == ACL_LITERAL)
            map_put(&patterns->literals, pattern->name, pattern);
        else
            add_prefix(patterns, pattern);
    }
    size_t at = first_of(pattern, acl->principal);
    pattern->entries = grown(pattern->entries, pattern->count, &pattern->capacity);
    memmove(&pattern->entries[at + 1], &pattern->entries[at], (pattern->count - at) * sizeof(struct acl *));
    pattern->entries[at] = acl;
    pattern->count++;
}

static void unindex_acl(struct acl_patterns *patterns, const struct acl *acl)
{
    struct acl_pattern *pattern = find_pattern(patterns, acl->pattern_type, acl->name);
    ensure(pattern != NULL);
    size_t at = first_of(pattern, acl->principal);
    while (at < pattern->count && pattern->entries[at] != acl)
        at++;
    ensure(at < pattern->count);
    pattern->count--;
    memmove(&pattern->entries[at], &pattern->entries[at + 1], (pattern->count - at) * sizeof(struct acl *));
    if (pattern->count > 0)
        return;
    if (acl->pattern_type == ACL_LITERAL)
        map_remove(&patterns->literals, pattern->name);
    else
        remove_prefix(patterns, pattern);
    free_pattern(pattern);
}

void acls_add(struct acls *acls, const struct acl *acl)
{
    ensure(acls_find(acls, acl->id) == NULL);
    struct acl *copy = copy_acl(acl);
    map_put(&acls->by_id, uuid_key(&copy->id), copy);
    if (is_met(copy))
        index_acl(&acls->of_type[copy->resource_type], copy);
}

bool acls_remove(struct acls *acls, struct uuid id)
{
    struct acl *acl = map_remove(&acls->by_id, uuid_key(&id));
    if (acl == NULL)
        return false;
    if (is_met(acl))
        unindex_acl(&acls->of_type[acl->resource_type], acl);
    free(acl);
    return true;
}

const struct acl *acls_find(const struct acls *acls, struct uuid id)
{
    return map_find(&acls->by_id, uuid_key(&id));
}

const struct acl *acls_find_same(const struct acls *acls, const struct acl *acl)
{
    const struct acl_pattern *pattern =
        is_met(acl) ? find_pattern(&acls->of_type[acl->resource_type], acl->pattern_type, acl->name) : NULL;
    if (pattern == NULL)
        return NULL;
    for (size_t at = first_of(pattern, acl->principal); is_of(pattern, at, acl->principal); at++) {
        const struct acl *other = pattern->entries[at];
        if (slice_equal(other->host, acl->host) && other->operation == acl->operation
            && other->permission_type == acl->permission_type)
            return other;
    }
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    const struct acl *const *left = a;
    const struct acl *const *right = b;
    return memcmp(&(*left)->id, &(*right)->id, sizeof(struct uuid));
}

const struct acl **acls_sorted(const struct acls *acls)
{
    return map_sorted(&acls->by_id, by_id);
}

/* ---- what follows ---- */

#define BIT(operation) (UINT32_C(1) << (operation))

/* What an entry that allows the operation allows too. */
static uint32_t implied_by(int8_t operation)
{
    switch (operation) {
    case ACL_ALL:
        return UINT32_MAX;
    case ACL_READ:
    case ACL_WRITE:
    case ACL_DELETE:
    case ACL_ALTER:
        return BIT(ACL_DESCRIBE) | BIT(operation);
    case ACL_ALTER_CONFIGS:
        return BIT(ACL_DESCRIBE_CONFIGS) | BIT(operation);
    default:
        return operation >= 0 && operation < 32 ? BIT(operation) : 0;
    }
}

static uint32_t denied_by(int8_t operation)
{
    return operation == ACL_ALL ? UINT32_MAX : operation >= 0 && operation < 32 ? BIT(operation) : 0;
}

static bool is_from(const struct acl *acl, struct slice host)
{
    return slice_equal_str(acl->host, ACL_WILDCARD) || slice_equal(acl->host, host);
}

static void add_entries(const struct acl_pattern *pattern, struct slice principal, struct slice host,
                        struct acl_rights *rights)
{
    for (size_t at = first_of(pattern, principal); is_of(pattern, at, principal); at++) {
        const struct acl *acl = pattern->entries[at];
        if (!is_from(acl, host))
            continue;
        if (acl->permission_type == ACL_ALLOW)
            rights->allowed |= implied_by(acl->operation);
        else
            rights->denied |= denied_by(acl->operation);
    }
}

static void add_pattern(const struct acl_pattern *pattern, struct acl_client client,
                        struct acl_rights *rights)
{
    if (pattern == NULL)
        return;
    rights->found = true;
    add_entries(pattern, client.principal, client.host, rights);
    add_entries(pattern, SLICE("User:*"), client.host, rights);
}

struct acl_rights acls_rights(const struct acls *acls, enum acl_resource type, struct slice name,
                              struct acl_client client)
{
    const struct acl_patterns *patterns = &acls->of_type[type];
    struct acl_rights rights = {0};
    add_pattern(map_find(&patterns->literals, name), client, &rights);
    add_pattern(map_find(&patterns->literals, SLICE(ACL_WILDCARD)), client, &rights);
    for (const struct acl_pattern *prefix = find_prefix(patterns, name); prefix != NULL;
         prefix = prefix->shorter)
        add_pattern(prefix, client, &rights);
    return rights;
}

/* What the entries of one pattern say of one operation, without what others imply: that is Kafka's rule where
 * no name is asked for. */
static struct acl_rights rights_in(const struct acl_pattern *pattern, enum acl_operation operation,
                                   struct acl_client client)
{
    struct acl_rights rights = {0};
    const struct slice principals[] = {client.principal, SLICE("User:*")};
    for (size_t i = 0; pattern != NULL && i < 2; i++) {
        for (size_t at = first_of(pattern, principals[i]); is_of(pattern, at, principals[i]); at++) {
            const struct acl *acl = pattern->entries[at];
            if (!is_from(acl, client.host)
                || (acl->operation != ACL_ALL && acl->operation != (int8_t)operation))
                continue;
            rights.allowed |= acl->permission_type == ACL_ALLOW;
            rights.denied |= acl->permission_type == ACL_DENY;
        }
    }
    return rights;
}

static bool is_denied_by_prefix(const struct acl_patterns *patterns, struct slice name,
                                enum acl_operation operation, struct acl_client client)
{
    for (const struct acl_pattern *prefix = find_prefix(patterns, name); prefix != NULL;
         prefix = prefix->shorter)
        if (prefix->name.len > 0 && rights_in(prefix, operation, client).denied)
            return true;
    return false;
}

bool acls_allow_somewhere(const struct acls *acls, enum acl_resource type, enum acl_operation operation,
                          struct acl_client client)
{
    const struct acl_patterns *patterns = &acls->of_type[type];
    struct acl_rights everywhere =
        rights_in(map_find(&patterns->literals, SLICE(ACL_WILDCARD)), operation, client);
    if (everywhere.denied || everywhere.allowed)
        return !everywhere.denied;
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&patterns->literals, &cursor)) != NULL) {
        struct acl_rights rights = rights_in(entry->value, operation, client);
        if (rights.allowed && !rights.denied && !is_denied_by_prefix(patterns, entry->key, operation, client))
            return true;
    }
    for (size_t i = 0; i < patterns->prefix_count; i++)
        if (rights_in(patterns->prefixes[i], operation, client).allowed
            && !is_denied_by_prefix(patterns, patterns->prefixes[i]->name, operation, client))
            return true;
    return false;
}

/* ---- filters ---- */

static bool name_matches(const struct acl_filter *filter, const struct acl *acl)
{
    if (slice_is_null(filter->name))
        return true;
    if (filter->pattern_type != ACL_MATCH)
        return slice_equal(filter->name, acl->name);
    if (acl->pattern_type == ACL_PREFIXED)
        return slice_starts_with(filter->name, acl->name);
    return slice_equal(filter->name, acl->name) || slice_equal_str(acl->name, ACL_WILDCARD);
}

bool acl_filter_matches(const struct acl_filter *filter, const struct acl *acl)
{
    bool any_pattern = filter->pattern_type == ACL_ANY_PATTERN || filter->pattern_type == ACL_MATCH;
    return (filter->resource_type == ACL_ANY_RESOURCE || filter->resource_type == acl->resource_type)
           && (any_pattern || filter->pattern_type == acl->pattern_type)
           && (filter->operation == ACL_ANY_OPERATION || filter->operation == acl->operation)
           && (filter->permission_type == ACL_ANY_PERMISSION
               || filter->permission_type == acl->permission_type)
           && (slice_is_null(filter->principal) || slice_equal(filter->principal, acl->principal))
           && (slice_is_null(filter->host) || slice_equal(filter->host, acl->host))
           && name_matches(filter, acl);
}
