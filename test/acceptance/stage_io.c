/* How a stage talks to the program and looks at the disk. Everything that comes in goes over the tape;
 * from the tape alone nothing is started, sent or opened. See stage.h. */
#include "stage.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REDIAL_MS = 20 };

/* Puts what has come onto the tape, or takes what is there instead. Returns its index. */
static int over_the_tape(struct stage *stage, struct seen *seen)
{
    if (!stage->tape->replaying)
        return tape_record(stage->tape, seen);
    int index = tape_next(stage->tape, seen->kind, seen->what);
    if (index < 0)
        stage_fail(stage, "took another way than before: asks for %s", seen->what);
    *seen = stage->tape->seen[index];
    return index;
}

/* Starting ------------------------------------------------------------------------------------- */

void stage_start(struct stage *stage)
{
    char complaint[512];
    if (stage->tape->replaying)
        return;
    int other = connection_dial();
    if (other >= 0) {
        close(other);
        stage_fail(stage, "port %d is taken before the program starts", BROKER_PORT);
    }
    if (!directory_write(&stage->directory, &stage->arena, complaint, sizeof complaint)
        || !tester_start(&stage->tester, stage->program, stage->without_argument ? NULL : SERVER_PROPERTIES,
                         stage->limit_ms, complaint, sizeof complaint))
        stage_fail(stage, "%s", complaint);
}

void stage_start_without_metadata_log(struct stage *stage)
{
    stage->directory.without_metadata_log = true;
    stage_start(stage);
}

/* Talking -------------------------------------------------------------------------------------- */

/* Dials until somebody answers. */
static int dial(struct stage *stage)
{
    struct tester *tester = &stage->tester;
    while (clock_ms() < tester->deadline_ms) {
        int fd = connection_dial();
        if (fd >= 0)
            return fd;
        if (tester_has_exited(tester))
            stage_fail(stage, "the program seems to have ended before port %d was bound", BROKER_PORT);
        tester_wait(tester, -1, 0, clock_ms() + REDIAL_MS);
    }
    return -1;
}

int stage_connect(struct stage *stage)
{
    struct seen seen = {.kind = SEEN_CONNECTION, .what = "connection"};
    int fd = -1;
    if (!stage->tape->replaying) {
        fd = dial(stage);
        seen.present = fd >= 0;
    }
    over_the_tape(stage, &seen);
    if (!seen.present)
        stage_fail(stage, "nobody listens on port %d", BROKER_PORT);
    if (stage->connection_count == 0)
        stage_let_settle(stage);
    stage->connections[stage->connection_count] = (struct connection){.fd = fd};
    return stage->connection_count++;
}

struct frame stage_request(struct stage *stage, int key, int version)
{
    return request_begin(&stage->arena, key, version, random_int(stage, 0, 2147483646));
}

static int32_t correlation_id_of(const struct frame *request)
{
    const uint8_t *at = request->bytes + 8;
    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

void stage_send(struct stage *stage, int connection, struct frame *request)
{
    struct connection *to = &stage->connections[connection];
    request_end(request);
    to->correlation_id = correlation_id_of(request);
    if (!stage->tape->replaying && !connection_send(to, &stage->tester, request->bytes, request->size))
        stage_fail(stage, "a request cannot be sent: %s", strerror(errno));
}

/* Why there is no whole answer. */
static const char *what_is_missing(struct stage *stage, const struct received *received)
{
    if (received->closed)
        return "the connection was closed instead of an answer";
    return arena_printf(&stage->arena, "no answer within %d ms", stage->limit_ms);
}

struct reader stage_receive(struct stage *stage, int connection, const char *what, int header_version)
{
    struct seen seen = {.kind = SEEN_ANSWER, .what = what};
    const char *missing = "no answer";
    if (!stage->tape->replaying) {
        struct connection *from = &stage->connections[connection];
        struct received received = connection_receive(from, &stage->tester, &stage->arena);
        seen.present = received.size > 0;
        seen.bytes = received.bytes;
        seen.size = received.size;
        missing = what_is_missing(stage, &received);
    }
    struct reader reader = {.stage = stage, .what = what};
    reader.seen = over_the_tape(stage, &seen);
    if (!seen.present)
        stage_fail(stage, "%s: %s", what, missing);
    reader.bytes = seen.bytes;
    reader.end = seen.size;
    int32_t size = read_i32(&reader, "message_size");
    if (size < 0 || (size_t)size != seen.size - 4)
        reader_fail(&reader, "message_size is %d, but %zu byte(s) came after it", size, seen.size - 4);
    expect_i32(&reader, "correlation_id", stage->connections[connection].correlation_id);
    if (header_version > 0)
        skip_tags(&reader);
    return reader;
}

struct reader stage_ask(struct stage *stage, int connection, struct frame *request, const char *what,
                        int header_version)
{
    stage_send(stage, connection, request);
    return stage_receive(stage, connection, what, header_version);
}

/* Looking at the disk -------------------------------------------------------------------------- */

/* Adds a file's bytes to frame; false if it is not there. */
static bool add_file(struct frame *frame, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    uint8_t bytes[65536];
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        put_bytes(frame, bytes, count);
    fclose(file);
    return true;
}

static struct reader read_seen_file(struct stage *stage, const char *name, bool present,
                                    const struct frame *content)
{
    struct seen seen = {
        .kind = SEEN_FILE, .what = name, .present = present, .bytes = content->bytes, .size = content->size};
    struct reader reader = {.stage = stage, .what = name};
    reader.seen = over_the_tape(stage, &seen);
    if (!seen.present)
        stage_fail(stage, "%s: the file is missing", name);
    reader.bytes = seen.bytes;
    reader.end = seen.size;
    return reader;
}

struct reader stage_read_file(struct stage *stage, const char *name)
{
    struct frame content = frame_new(&stage->arena);
    const char *path = arena_printf(&stage->arena, LOG_DIRECTORY "/%s", name);
    bool present = !stage->tape->replaying && add_file(&content, path);
    return read_seen_file(stage, name, present, &content);
}

struct reader stage_read_metadata_log(struct stage *stage)
{
    struct frame content = frame_new(&stage->arena);
    bool present = false;
    glob_t segments = {.gl_pathc = 0};
    if (!stage->tape->replaying
        && glob(LOG_DIRECTORY "/" METADATA_DIRECTORY "/*.log", 0, NULL, &segments) == 0) {
        for (size_t i = 0; i < segments.gl_pathc; i++) /* sorted by name, so by offset */
            present = add_file(&content, segments.gl_pathv[i]) || present;
        globfree(&segments);
    }
    return read_seen_file(stage, METADATA_DIRECTORY, present, &content);
}

bool stage_path_exists(struct stage *stage, const char *name)
{
    struct stat status;
    const char *path = arena_printf(&stage->arena, LOG_DIRECTORY "/%s", name);
    struct seen seen = {.kind = SEEN_PATH, .what = name};
    seen.present = !stage->tape->replaying && stat(path, &status) == 0;
    over_the_tape(stage, &seen);
    return seen.present;
}

void stage_let_settle(const struct stage *stage)
{
    if (program_is_apache_kafka() && !stage->tape->replaying)
        poll(NULL, 0, 700);
}
