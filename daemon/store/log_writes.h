/* Beneath SQLite: what it writes to its log (WAL), the head and the bytes of each page apart,
 * leaves for the file as one write, before the sync that makes it count, and before anything is
 * read back. An alarm's commit has some twenty pages. A write that fails shows at that sync.
 *
 * It is for a connection that syncs each commit (synchronous FULL, EXTRA): others read the log once
 * the commit is told in shared memory, behind the sync. Where a disk might spoil what lies beside a
 * write, SQLite fills up a sector behind the sync: there each write passes as it comes.
 *
 * Whatever file system stands as SQLite's default is kept beneath. */
#ifndef TOCSIN_STORE_LOG_WRITES_H
#define TOCSIN_STORE_LOG_WRITES_H

/* The name to open a connection with, which writes; NULL where there is no such layer. */
const char *log_writes_vfs(void);

#endif
