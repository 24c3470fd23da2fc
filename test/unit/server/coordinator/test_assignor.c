/* The assignors, against what the balance is counted to be, on groups that a seed makes. */
#include "server/coordinator/assignor.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS_MAX = 12, TOPICS_MAX = 8, PARTITIONS_MAX = 20, ROUNDS = 400 };

/* A group of its own memory, so that it can change and be assigned again. */
struct world {
    struct arena arena;
    struct assignor_member members[MEMBERS_MAX];
    int32_t subscriptions[MEMBERS_MAX][TOPICS_MAX];
    char names[MEMBERS_MAX][16];
    struct assignor_topic topics[TOPICS_MAX];
    int32_t owners[TOPICS_MAX][PARTITIONS_MAX];
    struct assignor_group group;
};

static unsigned below(unsigned bound)
{
    return (unsigned)rand() % bound;
}

static void make_world(struct world *world, bool homogeneous)
{
    arena_init(&world->arena, SIZE_MAX);
    int32_t member_count = 1 + (int32_t)below(MEMBERS_MAX), topic_count = 1 + (int32_t)below(TOPICS_MAX);
    for (int32_t i = 0; i < topic_count; i++) {
        world->topics[i] = (struct assignor_topic){
            {{(uint8_t)(i * 37)}}, 1 + (int32_t)below(PARTITIONS_MAX), world->owners[i]};
        for (int32_t j = 0; j < PARTITIONS_MAX; j++)
            world->owners[i][j] = NO_OWNER;
    }
    for (int32_t i = 0; i < member_count; i++) {
        snprintf(world->names[i], sizeof world->names[i], "m%d", i);
        struct assignor_member *member = &world->members[i];
        *member =
            (struct assignor_member){slice_str(world->names[i]), SLICE_NULL, world->subscriptions[i], 0};
        for (int32_t j = 0; j < topic_count; j++)
            if (homogeneous || below(2) == 0)
                world->subscriptions[i][member->topic_count++] = j;
    }
    world->group = (struct assignor_group){world->members, member_count, world->topics,
                                           topic_count,    homogeneous,  &world->arena};
}

static bool is_subscribed(const struct assignor_member *member, int32_t topic)
{
    for (int32_t i = 0; i < member->topic_count; i++)
        if (member->topics[i] == topic)
            return true;
    return false;
}

static bool has_subscribers(const struct world *world, int32_t topic)
{
    for (int32_t i = 0; i < world->group.member_count; i++)
        if (is_subscribed(&world->members[i], topic))
            return true;
    return false;
}

static void count_loads(const struct world *world, int32_t loads[MEMBERS_MAX])
{
    for (int32_t i = 0; i < MEMBERS_MAX; i++)
        loads[i] = 0;
    for (int32_t i = 0; i < world->group.topic_count; i++)
        for (int32_t j = 0; j < world->topics[i].partition_count; j++) {
            int32_t owner = world->owners[i][j];
            if (!has_subscribers(world, i)) {
                ck_assert_int_eq(owner, NO_OWNER);
                continue;
            }
            ck_assert_int_ge(owner, 0);
            ck_assert_int_lt(owner, world->group.member_count);
            ck_assert(is_subscribed(&world->members[owner], i));
            loads[owner]++;
        }
}

/* No partition could move to somebody who has two less. */
static void check_no_move_would_help(const struct world *world)
{
    int32_t loads[MEMBERS_MAX];
    count_loads(world, loads);
    for (int32_t i = 0; i < world->group.topic_count; i++)
        for (int32_t j = 0; j < world->topics[i].partition_count; j++)
            for (int32_t member = 0; member < world->group.member_count; member++)
                if (is_subscribed(&world->members[member], i))
                    ck_assert_int_le(loads[world->owners[i][j]] - loads[member], 1);
}

static int count_moves(const struct world *world, int32_t before[TOPICS_MAX][PARTITIONS_MAX])
{
    int moves = 0;
    for (int32_t i = 0; i < world->group.topic_count; i++)
        for (int32_t j = 0; j < world->topics[i].partition_count; j++)
            moves += before[i][j] != NO_OWNER && before[i][j] != world->owners[i][j];
    return moves;
}

static void assign_again_without_moves(struct world *world, void (*assign)(struct assignor_group *))
{
    int32_t before[TOPICS_MAX][PARTITIONS_MAX];
    memcpy(before, world->owners, sizeof before);
    assign(&world->group);
    ck_assert_int_eq(count_moves(world, before), 0);
}

START_TEST(equal_subscriptions_are_balanced_within_one_and_stay_so)
{
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        srand(seed);
        struct world world;
        make_world(&world, true);
        uniform_assign(&world.group);
        check_no_move_would_help(&world);
        assign_again_without_moves(&world, uniform_assign);
        arena_fini(&world.arena);
    }
}
END_TEST

START_TEST(different_subscriptions_are_balanced_as_far_as_they_can_be)
{
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        srand(seed);
        struct world world;
        make_world(&world, false);
        uniform_assign(&world.group);
        check_no_move_would_help(&world);
        assign_again_without_moves(&world, uniform_assign);
        arena_fini(&world.arena);
    }
}
END_TEST

