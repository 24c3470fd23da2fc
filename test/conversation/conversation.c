/*
 * conversation: see conversation.h. Called by converse.c, once for each script.
 *
 * Invariants:
 * 1. What lives as long as the script (names, saved values, connections) lies in `arena`; what a step needs,
 * in `step_arena`.
 * 2. A connection's `pending` are the requests that wait for an answer, oldest first.
 */
#include "test/conversation/conversation.h"

#include <time.h>

#include "server/client.h"
#include "storage/os/clock.h"
#include "test/conversation/answer.h"
#include "test/conversation/arrange.h"

enum {
    WAIT_MS = 8000,      /* for an answer, where silence may be right */
    PATIENCE_MS = 60000, /* where it is not */
    UNTIL_MS = 60000,    /* for the answer that `until` wants */
    UNTIL_PAUSE_MS = 100,
    SERVES_MS = 60000, /* for a new topic's partitions */
    SERVES_PAUSE_MS = 50,
    CONNECT_MS = 60000,
    FIRST_CORRELATION_ID = 100,
};

struct waiting {
    struct pending pending;
    struct waiting *next;
};

struct connection {
    struct slice name;
    struct client client; /* fd -1: it ended; it opens again at the next use */
    struct waiting *waiting;
    struct connection *next;
};

struct conversation {
    const struct conversation_peer *peer;
    result_fn *done;
    silence_fn *is_silence_due;
    void *context;
    struct arena arena, step_arena;
    struct saved saved;
    struct masks masks;
    struct connection *connections;
    int32_t correlation_id;
    int version;
    struct note why;
};

static void pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (ms > 0 && nanosleep(&left, &left) != 0)
        ;
}

static struct expanding expanding(struct conversation *c)
{
    return (struct expanding){
        .saved = &c->saved, .masks = &c->masks, .arena = &c->step_arena, .why = &c->why};
}

static void put_text(struct conversation *c, struct json_value *to, const char *name, struct slice text)
{
    tree_put(to, slice_str(name), tree_string(&c->step_arena, text));
}

static void put_number(struct conversation *c, struct json_value *to, const char *name, int64_t number)
{
    tree_put(to, slice_str(name), tree_number(&c->step_arena, number));
}

static void put_flag(struct conversation *c, struct json_value *to, const char *name, bool value)
{
    tree_put(to, slice_str(name), tree_bool(&c->step_arena, value));
}

/* ---- connections ---- */

static void end_connection(struct connection *connection)
{
    client_close(&connection->client);
    connection->waiting = NULL;
}

static bool open_connection(struct conversation *c, struct connection *connection)
{
    static const char controllers[] = "controller";
    const size_t len = sizeof controllers - 1;
    const struct slice name = connection->name;
    bool is_controllers = name.len >= len && memcmp(name.data, controllers, len) == 0;
    uint16_t port = is_controllers ? c->peer->controller_port : c->peer->port;
    if (port != 0)
        return client_open(&connection->client, c->peer->host, port, CONNECT_MS, &c->why);
    note_set(&c->why, "nobody has said where the controller listens");
    return false;
}

/* Open, or NULL with the reason. */
static struct connection *get_connection(struct conversation *c, struct slice name)
{
    struct connection *connection = c->connections;
    while (connection != NULL && !slice_equal(connection->name, name))
        connection = connection->next;
    if (connection == NULL) {
        connection = arena_new(&c->arena, struct connection);
        *connection = (struct connection){arena_dup(&c->arena, name), {.fd = -1}, NULL, c->connections};
        c->connections = connection;
    }
    if (connection->client.fd < 0 && !open_connection(c, connection))
        return NULL;
    return connection;
}

static void close_connection(struct conversation *c, struct slice name)
{
    for (struct connection *connection = c->connections; connection != NULL; connection = connection->next)
        if (slice_equal(connection->name, name))
            end_connection(connection);
}

static void push_pending(struct conversation *c, struct connection *connection, const struct pending *pending)
{
    struct waiting **link = &connection->waiting;
    while (*link != NULL)
        link = &(*link)->next;
    *link = arena_new(&c->arena, struct waiting);
    (*link)->pending = *pending;
}

static const struct pending *pop_pending(struct connection *connection)
{
    struct waiting *first = connection->waiting;
    if (first == NULL)
        return NULL;
    connection->waiting = first->next;
    return &first->pending;
}

/* ---- answers ---- */

static void save_parts(struct conversation *c, const struct json_value *save, const struct json_value *answer)
{
    tree_for_each(part, save) {
        const struct json_value *value = tree_at(answer, part->text);
        if (value != NULL)
            saved_put(&c->saved, part->name, value);
        else
            saved_remove(&c->saved, part->name);
    }
}

