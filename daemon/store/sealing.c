/* Seals as they are made: with the entries that they follow, in the same transaction. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/sql.h"

static int add_checkpoint(struct store *store, const struct site *site, struct site_head *head,
                          struct moment now, struct problem *why)
{
	struct text data = {0};
	seal_make(&store->signer, site->def->id, head->next, now.wall, NULL, &head->next_seal);
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

const char *sealing_head_line(struct store *store, const struct site *site, struct site_head *head,
                              wall_ms now)
{
	uint8_t state[SHA256_LEN];
	struct seal seal;
	if (!store->signs || !head->next.seq)
		return NULL;
	state_digest(store->sha, STATE_VERSION,
	             &(struct state_counters){.next_notification = (int64_t)site->next_notification,
	                                      .next_incident = site->next_incident,
	                                      .incident_year = site->incident_year},
	             &head->next_sum, state);
	seal_make(&store->signer, site->def->id, head->next, now, state, &seal);
	seal_write_line(&head->line, &seal);
	return text_get(&head->line);
}

void sealing_committed(struct store *store, const struct turn *turn)
{
	for (uint32_t i = 0; i < turn->count; i++) {
		const struct site *site = turn->sites[i].site;
		struct site_head *head = &store->heads[site->store_id];
		head->sealed = head->next_sealed;
		head->unsealed_since = head->next_unsealed;
		head->seal = head->next_seal;
		head->sum = head->next_sum;
		if (head->line.len && store->head_file)
			head_file_put(store->head_file, site->def->id, head->head.seq,
			              text_get(&head->line));
	}
}

/* ---- for the owner of the store ---- */

bool store_recorded_key(struct store *store, uint32_t site, uint8_t out[ED25519_KEY_LEN])
{
	uint64_t seq;
	char *data;
	cJSON *root = NULL;
	bool found = false;
	if (store_mark(store, site, "key", &seq, &data) < 0)
		return false;
	if (data && json_parse(data, strlen(data), &root, NULL) == 0) {
		const char *hex = json_string(root, "key");
		found = hex && hex_decode(hex, out, ED25519_KEY_LEN) == ED25519_KEY_LEN;
	}
	cJSON_Delete(root);
	free(data);
	return found;
}

bool store_knows_key(struct store *store, uint32_t site, const uint8_t key[ED25519_KEY_LEN])
{
	uint8_t recorded[ED25519_KEY_LEN];
	return crypto_equal(key, store->signer.key, ED25519_KEY_LEN) ||
	       (store_recorded_key(store, site, recorded) &&
	        crypto_equal(key, recorded, ED25519_KEY_LEN));
}

/* ---- the end as it was left ---- */

static bool is_entry(struct store *store, uint32_t site, const struct seal *seal)
{
	uint8_t hash[SHA256_LEN] = {0};
	struct binder at = sql_bind(store, SQL_LEDGER_HASH);
	bind_int(&at, site);
	bind_int(&at, (int64_t)seal->seq);
	int r = sql_next(store, &at);
	if (r > 0)
		read_hash(&at, hash);
	sql_end(&at);
	return r <= 0 || memcmp(hash, seal->hash, sizeof hash) == 0; /* a hole is verify's to see */
}

static bool is_of(struct store *store, const struct site *site, const struct head_line *line)
{
	bool named = line->site ? strcmp(line->site, site->def->id) == 0
	                        : line->number == site->store_id;
	return named && seal_holds(&line->seal, site->def->id) &&
	       store_knows_key(store, site->store_id, line->seal.key);
}

static bool has_one_turn(struct store *store, uint32_t site)
{
	struct binder at = sql_bind(store, SQL_LEDGER_TURNS);
	int64_t turns = 0;
	bind_int(&at, site);
	return sql_number(store, &at, &turns, NULL) == 0 && turns <= 1;
}

enum store_end store_end_found(struct store *store, const struct site *site, struct store_left *out)
{
	uint64_t last = store_head(store, site->store_id).seq;
	const struct seal *worst = NULL;
	bool named = false;
	*out = (struct store_left){.last = last};
	if (!store->head_file || head_file_has_put(store->head_file, site->def->id))
		return STORE_END_AS_LEFT; /* it was served in this life */
	const struct head_lines *lines = head_file_found(store->head_file);
	for (uint32_t i = 0; i < lines->count; i++) {
		const struct head_line *line = &lines->items[i];
		if (!is_of(store, site, line))
			continue;
		named = true;
		if ((line->seal.seq > last || !is_entry(store, site->store_id, &line->seal)) &&
		    (!worst || line->seal.seq > worst->seq))
			worst = &line->seal;
	}
	if (worst) {
		out->seq = worst->seq;
		seal_write_json(&out->head, worst);
		return worst->seq > last ? STORE_END_CUT : STORE_END_OTHER;
	}
	return named || !last || has_one_turn(store, site->store_id) ? STORE_END_AS_LEFT
	                                                             : STORE_END_UNKNOWN;
}

/* Beside the store, and never in the way of it. */
static void open_head_file(struct store *store)
{
	int r = head_file_open(store->path, &store->head_file);
	if (r < 0)
		log_warn("%s.head cannot be written (%s): an end that is cut off will not show",
		         store->path, strerror(-r));
}

int store_sign_with(struct store *store, const struct keys *keys, struct problem *why)
{
	assert(store->mode == STORE_WRITE && !store->signs);
	memcpy(store->signer.seed, keys->seed, sizeof store->signer.seed);
	ed25519_public(keys->seed, store->signer.key);
	store->signer.ready = ed25519_open(keys->seed);
	int r = sums_load(store, SUMS_OF_ALL, why);
	if (r < 0)
		return r;
	r = summing_open(store, &store->summing, why);
	if (r < 0)
		return r;
	store->signs = true;
	open_head_file(store);
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
