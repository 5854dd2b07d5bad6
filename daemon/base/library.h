/* A library that is opened when it is needed, since mostly it is not: what it brings along costs
 * memory and a part of the start of each program.
 *
 *     #define FUNCTIONS(X) X(icalparser_parse_string) X(icalcomponent_free)
 *     static struct { FUNCTIONS(LIBRARY_MEMBER) } ical;
 *     #define FIND(function) {#function, &ical.function},
 *     static const struct library_function functions[] = {FUNCTIONS(FIND)}; */
#ifndef TOCSIN_BASE_LIBRARY_H
#define TOCSIN_BASE_LIBRARY_H

#include <stddef.h>

#include "base/problem.h"

/* One member of a struct of functions, by the declaration in the library's header. */
#define LIBRARY_MEMBER(function) __typeof__(function) *(function);

struct library_function {
	const char *name;
	void *at; /* the member that gets it */
};

/* Fills the members, for as long as the program runs; again is fine. -ENOENT, and what is missing,
 * where there is no such library or it is another one; then none of them may be called. */
int library_open(const char *file, const struct library_function *, size_t count,
                 struct problem *why) MUST_USE;

#endif
