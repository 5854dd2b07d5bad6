/* Moves what was committed from the write-ahead log into the file, on a thread and a connection
 * of its own: a checkpoint inside the commit costs milliseconds just when it is busy.
 *
 * While commits go on, a checkpoint always ends a little behind them, and the log would never
 * begin anew: the last round is therefore made between two commits, which wait for it; the rounds
 * before have left it little to do.
 *
 * The first commit of a life asks for one too: so that whoever copies the file of a young store,
 * without the log beside it, finds in it what the start wrote. */
#ifndef TOCSIN_STORE_CHECKPOINT_H
#define TOCSIN_STORE_CHECKPOINT_H

#include <sqlite3.h>

#include "base/problem.h"

struct checkpointer;

/* writer is the connection that commits; it is only listened to. */
int checkpoint_start(const char *path, sqlite3 *writer, struct checkpointer **out,
                     struct problem *why) MUST_USE;
void checkpoint_stop(struct checkpointer *); /* joins the thread; NULL is fine */

/* Waits until none is under way: for a simulation, in which the same must happen again. */
void checkpoint_settle(struct checkpointer *);

/* Around each transaction of the writer. */
void checkpoint_hold(struct checkpointer *);
void checkpoint_release(struct checkpointer *);

#endif
