/*
 * partition_move: see the header.
 *
 * 1. The future log is a prefix of the partition's from the log start on, batch by batch. It is nobody else's
 *    until it takes over, which happens under the partition's mutex, with nothing left to copy.
 * 2. Whatever happens, one of the two directories has every record that was acknowledged. Until it takes over
 *    the old one has; and its name only goes when all of the new one is on stable storage. A start that finds
 *    both takes the longer one (partitions_load).
 * 3. The partition's syncs wait for the take-over (partition_sync_lead), so that a sync is of one log.
 * 4. The old log lives on until the ticking thread frees it: that thread uses a log without the mutex.
 * 5. The destination's failure is the destination's: the partition goes on where it is.
 */
#include "storage/partition_move.h"

#include "protocol/base/ensure.h"
#include "storage/log_private.h"
#include "storage/log_read.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"
#include "storage/partition_dir.h"
#include "storage/partitions_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

enum {
    PIECE_BYTES = 1 << 20,
    REST_BYTES = 256 << 10, /* what may be copied while the partition waits */
    NAMED_TRIES = 50000,    /* a tenth of a millisecond each */
    SYNC_BYTES = 64 << 20,  /* so that the last sync is not one of everything, */
    SYNC_SEGMENTS = 16,     /* nor any one of more files than may be open */
};

/* ---- the partition's side ---- */

static void call_off_locked(struct partition *partition) NEEDS(partition->mutex)
{
    if (partition->move == NULL)
        return;
    data_dir_add_replicas(partition->move->to, -1);
    partition->move->cancelled = true;
    partition->move = NULL;
    atomic_store(&partition->future_dir, NULL);
}

static struct partition_move *begin_locked(struct partition *partition, struct data_dir *to)
    NEEDS(partition->mutex)
{
    struct partition_move *move = calloc(1, sizeof *move);
    ensure(move != NULL);
    list_init(&move->node);
    move->partition = partition_ref(partition);
    move->to = to;
    partition->move = move;
    atomic_store(&partition->future_dir, to);
    data_dir_add_replicas(to, 1);
    return move;
}

/* Locks it once the move before has its name: two at a time would leave a start two copies to choose from. */
static bool lock_named(struct partition *partition) ACQUIRES(partition->mutex)
{
    for (int i = 0; i < NAMED_TRIES; i++) {
        partition_lock(partition);
        if (!partition->is_unnamed)
            return true;
        partition_unlock(partition);
        thread_give_way();
    }
    partition_lock(partition);
    return !partition->is_unnamed;
}

enum kerr partition_set_destination(struct partition *partition, struct data_dir *to,
                                    struct partition_move **started)
{
    enum kerr error = KERR_NONE;
    *started = NULL;
    if (!lock_named(partition))
        error = KERR_KAFKA_STORAGE_ERROR;
    partition_stop_cleaning_locked(partition); /* and none begins while it moves */
    if (partition->closed)
        error = KERR_NOT_LEADER_OR_FOLLOWER;
    else if (data_dir_is_offline(partition_dir(partition)) || data_dir_is_offline(to))
        error = KERR_KAFKA_STORAGE_ERROR;
    if (error == KERR_NONE && partition->move != NULL && partition->move->to != to)
        call_off_locked(partition);
    bool begins = error == KERR_NONE && partition->move == NULL && partition_dir(partition) != to;
    if (begins && partition_make_locked(partition) < 0)
        error = KERR_KAFKA_STORAGE_ERROR;
    if (begins && error == KERR_NONE)
        *started = begin_locked(partition, to);
    partition_unlock(partition);
    return error;
}

void partition_call_off_move(struct partition *partition)
{
    partition_lock(partition);
    call_off_locked(partition);
    partition_unlock(partition);
}

/* Whether it goes on. */
static bool is_wanted(const struct partition_move *move) NEEDS(move->partition->mutex)
{
    struct partition *partition = move->partition;
    return !move->cancelled && !partition->closed && !data_dir_is_offline(partition_dir(partition));
}

/* ---- making the future log ---- */

static int make_directory(struct partition_move *move, char path[FILE_PATH_MAX])
{
    struct partition *partition = move->partition;
    char name[PARTITION_DIR_NAME_MAX + 1];
    partition_dir_name_with(name, partition->topic_slice, partition->index, partition_dir_unique_id(),
                            "-future");
    file_path(path, "%s/%s", data_dir_path(move->to), name);
    int result = file_mkdir(data_dir_fs(move->to), path);
    return result < 0 ? result : partition_dir_write_id(data_dir_fs(move->to), path, partition->topic_id);
}

