/* tocsin try: what a message would mean, for whoever sets sensors up. Raises nothing and asks no
 * daemon: the same decoding as the daemon's, on the configuration as it is written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "receive/profile_bind.h"
#include "review/command/effect.h"

struct trial {
	const struct command_context *ctx;
	bool json, all; /* all: every profile is tried, not only those in use */
	struct bindings bindings;
	struct profile_memory *memory;
	struct statements said;
	struct signals signals;
	struct text out; /* JSON of one message */
	struct effects effects;
	wall_ms now;
	steady_ms steady;
	bool failed;
	uint32_t heard, most; /* live: how many, and how many are wanted (0: all) */
};

/* ---- what would act ---- */

static void put_raises(struct trial *t, const struct site_def *def, uint32_t device,
                       const struct signal *s)
{
	if (device != POSITION_NONE) {
		effect_of_signal(&t->effects, def, device, s, t->now);
		return;
	}
	struct stranger stranger = {.kind = s->kind, .stateless = s->test, .active = s->active};
	effect_of_stranger(&t->effects, def, &stranger);
}

static void put_signal(struct trial *t, const struct site_def *def, uint32_t device,
                       const struct signal *s)
{
	if (t->json) {
		json_open(&t->out, NULL, '{');
		json_put_string(&t->out, "kind", kind_name(s->kind));
		json_put_string(&t->out, "state", s->active ? "active" : "clear");
		if (s->test)
			json_put_bool(&t->out, "test", true);
		if (s->past)
			json_put_bool(&t->out, "past", true);
		if (s->press)
			json_put_bool(&t->out, "press", true);
		if (s->id)
			json_put_string(&t->out, "id", s->id);
		if (s->time_said)
			json_put_string(&t->out, "time_said", s->time_said);
		else if (s->time)
			json_put_time(&t->out, "time", s->time);
		if (s->has_value)
			json_put_number(&t->out, "value", s->value);
		signal_write_said(s, "said", &t->out);
		if (def)
			put_raises(t, def, device, s);
		json_close(&t->out, '}');
		return;
	}
	fprintf(t->ctx->out, "  signal    %s %s%s%s", kind_name(s->kind),
	        s->active ? "active" : "clear", s->test ? ", test" : "", s->past ? ", past" : "");
	if (s->time_said)
		fprintf(t->ctx->out, ", 'time' %s cannot be true: set the device's clock",
		        s->time_said);
	struct text said = {0};
	signal_write_said(s, NULL, &said);
	if (said.len)
		fprintf(t->ctx->out, "  %s", text_get(&said));
	text_finish(&said);
	if (def)
		put_raises(t, def, device, s);
	else
		fputc('\n', t->ctx->out);
}

static void put_line(struct trial *t, const char *name, const char *what)
{
	if (t->json) {
		json_put_string(&t->out, name, what);
		return;
	}
	struct text shown = {0};
	text_add_escaped(&shown, what, strlen(what));
	fprintf(t->ctx->out, "  %-9s %s\n", name, text_get(&shown));
	text_finish(&shown);
}

/* ---- what was said ---- */

