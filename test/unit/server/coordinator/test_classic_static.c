/* Static members (KIP-345, kafka-apis 9.7), the records of classic groups and what is loaded from them, and
 * who may commit offsets (11.1) and when they expire (11.5). */
#include "protocol/records/group_metadata_record.h"
#include "server/coordinator/classic_group.h"
#include "test/unit/server/coordinator/shard_fixture.h"

#include <check.h>
#include <stdlib.h>

static struct shard shard;
static struct arena arena;
static const char *ids[3];

static void set_up(void)
{
    shard_init(&shard, 3);
    arena_init(&arena, SIZE_MAX);
}

static void tear_down(void)
{
    arena_fini(&arena);
    shard_fini(&shard);
}

/* Static members i0, i1 ... of one group, synced; the first one leads and has "A", the second "B". */
static void make_static(int count)
{
    static const char *const instances[] = {"i0", "i1", "i2"};
    for (int i = 0; i < count; i++)
        ids[i] = NULL;
    struct ask *asks[3] = {NULL};
    for (int i = 0; i < count; i++)
        asks[i] = ASK_JOIN(&shard, .group = "g", .instance = instances[i]);
    ids[0] = member_id_of(asks[0]);
    struct ask *last = asks[0];
    if (count > 1)
        last = ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    for (int i = 1; i < count; i++)
        ids[i] = member_id_of(asks[i]);
    const char *assignments[] = {ids[0], "A", count > 1 ? ids[1] : NULL, "B", NULL};
    for (int i = 0; i < count; i++)
        shard_sync(&shard, "g", ids[i], instances[i], join_of(last)->generation_id, assignments);
    ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
}

static const struct group_metadata_value *record(void)
{
    return shard_find_group_record(&shard, "g", &arena);
}

START_TEST(a_static_member_joins_at_once)
{
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .instance = "i");
    ck_assert_int_eq(join_of(ask)->error_code, KERR_NONE);
    ck_assert(slice_starts_with(join_of(ask)->member_id, SLICE("i-")));
    ck_assert(slice_equal_str(join_of(ask)->members.items[0].group_instance_id, "i"));
    ask = ASK_JOIN(&shard, .group = "h", .instance = "");
    ck_assert(slice_starts_with(join_of(ask)->member_id, SLICE("-")));
}
END_TEST

START_TEST(it_comes_back_under_a_new_id_without_a_rebalance)
{
    make_static(2);
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .instance = "i0");
    ck_assert_int_eq(join_of(ask)->error_code, KERR_NONE);
    ck_assert_int_eq(join_of(ask)->generation_id, 2);
    ck_assert(join_of(ask)->skip_assignment);
    ck_assert_int_eq(join_of(ask)->members.count, 2);
    ck_assert(slice_equal(join_of(ask)->leader, join_of(ask)->member_id));
    const char *id = member_id_of(ask);
    ck_assert_str_ne(id, ids[0]);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 2), KERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], NULL, 2), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", id, "i0", 2), KERR_NONE);
    struct ask *sync = shard_sync(&shard, "g", id, "i0", 2, NULL);
    ck_assert(slice_equal_str(sync_of(sync)->assignment, "A"));
    ck_assert(slice_equal_str(record()->members.items[0].member_id, id));
    ck_assert(slice_equal_str(record()->members.items[0].assignment, "A"));
    ck_assert_int_eq(record()->generation, 2);
}
END_TEST

START_TEST(a_follower_that_comes_back_is_told_of_no_members)
{
    make_static(2);
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .instance = "i1", .metadata = "more");
    ck_assert_int_eq(join_of(ask)->generation_id, 2);
    ck_assert(!join_of(ask)->skip_assignment);
    ck_assert_int_eq(join_of(ask)->members.count, 0);
}
END_TEST

START_TEST(before_version_9_a_leader_that_comes_back_is_told_that_the_old_one_leads)
{
    make_static(1);
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .instance = "i0", .version = 8);
    ck_assert(slice_equal_str(join_of(ask)->leader, ids[0]));
    ck_assert(!slice_equal_str(join_of(ask)->member_id, ids[0]));
    ck_assert_int_eq(join_of(ask)->members.count, 0);
}
END_TEST

