#include "review/report_tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void finish_line(struct line *line)
{
	incident_destroy(line->incident);
	free(line->site);
}

void tally_finish(struct tally *tally)
{
	for (uint32_t i = 0; i < tally->count; i++)
		finish_line(&tally->lines[i]);
	for (uint32_t i = 0; i < tally->talker_count; i++)
		free(tally->talkers[i].device);
	for (uint32_t i = 0; i < tally->zone_count; i++) {
		free(tally->zones[i].id);
		free(tally->zones[i].name);
	}
	for (uint32_t i = 0; i < tally->channel_count; i++)
		free(tally->channels[i].id);
	free(tally->zones);
	free(tally->channels);
	free(tally->lines);
	free(tally->talkers);
	free(tally->spans);
}

/* ---- counting ---- */

static struct talker *talker_of(struct tally *tally, const char *device)
{
	for (uint32_t i = 0; i < tally->talker_count; i++)
		if (strcmp(tally->talkers[i].device, device) == 0)
			return &tally->talkers[i];
	MEM_RESERVE(tally->talkers, tally->talker_count, tally->talker_cap);
	struct talker *talker = &tally->talkers[tally->talker_count++];
	*talker = (struct talker){.device = mem_copy(device)};
	return talker;
}

/* A record of years may hold what is no JSON any more: then there is no channel in it. */
static void count_delivery(struct tally *tally, const struct ledger_row *row)
{
	cJSON *data = NULL;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0) {
		tally->deliveries++;
		return;
	}
	if (json_string(data, "digest")) { /* that is counted itself */
		cJSON_Delete(data);
		return;
	}
	tally->deliveries++;
	const char *channel = json_string(data, "channel"), *result = json_string(data, "result");
	bool accepted = result && strcmp(result, "accepted") == 0;
	tally->accepted += accepted;
	if (channel) {
		uint32_t i = 0;
		while (i < tally->channel_count && strcmp(tally->channels[i].id, channel) != 0)
			i++;
		if (i == tally->channel_count) {
			MEM_RESERVE(tally->channels, tally->channel_count, tally->channel_cap);
			tally->channels[tally->channel_count++] = (struct counted){
			        .id = mem_copy(channel)};
		}
		tally->channels[i].count++;
		tally->channels[i].good += accepted;
	}
	cJSON_Delete(data);
}

static bool count_entry(void *ctx, const struct ledger_row *row)
{
	struct tally *tally = ctx;
	tally->entries++;
	if (strcmp(row->type, "signal") == 0) {
		tally->signals++;
		if (row->device)
			talker_of(tally, row->device)->signals++;
	} else if (strcmp(row->type, "rejected") == 0) {
		tally->rejected++;
		if (row->device)
			talker_of(tally, row->device)->rejected++;
	} else if (strcmp(row->type, "device.silent") == 0 && row->device) {
		talker_of(tally, row->device)->silent++;
	} else if (strcmp(row->type, "delivery") == 0) {
		count_delivery(tally, row);
	} else if (strcmp(row->type, "gap") == 0) {
		tally->gaps++;
	} else if (strcmp(row->type, "service.started") == 0) {
		tally->starts++;
		tally->crashes += strstr(row->data, "\"after\":\"crash\"") != NULL;
	}
	return true;
}

static bool keep_id(void *ctx, const char *site_id, const struct incident *incident)
{
	struct tally *tally = ctx;
	memcpy(tally->looked, incident->id, sizeof tally->looked);
	if (!search_fits(&tally->report->period->search, incident))
		return true;
	MEM_RESERVE(tally->lines, tally->count, tally->cap);
	struct line *line = &tally->lines[tally->count++];
	*line = (struct line){.incident = incident_create(), .site = mem_copy(site_id)};
	memcpy(line->incident->id, incident->id, sizeof incident->id);
	return true;
}

static void count_zone(struct tally *tally, const struct incident *incident)
{
	uint32_t i = 0;
	while (i < tally->zone_count && strcmp(tally->zones[i].id, incident->zone) != 0)
		i++;
	if (i == tally->zone_count) {
		MEM_RESERVE(tally->zones, tally->zone_count, tally->zone_cap);
		tally->zones[tally->zone_count++] = (struct counted){
		        .id = mem_copy(incident->zone), .name = mem_copy(incident->zone_name)};
	}
	tally->zones[i].count++;
}

static void sum_up(struct tally *tally, const struct incident *incident)
{
	if (incident->drill) {
		tally->drills++; /* their own statistics */
		return;
	}
	tally->by_kind[incident->kind]++;
	count_zone(tally, incident);
	tally->judged += incident->outcome == OUTCOME_REAL ||
	                 incident->outcome == OUTCOME_FALSE_ALARM;
	tally->false_alarms += incident->outcome == OUTCOME_FALSE_ALARM;
	tally->unresolved += incident->state != STATE_RESOLVED;
}

