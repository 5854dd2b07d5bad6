/* tocsin-sensor: one device by hand (by_hand.c), a scenario (play.c), a load (load.c). An option is
 * a row in `options`. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "load.h"
#include "settings.h"
#include "story.h"
#include "systems.h"

#define SECRET_MAX 4096

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
        TEXT("--as", "SYSTEM", as, "in the words of a real system (all of them below)"),
        TEXT("--sign-key-file", "FILE", sign_key_file,
             "sign it with this key, as a device with `signed` does"),
        SWITCH("--print", print, "only print topic and payload, for `tocsin try`"),
        HEADING("Many things said"),
        TEXT("--scenario", "FILE", scenario,
             "a story that sensors tell: a file, or one of those below"),
        TEXT("--speed", "N", speed, "so many times faster; default 1"),
        TEXT("--load", "N", load, "that many devices, DEVICE-1 to DEVICE-N (default load-1 …)"),
        TEXT("--rate", "N", rate, "messages a second, over all of them; default 10"),
        TEXT("--for", "SPAN", lasts, "how long; default 10s"),
        TEXT("--alarms", "N", alarms, "of a hundred messages so many say alarm; default none"),
        SWITCH("--lines", lines, "only print the lines that the site file needs for them"),
        TEXT("--zone", "ID", zone, "the zone in those lines"),
        SWITCH("--json", json, "the figures as JSON"),
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
	printf("\n\nSystems\n");
	for (size_t i = 0; i < sensor_system_count; i++)
		printf("  %-18s %s\n", sensor_systems[i].name, sensor_systems[i].about);
	struct text stories = {0};
	story_list(&stories);
	printf("\nScenarios\n%s", text_get(&stories));
	text_finish(&stories);
	printf("\nExamples\n"
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
	       "  Signed, where the broker is not trusted (`signed` in the site file):\n"
	       "    tocsin-sensor … --sign-key-file smoke-301.key\n"
	       "  A fire at night, ten times faster than it would happen:\n"
	       "    tocsin-sensor --scenario night-fire --speed 10\n"
	       "  Two hundred Zigbee smoke detectors, and their lines for the site file:\n"
	       "    tocsin-sensor --site binjiang --load 200 --rate 50 --for 1m --as zigbee2mqtt\n"
	       "    tocsin-sensor --load 200 --as zigbee2mqtt --zone dorm --lines\n"
	       "\nExit codes: 0 acknowledged, 1 not (with --keep it is sent at the next start), "
	       "2 wrong usage.\n");
}

int usage(const char *format, ...)
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

int settings_system(const struct settings *s, const struct sensor_system **out)
{
	const struct sensor_system *system = sensor_system_find(s->as ? s->as : "native");
	if (!system)
		return usage("unknown system '%s'", s->as);
	*out = system;
	return 0;
}

int settings_span(const char *option, const char *text, span_ms *out)
{
	span_ms span;
	if (!text)
		return 0;
	if (text_parse_span(text, &span) < 0 || span > DAYS(1))
		return usage("%s is a span like 500ms, 10s or 5m, at most 1d", option);
	*out = span;
	return 0;
}

int settings_number(const char *option, const char *text, double least, double most, double *out)
{
	char *end;
	if (!text)
		return 0;
	double number = strtod(text, &end);
	if (end == text || *end || !isfinite(number) || number < least || number > most)
		return usage("%s is a number from %g to %g", option, least, most);
	*out = number;
	return 0;
}

int settings_secret(const char *option, const char *path, char **out)
{
	char *bytes;
	size_t len;
	int r = file_read(path, SECRET_MAX - 1, &bytes, &len, NULL);
	if (r < 0)
		return usage("%s %s: %s", option, path, strerror(-r));
	bytes[strcspn(bytes, "\r\n")] = '\0'; /* a NUL follows what was read */
	*out = mem_copy(bytes);
	explicit_bzero(bytes, len);
	free(bytes);
	return 0;
}

static int check_login(const struct settings *s, struct sender_options *out, char **password)
{
	struct problem why;
	*out = (struct sender_options){.username = s->user,
	                               .ca_file = s->ca_file,
	                               .cert_file = s->cert_file,
	                               .key_file = s->key_file};
	if (broker_address_parse(s->broker ? s->broker : "mqtt://127.0.0.1:1883", &out->broker,
	                         &why) < 0)
		return usage("%s", why.text);
	if (s->password_file && !s->user)
		return usage("--password-file needs --user");
	if (!s->cert_file != !s->key_file)
		return usage("--cert-file and --key-file come together");
	int r = s->password_file ? settings_secret("--password-file", s->password_file, password)
	                         : 0;
	out->password = *password;
	return r;
}

static void print_lines(const struct load_options *o, const char *zone)
{
	struct text out = {0};
	for (uint32_t i = 1; i <= o->devices; i++) {
		char device[80];
		snprintf(device, sizeof device, "%.60s-%u", o->device, i);
		sensor_system_line(o->system, device, zone, o->kind, &out);
	}
	fputs(text_get(&out), stdout);
	text_finish(&out);
}

static int check_load(const struct settings *s, struct load_options *out)
{
	double devices = 1, rate = 10, alarms = 0;
	struct text topic = {0}, payload = {0};
	int r = settings_system(s, &out->system);
	out->site = s->site ? s->site : "";
	out->device = s->device ? s->device : "load";
	out->kind = s->kind ? kind_from_name(s->kind) : KIND_SMOKE;
	out->lasts = out->wait = SECONDS(10);
	r = r ? r : settings_number("--load", s->load, 1, 100000, &devices);
	r = r ? r : settings_number("--rate", s->rate, 0.01, 100000, &rate);
	r = r ? r : settings_number("--alarms", s->alarms, 0, 100, &alarms);
	r = r ? r : settings_span("--for", s->lasts, &out->lasts);
	r = r ? r : settings_span("--wait", s->wait, &out->wait);
	out->devices = (uint32_t)devices;
	out->rate = rate;
	out->alarms = (uint32_t)alarms;
	out->json = s->json;
	if (r)
		return r;
	if (out->kind == KIND_NONE)
		return usage("unknown kind '%s'", s->kind);
	if (!text_is_id(out->device) || (!s->lines && !text_is_id(out->site)))
		return usage("--site or --device is missing or no id");
	const struct saying saying = {.site = "x", .device = "x", .kind = out->kind};
	bool knows = out->system->write(&saying, &topic, &payload);
	text_finish(&topic);
	text_finish(&payload);
	return knows ? 0 : usage("%s has no word for %s", out->system->name, kind_name(out->kind));
}

int put_load(const struct settings *s, const struct sender_options *login)
{
	struct load_options load = {.login = *login};
	struct problem why;
	int r = check_load(s, &load);
	if (r)
		return r;
	if (s->lines) {
		print_lines(&load, s->zone);
		return EXIT_DONE;
	}
	if (load_run(&load, &why) == 0)
		return EXIT_DONE;
	fprintf(stderr, "tocsin-sensor: %s\n", why.text);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct settings settings = {0};
	struct sender_options login;
	char *password = NULL;
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
	r = check_login(&settings, &login, &password);
	if (r)
		return r;
	if (settings.scenario && settings.load)
		return usage("--scenario or --load, not both");
	if (settings.sign_key_file && (settings.scenario || settings.load))
		return usage("--sign-key-file goes with one device by hand");
	if (settings.scenario)
		r = play(&settings, &login);
	else
		r = settings.load ? put_load(&settings, &login) : by_hand(&settings, &login);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	return r;
}
