/* JSON in and out. Reading is cJSON behind bounds (size by the caller, depth, UTF-8, nothing after
 * the value); writing appends to a text, members in the order given, so that the same state
 * always gives the same bytes. */
#ifndef TOCSIN_BASE_JSON_H
#define TOCSIN_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"

#define JSON_DEPTH_MAX 32

/* Parses foreign bytes. On success *out is to be freed with cJSON_Delete. -EINVAL and why
 * otherwise: not UTF-8, not JSON, too deep. */
int json_parse(const char *bytes, size_t len, cJSON **out, struct problem *why) MUST_USE;
/* Likewise, but the tree lies in the arena and goes with it: never to cJSON_Delete. */
int json_parse_into(struct arena *, const char *bytes, size_t len, cJSON **out,
                    struct problem *why) MUST_USE;

/* Members of a parsed object (exact, case-sensitive names); NULL or false where absent or of
 * another type. Strings live as long as the tree. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_string(const cJSON *object, const char *name);
bool json_int(const cJSON *object, const char *name, int64_t *out); /* a whole number below 2^53 */
bool json_bool(const cJSON *object, const char *name, bool *out);

/* Writer. A name of NULL writes an array item. Commas take care of themselves. */
void json_open(struct text *, const char *name, char bracket); /* '{' or '[' */
void json_close(struct text *, char bracket);                  /* '}' or ']' */
void json_reopen(struct text *); /* the object that ends the text takes further members */
void json_put_string(struct text *, const char *name, const char *value); /* NULL writes null */
void json_put_int(struct text *, const char *name, int64_t);
void json_put_number(struct text *, const char *name, double); /* shortest that reads back */
void json_put_bool(struct text *, const char *name, bool);
void json_put_null(struct text *, const char *name);
void json_put_time(struct text *, const char *name, wall_ms); /* "2026-11-22T00:00:00.123Z" */
void json_put_raw(struct text *, const char *name, const char *json); /* already JSON */
/* What is stored as an object, on one line, as we write it: anything else, which somebody has
 * edited, becomes a string, so that what is written stays JSON and one line. */
void json_put_stored(struct text *, const char *name, const char *json);
void json_put_value(struct text *, const char *name, const cJSON *); /* a parsed value again */

#endif
