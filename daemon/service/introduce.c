/* Home Assistant finds a site here by itself: each kind of incident and each device is introduced
 * on a retained topic of its discovery, and shown on a retained topic of ours. Nothing silent is
 * ever introduced, and drills switch nothing: automations listen there.
 *
 *     homeassistant/binary_sensor/tocsin-{site}/{kind-fire | device-...}/config
 *     tocsin/{site}/state/fire    tocsin/{site}/state/device/{device}
 *
 * Our own introductions come back at each connect: what is no longer there is taken back. */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/crypto.h"
#include "base/json.h"
#include "decide/words.h"

#define INCIDENTS_SHOWN 20 /* of a kind, with what is known of them */

static const char *const kind_classes[INCIDENT_KIND_COUNT] = {
        [INCIDENT_FIRE] = "smoke",       [INCIDENT_GAS] = "gas",
        [INCIDENT_PANIC] = "safety",     [INCIDENT_WATER] = "moisture",
        [INCIDENT_INTRUSION] = "safety", [INCIDENT_TAMPER] = "tamper",
        [INCIDENT_TROUBLE] = "problem",
};

static const char *const device_classes[KIND_COUNT] = {
        [KIND_SMOKE] = "smoke",
        [KIND_HEAT] = "heat",
        [KIND_CALL_POINT] = "safety",
        [KIND_GAS] = "gas",
        [KIND_CARBON_MONOXIDE] = "carbon_monoxide",
        [KIND_WATER] = "moisture",
        [KIND_PANIC] = "safety",
        [KIND_CONTACT] = "opening",
        [KIND_MOTION] = "motion",
        [KIND_GLASS] = "safety",
        [KIND_VIBRATION] = "vibration",
        [KIND_PERIMETER] = "motion",
        [KIND_TAMPER] = "tamper",
        [KIND_BATTERY] = "battery",
        [KIND_POWER] = "problem",
        [KIND_FAULT] = "problem",
        [KIND_LINK] = "problem",
};

/* ---- names: discovery takes letters, digits, '_' and '-' only ---- */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

static void add_object(struct text *out, const char *id)
{
	for (const char *c = id; *c; c++) {
		if (is_plain(*c))
			text_add_char(out, *c);
		else if (*c == '_')
			text_add(out, "__");
		else
			text_addf(out, "_%02X", (unsigned char)*c);
	}
}

/* "{prefix}/binary_sensor/tocsin-{site}/": what follows is the object and "/config". */
static void add_node(struct text *out, const char *prefix, const char *site)
{
	text_addf(out, "%s/binary_sensor/tocsin-", prefix);
	add_object(out, site);
	text_add_char(out, '/');
}

/* ---- what is shown ---- */

static bool is_shown(const struct incident *incident)
{
	return incident->state != STATE_RESOLVED && !incident->silent && !incident->drill;
}

