/*
 * batch_writer: batches as the cluster log and its snapshots have them, one behind the other in memory: no
 * codec, no producer, no keys, one timestamp (kafka-storage 11.3).
 */
#ifndef METADATA_BATCH_WRITER_H
#define METADATA_BATCH_WRITER_H

#include "protocol/batch_build.h"
#include "protocol/schema/schema.h"

struct batch_writer {
    struct buf bytes;             /* the batches that are ended */
    int64_t next_offset;          /* of the next record */
    int32_t epoch;                /* raft epoch of every batch */
    int64_t now_ms;               /* append time of every record */
    struct batch_builder builder; /* the batch under way */
};

void batch_writer_init(struct batch_writer *writer, int64_t next_offset, int32_t epoch, int64_t now_ms);
void batch_writer_fini(struct batch_writer *writer);

/* Adds a metadata record's frame to the batch under way. */
void batch_writer_add(struct batch_writer *writer, struct slice frame);

/* Adds a control record; a batch holds only such or none. The value in the message's version 0, or as
 * bytes. */
void batch_writer_add_control(struct batch_writer *writer, enum control_type type,
                              const struct message *message, const void *value);
void batch_writer_add_control_bytes(struct batch_writer *writer, enum control_type type, struct slice value);

/* Bytes of the batch under way. */
size_t batch_writer_pending(const struct batch_writer *writer);

/* Ends the batch under way; without records there is none. */
void batch_writer_end(struct batch_writer *writer);

#endif
