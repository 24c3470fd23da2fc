/*
 * See broker.h. Opening goes through the stages below in order; closing undoes them in the opposite order.
 * Invariants:
 *   1. A listener accepts only when every partition that the image gives us is loaded (ready means ready);
 *      port 0 alone is bound earlier, since the registration tells the port.
 *   2. Everything that a stage makes is in the struct, so that broker_close can undo a half-opened broker.
 *   3. The cluster log says that we lead no more when nobody can ask any more, and before the clean-shutdown
 *      markers say that nothing is missing: a stop that is cut short between is no clean one.
 */
#include "server/broker.h"

#include "protocol/base/ensure.h"
#include "server/connection.h"
#include "server/coordinator/group_coordinator.h"
#include "server/dynamic_config.h"
#include "server/log_dirs.h"
#include "server/telemetry/telemetry.h"
#include "server/throttle/throttle.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/file.h"
#include "storage/os/random.h"

#include <stdio.h>
#include <stdlib.h>

#define DIAG_AREA DIAG_SERVER

enum { STOP_GRACE_MS = 400 }; /* what a stop leaves to answers on their way */

/* ---- random ---- */

uint64_t broker_random(void *state)
{
    (void)state;
    return random_bits();
}

/* ---- the cluster ---- */

static bool open_cluster(struct broker *broker, int64_t previous_broker_epoch, struct note *why)
{
    const struct config *config = &broker->config;
    int32_t log_dir_count;
    struct uuid *log_dirs = log_dirs_in_order(broker, &broker->arena, &log_dir_count);
    struct cluster_node *node = arena_new(&broker->arena, struct cluster_node);
    *node = (struct cluster_node){
        .node_id = config->node_id,
        .rack = config->broker_rack,
        .endpoints = config->advertised_listeners,
        .endpoint_count = config->advertised_listener_count,
        .controller_endpoints = config->advertised_controller_listeners,
        .controller_endpoint_count = config->controller_listener_count,
        .log_dirs = log_dirs,
        .log_dir_paths = log_dirs_paths_in_order(broker, &broker->arena),
        .log_dir_count = log_dir_count,
        .previous_broker_epoch = previous_broker_epoch,
        .config = &config->cluster,
        .static_configs = config->static_configs.entries,
        .static_config_count = config->static_configs.count,
    };
    broker->cluster = cluster_open(log_dirs_metadata(broker), node, why);
    return broker->cluster != NULL;
}

/* ---- partitions ---- */

struct config_view broker_config_view(const struct broker *broker, const struct image *image)
{
    return (struct config_view){
        .image = image, .static_configs = &broker->config.static_configs, .node_id = broker->config.node_id};
}

static bool is_replica(const struct partition_state *state, int32_t node_id, struct uuid *directory)
{
    for (int32_t i = 0; i < state->replicas.count; i++) {
        if (state->replicas.items[i] != node_id)
            continue;
        *directory = state->directories != NULL ? state->directories[i] : UUID_ZERO;
        return true;
    }
    return false;
}

/* The partitions of a topic that are ours, into an array that has room. Names borrow from the image. */
static size_t hosted_of_topic(const struct broker *broker, const struct image *image,
                              const struct topic *topic, struct hosted_partition *hosted)
{
    struct config_view view = broker_config_view(broker, image);
    struct log_config config;
    resolve_log_config(&view, topic->name, &config);
    size_t count = 0;
    const struct broker_state *self = image_find_broker(image, broker->config.node_id);
    bool is_registered = self != NULL && self->epoch >= 0;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        const struct partition_state *state = &topic->partitions[i];
        struct uuid directory;
        if (!is_replica(state, broker->config.node_id, &directory))
            continue;
        if (!is_registered) /* the ids of a log that was written by hand are anybody's */
            directory = UUID_ZERO;
        hosted[count++] = (struct hosted_partition){
            .topic = topic->name,
            .topic_id = topic->id,
            .index = i,
            .leader_epoch = state->leader_epoch,
            .is_leader = state->leader == broker->config.node_id,
            .directory_id = directory,
            .config = config,
        };
    }
    return count;
}

static bool load_partitions(struct broker *broker, struct note *why)
{
    broker->partitions = partitions_new(broker->dirs, broker->dir_count, &broker->config.storage);
    const struct image *image = cluster_read(broker->cluster);
    struct hosted_partition *hosted = calloc((size_t)image->partition_count + 1, sizeof *hosted);
    ensure(hosted != NULL && "out of memory");
    size_t count = 0;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&image->topics_by_name, &cursor)) != NULL;)
        count += hosted_of_topic(broker, image, entry->value, hosted + count);
    /* Nobody changes the image before the listeners are open, so that it may be read across this I/O. */
    enum kerr error = partitions_load(broker->partitions, hosted, count, why);
    cluster_read_done(broker->cluster);
    free(hosted);
    return error == KERR_NONE;
}

