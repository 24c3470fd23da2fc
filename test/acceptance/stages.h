/* All stages, in their suites. */
#ifndef ACCEPTANCE_STAGES_H
#define ACCEPTANCE_STAGES_H

#include "stage.h"

struct stage_suite {
    const char *name;
    const struct stage_plan *plans;
    int count;
};

#define PLAN_COUNT(plans) ((int)(sizeof(plans) / sizeof(plans)[0]))

extern const struct stage_suite base_suite;
extern const struct stage_suite describe_topic_partitions_suite;
extern const struct stage_suite fetch_suite;
extern const struct stage_suite produce_suite;
extern const struct stage_suite produce_earlier_suite;
extern const struct stage_suite create_topics_suite;
extern const struct stage_suite refuse_topics_suite;
extern const struct stage_suite refuse_unauthorised_suite;

#define STAGE_SUITES                                                                                         \
    {                                                                                                        \
        &base_suite, &describe_topic_partitions_suite, &fetch_suite, &produce_suite, &produce_earlier_suite, \
            &create_topics_suite, &refuse_topics_suite, &refuse_unauthorised_suite                           \
    }

#endif
