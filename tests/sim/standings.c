/* What stands for a while by somebody's word, as the ledger tells of it: drills, silences, walk
 * tests, arming by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "books.h"

struct m_standing {
	char id[STANDING_ID_MAX];
	enum standing_type type;
	uint32_t site;
	int zone, device; /* -1: none named */
	bool armed;
	world_ms due; /* it ends by itself; INT64_MAX: it need not */
};
static struct m_standing *standing; /* those in force, in the order in which they began */
static uint32_t standing_count, standing_cap;
static char (*known)[STANDING_ID_MAX]; /* all there ever were */
static uint32_t known_count, known_cap;

static int zone_number(uint32_t site, const char *id)
{
	for (uint32_t i = 0; id && i < world.sites[site].zone_count; i++)
		if (strcmp(world.sites[site].zones[i].id, id) == 0)
			return (int)i;
	return -1;
}

static void count(enum standing_type type)
{
	struct counts *n = &world.counts;
	n->drills += type == STANDING_DRILL;
	n->silences += type == STANDING_SILENCE;
	n->walk_tests += type == STANDING_WALK_TEST;
	n->armings += type == STANDING_ARMING;
}

static void forget(uint32_t at)
{
	standing_count--;
	memmove(&standing[at], &standing[at + 1], (standing_count - at) * sizeof *standing);
}

static uint32_t find(const char *id)
{
	uint32_t i = 0;
	while (i < standing_count && strcmp(standing[i].id, id) != 0)
		i++;
	return i;
}

static void begins(const struct m_standing *s)
{
	/* A newer word about a zone takes the older one's place; a walk test is made longer. */
	for (uint32_t i = standing_count; i-- > 0;)
		if ((s->type == STANDING_ARMING && standing[i].type == s->type &&
		     standing[i].site == s->site && standing[i].zone == s->zone) ||
		    strcmp(standing[i].id, s->id) == 0)
			forget(i);
	MEM_RESERVE(standing, standing_count, standing_cap);
	standing[standing_count++] = *s;
	MEM_RESERVE(known, known_count, known_cap);
	memcpy(known[known_count++], s->id, sizeof s->id);
	count(s->type);
}

void standings_book(uint32_t site, world_ms at, wall_ms received, const cJSON *data)
{
	const cJSON *what = json_get(data, "what");
	const char *id = json_string(what, "id"), *action = json_string(data, "action"),
	           *until = json_string(what, "until"), *device = json_string(what, "device");
	wall_ms end = 0;
	if (!id || !action)
		broken("an entry of what stands names nothing");
	if (strcmp(action, "ended") == 0) {
		uint32_t i = find(id);
		if (i == standing_count)
			broken("%s ends, and never began", id);
		forget(i);
		return;
	}
	struct m_standing s = {.type = standing_type_from_name(json_string(what, "type")),
	                       .site = site,
	                       .zone = zone_number(site, json_string(what, "zone")),
	                       .device = device ? m_device(site, device) : -1,
	                       .due = INT64_MAX};
	snprintf(s.id, sizeof s.id, "%s", id);
	json_bool(what, "armed", &s.armed);
	if (until && time_parse(until, &end) == 0)
		s.due = at + (end - received);
	begins(&s);
}

bool standings_knew(const char *id)
{
	for (uint32_t i = known_count; i-- > 0;)
		if (strcmp(known[i], id) == 0)
			return true;
	return false;
}

/* A site's zones lie within its first one. */
static bool covers(const struct m_standing *s, enum standing_type type, uint32_t site,
                   uint32_t zone)
{
	return s->type == type && s->site == site && (s->zone == 0 || s->zone == (int)zone);
}

bool standings_walk_test(uint32_t site, int device)
{
	for (uint32_t i = 0; i < standing_count; i++)
		if (standing[i].type == STANDING_WALK_TEST && standing[i].site == site &&
		    standing[i].device == device)
			return true;
	return false;
}

bool standings_silence(uint32_t site, int device, const char *kind)
{
	if (strcmp(kind, "panic") == 0 || strcmp(kind, "call_point") == 0)
		return false;
	for (uint32_t i = 0; i < standing_count; i++) {
		const struct m_standing *s = &standing[i];
		uint32_t zone = world.sites[site].devices[device].zone;
		if (s->device >= 0
		            ? s->type == STANDING_SILENCE && s->site == site && s->device == device
		            : covers(s, STANDING_SILENCE, site, zone))
			return true;
	}
	return false;
}

bool standings_drill(uint32_t site, uint32_t zone)
{
	for (uint32_t i = 0; i < standing_count; i++)
		if (covers(&standing[i], STANDING_DRILL, site, zone))
			return true;
	return false;
}

int standings_armed(uint32_t site, uint32_t zone)
{
	int word = -1;
	for (uint32_t i = 0; i < standing_count; i++)
		if (covers(&standing[i], STANDING_ARMING, site, zone))
			word = standing[i].armed;
	return word;
}

void standings_shift(span_ms lost)
{
	for (uint32_t i = 0; i < standing_count; i++)
		if (standing[i].due != INT64_MAX)
			standing[i].due += lost;
}

/* What keeps an alarm from being told ends by itself, and in time. */
void standings_check(world_ms excused)
{
	for (uint32_t i = 0; i < standing_count; i++) {
		world_ms due = standing[i].due > excused ? standing[i].due : excused;
		if (standing[i].due != INT64_MAX && world.now > due + SECONDS(1))
			broken("%s still stands, %lld ms after its end", standing[i].id,
			       (long long)(world.now - standing[i].due));
	}
}
