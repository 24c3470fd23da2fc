/* testing: see testing.h. */
#include "test/conversation/testing.h"

#include <stdlib.h>

#include "test/conversation/compare.h"

enum { SECONDS = 60 };

struct arena *testing_arena(void)
{
    static struct arena arena = {.cap = SIZE_MAX};
    return &arena;
}

static void tear_down(void)
{
    arena_fini(testing_arena());
    arena_init(testing_arena(), SIZE_MAX);
}

struct json_value *testing_json(const char *text)
{
    struct note why = {""};
    struct json_value *value = json_read(slice_str(text), testing_arena(), &why);
    ck_assert_msg(value != NULL, "%s: %s", text, why.text);
    return value;
}

const char *testing_text(const struct json_value *value)
{
    struct buf out = {0};
    tree_print(&out, value);
    buf_append_char(&out, '\0');
    const char *text = (const char *)arena_dup(testing_arena(), buf_slice(&out)).data;
    buf_fini(&out);
    return text;
}

static void collect(void *context, const char *text)
{
    struct buf *found = context;
    buf_printf(found, "%s%s", found->len > 0 ? "\n" : "", text);
}

void testing_expect_differences(const char *kafka, const char *here, const char *wanted)
{
    struct buf found = {0};
    compare_answers(testing_json(kafka), testing_json(here), collect, &found);
    buf_append_char(&found, '\0');
    ck_assert_str_eq((const char *)found.data, wanted);
    buf_fini(&found);
}

struct expanding testing_expanding(struct note *why)
{
    static struct saved saved;
    static struct masks masks;
    saved = (struct saved){.arena = testing_arena()};
    masks_init(&masks, testing_arena(), "127.0.0.1", 9092, testing_t0);
    saved_put(&saved, SLICE("t0"), tree_number(testing_arena(), testing_t0));
    saved_put(&saved, SLICE("id"), tree_string(testing_arena(), SLICE("abc")));
    saved_put(&saved, SLICE("list"), testing_json("[1,2]"));
    *why = (struct note){""};
    return (struct expanding){&saved, &masks, testing_arena(), why};
}

int testing_run(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, NULL, tear_down);
    tcase_set_timeout(all, SECONDS);
    for (; *tests != NULL; tests++)
        tcase_add_test(all, *tests);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
