#include "review/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "review/when.h"

/* Outlives the exchange where the client goes first: the owner calls back exactly once. */
struct pending {
	struct exchange *exchange; /* NULL: nobody waits any more */
};

struct exchange *exchange_create(struct http_server *server, struct MHD_Connection *connection,
                                 struct client *client)
{
	struct exchange *ex = NEW(struct exchange);
	ex->server = server;
	ex->connection = connection;
	ex->client = client;
	client->exchange = ex;
	return ex;
}

static void forget_pending(struct exchange *ex)
{
	if (ex->pending)
		ex->pending->exchange = NULL;
	ex->pending = NULL;
	if (ex->finish_ctx && ex->free_finish_ctx)
		ex->free_finish_ctx(ex->finish_ctx);
	ex->finish_ctx = NULL;
}

void exchange_destroy(struct exchange *ex)
{
	if (!ex)
		return;
	forget_pending(ex);
	pace_leave_line(ex);
	if (ex->response)
		MHD_destroy_response(ex->response);
	if (ex->client && ex->client->exchange == ex)
		ex->client->exchange = NULL;
	once_forget(ex->server->once, ex);
	text_finish(&ex->body);
	text_finish(&ex->answered);
	free(ex->id);
	free(ex);
}

/* ---- reading the request ---- */

bool word_in_list(const char *list, const char *word, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		if (n == len && memcmp(list, word, len) == 0)
			return true;
		list += n;
		list += strspn(list, ", ");
	}
	return false;
}

const char *exchange_header(const struct exchange *ex, const char *name)
{
	return MHD_lookup_connection_value(ex->connection, MHD_HEADER_KIND, name);
}

const char *exchange_query(const struct exchange *ex, const char *name)
{
	const char *value = MHD_lookup_connection_value(ex->connection, MHD_GET_ARGUMENT_KIND,
	                                                name);
	return value && *value ? value : NULL;
}

struct query_check {
	struct exchange *ex;
	const char *allowed;
	const char *seen[16];
	size_t count;
};

static enum MHD_Result check_parameter(void *ctx, enum MHD_ValueKind kind, const char *key,
                                       size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	struct query_check *check = ctx;
	struct exchange *ex = check->ex;
	if (!text_is_utf8(key, key_len) || (value && !text_is_utf8(value, value_len))) {
		exchange_problem(ex, 400, "a query parameter is not valid UTF-8 text");
		return MHD_NO;
	}
	if (!word_in_list(check->allowed, key, key_len)) {
		exchange_problem(ex, 400, "unknown parameter '%.64s'; allowed: %s", key,
		                 *check->allowed ? check->allowed : "none");
		return MHD_NO;
	}
	for (size_t i = 0; i < check->count; i++)
		if (strcmp(check->seen[i], key) == 0) {
			exchange_problem(ex, 400, "parameter '%s' is given twice", key);
			return MHD_NO;
		}
	if (check->count < sizeof check->seen / sizeof *check->seen)
		check->seen[check->count++] = key;
	return MHD_YES;
}

bool exchange_query_allowed(struct exchange *ex, const char *allowed)
{
	struct query_check check = {.ex = ex, .allowed = allowed};
	MHD_get_connection_values_n(ex->connection, MHD_GET_ARGUMENT_KIND, check_parameter, &check);
	return !ex->response;
}

const struct timezone_table *exchange_timezone(struct exchange *ex, const char *site_id)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		if (!site_id || strcmp(site->def->id, site_id) == 0)
			return &site->def->timezone;
	return NULL;
}

bool exchange_query_time(struct exchange *ex, const char *name, wall_ms *out)
{
	const char *value = exchange_query(ex, name);
	if (!value)
		return true;
	char stamp[64];
	size_t len = strlen(value);
	wall_ms now = ex->server->service.now(ex->server->service.ctx).wall, at = 0;
	int r = -EINVAL;
	if (len < sizeof stamp) {
		memcpy(stamp, value, len + 1);
		/* An offset's plus that nobody escaped arrives as a blank. */
		if (len > 6 && stamp[len - 6] == ' ' && stamp[len - 3] == ':')
			stamp[len - 6] = '+';
		r = when_parse(stamp, now, exchange_timezone(ex, exchange_query(ex, "site")), &at);
	}
	if (r < 0) {
		exchange_problem(ex, 400, "%s: '%.64s' is no time; allowed: %s", name, value,
		                 WHEN_FORMS);
		return false;
	}
	*out = at;
	return true;
}

