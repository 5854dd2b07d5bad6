/* The one pass; what a break in the chain means is explain.c's question. */
#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "store/fold.h"
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

const char *boot_name(struct verifying *v, int64_t number)
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

static bool sets_key(struct chain *chain, const struct ledger_row *row)
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
	if (good)
		memcpy(chain->key, key, sizeof key);
	chain->keyed |= good;
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

/* Behind what was removed the chain goes on with the hash of the last one. */
static void pass_removed(struct verifying *v, struct chain *chain)
{
	uint64_t last;
	uint8_t hash[SHA256_LEN];
	while (store_removed(v->store, chain->site, chain->last + 1, &last, hash, NULL) == 0) {
		chain->removed += last - chain->last;
		chain->last = last;
		memcpy(chain->head, hash, sizeof hash);
	}
}

/* Runs that no entry names. */
static void check_removed(struct verifying *v, struct chain *chain)
{
	if (chain->part)
		return; /* what says so may lie behind its end */
	struct binder at = sql_bind(v->store, SQL_REMOVED_UNSIGNED);
	bind_int(&at, chain->number);
	if (sql_next(v->store, &at) > 0)
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
	else if (strcmp(row->type, "key") == 0 && !sets_key(chain, row))
		finding_add(chain, TAMPERING_EDITED, row->seq, NULL,
		            "a key that the key before it has not vouched for");
	else if (strcmp(row->type, "retention") == 0)
		check_retention(v, chain, row);
	memcpy(chain->head, row->hash, SHA256_LEN);
	chain->last = row->seq;
	chain->entries++;
	return fold_entry(v->fold, row);
}

static struct chain *chain_of(struct verifying *v, int64_t number)
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
		v->strays++;
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
	sqlite3_stmt *at = NULL;
	int r = 0, step;
	/* In the order of the rows, so that no index can lead elsewhere. */
	if (sqlite3_prepare_v2(v->store->db,
	                       "SELECT " ROW_COLUMNS " FROM ledger NOT INDEXED ORDER BY row", -1,
	                       &at, NULL) != SQLITE_OK)
		return sql_failure(v->store->db, why, "verifying");
	while (r == 0 && (step = sqlite3_step(at)) == SQLITE_ROW)
		r = scan_row(v, at);
	if (r == 0 && step != SQLITE_DONE) {
		/* What cannot be read was not written by us like that. */
		for (uint32_t i = 0; i < v->chain_count; i++)
			if (!v->chains[i].broken && !v->chains[i].finding_count)
				finding_add(&v->chains[i], TAMPERING_EDITED, v->chains[i].last + 1,
				            NULL, "the file is damaged: %s",
				            sqlite3_errmsg(v->store->db));
		v->damaged = true;
	}
	sqlite3_finalize(at);
	return r;
}

/* ---- what there is to check ---- */

static int load_boots(struct verifying *v)
{
	sqlite3_stmt *at = NULL;
	if (sqlite3_prepare_v2(v->store->db, "SELECT number, id FROM boot", -1, &at, NULL) !=
	    SQLITE_OK)
		return -EIO;
	while (sqlite3_step(at) == SQLITE_ROW) {
		MEM_RESERVE(v->boots, v->boot_count, v->boot_cap);
		v->boots[v->boot_count++] = (struct boot){
		        .number = sqlite3_column_int64(at, 0),
		        .id = mem_copy((const char *)sqlite3_column_text(at, 1))};
	}
	sqlite3_finalize(at);
	return 0;
}

static bool stands_beside(const struct store *store, const char *ending)
{
	struct text path = {0};
	text_addf(&path, "%s%s", store->path, ending);
	bool stands = access(text_get(&path), F_OK) == 0;
	text_finish(&path);
	return stands;
}

/* A part goes on from where it was taken out. The store of a service is never one, whatever it says
 * of itself: so that nobody cuts off its beginning. */
static void load_part(struct verifying *v, struct chain *chain)
{
	struct binder at = sql_bind(v->store, SQL_IMPORTED_GET);
	bind_int(&at, chain->number);
	if (sql_next(v->store, &at) > 0) {
		uint64_t first = (uint64_t)read_int(&at);
		(void)read_int(&at);
		if (stands_beside(v->store, ".key") || stands_beside(v->store, ".head")) {
			finding_add(chain, TAMPERING_MISSING, 1, NULL,
			            "it says of itself that it is an imported part, but it is the "
			            "service's own");
		} else {
			chain->part = true;
			chain->first = first;
			chain->last = chain->sealed = first - 1;
			if (first > 1)
				read_hash(&at, chain->head);
		}
	}
	sql_end(&at);
}

static int load_sites(struct verifying *v, const struct verify_request *request)
{
	sqlite3_stmt *at = NULL;
	if (sqlite3_prepare_v2(v->store->db,
	                       "SELECT number, id, head_seq, head_hash, head_seal FROM site"
	                       " ORDER BY number",
	                       -1, &at, NULL) != SQLITE_OK)
		return -EIO;
	while (sqlite3_step(at) == SQLITE_ROW) {
		MEM_RESERVE(v->chains, v->chain_count, v->chain_cap);
		struct chain *chain = &v->chains[v->chain_count++];
		*chain = (struct chain){
		        .number = sqlite3_column_int64(at, 0),
		        .site = mem_copy((const char *)sqlite3_column_text(at, 1)),
		        .head_seq = (uint64_t)sqlite3_column_int64(at, 2),
		        .head_seal = mem_copy((const char *)sqlite3_column_text(at, 4)),
		        .trusted = request->key,
		        .trusted_before = request->old_key,
		};
		const void *hash = sqlite3_column_blob(at, 3);
		if (hash && sqlite3_column_bytes(at, 3) == SHA256_LEN)
			memcpy(chain->head_hash, hash, SHA256_LEN);
		chain->first = 1;
		ledger_genesis(v->store->sha, chain->site, chain->head);
	}
	for (uint32_t i = 0; i < v->chain_count; i++)
		load_part(v, &v->chains[i]);
	sqlite3_finalize(at);
	return 0;
}

