/*
 * cluster: serving and changing the image, and closing; how it opens is in cluster_open.c, what is due by the
 * clock in cluster_tick.c. Any thread calls
 * what serves; the server's broker opens and closes.
 *
 * Invariants:
 * 1. What the image says is in the log and synced: a change is appended, synced, then applied. (Two
 *    exceptions: a node that finds no registration at all stands in its image without one, see
 *    cluster_open.c; and no-ops, which say nothing, are not synced.)
 * 2. After a failed write or sync no change is taken any more: the directory is offline. A full disk alone is
 *    forgiven, since the write is taken back.
 * 3. epoch is the raft epoch of all our own records, and not below that of any record before.
 */
#include "metadata/cluster_state.h"

#include "metadata/cordoned_dirs.h"
#include "metadata/format.h"
#include "metadata/registration.h"
#include "protocol/base/ensure.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/topic_record.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <stdlib.h>

#define DIAG_AREA DIAG_METADATA

#if defined(__clang__)
#define HELD_ON_RETURN __attribute__((no_thread_safety_analysis))
#else
#define HELD_ON_RETURN
#endif

enum {
    RECORD_OVERHEAD = 32, /* bytes of a record around its value, at most */
    RESERVE_BYTES = 1 << 20,
    RESERVE_PER_PARTITION = 256, /* leaderships at a start, and again at a stop */
};

/* ---- writing ---- */

static enum kerr fail(struct cluster *cluster, const char *what, int error, struct note *why)
{
    note_set(why, "%s: %s: %s", cluster->directory, what, strerror(-error));
    return KERR_KAFKA_STORAGE_ERROR;
}

bool cluster_has_room(struct cluster *cluster, size_t bytes)
{
    int64_t reserve = RESERVE_BYTES + (int64_t)cluster->image.partition_count * RESERVE_PER_PARTITION;
    return cluster_log_make_room(&cluster->log, bytes, reserve) == 0;
}

enum kerr cluster_append(struct cluster *cluster, const struct batch_writer *writer, struct note *why)
{
    if (data_dir_is_offline(cluster->dir)) {
        note_set(why, "%s is offline", data_dir_path(cluster->dir));
        return KERR_KAFKA_STORAGE_ERROR;
    }
    (void)cluster_has_room(cluster, writer->bytes.len);
    int error =
        cluster_log_append(&cluster->log, buf_slice(&writer->bytes), writer->next_offset, writer->epoch);
    if (error == 0) {
        cluster->last_timestamp_ms = writer->now_ms;
        cluster->bytes_since_snapshot += (int64_t)writer->bytes.len;
        return KERR_NONE;
    }
    if (!file_is_full(error)) /* else the next change may be smaller, or the disk emptier */
        data_dir_fail(cluster->dir, "%s: cannot append: %s", cluster->directory, strerror(-error));
    return fail(cluster, "cannot append", error, why);
}

enum kerr cluster_sync(struct cluster *cluster, struct note *why)
{
    int error = cluster_log_sync(&cluster->log);
    if (error == 0)
        return KERR_NONE;
    data_dir_fail(cluster->dir, "%s: cannot sync: %s", cluster->directory, strerror(-error));
    return fail(cluster, "cannot sync", error, why);
}

enum kerr cluster_store(struct cluster *cluster, const struct batch_writer *writer, struct note *why)
{
    enum kerr error = cluster_append(cluster, writer, why);
    return error == KERR_NONE ? cluster_sync(cluster, why) : error;
}

/* A record that we made and that does not fit our own image is a bug. */
void cluster_apply(struct cluster *cluster, const struct record_list *records, int64_t first_offset)
{
    rwlock_write(&cluster->image_lock);
    rwlock_write(&cluster->acl_lock);
    for (int32_t i = 0; i < records->count; i++) {
        struct note why = {""};
        bool applied =
            image_apply(&cluster->image, records->records[i], first_offset + i, cluster->epoch, &why);
        if (!applied)
            diag_error("cluster log, offset %lld: %s", (long long)first_offset + i, why.text);
        ensure(applied);
    }
    rwlock_write_done(&cluster->acl_lock);
    rwlock_write_done(&cluster->image_lock);
}

static size_t bytes_of(const struct record_list *records)
{
    size_t bytes = 0;
    for (int32_t i = 0; i < records->count; i++)
        bytes += records->records[i].len + RECORD_OVERHEAD;
    return bytes;
}

void cluster_write_list(struct batch_writer *writer, const struct record_list *records, size_t batch_bytes)
{
    for (int32_t i = 0; i < records->count; i++) {
        if (batch_writer_pending(writer) + records->records[i].len + RECORD_OVERHEAD > batch_bytes)
            batch_writer_end(writer);
        batch_writer_add(writer, records->records[i]);
    }
    batch_writer_end(writer);
}

int16_t cluster_level(const struct cluster *cluster)
{
    return image_feature_level(&cluster->image, SLICE(METADATA_VERSION));
}

