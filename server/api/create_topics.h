/*
 * create_topics: what Metadata shares with CreateTopics.
 */
#ifndef SERVER_API_CREATE_TOPICS_H
#define SERVER_API_CREATE_TOPICS_H

#include "server/call.h"

/* Makes missing topics with the broker's defaults, as far as possible; failures are not told to anybody (as
 * in Kafka). Whether the client may have them made is for the caller to ask: nobody may make the broker's
 * internal ones, and the broker makes them for anybody. Blocks for the cluster log's sync. */
void auto_create_topics(struct call *call, const struct slice *names, int32_t count);

#endif
