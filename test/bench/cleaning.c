/* See cleaning.h. */
#include "test/bench/cleaning.h"

#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/topics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_US = 2000, PATIENCE_S = 200 };

static const struct load_config compact[] = {{"cleanup.policy", "compact"},
                                             {"min.cleanable.dirty.ratio", "0.01"}};

/* The first dirty offset of partition 0 in cleaner-offset-checkpoint; -1: it is not there. */
static long long first_dirty(const char *data, const char *topic)
{
    char path[4096], line[512], name[300];
    long long offset = -1, found;
    int partition;
    snprintf(path, sizeof path, "%s/cleaner-offset-checkpoint", data);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%299s %d %lld", name, &partition, &found) == 3 && strcmp(name, topic) == 0)
            offset = found;
    if (file != NULL)
        fclose(file);
    return offset;
}

/* The base of the newest segment: up to there all can be cleaned. And the bytes of those before it. */
static long long closed_segments(const char *data, const char *topic, double *bytes)
{
    char command[4500];
    long long base = -1, size, last_size = 0;
    snprintf(command, sizeof command, "find '%s/%s-0' -name '*.log' -printf '%%f %%s\\n' | sort", data,
             topic);
    FILE *list = popen(command, "re");
    *bytes = 0;
    for (long long found; list != NULL && fscanf(list, "%lld.log %lld", &found, &size) == 2;
         last_size = size) {
        *bytes += (double)last_size;
        base = found;
    }
    if (list == NULL || pclose(list) != 0 || base < 0)
        die("no segments of %s below %s", topic, data);
    return base;
}

void cleaning_init(struct cleaning *cleaning, const struct load *load, const char *data)
{
    *cleaning = (struct cleaning){.load = load, .data = data};
    cleaning->records = closed_segments(data, load->topic, &cleaning->bytes);
}

void cleaning_begin(const struct cleaning *cleaning)
{
    topic_set_configs(cleaning->load->port, cleaning->load->topic, compact, 2);
}

void cleaning_wait(const struct cleaning *cleaning)
{
    int64_t from_ns = now_ns();
    while (first_dirty(cleaning->data, cleaning->load->topic) < cleaning->records) {
        if (now_ns() - from_ns > PATIENCE_S * INT64_C(1000000000))
            die("%s is not compacted", cleaning->load->topic);
        usleep(POLL_US);
    }
}

double cleaning_bytes_left(const struct cleaning *cleaning)
{
    double bytes;
    closed_segments(cleaning->data, cleaning->load->topic, &bytes);
    return bytes;
}
