/* Home Assistant's announcements: a retained config names the topic a thing speaks on, the words
 * it uses and what it is. Its templates are read in profile_template.c. */
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

static enum kind kind_of(const char *class)
{
	for (size_t i = 0; class && i < sizeof classes / sizeof *classes; i++)
		if (strcmp(classes[i].name, class) == 0)
			return classes[i].kind;
	return KIND_NONE;
}

/* What is not understood is said: nothing of what it reads can be. */
static int say_puzzle(struct decoding *d, const struct entity *entity, const char *key,
                      const char *word)
{
	struct statement *f = statement_add(d, SAID_PUZZLE, entity->address);
	if (!f)
		return -EINVAL;
	f->alias = entity->alias;
	f->key = key;
	f->word = word;
	f->lifeless = true;
	return 0;
}

/* A template whose answers are other words than the entity's says nothing. */
static bool may_be_on(const struct entity *e)
{
	return e->template.asks == ASKS_WORD || strcasecmp(e->template.yes, e->on) == 0 ||
	       strcasecmp(e->template.no, e->on) == 0;
}

static span_ms read_seconds(const cJSON *config, const char *name, const char *brief)
{
	int64_t seconds = 0;
	bool given = json_int(config, name, &seconds) || json_int(config, brief, &seconds);
	return given && seconds > 0 && seconds < 86400 ? SECONDS(seconds) : 0;
}

/* A topic may hold + , so that any gateway brings it, but not at its end. */
static bool is_heard_alone(const char *topic)
{
	const char *slash = strrchr(topic, '/');
	return !strchr(topic, '#') && *topic && strlen(topic) <= ADDRESS_MAX &&
	       !(slash ? strchr(slash, '+') : strchr(topic, '+'));
}

static int announce(struct decoding *d, const struct entity *entity)
{
	if (!is_heard_alone(entity->topic))
		return problem_set(d->why, -EINVAL, "'%.80s' is no topic of one thing",
		                   entity->topic);
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
	const char *template = member_text(d, item, "value_template", "val_tpl");
	if (!template_read(d, template, &entity.template))
		return say_puzzle(d, &entity, "value_template", template);
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
		entity.on = lowered(d, on ? on : "online");
		entity.off = lowered(d, off ? off : "offline");
		entity.topic = whole_topic(d, config, topic->valuestring);
		const char *template = member_text(d, config, "availability_template", "avty_tpl");
		if (!template_read(d, template, &entity.template))
			return say_puzzle(d, &entity, "value_template", template);
		return announce(d, &entity);
	}
	cJSON_ArrayForEach (item, list)
		if (read_availability(d, config, item, of) < 0)
			return -EINVAL;
	return 0;
}

/* device: the config around a component, or the config itself. */
static int read_entity(struct decoding *d, const cJSON *device, const cJSON *config, bool is_panel)
{
	const char *topic = member_text(d, config, "state_topic", "stat_t");
	if (!topic)
		topic = member_text(d, device, "state_topic", "stat_t");
	const char *id = member_text(d, config, "unique_id", "uniq_id");
	const char *on = is_panel ? "triggered" : member_text(d, config, "payload_on", "pl_on");
	const char *off = is_panel ? "disarmed" : member_text(d, config, "payload_off", "pl_off");
	if (!topic || strlen(topic) > ADDRESS_MAX)
		return 0;
	struct entity entity = {
	        .announced = d->message->topic,
	        .address = id ? id : d->out->address,
	        .alias = member_text(d, config, "object_id", "obj_id"),
	        .is_panel = is_panel,
	        .kind = is_panel ? KIND_MOTION
	                         : kind_of(member_text(d, config, "device_class", "dev_cla")),
	        .on = lowered(d, on ? on : "ON"),
	        .off = lowered(d, off ? off : "OFF")};
	entity.topic = whole_topic(d, cJSON_HasObjectItem(config, "~") ? config : device, topic);
	if (!entity.alias)
		entity.alias = d->out->address;
	if (!entity.address || strlen(entity.address) > ADDRESS_MAX)
		return 0;
	const char *template = member_text(d, config, "value_template", "val_tpl");
	bool understood = template_read(d, template, &entity.template) && may_be_on(&entity);
	if (!understood && device == config)
		return problem_set(d->why, -EINVAL,
		                   "'%.80s' has a value_template that is not understood; give the "
		                   "device a profile of its own",
		                   entity.address);
	if (!understood) /* the other parts of the device are all the same */
		return say_puzzle(d, &entity, "value_template", template);
	entity.resets = read_seconds(config, "off_delay", "off_dly");
	entity.expires = read_seconds(config, "expire_after", "exp_aft");
	int r = announce(d, &entity);
	return r < 0 ? r : read_availabilities(d, device, config, &entity);
}

/* Whether a topic is this one, in which + stands for any level. */
static bool topic_is_of(const char *pattern, const struct topic_parts *topic)
{
	for (uint32_t i = 0; i < topic->count; i++) {
		size_t len = strcspn(pattern, "/");
		bool any = len == 1 && *pattern == '+';
		if (!any && (len != topic->len[i] || memcmp(pattern, topic->at[i], len) != 0))
			return false;
		pattern += len;
		if (!*pattern != (i + 1 == topic->count))
			return false;
		pattern += *pattern != 0;
	}
	return true;
}

