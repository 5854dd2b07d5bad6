#include "review/views.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "decide/words.h"
#include "review/command/timeline.h"

void view_incident(struct text *text, const char *name, const struct site_def *def,
                   const char *site_id, const struct incident *incident)
{
	incident_write_json(text, name, def, site_id, incident);
}

struct timeline {
	struct text *out;
	const struct command_context *told; /* how entries are told, or NULL */
};

/* "text", what it says; "tone", how much it matters; "tells", false where others say the same. */
static void add_sentence(const struct timeline *timeline, const struct ledger_row *row)
{
	static const char *const tones[] = {
	        [TONE_PLAIN] = "plain", [TONE_STRONG] = "strong", [TONE_DIM] = "dim",
	        [TONE_GOOD] = "good",   [TONE_WARN] = "warn",     [TONE_BAD] = "bad",
	        [TONE_WORST] = "worst"};
	struct text sentence = {0};
	enum tone tone;
	bool tells = timeline_sentence(timeline->told, row, &sentence, &tone);
	json_reopen(timeline->out);
	json_put_string(timeline->out, "text", text_get(&sentence));
	json_put_string(timeline->out, "tone", tones[tone]);
	json_put_bool(timeline->out, "tells", tells);
	json_close(timeline->out, '}');
	text_finish(&sentence);
}

static bool add_row(void *ctx, const struct ledger_row *row)
{
	const struct timeline *timeline = ctx;
	view_ledger_row(timeline->out, NULL, row);
	if (timeline->told)
		add_sentence(timeline, row);
	return true;
}

static bool add_delivery(void *ctx, const struct delivery_row *row)
{
	view_delivery(ctx, NULL, row);
	return true;
}

int view_timeline(struct text *text, struct store *store, const char *site_id,
                  const char *incident_id, const struct command_context *told)
{
	struct timeline timeline = {text, told};
	const struct ledger_filter of = {.site = site_id, .incident = incident_id};
	json_reopen(text);
	json_open(text, "timeline", '[');
	int r = store_log(store, &of, add_row, &timeline);
	json_close(text, ']');
	json_open(text, "notifications", '[');
	if (r >= 0)
		r = store_deliveries(store, incident_id, NULL, 0, add_delivery, text);
	json_close(text, ']');
	json_close(text, '}');
	return r < 0 ? r : 0;
}

void view_ledger_row(struct text *text, const char *name, const struct ledger_row *row)
{
	json_open(text, name, '{');
	json_put_int(text, "seq", (int64_t)row->seq);
	json_put_string(text, "site", row->site);
	json_put_time(text, "time", row->time);
	json_put_time(text, "received", row->received);
	json_put_string(text, "type", row->type);
	if (row->device)
		json_put_string(text, "device", row->device);
	if (row->incident)
		json_put_string(text, "incident", row->incident);
	if (row->by)
		json_put_string(text, "by", row->by);
	json_put_stored(text, "data", row->data);
	struct text hash = {0};
	text_add_hex(&hash, row->hash, sizeof row->hash);
	json_put_string(text, "hash", hash.at);
	text_finish(&hash);
	json_close(text, '}');
}

void view_delivery(struct text *text, const char *name, const struct delivery_row *row)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(row->site, row->notification, id);
	json_open(text, name, '{');
	json_put_string(text, "notification", id);
	json_put_string(text, "site", row->site);
	json_put_string(text, "incident", row->incident);
	json_put_string(text, "reason", row->reason);
	json_put_int(text, "step", row->step);
	json_open(text, "to", '{');
	json_put_string(text, "kind", row->to_kind);
	json_put_string(text, "id", row->to_id);
	json_put_string(text, "name", row->to_name);
	json_close(text, '}');
	json_put_string(text, "state", row->state);
	json_put_time(text, "created", row->created);
	json_put_int(text, "contact", row->contact);
	json_put_string(text, "channel", row->channel);
	json_put_string(text, "delivery", row->delivery_state);
	json_put_int(text, "attempts", row->attempts);
	if (row->last_status)
		json_put_int(text, "status", row->last_status);
	else
		json_put_null(text, "status");
	json_close(text, '}');
}

const char *delivery_words(const char *language, const struct delivery_row *row)
{
	enum delivery_state state = delivery_state_from_name(row->delivery_state);
	enum notification_state of = notification_state_from_name(row->state);
	bool over = of != NOTIFICATION_QUEUED && of != NOTIFICATION_SENDING;
	return words_delivery(language, state, over);
}

static void put_time_or_null(struct text *text, const char *name, wall_ms at)
{
	if (at)
		json_put_time(text, name, at);
	else
		json_put_null(text, name);
}

static void put_definition(struct text *text, const struct site_def *def, uint32_t position)
{
	const struct device *device = &def->devices[position];
	const struct zone *zone = &def->zones[device->zone];
	json_put_string(text, "name", device->name);
	json_open(text, "zone", '{');
	json_put_string(text, "id", zone->id);
	json_put_string(text, "name", zone->name);
	json_close(text, '}');
	json_put_string(text, "kind", device->kind == KIND_NONE ? NULL : kind_name(device->kind));
	json_put_string(text, "profile", device->profile);
	if (device->expect_every)
		json_put_int(text, "expect_every_ms", device->expect_every);
	else
		json_put_null(text, "expect_every_ms");
}

void view_device(struct text *text, const char *name, const struct site_def *def, uint32_t position,
                 const struct device_row *row)
{
	static const struct device_row never;
	bool known = def && position != POSITION_NONE;
	assert(known || row);
	if (!row)
		row = &never;
	json_open(text, name, '{');
	json_put_string(text, "site", known ? def->id : row->site);
	json_put_string(text, "id", known ? def->devices[position].id : row->id);
	if (known)
		put_definition(text, def, position);
	if (row->online_known)
		json_put_bool(text, "online", row->online);
	else
		json_put_null(text, "online");
	put_time_or_null(text, "heard", row->heard);
	put_time_or_null(text, "changed", row->changed);
	put_time_or_null(text, "tested", row->tested);
	json_put_bool(text, "walk_test", row->walk_test);
	json_open(text, "active", '[');
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if (row->active & (UINT32_C(1) << kind))
			json_put_string(text, NULL, kind_name((enum kind)kind));
	json_close(text, ']');
	json_close(text, '}');
}
