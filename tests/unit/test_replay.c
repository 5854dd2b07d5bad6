/* floors: month review store decide */
/* A busy month, and the same month once more from its record: every entry that the core makes, and
 * every row of what is stored, to the byte. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "month.h"
#include "review/replay.h"
#include "store/store.h"

/* The whole month where there is time for it. */
static int days_of_month(void)
{
	const char *all = getenv("TOCSIN_ALL");
	return all && *all ? 30 : 7;
}

struct again {
	char folder[64], path[128], mirror_path[96];
	struct service_config *config;
	struct store *mirror;
	struct site *site;
};

/* Nothing here has to outlive a power failure. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static void copy_file(const char *from, const char *folder, const char *name)
{
	char path[160], bytes[8192];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *in = fopen(from, "r"), *out = fopen(path, "w");
	assert_non_null(in);
	assert_non_null(out);
	size_t len = fread(bytes, 1, sizeof bytes, in);
	assert_true(len > 0 && len < sizeof bytes);
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	fclose(in);
	fclose(out);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	struct again *a = NEW(struct again);
	struct text report = {0};
	struct month_facts facts;
	struct problem why = {0};
	snprintf(a->folder, sizeof a->folder, "/tmp/tocsin-month-XXXXXX");
	assert_non_null(mkdtemp(a->folder));
	copy_file("tests/record/tocsin.yaml", a->folder, "tocsin.yaml");
	copy_file("tests/record/school.yaml", a->folder, "school.yaml");
	snprintf(a->path, sizeof a->path, "%s/tocsin.yaml", a->folder);
	snprintf(a->mirror_path, sizeof a->mirror_path, "%s/again.db", a->folder);
	if (config_load(a->path, CONFIG_COMMAND, &a->config, &report) < 0)
		fail_msg("%s", text_get(&report));
	if (month_write(a->config, &(struct month){.seed = 7, .days = days_of_month()}, &facts,
	                &why) < 0)
		fail_msg("%s", why.text);
	assert_true(facts.incidents > 20 && facts.starts > 1);
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	struct again *a = *state;
	config_destroy(a->config);
	nftw(a->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(a);
	return 0;
}

/* ---- the mirror ---- */

static void begin(void *ctx, struct site *site)
{
	struct again *a = ctx;
	struct problem why = {0};
	if (store_open(a->mirror_path, STORE_WRITE, &a->mirror, &why) < 0 ||
	    store_load_site(a->mirror, site, &why) < 0)
		fail_msg("%s", why.text);
}

static void keep(void *ctx, struct site *site, const struct plan *plan, struct moment now)
{
	struct again *a = ctx;
	struct problem why = {0};
	struct site_turn turned = {.site = site, .plan = plan};
	struct turn turn = {
	        .sites = &turned, .count = 1, .anchor = {.boot = "again", .moment = now}};
	if (store_commit(a->mirror, &turn, &why) < 0)
		fail_msg("%s", why.text);
}

/* The first row of `query` that the two stores answer differently. */
static void expect_equal(const struct again *a, const char *what, const char *query)
{
	sqlite3 *dbs[2];
	sqlite3_stmt *at[2];
	const char *paths[2] = {a->config->store_path, a->mirror_path};
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sqlite3_open_v2(paths[i], &dbs[i], SQLITE_OPEN_READONLY, NULL),
		                 SQLITE_OK);
		if (sqlite3_prepare_v2(dbs[i], query, -1, &at[i], NULL) != SQLITE_OK)
			fail_msg("%s: %s", query, sqlite3_errmsg(dbs[i]));
	}
	for (unsigned row = 0;; row++) {
		int r[2] = {sqlite3_step(at[0]), sqlite3_step(at[1])};
		struct text lines[2] = {{0}, {0}};
		for (int i = 0; i < 2; i++)
			for (int k = 0; r[i] == SQLITE_ROW && k < sqlite3_column_count(at[i]);
			     k++) {
				const char *cell = (const char *)sqlite3_column_text(at[i], k);
				text_addf(&lines[i], " | %s", cell ? cell : "NULL");
			}
		if (strcmp(text_get(&lines[0]), text_get(&lines[1])) != 0)
			fail_msg("%s, row %u:\nwas  %s\nagain%s", what, row, text_get(&lines[0]),
			         text_get(&lines[1]));
		text_finish(&lines[0]);
		text_finish(&lines[1]);
		if (r[0] != SQLITE_ROW || r[1] != SQLITE_ROW) {
			assert_true(row > 0);
			break;
		}
	}
	for (int i = 0; i < 2; i++) {
		sqlite3_finalize(at[i]);
		sqlite3_close(dbs[i]);
	}
}

static void test_a_month_happens_again_to_the_byte(void **state)
{
	struct again *a = *state;
	struct store *store;
	struct replay replay = {0};
	struct problem why = {0};
	struct replay_watch watch = {.begin = begin, .turn = keep, .ctx = a};
	if (store_open(a->config->store_path, STORE_READ, &store, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(
	        replay_run(store, a->config->sites[0], (struct replay_reader){0}, &watch, &replay),
	        0);
	store_close(store);
	store_close(a->mirror);
	assert_false(replay.other);
	/* What is not decided by the core is not decided again. */
	expect_equal(
	        a, "ledger",
	        "SELECT type, time, received, steady, device, incident, \"by\", data FROM ledger"
	        " WHERE type NOT IN ('checkpoint', 'key', 'rejected') ORDER BY row");
	expect_equal(a, "incident",
	             "SELECT i.*, p.json FROM incident i JOIN policy p ON p.number = i.policy"
	             " ORDER BY key");
	expect_equal(a, "incident_signal", "SELECT * FROM incident_signal ORDER BY 1, 2");
	expect_equal(a, "told", "SELECT * FROM told ORDER BY 1, 2");
	expect_equal(a, "notification", "SELECT * FROM notification ORDER BY key");
	expect_equal(a, "delivery", "SELECT * FROM delivery ORDER BY 1, 2");
	expect_equal(a, "standing", "SELECT * FROM standing ORDER BY 1, 2");
	/* When a device was last heard is not in the record where it said nothing new. */
	expect_equal(a, "device_state",
	             "SELECT site, device, active, known, settled, online, heard_once, walk_test,"
	             " changed, tested, fleeting, gone FROM device_state ORDER BY 1, 2");
	expect_equal(a, "site", "SELECT next_notification, next_incident, incident_year FROM site");
	assert_int_equal(replay.not_applied, 0);
	assert_int_equal(replay.was.count, replay.would.count);
	for (uint32_t i = 0; i < replay.was.count; i++)
		assert_int_equal(replay.was.items[i].at.steady, replay.would.items[i].at.steady);
	replay_finish(&replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_month_happens_again_to_the_byte),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
