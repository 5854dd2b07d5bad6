/* floors: store */
/* Seals: when they are made, and that a record of many entries is verified fast and in constant
 * memory (TOCSIN_RECORD_ENTRIES=1000000 for the figure). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/keys.h"
#include "store/seal.h"
#include "store/state_sum.h"
#include "store/verify.h"
#include "store_story.h"

static const struct keys keys = {.seed = {1, 2, 3}};

static void sign(struct story *s)
{
	struct problem why = {0};
	assert_int_equal(store_sign_with(s->store, &keys, &why), 0);
}

static void given_start(struct story *s)
{
	start_keyed(s, keys.seed);
	commit(s);
}

static void keep_verdict(void *ctx, const struct site_verdict *verdict)
{
	struct site_verdict *kept = ctx;
	*kept = *verdict;
	for (uint32_t i = 0; i < verdict->finding_count; i++)
		print_message("%llu %s: %s\n", (unsigned long long)verdict->findings[i].seq,
		              tampering_name(verdict->findings[i].kind),
		              verdict->findings[i].detail.text);
}

static struct site_verdict expect_good(struct story *s)
{
	struct problem why = {0};
	struct site_verdict kept = {0};
	uint8_t key[ED25519_KEY_LEN];
	ed25519_public(keys.seed, key);
	assert_int_equal(store_verify(s->store, &(struct verify_request){.key = key}, keep_verdict,
	                              &kept, &why),
	                 0);
	return kept;
}

static void test_a_start_is_sealed_at_once(void **state)
{
	struct story *s = *state;
	sign(s);
	given_start(s);
	assert_int_equal(expect_good(s).checkpoints, 1);
	assert_int_equal(store_seal_due(s->store), NEVER);
}

static void test_what_is_not_sealed_is_so_within_15_minutes(void **state)
{
	struct story *s = *state;
	sign(s);
	given_start(s);
	pass(s, MINUTES(1));
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	assert_int_equal(store_seal_due(s->store), s->now.steady + MINUTES(15));
	struct site_turn sites;
	struct problem why = {0};
	pass(s, MINUTES(15));
	struct turn turn = turn_of(s, &sites);
	turn.seal = true;
	assert_int_equal(store_commit(s->store, &turn, &why), 0);
	struct site_verdict verdict = expect_good(s);
	assert_int_equal(verdict.checkpoints, 2);
	assert_int_equal(verdict.sealed, verdict.last);
	assert_int_equal(store_seal_due(s->store), NEVER);
}

static void test_a_commit_that_failed_is_sealed_with_the_next(void **state)
{
	struct story *s = *state;
	struct problem why = {0};
	sign(s);
	given_start(s);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	foreign_sql(s->path, "CREATE TRIGGER full BEFORE INSERT ON ledger BEGIN"
	                     " SELECT raise(ABORT, 'no'); END");
	assert_true(try_commit(s, &why) < 0);
	foreign_sql(s->path, "DROP TRIGGER full");
	commit(s);
	expect_good(s);
}

/* ---- what is stored beside the ledger ---- */

static int count_findings(struct story *s)
{
	struct problem why = {0};
	struct site_verdict kept;
	int r = store_verify(s->store, &(struct verify_request){0}, keep_verdict, &kept, &why);
	assert_true(r >= 0);
	return r;
}

static void given_a_fire(struct story *s)
{
	sign(s);
	given_start(s);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	pass(s, SECONDS(40));
	site_tick(s->site, s->now, &s->plan);
	commit(s);
}

static void must_change(struct story *s, const char *sql)
{
	assert_string_equal(foreign_sql(s->path, sql), "");
}

static void given_another_start(struct story *s)
{
	sign(s);
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	commit(s);
}

static void test_each_commit_seals_what_is_stored(void **state)
{
	struct story *s = *state;
	static const char *const changes[][2] = {
	        {"UPDATE incident SET silent = 1", "UPDATE incident SET silent = 0"},
	        {"UPDATE incident SET step_due = step_due + 1",
	         "UPDATE incident SET step_due = step_due - 1"},
	        {"UPDATE delivery SET due = due + 1", "UPDATE delivery SET due = due - 1"},
	        {"UPDATE told SET position = position + 1",
	         "UPDATE told SET position = position - 1"},
	        {"UPDATE device_state SET heard = heard + 1",
	         "UPDATE device_state SET heard = heard - 1"},
	        {"UPDATE site SET next_incident = next_incident + 1",
	         "UPDATE site SET next_incident = next_incident - 1"},
	};
	given_a_fire(s);
	assert_int_equal(count_findings(s), 0);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		must_change(s, changes[i][0]);
		assert_int_equal(count_findings(s), 1);
		must_change(s, changes[i][1]);
		assert_int_equal(count_findings(s), 0);
	}
}

/* While nobody served it somebody changed a row: the sum is not made of that anew, whatever he says
 * of it, and the commits that follow do not cover it up. */
