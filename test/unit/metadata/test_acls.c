/*
 * acls: what follows from access control entries, by the rules of Apache Kafka's StandardAuthorizer; and the
 * look-ups against a walk through all entries.
 */
#include "metadata/acls.h"

#include "fixture.h"

static struct acls acls;
static uint8_t next_id;

static void set_up(void)
{
    acls_init(&acls, 7);
    next_id = 0;
}

static void tear_down(void)
{
    acls_fini(&acls);
}

static struct uuid add(enum acl_permission permission, const char *principal, enum acl_operation operation,
                       enum acl_pattern_type pattern, const char *topic)
{
    struct acl acl = {
        .id = make_id(next_id++),
        .resource_type = ACL_TOPIC,
        .pattern_type = (int8_t)pattern,
        .operation = (int8_t)operation,
        .permission_type = (int8_t)permission,
        .name = slice_str(topic),
        .principal = slice_str(principal),
        .host = SLICE("*"),
    };
    acls_add(&acls, &acl);
    return acl.id;
}

static const struct acl_client alice = {{(const uint8_t *)"User:alice", 10},
                                        {(const uint8_t *)"10.0.0.1", 8}};

static bool may(enum acl_operation operation, const char *topic)
{
    struct acl_rights rights = acls_rights(&acls, ACL_TOPIC, slice_str(topic), alice);
    return (rights.allowed & ~rights.denied & (UINT32_C(1) << operation)) != 0;
}

static bool is_found(const char *topic)
{
    return acls_rights(&acls, ACL_TOPIC, slice_str(topic), alice).found;
}

START_TEST(a_resource_that_no_entry_covers_is_not_found)
{
    add(ACL_ALLOW, "User:alice", ACL_READ, ACL_LITERAL, "other");
    add(ACL_ALLOW, "User:alice", ACL_READ, ACL_PREFIXED, "topical");
    ck_assert(!is_found("topic"));
    ck_assert(!may(ACL_READ, "topic"));
}
END_TEST

START_TEST(an_entry_of_another_principal_counts_as_found)
{
    add(ACL_ALLOW, "User:bob", ACL_ALL, ACL_LITERAL, "topic");
    ck_assert(is_found("topic"));
    ck_assert(!may(ACL_READ, "topic"));
}
END_TEST

START_TEST(deny_beats_allow_wherever_it_stands)
{
    add(ACL_ALLOW, "User:alice", ACL_ALL, ACL_LITERAL, "topic");
    ck_assert(may(ACL_WRITE, "topic"));
    add(ACL_DENY, "User:*", ACL_WRITE, ACL_PREFIXED, "to");
    ck_assert(!may(ACL_WRITE, "topic"));
    ck_assert(may(ACL_READ, "topic"));
    add(ACL_DENY, "User:alice", ACL_READ, ACL_LITERAL, "*");
    ck_assert(!may(ACL_READ, "topic"));
}
END_TEST

START_TEST(allowing_implies_describing_and_denying_does_not)
{
    static const enum acl_operation implying[] = {ACL_READ, ACL_WRITE, ACL_DELETE, ACL_ALTER};
    for (int i = 0; i < 4; i++) {
        struct uuid id = add(ACL_ALLOW, "User:alice", implying[i], ACL_LITERAL, "topic");
        ck_assert(may(ACL_DESCRIBE, "topic"));
        ck_assert(!may(ACL_DESCRIBE_CONFIGS, "topic"));
        acls_remove(&acls, id);
        ck_assert(!is_found("topic"));
    }
    add(ACL_ALLOW, "User:alice", ACL_CREATE, ACL_LITERAL, "topic");
    ck_assert(!may(ACL_DESCRIBE, "topic"));
    add(ACL_ALLOW, "User:alice", ACL_ALTER_CONFIGS, ACL_LITERAL, "topic");
    ck_assert(may(ACL_DESCRIBE_CONFIGS, "topic"));
    add(ACL_ALLOW, "User:alice", ACL_DESCRIBE, ACL_LITERAL, "topic");
    add(ACL_DENY, "User:alice", ACL_READ, ACL_LITERAL, "topic");
    ck_assert(may(ACL_DESCRIBE, "topic"));
}
END_TEST

START_TEST(a_host_is_the_clients_own_or_any)
{
    struct acl acl = {
        .id = make_id(1),
        .resource_type = ACL_TOPIC,
        .pattern_type = ACL_LITERAL,
        .operation = ACL_READ,
        .permission_type = ACL_ALLOW,
        .name = SLICE("topic"),
        .principal = SLICE("User:alice"),
        .host = SLICE("10.0.0.2"),
    };
    acls_add(&acls, &acl);
    ck_assert(!may(ACL_READ, "topic"));
    acl.id = make_id(2);
    acl.host = SLICE("10.0.0.1");
    acls_add(&acls, &acl);
    ck_assert(may(ACL_READ, "topic"));
}
END_TEST

