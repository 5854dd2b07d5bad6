/* floors: store */
/* A part of a record that comes from anywhere: whatever was done to it, in any member of any line,
 * it is refused with the entry named; and what somebody with a key of his own has made of it is
 * taken in without harm, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "part_story.h"
#include "store/import.h"
#include "store_state.h"

#define LINES_MAX 200

struct lines { /* of a part, without their ends */
	char *at[LINES_MAX];
	uint32_t count;
};

static struct lines lines_of(const struct text *part)
{
	struct lines lines = {0};
	char *copy = mem_copy(text_get(part)), *rest = copy, *line;
	while ((line = strsep(&rest, "\n")))
		if (*line) {
			assert_true(lines.count < LINES_MAX);
			lines.at[lines.count++] = mem_copy(line);
		}
	free(copy);
	return lines;
}

static void lines_free(struct lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		free(lines->at[i]);
}

/* An entry of the same type stands before it: one of each is enough. */
static bool is_one_more(const struct lines *lines, uint32_t i)
{
	char type[64];
	const char *at = strstr(lines->at[i], "\"type\":\"");
	if (!at)
		return false;
	snprintf(type, sizeof type, "%.*s\",", (int)strcspn(at + 8, "\"") + 8, at);
	for (uint32_t before = 0; before < i; before++)
		if (strstr(lines->at[before], type))
			return true;
	return false;
}

static struct lines whole_part(struct story *s, uint64_t from)
{
	struct text part;
	assert_int_equal(make_part(s->store, "binjiang", from, &part), 0);
	struct lines lines = lines_of(&part);
	text_finish(&part);
	return lines;
}

/* 0, or why it is refused; each time from the beginning, as whoever gets it reads it. */
static int read_text_part(const char *bytes, size_t len, const uint8_t *key, struct part *part,
                          struct problem *why)
{
	*why = (struct problem){0};
	FILE *file = fmemopen((void *)(uintptr_t)bytes, len, "r");
	assert_non_null(file);
	int r = part_read(file, key, part, NULL, NULL, why);
	fclose(file);
	assert_true((r == 0) == (why->text[0] == '\0'));
	return r;
}

static int read_lines(const struct lines *lines, const uint8_t *key, struct problem *why)
{
	struct text bytes = {0};
	struct part part;
	for (uint32_t i = 0; i < lines->count; i++)
		text_addf(&bytes, "%s\n", lines->at[i]);
	int r = read_text_part(text_get(&bytes), bytes.len, key, &part, why);
	part_finish(&part);
	text_finish(&bytes);
	return r;
}

static void expect_whole(const struct lines *lines)
{
	struct problem why;
	if (read_lines(lines, NULL, &why) != 0)
		fail_msg("%s", why.text);
}

static void expect_refused(const struct lines *lines, const char *what, const char *line)
{
	struct problem why;
	if (read_lines(lines, NULL, &why) == 0)
		fail_msg("%s passes: %s", what, line);
}

/* ---- lines ---- */

static void test_no_line_is_taken_out_or_put_in(void **state)
{
	struct lines lines = whole_part(*state, 0), some;
	expect_whole(&lines);
	for (uint32_t i = 0; i < lines.count; i++) {
		some = lines;
		memmove(some.at + i, some.at + i + 1, (some.count - i - 1) * sizeof *some.at);
		some.count--;
		expect_refused(&some, "without a line", lines.at[i]);
		some = lines;
		memmove(some.at + i + 1, some.at + i, (some.count - i) * sizeof *some.at);
		some.count++;
		expect_refused(&some, "a line twice", lines.at[i]);
		some = lines;
		some.at[i] = lines.at[(i + 1) % lines.count];
		some.at[(i + 1) % lines.count] = lines.at[i];
		expect_refused(&some, "two lines exchanged", lines.at[i]);
	}
	lines_free(&lines);
}

