/* tocsin-sensor: one device by hand. An option is a row in `options`; what is to be sent goes to a
 * sender, whoever thought of it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "decide/site.h"
#include "keep.h"
#include "sender.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define SECRET_MAX 4096

struct settings {
	const char *broker, *user, *password_file, *ca_file, *cert_file, *key_file;
	const char *site, *device, *kind, *state, *id, *value, *time, *status, *keep;
	const char *wait;
	bool test, no_ack, help, version;
};

/* ---- options ---- */

struct option_row {
	const char *name, *argument; /* argument NULL: a switch */
	size_t at;                   /* in struct settings */
	const char *help;            /* a row without a name is a heading */
};
#define TEXT(name, argument, member, help)                                                         \
	{                                                                                          \
		name, argument, offsetof(struct settings, member), help                            \
	}
#define SWITCH(name, member, help)                                                                 \
	{                                                                                          \
		name, NULL, offsetof(struct settings, member), help                                \
	}
#define HEADING(text)                                                                              \
	{                                                                                          \
		NULL, NULL, 0, text                                                                \
	}

static const struct option_row options[] = {
        HEADING("What is said"),
        TEXT("--site", "ID", site, "the site's id"),
        TEXT("--device", "ID", device, "the device's id"),
        TEXT("--kind", "KIND", kind, "smoke, panic, contact, … (all of them below)"),
        TEXT("--state", "STATE", state, "active or clear"),
        TEXT("--value", "NUMBER", value, "a reading to go with it"),
        TEXT("--time", "TIME", time, "when it happened, RFC 3339; default now"),
        TEXT("--id", "ID", id, "the message's id, unique; default random"),
        SWITCH("--test", test, "mark it as a test: recorded, raises nothing"),
        TEXT("--status", "STATUS", status, "online or offline, alone or before the signal"),
        HEADING("Until when"),
        TEXT("--wait", "SPAN", wait, "for the service's acknowledgement; default 30s"),
        TEXT("--keep", "FILE", keep,
             "keep signals here until acknowledged; what an earlier start left is sent first"),
        SWITCH("--no-ack", no_ack, "be content when the broker has it"),
        HEADING("The broker"),
        TEXT("--broker", "URL", broker,
             "mqtt://host[:port] or mqtts://…; default "
             "mqtt://127.0.0.1:1883"),
        TEXT("--user", "NAME", user, "the login"),
        TEXT("--password-file", "FILE", password_file, "its password, alone in a file"),
        TEXT("--ca-file", "FILE", ca_file,
             "who vouches for the broker (PEM); default the system's"),
        TEXT("--cert-file", "FILE", cert_file, "this device's certificate (PEM)"),
        TEXT("--key-file", "FILE", key_file, "and its key"),
        HEADING("Others"),
        SWITCH("--help", help, "this text"),
        SWITCH("--version", version, "the version"),
};
#define OPTION_COUNT (sizeof options / sizeof *options)

static void print_help(void)
{
	printf("tocsin-sensor: says what a device says, and stays until the service has it on "
	       "disk.\n"
	       "\nUsage: tocsin-sensor --site ID --device ID --kind KIND --state STATE "
	       "[options]\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *o = &options[i];
		char left[32];
		if (!o->name) {
			printf("\n%s\n", o->help);
			continue;
		}
		snprintf(left, sizeof left, "%s %s", o->name, o->argument ? o->argument : "");
		printf("  %-22s %s\n", left, o->help);
	}
	printf("\nKinds:");
	for (enum kind k = 0; k < KIND_COUNT; k++)
		printf(" %s", kind_name(k));
	printf("\n\nExamples\n"
	       "  Smoke on the third floor:\n"
	       "    tocsin-sensor --site binjiang --device smoke-301 --kind smoke --state active\n"
	       "  The smoke has gone (the incident stays until a person resolves it):\n"
	       "    tocsin-sensor --site binjiang --device smoke-301 --kind smoke --state clear\n"
	       "  A test that calls nobody:\n"
	       "    tocsin-sensor --site binjiang --device sos-gate --kind panic --state active "
	       "--test\n"
	       "  Survive a power cut, and send later what was left:\n"
	       "    tocsin-sensor … --keep /var/lib/door/signals\n"
	       "    tocsin-sensor --keep /var/lib/door/signals\n"
	       "\nExit codes: 0 acknowledged, 1 not (with --keep it is sent at the next start), "
	       "2 wrong usage.\n");
}

__attribute__((format(printf, 1, 2))) static int usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "tocsin-sensor: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "; tocsin-sensor --help shows how\n");
	va_end(args);
	return EXIT_USAGE;
}

static const struct option_row *option_find(const char *word, size_t len)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].name && strlen(options[i].name) == len &&
		    strncmp(options[i].name, word, len) == 0)
			return &options[i];
	return NULL;
}