/* A copy of what the image says of one topic's partitions here, so that no lock is held while they are
 * created. */
static struct hosted_partition *copy_hosted(struct broker *broker, struct uuid topic_id, struct arena *arena,
                                            size_t *count)
{
    *count = 0;
    struct hosted_partition *hosted = NULL;
    const struct image *image = cluster_read(broker->cluster);
    const struct topic *topic = image_find_topic_by_id(image, topic_id);
    if (topic != NULL) {
        hosted = arena_new_array(arena, struct hosted_partition, topic->partition_count);
        *count = hosted_of_topic(broker, image, topic, hosted);
        struct slice name = arena_dup(arena, topic->name);
        for (size_t i = 0; i < *count; i++)
            hosted[i].topic = name;
    }
    cluster_read_done(broker->cluster);
    return hosted;
}

enum kerr broker_host_topic(struct broker *broker, struct uuid topic_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    size_t count;
    struct hosted_partition *hosted = copy_hosted(broker, topic_id, &arena, &count);
    enum kerr result = partitions_create_all(broker->partitions, hosted, count);
    arena_fini(&arena);
    return result;
}

void broker_drop_topic(struct broker *broker, struct uuid topic_id, int32_t partition_count)
{
    for (int32_t i = 0; i < partition_count; i++)
        partitions_delete(broker->partitions, topic_id, i);
}

static void refresh_topic(struct broker *broker, struct uuid topic_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    size_t count;
    struct hosted_partition *hosted = copy_hosted(broker, topic_id, &arena, &count);
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = partitions_find_by_id(broker->partitions, topic_id, hosted[i].index);
        if (partition == NULL)
            continue;
        partition_set_config(partition, &hosted[i].config);
        partition_unref(partition);
    }
    arena_fini(&arena);
}

void broker_refresh_configs(struct broker *broker, struct slice topic)
{
    const struct image *image = cluster_read(broker->cluster);
    size_t count = 0;
    struct uuid *ids = calloc(image->topics_by_name.count + 1, sizeof *ids);
    ensure(ids != NULL && "out of memory");
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&image->topics_by_name, &cursor)) != NULL;)
        if (slice_is_null(topic) || slice_equal(entry->key, topic))
            ids[count++] = ((const struct topic *)entry->value)->id;
    cluster_read_done(broker->cluster);
    for (size_t i = 0; i < count; i++)
        refresh_topic(broker, ids[i]);
    free(ids);
}

struct partition *broker_find_partition(struct broker *broker, const struct uuid *topic_id,
                                        struct slice topic, int32_t index, enum kerr *error)
{
    struct partition *partition = topic_id != NULL
                                      ? partitions_find_by_id(broker->partitions, *topic_id, index)
                                      : partitions_find(broker->partitions, topic, index);
    if (partition != NULL)
        return partition;
    const struct image *image = cluster_read(broker->cluster);
    const struct topic *known =
        topic_id != NULL ? image_find_topic_by_id(image, *topic_id) : image_find_topic(image, topic);
    *error = KERR_NOT_LEADER_OR_FOLLOWER;
    if (known == NULL)
        *error = topic_id != NULL ? KERR_UNKNOWN_TOPIC_ID : KERR_UNKNOWN_TOPIC_OR_PARTITION;
    else if (image_find_partition(known, index) == NULL)
        *error = KERR_UNKNOWN_TOPIC_OR_PARTITION;
    cluster_read_done(broker->cluster);
    return NULL;
}

void broker_find_leader(struct broker *broker, const struct partition *partition, int32_t *leader,
                        int32_t *leader_epoch)
{
    *leader = *leader_epoch = -1;
    const struct image *image = cluster_read(broker->cluster);
    const struct topic *topic = image_find_topic_by_id(image, partition_topic_id(partition));
    const struct partition_state *state =
        topic ? image_find_partition(topic, partition_index(partition)) : NULL;
    if (state != NULL) {
        *leader = state->leader;
        *leader_epoch = state->leader_epoch;
    }
    cluster_read_done(broker->cluster);
}

/* ---- listeners ---- */

static int32_t listener_count(const struct broker *broker)
{
    return broker->config.listener_count + broker->config.controller_listener_count;
}

