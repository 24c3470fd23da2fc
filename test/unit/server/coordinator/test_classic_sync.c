/* SyncGroup, Heartbeat and LeaveGroup to classic groups, and sessions that end (kafka-apis 9.6). */
#include "protocol/messages/describe_groups.h"
#include "server/coordinator/classic_group.h"
#include "test/unit/server/coordinator/shard_fixture.h"

#include <check.h>
#include <stdlib.h>

static struct shard shard;
static const char *ids[3];

static void set_up(void)
{
    shard_init(&shard, 2);
}

static void tear_down(void)
{
    shard_fini(&shard);
}

static void ck_sync(const struct ask *ask, enum kerr error, const char *assignment)
{
    ck_assert_int_eq(ask->answers, 1);
    ck_assert_int_eq(sync_of(ask)->error_code, error);
    ck_assert(slice_equal_str(sync_of(ask)->assignment, assignment));
    ck_assert(slice_is_null(sync_of(ask)->protocol_name) == (error != KERR_NONE));
}

/* Two members have joined generation 2 and neither has synced. */
static void join_two(void)
{
    struct ask *a = shard_join_new(&shard, "g", "a");
    struct ask *b = shard_join_new(&shard, "g", "b");
    struct ask *again = ASK_JOIN(&shard, .group = "g", .member = member_id_of(a));
    ck_assert_int_eq(again->answers + b->answers, 2);
    ids[0] = member_id_of(a);
    ids[1] = member_id_of(b);
}

START_TEST(a_sync_waits_for_the_leaders)
{
    join_two();
    struct ask *b = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    ck_assert_int_eq(b->answers, 0);
    ck_assert_str_eq(shard_state(&shard, "g"), "CompletingRebalance");
    const char *assignments[] = {ids[0], "A", ids[1], "old", "stranger", "S", ids[1], "B", NULL};
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 2, assignments), KERR_NONE, "A");
    ck_sync(b, KERR_NONE, "B");
    ck_assert(slice_equal_str(sync_of(b)->protocol_type, "consumer"));
    ck_assert(slice_equal_str(sync_of(b)->protocol_name, "range"));
    ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
}
END_TEST

START_TEST(a_member_that_the_leader_forgot_gets_nothing)
{
    join_two();
    const char *assignments[] = {ids[0], "A", NULL};
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 2, assignments), KERR_NONE, "A");
    ck_sync(shard_sync(&shard, "g", ids[1], NULL, 2, NULL), KERR_NONE, "");
}
END_TEST

START_TEST(a_later_sync_changes_nothing)
{
    join_two();
    const char *assignments[] = {ids[0], "A", NULL}, *others[] = {ids[0], "X", ids[1], "Y", NULL};
    shard_sync(&shard, "g", ids[0], NULL, 2, assignments);
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 2, others), KERR_NONE, "A");
    ck_sync(shard_sync(&shard, "g", ids[1], NULL, 2, others), KERR_NONE, "");
}
END_TEST

START_TEST(a_sync_is_checked_like_a_join)
{
    ck_sync(shard_sync(&shard, "g", "x", NULL, 1, NULL), KERR_UNKNOWN_MEMBER_ID, "");
    join_two();
    ck_sync(shard_sync(&shard, "g", "x", NULL, 2, NULL), KERR_UNKNOWN_MEMBER_ID, "");
    ck_sync(shard_sync(&shard, "g", ids[0], "i", 2, NULL), KERR_UNKNOWN_MEMBER_ID, "");
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 1, NULL), KERR_ILLEGAL_GENERATION, "");
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 3, NULL), KERR_ILLEGAL_GENERATION, "");
}
END_TEST

START_TEST(a_sync_names_the_protocol_that_was_chosen)
{
    join_two();
    struct sync_group_request request;
    schema_set_defaults(sync_group_request_schema(), &request);
    request.generation_id = 2;
    request.member_id = slice_str(ids[1]);
    request.protocol_type = SLICE("connect");
    ck_sync(shard_ask(&shard, GROUP_SYNC, "g", &request, 5, "c"), KERR_INCONSISTENT_GROUP_PROTOCOL, "");
    request.protocol_type = SLICE("consumer");
    request.protocol_name = SLICE("sticky");
    ck_sync(shard_ask(&shard, GROUP_SYNC, "g", &request, 5, "c"), KERR_INCONSISTENT_GROUP_PROTOCOL, "");
    request.protocol_name = SLICE("range");
    ck_assert_int_eq(shard_ask(&shard, GROUP_SYNC, "g", &request, 5, "c")->answers, 0);
}
END_TEST

