/*
 * test_dump_command: `odradek dump`. Trust comes from Apache Kafka's own dump-log of its own directories
 * (test/golden/directories): every line of it is looked for in ours, file by file and in order. Damage is
 * made by hand.
 */
#include "protocol/schema/json_reader.h"
#include "protocol/schema/json_text.h"
#include "server/dump/dump.h"
#include "server/dump_command.h"
#include "test/golden/damages.h"

#include <fcntl.h>

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

/* ---- running it ---- */

static char *slurp(const char *path)
{
    char *text;
    ck_assert_int_ge(file_read_all(file_system_os(), path, 1 << 28, &text), 0);
    return text;
}

/* What is printed of one file; the caller frees. */
static char *dump_text(const char *path, const char *directory, bool json, bool *damaged)
{
    const char *out = test_path("out");
    int fd = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    struct dump dump;
    dump_init(&dump, file_system_os(), fd, json);
    dump_file(&dump, path, directory);
    *damaged = dump.damaged;
    ck_assert(dump_finish(&dump));
    close(fd);
    return slurp(out);
}

/* Runs the command in a process of its own; stdout comes back (the caller frees). */
static char *run_command(char **argv, int argc, int *status)
{
    const char *out = test_path("out");
    fflush(stdout);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int fd = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDOUT_FILENO);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        int code = dump_command(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    ck_assert_int_eq(waitpid(child, status, 0), child);
    ck_assert(WIFEXITED(*status));
    *status = WEXITSTATUS(*status);
    return slurp(out);
}

/* ---- as Apache Kafka's dump-log ---- */

struct comparison {
    char root[512];
    char file[600];  /* that is being dumped, as Kafka names it */
    char *ours;      /* all lines */
    char *next;      /* the next one */
    int lines;       /* that were compared */
    bool is_skipped; /* Kafka lists no content of this file */
};

static const char *our_line(struct comparison *comparison)
{
    for (;;) {
        char *line = comparison->next;
        ck_assert_msg(*line != '\0', "%s: Kafka has more lines", comparison->file);
        size_t len = strcspn(line, "\n");
        line[len] = '\0';
        comparison->next = line + len + 1;
        if (strncmp(line, "{\"type\":\"file\"", 14) != 0
            && strncmp(line, "{\"type\":\"preallocated\"", 22) != 0)
            return line;
    }
}

static void finish_file(struct comparison *comparison)
{
    if (comparison->ours == NULL)
        return;
    const char *rest = comparison->next;
    ck_assert_msg(*rest == '\0' || comparison->is_skipped
                      || strncmp(rest, "{\"type\":\"preallocated\"", 22) == 0
                      || strncmp(rest, "{\"type\":\"file\"", 14) == 0,
                  "%s: we print more than Kafka: %.200s", comparison->file, rest);
    free(comparison->ours);
    comparison->ours = NULL;
}

static void begin_file(struct comparison *comparison, const char *name)
{
    char path[1024], directory[300];
    bool damaged;
    finish_file(comparison);
    snprintf(comparison->file, sizeof comparison->file, "%s", name);
    snprintf(path, sizeof path, "%s/%s", comparison->root, name);
    snprintf(directory, sizeof directory, "%.*s", (int)strcspn(name + 2, "/"), name + 2);
    comparison->ours = comparison->next = dump_text(path, directory, true, &damaged);
    ck_assert_msg(!damaged, "%s: %s", path, comparison->ours);
}

/* `"name":number` must be in our line. */
static void expect_number(const struct comparison *comparison, const char *ours, const char *name,
                          long long number)
{
    char wanted[100];
    snprintf(wanted, sizeof wanted, "\"%s\":%lld", name, number);
    const char *found = strstr(ours, wanted);
    ck_assert_msg(found != NULL && strchr(",}", found[strlen(wanted)]) != NULL, "%s: no %s in %s",
                  comparison->file, wanted, ours);
}

static void expect_text(const struct comparison *comparison, const char *ours, const char *wanted)
{
    ck_assert_msg(strstr(ours, wanted) != NULL, "%s: no %s in %s", comparison->file, wanted, ours);
}