static void test_an_end_that_nothing_vouches_for(void **state)
{
	struct lines lines = whole_part(*state, 0), some = lines;
	struct problem why;
	some.count -= 2; /* the seal, and the entry before it */
	assert_true(read_lines(&some, NULL, &why) < 0);
	assert_non_null(strstr(why.text, "truncated: no checkpoint vouches for the last entries"));
	some.count = 0;
	assert_true(read_lines(&some, NULL, &why) < 0);
	assert_string_equal(why.text, "is empty");
	lines_free(&lines);
}

/* ---- members ---- */

enum spoil {
	TAKEN_AWAY,
	NOTHING, /* null */
	OTHER_TYPE,
	OTHER_VALUE,
	NEGATIVE,
	HUGE_NUMBER,
	LONG_TEXT,
	EMPTY_TEXT,
	ONE_MORE, /* a member that nobody knows */
	SPOIL_COUNT
};

static char other_text[1200];

/* A member of an object made into something else; the object's whole text. NULL: it would be the
 * same. */
static char *spoilt(const char *json, int member, enum spoil how)
{
	cJSON *root = NULL, *old, *new = NULL;
	assert_int_equal(json_parse(json, strlen(json), &root, NULL), 0);
	old = cJSON_GetArrayItem(root, member);
	char *name = mem_copy(old->string), *out = NULL;
	const char *text = cJSON_IsString(old) ? old->valuestring : "";
	bool same = false;
	switch (how) {
	case TAKEN_AWAY:
		cJSON_DeleteItemFromObjectCaseSensitive(root, name);
		break;
	case ONE_MORE:
		cJSON_AddStringToObject(root, "remark", "true");
		break;
	case NOTHING:
		new = cJSON_CreateNull();
		same = cJSON_IsNull(old);
		break;
	case OTHER_TYPE:
		new = cJSON_IsString(old) ? cJSON_CreateNumber(7) : cJSON_CreateString("seven");
		break;
	case OTHER_VALUE:
		snprintf(other_text, sizeof other_text, "%.1000sx", text);
		if (*text)
			other_text[strlen(text) / 2] ^= 1;
		new = cJSON_IsString(old) ? cJSON_CreateString(other_text)
		                          : cJSON_CreateNumber(old->valuedouble + 1);
		break;
	case NEGATIVE:
		new = cJSON_CreateNumber(-1);
		break;
	case HUGE_NUMBER:
		new = cJSON_CreateNumber(9e18);
		break;
	case LONG_TEXT:
		memset(other_text, 'a', sizeof other_text - 1);
		new = cJSON_CreateString(other_text);
		break;
	case EMPTY_TEXT:
		new = cJSON_CreateString("");
		same = cJSON_IsString(old) && !*text;
		break;
	case SPOIL_COUNT:
		break;
	}
	if (new)
		cJSON_ReplaceItemInObjectCaseSensitive(root, name, new);
	char *printed = cJSON_PrintUnformatted(root);
	if (!same)
		out = mem_copy(printed);
	cJSON_free(printed);
	cJSON_Delete(root);
	free(name);
	return out;
}

static int count_members(const char *json)
{
	cJSON *root = NULL;
	assert_int_equal(json_parse(json, strlen(json), &root, NULL), 0);
	int count = cJSON_IsObject(root) ? cJSON_GetArraySize(root) : 0;
	cJSON_Delete(root);
	return count;
}

static const char *member_name(const char *json, int member, char out[64])
{
	cJSON *root = NULL;
	assert_int_equal(json_parse(json, strlen(json), &root, NULL), 0);
	snprintf(out, 64, "%s", cJSON_GetArrayItem(root, member)->string);
	cJSON_Delete(root);
	return out;
}

/* null is what a member that is not there means. */
static bool says_the_same(const char *json, int member, enum spoil how)
{
	cJSON *root = NULL;
	assert_int_equal(json_parse(json, strlen(json), &root, NULL), 0);
	bool null = cJSON_IsNull(cJSON_GetArrayItem(root, member));
	cJSON_Delete(root);
	return null && (how == TAKEN_AWAY || how == NOTHING);
}

