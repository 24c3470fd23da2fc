/*
 * check_command: see check_command.h. Called by main.c.
 *
 * 1. What is checked is not changed, and may be in use.
 * 2. Partitions are checked by several threads, each with findings of its own; they are printed in order once
 *    all are done. The image is read by all and changed by none.
 */
#include "server/check_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "metadata/check_cluster.h"
#include "protocol/base/ensure.h"
#include "server/config.h"
#include "server/dump/line.h"
#include "storage/check/check_log.h"
#include "storage/os/thread.h"

enum { EXIT_FOUND = 1, EXIT_USAGE = 2, DIRS_MAX = 256, JOBS_MAX = 64, PROGRESS_MS = 200 };

#define CLUSTER_TOPIC "__cluster_metadata"

static const char usage[] = "usage: odradek check [--json] [--quick] [--jobs N] DIR... | server.properties\n";

static const char help[] =
    "\n"
    "Says whether Apache Kafka would take the log directories of a broker, and what is wrong in them.\n"
    "\n"
    "  DIR                a log directory; all of one broker's together, if it has several\n"
    "  server.properties  or the file that names them with log.dirs\n"
    "\n"
    "  --json    each line is a JSON object\n"
    "  --quick   checksums and headers of batches, but not the records in them\n"
    "  --jobs N  how many partitions are read at once (as many as there are processors)\n"
    "\n"
    "Nothing is changed, and nothing is locked. A line is an error (Apache Kafka refuses the directory, loses something\n"
    "or serves something wrong), a warning (it puts that right by itself) or a note.\n"
    "The exit status is 0 if there are neither errors nor warnings, 1 if there are, 2 if the command makes no sense.\n";

struct checking {
    struct file_system *fs;
    struct lines lines;
    bool quick;
    int jobs;
    struct dir_check *dirs;
    int32_t dir_count;
    struct cluster_check cluster;
    bool has_cluster;
    char cluster_path[FILE_PATH_MAX];
    const char *metadata_dir; /* by server.properties; NULL: not known, perhaps the first */
    struct findings together; /* of the cluster and the directories as a whole */

    /* One for each partition; threads take the next one. */
    struct log_job *jobs_left;
    size_t job_count;
    atomic_size_t next_job;
    atomic_size_t done;
    atomic_llong bytes;
};

