/* SCRAM credentials: found by user and mechanism, replaced, removed. */
#include "metadata/scram_credentials.h"

#include <check.h>
#include <stdlib.h>

static struct scram_credentials credentials;

static void set_up(void)
{
    scram_credentials_init(&credentials, 3);
}

static void tear_down(void)
{
    scram_credentials_fini(&credentials);
}

static void set(const char *user, int8_t mechanism, const char *salt, int32_t iterations)
{
    scram_credentials_set(&credentials, &(struct scram_credential){
                                            .user = slice_str(user),
                                            .mechanism = mechanism,
                                            .salt = slice_str(salt),
                                            .stored_key = SLICE("stored"),
                                            .server_key = SLICE("server"),
                                            .iterations = iterations,
                                        });
}

START_TEST(a_user_has_one_credential_of_each_mechanism)
{
    set("u", SCRAM_SHA_256, "salt", 4096);
    set("u", SCRAM_SHA_512, "pepper", 5000);
    const struct scram_credential *found = scram_credentials_find(&credentials, SCRAM_SHA_256, SLICE("u"));
    ck_assert(slice_equal_str(found->user, "u") && slice_equal_str(found->salt, "salt"));
    ck_assert(slice_equal_str(found->stored_key, "stored") && slice_equal_str(found->server_key, "server"));
    ck_assert_int_eq(scram_credentials_find(&credentials, SCRAM_SHA_512, SLICE("u"))->iterations, 5000);
    ck_assert_ptr_null(scram_credentials_find(&credentials, SCRAM_SHA_512, SLICE("v")));
}
END_TEST

START_TEST(setting_again_replaces)
{
    set("u", SCRAM_SHA_256, "salt", 4096);
    set("u", SCRAM_SHA_256, "a much longer salt", 4097);
    ck_assert_uint_eq(credentials.by_user.count, 1);
    ck_assert_int_eq(scram_credentials_find(&credentials, SCRAM_SHA_256, SLICE("u"))->iterations, 4097);
}
END_TEST

START_TEST(removing_takes_one_mechanism_and_is_not_offended_by_nothing)
{
    set("u", SCRAM_SHA_256, "", 1);
    set("u", SCRAM_SHA_512, "", 2);
    scram_credentials_remove(&credentials, SCRAM_SHA_256, SLICE("u"));
    scram_credentials_remove(&credentials, SCRAM_SHA_256, SLICE("u"));
    ck_assert_ptr_null(scram_credentials_find(&credentials, SCRAM_SHA_256, SLICE("u")));
    ck_assert_ptr_nonnull(scram_credentials_find(&credentials, SCRAM_SHA_512, SLICE("u")));
}
END_TEST

START_TEST(long_names_are_names_too)
{
    char name[1001];
    memset(name, 'n', 1000);
    name[1000] = '\0';
    set(name, SCRAM_SHA_256, "salt", 7);
    ck_assert_int_eq(scram_credentials_find(&credentials, SCRAM_SHA_256, slice_str(name))->iterations, 7);
    scram_credentials_remove(&credentials, SCRAM_SHA_256, slice_str(name));
    ck_assert_uint_eq(credentials.by_user.count, 0);
}
END_TEST

START_TEST(all_come_by_mechanism_and_user)
{
    set("a", SCRAM_SHA_512, "", 3);
    set("b", SCRAM_SHA_256, "", 2);
    set("a", SCRAM_SHA_256, "", 1);
    const struct scram_credential **sorted = scram_credentials_sorted(&credentials);
    for (int32_t i = 0; i < 3; i++)
        ck_assert_int_eq(sorted[i]->iterations, i + 1);
    free(sorted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scram_credentials");
    TCase *tcase = tcase_create("scram_credentials");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_user_has_one_credential_of_each_mechanism);
    tcase_add_test(tcase, setting_again_replaces);
    tcase_add_test(tcase, removing_takes_one_mechanism_and_is_not_offended_by_nothing);
    tcase_add_test(tcase, long_names_are_names_too);
    tcase_add_test(tcase, all_come_by_mechanism_and_user);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
