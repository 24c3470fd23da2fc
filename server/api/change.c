/* See change.h. */
#include "server/api/change.h"

#include "server/broker.h"
#include "server/log_dirs.h"
#include "server/security/authorize.h"
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_SERVER_API

void change_begin(struct change *change, struct call *call)
{
    struct broker *broker = call->broker;
    const struct image *image = cluster_change_begin(broker->cluster);
    *change = (struct change){.call = call, .view = broker_config_view(broker, image)};
    change->controller = (struct controller){
        .image = image,
        .configs = &change->view,
        .node_id = broker->config.node_id,
        .arena = call->arena,
        .next_random = broker_random,
        .num_partitions = broker->config.num_partitions,
        .default_replication_factor = broker->config.default_replication_factor,
        .delete_topic_enable = broker->config.delete_topic_enable,
        .client = authorize_asker(call),
        .asked_directly = call->role == LISTENER_OF_CONTROLLER,
    };
    change_begin_records(change);
}

void change_begin_records(struct change *change)
{
    record_list_init(&change->records, change->call->arena,
                     image_feature_level(change->controller.image, SLICE(METADATA_VERSION)));
}

enum kerr change_commit(struct change *change)
{
    struct note why = {""};
    enum kerr error = cluster_change_commit(change->call->broker->cluster, &change->records, &why);
    if (error != KERR_NONE)
        diag_error("the cluster log refused a change: %s", why.text);
    return error;
}

enum kerr change_commit_names(struct change *change)
{
    if (change->records.count > 0 && !partitions_forget_deleted(change->call->broker->partitions))
        return KERR_KAFKA_STORAGE_ERROR;
    return change_commit(change);
}

enum kerr change_commit_leaders(struct change *change)
{
    enum kerr error = change_commit(change);
    if (error == KERR_NONE && change->records.count > 0)
        log_dirs_follow(change->call->broker, change->controller.image);
    return error;
}

void change_settle(struct change *change, const struct uuid *topic_ids, int32_t count)
{
    struct broker *broker = change->call->broker;
    const struct image *image = change->controller.image;
    if (broker->dir_count == 1 || cluster_broker_epoch(broker->cluster) < 0)
        return;
    struct replica_places places = log_dirs_places(broker, change->call->arena);
    change_begin_records(change);
    for (int32_t i = 0; i < count; i++) {
        const struct topic *topic = image_find_topic_by_id(image, topic_ids[i]);
        if (topic != NULL)
            controller_settle_topic(&change->controller, &places, topic, &change->records);
    }
    (void)change_commit(change);
}

void change_end(struct change *change)
{
    cluster_change_end(change->call->broker->cluster);
}
