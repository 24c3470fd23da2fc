/*
 * quorum_state: the file of this name in __cluster_metadata-0: which raft epoch this node knows, who leads
 * it, for whom it voted (kafka-storage 11.2; KIP-595, KIP-853).
 */
#ifndef METADATA_QUORUM_STATE_H
#define METADATA_QUORUM_STATE_H

#include "protocol/base/buf.h"
#include "protocol/base/note.h"
#include "protocol/base/uuid.h"
#include "storage/os/file.h"

enum { QUORUM_VOTERS_MAX = 16 };

struct quorum_state {
    int16_t data_version; /* 0: static voters, named here; 1: the voters stand in the cluster log */
    int32_t leader_id;    /* -1: not known */
    int32_t leader_epoch;
    int32_t voted_id;    /* -1: none */
    int32_t voter_count; /* data_version 0 */
    int32_t voters[QUORUM_VOTERS_MAX];
};

/* The one JSON object, fields in any order. False with the reason. */
bool quorum_state_parse(struct slice json, struct quorum_state *state, struct note *why);

/* As Apache Kafka writes it, byte for byte. */
void quorum_state_print(const struct quorum_state *state, struct buf *out);

/* Reads `directory`/quorum-state. 0 (without a file *found is false), -errno, or -EBADMSG with the reason
 * in `why`. */
int quorum_state_read(struct file_system *fs, const char *directory, struct quorum_state *state, bool *found,
                      struct note *why);

/* Replaces it; the file is synced, the directory is not: an older file than the log's epochs is harmless.
 * 0 or -errno. */
int quorum_state_write(struct file_system *fs, const char *directory, const struct quorum_state *state);

#endif
