#include "server/api/named_groups.h"

#include "server/broker.h"

void named_groups_init(struct named_groups *named, struct call *call)
{
    named->call = call;
    map_init(&named->seen, call->broker->hash_seed);
}

void named_groups_fini(struct named_groups *named)
{
    map_fini(&named->seen);
}

bool named_groups_take(struct named_groups *named, struct slice group_id)
{
    if (map_put(&named->seen, group_id, named) != NULL && arena_is_full(named->call->arena))
        named->call->verdict = CALL_CLOSE;
    return named->call->verdict != CALL_CLOSE;
}
