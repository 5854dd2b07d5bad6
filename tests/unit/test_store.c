/* floors: store */
/* The state in the store: what a restart finds, what a failing disk leaves, who may open the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "faulty_disk.h"
#include "store/keys.h"
#include "store_state.h"
#include "store_story.h"

/* ---- what a restart finds ---- */

/* Commits, restarts, and finds the same. */
static void survives(struct story *s)
{
	commit(s);
	char *before = whole_state(s->site);
	reopen(s);
	char *after = whole_state(s->site);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void given_result(struct story *s, uint32_t notification, uint32_t contact,
                         enum verdict verdict, int32_t status)
{
	const struct notification *n = s->site->notifications[notification];
	apply(s, (struct event){.type = EVENT_DELIVERY,
	                        .delivery = {.notification = n->number,
	                                     .contact = contact,
	                                     .attempt = n->deliveries[contact].attempts,
	                                     .verdict = verdict,
	                                     .status = status}});
}

static void test_an_incident_survives_every_station_of_its_life(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	survives(s);
	assert_int_equal(s->site->incident_count, 1);
	pass(s, SECONDS(1));
	given_result(s, 0, 0, VERDICT_RETRY, 503);
	survives(s);
	pass(s, SECONDS(40));
	site_tick(s->site, s->now, &s->plan); /* the next contact, the next step */
	survives(s);
	pass(s, SECONDS(5));
	given_signal(s, "smoke-302", KIND_SMOKE, true); /* critical now */
	survives(s);
	/* Said again and signed: no entry, and yet its mark stays. */
	apply(s, (struct event){.type = EVENT_SIGNAL,
	                        .signal = {.device = "smoke-302",
	                                   .kind = KIND_SMOKE,
	                                   .active = true,
	                                   .signed_at = s->now.wall}});
	survives(s);
	assert_true(device_signed_at(&s->site->devices[1]) == s->now.wall);
	const char *id = s->site->incidents[0]->id;
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .via = "api",
	                                      .incident = id,
	                                      .note = "在路上了"});
	survives(s);
	pass(s, MINUTES(16));
	site_tick(s->site, s->now, &s->plan); /* not resolved in time: open again */
	survives(s);
	given_signal(s, "smoke-301", KIND_SMOKE, false);
	given_signal(s, "smoke-302", KIND_SMOKE, false);
	survives(s);
	static const char *const words[] = {"li", "zhao"}; /* it takes two to call it off */
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(s->site->incidents[0]->state, STATE_RESOLVED);
		given_operation(s, (struct operation){.type = OPERATION_REPLY,
		                                      .by = words[i],
		                                      .via = "api",
		                                      .incident = s->site->incidents[0]->id,
		                                      .reply = REPLY_FALSE_ALARM,
		                                      .note = "蒸汽"});
		survives(s);
	}
	assert_int_equal(s->site->incidents[0]->state, STATE_RESOLVED);
	survives(s); /* resolved, but still being told */
	assert_int_equal(s->site->incident_count, 1);
}

static void test_a_stored_incident_reads_the_same(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	struct text before = {0}, after = {0};
	incident_write_json(&before, NULL, NULL, "binjiang", s->site->incidents[0]);
	struct incident *incident;
	char *site_id;
	assert_int_equal(store_incident(s->store, s->site->incidents[0]->id, &incident, &site_id),
	                 0);
	assert_string_equal(site_id, "binjiang");
	incident_write_json(&after, NULL, NULL, site_id, incident);
	assert_string_equal(text_get(&before), text_get(&after));
	incident_destroy(incident);
	free(site_id);
	text_finish(&before);
	text_finish(&after);
	assert_int_equal(store_incident(s->store, "binjiang-1999-000001", &incident, &site_id),
	                 -ENOENT);
}

static void test_a_message_seen_before_the_restart_is_known_after_it(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true); /* message m-1 */
	commit(s);
	reopen(s);
	assert_true(site_seen(s->site, "smoke-301", "m-1", 0, 0));
	assert_false(site_seen(s->site, "smoke-302", "m-1", 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "m-2", 0, 0));
}

/* Ids are the sender's: whatever they hold, they are known again; and who sent none has none. */
static void test_any_message_id_is_known_after_the_restart(void **state)
{
	static const char *const ids[] = {"", "a \"b\"", "\\", "\t\n", "报警-1", "{\"id\":\"x\"}"};
	struct story *s = *state;
	bool active = true;
	for (size_t i = 0; i <= sizeof ids / sizeof *ids; i++, active = !active)
		apply(s, (struct event){.type = EVENT_SIGNAL,
		                        .signal = {.device = "smoke-301",
		                                   .kind = KIND_SMOKE,
		                                   .active = active,
		                                   .id = i ? ids[i - 1] : NULL,
		                                   .time = s->now.wall}});
	commit(s);
	reopen(s);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		assert_true(site_seen(s->site, "smoke-301", ids[i], 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "x", 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "301", 0, 0));
}

