#include "review/command/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/mem.h"
#include "review/command/speak.h"
#include "review/when.h"

int complain(const struct command_context *ctx, int code, const char *format, ...)
{
	char *words = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&words, format, args);
	va_end(args);
	if (len < 0)
		return code;
	struct text line = {0}, safe = {0};
	text_add_safe(&safe, words);
	text_add_toned(&line, ctx, TONE_PLAIN, text_get(&safe));
	fprintf(ctx->err, "tocsin: %s\n", text_get(&line));
	text_finish(&safe);
	text_finish(&line);
	free(words);
	return code;
}

void print_json(const struct command_context *ctx, struct text *json)
{
	text_add_char(json, '\n');
	fwrite(text_get(json), 1, json->len, ctx->out);
	text_finish(json);
}

/* ---- values of options ---- */

/* A date and time without an offset is meant as the site's own clocks show it. */
int option_time(const struct command_context *ctx, const struct invocation *line,
                enum option option, const struct site_def *def, wall_ms *out)
{
	const char *words = line->options[option];
	if (!words)
		return 0;
	if (!def && ctx->site_count)
		def = ctx->sites[0];
	if (when_parse(words, ctx->now, def ? &def->timezone : NULL, out) == 0)
		return 0;
	return complain(ctx, EXIT_USAGE, "--%s '%s' is no time: write %s",
	                option_facts[option].name, words,
	                def ? WHEN_FORMS : WHEN_FORMS_WITHOUT_ZONE);
}

int option_limit(const struct command_context *ctx, const struct invocation *line, uint32_t *out)
{
	const char *words = line->options[OPTION_LIMIT];
	int64_t n;
	if (!words)
		return 0;
	if (text_parse_int(words, &n) < 0 || n < 1 || n > 1000)
		return complain(ctx, EXIT_USAGE, "--limit '%s' is not a number from 1 to 1000",
		                words);
	*out = (uint32_t)n;
	return 0;
}

int option_states(const struct command_context *ctx, const struct invocation *line, uint32_t *out)
{
	const char *words = line->options[OPTION_STATE];
	uint32_t states = 0;
	while (words) {
		char word[32];
		size_t len = strcspn(words, ",");
		snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : 0), words);
		enum incident_state state = incident_state_from_name(word);
		if (state == STATE_COUNT)
			return complain(ctx, EXIT_USAGE,
			                "--state '%s': allowed are open, acknowledged, resolved, "
			                "several with commas",
			                line->options[OPTION_STATE]);
		states |= 1u << state;
		words = words[len] ? words + len + 1 : NULL;
	}
	*out = states;
	return 0;
}

static void list_sites(const struct command_context *ctx, struct text *out)
{
	for (uint32_t i = 0; i < ctx->site_count; i++)
		text_addf(out, "%s%s", i ? ", " : "", ctx->sites[i]->id);
}

int option_site(const struct command_context *ctx, const struct invocation *line,
                const struct site_def **out)
{
	const char *id = line->options[OPTION_SITE];
	*out = NULL;
	if (!id)
		return 0;
	*out = site_by_id(ctx, id);
	if (*out || ctx->partial)
		return 0;
	struct text known = {0};
	list_sites(ctx, &known);
	complain(ctx, EXIT_FAILED, "no site '%s' in the configuration; it has %s", id,
	         text_get(&known));
	text_finish(&known);
	return EXIT_FAILED;
}

int sites_needed(const struct command_context *ctx)
{
	if (!ctx->partial || !ctx->api)
		return 0;
	return complain(ctx, EXIT_CONFIG, "this is told from the files that are wrong");
}

int one_site_needed(const struct command_context *ctx, const struct invocation *line)
{
	struct text known = {0};
	if (line->options[OPTION_SITE] || (ctx->site_count == 1 && !ctx->partial))
		return 0;
	list_sites(ctx, &known);
	complain(ctx, EXIT_USAGE, "several sites: name one with --site (%s)", text_get(&known));
	text_finish(&known);
	return EXIT_USAGE;
}

struct known { /* sites of the record, for a complaint */
	const char *wanted;
	struct text list;
	bool found;
};

static bool know_site(void *ctx, const char *id)
{
	struct known *known = ctx;
	known->found |= strcmp(known->wanted, id) == 0;
	text_addf(&known->list, "%s%s", known->list.len ? ", " : "", id);
	return true;
}

