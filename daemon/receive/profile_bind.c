#include "receive/profile_bind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ROOM (ADDRESS_MAX * 4 + ID_MAX + 2)
#define ID_BYTES_MAX 128 /* of what a profile takes for an id; longer is none */

/* ---- who ---- */

static const char *binding_key(const void *owner, uint32_t i)
{
	return ((const struct binding *)owner)[i].key;
}

static void make_key(const char *profile, const char *address, char out[KEY_ROOM])
{
	size_t name = strnlen(profile, ID_MAX), len = strnlen(address, ADDRESS_MAX * 4);
	memcpy(out, profile, name);
	out[name] = '\n';
	memcpy(out + name + 1, address, len);
	out[name + 1 + len] = '\0';
}

static void bind_device(struct bindings *b, const struct site_def *site, uint32_t device)
{
	const struct device *d = &site->devices[device];
	char key[KEY_ROOM];
	make_key(d->profile, d->address, key);
	uint32_t known = index_find(&b->index, key, binding_key, b->items), at = b->count;
	MEM_RESERVE(b->items, b->count, b->cap);
	b->items[b->count++] = (struct binding){.key = arena_copy(&b->arena, key),
	                                        .site = site,
	                                        .device = device,
	                                        .next = POSITION_NONE};
	if (known == INDEX_NONE) {
		index_add(&b->index, at, binding_key, b->items);
		return;
	}
	while (b->items[known].next != POSITION_NONE)
		known = b->items[known].next;
	b->items[known].next = at;
}

void bindings_make(struct bindings *b, struct site_def *const *sites, uint32_t count)
{
	bindings_finish(b);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < sites[i]->device_count; k++)
			if (sites[i]->devices[k].profile)
				bind_device(b, sites[i], k);
}

void bindings_finish(struct bindings *b)
{
	index_finish(&b->index);
	free(b->items);
	arena_finish(&b->arena);
	*b = (struct bindings){0};
}

uint32_t bindings_find(const struct bindings *b, const struct profile *profile, const char *address,
                       const char *alias)
{
	char key[KEY_ROOM];
	uint32_t at = INDEX_NONE;
	if (address) {
		make_key(profile->name, address, key);
		at = index_find(&b->index, key, binding_key, b->items);
	}
	if (at == INDEX_NONE && alias) {
		make_key(profile->name, alias, key);
		at = index_find(&b->index, key, binding_key, b->items);
	}
	return at == INDEX_NONE ? POSITION_NONE : at;
}

uint32_t bindings_of(const struct bindings *b, const struct profile *profile,
                     const struct statement *s)
{
	uint32_t at = s->point ? bindings_find(b, profile, s->point, NULL) : POSITION_NONE;
	return at == POSITION_NONE ? bindings_find(b, profile, s->address, s->alias) : at;
}

/* ---- whom nobody knows ---- */

static bool site_uses(const struct site_def *def, const struct profile *profile)
{
	for (uint32_t i = 0; i < def->device_count; i++)
		if (def->devices[i].profile && strcmp(def->devices[i].profile, profile->name) == 0)
			return true;
	return false;
}

const struct site_def *profile_home(struct site_def *const *sites, uint32_t count,
                                    const struct profile *profile)
{
	for (uint32_t i = 0; i < count; i++)
		if (site_uses(sites[i], profile))
			return sites[i];
	return count ? sites[0] : NULL;
}

bool stranger_says(const struct statements *said, const struct statement *s, bool retained,
                   struct stranger *out)
{
	bool guessed = s->type == SAID_OWN && s->kind != KIND_NONE;
	if (s->type != SAID_SIGNAL && s->type != SAID_TOPIC && !guessed)
		return false;
	*out = (struct stranger){.address = s->point ? s->point : s->address,
	                         .profile = said->profile->name,
	                         .kind = s->kind,
	                         .stateless = s->type == SAID_TOPIC || s->history || s->test,
	                         .active = s->active,
	                         .retained = retained,
	                         .time = s->time};
	return true;
}

/* ---- what ---- */

uint32_t statements_of_device(const struct statements *said, uint32_t first)
{
	uint32_t end = first + 1;
	while (end < said->count && text_same(said->items[end].address, said->items[first].address))
		end++;
	return end;
}

