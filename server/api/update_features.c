/*
 * UpdateFeatures v0-2. Decided by metadata/controller/update_features (kafka-apis 16.1). What this node says
 * of itself in the records of a new metadata.version goes with the update; kraft.version is raised by control
 * records behind it. Blocks for the cluster log's syncs. v0 only upgrades; v1 knows safe and unsafe
 * downgrades and may only validate (KIP-778); v2 has one error for all (KIP-1022).
 */
#include "metadata/controller/update_features.h"

#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_SERVER_API

static enum kerr commit(struct change *change, const struct feature_changes *changes)
{
    struct cluster *cluster = change->call->broker->cluster;
    struct note why = {""};
    if (changes->metadata_version > 0)
        cluster_add_own_records(cluster, changes->metadata_version, &change->records);
    enum kerr error = change_commit(change);
    if (error != KERR_NONE || changes->kraft_version == 0)
        return error;
    error = cluster_raise_kraft_version(cluster, &why);
    if (error != KERR_NONE)
        diag_error("kraft.version cannot be raised: %s", why.text);
    return error;
}

void handle_update_features(struct call *call)
{
    struct update_features_response *response = call->response;
    struct feature_changes changes = {0};
    struct change change;
    enum kerr error = KERR_CLUSTER_AUTHORIZATION_FAILED;
    if (authorize_cluster(call, ACL_ALTER)) {
        change_begin(&change, call);
        controller_update_features(&change.controller, call->request,
                                   cluster_kraft_version(call->broker->cluster), response, &changes,
                                   &change.records);
        error = commit(&change, &changes);
        change_end(&change);
    }
    if (error != KERR_NONE) {
        response->error_code = (int16_t)error;
        response->error_message = slice_str(kerr_message(error));
        response->results.count = 0;
    } else if (changes.changes_configs) {
        broker_refresh_configs(call->broker, SLICE_NULL);
    }
}
