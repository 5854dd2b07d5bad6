/* A store made of a part of a record that left another house (part.h), so that all the reading
 * commands work on it: the entries as they were, the state as they tell it (rebuild.c), and a mark
 * that it is a part. A service never writes to such a store. */
#ifndef TOCSIN_STORE_IMPORT_H
#define TOCSIN_STORE_IMPORT_H

#include "store/part.h"
#include "store/store.h"

struct import_facts {
	uint64_t strays; /* entries of incidents that opened before the part */
};

/* Makes the store `path`, which must not be there (-EEXIST). Nothing is left of it on failure. part
 * says what came in; finish it in any case. What the entries only name (an incident's policy and
 * the path of its zone) is taken from the site's file as the record has it; it is not known where
 * the part does not have it, or read is NULL. */
int store_import(const char *path, FILE *, const uint8_t *key, site_text_read read, struct part *,
                 struct import_facts *, struct problem *why) MUST_USE;

/* The same in steps, into an empty store that is open for writing, in one transaction. */
struct import;
struct import *import_open(struct store *, site_text_read);
void import_close(struct import *); /* what was not ended is undone; NULL is fine */
int import_line(struct import *, const struct part_line *, struct problem *why) MUST_USE;
int import_end(struct import *, struct problem *why) MUST_USE;

#endif