START_TEST(a_protocol_that_would_change_makes_it_a_rebalance)
{
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .protocols = {"range", "rr"});
    struct ask *i1 = ASK_JOIN(&shard, .group = "g", .instance = "i1", .protocols = {"range", "rr"});
    struct ask *i0 = ASK_JOIN(&shard, .group = "g", .instance = "i0", .protocols = {"range", "rr"});
    ck_assert_int_eq(i0->answers, 1);
    shard_sync(&shard, "g", member_id_of(i0), "i0", 2, NULL);
    struct ask *back = ASK_JOIN(&shard, .group = "g", .instance = "i1", .protocols = {"rr"});
    ck_assert_int_eq(back->answers, 0);
    ck_assert_int_eq(join_of(i1)->generation_id, 2);
    ck_assert_str_eq(shard_state(&shard, "g"), "PreparingRebalance");
}
END_TEST

START_TEST(whoever_it_replaces_is_fenced_while_it_waits)
{
    make_static(2);
    struct ask *old = ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ck_assert_int_eq(old->answers, 0);
    struct ask *new = ASK_JOIN(&shard, .group = "g", .instance = "i0");
    ck_assert_int_eq(old->answers, 1);
    ck_assert_int_eq(join_of(old)->error_code, KERR_FENCED_INSTANCE_ID);
    ck_assert(slice_equal_str(join_of(old)->member_id, ids[0]));
    ck_assert_int_eq(new->answers, 0);
    ASK_JOIN(&shard, .group = "g", .instance = "i1", .member = ids[1]);
    ck_assert_int_eq(join_of(new)->members.count, 2);
}
END_TEST

START_TEST(one_that_comes_back_before_its_first_join_ends_waits_like_any_other)
{
    make_static(1);
    ASK_JOIN(&shard, .group = "g", .instance = "i1");
    struct ask *back = ASK_JOIN(&shard, .group = "g", .instance = "i1");
    ck_assert_int_eq(back->answers, 0);
    shard_heartbeat(&shard, "g", ids[0], "i0", 1);
    shard_pass(&shard, 29999);
    shard_heartbeat(&shard, "g", ids[0], "i0", 1);
    shard_pass(&shard, 10000); /* its session would be over */
    ck_assert_int_eq(back->answers, 0);
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ck_assert_int_eq(join_of(back)->error_code, KERR_NONE);
    ck_assert_int_eq(join_of(back)->generation_id, 2);
}
END_TEST

START_TEST(before_the_assignment_a_replacement_is_a_rebalance)
{
    make_static(2);
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ASK_JOIN(&shard, .group = "g", .instance = "i1", .member = ids[1]);
    struct ask *sync = shard_sync(&shard, "g", ids[1], "i1", 3, NULL);
    struct ask *back = ASK_JOIN(&shard, .group = "g", .instance = "i1");
    ck_assert_int_eq(sync_of(sync)->error_code, KERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(back->answers, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 3), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(a_replacement_that_cannot_be_stored_did_not_happen)
{
    make_static(1);
    shard.append_error = KERR_KAFKA_STORAGE_ERROR;
    struct ask *ask = ASK_JOIN(&shard, .group = "g", .instance = "i0", .metadata = "new");
    ck_assert_int_eq(ask->answers, 1);
    ck_assert_int_eq(join_of(ask)->error_code, KERR_NOT_COORDINATOR);
    ck_assert_uint_eq(join_of(ask)->member_id.len, 0);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 1), KERR_NONE);
    shard.append_error = KERR_NONE;
    ask = ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ck_assert_int_eq(join_of(ask)->generation_id, 2);
    ck_assert_int_eq(join_of(ask)->error_code, KERR_NONE);
}
END_TEST

START_TEST(a_static_member_may_miss_a_rebalance)
{
    make_static(2);
    struct ask *a =
        ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0], .rebalance_timeout_ms = 10000);
    shard_heartbeat(&shard, "g", ids[1], "i1", 2);
    shard_pass(&shard, 25000);
    shard_heartbeat(&shard, "g", ids[1], "i1", 2);
    shard_pass(&shard, 25000);
    shard_heartbeat(&shard, "g", ids[1], "i1", 2);
    shard_pass(&shard, 10000);
    ck_assert_int_eq(a->answers, 1);
    ck_assert_int_eq(join_of(a)->members.count, 2);
}
END_TEST

