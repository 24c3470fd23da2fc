/*
 * data_file: what a file of a log directory is, by its name, and how one is called. Whoever lists a directory
 * asks here. Pure.
 */
#ifndef STORAGE_DATA_FILE_H
#define STORAGE_DATA_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which somebody would read a directory. */
enum data_file_kind {
    DATA_FILE_META_PROPERTIES,
    DATA_FILE_CLEAN_SHUTDOWN,
    DATA_FILE_OFFSET_CHECKPOINT, /* recovery-point-, log-start-, replication-, cleaner-offset-checkpoint */
    DATA_FILE_PARTITION_METADATA,
    DATA_FILE_EPOCH_CHECKPOINT, /* leader-epoch-checkpoint */
    DATA_FILE_QUORUM_STATE,
    DATA_FILE_CLUSTER_SNAPSHOT, /* <offset>-<epoch>.checkpoint, bootstrap.checkpoint */
    DATA_FILE_LOG,
    DATA_FILE_INDEX,
    DATA_FILE_TIME_INDEX,
    DATA_FILE_TXN_INDEX,
    DATA_FILE_PRODUCER_SNAPSHOT,
    DATA_FILE_LOCK,
    DATA_FILE_RESERVE, /* .reserve: Odradek's, space that it has set aside */
    DATA_FILE_SUSPECT, /* .suspect-<directory id>: Odradek's, that directory has failed */
    DATA_FILE_UNKNOWN,
};

/* What is behind the name of a file on its way in or out. */
enum data_file_suffix {
    DATA_FILE_PLAIN,
    DATA_FILE_DELETED, /* .deleted */
    DATA_FILE_CLEANED, /* .cleaned: a compaction that was not finished */
    DATA_FILE_SWAP,    /* .swap: one that was */
    DATA_FILE_TMP,     /* .tmp: not written to the end */
    DATA_FILE_PART,    /* .part: the same of a cluster snapshot */
    DATA_FILE_DAMAGED, /* .damaged: Odradek's, bytes of a .log that a start has set aside (set_aside.h) */
};

struct data_file_name {
    enum data_file_kind kind;
    enum data_file_suffix suffix;
    int64_t base;  /* the offset in the name; -1: there is none */
    int32_t epoch; /* of a cluster snapshot; -1: there is none */

    /* Of what was set aside; 0 for all others. */
    int64_t position; /* where in the segment it was */
    int32_t number;   /* 1, 2 ...: others were set aside at the same place before */
};

enum { DATA_FILE_NAME_MAX = 80 };

void data_file_parse(const char *name, struct data_file_name *parsed);

/* The opposite, for the kinds whose names begin with an offset. */
void data_file_format(struct data_file_name name, char text[DATA_FILE_NAME_MAX]);

/* "log segment", "offset index" ... and "deleted", "cleaned" ... ("" for plain). */
const char *data_file_kind_name(enum data_file_kind kind);
const char *data_file_suffix_name(enum data_file_suffix suffix);

#endif
