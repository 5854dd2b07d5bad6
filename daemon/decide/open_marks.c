/* What the open incidents may hold: a quick no. With thousands open most signals belong to none of
 * them, and to look through all for that takes longer than everything else about a signal. Each
 * (kind, zone) and each (device, kind) of an incident has its marks in a table of bits: where one
 * is missing there is no such incident. A mark says nothing, for others may have set it. None is
 * taken off; when half of the incidents are gone the table is made anew. */
#include <stdlib.h>

#include "decide/core.h"

#define FEW 16 /* incidents, which are looked through sooner */
#define BITS (UINT32_C(1) << 18)
#define MARKS_OF_ONE 3 /* 10,000 incidents of two signals each: one of 40 is looked for in vain */

struct open_marks {
	uint64_t bits[BITS / 64];
	uint32_t incidents; /* the most there were since it was made */
};

static uint64_t hash_of(const char *id, uint32_t kind)
{
	uint64_t hash = (index_hash(id) + kind) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Zones and devices share the table: what one sets by chance for the other is only a mark more. */
static uint64_t hash_of_place(enum incident_kind kind, const char *zone)
{
	return hash_of(zone, 1000 + kind);
}

static void set(struct open_marks *marks, uint64_t hash)
{
	for (int i = 0; i < MARKS_OF_ONE; i++, hash >>= 18)
		marks->bits[hash % BITS / 64] |= UINT64_C(1) << hash % 64;
}

static bool may_be(const struct open_marks *marks, uint64_t hash)
{
	for (int i = 0; i < MARKS_OF_ONE; i++, hash >>= 18)
		if (!(marks->bits[hash % BITS / 64] >> hash % 64 & 1))
			return false;
	return true;
}

static void set_all_of(struct open_marks *marks, const struct incident *incident)
{
	set(marks, hash_of_place(incident->kind, incident->zone));
	for (uint32_t i = 0; i < incident->signal_count; i++)
		set(marks, hash_of(incident->signals[i].device, incident->signals[i].kind));
}

static void make_anew(struct site *site)
{
	free(site->open_marks);
	site->open_marks = NULL;
	if (site->incident_count <= FEW)
		return;
	site->open_marks = NEW(struct open_marks);
	site->open_marks->incidents = site->incident_count;
	for (uint32_t i = 0; i < site->incident_count; i++)
		set_all_of(site->open_marks, site->incidents[i]);
}

void open_marks_incident(struct site *site, const struct incident *incident)
{
	if (!site->open_marks) {
		make_anew(site);
		return;
	}
	set_all_of(site->open_marks, incident);
	if (site->open_marks->incidents < site->incident_count)
		site->open_marks->incidents = site->incident_count;
}

void open_marks_signal(struct site *site, const char *device, enum kind kind)
{
	if (site->open_marks)
		set(site->open_marks, hash_of(device, kind));
}

void open_marks_gone(struct site *site)
{
	if (site->open_marks && site->incident_count < site->open_marks->incidents / 2)
		make_anew(site);
}

bool open_may_be_at(const struct site *site, enum incident_kind kind, const char *zone)
{
	return !site->open_marks || may_be(site->open_marks, hash_of_place(kind, zone));
}

bool open_may_hold(const struct site *site, const char *device, enum kind kind)
{
	return !site->open_marks || may_be(site->open_marks, hash_of(device, kind));
}

void open_marks_destroy(struct open_marks *marks)
{
	free(marks);
}
