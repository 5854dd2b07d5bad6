/* What stands for a while: its making, its text, its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static const char *const types[STANDING_TYPE_COUNT] = {
        [STANDING_POST] = "post",
        [STANDING_HANDOVER] = "handover",
        [STANDING_ARMING] = "arming",
        [STANDING_ENTRY] = "entry",
        [STANDING_SILENCE] = "silence",
        [STANDING_DRILL] = "drill",
        [STANDING_WALK_TEST] = "walk-test",
        [STANDING_OVERRIDE] = "override",
        [STANDING_PROOF] = "proof",
        [STANDING_REACH] = "reach",
        [STANDING_RULE] = "rule",
        [STANDING_HAZARD] = "hazard",
        [STANDING_HEAD] = "head",
        [STANDING_REPORTING] = "reporting",
        [STANDING_DRILL_PLAN] = "drill-plan",
        [STANDING_FLOOD] = "flood",
        [STANDING_CHATTER] = "chatter",
        [STANDING_TEST_MARK] = "test-mark",
        [STANDING_STRANGER] = "stranger",
};

const char *standing_type_name(enum standing_type type)
{
	return type < STANDING_TYPE_COUNT ? types[type] : "none";
}

enum standing_type standing_type_from_name(const char *name)
{
	int i = 0;
	while (i < STANDING_TYPE_COUNT && strcmp(types[i], name) != 0)
		i++;
	return (enum standing_type)i;
}

struct standing *standing_create(void)
{
	struct standing *s = NEW(struct standing);
	s->due.owner = s;
	s->due.type = TIMER_STANDING;
	return s;
}

static void list_free(const char ***list, uint32_t *count)
{
	for (uint32_t i = 0; i < *count; i++)
		free((char *)(*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

static bool list_has(const char *const *list, uint32_t count, const char *word)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static void list_add(const char ***list, uint32_t *count, const char *word)
{
	if (list_has(*list, *count, word))
		return;
	*list = mem_grow(*list, (size_t)*count + 1, sizeof **list);
	(*list)[(*count)++] = mem_copy(word);
}

void standing_destroy(struct standing *s)
{
	if (!s)
		return;
	list_free(&s->names, &s->name_count);
	list_free(&s->zones, &s->zone_count);
	free((char *)s->by);
	free((char *)s->note);
	free((char *)s->zone);
	free((char *)s->device);
	free((char *)s->post);
	free((char *)s->incident);
	free((char *)s->to);
	free((char *)s->channel);
	free((char *)s->notification);
	free((char *)s->rule);
	free((char *)s->remedy);
	free((char *)s->remedied_by);
	free((char *)s->mark);
	free((char *)s->ended_by);
	free((char *)s->end);
	free(s);
}

/* ---- text ---- */

struct member {
	const char *name;
	size_t offset;
};
#define MEMBER(field)                                                                              \
	{                                                                                          \
#field, offsetof(struct standing, field)                                           \
	}
static const struct member texts[] = {
        MEMBER(by),           MEMBER(note), MEMBER(zone),     MEMBER(device),      MEMBER(post),
        MEMBER(incident),     MEMBER(to),   MEMBER(ended_by), MEMBER(end),         MEMBER(channel),
        MEMBER(notification), MEMBER(rule), MEMBER(remedy),   MEMBER(remedied_by), MEMBER(mark),
};

static const char **text_of(const struct standing *s, const struct member *member)
{
	return (const char **)((uintptr_t)s + member->offset);
}

static const char *names_key(const struct standing *s)
{
	enum standing_type type = s->type;
	if (type == STANDING_OVERRIDE)
		return s->swap ? "swap" : "people";
	return type == STANDING_ARMING  ? "open"
	       : type == STANDING_DRILL ? "incidents"
	       : type == STANDING_RULE  ? "counted"
	       : type == STANDING_POST  ? "people"
	                                : "from";
}

static const char *hidden_key(const struct standing *s)
{
	return s->type == STANDING_HAZARD ? "overdue" : "hidden";
}

static const char *kind_word(enum standing_type type, uint32_t kind)
{
	return type == STANDING_DRILL ? incident_kind_name((enum incident_kind)kind)
	                              : kind_name((enum kind)kind);
}

void kinds_write_json(struct text *out, enum standing_type type, uint32_t kinds)
{
	uint32_t count = type == STANDING_DRILL ? (uint32_t)INCIDENT_KIND_COUNT
	                                        : (uint32_t)KIND_COUNT;
	json_open(out, "kinds", '[');
	for (uint32_t i = 0; i < count; i++)
		if (kinds & (UINT32_C(1) << i))
			json_put_string(out, NULL, kind_word(type, i));
	json_close(out, ']');
}

