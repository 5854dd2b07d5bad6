/* floors: store */
/* The store as a file: who may open it, what lies beside it, what a log becomes. */
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

#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
int main(void)
{
	faulty_disk_insert();
	const struct CMUnitTest tests[] = {
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
	        STORY(test_the_key_is_made_once_and_kept),
	        STORY(test_a_change_of_keys_that_was_cut_short_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