/* Of the line `removed` what is inside counts. */
static char *spoilt_inside(const char *line, int member, enum spoil how)
{
	static const char lead[] = "{\"removed\":";
	struct text out = {0};
	struct text inner = {0};
	assert_true(strncmp(line, lead, sizeof lead - 1) == 0);
	text_add_len(&inner, line + sizeof lead - 1, strlen(line) - sizeof lead);
	char *other = spoilt(text_get(&inner), member, how);
	if (other)
		text_addf(&out, "%s%s}", lead, other);
	free(other);
	text_finish(&inner);
	return other ? text_take(&out) : NULL;
}

static void spoil_line(const struct lines *lines, uint32_t i, bool inside, bool is_first)
{
	struct lines some = *lines;
	char name[64];
	int members = inside ? 4 : count_members(lines->at[i]);
	for (int member = 0; member < members; member++)
		for (enum spoil how = TAKEN_AWAY; how < SPOIL_COUNT; how++) {
			/* The hash before the first entry of all is known. */
			if (i == 0 && is_first &&
			    strcmp(member_name(lines->at[i], member, name), "before") == 0)
				continue;
			if (!inside && says_the_same(lines->at[i], member, how))
				continue;
			some.at[i] = inside ? spoilt_inside(lines->at[i], member, how)
			                    : spoilt(lines->at[i], member, how);
			if (some.at[i])
				expect_refused(&some, "a member that was changed", some.at[i]);
			free(some.at[i]);
		}
}

static void spoil_lines(struct story *s, uint64_t from)
{
	struct lines lines = whole_part(s, from);
	uint32_t removed = 0;
	expect_whole(&lines);
	for (uint32_t i = 0; i < lines.count; i++) {
		bool inside = strncmp(lines.at[i], "{\"removed\"", 10) == 0;
		removed += inside;
		if (from || !is_one_more(&lines, i))
			spoil_line(&lines, i, inside, from == 0);
	}
	assert_true((removed > 0) == (from == 0));
	lines_free(&lines);
}

static void test_no_member_of_a_whole_record_is_changed(void **state)
{
	spoil_lines(*state, 0);
}

static void test_no_member_of_its_last_days_is_changed(void **state)
{
	struct story *s = *state;
	spoil_lines(s, store_head(s->store, s->site->store_id).seq - 12);
}

/* ---- keys ---- */

/* A service that was given another key, by whoever may say so: the old one signs for it. */
static void given_another_key(struct story *s, bool vouched)
{
	static const struct keys others = {.seed = {7, 8, 9}};
	struct problem why = {0};
	struct signer old = {0};
	uint8_t key[ED25519_KEY_LEN], vow[ED25519_SIG_LEN];
	struct text data = {0};
	ed25519_public(others.seed, key);
	memcpy(old.seed, vouched ? keys.seed : others.seed, sizeof old.seed);
	ed25519_public(old.seed, old.key);
	key_vow(&old, "binjiang", key, vow);
	text_add(&data, "{\"key\":\"");
	text_add_hex(&data, key, sizeof key);
	text_add(&data, "\",\"signature\":\"");
	text_add_base64(&data, vow, sizeof vow);
	text_add(&data, "\"}");
	reopen(s);
	assert_int_equal(store_sign_with(s->store, &others, &why), 0);
	apply(s, (struct event){.type = EVENT_SERVICE,
	                        .service = {.type = SERVICE_KEYED, .data = text_get(&data)}});
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	turn_with(s, false, false);
	text_finish(&data);
}

static void test_a_key_is_trusted_by_name_and_by_its_vow(void **state)
{
	struct story *s = *state;
	struct problem why;
	uint8_t first[ED25519_KEY_LEN], second[ED25519_KEY_LEN];
	ed25519_public(keys.seed, first);
	ed25519_public((uint8_t[ED25519_KEY_LEN]){7, 8, 9}, second);
	struct lines lines = whole_part(s, 0);
	assert_int_equal(read_lines(&lines, first, &why), 0);
	assert_true(read_lines(&lines, second, &why) < 0);
	assert_non_null(strstr(why.text, "signed by another key than the one to trust"));
	lines_free(&lines);

	given_another_key(s, true);
	lines = whole_part(s, 0);
	assert_int_equal(read_lines(&lines, first, &why), 0);
	assert_int_equal(read_lines(&lines, second, &why), 0);
	lines_free(&lines);
}

