/*
 * The process: arguments, signals, resource limits. Everything else is a struct broker.
 */
#include "metadata/config_docs.h"
#include "metadata/format.h"
#include "server/broker.h"
#include "server/call_command.h"
#include "server/check_command.h"
#include "server/dump_command.h"
#include "server/format_command.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define DIAG_AREA DIAG_SERVER

enum { EXIT_USAGE = 2, MAX_OVERRIDES = 256 };

static const char usage[] =
    "usage: odradek [server.properties] [--override key=value]... [--dev]\n"
    "       odradek call [--version N] HOST:PORT API [JSON]\n"
    "       odradek format [--release-version R] [--cluster-id ID] [--feature F=L]... [server.properties]\n"
    "       odradek random-uuid\n"
    "       odradek dump [--json] FILE...\n"
    "       odradek check [--json] DIR... | server.properties\n"
    "       odradek --print-config-docs | --help | --version\n"
    "\n"
    "An Apache Kafka broker. Without a server.properties it listens on port 9092 and keeps its data in\n"
    "/tmp/kraft-combined-logs.\n"
    "\n"
    "  --override key=value   a setting that wins over the file; may be given often\n"
    "  --dev                  settings for laptops and test suites (one line at start names them); explicit ones win\n"
    "  call                   sends one request to any Kafka broker and prints the answer as JSON\n"
    "  format                 makes empty log directories a new cluster's, of any release from 3.3 on\n"
    "  random-uuid            prints an id as --cluster-id takes it\n"
    "  dump                   prints what stands in the files of a log directory\n"
    "  check                  says whether Apache Kafka would take log directories, and what is wrong in them\n"
    "  --print-config-docs    prints docs/config.md\n";

struct arguments {
    const char *properties; /* NULL: none */
    struct override overrides[MAX_OVERRIDES];
    size_t override_count;
    bool dev;
};

static bool wrong(const char *what, const char *argument)
{
    fprintf(stderr, "odradek: %s: %s (see odradek --help)\n", what, argument);
    return false;
}

static bool take_override(struct arguments *arguments, const char *text)
{
    const char *equals = text == NULL ? NULL : strchr(text, '=');
    if (equals == NULL || equals == text)
        return wrong("--override wants key=value, not", text == NULL ? "nothing" : text);
    if (arguments->override_count == MAX_OVERRIDES)
        return wrong("too many overrides at", text);
    arguments->overrides[arguments->override_count++] =
        (struct override){slice_of(text, (size_t)(equals - text)), slice_str(equals + 1)};
    return true;
}

static bool parse(int argc, char **argv, struct arguments *arguments)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--override") == 0) {
            if (!take_override(arguments, i + 1 < argc ? argv[++i] : NULL))
                return false;
        } else if (strcmp(argv[i], "--dev") == 0) {
            arguments->dev = true;
        } else if (argv[i][0] == '-') {
            return wrong("unknown option", argv[i]);
        } else if (arguments->properties != NULL) {
            return wrong("more than one properties file", argv[i]);
        } else {
            arguments->properties = argv[i];
        }
    }
    return true;
}

/* Partitions and clients are descriptors; take what the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* SIGTERM and SIGINT are waited for by this thread alone; a write to a closed socket is an error and not a
 * signal. */
static void prepare_signals(sigset_t *stop)
{
    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    sigaddset(stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, stop, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void list_endpoints(struct buf *line, const struct endpoint *endpoints, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        buf_printf(line, "%s%.*s://%.*s:%u", line->len > 0 ? ", " : "", SLICE_ARGS(endpoints[i].name),
                   SLICE_ARGS(endpoints[i].host), endpoints[i].port);
}

static void say_hello(const struct broker *broker, const struct config *config)
{
    struct buf line = {0};
    list_endpoints(&line, config->listeners, config->listener_count);
    list_endpoints(&line, config->controller_listeners, config->controller_listener_count);
    diag_info("Odradek " ODRADEK_VERSION ": node %d of cluster %.*s, %zu partitions, listening on %.*s",
              config->node_id, SLICE_ARGS(broker->cluster_id), partitions_count(broker->partitions),
              SLICE_ARGS(buf_slice(&line)));
    buf_fini(&line);
}

/* The broker cannot go on: as if somebody had asked it to stop. */
static void stop_ourselves(void)
{
    kill(getpid(), SIGTERM);
}

static int serve(const struct arguments *arguments)
{
    sigset_t stop;
    prepare_signals(&stop);
    raise_descriptor_limit();
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX,
            2); /* a thread per client must not become a heap per client; only glibc would make one */
#endif
    struct note why = {""};
    struct config config;
    if (!config_load(&config, arguments->properties, arguments->overrides, arguments->override_count,
                     arguments->dev, &why)) {
        config_fini(&config);
        fprintf(stderr, "odradek: %s\n", why.text);
        return EXIT_FAILURE;
    }
    for (int32_t i = 0; i < config.warning_count; i++)
        diag_warn("%.*s", SLICE_ARGS(config.warnings[i]));
    if (!slice_is_null(config.dev_line))
        diag_info("%.*s", SLICE_ARGS(config.dev_line));
    struct broker *broker = broker_open(&config, &why);
    if (broker == NULL) {
        diag_error("%s", why.text);
        return EXIT_FAILURE;
    }
    say_hello(broker, &broker->config);
    broker_on_failure(broker, stop_ourselves);
    int signal_number = 0;
    sigwait(&stop, &signal_number);
    bool clean = broker_close(broker);
    diag_info("stopped%s", clean ? "" : "; not everything could be written");
    return clean ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_config_docs(void)
{
    struct buf docs = {0};
    config_print_docs(&docs);
    fwrite(docs.data, 1, docs.len, stdout);
    buf_fini(&docs);
    return EXIT_SUCCESS;
}

static int print_random_uuid(void)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(format_random_uuid(), text);
    return puts(text) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "call") == 0)
        return call_command(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "format") == 0)
        return format_command(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "random-uuid") == 0)
        return print_random_uuid();
    if (argc > 1 && strcmp(argv[1], "dump") == 0)
        return dump_command(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return check_command(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("odradek " ODRADEK_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (argc == 2 && strcmp(argv[1], "--print-config-docs") == 0)
        return print_config_docs();
    struct arguments *arguments = calloc(1, sizeof *arguments);
    if (arguments == NULL || !parse(argc, argv, arguments)) {
        free(arguments);
        return EXIT_USAGE;
    }
    int status = serve(arguments);
    free(arguments);
    return status;
}