static void compare_batch(struct comparison *comparison, const char *kafka)
{
    static const char *const numbers[] = {
        "baseOffset",    "lastOffset",           "count",    "baseSequence", "lastSequence", "producerId",
        "producerEpoch", "partitionLeaderEpoch", "position", "size",         "magic",        "crc"};
    const char *ours = our_line(comparison);
    char label[60], codec[20];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(label, sizeof label, "%s: ", numbers[i]);
        expect_number(comparison, ours, numbers[i], golden_number(kafka, label));
    }
    bool append_time = strstr(kafka, " LogAppendTime: ") != NULL;
    expect_number(comparison, ours, "maxTimestamp",
                  golden_number(kafka, append_time ? " LogAppendTime: " : " CreateTime: "));
    expect_text(comparison, ours, append_time ? "\"LogAppendTime\"" : "\"CreateTime\"");
    expect_text(comparison, ours,
                strstr(kafka, "isTransactional: true") ? "\"isTransactional\":true"
                                                       : "\"isTransactional\":false");
    expect_text(comparison, ours,
                strstr(kafka, "isControl: true") ? "\"isControl\":true" : "\"isControl\":false");
    expect_text(comparison, ours, strstr(kafka, "isvalid: true") ? "\"isValid\":true" : "\"isValid\":false");
    ck_assert_int_eq(sscanf(strstr(kafka, "compresscodec: "), "compresscodec: %19s", codec), 1);
    snprintf(label, sizeof label, "\"codec\":\"%s\"", codec);
    expect_text(comparison, ours, label);
    if (strstr(kafka, "deleteHorizonMs: OptionalLong[") != NULL)
        expect_number(comparison, ours, "deleteHorizon",
                      golden_number(kafka, "deleteHorizonMs: OptionalLong["));
}

/* `"name":"text` where Kafka printed the text as it is; what it could not print is left alone. */
static void expect_bytes(const struct comparison *comparison, const char *ours, const char *name,
                         const char *text, size_t len)
{
    struct buf wanted = {0};
    if (memmem(text, len, "\xef\xbf\xbd", 3) != NULL)
        return;
    buf_printf(&wanted, "\"%s\":\"", name);
    json_print_text(&wanted, slice_of(text, len));
    buf_append_char(&wanted, '\0');
    expect_text(comparison, ours, (const char *)wanted.data);
    buf_fini(&wanted);
}

/* Every object behind `"data":` in Kafka's line is in ours, letter by letter; but for what a classic group's
 * members said in their own protocol, which Kafka decodes once more. */
static void expect_data(const struct comparison *comparison, const char *ours, const char *kafka)
{
    static const char label[] = "\"data\":";
    for (const char *at = strstr(kafka, label); at != NULL; at = strstr(at + 1, label)) {
        const char *end = strstr(at, "}} payload: ");
        const char *inner = strstr(at, "\"subscription\":{");
        size_t len = end != NULL ? (size_t)(end - at) + 1 : strlen(at) - 1;
        if (inner != NULL && inner < at + len)
            len = (size_t)(inner - at);
        ck_assert_msg(memmem(ours, strlen(ours), at, len) != NULL, "%s\nKafka %s\nhere  %s", comparison->file,
                      kafka, ours);
    }
}

/* "... key: transaction_metadata::transactionalId=tx-1 payload: producerId:2,producerEpoch:0,state=...", as 3.9
 * prints them. */
static void compare_transaction(const struct comparison *comparison, const char *ours, const char *kafka)
{
    char id[100], wanted[160];
    ck_assert_int_eq(sscanf(strstr(kafka, "transactionalId="), "transactionalId=%99s", id), 1);
    snprintf(wanted, sizeof wanted, "{\"transactionalId\":\"%s\"}", id);
    expect_text(comparison, ours, wanted);
    expect_number(comparison, ours, "producerId", golden_number(kafka, "producerId:"));
    expect_number(comparison, ours, "producerEpoch", golden_number(kafka, "producerEpoch:"));
    expect_number(comparison, ours, "transactionTimeoutMs", golden_number(kafka, "txnTimeoutMs="));
    expect_number(comparison, ours, "transactionLastUpdateTimestampMs",
                  golden_number(kafka, "txnLastUpdateTimestamp="));
}

