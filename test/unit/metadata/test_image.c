/* image: what records do to it, and what is found in it. */
#include "test/unit/metadata/fixture.h"

#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/fence_broker_record.h"
#include "protocol/records/no_op_record.h"
#include "protocol/records/producer_ids_record.h"
#include "protocol/records/unregister_broker_record.h"

static struct image image;
static struct arena arena;
static struct record_list list;

static void set_up(void)
{
    image_init(&image, 42);
    arena_init(&arena, SIZE_MAX);
    record_list_init(&list, &arena, METADATA_VERSION_MAX);
}

static void tear_down(void)
{
    image_fini(&image);
    arena_fini(&arena);
}

/* Applies what was added and empties the list. */
static void apply_all(void)
{
    for (int32_t i = 0; i < list.count; i++) {
        struct note why = {""};
        ck_assert_msg(image_apply(&image, list.records[i], image.offset + 1, 3, &why), "%s", why.text);
    }
    list.count = 0;
}

/* The last record is refused with this text and the offset does not move. */
static void refuse_last(const char *text)
{
    struct slice last = list.records[--list.count];
    apply_all();
    int64_t offset = image.offset;
    struct note why = {""};
    ck_assert(!image_apply(&image, last, offset + 1, 3, &why));
    ck_assert_msg(strstr(why.text, text) != NULL, "\"%s\" has no \"%s\"", why.text, text);
    ck_assert_int_eq(image.offset, offset);
}

static struct partition_state *partition_of(const char *topic, int32_t index)
{
    struct topic *found = image_find_topic(&image, slice_str(topic));
    ck_assert_ptr_nonnull(found);
    return image_find_partition(found, index);
}

START_TEST(an_empty_image_finds_nothing)
{
    ck_assert_ptr_null(image_find_topic(&image, SLICE("t")));
    ck_assert_ptr_null(image_find_topic_by_id(&image, make_id(1)));
    ck_assert_ptr_null(image_find_broker(&image, 1));
    ck_assert_ptr_null(image_find_configs(&image, RESOURCE_TOPIC, SLICE("t")));
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("a.b")));
    ck_assert_ptr_null(config_set_find(NULL, SLICE("x")));
    ck_assert_int_eq(image_feature_level(&image, SLICE(METADATA_VERSION)), 0);
    ck_assert_int_eq(image.offset, -1);
    struct topic **topics = image_sorted_topics(&image);
    ck_assert_ptr_nonnull(topics);
    free(topics);
}
END_TEST

START_TEST(a_topic_is_found_by_name_and_by_id_with_its_partitions)
{
    add_topic(&list, "plain", make_id(1));
    add_partition(&list, make_id(1), 0);
    add_partition(&list, make_id(1), 1);
    apply_all();
    struct topic *topic = image_find_topic(&image, SLICE("plain"));
    ck_assert_ptr_nonnull(topic);
    ck_assert_ptr_eq(topic, image_find_topic_by_id(&image, make_id(1)));
    ck_assert_int_eq(topic->partition_count, 2);
    ck_assert_int_eq(image.partition_count, 2);
    ck_assert_ptr_null(image_find_partition(topic, 2));
    ck_assert_ptr_null(image_find_partition(topic, -1));
    struct partition_state *partition = image_find_partition(topic, 1);
    ck_assert_int_eq(partition->leader, 1);
    ck_assert_int_eq(partition->replicas.count, 1);
    ck_assert_int_eq(partition->isr.items[0], 1);
    ck_assert_int_eq(partition->eligible_leader_replicas.count, 0);
    ck_assert(uuid_equal(partition->directories[0], make_id(NODE_DIRECTORY)));
    ck_assert_int_eq(image.offset, 2);
    ck_assert_int_eq(image.epoch, 3);
}
END_TEST