/* The words that no binding was needed for, or that none explains. */
static void put_statement(struct trial *t, const struct statement *s)
{
	static const char *const types[] = {
	        [SAID_SIGNAL] = "signal",       [SAID_OWN] = "own",
	        [SAID_PRESS] = "press",         [SAID_STATUS] = "status",
	        [SAID_GATEWAY] = "gateway",     [SAID_ALIVE] = "alive",
	        [SAID_TEST] = "test",           [SAID_NUMBER] = "number",
	        [SAID_PUZZLE] = "unknown",      [SAID_TOPIC] = "listens",
	        [SAID_TEST_MARK] = "test mark",
	};
	if (t->json) {
		json_open(&t->out, NULL, '{');
		json_put_string(&t->out, "type", types[s->type]);
		if (s->kind != KIND_NONE)
			json_put_string(&t->out, "kind", kind_name(s->kind));
		if (s->type == SAID_STATUS || s->type == SAID_GATEWAY)
			json_put_string(&t->out, "state", s->active ? "online" : "offline");
		else
			json_put_string(&t->out, "state", s->active ? "active" : "clear");
		if (s->test)
			json_put_bool(&t->out, "test", true);
		if (s->history)
			json_put_bool(&t->out, "past", true);
		if (s->key)
			json_put_string(&t->out, "key", s->key);
		if (s->word)
			json_put_string(&t->out, "word", s->word);
		if (s->id)
			json_put_string(&t->out, "id", s->id);
		if (s->time)
			json_put_time(&t->out, "time", s->time);
		json_close(&t->out, '}');
		return;
	}
	struct text line = {0};
	if (s->type == SAID_STATUS || s->type == SAID_GATEWAY)
		text_add(&line, s->active ? "online" : "offline");
	else if (s->type == SAID_SIGNAL || s->type == SAID_TOPIC)
		text_addf(&line, "%s %s%s", s->kind == KIND_NONE ? "?" : kind_name(s->kind),
		          s->active ? "active" : "clear", s->test ? ", test" : "");
	if (s->key && s->word)
		text_addf(&line, "%s(%s: %s)", line.len ? "  " : "", s->key, s->word);
	put_line(t, types[s->type], text_get(&line));
	text_finish(&line);
}

static void put_statements(struct trial *t, uint32_t first, uint32_t end)
{
	if (t->json)
		json_open(&t->out, "said", '[');
	for (uint32_t i = first; i < end; i++)
		if (t->said.items[i].type != SAID_TEST_MARK &&
		    (t->json || t->said.items[i].type != SAID_ALIVE))
			put_statement(t, &t->said.items[i]);
	if (t->json)
		json_close(&t->out, ']');
}

static void put_signals(struct trial *t, const struct site_def *def, uint32_t device)
{
	if (t->json)
		json_open(&t->out, "signals", '[');
	for (uint32_t i = 0; i < t->signals.count; i++)
		put_signal(t, def, device, &t->signals.items[i].signal);
	if (t->json)
		json_close(&t->out, ']');
	else if (!t->signals.count)
		fprintf(t->ctx->out, "  no signal\n");
}

/* What of an array could not be understood. */
static void put_refused(struct trial *t)
{
	const struct signals *signals = &t->signals;
	if (!signals->refused_count)
		return;
	t->failed = true;
	if (t->json)
		json_open(&t->out, "refused", '[');
	for (uint32_t i = 0; i < signals->refused_count; i++)
		put_line(t, t->json ? NULL : "rejected", signals->refused[i]);
	if (t->json)
		json_close(&t->out, ']');
}

/* Fire, gas and panic are heard from whom no site knows, too. */
static void put_strangers(struct trial *t, uint32_t first, uint32_t end)
{
	const struct command_context *ctx = t->ctx;
	const struct site_def *def = profile_home(ctx->sites, ctx->site_count, t->said.profile);
	struct stranger stranger;
	if (t->json)
		json_open(&t->out, "strangers", '[');
	for (uint32_t i = first; def && i < end; i++) {
		if (!stranger_says(&t->said, &t->said.items[i], false, &stranger) ||
		    !stranger_alarms(&stranger))
			continue;
		if (t->json) {
			json_open(&t->out, NULL, '{');
			json_put_string(&t->out, "kind", kind_name(stranger.kind));
			json_put_string(&t->out, "state", stranger.active ? "active" : "clear");
		} else {
			fprintf(ctx->out, "  stranger  %s %s", kind_name(stranger.kind),
			        stranger.active ? "active" : "clear");
		}
		effect_of_stranger(&t->effects, def, &stranger);
		if (t->json)
			json_close(&t->out, '}');
	}
	if (t->json)
		json_close(&t->out, ']');
}

