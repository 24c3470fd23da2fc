/*
 * log_dirs: the broker's log directories: opened and formatted at start, watched while it serves. One that
 * fails is told to the cluster, and its replicas are offline until a start finds it in order. Without the one
 * that holds the cluster log, or without any, the broker cannot go on.
 */
#ifndef SERVER_LOG_DIRS_H
#define SERVER_LOG_DIRS_H

#include "metadata/controller/settle_replicas.h"
#include "protocol/base/note.h"
#include "storage/data_dir.h"

struct broker;

/* Fills broker->dirs, in the order of the configuration, empty ones formatted. Those that the disk refuses
 * are among them, offline. False with the reason: one that somebody has to look at, or one without which
 * there is no broker. */
bool log_dirs_open(struct broker *broker, struct note *why);

/* Takes the clean-shutdown markers away. Returns the broker epoch that all of them have; -1: a directory is
 * offline, has none, or another one. */
int64_t log_dirs_begin(struct broker *broker);

/* The one with the cluster log. */
struct data_dir *log_dirs_metadata(const struct broker *broker);

/* By its absolute path; NULL: none of ours. */
struct data_dir *log_dirs_find(const struct broker *broker, struct slice path);

/* The ids of those that are in order, in the arena; those without an id are left out. */
struct uuid *log_dirs_in_order(const struct broker *broker, struct arena *arena, int32_t *count);

/* The paths of the same, as log.dirs has them. */
const char *const *log_dirs_paths_in_order(const struct broker *broker, struct arena *arena);

/* From now on new replicas go to the directories that cordoned.log.dirs, as it is in force, does not name.
 * Takes the image's lock. */
void log_dirs_cordon(struct broker *broker);

/* Where the replicas lie, for the controller's decisions. Valid as long as the arena. */
struct replica_places log_dirs_places(struct broker *broker, struct arena *arena);

/* Lets every hosted partition lead, or not, as the image says. With the change locked: the image cannot
 * change meanwhile. */
void log_dirs_follow(struct broker *broker, const struct image *image);

/* When the partitions are loaded: tells the cluster where all replicas are and which directories are in
 * order, where it does not know, and makes the partitions follow. False with the reason: the directory with
 * the cluster log has failed meanwhile. */
bool log_dirs_start(struct broker *broker, struct note *why);

/* Looks for directories that have failed. Called by the tick thread alone. */
void log_dirs_tick(struct broker *broker);

#endif
