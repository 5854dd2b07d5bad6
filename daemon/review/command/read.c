/* Commands that list what the store holds: incidents, deliveries, devices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "decide/words.h"
#include "review/command/inside.h"
#include "review/command/narrow.h"
#include "review/command/speak.h"
#include "review/views.h"

struct listing {
	const struct command_context *ctx;
	struct table table;
	struct text json; /* the items, written when wanted */
	bool as_json;
	char *last; /* id of the last item, where the list can go on behind it */
};

static void listing_begin(struct listing *list, const struct command_context *ctx,
                          const struct invocation *line, const char *const *headings,
                          uint32_t columns)
{
	*list = (struct listing){.ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL};
	table_begin(&list->table, columns, headings);
	json_open(&list->json, NULL, '{');
	json_open(&list->json, "items", '[');
}

/* Prints the rows, or the kind sentence where there are none; or, for a reading that failed with
 * r, nothing but the complaint. Returns the exit code. */
static int listing_end(struct listing *list, int r, const char *empty, bool more)
{
	const struct command_context *ctx = list->ctx;
	json_close(&list->json, ']');
	json_put_string(&list->json, "next", more ? list->last : NULL);
	json_close(&list->json, '}');
	if (r < 0) {
		complain(ctx, EXIT_FAILED, "cannot read the record %s: %s", ctx->store_path,
		         strerror(-r));
	} else if (list->as_json) {
		print_json(ctx, &list->json);
	} else if (table_rows(&list->table) == 0) {
		fprintf(ctx->out, "%s\n", empty);
	} else {
		table_end(&list->table, ctx);
		if (more)
			fprintf(ctx->out, "%s\n",
			        say(ctx, "... there are more: --limit N shows up to 1000",
			            "……还有更多：--limit N 最多显示 1000 条"));
	}
	table_finish(&list->table);
	text_finish(&list->json);
	free(list->last);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- incidents ---- */

static void incident_row(struct listing *list, const struct site_def *def,
                         const struct incident *incident)
{
	const char *language = list->ctx->language;
	struct text words = {0};
	table_cell(&list->table, TONE_STRONG, incident->id);
	table_cell(&list->table, severity_tone(incident->severity),
	           words_severity(language, incident->severity));
	words_add_incident(&words, language, def, incident);
	text_add(&words, incident->drill ? say(list->ctx, " (drill)", "（演练）") : "");
	table_cell(&list->table, severity_tone(incident->severity), text_get(&words));
	table_cell(&list->table, TONE_PLAIN, incident->zone_name ? incident->zone_name : "-");
	text_reset(&words);
	text_add(&words, words_state(language, incident->state));
	if (incident->state == STATE_RESOLVED && outcome_name(incident->outcome))
		text_addf(&words, ", %s", words_outcome(language, incident->outcome));
	else if (incident->state != STATE_RESOLVED && incident->cleared)
		text_add(&words, say(list->ctx, ", cleared", "，已恢复"));
	table_cell(&list->table, state_tone(incident->state), text_get(&words));
	text_reset(&words);
	if (incident->owner)
		text_add_person(&words, def, incident->owner);
	table_cell(&list->table, TONE_PLAIN, incident->owner ? text_get(&words) : "-");
	table_cell_time(&list->table, list->ctx, def, incident->opened.wall);
	text_finish(&words);
}

static bool visit_incident(void *ctx, const char *site_id, const struct incident *incident)
{
	struct listing *list = ctx;
	const struct site_def *def = site_by_id(list->ctx, site_id);
	if (list->as_json)
		view_incident(&list->json, NULL, def, site_id, incident);
	else
		incident_row(list, def, incident);
	free(list->last);
	list->last = mem_copy(incident->id);
	return true;
}

static int incident_filter_read(const struct command_context *ctx, const struct invocation *line,
                                struct incident_filter *filter)
{
	const char *kind = line->options[OPTION_KIND];
	const struct site_def *def;
	int code = option_site_recorded(ctx, line, &def, &filter->site);
	if (code)
		return code;
	filter->has_kind = kind != NULL;
	filter->kind = kind ? incident_kind_from_name(kind) : INCIDENT_KIND_NONE;
	if (kind && filter->kind == INCIDENT_KIND_NONE)
		return complain(ctx, EXIT_USAGE,
		                "--kind '%s': allowed are fire, gas, panic, water, intrusion, "
		                "tamper, trouble, other",
		                kind);
	code = option_states(ctx, line, &filter->states);
	if (code == 0)
		code = option_time(ctx, line, OPTION_SINCE, def, &filter->since);
	if (code == 0)
		code = option_time(ctx, line, OPTION_UNTIL, def, &filter->until);
	return code ? code : option_limit(ctx, line, &filter->limit);
}

int run_incidents(const struct command_context *ctx, const struct invocation *line)
{
	const char *headings[] = {
	        say(ctx, "INCIDENT", "事件"),   say(ctx, "SEVERITY", "级别"),
	        say(ctx, "KIND", "类型"),       say(ctx, "ZONE", "区域"),
	        say(ctx, "STATE", "状态"),      say(ctx, "OWNER", "负责人"),
	        say(ctx, "OPENED", "发生时间"),
	};
	struct incident_filter filter = {0};
	struct store *store = NULL;
	bool more = false;
	int code = incident_filter_read(ctx, line, &filter);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	struct listing list;
	listing_begin(&list, ctx, line, headings, sizeof headings / sizeof *headings);
	int r = store_incidents(store, &filter, visit_incident, &list, &more);
	store_close(store);
	bool narrowed = filter.states || filter.site || filter.has_kind || filter.since ||
	                filter.until;
	return listing_end(
	        &list, r,
	        narrowed ? say(ctx, "No incident fits that.", "没有符合条件的事件。")
	                 : say(ctx, "No incidents: all is quiet.", "没有事件，一切平静。"),
	        more);
}

/* ---- deliveries ---- */

static enum tone delivery_tone(const char *state)
{
	switch (delivery_state_from_name(state)) {
	case DELIVERY_ACCEPTED:
		return TONE_GOOD;
	case DELIVERY_REFUSED:
		return TONE_BAD;
	case DELIVERY_RETRYING:
		return TONE_WARN;
	case DELIVERY_WAITING:
	case DELIVERY_SENDING:
	case DELIVERY_STATE_COUNT:
		break;
	}
	return TONE_PLAIN;
}

static bool visit_delivery(void *ctx, const struct delivery_row *row)
{
	struct listing *list = ctx;
	char id[NOTIFICATION_ID_MAX];
	if (list->as_json) {
		view_delivery(&list->json, NULL, row);
		return true;
	}
	enum reason reason = reason_from_name(row->reason);
	notification_id(row->site, row->notification, id);
	table_cell_time(&list->table, list->ctx, site_by_id(list->ctx, row->site), row->created);
	table_cell(&list->table, TONE_PLAIN, id);
	table_cell(&list->table, TONE_STRONG, row->incident ? row->incident : "-");
	table_cell(&list->table, TONE_PLAIN,
	           reason == REASON_COUNT ? row->reason
	                                  : words_reason(list->ctx->language, reason));
	table_cellf(&list->table, TONE_PLAIN, "%s", row->to_name ? row->to_name : row->to_id);
	table_cell(&list->table, TONE_PLAIN, row->channel ? row->channel : "-");
	table_cell(&list->table, delivery_tone(row->delivery_state),
	           delivery_words(list->ctx->language, row));
	table_cellf(&list->table, TONE_PLAIN, "%u", row->attempts);
	if (row->last_status)
		table_cellf(&list->table, TONE_PLAIN, "HTTP %d", row->last_status);
	else
		table_cell(&list->table, TONE_PLAIN, "-");
	return true;
}

int run_deliveries(const struct command_context *ctx, const struct invocation *line)
{
	const char *headings[] = {
	        say(ctx, "CREATED", "时间"),
	        say(ctx, "NOTIFICATION", "通知"),
	        say(ctx, "INCIDENT", "事件"),
	        say(ctx, "REASON", "原因"),
	        say(ctx, "TO", "收件人"),
	        say(ctx, "CHANNEL", "渠道"),
	        say(ctx, "RESULT", "结果"),
	        say(ctx, "ATTEMPTS", "次数"),
	        say(ctx, "LAST ANSWER", "最后答复"),
	};
	struct store *store = NULL;
	char *incident = NULL;
	uint32_t limit = 100;
	int code = option_limit(ctx, line, &limit);
	if (code == 0 && line->options[OPTION_INCIDENT])
		code = incident_id_complete(ctx, line->options[OPTION_INCIDENT], true, &incident);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code == 0 && incident)
		code = check_incident(ctx, store, incident);
	if (code) {
		store_close(store);
		free(incident);
		return code;
	}
	struct listing list;
	listing_begin(&list, ctx, line, headings, sizeof headings / sizeof *headings);
	int r = store_deliveries(store, incident, NULL, limit, visit_delivery, &list);
	store_close(store);
	free(incident);
	return listing_end(&list, r, say(ctx, "Nobody was told of anything.", "没有任何通知。"),
	                   false);
}

