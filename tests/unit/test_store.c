/* floors: store */
/* Commits that fail, and what is asked of the state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faulty_disk.h"
#include "store_state.h"
#include "store_story.h"

/* ---- a commit that fails ---- */

static void expect_nothing_written(struct story *s, struct ledger_head head, uint32_t rows)
{
	struct ledger_head now = store_head(s->store, s->site->store_id);
	assert_memory_equal(&head, &now, sizeof head);
	assert_int_equal(count_log(s->store, (struct ledger_filter){0}), rows);
}

/* The disk fails at the n-th operation of a commit, for every n there is; nothing of the turn is
 * there then, the next try works, and so does a restart. */
static void fail_everywhere(struct story *s, enum fault fault, int error)
{
	struct problem why = {0};
	int failures = 0;
	for (int n = 1;; n++) {
		struct ledger_head head = store_head(s->store, s->site->store_id);
		uint32_t rows = count_log(s->store, (struct ledger_filter){0});
		given_signal(s, "sos", KIND_PANIC, true);
		disk_fails_at(fault, n);
		int r = try_commit(s, &why);
		disk_is_mended();
		if (r == 0) {
			plan_reset(&s->plan, s->site);
			break;
		}
		failures++;
		assert_int_equal(r, error);
		assert_true(why.text[0]);
		expect_nothing_written(s, head, rows);
		commit(s);
	}
	assert_true(failures >= 1);
	assert_int_equal(store_head(s->store, s->site->store_id).seq,
	                 count_log(s->store, (struct ledger_filter){0})); /* no number was lost */
	survives(s);
	assert_int_equal(count_log(s->store, (struct ledger_filter){.type = "signal"}),
	                 failures + 1);
}

static void test_a_failed_write_leaves_nothing(void **state)
{
	fail_everywhere(*state, FAULT_WRITE, -EIO);
}

static void test_a_failed_sync_leaves_nothing(void **state)
{
	fail_everywhere(*state, FAULT_SYNC, -EIO);
}

static void test_a_full_disk_leaves_nothing(void **state)
{
	fail_everywhere(*state, FAULT_FULL, -ENOSPC);
}

/* However many pages it has; where the log begins anew its head goes before. */
static void test_a_commit_is_one_write(void **state)
{
	struct story *s = *state;
	given_signal(s, "sos", KIND_PANIC, true);
	disk.log_writes = 0;
	commit(s);
	assert_in_range(disk.log_writes, 1, 2);
	survives(s);
}

static void test_where_a_write_may_spoil_another_each_passes_as_it_comes(void **state)
{
	struct story *s = *state;
	disk.spoils = true;
	reopen(s);
	disk.spoils = false;
	given_signal(s, "sos", KIND_PANIC, true);
	disk.log_writes = 0;
	commit(s);
	assert_in_range(disk.log_writes, 3, 1000);
	survives(s);
}

static void test_an_impossible_row_takes_the_whole_turn_with_it(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	struct entry *last = &s->plan.entries[s->plan.entry_count - 1];
	const char *good = last->data;
	last->data = "{no json";
	struct problem why = {0};
	assert_int_equal(try_commit(s, &why), -EINVAL);
	assert_non_null(strstr(why.text, "json_valid"));
	expect_nothing_written(s, (struct ledger_head){0}, 0);
	last->data = good;
	commit(s);
}

static void test_a_foreign_transaction_is_reported_as_busy(void **state)
{
	struct story *s = *state;
	sqlite3 *other;
	assert_int_equal(sqlite3_open(s->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(try_commit(s, NULL), -EBUSY);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	commit(s);
	sqlite3_close(other);
}

/* ---- lists ---- */

static bool add_id(void *ctx, const char *site, const struct incident *incident)
{
	text_addf(ctx, "%s:%s ", site, incident->id + strlen("binjiang-2026-00000"));
	return true;
}

static bool add_id_once(void *ctx, const char *site, const struct incident *incident)
{
	add_id(ctx, site, incident);
	return false;
}

static void expect_incidents(struct story *s, struct incident_filter filter, bool others,
                             const char *expected)
{
	struct text ids = {0};
	bool more = !others;
	int r = store_incidents(s->store, &filter, add_id, &ids, &more);
	assert_true(r >= 0);
	assert_string_equal(text_get(&ids), expected);
	assert_int_equal(more, others);
	text_finish(&ids);
}

static void test_incidents_are_listed_newest_first(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	pass(s, SECONDS(10));
	given_signal(s, "sos", KIND_PANIC, true);
	pass(s, SECONDS(10));
	given_operation(s, (struct operation){.type = OPERATION_REPORT,
	                                      .by = "li",
	                                      .via = "api",
	                                      .zone = "dorm",
	                                      .kind = INCIDENT_OTHER,
	                                      .severity = SEVERITY_MINOR,
	                                      .note = "电梯停了"});
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .via = "api",
	                                      .incident = s->site->incidents[1]->id});
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "li",
	                                      .via = "api",
	                                      .incident = s->site->incidents[0]->id,
	                                      .outcome = OUTCOME_REAL});
	commit(s);