START_TEST(partitions_may_come_in_any_order)
{
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 4);
    apply_all();
    ck_assert_ptr_null(partition_of("t", 0));
    ck_assert_ptr_nonnull(partition_of("t", 4));
    ck_assert_int_eq(image.partition_count, 1);
    for (int32_t i = 0; i < 4; i++)
        add_partition(&list, make_id(1), i);
    apply_all();
    ck_assert_ptr_nonnull(partition_of("t", 0));
    ck_assert_int_eq(image.partition_count, 5);
    ck_assert_int_eq(image_find_topic(&image, SLICE("t"))->partition_count, 5);
}
END_TEST

START_TEST(a_removed_topic_takes_its_partitions_and_configs_along)
{
    add_topic(&list, "gone", make_id(1));
    add_partition(&list, make_id(1), 0);
    add_config(&list, RESOURCE_TOPIC, "gone", "retention.ms", "1");
    add_config(&list, RESOURCE_GROUP, "gone", "retention.ms", "2");
    add_topic(&list, "stays", make_id(2));
    add_partition(&list, make_id(2), 0);
    record_list_add(&list, &remove_topic_record_message,
                    &(struct remove_topic_record){.topic_id = make_id(1)});
    apply_all();
    ck_assert_ptr_null(image_find_topic(&image, SLICE("gone")));
    ck_assert_ptr_null(image_find_topic_by_id(&image, make_id(1)));
    ck_assert_ptr_null(image_find_configs(&image, RESOURCE_TOPIC, SLICE("gone")));
    ck_assert_ptr_nonnull(image_find_configs(&image, RESOURCE_GROUP, SLICE("gone")));
    ck_assert_ptr_nonnull(image_find_topic(&image, SLICE("stays")));
    ck_assert_int_eq(image.partition_count, 1);
}
END_TEST

START_TEST(a_topic_may_come_back_with_another_id)
{
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    record_list_add(&list, &remove_topic_record_message,
                    &(struct remove_topic_record){.topic_id = make_id(1)});
    add_topic(&list, "t", make_id(2));
    apply_all();
    ck_assert_int_eq(image_find_topic(&image, SLICE("t"))->partition_count, 0);
    ck_assert(uuid_equal(image_find_topic(&image, SLICE("t"))->id, make_id(2)));
}
END_TEST

START_TEST(records_that_contradict_the_image_are_refused)
{
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    add_topic(&list, "t", make_id(2));
    refuse_last("topic t is there already");
    add_topic(&list, "u", make_id(1));
    refuse_last("there already");
    add_topic(&list, "", make_id(3));
    refuse_last("no name");
    add_partition(&list, make_id(9), 0);
    refuse_last("PartitionRecord: there is no topic");
    add_partition(&list, make_id(1), TOPIC_PARTITIONS_MAX);
    refuse_last("cannot have a partition 1000000");
    add_partition(&list, make_id(1), -1);
    refuse_last("cannot have a partition -1");
    struct partition_change_record change = change_of(make_id(1), 1);
    record_list_add(&list, &partition_change_record_message, &change);
    refuse_last("no partition 1");
    record_list_add(&list, &remove_topic_record_message,
                    &(struct remove_topic_record){.topic_id = make_id(9)});
    refuse_last("no topic");
    record_list_add(&list, &clear_elr_record_message,
                    &(struct clear_elr_record){.topic_name = SLICE("nope")});
    refuse_last("no topic nope");
    ck_assert_int_eq(image.partition_count, 1);
}
END_TEST

START_TEST(a_partition_with_fewer_directories_than_replicas_is_refused)
{
    struct partition_record partition;
    int32_t replicas[] = {1, 2};
    struct uuid directory = make_id(1);
    add_topic(&list, "t", make_id(1));
    schema_set_defaults(partition_record_schema(), &partition);
    partition.partition_id = 0;
    partition.topic_id = make_id(1);
    partition.replicas.items = replicas;
    partition.replicas.count = 2;
    partition.directories.items = &directory;
    partition.directories.count = 1;
    record_list_add(&list, &partition_record_message, &partition);
    refuse_last("2 replicas in 1 directories");
    add_partition(&list, make_id(1), 0);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.directories.items = (struct uuid[]){make_id(1), make_id(2)};
    change.directories.count = 2;
    record_list_add(&list, &partition_change_record_message, &change);
    refuse_last("1 replicas in 2 directories");
    ck_assert_int_eq(partition_of("t", 0)->partition_epoch, 0);
}
END_TEST

