/*
 * converse: holds the recorded conversations with a broker and names every field that differs from what
 * Apache Kafka answered.
 *
 *     converse --broker PROGRAM [NAME...]   starts an Odradek of its own for them, on an empty directory
 *     converse --at HOST:PORT [NAME...]     a broker that runs; it should be a fresh one
 *
 * See README.md. Exit 1 if an answer differs that --differences does not list, or if one that it lists does
 * not differ.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/os/file.h"
#include "test/conversation/broker_process.h"
#include "test/conversation/compare.h"
#include "test/conversation/conversation.h"
#include "test/conversation/differences.h"

enum {
    FILE_MAX = 64 * 1024 * 1024,
    FIELDS_SHOWN = 8, /* of one answer */
};

static const char recorded_end[] = ".kafka-4.3.1.jsonl";

static const char usage[] =
    "usage: converse --broker PROGRAM | --at HOST:PORT [option...] [NAME...]\n"
    "  NAME                a script: 10-fetch, its beginning (10), or a path to a .jsonl; else all\n"
    "  --differences FILE  differences that are known; any other fails, and so does one that does not "
    "happen\n"
    "  --answers DIR       writes the answers there\n"
    "  --record            writes them as the recorded ones instead of comparing; the broker must be an "
    "Apache Kafka\n"
    "  --settings LIST     more of the own broker's settings: name=value name=value ...\n"
    "  --controller PORT   where the controller of the broker that --at names listens\n"
    "  --scripts DIR       where scripts and recorded answers are\n"
    "  --all               shows all differing fields, not only the first 8 of an answer\n"
    "  --keep              keeps the broker's directory\n";

struct options {
    const char *program, *at, *controller, *differences, *answers, *scripts, *settings;
    bool all, keep, record;
};

/* One script being held. */
struct talk {
    const struct options *options;
    struct arena arena;
    struct slice name;
    struct slice recorded; /* lines still to come */
    struct difference *differences;
    FILE *answers; /* or NULL */
    int answer_count, differing, known;
    int fields;        /* of the answer that is being compared */
    struct slice step; /* "line 32, Fetch v11: partition max -1" */
};

/* The text lies in the arena. */
static bool read_file(const char *path, struct arena *arena, struct slice *text)
{
    char *bytes;
    ssize_t len = file_read_all(file_system_os(), path, FILE_MAX, &bytes);
    if (len < 0) {
        fprintf(stderr, "converse: cannot read %s: %s\n", path, strerror((int)-len));
        return false;
    }
    *text = arena_dup(arena, slice_of(bytes, (size_t)len));
    free(bytes);
    return true;
}

/* ---- one answer ---- */

static void show_field(void *context, const char *text)
{
    struct talk *talk = context;
    if (differences_take(talk->differences, talk->name, talk->step, slice_str(text))) {
        talk->known++;
        return;
    }
    if (talk->fields == 0) {
        if (talk->differing == 0)
            printf("%.*s:\n", SLICE_ARGS(talk->name));
        printf("  %.*s\n", SLICE_ARGS(talk->step));
    }
    if (talk->fields < FIELDS_SHOWN || talk->options->all)
        printf("    %s\n", text);
    talk->fields++;
}

static void compare_result(struct talk *talk, const struct json_value *kafka, const struct json_value *here)
{
    const struct json_value *named = kafka->first != NULL ? kafka : here;
    const struct json_value *line = json_find(named, "line"), *step = json_find(named, "step");
    talk->step =
        arena_printf(&talk->arena, "line %.*s, %.*s", SLICE_ARGS(line != NULL ? tree_text(line) : SLICE("?")),
                     SLICE_ARGS(step != NULL ? tree_text(step) : SLICE("?")));
    talk->fields = 0;
    compare_answers(kafka, here, show_field, talk);
    if (talk->fields > FIELDS_SHOWN && !talk->options->all)
        printf("    and %d more\n", talk->fields - FIELDS_SHOWN);
    if (talk->fields > 0)
        talk->differing++;
    fflush(stdout);
}

static const struct json_value *next_recorded(struct talk *talk)
{
    struct note why = {""};
    struct slice line;
    if (!script_next_line(&talk->recorded, &line))
        return tree_object(&talk->arena);
    const struct json_value *value = json_read(line, &talk->arena, &why);
    return value != NULL ? value : tree_string(&talk->arena, arena_dup(&talk->arena, slice_str(why.text)));
}

