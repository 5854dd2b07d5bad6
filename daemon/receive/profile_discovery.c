/* Home Assistant's announcements: a retained config names the topic a thing speaks on, the words
 * it uses and what it is. Templates are code; of them the few forms that senders write are
 * understood: {{ value_json.a.b }}, {{ value_json['a'] }} and {% if value_json.a %}. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "receive/profile_private.h"

struct class_row {
	const char *name;
	enum kind kind;
};
static const struct class_row classes[] = {
        {"smoke", KIND_SMOKE},     {"heat", KIND_HEAT},
        {"gas", KIND_GAS},         {"carbon_monoxide", KIND_CARBON_MONOXIDE},
        {"moisture", KIND_WATER},  {"safety", KIND_PANIC},
        {"door", KIND_CONTACT},    {"garage_door", KIND_CONTACT},
        {"window", KIND_CONTACT},  {"opening", KIND_CONTACT},
        {"motion", KIND_MOTION},   {"occupancy", KIND_MOTION},
        {"presence", KIND_MOTION}, {"vibration", KIND_VIBRATION},
        {"tamper", KIND_TAMPER},   {"battery", KIND_BATTERY},
        {"problem", KIND_FAULT},
};

/* The long and the abbreviated name of a member. */
static const cJSON *member(const cJSON *config, const char *name, const char *brief)
{
	const cJSON *found = json_get(config, name);
	return found ? found : json_get(config, brief);
}

static const char *member_text(struct decoding *d, const cJSON *config, const char *name,
                               const char *brief)
{
	char room[WORD_ROOM];
	const cJSON *found = member(config, name, brief);
	const char *word = found ? json_word(found, room) : NULL;
	return word == room ? arena_copy(&d->out->arena, room) : word;
}

