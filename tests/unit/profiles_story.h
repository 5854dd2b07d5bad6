/* Lets a test of profiles read as what was sent and what came of it:
 *
 *     expect(HALL, "{\"smoke\":true}", "hall: smoke active");
 *
 * The devices are those of tests/profiles/site.yaml. */
#ifndef TOCSIN_TESTS_PROFILES_STORY_H
#define TOCSIN_TESTS_PROFILES_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "receive/profile_bind.h"

#define NOW INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */

static struct service_config *config;
static struct bindings bindings;
static struct profile_memory *memory;
static struct statements said;
static struct signals signals;
static struct text heard; /* what came of the last message */
static struct moment now;
static bool retained;

static inline int begin(void **state)
{
	(void)state;
	struct text report = {0};
	if (config_load("tests/profiles/tocsin.yaml", CONFIG_CHECK, &config, &report) < 0)
		fail_msg("%s", text_get(&report));
	text_finish(&report);
	bindings_make(&bindings, config->sites, config->site_count);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	bindings_finish(&bindings);
	statements_finish(&said);
	signals_finish(&signals);
	text_finish(&heard);
	config_destroy(config);
	return 0;
}

/* Each test begins in a new life. */
static inline int wake(void **state)
{
	(void)state;
	memory = profile_memory_create();
	now = (struct moment){.wall = NOW, .steady = SECONDS(1000)};
	retained = false;
	return 0;
}

static inline int sleep_(void **state)
{
	(void)state;
	profile_memory_destroy(memory);
	return 0;
}

static inline void pass(span_ms span)
{
	now.wall += span;
	now.steady += span;
}

static inline void put_signal(const struct signal *s)
{
	text_addf(&heard, "%s %s", kind_name(s->kind), s->active ? "active" : "clear");
	text_add(&heard, s->test ? " test" : "");
	text_add(&heard, s->past ? " past" : "");
	text_add(&heard, s->press ? " press" : "");
	text_add(&heard, s->armed ? " armed" : "");
	text_add(&heard, s->lifeless ? " cached" : "");
	if (s->resets)
		text_addf(&heard, " for %llds", (long long)(s->resets / 1000));
	if (s->id)
		text_addf(&heard, " #%s", s->id);
	if (s->id_lasts)
		text_addf(&heard, "~%llds", (long long)(s->id_lasts / 1000));
	if (s->time && !s->time_said && s->time != now.wall)
		text_addf(&heard, " %+llds", (long long)((s->time - NOW) / 1000));
}

static inline void put_device(uint32_t first, uint32_t last)
{
	const struct statement *s = &said.items[first];
	struct problem why = {0};
	uint32_t at = bindings_of(&bindings, said.profile, s);
	if (at == POSITION_NONE) {
		text_addf(&heard, "?%s", s->address);
		for (uint32_t i = first; i < last; i++)
			if (said.items[i].kind != KIND_NONE)
				text_addf(&heard, " %s%s", kind_name(said.items[i].kind),
				          said.items[i].active ? "!" : "");
		return;
	}
	const struct site_def *site = bindings.items[at].site;
	uint32_t device = bindings.items[at].device;
	statements_bind(&said, first, last, site, device, now.wall, &signals, &why);
	text_addf(&heard, "%s", site->devices[device].id);
	for (uint32_t i = first; i < last; i++)
		if (said.items[i].type == SAID_STATUS)
			text_add(&heard, said.items[i].active ? " online" : " offline");
	for (uint32_t i = 0; i < signals.count; i++) {
		text_add(&heard, i ? ", " : ": ");
		put_signal(&signals.items[i].signal);
	}
	if (*why.text)
		text_add(&heard, " (not understood)");
}

static inline const char *hear(const char *topic, const char *payload)
{
	struct problem why = {0};
	struct heard_message m = {.topic = topic,
	                          .bytes = payload,
	                          .len = strlen(payload),
	                          .retained = retained,
	                          .now = now.wall,
	                          .steady = now.steady};
	text_reset(&heard);
	if (profiles_decode(&config->profiles, memory, &m, &said, &why) < 0)
		text_add(&heard, "refused");
	for (uint32_t i = 0, last; i < said.count; i = last) {
		last = statements_of_device(&said, i);
		if (heard.len)
			text_add(&heard, " | ");
		if (said.items[i].type == SAID_GATEWAY)
			text_addf(&heard, "gateway %s %s", said.items[i].address,
			          said.items[i].active ? "online" : "offline");
		else if (said.items[i].address)
			put_device(i, last);
	}
	return text_get(&heard);
}

static inline void expect(const char *topic, const char *payload, const char *meaning)
{
	if (strcmp(hear(topic, payload), meaning) != 0)
		fail_msg("%s %s\n  means '%s'\n  and is taken for '%s'", topic, payload, meaning,
		         text_get(&heard));
}

static inline void expect_retained(const char *topic, const char *payload, const char *meaning)
{
	retained = true;
	expect(topic, payload, meaning);
	retained = false;
}

#define HALL "zigbee2mqtt/hall/smoke"
#define DOOR "zigbee2mqtt/door"

struct row {
	const char *topic, *payload, *meaning;
};

static inline void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		expect(rows[i].topic, rows[i].payload, rows[i].meaning);
		pass(HOURS(1)); /* each stands for itself */
	}
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof *(rows))

#define TEST(test) cmocka_unit_test_setup_teardown(test, wake, sleep_)

#endif
