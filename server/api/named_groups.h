/*
 * named_groups: the groups that one request names, where the answer tells what may be large of each. Who
 * names a group again is told again, as by Apache Kafka, as long as the answer fits the arena's cap; else a
 * few kilobytes of names would be a few gigabytes of answers. Groups that differ take no more than the
 * broker keeps of them.
 */
#ifndef SERVER_API_NAMED_GROUPS_H
#define SERVER_API_NAMED_GROUPS_H

#include "protocol/base/map.h"
#include "server/call.h"

struct named_groups {
    struct call *call; /* borrowed */
    struct map seen;
};

void named_groups_init(struct named_groups *named, struct call *call);
void named_groups_fini(struct named_groups *named);

/* Whether the answer may tell of this group too. If not, the connection is to be closed (call->verdict). The
 * id is borrowed until the end. */
bool named_groups_take(struct named_groups *named, struct slice group_id);

#endif
