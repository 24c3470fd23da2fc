/* Consumer groups (KIP-848): who is given what, when; and what of it a restart finds again. */
#include "test/unit/server/coordinator/consumer_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct shard shard;

static void set_up(void)
{
    shard_init(&shard, 1);
    shard_put_topic(&shard, "a", 2);
    shard_put_topic(&shard, "b", 1);
}

static void tear_down(void)
{
    shard_fini(&shard);
}

#define BEATS(expected, ...) ck_assert_str_eq(beat_text(&shard, BEAT(&shard, __VA_ARGS__)), (expected))
#define DESCRIBES(expected)  ck_assert_str_eq(shard_describe(&shard, "g"), (expected))

/* Longer than consumer.assignment.interval.ms. */
static void let_assign(void)
{
    shard_pass(&shard, 1100);
}

static void restart_both_ways(void)
{
    static char before[1024];
    snprintf(before, sizeof before, "%s", shard_describe(&shard, "g"));
    shard_restart(&shard, false);
    DESCRIBES(before);
    shard_restart(&shard, true);
    DESCRIBES(before);
}

/* m1 has a:0, m2 a:1. */
static void make_two(void)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    let_assign();
    BEATS("3 -", .member = "m2", .topics = {"a"});
    BEATS("2 a:0", .member = "m1", .epoch = 2, .owned = "a:0,1");
    BEATS("3", .member = "m1", .epoch = 2, .owned = "a:0");
    BEATS("3 a:1", .member = "m2", .epoch = 3, .owned = "");
}

START_TEST(the_first_member_gets_everything_at_once)
{
    BEATS("2 a:0,1 b:0", .member = "m1", .topics = {"b", "a", "nothing"});
    BEATS("2", .member = "m1", .epoch = 2);
    BEATS("2", .member = "m1", .epoch = 2, .owned = "a:0,1 b:0");
    BEATS("2 a:0,1 b:0", .member = "m1", .topics = {"a", "b", "nothing"});
    DESCRIBES("Stable 2/2: m1 2 a:0,1 b:0 > a:0,1 b:0");
    ck_assert_int_eq(shard.batches, 1);
    restart_both_ways();
}
END_TEST

START_TEST(a_member_gives_up_what_another_gets)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    let_assign();
    BEATS("3 -", .member = "m2", .topics = {"a"});
    DESCRIBES("Reconciling 3/3: m1 2 a:0,1 > a:0; m2 3  > a:1");
    restart_both_ways();
    BEATS("2 a:0", .member = "m1", .epoch = 2, .owned = "a:0,1");
    BEATS("2", .member = "m1", .epoch = 2, .owned = "a:0,1");
    BEATS("3", .member = "m2", .epoch = 3, .owned = "");
    DESCRIBES("Reconciling 3/3: m1 2 a:0,1 > a:0; m2 3  > a:1");
    restart_both_ways();
    BEATS("3", .member = "m1", .epoch = 2, .owned = "a:0");
    BEATS("3 a:1", .member = "m2", .epoch = 3, .owned = "");
    DESCRIBES("Stable 3/3: m1 3 a:0 > a:0; m2 3 a:1 > a:1");
    restart_both_ways();
}
END_TEST

START_TEST(the_assignor_rests_between_two_assignments)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    BEATS("2 -", .member = "m2", .topics = {"a"});
    DESCRIBES("Assigning 3/2: m1 2 a:0,1 > a:0,1; m2 2  > ");
    let_assign();
    BEATS("3", .member = "m2", .epoch = 2);
    DESCRIBES("Reconciling 3/3: m1 2 a:0,1 > a:0; m2 3  > a:1");
    shard_configure_group(&shard, "h", "consumer.assignment.interval.ms", "0");
    BEATS("2 a:0,1", .group = "h", .member = "m1", .topics = {"a"});
    BEATS("3 -", .group = "h", .member = "m2", .topics = {"a"});
}
END_TEST

