/*
 * dynamic_config: what a running broker does by those settings that may change while it runs and that
 * somebody has to be told of: the cleaner, connections, cordoned directories. The others are looked up where
 * they count: the defaults of topics (metadata/config_view), what groups go by (coordinator/consumer_group).
 */
#ifndef SERVER_DYNAMIC_CONFIG_H
#define SERVER_DYNAMIC_CONFIG_H

struct broker;

/* At start, when the image is there and the partitions are not: what the image says counts more than
 * server.properties. */
void dynamic_config_start(struct broker *broker);

/* After a change of this broker's configs or the cluster's default ones, with the change locked, so that the
 * last one counts: the cleaner and the directories. Takes the image's lock. */
void dynamic_config_follow(struct broker *broker);

/* Likewise the limits of connections, once the change is no longer locked: their lock comes before its. */
void dynamic_config_limit_connections(struct broker *broker);

#endif