/* As Apache Kafka 4.3.1 stops (golden 4.3.1-clean) and comes back. */
START_TEST(a_change_touches_what_it_names_and_nothing_else)
{
    int32_t one = 1;
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.isr.count = 0;
    change.leader = NO_LEADER;
    change.eligible_leader_replicas.items = change.last_known_elr.items = &one;
    change.eligible_leader_replicas.count = change.last_known_elr.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    apply_all();
    struct partition_state *partition = partition_of("t", 0);
    ck_assert_int_eq(partition->leader, NO_LEADER);
    ck_assert_int_eq(partition->leader_epoch, 1);
    ck_assert_int_eq(partition->partition_epoch, 1);
    ck_assert_int_eq(partition->isr.count, 0);
    ck_assert_int_eq(partition->eligible_leader_replicas.items[0], 1);
    ck_assert_int_eq(partition->last_known_elr.items[0], 1);
    ck_assert_int_eq(partition->replicas.items[0], 1);
    ck_assert(uuid_equal(partition->directories[0], make_id(NODE_DIRECTORY)));

    change = change_of(make_id(1), 0);
    change.leader_recovery_state = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    apply_all();
    partition = partition_of("t", 0);
    ck_assert_int_eq(partition->leader_epoch, 1);
    ck_assert_int_eq(partition->partition_epoch, 2);
    ck_assert_int_eq(partition->leader_recovery_state, 1);
    ck_assert_int_eq(partition->eligible_leader_replicas.count, 1);
}
END_TEST

START_TEST(a_leader_that_is_named_again_gets_a_new_epoch)
{
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.leader = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    apply_all();
    ck_assert_int_eq(partition_of("t", 0)->leader_epoch, 1);
    ck_assert_int_eq(partition_of("t", 0)->partition_epoch, 1);
}
END_TEST

START_TEST(a_reassignment_changes_replicas_and_their_directories)
{
    int32_t replicas[] = {2, 3};
    struct uuid directories[] = {make_id(2), make_id(3)};
    add_topic(&list, "t", make_id(1));
    add_partition(&list, make_id(1), 0);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.replicas.items = change.adding_replicas.items = replicas;
    change.replicas.count = change.adding_replicas.count = 2;
    change.removing_replicas.items = (int32_t[]){1};
    change.removing_replicas.count = 1;
    change.directories.items = directories;
    change.directories.count = 2;
    record_list_add(&list, &partition_change_record_message, &change);
    apply_all();
    struct partition_state *partition = partition_of("t", 0);
    ck_assert_int_eq(partition->replicas.items[1], 3);
    ck_assert_int_eq(partition->adding_replicas.count, 2);
    ck_assert_int_eq(partition->removing_replicas.items[0], 1);
    ck_assert(uuid_equal(partition->directories[1], make_id(3)));
    ck_assert_int_eq(partition->isr.items[0], 1);

    change = change_of(make_id(1), 0); /* fewer replicas, and nobody says where */
    change.replicas.items = replicas;
    change.replicas.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    apply_all();
    ck_assert_ptr_null(partition_of("t", 0)->directories);
}
END_TEST

