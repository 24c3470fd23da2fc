/*
 * rate: what quotas are measured with: a rate over samples, and a bucket of tokens, with the arithmetic of
 * Apache Kafka (org.apache.kafka.common.metrics.stats). Pure; the clock is an argument, in ms.
 */
#ifndef SERVER_THROTTLE_RATE_H
#define SERVER_THROTTLE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* quota.window.num and quota.window.size.seconds. */
struct quota_window {
    int32_t samples; /* at least 1 */
    int64_t sample_ms;
};

struct rate_sample {
    double sum;
    int64_t start_ms;
    int64_t last_ms; /* when something was recorded last */
};

/* All zero: nothing has been recorded. */
struct rate {
    struct rate_sample *samples;
    int32_t count;
    int32_t capacity;
    int32_t current;
};

void rate_fini(struct rate *rate);
void rate_record(struct rate *rate, const struct quota_window *window, double value, int64_t now_ms);

/* Per second, over the samples that count and a window of at least all samples but one. *window_ms, which
 * may be NULL, gets its length. */
double rate_measure(struct rate *rate, const struct quota_window *window, int64_t now_ms, int64_t *window_ms);

/* How long to be quiet until the rate is the limit again: 0 if it is not above. */
int64_t rate_throttle_ms(struct rate *rate, const struct quota_window *window, double limit, int64_t now_ms);

/* All zero: full. */
struct token_bucket {
    double tokens; /* negative: taken in advance */
    int64_t filled_ms;
    bool is_used;
};

/* What it holds now, at `limit` tokens a second, and at most what a whole window gives. */
double token_bucket_level(struct token_bucket *bucket, const struct quota_window *window, double limit,
                          int64_t now_ms);
void token_bucket_take(struct token_bucket *bucket, const struct quota_window *window, double limit,
                       double tokens, int64_t now_ms);

/* How long until it is not below zero. */
int64_t token_bucket_throttle_ms(struct token_bucket *bucket, const struct quota_window *window, double limit,
                                 int64_t now_ms);

#endif
