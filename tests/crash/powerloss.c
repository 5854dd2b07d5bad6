#include "powerloss.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define SECTOR 512

struct change {     /* since the file's last sync, in order */
	int64_t at; /* -1: a truncation to `len` */
	size_t len;
	unsigned char *bytes;
};

struct content { /* of a file, as the disk surely has it */
	unsigned char *bytes;
	size_t len, cap;
};

struct record { /* all that is known of one file, by name */
	char *path;
	struct content synced;
	bool exists, durable; /* durable: it was synced, hence so was its name */
	struct change *changes;
	uint32_t change_count, change_cap;
};

static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
	pthread_mutex_t lock; /* recursive: a watcher may cut */
	char *folder;
	struct record **records;
	uint32_t record_count, record_cap;
	uint64_t steps;
	powerloss_watcher watcher;
	void *watcher_ctx;
} power;

struct powered_file {
	sqlite3_file base;
	sqlite3_file *real;
	struct record *record; /* NULL: not watched */
};
#define REAL(file) (((struct powered_file *)(file))->real)
#define RECORD(file) (((struct powered_file *)(file))->record)

/* ---- contents ---- */

static void reach(struct content *content, size_t len)
{
	if (len > content->cap) {
		content->cap = len * 2;
		content->bytes = mem_grow(content->bytes, content->cap, 1);
	}
	if (len > content->len)
		memset(content->bytes + content->len, 0, len - content->len);
	content->len = len > content->len ? len : content->len;
}

static void apply_change(struct content *content, const struct change *change, size_t len)
{
	if (change->at < 0) {
		reach(content, change->len);
		content->len = change->len;
	} else if (len) {
		reach(content, (size_t)change->at + len);
		memcpy(content->bytes + change->at, change->bytes, len);
	}
}

static void forget_changes(struct record *record)
{
	for (uint32_t i = 0; i < record->change_count; i++)
		free(record->changes[i].bytes);
	record->change_count = 0;
}

static void add_change(struct record *record, int64_t at, const void *bytes, size_t len)
{
	struct change change = {.at = at, .len = len};
	if (at >= 0) {
		change.bytes = mem_new(len ? len : 1);
		memcpy(change.bytes, bytes, len);
	}
	MEM_RESERVE(record->changes, record->change_count, record->change_cap);
	record->changes[record->change_count++] = change;
}

static void all_is_synced(struct record *record)
{
	for (uint32_t i = 0; i < record->change_count; i++)
		apply_change(&record->synced, &record->changes[i], record->changes[i].len);
	forget_changes(record);
	record->durable = true;
}

