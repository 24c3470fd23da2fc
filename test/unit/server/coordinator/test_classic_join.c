/* JoinGroup to classic groups: new members, ids that come first, who waits for whom, the protocol that is
 * chosen (kafka-apis 9.4, 9.5). What Apache Kafka answered to the same: test/conversation 21 and 22. */
#include "test/unit/server/coordinator/shard_fixture.h"

#include <check.h>
#include <stdlib.h>

static struct shard shard;

static void set_up(void)
{
    shard_init(&shard, 1);
}

static void tear_down(void)
{
    shard_fini(&shard);
}

#define ck_error(ask, kerr)                                 \
    do {                                                    \
        ck_assert_int_eq((ask)->answers, 1);                \
        ck_assert_int_eq(join_of(ask)->error_code, (kerr)); \
    } while (0)

START_TEST(a_session_must_last_as_long_as_the_broker_allows)
{
    ck_error(ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 5999), KERR_INVALID_SESSION_TIMEOUT);
    ck_error(ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 1800001), KERR_INVALID_SESSION_TIMEOUT);
    ck_error(ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 6000), KERR_MEMBER_ID_REQUIRED);
    ck_error(ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 1800000), KERR_MEMBER_ID_REQUIRED);
}
END_TEST

START_TEST(a_member_of_no_group_is_unknown)
{
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .member = "nobody");
    ck_error(ask, KERR_UNKNOWN_MEMBER_ID);
    ck_assert(slice_equal_str(join_of(ask)->member_id, "nobody"));
    ck_assert_int_eq(join_of(ask)->generation_id, -1);
    ck_assert_int_eq(shard.log_count, 0);
}
END_TEST

START_TEST(the_first_member_needs_a_protocol_and_its_type)
{
    ck_error(ASK_JOIN(&shard, .group = "g", .protocols = {""}), KERR_INCONSISTENT_GROUP_PROTOCOL);
    ck_error(ASK_JOIN(&shard, .group = "g", .type = ""), KERR_INCONSISTENT_GROUP_PROTOCOL);
}
END_TEST

START_TEST(a_new_member_is_told_its_id_first)
{
    struct ask *first = ASK_JOIN(&shard, .group = "g", .client = "kc");
    ck_error(first, KERR_MEMBER_ID_REQUIRED);
    ck_assert(slice_starts_with(join_of(first)->member_id, SLICE("kc-")));
    ck_assert_uint_eq(join_of(first)->member_id.len, strlen("kc-") + 36);
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .member = member_id_of(first));
    ck_error(ask, KERR_NONE);
    ck_assert_int_eq(join_of(ask)->generation_id, 1);
    ck_assert(slice_equal(join_of(ask)->leader, join_of(first)->member_id));
    ck_assert_int_eq(join_of(ask)->members.count, 1);
}
END_TEST

START_TEST(before_version_4_it_is_not)
{
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .version = 3);
    ck_error(ask, KERR_NONE);
    ck_assert_int_eq(join_of(ask)->generation_id, 1);
}
END_TEST

START_TEST(an_id_that_was_handed_out_is_gone_with_its_session)
{
    struct ask *first = ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 10000);
    shard_pass(&shard, 9999);
    struct ask *second = ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 10000);
    shard_pass(&shard, 1);
    ck_error(ASK_JOIN(&shard, .group = "g", .member = member_id_of(first)), KERR_UNKNOWN_MEMBER_ID);
    ck_error(ASK_JOIN(&shard, .group = "g", .member = member_id_of(second)), KERR_NONE);
}
END_TEST

START_TEST(an_id_that_was_handed_out_is_no_static_members)
{
    struct ask *first = ASK_JOIN(&shard, .group = "g");
    ck_error(ASK_JOIN(&shard, .group = "g", .member = member_id_of(first), .instance = "i"),
             KERR_UNKNOWN_SERVER_ERROR);
}
END_TEST

START_TEST(more_ids_than_anybody_needs_push_out_the_oldest)
{
    struct ask *first = ASK_JOIN(&shard, .group = "g");
    struct ask *second = ASK_JOIN(&shard, .group = "g");
    for (int i = 2; i <= 10000; i++)
        ask_free(ASK_JOIN(&shard, .group = "g"));
    ck_error(ASK_JOIN(&shard, .group = "g", .member = member_id_of(first)), KERR_UNKNOWN_MEMBER_ID);
    ck_error(ASK_JOIN(&shard, .group = "g", .member = member_id_of(second)), KERR_NONE);
}
END_TEST

