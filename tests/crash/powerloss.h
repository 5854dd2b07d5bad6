/* Power that fails, for tests: a SQLite VFS over the real one that knows, of every file in one
 * folder, what has been synced and what is only hoped to be on disk.
 *
 *     powerloss_begin(folder);                  every connection from now on goes through it
 *     ... store_open, store_commit ...
 *     powerloss_cut(path, to, 0, SURVIVES_NOTHING)   what a machine would find after it: a store
 *     store_open(to, ...)                       that opens and holds all that was confirmed
 *     powerloss_end();
 *
 * A cut changes nothing in the running store, so that one run can be cut at each of its steps: a
 * watcher is called before every write, sync, truncation and deletion. What was written since a
 * file's last sync survives as `survival` says; the last write is torn. A file that was never
 * synced may be gone.
 *
 * Safe to use with the store's own threads; the watcher runs on the thread that writes and may
 * cut, but touch no connection. */
#ifndef TOCSIN_TESTS_POWERLOSS_H
#define TOCSIN_TESTS_POWERLOSS_H

#include <stdint.h>

enum survival {
	SURVIVES_NOTHING, /* what was not synced is gone */
	SURVIVES_TORN,    /* all of it is there, but the last write only in part */
	SURVIVES_SOME,    /* some of it, in no order: a disk writes as it likes */
	SURVIVES_WHOLE,   /* all of it, though nobody was told so */
	SURVIVAL_COUNT,
};

struct powerloss_step {   /* what is about to be done to a file */
	uint64_t number;  /* from 1, over all files since powerloss_begin */
	const char *verb; /* "write", "sync", "truncate", "delete" */
	const char *file; /* its path */
};
typedef void (*powerloss_watcher)(void *ctx, const struct powerloss_step *);

void powerloss_begin(const char *folder);
void powerloss_watch(powerloss_watcher, void *ctx); /* NULL: nobody */
uint64_t powerloss_steps(void);                     /* how many there were */
/* Forgets all files; the connections are closed by then. */
void powerloss_end(void);

/* Writes what would be found at path (and at path-wal) to another place, outside the folder. The
 * seed chooses what survives and where the last write is torn. Returns 0 or a negative errno. */
int powerloss_cut(const char *path, const char *to, uint64_t seed, enum survival);

#endif
