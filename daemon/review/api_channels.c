/* The ways to people: every channel that is configured, outside lines too, when each was used last
 * and what came of it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/reading.h"

#define LOOKED_THROUGH 2000 /* deliveries, the newest */

struct channels_reading {
	struct reading reading;
	struct site_def **sites; /* NULL behind the last */
};

struct last_use {
	wall_ms at; /* 0: never, as far as was looked */
	enum delivery_state result;
};

struct uses {
	const struct site_def *def;
	struct last_use *last; /* by position of the channel */
	uint32_t left;         /* of which nothing is known yet */
};

static bool take(void *ctx, const struct delivery_row *row)
{
	struct uses *uses = ctx;
	const struct site_def *def = uses->def;
	if (!row->attempts || strcmp(row->site, def->id) != 0)
		return true;
	for (uint32_t i = 0; row->channel && i < def->channel_count; i++)
		if (!uses->last[i].at && strcmp(def->channels[i].id, row->channel) == 0) {
			uses->last[i] = (struct last_use){
			        row->created, delivery_state_from_name(row->delivery_state)};
			uses->left--;
		}
	return uses->left > 0;
}

static void put_channel(struct text *out, const struct site_def *def, uint32_t i,
                        const struct last_use *last)
{
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", def->channels[i].id);
	json_put_bool(out, "outside", def->channels[i].outside);
	if (last->at) {
		json_open(out, "last", '{');
		json_put_time(out, "at", last->at);
		json_put_string(out, "result", delivery_state_name(last->result));
		json_close(out, '}');
	} else {
		json_put_null(out, "last");
	}
	json_close(out, '}');
}

static int put_channels(struct text *out, struct store *store, const struct site_def *def)
{
	struct uses uses = {def, NEW_ARRAY(struct last_use, (size_t)def->channel_count + 1),
	                    def->channel_count};
	int r = store_deliveries(store, NULL, NULL, LOOKED_THROUGH, take, &uses);
	for (uint32_t i = 0; r >= 0 && i < def->channel_count; i++)
		put_channel(out, def, i, &uses.last[i]);
	free(uses.last);
	return r < 0 ? r : 0;
}

static int read_channels(struct reading *reading, struct store *store)
{
	const struct channels_reading *of = (const struct channels_reading *)reading;
	int r = 0;
	json_open(&reading->out, NULL, '{');
	json_open(&reading->out, "items", '[');
	for (uint32_t i = 0; r >= 0 && of->sites[i]; i++)
		r = put_channels(&reading->out, store, of->sites[i]);
	json_close(&reading->out, ']');
	json_put_null(&reading->out, "next");
	json_close(&reading->out, '}');
	return r;
}

static void finish_channels(struct reading *reading)
{
	free(((struct channels_reading *)reading)->sites);
}

void api_channels(struct exchange *ex)
{
	static const struct reading_type type = {read_channels, NULL, finish_channels};
	const struct site *only;
	if (!exchange_query_site(ex, &only))
		return;
	struct channels_reading *of = NEW(struct channels_reading);
	of->sites = exchange_site_defs(ex, only);
	exchange_read(ex, &of->reading, &type);
}