START_TEST(clearing_eligible_leaders_counts_only_where_there_were_some)
{
    int32_t one = 1;
    add_topic(&list, "a", make_id(1));
    add_partition(&list, make_id(1), 0);
    add_partition(&list, make_id(1), 1);
    add_topic(&list, "b", make_id(2));
    add_partition(&list, make_id(2), 0);
    struct partition_change_record change = change_of(make_id(1), 0);
    change.eligible_leader_replicas.items = &one;
    change.eligible_leader_replicas.count = 1;
    record_list_add(&list, &partition_change_record_message, &change);
    change.topic_id = make_id(2);
    record_list_add(&list, &partition_change_record_message, &change);
    record_list_add(&list, &clear_elr_record_message, &(struct clear_elr_record){.topic_name = SLICE("a")});
    apply_all();
    ck_assert_int_eq(partition_of("a", 0)->eligible_leader_replicas.count, 0);
    ck_assert_int_eq(partition_of("a", 0)->partition_epoch, 2);
    ck_assert_int_eq(partition_of("a", 1)->partition_epoch, 0);
    ck_assert_int_eq(partition_of("b", 0)->eligible_leader_replicas.count, 1);
    record_list_add(&list, &clear_elr_record_message, &(struct clear_elr_record){.topic_name = SLICE("")});
    apply_all();
    ck_assert_int_eq(partition_of("a", 0)->partition_epoch, 2);
    ck_assert_int_eq(partition_of("b", 0)->eligible_leader_replicas.count, 0);
}
END_TEST

START_TEST(names_collide_once_dots_are_underscores)
{
    add_topic(&list, "a.b_c", make_id(1));
    add_topic(&list, "plain", make_id(2));
    apply_all();
    ck_assert_ptr_eq(image_find_colliding_topic(&image, SLICE("a_b.c")),
                     image_find_topic(&image, SLICE("a.b_c")));
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("a.b_c")));
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("plain")));
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("a.b")));
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("")));
    char long_name[300];
    memset(long_name, '.', sizeof long_name);
    ck_assert_ptr_null(image_find_colliding_topic(&image, slice_of(long_name, sizeof long_name)));
}
END_TEST

/* Apache Kafka makes no such topics, but reads them. */
START_TEST(topics_that_collide_already_are_all_kept)
{
    add_topic(&list, "a.b", make_id(1));
    add_topic(&list, "a_b", make_id(2));
    apply_all();
    ck_assert_ptr_eq(image_find_colliding_topic(&image, SLICE("a.b")),
                     image_find_topic(&image, SLICE("a_b")));
    ck_assert_ptr_eq(image_find_colliding_topic(&image, SLICE("a_b")),
                     image_find_topic(&image, SLICE("a.b")));
    record_list_add(&list, &remove_topic_record_message,
                    &(struct remove_topic_record){.topic_id = make_id(2)});
    apply_all();
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("a.b")));
    ck_assert_ptr_eq(image_find_colliding_topic(&image, SLICE("a_b")),
                     image_find_topic(&image, SLICE("a.b")));
    record_list_add(&list, &remove_topic_record_message,
                    &(struct remove_topic_record){.topic_id = make_id(1)});
    apply_all();
    ck_assert_ptr_null(image_find_colliding_topic(&image, SLICE("a_b")));
}
END_TEST

START_TEST(configs_are_sorted_and_a_null_value_removes_one)
{
    add_config(&list, RESOURCE_TOPIC, "t", "segment.ms", "10");
    add_config(&list, RESOURCE_TOPIC, "t", "cleanup.policy", "compact");
    add_config(&list, RESOURCE_TOPIC, "t", "retention.ms", "-1");
    add_config(&list, RESOURCE_BROKER, "", "min.insync.replicas", "1");
    add_config(&list, RESOURCE_BROKER, "t", "retention.ms", "7");
    add_config(&list, RESOURCE_TOPIC, "t", "retention.ms", "");
    apply_all();
    struct config_set *set = image_find_configs(&image, RESOURCE_TOPIC, SLICE("t"));
    ck_assert_int_eq(set->count, 3);
    ck_assert(slice_equal_str(set->entries[0].name, "cleanup.policy"));
    ck_assert(slice_equal_str(set->entries[2].name, "segment.ms"));
    ck_assert(slice_equal(config_set_find(set, SLICE("retention.ms"))->value, SLICE("")));
    ck_assert_ptr_null(config_set_find(set, SLICE("z")));
    ck_assert_ptr_null(config_set_find(set, SLICE("a")));
    ck_assert_ptr_nonnull(image_find_configs(&image, RESOURCE_BROKER, SLICE("")));
    ck_assert(slice_equal(set->resource_name, SLICE("t")));

    add_config(&list, RESOURCE_TOPIC, "t", "cleanup.policy", NULL);
    add_config(&list, RESOURCE_TOPIC, "t", "never.there", NULL);
    add_config(&list, RESOURCE_TOPIC, "u", "never.there", NULL);
    apply_all();
    set = image_find_configs(&image, RESOURCE_TOPIC, SLICE("t"));
    ck_assert_int_eq(set->count, 2);
    add_config(&list, RESOURCE_TOPIC, "t", "retention.ms", NULL);
    add_config(&list, RESOURCE_TOPIC, "t", "segment.ms", NULL);
    apply_all();
    ck_assert_ptr_null(image_find_configs(&image, RESOURCE_TOPIC, SLICE("t")));
    ck_assert_uint_eq(image.configs.count, 2);
}
END_TEST

