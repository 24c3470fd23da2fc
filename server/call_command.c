/*
 * call_command: see call_command.h. Called by main.c, in the process's only thread.
 *
 * One connection, at most two requests: ApiVersions, to learn which versions the broker has, unless --version
 * says which one; then the request itself. Every failure is one line on stderr.
 */
#include "server/call_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/big_endian.h"
#include "protocol/errors.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/produce.h"
#include "protocol/schema/json.h"
#include "server/client.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum {
    DEFAULT_TIMEOUT_MS = 10000,
    KEY_PRODUCE = 0,
    KEY_API_VERSIONS = 18,
    HIGHEST = -1, /* the version, until it is known */
    FIRST_CORRELATION_ID = 1,
};

struct call_options {
    char host[256];
    uint16_t port;
    const char *api;
    const char *json; /* NULL: every field has its default; "-": from stdin */
    const char *client_id;
    int version;
    int timeout_ms;
};

struct calling {
    const struct call_options *options;
    struct client client;
    struct arena arena;
    int32_t correlation_id;
};

static const char usage[] =
    "usage: odradek call [--version N] [--timeout-ms N] [--client-id ID] HOST:PORT API [JSON]\n";

static const char help[] =
    "\n"
    "Sends one request to a Kafka broker and prints the answer as one line of JSON, records decoded.\n"
    "\n"
    "  API   its name, as in Metadata, CreateTopics or Fetch; upper and lower case are the same\n"
    "  JSON  the request's fields, named as in Kafka's own JSON; what is left out has its default. - reads "
    "stdin\n"
    "\n"
    "  --version N     the request's version; else the highest that both sides have, asked for with "
    "ApiVersions\n"
    "  --timeout-ms N  how long to wait for the connection, and for each answer (10000)\n"
    "  --client-id ID  odradek-call, if nothing is said\n"
    "\n"
    "The exit status is 0 if the broker answered, also if the answer holds an errorCode: it is printed like "
    "the rest.\n"
    "1: no connection, no answer in time, or one that cannot be read; 2: the command makes no sense.\n"
    "A Produce with acks 0 gets no answer: nothing is printed, and the status is 0.\n"
    "\n"
    "  odradek call localhost:9092 Metadata '{\"topics\":null}'\n";

__attribute__((format(printf, 2, 3))) static int fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("odradek call: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

/* ---- the command line ---- */

static bool parse_number(const char *text, long least, long most, int *number)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < least || value > most)
        return false;
    *number = (int)value;
    return true;
}

/* "host:port", "[::1]:port". */
static bool parse_address(const char *text, struct call_options *options)
{
    const char *colon = strrchr(text, ':');
    int port;
    if (colon == NULL || colon == text || !parse_number(colon + 1, 1, UINT16_MAX, &port))
        return false;
    size_t len = (size_t)(colon - text);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof options->host)
        return false;
    memcpy(options->host, text, len);
    options->host[len] = '\0';
    options->port = (uint16_t)port;
    return true;
}

/* The option's value, from "--name=value" or from the next word; NULL if this word is another option. */
static const char *option_value(const char *name, int argc, char **argv, int *at)
{
    size_t len = strlen(name);
    const char *word = argv[*at];
    if (strncmp(word, name, len) != 0)
        return NULL;
    if (word[len] == '=')
        return word + len + 1;
    if (word[len] != '\0' || *at + 1 >= argc)
        return NULL;
    return argv[++*at];
}

static bool parse_option(struct call_options *options, int argc, char **argv, int *at)
{
    const char *value;
    if ((value = option_value("--version", argc, argv, at)) != NULL)
        return parse_number(value, 0, INT16_MAX, &options->version);
    if ((value = option_value("--timeout-ms", argc, argv, at)) != NULL)
        return parse_number(value, 1, INT32_MAX, &options->timeout_ms);
    if ((value = option_value("--client-id", argc, argv, at)) != NULL) {
        options->client_id = value;
        return strlen(value) <= INT16_MAX;
    }
    return false;
}

/* False if it has said what is wrong. */
static bool parse_words(struct call_options *options, int argc, char **argv)
{
    const char *words[3] = {NULL, NULL, NULL};
    int count = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (strncmp(word, "--", 2) == 0) {
            if (parse_option(options, argc, argv, &i))
                continue;
            fail(EXIT_USAGE, "not an option, or without a value that it takes: %s", word);
            return false;
        }
        if (count == 3) {
            fail(EXIT_USAGE, "what is '%s', behind the JSON?", word);
            return false;
        }
        words[count++] = word;
    }
    if (count < 2) {
        fputs(usage, stderr);
        return false;
    }
    options->api = words[1];
    options->json = words[2];
    if (parse_address(words[0], options))
        return true;
    fail(EXIT_USAGE, "'%s' is not HOST:PORT", words[0]);
    return false;
}

