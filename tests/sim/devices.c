/* What sensors say: alarms and their ends, presses, refreshes, tests, nonsense, silence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sim.h"

static struct w_message *messages;
static uint32_t message_count, message_cap;

uint32_t message_note(struct w_message message)
{
	MEM_RESERVE(messages, message_count, message_cap);
	messages[message_count] = message;
	return message_count++;
}

struct w_message *message_get(uint32_t number)
{
	return number < message_count ? &messages[number] : NULL;
}

struct w_message *message_of(const char *site, const char *device, const char *id)
{
	const char *dash = strrchr(id, '-');
	unsigned long count = dash ? strtoul(dash + 1, NULL, 10) : 0;
	for (uint32_t i = message_count; count && i-- > 0;) {
		const struct w_site *of = &world.sites[messages[i].site];
		if (messages[i].id == count && strcmp(of->id, site) == 0 &&
		    strcmp(of->devices[messages[i].device].id, device) == 0)
			return &messages[i];
	}
	return NULL;
}

uint32_t *message_last_word(uint32_t number)
{
	const struct w_message *m = message_get(number);
	return &world.sites[m->site].devices[m->device].last_word[m->kind];
}

struct w_device *device_of(uint64_t arg)
{
	return &world.sites[arg / DEVICES_MAX].devices[arg % DEVICES_MAX];
}

static void publish(uint64_t arg, const char *bytes, size_t len, uint32_t number, bool retain)
{
	char topic[120];
	const struct w_site *site = &world.sites[arg / DEVICES_MAX];
	snprintf(topic, sizeof topic, "tocsin/%s/device/%s/event", site->id, device_of(arg)->id);
	world.counts.messages++;
	trace("%s #%u: %s", topic, number, bytes);
	broker_take(topic, bytes, len, retain, number);
}

struct resend { /* a device that finds no broker keeps what it has to say, in order */
	uint64_t arg;
	uint32_t number;
	bool retain;
	char *bytes;
};
static struct resend *kept;
static uint32_t kept_count, kept_cap;

static void say(uint64_t arg, const char *bytes, uint32_t number, bool retain)
{
	if (world.broker_up) {
		publish(arg, bytes, strlen(bytes), number, retain);
		return;
	}
	MEM_RESERVE(kept, kept_count, kept_cap);
	kept[kept_count++] = (struct resend){arg, number, retain, mem_copy(bytes)};
}

void devices_hear_broker(void)
{
	for (uint32_t i = 0; i < kept_count; i++) {
		publish(kept[i].arg, kept[i].bytes, strlen(kept[i].bytes), kept[i].number,
		        kept[i].retain);
		free(kept[i].bytes);
	}
	kept_count = 0;
}

bool is_pressed(const char *kind)
{
	return strcmp(kind, "panic") == 0 || strcmp(kind, "call_point") == 0;
}

/* One signal; what else it says is its number, which the ledger keeps with it. */
static void signal_(uint64_t arg, const char *kind, bool active, bool test)
{
	struct w_device *d = device_of(arg);
	struct text body = {0};
	char id[64];
	uint32_t count = chance(700) ? ++d->sent : 0;
	uint32_t number = message_note((struct w_message){
	        .site = (uint32_t)(arg / DEVICES_MAX),
	        .device = (uint32_t)(arg % DEVICES_MAX),
	        .kind = (uint8_t)kind_number(kind),
	        .active = active,
	        .id = count,
	        .test = test,
	        .press = active && is_pressed(kind),
	});
	json_open(&body, NULL, '{');
	if (count) {
		snprintf(id, sizeof id, "%s-%u", d->id, count);
		json_put_string(&body, "id", id);
	}
	if (chance(30)) /* nobody has set its clock */
		json_put_time(&body, "time", between(0, HOURS(100)));
	else if (chance(500))
		json_put_time(&body, "time", wall_now() - between(0, 3000));
	json_put_string(&body, "kind", kind);
	json_put_string(&body, "state", active ? "active" : "clear");
	if (test)
		json_put_bool(&body, "test", true);
	json_put_int(&body, "n", number);
	json_close(&body, '}');
	world.counts.presses += message_get(number)->press;
	say(arg, text_get(&body), number, d->retains && !test);
	/* A device that does not trust its link says it twice. */
	if (chance(60)) {
		world.counts.repeated++;
		say(arg, text_get(&body), number, false);
	}
	text_finish(&body);
}

static void nonsense(uint64_t arg)
{
	static const char *const forms[][2] = {{"", " {\"kind\":\"smoke\""},
	                                       {"{\"kind\":\"", "\",\"state\":\"active\"}"},
	                                       {"{\"kind\":\"smoke\",\"state\":\"", "\"}"},
	                                       {"[\"", "\"]"},
	                                       {"\xff\xfe", ""}};
	char bytes[100];
	uint32_t number = message_note((struct w_message){.site = (uint32_t)(arg / DEVICES_MAX),
	                                                  .device = (uint32_t)(arg % DEVICES_MAX),
	                                                  .garbage = true});
	const char *const *form = forms[below(5)];
	snprintf(bytes, sizeof bytes, "%s#%u#%s", form[0], number, form[1]);
	say(arg, bytes, number, false);
}

