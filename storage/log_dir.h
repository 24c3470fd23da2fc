/*
 * log_dir: the files of one log's directory by name: what a crash left behind is put right, the rest is
 * listed. Called by log_recover, before anybody else knows the log.
 */
#ifndef STORAGE_LOG_DIR_H
#define STORAGE_LOG_DIR_H

#include "storage/data_file.h"
#include "storage/log.h"

struct log_dir {
    struct log *log;
    struct data_file_name *files; /* plain and .swap ones, by base, then kind */
    size_t count;
    size_t capacity;
    bool has_cleaned;    /* there are .cleaned files, */
    int64_t min_cleaned; /* and this is their lowest base; INT64_MAX: none */
    int error;           /* the first of an unlink */
};

/* Lists the directory. *.deleted and *.tmp files are removed on the way. 0 or -errno. */
int log_dir_list(struct log_dir *dir, struct log *log);
void log_dir_fini(struct log_dir *dir);

/* Finishes a compaction that a crash interrupted after its .swap files were complete, or throws them away;
 * removes *.cleaned files then. Lists anew where that has changed what is listed. */
int log_dir_finish_swaps(struct log_dir *dir);

void log_dir_unlink(struct log_dir *dir, const struct data_file_name *found);

#endif
