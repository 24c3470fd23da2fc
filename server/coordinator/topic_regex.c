/*
 * topic_regex: see the header. The second half: an expression that has been translated, compiled and matched
 * by PCRE2. Its DFA matcher tries all ways at once, so that the work for a name grows with its length and
 * with the number of ways, never exponentially; the workspace bounds their number.
 */
#include "server/coordinator/topic_regex.h"

#include "protocol/base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    TEXT_MAX = 8 * 1024, /* bytes of an expression */
    TRANSLATED_MAX = 64 * 1024,
    COMPILED_MAX = 64 * 1024,
    NEST_MAX = 200,     /* groups in groups: each costs PCRE2's compiler stack */
    WORKSPACE = 12000,  /* ints: a thousand ways at once */
    MATCH_LIMIT = 1000, /* what is translated has nothing in it that makes the matcher call itself */
    HEAP_LIMIT_KB = 256,
    NAMES_AT_ONCE_MAX = 1000,
    NAMES_TIMES_SQUARE = 30 * 1000 * 1000, /* the worst is as the square of the number of ways: some 100 ms */
};

struct topic_regex {
    pcre2_code *code;
    pcre2_match_context *context;
    pcre2_match_data *match;
    int *workspace;
    size_t compiled_size;
};

static pcre2_code *compile(struct slice text)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL)
        return NULL;
    pcre2_set_max_pattern_length(context, TRANSLATED_MAX);
    pcre2_set_parens_nest_limit(context, NEST_MAX);
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile(text.data, text.len, PCRE2_ANCHORED, &error, &at, context);
    pcre2_compile_context_free(context);
    return code;
}

static bool make_matcher(struct topic_regex *regex)
{
    regex->context = pcre2_match_context_create(NULL);
    regex->match = pcre2_match_data_create(1, NULL);
    regex->workspace = memory_alloc(WORKSPACE * sizeof(int));
    if (regex->context == NULL || regex->match == NULL)
        return false;
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KB);
    pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &regex->compiled_size);
    return regex->compiled_size <= COMPILED_MAX;
}

struct topic_regex *topic_regex_new(struct slice text, struct note *why)
{
    struct buf translated = {0};
    pcre2_code *code = NULL;
    bool valid = topic_regex_translate(text, &translated, why);
    if (valid && text.len <= TEXT_MAX)
        code = compile(buf_slice(&translated));
    buf_fini(&translated);
    if (valid && code == NULL)
        note_set(why, "expression too large");
    if (code == NULL)
        return NULL;
    struct topic_regex *regex = memory_alloc(sizeof *regex);
    *regex = (struct topic_regex){.code = code};
    if (make_matcher(regex))
        return regex;
    note_set(why, "expression too large");
    topic_regex_free(regex);
    return NULL;
}

void topic_regex_free(struct topic_regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->context);
    pcre2_match_data_free(regex->match);
    free(regex->workspace);
    free(regex);
}

bool topic_regex_matches(const struct topic_regex *regex, struct slice topic)
{
    return pcre2_dfa_match(regex->code, topic.data, topic.len, 0, 0, regex->match, regex->context,
                           regex->workspace, WORKSPACE)
           >= 0;
}

int32_t topic_regex_names_at_once(const struct topic_regex *regex)
{
    size_t names = NAMES_TIMES_SQUARE / (regex->compiled_size * regex->compiled_size);
    return names > NAMES_AT_ONCE_MAX ? NAMES_AT_ONCE_MAX : names == 0 ? 1 : (int32_t)names;
}