static void test_a_key_that_nobody_vouched_for(void **state)
{
	struct story *s = *state;
	struct problem why;
	given_another_key(s, false);
	struct lines lines = whole_part(s, 0);
	assert_true(read_lines(&lines, NULL, &why) < 0);
	assert_non_null(strstr(why.text, "a key that the key before it has not vouched for"));
	lines_free(&lines);
}

/* ---- files ---- */

static void expect_no_part(const char *bytes, size_t len, const char *word)
{
	struct part part;
	struct problem why;
	assert_true(read_text_part(bytes, len, NULL, &part, &why) < 0);
	if (!strstr(why.text, word))
		fail_msg("\"%s\" does not say \"%s\"", why.text, word);
	part_finish(&part);
}

static void test_what_is_no_part_is_one_line(void **state)
{
	struct lines lines = whole_part(*state, 0);
	struct text bytes = {0};
	expect_no_part("\n", 1, "an empty line");
	expect_no_part("hello\n", 6, "is nothing that `tocsin export` printed");
	expect_no_part("[1,2]\n", 6, "is nothing that `tocsin export` printed");
	expect_no_part("{\"seq\":1}", 9, "is nothing that `tocsin export` printed");
	text_addf(&bytes, "%s\n%s", lines.at[0], "no JSON");
	expect_no_part(text_get(&bytes), bytes.len, "entry 1: edited: the line is not JSON");
	text_reset(&bytes);
	text_addf(&bytes, "%s\n", lines.at[0]);
	size_t room = PART_LINE_MAX + 1;
	memset(text_add_room(&bytes, room), 'x', room);
	expect_no_part(text_get(&bytes), bytes.len, "entry 1: its line is too long");
	text_finish(&bytes);
	lines_free(&lines);
}

static void test_a_file_that_cannot_be_read_says_so(void **state)
{
	struct story *s = *state;
	struct part part;
	struct problem why = {0};
	FILE *file = fopen(s->folder, "r");
	assert_non_null(file);
	assert_int_equal(part_read(file, NULL, &part, NULL, NULL, &why), -EIO);
	assert_string_equal(why.text, strerror(EIO));
	part_finish(&part);
	fclose(file);
}

/* ---- a store of it ---- */

static struct site_def *read_school(const char *text)
{
	return strcmp(text, "the school's file") == 0 ? school("binjiang") : NULL;
}

static int import_text(struct story *s, const char *name, const struct text *bytes,
                       struct problem *why)
{
	char path[128];
	struct part part;
	struct import_facts facts;
	FILE *file = fmemopen(bytes->at, bytes->len, "r");
	assert_non_null(file);
	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	int r = store_import(path, file, NULL, read_school, &part, &facts, why);
	part_finish(&part);
	fclose(file);
	if (r < 0 && r != -EEXIST)
		assert_int_equal(access(path, F_OK), -1); /* nothing is left of it */
	return r;
}

static void test_a_part_becomes_a_store_and_never_another_one(void **state)
{
	struct story *s = *state;
	struct text part;
	struct problem why = {0};
	struct store *store = NULL;
	char path[128];
	assert_int_equal(make_part(s->store, "binjiang", 0, &part), 0);
	assert_int_equal(import_text(s, "part.db", &part, &why), 0);
	assert_int_equal(import_text(s, "part.db", &part, &why), -EEXIST);
	part.at[part.len / 2] ^= 1;
	assert_true(import_text(s, "other.db", &part, &why) < 0);
	snprintf(path, sizeof path, "%s/part.db", s->folder);
	assert_int_equal(store_open(path, STORE_READ, &store, &why), 0);
	assert_int_equal(count_log(store, (struct ledger_filter){0}),
	                 count_log(s->store, (struct ledger_filter){0}));
	store_close(store);
	store = NULL;
	assert_int_equal(store_open(path, STORE_WRITE, &store, &why), -EINVAL);
	assert_non_null(strstr(why.text, "a service cannot go on with it"));
	text_finish(&part);
}

