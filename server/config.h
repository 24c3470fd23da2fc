/*
 * config: what server.properties, the command line and the presets say, checked and typed. Names, units and
 * defaults are Kafka's (docs/config.md).
 *
 * A value; filled once at the start by one thread, constant afterwards. Everything it points to lives in its
 * arena.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "metadata/cluster_config.h"
#include "metadata/config_def.h"
#include "metadata/image.h"
#include "protocol/base/arena.h"
#include "protocol/base/note.h"
#include "storage/storage_config.h"

/* One --override name=value of the command line; borrowed. */
struct override {
    struct slice name;
    struct slice value;
};

/* Security protocols as broker registrations number them. */
enum security_protocol {
    PROTOCOL_PLAINTEXT = 0,
    PROTOCOL_SSL = 1,
    PROTOCOL_SASL_PLAINTEXT = 2,
    PROTOCOL_SASL_SSL = 3
};

/* Who decides who may do what. Only Apache Kafka's StandardAuthorizer is there to be named. */
struct authorizer_config {
    bool configured;
    bool allow_everyone_if_no_acl_found;
    struct slice *super_users; /* "User:name" */
    int32_t super_user_count;
};

struct config {
    struct arena arena;

    /* Who we are and where. */
    int32_t node_id;
    struct slice broker_rack;   /* null: none */
    struct endpoint *listeners; /* to bind, without the controller's; host "": every address, port 0: any */
    int32_t listener_count;
    /* what clients are told; port 0: as bound (the listener of the same name) */
    struct endpoint *advertised_listeners;
    int32_t advertised_listener_count;
    /* to bind as well, in the order of controller.listener.names; and what the cluster is told of them */
    struct endpoint *controller_listeners, *advertised_controller_listeners;
    int32_t controller_listener_count;
    struct slice inter_broker_listener_name;

    /* Where data lies; terminated strings. */
    const char **log_dirs;
    int32_t log_dir_count;
    const char *metadata_log_dir; /* the first of log_dirs, unless set */
    struct cluster_config cluster;

    /* Topics. */
    int32_t num_partitions;
    int32_t default_replication_factor;
    bool auto_create_topics_enable;
    bool delete_topic_enable;

    /* Clients. */
    int32_t socket_request_max_bytes;
    int32_t socket_send_buffer_bytes;    /* negative: the system's own */
    int32_t socket_receive_buffer_bytes; /* likewise */
    int32_t socket_listen_backlog_size;
    int32_t max_connections; /* at start, as the next and storage.cleaner: see dynamic_config.h */
    int32_t max_connections_per_ip;
    int64_t connections_max_idle_ms; /* negative: never */
    int32_t fetch_max_bytes;
    int32_t telemetry_max_bytes;
    int32_t quota_window_num;
    int32_t quota_window_size_seconds;
    int32_t controller_quota_window_num;
    int32_t controller_quota_window_size_seconds;
    int32_t max_incremental_fetch_session_cache_slots;
    int32_t max_request_partition_size_limit;
    int32_t queued_max_requests;
    int64_t queued_max_request_bytes; /* -1: no limit */

    /* Logs, beyond what resolve_log_config gives. */
    struct storage_config storage;
    int64_t log_flush_scheduler_interval_ms;
    int32_t producer_id_expiration_ms;

    struct authorizer_config authorizer;

    /* Everything that was set, by name, for DescribeConfigs (source 4) and topic defaults. broker.id and
     * node.id are both there, as Kafka has it. */
    struct config_set static_configs;

    /* One line each: keys that nobody knows, and known ones that are not honoured. */
    struct slice *warnings;
    int32_t warning_count;

    /* What --dev has set, in one line; null without it. */
    struct slice dev_line;
};

/*
 * Fills the struct. `path` NULL: no file, but port 9092, node 1 and data in /tmp/kraft-combined-logs.
 * Overrides win over the file, both over what `dev` presets. False with one line that names the file and line
 * (or the override):
 * "/tmp/server.properties:7: num.partitions=abc: Not a number of type INT". May block on the file.
 */
bool config_load(struct config *config, const char *path, const struct override *overrides, size_t count,
                 bool dev, struct note *why);

/* Takes over, from where the view finds it, what may change while a broker runs. Any thread that holds the
 * view's image still; the config is its own. What is no value there changes nothing: config_find_taken. */
void config_take_dynamic(struct config *config, const struct config_view *view);

/* Also right after config_load has failed. */
void config_fini(struct config *config);

#endif