START_TEST(whoever_led_leads_after_a_restart)
{
    make_static(2);
    struct ask *b = ASK_JOIN(&shard, .group = "g", .instance = "i1", .member = ids[1], .metadata = "more");
    for (int i = 0; i < 3; i++) {
        shard_heartbeat(&shard, "g", ids[0], "i0", 2); /* it lives, and does not join */
        shard_pass(&shard, 20000);
    }
    ck_assert(slice_equal_str(join_of(b)->leader, ids[1]));
    shard_sync(&shard, "g", ids[1], "i1", 3, NULL);
    shard_sync(&shard, "g", ids[0], "i0", 3, NULL);
    shard_restart(&shard, true);
    struct ask *follower = ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ck_assert_int_eq(follower->answers, 1);
    ck_assert(slice_equal_str(join_of(follower)->leader, ids[1]));
}
END_TEST

START_TEST(if_only_absent_ones_are_left_the_group_waits_for_their_sessions)
{
    make_static(2);
    ck_assert_int_eq(shard_leave(&shard, "g", "", "i0", 5), KERR_NONE);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[1], "i1", 2), KERR_REBALANCE_IN_PROGRESS);
        shard_pass(&shard, 25000);
    }
    ck_assert_str_eq(shard_state(&shard, "g"), "PreparingRebalance");
    shard_pass(&shard, 30000);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
}
END_TEST

START_TEST(nobody_is_waited_for_without_a_pause)
{
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .rebalance_timeout_ms = -1);
    ASK_JOIN(&shard, .group = "g", .instance = "i1", .rebalance_timeout_ms = -1);
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .rebalance_timeout_ms = -1);
    shard_leave(&shard, "g", "", "i0", 5); /* the other one may come back, at any time */
    shard_jump(&shard, 1);
    ck_assert_int_gt(shard_next_due_ms(&shard), shard.now_ms);
}
END_TEST

START_TEST(an_administrator_takes_members_out_by_instance)
{
    make_static(2);
    ck_assert_int_eq(shard_leave(&shard, "g", "", "i9", 3), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_leave(&shard, "g", "x", "i0", 3), KERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], "i9", 3), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_leave(&shard, "g", "", "i0", 3), KERR_NONE);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[1], "i1", 3), KERR_NONE);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
}
END_TEST

/* ---- records: what Apache Kafka 4.3.1 writes, field by field ---- */

START_TEST(a_group_is_written_when_it_is_made)
{
    ASK_JOIN(&shard, .group = "g");
    const struct group_metadata_value *value = record();
    ck_assert(slice_equal_str(value->protocol_type, ""));
    ck_assert_int_eq(value->generation, 0);
    ck_assert(slice_is_null(value->protocol) && slice_is_null(value->leader));
    ck_assert_int_eq(value->current_state_timestamp, shard.wall_ms);
    ck_assert_int_eq(value->members.count, 0);
    ck_assert_int_eq(shard.log_count, 1);
    ASK_JOIN(&shard, .group = "g", .protocols = {""}); /* refused; and the group is there already */
    ck_assert_int_eq(shard.log_count, 1);
    ASK_JOIN(&shard, .group = "h", .protocols = {""}); /* refused, and yet a group, in Apache Kafka too */
    ck_assert_int_eq(shard.log_count, 2);
}
END_TEST

