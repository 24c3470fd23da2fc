/* Committed offsets: commits, fetches, deletions, expiry, and what a restart finds (kafka-apis 11). */
#include "protocol/messages/delete_groups.h"
#include "protocol/messages/list_groups.h"
#include "protocol/messages/offset_commit.h"
#include "protocol/messages/offset_delete.h"
#include "protocol/messages/offset_fetch.h"
#include "test/unit/server/coordinator/shard_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOUR_MS = 3600 * 1000, WEEK_MS = 7 * 24 * HOUR_MS };

static struct shard shard;

static void set_up(void)
{
    shard_init(&shard, 3);
}

static void tear_down(void)
{
    shard_fini(&shard);
}

struct commit {
    const char *group, *member, *topic, *metadata; /* member "" if NULL; metadata null if NULL */
    int32_t partition;
    int32_t generation; /* of a member that is named; -1 otherwise */
    int64_t offset;
    int64_t retention_ms; /* 0: the broker's */
    int version;          /* 8 if 0 */
};

static enum kerr commit(const struct commit *commit)
{
    struct offset_commit_request_partition partition = {commit->partition, commit->offset, 5,
                                                        slice_str(commit->metadata)};
    struct offset_commit_request_topic topic = {.name = slice_str(commit->topic)};
    topic.partitions.items = &partition;
    topic.partitions.count = 1;
    struct offset_commit_request request = {
        .group_id = slice_str(commit->group),
        .generation_id_or_member_epoch = commit->member == NULL ? -1 : commit->generation,
        .member_id = slice_str(commit->member == NULL ? "" : commit->member),
        .retention_time_ms = commit->retention_ms == 0 ? -1 : commit->retention_ms,
    };
    request.topics.items = &topic;
    request.topics.count = 1;
    struct offset_commit_response_partition answer = {.partition_index = commit->partition};
    struct offset_commit_response_topic topic_answer = {.name = topic.name};
    topic_answer.partitions.items = &answer;
    topic_answer.partitions.count = 1;
    struct ask *ask = shard_ask_into(&shard, GROUP_OFFSET_COMMIT, commit->group, &request,
                                     commit->version == 0 ? 8 : commit->version,
                                     &(struct offset_commit_response){.topics = {&topic_answer, 1}});
    ck_assert_int_eq(ask->answers, 1);
    ask_free(ask);
    return answer.error_code;
}
#define COMMIT(...) commit(&(struct commit){__VA_ARGS__})

/* The committed offset, or minus the group's error. */
static int64_t fetch_as(const char *group, const char *topic, int32_t partition, struct slice *metadata)
{
    struct offset_fetch_request_topics asked = {.name = slice_str(topic)};
    asked.partition_indexes.items = &partition;
    asked.partition_indexes.count = 1;
    struct offset_fetch_request_group request = {.group_id = slice_str(group), .member_epoch = -1};
    request.topics.items = &asked;
    request.topics.count = 1;
    struct offset_fetch_response_partitions answer = {.partition_index = partition};
    struct offset_fetch_response_topics topic_answer = {.name = asked.name};
    topic_answer.partitions.items = &answer;
    topic_answer.partitions.count = 1;
    struct offset_fetch_response_group response = {.topics = {&topic_answer, 1}};
    struct ask *ask = shard_ask_into(&shard, GROUP_OFFSET_FETCH, group, &request, 8, &response);
    ck_assert_int_eq(ask->answers, 1);
    ck_assert_int_eq(response.error_code, KERR_NONE);
    ck_assert_int_eq(answer.committed_leader_epoch, answer.committed_offset < 0 ? -1 : 5);
    if (metadata != NULL)
        *metadata = answer.metadata; /* the ask's; until shard_fini */
    else
        ask_free(ask);
    return answer.committed_offset;
}

/* What a member that names itself and its epoch is told of all. */
static enum kerr fetch_by_member(const char *group, const char *member, int32_t epoch)
{
    struct offset_fetch_request_group request = {
        .group_id = slice_str(group), .member_id = slice_str(member), .member_epoch = epoch};
    request.topics.count = -1;
    struct ask *ask = shard_ask(&shard, GROUP_OFFSET_FETCH, group, &request, 9, "c");
    const struct offset_fetch_response_group *response = ask->response;
    enum kerr error = response->error_code;
    ck_assert_int_eq(response->topics.count, 0);
    ask_free(ask);
    return error;
}