static void read_content(const char *path, struct content *out)
{
	unsigned char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	out->len = 0;
	while (fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0) {
		size_t before = out->len;
		reach(out, before + (size_t)n);
		memcpy(out->bytes + before, buffer, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
}

static struct record *find(const char *path)
{
	for (uint32_t i = 0; i < power.record_count; i++)
		if (strcmp(power.records[i]->path, path) == 0)
			return power.records[i];
	return NULL;
}

/* What is there when it is first opened was there before the story began. */
static struct record *find_or_add(const char *path, bool was_there)
{
	struct record *record = find(path);
	if (!record) {
		record = NEW(struct record);
		record->path = mem_copy(path);
		MEM_RESERVE(power.records, power.record_count, power.record_cap);
		power.records[power.record_count++] = record;
	}
	if (!record->exists) {
		record->exists = true;
		record->durable = was_there;
		record->synced.len = 0;
		forget_changes(record);
		if (was_there)
			read_content(path, &record->synced);
	}
	return record;
}

/* ---- the file ---- */

static void enter(const char *verb, const char *path)
{
	pthread_mutex_lock(&power.lock);
	struct powerloss_step step = {.number = ++power.steps, .verb = verb, .file = path};
	if (power.watcher)
		power.watcher(power.watcher_ctx, &step);
}

static int leave(int r)
{
	pthread_mutex_unlock(&power.lock);
	return r;
}

static int p_close(sqlite3_file *f)
{
	int r = REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
	sqlite3_free(REAL(f));
	return r;
}
static int p_read(sqlite3_file *f, void *at, int n, sqlite3_int64 off)
{
	return REAL(f)->pMethods->xRead(REAL(f), at, n, off);
}
static int p_write(sqlite3_file *f, const void *at, int n, sqlite3_int64 off)
{
	if (!RECORD(f))
		return REAL(f)->pMethods->xWrite(REAL(f), at, n, off);
	enter("write", RECORD(f)->path);
	int r = REAL(f)->pMethods->xWrite(REAL(f), at, n, off);
	if (r == SQLITE_OK)
		add_change(RECORD(f), off, at, (size_t)n);
	return leave(r);
}
static int p_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (!RECORD(f))
		return REAL(f)->pMethods->xTruncate(REAL(f), size);
	enter("truncate", RECORD(f)->path);
	int r = REAL(f)->pMethods->xTruncate(REAL(f), size);
	if (r == SQLITE_OK)
		add_change(RECORD(f), -1, NULL, (size_t)size);
	return leave(r);
}
static int p_sync(sqlite3_file *f, int flags)
{
	if (!RECORD(f))
		return REAL(f)->pMethods->xSync(REAL(f), flags);
	enter("sync", RECORD(f)->path);
	/* The real disk need not do it: here power only fails on paper. */
	all_is_synced(RECORD(f));
	return leave(SQLITE_OK);
}
static int p_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}
static int p_lock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int p_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int p_reserved(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}
/* A file that SQLite grows ahead of its writes grows here with them. */
static int p_control(sqlite3_file *f, int op, void *arg)
{
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int p_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int p_traits(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int p_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **at)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, at);
}
static int p_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}
static void p_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int p_shm_unmap(sqlite3_file *f, int remove_it)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), remove_it);
}

/* ---- the file system ---- */

static bool is_watched(const char *path, int flags)
{
	size_t len = power.folder ? strlen(power.folder) : 0;
	return path && len &&
	       (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) &&
	       strncmp(path, power.folder, len) == 0 && path[len] == '/';
}

static int p_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	(void)vfs;
	struct powered_file *f = (struct powered_file *)file;
	*f = (struct powered_file){.real = sqlite3_malloc(power.real->szOsFile)};
	pthread_mutex_lock(&power.lock);
	bool watched = is_watched(name, flags);
	bool was_there = watched && access(name, F_OK) == 0;
	int r = power.real->xOpen(power.real, name, f->real, flags, out);
	if (r == SQLITE_OK) {
		f->base.pMethods = &power.methods;
		f->record = watched ? find_or_add(name, was_there) : NULL;
	} else {
		sqlite3_free(f->real);
	}
	return leave(r);
}

/* SQLite syncs the folder where a deletion matters: then it is as final as a sync. */
static int p_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	(void)vfs;
	struct record *record = find(name);
	if (!record)
		return power.real->xDelete(power.real, name, sync_folder);
	enter("delete", name);
	int r = power.real->xDelete(power.real, name, sync_folder);
	if (r == SQLITE_OK) {
		record->exists = false;
		forget_changes(record);
		record->durable = record->durable && !sync_folder; /* else its name may come back */
	}
	return leave(r);
}

void powerloss_begin(const char *folder)
{
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&power.lock, &kind);
	pthread_mutexattr_destroy(&kind);
	power.folder = mem_copy(folder);
	power.real = sqlite3_vfs_find(NULL);
	power.vfs = *power.real;
	power.vfs.zName = "powerloss";
	power.vfs.szOsFile = (int)sizeof(struct powered_file);
	power.vfs.xOpen = p_open;
	power.vfs.xDelete = p_delete;
	power.vfs.pNext = NULL;
	power.methods = (sqlite3_io_methods){
	        2,          p_close,       p_read,      p_write,   p_truncate, p_sync,   p_size,
	        p_lock,     p_unlock,      p_reserved,  p_control, p_sector,   p_traits, p_shm_map,
	        p_shm_lock, p_shm_barrier, p_shm_unmap, NULL,      NULL,
	};
	sqlite3_vfs_register(&power.vfs, 1);
}

