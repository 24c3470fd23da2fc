/*
 * format: makes an empty directory a KRaft one, as `kafka-storage format` would: meta.properties and
 * bootstrap.checkpoint.
 */
#ifndef METADATA_FORMAT_H
#define METADATA_FORMAT_H

#include "metadata/record_list.h"
#include "storage/data_dir.h"

/* "4.3", "4.3-IV0", "3.9" ... -> metadata.version; -1 if there is no such release or it is out of 7..30. */
int16_t format_release_level(struct slice release);

/* The first records of a cluster at the list's metadata.version: that, then the other features that Apache
 * Kafka sets with it. */
void format_add_features(struct record_list *records);

/* A random id that Apache Kafka could have drawn. */
struct uuid format_random_uuid(void);

/* Formats every directory that is empty; directory ids are random. `cluster_id` null: that of a directory
 * that has one, else a random one. */
enum kerr format_dirs(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                      int16_t metadata_version, struct note *why);

#endif
