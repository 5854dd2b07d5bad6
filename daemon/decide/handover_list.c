/* What a handover says: which incidents are open, what is silenced, disarmed or under walk test.
 * One line each, in the site's language. */
#include <string.h>

#include "decide/core.h"
#include "decide/words.h"

#define INCIDENTS_SHOWN 12
#define STANDINGS_SHOWN 12

struct list {
	const struct site *site;
	struct text *out;
	bool chinese;
	uint32_t lines;
};

static void begin_line(struct list *list)
{
	if (list->out->len)
		text_add_char(list->out, '\n');
	list->lines++;
}

/* A reason that somebody gave stays on its line. */
static void add_plain(struct list *list, const char *foreign)
{
	for (const char *at = foreign ? foreign : ""; *at; at++)
		text_add_char(list->out, (unsigned char)*at < 0x20 ? ' ' : *at);
}

static void add_clock(struct list *list, wall_ms at)
{
	struct civil local = civil_from_wall(&list->site->def->timezone, at);
	text_addf(list->out, "%02d-%02d %02d:%02d", local.month, local.day, local.hour,
	          local.minute);
}

static const char *zone_name(const struct list *list, const char *id)
{
	const struct site_def *def = list->site->def;
	uint32_t zone = id ? site_def_zone(def, id) : POSITION_NONE;
	return zone == POSITION_NONE ? id ? id : "" : def->zones[zone].name;
}

static const char *device_name(const struct list *list, const char *id)
{
	const struct site_def *def = list->site->def;
	uint32_t device = site_def_device(def, id);
	return device == POSITION_NONE ? id : def->devices[device].name;
}

static const char *person_name(const struct list *list, const char *id)
{
	const struct site_def *def = list->site->def;
	uint32_t person = site_def_person(def, id);
	return person == POSITION_NONE ? id : def->people[person].name;
}

static bool is_told(const struct incident *incident)
{
	/* A handover's own trouble is nothing to hand over. */
	return incident_is_active(incident) && !incident->drill &&
	       !(incident->subject && strncmp(incident->subject, "handover:", 9) == 0);
}

static void add_incidents(struct list *list)
{
	const struct site *site = list->site;
	const char *language = site->def->language;
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		if (!is_told(incident) || ++count > INCIDENTS_SHOWN)
			continue;
		begin_line(list);
		text_addf(list->out,
		          list->chinese ? "未解除：【%s】%s，%s，%s" : "Open: [%s] %s, %s, %s",
		          words_incident_kind(language, incident->kind), incident->zone_name,
		          words_severity(language, incident->severity),
		          words_state(language, incident->state));
		if (incident->owner)
			text_addf(list->out, list->chinese ? "，负责人 %s" : ", in charge: %s",
			          person_name(list, incident->owner));
		text_addf(list->out, list->chinese ? "（%s）" : " (%s)", incident->id);
	}
	if (count <= INCIDENTS_SHOWN)
		return;
	begin_line(list);
	text_addf(list->out, list->chinese ? "另有 %u 起未解除" : "... and %u more open",
	          count - INCIDENTS_SHOWN);
}

bool handover_lists(const struct standing *s)
{
	if (standing_is_over(s))
		return false;
	return s->type == STANDING_SILENCE || s->type == STANDING_WALK_TEST ||
	       (s->type == STANDING_ARMING && (!s->armed || s->name_count));
}

static void add_standing(struct list *list, const struct standing *s)
{
	begin_line(list);
	if (s->type == STANDING_SILENCE) {
		text_add(list->out, list->chinese ? "静默：" : "Silenced: ");
		add_plain(list,
		          s->device ? device_name(list, s->device) : zone_name(list, s->zone));
	} else if (s->type == STANDING_WALK_TEST) {
		text_add(list->out, list->chinese ? "测试中：" : "Under walk test: ");
		add_plain(list, device_name(list, s->device));
	} else {
		text_add(list->out, !s->armed ? (list->chinese ? "已撤防：" : "Disarmed: ")
		                    : list->chinese ? "已布防，以下除外："
		                                    : "Armed but for what was open: ");
		add_plain(list, zone_name(list, s->zone));
	}
	for (uint32_t i = 0; i < s->name_count; i++) {
		text_add(list->out, list->chinese ? "，" : ", ");
		add_plain(list, device_name(list, s->names[i]));
	}
	if (s->note && *s->note) {
		text_add(list->out, list->chinese ? "，原因：" : ", because: ");
		add_plain(list, s->note);
	}
	if (s->until) {
		text_add(list->out, list->chinese ? "，至 " : ", until ");
		add_clock(list, s->until);
	}
}

static void add_standings(struct list *list)
{
	const struct site *site = list->site;
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->standing_count; i++)
		if (handover_lists(site->standings[i]) && ++count <= STANDINGS_SHOWN)
			add_standing(list, site->standings[i]);
	if (count <= STANDINGS_SHOWN)
		return;
	begin_line(list);
	text_addf(list->out, list->chinese ? "另有 %u 项" : "... and %u more",
	          count - STANDINGS_SHOWN);
}

void handover_write_list(const struct site *site, bool incidents, struct text *out)
{
	const char *language = site->def->language;
	struct list list = {site, out, language && strncmp(language, "zh", 2) == 0, 0};
	if (incidents)
		add_incidents(&list);
	add_standings(&list);
	if (!list.lines && incidents)
		text_add(out, list.chinese ? "无未解除警情、静默或撤防。"
		                           : "Nothing is open, silenced or disarmed.");
}
