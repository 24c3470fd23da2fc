/* Proves the acceptance suite: it has to fail when anything that it checks is broken on purpose.
 *
 * Each stage runs once against a sound program, and everything that it learns from outside is put on a
 * tape. Then it runs from the tape again and again, each time with one thing broken:
 *
 *   - what the stage's tables name must be noticed, and the failure must name it, too;
 *   - what they do not name is free and must not be noticed;
 *   - connections, answers, and the bytes after them are broken in every stage alike.
 *
 * How the stages look at a whole program that misbehaves is proven by broken_programs.c. */
#include "broken_programs.h"
#include "check_main.h"
#include "sabotage.h"

#include <stdlib.h>
#include <string.h>

/* The proof of one stage. */
struct proof {
    const struct stage_plan *plan;
    const struct stage_sabotages *sabotages;
    struct stage live; /* the run that was recorded */
    struct tape tape;
    struct arena arena; /* of one sabotage */
    int tried;
    int problem_count;
    char problems[8192];
};

static void add_problem(struct proof *proof, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_problem(struct proof *proof, const char *format, ...)
{
    size_t length = strlen(proof->problems);
    va_list values;
    va_start(values, format);
    if (proof->problem_count++ < 12) {
        length += (size_t)snprintf(proof->problems + length, sizeof proof->problems - length, "\n  ");
        vsnprintf(proof->problems + length, sizeof proof->problems - length, format, values);
    }
    va_end(values);
}

/* Runs the stage from the tape, with one thing on it broken; the failure, empty if it passes, is in
 * the arena. */
static const char *replay(struct proof *proof, int at, const struct seen *broken)
{
    struct stage again = {.now_ms = proof->live.now_ms};
    struct tape tape = {.replaying = true, .seen_count = proof->tape.seen_count};
    size_t size = (size_t)tape.seen_count * sizeof *tape.seen;
    tape.seen = arena_copy(&proof->arena, proof->tape.seen, size);
    if (broken != NULL)
        tape.seen[at] = *broken;
    stage_run(&again, proof->plan, &tape, proof->live.seed);
    const char *failure = arena_printf(&proof->arena, "%s", again.failure);
    stage_fini(&again);
    proof->tried++;
    return failure;
}

/* what: for the message. says NULL: has to pass. */
static void expect(struct proof *proof, const char *what, int at, const struct seen *broken, const char *says)
{
    const char *failure = replay(proof, at, broken);
    if (says == NULL && failure[0] != '\0')
        add_problem(proof, "%s is free, but the stage fails: %s", what, failure);
    if (says != NULL && failure[0] == '\0')
        add_problem(proof, "%s is not noticed", what);
    if (says != NULL && failure[0] != '\0' && strstr(failure, says) == NULL)
        add_problem(proof, "%s is not what the stage complains of: %s", what, failure);
}

static const char *how_name(enum how how)
{
    static const char *const names[] = {"",
                                        "altered",
                                        "altered with its checksum",
                                        "set to",
                                        "dropped",
                                        "swapped",
                                        "untested",
                                        "missing",
                                        "present",
                                        "empty",
                                        "shortened",
                                        "lengthened",
                                        "byte altered",
                                        "with one topic more"};
    return names[how];
}

/* What every stage must notice ----------------------------------------------------------------- */

/* nv3 and wa6 look at nothing behind the correlation id. */
static bool has_free_body(const struct proof *proof, int at)
{
    for (int i = 0; i < proof->tape.field_count; i++)
        if (proof->tape.fields[i].seen == at && matches("*: body", proof->tape.fields[i].path))
            return true;
    return false;
}

static void break_answer(struct proof *proof, int at)
{
    const struct seen *seen = &proof->tape.seen[at];
    const char *left_over = has_free_body(proof, at) ? NULL : "left";
    const char *too_short = has_free_body(proof, at) ? NULL : ANYTHING;
    struct seen broken = *seen;
    broken.present = false;
    expect(proof, "no answer", at, &broken, "no answer");
    broken = splice(seen, seen->size, 0, "x", 1, false, &proof->arena);
    expect(proof, "a byte after the frame", at, &broken, "message_size");
    broken = splice(seen, seen->size - 1, 1, "", 0, false, &proof->arena);
    expect(proof, "a frame cut short", at, &broken, "message_size");
    broken = splice(seen, seen->size, 0, "x", 1, true, &proof->arena);
    expect(proof, "a byte too many in the frame", at, &broken, left_over);
    broken = splice(seen, seen->size - 1, 1, "", 0, true, &proof->arena);
    expect(proof, "a byte too few in the frame", at, &broken, too_short);
}

static void break_connection(struct proof *proof, int at)
{
    struct seen broken = proof->tape.seen[at];
    broken.present = false;
    expect(proof, "no connection", at, &broken, "nobody listens");
}

static void break_rest(struct proof *proof, int at)
{
    struct seen broken = splice(&proof->tape.seen[at], 0, 0, "x", 1, false, &proof->arena);
    expect(proof, "a byte after the last answer", at, &broken, "after the last answer");
}

/* What the tables name ------------------------------------------------------------------------- */

/* Calls visit for each row that counts for this path. Returns how many rows name it at all. */
static int for_rows(struct proof *proof, const char *path, const void *detail,
                    void (*visit)(struct proof *proof, const void *detail, const struct sabotage *row))
{
    const struct sabotage *counted[64];
    int count = 0;
    for (int table = 0; table < MAX_TABLES && proof->sabotages->tables[table]; table++) {
        for (const struct sabotage *row = proof->sabotages->tables[table]; row->where; row++) {
            bool known = !matches(row->where, path) || count == 64;
            for (int i = 0; i < count && !known; i++)
                known = counted[i]->how == row->how && counted[i]->value == row->value;
            if (known)
                continue;
            counted[count++] = row;
            if (row->how == UNTESTED)
                return count;
            visit(proof, detail, row);
        }
    }
    return count;
}

/* The field's own name: what a failure should name unless the row says otherwise. */
static const char *leaf(struct arena *arena, const char *path)
{
    const char *colon = strrchr(path, ':');
    const char *dot = strrchr(path, '.');
    const char *start = dot != NULL && dot > colon ? dot + 1 : colon + 2;
    return arena_printf(arena, "%s", start);
}

static void break_field_by(struct proof *proof, const void *detail, const struct sabotage *row)
{
    const struct field *field = detail;
    struct seen broken;
    const char *says = row->says == NULL ? leaf(&proof->arena, field->path) : row->says;
    if (!sabotage_field(&proof->tape, field, row->how, row->value, &proof->arena, &broken))
        return;
    const char *what =
        arena_printf(&proof->arena, "%s, %s %lld,", field->path, how_name(row->how), (long long)row->value);
    expect(proof, what, field->seen, &broken, row->harmless ? NULL : says);
}

/* A count or size that is wrong cannot be decoded; what no row names is free. */
static void break_unnamed_field(struct proof *proof, const struct field *field)
{
    struct seen broken;
    bool is_structure = field->kind == FIELD_COUNT || field->kind == FIELD_SIZE;
    if (field->kind == FIELD_ELEMENT && field->size > 0 && !matches("*tags[*]", field->path))
        add_problem(proof, "%s: no table says what happens without it", field->path);
    if (!sabotage_field(&proof->tape, field, ALTERED, 0, &proof->arena, &broken))
        return;
    expect(proof, arena_printf(&proof->arena, "%s, altered,", field->path), field->seen, &broken,
           is_structure ? ANYTHING : NULL);
}

static void break_field(struct proof *proof, const struct field *field)
{
    if (for_rows(proof, field->path, field, break_field_by) == 0)
        break_unnamed_field(proof, field);
    else if (field->kind == FIELD_COUNT || field->kind == FIELD_SIZE)
        break_field_by(proof, field, &(struct sabotage){field->path, ALTERED, 0, ANYTHING, false});
    arena_fini(&proof->arena);
}

static void break_whole_by(struct proof *proof, const void *detail, const struct sabotage *row)
{
    const struct seen *seen = detail;
    struct seen broken;
    if (!is_done_to_whole(row->how) || !sabotage_whole(seen, row->how, &proof->arena, &broken))
        return;
    const char *what = arena_printf(&proof->arena, "%s %s", seen->what, how_name(row->how));
    expect(proof, what, (int)(seen - proof->tape.seen), &broken,
           row->harmless       ? NULL
           : row->says == NULL ? seen->what
                               : row->says);
}

static void break_seen(struct proof *proof, int at)
{
    const struct seen *seen = &proof->tape.seen[at];
    if (seen->kind == SEEN_CONNECTION)
        break_connection(proof, at);
    else if (seen->kind == SEEN_ANSWER)
        break_answer(proof, at);
    else if (seen->kind == SEEN_REST)
        break_rest(proof, at);
    else if (for_rows(proof, seen->what, seen, break_whole_by) == 0)
        add_problem(proof, "%s: no table says what happens without it", seen->what);
    arena_fini(&proof->arena);
}

/* A row of the stage's own tables that names nothing is a check that is gone, or a typing error. */
static void look_for_idle_rows(struct proof *proof)
{
    for (int table = 0; table < MAX_TABLES && proof->sabotages->tables[table]; table++) {
        for (const struct sabotage *row = proof->sabotages->tables[table]; row->where; row++) {
            bool used = row->harmless || row->how == UNTESTED;
            for (int i = 0; i < proof->tape.field_count && !used; i++)
                used = matches(row->where, proof->tape.fields[i].path);
            for (int i = 0; i < proof->tape.seen_count && !used; i++)
                used = matches(row->where, proof->tape.seen[i].what);
            if (!used)
                add_problem(proof, "%s: there is nothing like it to be %s", row->where, how_name(row->how));
        }
    }
}

/* The proof ------------------------------------------------------------------------------------ */

static const struct stage_sabotages *find_sabotages(const struct stage_plan *plan)
{
    const struct stage_sabotages *found = all_sabotages;
    while (found->stages != NULL && !matches(found->stages, plan->name))
        found++;
    return found;
}

static void prove(struct proof *proof)
{
    if (proof->sabotages->stages == NULL) {
        add_problem(proof, "no tables say what it checks");
        return;
    }
    if (!stage_run(&proof->live, proof->plan, &proof->tape, 0)) {
        add_problem(proof, "the sound program fails: %s", proof->live.failure);
        return;
    }
    expect(proof, "what is not broken", 0, NULL, NULL);
    for (int i = 0; i < proof->tape.field_count; i++)
        break_field(proof, &proof->tape.fields[i]);
    for (int i = 0; i < proof->tape.seen_count; i++)
        break_seen(proof, i);
    look_for_idle_rows(proof);
}

static void run_proof(const struct stage_plan *plan)
{
    static struct proof proof; /* the test has a process of its own */
    proof = (struct proof){.plan = plan, .sabotages = find_sabotages(plan)};
    proof.tape.mapping = true;
    prove(&proof);
    unsigned long long seed = proof.live.seed;
    stage_fini(&proof.live);
    tape_fini(&proof.tape);
    arena_fini(&proof.arena);
    if (getenv("ACCEPTANCE_COUNT") != NULL)
        printf("%s: %d runs\n", plan->name, proof.tried);
    if (proof.problem_count > 0)
        ck_abort_msg("stage %s: %d of %d sabotages went wrong (ACCEPTANCE_SEED=%llu):%s", plan->name,
                     proof.problem_count, proof.tried, seed, proof.problems);
}

int main(int argc, char **argv)
{
    act_as_broken_program();
    return check_main(argc, argv, run_proof, broken_programs_suite);
}
