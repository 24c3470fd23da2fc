/*
 * image_records: an image as the records that make it: what a snapshot holds. Applied in order to an empty
 * image they give the same one.
 */
#ifndef METADATA_IMAGE_RECORDS_H
#define METADATA_IMAGE_RECORDS_H

#include "metadata/image.h"

/* Takes a record's frame, borrowed for the call. */
typedef void frame_fn(void *context, struct slice frame);

/* Gives `each` the records in Apache Kafka's order: features (metadata.version first), brokers, controllers,
 * topics with their partitions, configs, quotas, producer ids, ACLs, SCRAM credentials, tokens; each in the
 * version of the image's metadata.version, and those of one kind in order of name, so that equal images give
 * equal bytes. The image must have a metadata.version, and must not change meanwhile. */
void image_write_records(const struct image *image, frame_fn *each, void *context);

#endif
