/*
 * image: the cluster as its records describe it: topics, partitions, brokers, configs, ACLs, quotas,
 * credentials, features, producer ids. Fed by records (image_apply) and nothing else; it does not care
 * whether they come from our own log or, later, from a quorum.
 *
 * A value without locks: metadata/cluster guards the one that serves. Everything that it points to is its
 * own; what callers find lives until the next change.
 */
#ifndef METADATA_IMAGE_H
#define METADATA_IMAGE_H

#include "metadata/acls.h"
#include "metadata/quotas.h"
#include "metadata/scram_credentials.h"
#include "protocol/base/arena.h"
#include "protocol/base/map.h"
#include "protocol/base/note.h"
#include "protocol/base/slice.h"
#include "protocol/base/uuid.h"
#include "protocol/errors.h"

#define METADATA_VERSION "metadata.version"

enum {
    METADATA_VERSION_MIN = 7,  /* 3.3-IV3 */
    METADATA_VERSION_MAX = 30, /* 4.3-IV0 */
    NO_LEADER = -1,
    LEADER_RECOVERING = 1,          /* leader_recovery_state: elected though it was not in sync */
    TOPIC_PARTITIONS_MAX = 1000000, /* a record that names a higher index is taken for a broken one */
};

/* Resource types of configs (ConfigResource.Type). */
enum resource_type {
    RESOURCE_UNKNOWN = 0,
    RESOURCE_TOPIC = 2,
    RESOURCE_BROKER = 4,
    RESOURCE_BROKER_LOGGER = 8,
    RESOURCE_CLIENT_METRICS = 16,
    RESOURCE_GROUP = 32,
};

struct broker_ids {
    int32_t *items;
    int32_t count;
};

/* One partition's state, as PARTITION_RECORD and PARTITION_CHANGE_RECORD left it. All its arrays lie in one
 * piece of memory, which begins with `directories`, or without them with `replicas.items`. */
struct partition_state {
    struct broker_ids replicas;
    struct broker_ids isr;
    struct broker_ids removing_replicas;
    struct broker_ids adding_replicas;
    struct broker_ids eligible_leader_replicas;
    struct broker_ids last_known_elr;
    struct uuid *directories; /* one per replica, or NULL where the records name none */
    int32_t leader;           /* NO_LEADER: none */
    int32_t leader_epoch;
    int32_t partition_epoch;
    int8_t leader_recovery_state; /* 0: recovered */
};

struct topic {
    struct slice name;
    struct uuid id;
    struct partition_state *partitions; /* by index; 0..count-1 all exist (see image_find_partition) */
    int32_t partition_count;
    int32_t partition_capacity;
    struct slice normal_name;     /* the name with '.' as '_'; null if it has neither */
    struct topic *next_colliding; /* others with this normal name; Kafka makes none, old clusters have some */
};

struct endpoint {
    struct slice name; /* of the listener */
    struct slice host;
    uint16_t port;
    int16_t security_protocol;
};

/* A feature and the levels of it that a broker can do. */
struct feature_range {
    struct slice name;
    int16_t min_level;
    int16_t max_level;
};

struct broker_state {
    int32_t id;
    int64_t epoch;
    struct uuid incarnation_id;
    struct endpoint *endpoints;
    int32_t endpoint_count;
    struct feature_range *features;
    int32_t feature_count;
    struct uuid *log_dirs;
    int32_t log_dir_count;
    struct uuid *cordoned_log_dirs; /* those that take no new replicas */
    int32_t cordoned_log_dir_count; /* -1: not told (KIP-1066) */
    struct slice rack;              /* null: none */
    bool fenced;
    bool in_controlled_shutdown;
};

struct config_entry {
    struct slice name;
    struct slice value;
};

/* The overrides of one resource, in order of name. */
struct config_set {
    int8_t resource_type;
    struct slice resource_name; /* "" of a broker: the cluster-wide default */
    struct config_entry *entries;
    int32_t count;
};

struct feature {
    struct slice name;
    int16_t level;
};

/* What the records of a kind say that nothing here uses yet, in the order in which snapshots have them. */
enum kept_kind {
    KEPT_MIGRATION,  /* ZkMigrationStateRecord; one */
    KEPT_CONTROLLER, /* RegisterControllerRecord, by id */
    KEPT_TOKEN,      /* DelegationTokenRecord, by id */
};

/* A record that is in force, as it came. */
struct kept_record {
    struct slice key;   /* the kind as a byte, then what distinguishes it from the others of its kind */
    struct slice frame; /* frame version, type, version, fields */
};

struct image {
    struct map topics_by_name;   /* slice -> struct topic */
    struct map topics_by_id;     /* uuid -> struct topic */
    struct map topics_by_normal; /* name with '.' as '_' -> struct topic (only names with '.' or '_') */
    struct map configs;          /* type byte + resource name -> struct config_set */
    struct map features;         /* name -> struct feature */
    struct acls acls;
    struct quotas quotas;
    struct scram_credentials scram;
    struct map kept;              /* kind byte + identity -> struct kept_record */
    struct broker_state *brokers; /* by id, ascending */
    int32_t broker_count;
    int64_t partition_count;   /* of all topics */
    int64_t next_producer_id;  /* first id that no block holds */
    int64_t offset;            /* of the last record applied; -1: none */
    int32_t epoch;             /* raft epoch of that record */
    int64_t topics_offset;     /* of the last one that changed topics, or where their replicas are; 0: none */
    int64_t new_topics_offset; /* of the last one that made a topic; 0: none */
    struct arena scratch;      /* of image_apply: the record as decoded */

    /* Grows with every change of a config of clients' metrics. */
    uint64_t client_metrics_changes;
};

void image_init(struct image *image, uint64_t hash_seed);
void image_fini(struct image *image);

/* Applies one record (the frame: version, type, version, fields) at its offset and epoch. False with the
 * reason if it cannot be read or contradicts the image; the image is as before then. Records that we have no
 * use for are kept as they came (struct kept_record). The marks of metadata transactions change nothing: what
 * they hold together is up to the caller. */
bool image_apply(struct image *image, struct slice record, int64_t offset, int32_t epoch, struct note *why);

struct topic *image_find_topic(const struct image *image, struct slice name);
struct topic *image_find_topic_by_id(const struct image *image, struct uuid id);

/* The topic, other than one of this very name, whose name is the same once '.' and '_' are taken for one
 * character and that has one of them; NULL if there is none or `name` itself has neither. */
struct topic *image_find_colliding_topic(const struct image *image, struct slice name);

/* NULL: no such index, or (only before all records of the topic's creation are applied) a hole. */
struct partition_state *image_find_partition(const struct topic *topic, int32_t index);
struct broker_state *image_find_broker(const struct image *image, int32_t id);
struct config_set *image_find_configs(const struct image *image, enum resource_type type, struct slice name);
/* `set` may be NULL. */
const struct config_entry *config_set_find(const struct config_set *set, struct slice name);

/* The finalized level; 0 if the feature was never set. */
int16_t image_feature_level(const struct image *image, struct slice feature);

/* All topics by name, ascending: an array of image->topics_by_name.count, malloc'ed, the caller frees. */
struct topic **image_sorted_topics(const struct image *image);

#endif