START_TEST(during_a_rebalance_a_sync_must_join_again)
{
    join_two();
    shard_sync(&shard, "g", ids[0], NULL, 2, NULL);
    ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ck_sync(shard_sync(&shard, "g", ids[1], NULL, 2, NULL), KERR_REBALANCE_IN_PROGRESS, "");
}
END_TEST

START_TEST(a_sync_that_waits_hears_of_a_rebalance)
{
    join_two();
    struct ask *b = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 5), KERR_NONE);
    ck_sync(b, KERR_REBALANCE_IN_PROGRESS, "");
    struct ask *again = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_assert_int_eq(join_of(again)->generation_id, 3);
    ck_assert(slice_equal_str(join_of(again)->leader, ids[1]));
}
END_TEST

START_TEST(a_sync_sent_twice_is_answered_twice)
{
    join_two();
    struct ask *first = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    struct ask *second = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    ck_sync(first, KERR_REBALANCE_IN_PROGRESS, "");
    shard_sync(&shard, "g", ids[0], NULL, 2, NULL);
    ck_sync(second, KERR_NONE, "");
}
END_TEST

START_TEST(who_has_joined_and_does_not_sync_is_out)
{
    join_two();
    struct ask *b = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    for (int i = 0; i < 3; i++) {
        shard_heartbeat(&shard, "g", ids[0], NULL, 2);
        ck_assert_int_eq(b->answers, 0);
        shard_pass(&shard, 20000); /* the leader lives, and says nothing */
    }
    ck_sync(b, KERR_REBALANCE_IN_PROGRESS, "");
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(so_is_a_follower_of_a_stable_group)
{
    join_two();
    shard_sync(&shard, "g", ids[0], NULL, 2, NULL);
    for (int i = 0; i < 3; i++) {
        shard_heartbeat(&shard, "g", ids[0], NULL, 2);
        shard_heartbeat(&shard, "g", ids[1], NULL, 2);
        shard_pass(&shard, 20000);
    }
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], NULL, 2), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(an_assignment_that_cannot_be_stored_is_nobodys)
{
    join_two();
    struct ask *b = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    shard.append_error = KERR_NOT_ENOUGH_REPLICAS;
    const char *assignments[] = {ids[0], "A", ids[1], "B", NULL};
    ck_sync(shard_sync(&shard, "g", ids[0], NULL, 2, assignments), KERR_COORDINATOR_NOT_AVAILABLE, "");
    ck_sync(b, KERR_COORDINATOR_NOT_AVAILABLE, "");
    ck_assert_str_eq(shard_state(&shard, "g"), "PreparingRebalance");
    shard.append_error = KERR_NONE;
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_assert_int_eq(join_of(a)->generation_id, 3);
}
END_TEST

/* ---- Heartbeat ---- */

START_TEST(a_heartbeat_is_a_members_of_this_generation)
{
    ck_assert_int_eq(shard_heartbeat(&shard, "g", "x", NULL, 1), KERR_UNKNOWN_MEMBER_ID);
    const char *pending = member_id_of(ASK_JOIN(&shard, .group = "h"));
    ck_assert_int_eq(shard_heartbeat(&shard, "h", pending, NULL, 0), KERR_UNKNOWN_MEMBER_ID);
    join_two();
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_NONE);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 1), KERR_ILLEGAL_GENERATION);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", "x", NULL, 2), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i", 2), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(a_session_ends_when_no_heartbeat_comes)
{
    shard_make_stable(&shard, "g", 2, ids);
    shard_pass(&shard, 29999);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_NONE);
    shard_pass(&shard, 1);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_REBALANCE_IN_PROGRESS);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], NULL, 2), KERR_UNKNOWN_MEMBER_ID);
    shard_pass(&shard, 30000);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
}
END_TEST

START_TEST(who_waits_for_others_keeps_its_session)
{
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    shard_heartbeat(&shard, "g", ids[1], NULL, 2);
    shard_pass(&shard, 25000);
    shard_heartbeat(&shard, "g", ids[1], NULL, 2);
    shard_pass(&shard, 25000); /* a has been silent for 50 s */
    ck_assert_int_eq(a->answers, 0);
    ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_assert_int_eq(join_of(a)->members.count, 2);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 3), KERR_NONE);
}
END_TEST

START_TEST(sessions_that_end_while_others_join_let_them_go_on)
{
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0], .rebalance_timeout_ms = 600000);
    shard_pass(&shard, 30000);
    ck_assert_int_eq(a->answers, 1);
    ck_assert_int_eq(join_of(a)->members.count, 1);
}
END_TEST

