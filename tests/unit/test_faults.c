/* floors: store */
/* A disk that stops giving back what is on it, or taking what is written, at the n-th time in each
 * thing that is asked of the store, for every n there is: the answer is then an error that says
 * why, or the right one. Never a part of it that passes for the whole, never a record called good
 * that was not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>

#include "faulty_disk.h"
#include "part_story.h"
#include "store/import.h"
#include "store/verify.h"
#include "store_state.h"

/* ---- what is asked; each opens the store anew, so that nothing is in memory ---- */

typedef int (*asking)(struct story *, struct store *, struct text *, struct problem *);

/* Of a file that was made without an error. */
static int ask_made(struct story *s, const char *path, asking ask, struct text *out,
                    struct problem *why)
{
	struct store *made;
	disk_is_mended();
	assert_int_equal(store_open(path, STORE_READ, &made, why), 0);
	int r = ask(s, made, out, why);
	store_close(made);
	unlink(path);
	return r;
}

static int with_reader(struct story *s, struct text *out, struct problem *why, asking ask)
{
	struct store *reader;
	int r = store_open(s->path, STORE_READ, &reader, why);
	if (r < 0)
		return r;
	r = ask(s, reader, out, why);
	store_close(reader);
	return r;
}

static bool list_row(void *ctx, const struct ledger_row *row)
{
	text_addf(ctx, "%llu %s %s %s\n", (unsigned long long)row->seq, row->type, row->data,
	          row->boot);
	return true;
}

static int ask_log(struct story *s, struct store *store, struct text *out, struct problem *why)
{
	(void)why;
	struct ledger_filter since = {.since = s->now.wall - HOURS(4), .until = s->now.wall + 1};
	int r = store_log(store, &(struct ledger_filter){0}, list_row, out);
	if (r == 0)
		r = store_log(store, &since, list_row, out);
	if (r == 0)
		r = store_log_end(store, "binjiang", list_row, out);
	return r < 0 ? r : store_unknown(store, "binjiang", list_row, out);
}
static int read_log(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_log);
}

static bool list_incident(void *ctx, const char *site, const struct incident *incident)
{
	incident_write_json(ctx, NULL, NULL, site, incident);
	return true;
}

static int ask_incidents(struct story *s, struct store *store, struct text *out,
                         struct problem *why)
{
	(void)s, (void)why;
	bool more;
	struct incident_filter behind = {.after = "binjiang-2026-000002"};
	struct incident *incident = NULL;
	char *site = NULL;
	int r = store_incidents(store, &(struct incident_filter){.limit = 1}, list_incident, out,
	                        &more);
	if (r >= 0)
		r = store_incidents(store, &behind, list_incident, out, &more);
	if (r >= 0)
		r = store_incident(store, "binjiang-2026-000001", &incident, &site);
	if (r == 0)
		list_incident(out, site, incident);
	incident_destroy(incident);
	free(site);
	return r;
}
static int read_incidents(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_incidents);
}

static bool list_delivery(void *ctx, const struct delivery_row *row)
{
	text_addf(ctx, "%s %s %u %s\n", row->to_id, row->channel, row->attempts,
	          row->delivery_state);
	return true;
}
static bool list_device(void *ctx, const struct device_row *row)
{
	text_addf(ctx, "%s %u %u\n", row->id, row->active, row->known);
	return true;
}
static bool list_standing(void *ctx, const char *json)
{
	text_addf(ctx, "%s\n", json);
	return true;
}
static bool list_remembered(void *ctx, const struct remembered *one)
{
	text_addf(ctx, "%s %s\n", one->what, one->key);
	return true;
}
static bool list_site(void *ctx, const char *site)
{
	text_addf(ctx, "%s\n", site);
	return true;
}
static void list_sent(void *ctx, const struct sent_row *row)
{
	text_addf(ctx, "sent %s\n", row->channel);
}

static int ask_lists(struct story *s, struct store *store, struct text *out, struct problem *why)
{
	(void)why;
	struct link_target target = {0};
	uint64_t seq, last = 0;
	uint8_t hash[SHA256_LEN];
	char *data = NULL;
	int r = store_deliveries(store, NULL, NULL, 0, list_delivery, out);
	if (r >= 0)
		r = store_devices(store, "binjiang", list_device, out);
	if (r >= 0)
		r = store_standings(store, NULL, STANDING_SILENCE, true, list_standing, out);
	if (r >= 0)
		r = store_remembered(store, "signed out", s->now.wall, list_remembered, out);
	if (r >= 0)
		r = store_sites(store, list_site, out);
	if (r >= 0)
		r = store_sent(store, 1, list_sent, out);
	if (r >= 0)
		r = store_link_target(store, s->site->store_id, s->site->next_notification - 1,
		                      &target);
	for (uint64_t first = 1; r >= 0 && last == 0; first++) {
		r = store_removed(store, "binjiang", first, &last, hash, NULL);
		r = r == -ENOENT && first < s->messages ? 0 : r;
	}
	if (r >= 0)
		text_addf(out, "%s %s %llu\n", target.to_id, target.incident,
		          (unsigned long long)last);
	link_target_finish(&target);
	if (r >= 0)
		r = store_mark(store, s->site->store_id, "checkpoint", &seq, &data);
	text_add(out, data ? data : "-");
	free(data);
	return r;
}
static int read_lists(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_lists);
}