int option_site_recorded(const struct command_context *ctx, const struct invocation *line,
                         const struct site_def **def, const char **id)
{
	struct known known = {.wanted = line->options[OPTION_SITE]};
	struct store *store = NULL;
	*id = known.wanted;
	*def = known.wanted ? site_by_id(ctx, known.wanted) : NULL;
	if (!known.wanted || *def || (ctx->partial && ctx->api)) /* it may be what is wrong */
		return 0;
	int code = store_open_here(ctx, &store);
	if (code == 0 && store_sites(store, know_site, &known) < 0)
		code = complain(ctx, EXIT_FAILED, "the record %s cannot be read", ctx->store_path);
	else if (code == 0 && !known.found)
		code = complain(ctx, EXIT_FAILED, "no site '%s' in the record; it has %s",
		                known.wanted, known.list.len ? text_get(&known.list) : "none");
	store_close(store);
	text_finish(&known.list);
	return code;
}

static bool list_id(void *ctx, const char *id)
{
	struct text *list = ctx;
	text_addf(list, "%s%s", list->len ? ", " : "", id);
	return true;
}

int option_one_site_recorded(const struct command_context *ctx, const struct invocation *line,
                             struct store *store, char **id)
{
	const struct site_def *def;
	const char *named;
	struct text known = {0};
	int code = option_site_recorded(ctx, line, &def, &named);
	if (code == 0 && !named && store_sites(store, list_id, &known) < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read");
	else if (code == 0 && !named && !known.len)
		code = complain(ctx, EXIT_FAILED, "the record has no site yet");
	else if (code == 0 && !named && strchr(text_get(&known), ','))
		code = complain(ctx, EXIT_USAGE, "several sites: name one with --site (%s)",
		                text_get(&known));
	if (code == 0)
		*id = mem_copy(named ? named : text_get(&known));
	text_finish(&known);
	return code;
}

/* ---- the store ---- */

int store_open_here(const struct command_context *ctx, struct store **out)
{
	struct problem why = {0};
	int r = store_open(ctx->store_path, STORE_READ, out, &why);
	if (r == 0)
		return 0;
	const char *hint = "";
	if (r == -ENOENT)
		hint = "; it is made when the daemon first starts";
	else if (r == -EACCES || r == -EPERM)
		hint = "; run this as the user of the service";
	return complain(ctx, EXIT_FAILED, "cannot read the record: %s%s",
	                why.text[0] ? why.text : strerror(-r), hint);
}

struct number_search {
	int64_t number;
	char *found; /* heap */
	uint32_t count;
	struct text others;
};

static bool compare_number(void *ctx, const char *site_id, const struct incident *incident)
{
	struct number_search *search = ctx;
	(void)site_id;
	if (incident->number != search->number)
		return true;
	if (!search->found)
		search->found = mem_copy(incident->id);
	search->count++;
	if (search->count <= 5)
		text_addf(&search->others, "%s%s", search->count > 1 ? ", " : "", incident->id);
	return true;
}

static void search_incidents(struct store *store, uint32_t states, struct number_search *search)
{
	struct incident_filter filter = {
	        .states = states, .limit = 1000, .number = (uint32_t)search->number};
	bool more;
	if (store_incidents(store, &filter, compare_number, search, &more) < 0)
		search->count = 0;
}

int incident_id_complete(const struct command_context *ctx, const char *typed, bool also_resolved,
                         char **out)
{
	struct number_search search = {0};
	struct store *store = NULL;
	if (typed[0] == '-' || text_parse_int(typed, &search.number) < 0) {
		*out = mem_copy(typed);
		return 0;
	}
	int code = store_open_here(ctx, &store);
	if (code)
		return code;
	search_incidents(store, 1u << STATE_OPEN | 1u << STATE_ACKNOWLEDGED, &search);
	if (search.count == 0 && also_resolved)
		search_incidents(store, 1u << STATE_RESOLVED, &search);
	store_close(store);
	if (search.count == 1) {
		*out = search.found;
		search.found = NULL;
	} else if (search.count == 0) {
		code = complain(ctx, EXIT_FAILED, "no %sincident has the number %s",
		                also_resolved ? "" : "open ", typed);
	} else {
		code = complain(ctx, EXIT_FAILED,
		                "the number %s fits several: %s; write the "
		                "whole id",
		                typed, text_get(&search.others));
	}
	free(search.found);
	text_finish(&search.others);
	return code;
}
