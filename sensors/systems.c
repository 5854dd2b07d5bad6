#include "systems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* A kind's word in one system; NULL: it has none. */
struct word {
	const char *member;
	const char *active, *clear; /* as JSON */
};

wall_ms saying_now(void)
{
	struct clock clock;
	struct moment moment;
	clock_start(&clock, NULL, NULL);
	clock_now(&clock, &moment, NULL);
	return moment.wall;
}

void saying_id(uint32_t run, uint32_t number, char out[SAYING_ID_ROOM])
{
	snprintf(out, SAYING_ID_ROOM, "run-%08x-%u", run, number);
}

bool saying_id_read(const char *id, uint32_t run, uint32_t *number)
{
	char ours[SAYING_ID_ROOM], *end;
	saying_id(run, 0, ours);
	size_t len = strlen(ours) - 1;
	if (strncmp(id, ours, len) != 0 || !id[len])
		return false;
	unsigned long read = strtoul(id + len, &end, 10);
	if (*end || read > UINT32_MAX)
		return false;
	*number = (uint32_t)read;
	return true;
}

static bool write_native(const struct saying *s, struct text *topic, struct text *payload)
{
	text_addf(topic, "tocsin/%s/device/%s/event", s->site, s->device);
	json_open(payload, NULL, '{');
	if (s->id)
		json_put_string(payload, "id", s->id);
	json_put_time(payload, "time", s->time);
	json_put_string(payload, "kind", kind_name(s->kind));
	json_put_string(payload, "state", s->active ? "active" : "clear");
	if (s->has_value)
		json_put_number(payload, "value", s->value);
	if (s->test)
		json_put_bool(payload, "test", true);
	json_close(payload, '}');
	return true;
}

static void address_same(const char *device, struct text *out)
{
	text_add(out, device);
}

/* ---- Zigbee2MQTT: the whole state, each time ---- */

static bool write_zigbee2mqtt(const struct saying *s, struct text *topic, struct text *payload)
{
	static const struct word words[KIND_COUNT] = {
	        [KIND_SMOKE] = {"smoke", "true", "false"},
	        [KIND_HEAT] = {"heat", "true", "false"},
	        [KIND_GAS] = {"gas", "true", "false"},
	        [KIND_CARBON_MONOXIDE] = {"carbon_monoxide", "true", "false"},
	        [KIND_WATER] = {"water_leak", "true", "false"},
	        [KIND_PANIC] = {"action", "\"emergency\"", "\"\""},
	        [KIND_CONTACT] = {"contact", "false", "true"},
	        [KIND_MOTION] = {"occupancy", "true", "false"},
	        [KIND_GLASS] = {"glass_break", "true", "false"},
	        [KIND_VIBRATION] = {"vibration", "true", "false"},
	        [KIND_POWER] = {"ac_status", "true", "false"},
	        [KIND_FAULT] = {"trouble", "true", "false"},
	};
	const struct word *word = &words[s->kind];
	bool tamper = s->kind == KIND_TAMPER && s->active;
	bool battery = s->kind == KIND_BATTERY && s->active;
	if (!word->member && s->kind != KIND_TAMPER && s->kind != KIND_BATTERY)
		return false;
	text_addf(topic, "zigbee2mqtt/%s", s->device);
	text_addf(payload, "{\"battery\":%d,\"battery_low\":%s,", battery ? 4 : 87,
	          battery ? "true" : "false");
	if (word->member)
		text_addf(payload, "\"%s\":%s,", word->member,
		          s->active ? word->active : word->clear);
	text_addf(payload, "\"last_seen\":%lld,\"linkquality\":%d,\"tamper\":%s",
	          (long long)s->time, 60 + (int)(s->number % 90), tamper ? "true" : "false");
	if (s->test)
		text_add(payload, ",\"test\":true");
	text_addf(payload, ",\"voltage\":%d}", battery ? 2300 : 3000);
	return true;
}

/* ---- Tasmota: a Zigbee child behind a bridge ---- */

static bool write_tasmota(const struct saying *s, struct text *topic, struct text *payload)
{
	static const struct word words[KIND_COUNT] = {
	        [KIND_SMOKE] = {"Fire", "1", "0"},
	        [KIND_GAS] = {"Gas", "1", "0"},
	        [KIND_WATER] = {"Water", "1", "0"},
	        [KIND_CARBON_MONOXIDE] = {"CO", "1", "0"},
	        [KIND_CONTACT] = {"Contact", "1", "0"},
	        [KIND_MOTION] = {"Occupancy", "1", "0"},
	        [KIND_VIBRATION] = {"Vibration", "1", "0"},
	        [KIND_TAMPER] = {"Tamper", "1", "0"},
	        [KIND_PANIC] = {"Panic", "1", "0"},
	        [KIND_GLASS] = {"GlassBreak", "1", "0"},
	        [KIND_BATTERY] = {"BatteryLow", "1", "0"},
	};
	const struct word *word = &words[s->kind];
	if (!word->member)
		return false;
	text_add(topic, "tele/bridge/SENSOR");
	text_addf(payload,
	          "{\"ZbReceived\":{\"%s\":{\"Device\":\"0x%04X\",\"%s\":%s,\"Endpoint\":1,"
	          "\"LinkQuality\":%d}}}",
	          s->device, (unsigned int)(index_hash(s->device) & 0xffff), word->member,
	          s->active ? word->active : word->clear, 60 + (int)(s->number % 90));
	return true;
}

