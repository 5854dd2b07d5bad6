/* One incident, from its opening on. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "decide/words.h"
#include "review/command/inside.h"
#include "review/command/timeline.h"
#include "review/views.h"

struct story {
	const struct command_context *ctx;
	const struct site_def *def;
	const char *site_id;
	const struct incident *incident;
};

/* "  opened        2026-11-22 08:00:12": headings in columns, also in Chinese. */
__attribute__((format(printf, 3, 4))) static void fact(const struct story *story,
                                                       const char *heading, const char *format, ...)
{
	struct text out = {0};
	char *words = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&words, format, args);
	va_end(args);
	text_add(&out, "  ");
	text_add_toned(&out, story->ctx, TONE_DIM, heading);
	for (size_t at = text_columns(heading); at < 14; at++)
		text_add_char(&out, ' ');
	text_add(&out, len < 0 ? "" : words);
	fprintf(story->ctx->out, "%s\n", text_get(&out));
	if (len >= 0)
		free(words);
	text_finish(&out);
}

static void tell_head(const struct story *story)
{
	const struct incident *incident = story->incident;
	const char *language = story->ctx->language;
	struct text out = {0}, what = {0}, safe = {0};
	text_addf(&what, "%s, ", words_severity(language, incident->severity));
	words_add_incident(&what, language, story->def, incident);
	text_add_safe(&safe, text_get(&what));
	text_add_toned(&out, story->ctx, TONE_STRONG, incident->id);
	text_add(&out, "  ");
	text_add_toned(&out, story->ctx, severity_tone(incident->severity), text_get(&safe));
	if (incident->drill)
		text_add_toned(&out, story->ctx, TONE_WARN,
		               say(story->ctx, " (DRILL)", "（演练）"));
	text_add(&out, ", ");
	if (incident->zone_name)
		text_add_safe(&out, incident->zone_name);
	if (story->def) {
		text_add(&out, ", ");
		text_add_safe(&out, story->def->name);
	}
	fprintf(story->ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
	text_finish(&what);
	text_finish(&safe);
}

static void tell_state(const struct story *story)
{
	const struct command_context *ctx = story->ctx;
	const struct incident *incident = story->incident;
	struct text out = {0};
	text_add_toned(&out, ctx, state_tone(incident->state),
	               words_state(ctx->language, incident->state));
	if (incident->state == STATE_RESOLVED)
		text_addf(&out, ", %s", words_outcome(ctx->language, incident->outcome));
	else if (incident->cleared)
		text_add(&out, say(ctx, ", every signal has cleared", "，所有信号均已恢复"));
	fact(story, say(ctx, "state", "状态"), "%s", text_get(&out));
	text_reset(&out);
	if (incident->owner)
		text_add_person(&out, story->def, incident->owner);
	fact(story, say(ctx, "owner", "负责人"), "%s",
	     incident->owner ? text_get(&out) : say(ctx, "nobody", "无"));
	text_finish(&out);
}

static void tell_times(const struct story *story)
{
	const struct command_context *ctx = story->ctx;
	const struct incident *incident = story->incident;
	const struct {
		const char *heading;
		const struct moment *at;
	} times[] = {
	        {say(ctx, "opened", "发生"), &incident->opened},
	        {say(ctx, "acknowledged", "确认"), &incident->acknowledged},
	        {say(ctx, "resolved", "解除"), &incident->resolved},
	};
	for (uint32_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct text out = {0};
		if (!times[i].at->wall)
			continue;
		text_add_local(&out, story->def, times[i].at->wall);
		text_add(&out, "  ");
		if (i == 0)
			text_add_ago(&out, ctx->language, times[i].at->wall, ctx->now);
		else
			text_add_elapsed(&out, times[i].at->steady - incident->opened.steady);
		fact(story, times[i].heading, "%s", text_get(&out));
		text_finish(&out);
	}
}

static void tell_signals(const struct story *story)
{
	const struct command_context *ctx = story->ctx;
	for (uint32_t i = 0; i < story->incident->signal_count; i++) {
		const struct incident_signal *signal = &story->incident->signals[i];
		struct text out = {0};
		text_add_safe(&out, signal->device);
		if (signal->device_name && strcmp(signal->device_name, signal->device) != 0) {
			text_add(&out, " (");
			text_add_safe(&out, signal->device_name);
			text_add(&out, ")");
		}
		text_addf(&out, ": %s%s", words_kind(ctx->language, signal->kind),
		          signal->active ? say(ctx, ", active", "，报警")
		                         : say(ctx, ", clear", "，恢复"));
		if (signal->presses > 1)
			text_addf(&out, say(ctx, ", %u times", "，%u 次"), signal->presses);
		fact(story, i ? "" : say(ctx, "signals", "信号"), "%s", text_get(&out));
		text_finish(&out);
	}
}

static void tell_facts(const struct story *story)
{
	const struct command_context *ctx = story->ctx;
	const struct incident *incident = story->incident;
	struct text out = {0};
	tell_head(story);
	tell_state(story);
	tell_times(story);
	tell_signals(story);
	if (incident->policy) {
		text_add_safe(&out, incident->policy->id);
		fact(story, say(ctx, "policy", "预案"),
		     say(ctx, "%s, %u of %u steps run", "%s，已执行 %u/%u 步"), text_get(&out),
		     incident->step < incident->policy->count ? incident->step
		                                              : incident->policy->count,
		     incident->policy->count);
		text_reset(&out);
	}
	if (incident->note) {
		text_add_safe(&out, incident->note);
		fact(story, say(ctx, "note", "备注"), "%s", text_get(&out));
	}
	text_finish(&out);
}

static bool tell_row(void *ctx, const struct ledger_row *row)
{
	const struct story *story = ctx;
	struct text out = {0}, sentence = {0};
	enum tone tone = TONE_PLAIN;
	if (timeline_sentence(story->ctx, row, &sentence, &tone)) {
		text_add(&out, "  ");
		text_add_elapsed(&out, row->steady - story->incident->opened.steady);
		while (out.len < 14)
			text_add_char(&out, ' ');
		text_add(&out, "  ");
		text_add_toned(&out, story->ctx, tone, text_get(&sentence));
		fprintf(story->ctx->out, "%s\n", text_get(&out));
	}
	text_finish(&out);
	text_finish(&sentence);
	return true;
}

/* Those who are being told and have not answered: no delivery entry speaks of them yet. */
static bool tell_pending(void *ctx, const struct delivery_row *row)
{
	const struct story *story = ctx;
	enum delivery_state state = delivery_state_from_name(row->delivery_state);
	struct text out = {0}, safe = {0};
	if (state != DELIVERY_SENDING && state != DELIVERY_RETRYING)
		return true;
	text_addf(&safe, "%s %s (%s)",
	          state == DELIVERY_SENDING ? say(story->ctx, "telling", "正在通知")
	                                    : say(story->ctx, "will try again", "即将重试"),
	          row->to_name ? row->to_name : row->to_id, row->channel ? row->channel : "");
	text_add(&out, "  ");
	text_add(&out, say(story->ctx, "now           ", "现在          "));
	text_add_safe(&out, text_get(&safe));
	fprintf(story->ctx->out, "%s\n", text_get(&out));
	text_finish(&safe);
	text_finish(&out);
	return true;
}

/* It may be open and have an owner: who was named has not answered, or wants help. */
static void tell_what_to_do(const struct story *story)
{
	const struct command_context *ctx = story->ctx;
	const char *words =
	        story->incident->owner
	                ? say(ctx,
	                      "It is not acknowledged. To take charge:", "尚未确认。确认命令：")
	                : say(ctx, "Nobody has it. To take charge:", "尚无人负责。确认命令：");
	fprintf(ctx->out, "\n%s tocsin ack %s --by PERSON\n", words, story->incident->id);
}

static int tell_story(const struct story *story, struct store *store)
{
	const struct command_context *ctx = story->ctx;
	const struct ledger_filter of = {.site = story->site_id, .incident = story->incident->id};
	tell_facts(story);
	fputc('\n', ctx->out);
	int r = store_log(store, &of, tell_row, (void *)story);
	if (r >= 0 && story->incident->state != STATE_RESOLVED)
		r = store_deliveries(store, story->incident->id, NULL, 1000, tell_pending,
		                     (void *)story);
	if (r < 0)
		return complain(ctx, EXIT_FAILED, "cannot read the record: %s", strerror(-r));
	if (story->incident->state == STATE_OPEN)
		tell_what_to_do(story);
	return EXIT_DONE;
}

static int show_json(const struct command_context *ctx, struct store *store, const char *site_id,
                     const struct incident *incident)
{
	struct text json = {0};
	view_incident(&json, NULL, site_by_id(ctx, site_id), site_id, incident);
	int r = view_timeline(&json, store, site_id, incident->id, NULL);
	if (r < 0) {
		text_finish(&json);
		return complain(ctx, EXIT_FAILED, "cannot read the record: %s", strerror(-r));
	}
	print_json(ctx, &json);
	return EXIT_DONE;
}

int run_show(const struct command_context *ctx, const struct invocation *line)
{
	struct store *store = NULL;
	struct incident *incident = NULL;
	char *id = NULL, *site_id = NULL;
	int code = incident_id_complete(ctx, line->arguments[0], true, &id);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		goto finish;
	int r = store_incident(store, id, &incident, &site_id);
	if (r == -ENOENT) {
		code = complain(ctx, EXIT_FAILED, "no incident '%s'; tocsin incidents lists them",
		                id);
	} else if (r < 0) {
		code = complain(ctx, EXIT_FAILED, "cannot read the record: %s", strerror(-r));
	} else if (line->options[OPTION_JSON]) {
		code = show_json(ctx, store, site_id, incident);
	} else {
		struct story story = {.ctx = ctx,
		                      .def = site_by_id(ctx, site_id),
		                      .site_id = site_id,
		                      .incident = incident};
		code = tell_story(&story, store);
	}
finish:
	incident_destroy(incident);
	store_close(store);
	free(site_id);
	free(id);
	return code;
}