START_TEST(a_resource_may_have_a_long_name)
{
    char name[1001];
    memset(name, 'g', sizeof name - 1);
    name[1000] = 0;
    add_config(&list, RESOURCE_GROUP, name, "x", "1");
    apply_all();
    ck_assert_int_eq(image_find_configs(&image, RESOURCE_GROUP, slice_str(name))->count, 1);
}
END_TEST

START_TEST(features_have_levels_and_an_unknown_metadata_version_is_refused)
{
    add_feature(&list, METADATA_VERSION, 20);
    add_feature(&list, "group.version", 1);
    add_feature(&list, METADATA_VERSION, 30);
    add_feature(&list, "group.version", 0);
    apply_all();
    ck_assert_int_eq(image_feature_level(&image, SLICE(METADATA_VERSION)), 30);
    ck_assert_int_eq(image_feature_level(&image, SLICE("group.version")), 0);
    add_feature(&list, METADATA_VERSION, 31);
    refuse_last("metadata.version 31 is not one of those from 7 to 30");
    add_feature(&list, METADATA_VERSION, 6);
    refuse_last("metadata.version 6");
    ck_assert_int_eq(image_feature_level(&image, SLICE(METADATA_VERSION)), 30);
}
END_TEST

START_TEST(brokers_are_sorted_and_a_new_registration_replaces_the_old)
{
    add_broker(&list, 5, 50, "five");
    add_broker(&list, 1, 10, "one");
    add_broker(&list, 3, 30, "three");
    add_broker(&list, 1, 40, "uno");
    apply_all();
    ck_assert_int_eq(image.broker_count, 3);
    ck_assert_int_eq(image.brokers[0].id, 1);
    ck_assert_int_eq(image.brokers[1].id, 3);
    ck_assert_int_eq(image.brokers[2].id, 5);
    struct broker_state *broker = image_find_broker(&image, 1);
    ck_assert_int_eq(broker->epoch, 40);
    ck_assert(slice_equal_str(broker->endpoints[0].host, "uno"));
    ck_assert_int_eq(broker->endpoints[0].port, 9092);
    ck_assert(broker->fenced);
    ck_assert(slice_is_null(broker->rack));
    ck_assert(uuid_equal(broker->log_dirs[0], make_id(1)));
}
END_TEST

START_TEST(a_registration_changes_only_for_its_own_epoch)
{
    struct broker_registration_change_record change;
    struct uuid directories[] = {make_id(7), make_id(8)};
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    add_broker(&list, 1, 40, "one");
    change.broker_id = 1;
    change.broker_epoch = 40;
    change.fenced = -1;
    change.log_dirs.items = directories;
    change.log_dirs.count = 2;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    apply_all();
    struct broker_state *broker = image_find_broker(&image, 1);
    ck_assert(!broker->fenced);
    ck_assert(!broker->in_controlled_shutdown);
    ck_assert_int_eq(broker->log_dir_count, 2);
    change.fenced = 0;
    change.in_controlled_shutdown = 1;
    change.log_dirs.count = 0;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    apply_all();
    ck_assert(!broker->fenced);
    ck_assert(broker->in_controlled_shutdown);
    ck_assert_int_eq(broker->log_dir_count, 2);
    change.fenced = 1;
    change.broker_epoch = 39;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    refuse_last("has the epoch 40, not 39");
    change.broker_id = 2;
    record_list_add(&list, &broker_registration_change_record_message, &change);
    refuse_last("broker 2 is not registered");
    ck_assert(!broker->fenced);
}
END_TEST

