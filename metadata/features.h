/*
 * features: the features of Apache Kafka 4.3 and the levels of them that this release can do (KIP-584).
 */
#ifndef METADATA_FEATURES_H
#define METADATA_FEATURES_H

#include "metadata/image.h"

#define KRAFT_VERSION_FEATURE "kraft.version" /* finalized by control records, not by FeatureLevelRecords */
#define ELR_FEATURE           "eligible.leader.replicas.version"

enum { SUPPORTED_FEATURE_COUNT = 7 };

struct supported_feature {
    const char *name;
    int16_t min, max;
    int16_t needs; /* metadata.version without which it cannot be above 0 */
};

extern const struct supported_feature supported_features[SUPPORTED_FEATURE_COUNT];

/* NULL: there is none of this name. */
const struct supported_feature *find_supported_feature(struct slice name);

/* Whether records of the one metadata.version hold what those of the other cannot. */
bool features_change_records(int16_t metadata_version, int16_t other);

#endif
