/*
 * xxh3: XXH3 in 64 bits without a seed (xxhash.com): what Kafka takes for the hash of topics that groups are
 * subscribed to. Not for what an attacker may choose; maps have a hash of their own.
 */
#ifndef PROTOCOL_BASE_XXH3_H
#define PROTOCOL_BASE_XXH3_H

#include "protocol/base/slice.h"

uint64_t xxh3_64(struct slice bytes);

#endif