START_TEST(a_group_that_cannot_be_written_is_not_made)
{
    shard.append_error = KERR_NOT_ENOUGH_REPLICAS;
    struct ask *dynamic = ASK_JOIN(&shard, .group = "g");
    struct ask *fixed = ASK_JOIN(&shard, .group = "g", .instance = "i");
    shard.config.initial_rebalance_delay_ms = 3000;
    shard_set_config(&shard);
    struct ask *waits = ASK_JOIN(&shard, .group = "g", .instance = "i");
    ck_assert_int_eq(dynamic->answers + fixed->answers + waits->answers, 3);
    ck_assert_int_eq(join_of(dynamic)->error_code, KERR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(join_of(fixed)->error_code, KERR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(join_of(waits)->error_code, KERR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(join_of(fixed)->generation_id, -1);
    shard.append_error = KERR_NONE;
    ck_assert_int_eq(shard_heartbeat(&shard, "g", "x", NULL, 1), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(shard_next_due_ms(&shard) > shard.now_ms + 600000 - 1, true);
}
END_TEST

START_TEST(a_generation_is_written_with_its_assignment)
{
    int64_t began_ms = shard.wall_ms;
    struct ask *a = ASK_JOIN(&shard, .group = "g", .instance = "i0", .metadata = "meta");
    shard_pass(&shard, 1500);
    const char *assignments[] = {member_id_of(a), "A", NULL};
    shard_sync(&shard, "g", member_id_of(a), "i0", 1, assignments);
    const struct group_metadata_value *value = record();
    ck_assert(slice_equal_str(value->protocol_type, "consumer"));
    ck_assert(slice_equal_str(value->protocol, "range"));
    ck_assert(slice_equal(value->leader, join_of(a)->member_id));
    ck_assert_int_eq(value->generation, 1);
    ck_assert_int_eq(value->current_state_timestamp, began_ms);
    const struct group_metadata_member *member = &value->members.items[0];
    ck_assert(slice_equal(member->member_id, join_of(a)->member_id));
    ck_assert(slice_equal_str(member->group_instance_id, "i0"));
    ck_assert(slice_equal_str(member->client_id, "c"));
    ck_assert(slice_equal_str(member->client_host, "/127.0.0.1"));
    ck_assert_int_eq(member->rebalance_timeout, 60000);
    ck_assert_int_eq(member->session_timeout, 30000);
    ck_assert(slice_equal_str(member->subscription, "meta"));
    ck_assert(slice_equal_str(member->assignment, "A"));
}
END_TEST

START_TEST(a_group_that_all_have_left_is_written)
{
    make_static(1);
    shard_pass(&shard, 10);
    shard_leave(&shard, "g", ids[0], "i0", 5);
    const struct group_metadata_value *value = record();
    ck_assert(slice_equal_str(value->protocol_type, "consumer"));
    ck_assert(slice_is_null(value->protocol) && slice_is_null(value->leader));
    ck_assert_int_eq(value->generation, 2);
    ck_assert_int_eq(value->members.count, 0);
    ck_assert_int_eq(value->current_state_timestamp, shard.wall_ms);
}
END_TEST

START_TEST(what_was_written_is_there_after_a_restart)
{
    make_static(2);
    for (int i = 0; i < 2; i++) {
        shard_restart(&shard, i == 1);
        ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
        ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 2), KERR_NONE);
        struct ask *sync = shard_sync(&shard, "g", ids[1], "i1", 2, NULL);
        ck_assert(slice_equal_str(sync_of(sync)->assignment, "B"));
    }
    shard_pass(&shard, 30000); /* sessions began anew with the load */
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
    shard_restart(&shard, true);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
}
END_TEST

START_TEST(a_rebalance_that_was_under_way_is_forgotten)
{
    make_static(2);
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    shard_restart(&shard, false);
    ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 2), KERR_NONE);
}
END_TEST

START_TEST(a_group_that_has_become_too_large_is_rebalanced_when_it_is_loaded)
{
    make_static(2);
    shard.config.max_size = 1;
    shard_restart(&shard, false);
    ck_assert_int_eq(shard_heartbeat(&shard, "g", ids[0], "i0", 2), KERR_REBALANCE_IN_PROGRESS);
}
END_TEST

START_TEST(a_member_that_a_broken_record_has_twice_counts_once)
{
    struct group_metadata_member members[3];
    struct group_metadata_value value;
    schema_set_defaults(group_metadata_value_schema(), &value);
    for (int i = 0; i < 3; i++) {
        schema_set_defaults(group_metadata_member_schema(), &members[i]);
        members[i].member_id = i == 2 ? SLICE("n") : SLICE("m");
        members[i].group_instance_id = SLICE("i");
        members[i].session_timeout = -5;
    }
    value.members.items = members;
    value.members.count = 3;
    value.leader = SLICE("nobody");
    const struct group_metadata_key key = {SLICE("g")};
    classic_group_load(shard.groups, &key, &value);
    classic_group_load(shard.groups, &key, &value);
    ck_assert_str_eq(shard_state(&shard, "g"), "Stable");
    ck_assert_int_eq(shard_heartbeat(&shard, "g", "m", "i", 0), KERR_NONE);
    shard_pass(&shard, 1);
    ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
    classic_group_load(shard.groups, &key, NULL);
    ck_assert(find_group(shard.groups, SLICE("g")) == NULL);
}
END_TEST

