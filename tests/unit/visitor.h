/* A real HTTP server over a real store and the real core, on one loop with a client made of bare
 * sockets, so that a test says to the byte what is sent and when it goes away.
 *
 *     visit_begin(&v);
 *     happen(&v, "smoke-301", KIND_SMOKE);
 *     expect(&v, 200, get(&v, "/api/v1/incidents", "operator"), "\"kind\":\"fire\"");
 */
#ifndef TOCSIN_TESTS_VISITOR_H
#define TOCSIN_TESTS_VISITOR_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "story.h"

#include "base/mem.h"
#include "base/password.h"
#include "review/http.h"
#include "review/link.h"

#define WAITING_MAX 16
/* Of "correct horse", as cheap to try as is taken: a busy machine runs many tests. */
#define HASH_OF_CORRECT_HORSE                                                                      \
	"scrypt$14$8$1$AAECAwQFBgcICQoLDA0ODw$JbN2hANm9NOw4h5BRHZnbjzQ6Jr0QwNWojTOC2WgIbU"
#define PATIENCE 60000 /* ms; longer means broken, not slow */

struct waiting { /* an operation that was handed in and is not committed */
	struct operation operation;
	struct arena arena;
	operation_done done;
	void *ctx;
};

struct visits {
	char folder[64];
	uv_loop_t loop;
	struct site_def *def;
	struct site *site;
	struct store *store;
	struct plan plan;
	struct moment now;
	struct http_server *server;
	struct access_token tokens[3];
	struct access_user users[2];
	struct text hash; /* of "correct horse" */
	struct http_options options;
	struct review_service service;
	struct waiting waiting[WAITING_MAX];
	uint32_t waiting_count, submitted;
	bool hold;       /* operations wait for commit_waiting */
	bool disk_fails; /* what is done stays in memory until the_disk_is_back */
	struct held_memory {
		char *what, *key, *value;
		wall_ms until;
	} memories[WAITING_MAX];
	uint32_t memory_count;
	bool not_ready;
	uint32_t asked; /* whether it is ready */
	struct text got;
};

/* ---- the service ---- */

static void commit_turn(struct visits *v)
{
	struct problem why = {""};
	struct site_turn site_turn = {v->site, &v->plan};
	struct turn turn = {.sites = &site_turn, .count = 1, .anchor = {.moment = v->now}};
	if (store_commit(v->store, &turn, &why) != 0)
		fail_msg("commit: %s", why.text);
}

static void finish_turn(struct visits *v)
{
	plan_reset(&v->plan, v->site);
	site_settle(v->site);
	v->now.wall += 1000;
	v->now.steady += 1000;
	if (v->server)
		http_committed(v->server);
}

static void happen_event(struct visits *v, const struct event *event)
{
	struct problem why = {""};
	assert_int_equal(site_apply(v->site, event, v->now, &v->plan, &why), 0);
	commit_turn(v);
	finish_turn(v);
}

static inline void happen(struct visits *v, const char *device, enum kind kind)
{
	happen_event(v,
	             &(struct event){.type = EVENT_SIGNAL,
	                             .signal = {.device = device, .kind = kind, .active = true}});
}

static inline void commit_waiting(struct visits *v)
{
	for (uint32_t i = 0; i < v->waiting_count; i++) {
		struct waiting *w = &v->waiting[i];
		struct problem why = {""};
		struct event event = {.type = EVENT_OPERATION, .operation = w->operation};
		v->plan.answer = NULL;
		v->plan.made = NULL;
		int r = site_apply(v->site, &event, v->now, &v->plan, &why);
		if (!v->disk_fails)
			commit_turn(v);
		else if (r == 0)
			r = problem_set(&why, -EINPROGRESS, "the disk is full");
		w->done(w->ctx, r, v->plan.answer, v->plan.made, v->def->id, &why);
		if (!v->disk_fails)
			finish_turn(v);
		arena_finish(&w->arena);
	}
	v->waiting_count = 0;
}

