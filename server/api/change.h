/*
 * change: what the handlers that change the cluster have in common: lock out other changes, let a pure
 * function of metadata/controller decide, commit its records, make the broker follow, let others go on.
 *
 * Blocks: for other changes, and for the cluster log's sync.
 */
#ifndef SERVER_API_CHANGE_H
#define SERVER_API_CHANGE_H

#include "metadata/controller/controller.h"
#include "metadata/record_list.h"
#include "server/call.h"

struct change {
    struct call *call;
    struct config_view view;
    struct controller controller; /* over the image as it is; valid until change_commit */
    struct record_list records;   /* what the controller decided */
};

void change_begin(struct change *change, struct call *call);

/* An empty list for another commit of the same change. */
void change_begin_records(struct change *change);

/* The records are in force, on stable storage, when this returns NONE; else nothing has changed. */
enum kerr change_commit(struct change *change);

/* As change_commit, for records of new topics or partitions: first what deleted ones of their names have left
 * is forgotten (partitions_forget_deleted). */
enum kerr change_commit_names(struct change *change);

/* The same for records that change who leads: the partitions here follow. */
enum kerr change_commit_leaders(struct change *change);

/* After a commit, with the topics' partitions hosted: tells the cluster in which log directories they are,
 * where the broker has chosen. What cannot be written now is at the next start. */
void change_settle(struct change *change, const struct uuid *topic_ids, int32_t count);

void change_end(struct change *change);

#endif
