/* floors: config decode */
/* A profile that anybody may have written, beside the built-in ones that it may use, and what it
 * makes of messages:
 *
 *     the profile's file [ <record separator, 0x1e> topic <line end> payload ... ]
 *
 * It is refused with places, or compiled; and then what is said of any message is bounded, is text.
 */
#include <errno.h>
#include <string.h>

#include "config/profiles.h"
#include "fuzz.h"
#include "receive/profile_bind.h"

#define NOW ((wall_ms)1795305600000) /* 2026-11-22T00:00:00Z */
#define SEPARATOR 0x1e

struct reading {
	struct profiles profiles;
	struct profile_sources sources;
	struct report report;
};

/* What the tree takes from bytes outlives them. */
static void add_own(struct reading *r, const char *bytes, size_t len)
{
	const char *path = "own.yaml";
	struct tree tree = {0};
	struct yaml_error why = {0};
	struct checker c = {.report = &r->report,
	                    .arena = &r->profiles.arena,
	                    .file = report_file(&r->report, path),
	                    .path = path,
	                    .use = CONFIG_CHECK,
	                    .now = NOW};
	if (tree_parse(bytes, len, &tree, &why) < 0) {
		HOLDS(why.line && *why.problem.text);
		report_problem(&r->report, (struct place){c.file, why.line, why.column}, "%s",
		               why.problem.text);
		return;
	}
	c.tree = &tree;
	profile_source_add(&r->sources, &c, &tree);
}

static void look_at_report(struct report *report)
{
	struct text text = {0};
	report_write(report, &text);
	HOLDS(text_is_utf8(text_get(&text), text.len));
	for (const char *line = text_get(&text); *line; line = strchr(line, '\n') + 1)
		HOLDS(strncmp(line, "own.yaml:", 9) == 0 && strchr(line, '\n'));
	text_finish(&text);
}

static void look_at_text(const char *text)
{
	HOLDS(!text || text_is_utf8(text, strlen(text)));
}

static void look_at(const struct statements *said)
{
	HOLDS(said->count <= STATEMENTS_MAX);
	for (uint32_t i = 0; i < said->count; i++) {
		const struct statement *s = &said->items[i];
		HOLDS(s->kind < KIND_COUNT || s->kind == KIND_NONE);
		HOLDS(s->type != SAID_SIGNAL || s->kind != KIND_NONE);
		HOLDS(s->resets >= 0 && s->expires >= 0);
		look_at_text(s->address);
		look_at_text(s->alias);
		look_at_text(s->point);
		look_at_text(s->key);
		look_at_text(s->word);
		look_at_text(s->id);
	}
}

static void hear(const struct profiles *profiles, const uint8_t *bytes, size_t len)
{
	struct profile_memory *memory = profile_memory_create();
	struct statements said = {0};
	for (int n = 0; n < 8 && len; n++) {
		const uint8_t *next = memchr(bytes, SEPARATOR, len);
		size_t whole = next ? (size_t)(next - bytes) : len;
		const uint8_t *line = memchr(bytes, '\n', whole);
		size_t topic_len = line ? (size_t)(line - bytes) : whole;
		char *topic = strndup((const char *)bytes, topic_len);
		struct heard_message m = {.topic = topic,
		                          .bytes = line ? (const char *)line + 1 : "",
		                          .len = line ? whole - topic_len - 1 : 0,
		                          .now = NOW,
		                          .steady = SECONDS(10) + n * 500};
		struct problem why = {0};
		/* The broker lets nothing else through. */
		bool may_be = topic && *topic && strlen(topic) <= 1024 && !strpbrk(topic, "+#") &&
		              text_is_utf8(topic, strlen(topic));
		if (may_be && profiles_decode(profiles, memory, &m, &said, &why) < 0)
			HOLDS(*why.text && said.count == 0);
		look_at_text(why.text);
		look_at(&said);
		free(topic);
		bytes += whole + (next != NULL);
		len -= whole + (next != NULL);
	}
	statements_finish(&said);
	profile_memory_destroy(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct reading r = {0};
	const uint8_t *end = len ? memchr(bytes, SEPARATOR, len) : NULL;
	size_t file = end ? (size_t)(end - bytes) : len;
	char *own = strndup((const char *)bytes, file);
	HOLDS(own);
	profile_sources_add_built_in(
	        &r.sources, &(struct checker){.report = &r.report, .arena = &r.profiles.arena});
	add_own(&r, own, strlen(own));
	profiles_read(&r.sources, &r.profiles);
	profile_sources_finish(&r.sources);
	free(own);
	look_at_report(&r.report);
	if (!r.report.problems) {
		for (uint32_t i = 0; i < r.profiles.count; i++)
			r.profiles.items[i].heard = true;
		profiles_compile(&r.profiles);
		if (end)
			hear(&r.profiles, end + 1, len - file - 1);
	}
	report_finish(&r.report);
	profiles_finish(&r.profiles);
	return 0;
}
