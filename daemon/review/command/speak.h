/* How the command talks to people: words in their language, times as they tell them, colour where
 * there is a terminal, tables that stay aligned with Chinese in them. What strangers wrote (names,
 * notes, messages) never reaches the terminal unescaped. */
#ifndef TOCSIN_REVIEW_COMMAND_SPEAK_H
#define TOCSIN_REVIEW_COMMAND_SPEAK_H

#include "decide/site.h"
#include "review/command/command.h"

enum tone { TONE_PLAIN, TONE_STRONG, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_WORST };

/* One of two literals, by the reader's language; both may be formats for the same arguments. */
__attribute__((format_arg(2), format_arg(3))) const char *
say(const struct command_context *, const char *english, const char *chinese);

/* Writes text between the codes of a tone; plain where there is no colour. */
void text_add_toned(struct text *, const struct command_context *, enum tone, const char *);
enum tone severity_tone(enum severity);
enum tone state_tone(enum incident_state);

/* Foreign text made safe for a terminal: one line, no control characters (C0, C1, DEL), no
 * direction overrides. */
void text_add_safe(struct text *, const char *foreign);

/* "just now", "3 min ago", "in 2 h"; "3 分钟前". Rounded down. */
void text_add_ago(struct text *, const char *language, wall_ms at, wall_ms now);
/* "12.3 s", "4 min 05 s", "2 h", "3 h 20 min"; "4 分 05 秒". */
void text_add_lasting(struct text *, const char *language, span_ms);
/* "+0:30", "+1:02:03", "+2d 03:04:05" since something began; a time before it counts as 0. */
void text_add_elapsed(struct text *, span_ms);
/* "2026-11-22 08:00:12" in the site's zone, UTC with a Z where the site is unknown (NULL). */
void text_add_local(struct text *, const struct site_def *, wall_ms at);

/* The definition of a site by id, or NULL. */
const struct site_def *site_by_id(const struct command_context *, const char *id);
/* "李老师 (li)", or the id alone where nobody of that id is known. */
void text_add_person(struct text *, const struct site_def *, const char *id);

/* A table grows row by row, a cell at a time, and is printed whole. */
struct table {
	uint32_t columns;
	struct table_cell {
		char *text;
		enum tone tone;
	} * cells;
	uint32_t count, cap;
};

void table_begin(struct table *, uint32_t columns, const char *const *headings);
void table_cell(struct table *, enum tone, const char *); /* made safe on its way in */
__attribute__((format(printf, 3, 4))) void table_cellf(struct table *, enum tone,
                                                       const char *format, ...);
/* "2026-11-22 08:00:12 (3 min ago)", or "-" for 0. */
void table_cell_time(struct table *, const struct command_context *, const struct site_def *,
                     wall_ms at);
uint32_t table_rows(const struct table *); /* without the headings */
void table_write(const struct table *, const struct command_context *, struct text *);
/* Prints it to ctx->out and frees it. */
void table_end(struct table *, const struct command_context *);
void table_finish(struct table *);

#endif
