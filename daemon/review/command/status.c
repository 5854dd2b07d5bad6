/* Is the service well, and is anything open. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "decide/words.h"
#include "review/command/client.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/views.h"

/* What the store knows, with or without the daemon. */
struct known {
	bool readable; /* else nothing below is known */
	uint32_t open, acknowledged;
	struct text last; /* the last entry as JSON; empty: none */
	wall_ms last_at;
};

static bool count_incident(void *ctx, const char *site_id, const struct incident *incident)
{
	struct known *known = ctx;
	(void)site_id;
	if (incident->state == STATE_OPEN)
		known->open++;
	else
		known->acknowledged++;
	return true;
}

static bool keep_entry(void *ctx, const struct ledger_row *row)
{
	struct known *known = ctx;
	text_reset(&known->last);
	view_ledger_row(&known->last, NULL, row);
	known->last_at = row->received;
	return true;
}

static int know(const struct command_context *ctx, struct known *known)
{
	struct incident_filter unresolved = {.states = 1u << STATE_OPEN | 1u << STATE_ACKNOWLEDGED,
	                                     .limit = 1000};
	struct store *store = NULL;
	bool more;
	int code = store_open_here(ctx, &store);
	if (code)
		return code;
	int r = store_incidents(store, &unresolved, count_incident, known, &more);
	if (r >= 0)
		r = store_log_end(store, NULL, keep_entry, known);
	store_close(store);
	known->readable = r >= 0;
	return r < 0 ? complain(ctx, EXIT_FAILED, "cannot read the record %s: %s", ctx->store_path,
	                        strerror(-r))
	             : 0;
}

struct daemon {
	bool running, ready;
	struct problem why; /* not running, or not ready: for people */
	struct text status; /* the answer of /api/v1/status; empty where there was none */
};

static void ask_ready(const struct command_context *ctx, struct daemon *daemon)
{
	struct client_reply reply = {0};
	struct text words = {0};
	daemon->running = client_call(ctx, "/readyz", NULL, &reply, &daemon->why) == 0;
	daemon->ready = reply.status == 200;
	if (daemon->running && !daemon->ready) {
		client_explain(&reply, &words);
		problem_set(&daemon->why, 0, "%s", text_get(&words));
	}
	text_finish(&words);
	text_finish(&reply.body);
}

static void ask_status(const struct command_context *ctx, struct daemon *daemon)
{
	struct client_reply reply = {0};
	cJSON *parsed = NULL;
	if (client_call(ctx, "/api/v1/status", NULL, &reply, NULL) == 0 && reply.status == 200 &&
	    json_parse(text_get(&reply.body), reply.body.len, &parsed, NULL) == 0)
		json_put_value(&daemon->status, NULL, parsed);
	cJSON_Delete(parsed);
	text_finish(&reply.body);
}

static void status_json(const struct command_context *ctx, const struct daemon *daemon,
                        const struct known *known)
{
	struct text json = {0};
	json_open(&json, NULL, '{');
	json_put_bool(&json, "running", daemon->running);
	json_put_bool(&json, "ready", daemon->ready);
	json_put_string(&json, "why", daemon->why.text[0] ? daemon->why.text : NULL);
	if (daemon->status.len)
		json_put_raw(&json, "daemon", text_get(&daemon->status));
	else
		json_put_null(&json, "daemon");
	if (known->readable) {
		json_put_int(&json, "open", known->open);
		json_put_int(&json, "acknowledged", known->acknowledged);
	} else {
		json_put_null(&json, "open");
		json_put_null(&json, "acknowledged");
	}
	if (known->last.len)
		json_put_raw(&json, "last_entry", text_get(&known->last));
	else
		json_put_null(&json, "last_entry");
	json_close(&json, '}');
	print_json(ctx, &json);
}

static void line_of(const struct command_context *ctx, enum tone tone, const char *words)
{
	struct text out = {0};
	text_add_toned(&out, ctx, tone, words);
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

static void status_daemon(const struct command_context *ctx, const struct daemon *daemon)
{
	struct text words = {0};
	if (!daemon->running) {
		text_add(&words, say(ctx, "NOT RUNNING: ", "未运行："));
		text_add_safe(&words, daemon->why.text);
	} else if (!daemon->ready) {
		text_add(&words, say(ctx, "running, but not well: ", "运行中，但有故障："));
		text_add_safe(&words, daemon->why.text);
	} else {
		text_add(&words, say(ctx, "running and well", "运行正常"));
	}
	line_of(ctx, daemon->ready ? TONE_GOOD : TONE_WORST, text_get(&words));
	text_finish(&words);
}

static void status_text(const struct command_context *ctx, const struct daemon *daemon,
                        const struct known *known)
{
	struct text words = {0};
	status_daemon(ctx, daemon);
	if (!known->readable)
		return;
	if (known->open + known->acknowledged == 0)
		text_add(&words, say(ctx, "nothing is open", "没有未处置的事件"));
	else
		text_addf(&words,
		          say(ctx,
		              "%u open, %u acknowledged: tocsin incidents --state "
		              "open,acknowledged",
		              "未确认 %u 起，已确认 %u 起：tocsin incidents --state "
		              "open,acknowledged"),
		          known->open, known->acknowledged);
	line_of(ctx,
	        known->open           ? TONE_WORST
	        : known->acknowledged ? TONE_WARN
	                              : TONE_GOOD,
	        text_get(&words));
	text_reset(&words);
	text_add(&words, say(ctx, "last entry of the record: ", "最后一条记录："));
	if (known->last.len)
		text_add_ago(&words, ctx->language, known->last_at, ctx->now);
	else
		text_add(&words, say(ctx, "none yet", "尚无"));
	line_of(ctx, TONE_PLAIN, text_get(&words));
	text_finish(&words);
}

int run_status(const struct command_context *ctx, const struct invocation *line)
{
	struct daemon daemon = {0};
	struct known known = {0};
	ask_ready(ctx, &daemon);
	if (daemon.running)
		ask_status(ctx, &daemon);
	int code = know(ctx, &known);
	if (line->options[OPTION_JSON])
		status_json(ctx, &daemon, &known);
	else
		status_text(ctx, &daemon, &known);
	text_finish(&daemon.status);
	text_finish(&known.last);
	return code == 0 && !(daemon.running && daemon.ready) ? EXIT_FAILED : code;
}
