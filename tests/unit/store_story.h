/* A small school, its store in a folder of its own, and the words to tell what happens in it. */
#ifndef STORE_STORY_H
#define STORE_STORY_H

#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "store/store.h"

struct story {
	char folder[64], path[96];
	struct site_def *def;
	struct site *site;
	struct store *store;
	struct plan plan;
	struct moment now;
	uint64_t messages;
};

static inline struct site_def *school(const char *id)
{
	struct site_def *def = NEW(struct site_def);
	struct arena *arena = &def->arena;
	def->id = arena_copy(arena, id);
	def->name = "滨江中学";
	def->language = "zh-CN";
	def->timezone.spans = ARENA_ARRAY(arena, struct timezone_span, 1);
	def->timezone.spans[0].offset = 8 * 3600;
	def->timezone.count = 1;
	def->zones = ARENA_ARRAY(arena, struct zone, 2);
	def->zones[0] = (struct zone){"dorm", "宿舍", POSITION_NONE, 1};
	def->zones[1] = (struct zone){"dorm-3f", "宿舍三层", 0, POSITION_NONE};
	def->zone_count = 2;
	static const struct device devices[] = {
	        {.id = "smoke-301", .name = "烟感 301", .zone = 1, .kind = KIND_SMOKE},
	        {.id = "smoke-302", .name = "烟感 302", .zone = 1, .kind = KIND_SMOKE},
	        {.id = "sos", .name = "sos", .zone = 0, .kind = KIND_PANIC},
	};
	def->device_count = sizeof devices / sizeof *devices;
	def->devices = ARENA_ARRAY(arena, struct device, def->device_count);
	memcpy(def->devices, devices, sizeof devices);
	def->channels = ARENA_ARRAY(arena, struct channel_facts, 2);
	def->channels[0] = (struct channel_facts){.id = "phone", .give_up_after = SECONDS(10)};
	def->channels[1] = (struct channel_facts){.id = "backup", .give_up_after = SECONDS(2)};
	def->channel_count = 2;
	def->people = ARENA_ARRAY(arena, struct person, 2);
	def->people[0] = (struct person){"li", "李老师", {{0, "13800000000"}, {1, NULL}}, 2, 0};
	def->people[1] = (struct person){"zhao", "赵老师", {{0, NULL}}, 1, 0};
	def->person_count = 2;
	def->policies = ARENA_ARRAY(arena, struct policy, 1);
	struct policy_step *steps = ARENA_ARRAY(arena, struct policy_step, 2);
	struct recipient *notify = ARENA_ARRAY(arena, struct recipient, 2);
	notify[0] = (struct recipient){RECIPIENT_PERSON, "li"};
	notify[1] = (struct recipient){RECIPIENT_ZONE_OWNER, NULL};
	steps[0] = (struct policy_step){.notify = &notify[0], .count = 1};
	steps[1] = (struct policy_step){.after = SECONDS(30), .notify = &notify[1], .count = 1};
	def->policies[0] = (struct policy){.id = "any",
	                                   .kind = INCIDENT_KIND_NONE,
	                                   .severity = SEVERITY_NONE,
	                                   .steps = steps,
	                                   .count = 2,
	                                   .repeat = MINUTES(1),
	                                   .resolve_within = MINUTES(15)};
	def->policy_count = 1;
	def->last_resort = ARENA_ARRAY(arena, struct recipient, 1);
	def->last_resort[0] = notify[0];
	def->last_resort_count = 1;
	site_def_index(def);
	return def;
}

static inline void must_open(struct story *s)
{
	struct problem why = {0};
	if (store_open(s->path, STORE_WRITE, &s->store, &why) < 0)
		fail_msg("%s", why.text);
	s->site = site_create(s->def);
	if (store_load_site(s->store, s->site, &why) < 0)
		fail_msg("%s", why.text);
}

