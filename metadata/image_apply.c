/*
 * image_apply: what each kind of record does to an image, as Apache Kafka's own image does it (KIP-631,
 * KIP-841, KIP-858, KIP-966).
 *
 * A record is decoded whole before anything changes; what it says is checked before it is done.
 */
#include "metadata/image_parts.h"

#include "protocol/base/memory.h"
#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/client_quota_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/fence_broker_record.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/partition_change_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/topic_record.h"
#include "protocol/records/unregister_broker_record.h"
#include "protocol/records/user_scram_credential_record.h"

#include <stdlib.h>

enum { RECOVERY_UNCHANGED = -1 };

typedef bool apply_fn(struct image *image, const void *record, struct note *why);

/* Any ARRAY_OF(int32_t); null is empty. */
#define IDS(array) ((struct broker_ids){(array).items, (array).count < 0 ? 0 : (array).count})

/* ---- topics ---- */

static bool apply_topic(struct image *image, const void *record, struct note *why)
{
    const struct topic_record *topic = record;
    return image_add_topic(image, topic->name, topic->topic_id, why);
}

static bool apply_remove_topic(struct image *image, const void *record, struct note *why)
{
    const struct remove_topic_record *topic = record;
    return image_remove_topic(image, topic->topic_id, why);
}

static bool apply_partition(struct image *image, const void *record, struct note *why)
{
    const struct partition_record *partition = record;
    struct partition_state state = {
        .replicas = IDS(partition->replicas),
        .isr = IDS(partition->isr),
        .removing_replicas = IDS(partition->removing_replicas),
        .adding_replicas = IDS(partition->adding_replicas),
        .eligible_leader_replicas = IDS(partition->eligible_leader_replicas),
        .last_known_elr = IDS(partition->last_known_elr),
        .leader = partition->leader,
        .leader_epoch = partition->leader_epoch,
        .partition_epoch = partition->partition_epoch,
        .leader_recovery_state = partition->leader_recovery_state,
    };
    if (partition->directories.count > 0) {
        if (partition->directories.count != partition->replicas.count) {
            note_set(why, "partition %d has %d replicas in %d directories", partition->partition_id,
                     partition->replicas.count, partition->directories.count);
            return false;
        }
        state.directories = partition->directories.items;
    }
    return image_set_partition(image, partition->topic_id, partition->partition_id, &state, why);
}

/* A change of replicas that does not say where they lie leaves that open, unless their number is the same. */
static bool change_replicas(struct partition_state *state, const struct partition_change_record *change,
                            struct note *why)
{
    int32_t before = state->replicas.count;
    if (change->replicas.count >= 0)
        state->replicas = IDS(change->replicas);
    if (change->directories.count > 0) {
        if (change->directories.count != state->replicas.count) {
            note_set(why, "partition %d has %d replicas in %d directories", change->partition_id,
                     state->replicas.count, change->directories.count);
            return false;
        }
        state->directories = change->directories.items;
    } else if (state->replicas.count != before) {
        state->directories = NULL;
    }
    return true;
}

/* Every change adds one to the partition epoch; every leader that is named, be it the same, one to the
 * leader epoch. */
static bool apply_partition_change(struct image *image, const void *record, struct note *why)
{
    const struct partition_change_record *change = record;
    const struct topic *topic = image_find_topic_by_id(image, change->topic_id);
    struct partition_state *partition =
        topic == NULL ? NULL : image_find_partition(topic, change->partition_id);
    if (partition == NULL) {
        note_set(why, "there is no partition %d of this topic id", change->partition_id);
        return false;
    }
    struct partition_state state = *partition;
    if (!change_replicas(&state, change, why))
        return false;
    if (change->isr.count >= 0)
        state.isr = IDS(change->isr);
    if (change->removing_replicas.count >= 0)
        state.removing_replicas = IDS(change->removing_replicas);
    if (change->adding_replicas.count >= 0)
        state.adding_replicas = IDS(change->adding_replicas);
    if (change->eligible_leader_replicas.count >= 0)
        state.eligible_leader_replicas = IDS(change->eligible_leader_replicas);
    if (change->last_known_elr.count >= 0)
        state.last_known_elr = IDS(change->last_known_elr);
    if (change->leader != LEADER_UNCHANGED) {
        state.leader = change->leader;
        state.leader_epoch++;
    }
    if (change->leader_recovery_state != RECOVERY_UNCHANGED)
        state.leader_recovery_state = change->leader_recovery_state;
    state.partition_epoch++;
    partition_state_assign(partition, &state);
    return true;
}