/* NULL if it has said what is wrong. */
static const struct api *choose_api(const char *name)
{
    const struct api *api = find_api_by_name(slice_str(name));
    if (api != NULL && api->request != NULL)
        return api;
    if (api != NULL) {
        fail(EXIT_USAGE, "there are no tables for %s yet", api->name);
        return NULL;
    }
    struct buf names = {0};
    for (size_t i = 0; i < all_apis_count; i++)
        if (all_apis[i].request != NULL)
            buf_printf(&names, " %s", all_apis[i].name);
    fail(EXIT_USAGE, "Kafka has no API named %s; known are%.*s", name, SLICE_ARGS(buf_slice(&names)));
    buf_fini(&names);
    return NULL;
}

/* ---- the request ---- */

static bool read_stdin(struct buf *text, struct note *why)
{
    size_t got;
    do {
        got = fread(buf_reserve(text, 65536), 1, 65536, stdin);
        text->len += got;
    } while (got > 0);
    if (ferror(stdin))
        note_set(why, "cannot read stdin: %s", strerror(errno));
    return !ferror(stdin);
}

/* What is sent if nothing is said. ApiVersions wants to know who asks; brokers refuse one that does not say.
 */
static const char *default_json(const struct api *api, int version)
{
    if (api->key == KEY_API_VERSIONS && version >= 3)
        return "{\"clientSoftwareName\":\"odradek-call\",\"clientSoftwareVersion\":\"1\"}";
    return "{}";
}

/* NULL with the reason. */
static void *parse_request(struct calling *calling, const struct api *api, int version, struct note *why)
{
    const char *json = calling->options->json;
    struct buf text = {0};
    void *request = arena_alloc(&calling->arena, api->request->schema()->size);
    bool parsed = true;
    if (json != NULL && strcmp(json, "-") == 0)
        parsed = read_stdin(&text, why);
    else
        buf_append_str(&text, json != NULL ? json : default_json(api, version));
    parsed =
        parsed && message_parse_json(api->request, version, buf_slice(&text), &calling->arena, request, why);
    buf_fini(&text);
    return parsed ? request : NULL;
}

/* ---- the exchange ---- */

static int fail_at_peer(const struct calling *calling, const char *what)
{
    return fail(EXIT_FAILED, "%s:%u: %s", calling->options->host, calling->options->port, what);
}

static int send_request(struct calling *calling, const struct api *api, int version, const void *request)
{
    const struct call_options *options = calling->options;
    struct buf frame = {0};
    client_append_request(&frame, api, version, calling->correlation_id, slice_str(options->client_id),
                          request);
    enum net_result sent = client_send(&calling->client, buf_slice(&frame), options->timeout_ms);
    buf_fini(&frame);
    if (sent == NET_TIMED_OUT)
        return fail_at_peer(calling, "does not take the request");
    return 0; /* if it has closed the connection, an answer may still have come before */
}

/* The next frame, borrowed from the client; 0, or an exit status. */
static int receive_answer(struct calling *calling, const struct api *api, int version, struct slice *frame)
{
    struct note why = {""};
    char what[NOTE_SIZE + 100];
    switch (client_receive(&calling->client, calling->options->timeout_ms, frame, &why)) {
    case NET_OK:
        return 0;
    case NET_TIMED_OUT:
        snprintf(what, sizeof what, "no answer to %s v%d within %d ms", api->name, version,
                 calling->options->timeout_ms);
        break;
    default:
        if (why.text[0] == '\0')
            snprintf(what, sizeof what, "closed the connection instead of answering %s v%d", api->name,
                     version);
        else
            snprintf(what, sizeof what, "answered %s v%d with %s", api->name, version, why.text);
    }
    return fail_at_peer(calling, what);
}

static int read_answer(struct calling *calling, const struct api *api, int version, struct slice frame,
                       struct client_answer *answer)
{
    struct note why = {""};
    if (!client_read_answer(api, version, frame, &calling->arena, answer, &why)) {
        note_prefix(&why, "the answer cannot be read");
        return fail_at_peer(calling, why.text);
    }
    if (answer->correlation_id != calling->correlation_id)
        return fail_at_peer(calling, "the answer is to another request: its correlation id is not ours");
    if (answer->left_over.len > 0)
        fail(0, "%zu bytes follow the answer's last field", answer->left_over.len);
    return 0;
}

/* ---- versions ---- */

/* A broker that does not have this version of ApiVersions answers with version 0 and this error, which stands
 * first in each. */
