/* quorum_state: the file as Apache Kafka 4.3.1 and 3.9.2 write it, both ways. */
#include "metadata/quorum_state.h"
#include "test/unit/metadata/fixture.h"

#include <errno.h>

static const char static_voters[] =
    "{\"clusterId\":\"\",\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,\"appliedOffset\":0,"
    "\"currentVoters\":[{\"voterId\":1}],\"data_version\":0}";
static const char voters_in_log[] = "{\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,"
                                    "\"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_version\":1}";

static struct quorum_state parse(const char *json)
{
    struct quorum_state state;
    struct note why = {""};
    ck_assert_msg(quorum_state_parse(slice_str(json), &state, &why), "%s", why.text);
    return state;
}

START_TEST(both_versions_are_read_and_written_back_as_they_were)
{
    static const char *const files[] = {static_voters, voters_in_log};
    for (int i = 0; i < 2; i++) {
        struct quorum_state state = parse(files[i]);
        struct buf out = {0};
        ck_assert_int_eq(state.data_version, i);
        ck_assert_int_eq(state.leader_id, 1);
        ck_assert_int_eq(state.leader_epoch, 1);
        ck_assert_int_eq(state.voted_id, -1);
        ck_assert_int_eq(state.voter_count, 1 - i);
        quorum_state_print(&state, &out);
        ck_assert(slice_equal_str(buf_slice(&out), files[i]));
        buf_fini(&out);
    }
}
END_TEST

START_TEST(fields_may_come_in_any_order_with_blanks_between)
{
    struct quorum_state state =
        parse(" { \"data_version\" : 0 , \"currentVoters\":[ {\"voterId\":3},\n{\"voterId\": 12} ],"
              "\"votedId\":3,\t\"leaderEpoch\" :77,\"leaderId\":-1,\"clusterId\":\"a:{1\"}\n");
    ck_assert_int_eq(state.leader_epoch, 77);
    ck_assert_int_eq(state.leader_id, -1);
    ck_assert_int_eq(state.voted_id, 3);
    ck_assert_int_eq(state.voter_count, 2);
    ck_assert_int_eq(state.voters[1], 12);
}
END_TEST

START_TEST(what_is_no_quorum_state_is_refused)
{
    static const char *const bad[] = {
        "",
        "{}",
        "{\"leaderId\":1,\"leaderEpoch\":1}",
        "{\"leaderId\":1,\"leaderEpoch\":1,\"data_version\":2}",
        "{\"leaderEpoch\":-1,\"data_version\":0}",
        "{\"leaderEpoch\":99999999999,\"data_version\":0}",
        "{\"leaderEpoch\":9999999999999999999999999,\"data_version\":0}",
        "{\"leaderEpoch\":1,\"data_version\":0,\"x",
        "{\"leaderEpoch\":true,\"data_version\":0}",
        "{\"leaderEpoch\":-,\"data_version\":0}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct quorum_state state;
        struct note why = {""};
        ck_assert_msg(!quorum_state_parse(slice_str(bad[i]), &state, &why), "%s", bad[i]);
        ck_assert_msg(strncmp(why.text, "quorum-state", 12) == 0, "%s", why.text);
    }
}
END_TEST

START_TEST(more_voters_than_can_be_are_refused)
{
    struct buf json = {0};
    struct quorum_state state;
    struct note why = {""};
    buf_append_str(&json, "{\"leaderEpoch\":1,\"data_version\":0,\"currentVoters\":[");
    for (int i = 0; i <= QUORUM_VOTERS_MAX; i++)
        buf_printf(&json, "%s{\"voterId\":%d}", i == 0 ? "" : ",", i);
    buf_append_str(&json, "]}");
    ck_assert(!quorum_state_parse(buf_slice(&json), &state, &why));
    buf_fini(&json);
}
END_TEST

/* Every beginning of the file, as a torn write would leave it. */
START_TEST(no_part_of_a_file_passes_for_the_whole)
{
    struct quorum_state state;
    struct note why;
    size_t whole = strlen(static_voters) - 1; /* all but the last brace says all */
    for (size_t len = 0; len < whole; len++) {
        char *part = malloc(len + 1); /* of just this size, so that a sanitizer sees one byte too many */
        memcpy(part, static_voters, len);
        why = (struct note){""};
        ck_assert_uint_eq(quorum_state_parse(slice_of(part, len), &state, &why), 0);
        free(part);
    }
}
END_TEST

START_TEST(the_file_is_replaced_and_read_again)
{
    char directory[256];
    struct quorum_state state = {.leader_id = 1,
                                 .leader_epoch = 7,
                                 .voted_id = -1,
                                 .voter_count = 1,
                                 .voters = {1}},
                        again;
    struct note why = {""};
    bool found = true;
    make_scratch(directory);
    ck_assert_int_eq(quorum_state_read(file_system_os(), directory, &again, &found, &why), 0);
    ck_assert(!found);
    for (state.leader_epoch = 7; state.leader_epoch < 10; state.leader_epoch++) {
        ck_assert_int_eq(quorum_state_write(file_system_os(), directory, &state), 0);
        ck_assert_int_eq(quorum_state_read(file_system_os(), directory, &again, &found, &why), 0);
        ck_assert(found);
        ck_assert_int_eq(again.leader_epoch, state.leader_epoch);
    }
    char path[300];
    snprintf(path, sizeof path, "%s/quorum-state.tmp", directory);
    ck_assert_int_ne(access(path, F_OK), 0);
    write_file(directory, "quorum-state", "{", 1);
    ck_assert_int_eq(quorum_state_read(file_system_os(), directory, &again, &found, &why), -EBADMSG);
    ck_assert_str_ne(why.text, "");
    remove_tree(directory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quorum_state");
    TCase *tcase = tcase_create("quorum_state");
    tcase_add_test(tcase, both_versions_are_read_and_written_back_as_they_were);
    tcase_add_test(tcase, fields_may_come_in_any_order_with_blanks_between);
    tcase_add_test(tcase, what_is_no_quorum_state_is_refused);
    tcase_add_test(tcase, more_voters_than_can_be_are_refused);
    tcase_add_test(tcase, no_part_of_a_file_passes_for_the_whole);
    tcase_add_test(tcase, the_file_is_replaced_and_read_again);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
