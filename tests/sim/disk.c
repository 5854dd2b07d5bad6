/* SQLite's disk, in memory: fast, and as treacherous as a real one. What was written and not synced
 * is remembered in an undo list, so that a power cut can take it back. Locks and shared memory are
 * those of one process with several connections, on two threads. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"
#include "store/checkpoint.h"

#define FILES_MAX 16
#define SHM_SLOTS 8
#define SHM_REGIONS 64

struct undo { /* of one write or truncate that was not synced */
	sqlite3_int64 offset, size_before;
	size_t len; /* bytes of old content */
	uint8_t *old;
};

struct disk_file {
	char name[128];
	uint8_t *at;
	sqlite3_int64 size, cap;
	struct undo *undo;
	uint32_t undo_count, undo_cap;
	int refs, shared; /* connections; SHARED locks */
	void *reserved, *exclusive;
	void *shm[SHM_REGIONS];
	int shm_size, shm_refs;
	uint32_t shm_shared[SHM_SLOTS];
	void *shm_exclusive[SHM_SLOTS];
};

struct handle {
	sqlite3_file base;
	struct disk_file *file;
	int level;
	bool mapped;
	uint32_t shared_slots, exclusive_slots;
};

static struct disk_file files[FILES_MAX];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_t owner; /* the thread that decides */
static bool frozen;

#define FILE_OF(f) (((struct handle *)(f))->file)

/* ---- what stands in the way ---- */

static void die_here(const char *where)
{
	trace("the process dies %s", where);
	world.dead = true;
	frozen = true;
}

static bool is_log(const struct disk_file *file)
{
	size_t len = strlen(file->name);
	return len > 4 && strcmp(file->name + len - 4, "-wal") == 0;
}

/* A death inside a commit counts the writer's own operations on the log: how far the other thread
 * has come does not change what happens. */
static int obstacle(const struct disk_file *file, bool sync)
{
	bool mine = pthread_equal(pthread_self(), owner) && is_log(file);
	if (!frozen && mine && world.death == DEATH_IN_COMMIT && !sync && --world.death_in == 0)
		die_here("inside a commit, before the sync");
	if (!frozen && mine && world.death == DEATH_AT_SYNC && sync)
		die_here("at the sync of a commit");
	if (frozen)
		return sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
	switch (world.disk) {
	case DISK_WELL:
	case DISK_LOCKED:
		return SQLITE_OK;
	case DISK_FULL:
		return sync ? SQLITE_OK : SQLITE_FULL;
	case DISK_BREAKS_WRITES:
		return sync ? SQLITE_OK : SQLITE_IOERR_WRITE;
	case DISK_BREAKS_SYNCS:
		return sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
	}
	return SQLITE_OK;
}

/* ---- bytes ---- */

static void reach(struct disk_file *file, sqlite3_int64 size)
{
	if (size > file->cap) {
		file->cap = size * 2 > 65536 ? size * 2 : 65536;
		file->at = mem_grow(file->at, (size_t)file->cap, 1);
	}
	if (size > file->size) {
		memset(file->at + file->size, 0, (size_t)(size - file->size));
		file->size = size;
	}
}

static void remember(struct disk_file *file, sqlite3_int64 offset, sqlite3_int64 end)
{
	end = end < file->size ? end : file->size;
	size_t len = end > offset ? (size_t)(end - offset) : 0;
	MEM_RESERVE(file->undo, file->undo_count, file->undo_cap);
	struct undo *undo = &file->undo[file->undo_count++];
	*undo = (struct undo){offset, file->size, len, len ? mem_new(len) : NULL};
	if (len)
		memcpy(undo->old, file->at + offset, len);
}

static void forget_undo(struct disk_file *file)
{
	while (file->undo_count)
		free(file->undo[--file->undo_count].old);
}

static void take_back(struct disk_file *file)
{
	struct undo *undo = &file->undo[--file->undo_count];
	reach(file, undo->offset + (sqlite3_int64)undo->len);
	if (undo->len)
		memcpy(file->at + undo->offset, undo->old, undo->len);
	file->size = undo->size_before;
	free(undo->old);
}

