/* Fetch v16: its request, and the check of its answer. */
#ifndef ACCEPTANCE_CHECK_FETCH_H
#define ACCEPTANCE_CHECK_FETCH_H

#include "stage.h"

/* Partition 0 of one topic, from offset 0; NULL for no topic at all. */
struct frame fetch_request(struct stage *stage, const uint8_t *topic_id);

struct fetched {
    const uint8_t *topic_id; /* NULL: no topics in the answer */
    int16_t error_code;
    const struct frame *records; /* exactly these bytes; NULL: whatever they are */
};

void check_fetch_answer(struct reader *reader, const struct fetched *expected);

#endif
