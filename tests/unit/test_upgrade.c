/* floors: store */
/* A store that an earlier version wrote: it opens, and everything is still there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_state.h"
#include "store_story.h"

/* The version before tables were made anew last. One that makes some anew names its predecessor. */
#define BEFORE 14
extern const unsigned char migration_0001[], migration_0002[], migration_0003[], migration_0004[],
        migration_0005[], migration_0006[], migration_0007[], migration_0008[], migration_0009[],
        migration_0010[], migration_0011[], migration_0012[], migration_0013[], migration_0014[];
static const unsigned char *const migrations[BEFORE] = {
        migration_0001, migration_0002, migration_0003, migration_0004, migration_0005,
        migration_0006, migration_0007, migration_0008, migration_0009, migration_0010,
        migration_0011, migration_0012, migration_0013, migration_0014};

static void must_run(sqlite3 *db, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", why, sql);
}

static int copy_table(void *ctx, int count, char **values, char **names)
{
	(void)count;
	(void)names;
	struct text sql = {0};
	/* The columns that the old table has, by name. */
	text_addf(&sql,
	          "SELECT 'INSERT INTO main.%s (' || group_concat('\"' || name || '\"') ||"
	          "') SELECT ' || group_concat('\"' || name || '\"') || ' FROM now.%s'"
	          " FROM pragma_table_info('%s', 'main')",
	          values[0], values[0], values[0]);
	sqlite3_stmt *statement;
	sqlite3 *db = ctx;
	assert_int_equal(sqlite3_prepare_v2(db, text_get(&sql), -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	must_run(db, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	text_finish(&sql);
	return 0;
}

/* The same rows in a file of the version before. */
static void write_as_before(const char *path, const char *old)
{
	struct text sql = {0};
	sqlite3 *db;
	assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
	for (int i = 0; i < BEFORE; i++)
		must_run(db, (const char *)migrations[i]);
	text_addf(&sql, "ATTACH '%s' AS now", path);
	must_run(db, text_get(&sql));
	char *why = NULL;
	assert_int_equal(sqlite3_exec(db,
	                              "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
	                              " AND name NOT LIKE 'sqlite_%'",
	                              copy_table, db, &why),
	                 SQLITE_OK);
	text_reset(&sql);
	text_addf(&sql, "PRAGMA main.application_id = %s; PRAGMA main.user_version = %d",
	          foreign_sql(path, "PRAGMA application_id"), BEFORE);
	must_run(db, text_get(&sql));
	sqlite3_close(db);
	text_finish(&sql);
}

/* It did not number the runs of steps; which notifications are of the one that runs, it knew. */
static void number_as_an_upgrade(struct site *site)
{
	for (uint32_t i = 0; i < site->notification_count; i++) {
		struct notification *n = site->notifications[i];
		n->run = n->incident->state == STATE_OPEN && n->run == n->incident->run;
	}
	for (uint32_t i = 0; i < site->incident_count; i++)
		site->incidents[i]->run = site->incidents[i]->state == STATE_OPEN;
}

static void test_what_the_version_before_wrote_is_still_there(void **state)
{
	struct story *s = *state;
	char old[sizeof s->path];
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .incident = s->site->incidents[1]->id});
	commit(s);
	assert_true(s->site->incidents[0]->run > 1 && s->site->incidents[0]->step_pending);
	number_as_an_upgrade(s->site);
	char *before = whole_state(s->site);
	assert_int_equal(s->site->incident_count, 2);
	assert_true(s->site->notification_count >= 2);
	close_all(s);
	snprintf(old, sizeof old, "%s/old.db", s->folder);
	write_as_before(s->path, old);
	snprintf(s->path, sizeof s->path, "%s", old);
	must_open(s);
	char *after = whole_state(s->site);
	assert_string_equal(before, after);
	assert_string_equal(foreign_sql(s->path, "PRAGMA foreign_key_check"), "");
	assert_string_equal(foreign_sql(s->path, "DELETE FROM incident"),
	                    "refused: an incident is never deleted");
	/* And life goes on in it. */
	pass(s, SECONDS(40));
	site_tick(s->site, s->now, &s->plan);
	commit(s);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_what_the_version_before_wrote_is_still_there,
	                                        story_begin, story_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