static int d_read(sqlite3_file *f, void *to, int n, sqlite3_int64 offset)
{
	struct disk_file *file = FILE_OF(f);
	pthread_mutex_lock(&guard);
	sqlite3_int64 have = file->size - offset;
	have = have < 0 ? 0 : have < n ? have : n;
	if (have)
		memcpy(to, file->at + offset, (size_t)have);
	pthread_mutex_unlock(&guard);
	if (have == n)
		return SQLITE_OK;
	memset((char *)to + have, 0, (size_t)(n - have));
	return SQLITE_IOERR_SHORT_READ;
}

static int d_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 offset)
{
	struct disk_file *file = FILE_OF(f);
	pthread_mutex_lock(&guard);
	int r = obstacle(file, false);
	if (r == SQLITE_OK) {
		remember(file, offset, offset + n);
		reach(file, offset + n);
		memcpy(file->at + offset, from, (size_t)n);
	}
	pthread_mutex_unlock(&guard);
	return r;
}

static int d_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct disk_file *file = FILE_OF(f);
	pthread_mutex_lock(&guard);
	int r = obstacle(file, false);
	if (r == SQLITE_OK && size < file->size) {
		remember(file, size, file->size);
		file->size = size;
	}
	pthread_mutex_unlock(&guard);
	return r;
}

static int d_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	struct disk_file *file = FILE_OF(f);
	pthread_mutex_lock(&guard);
	int r = obstacle(file, true);
	if (r == SQLITE_OK)
		forget_undo(file);
	pthread_mutex_unlock(&guard);
	return r;
}