START_TEST(a_group_s_own_settings_count_for_it_alone)
{
    shard_configure_group(&shard, "h", "consumer.heartbeat.interval.ms", "7000");
    shard_configure_group(&shard, "h", "consumer.session.timeout.ms", "50000");
    ck_assert_int_eq(beat_of(BEAT(&shard, .member = "m", .topics = {"a"}))->heartbeat_interval_ms, 5000);
    ck_assert_int_eq(
        beat_of(BEAT(&shard, .group = "h", .member = "m", .topics = {"a"}))->heartbeat_interval_ms, 7000);
    shard_pass(&shard, 46000);
    ck_assert_str_eq(shard_list_state(&shard, "g"), "consumer Empty");
    ck_assert_str_eq(shard_list_state(&shard, "h"), "consumer Stable");
    shard_pass(&shard, 5000);
    ck_assert_str_eq(shard_list_state(&shard, "h"), "consumer Empty");
}
END_TEST

START_TEST(who_leaves_leaves_its_partitions_to_the_others)
{
    make_two();
    let_assign();
    BEATS("-1", .member = "m2", .epoch = -1);
    BEATS("25 Member m2 is not a member of group g.", .member = "m2", .epoch = 3);
    BEATS("4 a:0,1", .member = "m1", .epoch = 3);
    BEATS("-1", .member = "m1", .epoch = -1);
    DESCRIBES("Empty 5/4");
    restart_both_ways();
}
END_TEST

START_TEST(who_is_not_heard_of_is_taken_out)
{
    make_two();
    shard_pass(&shard, 30000);
    BEATS("3", .member = "m1", .epoch = 3);
    shard_pass(&shard, 20000);
    DESCRIBES("Assigning 4/3: m1 3 a:0 > a:0");
    BEATS("4 a:0,1", .member = "m1", .epoch = 3);
    shard_restart(&shard, true);
    shard_pass(&shard, 44000);
    DESCRIBES("Stable 4/4: m1 4 a:0,1 > a:0,1");
    shard_pass(&shard, 2000);
    DESCRIBES("Empty 5/4");
}
END_TEST

START_TEST(sessions_after_a_restart_are_as_long_as_the_group_s_own_setting)
{
    shard_configure_group(&shard, "h", "consumer.session.timeout.ms", "50000");
    BEATS("2 a:0,1", .member = "m", .topics = {"a"});
    BEATS("2 a:0,1", .group = "h", .member = "m", .topics = {"a"});
    shard_restart(&shard, true);
    shard_pass(&shard, 46000);
    ck_assert_str_eq(shard_list_state(&shard, "g"), "consumer Empty");
    ck_assert_str_eq(shard_list_state(&shard, "h"), "consumer Stable");
    shard_pass(&shard, 5000);
    ck_assert_str_eq(shard_list_state(&shard, "h"), "consumer Empty");
}
END_TEST

/* As in Apache Kafka, which asks for the members' own only when it hears of them. */
START_TEST(a_member_of_the_classic_protocol_has_the_group_s_session_after_a_restart)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    struct ask *joined = ASK_JOIN(&shard, .group = "g", .version = 3, .session_timeout_ms = 10000,
                                  .bytes = subscription_bytes(&arena, "a", ""));
    const char *member = member_id_of(joined);
    int32_t epoch = join_of(joined)->generation_id;
    ck_assert_int_eq(join_of(joined)->error_code, KERR_NONE);
    shard_restart(&shard, true);
    shard_pass(&shard, 20000);
    ck_assert_int_ne(shard_heartbeat(&shard, "g", member, NULL, epoch), KERR_UNKNOWN_MEMBER_ID);
    shard_pass(&shard, 11000);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", member, NULL, epoch), KERR_UNKNOWN_MEMBER_ID);
    arena_fini(&arena);
}
END_TEST

START_TEST(who_does_not_give_up_in_time_is_taken_out)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"}, .rebalance_timeout_ms = 10000);
    let_assign();
    BEATS("3 -", .member = "m2", .topics = {"a"});
    BEATS("2 a:0", .member = "m1", .epoch = 2, .owned = "a:0,1");
    shard_pass(&shard, 9000);
    BEATS("2", .member = "m1", .epoch = 2, .owned = "a:0,1");
    shard_pass(&shard, 2000);
    BEATS("25 Member m1 is not a member of group g.", .member = "m1", .epoch = 2);
    BEATS("4 a:0,1", .member = "m2", .epoch = 3);
}
END_TEST

