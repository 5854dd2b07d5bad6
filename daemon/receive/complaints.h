/* Bad messages are all recorded, but logged only once per device and minute, and no matter how
 * many devices misbehave the memory for it is fixed. */
#ifndef TOCSIN_RECEIVE_COMPLAINTS_H
#define TOCSIN_RECEIVE_COMPLAINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define COMPLAINTS_MAX 256
#define COMPLAINT_EVERY MINUTES(1)

struct complaints { /* zeroed: none yet */
	struct {
		uint64_t device; /* hash */
		steady_ms until;
	} made[COMPLAINTS_MAX];
};

/* True if this device may be complained of now. */
bool complaint_due(struct complaints *, const char *device, steady_ms now);

#endif
