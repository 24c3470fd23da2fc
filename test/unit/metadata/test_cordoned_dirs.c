/* cordoned_dirs: the value of cordoned.log.dirs, and what a node tells of it. The texts are Kafka's. */
#include "metadata/cordoned_dirs.h"
#include "metadata/registration.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct config_entry fixed[2];
static struct cluster_node node;
static const char *const paths[] = {"/a", "/b"};
static struct uuid ids[2];

static void set_up(void)
{
    world_init(&world);
    fixed[0] = (struct config_entry){SLICE(CORDONED_LOG_DIRS), SLICE("")};
    fixed[1] = (struct config_entry){SLICE("log.dirs"), SLICE("/a, /b")};
    world.fixed = (struct config_set){
        .resource_type = RESOURCE_BROKER, .resource_name = SLICE(""), .entries = fixed, .count = 2};
    ids[0] = make_id(0xa);
    ids[1] = make_id(0xb);
    node = (struct cluster_node){
        .node_id = 1,
        .log_dirs = ids,
        .log_dir_paths = paths,
        .log_dir_count = 2,
        .static_configs = fixed,
        .static_config_count = 2,
    };
}

static void tear_down(void)
{
    world_fini(&world);
}

START_TEST(a_value_names_directories_letter_by_letter_or_all_of_them)
{
    ck_assert(!cordoned_dirs_have(SLICE(""), "/a"));
    ck_assert(cordoned_dirs_have(SLICE("/a"), "/a"));
    ck_assert(cordoned_dirs_have(SLICE(" /b , /a "), "/a"));
    ck_assert(!cordoned_dirs_have(SLICE("/a/,/aa,/"), "/a"));
    ck_assert(cordoned_dirs_have(SLICE("*"), "/a"));
    ck_assert(cordoned_dirs_have(SLICE(" * "), "/a"));
}
END_TEST

static void expect_refusal(const char *value, const char *text)
{
    struct note why = {""};
    bool good = cordoned_dirs_check(slice_str(value), &world.fixed, &world.arena, &why);
    ck_assert_int_eq(good, text == NULL);
    ck_assert_str_eq(why.text, text == NULL ? "" : text);
}

START_TEST(only_what_stands_in_log_dirs_can_be_named)
{
    static const char missing[] =
        "All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : ";
    char text[200];
    expect_refusal("", NULL);
    expect_refusal("/b", NULL);
    expect_refusal("/b,/a,/b", NULL);
    expect_refusal("*", NULL);
    expect_refusal("*,/a", "When cordoned.log.dirs is set to *, it must not contain other values");
    snprintf(text, sizeof text, "%s/c, d", missing);
    expect_refusal("/c,/a,d,/c", text);
    fixed[1].name = SLICE("log.dir"); /* in its absence */
    expect_refusal("/a", NULL);
    world.fixed.count = 1;
    expect_refusal("/tmp/kafka-logs", NULL);
    snprintf(text, sizeof text, "%s/a", missing);
    expect_refusal("/a", text);
}
END_TEST

#define CHANGE(epoch, cordoned)                                             \
    "BrokerRegistrationChangeRecord {\"brokerId\":1,\"brokerEpoch\":" epoch \
    ",\"cordonedLogDirs\":[" cordoned "]}\n"

static const char *id_text(int at)
{
    static char text[2][UUID_TEXT_LEN + 3];
    char id[UUID_TEXT_LEN + 1];
    uuid_format(ids[at], id);
    snprintf(text[at], sizeof text[at], "\"%s\"", id);
    return text[at];
}

static void expect_told(const char *cordoned)
{
    char expected[300];
    snprintf(expected, sizeof expected, CHANGE("1", "%s"), cordoned);
    cordoned_dirs_settle(&world.records, &world.image, &node);
    ck_assert_str_eq(world_records(&world), expected);
    world_commit(&world);
    cordoned_dirs_settle(&world.records, &world.image, &node);
    ck_assert_int_eq(world.records.count, 0); /* it stands there now */
}

START_TEST(a_change_is_told_once)
{
    char both[100];
    expect_told(""); /* nothing was said before */
    fixed[0].value = SLICE("/b");
    expect_told(id_text(1));
    add_config(&world.records, RESOURCE_BROKER, "1", CORDONED_LOG_DIRS, "/a");
    world_commit(&world);
    expect_told(id_text(0));
    add_config(&world.records, RESOURCE_BROKER, "1", CORDONED_LOG_DIRS, "*");
    world_commit(&world);
    snprintf(both, sizeof both, "%s,%s", id_text(0), id_text(1));
    expect_told(both);
    add_config(&world.records, RESOURCE_BROKER, "1", CORDONED_LOG_DIRS, "");
    world_commit(&world);
    expect_told("");
}
END_TEST

START_TEST(older_records_and_who_is_not_registered_say_nothing)
{
    fixed[0].value = SLICE("*");
    record_list_init(&world.records, &world.arena, CORDONED_DIRS_LEVEL - 1);
    cordoned_dirs_settle(&world.records, &world.image, &node);
    cordoned_dirs_add(&world.records, &world.image, &node, 7);
    ck_assert_int_eq(world.records.count, 0);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    node.node_id = 9;
    cordoned_dirs_settle(&world.records, &world.image, &node);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

/* As Apache Kafka's: behind the registration, before the broker is unfenced. */
START_TEST(a_start_tells_of_cordoned_directories_before_it_is_unfenced)
{
    fixed[0].value = SLICE("/a");
    ck_assert_int_eq(registration_add_self(&world.records, &world.image, &node, 100), 101);
    ck_assert_int_eq(world.records.count, 4);
    world.records.records += 2;
    world.records.count = 2;
    char expected[400];
    snprintf(expected, sizeof expected,
             CHANGE("101", "%s") "BrokerRegistrationChangeRecord "
                                 "{\"brokerId\":1,\"brokerEpoch\":101,\"fenced\":-1}\n",
             id_text(0));
    ck_assert_str_eq(world_records(&world), expected);
}
END_TEST

START_TEST(a_raised_level_tells_them)
{
    world_fini(&world);
    set_up();
    fixed[0].value = SLICE("/b");
    add_feature(&world.records, METADATA_VERSION, CORDONED_DIRS_LEVEL - 1);
    world_commit(&world);
    record_list_init(&world.records, &world.arena, CORDONED_DIRS_LEVEL - 1);
    registration_add_raised(&world.records, &world.image, &node, CORDONED_DIRS_LEVEL);
    char expected[300];
    snprintf(expected, sizeof expected, CHANGE("1", "%s"), id_text(1));
    ck_assert_str_eq(world_records(&world), expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cordoned directories");
    TCase *tests = tcase_create("cordoned directories");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_value_names_directories_letter_by_letter_or_all_of_them);
    tcase_add_test(tests, only_what_stands_in_log_dirs_can_be_named);
    tcase_add_test(tests, a_change_is_told_once);
    tcase_add_test(tests, older_records_and_who_is_not_registered_say_nothing);
    tcase_add_test(tests, a_start_tells_of_cordoned_directories_before_it_is_unfenced);
    tcase_add_test(tests, a_raised_level_tells_them);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