START_TEST(an_epoch_that_is_not_the_member_s_is_fenced)
{
    make_two();
    BEATS("110 The consumer group member has a greater member epoch (4) than the one known by the group "
          "coordinator (3). The member must abandon all its partitions and rejoin.",
          .member = "m1", .epoch = 4);
    BEATS("110 The consumer group member has a smaller member epoch (1) than the one known by the group "
          "coordinator (3). The member must abandon all its partitions and rejoin.",
          .member = "m1", .epoch = 1);
    BEATS("3", .member = "m1", .epoch = 2, .owned = "a:0"); /* it did not hear of its newest one */
    BEATS("110 The consumer group member has a smaller member epoch (2) than the one known by the group "
          "coordinator (3). The member must abandon all its partitions and rejoin.",
          .member = "m1", .epoch = 2, .owned = "a:1");
    BEATS("3 a:0", .member = "m1", .topics = {"a"});
}
END_TEST

START_TEST(wrong_requests_are_told_what_is_wrong)
{
    BEATS("42 MemberId can't be empty.", .member = "", .topics = {"a"});
    BEATS("42 GroupId can't be empty.", .group = "", .member = "m", .topics = {"a"});
    BEATS("42 InstanceId can't be empty.", .member = "m", .instance = "", .topics = {"a"});
    BEATS("42 RackId can't be empty.", .member = "m", .rack = "", .topics = {"a"});
    BEATS("42 RebalanceTimeoutMs must be provided in first request.", .member = "m", .topics = {"a"},
          .rebalance_timeout_ms = -1);
    BEATS("42 TopicPartitions must be empty when (re-)joining.", .member = "m", .topics = {"a"},
          .owned = "a:0");
    BEATS("42 Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
          .member = "m");
    BEATS("42 MemberEpoch is invalid.", .member = "m", .epoch = -3);
    BEATS("42 InstanceId can't be null.", .member = "m", .epoch = -2);
    BEATS("112 ServerAssignor nice is not supported. Supported assignors: uniform, range.", .member = "m",
          .topics = {"a"}, .assignor = "nice");
    BEATS("69 Consumer group g not found.", .member = "m", .epoch = 1);
    BEATS("69 Group g not found.", .member = "m", .epoch = -1);
    BEATS("128 SubscribedTopicRegex `([` is not a valid regular expression: missing closing ].",
          .member = "m", .regex = "([");
    DESCRIBES("69 Group g not found.");
    ck_assert_int_eq(shard.log_count, 0);
}
END_TEST

START_TEST(the_broker_makes_ids_for_those_who_ask_so)
{
    struct ask *ask = BEAT(&shard, .member = "", .topics = {"a"}, .version = -1);
    ck_assert_uint_eq(beat_of(ask)->member_id.len, UUID_TEXT_LEN);
    ck_assert_int_eq(beat_of(ask)->member_epoch, 2);
}
END_TEST

START_TEST(a_full_group_takes_nobody_else)
{
    shard.config.consumer_max_size = 1;
    shard_set_config(&shard);
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    BEATS("81 The consumer group has reached its maximum capacity of 1 members.", .member = "m2",
          .topics = {"a"});
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
}
END_TEST

START_TEST(a_member_that_reads_something_else_gets_that)
{
    make_two();
    let_assign();
    BEATS("4 a:0 b:0", .member = "m1", .epoch = 3, .topics = {"a", "b"});
    let_assign();
    BEATS("4 b:0", .member = "m1", .epoch = 4, .topics = {"b"}, .owned = "a:0 b:0");
    BEATS("5", .member = "m1", .epoch = 4, .owned = "b:0");
    BEATS("5 a:0,1", .member = "m2", .epoch = 3, .owned = "a:1");
    DESCRIBES("Stable 5/5: m1 5 b:0 > b:0; m2 5 a:0,1 > a:0,1");
    restart_both_ways();
}
END_TEST

START_TEST(what_is_not_read_any_more_is_taken_at_once_though_the_assignor_rests)
{
    BEATS("2 a:0,1 b:0", .member = "m1", .topics = {"a", "b"});
    BEATS("2 b:0", .member = "m1", .epoch = 2, .topics = {"b"}, .owned = "a:0,1 b:0");
    DESCRIBES("Assigning 3/2: m1 2 a:0,1 b:0 > a:0,1 b:0");
}
END_TEST

START_TEST(topics_that_come_grow_and_go_are_noticed)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a", "c"});
    let_assign();
    shard_put_topic(&shard, "other", 1);
    BEATS("2", .member = "m1", .epoch = 2);
    ck_assert_int_eq(shard.batches, 1);
    shard_put_topic(&shard, "c", 1);
    BEATS("3 a:0,1 c:0", .member = "m1", .epoch = 2);
    let_assign();
    shard_put_topic(&shard, "a", 3);
    BEATS("4 a:0,1,2 c:0", .member = "m1", .epoch = 3);
    let_assign();
    shard_remove_topic(&shard, "a");
    BEATS("4 c:0", .member = "m1", .epoch = 4);
    BEATS("5", .member = "m1", .epoch = 4, .owned = "c:0");
}
END_TEST

