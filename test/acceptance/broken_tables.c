/* What is checked, as a list of what the stages must notice when it is broken. See sabotage.h.
 *
 * Paths are those of the fields in answers and files, after the name of the answer or file; '*' stands
 * for anything. In every table the rows for what may be so or so (harmless) come before the rows that
 * would name it too. */
#include "sabotage.h"

#include <stddef.h>

#define ON(path, way, ...)                         \
    {                                              \
        .where = (path), .how = (way), __VA_ARGS__ \
    }
#define END           \
    {                 \
        .where = NULL \
    }

#define METADATA "__cluster_metadata-0"

/* Every answer begins like this. */
static const struct sabotage header[] = {
    ON("*: message_size", ALTERED),
    ON("*: correlation_id", ALTERED),
    END,
};

/* ApiVersions ---------------------------------------------------------------------------------- */

/* min may be anything from 0 to the version that is going to be used, max anything from there on. */
#define OFFERS(key, max_version)                                                                      \
    ON("*: api_keys[" key "].min_version", SET_TO, .value = -1),                                      \
        ON("*: api_keys[" key "].min_version", SET_TO, .value = (max_version) + 1),                   \
        ON("*: api_keys[" key "].min_version", SET_TO, .value = (max_version), .harmless = true),     \
        ON("*: api_keys[" key "].max_version", SET_TO, .value = (max_version)-1),                     \
        ON("*: api_keys[" key "].max_version", SET_TO, .value = (max_version) + 9, .harmless = true), \
        ON("*: api_keys[" key "].api_key", SET_TO, .value = 999, .says = "no entry for key " key),    \
        ON("*: api_keys[" key "]", DROPPED, .says = "no entry for key " key)

static const struct sabotage offers_produce[] = {OFFERS("0", 11), END};
static const struct sabotage offers_fetch[] = {OFFERS("1", 16), END};
static const struct sabotage offers_create_topics_6[] = {OFFERS("19", 6), END};
static const struct sabotage offers_create_topics_7[] = {OFFERS("19", 7), END};
static const struct sabotage offers_describe[] = {OFFERS("75", 0), END};

static const struct sabotage api_versions[] = {
    ON("*: error_code", ALTERED),
    OFFERS("18", 4),
    ON("*: api_keys[*].api_key", UNTESTED), /* it might become that of one that is looked for */
    ON("*: api_keys[*]", DROPPED, .harmless = true),
    END,
};

static const struct sabotage unknown_version[] = {
    ON("*: error_code", ALTERED),
    ON("*: api_keys", ALTERED),
    ON("*: api_key", ALTERED),
    ON("*: min_version", ALTERED),
    ON("*: max_version", SET_TO, .value = 3),
    ON("*: max_version", SET_TO, .value = 5, .harmless = true),
    END,
};

/* DescribeTopicPartitions ---------------------------------------------------------------------- */

static const struct sabotage describe[] = {
    ON("*: topics", SET_TO, .value = 0),
    ON("*: topics[*].error_code", ALTERED),
    ON("*: topics[*].name", ALTERED),
    ON("*: topics[*].name", SET_TO, .value = 0, .says = "name is null"),
    ON("*: topics[*].topic_id", ALTERED),
    ON("*: topics[*].partitions[*].eligible_leader_replicas", SET_TO, .value = 0, .harmless = true),
    ON("*: topics[*].partitions[*].last_known_elr", SET_TO, .value = 0, .harmless = true),
    ON("*: topics[*].partitions[*].*[*]", DROPPED, .harmless = true),
    ON("*: topics[*].partitions[*].*[*]", SWAPPED, .harmless = true),
    ON("*: next_cursor", ALTERED),
    ON("*: next_cursor", SET_TO, .value = 1),
    ON("*: topics[*]", DROPPED, .says = "topics"),
    ON("*: topics[*]", SWAPPED, .says = "name"),
    END,
};

static const struct sabotage describe_known[] = {
    ON("*: topics[*].partitions", SET_TO, .value = 0),
    ON("*: topics[*].partitions[0]", DROPPED, .says = "partitions"),
    ON("*: topics[*].partitions[*].error_code", ALTERED),
    ON("*: topics[*].partitions[*].partition_index", ALTERED),
    END,
};

static const struct sabotage describe_two_partitions[] = {
    ON("*: topics[*].partitions[0]", SWAPPED, .says = "partition_index"),
    ON("*: topics[*].partitions[1]", DROPPED, .says = "partitions"),
    END,
};

