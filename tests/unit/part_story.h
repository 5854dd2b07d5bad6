/* A signed record with something of everything in it, and a part of it as `tocsin export` prints
 * it, in memory, for tests that read or edit one. */
#ifndef PART_STORY_H
#define PART_STORY_H

#include "store/keys.h"
#include "store/part.h"
#include "store/seal.h"
#include "store_story.h"

static const struct keys keys = {.seed = {4, 5, 6}};

static inline void turn_with(struct story *s, bool seal, bool keep)
{
	struct site_turn sites;
	struct problem why = {0};
	struct turn turn = turn_of(s, &sites);
	turn.seal = seal;
	turn.keep = keep;
	turn.remembered = &(struct remembered){
	        .what = "signed out", .key = "41", .until = s->now.wall + DAYS(30), .value = ""};
	turn.remembered_count = 1;
	if (store_commit(s->store, &turn, &why) < 0)
		fail_msg("%s", why.text);
	plan_reset(&s->plan, s->site);
	site_settle(s->site);
}

static inline void begin_signing(struct story *s)
{
	struct problem why = {0};
	assert_int_equal(store_sign_with(s->store, &keys, &why), 0);
	start_keyed(s, keys.seed);
	turn_with(s, false, false);
}

/* Something of all that the store keeps, of which some has gone as it was old. */
static inline int given_a_life(void **state)
{
	assert_int_equal(story_begin(state), 0);
	struct story *s = *state;
	store_keep_for(s->store, DAYS(1));
	begin_signing(s);
	s->site->devices[1].walk_test = true; /* what it says is of passing interest */
	for (int i = 0; i < 30; i++) {
		given_signal(s, "smoke-302", KIND_BATTERY, i % 2 == 0);
		pass(s, HOURS(1));
	}
	turn_with(s, true, true);
	given_operation(s, (struct operation){.type = OPERATION_SILENCE,
	                                      .by = "li",
	                                      .via = "api",
	                                      .device = "smoke-302",
	                                      .note = "dust",
	                                      .span = HOURS(8)});
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	turn_with(s, false, false);
	pass(s, SECONDS(40));
	site_tick(s->site, s->now, &s->plan);
	apply(s, (struct event){.type = EVENT_STRANGER,
	                        .stranger = {.address = "0x1",
	                                     .profile = "x",
	                                     .introduces = true,
	                                     .kind = KIND_SMOKE}});
	given_operation(s,
	                (struct operation){
	                        .type = OPERATION_ACK,
	                        .by = "li",
	                        .via = "api",
	                        .incident = s->site->incidents[s->site->incident_count - 1]->id});
	turn_with(s, true, false);
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	apply(s, (struct event){.type = EVENT_DELIVERY,
	                        .delivery = {.notification = s->site->notifications[0]->number,
	                                     .attempt = 1,
	                                     .verdict = VERDICT_ACCEPTED,
	                                     .status = 200}});
	pass(s, MINUTES(1));
	given_signal(s, "smoke-301", KIND_SMOKE, false);
	given_signal(s, "smoke-302", KIND_SMOKE, false);
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "zhao",
	                                      .via = "api",
	                                      .incident = s->site->incidents[0]->id,
	                                      .outcome = OUTCOME_REAL,
	                                      .note = "out"});
	turn_with(s, true, false);
	given_signal(s, "sos", KIND_PANIC, true); /* behind the last checkpoint */
	turn_with(s, false, false);
	return 0;
}

/* ---- a part ---- */

struct part_making {
	struct store *store;
	struct text out;
	uint64_t from, next; /* the seq that should come */
	uint8_t before[SHA256_LEN];
	bool begun;
	int r;
};

static inline void put_hash(struct text *out, const char *name, const uint8_t hash[SHA256_LEN])
{
	struct text hex = {0};
	text_add_hex(&hex, hash, SHA256_LEN);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

static inline void make_removed(struct part_making *m, uint64_t until, const char *site)
{
	uint64_t last, entry;
	uint8_t hash[SHA256_LEN];
	int r = 0;
	while (m->next < until &&
	       (r = store_removed(m->store, site, m->next, &last, hash, &entry)) == 0) {
		if (m->begun) {
			text_add_char(&m->out, '{');
			json_open(&m->out, "removed", '{');
			json_put_int(&m->out, "first", (int64_t)m->next);
			json_put_int(&m->out, "last", (int64_t)last);
			put_hash(&m->out, "hash", hash);
			json_put_int(&m->out, "entry", (int64_t)entry);
			json_close(&m->out, '}');
			text_add(&m->out, "}\n");
		}
		memcpy(m->before, hash, sizeof hash);
		m->next = last + 1;
	}
	m->r = r < 0 ? r : m->r;
}

static inline bool make_entry(void *ctx, const struct ledger_row *row)
{
	struct part_making *m = ctx;
	make_removed(m, row->seq, row->site);
	if (row->seq >= m->from && !m->begun) {
		text_add_char(&m->out, '{');
		json_put_string(&m->out, "export", "tocsin 1");
		json_put_string(&m->out, "site", row->site);
		json_put_int(&m->out, "first", (int64_t)row->seq);
		put_hash(&m->out, "before", m->before);
		json_close(&m->out, '}');
		text_add_char(&m->out, '\n');
		m->begun = true;
	}
	if (m->begun) {
		text_add_char(&m->out, '{');
		json_put_int(&m->out, "seq", (int64_t)row->seq);
		json_put_int(&m->out, "time_ms", row->time);
		json_put_int(&m->out, "received_ms", row->received);
		json_put_int(&m->out, "steady_ms", row->steady);
		json_put_string(&m->out, "boot", row->boot);
		json_put_string(&m->out, "type", row->type);
		json_put_string(&m->out, "device", row->device);
		json_put_string(&m->out, "incident", row->incident);
		json_put_string(&m->out, "by", row->by);
		json_put_string(&m->out, "data", row->data);
		put_hash(&m->out, "hash", row->hash);
		json_close(&m->out, '}');
		text_add_char(&m->out, '\n');
	}
	memcpy(m->before, row->hash, SHA256_LEN);
	m->next = row->seq + 1;
	return m->r == 0;
}

/* From this entry on (0: all of them), with the seal of the last commit. A negative errno, or 0. */
static inline int make_part(struct store *store, const char *site, uint64_t from, struct text *out)
{
	struct part_making m = {.store = store, .from = from, .next = 1};
	struct sha256 *sha = sha256_create();
	ledger_genesis(sha, site, m.before);
	sha256_destroy(sha);
	int r = store_log(store, &(struct ledger_filter){.site = site}, make_entry, &m);
	char *seal = store_last_seal(store, site);
	if (seal)
		text_addf(&m.out, "{\"seal\":\"%s\"}\n", seal);
	free(seal);
	*out = m.out;
	return r < 0 ? r : m.r;
}

#endif
