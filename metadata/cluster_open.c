/*
 * cluster_open: how a cluster starts: what is there is read, this node takes its place, and all that it has
 * to say about that is one write and one sync.
 *
 * Invariants:
 * 1. quorum-state is written before the first record of its epoch: no epoch is ever led twice. On a full disk
 *    the record alone says it, from the reserve: nobody else votes, and the higher of both epochs counts, in
 *    Apache Kafka too.
 * 2. What a lost end of the log may have given out is not given again: an epoch of the log, two leader epochs
 *    of each partition, a block of producer ids. The offsets are, in a later epoch.
 * 3. Nothing serves yet: locks are taken only because the functions of cluster.c take them.
 */
#include "metadata/cluster_state.h"

#include "metadata/atomic_file.h"
#include "metadata/cluster_epochs.h"
#include "metadata/format.h"
#include "metadata/leaderships.h"
#include "metadata/quorum_state.h"
#include "metadata/registration.h"
#include "metadata/replay.h"
#include "protocol/base/ensure.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/leader_change.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/producer_ids_record.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DIAG_AREA DIAG_METADATA

#define PARTITION_METADATA "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ"

/* ---- opening: what is there ---- */

/* Makes __cluster_metadata-0, and in it partition.metadata, where they are missing. */
static int make_directory(struct cluster *cluster)
{
    struct file_system *fs = data_dir_fs(cluster->dir);
    char path[FILE_PATH_MAX];
    int error = atomic_file_path(cluster->directory, data_dir_path(cluster->dir), CLUSTER_DIRECTORY);
    if (error == 0)
        error = atomic_file_path(path, cluster->directory, "partition.metadata");
    if (error < 0)
        return error;
    error = file_mkdir(fs, cluster->directory);
    if (error < 0 && error != -EEXIST)
        return error;
    if (file_exists(fs, path))
        return 0;
    return atomic_file_replace(fs, cluster->directory, "partition.metadata", SLICE(PARTITION_METADATA));
}

/* Forgets what a snapshot said that turned out to be damaged, or to have another log beside it. */
static void begin_again(struct cluster *cluster, struct replay *replay)
{
    uint64_t seed = cluster->image.topics_by_name.seed;
    replay_fini(replay);
    image_fini(&cluster->image);
    image_init(&cluster->image, seed);
    replay_init(replay, &cluster->image);
    cluster->epoch = -1;
}

static int read_snapshot(struct cluster *cluster, struct replay *replay, struct snapshot_id id,
                         struct note *why)
{
    char name[SNAPSHOT_NAME_SIZE], path[FILE_PATH_MAX];
    snapshot_format_name(id, name);
    int error = atomic_file_path(path, cluster->directory, name);
    if (error >= 0)
        error = snapshot_read(data_dir_fs(cluster->dir), path, replay_batch, replay, why);
    if (error >= 0 && !(replay->had_header && replay->had_footer)) {
        note_set(why, "%s is not complete", path);
        return -EBADMSG;
    }
    if (error < 0 && error != -EBADMSG)
        note_set(why, "%s: %s", path, strerror(-error));
    if (error < 0)
        return error;
    replay->from_offset = id.end_offset;
    replay->had_leader = id.end_offset > 0;
    cluster->image.offset = id.end_offset - 1;
    cluster->image.epoch = id.epoch;
    cluster->epoch = id.epoch;
    return 0;
}

/* The newest snapshot whose bytes are right; *used is its id, or has the epoch -1. *damaged tells up to where
 * snapshots go that cannot be read, and `why` what is wrong with them: their records must be in the log
 * then. */