/* Null and empty are the same: no partitions. */
static const struct sabotage describe_unknown[] = {
    ON("*: topics[0].partitions", SET_TO, .value = 0, .harmless = true),
    ON("*: topics[0].partitions", SET_TO, .value = 1, .harmless = true),
    END,
};

/* Batches, in answers and files ---------------------------------------------------------------- */

/* Whoever reads a batch sees to it that it is sound. */
static const struct sabotage sound_batches[] = {
    ON("*batches[0].batch_length", ALTERED, .says = ANYTHING),
    ON("*batches[0].magic", ALTERED),
    ON("*batches[0].crc", ALTERED),
    ON("*batches[*]*", ALTERED, .says = ANYTHING),
    ON("*batches[*]*", DROPPED, .says = ANYTHING),
    ON("*batches[*]*", SWAPPED, .says = ANYTHING),
    END,
};

/* And that it is the right one, even if its checksum is right for what it holds. */
#define RIGHT_CONTENT(complaint)                                                           \
    ON("*batches[0].attributes", ALTERED_WITH_CRC, .says = complaint),                     \
        ON("*batches[0].last_offset_delta", ALTERED_WITH_CRC, .says = complaint),          \
        ON("*batches[0].base_timestamp", ALTERED_WITH_CRC, .says = complaint),             \
        ON("*batches[0].max_timestamp", ALTERED_WITH_CRC, .says = complaint),              \
        ON("*batches[0].producer_id", ALTERED_WITH_CRC, .says = complaint),                \
        ON("*batches[0].producer_epoch", ALTERED_WITH_CRC, .says = complaint),             \
        ON("*batches[0].base_sequence", ALTERED_WITH_CRC, .says = complaint),              \
        ON("*batches[0].records", ALTERED_WITH_CRC, .says = ANYTHING),                     \
        ON("*batches[0].records[0].length", ALTERED_WITH_CRC, .says = ANYTHING),           \
        ON("*batches[0].records[0].offset_delta", ALTERED_WITH_CRC, .says = complaint),    \
        ON("*batches[0].records[0].timestamp_delta", ALTERED_WITH_CRC, .says = complaint), \
        ON("*batches[0].records[0].value", ALTERED_WITH_CRC, .says = ANYTHING)

/* Fetch ---------------------------------------------------------------------------------------- */

static const struct sabotage fetch[] = {
    ON("Fetch*: throttle_time_ms", ALTERED),
    ON("Fetch*: error_code", ALTERED),
    ON("Fetch*: responses", SET_TO, .value = 0),
    END,
};

static const struct sabotage fetch_topic[] = {
    ON("Fetch*: responses[0].topic_id", ALTERED),
    ON("Fetch*: responses[0].partitions[0].partition_index", ALTERED),
    ON("Fetch*: responses[0].partitions[0].error_code", ALTERED),
    ON("Fetch*: responses[0].partitions[0].aborted_transactions", SET_TO, .value = 0, .harmless = true),
    ON("Fetch*: responses[0].partitions[0].aborted_transactions", SET_TO, .value = 1, .harmless = true),
    ON("Fetch*: responses[0]", DROPPED, .says = "responses"),
    ON("Fetch*: responses[0].partitions[0]", DROPPED, .says = "partitions"),
    END,
};

/* Records that nobody looks at may be null or empty. */
static const struct sabotage fetch_no_records[] = {
    ON("*: responses[0].partitions[0].records", SET_TO, .value = 0, .harmless = true),
    ON("*: responses[0].partitions[0].records", SET_TO, .value = 1, .harmless = true),
    END,
};

static const struct sabotage fetch_records[] = {
    ON("Fetch*batches[0].base_offset", ALTERED, .says = "records differ"),
    ON("Fetch*batches[0].partition_leader_epoch", ALTERED, .says = "records differ"),
    RIGHT_CONTENT("records differ"),
    ON("Fetch*batches[0].records[0].headers", ALTERED_WITH_CRC, .says = ANYTHING),
    ON("Fetch*: responses[0].partitions[0].batches[0]", DROPPED, .says = "records"),
    END,
};

static const struct sabotage fetch_more_records[] = {
    ON("*: responses[0].partitions[0].batches[1]", DROPPED, .says = "records"),
    ON("*: responses[0].partitions[0].batches[0]", SWAPPED, .says = "records differ"),
    END,
};