static void configured(struct story *s, const char *file)
{
	char data[100];
	snprintf(data, sizeof data, "{\"site_file\":{%s}}", file);
	apply(s, (struct event){.type = EVENT_SERVICE,
	                        .service = {.type = SERVICE_CONFIGURED, .data = data}});
}

static void hidden_by_a_silence(struct story *s)
{
	s->site->devices[1].walk_test = false;
	for (int i = 0; i < 6; i++)
		given_signal(s, "smoke-302", KIND_WATER, i % 2 == 0);
	turn_with(s, true, false);
}

static const char *opened_now(struct story *s)
{
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	return s->site->incidents[s->site->incident_count - 1]->id;
}

static void resolved(struct story *s, const char *incident)
{
	given_signal(s, "smoke-301", KIND_SMOKE, false);
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "zhao",
	                                      .incident = incident,
	                                      .outcome = OUTCOME_REAL});
	pass(s, MINUTES(5));
}

static void expect_incident(struct store *store, const char *id, bool known, bool has_policy)
{
	struct incident *incident = NULL;
	char *site = NULL;
	assert_int_equal(store_incident(store, id, &incident, &site), 0);
	assert_string_equal(incident->zone, "dorm-3f");
	assert_string_equal(incident->zone_name, known ? "宿舍三层" : "dorm-3f");
	assert_string_equal(incident->signals[0].device_name, known ? "烟感 301" : "smoke-301");
	assert_int_equal(incident->zone_depth, known ? 2 : 0);
	assert_int_equal(incident->policy != NULL, has_policy);
	if (known)
		assert_string_equal(incident->zone_path[0], "dorm");
	if (has_policy) {
		assert_string_equal(incident->policy->id, "any");
		assert_int_equal(incident->policy->steps[1].after, SECONDS(30));
		assert_int_equal(incident->policy->resolve_within, MINUTES(15));
	}
	incident_destroy(incident);
	free(site);
}

static bool read_hidden(void *ctx, const char *json)
{
	struct standing *s = standing_create();
	assert_true(standing_read_json(json, s));
	*(uint32_t *)ctx += s->hidden;
	standing_destroy(s);
	return true;
}

static uint32_t hidden_by_silences(struct store *store)
{
	uint32_t hidden = 0;
	assert_int_equal(
	        store_standings(store, NULL, STANDING_SILENCE, false, read_hidden, &hidden), 1);
	return hidden;
}

/* A policy and a zone's path are only named by the entries; the site's file in the record has them.
 */
static void test_what_entries_only_name_is_in_the_sites_file(void **state)
{
	struct story *s = *state;
	struct text part;
	struct problem why = {0};
	struct store *store = NULL;
	char path[128], unknown[INCIDENT_ID_MAX], known[INCIDENT_ID_MAX], risen[INCIDENT_ID_MAX];
	configured(s, "\"hash\":\"1\",\"text\":\"the school's file\"");
	snprintf(known, sizeof known, "%s", opened_now(s));
	resolved(s, known);
	configured(s, "\"hash\":\"2\""); /* its text lies elsewhere */
	snprintf(unknown, sizeof unknown, "%s", opened_now(s));
	resolved(s, unknown);
	configured(s, "\"hash\":\"1\"");
	snprintf(risen, sizeof risen, "%s", opened_now(s));
	hidden_by_a_silence(s);
	configured(s, "\"hash\":\"2\"");
	given_signal(s, "smoke-302", KIND_SMOKE, true); /* it rises, and takes the policy anew */
	turn_with(s, true, false);

	assert_int_equal(make_part(s->store, "binjiang", 0, &part), 0);
	assert_int_equal(import_text(s, "part.db", &part, &why), 0);
	snprintf(path, sizeof path, "%s/part.db", s->folder);
	assert_int_equal(store_open(path, STORE_READ, &store, &why), 0);
	expect_incident(store, known, true, true);
	expect_incident(store, unknown, false, false);
	expect_incident(store, risen, true, false);
	assert_true(hidden_by_silences(s->store) >= 3);
	assert_int_equal(hidden_by_silences(store), hidden_by_silences(s->store));
	store_close(store);
	text_finish(&part);
}

