/*
 * quorum_state: see the header. Called by metadata/cluster at start, before anything serves.
 *
 * The file is small and its names are unique at every depth, so it is read as a flat run of names and values:
 * no tree, no recursion.
 */
#include "metadata/quorum_state.h"

#include "metadata/atomic_file.h"

#include <errno.h>
#include <stdlib.h>

enum { QUORUM_STATE_BYTES_MAX = 64 * 1024 };

#define QUORUM_STATE_NAME "quorum-state"

struct scanner {
    struct slice left;
    struct slice name; /* the last string that a ':' followed */
    bool bad;
};

enum token { TOKEN_END, TOKEN_MARK, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER };

static int peek(const struct scanner *scanner)
{
    return scanner->left.len == 0 ? -1 : scanner->left.data[0];
}

static void skip(struct scanner *scanner, size_t len)
{
    scanner->left = slice_from(scanner->left, len);
}

static void skip_blanks(struct scanner *scanner)
{
    while (peek(scanner) == ' ' || peek(scanner) == '\t' || peek(scanner) == '\n' || peek(scanner) == '\r')
        skip(scanner, 1);
}

/* A string without escapes (no value that matters here has one). */
static enum token scan_string(struct scanner *scanner, struct slice *text)
{
    skip(scanner, 1);
    const uint8_t *end = memchr(scanner->left.data, '"', scanner->left.len);
    if (end == NULL) {
        scanner->bad = true;
        return TOKEN_END;
    }
    *text = slice_of(scanner->left.data, (size_t)(end - scanner->left.data));
    skip(scanner, text->len + 1);
    skip_blanks(scanner);
    if (peek(scanner) != ':')
        return TOKEN_STRING;
    skip(scanner, 1);
    scanner->name = *text;
    return TOKEN_NAME;
}

static enum token scan_number(struct scanner *scanner, int64_t *number)
{
    bool negative = peek(scanner) == '-';
    if (negative)
        skip(scanner, 1);
    int digits = 0;
    for (*number = 0; peek(scanner) >= '0' && peek(scanner) <= '9' && digits < 18; digits++) {
        *number = *number * 10 + (peek(scanner) - '0');
        skip(scanner, 1);
    }
    if (digits == 0)
        scanner->bad = true;
    if (negative)
        *number = -*number;
    return digits == 0 ? TOKEN_END : TOKEN_NUMBER;
}

static enum token scan(struct scanner *scanner, struct slice *text, int64_t *number)
{
    skip_blanks(scanner);
    int c = peek(scanner);
    if (c < 0)
        return TOKEN_END;
    if (c == '"')
        return scan_string(scanner, text);
    if (c != '\0' && strchr("{}[],", c) != NULL) {
        skip(scanner, 1);
        return TOKEN_MARK;
    }
    return scan_number(scanner, number);
}

/* False if it is one that cannot be: no int32, or too many voters. */
static bool take_number(struct quorum_state *state, struct slice name, int64_t number)
{
    if (number < -1 || number > INT32_MAX)
        return false;
    int32_t value = (int32_t)number;
    if (slice_equal_str(name, "leaderId"))
        state->leader_id = value;
    else if (slice_equal_str(name, "leaderEpoch"))
        state->leader_epoch = value;
    else if (slice_equal_str(name, "votedId"))
        state->voted_id = value;
    else if (slice_equal_str(name, "data_version"))
        state->data_version = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
    else if (slice_equal_str(name, "voterId") && state->voter_count < QUORUM_VOTERS_MAX)
        state->voters[state->voter_count++] = value;
    else if (slice_equal_str(name, "voterId"))
        return false;
    return true;
}

bool quorum_state_parse(struct slice json, struct quorum_state *state, struct note *why)
{
    *state = (struct quorum_state){.data_version = -1, .leader_id = -1, .leader_epoch = -1, .voted_id = -1};
    struct scanner scanner = {.left = json, .name = SLICE("")};
    struct slice text;
    int64_t number;
    enum token token;
    while ((token = scan(&scanner, &text, &number)) != TOKEN_END)
        if (token == TOKEN_NUMBER && !take_number(state, scanner.name, number))
            scanner.bad = true;
    if (scanner.bad || state->leader_epoch < 0) {
        note_set(why, QUORUM_STATE_NAME " cannot be read: %.*s", SLICE_ARGS(json));
        return false;
    }
    if (state->data_version == 0 || state->data_version == 1)
        return true;
    note_set(why, QUORUM_STATE_NAME " has the data_version %d: only 0 and 1 are known", state->data_version);
    return false;
}

static void print_voters(const struct quorum_state *state, struct buf *out)
{
    for (int32_t i = 0; i < state->voter_count; i++)
        buf_printf(out, "%s{\"voterId\":%d}", i == 0 ? "" : ",", state->voters[i]);
}

void quorum_state_print(const struct quorum_state *state, struct buf *out)
{
    if (state->data_version == 1) {
        buf_printf(out,
                   "{\"leaderId\":%d,\"leaderEpoch\":%d,\"votedId\":%d,\"votedDirectoryId\":"
                   "\"AAAAAAAAAAAAAAAAAAAAAA\","
                   "\"data_version\":1}",
                   state->leader_id, state->leader_epoch, state->voted_id);
        return;
    }
    buf_printf(out,
               "{\"clusterId\":\"\",\"leaderId\":%d,\"leaderEpoch\":%d,\"votedId\":%d,\"appliedOffset\":0,"
               "\"currentVoters\":[",
               state->leader_id, state->leader_epoch, state->voted_id);
    print_voters(state, out);
    buf_append_str(out, "],\"data_version\":0}");
}

int quorum_state_read(struct file_system *fs, const char *directory, struct quorum_state *state, bool *found,
                      struct note *why)
{
    char path[FILE_PATH_MAX], *json = NULL;
    *found = false;
    int error = atomic_file_path(path, directory, QUORUM_STATE_NAME);
    if (error < 0)
        return error;
    ssize_t len = file_read_all(fs, path, QUORUM_STATE_BYTES_MAX, &json);
    if (len == -ENOENT)
        return 0;
    if (len < 0)
        return (int)len;
    *found = quorum_state_parse(slice_of(json, (size_t)len), state, why);
    free(json);
    return *found ? 0 : -EBADMSG;
}

int quorum_state_write(struct file_system *fs, const char *directory, const struct quorum_state *state)
{
    struct buf json = {0};
    quorum_state_print(state, &json);
    int error = atomic_file_replace(fs, directory, QUORUM_STATE_NAME, buf_slice(&json));
    buf_fini(&json);
    return error;
}