static void put_device(struct trial *t, uint32_t first, uint32_t end)
{
	const struct statement *s = &t->said.items[first];
	struct problem why = {0};
	uint32_t at = s->address ? bindings_of(&t->bindings, t->said.profile, s) : POSITION_NONE;
	if (t->json)
		json_open(&t->out, NULL, '{');
	if (s->address)
		put_line(t, "address", s->address);
	if (s->point)
		put_line(t, "point", s->point);
	put_statements(t, first, end);
	if (at != POSITION_NONE) {
		const struct binding *binding = &t->bindings.items[at];
		put_line(t, "device", binding->site->devices[binding->device].id);
		put_line(t, "site", binding->site->id);
		statements_bind(&t->said, first, end, binding->site, binding->device, t->now,
		                &t->signals, &why);
		put_signals(t, binding->site, binding->device);
		if (*why.text)
			put_line(t, "rejected", why.text);
	} else if (s->address) {
		if (!t->json)
			put_line(t, "unknown", "no device of a site has this profile and address");
		put_strangers(t, first, end);
	}
	if (t->json)
		json_close(&t->out, '}');
}

/* ---- one message ---- */

static void try_native(struct trial *t, const char *topic, const char *payload, size_t len)
{
	struct problem why = {0};
	bool is_status;
	const struct site_def *def = NULL;
	int r = decode_native_topic(topic, &t->signals, &is_status, &why);
	for (uint32_t i = 0; i < t->ctx->site_count; i++)
		if (strcmp(t->ctx->sites[i]->id, t->signals.site) == 0)
			def = t->ctx->sites[i];
	if (r == 0)
		r = decode_native(topic, payload, len, false, t->now, def ? &def->timezone : NULL,
		                  &t->signals, &why);
	uint32_t device = def ? site_def_device(def, t->signals.device) : POSITION_NONE;
	put_line(t, "profile", "native");
	if (*t->signals.device)
		put_line(t, "device", t->signals.device);
	if (r < 0) {
		put_line(t, "rejected", why.text);
		t->failed = true;
		return;
	}
	if (!def || device == POSITION_NONE)
		put_line(t, "unknown", "no site of the configuration has this device");
	if (t->signals.is_status)
		put_line(t, "status", t->signals.status.online ? "online" : "offline");
	if (def && device != POSITION_NONE)
		numbers_bind(&def->devices[device], payload, len, &t->signals);
	put_signals(t, def, device);
	put_refused(t);
}

/* Those in use first; where none takes the topic, all of them. */
static int decode(struct trial *t, const struct heard_message *message, struct problem *why)
{
	struct profiles *profiles = t->ctx->profiles;
	int r = profiles_decode(profiles, t->memory, message, &t->said, why);
	if (t->said.profile || t->all || !t->ctx->fill_profiles(t->ctx->service_ctx))
		return r;
	for (uint32_t i = 0; i < profiles->count; i++)
		profiles->items[i].heard = true;
	profiles_compile(profiles);
	t->all = true;
	return profiles_decode(profiles, t->memory, message, &t->said, why);
}

static void try_profiles(struct trial *t, const struct heard_message *message)
{
	struct problem why = {0};
	int r = decode(t, message, &why);
	if (!t->said.profile) {
		put_line(t, "ignored", "no profile takes this topic");
		return;
	}
	put_line(t, "profile", t->said.profile->name);
	if (t->said.rule)
		put_line(t, "rule", t->said.rule->topic);
	if (r < 0) {
		if (t->said.address)
			put_line(t, "address", t->said.address);
		put_line(t, "rejected", why.text);
		t->failed = true;
		return;
	}
	if (t->said.ignored)
		put_line(t, "ignored", "the profile passes over this topic");
	if (t->said.removed)
		put_line(t, "removed", "an empty message: what was retained is gone");
	if (t->said.repeated)
		put_line(t, "repeated", "it was said just before: it counts once");
	if (t->json)
		json_open(&t->out, "devices", '[');
	for (uint32_t i = 0, end; i < t->said.count; i = end) {
		end = statements_of_device(&t->said, i);
		put_device(t, i, end);
	}
	if (t->json)
		json_close(&t->out, ']');
}