START_TEST(one_of_nested_prefixes_may_go_and_come)
{
    add(ACL_ALLOW, "User:alice", ACL_READ, ACL_PREFIXED, "a");
    struct uuid middle = add(ACL_ALLOW, "User:alice", ACL_WRITE, ACL_PREFIXED, "ab");
    add(ACL_ALLOW, "User:alice", ACL_DELETE, ACL_PREFIXED, "abc");
    ck_assert(may(ACL_READ, "abcd") && may(ACL_WRITE, "abcd") && may(ACL_DELETE, "abcd"));
    ck_assert(acls_remove(&acls, middle));
    ck_assert(!acls_remove(&acls, middle));
    ck_assert(may(ACL_READ, "abcd") && !may(ACL_WRITE, "abcd") && may(ACL_DELETE, "abcd"));
    add(ACL_ALLOW, "User:alice", ACL_WRITE, ACL_PREFIXED, "ab");
    ck_assert(may(ACL_WRITE, "abcd") && may(ACL_WRITE, "ab") && !may(ACL_WRITE, "a"));
}
END_TEST

START_TEST(somewhere_means_some_name_that_is_not_denied_whole)
{
    ck_assert(!acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
    struct uuid id = add(ACL_ALLOW, "User:alice", ACL_WRITE, ACL_LITERAL, "topic");
    ck_assert(acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
    ck_assert(!acls_allow_somewhere(&acls, ACL_TOPIC, ACL_DESCRIBE, alice)); /* nothing is implied here */
    ck_assert(!acls_allow_somewhere(&acls, ACL_GROUP, ACL_WRITE, alice));
    struct uuid denial = add(ACL_DENY, "User:alice", ACL_WRITE, ACL_PREFIXED, "top");
    ck_assert(!acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
    add(ACL_ALLOW, "User:*", ACL_ALL, ACL_PREFIXED, "to");
    ck_assert(acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
    acls_remove(&acls, id);
    acls_remove(&acls, denial);
    denial = add(ACL_DENY, "User:alice", ACL_ALL, ACL_LITERAL, "*");
    ck_assert(!acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
}
END_TEST

START_TEST(everywhere_is_somewhere_whatever_else_is_denied)
{
    add(ACL_ALLOW, "User:alice", ACL_WRITE, ACL_LITERAL, "*");
    add(ACL_DENY, "User:alice", ACL_WRITE, ACL_PREFIXED, "t");
    ck_assert(acls_allow_somewhere(&acls, ACL_TOPIC, ACL_WRITE, alice));
}
END_TEST

START_TEST(filters_match_as_kafkas_do)
{
    struct acl literal = {.resource_type = ACL_TOPIC,
                          .pattern_type = ACL_LITERAL,
                          .operation = ACL_READ,
                          .permission_type = ACL_ALLOW,
                          .name = SLICE("abc"),
                          .principal = SLICE("User:alice"),
                          .host = SLICE("*")};
    struct acl prefixed = literal, everything = literal;
    prefixed.pattern_type = ACL_PREFIXED;
    prefixed.name = SLICE("ab");
    everything.name = SLICE("*");
    struct acl_filter all = {ACL_ANY_RESOURCE, ACL_ANY_PATTERN, ACL_ANY_OPERATION, ACL_ANY_PERMISSION,
                             SLICE_NULL,       SLICE_NULL,      SLICE_NULL};
    ck_assert(acl_filter_matches(&all, &literal) && acl_filter_matches(&all, &prefixed));
    struct acl_filter filter = all;
    filter.name = SLICE("abc");
    ck_assert(acl_filter_matches(&filter, &literal));
    ck_assert(!acl_filter_matches(&filter, &prefixed) && !acl_filter_matches(&filter, &everything));
    filter.pattern_type = ACL_MATCH;
    ck_assert(acl_filter_matches(&filter, &literal));
    ck_assert(acl_filter_matches(&filter, &prefixed) && acl_filter_matches(&filter, &everything));
    filter.pattern_type = ACL_PREFIXED;
    filter.name = SLICE("ab");
    ck_assert(!acl_filter_matches(&filter, &literal) && acl_filter_matches(&filter, &prefixed));
    filter = all;
    filter.operation = ACL_ALL; /* the operation of this name, not all of them */
    ck_assert(!acl_filter_matches(&filter, &literal));
    filter = all;
    filter.host = SLICE("10.0.0.1");
    ck_assert(!acl_filter_matches(&filter, &literal));
    filter = all;
    filter.principal = SLICE("User:bob");
    ck_assert(!acl_filter_matches(&filter, &literal));
    filter = all;
    filter.permission_type = ACL_DENY;
    ck_assert(!acl_filter_matches(&filter, &literal));
    filter = all;
    filter.resource_type = ACL_GROUP;
    ck_assert(!acl_filter_matches(&filter, &literal));
}
END_TEST

START_TEST(an_entry_that_no_question_meets_is_kept)
{
    struct acl acl = {.id = make_id(1), .resource_type = 99, .pattern_type = 0, .name = SLICE("x")};
    acls_add(&acls, &acl);
    ck_assert_ptr_nonnull(acls_find(&acls, acl.id));
    ck_assert_ptr_null(acls_find_same(&acls, &acl));
    ck_assert(acls_remove(&acls, acl.id));
}
END_TEST

/* ---- against a walk ---- */

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static struct slice draw_name(void)
{
    static const char *const names[] = {"*", "a",  "ab",  "abc", "abcd", "abb",
                                        "b", "ba", "bab", "c",   "",     "aa"};
    return slice_str(names[draw(12)]);
}

static struct acl draw_acl(uint32_t number)
{
    static const char *const principals[] = {"User:alice", "User:*", "User:bob"};
    static const char *const hosts[] = {"*", "10.0.0.1", "10.0.0.2"};
    struct acl acl = {
        .resource_type = (int8_t)(ACL_TOPIC + draw(2)),
        .pattern_type = (int8_t)(ACL_LITERAL + draw(2)),
        .operation = (int8_t)(ACL_ALL + draw(10)),
        .permission_type = (int8_t)(draw(4) == 0 ? ACL_DENY : ACL_ALLOW),
        .name = draw_name(),
        .principal = slice_str(principals[draw(3)]),
        .host = slice_str(hosts[draw(3)]),
    };
    memcpy(acl.id.bytes, &number, sizeof number);
    return acl;
}

static bool covers(const struct acl *acl, enum acl_resource type, struct slice name)
{
    struct acl_filter filter = {(int8_t)type, ACL_MATCH,  ACL_ANY_OPERATION, ACL_ANY_PERMISSION,
                                name,         SLICE_NULL, SLICE_NULL};
    return acl_filter_matches(&filter, acl);
}

static bool walk_allows(const struct acl **all, size_t count, enum acl_operation operation,
                        enum acl_resource type, struct slice name, bool *found)
{
    bool is_allowed = false, is_denied = false;
    *found = false;
    for (size_t i = 0; i < count; i++) {
        if (!covers(all[i], type, name))
            continue;
        *found = true;
        bool is_ours =
            (slice_equal(all[i]->principal, alice.principal) || slice_equal_str(all[i]->principal, "User:*"))
            && (slice_equal(all[i]->host, alice.host) || slice_equal_str(all[i]->host, "*"));
        enum acl_operation theirs = (enum acl_operation)all[i]->operation;
        bool is_it = theirs == ACL_ALL || theirs == operation;
        bool implies =
            (operation == ACL_DESCRIBE
             && (theirs == ACL_READ || theirs == ACL_WRITE || theirs == ACL_DELETE || theirs == ACL_ALTER))
            || (operation == ACL_DESCRIBE_CONFIGS && theirs == ACL_ALTER_CONFIGS);
        is_allowed |= is_ours && all[i]->permission_type == ACL_ALLOW && (is_it || implies);
        is_denied |= is_ours && all[i]->permission_type == ACL_DENY && is_it;
    }
    return is_allowed && !is_denied;
}

static void compare_with_a_walk(void)
{
    const struct acl **all = acls_sorted(&acls);
    for (int i = 0; i < 20; i++) {
        enum acl_resource type = (enum acl_resource)(ACL_TOPIC + draw(2));
        struct slice name = draw_name();
        struct acl_rights rights = acls_rights(&acls, type, name, alice);
        for (int operation = ACL_READ; operation <= ACL_ALTER_CONFIGS; operation++) {
            bool found;
            bool is_allowed =
                walk_allows(all, acls.by_id.count, (enum acl_operation)operation, type, name, &found);
            ck_assert_int_eq((rights.allowed & ~rights.denied) >> operation & 1, is_allowed);
            ck_assert_int_eq(rights.found, found);
        }
    }
    free(all);
}

START_TEST(look_ups_answer_as_a_walk_through_all_entries_does)
{
    for (state = 1; state < 30; state++) {
        uint64_t seed = state;
        for (uint32_t number = 0; number < 150; number++) {
            struct acl acl = draw_acl(number);
            if (draw(3) > 0) {
                acls_add(&acls, &acl);
                ck_assert_ptr_nonnull(acls_find_same(&acls, &acl));
            } else {
                uint32_t gone = draw(number + 1);
                struct uuid id = UUID_ZERO;
                memcpy(id.bytes, &gone, sizeof gone);
                acls_remove(&acls, id);
            }
            if (number % 10 == 0)
                compare_with_a_walk();
        }
        acls_fini(&acls);
        acls_init(&acls, seed);
        state = seed;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("acls");
    TCase *tcase = tcase_create("acls");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_resource_that_no_entry_covers_is_not_found);
    tcase_add_test(tcase, an_entry_of_another_principal_counts_as_found);
    tcase_add_test(tcase, deny_beats_allow_wherever_it_stands);
    tcase_add_test(tcase, allowing_implies_describing_and_denying_does_not);
    tcase_add_test(tcase, a_host_is_the_clients_own_or_any);
    tcase_add_test(tcase, one_of_nested_prefixes_may_go_and_come);
    tcase_add_test(tcase, somewhere_means_some_name_that_is_not_denied_whole);
    tcase_add_test(tcase, everywhere_is_somewhere_whatever_else_is_denied);
    tcase_add_test(tcase, filters_match_as_kafkas_do);
    tcase_add_test(tcase, an_entry_that_no_question_meets_is_kept);
    tcase_add_test(tcase, look_ups_answer_as_a_walk_through_all_entries_does);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
