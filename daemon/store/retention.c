#include "store/retention.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/ledger.h"

struct run {
	uint64_t first, last;
	uint8_t hash[SHA256_LEN];
};

struct runs {
	struct run *items;
	uint32_t count, cap;
	uint64_t entries;
};

void store_keep_for(struct store *store, span_ms keep)
{
	store->keep = keep;
	store->keep_due = 0;
}

/* Without a signature nobody could tell it from tampering. */
steady_ms store_keep_due(const struct store *store)
{
	return store->keep && store->signs ? store->keep_due : NEVER;
}

void retention_passed(struct store *store, steady_ms now)
{
	store->keep_due = now + (store->keep_left ? RETENTION_ON : RETENTION_EVERY);
}

static void add(struct runs *runs, uint64_t seq, const uint8_t hash[SHA256_LEN])
{
	struct run *run = runs->count ? &runs->items[runs->count - 1] : NULL;
	if (!run || run->last + 1 != seq) {
		MEM_RESERVE(runs->items, runs->count, runs->cap);
		run = &runs->items[runs->count++];
		run->first = seq;
	}
	run->last = seq;
	memcpy(run->hash, hash, sizeof run->hash);
	runs->entries++;
}

static int find_old(struct store *store, uint32_t site, wall_ms before, struct runs *runs)
{
	struct binder at = sql_bind(store, SQL_OLD_ENTRIES);
	bind_int(&at, site);
	bind_int(&at, before);
	bind_int(&at, RETENTION_AT_ONCE);
	int r;
	while ((r = sql_next(store, &at)) > 0) {
		uint8_t hash[SHA256_LEN];
		uint64_t seq = (uint64_t)read_int(&at);
		read_hash(&at, hash);
		add(runs, seq, hash);
	}
	sql_end(&at);
	return r;
}

static int remove_run(struct store *store, uint32_t site, const struct run *run, uint64_t entry,
                      struct problem *why)
{
	struct binder say = sql_bind(store, SQL_REMOVED_ADD);
	bind_int(&say, site);
	bind_int(&say, (int64_t)run->first);
	bind_int(&say, (int64_t)run->last);
	bind_blob(&say, run->hash, sizeof run->hash);
	bind_int(&say, (int64_t)entry);
	int r = sql_done(store, &say, why);
	if (r < 0)
		return r;
	struct binder remove = sql_bind(store, SQL_LEDGER_REMOVE);
	bind_int(&remove, site);
	bind_int(&remove, (int64_t)run->first);
	bind_int(&remove, (int64_t)run->last);
	return sql_done(store, &remove, why);
}

static int say_so(struct store *store, const struct site *site, struct site_head *head,
                  struct moment now, wall_ms before, const struct runs *runs, struct problem *why)
{
	struct text data = {0}, hex = {0};
	uint8_t digest[SHA256_LEN];
	uint64_t count;
	int r = retention_digest(store, site->store_id, head->next.seq + 1, digest, &count);
	if (r < 0)
		return problem_set(why, r, "what was removed cannot be read back");
	text_add_hex(&hex, digest, sizeof digest);
	json_open(&data, NULL, '{');
	json_put_time(&data, "before", before);
	json_put_int(&data, "first", (int64_t)runs->items[0].first);
	json_put_int(&data, "last", (int64_t)runs->items[runs->count - 1].last);
	json_put_int(&data, "entries", (int64_t)runs->entries);
	json_put_int(&data, "runs", (int64_t)count);
	json_put_string(&data, "digest", text_get(&hex));
	json_close(&data, '}');
	struct entry entry = {
	        .type = "retention", .time = now.wall, .now = now, .data = text_get(&data)};
	r = ledger_add(store, site, &head->next, &entry, why);
	if (r == 0)
		r = ledger_flush(store, why); /* what is queued only borrows its text */
	text_finish(&data);
	text_finish(&hex);
	return r;
}

int retention_pass(struct store *store, const struct site *site, struct site_head *head,
                   struct moment now, struct problem *why)
{
	struct runs runs = {0};
	wall_ms before = now.wall - store->keep;
	if (store_keep_due(store) == NEVER)
		return 0;
	int r = find_old(store, site->store_id, before, &runs);
	if (r < 0)
		problem_set(why, r, "what is old cannot be read");
	for (uint32_t i = 0; r == 0 && i < runs.count; i++)
		r = remove_run(store, site->store_id, &runs.items[i], head->next.seq + 1, why);
	if (r == 0 && runs.count)
		r = say_so(store, site, head, now, before, &runs, why);
	store->keep_left |= runs.entries == RETENTION_AT_ONCE;
	free(runs.items);
	return r < 0 ? r : (int)runs.entries;
}

void retention_digest_add(struct sha256 *sha, uint64_t first, uint64_t last,
                          const uint8_t hash[SHA256_LEN])
{
	field_number(sha, (int64_t)first);
	field_number(sha, (int64_t)last);
	sha256_add(sha, hash, SHA256_LEN);
}

int retention_digest(struct store *store, int64_t site, uint64_t entry, uint8_t out[SHA256_LEN],
                     uint64_t *runs)
{
	struct sha256 *sha = sha256_create();
	struct binder at = sql_bind(store, SQL_REMOVED_BY);
	bind_int(&at, site);
	bind_int(&at, (int64_t)entry);
	int r;
	*runs = 0;
	sha256_begin(sha);
	while ((r = sql_next(store, &at)) > 0) {
		uint8_t hash[SHA256_LEN];
		uint64_t first = (uint64_t)read_int(&at), last = (uint64_t)read_int(&at);
		read_hash(&at, hash);
		retention_digest_add(sha, first, last, hash);
		++*runs;
	}
	sha256_end(sha, out);
	sha256_destroy(sha);
	sql_end(&at);
	return r;
}

int store_removed(struct store *store, const char *site, uint64_t first, uint64_t *last,
                  uint8_t hash[SHA256_LEN], uint64_t *entry)
{
	struct binder at = sql_bind(store, SQL_REMOVED_FROM);
	bind_text(&at, site);
	bind_int(&at, (int64_t)first);
	int r = sql_next(store, &at);
	if (r > 0) {
		*last = (uint64_t)read_int(&at);
		read_hash(&at, hash);
		if (entry)
			*entry = (uint64_t)read_int(&at);
	}
	sql_end(&at);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}
