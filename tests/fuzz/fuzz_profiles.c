/* floors: config decode */
/* Messages of strangers through every built-in profile, one after another, as a broker brings them:
 *
 *     topic <line end> payload [ <record separator, 0x1e> topic <line end> payload ... ]
 *
 * a ! before a topic: retained. Promises that must hold of any of them:
 *   - what is made of it is bounded, is text, and is the same when it is heard again from the start
 *   - unknown, null and empty are never normal and never a clear
 *   - what is past stays past when it is bound to a device, and a test a test */
#include <string.h>

#include "base/json.h"
#include "config/config.h"
#include "fuzz.h"
#include "receive/profile_bind.h"

#define NOW ((wall_ms)1795305600000) /* 2026-11-22T00:00:00Z */
#define MESSAGES_MAX 16

static struct service_config *config;

struct life { /* of one who hears */
	struct profile_memory *memory;
	struct statements said;
	struct signals signals;
	uint64_t print; /* of everything that was made of it */
};

static void mix(uint64_t *print, const char *text)
{
	*print = (*print ^ index_hash(text ? text : "-")) * 1099511628211u;
}

static void look_at_text(const char *text)
{
	HOLDS(!text || text_is_utf8(text, strlen(text)));
}

static void look_at_statement(const struct statement *s, uint64_t *print)
{
	HOLDS(s->kind < KIND_COUNT || s->kind == KIND_NONE);
	HOLDS(!s->address || (*s->address && strlen(s->address) <= ADDRESS_MAX));
	HOLDS(s->type != SAID_SIGNAL || s->kind != KIND_NONE);
	HOLDS(s->resets >= 0 && s->expires >= 0);
	HOLDS(!s->point || (*s->point && strlen(s->point) <= ADDRESS_MAX));
	HOLDS(s->type != SAID_TEST_MARK || s->mark < MARK_STAGE_COUNT);
	/* What passes by itself, or was a test, keeps no other point's clear back. */
	HOLDS(!s->others_active || !(s->momentary || s->resets || s->test || s->history));
	look_at_text(s->address);
	look_at_text(s->alias);
	look_at_text(s->point);
	look_at_text(s->key);
	look_at_text(s->word);
	look_at_text(s->id);
	look_at_text(s->local_time);
	mix(print, s->address);
	mix(print, s->point);
	mix(print, s->word);
	*print += (uint64_t)s->type * 31 + (uint64_t)s->kind * 7 + s->active + 2u * s->test +
	          4u * s->history + 8u * s->lifeless;
}

/* Nobody knows: whatever these are said about, they clear nothing. */
static bool is_unknown(const char *bytes, size_t len)
{
	static const char *const words[] = {"",    "null",        "unknown",     "\"\"",
	                                    "nan", "\"unknown\"", "unavailable", "undefined"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == len && memcmp(words[i], bytes, len) == 0)
			return true;
	return false;
}

/* An empty message, where the profile says that it ends what was said before. */
static bool is_taken_back(const struct statements *said, const struct heard_message *m)
{
	return m->len == 0 && said->rule && said->rule->withdrawn;
}

static void look_at_signals(const struct signals *signals, const struct statements *said,
                            uint32_t first, uint32_t end, uint64_t *print)
{
	HOLDS(signals->count <= STATEMENTS_MAX);
	for (uint32_t i = 0; i < signals->count; i++) {
		const struct signal *s = &signals->items[i].signal;
		cJSON *note = NULL;
		HOLDS(s->kind < KIND_COUNT);
		HOLDS(!s->id || strlen(s->id) <= 128);
		HOLDS(s->time == 0 || !s->time_said == !event_time_is_untrue(s->time, NOW));
		HOLDS(!s->note || json_parse(s->note, strlen(s->note), &note, NULL) == 0);
		cJSON_Delete(note);
		bool all_past = true, all_tests = true;
		for (uint32_t k = first; k < end; k++) {
			enum statement_type type = said->items[k].type;
			all_past &= said->items[k].history || type == SAID_ALIVE;
			all_tests &= said->items[k].test || type == SAID_ALIVE || type == SAID_TEST;
		}
		HOLDS(!all_past || s->past);
		HOLDS(!all_tests || s->test);
		*print = *print * 31 + (uint64_t)s->kind * 2 + s->active;
	}
}

