/*
 * image_kept: records that nothing here uses yet (quotas, SCRAM credentials, delegation tokens, the
 * controllers) and that a snapshot must have all the same: those in force, as they came.
 *
 * A record's key and its frame lie in its own allocation.
 */
#include "metadata/image_parts.h"

#include "protocol/base/buf.h"
#include "protocol/records/client_quota_record.h"
#include "protocol/records/delegation_token_record.h"
#include "protocol/records/register_controller_record.h"
#include "protocol/records/user_scram_credential_record.h"
#include "protocol/records/zk_migration_state_record.h"

#include <stdlib.h>

/* ---- identities ---- */

/* Texts are followed by their length, so that two of them never read as others do. */
static void add_text(struct buf *key, struct slice text)
{
    uint32_t len = (uint32_t)text.len;
    buf_append_slice(key, text);
    buf_append(key, &len, sizeof len);
}

static void identify_nothing(struct buf *key, const void *record)
{
    (void)key;
    (void)record;
}

static void identify_controller(struct buf *key, const void *record)
{
    uint32_t id = (uint32_t)((const struct register_controller_record *)record)->controller_id;
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(key, (char)(id >> shift)); /* in order of id */
}

static void identify_scram(struct buf *key, const void *record)
{
    const struct user_scram_credential_record *credential = record;
    buf_append_char(key, (char)credential->mechanism);
    buf_append_slice(key, credential->name);
}

static void identify_removed_scram(struct buf *key, const void *record)
{
    const struct remove_user_scram_credential_record *credential = record;
    buf_append_char(key, (char)credential->mechanism);
    buf_append_slice(key, credential->name);
}

static void identify_token(struct buf *key, const void *record)
{
    buf_append_slice(key, ((const struct delegation_token_record *)record)->token_id);
}

static void identify_removed_token(struct buf *key, const void *record)
{
    buf_append_slice(key, ((const struct remove_delegation_token_record *)record)->token_id);
}

/* The part of the entity whose type comes next after `last`; NULL: there is none. */
static const struct client_quota_entity *next_part(const struct client_quota_record *quota,
                                                   const struct client_quota_entity *last)
{
    const struct client_quota_entity *next = NULL;
    for (int32_t i = 0; i < quota->entity.count; i++) {
        const struct client_quota_entity *part = &quota->entity.items[i];
        if (last != NULL && slice_compare(part->entity_type, last->entity_type) <= 0)
            continue;
        if (next == NULL || slice_compare(part->entity_type, next->entity_type) < 0)
            next = part;
    }
    return next;
}

/* The entity is a set: user and client-id is the same as client-id and user. */
static void identify_quota(struct buf *key, const void *record)
{
    const struct client_quota_record *quota = record;
    const struct client_quota_entity *part = NULL;
    while ((part = next_part(quota, part)) != NULL) {
        add_text(key, part->entity_type);
        buf_append_char(key, slice_is_null(part->entity_name) ? 'd' : 'n');
        add_text(key, part->entity_name);
    }
    buf_append_slice(key, quota->key);
}

static const struct kind {
    const struct message *message;
    enum kept_kind kind;
    bool removes;
    void (*identify)(struct buf *key, const void *record);
} kinds[] = {
    {&zk_migration_state_record_message, KEPT_MIGRATION, false, identify_nothing},
    {&register_controller_record_message, KEPT_CONTROLLER, false, identify_controller},
    {&client_quota_record_message, KEPT_QUOTA, false, identify_quota},
    {&user_scram_credential_record_message, KEPT_SCRAM, false, identify_scram},
    {&remove_user_scram_credential_record_message, KEPT_SCRAM, true, identify_removed_scram},
    {&delegation_token_record_message, KEPT_TOKEN, false, identify_token},
    {&remove_delegation_token_record_message, KEPT_TOKEN, true, identify_removed_token},
};

static const struct kind *find_kind(const struct message *message)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].message == message)
            return &kinds[i];
    return NULL;
}

/* ---- keeping ---- */

static void put(struct image *image, struct slice key, struct slice frame)
{
    struct kept_record *kept = image_alloc(sizeof *kept + key.len + frame.len);
    uint8_t *bytes = (uint8_t *)(kept + 1);
    memcpy(bytes, key.data, key.len);
    memcpy(bytes + key.len, frame.data, frame.len);
    *kept = (struct kept_record){slice_of(bytes, key.len), slice_of(bytes + key.len, frame.len)};
    free(map_remove(&image->kept, key)); /* with its key, which the map must not go on to borrow */
    map_put(&image->kept, kept->key, kept);
}

void image_keep(struct image *image, const struct message *message, const void *record, struct slice frame)
{
    const struct kind *kind = find_kind(message);
    if (kind == NULL)
        return;
    struct buf key = {0};
    buf_append_char(&key, (char)kind->kind);
    kind->identify(&key, record);
    bool removes =
        kind->removes || (kind->kind == KEPT_QUOTA && ((const struct client_quota_record *)record)->remove);
    if (removes)
        free(map_remove(&image->kept, buf_slice(&key)));
    else
        put(image, buf_slice(&key), frame);
    buf_fini(&key);
}

void image_free_kept(struct image *image)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->kept, &cursor)) != NULL)
        free(entry->value);
    map_fini(&image->kept);
}
