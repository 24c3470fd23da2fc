/*
 * update_features: UpdateFeatures' decisions (KIP-584, KIP-778, KIP-1022; kafka-apis 16.1).
 */
#ifndef METADATA_CONTROLLER_UPDATE_FEATURES_H
#define METADATA_CONTROLLER_UPDATE_FEATURES_H

#include "metadata/controller/controller.h"
#include "protocol/messages/update_features.h"

/* What must be done beside the records. */
struct feature_changes {
    int16_t metadata_version; /* that to which it rises; 0: it does not */
    int16_t kraft_version;    /* likewise */
    bool changes_configs;     /* min.insync.replicas */
};

/* All updates or none. `kraft_version` is the quorum's. A request that only
 * validates asks for nothing. */
void controller_update_features(const struct controller *controller,
                                const struct update_features_request *request, int16_t kraft_version,
                                struct update_features_response *response, struct feature_changes *changes,
                                struct record_list *records);

#endif
