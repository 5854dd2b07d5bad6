/* One device by hand: what the options say is said once, and kept until it is acknowledged. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "decide/site.h"
#include "keep.h"
#include "receive/signals_signed.h"
#include "sender.h"
#include "settings.h"
#include "systems.h"

#define ID_BYTES_MAX 128

struct task {
	const struct settings *said;
	const struct sensor_system *system;
	span_ms wait;
	bool has_signal;
	char id[ID_BYTES_MAX + 1];
	wall_ms time;
	double value;
	struct keep *keep;
	char *signing_key; /* heap; NULL: it does not sign */
};

/* ---- what the options mean, checked ---- */

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
	out->time = saying_now();
	if (s->time && time_parse(s->time, &out->time) < 0)
		return usage("--time is like 2026-11-22T08:00:00+08:00, not '%s'", s->time);
	if (s->id && (!*s->id || strlen(s->id) > ID_BYTES_MAX))
		return usage("--id has 1 to %d bytes", ID_BYTES_MAX);
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

static int check(const struct settings *s, struct task *out)
{
	*out = (struct task){.said = s, .wait = SECONDS(30)};
	int r = settings_system(s, &out->system);
	out->has_signal = s->kind || s->state || s->value || s->time || s->id || s->test;
	if (r == 0)
		r = settings_span("--wait", s->wait, &out->wait);
	if (r)
		return r;
	if (!out->has_signal && !s->status && !s->keep)
		return usage("nothing to say: --kind and --state, or --status, are missing");
	bool speaks = out->has_signal || s->status;
	if (speaks && (!s->site || !text_is_id(s->site)))
		return usage("--site is missing or no id");
	if (speaks && (!s->device || !text_is_id(s->device)))
		return usage("--device is missing or no id");
	if (s->status && strcmp(s->status, "online") != 0 && strcmp(s->status, "offline") != 0)
		return usage("--status is online or offline, not '%s'", s->status);
	if (out->system->profile && (s->keep || s->status))
		return usage("--keep and --status go with our own language, not with --as %s",
		             out->system->name);
	if (out->system->profile && s->sign_key_file)
		return usage("--sign-key-file goes with our own language, not with --as %s",
		             out->system->name);
	return out->has_signal ? check_signal(s, out) : 0;
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
	bool by_broker = s->no_ack || is_status || task->system->profile;
	printf(by_broker ? "taken by the broker" : "acknowledged by the service");
	printf(" after %lld ms", (long long)took);
	if (times > 1)
		printf(" (sent %u times)", times);
	printf("\n");
	if (task->keep && !is_status && keep_done(task->keep, id, &why) < 0)
		fprintf(stderr, "tocsin-sensor: %s\n", why.text);
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

static int write_signal(const struct task *task, struct text *topic, struct text *payload,
                        struct problem *why)
{
	const struct settings *s = task->said;
	const struct saying saying = {.site = s->site,
	                              .device = s->device,
	                              .id = task->id,
	                              .kind = kind_from_name(s->kind),
	                              .active = strcmp(s->state, "active") == 0,
	                              .test = s->test,
	                              .has_value = s->value != NULL,
	                              .value = task->value,
	                              .time = task->time};
	struct text plain = {0};
	if (task->system->write(&saying, topic, &plain)) {
		if (task->signing_key)
			signed_write(task->signing_key, s->site, s->device, text_get(&plain),
			             payload);
		else
			text_add(payload, text_get(&plain));
		text_finish(&plain);
		return 0;
	}
	text_finish(&plain);
	return problem_set(why, -EINVAL, "%s has no word for %s", task->system->name, s->kind);
}

/* Kept before it is sent: from here on no power failure loses it. */
static int add_signal(struct sender *sender, const struct task *task, struct problem *why)
{
	struct text topic = {0}, payload = {0};
	int r = write_signal(task, &topic, &payload, why);
	if (r == 0 && task->keep)
		r = keep_add(task->keep, text_get(&topic), task->id, text_get(&payload), why);
	if (r == 0)
		add_event(sender, task, text_get(&topic), task->id, text_get(&payload));
	text_finish(&topic);
	text_finish(&payload);
	return r;
}

static int print_signal(const struct task *task)
{
	struct text topic = {0}, payload = {0};
	struct problem why;
	int r = write_signal(task, &topic, &payload, &why);
	if (r == 0)
		printf("%s %s\n", text_get(&topic), text_get(&payload));
	else
		fprintf(stderr, "tocsin-sensor: %s\n", why.text);
	text_finish(&topic);
	text_finish(&payload);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
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

static int send_all(struct task *task, const struct settings *s, const struct sender_options *login)
{
	struct sender *sender = NULL;
	struct problem why;
	int r = s->keep ? keep_open(s->keep, &task->keep, &why) : 0;
	if (r == 0)
		r = sender_open(login, on_done, task, &sender, &why);
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

int by_hand(const struct settings *s, const struct sender_options *login)
{
	struct task task;
	int r = check(s, &task);
	if (!r && s->sign_key_file)
		r = settings_secret("--sign-key-file", s->sign_key_file, &task.signing_key);
	if (r)
		return r;
	r = s->print && task.has_signal ? print_signal(&task) : send_all(&task, s, login);
	if (task.signing_key)
		explicit_bzero(task.signing_key, strlen(task.signing_key));
	free(task.signing_key);
	return r;
}