static bool apply_clear_elr(struct image *image, const void *record, struct note *why)
{
    const struct clear_elr_record *clear = record;
    return image_clear_elr(image, clear->topic_name, why);
}

/* ---- brokers ---- */

static bool apply_register_broker(struct image *image, const void *record, struct note *why)
{
    (void)why;
    const struct register_broker_record *registration = record;
    struct endpoint *endpoints =
        arena_new_array(&image->scratch, struct endpoint, registration->end_points.count);
    for (int32_t i = 0; i < registration->end_points.count; i++) {
        const struct register_broker_endpoint *from = &registration->end_points.items[i];
        endpoints[i] = (struct endpoint){from->name, from->host, from->port, from->security_protocol};
    }
    struct feature_range *features =
        arena_new_array(&image->scratch, struct feature_range, registration->features.count);
    for (int32_t i = 0; i < registration->features.count; i++) {
        const struct register_broker_feature *from = &registration->features.items[i];
        features[i] =
            (struct feature_range){from->name, from->min_supported_version, from->max_supported_version};
    }
    image_put_broker(image, &(struct broker_state){
                                .id = registration->broker_id,
                                .epoch = registration->broker_epoch,
                                .incarnation_id = registration->incarnation_id,
                                .endpoints = endpoints,
                                .endpoint_count = registration->end_points.count,
                                .features = features,
                                .feature_count = registration->features.count,
                                .log_dirs = registration->log_dirs.items,
                                .log_dir_count = registration->log_dirs.count,
                                .cordoned_log_dirs = registration->cordoned_log_dirs.items,
                                .cordoned_log_dir_count = registration->cordoned_log_dirs.count,
                                .rack = registration->rack,
                                .fenced = registration->fenced,
                                .in_controlled_shutdown = registration->in_controlled_shutdown,
                            });
    return true;
}

static bool apply_unregister_broker(struct image *image, const void *record, struct note *why)
{
    const struct unregister_broker_record *gone = record;
    struct broker_state *broker = image_get_registered(image, gone->broker_id, gone->broker_epoch, why);
    if (broker != NULL)
        image_remove_broker(image, broker);
    return broker != NULL;
}

static bool apply_registration_change(struct image *image, const void *record, struct note *why)
{
    const struct broker_registration_change_record *change = record;
    struct broker_state *broker = image_get_registered(image, change->broker_id, change->broker_epoch, why);
    if (broker == NULL)
        return false;
    if (change->fenced != 0)
        broker->fenced = change->fenced > 0;
    if (change->in_controlled_shutdown != 0)
        broker->in_controlled_shutdown = true;
    if (change->log_dirs.count > 0)
        broker_set_log_dirs(broker, change->log_dirs.items, change->log_dirs.count);
    if (change->cordoned_log_dirs.count >= 0)
        broker_set_cordoned_log_dirs(broker, change->cordoned_log_dirs.items,
                                     change->cordoned_log_dirs.count);
    return true;
}

static bool apply_fence(struct image *image, const void *record, struct note *why)
{
    const struct fence_broker_record *fence = record;
    struct broker_state *broker = image_get_registered(image, fence->id, fence->epoch, why);
    if (broker != NULL)
        broker->fenced = true;
    return broker != NULL;
}