uint32_t kinds_from_name(enum standing_type type, const char *word)
{
	enum kind kind = kind_from_name(word);
	enum incident_kind incident = incident_kind_from_name(word);
	uint32_t kinds = 0;
	if (type == STANDING_DRILL && incident == INCIDENT_KIND_NONE && kind != KIND_NONE)
		incident = kind_facts[kind].raises;
	if (type == STANDING_DRILL)
		return incident == INCIDENT_KIND_NONE ? 0 : UINT32_C(1) << incident;
	if (kind != KIND_NONE)
		return UINT32_C(1) << kind;
	for (uint32_t i = 0; i < KIND_COUNT && incident != INCIDENT_KIND_NONE; i++)
		if (kind_facts[i].raises == incident)
			kinds |= UINT32_C(1) << i;
	return kinds;
}

static void put_list(struct text *out, const char *name, const char *const *list, uint32_t count)
{
	if (!count)
		return;
	json_open(out, name, '[');
	for (uint32_t i = 0; i < count; i++)
		json_put_string(out, NULL, list[i]);
	json_close(out, ']');
}

void standing_write_json(struct text *out, const char *name, const char *site_id,
                         const struct standing *s)
{
	json_open(out, name, '{');
	json_put_string(out, "id", s->id);
	json_put_string(out, "site", site_id);
	json_put_string(out, "type", standing_type_name(s->type));
	json_put_int(out, "number", s->number);
	json_put_string(out, "state", standing_is_over(s) ? "ended" : "active");
	json_put_time(out, "since", s->since.wall);
	if (s->begins)
		json_put_time(out, "begins", s->begins);
	if (s->until)
		json_put_time(out, "until", s->until);
	if (s->made)
		json_put_time(out, "made", s->made);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (*text_of(s, &texts[i]))
			json_put_string(out, texts[i].name, *text_of(s, &texts[i]));
	if (s->type == STANDING_ARMING)
		json_put_bool(out, "armed", s->armed);
	if (s->type == STANDING_DRILL)
		json_put_bool(out, "announced", s->announced);
	if (s->kinds)
		kinds_write_json(out, s->type, s->kinds);
	put_list(out, names_key(s), s->names, s->name_count);
	put_list(out, "zones", s->zones, s->zone_count);
	if (s->hidden)
		json_put_int(out, hidden_key(s), s->hidden);
	if (s->type == STANDING_PROOF)
		json_put_int(out, "nth", s->nth);
	if (s->type == STANDING_HAZARD)
		json_put_string(out, "stage", hazard_stage(s));
	if (standing_is_over(s))
		json_put_time(out, "ended_at", s->ended.wall);
	json_close(out, '}');
}

static bool read_wall(const cJSON *root, const char *name, wall_ms *out)
{
	const char *text = json_string(root, name);
	return !text || time_parse(text, out) == 0;
}

static bool read_members(const cJSON *root, struct standing *s)
{
	const char *type = json_string(root, "type"), *id = json_string(root, "id");
	int64_t number, hidden = 0, nth = 1; /* older proofs name none */
	if (!type || !id || !json_int(root, "number", &number))
		return false;
	s->type = standing_type_from_name(type);
	s->number = (uint32_t)number;
	snprintf(s->id, sizeof s->id, "%s", id);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		own(text_of(s, &texts[i]), json_string(root, texts[i].name));
	s->swap = json_get(root, "swap") != NULL;
	const cJSON *item, *names = json_get(root, names_key(s));
	cJSON_ArrayForEach (item, names)
		if (cJSON_IsString(item))
			standing_add_name(s, item->valuestring);
	cJSON_ArrayForEach (item, json_get(root, "zones"))
		if (cJSON_IsString(item))
			standing_add_zone(s, item->valuestring);
	cJSON_ArrayForEach (item, json_get(root, "kinds"))
		if (cJSON_IsString(item))
			s->kinds |= kinds_from_name(s->type, item->valuestring);
	json_bool(root, "armed", &s->armed);
	json_bool(root, "announced", &s->announced);
	json_int(root, hidden_key(s), &hidden);
	s->hidden = (uint32_t)hidden;
	json_int(root, "nth", &nth);
	s->nth = (uint32_t)nth;
	return s->type < STANDING_TYPE_COUNT && read_wall(root, "since", &s->since.wall) &&
	       read_wall(root, "begins", &s->begins) && read_wall(root, "until", &s->until) &&
	       read_wall(root, "made", &s->made) && read_wall(root, "ended_at", &s->ended.wall);
}

