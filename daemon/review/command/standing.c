/* What stands for a while: lists of it from the record, and what people do with it. */
#include <string.h>

#include "base/json.h"
#include "decide/words.h"
#include "review/command/client.h"
#include "review/command/inside.h"
#include "review/command/speak.h"

struct listing {
	const struct command_context *ctx;
	struct text json; /* the items, where --json asks for them */
	bool as_json;
	enum standing_type type;
};

/* What a row says of an item, in this order: words of its own for what are the domain's, ids and
 * notes as they are, times by the site's clocks. */
static const struct fact {
	const char *member, *english, *chinese;
	enum { IS_PLAIN, IS_KINDS, IS_END } is;
} facts[] = {{"since", "since", "起始", IS_PLAIN},       {"begins", "begins", "开始", IS_PLAIN},
             {"from", "from", "交班", IS_PLAIN},         {"people", "people", "人员", IS_PLAIN},
             {"swap", "swap", "互换", IS_PLAIN},         {"zones", "zones", "区域", IS_PLAIN},
             {"kinds", "kinds", "类型", IS_KINDS},       {"post", "post", "岗位", IS_PLAIN},
             {"incident", "incident", "事件", IS_PLAIN}, {"zone", "zone", "区域", IS_PLAIN},
             {"device", "device", "设备", IS_PLAIN},     {"to", "to", "对象", IS_PLAIN},
             {"by", "by", "操作人", IS_PLAIN},           {"until", "until", "至", IS_PLAIN},
             {"made", "made", "上报", IS_PLAIN},         {"note", "note", "备注", IS_PLAIN},
             {"ended_at", "ended_at", "结束", IS_PLAIN}, {"end", "end", "结束方式", IS_END}};

static void add_kind(struct text *out, const struct listing *listing, const char *word)
{
	const char *language = listing->ctx->language;
	enum incident_kind incident = incident_kind_from_name(word);
	enum kind kind = kind_from_name(word);
	if (listing->type == STANDING_DRILL && incident != INCIDENT_KIND_NONE)
		text_add(out, words_incident_kind(language, incident));
	else if (kind != KIND_NONE)
		text_add(out, words_kind(language, kind));
	else
		text_add_safe(out, word);
}

static void add_end(struct text *out, const struct listing *listing, const char *end)
{
	struct text words = {0};
	words_add_end(&words, listing->ctx->language, end);
	text_add_safe(out, text_get(&words));
	text_finish(&words);
}

/* A time is shown by the site's clocks. */
static void add_value(struct text *out, const struct listing *listing, const cJSON *item,
                      const struct fact *fact, const char *value)
{
	wall_ms at;
	if (fact->is == IS_KINDS)
		add_kind(out, listing, value);
	else if (fact->is == IS_END)
		add_end(out, listing, value);
	else if (time_parse(value, &at) == 0)
		text_add_local(out, site_by_id(listing->ctx, json_string(item, "site")), at);
	else
		text_add_safe(out, value);
}

static void add_fact(struct text *out, const struct listing *listing, const cJSON *item,
                     const struct fact *fact)
{
	const cJSON *value, *values = json_get(item, fact->member);
	struct text words = {0};
	if (cJSON_IsString(values))
		add_value(&words, listing, item, fact, values->valuestring);
	cJSON_ArrayForEach (value, values) {
		if (!cJSON_IsString(value))
			continue;
		text_add(&words, words.len ? say(listing->ctx, ", ", "、") : "");
		add_value(&words, listing, item, fact, value->valuestring);
	}
	if (words.len)
		text_addf(out, "  %s %s", say(listing->ctx, fact->english, fact->chinese),
		          text_get(&words));
	text_finish(&words);
}