static int d_size(sqlite3_file *f, sqlite3_int64 *size)
{
	pthread_mutex_lock(&guard);
	*size = FILE_OF(f)->size;
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

/* ---- locks ---- */

static int d_lock(sqlite3_file *f, int level)
{
	struct handle *h = (struct handle *)f;
	struct disk_file *file = h->file;
	int r = SQLITE_OK;
	pthread_mutex_lock(&guard);
	if (h->level < SQLITE_LOCK_SHARED) {
		if (file->exclusive && file->exclusive != h)
			r = SQLITE_BUSY;
		else
			file->shared++, h->level = SQLITE_LOCK_SHARED;
	}
	if (r == SQLITE_OK && level > SQLITE_LOCK_SHARED && h->level < level) {
		if ((file->reserved && file->reserved != h) ||
		    (level == SQLITE_LOCK_EXCLUSIVE && file->shared > 1)) {
			r = SQLITE_BUSY;
		} else {
			file->reserved = h;
			if (level == SQLITE_LOCK_EXCLUSIVE)
				file->exclusive = h;
			h->level = level;
		}
	}
	pthread_mutex_unlock(&guard);
	return r;
}

static int d_unlock(sqlite3_file *f, int level)
{
	struct handle *h = (struct handle *)f;
	struct disk_file *file = h->file;
	pthread_mutex_lock(&guard);
	if (h->level > level) {
		if (file->reserved == h)
			file->reserved = NULL;
		if (file->exclusive == h)
			file->exclusive = NULL;
		if (level == SQLITE_LOCK_NONE && h->level >= SQLITE_LOCK_SHARED)
			file->shared--;
		h->level = level;
	}
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

static int d_reserved(sqlite3_file *f, int *out)
{
	*out = FILE_OF(f)->reserved != NULL;
	return SQLITE_OK;
}

/* ---- the log's shared memory ---- */

static int d_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **at)
{
	struct handle *h = (struct handle *)f;
	struct disk_file *file = h->file;
	pthread_mutex_lock(&guard);
	if (!h->mapped)
		h->mapped = true, file->shm_refs++;
	if (region < SHM_REGIONS && !file->shm[region] && extend) {
		file->shm[region] = mem_new((size_t)size);
		file->shm_size = size;
	}
	*at = region < SHM_REGIONS ? file->shm[region] : NULL;
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

static void shm_release(struct handle *h, int slot)
{
	struct disk_file *file = h->file;
	uint32_t mask = (uint32_t)1 << slot;
	if (h->shared_slots & mask)
		file->shm_shared[slot]--;
	if (file->shm_exclusive[slot] == h)
		file->shm_exclusive[slot] = NULL;
	h->shared_slots &= ~mask;
}

static bool shm_take(struct handle *h, int slot, bool exclusive)
{
	struct disk_file *file = h->file;
	uint32_t mask = (uint32_t)1 << slot;
	uint32_t others = file->shm_shared[slot] - !!(h->shared_slots & mask);
	if ((file->shm_exclusive[slot] && file->shm_exclusive[slot] != h) || (exclusive && others))
		return false;
	if (exclusive)
		file->shm_exclusive[slot] = h;
	else if (!(h->shared_slots & mask))
		file->shm_shared[slot]++, h->shared_slots |= mask;
	return true;
}

static int d_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	struct handle *h = (struct handle *)f;
	bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
	int r = SQLITE_OK, i;
	pthread_mutex_lock(&guard);
	bool foreign = world.disk == DISK_LOCKED && !frozen && flags & SQLITE_SHM_LOCK &&
	               exclusive && offset == 0;
	if (flags & SQLITE_SHM_UNLOCK) {
		for (i = offset; i < offset + n; i++)
			shm_release(h, i);
	} else if (foreign) {
		r = SQLITE_BUSY; /* another program holds the write lock */
	} else {
		for (i = offset; i < offset + n && r == SQLITE_OK; i++)
			if (!shm_take(h, i, exclusive))
				r = SQLITE_BUSY;
		if (r != SQLITE_OK)
			for (i -= 2; i >= offset; i--)
				shm_release(h, i);
	}
	pthread_mutex_unlock(&guard);
	return r;
}

static void d_shm_barrier(sqlite3_file *f)
{
	(void)f;
	pthread_mutex_lock(&guard);
	pthread_mutex_unlock(&guard);
}

static void shm_drop(struct disk_file *file)
{
	for (int i = 0; i < SHM_REGIONS; i++) {
		free(file->shm[i]);
		file->shm[i] = NULL;
	}
	memset(file->shm_shared, 0, sizeof file->shm_shared);
	memset(file->shm_exclusive, 0, sizeof file->shm_exclusive);
}

static int d_shm_unmap(sqlite3_file *f, int remove_it)
{
	struct handle *h = (struct handle *)f;
	(void)remove_it;
	pthread_mutex_lock(&guard);
	if (h->mapped) {
		for (int i = 0; i < SHM_SLOTS; i++)
			shm_release(h, i);
		h->mapped = false;
		if (--h->file->shm_refs == 0)
			shm_drop(h->file);
	}
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

/* ---- the rest of a file ---- */

static int d_close(sqlite3_file *f)
{
	d_shm_unmap(f, 0);
	d_unlock(f, SQLITE_LOCK_NONE);
	pthread_mutex_lock(&guard);
	FILE_OF(f)->refs--;
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

static int d_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int d_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

static int d_traits(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static const sqlite3_io_methods methods = {
        2,          d_close,       d_read,      d_write,   d_truncate, d_sync,   d_size,
        d_lock,     d_unlock,      d_reserved,  d_control, d_sector,   d_traits, d_shm_map,
        d_shm_lock, d_shm_barrier, d_shm_unmap, NULL,      NULL,
};

/* ---- names ---- */

static struct disk_file *find(const char *name, bool create)
{
	struct disk_file *room = NULL;
	for (int i = 0; i < FILES_MAX; i++) {
		if (files[i].name[0] && strcmp(files[i].name, name) == 0)
			return &files[i];
		if (!files[i].name[0] && !room)
			room = &files[i];
	}
	if (!create || !room)
		return NULL;
	snprintf(room->name, sizeof room->name, "%s", name);
	return room;
}

static int d_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *out)
{
	static unsigned temporary;
	struct handle *h = (struct handle *)f;
	char own[32];
	(void)vfs;
	memset(h, 0, sizeof *h);
	snprintf(own, sizeof own, "temporary-%u", temporary);
	temporary += !name;
	pthread_mutex_lock(&guard);
	h->file = find(name ? name : own, true);
	if (h->file) {
		h->file->refs++;
		h->base.pMethods = &methods;
	}
	pthread_mutex_unlock(&guard);
	if (out)
		*out = flags;
	return h->file ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int d_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)sync;
	pthread_mutex_lock(&guard);
	struct disk_file *file = find(name, false);
	bool may = !frozen;
	if (file && may) {
		forget_undo(file);
		free(file->undo);
		free(file->at);
		shm_drop(file);
		*file = (struct disk_file){0};
	}
	pthread_mutex_unlock(&guard);
	return !may ? SQLITE_IOERR_DELETE : file ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int d_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	(void)flags;
	pthread_mutex_lock(&guard);
	const struct disk_file *file = find(name, false);
	*out = file != NULL;
	pthread_mutex_unlock(&guard);
	return SQLITE_OK;
}

static int d_full_name(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
	(void)vfs;
	const char *slash = strrchr(name, '/');
	return snprintf(out, (size_t)cap, "%s", slash ? slash + 1 : name) < cap ? SQLITE_OK
	                                                                        : SQLITE_CANTOPEN;
}

static int d_random(sqlite3_vfs *vfs, int n, char *out)
{
	static struct rng salt;
	(void)vfs;
	pthread_mutex_lock(&guard);
	for (int i = 0; i < n; i++)
		out[i] = (char)rng_next(&salt);
	pthread_mutex_unlock(&guard);
	return n;
}

/* A commit begins when the checkpoint before it has ended: one that came further or less far would
 * begin the log anew a commit earlier or later, and another commit would die half way. A death may
 * still come in the middle of one. */
void __real_checkpoint_hold(struct checkpointer *);
void __wrap_checkpoint_hold(struct checkpointer *);
void __wrap_checkpoint_hold(struct checkpointer *c)
{
	checkpoint_settle(c);
	__real_checkpoint_hold(c);
}

/* The wait for a foreign lock takes no time here; that for our own other thread does. */
static int d_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	if (world.disk != DISK_LOCKED)
		usleep(us < 100 ? (useconds_t)us : 100);
	return us;
}

static int d_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = 210866760000000;
	return SQLITE_OK;
}