/* What is too large for one batch becomes a metadata transaction of several. */
static enum kerr wrap(const struct cluster *cluster, const struct record_list *records,
                      struct record_list *wrapped, struct note *why)
{
    if (cluster_level(cluster) < LEVEL_3_6_IV1) {
        note_set(why, "the change has more records than metadata.version %d can write at once",
                 cluster_level(cluster));
        return KERR_INVALID_REQUEST;
    }
    record_list_init(wrapped, records->arena, cluster_level(cluster));
    record_list_add(wrapped, &begin_transaction_record_message,
                    &(struct begin_transaction_record){.name = SLICE_NULL});
    for (int32_t i = 0; i < records->count; i++)
        record_list_add_frame(wrapped, records->records[i]);
    record_list_add(wrapped, &end_transaction_record_message, &(struct end_transaction_record){{0}});
    return KERR_NONE;
}

/* Topics and partitions, which will need more room than their records. */
static bool creates(const struct record_list *records)
{
    enum { TYPE_AT = 1 }; /* behind the frame's version, one byte as it is */
    for (int32_t i = 0; i < records->count; i++) {
        int type = records->records[i].len > TYPE_AT ? records->records[i].data[TYPE_AT] : -1;
        if (type == topic_record_message.key || type == partition_record_message.key)
            return true;
    }
    return false;
}

/* One write and one sync. */
static enum kerr store_and_apply(struct cluster *cluster, const struct record_list *records,
                                 size_t batch_bytes, struct note *why)
{
    struct batch_writer writer;
    int64_t first_offset = cluster->log.end_offset;
    batch_writer_init(&writer, first_offset, cluster->epoch, clock_wall_ms());
    cluster_write_list(&writer, records, batch_bytes);
    enum kerr error = cluster_store(cluster, &writer, why);
    batch_writer_fini(&writer);
    if (error == KERR_NONE) {
        diag_debug("%s: %d records at %lld", cluster->directory, (int)records->count,
                   (long long)first_offset);
        cluster_apply(cluster, records, first_offset);
    }
    return error;
}

enum kerr cluster_commit_locked(struct cluster *cluster, const struct record_list *records, struct note *why)
{
    struct record_list wrapped;
    if (records->count == 0)
        return KERR_NONE;
    if (creates(records) && !cluster_has_room(cluster, bytes_of(records)))
        return fail(cluster, "no room for more topics", -ENOSPC, why);
    if (bytes_of(records) > BATCH_BYTES_MAX) {
        enum kerr error = wrap(cluster, records, &wrapped, why);
        if (error != KERR_NONE)
            return error;
        records = &wrapped;
    }
    enum kerr error = store_and_apply(cluster, records, BATCH_BYTES_MAX, why);
    if (image_find_broker(&cluster->image, cluster->node->node_id) == NULL)
        cluster->broker_epoch = NOT_REGISTERED; /* somebody has unregistered us */
    return error;
}

/* ---- stopping ---- */

/* On a full disk leaders stay as they are: what is set aside is for the starts, and to lead again takes some
 * of it. */
static void hand_over(struct cluster *cluster)
{
    struct arena arena;
    struct record_list records;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, cluster_level(cluster));
    registration_add_shutdown(&records, &cluster->image, cluster->node, cluster->broker_epoch);
    if (!cluster_has_room(cluster, bytes_of(&records))) {
        record_list_init(&records, &arena, cluster_level(cluster));
        registration_add_fence(&records, cluster->node->node_id, cluster->broker_epoch);
    }
    if (store_and_apply(cluster, &records, OWN_BATCH_BYTES, &why) != KERR_NONE)
        diag_warn("%s", why.text);
    arena_fini(&arena);
}

void cluster_shut_down(struct cluster *cluster)
{
    mutex_lock(&cluster->change_lock);
    if (cluster->broker_epoch >= 0 && !data_dir_is_offline(cluster->dir))
        hand_over(cluster);
    mutex_unlock(&cluster->change_lock);
}

void cluster_close(struct cluster *cluster)
{
    if (cluster->log.fs != NULL)
        cluster_log_close(&cluster->log);
    buf_fini(&cluster->voters_record);
    epochs_fini(&cluster->epochs);
    image_fini(&cluster->image);
    rwlock_fini(&cluster->acl_lock);
    rwlock_fini(&cluster->image_lock);
    mutex_fini(&cluster->change_lock);
    free(cluster);
}

/* ---- serving ---- */

const struct image *cluster_read(struct cluster *cluster) HELD_ON_RETURN
{
    rwlock_read(&cluster->image_lock);
    return &cluster->image;
}

void cluster_read_done(struct cluster *cluster) HELD_ON_RETURN
{
    rwlock_read_done(&cluster->image_lock);
}

const struct acls *cluster_read_acls(struct cluster *cluster) HELD_ON_RETURN
{
    rwlock_read(&cluster->acl_lock);
    return &cluster->image.acls;
}

