#include "store/log_writes.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GATHERED_MAX ((size_t)120 * 1024) /* SQLite itself writes less than 128 KiB at once */

static struct {
	sqlite3_vfs vfs, *real;
	pthread_mutex_t lock;
} layer = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct log_file {
	sqlite3_file base;
	uint8_t *bytes; /* not written yet; they belong at `start` */
	size_t len, cap;
	bool gathers;
	sqlite3_int64 start;
	uint64_t real[]; /* the file itself, of the layer beneath */
};

static sqlite3_file *real_of(struct log_file *log)
{
	return (sqlite3_file *)log->real;
}

static int flush(struct log_file *log)
{
	size_t len = log->len;
	log->len = 0;
	if (!len)
		return SQLITE_OK;
	return real_of(log)->pMethods->xWrite(real_of(log), log->bytes, (int)len, log->start);
}

static int log_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	struct log_file *log = (struct log_file *)file;
	size_t len = (size_t)n;
	int r = SQLITE_OK;
	if (!log->gathers)
		return real_of(log)->pMethods->xWrite(real_of(log), bytes, n, at);
	if (at != log->start + (sqlite3_int64)log->len || len > GATHERED_MAX - log->len)
		r = flush(log);
	if (r == SQLITE_OK && len > GATHERED_MAX)
		return real_of(log)->pMethods->xWrite(real_of(log), bytes, n, at);
	if (r != SQLITE_OK)
		return r;
	if (!log->len)
		log->start = at;
	if (log->len + len > log->cap) {
		log->cap = log->cap ? log->cap * 2 : GATHERED_MAX / 4;
		while (log->cap < log->len + len)
			log->cap *= 2;
		log->bytes = mem_grow(log->bytes, log->cap, 1);
	}
	memcpy(log->bytes + log->len, bytes, len);
	log->len += len;
	return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at)
{
	struct log_file *log = (struct log_file *)file;
	int r = flush(log);
	return r ? r : real_of(log)->pMethods->xRead(real_of(log), bytes, n, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct log_file *log = (struct log_file *)file;
	int r = flush(log);
	return r ? r : real_of(log)->pMethods->xTruncate(real_of(log), size);
}

static int log_sync(sqlite3_file *file, int flags)
{
	struct log_file *log = (struct log_file *)file;
	int r = flush(log);
	return r ? r : real_of(log)->pMethods->xSync(real_of(log), flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct log_file *log = (struct log_file *)file;
	int r = flush(log);
	return r ? r : real_of(log)->pMethods->xFileSize(real_of(log), size);
}

static int log_close(sqlite3_file *file)
{
	struct log_file *log = (struct log_file *)file;
	int failed = flush(log), r = real_of(log)->pMethods->xClose(real_of(log));
	free(log->bytes);
	log->bytes = NULL;
	return failed ? failed : r;
}

/* ---- what only passes ---- */

static int log_lock(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xLock(real, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xUnlock(real, level);
}

static int log_is_reserved(sqlite3_file *file, int *out)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xCheckReservedLock(real, out);
}

static int log_control(sqlite3_file *file, int op, void *arg)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xFileControl(real, op, arg);
}

static int log_sector(sqlite3_file *file)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xSectorSize(real);
}

static int log_traits(sqlite3_file *file)
{
	sqlite3_file *real = real_of((struct log_file *)file);
	return real->pMethods->xDeviceCharacteristics(real);
}

static const sqlite3_io_methods methods = {
        .iVersion = 1, /* a log is neither shared nor mapped */
        .xClose = log_close,
        .xRead = log_read,
        .xWrite = log_write,
        .xTruncate = log_truncate,
        .xSync = log_sync,
        .xFileSize = log_size,
        .xLock = log_lock,
        .xUnlock = log_unlock,
        .xCheckReservedLock = log_is_reserved,
        .xFileControl = log_control,
        .xSectorSize = log_sector,
        .xDeviceCharacteristics = log_traits,
};

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *out)
{
	sqlite3_vfs *real = layer.real;
	(void)vfs;
	if (!(flags & SQLITE_OPEN_WAL))
		return real->xOpen(real, name, file, flags, out);
	struct log_file *log = (struct log_file *)file;
	*log = (struct log_file){0};
	memset(log->real, 0, (size_t)real->szOsFile);
	int r = real->xOpen(real, name, real_of(log), flags, out);
	if (!real_of(log)->pMethods)
		return r;
	log->base.pMethods = &methods;
	log->gathers = r == SQLITE_OK && log_traits(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE;
	return r;
}

const char *log_writes_vfs(void)
{
	pthread_mutex_lock(&layer.lock);
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	if (real && real != layer.real) {
		if (layer.real)
			sqlite3_vfs_unregister(&layer.vfs);
		layer.real = real;
		layer.vfs = *real;
		layer.vfs.pNext = NULL;
		layer.vfs.zName = "tocsin-log";
		layer.vfs.szOsFile = (int)sizeof(struct log_file) + real->szOsFile;
		layer.vfs.xOpen = open_file;
		if (sqlite3_vfs_register(&layer.vfs, 0) != SQLITE_OK)
			layer.real = NULL;
	}
	const char *name = layer.real ? layer.vfs.zName : NULL;
	pthread_mutex_unlock(&layer.lock);
	return name;
}