static void list_verdict(void *ctx, const struct site_verdict *site)
{
	text_addf(ctx, "%s %llu %llu %llu %u\n", site->site, (unsigned long long)site->entries,
	          (unsigned long long)site->removed, (unsigned long long)site->sealed,
	          site->finding_count);
	/* What cannot be read was not written like that by us: a finding, but none of the others.
	 */
	for (uint32_t i = 0; i < site->finding_count; i++)
		if (!strstr(site->findings[i].detail.text, "the file is damaged"))
			fail_msg("blamed: %llu %s %s", (unsigned long long)site->findings[i].seq,
			         tampering_name(site->findings[i].kind),
			         site->findings[i].detail.text);
}

static int ask_verify(struct story *s, struct store *store, struct text *out, struct problem *why)
{
	(void)s;
	uint8_t key[ED25519_KEY_LEN];
	ed25519_public(keys.seed, key);
	struct verify_request request = {.key = key, .indexes = true};
	int r = store_verify(store, &request, list_verdict, out, why);
	return r > 0 ? problem_set(why, -EIO, "found to be damaged") : r;
}
static int verify(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_verify);
}

static int ask_part(struct story *s, struct store *store, struct text *out, struct problem *why)
{
	(void)s, (void)why;
	text_finish(out);
	return make_part(store, "binjiang", 0, out);
}
static int export(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_part);
}

static int ask_backup(struct story *s, struct store *store, struct text *out, struct problem *why)
{
	char path[128];
	snprintf(path, sizeof path, "%s/copy.db", s->folder);
	int r = store_backup(store, path, why);
	if (r < 0) {
		assert_int_equal(access(path, F_OK), -1); /* nothing half is left */
		return r;
	}
	return ask_made(s, path, ask_log, out, why);
}
static int back_up(struct story *s, struct text *out, struct problem *why)
{
	return with_reader(s, out, why, ask_backup);
}

static struct text given_part;

/* Nothing half is left of it either. */
static int import(struct story *s, struct text *out, struct problem *why)
{
	char path[128];
	struct part part;
	struct import_facts facts;
	snprintf(path, sizeof path, "%s/part.db", s->folder);
	FILE *file = fmemopen(given_part.at, given_part.len, "r");
	assert_non_null(file);
	int r = store_import(path, file, NULL, NULL, &part, &facts, why);
	part_finish(&part);
	fclose(file);
	assert_int_equal(access(path, F_OK), r < 0 ? -1 : 0);
	if (r < 0)
		return r;
	return ask_made(s, path, ask_incidents, out, why);
}

/* A whole start: the store of a service that has ended. */
static int start(struct story *s, struct text *out, struct problem *why)
{
	struct store *store;
	struct site *site = site_create(s->def);
	struct store_left left = {0};
	int r = store_open(s->path, STORE_WRITE, &store, why);
	if (r == 0) {
		r = store_load_site(store, site, why);
		if (r == 0)
			r = store_sign_with(store, &keys, why);
		if (r == 0 && disk.failures == 0) {
			assert_int_equal(store_end_found(store, site, &left), STORE_END_AS_LEFT);
			char *state = whole_state(site);
			text_add(out, state);
			free(state);
		}
		store_close(store);
	}
	text_finish(&left.head);
	site_destroy(site);
	return r;
}

/* ---- each of them on a disk that fails ---- */

struct deed {
	const char *name;
	int (*done)(struct story *, struct text *out, struct problem *why);
	bool says_why;
};

/* Every one of the first, then fewer and fewer (TOCSIN_ALL: every one). */
static int next_time(int n)
{
	const char *all = getenv("TOCSIN_ALL");
	return n < 40 || (all && *all) ? n + 1 : n + n / 8;
}

static void fail_each(struct story *s, enum fault fault, const struct deed *deed)
{
	struct text right = {0}, got = {0};
	struct problem why = {0};
	int failures = 0;
	if (deed->done(s, &right, &why) < 0)
		fail_msg("%s: %s", deed->name, why.text);
	assert_true(right.len > 0);
	for (int n = 1;; n = next_time(n)) {
		text_reset(&got);
		why.text[0] = '\0';
		disk_fails_at(fault, n);
		int r = deed->done(s, &got, &why);
		int failed = disk.failures;
		disk_is_mended();
		if (r < 0) {
			assert_true(failed > 0);
			if (deed->says_why && !why.text[0])
				fail_msg("%s fails at %d and does not say why", deed->name, n);
			failures++;
		} else if (strcmp(text_get(&got), text_get(&right)) != 0) {
			fail_msg("%s, when the disk fails at %d, says\n%s\ninstead of\n%s",
			         deed->name, n, text_get(&got), text_get(&right));
		}
		if (!failed)
			break;
	}
	print_message("%s: %d times an error\n", deed->name, failures);
	assert_true(failures > 0);
	text_finish(&right);
	text_finish(&got);
}

