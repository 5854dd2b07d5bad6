/* The one pass; what a break in the chain means is explain.c's question. */
#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/fold.h"
#include "store/index_check.h"
#include "store/retention.h"
#include "store/seal_check.h"
#include "store/verify_private.h"

static const char *const names[] = {"edited", "missing", "reordered", "truncated", "inserted"};

const char *tampering_name(enum tampering kind)
{
	return names[kind];
}

void finding_add(struct chain *chain, enum tampering kind, uint64_t seq, const char *incident,
                 const char *format, ...)
{
	char words[200];
	va_list args;
	if (chain->finding_count == FINDINGS_MAX)
		return;
	struct finding *finding = &chain->findings[chain->finding_count++];
	*finding = (struct finding){
	        .site = chain->site, .seq = seq, .kind = kind, .incident = mem_copy(incident)};
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	problem_set(&finding->detail, 0, "%s", words);
}

/* ---- one row ---- */

/* A text with a NUL in it would look the same from there on: it is never ours. */
static const char *whole_text(struct verifying *v, sqlite3_stmt *at, int column)
{
	const char *text = (const char *)sqlite3_column_text(at, column);
	if (text && strlen(text) != (size_t)sqlite3_column_bytes(at, column))
		v->odd_row = true;
	return text;
}

static int64_t whole_number(struct verifying *v, sqlite3_stmt *at, int column)
{
	if (sqlite3_column_type(at, column) != SQLITE_INTEGER)
		v->odd_row = true;
	return sqlite3_column_int64(at, column);
}

static const char *boot_name(struct verifying *v, int64_t number)
{
	for (uint32_t i = 0; i < v->boot_count; i++)
		if (v->boots[i].number == number)
			return v->boots[i].id;
	v->odd_row = true;
	return NULL;
}

/* Columns as ROW_COLUMNS names them. */
void row_take(struct verifying *v, sqlite3_stmt *at, struct scanned *out)
{
	v->odd_row = false;
	out->number = sqlite3_column_int64(at, 0);
	out->site = sqlite3_column_int64(at, 1);
	struct ledger_row *row = &out->row;
	row->seq = (uint64_t)whole_number(v, at, 2);
	row->time = whole_number(v, at, 3);
	row->received = whole_number(v, at, 4);
	row->steady = whole_number(v, at, 5);
	row->boot = boot_name(v, sqlite3_column_int64(at, 6));
	row->type = whole_text(v, at, 7);
	row->device = whole_text(v, at, 8);
	row->incident = whole_text(v, at, 9);
	row->by = whole_text(v, at, 10);
	row->data = whole_text(v, at, 11);
	const void *hash = sqlite3_column_blob(at, 12);
	memset(row->hash, 0, sizeof row->hash);
	if (hash && sqlite3_column_bytes(at, 12) == SHA256_LEN)
		memcpy(row->hash, hash, SHA256_LEN);
	else
		v->odd_row = true;
	if (!row->type || !row->data)
		v->odd_row = true;
	out->odd = v->odd_row;
}

/* ---- the chain of one site ---- */

static void add_vow(struct verifying *v, const uint8_t *from, const uint8_t *to)
{
	MEM_RESERVE(v->vows, v->vow_count, v->vow_cap);
	struct vow *vow = &v->vows[v->vow_count++];
	*vow = (struct vow){0};
	if (from)
		memcpy(vow->from, from, sizeof vow->from);
	memcpy(vow->to, to, sizeof vow->to);
}

static bool sets_key(struct verifying *v, struct chain *chain, const struct ledger_row *row)
{
	cJSON *root = NULL;
	uint8_t key[ED25519_KEY_LEN], signature[ED25519_SIG_LEN];
	if (json_parse(row->data, strlen(row->data), &root, NULL) < 0)
		return false;
	const char *hex = json_string(root, "key"), *vow = json_string(root, "signature");
	bool good = hex && hex_decode(hex, key, sizeof key) == ED25519_KEY_LEN;
	if (good && chain->keyed)
		good = vow && base64_decode(vow, signature, sizeof signature) == ED25519_SIG_LEN &&
		       key_vow_holds(chain->key, chain->site, key, signature);
	if (good) {
		add_vow(v, chain->keyed ? chain->key : NULL, key);
		memcpy(chain->key, key, sizeof key);
		chain->keyed = true;
	}
	cJSON_Delete(root);
	return good;
}

/* Its own entry is not under its signature: it must read as it was written. */
static bool is_as_written(const struct seal *seal, const struct ledger_row *row)
{
	struct text again = {0};
	seal_write_json(&again, seal);
	bool same = strcmp(text_get(&again), row->data) == 0 && row->time == seal->time &&
	            row->received == seal->time;
	text_finish(&again);
	return same;
}

