/*
 * reconfiguration: whether a running broker can go on with its settings as a change of its dynamic
 * configs would leave them: Kafka's rules about how far a number may move in one step, and which numbers fit
 * together.
 */
#ifndef METADATA_CONTROLLER_RECONFIGURATION_H
#define METADATA_CONTROLLER_RECONFIGURATION_H

#include "metadata/controller/config_checks.h"

/* `after` are this broker's dynamic configs as they would be, or the cluster's default ones. What does not
 * change for this broker is not looked at. INVALID_REQUEST with Kafka's text, or NONE. */
enum kerr check_reconfiguration(const struct controller *controller, const struct overrides *after,
                                bool cluster_default, struct note *why);

/* Whether log.cleaner.dedupe.buffer.size is enough for each of log.cleaner.threads; else Kafka's text. */
bool check_cleaner_memory(int64_t dedupe_buffer_bytes, int64_t threads, struct note *why);

#endif
