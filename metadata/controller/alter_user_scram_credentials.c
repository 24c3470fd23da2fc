/*
 * alter_user_scram_credentials: see user_scram_credentials.h. A user may be named once in a request, be it to
 * delete or to set; a second mention refuses the first as well. From the salted password, which the client
 * has made, what is stored is derived here: the password itself cannot be had from it.
 *
 * Called by server/api/alter_user_scram_credentials with the change lock held; pure.
 */
#include "metadata/controller/user_scram_credentials.h"

#include "protocol/base/map.h"
#include "protocol/base/sha2.h"
#include "protocol/records/user_scram_credential_record.h"

enum { LEVEL_3_5_IV2 = 11, ITERATIONS_MIN = 4096, ITERATIONS_MAX = 16384 };

/* One user of the request; its first mention says what is to be done. */
struct alteration {
    struct slice user;
    const struct alter_user_scram_credentials_deletion *deletion;   /* or NULL */
    const struct alter_user_scram_credentials_upsertion *upsertion; /* or NULL */
    enum kerr error;
    const char *message; /* NULL: none */
};

struct request {
    const struct controller *controller;
    struct map by_user; /* -> struct alteration */
    struct alteration *alterations;
    int32_t count;
};

static void refuse(struct alteration *alteration, enum kerr error, const char *message)
{
    alteration->error = error;
    alteration->message = message;
}

/* ---- what is wrong with one ---- */