static bool load_snapshot(struct cluster *cluster, struct replay *replay, struct snapshot_id *used,
                          int64_t *damaged, struct note *why)
{
    struct snapshot_list list;
    *used = (struct snapshot_id){0, -1};
    *damaged = 0;
    int error = snapshot_list(data_dir_fs(cluster->dir), cluster->directory, &list);
    if (error < 0)
        note_set(why, "%s: %s", cluster->directory, strerror(-error));
    for (size_t i = list.count; i > 0 && error >= 0 && used->epoch < 0; i--) {
        struct note reason = {""};
        error = read_snapshot(cluster, replay, list.ids[i - 1], &reason);
        if (error >= 0) {
            *used = list.ids[i - 1];
        } else if (error == -EBADMSG) {
            diag_warn("%s: it is left out", reason.text);
            if (*damaged == 0) {
                *damaged = list.ids[i - 1].end_offset;
                *why = reason;
            }
            begin_again(cluster, replay);
            error = 0;
        } else {
            *why = reason;
        }
    }
    snapshot_list_fini(&list);
    return error >= 0;
}

static bool refuse_voters(const int32_t *voters, int32_t count, int32_t node_id, struct note *why)
{
    if (count == 1 && voters[0] == node_id)
        return false;
    char list[QUORUM_VOTERS_MAX * 12 + 1] = "";
    for (int32_t i = 0, at = 0; i < count; i++)
        at += snprintf(list + at, sizeof list - (size_t)at, "%s%d", i == 0 ? "" : ",", voters[i]);
    note_set(why,
             "the voters of this directory's cluster are [%s], but node %d can only be a quorum of its own",
             list, node_id);
    return true;
}

static bool check_voters(const struct cluster *cluster, const struct replay *replay,
                         const struct quorum_state *quorum, struct note *why)
{
    int32_t node_id = cluster->node->node_id;
    if (replay->kraft_version > KRAFT_VERSION_MAX) {
        note_set(why, "kraft.version %d is not known", replay->kraft_version);
        return false;
    }
    if (replay->voter_count >= 0 && refuse_voters(replay->voters, replay->voter_count, node_id, why))
        return false;
    if (quorum->voter_count > 0 && refuse_voters(quorum->voters, quorum->voter_count, node_id, why))
        return false;
    struct uuid ours = data_dir_meta(cluster->dir)->directory_id;
    if (replay->voter_count == 1 && !uuid_is_zero(replay->voter_directory_ids[0])
        && !uuid_equal(replay->voter_directory_ids[0], ours)) {
        note_set(why, "the cluster's voter is another directory of node %d than this one", node_id);
        return false;
    }
    return true;
}

struct log_replay {
    struct cluster *cluster;
    struct replay *replay;
};

static bool replay_log_batch(void *context, struct slice batch, struct note *why)
{
    const struct log_replay *log_replay = context;
    struct batch_header header;
    batch_header_read(batch.data, &header);
    cluster_epochs_take(log_replay->cluster, &header);
    return replay_batch(log_replay->replay, batch, why);
}

static bool open_log(struct cluster *cluster, struct replay *replay, struct note *why)
{
    const struct cluster_config *config = cluster->config;
    struct log_replay log_replay = {cluster, replay};
    cluster_epochs_load(cluster, replay->from_offset);
    if (!cluster_log_open(&cluster->log, data_dir_fs(cluster->dir), cluster->directory, replay->from_offset,
                          replay_log_batch, &log_replay, why))
        return false;
    cluster->log.segment_bytes = config->segment_bytes;
    cluster->log.segment_ms = config->segment_ms;
    return true;
}

/* A log whose epochs end before the snapshot's is another one than that which the snapshot stands for: it
 * goes. */
static bool drop_older_log(struct cluster *cluster, struct replay *replay, struct snapshot_id id,
                           struct note *why)
{
    if (cluster->log.last_epoch < 0 || cluster->log.last_epoch >= id.epoch)
        return true;
    begin_again(cluster, replay);
    return read_snapshot(cluster, replay, id, why) >= 0
           && cluster_log_restart(&cluster->log, id.end_offset, why);
}

/* How much there is already of what makes a snapshot due. A quarter of it is enough for a start: it has just
 * read that, and each stop and start adds more for the next one to read. */
static int64_t bytes_since_snapshot(const struct cluster *cluster, int64_t replayed)
{
    int64_t allowed = cluster->config->max_record_bytes_between_snapshots;
    return replayed < allowed / 4 ? replayed : replayed + allowed;
}