bool exchange_query_language(struct exchange *ex, const char **out)
{
	const char *language = exchange_query(ex, "lang");
	*out = NULL;
	if (!language)
		return true;
	if (strncmp(language, "zh", 2) == 0 || strcmp(language, "en") == 0) {
		*out = *language == 'z' ? "zh-CN" : "en";
		return true;
	}
	exchange_problem(ex, 400, "lang: '%.40s' is none; allowed: zh-CN, en", language);
	return false;
}

bool exchange_query_uint(struct exchange *ex, const char *name, uint64_t min, uint64_t max,
                         uint64_t *out)
{
	const char *value = exchange_query(ex, name);
	int64_t n;
	if (!value)
		return true;
	if (text_parse_int(value, &n) < 0 || n < 0 || (uint64_t)n < min || (uint64_t)n > max) {
		exchange_problem(ex, 400, "%s: '%.64s' is not a whole number from %llu to %llu",
		                 name, value, (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	*out = (uint64_t)n;
	return true;
}

struct site_def **exchange_site_defs(const struct exchange *ex, const struct site *only)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	uint32_t count = 0, all = 0;
	while (service->site_at(service->ctx, all))
		all++;
	struct site_def **out = NEW_ARRAY(struct site_def *, (size_t)all + 1);
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		if (!only || only == site)
			out[count++] = (struct site_def *)site->def;
	return out;
}

static void add_site_ids(const struct http_server *server, struct text *out)
{
	const struct review_service *service = &server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		if (i == 10) {
			text_add(out, ", ...");
			return;
		}
		text_addf(out, "%s%s", i ? ", " : "", site->def->id);
	}
}

static void refuse_site(struct exchange *ex, const char *what)
{
	struct text ids = {0};
	add_site_ids(ex->server, &ids);
	exchange_problem(ex, 400, "%s; allowed: %s", what, text_get(&ids));
	text_finish(&ids);
}

const struct site *exchange_named_site(struct exchange *ex, const char *id)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site = service->site(service->ctx, id);
	if (!site) {
		char what[128];
		snprintf(what, sizeof what, "unknown site '%.64s'", id);
		refuse_site(ex, what);
	}
	return site;
}

bool exchange_query_site(struct exchange *ex, const struct site **out)
{
	const char *id = exchange_query(ex, "site");
	*out = id ? exchange_named_site(ex, id) : NULL;
	return !id || *out;
}

const struct site *exchange_only_site(struct exchange *ex, const char *where)
{
	const struct review_service *service = &ex->server->service;
	const struct site *first = service->site_at(service->ctx, 0);
	if (first && !service->site_at(service->ctx, 1))
		return first;
	char what[128];
	snprintf(what, sizeof what, "%s is needed: there is more than one site", where);
	refuse_site(ex, what);
	return NULL;
}

bool exchange_query_one_site(struct exchange *ex, const struct site **out)
{
	if (!exchange_query_site(ex, out))
		return false;
	if (!*out)
		*out = exchange_only_site(ex, "the parameter 'site'");
	return *out != NULL;
}

static bool is_type(const char *type, const char *wanted)
{
	size_t len = strlen(wanted);
	return strncasecmp(type, wanted, len) == 0 && (!type[len] || strchr("; \t", type[len]));
}

/* What `curl -d` says of any body is let through too: who acts carries a bearer token, which no
 * form of a foreign page can send. */
static bool is_json_type(const char *type)
{
	return !type || is_type(type, "application/json") ||
	       is_type(type, "application/x-www-form-urlencoded");
}

/* Why something is done is its note; people write it as its reason too. */
static const char *told_as(const char *member)
{
	return strcmp(member, "reason") == 0 ? "note" : member;
}