/* What the listener of this number binds, and whose it is. */
static struct endpoint *endpoint_at(struct broker *broker, int32_t at, enum listener_role *role)
{
    struct config *config = &broker->config;
    *role = at < config->listener_count ? LISTENER_OF_BROKER : LISTENER_OF_CONTROLLER;
    return *role == LISTENER_OF_BROKER ? &config->listeners[at]
                                       : &config->controller_listeners[at - config->listener_count];
}

static void advertise_port(struct endpoint *advertised, int32_t count, const struct endpoint *bound)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_equal(advertised[i].name, bound->name) && advertised[i].port == 0)
            advertised[i].port = bound->port;
}

static bool bind_listener(struct broker *broker, int32_t at, struct note *why)
{
    struct config *config = &broker->config;
    enum listener_role role;
    struct endpoint *endpoint = endpoint_at(broker, at, &role);
    broker->listeners[at] = listener_open(broker, role, endpoint, why);
    if (broker->listeners[at] == NULL) {
        note_prefix(why, "listener %.*s", SLICE_ARGS(endpoint->name));
        return false;
    }
    endpoint->port = listener_port(broker->listeners[at]);
    advertise_port(config->advertised_listeners, config->advertised_listener_count, endpoint);
    advertise_port(config->advertised_controller_listeners, config->controller_listener_count, endpoint);
    return true;
}

static bool bind_listeners(struct broker *broker, bool only_port_0, struct note *why)
{
    enum listener_role role;
    for (int32_t i = 0; i < listener_count(broker); i++)
        if (broker->listeners[i] == NULL && (!only_port_0 || endpoint_at(broker, i, &role)->port == 0)
            && !bind_listener(broker, i, why))
            return false;
    return true;
}

static bool start_listeners(struct broker *broker, struct note *why)
{
    for (int32_t i = 0; i < listener_count(broker); i++)
        if (!listener_start(broker->listeners[i], why))
            return false;
    return true;
}

const struct endpoint *broker_endpoint_for(const struct broker *broker, const struct connection *connection)
{
    struct slice name = listener_name(connection->listener);
    for (int32_t i = 0; i < broker->config.advertised_listener_count; i++)
        if (slice_equal(broker->config.advertised_listeners[i].name, name))
            return &broker->config.advertised_listeners[i];
    ensure(false && "a bound listener is always advertised");
    return NULL;
}

/* How many clients one address has. The key of its map entry. */
struct ip_count {
    int32_t count;
    char address[NET_ADDRESS_SIZE];
};

bool broker_wait_for_connection_slot(struct broker *broker, enum listener_role role)
{
    mutex_lock(&broker->mutex);
    while (broker->connections[role].count >= broker->max_connections && !broker->stopping)
        condition_wait(&broker->connection_ended, &broker->mutex);
    bool go_on = !broker->stopping;
    mutex_unlock(&broker->mutex);
    return go_on;
}

bool broker_connection_began(struct broker *broker, enum listener_role role, const char *peer)
{
    mutex_lock(&broker->mutex);
    struct connection_count *connections = &broker->connections[role];
    struct ip_count *ip = map_find(&connections->per_ip, slice_str(peer));
    bool welcome = (ip == NULL ? 0 : ip->count) < broker->max_connections_per_ip;
    if (welcome && ip == NULL) {
        ip = calloc(1, sizeof *ip);
        ensure(ip != NULL && "out of memory");
        snprintf(ip->address, sizeof ip->address, "%s", peer);
        map_put(&connections->per_ip, slice_str(ip->address), ip);
    }
    if (welcome) {
        ip->count++;
        connections->count++;
    }
    mutex_unlock(&broker->mutex);
    return welcome;
}

void broker_connection_ended(struct broker *broker, enum listener_role role, const char *peer)
{
    mutex_lock(&broker->mutex);
    struct connection_count *connections = &broker->connections[role];
    struct ip_count *ip = map_find(&connections->per_ip, slice_str(peer));
    ensure(ip != NULL && ip->count > 0);
    if (--ip->count == 0) {
        map_remove(&connections->per_ip, slice_str(peer));
        free(ip);
    }
    connections->count--;
    condition_broadcast(&broker->connection_ended);
    mutex_unlock(&broker->mutex);
}

/* ---- opening and closing ---- */

static struct broker *new_broker(struct config *config)
{
    struct broker *broker = calloc(1, sizeof *broker);
    ensure(broker != NULL && "out of memory");
    broker->config = *config;
    arena_init(&broker->arena, SIZE_MAX);
    mutex_init(&broker->mutex, RANK_BROKER);
    condition_init(&broker->connection_ended);
    broker->hash_seed = broker_random(NULL);
    for (int i = 0; i < LISTENER_ROLES; i++)
        map_init(&broker->connections[i].per_ip, broker->hash_seed);
    return broker;
}