/* "--name value" and "--name=value". */
static int read_options(int argc, char **argv, struct settings *out)
{
	for (int i = 1; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");
		const struct option_row *o = option_find(argv[i], len);
		if (!o)
			return usage("unknown option '%s'", argv[i]);
		char *member = (char *)out + o->at;
		bool joined = argv[i][len] == '=';
		if (!o->argument) {
			if (joined)
				return usage("%s takes no value", o->name);
			*(bool *)(void *)member = true;
			continue;
		}
		if (!joined && i + 1 == argc)
			return usage("%s needs a value (%s)", o->name, o->argument);
		*(const char **)(void *)member = joined ? argv[i] + len + 1 : argv[++i];
	}
	return 0;
}

/* ---- what the options mean, checked ---- */

struct task {
	const struct settings *said;
	struct broker_address broker;
	span_ms wait;
	bool has_signal;
	char id[MESSAGE_ID_MAX + 1];
	wall_ms time;
	double value;
	char password[SECRET_MAX];
	struct keep *keep;
};

static wall_ms now(void)
{
	struct clock clock;
	struct moment moment;
	clock_start(&clock, NULL, NULL);
	clock_now(&clock, &moment, NULL);
	return moment.wall;
}

static int check_signal(const struct settings *s, struct task *out)
{
	if (!s->kind || !s->state)
		return usage("a signal needs --kind and --state");
	if (kind_from_name(s->kind) == KIND_NONE)
		return usage("unknown kind '%s'", s->kind);
	if (strcmp(s->state, "active") != 0 && strcmp(s->state, "clear") != 0)
		return usage("--state is active or clear, not '%s'", s->state);
	char *end = NULL;
	if (s->value)
		out->value = strtod(s->value, &end);
	if (s->value && (!*s->value || *end || !isfinite(out->value)))
		return usage("--value is a number, not '%s'", s->value);
	out->time = now();
	if (s->time && time_parse(s->time, &out->time) < 0)
		return usage("--time is like 2026-11-22T08:00:00+08:00, not '%s'", s->time);
	if (s->id && (!*s->id || strlen(s->id) > MESSAGE_ID_MAX))
		return usage("--id has 1 to %d bytes", MESSAGE_ID_MAX);
	if (s->id) {
		snprintf(out->id, sizeof out->id, "%s", s->id);
	} else {
		uint8_t dice[16];
		struct text hex = {0};
		crypto_random(dice, sizeof dice);
		text_add_hex(&hex, dice, sizeof dice);
		snprintf(out->id, sizeof out->id, "%s", text_get(&hex));
		text_finish(&hex);
	}
	return 0;
}

static int read_password(const char *path, char out[SECRET_MAX])
{
	char *bytes;
	size_t len;
	int r = file_read(path, SECRET_MAX - 1, &bytes, &len, NULL);
	if (r < 0)
		return usage("--password-file %s: %s", path, strerror(-r));
	snprintf(out, SECRET_MAX, "%.*s", (int)strcspn(bytes, "\r\n"), bytes);
	explicit_bzero(bytes, len);
	free(bytes);
	return 0;
}

static int check(const struct settings *s, struct task *out)
{
	struct problem why;
	*out = (struct task){.said = s, .wait = SECONDS(30)};
	out->has_signal = s->kind || s->state || s->value || s->time || s->id || s->test;
	if (broker_address_parse(s->broker ? s->broker : "mqtt://127.0.0.1:1883", &out->broker,
	                         &why) < 0)
		return usage("%s", why.text);
	if (s->wait && (text_parse_span(s->wait, &out->wait) < 0 || out->wait > DAYS(1)))
		return usage("--wait is a span like 500ms, 10s or 5m, at most 1d");
	if (!out->has_signal && !s->status && !s->keep)
		return usage("nothing to say: --kind and --state, or --status, are missing");
	bool speaks = out->has_signal || s->status;
	if (speaks && (!s->site || !text_is_id(s->site)))
		return usage("--site is missing or no id");
	if (speaks && (!s->device || !text_is_id(s->device)))
		return usage("--device is missing or no id");
	if (s->status && strcmp(s->status, "online") != 0 && strcmp(s->status, "offline") != 0)
		return usage("--status is online or offline, not '%s'", s->status);
	if (s->password_file && !s->user)
		return usage("--password-file needs --user");
	if (!s->cert_file != !s->key_file)
		return usage("--cert-file and --key-file come together");
	int r = s->password_file ? read_password(s->password_file, out->password) : 0;
	return r == 0 && out->has_signal ? check_signal(s, out) : r;
}

/* ---- sending ---- */

#define STATUS_ID "(status)" /* a status has no message id and asks for no acknowledgement */