/* ---- devices ---- */

struct heard { /* copies of a site's device rows, parallel to its definition */
	const struct site_def *def;
	struct device_row *rows; /* id NULL: never heard */
};

static bool visit_device(void *ctx, const struct device_row *row)
{
	struct heard *heard = ctx;
	uint32_t device = site_def_device(heard->def, row->id);
	if (device == POSITION_NONE) /* no longer in the configuration */
		return true;
	heard->rows[device] = *row;
	heard->rows[device].site = heard->def->id;
	heard->rows[device].id = heard->def->devices[device].id;
	return true;
}

static void device_state_cell(struct listing *list, const struct device_row *row)
{
	struct text words = {0};
	enum tone tone = TONE_GOOD;
	if (!row->id) {
		text_add(&words, say(list->ctx, "never heard", "从未上报"));
		tone = TONE_DIM;
	}
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if (row->active >> kind & 1) {
			text_addf(&words, "%s%s", words.len ? ", " : "",
			          words_kind(list->ctx->language, (enum kind)kind));
			enum tone own = severity_tone(kind_facts[kind].severity);
			tone = own > tone ? own : tone;
			tone = tone == TONE_GOOD ? TONE_WARN : tone;
		}
	if (row->online_known && !row->online) {
		text_addf(&words, "%s%s", words.len ? ", " : "", say(list->ctx, "offline", "离线"));
		tone = tone == TONE_GOOD ? TONE_WARN : tone;
	}
	table_cell(&list->table, tone, words.len ? text_get(&words) : say(list->ctx, "ok", "正常"));
	text_finish(&words);
}

