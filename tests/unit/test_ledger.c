/* floors: store */
/* The record: the chain, checked by a second hand, and what the file itself refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "store/ledger.h"
#include "store_story.h"

/* ---- the chain as ledger.h describes it, written a second time, from the bytes ---- */

static void field(struct text *out, const char *text)
{
	uint64_t len = text ? strlen(text) : UINT64_MAX;
	for (int shift = 56; shift >= 0; shift -= 8)
		text_add_char(out, (char)(uint8_t)(len >> shift));
	if (text)
		text_add_len(out, text, len);
}

static void number(struct text *out, long long value)
{
	char decimal[32];
	snprintf(decimal, sizeof decimal, "%lld", value);
	field(out, decimal);
}

struct chain {
	uint8_t last[32];
	uint64_t count;
};

static bool check_row(void *ctx, const struct ledger_row *row)
{
	struct chain *chain = ctx;
	struct text bytes = {0};
	uint8_t expected[32];
	if (chain->count == 0) {
		field(&bytes, "tocsin ledger 1");
		field(&bytes, row->site);
		SHA256((const uint8_t *)bytes.at, bytes.len, chain->last);
		text_reset(&bytes);
	}
	field(&bytes, row->site);
	number(&bytes, (long long)row->seq);
	number(&bytes, row->time);
	number(&bytes, row->received);
	number(&bytes, row->steady);
	field(&bytes, row->boot);
	field(&bytes, row->type);
	field(&bytes, row->device);
	field(&bytes, row->incident);
	field(&bytes, row->by);
	field(&bytes, row->data);
	text_add_len(&bytes, (const char *)chain->last, 32);
	SHA256((const uint8_t *)bytes.at, bytes.len, expected);
	text_finish(&bytes);
	assert_int_equal(row->seq, chain->count + 1);
	assert_memory_equal(row->hash, expected, 32);
	memcpy(chain->last, expected, 32);
	chain->count++;
	return true;
}

static struct chain check_chain(struct story *s, const char *site)
{
	struct chain chain = {0};
	struct ledger_filter filter = {.site = site};
	assert_int_equal(store_log(s->store, &filter, check_row, &chain), 0);
	return chain;
}

static void test_every_row_hashes_to_the_next(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	pass(s, SECONDS(3));
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	struct chain chain = check_chain(s, "binjiang");
	struct ledger_head head = store_head(s->store, s->site->store_id);
	assert_true(chain.count > 6);
	assert_int_equal(head.seq, chain.count);
	assert_memory_equal(head.hash, chain.last, 32);
}

/* Rows go in by sixteens, by fours and one by one; each turn ends with what is left. */
static void test_a_turn_of_any_size_is_written_whole(void **state)
{
	struct story *s = *state;
	uint64_t before = store_head(s->store, s->site->store_id).seq;
	for (uint32_t size = 1; size <= 40; size++) {
		for (uint32_t i = 0; i < size; i++)
			given_signal(s, "smoke-301", KIND_SMOKE, i % 2 == size % 2);
		uint32_t entries = s->plan.entry_count;
		commit(s);
		struct ledger_head head = store_head(s->store, s->site->store_id);
		assert_int_equal(head.seq - before, entries);
		assert_int_equal(check_chain(s, "binjiang").count, head.seq);
		before = head.seq;
	}
	assert_true(before > 16 * 40);
}

static void test_the_chain_goes_on_after_a_restart(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	struct ledger_head before = store_head(s->store, s->site->store_id);
	reopen(s);
	struct ledger_head after = store_head(s->store, s->site->store_id);
	assert_memory_equal(&before, &after, sizeof before);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	assert_true(check_chain(s, "binjiang").count > before.seq);
}

static void test_each_site_has_its_own_chain(void **state)
{
	struct story *s = *state;
	struct site_def *other_def = school("xihu");
	struct site *other = site_create(other_def);
	struct plan other_plan = {0};
	assert_int_equal(store_load_site(s->store, other, NULL), 0);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	struct event press = {.type = EVENT_SIGNAL,
	                      .signal = {.device = "sos", .kind = KIND_PANIC, .active = true}};
	assert_int_equal(site_apply(other, &press, s->now, &other_plan, NULL), 0);

	struct site_turn sites[] = {{s->site, &s->plan}, {other, &other_plan}};
	struct turn turn = {.sites = sites, .count = 2, .anchor = {.boot = "b", .moment = s->now}};
	assert_int_equal(store_commit(s->store, &turn, NULL), 0);
	assert_true(check_chain(s, "binjiang").count > 0);
	assert_true(check_chain(s, "xihu").count > 0);
	assert_int_equal(check_chain(s, "binjiang").count + check_chain(s, "xihu").count,
	                 count_log(s->store, (struct ledger_filter){0}));

	plan_reset(&s->plan, s->site);
	plan_finish(&other_plan);
	site_destroy(other);
	site_def_destroy(other_def);
}

