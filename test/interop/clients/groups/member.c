/*
 * One member of a consumer group, by librdkafka: members.py says what it is told and what it says.
 *
 *   member BOOTSTRAP join GROUP/MEMBER GROUP TOPIC[,TOPIC] assignor=ASSIGNOR session=MS
 */
#include "../client.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 50, COMMIT_EVERY = 50, MAX_LINE = 256 };

struct member {
    const char *name;
    rd_kafka_t *consumer;
    int uncommitted; /* records */
    bool holds;
    bool leaves;
};

/* A cooperative member reads on while it rejoins in the background: a commit that waits behind its join
 * comes with the generation of before. It is tried again with the next one. */
static bool is_late(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

/* Sync: who reads on begins where this one was. */
static void commit(struct member *member)
{
    if (member->holds || member->uncommitted == 0)
        return;
    rd_kafka_resp_err_t error = rd_kafka_commit(member->consumer, NULL, 0);
    if (is_late(error))
        return;
    if (error && error != RD_KAFKA_RESP_ERR__NO_OFFSET)
        client_die("%s: commit: %s", member->name, rd_kafka_err2str(error));
    member->uncommitted = 0;
}

/* A line reaches the pipe in one piece: stdout is line buffered. */
static void tell(const struct member *member, const char *what,
                 const rd_kafka_topic_partition_list_t *partitions)
{
    printf("%s %s", member->name, what);
    for (int i = 0; i < partitions->cnt; i++)
        printf(" %s:%" PRId32, partitions->elems[i].topic, partitions->elems[i].partition);
    putchar('\n');
}

static void take(rd_kafka_t *consumer, rd_kafka_topic_partition_list_t *partitions, bool assigned)
{
    bool cooperative = !strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE");
    rd_kafka_error_t *error = NULL;
    if (!cooperative)
        rd_kafka_assign(consumer, assigned ? partitions : NULL);
    else if (assigned)
        error = rd_kafka_incremental_assign(consumer, partitions);
    else
        error = rd_kafka_incremental_unassign(consumer, partitions);
    if (error)
        client_die("%s", rd_kafka_error_string(error));
}

static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t what,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct member *member = opaque;
    bool assigned = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if (!assigned && !rd_kafka_assignment_lost(consumer))
        commit(member);
    tell(member, assigned ? "assigned" : "revoked", partitions);
    take(consumer, partitions, assigned);
}

static void on_message(struct member *member, const rd_kafka_message_t *message)
{
    if (message->err)
        client_die("%s: %s", member->name, rd_kafka_message_errstr(message));
    printf("%s read %s:%" PRId32 " %" PRId64 " %.*s\n", member->name, rd_kafka_topic_name(message->rkt),
           message->partition, message->offset, (int)message->len, (const char *)message->payload);
    if (++member->uncommitted >= COMMIT_EVERY)
        commit(member);
}

static void obey(struct member *member)
{
    char line[MAX_LINE];
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, 0) <= 0)
        return;
    ssize_t size = read(STDIN_FILENO, line, sizeof line - 1);
    line[size > 0 ? size : 0] = '\0';
    member->leaves = size <= 0 || strstr(line, " leave");
    if (strstr(line, " hold")) {
        member->holds = true;
        printf("%s holds\n", member->name);
    }
}

static const char *setting(char **words, const char *name)
{
    size_t length = strlen(name);
    for (; *words; words++) {
        if (!strncmp(*words, name, length) && (*words)[length] == '=')
            return *words + length + 1;
    }
    client_die("%s= is missing", name);
}

static rd_kafka_t *new_consumer(struct member *member, char **argv)
{
    rd_kafka_conf_t *conf = client_conf(argv[1], member->name);
    client_set(conf, "group.id", argv[4]);
    client_set(conf, "partition.assignment.strategy", setting(argv, "assignor"));
    client_set(conf, "session.timeout.ms", setting(argv, "session"));
    client_set(conf, "heartbeat.interval.ms", "300");
    client_set(conf, "fetch.wait.max.ms", "50");
    client_set(conf, "auto.offset.reset", "earliest");
    client_set(conf, "enable.auto.commit", "false");
    client_set(conf, "topic.metadata.refresh.interval.ms", "1000");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, member);
    return client_new(RD_KAFKA_CONSUMER, conf);
}

static void subscribe(rd_kafka_t *consumer, char *topics)
{
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new(2);
    for (char *topic = strtok(topics, ","); topic; topic = strtok(NULL, ","))
        rd_kafka_topic_partition_list_add(wanted, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer, wanted);
    if (error)
        client_die("subscribe: %s", rd_kafka_err2str(error));
    rd_kafka_topic_partition_list_destroy(wanted);
}

int main(int argc, char **argv)
{
    if (argc < 6)
        client_die("say: BOOTSTRAP join GROUP/MEMBER GROUP TOPICS assignor=... session=...");
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct member member = {.name = argv[3]};
    member.consumer = new_consumer(&member, argv);
    rd_kafka_poll_set_consumer(member.consumer);
    subscribe(member.consumer, argv[5]);
    while (!member.leaves) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(member.consumer, POLL_MS);
        if (message) {
            on_message(&member, message);
            rd_kafka_message_destroy(message);
        } else {
            commit(&member);
        }
        obey(&member);
    }
    commit(&member);
    rd_kafka_consumer_close(member.consumer);
    printf("%s gone\n", member.name);
    rd_kafka_destroy(member.consumer);
}