/* The snapshot and the log behind it. */
static bool load_log(struct cluster *cluster, struct replay *replay, struct note *why)
{
    struct snapshot_id id;
    int64_t damaged;
    struct note damage = {""};
    if (!load_snapshot(cluster, replay, &id, &damaged, &damage)) {
        *why = damage;
        return false;
    }
    bool opened = open_log(cluster, replay, why) && drop_older_log(cluster, replay, id, why);
    if (opened && cluster->log.end_offset < damaged) {
        note_set(why, "the log ends at %lld", (long long)cluster->log.end_offset);
        opened = false;
    }
    if (!opened && damaged > 0)
        note_prefix(why, "%s; there is nothing in its place", damage.text);
    if (!opened)
        return false;
    cluster_epochs_settle(cluster, id);
    if (cluster->log.last_epoch > cluster->epoch)
        cluster->epoch = cluster->log.last_epoch;
    cluster->snapshot_offset = id.end_offset;
    cluster->last_timestamp_ms = replay->last_timestamp_ms;
    cluster->bytes_since_snapshot = bytes_since_snapshot(cluster, replay->log_bytes);
    cluster->kraft_version = replay->kraft_version;
    buf_append_slice(&cluster->voters_record, buf_slice(&replay->voters_record));
    snapshot_sweep(data_dir_fs(cluster->dir), cluster->directory, cluster->log.start_offset, id.end_offset);
    return true;
}

static bool load(struct cluster *cluster, struct replay *replay, struct quorum_state *quorum,
                 struct note *why)
{
    bool found;
    struct file_system *fs = data_dir_fs(cluster->dir);
    int error = quorum_state_read(fs, cluster->directory, quorum, &found, why);
    if (error < 0) {
        note_set(why, "%s/quorum-state: %s", cluster->directory, strerror(-error));
        return false;
    }
    if (!found)
        *quorum = (struct quorum_state){.leader_id = -1, .voted_id = -1};
    if (data_dir_is_suspect(cluster->dir))
        error = cluster_log_write_again(fs, cluster->directory);
    if (error < 0) {
        note_set(why, "%s: %s", cluster->directory, strerror(-error));
        return false;
    }
    if (!load_log(cluster, replay, why))
        return false;
    return check_voters(cluster, replay, quorum, why);
}

/* ---- opening: taking our place ---- */

/* Without a bootstrap.checkpoint a new cluster gets the newest features. */
static bool add_bootstrap(struct cluster *cluster, struct record_list *records, struct note *why)
{
    struct record_list bootstrap;
    record_list_init(&bootstrap, records->arena, METADATA_VERSION_MAX);
    int error = bootstrap_read(data_dir_fs(cluster->dir), data_dir_path(cluster->dir), &bootstrap, why);
    if (error == -ENOENT)
        format_add_features(&bootstrap);
    else if (error < 0) {
        note_set(why, BOOTSTRAP_CHECKPOINT ": %s", strerror(-error));
        return false;
    }
    return registration_add_bootstrap(records, cluster->node, &bootstrap, why);
}

/* The first batch of an epoch. The first leader of a quorum whose voters stand in the log puts them there. */
static void write_leader_change(struct batch_writer *writer, const struct cluster *cluster,
                                const struct replay *replay)
{
    struct leader_change_voter self = {.voter_id = cluster->node->node_id};
    struct leader_change change = {.leader_id = cluster->node->node_id};
    change.voters.items = change.granting_voters.items = &self;
    change.voters.count = change.granting_voters.count = 1;
    batch_writer_add_control(writer, CONTROL_LEADER_CHANGE, &leader_change_message, &change);
    if (replay->kraft_version > 0 && !replay->had_leader && replay->voters_record.len > 0) {
        struct kraft_version_record version = {.k_raft_version = replay->kraft_version};
        batch_writer_add_control(writer, CONTROL_KRAFT_VERSION, &kraft_version_record_message, &version);
        batch_writer_add_control_bytes(writer, CONTROL_KRAFT_VOTERS, buf_slice(&replay->voters_record));
    }
    batch_writer_end(writer);
}