static void finish(struct verifying *v)
{
	fold_close(v->fold);
	for (uint32_t i = 0; i < v->boot_count; i++)
		free(v->boots[i].id);
	for (uint32_t i = 0; i < v->chain_count; i++) {
		for (uint32_t k = 0; k < v->chains[i].finding_count; k++)
			free((char *)v->chains[i].findings[k].incident);
		free((char *)v->chains[i].state.incident);
		free(v->chains[i].site);
		free(v->chains[i].head_seal);
	}
	free(v->boots);
	free(v->chains);
}

/* ---- the state ---- */

static void state_finding(struct chain *chain, enum tampering kind, uint64_t seq,
                          const char *incident, const char *what)
{
	if (chain->state_differs)
		return;
	chain->state_differs = true;
	chain->state = (struct finding){
	        .site = chain->site, .seq = seq, .kind = kind, .incident = mem_copy(incident)};
	problem_set(&chain->state.detail, 0, "incident %s: %s", incident, what);
}

static void state_differs(void *ctx, const char *incident, uint64_t seq, const char *what)
{
	struct verifying *v = ctx;
	/* The id begins with the site's. */
	for (uint32_t i = 0; i < v->chain_count; i++) {
		size_t len = strlen(v->chains[i].site);
		if (strncmp(incident, v->chains[i].site, len) == 0 && incident[len] == '-')
			state_finding(&v->chains[i], TAMPERING_EDITED, seq, incident, what);
	}
}

/* Incidents that no entry tells of. */
static void find_untold(struct verifying *v)
{
	sqlite3_stmt *at = NULL;
	if (sqlite3_prepare_v2(v->store->db,
	                       "SELECT i.site, i.id FROM incident i WHERE NOT EXISTS"
	                       " (SELECT 1 FROM ledger l WHERE l.incident = i.id) LIMIT 1",
	                       -1, &at, NULL) == SQLITE_OK &&
	    sqlite3_step(at) == SQLITE_ROW) {
		struct chain *chain = chain_of(v, sqlite3_column_int64(at, 0));
		if (chain)
			state_finding(chain, TAMPERING_INSERTED, chain->last,
			              (const char *)sqlite3_column_text(at, 1),
			              "the ledger does not tell of it");
	}
	sqlite3_finalize(at);
}

static int check_state(struct verifying *v)
{
	uint64_t incidents;
	int r = v->damaged ? 0 : fold_end(v->fold, &incidents);
	if (r == 0 && !v->damaged)
		find_untold(v);
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (chain->state_differs && !chain->finding_count) {
			chain->findings[chain->finding_count++] = chain->state;
			chain->state.incident = NULL;
		}
	}
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

static void check_ends(struct verifying *v, const struct verify_request *request)
{
	uint64_t removed = 0;
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (v->damaged)
			continue;
		check_removed(v, chain);
		removed += chain->removed;
		if (chain->broken)
			explain_break(v, chain);
		else
			explain_end(v, chain);
		for (uint32_t k = 0; k < request->kept_count; k++)
			if (!request->kept[k].site ||
			    strcmp(request->kept[k].site, chain->site) == 0)
				explain_kept(v, chain, request->kept[k].seq, request->kept[k].hash,
				             "the head that was kept");
		explain_head_file(v, chain);
	}
	/* Rows count on without a gap over all sites, but for those removed. */
	if ((uint64_t)v->last_row == v->rows + removed)
		v->hole = NULL;
	bool any = v->damaged;
	for (uint32_t i = 0; i < v->chain_count; i++)
		any |= v->chains[i].finding_count > 0;
	if (!any && v->chain_count && (v->hole || v->strays)) {
		struct chain *chain = v->hole ? v->hole : v->chains;
		finding_add(chain, v->strays ? TAMPERING_INSERTED : TAMPERING_EDITED, chain->last,
		            NULL, "the numbers of the rows do not follow each other");
	}
}

int store_verify(struct store *store, const struct verify_request *request, verdict_visit visit,
                 void *ctx, struct problem *why)
{
	struct verifying v = {.store = store};
	/* One picture of the store, also beside a daemon that goes on writing. */
	if (sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return sql_failure(store->db, why, "verifying");
	v.fold = fold_open(store, state_differs, &v);
	v.seals = seal_checker_open();
	int r = load_boots(&v);
	if (r == 0)
		r = load_sites(&v, request);
	if (r == 0)
		r = scan(&v, why);
	seal_checker_close(v.seals, r == 0 ? seal_is_broken : NULL, &v);
	if (r == 0) {
		check_ends(&v, request);
		r = check_state(&v);
	}
	if (r == 0)
		r = tell(&v, visit, ctx);
	else if (why && !why->text[0])
		sql_failure(store->db, why, "verifying");
	sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
	finish(&v);
	return r;
}
