/* A disk that fails on request: a SQLite VFS over the real one whose n-th read, write, sync or
 * truncate from now on fails, or all of them. */
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

enum fault { FAULT_WRITE, FAULT_SYNC, FAULT_FULL, FAULT_READ };

static struct {
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
	atomic_int left; /* operations until it fails; 0: it does not */
	enum fault fault;
	atomic_int log_writes; /* to the WAL */
	bool spoils;           /* a write may spoil what lies beside it */
	atomic_int failures;   /* since it was told to */
} disk;

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real;
	bool is_log;
};
#define REAL(file) (((struct faulty_file *)(file))->real)

/* what: FAULT_WRITE also where the disk is full. */
static int fails(enum fault what)
{
	static const int codes[] = {[FAULT_WRITE] = SQLITE_IOERR_WRITE,
	                            [FAULT_SYNC] = SQLITE_IOERR_FSYNC,
	                            [FAULT_FULL] = SQLITE_FULL,
	                            [FAULT_READ] = SQLITE_IOERR_READ};
	bool meant = disk.fault == what || (disk.fault == FAULT_FULL && what == FAULT_WRITE);
	if (disk.left == 0 || !meant || --disk.left > 0)
		return SQLITE_OK;
	disk.left = 1; /* and stays so */
	disk.failures++;
	return codes[disk.fault];
}

static int f_close(sqlite3_file *f)
{
	int r = REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
	sqlite3_free(REAL(f));
	return r;
}
static int f_read(sqlite3_file *f, void *at, int n, sqlite3_int64 off)
{
	int r = fails(FAULT_READ);
	return r ? r : REAL(f)->pMethods->xRead(REAL(f), at, n, off);
}
static int f_write(sqlite3_file *f, const void *at, int n, sqlite3_int64 off)
{
	int r = fails(FAULT_WRITE);
	disk.log_writes += ((struct faulty_file *)f)->is_log;
	return r ? r : REAL(f)->pMethods->xWrite(REAL(f), at, n, off);
}
static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int r = fails(FAULT_WRITE);
	return r ? r : REAL(f)->pMethods->xTruncate(REAL(f), size);
}
static int f_sync(sqlite3_file *f, int flags)
{
	int r = fails(FAULT_SYNC);
	return r ? r : REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}
static int f_lock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int f_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int f_reserved(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}
static int f_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int f_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int f_traits(sqlite3_file *f)
{
	int traits = REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
	return disk.spoils ? traits & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE : traits;
}
static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **at)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, at);
}
static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}
static void f_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int f_shm_unmap(sqlite3_file *f, int remove_it)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), remove_it);
}

static int f_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	(void)vfs;
	struct faulty_file *f = (struct faulty_file *)file;
	f->base.pMethods = NULL;
	f->is_log = flags & SQLITE_OPEN_WAL;
	f->real = sqlite3_malloc(disk.real->szOsFile);
	int r = disk.real->xOpen(disk.real, name, f->real, flags, out);
	if (r == SQLITE_OK)
		f->base.pMethods = &disk.methods;
	else
		sqlite3_free(f->real);
	return r;
}

/* From now on every connection that is opened goes through it. */
static inline void faulty_disk_insert(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.zName = "faulty";
	disk.vfs.szOsFile = (int)sizeof(struct faulty_file);
	disk.vfs.xOpen = f_open;
	disk.vfs.pNext = NULL;
	disk.methods = (sqlite3_io_methods){
	        2,          f_close,       f_read,      f_write,   f_truncate, f_sync,   f_size,
	        f_lock,     f_unlock,      f_reserved,  f_control, f_sector,   f_traits, f_shm_map,
	        f_shm_lock, f_shm_barrier, f_shm_unmap, NULL,      NULL,
	};
	sqlite3_vfs_register(&disk.vfs, 1);
}

static inline void disk_fails_at(enum fault fault, int n)
{
	disk.fault = fault;
	disk.failures = 0;
	disk.left = n;
}
static inline void disk_is_mended(void)
{
	disk.left = 0;
}

#endif