static void test_a_device_that_left_the_site_file_is_ignored(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	close_all(s);
	foreign_sql(s->path, "UPDATE device_state SET device = 'gone' WHERE device = 'smoke-301'");
	must_open(s);
	assert_int_equal(s->site->devices[0].known, 0);
	assert_true(s->site->devices[2].known != 0);
}

static void test_the_anchor_is_that_of_the_last_commit(void **state)
{
	struct story *s = *state;
	struct clock_anchor anchor;
	assert_false(store_anchor(s->store, &anchor));
	pass(s, SECONDS(9));
	commit(s);
	reopen(s);
	assert_true(store_anchor(s->store, &anchor));
	assert_string_equal(anchor.boot, "f4b9a2f0-0000-4000-8000-000000000001");
	assert_int_equal(anchor.boottime, s->now.steady + 77);
	assert_int_equal(anchor.moment.wall, s->now.wall);
	assert_int_equal(anchor.moment.steady, s->now.steady);
}

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

/* ---- who may open what ---- */

static void test_the_file_is_for_its_owner_alone(void **state)
{
	struct story *s = *state;
	commit(s);
	static const char *const names[] = {"", "-wal", "-shm", ".lock"};
	for (size_t i = 0; i < 4; i++) {
		char path[128];
		struct stat info;
		snprintf(path, sizeof path, "%s%s", s->path, names[i]);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, 0600);
	}
}

static void test_a_second_writer_is_refused(void **state)
{
	struct story *s = *state;
	struct store *second = NULL;
	struct problem why = {0};
	assert_int_equal(store_open(s->path, STORE_WRITE, &second, &why), -EBUSY);
	assert_non_null(strstr(why.text, "another tocsind"));
	assert_null(second);
	close_all(s);
	must_open(s);
}

static void expect_refusal(const char *path, enum store_mode mode, const char *word)
{
	struct store *store = NULL;
	struct problem why = {0};
	assert_true(store_open(path, mode, &store, &why) < 0);
	assert_null(store);
	if (!strstr(why.text, word))
		fail_msg("\"%s\" does not say \"%s\"", why.text, word);
}

static void write_file(const char *path, const char *bytes)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
}

