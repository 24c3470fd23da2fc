/*
 * alter_client_quotas: see client_quotas.h. An entity that is named twice is changed by its first mention and
 * answered with the complaint about the second, as in Kafka; so is one that names a key twice, but unchanged.
 *
 * Called by server/api/alter_client_quotas with the change lock held; pure.
 */
#include "metadata/controller/client_quotas.h"

#include "protocol/base/map.h"
#include "protocol/records/client_quota_record.h"

#include <math.h>

/* One entity's alteration. */
struct alteration {
    const struct controller *controller;
    const struct alter_client_quotas_entry *entry;
    struct quota_part *parts;
    bool resolves;
    const struct quota_entity *before; /* NULL: no limits yet */
};

/* ---- what an entity may be ---- */

static enum kerr check_parts(const struct quota_entity *entity, struct note *why)
{
    for (int32_t i = 0; i < entity->part_count; i++) {
        const struct quota_part *part = &entity->parts[i];
        if (!slice_equal(part->type, SLICE(QUOTA_USER)) && !slice_equal(part->type, SLICE(QUOTA_CLIENT_ID))
            && !slice_equal(part->type, SLICE(QUOTA_IP))) {
            note_set(why, "Unhandled client quota entity type: %.*s", SLICE_ARGS(part->type));
            return KERR_INVALID_REQUEST;
        }
        if (!slice_is_null(part->name) && part->name.len == 0) {
            note_set(why, "Empty %.*s not supported", SLICE_ARGS(part->type));
            return KERR_INVALID_REQUEST;
        }
    }
    return KERR_NONE;
}

static enum kerr check_entity(const struct alteration *alteration, const struct quota_entity *entity,
                              struct note *why)
{
    enum kerr error = check_parts(entity, why);
    if (error != KERR_NONE)
        return error;
    const struct quota_part *ip = quota_entity_part(entity, SLICE(QUOTA_IP));
    if (entity->part_count == 0)
        note_set(why, "Invalid empty client quota entity");
    else if (ip != NULL && entity->part_count > 1)
        note_set(why, "Invalid quota entity combination, "
                      "IP entity shouldnot be combined with User or ClientId");
    else if (ip != NULL && !alteration->resolves)
        note_set(why, "%.*s is not a valid IP or resolvable host.", SLICE_ARGS(ip->name));
    else
        return KERR_NONE;
    return KERR_INVALID_REQUEST;
}

/* ---- what a limit may be ---- */

static const struct limit_def {
    const char *key;
    bool of_ip;
    bool integral;
    double max;
    const char *type;
} limit_defs[] = {
    {"producer_byte_rate", false, true, (double)INT64_MAX, "a LONG"},
    {"consumer_byte_rate", false, true, (double)INT64_MAX, "a LONG"},
    {"request_percentage", false, false, INFINITY, ""},
    {"controller_mutation_rate", false, false, INFINITY, ""},
    {"connection_creation_rate", true, true, INT32_MAX, "an INT"},
};

static const struct limit_def *find_limit_def(const struct quota_entity *entity, struct slice key)
{
    bool of_ip = quota_entity_part(entity, SLICE(QUOTA_IP)) != NULL;
    for (size_t i = 0; i < sizeof limit_defs / sizeof limit_defs[0]; i++)
        if (limit_defs[i].of_ip == of_ip && slice_equal_str(key, limit_defs[i].key))
            return &limit_defs[i];
    return NULL;
}

/* As fmod(value, 1), without libm: its pages are a tenth of what an idle broker holds. */
static double fraction_of(double value)
{
    static const double all_integral = 9007199254740992; /* 2^53 */
    return fabs(value) < all_integral ? value - (double)(int64_t)value : 0;
}

static enum kerr check_limit(const struct quota_entity *entity, const struct alter_client_quotas_op *op,
                             struct note *why)
{
    const struct limit_def *def = find_limit_def(entity, op->key);
    if (def == NULL)
        note_set(why, "Invalid configuration key %.*s", SLICE_ARGS(op->key));
    else if (op->value <= 0)
        note_set(why, "Quota %s must be greater than 0", def->key);
    else if (op->value > def->max)
        note_set(why, "Proposed value for %s is too large for %s.", def->key, def->type);
    else if (def->integral && fabs(fraction_of(op->value)) > 1e-6)
        note_set(why, "%s cannot be a fractional value.", def->key);
    else
        return KERR_NONE;
    return KERR_INVALID_REQUEST;
}

/* ---- records ---- */

static void add_record(const struct alteration *alteration, const struct quota_entity *entity,
                       const struct alter_client_quotas_op *op, struct record_list *records)
{
    struct arena *arena = alteration->controller->arena;
    struct client_quota_record record;
    schema_set_defaults(client_quota_record_schema(), &record);
    array_init(&record.entity, client_quota_entity, arena, entity->part_count);
    for (int32_t i = 0; i < entity->part_count; i++) {
        record.entity.items[i].entity_type = entity->parts[i].type;
        record.entity.items[i].entity_name = entity->parts[i].name;
    }
    record.key = op->key;
    record.value = op->remove ? 0 : op->value;
    record.remove = op->remove;
    record_list_add(records, &client_quota_record_message, &record);
}