bool exchange_by(struct exchange *ex, const char **by)
{
	const char *person = ex->grant.person;
	if (!*by)
		*by = person;
	if (!person || strcmp(*by, person) == 0)
		return true;
	if (ex->grant.role == ROLE_ADMIN) {
		ex->actor = person;
		return true;
	}
	exchange_problem(ex, 403, "by: you have signed in as '%.64s' and act in that name", person);
	return false;
}

/* The body says in whose name, or the session does. */
static bool own_name(struct exchange *ex, cJSON *body)
{
	const cJSON *given = json_get(body, "by");
	const char *by = cJSON_GetStringValue(given);
	if (given && !cJSON_IsNull(given) && !by)
		return true; /* its reader says what is wrong */
	if (!exchange_by(ex, &by))
		return false;
	if (by && !cJSON_GetStringValue(given)) {
		cJSON_DeleteItemFromObjectCaseSensitive(body, "by");
		cJSON_AddStringToObject(body, "by", by);
	}
	return true;
}

cJSON *exchange_body(struct exchange *ex, const char *allowed)
{
	cJSON *body = NULL;
	struct problem why = {""};
	if (!is_json_type(exchange_header(ex, "Content-Type"))) {
		exchange_problem(ex, 415,
		                 "send the body as JSON, with Content-Type: application/json");
		return NULL;
	}
	/* None at all says nothing, as {} does: what is missing in it is named then. */
	bool empty = ex->body.len == 0;
	if (json_parse(empty ? "{}" : ex->body.at, empty ? 2 : ex->body.len, &body, &why) < 0) {
		exchange_problem(ex, 400,
		                 "the body cannot be read: %s; wanted: a JSON object of %s",
		                 why.text, allowed);
		return NULL;
	}
	if (!cJSON_IsObject(body)) {
		exchange_problem(ex, 400, "the body is no JSON object; wanted: an object of %s",
		                 allowed);
		goto refuse;
	}
	const cJSON *member;
	cJSON_ArrayForEach (member, body) {
		const char *name = told_as(member->string);
		if (!word_in_list(allowed, name, strlen(name))) {
			exchange_problem(ex, 400, "unknown member '%.64s'; allowed: %s",
			                 member->string, allowed);
			goto refuse;
		}
		if (json_get(body, member->string) != member) {
			exchange_problem(ex, 400, "member '%s' is given twice", member->string);
			goto refuse;
		}
	}
	if (word_in_list(allowed, "by", 2) && !own_name(ex, body))
		goto refuse;
	return body;
refuse:
	cJSON_Delete(body);
	return NULL;
}

bool exchange_member(struct exchange *ex, const cJSON *body, const char *name, bool required,
                     size_t max, const char **out)
{
	const cJSON *member = json_get(body, name);
	if (!member && strcmp(name, "note") == 0)
		member = json_get(body, "reason");
	*out = NULL;
	if (!member || cJSON_IsNull(member)) {
		if (required)
			exchange_problem(ex, 400, "member '%s' is missing", name);
		return !required;
	}
	const char *value = cJSON_GetStringValue(member);
	if (!value) {
		exchange_problem(ex, 400, "member '%s' must be a text", name);
		return false;
	}
	if (strlen(value) > max) {
		exchange_problem(ex, 400, "member '%s' is longer than %zu bytes", name, max);
		return false;
	}
	if (required && !*value) {
		exchange_problem(ex, 400, "member '%s' is empty", name);
		return false;
	}
	*out = value;
	return true;
}

/* ---- answering ---- */

#define TAGGED_MAX ((size_t)1024 * 1024)

static const struct {
	const char *name, *value;
} safe_headers[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
         "img-src 'self' data:; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
         "frame-ancestors 'none'"},
};

void exchange_add_header(struct exchange *ex, const char *name, const char *value)
{
	/* MHD refuses only what cannot stand in a header; then it is better left out. */
	(void)!MHD_add_response_header(ex->response, name, value);
}

