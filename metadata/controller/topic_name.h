/*
 * topic_name: which names a topic may have (kafka-apis 13.1).
 */
#ifndef METADATA_CONTROLLER_TOPIC_NAME_H
#define METADATA_CONTROLLER_TOPIC_NAME_H

#include "protocol/base/note.h"
#include "protocol/base/slice.h"

enum { TOPIC_NAME_LEN_MAX = 249 };

/* The note (which may be NULL) gets Kafka's text: "Topic name is invalid: '.' is not allowed". Pure; any
 * thread. */
bool topic_name_is_valid(struct slice name, struct note *why);

#endif
