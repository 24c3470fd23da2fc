/*
 * AlterPartitionReassignments v0-1 and ListPartitionReassignments v0. Which brokers hold a partition
 * (KIP-455): decided by metadata/controller/reassign_partitions (kafka-apis 16.2). v1 may insist on the
 * replication factor (KIP-860). Moves between log directories of one broker are AlterReplicaLogDirs'.
 *
 * Altering blocks for the cluster log's sync; listing does not block.
 */
#include "metadata/controller/reassign_partitions.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"

void handle_alter_partition_reassignments(struct call *call)
{
    const struct alter_partition_reassignments_request *request = call->request;
    struct alter_partition_reassignments_response *response = call->response;
    struct change change;
    change_begin(&change, call);
    enum kerr error = KERR_CLUSTER_AUTHORIZATION_FAILED;
    if (authorize_cluster(call, ACL_ALTER)) {
        controller_alter_partition_reassignments(&change.controller, request, response, &change.records);
        error = change_commit_leaders(&change);
    }
    if (error != KERR_NONE)
        controller_refuse_reassignments(&change.controller, request, error, slice_str(kerr_message(error)),
                                        response);
    change_end(&change);
}

void handle_list_partition_reassignments(struct call *call)
{
    struct list_partition_reassignments_response *response = call->response;
    if (!authorize_cluster(call, ACL_DESCRIBE)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        response->error_message = slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED));
        return;
    }
    const struct image *image = cluster_read(call->broker->cluster);
    controller_list_partition_reassignments(image, call->arena, call->request, response);
    cluster_read_done(call->broker->cluster);
}
