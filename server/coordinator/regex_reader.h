/*
 * regex_reader: how RE2/J reads characters: single ones, escapes and classes. Of each comes a code point, or
 * the set of ASCII characters that it stands for.
 */
#ifndef SERVER_COORDINATOR_REGEX_READER_H
#define SERVER_COORDINATOR_REGEX_READER_H

#include "protocol/base/note.h"
#include "server/coordinator/regex_set.h"

struct regex_reader {
    struct slice text;
    size_t at;
    bool folds;       /* (?i) */
    struct note *why; /* borrowed */
};

/* Sets *why, in RE2/J's words. Always false, as who else finds that the text is wrong returns. */
bool regex_reader_fail(struct regex_reader *reader, const char *reason);

bool regex_reader_more(const struct regex_reader *reader);
bool regex_reader_looks_at(const struct regex_reader *reader, const char *text);

/* 0 behind the end, which no caller takes for a character. */
uint8_t regex_reader_byte(const struct regex_reader *reader, size_t ahead);

/* One code point of UTF-8; there is more. */
uint32_t regex_reader_next(struct regex_reader *reader);

/* A backslash and what it makes a character of. */
bool regex_reader_escape(struct regex_reader *reader, uint32_t *c);

/* "\pN", "\p{Greek}", "\P{^Lu}": what stands behind the backslash and the p. */
bool regex_reader_looks_at_property(const struct regex_reader *reader);
bool regex_reader_property(struct regex_reader *reader, struct regex_set *set);

/* "\d" and its kin; false: something else stands here. */
bool regex_reader_take_perl(struct regex_reader *reader, struct regex_set *set);

/* "[a-z[:digit:]]", which it looks at. */
bool regex_reader_class(struct regex_reader *reader, struct regex_set *set);

#endif
