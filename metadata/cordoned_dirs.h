/*
 * cordoned_dirs: which log directories take no new replicas (cordoned.log.dirs, KIP-1066): the config's value
 * read, checked, and told to the cluster. Needs metadata.version 4.3-IV0 to be told or altered.
 *
 * Pure; any thread that holds the image still.
 */
#ifndef METADATA_CORDONED_DIRS_H
#define METADATA_CORDONED_DIRS_H

#include "metadata/cluster.h"
#include "metadata/config_def.h"
#include "protocol/base/note.h"

#define CORDONED_LOG_DIRS "cordoned.log.dirs"

enum { CORDONED_DIRS_LEVEL = 30 }; /* 4.3-IV0 */

/* Whether a value that is in force on this node (as it was written) names the directory, whose path is as it
 * stands in log.dirs. */
bool cordoned_dirs_have(struct slice value, const char *path);

/* The value in force; the view's image is held still as long as it is used. */
struct slice cordoned_dirs_value(const struct config_view *view, struct arena *arena);

/* Whether a value may be set beside these settings of server.properties, whose log.dirs or log.dir it has to
 * name. The note gets Kafka's text. */
bool cordoned_dirs_check(struct slice value, const struct config_set *fixed, struct arena *arena,
                         struct note *why);

/* Whether a value names nothing that another one (null: none) does not name. */
bool cordoned_dirs_are_among(struct slice value, struct slice others, struct arena *arena);

/* That these directories of the node are cordoned, in the registration with this epoch. Nothing where the
 * list's metadata.version cannot say so. */
void cordoned_dirs_add(struct record_list *records, const struct image *image,
                       const struct cluster_node *node, int64_t broker_epoch);

/* The same, where the node's registration in the image says otherwise. */
void cordoned_dirs_settle(struct record_list *records, const struct image *image,
                          const struct cluster_node *node);

#endif
