/*
 * masks: names for what no two runs share, so that answers can be compared: ids, times, ports. They are
 * numbered in the order in which they first appear; the same thing has the same name all through a script,
 * and another thing never has it.
 */
#ifndef CONVERSATION_MASKS_H
#define CONVERSATION_MASKS_H

#include "test/conversation/tree.h"

/* What is hidden besides, as the step says. */
struct mask_options {
    const struct json_value *hidden; /* names of fields; NULL: none */
    bool shows_throttle;             /* else throttleTimeMs is left out */
};

struct masks {
    struct arena *arena; /* lives as long as the script */
    const char *host;    /* of the broker, as it is connected to */
    uint16_t port;
    uint16_t controller_port; /* 0: none is known */
    int64_t t0;               /* ms; an hour before the script began */
    struct slice cluster_id;  /* null until it was seen */
    struct mask_name *names;  /* in the order in which they appeared */
    struct mask_name **last_name;
    struct mask_time *times;
};

void masks_init(struct masks *masks, struct arena *arena, const char *host, uint16_t port, int64_t t0);

/* The script itself gave this time: it shows as <t0+5>, and not as <time>. */
void masks_add_time(struct masks *masks, int64_t time);

/* The masked answer, a new tree in `arena`. */
struct json_value *masks_apply(struct masks *masks, const struct json_value *answer,
                               const struct mask_options *options, struct arena *arena);

#endif
