/* "<store>.head": beside the store, the seal of each site's last commit. Whoever cuts off the end
 * of the record, damages its log or puts an older copy of the store back, has to put this back too.
 *
 * A line a slot, padded to SLOT bytes, two slots a site that are written in turn: in place, without
 * a sync and after the commit has succeeded, so that it costs microseconds and is never ahead of
 * what is on disk. A write that a power failure tears spoils one slot of the two.
 *
 *     head SITE SEQ HASH TIME KEY SIGNATURE STATE          (seal.h; seq 0: nothing is written yet;
 *                                                           a space in SITE is written as a plus)
 *
 * Who makes a key writes the first line of all, of the site "/", before the key stands. So a key
 * without this file is never what we left, nor is a site without a line that has more in its record
 * than its first turn.
 *
 * Earlier versions wrote "NUMBER SEQ HASH TIME KEY SIGNATURE", the store's number of the site and
 * its last checkpoint; such lines are kept. */
#ifndef TOCSIN_STORE_HEAD_FILE_H
#define TOCSIN_STORE_HEAD_FILE_H

#include "store/seal.h"

#define HEAD_OF_ALL "/"

struct head_line {
	char *site;     /* NULL in a line of an earlier version: */
	int64_t number; /* then the store's number of it, */
	struct seal seal;
};
struct head_lines {
	struct head_line *items;
	uint32_t count, cap;
};

/* Lines that can be read; whether their seals hold is the caller's question. -ENOENT: there is no
 * such file. */
int head_file_read(const char *store_path, struct head_lines *out) MUST_USE;
void head_lines_finish(struct head_lines *);

/* The first line, where there is none of any site yet: whatever stands there was of a key that
 * never came to stand. */
int head_file_begin(const char *store_path, const struct signer *) MUST_USE;

struct head_file;
/* For the owner of the store. Takes over what is there; makes the file where it is missing. */
int head_file_open(const char *store_path, struct head_file **out) MUST_USE;
void head_file_close(struct head_file *); /* NULL is fine */
/* What was there when it was opened; none where the file was missing. */
const struct head_lines *head_file_found(const struct head_file *);
/* Has the site's head been put since it was opened? */
bool head_file_has_put(const struct head_file *, const char *site);
/* The seal of a site's head, as seal_write_line writes it: into the next of the site's two slots,
 * into both where the other one says more than there is. What fails is left to the next commit. */
void head_file_put(struct head_file *, const char *site, uint64_t seq, const char *seal);

#endif
