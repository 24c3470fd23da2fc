/*
 * consumer_absent: what groups.c asks of a group of the consumer protocol, while there are none: the
 * protocol is not on offer (groups_config.consumer_protocol), so nobody gets here. Records of such groups,
 * which an Apache Kafka has left, stay in the log as they are.
 */
#include "protocol/base/ensure.h"
#include "server/coordinator/consumer_group.h"

#define EVENT_FUNCTION(name)                                                               \
    void name(struct groups *groups, struct group *group, const struct group_event *event, \
              struct group_effects *effects)                                               \
    {                                                                                      \
        (void)groups, (void)group, (void)event, (void)effects;                             \
        ensure(false);                                                                     \
    }

EVENT_FUNCTION(consumer_group_heartbeat)
EVENT_FUNCTION(consumer_group_classic_join)
EVENT_FUNCTION(consumer_group_classic_sync)
EVENT_FUNCTION(consumer_group_classic_heartbeat)
EVENT_FUNCTION(consumer_group_classic_leave)
EVENT_FUNCTION(consumer_group_time)

void consumer_group_describe(const struct group *group, const struct image *image,
                             struct consumer_group_describe_response_group *answer, struct arena *arena)
{
    (void)group, (void)image, (void)answer, (void)arena;
    ensure(false);
}

const char *consumer_group_state_name(const struct group *group)
{
    ensure(group == NULL);
    return NULL;
}

bool consumer_group_is_empty(const struct group *group)
{
    ensure(group == NULL);
    return false;
}

enum kerr consumer_group_check_committer(struct groups *groups, struct group *group,
                                         const struct offset_committer *committer)
{
    (void)groups, (void)committer;
    ensure(group == NULL);
    return KERR_NONE;
}

enum kerr consumer_group_check_fetcher(const struct group *group, struct slice member_id,
                                       int32_t member_epoch)
{
    (void)member_id, (void)member_epoch;
    ensure(group == NULL);
    return KERR_NONE;
}

bool consumer_group_is_subscribed(const struct group *group, struct slice topic)
{
    (void)topic;
    ensure(group == NULL);
    return false;
}

void consumer_group_write_tombstones(const struct group *group, struct group_effects *effects)
{
    (void)group, (void)effects;
    ensure(false);
}

void consumer_group_apply(struct groups *groups, const struct group_record *record)
{
    (void)groups, (void)record;
}

void consumer_group_loaded(struct groups *groups, struct group *group, int64_t now_ms,
                           struct group_effects *effects)
{
    (void)groups, (void)group, (void)now_ms, (void)effects;
    ensure(false);
}

void consumer_group_free(struct consumer_group *consumer)
{
    ensure(consumer == NULL);
}
