/* Text that grows: always NUL-terminated UTF-8, never overrun. A zeroed one is valid and empty;
 * text_finish frees it. Memory comes from base/mem.h and so never fails. */
#ifndef TOCSIN_BASE_TEXT_H
#define TOCSIN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

struct text {
	char *at; /* NULL while nothing was ever added: use text_get */
	size_t len, cap;
};

const char *text_get(const struct text *); /* never NULL; valid until the next change */
void text_add(struct text *, const char *);
void text_add_len(struct text *, const char *, size_t len);
/* So many bytes more, to be filled by the caller before anything else is done with the text. */
char *text_add_room(struct text *, size_t len);
void text_add_char(struct text *, char);
void text_add_int(struct text *, int64_t);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *, const char *format, ...);
void text_reset(struct text *);  /* empties, keeps the room */
void text_finish(struct text *); /* frees; valid and empty again */
char *text_take(struct text *);  /* the text, to be freed by the caller; empties */

bool text_same(const char *, const char *); /* NULL is the same as NULL only */

/* True if the bytes are valid UTF-8 without NUL. */
bool text_is_utf8(const void *bytes, size_t len);

/* Takes half characters out of a string that was put together of parts cut by bytes ("%.64s"), at
 * its end and within. */
void text_trim_utf8(char *);

/* The longest len' <= len that ends no character half way. */
size_t text_cut_utf8(const char *, size_t len);

/* True for what commands a terminal or turns the line around it: C0, DEL, C1, bidirectional
 * controls, line and paragraph separators. */
bool text_is_treacherous(int32_t point);
/* Foreign bytes made readable: valid UTF-8 stays, what is treacherous or invalid becomes \xNN. */
void text_add_escaped(struct text *, const void *bytes, size_t len);

/* As a part of a URL: all but letters, digits and "-._~" as %XX. */
void text_add_encoded(struct text *, const char *);

/* How many terminal columns the text takes (CJK characters take two). */
size_t text_columns(const char *);

/* Whole strings only. Durations: 500ms 10s 5m 1h 7d 1w (a whole number and one unit). */
int text_parse_span(const char *, int64_t *span_ms) MUST_USE;
int text_parse_int(const char *, int64_t *out) MUST_USE;
/* "7d", "90s", "1500ms": the largest unit that divides evenly. */
void text_add_span(struct text *, int64_t span_ms);

/* True when an id fits: 1 to 64 bytes of UTF-8 without control characters, blanks at the
 * ends, '/', '+' or '#' (they would break a topic). */
bool text_is_id(const char *);
#define ID_MAX 64

/* The digits of a number, as %lld writes them, without a NUL: points into room. */
#define INT_DIGITS_MAX 20
const char *int_digits(int64_t, char room[INT_DIGITS_MAX], size_t *len);

#endif