START_TEST(the_old_fencing_records_and_unregistration_are_understood)
{
    add_broker(&list, 1, 10, "one");
    add_broker(&list, 2, 20, "two");
    record_list_add(&list, &unfence_broker_record_message,
                    &(struct unfence_broker_record){.id = 2, .epoch = 20});
    apply_all();
    ck_assert(!image_find_broker(&image, 2)->fenced);
    record_list_add(&list, &fence_broker_record_message, &(struct fence_broker_record){.id = 2, .epoch = 20});
    apply_all();
    ck_assert(image_find_broker(&image, 2)->fenced);
    record_list_add(&list, &unregister_broker_record_message,
                    &(struct unregister_broker_record){.broker_id = 1, .broker_epoch = 10});
    apply_all();
    ck_assert_ptr_null(image_find_broker(&image, 1));
    ck_assert_int_eq(image.broker_count, 1);
    ck_assert(slice_equal_str(image_find_broker(&image, 2)->endpoints[0].host, "two"));
}
END_TEST

START_TEST(producer_ids_never_go_back)
{
    record_list_add(&list, &producer_ids_record_message,
                    &(struct producer_ids_record){.next_producer_id = 2000});
    apply_all();
    ck_assert_int_eq(image.next_producer_id, 2000);
    record_list_add(&list, &producer_ids_record_message,
                    &(struct producer_ids_record){.next_producer_id = 1000});
    refuse_last("below the one before");
}
END_TEST

START_TEST(records_without_use_pass_and_move_the_offset)
{
    struct access_control_entry_record entry;
    schema_set_defaults(access_control_entry_record_schema(), &entry);
    entry.resource_name = entry.principal = entry.host = SLICE("x");
    record_list_add(&list, &access_control_entry_record_message, &entry);
    record_list_add(&list, &no_op_record_message, &(struct no_op_record){.unknown_tags = SLICE_NULL});
    apply_all();
    ck_assert_int_eq(image.offset, 1);
}
END_TEST