/* Begins anew with the source's first segment. */
static int restart(struct partition_move *move)
{
    struct partition *partition = move->partition;
    partition_lock(partition);
    move->source = partition->log;
    move->cuts = partition->log->cuts;
    move->segment = partition->log->segments[0]->base_offset;
    move->position = 0;
    move->log->config = partition->log->config;
    move->end_offset = move->segment;
    move->size = 0;
    partition_unlock(partition);
    move->unsynced = 0;
    return move->segment == move->log->end_offset ? 0 : log_restart_at(move->log, move->segment);
}

int partition_move_open(struct partition_move *move)
{
    char path[FILE_PATH_MAX];
    struct note why = {""};
    int result = make_directory(move, path);
    if (result < 0) {
        (void)file_remove_tree(data_dir_fs(move->to), path);
        return result;
    }
    struct log_options options = {.files = data_dir_files(move->to), .path = path, .create = true};
    partition_get_config(move->partition, &options.config);
    move->log = log_open(&options, &result, &why);
    if (move->log != NULL)
        return restart(move);
    (void)file_remove_tree(data_dir_fs(move->to), path);
    return result;
}

/* ---- copying ---- */

/* Some of the source's bytes; its segment is pinned. */
struct piece {
    struct segment *segment;
    int64_t position;
    int64_t len;
};

/* The segment with what comes next, or NULL: the source has let go of it. */
static struct segment *find_segment(struct partition_move *move) NEEDS(move->partition->mutex)
{
    struct log *log = move->partition->log;
    int32_t at = log_find_segment(log, move->segment);
    if (log->segments[at]->base_offset != move->segment)
        return NULL;
    while (move->position == log->segments[at]->size && at + 1 < log->count) {
        move->segment = log->segments[++at]->base_offset;
        move->position = 0;
    }
    return log->segments[at];
}

/* 1, 0: nothing is left, -ECANCELED, -ESTALE: begin anew, -errno. */
static int plan_locked(struct partition_move *move, struct piece *piece) NEEDS(move->partition->mutex)
{
    struct log *log = move->partition->log;
    if (!is_wanted(move))
        return -ECANCELED;
    if (log != move->source || log->cuts != move->cuts)
        return -ESTALE;
    struct segment *segment = find_segment(move);
    if (segment == NULL)
        return -ESTALE;
    if (segment->size == move->position)
        return 0;
    int result = segment_pin(segment);
    *piece = (struct piece){segment, move->position, segment->size - move->position};
    return result < 0 ? result : 1;
}

/* How many of the bytes are whole batches; *needed is what the first one takes. */
static size_t whole_batches(const uint8_t *bytes, size_t len, size_t *needed)
{
    size_t whole = 0;
    *needed = 0;
    for (;;) {
        struct batch_header header;
        struct note why = {""};
        size_t size = 0;
        if (batch_next(slice_of(bytes + whole, len - whole), &header, &size, &why) != BATCH_WHOLE) {
            *needed = whole == 0 ? size : *needed;
            return whole;
        }
        whole += size;
    }
}

/* Reads whole batches into malloc'ed memory: their length, or -errno. */
static int64_t read_piece(const struct piece *piece, uint8_t **bytes)
{
    size_t len = piece->len < PIECE_BYTES ? (size_t)piece->len : PIECE_BYTES;
    for (;;) {
        size_t needed;
        *bytes = malloc(len);
        ensure(*bytes != NULL);
        ssize_t got = segment_read(piece->segment, *bytes, len, piece->position);
        size_t whole = got < 0 ? 0 : whole_batches(*bytes, (size_t)got, &needed);
        if (whole > 0)
            return (int64_t)whole;
        free(*bytes);
        *bytes = NULL;
        if (got < 0)
            return got;
        if (needed <= len || (int64_t)needed > piece->len)
            return -EBADMSG;
        len = needed;
    }
}

/* Copies one piece. Its length, or -errno. */
static int64_t copy_piece(struct partition_move *move, const struct piece *piece)
{
    struct note why = {""};
    uint8_t *bytes;
    int64_t len = read_piece(piece, &bytes);
    move->source_failed = len < 0;
    if (len < 0)
        return len;
    int result = log_append_batches(move->log, bytes, (size_t)len, clock_wall_ms(), &why);
    free(bytes);
    if (result == -EBADMSG) { /* what the source has is no log */
        move->source_failed = true;
        diag_error("%s-%d cannot be moved: %s", move->partition->topic, (int)move->partition->index,
                   why.text);
    }
    if (result < 0) {
        move->source = NULL; /* some of it may be there: begin anew */
        return result;
    }
    move->position += len;
    move->unsynced += len;
    return len;
}