void exchange_replace_header(struct exchange *ex, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof safe_headers / sizeof *safe_headers; i++)
		if (strcmp(safe_headers[i].name, name) == 0)
			(void)!MHD_del_response_header(ex->response, name, safe_headers[i].value);
	exchange_add_header(ex, name, value);
}

static void put_response(struct exchange *ex, unsigned status, const char *content_type,
                         struct MHD_Response *response)
{
	if (!response)
		abort(); /* no memory: the end that base/mem.h would make */
	if (ex->response)
		MHD_destroy_response(ex->response);
	ex->response = response;
	ex->status = status;
	exchange_add_header(ex, "Content-Type", content_type);
	for (size_t i = 0; i < sizeof safe_headers / sizeof *safe_headers; i++)
		exchange_add_header(ex, safe_headers[i].name, safe_headers[i].value);
}

void exchange_answer(struct exchange *ex, unsigned status, const char *content_type,
                     struct text *body)
{
	size_t len = body->len;
	if (ex->kept) {
		text_reset(&ex->answered);
		text_add_len(&ex->answered, text_get(body), len);
	}
	put_response(ex, status, content_type,
	             MHD_create_response_from_buffer(len, text_take(body), MHD_RESPMEM_MUST_FREE));
}

/* Who asks again for what has not changed gets no more than that. */
static bool is_unchanged(struct exchange *ex, const char *tag)
{
	const char *known = exchange_header(ex, "If-None-Match");
	if (!known || !strstr(known, tag))
		return false;
	struct text nothing = {0};
	exchange_answer(ex, 304, "application/json", &nothing);
	exchange_add_header(ex, "ETag", tag);
	return true;
}

static void write_tag(const struct exchange *ex, const void *at, size_t len, char out[40])
{
	uint8_t mac[SHA256_LEN];
	struct text tag = {0};
	crypto_hmac_sha256(ex->server->service.link_key, SHA256_LEN, at, len, mac);
	text_add_char(&tag, '"');
	text_add_base64url(&tag, mac, 16);
	text_add_char(&tag, '"');
	snprintf(out, 40, "%s", text_get(&tag));
	text_finish(&tag);
}

void exchange_json(struct exchange *ex, unsigned status, struct text *body)
{
	char tag[40];
	text_add_char(body, '\n');
	bool tagged = status == 200 && ex->route && strcmp(ex->route->method, "GET") == 0 &&
	              body->len <= TAGGED_MAX;
	if (tagged)
		write_tag(ex, body->at, body->len, tag);
	if (tagged && is_unchanged(ex, tag))
		return;
	exchange_answer(ex, status, "application/json", body);
	if (tagged)
		exchange_add_header(ex, "ETag", tag);
}

void exchange_static(struct exchange *ex, const char *content_type, const void *at, size_t len)
{
	/* MHD only reads a persistent buffer; its signature has no const. */
	void *bytes = (void *)(uintptr_t)at;
	char tag[40];
	write_tag(ex, at, len, tag);
	if (!is_unchanged(ex, tag)) {
		put_response(ex, 200, content_type,
		             MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_PERSISTENT));
		exchange_add_header(ex, "ETag", tag);
	}
}

static const char *status_title(unsigned status)
{
	static const struct {
		unsigned status;
		const char *title;
	} titles[] = {
	        {400, "Bad Request"},
	        {401, "Unauthorized"},
	        {403, "Forbidden"},
	        {404, "Not Found"},
	        {405, "Method Not Allowed"},
	        {409, "Conflict"},
	        {413, "Content Too Large"},
	        {414, "URI Too Long"},
	        {415, "Unsupported Media Type"},
	        {422, "Unprocessable Content"},
	        {429, "Too Many Requests"},
	        {503, "Service Unavailable"},
	};
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Internal Server Error";
}

void exchange_problem(struct exchange *ex, unsigned status, const char *format, ...)
{
	struct problem detail;
	va_list args;
	va_start(args, format);
	vsnprintf(detail.text, sizeof detail.text, format, args);
	va_end(args);
	text_trim_utf8(detail.text);

	struct text body = {0};
	json_open(&body, NULL, '{');
	json_put_string(&body, "type", "about:blank");
	json_put_string(&body, "title", status_title(status));
	json_put_int(&body, "status", status);
	json_put_string(&body, "detail", detail.text);
	json_close(&body, '}');
	text_add_char(&body, '\n');
	exchange_answer(ex, status, "application/problem+json", &body);
}