START_TEST(static_members_come_back_to_what_they_had)
{
    BEATS("2 a:0,1", .member = "s1", .instance = "i", .topics = {"a"});
    BEATS("111 Static member s2 with instance id i cannot join the group because the instance id is owned by "
          "s1 member.",
          .member = "s2", .instance = "i", .topics = {"a"});
    BEATS("-2", .member = "s1", .instance = "i", .epoch = -2);
    restart_both_ways();
    BEATS("2 a:0,1", .member = "s2", .instance = "i", .topics = {"a"});
    DESCRIBES("Stable 2/2: s2 2 a:0,1 > a:0,1");
    BEATS("82 Static member s1 with instance id i was fenced by member s2.", .member = "s1", .instance = "i",
          .epoch = 2);
    BEATS("25 Instance id j is unknown.", .member = "s2", .instance = "j", .epoch = 2);
    restart_both_ways();
    BEATS("2", .member = "s2", .instance = "i", .epoch = 2);
    BEATS("-2", .member = "s2", .instance = "i", .epoch = -2);
    shard_pass(&shard, 46000);
    DESCRIBES("Empty 3/2");
}
END_TEST

START_TEST(an_append_that_fails_changes_nothing)
{
    shard.append_error = KERR_NOT_LEADER_OR_FOLLOWER;
    BEATS("16 ", .member = "m1", .topics = {"a"});
    DESCRIBES("69 Group g not found.");
    shard.append_error = KERR_NONE;
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    shard.append_error = KERR_NOT_ENOUGH_REPLICAS;
    BEATS("15 ", .member = "m1", .epoch = -1);
    shard_pass(&shard, 50000);
    DESCRIBES("Stable 2/2: m1 2 a:0,1 > a:0,1");
    shard.append_error = KERR_NONE;
    shard_pass(&shard, 2000);
    DESCRIBES("Empty 3/2");
}
END_TEST

/* What appends are refused with, and what Apache Kafka 4.3.1 makes of it
 * (CoordinatorOperationExceptionHelper): it tells no text of those that it translates. */
static const struct {
    enum kerr append;
    const char *answer;
} append_errors[] = {
    {KERR_UNKNOWN_TOPIC_OR_PARTITION, "15 "}, {KERR_NOT_ENOUGH_REPLICAS, "15 "},
    {KERR_REQUEST_TIMED_OUT, "15 "},          {KERR_NOT_LEADER_OR_FOLLOWER, "16 "},
    {KERR_KAFKA_STORAGE_ERROR, "16 "},        {KERR_MESSAGE_TOO_LARGE, "-1 "},
    {KERR_RECORD_LIST_TOO_LARGE, "-1 "},      {KERR_INVALID_FETCH_SIZE, "-1 "},
};

START_TEST(an_append_that_fails_is_told_as_a_coordinator_tells_it)
{
    shard.append_error = append_errors[_i].append;
    struct ask *ask = BEAT(&shard, .member = "m1", .topics = {"a"});
    ck_assert_str_eq(beat_text(&shard, ask), append_errors[_i].answer);
    ck_assert(slice_is_null(beat_of(ask)->error_message));
    ck_assert(slice_is_null(beat_of(ask)->member_id));
    ck_assert_int_eq(beat_of(ask)->heartbeat_interval_ms, 0);
}
END_TEST

START_TEST(who_says_more_than_a_record_may_hold_is_refused_before_it_is_looked_at)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    shard.max_record_bytes = 40;
    BEATS("2", .member = "m1", .epoch = 2, .topics = {"a", "a-name-of-twenty-five-bytes"});
    BEATS("-1 ", .member = "m1", .epoch = 2, .topics = {"a", "a-name-of-twenty-five-bytes", "one-too-many"});
    struct slice bytes = subscription_bytes(&arena, "a-name-of-twenty-five-bytes another", "");
    struct ask *joined = ASK_JOIN(&shard, .group = "g", .version = 3, .bytes = bytes);
    ck_assert_int_eq(join_of(joined)->error_code, KERR_UNKNOWN_SERVER_ERROR);
    shard.max_record_bytes = 100;
    joined = ASK_JOIN(&shard, .group = "g", .version = 3, .bytes = bytes);
    ck_assert_int_eq(join_of(joined)->error_code, KERR_NONE);
    arena_fini(&arena);
}
END_TEST

