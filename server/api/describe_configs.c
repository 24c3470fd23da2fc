/*
 * DescribeConfigs v1-4. Values in force, where they come from, and their synonyms:
 * metadata/controller/describe_configs (kafka-apis 14.1). v1: synonyms; v3: types and documentation; v4:
 * flexible. Nothing here blocks, and nobody waits for the image longer than one resource takes.
 */
#include "metadata/controller/describe_configs.h"

#include "protocol/messages/describe_configs.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/security/authorize.h"
#include "storage/os/diag_level.h"

void handle_describe_configs(struct call *call)
{
    const struct describe_configs_request *request = call->request;
    struct acl_asker client = authorize_asker(call);
    enum diag_level log_levels[DIAG_AREA_COUNT];
    for (int i = 0; i < DIAG_AREA_COUNT; i++)
        log_levels[i] = diag_level_of((enum diag_area)i);
    int32_t room = describe_configs_begin(request, call->arena, call->response);
    for (int32_t i = 0; i < request->resources.count; i++) {
        struct map wanted;
        describe_configs_want(request, i, call->broker->hash_seed, &wanted);
        const struct image *image = cluster_read(call->broker->cluster);
        struct config_view view = broker_config_view(call->broker, image);
        view.log_levels = log_levels;
        describe_configs_of(&view, &client, request, i, &wanted, &room, call->arena, call->response);
        cluster_read_done(call->broker->cluster);
        map_fini(&wanted);
    }
}
