/*
 * leaderships: the partitions that a node resigns from and leads again, and in which leader epoch. What
 * Apache Kafka 4.3.1 and 3.9.2 showed in their cluster logs at stops and starts and after kills, at several
 * levels, is expected here.
 */
#include "metadata/leaderships.h"

#include "metadata/registration.h"
#include "test/unit/metadata/fixture.h"

enum { STOPPED_EPOCH = 7, ELR_OFF = 0, ELR_ON = 1 };

static struct arena arena;
static struct image image;
static struct record_list before, records;
static struct uuid directory;
static struct cluster_node node;

static void set_up(void)
{
    arena_init(&arena, SIZE_MAX);
    image_init(&image, 0);
    record_list_init(&before, &arena, METADATA_VERSION_MAX);
    record_list_init(&records, &arena, METADATA_VERSION_MAX);
    directory = make_id(NODE_DIRECTORY);
    node = (struct cluster_node){
        .node_id = 1, .log_dirs = &directory, .log_dir_count = 1, .previous_broker_epoch = -1};
}

static void tear_down(void)
{
    image_fini(&image);
    arena_fini(&arena);
}

static void apply(struct record_list *list)
{
    for (int32_t i = 0; i < list->count; i++) {
        struct note why = {""};
        ck_assert_msg(image_apply(&image, list->records[i], i, 1, &why), "%s", why.text);
    }
    list->count = 0;
}

/* Broker 1 leads t-0, its only replica. */
static void begin_at(int16_t level, int16_t elr_level)
{
    before.metadata_version = records.metadata_version = level;
    add_feature(&before, METADATA_VERSION, level);
    if (elr_level > 0)
        add_feature(&before, "eligible.leader.replicas.version", elr_level);
    add_broker(&before, 1, STOPPED_EPOCH, "old");
    add_topic(&before, "t", make_id(1));
    add_partition(&before, make_id(1), 0);
}

static void begin(int16_t elr_level)
{
    begin_at(METADATA_VERSION_MAX, elr_level);
}

static const struct partition_state *partition(void)
{
    return image_find_partition(image_find_topic(&image, SLICE("t")), 0);
}

/* Starts, and returns how many records it took. */
static int32_t start(void)
{
    apply(&before);
    bool was_clean = registration_was_clean(&image, &node);
    leaderships_add_taken(&records, &image, &node, was_clean ? STOP_CLEAN : STOP_UNCLEAN);
    int32_t count = records.count;
    apply(&records);
    return count;
}

/* Stops cleanly: the text of what that says. */
static const char *stop(void)
{
    apply(&before);
    registration_add_shutdown(&records, &image, &node, STOPPED_EPOCH);
    const char *text = text_of_records(&records);
    apply(&records);
    node.previous_broker_epoch = STOPPED_EPOCH;
    return text;
}

static void check_leads_alone(int32_t leader_epoch, int8_t recovery_state)
{
    const struct partition_state *state = partition();
    ck_assert_int_eq(state->leader, 1);
    ck_assert_int_eq(state->leader_epoch, leader_epoch);
    ck_assert_int_eq(state->leader_recovery_state, recovery_state);
    ck_assert_int_eq(state->isr.count, 1);
    ck_assert_int_eq(state->isr.items[0], 1);
    ck_assert_int_eq(state->eligible_leader_replicas.count, 0);
    ck_assert_int_eq(state->last_known_elr.count, 0);
}

static const int32_t both[] = {1, 2};

/* Broker 1 leads t-0, of which broker 2 has a replica too: as many of `both` are in sync. */
static void begin_beside(int32_t isr_count)
{
    begin(ELR_ON);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.replicas.items = change.isr.items = (int32_t *)(uintptr_t)both;
    change.replicas.count = 2;
    change.isr.count = isr_count;
    record_list_add(&before, &partition_change_record_message, &change);
}

/* As Apache Kafka takes the lead of a broker that stops. */
static void take_lead_away(int32_t isr_count, int32_t elr_count, int32_t last_known_count)
{
    int32_t one = 1;
    struct partition_change_record change = change_of(make_id(1), 0);
    change.leader = NO_LEADER;
    change.isr.items = change.eligible_leader_replicas.items = change.last_known_elr.items = &one;
    change.isr.count = isr_count;
    change.eligible_leader_replicas.count = elr_count;
    change.last_known_elr.count = last_known_count;
    record_list_add(&before, &partition_change_record_message, &change);
}

/* ---- a clean stop, and the start after it ---- */

#define GOING  "BrokerRegistrationChangeRecord {\"brokerId\":1,\"brokerEpoch\":7,\"inControlledShutdown\":1}\n"
#define FENCED "BrokerRegistrationChangeRecord {\"brokerId\":1,\"brokerEpoch\":7,\"fenced\":1}\n"
#define CHANGED(what) \
    "PartitionChangeRecord {\"partitionId\":0,\"topicId\":\"EAAAAAAAQACAAAAAAAAAAQ\"," what "}\n"
