#include "store/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sql.h"

struct import {
	struct store *store;
	struct rebuild *rebuild;
	site_text_read read;
	uint32_t site; /* the store's number of it; 0: the first line has not come */
	uint64_t first, last;
	uint8_t before[SHA256_LEN], head[SHA256_LEN];
	char *seal; /* that the part ends with; NULL: with a checkpoint */
	bool under_way;
};

struct import *import_open(struct store *store, site_text_read read)
{
	struct import *import = NEW(struct import);
	import->store = store;
	import->read = read;
	struct binder begin = sql_bind(store, SQL_BEGIN);
	import->under_way = sql_done(store, &begin, NULL) == 0;
	return import;
}

void import_close(struct import *import)
{
	if (!import)
		return;
	rebuild_close(import->rebuild);
	free(import->seal);
	if (import->under_way) {
		struct binder undo = sql_bind(import->store, SQL_ROLLBACK);
		(void)!sql_done(import->store, &undo, NULL);
		import->store->boot_number = 0; /* its row is gone again */
	}
	free(import);
}

static int begin_site(struct import *import, const struct part_line *line, struct problem *why)
{
	struct binder at = sql_bind(import->store, SQL_SITE_ADD);
	bind_null(&at);
	bind_text(&at, line->site);
	bind_int(&at, 1);
	bind_int(&at, 0);
	bind_int(&at, 0);
	int r = sql_done(import->store, &at, why);
	if (r < 0)
		return r;
	import->site = (uint32_t)sqlite3_last_insert_rowid(import->store->db);
	import->first = line->first;
	memcpy(import->before, line->before, sizeof import->before);
	import->rebuild = rebuild_open(import->store, import->site, import->read);
	return 0;
}

static int add_entry(struct import *import, const struct ledger_row *row, struct problem *why)
{
	struct store *store = import->store;
	int r = store_find_boot(store, row->boot, why);
	if (r < 0)
		return r;
	struct binder at = sql_bind(store, SQL_LEDGER_ADD);
	bind_int(&at, import->site);
	bind_int(&at, (int64_t)row->seq);
	bind_int(&at, row->time);
	bind_int(&at, row->received);
	bind_int(&at, row->steady);
	bind_int(&at, store->boot_number);
	bind_text(&at, row->type);
	bind_text(&at, row->device);
	bind_text(&at, row->incident);
	bind_text(&at, row->by);
	bind_text(&at, row->data);
	bind_blob(&at, row->hash, sizeof row->hash);
	r = sql_done(store, &at, why);
	if (r < 0)
		return r;
	import->last = row->seq;
	memcpy(import->head, row->hash, sizeof import->head);
	return rebuild_entry(import->rebuild, row, why);
}

static int add_removed(struct import *import, const struct part_removed *run, struct problem *why)
{
	struct binder at = sql_bind(import->store, SQL_REMOVED_ADD);
	bind_int(&at, import->site);
	bind_int(&at, (int64_t)run->first);
	bind_int(&at, (int64_t)run->last);
	bind_blob(&at, run->hash, sizeof run->hash);
	bind_int(&at, (int64_t)(run->entry ? run->entry : run->last + 1));
	return sql_done(import->store, &at, why);
}

int import_line(struct import *import, const struct part_line *line, struct problem *why)
{
	struct problem what = {0};
	int r;
	if (!import->under_way || !import->site != (line->type == PART_BEGIN))
		return problem_set(why, -EINVAL, "is nothing that `tocsin export` printed");
	if (line->type == PART_BEGIN)
		return begin_site(import, line, why);
	if (line->type == PART_REMOVED)
		return add_removed(import, &line->removed, why);
	if (line->type == PART_SEAL) {
		free(import->seal);
		import->seal = mem_copy(line->seal);
		return 0;
	}
	r = add_entry(import, &line->row, &what);
	/* Chained and signed, but nothing that a service writes: a name of no entry, data of none.
	 */
	return r < 0 ? problem_set(why, r, "entry %" PRIu64 ": %s", line->row.seq, what.text) : 0;
}

int import_end(struct import *import, struct problem *why)
{
	struct store *store = import->store;
	if (!import->last)
		return problem_set(why, -EINVAL, "is empty");
	struct binder at = sql_bind(store, SQL_SITE_UPDATE);
	bind_int(&at, import->site);
	bind_int(&at, (int64_t)import->last);
	bind_blob(&at, import->head, sizeof import->head);
	bind_int(&at, 1);
	bind_int(&at, 0);
	bind_int(&at, 0);
	bind_text(&at, import->seal);
	bind_null(&at);
	bind_int(&at, 0);
	int r = sql_done(store, &at, why);
	if (r == 0) {
		at = sql_bind(store, SQL_IMPORTED_ADD);
		bind_int(&at, import->site);
		bind_int(&at, (int64_t)import->first);
		bind_int(&at, (int64_t)import->last);
		bind_blob(&at, import->before, sizeof import->before);
		r = sql_done(store, &at, why);
	}
	if (r < 0)
		return r;
	at = sql_bind(store, SQL_COMMIT);
	r = sql_done(store, &at, why);
	import->under_way = r < 0;
	return r;
}

/* ---- a file into a file ---- */

static int take_line(void *ctx, const struct part_line *line, struct problem *why)
{
	return import_line(ctx, line, why);
}

/* Closed, a store is one file; where that could not be written its log still has what is missing.
 */
static bool is_one_file(const char *path)
{
	struct text log = {0};
	struct stat info;
	text_addf(&log, "%s-wal", path);
	bool one = stat(text_get(&log), &info) < 0 || info.st_size == 0;
	text_finish(&log);
	return one;
}

static void remove_beside(const char *path, bool and_store)
{
	static const char *const endings[] = {".lock", ".reserve", "-wal", "-shm", ""};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct text name = {0};
		text_addf(&name, "%s%s", path, endings[i]);
		if (*endings[i] || and_store)
			unlink(text_get(&name));
		text_finish(&name);
	}
}

int store_import(const char *path, FILE *file, const uint8_t *key, site_text_read read,
                 struct part *part, struct import_facts *facts, struct problem *why)
{
	struct store *store = NULL;
	struct import *import = NULL;
	*part = (struct part){0};
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return problem_set(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	int r = store_open(path, STORE_WRITE, &store, why);
	if (r == 0) {
		import = import_open(store, read);
		r = part_read(file, key, part, take_line, import, why);
	}
	if (r == 0)
		r = import_end(import, why);
	if (r == 0)
		facts->strays = rebuild_strays(import->rebuild);
	import_close(import);
	store_close(store);
	if (r == 0 && !is_one_file(path))
		r = problem_set(why, -EIO, "%s: could not be written whole", path);
	remove_beside(path, r < 0);
	return r;
}
