/* floors: review */
/* Acknowledge links: a good one reads back, anything else is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "review/html.h"
#include "review/link.h"
#include "review/when.h"

#define NOW ((wall_ms)1795305600000)

static const uint8_t key[SHA256_LEN] = {1, 2, 3};
static const struct link link_1 = {.site = 7, .notification = 4711, .expires = NOW + LINK_VALID};

static char *token_of(const struct link *link)
{
	struct text text = {0};
	link_write_token(&text, key, link);
	return text_take(&text);
}

static void a_good_link_reads_back(void **state)
{
	(void)state;
	static const struct link links[] = {
	        {0, 0, NOW + 1},
	        {7, 4711, NOW + LINK_VALID},
	        {UINT32_MAX, UINT64_MAX, INT64_MAX / 1000 * 1000},
	};
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		struct link out;
		char *token = token_of(&links[i]);
		assert_int_equal(link_read_token(token, key, NOW, &out), 0);
		assert_int_equal(out.site, links[i].site);
		assert_true(out.notification == links[i].notification);
		assert_true(out.expires >= links[i].expires &&
		            out.expires - links[i].expires < 1000);
		assert_int_equal(strspn(token, "0123456789abcdefghijklmnopqrstuvwxyz"
		                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_."),
		                 strlen(token));
		free(token);
	}
}

static void every_changed_character_is_refused(void **state)
{
	(void)state;
	char *token = token_of(&link_1);
	for (size_t i = 0; token[i]; i++) {
		char was = token[i];
		for (const char *c = "0a1zZ-_.9%"; *c; c++) {
			if (*c == was)
				continue;
			struct link out;
			token[i] = *c;
			if (link_read_token(token, key, NOW, &out) != -EINVAL)
				fail_msg("'%c' for '%c' at %zu was taken", *c, was, i);
		}
		token[i] = was;
	}
	free(token);
}

static void shorter_longer_and_foreign_ones_are_refused(void **state)
{
	(void)state;
	char *token = token_of(&link_1);
	struct link out = {.site = 99};
	char other[256];
	size_t len = strlen(token);
	for (size_t i = 0; i < len; i++) {
		memcpy(other, token, i);
		other[i] = '\0';
		assert_int_equal(link_read_token(other, key, NOW, &out), -EINVAL);
	}
	static const char *const spoiled[] = {"%s=", "%s.", "%sA", "0%s", "+%s", " %s", "%s "};
	for (size_t i = 0; i < sizeof spoiled / sizeof *spoiled; i++) {
		struct text text = {0};
		const char *hole = strstr(spoiled[i], "%s");
		text_add_len(&text, spoiled[i], (size_t)(hole - spoiled[i]));
		text_add(&text, token);
		text_add(&text, hole + 2);
		assert_int_equal(link_read_token(text.at, key, NOW, &out), -EINVAL);
		text_finish(&text);
	}
	char *endless = malloc(100001);
	memset(endless, 'a', 100000);
	endless[100000] = '\0';
	assert_int_equal(link_read_token(endless, key, NOW, &out), -EINVAL);
	free(endless);
	uint8_t other_key[SHA256_LEN] = {1, 2, 4};
	assert_int_equal(link_read_token(token, other_key, NOW, &out), -EINVAL);
	assert_int_equal(out.site, 99); /* untouched on failure */
	free(token);
}

static void an_expired_link_says_so_and_a_forged_one_does_not(void **state)
{
	(void)state;
	struct link out = {0};
	char *token = token_of(&link_1);
	assert_int_equal(link_read_token(token, key, link_1.expires - 1, &out), 0);
	assert_int_equal(link_read_token(token, key, link_1.expires, &out), -ETIMEDOUT);
	assert_int_equal(out.notification, 4711);
	token[strlen(token) - 1] ^= 1;
	assert_int_equal(link_read_token(token, key, link_1.expires + 1, &out), -EINVAL);
	free(token);
}

static void an_instant_is_a_time_or_how_long_ago(void **state)
{
	(void)state;
	wall_ms at = 0;
	assert_int_equal(when_parse("1h", NOW, NULL, &at), 0);
	assert_true(at == NOW - HOURS(1));
	assert_int_equal(when_parse("2026-11-22T08:00:00+08:00", 0, NULL, &at), 0);
	assert_true(at == NOW);
	/* Or what the clocks on the site's walls show. */
	struct timezone_span span = {.offset = 8 * 3600};
	struct timezone_table shanghai = {.name = "Asia/Shanghai", .spans = &span, .count = 1};
	at = 0;
	assert_int_equal(when_parse("2026-11-22T08:00", 0, &shanghai, &at), 0);
	assert_true(at == NOW);
	static const char *const bad[] = {"", "yesterday", "1", "-1h", "2026-11-22", "99999999w"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(when_parse(bad[i], NOW, NULL, &at), -EINVAL);
}

static void html_keeps_text_text(void **state)
{
	(void)state;
	struct text out = {0};
	html_add_escaped(&out, "<b a=\"1\" b='2'>&amp; 宿舍");
	assert_string_equal(out.at, "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp; 宿舍");
	text_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_good_link_reads_back),
	        cmocka_unit_test(every_changed_character_is_refused),
	        cmocka_unit_test(shorter_longer_and_foreign_ones_are_refused),
	        cmocka_unit_test(an_expired_link_says_so_and_a_forged_one_does_not),
	        cmocka_unit_test(an_instant_is_a_time_or_how_long_ago),
	        cmocka_unit_test(html_keeps_text_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
