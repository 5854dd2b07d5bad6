/* What the broker is asked for on behalf of devices: topics of profiles and of announcements. */
#include <stdlib.h>
#include <string.h>

#include "app.h"

/* Whether every topic of b is one of a: MQTT filters. */
static bool filter_covers(const char *a, const char *b)
{
	for (;;) {
		size_t a_len = strcspn(a, "/"), b_len = strcspn(b, "/");
		if (a_len == 1 && *a == '#')
			return true;
		if (b_len == 1 && *b == '#')
			return false;
		bool any = a_len == 1 && *a == '+';
		if (!any && (a_len != b_len || memcmp(a, b, a_len) != 0))
			return false;
		a += a_len;
		b += b_len;
		if (!*a || !*b)
			return (!*a && !*b) || strcmp(a, "/#") == 0;
		a++;
		b++;
	}
}

/* A broker may bring a message once for each filter that fits: the wider one is enough. */
static void add_filter(struct filters *f, const char *filter)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < f->count; i++)
		if (filter_covers(f->items[i], filter))
			return;
	for (uint32_t i = 0; i < f->count; i++) {
		if (filter_covers(filter, f->items[i]))
			free(f->items[i]);
		else
			f->items[kept++] = f->items[i];
	}
	f->count = kept;
	MEM_RESERVE(f->items, f->count, f->cap);
	f->items[f->count++] = mem_copy(filter);
}

void hearing_filters(const struct app *app, struct filters *out)
{
	const struct profiles *profiles = &app->config->profiles;
	struct text filter = {0};
	for (uint32_t i = 0; i < profiles->count; i++) {
		const struct profile *p = &profiles->items[i];
		for (uint32_t k = 0; p->heard && k < p->rule_count; k++) {
			if (p->rules[k].does == RULE_IGNORES)
				continue;
			text_reset(&filter);
			topic_pattern_filter(&p->rules[k], &filter);
			add_filter(out, text_get(&filter));
		}
	}
	for (uint32_t i = 0; i < app->hearing.topic_count; i++)
		add_filter(out, app->hearing.topics[i]);
	text_finish(&filter);
}