static uint64_t next_random(void *state)
{
    uint64_t *at = state;
    *at = *at * 6364136223846793005U + 1442695040888963407U;
    return *at >> 16;
}

/* Whatever stands in a log: its group answers, lets time end it, and is written as it is. */
START_TEST(any_record_makes_a_group_that_can_be_lived_with)
{
    uint64_t random = 1;
    for (int i = 0; i < 2000; i++) {
        struct group_metadata_value *value = arena_new(&arena, struct group_metadata_value);
        message_fill(&group_metadata_value_message, 3, next_random, &random, &arena, value);
        const struct group_metadata_key key = {SLICE("g")};
        classic_group_load(shard.groups, &key, value);
        struct group *group = find_group(shard.groups, SLICE("g"));
        struct group_effects effects;
        group_effects_init(&effects, &arena);
        classic_group_loaded(shard.groups, group, shard.now_ms, &effects);
        ck_assert(!classic_group_is_empty(group) || value->members.count == 0);
        int64_t since_ms;
        classic_group_offsets_expire(group, &since_ms);
        shard_ask(&shard, GROUP_JOIN, "g", &(struct join_group_request){.session_timeout_ms = 6000}, 9, "c");
        shard_jump(&shard, INT32_MAX);
        shard_jump(&shard, INT32_MAX);
        ck_assert_str_eq(shard_state(&shard, "g"), "Empty");
        arena_reset(&arena);
    }
}
END_TEST

/* ---- offsets ---- */

static enum kerr commit(const char *member, const char *instance, int32_t generation, bool transactional)
{
    const struct offset_committer committer = {slice_str(member), slice_str(instance), generation, 9,
                                               transactional};
    return classic_group_check_committer(shard.groups, find_group(shard.groups, SLICE("g")), &committer,
                                         shard.now_ms);
}

