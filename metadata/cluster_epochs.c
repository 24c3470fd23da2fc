/* cluster_epochs: see cluster_epochs.h. Called by cluster_open.c and cluster_tick.c. */
#include "metadata/cluster_epochs.h"

#include "storage/os/diag.h"

#include <errno.h>
#include <string.h>

#define DIAG_AREA DIAG_METADATA

void cluster_epochs_load(struct cluster *cluster, int64_t from_offset)
{
    struct note why = {""};
    int error = epochs_load(&cluster->epochs, data_dir_fs(cluster->dir), cluster->directory, &why);
    if (error < 0) {
        diag_warn("%s/leader-epoch-checkpoint: %s; it is made anew", cluster->directory,
                  why.text[0] != '\0' ? why.text : strerror(-error));
        cluster->epochs.count = 0;
    }
    epochs_truncate_end(&cluster->epochs, from_offset);
}

void cluster_epochs_take(struct cluster *cluster, const struct batch_header *header)
{
    if (header->partition_leader_epoch > epochs_latest(&cluster->epochs))
        epochs_assign(&cluster->epochs, header->partition_leader_epoch, header->base_offset);
}

/* Whether the records from the log's start to the snapshot's end have their epochs. */
static bool is_complete(const struct cluster *cluster, struct snapshot_id snapshot)
{
    const struct epochs *epochs = &cluster->epochs;
    const struct cluster_log *log = &cluster->log;
    if (log->end_offset == log->start_offset)
        return true;
    if (epochs->count == 0 || epochs->entries[0].start_offset > log->start_offset)
        return false;
    return snapshot.end_offset <= log->start_offset
           || epochs_of_offset(epochs, snapshot.end_offset - 1) == snapshot.epoch;
}

void cluster_epochs_settle(struct cluster *cluster, struct snapshot_id snapshot)
{
    struct epochs *epochs = &cluster->epochs;
    if (!is_complete(cluster, snapshot)) {
        int error = cluster_log_find_epochs(&cluster->log, epochs);
        if (error < 0)
            diag_warn("%s: cannot read which epochs there were: %s", cluster->directory, strerror(-error));
    }
    epochs_truncate_start(epochs, cluster->log.start_offset);
    epochs_truncate_end(epochs, cluster->log.end_offset);
}

int cluster_epochs_store(struct cluster *cluster)
{
    return epochs_store(&cluster->epochs, data_dir_fs(cluster->dir), cluster->directory);
}