static void open_throttle(struct broker *broker)
{
    const struct config *config = &broker->config;
    struct throttle_settings settings = {
        .window = {config->quota_window_num, (int64_t)config->quota_window_size_seconds * 1000},
        .controller_window = {config->controller_quota_window_num,
                              (int64_t)config->controller_quota_window_size_seconds * 1000},
    };
    broker->throttle = throttle_new(&settings, broker_random(NULL));
    throttle_follow(broker->throttle, &cluster_read(broker->cluster)->quotas);
    cluster_read_done(broker->cluster);
}

static bool open_stages(struct broker *broker, struct note *why)
{
    if (listener_count(broker) > BROKER_MAX_LISTENERS) {
        note_set(why, "listeners: more than %d", BROKER_MAX_LISTENERS);
        return false;
    }
    if (!log_dirs_open(broker, why) || !bind_listeners(broker, true, why))
        return false;
    data_dir_introduce(broker->dirs, broker->dir_count);
    int64_t previous_epoch = log_dirs_begin(broker);
    if (!open_cluster(broker, previous_epoch, why))
        return false;
    dynamic_config_start(broker);
    if (!load_partitions(broker, why) || !log_dirs_start(broker, why))
        return false;
    broker->fetch_sessions =
        fetch_sessions_new(broker->config.max_incremental_fetch_session_cache_slots, broker_random(NULL));
    broker->group_coordinator = group_coordinator_new(broker);
    open_throttle(broker);
    broker->telemetry = telemetry_new(broker_random(NULL));
    broker->tick = tick_start(broker, why);
    return broker->tick != NULL && bind_listeners(broker, false, why) && start_listeners(broker, why);
}

struct broker *broker_open(struct config *config, struct note *why)
{
    struct broker *broker = new_broker(config);
    if (open_stages(broker, why))
        return broker;
    broker_close(broker);
    return NULL;
}

void broker_on_failure(struct broker *broker, void (*on_failure)(void))
{
    mutex_lock(&broker->mutex);
    broker->on_failure = on_failure;
    bool failed = broker->failed;
    mutex_unlock(&broker->mutex);
    if (failed && on_failure != NULL)
        on_failure();
}

void broker_give_up(struct broker *broker, const char *why)
{
    mutex_lock(&broker->mutex);
    void (*on_failure)(void) = broker->failed ? NULL : broker->on_failure;
    bool is_first = !broker->failed;
    broker->failed = true;
    mutex_unlock(&broker->mutex);
    if (is_first)
        diag_error("%s: the broker has to stop", why);
    if (on_failure != NULL)
        on_failure();
}

static void stop_serving(struct broker *broker)
{
    mutex_lock(&broker->mutex);
    broker->stopping = true;
    condition_broadcast(&broker->connection_ended);
    mutex_unlock(&broker->mutex);
    for (int i = 0; i < BROKER_MAX_LISTENERS; i++)
        if (broker->listeners[i] != NULL)
            listener_stop(broker->listeners[i]);
    int64_t deadline_ms = clock_monotonic_ms() + STOP_GRACE_MS;
    for (int i = 0; i < BROKER_MAX_LISTENERS; i++)
        if (broker->listeners[i] != NULL)
            listener_close(broker->listeners[i], deadline_ms);
}

bool broker_close(struct broker *broker)
{
    stop_serving(broker);
    tick_stop(broker->tick);
    fetch_sessions_free(broker->fetch_sessions);
    group_coordinator_free(broker->group_coordinator);
    telemetry_free(broker->telemetry);
    throttle_free(broker->throttle);
    bool clean = true;
    if (broker->cluster != NULL)
        cluster_shut_down(broker->cluster);
    if (broker->partitions != NULL)
        clean = partitions_close(broker->partitions, cluster_broker_epoch(broker->cluster));
    if (broker->cluster != NULL)
        cluster_close(broker->cluster);
    for (int32_t i = 0; i < broker->dir_count; i++)
        data_dir_close(broker->dirs[i]);
    for (int i = 0; i < LISTENER_ROLES; i++)
        map_fini(&broker->connections[i].per_ip);
    condition_fini(&broker->connection_ended);
    mutex_fini(&broker->mutex);
    arena_fini(&broker->arena);
    config_fini(&broker->config);
    free(broker);
    return clean;
}
