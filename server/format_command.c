/*
 * format_command: see format_command.h. Called by main.c, in the process's only thread.
 *
 * All directories are opened (and so locked) and looked at before the first is written: what is refused has
 * changed nothing. Every failure is one line on stderr.
 */
#include "server/format_command.h"

#include "metadata/format.h"
#include "server/config.h"
#include "storage/os/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, OVERRIDES_MAX = 64, FEATURES_MAX = 16 };

struct format_options {
    const char *properties; /* NULL: none */
    struct override overrides[OVERRIDES_MAX];
    size_t override_count;
    struct slice cluster_id; /* null: not said */
    const char *release;     /* NULL: the newest */
    const char *features[FEATURES_MAX];
    int feature_count;
    bool ignore_formatted;
    bool standalone;
};

static const char usage[] =
    "usage: odradek format [--release-version R] [--cluster-id ID] [--feature NAME=LEVEL]...\n"
    "                      [--standalone] [--ignore-formatted] [--override key=value]... [server.properties]\n";

static const char help[] =
    "\n"
    "Makes the log directories that server.properties names those of a new cluster, as kafka-storage format\n"
    "does: meta.properties and bootstrap.checkpoint. Without server.properties: /tmp/kraft-combined-logs.\n"
    "\n"
    "  -r, --release-version R   the Apache Kafka release whose format and features the cluster begins with:\n"
    "                            3.3 to 4.3, or 4.0-IV2 ...; the newest if nothing is said\n"
    "  -t, --cluster-id ID       else that of a directory that has one, or a random one\n"
    "  -f, --feature NAME=LEVEL  a feature at another level than the release's; may be given often\n"
    "  -g, --ignore-formatted    formats the other directories where some are formatted already\n"
    "  -s, --standalone          the quorum's voters stand in the cluster log (KIP-853): this node alone; then\n"
    "                            controller.quorum.voters must not be set\n"
    "  -c, --config FILE         the same as FILE alone\n"
    "  --override key=value      a setting that wins over the file\n"
    "\n"
    "The exit status is 0 if all directories are formatted then, 1 if not, 2 if the command makes no sense.\n";

__attribute__((format(printf, 2, 3))) static int fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("odradek format: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

/* ---- the command line ---- */

static bool is_option(const char *word, const char *name, const char *letter)
{
    return strcmp(word, name) == 0 || (letter != NULL && strcmp(word, letter) == 0);
}

static bool take_override(struct format_options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || options->override_count == OVERRIDES_MAX)
        return false;
    options->overrides[options->override_count++] =
        (struct override){slice_of(text, (size_t)(equals - text)), slice_str(equals + 1)};
    return true;
}

static bool take_properties(struct format_options *options, const char *path)
{
    bool is_first = options->properties == NULL;
    options->properties = path;
    return is_first;
}

/* An option that has a value. */
static bool take_valued(struct format_options *options, const char *name, const char *value)
{
    if (is_option(name, "--release-version", "-r"))
        options->release = value;
    else if (is_option(name, "--cluster-id", "-t"))
        options->cluster_id = slice_str(value);
    else if (is_option(name, "--feature", "-f") && options->feature_count < FEATURES_MAX)
        options->features[options->feature_count++] = value;
    else if (is_option(name, "--override", NULL))
        return take_override(options, value);
    else
        return is_option(name, "--config", "-c") && take_properties(options, value);
    return true;
}

/* False if it has said what is wrong. */
static bool parse_words(struct format_options *options, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        bool understood = true;
        if (is_option(word, "--ignore-formatted", "-g"))
            options->ignore_formatted = true;
        else if (is_option(word, "--standalone", "-s"))
            options->standalone = true;
        else if (word[0] != '-')
            understood = take_properties(options, word);
        else
            understood = i + 1 < argc && take_valued(options, word, argv[++i]);
        if (!understood) {
            fail(EXIT_USAGE, "%s: no such option, or not with this value (see odradek format --help)", word);
            return false;
        }
    }
    return true;
}

/* ---- features ---- */

