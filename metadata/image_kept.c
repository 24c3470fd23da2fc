/*
 * image_kept: records that nothing here uses yet (delegation tokens, the controllers) and that a snapshot
 * must have all the same: those in force, as they came.
 *
 * A record's key and its frame lie in its own allocation.
 */
#include "metadata/image_parts.h"

#include "protocol/base/buf.h"
#include "protocol/base/memory.h"
#include "protocol/records/delegation_token_record.h"
#include "protocol/records/register_controller_record.h"
#include "protocol/records/zk_migration_state_record.h"

#include <stdlib.h>

/* ---- identities ---- */

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

static void identify_token(struct buf *key, const void *record)
{
    buf_append_slice(key, ((const struct delegation_token_record *)record)->token_id);
}

static void identify_removed_token(struct buf *key, const void *record)
{
    buf_append_slice(key, ((const struct remove_delegation_token_record *)record)->token_id);
}

static const struct kind {
    const struct message *message;
    enum kept_kind kind;
    bool removes;
    void (*identify)(struct buf *key, const void *record);
} kinds[] = {
    {&zk_migration_state_record_message, KEPT_MIGRATION, false, identify_nothing},
    {&register_controller_record_message, KEPT_CONTROLLER, false, identify_controller},
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
    struct kept_record *kept = memory_alloc(sizeof *kept + key.len + frame.len);
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
    if (kind->removes)
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