struct log_job {
    const struct dir_check *dir;
    const struct found_log *log;
    char *path; /* owned */
    struct log_check check;
};

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("odradek check: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}

/* ---- the partitions, by several threads ---- */

static bool is_cluster_log(const struct found_log *log)
{
    return slice_equal_str(log->topic, CLUSTER_TOPIC);
}

static void run_job(struct checking *checking, struct log_job *job)
{
    struct log_check *check = &job->check;
    *check = (struct log_check){
        .fs = checking->fs,
        .path = job->path,
        .clean = job->dir->clean,
        .is_cluster_log = is_cluster_log(job->log),
        .skip_records = checking->quick,
        .recovery_point = job->log->recovery_point,
        .log_start = job->log->log_start,
        .high_watermark = job->log->high_watermark,
        .progress = &checking->bytes,
    };
    check_log(check);
    if (check->is_cluster_log) {
        if (check->has_topic_id && !uuid_equal(check->topic_id, UUID_ONE))
            findings_add(&check->findings, FINDING_ERROR, "topic-id-differs", check->path, -1,
                         "the cluster log's topic id is another one");
    } else if (checking->has_cluster && checking->cluster.has_image && job->dir->has_meta)
        check_log_in_cluster(&checking->cluster, checking->dirs, checking->dir_count, job->dir, job->log,
                             check->has_topic_id ? &check->topic_id : NULL, &check->findings);
}

static void *work(void *context)
{
    struct checking *checking = context;
    size_t i;
    while ((i = atomic_fetch_add(&checking->next_job, 1)) < checking->job_count) {
        run_job(checking, &checking->jobs_left[i]);
        atomic_fetch_add(&checking->done, 1);
    }
    return NULL;
}

static void collect_jobs(struct checking *checking)
{
    for (int32_t i = 0; i < checking->dir_count; i++)
        checking->job_count += checking->dirs[i].log_count;
    checking->jobs_left = calloc(checking->job_count + 1, sizeof *checking->jobs_left);
    ensure(checking->jobs_left != NULL);
    struct log_job *job = checking->jobs_left;
    for (int32_t i = 0; i < checking->dir_count; i++)
        for (size_t j = 0; j < checking->dirs[i].log_count; j++, job++) {
            char path[FILE_PATH_MAX];
            job->dir = &checking->dirs[i];
            job->log = &checking->dirs[i].logs[j];
            file_path(path, "%s/%s", job->dir->path, job->log->name);
            job->path = strdup(path);
            ensure(job->path != NULL);
        }
}

/* On a terminal, until all are done. */
static void show_progress(struct checking *checking)
{
    const struct timespec pause = {.tv_nsec = PROGRESS_MS * 1000000L};
    if (!isatty(STDERR_FILENO))
        return;
    while (atomic_load(&checking->done) < checking->job_count) {
        nanosleep(&pause, NULL);
        fprintf(stderr, "\r%zu of %zu partitions, %lld MB ", atomic_load(&checking->done),
                checking->job_count, atomic_load(&checking->bytes) / 1000000);
    }
    fprintf(stderr, "\r\033[K");
}

static void check_logs(struct checking *checking)
{
    struct thread threads[JOBS_MAX] = {0};
    collect_jobs(checking);
    int started = 0;
    while (started < checking->jobs && (size_t)started < checking->job_count
           && thread_start(&threads[started], "check", work, checking) == 0)
        started++;
    if (started == 0)
        work(checking);
    show_progress(checking);
    for (int i = 0; i < started; i++)
        thread_join(&threads[i]);
}

/* ---- what is printed ---- */

static void put_finding(struct lines *lines, const struct finding *finding)
{
    if (lines->json) {
        line_begin(lines, "finding");
        line_word(lines, "severity", severity_name(finding->severity));
        line_word(lines, "rule", finding->rule);
    } else {
        line_begin(lines, severity_name(finding->severity));
        buf_append_char(&lines->bytes, ' ');
        buf_append_str(&lines->bytes, finding->rule);
    }
    line_bytes(lines, lines->json ? "path" : "in", slice_str(finding->path));
    if (finding->position >= 0)
        line_number(lines, "position", finding->position, 0);
    if (finding->more > 0)
        line_number(lines, "more", finding->more, 0);
    if (lines->json)
        line_bytes(lines, "text", slice_str(finding->text));
    else
        buf_printf(&lines->bytes, ": %s", finding->text);
    line_end(lines);
}

struct totals {
    int64_t batches, records, bytes, errors, warnings;
};

static void put_findings(struct checking *checking, const struct findings *findings, struct totals *totals)
{
    for (int32_t i = 0; i < findings->count; i++)
        put_finding(&checking->lines, &findings->items[i]);
    if (findings->left_out > 0) {
        line_begin(&checking->lines, "more");
        line_number(&checking->lines, "findings", findings->left_out, 0);
        line_end(&checking->lines);
    }
    totals->errors += findings->errors;
    totals->warnings += findings->warnings;
}

static void put_totals(struct checking *checking, const struct totals *totals)
{
    struct lines *lines = &checking->lines;
    line_begin(lines, "checked");
    line_number(lines, "directories", checking->dir_count, 0);
    line_number(lines, "partitions", (int64_t)checking->job_count, 0);
    line_number(lines, "batches", totals->batches, 0);
    line_number(lines, "records", totals->records, 0);
    line_number(lines, "bytes", totals->bytes, 0);
    line_number(lines, "errors", totals->errors, 0);
    line_number(lines, "warnings", totals->warnings, 0);
    line_end(lines);
}

static int put_all(struct checking *checking)
{
    struct totals totals = {0};
    for (int32_t i = 0; i < checking->dir_count; i++)
        put_findings(checking, &checking->dirs[i].findings, &totals);
    if (checking->has_cluster)
        put_findings(checking, &checking->cluster.findings, &totals);
    put_findings(checking, &checking->together, &totals);
    for (size_t i = 0; i < checking->job_count; i++) {
        const struct log_check *check = &checking->jobs_left[i].check;
        put_findings(checking, &check->findings, &totals);
        totals.batches += check->batches;
        totals.records += check->records;
        totals.bytes += check->bytes;
    }
    put_totals(checking, &totals);
    return totals.errors + totals.warnings > 0 ? EXIT_FOUND : 0;
}

/* ---- all together ---- */

/* A broker looks for the cluster log in one directory; Apache Kafka does not start if another one has it. */
static void check_cluster_place(struct checking *checking, const struct dir_check *dir)
{
    const char *place = checking->metadata_dir != NULL ? checking->metadata_dir : checking->dirs[0].path;
    if (strcmp(dir->path, place) != 0)
        findings_add(
            &checking->together, checking->metadata_dir != NULL ? FINDING_ERROR : FINDING_NOTE,
            "cluster-place", dir->path, -1,
            "the cluster log is here: Apache Kafka does not start unless metadata.log.dir, or the first of "
            "log.dirs, is this directory");
}

/* Without it a broker knows no topic, and all that lie here are none of its. */
static void no_cluster(struct checking *checking)
{
    bool any = false;
    for (int32_t i = 0; i < checking->dir_count; i++)
        any = any || checking->dirs[i].log_count > 0;
    findings_add(&checking->together, any ? FINDING_ERROR : FINDING_NOTE, "no-cluster",
                 checking->dirs[0].path, -1, "no cluster log is here%s",
                 any ? ": Apache Kafka begins a new one, and renames all partitions to -stray" : "");
}

/* The cluster log lies in one of the directories. */
static void find_cluster(struct checking *checking)
{
    for (int32_t i = 0; i < checking->dir_count && !checking->has_cluster; i++)
        for (size_t j = 0; j < checking->dirs[i].log_count; j++) {
            const struct dir_check *dir = &checking->dirs[i];
            if (!is_cluster_log(&dir->logs[j]) || dir->logs[j].is_future)
                continue;
            file_path(checking->cluster_path, "%s/%s", dir->path, dir->logs[j].name);
            check_cluster(&checking->cluster, checking->fs, checking->cluster_path,
                          dir->has_meta ? dir->meta.node_id : -1);
            checking->has_cluster = true;
            check_cluster_place(checking, dir);
            if (checking->cluster.has_image && dir->has_meta)
                check_missing_logs(&checking->cluster, checking->dirs, checking->dir_count, dir->meta.node_id,
                                   &checking->together);
            return;
        }
    no_cluster(checking);
}

static void fini(struct checking *checking)
{
    for (size_t i = 0; i < checking->job_count; i++) {
        findings_fini(&checking->jobs_left[i].check.findings);
        free(checking->jobs_left[i].path);
    }
    free(checking->jobs_left);
    for (int32_t i = 0; i < checking->dir_count; i++)
        dir_check_fini(&checking->dirs[i]);
    free(checking->dirs);
    if (checking->has_cluster)
        cluster_check_fini(&checking->cluster);
    findings_fini(&checking->together);
}

static int run(struct checking *checking, const char **paths, int32_t count)
{
    signal(SIGPIPE, SIG_IGN);
    checking->dirs = calloc((size_t)count, sizeof *checking->dirs);
    ensure(checking->dirs != NULL);
    checking->dir_count = count;
    for (int32_t i = 0; i < count; i++) {
        check_dir(&checking->dirs[i], checking->fs, paths[i]);
        check_bootstrap(checking->fs, paths[i], &checking->dirs[i].findings);
    }
    check_dirs_together(checking->dirs, count);
    find_cluster(checking);
    check_logs(checking);
    int status = put_all(checking);
    fini(checking);
    if (!lines_finish(&checking->lines) && checking->lines.error != EPIPE)
        return wrong("cannot write: %s", strerror(checking->lines.error)) - EXIT_USAGE + EXIT_FOUND;
    return status;
}

/* The directories that a server.properties names. */
static int run_config(struct checking *checking, const char *path)
{
    struct config config;
    struct note why = {""};
    int status;
    if (!config_load(&config, path, NULL, 0, false, &why))
        status = wrong("%s", why.text);
    else {
        checking->metadata_dir = config.metadata_log_dir;
        status = run(checking, config.log_dirs, config.log_dir_count);
    }
    config_fini(&config);
    return status;
}

static bool take_option(struct checking *checking, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    if (strcmp(word, "--json") == 0)
        return checking->lines.json = true;
    if (strcmp(word, "--quick") == 0)
        return checking->quick = true;
    if (strcmp(word, "--jobs") != 0 || *at + 1 >= argc)
        return false;
    char *end;
    long jobs = strtol(argv[++*at], &end, 10);
    checking->jobs = jobs < 1 || jobs > JOBS_MAX ? JOBS_MAX : (int)jobs;
    return *end == '\0' && jobs >= 1 && jobs <= JOBS_MAX;
}

/* False if it has said what is wrong. */
static bool is_directory(struct file_system *fs, const char *path, bool *answer)
{
    struct file_status status;
    int result = strlen(path) > FILE_PATH_MAX / 2 ? -ENAMETOOLONG : file_path_status(fs, path, &status);
    if (result < 0)
        wrong("%s: %s", path, strerror(-result));
    *answer = result == 0 && status.is_directory;
    return result == 0;
}

int check_command(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    static struct checking checking; /* it holds an image and paths: too much for a stack */
    checking.fs = file_system_os();
    lines_init(&checking.lines, STDOUT_FILENO, false);
    checking.jobs = processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (int)processors;
    const char *paths[DIRS_MAX];
    int32_t count = 0;
    bool directory = true;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return fputs(usage, stdout) < 0 || fputs(help, stdout) < 0 ? EXIT_FOUND : 0;
        if (strncmp(argv[i], "--", 2) == 0) {
            if (!take_option(&checking, argc, argv, &i))
                return wrong("not an option, or without a value that it takes: %s", argv[i]);
            continue;
        }
        if (count == DIRS_MAX || !directory)
            return wrong("what is '%s', behind so much?", argv[i]);
        if (!is_directory(checking.fs, argv[i], &directory))
            return EXIT_USAGE;
        if (!directory && count > 0)
            return wrong("'%s' is no directory", argv[i]);
        paths[count++] = argv[i];
    }
    if (count == 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return directory ? run(&checking, paths, count) : run_config(&checking, paths[0]);
}
