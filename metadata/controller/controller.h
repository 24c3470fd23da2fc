/*
 * controller: what every decision of the controller is made from. The functions beside it are pure: a request
 * and the image in, an answer and the records that make it true out. No locks, clock, sockets or files;
 * randomness is an argument, so a seed reproduces every decision.
 *
 * They fill the answer completely, in the order of Kafka's results, and add to the list what must be
 * committed, as one atomic batch, before the answer may go out. Validate-only requests add nothing. An
 * answer's texts are null where Kafka sends null; everything it points to is in the arena, borrowed from the
 * request, or constant.
 */
#ifndef METADATA_CONTROLLER_CONTROLLER_H
#define METADATA_CONTROLLER_CONTROLLER_H

#include "metadata/config_def.h"
#include "metadata/features.h"
#include "metadata/image.h"
#include "metadata/record_list.h"
#include "protocol/base/arena.h"
#include "protocol/base/note.h"

enum { PARTITIONS_PER_REQUEST_MAX = 10000 }; /* Kafka's bound on what one request may make */

struct controller {
    const struct image *image;         /* as it is; does not change meanwhile */
    const struct config_view *configs; /* over the same image */
    int32_t node_id;                   /* this node */
    struct arena *arena;
    uint64_t (*next_random)(void *state);
    void *random_state;
    int32_t num_partitions;
    int32_t default_replication_factor;
    bool delete_topic_enable;
    struct acl_asker client; /* whoever asks for it */
    bool asked_directly;     /* on the controller's own listener, past what brokers check first (KIP-919) */
    /* Whether the client's quota on changes has room for so many partitions that come or go, which it takes;
     * NULL: always. */
    bool (*take_mutations)(void *quota, int32_t partitions);
    void *quota;
};

static inline bool controller_may(const struct controller *controller, enum acl_operation operation,
                                  enum acl_resource type, struct slice name)
{
    return acl_asker_may(&controller->client, operation, type, name);
}

/* With the cluster as a whole. */
static inline bool controller_may_all(const struct controller *controller, enum acl_operation operation)
{
    return controller_may(controller, operation, ACL_CLUSTER, SLICE(CLUSTER_RESOURCE));
}

/* NONE, or THROTTLING_QUOTA_EXCEEDED, which has no text in Kafka. */
static inline enum kerr controller_take_mutations(const struct controller *controller, int32_t partitions)
{
    bool has_room =
        controller->take_mutations == NULL || controller->take_mutations(controller->quota, partitions);
    return has_room ? KERR_NONE : KERR_THROTTLING_QUOTA_EXCEEDED;
}

/* A note's text, or null if it is empty. Notes are short enough for every length field; one that was cut ends
 * between two characters. */
static inline struct slice controller_text(const struct controller *controller, const struct note *why)
{
    struct slice text = slice_str(why->text);
    if (text.len == 0)
        return SLICE_NULL;
    if (text.len == NOTE_SIZE - 1) {
        while ((text.data[text.len - 1] & 0xc0) == 0x80)
            text.len--;
        text.len -= text.data[text.len - 1] >= 0xc0;
    }
    return arena_dup(controller->arena, text);
}

/* A random id, of those that Kafka draws. */
static inline struct uuid controller_new_id(const struct controller *controller)
{
    struct uuid id;
    do {
        uint64_t random[2] = {controller->next_random(controller->random_state),
                              controller->next_random(controller->random_state)};
        uint8_t bytes[sizeof random];
        memcpy(bytes, random, sizeof random);
        if (!uuid_from_random(bytes, &id))
            id = UUID_ZERO;
    } while (uuid_is_zero(id));
    return id;
}

/* Whether min.insync.replicas is under the rules of eligible leader replicas (KIP-966). */
static inline bool controller_has_elr(const struct controller *controller)
{
    return image_feature_level(controller->image, SLICE(ELR_FEATURE)) > 0;
}

#endif
