/* floors: store decide */
/* A store of years answers as fast as one of a day: whatever is asked of the large tables goes by
 * an index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sql.h"
#include "store_story.h"

/* One row; those of people, who are few; and what `log` asks once about a word that gave nothing.
 */
static const enum statement looks_at_all[] = {
        SQL_ANCHOR_GET,    SQL_STANDINGS_LIST, SQL_MENTIONS_DEVICE,
        SQL_MENTIONS_ZONE, SQL_MENTIONS_TYPE,
};

static bool may_look_at_all(enum statement statement)
{
	bool may = false;
	for (size_t i = 0; i < sizeof looks_at_all / sizeof *looks_at_all; i++)
		may |= looks_at_all[i] == statement;
	return may;
}

/* The whole of a table in its order is only for a list that ends early; json_each is a list that
 * was handed in. */
static bool is_whole_table(const char *step)
{
	return strncmp(step, "SCAN", 4) == 0 && !strstr(step, "USING") && !strstr(step, "SCAN s") &&
	       !strstr(step, "SCAN site") && !strstr(step, "SCAN json_each") &&
	       !strstr(step, "SCAN (") && !strstr(step, "CONSTANT");
}

static void test_every_question_goes_by_an_index(void **state)
{
	struct story *s = *state;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		struct text sql = {0};
		sqlite3_stmt *at = NULL;
		struct binder binder = sql_bind(s->store, (enum statement)i);
		assert_non_null(binder.statement);
		text_addf(&sql, "EXPLAIN QUERY PLAN %s", sqlite3_sql(binder.statement));
		assert_int_equal(sqlite3_prepare_v2(s->store->db, text_get(&sql), -1, &at, NULL),
		                 SQLITE_OK);
		while (sqlite3_step(at) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(at, 3);
			if (is_whole_table(step) && !may_look_at_all((enum statement)i))
				fail_msg("%s: %s", text_get(&sql), step);
		}
		sqlite3_finalize(at);
		text_finish(&sql);
	}
}

/* Sorting is reading everything first; but for the right part of an order, which sorts those of one
 * millisecond, one after the other. */
static bool is_sorted(const char *step)
{
	return strstr(step, "TEMP B-TREE") && !strstr(step, "RIGHT PART OF ORDER BY");
}

static void test_no_long_list_is_sorted(void **state)
{
	static const enum statement lists[] = {SQL_INCIDENTS_LIST, SQL_LOG_ALL, SQL_LOG_OF_SITE,
	                                       SQL_OLD_ENTRIES, SQL_DELIVERIES_LIST};
	struct story *s = *state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct text sql = {0};
		sqlite3_stmt *at = NULL;
		text_addf(&sql, "EXPLAIN QUERY PLAN %s",
		          sqlite3_sql(sql_bind(s->store, lists[i]).statement));
		assert_int_equal(sqlite3_prepare_v2(s->store->db, text_get(&sql), -1, &at, NULL),
		                 SQLITE_OK);
		while (sqlite3_step(at) == SQLITE_ROW)
			if (is_sorted((const char *)sqlite3_column_text(at, 3)))
				fail_msg("%s: sorts", text_get(&sql));
		sqlite3_finalize(at);
		text_finish(&sql);
	}
}

static void test_an_alarm_waits_for_no_statement_to_be_prepared(void **state)
{
	struct story *s = *state;
	bool before[STATEMENT_COUNT];
	reopen(s);
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		before[i] = s->store->statements[i] != NULL;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	commit(s);
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .incident = s->site->incidents[0]->id,
	                                      .by = "li",
	                                      .via = "api"});
	commit(s);
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		if (s->store->statements[i] && !before[i])
			fail_msg("prepared by a turn: %s", sqlite3_sql(s->store->statements[i]));
	assert_false(before[SQL_LOG_ALL]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_every_question_goes_by_an_index, story_begin,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(test_no_long_list_is_sorted, story_begin,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(test_an_alarm_waits_for_no_statement_to_be_prepared,
	                                        story_begin, story_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