static void write_answer(FILE *file, const struct json_value *result)
{
    struct buf text = {0};
    tree_print(&text, result);
    buf_append_char(&text, '\n');
    fwrite(text.data, 1, text.len, file);
    buf_fini(&text);
}

static void on_result(void *context, const struct json_value *result)
{
    struct talk *talk = context;
    if (talk->answers != NULL)
        write_answer(talk->answers, result);
    talk->answer_count++;
    if (!talk->options->record)
        compare_result(talk, next_recorded(talk), result);
}

/* With nothing to compare to it may be. */
static bool is_silence_due(void *context)
{
    const struct talk *talk = context;
    struct slice rest = talk->recorded, line;
    struct arena arena;
    if (!script_next_line(&rest, &line))
        return true;
    arena_init(&arena, SIZE_MAX);
    const struct json_value *recorded = json_read(line, &arena, NULL);
    bool is_due = recorded == NULL || tree_is_true(json_find(recorded, "silence"));
    arena_fini(&arena);
    return is_due;
}

/* ---- one script ---- */

/* Lines of the list that did not happen: what differed once does no more. */
static int report_unseen(struct talk *talk)
{
    int count = 0;
    struct difference *unseen = differences_find_unseen(talk->differences, talk->name);
    for (; unseen != NULL; unseen = differences_find_unseen(unseen->next, talk->name), count++)
        printf("%.*s: listed, but does not happen any more: take line %d out of the list\n  %.*s\n    %.*s\n",
               SLICE_ARGS(talk->name), unseen->line, SLICE_ARGS(unseen->step), SLICE_ARGS(unseen->field));
    return count;
}

static bool report_end(struct talk *talk)
{
    int unseen = report_unseen(talk);
    if (talk->differing > 0)
        printf("  %d of %d answers differ\n", talk->differing, talk->answer_count);
    if (talk->differing == 0 && unseen == 0 && talk->known == 0)
        printf("%.*s: same\n", SLICE_ARGS(talk->name));
    else if (talk->differing == 0 && unseen == 0)
        printf("%.*s: same, but for %d fields that are listed\n", SLICE_ARGS(talk->name), talk->known);
    fflush(stdout);
    return talk->differing == 0 && unseen == 0;
}

static bool hold(struct talk *talk, const struct step *steps, const struct conversation_peer *peer)
{
    conversation_hold(steps, peer, on_result, is_silence_due, talk);
    if (talk->options->record) {
        printf("%.*s: %d answers recorded\n", SLICE_ARGS(talk->name), talk->answer_count);
        return true;
    }
    struct json_value *nothing = tree_object(&talk->arena);
    while (talk->recorded.len > 0)
        compare_result(talk, next_recorded(talk), nothing);
    return report_end(talk);
}

/* `recorded` is the path of the recorded answers. */
static bool open_answers(struct talk *talk, const char *recorded)
{
    char path[FILE_PATH_MAX];
    if (talk->options->answers == NULL && !talk->options->record)
        return true;
    if (talk->options->record)
        snprintf(path, sizeof path, "%s", recorded);
    else
        snprintf(path, sizeof path, "%s/%.*s.jsonl", talk->options->answers, SLICE_ARGS(talk->name));
    talk->answers = fopen(path, "we");
    if (talk->answers == NULL)
        fprintf(stderr, "converse: cannot write %s: %s\n", path, strerror(errno));
    return talk->answers != NULL;
}

/* `path` ends in ".jsonl". */
static bool run_script(const struct options *options, const char *path, const struct conversation_peer *peer)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    size_t stem = strlen(path) - strlen(".jsonl");
    char recorded[FILE_PATH_MAX];
    struct talk talk = {.options = options, .name = slice_of(base, stem - (size_t)(base - path))};
    struct note why = {""};
    struct slice text, known = SLICE("");
    struct step *steps;
    bool same = false;
    arena_init(&talk.arena, SIZE_MAX);
    snprintf(recorded, sizeof recorded, "%.*s%s", (int)stem, path, recorded_end);
    if (!read_file(path, &talk.arena, &text)
        || (!options->record && !read_file(recorded, &talk.arena, &talk.recorded))
        || (options->differences != NULL && !read_file(options->differences, &talk.arena, &known)))
        goto out;
    if (!script_read(text, &talk.arena, &steps, &why))
        fprintf(stderr, "converse: %s: %s\n", path, why.text);
    else if (!differences_read(known, &talk.arena, &talk.differences, &why))
        fprintf(stderr, "converse: %s: %s\n", options->differences, why.text);
    else if (open_answers(&talk, recorded))
        same = hold(&talk, steps, peer);