static int64_t fetch(const char *group, const char *topic, int32_t partition)
{
    return fetch_as(group, topic, partition, NULL);
}

/* How many topics and partitions a group has, as an administrator who names none is told. */
static int32_t count_all(const char *group, int32_t *topics)
{
    struct offset_fetch_request_group request = {.group_id = slice_str(group), .member_epoch = -1};
    request.topics.count = -1;
    struct ask *ask = shard_ask(&shard, GROUP_OFFSET_FETCH, group, &request, 8, "c");
    const struct offset_fetch_response_group *response = ask->response;
    int32_t partitions = 0;
    for (int32_t i = 0; i < response->topics.count; i++)
        partitions += response->topics.items[i].partitions.count;
    *topics = response->topics.count;
    ask_free(ask);
    return partitions;
}

static enum kerr delete_offset(const char *group, const char *topic, int32_t partition, enum kerr *error)
{
    struct offset_delete_response_partition answer = {.partition_index = partition};
    struct offset_delete_response_topic topic_answer = {.name = slice_str(topic)};
    topic_answer.partitions.items = &answer;
    topic_answer.partitions.count = 1;
    struct offset_delete_response response = {.topics = {&topic_answer, 1}};
    const struct offset_delete_request request = {.group_id = slice_str(group)};
    ask_free(shard_ask_into(&shard, GROUP_OFFSET_DELETE, group, &request, 0, &response));
    *error = response.error_code;
    return answer.error_code;
}

static enum kerr delete_group(const char *group)
{
    struct ask *ask = shard_ask(&shard, GROUP_DELETE, group, NULL, 2, "c");
    enum kerr error = ((const struct delete_groups_response_result *)ask->response)->error_code;
    ask_free(ask);
    return error;
}

/* The groups' names in one text, in order of nothing; "" if there is none. */
static int32_t list_groups(const char *state, const char *type)
{
    struct slice states = slice_str(state);
    struct slice types = slice_str(type);
    struct list_groups_request request = {.states_filter = {&states, state == NULL ? 0 : 1},
                                          .types_filter = {&types, type == NULL ? 0 : 1}};
    struct ask *ask = shard_ask(&shard, GROUP_LIST, NULL, &request, 5, "c");
    int32_t count = ((const struct list_groups_response *)ask->response)->groups.count;
    ask_free(ask);
    return count;
}

START_TEST(what_was_committed_last_is_told)
{
    ck_assert_int_eq(fetch("g", "t", 0), -1);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .offset = 7, .metadata = "note"), KERR_NONE);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .partition = 2, .offset = 9), KERR_NONE);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .partition = 1, .offset = 8), KERR_NONE);
    ck_assert_int_eq(COMMIT("g", .topic = "u", .offset = -3), KERR_NONE);
    struct slice metadata;
    ck_assert_int_eq(fetch_as("g", "t", 0, &metadata), 7);
    ck_assert(slice_equal_str(metadata, "note"));
    ck_assert_int_eq(fetch_as("g", "t", 2, &metadata), 9);
    ck_assert(!slice_is_null(metadata) && metadata.len == 0);
    ck_assert_int_eq(fetch("g", "t", 3), -1);
    ck_assert_int_eq(fetch("other", "t", 0), -1);
    int32_t topics;
    ck_assert_int_eq(count_all("g", &topics), 4);
    ck_assert_int_eq(topics, 2);
    COMMIT("g", .topic = "t", .offset = 70);
    ck_assert_int_eq(fetch("g", "t", 0), 70);
}
END_TEST