void exchange_unreadable(struct exchange *ex, int result)
{
	exchange_problem(ex, 503, "the store cannot be read now: %s", strerror(-result));
	exchange_add_header(ex, "Retry-After", "5");
}

void exchange_held(struct exchange *ex, const char *why)
{
	exchange_problem(ex, 503,
	                 "this was taken and counts; it will be recorded as soon as the record can "
	                 "be written: do not repeat it (%s)",
	                 why);
	/* Under a key repeating it does nothing but ask. */
	if (exchange_header(ex, "Idempotency-Key"))
		exchange_add_header(ex, "Retry-After", "5");
}

/* ---- handing in ---- */

void exchange_suspend(struct exchange *ex)
{
	ex->suspended = true;
	ex->client->deadline = 0;
	MHD_suspend_connection(ex->connection);
}

void exchange_resume(struct exchange *ex)
{
	if (!ex->suspended)
		return;
	ex->suspended = false;
	MHD_resume_connection(ex->connection);
	server_kick(ex->server);
}

static void operation_ended(void *ctx, int result, const struct incident *incident,
                            const struct standing *made, const char *site_id,
                            const struct problem *why)
{
	static const struct problem nothing;
	struct pending *pending = ctx;
	struct exchange *ex = pending->exchange;
	free(pending);
	if (!ex)
		return;
	ex->pending = NULL;
	ex->made = made;
	if (result == -EINPROGRESS && ex->kept) {
		ex->finish(ex, 0, incident, site_id, &nothing);
		once_hold(ex->server->once, ex);
	}
	ex->finish(ex, result, incident, site_id, why ? why : &nothing);
	once_keep(ex->server->once, ex);
	forget_pending(ex);
	exchange_resume(ex);
}

/* Asleep before it is handed in: the answer may come from within the call. */
static struct pending *wait_for_commit(struct exchange *ex, exchange_finish finish)
{
	struct pending *pending = NEW(struct pending);
	pending->exchange = ex;
	ex->pending = pending;
	ex->finish = finish;
	ex->pending_until = server_now(ex->server) + OPERATION_WITHIN;
	exchange_suspend(ex);
	return pending;
}

void exchange_remember(struct exchange *ex, const struct remembered *one, exchange_finish finish)
{
	const struct review_service *service = &ex->server->service;
	struct pending *pending = wait_for_commit(ex, finish);
	if (service->remember)
		service->remember(service->ctx, one, operation_ended, pending);
	else
		operation_ended(pending, 0, NULL, NULL, NULL, NULL);
}

void exchange_submit(struct exchange *ex, const char *site_id, const struct operation *operation,
                     exchange_finish finish, void *ctx, void (*free_ctx)(void *))
{
	const struct review_service *service = &ex->server->service;
	struct operation own = *operation;
	own.actor = ex->actor;
	ex->finish_ctx = ctx;
	ex->free_finish_ctx = free_ctx;
	once_acts(ex);
	struct pending *pending = wait_for_commit(ex, finish);
	int r = service->submit(service->ctx, site_id, &own, operation_ended, pending);
	if (r < 0) {
		struct problem why;
		problem_set(&why, r, "site %s is not served any more", site_id);
		operation_ended(pending, r, NULL, NULL, site_id, &why);
	}
}

void exchange_watch(struct exchange *ex)
{
	struct problem why;
	if (!ex->pending || server_now(ex->server) < ex->pending_until)
		return;
	ex->pending->exchange = NULL;
	ex->pending = NULL;
	problem_set(&why, 0,
	            "not confirmed in time: it may still take effect; look before you try again, "
	            "which is harmless");
	ex->finish(ex, -ETIMEDOUT, NULL, NULL, &why);
	forget_pending(ex);
	exchange_resume(ex);
}