/* A member that goes: its partitions are nobody's, the others' numbers stay below its own. */
static void last_member_leaves(struct world *world)
{
    int32_t gone = --world->group.member_count;
    for (int32_t i = 0; i < world->group.topic_count; i++)
        for (int32_t j = 0; j < world->topics[i].partition_count; j++)
            if (world->owners[i][j] == gone)
                world->owners[i][j] = NO_OWNER;
}

START_TEST(who_stays_keeps_everything_when_another_leaves)
{
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        srand(seed);
        struct world world;
        make_world(&world, true);
        if (world.group.member_count == 1)
            world.group.member_count = 2, world.members[1] = world.members[0];
        uniform_assign(&world.group);
        int32_t before[TOPICS_MAX][PARTITIONS_MAX];
        last_member_leaves(&world);
        memcpy(before, world.owners, sizeof before);
        uniform_assign(&world.group);
        check_no_move_would_help(&world);
        ck_assert_int_eq(count_moves(&world, before), 0);
        arena_fini(&world.arena);
    }
}
END_TEST

START_TEST(no_more_is_taken_for_a_newcomer_than_it_gets)
{
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        srand(seed);
        struct world world;
        make_world(&world, true);
        int32_t all = world.group.member_count, loads[MEMBERS_MAX];
        if (all > 1)
            world.group.member_count = all - 1;
        uniform_assign(&world.group);
        int32_t before[TOPICS_MAX][PARTITIONS_MAX];
        memcpy(before, world.owners, sizeof before);
        world.group.member_count = all;
        uniform_assign(&world.group);
        check_no_move_would_help(&world);
        count_loads(&world, loads);
        ck_assert_int_le(count_moves(&world, before), all == 1 ? 0 : loads[all - 1]);
        arena_fini(&world.arena);
    }
}
END_TEST

START_TEST(a_range_is_of_neighbours_and_as_long_as_any_other_or_one_longer)
{
    for (unsigned seed = 0; seed < ROUNDS; seed++) {
        srand(seed);
        struct world world;
        make_world(&world, seed % 2 == 0);
        range_assign(&world.group);
        int32_t loads[MEMBERS_MAX];
        count_loads(&world, loads);
        for (int32_t i = 0; i < world.group.topic_count; i++) {
            int32_t count[MEMBERS_MAX] = {0}, least = INT32_MAX, most = 0;
            for (int32_t j = 0; has_subscribers(&world, i) && j < world.topics[i].partition_count; j++) {
                int32_t owner = world.owners[i][j];
                if (count[owner]++ > 0)
                    ck_assert_int_eq(world.owners[i][j - 1], owner);
            }
            for (int32_t j = 0; j < world.group.member_count; j++)
                if (is_subscribed(&world.members[j], i)) {
                    least = count[j] < least ? count[j] : least;
                    most = count[j] > most ? count[j] : most;
                }
            ck_assert(most == 0 || most - least <= 1);
        }
        arena_fini(&world.arena);
    }
}
END_TEST

START_TEST(static_members_come_first_in_ranges_by_their_instance)
{
    struct world world;
    srand(1);
    make_world(&world, true);
    world.group.member_count = 3;
    world.group.topic_count = 1;
    world.topics[0].partition_count = 3;
    for (int32_t i = 0; i < 3; i++)
        world.members[i] = (struct assignor_member){slice_str(i == 0   ? "a"
                                                              : i == 1 ? "b"
                                                                       : "c"),
                                                    SLICE_NULL, world.subscriptions[0], 1};
    world.subscriptions[0][0] = 0;
    world.members[1].instance_id = SLICE("z");
    world.members[2].instance_id = SLICE("y");
    range_assign(&world.group);
    ck_assert_int_eq(world.owners[0][0], 2);
    ck_assert_int_eq(world.owners[0][1], 1);
    ck_assert_int_eq(world.owners[0][2], 0);
    arena_fini(&world.arena);
}
END_TEST

START_TEST(assignors_are_found_by_name)
{
    ck_assert_ptr_eq(find_assignor(SLICE("uniform"))->assign, uniform_assign);
    ck_assert_ptr_eq(find_assignor(SLICE("range"))->assign, range_assign);
    ck_assert_ptr_null(find_assignor(SLICE("")));
    ck_assert_ptr_null(find_assignor(SLICE_NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assignor");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, equal_subscriptions_are_balanced_within_one_and_stay_so);
    tcase_add_test(tcase, different_subscriptions_are_balanced_as_far_as_they_can_be);
    tcase_add_test(tcase, who_stays_keeps_everything_when_another_leaves);
    tcase_add_test(tcase, no_more_is_taken_for_a_newcomer_than_it_gets);
    tcase_add_test(tcase, a_range_is_of_neighbours_and_as_long_as_any_other_or_one_longer);
    tcase_add_test(tcase, static_members_come_first_in_ranges_by_their_instance);
    tcase_add_test(tcase, assignors_are_found_by_name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