/* As Java's Double.equals has it: NaN is NaN. */
static bool is_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* What is as it is asked for makes no record. */
static void add_records(const struct alteration *alteration, const struct quota_entity *entity,
                        struct record_list *records)
{
    for (int32_t i = 0; i < alteration->entry->ops.count; i++) {
        const struct alter_client_quotas_op *op = &alteration->entry->ops.items[i];
        const struct quota_limit *before = quota_entity_find(alteration->before, op->key);
        bool same = op->remove ? before == NULL : before != NULL && is_same(before->value, op->value);
        if (!same)
            add_record(alteration, entity, op, records);
    }
}

static enum kerr alter(const struct alteration *alteration, const struct quota_entity *entity,
                       struct record_list *records, struct note *why)
{
    enum kerr error = check_entity(alteration, entity, why);
    for (int32_t i = 0; i < alteration->entry->ops.count && error == KERR_NONE; i++)
        if (!alteration->entry->ops.items[i].remove)
            error = check_limit(entity, &alteration->entry->ops.items[i], why);
    if (error == KERR_NONE && records != NULL)
        add_records(alteration, entity, records);
    return error;
}

/* ---- the request ---- */

static bool has_a_key_twice(const struct alteration *alteration)
{
    struct map seen;
    map_init(&seen, alteration->controller->next_random(alteration->controller->random_state));
    bool twice = false;
    for (int32_t i = 0; i < alteration->entry->ops.count && !twice; i++)
        twice = map_put(&seen, alteration->entry->ops.items[i].key, &seen) != NULL;
    map_fini(&seen);
    return twice;
}

static void complain_of_twice(const struct quota_entity *entity, struct note *why)
{
    struct buf text = {0};
    for (int32_t i = 0; i < entity->part_count && text.len < NOTE_SIZE; i++) {
        struct slice name = entity->parts[i].name;
        buf_append_str(&text, i > 0 ? ", " : "");
        buf_append_slice(&text, entity->parts[i].type);
        buf_append_char(&text, '=');
        buf_append_slice(&text, slice_is_null(name) ? SLICE("null") : name);
    }
    note_set(why, "Ignoring duplicate entity ClientQuotaEntity(entries={%.*s})",
             SLICE_ARGS(buf_slice(&text)));
    buf_fini(&text);
}

static void name_entity(const struct quota_entity *entity, struct arena *arena,
                        struct alter_client_quotas_response_entry *result)
{
    array_init(&result->entity, alter_client_quotas_entity, arena, entity->part_count);
    for (int32_t i = 0; i < entity->part_count; i++) {
        result->entity.items[i].entity_type = arena_dup(arena, entity->parts[i].type);
        result->entity.items[i].entity_name = arena_dup(arena, entity->parts[i].name);
    }
}

static struct quota_part *parts_of(const struct alter_client_quotas_entry *entry, struct arena *arena)
{
    struct quota_part *parts = arena_new_array(arena, struct quota_part, entry->entity.count);
    for (int32_t i = 0; i < entry->entity.count; i++)
        parts[i] =
            (struct quota_part){entry->entity.items[i].entity_type, entry->entity.items[i].entity_name};
    return parts;
}

/* `answered` holds every entity that has a result; its one limit is the result's index. */
static void alter_entry(const struct alteration *alteration, struct quotas *answered,
                        struct alter_client_quotas_response *response, struct record_list *records)
{
    struct arena *arena = alteration->controller->arena;
    struct slice key = SLICE("index");
    int32_t count = alteration->entry->entity.count;
    const struct quota_entity *entity = quotas_find(answered, alteration->parts, count);
    bool twice = entity != NULL || has_a_key_twice(alteration);
    if (entity == NULL) {
        quotas_set(answered, alteration->parts, count, key, response->entries.count);
        entity = quotas_find(answered, alteration->parts, count);
        name_entity(entity, arena, &response->entries.items[response->entries.count++]);
    }
    struct alter_client_quotas_response_entry *result =
        &response->entries.items[(int32_t)quota_entity_find(entity, key)->value];
    struct note why = {{0}};
    enum kerr error = KERR_INVALID_REQUEST;
    if (twice)
        complain_of_twice(entity, &why);
    else
        error = alter(alteration, entity, records, &why);
    result->error_code = (int16_t)error;
    result->error_message = controller_text(alteration->controller, &why);
}

void controller_alter_client_quotas(const struct controller *controller,
                                    const struct alter_client_quotas_request *request, const bool *resolves,
                                    struct alter_client_quotas_response *response,
                                    struct record_list *records)
{
    struct quotas answered;
    quotas_init(&answered, controller->next_random(controller->random_state));
    array_init(&response->entries, alter_client_quotas_response_entry, controller->arena,
               request->entries.count);
    response->entries.count = 0;
    for (int32_t i = 0; i < request->entries.count; i++) {
        const struct alter_client_quotas_entry *entry = &request->entries.items[i];
        struct alteration alteration = {
            .controller = controller,
            .entry = entry,
            .parts = parts_of(entry, controller->arena),
            .resolves = resolves[i],
        };
        alteration.before = quotas_find(&controller->image->quotas, alteration.parts, entry->entity.count);
        alter_entry(&alteration, &answered, response, request->validate_only ? NULL : records);
    }
    quotas_fini(&answered);
}
