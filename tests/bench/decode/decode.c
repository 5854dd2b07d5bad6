/* What decoding a message costs, in time and memory.
 *
 *   bench-decode [--check] [SYSTEM]      from the project's folder, by a release build
 *
 * One line a system (or of those whose name begins so): JSON alone (cJSON's tree), decoding with
 * its binding to a device, and the allocations. --check: few rounds; fails if there is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "config/config.h"
#include "receive/profile_bind.h"

#define NOW ((wall_ms)1795305600000)

static unsigned long allocations;

#if defined(__SANITIZE_ADDRESS__)
static const bool counts = false;
#else
static const bool counts = true;
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *at, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	allocations++;
	return __libc_realloc(at, size);
}
#endif

struct row {
	const char *name, *topic, *payload;
};
static const struct row rows[] = {
        {"zigbee2mqtt, 150 bytes", "zigbee2mqtt/hall/smoke",
         "{\"battery\":93,\"battery_low\":false,\"last_seen\":\"2026-11-22T00:00:00Z\","
         "\"linkquality\":134,\"smoke\":false,\"tamper\":false,\"test\":false,\"voltage\":3005,"
         "\"k\":1}"},
        {"zigbee2mqtt, an alarm", "zigbee2mqtt/hall/smoke",
         "{\"battery\":93,\"battery_low\":false,\"last_seen\":\"2026-11-22T00:00:00Z\","
         "\"linkquality\":134,\"smoke\":true,\"tamper\":false,\"test\":true,\"voltage\":3005,"
         "\"k\":1}"},
        {"zigbee2mqtt, one attribute", "zigbee2mqtt/hall/smoke/smoke", "true"},
        {"tasmota", "tele/Bridge1/SENSOR",
         "{\"Time\":\"2026-11-22T08:00:00\",\"ZbReceived\":{\"Hall\":{\"Device\":\"0x1A2B\","
         "\"Fire\":0,\"Contact\":1,\"Endpoint\":1,\"LinkQuality\":120}}}"},
        {"esphome", "attic/binary_sensor/kitchen_smoke/state", "OFF"},
        {"chirpstack", "application/a/device/24e124/event/up",
         "{\"deduplicationId\":\"3f1c\",\"time\":\"2026-11-22T00:00:00Z\",\"fCnt\":7,\"object\":"
         "{\"battery\":92,\"leakage_status\":\"normal\"}}"},
        {"paradox", "paradox/states/zones/Front_door/open", "False"},
        {"rtl_433, nobody's", "rtl_433/gw/events",
         "{\"time\":\"2026-11-22 08:00:00\",\"model\":\"Honeywell\",\"id\":711,\"state\":"
         "\"closed\",\"battery_ok\":1,\"heartbeat\":1}"},
};

struct bench {
	struct service_config *config;
	struct bindings bindings;
	struct profile_memory *memory;
	struct statements said;
	struct signals signals;
	steady_ms steady;
};

static void decode(struct bench *b, const struct row *row, size_t len)
{
	struct problem why;
	struct heard_message m = {.topic = row->topic,
	                          .bytes = row->payload,
	                          .len = len,
	                          .now = NOW,
	                          .steady = b->steady += SECONDS(10)};
	if (profiles_decode(&b->config->profiles, b->memory, &m, &b->said, &why) < 0) {
		fprintf(stderr, "%s: %s\n", row->name, why.text);
		exit(1);
	}
	for (uint32_t i = 0, end; i < b->said.count; i = end) {
		const struct statement *s = &b->said.items[i];
		end = statements_of_device(&b->said, i);
		uint32_t at = s->address ? bindings_of(&b->bindings, b->said.profile, s)
		                         : POSITION_NONE;
		if (at != POSITION_NONE)
			statements_bind(&b->said, i, end, b->bindings.items[at].site,
			                b->bindings.items[at].device, NOW, &b->signals, &why);
	}
}

static void parse(struct arena *arena, const struct row *row, size_t len)
{
	cJSON *tree = NULL;
	arena_reset(arena);
	if (*row->payload == '{' && json_parse_into(arena, row->payload, len, &tree, NULL) < 0)
		exit(1);
}

/* Of this process: what else runs on the machine does not count. */
static int64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double ns_each(int64_t began, unsigned long rounds)
{
	return (double)(cpu_ns() - began) / (double)rounds;
}

/* Returns the allocations, in all rounds. */
static unsigned long measure(struct bench *b, const struct row *row, unsigned long rounds)
{
	size_t len = strlen(row->payload);
	for (int i = 0; i < 100; i++) /* what grows once has grown */
		decode(b, row, len);
	struct arena arena = {0};
	int64_t began = cpu_ns();
	for (unsigned long i = 0; i < rounds; i++)
		parse(&arena, row, len);
	double json = ns_each(began, rounds);
	arena_finish(&arena);
	unsigned long before = allocations;
	began = cpu_ns();
	for (unsigned long i = 0; i < rounds; i++)
		decode(b, row, len);
	double whole = ns_each(began, rounds);
	unsigned long own = allocations - before;
	printf("%-28s %4zu bytes  JSON %6.0f ns  all %6.0f ns  %lu allocations\n", row->name, len,
	       json, whole, own / rounds);
	return counts ? own : 0;
}

int main(int argc, char **argv)
{
	bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
	const char *system = argc > 1 + check ? argv[1 + check] : "";
	struct bench b = {.memory = profile_memory_create()};
	struct text report = {0};
	unsigned long own = 0;
	if (config_load("tests/profiles/tocsin.yaml", CONFIG_CHECK, &b.config, &report) < 0) {
		fprintf(stderr, "%s", text_get(&report));
		return 1;
	}
	bindings_make(&b.bindings, b.config->sites, b.config->site_count);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strncmp(rows[i].name, system, strlen(system)) == 0)
			own += measure(&b, &rows[i], check ? 1000 : 200000);
	bindings_finish(&b.bindings);
	statements_finish(&b.said);
	signals_finish(&b.signals);
	profile_memory_destroy(b.memory);
	config_destroy(b.config);
	text_finish(&report);
	if (check && own)
		fprintf(stderr, "decoding allocates: %lu times in these rounds\n", own);
	return check && own;
}