struct binder_of_device { /* while the statements of one device are gone through */
	const struct statements *said;
	const struct site_def *site;
	const struct device *device;
	wall_ms now;
	struct signals *out;
	struct problem *why;
	enum kind main; /* the detector that the message itself names, or KIND_NONE */
};

static bool is_detector(enum kind kind)
{
	return kind < KIND_TAMPER;
}

/* A button's codes are the only words that are a press of it. */
static bool code_fits(const struct device *device, const char *word)
{
	const struct device_details *details = device_details(device);
	for (uint32_t i = 0; i < details->code_count; i++)
		if (strcmp(details->codes[i], word) == 0)
			return true;
	return details->code_count == 0;
}

/* The event time, as far as it can be true. */
static void put_time(const struct binder_of_device *b, const struct statement *s,
                     struct signal *signal)
{
	char said[TIME_TEXT_LEN];
	struct civil civil;
	signal->time = s->time;
	signal->time_said = NULL;
	if (!s->time && s->local_time && civil_parse(s->local_time, &civil) == 0)
		signal->time = civil_first(&b->site->timezone, civil);
	if (!signal->time || !event_time_is_untrue(signal->time, b->now))
		return;
	time_write_utc(signal->time, said);
	signal->time_said = arena_copy(&b->out->arena, said);
}

static void keep_word(const struct binder_of_device *b, const struct statement *s,
                      struct signal *signal)
{
	signal->profile = b->said->profile ? b->said->profile->name : "native";
	if (!s->key || !s->word || strlen(s->key) + strlen(s->word) >= SIGNAL_NOTE_MAX / 8)
		return;
	signal->member = s->key;
	signal->word = s->word;
}

/* The signal of a kind: one, whoever else in the message spoke of it; active beats clear. What is
 * past stands for itself, each time of it. */
static struct signal *signal_of(struct signals *out, enum kind kind, bool active, bool past,
                                bool retained)
{
	for (uint32_t i = 0; i < out->count && !past; i++) {
		struct signal *known = &out->items[i].signal;
		if (known->kind == kind && !known->past)
			return known->active && !active ? NULL : known;
	}
	struct signal *signal = signals_add(out, retained);
	signal->kind = kind;
	signal->past = past;
	return signal;
}

/* Of the message, and the kind, as one message may be of several; of what is past, its time too:
 * by that it is known again where it has no id. What the broker has kept is a copy, however old. */
static void write_id(const struct binder_of_device *b, const struct statement *s,
                     struct signal *signal)
{
	struct text *id = &b->out->scratch;
	text_reset(id);
	text_add(id, s->id ? s->id : signal->active ? "past active" : "past clear");
	text_add_char(id, '/');
	text_add(id, kind_name(signal->kind));
	if (s->history)
		text_addf(id, "/%lld", (long long)(s->time ? s->time : b->out->count));
	if (id->len <= ID_BYTES_MAX)
		signal->id = arena_copy_len(&b->out->arena, text_get(id), id->len);
	signal->id_lasts = signal->retained ? 0 : s->id_lasts;
}

static void put_signal(const struct binder_of_device *b, const struct statement *s, enum kind kind,
                       bool active)
{
	/* That a panel is in alarm is another thing than that the door behind it stands open. */
	if (s->armed && kind_facts[kind].needs_arming)
		kind = KIND_PERIMETER;
	/* Of two detectors one is at rest. (What is turned round says so while it is active.) */
	if (!active && !s->active && s->others_active)
		return;
	struct signal *signal = signal_of(b->out, kind, active, s->history, s->lifeless);
	if (!signal)
		return;
	signal->active = active;
	signal->test = s->test;
	signal->lifeless = s->lifeless;
	signal->press = s->momentary && active;
	signal->armed = s->armed;
	signal->resets = s->resets;
	signal->has_value = s->has_value;
	signal->value = s->value;
	put_time(b, s, signal);
	if (s->id || (s->history && s->time))
		write_id(b, s, signal);
	keep_word(b, s, signal);
}

static bool is_turned(const struct device *device, enum kind kind)
{
	return device->inverted &&
	       (device->kind == KIND_NONE ? is_detector(kind) : kind == device->kind);
}