int cluster_write_quorum_state(const struct cluster *cluster)
{
    struct quorum_state state = {
        .data_version = cluster->kraft_version > 0,
        .leader_id = cluster->node->node_id,
        .leader_epoch = cluster->epoch,
        .voted_id = -1,
        .voter_count = 1,
        .voters = {cluster->node->node_id},
    };
    return quorum_state_write(data_dir_fs(cluster->dir), cluster->directory, &state);
}

static enum last_stop last_stop(const struct cluster *cluster)
{
    return cluster->log.lost_end                                    ? STOP_UNKNOWN
           : registration_was_clean(&cluster->image, cluster->node) ? STOP_CLEAN
                                                                    : STOP_UNCLEAN;
}

/* Two producers of one id would be taken for one that repeats itself. */
static void skip_producer_ids(const struct cluster *cluster, struct record_list *records)
{
    int64_t first = cluster->image.next_producer_id;
    struct producer_ids_record ids = {.broker_id = cluster->node->node_id,
                                      .broker_epoch = cluster->broker_epoch,
                                      .next_producer_id = first + PRODUCER_ID_BLOCK};
    if (first <= INT64_MAX - PRODUCER_ID_BLOCK)
        record_list_add(records, &producer_ids_record_message, &ids);
}

/* Everything that this start has to say. */
static bool collect(struct cluster *cluster, const struct replay *replay, int64_t first_offset,
                    struct record_list *records, struct note *why)
{
    if (replay->in_transaction)
        record_list_add(records, &abort_transaction_record_message,
                        &(struct abort_transaction_record){.reason = SLICE("Controller failover")});
    if (cluster_level(cluster) == 0 && !add_bootstrap(cluster, records, why))
        return false;
    cluster->broker_epoch = registration_add_self(records, &cluster->image, cluster->node, first_offset);
    enum last_stop stop = last_stop(cluster);
    int32_t leaderships = leaderships_add_taken(records, &cluster->image, cluster->node, stop);
    if (leaderships > 0)
        diag_info("%s: leading %d partitions again%s", cluster->directory, leaderships,
                  stop == STOP_CLEAN ? "" : ", in new leader epochs: the last stop was not clean");
    if (stop == STOP_UNKNOWN)
        skip_producer_ids(cluster, records);
    return true;
}

/* A file that cannot be written is only told, and tried again (cluster_tick.c). */
static void keep_epoch(struct cluster *cluster, int64_t start_offset)
{
    epochs_assign(&cluster->epochs, cluster->epoch, start_offset);
    int error = cluster_epochs_store(cluster);
    if (error < 0)
        diag_warn("%s/leader-epoch-checkpoint: %s", cluster->directory, strerror(-error));
}

static bool write_start(struct cluster *cluster, const struct replay *replay, struct arena *arena,
                        struct note *why)
{
    struct batch_writer writer;
    struct record_list records;
    int64_t start_offset = cluster->log.end_offset;
    batch_writer_init(&writer, start_offset, cluster->epoch, clock_wall_ms());
    write_leader_change(&writer, cluster, replay);
    int64_t first_offset = writer.next_offset;
    record_list_init(&records, arena,
                     cluster_level(cluster) == 0 ? METADATA_VERSION_MAX : cluster_level(cluster));
    bool done = collect(cluster, replay, first_offset, &records, why);
    if (done) {
        cluster_write_list(&writer, &records, OWN_BATCH_BYTES);
        done = cluster_store(cluster, &writer, why) == KERR_NONE;
    }
    if (done)
        cluster_apply(cluster, &records, first_offset);
    if (done)
        keep_epoch(cluster, start_offset);
    batch_writer_fini(&writer);
    return done;
}

