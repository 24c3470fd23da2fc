/* record_list: the record versions of each metadata.version, as Apache Kafka writes them (kafka-storage
 * 12). */
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/metadata_record.h"
#include "test/unit/metadata/fixture.h"

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena, SIZE_MAX);
}

static void tear_down(void)
{
    arena_fini(&arena);
}

static uint32_t version_of(const struct record_list *list, int32_t index)
{
    struct reader reader;
    uint32_t type, version = 99;
    reader_init(&reader, list->records[index], NULL);
    ck_assert(metadata_record_read_frame(&reader, &type, &version));
    return version;
}

START_TEST(each_level_gets_the_versions_that_kafka_writes)
{
    static const struct {
        int16_t level;
        uint32_t partition, registration;
    } cases[] = {{7, 0, 1},  {8, 0, 2},  {16, 0, 2}, {17, 1, 3}, {20, 1, 3}, {21, 1, 3},
                 {22, 1, 3}, {23, 2, 3}, {25, 2, 3}, {29, 2, 3}, {30, 2, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record_list list;
        record_list_init(&list, &arena, cases[i].level);
        add_topic(&list, "t", make_id(1));
        add_partition(&list, make_id(1), 0);
        struct partition_change_record change = change_of(make_id(1), 0);
        record_list_add(&list, &partition_change_record_message, &change);
        add_broker(&list, 1, 1, "h");
        ck_assert_uint_eq(version_of(&list, 0), 0);
        ck_assert_uint_eq(version_of(&list, 1), cases[i].partition);
        ck_assert_uint_eq(version_of(&list, 2), cases[i].partition);
        ck_assert_uint_eq(version_of(&list, 3), cases[i].registration);
    }
}
END_TEST

START_TEST(a_registration_change_has_the_lowest_version_that_holds_it)
{
    struct record_list list;
    struct uuid directory = make_id(1);
    struct broker_registration_change_record change;
    record_list_init(&list, &arena, 30);
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    change.fenced = 1;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    change.in_controlled_shutdown = 1;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    change.log_dirs.items = &directory;
    change.log_dirs.count = 1;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    change.cordoned_log_dirs.count = 0;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    for (int32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(version_of(&list, i), (uint32_t)i);
}
END_TEST

/* The frames of the course's own log (acceptance 1.2), byte for byte. */
START_TEST(the_course_s_records_come_out_byte_for_byte)
{
    static const uint8_t topic[] = "\x01\x02\x00\x06"
                                   "apple\x71\xa5\x9a\x51\x89\x68\x4f\x8b\x93\x7e\x36\xd1\xd2\x92\x86\x4e";
    static const uint8_t feature[] = "\x01\x0c\x00\x11metadata.version\x00\x14";
    struct uuid id = {
        {0x71, 0xa5, 0x9a, 0x51, 0x89, 0x68, 0x4f, 0x8b, 0x93, 0x7e, 0x36, 0xd1, 0xd2, 0x92, 0x86, 0x4e}};
    struct record_list list;
    record_list_init(&list, &arena, 20);
    add_topic(&list, "apple", id);
    add_feature(&list, METADATA_VERSION, 20);
    ck_assert(slice_equal(list.records[0], slice_of(topic, sizeof topic)));
    ck_assert(slice_equal(list.records[1], slice_of(feature, sizeof feature)));
}
END_TEST

START_TEST(many_records_stay_as_they_were_added)
{
    struct record_list list;
    record_list_init(&list, &arena, 30);
    for (int32_t i = 0; i < 1000; i++)
        add_partition(&list, make_id(1), i);
    record_list_add_frame(&list, list.records[17]);
    ck_assert_int_eq(list.count, 1001);
    for (uint8_t i = 0; i < 100; i++)
        ck_assert_uint_eq(list.records[i].data[6], i);
    ck_assert(slice_equal(list.records[1000], list.records[17]));
    ck_assert_ptr_ne(list.records[1000].data, list.records[17].data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record_list");
    TCase *tcase = tcase_create("record_list");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, each_level_gets_the_versions_that_kafka_writes);
    tcase_add_test(tcase, a_registration_change_has_the_lowest_version_that_holds_it);
    tcase_add_test(tcase, the_course_s_records_come_out_byte_for_byte);
    tcase_add_test(tcase, many_records_stay_as_they_were_added);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