static void write_kind(struct text *out, const struct site *site, enum incident_kind kind)
{
	uint32_t count = 0;
	enum severity worst = SEVERITY_WARNING;
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		if (incident->kind != kind || !is_shown(incident))
			continue;
		count++;
		worst = incident->severity > worst ? incident->severity : worst;
	}
	json_open(out, NULL, '{');
	json_put_string(out, "state", count ? "ON" : "OFF");
	json_put_int(out, "count", count);
	if (count)
		json_put_string(out, "severity", severity_name(worst));
	json_open(out, "incidents", '[');
	uint32_t left = INCIDENTS_SHOWN;
	for (uint32_t i = 0; i < site->incident_count && left; i++) {
		const struct incident *incident = site->incidents[i];
		if (incident->kind != kind || !is_shown(incident))
			continue;
		left--;
		json_open(out, NULL, '{');
		json_put_string(out, "id", incident->id);
		json_put_string(out, "state", incident_state_name(incident->state));
		json_put_string(out, "severity", severity_name(incident->severity));
		json_put_string(out, "zone", incident->zone);
		json_put_string(out, "zone_name", incident->zone_name);
		json_put_string(out, "owner", incident->owner);
		json_put_time(out, "opened_at", incident->opened.wall);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

/* On by the device's own kind; of one without, by whatever alarms. */
static bool is_on(const struct device *device, uint32_t active)
{
	if (device->kind != KIND_NONE)
		return active & UINT32_C(1) << device->kind;
	for (int kind = 0; kind < KIND_TAMPER; kind++)
		if (active & UINT32_C(1) << kind)
			return true;
	return false;
}

static void write_device(struct text *out, const struct site *site, uint32_t at)
{
	const struct device *device = &site->def->devices[at];
	const struct device_state *state = &site->devices[at];
	json_open(out, NULL, '{');
	json_put_string(out, "state", is_on(device, state->active) ? "ON" : "OFF");
	json_put_string(out, "zone", site->def->zones[device->zone].id);
	json_open(out, "active", '[');
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (state->active & UINT32_C(1) << kind)
			json_put_string(out, NULL, kind_name((enum kind)kind));
	json_close(out, ']');
	if (state->walk_test)
		json_put_bool(out, "walk_test", true);
	json_close(out, '}');
}

/* Only what is another than was said last: a device that repeats itself is no news. */
static void show(struct app *app, uint64_t *said, const struct text *topic, const struct text *body)
{
	uint64_t now = index_hash(text_get(body));
	if (*said != now &&
	    broker_publish(app->broker, text_get(topic), text_get(body), body->len, 1, true))
		*said = now;
}

static void show_kind(struct app *app, struct site_slot *slot, enum incident_kind kind)
{
	struct text topic = {0}, body = {0};
	text_addf(&topic, "tocsin/%s/state/%s", slot->site->def->id, incident_kind_name(kind));
	write_kind(&body, slot->site, kind);
	show(app, &slot->kinds_said[kind], &topic, &body);
	text_finish(&topic);
	text_finish(&body);
}

static void show_device(struct app *app, struct site_slot *slot, uint32_t at)
{
	const struct device *device = &slot->site->def->devices[at];
	struct text topic = {0}, body = {0};
	if (device->silent || at >= slot->devices_said_count)
		return;
	text_addf(&topic, "tocsin/%s/state/device/%s", slot->site->def->id, device->id);
	write_device(&body, slot->site, at);
	show(app, &slot->devices_said[at], &topic, &body);
	text_finish(&topic);
	text_finish(&body);
}

/* ---- who is introduced ---- */

struct introduction {
	const char *name, *object, *state_topic, *device_class;
};

static void put_common(struct text *out, const struct app *app, const struct introduction *who)
{
	json_put_string(out, "name", who->name);
	json_put_string(out, "unique_id", who->object);
	json_put_string(out, "object_id", who->object);
	json_put_string(out, "state_topic", who->state_topic);
	json_put_string(out, "value_template", "{{ value_json.state }}");
	json_put_string(out, "json_attributes_topic", who->state_topic);
	if (who->device_class)
		json_put_string(out, "device_class", who->device_class);
	json_put_string(out, "availability_topic", app->config->broker.status_topic);
	json_put_string(out, "payload_available", "online");
	json_put_string(out, "payload_not_available", "offline");
}

static void put_owner(struct text *out, const struct site_def *def, const struct device *device)
{
	struct text site = {0}, self = {0};
	text_add(&site, "tocsin-");
	add_object(&site, def->id);
	json_open(out, "device", '{');
	json_open(out, "identifiers", '[');
	if (device) {
		text_addf(&self, "%s-", text_get(&site));
		add_object(&self, device->id);
	}
	json_put_string(out, NULL, device ? text_get(&self) : text_get(&site));
	json_close(out, ']');
	json_put_string(out, "name", device ? device->name : def->name);
	json_put_string(out, "manufacturer", "Tocsin");
	if (device) {
		json_put_string(out, "suggested_area", def->zones[device->zone].name);
		json_put_string(out, "via_device", text_get(&site));
	}
	json_close(out, '}');
	text_finish(&site);
	text_finish(&self);
}

static void publish_introduction(struct app *app, const struct site_def *def,
                                 const struct device *device, const char *object,
                                 struct introduction who)
{
	struct text topic = {0}, body = {0}, unique = {0};
	add_node(&topic, app->config->home_assistant, def->id);
	text_addf(&topic, "%s/config", object);
	text_add(&unique, "tocsin-");
	add_object(&unique, def->id);
	text_addf(&unique, "-%s", object);
	who.object = text_get(&unique);
	json_open(&body, NULL, '{');
	put_common(&body, app, &who);
	put_owner(&body, def, device);
	json_close(&body, '}');
	broker_publish(app->broker, text_get(&topic), text_get(&body), body.len, 1, true);
	text_finish(&topic);
	text_finish(&body);
	text_finish(&unique);
}

static void introduce_kind(struct app *app, const struct site_def *def, enum incident_kind kind)
{
	struct text object = {0}, topic = {0};
	text_addf(&object, "kind-%s", incident_kind_name(kind));
	text_addf(&topic, "tocsin/%s/state/%s", def->id, incident_kind_name(kind));
	publish_introduction(app, def, NULL, text_get(&object),
	                     (struct introduction){.name = words_incident_kind(def->language, kind),
	                                           .state_topic = text_get(&topic),
	                                           .device_class = kind_classes[kind]});
	text_finish(&object);
	text_finish(&topic);
}

static void introduce_device(struct app *app, const struct site_def *def, uint32_t at)
{
	const struct device *device = &def->devices[at];
	struct text object = {0}, topic = {0};
	if (device->silent)
		return;
	text_add(&object, "device-");
	add_object(&object, device->id);
	text_addf(&topic, "tocsin/%s/state/device/%s", def->id, device->id);
	bool known = device->kind != KIND_NONE;
	publish_introduction(
	        app, def, device, text_get(&object),
	        (struct introduction){.name = known ? words_kind(def->language, device->kind)
	                                            : device->name,
	                              .state_topic = text_get(&topic),
	                              .device_class = known ? device_classes[device->kind] : NULL});
	text_finish(&object);
	text_finish(&topic);
}

static void introduce_site(struct app *app, struct site_slot *slot)
{
	const struct site_def *def = slot->site->def;
	free(slot->devices_said);
	slot->devices_said = NEW_ARRAY(uint64_t, def->device_count);
	slot->devices_said_count = def->device_count;
	memset(slot->kinds_said, 0, sizeof slot->kinds_said);
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++) {
		introduce_kind(app, def, (enum incident_kind)kind);
		show_kind(app, slot, (enum incident_kind)kind);
	}
	for (uint32_t i = 0; i < def->device_count; i++) {
		introduce_device(app, def, i);
		show_device(app, slot, i);
	}
}

