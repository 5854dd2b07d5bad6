/* One sentence that says what is wrong and what is allowed, for the person who can mend it.
 * The pure floors report with it; the edge that knows the user prints or logs it, once. */
#ifndef TOCSIN_BASE_PROBLEM_H
#define TOCSIN_BASE_PROBLEM_H

#define MUST_USE __attribute__((warn_unused_result))

struct problem {
	char text[512]; /* UTF-8, no newline, "" while all is well */
};

/* Sets the text (cut to fit) and returns code, so that a refusal is one line:
 *     return problem_set(why, -EINVAL, "unknown kind '%s'", word);
 * why may be NULL. */
__attribute__((format(printf, 3, 4))) int problem_set(struct problem *why, int code,
                                                      const char *format, ...);

#ifdef __clang_analyzer__ /* it cannot see into the function: this tells it what comes back */
#define problem_set(why, code, ...) (problem_set((why), (code), __VA_ARGS__), (code))
#endif

#endif