static int load_line(struct tally *tally, struct line *line)
{
	struct store *store = tally->report->request->store;
	const struct incident_search *search = &tally->report->period->search;
	struct incident *loaded = NULL;
	struct text known = {0};
	char *site = NULL;
	int r = store_incident(store, line->incident->id, &loaded, &site);
	free(site);
	if (r < 0)
		return r;
	incident_destroy(line->incident);
	line->incident = loaded;
	if (*search->words) {
		search_add_known(&known, tally->report->def, loaded);
		r = search_finds(search, text_get(&known), store, loaded->id);
		text_finish(&known);
		line->left_out = r == 0;
	}
	return r < 0 || line->left_out ? r : response_of(store, loaded, &line->response);
}

static void count_line(struct tally *tally, struct line *line)
{
	const struct incident *incident = line->incident;
	sum_up(tally, incident);
	for (enum stage stage = 0; !incident->drill && stage < STAGE_COUNT; stage++) {
		bool late = stage_is_late(incident, &line->response, stage,
		                          tally->report->request->now);
		bool unjudged = stage_is_unjudged(incident, &line->response, stage,
		                                  tally->report->request->now);
		tally->late[stage] += late;
		tally->unjudged[stage] += unjudged;
		line->late |= late;
		line->unjudged |= unjudged;
	}
}

static void drop_left_out(struct tally *tally)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < tally->count; i++) {
		struct line *line = &tally->lines[i];
		if (line->left_out)
			finish_line(line);
		else
			tally->lines[kept++] = *line;
	}
	tally->count = kept;
}

/* May be cut off at any line: only then are those dropped that were not sought. */
static int load_lines(struct tally *tally)
{
	int r = 0;
	for (uint32_t i = 0; r >= 0 && i < tally->count; i++) {
		struct line *line = &tally->lines[i];
		r = load_line(tally, line);
		if (r >= 0 && !line->left_out)
			count_line(tally, line);
	}
	if (r >= 0)
		drop_left_out(tally);
	return r;
}

static int by_noise(const void *a, const void *b)
{
	const struct talker *left = a, *right = b;
	uint64_t l = (uint64_t)left->signals + left->rejected + left->silent;
	uint64_t r = (uint64_t)right->signals + right->rejected + right->silent;
	return l > r ? -1 : l < r;
}

static int by_count(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;
	return left->count > right->count ? -1 : left->count < right->count;
}

static void sort(void *items, uint32_t count, size_t size, int (*by)(const void *, const void *))
{
	if (count) /* else there may be nothing to point at */
		qsort(items, count, size, by);
}

int tally_gather(struct tally *tally)
{
	const struct report_period *period = tally->report->period;
	struct store *store = tally->report->request->store;
	struct incident_filter filter = period->filter;
	bool more = true;
	int r = 0;
	filter.site = period->site;
	filter.since = period->since;
	filter.until = period->until;
	filter.limit = 1000;
	while (r >= 0 && more && tally->count < INCIDENTS_MAX) {
		filter.after = *tally->looked ? tally->looked : NULL;
		r = store_incidents(store, &filter, keep_id, tally, &more);
	}
	if (r >= 0)
		r = load_lines(tally);
	if (r >= 0)
		r = store_log(store,
		              &(struct ledger_filter){.site = period->site,
		                                      .since = period->since,
		                                      .until = period->until},
		              count_entry, tally);
	sort(tally->talkers, tally->talker_count, sizeof *tally->talkers, by_noise);
	sort(tally->zones, tally->zone_count, sizeof *tally->zones, by_count);
	sort(tally->channels, tally->channel_count, sizeof *tally->channels, by_count);
	return r;
}

/* ---- figures ---- */

static int by_span(const void *a, const void *b)
{
	span_ms left = *(const span_ms *)a, right = *(const span_ms *)b;
	return left < right ? -1 : left > right;
}

uint32_t tally_sort_spans(struct tally *tally, enum stage stage)
{
	uint32_t count = 0;
	if (!tally->spans)
		tally->spans = NEW_ARRAY(span_ms, (size_t)tally->count + 1);
	for (uint32_t i = 0; i < tally->count; i++) {
		span_ms span = stage_of(&tally->lines[i].response, stage);
		if (span != NOT_YET && !tally->lines[i].incident->drill)
			tally->spans[count++] = span;
	}
	sort(tally->spans, count, sizeof *tally->spans, by_span);
	return count;
}

/* The nearest rank. */
span_ms tally_percentile(const struct tally *tally, uint32_t count, uint32_t percent)
{
	return count ? tally->spans[((uint64_t)count * percent + 99) / 100 - 1] : NOT_YET;
}

int tally_false_percent(const struct tally *tally)
{
	uint64_t hundredfold = (uint64_t)tally->false_alarms * 100;
	return tally->judged ? (int)((hundredfold + tally->judged / 2) / tally->judged) : -1;
}
