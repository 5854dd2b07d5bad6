/* What a device may say, and every way to say it wrong: each refused with one sentence. */
/* floors: decode */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "receive/signals.h"

#define EVENT "tocsin/binjiang/device/smoke-301/event"
#define STATUS "tocsin/binjiang/device/smoke-301/status"
#define NOW INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */
#define OK "\"kind\":\"smoke\",\"state\":\"active\""

static struct signals signals;
static struct problem why;

static int decode(const char *topic, const char *bytes, size_t len)
{
	why.text[0] = '\0';
	return decode_native(topic, bytes, len, false, NOW, NULL, &signals, &why);
}

static const struct signal *decode_one(const char *payload)
{
	if (decode(EVENT, payload, strlen(payload)) < 0)
		fail_msg("%s: %s", payload, why.text);
	assert_int_equal(signals.count, 1);
	assert_int_equal(signals.items[0].type, EVENT_SIGNAL);
	return &signals.items[0].signal;
}

static void expect_refused_bytes(const char *topic, const char *bytes, size_t len,
                                 const char *sentence)
{
	if (decode(topic, bytes, len) != -EINVAL)
		fail_msg("taken: %s %.200s", topic, bytes);
	if (!strstr(why.text, sentence))
		fail_msg("'%s' does not say '%s'", why.text, sentence);
	assert_int_equal(signals.count, 0);
	assert_false(signals.is_status);
	assert_true(text_is_utf8(why.text, strlen(why.text)));
}

static void expect_refused(const char *topic, const char *payload, const char *sentence)
{
	expect_refused_bytes(topic, payload, strlen(payload), sentence);
}

static int finish(void **state)
{
	(void)state;
	signals_finish(&signals);
	return 0;
}

/* ---- what is understood ---- */

static void test_a_whole_signal(void **state)
{
	(void)state;
	const struct signal *s = decode_one("{\"id\":\"m-1\",\"time\":\"2026-11-22T08:00:00.123+08:"
	                                    "00\"," OK ",\"value\":0.4,\"test\":true}");
	assert_string_equal(signals.site, "binjiang");
	assert_string_equal(signals.device, "smoke-301");
	assert_false(signals.is_status);
	assert_string_equal(s->device, "smoke-301");
	assert_int_equal(s->kind, KIND_SMOKE);
	assert_true(s->active);
	assert_true(s->time == NOW + 123);
	assert_string_equal(s->id, "m-1");
	assert_true(s->has_value);
	assert_true(s->value > 0.39 && s->value < 0.41);
	assert_true(s->test);
	assert_false(s->retained);
	assert_null(s->note);
}

static void test_the_least_signal(void **state)
{
	(void)state;
	const struct signal *s = decode_one(" {\"kind\":\"contact\",\"state\":\"clear\"}\n");
	assert_int_equal(s->kind, KIND_CONTACT);
	assert_false(s->active);
	assert_null(s->id);
	assert_true(s->time == 0);
	assert_false(s->has_value);
	assert_false(s->test);
}

/* As a device without a value writes it: no reason to lose an alarm. */
static void test_null_is_not_said(void **state)
{
	(void)state;
	const struct signal *s = decode_one(
	        "{" OK ",\"id\":null,\"time\":null,\"value\":null,\"test\":null}");
	assert_true(s->active);
	assert_null(s->id);
	assert_true(s->time == 0);
	assert_false(s->has_value);
	assert_false(s->test);
	assert_null(s->note);
}

static void test_every_kind_has_its_word(void **state)
{
	(void)state;
	for (enum kind k = 0; k < KIND_COUNT; k++) {
		char payload[128];
		snprintf(payload, sizeof payload, "{\"kind\":\"%s\",\"state\":\"active\"}",
		         kind_name(k));
		assert_int_equal(decode_one(payload)->kind, k);
	}
}

static void test_retained_is_marked(void **state)
{
	(void)state;
	const char *payload = "{" OK "}";
	assert_int_equal(
	        decode_native(EVENT, payload, strlen(payload), true, NOW, NULL, &signals, &why), 0);
	assert_true(signals.items[0].signal.retained);
}

