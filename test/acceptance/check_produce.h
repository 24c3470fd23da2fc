/* Produce v11 and v12 (the same bytes): the request, the check of its answer and of what it left on
 * disk. */
#ifndef ACCEPTANCE_CHECK_PRODUCE_H
#define ACCEPTANCE_CHECK_PRODUCE_H

#include "batch.h"
#include "stage.h"

enum { MAX_PARTS = 6, MAX_RECORDS = 3 };

/* What all parts of a request share. */
struct produce_style {
    int version;
    const char *transactional_id; /* NULL or "" */
    int16_t acks;
    int32_t timeout_ms;
};

/* What the released stages send, and what the two families of earlier ones do. */
extern const struct produce_style released_style;

/* One partition of a request, and what has to come of it. */
struct part {
    const char *topic;
    int32_t partition;
    struct batch batch;
    struct frame values[MAX_RECORDS];
    int16_t error_code;
    int64_t base_offset;
    int64_t log_append_time_ms;
    int64_t log_start_offset;
};

/* A part with so many records of random words, which is to succeed as the first of its partition. */
void part_init(struct stage *stage, struct part *part, const char *topic, int32_t partition,
               int record_count);

/* It is to be refused with UNKNOWN_TOPIC_OR_PARTITION. */
void part_expect_unknown(struct part *part);

/* The parts of one topic stand together. */
struct frame produce_request(struct stage *stage, const struct produce_style *style, const struct part *parts,
                             int count);

/* Topics and partitions may come in any order. */
void check_produce_answer(struct reader *reader, const struct part *parts, int count);

/* Sends, receives "Produce v<n> answer" and checks it. */
void produce(struct stage *stage, int connection, const struct produce_style *style, const struct part *parts,
             int count);

/* The log's first batch is the one sent: sound, and of the same CRC. What follows it is free. */
void check_stored_batch(struct stage *stage, const struct part *part);

/* The log is exactly these batches, at these offsets and the partition's leader epoch. */
void check_stored_file(struct stage *stage, const struct part *parts, int count);

#endif