static bool is_version_refused(struct slice frame)
{
    return frame.len >= 6 && load_i16(frame.data + 4) == KERR_UNSUPPORTED_VERSION;
}

static int ask_versions(struct calling *calling, struct api_versions_response *versions)
{
    const struct api *api = find_api(KEY_API_VERSIONS);
    struct client_answer answer;
    struct slice frame;
    int version = api->request->max_version;
    struct api_versions_request request = {
        .client_software_name = SLICE("odradek-call"),
        .client_software_version = SLICE("1"),
    };
    calling->correlation_id = FIRST_CORRELATION_ID;
    int status = send_request(calling, api, version, &request);
    if (status == 0)
        status = receive_answer(calling, api, version, &frame);
    if (status != 0)
        return status;
    bool refused = is_version_refused(frame);
    status = read_answer(calling, api, refused ? 0 : version, frame, &answer);
    if (status != 0)
        return status;
    *versions = *(struct api_versions_response *)answer.body;
    if (versions->error_code == KERR_NONE || refused)
        return 0;
    return fail(EXIT_FAILED, "ApiVersions: error %d, %s", versions->error_code,
                kerr_name(versions->error_code));
}

/* The highest version that the broker and our tables have. */
static int choose_version(struct calling *calling, const struct api *api, int *version)
{
    struct api_versions_response versions;
    const struct message *message = api->request;
    int status = ask_versions(calling, &versions);
    if (status != 0)
        return status;
    for (int32_t i = 0; i < versions.api_keys.count; i++) {
        const struct api_versions_response_api *offer = &versions.api_keys.items[i];
        if (offer->api_key != api->key)
            continue;
        *version = offer->max_version < message->max_version ? offer->max_version : message->max_version;
        if (*version >= offer->min_version && *version >= message->min_version)
            return 0;
        return fail(EXIT_FAILED, "the broker has %s %d to %d, we have %d to %d", api->name,
                    offer->min_version, offer->max_version, message->min_version, message->max_version);
    }
    return fail(EXIT_FAILED, "the broker does not list %s; --version sends it all the same", api->name);
}

/* ---- all together ---- */

static int print_answer(const struct api *api, int version, const void *body)
{
    struct buf text = {0};
    message_print_json(api->response, version, body, JSON_RECORDS_DECODED, &text);
    buf_append_char(&text, '\n');
    bool written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    buf_fini(&text);
    return written ? 0 : fail(EXIT_FAILED, "cannot write the answer: %s", strerror(errno));
}

static bool wants_no_answer(const struct api *api, const void *request)
{
    return api->key == KEY_PRODUCE && ((const struct produce_request *)request)->acks == 0;
}

static int exchange(struct calling *calling, const struct api *api)
{
    int version = calling->options->version, status = 0;
    struct note why = {""};
    struct slice frame;
    struct client_answer answer;
    if (version == HIGHEST)
        status = choose_version(calling, api, &version);
    if (status != 0)
        return status;
    void *request = parse_request(calling, api, version, &why);
    if (request == NULL)
        return fail(EXIT_USAGE, "%s", why.text);
    calling->correlation_id++;
    status = send_request(calling, api, version, request);
    if (status != 0 || wants_no_answer(api, request))
        return status;
    status = receive_answer(calling, api, version, &frame);
    if (status != 0)
        return status;
    if (api->key == KEY_API_VERSIONS && is_version_refused(frame))
        version = 0;
    status = read_answer(calling, api, version, frame, &answer);
    return status != 0 ? status : print_answer(api, version, answer.body);
}

int call_command(int argc, char **argv)
{
    struct call_options options = {
        .version = HIGHEST, .timeout_ms = DEFAULT_TIMEOUT_MS, .client_id = "odradek-call"};
    struct note why = {""};
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(usage, stdout) < 0 || fputs(help, stdout) < 0 ? EXIT_FAILED : 0;
    if (!parse_words(&options, argc, argv))
        return EXIT_USAGE;
    const struct api *api = choose_api(options.api);
    if (api == NULL)
        return EXIT_USAGE;
    if (options.version != HIGHEST && !message_has_version(api->request, options.version))
        return fail(EXIT_USAGE, "%s has the versions %d to %d", api->name, api->request->min_version,
                    api->request->max_version);
    struct calling calling = {.options = &options};
    if (!client_open(&calling.client, options.host, options.port, options.timeout_ms, &why))
        return fail(EXIT_FAILED, "%s", why.text);
    arena_init(&calling.arena, SIZE_MAX);
    int status = exchange(&calling, api);
    arena_fini(&calling.arena);
    client_close(&calling.client);
    return status;
}
