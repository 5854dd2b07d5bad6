#include "listen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "config/url.h"
#include "receive/broker.h"

#define PASSWORD_MAX ((size_t)4096)

struct listener {
	uv_loop_t loop;
	uv_check_t check;
	uv_timer_t timer;
	uv_signal_t interrupt, end;
	struct clock clock;
	struct broker *broker;
	const struct live *order;       /* NULL while the first login only asks for a session */
	bool connected, session, ended; /* ended: by a signal */
	struct problem broken;          /* why the broker is not there */
};

/* ---- what the broker says ---- */

static void on_message(void *ctx, const struct broker_message *message)
{
	struct listener *l = ctx;
	struct moment now;
	if (!l->order)
		return;
	clock_now(&l->clock, &now, NULL);
	const struct heard_message heard = {.topic = message->topic,
	                                    .bytes = message->bytes,
	                                    .len = message->len,
	                                    .retained = message->retained,
	                                    .now = now.wall,
	                                    .steady = now.steady};
	if (!l->order->message(l->order->ctx, &heard)) {
		l->order = NULL; /* what else has come is not wanted */
		uv_stop(&l->loop);
	}
}

static void on_connected(void *ctx, bool session_present)
{
	struct listener *l = ctx;
	l->connected = true;
	l->session = session_present;
	if (!l->order)
		uv_stop(&l->loop);
}

static void on_disconnected(void *ctx, const char *why)
{
	struct listener *l = ctx;
	problem_set(&l->broken, -EIO, "%s", why);
	uv_stop(&l->loop);
}

static void on_wants_release(void *ctx)
{
	(void)ctx; /* each time the loop comes round it is done anyhow */
}

/* Nothing that was heard is ever acknowledged. */
static void on_check(uv_check_t *check)
{
	struct listener *l = check->data;
	if (l->broker && !broker_held(l->broker))
		broker_release(l->broker);
}

static void on_timer(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	((struct listener *)handle->data)->ended = true;
	uv_stop(handle->loop);
}

/* ---- a connection ---- */

static const struct broker_callbacks callbacks = {.message = on_message,
                                                  .connected = on_connected,
                                                  .disconnected = on_disconnected,
                                                  .wants_release = on_wants_release};

static int connect_and_run(struct listener *l, const struct broker_options *options,
                           const struct live *order, struct problem *why)
{
	l->order = order;
	l->connected = false;
	l->broken = (struct problem){0};
	int r = broker_open(&l->loop, options, order ? order->filters : NULL,
	                    order ? order->filter_count : 0, &callbacks, l, &l->broker, why);
	if (r < 0)
		return r;
	uv_run(&l->loop, UV_RUN_DEFAULT);
	broker_close(l->broker);
	l->broker = NULL;
	if (*l->broken.text)
		r = problem_set(why, -EIO, "%s", l->broken.text);
	else if (!l->connected && !l->ended)
		r = problem_set(why, -EIO, "the broker did not answer in this time");
	return r;
}

static void begin(struct listener *l, span_ms lasts)
{
	uv_loop_init(&l->loop);
	uv_check_init(&l->loop, &l->check);
	uv_timer_init(&l->loop, &l->timer);
	uv_signal_init(&l->loop, &l->interrupt);
	uv_signal_init(&l->loop, &l->end);
	l->check.data = l->interrupt.data = l->end.data = l;
	uv_check_start(&l->check, on_check);
	uv_signal_start(&l->interrupt, on_signal, SIGINT);
	uv_signal_start(&l->end, on_signal, SIGTERM);
	if (lasts)
		uv_timer_start(&l->timer, on_timer, (uint64_t)lasts, 0);
	clock_start(&l->clock, NULL, NULL);
}

static void finish(struct listener *l)
{
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_close((uv_handle_t *)&l->interrupt, NULL);
	uv_close((uv_handle_t *)&l->end, NULL);
	uv_run(&l->loop, UV_RUN_DEFAULT);
	uv_loop_close(&l->loop);
}

/* ---- the login ---- */

static int read_url(const char *text, struct url *url, struct broker_options *out,
                    struct problem *why)
{
	bool fits = url_parse(text, url) == 0 && !url->has_user &&
	            (strcmp(url->scheme, "mqtt") == 0 || strcmp(url->scheme, "mqtts") == 0) &&
	            (!*url->rest || strcmp(url->rest, "/") == 0);
	if (!fits)
		return problem_set(why, -EINVAL,
		                   "--broker: write mqtt://host:port or mqtts://host:port, without "
		                   "a login");
	bool tls = strcmp(url->scheme, "mqtts") == 0;
	/* The service's login is for its own broker alone. */
	*out = (struct broker_options){.host = url->host,
	                               .port = url->port ? url->port
	                                       : tls     ? 8883
	                                                 : 1883,
	                               .tls = tls,
	                               .ca_file = tls ? out->ca_file : NULL};
	return 0;
}

static int read_password(const char *path, char **out, struct problem *why)
{
	size_t len;
	int r = file_read(path, PASSWORD_MAX, out, &len, NULL);
	if (r < 0)
		return problem_set(why, r, "--password-file %s: %s", path, strerror(-r));
	(*out)[strcspn(*out, "\r\n")] = '\0';
	return 0;
}

static const char *make_id(struct text *id)
{
	uint8_t dice[6];
	crypto_random(dice, sizeof dice);
	text_add(id, "tocsin-try-");
	text_add_hex(id, dice, sizeof dice);
	return text_get(id);
}

int listen_live(void *ctx, const struct live *order, struct problem *why)
{
	const struct service_config *config = ctx;
	struct broker_options options = config->broker;
	struct listener l = {0};
	struct url url;
	struct text id = {0};
	char *password = NULL;
	int r = order->broker ? read_url(order->broker, &url, &options, why) : 0;
	if (r == 0 && order->user) {
		options.username = order->user;
		options.password = NULL;
		options.cert_file = options.key_file = NULL;
	}
	if (r == 0 && order->password_file)
		r = read_password(order->password_file, &password, why);
	if (r < 0)
		return r;
	options.password = password ? password : options.password;
	options.client_id = make_id(&id);
	options.status_topic = NULL;
	options.only_watches = false;
	begin(&l, order->lasts);
	r = connect_and_run(&l, &options, NULL, why);
	if (r == 0 && l.session)
		r = problem_set(
		        why, -EBUSY,
		        "this broker takes the account for the client id, so that listening "
		        "with '%s' would take over its session: give another account with "
		        "--user and --password-file",
		        options.username ? options.username : options.client_id);
	options.only_watches = true;
	if (r == 0 && !l.ended)
		r = connect_and_run(&l, &options, order, why);
	finish(&l);
	text_finish(&id);
	free(password);
	return r;
}
