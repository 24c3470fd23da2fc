/*
 * image_brokers: the registered brokers of an image, sorted by id. Their strings and arrays are copies of
 * their own.
 */
#include "metadata/image_parts.h"

#include "protocol/base/memory.h"

#include <stdlib.h>

struct broker_state *image_find_broker(const struct image *image, int32_t id)
{
    for (int32_t i = 0; i < image->broker_count; i++)
        if (image->brokers[i].id == id)
            return &image->brokers[i];
    return NULL;
}

struct broker_state *image_get_registered(struct image *image, int32_t id, int64_t epoch, struct note *why)
{
    struct broker_state *broker = image_find_broker(image, id);
    if (broker != NULL && broker->epoch == epoch)
        return broker;
    if (broker == NULL)
        note_set(why, "broker %d is not registered", id);
    else
        note_set(why, "broker %d has the epoch %lld, not %lld", id, (long long)broker->epoch,
                 (long long)epoch);
    return NULL;
}

static void free_broker(struct broker_state *broker)
{
    for (int32_t i = 0; i < broker->endpoint_count; i++) {
        free((void *)(uintptr_t)broker->endpoints[i].name.data);
        free((void *)(uintptr_t)broker->endpoints[i].host.data);
    }
    free(broker->endpoints);
    for (int32_t i = 0; i < broker->feature_count; i++)
        free((void *)(uintptr_t)broker->features[i].name.data);
    free(broker->features);
    free(broker->log_dirs);
    free(broker->cordoned_log_dirs);
    free((void *)(uintptr_t)broker->rack.data);
}

static struct uuid *copy_uuids(const struct uuid *from, int32_t count)
{
    struct uuid *to = memory_alloc(count < 0 ? 0 : sizeof *to * (size_t)count);
    if (count > 0)
        memcpy(to, from, sizeof *to * (size_t)count);
    return to;
}

static struct broker_state copy_broker(const struct broker_state *from)
{
    struct broker_state to = *from;
    to.endpoints = memory_alloc(sizeof *to.endpoints * (size_t)from->endpoint_count);
    for (int32_t i = 0; i < from->endpoint_count; i++) {
        to.endpoints[i] = from->endpoints[i];
        to.endpoints[i].name = memory_dup(from->endpoints[i].name);
        to.endpoints[i].host = memory_dup(from->endpoints[i].host);
    }
    to.features = memory_alloc(sizeof *to.features * (size_t)from->feature_count);
    for (int32_t i = 0; i < from->feature_count; i++) {
        to.features[i] = from->features[i];
        to.features[i].name = memory_dup(from->features[i].name);
    }
    to.log_dirs = copy_uuids(from->log_dirs, from->log_dir_count);
    to.cordoned_log_dirs = copy_uuids(from->cordoned_log_dirs, from->cordoned_log_dir_count);
    to.rack = memory_dup(from->rack);
    return to;
}

/* Makes a place for this id, behind all lower ones. */
static struct broker_state *insert_place(struct image *image, int32_t id)
{
    int32_t at = 0;
    while (at < image->broker_count && image->brokers[at].id < id)
        at++;
    struct broker_state *brokers = memory_alloc(sizeof *brokers * (size_t)(image->broker_count + 1));
    if (image->broker_count > 0) {
        memcpy(brokers, image->brokers, sizeof *brokers * (size_t)at);
        memcpy(brokers + at + 1, image->brokers + at, sizeof *brokers * (size_t)(image->broker_count - at));
    }
    free(image->brokers);
    image->brokers = brokers;
    image->broker_count++;
    return &brokers[at];
}

void image_put_broker(struct image *image, const struct broker_state *broker)
{
    struct broker_state copy = copy_broker(broker);
    struct broker_state *place = image_find_broker(image, broker->id);
    if (place != NULL)
        free_broker(place);
    else
        place = insert_place(image, broker->id);
    *place = copy;
}

void image_remove_broker(struct image *image, struct broker_state *broker)
{
    free_broker(broker);
    size_t behind = (size_t)(image->brokers + image->broker_count - broker) - 1;
    memmove(broker, broker + 1, sizeof *broker * behind);
    image->broker_count--;
}

void broker_set_log_dirs(struct broker_state *broker, const struct uuid *log_dirs, int32_t count)
{
    struct uuid *copy = copy_uuids(log_dirs, count);
    free(broker->log_dirs);
    broker->log_dirs = copy;
    broker->log_dir_count = count;
}

void broker_set_cordoned_log_dirs(struct broker_state *broker, const struct uuid *log_dirs, int32_t count)
{
    struct uuid *copy = copy_uuids(log_dirs, count);
    free(broker->cordoned_log_dirs);
    broker->cordoned_log_dirs = copy;
    broker->cordoned_log_dir_count = count;
}

void image_free_brokers(struct image *image)
{
    for (int32_t i = 0; i < image->broker_count; i++)
        free_broker(&image->brokers[i]);
    free(image->brokers);
    image->brokers = NULL;
    image->broker_count = 0;
}