/* As Apache Kafka 4.3.1 answers where the second one's record is too large for the log. */
START_TEST(a_commit_that_cannot_be_stored_is_refused_with_all_that_was_asked)
{
    static const char long_text[5000] = "";
    struct offset_commit_request_partition asked[] = {{0, 5, -1, slice_of(long_text, sizeof long_text)},
                                                      {1, 5, -1, SLICE("m")}};
    struct offset_commit_response_partition answers[] = {{0, 0}, {1, 0}};
    struct offset_commit_request_topic topic = {.name = SLICE("t"), .partitions = {asked, 2}};
    struct offset_commit_response_topic answer = {.name = topic.name, .partitions = {answers, 2}};
    const struct offset_commit_request request = {
        .group_id = SLICE("g"), .generation_id_or_member_epoch = -1, .topics = {&topic, 1}};
    struct offset_commit_response response = {.topics = {&answer, 1}};
    shard.append_error = KERR_RECORD_LIST_TOO_LARGE;
    ask_free(shard_ask_into(&shard, GROUP_OFFSET_COMMIT, "g", &request, 8, &response));
    ck_assert_int_eq(answers[0].error_code, KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_int_eq(answers[1].error_code, KERR_UNKNOWN_SERVER_ERROR);
    answers[0].error_code = answers[1].error_code = KERR_NONE;
    shard.append_error = KERR_NONE;
    ask_free(shard_ask_into(&shard, GROUP_OFFSET_COMMIT, "g", &request, 8, &response));
    ck_assert_int_eq(answers[0].error_code, KERR_OFFSET_METADATA_TOO_LARGE);
    ck_assert_int_eq(answers[1].error_code, KERR_NONE);
}
END_TEST

START_TEST(a_restart_finds_what_was_stored_and_no_more)
{
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "t", .offset = 8);
    shard.append_error = KERR_KAFKA_STORAGE_ERROR;
    ck_assert_int_eq(COMMIT("g", .topic = "t", .offset = 9), KERR_NOT_COORDINATOR);
    ck_assert_int_eq(fetch("g", "t", 0), 8);
    ck_assert_int_eq(COMMIT("h", .topic = "t", .offset = 1), KERR_NOT_COORDINATOR);
    ck_assert_int_eq(list_groups(NULL, NULL), 1);
    shard.append_error = KERR_NONE;
    for (int compacted = 0; compacted < 2; compacted++) {
        shard_restart(&shard, compacted != 0);
        ck_assert_int_eq(fetch("g", "t", 0), 8);
        ck_assert_int_eq(fetch("h", "t", 0), -1);
        ck_assert_int_eq(list_groups("empty", "Classic"), 1);
        ck_assert_int_eq(list_groups("stable", NULL), 0);
        ck_assert_int_eq(list_groups(NULL, "consumer"), 0);
    }
}
END_TEST

START_TEST(a_commit_that_lies_before_the_one_in_force_says_nothing)
{
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "t", .offset = 9);
    const struct shard_record *first = &shard.log[0];
    ck_assert(groups_load(shard.groups, first->key, first->value, 0, NULL)); /* a transaction's, at its end */
    ck_assert_int_eq(fetch("g", "t", 0), 9);
    ck_assert(groups_load(shard.groups, first->key, first->value, 2, NULL));
    ck_assert_int_eq(fetch("g", "t", 0), 7);
}
END_TEST

START_TEST(only_members_commit_to_a_group_that_has_some)
{
    const char *ids[2];
    ck_assert_int_eq(COMMIT("g", .topic = "t", .member = "m", .generation = 1), KERR_ILLEGAL_GENERATION);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .member = "m", .generation = 1, .version = 9),
                     KERR_GROUP_ID_NOT_FOUND);
    shard_make_stable(&shard, "g", 2, ids);
    int32_t generation = 2;
    ck_assert_int_eq(COMMIT("g", .topic = "t", .offset = 1), KERR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .member = ids[0], .generation = 9), KERR_ILLEGAL_GENERATION);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .member = "m", .generation = 1), KERR_UNKNOWN_MEMBER_ID);
    while (COMMIT("g", .topic = "t", .member = ids[1], .generation = generation, .offset = 4) != KERR_NONE)
        ck_assert_int_lt(++generation, 8);
    ck_assert_int_eq(fetch("g", "t", 0), 4);
}
END_TEST

START_TEST(a_member_of_no_group_finds_nothing_committed)
{
    ck_assert_int_eq(fetch_by_member("g", "m", 5), KERR_NONE);
    ck_assert_int_eq(fetch_by_member("g", "", -1), KERR_NONE);
    ck_assert_int_eq(fetch_by_member("g", NULL, 0), KERR_NONE);
}
END_TEST

START_TEST(too_much_metadata_is_refused_for_its_partition)
{
    char text[4100];
    memset(text, 'x', sizeof text);
    text[4097] = '\0';
    ck_assert_int_eq(COMMIT("g", .topic = "t", .metadata = text), KERR_OFFSET_METADATA_TOO_LARGE);
    text[4096] = '\0';
    ck_assert_int_eq(COMMIT("g", .topic = "t", .metadata = text), KERR_NONE);
    memcpy(text + 4092, "\xe2\x82\xac\xc3\xa9", 6); /* two characters, five bytes: 4094 units */
    ck_assert_int_eq(COMMIT("g", .topic = "t", .metadata = text), KERR_NONE);
}
END_TEST