START_TEST(a_join_waits_for_all_members)
{
    struct ask *a = shard_join_new(&shard, "g", "a");
    ck_error(a, KERR_NONE);
    struct ask *b = shard_join_new(&shard, "g", "b");
    ck_assert_int_eq(b->answers, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", member_id_of(a), NULL, 1), KERR_REBALANCE_IN_PROGRESS);
    struct ask *again = ASK_JOIN(&shard, .group = "g", .member = member_id_of(a));
    ck_error(again, KERR_NONE);
    ck_error(b, KERR_NONE);
    ck_assert_int_eq(join_of(again)->generation_id, 2);
    ck_assert_int_eq(join_of(again)->members.count, 2);
    ck_assert(slice_equal(join_of(again)->members.items[1].member_id, join_of(b)->member_id));
    ck_assert_int_eq(join_of(b)->generation_id, 2);
    ck_assert_int_eq(join_of(b)->members.count, 0);
    ck_assert(slice_equal(join_of(b)->leader, join_of(a)->member_id));
}
END_TEST

START_TEST(a_join_waits_for_ids_that_were_handed_out)
{
    const char *ids[1];
    shard_make_stable(&shard, "g", 1, ids);
    struct ask *pending = ASK_JOIN(&shard, .group = "g", .session_timeout_ms = 10000);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ck_assert_int_eq(a->answers, 0);
    shard_pass(&shard, 10000);
    ck_error(a, KERR_NONE);
    ck_assert_int_eq(join_of(pending)->error_code, KERR_MEMBER_ID_REQUIRED);
}
END_TEST

START_TEST(who_does_not_come_back_in_time_is_out)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0], .rebalance_timeout_ms = 20000);
    shard_heartbeat(&shard, "g", ids[1], NULL, 2);
    shard_pass(&shard, 25000);
    shard_heartbeat(&shard, "g", ids[1], NULL, 2);
    shard_pass(&shard, 25000);
    shard_heartbeat(&shard, "g", ids[1], NULL, 2);
    shard_pass(&shard, 9999);
    ck_assert_int_eq(a->answers, 0); /* the longest rebalance timeout of both counts */
    shard_pass(&shard, 1);
    ck_error(a, KERR_NONE);
    ck_assert_int_eq(join_of(a)->members.count, 1);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], NULL, 3), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(version_0_has_one_timeout_for_both)
{
    struct ask *a = ASK_JOIN(&shard, .group = "g", .version = -1, .session_timeout_ms = 10000);
    ck_error(a, KERR_NONE);
    struct ask *b = ASK_JOIN(&shard, .group = "g", .version = -1, .session_timeout_ms = 10000);
    shard_pass(&shard, 9999);
    ck_assert_int_eq(b->answers, 0);
    shard_pass(&shard, 1);
    ck_error(b, KERR_NONE);
    ck_assert(slice_equal(join_of(b)->leader, join_of(b)->member_id));
}
END_TEST

START_TEST(the_leader_that_stays_away_is_followed_by_the_first_who_came)
{
    const char *ids[3];
    shard_make_stable(&shard, "g", 3, ids);
    struct ask *c = ASK_JOIN(&shard, .group = "g", .member = ids[2], .metadata = "changed");
    struct ask *b = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_assert_int_eq(b->answers + c->answers, 0);
    shard_pass(&shard, 60000);
    ck_error(b, KERR_NONE);
    ck_error(c, KERR_NONE);
    ck_assert(slice_equal_str(join_of(c)->leader, ids[1]));
    ck_assert_int_eq(join_of(b)->members.count, 2);
}
END_TEST

START_TEST(a_first_join_waits_for_others)
{
    shard.config.initial_rebalance_delay_ms = 3000;
    shard_set_config(&shard);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .version = 3);
    shard_pass(&shard, 2999);
    ck_assert_int_eq(a->answers, 0);
    shard_pass(&shard, 1);
    ck_error(a, KERR_NONE);
}
END_TEST

