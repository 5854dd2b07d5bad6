/* Devices that sign what they say: the envelope, and what of the rightly signed is news. */
/* floors: decode */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "receive/signals_signed.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define SAID                                                                                       \
	"{\"id\":\"m-1\",\"time\":\"2026-11-22T08:00:00+08:00\",\"kind\":\"smoke\",\"state\":"     \
	"\"active\"}"
/* By Python's hmac, over struct.pack(">I", len(part)) + part of each. */
#define HMAC "2820cebd4f347adf151621e4a947ef0a2b6f98a0bd900c64997e6a0e943f7248"

static struct text inner, envelope;
static struct problem why;

static int opens(const char *key, const char *site, const char *device, const char *bytes)
{
	text_reset(&inner);
	why.text[0] = '\0';
	return signed_open(key, site, device, bytes, strlen(bytes), &inner, &why);
}

static int finish(void **state)
{
	(void)state;
	text_finish(&inner);
	text_finish(&envelope);
	return 0;
}

static const char *make_envelope(void)
{
	text_reset(&envelope);
	signed_write(KEY, "binjiang", "smoke-301", SAID, &envelope);
	return text_get(&envelope);
}

static void test_the_envelope_is_the_one_that_is_published(void **state)
{
	(void)state;
	const char *made = make_envelope();
	assert_non_null(strstr(made, "\"hmac\":\"" HMAC "\""));
	assert_int_equal(opens(KEY, "binjiang", "smoke-301", made), 0);
	assert_string_equal(text_get(&inner), SAID);
}

static void test_whoever_changes_anything_is_refused(void **state)
{
	(void)state;
	const char *made = make_envelope();
	assert_int_equal(opens("0123456789abcdef0123456789abcdeF", "binjiang", "smoke-301", made),
	                 -EACCES);
	assert_int_equal(opens(KEY, "binjian", "smoke-301", made), -EACCES);
	assert_int_equal(opens(KEY, "binjiang", "smoke-302", made), -EACCES);
	/* What ends one part may not begin the next. */
	assert_int_equal(opens(KEY, "binjiangs", "moke-301", made), -EACCES);
	assert_int_equal(opens(NULL, "binjiang", "smoke-301", made), -EACCES);
	size_t len = strlen(made);
	char changed[512];
	assert_true(len < sizeof changed);
	for (size_t i = 0; i < len; i++) {
		memcpy(changed, made, len + 1);
		changed[i] ^= 1;
		if (opens(KEY, "binjiang", "smoke-301", changed) == 0)
			fail_msg("with byte %zu changed it is taken: %s", i, changed);
		assert_int_equal(inner.len, 0);
	}
}

static void test_what_is_no_envelope_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
	        "",
	        "smoke",
	        "[]",
	        "{}",
	        SAID,
	        "{\"signed\":\"x\"}",
	        "{\"hmac\":\"" HMAC "\"}",
	        "{\"signed\":{},\"hmac\":\"" HMAC "\"}",
	        "{\"signed\":\"x\",\"hmac\":1}",
	        "{\"signed\":\"x\",\"hmac\":\"\"}",
	        "{\"signed\":\"x\",\"hmac\":\"" HMAC "00\"}",
	        "{\"signed\":\"x\",\"signed\":\"x\"}",
	        "{\"signed\":\"x\",\"hmac\":\"" HMAC "\",\"more\":1}",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (opens(KEY, "binjiang", "smoke-301", rows[i]) != -EINVAL)
			fail_msg("not refused as no envelope: %s", rows[i]);
	static char large[SIGNED_MAX + 2];
	memset(large, ' ', sizeof large - 1);
	assert_int_equal(opens(KEY, "binjiang", "smoke-301", large), -EINVAL);
	assert_non_null(strstr(why.text, "bytes"));
}

#define NOW ((wall_ms)1795305600000)
#define WINDOW MINUTES(5)

static void test_what_of_the_rightly_signed_is_news(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		span_ms time, mark; /* from now */
		span_ms remembers_since;
		enum freshness is;
	} rows[] = {
	        {"just said", 0, -SECONDS(9), -HOURS(1), SIGNED_FRESH},
	        {"at the window's end", -WINDOW, -HOURS(1), -HOURS(2), SIGNED_FRESH},
	        {"a clock ahead, within the window", WINDOW, 0, -HOURS(1), SIGNED_FRESH},
	        {"waited at the broker while we were down", -HOURS(8), -HOURS(9), 0, SIGNED_LATE},
	        {"a clock ahead", WINDOW + 1, 0, -HOURS(1), SIGNED_LATE},
	        {"turned round on the way", -SECONDS(2), -SECONDS(1), -HOURS(1), SIGNED_FRESH},
	        {"the last one again, after our restart", -SECONDS(9), -SECONDS(9), -SECONDS(1),
	         SIGNED_BEFORE},
	        {"the last one again, an hour later", -HOURS(1), -HOURS(1), -HOURS(3),
	         SIGNED_BEFORE},
	        {"two of one moment", -SECONDS(9), -SECONDS(9), -HOURS(1), SIGNED_FRESH},
	        {"an older one, an hour later", -HOURS(1), -MINUTES(59), -HOURS(3),
	         SIGNED_REPLAYED},
	        {"an older one, and its id may be forgotten", -SECONDS(9), -SECONDS(8), -MINUTES(4),
	         SIGNED_REPLAYED},
	        {"just beyond the window", -WINDOW - 1, -MINUTES(1), -HOURS(1), SIGNED_REPLAYED},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum freshness is = signed_judge(NOW + rows[i].time, NOW + rows[i].mark, WINDOW,
		                                 NOW, NOW + rows[i].remembers_since);
		if (is != rows[i].is)
			fail_msg("%s: %d", rows[i].what, is);
	}
	/* Its clock was never set, and it has never signed before. */
	assert_int_equal(signed_judge(0, 0, WINDOW, NOW, NOW - HOURS(1)), SIGNED_LATE);
	assert_int_equal(signed_mark(NOW - HOURS(3), WINDOW, NOW), NOW - HOURS(3));
	/* A clock that is put right need not catch up with what it said before. */
	assert_int_equal(signed_mark(NOW + HOURS(20), WINDOW, NOW), NOW + WINDOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_envelope_is_the_one_that_is_published),
	        cmocka_unit_test(test_whoever_changes_anything_is_refused),
	        cmocka_unit_test(test_what_is_no_envelope_is_refused),
	        cmocka_unit_test(test_what_of_the_rightly_signed_is_news),
	};
	return cmocka_run_group_tests(tests, NULL, finish);
}