static const char *lowered(struct decoding *d, const char *word)
{
	char *out = arena_copy(&d->out->arena, word);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

/* ~ at the beginning or the end stands for the base. */
static const char *whole_topic(struct decoding *d, const cJSON *config, const char *topic)
{
	const char *base = json_string(config, "~");
	size_t len = topic ? strlen(topic) : 0;
	if (!base || !len)
		return topic;
	struct text *out = &d->out->scratch;
	text_reset(out);
	if (*topic == '~')
		text_addf(out, "%s%s", base, topic + 1);
	else if (topic[len - 1] == '~')
		text_addf(out, "%.*s%s", (int)len - 1, topic, base);
	else
		return topic;
	return arena_copy_len(&d->out->arena, text_get(out), out->len);
}

/* "value_json.a['b']..." as a pointer; false where it is more than that. */
static bool read_path(const char *at, struct text *out, const char **end)
{
	text_reset(out);
	if (strncmp(at, "value_json", 10) != 0)
		return false;
	at += 10;
	for (;;) {
		size_t len;
		if (*at == '.') {
			len = strspn(++at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			                   "0123456789_");
			if (!len)
				return false;
			text_add_char(out, '/');
			text_add_len(out, at, len);
			at += len;
		} else if (*at == '[' && (at[1] == '\'' || at[1] == '"')) {
			char quote[2] = {at[1], 0};
			at += 2;
			len = strcspn(at, quote);
			if (!len || at[len] != *quote || at[len + 1] != ']' || memchr(at, '/', len))
				return false;
			text_add_char(out, '/');
			text_add_len(out, at, len);
			at += len + 2;
		} else {
			*end = at;
			return out->len > 0;
		}
	}
}

static const char *skip(const char *at)
{
	while (*at == ' ' || *at == '-')
		at++;
	return at;
}

/* False: a template that cannot be understood. */
static bool read_template(struct decoding *d, const char *template, struct entity *out)
{
	const char *at, *end;
	if (!template || !*template)
		return true;
	at = skip(template);
	bool branches = strncmp(at, "{%", 2) == 0;
	if (!branches && strncmp(at, "{{", 2) != 0)
		return false;
	at = skip(at + 2);
	if (branches && strncmp(at, "if ", 3) != 0)
		return false;
	at = skip(branches ? at + 3 : at);
	if (!branches && strncmp(at, "value ", 6) == 0 && strncmp(skip(at + 6), "}}", 2) == 0)
		return true;
	if (!read_path(at, &d->out->scratch, &end))
		return false;
	out->pointer = arena_copy(&d->out->arena, text_get(&d->out->scratch));
	end = skip(end);
	if (!branches)
		return strncmp(end, "}}", 2) == 0;
	/* {% if x %}ON{% else %}OFF{% endif %}, or the other way round */
	if (strncmp(end, "%}", 2) != 0)
		return false;
	const char *then = skip(end + 2);
	size_t on_len = strlen(out->on), off_len = strlen(out->off);
	out->truth = true;
	if (strncasecmp(then, out->on, on_len) == 0)
		return strstr(then, "else") != NULL;
	if (strncasecmp(then, out->off, off_len) != 0 || !strstr(then, "else"))
		return false;
	const char *swap = out->on; /* true means off */
	out->on = out->off;
	out->off = swap;
	return true;
}

static enum kind kind_of(const char *class)
{
	for (size_t i = 0; class && i < sizeof classes / sizeof *classes; i++)
		if (strcmp(classes[i].name, class) == 0)
			return classes[i].kind;
	return KIND_NONE;
}

static int announce(struct decoding *d, const struct entity *entity)
{
	if (!memory_announce(d->memory, entity))
		return problem_set(d->why, -EINVAL, "more than %d announced topics", ENTITIES_MAX);
	struct statement *f = statement_add(d, SAID_TOPIC, entity->address);
	if (!f)
		return -EINVAL;
	f->alias = entity->alias;
	f->word = entity->topic;
	f->kind = entity->kind;
	f->key = "state_topic";
	f->lifeless = true;
	return 0;
}

static int read_availability(struct decoding *d, const cJSON *config, const cJSON *item,
                             const struct entity *of)
{
	const char *topic = cJSON_IsString(item) ? item->valuestring
	                                         : member_text(d, item, "topic", "t");
	if (!topic)
		return 0;
	const char *on = member_text(d, item, "payload_available", "pl_avail");
	const char *off = member_text(d, item, "payload_not_available", "pl_not_avail");
	struct entity entity = {.address = of->address,
	                        .alias = of->alias,
	                        .announced = of->announced,
	                        .is_availability = true,
	                        .kind = KIND_LINK,
	                        .on = lowered(d, on ? on : "online"),
	                        .off = lowered(d, off ? off : "offline")};
	entity.topic = whole_topic(d, config, topic);
	if (!read_template(d, member_text(d, item, "value_template", "val_tpl"), &entity))
		return 0;
	return announce(d, &entity);
}

static int read_availabilities(struct decoding *d, const cJSON *device, const cJSON *config,
                               const struct entity *of)
{
	const cJSON *list = member(config, "availability", "avty"), *item;
	const cJSON *topic = member(config, "availability_topic", "avty_t");
	if (!list && !topic) {
		list = member(device, "availability", "avty");
		topic = member(device, "availability_topic", "avty_t");
	}
	if (cJSON_IsString(topic)) {
		/* Its words stand beside it. */
		const char *on = member_text(d, config, "payload_available", "pl_avail");
		const char *off = member_text(d, config, "payload_not_available", "pl_not_avail");
		struct entity entity = *of;
		entity.is_availability = true;
		entity.kind = KIND_LINK;
		entity.pointer = NULL;
		entity.truth = false;
		entity.on = lowered(d, on ? on : "online");
		entity.off = lowered(d, off ? off : "offline");
		entity.topic = whole_topic(d, config, topic->valuestring);
		return announce(d, &entity);
	}
	cJSON_ArrayForEach (item, list)
		if (read_availability(d, config, item, of) < 0)
			return -EINVAL;
	return 0;
}

/* device: the config around a component, or the config itself. */
static int read_entity(struct decoding *d, const cJSON *device, const cJSON *config)
{
	const char *topic = member_text(d, config, "state_topic", "stat_t");
	if (!topic)
		topic = member_text(d, device, "state_topic", "stat_t");
	const char *id = member_text(d, config, "unique_id", "uniq_id");
	const char *on = member_text(d, config, "payload_on", "pl_on");
	const char *off = member_text(d, config, "payload_off", "pl_off");
	if (!topic || strlen(topic) > ADDRESS_MAX)
		return 0;
	struct entity entity = {.announced = d->message->topic,
	                        .address = id ? id : d->out->address,
	                        .alias = member_text(d, config, "object_id", "obj_id"),
	                        .kind = kind_of(member_text(d, config, "device_class", "dev_cla")),
	                        .on = lowered(d, on ? on : "ON"),
	                        .off = lowered(d, off ? off : "OFF")};
	entity.topic = whole_topic(d, cJSON_HasObjectItem(config, "~") ? config : device, topic);
	if (!entity.alias)
		entity.alias = d->out->address;
	if (!entity.address || strlen(entity.address) > ADDRESS_MAX)
		return 0;
	if (!read_template(d, member_text(d, config, "value_template", "val_tpl"), &entity))
		return problem_set(d->why, -EINVAL,
		                   "'%.80s' has a value_template that is not understood; give the "
		                   "device a profile of its own",
		                   entity.address);
	int64_t delay = 0;
	if (json_int(config, "off_delay", &delay) && delay > 0 && delay < 86400)
		entity.resets = SECONDS(delay);
	int r = announce(d, &entity);
	return r < 0 ? r : read_availabilities(d, device, config, &entity);
}

static bool is_binary(const char *platform)
{
	return platform && strcmp(platform, "binary_sensor") == 0;
}

int discovery_read(struct decoding *d, const cJSON *config)
{
	if (!cJSON_IsObject(config))
		return problem_set(d->why, -EINVAL, "an announcement is a JSON object");
	const char *component = NULL;
	for (uint32_t i = 0; i < d->capture_count; i++)
		if (strcmp(d->captures[i].name, "component") == 0)
			component = arena_copy_len(&d->out->arena, d->captures[i].text,
			                           d->captures[i].len);
	if (is_binary(component))
		return read_entity(d, config, config);
	const cJSON *parts = member(config, "components", "cmps"), *part;
	if (component && strcmp(component, "device") == 0)
		cJSON_ArrayForEach (part, parts)
			if (is_binary(member_text(d, part, "platform", "p")) &&
			    read_entity(d, config, part) < 0)
				return -EINVAL;
	return 0;
}

/* ---- what announced things say ---- */

static bool truth_of(const cJSON *value, bool *unknown)
{
	*unknown = !value || cJSON_IsNull(value);
	if (!value)
		return false;
	if (cJSON_IsNumber(value))
		return value->valuedouble < 0 || value->valuedouble > 0;
	if (cJSON_IsString(value))
		return *value->valuestring;
	return cJSON_IsTrue(value);
}

static int read_state(struct decoding *d, const struct entity *entity, const char *payload)
{
	char room[WORD_ROOM];
	const char *word = payload;
	bool unknown = false;
	if (entity->pointer) {
		const cJSON *value = json_at(d->out->tree, entity->pointer);
		if (entity->truth) {
			word = truth_of(value, &unknown) ? entity->on : entity->off;
		} else {
			word = value ? json_word(value, room) : NULL;
		}
	}
	if (!word || !*word || unknown || entity->gone)
		return 0;
	bool on = strcasecmp(word, entity->on) == 0;
	struct statement *f;
	if (!on && strcasecmp(word, entity->off) != 0) {
		if (strcasecmp(word, "unknown") == 0 || strcasecmp(word, "unavailable") == 0 ||
		    strcasecmp(word, "none") == 0)
			return 0;
		f = statement_add(d, SAID_PUZZLE, entity->address);
	} else if (entity->is_availability) {
		f = statement_add(d, SAID_STATUS, entity->address);
	} else {
		f = statement_add(d, entity->kind == KIND_NONE ? SAID_OWN : SAID_SIGNAL,
		                  entity->address);
	}
	if (!f)
		return -EINVAL;
	f->alias = entity->alias;
	f->kind = entity->is_availability ? KIND_NONE : entity->kind;
	f->active = on;
	f->resets = entity->resets;
	f->key = entity->pointer ? entity->pointer : "state";
	f->word = word == room ? arena_copy(&d->out->arena, room) : word;
	f->lifeless = d->message->retained;
	return 0;
}

int discovery_state(struct decoding *d, uint32_t at)
{
	const char *bytes = d->message->bytes;
	size_t len = d->message->len;
	uint32_t home = profiles_find(d->profiles, "homeassistant");
	if (!d->out->profile && home != POSITION_NONE)
		d->out->profile = &d->profiles->items[home];
	if (len == 0)
		return 0;
	if (!d->out->tree && (*bytes == '{' || *bytes == '[')) {
		int r = json_parse(bytes, len, &d->out->tree, d->why);
		if (r < 0)
			return r;
	}
	char *payload = len < 256 && text_is_utf8(bytes, len)
	                        ? arena_copy_len(&d->out->arena, bytes, len)
	                        : NULL;
	for (; at != POSITION_NONE; at = memory_entity_at(d->memory, at)->next) {
		const struct entity *entity = memory_entity_at(d->memory, at);
		if (!d->out->address)
			d->out->address = entity->address;
		if (read_state(d, entity, payload) < 0)
			return -EINVAL;
	}
	return 0;
}
