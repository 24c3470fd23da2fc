/*
 * damages: the rows of test/golden/damages.table, and what they do to a copy of a golden directory. Static
 * functions, so that every test stays one file.
 */
#ifndef TEST_GOLDEN_DAMAGES_H
#define TEST_GOLDEN_DAMAGES_H

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "test/golden/golden_directories.h"

enum { ROWS_MAX = 200, ROW_LINE_MAX = 1024 };

struct row {
    char severity[10], rule[40], path[100], directory[20], kafka[200], odradek[200], shell[400];
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
    char path[600], line[ROW_LINE_MAX];
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
        take_field(&at, row->kafka, sizeof row->kafka);
        take_field(&at, row->odradek, sizeof row->odradek);
        size_t len = strcspn(at, "\n");
        ensure(len < sizeof row->shell);
        snprintf(row->shell, sizeof row->shell, "%.*s", (int)len, at);
    }
    fclose(file);
}

/* The first word of an answer: it may go on with another one, or with ", because". */
UNUSED static bool row_says(const char *answer, const char *word)
{
    size_t len = strcspn(answer, ",/");
    return len == strlen(word) && strncmp(answer, word, len) == 0;
}

/* ---- copies of the directories ---- */

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

/* ---- damaging them ---- */

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

/* The second directory of a row that makes one lies beside the first: its path, or NULL. */
UNUSED static const char *second_directory(void)
{
    const char *path = test_path("second");
    return file_exists(file_system_os(), path) ? path : NULL;
}

/* The shell words, with those that are ours taken out: they stand last. */
static void damage(const char *path, const char *shell)
{
    static const char functions[] =
        "poke() { printf \"$3\" | dd of=\"$1\" bs=1 seek=\"$2\" conv=notrunc status=none; }; "
        "second() { mkdir ../second; cp -p .kafka_cleanshutdown ../second; sed "
        "'s/directory.id=.*/directory.id=c2Vjb25kLWRpcmVjdG9yeQ/' meta.properties > ../second/meta.properties; }; "
        "mend() { :; }; mend_snapshot() { :; };";
    char command[1700], name[200], file[800];
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

#endif