/* "binjiang-handover-3  active  since 2026-11-23 08:00:00  post leader  from li  to zhao" */
static void say_item(const struct listing *listing, const cJSON *item)
{
	struct text out = {0};
	const char *id = json_string(item, "id"), *state = json_string(item, "state");
	bool is_over = state && strcmp(state, "active") != 0;
	text_add_safe(&out, id ? id : "");
	text_addf(&out, "  %s",
	          is_over ? say(listing->ctx, "ended", "已结束")
	                  : say(listing->ctx, "active", "进行中"));
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (strcmp(facts[i].member, "zone") != 0 || !json_get(item, "zones"))
			add_fact(&out, listing, item, &facts[i]);
	fprintf(listing->ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

static bool list_item(void *ctx, const char *json)
{
	struct listing *listing = ctx;
	cJSON *item = NULL;
	if (listing->as_json) {
		json_put_stored(&listing->json, NULL, json);
		return true;
	}
	if (json_parse(json, strlen(json), &item, NULL) == 0)
		say_item(listing, item);
	cJSON_Delete(item);
	return true;
}

int list_standings(const struct command_context *ctx, const struct invocation *line,
                   enum standing_type type)
{
	struct listing listing = {
	        .ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL, .type = type};
	const struct site_def *site = NULL;
	struct store *store = NULL;
	int code = option_site(ctx, line, &site);
	if (code)
		return code;
	code = store_open_here(ctx, &store);
	if (code)
		return code;
	json_open(&listing.json, NULL, '{');
	json_open(&listing.json, "items", '[');
	int r = store_standings(store, line->options[OPTION_SITE], type,
	                        line->options[OPTION_ALL] != NULL, list_item, &listing);
	json_close(&listing.json, ']');
	json_close(&listing.json, '}');
	store_close(store);
	if (r < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s", strerror(-r));
	else if (listing.as_json)
		print_json(ctx, &listing.json);
	else if (r == 0)
		fprintf(ctx->out, "%s\n", say(ctx, "none", "无"));
	text_finish(&listing.json);
	return code;
}

int run_reporting(const struct command_context *ctx, const struct invocation *line)
{
	static const enum option options[] = {OPTION_BY, OPTION_TO, OPTION_AT, OPTION_NOTE};
	struct text path = {0}, body = {0};
	const char *word = line->argument_count ? line->arguments[0] : "list";
	if (strcmp(word, "list") == 0 && line->argument_count < 2)
		return list_standings(ctx, line, STANDING_REPORTING);
	if (strcmp(word, "made") != 0 || line->argument_count != 2)
		return complain(ctx, EXIT_USAGE,
		                "'reporting' lists, or: reporting made ID --by PERSON --to WHOM");
	if (!line->options[OPTION_BY])
		return complain(ctx, EXIT_USAGE, "'reporting made' needs --by PERSON");
	text_add(&path, "/api/v1/reporting/");
	text_add_encoded(&path, line->arguments[1]);
	text_add(&path, "/made");
	json_open(&body, NULL, '{');
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (line->options[options[i]])
			json_put_string(&body, option_facts[options[i]].name,
			                line->options[options[i]]);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, text_get(&path), text_get(&body),
	                          say(ctx, "recorded", "已记录"));
	text_finish(&path);
	text_finish(&body);
	return code;
}

int run_handover(const struct command_context *ctx, const struct invocation *line)
{
	struct text path = {0}, body = {0};
	const char *verb = line->argument_count ? line->arguments[0] : "list";
	if (strcmp(verb, "list") == 0 && line->argument_count < 2)
		return list_standings(ctx, line, STANDING_HANDOVER);
	if (strcmp(verb, "accept") != 0 || line->argument_count != 2)
		return complain(ctx, EXIT_USAGE,
		                "'handover' lists, or: handover accept ID --by "
		                "PERSON");
	if (!line->options[OPTION_BY])
		return complain(ctx, EXIT_USAGE, "'handover accept' needs --by PERSON");
	text_add(&path, "/api/v1/handovers/");
	text_add_encoded(&path, line->arguments[1]);
	text_add(&path, "/accept");
	json_open(&body, NULL, '{');
	json_put_string(&body, "by", line->options[OPTION_BY]);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, text_get(&path), text_get(&body),
	                          say(ctx, "accepted", "已接班"));
	text_finish(&path);
	text_finish(&body);
	return code;
}

/* ---- beginning and ending ---- */

static void put_option(struct text *body, const struct invocation *line, enum option option)
{
	if (line->options[option])
		json_put_string(body, option_facts[option].name, line->options[option]);
}

static bool names_a_zone(const struct command_context *ctx, const char *word)
{
	for (uint32_t i = 0; i < ctx->site_count; i++)
		if (site_def_zone(ctx->sites[i], word) != POSITION_NONE)
			return true;
	return false;
}

/* "dorm,canteen": a list where the daemon takes one; the word itself where it has no comma, or is
 * an id that has. */
static void put_words(const struct command_context *ctx, struct text *body,
                      const struct invocation *line, enum option option, const char *many)
{
	const char *words = line->options[option];
	if (!words || !strchr(words, ',') || names_a_zone(ctx, words)) {
		put_option(body, line, option);
		return;
	}
	json_open(body, many, '[');
	for (;; words++) {
		size_t len = strcspn(words, ",");
		struct text word = {0};
		text_add_len(&word, words, len);
		json_put_string(body, NULL, text_get(&word));
		text_finish(&word);
		words += len;
		if (!*words)
			break;
	}
	json_close(body, ']');
}

static int begin(const struct command_context *ctx, const struct invocation *line,
                 struct text *path)
{
	static const enum option members[] = {OPTION_SITE, OPTION_BY, OPTION_NOTE, OPTION_FOR,
	                                      OPTION_DEVICE};
	struct text body = {0};
	json_open(&body, NULL, '{');
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		put_option(&body, line, members[i]);
	put_words(ctx, &body, line, OPTION_ZONE, "zones");
	put_words(ctx, &body, line, OPTION_KIND, "kinds");
	if (line->options[OPTION_FORCE])
		json_put_bool(&body, "force", true);
	if (line->options[OPTION_UNANNOUNCED])
		json_put_bool(&body, "announced", false);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, text_get(path), text_get(&body),
	                          say(ctx, "done", "完成"));
	text_finish(&body);
	text_finish(path);
	return code;
}