START_TEST(a_clock_that_jumps_ends_everything_at_once)
{
    shard_make_stable(&shard, "g", 3, ids);
    ASK_JOIN(&shard, .group = "g");
    shard_jump(&shard, 24LL * 3600 * 1000);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
}
END_TEST

/* ---- DescribeGroups ---- */

static const struct describe_groups_response_group *describe(void)
{
    return shard_ask(&shard, GROUP_DESCRIBE, "g", NULL, 6, "c")->response;
}

START_TEST(what_members_offer_is_shown_while_the_group_is_stable)
{
    struct ask *a = ASK_JOIN(&shard, .group = "g", .instance = "i", .metadata = "meta");
    const struct describe_groups_response_group *answer = describe();
    ck_assert(slice_equal_str(answer->group_state, "CompletingRebalance"));
    ck_assert(slice_equal_str(answer->protocol_type, "consumer"));
    ck_assert(slice_equal_str(answer->protocol_data, ""));
    ck_assert(slice_equal_str(answer->members.items[0].member_metadata, ""));
    const char *assignments[] = {member_id_of(a), "A", NULL};
    shard_sync(&shard, "g", member_id_of(a), "i", 1, assignments);
    answer = describe();
    ck_assert(slice_equal_str(answer->group_state, "Stable"));
    ck_assert(slice_equal_str(answer->protocol_data, "range"));
    const struct describe_groups_response_member *member = &answer->members.items[0];
    ck_assert(slice_equal(member->member_id, join_of(a)->member_id));
    ck_assert(slice_equal_str(member->group_instance_id, "i"));
    ck_assert(slice_equal_str(member->client_id, "c"));
    ck_assert(slice_equal_str(member->client_host, "/127.0.0.1"));
    ck_assert(slice_equal_str(member->member_metadata, "meta"));
    ck_assert(slice_equal_str(member->member_assignment, "A"));
}
END_TEST

START_TEST(during_a_rebalance_the_old_assignment_is_shown)
{
    shard_make_stable(&shard, "g", 2, ids);
    const char *assignments[] = {ids[0], "A", NULL};
    ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    shard_sync(&shard, "g", ids[0], NULL, 3, assignments);
    ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    ck_assert(slice_equal_str(describe()->group_state, "PreparingRebalance"));
    ck_assert(slice_equal_str(describe()->members.items[0].member_assignment, "A"));
}
END_TEST

START_TEST(a_group_that_goes_elsewhere_tells_all_who_wait)
{
    struct arena arena;
    struct group_effects effects;
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    arena_init(&arena, SIZE_MAX);
    group_effects_init(&effects, &arena);
    classic_group_dismiss(find_group(shard.groups, SLICE("g")), KERR_NOT_COORDINATOR, &effects);
    ck_assert_ptr_eq(effects.answered.next, &a->reply.node);
    ck_assert_int_eq(join_of(a)->error_code, KERR_NOT_COORDINATOR);
    ck_assert(slice_equal_str(join_of(a)->member_id, ids[0]));
    list_remove(&a->reply.node);
    arena_fini(&arena);
}
END_TEST

/* ---- LeaveGroup ---- */

