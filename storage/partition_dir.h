/*
 * partition_dir: names of partition directories and the file partition.metadata in them (kafka-storage 5).
 */
#ifndef STORAGE_PARTITION_DIR_H
#define STORAGE_PARTITION_DIR_H

#include "protocol/base/note.h"
#include "protocol/base/uuid.h"
#include "storage/os/file.h"

enum { PARTITION_DIR_NAME_MAX = 255 };

enum partition_dir_kind {
    PARTITION_DIR_LIVE,
    PARTITION_DIR_DELETE, /* ...-delete: to be removed */
    PARTITION_DIR_STRAY,  /* ...-stray: left alone */
    PARTITION_DIR_FUTURE, /* <topic>-<index>.<32 hex digits>-future: being moved here */
    PARTITION_DIR_OTHER,  /* no partition's */
};

/* LIVE: "<topic>-<index>", split at the last dash; FUTURE: the same before its last dot; topic borrows the
 * name. */
enum partition_dir_kind partition_dir_parse(const char *name, struct slice *topic, int32_t *index);

/* "<topic>-<index>" and, with a suffix ("-delete", "-stray"), "<topic>-<index>.<id in hex><suffix>" whose
 * topic is cut so that the whole is at most 255 bytes. */
void partition_dir_name(char name[PARTITION_DIR_NAME_MAX + 1], struct slice topic, int32_t index);
void partition_dir_name_with(char name[PARTITION_DIR_NAME_MAX + 1], struct slice topic, int32_t index,
                             struct uuid id, const char *suffix);

/* Renames what has a partition's name and is not that partition, a directory or a file, to one of a stray one
 * that nothing has: nothing of it is lost. 0 with the name, or -errno. */
int partition_dir_set_aside(struct file_system *fs, const char *directory, const char *name,
                            char to_name[PARTITION_DIR_NAME_MAX + 1]);

/* For such names: no two calls give the same. */
struct uuid partition_dir_unique_id(void);

/* partition.metadata. Read: 1, 0 if it is missing, empty or nothing but zeros (a power cut's), -errno,
 * -EBADMSG. Write: not synced. */
int partition_dir_read_id(struct file_system *fs, const char *path, struct uuid *topic_id, struct note *why);
int partition_dir_write_id(struct file_system *fs, const char *path, struct uuid topic_id);

#endif