/* Produce -------------------------------------------------------------------------------------- */

static const struct sabotage produce[] = {
    ON("*Produce*: throttle_time_ms", ALTERED),
    ON("*Produce*: responses", SET_TO, .value = 0),
    ON("*Produce*: responses[*].name", ALTERED),
    ON("*Produce*: responses[*].name", SET_TO, .value = 0, .says = "name is 'null'"),
    ON("*Produce*: responses[*].partitions", SET_TO, .value = 0),
    ON("*Produce*: responses[*].partitions[*].index", ALTERED),
    ON("*Produce*: responses[*].partitions[*].index", SET_TO, .value = 5000),
    ON("*Produce*: responses[*].partitions[*].error_code", ALTERED),
    ON("*Produce*: responses[*].partitions[*].base_offset", ALTERED),
    ON("*Produce*: responses[*].partitions[*].log_append_time_ms", ALTERED),
    ON("*Produce*: responses[*].partitions[*].log_start_offset", ALTERED),
    ON("*Produce*: responses[*].partitions[*]", SWAPPED, .harmless = true),
    ON("*Produce*: responses[*].partitions[*]", DROPPED, .says = "partitions"),
    ON("*Produce*: responses[*]", SWAPPED, .harmless = true),
    ON("*Produce*: responses[*]", DROPPED, .says = "responses"),
    END,
};

/* The first batch counts; its place and what follows it do not. */
static const struct sabotage stored_batch[] = {
    ON("*.log", MISSING, .says = "missing"),
    ON("*.log", EMPTY, .says = ANYTHING),
    ON("*.log", SHORTENED, .says = "batch_length"),
    ON("*.log", LENGTHENED, .harmless = true),
    ON("*.log: batches[0].base_offset", ALTERED, .harmless = true),
    ON("*.log: batches[0].partition_leader_epoch", ALTERED, .harmless = true),
    ON("*.log: batches[0].partition_leader_epoch", SET_TO, .value = 77, .harmless = true),
    RIGHT_CONTENT("a batch with"),
    END,
};

/* Exactly the batches, where they belong. */
static const struct sabotage stored_file[] = {
    ON("*.log", MISSING, .says = "missing"),
    ON("*.log", EMPTY, .says = "stored batches"),
    ON("*.log", SHORTENED, .says = "batch_length"),
    ON("*.log", LENGTHENED, .says = ANYTHING),
    ON("*.log: batches[*].base_offset", ALTERED, .says = "stored batches"),
    ON("*.log: batches[*].partition_leader_epoch", ALTERED, .says = "stored batches"),
    ON("*.log: batches[0]", DROPPED, .says = "stored batches"),
    RIGHT_CONTENT("stored batches"),
    END,
};

static const struct sabotage stored_two_batches[] = {
    ON("*.log: batches[1]", DROPPED, .says = "stored batches are"),
    ON("*.log: batches[0]", SWAPPED, .says = "stored batches differ"),
    END,
};

/* CreateTopics --------------------------------------------------------------------------------- */

static const struct sabotage create_topics[] = {
    ON("CreateTopics*: throttle_time_ms", ALTERED),
    ON("CreateTopics*: topics", SET_TO, .value = 0),
    ON("CreateTopics*: topics[*].name", ALTERED),
    ON("CreateTopics*: topics[*].error_code", ALTERED),
    ON("CreateTopics*: topics[*].error_message", ALTERED),
    ON("CreateTopics*: topics[*].num_partitions", ALTERED),
    ON("CreateTopics*: topics[*].replication_factor", ALTERED),
    ON("CreateTopics*: topics[*].configs", SET_TO, .value = 0),
    ON("CreateTopics*: topics[*]", SWAPPED, .says = "name"),
    ON("CreateTopics*: topics[*]", DROPPED, .says = "topics"),
    END,
};

/* What is created tells all its configs. */
static const struct sabotage create_configs[] = {
    ON("CreateTopics*: topics[*].configs[*]", DROPPED, .says = "configs"),
    ON("CreateTopics*: topics[*].configs[*]", SWAPPED, .says = "name"),
    ON("CreateTopics*: topics[*].configs[*].name", ALTERED),
    ON("CreateTopics*: topics[*].configs[*].value", ALTERED),
    ON("CreateTopics*: topics[*].configs[*].read_only", ALTERED),
    ON("CreateTopics*: topics[*].configs[*].config_source", ALTERED),
    ON("CreateTopics*: topics[*].configs[*].is_sensitive", ALTERED),
    END,
};

