/* The ways out, found by where they lead, and the tests that go on over those that fail: channels.c
 * says when. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define TESTS_MAX 4 /* of a channel's ways that are tried by a test at a time */

bool address_is(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

bool way_is_over(const struct way *way, const char *channel)
{
	return strcmp(way->channel, channel) == 0;
}

static const char *way_name(const void *owner, uint32_t position)
{
	return ((const struct ways *)owner)->items[position]->name;
}

static void write_name(struct text *out, enum recipient_kind kind, const char *who,
                       const char *channel, const char *to)
{
	text_addf(out, "%s:%s/%s/%s", recipient_kind_name(kind), who, channel, to ? to : "");
}

struct way *way_find(const struct site *site, enum recipient_kind kind, const char *who,
                     const char *channel, const char *to)
{
	struct text name = {0};
	write_name(&name, kind, who, channel, to);
	uint32_t found = index_find(&site->ways.index, text_get(&name), way_name, &site->ways);
	text_finish(&name);
	return found == INDEX_NONE ? NULL : site->ways.items[found];
}

struct way *way_to(struct site *site, enum recipient_kind kind, const char *who,
                   const char *channel, const char *to)
{
	struct ways *ways = &site->ways;
	struct way *way = way_find(site, kind, who, channel, to);
	if (way)
		return way;
	struct text name = {0};
	write_name(&name, kind, who, channel, to);
	way = NEW(struct way);
	way->name = text_take(&name);
	way->kind = kind;
	way->who = mem_copy(who);
	way->channel = mem_copy(channel);
	way->to = mem_copy(to);
	way->due.owner = way;
	way->due.type = TIMER_WAY;
	MEM_RESERVE(ways->items, ways->count, ways->cap);
	ways->items[ways->count++] = way;
	index_add(&ways->index, ways->count - 1, way_name, ways);
	return way;
}

void ways_finish(struct ways *ways)
{
	for (uint32_t i = 0; i < ways->count; i++) {
		struct way *way = ways->items[i];
		free(way->name);
		free(way->who);
		free(way->channel);
		free(way->to);
		free(way->detail);
		free(way);
	}
	free(ways->items);
	index_finish(&ways->index);
	*ways = (struct ways){0};
}

bool way_contact(const struct site_def *def, const struct way *way, struct resolved_recipient *who,
                 uint32_t *contact)
{
	uint32_t channel = site_def_channel(def, way->channel);
	uint32_t position = way->kind == RECIPIENT_PERSON ? site_def_person(def, way->who)
	                                                  : channel;
	*who = (struct resolved_recipient){.kind = way->kind, .position = position};
	*contact = 0;
	if (channel == POSITION_NONE || position == POSITION_NONE)
		return false;
	if (way->kind == RECIPIENT_CHANNEL)
		return true;
	const struct person *person = &def->people[position];
	for (; *contact < person->contact_count; ++*contact)
		if (person->contacts[*contact].channel == channel &&
		    address_is(person->contacts[*contact].to, way->to))
			return true;
	return false;
}

/* ---- a test that goes on being tried ---- */

struct notification *way_test(const struct site *site, const struct way *way)
{
	struct notification *n = way->test ? site_notification(site, way->test) : NULL;
	return n && !notification_is_over(n) ? n : NULL;
}

static uint32_t tests_over(const struct site *site, const char *channel)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->ways.count; i++)
		count += way_is_over(site->ways.items[i], channel) &&
		         way_test(site, site->ways.items[i]);
	return count;
}

bool way_begin_test(struct context *c, struct way *way, bool at_once)
{
	const struct site_def *def = c->site->def;
	struct resolved_recipient who;
	uint32_t contact;
	if (way_test(c->site, way) || tests_over(c->site, way->channel) >= TESTS_MAX ||
	    !way_contact(def, way, &who, &contact) ||
	    def->channels[site_def_channel(def, way->channel)].outside)
		return false;
	way->test = notify_until_accepted(c, who, contact, at_once)->number;
	return true;
}

void way_end_test(struct context *c, struct way *way)
{
	struct notification *n = way_test(c->site, way);
	if (n)
		notification_finish(c, n, NOTIFICATION_EXPIRED);
	way->test = 0;
}

void way_ask_at_once(struct context *c, const struct way *way)
{
	struct notification *n = way_test(c->site, way);
	if (n)
		delivery_hurry(c, n, 0);
}
