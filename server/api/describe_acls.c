/*
 * DescribeAcls v1-3. The ACLs that a filter selects, by resource: kafka-apis 15.2. Nothing here blocks.
 */
#include "protocol/messages/describe_acls.h"
#include "protocol/base/memory.h"

#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

#include <stdlib.h>

/* Codes of 0: Kafka takes such a request for a malformed one. */
static bool is_malformed(const struct describe_acls_request *request)
{
    return request->resource_type_filter == 0 || request->pattern_type_filter == 0 || request->operation == 0
           || request->permission_type == 0;
}

static void refuse(struct describe_acls_response *response, enum kerr error, struct slice message)
{
    response->error_code = (int16_t)error;
    response->error_message = message;
}

static struct acl_filter filter_of(const struct describe_acls_request *request)
{
    return (struct acl_filter){
        .resource_type = request->resource_type_filter,
        .pattern_type = request->pattern_type_filter,
        .operation = request->operation,
        .permission_type = request->permission_type,
        .name = request->resource_name_filter,
        .principal = request->principal_filter,
        .host = request->host_filter,
    };
}

static int by_resource(const struct acl *a, const struct acl *b)
{
    if (a->resource_type != b->resource_type)
        return a->resource_type < b->resource_type ? -1 : 1;
    int order = slice_compare(a->name, b->name);
    return order != 0 ? order : a->pattern_type - b->pattern_type;
}

static int compare(const void *a, const void *b)
{
    const struct acl *left = *(const struct acl *const *)a;
    const struct acl *right = *(const struct acl *const *)b;
    int order = by_resource(left, right);
    if (order == 0)
        order = slice_compare(left->principal, right->principal);
    return order != 0 ? order : memcmp(&left->id, &right->id, sizeof left->id);
}

/* What matches, in order of the resources; malloc'ed. */
static const struct acl **select_acls(const struct acls *acls, const struct acl_filter *filter,
                                      int32_t *count)
{
    const struct acl **selected = memory_alloc(acls->by_id.count * sizeof(const struct acl *));
    size_t cursor = 0;
    *count = 0;
    for (struct map_entry *entry; (entry = map_next(&acls->by_id, &cursor)) != NULL;)
        if (acl_filter_matches(filter, entry->value))
            selected[(*count)++] = entry->value;
    qsort(selected, (size_t)*count, sizeof(struct acl *), compare);
    return selected;
}

static void describe_acl(struct call *call, const struct acl *acl, struct describe_acls_response_acl *answer)
{
    answer->principal = arena_dup(call->arena, acl->principal);
    answer->host = arena_dup(call->arena, acl->host);
    answer->operation = acl->operation;
    answer->permission_type = acl->permission_type;
}

/* Those of one resource, which begin the list; returns how many. */
static int32_t describe_resource(struct call *call, const struct acl **acls, int32_t count,
                                 struct describe_acls_response_resource *answer)
{
    int32_t same = 1;
    while (same < count && by_resource(acls[0], acls[same]) == 0)
        same++;
    answer->resource_type = acls[0]->resource_type;
    answer->resource_name = arena_dup(call->arena, acls[0]->name);
    answer->pattern_type = acls[0]->pattern_type;
    array_init(&answer->acls, describe_acls_response_acl, call->arena, same);
    for (int32_t i = 0; i < same; i++)
        describe_acl(call, acls[i], &answer->acls.items[i]);
    return same;
}

static void describe(struct call *call)
{
    struct describe_acls_response *response = call->response;
    struct acl_filter filter = filter_of(call->request);
    int32_t count = 0;
    const struct acl **acls = select_acls(cluster_read_acls(call->broker->cluster), &filter, &count);
    response->error_message = SLICE("");
    array_init(&response->resources, describe_acls_response_resource, call->arena, count);
    response->resources.count = 0;
    for (int32_t at = 0; at < count;)
        at += describe_resource(call, acls + at, count - at,
                                &response->resources.items[response->resources.count++]);
    cluster_read_acls_done(call->broker->cluster);
    free(acls);
}

void handle_describe_acls(struct call *call)
{
    struct describe_acls_response *response = call->response;
    if (is_malformed(call->request))
        call->verdict = CALL_CLOSE;
    else if (!authorizer_is_configured(call))
        refuse(response, KERR_SECURITY_DISABLED, SLICE("No Authorizer is configured on the broker"));
    else if (!authorize_cluster(call, ACL_DESCRIBE))
        refuse(response, KERR_CLUSTER_AUTHORIZATION_FAILED, SLICE("DescribeAcls needs DESCRIBE permission."));
    else
        describe(call);
}