#define A "binjiang:1 "
#define B "binjiang:2 "
#define C "binjiang:3 "
	const wall_ms now = s->now.wall;
	struct incident_filter f = {0};
	expect_incidents(s, f, false, C B A);
	f = (struct incident_filter){.limit = 2};
	expect_incidents(s, f, true, C B);
	f = (struct incident_filter){.limit = 2, .after = "binjiang-2026-000002"};
	expect_incidents(s, f, false, A);
	f = (struct incident_filter){.states = 1u << STATE_OPEN};
	expect_incidents(s, f, false, C);
	f = (struct incident_filter){.states = 1u << STATE_OPEN | 1u << STATE_ACKNOWLEDGED};
	expect_incidents(s, f, false, C B);
	f = (struct incident_filter){.states = 1u << STATE_RESOLVED};
	expect_incidents(s, f, false, A);
	f = (struct incident_filter){.kind = INCIDENT_PANIC, .has_kind = true};
	expect_incidents(s, f, false, B);
	f = (struct incident_filter){.since = now - SECONDS(10), .until = now};
	expect_incidents(s, f, false, B);
	f = (struct incident_filter){.site = "elsewhere"};
	expect_incidents(s, f, false, "");
	f = (struct incident_filter){.after = "binjiang-2026-000009"};
	bool more;
	assert_int_equal(store_incidents(s->store, &f, add_id, NULL, &more), -ENOENT);
	struct text ids = {0};
	f = (struct incident_filter){0};
	assert_int_equal(store_incidents(s->store, &f, add_id_once, &ids, &more), 1);
	assert_true(more);
	text_finish(&ids);
}

static bool add_delivery(void *ctx, const struct delivery_row *row)
{
	text_addf(ctx, "%s %s %s:%s %s/%u %s %s; ", row->incident, row->reason, row->to_kind,
	          row->to_id, row->channel, row->attempts, row->state, row->delivery_state);
	return true;
}

static void test_deliveries_and_whom_a_link_stands_for(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	uint64_t number = s->site->notifications[0]->number;
	struct text list = {0};
	assert_int_equal(store_deliveries(s->store, NULL, NULL, 0, add_delivery, &list), 0);
	assert_string_equal(text_get(&list),
	                    "binjiang-2026-000001 opened person:li phone/1 sending sending; "
	                    "binjiang-2026-000001 opened person:li backup/0 sending waiting; ");
	text_reset(&list);
	assert_int_equal(store_deliveries(s->store, "nobody", NULL, 0, add_delivery, &list), 0);
	assert_string_equal(text_get(&list), "");
	text_finish(&list);

	struct link_target target = {0};
	assert_int_equal(store_link_target(s->store, s->site->store_id, number, &target), 0);
	assert_string_equal(target.site, "binjiang");
	assert_string_equal(target.incident, "binjiang-2026-000001");
	assert_string_equal(target.to_kind, "person");
	assert_string_equal(target.to_id, "li");
	assert_string_equal(target.to_name, "李老师");
	link_target_finish(&target);
	assert_int_equal(store_link_target(s->store, s->site->store_id, 999, &target), -ENOENT);
	assert_int_equal(store_link_target(s->store, 7, number, &target), -ENOENT);
}

static bool add_device(void *ctx, const struct device_row *row)
{
	text_addf(ctx, "%s/%s %x %d; ", row->site, row->id, row->active, row->online_known);
	return true;
}

static void test_devices(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	commit(s);
	struct text list = {0};
	assert_int_equal(store_devices(s->store, "binjiang", add_device, &list), 0);
	assert_string_equal(text_get(&list), "binjiang/smoke-302 1 0; ");
	text_finish(&list);
	assert_int_equal(store_devices(s->store, "elsewhere", add_device, &list), 0);
	assert_string_equal(text_get(&list), "");
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
int main(void)
{
	faulty_disk_insert();
	const struct CMUnitTest tests[] = {
	        STORY(test_a_failed_write_leaves_nothing),
	        STORY(test_a_failed_sync_leaves_nothing),
	        STORY(test_a_full_disk_leaves_nothing),
	        STORY(test_a_commit_is_one_write),
	        STORY(test_where_a_write_may_spoil_another_each_passes_as_it_comes),
	        STORY(test_an_impossible_row_takes_the_whole_turn_with_it),
	        STORY(test_a_foreign_transaction_is_reported_as_busy),
	        STORY(test_incidents_are_listed_newest_first),
	        STORY(test_deliveries_and_whom_a_link_stands_for),
	        STORY(test_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
