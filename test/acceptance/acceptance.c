/* The acceptance suite: every stage, each against a fresh program.
 *
 *   ODRADEK_PROGRAM=.../your_program.sh acceptance          all
 *   CK_RUN_SUITE=produce acceptance                         one suite
 *   acceptance ls8 'rk2*'                                   these stages */
#include "check_main.h"

static void run_stage(const struct stage_plan *plan)
{
    struct stage stage = {.seed = 0};
    struct tape tape = {.replaying = false};
    bool passed = stage_run(&stage, plan, &tape, 0);
    char failure[sizeof stage.failure];
    snprintf(failure, sizeof failure, "%s", stage.failure);
    stage_fini(&stage);
    tape_fini(&tape);
    if (!passed)
        ck_abort_msg("%s", failure);
}

int main(int argc, char **argv)
{
    return check_main(argc, argv, run_stage, NULL);
}
