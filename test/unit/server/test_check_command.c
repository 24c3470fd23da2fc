/*
 * test_check_command: `odradek check`. Directories of Apache Kafka are fine as they are, whole or killed;
 * each row of test/golden/damages.table damages a copy in one way, and must be found.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "server/check_command.h"
#include "test/golden/golden_directories.h"

#include <fcntl.h>

enum { ROWS_MAX = 200, LINE_MAX_BYTES = 1024 };

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

/* ---- running it ---- */

/* Runs the command in a process of its own; stdout comes back (the caller frees). */
static char *run_command(const char *const *words, int argc, int *status)
{
    char out[512];
    char *argv[8], *text;
    snprintf(out, sizeof out, "%s", test_path("out"));
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    fflush(stdout);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(open(out, O_RDWR | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        int code = check_command(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    ck_assert_int_eq(waitpid(child, status, 0), child);
    ck_assert_msg(WIFEXITED(*status), "it died of signal %d", WTERMSIG(*status));
    *status = WEXITSTATUS(*status);
    ck_assert_int_ge(file_read_all(file_system_os(), out, 1 << 26, &text), 0);
    return text;
}

static char *check_path(const char *path, int *status)
{
    return run_command((const char *const[]){"--json", path}, 2, status);
}

/* A line with all three, which ends its path with `path`. */
static bool has_finding(const char *text, const char *severity, const char *rule, const char *path)
{
    char wanted[400], end[300];
    snprintf(wanted, sizeof wanted, "\"severity\":\"%s\",\"rule\":\"%s\",\"path\":\"", severity, rule);
    snprintf(end, sizeof end, "%s\"", path);
    for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted)) {
        const char *name = at + strlen(wanted);
        size_t len = strcspn(name, "\"") + 1;
        if (len >= strlen(end) && strncmp(name + len - strlen(end), end, strlen(end)) == 0)
            return true;
    }
    return false;
}

/* Unpacked once; each test gets a copy. */
static char originals[256];

static void unpack_all(void)
{
    make_test_directory();
    snprintf(originals, sizeof originals, "%s", test_directory);
    for (int i = 0; i < GOLDEN_COUNT; i++)
        golden_unpack(golden_names[i], golden_names[i]);
}

static void remove_originals(void)
{
    snprintf(test_directory, sizeof test_directory, "%s", originals);
    remove_test_directory();
}

static void copy_golden(const char *name, char path[512])
{
    char command[1200];
    snprintf(path, 512, "%s", test_path("data"));
    snprintf(command, sizeof command, "cp -a '%s/%s' '%s'", originals, name, path);
    ck_assert_int_eq(system(command), 0);
}

/* ---- what is fine ---- */

START_TEST(directories_of_kafka_are_fine)
{
    char path[512];
    int status;
    copy_golden(golden_names[_i], path);
    char *text = check_path(path, &status);
    ck_assert_msg(status == 0, "%s", text);
    ck_assert(has_finding(text, "note", "release", "/__cluster_metadata-0"));
    ck_assert(strstr(text, _i < 2 ? "Apache Kafka 4.3 or newer" : "Apache Kafka 3.9 or newer") != NULL);
    ck_assert(has_finding(text, "note", "not-clean", "/data") != golden_is_clean(golden_names[_i]));
    free(text);
}
END_TEST

static void list_entry_of(void *context, const char *name)
{
    char path[1024];
    struct file_status status;
    struct buf *list = context;
    snprintf(path, sizeof path, "%s/%s", test_path("data"), name);
    ck_assert_int_eq(file_path_status(file_system_os(), path, &status), 0);
    buf_printf(list, "%s %lld %lld\n", name, (long long)status.size, (long long)status.modified_ms);
}

START_TEST(a_check_changes_nothing)
{
    char path[512];
    int status;
    struct buf before = {0}, after = {0};
    copy_golden("4.3.1-killed", path);
    file_list(file_system_os(), path, list_entry_of, &before);
    free(check_path(path, &status));
    file_list(file_system_os(), path, list_entry_of, &after);
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&after)));
    buf_fini(&before);
    buf_fini(&after);
}
END_TEST

/* ---- what is not ---- */

struct row {
    char severity[10], rule[40], path[100], directory[20], shell[400];
};

static struct row rows[ROWS_MAX];
static int row_count;

/* Takes the next field, without blanks around it. */
static void take_field(char **at, char *to, size_t size)
{
    char *end = strchr(*at, '|');
    char *next = end == NULL ? *at + strlen(*at) : end + 1;
    size_t len = end == NULL ? strcspn(*at, "\n") : (size_t)(end - *at);
    while (len > 0 && **at == ' ') {
        (*at)++;
        len--;
    }
    while (len > 0 && (*at)[len - 1] == ' ')
        len--;
    ensure(len < size);
    memcpy(to, *at, len);
    to[len] = '\0';
    *at = next;
}