START_TEST(members_commit_and_strangers_do_not)
{
    make_static(2);
    ck_assert_int_eq(commit(ids[0], "i0", 2, false), KERR_NONE);
    ck_assert_int_eq(commit(ids[0], NULL, 2, false), KERR_NONE);
    ck_assert_int_eq(commit(ids[0], NULL, 1, false), KERR_ILLEGAL_GENERATION);
    ck_assert_int_eq(commit("x", NULL, 2, false), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(commit("x", "i0", 2, false), KERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(commit("", NULL, -1, false), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(commit("", NULL, -1, true), KERR_NONE);
    ASK_JOIN(&shard, .group = "g", .instance = "i0", .member = ids[0]);
    ck_assert_int_eq(commit(ids[1], NULL, 2, false), KERR_NONE); /* a rebalance is the time for it */
    ASK_JOIN(&shard, .group = "g", .instance = "i1", .member = ids[1]);
    ck_assert_int_eq(commit(ids[1], NULL, 3, false), KERR_REBALANCE_IN_PROGRESS);
    ck_assert_int_eq(commit(ids[1], NULL, 3, true), KERR_NONE);
    shard_leave(&shard, "g", "", "i0", 5);
    shard_leave(&shard, "g", "", "i1", 5);
    ck_assert_int_eq(commit("anybody", NULL, -1, false), KERR_NONE);
    ck_assert_int_eq(commit("anybody", NULL, 4, false), KERR_UNKNOWN_MEMBER_ID);
}
END_TEST

START_TEST(a_commit_is_a_sign_of_life)
{
    make_static(1);
    for (int i = 0; i < 4; i++) {
        shard_pass(&shard, 20000);
        ck_assert_int_eq(commit(ids[0], "i0", 1, false), KERR_NONE);
    }
}
END_TEST

/* One consumer of "t", as it says in the first version of its protocol. */
static const char subscription[] = "\0\0\0\0\0\1\0\1t\xff\xff\xff\xff";

static void join_subscribed(size_t len)
{
    struct join_group_protocol protocol = {SLICE("range"), slice_of(subscription, len)};
    struct join_group_request request;
    schema_set_defaults(join_group_request_schema(), &request);
    request.session_timeout_ms = 30000;
    request.group_instance_id = SLICE("i0");
    request.protocol_type = SLICE("consumer");
    request.protocols.items = &protocol;
    request.protocols.count = 1;
    struct ask *ask = shard_ask(&shard, GROUP_JOIN, "g", &request, 9, "c");
    shard_sync(&shard, "g", member_id_of(ask), "i0", join_of(ask)->generation_id, NULL);
}

START_TEST(topics_that_members_read_are_known)
{
    int64_t since_ms;
    join_subscribed(sizeof subscription - 1);
    const struct group *group = find_group(shard.groups, SLICE("g"));
    ck_assert(classic_group_is_subscribed(group, SLICE("t")));
    ck_assert(!classic_group_is_subscribed(group, SLICE("u")));
    ck_assert(classic_group_offsets_expire(group, &since_ms) && since_ms == -1);
    shard_restart(&shard, false);
    ck_assert(classic_group_is_subscribed(find_group(shard.groups, SLICE("g")), SLICE("t")));
}
END_TEST

START_TEST(offsets_stay_where_nobody_knows_what_is_read)
{
    int64_t since_ms;
    join_subscribed(7);
    const struct group *group = find_group(shard.groups, SLICE("g"));
    ck_assert(classic_group_is_subscribed(group, SLICE("t")));
    ck_assert(!classic_group_offsets_expire(group, &since_ms));
}
END_TEST

START_TEST(offsets_of_a_group_expire_after_all_have_left)
{
    int64_t since_ms;
    make_static(1);
    ck_assert(!classic_group_offsets_expire(find_group(shard.groups, SLICE("g")), &since_ms));
    shard_pass(&shard, 10);
    shard_leave(&shard, "g", "", "i0", 5);
    ck_assert(classic_group_offsets_expire(find_group(shard.groups, SLICE("g")), &since_ms));
    ck_assert_int_eq(since_ms, shard.wall_ms);
    struct group *simple = classic_group_new_simple(shard.groups, SLICE("s"));
    ck_assert(classic_group_offsets_expire(simple, &since_ms) && since_ms == -1);
    ck_assert(!classic_group_is_subscribed(simple, SLICE("t")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classic_static");
    TCase *tcase = tcase_create("classic_static");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_static_member_joins_at_once);
    tcase_add_test(tcase, it_comes_back_under_a_new_id_without_a_rebalance);
    tcase_add_test(tcase, a_follower_that_comes_back_is_told_of_no_members);
    tcase_add_test(tcase, before_version_9_a_leader_that_comes_back_is_told_that_the_old_one_leads);
    tcase_add_test(tcase, a_protocol_that_would_change_makes_it_a_rebalance);
    tcase_add_test(tcase, whoever_it_replaces_is_fenced_while_it_waits);
    tcase_add_test(tcase, one_that_comes_back_before_its_first_join_ends_waits_like_any_other);
    tcase_add_test(tcase, before_the_assignment_a_replacement_is_a_rebalance);
    tcase_add_test(tcase, a_replacement_that_cannot_be_stored_did_not_happen);
    tcase_add_test(tcase, a_static_member_may_miss_a_rebalance);
    tcase_add_test(tcase, whoever_led_leads_after_a_restart);
    tcase_add_test(tcase, if_only_absent_ones_are_left_the_group_waits_for_their_sessions);
    tcase_add_test(tcase, nobody_is_waited_for_without_a_pause);
    tcase_add_test(tcase, an_administrator_takes_members_out_by_instance);
    tcase_add_test(tcase, a_group_is_written_when_it_is_made);
    tcase_add_test(tcase, a_group_that_cannot_be_written_is_not_made);
    tcase_add_test(tcase, a_generation_is_written_with_its_assignment);
    tcase_add_test(tcase, a_group_that_all_have_left_is_written);
    tcase_add_test(tcase, what_was_written_is_there_after_a_restart);
    tcase_add_test(tcase, a_rebalance_that_was_under_way_is_forgotten);
    tcase_add_test(tcase, a_group_that_has_become_too_large_is_rebalanced_when_it_is_loaded);
    tcase_add_test(tcase, a_member_that_a_broken_record_has_twice_counts_once);
    tcase_add_test(tcase, any_record_makes_a_group_that_can_be_lived_with);
    tcase_add_test(tcase, members_commit_and_strangers_do_not);
    tcase_add_test(tcase, a_commit_is_a_sign_of_life);
    tcase_add_test(tcase, topics_that_members_read_are_known);
    tcase_add_test(tcase, offsets_stay_where_nobody_knows_what_is_read);
    tcase_add_test(tcase, offsets_of_a_group_expire_after_all_have_left);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
