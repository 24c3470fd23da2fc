/* ApiVersions v4. See check_api_versions.h. */
#include "check_api_versions.h"

struct frame api_versions_request(struct stage *stage, int version)
{
    struct frame request = stage_request(stage, API_API_VERSIONS, version);
    put_text(&request, "kafka-cli");
    put_text(&request, "0.1");
    put_no_tags(&request);
    return request;
}

static const struct api *find_api(const struct api *apis, int count, int16_t key)
{
    for (int i = 0; i < count; i++)
        if (apis[i].key == key)
            return &apis[i];
    return NULL;
}

static void check_offer(const struct reader *reader, const struct api *api, int16_t min, int16_t max)
{
    if (min < 0 || min > api->max)
        reader_fail(reader, "min_version is %d, expected 0 to %d", min, api->max);
    if (max < api->max)
        reader_fail(reader, "max_version is %d, expected at least %d", max, api->max);
}

/* One entry; returns the expected API that it is, or NULL. */
static const struct api *check_entry(struct reader *reader, const struct api *expected, int count)
{
    if (reader->end - reader->at < 2)
        reader_fail(reader, "api_keys: fewer entries than announced");
    int16_t key = (int16_t)(reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1]);
    enter(reader, "api_keys[%d]", key); /* named by its key: the order is free */
    read_i16(reader, "api_key");
    const struct api *api = find_api(expected, count, key);
    int16_t min = read_i16(reader, "min_version");
    int16_t max = read_i16(reader, "max_version");
    if (api != NULL)
        check_offer(reader, api, min, max);
    skip_tags(reader);
    leave(reader);
    return api;
}

void check_api_versions_answer(struct reader *reader, const struct api *expected, int count)
{
    bool offered[8] = {false};
    expect_i16(reader, "error_code", 0);
    int entries = read_count(reader, "api_keys");
    for (int i = 0; i < entries; i++) {
        const struct api *api = check_entry(reader, expected, count);
        if (api != NULL)
            offered[api - expected] = true;
    }
    for (int i = 0; i < count; i++)
        if (!offered[i])
            reader_fail(reader, "api_keys has no entry for key %d", expected[i].key);
    read_i32(reader, "throttle_time_ms");
    skip_tags(reader);
    expect_end(reader);
}

void run_offers(struct stage *stage, const struct api *expected, int count)
{
    stage_start_without_metadata_log(stage);
    int connection = stage_connect(stage);
    struct frame request = api_versions_request(stage, 4);
    struct reader reader = stage_ask(stage, connection, &request, "ApiVersions v4 answer", 0);
    check_api_versions_answer(&reader, expected, count);
}