/* Of several sites the daemon takes the one that has such a device, or else such a zone. */
static int begin_at_one(const struct command_context *ctx, const struct invocation *line,
                        const char *device, const char *zones, struct text *path)
{
	uint32_t fitting = 0;
	char *zone = mem_copy(zones ? zones : "");
	if (!names_a_zone(ctx, zone))
		zone[strcspn(zone, ",")] = '\0';
	for (uint32_t i = 0; i < ctx->site_count; i++)
		fitting += device ? site_def_device(ctx->sites[i], device) != POSITION_NONE
		                  : site_def_zone(ctx->sites[i], zone) != POSITION_NONE;
	free(zone);
	int code = fitting == 1 || ctx->partial ? 0 : one_site_needed(ctx, line);
	if (code == 0)
		return begin(ctx, line, path);
	text_finish(path);
	return code;
}

int run_arm(const struct command_context *ctx, const struct invocation *line)
{
	struct text path = {0};
	text_add(&path, "/api/v1/zones/");
	text_add_encoded(&path, line->arguments[0]);
	text_addf(&path, "/%s", line->command->name);
	return begin_at_one(ctx, line, NULL, line->arguments[0], &path);
}

int run_walk_test(const struct command_context *ctx, const struct invocation *line)
{
	struct text path = {0};
	text_add(&path, "/api/v1/devices/");
	text_add_encoded(&path, line->arguments[0]);
	text_add(&path, "/walk-test");
	return begin_at_one(ctx, line, line->arguments[0], NULL, &path);
}

/* What silence, drill and arming share: list, a word that begins one (NULL: none does), end ID. */
static int run_standing(const struct command_context *ctx, const struct invocation *line,
                        enum standing_type type, const char *begins, const char *needs)
{
	const char *verb = line->argument_count ? line->arguments[0] : "list";
	struct text path = {0};
	if (strcmp(verb, "list") == 0 && line->argument_count < 2)
		return list_standings(ctx, line, type);
	text_addf(&path, "/api/v1/%ss", standing_type_name(type));
	if (begins && strcmp(verb, begins) == 0 && line->argument_count == 1 &&
	    line->options[OPTION_BY])
		return begin_at_one(ctx, line, line->options[OPTION_DEVICE],
		                    line->options[OPTION_ZONE], &path);
	if (strcmp(verb, "end") == 0 && line->argument_count == 2) {
		text_add_char(&path, '/');
		text_add_encoded(&path, line->arguments[1]);
		text_add(&path, "/end");
		return begin(ctx, line, &path);
	}
	text_finish(&path);
	const char *name = line->command->name;
	if (!begins)
		return complain(ctx, EXIT_USAGE, "'%s' lists; or: %s end ID --by PERSON", name,
		                name);
	return complain(ctx, EXIT_USAGE, "'%s' lists; or: %s %s %s; or: %s end ID --by PERSON",
	                name, name, begins, needs, name);
}

/* They begin with `arm` and `disarm`. */
int run_armings(const struct command_context *ctx, const struct invocation *line)
{
	return run_standing(ctx, line, STANDING_ARMING, NULL, NULL);
}

int run_silence(const struct command_context *ctx, const struct invocation *line)
{
	return run_standing(ctx, line, STANDING_SILENCE, "add",
	                    "--device DEVICE | --zone ZONE --for DURATION --by PERSON --note TEXT");
}

int run_drill(const struct command_context *ctx, const struct invocation *line)
{
	return run_standing(ctx, line, STANDING_DRILL, "start", "--zone ZONE,ZONE --by PERSON");
}
