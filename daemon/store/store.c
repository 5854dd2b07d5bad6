/* Opening and closing: the writer's lock, the migrations, and the ways to read a file that nothing
 * may be written to. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/log_writes.h"
#include "store/reserve.h"
#include "store/sql.h"

#define APPLICATION_ID 0x546f6373 /* "Tocs" */
#define WRITE_PATIENCE_MS 250     /* the writer waits for a foreign transaction this long */
#define READ_PATIENCE_MS 2000

extern const unsigned char migration_0001[];
extern const size_t migration_0001_len;
extern const unsigned char migration_0002[];
extern const size_t migration_0002_len;
extern const unsigned char migration_0003[];
extern const size_t migration_0003_len;
extern const unsigned char migration_0004[];
extern const size_t migration_0004_len;
extern const unsigned char migration_0005[];
extern const size_t migration_0005_len;
extern const unsigned char migration_0006[];
extern const size_t migration_0006_len;
extern const unsigned char migration_0007[];
extern const size_t migration_0007_len;
extern const unsigned char migration_0008[];
extern const size_t migration_0008_len;
extern const unsigned char migration_0009[];
extern const size_t migration_0009_len;
extern const unsigned char migration_0010[];
extern const size_t migration_0010_len;
extern const unsigned char migration_0011[];
extern const size_t migration_0011_len;
extern const unsigned char migration_0012[];
extern const size_t migration_0012_len;
extern const unsigned char migration_0013[];
extern const size_t migration_0013_len;
extern const unsigned char migration_0014[];
extern const size_t migration_0014_len;
extern const unsigned char migration_0015[];
extern const size_t migration_0015_len;
extern const unsigned char migration_0016[];
extern const size_t migration_0016_len;
extern const unsigned char migration_0017[];
extern const size_t migration_0017_len;
extern const unsigned char migration_0018[];
extern const size_t migration_0018_len;
extern const unsigned char migration_0019[];
extern const size_t migration_0019_len;
extern const unsigned char migration_0020[];
extern const size_t migration_0020_len;

static const struct migration {
	const unsigned char *sql; /* a NUL follows */
	const size_t *len;
} migrations[] = {
        {migration_0001, &migration_0001_len}, {migration_0002, &migration_0002_len},
        {migration_0003, &migration_0003_len}, {migration_0004, &migration_0004_len},
        {migration_0005, &migration_0005_len}, {migration_0006, &migration_0006_len},
        {migration_0007, &migration_0007_len}, {migration_0008, &migration_0008_len},
        {migration_0009, &migration_0009_len}, {migration_0010, &migration_0010_len},
        {migration_0011, &migration_0011_len}, {migration_0012, &migration_0012_len},
        {migration_0013, &migration_0013_len}, {migration_0014, &migration_0014_len},
        {migration_0015, &migration_0015_len}, {migration_0016, &migration_0016_len},
        {migration_0017, &migration_0017_len}, {migration_0018, &migration_0018_len},
        {migration_0019, &migration_0019_len}, {migration_0020, &migration_0020_len},
};
#define VERSION ((int64_t)(sizeof migrations / sizeof *migrations))

/* ---- the file and its lock ---- */

