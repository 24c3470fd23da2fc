/*
 * quota_rules: see the header. The most particular entity that has the limit wins, and says who shares it.
 */
#include "server/throttle/quota_rules.h"

#include <math.h>

#define CONNECTION_CREATION_RATE "connection_creation_rate"

static const char *const keys[QUOTA_KIND_COUNT] = {
    [QUOTA_PRODUCE] = "producer_byte_rate",
    [QUOTA_FETCH] = "consumer_byte_rate",
    [QUOTA_REQUEST] = "request_percentage",
    [QUOTA_CONTROLLER] = "controller_mutation_rate",
};

/* How a part of an entity is named in a rule. */
enum part_kind { PART_ABSENT, PART_NAMED, PART_DEFAULT };

/* Best first. */
static const struct precedence {
    enum part_kind user, client;
} precedence[] = {
    {PART_NAMED, PART_NAMED},   {PART_NAMED, PART_DEFAULT},   {PART_NAMED, PART_ABSENT},
    {PART_DEFAULT, PART_NAMED}, {PART_DEFAULT, PART_DEFAULT}, {PART_DEFAULT, PART_ABSENT},
    {PART_ABSENT, PART_NAMED},  {PART_ABSENT, PART_DEFAULT},
};

static int32_t add_part(struct quota_part parts[2], int32_t count, enum part_kind kind, const char *type,
                        struct slice name)
{
    if (kind == PART_ABSENT)
        return count;
    parts[count] = (struct quota_part){slice_str(type), kind == PART_NAMED ? name : SLICE_NULL};
    return count + 1;
}

static const struct quota_limit *find(const struct quotas *quotas, const struct precedence *step,
                                      const char *key, struct slice user, struct slice client_id)
{
    struct quota_part parts[2];
    int32_t count = add_part(parts, 0, step->user, QUOTA_USER, user);
    count = add_part(parts, count, step->client, QUOTA_CLIENT_ID, client_id);
    return quota_entity_find(quotas_find(quotas, parts, count), slice_str(key));
}

bool quota_rules_find(const struct quotas *quotas, enum quota_kind kind, struct slice user,
                      struct slice client_id, struct quota_rule *rule)
{
    for (size_t i = 0; i < sizeof precedence / sizeof precedence[0]; i++) {
        const struct quota_limit *limit = find(quotas, &precedence[i], keys[kind], user, client_id);
        if (limit == NULL)
            continue;
        *rule = (struct quota_rule){.limit = limit->value,
                                    .by_user = precedence[i].user != PART_ABSENT,
                                    .by_client = precedence[i].client != PART_ABSENT};
        return true;
    }
    return false;
}

double quota_rules_connection_rate(const struct quotas *quotas, struct slice address)
{
    const struct quota_part named = {SLICE(QUOTA_IP), address}, any = {SLICE(QUOTA_IP), SLICE_NULL};
    struct slice key = SLICE(CONNECTION_CREATION_RATE);
    const struct quota_limit *limit = quota_entity_find(quotas_find(quotas, &named, 1), key);
    if (limit == NULL)
        limit = quota_entity_find(quotas_find(quotas, &any, 1), key);
    return limit == NULL ? INFINITY : limit->value;
}

static bool some_entity_has(const struct quotas *quotas, const char *key)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&quotas->by_identity, &cursor)) != NULL;)
        if (quota_entity_find(entry->value, slice_str(key)) != NULL)
            return true;
    return false;
}

unsigned quota_rules_kinds(const struct quotas *quotas)
{
    unsigned kinds = 0;
    for (int kind = 0; kind < QUOTA_KIND_COUNT; kind++)
        if (some_entity_has(quotas, keys[kind]))
            kinds |= 1U << kind;
    return kinds;
}

bool quota_rules_have_addresses(const struct quotas *quotas)
{
    return some_entity_has(quotas, CONNECTION_CREATION_RATE);
}