static void clears(uint64_t arg)
{
	struct w_device *d = device_of(arg);
	if (!d->active)
		return;
	d->active = false;
	signal_(arg, d->kind, false, false);
}

static void status(uint64_t arg, bool online)
{
	char topic[120];
	snprintf(topic, sizeof topic, "tocsin/%s/device/%s/status",
	         world.sites[arg / DEVICES_MAX].id, device_of(arg)->id);
	if (world.broker_up)
		broker_take(topic, online ? "online" : "offline", online ? 6 : 7, true, UINT32_MAX);
}

static void comes_back(uint64_t arg)
{
	device_of(arg)->ill = false;
	status(arg, true);
}

static void acts(uint64_t arg);

static void goes_off(uint64_t arg)
{
	struct w_device *d = device_of(arg);
	d->active = !d->momentary;
	signal_(arg, d->kind, true, false);
	if (d->active)
		later(between(SECONDS(5), HOURS(2)), clears, arg);
	/* Smoke goes on to the next room. */
	if (chance(300)) {
		uint64_t other = arg / DEVICES_MAX * DEVICES_MAX + below(2);
		struct w_device *next = device_of(other);
		if (!next->active && other != arg) {
			next->active = true;
			signal_(other, next->kind, true, false);
			later(between(SECONDS(5), HOURS(1)), clears, other);
		}
	}
}

static void is_tried(uint64_t arg)
{
	if (!device_of(arg)->active && !world.calm)
		goes_off(arg);
}

void devices_try(uint64_t arg, span_ms in)
{
	later(in, is_tried, arg);
}

/* Its contact is loose: the other state again and again, and in the end either. */
static void wavers(uint64_t arg)
{
	struct w_device *d = device_of(arg);
	if (world.calm || d->ill || d->momentary)
		return;
	d->active = !d->active;
	signal_(arg, d->kind, d->active, false);
	if (chance(850))
		later(between(20, 900), wavers, arg);
	else if (d->active)
		later(between(SECONDS(5), HOURS(1)), clears, arg);
}

void devices_waver(void)
{
	for (uint32_t s = 0; s < world.site_count; s++)
		for (uint64_t i = 0; i < 3; i++)
			later(between(0, 3000), wavers,
			      s * DEVICES_MAX + below(world.sites[s].device_count));
}

static void acts(uint64_t arg)
{
	struct w_device *d = device_of(arg);
	if (world.calm)
		return;
	later(between(MINUTES(20), HOURS(14)) * world.pace, acts, arg);
	if (d->ill)
		return;
	uint64_t what = below(100);
	if (what < 45) {
		if (!d->active)
			goes_off(arg);
	} else if (what < 60) {
		signal_(arg, d->kind, d->active, false); /* a refresh */
	} else if (what < 68) {
		signal_(arg, d->kind, true, true);
	} else if (what < 74) {
		nonsense(arg);
	} else if (what < 82) {
		bool low = chance(500);
		signal_(arg, "battery", low, false);
		signal_(arg, "tamper", chance(300), false);
	} else if (what < 88) {
		d->ill = true;
		status(arg, false);
		later(between(MINUTES(1), HOURS(4)), comes_back, arg);
	} else {
		for (uint64_t i = 0, n = 1 + below(6); i < n; i++)
			signal_(arg, d->kind, d->momentary || i % 2 == d->active, false);
	}
}

static void heartbeat(uint64_t arg)
{
	struct w_device *d = device_of(arg);
	later(d->expect_every * 3 / 4, heartbeat, arg);
	if (!d->ill)
		signal_(arg, d->momentary ? "fault" : d->kind, d->momentary ? false : d->active,
		        false);
}

void devices_begin(void)
{
	for (uint32_t s = 0; s < world.site_count; s++)
		for (uint32_t i = 0; i < world.sites[s].device_count; i++) {
			uint64_t arg = s * DEVICES_MAX + i;
			later(between(0, HOURS(6)), acts, arg);
			if (device_of(arg)->expect_every)
				later(between(0, MINUTES(10)), heartbeat, arg);
		}
}

/* In the end everything is quiet. */
void devices_calm(void)
{
	for (uint32_t s = 0; s < world.site_count; s++)
		for (uint32_t i = 0; i < world.sites[s].device_count; i++) {
			uint64_t arg = s * DEVICES_MAX + i;
			if (device_of(arg)->ill)
				comes_back(arg);
			clears(arg);
		}
}