static void bind_number(const struct binder_of_device *b, const struct statement *s)
{
	const struct device_details *details = device_details(b->device);
	for (uint32_t i = 0; i < details->watch_count; i++) {
		const struct watched *w = &details->watches[i];
		if (!w->value || strcmp(w->value, s->key) != 0)
			continue;
		bool out_of_bounds = (w->has_min && s->value < w->min) ||
		                     (w->has_max && s->value > w->max);
		put_signal(b, s, KIND_FAULT, out_of_bounds);
	}
}

/* The site file's word comes first, then what the message names beside it, then what the profile
 * takes such a thing for. Of a device with many points each is what its own name says. */
static void bind_own(const struct binder_of_device *b, const struct statement *s)
{
	bool one_of_many = s->point && strcmp(s->point, b->device->address) != 0;
	enum kind kind = one_of_many ? s->kind : b->device->kind;
	if (one_of_many && kind == KIND_NONE)
		return;
	if (kind == KIND_NONE)
		kind = s->kind != KIND_NONE && is_detector(s->kind) ? s->kind : b->main;
	if (kind == KIND_NONE)
		kind = s->kind;
	if (s->active && kind != KIND_NONE && kind_facts[kind].momentary &&
	    !code_fits(b->device, s->word))
		return;
	if (kind != KIND_NONE)
		put_signal(b, s, kind, s->active != is_turned(b->device, kind));
	else if (s->active && !s->test)
		problem_set(b->why, -EINVAL,
		            "'%.60s' says alarm, but not of what: give device '%s' a 'kind'",
		            s->key, b->device->id);
}

static void bind_statement(const struct binder_of_device *b, const struct statement *s)
{
	enum kind own = b->device->kind;
	switch (s->type) {
	case SAID_SIGNAL:
		put_signal(b, s, s->kind, s->active != is_turned(b->device, s->kind));
		break;
	case SAID_OWN:
		bind_own(b, s);
		break;
	case SAID_PRESS:
		/* Any press of what the site file calls a panic button or a call point is one. */
		if ((own == KIND_PANIC || own == KIND_CALL_POINT) && code_fits(b->device, s->word))
			put_signal(b, s, own, true);
		break;
	case SAID_NUMBER:
		bind_number(b, s);
		break;
	case SAID_PUZZLE:
		problem_set(b->why, -EINVAL,
		            "'%.60s' says '%.60s', which is not known to mean "
		            "anything",
		            s->key, s->word);
		break;
	case SAID_STATUS:
	case SAID_GATEWAY:
	case SAID_ALIVE:
	case SAID_TEST:
	case SAID_TOPIC:
	case SAID_TEST_MARK:
		break;
	}
}

static void copy_id(char out[ID_MAX + 1], const char *id)
{
	size_t len = strnlen(id, ID_MAX);
	memcpy(out, id, len);
	out[len] = '\0';
}

void statements_bind(const struct statements *said, uint32_t first, uint32_t end,
                     const struct site_def *site, uint32_t device, wall_ms now, struct signals *out,
                     struct problem *why)
{
	struct binder_of_device b = {.said = said,
	                             .site = site,
	                             .device = &site->devices[device],
	                             .now = now,
	                             .out = out,
	                             .why = why,
	                             .main = KIND_NONE};
	signals_reset(out);
	copy_id(out->site, site->id);
	copy_id(out->device, b.device->id);
	for (uint32_t i = first; i < end && b.main == KIND_NONE; i++)
		if (said->items[i].type == SAID_SIGNAL && is_detector(said->items[i].kind))
			b.main = said->items[i].kind;
	for (uint32_t i = first; i < end; i++)
		bind_statement(&b, &said->items[i]);
}

void numbers_bind(const struct device *device, const void *bytes, size_t len, struct signals *out)
{
	cJSON *tree;
	const struct device_details *details = device_details(device);
	if (!details->watch_count || !len ||
	    json_parse_into(&out->arena, bytes, len, &tree, NULL) < 0)
		return;
	for (uint32_t i = 0; i < details->watch_count; i++) {
		const struct watched *w = &details->watches[i];
		const cJSON *at = w->value ? json_get(tree, w->value) : NULL;
		if (!at || !cJSON_IsNumber(at))
			continue;
		bool bad = (w->has_min && at->valuedouble < w->min) ||
		           (w->has_max && at->valuedouble > w->max);
		struct signal *signal = signal_of(out, KIND_FAULT, bad, false, false);
		if (!signal)
			continue;
		signal->active = bad;
		signal->has_value = true;
		signal->value = at->valuedouble;
	}
}
