/*
 * image_records: see the header. Called by metadata/cluster with the change lock held: it only reads.
 *
 * What there may be many of (partitions) goes through one buffer that is used again and again.
 */
#include "metadata/image_records.h"

#include "metadata/image_parts.h"
#include "metadata/record_list.h"
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/client_quota_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/feature_level_record.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/topic_record.h"
#include "protocol/records/user_scram_credential_record.h"

#include <stdlib.h>

struct out {
    int16_t metadata_version;
    struct buf frame;
    struct arena scratch;
    frame_fn *each;
    void *context;
};

static void put(struct out *out, const struct message *message, const void *record)
{
    struct writer writer;
    buf_clear(&out->frame, SIZE_MAX);
    writer_init(&writer, &out->frame, &out->scratch);
    int version = record_list_version(out->metadata_version, message, record);
    metadata_record_write(&writer, message, version, record);
    out->each(out->context, buf_slice(&out->frame));
    arena_reset(&out->scratch);
}

/* ---- in order ---- */

static int compare_entries(const void *a, const void *b)
{
    const struct map_entry *left = a, *right = b;
    return slice_compare(left->key, right->key);
}

/* The map's entries by key; malloc'ed. */
static struct map_entry *sorted_entries(const struct map *map)
{
    struct map_entry *entries = memory_alloc(map->count * sizeof *entries);
    size_t count = 0, cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(map, &cursor)) != NULL)
        entries[count++] = *entry;
    qsort(entries, count, sizeof *entries, compare_entries);
    return entries;
}

/* ---- features ---- */

static void put_feature(struct out *out, struct slice name, int16_t level)
{
    struct feature_level_record record;
    schema_set_defaults(feature_level_record_schema(), &record);
    record.name = name;
    record.feature_level = level;
    put(out, &feature_level_record_message, &record);
}

static void put_features(struct out *out, const struct image *image)
{
    put_feature(out, SLICE(METADATA_VERSION), out->metadata_version);
    struct map_entry *entries = sorted_entries(&image->features);
    for (size_t i = 0; i < image->features.count; i++) {
        const struct feature *feature = entries[i].value;
        if (!slice_equal(feature->name, SLICE(METADATA_VERSION)))
            put_feature(out, feature->name, feature->level);
    }
    free(entries);
}

/* ---- brokers ---- */

static void put_broker(struct out *out, const struct broker_state *broker)
{
    struct register_broker_record record;
    schema_set_defaults(register_broker_record_schema(), &record);
    record.broker_id = broker->id;
    record.broker_epoch = broker->epoch;
    record.incarnation_id = broker->incarnation_id;
    record.rack = broker->rack;
    record.fenced = broker->fenced;
    record.in_controlled_shutdown = broker->in_controlled_shutdown;
    record.log_dirs.items = broker->log_dirs;
    record.log_dirs.count = broker->log_dir_count;
    record.cordoned_log_dirs.items = broker->cordoned_log_dirs;
    record.cordoned_log_dirs.count = broker->cordoned_log_dir_count;
    array_init(&record.end_points, register_broker_endpoint, &out->scratch, broker->endpoint_count);
    for (int32_t i = 0; i < broker->endpoint_count; i++) {
        struct register_broker_endpoint *to = &record.end_points.items[i];
        to->name = broker->endpoints[i].name;
        to->host = broker->endpoints[i].host;
        to->port = broker->endpoints[i].port;
        to->security_protocol = broker->endpoints[i].security_protocol;
    }
    array_init(&record.features, register_broker_feature, &out->scratch, broker->feature_count);
    for (int32_t i = 0; i < broker->feature_count; i++) {
        struct register_broker_feature *to = &record.features.items[i];
        to->name = broker->features[i].name;
        to->min_supported_version = broker->features[i].min_level;
        to->max_supported_version = broker->features[i].max_level;
    }
    put(out, &register_broker_record_message, &record);
}

/* ---- topics ---- */

/* The array field of a record; an empty one is null where Kafka leaves it out. */
#define SET_IDS(field, ids) ((field).items = (ids).items, (field).count = (ids).count)
#define SET_IDS_OR_NULL(field, ids) \
    ((field).items = (ids).items, (field).count = (ids).count > 0 ? (ids).count : -1)

static void put_partition(struct out *out, const struct topic *topic, int32_t index)
{
    const struct partition_state *state = &topic->partitions[index];
    struct partition_record record;
    schema_set_defaults(partition_record_schema(), &record);
    record.partition_id = index;
    record.topic_id = topic->id;
    SET_IDS(record.replicas, state->replicas);
    SET_IDS(record.isr, state->isr);
    SET_IDS(record.removing_replicas, state->removing_replicas);
    SET_IDS(record.adding_replicas, state->adding_replicas);
    SET_IDS_OR_NULL(record.eligible_leader_replicas, state->eligible_leader_replicas);
    SET_IDS_OR_NULL(record.last_known_elr, state->last_known_elr);
    record.leader = state->leader;
    record.leader_recovery_state = state->leader_recovery_state;
    record.leader_epoch = state->leader_epoch;
    record.partition_epoch = state->partition_epoch;
    record.directories.items = state->directories;
    record.directories.count = state->directories == NULL ? 0 : state->replicas.count;
    put(out, &partition_record_message, &record);
}