/* ---- ESPHome: a topic for each point; what it is, the site file says ---- */

static bool write_esphome(const struct saying *s, struct text *topic, struct text *payload)
{
	text_addf(topic, "%s/binary_sensor/point/state", s->device);
	text_add(payload, s->active ? "ON" : "OFF");
	return true;
}

static void address_esphome(const char *device, struct text *out)
{
	text_addf(out, "%s/point", device);
}

/* ---- Shelly of the first generation ---- */

static bool write_shelly(const struct saying *s, struct text *topic, struct text *payload)
{
	static const struct word words[KIND_COUNT] = {
	        [KIND_SMOKE] = {"smoke", "true", "false"},
	        [KIND_WATER] = {"flood", "true", "false"},
	        [KIND_GAS] = {"gas", "heavy", "none"},
	        [KIND_CONTACT] = {"state", "open", "close"},
	        [KIND_MOTION] = {"motion", "true", "false"},
	        [KIND_VIBRATION] = {"vibration", "1", "0"},
	};
	const struct word *word = &words[s->kind];
	if (!word->member)
		return false;
	text_addf(topic, "shellies/%s/sensor/%s", s->device, word->member);
	text_add(payload, s->active ? word->active : word->clear);
	return true;
}

/* ---- LoRaWAN over ChirpStack 4 ---- */

static bool write_chirpstack(const struct saying *s, struct text *topic, struct text *payload)
{
	static const struct word words[KIND_COUNT] = {
	        [KIND_SMOKE] = {"smoke_status", "alarm", "normal"},
	        [KIND_WATER] = {"leakage_status", "leak", "normal"},
	        [KIND_CONTACT] = {"magnet_status", "open", "close"},
	        [KIND_MOTION] = {"pir_status", "trigger", "normal"},
	        [KIND_TAMPER] = {"tamper_status", "uninstalled", "installed"},
	        [KIND_GAS] = {"gas_status", "alarm", "normal"},
	        [KIND_PANIC] = {"sos_status", "triggered", "normal"},
	        [KIND_BATTERY] = {"battery_low", "true", "false"},
	};
	const struct word *word = &words[s->kind];
	if (!word->member)
		return false;
	text_addf(topic, "application/1/device/%s/event/up", s->device);
	json_open(payload, NULL, '{');
	if (s->id)
		json_put_string(payload, "deduplicationId", s->id);
	json_put_time(payload, "time", s->time);
	json_open(payload, "deviceInfo", '{');
	json_put_string(payload, "devEui", s->device);
	json_close(payload, '}');
	json_put_int(payload, "fCnt", (int64_t)s->number);
	json_open(payload, "object", '{');
	json_put_int(payload, "battery", 92);
	json_put_string(payload, word->member, s->active ? word->active : word->clear);
	json_close(payload, '}');
	json_close(payload, '}');
	return true;
}

/* ---- all ---- */

const struct sensor_system sensor_systems[] = {
        {"native", "our own language, acknowledged by the service", NULL, write_native,
         address_same},
        {"zigbee2mqtt", "the whole state as JSON", "zigbee2mqtt", write_zigbee2mqtt, address_same},
        {"tasmota", "a Zigbee child behind a Tasmota bridge", "tasmota", write_tasmota,
         address_same},
        {"esphome", "ON and OFF on a topic for each point", "esphome", write_esphome,
         address_esphome},
        {"shelly", "a word on a topic for each sensor", "shelly", write_shelly, address_same},
        {"chirpstack", "a LoRaWAN uplink with a decoded object", "chirpstack", write_chirpstack,
         address_same},
};
const size_t sensor_system_count = sizeof sensor_systems / sizeof *sensor_systems;

const struct sensor_system *sensor_system_find(const char *name)
{
	for (size_t i = 0; i < sensor_system_count; i++)
		if (strcmp(sensor_systems[i].name, name) == 0)
			return &sensor_systems[i];
	return NULL;
}

void sensor_system_line(const struct sensor_system *system, const char *device, const char *zone,
                        enum kind kind, struct text *out)
{
	text_addf(out, "  - {id: %s, zone: %s, kind: %s", device, zone ? zone : "?",
	          kind_name(kind));
	if (system->profile) {
		text_addf(out, ", profile: %s, address: ", system->profile);
		system->address(device, out);
	}
	text_add(out, "}\n");
}