/* Puts the masked answer into the result. False with the reason. */
static bool show_answer(struct conversation *c, const struct json_value *step, struct json_value *answer,
                        struct json_value *result)
{
    const struct json_value *keep = json_find(step, "keep"), *sort = json_find(step, "sort");
    struct mask_options options = {
        .hidden = json_find(step, "mask"),
        .shows_throttle = tree_is_true(json_find(step, "throttle")),
    };
    if (keep != NULL && !arrange_keep(answer, keep->text, &c->why))
        return false;
    arrange_sort(answer, sort);
    struct json_value *masked = masks_apply(&c->masks, answer, &options, &c->step_arena);
    arrange_sort(masked, sort); /* ids have an order only now */
    tree_put(result, SLICE("answer"), masked);
    return true;
}

/* What came instead of a frame. */
static void show_silence(struct conversation *c, struct connection *connection, const struct json_value *step,
                         struct json_value *result)
{
    put_flag(c, result, "silence", true);
    if (tree_is_true(json_find(step, "acks0")))
        pop_pending(connection); /* none is due, the connection goes on */
    else if (json_find(step, "await") == NULL)
        end_connection(connection);
}

/* Waits for the connection's next answer and puts it into the result. *plain is the answer as it came, NULL
 * if there was none. False with the reason if the script is wrong. */
static bool take_answer(struct conversation *c, struct connection *connection, const struct json_value *step,
                        struct json_value *result, struct json_value **plain)
{
    struct slice frame;
    int64_t wait_ms =
        c->is_silence_due(c->context) ? tree_integer(json_find(step, "wait_ms"), WAIT_MS) : PATIENCE_MS;
    *plain = NULL;
    switch (client_receive(&connection->client, wait_ms, &frame, NULL)) {
    case NET_TIMED_OUT:
        show_silence(c, connection, step, result);
        return true;
    case NET_CLOSED:
        end_connection(connection);
        put_flag(c, result, "closed", true);
        return true;
    default:
        break;
    }
    struct json_value *answer = answer_read(pop_pending(connection), frame, &c->step_arena, result);
    if (answer == NULL)
        return true;
    *plain = tree_copy(answer, &c->step_arena);
    const struct json_value *save = json_find(step, "save");
    if (save != NULL && save->kind == JSON_OBJECT)
        save_parts(c, save, answer);
    return show_answer(c, step, answer, result);
}

/* ---- exchanges ---- */

/* *waits: an answer is due now. */
static bool send_step(struct conversation *c, struct connection *connection, const struct json_value *step,
                      int version, bool *waits)
{
    struct expanding in = expanding(c);
    struct buf bytes = {0};
    struct pending pending;
    bool is_async = tree_is_true(json_find(step, "async")),
         no_answer = tree_is_true(json_find(step, "no_answer"));
    bool is_bytes = json_find(step, "raw") != NULL || json_find(step, "frame") != NULL;
    bool good = request_append(&in, step, version, c->correlation_id++, &bytes, &pending);
    if (good && !no_answer && !(is_bytes && is_async))
        push_pending(c, connection, &pending);
    if (good)
        client_send(&connection->client, buf_slice(&bytes),
                    PATIENCE_MS); /* whether it went shows when the answer is due */
    buf_fini(&bytes);
    *waits = !is_async && !no_answer;
    return good;
}

static void show_elapsed(struct conversation *c, const struct json_value *range, int64_t elapsed_ms,
                         struct json_value *result)
{
    int64_t low = tree_integer(range->first, 0),
            high = tree_integer(range->first != NULL ? range->first->next : NULL, 0);
    struct slice text = elapsed_ms >= low && elapsed_ms <= high
                            ? arena_printf(&c->step_arena, "%lld..%lld ms", (long long)low, (long long)high)
                            : arena_printf(&c->step_arena, "%lld ms", (long long)elapsed_ms);
    put_text(c, result, "elapsed", text);
}