static bool parse_level(const char *text, int16_t *level)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    *level = (int16_t)value;
    return *text != '\0' && *end == '\0' && errno == 0 && value >= INT16_MIN && value <= INT16_MAX;
}

/* "name=level"; false if it has said what is wrong. */
static bool parse_feature(const char *text, struct slice *name, int16_t *level)
{
    const char *equals = strchr(text, '=');
    if (equals != NULL && equals != text && parse_level(equals + 1, level)) {
        *name = slice_of(text, (size_t)(equals - text));
        return true;
    }
    fail(EXIT_USAGE, "--feature wants NAME=LEVEL, not %s", text);
    return false;
}

/* metadata.version: from --release-version or --feature metadata.version, not both; -1 if it has said what is
 * wrong. */
static int16_t choose_metadata_version(const struct format_options *options)
{
    int16_t chosen = METADATA_VERSION_MAX, level;
    struct slice name;
    if (options->release != NULL && (chosen = format_release_level(slice_str(options->release))) < 0)
        fail(EXIT_USAGE, "there is no release %s; there are 3.3-IV3 to 4.3-IV0", options->release);
    for (int i = 0; i < options->feature_count && chosen >= 0; i++) {
        if (!parse_feature(options->features[i], &name, &level))
            return -1;
        if (!slice_equal(name, SLICE(METADATA_VERSION)))
            continue;
        if (options->release != NULL) {
            fail(EXIT_USAGE, "--release-version and --feature metadata.version say the same: give one");
            return -1;
        }
        chosen = level >= METADATA_VERSION_MIN && level <= METADATA_VERSION_MAX ? level : -1;
        if (chosen < 0)
            fail(EXIT_USAGE, "metadata.version is one of %d to %d, not %d", METADATA_VERSION_MIN,
                 METADATA_VERSION_MAX, level);
    }
    return chosen;
}

/* False if it has said what is wrong. */
static bool choose_features(const struct format_options *options, struct format_features *features)
{
    int16_t metadata_version = choose_metadata_version(options);
    if (metadata_version < 0)
        return false;
    format_features_init(features, metadata_version);
    for (int i = 0; i < options->feature_count; i++) {
        struct note why = {""};
        struct slice name;
        int16_t level;
        if (!parse_feature(options->features[i], &name, &level))
            return false;
        if (slice_equal(name, SLICE(METADATA_VERSION)))
            continue;
        if (!format_features_set(features, name, level, &why)) {
            fail(EXIT_USAGE, "%s", why.text);
            return false;
        }
    }
    return true;
}

/* ---- directories ---- */

struct formatting {
    const struct format_options *options;
    const struct config *config;
    struct data_dir **dirs;
    enum data_dir_state *states;
    int32_t count; /* of those that are open */
};

static int open_dirs(struct formatting *formatting)
{
    struct note why = {""};
    for (; formatting->count < formatting->config->log_dir_count; formatting->count++) {
        int32_t at = formatting->count;
        formatting->dirs[at] =
            data_dir_open(file_system_os(), formatting->config->log_dirs[at], &formatting->states[at], &why);
        if (formatting->dirs[at] == NULL)
            return fail(EXIT_FAILED, "%s", why.text);
        if (formatting->states[at] == DATA_DIR_FAILED) {
            formatting->count++; /* it is to be closed */
            return fail(EXIT_FAILED, "%s", why.text);
        }
    }
    return 0;
}

/* Those that are formatted already must be of this node and this cluster. */
static int check_dirs(const struct formatting *formatting)
{
    struct slice cluster_id = formatting->options->cluster_id;
    for (int32_t i = 0; i < formatting->count; i++) {
        const struct meta_properties *meta = data_dir_meta(formatting->dirs[i]);
        const char *path = data_dir_path(formatting->dirs[i]);
        if (formatting->states[i] != DATA_DIR_FORMATTED)
            continue;
        if (!formatting->options->ignore_formatted)
            return fail(EXIT_FAILED,
                        "%s is formatted already; --ignore-formatted leaves it alone and formats the "
                        "others",
                        path);
        if (meta->node_id != formatting->config->node_id)
            return fail(EXIT_FAILED, "%s belongs to node %d, but node.id is %d", path, meta->node_id,
                        formatting->config->node_id);
        if (slice_is_null(cluster_id))
            cluster_id = meta->cluster_id;
        if (!slice_equal(cluster_id, meta->cluster_id))
            return fail(EXIT_FAILED, "%s belongs to cluster %.*s, not to %.*s", path,
                        SLICE_ARGS(meta->cluster_id), SLICE_ARGS(cluster_id));
    }
    return 0;
}

