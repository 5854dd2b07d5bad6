#include "load.h"

#include <errno.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"

#define KEEPALIVE_S 20
#define IN_FLIGHT_MAX 2000 /* beyond that the next one waits: the broker is at its limit */
#define MESSAGES_AT_MOST 5000000
#define NS_PER_MS INT64_C(1000000)

struct sent { /* one message; times in ns, 0: not yet */
	int64_t at, taken, acked;
};

struct load {
	const struct load_options *options;
	struct mosquitto *client;
	bool ready, refused, tells;
	uint32_t run; /* tells our ids from those of other runs */
	struct sent *sent;
	uint32_t count, cap, taken, acked, in_flight;
	uint32_t *by_mid; /* position + 1 of the message that has this mid */
	bool *alarmed;    /* by device */
	int64_t began, told;
	char trouble[200];
};

static int64_t now_ns(void)
{
	return clock_stopwatch_ns();
}

static bool wants_acks(const struct load *load)
{
	return load->options->system->profile == NULL;
}

/* ---- what libmosquitto calls ---- */

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
	struct load *load = ctx;
	struct text filter = {0};
	if (code) {
		snprintf(load->trouble, sizeof load->trouble, "the broker says: %s",
		         mosquitto_connack_string(code));
		load->refused = true;
		return;
	}
	text_addf(&filter, "tocsin/%s/device/+/ack", load->options->site);
	if (!wants_acks(load))
		load->ready = true;
	else
		mosquitto_subscribe(client, NULL, text_get(&filter), 1);
	text_finish(&filter);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count,
                         const int *granted)
{
	(void)client, (void)mid, (void)count, (void)granted;
	((struct load *)ctx)->ready = true;
}

static void on_publish(struct mosquitto *client, void *ctx, int mid)
{
	(void)client;
	struct load *load = ctx;
	uint32_t at = mid >= 0 && mid < 65536 ? load->by_mid[mid] : 0;
	if (!at || load->sent[at - 1].taken)
		return;
	load->by_mid[mid] = 0;
	load->sent[at - 1].taken = now_ns();
	load->taken++;
	load->in_flight--;
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *in)
{
	(void)client;
	struct load *load = ctx;
	cJSON *json;
	uint32_t at;
	if (in->payloadlen <= 0 || in->payloadlen > 256 ||
	    json_parse(in->payload, (size_t)in->payloadlen, &json, NULL) < 0)
		return;
	const char *id = json_string(json, "id");
	if (id && saying_id_read(id, load->run, &at) && at < load->count && !load->sent[at].acked) {
		load->sent[at].acked = now_ns();
		load->acked++;
	}
	cJSON_Delete(json);
}

/* ---- sending ---- */

static void send_one(struct load *load)
{
	const struct load_options *o = load->options;
	uint32_t at = load->count;
	char device[80], id[SAYING_ID_ROOM];
	struct text topic = {0}, payload = {0};
	uint32_t who = at % o->devices;
	bool active = load->alarmed[who] ? false : o->alarms && (at * 37u) % 100 < o->alarms;
	snprintf(device, sizeof device, "%.60s-%u", o->device, who + 1);
	saying_id(load->run, at, id);
	load->alarmed[who] = active;
	const struct saying saying = {.site = o->site,
	                              .device = device,
	                              .id = id,
	                              .kind = o->kind,
	                              .active = active,
	                              .time = saying_now(),
	                              .number = at};
	(void)o->system->write(&saying, &topic, &payload); /* looked at before the start */
	MEM_RESERVE(load->sent, load->count, load->cap);
	load->sent[load->count++] = (struct sent){.at = now_ns()};
	int mid = 0;
	if (mosquitto_publish(load->client, &mid, text_get(&topic), (int)payload.len,
	                      text_get(&payload), 1, false) == MOSQ_ERR_SUCCESS) {
		load->by_mid[mid & 0xffff] = at + 1;
		load->in_flight++;
	}
	text_finish(&topic);
	text_finish(&payload);
}

/* As many as are due by the rate; where the broker falls behind, what waits waits here. */
static void send_due(struct load *load, int64_t now)
{
	const struct load_options *o = load->options;
	int64_t passed = now - load->began;
	if (passed > o->lasts * NS_PER_MS)
		passed = o->lasts * NS_PER_MS;
	double due = (double)passed / 1e9 * o->rate;
	while ((double)load->count < due && load->in_flight < IN_FLIGHT_MAX &&
	       load->count < MESSAGES_AT_MOST)
		send_one(load);
}