START_TEST(offsets_are_deleted_where_nobody_reads)
{
    enum kerr error;
    delete_offset("g", "t", 0, &error);
    ck_assert_int_eq(error, KERR_GROUP_ID_NOT_FOUND);
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "t", .offset = 8, .partition = 1);
    ck_assert_int_eq(delete_offset("g", "t", 9, &error), KERR_NONE);
    shard.append_error = KERR_NOT_ENOUGH_REPLICAS;
    delete_offset("g", "t", 0, &error);
    ck_assert_int_eq(error, KERR_COORDINATOR_NOT_AVAILABLE);
    shard.append_error = KERR_NONE;
    ck_assert_int_eq(fetch("g", "t", 0), 7);
    ck_assert_int_eq(delete_offset("g", "t", 0, &error), KERR_NONE);
    ck_assert_int_eq(error, KERR_NONE);
    ck_assert_int_eq(fetch("g", "t", 0), -1);
    ck_assert_int_eq(fetch("g", "t", 1), 8);
    const char *ids[1];
    shard_make_stable(&shard, "h", 1, ids);
    ck_assert_int_eq(delete_offset("h", "t", 0, &error), KERR_GROUP_SUBSCRIBED_TO_TOPIC);
}
END_TEST

START_TEST(a_group_goes_with_its_offsets_once_it_is_empty)
{
    const char *ids[1];
    ck_assert_int_eq(delete_group("g"), KERR_GROUP_ID_NOT_FOUND);
    shard_make_stable(&shard, "g", 1, ids);
    ck_assert_int_eq(COMMIT("g", .topic = "t", .member = ids[0], .generation = 1, .offset = 3), KERR_NONE);
    ck_assert_int_eq(delete_group("g"), KERR_NON_EMPTY_GROUP);
    ck_assert_int_eq(shard_leave(&shard, "g", ids[0], NULL, 5), KERR_NONE);
    ck_assert_int_eq(fetch("g", "t", 0), 3);
    shard.append_error = KERR_MESSAGE_TOO_LARGE;
    ck_assert_int_eq(delete_group("g"), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_int_eq(fetch("g", "t", 0), 3);
    shard.append_error = KERR_NONE;
    ck_assert_int_eq(delete_group("g"), KERR_NONE);
    shard_restart(&shard, true);
    ck_assert_int_eq(fetch("g", "t", 0), -1);
    ck_assert_int_eq(list_groups(NULL, NULL), 0);
}
END_TEST

START_TEST(offsets_of_a_deleted_topic_go)
{
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "u", .offset = 8);
    COMMIT("h", .topic = "t", .offset = 9);
    shard_drop_topic(&shard, "t");
    shard_restart(&shard, false);
    ck_assert_int_eq(fetch("g", "t", 0), -1);
    ck_assert_int_eq(fetch("g", "u", 0), 8);
    ck_assert_int_eq(fetch("h", "t", 0), -1);
}
END_TEST

enum { MANY = 5000 }; /* more than one batch has room for tombstones of, with such a name */

static const char long_name[] =
    "a-topic-with-a-name-that-is-as-long-as-names-of-topics-may-be-or-nearly-so-for-there-"
    "is-a-limit-of-two-hundred-and-forty-nine-characters-which-this-one-almost-meets-"
    "though-not-quite-because-it-ends-here";