static void unsigned_checkpoint(struct chain *chain, uint64_t from, uint64_t seq)
{
	finding_add(chain, TAMPERING_EDITED, from, NULL,
	            "the checkpoint at %" PRIu64 " is not signed by the service's key; "
	            "nothing from here to there is vouched for",
	            seq);
}

/* All of a checkpoint fits but perhaps its signature, which is looked at on another core. */
static bool fits_its_place(const struct chain *chain, const struct seal *seal,
                           const struct ledger_row *row)
{
	return chain->keyed && crypto_equal(seal->key, chain->key, sizeof seal->key) &&
	       seal->seq == row->seq - 1 && memcmp(seal->hash, chain->head, SHA256_LEN) == 0 &&
	       is_as_written(seal, row);
}

static void explain_checkpoint(struct chain *chain, const struct seal *seal,
                               const struct ledger_row *row, uint64_t from)
{
	bool ours = seal && seal_holds(seal, chain->site);
	if (ours && chain->part && !chain->keyed) {
		/* Its first key was named before the part begins. */
		memcpy(chain->key, seal->key, sizeof chain->key);
		chain->keyed = true;
	}
	if (!ours || !chain->keyed || !crypto_equal(seal->key, chain->key, sizeof seal->key)) {
		unsigned_checkpoint(chain, from, row->seq);
	} else if (seal->seq != row->seq - 1) {
		bool more = seal->seq < row->seq - 1;
		finding_add(chain, more ? TAMPERING_INSERTED : TAMPERING_MISSING, from, NULL,
		            "the checkpoint at %" PRIu64 " was made at %" PRIu64
		            ": there are entries too %s",
		            row->seq, seal->seq + 1, more ? "many" : "few");
	} else if (memcmp(seal->hash, chain->head, SHA256_LEN) != 0) {
		finding_add(chain, TAMPERING_EDITED, from, NULL,
		            "the checkpoint at %" PRIu64
		            " was made of other entries: the chain was written anew",
		            row->seq);
	} else if (!is_as_written(seal, row)) {
		finding_add(chain, TAMPERING_EDITED, row->seq, NULL,
		            "the checkpoint does not read as it was written");
	}
}

static void check_checkpoint(struct verifying *v, struct chain *chain, const struct ledger_row *row)
{
	struct seal seal;
	uint64_t from = chain->sealed + 1;
	bool readable = seal_read_json(row->data, &seal);
	chain->checkpoints++;
	chain->apart |= readable && seal.apart;
	if (readable && fits_its_place(chain, &seal, row))
		seal_checker_add(v->seals, &seal, chain->site, (uint32_t)(chain - v->chains), from,
		                 row->seq);
	else
		explain_checkpoint(chain, readable ? &seal : NULL, row, from);
	chain->sealed = row->seq;
}

/* What was found further on is no news behind a signature that does not hold. */
static void seal_is_broken(void *ctx, uint32_t number, uint64_t from, uint64_t seq)
{
	struct verifying *v = ctx;
	struct chain *chain = &v->chains[number];
	while (chain->finding_count && chain->findings[chain->finding_count - 1].seq > from)
		free((char *)chain->findings[--chain->finding_count].incident);
	unsigned_checkpoint(chain, from, seq);
}

static void check_distance(struct chain *chain, const struct ledger_row *row)
{
	bool is_checkpoint = strcmp(row->type, "checkpoint") == 0;
	if (chain->wants_checkpoint && !is_checkpoint)
		finding_add(chain, TAMPERING_MISSING, row->seq, NULL,
		            "the checkpoint that belongs here is missing");
	else if (!is_checkpoint && row->seq - chain->sealed > SEAL_EVERY)
		finding_add(chain, TAMPERING_EDITED, chain->sealed + 1, NULL,
		            "no checkpoint for more than %d entries", SEAL_EVERY);
	chain->wants_checkpoint = seal_follows(row->type);
}

static void check_retention(struct verifying *v, struct chain *chain, const struct ledger_row *row)
{
	cJSON *data = NULL;
	uint8_t digest[SHA256_LEN], said[SHA256_LEN];
	uint64_t runs = 0;
	int64_t first = 0, count = 0;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return; /* ours are JSON: what is none was edited, and its seal says so */
	const char *hex = json_string(data, "digest");
	bool good = hex && hex_decode(hex, said, sizeof said) == SHA256_LEN &&
	            json_int(data, "first", &first) && json_int(data, "runs", &count) &&
	            retention_digest(v->store, chain->number, row->seq, digest, &runs) == 0 &&
	            runs == (uint64_t)count && memcmp(said, digest, sizeof said) == 0;
	/* Runs that lie before a part are not in it. */
	if (!good && !(chain->part && first > 0 && (uint64_t)first < chain->first))
		finding_add(chain, TAMPERING_MISSING, first > 0 ? (uint64_t)first : 1, NULL,
		            "what was removed is not what the entry at %" PRIu64 " says", row->seq);
	cJSON_Delete(data);
}

