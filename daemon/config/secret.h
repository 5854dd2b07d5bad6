/* Secrets: in the configuration itself, or in a file of their own. Neither they nor the name of
 * their file (a slip may have put the secret there) is ever quoted, and what the record keeps of a
 * file is without them: every secret is read by check_secret.
 *
 * Under systemd the files may be root's alone: where the manager has handed one over
 * ($CREDENTIALS_DIRECTORY, LoadCredential=), that is read instead of the file itself. */
#ifndef TOCSIN_CONFIG_SECRET_H
#define TOCSIN_CONFIG_SECRET_H

#include "config/checker.h"

#define SECRET_MAX ((size_t)64 * 1024)

enum secret_found {
	SECRET_NONE,    /* neither key is given */
	SECRET_THERE,   /* *out is set */
	SECRET_MISSING, /* a file is named that is not there yet; reported unless may_miss */
	SECRET_BAD,     /* reported, or passed over for a command */
};

/* plain, file: the nodes of "x" and "x_file"; name is "x". */
enum secret_found check_secret(const struct checker *, const char *name, const struct node *plain,
                               const struct node *file, bool may_miss, const char **out);

/* A path as the file gives it, against the configuration's folder; NULL where there is none. */
const char *check_path(const struct checker *, const struct node *, const char *what);
/* The same for a file that must be there and readable. */
const char *check_file(const struct checker *, const struct node *, const char *what);

#endif
