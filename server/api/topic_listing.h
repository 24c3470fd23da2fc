/*
 * topic_listing: what Metadata, DescribeTopicPartitions and DescribeCluster say alike about brokers and
 * partitions. Called with the image read-locked; everything is copied into the call's arena.
 */
#ifndef SERVER_API_TOPIC_LISTING_H
#define SERVER_API_TOPIC_LISTING_H

#include "metadata/image.h"
#include "protocol/schema/schema.h"
#include "server/call.h"

/* A broker as clients of this call's listener see it. */
struct listed_broker {
    int32_t id;
    struct slice host;
    int32_t port;
    struct slice rack;
    bool fenced;
};

/* False: the broker has no endpoint on the listener of this connection. */
bool list_broker(struct call *call, const struct broker_state *broker, struct listed_broker *to);

/* Brokers that have an endpoint on the listener of this connection, by id; fenced ones too if asked for. In
 * the arena. */
struct listed_broker *list_brokers(struct call *call, const struct image *image, bool with_fenced,
                                   int32_t *count);

/* The authorized operations of the cluster; none where the client may not even describe it. */
int32_t cluster_operations(const struct call *call);

/* What stands for the controller, which no client can reach: one of these that lives, this node if it is
 * among them; -1: none lives. */
int32_t any_live_broker(struct call *call, const struct listed_broker *brokers, int32_t count);

/* Whether clients of this listener can reach the broker. */
bool is_reachable(struct call *call, const struct image *image, int32_t broker_id);

/* `to` is any ARRAY_OF(int32_t). */
void list_ids(struct call *call, struct broker_ids from, void *to);
void list_offline_replicas(struct call *call, const struct image *image, const struct partition_state *state,
                           void *to);

#endif