static int take_lock(struct store *store, struct problem *why)
{
	struct text name = {0};
	text_addf(&name, "%s.lock", store->path);
	store->lock = open(text_get(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int r = store->lock < 0 ? -errno : 0;
	if (r < 0)
		problem_set(why, r, "%s: %s", text_get(&name), strerror(-r));
	else if (flock(store->lock, LOCK_EX | LOCK_NB) < 0)
		r = problem_set(why, errno == EWOULDBLOCK ? -EBUSY : -errno,
		                "%s: another tocsind writes to this store; stop it first",
		                store->path);
	text_finish(&name);
	return r;
}

/* SQLite would say that the disk fails, of a folder, and wait for ever, of a pipe. */
static int check_is_file(const char *path, struct problem *why)
{
	struct stat info;
	if (stat(path, &info) < 0 || S_ISREG(info.st_mode))
		return 0; /* of one that is missing the opening tells */
	return problem_set(why, -EINVAL,
	                   S_ISDIR(info.st_mode) ? "%s: is a folder; a store is a file"
	                                         : "%s: is no regular file, as a store is",
	                   path);
}

/* So that it is never readable for others, not for an instant; the files beside it get its mode. */
static int create_file(const char *path, struct problem *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return problem_set(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	char *copy = mem_copy(path);
	int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = folder >= 0 && fsync(folder) == 0 ? 0 : -errno;
	if (folder >= 0)
		close(folder);
	free(copy);
	return r < 0 ? problem_set(why, r, "%s: %s", path, strerror(-r)) : 0;
}

/* ---- what kind of file it is ---- */

static int run(struct store *store, const char *sql, struct problem *why)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sql_failure(store->db, why, store->path);
	return 0;
}

/* The one number that a query gives. */
static int ask(struct store *store, const char *sql, int64_t *out, struct problem *why)
{
	sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	r = r == SQLITE_ROW ? 0 : sql_failure(store->db, why, store->path);
	sqlite3_finalize(statement);
	return r;
}

/* version: 0 for a file with nothing in it yet. */
static int identify(struct store *store, int64_t *version, struct problem *why)
{
	int64_t application = 0, number = 0, objects = 0;
	int r = ask(store, "PRAGMA application_id", &application, why);
	if (r == 0)
		r = ask(store, "PRAGMA user_version", &number, why);
	if (r == 0)
		r = ask(store, "SELECT count(*) FROM sqlite_schema", &objects, why);
	if (r == -EINVAL)
		return problem_set(why, r, "%s: is no Tocsin store", store->path);
	if (r < 0)
		return r;
	bool empty = application == 0 && number == 0 && objects == 0;
	if (!empty && (application != APPLICATION_ID || number < 1))
		return problem_set(why, -EINVAL, "%s: is no Tocsin store", store->path);
	if (number > VERSION)
		return problem_set(why, -EINVAL,
		                   "%s: was written by a newer Tocsin (store version %lld, this "
		                   "one knows up to %lld)",
		                   store->path, (long long)number, (long long)VERSION);
	*version = number;
	return 0;
}

static int migrate(struct store *store, int64_t from, struct problem *why)
{
	for (int64_t number = from; number < VERSION; number++) {
		struct text sql = {0};
		text_add(&sql, "BEGIN IMMEDIATE;");
		text_add_len(&sql, (const char *)migrations[number].sql, *migrations[number].len);
		text_addf(&sql, "\nPRAGMA application_id = %d; PRAGMA user_version = %lld; COMMIT",
		          APPLICATION_ID, (long long)number + 1);
		int r = run(store, text_get(&sql), why);
		text_finish(&sql);
		if (r < 0)
			return r; /* closing rolls back */
	}
	return 0;
}

/* ---- the connection ---- */

/* A file may come from anywhere: its schema must not reach into SQLite's own tables. */
static void harden(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
}

/* Whoever signs goes on from a whole record, not from an imported part of another's. */
static int refuse_part(struct store *store, struct problem *why)
{
	int64_t parts = 0;
	int r = ask(store, "SELECT count(*) FROM imported", &parts, why);
	if (r < 0 || parts == 0)
		return r;
	return problem_set(why, -EINVAL,
	                   "%s: was made by `tocsin import` to be read; a service cannot go on "
	                   "with it",
	                   store->path);
}

static int open_write(struct store *store, struct problem *why)
{
	int r = take_lock(store, why);
	if (r == 0)
		r = create_file(store->path, why);
	if (r < 0)
		return r;
	if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
	                    log_writes_vfs()) != SQLITE_OK)
		return sql_failure(store->db, why, store->path);
	sqlite3_busy_timeout(store->db, WRITE_PATIENCE_MS);
	harden(store->db);
	int64_t version = 0;
	r = identify(store, &version, why); /* before anything is written to a foreign file */
	if (r == 0)
		/* EXTRA: FULL, and the end of the rollback journal that the change to WAL goes
		 * through is synced in its folder too. Else it may be found again after a power
		 * failure, and undo the file below a log that holds what was confirmed. */
		r = run(store,
		        "PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL;"
		        "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
		        "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1000",
		        why);
	if (r == 0)
		r = migrate(store, version, why);
	if (r == 0)
		r = sql_prepare_turn(store, why);
	if (r == 0)
		r = refuse_part(store, why);
	if (r == 0)
		r = checkpoint_start(store->path, store->db, &store->checkpointer, why);
	return r;
}

static void add_uri_path(struct text *uri, const char *path)
{
	for (; *path; path++)
		if (strchr("%?#", *path))
			text_addf(uri, "%%%02x", (unsigned char)*path);
		else
			text_add_char(uri, *path);
}

