/*
 * describe_client_quotas: see client_quotas.h. The caller holds the image still.
 */
#include "metadata/controller/client_quotas.h"

#include <stdlib.h>

enum match_type { MATCH_EXACT = 0, MATCH_DEFAULT = 1, MATCH_ANY = 2 };

enum { ENTITY_TYPES = 3 };

/* What is asked for: of each type at most one component. */
struct filter {
    const struct describe_client_quotas_component *components[ENTITY_TYPES];
    int32_t count;
    bool strict;
};

static bool filter_has(const struct filter *filter, struct slice type)
{
    for (int32_t i = 0; i < filter->count; i++)
        if (slice_equal(filter->components[i]->entity_type, type))
            return true;
    return false;
}

static enum kerr check_type(const struct filter *filter, struct slice type, struct note *why)
{
    if (type.len == 0) {
        note_set(why, "Invalid empty entity type.");
        return KERR_INVALID_REQUEST;
    }
    if (filter_has(filter, type)) {
        note_set(why, "Entity type %.*s cannot appear more than once in the filter.", SLICE_ARGS(type));
        return KERR_INVALID_REQUEST;
    }
    if (slice_equal(type, SLICE(QUOTA_USER)) || slice_equal(type, SLICE(QUOTA_CLIENT_ID))
        || slice_equal(type, SLICE(QUOTA_IP)))
        return KERR_NONE;
    note_set(why, "Unsupported entity type %.*s", SLICE_ARGS(type));
    return KERR_UNSUPPORTED_VERSION;
}

static enum kerr check_match(const struct describe_client_quotas_component *component, struct note *why)
{
    bool named = !slice_is_null(component->match);
    if (component->match_type < MATCH_EXACT || component->match_type > MATCH_ANY)
        note_set(why, "Unknown match type %d", component->match_type);
    else if (component->match_type == MATCH_EXACT && !named)
        note_set(why, "Request specified MATCH_TYPE_EXACT, but set match string to null.");
    else if (component->match_type == MATCH_DEFAULT && named)
        note_set(why, "Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
    else if (component->match_type == MATCH_ANY && named)
        note_set(why, "Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
    else
        return KERR_NONE;
    return KERR_INVALID_REQUEST;
}

static enum kerr build_filter(const struct describe_client_quotas_request *request, struct filter *filter,
                              struct note *why)
{
    *filter = (struct filter){.strict = request->strict};
    for (int32_t i = 0; i < request->components.count; i++) {
        const struct describe_client_quotas_component *component = &request->components.items[i];
        enum kerr error = check_type(filter, component->entity_type, why);
        if (error == KERR_NONE)
            error = check_match(component, why);
        if (error != KERR_NONE)
            return error;
        filter->components[filter->count++] = component;
    }
    if (!filter_has(filter, SLICE(QUOTA_IP)) || filter->count == 1)
        return KERR_NONE;
    note_set(why, "Invalid entity filter component combination. "
                  "IP filter component should not be used with user or clientId filter component.");
    return KERR_INVALID_REQUEST;
}

static bool matches(const struct filter *filter, const struct quota_entity *entity)
{
    if (filter->strict && entity->part_count != filter->count)
        return false;
    for (int32_t i = 0; i < filter->count; i++) {
        const struct describe_client_quotas_component *component = filter->components[i];
        const struct quota_part *part = quota_entity_part(entity, component->entity_type);
        if (part == NULL)
            return false;
        if (component->match_type != MATCH_ANY && !slice_equal(part->name, component->match))
            return false;
    }
    return true;
}

static void describe_entity(const struct quota_entity *entity, struct arena *arena,
                            struct describe_client_quotas_response_entry *entry)
{
    array_init(&entry->entity, describe_client_quotas_response_entity, arena, entity->part_count);
    for (int32_t i = 0; i < entity->part_count; i++) {
        entry->entity.items[i].entity_type = arena_dup(arena, entity->parts[i].type);
        entry->entity.items[i].entity_name = arena_dup(arena, entity->parts[i].name);
    }
    array_init(&entry->values, describe_client_quotas_response_value, arena, entity->limit_count);
    for (int32_t i = 0; i < entity->limit_count; i++) {
        entry->values.items[i].key = arena_dup(arena, entity->limits[i].key);
        entry->values.items[i].value = entity->limits[i].value;
    }
}

void describe_client_quotas(const struct quotas *quotas, const struct describe_client_quotas_request *request,
                            struct arena *arena, struct describe_client_quotas_response *response)
{
    struct filter filter;
    struct note why = {{0}};
    response->error_code = (int16_t)build_filter(request, &filter, &why);
    response->error_message = arena_dup(arena, slice_str(why.text)); /* empty, not null, where all is well */
    response->entries.count = -1;
    if (response->error_code != KERR_NONE)
        return;
    size_t count = quotas->by_identity.count;
    const struct quota_entity **sorted = quotas_sorted(quotas);
    array_init(&response->entries, describe_client_quotas_response_entry, arena, (int32_t)count);
    response->entries.count = 0;
    for (size_t i = 0; i < count; i++)
        if (matches(&filter, sorted[i]))
            describe_entity(sorted[i], arena, &response->entries.items[response->entries.count++]);
    free(sorted);
}
