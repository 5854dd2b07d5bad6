/* Seals as they are made: with the entries that they follow, in the same transaction. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "store/keys.h"
#include "store/sql.h"

static int add_checkpoint(struct store *store, const struct site *site, struct site_head *head,
                          struct moment now, struct problem *why)
{
	struct text data = {0};
	seal_make(&store->signer, site->def->id, head->next, now.wall, &head->next_seal);
	seal_write_json(&data, &head->next_seal);
	int r = ledger_add(store, site, &head->next,
	                   &(struct entry){.type = "checkpoint",
	                                   .time = now.wall,
	                                   .now = now,
	                                   .data = text_get(&data)},
	                   why);
	if (r == 0)
		r = ledger_flush(store, why);
	text_finish(&data);
	head->next_sealed = head->next.seq;
	head->next_unsealed = NEVER;
	return r;
}

int sealing_entry_added(struct store *store, const struct site *site, struct site_head *head,
                        const struct entry *entry, struct problem *why)
{
	if (!store->signs)
		return 0;
	if (head->next_unsealed == NEVER)
		head->next_unsealed = entry->now.steady;
	if (seal_follows(entry->type) || head->next.seq - head->next_sealed >= SEAL_EVERY)
		return add_checkpoint(store, site, head, entry->now, why);
	return 0;
}

int sealing_site_done(struct store *store, const struct site *site, struct site_head *head,
                      struct moment now, bool wanted, struct problem *why)
{
	if (store->signs && wanted && head->next.seq > head->next_sealed)
		return add_checkpoint(store, site, head, now, why);
	return 0;
}

const char *sealing_head_line(struct store *store, const struct site *site,
                              const struct site_head *head, wall_ms now)
{
	struct seal seal;
	if (!store->signs || !head->next.seq)
		return NULL;
	seal_make(&store->signer, site->def->id, head->next, now, &seal);
	text_reset(&store->scratch);
	seal_write_line(&store->scratch, &seal);
	return text_get(&store->scratch);
}

/* ---- "<store>.head": the last checkpoints, beside the store ---- */

/* A hint for verify and no part of the record: written whole under another name, and what fails
 * is left to the next checkpoint. */
static void write_head_file(struct store *store)
{
	struct text path = {0}, temporary = {0}, lines = {0};
	for (uint32_t i = 0; i < store->head_cap; i++)
		if (store->heads[i].seal.seq) {
			text_addf(&lines, "%u ", i);
			seal_write_line(&lines, &store->heads[i].seal);
			text_add_char(&lines, '\n');
		}
	text_addf(&path, "%s.head", store->path);
	text_addf(&temporary, "%s.head.new", store->path);
	int fd = open(text_get(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		bool whole = write(fd, lines.at, lines.len) == (ssize_t)lines.len;
		close(fd);
		if (!whole || rename(text_get(&temporary), text_get(&path)) < 0)
			unlink(text_get(&temporary));
	}
	text_finish(&path);
	text_finish(&temporary);
	text_finish(&lines);
}

void sealing_committed(struct store *store)
{
	bool any = false;
	for (uint32_t i = 0; i < store->head_cap; i++) {
		struct site_head *head = &store->heads[i];
		any |= head->next_seal.seq != head->seal.seq;
		head->sealed = head->next_sealed;
		head->unsealed_since = head->next_unsealed;
		head->seal = head->next_seal;
	}
	if (any)
		write_head_file(store);
}

/* ---- for the owner of the store ---- */

int store_sign_with(struct store *store, const struct keys *keys, struct problem *why)
{
	(void)why;
	assert(store->mode == STORE_WRITE);
	memcpy(store->signer.seed, keys->seed, sizeof store->signer.seed);
	ed25519_public(keys->seed, store->signer.key);
	ed25519_close(store->signer.ready);
	store->signer.ready = ed25519_open(keys->seed);
	store->signs = true;
	return 0;
}

steady_ms store_seal_due(const struct store *store)
{
	steady_ms due = NEVER;
	for (uint32_t i = 0; i < store->head_cap; i++) {
		steady_ms since = store->heads[i].unsealed_since;
		if (store->heads[i].known && since != NEVER && since + SEAL_AFTER < due)
			due = since + SEAL_AFTER;
	}
	return due;
}

uint64_t store_seal_json(const struct store *store, const struct site *site, struct text *out)
{
	if (site->store_id >= store->head_cap || !store->heads[site->store_id].seal.seq)
		return 0;
	const struct site_head *head = &store->heads[site->store_id];
	struct text seal = {0};
	seal_write_json(&seal, &head->seal);
	json_open(out, NULL, '{');
	json_put_string(out, "site", site->def->id);
	text_add_char(out, ',');
	text_add_len(out, seal.at + 1, seal.len - 1); /* its members, and the end */
	text_finish(&seal);
	return head->seal.seq;
}

int store_mark(struct store *store, uint32_t site, const char *type, uint64_t *seq, char **data)
{
	struct binder at = sql_bind(store, SQL_MARK_LAST);
	bind_int(&at, site);
	bind_text(&at, type);
	int r = sql_next(store, &at);
	*seq = 0;
	*data = NULL;
	if (r > 0) {
		*seq = (uint64_t)read_int(&at);
		*data = mem_copy(read_text(&at));
	}
	sql_end(&at);
	return r < 0 ? r : 0;
}

bool store_has_config(struct store *store, uint32_t site, const char *hash)
{
	struct binder at = sql_bind(store, SQL_CONFIG_KNOWN);
	bind_int(&at, site);
	bind_text(&at, hash);
	bool known = sql_next(store, &at) > 0;
	sql_end(&at);
	return known;
}