/* ---- in app.h's order ---- */

void introduce_all(struct app *app)
{
	for (uint32_t i = 0; app->config->home_assistant && i < app->site_count; i++)
		introduce_site(app, &app->sites[i]);
}

void introduce_changed(struct app *app)
{
	for (uint32_t i = 0; app->config->home_assistant && i < app->site_count; i++) {
		struct site_slot *slot = &app->sites[i];
		uint32_t kinds = 0;
		for (uint32_t k = 0; k < slot->plan.incident_count; k++)
			kinds |= UINT32_C(1) << slot->plan.incidents[k]->kind;
		for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
			if (kinds & UINT32_C(1) << kind)
				show_kind(app, slot, (enum incident_kind)kind);
		for (uint32_t k = 0; k < slot->plan.device_count; k++)
			show_device(app, slot, slot->plan.devices[k]);
	}
}

/* The id that add_object would have written so; false if it never writes that. */
static bool read_object(const char *object, size_t len, struct text *id)
{
	for (size_t i = 0; i < len; i++) {
		char two[3] = "";
		uint8_t byte;
		if (object[i] != '_') {
			text_add_char(id, object[i]);
		} else if (i + 1 < len && object[i + 1] == '_') {
			text_add_char(id, '_');
			i++;
		} else {
			if (i + 2 >= len)
				return false;
			memcpy(two, object + i + 1, 2);
			if (hex_decode(two, &byte, 1) != 1 || !byte)
				return false;
			text_add_char(id, (char)byte);
			i += 2;
		}
	}
	return true;
}

static bool is_introduced(const struct site_def *def, const char *object, size_t len)
{
	static const char device[] = "device-", kind[] = "kind-";
	struct text id = {0};
	bool found = false;
	if (len > sizeof device && strncmp(object, device, sizeof device - 1) == 0 &&
	    read_object(object + sizeof device - 1, len - (sizeof device - 1), &id)) {
		uint32_t at = site_def_device(def, text_get(&id));
		found = at != POSITION_NONE && !def->devices[at].silent;
	} else if (strncmp(object, kind, sizeof kind - 1) == 0) {
		text_reset(&id);
		text_add_len(&id, object + sizeof kind - 1, len - (sizeof kind - 1));
		found = incident_kind_from_name(text_get(&id)) != INCIDENT_KIND_NONE;
	}
	text_finish(&id);
	return found;
}

bool introduce_hears(struct app *app, const struct broker_message *message)
{
	const char *prefix = app->config->home_assistant;
	size_t len = prefix ? strlen(prefix) : 0;
	if (!prefix || strncmp(message->topic, prefix, len) != 0 || message->topic[len] != '/')
		return false;
	for (uint32_t i = 0; i < app->site_count; i++) {
		struct text node = {0};
		add_node(&node, prefix, app->sites[i].site->def->id);
		bool ours = strncmp(message->topic, text_get(&node), node.len) == 0;
		const char *object = message->topic + (ours ? node.len : 0);
		text_finish(&node);
		if (!ours)
			continue;
		size_t object_len = strcspn(object, "/");
		if (message->retained && message->len &&
		    !is_introduced(app->sites[i].site->def, object, object_len))
			broker_publish(app->broker, message->topic, "", 0, 1, true);
		return true;
	}
	return false;
}

void introduce_filters(const struct app *app, struct filters *out)
{
	for (uint32_t i = 0; app->config->home_assistant && i < app->site_count; i++) {
		struct text filter = {0};
		add_node(&filter, app->config->home_assistant, app->sites[i].site->def->id);
		text_add(&filter, "+/config");
		MEM_RESERVE(out->items, out->count, out->cap);
		out->items[out->count++] = text_take(&filter);
	}
}