/* The answer gives the topic its id, the zero one to what is refused. */
static const struct sabotage topic_id[] = {
    ON("CreateTopics*: topics[*].topic_id", ALTERED),
    ON("CreateTopics*: topics[*].topic_id", SET_TO, .value = 1),
    END,
};

/* That of a validation means nothing, but is not zero. */
static const struct sabotage some_topic_id[] = {
    ON("CreateTopics*(validate only): topics[0].topic_id", ALTERED, .harmless = true),
    ON("CreateTopics*(validate only): topics[0].topic_id", SET_TO, .value = 1, .harmless = true),
    ON("CreateTopics*(validate only): topics[0].topic_id", SET_TO, .value = 0),
    END,
};

/* What lay there still does, and what was added is sound. */
static const struct sabotage metadata_log[] = {
    ON(METADATA, MISSING, .says = "missing"),
    ON(METADATA, EMPTY, .says = "bytes that lay there"),
    ON(METADATA, SHORTENED, .says = "batch_length"),
    ON(METADATA, LENGTHENED, .says = "batch_length"),
    ON(METADATA ": batches[*].base_offset", ALTERED),
    ON(METADATA ": batches[*].partition_leader_epoch", SET_TO, .value = 0),
    ON(METADATA ": batches[*].partition_leader_epoch", UNTESTED),
    ON(METADATA ": batches[0].records[0].value", ALTERED_WITH_CRC, .says = ANYTHING),
    ON(METADATA ": batches[*]", UNTESTED), /* others come and go */
    END,
};

/* Of a log that the program has begun itself. */
static const struct sabotage own_metadata_log[] = {
    ON(METADATA, EMPTY, .says = "batches have new topics"),
    ON(METADATA ": batches[0].records[0].value", UNTESTED),
    ON(METADATA ": created.records[*].version", UNTESTED),
    END,
};

static const struct sabotage created[] = {
    ON(METADATA, WITH_TOPIC, .says = "2 batches have new topics"),
    ON(METADATA ": created", DROPPED, .says = ANYTHING),
    ON(METADATA ": created.records[*].frame_version", ALTERED_WITH_CRC, .says = ANYTHING),
    ON(METADATA ": created.records[*].type", ALTERED_WITH_CRC, .says = ANYTHING),
    ON(METADATA ": created.records[*].version", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].name", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].topic_id", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].partition_id", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].replicas[0].broker_id", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].isr[0].broker_id", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].leader", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].leader_epoch", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].partition_epoch", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*].directories[0].directory_id", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[*]*", ALTERED, .says = ANYTHING), /* by the checksum */
    ON(METADATA ": created.records[*]*", DROPPED, .says = ANYTHING),
    ON("*.log", MISSING, .says = "missing"),
    ON("*.log", LENGTHENED, .says = "a new log has"),
    ON("*/partition.metadata", MISSING, .says = "missing"),
    ON("*/partition.metadata", EMPTY, .says = "its bytes"),
    ON("*/partition.metadata", BYTE_ALTERED, .says = "its bytes"),
    ON("*/partition.metadata", LENGTHENED, .says = "its bytes"),
    END,
};

