/* What a fuzz target and whoever calls it, libFuzzer or replay.c, agree upon. */
#ifndef TOCSIN_TESTS_FUZZ_H
#define TOCSIN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One case. A broken promise ends the process; 0 always. The working folder is the project's. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* An assertion that stands in every build. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
			        #condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
