/*
 * rate: see the header. There may be one sample more than the window has: the one in which the window begins.
 */
#include "server/throttle/rate.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>

void rate_fini(struct rate *rate)
{
    free(rate->samples);
    *rate = (struct rate){0};
}

static struct rate_sample *add_sample(struct rate *rate, int64_t now_ms)
{
    if (rate->count == rate->capacity) {
        rate->capacity = rate->capacity == 0 ? 2 : rate->capacity * 2;
        rate->samples = realloc(rate->samples, (size_t)rate->capacity * sizeof rate->samples[0]);
        ensure(rate->samples != NULL && "out of memory");
    }
    rate->samples[rate->count] = (struct rate_sample){.start_ms = now_ms, .last_ms = now_ms};
    return &rate->samples[rate->count++];
}

static struct rate_sample *current(struct rate *rate, int64_t now_ms)
{
    return rate->count == 0 ? add_sample(rate, now_ms) : &rate->samples[rate->current];
}

static struct rate_sample *advance(struct rate *rate, const struct quota_window *window, int64_t now_ms)
{
    rate->current = rate->current == window->samples ? 0 : rate->current + 1;
    if (rate->current >= rate->count)
        return add_sample(rate, now_ms);
    rate->samples[rate->current] = (struct rate_sample){.start_ms = now_ms, .last_ms = now_ms};
    return &rate->samples[rate->current];
}

void rate_record(struct rate *rate, const struct quota_window *window, double value, int64_t now_ms)
{
    struct rate_sample *sample = current(rate, now_ms);
    if (now_ms - sample->start_ms >= window->sample_ms)
        sample = advance(rate, window, now_ms);
    sample->sum += value;
    sample->last_ms = now_ms;
}

/* What lies before the window counts no more. */
static void purge(struct rate *rate, const struct quota_window *window, int64_t now_ms)
{
    int64_t age_ms = window->samples * window->sample_ms;
    for (int32_t i = 0; i < rate->count; i++)
        if (now_ms - rate->samples[i].last_ms >= age_ms)
            rate->samples[i] = (struct rate_sample){.start_ms = now_ms, .last_ms = now_ms};
}

/* From the oldest sample on, and as if there had been all full samples but one: a rate over a moment would be
 * huge. */
static int64_t window_of(const struct rate *rate, const struct quota_window *window, int64_t now_ms)
{
    int64_t oldest_ms = now_ms;
    for (int32_t i = 0; i < rate->count; i++)
        if (rate->samples[i].start_ms < oldest_ms)
            oldest_ms = rate->samples[i].start_ms;
    int64_t elapsed_ms = now_ms - oldest_ms;
    int64_t full = elapsed_ms / window->sample_ms;
    if (full < window->samples - 1)
        elapsed_ms += (window->samples - 1 - full) * window->sample_ms;
    return elapsed_ms > 1 ? elapsed_ms : 1;
}

double rate_measure(struct rate *rate, const struct quota_window *window, int64_t now_ms, int64_t *window_ms)
{
    purge(rate, window, now_ms);
    double sum = 0;
    for (int32_t i = 0; i < rate->count; i++)
        sum += rate->samples[i].sum;
    int64_t length_ms = window_of(rate, window, now_ms);
    if (window_ms != NULL)
        *window_ms = length_ms;
    return sum / ((double)length_ms / 1000);
}

/* Rounded, within what a wait may be: a limit can be next to nothing. (By hand: llround would load libm.) */
static int64_t to_ms(double ms)
{
    if (!(ms > 0))
        return 0;
    if (ms >= INT32_MAX)
        return INT32_MAX;
    int64_t whole = (int64_t)ms;
    return ms - (double)whole >= 0.5 ? whole + 1 : whole;
}

int64_t rate_throttle_ms(struct rate *rate, const struct quota_window *window, double limit, int64_t now_ms)
{
    int64_t window_ms;
    double above = rate_measure(rate, window, now_ms, &window_ms) - limit;
    return above <= 0 ? 0 : to_ms(above / limit * (double)window_ms);
}

double token_bucket_level(struct token_bucket *bucket, const struct quota_window *window, double limit,
                          int64_t now_ms)
{
    double most = (double)window->samples * ((double)window->sample_ms / 1000) * limit;
    double gained = limit * ((double)(now_ms - bucket->filled_ms) / 1000);
    double level = bucket->tokens + gained;
    bucket->tokens = bucket->is_used && level < most ? level : most;
    bucket->filled_ms = now_ms;
    bucket->is_used = true;
    return bucket->tokens;
}

void token_bucket_take(struct token_bucket *bucket, const struct quota_window *window, double limit,
                       double tokens, int64_t now_ms)
{
    bucket->tokens = token_bucket_level(bucket, window, limit, now_ms) - tokens;
}

int64_t token_bucket_throttle_ms(struct token_bucket *bucket, const struct quota_window *window, double limit,
                                 int64_t now_ms)
{
    double level = token_bucket_level(bucket, window, limit, now_ms);
    return level >= 0 ? 0 : to_ms(-level / limit * 1000);
}