void cluster_read_acls_done(struct cluster *cluster) HELD_ON_RETURN
{
    rwlock_read_done(&cluster->acl_lock);
}

const struct image *cluster_change_begin(struct cluster *cluster) HELD_ON_RETURN
{
    mutex_lock(&cluster->change_lock);
    return &cluster->image;
}

enum kerr cluster_change_commit(struct cluster *cluster, const struct record_list *records, struct note *why)
{
    return cluster_commit_locked(cluster, records, why);
}

void cluster_change_end(struct cluster *cluster) HELD_ON_RETURN
{
    mutex_unlock(&cluster->change_lock);
}

void cluster_describe_quorum(struct cluster *cluster, struct cluster_quorum *quorum)
{
    const struct cluster_node *node = cluster->node;
    mutex_lock(&cluster->change_lock);
    *quorum = (struct cluster_quorum){
        .leader_id = node->node_id,
        .leader_epoch = cluster->epoch,
        .high_watermark = cluster->log.end_offset,
        .kraft_version = cluster_kraft_version(cluster),
        .directory_id = cluster->kraft_version > 0 ? data_dir_meta(cluster->dir)->directory_id : UUID_ZERO,
        .endpoint = node->controller_endpoint_count > 0 ? &node->controller_endpoints[0] : NULL,
    };
    mutex_unlock(&cluster->change_lock);
}

int16_t cluster_kraft_version(const struct cluster *cluster)
{
    return (int16_t)cluster->kraft_version;
}

void cluster_add_own_records(struct cluster *cluster, int16_t metadata_version, struct record_list *records)
{
    registration_add_raised(records, &cluster->image, cluster->node, metadata_version);
}

void cluster_add_cordoned_dirs(struct cluster *cluster, struct record_list *records)
{
    cordoned_dirs_settle(records, &cluster->image, cluster->node);
}

/* The log says it first: a start takes it from there, and writes quorum-state itself. */
enum kerr cluster_raise_kraft_version(struct cluster *cluster, struct note *why)
{
    const struct cluster_node *node = cluster->node;
    struct kraft_version_record version = {.k_raft_version = KRAFT_VERSION_MAX};
    struct batch_writer writer;
    buf_clear(&cluster->voters_record, 0);
    format_encode_voters(&cluster->voters_record, node->node_id, data_dir_meta(cluster->dir)->directory_id,
                         node->controller_endpoints, node->controller_endpoint_count);
    batch_writer_init(&writer, cluster->log.end_offset, cluster->epoch, clock_wall_ms());
    batch_writer_add_control(&writer, CONTROL_KRAFT_VERSION, &kraft_version_record_message, &version);
    batch_writer_add_control_bytes(&writer, CONTROL_KRAFT_VOTERS, buf_slice(&cluster->voters_record));
    batch_writer_end(&writer);
    enum kerr error = cluster_store(cluster, &writer, why);
    batch_writer_fini(&writer);
    if (error != KERR_NONE)
        return error;
    cluster->kraft_version = KRAFT_VERSION_MAX;
    int failure = cluster_write_quorum_state(cluster);
    if (failure < 0)
        diag_warn("%s/quorum-state: %s", cluster->directory, strerror(-failure));
    return KERR_NONE;
}

int32_t cluster_node_id(const struct cluster *cluster)
{
    return cluster->node->node_id;
}

int64_t cluster_broker_epoch(struct cluster *cluster)
{
    return cluster->broker_epoch;
}

static enum kerr take_producer_ids(struct cluster *cluster)
{
    struct arena arena;
    struct record_list records;
    struct note why = {""};
    int64_t first = cluster->image.next_producer_id;
    struct producer_ids_record ids = {
        .broker_id = cluster->node->node_id,
        .broker_epoch = cluster->broker_epoch,
        .next_producer_id = first + PRODUCER_ID_BLOCK,
    };
    if (first > INT64_MAX - PRODUCER_ID_BLOCK)
        return KERR_UNKNOWN_SERVER_ERROR;
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, cluster_level(cluster));
    record_list_add(&records, &producer_ids_record_message, &ids);
    enum kerr error = cluster_commit_locked(cluster, &records, &why);
    arena_fini(&arena);
    if (error == KERR_NONE) {
        cluster->next_producer_id = first;
        cluster->end_of_producer_ids = first + PRODUCER_ID_BLOCK;
    }
    return error;
}

enum kerr cluster_next_producer_id(struct cluster *cluster, int64_t *producer_id)
{
    mutex_lock(&cluster->change_lock);
    enum kerr error =
        cluster->next_producer_id < cluster->end_of_producer_ids ? KERR_NONE : take_producer_ids(cluster);
    if (error == KERR_NONE)
        *producer_id = cluster->next_producer_id++;
    mutex_unlock(&cluster->change_lock);
    return error;
}