static void look(struct life *life, const struct heard_message *m)
{
	struct statements *said = &life->said;
	HOLDS(said->count <= STATEMENTS_MAX);
	for (uint32_t i = 0, end; i < said->count; i = end) {
		end = statements_of_device(said, i);
		HOLDS(end > i && end <= said->count);
		for (uint32_t k = i; k < end; k++) {
			look_at_statement(&said->items[k], &life->print);
			HOLDS(!is_unknown(m->bytes, m->len) || is_taken_back(said, m) ||
			      said->items[k].type == SAID_ALIVE || said->items[k].active ||
			      said->items[k].type == SAID_PUZZLE);
		}
		for (uint32_t d = 0; d < config->sites[0]->device_count; d++) {
			struct problem why = {0};
			statements_bind(said, i, end, config->sites[0], d, NOW, &life->signals,
			                &why);
			look_at_text(why.text);
			look_at_signals(&life->signals, said, i, end, &life->print);
		}
	}
}

static void hear(struct life *life, char *topic, const char *bytes, size_t len, steady_ms at)
{
	struct problem why = {0};
	bool retained = *topic == '!';
	topic += retained;
	/* The broker lets nothing else through. */
	if (!*topic || strlen(topic) > 1024 || strpbrk(topic, "+#") ||
	    !text_is_utf8(topic, strlen(topic)))
		return;
	struct heard_message m = {.topic = topic,
	                          .bytes = bytes,
	                          .len = len,
	                          .retained = retained,
	                          .now = NOW,
	                          .steady = at};
	if (strncmp(topic, "tocsin/", 7) == 0) {
		if (decode_native(topic, bytes, len, retained, NOW, NULL, &life->signals, &why) < 0)
			HOLDS(*why.text);
		return;
	}
	if (profiles_decode(&config->profiles, life->memory, &m, &life->said, &why) < 0) {
		HOLDS(*why.text && life->said.count == 0);
		look_at_text(why.text);
	}
	look(life, &m);
}

static uint64_t live(const uint8_t *bytes, size_t len)
{
	struct life life = {.memory = profile_memory_create()};
	for (uint32_t n = 0; n < MESSAGES_MAX && len; n++) {
		const uint8_t *next = memchr(bytes, 0x1e, len);
		size_t whole = next ? (size_t)(next - bytes) : len;
		const uint8_t *line = memchr(bytes, '\n', whole);
		size_t topic_len = line ? (size_t)(line - bytes) : whole;
		size_t body = line ? whole - topic_len - 1 : 0;
		char *topic = strndup((const char *)bytes, topic_len);
		/* Of just this size: a read behind its end is seen. */
		char *payload = malloc(body ? body : 1);
		HOLDS(topic && payload);
		memcpy(payload, line ? line + 1 : bytes, body);
		hear(&life, topic, payload, body, SECONDS(10) + n * 500);
		free(topic);
		free(payload);
		bytes += whole + (next != NULL);
		len -= whole + (next != NULL);
	}
	uint64_t print = life.print;
	statements_finish(&life.said);
	signals_finish(&life.signals);
	profile_memory_destroy(life.memory);
	return print;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text report = {0};
	if (!config &&
	    config_load("tests/fuzz/site/tocsin.yaml", CONFIG_CHECK, &config, &report) < 0) {
		fprintf(stderr, "%s", text_get(&report));
		abort();
	}
	text_finish(&report);
	HOLDS(live(bytes, len) == live(bytes, len));
	return 0;
}