static void compare_record(struct comparison *comparison, const char *kafka)
{
    const char *ours = our_line(comparison);
    const char *behind = strchr(strstr(kafka, "headerKeys: "), ']') + 1;
    expect_number(comparison, ours, "offset", golden_number(kafka, " offset: "));
    expect_number(comparison, ours, "timestamp", golden_number(kafka, "Time: "));
    if (golden_number(kafka, " sequence: ") != -1)
        expect_number(comparison, ours, "sequence", golden_number(kafka, " sequence: "));
    if (strstr(behind, "\"data\":{") != NULL) {
        expect_data(comparison, ours, behind);
    } else if (strstr(behind, "{\"version\":") != NULL) { /* LeaderChange and its like */
        expect_text(comparison, ours, strchr(behind, '{'));
    } else if (strstr(behind, "endTxnMarker: ") != NULL) {
        expect_text(comparison, ours, strstr(behind, "COMMIT") ? "\"COMMIT\"" : "\"ABORT\"");
        expect_number(comparison, ours, "coordinatorEpoch", golden_number(behind, "coordinatorEpoch: "));
    } else if (strstr(behind, "transaction_metadata::") != NULL) {
        compare_transaction(comparison, ours, behind);
    } else {
        const char *key = strstr(behind, " key: "), *payload = strstr(behind, " payload: ");
        if (key != NULL)
            expect_bytes(comparison, ours, "key", key + 6,
                         payload != NULL ? (size_t)(payload - key - 6) : strlen(key + 6));
        if (payload != NULL)
            expect_bytes(comparison, ours, "value", payload + 10, strlen(payload + 10));
        if (golden_number(kafka, "keySize: ") == -1)
            expect_text(comparison, ours, "\"key\":null");
        if (golden_number(kafka, "valueSize: ") == -1)
            expect_text(comparison, ours, "\"value\":null");
    }
}

static void compare_numbers(struct comparison *comparison, const char *kafka, const char *const *names)
{
    char label[60];
    const char *ours = our_line(comparison);
    for (; *names != NULL; names++) {
        snprintf(label, sizeof label, "%s: ", *names);
        if (strstr(kafka, label) != NULL)
            expect_number(comparison, ours, *names, golden_number(kafka, label));
    }
}

static void compare_line(struct comparison *comparison, const char *kafka)
{
    static const char *const aborted[] = {"producerId", "firstOffset", "lastOffset", "lastStableOffset",
                                          NULL};
    static const char *const producer[] = {
        "producerId",    "producerEpoch", "coordinatorEpoch", "lastSequence",
        "lastTimestamp", "lastOffset",    "offsetDelta",      NULL};
    static const char *const time_entry[] = {"timestamp", "offset", NULL};
    static const char *const entry[] = {"offset", "position", NULL};
    if (strncmp(kafka, "baseOffset: ", 12) == 0)
        compare_batch(comparison, kafka);
    else if (strncmp(kafka, "| offset: ", 10) == 0)
        compare_record(comparison, kafka);
    else if (strncmp(kafka, "version: 0 producerId: ", 23) == 0)
        compare_numbers(comparison, kafka, aborted);
    else if (strncmp(kafka, "producerId: ", 12) == 0)
        compare_numbers(comparison, kafka, producer);
    else if (strncmp(kafka, "timestamp: ", 11) == 0 && strncmp(kafka, "timestamp: 0 ", 13) != 0)
        compare_numbers(comparison, kafka, time_entry);
    else if (strncmp(kafka, "offset: ", 8) == 0 && strstr(kafka, " position: 0") == NULL)
        compare_numbers(comparison, kafka, entry);
    else
        return;
    comparison->lines++;
}

static void compare_section(struct comparison *comparison, const char *expected, const char *header)
{
    static char line[1 << 16];
    const char *at = golden_section(expected, header);
    comparison->lines = 0;
    while (golden_line(&at, line, sizeof line)) {
        if (strncmp(line, "Mismatches in ", 14) == 0 || strncmp(line, "Found timestamp ", 16) == 0)
            break; /* what Kafka makes of the zeros behind the entries of a running broker */
        if (strncmp(line, "Dumping ", 8) == 0)
            begin_file(comparison, line + 8);
        else if (comparison->ours != NULL)
            compare_line(comparison, line);
    }
    comparison->is_skipped = true; /* the last one may have been cut short */
    finish_file(comparison);
    comparison->is_skipped = false;
    ck_assert_msg(comparison->lines > 0, "nothing to compare in '%s'", header);
}