#define STOP(what)     GOING CHANGED(what) FENCED
#define PLAIN_STOP     STOP("\"leader\":-1")
#define PLAIN_START    CHANGED("\"leader\":1")
#define ELIGIBLE_STOP  STOP("\"isr\":[],\"leader\":-1,\"eligibleLeaderReplicas\":[1],\"lastKnownElr\":[1]")
#define ELIGIBLE_START CHANGED("\"isr\":[1],\"leader\":1,\"eligibleLeaderReplicas\":[],\"lastKnownElr\":[]")

enum { VERSION_AT = 2 /* in a record's frame */ };

/* 4.3 with and without eligible leader replicas, the first level that has them, 3.9, and the lowest. */
static const struct {
    int16_t level, elr_level;
    uint8_t partition_change_version;
    const char *stop, *start;
} levels[] = {
    {30, ELR_ON, 2, ELIGIBLE_STOP, ELIGIBLE_START}, {30, ELR_OFF, 2, PLAIN_STOP, PLAIN_START},
    {23, ELR_ON, 2, ELIGIBLE_STOP, ELIGIBLE_START}, {21, ELR_OFF, 1, PLAIN_STOP, PLAIN_START},
    {7, ELR_OFF, 0, PLAIN_STOP, PLAIN_START},
};

START_TEST(a_clean_stop_and_the_next_start_say_what_kafka_says)
{
    begin_at(levels[_i].level, levels[_i].elr_level);
    ck_assert_str_eq(stop(), levels[_i].stop);
    ck_assert_int_eq(records.records[0].data[VERSION_AT], 1);
    ck_assert_int_eq(records.records[1].data[VERSION_AT], levels[_i].partition_change_version);
    ck_assert_int_eq(records.records[2].data[VERSION_AT], 0);
    ck_assert_int_eq(partition()->leader, NO_LEADER);
    ck_assert_int_eq(partition()->leader_epoch, 1);
    ck_assert(image_find_broker(&image, 1)->fenced);
    ck_assert(image_find_broker(&image, 1)->in_controlled_shutdown);

    ck_assert_int_eq(leaderships_add_taken(&records, &image, &node, STOP_CLEAN), 1);
    ck_assert_str_eq(text_of_records(&records), levels[_i].start);
    ck_assert_int_eq(records.records[0].data[VERSION_AT], levels[_i].partition_change_version);
    apply(&records);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(a_partition_that_recovers_is_handed_over_as_one)
{
    begin(ELR_ON);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, LEADER_RECOVERING);
    ck_assert_str_eq(stop(), ELIGIBLE_STOP);
    ck_assert_int_eq(start(), 1);
    check_leads_alone(4, LEADER_RECOVERING);
}
END_TEST

/* Nobody else is here to lead, so that the node must not leave the ISR to them. */
START_TEST(who_is_in_sync_elsewhere_stays_so_beside_the_node)
{
    begin_beside(2);
    ck_assert_str_eq(stop(), PLAIN_STOP);
    ck_assert_int_eq(start(), 1);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(who_was_eligible_elsewhere_stays_so_beside_the_node)
{
    begin_beside(1);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.eligible_leader_replicas.items = (int32_t *)(uintptr_t)&both[1];
    change.eligible_leader_replicas.count = 1;
    record_list_add(&before, &partition_change_record_message, &change);
    ck_assert_str_eq(stop(),
                     STOP("\"isr\":[],\"leader\":-1,\"eligibleLeaderReplicas\":[2,1],\"lastKnownElr\":[1]"));
    ck_assert_int_eq(start(), 1);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(what_it_does_not_lead_it_says_nothing_of)
{
    begin(ELR_ON);
    take_lead_away(0, 1, 1);               /* its directory has failed */
    add_partition(&before, make_id(1), 2); /* and there is no 1 */
    apply(&before);
    node.node_id = 0; /* what is not there has zeros */
    registration_add_shutdown(&records, &image, &node, STOPPED_EPOCH);
    ck_assert_int_eq(records.count, 2);
}
END_TEST

/* The stop's records found no place, but nothing is missing. */
START_TEST(a_stop_that_said_nothing_leaves_leaders_as_they_are)
{
    node.previous_broker_epoch = STOPPED_EPOCH;
    begin(ELR_ON);
    ck_assert_int_eq(start(), 0);
    check_leads_alone(0, 0);
}
END_TEST

/* ---- after any other stop ---- */

START_TEST(after_a_kill_the_leader_epoch_rises_by_two_and_the_partition_recovers)
{
    begin(ELR_ON);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, LEADER_RECOVERING);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(4, LEADER_RECOVERING);
}
END_TEST

/* 0, 1: it may have led since; 2: or have stopped. */
START_TEST(where_the_last_word_is_lost_no_epoch_is_led_twice)
{
    begin(_i == 1 ? ELR_OFF : ELR_ON);
    if (_i == 2)
        take_lead_away(0, 1, 1);
    apply(&before);
    ck_assert_int_eq(leaderships_add_taken(&records, &image, &node, STOP_UNKNOWN), 1);
    ck_assert_int_eq(records.count, 4);
    apply(&records);
    check_leads_alone(4, _i == 1 ? 0 : LEADER_RECOVERING);
}
END_TEST

START_TEST(without_eligible_leader_replicas_the_epoch_rises_and_the_isr_stays)
{
    begin(ELR_OFF);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(a_marker_of_another_stop_is_none)
{
    node.previous_broker_epoch = STOPPED_EPOCH - 1;
    begin(ELR_ON);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, LEADER_RECOVERING);
}
END_TEST

/* 4.3.1 stopped cleanly, and somebody took the marker away. */
START_TEST(a_lead_that_was_given_up_in_order_rises_once_more_without_the_marker)
{
    begin(ELR_ON);
    take_lead_away(0, 1, 1);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, LEADER_RECOVERING);
}
END_TEST