static void test_what_is_read_is_right_or_an_error(void **state)
{
	static const struct deed deeds[] = {
	        {"the log", read_log, false},     {"the incidents", read_incidents, false},
	        {"the lists", read_lists, false}, {"verify", verify, true},
	        {"an export", export, false},     {"a backup", back_up, true},
	};
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
		fail_each(*state, FAULT_READ, &deeds[i]);
}

static void test_a_start_has_all_of_it_or_fails(void **state)
{
	struct story *s = *state;
	plan_finish(&s->plan);
	store_close(s->store);
	s->store = NULL;
	fail_each(s, FAULT_READ, &(struct deed){"a start", start, true});
}

/* ---- a file of which a page is not what it was ---- */

static void count_finding(void *ctx, const struct site_verdict *site)
{
	*(uint32_t *)ctx += site->finding_count;
}

/* Whether the record passes for good. */
static bool is_good(struct story *s, bool indexes)
{
	struct store *reader;
	struct problem why = {0};
	uint8_t key[ED25519_KEY_LEN];
	uint32_t findings = 0;
	if (store_open(s->path, STORE_READ, &reader, &why) < 0)
		return false;
	ed25519_public(keys.seed, key);
	struct verify_request request = {.key = key, .indexes = indexes};
	int r = store_verify(reader, &request, count_finding, &findings, &why);
	assert_true(r >= 0 ? (uint32_t)r == findings : why.text[0] != '\0');
	store_close(reader);
	return r == 0;
}

static void swap_page(const char *path, int page, char bytes[4096])
{
	char before[4096];
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, before, sizeof before, (page - 1) * 4096), 4096);
	assert_int_equal(pwrite(fd, bytes, 4096, (page - 1) * 4096), 4096);
	memcpy(bytes, before, sizeof before);
	close(fd);
}

static int count_pages(struct story *s)
{
	assert_string_equal(foreign_sql(s->path, "PRAGMA page_size"), "4096");
	assert_string_equal(foreign_sql(s->path, "VACUUM"), ""); /* no page is free */
	return atoi(foreign_sql(s->path, "PRAGMA page_count"));
}

static void test_each_page_counts(void **state)
{
	struct story *s = *state;
	char bytes[4096] = {0};
	close_all(s);
	assert_true(is_good(s, true));
	int pages = count_pages(s);
	assert_true(pages > 20);
	for (int page = 1; page <= pages; page++) {
		swap_page(s->path, page, bytes);
		if (is_good(s, true))
			fail_msg("page %d is of zeroes, and all is well", page);
		swap_page(s->path, page, bytes);
	}
	assert_true(is_good(s, true));
	must_open(s);
}

/* What was edited shows, whatever else is wrong with the file behind it, and with the disk. */
static void test_an_edited_entry_hides_behind_no_damage(void **state)
{
	struct story *s = *state;
	char bytes[4096] = {0};
	close_all(s);
	assert_string_equal(
	        foreign_sql(s->path,
	                    "DROP TRIGGER ledger_is_never_updated; UPDATE ledger SET device = 'x'"
	                    " WHERE seq = 3"),
	        "");
	assert_false(is_good(s, false));
	int pages = count_pages(s);
	for (int page = 1; page <= pages; page++) {
		swap_page(s->path, page, bytes);
		if (is_good(s, false))
			fail_msg("with page %d of zeroes nobody sees what was edited", page);
		swap_page(s->path, page, bytes);
	}
	for (int n = 1;; n++) {
		disk_fails_at(FAULT_READ, n);
		bool good = is_good(s, false);
		int failed = disk.failures;
		disk_is_mended();
		assert_false(good);
		if (!failed)
			break;
	}
	must_open(s);
}

static void test_a_copy_is_whole_or_none(void **state)
{
	struct story *s = *state;
	static const struct deed deeds[] = {{"a backup", back_up, true},
	                                    {"an import", import, true}};
	assert_int_equal(make_part(s->store, "binjiang", 0, &given_part), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		fail_each(s, FAULT_FULL, &deeds[i]);
		fail_each(s, FAULT_SYNC, &deeds[i]);
	}
	text_finish(&given_part);
}

int main(void)
{
	faulty_disk_insert();
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_what_is_read_is_right_or_an_error,
	                                        given_a_life, story_end),
	        cmocka_unit_test_setup_teardown(test_a_start_has_all_of_it_or_fails, given_a_life,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(test_a_copy_is_whole_or_none, given_a_life,
	                                        story_end),
	        cmocka_unit_test_setup_teardown(test_each_page_counts, given_a_life, story_end),
	        cmocka_unit_test_setup_teardown(test_an_edited_entry_hides_behind_no_damage,
	                                        given_a_life, story_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
