/* One stage, from its random inputs to its verdict. See stage.h; talking and looking is stage_io.c. */
#include "stage.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void stage_fail(struct stage *stage, const char *format, ...)
{
    size_t length = (size_t)snprintf(stage->failure, sizeof stage->failure, "stage %s: ", stage->plan->name);
    va_list values;
    va_start(values, format);
    vsnprintf(stage->failure + length, sizeof stage->failure - length, format, values);
    va_end(values);
    longjmp(stage->out, 1);
}

/* Random inputs -------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t random_next(struct stage *stage)
{
    uint64_t z = stage->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int random_int(struct stage *stage, int from, int below)
{
    return from + (int)(random_next(stage) % (uint64_t)((int64_t)below - from));
}

void random_words(struct stage *stage, const char **words, int count)
{
    static const char *const all[] = {"apple",     "orange", "banana",     "pear",      "grape",
                                      "pineapple", "mango",  "strawberry", "raspberry", "blueberry"};
    enum { ALL = sizeof all / sizeof all[0] };
    const char *left[ALL];
    memcpy(left, all, sizeof all);
    for (int i = 0; i < count; i++) {
        int drawn = random_int(stage, i, ALL);
        words[i] = left[drawn];
        left[drawn] = left[i];
    }
}

void random_uuid(struct stage *stage, uint8_t uuid[UUID_SIZE])
{
    static const uint8_t prefix[] = {0x71, 0xa5, 0x9a, 0x51, 0x89, 0x68, 0x4f, 0x8b, 0x93, 0x7e};
    memcpy(uuid, prefix, sizeof prefix);
    const char *text;
    do { /* the course's tester writes such as mean the same in both kinds of base64 */
        for (size_t i = sizeof prefix; i < UUID_SIZE; i++)
            uuid[i] = (uint8_t)random_int(stage, 0, 256);
        text = base64_encode(&stage->arena, uuid, false);
    } while (strpbrk(text, "+/") != NULL);
}

struct topic random_topic(struct stage *stage, int partitions, int message_count)
{
    struct topic topic = {.partitions = partitions, .message_count = message_count};
    random_words(stage, &topic.name, 1);
    random_words(stage, topic.messages, message_count);
    random_uuid(stage, topic.id);
    return topic;
}

/* Running -------------------------------------------------------------------------------------- */

static uint64_t any_seed(void)
{
    const char *wish = getenv("ACCEPTANCE_SEED");
    if (wish != NULL)
        return strtoull(wish, NULL, 0);
    return (uint64_t)clock_read_ms(CLOCK_REALTIME) * 1000003u ^ (uint64_t)getpid();
}

static const char *program_path(void)
{
    const char *path = getenv("ODRADEK_PROGRAM");
    return path == NULL ? "./your_program.sh" : path;
}

bool program_is_apache_kafka(void)
{
    const char *program = getenv("ACCEPTANCE_PROGRAM_IS");
    return program != NULL && strcmp(program, "apache-kafka") == 0;
}

int32_t expected_leader_epoch(void)
{
    return program_is_apache_kafka() ? 2 : 0;
}

/* Nothing may come without having been asked for. */
static void expect_quiet(struct stage *stage)
{
    for (int i = 0; i < stage->connection_count; i++) {
        struct seen rest = {.kind = SEEN_REST, .what = "after the last answer", .present = true};
        if (stage->tape->mapping)
            stage->connections[i].quiet_ms = 0; /* the proof wants a tape, not patience */
        if (!stage->tape->replaying) {
            struct received received =
                connection_receive_rest(&stage->connections[i], &stage->tester, &stage->arena);
            rest.bytes = received.bytes;
            rest.size = received.size;
            tape_record(stage->tape, &rest);
        } else {
            int seen = tape_next(stage->tape, SEEN_REST, rest.what);
            if (seen < 0)
                stage_fail(stage, "took another way than before");
            rest = stage->tape->seen[seen];
        }
        if (rest.size > 0)
            stage_fail(stage, "%zu byte(s) came after the last answer", rest.size);
    }
}

static void add_failure(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_failure(struct stage *stage, const char *format, ...)
{
    size_t length = strlen(stage->failure);
    va_list values;
    va_start(values, format);
    vsnprintf(stage->failure + length, sizeof stage->failure - length, format, values);
    va_end(values);
}

static void add_output(struct stage *stage, const char *name, const struct relay *relay)
{
    if (relay->tail_size > 0)
        add_failure(stage, "\n  the end of its %s:\n%.*s", name, (int)relay->tail_size, relay->tail);
}

/* Ends the program, then the connections: the course's tester lets them outlive it, too. */
static void end_program(struct stage *stage)
{
    char complaint[512] = "";
    tester_stop(&stage->tester, complaint, sizeof complaint);
    for (int i = 0; i < stage->connection_count; i++)
        close(stage->connections[i].fd);
    stage->connection_count = 0;
    if (complaint[0] != '\0' && stage->failure[0] == '\0')
        add_failure(stage, "stage %s: %s", stage->plan->name, complaint);
    else if (complaint[0] != '\0')
        add_failure(stage, "; %s", complaint);
    if (stage->failure[0] != '\0') {
        add_output(stage, "standard output", &stage->tester.output);
        add_output(stage, "standard error", &stage->tester.errors);
        add_failure(stage, "\n  (again with the same inputs: ACCEPTANCE_SEED=%llu)",
                    (unsigned long long)stage->seed);
    }
}

void stage_stop(struct stage *stage)
{
    expect_quiet(stage);
    if (stage->tape->replaying) {
        stage->connection_count = 0;
        return;
    }
    end_program(stage);
    if (stage->failure[0] != '\0')
        longjmp(stage->out, 1);
}

bool stage_run(struct stage *stage, const struct stage_plan *plan, struct tape *tape, uint64_t seed)
{
    int64_t now_ms = stage->now_ms;
    int limit_ms = stage->limit_ms;
    *stage = (struct stage){.plan = plan, .tape = tape, .program = program_path()};
    stage->seed = stage->random = seed != 0 ? seed : any_seed();
    stage->now_ms = now_ms != 0 ? now_ms : wall_clock_ms();
    stage->limit_ms = limit_ms != 0 ? limit_ms : STAGE_LIMIT_MS;
    if (setjmp(stage->out) == 0) {
        plan->run(stage);
        expect_quiet(stage);
    }
    if (!tape->replaying && stage->tester.started)
        end_program(stage);
    return stage->failure[0] == '\0';
}

void stage_fini(struct stage *stage)
{
    arena_fini(&stage->arena);
}