/* ---- what somebody with a key of his own has made ---- */

static bool count_incident(void *ctx, const char *site, const struct incident *incident)
{
	(*(int *)ctx)++;
	return site && *incident->id;
}

/* All lines but that this one's data is another; what was made of it can be read, and is undone. */
static void import_with(struct store *store, const struct lines *lines, uint32_t instead,
                        const char *data)
{
	struct import *import = import_open(store, read_school);
	struct problem why = {0};
	int r = 0, count = 0;
	bool more;
	for (uint32_t i = 0; r == 0 && i < lines->count; i++) {
		struct part_line line;
		assert_int_equal(part_line_read(lines->at[i], strlen(lines->at[i]), &line, &why),
		                 0);
		if (i == instead)
			line.row.data = data;
		r = import_line(import, &line, &why);
		assert_true((r == 0) == (why.text[0] == '\0'));
		part_line_finish(&line);
	}
	if (r == 0) {
		r = store_incidents(store, &(struct incident_filter){0}, count_incident, &count,
		                    &more);
		assert_true(r == count && count <= 2);
	}
	import_close(import);
	assert_int_equal(count_log(store, (struct ledger_filter){0}), 0);
}

static void test_entries_that_no_service_writes_do_no_harm(void **state)
{
	struct story *s = *state;
	char path[128];
	struct store *store = NULL;
	struct problem why = {0};
	configured(s, "\"hash\":\"1\",\"text\":\"the school's file\"");
	hidden_by_a_silence(s);
	snprintf(path, sizeof path, "%s/part.db", s->folder);
	assert_int_equal(store_open(path, STORE_WRITE, &store, &why), 0);
	struct lines lines = whole_part(s, 0);
	for (uint32_t i = 0; i < lines.count; i++) {
		struct part_line line;
		if (is_one_more(&lines, i))
			continue;
		assert_int_equal(part_line_read(lines.at[i], strlen(lines.at[i]), &line, &why), 0);
		int members = line.type == PART_ENTRY ? count_members(line.row.data) : 0;
		for (int member = 0; member < members; member++)
			for (enum spoil how = TAKEN_AWAY; how < SPOIL_COUNT; how++) {
				char *data = spoilt(line.row.data, member, how);
				if (data)
					import_with(store, &lines, i, data);
				free(data);
			}
		part_line_finish(&line);
	}
	lines_free(&lines);
	store_close(store);
}

int main(void)
{
#define LIFE(test) cmocka_unit_test_setup_teardown(test, given_a_life, story_end)
	const struct CMUnitTest tests[] = {
	        LIFE(test_no_line_is_taken_out_or_put_in),
	        LIFE(test_an_end_that_nothing_vouches_for),
	        LIFE(test_no_member_of_a_whole_record_is_changed),
	        LIFE(test_no_member_of_its_last_days_is_changed),
	        LIFE(test_a_key_is_trusted_by_name_and_by_its_vow),
	        LIFE(test_a_key_that_nobody_vouched_for),
	        LIFE(test_what_is_no_part_is_one_line),
	        LIFE(test_a_file_that_cannot_be_read_says_so),
	        LIFE(test_a_part_becomes_a_store_and_never_another_one),
	        LIFE(test_what_entries_only_name_is_in_the_sites_file),
	        LIFE(test_entries_that_no_service_writes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
