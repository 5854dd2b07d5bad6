#include "review/command/narrow.h"

#include <string.h>

#include "base/json.h"
#include "review/command/inside.h"
#include "review/command/timeline.h"

static bool concerns(const struct ledger_filter *filter, const struct site_def *def)
{
	return !filter->site || strcmp(filter->site, def->id) == 0;
}

/* Of a configuration in which a file is wrong it may be in what is missing. */
static bool is_configured(const struct command_context *ctx, const struct ledger_filter *filter,
                          uint32_t (*find)(const struct site_def *, const char *), const char *id)
{
	for (uint32_t i = 0; i < ctx->site_count; i++)
		if (concerns(filter, ctx->sites[i]) && find(ctx->sites[i], id) != POSITION_NONE)
			return true;
	return ctx->partial && ctx->api;
}

/* ---- a zone, and all that lies in it ---- */

static void add_site(const struct site_def *def, uint32_t zone, struct narrowed *out)
{
	for (uint32_t i = 0; i < def->zone_count; i++)
		if (zone_is_within(def, i, zone))
			json_put_string(&out->zones, NULL, def->zones[i].id);
	for (uint32_t i = 0; i < def->device_count; i++)
		if (zone_is_within(def, def->devices[i].zone, zone))
			json_put_string(&out->devices, NULL, def->devices[i].id);
}

static void widen_zone(const struct command_context *ctx, struct ledger_filter *filter,
                       struct narrowed *out)
{
	json_open(&out->zones, NULL, '[');
	json_open(&out->devices, NULL, '[');
	json_put_string(&out->zones, NULL, filter->zone);
	for (uint32_t i = 0; i < ctx->site_count; i++) {
		uint32_t zone = site_def_zone(ctx->sites[i], filter->zone);
		if (concerns(filter, ctx->sites[i]) && zone != POSITION_NONE)
			add_site(ctx->sites[i], zone, out);
	}
	json_close(&out->zones, ']');
	json_close(&out->devices, ']');
	filter->zones = text_get(&out->zones);
	filter->zone_devices = text_get(&out->devices);
}

/* ---- what is known ---- */

static int unknown(const struct command_context *ctx, const char *what, const char *word)
{
	return complain(ctx, EXIT_FAILED,
	                "no %s '%s': neither the configuration nor the record knows it", what,
	                word);
}

int check_incident(const struct command_context *ctx, struct store *store, const char *id)
{
	return store_mentions(store, MENTIONS_INCIDENT, id)
	               ? 0
	               : complain(ctx, EXIT_FAILED, "no incident '%s'", id);
}

int narrow(const struct command_context *ctx, struct store *store, struct ledger_filter *filter,
           struct narrowed *out)
{
	const char *zone = filter->zone, *device = filter->device, *type = filter->type;
	if (device && !is_configured(ctx, filter, site_def_device, device) &&
	    !store_mentions(store, MENTIONS_DEVICE, device))
		return unknown(ctx, "device", device);
	if (zone && !is_configured(ctx, filter, site_def_zone, zone) &&
	    !store_mentions(store, MENTIONS_ZONE, zone))
		return unknown(ctx, "zone", zone);
	if (type && !strchr(type, '*') && !timeline_knows(type) &&
	    !store_mentions(store, MENTIONS_TYPE, type))
		return complain(
		        ctx, EXIT_FAILED,
		        "no entry is of type '%s'; types are such as signal, incident.opened, "
		        "incident.*, delivery, operator",
		        type);
	if (zone)
		widen_zone(ctx, filter, out);
	return filter->incident ? check_incident(ctx, store, filter->incident) : 0;
}

void narrowed_finish(struct narrowed *narrowed)
{
	text_finish(&narrowed->zones);
	text_finish(&narrowed->devices);
}