static bool apply_unfence(struct image *image, const void *record, struct note *why)
{
    const struct unfence_broker_record *unfence = record;
    struct broker_state *broker = image_get_registered(image, unfence->id, unfence->epoch, why);
    if (broker != NULL)
        broker->fenced = false;
    return broker != NULL;
}

/* ---- ACLs ---- */

static bool apply_acl(struct image *image, const void *record, struct note *why)
{
    const struct access_control_entry_record *entry = record;
    (void)why;
    acls_remove(&image->acls, entry->id); /* of one that comes twice the later counts */
    acls_add(&image->acls, &(struct acl){
                               .id = entry->id,
                               .resource_type = entry->resource_type,
                               .pattern_type = entry->pattern_type,
                               .operation = entry->operation,
                               .permission_type = entry->permission_type,
                               .name = entry->resource_name,
                               .principal = entry->principal,
                               .host = entry->host,
                           });
    return true;
}

static bool apply_remove_acl(struct image *image, const void *record, struct note *why)
{
    const struct remove_access_control_entry_record *gone = record;
    (void)why;
    acls_remove(&image->acls, gone->id);
    return true;
}

/* ---- quotas and credentials ---- */

static bool apply_quota(struct image *image, const void *record, struct note *why)
{
    (void)why;
    const struct client_quota_record *quota = record;
    int32_t count = quota->entity.count;
    struct quota_part *parts = arena_new_array(&image->scratch, struct quota_part, count);
    for (int32_t i = 0; i < count; i++)
        parts[i] =
            (struct quota_part){quota->entity.items[i].entity_type, quota->entity.items[i].entity_name};
    if (quota->remove)
        quotas_remove(&image->quotas, parts, count, quota->key);
    else
        quotas_set(&image->quotas, parts, count, quota->key, quota->value);
    return true;
}

static bool apply_scram(struct image *image, const void *record, struct note *why)
{
    (void)why;
    const struct user_scram_credential_record *credential = record;
    scram_credentials_set(&image->scram, &(struct scram_credential){
                                             .user = credential->name,
                                             .mechanism = credential->mechanism,
                                             .salt = credential->salt,
                                             .stored_key = credential->stored_key,
                                             .server_key = credential->server_key,
                                             .iterations = credential->iterations,
                                         });
    return true;
}

static bool apply_remove_scram(struct image *image, const void *record, struct note *why)
{
    (void)why;
    const struct remove_user_scram_credential_record *gone = record;
    scram_credentials_remove(&image->scram, gone->mechanism, gone->name);
    return true;
}

/* ---- configs, features, producer ids ---- */

static bool apply_config(struct image *image, const void *record, struct note *why)
{
    (void)why;
    const struct config_record *config = record;
    image_set_config(image, config->resource_type, config->resource_name, config->name, config->value);
    return true;
}

static bool apply_feature_level(struct image *image, const void *record, struct note *why)
{
    const struct feature_level_record *level = record;
    bool is_metadata_version = slice_equal(level->name, SLICE(METADATA_VERSION));
    if (is_metadata_version
        && (level->feature_level < METADATA_VERSION_MIN || level->feature_level > METADATA_VERSION_MAX)) {
        note_set(why, "metadata.version %d is not one of those from %d to %d that this broker knows",
                 level->feature_level, METADATA_VERSION_MIN, METADATA_VERSION_MAX);
        return false;
    }
    if (level->feature_level == 0) {
        free(map_remove(&image->features, level->name));
        return true;
    }
    struct feature *feature = map_find(&image->features, level->name);
    if (feature != NULL) {
        feature->level = level->feature_level;
        return true;
    }
    feature = memory_alloc(sizeof *feature + level->name.len);
    memcpy(feature + 1, level->name.data, level->name.len);
    *feature = (struct feature){slice_of(feature + 1, level->name.len), level->feature_level};
    map_put(&image->features, feature->name, feature);
    return true;
}

