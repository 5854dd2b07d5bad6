/* Where in a payload devices speak, and what holds for all that one says there. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "receive/profile_private.h"

#define SCALAR_MAX 256

static bool is_detector(enum kind kind)
{
	return kind < KIND_TAMPER || kind == KIND_NONE;
}

/* A message that came out of a cache or waited at the broker, and is older than the profile lets
 * it be, is past. */
static bool is_stale(const struct decoding *d, wall_ms time)
{
	const struct heard_message *m = d->message;
	if (!d->profile->fresh || !time || m->now - time <= d->profile->fresh)
		return false;
	return m->retained || memory_gateway_is_fresh(d->memory, d->profile->gateway, m->steady);
}

static enum detectors detectors_of(const struct decoding *d, const struct speaking *s)
{
	enum detectors found = DETECTORS_SILENT;
	for (uint32_t i = s->first; i < d->out->count; i++) {
		const struct statement *f = &d->out->items[i];
		bool says = f->type == SAID_SIGNAL || f->type == SAID_OWN || f->type == SAID_PRESS;
		if (!says || !is_detector(f->kind) || (f->active && f->test))
			continue;
		if (f->active)
			return DETECTORS_ALARM;
		found = DETECTORS_REST;
	}
	return found;
}

/* Whether it is a test; what that makes of the device's mark is said too, so that it is kept. */
static int judge_test(struct decoding *d, struct speaking *s, bool *tested)
{
	steady_ms now = d->message->steady;
	*tested = s->test == TEST_RUNS;
	if (!s->known && *tested && s->address && !s->history)
		s->known = memory_meet(d->memory, d->profile, s->address);
	if (!s->known || s->history)
		return 0;
	enum mark_stage was = s->known->trial.stage;
	*tested = trial_judge(&s->known->trial, s->test, detectors_of(d, s),
	                      d->message->retained ? now - DAYS(1) : now, now);
	if (s->known->trial.stage == was)
		return 0;
	struct statement *said = statement_add(d, SAID_TEST_MARK, s->address);
	if (!said)
		return -EINVAL;
	said->mark = s->known->trial.stage;
	return 0;
}

static void learn_through(struct decoding *d, const char *address)
{
	const char *through = d->rule->through && address
	                              ? template_fill(d, d->out->tree, d->rule->through)
	                              : NULL;
	if (through)
		memory_hear_through(d->memory, d->profile, address, through);
}

/* What holds for all that one device said in one place: test, time, identity, life. */
static int speaking_end(struct decoding *d, struct speaking *s)
{
	const char *local;
	const cJSON *node = s->object ? s->object : d->out->tree;
	wall_ms time = node ? decode_time(d, node, &local) : 0;
	if (!node)
		local = NULL;
	bool stale = is_stale(d, time);
	bool lifeless = d->rule->dead || d->message->retained || s->history || stale;
	bool tested;
	if (judge_test(d, s, &tested) < 0)
		return -EINVAL;
	const char *id = NULL, *alias = NULL;
	if (d->rule->id && d->out->tree)
		id = template_fill(d, d->out->tree, d->rule->id);
	if (s->address) {
		alias = s->known ? s->known->alias : NULL;
		if (d->rule->alias_at)
			alias = template_fill(d, d->out->tree, d->rule->alias_at);
	}
	for (uint32_t i = s->first; i < d->out->count; i++) {
		struct statement *f = &d->out->items[i];
		f->alias = alias;
		f->time = time;
		f->local_time = local;
		f->id = id;
		f->id_lasts = d->rule->id_lasts;
		f->history |= stale;
		f->lifeless = lifeless;
		if (tested && f->active && f->type != SAID_STATUS && is_detector(f->kind))
			f->test = true;
	}
	learn_through(d, s->address);
	if (lifeless || !s->address)
		return 0;
	struct statement *alive = statement_add(d, SAID_ALIVE, s->address);
	if (!alive)
		return -EINVAL;
	alive->alias = alias;
	return 0;
}

