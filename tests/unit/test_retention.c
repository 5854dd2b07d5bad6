/* floors: store decide */
/* What is old is removed with the record saying so; what is removed otherwise is tampering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/keys.h"
#include "store/verify.h"
#include "store_story.h"

static void sign(struct story *s, span_ms keep)
{
	struct keys keys;
	struct problem why = {0};
	char data[200];
	uint8_t key[ED25519_KEY_LEN];
	struct text hex = {0};
	assert_int_equal(keys_open(s->path, &keys, &why), 0);
	assert_int_equal(store_sign_with(s->store, &keys, &why), 0);
	store_keep_for(s->store, keep);
	ed25519_public(keys.seed, key);
	text_add_hex(&hex, key, sizeof key);
	snprintf(data, sizeof data, "{\"key\":\"%s\"}", text_get(&hex));
	text_finish(&hex);
	if (store_head(s->store, s->site->store_id).seq == 0)
		apply(s, (struct event){.type = EVENT_SERVICE,
		                        .service = {.type = SERVICE_KEYED, .data = data}});
	commit(s);
}

static void turn_with(struct story *s, bool seal)
{
	struct site_turn sites;
	struct problem why = {0};
	struct turn turn = turn_of(s, &sites);
	turn.seal = seal;
	turn.keep = store_keep_due(s->store) <= s->now.steady;
	if (store_commit(s->store, &turn, &why) < 0)
		fail_msg("%s", why.text);
	plan_reset(&s->plan, s->site);
	site_settle(s->site);
}

/* So many days of a battery that comes and goes under walk test, and one fire on the second. */
static void live(struct story *s, int days)
{
	s->site->devices[1].walk_test = true;
	for (int day = 0; day < days; day++) {
		for (int i = 0; i < 20; i++) {
			given_signal(s, "smoke-302", KIND_BATTERY, i % 2 == 0);
			pass(s, HOURS(1));
			commit(s);
		}
		if (day == 1)
			given_signal(s, "smoke-301", KIND_SMOKE, true);
		pass(s, HOURS(4));
		turn_with(s, true);
	}
}

struct outcome_of {
	int findings;
	uint64_t removed, entries, first_bad;
	enum tampering kind;
};

static void take(void *ctx, const struct site_verdict *site)
{
	struct outcome_of *v = ctx;
	v->removed = site->removed;
	v->entries = site->entries;
	if (site->finding_count) {
		v->first_bad = site->findings[0].seq;
		v->kind = site->findings[0].kind;
	}
}

static struct outcome_of verify_request(struct story *s, const struct verify_request *request)
{
	struct outcome_of v = {0};
	struct store *store;
	struct problem why = {0};
	if (store_open(s->path, STORE_READ, &store, &why) < 0)
		fail_msg("%s", why.text);
	v.findings = store_verify(store, request, take, &v, &why);
	store_close(store);
	return v;
}

static struct outcome_of verify(struct story *s)
{
	return verify_request(s, &(struct verify_request){0});
}

static enum kept_answer answer_to(struct story *s, struct kept_head kept, int findings)
{
	struct verify_request request = {.kept = &kept, .kept_count = 1};
	assert_int_equal(verify_request(s, &request).findings, findings);
	return kept.answer;
}

static void test_what_is_old_goes_and_the_record_says_so(void **state)
{
	struct story *s = *state;
	sign(s, DAYS(3));
	live(s, 10);
	struct outcome_of v = verify(s);
	assert_int_equal(v.findings, 0);
	assert_true(v.removed > 100);
	assert_int_equal(v.entries + v.removed, store_head(s->store, s->site->store_id).seq);
	assert_true(count_log(s->store, (struct ledger_filter){.type = "retention"}) > 3);
	/* What is left of the walk test is of the last days; of the fire everything is. */
	wall_ms young = s->now.wall - DAYS(3) - HOURS(1);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.type = "signal",
	                                                            .device = "smoke-302",
	                                                            .until = young}),
	                 0);
	assert_int_equal(count_log(s->store,
	                           (struct ledger_filter){.type = "signal", .device = "smoke-301"}),
	                 1);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.type = "incident.opened"}), 1);
	reopen(s);
	sign(s, DAYS(1));
	live(s, 2);
	assert_int_equal(verify(s).findings, 0);
}

