/* The record, or a part of it, in a file of its own, checked alone. */
#ifndef TOCSIN_REVIEW_COMMAND_EXPORT_H
#define TOCSIN_REVIEW_COMMAND_EXPORT_H

#include "review/command/command.h"
#include "store/store.h"

/* Every entry follows the one before it, and the last checkpoint's signature holds. key: the one
 * to trust, or NULL for the one the file names. Complains; returns the exit code. */
int verify_export(const struct command_context *, const char *name, const uint8_t *key,
                  bool as_json);

/* What `tocsin backup` made: tells of each site as `tocsin verify` does, by the service's own key.
 * Complains; returns the exit code. */
int verify_copy(const struct command_context *, const char *path);

/* Visits the entries of such a file, once its proof has been checked; else complains, and visits
 * nothing. Returns the exit code. */
int export_read(const struct command_context *, const char *name, ledger_visit, void *ctx);

#endif
