/*
 * image_parts: how records change the parts of an image. For image*.c only: everyone else changes an image by
 * image_apply.
 *
 * Each function checks first and changes then: where it returns false (with the reason), nothing has changed.
 */
#ifndef METADATA_IMAGE_PARTS_H
#define METADATA_IMAGE_PARTS_H

#include "metadata/image.h"
#include "protocol/schema/schema.h"

/* ---- image_topics ---- */

bool image_add_topic(struct image *image, struct slice name, struct uuid id, struct note *why);
bool image_remove_topic(struct image *image, struct uuid id, struct note *why);

/* Sets a partition, new or not, to what `state` says (copied). */
bool image_set_partition(struct image *image, struct uuid topic_id, int32_t index,
                         const struct partition_state *state, struct note *why);

/* Copies `from` into `to`, whose old arrays are given back; `from` may point into them. */
void partition_state_assign(struct partition_state *to, const struct partition_state *from);

/* Empties ELR and last known ELR where there is something in them: of one topic, or with an empty name of
 * all. */
bool image_clear_elr(struct image *image, struct slice topic_name, struct note *why);

void image_free_topics(struct image *image);

/* ---- image_brokers ---- */

/* Adds or replaces a registration; everything in `broker` is copied. */
void image_put_broker(struct image *image, const struct broker_state *broker);
void image_remove_broker(struct image *image, struct broker_state *broker);

/* Replaces the directories of a registered broker, or those of them that are cordoned (copied). */
void broker_set_log_dirs(struct broker_state *broker, const struct uuid *log_dirs, int32_t count);
void broker_set_cordoned_log_dirs(struct broker_state *broker, const struct uuid *log_dirs, int32_t count);

/* The registered broker with this epoch. */
struct broker_state *image_get_registered(struct image *image, int32_t id, int64_t epoch, struct note *why);

void image_free_brokers(struct image *image);

/* ---- image_configs ---- */

/* A null value removes the config. */
void image_set_config(struct image *image, int8_t type, struct slice resource, struct slice name,
                      struct slice value);
void image_remove_configs(struct image *image, int8_t type, struct slice resource);
void image_free_configs(struct image *image);

/* ---- image_kept ---- */

/* Keeps the record, replaces the one that it changes, or lets go of the one that it removes. Records of other
 * kinds than enum kept_kind change nothing. `record` is what `frame` holds, decoded. */
void image_keep(struct image *image, const struct message *message, const void *record, struct slice frame);
void image_free_kept(struct image *image);

#endif
