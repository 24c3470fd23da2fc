/*
 * describe_configs: the answer to DescribeConfigs (kafka-apis 14.1): what is in force, where it comes from,
 * and what would be in force without it. Where Kafka sends its own documentation texts, the tables' one-line
 * meanings are sent.
 */
#ifndef METADATA_CONTROLLER_DESCRIBE_CONFIGS_H
#define METADATA_CONTROLLER_DESCRIBE_CONFIGS_H

#include "metadata/acls.h"
#include "metadata/config_def.h"
#include "protocol/messages/describe_configs.h"

/* Pure. The answer is in the arena; nothing in it is borrowed from the image. */
void describe_configs(const struct config_view *view, const struct acl_asker *client,
                      const struct describe_configs_request *request, int version, struct arena *arena,
                      struct describe_configs_response *response);

#endif