static void test_an_array_keeps_its_order(void **state)
{
	(void)state;
	const char *payload = "[{" OK ",\"id\":\"1\"},{\"kind\":\"battery\",\"state\":\"clear\"},"
	                      "{" OK ",\"id\":\"3\"}]";
	assert_int_equal(decode(EVENT, payload, strlen(payload)), 0);
	assert_int_equal(signals.count, 3);
	assert_string_equal(signals.items[0].signal.id, "1");
	assert_int_equal(signals.items[1].signal.kind, KIND_BATTERY);
	assert_null(signals.items[1].signal.id);
	assert_string_equal(signals.items[2].signal.id, "3");
}

static void test_what_else_was_said_is_kept(void **state)
{
	(void)state;
	const struct signal *s = decode_one("{ \"rssi\" : -71, " OK
	                                    ", \"where\": {\"floor\": [3, null]} }");
	assert_string_equal(s->note, "{\"rssi\":-71,\"where\":{\"floor\":[3,null]}}");

	struct text payload = {0};
	text_add(&payload, "{" OK ",\"log\":\"");
	for (int i = 0; i < SIGNAL_NOTE_MAX; i++)
		text_add_char(&payload, 'x');
	text_add(&payload, "\"}");
	assert_string_equal(decode_one(text_get(&payload))->note, "{\"note\":\"cut\"}");
	text_finish(&payload);
}

static void test_a_time_within_its_window(void **state)
{
	(void)state;
	assert_true(decode_one("{" OK ",\"time\":\"2025-11-21T00:00:00Z\"}")->time ==
	            NOW - EVENT_TIME_PAST);
	assert_null(signals.items[0].signal.time_said);
	assert_true(decode_one("{" OK ",\"time\":\"2026-11-23T00:00:00Z\"}")->time ==
	            NOW + EVENT_TIME_AHEAD);
	assert_null(signals.items[0].signal.time_said);
}

/* A detector without a battery for its clock, a clock that nobody has set: it burns all the same.
 */
static void test_a_clock_that_is_wrong_costs_no_alarm(void **state)
{
	(void)state;
	static const char *const times[] = {
	        "1970-01-01T00:00:00Z",          "1970-01-01T00:00:10Z",
	        "2000-01-01T08:00:00+08:00",     "2025-11-20T23:59:59.999Z",
	        "2026-11-23T00:00:00.001Z",      "2200-01-01T00:00:00Z",
	        "0001-01-01T00:00:00Z",          "9999-12-31T23:59:60+14:00",
	        "2200-01-01T00:00:00.123456789", "1970-01-01 00:00"};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		char payload[128];
		snprintf(payload, sizeof payload, "{" OK ",\"time\":\"%s\"}", times[i]);
		assert_string_equal(decode_one(payload)->time_said, times[i]);
	}
}

static void test_a_time_without_an_offset_is_by_the_clocks_of_the_site(void **state)
{
	(void)state;
	struct arena arena = {0};
	struct timezone_table zone;
	const char *payload = "{" OK ",\"time\":\"2026-11-22T08:00:00.123\"}";
	assert_int_equal(timezone_load("Asia/Shanghai", &arena, &zone), 0);
	assert_int_equal(
	        decode_native(EVENT, payload, strlen(payload), false, NOW, &zone, &signals, &why),
	        0);
	assert_true(signals.items[0].signal.time == NOW + 123);
	assert_true(decode_one(payload)->time == NOW + HOURS(8) + 123); /* of no site: UTC */
	arena_finish(&arena);
}

/* ---- arrays: each for itself ---- */