static void test_no_value_and_an_empty_one_differ(void **state)
{
	(void)state;
	struct sha256 *sha = sha256_create();
	uint8_t before[32] = {0}, none[32], empty[32], moved[32];
	struct ledger_row row = {.site = "a", .type = "t", .boot = "", .data = "{}"};
	ledger_hash(sha, &row, before, none);
	row.device = "";
	ledger_hash(sha, &row, before, empty);
	row.device = NULL;
	row.incident = "";
	ledger_hash(sha, &row, before, moved);
	assert_memory_not_equal(none, empty, 32);
	assert_memory_not_equal(empty, moved, 32);
	sha256_destroy(sha);
}

/* RFC 4231, and Python's hmac for a key and a message of no length. */
static void test_a_keyed_digest_is_the_standards(void **state)
{
	(void)state;
	char long_key[132] = {0};
	memset(long_key, 0xaa, 131);
	const struct {
		const char *key, *message, *digest;
	} rows[] = {
	        {"Jefe", "what do ya want for nothing?",
	         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	        {long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
	         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	        {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t mac[SHA256_LEN];
		struct text hex = {0};
		crypto_hmac_sha256(rows[i].key, strlen(rows[i].key), rows[i].message,
		                   strlen(rows[i].message), mac);
		text_add_hex(&hex, mac, sizeof mac);
		assert_string_equal(text_get(&hex), rows[i].digest);
		text_finish(&hex);
	}
}

/* ---- what the file refuses, whoever writes to it ---- */

static void test_entries_are_neither_changed_nor_deleted(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	static const char *const attempts[] = {
	        "UPDATE ledger SET data = '{}' WHERE seq = 1",
	        "DELETE FROM ledger WHERE seq = 1",
	        "DELETE FROM ledger",
	        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 1",
	        "INSERT OR REPLACE INTO ledger SELECT 999, site, seq, time, received, steady, boot,"
	        " type, device, incident, \"by\", '{}', hash FROM ledger WHERE seq = 1",
	        "INSERT OR REPLACE INTO ledger SELECT row, site, 99, time, received, steady, boot,"
	        " type, device, incident, \"by\", '{}', hash FROM ledger WHERE seq = 1",
	};
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
		assert_non_null(strstr(foreign_sql(s->path, attempts[i]),
		                       "refused: the ledger is append-only"));
	check_chain(s, "binjiang");
}

static void test_wrong_rows_are_refused(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
#define ROW(seq, data, hash)                                                                       \
	"INSERT INTO ledger (site, seq, time, received, steady, boot, type, data, hash)"           \
	" VALUES (1, " seq ", 1, 1, 1, 1, 't', " data ", " hash ")"
	static const char *const attempts[] = {
	        ROW("50", "'no json'", "zeroblob(32)"),
	        ROW("50", "'[1]'", "zeroblob(32)"),
	        ROW("50", "'{}'", "zeroblob(31)"),
	        ROW("50", "'{}'", "NULL"),
	        ROW("'x'", "'{}'", "zeroblob(32)"),
	        "UPDATE incident SET state = 'closed'",
	        "UPDATE incident SET state = 'resolved'",
	        "UPDATE incident SET outcome = 'real'",
	        "UPDATE incident SET kind = 'smoke'",
	        "UPDATE incident SET step_due = 0",
	        "UPDATE incident SET zone_path = 'dorm'",
	        "UPDATE incident SET policy = 'any'",
	        "UPDATE policy SET json = '{}'",
	        "DELETE FROM incident",
	        "UPDATE incident_signal SET kind = 'fire'",
	        "UPDATE incident_signal SET active = 2",
	        "UPDATE told SET kind = 'duty'",
	        "UPDATE notification SET state = 'sent'",
	        "UPDATE notification SET to_id = NULL",
	        "UPDATE delivery SET contact = 8",
	        "UPDATE delivery SET state = 'given_up'",
	        "UPDATE device_state SET active = 'yes'",
	        "UPDATE site SET head_hash = NULL",
	        "INSERT INTO anchor VALUES (2, '', 1, 1, 1)",
	};
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
		if (strncmp(foreign_sql(s->path, attempts[i]), "refused", 7) != 0)
			fail_msg("was taken: %s", attempts[i]);
}

/* ---- after tampering, the service still records, and the tampering still shows ---- */

#define WITHOUT_TRIGGERS                                                                           \
	"DROP TRIGGER ledger_is_never_deleted; DROP TRIGGER ledger_is_never_updated;"

static void test_a_cut_off_end_leaves_a_hole(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	uint64_t last = store_head(s->store, s->site->store_id).seq;
	close_all(s);
	foreign_sql(s->path, WITHOUT_TRIGGERS
	            "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)");
	must_open(s);
	assert_int_equal(store_head(s->store, s->site->store_id).seq, last);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.after = last - 2}),
	                 store_head(s->store, s->site->store_id).seq - last + 1);
}

static void test_rows_added_behind_the_end_do_not_stop_the_record(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	uint64_t last = store_head(s->store, s->site->store_id).seq;
	close_all(s);
	foreign_sql(s->path, "INSERT INTO ledger (site, seq, time, received, steady, boot, type,"
	                     " data, hash) SELECT 1, max(seq) + 1, 1, 1, 1, 1, 'signal', '{}',"
	                     " zeroblob(32) FROM ledger");
	must_open(s);
	assert_int_equal(store_head(s->store, s->site->store_id).seq, last + 1);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	assert_true(store_head(s->store, s->site->store_id).seq > last + 1);
}

