/*
 * placement: replicas are dealt like cards around a table of brokers whose neighbours stand in different
 * racks. Where a topic begins is random, so that many small topics spread; each further round is turned by
 * one more seat, so that the same two brokers do not always pair up.
 *
 * Pure; any thread.
 */
#include "metadata/controller/placement.h"

/* ---- brokers ---- */

static bool has_id(const struct uuid *ids, int32_t count, struct uuid id)
{
    for (int32_t i = 0; i < count; i++)
        if (uuid_equal(ids[i], id))
            return true;
    return false;
}

static bool is_live(const struct broker_state *broker)
{
    return !broker->fenced && !broker->in_controlled_shutdown;
}

/* Whether it can take new replicas at all: fenced it may be, but not on its way out, nor cordoned as a whole
 * (KIP-1066). */
static bool is_usable(const struct broker_state *broker)
{
    if (broker->in_controlled_shutdown)
        return false;
    if (broker->log_dir_count == 0 || broker->cordoned_log_dir_count < 0)
        return true;
    int32_t open = 0;
    for (int32_t i = 0; i < broker->log_dir_count; i++)
        open += !has_id(broker->cordoned_log_dirs, broker->cordoned_log_dir_count, broker->log_dirs[i]);
    return open > 0;
}

static bool is_registered(const struct controller *controller, int32_t id)
{
    return image_find_broker(controller->image, id) != NULL;
}

static bool is_active(const struct controller *controller, int32_t id)
{
    const struct broker_state *broker = image_find_broker(controller->image, id);
    return broker != NULL && is_live(broker);
}

struct uuid placement_default_directory(const struct controller *controller, int32_t id)
{
    const struct broker_state *broker = image_find_broker(controller->image, id);
    if (!broker || broker->log_dir_count == 0)
        return UUID_ZERO; /* migrating: it has not told */
    return broker->log_dir_count == 1 ? broker->log_dirs[0] : UUID_ONE;
}

/* ---- the table ---- */

struct seat {
    int32_t id;
    struct slice rack;
    bool taken;
};

/* All usable brokers that are fenced, or that are not. */
static struct seat *collect(const struct controller *controller, bool fenced, int32_t *count)
{
    const struct image *image = controller->image;
    struct seat *seats = arena_new_array(controller->arena, struct seat, image->broker_count);
    *count = 0;
    for (int32_t i = 0; i < image->broker_count; i++)
        if (is_usable(&image->brokers[i]) && image->brokers[i].fenced == fenced)
            seats[(*count)++] = (struct seat){image->brokers[i].id, image->brokers[i].rack, false};
    return seats;
}

/* The next free seat whose rack is not `rack`, or any free one. */
static struct seat *next_seat(struct seat *seats, int32_t count, struct slice rack)
{
    struct seat *any = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (seats[i].taken)
            continue;
        if (!slice_equal(seats[i].rack, rack))
            return &seats[i];
        any = any ? any : &seats[i];
    }
    return any;
}

/* One broker of each rack in turn, as long as there are several. */
static int32_t *arrange(const struct controller *controller, struct seat *seats, int32_t count)
{
    int32_t *ids = arena_new_array(controller->arena, int32_t, count);
    struct slice rack = SLICE_NULL;
    for (int32_t i = 0; i < count; i++) {
        struct seat *seat = next_seat(seats, count, rack);
        seat->taken = true;
        rack = seat->rack;
        ids[i] = seat->id;
    }
    return ids;
}

enum kerr placement_init(struct placement *placement, const struct controller *controller,
                         int32_t replication_factor, struct note *why)
{
    struct seat *active = collect(controller, false, &placement->active_count);
    struct seat *fenced = collect(controller, true, &placement->fenced_count);
    int32_t usable = placement->active_count + placement->fenced_count;
    if (placement->active_count == 0) {
        note_set(why, "All brokers are currently fenced, or have all their log directories cordoned.");
        return KERR_INVALID_REPLICATION_FACTOR;
    }
    if (replication_factor > usable) {
        note_set(why,
                 "The target replication factor of %d cannot be reached because only %d broker(s) are "
                 "registered or some brokers have all their log directories cordoned.",
                 replication_factor, usable);
        return KERR_INVALID_REPLICATION_FACTOR;
    }
    placement->active = arrange(controller, active, placement->active_count);
    placement->fenced = arrange(controller, fenced, placement->fenced_count);
    placement->start = controller->next_random(controller->random_state);
    return KERR_NONE;
}

int32_t *placement_choose(const struct placement *placement, const struct controller *controller,
                          int32_t index, int32_t replication_factor)
{
    int32_t *brokers = arena_new_array(controller->arena, int32_t, replication_factor);
    uint64_t active = (uint64_t)placement->active_count;
    uint64_t first = placement->start % active + (uint64_t)index;
    uint64_t turn = (uint64_t)index / active; /* the round: followers shift against their leader */
    for (int32_t i = 0; i < replication_factor; i++) {
        uint64_t place = (uint64_t)i;
        if (i >= placement->active_count) {
            place -= active;
            brokers[i] = placement->fenced[(first + place) % (uint64_t)placement->fenced_count];
            continue;
        }
        if (i > 0 && active > 1)
            place = 1 + (place - 1 + turn) % (active - 1);
        brokers[i] = placement->active[(first + place) % active];
    }
    return brokers;
}

/* ---- manual assignments ---- */

enum kerr placement_check_manual(const struct controller *controller, const int32_t *brokers, int32_t count,
                                 int32_t expected_count, struct note *why)
{
    if (count <= 0) {
        note_set(why, "The manual partition assignment includes an empty replica list.");
        return KERR_INVALID_REPLICA_ASSIGNMENT;
    }
    for (int32_t i = 0; i < count; i++) {
        if (!is_registered(controller, brokers[i])) {
            note_set(why,
                     "The manual partition assignment includes broker %d, but no such broker is registered.",
                     brokers[i]);
            return KERR_INVALID_REPLICA_ASSIGNMENT;
        }
        for (int32_t j = 0; j < i;
             j++) { /* ends at the first repetition: never longer than there are brokers */
            if (brokers[j] != brokers[i])
                continue;
            note_set(why, "The manual partition assignment includes the broker %d more than once.",
                     brokers[i]);
            return KERR_INVALID_REPLICA_ASSIGNMENT;
        }
    }
    if (expected_count != 0 && count != expected_count) {
        note_set(why,
                 "The manual partition assignment includes a partition with %d replica(s), but this is not "
                 "consistent with "
                 "previous partitions, which have %d replica(s).",
                 count, expected_count);
        return KERR_INVALID_REPLICA_ASSIGNMENT;
    }
    return KERR_NONE;
}

bool placement_fill_record(const struct controller *controller, struct uuid topic_id, int32_t partition_id,
                           int32_t *brokers, int32_t count, struct partition_record *record)
{
    schema_set_defaults(partition_record_schema(), record);
    record->partition_id = partition_id;
    record->topic_id = topic_id;
    record->replicas.items = brokers;
    record->replicas.count = count;
    record->isr.items = arena_new_array(controller->arena, int32_t, count);
    record->directories.items = arena_new_array(controller->arena, struct uuid, count);
    record->directories.count = count;
    for (int32_t i = 0; i < count; i++) {
        if (is_active(controller, brokers[i]))
            record->isr.items[record->isr.count++] = brokers[i];
        record->directories.items[i] = placement_default_directory(controller, brokers[i]);
    }
    record->leader = record->isr.count > 0 ? record->isr.items[0] : NO_LEADER;
    record->leader_epoch = 0;
    record->partition_epoch = 0;
    return record->isr.count > 0;
}