static bool exchange(struct conversation *c, const struct json_value *step, struct json_value *result)
{
    const struct json_value *on = json_find(step, "on"), *until = json_find(step, "until");
    const struct json_value *elapsed = json_find(step, "elapsed");
    int64_t deadline_ms = clock_monotonic_ms() + tree_integer(json_find(step, "for_ms"), UNTIL_MS);
    for (;;) {
        struct json_value *attempt = tree_copy(result, &c->step_arena), *plain;
        struct connection *connection = get_connection(c, on != NULL ? on->text : SLICE("main"));
        int64_t started_ms = clock_monotonic_ms();
        bool waits;
        if (connection == NULL || !send_step(c, connection, step, c->version, &waits))
            return false;
        if (!waits) {
            put_flag(c, result, "sent", true);
            return true;
        }
        if (!take_answer(c, connection, step, attempt, &plain))
            return false;
        bool done = until == NULL || answer_matches(plain, until);
        if (!done && clock_monotonic_ms() < deadline_ms) {
            pause_ms(UNTIL_PAUSE_MS);
            continue;
        }
        if (!done)
            put_text(c, attempt, "until", SLICE("never"));
        if (elapsed != NULL)
            show_elapsed(c, elapsed, clock_monotonic_ms() - started_ms, attempt);
        *result = *attempt;
        return true;
    }
}

/* ---- create ---- */

/* A request of the runner's own, over a connection of its own. NULL: no answer that can be read. */
static struct json_value *ask(struct conversation *c, const char *api, int version,
                              struct json_value *request)
{
    struct connection *connection = get_connection(c, SLICE("converse"));
    struct json_value *step = tree_object(&c->step_arena), *plain = NULL;
    bool waits;
    put_text(c, step, "api", slice_str(api));
    tree_put(step, SLICE("request"), request);
    if (connection == NULL || !send_step(c, connection, step, version, &waits)
        || !take_answer(c, connection, step, tree_object(&c->step_arena), &plain))
        return NULL;
    if (plain == NULL)
        note_set(&c->why, "no answer to %s v%d that can be read", api, version);
    return plain;
}

static struct json_value *creation_of(struct conversation *c, const struct json_value *step,
                                      int64_t partitions)
{
    struct arena *arena = &c->step_arena;
    struct json_value *request = tree_object(arena), *topics = tree_array(arena), *topic = tree_object(arena);
    struct json_value *configs = tree_array(arena);
    tree_put(request, SLICE("topics"), topics);
    tree_append(topics, topic);
    put_text(c, topic, "name", json_find(step, "create")->text);
    put_number(c, topic, "numPartitions", partitions);
    put_number(c, topic, "replicationFactor", 1);
    tree_put(topic, SLICE("configs"), configs);
    tree_for_each(config, json_find(step, "configs")) {
        struct json_value *entry = tree_object(arena);
        put_text(c, entry, "name", config->name);
        put_text(c, entry, "value", tree_text(config));
        tree_append(configs, entry);
    }
    return request;
}

static struct json_value *offsets_of(struct conversation *c, struct slice name, int64_t partitions)
{
    struct arena *arena = &c->step_arena;
    struct json_value *request = tree_object(arena), *topics = tree_array(arena), *topic = tree_object(arena);
    struct json_value *list = tree_array(arena);
    put_number(c, request, "replicaId", -1);
    tree_put(request, SLICE("topics"), topics);
    tree_append(topics, topic);
    put_text(c, topic, "name", name);
    tree_put(topic, SLICE("partitions"), list);
    for (int64_t i = 0; i < partitions; i++) {
        struct json_value *partition = tree_object(arena);
        put_number(c, partition, "partitionIndex", i);
        put_number(c, partition, "timestamp", -2);
        tree_append(list, partition);
    }
    return request;
}

static bool all_serve(const struct json_value *answer, int64_t partitions)
{
    const struct json_value *list = tree_at(answer, SLICE("/topics/0/partitions"));
    tree_for_each(partition, list)
        if (tree_integer(json_find(partition, "errorCode"), -1) != 0)
            return false;
    return list != NULL && list->count == partitions;
}

/* Makes a topic and waits until its partitions serve. */
static bool create(struct conversation *c, const struct json_value *step, struct json_value *result)
{
    struct slice name = json_find(step, "create")->text;
    const struct json_value *save = json_find(step, "save");
    int64_t partitions = tree_integer(json_find(step, "partitions"), 1);
    if (json_find(step, "note") == NULL)
        put_text(c, result, "step", arena_printf(&c->step_arena, "create: %.*s", SLICE_ARGS(name)));
    const struct json_value *answer = ask(c, "CreateTopics", 7, creation_of(c, step, partitions));
    const struct json_value *created = answer == NULL ? NULL : tree_at(answer, SLICE("/topics/0"));
    if (created == NULL)
        return false;
    if (tree_integer(json_find(created, "errorCode"), 0) != 0) {
        tree_put(result, SLICE("failed"), tree_copy(created, &c->step_arena));
        return true;
    }
    if (save != NULL)
        saved_put(&c->saved, save->text, json_find(created, "topicId"));
    int64_t deadline_ms = clock_monotonic_ms() + SERVES_MS;
    bool serves = false;
    while (!serves && clock_monotonic_ms() < deadline_ms) {
        answer = ask(c, "ListOffsets", 7, offsets_of(c, name, partitions));
        if (answer == NULL)
            return false;
        serves = all_serve(answer, partitions);
        if (!serves)
            pause_ms(SERVES_PAUSE_MS);
    }
    put_flag(c, result, "serves", serves);
    return true;
}