static void report(const struct formatting *formatting, int16_t metadata_version)
{
    char release[RELEASE_NAME_SIZE];
    format_release_name(metadata_version, release);
    bool any = false;
    for (int32_t i = 0; i < formatting->count; i++) {
        if (formatting->states[i] == DATA_DIR_FORMATTED)
            continue;
        any = true;
        printf("Formatted %s with metadata.version %s, cluster.id %.*s.\n",
               data_dir_path(formatting->dirs[i]), release,
               SLICE_ARGS(data_dir_meta(formatting->dirs[i])->cluster_id));
    }
    if (!any)
        puts("All of the log directories are already formatted.");
}

static bool has_voters(const struct config *config)
{
    const struct config_entry *voters =
        config_set_find(&config->static_configs, SLICE("controller.quorum.voters"));
    return voters != NULL && config_trim(voters->value).len > 0;
}

/* False if it has said what is wrong. */
static bool choose_voter(const struct formatting *formatting, struct format_voter *voter)
{
    const struct config *config = formatting->config;
    *voter = (struct format_voter){
        .endpoints = config->advertised_controller_listeners,
        .endpoint_count = config->controller_listener_count,
    };
    for (int32_t i = 0; i < formatting->count; i++)
        if (strcmp(config->log_dirs[i], config->metadata_log_dir) == 0)
            voter->dir = formatting->dirs[i];
    if (has_voters(config))
        fail(EXIT_FAILED,
             "--standalone keeps the voters in the log: controller.quorum.voters must not be set");
    else if (voter->endpoint_count == 0)
        fail(EXIT_FAILED, "--standalone: there is no controller listener that the voters could be told");
    else
        return true;
    return false;
}

static int format_all(struct formatting *formatting, const struct format_features *features)
{
    struct note why = {""};
    bool standalone = formatting->options->standalone;
    struct format_voter voter;
    int status = open_dirs(formatting);
    if (status == 0)
        status = check_dirs(formatting);
    if (status == 0 && standalone && !choose_voter(formatting, &voter))
        status = EXIT_FAILED;
    if (status == 0
        && format_dirs_with(formatting->dirs, formatting->count, formatting->options->cluster_id,
                            formatting->config->node_id, features, standalone ? &voter : NULL, &why)
               != KERR_NONE)
        status = fail(EXIT_FAILED, "%s", why.text);
    if (status == 0)
        report(formatting, features->metadata_version);
    for (int32_t i = 0; i < formatting->count; i++)
        data_dir_close(formatting->dirs[i]);
    return status;
}

static int run(const struct format_options *options, const struct format_features *features,
               struct config *config)
{
    struct note why = {""};
    if (!config_load(config, options->properties, options->overrides, options->override_count, false, &why))
        return fail(EXIT_FAILED, "%s", why.text);
    struct formatting formatting = {
        .options = options,
        .config = config,
        .dirs = arena_new_array(&config->arena, struct data_dir *, config->log_dir_count),
        .states = arena_new_array(&config->arena, enum data_dir_state, config->log_dir_count),
    };
    return format_all(&formatting, features);
}

int format_command(int argc, char **argv)
{
    struct format_options options = {.cluster_id = SLICE_NULL};
    struct format_features features;
    for (int i = 0; i < argc; i++)
        if (is_option(argv[i], "--help", "-h"))
            return fputs(usage, stdout) < 0 || fputs(help, stdout) < 0 ? EXIT_FAILED : 0;
    if (!parse_words(&options, argc, argv) || !choose_features(&options, &features))
        return EXIT_USAGE;
    struct config config;
    int status = run(&options, &features, &config);
    config_fini(&config);
    return status;
}