static void test_a_bad_signal_takes_no_good_one_with_it(void **state)
{
	(void)state;
	const char *payload = "[{" OK ",\"id\":\"1\"},7,{" OK ",\"state\":\"clear\"},"
	                      "{\"kind\":\"smoke\",\"state\":\"broken\",\"id\":\"4\"},[{" OK "}],"
	                      "{\"kind\":\"heat\",\"state\":\"active\",\"id\":\"6\"},"
	                      "{\"kind\":\"smoke\"}]";
	static const char *const sentences[] = {
	        "signal 2: not a JSON object", "signal 3: 'state' stands there twice",
	        "signal 4: unknown state 'broken'", "signal 5: not a JSON object",
	        "signal 7: 'state' is missing"};
	assert_int_equal(decode(EVENT, payload, strlen(payload)), 0);
	assert_int_equal(signals.count, 2);
	assert_string_equal(signals.items[0].signal.id, "1");
	assert_string_equal(signals.items[1].signal.id, "6");
	assert_int_equal(signals.refused_count, 5);
	for (uint32_t i = 0; i < signals.refused_count; i++)
		if (strstr(signals.refused[i], sentences[i]) != signals.refused[i])
			fail_msg("'%s' does not say '%s'", signals.refused[i], sentences[i]);
	decode_one("{" OK "}");
	assert_int_equal(signals.refused_count, 0);
}

static void test_an_array_of_nonsense_alone(void **state)
{
	(void)state;
	assert_int_equal(decode(EVENT, "[1,2]", 5), 0);
	assert_int_equal(signals.count, 0);
	assert_int_equal(signals.refused_count, 2);
	struct text payload = {0};
	text_add(&payload, "[0");
	while (payload.len + 3 < MESSAGE_MAX)
		text_add(&payload, ",0");
	text_add(&payload, "]");
	assert_int_equal(decode(EVENT, text_get(&payload), payload.len), 0);
	assert_int_equal(signals.refused_count, REFUSED_MAX + 1);
	assert_string_equal(signals.refused[REFUSED_MAX], "30719 more signals were not understood");
	text_finish(&payload);
}

static void test_a_backlog_as_long_as_a_message_may_be(void **state)
{
	(void)state;
	struct text payload = {0};
	uint32_t count = 1;
	text_add(&payload, "[{" OK "}");
	for (; payload.len + sizeof ",{" OK "}" < MESSAGE_MAX; count++)
		text_add(&payload, ",{" OK "}");
	text_add(&payload, "]");
	while (payload.len < MESSAGE_MAX)
		text_add_char(&payload, ' ');
	assert_int_equal(decode(EVENT, text_get(&payload), payload.len), 0);
	assert_true(count > 1500);
	assert_int_equal(signals.count, count);
	text_finish(&payload);
}

static void test_any_unique_string_is_an_id(void **state)
{
	(void)state;
	struct text id = {0}, payload = {0};
	while (id.len < MESSAGE_MAX - 100)
		text_add(&id, "编号-😀/");
	text_addf(&payload, "{" OK ",\"id\":\"%s\"}", text_get(&id));
	assert_string_equal(decode_one(text_get(&payload))->id, text_get(&id));
	assert_null(decode_one("{" OK ",\"id\":\"\"}")->id); /* names nothing */
	text_finish(&id);
	text_finish(&payload);
}

static void test_presence(void **state)
{
	(void)state;
	assert_int_equal(decode(STATUS, "online", 6), 0);
	assert_true(signals.is_status);
	assert_true(signals.status.online);
	assert_string_equal(signals.status.device, "smoke-301");
	assert_int_equal(decode(STATUS, "offline", 7), 0);
	assert_true(signals.is_status);
	assert_false(signals.status.online);
	assert_int_equal(signals.count, 0);
}

static void test_an_id_is_text_whatever_it_looks_like(void **state)
{
	(void)state;
	const char *payload = "{" OK "}";
	assert_int_equal(
	        decode("tocsin/学校/device/0x00158d0001a2b3c4/event", payload, strlen(payload)), 0);
	assert_string_equal(signals.site, "学校");
	assert_string_equal(signals.device, "0x00158d0001a2b3c4");
}

static void test_one_message_leaves_nothing_for_the_next(void **state)
{
	(void)state;
	decode_one("{" OK ",\"id\":\"a\",\"value\":1,\"test\":true,\"more\":1}");
	const struct signal *s = decode_one("{" OK "}");
	assert_null(s->id);
	assert_null(s->note);
	assert_false(s->has_value);
	assert_false(s->test);
	assert_int_equal(decode(STATUS, "online", 6), 0);
	assert_int_equal(signals.count, 0);
	decode_one("{" OK "}");
	assert_false(signals.is_status);
}

/* ---- what is refused ---- */