/* ---- steps ---- */

/* "Fetch v11: partition max -1", "create", "raw: size 0", or the note alone. */
static struct slice label_of(struct conversation *c, const struct step *step)
{
    const struct json_value *api = json_find(step->value, "api"), *note = json_find(step->value, "note");
    static const char *const marks[] = {"create", "await", "raw", "frame"};
    struct slice label = SLICE("");
    if (api != NULL)
        label = arena_printf(&c->step_arena, "%.*s v%d", SLICE_ARGS(api->text), c->version);
    for (size_t i = 0; api == NULL && i < sizeof marks / sizeof marks[0]; i++)
        if (json_find(step->value, marks[i]) != NULL)
            label = slice_str(marks[i]);
    if (note == NULL)
        return label;
    return arena_printf(&c->step_arena, "%.*s%s%.*s", SLICE_ARGS(label), label.len > 0 ? ": " : "",
                        SLICE_ARGS(note->text));
}

/* False with the reason if the script is at fault. *shows: it has a result. */
static bool act(struct conversation *c, const struct step *step, struct json_value *result, bool *shows)
{
    struct expanding in = expanding(c);
    struct json_value *plain, *value = values_substitute(&in, step->value);
    if (value == NULL)
        return false;
    switch (step->kind) {
    case STEP_SLEEP:
        pause_ms(tree_integer(json_find(value, "sleep_ms"), 0));
        *shows = false;
        return true;
    case STEP_CLOSE:
        close_connection(c, json_find(value, "close")->text);
        *shows = false;
        return true;
    case STEP_CREATE:
        return create(c, value, result);
    case STEP_AWAIT: {
        struct connection *connection = get_connection(c, json_find(value, "await")->text);
        return connection != NULL && take_answer(c, connection, value, result, &plain);
    }
    case STEP_BYTES:
    case STEP_REQUEST:
        return exchange(c, value, result);
    default:
        return true; /* a note is its own result */
    }
}

static void perform(struct conversation *c, const struct step *step, int version)
{
    bool shows = true;
    arena_reset(&c->step_arena);
    c->version = version;
    c->why.text[0] = '\0';
    saved_put(&c->saved, SLICE("version"), tree_number(&c->step_arena, version));
    struct json_value *result = tree_object(&c->step_arena);
    put_number(c, result, "line", step->line);
    put_text(c, result, "step", label_of(c, step));
    if (!act(c, step, result, &shows))
        put_text(c, result, "failed", arena_dup(&c->step_arena, slice_str(c->why.text)));
    if (shows)
        c->done(c->context, result);
}

static void start(struct conversation *c, const struct conversation_peer *peer)
{
    c->peer = peer;
    c->correlation_id = FIRST_CORRELATION_ID;
    arena_init(&c->arena, SIZE_MAX);
    arena_init(&c->step_arena, SIZE_MAX);
    c->saved.arena = &c->arena;
    /* An hour ago: the broker's clock never shows a time of the script's. */
    int64_t t0 = clock_wall_ms() / 1000 * 1000 - 3600 * 1000;
    masks_init(&c->masks, &c->arena, peer->host, peer->port, t0);
    c->masks.controller_port = peer->controller_port;
    saved_put(&c->saved, SLICE("t0"), tree_number(&c->arena, t0));
    saved_put(&c->saved, SLICE("host"), tree_string(&c->arena, slice_str(peer->host)));
    saved_put(&c->saved, SLICE("port"), tree_number(&c->arena, peer->port));
}

void conversation_hold(const struct step *steps, const struct conversation_peer *peer, result_fn *done,
                       silence_fn *is_silence_due, void *context)
{
    struct conversation c = {.done = done, .is_silence_due = is_silence_due, .context = context};
    start(&c, peer);
    for (const struct step *step = steps; step != NULL; step = step->next)
        for (int version = step->first_version; version <= step->last_version; version++)
            perform(&c, step, version);
    for (struct connection *connection = c.connections; connection != NULL; connection = connection->next)
        end_connection(connection);
    arena_fini(&c.arena);
    arena_fini(&c.step_arena);
}
