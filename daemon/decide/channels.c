/* Whether the ways out work. A channel is dead when it has said that it is gone, or that it takes
 * nothing for long, or when nothing has got through it for a while: one trouble incident, told over
 * the others, until something gets through again. What is on its way goes on being tried, so that
 * its return is noticed. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define DEAD_AFTER SECONDS(10) /* since the first of several failures in a row: domain.md, ... */
#define DEAD_FAILURES 3        /* ... an alarm is to be told within 10 s */
#define SHUT_FOR MINUTES(2)    /* longer than any limit by the minute makes us wait */
#define PREFIX "channel:"

/* No repetition will change these: unauthorised, forbidden, no such thing, gone. */
static bool is_gone(const struct delivery_result *result)
{
	return result->verdict == VERDICT_REFUSED &&
	       (result->status == 401 || result->status == 403 || result->status == 404 ||
	        result->status == 410);
}

/* It will be asked again only when the time is over that it has asked for (or by a first word). */
static bool is_shut(const struct delivery_result *result)
{
	return result->verdict == VERDICT_RETRY && result->retry_after > SHUT_FOR;
}

static void tell(struct context *c, const char *channel, bool dead,
                 const struct delivery_result *result)
{
	struct text subject = {0}, detail = {0};
	text_addf(&subject, PREFIX "%s", channel);
	text_add(&detail, result->detail ? result->detail : "");
	if (is_shut(result))
		text_addf(&detail, "; it takes nothing for %lld min",
		          (long long)(result->retry_after / MINUTES(1)));
	service_trouble(c, &(struct trouble){.subject = text_get(&subject),
	                                     .active = dead,
	                                     .detail = dead ? text_get(&detail) : NULL});
	text_finish(&subject);
	text_finish(&detail);
}

void channel_result(struct context *c, const char *id, const struct delivery_result *result)
{
	uint32_t position = site_def_channel(c->site->def, id);
	if (position == POSITION_NONE || result->held)
		return; /* what was held back by ourselves says nothing about the channel */
	struct channel_state *channel = &c->site->channels[position];
	if (result->verdict == VERDICT_ACCEPTED) {
		bool was_dead = channel->dead;
		*channel = (struct channel_state){0};
		if (was_dead)
			tell(c, id, false, result);
		return;
	}
	if (channel->failures++ == 0)
		channel->failing_since = c->now.steady;
	bool dead = is_gone(result) || is_shut(result) ||
	            (channel->failures >= DEAD_FAILURES &&
	             c->now.steady - channel->failing_since >= DEAD_AFTER);
	if (!dead || channel->dead)
		return;
	channel->dead = true;
	tell(c, id, true, result);
}

bool channel_is_dead(const struct site *site, const char *id)
{
	uint32_t position = site_def_channel(site->def, id);
	return position != POSITION_NONE && site->channels[position].dead;
}

bool channel_is_subject(const struct incident *incident, const char *id)
{
	const char *subject = incident ? incident->subject : NULL;
	return subject && strncmp(subject, PREFIX, sizeof PREFIX - 1) == 0 &&
	       strcmp(subject + sizeof PREFIX - 1, id) == 0;
}

/* What is dead is what has an open trouble; how near the others were to it begins anew. */
void channels_start(struct context *c)
{
	struct site *site = c->site;
	for (uint32_t i = 0; i < site->def->channel_count; i++) {
		site->channels[i] = (struct channel_state){0};
		for (uint32_t k = 0; k < site->incident_count; k++)
			if (incident_is_active(site->incidents[k]) &&
			    channel_is_subject(site->incidents[k], site->def->channels[i].id))
				site->channels[i].dead = true;
	}
}

void channels_redefine(struct site *site, const struct site_def *def)
{
	struct channel_state *states = NEW_ARRAY(struct channel_state, def->channel_count);
	for (uint32_t i = 0; i < def->channel_count; i++) {
		uint32_t was = site_def_channel(site->def, def->channels[i].id);
		if (was != POSITION_NONE)
			states[i] = site->channels[was];
	}
	free(site->channels);
	site->channels = states;
}