START_TEST(whoever_comes_meanwhile_lengthens_the_wait)
{
    shard.config.initial_rebalance_delay_ms = 3000;
    shard_set_config(&shard);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .version = 3, .rebalance_timeout_ms = 8000);
    for (int i = 0; i < 7; i++) {
        ASK_JOIN(&shard, .group = "g", .version = 3, .rebalance_timeout_ms = 8000);
        shard_pass(&shard, 1000);
        ck_assert_int_eq(a->answers, 0);
    }
    shard_pass(&shard, 1000); /* 3 + 3 + 2: the rebalance timeout is used up */
    ck_error(a, KERR_NONE);
    ck_assert_int_eq(join_of(a)->members.count, 8);
}
END_TEST

START_TEST(a_follower_that_joins_unchanged_is_told_what_is)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_error(ask, KERR_NONE);
    ck_assert_int_eq(join_of(ask)->generation_id, 2);
    ck_assert_int_eq(join_of(ask)->members.count, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_NONE);
}
END_TEST

START_TEST(a_follower_that_changed_starts_a_rebalance)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    ck_assert_int_eq(ASK_JOIN(&shard, .group = "g", .member = ids[1], .metadata = "more")->answers, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(the_leader_starts_one_even_unchanged)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    ck_assert_int_eq(ASK_JOIN(&shard, .group = "g", .member = ids[0])->answers, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], NULL, 2), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(before_the_sync_a_join_unchanged_is_a_repetition)
{
    struct ask *a = shard_join_new(&shard, "g", "a");
    struct ask *again = ASK_JOIN(&shard, .group = "g", .member = member_id_of(a));
    ck_error(again, KERR_NONE);
    ck_assert_int_eq(join_of(again)->generation_id, 1);
    ck_assert_int_eq(join_of(again)->members.count, 1);
    struct ask *changed = ASK_JOIN(&shard, .group = "g", .member = member_id_of(a), .metadata = "more");
    ck_error(changed, KERR_NONE);
    ck_assert_int_eq(join_of(changed)->generation_id, 2);
}
END_TEST

START_TEST(a_join_sent_twice_is_answered_twice)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *first = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    struct ask *second = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ck_error(first, KERR_REBALANCE_IN_PROGRESS);
    ck_assert_int_eq(second->answers, 0);
    ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_error(second, KERR_NONE);
}
END_TEST

START_TEST(a_join_whose_client_has_gone_counts_all_the_same)
{
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    ask_free(ASK_JOIN(&shard, .group = "g", .member = ids[0]));
    struct ask *b = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_error(b, KERR_NONE);
    ck_assert(slice_equal_str(join_of(b)->leader, ids[0]));
}
END_TEST

START_TEST(the_protocol_is_one_that_all_support_and_most_want)
{
    const char *ids[3];
    for (int i = 0; i < 3; i++)
        ids[i] = member_id_of(ASK_JOIN(&shard, .group = "g"));
    ASK_JOIN(&shard, .group = "g", .member = ids[0], .protocols = {"sticky", "range", "rr"});
    ASK_JOIN(&shard, .group = "g", .member = ids[1], .protocols = {"rr", "range"});
    ASK_JOIN(&shard, .group = "g", .member = ids[2], .protocols = {"rr", "range", "sticky"});
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0], .protocols = {"sticky", "range", "rr"});
    ck_error(a, KERR_NONE);
    ck_assert(slice_equal_str(join_of(a)->protocol_name, "rr"));
    ck_error(ASK_JOIN(&shard, .group = "g", .protocols = {"sticky"}), KERR_INCONSISTENT_GROUP_PROTOCOL);
    ck_error(ASK_JOIN(&shard, .group = "g", .type = "connect"), KERR_INCONSISTENT_GROUP_PROTOCOL);
    ck_error(ASK_JOIN(&shard, .group = "g"), KERR_MEMBER_ID_REQUIRED);
}
END_TEST

START_TEST(a_protocol_named_twice_counts_once)
{
    struct ask *a = ASK_JOIN(&shard, .group = "g", .version = 3, .protocols = {"range", "range"});
    ck_error(a, KERR_NONE);
    ck_assert(slice_equal_str(join_of(a)->protocol_name, "range"));
}
END_TEST

START_TEST(an_empty_group_takes_another_type)
{
    const char *ids[1];
    shard_make_stable(&shard, "g", 1, ids);
    shard_leave(&shard, "g", ids[0], NULL, 5);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .version = 3, .type = "connect");
    ck_error(a, KERR_NONE);
    ck_assert_int_eq(join_of(a)->generation_id, 3);
}
END_TEST

