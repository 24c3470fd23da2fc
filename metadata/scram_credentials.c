/*
 * scram_credentials: see the header. A credential, its texts and its key in the map are one allocation; the
 * user's name is the part of the key behind the mechanism.
 */
#include "metadata/scram_credentials.h"

#include "protocol/base/memory.h"

#include <stdlib.h>

enum { KEY_ON_STACK = 256 };

static uint8_t *put_bytes(uint8_t *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

static struct slice key_of(const struct scram_credential *credential)
{
    return slice_of(credential->user.data - 1, credential->user.len + 1);
}

/* Where the name is longer than the stack has room for, the key is allocated: free(*heap). */
static struct slice make_key(int8_t mechanism, struct slice user, uint8_t stack[KEY_ON_STACK], uint8_t **heap)
{
    *heap = user.len + 1 > KEY_ON_STACK ? memory_alloc(user.len + 1) : NULL;
    uint8_t *key = *heap != NULL ? *heap : stack;
    key[0] = (uint8_t)mechanism;
    put_bytes(key + 1, user);
    return slice_of(key, user.len + 1);
}

void scram_credentials_init(struct scram_credentials *credentials, uint64_t hash_seed)
{
    map_init(&credentials->by_user, hash_seed);
}

void scram_credentials_fini(struct scram_credentials *credentials)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&credentials->by_user, &cursor)) != NULL)
        free(entry->value);
    map_fini(&credentials->by_user);
}

static struct scram_credential *copy(const struct scram_credential *from)
{
    size_t len = 1 + from->user.len + from->salt.len + from->stored_key.len + from->server_key.len;
    struct scram_credential *to = memory_alloc(sizeof *to + len);
    uint8_t *user = (uint8_t *)(to + 1);
    *user++ = (uint8_t)from->mechanism;
    uint8_t *salt = put_bytes(user, from->user);
    uint8_t *stored_key = put_bytes(salt, from->salt);
    uint8_t *server_key = put_bytes(stored_key, from->stored_key);
    put_bytes(server_key, from->server_key);
    *to = (struct scram_credential){
        .user = slice_of(user, from->user.len),
        .mechanism = from->mechanism,
        .salt = slice_of(salt, from->salt.len),
        .stored_key = slice_of(stored_key, from->stored_key.len),
        .server_key = slice_of(server_key, from->server_key.len),
        .iterations = from->iterations,
    };
    return to;
}

void scram_credentials_set(struct scram_credentials *credentials, const struct scram_credential *credential)
{
    struct scram_credential *own = copy(credential);
    free(map_remove(&credentials->by_user,
                    key_of(own))); /* with its key, which the map must not go on to borrow */
    map_put(&credentials->by_user, key_of(own), own);
}

void scram_credentials_remove(struct scram_credentials *credentials, int8_t mechanism, struct slice user)
{
    uint8_t stack[KEY_ON_STACK], *heap;
    free(map_remove(&credentials->by_user, make_key(mechanism, user, stack, &heap)));
    free(heap);
}

const struct scram_credential *scram_credentials_find(const struct scram_credentials *credentials,
                                                      int8_t mechanism, struct slice user)
{
    uint8_t stack[KEY_ON_STACK], *heap;
    const struct scram_credential *found =
        map_find(&credentials->by_user, make_key(mechanism, user, stack, &heap));
    free(heap);
    return found;
}

static int by_key(const void *a, const void *b)
{
    return slice_compare(key_of(*(const struct scram_credential *const *)a),
                         key_of(*(const struct scram_credential *const *)b));
}

const struct scram_credential **scram_credentials_sorted(const struct scram_credentials *credentials)
{
    return map_sorted(&credentials->by_user, by_key);
}