static void test_edited_data_does_not_keep_the_service_from_starting(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	foreign_sql(s->path, WITHOUT_TRIGGERS "PRAGMA ignore_check_constraints = ON;"
	                                      "UPDATE ledger SET data = '{broken' WHERE seq = 1");
	reopen(s);
	assert_true(count_log(s->store, (struct ledger_filter){.zone = "dorm-3f"}) > 0);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.zone = "dorm"}),
	                 count_log(s->store, (struct ledger_filter){.zone = "dorm-3f"}));
}

/* ---- reading it back ---- */

static void add_plain_entry(struct story *s, const char *type, wall_ms received)
{
	MEM_RESERVE(s->plan.entries, s->plan.entry_count, s->plan.entry_cap);
	s->plan.entries[s->plan.entry_count++] = (struct entry){
	        .type = type, .time = received, .now = {received, 1}, .data = "{}"};
}

static void test_the_filters(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	pass(s, SECONDS(1));
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	struct store *store = s->store;
	uint32_t all = count_log(store, (struct ledger_filter){0});
	const char *first = s->site->incidents[0]->id;

	assert_int_equal(count_log(store, (struct ledger_filter){.type = "signal"}), 2);
	assert_int_equal(count_log(store, (struct ledger_filter){.type = "incident.opened"}), 2);
	assert_int_equal(count_log(store, (struct ledger_filter){.type = "incident.*"}), 2);
	assert_int_equal(count_log(store, (struct ledger_filter){.type = "incident"}), 0);
	assert_int_equal(count_log(store, (struct ledger_filter){.type = "*"}), all);
	assert_int_equal(count_log(store, (struct ledger_filter){.site = "binjiang"}), all);
	assert_int_equal(count_log(store, (struct ledger_filter){.site = "elsewhere"}), 0);
	assert_int_equal(count_log(store, (struct ledger_filter){.limit = 3}), 3);
	assert_int_equal(count_log(store, (struct ledger_filter){.after = 2}), all - 2);
	assert_int_equal(count_log(store, (struct ledger_filter){.site = "binjiang", .after = 2}),
	                 all - 2);
	uint32_t fire = count_log(store, (struct ledger_filter){.incident = first});
	uint32_t dorm = count_log(store, (struct ledger_filter){.zone = "dorm"});
	uint32_t third = count_log(store, (struct ledger_filter){.zone = "dorm-3f"});
	assert_true(fire >= 3);
	assert_int_equal(dorm, all); /* the third floor lies in it */
	assert_true(third >= fire && third < all);
	assert_true(count_log(store, (struct ledger_filter){.zone = "dorm",
	                                                    .zones = "[\"dorm\"]",
	                                                    .zone_devices = "[\"sos\"]"}) > 0);
	assert_true(count_log(store, (struct ledger_filter){.device = "sos"}) >= 1);
	assert_int_equal(count_log(store, (struct ledger_filter){.since = s->now.wall}) +
	                         count_log(store, (struct ledger_filter){.until = s->now.wall}),
	                 all);
	assert_int_equal(count_log(store, (struct ledger_filter){.since = s->now.wall + 1}), 0);
	assert_int_equal(count_log(store, (struct ledger_filter){.until = 1}), 0);
}

static void test_a_time_range_holds_though_the_clock_went_back(void **state)
{
	struct story *s = *state;
	const wall_ms t = s->now.wall;
	static const span_ms received[] = {0, 5000, 9000, 2000, 3000, 8000};
	for (size_t i = 0; i < 6; i++)
		add_plain_entry(s, "service.started", t + received[i]);
	commit(s);
	struct ledger_filter filter = {.since = t + 3000, .until = t + 9000};
	assert_int_equal(count_log(s->store, filter), 3); /* 5000, 3000, 8000 */
	filter.site = "binjiang";
	assert_int_equal(count_log(s->store, filter), 3);
	filter.until = 0;
	assert_int_equal(count_log(s->store, filter), 4);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
	const struct CMUnitTest tests[] = {
	        STORY(test_every_row_hashes_to_the_next),
	        STORY(test_a_turn_of_any_size_is_written_whole),
	        STORY(test_the_chain_goes_on_after_a_restart),
	        STORY(test_each_site_has_its_own_chain),
	        cmocka_unit_test(test_no_value_and_an_empty_one_differ),
	        cmocka_unit_test(test_a_keyed_digest_is_the_standards),
	        STORY(test_entries_are_neither_changed_nor_deleted),
	        STORY(test_wrong_rows_are_refused),
	        STORY(test_a_cut_off_end_leaves_a_hole),
	        STORY(test_rows_added_behind_the_end_do_not_stop_the_record),
	        STORY(test_edited_data_does_not_keep_the_service_from_starting),
	        STORY(test_the_filters),
	        STORY(test_a_time_range_holds_though_the_clock_went_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
