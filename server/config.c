/*
 * config: from server.properties, overrides and presets to typed settings.
 *
 * 1. A later setting of a name replaces an earlier one; a preset never replaces anything.
 * 2. Every known name's value is checked as Kafka checks it, also where it is not honoured.
 * 3. A refusal is one line that begins with where the value stands.
 *
 * Called by server/main before any thread runs; config_take_dynamic by server/dynamic_config, from any.
 */
#include "server/config_parts.h"
#include "server/properties.h"

#include "metadata/controller/reconfiguration.h"
#include "metadata/cordoned_dirs.h"
#include "metadata/java_number.h"
#include "protocol/base/ensure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_VALUE_MAX = 200, PROPERTIES_MAX = 16 * 1024 * 1024 };

struct preset {
    const char *name;
    const char *value;
};

/* What a node is unless it says otherwise: all of the cluster. */
static const struct preset node_presets[] = {
    {"process.roles", "broker,controller"},
    {"node.id", "1"},
    {"controller.listener.names", "CONTROLLER"},
};

static const struct preset no_file_presets[] = {
    {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
    {"log.dirs", "/tmp/kraft-combined-logs"},
};

/* For laptops and test suites: no waiting, few partitions, nothing to be seen from outside. */
static const struct preset dev_presets[] = {
    {"listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"},
    {"auto.create.topics.enable", "true"},
    {"log.flush.interval.messages", "9223372036854775807"},
    {"group.initial.rebalance.delay.ms", "0"},
    {"offsets.topic.num.partitions", "4"},
    {"offsets.topic.replication.factor", "1"},
    {"transaction.state.log.num.partitions", "4"},
    {"transaction.state.log.replication.factor", "1"},
    {"transaction.state.log.min.isr", "1"},
    {"share.coordinator.state.topic.num.partitions", "4"},
    {"share.coordinator.state.topic.replication.factor", "1"},
    {"share.coordinator.state.topic.min.isr", "1"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the settings by name ---- */

static struct setting *find_slice(const struct loader *loader, struct slice name)
{
    for (int32_t i = 0; i < loader->count; i++)
        if (slice_equal(loader->settings[i].name, name))
            return &loader->settings[i];
    return NULL;
}

const struct setting *find_setting(const struct loader *loader, const char *name)
{
    return find_slice(loader, slice_str(name));
}

static void put(struct loader *loader, struct setting setting)
{
    struct setting *old = find_slice(loader, setting.name);
    if (!old && loader->count == loader->capacity) {
        loader->capacity = loader->capacity ? loader->capacity * 2 : 64;
        struct setting *grown = arena_new_array(&loader->config->arena, struct setting, loader->capacity);
        if (loader->count > 0)
            memcpy(grown, loader->settings, sizeof *grown * (size_t)loader->count);
        loader->settings = grown;
    }
    *(old ? old : &loader->settings[loader->count++]) = setting;
}

static bool put_preset(struct loader *loader, const char *name, struct slice value)
{
    if (find_setting(loader, name))
        return false;
    put(loader, (struct setting){slice_str(name), value, FROM_PRESET, 0});
    return true;
}

struct slice setting_value(const struct loader *loader, const char *name)
{
    const struct config_def *def = find_broker_config(slice_str(name));
    ensure(def);
    const struct setting *setting = find_setting(loader, name);
    if (setting)
        return config_trim(setting->value);
    return slice_str(def->default_value);
}

int32_t setting_elements(const struct loader *loader, const char *name, struct slice **elements)
{
    struct slice value = setting_value(loader, name);
    if (slice_is_null(value))
        return 0;
    struct note ignored = {{0}};
    config_check(find_broker_config(slice_str(name)), value, &loader->config->arena, &value, &ignored);
    return config_split(value, &loader->config->arena, elements);
}

/* ---- refusals ---- */

/* Printable, and short enough to leave room for the reason. */
static struct slice show(struct loader *loader, struct slice value)
{
    bool cut = value.len > SHOWN_VALUE_MAX;
    struct slice copy = arena_printf(&loader->config->arena, "%.*s%s", cut ? SHOWN_VALUE_MAX : (int)value.len,
                                     value.data ? (const char *)value.data : "", cut ? "..." : "");
    uint8_t *bytes = arena_alloc(&loader->config->arena, copy.len);
    for (size_t i = 0; i < copy.len; i++)
        bytes[i] = copy.data[i] < ' ' || copy.data[i] == 0x7f ? '?' : copy.data[i];
    return slice_of(bytes, copy.len);
}

/* "FILE:LINE: " or "--override ". */
static struct slice origin(struct loader *loader, const struct setting *setting)
{
    if (setting && setting->origin == FROM_FILE)
        return arena_printf(&loader->config->arena, "%s:%d: ", loader->path, setting->line);
    if (setting && setting->origin == FROM_OVERRIDE)
        return SLICE("--override ");
    return SLICE("");
}

static bool refuse(struct loader *loader, const char *name, struct slice value, struct slice reason)
{
    struct slice where = origin(loader, find_setting(loader, name));
    struct slice shown = show(loader, value);
    note_set(loader->why, "%.*s%s=%.*s: %.*s", SLICE_ARGS(where), name, SLICE_ARGS(shown),
             SLICE_ARGS(reason));
    return false;
}

bool refuse_value(struct loader *loader, const char *name, struct slice value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct slice reason = arena_vprintf(&loader->config->arena, format, arguments);
    va_end(arguments);
    return refuse(loader, name, value, reason);
}

bool refuse_setting(struct loader *loader, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct slice reason = arena_vprintf(&loader->config->arena, format, arguments);
    va_end(arguments);
    return refuse(loader, name, setting_value(loader, name), reason);
}

/* The text behind "Invalid value x for configuration y: ", which the line says already. */
static const char *reason_of(const struct config_def *def, const struct note *why)
{
    char mark[160];
    snprintf(mark, sizeof mark, " for configuration %s: ", def->name);
    const char *found = strncmp(why->text, "Invalid value ", 14) == 0 ? strstr(why->text, mark) : NULL;
    return found ? found + strlen(mark) : why->text;
}

static void warn(struct loader *loader, const struct setting *setting, const char *what)
{
    struct config *config = loader->config;
    struct slice where = origin(loader, setting);
    struct slice name = show(loader, setting->name);
    config->warnings[config->warning_count++] =
        arena_printf(&config->arena, "%.*s%.*s %s", SLICE_ARGS(where), SLICE_ARGS(name), what);
}

/* ---- reading ---- */

static bool read_file(struct loader *loader, struct slice *text)
{
    FILE *file = fopen(loader->path, "rb");
    if (!file) {
        note_set(loader->why, "%s: %s", loader->path, strerror(errno));
        return false;
    }
    struct buf bytes = {0};
    enum { PIECE = 4096 }; /* most files are no longer, and memory that is not touched costs nothing */
    size_t got;
    do {
        got = fread(buf_reserve(&bytes, PIECE), 1, PIECE, file);
        bytes.len += got;
    } while (got > 0 && bytes.len <= PROPERTIES_MAX);
    bool good = !ferror(file) && bytes.len <= PROPERTIES_MAX;
    if (!good)
        note_set(loader->why, "%s: %s", loader->path, ferror(file) ? strerror(errno) : "larger than 16 MiB");
    *text = arena_dup(&loader->config->arena, buf_slice(&bytes));
    buf_fini(&bytes);
    fclose(file);
    return good;
}

static bool put_file(struct loader *loader)
{
    struct slice text;
    if (!read_file(loader, &text))
        return false;
    struct properties properties;
    int32_t line;
    if (!properties_parse(text, &loader->config->arena, &properties, &line, loader->why)) {
        note_prefix(loader->why, "%s:%d", loader->path, line);
        return false;
    }
    for (int32_t i = 0; i < properties.count; i++) {
        const struct property *property = &properties.items[i];
        put(loader, (struct setting){property->name, property->value, FROM_FILE, property->line});
    }
    return true;
}

static void put_overrides(struct loader *loader, const struct override *overrides, size_t count)
{
    struct arena *arena = &loader->config->arena;
    for (size_t i = 0; i < count; i++)
        put(loader, (struct setting){arena_dup(arena, overrides[i].name),
                                     arena_dup(arena, overrides[i].value), FROM_OVERRIDE, 0});
}

/* broker.id is node.id's old name: whoever sets one sets both. */
static bool pair_ids(struct loader *loader)
{
    const struct setting *node = find_setting(loader, "node.id");
    const struct setting *broker = find_setting(loader, "broker.id");
    if (node && broker && !slice_equal(config_trim(node->value), config_trim(broker->value)))
        return refuse_setting(loader, "broker.id",
                              "You must set `node.id` to the same value as `broker.id`.");
    if (broker && !node)
        put_preset(loader, "node.id", broker->value);
    return true;
}

static void put_dev_presets(struct loader *loader)
{
    struct buf line = {0};
    buf_append_str(&line, "--dev sets");
    for (size_t i = 0; i < COUNT(dev_presets); i++)
        if (put_preset(loader, dev_presets[i].name, slice_str(dev_presets[i].value)))
            buf_printf(&line, " %s=%s", dev_presets[i].name, dev_presets[i].value);
    loader->config->dev_line = arena_dup(&loader->config->arena, buf_slice(&line));
    buf_fini(&line);
}

static void put_presets(struct loader *loader, bool dev)
{
    if (dev)
        put_dev_presets(loader);
    for (size_t i = 0; !loader->path && i < COUNT(no_file_presets); i++)
        if (strcmp(no_file_presets[i].name, "log.dirs") != 0 || !find_setting(loader, "log.dir"))
            put_preset(loader, no_file_presets[i].name, slice_str(no_file_presets[i].value));
    for (size_t i = 0; i < COUNT(node_presets); i++)
        put_preset(loader, node_presets[i].name, slice_str(node_presets[i].value));
    put_preset(loader, "broker.id", find_setting(loader, "node.id")->value);
}

/* ---- checks ---- */

static bool check_setting(struct loader *loader, const struct setting *setting)
{
    const struct config_def *def = find_broker_config(setting->name);
    if (!def) {
        if (!is_authorizer_setting(setting->name))
            warn(loader, setting, "is not a known setting; it is ignored");
        return true;
    }
    struct note why = {{0}};
    if (!config_check(def, setting->value, &loader->config->arena, NULL, &why))
        return refuse_setting(loader, def->name, "%s", reason_of(def, &why));
    if (def->support == CONFIG_IGNORED && setting->origin != FROM_PRESET)
        warn(loader, setting, "is not honoured yet");
    return true;
}

static bool check_settings(struct loader *loader)
{
    loader->config->warnings = arena_new_array(&loader->config->arena, struct slice, loader->count);
    for (int32_t i = 0; i < loader->count; i++)
        if (!check_setting(loader, &loader->settings[i]))
            return false;
    return true;
}

int64_t setting_number(const struct loader *loader, const char *name)
{
    int64_t number = 0;
    java_parse_long(setting_value(loader, name), INT64_MIN, INT64_MAX, &number);
    return number;
}

/* What Kafka checks beyond single values, as far as it concerns what is honoured. */
static bool check_together(struct loader *loader)
{
    static const char *const retention[] = {"log.retention.ms", "log.retention.minutes",
                                            "log.retention.hours"};
    for (size_t i = 0; i < COUNT(retention); i++) {
        if (!find_setting(loader, retention[i]))
            continue;
        if (setting_number(loader, retention[i]) == 0)
            return refuse_setting(loader, retention[i],
                                  "log.retention.ms must be unlimited (-1) or, greater than or equal to 1");
        break;
    }
    if (find_setting(loader, "log.roll.ms") && setting_number(loader, "log.roll.ms") < 1)
        return refuse_setting(loader, "log.roll.ms", "log.roll.ms must be greater than or equal to 1");
    if (find_setting(loader, "log.roll.jitter.ms") && setting_number(loader, "log.roll.jitter.ms") < 0)
        return refuse_setting(loader, "log.roll.jitter.ms",
                              "log.roll.jitter.ms must be greater than or equal to 0");
    struct note memory = {""};
    if (!check_cleaner_memory(setting_number(loader, "log.cleaner.dedupe.buffer.size"),
                              setting_number(loader, "log.cleaner.threads"), &memory))
        return refuse_setting(loader,
                              find_setting(loader, "log.cleaner.threads") ? "log.cleaner.threads"
                                                                          : "log.cleaner.dedupe.buffer.size",
                              "%s", memory.text);
    if (setting_number(loader, "metadata.log.segment.ms") < 1)
        return refuse_setting(loader, "metadata.log.segment.ms", "Value must be at least 1");
    int64_t queued = setting_number(loader, "queued.max.request.bytes");
    if (queued > 0 && queued < setting_number(loader, "socket.request.max.bytes"))
        return refuse_setting(loader, "queued.max.request.bytes",
                              "queued.max.request.bytes must be larger or equal to socket.request.max.bytes");
    if (setting_number(loader, "max.connections.per.ip") == 0
        && setting_value(loader, "max.connections.per.ip.overrides").len == 0)
        return refuse_setting(
            loader, "max.connections.per.ip",
            "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides "
            "property is set.");
    return true;
}

static bool check_cordoned(struct loader *loader)
{
    struct note why = {""};
    const struct config_set *fixed = &loader->config->static_configs;
    return cordoned_dirs_check(setting_value(loader, CORDONED_LOG_DIRS), fixed, &loader->config->arena, &why)
           || refuse_setting(loader, CORDONED_LOG_DIRS, "%s", why.text);
}

/* ---- typed ---- */

enum member_type { MEMBER_INT, MEMBER_LONG, MEMBER_DOUBLE, MEMBER_BOOLEAN };

struct member {
    const char *name;
    size_t offset;
    enum member_type type;
};

#define MEMBER(name, member, type, ctype)                                                                 \
    {                                                                                                     \
        name, offsetof(struct config, member) + 0 * _Generic(((struct config *)NULL)->member, ctype : 1), \
            type                                                                                          \
    }
#define INT_MEMBER(name, member)     MEMBER(name, member, MEMBER_INT, int32_t)
#define LONG_MEMBER(name, member)    MEMBER(name, member, MEMBER_LONG, int64_t)
#define DOUBLE_MEMBER(name, member)  MEMBER(name, member, MEMBER_DOUBLE, double)
#define BOOLEAN_MEMBER(name, member) MEMBER(name, member, MEMBER_BOOLEAN, bool)

static const struct member members[] = {
    INT_MEMBER("node.id", node_id),
    INT_MEMBER("num.partitions", num_partitions),
    INT_MEMBER("default.replication.factor", default_replication_factor),
    BOOLEAN_MEMBER("auto.create.topics.enable", auto_create_topics_enable),
    BOOLEAN_MEMBER("delete.topic.enable", delete_topic_enable),
    INT_MEMBER("socket.request.max.bytes", socket_request_max_bytes),
    INT_MEMBER("socket.send.buffer.bytes", socket_send_buffer_bytes),
    INT_MEMBER("socket.receive.buffer.bytes", socket_receive_buffer_bytes),
    INT_MEMBER("socket.listen.backlog.size", socket_listen_backlog_size),
    INT_MEMBER("max.connections", max_connections),
    INT_MEMBER("max.connections.per.ip", max_connections_per_ip),
    LONG_MEMBER("connections.max.idle.ms", connections_max_idle_ms),
    INT_MEMBER("fetch.max.bytes", fetch_max_bytes),
    INT_MEMBER("telemetry.max.bytes", telemetry_max_bytes),
    INT_MEMBER("quota.window.num", quota_window_num),
    INT_MEMBER("quota.window.size.seconds", quota_window_size_seconds),
    INT_MEMBER("controller.quota.window.num", controller_quota_window_num),
    INT_MEMBER("controller.quota.window.size.seconds", controller_quota_window_size_seconds),
    INT_MEMBER("max.incremental.fetch.session.cache.slots", max_incremental_fetch_session_cache_slots),
    INT_MEMBER("max.request.partition.size.limit", max_request_partition_size_limit),
    INT_MEMBER("queued.max.requests", queued_max_requests),
    LONG_MEMBER("queued.max.request.bytes", queued_max_request_bytes),
    INT_MEMBER("num.recovery.threads.per.data.dir", storage.recovery_threads_per_dir),
    INT_MEMBER("num.replica.alter.log.dirs.threads", storage.mover_threads),
    LONG_MEMBER("log.flush.scheduler.interval.ms", log_flush_scheduler_interval_ms),
    LONG_MEMBER("log.flush.offset.checkpoint.interval.ms", storage.recovery_point_checkpoint_interval_ms),
    LONG_MEMBER("log.flush.start.offset.checkpoint.interval.ms", storage.log_start_checkpoint_interval_ms),
    LONG_MEMBER("replica.high.watermark.checkpoint.interval.ms",
                storage.high_watermark_checkpoint_interval_ms),
    BOOLEAN_MEMBER("log.cleaner.enable", storage.cleaner.enable),
    INT_MEMBER("log.cleaner.threads", storage.cleaner.threads),
    LONG_MEMBER("log.cleaner.backoff.ms", storage.cleaner.backoff_ms),
    LONG_MEMBER("log.cleaner.dedupe.buffer.size", storage.cleaner.dedupe_buffer_bytes),
    INT_MEMBER("log.cleaner.io.buffer.size", storage.cleaner.io_buffer_bytes),
    DOUBLE_MEMBER("log.cleaner.io.buffer.load.factor", storage.cleaner.io_buffer_load_factor),
    DOUBLE_MEMBER("log.cleaner.io.max.bytes.per.second", storage.cleaner.io_max_bytes_per_second),
    LONG_MEMBER("log.retention.check.interval.ms", storage.retention_check_interval_ms),
    LONG_MEMBER("log.initial.task.delay.ms", storage.initial_task_delay_ms),
    LONG_MEMBER("metadata.max.idle.interval.ms", cluster.max_idle_interval_ms),
    LONG_MEMBER("metadata.log.max.record.bytes.between.snapshots",
                cluster.max_record_bytes_between_snapshots),
    LONG_MEMBER("metadata.log.max.snapshot.interval.ms", cluster.max_snapshot_interval_ms),
    LONG_MEMBER("metadata.log.segment.bytes", cluster.segment_bytes),
    LONG_MEMBER("metadata.log.segment.ms", cluster.segment_ms),
    LONG_MEMBER("metadata.max.retention.bytes", cluster.max_retention_bytes),
    LONG_MEMBER("metadata.max.retention.ms", cluster.max_retention_ms),
    INT_MEMBER("producer.id.expiration.ms", producer_id_expiration_ms),
    LONG_MEMBER("producer.id.expiration.check.interval.ms", storage.producer_expiration_check_interval_ms),
};

/* A value that config_check has seen: it fits. */
static void fill_member(struct config *config, const struct member *member, struct slice value)
{
    char *at = (char *)config + member->offset;
    int64_t number = 0;
    java_parse_long(value, INT64_MIN, INT64_MAX, &number);
    if (member->type == MEMBER_INT)
        *(int32_t *)(void *)at = (int32_t)number;
    else if (member->type == MEMBER_LONG)
        *(int64_t *)(void *)at = number;
    else if (member->type == MEMBER_DOUBLE)
        java_parse_double(value, (double *)(void *)at);
    else
        *(bool *)(void *)at = value.len == 4; /* true or false, in any case */
}

void config_take_dynamic(struct config *config, const struct config_view *view)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (size_t i = 0; i < COUNT(members); i++) {
        struct note ignored = {""};
        enum config_source source;
        const struct config_def *def = find_broker_config(slice_str(members[i].name));
        if (def->update == CONFIG_READ_ONLY)
            continue;
        struct slice value = config_effective(view, RESOURCE_BROKER, SLICE(""), def, &arena, &source);
        if (!slice_is_null(value) && config_check(def, value, &arena, NULL, &ignored))
            fill_member(config, &members[i], config_trim(value));
    }
    arena_fini(&arena);
}

static void fill_members(struct loader *loader)
{
    for (size_t i = 0; i < COUNT(members); i++)
        fill_member(loader->config, &members[i], setting_value(loader, members[i].name));
    if (!slice_is_null(setting_value(loader, "internal.metadata.log.segment.bytes")))
        loader->config->cluster.segment_bytes = setting_number(loader, "internal.metadata.log.segment.bytes");
    struct slice rack = setting_value(loader, "broker.rack");
    loader->config->broker_rack = arena_dup(&loader->config->arena, rack);
}

static const char *terminated(struct loader *loader, struct slice text)
{
    char *copy = arena_alloc(&loader->config->arena, text.len + 1);
    memcpy(copy, text.data, text.len);
    return copy;
}

static void fill_directories(struct loader *loader)
{
    struct config *config = loader->config;
    struct slice *elements = NULL;
    config->log_dir_count = setting_elements(loader, "log.dirs", &elements);
    if (config->log_dir_count == 0)
        config->log_dir_count = setting_elements(loader, "log.dir", &elements);
    ensure(config->log_dir_count > 0 && elements != NULL); /* log.dir has a default and cannot be set empty */
    config->log_dirs = arena_new_array(&config->arena, const char *, config->log_dir_count);
    for (int32_t i = 0; i < config->log_dir_count; i++)
        config->log_dirs[i] = terminated(loader, elements[i]);
    struct slice metadata = setting_value(loader, "metadata.log.dir");
    config->metadata_log_dir = slice_is_null(metadata) ? config->log_dirs[0] : terminated(loader, metadata);
}

static int by_name(const void *a, const void *b)
{
    return slice_compare(((const struct config_entry *)a)->name, ((const struct config_entry *)b)->name);
}

static void fill_static_configs(struct loader *loader)
{
    struct config_set *set = &loader->config->static_configs;
    set->resource_type = RESOURCE_BROKER;
    set->resource_name = SLICE("");
    set->entries = arena_new_array(&loader->config->arena, struct config_entry, loader->count);
    set->count = loader->count;
    for (int32_t i = 0; i < loader->count; i++)
        set->entries[i] = (struct config_entry){loader->settings[i].name, loader->settings[i].value};
    qsort(set->entries, (size_t)set->count, sizeof *set->entries, by_name);
}

static bool check_roles(struct loader *loader)
{
    struct slice *roles = NULL;
    int32_t count = setting_elements(loader, "process.roles", &roles);
    ensure(count > 0 && roles != NULL); /* check_settings has refused an empty list */
    if (count == 2)
        return true;
    if (slice_equal_str(roles[0], "broker"))
        return refuse_setting(loader, "process.roles",
                              "a broker without a controller joins a cluster, which is not supported yet; "
                              "set process.roles=broker,controller");
    return refuse_setting(
        loader, "process.roles",
        "a controller without a broker is not supported; set process.roles=broker,controller");
}

static bool load(struct loader *loader)
{
    if (!check_settings(loader) || !check_roles(loader) || !check_together(loader) || !check_groups(loader))
        return false;
    fill_members(loader);
    fill_directories(loader);
    fill_static_configs(loader);
    return load_authorizer(loader) && load_listeners(loader) && check_cordoned(loader);
}

bool config_load(struct config *config, const char *path, const struct override *overrides, size_t count,
                 bool dev, struct note *why)
{
    *config = (struct config){.broker_rack = SLICE_NULL, .storage = storage_config_default()};
    arena_init(&config->arena, SIZE_MAX);
    struct loader loader = {.config = config, .path = path, .why = why};
    if (path && !put_file(&loader))
        return false;
    put_overrides(&loader, overrides, count);
    if (!pair_ids(&loader))
        return false;
    put_presets(&loader, dev);
    return load(&loader);
}

void config_fini(struct config *config)
{
    arena_fini(&config->arena);
}
