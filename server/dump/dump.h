/*
 * dump: one file of a log directory spelled out, line by line. dump_file knows the kind by the name and gives
 * the file to one of the others. Nothing is changed, and nothing that stands in a file is believed; what is
 * damaged is said, with the byte where it is, and the dump goes on behind it. See docs/odradek-dump.md.
 */
#ifndef SERVER_DUMP_DUMP_H
#define SERVER_DUMP_DUMP_H

#include "protocol/base/arena.h"
#include "protocol/record.h"
#include "protocol/records/coordinator_record.h"
#include "server/dump/line.h"
#include "storage/data_file.h"
#include "storage/os/file.h"

/* What the records of a log are, beside bytes. */
enum dump_content {
    CONTENT_BY_NAME, /* as the directory's name says */
    CONTENT_BYTES,
    CONTENT_GROUPS,
    CONTENT_TRANSACTIONS,
    CONTENT_SHARE_STATE,
    CONTENT_CLUSTER,
};

struct dump {
    struct file_system *fs;
    struct lines lines;
    enum dump_content content;
    bool batches_only;
    int64_t from; /* offsets: batches and records outside [from, to] are left out */
    int64_t to;
    bool damaged;             /* something was, or could not be read */
    struct arena arena;       /* of one decoded record */
    struct inflater inflater; /* its memory is kept from batch to batch */
};

void dump_init(struct dump *dump, struct file_system *fs, int fd, bool json);

/* Writes what is left. False: not all could be written. */
bool dump_finish(struct dump *dump);

/* The file at `path`, whose directory is called `directory`. */
void dump_file(struct dump *dump, const char *path, const char *directory);

/* A damage line; `position` -1: not to be said. Sets dump->damaged. */
void dump_damage(struct dump *dump, int64_t position, int64_t size, const char *why);
void dump_unreadable(struct dump *dump, int error);

/* Each prints what stands in a file of its kind. */
void dump_log(struct dump *dump, const char *path, const struct data_file_name *name,
              enum dump_content content);
void dump_index(struct dump *dump, const char *path, const struct data_file_name *name);
void dump_txn_index(struct dump *dump, const char *path);
void dump_producer_snapshot(struct dump *dump, const char *path);
void dump_offset_checkpoint(struct dump *dump, const char *path);
void dump_epoch_checkpoint(struct dump *dump, const char *path);
void dump_quorum_state(struct dump *dump, const char *path);
void dump_properties(struct dump *dump, const char *path); /* meta.properties, partition.metadata */
void dump_marker(struct dump *dump, const char *path);     /* .kafka_cleanshutdown */

/* One record, or control record, of a batch. */
void dump_record(struct dump *dump, const struct record *record, enum dump_content content);
void dump_control(struct dump *dump, const struct record *record);

#endif