void powerloss_watch(powerloss_watcher watcher, void *ctx)
{
	pthread_mutex_lock(&power.lock);
	power.watcher = watcher;
	power.watcher_ctx = ctx;
	pthread_mutex_unlock(&power.lock);
}

uint64_t powerloss_steps(void)
{
	return power.steps;
}

void powerloss_end(void)
{
	sqlite3_vfs_unregister(&power.vfs);
	sqlite3_vfs_register(power.real, 1);
	for (uint32_t i = 0; i < power.record_count; i++) {
		forget_changes(power.records[i]);
		free(power.records[i]->changes);
		free(power.records[i]->synced.bytes);
		free(power.records[i]->path);
		free(power.records[i]);
	}
	free(power.records);
	free(power.folder);
	pthread_mutex_destroy(&power.lock);
	memset(&power, 0, sizeof power);
}

/* ---- the cut ---- */

/* splitmix64 (Steele, Lea, Flood 2014): the same seed, the same cut. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* How much of a change is there afterwards: a disk writes whole sectors, a torn write ends at the
 * border of one. */
static size_t what_survives(const struct change *change, bool last, uint64_t *dice,
                            enum survival survival)
{
	size_t torn = change->len
	                      ? (size_t)(next_random(dice) % (change->len / SECTOR + 1)) * SECTOR
	                      : 0;
	switch (survival) {
	case SURVIVES_NOTHING:
	case SURVIVAL_COUNT:
		return 0;
	case SURVIVES_WHOLE:
		return change->len;
	case SURVIVES_TORN:
		return last ? torn : change->len;
	case SURVIVES_SOME:
		switch (next_random(dice) % 3) {
		case 0:
			return 0;
		case 1:
			return torn < change->len ? torn : change->len;
		}
		return change->len;
	}
	return 0;
}

static void add_survivors(const struct record *record, struct content *content, uint64_t *dice,
                          enum survival survival)
{
	for (uint32_t i = 0; i < record->change_count; i++) {
		const struct change *change = &record->changes[i];
		size_t len = what_survives(change, i + 1 == record->change_count, dice, survival);
		if (change->at >= 0 || len) /* a truncation is there whole or not at all */
			apply_change(content, change, len);
	}
}

static int write_whole(const char *path, const struct content *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	size_t done = 0;
	while (done < content->len) {
		ssize_t n = write(fd, content->bytes + done, content->len - done);
		if (n < 0)
			break;
		done += (size_t)n;
	}
	int r = done < content->len ? -errno : 0;
	close(fd);
	return r;
}

static int cut_file(const char *path, const char *to, uint64_t *dice, enum survival survival)
{
	const struct record *record = find(path);
	bool named = record &&
	             (record->durable ||
	              (record->exists && survival != SURVIVES_NOTHING && next_random(dice) % 4));
	if (!named)
		return unlink(to) < 0 && errno != ENOENT ? -errno : 0;
	struct content content = {0};
	reach(&content, record->synced.len);
	if (record->synced.len)
		memcpy(content.bytes, record->synced.bytes, record->synced.len);
	add_survivors(record, &content, dice, survival);
	int r = write_whole(to, &content);
	free(content.bytes);
	return r;
}

int powerloss_cut(const char *path, const char *to, uint64_t seed, enum survival survival)
{
	static const char *const endings[] = {"", "-journal", "-wal"};
	uint64_t dice = seed;
	int r = 0;
	pthread_mutex_lock(&power.lock);
	for (size_t i = 0; r == 0 && i < sizeof endings / sizeof *endings; i++) {
		struct text from = {0}, there = {0};
		text_addf(&from, "%s%s", path, endings[i]);
		text_addf(&there, "%s%s", to, endings[i]);
		r = cut_file(text_get(&from), text_get(&there), &dice, survival);
		text_finish(&from);
		text_finish(&there);
	}
	pthread_mutex_unlock(&power.lock);
	return r;
}