static int service_submit(void *ctx, const char *site_id, const struct operation *op,
                          operation_done done, void *done_ctx)
{
	struct visits *v = ctx;
	if (strcmp(site_id, v->def->id) != 0)
		return -ENOENT;
	assert_true(v->waiting_count < WAITING_MAX);
	struct waiting *w = &v->waiting[v->waiting_count++];
	*w = (struct waiting){.operation = *op, .done = done, .ctx = done_ctx};
	w->operation.by = arena_copy(&w->arena, op->by);
	w->operation.via = arena_copy(&w->arena, op->via);
	w->operation.incident = arena_copy(&w->arena, op->incident);
	w->operation.note = arena_copy(&w->arena, op->note);
	w->operation.to = arena_copy(&w->arena, op->to);
	w->operation.zone = arena_copy(&w->arena, op->zone);
	w->operation.device = arena_copy(&w->arena, op->device);
	w->operation.standing = arena_copy(&w->arena, op->standing);
	v->submitted++;
	if (!v->hold)
		commit_waiting(v);
	return 0;
}

static void hold_memory(struct visits *v, const struct remembered *one)
{
	assert_true(v->memory_count < WAITING_MAX);
	v->memories[v->memory_count++] = (struct held_memory){
	        mem_copy(one->what), mem_copy(one->key), mem_copy(one->value), one->until};
}

static void service_remember(void *ctx, const struct remembered *one, operation_done done,
                             void *done_ctx)
{
	struct visits *v = ctx;
	struct problem why = {""};
	if (v->disk_fails) {
		assert_null(done);
		hold_memory(v, one);
		return;
	}
	struct turn turn = {.anchor = {.moment = v->now}, .remembered = one, .remembered_count = 1};
	if (store_commit(v->store, &turn, &why) != 0)
		fail_msg("commit: %s", why.text);
	if (done)
		done(done_ctx, 0, NULL, NULL, NULL, &why);
}

static inline void the_disk_is_back(struct visits *v)
{
	v->disk_fails = false;
	commit_turn(v);
	for (uint32_t i = 0; i < v->memory_count; i++) {
		struct held_memory *m = &v->memories[i];
		service_remember(v,
		                 &(struct remembered){.what = m->what,
		                                      .key = m->key,
		                                      .value = m->value,
		                                      .until = m->until},
		                 NULL, NULL);
		free(m->what);
		free(m->key);
		free(m->value);
	}
	v->memory_count = 0;
	finish_turn(v);
}

static const struct site *service_site(void *ctx, const char *id)
{
	struct visits *v = ctx;
	return strcmp(id, v->def->id) == 0 ? v->site : NULL;
}

static const struct site *service_site_at(void *ctx, uint32_t i)
{
	return i == 0 ? ((struct visits *)ctx)->site : NULL;
}

static struct moment service_now(void *ctx)
{
	return ((struct visits *)ctx)->now;
}

static bool service_ready(void *ctx, struct problem *why)
{
	struct visits *v = ctx;
	v->asked++;
	if (v->not_ready)
		problem_set(why, 0, "no connection to the broker");
	else if (v->disk_fails)
		problem_set(why, 0, "the record cannot be written: the disk is full");
	return !v->not_ready && !v->disk_fails;
}

static bool service_connected(void *ctx)
{
	return !((struct visits *)ctx)->not_ready;
}

static void service_metrics(void *ctx, struct text *out)
{
	(void)ctx;
	text_add(out, "tocsin_test 1\n");
}

static void add_token(struct visits *v, uint32_t i, const char *token, enum role role)
{
	struct sha256 *sha = sha256_create();
	v->tokens[i] = (struct access_token){.name = token, .role = role};
	sha256_begin(sha);
	sha256_add(sha, token, strlen(token));
	sha256_end(sha, v->tokens[i].hash);
	sha256_destroy(sha);
}