static const struct sabotage created_configs[] = {
    ON(METADATA ": created.records[1].resource_type", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[1].resource_name", ALTERED_WITH_CRC),
    ON(METADATA ": created.records[1].value", ALTERED_WITH_CRC),
    END,
};

static const struct sabotage nothing_created[] = {
    ON(METADATA, WITH_TOPIC, .says = "have new topics"),
    ON("*-0", PRESENT, .says = "the directory exists"),
    END,
};

/* Which for which ------------------------------------------------------------------------------ */

#define OFFER_STAGE(slug, offers)        \
    {                                    \
        slug,                            \
        {                                \
            header, offers, api_versions \
        }                                \
    }
#define DISK_STAGE(slugs)                                \
    {                                                    \
        slugs,                                           \
        {                                                \
            header, produce, stored_batch, sound_batches \
        }                                                \
    }
#define FILE_STAGE(slugs)                               \
    {                                                   \
        slugs,                                          \
        {                                               \
            header, produce, stored_file, sound_batches \
        }                                               \
    }
#define TWO_BATCHES_STAGE(slugs)                                            \
    {                                                                       \
        slugs,                                                              \
        {                                                                   \
            header, produce, stored_two_batches, stored_file, sound_batches \
        }                                                                   \
    }
#define REFUSE_STAGES(slugs)                                                              \
    {slugs " v6", {header, create_topics, metadata_log, nothing_created, sound_batches}}, \
    {                                                                                     \
        slugs " v7",                                                                      \
        {                                                                                 \
            header, create_topics, topic_id, metadata_log, nothing_created, sound_batches \
        }                                                                                 \
    }
#define CREATE_STAGES(slugs, special)                                                                      \
    {slugs " v6", {special, header, create_configs, create_topics, metadata_log, created, sound_batches}}, \
    {                                                                                                      \
        slugs " v7",                                                                                       \
        {                                                                                                  \
            special, header, create_configs, create_topics, topic_id, metadata_log, created, sound_batches \
        }                                                                                                  \
    }

const struct stage_sabotages all_sabotages[] = {
    {"vi6", {NULL}}, /* it looks at no answer */
    {"nv3", {header}},
    {"wa6", {header}},
    {"nc5", {header, unknown_version}},
    OFFER_STAGE("yk1", offers_describe),
    OFFER_STAGE("gs0", offers_fetch),
    OFFER_STAGE("xz1", offers_produce),
    OFFER_STAGE("yb1 v6", offers_create_topics_6),
    OFFER_STAGE("yb1 v7", offers_create_topics_7),
    {"pv1", {header, api_versions}},
    {"nh4", {header, api_versions}},
    {"sk0", {header, api_versions}},
    {"rebind", {header, api_versions}},
    {"sigterm", {header, api_versions}},
    {"slow client", {header, api_versions}},

    {"vt6", {header, describe, describe_unknown}},
    {"ea7", {header, describe_known, describe}},
    {"ku4", {header, describe_known, describe_two_partitions, describe}},
    {"wq2*", {header, describe_known, describe_two_partitions, describe}},

    {"dh6", {header, fetch}},
    {"hn6", {header, fetch, fetch_topic, fetch_no_records}},
    {"cm4", {header, fetch, fetch_topic, fetch_no_records}},
    {"eg2", {header, fetch, fetch_topic, fetch_records, sound_batches}},
    {"no argument", {header, fetch, fetch_topic, fetch_records, sound_batches}},
    {"fd8", {header, fetch, fetch_topic, fetch_records, fetch_more_records, sound_batches}},

    {"zf2", {header, produce}},
    {"gg1", {header, produce}},
    DISK_STAGE("ls8"),
    DISK_STAGE("yd8"),
    DISK_STAGE("ct4"),
    DISK_STAGE("ov0"),
    DISK_STAGE("mixed"),

    {"ot5 v*", {header, produce}},
    {"zm5 v*", {header, produce}},
    {"ck2 *", {header, produce}},
    {"* fetch v*", {header, produce, fetch, fetch_topic, fetch_records, sound_batches}},
    TWO_BATCHES_STAGE("am7 v*"),
    TWO_BATCHES_STAGE("stage_p4_new v*"),
    TWO_BATCHES_STAGE("two requests*"),
    FILE_STAGE("wh8 v*"),
    FILE_STAGE("ej4 v*"),
    FILE_STAGE("xs0 v*"),
    FILE_STAGE("ps7 v*"),
    FILE_STAGE("sb8 v*"),
    FILE_STAGE("mf2 v*"),
    FILE_STAGE("ar4 v*"),
    FILE_STAGE("ls8 whole file v*"),
    FILE_STAGE("resent v*"),

    REFUSE_STAGES("ve7"),
    REFUSE_STAGES("us2"),
    REFUSE_STAGES("refuses *"),
    {"hh9 v6",
     {header, create_configs, create_topics, metadata_log, nothing_created, created, sound_batches}},
    {"hh9 v7",
     {some_topic_id, header, create_configs, create_topics, topic_id, metadata_log, nothing_created, created,
      sound_batches}},
    CREATE_STAGES("rk2 configs", created_configs),
    CREATE_STAGES("rk2 bare", own_metadata_log),
    {"rk2 served",
     {header, create_configs, create_topics, topic_id, describe_known, describe_two_partitions, describe,
      produce, stored_batch, sound_batches}},
    CREATE_STAGES("rk2*", header),
    CREATE_STAGES("fl3", header),
    CREATE_STAGES("not authorised", header),
    {NULL, {NULL}},
};
