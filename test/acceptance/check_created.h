/* What CreateTopics leaves on disk: records in the metadata log, directories of partitions. */
#ifndef ACCEPTANCE_CHECK_CREATED_H
#define ACCEPTANCE_CHECK_CREATED_H

#include "check_create_topics.h"

/* The metadata log still begins with what lay there, is sound to its end, and has one batch that holds
 * exactly the records of these topics, in this order; each partition has its directory. */
void check_created(struct stage *stage, const struct new_topic *topics, const struct topic_result *results,
                   int count);

/* The metadata log has no topic beyond those that lay there, and these have no directories. */
void check_nothing_created(struct stage *stage, const char *const *names, int count);

#endif