START_TEST(a_lead_that_was_given_up_in_order_is_taken_again)
{
    node.previous_broker_epoch = STOPPED_EPOCH;
    begin(ELR_ON);
    take_lead_away(0, 1, 1);
    ck_assert_int_eq(start(), 1);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(without_eligible_leader_replicas_no_marker_is_needed_to_lead_again)
{
    begin(ELR_OFF);
    take_lead_away(-1, -1, -1);
    ck_assert_int_eq(start(), 1);
    check_leads_alone(2, 0);
}
END_TEST

/* A power cut between the first record and the second, with another replica that is gone. */
START_TEST(a_start_that_ended_half_way_is_gone_on_with)
{
    begin_beside(1);
    take_lead_away(0, -1, 1);
    ck_assert_int_eq(start(), 1);
    check_leads_alone(2, LEADER_RECOVERING);
}
END_TEST

START_TEST(a_leader_beside_others_leads_on_in_a_new_epoch)
{
    begin_beside(2);
    ck_assert_int_eq(start(), 2);
    check_leads_alone(2, 0);
}
END_TEST

START_TEST(what_another_broker_leads_is_its_own)
{
    begin_beside(2);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.leader = 2;
    record_list_add(&before, &partition_change_record_message, &change);
    ck_assert_int_eq(start(), 0);
    ck_assert_int_eq(partition()->leader, 2);
}
END_TEST

START_TEST(what_lies_in_a_directory_that_is_gone_is_not_led_again)
{
    directory = make_id(99);
    begin(ELR_ON);
    ck_assert_int_eq(start(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("leaderships");
    TCase *tcase = tcase_create("leaderships");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_clean_stop_and_the_next_start_say_what_kafka_says, 0,
                        sizeof levels / sizeof levels[0]);
    tcase_add_test(tcase, a_partition_that_recovers_is_handed_over_as_one);
    tcase_add_test(tcase, who_is_in_sync_elsewhere_stays_so_beside_the_node);
    tcase_add_test(tcase, who_was_eligible_elsewhere_stays_so_beside_the_node);
    tcase_add_test(tcase, what_it_does_not_lead_it_says_nothing_of);
    tcase_add_test(tcase, a_stop_that_said_nothing_leaves_leaders_as_they_are);
    tcase_add_test(tcase, after_a_kill_the_leader_epoch_rises_by_two_and_the_partition_recovers);
    tcase_add_loop_test(tcase, where_the_last_word_is_lost_no_epoch_is_led_twice, 0, 3);
    tcase_add_test(tcase, without_eligible_leader_replicas_the_epoch_rises_and_the_isr_stays);
    tcase_add_test(tcase, a_marker_of_another_stop_is_none);
    tcase_add_test(tcase, a_lead_that_was_given_up_in_order_rises_once_more_without_the_marker);
    tcase_add_test(tcase, a_lead_that_was_given_up_in_order_is_taken_again);
    tcase_add_test(tcase, without_eligible_leader_replicas_no_marker_is_needed_to_lead_again);
    tcase_add_test(tcase, a_start_that_ended_half_way_is_gone_on_with);
    tcase_add_test(tcase, a_leader_beside_others_leads_on_in_a_new_epoch);
    tcase_add_test(tcase, what_another_broker_leads_is_its_own);
    tcase_add_test(tcase, what_lies_in_a_directory_that_is_gone_is_not_led_again);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