static void put_topics(struct out *out, const struct image *image)
{
    struct topic **topics = image_sorted_topics(image);
    for (size_t i = 0; i < image->topics_by_name.count; i++) {
        struct topic_record record;
        schema_set_defaults(topic_record_schema(), &record);
        record.name = topics[i]->name;
        record.topic_id = topics[i]->id;
        put(out, &topic_record_message, &record);
        for (int32_t index = 0; index < topics[i]->partition_count; index++)
            if (image_find_partition(topics[i], index) != NULL)
                put_partition(out, topics[i], index);
    }
    free(topics);
}

/* ---- configs and producer ids ---- */

static void put_config_set(struct out *out, const struct config_set *set)
{
    for (int32_t i = 0; i < set->count; i++) {
        struct config_record record;
        schema_set_defaults(config_record_schema(), &record);
        record.resource_type = set->resource_type;
        record.resource_name = set->resource_name;
        record.name = set->entries[i].name;
        record.value = set->entries[i].value;
        put(out, &config_record_message, &record);
    }
}

static void put_configs(struct out *out, const struct image *image)
{
    struct map_entry *entries = sorted_entries(&image->configs);
    for (size_t i = 0; i < image->configs.count; i++)
        put_config_set(out, entries[i].value);
    free(entries);
}

/* Who took the last block is not part of the state. */
static void put_producer_ids(struct out *out, const struct image *image)
{
    struct producer_ids_record record = {
        .broker_id = -1, .broker_epoch = -1, .next_producer_id = image->next_producer_id};
    if (image->next_producer_id > 0)
        put(out, &producer_ids_record_message, &record);
}

/* ---- ACLs ---- */

static void put_acls(struct out *out, const struct image *image)
{
    const struct acl **sorted = acls_sorted(&image->acls);
    for (size_t i = 0; i < image->acls.by_id.count; i++) {
        struct access_control_entry_record record = {
            .id = sorted[i]->id,
            .resource_type = sorted[i]->resource_type,
            .resource_name = sorted[i]->name,
            .pattern_type = sorted[i]->pattern_type,
            .principal = sorted[i]->principal,
            .host = sorted[i]->host,
            .operation = sorted[i]->operation,
            .permission_type = sorted[i]->permission_type,
        };
        put(out, &access_control_entry_record_message, &record);
    }
    free(sorted);
}

/* ---- quotas and credentials ---- */

static void put_entity(struct out *out, const struct quota_entity *entity)
{
    for (int32_t i = 0; i < entity->limit_count; i++) {
        struct client_quota_record record;
        schema_set_defaults(client_quota_record_schema(), &record);
        array_init(&record.entity, client_quota_entity, &out->scratch, entity->part_count);
        for (int32_t j = 0; j < entity->part_count; j++) {
            record.entity.items[j].entity_type = entity->parts[j].type;
            record.entity.items[j].entity_name = entity->parts[j].name;
        }
        record.key = entity->limits[i].key;
        record.value = entity->limits[i].value;
        put(out, &client_quota_record_message, &record);
    }
}

static void put_quotas(struct out *out, const struct image *image)
{
    const struct quota_entity **sorted = quotas_sorted(&image->quotas);
    for (size_t i = 0; i < image->quotas.by_identity.count; i++)
        put_entity(out, sorted[i]);
    free(sorted);
}

static void put_scram(struct out *out, const struct image *image)
{
    const struct scram_credential **sorted = scram_credentials_sorted(&image->scram);
    for (size_t i = 0; i < image->scram.by_user.count; i++) {
        struct user_scram_credential_record record;
        schema_set_defaults(user_scram_credential_record_schema(), &record);
        record.name = sorted[i]->user;
        record.mechanism = sorted[i]->mechanism;
        record.salt = sorted[i]->salt;
        record.stored_key = sorted[i]->stored_key;
        record.server_key = sorted[i]->server_key;
        record.iterations = sorted[i]->iterations;
        put(out, &user_scram_credential_record_message, &record);
    }
    free(sorted);
}

/* ---- all together ---- */

static void put_kept(struct out *out, const struct map_entry *kept, size_t count, enum kept_kind first,
                     enum kept_kind last)
{
    for (size_t i = 0; i < count; i++) {
        const struct kept_record *record = kept[i].value;
        if (record->key.data[0] >= first && record->key.data[0] <= last)
            out->each(out->context, record->frame);
    }
}

void image_write_records(const struct image *image, frame_fn *each, void *context)
{
    struct out out = {.metadata_version = image_feature_level(image, SLICE(METADATA_VERSION)),
                      .each = each,
                      .context = context};
    ensure(out.metadata_version > 0);
    arena_init(&out.scratch, SIZE_MAX);
    size_t count = image->kept.count;
    struct map_entry *kept = sorted_entries(&image->kept);
    put_features(&out, image);
    put_kept(&out, kept, count, KEPT_MIGRATION, KEPT_MIGRATION);
    for (int32_t i = 0; i < image->broker_count; i++)
        put_broker(&out, &image->brokers[i]);
    put_kept(&out, kept, count, KEPT_CONTROLLER, KEPT_CONTROLLER);
    put_topics(&out, image);
    put_configs(&out, image);
    put_quotas(&out, image);
    put_producer_ids(&out, image);
    put_acls(&out, image);
    put_scram(&out, image);
    put_kept(&out, kept, count, KEPT_TOKEN, KEPT_TOKEN);
    free(kept);
    arena_fini(&out.scratch);
    buf_fini(&out.frame);
}