/* What a start found: the end that was left before was another. */
static void check_found_end(struct chain *chain, const struct ledger_row *row)
{
	cJSON *data = NULL;
	int64_t last = 0, seq = 0;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return;
	const char *found = json_string(data, "found");
	bool whole = found && json_int(data, "last", &last) &&
	             json_int(json_get(data, "head"), "seq", &seq);
	if (whole && strcmp(found, "cut") == 0)
		finding_add(chain, TAMPERING_TRUNCATED, (uint64_t)last + 1, NULL,
		            "entries up to %" PRId64 " had been written; a start, at entry %" PRIu64
		            ", found them gone",
		            seq, row->seq);
	else if (whole && strcmp(found, "other") == 0)
		finding_add(chain, TAMPERING_EDITED, (uint64_t)seq, NULL,
		            "a start, at entry %" PRIu64 ", found another entry than was written",
		            row->seq);
	cJSON_Delete(data);
}

/* Behind what was removed the chain goes on with the hash of the last one. */
static void pass_removed(struct verifying *v, struct chain *chain)
{
	uint64_t last;
	uint8_t hash[SHA256_LEN];
	int r;
	while ((r = store_removed(v->store, chain->site, chain->last + 1, &last, hash, NULL)) ==
	       0) {
		chain->removed += last - chain->last;
		chain->last = last;
		memcpy(chain->head, hash, sizeof hash);
	}
	if (r != -ENOENT)
		look_failed(v);
}

/* Runs that no entry names. */
static void check_removed(struct verifying *v, struct chain *chain)
{
	if (chain->part)
		return; /* what says so may lie behind its end */
	struct binder at = sql_bind(v->store, SQL_REMOVED_UNSIGNED);
	bind_int(&at, chain->number);
	int r = sql_next(v->store, &at);
	if (r < 0)
		look_failed(v);
	if (r > 0)
		finding_add(chain, TAMPERING_MISSING, (uint64_t)read_int(&at), NULL,
		            "entries were removed that no signed entry names");
	sql_end(&at);
}

/* A row that is the next of its chain. */
static int check_row(struct verifying *v, struct chain *chain, const struct ledger_row *row)
{
	check_distance(chain, row);
	if (strcmp(row->type, "checkpoint") == 0)
		check_checkpoint(v, chain, row);
	else if (strcmp(row->type, "key") == 0 && !sets_key(v, chain, row))
		finding_add(chain, TAMPERING_EDITED, row->seq, NULL,
		            "a key that the key before it has not vouched for");
	else if (strcmp(row->type, "retention") == 0)
		check_retention(v, chain, row);
	else if (strcmp(row->type, "store") == 0)
		check_found_end(chain, row);
	memcpy(chain->head, row->hash, SHA256_LEN);
	if (!chain->entries++)
		chain->first_turn = row->steady;
	chain->one_turn &= row->steady == chain->first_turn;
	chain->last_turn = row->steady;
	chain->last = row->seq;
	return fold_entry(v->fold, row);
}

struct chain *chain_of(struct verifying *v, int64_t number)
{
	for (uint32_t i = 0; i < v->chain_count; i++)
		if (v->chains[i].number == number)
			return &v->chains[i];
	return NULL;
}

static void break_chain(struct chain *chain, uint64_t seen)
{
	chain->broken = true;
	chain->seen_instead = seen;
	chain->broken_at = chain->last + 1;
}

static int scan_row(struct verifying *v, sqlite3_stmt *at)
{
	struct scanned scanned;
	row_take(v, at, &scanned);
	struct chain *chain = chain_of(v, scanned.site);
	if (v->last_row && scanned.number != v->last_row + 1 && !v->hole)
		v->hole = chain ? chain : v->chains;
	v->last_row = scanned.number;
	v->rows++;
	if (!chain) {
		if (!v->strays++)
			v->first_stray = scanned.row.seq;
		return 0;
	}
	if (chain->broken)
		return 0;
	scanned.row.site = chain->site;
	uint8_t hash[SHA256_LEN];
	if (scanned.row.seq > chain->last + 1)
		pass_removed(v, chain);
	bool next = scanned.row.seq == chain->last + 1 && !scanned.odd;
	if (next)
		ledger_hash(v->store->sha, &scanned.row, chain->head, hash);
	if (!next || memcmp(hash, scanned.row.hash, SHA256_LEN) != 0) {
		break_chain(chain, scanned.row.seq);
		return 0;
	}
	return check_row(v, chain, &scanned.row);
}

