/*
 * describe_user_scram_credentials: see user_scram_credentials.h. The caller holds the credentials still.
 */
#include "metadata/controller/user_scram_credentials.h"

#include "protocol/base/map.h"

#include <stdlib.h>

enum { MECHANISMS = 2 };

static void describe_user(const struct scram_credentials *credentials, struct arena *arena,
                          struct describe_user_scram_credentials_response_result *result)
{
    array_init(&result->credential_infos, describe_user_scram_credentials_response_info, arena, MECHANISMS);
    result->credential_infos.count = 0;
    for (int mechanism = SCRAM_SHA_256; mechanism <= SCRAM_SHA_512; mechanism++) {
        const struct scram_credential *found =
            scram_credentials_find(credentials, (int8_t)mechanism, result->user);
        if (found == NULL)
            continue;
        struct describe_user_scram_credentials_response_info *info =
            &result->credential_infos.items[result->credential_infos.count++];
        info->mechanism = (int8_t)mechanism;
        info->iterations = found->iterations;
    }
    if (result->credential_infos.count > 0)
        return;
    result->error_code = KERR_RESOURCE_NOT_FOUND;
    result->error_message = arena_printf(
        arena, "Attempt to describe a user credential that does not exist: %.*s", SLICE_ARGS(result->user));
}

/* Every user once, in order of the first mention; one that comes again is no more than an error. */
static void collect(const struct describe_user_scram_credentials_request *request, uint64_t hash_seed,
                    struct arena *arena, struct describe_user_scram_credentials_response *response)
{
    struct map seen;
    map_init(&seen, hash_seed);
    array_init(&response->results, describe_user_scram_credentials_response_result, arena,
               request->users.count);
    response->results.count = 0;
    for (int32_t i = 0; i < request->users.count; i++) {
        struct slice user = request->users.items[i].name;
        struct describe_user_scram_credentials_response_result *earlier = map_find(&seen, user);
        if (earlier != NULL) {
            earlier->error_code = KERR_DUPLICATE_RESOURCE;
            continue;
        }
        struct describe_user_scram_credentials_response_result *result =
            &response->results.items[response->results.count++];
        result->user = user;
        map_put(&seen, user, result);
    }
    map_fini(&seen);
}

static void collect_all(const struct scram_credentials *credentials, struct arena *arena,
                        struct describe_user_scram_credentials_response *response)
{
    size_t count = credentials->by_user.count;
    const struct scram_credential **sorted = scram_credentials_sorted(credentials);
    array_init(&response->results, describe_user_scram_credentials_response_result, arena, (int32_t)count);
    response->results.count = 0;
    for (size_t i = 0; i < count; i++) {
        /* of a user with both it is enough to meet the first */
        if (sorted[i]->mechanism != SCRAM_SHA_256
            && scram_credentials_find(credentials, SCRAM_SHA_256, sorted[i]->user) != NULL)
            continue;
        response->results.items[response->results.count++].user = arena_dup(arena, sorted[i]->user);
    }
    free(sorted);
}

void describe_user_scram_credentials(const struct scram_credentials *credentials,
                                     const struct describe_user_scram_credentials_request *request,
                                     struct arena *arena,
                                     struct describe_user_scram_credentials_response *response)
{
    response->error_message = SLICE(""); /* empty, not null, where all is well */
    if (request->users.count > 0)
        collect(request, credentials->by_user.seed, arena, response);
    else
        collect_all(credentials, arena, response);
    for (int32_t i = 0; i < response->results.count; i++) {
        struct describe_user_scram_credentials_response_result *result = &response->results.items[i];
        result->error_message = SLICE("");
        if (result->error_code == KERR_NONE)
            describe_user(credentials, arena, result);
        else
            result->error_message = arena_printf(
                arena, "Cannot describe SCRAM credentials for the same user twice in a single request: %.*s",
                SLICE_ARGS(result->user));
    }
}
