/*
 * broker: one broker as a value. Opens the directories, the cluster, the partitions; binds; serves until it
 * is closed. Nothing is global and nothing exits, so that two can run in one process.
 */
#ifndef SERVER_BROKER_H
#define SERVER_BROKER_H

#include "metadata/cluster.h"
#include "metadata/config_def.h"
#include "protocol/base/map.h"
#include "server/config.h"
#include "server/fetch_sessions.h"
#include "server/listener.h"
#include "server/tick.h"
#include "storage/partitions.h"

#include <stdatomic.h>

struct connection;
struct group_coordinator;
struct telemetry;
struct throttle;

enum { BROKER_MAX_LISTENERS = 16 };

/* The clients of the listeners of one role. */
struct connection_count {
    struct map per_ip; /* address -> struct ip_count */
    int32_t count;
};

struct broker {
    /* as started; constant once ports are bound (port 0 becomes the bound one, advertised too) */
    struct config config;
    struct data_dir **dirs;
    const char **dir_names; /* their paths as clients know them: absolute */
    int32_t dir_count;
    struct slice cluster_id;
    struct cluster *cluster;
    struct partitions *partitions;
    struct listener *listeners[BROKER_MAX_LISTENERS]; /* config.listeners, then config.controller_listeners */
    struct fetch_sessions *fetch_sessions;
    struct group_coordinator *group_coordinator;
    struct telemetry *telemetry;
    struct throttle *throttle;
    struct tick *tick;
    uint64_t hash_seed; /* random and constant: for maps whose keys clients choose */
    struct arena arena; /* what lives as long as the broker; only broker_open allocates in it */

    struct mutex mutex; /* RANK_BROKER */
    struct condition connection_ended;
    struct connection_count connections[LISTENER_ROLES] GUARDED_BY(mutex);
    int32_t max_connections GUARDED_BY(mutex);
    int32_t max_connections_per_ip GUARDED_BY(mutex);
    bool stopping GUARDED_BY(mutex);
    bool failed GUARDED_BY(mutex); /* it cannot go on */
    void (*on_failure)(void) GUARDED_BY(mutex);

    atomic_bool has_complained_of_topic; /* that an internal one cannot be made */

    int32_t
        offline_dirs_told; /* how many the cluster knows of; the thread that opens, then the ticking one */
};

/* Opens everything and serves when it returns. Takes the config over (also on failure). NULL with the reason
 * in one line. */
struct broker *broker_open(struct config *config, struct note *why);

/* Stops serving within a second, closes everything the clean way. False if something could not be written. */
bool broker_close(struct broker *broker);

/* `on_failure` is called once, by any thread, when the broker cannot go on and is to be closed: at once if
 * that is so already. */
void broker_on_failure(struct broker *broker, void (*on_failure)(void));
void broker_give_up(struct broker *broker, const char *why);

/* ---- for request handlers; any thread ---- */

/* What configs resolve with; `image` is the one that the caller has read-locked. */
struct config_view broker_config_view(const struct broker *broker, const struct image *image);

/* Makes the partitions of a topic that the image assigns to this broker serve: creates their directories and
 * takes leadership. KAFKA_STORAGE_ERROR if one cannot be created. */
enum kerr broker_host_topic(struct broker *broker, struct uuid topic_id);

/* Deletes what this broker hosts of a topic that has left the image. */
void broker_drop_topic(struct broker *broker, struct uuid topic_id, int32_t partition_count);

/* Resolves the settings of one topic's logs again, or of all (null), after configs have changed. */
void broker_refresh_configs(struct broker *broker, struct slice topic);

/* The hosted partition, referenced, by id or (id NULL) by name. NULL: *error says why, as Kafka does:
 * UNKNOWN_TOPIC_ID or UNKNOWN_TOPIC_OR_PARTITION if the cluster has none, NOT_LEADER_OR_FOLLOWER if it is not
 * here. */
struct partition *broker_find_partition(struct broker *broker, const struct uuid *topic_id,
                                        struct slice topic, int32_t index, enum kerr *error);

/* Who leads a partition, for answers that send the client there (KIP-951). -1 and -1 if nobody knows. */
void broker_find_leader(struct broker *broker, const struct partition *partition, int32_t *leader,
                        int32_t *leader_epoch);

/* The advertised endpoint of this broker on the listener that the connection came through. */
const struct endpoint *broker_endpoint_for(const struct broker *broker, const struct connection *connection);

/* 64 random bits; `state` is not used (the type is the controller's). */
uint64_t broker_random(void *state);

/* ---- for the listeners ---- */

/* Waits while max.connections are open to listeners of this role: as in Apache Kafka the broker's and the
 * controller's are counted apart. False: the broker stops. */
bool broker_wait_for_connection_slot(struct broker *broker, enum listener_role role);

/* Counts a client; false if its address has max.connections.per.ip already. */
bool broker_connection_began(struct broker *broker, enum listener_role role, const char *peer);
void broker_connection_ended(struct broker *broker, enum listener_role role, const char *peer);

#endif
