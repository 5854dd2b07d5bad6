/* Who speaks and is in no site file: introduced once, with a line that is ready for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/json.h"

#define STRANGERS_MAX 1000 /* that are introduced since the start */

static const char *stranger_name(const void *owner, uint32_t i)
{
	return ((char *const *)owner)[i];
}

/* True the first time. */
static bool get_to_know(struct hearing *h, const char *site, const char *profile,
                        const char *address)
{
	struct text name = {0};
	text_addf(&name, "%s\n%s\n%s", site, profile, address);
	if (index_find(&h->stranger_index, text_get(&name), stranger_name, h->strangers) !=
	    INDEX_NONE) {
		text_finish(&name);
		return false;
	}
	MEM_RESERVE(h->strangers, h->stranger_count, h->stranger_cap);
	h->strangers[h->stranger_count++] = text_take(&name);
	index_add(&h->stranger_index, h->stranger_count - 1, stranger_name, h->strangers);
	return true;
}

/* False also when there were too many. */
static bool is_news(struct hearing *h, const char *site, const char *profile, const char *address)
{
	bool news = h->introduced < STRANGERS_MAX && get_to_know(h, site, profile, address);
	h->introduced += news;
	return news;
}

/* A line for the site file. A JSON text is a YAML text too. */
static void write_line(const struct site_def *def, const char *profile, const char *address,
                       enum kind kind, struct text *out)
{
	char id[ID_MAX + 1];
	snprintf(id, sizeof id, "%.*s", (int)text_cut_utf8(address, strnlen(address, ID_MAX)),
	         address);
	for (char *at = id; *at; at++)
		if (strchr("/+# ", *at))
			*at = '-';
	text_add(out, "- {");
	struct text quoted = {0};
	json_open(&quoted, NULL, '[');
	json_put_string(&quoted, NULL, id);
	json_put_string(&quoted, NULL, address);
	json_close(&quoted, ']');
	const char *comma = strstr(text_get(&quoted), "\",\"");
	int id_len = comma ? (int)(comma - text_get(&quoted)) : 0;
	text_addf(out, "id: %.*s, zone: %s", id_len, text_get(&quoted) + 1,
	          def->zones[site_def_root_zone(def)].id);
	bool native = strcmp(profile, "native") == 0;
	if (!native)
		text_addf(out, ", profile: %s, address: %.*s", profile,
		          comma ? (int)(quoted.len - (size_t)id_len - 3) : 0,
		          comma ? comma + 2 : "");
	if (kind != KIND_NONE && native)
		text_addf(out, ", kind: %s", kind_name(kind));
	text_add(out, "}");
	text_finish(&quoted);
}

void stranger_meet(struct app *app, struct site_slot *slot, struct stranger *s, struct moment now)
{
	struct text line = {0};
	const struct site_def *def = slot->site->def;
	s->introduces = is_news(&app->hearing, def->id, s->profile, s->address);
	if (s->introduces) {
		write_line(def, s->profile, s->address, s->kind, &line);
		s->line = text_get(&line);
	}
	struct event event = {.type = EVENT_STRANGER, .stranger = *s};
	if (s->introduces || stranger_alarms(s))
		app_decide_event(app, slot, &event, now);
	text_finish(&line);
}

struct introduced { /* while the record of a site is read */
	struct hearing *hearing;
	const char *site;
};

static bool keep_stranger(void *ctx, const struct ledger_row *row)
{
	struct introduced *before = ctx;
	cJSON *data = NULL;
	if (!row->device || json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	const char *profile = json_string(data, "profile");
	if (profile)
		(void)get_to_know(before->hearing, before->site, profile, row->device);
	cJSON_Delete(data);
	return true;
}

/* Whom an earlier life has introduced; where that cannot be read it is done once more. */
void strangers_keep(struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		struct introduced before = {&app->hearing, app->sites[i].site->def->id};
		(void)!store_unknown(app->store, before.site, keep_stranger, &before);
	}
}
