/*
 * unregister_broker: UnregisterBroker's decision (kafka-apis 16).
 */
#ifndef METADATA_CONTROLLER_UNREGISTER_BROKER_H
#define METADATA_CONTROLLER_UNREGISTER_BROKER_H

#include "metadata/controller/controller.h"
#include "protocol/messages/unregister_broker.h"

/* Any broker that is registered may go, also one that lives, and this one: it leads nothing then until it
 * starts anew. */
void controller_unregister_broker(const struct controller *controller,
                                  const struct unregister_broker_request *request,
                                  struct unregister_broker_response *response, struct record_list *records);

#endif