static void test_what_is_no_store_is_left_alone(void **state)
{
	struct story *s = *state;
	char path[128];
	snprintf(path, sizeof path, "%s/letter.txt", s->folder);
	write_file(path,
	           "Dear headmaster, this is a letter and not a database, whatever it may look "
	           "like to a program in a hurry. It is longer than a header of a hundred "
	           "bytes.");
	expect_refusal(path, STORE_WRITE, "no Tocsin store");
	expect_refusal(path, STORE_READ, "no Tocsin store");

	snprintf(path, sizeof path, "%s/other.db", s->folder);
	write_file(path, "");
	foreign_sql(path, "CREATE TABLE pupil (name TEXT)");
	expect_refusal(path, STORE_WRITE, "no Tocsin store");
	expect_refusal(path, STORE_READ, "no Tocsin store");
	assert_string_equal(foreign_sql(path, "PRAGMA journal_mode"), "delete");

	expect_refusal(s->folder, STORE_WRITE, "is a folder");
	expect_refusal(s->folder, STORE_READ, "is a folder");
	snprintf(path, sizeof path, "%s/pipe", s->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refusal(path, STORE_WRITE, "no regular file");
	expect_refusal(path, STORE_READ, "no regular file");

	snprintf(path, sizeof path, "%s/empty.db", s->folder);
	write_file(path, "");
	expect_refusal(path, STORE_READ, "empty");
	snprintf(path, sizeof path, "%s/none.db", s->folder);
	expect_refusal(path, STORE_READ, "No such file");
	snprintf(path, sizeof path, "%s/no/folder.db", s->folder);
	expect_refusal(path, STORE_WRITE, "No such file");
}

static void test_a_newer_store_is_left_alone(void **state)
{
	struct story *s = *state;
	close_all(s);
	char back[64];
	snprintf(back, sizeof back, "PRAGMA user_version = %s",
	         foreign_sql(s->path, "PRAGMA user_version"));
	foreign_sql(s->path, "PRAGMA user_version = 999");
	expect_refusal(s->path, STORE_WRITE, "newer");
	expect_refusal(s->path, STORE_READ, "newer");
	foreign_sql(s->path, back);
	must_open(s);
}

/* ---- reading where nothing may be written ---- */

static uint32_t count_from_file(const char *path)
{
	struct store *reader;
	struct problem why = {0};
	if (store_open(path, STORE_READ, &reader, &why) < 0)
		fail_msg("%s", why.text);
	uint32_t rows = count_log(reader, (struct ledger_filter){0});
	store_close(reader);
	return rows;
}

static void test_a_reader_beside_the_writer_sees_each_commit(void **state)
{
	struct story *s = *state;
	struct store *reader;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	assert_int_equal(store_open(s->path, STORE_READ, &reader, NULL), 0);
	uint32_t before = count_log(reader, (struct ledger_filter){0});
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	uint32_t after = count_log(reader, (struct ledger_filter){0});
	assert_true(before > 0 && after > before);
	store_close(reader);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
}

static void copy_file(const char *from, const char *to)
{
	char bytes[4096];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(in >= 0 && out >= 0);
	ssize_t n;
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

/* What a killed daemon leaves: the files as they are in the middle of its work. */
static void leave_behind(struct story *s, const char *folder, const char *const *ends)
{
	assert_int_equal(mkdir(folder, 0755), 0);
	for (; *ends; ends++) {
		char from[128], to[160];
		snprintf(from, sizeof from, "%s%s", s->path, *ends);
		snprintf(to, sizeof to, "%s/tocsin.db%s", folder, *ends);
		copy_file(from, to);
	}
}

/* Root may write anywhere: somebody else reads. Returns the child's count of rows, at most 255. */
static int count_as_stranger(const char *path)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(0);
		struct store *reader;
		struct problem why = {0};
		if (store_open(path, STORE_READ, &reader, &why) < 0) {
			fprintf(stderr, "%s\n", why.text);
			_exit(0);
		}
		struct rows rows = {0};
		int r = store_log(reader, &(struct ledger_filter){0}, add_row, &rows);
		store_close(reader);
		_exit(r < 0 ? 0 : (int)rows.count);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_the_record_is_read_where_nothing_can_be_written(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	int rows = (int)count_log(s->store, (struct ledger_filter){0});
	assert_in_range(rows, 1, 200);
	static const char *const with_log[] = {"", "-wal", NULL};
	static const char *const with_all[] = {"", "-wal", "-shm", NULL};
	static const char *const alone[] = {"", NULL};
	char folder[3][96], path[sizeof folder + 16];
	snprintf(folder[0], sizeof folder[0], "%s/log", s->folder);
	leave_behind(s, folder[0], with_log);
	snprintf(folder[1], sizeof folder[1], "%s/all", s->folder);
	leave_behind(s, folder[1], with_all);
	close_all(s);
	snprintf(folder[2], sizeof folder[2], "%s/alone?#%%41", s->folder);
	leave_behind(s, folder[2], alone);
	assert_int_equal(chmod(s->folder, 0755), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/tocsin.db", folder[i]);
		assert_int_equal(chmod(folder[i], 0555), 0);
		assert_int_equal(count_as_stranger(path), rows);
		assert_int_equal(chmod(folder[i], 0755), 0);
		assert_int_equal(count_from_file(path), rows);
	}
	must_open(s);
}

static void test_a_killed_writer_loses_nothing(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	char *before = whole_state(s->site);
	static const char *const files[] = {"", "-wal", NULL};
	char folder[96];
	snprintf(folder, sizeof folder, "%s/killed", s->folder);
	leave_behind(s, folder, files);
	close_all(s);
	snprintf(s->path, sizeof s->path, "%s/killed/tocsin.db", s->folder);
	must_open(s);
	char *after = whole_state(s->site);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void test_a_closed_store_is_one_file(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	close_all(s);
	char path[128];
	snprintf(path, sizeof path, "%s-wal", s->path);
	assert_int_equal(access(path, F_OK), -1);
	must_open(s);
}

/* So that a copy of the one file is whole, although somebody is still looking. */
static void test_closing_empties_the_log_beside_a_reader(void **state)
{
	struct story *s = *state;
	struct store *reader;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	assert_int_equal(store_open(s->path, STORE_READ, &reader, NULL), 0);
	assert_true(count_log(reader, (struct ledger_filter){0}) > 0);
	close_all(s);
	char path[128];
	struct stat info;
	snprintf(path, sizeof path, "%s-wal", s->path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 0);
	store_close(reader);
	must_open(s);
}

/* ---- checkpoints ---- */

static void read_log_start(const struct story *s, char out[32])
{
	char path[128];
	snprintf(path, sizeof path, "%s-wal", s->path);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, out, 32), 32);
	close(fd);
}

static void test_the_log_file_begins_anew_while_commits_go_on(void **state)
{
	struct story *s = *state;
	commit(s);
	char first[32], now[32];
	read_log_start(s, first);
	memcpy(now, first, sizeof now);
	char data[4096];
	snprintf(data, sizeof data, "{\"filler\":\"%04000d\"}", 0);
	int turns = 0;
	for (; turns < 20000 && memcmp(first, now, sizeof now) == 0; turns++) {
		for (int i = 0; i < 8; i++) {
			MEM_RESERVE(s->plan.entries, s->plan.entry_count, s->plan.entry_cap);
			s->plan.entries[s->plan.entry_count++] = (struct entry){
			        .type = "signal", .time = 1, .now = s->now, .data = data};
		}
		commit(s);
		read_log_start(s, now);
	}
	assert_true(turns < 20000);
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

/* ---- the key beside it ---- */

static void test_the_key_is_made_once_and_kept(void **state)
{
	struct story *s = *state;
	struct keys first, second;
	struct problem why = {0};
	assert_int_equal(keys_open(s->path, &first, &why), 0);
	assert_int_equal(keys_open(s->path, &second, &why), 0);
	assert_memory_equal(&first, &second, sizeof first);
	char path[128];
	struct stat info;
	snprintf(path, sizeof path, "%s.key", s->path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(info.st_size, 32);

	uint8_t link[SHA256_LEN], sign[SHA256_LEN];
	keys_derive(&first, "link", link);
	keys_derive(&first, "sign", sign);
	assert_memory_not_equal(link, sign, SHA256_LEN);

	write_file(path, "short");
	assert_int_equal(keys_open(s->path, &second, &why), -EINVAL);
	assert_memory_equal(&first, &second, sizeof first);
	write_file(path, "these are thirty-three bytes, yes");
	assert_int_equal(keys_open(s->path, &second, &why), -EINVAL);
}

static void test_a_change_of_keys_that_was_cut_short_goes_on(void **state)
{
	struct story *s = *state;
	struct keys first, old, now;
	struct problem why = {0};
	char path[128], old_path[128];
	snprintf(path, sizeof path, "%s.key", s->path);
	snprintf(old_path, sizeof old_path, "%s.key.old", s->path);
	assert_int_equal(keys_open(s->path, &first, &why), 0);
	assert_int_equal(link(path, old_path), 0); /* and died */
	assert_int_equal(keys_renew(s->path, &why), 0);
	assert_int_equal(keys_read_old(s->path, &old), 0);
	assert_memory_equal(&first, &old, sizeof first);
	assert_int_equal(keys_read(s->path, &now, &why), 0);
	assert_memory_not_equal(&first, &now, sizeof first);
	/* Not so one that waits to be recorded. */
	assert_int_equal(keys_renew(s->path, &why), -EEXIST);
	assert_int_equal(keys_read_old(s->path, &old), 0);
	assert_memory_equal(&first, &old, sizeof first);
}

int main(void)
{
	faulty_disk_insert();
#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
	const struct CMUnitTest tests[] = {
	        STORY(test_an_incident_survives_every_station_of_its_life),
	        STORY(test_a_stored_incident_reads_the_same),
	        STORY(test_a_message_seen_before_the_restart_is_known_after_it),
	        STORY(test_any_message_id_is_known_after_the_restart),
	        STORY(test_a_device_that_left_the_site_file_is_ignored),
	        STORY(test_the_anchor_is_that_of_the_last_commit),
	        STORY(test_a_failed_write_leaves_nothing),
	        STORY(test_a_failed_sync_leaves_nothing),
	        STORY(test_a_full_disk_leaves_nothing),
	        STORY(test_a_commit_is_one_write),
	        STORY(test_where_a_write_may_spoil_another_each_passes_as_it_comes),
	        STORY(test_an_impossible_row_takes_the_whole_turn_with_it),
	        STORY(test_a_foreign_transaction_is_reported_as_busy),
	        STORY(test_the_file_is_for_its_owner_alone),
	        STORY(test_a_second_writer_is_refused),
	        STORY(test_what_is_no_store_is_left_alone),
	        STORY(test_a_newer_store_is_left_alone),
	        STORY(test_a_reader_beside_the_writer_sees_each_commit),
	        STORY(test_the_record_is_read_where_nothing_can_be_written),
	        STORY(test_a_killed_writer_loses_nothing),
	        STORY(test_a_closed_store_is_one_file),
	        STORY(test_closing_empties_the_log_beside_a_reader),
	        STORY(test_the_log_file_begins_anew_while_commits_go_on),
	        STORY(test_incidents_are_listed_newest_first),
	        STORY(test_deliveries_and_whom_a_link_stands_for),
	        STORY(test_devices),
	        STORY(test_the_key_is_made_once_and_kept),
	        STORY(test_a_change_of_keys_that_was_cut_short_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