static void try_heard(struct trial *t, const struct heard_message *message)
{
	t->now = message->now;
	t->failed = false;
	text_reset(&t->out);
	if (t->json)
		json_open(&t->out, NULL, '{');
	put_line(t, "topic", message->topic);
	if (message->retained)
		put_line(t, "retained", "the broker kept it: a state, not news");
	if (!*message->topic)
		put_line(t, "rejected", "a message needs a 'topic', a text, and its 'payload'");
	else if (strncmp(message->topic, "tocsin/", 7) == 0)
		try_native(t, message->topic, message->bytes, message->len);
	else
		try_profiles(t, message);
	if (t->json) {
		json_close(&t->out, '}');
		fprintf(t->ctx->out, "%s\n", text_get(&t->out));
	}
}

static void try_message(struct trial *t, const char *topic, const char *payload, size_t len,
                        bool retained)
{
	try_heard(t, &(struct heard_message){.topic = topic,
	                                     .bytes = payload,
	                                     .len = len,
	                                     .retained = retained,
	                                     .now = t->ctx->now,
	                                     .steady = t->steady});
	t->steady += SECONDS(3600); /* each stands for itself: no burst */
}

/* ---- many messages ---- */

static bool is_retained(const cJSON *object)
{
	int64_t retain = 0; /* as mosquitto_sub -F %j says it */
	return cJSON_IsTrue(json_get(object, "retained")) ||
	       (json_int(object, "retain", &retain) && retain == 1);
}

/* A text is the payload itself; an object or a list, which mosquitto_sub -F %J prints, is one as
 * JSON. */
static void try_object(struct trial *t, const cJSON *object)
{
	const char *topic = json_string(object, "topic");
	const cJSON *payload = json_get(object, "payload");
	char *text = NULL;
	if (payload && !cJSON_IsNull(payload) && !cJSON_IsString(payload))
		text = cJSON_PrintUnformatted(payload);
	const char *said = text ? text : payload ? cJSON_GetStringValue(payload) : NULL;
	said = said ? said : "";
	if (topic)
		try_message(t, topic, said, strlen(said), is_retained(object));
	else
		try_message(t, "", said, strlen(said), false);
	cJSON_free(text);
}

/* {"topic": ..., "payload": ..., "retained": ...}, as mosquitto_sub -F %j and %J print it too, or
 * "topic payload" as mosquitto_sub -v does. */
static void try_line(struct trial *t, char *line, size_t len)
{
	cJSON *object = NULL;
	if (*line == '{' && json_parse(line, len, &object, NULL) == 0) {
		try_object(t, object);
		cJSON_Delete(object);
		return;
	}
	char *blank = strchr(line, ' ');
	if (blank)
		*blank++ = '\0';
	try_message(t, line, blank ? blank : "", blank ? strlen(blank) : 0, false);
}

static int try_file(struct trial *t, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	if (!file)
		return complain(t->ctx, EXIT_FAILED, "%s: %s", path, strerror(errno));
	while ((len = getline(&line, &cap, file)) >= 0) {
		while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (len)
			try_line(t, line, (size_t)len);
		fflush(t->ctx->out);
	}
	free(line);
	if (!is_stdin)
		fclose(file);
	return EXIT_DONE;
}

/* ---- live ---- */

/* What the service itself says is no device's word. */
static bool is_ours(const char *topic)
{
	const char *site = strncmp(topic, "tocsin/", 7) == 0 ? topic + 7 : NULL;
	const char *behind = site ? strchr(site, '/') : NULL, *end = strrchr(topic, '/');
	if (!site)
		return false;
	return !behind || strncmp(behind, "/device/", 8) != 0 || strcmp(end, "/ack") == 0;
}