static inline int story_begin(void **state)
{
	struct story *s = NEW(struct story);
	snprintf(s->folder, sizeof s->folder, "/tmp/tocsin-store-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof s->path, "%s/tocsin.db", s->folder);
	s->def = school("binjiang");
	s->now = (struct moment){.wall = 1795305600000, .steady = 5000};
	must_open(s);
	*state = s;
	return 0;
}

static inline void close_all(struct story *s)
{
	plan_finish(&s->plan);
	site_destroy(s->site);
	store_close(s->store);
	s->site = NULL;
	s->store = NULL;
}

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int story_end(void **state)
{
	struct story *s = *state;
	close_all(s);
	site_def_destroy(s->def);
	nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(s);
	return 0;
}

/* A clean end, and another start. */
static inline void reopen(struct story *s)
{
	close_all(s);
	must_open(s);
}

static inline void pass(struct story *s, span_ms span)
{
	s->now.wall += span;
	s->now.steady += span;
}

static inline void apply(struct story *s, struct event event)
{
	struct problem why = {0};
	if (site_apply(s->site, &event, s->now, &s->plan, &why) < 0)
		fail_msg("%s", why.text);
}

static inline void given_signal(struct story *s, const char *device, enum kind kind, bool active)
{
	char id[32];
	snprintf(id, sizeof id, "m-%llu", (unsigned long long)++s->messages);
	apply(s, (struct event){.type = EVENT_SIGNAL,
	                        .signal = {.device = device,
	                                   .kind = kind,
	                                   .active = active,
	                                   .id = id,
	                                   .time = s->now.wall - 20}});
}

static inline void given_operation(struct story *s, struct operation operation)
{
	apply(s, (struct event){.type = EVENT_OPERATION, .operation = operation});
}

/* A start whose record names the public key of this seed. */
static inline void start_keyed(struct story *s, const uint8_t *seed)
{
	uint8_t key[ED25519_KEY_LEN];
	struct text data = {0};
	ed25519_public(seed, key);
	text_add(&data, "{\"key\":\"");
	text_add_hex(&data, key, sizeof key);
	text_add(&data, "\"}");
	apply(s, (struct event){.type = EVENT_SERVICE,
	                        .service = {.type = SERVICE_KEYED, .data = text_get(&data)}});
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	text_finish(&data);
}

static inline struct turn turn_of(struct story *s, struct site_turn *sites)
{
	*sites = (struct site_turn){.site = s->site, .plan = &s->plan};
	return (struct turn){.sites = sites,
	                     .count = 1,
	                     .anchor = {.boot = "f4b9a2f0-0000-4000-8000-000000000001",
	                                .boottime = s->now.steady + 77,
	                                .moment = s->now}};
}

static inline int try_commit(struct story *s, struct problem *why)
{
	struct site_turn sites;
	struct turn turn = turn_of(s, &sites);
	return store_commit(s->store, &turn, why);
}

static inline void commit(struct story *s)
{
	struct problem why = {0};
	if (try_commit(s, &why) < 0)
		fail_msg("%s", why.text);
	plan_reset(&s->plan, s->site);
	site_settle(s->site);
}

/* Another program opens the file: what it answers, or its refusal. */
static inline const char *foreign_sql(const char *path, const char *sql)
{
	static char answer[256];
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	answer[0] = '\0';
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	int r = SQLITE_OK;
	while (r == SQLITE_OK && *sql) {
		r = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);
		while (r == SQLITE_OK && statement && (r = sqlite3_step(statement)) == SQLITE_ROW) {
			const char *text = (const char *)sqlite3_column_text(statement, 0);
			snprintf(answer, sizeof answer, "%s", text ? text : "NULL");
			r = SQLITE_OK;
		}
		r = r == SQLITE_DONE ? SQLITE_OK : r;
		sqlite3_finalize(statement);
	}
	if (r != SQLITE_OK)
		snprintf(answer, sizeof answer, "refused: %s", sqlite3_errmsg(db));
	sqlite3_close(db);
	return answer;
}

struct rows { /* a text of one line a ledger row */
	struct text text;
	uint32_t count;
};
static inline bool add_row(void *ctx, const struct ledger_row *row)
{
	struct rows *rows = ctx;
	text_addf(&rows->text, "%llu %s %s %s %s %s\n", (unsigned long long)row->seq, row->site,
	          row->type, row->device ? row->device : "-", row->incident ? row->incident : "-",
	          row->data);
	rows->count++;
	return true;
}
static inline uint32_t count_log(struct store *store, struct ledger_filter filter)
{
	struct rows rows = {0};
	assert_int_equal(store_log(store, &filter, add_row, &rows), 0);
	text_finish(&rows.text);
	return rows.count;
}

#endif