static int try_read(struct store *store, const char *options, const char *vfs, struct problem *why)
{
	struct text uri = {0};
	text_add(&uri, "file:");
	add_uri_path(&uri, store->path);
	text_add(&uri, options);
	sqlite3_close(store->db);
	store->db = NULL;
	int r = sqlite3_open_v2(text_get(&uri), &store->db,
	                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, vfs);
	text_finish(&uri);
	if (r != SQLITE_OK)
		return sql_failure(store->db, why, store->path);
	sqlite3_busy_timeout(store->db, READ_PATIENCE_MS);
	harden(store->db);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	r = vfs ? run(store, "PRAGMA locking_mode = EXCLUSIVE", why) : 0;
	if (r == 0)
		r = run(store, "PRAGMA temp_store = MEMORY; PRAGMA query_only = ON", why);
	int64_t version = 0;
	if (r == 0)
		r = identify(store, &version, why);
	if (r == 0 && version < VERSION)
		r = problem_set(why, -EINVAL,
		                version ? "%s: is of an older Tocsin; start tocsind once to bring "
		                          "it up to date"
		                        : "%s: is empty: nothing was ever recorded in it, or "
		                          "the log that belongs beside it (-wal) is not here",
		                store->path);
	return r;
}

static bool has_log(const char *path)
{
	struct text name = {0};
	struct stat info;
	text_addf(&name, "%s-wal", path);
	bool has = stat(text_get(&name), &info) == 0 && info.st_size > 0;
	text_finish(&name);
	return has;
}

/* Beside a writer SQLite needs its shared-memory file. Where that cannot be made (a read-only
 * folder) there is no writer either: then the log that a killed daemon left behind is indexed in
 * our own memory (no locks, exclusive mode), or, without a log, the file alone is all there is. */
static int open_read(struct store *store, struct problem *why)
{
	if (access(store->path, R_OK) < 0)
		return problem_set(why, -errno, "%s: %s", store->path, strerror(errno));
	int r = try_read(store, "?mode=ro", NULL, why);
	if (r == 0 || r == -EINVAL || r == -EBUSY || store->mode == STORE_BESIDE)
		return r;
	return has_log(store->path) ? try_read(store, "?mode=ro", "unix-none", why)
	                            : try_read(store, "?mode=ro&immutable=1", NULL, why);
}

static void close_files(struct store *store)
{
	checkpoint_stop(store->checkpointer);
	store->checkpointer = NULL;
	sql_finish(store);
	sqlite3_close(store->db);
	store->db = NULL;
	if (store->lock >= 0)
		close(store->lock);
	store->lock = -1;
}

int store_open(const char *path, enum store_mode mode, struct store **out, struct problem *why)
{
	/* Counting SQLite's memory takes a lock at each allocation, and nobody asks for the sum. Of
	 * no effect once a store is open. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	struct store *store = NEW(struct store);
	store->mode = mode;
	store->path = mem_copy(path);
	store->lock = -1;
	store->sha = sha256_create();
	int r = check_is_file(path, why);
	if (r == 0)
		r = mode == STORE_WRITE ? open_write(store, why) : open_read(store, why);
	if (r < 0 && mode == STORE_WRITE && store->lock >= 0 && reserve_give_up(path)) {
		/* A full disk may refuse the files that SQLite needs beside the store. */
		close_files(store);
		r = open_write(store, why);
	}
	if (r == 0 && mode == STORE_WRITE)
		(void)!store_keep_reserve(store); /* the owner asks store_has_reserve */
	if (r < 0) {
		store_close(store);
		return r;
	}
	*out = store;
	return 0;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

/* ---- what is read in bounds ---- */

#define STEPS_BETWEEN 1000 /* of SQLite's machine: some 50 us */

static int look_is_over(void *ctx)
{
	struct store *store = ctx;
	store->look_was_cut |= clock_stopwatch_ns() >= store->look_ends;
	return store->look_was_cut;
}

void store_look_begin(struct store *store, int64_t ns)
{
	store->look_was_cut = false;
	store->look_ends = clock_stopwatch_ns() + ns;
	sqlite3_progress_handler(store->db, STEPS_BETWEEN, look_is_over, store);
}

bool store_look_end(struct store *store)
{
	sqlite3_progress_handler(store->db, 0, NULL, NULL);
	return !store->look_was_cut;
}

static int is_set(void *stop)
{
	return atomic_load((const atomic_bool *)stop);
}

void store_read_until(struct store *store, const atomic_bool *stop)
{
	sqlite3_progress_handler(store->db, STEPS_BETWEEN, is_set, (void *)(uintptr_t)stop);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	bool was_written = store->checkpointer;
	checkpoint_stop(store->checkpointer);
	summing_close(store->summing);
	sql_finish(store);
	/* A store that is not in use is one file. */
	if (was_written)
		(void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
		                                NULL);
	sqlite3_close(store->db);
	if (store->lock >= 0)
		close(store->lock);
	sha256_destroy(store->sha);
	ed25519_close(store->signer.ready);
	head_file_close(store->head_file);
	explicit_bzero(&store->signer, sizeof store->signer);
	text_finish(&store->scratch);
	for (uint32_t i = 0; i < store->head_cap; i++)
		text_finish(&store->heads[i].line);
	free(store->heads);
	free(store->path);
	free(store);
}
