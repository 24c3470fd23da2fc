/* The stages that bind, answer ApiVersions and serve several clients; and, beyond the course's own,
 * how the program must start and end for the stages after it. */
#include "check_api_versions.h"
#include "stages.h"

#include <poll.h>

static const struct api api_versions_only[] = {{API_API_VERSIONS, 4}};

static void vi6_binds_the_port(struct stage *stage)
{
    stage_start_without_metadata_log(stage);
    stage_connect(stage); /* and leaves the connection open, without a word */
}

/* The answer's body is free here. */
static void run_correlation_id(struct stage *stage, struct frame *request)
{
    stage_start_without_metadata_log(stage);
    int connection = stage_connect(stage);
    struct reader reader = stage_ask(stage, connection, request, "ApiVersions v4 answer", 0);
    read_bytes(&reader, "body", reader.end - reader.at);
}

static void nv3_sends_the_correlation_id(struct stage *stage)
{
    struct frame request = api_versions_request(stage, 4);
    patch_i32(&request, 8, 7);
    run_correlation_id(stage, &request);
}

static void wa6_parses_the_correlation_id(struct stage *stage)
{
    struct frame request = api_versions_request(stage, 4);
    run_correlation_id(stage, &request);
}

/* Error 35 in a body of version 0, as every client can read it, with ApiVersions alone in it. */
static void nc5_refuses_an_unknown_version(struct stage *stage)
{
    stage_start_without_metadata_log(stage);
    int connection = stage_connect(stage);
    struct frame request = api_versions_request(stage, random_int(stage, 1000, 2000));
    struct reader reader = stage_ask(stage, connection, &request, "ApiVersions answer", 0);
    expect_i16(&reader, "error_code", 35);
    expect_i32(&reader, "api_keys", 1);
    expect_i16(&reader, "api_key", API_API_VERSIONS);
    expect_i16(&reader, "min_version", 0);
    int16_t max = read_i16(&reader, "max_version");
    if (max < 4)
        reader_fail(&reader, "max_version is %d, expected at least 4", max);
    expect_end(&reader);
}

static void pv1_answers_api_versions(struct stage *stage)
{
    run_offers(stage, api_versions_only, 1);
}

/* All requests have the same correlation id. */
static void nh4_answers_serial_requests(struct stage *stage)
{
    static const char *const names[] = {"first ApiVersions v4 answer", "second ApiVersions v4 answer",
                                        "third ApiVersions v4 answer", "fourth ApiVersions v4 answer"};
    stage_start_without_metadata_log(stage);
    int connection = stage_connect(stage);
    struct frame request = api_versions_request(stage, 4);
    int count = random_int(stage, 2, 5);
    for (int i = 0; i < count; i++) {
        struct reader reader = stage_ask(stage, connection, &request, names[i], 0);
        check_api_versions_answer(&reader, api_versions_only, 1);
    }
}

/* Several clients; the answers are read in reverse order. */
static void sk0_answers_concurrent_requests(struct stage *stage)
{
    static const char *const names[] = {"first client's ApiVersions v4 answer",
                                        "second client's ApiVersions v4 answer",
                                        "third client's ApiVersions v4 answer"};
    stage_start_without_metadata_log(stage);
    int count = random_int(stage, 2, 4);
    for (int i = 0; i < count; i++)
        stage_connect(stage);
    for (int i = 0; i < count; i++) {
        struct frame request = api_versions_request(stage, 4);
        stage_send(stage, i, &request);
    }
    for (int i = count - 1; i >= 0; i--) {
        struct reader reader = stage_receive(stage, i, names[i], 0);
        check_api_versions_answer(&reader, api_versions_only, 1);
    }
}

/* vi6 leaves a connection behind whose end at the program lingers in TIME_WAIT. */
static void port_can_be_bound_again_at_once(struct stage *stage)
{
    vi6_binds_the_port(stage);
    stage_stop(stage);
    run_offers(stage, api_versions_only, 1);
}

static void ends_at_once_on_sigterm(struct stage *stage)
{
    run_offers(stage, api_versions_only, 1);
    stage_connect(stage); /* one more that has said nothing yet */
    stage_stop(stage);
    if (stage->tester.was_killed)
        stage_fail(stage, "the program had not ended %lld ms after SIGTERM",
                   (long long)stage->tester.stopped_after_ms);
}

/* What stays open between an answer and the next request is kept, however slow the client. */
static void waits_for_a_slow_client(struct stage *stage)
{
    stage_start_without_metadata_log(stage);
    int connection = stage_connect(stage);
    struct frame request = api_versions_request(stage, 4);
    struct reader first = stage_ask(stage, connection, &request, "first ApiVersions v4 answer", 0);
    check_api_versions_answer(&first, api_versions_only, 1);
    if (!stage->tape->replaying)
        poll(NULL, 0, 1000);
    struct reader second = stage_ask(stage, connection, &request, "second ApiVersions v4 answer", 0);
    check_api_versions_answer(&second, api_versions_only, 1);
}

static const struct stage_plan plans[] = {
    {"vi6", "vi6 binds the port", vi6_binds_the_port, 0, NULL},
    {"nv3", "nv3 sends the correlation id", nv3_sends_the_correlation_id, 0, NULL},
    {"wa6", "wa6 parses the correlation id", wa6_parses_the_correlation_id, 0, NULL},
    {"nc5", "nc5 refuses an unknown version", nc5_refuses_an_unknown_version, 0, NULL},
    {"pv1", "pv1 answers ApiVersions", pv1_answers_api_versions, 0, NULL},
    {"nh4", "nh4 answers serial requests", nh4_answers_serial_requests, 0, NULL},
    {"sk0", "sk0 answers concurrent requests", sk0_answers_concurrent_requests, 0, NULL},
    {"rebind", "the port can be bound again at once after a stage that left a connection open",
     port_can_be_bound_again_at_once, 0, NULL},
    {"sigterm", "the program ends at once on SIGTERM with connections open", ends_at_once_on_sigterm, 0,
     NULL},
    {"slow client", "a client may take a second between two requests", waits_for_a_slow_client, 0, NULL},
};

const struct stage_suite base_suite = {"base", plans, PLAN_COUNT(plans)};
