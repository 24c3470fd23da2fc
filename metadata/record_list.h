/*
 * record_list: metadata records on their way into the cluster log, encoded in the version that the
 * directory's level asks for.
 */
#ifndef METADATA_RECORD_LIST_H
#define METADATA_RECORD_LIST_H

#include "protocol/base/arena.h"
#include "protocol/schema/schema.h"

struct record_list {
    struct arena *arena;   /* where it all lives */
    struct slice *records; /* one frame each: frame version, type, version, fields */
    int32_t count;
    int32_t capacity;
    int16_t metadata_version; /* the finalized level that decides on record versions */
};

void record_list_init(struct record_list *list, struct arena *arena, int16_t metadata_version);

/* Encodes one record (its frame too) in the version for the list's level (kafka-storage §12). */
void record_list_add(struct record_list *list, const struct message *record_message, const void *record);

/* The version in which Apache Kafka writes this record at a metadata.version. */
int record_list_version(int16_t metadata_version, const struct message *record_message, const void *record);

/* Adds a copy of a frame as it is (from a bootstrap snapshot). */
void record_list_add_frame(struct record_list *list, struct slice frame);

#endif