static bool apply_producer_ids(struct image *image, const void *record, struct note *why)
{
    const struct producer_ids_record *ids = record;
    if (ids->next_producer_id < image->next_producer_id) {
        note_set(why, "the next producer id %lld is below the one before, %lld",
                 (long long)ids->next_producer_id, (long long)image->next_producer_id);
        return false;
    }
    image->next_producer_id = ids->next_producer_id;
    return true;
}

/* ---- all of them ---- */

static const struct {
    const struct message *message;
    apply_fn *apply;
} kinds[] = {
    {&topic_record_message, apply_topic},
    {&remove_topic_record_message, apply_remove_topic},
    {&partition_record_message, apply_partition},
    {&partition_change_record_message, apply_partition_change},
    {&clear_elr_record_message, apply_clear_elr},
    {&register_broker_record_message, apply_register_broker},
    {&unregister_broker_record_message, apply_unregister_broker},
    {&broker_registration_change_record_message, apply_registration_change},
    {&fence_broker_record_message, apply_fence},
    {&unfence_broker_record_message, apply_unfence},
    {&config_record_message, apply_config},
    {&access_control_entry_record_message, apply_acl},
    {&remove_access_control_entry_record_message, apply_remove_acl},
    {&client_quota_record_message, apply_quota},
    {&user_scram_credential_record_message, apply_scram},
    {&remove_user_scram_credential_record_message, apply_remove_scram},
    {&feature_level_record_message, apply_feature_level},
    {&producer_ids_record_message, apply_producer_ids},
};

/* NULL: a kind that has no meaning here, but may be kept. */
static apply_fn *find_apply(const struct message *message)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].message == message)
            return kinds[i].apply;
    return NULL;
}

/* A record of a type or version that no release up to 4.3 has may change anything: it is not skipped, as
 * Kafka does not. */
static const struct message *read_kind(struct reader *reader, uint32_t *version, struct note *why)
{
    uint32_t type;
    if (!metadata_record_read_frame(reader, &type, version)) {
        note_set(why, "%s", reader->error);
        return NULL;
    }
    const struct message *message = find_metadata_record(type);
    if (message == NULL)
        note_set(why, "records of type %u are not known", type);
    else if (*version > INT8_MAX || !message_has_version(message, (int)*version))
        note_set(why, "%s v%u is not known", message->name, *version);
    else
        return message;
    return NULL;
}

static bool apply_decoded(struct image *image, const struct message *message, int version,
                          struct reader *reader, struct slice frame, struct note *why)
{
    void *record = arena_alloc(&image->scratch, message->schema()->size);
    if (!message_read(message, version, reader, record)) {
        note_set(why, "%s", reader->error);
        return false;
    }
    if (reader_left(reader) > 0) {
        note_set(why, "%s v%d: %zu bytes are left over", message->name, version, reader_left(reader));
        return false;
    }
    apply_fn *apply = find_apply(message);
    if (apply == NULL)
        image_keep(image, message, record, frame);
    if (apply == NULL || apply(image, record, why))
        return true;
    note_prefix(why, "%s", message->name);
    return false;
}

/* Brokers too: their racks say where replicas are. */
static bool changes_topics(const struct message *message)
{
    return message == &topic_record_message || message == &remove_topic_record_message
           || message == &partition_record_message || message == &partition_change_record_message
           || message == &register_broker_record_message || message == &unregister_broker_record_message;
}

bool image_apply(struct image *image, struct slice record, int64_t offset, int32_t epoch, struct note *why)
{
    struct reader reader;
    arena_reset(&image->scratch);
    reader_init(&reader, record, &image->scratch);
    uint32_t version = 0;
    const struct message *message = read_kind(&reader, &version, why);
    if (message == NULL || !apply_decoded(image, message, (int)version, &reader, record, why))
        return false;
    image->offset = offset;
    image->epoch = epoch;
    if (changes_topics(message))
        image->topics_offset = offset;
    if (message == &topic_record_message)
        image->new_topics_offset = offset;
    return true;
}
