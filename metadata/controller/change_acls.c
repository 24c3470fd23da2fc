/*
 * change_acls: see the header.
 *
 * 1. An entry is made once: not if the image has the same, nor if the request has made it before.
 * 2. An entry is removed once, whatever the number of filters that match it.
 *
 * Called by server/api with the change lock held.
 */
#include "metadata/controller/change_acls.h"

#include "metadata/acls.h"
#include "protocol/records/access_control_entry_record.h"

#include <stdlib.h>

enum {
    ACLS_PER_REQUEST_MAX = 10000, /* Kafka's bound on the records of one request */
    ACLS_TOLD_MAX = 100000,       /* in one answer, where filters meet; Kafka has no bound here, nor on */
    COMPARISONS_MAX = 100000000,  /* the entries that all filters are held against: half a second */
};

/* Any of Kafka's codes, ANY included. */
static bool is_resource_type(int8_t code)
{
    return code >= ACL_ANY_RESOURCE && code < ACL_RESOURCE_TYPES;
}

static bool is_pattern_type(int8_t code)
{
    return code >= ACL_ANY_PATTERN && code <= ACL_PREFIXED;
}

static bool is_operation(int8_t code)
{
    return code >= ACL_ANY_OPERATION && code <= ACL_TWO_PHASE_COMMIT;
}

static bool is_permission(int8_t code)
{
    return code >= ACL_ANY_PERMISSION && code <= ACL_ALLOW;
}

/* ---- creating ---- */

/* What only filters may say; Kafka fails a request with it as a whole. */
static bool is_filter(const struct create_acls_creation *creation)
{
    return creation->resource_type == ACL_ANY_RESOURCE || creation->resource_pattern_type == ACL_ANY_PATTERN
           || creation->resource_pattern_type == ACL_MATCH || creation->operation == ACL_ANY_OPERATION
           || creation->permission_type == ACL_ANY_PERMISSION;
}

static bool has_filter(const struct create_acls_request *request)
{
    for (int32_t i = 0; i < request->creations.count; i++)
        if (is_filter(&request->creations.items[i]))
            return true;
    return false;
}

static bool check_creation(const struct create_acls_creation *creation, struct note *why)
{
    if (creation->resource_type == ACL_CLUSTER && !slice_equal_str(creation->resource_name, CLUSTER_RESOURCE))
        note_set(why, "The only valid name for the CLUSTER resource is " CLUSTER_RESOURCE);
    else if (creation->resource_name.len == 0)
        note_set(why, "Invalid empty resource name");
    else if (!is_resource_type(creation->resource_type))
        note_set(why, "Invalid resourceType UNKNOWN");
    else if (!is_pattern_type(creation->resource_pattern_type))
        note_set(why, "Invalid patternType UNKNOWN");
    else if (!is_operation(creation->operation))
        note_set(why, "Invalid operation UNKNOWN");
    else if (!is_permission(creation->permission_type))
        note_set(why, "Invalid permissionType UNKNOWN");
    else if (creation->principal.len == 0
             || memchr(creation->principal.data, ':', creation->principal.len) == NULL)
        note_set(why,
                 "Could not parse principal from `%.*s` (no colon is present separating the principal type "
                 "from the principal name)",
                 SLICE_ARGS(creation->principal));
    else
        return true;
    return false;
}

static struct acl acl_of(const struct create_acls_creation *creation)
{
    return (struct acl){
        .resource_type = creation->resource_type,
        .pattern_type = creation->resource_pattern_type,
        .operation = creation->operation,
        .permission_type = creation->permission_type,
        .name = creation->resource_name,
        .principal = creation->principal,
        .host = creation->host,
    };
}

static void add_acl(const struct acl *acl, struct record_list *records)
{
    struct access_control_entry_record record = {
        .id = acl->id,
        .resource_type = acl->resource_type,
        .resource_name = acl->name,
        .pattern_type = acl->pattern_type,
        .principal = acl->principal,
        .host = acl->host,
        .operation = acl->operation,
        .permission_type = acl->permission_type,
    };
    record_list_add(records, &access_control_entry_record_message, &record);
}

/* `made` holds what the request has made so far. */
static void create_one(const struct controller *controller, const struct create_acls_creation *creation,
                       struct acls *made, struct create_acls_response_result *result,
                       struct record_list *records)
{
    struct note why = {""};
    result->error_message = SLICE("");
    if (!check_creation(creation, &why)) {
        result->error_code = KERR_INVALID_REQUEST;
        result->error_message = controller_text(controller, &why);
        return;
    }
    struct acl acl = acl_of(creation);
    if (acls_find_same(&controller->image->acls, &acl) != NULL || acls_find_same(made, &acl) != NULL)
        return;
    do
        acl.id = controller_new_id(controller);
    while (acls_find(&controller->image->acls, acl.id) != NULL || acls_find(made, acl.id) != NULL);
    acls_add(made, &acl);
    add_acl(&acl, records);
}

static void fail_creations(struct create_acls_response *response, enum kerr error, struct slice message)
{
    for (int32_t i = 0; i < response->results.count; i++) {
        response->results.items[i].error_code = (int16_t)error;
        response->results.items[i].error_message = message;
    }
}

