/*
 * test_script: every key and form of a script is known and does what it says; any other is refused.
 */
#include "test/conversation/script.h"

#include "protocol/batch.h"
#include "test/conversation/batches.h"
#include "test/conversation/request.h"
#include "test/conversation/testing.h"

/* ---- the script's keys ---- */

static const char *check_step(const char *text)
{
    static struct note why;
    struct step step = {0};
    why.text[0] = '\0';
    return script_check_step(testing_json(text), &step, &why) ? "known" : why.text;
}

START_TEST(every_key_is_known)
{
    static const char *const steps[] = {
        "{\"note\":\"a remark\"}",
        "{\"create\":\"t\",\"partitions\":2,\"configs\":{\"retention.ms\":\"5\"},\"save\":\"id\",\"note\":"
        "\"n\"}",
        "{\"api\":\"Produce\",\"version\":\"3-12\",\"request\":{\"acks\":-1},\"on\":\"c1\",\"client\":null}",
        "{\"api\":\"Produce\",\"version\":3,\"client\":\"x\",\"save\":{\"id\":\"/topics/0/"
        "topicId\"},\"wait_ms\":5}",
        "{\"api\":\"Produce\",\"until\":{\"/"
        "errorCode\":[0,42]},\"for_ms\":10,\"elapsed\":[450,2000],\"throttle\":true}",
        "{\"api\":\"Produce\",\"async\":true,\"acks0\":true,\"no_answer\":true,\"sort\":\"name\",\"keep\":\"^"
        "07\",\"mask\":[\"a\"]}",
        "{\"api\":\"Produce\",\"sort\":[\"name\",\"configs:name\"],\"key\":4,\"body_version\":3,\"answer_"
        "version\":2}",
        "{\"api\":\"Produce\",\"correlation\":-1,\"body\":\"00ff\",\"cut\":1,\"append\":\"00\",\"size_off_"
        "by\":-1}",
        "{\"api\":\"Produce\",\"correlation\":\"${version}\"}",
        "{\"raw\":\"00\",\"async\":true,\"on\":\"c\"}",
        "{\"frame\":\"00\",\"api\":\"Metadata\",\"version\":1,\"correlation\":7,\"answer_version\":1,"
        "\"keep\":\"a\"}",
        "{\"await\":\"c1\",\"mask\":[\"a\"],\"save\":{\"a\":\"/b\"},\"wait_ms\":1,\"sort\":\"\"}",
        "{\"close\":\"c1\"}",
        "{\"sleep_ms\":300}",
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        ck_assert_msg(strcmp(check_step(steps[i]), "known") == 0, "%s: %s", steps[i], check_step(steps[i]));
}
END_TEST

START_TEST(a_key_that_is_unknown_or_out_of_place_is_refused)
{
    static const struct {
        const char *step, *why;
    } wrong[] = {
        {"{\"api\":\"Produce\",\"acks\":1}", "no key 'acks' is known"},
        {"{\"note\":\"n\",\"Note\":\"n\"}", "no key 'Note' is known"},
        {"{\"create\":\"t\",\"partition\":2}", "no key 'partition' is known"},
        {"{\"create\":\"t\",\"request\":{}}", "'request' has no meaning in this kind of step"},
        {"{\"create\":\"t\",\"save\":{}}", "'save' cannot be an object here"},
        {"{\"api\":\"Produce\",\"save\":\"x\"}", "'save' cannot be a string here"},
        {"{\"raw\":\"00\",\"size_off_by\":1}", "'size_off_by' has no meaning in this kind of step"},
        {"{\"close\":\"a\",\"await\":\"b\"}", "'await' has no meaning in this kind of step"},
        {"{\"sleep_ms\":\"x\"}", "'sleep_ms' cannot be a string here"},
        {"{\"api\":\"Produce\",\"mask\":\"a\"}", "'mask' cannot be a string here"},
        {"{\"api\":\"Produce\",\"async\":1}", "'async' cannot be a number here"},
        {"{\"api\":\"Produce\",\"version\":\"5-3\"}", "'5-3' is no version, and no range of them"},
        {"{\"api\":\"Produce\",\"version\":\"x\"}", "'x' is no version, and no range of them"},
        {"{\"version\":3}", "'version' has no meaning in this kind of step"},
        {"{}", "a step that says nothing"},
        {"[]", "a step is an object, not an array"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_str_eq(check_step(wrong[i].step), wrong[i].why);
}
END_TEST

START_TEST(a_script_is_read_whole_or_not_at_all)
{
    struct note why = {""};
    struct step *steps;
    ck_assert(script_read(
        SLICE("# a comment\n\n// another\n{\"note\":\"a\"}\n{\"api\":\"Fetch\",\"version\":\"4-18\"}"),
        testing_arena(), &steps, &why));
    ck_assert_int_eq(steps->line, 4);
    ck_assert_int_eq(steps->next->first_version, 4);
    ck_assert_int_eq(steps->next->last_version, 18);
    ck_assert_ptr_null(steps->next->next);
    ck_assert(!script_read(SLICE("{\"note\":\"a\"}\n{\"nope\":1}\n"), testing_arena(), &steps, &why));
    ck_assert_str_eq(why.text, "line 2: no key 'nope' is known");
}
END_TEST

/* ---- values ---- */

static const char *expanded(const char *text)
{
    static struct note why;
    struct expanding in = testing_expanding(&why);
    struct json_value *value = values_substitute(&in, testing_json(text));
    value = value == NULL ? NULL : values_expand(&in, value);
    return value == NULL ? why.text : testing_text(value);
}

START_TEST(what_was_saved_takes_its_place)
{
    ck_assert_str_eq(
        expanded("[\"${t0+5}\",\"${t0-5}\",\"${id}\",\"${list}\",\"a ${id} ${t0}\",\"$id {id} ${\"]"),
        "[1700000000005,1699999999995,\"abc\",[1,2],\"a abc 1700000000000\",\"$id {id} ${\"]");
    ck_assert_str_eq(expanded("[\"${nope}\"]"), "nothing is saved as 'nope'");
}
END_TEST

START_TEST(every_form_is_known_and_others_are_refused)
{
    ck_assert_str_eq(expanded("{\"$hex\":\"00ff 80\"}"), "\"AP+A\"");
    ck_assert_str_eq(expanded("{\"$text\":\"abc\"}"), "\"YWJj\"");
    ck_assert_str_eq(expanded("{\"$repeat\":[\"xy\",3]}"), "\"xyxyxy\"");
    ck_assert_str_eq(expanded("{\"a\":{\"$many\":[3,\"t#\"]}}"), "{\"a\":[\"t0\",\"t1\",\"t2\"]}");
    ck_assert_str_eq(expanded("{\"$many\":[2,{\"n\":\"#\",\"b\":{\"$hex\":\"0#\"}}]}"),
                     "[{\"n\":\"0\",\"b\":\"AA==\"},{\"n\":\"1\",\"b\":\"AQ==\"}]");
    ck_assert_str_eq(expanded("{\"$nope\":1}"), "no form '$nope' is known");
    ck_assert_str_eq(expanded("{\"$hex\":\"0\"}"), "$hex: not pairs of hexadecimal digits");
    ck_assert_str_eq(expanded("{\"$hex\":\"00\",\"$text\":\"a\"}"), "more beside '$hex' than it takes");
    ck_assert_str_eq(expanded("{\"$text\":\"a\",\"version\":1}"), "more beside '$text' than it takes");
    ck_assert_str_eq(expanded("{\"$repeat\":[\"x\"]}"), "$repeat: wants a string and how often");
    ck_assert_str_eq(expanded("{\"$many\":3}"), "$many: wants how many, and what");
}
END_TEST

START_TEST(unknown_keys_of_batches_are_refused)
{
    ck_assert_str_eq(expanded("{\"$batch\":{\"record\":1}}"), "$batch: no key 'record'");
    ck_assert_str_eq(expanded("{\"$batches\":[{\"records\":1},{\"nope\":1}]}"), "$batch: no key 'nope'");
    ck_assert_str_eq(expanded("{\"$batch\":{\"records\":[{\"k\":\"a\"}]}}"), "$batch: no key 'k'");
    ck_assert_str_eq(expanded("{\"$batch\":{\"patch\":{\"nope\":1}}}"),
                     "$batch: nothing to patch is called 'nope'");
    ck_assert_str_eq(expanded("{\"$batch\":{\"patch\":{\"9999\":1}}}"),
                     "$batch: nothing to patch is called '9999'");
    ck_assert_str_eq(expanded("{\"$batch\":{\"codec\":\"brotli\"}}"), "$batch: no codec 'brotli'");
    ck_assert_str_eq(expanded("{\"$batch\":{\"control\":\"maybe\"}}"), "$batch: no control record 'maybe'");
}
END_TEST

static struct slice build_batch(const char *text)
{
    struct note why;
    struct expanding in = testing_expanding(&why);
    struct buf out = {0};
    ck_assert_msg(batches_append(&in, testing_json(text), &out), "%s", why.text);
    struct slice batch = arena_dup(testing_arena(), buf_slice(&out));
    buf_fini(&out);
    return batch;
}

START_TEST(a_batch_is_as_the_script_says)
{
    struct batch_header header;
    struct slice batch =
        build_batch("{\"records\":[\"a\",{\"key\":\"k\",\"value\":null,\"timestamp\":9,\"delta\":7,"
                    "\"headers\":[[\"h\",null]]}],\"producerId\":5,\"epoch\":1,\"sequence\":2,"
                    "\"transactional\":true,\"leaderEpoch\":3,\"baseOffset\":100}");
    batch_header_read(batch.data, &header);
    ck_assert_int_eq(batch_size(&header), (int64_t)batch.len);
    ck_assert(batch_check_crc(batch));
    ck_assert_int_eq(header.base_offset, 100);
    ck_assert_int_eq(header.last_offset_delta, 7);
    ck_assert_int_eq(header.base_timestamp, testing_t0);
    ck_assert_int_eq(header.max_timestamp, testing_t0);
    ck_assert_int_eq(header.producer_id, 5);
    ck_assert_int_eq(header.producer_epoch, 1);
    ck_assert_int_eq(header.base_sequence, 2);
    ck_assert_int_eq(header.partition_leader_epoch, 3);
    ck_assert_int_eq(header.attributes, BATCH_TRANSACTIONAL);
    ck_assert_int_eq(header.record_count, 2);
    batch_header_read(build_batch("{\"timestampType\":\"append\",\"codec\":\"lz4\",\"records\":3}").data,
                      &header);
    ck_assert_int_eq(header.attributes, BATCH_LOG_APPEND_TIME | CODEC_LZ4);
    ck_assert_int_eq(header.max_timestamp, testing_t0);
    ck_assert_int_eq((int)build_batch("{\"records\":0}").len, 0);
}
END_TEST

START_TEST(a_patched_batch_has_a_right_crc_unless_that_is_patched)
{
    struct batch_header header;
    struct slice batch = build_batch("{\"patch\":{\"attributes\":32,\"count\":9,\"16\":1}}");
    batch_header_read(batch.data, &header);
    ck_assert_int_eq(header.attributes, 32);
    ck_assert_int_eq(header.record_count, 9);
    ck_assert_int_eq(header.magic, 1);
    ck_assert(batch_check_crc(batch));
    batch = build_batch("{\"patch\":{\"crc\":1}}");
    batch_header_read(batch.data, &header);
    ck_assert_uint_eq(header.crc, 1);
    struct slice whole = build_batch("{}"), cut = build_batch("{\"cut\":2}"),
                 more = build_batch("{\"append\":\"00ff\"}");
    ck_assert_uint_eq(cut.len, whole.len - 2);
    ck_assert_uint_eq(more.len, whole.len + 2);
    ck_assert_int_eq(more.data[more.len - 1], 0xff);
}
END_TEST

START_TEST(a_message_of_magic_1_is_as_it_was)
{
    struct slice batch =
        build_batch("{\"magic\":1,\"records\":[{\"key\":\"k\",\"value\":\"v\",\"timestamp\":0}]}");
    static const uint8_t wanted[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24};
    static const uint8_t behind_crc[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'k', 0, 0, 0, 1, 'v'};
    ck_assert_uint_eq(batch.len, sizeof wanted + 4 + sizeof behind_crc);
    ck_assert_mem_eq(batch.data, wanted, sizeof wanted);
    ck_assert_mem_eq(batch.data + 16, behind_crc, sizeof behind_crc);
}
END_TEST

/* ---- requests ---- */

static const char *request_hex(const char *text, int version)
{
    static struct note why;
    struct expanding in = testing_expanding(&why);
    struct buf out = {0}, hex = {0};
    struct pending pending;
    if (!request_append(&in, testing_json(text), version, 100, &out, &pending)) {
        buf_fini(&out);
        return why.text;
    }
    for (size_t i = 0; i < out.len; i++)
        buf_printf(&hex, "%02x", out.data[i]);
    buf_append_char(&hex, '\0');
    const char *result = (const char *)arena_dup(testing_arena(), buf_slice(&hex)).data;
    buf_fini(&out);
    buf_fini(&hex);
    return result;
}

START_TEST(a_request_can_be_wrong_in_each_way)
{
    ck_assert_str_eq(request_hex("{\"api\":\"ApiVersions\"}", 0), "00000012"
                                                                  "0012"
                                                                  "0000"
                                                                  "00000064"
                                                                  "0008636f6e7665727365");
    ck_assert_str_eq(request_hex("{\"api\":\"ApiVersions\",\"client\":null,\"correlation\":-1}", 0),
                     "0000000a"
                     "00120000ffffffff"
                     "ffff");
    ck_assert_str_eq(
        request_hex("{\"api\":\"ApiVersions\",\"client\":\"\",\"key\":4,\"append\":\"abcd\"}", 0),
        "0000000c"
        "00040000000000640000"
        "abcd");
    ck_assert_str_eq(
        request_hex("{\"api\":\"ApiVersions\",\"client\":\"\",\"body\":\"0102 03\",\"size_off_by\":-2}", 0),
        "0000000b"
        "00120000000000640000"
        "010203");
    ck_assert_str_eq(
        request_hex("{\"api\":\"ApiVersions\",\"client\":\"\",\"body_version\":3,\"cut\":1}", 99),
        "0000000d"
        "00120063000000640000"
        "00"
        "0101");
    ck_assert_str_eq(request_hex("{\"raw\":\"0102\"}", 0), "0102");
    ck_assert_str_eq(request_hex("{\"frame\":\"0102\"}", 0), "000000020102");
}
END_TEST

START_TEST(a_request_that_cannot_be_made_says_why)
{
    ck_assert_str_eq(request_hex("{\"api\":\"Nope\"}", 0), "no API is named Nope");
    ck_assert_str_eq(request_hex("{\"api\":\"fetch\"}", 4), "no API is named fetch");
    ck_assert_str_eq(request_hex("{\"api\":\"Vote\"}", 0), "no tables for Vote yet");
    ck_assert_str_eq(request_hex("{\"api\":\"ApiVersions\"}", 99),
                     "ApiVersions has the versions 0 to 4; body_version says as which to write another");
    ck_assert_ptr_nonnull(strstr(request_hex("{\"api\":\"Metadata\",\"request\":{\"nope\":1}}", 1), "nope"));
    ck_assert_ptr_nonnull(strstr(request_hex("{\"api\":\"ApiVersions\",\"cut\":1}", 0), "to cut"));
}
END_TEST

START_TEST(fields_that_a_version_does_not_have_are_dropped)
{
    const char *later =
        "{\"api\":\"Metadata\",\"client\":\"\",\"request\":{\"topics\":[],\"allowAutoTopicCreation\":false}}";
    ck_assert_str_eq(request_hex(later, 1), "0000000e"
                                            "00030001000000640000"
                                            "00000000");
    ck_assert_str_eq(request_hex(later, 4), "0000000f"
                                            "00030004000000640000"
                                            "00000000"
                                            "00");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_key_is_known,
        a_key_that_is_unknown_or_out_of_place_is_refused,
        a_script_is_read_whole_or_not_at_all,
        what_was_saved_takes_its_place,
        every_form_is_known_and_others_are_refused,
        unknown_keys_of_batches_are_refused,
        a_batch_is_as_the_script_says,
        a_patched_batch_has_a_right_crc_unless_that_is_patched,
        a_message_of_magic_1_is_as_it_was,
        a_request_can_be_wrong_in_each_way,
        a_request_that_cannot_be_made_says_why,
        fields_that_a_version_does_not_have_are_dropped,
        NULL,
    };
    return testing_run("script", tests);
}