static int d_error(sqlite3_vfs *vfs, int cap, char *out)
{
	(void)vfs;
	(void)cap;
	(void)out;
	return 0;
}

void disk_insert(void)
{
	static sqlite3_vfs vfs = {
	        .iVersion = 2,
	        .szOsFile = (int)sizeof(struct handle),
	        .mxPathname = 127,
	        .zName = "simulated",
	        .xOpen = d_open,
	        .xDelete = d_delete,
	        .xAccess = d_access,
	        .xFullPathname = d_full_name,
	        .xRandomness = d_random,
	        .xSleep = d_sleep,
	        .xGetLastError = d_error,
	        .xCurrentTimeInt64 = d_time,
	};
	owner = pthread_self();
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* a lock at each allocation */
	sqlite3_vfs_register(&vfs, 1);
}

/* ---- moods ---- */

void disk_set(enum disk_mood mood)
{
	pthread_mutex_lock(&guard);
	world.disk = mood;
	pthread_mutex_unlock(&guard);
}

void disk_freeze(void)
{
	pthread_mutex_lock(&guard);
	frozen = true;
	pthread_mutex_unlock(&guard);
}

void disk_thaw(void)
{
	frozen = false;
}

/* The newest write is lost half or whole, older ones mostly too: a disk may have put any of them
 * down. (Of its own chance: how much of a checkpoint was on its way is no one's to know.) */
void disk_lose_power(bool torn)
{
	struct rng luck = {world.seed + world.boots};
	for (int i = 0; i < FILES_MAX; i++) {
		struct disk_file *file = &files[i];
		uint32_t keep = torn && file->undo_count
		                        ? (uint32_t)(rng_next(&luck) % file->undo_count)
		                        : 0;
		while (file->undo_count > keep)
			take_back(file);
		forget_undo(file);
	}
}