static void on_done(void *ctx, const char *id, span_ms took, unsigned int times)
{
	struct task *task = ctx;
	const struct settings *s = task->said;
	struct problem why;
	bool is_status = strcmp(id, STATUS_ID) == 0;
	if (is_status)
		printf("%s is %s: ", s->device, s->status);
	else if (task->has_signal && strcmp(id, task->id) == 0)
		printf("%s %s %s: ", s->device, s->kind, s->state);
	else
		printf("kept signal %s: ", id);
	printf(s->no_ack || is_status ? "taken by the broker" : "acknowledged by the service");
	printf(" after %lld ms", (long long)took);
	if (times > 1)
		printf(" (sent %u times)", times);
	printf("\n");
	if (task->keep && !is_status && keep_done(task->keep, id, &why) < 0)
		fprintf(stderr, "tocsin-sensor: %s\n", why.text);
}

static void write_signal(const struct task *task, struct text *out)
{
	const struct settings *s = task->said;
	json_open(out, NULL, '{');
	json_put_string(out, "id", task->id);
	json_put_time(out, "time", task->time);
	json_put_string(out, "kind", s->kind);
	json_put_string(out, "state", s->state);
	if (s->value)
		json_put_number(out, "value", task->value);
	if (s->test)
		json_put_bool(out, "test", true);
	json_close(out, '}');
}

/* The topic on which an event's acknowledgement comes; "" when it has none. */
static void write_ack_topic(const char *topic, struct text *out)
{
	static const char end[] = "/event";
	size_t len = strlen(topic), cut = sizeof end - 1;
	text_reset(out);
	if (len <= cut || strcmp(topic + len - cut, end) != 0)
		return;
	text_add_len(out, topic, len - cut);
	text_add(out, "/ack");
}

static void add_event(struct sender *sender, const struct task *task, const char *topic,
                      const char *id, const char *payload)
{
	struct text ack = {0};
	write_ack_topic(topic, &ack);
	bool wants_ack = !task->said->no_ack && ack.len;
	sender_add(sender, topic, wants_ack ? text_get(&ack) : NULL, id, payload, false);
	text_finish(&ack);
}

/* Kept before it is sent: from here on no power failure loses it. */
static int add_signal(struct sender *sender, const struct task *task, struct problem *why)
{
	struct text topic = {0}, payload = {0};
	text_addf(&topic, "tocsin/%s/device/%s/event", task->said->site, task->said->device);
	write_signal(task, &payload);
	int r = 0;
	if (task->keep)
		r = keep_add(task->keep, text_get(&topic), task->id, text_get(&payload), why);
	if (r == 0)
		add_event(sender, task, text_get(&topic), task->id, text_get(&payload));
	text_finish(&topic);
	text_finish(&payload);
	return r;
}

static int fill(struct sender *sender, const struct task *task, struct problem *why)
{
	const struct settings *s = task->said;
	for (size_t i = 0; task->keep && i < keep_count(task->keep); i++) {
		struct kept kept = keep_at(task->keep, i);
		add_event(sender, task, kept.topic, kept.id, kept.payload);
	}
	if (s->status) {
		struct text topic = {0};
		text_addf(&topic, "tocsin/%s/device/%s/status", s->site, s->device);
		sender_add(sender, text_get(&topic), NULL, STATUS_ID, s->status, true);
		text_finish(&topic);
	}
	return task->has_signal ? add_signal(sender, task, why) : 0;
}

static int run(struct task *task)
{
	const struct settings *s = task->said;
	const struct sender_options login = {.broker = task->broker,
	                                     .username = s->user,
	                                     .password = s->password_file ? task->password : NULL,
	                                     .ca_file = s->ca_file,
	                                     .cert_file = s->cert_file,
	                                     .key_file = s->key_file};
	struct sender *sender = NULL;
	struct problem why;
	int r = s->keep ? keep_open(s->keep, &task->keep, &why) : 0;
	if (r == 0)
		r = sender_open(&login, on_done, task, &sender, &why);
	if (r == 0)
		r = fill(sender, task, &why);
	if (r == 0)
		r = sender_run(sender, task->wait, &why);
	if (r < 0)
		fprintf(stderr, "tocsin-sensor: %s%s\n", why.text,
		        r == -ETIMEDOUT && s->keep ? "; kept for the next start" : "");
	sender_close(sender);
	keep_close(task->keep);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct settings settings = {0};
	struct task task;
	setvbuf(stdout, NULL, _IOLBF, 0);
	int r = read_options(argc, argv, &settings);
	if (r)
		return r;
	if (settings.help || settings.version) {
		if (settings.help)
			print_help();
		else
			printf("tocsin-sensor %s\n", TOCSIN_VERSION);
		return EXIT_DONE;
	}
	r = check(&settings, &task);
	return r ? r : run(&task);
}
