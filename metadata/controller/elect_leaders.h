/*
 * elect_leaders: ElectLeaders' decisions (kafka-apis 16, 16.3).
 */
#ifndef METADATA_CONTROLLER_ELECT_LEADERS_H
#define METADATA_CONTROLLER_ELECT_LEADERS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/elect_leaders.h"

/* Results in request order; where all are asked for, only of partitions of which there is something to
 * say. */
void controller_elect_leaders(const struct controller *controller,
                              const struct elect_leaders_request *request,
                              struct elect_leaders_response *response, struct record_list *records);

/* Answers every partition that the request names, and the request itself, with one error. `message` may be
 * null. */
void controller_refuse_elections(const struct controller *controller,
                                 const struct elect_leaders_request *request, enum kerr error,
                                 struct slice message, struct elect_leaders_response *response);

#endif
