/* A part of a record as `tocsin export` prints it, in memory, for tests that read or edit one. */
#ifndef PART_STORY_H
#define PART_STORY_H

#include "store/part.h"
#include "store/seal.h"
#include "store_story.h"

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
