#include "store/index_check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

struct index_check {
	pthread_t thread;
	bool runs; /* there is a thread */
	char *path;
	struct text words; /* the thread's until it has ended, as is: */
	bool unread;       /* they are no word about the file */
};

/* Conditions on columns are left out: what of them matters, the ledger's hashes and the sum of the
 * state say better. */
static void look(struct index_check *check)
{
	struct store *store = NULL;
	struct problem why = {0};
	sqlite3_stmt *at = NULL;
	if (store_open(check->path, STORE_READ, &store, &why) < 0) {
		text_add(&check->words, why.text);
		check->unread = true;
		return;
	}
	sqlite3_exec(store->db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
	int r = sqlite3_prepare_v2(store->db, "PRAGMA integrity_check(1)", -1, &at, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_step(at);
	const char *words = r == SQLITE_ROW ? (const char *)sqlite3_column_text(at, 0)
	                                    : sqlite3_errmsg(store->db);
	check->unread = r != SQLITE_ROW && r != SQLITE_CORRUPT && r != SQLITE_NOTADB;
	if (strcmp(words, "ok") != 0)
		text_add(&check->words, words);
	sqlite3_finalize(at);
	store_close(store);
}

static void *work(void *ctx)
{
	look(ctx);
	return NULL;
}

struct index_check *index_check_begin(const char *store_path)
{
	struct index_check *check = NEW(struct index_check);
	check->path = mem_copy(store_path);
	check->runs = pthread_create(&check->thread, NULL, work, check) == 0;
	return check;
}

bool index_check_end(struct index_check *check, struct text *words)
{
	if (!check)
		return true;
	if (check->runs)
		pthread_join(check->thread, NULL);
	else
		look(check);
	for (const char *at = text_get(&check->words); *at; at++)
		text_add_char(words, *at == '\n' ? ' ' : *at);
	bool looked = !check->unread;
	text_finish(&check->words);
	free(check->path);
	free(check);
	return looked;
}
