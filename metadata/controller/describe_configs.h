/*
 * describe_configs: the answer to DescribeConfigs (kafka-apis 14.1): what is in force, where it comes from,
 * and what would be in force without it. Where Kafka sends its own documentation texts, the tables' one-line
 * meanings are sent.
 */
#ifndef METADATA_CONTROLLER_DESCRIBE_CONFIGS_H
#define METADATA_CONTROLLER_DESCRIBE_CONFIGS_H

#include "metadata/acls.h"
#include "metadata/config_def.h"
#include "protocol/base/map.h"
#include "protocol/messages/describe_configs.h"

/* Lays out the answer, a result for each resource, without a look at the image. Returns how many configs have
 * room in it. */
int32_t describe_configs_begin(const struct describe_configs_request *request, struct arena *arena,
                               struct describe_configs_response *response);

/* The keys that one resource is asked for, which may be millions: gathered before the image is held. Borrows
 * from the request; the caller ends the map. Empty: all keys. */
void describe_configs_want(const struct describe_configs_request *request, int32_t index, uint64_t hash_seed,
                           struct map *wanted);

/* Fills one result, with a look at those keys that there are, however many are asked for. It may cost some
 * milliseconds, and a request may name a great many resources, so that the image should not be held for more
 * than one. Pure. The answer is in the arena; nothing in it is borrowed from the image. */
void describe_configs_of(const struct config_view *view, const struct acl_asker *client,
                         const struct describe_configs_request *request, int32_t index,
                         const struct map *wanted, int32_t *room, struct arena *arena,
                         struct describe_configs_response *response);

#endif