out:
    if (talk.answers != NULL)
        fclose(talk.answers);
    arena_fini(&talk.arena);
    return same;
}

/* ---- all of them ---- */

/* Calls run_script for the scripts that a name means. */
static bool run_name(const struct options *options, const char *name, const struct conversation_peer *peer)
{
    char pattern[FILE_PATH_MAX];
    glob_t found;
    bool same = true, any = false;
    if (strchr(name, '/') != NULL)
        snprintf(pattern, sizeof pattern, "%s", name);
    else
        snprintf(pattern, sizeof pattern, "%s/%s*.jsonl", options->scripts, name);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            if (strstr(found.gl_pathv[i], ".kafka-") != NULL)
                continue;
            any = true;
            same &= run_script(options, found.gl_pathv[i], peer);
        }
        globfree(&found);
    }
    if (!any)
        fprintf(stderr, "converse: no script is called %s\n", name);
    return same && any;
}

static bool run_all(const struct options *options, char **names, const struct conversation_peer *peer)
{
    bool same = true;
    if (*names == NULL)
        return run_name(options, "[0-9]", peer);
    for (; *names != NULL; names++)
        same &= run_name(options, *names, peer);
    return same;
}

static bool run_with_own_broker(const struct options *options, char **names)
{
    struct broker_process broker;
    struct note why = {""};
    if (!broker_process_start(&broker, options->program, options->settings, &why)) {
        fprintf(stderr, "converse: %s\n", why.text);
        return false;
    }
    struct conversation_peer peer = {"127.0.0.1", broker.port, broker.controller_port};
    bool same = run_all(options, names, &peer);
    if (options->keep)
        printf("the broker's directory is %s\n", broker.directory);
    bool stopped = broker_process_stop(&broker, &why);
    if (!stopped)
        fprintf(stderr, "converse: %s\n", why.text);
    if (!same || !stopped)
        broker_process_show_log(&broker);
    if (!options->keep)
        broker_process_remove(&broker);
    return same && stopped;
}

static bool read_port(const char *text, uint16_t *port)
{
    int number = atoi(text);
    *port = (uint16_t)number;
    return number > 0 && number <= UINT16_MAX;
}

static bool run_at(const struct options *options, char **names)
{
    char host[256];
    const char *colon = strrchr(options->at, ':');
    uint16_t port;
    if (colon == NULL || !read_port(colon + 1, &port) || (size_t)(colon - options->at) >= sizeof host) {
        fprintf(stderr, "converse: '%s' is not HOST:PORT\n", options->at);
        return false;
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - options->at), options->at);
    struct conversation_peer peer = {host, port, 0};
    if (options->controller != NULL && !read_port(options->controller, &peer.controller_port)) {
        fprintf(stderr, "converse: '%s' is not a port\n", options->controller);
        return false;
    }
    return run_all(options, names, &peer);
}

/* Takes the options off the front; returns where the names begin, or NULL if the words make no sense. */
static char **parse_options(struct options *options, char **words)
{
    struct {
        const char *name;
        const char **value;
        bool *flag;
    } known[] = {
        {"--broker", &options->program, NULL},
        {"--at", &options->at, NULL},
        {"--controller", &options->controller, NULL},
        {"--differences", &options->differences, NULL},
        {"--answers", &options->answers, NULL},
        {"--scripts", &options->scripts, NULL},
        {"--settings", &options->settings, NULL},
        {"--all", NULL, &options->all},
        {"--keep", NULL, &options->keep},
        {"--record", NULL, &options->record},
    };
    for (; *words != NULL && strncmp(*words, "--", 2) == 0; words++) {
        size_t i = 0, count = sizeof known / sizeof known[0];
        while (i < count && strcmp(*words, known[i].name) != 0)
            i++;
        if (i == count || (known[i].value != NULL && words[1] == NULL))
            return NULL;
        if (known[i].value != NULL)
            *known[i].value = *++words;
        else
            *known[i].flag = true;
    }
    return words;
}

int main(int argc, char **argv)
{
    struct options options = {.scripts = ODRADEK_SOURCE_DIR "/test/conversation"};
    char **names = argc > 0 ? parse_options(&options, argv + 1) : NULL;
    if (names == NULL || (options.program == NULL) == (options.at == NULL)
        || (options.record && options.at == NULL)) {
        fputs(usage, stderr);
        return 2;
    }
    bool same = options.program != NULL ? run_with_own_broker(&options, names) : run_at(&options, names);
    return same ? 0 : 1;
}
