/*
 * create_topics: what Metadata shares with CreateTopics.
 */
#ifndef SERVER_API_CREATE_TOPICS_H
#define SERVER_API_CREATE_TOPICS_H

#include "server/call.h"

/* Makes missing topics with the broker's defaults, or as its settings say of its own ones. Null if all could
 * be made; else why the first one could not, which is not told to clients (as in Kafka). Whether the client
 * may have them made is for the caller to ask: nobody may make the broker's internal ones, and the broker
 * makes them for anybody. Blocks for the cluster log's sync. */
struct slice auto_create_topics(struct call *call, const struct slice *names, int32_t count);

#endif