static void device_row(struct listing *list, const struct site_def *def, uint32_t i,
                       const struct device_row *row)
{
	const struct device *device = &def->devices[i];
	if (list->as_json) {
		view_device(&list->json, NULL, def, i, row->id ? row : NULL);
		return;
	}
	table_cell(&list->table, TONE_PLAIN, def->id);
	table_cell(&list->table, TONE_STRONG, device->id);
	table_cell(&list->table, TONE_PLAIN, device->name);
	table_cell(&list->table, TONE_PLAIN, def->zones[device->zone].name);
	table_cell(&list->table, TONE_PLAIN,
	           device->kind == KIND_NONE ? (device->profile ? device->profile : "-")
	                                     : words_kind(list->ctx->language, device->kind));
	device_state_cell(list, row);
	table_cell_time(&list->table, list->ctx, def, row->heard);
}

static int list_devices(struct listing *list, struct store *store, const struct site_def *def,
                        wall_ms tested_before)
{
	struct heard heard = {.def = def};
	heard.rows = NEW_ARRAY(struct device_row, def->device_count + 1);
	int r = store_devices(store, def->id, visit_device, &heard);
	for (uint32_t i = 0; r >= 0 && i < def->device_count; i++)
		if (heard.rows[i].tested <= tested_before)
			device_row(list, def, i, &heard.rows[i]);
	free(heard.rows);
	return r;
}

int run_devices(const struct command_context *ctx, const struct invocation *line)
{
	const char *headings[] = {
	        say(ctx, "SITE", "站点"),           say(ctx, "DEVICE", "设备"),
	        say(ctx, "NAME", "名称"),           say(ctx, "ZONE", "区域"),
	        say(ctx, "KIND", "类型"),           say(ctx, "STATE", "状态"),
	        say(ctx, "LAST HEARD", "最后上报"),
	};
	const struct site_def *only;
	struct store *store = NULL;
	wall_ms tested_before = NEVER;
	int code = option_site(ctx, line, &only);
	if (code == 0 && line->options[OPTION_UNKNOWN])
		return list_unknown(ctx, line, only);
	if (code == 0)
		code = option_time(ctx, line, OPTION_UNTESTED, only, &tested_before);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	struct listing list;
	listing_begin(&list, ctx, line, headings, sizeof headings / sizeof *headings);
	int r = 0;
	for (uint32_t i = 0; r >= 0 && i < ctx->site_count; i++)
		if (!only || only == ctx->sites[i])
			r = list_devices(&list, store, ctx->sites[i], tested_before);
	store_close(store);
	return listing_end(&list, r, say(ctx, "No devices are configured.", "没有配置设备。"),
	                   false);
}
