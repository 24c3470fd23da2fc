/*
 * apis: the list of Kafka's APIs, from apis.def. Constant; any number of threads may look things up at once.
 */
#ifndef PROTOCOL_APIS_H
#define PROTOCOL_APIS_H

#include "protocol/schema/schema.h"

struct api {
    int16_t key;
    int8_t min_version; /* what a 4.3.1 broker offers, unstable versions left out; the tables may have more */
    int8_t max_version; /* less than min_version: a broker offers none */
    const char *name;   /* Kafka's: "Fetch" */
    const struct message *request;  /* NULL: known, but without tables so far */
    const struct message *response; /* NULL iff `request` is */
};

/* All that Kafka 4.3.1 knows, by key: all_apis[i].key is i. */
extern const struct api all_apis[];
extern const size_t all_apis_count;

/* NULL: Kafka has no such key. The result may lack tables. */
const struct api *find_api(int key);

/* By Kafka's name, "Fetch", upper and lower case being the same. NULL: Kafka has no such API. The result
 * may lack tables. */
const struct api *find_api_by_name(struct slice name);

static inline bool api_has_version(const struct api *api, int version)
{
    return version >= api->min_version && version <= api->max_version;
}

#endif