static void test_a_start_does_not_take_what_was_changed_for_what_was_written(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	close_all(s);
	must_change(s, "UPDATE incident SET silent = 1");
	must_change(s, "UPDATE site SET state_of = 0, state_sum = NULL");
	must_open(s);
	given_another_start(s);
	assert_int_equal(count_findings(s), 1);
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	commit(s);
	reopen(s);
	given_another_start(s);
	assert_int_equal(count_findings(s), 1);
}

/* As the version left it in which the summed tables were last changed. */
static void make_older(struct story *s)
{
	close_all(s);
	must_change(s, "DROP INDEX ledger_of_delivery");
	must_change(s, "PRAGMA user_version = 19");
}

static void test_an_upgrade_does_not_take_what_was_changed_for_what_was_written(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	make_older(s);
	must_open(s);
	given_another_start(s);
	assert_int_equal(count_findings(s), 0);
	make_older(s);
	must_change(s, "UPDATE incident SET silent = 1");
	must_open(s);
	given_another_start(s);
	assert_int_equal(count_findings(s), 1);
}

/* A table or column more or less: then STATE_VERSION is the migration that brought it, and these
 * are others. */
static void test_the_summed_tables_are_those_of_their_version(void **state)
{
	struct story *s = *state;
	const char *columns = foreign_sql(
	        s->path,
	        "SELECT group_concat(columns, ' ') FROM (SELECT t.name || ' ' || count(*) AS"
	        " columns FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.name IN"
	        " ('incident', 'incident_signal', 'told', 'notification', 'delivery',"
	        " 'standing', 'device_state', 'output_state') GROUP BY t.name ORDER BY 1)");
	assert_int_equal(STATE_VERSION, 19);
	assert_string_equal(columns, "delivery 10 device_state 15 incident 41 incident_signal 9 "
	                             "notification 24 output_state 12 standing 7 told 5");
}

/* As an earlier version left it: its last commit was signed in a checkpoint's form. */
static void seal_as_before(struct story *s)
{
	struct signer signer = {0};
	struct seal seal;
	struct text sql = {0};
	memcpy(signer.seed, keys.seed, sizeof signer.seed);
	ed25519_public(keys.seed, signer.key);
	struct ledger_head head = store_head(s->store, s->site->store_id);
	seal_make(&signer, "binjiang", head, s->now.wall, NULL, &seal);
	text_add(&sql, "UPDATE site SET state_of = 0, state_sum = NULL, head_seal = '");
	seal_write_line(&sql, &seal);
	text_add_char(&sql, '\'');
	close_all(s);
	must_change(s, text_get(&sql));
	must_open(s);
	text_finish(&sql);
}

static void test_a_store_without_a_sum_gets_one_with_its_next_start(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	seal_as_before(s);
	given_another_start(s);
	assert_int_equal(count_findings(s), 0);
	must_change(s, "UPDATE incident SET silent = 1");
	assert_int_equal(count_findings(s), 1);
}

static void test_many_entries(void **state)
{
	struct story *s = *state;
	const char *wanted = getenv("TOCSIN_RECORD_ENTRIES");
	int64_t count = 3000;
	if (wanted)
		assert_int_equal(text_parse_int(wanted, &count), 0);
	sign(s);
	given_start(s);
	for (int64_t i = 0; i < count;) {
		for (int k = 0; k < 500; k++, i++) {
			pass(s, 10);
			struct event event = {
			        .type = EVENT_REJECTED,
			        .rejected = {.topic = "tocsin/binjiang/device/x/event",
			                     .device = "smoke-301",
			                     .reason = "not JSON",
			                     .bytes = "{\"kind\":",
			                     .len = 8}};
			apply(s, event);
		}
		commit(s);
	}
	int64_t began = clock_stopwatch_ns();
	struct site_verdict verdict = expect_good(s);
	print_message("%llu entries verified in %.2f s\n", (unsigned long long)verdict.entries,
	              (double)(clock_stopwatch_ns() - began) / 1e9);
	assert_true(verdict.checkpoints >= (uint64_t)count / SEAL_EVERY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_a_start_is_sealed_at_once, story_begin,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(test_what_is_not_sealed_is_so_within_15_minutes,
	                                        story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_a_commit_that_failed_is_sealed_with_the_next,
	                                        story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_each_commit_seals_what_is_stored, story_begin,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(
	                test_a_start_does_not_take_what_was_changed_for_what_was_written,
	                story_begin, story_end),
	        cmocka_unit_test_setup_teardown(
	                test_a_store_without_a_sum_gets_one_with_its_next_start, story_begin,
	                story_end),
	        cmocka_unit_test_setup_teardown(
	                test_an_upgrade_does_not_take_what_was_changed_for_what_was_written,
	                story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_the_summed_tables_are_those_of_their_version,
	                                        story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_many_entries, story_begin, story_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
