#include "store/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define WAL_PAGES 1024 /* of 4 KiB: about 4 MB before it is worth a checkpoint */

struct checkpointer {
	sqlite3 *writer, *db;
	pthread_t thread;
	pthread_mutex_t between; /* held by the writer during a transaction */
	pthread_mutex_t lock;    /* guards what follows */
	pthread_cond_t wake;
	int threshold; /* pages; grows while a reader keeps the log from beginning anew */
	bool wanted, stop;
	bool begun;   /* one was wanted in this life */
	bool failing; /* the thread's own */
};

/* Called by SQLite at the end of each commit of the writer. */
static int log_grew(void *context, sqlite3 *db, const char *name, int pages)
{
	struct checkpointer *c = context;
	(void)db;
	(void)name;
	pthread_mutex_lock(&c->lock);
	if (pages < WAL_PAGES)
		c->threshold = WAL_PAGES;
	if ((pages >= c->threshold || !c->begun) && !c->wanted) {
		c->wanted = c->begun = true;
		pthread_cond_broadcast(&c->wake);
	}
	pthread_mutex_unlock(&c->lock);
	return SQLITE_OK;
}

static int round_once(struct checkpointer *c, int *pages, int *moved)
{
	*pages = *moved = 0;
	return sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, pages, moved);
}

static void checkpoint(struct checkpointer *c)
{
	int pages, moved;
	int r = round_once(c, &pages, &moved);
	if (r == SQLITE_OK && moved < pages)
		r = round_once(c, &pages, &moved);
	pthread_mutex_lock(&c->between);
	if (r == SQLITE_OK)
		r = round_once(c, &pages, &moved);
	pthread_mutex_unlock(&c->between);

	bool failed = r != SQLITE_OK && r != SQLITE_BUSY;
	if (failed && !c->failing)
		log_warn("store: the checkpoint failed (%s); the log file grows until it works",
		         sqlite3_errstr(r));
	c->failing = failed;
	pthread_mutex_lock(&c->lock);
	c->wanted = false;
	pthread_cond_broadcast(&c->wake);
	c->threshold = r == SQLITE_OK && moved == pages ? WAL_PAGES : pages + WAL_PAGES;
	pthread_mutex_unlock(&c->lock);
}

static void *run(void *context)
{
	struct checkpointer *c = context;
	pthread_mutex_lock(&c->lock);
	while (!c->stop) {
		if (!c->wanted) {
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		pthread_mutex_unlock(&c->lock);
		checkpoint(c);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* The service's signals belong to its main thread. */
static int start_thread(struct checkpointer *c)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int checkpoint_start(const char *path, sqlite3 *writer, struct checkpointer **out,
                     struct problem *why)
{
	struct checkpointer *c = NEW(struct checkpointer);
	c->writer = writer;
	c->threshold = WAL_PAGES;
	int r = -EIO;
	if (sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
	            SQLITE_OK ||
	    sqlite3_exec(c->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK) {
		problem_set(why, r, "%s: %s", path, sqlite3_errmsg(c->db));
		goto fail;
	}
	pthread_mutex_init(&c->between, NULL);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	r = start_thread(c);
	if (r < 0) {
		problem_set(why, r, "no thread for the checkpoints: %s", strerror(-r));
		goto fail;
	}
	sqlite3_wal_hook(writer, log_grew, c);
	*out = c;
	return 0;
fail:
	sqlite3_close(c->db);
	free(c);
	return r;
}

void checkpoint_stop(struct checkpointer *c)
{
	if (!c)
		return;
	sqlite3_wal_hook(c->writer, NULL, NULL);
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	sqlite3_close(c->db);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->between);
	free(c);
}

void checkpoint_settle(struct checkpointer *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->wanted)
		pthread_cond_wait(&c->wake, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_hold(struct checkpointer *c)
{
	pthread_mutex_lock(&c->between);
}

void checkpoint_release(struct checkpointer *c)
{
	pthread_mutex_unlock(&c->between);
}