static void test_broken_payloads(void **state)
{
	(void)state;
	static const struct {
		const char *payload, *sentence;
	} broken[] = {
	        {"", "empty"},
	        {" ", "not JSON"},
	        {"active", "not JSON"},
	        {"{" OK, "not JSON"},
	        {"{" OK "} x", "something follows"},
	        {"{" OK "}{" OK "}", "something follows"},
	        {"{" OK ",\"id\":\"\xff\"}", "not valid UTF-8"},
	        {"{" OK ",\"id\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
	        {"{" OK ",\"id\":\"a\\u0000b\"}", "NUL"},
	        {"null", "not a JSON object"},
	        {"7", "not a JSON object"},
	        {"\"smoke\"", "not a JSON object"},
	        {"[]", "an array without a signal"},
	        {"{}", "'kind' is missing"},
	        {"{\"state\":\"active\"}", "'kind' is missing"},
	        {"{\"kind\":\"smoke\"}", "'state' is missing"},
	        {"{\"kind\":7,\"state\":\"active\"}", "'kind' must be a text"},
	        {"{\"kind\":null,\"state\":\"active\"}", "'kind' must be a text"},
	        {"{\"kind\":\"dragon\",\"state\":\"active\"}",
	         "unknown kind 'dragon'; allowed are: smoke heat"},
	        {"{\"kind\":\"Smoke\",\"state\":\"active\"}", "unknown kind 'Smoke'"},
	        {"{\"Kind\":\"smoke\",\"state\":\"active\"}", "'kind' is missing"},
	        {"{\"kind\":\"smoke\",\"state\":\"ACTIVE\"}",
	         "unknown state 'ACTIVE'; allowed are: active clear"},
	        {"{\"kind\":\"smoke\",\"state\":true}", "'state' must be a text"},
	        {"{" OK ",\"id\":17}", "'id' must be a text"},
	        {"{" OK ",\"value\":\"0.4\"}", "'value' must be a number"},
	        {"{" OK ",\"value\":1e999}", "'value' must be a number"},
	        {"{" OK ",\"test\":\"true\"}", "'test' must be true or false"},
	        {"{" OK ",\"test\":1}", "'test' must be true or false"},
	        {"{" OK ",\"time\":1763769600}", "'time' must be a text like"},
	        {"{" OK ",\"time\":\"yesterday\"}", "'time' must be a text like"},
	        {"{" OK ",\"time\":\"2026-11-22\"}", "'time' must be a text like"},
	        {"{" OK ",\"time\":\"2026-11-22T08:00:00 CST\"}", "'time' must be a text like"},
	        {"{" OK ",\"time\":\"2026-02-30T08:00:00Z\"}", "'time' must be a text like"},
	        {"{" OK ",\"state\":\"clear\"}", "'state' stands there twice"},
	        {"{" OK ",\"x\":1,\"x\":1}", "'x' stands there twice"},
	        {"{\"kind\":\"\\u001b[2J\\n\",\"state\":\"active\"}", "'\\x1b[2J\\x0a'"},
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		expect_refused(EVENT, broken[i].payload, broken[i].sentence);
	expect_refused_bytes(EVENT, "{" OK "}\0", sizeof "{" OK "}", "not valid UTF-8");
}

static void test_too_much_of_anything(void **state)
{
	(void)state;
	struct text payload = {0};
	for (size_t i = 0; i < 65u * 1024; i++)
		text_add_char(&payload, ' ');
	expect_refused(EVENT, text_get(&payload), "at most 65536 are read");

	text_reset(&payload);
	for (int i = 0; i < 10000; i++)
		text_add_char(&payload, '[');
	for (int i = 0; i < 10000; i++)
		text_add_char(&payload, ']');
	expect_refused(EVENT, text_get(&payload), "nested deeper than 32 levels");

	text_reset(&payload);
	text_add(&payload, "{" OK);
	for (int i = 2; i <= MEMBERS_MAX; i++)
		text_addf(&payload, ",\"m%d\":1", i);
	text_add(&payload, "}");
	expect_refused(EVENT, text_get(&payload), "more than 64 members");

	text_reset(&payload);
	text_add(&payload, "{\"state\":\"active\",\"kind\":\"");
	for (int i = 0; i < 10000; i++)
		text_add(&payload, "火");
	text_add(&payload, "\"}");
	expect_refused(EVENT, text_get(&payload), "火…'");
	text_finish(&payload);
}

static void test_broken_topics(void **state)
{
	(void)state;
	static const struct {
		const char *topic, *sentence, *site, *device;
	} broken[] = {
	        {"", "is no topic of a device", "", ""},
	        {"zigbee2mqtt/door", "is no topic of a device", "", ""},
	        {"tocsin", "no site id", "", ""},
	        {"tocsin//device/d/event", "no site id", "", ""},
	        {"tocsin/+/device/d/event", "no site id", "", ""},
	        {"tocsin/#", "no site id", "", ""},
	        {"tocsin/s", "is no topic of a device", "s", ""},
	        {"tocsin/s/device", "no device id", "s", ""},
	        {"tocsin/s/device//event", "no device id", "s", ""},
	        {"tocsin/s/device/+/event", "no device id", "s", ""},
	        {"tocsin/s/device/a\x01/event", "no device id", "s", ""},
	        {"tocsin/s/device/\xff/event", "no device id", "s", ""},
	        {"tocsin/s/device/d", "is no topic of a device", "s", "d"},
	        {"tocsin/s/device/d/ack", "is no topic of a device", "s", "d"},
	        {"tocsin/s/device/d/events", "is no topic of a device", "s", "d"},
	        {"tocsin/s/device/d/event/", "is no topic of a device", "s", "d"},
	        {"tocsin/s/device/d/event/x", "is no topic of a device", "s", "d"},
	        {"tocsin/s/incident/i", "is no topic of a device", "s", ""},
	        {"tocsin/s/device-with-a-long-name/d/event", "is no topic of a device", "s", ""},
	        {"tocsin/s/device/"
	         "0123456789012345678901234567890123456789012345678901234567890123x/event",
	         "no device id", "s", ""},
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		expect_refused(broken[i].topic, "{" OK "}", broken[i].sentence);
		assert_string_equal(signals.site, broken[i].site);
		assert_string_equal(signals.device, broken[i].device);
	}
}

static void test_broken_presence(void **state)
{
	(void)state;
	expect_refused(STATUS, "", "empty status");
	expect_refused(STATUS, "ONLINE", "allowed are: online offline");
	expect_refused(STATUS, "online ", "allowed are: online offline");
	expect_refused(STATUS, "on", "allowed are: online offline");
	expect_refused(STATUS, "{\"state\":\"online\"}", "allowed are: online offline");
	expect_refused_bytes(STATUS, "online", 7, "allowed are: online offline");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_whole_signal),
	        cmocka_unit_test(test_the_least_signal),
	        cmocka_unit_test(test_null_is_not_said),
	        cmocka_unit_test(test_every_kind_has_its_word),
	        cmocka_unit_test(test_retained_is_marked),
	        cmocka_unit_test(test_an_array_keeps_its_order),
	        cmocka_unit_test(test_what_else_was_said_is_kept),
	        cmocka_unit_test(test_a_time_within_its_window),
	        cmocka_unit_test(test_a_clock_that_is_wrong_costs_no_alarm),
	        cmocka_unit_test(test_a_time_without_an_offset_is_by_the_clocks_of_the_site),
	        cmocka_unit_test(test_a_bad_signal_takes_no_good_one_with_it),
	        cmocka_unit_test(test_an_array_of_nonsense_alone),
	        cmocka_unit_test(test_a_backlog_as_long_as_a_message_may_be),
	        cmocka_unit_test(test_any_unique_string_is_an_id),
	        cmocka_unit_test(test_presence),
	        cmocka_unit_test(test_an_id_is_text_whatever_it_looks_like),
	        cmocka_unit_test(test_one_message_leaves_nothing_for_the_next),
	        cmocka_unit_test(test_broken_payloads),
	        cmocka_unit_test(test_too_much_of_anything),
	        cmocka_unit_test(test_broken_topics),
	        cmocka_unit_test(test_broken_presence),
	};
	return cmocka_run_group_tests(tests, NULL, finish);
}