static int scan(struct verifying *v, struct problem *why)
{
	/* In the order of the rows, so that no index can lead elsewhere. */
	sqlite3_stmt *at = look(v, "SELECT " ROW_COLUMNS " FROM ledger NOT INDEXED ORDER BY row");
	int r = 0;
	if (!at)
		return sql_failure(v->store->db, why, "verifying");
	while (r == 0 && look_next(v, at))
		r = scan_row(v, at);
	if (r == 0 && v->torn.text[0]) {
		/* What is no whole file was not written by us like that. */
		for (uint32_t i = 0; i < v->chain_count; i++)
			if (!v->chains[i].finding_count)
				finding_add(&v->chains[i], TAMPERING_EDITED, v->chains[i].last + 1,
				            NULL, "the file is damaged: %s", v->torn.text);
		v->damaged = true;
	}
	sqlite3_finalize(at);
	return r;
}

/* ---- the whole ---- */

static int by_seq(const void *a, const void *b)
{
	uint64_t left = ((const struct finding *)a)->seq, right = ((const struct finding *)b)->seq;
	return left < right ? -1 : left > right;
}

static int tell(struct verifying *v, verdict_visit visit, void *ctx)
{
	int total = 0;
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (chain->gone && !chain->finding_count)
			continue; /* another service's file lay there */
		qsort(chain->findings, chain->finding_count, sizeof *chain->findings, by_seq);
		struct site_verdict verdict = {.site = chain->site,
		                               .entries = chain->entries,
		                               .first = chain->entries ? chain->first : 0,
		                               .part = chain->part,
		                               .last = chain->last,
		                               .checkpoints = chain->checkpoints,
		                               .sealed = chain->sealed,
		                               .removed = chain->removed,
		                               .findings = chain->findings,
		                               .finding_count = chain->finding_count};
		memcpy(verdict.head, chain->head, SHA256_LEN);
		memcpy(verdict.key, chain->key, ED25519_KEY_LEN);
		visit(ctx, &verdict);
		total += (int)chain->finding_count;
	}
	return total;
}

/* Rows count on without a gap over all sites, but for those removed. */
static void check_numbers(struct verifying *v)
{
	uint64_t removed = 0;
	bool any = v->damaged;
	for (uint32_t i = 0; i < v->chain_count; i++) {
		removed += v->chains[i].removed;
		any |= v->chains[i].finding_count > 0;
	}
	if (!any && v->hole && !v->strays && (uint64_t)v->last_row != v->rows + removed)
		finding_add(v->hole, TAMPERING_EDITED, v->hole->last, NULL,
		            "the numbers of the rows do not follow each other");
}

static void check_ends(struct verifying *v)
{
	for (uint32_t i = 0; i < v->chain_count && !v->damaged; i++) {
		struct chain *chain = &v->chains[i];
		check_removed(v, chain);
		if (chain->broken)
			explain_break(v, chain);
		explain_end(v, chain);
	}
	if (!v->damaged)
		explain_kept(v);
	check_numbers(v);
	explain_absence(v);
}

static int check_request(struct verifying *v, struct problem *why)
{
	for (uint32_t i = 0; i < v->request->kept_count; i++) {
		const char *site = v->request->kept[i].site;
		if (site && !chain_named(v, site))
			return problem_set(why, -EINVAL, "no site '%s' in the record", site);
	}
	return 0;
}

static int verify_all(struct verifying *v, struct problem *why)
{
	load_boots(v);
	load_sites(v);
	int r = v->unread.text[0] ? -EIO : check_request(v, why);
	if (r == 0)
		r = scan(v, why);
	seal_checker_close(v->seals, r == 0 ? seal_is_broken : NULL, v);
	if (r < 0)
		return r;
	check_ends(v);
	return check_state(v);
}

int store_verify(struct store *store, const struct verify_request *request, verdict_visit visit,
                 void *ctx, struct problem *why)
{
	struct verifying v = {.store = store, .request = request};
	struct problem none = {0};
	why = why ? why : &none;
	/* Before the first look at the store: what is committed later may be in the file then. */
	v.heads_read = head_file_read(store->path, &v.heads);
	/* One picture of the store, also beside a daemon that goes on writing. */
	if (sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
		head_lines_finish(&v.heads);
		return sql_failure(store->db, why, "verifying");
	}
	struct index_check *indexes = request->indexes ? index_check_begin(store->path) : NULL;
	v.fold = fold_open(store, state_differs, &v);
	v.seals = seal_checker_open();
	int r = verify_all(&v, why);
	check_indexes(&v, indexes);
	if (v.unread.text[0])
		r = problem_set(why, -EIO, "store: verifying: %s", v.unread.text);
	if (r == 0)
		r = tell(&v, visit, ctx);
	else if (!why->text[0])
		sql_failure(store->db, why, "verifying");
	sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	verifying_finish(&v);
	return r;
}
