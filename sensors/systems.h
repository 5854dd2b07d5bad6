/* How real systems word what a sensor says: the same payloads, for trying an installation out
 * without owning one of each. */
#ifndef TOCSIN_SENSORS_SYSTEMS_H
#define TOCSIN_SENSORS_SYSTEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/text.h"
#include "decide/model.h"

struct saying {                         /* what a sensor has to say */
	const char *site, *device, *id; /* id may be NULL */
	enum kind kind;
	bool active, test;
	bool has_value;
	double value;
	wall_ms time;
	uint64_t number; /* of the message: what counts in it goes on from it */
};

wall_ms saying_now(void);

/* Ids of one run: its number and that of the message. */
#define SAYING_ID_ROOM 40
void saying_id(uint32_t run, uint32_t number, char out[SAYING_ID_ROOM]);
bool saying_id_read(const char *id, uint32_t run, uint32_t *number); /* false: another run's */

struct sensor_system {
	const char *name, *about;
	const char *profile; /* that understands it; NULL: our own language */
	/* Fills both; false where this system has no word for the kind. */
	bool (*write)(const struct saying *, struct text *topic, struct text *payload);
	void (*address)(const char *device, struct text *out); /* as the site file names it */
};

extern const struct sensor_system sensor_systems[];
extern const size_t sensor_system_count;
const struct sensor_system *sensor_system_find(const char *name); /* or NULL */

/* A line for the site file; zone may be NULL. */
void sensor_system_line(const struct sensor_system *, const char *device, const char *zone,
                        enum kind, struct text *out);

#endif