static void commit_many(void)
{
    for (int32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(COMMIT("g", .topic = long_name, .partition = i, .offset = i), KERR_NONE);
}

START_TEST(a_group_with_many_offsets_is_deleted_in_several_batches)
{
    commit_many();
    int32_t batches = shard.batches;
    ck_assert_int_eq(delete_group("g"), KERR_NONE);
    ck_assert_int_ge(shard.batches - batches, 2);
    ck_assert_int_eq(fetch("g", long_name, 0), -1);
    ck_assert_int_eq(fetch("g", long_name, MANY - 1), -1);
}
END_TEST

START_TEST(a_topic_with_many_offsets_goes_in_several_batches)
{
    commit_many();
    int32_t batches = shard.batches;
    shard_drop_topic(&shard, long_name);
    ck_assert_int_ge(shard.batches - batches, 2);
    ck_assert_int_eq(fetch("g", long_name, 0), -1);
    ck_assert_int_eq(fetch("g", long_name, MANY - 1), -1);
}
END_TEST

START_TEST(what_nobody_has_used_for_a_week_expires_and_the_group_with_it)
{
    shard_restart(&shard, false); /* expiry begins with a start */
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "soon", .offset = 7, .retention_ms = HOUR_MS, .version = 4);
    shard_pass(&shard, HOUR_MS - 700000);
    ck_assert_int_eq(fetch("g", "soon", 0), 7);
    shard_pass(&shard, 1400000);
    ck_assert_int_eq(fetch("g", "soon", 0), -1);
    shard_restart(&shard, true);
    shard_jump(&shard, WEEK_MS / 2);
    COMMIT("g", .topic = "late", .offset = 9);
    shard_jump(&shard, WEEK_MS / 2);
    ck_assert_int_eq(fetch("g", "t", 0), -1);
    ck_assert_int_eq(fetch("g", "late", 0), 9);
    ck_assert_int_eq(list_groups(NULL, NULL), 1);
    shard_jump(&shard, WEEK_MS);
    ck_assert_int_eq(list_groups(NULL, NULL), 0);
    shard_restart(&shard, true);
    ck_assert_int_eq(list_groups(NULL, NULL), 0);
}
END_TEST

/* Only -1 asks for the broker's retention; other numbers are added to the clock, as Java adds. */
START_TEST(a_retention_that_makes_no_sense_is_over_at_once)
{
    shard_restart(&shard, false);
    COMMIT("g", .topic = "t", .offset = 7);
    COMMIT("g", .topic = "past", .offset = 7, .retention_ms = -2, .version = 4);
    COMMIT("g", .topic = "wrapped", .offset = 7, .retention_ms = INT64_MAX, .version = 4);
    shard_pass(&shard, HOUR_MS);
    ck_assert_int_eq(fetch("g", "t", 0), 7);
    ck_assert_int_eq(fetch("g", "past", 0), -1);
    ck_assert_int_eq(fetch("g", "wrapped", 0), -1);
}
END_TEST

START_TEST(expiry_looks_at_every_group)
{
    shard_restart(&shard, false);
    char name[16];
    for (int i = 0; i < 350; i++) {
        snprintf(name, sizeof name, "g%d", i);
        COMMIT(name, .topic = "t", .offset = i);
    }
    shard.append_error = KERR_KAFKA_STORAGE_ERROR;
    shard_jump(&shard, WEEK_MS);
    ck_assert_int_eq(list_groups(NULL, NULL), 350);
    shard.append_error = KERR_NONE;
    shard_jump(&shard, HOUR_MS);
    ck_assert_int_eq(list_groups(NULL, NULL), 0);
    ck_assert_int_eq(fetch("g7", "t", 0), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("group_offsets");
    TCase *tests = tcase_create("group_offsets");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_committed_last_is_told);
    tcase_add_test(tests, a_commit_that_cannot_be_stored_is_refused_with_all_that_was_asked);
    tcase_add_test(tests, a_restart_finds_what_was_stored_and_no_more);
    tcase_add_test(tests, a_commit_that_lies_before_the_one_in_force_says_nothing);
    tcase_add_test(tests, only_members_commit_to_a_group_that_has_some);
    tcase_add_test(tests, a_member_of_no_group_finds_nothing_committed);
    tcase_add_test(tests, too_much_metadata_is_refused_for_its_partition);
    tcase_add_test(tests, offsets_are_deleted_where_nobody_reads);
    tcase_add_test(tests, a_group_goes_with_its_offsets_once_it_is_empty);
    tcase_add_test(tests, offsets_of_a_deleted_topic_go);
    tcase_add_test(tests, a_group_with_many_offsets_is_deleted_in_several_batches);
    tcase_add_test(tests, a_topic_with_many_offsets_goes_in_several_batches);
    tcase_add_test(tests, what_nobody_has_used_for_a_week_expires_and_the_group_with_it);
    tcase_add_test(tests, a_retention_that_makes_no_sense_is_over_at_once);
    tcase_add_test(tests, expiry_looks_at_every_group);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
