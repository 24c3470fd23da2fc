/*
 * ConsumerGroupDescribe v0-1: consumer groups with their members (KIP-848; server/coordinator/
 * consumer_describe, kafka-apis 10.7). Does not block. Groups that are refused come before those that are
 * described. v1: which protocol a member speaks (KIP-1099).
 */
#include "protocol/messages/consumer_group_describe.h"
#include "server/api/handlers.h"
#include "server/api/named_groups.h"
#include "server/broker.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"

static enum kerr refusal(const struct call *call, struct slice group_id)
{
    if (!authorize(call, ACL_DESCRIBE, ACL_GROUP, group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    return group_id.len == 0 ? KERR_INVALID_GROUP_ID : KERR_NONE;
}

static bool may_see(const struct call *call,
                    const struct consumer_group_describe_response_assignment *assignment)
{
    for (int32_t i = 0; i < assignment->topic_partitions.count; i++)
        if (!authorize_topic(call, ACL_DESCRIBE, assignment->topic_partitions.items[i].topic_name))
            return false;
    return true;
}

/* A group that reads a topic that the client may not see is not shown at all. */
static void hide(const struct call *call, struct consumer_group_describe_response_group *answer)
{
    for (int32_t i = 0; i < answer->members.count; i++) {
        const struct consumer_group_describe_response_member *member = &answer->members.items[i];
        if (authorize_all(call, ACL_DESCRIBE, ACL_TOPIC, member->subscribed_topic_names.items,
                          member->subscribed_topic_names.count)
            && may_see(call, &member->assignment) && may_see(call, &member->target_assignment))
            continue;
        answer->error_code = KERR_TOPIC_AUTHORIZATION_FAILED;
        answer->error_message =
            SLICE("The group has described topic(s) that the client is not authorized to describe.");
        answer->members.count = 0;
    }
}

static void describe(struct call *call, struct consumer_group_describe_response_group *answer,
                     bool with_operations)
{
    enum kerr error = group_coordinator_ask(call, GROUP_CONSUMER_DESCRIBE, answer->group_id, NULL, answer);
    if (error != KERR_NONE)
        answer->error_code = (int16_t)error;
    if (answer->error_code != KERR_NONE)
        return;
    if (with_operations)
        answer->authorized_operations = authorized_operations(call, ACL_GROUP, answer->group_id);
    hide(call, answer);
}

static void refuse_all(const struct consumer_group_describe_request *request,
                       struct consumer_group_describe_response *response)
{
    for (int32_t i = 0; i < request->group_ids.count; i++) {
        response->groups.items[i].group_id = request->group_ids.items[i];
        response->groups.items[i].error_code = KERR_UNSUPPORTED_VERSION;
    }
}

void handle_consumer_group_describe(struct call *call)
{
    const struct consumer_group_describe_request *request = call->request;
    struct consumer_group_describe_response *response = call->response;
    array_init(&response->groups, consumer_group_describe_response_group, call->arena,
               request->group_ids.count);
    if (!group_coordinator_has_consumer_protocol(call->broker)) {
        refuse_all(request, response);
        return;
    }
    int32_t refused = 0, described = request->group_ids.count;
    for (int32_t i = request->group_ids.count - 1; i >= 0; i--) {
        bool is_refused = refusal(call, request->group_ids.items[i]) != KERR_NONE;
        if (!is_refused)
            response->groups.items[--described].group_id = request->group_ids.items[i];
    }
    for (int32_t i = 0; i < request->group_ids.count; i++) {
        enum kerr error = refusal(call, request->group_ids.items[i]);
        if (error == KERR_NONE)
            continue;
        response->groups.items[refused].group_id = request->group_ids.items[i];
        response->groups.items[refused++].error_code = (int16_t)error;
    }
    struct named_groups named;
    named_groups_init(&named, call);
    for (int32_t i = described; i < request->group_ids.count; i++)
        if (named_groups_take(&named, response->groups.items[i].group_id))
            describe(call, &response->groups.items[i], request->include_authorized_operations);
    named_groups_fini(&named);
}
