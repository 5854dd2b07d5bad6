/* A file beside the store ("<store>.reserve") that takes up room while there is room, and is given
 * up when the disk is full: the record then goes on for some thousand entries more, time for
 * somebody to make room. */
#ifndef TOCSIN_STORE_RESERVE_H
#define TOCSIN_STORE_RESERVE_H

#include <stdbool.h>

#include "base/problem.h"

#define RESERVE_BYTES ((long long)4 * 1024 * 1024)

/* Makes it, or finds it. -ENOSPC while the disk has not twice as much room. */
int reserve_keep(const char *store_path) MUST_USE;

/* Gives it up. False when there was none. */
bool reserve_give_up(const char *store_path);

#endif
