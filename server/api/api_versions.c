/*
 * ApiVersions v0-4. What is served, and which features are finalized. Version notes: v3 adds the client's
 * software name and the features (KIP-511, KIP-584); v4 may name features whose least version is 0 (KIP-896's
 * fix). An unknown version has been turned into an answer of version 0 by dispatch.
 */
#include "protocol/messages/api_versions.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/dispatch.h"

enum { SERVED_MAX = 128 };

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* KIP-511: letters, digits, '-' and '.', the first and last a letter or digit. */
static bool is_software_name(struct slice name)
{
    if (name.len == 0 || !is_alphanumeric(name.data[0]) || !is_alphanumeric(name.data[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alphanumeric(name.data[i]) && name.data[i] != '-' && name.data[i] != '.')
            return false;
    return true;
}

static void list_apis(struct call *call, bool all)
{
    struct api_versions_response *response = call->response;
    struct served_api served[SERVED_MAX];
    size_t count = dispatch_served(call->role, served, SERVED_MAX);
    array_init(&response->api_keys, api_versions_response_api, call->arena, (int32_t)count);
    int32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!all && served[i].key != call->api->key)
            continue;
        response->api_keys.items[used].api_key = served[i].key;
        response->api_keys.items[used].min_version = served[i].min_version;
        response->api_keys.items[used++].max_version = served[i].max_version;
    }
    response->api_keys.count = used;
}

/* A feature that 4.3.1 supports. Clients choose their protocol by what is finalized, so one whose APIs are
 * not served yet is not, whatever the directory records. */
struct listed_feature {
    const char *name;
    int16_t min;
    int16_t max;
    bool served;
};

/* In the order in which Apache Kafka names those that are finalized. */
static const struct listed_feature supported[] = {
    {"group.version", 0, 1, true},
    {"streams.version", 0, 1, false},
    {"transaction.version", 0, 2, false},
    {"eligible.leader.replicas.version", 0, 1, true},
    {"share.version", 0, 1, false},
    {"kraft.version", 0, 1, true},
    {"metadata.version", METADATA_VERSION_MIN, METADATA_VERSION_MAX, true},
};

enum { SUPPORTED_COUNT = sizeof supported / sizeof supported[0] };

static void list_supported(struct call *call)
{
    struct api_versions_response *response = call->response;
    array_init(&response->supported_features, api_versions_response_supported_feature, call->arena,
               SUPPORTED_COUNT);
    int32_t used = 0;
    for (int i = 0; i < SUPPORTED_COUNT; i++) {
        if (!supported[i].served || (call->version < 4 && supported[i].min == 0))
            continue;
        response->supported_features.items[used].name = slice_str(supported[i].name);
        response->supported_features.items[used].min_version = supported[i].min;
        response->supported_features.items[used++].max_version = supported[i].max;
    }
    response->supported_features.count = used;
}

/* That of kraft.version is the quorum's matter, not the image's. */
static int16_t finalized_level(const struct call *call, const struct image *image, const char *name)
{
    if (strcmp(name, "kraft.version") == 0)
        return cluster_kraft_version(call->broker->cluster);
    return image_feature_level(image, slice_str(name));
}

static void list_finalized(struct call *call, const struct image *image)
{
    struct api_versions_response *response = call->response;
    array_init(&response->finalized_features, api_versions_response_finalized_feature, call->arena,
               SUPPORTED_COUNT);
    int32_t used = 0;
    for (int i = 0; i < SUPPORTED_COUNT; i++) {
        int16_t level = finalized_level(call, image, supported[i].name);
        if (!supported[i].served || level == 0)
            continue;
        response->finalized_features.items[used].name = slice_str(supported[i].name);
        response->finalized_features.items[used].min_version_level = level;
        response->finalized_features.items[used++].max_version_level = level;
    }
    response->finalized_features.count = used;
    response->finalized_features_epoch = image->offset;
}

void handle_api_versions(struct call *call)
{
    const struct api_versions_request *request = call->request;
    struct api_versions_response *response = call->response;
    if (call->response_version != call->version) {
        response->error_code = KERR_UNSUPPORTED_VERSION;
        list_apis(call, false);
        return;
    }
    if (call->version >= 3
        && (!is_software_name(request->client_software_name)
            || !is_software_name(request->client_software_version))) {
        response->error_code = KERR_INVALID_REQUEST;
        return;
    }
    list_apis(call, true);
    if (call->version < 3)
        return;
    connection_set_software(call->connection, request->client_software_name,
                            request->client_software_version);
    list_supported(call);
    const struct image *image = cluster_read(call->broker->cluster);
    list_finalized(call, image);
    cluster_read_done(call->broker->cluster);
}