static void serve(struct visits *v)
{
	struct problem why = {""};
	add_token(v, 0, "viewer", ROLE_VIEWER);
	add_token(v, 1, "operator", ROLE_OPERATOR);
	add_token(v, 2, "admin", ROLE_ADMIN);
	v->options = (struct http_options){.host = "127.0.0.1",
	                                   .public_url = "http://127.0.0.1",
	                                   .tokens = v->tokens,
	                                   .token_count = 3,
	                                   .users = v->users,
	                                   .user_count = 2,
	                                   .streams_max = 64};
	text_reset(&v->hash);
	text_add(&v->hash, HASH_OF_CORRECT_HORSE);
	v->users[0] = (struct access_user){"li", "li", ROLE_OPERATOR, text_get(&v->hash)};
	v->users[1] = (struct access_user){"office", NULL, ROLE_VIEWER, text_get(&v->hash)};
	v->service = (struct review_service){.ctx = v,
	                                     .store = v->store,
	                                     .link_key = {42},
	                                     .submit = service_submit,
	                                     .remember = service_remember,
	                                     .site = service_site,
	                                     .site_at = service_site_at,
	                                     .now = service_now,
	                                     .ready = service_ready,
	                                     .broker_connected = service_connected,
	                                     .store_writable = service_ready,
	                                     .metrics = service_metrics};
	if (http_open(&v->loop, &v->options, &v->service, &v->server, &why) != 0)
		fail_msg("%s", why.text);
}

static inline void visit_begin(struct visits *v)
{
	struct problem why = {""};
	*v = (struct visits){.now = {.wall = STORY_START, .steady = 1000}};
	snprintf(v->folder, sizeof v->folder, "/tmp/tocsin-http-XXXXXX");
	assert_non_null(mkdtemp(v->folder));
	char path[96];
	snprintf(path, sizeof path, "%s/test.db", v->folder);
	uv_loop_init(&v->loop);
	v->def = story_def();
	v->def->devices[0].name = "<script>alert('x')</script>&\"";
	v->site = site_create(v->def);
	if (store_open(path, STORE_WRITE, &v->store, &why) != 0 ||
	    store_load_site(v->store, v->site, &why) != 0)
		fail_msg("%s", why.text);
	happen_event(v,
	             &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	serve(v);
}

static inline void stop_serving(struct visits *v)
{
	http_close(v->server);
	v->server = NULL;
	uv_run(&v->loop, UV_RUN_DEFAULT);
}

static inline void visit_end(struct visits *v)
{
	stop_serving(v);
	assert_int_equal(uv_loop_close(&v->loop), 0);
	plan_finish(&v->plan);
	site_destroy(v->site);
	store_close(v->store);
	site_def_destroy(v->def);
	text_finish(&v->got);
	text_finish(&v->hash);
	char command[128];
	snprintf(command, sizeof command, "rm -r '%s'", v->folder);
	assert_int_equal(system(command), 0);
}

/* ---- the client ---- */

struct caller {
	struct visits *v;
	int fd;
	uv_poll_t poll;
	struct text got;
	bool ended, closed;
};

static void on_patience_over(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void on_caller(uv_poll_t *poll, int status, int events)
{
	struct caller *c = poll->data;
	char bytes[65536];
	(void)status, (void)events;
	for (ssize_t n; (n = recv(c->fd, bytes, sizeof bytes, 0)) != -1;) {
		if (n == 0) {
			c->ended = true;
			uv_poll_stop(poll);
			return;
		}
		text_add_len(&c->got, bytes, (size_t)n);
	}
	if (errno != EAGAIN) {
		c->ended = true;
		uv_poll_stop(poll);
	}
}

static inline void say_bytes(struct caller *c, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return; /* cut off: what was answered is there to be read */
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		if (len)
			uv_run(&c->v->loop, UV_RUN_NOWAIT);
	}
}

static inline void call_up(struct visits *v, struct caller *c)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	                         .sin_port = htons((uint16_t)http_port(v->server)),
	                         .sin_addr = {htonl(INADDR_LOOPBACK)}};
	*c = (struct caller){.v = v,
	                     .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
	/* A signal cuts a connect short that waits, and libFuzzer's watch sends one every 16 s. */
	if (connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0)
		assert_int_equal(errno, EINPROGRESS);
	struct pollfd there = {.fd = c->fd, .events = POLLOUT};
	for (int ready; (ready = poll(&there, 1, PATIENCE)) != 1;)
		assert_true(ready == -1 && errno == EINTR);
	int refused = 0;
	socklen_t len = sizeof refused;
	assert_int_equal(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &refused, &len), 0);
	assert_int_equal(refused, 0);
	uv_poll_init(&v->loop, &c->poll, c->fd);
	c->poll.data = c;
	uv_poll_start(&c->poll, UV_READABLE, on_caller);
}

