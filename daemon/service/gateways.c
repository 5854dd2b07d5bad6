/* What devices hang on, and what is said of it. */
#include <stdio.h>
#include <string.h>

#include "app.h"

/* A value of a device that is heard value by value hangs on that. */
static bool is_point_of(const struct device *d, const char *address)
{
	size_t len = strlen(address);
	return strncmp(d->address, address, len) == 0 && d->address[len] == '/';
}

/* Of whom nobody knows through what it is heard, any may be it; but not one that was given up long
 * ago, of which the broker keeps the last word. */
static bool is_heard_through(struct app *app, const struct device *d, const struct statement *s,
                             bool retained)
{
	const struct statements *said = &app->hearing.said;
	char address[ADDRESS_MAX + 1];
	snprintf(address, sizeof address, "%.*s",
	         (int)(said->profile->points ? strcspn(d->address, "/") : strlen(d->address)),
	         d->address);
	const char *through = memory_through(app->hearing.memory, said->profile, address);
	return through ? strcmp(through, s->address) == 0
	               : said->rule->through && !d->gateway && (s->active || !retained);
}

static bool hangs_on(struct app *app, const struct device *d, const struct statement *s,
                     bool retained)
{
	const struct profile *profile = app->hearing.said.profile;
	if (!d->profile || strcmp(d->profile, profile->name) != 0)
		return false;
	if (s->type == SAID_GATEWAY)
		return device_is_behind(d, s->address);
	return (profile->points && is_point_of(d, s->address)) ||
	       is_heard_through(app, d, s, retained);
}

static bool some_hang_on(struct app *app, const struct site_def *def, const struct statement *s,
                         bool retained)
{
	for (uint32_t i = 0; i < def->device_count; i++)
		if (hangs_on(app, &def->devices[i], s, retained))
			return true;
	return false;
}

bool hear_gateway(struct app *app, const struct statement *s, bool retained, struct moment now)
{
	struct text subject = {0};
	bool found = false;
	text_addf(&subject, "gateway:%s", s->address);
	struct event event = {.type = EVENT_TROUBLE,
	                      .trouble = {.subject = text_get(&subject),
	                                  .active = !s->active,
	                                  .detail = "the gateway is gone: none of the devices "
	                                            "behind it can be heard"}};
	for (uint32_t i = 0; i < app->site_count; i++) {
		bool some = some_hang_on(app, app->sites[i].site->def, s, retained);
		/* That it is back ends what an earlier life knew of, too. */
		if (some || s->active)
			app_decide_event(app, &app->sites[i], &event, now);
		found |= some;
	}
	text_finish(&subject);
	return found;
}