static void read_rows(void)
{
    char path[600], line[LINE_MAX_BYTES], kafka[60];
    snprintf(path, sizeof path, "%s/test/golden/damages.table", golden_source());
    FILE *file = fopen(path, "r");
    ensure(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        char *at = line;
        struct row *row = &rows[row_count];
        if (line[0] == '#')
            continue;
        ensure(row_count < ROWS_MAX);
        row_count++;
        take_field(&at, row->severity, sizeof row->severity);
        take_field(&at, row->rule, sizeof row->rule);
        take_field(&at, row->path, sizeof row->path);
        take_field(&at, row->directory, sizeof row->directory);
        take_field(&at, kafka, sizeof kafka);
        size_t len = strcspn(at, "\n");
        ensure(len < sizeof row->shell);
        snprintf(row->shell, sizeof row->shell, "%.*s", (int)len, at);
    }
    fclose(file);
}

static void change_file(const char *path, void (*change)(uint8_t *bytes, size_t len, long position),
                        long position)
{
    char *bytes;
    ssize_t len = file_read_all(file_system_os(), path, 1 << 26, &bytes);
    ck_assert_msg(len > position, "%s", path);
    change((uint8_t *)bytes, (size_t)len, position);
    int file = file_open(file_system_os(), path, FILE_WRITE);
    ck_assert_int_eq(file_write(file_system_os(), file, bytes, (size_t)len, 0), 0);
    file_close(file_system_os(), file);
    free(bytes);
}

static void mend_batch(uint8_t *bytes, size_t len, long position)
{
    struct batch_header header;
    size_t size;
    uint8_t *batch = bytes + position;
    ck_assert_int_eq(batch_next(slice_of(batch, len - (size_t)position), &header, &size, NULL), BATCH_WHOLE);
    store_u32(batch + BATCH_CRC_AT, batch_compute_crc(slice_of(batch, size)));
}

static void mend_snapshot(uint8_t *bytes, size_t len, long position)
{
    (void)position;
    store_u32(bytes + 2, crc32c(bytes + 6, len - 6));
}