static void note_progress_locked(struct partition_move *move, int64_t len) NEEDS(move->partition->mutex)
{
    move->end_offset = move->log->end_offset;
    move->size += len;
}

int partition_move_copy(struct partition_move *move)
{
    struct piece piece;
    partition_lock(move->partition);
    int result = plan_locked(move, &piece);
    bool is_rest =
        result == 1 && piece.len <= REST_BYTES && log_active(move->partition->log) == piece.segment;
    partition_unlock(move->partition);
    if (result == -ESTALE)
        return (result = restart(move)) < 0 ? result : 1;
    if (result <= 0)
        return result;
    int64_t len = is_rest ? 0 : copy_piece(move, &piece);
    segment_unref(piece.segment);
    if (len <= 0)
        return (int)len;
    partition_lock(move->partition);
    note_progress_locked(move, len);
    partition_unlock(move->partition);
    int32_t unsynced_from = log_find_segment(move->log, move->log->synced_offset);
    if (move->unsynced >= SYNC_BYTES || move->log->count - unsynced_from > SYNC_SEGMENTS) {
        move->unsynced = 0;
        result = log_sync_now(move->log);
    }
    return result < 0 ? result : (int)len;
}

/* ---- taking over ---- */

/* 1: everything is copied; 0: it is too much for now. */
static int copy_rest_locked(struct partition_move *move) NEEDS(move->partition->mutex)
{
    int64_t copied = 0;
    for (;;) {
        struct piece piece;
        int result = plan_locked(move, &piece);
        if (result <= 0)
            return result == 0 ? 1 : result == -ESTALE ? 0 : result;
        bool is_much = copied + piece.len > REST_BYTES;
        int64_t len = is_much ? 0 : copy_piece(move, &piece);
        segment_unref(piece.segment);
        if (len <= 0)
            return (int)len;
        copied += len;
        note_progress_locked(move, len);
    }
}

/* The same place in the other log. */
static int translate(struct log *log, struct log_position *position)
{
    int64_t offset = position->offset;
    if (offset == INT64_MAX)
        return 0;
    if (offset >= log->end_offset) {
        log_end_position(log, position);
        return 0;
    }
    int result = log_find_position(log, offset, position);
    position->offset = offset;
    return result;
}

static int take_over_locked(struct partition_move *move) NEEDS(move->partition->mutex)
{
    struct partition *partition = move->partition;
    struct log *old = partition->log;
    struct log_position high_watermark = partition->high_watermark;
    struct log_position unsynced_held = partition->unsynced_held;
    if (partition->retired != NULL)
        return 0; /* the one before is still being freed */
    if (move->log->end_offset != old->end_offset)
        return -EBADMSG;
    int result = translate(move->log, &high_watermark);
    if (result == 0)
        result = translate(move->log, &unsynced_held);
    if (result < 0)
        return result;
    log_succeed(move->log, old);
    partition->retired = old;
    partition->log = move->log;
    partition->log_changes++;
    partition->high_watermark = high_watermark;
    partition->unsynced_held = unsynced_held;
    partition->stable.offset = INT64_MAX;
    partition->move = NULL;
    atomic_store(&partition->future_dir, NULL);
    move->from = partition_dir(partition);
    data_dir_add_replicas(move->from, -1);
    atomic_store_explicit(&partition->dir, move->to, memory_order_release);
    move->log = NULL;
    move->has_taken_over = partition->is_unnamed = true;
    return 1;
}

static int64_t delete_delay_ms(struct partition *partition)
{
    struct log_config config;
    partition_get_config(partition, &config);
    return config.file_delete_delay_ms;
}

/* "<directory>/<topic>-<index>" */
static void live_path(const struct partition *partition, const struct data_dir *dir, char path[FILE_PATH_MAX])
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    partition_dir_name(name, partition->topic_slice, partition->index);
    file_path(path, "%s/%s", data_dir_path(dir), name);
}

/* The old directory's name goes, and is gone, before the new one gets it. */
static int retire_old(struct partition *partition, struct data_dir *dir, char doomed[FILE_PATH_MAX])
{
    char from[FILE_PATH_MAX];
    char name[PARTITION_DIR_NAME_MAX + 1];
    live_path(partition, dir, from);
    partition_dir_name_with(name, partition->topic_slice, partition->index, partition_dir_unique_id(),
                            "-delete");
    file_path(doomed, "%s/%s", data_dir_path(dir), name);
    int result = file_rename(data_dir_fs(dir), from, doomed);
    return result < 0 ? result : file_sync_directory(data_dir_fs(dir), data_dir_path(dir));
}

