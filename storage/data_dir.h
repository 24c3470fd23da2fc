/*
 * data_dir: one log directory (an entry of log.dirs): its lock, meta.properties, checkpoint files,
 * clean-shutdown marker, and whether it is in order. A directory that fails (EIO, a failed fsync) goes
 * offline once and for all until the next start.
 */
#ifndef STORAGE_DATA_DIR_H
#define STORAGE_DATA_DIR_H

#include "protocol/base/note.h"
#include "protocol/base/uuid.h"
#include "protocol/errors.h"

#include <string.h>

struct file_system; /* storage/os/file.h: the seam that crash tests replace */
struct open_files;  /* storage/open_files.h */

/* meta.properties, version 1. */
struct meta_properties {
    struct slice cluster_id; /* owned; of a data_dir's it lives as long as that */
    int32_t node_id;
    struct uuid directory_id; /* zero: missing in the file */
};

/* Reads the file in `directory`. 0, -errno (-ENOENT: there is none), -EBADMSG; the reason in `why`. */
int meta_properties_read(struct file_system *fs, const char *directory, struct meta_properties *meta,
                         struct note *why);
void meta_properties_fini(struct meta_properties *meta);

/* Ids that name no directory, by their last byte; there is room for more that Apache Kafka may give a
 * meaning. */
enum {
    DIRECTORY_NOT_TOLD = 0, /* before metadata.version 3.7-IV2 */
    DIRECTORY_UNASSIGNED = 1,
    DIRECTORY_LOST = 2,
    DIRECTORY_IDS_RESERVED = 100,
};

static inline bool directory_id_is_reserved(struct uuid id)
{
    static const uint8_t zeros[sizeof id.bytes - 1];
    return memcmp(id.bytes, zeros, sizeof zeros) == 0 && id.bytes[sizeof zeros] < DIRECTORY_IDS_RESERVED;
}

struct data_dir;

enum data_dir_state {
    DATA_DIR_EMPTY,     /* missing or without meta.properties and without anything else: may be formatted */
    DATA_DIR_FORMATTED, /* meta.properties read */
    DATA_DIR_FAILED,    /* the disk says no: offline from the start, without meta.properties */
};

/* Creates the directory if it is missing, takes `.lock` (a second broker gets "... is locked by another
 * process"), reads meta.properties. NULL with the reason where somebody has to look: not empty yet without
 * meta.properties, meta.properties that says nothing, locked. What the disk refuses is DATA_DIR_FAILED, also
 * with the reason: the other directories may go on. */
struct data_dir *data_dir_open(struct file_system *fs, const char *path, enum data_dir_state *state,
                               struct note *why);
void data_dir_close(struct data_dir *dir);

/* Writes meta.properties (version 1) as Apache Kafka's formatter does, fsynced, and adopts it. */
enum kerr data_dir_format(struct data_dir *dir, struct slice cluster_id, int32_t node_id,
                          struct uuid directory_id, struct note *why);

const char *data_dir_path(const struct data_dir *dir);
struct file_system *data_dir_fs(const struct data_dir *dir);
struct open_files *data_dir_files(
    struct data_dir *dir); /* for log_open; every segment is gone before data_dir_close */
const struct meta_properties *data_dir_meta(const struct data_dir *dir);

/* Whether the clean-shutdown marker was there and could be read when the directory was opened; taken away in
 * any case (with a directory sync) by data_dir_begin, before any log is loaded: where that fails, the
 * directory is offline. *broker_epoch is what it held, or -1. */
bool data_dir_begin(struct data_dir *dir, int64_t *broker_epoch);
bool data_dir_was_clean(const struct data_dir *dir); /* what data_dir_begin answered */
enum kerr data_dir_mark_clean(struct data_dir *dir, int64_t broker_epoch);

/*
 * A failed sync leaves pages in memory that look clean and never reached the disk, and a process that starts
 * again on them would believe them. So a directory that fails is marked: by an empty file in it and, as its
 * disk may be gone, in each of the broker's other directories. data_dir_introduce tells the directories of
 * each other (the array is borrowed for as long as they live; NULLs are skipped) and finds the marks; it
 * comes before data_dir_begin. What a suspect directory holds beyond its recovery points is written again and
 * synced before it is looked at; then data_dir_trust takes the marks away.
 */
void data_dir_introduce(struct data_dir **dirs, int32_t count);
bool data_dir_is_suspect(const struct data_dir *dir);

/* Whether its recovery points are of no use: somebody closed it cleanly after it had failed. */
bool data_dir_was_believed(const struct data_dir *dir);
void data_dir_trust(struct data_dir *dir);

/* Replaces one of the directory's checkpoint files, durably. A failure takes the directory offline, but not
 * want of space: that is said once, and refused. data_dir_remember is for what somebody was promised: on a
 * full disk it uses up a reserve (`.reserve`, set aside while there is space). */
enum kerr data_dir_checkpoint(struct data_dir *dir, const char *name, struct slice content);
enum kerr data_dir_remember(struct data_dir *dir, const char *name, struct slice content);

/* Takes a checkpoint file away, durably: for one that a start can do without and that must not stay as it is.
 * False: the directory is offline now. */
bool data_dir_drop_checkpoint(struct data_dir *dir, const char *name);

/* How many replicas are in it, or on their way to it: where new ones go is decided by that. Any thread. */
void data_dir_add_replicas(struct data_dir *dir, int64_t change);
int64_t data_dir_replicas(const struct data_dir *dir);

/* Whether new replicas are to go elsewhere (cordoned.log.dirs); not at first. Any thread. */
void data_dir_set_cordoned(struct data_dir *dir, bool is_cordoned);
bool data_dir_is_cordoned(const struct data_dir *dir);

/* Whether new replicas find room in it, as data_dir_look_for_room saw it last (it asks the file system); true
 * before. Any thread. */
void data_dir_look_for_room(struct data_dir *dir);
bool data_dir_has_room(const struct data_dir *dir);

/* Takes the directory offline and says why through diag, once. Any thread. */
void data_dir_fail(struct data_dir *dir, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool data_dir_is_offline(const struct data_dir *dir);

#endif
