/* A part of the record in a file of its own, checked alone. */
#ifndef TOCSIN_REVIEW_COMMAND_EXPORT_H
#define TOCSIN_REVIEW_COMMAND_EXPORT_H

#include "review/command/command.h"

/* Every entry follows the one before it, and the last checkpoint's signature holds. key: the one
 * to trust, or NULL for the one the file names. Complains; returns the exit code. */
int verify_export(const struct command_context *, const char *name, const uint8_t *key,
                  bool as_json);

#endif
