/* What there is to check: sites, their keys, and what lies beside the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/fold.h"
#include "store/verify_private.h"

/* What somebody has written into the file is a question of the verdict, not of the disk. */
void look_failed(struct verifying *v)
{
	struct problem *note = NULL;
	switch (sqlite3_errcode(v->store->db) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		note = &v->torn;
		break;
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		note = &v->unread;
		break;
	default:
		break;
	}
	if (note && !note->text[0])
		problem_set(note, 0, "%s", sqlite3_errmsg(v->store->db));
}

sqlite3_stmt *look(struct verifying *v, const char *sql)
{
	sqlite3_stmt *at = NULL;
	if (sqlite3_prepare_v2(v->store->db, sql, -1, &at, NULL) != SQLITE_OK)
		look_failed(v);
	return at;
}

bool look_next(struct verifying *v, sqlite3_stmt *at)
{
	int r = at ? sqlite3_step(at) : SQLITE_DONE;
	if (r != SQLITE_ROW && r != SQLITE_DONE)
		look_failed(v);
	return r == SQLITE_ROW;
}

void load_boots(struct verifying *v)
{
	sqlite3_stmt *at = look(v, "SELECT number, id FROM boot");
	while (look_next(v, at)) {
		MEM_RESERVE(v->boots, v->boot_count, v->boot_cap);
		v->boots[v->boot_count++] = (struct boot){
		        .number = sqlite3_column_int64(at, 0),
		        .id = mem_copy((const char *)sqlite3_column_text(at, 1))};
	}
	sqlite3_finalize(at);
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
	int r = sql_next(v->store, &at);
	if (r < 0)
		look_failed(v);
	if (r > 0) {
		uint64_t first = (uint64_t)read_int(&at);
		(void)read_int(&at);
		if (v->has_key || v->heads_read != -ENOENT) {
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

struct chain *chain_add(struct verifying *v, const char *site)
{
	MEM_RESERVE(v->chains, v->chain_count, v->chain_cap);
	struct chain *chain = &v->chains[v->chain_count++];
	*chain = (struct chain){.site = mem_copy(site), .first = 1, .one_turn = true};
	ledger_genesis(v->store->sha, chain->site, chain->head);
	return chain;
}

struct chain *chain_named(struct verifying *v, const char *site)
{
	for (uint32_t i = 0; i < v->chain_count; i++)
		if (strcmp(v->chains[i].site, site) == 0)
			return &v->chains[i];
	return NULL;
}

static void copy_blob(sqlite3_stmt *at, int column, void *out, int len)
{
	const void *bytes = sqlite3_column_blob(at, column);
	if (bytes && sqlite3_column_bytes(at, column) == len)
		memcpy(out, bytes, (size_t)len);
}

static void take_site(struct verifying *v, sqlite3_stmt *at)
{
	struct chain *chain = chain_add(v, (const char *)sqlite3_column_text(at, 1));
	chain->number = sqlite3_column_int64(at, 0);
	chain->head_seq = (uint64_t)sqlite3_column_int64(at, 2);
	copy_blob(at, 3, chain->head_hash, SHA256_LEN);
	chain->head_seal = mem_copy((const char *)sqlite3_column_text(at, 4));
	copy_blob(at, 5, chain->state_sum.bytes, STATE_SUM_LEN);
	chain->state_of = sqlite3_column_int64(at, 6);
	chain->counters = (struct state_counters){
	        .next_notification = sqlite3_column_int64(at, 7),
	        .next_incident = sqlite3_column_int64(at, 8),
	        .incident_year = sqlite3_column_int64(at, 9),
	};
}

/* Sites that only the head file tells of. */
static void load_gone(struct verifying *v)
{
	for (uint32_t i = 0; i < v->heads.count; i++) {
		const struct head_line *line = &v->heads.items[i];
		if (!line->site || strcmp(line->site, HEAD_OF_ALL) == 0 || !line->seal.seq ||
		    chain_named(v, line->site) || !seal_holds(&line->seal, line->site))
			continue;
		struct chain *chain = chain_add(v, line->site);
		chain->number = -1;
		chain->gone = true;
	}
}

void load_sites(struct verifying *v)
{
	sqlite3_stmt *at = look(v, "SELECT number, id, head_seq, head_hash, head_seal, state_sum,"
	                           " state_of, next_notification, next_incident, incident_year"
	                           " FROM site ORDER BY number");
	while (look_next(v, at))
		take_site(v, at);
	sqlite3_finalize(at);
	v->has_key = stands_beside(v->store, ".key");
	for (uint32_t i = 0; i < v->chain_count; i++)
		load_part(v, &v->chains[i]);
	load_gone(v);
}

void verifying_finish(struct verifying *v)
{
	fold_close(v->fold);
	head_lines_finish(&v->heads);
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
	free(v->vows);
}