static bool is_done(const struct load *load, int64_t now)
{
	int64_t end = load->began + load->options->lasts * NS_PER_MS;
	bool answered = load->taken == load->count &&
	                (!wants_acks(load) || load->acked == load->count);
	return now >= end && (answered || now >= end + load->options->wait * NS_PER_MS);
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct figures {
	uint32_t count;
	double p50, p99, max; /* ms */
};

static struct figures figures_of(const struct load *load, bool acked)
{
	int64_t *took = NEW_ARRAY(int64_t, load->count + 1);
	struct figures f = {0};
	for (uint32_t i = 0; i < load->count; i++) {
		int64_t end = acked ? load->sent[i].acked : load->sent[i].taken;
		if (end)
			took[f.count++] = end - load->sent[i].at;
	}
	qsort(took, f.count, sizeof *took, by_size);
	if (f.count) {
		uint32_t half = f.count / 2, hundredth = f.count / 100;
		f.p50 = (double)took[half] / 1e6;
		f.p99 = (double)took[f.count - 1 - hundredth] / 1e6;
		f.max = (double)took[f.count - 1] / 1e6;
	}
	free(took);
	return f;
}

static void put_figures(struct text *out, const char *name, struct figures f)
{
	json_open(out, name, '{');
	json_put_int(out, "count", f.count);
	json_put_number(out, "p50_ms", f.p50);
	json_put_number(out, "p99_ms", f.p99);
	json_put_number(out, "max_ms", f.max);
	json_close(out, '}');
}

static void print_line(const char *what, struct figures f)
{
	printf("%-28s %u, p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", what, f.count, f.p50, f.p99,
	       f.max);
}

static void print_figures(const struct load *load, int64_t now)
{
	double took = (double)(now - load->began) / 1e9;
	struct figures taken = figures_of(load, false), acked = figures_of(load, true);
	if (load->options->json) {
		struct text out = {0};
		json_open(&out, NULL, '{');
		json_put_string(&out, "as", load->options->system->name);
		json_put_int(&out, "devices", load->options->devices);
		json_put_int(&out, "sent", load->count);
		json_put_number(&out, "seconds", took);
		put_figures(&out, "taken_by_the_broker", taken);
		if (wants_acks(load))
			put_figures(&out, "acknowledged", acked);
		json_close(&out, '}');
		printf("%s\n", text_get(&out));
		text_finish(&out);
		return;
	}
	printf("%u messages of %u devices as %s in %.1f s (%.1f/s)\n", load->count,
	       load->options->devices, load->options->system->name, took,
	       took > 0 ? load->count / took : 0);
	print_line("taken by the broker:", taken);
	if (wants_acks(load))
		print_line("acknowledged by the service:", acked);
}

/* Each second; over itself on a terminal, else a line every ten. */
static void tell(struct load *load, int64_t now)
{
	bool terminal = isatty(STDERR_FILENO);
	if (now - load->told < (terminal ? 1000 : 10000) * NS_PER_MS)
		return;
	load->told = now;
	load->tells = terminal;
	fprintf(stderr, "%s%.0f s: %u sent, %u taken by the broker", terminal ? "\r" : "",
	        (double)(now - load->began) / 1e9, load->count, load->taken);
	if (wants_acks(load))
		fprintf(stderr, ", %u acknowledged", load->acked);
	fprintf(stderr, terminal ? "   " : "\n");
}

/* ---- all of it ---- */

static int connect_to(struct load *load, struct problem *why)
{
	char id[CLIENT_ID_ROOM];
	const struct sender_options *login = &load->options->login;
	client_id_make(id);
	int r = client_make(login, id, load, &load->client, why);
	if (r < 0)
		return r;
	mosquitto_int_option(load->client, MOSQ_OPT_SEND_MAXIMUM, IN_FLIGHT_MAX);
	mosquitto_connect_callback_set(load->client, on_connect);
	mosquitto_subscribe_callback_set(load->client, on_subscribe);
	mosquitto_publish_callback_set(load->client, on_publish);
	mosquitto_message_callback_set(load->client, on_message);
	int rc = mosquitto_connect(load->client, login->broker.host, login->broker.port,
	                           KEEPALIVE_S);
	if (rc)
		return problem_set(why, -ECONNREFUSED, "the broker %s:%d: %s", login->broker.host,
		                   login->broker.port,
		                   rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
	int64_t until = now_ns() + load->options->wait * NS_PER_MS;
	while (!load->ready && !load->refused && now_ns() < until)
		if (mosquitto_loop(load->client, 100, 1) != MOSQ_ERR_SUCCESS)
			break;
	if (load->ready)
		return 0;
	return problem_set(why, -ECONNREFUSED, "%s",
	                   *load->trouble ? load->trouble : "the broker does not answer");
}

static int drive(struct load *load, struct problem *why)
{
	int64_t now = load->began = load->told = now_ns();
	for (; !is_done(load, now); now = now_ns()) {
		send_due(load, now);
		tell(load, now);
		int rc = mosquitto_loop(load->client, 1, 1);
		if (rc)
			return problem_set(why, -ECONNRESET,
			                   "the connection to the broker broke: %s",
			                   mosquitto_strerror(rc));
	}
	if (load->tells)
		fprintf(stderr, "\n");
	print_figures(load, now);
	uint32_t answered = wants_acks(load) ? load->acked : load->taken;
	if (answered == load->count)
		return 0;
	return problem_set(why, -ETIMEDOUT, "%u of %u %s", load->count - answered, load->count,
	                   wants_acks(load) ? "not acknowledged: is tocsind running, and does its "
	                                      "site file have these devices (see --lines)?"
	                                    : "not taken by the broker");
}

int load_run(const struct load_options *options, struct problem *why)
{
	struct load load = {.options = options,
	                    .by_mid = NEW_ARRAY(uint32_t, 65536),
	                    .alarmed = NEW_ARRAY(bool, options->devices)};
	load.run = (uint32_t)now_ns() ^ (uint32_t)getpid() << 16;
	mosquitto_lib_init();
	int r = connect_to(&load, why);
	if (r == 0)
		r = drive(&load, why);
	if (load.client)
		mosquitto_disconnect(load.client);
	mosquitto_destroy(load.client);
	mosquitto_lib_cleanup();
	free(load.sent);
	free(load.by_mid);
	free(load.alarmed);
	return r;
}
