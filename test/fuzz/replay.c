/*
 * Replays saved inputs through a fuzz target where libFuzzer is not at hand: each file of the folders named,
 * and some thousand mutations and prefixes of them from a fixed seed, so that the target is exercised in
 * every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INPUT_BYTES_MAX = 1 << 20,
    MUTATIONS = 20000, /* in all, about; a file gets its share, but no more than: */
    MUTATIONS_PER_FILE = 200,
};

static uint64_t state = 0x9e3779b97f4a7c15U;
static int replayed;
static int mutations_per_file = MUTATIONS_PER_FILE;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A copy of exactly the size, so that a sanitizer sees the first byte read beyond it. */
static void run_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    replayed++;
}

static void run_mutations(const uint8_t *bytes, size_t size)
{
    uint8_t *mutant = malloc(size > 0 ? size : 1);
    if (mutant == NULL)
        abort();
    for (int i = 0; i < mutations_per_file && size > 0; i++) {
        memcpy(mutant, bytes, size);
        for (uint64_t changes = 1 + next_random() % 4; changes > 0; changes--)
            mutant[next_random() % size] = (uint8_t)next_random();
        run_copy(mutant, next_random() % 4 == 0 ? next_random() % (size + 1) : size);
    }
    free(mutant);
}

static void run_file(const char *path)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run_copy(bytes, size);
    run_mutations(bytes, size);
}

typedef void file_fn(const char *path);

static int each_file(const char *folder_path, file_fn *act)
{
    int count = 0;
    DIR *folder = opendir(folder_path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder_path, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        count++;
        if (act != NULL)
            act(path);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++)
        files += each_file(argv[i], NULL);
    if (files > MUTATIONS / MUTATIONS_PER_FILE)
        mutations_per_file = MUTATIONS / files + 1;
    for (int i = 1; i < argc; i++)
        each_file(argv[i], run_file);
    run_copy((const uint8_t *)"", 0);
    printf("%d inputs replayed\n", replayed);
    return replayed > 1 ? 0 : 1;
}