/* Only the last of what was removed together is still vouched for by its hash. */
static void test_a_kept_head_of_what_went_is_not_confirmed(void **state)
{
	struct story *s = *state;
	struct kept_head kept = {0};
	sign(s, DAYS(3));
	live(s, 10);
	const char *first = foreign_sql(s->path, "SELECT first FROM removed WHERE last > first");
	kept.seq = strtoull(first, NULL, 10);
	assert_true(kept.seq > 0);
	assert_int_equal(answer_to(s, kept, 0), KEPT_REMOVED);
	struct ledger_head head = store_head(s->store, s->site->store_id);
	kept.seq = head.seq;
	memcpy(kept.hash, head.hash, sizeof kept.hash);
	assert_int_equal(answer_to(s, kept, 0), KEPT_HOLDS);
	kept.hash[0] ^= 1;
	assert_int_equal(answer_to(s, kept, 1), KEPT_DIFFERS);
}

/* Where a thousand entries come in less than a quarter of an hour, checkpoints come by their count.
 */
static void test_a_busy_site_forgets_as_well(void **state)
{
	struct story *s = *state;
	sign(s, HOURS(1));
	s->site->devices[1].walk_test = true;
	for (int turn = 0; turn < 450; turn++) {
		for (int i = 0; i < 20; i++) {
			given_signal(s, "smoke-302", KIND_BATTERY, i % 2 == 0);
			pass(s, 800);
		}
		assert_true(store_seal_due(s->store) > s->now.steady);
		turn_with(s, false);
	}
	struct outcome_of v = verify(s);
	assert_int_equal(v.findings, 0);
	wall_ms old = s->now.wall - HOURS(1) - MINUTES(16);
	assert_int_equal(
	        count_log(s->store, (struct ledger_filter){.type = "signal", .until = old}), 0);
	assert_true(v.removed > 2000);
}

static void test_without_a_key_or_a_span_nothing_goes(void **state)
{
	struct story *s = *state;
	store_keep_for(s->store, DAYS(1));
	live(s, 4);
	assert_int_equal(verify(s).removed, 0);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.type = "retention"}), 0);
}

static void test_nothing_more_goes_under_its_name(void **state)
{
	struct story *s = *state;
	sign(s, DAYS(3));
	live(s, 8);
	assert_int_equal(verify(s).findings, 0);
	close_all(s);
	assert_non_null(strstr(
	        foreign_sql(s->path, "DELETE FROM ledger WHERE seq > 100 AND type = 'signal'"),
	        "refused"));
	assert_non_null(strstr(foreign_sql(s->path, "DELETE FROM removed"), "refused"));
	assert_non_null(
	        strstr(foreign_sql(s->path, "UPDATE removed SET last = last + 1"), "refused"));
	/* A forged run opens the way for the deletion, but no signed entry names it. */
	const char *last = foreign_sql(s->path, "SELECT max(seq) - 5 FROM ledger");
	char sql[400];
	snprintf(sql, sizeof sql,
	         "INSERT INTO removed SELECT site, seq, seq, hash, seq + 1 FROM ledger WHERE seq = "
	         "%s; DELETE FROM ledger WHERE seq = %s",
	         last, last);
	uint64_t seq = strtoull(last, NULL, 10);
	assert_string_equal(foreign_sql(s->path, sql), "");
	must_open(s);
	struct outcome_of v = verify(s);
	assert_true(v.findings > 0);
	assert_int_equal(v.kind, TAMPERING_MISSING);
	assert_int_equal(v.first_bad, seq);
}

static void test_nothing_more_goes_under_a_signed_name(void **state)
{
	struct story *s = *state;
	sign(s, DAYS(3));
	live(s, 8);
	close_all(s);
	char sql[500];
	snprintf(sql, sizeof sql,
	         "INSERT INTO removed SELECT site, seq, seq, hash, (SELECT max(seq) FROM ledger "
	         "WHERE"
	         " type = 'retention') FROM ledger WHERE type = 'incident.opened';"
	         "DELETE FROM ledger WHERE type = 'incident.opened'");
	assert_string_equal(foreign_sql(s->path, sql), "");
	must_open(s);
	struct outcome_of v = verify(s);
	assert_true(v.findings > 0);
	assert_int_equal(v.kind, TAMPERING_MISSING);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, story_begin, story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_what_is_old_goes_and_the_record_says_so),
	        TEST(test_a_kept_head_of_what_went_is_not_confirmed),
	        TEST(test_a_busy_site_forgets_as_well),
	        TEST(test_without_a_key_or_a_span_nothing_goes),
	        TEST(test_nothing_more_goes_under_its_name),
	        TEST(test_nothing_more_goes_under_a_signed_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
