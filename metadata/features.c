/*
 * features: see the header. Constants; any thread.
 */
#include "metadata/features.h"

const struct supported_feature supported_features[SUPPORTED_FEATURE_COUNT] = {
    {"group.version", 0, 1, METADATA_VERSION_MIN},
    {KRAFT_VERSION_FEATURE, 0, 1, METADATA_VERSION_MIN},
    {METADATA_VERSION, METADATA_VERSION_MIN, METADATA_VERSION_MAX, METADATA_VERSION_MIN},
    {"share.version", 0, 1, METADATA_VERSION_MIN},
    {"streams.version", 0, 1, METADATA_VERSION_MIN},
    {"transaction.version", 0, 2, METADATA_VERSION_MIN},
    {ELR_FEATURE, 0, 1, 23},
};

/* Levels that brought a record, or a field of one. */
static const int16_t levels_with_records[] = {7, 8, 11, 13, 14, 15, 17, 23, 30};

const struct supported_feature *find_supported_feature(struct slice name)
{
    for (int i = 0; i < SUPPORTED_FEATURE_COUNT; i++)
        if (slice_equal_str(name, supported_features[i].name))
            return &supported_features[i];
    return NULL;
}

bool features_change_records(int16_t metadata_version, int16_t other)
{
    int16_t low = metadata_version < other ? metadata_version : other;
    int16_t high = metadata_version < other ? other : metadata_version;
    for (size_t i = 0; i < sizeof levels_with_records / sizeof levels_with_records[0]; i++)
        if (levels_with_records[i] > low && levels_with_records[i] <= high)
            return true;
    return false;
}
