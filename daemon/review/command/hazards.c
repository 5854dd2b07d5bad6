/* `tocsin hazards`: what is to be remedied, by whom, until when; and what people do about it. */
#include <string.h>

#include "base/json.h"
#include "review/command/client.h"
#include "review/command/inside.h"
#include "review/command/speak.h"

struct listing {
	const struct command_context *ctx;
	struct table table;
	struct text json;
	bool as_json;
};

static void cell_person(struct listing *list, const struct site_def *def, const char *id)
{
	struct text words = {0};
	if (id)
		text_add_person(&words, def, id);
	table_cell(&list->table, TONE_PLAIN, id ? text_get(&words) : "-");
	text_finish(&words);
}

static void cell_stage(struct listing *list, const cJSON *item, wall_ms until)
{
	const char *stage = json_string(item, "stage");
	bool open = stage && strcmp(stage, "closed") != 0;
	if (open && until <= list->ctx->now)
		table_cell(&list->table, TONE_WORST, say(list->ctx, "overdue", "已逾期"));
	else if (stage && strcmp(stage, "remedied") == 0)
		table_cell(&list->table, TONE_WARN, say(list->ctx, "to be checked", "待复查"));
	else if (open)
		table_cell(&list->table, TONE_STRONG, say(list->ctx, "to be remedied", "整改中"));
	else
		table_cell(&list->table, TONE_DIM, say(list->ctx, "closed", "已闭环"));
}

static void add_row(struct listing *list, const cJSON *item)
{
	const struct site_def *def = site_by_id(list->ctx, json_string(item, "site"));
	const char *zone = json_string(item, "zone"), *until = json_string(item, "until");
	const char *id = json_string(item, "id"), *note = json_string(item, "note");
	uint32_t at = def && zone ? site_def_zone(def, zone) : POSITION_NONE;
	wall_ms deadline = 0;
	if (until)
		(void)!time_parse(until, &deadline);
	table_cell(&list->table, TONE_STRONG, id ? id : "-");
	cell_stage(list, item, deadline);
	table_cell(&list->table, TONE_PLAIN,
	           def && at != POSITION_NONE ? def->zones[at].name
	           : zone                     ? zone
	                                      : "-");
	table_cell(&list->table, TONE_PLAIN, note ? note : "-");
	cell_person(list, def, json_string(item, "to"));
	table_cell_time(&list->table, list->ctx, def, deadline);
	cell_person(list, def, json_string(item, "by"));
}

static bool add_item(void *ctx, const char *json)
{
	struct listing *list = ctx;
	cJSON *item = NULL;
	if (list->as_json) {
		json_put_stored(&list->json, NULL, json);
		return true;
	}
	if (json_parse(json, strlen(json), &item, NULL) == 0)
		add_row(list, item);
	cJSON_Delete(item);
	return true;
}

static int list_hazards(const struct command_context *ctx, const struct invocation *line)
{
	const char *headings[] = {
	        say(ctx, "HAZARD", "隐患"),        say(ctx, "STATE", "状态"),
	        say(ctx, "ZONE", "区域"),          say(ctx, "WHAT", "内容"),
	        say(ctx, "OWNER", "责任人"),       say(ctx, "UNTIL", "期限"),
	        say(ctx, "REPORTED BY", "上报人"),
	};
	struct listing list = {.ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL};
	const struct site_def *site = NULL;
	struct store *store = NULL;
	int code = option_site(ctx, line, &site);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	table_begin(&list.table, sizeof headings / sizeof *headings, headings);
	json_open(&list.json, NULL, '{');
	json_open(&list.json, "items", '[');
	int r = store_standings(store, line->options[OPTION_SITE], STANDING_HAZARD,
	                        line->options[OPTION_ALL] != NULL, add_item, &list);
	json_close(&list.json, ']');
	json_close(&list.json, '}');
	store_close(store);
	if (r < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s", strerror(-r));
	else if (list.as_json)
		print_json(ctx, &list.json);
	else if (r == 0)
		fprintf(ctx->out, "%s\n", say(ctx, "no hazard is open", "没有未闭环的隐患"));
	else
		table_end(&list.table, ctx);
	if (r <= 0 || list.as_json)
		table_finish(&list.table);
	text_finish(&list.json);
	return code;
}

static void put_option(struct text *body, const struct invocation *line, enum option option)
{
	if (line->options[option])
		json_put_string(body, option_facts[option].name, line->options[option]);
}

static const struct verb {
	const char *name;
	bool of_one; /* asks for an id */
	enum option options[7];
	uint32_t count;
} verbs[] = {
        {"add",
         false,
         {OPTION_SITE, OPTION_ZONE, OPTION_DEVICE, OPTION_INCIDENT, OPTION_NOTE, OPTION_TO,
          OPTION_FOR},
         7},
        {"remedy", true, {OPTION_NOTE}, 1},
        {"close", true, {OPTION_NOTE}, 1},
        {"reopen", true, {OPTION_NOTE}, 1},
        {"assign", true, {OPTION_NOTE, OPTION_TO, OPTION_FOR}, 3},
};

static int act(const struct command_context *ctx, const struct invocation *line,
               const struct verb *verb)
{
	struct text path = {0}, body = {0};
	text_add(&path, "/api/v1/hazards");
	if (verb->of_one) {
		text_add_char(&path, '/');
		text_add_encoded(&path, line->arguments[1]);
		text_addf(&path, "/%s", verb->name);
	}
	json_open(&body, NULL, '{');
	put_option(&body, line, OPTION_BY);
	for (uint32_t i = 0; i < verb->count; i++)
		put_option(&body, line, verb->options[i]);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, text_get(&path), text_get(&body),
	                          say(ctx, "done", "完成"));
	text_finish(&path);
	text_finish(&body);
	return code;
}

int run_hazards(const struct command_context *ctx, const struct invocation *line)
{
	const char *word = line->argument_count ? line->arguments[0] : "list";
	if (strcmp(word, "list") == 0 && line->argument_count < 2)
		return list_hazards(ctx, line);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		const struct verb *verb = &verbs[i];
		if (strcmp(word, verb->name) != 0 || line->argument_count != 1U + verb->of_one)
			continue;
		if (!line->options[OPTION_BY])
			return complain(ctx, EXIT_USAGE, "'hazards %s' needs --by PERSON",
			                verb->name);
		return act(ctx, line, verb);
	}
	return complain(ctx, EXIT_USAGE,
	                "'hazards' lists; or: hazards add --zone ZONE --note TEXT --by PERSON; or: "
	                "hazards remedy|close|reopen|assign ID --by PERSON");
}