void controller_create_acls(const struct controller *controller, const struct create_acls_request *request,
                            struct create_acls_response *response, struct record_list *records)
{
    array_init(&response->results, create_acls_response_result, controller->arena, request->creations.count);
    if (has_filter(request)) {
        fail_creations(response, KERR_UNKNOWN_SERVER_ERROR, SLICE_NULL);
        return;
    }
    struct acls made;
    acls_init(&made, controller->next_random(controller->random_state));
    for (int32_t i = 0; i < request->creations.count && records->count <= ACLS_PER_REQUEST_MAX; i++)
        create_one(controller, &request->creations.items[i], &made, &response->results.items[i], records);
    acls_fini(&made);
    if (records->count > ACLS_PER_REQUEST_MAX) {
        records->count = 0;
        fail_creations(response, KERR_POLICY_VIOLATION,
                       SLICE("Unable to perform excessively large batch operation."));
    }
}

/* ---- deleting ---- */

static const char *check_filter(const struct delete_acls_filter *filter)
{
    if (!is_resource_type(filter->resource_type_filter) || !is_pattern_type(filter->pattern_type_filter))
        return "Unknown patternFilter.";
    if (!is_operation(filter->operation) || !is_permission(filter->permission_type))
        return "Unknown entryFilter.";
    return NULL;
}

static struct acl_filter filter_of(const struct delete_acls_filter *filter)
{
    return (struct acl_filter){
        .resource_type = filter->resource_type_filter,
        .pattern_type = filter->pattern_type_filter,
        .operation = filter->operation,
        .permission_type = filter->permission_type,
        .name = filter->resource_name_filter,
        .principal = filter->principal_filter,
        .host = filter->host_filter,
    };
}

/* The entry leaves the image before the answer is out. */
static void tell_removed(const struct controller *controller, const struct acl *acl,
                         struct delete_acls_response_acl *answer)
{
    answer->error_message = SLICE_NULL;
    answer->resource_type = acl->resource_type;
    answer->resource_name = arena_dup(controller->arena, acl->name);
    answer->pattern_type = acl->pattern_type;
    answer->principal = arena_dup(controller->arena, acl->principal);
    answer->host = arena_dup(controller->arena, acl->host);
    answer->operation = acl->operation;
    answer->permission_type = acl->permission_type;
}

/* The entries by id, and which of them go. */
struct removal {
    const struct controller *controller;
    const struct acl **sorted;
    bool *gone;
    int32_t *matching; /* those that the present filter matches */
    int32_t count;
    int32_t gone_count;
    int32_t told; /* by all filters */
    bool too_many;
};

/* Whether so many more may be removed, or told once more. */
static bool has_room(const struct removal *removal, int32_t count)
{
    int32_t more = 0;
    for (int32_t i = 0; i < count; i++)
        more += !removal->gone[removal->matching[i]];
    return removal->gone_count + more <= ACLS_PER_REQUEST_MAX && removal->told + count <= ACLS_TOLD_MAX;
}

static void remove_matching(struct removal *removal, const struct acl_filter *filter,
                            struct delete_acls_response_filter *result)
{
    struct arena *arena = removal->controller->arena;
    int32_t count = 0;
    for (int32_t i = 0; i < removal->count; i++)
        if (acl_filter_matches(filter, removal->sorted[i]))
            removal->matching[count++] = i;
    removal->too_many = !has_room(removal, count);
    if (removal->too_many)
        return;
    removal->told += count;
    array_init(&result->matching_acls, delete_acls_response_acl, arena, count);
    for (int32_t i = 0; i < count; i++) {
        int32_t at = removal->matching[i];
        removal->gone_count += !removal->gone[at];
        removal->gone[at] = true;
        tell_removed(removal->controller, removal->sorted[at], &result->matching_acls.items[i]);
    }
}

static void fail_filters(struct delete_acls_response *response)
{
    for (int32_t i = 0; i < response->filter_results.count; i++) {
        response->filter_results.items[i].error_code = KERR_INVALID_REQUEST;
        response->filter_results.items[i].error_message =
            SLICE("Cannot remove more than 10000 acls in a single delete operation.");
        response->filter_results.items[i].matching_acls.count = 0;
    }
}

static void add_removals(const struct removal *removal, struct record_list *records)
{
    for (int32_t i = 0; i < removal->count; i++) {
        struct remove_access_control_entry_record record = {.id = removal->sorted[i]->id};
        if (removal->gone[i])
            record_list_add(records, &remove_access_control_entry_record_message, &record);
    }
}

void controller_delete_acls(const struct controller *controller, const struct delete_acls_request *request,
                            struct delete_acls_response *response, struct record_list *records)
{
    struct removal removal = {.controller = controller,
                              .sorted = acls_sorted(&controller->image->acls),
                              .count = (int32_t)controller->image->acls.by_id.count};
    removal.gone = arena_new_array(controller->arena, bool, removal.count);
    removal.matching = arena_new_array(controller->arena, int32_t, removal.count);
    removal.too_many = (int64_t)removal.count * request->filters.count > COMPARISONS_MAX;
    array_init(&response->filter_results, delete_acls_response_filter, controller->arena,
               request->filters.count);
    for (int32_t i = 0; i < request->filters.count && !removal.too_many; i++) {
        struct delete_acls_response_filter *result = &response->filter_results.items[i];
        const char *wrong = check_filter(&request->filters.items[i]);
        struct acl_filter filter = filter_of(&request->filters.items[i]);
        result->error_code = wrong == NULL ? KERR_NONE : KERR_INVALID_REQUEST;
        result->error_message = slice_str(wrong);
        if (wrong == NULL)
            remove_matching(&removal, &filter, result);
    }
    if (removal.too_many)
        fail_filters(response);
    else
        add_removals(&removal, records);
    free(removal.sorted);
}