static void speaking_begin(struct decoding *d, struct speaking *s)
{
	const char *model = NULL;
	d->model = NULL;
	s->first = d->out->count;
	s->test = s->object ? TEST_OMITTED : TEST_ELSEWHERE;
	s->known = s->address ? memory_device(d->memory, d->profile, s->address) : NULL;
	if (!d->profile->model_count || !s->address)
		return;
	if (d->rule->model_at)
		model = template_fill(d, d->out->tree, d->rule->model_at);
	if (!model && s->known)
		model = s->known->model;
	for (uint32_t i = 0; model && i < d->profile->model_count; i++)
		for (uint32_t k = 0; k < d->profile->models[i].model_count; k++)
			if (pattern_fits(d->profile->models[i].models[k], model)) {
				d->model = &d->profile->models[i];
				return;
			}
}

static int read_place(struct decoding *d, const struct root *root, const cJSON *object,
                      const char *address)
{
	if (!cJSON_IsObject(object) || !conditions_hold(root->when, root->when_count, object))
		return 0;
	const char *template = d->rule->device;
	d->sets = root->sets ? root->sets : d->rule->sets;
	d->set_count = root->sets ? root->set_count : d->rule->set_count;
	if (template && !((root->device || root->named) && address))
		address = template_fill(d, object, template);
	if (!address && template)
		address = template_fill(d, d->out->tree, template);
	struct speaking s = {.address = address, .object = object, .history = root->history};
	speaking_begin(d, &s);
	if (decode_members(d, &s, root->value) < 0)
		return -EINVAL;
	return speaking_end(d, &s);
}

/* Follows a root's pointer; a * stands for each part of a list or object. */
static int read_root(struct decoding *d, const struct root *root, const char *at, const cJSON *node,
                     const char *address, bool *found)
{
	const char *star = strstr(at, "/*");
	if (!star) {
		const cJSON *object = json_at(node, at);
		*found |= cJSON_IsObject(object) &&
		          conditions_hold(root->when, root->when_count, object);
		return read_place(d, root, object, address);
	}
	char way[ADDRESS_MAX];
	size_t len = (size_t)(star - at);
	if (len >= sizeof way)
		return 0;
	memcpy(way, at, len);
	way[len] = '\0';
	const cJSON *item;
	cJSON_ArrayForEach (item, json_at(node, way)) {
		const char *name = root->device && item->string ? item->string : address;
		if (root->named && at == root->at)
			name = template_fill(d, item, root->named);
		if (root->named && !name)
			continue; /* nobody knows of whom it speaks */
		if (strlen(name ? name : "") <= ADDRESS_MAX &&
		    read_root(d, root, star + 2, item, name, found) < 0)
			return -EINVAL;
	}
	return 0;
}

int decode_places(struct decoding *d)
{
	bool found = false;
	/* Roots are alternatives, but for those that hold the past. */
	for (uint32_t i = 0; i < d->rule->root_count; i++) {
		const struct root *root = &d->rule->roots[i];
		if (found && !root->history && !root->sets && !strstr(root->at, "/*"))
			continue;
		if (read_root(d, root, root->at, d->out->tree, d->out->address, &found) < 0)
			return -EINVAL;
	}
	return 0;
}

/* A text payload without what stands around it; NULL when it is too long or no text. */
static const char *scalar_word(struct decoding *d)
{
	const char *bytes = d->message->bytes;
	size_t len = d->message->len;
	while (len && strchr(" \t\r\n", *bytes)) {
		bytes++;
		len--;
	}
	while (len && strchr(" \t\r\n", bytes[len - 1]))
		len--;
	if (len > 1 && *bytes == '"' && bytes[len - 1] == '"') { /* a JSON text */
		bytes++;
		len -= 2;
	}
	if (len > SCALAR_MAX || !text_is_utf8(bytes, len))
		return NULL;
	return arena_copy_len(&d->out->arena, bytes, len);
}

/* The member that a text payload is the value of. */
static const char *member_of(struct decoding *d)
{
	return template_fill(d, d->out->tree, d->rule->as ? d->rule->as : "{key|value}");
}

/* What holds for a value that has a topic of its own. One of several smoke detectors of a device
 * may be at rest while another one alarms. */
static int value_end(struct decoding *d, struct speaking *s)
{
	const char *point = d->rule->point ? template_fill(d, d->out->tree, d->rule->point) : NULL;
	if (speaking_end(d, s) < 0)
		return -EINVAL;
	for (uint32_t i = s->first; i < d->out->count; i++) {
		struct statement *f = &d->out->items[i];
		bool lasts = (f->type == SAID_SIGNAL || f->type == SAID_OWN) && f->address &&
		             !f->momentary && !f->resets && !f->test && !f->history;
		f->point = point;
		f->others_active = lasts && memory_point(d->memory, d->profile, f);
	}
	return 0;
}

