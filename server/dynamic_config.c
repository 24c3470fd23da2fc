/*
 * See dynamic_config.h. broker->config stays what it was at start; who goes by a setting that may change has
 * it from here.
 */
#include "server/dynamic_config.h"

#include "server/broker.h"
#include "server/log_dirs.h"

/* The settings as they are in force; what they point to is broker->config's. */
static struct config in_force(struct broker *broker)
{
    struct config config = broker->config;
    struct config_view view = broker_config_view(broker, cluster_read(broker->cluster));
    config_take_dynamic(&config, &view);
    cluster_read_done(broker->cluster);
    return config;
}

void dynamic_config_start(struct broker *broker)
{
    struct config config = in_force(broker);
    broker->config.storage = config.storage;
    dynamic_config_limit_connections(broker);
    log_dirs_cordon(broker);
}

void dynamic_config_follow(struct broker *broker)
{
    struct config config = in_force(broker);
    partitions_set_cleaner(broker->partitions, &config.storage.cleaner);
    log_dirs_cordon(broker);
}

/* None at all would let nobody in who could set it right: Apache Kafka takes no such change. */
static int32_t limit_of(int32_t now, int32_t at_start)
{
    return now > 0 ? now : at_start;
}

/* The image is read under the lock of what is set: of two threads the later one does not leave older
 * limits. */
void dynamic_config_limit_connections(struct broker *broker)
{
    mutex_lock(&broker->mutex);
    struct config now = in_force(broker);
    broker->max_connections = limit_of(now.max_connections, broker->config.max_connections);
    broker->max_connections_per_ip =
        limit_of(now.max_connections_per_ip, broker->config.max_connections_per_ip);
    condition_broadcast(&broker->connection_ended); /* who waits for a slot looks again */
    mutex_unlock(&broker->mutex);
}
