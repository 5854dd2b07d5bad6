/* Floods: who hears of more than ten incidents within ten minutes gets the lesser ones gathered in
 * digests until it is calmer again. What is critical, and every fire, gas and panic, goes on coming
 * one by one; drills are left as they are, since a digest may reach an outside line.
 *
 * A notification that is held waits for the next digest (DIGEST_NEXT), then it is carried by one
 * (its number) and shares its fate: accepted with it, failed with it, so that steps go on as usual.
 * The figures are ISA-18.2's: a flood begins above 10 alarms in 10 minutes per operator, ends below
 * 5. That an alarm is told within 10 s (NFPA 72) holds in a flood, too. */
#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "decide/core.h"
#include "decide/words.h"

#define FLOOD_WITHIN MINUTES(10)
#define FLOOD_ABOVE 10
#define FLOOD_BELOW 5
#define GATHER_NEWS SECONDS(5)  /* what was not told before waits no longer */
#define GATHER_MORE SECONDS(60) /* repetitions and ends */
#define LINES_MAX 20

struct recent {          /* when this recipient last heard of something new */
	const char *key; /* kind and id; heap */
	steady_ms at[FLOOD_ABOVE + 1];
	uint32_t next, count; /* a ring */
};

struct floods {
	struct recent *items;
	uint32_t count, cap;
	struct index index;
};

void floods_destroy(struct floods *floods)
{
	if (!floods)
		return;
	for (uint32_t i = 0; i < floods->count; i++)
		free((char *)floods->items[i].key);
	free(floods->items);
	index_finish(&floods->index);
	free(floods);
}

static const char *recent_key(const void *items, uint32_t i)
{
	return ((const struct recent *)items)[i].key;
}

static struct recent *recent_of(struct site *site, enum recipient_kind kind, const char *id)
{
	struct text key = {0};
	if (!site->floods)
		site->floods = NEW(struct floods);
	struct floods *floods = site->floods;
	text_addf(&key, "%s:%s", recipient_kind_name(kind), id);
	uint32_t at = index_find(&floods->index, text_get(&key), recent_key, floods->items);
	if (at == INDEX_NONE) {
		MEM_RESERVE(floods->items, floods->count, floods->cap);
		at = floods->count++;
		floods->items[at] = (struct recent){.key = mem_copy(text_get(&key))};
		index_add(&floods->index, at, recent_key, floods->items);
	}
	text_finish(&key);
	return &floods->items[at];
}

static void note(struct recent *recent, steady_ms at)
{
	recent->at[recent->next] = at;
	recent->next = (recent->next + 1) % (FLOOD_ABOVE + 1);
	if (recent->count <= FLOOD_ABOVE)
		recent->count++;
}

static uint32_t lately(const struct recent *recent, steady_ms now)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < recent->count; i++)
		count += now - recent->at[i] < FLOOD_WITHIN;
	return count;
}

static struct standing *find_flood(const struct site *site, enum recipient_kind kind,
                                   const char *id)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		const char *whose = kind == RECIPIENT_PERSON ? s->to : s->channel;
		if (s->type == STANDING_FLOOD && !standing_is_over(s) && whose &&
		    strcmp(whose, id) == 0)
			return s;
	}
	return NULL;
}

static struct standing *begin_flood(struct context *c, const struct notification *n)
{
	struct standing *s = standing_begin(c, STANDING_FLOOD);
	own(n->to_kind == RECIPIENT_PERSON ? &s->to : &s->channel, n->to_id);
	record_standing(c, s, "flood", "began", NULL);
	return s;
}

/* What tells of something that was not known before, or asks for somebody anew. */
static bool is_news(enum reason reason)
{
	return reason == REASON_OPENED || reason == REASON_ESCALATED || reason == REASON_RAISED ||
	       reason == REASON_REOPENED || reason == REASON_HANDOVER ||
	       reason == REASON_REPORT_DUE || reason == REASON_REPORT_LATE;
}