START_TEST(assignors_are_chosen_by_votes)
{
    shard_put_topic(&shard, "a", 4);
    BEATS("2 a:0,1,2,3 b:0", .member = "m1", .topics = {"a", "b"}, .assignor = "range");
    let_assign();
    BEATS("3 -", .member = "m2", .topics = {"a", "b"});
    DESCRIBES("Reconciling 3/3: m1 2 a:0,1,2,3 b:0 > a:0,1 b:0; m2 3  > a:2,3");
    struct ask *ask = shard_ask(&shard, GROUP_CONSUMER_DESCRIBE, "g", NULL, 1, "client");
    const struct consumer_group_describe_response_group *answer = ask->response;
    ck_assert(slice_equal_str(answer->assignor_name, "range"));
}
END_TEST

/* ---- regular expressions ---- */

START_TEST(a_regular_expression_is_resolved_after_the_answer)
{
    BEATS("1 -", .member = "r1", .regex = "a|b.*");
    DESCRIBES("Stable 1/1: r1 1  > ");
    shard_pass(&shard, 1);
    DESCRIBES("Assigning 2/1: r1 1  > ");
    restart_both_ways();
    BEATS("2 a:0,1 b:0", .member = "r1", .epoch = 1);
    BEATS("2", .member = "r1", .epoch = 2);
    restart_both_ways();
}
END_TEST

static bool may_see_all_but_a(const void *authorizer, struct slice principal, struct slice client_host,
                              struct slice topic)
{
    ck_assert_ptr_eq(authorizer, &shard);
    ck_assert(slice_equal_str(principal, "User:ANONYMOUS"));
    ck_assert(slice_equal_str(client_host, "/127.0.0.1"));
    return !slice_equal_str(topic, "a");
}

START_TEST(what_a_member_may_not_see_is_not_matched)
{
    shard.config.may_describe = may_see_all_but_a;
    shard.config.authorizer = &shard;
    shard_set_config(&shard);
    BEATS("1 -", .member = "r1", .regex = ".*");
    shard_pass(&shard, 1);
    BEATS("2 b:0", .member = "r1", .epoch = 1);
}
END_TEST

START_TEST(new_topics_are_matched_but_not_at_every_heartbeat)
{
    BEATS("1 -", .member = "r1", .regex = "b.*");
    shard_pass(&shard, 1000);
    BEATS("2 b:0", .member = "r1", .epoch = 1);
    shard_put_topic(&shard, "bb", 1);
    BEATS("2", .member = "r1", .epoch = 2);
    shard_pass(&shard, 9100);
    BEATS("2", .member = "r1", .epoch = 2);
    shard_pass(&shard, 100);
    BEATS("3 b:0 bb:0", .member = "r1", .epoch = 2);
}
END_TEST

START_TEST(names_and_expressions_are_read_together)
{
    BEATS("2 a:0,1", .member = "r1", .topics = {"a"}, .regex = "b");
    let_assign();
    BEATS("3 a:0,1 b:0", .member = "r1", .epoch = 2);
    let_assign();
    BEATS("3 a:0,1", .member = "r1", .epoch = 3, .regex = "", .owned = "a:0,1 b:0");
    BEATS("4", .member = "r1", .epoch = 3, .owned = "a:0,1");
    restart_both_ways();
}
END_TEST

START_TEST(many_topics_are_matched_in_several_steps)
{
    char name[16];
    for (int i = 0; i < 2500; i++) {
        snprintf(name, sizeof name, "t%d", i);
        shard_put_topic(&shard, name, 1);
    }
    BEATS("1 -", .member = "r1", .regex = "t.*7");
    shard_pass(&shard, 1);
    struct ask *ask = BEAT(&shard, .member = "r1", .epoch = 1);
    ck_assert_int_eq(beat_of(ask)->assignment->topic_partitions.count, 250);
}
END_TEST

/* ---- offsets ---- */

