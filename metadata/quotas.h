/*
 * quotas: the limits that users, client ids and addresses have, as ClientQuotaRecords set them (KIP-546).
 * What a limit is for is an entity: a set of parts, as client-id and user together, each a name or the
 * default.
 *
 * A value without locks, part of an image. Everything in it is its own; what callers find lives until the
 * next change.
 */
#ifndef METADATA_QUOTAS_H
#define METADATA_QUOTAS_H

#include "protocol/base/map.h"
#include "protocol/base/slice.h"

#define QUOTA_USER      "user"
#define QUOTA_CLIENT_ID "client-id"
#define QUOTA_IP        "ip"

struct quota_part {
    struct slice type; /* one of the above; a record may say anything */
    struct slice name; /* null: the default, of those that have no limit of their own */
};

struct quota_limit {
    struct slice key; /* producer_byte_rate, ...; in an allocation of its own */
    double value;
};

struct quota_entity {
    struct quota_part *parts; /* in order of type, each type once */
    int32_t part_count;
    struct quota_limit *limits; /* in order of key; at least one */
    int32_t limit_count;
    struct slice identity; /* what the map finds it by */
};

struct quotas {
    struct map by_identity; /* -> struct quota_entity */
};

void quotas_init(struct quotas *quotas, uint64_t hash_seed);
void quotas_fini(struct quotas *quotas);

/* Sets one limit (copied), or removes it, if it is there; an entity goes with its last limit. Parts may come
 * in any order; of two of one type the last counts, as in Kafka. */
void quotas_set(struct quotas *quotas, const struct quota_part *parts, int32_t count, struct slice key,
                double value);
void quotas_remove(struct quotas *quotas, const struct quota_part *parts, int32_t count, struct slice key);

/* NULL: no limits. Parts as above. */
const struct quota_entity *quotas_find(const struct quotas *quotas, const struct quota_part *parts,
                                       int32_t count);

/* `entity` may be NULL. NULL: no such limit. */
const struct quota_limit *quota_entity_find(const struct quota_entity *entity, struct slice key);

/* NULL: the entity has no part of this type. */
const struct quota_part *quota_entity_part(const struct quota_entity *entity, struct slice type);

/* All of them in an order that depends on nothing but what they are: an array of quotas->by_identity.count,
 * malloc'ed, the caller frees. */
const struct quota_entity **quotas_sorted(const struct quotas *quotas);

#endif
