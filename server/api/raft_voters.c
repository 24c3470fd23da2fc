/*
 * AddRaftVoter v0-1 and RemoveRaftVoter v0. Who votes about the cluster log (KIP-853). This node is a quorum
 * of its own and takes no other voter: every request that could be done is refused, for the reason for which
 * Apache Kafka's leader refuses it in such a quorum. v1 of AddRaftVoter may be answered early (KIP-1186),
 * which makes no difference to a refusal.
 *
 * Blocks for a change of the cluster that is under way.
 */
#include "protocol/messages/add_raft_voter.h"
#include "protocol/messages/remove_raft_voter.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

#include <stdio.h>
#include <strings.h>

/* A voter as Apache Kafka prints it. */
struct replica_text {
    char text[64];
};

static struct replica_text replica(int32_t id, struct uuid directory_id)
{
    struct replica_text printed;
    char directory[UUID_TEXT_LEN + 1];
    uuid_format(directory_id, directory);
    snprintf(printed.text, sizeof printed.text, "ReplicaKey(id=%d, directoryId=%s)", id, directory);
    return printed;
}

/* What both requests have to get right before anybody looks who votes; NONE, or the error and its text. */
static enum kerr check_request(struct call *call, struct slice cluster_id, int32_t voter_id,
                               struct uuid directory_id, const char *operation, struct slice *message)
{
    if (!authorize_cluster(call, ACL_ALTER)) {
        *message = slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED));
        return KERR_CLUSTER_AUTHORIZATION_FAILED;
    }
    struct slice ours = call->broker->cluster_id;
    if (!slice_is_null(cluster_id) && !slice_equal(cluster_id, ours)) {
        *message = call_printf(call, "The given id \"%.*s\" doesn't match the cluster id \"%.*s\"",
                               SLICE_ARGS(cluster_id), SLICE_ARGS(ours));
        return KERR_INCONSISTENT_CLUSTER_ID;
    }
    if (voter_id < 0 || uuid_is_zero(directory_id)) {
        *message = call_printf(call, "%s voter request didn't include a valid voter", operation);
        return KERR_INVALID_REQUEST;
    }
    return KERR_NONE;
}

static bool has_listener(const struct add_raft_voter_request *request, struct slice name)
{
    for (int32_t i = 0; i < request->listeners.count; i++)
        if (request->listeners.items[i].name.len == name.len
            && strncasecmp((const char *)request->listeners.items[i].name.data, (const char *)name.data,
                           name.len)
                   == 0)
            return true;
    return false;
}

static struct slice describe_listeners(struct call *call, const struct add_raft_voter_request *request)
{
    struct buf text = {0};
    for (int32_t i = 0; i < request->listeners.count; i++) {
        const struct add_raft_voter_listener *listener = &request->listeners.items[i];
        buf_printf(&text, "%sListenerName(%.*s)=%.*s/<unresolved>:%u", i == 0 ? "" : ", ",
                   SLICE_ARGS(listener->name), SLICE_ARGS(listener->host), listener->port);
    }
    struct slice kept = arena_dup(call->arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

static enum kerr refuse_new_voter(struct call *call, struct slice *message)
{
    const struct add_raft_voter_request *request = call->request;
    struct cluster_quorum quorum;
    cluster_describe_quorum(call->broker->cluster, &quorum);
    struct slice listener = quorum.endpoint == NULL ? SLICE("") : quorum.endpoint->name;
    struct replica_text voter = replica(request->voter_id, request->voter_directory_id);
    if (!has_listener(request, listener)) {
        struct slice given = describe_listeners(call, request);
        *message = call_printf(call,
                               "Add voter request didn't include the endpoint (Endpoints(endpoints={%.*s})) "
                               "for the default listener ListenerName(%.*s)",
                               SLICE_ARGS(given), SLICE_ARGS(listener));
        return KERR_INVALID_REQUEST;
    }
    if (quorum.kraft_version == 0) {
        *message = SLICE("Cluster doesn't support adding voter because the kraft.version feature is 0");
        return KERR_UNSUPPORTED_VERSION;
    }
    if (request->voter_id == quorum.leader_id) {
        *message = call_printf(call, "The voter id for %s is already part of the set of voters [%s].",
                               voter.text, replica(quorum.leader_id, quorum.directory_id).text);
        return KERR_DUPLICATE_VOTER;
    }
    *message = call_printf(call, "New voter %s is not ready to receive requests", voter.text);
    return KERR_REQUEST_TIMED_OUT;
}

void handle_add_raft_voter(struct call *call)
{
    const struct add_raft_voter_request *request = call->request;
    struct add_raft_voter_response *response = call->response;
    enum kerr error = check_request(call, request->cluster_id, request->voter_id, request->voter_directory_id,
                                    "Add", &response->error_message);
    if (error == KERR_NONE)
        error = refuse_new_voter(call, &response->error_message);
    response->error_code = (int16_t)error;
}

/* Somebody else does not vote, and the last voter stays. */
static enum kerr refuse_removal(struct call *call, struct slice *message)
{
    const struct remove_raft_voter_request *request = call->request;
    struct cluster_quorum quorum;
    cluster_describe_quorum(call->broker->cluster, &quorum);
    if (quorum.kraft_version == 0) {
        *message = SLICE("Cluster doesn't support removing voter because the kraft.version feature is 0");
        return KERR_UNSUPPORTED_VERSION;
    }
    *message = call_printf(call, "Cannot remove voter %s from the set of voters [%s]",
                           replica(request->voter_id, request->voter_directory_id).text,
                           replica(quorum.leader_id, quorum.directory_id).text);
    return KERR_VOTER_NOT_FOUND;
}

void handle_remove_raft_voter(struct call *call)
{
    const struct remove_raft_voter_request *request = call->request;
    struct remove_raft_voter_response *response = call->response;
    enum kerr error = check_request(call, request->cluster_id, request->voter_id, request->voter_directory_id,
                                    "Remove", &response->error_message);
    if (error == KERR_NONE)
        error = refuse_removal(call, &response->error_message);
    response->error_code = (int16_t)error;
}
