/* A copy by SQLite's own backup, of the store as it is at one moment: with no picture of its own
 * held still, the copy begins again at each commit of the daemon, and never ends beside a busy one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/sql.h"

#define PAGES_AT_ONCE 512

static int copy(struct store *store, sqlite3 *to, struct problem *why)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", store->db, "main");
	if (!backup)
		return sql_failure(to, why, "copying");
	int r;
	do {
		r = sqlite3_backup_step(backup, PAGES_AT_ONCE);
		if (r == SQLITE_BUSY || r == SQLITE_LOCKED)
			sqlite3_sleep(10);
	} while (r == SQLITE_OK || r == SQLITE_BUSY || r == SQLITE_LOCKED);
	sqlite3_backup_finish(backup);
	return r == SQLITE_DONE ? 0 : sql_failure(to, why, "copying");
}

static int copy_still(struct store *store, sqlite3 *to, struct problem *why)
{
	int r = store_still_begin(store);
	if (r < 0)
		return sql_failure(store->db, why, "copying");
	r = copy(store, to, why);
	store_still_end(store);
	return r;
}

/* Every page and every index, before anybody relies on it. */
static int check(sqlite3 *to, struct problem *why)
{
	sqlite3_stmt *at = NULL;
	int r = 0;
	if (sqlite3_prepare_v2(to, "PRAGMA integrity_check(1)", -1, &at, NULL) != SQLITE_OK ||
	    sqlite3_step(at) != SQLITE_ROW)
		r = sql_failure(to, why, "checking the copy");
	else if (strcmp((const char *)sqlite3_column_text(at, 0), "ok") != 0)
		r = problem_set(why, -EIO, "the copy is damaged: %s", sqlite3_column_text(at, 0));
	sqlite3_finalize(at);
	return r;
}

int store_backup(struct store *store, const char *path, struct problem *why)
{
	sqlite3 *to = NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return problem_set(why, -errno, "%s: %s", path, strerror(errno));
	int r = 0;
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		r = sql_failure(to, why, path);
	if (r == 0)
		r = copy_still(store, to, why);
	/* A copy is one file: it needs no log of its own. */
	if (r == 0 &&
	    sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
		r = sql_failure(to, why, path);
	if (r == 0)
		r = check(to, why);
	sqlite3_close(to);
	if (r == 0 && fsync(fd) < 0)
		r = problem_set(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	if (r < 0)
		unlink(path);
	return r;
}
