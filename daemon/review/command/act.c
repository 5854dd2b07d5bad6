/* What changes something: asked of the daemon, which answers after the commit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "decide/words.h"
#include "review/command/client.h"
#include "review/command/inside.h"
#include "review/command/speak.h"

/* "binjiang-2026-000001: fire at 宿舍三层, acknowledged by 李老师 (li)", from the answer. */
static void say_incident(const struct command_context *ctx, const cJSON *incident)
{
	const char *id = json_string(incident, "id"), *kind = json_string(incident, "kind");
	const char *state = json_string(incident, "state"), *owner = json_string(incident, "owner");
	const char *zone = json_string(json_get(incident, "zone"), "name");
	const char *outcome = json_string(incident, "outcome");
	enum incident_state now = incident_state_from_name(state ? state : "");
	struct text out = {0};
	text_add_safe(&out, id ? id : "");
	text_addf(&out, ": %s",
	          words_incident_kind(ctx->language, incident_kind_from_name(kind ? kind : "")));
	if (zone) {
		text_add(&out, ", ");
		text_add_safe(&out, zone);
	}
	text_add(&out, ": ");
	if (now != STATE_COUNT)
		text_add_toned(&out, ctx, state_tone(now), words_state(ctx->language, now));
	if (outcome)
		text_addf(&out, ", %s", words_outcome(ctx->language, outcome_from_name(outcome)));
	if (owner && now != STATE_RESOLVED) {
		text_addf(&out, ", %s ", say(ctx, "in the hands of", "负责人"));
		text_add_person(&out, site_by_id(ctx, json_string(incident, "site")), owner);
	}
	const char *doubted = json_string(incident, "doubted_by");
	if (doubted && now != STATE_RESOLVED) {
		text_add(&out, say(ctx, "; called a false alarm by ", "；认为误报："));
		text_add_person(&out, site_by_id(ctx, json_string(incident, "site")), doubted);
		text_add(&out, say(ctx, ", it waits for a second person's word", "，须另一人确认"));
	}
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

/* Posts and tells what came of it; done is what to say where the answer is no incident. */
int post_to_daemon(const struct command_context *ctx, const struct invocation *line,
                   const char *path, const char *body, const char *done)
{
	struct client_reply reply = {0};
	struct problem why = {0};
	struct text words = {0};
	cJSON *answer = NULL;
	int code = EXIT_DONE;
	if (!ctx->api)
		return complain(ctx, EXIT_FAILED,
		                "--store only reads: what changes something is asked of the "
		                "service, without --store");
	if (!ctx->token)
		return complain(ctx, EXIT_FAILED,
		                "no token to ask the daemon with: %s has none under http.tokens "
		                "that you may read; run this as the user of the service, or as "
		                "somebody who may read its token_file",
		                ctx->config_path);
	if (client_call(ctx, path, body, &reply, &why) < 0) {
		code = complain(ctx, EXIT_FAILED, "%s", why.text);
	} else if (reply.status < 200 || reply.status > 299) {
		client_explain(&reply, &words);
		code = complain(ctx, EXIT_FAILED, "%s", text_get(&words));
	} else if (json_parse(text_get(&reply.body), reply.body.len, &answer, &why) < 0) {
		code = complain(ctx, EXIT_FAILED, "the daemon's answer is %s", why.text);
	} else if (line->options[OPTION_JSON]) {
		json_put_value(&words, NULL, answer);
		print_json(ctx, &words);
	} else if (json_string(answer, "kind")) {
		say_incident(ctx, answer);
	} else {
		const char *id = json_string(answer, "id");
		text_add(&words, done);
		text_add(&words, id ? ": " : "");
		text_add_safe(&words, id ? id : "");
		fprintf(ctx->out, "%s\n", text_get(&words));
	}
	cJSON_Delete(answer);
	text_finish(&words);
	text_finish(&reply.body);
	return code;
}

/* The members that options give, by the name the API has for them. */
static void put_options(struct text *body, const struct invocation *line)
{
	static const enum option members[] = {OPTION_BY, OPTION_TO, OPTION_OUTCOME, OPTION_NOTE};
	for (uint32_t i = 0; i < sizeof members / sizeof *members; i++)
		if (line->options[members[i]])
			json_put_string(body, option_facts[members[i]].name,
			                line->options[members[i]]);
	if (strcmp(line->command->name, "reply") == 0)
		json_put_string(body, "choice", line->arguments[1]);
}

static int act_on_incident(const struct command_context *ctx, const struct invocation *line,
                           const char *verb)
{
	char *id = NULL;
	struct text path = {0}, body = {0};
	int code = incident_id_complete(ctx, line->arguments[0], false, &id);
	if (code)
		return code;
	text_add(&path, "/api/v1/incidents/");
	text_add_encoded(&path, id);
	text_addf(&path, "/%s", verb);
	json_open(&body, NULL, '{');
	put_options(&body, line);
	json_close(&body, '}');
	code = post_to_daemon(ctx, line, text_get(&path), text_get(&body),
	                      say(ctx, "done", "完成"));
	text_finish(&path);
	text_finish(&body);
	free(id);
	return code;
}

int run_ack(const struct command_context *ctx, const struct invocation *line)
{
	return act_on_incident(ctx, line, "ack");
}

int run_resolve(const struct command_context *ctx, const struct invocation *line)
{
	if (outcome_from_name(line->options[OPTION_OUTCOME]) == OUTCOME_NONE)
		return complain(ctx, EXIT_USAGE,
		                "--outcome '%s': allowed are real, false_alarm, test, drill, "
		                "unknown",
		                line->options[OPTION_OUTCOME]);
	return act_on_incident(ctx, line, "resolve");
}

int run_note(const struct command_context *ctx, const struct invocation *line)
{
	struct invocation with_text = *line;
	bool as_option = line->options[OPTION_NOTE] != NULL;
	if (as_option == (line->argument_count > 1))
		return complain(ctx, EXIT_USAGE,
		                "'note' needs the text, once: tocsin note %s \"the text\" --by "
		                "PERSON",
		                line->arguments[0]);
	if (!as_option)
		with_text.options[OPTION_NOTE] = line->arguments[1];
	return act_on_incident(ctx, &with_text, "note");
}

int run_assign(const struct command_context *ctx, const struct invocation *line)
{
	return act_on_incident(ctx, line, "assign");
}

int run_reply(const struct command_context *ctx, const struct invocation *line)
{
	if (reply_from_name(line->arguments[1]) == REPLY_COUNT)
		return complain(ctx, EXIT_USAGE,
		                "'%s': allowed are take, on_site, need_help, hand_over, "
		                "false_alarm",
		                line->arguments[1]);
	if (strcmp(line->arguments[1], "hand_over") == 0 && !line->options[OPTION_TO])
		return complain(ctx, EXIT_USAGE, "'hand_over' needs --to PERSON");
	return act_on_incident(ctx, line, "reply");
}

/* The daemon wants to know which site; one that knows the recipient will do. */
static const char *site_of_recipient(const struct command_context *ctx,
                                     const struct recipient *recipient)
{
	for (uint32_t i = 0; i < ctx->site_count; i++) {
		const struct site_def *def = ctx->sites[i];
		if ((recipient->kind == RECIPIENT_PERSON &&
		     site_def_person(def, recipient->id) != POSITION_NONE) ||
		    (recipient->kind == RECIPIENT_DUTY &&
		     site_def_post(def, recipient->id) != POSITION_NONE) ||
		    (recipient->kind == RECIPIENT_CHANNEL &&
		     site_def_channel(def, recipient->id) != POSITION_NONE))
			return def->id;
	}
	return NULL;
}

int run_recipient_test(const struct command_context *ctx, const struct invocation *line)
{
	struct recipient recipient;
	struct text body = {0}, done = {0};
	const char *to = line->arguments[0];
	if (!recipient_parse(to, &recipient) || recipient.kind == RECIPIENT_ZONE_OWNER)
		return complain(ctx, EXIT_USAGE,
		                "'%s' is no recipient: write person:ID, duty:ID or channel:ID", to);
	const char *site = line->options[OPTION_SITE] ? line->options[OPTION_SITE]
	                                              : site_of_recipient(ctx, &recipient);
	json_open(&body, NULL, '{');
	json_put_string(&body, "to", to);
	if (site)
		json_put_string(&body, "site", site);
	put_options(&body, line);
	json_close(&body, '}');
	text_addf(&done, "%s %s: tocsin deliveries --limit 5",
	          say(ctx, "A test is on its way to", "测试通知已发往"), to);
	int code = post_to_daemon(ctx, line, "/api/v1/test", text_get(&body), text_get(&done));
	bool watched = isatty(fileno(ctx->out)) && !line->options[OPTION_JSON];
	if (code == EXIT_DONE && recipient.kind == RECIPIENT_PERSON &&
	    (watched || line->options[OPTION_WAIT]))
		code = wait_for_proofs(ctx, line, site, recipient.id);
	text_finish(&body);
	text_finish(&done);
	return code;
}