/* Something else may have come to lie where the copy is to be: it is set aside. */
static int give_name(const struct partition *partition, struct data_dir *dir, const char *path)
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    char to_name[PARTITION_DIR_NAME_MAX + 1];
    int result = file_rename(data_dir_fs(dir), partition->log->path, path);
    if (result != -ENOTEMPTY && result != -EEXIST && result != -ENOTDIR)
        return result;
    partition_dir_name(name, partition->topic_slice, partition->index);
    result = partition_dir_set_aside(data_dir_fs(dir), data_dir_path(dir), name, to_name);
    if (result < 0)
        return result;
    diag_warn("%s was not made by this broker: set aside as %s", path, to_name);
    return file_rename(data_dir_fs(dir), partition->log->path, path);
}

static int name_new(struct partition *partition, struct data_dir *dir)
{
    char path[FILE_PATH_MAX];
    live_path(partition, dir, path);
    partition_lock(partition);
    int result = give_name(partition, dir, path);
    if (result == 0) {
        log_moved(partition->log, path);
        partition->is_unnamed = false;
        partition->log_changes++;
    }
    partition_unlock(partition);
    return result < 0 ? result : file_sync_directory(data_dir_fs(dir), data_dir_path(dir));
}

/* The names, once everything is on stable storage. Where one cannot be given the next start finds the log all
 * the same. */
static int rename_both(struct partition_move *move, struct partitions *partitions)
{
    char doomed[FILE_PATH_MAX];
    struct partition *partition = move->partition;
    struct data_dir *from = move->from;
    partitions_store_checkpoints(partitions); /* above all where the log starts */
    if (data_dir_is_offline(move->to))
        return -EIO; /* the old one stays what it is, with everything that was acknowledged */
    int result = retire_old(partition, from, doomed);
    if (result < 0) {
        data_dir_fail(from, "%s-%d has left it, but: %s", partition->topic, (int)partition->index,
                      strerror(-result));
        return 0;
    }
    result = name_new(partition, move->to);
    if (result < 0)
        data_dir_fail(move->to, "%s-%d has come, but: %s", partition->topic, (int)partition->index,
                      strerror(-result));
    partitions_doom(partitions, from, doomed, delete_delay_ms(partition));
    return result;
}

/* Under the lock, with nobody syncing: 1 with a sync begun, 0: not yet, -ECANCELED, -errno. */
static int take_over(struct partition_move *move, struct log_sync *sync)
{
    partition_lock(move->partition);
    int result = move->has_taken_over ? 1 : copy_rest_locked(move);
    if (result == 1 && !move->has_taken_over)
        result = take_over_locked(move);
    if (result == 1 && move->partition->closed)
        result = -ECANCELED;
    if (result == 1 && partition_sync_begin_locked(move->partition, sync) < 0)
        result = 0; /* for want of descriptors; it has taken over all the same */
    partition_unlock(move->partition);
    return result;
}

int partition_move_finish(struct partition_move *move, struct partitions *partitions)
{
    struct partition *partition = move->partition;
    struct log_sync sync;
    move->source_failed = false;
    int result = move->has_taken_over ? 0 : log_sync_now(move->log);
    if (result < 0)
        return result;
    partition_sync_lead(partition);
    result = take_over(move, &sync);
    if (result != 1) {
        partition_sync_leave(partition, -1, false);
        return result;
    }
    result = log_sync_run(&sync);
    if (result < 0)
        partition_sync_has_failed(partition, result);
    else
        result = rename_both(move, partitions);
    partition_sync_end(partition, &sync, result >= 0);
    partition_sync_leave(partition, sync.end_offset, result < 0);
    atomic_store(&partitions->places_changed, true);
    return result < 0 ? result : 1;
}

/* ---- the end ---- */

void partition_move_abandon(struct partition_move *move, struct partitions *partitions, bool discard)
{
    struct partition *partition = move->partition;
    partition_lock(partition);
    if (partition->move == move)
        call_off_locked(partition);
    partition_unlock(partition);
    if (move->log == NULL)
        return;
    char name[PARTITION_DIR_NAME_MAX + 1];
    char doomed[FILE_PATH_MAX];
    struct file_system *fs = data_dir_fs(move->to);
    partition_dir_name_with(name, partition->topic_slice, partition->index, partition_dir_unique_id(),
                            "-delete");
    file_path(doomed, "%s/%s", data_dir_path(move->to), name);
    if (!discard)
        (void)log_close_cleanly(move->log); /* a next start looks for itself */
    else if (file_rename(fs, move->log->path, doomed) == 0)
        partitions_doom(partitions, move->to, doomed, 0);
    log_free(move->log);
    move->log = NULL;
}

void partition_move_free(struct partition_move *move)
{
    ensure(move->log == NULL);
    partition_unref(move->partition);
    free(move);
}
