/* What stands for a while: its making, its text, its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static const char *const types[STANDING_TYPE_COUNT] = {
        [STANDING_POST] = "post",
        [STANDING_HANDOVER] = "handover",
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

static void people_free(struct standing *s)
{
	for (uint32_t i = 0; i < s->people_count; i++)
		free((char *)s->people[i]);
	free(s->people);
	s->people = NULL;
	s->people_count = 0;
}

void standing_destroy(struct standing *s)
{
	if (!s)
		return;
	people_free(s);
	free((char *)s->by);
	free((char *)s->note);
	free((char *)s->zone);
	free((char *)s->device);
	free((char *)s->post);
	free((char *)s->incident);
	free((char *)s->to);
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
        MEMBER(by),       MEMBER(note), MEMBER(zone),     MEMBER(device), MEMBER(post),
        MEMBER(incident), MEMBER(to),   MEMBER(ended_by), MEMBER(end),
};

static const char **text_of(const struct standing *s, const struct member *member)
{
	return (const char **)((uintptr_t)s + member->offset);
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
	if (s->until)
		json_put_time(out, "until", s->until);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (*text_of(s, &texts[i]))
			json_put_string(out, texts[i].name, *text_of(s, &texts[i]));
	if (s->people_count) {
		json_open(out, "from", '[');
		for (uint32_t i = 0; i < s->people_count; i++)
			json_put_string(out, NULL, s->people[i]);
		json_close(out, ']');
	}
	if (s->hidden)
		json_put_int(out, "hidden", s->hidden);
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
	int64_t number, hidden = 0;
	if (!type || !id || !json_int(root, "number", &number))
		return false;
	s->type = standing_type_from_name(type);
	s->number = (uint32_t)number;
	snprintf(s->id, sizeof s->id, "%s", id);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		own(text_of(s, &texts[i]), json_string(root, texts[i].name));
	const cJSON *person, *people = json_get(root, "from");
	cJSON_ArrayForEach (person, people)
		if (cJSON_IsString(person))
			standing_add_person(s, person->valuestring);
	json_int(root, "hidden", &hidden);
	s->hidden = (uint32_t)hidden;
	return s->type < STANDING_TYPE_COUNT && read_wall(root, "since", &s->since.wall) &&
	       read_wall(root, "until", &s->until) && read_wall(root, "ended_at", &s->ended.wall);
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

bool standing_has_person(const struct standing *s, const char *id)
{
	for (uint32_t i = 0; i < s->people_count; i++)
		if (strcmp(s->people[i], id) == 0)
			return true;
	return false;
}

void standing_add_person(struct standing *s, const char *id)
{
	if (standing_has_person(s, id))
		return;
	s->people = mem_grow(s->people, (size_t)s->people_count + 1, sizeof *s->people);
	s->people[s->people_count++] = mem_copy(id);
}

void standing_clear_people(struct standing *s)
{
	people_free(s);
}

/* ---- life ---- */

void site_adopt_standing(struct site *site, struct standing *s)
{
	MEM_RESERVE(site->standings, site->standing_count, site->standing_cap);
	site->standings[site->standing_count++] = s;
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

void standing_end(struct context *c, struct standing *s, const char *by, const char *end)
{
	timer_stop(&c->site->timers, &s->due);
	s->ended = c->now;
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
	case STANDING_POST:
	case STANDING_TYPE_COUNT:
		break;
	}
}