START_TEST(what_kafka_dumps_is_what_we_dump)
{
    static const char *const sections[] = {
        "==== metadata log and snapshots", "==== consumer offsets",
        "==== transaction state",          "==== logs",
        "==== transaction indexes",        "==== offset and time indexes",
    };
    struct comparison comparison = {0};
    snprintf(comparison.root, sizeof comparison.root, "%s", golden_unpack(golden_names[_i], "data"));
    char *expected = golden_expected(golden_names[_i]);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        compare_section(&comparison, expected, sections[i]);
    if (strncmp(golden_names[_i], "4.", 2) == 0)
        compare_section(&comparison, expected, "==== share group state");
    free(expected);
}
END_TEST

/* Both forms of everything in the directory, as the command does it. */
START_TEST(a_whole_directory_is_dumped_without_damage)
{
    char path[512];
    snprintf(path, sizeof path, "%s", golden_unpack(golden_names[_i], "data"));
    char *words[] = {path, "--json"};
    for (int argc = 1; argc <= 2; argc++) {
        char *argv[] = {words[0], words[1]};
        int status;
        char *text = run_command(argv, argc, &status);
        ck_assert_int_eq(status, 0);
        ck_assert(strstr(text, "undecoded") == NULL);
        ck_assert(strstr(text, argc == 1 ? "TopicRecord v0 {\"name\":\"plain\""
                                         : "{\"name\":\"TopicRecord\",\"version\":0,\"data\":{\"name\":"
                                           "\"plain\"")
                  != NULL);
        free(text);
    }
}
END_TEST

/* ---- damage ---- */

enum { BATCHES = 4 };