START_TEST(who_commits_must_be_a_member_and_know_its_epoch)
{
    make_two();
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 3, "a", 0, 9), KERR_NONE);
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 3, "a", 0, 8), KERR_UNSUPPORTED_VERSION);
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 2, "a", 0, 9), KERR_NONE); /* it had it then */
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 1, "a", 0, 9), KERR_STALE_MEMBER_EPOCH);
    ck_assert_int_eq(shard_commit(&shard, "g", "m2", 2, "a", 1, 9), KERR_STALE_MEMBER_EPOCH);
    ck_assert_int_eq(shard_commit(&shard, "g", "m2", 2, "a", 0, 9), KERR_STALE_MEMBER_EPOCH);
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 4, "a", 0, 9), KERR_STALE_MEMBER_EPOCH);
    ck_assert_int_eq(shard_commit(&shard, "g", "m9", 3, "a", 0, 9), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_commit(&shard, "g", "", -1, "a", 0, 9), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(what_has_to_be_given_up_may_still_be_committed)
{
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    let_assign();
    BEATS("3 -", .member = "m2", .topics = {"a"});
    BEATS("2 a:0", .member = "m1", .epoch = 2, .owned = "a:0,1");
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 2, "a", 1, 9), KERR_NONE);
    BEATS("3", .member = "m1", .epoch = 2, .owned = "a:0");
    ck_assert_int_eq(shard_commit(&shard, "g", "m1", 2, "a", 1, 9), KERR_STALE_MEMBER_EPOCH);
}
END_TEST

START_TEST(a_consumer_group_takes_the_place_of_one_that_only_committed)
{
    ck_assert_int_eq(shard_commit(&shard, "g", "", -1, "a", 0, 9), KERR_NONE);
    ck_assert_str_eq(shard_list_state(&shard, "g"), "classic Empty");
    BEATS("2 a:0,1", .member = "m1", .topics = {"a"});
    restart_both_ways();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consumer_group");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_first_member_gets_everything_at_once);
    tcase_add_test(tcase, a_member_gives_up_what_another_gets);
    tcase_add_test(tcase, the_assignor_rests_between_two_assignments);
    tcase_add_test(tcase, a_group_s_own_settings_count_for_it_alone);
    tcase_add_test(tcase, who_leaves_leaves_its_partitions_to_the_others);
    tcase_add_test(tcase, who_is_not_heard_of_is_taken_out);
    tcase_add_test(tcase, sessions_after_a_restart_are_as_long_as_the_group_s_own_setting);
    tcase_add_test(tcase, a_member_of_the_classic_protocol_has_the_group_s_session_after_a_restart);
    tcase_add_test(tcase, who_does_not_give_up_in_time_is_taken_out);
    tcase_add_test(tcase, an_epoch_that_is_not_the_member_s_is_fenced);
    tcase_add_test(tcase, wrong_requests_are_told_what_is_wrong);
    tcase_add_test(tcase, the_broker_makes_ids_for_those_who_ask_so);
    tcase_add_test(tcase, a_full_group_takes_nobody_else);
    tcase_add_test(tcase, a_member_that_reads_something_else_gets_that);
    tcase_add_test(tcase, what_is_not_read_any_more_is_taken_at_once_though_the_assignor_rests);
    tcase_add_test(tcase, topics_that_come_grow_and_go_are_noticed);
    tcase_add_test(tcase, static_members_come_back_to_what_they_had);
    tcase_add_test(tcase, an_append_that_fails_changes_nothing);
    tcase_add_loop_test(tcase, an_append_that_fails_is_told_as_a_coordinator_tells_it, 0,
                        sizeof append_errors / sizeof append_errors[0]);
    tcase_add_test(tcase, who_says_more_than_a_record_may_hold_is_refused_before_it_is_looked_at);
    tcase_add_test(tcase, assignors_are_chosen_by_votes);
    tcase_add_test(tcase, a_regular_expression_is_resolved_after_the_answer);
    tcase_add_test(tcase, what_a_member_may_not_see_is_not_matched);
    tcase_add_test(tcase, new_topics_are_matched_but_not_at_every_heartbeat);
    tcase_add_test(tcase, names_and_expressions_are_read_together);
    tcase_add_test(tcase, many_topics_are_matched_in_several_steps);
    tcase_add_test(tcase, who_commits_must_be_a_member_and_know_its_epoch);
    tcase_add_test(tcase, what_has_to_be_given_up_may_still_be_committed);
    tcase_add_test(tcase, a_consumer_group_takes_the_place_of_one_that_only_committed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
