/*
 * model: what must hold: everything that a workload asked for and was told, each with the moment in the trace
 * (how many operations were done before it). What had been promised at a cut is what was told up to there.
 *
 * A batch is written down before it is appended, since a cut may come in between: it may be found afterwards.
 */
#ifndef TEST_SIM_MODEL_H
#define TEST_SIM_MODEL_H

#include "protocol/base/uuid.h"
#include "protocol/batch.h"

enum { MODEL_NAME = 32, MODEL_TOPICS = 64, MODEL_PARTITIONS = 3, MODEL_PRODUCERS = 3 };
#define MODEL_NEVER SIZE_MAX

struct model_batch {
    struct batch_header header; /* with its final offset and epoch */
    uint8_t *bytes;
    size_t len;
    int64_t first_timestamp; /* each further record is 1 ms later */
    bool stored;             /* the append said so */
    bool acks_all;
    bool is_marker;
    bool aborts;
};

/* A value that only grows, with the moment at which it did. */
struct model_mark {
    size_t at;
    int64_t value;
};

struct model_marks {
    struct model_mark *items;
    size_t count;
};

struct model_partition {
    struct model_batch *batches; /* in the order of their appending */
    size_t count;
    size_t capacity;
    struct model_marks durable;             /* what lies below is promised */
    struct model_marks start;               /* the log start was asked to move here */
    struct model_marks deleted;             /* DeleteRecords has answered: nothing below comes back */
    int32_t next_sequence[MODEL_PRODUCERS]; /* the last producer is the transactional one */
    bool in_transaction;
};

struct model_topic {
    char name[MODEL_NAME];
    struct uuid id;
    int32_t partitions;
    size_t asked;       /* when its creation began */
    size_t created;     /* ... was acknowledged */
    size_t asked_to_go; /* when its deletion began */
    size_t deleted;     /* ... was acknowledged */
    struct model_partition parts[MODEL_PARTITIONS];
};

struct model {
    struct model_topic topics[MODEL_TOPICS];
    int32_t topic_count;
};

void model_fini(struct model *model);

/* NULL if there are too many. */
struct model_topic *model_add_topic(struct model *model, const char *name, int32_t partitions, size_t at);
struct model_topic *model_find_topic(struct model *model, struct uuid id);

/* Takes a copy of the bytes. */
struct model_batch *model_add_batch(struct model_partition *partition, const uint8_t *bytes, size_t len);

void model_mark(struct model_marks *marks, size_t at, int64_t value);
int64_t model_value_at(const struct model_marks *marks, size_t at); /* 0 before the first */

/* Readers have seen everything below `high_watermark`: its acks=all batches are promised from now on. */
void model_note_visible(struct model_partition *partition, int64_t high_watermark, size_t at);

/* The batch with this offset and these bytes; NULL if nobody ever wrote it. */
const struct model_batch *model_find_batch(const struct model_partition *partition, struct slice bytes);

#endif
