/*
 * format: makes an empty directory a KRaft one, as `kafka-storage format` would: meta.properties and
 * bootstrap.checkpoint.
 */
#ifndef METADATA_FORMAT_H
#define METADATA_FORMAT_H

#include "metadata/image.h"
#include "metadata/record_list.h"
#include "storage/data_dir.h"

enum { FORMAT_FEATURE_COUNT = 5, RELEASE_NAME_SIZE = 16 };

/* The levels with which a cluster begins. */
struct format_features {
    int16_t metadata_version;
    int16_t levels[FORMAT_FEATURE_COUNT]; /* of the other features, in order of name; 0: off */
};

/* "4.3", "4.3-IV0", "3.9" ... -> metadata.version; -1 if there is no such release or it is out of 7..30. */
int16_t format_release_level(struct slice release);

/* The other way round, in full: "4.3-IV0". The level is one of 7..30. */
void format_release_name(int16_t level, char name[RELEASE_NAME_SIZE]);

/* What Apache Kafka gives a new cluster at this metadata.version. */
void format_features_init(struct format_features *features, int16_t metadata_version);

/* Sets another feature than metadata.version. False with the reason: there is none of this name, or it has no
 * such level, or the metadata.version is too low for it. */
bool format_features_set(struct format_features *features, struct slice name, int16_t level,
                         struct note *why);

/* The first records of a cluster: metadata.version, then the other features that are on. */
void format_features_add(const struct format_features *features, struct record_list *records);

/* The same at the list's metadata.version, with what Apache Kafka sets there. */
void format_add_features(struct record_list *records);

/* A random id that Apache Kafka could have drawn. */
struct uuid format_random_uuid(void);

/* For a quorum whose voters stand in the log (kraft.version 1, KIP-853): the node is its only voter, in the
 * directory that will hold the cluster log. */
struct format_voter {
    const struct data_dir *dir;
    const struct endpoint *endpoints; /* of the controller */
    int32_t endpoint_count;
};

/* The KRaftVoters record of a quorum of this node alone. */
void format_encode_voters(struct buf *bytes, int32_t node_id, struct uuid directory_id,
                          const struct endpoint *endpoints, int32_t count);

/* Formats every directory that is empty; directory ids are random. `cluster_id` null: that of a directory
 * that has one, else a random one. `voter` NULL: voters are configured. */
enum kerr format_dirs_with(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                           const struct format_features *features, const struct format_voter *voter,
                           struct note *why);

/* The same with what Apache Kafka sets at this metadata.version. */
enum kerr format_dirs(struct data_dir **dirs, int32_t count, struct slice cluster_id, int32_t node_id,
                      int16_t metadata_version, struct note *why);

#endif
