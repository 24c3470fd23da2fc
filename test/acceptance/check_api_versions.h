/* ApiVersions v4: its request, and the check of its answer. */
#ifndef ACCEPTANCE_CHECK_API_VERSIONS_H
#define ACCEPTANCE_CHECK_API_VERSIONS_H

#include "stage.h"

struct api {
    int16_t key;
    int16_t max; /* the version that a stage is going to use: it has to be among those offered */
};

/* version is the one in the header; the body is always that of version 4. */
struct frame api_versions_request(struct stage *stage, int version);

/* Body: no error, and every expected API offered. */
void check_api_versions_answer(struct reader *reader, const struct api *expected, int count);

/* A whole stage: nothing but the config on disk, one request, these APIs offered. */
void run_offers(struct stage *stage, const struct api *expected, int count);

#endif
