/*
 * segment_times: what a segment's time index is worth: whether its last entry is true, and which timestamp is
 * the largest for certain.
 *
 * A time index that was cut ends with a true entry that is not the largest. So the headers of the batches
 * behind the last entry are read before records are deleted, or passed over, because of it: once a segment,
 * and of a segment that this process wrote not at all. (Apache Kafka believes the last entry, and deletes.)
 * All under the log owner's lock.
 */
#ifndef STORAGE_SEGMENT_TIMES_H
#define STORAGE_SEGMENT_TIMES_H

#include "storage/segment.h"

/* Reads on where it stopped, a piece of about a millisecond. 1: segment->max_timestamp is the largest (-1:
 * there is none). 0: not yet, call again. -EBADMSG: nobody can know, there is no batch where one should be
 * (said once). -errno. */
int segment_learn_times(struct segment *segment);

/* Whether a search may begin at what the time index says, as far as that is known now. */
bool segment_times_are_true(const struct segment *segment);

/* The last entry of one of its indexes with a key <= `key`, from memory or else the file; false if there is
 * none that can be read. */
bool segment_find_entry(struct segment *segment, const struct index *index, int64_t key,
                        struct index_entry *entry);

/* The position of the batch that holds a relative offset, or of one before it. */
int64_t segment_find_position(struct segment *segment, int64_t relative);

#endif
