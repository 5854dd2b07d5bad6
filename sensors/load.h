/* Many devices at a rate: what a service and its broker bear, and how long they take. */
#ifndef TOCSIN_SENSORS_LOAD_H
#define TOCSIN_SENSORS_LOAD_H

#include "client.h"
#include "systems.h"

struct load_options {
	struct sender_options login;
	const struct sensor_system *system;
	const char *site, *device; /* devices are device-1, device-2, ... */
	enum kind kind;
	uint32_t devices;
	double rate;         /* messages a second, over all of them */
	span_ms lasts, wait; /* wait: for what is not answered at the end */
	uint32_t alarms;     /* of a hundred messages so many say alarm, and the next of it clear */
	bool json;           /* the figures as JSON, alone on stdout */
};

/* Sends until the time is over and everything is answered; then prints the figures on stdout, and
 * meanwhile a line about how it goes on stderr. -ETIMEDOUT when something was not answered, and why
 * says how much. */
int load_run(const struct load_options *, struct problem *why) MUST_USE;

#endif
