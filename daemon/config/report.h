/* What is wrong with the configuration, gathered in any order, written in the order of the files.
 */
#ifndef TOCSIN_CONFIG_REPORT_H
#define TOCSIN_CONFIG_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/text.h"

#define REPORT_MAX 1000 /* findings that are kept; the rest is counted */

struct place {
	uint32_t file; /* position, as report_file gave it */
	uint32_t line, column;
};

struct finding {
	struct place place;
	uint32_t order;
	bool warning;
	const char *text;
};

struct report { /* zeroed is valid and empty */
	struct arena arena;
	const char **files;
	struct finding *findings;
	uint32_t file_count, file_cap, count, cap, left_out;
	uint32_t problems;        /* without the warnings */
	struct place left_out_at; /* the first of them */
};

/* Files are written in the order in which they were named here; path as its user knows it. */
uint32_t report_file(struct report *, const char *path);
__attribute__((format(printf, 4, 0))) void report_addv(struct report *, struct place, bool warning,
                                                       const char *format, va_list);
__attribute__((format(printf, 3, 4))) void report_problem(struct report *, struct place,
                                                          const char *format, ...);
/* "file:line:column: what" a line, warnings as "file:line:column: warning: what"; at the end how
 * many were left out, with the place of the first that was found. */
void report_write(struct report *, struct text *out);
void report_finish(struct report *);

#endif