/* False: refused. */
static bool check_any(const struct request *request, struct alteration *alteration, int8_t mechanism)
{
    int16_t level = image_feature_level(request->controller->image, SLICE(METADATA_VERSION));
    if (level < LEVEL_3_5_IV2)
        refuse(alteration, KERR_UNSUPPORTED_VERSION, "The current metadata.version does not support SCRAM");
    else if (alteration->user.len == 0)
        refuse(alteration, KERR_UNACCEPTABLE_CREDENTIAL, "Username must not be empty");
    else if (mechanism != SCRAM_SHA_256 && mechanism != SCRAM_SHA_512)
        refuse(alteration, KERR_UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism");
    else
        return true;
    return false;
}

static void check_deletion(const struct request *request, struct alteration *alteration)
{
    int8_t mechanism = alteration->deletion->mechanism;
    if (check_any(request, alteration, mechanism)
        && scram_credentials_find(&request->controller->image->scram, mechanism, alteration->user) == NULL)
        refuse(alteration, KERR_RESOURCE_NOT_FOUND,
               "Attempt to delete a user credential that does not exist");
}

static void check_upsertion(const struct request *request, struct alteration *alteration)
{
    const struct alter_user_scram_credentials_upsertion *upsertion = alteration->upsertion;
    if (!check_any(request, alteration, upsertion->mechanism))
        return;
    if (upsertion->iterations < ITERATIONS_MIN)
        refuse(alteration, KERR_UNACCEPTABLE_CREDENTIAL, "Too few iterations");
    else if (upsertion->iterations > ITERATIONS_MAX)
        refuse(alteration, KERR_UNACCEPTABLE_CREDENTIAL, "Too many iterations");
    else if (upsertion->salted_password.len == 0) /* no key for Java's HMAC, which has no text for it */
        refuse(alteration, KERR_UNKNOWN_SERVER_ERROR, NULL);
}

/* NULL: the user is named again, which is one's last word about him. */
static struct alteration *mention(struct request *request, struct slice user)
{
    struct alteration *earlier = map_find(&request->by_user, user);
    if (earlier == NULL) {
        struct alteration *alteration = &request->alterations[request->count++];
        alteration->user = user;
        map_put(&request->by_user, user, alteration);
        return alteration;
    }
    if (earlier->error == KERR_NONE || earlier->message == NULL)
        refuse(earlier, KERR_DUPLICATE_RESOURCE,
               "A user credential cannot be altered twice in the same request");
    return NULL;
}

/* ---- records ---- */

static void add_removal(const struct alter_user_scram_credentials_deletion *deletion,
                        struct record_list *records)
{
    struct remove_user_scram_credential_record record;
    schema_set_defaults(remove_user_scram_credential_record_schema(), &record);
    record.name = deletion->name;
    record.mechanism = deletion->mechanism;
    record_list_add(records, &remove_user_scram_credential_record_message, &record);
}

/* RFC 5802: the server keeps H(HMAC(salted password, "Client Key")) and HMAC(salted password, "Server
 * Key"). */
static void add_credential(const struct alter_user_scram_credentials_upsertion *upsertion,
                           struct record_list *records)
{
    enum sha2 kind = upsertion->mechanism == SCRAM_SHA_256 ? SHA_256 : SHA_512;
    uint8_t client_key[SHA2_MAX_SIZE], stored_key[SHA2_MAX_SIZE], server_key[SHA2_MAX_SIZE];
    sha2_hmac(kind, upsertion->salted_password, SLICE("Client Key"), client_key);
    sha2_digest(kind, slice_of(client_key, sha2_size(kind)), stored_key);
    sha2_hmac(kind, upsertion->salted_password, SLICE("Server Key"), server_key);
    struct user_scram_credential_record record;
    schema_set_defaults(user_scram_credential_record_schema(), &record);
    record.name = upsertion->name;
    record.mechanism = upsertion->mechanism;
    record.salt = upsertion->salt;
    record.stored_key = slice_of(stored_key, sha2_size(kind));
    record.server_key = slice_of(server_key, sha2_size(kind));
    record.iterations = upsertion->iterations;
    record_list_add(records, &user_scram_credential_record_message, &record);
}

static void answer(struct alter_user_scram_credentials_response *response,
                   const struct alteration *alteration)
{
    struct alter_user_scram_credentials_response_result *result =
        &response->results.items[response->results.count++];
    result->user = alteration->user;
    result->error_code = (int16_t)alteration->error;
    result->error_message = slice_str(alteration->message);
}

static void settle(const struct request *request, struct alter_user_scram_credentials_response *response,
                   struct record_list *records)
{
    for (int32_t i = 0; i < request->count; i++) {
        const struct alteration *alteration = &request->alterations[i];
        if (alteration->error != KERR_NONE)
            continue;
        if (alteration->deletion != NULL)
            add_removal(alteration->deletion, records);
        else
            add_credential(alteration->upsertion, records);
        answer(response, alteration);
    }
    for (int32_t i = 0; i < request->count; i++)
        if (request->alterations[i].error != KERR_NONE)
            answer(response, &request->alterations[i]);
}

void controller_alter_user_scram_credentials(const struct controller *controller,
                                             const struct alter_user_scram_credentials_request *asked,
                                             struct alter_user_scram_credentials_response *response,
                                             struct record_list *records)
{
    int32_t most = asked->deletions.count + asked->upsertions.count;
    struct request request = {.controller = controller};
    request.alterations = arena_new_array(controller->arena, struct alteration, most);
    map_init(&request.by_user, controller->next_random(controller->random_state));
    for (int32_t i = 0; i < asked->deletions.count; i++) {
        struct alteration *alteration = mention(&request, asked->deletions.items[i].name);
        if (alteration == NULL)
            continue;
        alteration->deletion = &asked->deletions.items[i];
        check_deletion(&request, alteration);
    }
    for (int32_t i = 0; i < asked->upsertions.count; i++) {
        struct alteration *alteration = mention(&request, asked->upsertions.items[i].name);
        if (alteration == NULL)
            continue;
        alteration->upsertion = &asked->upsertions.items[i];
        check_upsertion(&request, alteration);
    }
    map_fini(&request.by_user);
    array_init(&response->results, alter_user_scram_credentials_response_result, controller->arena, most);
    response->results.count = 0;
    settle(&request, response, records);
}
