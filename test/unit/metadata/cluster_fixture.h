/*
 * cluster_fixture: a node with one directory, opened and closed as a server would.
 */
#ifndef TEST_UNIT_METADATA_CLUSTER_FIXTURE_H
#define TEST_UNIT_METADATA_CLUSTER_FIXTURE_H

#include "metadata/cluster.h"
#include "metadata/format.h"
#include "storage/os/file.h"
#include "test/unit/metadata/fixture.h"

#include <sys/stat.h>

#define LOG_NAME "__cluster_metadata-0/00000000000000000000.log"

struct node_fixture {
    char path[400];
    struct file_system *fs;
    struct data_dir *dir;
    struct uuid directory_id;
    struct endpoint endpoint;
    struct endpoint controller_endpoint;
    struct cluster_node node;
    struct cluster *cluster;
};

FIXTURE void node_init(struct node_fixture *fixture, const char *path)
{
    *fixture = (struct node_fixture){
        .fs = file_system_os(),
        .endpoint = {SLICE("PLAINTEXT"), SLICE("127.0.0.1"), 9092, 0},
        .controller_endpoint = {SLICE("CONTROLLER"), SLICE("127.0.0.1"), 9093, 0},
    };
    snprintf(fixture->path, sizeof fixture->path, "%s", path);
    fixture->node = (struct cluster_node){
        .node_id = 1,
        .endpoints = &fixture->endpoint,
        .endpoint_count = 1,
        .controller_endpoints = &fixture->controller_endpoint,
        .controller_endpoint_count = 1,
        .log_dirs = &fixture->directory_id,
        .log_dir_count = 1,
        .previous_broker_epoch = -1,
    };
}

/* The directory as it is once formatted, before its first start. */
FIXTURE void node_write_meta(struct node_fixture *fixture)
{
    static const char meta[] =
        "version=1\ncluster.id=IAAAAAAAQACAAAAAAAAAAQ\ndirectory.id=EAAAAAAAQACAAAAAAAAAAQ==\nnode.id=1\n";
    char path[700];
    mkdir(fixture->path, 0755);
    write_file(fixture->path, "meta.properties", meta, sizeof meta - 1);
    snprintf(path, sizeof path, "%s/__cluster_metadata-0", fixture->path);
    mkdir(path, 0755);
}

FIXTURE bool node_try_open(struct node_fixture *fixture, int16_t format_level, struct note *why)
{
    enum data_dir_state state;
    *why = (struct note){""};
    fixture->dir = data_dir_open(fixture->fs, fixture->path, &state, why);
    ck_assert_msg(fixture->dir != NULL, "%s", why->text);
    if (state == DATA_DIR_EMPTY)
        ck_assert_int_eq(format_dirs(&fixture->dir, 1, SLICE_NULL, 1, format_level, why), KERR_NONE);
    fixture->directory_id = data_dir_meta(fixture->dir)->directory_id;
    fixture->cluster = cluster_open(fixture->dir, &fixture->node, why);
    if (fixture->cluster == NULL)
        data_dir_close(fixture->dir);
    return fixture->cluster != NULL;
}

FIXTURE void node_open(struct node_fixture *fixture)
{
    struct note why;
    ck_assert_msg(node_try_open(fixture, METADATA_VERSION_MAX, &why), "%s", why.text);
}

/* As a server does; the next start finds the marker. */
FIXTURE void node_close(struct node_fixture *fixture)
{
    fixture->node.previous_broker_epoch = cluster_broker_epoch(fixture->cluster);
    cluster_shut_down(fixture->cluster);
    cluster_close(fixture->cluster);
    data_dir_close(fixture->dir);
}

/* As a process that is killed; the next start finds no marker. */
FIXTURE void node_kill(struct node_fixture *fixture)
{
    fixture->node.previous_broker_epoch = -1;
    cluster_close(fixture->cluster);
    data_dir_close(fixture->dir);
}

FIXTURE void node_refuse(struct node_fixture *fixture, const char *text)
{
    struct note why;
    ck_assert(!node_try_open(fixture, METADATA_VERSION_MAX, &why));
    ck_assert_msg(strstr(why.text, text) != NULL, "\"%s\" has no \"%s\"", why.text, text);
}

/* Creates a topic as the controller would. */
FIXTURE enum kerr node_create(struct node_fixture *fixture, const char *name, struct uuid id,
                              int32_t partitions)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(fixture->cluster);
    record_list_init(&list, &arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    add_topic(&list, name, id);
    for (int32_t i = 0; i < partitions; i++)
        add_partition_in(&list, id, i, fixture->directory_id);
    enum kerr error = cluster_change_commit(fixture->cluster, &list, &why);
    cluster_change_end(fixture->cluster);
    arena_fini(&arena);
    return error;
}

/* A partition as the image has it; all zero if there is none. Its arrays must not be followed. */
FIXTURE struct partition_state node_partition(struct node_fixture *fixture, const char *name, int32_t index)
{
    struct partition_state state = {.leader = -9};
    const struct image *image = cluster_read(fixture->cluster);
    const struct topic *topic = image_find_topic(image, slice_str(name));
    if (topic != NULL && image_find_partition(topic, index) != NULL)
        state = *image_find_partition(topic, index);
    cluster_read_done(fixture->cluster);
    return state;
}

FIXTURE int64_t node_offset(struct node_fixture *fixture)
{
    int64_t offset = cluster_read(fixture->cluster)->offset;
    cluster_read_done(fixture->cluster);
    return offset;
}

FIXTURE int32_t node_epoch(struct node_fixture *fixture)
{
    int32_t epoch = cluster_read(fixture->cluster)->epoch;
    cluster_read_done(fixture->cluster);
    return epoch;
}

#endif