static int read_component(struct decoding *d, const cJSON *device, const cJSON *config,
                          const char *component)
{
	if (strcmp(component, "binary_sensor") == 0)
		return read_entity(d, device, config, false);
	if (strcmp(component, "alarm_control_panel") == 0)
		return read_entity(d, device, config, true);
	if (strcmp(component, "event") != 0 && strcmp(component, "device_automation") != 0)
		return 0;
	/* A button's presses are not read here; but who sends them is not passed over. */
	const char *id = member_text(d, config, "unique_id", "uniq_id");
	bool fits = id && strlen(id) <= ADDRESS_MAX;
	struct entity entity = {.address = fits ? id : d->out->address};
	return say_puzzle(d, &entity, "component", component);
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
	if (!component)
		return 0;
	if (strcmp(component, "device") != 0)
		return read_component(d, config, config, component);
	const cJSON *part;
	cJSON_ArrayForEach (part, member(config, "components", "cmps")) {
		const char *platform = member_text(d, part, "platform", "p");
		if (platform && read_component(d, config, part, platform) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- what announced things say ---- */

static enum statement_type type_of(const struct entity *entity)
{
	if (entity->is_availability)
		return SAID_STATUS;
	return entity->kind == KIND_NONE || entity->is_panel ? SAID_OWN : SAID_SIGNAL;
}

static bool is_at_rest(const struct entity *entity, const char *word)
{
	return strcasecmp(word, entity->off) == 0 ||
	       (entity->is_panel && strncasecmp(word, "armed_", 6) == 0);
}

static int read_state(struct decoding *d, const struct entity *entity, const char *payload)
{
	char room[WORD_ROOM];
	const char *word = entity->gone
	                           ? NULL
	                           : template_apply(&entity->template, d->out->tree, payload, room);
	if (!word || strcasecmp(word, "none") == 0)
		return 0;
	bool on = strcasecmp(word, entity->on) == 0;
	bool known = on || is_at_rest(entity, word);
	if (!known && entity->is_panel)
		return 0; /* arming, pending: neither */
	struct statement *f = statement_add(d, known ? type_of(entity) : SAID_PUZZLE,
	                                    entity->address);
	if (!f)
		return -EINVAL;
	f->alias = entity->alias;
	f->kind = entity->is_availability ? KIND_NONE : entity->kind;
	f->active = on;
	f->armed = entity->is_panel;
	f->resets = entity->resets;
	f->key = entity->template.pointer ? entity->template.pointer : "state";
	f->word = word == room ? arena_copy(&d->out->arena, room) : word;
	f->lifeless = d->message->retained;
	return 0;
}

static void name_profile(struct decoding *d)
{
	uint32_t home = profiles_find(d->profiles, "homeassistant");
	if (!d->out->profile && home != POSITION_NONE)
		d->out->profile = &d->profiles->items[home];
}

static bool name_of_chain(struct decoding *d, uint32_t at, const struct topic_parts *topic)
{
	for (; at != POSITION_NONE; at = memory_entity_at(d->memory, at)->next) {
		const struct entity *entity = memory_entity_at(d->memory, at);
		if (!topic_is_of(entity->topic, topic))
			continue;
		name_profile(d);
		d->out->address = entity->address;
		return true;
	}
	return false;
}

bool discovery_names(struct decoding *d, const struct entities *of, const struct topic_parts *topic)
{
	return name_of_chain(d, of->exact, topic) || name_of_chain(d, of->wild, topic);
}

/* That it speaks at all, and how long it may be silent then. */
static int say_life(struct decoding *d, const struct entity *entity)
{
	if (entity->is_availability || entity->gone || d->message->retained)
		return 0;
	struct statement *f = statement_add(d, SAID_ALIVE, entity->address);
	if (!f)
		return -EINVAL;
	f->alias = entity->alias;
	f->expires = entity->expires;
	return 0;
}

static int read_chain(struct decoding *d, uint32_t at, const struct topic_parts *topic,
                      const char *payload)
{
	for (; at != POSITION_NONE; at = memory_entity_at(d->memory, at)->next) {
		const struct entity *entity = memory_entity_at(d->memory, at);
		if (!topic_is_of(entity->topic, topic))
			continue;
		if (!d->out->address)
			d->out->address = entity->address;
		if (read_state(d, entity, payload) < 0 || say_life(d, entity) < 0)
			return -EINVAL;
	}
	return 0;
}

int discovery_state(struct decoding *d, const struct entities *of, const struct topic_parts *topic)
{
	const char *bytes = d->message->bytes;
	size_t len = d->message->len;
	name_profile(d);
	if (len == 0)
		return 0;
	if (!d->out->tree && (*bytes == '{' || *bytes == '[')) {
		int r = json_parse_into(&d->out->arena, bytes, len, &d->out->tree, d->why);
		if (r < 0)
			return r;
	}
	char *payload = len < 256 && text_is_utf8(bytes, len)
	                        ? arena_copy_len(&d->out->arena, bytes, len)
	                        : NULL;
	int r = read_chain(d, of->exact, topic, payload);
	return r < 0 ? r : read_chain(d, of->wild, topic, payload);
}