bool standing_read_json(const char *json, struct standing *s)
{
	cJSON *root = NULL;
	if (json_parse(json, strlen(json), &root, NULL) < 0)
		return false;
	bool ok = read_members(root, s);
	cJSON_Delete(root);
	return ok;
}

/* ---- people in it ---- */

bool standing_has_name(const struct standing *s, const char *id)
{
	return list_has(s->names, s->name_count, id);
}

void standing_add_name(struct standing *s, const char *id)
{
	list_add(&s->names, &s->name_count, id);
}

void standing_add_zone(struct standing *s, const char *id)
{
	list_add(&s->zones, &s->zone_count, id);
}

void standing_clear_names(struct standing *s)
{
	list_free(&s->names, &s->name_count);
}

/* ---- life ---- */

void site_adopt_standing(struct site *site, struct standing *s)
{
	MEM_RESERVE(site->standings, site->standing_count, site->standing_cap);
	site->standings[site->standing_count++] = s;
	if (s->type == STANDING_OVERRIDE)
		duty_state_add(&site->duty, s);
	if (s->number >= site->next_standing)
		site->next_standing = s->number + 1;
	if (s->due.due && !s->due.place)
		timer_set(&site->timers, &s->due, s->due.due);
}

struct standing *site_standing(const struct site *site, const char *id)
{
	for (uint32_t i = 0; i < site->standing_count; i++)
		if (strcmp(site->standings[i]->id, id) == 0)
			return site->standings[i];
	return NULL;
}

struct standing *standing_begin(struct context *c, enum standing_type type)
{
	struct standing *s = standing_create();
	s->type = type;
	s->number = c->site->next_standing++;
	s->since = c->now;
	snprintf(s->id, sizeof s->id, "%s-%s-%u", c->site->def->id, standing_type_name(type),
	         s->number);
	site_adopt_standing(c->site, s);
	touch_standing(c, s);
	return s;
}

void standing_last(struct context *c, struct standing *s, span_ms span)
{
	s->until = c->now.wall + span;
	timer_set(&c->site->timers, &s->due, c->now.steady + span);
}

void record_standing(struct context *c, const struct standing *s, const char *type,
                     const char *action, const char *by)
{
	struct text *data = record(c);
	json_put_string(data, "action", action);
	standing_write_json(data, "what", c->site->def->id, s);
	record_end(c, (struct entry){.type = type, .device = s->device, .by = by});
}

void standing_end(struct context *c, struct standing *s, const char *by, const char *end)
{
	timer_stop(&c->site->timers, &s->due);
	s->ended = c->now;
	duty_state_remove(&c->site->duty, s);
	own(&s->ended_by, by);
	own(&s->end, end);
	touch_standing(c, s);
}

void standing_due(struct context *c, struct standing *s)
{
	timer_stop(&c->site->timers, &s->due);
	switch (s->type) {
	case STANDING_HANDOVER:
		handover_late(c, s);
		break;
	case STANDING_ARMING:
		arming_over(c, s, NULL, "its time is over");
		break;
	case STANDING_ENTRY:
		entry_over(c, s);
		break;
	case STANDING_SILENCE:
		silence_over(c, s, NULL, "its time is over");
		break;
	case STANDING_DRILL:
		drill_over(c, s, NULL, "its time is over");
		break;
	case STANDING_WALK_TEST:
		walk_test_over(c, s, NULL, "its time is over");
		break;
	case STANDING_OVERRIDE:
		duty_override_due(c, s);
		break;
	case STANDING_PROOF:
		proof_late(c, s);
		break;
	case STANDING_REACH:
		reach_due(c, s);
		break;
	case STANDING_RULE:
		rule_due(c, s);
		break;
	case STANDING_HAZARD:
		hazard_late(c, s);
		break;
	case STANDING_HEAD:
		head_due(c, s);
		break;
	case STANDING_REPORTING:
		reporting_due(c, s);
		break;
	case STANDING_DRILL_PLAN:
		drill_plan_due(c, s);
		break;
	case STANDING_FLOOD:
		flood_due(c, s);
		break;
	case STANDING_CHATTER:
		chatter_over(c, s);
		break;
	case STANDING_STRANGER:
		standing_end(c, s, NULL, "forgotten");
		break;
	case STANDING_POST:
	case STANDING_TEST_MARK:
	case STANDING_TYPE_COUNT:
		break;
	}
}
