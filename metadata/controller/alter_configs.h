/*
 * alter_configs: the decisions of AlterConfigs, which replaces all overrides of a resource, and
 * IncrementalAlterConfigs (kafka-apis 14.2). Topics, this broker and the cluster's default, groups, client
 * metrics, and the levels of loggers, which make no record: who called sets them.
 */
#ifndef METADATA_CONTROLLER_ALTER_CONFIGS_H
#define METADATA_CONTROLLER_ALTER_CONFIGS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/incremental_alter_configs.h"

/* What IncrementalAlterConfigs may ask for: its configOperation. */
enum alter_configs_operation { OP_SET = 0, OP_DELETE = 1, OP_APPEND = 2, OP_SUBTRACT = 3 };

/* Results in request order; a resource changes whole or not at all. The controller itself, asked directly,
 * answers once for a resource that is named more than once. */
void controller_alter_configs(const struct controller *controller,
                              const struct alter_configs_request *request,
                              struct alter_configs_response *response, struct record_list *records);

void controller_incremental_alter_configs(const struct controller *controller,
                                          const struct incremental_alter_configs_request *request,
                                          struct incremental_alter_configs_response *response,
                                          struct record_list *records);

#endif