/* A segment of four batches of three records; where each begins. */
static const char *make_log(int64_t positions[BATCHES + 1], uint8_t *damage_at, int64_t damage)
{
    const char *path = test_path("00000000000000000000.log");
    struct buf log = {0};
    for (int i = 0; i < BATCHES; i++) {
        size_t len;
        uint8_t *batch =
            make_batch(&(struct batch_wish){.base_offset = 3 * i, .records = 3, .value_len = 20}, &len);
        positions[i] = (int64_t)log.len;
        buf_append(&log, batch, len);
        free(batch);
    }
    positions[BATCHES] = (int64_t)log.len;
    if (damage_at != NULL)
        log.data[damage] = *damage_at;
    int file = file_open(file_system_os(), path, FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_eq(file_write(file_system_os(), file, log.data, log.len, 0), 0);
    file_close(file_system_os(), file);
    buf_fini(&log);
    return path;
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        count++;
    return count;
}

START_TEST(a_dump_goes_on_behind_a_damaged_place)
{
    static const struct {
        const char *name;
        int at; /* in the second batch */
        uint8_t byte;
        int records; /* that are printed all the same */
        const char *says;
    } cases[] = {
        {"magic", BATCH_MAGIC_AT, 9, 9, "its magic would be 9"},
        {"old", BATCH_MAGIC_AT, 1, 9, "a message of format 1"},
        {"longer than the file", BATCH_LENGTH_AT, 0x70, 9, "of which"},
        {"into the next batch", BATCH_LENGTH_AT + 3, 0xb0, 9, "behind it is none"},
        {"negative", BATCH_LENGTH_AT, 0xff, 9, "a batch whose length is -"},
        {"the last byte", 140, 'x', 12, "the checksum is wrong"},
        {"a record's length", BATCH_HEADER_SIZE, 0x7f, 9, "the records cannot all be read"},
        {"codec", BATCH_ATTRIBUTES_AT + 1, 7, 9, "the records cannot all be read"},
    };
    int64_t positions[BATCHES + 1];
    uint8_t byte = cases[_i].byte;
    bool damaged;
    make_log(positions, NULL, 0);
    const char *path = make_log(positions, &byte, positions[1] + cases[_i].at);
    char *text = dump_text(path, "t-0", false, &damaged);
    char place[60];
    snprintf(place, sizeof place, "damage position %lld ", (long long)positions[1]);
    ck_assert_msg(damaged, "%s", cases[_i].name);
    ck_assert_msg(strstr(text, place) != NULL && strstr(text, cases[_i].says) != NULL, "%s: %s",
                  cases[_i].name, text);
    ck_assert_msg(count_of(text, "\nrecord ") == cases[_i].records, "%s: %s", cases[_i].name, text);
    free(text);
}
END_TEST

/* The file is cut or grown behind its batches. */
static char *dump_with_tail(int64_t size, const void *tail, size_t len, bool *damaged)
{
    int64_t positions[BATCHES + 1];
    const char *path = make_log(positions, NULL, 0);
    int file = file_open(file_system_os(), path, FILE_WRITE);
    ck_assert_int_eq(file_truncate(file_system_os(), file, size < 0 ? positions[BATCHES] + size : size), 0);
    if (len > 0)
        ck_assert_int_eq(file_write(file_system_os(), file, tail, len, positions[BATCHES]), 0);
    file_close(file_system_os(), file);
    return dump_text(path, "t-0", false, damaged);
}

START_TEST(a_cut_or_preallocated_end_is_said)
{
    bool damaged;
    char *text = dump_with_tail(-10, NULL, 0, &damaged);
    ck_assert(damaged && count_of(text, "\nrecord ") == 9 && strstr(text, "of which") != NULL);
    free(text);
    text = dump_with_tail(3 << 20, NULL, 0, &damaged);
    ck_assert(damaged && count_of(text, "\nrecord ") == 12 && strstr(text, "zeros up to the end") != NULL);
    free(text);
    text = dump_with_tail(-1 + 1, "abc", 3, &damaged);
    ck_assert(damaged && count_of(text, "\nrecord ") == 0);
    free(text);
}
END_TEST

START_TEST(offsets_can_be_chosen)
{
    int64_t positions[BATCHES + 1];
    char *argv[] = {(char *)(uintptr_t)make_log(positions, NULL, 0), "--from", "4", "--to", "6"};
    int status;
    char *text = run_command(argv, 5, &status);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(count_of(text, "\nbatch "), 2);
    ck_assert_int_eq(count_of(text, "\nrecord "), 3);
    free(text);
    char *again[] = {(char *)(uintptr_t)make_log(positions, NULL, 0), "--batches", "--json"};
    text = run_command(again, 3, &status);
    ck_assert_int_eq(count_of(text, "{\"type\":\"batch\""), BATCHES);
    ck_assert_int_eq(count_of(text, "{\"type\":\"record\""), 0);
    free(text);
}
END_TEST

START_TEST(the_exit_status_says_whether_all_was_well)
{
    static const struct {
        int argc;
        const char *argv[3];
        int status;
    } cases[] = {
        {0, {NULL}, 2},          {1, {"--nonsense"}, 2},
        {2, {"--from", "x"}, 2}, {2, {"--as", "nothing"}, 2},
        {1, {"--as"}, 2},        {1, {"/nowhere/00000000000000000000.log"}, 1},
        {1, {"--help"}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *argv[3];
        int status;
        for (int word = 0; word < cases[i].argc; word++)
            argv[word] = (char *)(uintptr_t)cases[i].argv[word];
        free(run_command(argv, cases[i].argc, &status));
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, status);
    }
}
END_TEST

/* ---- small files ---- */

static char *dump_content(const char *name, const void *content, size_t len, bool json, bool *damaged)
{
    const char *path = test_path(name);
    int file = file_open(file_system_os(), path, FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_eq(file_write(file_system_os(), file, content, len, 0), 0);
    file_close(file_system_os(), file);
    return dump_text(path, "t-0", json, damaged);
}

START_TEST(text_files_are_read_up_to_their_end_whatever_is_wrong)
{
    static const struct {
        const char *name, *content, *wanted;
        bool damaged;
    } cases[] = {
        {"replication-offset-checkpoint", "0\n3\nt 0 5\nt x 6\nu 1 7\n",
         "\"topic\":\"u\",\"partition\":1,\"offset\":7", true},
        {"recovery-point-offset-checkpoint", "0\n3\nt 0 5\n", "fewer entries", true},
        {"log-start-offset-checkpoint", "0\n0\nt 0 5\nt 0 6\n", "more entries", true},
        {"cleaner-offset-checkpoint", "", "offset checkpoint", false},
        {"leader-epoch-checkpoint", "0\n2\n0 0\n3 10\n",
         "{\"type\":\"epoch\",\"epoch\":3,\"startOffset\":10}", false},
        {"partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ",
         "{\"type\":\"property\",\"name\":\"topic_id\",\"value\":\"AAAAAAAAAAAAAAAAAAAAAQ\"}", false},
        {"meta.properties", "#\nnode.id=1\ncluster.id=a\\:b\n", "\"value\":\"a:b\"", false},
        {"quorum-state", "{\"leaderId\":1,\"leaderEpoch\":3,\"votedId\":-1,\"data_version\":1}",
         "{\"type\":\"quorumState\",\"dataVersion\":1,\"leaderId\":1,\"leaderEpoch\":3,\"votedId\":-1,"
         "\"currentVoters\":[]}",
         false},
        {"quorum-state", "nothing", "\"damage\"", true},
        {".kafka_cleanshutdown", "{\"version\":0,\"brokerEpoch\":12}", "brokerEpoch\\\":12", false},
        {"00000000000000000009.log.deleted", "", "\"state\":\"deleted\",\"offset\":9", false},
        {"00000000000000000009.log.17.damaged", "",
         "\"kind\":\"log segment\",\"state\":\"damaged\",\"offset\":9", false},
        {"00000000000000000009.log.17.damaged", "what is left", "less than a batch", true},
        {"something.log.17.damaged", "", "no file of this name", true},
        {"something.else", "", "no file of this name", true},
    };
    bool damaged;
    char *text = dump_content(cases[_i].name, cases[_i].content, strlen(cases[_i].content), true, &damaged);
    ck_assert_msg(strstr(text, cases[_i].wanted) != NULL, "%s: %s", cases[_i].name, text);
    ck_assert_msg(damaged == cases[_i].damaged, "%s: %s", cases[_i].name, text);
    free(text);
}
END_TEST

/* Damage that shows in a file by itself; other rows are about what files say together, or leave out. */
static bool is_damage_of_a_file(const struct row *row)
{
    static const char *const rules[] = {
        "batch-damaged",  "torn-end",           "batch-codec",    "batch-count",
        "records",        "checkpoint-damaged", "epochs-damaged", "snapshot-damaged",
        "cluster-record", "txn-index-version",  "quorum-state",   "set-aside",
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(row->rule, rules[i]) == 0)
            return true;
    return false;
}

/* Others only make, move or remove files. */
static bool changes_bytes(const struct row *row)
{
    return strstr(row->shell, "poke ") != NULL || strstr(row->shell, "truncate ") != NULL
           || strchr(row->shell, '>') != NULL;
}

/* Each line is an object of its own. */
static void expect_json_lines(char *text)
{
    struct arena arena;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    for (char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        ck_assert_msg(line[len] == '\n', "a line without an end: %.200s", line);
        const struct json_value *value = json_read(slice_of(line, len), &arena, &why);
        ck_assert_msg(value != NULL && value->kind == JSON_OBJECT, "%.200s: %s", line, why.text);
        arena_reset(&arena);
        line += len + 1;
    }
    arena_fini(&arena);
}

static int count_files(const char *path)
{
    char command[800];
    int count = -1;
    snprintf(command, sizeof command, "find '%s' -type f | wc -l", path);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_int_eq(fscanf(pipe, "%d", &count), 1);
    ck_assert_int_eq(pclose(pipe), 0);
    return count;
}

/* test/golden/damages.table: no damage ends the dump, every file is printed, and what is damaged is said. */
START_TEST(a_damaged_directory_is_dumped_to_its_end)
{
    const struct row *row = &rows[_i];
    char path[512], json[] = "--json";
    int status;
    if (!changes_bytes(row))
        return;
    copy_golden(row->directory, path);
    damage(path, row->shell);
    char *argv[] = {json, path};
    char *text = run_command(argv, 2, &status);
    expect_json_lines(text);
    ck_assert_int_eq(count_of(text, "{\"type\":\"file\","), count_files(path));
    bool said = strstr(text, "{\"type\":\"damage\"") != NULL || strstr(text, "\"isValid\":false") != NULL
                || strstr(text, "\"undecoded\"") != NULL;
    ck_assert_msg(status == said, "row %d (%s): status %d", _i + 1, row->shell, status);
    ck_assert_msg(said || !is_damage_of_a_file(row) || second_directory() != NULL, "row %d (%s): not a word",
                  _i + 1, row->shell);
    free(text);
}
END_TEST

START_TEST(our_own_files_belong_into_a_directory)
{
    static const char *const names[] = {".reserve", ".suspect-AAAAAAAAAAAAAAAAAAAAAA"};
    bool damaged;
    char *text = dump_content(names[_i], "", 0, true, &damaged);
    ck_assert_msg(!damaged && strstr(text, "\"kind\":\"unknown\"") == NULL, "%s", text);
    free(text);
}
END_TEST

START_TEST(zeros_in_an_index_are_counted_and_not_printed)
{
    uint8_t bytes[80] = {0};
    bool damaged;
    store_i32(bytes, 7);
    store_i32(bytes + 4, 500);
    char *text = dump_content("00000000000000000100.index", bytes, sizeof bytes, true, &damaged);
    ck_assert(!damaged);
    ck_assert(strstr(text, "{\"type\":\"entry\",\"offset\":107,\"position\":500}") != NULL);
    ck_assert(strstr(text, "{\"type\":\"preallocated\",\"position\":8,\"size\":72}") != NULL);
    free(text);
    store_i32(bytes + 72, 9);
    text = dump_content("00000000000000000100.index", bytes, 77, true, &damaged);
    ck_assert(damaged);
    free(text);
    text = dump_content("00000000000000000100.timeindex", bytes + 8, 12, true, &damaged);
    ck_assert(strstr(text, "{\"type\":\"entry\",\"timestamp\":0,\"offset\":100}") != NULL);
    free(text);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_told_from_text)
{
    struct lines lines;
    lines_init(&lines, -1, true);
    line_begin(&lines, "x");
    line_bytes(&lines, "a", SLICE("a\"\n"));
    line_bytes(&lines, "b", SLICE("\xff\x00"));
    line_bytes(&lines, "c", SLICE_NULL);
    line_time(&lines, "d", 951782399999);
    ck_assert(slice_equal_str(buf_slice(&lines.bytes),
                              "{\"type\":\"x\",\"a\":\"a\\\"\\n\",\"bBase64\":\"/wA=\",\"c\":null,\"d\":"
                              "951782399999"));
    lines.json = false;
    lines.bytes.len = 0;
    line_bytes(&lines, "b", SLICE("\xff\x00"));
    line_time(&lines, "t", 951782399999);
    line_time(&lines, "t", 951868800000);
    line_time(&lines, "t", -1);
    ck_assert(slice_equal_str(buf_slice(&lines.bytes),
                              " b base64:/wA= t 2000-02-28T23:59:59.999Z t 2000-03-01T00:00:00.000Z t -1"));
    lines_finish(&lines);
}
END_TEST

int main(void)
{
    read_rows();
    Suite *suite = suite_create("dump_command");
    TCase *tcase = tcase_create("dump_command");
    tcase_set_timeout(tcase, 250);
    tcase_add_unchecked_fixture(tcase, unpack_all, remove_originals);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, what_kafka_dumps_is_what_we_dump, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, a_whole_directory_is_dumped_without_damage, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, a_dump_goes_on_behind_a_damaged_place, 0, 8);
    tcase_add_test(tcase, a_cut_or_preallocated_end_is_said);
    tcase_add_test(tcase, offsets_can_be_chosen);
    tcase_add_test(tcase, the_exit_status_says_whether_all_was_well);
    tcase_add_loop_test(tcase, text_files_are_read_up_to_their_end_whatever_is_wrong, 0, 15);
    tcase_add_loop_test(tcase, a_damaged_directory_is_dumped_to_its_end, 0, row_count);
    tcase_add_loop_test(tcase, our_own_files_belong_into_a_directory, 0, 2);
    tcase_add_test(tcase, zeros_in_an_index_are_counted_and_not_printed);
    tcase_add_test(tcase, bytes_that_are_no_text_are_told_from_text);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
