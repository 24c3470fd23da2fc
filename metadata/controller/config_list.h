/*
 * config_list: values of configs that are lists, as IncrementalAlterConfigs adds to them and takes away.
 */
#ifndef METADATA_CONTROLLER_CONFIG_LIST_H
#define METADATA_CONTROLLER_CONFIG_LIST_H

#include "protocol/base/arena.h"
#include "protocol/base/slice.h"

#include <stdbool.h>

/* The list with those of the values appended that it does not have, or without those that it has. Both are
 * split at their commas, as Apache Kafka does it. The result is in the arena. */
struct slice config_list_change(struct slice list, struct slice values, bool append, struct arena *arena);

#endif