static bool take_lead(struct cluster *cluster, const struct replay *replay, const struct quorum_state *quorum,
                      struct note *why)
{
    int32_t before = cluster->epoch > quorum->leader_epoch ? cluster->epoch : quorum->leader_epoch;
    int32_t skipped = cluster->log.lost_end; /* quorum-state may be older than what is lost */
    if (before > INT32_MAX - 1 - skipped) {
        note_set(why, "%s: there is no epoch behind %d", cluster->directory, (int)before);
        return false;
    }
    cluster->epoch = before < 0 ? 1 + skipped : before + 1 + skipped;
    int error = cluster_write_quorum_state(cluster);
    if (file_is_full(error)) {
        diag_warn("%s/quorum-state: %s", cluster->directory, strerror(-error));
        error = 0;
    }
    if (error < 0) {
        note_set(why, "%s/quorum-state: %s", cluster->directory, strerror(-error));
        return false;
    }
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    bool done = write_start(cluster, replay, &arena, why);
    arena_fini(&arena);
    return done;
}

/* A log that no quorum ever led and in which nobody registered was written by hand (a test's): it stays as it
 * is, one segment however old its times are, and its epoch goes on, or the next one where its end was lost.
 * We stand in the image all the same, so that nobody has to ask. */
static bool stand_in(struct cluster *cluster, struct note *why)
{
    cluster->log.segment_ms = INT64_MAX;
    struct arena arena;
    struct record_list records;
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, cluster_level(cluster));
    registration_add_stand_in(&records, cluster->node);
    bool applied =
        image_apply(&cluster->image, records.records[0], cluster->image.offset, cluster->image.epoch, why);
    arena_fini(&arena);
    cluster->epoch = cluster->epoch < 1 ? 1 : cluster->epoch;
    if (cluster->log.lost_end && cluster->epoch < INT32_MAX)
        cluster->epoch++;
    return applied;
}

static bool take_place(struct cluster *cluster, const struct replay *replay,
                       const struct quorum_state *quorum, struct note *why)
{
    const struct image *image = &cluster->image;
    if (cluster_level(cluster) == 0 && (image->topics_by_name.count > 0 || image->broker_count > 0)) {
        note_set(why, "%s: there is no " METADATA_VERSION " among the records", cluster->directory);
        return false;
    }
    if (cluster_level(cluster) > 0 && image->broker_count == 0 && !replay->had_leader)
        return stand_in(cluster, why);
    return take_lead(cluster, replay, quorum, why);
}

/* Whoever made the directory that holds the log may have been killed, or failed, before it was on stable
 * storage. */
static bool sync_parent(const struct cluster *cluster, struct note *why)
{
    int error = file_sync_directory(data_dir_fs(cluster->dir), data_dir_path(cluster->dir));
    if (error < 0)
        note_set(why, "%s: %s", data_dir_path(cluster->dir), strerror(-error));
    return error >= 0;
}

static bool open_all(struct cluster *cluster, struct note *why)
{
    int error = make_directory(cluster);
    if (error < 0) {
        note_set(why, "%s: %s", cluster->directory, strerror(-error));
        return false;
    }
    struct replay replay;
    struct quorum_state quorum;
    replay_init(&replay, &cluster->image);
    bool opened = load(cluster, &replay, &quorum, why) && sync_parent(cluster, why)
                  && take_place(cluster, &replay, &quorum, why);
    replay_fini(&replay);
    return opened;
}

struct cluster *cluster_open(struct data_dir *dir, const struct cluster_node *node, struct note *why)
{
    struct cluster *cluster = malloc(sizeof *cluster);
    ensure(cluster != NULL && "out of memory");
    *cluster = (struct cluster){
        .dir = dir,
        .node = node,
        .config = node->config != NULL ? node->config : &cluster_config_defaults,
        .broker_epoch = NOT_REGISTERED,
        .epoch = -1,
        .last_write_ms = -1,
        .last_snapshot_ms = -1,
        .last_clean_ms = -1,
    };
    mutex_init(&cluster->change_lock, RANK_CONTROLLER);
    rwlock_init(&cluster->image_lock, RANK_IMAGE);
    rwlock_init(&cluster->acl_lock, RANK_ACLS);
    uint64_t seed;
    struct uuid random = format_random_uuid();
    memcpy(&seed, random.bytes, sizeof seed);
    image_init(&cluster->image, seed);
    epochs_init(&cluster->epochs);
    if (open_all(cluster, why))
        return cluster;
    cluster_close(cluster);
    return NULL;
}