START_TEST(the_last_one_leaves_an_empty_group)
{
    shard_make_stable(&shard, "g", 1, ids);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 2), KERR_NONE);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 2), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 3), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_leave(&shard, "none", ids[0], NULL, 5), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_leave(&shard, "none", ids[0], NULL, 0), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(each_who_leaves_gets_an_answer_of_its_own)
{
    shard_make_stable(&shard, "g", 2, ids);
    struct leave_group_member members[] = {
        {slice_str(ids[0]), SLICE_NULL, SLICE("tired")},
        {slice_str(ids[0]), SLICE_NULL, SLICE_NULL},
        {SLICE("x"), SLICE("i"), SLICE_NULL},
        {SLICE(""), SLICE_NULL, SLICE_NULL},
    };
    struct leave_group_request request = {.member_id = SLICE(""), .members = {members, 4}};
    struct ask *ask = shard_ask(&shard, GROUP_LEAVE, "g", &request, 5, "c");
    const struct leave_group_response *response = ask->response;
    ck_assert_int_eq(response->error_code, KERR_NONE);
    ck_assert_int_eq(response->members.count, 4);
    ck_assert_int_eq(response->members.items[0].error_code, KERR_NONE);
    for (int i = 1; i < 4; i++)
        ck_assert_int_eq(response->members.items[i].error_code, KERR_UNKNOWN_MEMBER_ID);
    ck_assert(slice_equal_str(response->members.items[2].group_instance_id, "i"));
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], NULL, 2), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(an_id_that_was_handed_out_may_leave)
{
    const char *pending = member_id_of(ASK_JOIN(&shard, .group = "g"));
    ck_assert_int_eq(shard_leave(&shard, "g", pending, NULL, 5), KERR_NONE);
    ck_assert_int_eq(join_of(ASK_JOIN(&shard, .group = "g", .member = pending))->error_code,
                     KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(who_waits_and_is_made_to_leave_is_told)
{
    shard_make_stable(&shard, "g", 2, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    shard_leave(&shard, "g", ids[0], NULL, 5);
    ck_assert_int_eq(a->answers, 1);
    ck_assert_int_eq(join_of(a)->error_code, KERR_UNKNOWN_MEMBER_ID);
    struct ask *b = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    ck_assert_int_eq(b->answers, 1);
    struct ask *sync = shard_sync(&shard, "h", "x", NULL, 1, NULL);
    ck_sync(sync, KERR_UNKNOWN_MEMBER_ID, "");
}
END_TEST

START_TEST(so_is_one_that_waits_for_its_assignment)
{
    join_two();
    struct ask *b = shard_sync(&shard, "g", ids[1], NULL, 2, NULL);
    shard_leave(&shard, "g", ids[1], NULL, 5);
    ck_sync(b, KERR_UNKNOWN_MEMBER_ID, "");
}
END_TEST

START_TEST(the_last_who_was_awaited_leaves_and_the_others_go_on)
{
    shard_make_stable(&shard, "g", 3, ids);
    struct ask *a = ASK_JOIN(&shard, .group = "g", .member = ids[0]);
    struct ask *b = ASK_JOIN(&shard, .group = "g", .member = ids[1]);
    shard_leave(&shard, "g", ids[2], NULL, 5);
    ck_assert_int_eq(a->answers + b->answers, 2);
    ck_assert_int_eq(join_of(a)->members.count, 2);
}
END_TEST

START_TEST(leaving_that_cannot_be_stored_is_refused_as_a_whole)
{
    shard_make_stable(&shard, "g", 1, ids);
    shard.append_error = KERR_NOT_LEADER_OR_FOLLOWER;
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 5), KERR_NOT_COORDINATOR);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classic_sync");
    TCase *tcase = tcase_create("classic_sync");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_sync_waits_for_the_leaders);
    tcase_add_test(tcase, a_member_that_the_leader_forgot_gets_nothing);
    tcase_add_test(tcase, a_later_sync_changes_nothing);
    tcase_add_test(tcase, a_sync_is_checked_like_a_join);
    tcase_add_test(tcase, a_sync_names_the_protocol_that_was_chosen);
    tcase_add_test(tcase, during_a_rebalance_a_sync_must_join_again);
    tcase_add_test(tcase, a_sync_that_waits_hears_of_a_rebalance);
    tcase_add_test(tcase, a_sync_sent_twice_is_answered_twice);
    tcase_add_test(tcase, who_has_joined_and_does_not_sync_is_out);
    tcase_add_test(tcase, so_is_a_follower_of_a_stable_group);
    tcase_add_test(tcase, an_assignment_that_cannot_be_stored_is_nobodys);
    tcase_add_test(tcase, a_heartbeat_is_a_members_of_this_generation);
    tcase_add_test(tcase, a_session_ends_when_no_heartbeat_comes);
    tcase_add_test(tcase, who_waits_for_others_keeps_its_session);
    tcase_add_test(tcase, sessions_that_end_while_others_join_let_them_go_on);
    tcase_add_test(tcase, a_clock_that_jumps_ends_everything_at_once);
    tcase_add_test(tcase, what_members_offer_is_shown_while_the_group_is_stable);
    tcase_add_test(tcase, during_a_rebalance_the_old_assignment_is_shown);
    tcase_add_test(tcase, a_group_that_goes_elsewhere_tells_all_who_wait);
    tcase_add_test(tcase, the_last_one_leaves_an_empty_group);
    tcase_add_test(tcase, each_who_leaves_gets_an_answer_of_its_own);
    tcase_add_test(tcase, an_id_that_was_handed_out_may_leave);
    tcase_add_test(tcase, who_waits_and_is_made_to_leave_is_told);
    tcase_add_test(tcase, so_is_one_that_waits_for_its_assignment);
    tcase_add_test(tcase, the_last_who_was_awaited_leaves_and_the_others_go_on);
    tcase_add_test(tcase, leaving_that_cannot_be_stored_is_refused_as_a_whole);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