bool flood_holds(struct context *c, const struct notification *n, bool first)
{
	const struct incident *incident = n->incident;
	if (!incident || incident->drill)
		return false;
	struct recent *recent = recent_of(c->site, n->to_kind, n->to_id);
	struct standing *flood = find_flood(c->site, n->to_kind, n->to_id);
	if (first || (flood && n->urgent))
		note(recent, c->now.steady);
	if (incident->severity == SEVERITY_CRITICAL || incident_kind_is_life_safety(incident->kind))
		return false;
	if (!flood && (!first || lately(recent, c->now.steady) <= FLOOD_ABOVE))
		return false;
	if (!flood)
		flood = begin_flood(c, n);
	steady_ms due = c->now.steady + (is_news(n->reason) ? GATHER_NEWS : GATHER_MORE);
	if (due < timer_due(&flood->due))
		timer_set(&c->site->timers, &flood->due, due);
	flood->hidden++;
	touch_standing(c, flood);
	return true;
}

/* ---- the digest ---- */

static bool is_to(const struct notification *n, const struct standing *flood)
{
	const char *whose = n->to_kind == RECIPIENT_PERSON ? flood->to : flood->channel;
	return whose && strcmp(n->to_id, whose) == 0;
}

static bool is_held(const struct notification *n, const struct standing *flood, int64_t digest)
{
	return digest && n->digest == digest && n->incident && !notification_is_over(n) &&
	       is_to(n, flood);
}

static struct notification *running_digest(const struct site *site, const struct standing *flood)
{
	for (uint32_t i = site->notification_count; i-- > 0;) {
		struct notification *n = site->notifications[i];
		if (n->reason == REASON_DIGEST && !notification_is_over(n) && is_to(n, flood))
			return n;
	}
	return NULL;
}

static void add_line(const struct context *c, struct text *out, const struct incident *incident)
{
	const char *language = c->site->def->language;
	bool chinese = language && strncmp(language, "zh", 2) == 0;
	text_addf(out, chinese ? "\n【%s】%s，%s，%s（%s）" : "\n[%s] %s, %s, %s (%s)",
	          words_incident_kind(language, incident->kind), incident->zone_name,
	          words_severity(language, incident->severity),
	          words_state(language, incident->state), incident->id);
}

/* The graver ones first. */
static void write_digest(const struct context *c, const struct standing *flood, uint32_t held,
                         struct text *out)
{
	const char *language = c->site->def->language;
	bool chinese = language && strncmp(language, "zh", 2) == 0;
	uint32_t lines = 0;
	text_addf(out,
	          chinese ? "短时间内警情较多，以下 %u 起合并通知："
	                  : "Many incidents at once: these %u in one message.",
	          held);
	for (unsigned severity = SEVERITY_COUNT; severity-- > 0;)
		for (uint32_t i = 0; i < c->site->notification_count; i++) {
			const struct notification *n = c->site->notifications[i];
			if (!is_held(n, flood, DIGEST_NEXT) || n->incident->severity != severity)
				continue;
			if (lines++ < LINES_MAX)
				add_line(c, out, n->incident);
		}
	if (lines > LINES_MAX)
		text_addf(out,
		          chinese ? "\n另有 %u 起，请查看控制台。"
		                  : "\n... and %u more: see the console.",
		          lines - LINES_MAX);
}

static bool is_among(const struct incident *incident, const struct incident *const *list,
                     uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i] == incident)
			return true;
	return false;
}

uint32_t digest_incidents(const struct site *site, const struct notification *digest,
                          const struct incident **out, uint32_t cap)
{
	uint32_t count = 0, written = 0;
	for (uint32_t i = 0; i < site->notification_count; i++) {
		const struct notification *n = site->notifications[i];
		if (n->digest != (int64_t)digest->number || !n->incident ||
		    is_among(n->incident, out, written))
			continue;
		count++;
		if (written < cap)
			out[written++] = n->incident;
	}
	return count;
}

static void carry(struct context *c, const struct standing *flood, int64_t digest)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		if (!is_held(n, flood, DIGEST_NEXT))
			continue;
		n->digest = digest;
		touch_notification(c, n);
	}
}

static uint32_t count_held(const struct context *c, const struct standing *flood)
{
	uint32_t held = 0;
	for (uint32_t i = 0; i < c->site->notification_count; i++)
		held += is_held(c->site->notifications[i], flood, DIGEST_NEXT);
	return held;
}

/* What the last one has not brought there goes into the next. */
static void take_back(struct context *c, const struct standing *flood, struct notification *last)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		if (!is_held(n, flood, (int64_t)last->number))
			continue;
		n->digest = DIGEST_NEXT;
		touch_notification(c, n);
	}
	notification_finish(c, last, NOTIFICATION_EXPIRED);
}

