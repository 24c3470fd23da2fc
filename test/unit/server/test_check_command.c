/*
 * test_check_command: `odradek check`. Directories of Apache Kafka are fine as they are, whole or killed;
 * each row of test/golden/damages.table damages a copy in one way, and must be found.
 */
#include "server/check_command.h"
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

START_TEST(damage_is_found)
{
    const struct row *row = &rows[_i];
    char path[512];
    int status;
    copy_golden(row->directory, path);
    damage(path, row->shell);
    const char *second = second_directory();
    char *text = run_command((const char *const[]){"--json", path, second}, second != NULL ? 3 : 2, &status);
    bool is_fine = strcmp(row->severity, "fine") == 0;
    ck_assert_msg(is_fine || has_finding(text, row->severity, row->rule, row->path), "%s %s %s (%s):\n%s",
                  row->severity, row->rule, row->path, row->shell, text);
    ck_assert_msg(status == (is_fine || strcmp(row->severity, "note") == 0 ? 0 : 1), "%s: status %d\n%s",
                  row->shell, status, text);
    free(text);
}
END_TEST

/* What `check` says is what it means to Apache Kafka; where it says more than is seen, the table says why. */
START_TEST(severities_are_what_kafka_does)
{
    const struct row *row = &rows[_i];
    bool says_why = strchr(row->kafka, ',') != NULL;
    bool starts = row_says(row->kafka, "starts");
    ck_assert_msg(row->kafka[0] != '-', "row %d: nobody asked Apache Kafka: %s", _i + 1, row->shell);
    if (strcmp(row->severity, "error") == 0)
        ck_assert_msg(!starts || says_why, "row %d: Apache Kafka takes it: %s", _i + 1, row->shell);
    else if (strcmp(row->severity, "warning") == 0)
        ck_assert_msg(starts || row_says(row->kafka, "strays") || says_why, "row %d: it %s: %s", _i + 1,
                      row->kafka, row->shell);
    else
        ck_assert_msg(starts || says_why, "row %d: it %s: %s", _i + 1, row->kafka, row->shell);
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
    tcase_set_timeout(tcase, 250);
    tcase_add_unchecked_fixture(tcase, unpack_all, remove_originals);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, directories_of_kafka_are_fine, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tcase, what_is_put_right_without_a_word_is_not_told, 0, 3);
    tcase_add_test(tcase, a_check_changes_nothing);
    tcase_add_loop_test(tcase, damage_is_found, 0, row_count);
    tcase_add_loop_test(tcase, severities_are_what_kafka_does, 0, row_count);
    tcase_add_loop_test(tcase, directories_must_belong_together, 0, 4);
    tcase_add_test(tcase, a_broker_that_runs_is_noticed);
    tcase_add_test(tcase, the_command_line_is_checked);
    tcase_add_test(tcase, a_server_properties_names_the_directories);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