static bool hear(void *ctx, const struct heard_message *message)
{
	struct trial *t = ctx;
	if (is_ours(message->topic))
		return true;
	if (t->heard++ && !t->json)
		fputc('\n', t->ctx->out);
	effects_forget(&t->effects);
	try_heard(t, message);
	bool gone = fflush(t->ctx->out) != 0; /* whoever read has seen enough */
	return !gone && t->heard != t->most;
}

static int try_live(struct trial *t, const struct invocation *line)
{
	const struct command_context *ctx = t->ctx;
	static const char *const all[] = {"#"};
	struct live live = {.filters = line->argument_count ? line->arguments : all,
	                    .filter_count = 1,
	                    .broker = line->options[OPTION_BROKER],
	                    .user = line->options[OPTION_USER],
	                    .password_file = line->options[OPTION_PASSWORD_FILE],
	                    .message = hear,
	                    .ctx = t};
	const char *lasts = line->options[OPTION_FOR];
	struct problem why = {0};
	if (line->argument_count > 1)
		return complain(ctx, EXIT_USAGE, "--live takes one filter of topics: 'a/+/b/#'");
	if (live.password_file && !live.user)
		return complain(ctx, EXIT_USAGE, "--password-file needs --user NAME");
	if (lasts && (text_parse_span(lasts, &live.lasts) < 0 || live.lasts <= 0))
		return complain(ctx, EXIT_USAGE,
		                "--for '%s' is no duration; write it like 10s or 5m", lasts);
	int code = option_limit(ctx, line, &t->most);
	if (code)
		return code;
	if (!ctx->listen || ctx->listen(ctx->service_ctx, &live, &why) < 0)
		return complain(ctx, EXIT_FAILED, "%s", why.text);
	return EXIT_DONE;
}

static const char *not_live(const struct invocation *line)
{
	static const enum option options[] = {OPTION_BROKER, OPTION_USER, OPTION_PASSWORD_FILE,
	                                      OPTION_LIMIT, OPTION_FOR};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (line->options[options[i]])
			return option_facts[options[i]].name;
	return NULL;
}

int run_try(const struct command_context *ctx, const struct invocation *line)
{
	struct trial t = {.ctx = ctx,
	                  .json = line->options[OPTION_JSON] != NULL,
	                  .memory = profile_memory_create(),
	                  .steady = SECONDS(3600)};
	const char *file = line->options[OPTION_FILE];
	int code;
	t.effects = (struct effects){.ctx = ctx, .json = t.json ? &t.out : NULL};
	bindings_make(&t.bindings, ctx->sites, ctx->site_count);
	if (line->options[OPTION_LIVE] && file) {
		code = complain(ctx, EXIT_USAGE, "--live or --file, not both");
	} else if (line->options[OPTION_LIVE]) {
		code = try_live(&t, line);
	} else if (not_live(line)) {
		code = complain(ctx, EXIT_USAGE, "--%s goes with --live", not_live(line));
	} else if (file && line->argument_count) {
		code = complain(ctx, EXIT_USAGE, "a topic and a payload, or --file, not both");
	} else if (file) {
		code = try_file(&t, file);
	} else if (line->argument_count == 2) {
		try_message(&t, line->arguments[0], line->arguments[1], strlen(line->arguments[1]),
		            false);
		code = t.failed ? EXIT_FAILED : EXIT_DONE;
	} else {
		code = complain(ctx, EXIT_USAGE,
		                "try a topic and its payload: tocsin try TOPIC PAYLOAD");
	}
	effects_forget(&t.effects);
	bindings_finish(&t.bindings);
	profile_memory_destroy(t.memory);
	statements_finish(&t.said);
	signals_finish(&t.signals);
	text_finish(&t.out);
	return code;
}
