/* The hash of what a consumer group reads: as Apache Kafka 4.3.1 wrote it. */
#include "metadata/record_list.h"
#include "protocol/records/partition_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/topic_record.h"
#include "server/coordinator/consumer_state.h"

#include <check.h>
#include <stdlib.h>

static struct image image;

static void apply(const struct message *message, const void *record)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct record_list list;
    record_list_init(&list, &arena, METADATA_VERSION_MAX);
    record_list_add(&list, message, record);
    struct note why = {""};
    ck_assert_msg(image_apply(&image, list.records[0], image.offset + 1, 1, &why), "%s", why.text);
    arena_fini(&arena);
}

static void put_broker(int32_t id, const char *rack)
{
    struct register_broker_record record;
    schema_set_defaults(register_broker_record_schema(), &record);
    record.broker_id = id;
    record.rack = slice_str(rack);
    apply(&register_broker_record_message, &record);
}

static void put_topic(const char *name, const char *id, int32_t partitions)
{
    struct topic_record topic = {.name = slice_str(name)};
    ck_assert(uuid_parse(slice_str(id), &topic.topic_id));
    apply(&topic_record_message, &topic);
    int32_t broker = 1;
    for (int32_t i = 0; i < partitions; i++) {
        struct partition_record record;
        schema_set_defaults(partition_record_schema(), &record);
        record.partition_id = i;
        record.topic_id = topic.topic_id;
        record.replicas.items = record.isr.items = &broker;
        record.replicas.count = record.isr.count = 1;
        apply(&partition_record_message, &record);
    }
}

static void set_up(void)
{
    image_init(&image, 1);
}

static void tear_down(void)
{
    image_fini(&image);
}

/* From a cluster whose broker is in a rack with letters that are not ASCII. */
START_TEST(the_hash_is_the_one_of_apache_kafka)
{
    put_broker(1, "r\xc3\x83\xc2\xa4"
                  "ck");
    put_topic("26-a", "YUQ4MaKHRRiTDA7qMD63YA", 2);
    put_topic("26-b", "RWngLaZeR9GA9wGJsGf8uA", 1);
    const struct slice topics[] = {SLICE("26-a"), SLICE("26-b"), SLICE("none")};
    ck_assert_int_eq(consumer_metadata_hash(&image, topics, 1), 7631439168435974854);
    ck_assert_int_eq(consumer_metadata_hash(&image, topics, 2), -7569866192410982682);
    ck_assert_int_eq(consumer_metadata_hash(&image, topics, 3), -7569866192410982682);
    ck_assert_int_eq(consumer_metadata_hash(&image, topics + 2, 1), 0);
}
END_TEST

START_TEST(racks_and_partitions_change_it)
{
    put_broker(1, NULL);
    put_topic("a", "YUQ4MaKHRRiTDA7qMD63YA", 2);
    const struct slice topic = SLICE("a");
    int64_t without = consumer_metadata_hash(&image, &topic, 1);
    int64_t offset = image.topics_offset;
    put_broker(1, "r");
    ck_assert_int_gt(image.topics_offset, offset);
    ck_assert_int_ne(consumer_metadata_hash(&image, &topic, 1), without);
}
END_TEST

START_TEST(names_are_sorted_and_stand_once)
{
    struct slice names[] = {SLICE("b"), SLICE("a"), SLICE("b"), SLICE("")};
    ck_assert_int_eq(consumer_sort_names(names, 4), 3);
    ck_assert(slice_equal_str(names[0], "") && slice_equal_str(names[2], "b"));
    ck_assert(consumer_names_have(names, 3, SLICE("a")));
    ck_assert(!consumer_names_have(names, 3, SLICE("c")));
    ck_assert(!consumer_names_have(NULL, 0, SLICE("c")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consumer_topics");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_hash_is_the_one_of_apache_kafka);
    tcase_add_test(tcase, racks_and_partitions_change_it);
    tcase_add_test(tcase, names_are_sorted_and_stand_once);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
