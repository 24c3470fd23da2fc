/*
 * image_topics: topics and partitions of an image.
 *
 * Invariants:
 * 1. image->partition_count is the number of partitions that exist; a hole (replicas.items NULL) is none.
 *    Holes are there only while the records of one creation are applied one by one.
 * 2. A partition's arrays are one allocation (see image.h), made anew with every change.
 */
#include "metadata/image_parts.h"

#include "protocol/base/memory.h"

#include <stdlib.h>

/* ---- names that collide ---- */

enum { TOPIC_NAME_MAX = 249 };

static bool has_collision_char(struct slice name)
{
    return name.len > 0
           && (memchr(name.data, '.', name.len) != NULL || memchr(name.data, '_', name.len) != NULL);
}

static void write_normal_name(struct slice name, uint8_t *normal)
{
    for (size_t i = 0; i < name.len; i++)
        normal[i] = name.data[i] == '.' ? '_' : name.data[i];
}

struct topic *image_find_colliding_topic(const struct image *image, struct slice name)
{
    uint8_t normal[TOPIC_NAME_MAX];
    if (name.len > sizeof normal || !has_collision_char(name))
        return NULL;
    write_normal_name(name, normal);
    struct topic *topic = map_find(&image->topics_by_normal, slice_of(normal, name.len));
    while (topic != NULL && slice_equal(topic->name, name))
        topic = topic->next_colliding;
    return topic;
}

static void add_normal_name(struct image *image, struct topic *topic)
{
    if (!slice_is_null(topic->normal_name))
        topic->next_colliding = map_put(&image->topics_by_normal, topic->normal_name, topic);
}

static void remove_normal_name(struct image *image, struct topic *topic)
{
    if (slice_is_null(topic->normal_name))
        return;
    struct topic *first = map_remove(&image->topics_by_normal, topic->normal_name);
    struct topic **link = &first;
    while (*link != topic)
        link = &(*link)->next_colliding;
    *link = topic->next_colliding;
    if (first != NULL)
        map_put(&image->topics_by_normal, first->normal_name, first);
}

/* ---- partitions ---- */

static void *arrays_of(const struct partition_state *state)
{
    return state->directories != NULL ? (void *)state->directories : (void *)state->replicas.items;
}

static struct broker_ids copy_ids(int32_t **next, struct broker_ids from)
{
    struct broker_ids to = {*next, from.count};
    if (from.count > 0)
        memcpy(*next, from.items, sizeof(int32_t) * (size_t)from.count);
    *next += from.count;
    return to;
}

void partition_state_assign(struct partition_state *to, const struct partition_state *from)
{
    int32_t ids = from->replicas.count + from->isr.count + from->removing_replicas.count
                  + from->adding_replicas.count + from->eligible_leader_replicas.count
                  + from->last_known_elr.count;
    size_t directory_bytes =
        from->directories == NULL ? 0 : sizeof(struct uuid) * (size_t)from->replicas.count;
    uint8_t *memory = memory_alloc(directory_bytes + sizeof(int32_t) * (size_t)ids);
    int32_t *next = (int32_t *)(void *)(memory + directory_bytes);

    struct partition_state state = *from;
    if (directory_bytes > 0)
        state.directories = memcpy(memory, from->directories, directory_bytes);
    else
        state.directories = NULL;
    state.replicas = copy_ids(&next, from->replicas);
    state.isr = copy_ids(&next, from->isr);
    state.removing_replicas = copy_ids(&next, from->removing_replicas);
    state.adding_replicas = copy_ids(&next, from->adding_replicas);
    state.eligible_leader_replicas = copy_ids(&next, from->eligible_leader_replicas);
    state.last_known_elr = copy_ids(&next, from->last_known_elr);
    free(arrays_of(to));
    *to = state;
}

static void make_room(struct topic *topic, int32_t count)
{
    if (count <= topic->partition_capacity)
        return;
    int32_t capacity = topic->partition_capacity * 2 > count ? topic->partition_capacity * 2 : count;
    struct partition_state *bigger = memory_alloc(sizeof *bigger * (size_t)capacity);
    if (topic->partition_count > 0)
        memcpy(bigger, topic->partitions, sizeof *bigger * (size_t)topic->partition_count);
    free(topic->partitions);
    topic->partitions = bigger;
    topic->partition_capacity = capacity;
}

