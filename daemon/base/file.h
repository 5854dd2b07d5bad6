/* Whole small files in and out, bounded. */
#ifndef TOCSIN_BASE_FILE_H
#define TOCSIN_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "base/text.h"

/* Reads a regular file of at most max bytes. 0 and *bytes (heap, a NUL follows) with its length, or
 * a negative errno; -EFBIG when it is longer, -EINVAL when it is no regular file (a pipe or a
 * terminal would make the reader wait). everyone (may be NULL) tells whether any user of the
 * machine may read it. */
int file_read(const char *path, size_t max, char **bytes, size_t *len, bool *everyone) MUST_USE;

/* Why it could not, for people; max as it was given. */
#define FILE_ERROR_MAX 96
const char *file_error(int r, size_t max, char room[FILE_ERROR_MAX]);

/* Writes a file that must not be there yet (-EEXIST), readable by its owner only, and waits for the
 * disk. What could not be written whole is removed again. */
int file_create_private(const char *path, const void *bytes, size_t len) MUST_USE;

/* Makes the folders above a file that are not there, for their owner only. */
int file_make_folders(const char *path) MUST_USE;

/* name as seen from the folder of the file `beside`: "conf/a.yaml" + "b" is "conf/b"; an absolute
 * name stays. */
void file_beside(const char *beside, const char *name, struct text *out);

#endif
