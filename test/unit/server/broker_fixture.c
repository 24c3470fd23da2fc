/* See broker_fixture.h. */
#include "test/unit/server/client_fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SETTINGS_MAX = 16, CLOSE_MS = 30 * 1000, PAUSE_MS = 10, CASE_SECONDS = 250 };

/* ---- directories ---- */

void make_directory(char path[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/odradek-test-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void remove_directory(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- a broker ---- */

static struct override override_of(const char *setting)
{
    const char *equals = strchr(setting, '=');
    ck_assert_ptr_nonnull(equals);
    return (struct override){slice_of(setting, (size_t)(equals - setting)), slice_str(equals + 1)};
}

static void start(struct broker_fixture *fixture, const char *const *settings)
{
    struct override overrides[SETTINGS_MAX];
    size_t count = 0;
    overrides[count++] = (struct override){SLICE("log.dirs"), slice_str(fixture->directory)};
    overrides[count++] = (struct override){SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")};
    for (; settings != NULL && *settings != NULL; settings++) {
        struct override override = override_of(*settings);
        if (slice_equal_str(override.name, "listeners"))
            overrides[1] = override;
        else
            overrides[count++] = override;
        ck_assert_uint_lt(count, SETTINGS_MAX);
    }
    struct note why = {""};
    struct config config;
    ck_assert_msg(config_load(&config, NULL, overrides, count, false, &why), "%s", why.text);
    fixture->broker = broker_open(&config, &why);
    ck_assert_msg(fixture->broker != NULL, "%s", why.text);
    fixture->port = listener_port(fixture->broker->listeners[0]);
}

void fixture_open(struct broker_fixture *fixture, const char *const *settings)
{
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_ARENA_MAX, 2); /* both as the program does */
    make_directory(fixture->directory);
    start(fixture, settings);
}

static void stop(struct broker_fixture *fixture)
{
    int64_t start_ms = clock_monotonic_ms();
    ck_assert(broker_close(fixture->broker));
    ck_assert_int_lt(clock_monotonic_ms() - start_ms, CLOSE_MS);
}

void fixture_restart(struct broker_fixture *fixture, const char *const *settings)
{
    stop(fixture);
    start(fixture, settings);
}

void fixture_close(struct broker_fixture *fixture)
{
    stop(fixture);
    remove_directory(fixture->directory);
}

void expect_alive(const struct broker_fixture *fixture)
{
    struct client client;
    struct buf request = {0};
    connect_client(&client, fixture->port);
    append_api_versions(&request, 7);
    send_all(&client, &request);
    expect_api_versions(&client, 7);
    buf_fini(&request);
    client_close(&client);
}

int32_t connections_of(const struct broker_fixture *fixture)
{
    mutex_lock(&fixture->broker->mutex);
    int32_t count = fixture->broker->connections[LISTENER_OF_BROKER].count;
    mutex_unlock(&fixture->broker->mutex);
    return count;
}

void expect_connections(const struct broker_fixture *fixture, int32_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (connections_of(fixture) != count && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    ck_assert_int_eq(connections_of(fixture), count);
}

/* ---- this process ---- */

static size_t memory_of_process(int field)
{
    size_t pages[2];
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%zu %zu", &pages[0], &pages[1]), 2);
    fclose(file);
    return pages[field] * (size_t)sysconf(_SC_PAGESIZE);
}

size_t address_space(void)
{
    return memory_of_process(0);
}

size_t resident_bytes(void)
{
    return memory_of_process(1);
}

int64_t cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
           + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int walk_threads(const char *wanted, bool *found)
{
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        if (entry->d_name[0] == '.')
            continue;
        count++;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file == NULL)
            continue; /* it has just ended */
        if (wanted != NULL && fgets(name, sizeof name, file) != NULL
            && strncmp(name, wanted, strlen(wanted)) == 0 && name[strlen(wanted)] == '\n')
            *found = true;
        fclose(file);
    }
    closedir(tasks);
    return count;
}

int affordable_clients(void)
{
    enum { OTHERS = 100 };
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur > 2 * CLIENTS_MAX + OTHERS ? CLIENTS_MAX : (int)(limit.rlim_cur - OTHERS) / 2;
}

int thread_count(void)
{
    return walk_threads(NULL, NULL);
}

void expect_threads(int count)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (thread_count() != count && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    ck_assert_int_eq(thread_count(), count);
}

void expect_thread(const char *name)
{
    bool found = false;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (walk_threads(name, &found); !found && clock_monotonic_ms() < deadline_ms; walk_threads(name, &found))
        sleep_ms(PAUSE_MS);
    ck_assert_msg(found, "no thread is named %s", name);
}

void sleep_ms(int64_t for_ms)
{
    struct timespec pause = {.tv_sec = for_ms / 1000, .tv_nsec = for_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

void add_tests(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void),
               const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, CASE_SECONDS);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

void add_loop(Suite *suite, void (*set_up)(void), void (*tear_down)(void), const TTest *test, size_t count)
{
    TCase *tcase = tcase_create(test->name);
    tcase_set_timeout(tcase, CASE_SECONDS);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test, 0, (int)count);
    suite_add_tcase(suite, tcase);
}

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
