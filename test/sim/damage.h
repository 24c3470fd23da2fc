/*
 * damage: a log directory whose files are damaged one at a time, and what must hold of each kind of file
 * then.
 */
#ifndef TEST_SIM_DAMAGE_H
#define TEST_SIM_DAMAGE_H

#include "test/sim/sim_fs.h"
#include "test/sim/workload.h"

/* What a file is, for what its damage may do. */
enum damaged_kind {
    DAMAGED_LOG,  /* record batches under checksums */
    DAMAGED_HINT, /* indexes, snapshots under checksums, recovery points, the marker: no reader sees it */
    DAMAGED_TXN,  /* .txnindex: readers may be told of other aborted transactions, and of the same records */
    DAMAGED_TEXT, /* small files without a checksum that decide: a refusal, or what they say */
    DAMAGED_METADATA, /* beside the cluster log: a refusal, or all topics */
    DAMAGED_CLUSTER,  /* the cluster log: a refusal, or all topics, or all without the last change */
};

struct damaged_file {
    char *path;
    int32_t inode;
    size_t size;
    enum damaged_kind kind;
};

struct damaged {
    const char *name;
    bool clean;
    struct sim_fs *fs; /* as it is undamaged */
    struct workload workload;
    struct damaged_file *files;
    size_t file_count;
    uint64_t records; /* digests of what readers get from the undamaged directory */
    uint64_t lookups;
    size_t written;         /* batches that are read from it */
    uint64_t topics;        /* digest of what the cluster has */
    uint64_t topics_before; /* its last change, which begins at ... */
    size_t last_change;     /* ... in the cluster log */
    uint64_t random;

    /* What became of damage. */
    int64_t refused;   /* starts, with a reason */
    int64_t set_aside; /* it is kept in a file of its own */
    int64_t cut;       /* of a partition: taken for a torn write */
    int64_t read;      /* of a partition: the reader is told by the checksum */
    int64_t lost;      /* the cluster's last change */
};

/* Works for a while and stops, cleanly or not. */
void damaged_init(struct damaged *damaged, bool clean, uint64_t seed);
void damaged_fini(struct damaged *damaged);

/* Cuts, stretches, fills with zeros, copies within, puts in, or sets numbers to their edges: one to three
 * times. */
void damage_at_random(struct sim_inode *inode, uint64_t *random);

/* Starts on the damaged copy and looks. `flipped`: the one byte of the file that was changed; -1: more were.
 *  */
bool damage_check(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file,
                  int64_t flipped, struct note *why);

#endif
