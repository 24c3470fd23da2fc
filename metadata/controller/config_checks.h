/*
 * config_checks: whether a resource may have a whole set of overrides, as Kafka's controller validates it
 * (kafka-apis 14.2).
 */
#ifndef METADATA_CONTROLLER_CONFIG_CHECKS_H
#define METADATA_CONTROLLER_CONFIG_CHECKS_H

#include "metadata/controller/controller.h"

/* A set of overrides in order of name, without nulls. */
struct overrides {
    struct config_entry *entries;
    int32_t count;
};

/* Sets, or adds in its place; cheap where names come in order. The array must have room for one more. */
void overrides_set(struct overrides *overrides, struct slice name, struct slice value);
void overrides_remove(struct overrides *overrides, struct slice name);

/* INVALID_CONFIG with Kafka's text: an unknown name, a value out of range, values that disagree. */
enum kerr check_topic_configs(const struct controller *controller, const struct overrides *overrides,
                              struct note *why);

/* The same for a group, whose values also have the broker's bounds. */
enum kerr check_group_configs(const struct controller *controller, const struct overrides *overrides,
                              struct note *why);

/* The same for a client metrics subscription; also INVALID_REQUEST. */
enum kerr check_client_metrics_configs(const struct controller *controller, const struct overrides *overrides,
                                       struct note *why);

/* What is set of a broker's dynamic configs, or of the cluster's default ones: INVALID_REQUEST. Unknown names
 * pass. */
enum kerr check_broker_configs(const struct controller *controller, const struct overrides *changed,
                               bool cluster_default, struct note *why);

#endif