START_TEST(what_cannot_be_read_is_refused)
{
    static const struct {
        struct slice frame;
        const char *text;
    } cases[] = {
        {{(const uint8_t *)"", 0}, "left"},
        {{(const uint8_t *)"\x02\x02\x00", 3}, "frame version 2"},
        {{(const uint8_t *)"\x01\x63\x00", 3}, "type 99"},
        {{(const uint8_t *)"\x01\x02\x07", 3}, "TopicRecord v7"},
        {{(const uint8_t *)"\x01\x02\x00\x02", 4}, "TopicRecord"},
        {{(const uint8_t *)"\x01\x0c\x00\x02x\x00\x01\x00zz", 10}, "2 bytes are left over"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct note why = {""};
        ck_assert(!image_apply(&image, cases[i].frame, 0, 0, &why));
        ck_assert_msg(strstr(why.text, cases[i].text) != NULL, "\"%s\" has no \"%s\"", why.text,
                      cases[i].text);
    }
    ck_assert_int_eq(image.offset, -1);
    ck_assert_uint_eq(image.features.count, 0);
}
END_TEST

START_TEST(topics_are_listed_in_order_of_name)
{
    static const char *const names[] = {"b", "a.z", "aa", "B", "_"};
    for (uint8_t i = 0; i < 5; i++)
        add_topic(&list, names[i], make_id(i));
    apply_all();
    struct topic **topics = image_sorted_topics(&image);
    static const char *const sorted[] = {"B", "_", "a.z", "aa", "b"};
    for (int i = 0; i < 5; i++)
        ck_assert(slice_equal_str(topics[i]->name, sorted[i]));
    free(topics);
}
END_TEST

/* Against a model: which of 200 names are there, with how many partitions. */
START_TEST(topics_come_and_go_and_all_indexes_agree)
{
    static int partitions[200]; /* -1: no such topic */
    uint32_t random = 1;
    for (int i = 0; i < 200; i++)
        partitions[i] = -1;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        int n = (int)(random >> 8) % 200;
        struct uuid id = make_id((uint8_t)n);
        char name[32];
        snprintf(name, sizeof name, n % 2 ? "topic.%d" : "topic%d", n);
        if (partitions[n] < 0)
            add_topic(&list, name, id);
        else if (random % 3 == 0)
            record_list_add(&list, &remove_topic_record_message,
                            &(struct remove_topic_record){.topic_id = id});
        else
            add_partition(&list, id, partitions[n]);
        partitions[n] = partitions[n] < 0 ? 0 : random % 3 == 0 ? -1 : partitions[n] + 1;
        apply_all();
        arena_reset(&arena);
        record_list_init(&list, &arena, METADATA_VERSION_MAX);
    }
    int64_t count = 0;
    size_t topics = 0, normal = 0;
    for (int n = 0; n < 200; n++) {
        struct topic *topic = image_find_topic_by_id(&image, make_id((uint8_t)n));
        ck_assert_int_eq(topic == NULL ? -1 : topic->partition_count, partitions[n]);
        topics += topic != NULL;
        normal += topic != NULL && n % 2;
        count += partitions[n] < 0 ? 0 : partitions[n];
    }
    ck_assert_int_eq(image.partition_count, count);
    ck_assert_uint_eq(image.topics_by_name.count, topics);
    ck_assert_uint_eq(image.topics_by_id.count, topics);
    ck_assert_uint_eq(image.topics_by_normal.count, normal);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *tcase = tcase_create("image");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_empty_image_finds_nothing);
    tcase_add_test(tcase, a_topic_is_found_by_name_and_by_id_with_its_partitions);
    tcase_add_test(tcase, partitions_may_come_in_any_order);
    tcase_add_test(tcase, a_removed_topic_takes_its_partitions_and_configs_along);
    tcase_add_test(tcase, a_topic_may_come_back_with_another_id);
    tcase_add_test(tcase, records_that_contradict_the_image_are_refused);
    tcase_add_test(tcase, a_partition_with_fewer_directories_than_replicas_is_refused);
    tcase_add_test(tcase, a_change_touches_what_it_names_and_nothing_else);
    tcase_add_test(tcase, a_leader_that_is_named_again_gets_a_new_epoch);
    tcase_add_test(tcase, a_reassignment_changes_replicas_and_their_directories);
    tcase_add_test(tcase, clearing_eligible_leaders_counts_only_where_there_were_some);
    tcase_add_test(tcase, names_collide_once_dots_are_underscores);
    tcase_add_test(tcase, topics_that_collide_already_are_all_kept);
    tcase_add_test(tcase, configs_are_sorted_and_a_null_value_removes_one);
    tcase_add_test(tcase, a_resource_may_have_a_long_name);
    tcase_add_test(tcase, features_have_levels_and_an_unknown_metadata_version_is_refused);
    tcase_add_test(tcase, brokers_are_sorted_and_a_new_registration_replaces_the_old);
    tcase_add_test(tcase, a_registration_changes_only_for_its_own_epoch);
    tcase_add_test(tcase, the_old_fencing_records_and_unregistration_are_understood);
    tcase_add_test(tcase, producer_ids_never_go_back);
    tcase_add_test(tcase, records_without_use_pass_and_move_the_offset);
    tcase_add_test(tcase, what_cannot_be_read_is_refused);
    tcase_add_test(tcase, topics_are_listed_in_order_of_name);
    tcase_add_test(tcase, topics_come_and_go_and_all_indexes_agree);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