/* The shell words, with those that are ours taken out: they stand last. */
static void damage(const char *path, const char *shell)
{
    static const char functions[] = "poke() { printf \"$3\" | dd of=\"$1\" bs=1 seek=\"$2\" conv=notrunc "
                                    "status=none; }; mend() { :; }; mend_snapshot() { :; };";
    char command[1500], name[200], file[800];
    long position = 0;
    snprintf(command, sizeof command, "cd '%s' && %s %s", path, functions, shell);
    int status = system(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", shell);
    const char *mend = strstr(shell, "mend ");
    if (mend != NULL)
        ck_assert_int_eq(sscanf(mend, "mend %199s %ld", name, &position), 2);
    else if ((mend = strstr(shell, "mend_snapshot ")) != NULL)
        ck_assert_int_eq(sscanf(mend, "mend_snapshot %199s", name), 1);
    else
        return;
    snprintf(file, sizeof file, "%s/%s", path, name);
    change_file(file, strncmp(mend, "mend ", 5) == 0 ? mend_batch : mend_snapshot, position);
}

START_TEST(damage_is_found)
{
    const struct row *row = &rows[_i];
    char path[512];
    int status;
    copy_golden(row->directory, path);
    damage(path, row->shell);
    char *text = check_path(path, &status);
    ck_assert_msg(has_finding(text, row->severity, row->rule, row->path), "%s %s %s (%s):\n%s", row->severity,
                  row->rule, row->path, row->shell, text);
    ck_assert_msg(status == 1 || strcmp(row->severity, "note") == 0, "%s: status %d", row->shell, status);
    free(text);
}
END_TEST

START_TEST(what_is_put_right_without_a_word_is_not_told)
{
    static const struct {
        const char *directory, *shell, *rule;
    } cases[] = {
        {"4.3.1-clean", "rm __cluster_metadata-0/*.index",
         "index-missing"}, /* that log is always recovered */
        {"4.3.1-clean",
         "rm .kafka_cleanshutdown plain-0/*.timeindex; echo 0 > recovery-point-offset-checkpoint",
         "time-index-missing"},
        /* Odradek's own recovery point after a clean stop: a record below the end. */
        {"4.3.1-clean",
         "end=$(sed -n 's/^plain 0 //p' recovery-point-offset-checkpoint); "
         "sed -i \"s/^plain 0 .*/plain 0 $((end - 1))/\" recovery-point-offset-checkpoint",
         "recovery-point-low"},
    };
    char path[512], name[100];
    int status;
    copy_golden(cases[_i].directory, path);
    damage(path, cases[_i].shell);
    char *text = check_path(path, &status);
    snprintf(name, sizeof name, "\"rule\":\"%s\"", cases[_i].rule);
    ck_assert_msg(strstr(text, name) == NULL, "%s", text);
    free(text);
}
END_TEST

/* ---- several directories ---- */

START_TEST(directories_must_belong_together)
{
    static const struct {
        const char *rule, *shell;
    } cases[] = {
        {"cluster-id-differs", "sed -i 's/cluster.id=.*/cluster.id=other/' meta.properties"},
        {"node-id-differs", "sed -i 's/node.id=.*/node.id=2/' meta.properties"},
        {"directory-id-twice", ":"},
        {"log-twice", ":"},
    };
    char first[512], second[600], command[1400];
    int status;
    copy_golden("4.3.1-clean", first);
    snprintf(second, sizeof second, "%s-2", first);
    snprintf(command, sizeof command, "cp -r '%s' '%s'", first, second);
    ck_assert_int_eq(system(command), 0);
    damage(second, cases[_i].shell);
    char *text = run_command((const char *const[]){"--json", first, second}, 3, &status);
    ck_assert_int_eq(status, 1);
    ck_assert_msg(has_finding(text, "error", cases[_i].rule, "-2"), "%s", text);
    free(text);
}
END_TEST

START_TEST(a_broker_that_runs_is_noticed)
{
    char path[512], lock[600];
    int status;
    copy_golden("4.3.1-clean", path);
    snprintf(lock, sizeof lock, "%s/.lock", path);
    int file = file_open(file_system_os(), lock, FILE_CREATE);
    char *text = check_path(path, &status);
    ck_assert(!has_finding(text, "note", "running", "/.lock"));
    free(text);
    ck_assert_int_eq(file_lock(file_system_os(), file), 0);
    text = check_path(path, &status);
    ck_assert_int_eq(status, 0);
    ck_assert(has_finding(text, "note", "running", "/.lock"));
    free(text);
    file_close(file_system_os(), file);
}
END_TEST

START_TEST(the_command_line_is_checked)
{
    int status;
    free(run_command((const char *const[]){"--nonsense"}, 1, &status));
    ck_assert_int_eq(status, 2);
    free(run_command(NULL, 0, &status));
    ck_assert_int_eq(status, 2);
    free(run_command((const char *const[]){"/nowhere/at/all"}, 1, &status));
    ck_assert_int_eq(status, 2);
    free(run_command((const char *const[]){"--jobs", "x", "/tmp"}, 3, &status));
    ck_assert_int_eq(status, 2);
    free(run_command((const char *const[]){"--help"}, 1, &status));
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_server_properties_names_the_directories)
{
    char path[512], file[512], command[1200];
    int status;
    copy_golden("4.3.1-clean", path);
    snprintf(file, sizeof file, "%s", test_path("server.properties"));
    snprintf(
        command, sizeof command,
        "printf 'process.roles=broker,controller\\nnode.id=1\\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\\n"
        "controller.listener.names=CONTROLLER\\ncontroller.quorum.voters=1@localhost:9093\\nlog.dirs=%s\\n' > '%s'",
        path, file);
    ck_assert_int_eq(system(command), 0);
    char *text = run_command((const char *const[]){"--quick", file}, 2, &status);
    ck_assert_msg(status == 0, "%s", text);
    ck_assert(strstr(text, "checked directories 1 partitions 33 batches ") != NULL);
    free(text);
}
END_TEST

int main(void)
{
    read_rows();
    Suite *suite = suite_create("check_command");
    TCase *tcase = tcase_create("check_command");
    tcase_set_timeout(tcase, 100);
    tcase_add_unchecked_fixture(tcase, unpack_all, remove_originals);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, directories_of_kafka_are_fine, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, what_is_put_right_without_a_word_is_not_told, 0, 3);
    tcase_add_test(tcase, a_check_changes_nothing);
    tcase_add_loop_test(tcase, damage_is_found, 0, row_count);
    tcase_add_loop_test(tcase, directories_must_belong_together, 0, 4);
    tcase_add_test(tcase, a_broker_that_runs_is_noticed);
    tcase_add_test(tcase, the_command_line_is_checked);
    tcase_add_test(tcase, a_server_properties_names_the_directories);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
