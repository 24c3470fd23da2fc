/*
 * assignor: who of a consumer group's members shall own which partitions (KIP-848). Pure functions of the
 * members, their topics and who owned what before; the same input gives the same output. Each partition of a
 * topic that somebody is subscribed to gets exactly one owner, who is subscribed to it.
 */
#ifndef SERVER_COORDINATOR_ASSIGNOR_H
#define SERVER_COORDINATOR_ASSIGNOR_H

#include "protocol/base/arena.h"
#include "protocol/base/uuid.h"

enum { NO_OWNER = -1 };

struct assignor_topic {
    struct uuid id;
    int32_t partition_count;
    int32_t *owners; /* by partition, an index of members or NO_OWNER: in, who owned it; out, who shall */
};

struct assignor_member {
    struct slice id;
    struct slice instance_id; /* null: no static member */
    const int32_t *topics;    /* what it is subscribed to: indexes of topics, each once */
    int32_t topic_count;
};

/* Members and topics in the order in which ties are broken. */
struct assignor_group {
    const struct assignor_member *members; /* at least one */
    int32_t member_count;
    struct assignor_topic *topics;
    int32_t topic_count;
    bool homogeneous;    /* all members are subscribed to the same topics */
    struct arena *arena; /* for what the computation needs */
};

struct assignor {
    const char *name; /* as clients and group.consumer.assignors name it */
    void (*assign)(struct assignor_group *group);
};

/* NULL: there is none of this name. */
const struct assignor *find_assignor(struct slice name);

/* Members own as many partitions as each other, but for one where the subscriptions are the same; what a
 * member owned it keeps where that allows it. */
void uniform_assign(struct assignor_group *group);
void uniform_assign_heterogeneous(struct assignor_group *group);

/* Each topic for itself in ranges of neighbours, so that members with the same subscriptions get the same
 * partitions of topics with as many. */
void range_assign(struct assignor_group *group);

#endif