/* Runs the loop until the caller has got this text; NULL: until the connection has ended. */
static inline void wait_for(struct caller *c, const char *wanted)
{
	bool over = false;
	uv_timer_t patience;
	uv_timer_init(&c->v->loop, &patience);
	patience.data = &over;
	uv_timer_start(&patience, on_patience_over, PATIENCE, 0);
	while (!over && !c->ended && !(wanted && strstr(text_get(&c->got), wanted)))
		uv_run(&c->v->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&patience, NULL);
	uv_run(&c->v->loop, UV_RUN_NOWAIT);
	if (over || (wanted && !strstr(text_get(&c->got), wanted)))
		fail_msg("waited in vain for '%s'; got: %s", wanted ? wanted : "the end",
		         text_get(&c->got));
}

static inline void wait_for_submitted(struct visits *v, uint32_t count)
{
	while (v->submitted < count)
		uv_run(&v->loop, UV_RUN_ONCE);
}

static void on_caller_closed(uv_handle_t *handle)
{
	((struct caller *)handle->data)->closed = true;
}

static inline void hang_up(struct caller *c)
{
	uv_close((uv_handle_t *)&c->poll, on_caller_closed);
	close(c->fd);
	while (!c->closed)
		uv_run(&c->v->loop, UV_RUN_NOWAIT);
	text_finish(&c->got);
}

static inline void say_request(struct caller *c, const char *method, const char *path,
                               const char *token, const char *more, const char *body)
{
	struct text request = {0};
	text_addf(&request, "%s %s HTTP/1.1\r\nHost: t\r\nConnection: close\r\n", method, path);
	if (token)
		text_addf(&request, "Authorization: Bearer %s\r\n", token);
	if (body)
		text_addf(&request, "Content-Length: %zu\r\n", strlen(body));
	text_addf(&request, "%s\r\n%s", more ? more : "", body ? body : "");
	say_bytes(c, request.at, request.len);
	text_finish(&request);
}

/* The whole answer, head and body; valid until the next call. */
static inline const char *ask(struct visits *v, const char *method, const char *path,
                              const char *token, const char *more, const char *body)
{
	struct caller c;
	call_up(v, &c);
	say_request(&c, method, path, token, more, body);
	wait_for(&c, NULL);
	text_reset(&v->got);
	text_add(&v->got, text_get(&c.got));
	hang_up(&c);
	return v->got.at;
}

static inline const char *get(struct visits *v, const char *path, const char *token)
{
	return ask(v, "GET", path, token, NULL, NULL);
}

static inline const char *post(struct visits *v, const char *path, const char *token,
                               const char *body)
{
	return ask(v, "POST", path, token, "Content-Type: application/json\r\n", body);
}

static inline void expect(int status, const char *answer, const char *part)
{
	char line[32];
	snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
	if (strncmp(answer, line, strlen(line)) != 0 || (part && !strstr(answer, part)))
		fail_msg("wanted %d with '%s'; got:\n%s", status, part ? part : "", answer);
	if (status >= 400 && strstr(answer, "application/problem+json") &&
	    !strstr(answer, "\"detail\":\""))
		fail_msg("a problem without detail:\n%s", answer);
}

/* The number after "name":  in an answer. */
static inline long number_in(const char *answer, const char *name)
{
	const char *at = strstr(answer, name);
	assert_non_null(at);
	return strtol(at + strlen(name), NULL, 10);
}

#endif