/* They are no longer known: the steps go on without them. */
static void give_up(struct context *c, const struct standing *flood)
{
	uint32_t count = c->site->notification_count;
	for (uint32_t i = 0; i < count; i++) {
		struct notification *n = c->site->notifications[i];
		if (!is_held(n, flood, DIGEST_NEXT))
			continue;
		notification_finish(c, n, NOTIFICATION_EXPIRED);
		escalate_progress(c, n, false);
	}
}

static void send_digest(struct context *c, struct standing *flood, uint32_t held)
{
	enum recipient_kind kind = flood->to ? RECIPIENT_PERSON : RECIPIENT_CHANNEL;
	struct text words = {0};
	struct notification *n = notify_id(c, NULL, kind, flood->to ? flood->to : flood->channel,
	                                   REASON_DIGEST, 0);
	if (!n) {
		give_up(c, flood);
		return;
	}
	write_digest(c, flood, held, &words);
	own(&n->note, text_get(&words));
	text_finish(&words);
	carry(c, flood, (int64_t)n->number);
}

/* One digest at a time: while its contacts have their time, what comes meanwhile is gathered. */
void flood_due(struct context *c, struct standing *flood)
{
	const char *id = flood->to ? flood->to : flood->channel;
	enum recipient_kind kind = flood->to ? RECIPIENT_PERSON : RECIPIENT_CHANNEL;
	struct notification *last = running_digest(c->site, flood);
	uint32_t held = count_held(c, flood);
	span_ms next = GATHER_MORE;
	if (held && last && !last->failed) {
		next = GATHER_NEWS;
	} else if (held) {
		if (last)
			take_back(c, flood, last);
		send_digest(c, flood, count_held(c, flood));
	} else if (lately(recent_of(c->site, kind, id), c->now.steady) < FLOOD_BELOW) {
		standing_end(c, flood, NULL, "it is calmer");
		record_standing(c, flood, "flood", "ended", NULL);
		return;
	}
	timer_set(&c->site->timers, &flood->due, c->now.steady + next);
	touch_standing(c, flood);
}

/* Who has the digest has what it carries: the record says so of each incident, and by what. */
static void note_reached(struct context *c, const struct notification *digest,
                         struct notification *n, const struct delivery_result *result)
{
	const struct delivery *by = &digest->deliveries[result->contact];
	struct delivery_result as_its_own = *result;
	struct told *told = incident_told(n->incident, n->to_kind, n->to_id);
	if (told && n->number > told->accepted)
		told->accepted = n->number;
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		struct delivery *delivery = &n->deliveries[i];
		if (delivery->place != by->place || strcmp(delivery->channel, by->channel) != 0)
			continue;
		delivery->state = DELIVERY_ACCEPTED;
		delivery->attempts = result->attempt;
		delivery->last_status = result->status;
		as_its_own.notification = n->number;
		as_its_own.contact = i;
		delivery_record(c, n, &as_its_own, digest->number);
		return;
	}
}

void flood_carried(struct context *c, const struct notification *digest,
                   const struct delivery_result *accepted)
{
	bool reached = accepted;
	uint32_t count = c->site->notification_count;
	for (uint32_t i = 0; i < count; i++) {
		struct notification *n = c->site->notifications[i];
		if (n->digest != (int64_t)digest->number || notification_is_over(n))
			continue;
		bool failed = n->failed;
		n->failed |= !reached;
		touch_notification(c, n);
		if (reached) {
			note_reached(c, digest, n, accepted);
			notification_finish(c, n, NOTIFICATION_ACCEPTED);
		} else if (digest->state == NOTIFICATION_REFUSED) {
			notification_finish(c, n, NOTIFICATION_REFUSED);
		}
		if (!failed)
			escalate_progress(c, n, reached);
		else if (reached)
			escalate_reached_late(c, n);
	}
}

/* A new life counts from what its predecessor left open. */
void floods_start(struct context *c)
{
	struct site *site = c->site;
	floods_destroy(site->floods);
	site->floods = NULL;
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		for (uint32_t k = 0; !incident->drill && k < incident->told_count; k++)
			note(recent_of(site, incident->told[k].kind, incident->told[k].id),
			     incident->opened.steady);
	}
}
