/*
 * AlterReplicaLogDirs v1-2. Moves replicas between this broker's log directories: kafka-apis 16. Answered
 * at once; the copying goes on in the background, and DescribeLogDirs shows it. Blocks for the making of
 * a directory.
 */
#include "protocol/messages/alter_replica_log_dirs.h"

#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/log_dirs.h"
#include "server/security/authorize.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 255, FUTURE_BYTES = 1 + 32 + 7 /* ".<id>-future" */ };

/* Whether the name of the directory that it is copied into would be too long. */
static bool is_too_long(struct slice topic, int32_t index)
{
    int digits = snprintf(NULL, 0, "-%d", (int)index);
    return topic.len + (size_t)digits + FUTURE_BYTES > NAME_MAX_BYTES;
}

static bool is_known(struct broker *broker, struct slice name, int32_t index)
{
    const struct image *image = cluster_read(broker->cluster);
    const struct topic *topic = image_find_topic(image, name);
    bool known = topic != NULL && image_find_partition(topic, index) != NULL;
    cluster_read_done(broker->cluster);
    return known;
}

static enum kerr move(struct broker *broker, struct slice path, struct slice topic, int32_t index)
{
    if (is_too_long(topic, index))
        return KERR_INVALID_TOPIC_EXCEPTION;
    struct data_dir *dir = log_dirs_find(broker, path);
    if (dir == NULL)
        return KERR_LOG_DIR_NOT_FOUND;
    if (!data_dir_is_offline(dir) && data_dir_is_cordoned(dir))
        return KERR_INVALID_REPLICA_ASSIGNMENT;
    enum kerr error = partitions_set_dir(broker->partitions, topic, index, dir);
    if (error == KERR_REPLICA_NOT_AVAILABLE && !is_known(broker, topic, index))
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    return error;
}

/* ---- the request by topic: of a partition that comes twice the last directory counts ---- */

struct asked {
    struct slice topic;
    struct slice path;
    int32_t index;
    int32_t order; /* in the request */
};

static int32_t count_asked(const struct alter_replica_log_dirs_request *request)
{
    int32_t count = 0;
    for (int32_t i = 0; i < request->dirs.count; i++)
        for (int32_t j = 0; j < request->dirs.items[i].topics.count; j++)
            count += request->dirs.items[i].topics.items[j].partitions.count;
    return count;
}

static void fill_asked(const struct alter_replica_log_dirs_request *request, struct asked *asked)
{
    int32_t at = 0;
    for (int32_t i = 0; i < request->dirs.count; i++) {
        const struct alter_replica_log_dirs_dir *dir = &request->dirs.items[i];
        for (int32_t j = 0; j < dir->topics.count; j++) {
            const struct alter_replica_log_dirs_topic *topic = &dir->topics.items[j];
            for (int32_t k = 0; k < topic->partitions.count; k++, at++)
                asked[at] = (struct asked){topic->name, dir->path, topic->partitions.items[k], at};
        }
    }
}

static int compare_asked(const void *a, const void *b)
{
    const struct asked *left = a;
    const struct asked *right = b;
    int order = slice_compare(left->topic, right->topic);
    if (order != 0)
        return order;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* One topic's answers; returns where the next topic begins. */
static int32_t answer_topic(struct call *call, bool allowed, const struct asked *asked, int32_t at,
                            int32_t count, struct alter_replica_log_dirs_response_topic *answer)
{
    int32_t end = at;
    while (end < count && slice_equal(asked[end].topic, asked[at].topic))
        end++;
    answer->topic_name = asked[at].topic;
    array_init(&answer->partitions, alter_replica_log_dirs_response_partition, call->arena, end - at);
    answer->partitions.count = 0;
    for (; at < end; at++) {
        if (at + 1 < end && asked[at + 1].index == asked[at].index)
            continue;
        struct alter_replica_log_dirs_response_partition *partition =
            &answer->partitions.items[answer->partitions.count++];
        partition->partition_index = asked[at].index;
        partition->error_code =
            allowed ? (int16_t)move(call->broker, asked[at].path, asked[at].topic, asked[at].index)
                    : KERR_CLUSTER_AUTHORIZATION_FAILED;
    }
    return end;
}

void handle_alter_replica_log_dirs(struct call *call)
{
    struct alter_replica_log_dirs_response *response = call->response;
    int32_t count = count_asked(call->request);
    struct asked *asked = arena_new_array(call->arena, struct asked, count);
    fill_asked(call->request, asked);
    if (count > 0)
        qsort(asked, (size_t)count, sizeof *asked, compare_asked);
    array_init(&response->results, alter_replica_log_dirs_response_topic, call->arena, count);
    response->results.count = 0;
    bool allowed = authorize_cluster(call, ACL_ALTER);
    for (int32_t at = 0; at < count;)
        at = answer_topic(call, allowed, asked, at, count,
                          &response->results.items[response->results.count++]);
}
