/*
 * unregister_broker: see the header. First the partitions lose the broker, each by a record of its own, then
 * the cluster does; its replicas stay assigned to it, as Apache Kafka leaves them.
 *
 * Pure; any thread.
 */
#include "metadata/controller/unregister_broker.h"

#include "metadata/controller/partition_change.h"
#include "protocol/records/unregister_broker_record.h"

static void leave_topic(const struct controller *controller, const struct topic *topic,
                        const struct broker_state *broker, struct record_list *records)
{
    struct broker_ids gone = {arena_new(controller->arena, int32_t), 1};
    gone.items[0] = broker->id;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        struct partition_change change;
        if (!broker_ids_have(topic->partitions[i].isr, broker->id))
            continue;
        partition_change_init(&change, controller, topic, i);
        change.gone = broker->id;
        change.isr = broker_ids_without(controller->arena, change.isr, gone);
        partition_change_add(&change, records);
    }
}

void controller_unregister_broker(const struct controller *controller,
                                  const struct unregister_broker_request *request,
                                  struct unregister_broker_response *response, struct record_list *records)
{
    const struct broker_state *broker = image_find_broker(controller->image, request->broker_id);
    if (broker == NULL || broker->epoch < 0) { /* one without an epoch stands in no log */
        response->error_code = KERR_BROKER_ID_NOT_REGISTERED;
        response->error_message =
            arena_printf(controller->arena, "Broker ID %d is not currently registered", request->broker_id);
        return;
    }
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&controller->image->topics_by_name, &cursor)) != NULL;)
        leave_topic(controller, entry->value, broker, records);
    struct unregister_broker_record record;
    schema_set_defaults(unregister_broker_record_schema(), &record);
    record.broker_id = broker->id;
    record.broker_epoch = broker->epoch;
    record_list_add(records, &unregister_broker_record_message, &record);
}