START_TEST(a_full_group_takes_nobody)
{
    shard.config.max_size = 2;
    shard_set_config(&shard);
    const char *ids[2];
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *late = ASK_JOIN(&shard, .group = "g");
    ck_error(late, KERR_GROUP_MAX_SIZE_REACHED);
    ck_assert_uint_eq(join_of(late)->member_id.len, 0);
    ck_error(ASK_JOIN(&shard, .group = "g", .member = ids[1]), KERR_NONE);
}
END_TEST

START_TEST(a_group_that_is_too_large_loses_its_last)
{
    const char *ids[3];
    shard_make_stable(&shard, "g", 3, ids);
    shard.config.max_size = 2;
    shard_set_config(&shard);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    struct ask *c = ASK_JOIN(&shard, .group = "g", .member = ids[2]);
    ck_error(ASK_JOIN(&shard, .group = "g", .member = ids[1]), KERR_GROUP_MAX_SIZE_REACHED);
    ck_error(a, KERR_NONE);
    ck_error(c, KERR_NONE);
    ck_assert_int_eq(join_of(a)->members.count, 2);
}
END_TEST

START_TEST(a_new_member_that_waits_too_long_is_let_go)
{
    const char *ids[1];
    shard_make_stable(&shard, "g", 1, ids);
    ASK_JOIN(&shard, .group = "g", .member = ids[0], .rebalance_timeout_ms = 600000);
    shard_sync(&shard, "g", ids[0], NULL, 2, NULL);
    struct ask *b = shard_join_new(&shard, "g", "b");
    for (int i = 0; i < 15; i++) {
        ck_assert_int_eq(b->answers, 0);
        shard_heartbeat(&shard, "g", ids[0], NULL, 2);
        shard_pass(&shard, 20000);
    }
    ck_error(b, KERR_UNKNOWN_MEMBER_ID); /* after five minutes */
}
END_TEST

/* A request costs what its group's phase asks for, not a look at all pairs of members. */
START_TEST(a_thousand_members_join_and_sync)
{
    enum { COUNT = 1000 };
    static const char *ids[COUNT];
    shard_make_stable(&shard, "g", COUNT, ids);
    ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[i], NULL, 2), KERR_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classic_join");
    TCase *tcase = tcase_create("classic_join");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_session_must_last_as_long_as_the_broker_allows);
    tcase_add_test(tcase, a_member_of_no_group_is_unknown);
    tcase_add_test(tcase, the_first_member_needs_a_protocol_and_its_type);
    tcase_add_test(tcase, a_new_member_is_told_its_id_first);
    tcase_add_test(tcase, before_version_4_it_is_not);
    tcase_add_test(tcase, an_id_that_was_handed_out_is_gone_with_its_session);
    tcase_add_test(tcase, an_id_that_was_handed_out_is_no_static_members);
    tcase_add_test(tcase, more_ids_than_anybody_needs_push_out_the_oldest);
    tcase_add_test(tcase, a_join_waits_for_all_members);
    tcase_add_test(tcase, a_join_waits_for_ids_that_were_handed_out);
    tcase_add_test(tcase, who_does_not_come_back_in_time_is_out);
    tcase_add_test(tcase, version_0_has_one_timeout_for_both);
    tcase_add_test(tcase, the_leader_that_stays_away_is_followed_by_the_first_who_came);
    tcase_add_test(tcase, a_first_join_waits_for_others);
    tcase_add_test(tcase, whoever_comes_meanwhile_lengthens_the_wait);
    tcase_add_test(tcase, a_follower_that_joins_unchanged_is_told_what_is);
    tcase_add_test(tcase, a_follower_that_changed_starts_a_rebalance);
    tcase_add_test(tcase, the_leader_starts_one_even_unchanged);
    tcase_add_test(tcase, before_the_sync_a_join_unchanged_is_a_repetition);
    tcase_add_test(tcase, a_join_sent_twice_is_answered_twice);
    tcase_add_test(tcase, a_join_whose_client_has_gone_counts_all_the_same);
    tcase_add_test(tcase, the_protocol_is_one_that_all_support_and_most_want);
    tcase_add_test(tcase, a_protocol_named_twice_counts_once);
    tcase_add_test(tcase, an_empty_group_takes_another_type);
    tcase_add_test(tcase, a_full_group_takes_nobody);
    tcase_add_test(tcase, a_group_that_is_too_large_loses_its_last);
    tcase_add_test(tcase, a_new_member_that_waits_too_long_is_let_go);
    tcase_add_test(tcase, a_thousand_members_join_and_sync);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
