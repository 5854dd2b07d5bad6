/* Whether each index of the store has what its table has, and each page is what SQLite made: what
 * an index hides, no reader sees. Looked at on a second core, beside the pass over the ledger, and
 * through a connection of its own. */
#ifndef TOCSIN_STORE_INDEX_CHECK_H
#define TOCSIN_STORE_INDEX_CHECK_H

#include "base/text.h"

struct index_check;
struct index_check *index_check_begin(const char *store_path);
/* Waits for it. words gets the first thing that is wrong, in SQLite's words; empty: all is well.
 * False: nobody could look, and words say why. NULL is fine. */
bool index_check_end(struct index_check *, struct text *words);

#endif