static void grow_topic(struct topic *topic, int32_t count)
{
    if (count <= topic->partition_count)
        return;
    make_room(topic, count);
    for (int32_t i = topic->partition_count; i < count; i++)
        topic->partitions[i] = (struct partition_state){.leader = NO_LEADER};
    topic->partition_count = count;
}

bool image_set_partition(struct image *image, struct uuid topic_id, int32_t index,
                         const struct partition_state *state, struct note *why)
{
    struct topic *topic = image_find_topic_by_id(image, topic_id);
    if (topic == NULL || index < 0 || index >= TOPIC_PARTITIONS_MAX) {
        if (topic == NULL)
            note_set(why, "there is no topic with this id");
        else
            note_set(why, "topic %.*s cannot have a partition %d", SLICE_ARGS(topic->name), index);
        return false;
    }
    grow_topic(topic, index + 1);
    if (image_find_partition(topic, index) == NULL)
        image->partition_count++;
    partition_state_assign(&topic->partitions[index], state);
    return true;
}

static void clear_elr_of_topic(struct topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        struct partition_state *partition = &topic->partitions[i];
        if (partition->eligible_leader_replicas.count == 0 && partition->last_known_elr.count == 0)
            continue;
        partition->eligible_leader_replicas.count = 0;
        partition->last_known_elr.count = 0;
        partition->partition_epoch++;
    }
}

bool image_clear_elr(struct image *image, struct slice topic_name, struct note *why)
{
    struct topic *topic = image_find_topic(image, topic_name);
    if (topic_name.len > 0 && topic == NULL) {
        note_set(why, "there is no topic %.*s", SLICE_ARGS(topic_name));
        return false;
    }
    if (topic != NULL) {
        clear_elr_of_topic(topic);
        return true;
    }
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->topics_by_name, &cursor)) != NULL)
        clear_elr_of_topic(entry->value);
    return true;
}

/* ---- topics ---- */

/* The name, and behind it the normal name, are in the topic's own allocation. */
static struct topic *new_topic(struct slice name, struct uuid id)
{
    struct topic *topic = memory_alloc(sizeof *topic + 2 * name.len);
    uint8_t *text = (uint8_t *)(topic + 1);
    memcpy(text, name.data, name.len);
    *topic = (struct topic){.name = slice_of(text, name.len), .id = id};
    if (has_collision_char(name)) {
        write_normal_name(name, text + name.len);
        topic->normal_name = slice_of(text + name.len, name.len);
    }
    return topic;
}

static void free_topic(struct topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++)
        free(arrays_of(&topic->partitions[i]));
    free(topic->partitions);
    free(topic);
}

bool image_add_topic(struct image *image, struct slice name, struct uuid id, struct note *why)
{
    if (name.len == 0 || image_find_topic(image, name) != NULL || image_find_topic_by_id(image, id) != NULL) {
        note_set(why, name.len == 0 ? "the topic has no name" : "topic %.*s is there already",
                 SLICE_ARGS(name));
        return false;
    }
    struct topic *topic = new_topic(name, id);
    map_put(&image->topics_by_name, topic->name, topic);
    map_put(&image->topics_by_id, uuid_key(&topic->id), topic);
    add_normal_name(image, topic);
    return true;
}

bool image_remove_topic(struct image *image, struct uuid id, struct note *why)
{
    struct topic *topic = map_remove(&image->topics_by_id, uuid_key(&id));
    if (topic == NULL) {
        note_set(why, "there is no topic with this id");
        return false;
    }
    map_remove(&image->topics_by_name, topic->name);
    remove_normal_name(image, topic);
    for (int32_t i = 0; i < topic->partition_count; i++)
        image->partition_count -= image_find_partition(topic, i) != NULL;
    image_remove_configs(image, RESOURCE_TOPIC, topic->name);
    free_topic(topic);
    return true;
}

void image_free_topics(struct image *image)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->topics_by_name, &cursor)) != NULL)
        free_topic(entry->value);
    map_fini(&image->topics_by_name);
    map_fini(&image->topics_by_id);
    map_fini(&image->topics_by_normal);
}