int decode_scalar(struct decoding *d)
{
	char room[WORD_ROOM];
	const char *word, *key = NULL;
	if (d->out->tree) { /* the value stands in an object, with its time perhaps */
		const cJSON *at = json_at(d->out->tree, d->rule->value_at);
		word = at ? json_word(at, room) : NULL;
		if (!word)
			return 0;
		word = arena_copy(&d->out->arena, word);
	} else {
		word = scalar_word(d);
	}
	if (!word)
		return problem_set(d->why, -EINVAL, "the payload is no text of at most %d bytes",
		                   SCALAR_MAX);
	key = member_of(d);
	if (!key)
		return 0;
	struct speaking s = {.address = d->out->address};
	char *end;
	double parsed = strtod(word, &end);
	const double *number = end != word && !*end && isfinite(parsed) ? &parsed : NULL;
	speaking_begin(d, &s);
	const struct reader *reader = reader_find(d, key, NULL, NULL);
	if (number && number_note(d, &s, key, parsed) < 0)
		return -EINVAL;
	if (reader && reader_apply(d, &s, reader, key, word, number) < 0)
		return -EINVAL;
	return value_end(d, &s);
}

static int say_status(struct decoding *d, enum statement_type type, const char *address,
                      bool online, const char *word)
{
	struct statement *f = statement_add(d, type, address);
	if (!f)
		return -EINVAL;
	f->active = online;
	f->key = "availability";
	f->word = word;
	const struct learnt *learnt = address ? memory_device(d->memory, d->profile, address)
	                                      : NULL;
	f->alias = learnt ? learnt->alias : NULL;
	f->lifeless = true;
	return 0;
}

int decode_withdrawal(struct decoding *d)
{
	struct speaking s = {.address = d->out->address};
	if (d->rule->does == RULE_AVAILABILITY)
		return say_status(d, SAID_STATUS, s.address, true, "");
	const char *key = member_of(d);
	speaking_begin(d, &s);
	const struct reader *reader = key ? reader_find(d, key, NULL, NULL) : NULL;
	if (!reader)
		return 0;
	if (meaning_apply(d, &s, reader, MEANS_CLEAR, KIND_NONE, key, "", NULL) < 0)
		return -EINVAL;
	return value_end(d, &s);
}

int decode_availability(struct decoding *d)
{
	char room[WORD_ROOM];
	const char *word, *address = d->out->address;
	bool gateway = d->rule->does == RULE_GATEWAY;
	if (d->out->tree) {
		const cJSON *at = json_at(d->out->tree,
		                          d->rule->value_at ? d->rule->value_at : "/state");
		word = at ? json_word(at, room) : NULL;
	} else {
		word = scalar_word(d);
	}
	if (gateway && !d->rule->device)
		address = d->profile->gateway;
	enum kind kind = KIND_NONE;
	enum meaning means = word ? value_map_find(d->rule->words, word, NULL, &kind)
	                          : MEANS_UNKNOWN;
	if (means != MEANS_ONLINE && means != MEANS_OFFLINE)
		return 0; /* init, sleeping, nothing at all: neither here nor gone */
	bool online = means == MEANS_ONLINE;
	learn_through(d, address);
	if (gateway)
		memory_gateway(d->memory, address, online, d->message->steady);
	return say_status(d, gateway ? SAID_GATEWAY : SAID_STATUS, address, online,
	                  word == room ? arena_copy(&d->out->arena, room) : word);
}

int decode_models(struct decoding *d)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, json_at(d->out->tree, d->rule->each ? d->rule->each : "")) {
		const char *device = template_fill(d, item, d->rule->device);
		const char *alias = NULL, *model = NULL;
		if (!device)
			continue;
		if (d->rule->alias_at)
			alias = template_fill(d, item, d->rule->alias_at);
		if (d->rule->model_at)
			model = template_fill(d, item, d->rule->model_at);
		memory_learn(d->memory, d->profile, device, alias, model);
	}
	return 0;
}
