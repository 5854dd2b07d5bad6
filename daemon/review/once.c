#include "review/once.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"

#define KEPT 256
#define KEY_MAX 255

#define WHAT "answer"
#define VALUE_MAX ((size_t)64 * 1024) /* of an answer that is kept over a restart */
#define DIGEST_TEXT (2 * SHA256_LEN + 1)

struct answer_kept {
	char key[DIGEST_TEXT];     /* of who asked and their key; "" free */
	char request[DIGEST_TEXT]; /* of all that was asked for */
	wall_ms until;
	struct exchange *under_way; /* NULL once it is answered */
	bool acted;                 /* something was handed in */
	bool held;                  /* it is done, and not written yet */
	unsigned status;            /* 0: nobody was there to be told, or we ended */
	char *location;
	struct text body;
};

struct once {
	struct answer_kept kept[KEPT];
	uint32_t next, loaded;
	uint32_t held;
};

static void drop(struct answer_kept *kept)
{
	text_finish(&kept->body);
	free(kept->location);
	*kept = (struct answer_kept){0};
}

/* ---- over a restart ---- */

static void remember(const struct exchange *ex, const struct answer_kept *kept)
{
	const struct review_service *service = &ex->server->service;
	struct text value = {0};
	if (!service->remember)
		return;
	json_open(&value, NULL, '{');
	json_put_string(&value, "request", kept->request);
	if (kept->status && kept->body.len <= VALUE_MAX) {
		json_put_int(&value, "status", kept->status);
		json_put_string(&value, "location", kept->location);
		json_put_string(&value, "body", text_get(&kept->body));
	}
	json_close(&value, '}');
	service->remember(service->ctx,
	                  &(struct remembered){.what = WHAT,
	                                       .key = kept->key,
	                                       .until = kept->until,
	                                       .value = text_get(&value)},
	                  NULL, NULL);
	text_finish(&value);
}

/* What was handed in was refused: the key is free again, also after a restart. */
static void remember_no_more(const struct exchange *ex, const struct answer_kept *kept)
{
	const struct review_service *service = &ex->server->service;
	if (service->remember)
		service->remember(service->ctx,
		                  &(struct remembered){.what = WHAT,
		                                       .key = kept->key,
		                                       .until = service->now(service->ctx).wall,
		                                       .value = "{}"},
		                  NULL, NULL);
}

static bool load(void *ctx, const struct remembered *one)
{
	struct once *once = ctx;
	struct answer_kept *kept = &once->kept[once->loaded];
	struct problem why;
	cJSON *value = NULL;
	if (json_parse(one->value, strlen(one->value), &value, &why) < 0)
		return true;
	const char *request = json_string(value, "request"), *body = json_string(value, "body");
	const char *location = json_string(value, "location");
	const cJSON *status = json_get(value, "status");
	if (request) {
		snprintf(kept->key, sizeof kept->key, "%s", one->key);
		snprintf(kept->request, sizeof kept->request, "%s", request);
		kept->until = one->until;
		kept->status = status && cJSON_IsNumber(status) ? (unsigned)status->valueint : 0;
		kept->location = location ? mem_copy(location) : NULL;
		text_add(&kept->body, body ? body : "");
		once->loaded++;
	}
	cJSON_Delete(value);
	return once->loaded < KEPT;
}

struct once *once_create(const struct review_service *service)
{
	struct once *once = NEW(struct once);
	(void)!store_remembered(service->store, WHAT, service->now(service->ctx).wall, load, once);
	once->next = once->loaded % KEPT;
	return once;
}

void once_destroy(struct once *once)
{
	for (uint32_t i = 0; once && i < KEPT; i++)
		drop(&once->kept[i]);
	free(once);
}

static void digest(const char *what, const char *a, const char *b, const struct text *c,
                   char out[DIGEST_TEXT])
{
	uint8_t mac[SHA256_LEN];
	struct text all = {0}, hex = {0};
	text_addf(&all, "%zu:%s%zu:%s", strlen(a), a, strlen(b), b);
	if (c)
		text_add_len(&all, text_get(c), c->len);
	crypto_hmac_sha256(what, strlen(what), all.at, all.len, mac);
	text_add_hex(&hex, mac, sizeof mac);
	memcpy(out, text_get(&hex), DIGEST_TEXT);
	text_finish(&all);
	text_finish(&hex);
}

/* ---- the answers ---- */

static void give_again(struct exchange *ex, const struct answer_kept *kept)
{
	struct text copy = {0};
	text_add_len(&copy, text_get(&kept->body), kept->body.len);
	exchange_answer(ex, kept->status,
	                kept->status < 400 ? "application/json" : "application/problem+json",
	                &copy);
	if (kept->location)
		exchange_add_header(ex, "Location", kept->location);
	exchange_add_header(ex, "Idempotency-Replayed", "true");
}

static void answer_held(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct problem why = {""};
	(void)!service->ready(service->ctx, &why);
	exchange_held(ex, why.text);
}

static bool answer_from(struct exchange *ex, const struct answer_kept *kept,
                        const char request[DIGEST_TEXT])
{
	if (strcmp(kept->request, request) != 0)
		exchange_problem(ex, 422,
		                 "this Idempotency-Key stood for another request; take a new one");
	else if (kept->held)
		answer_held(ex);
	else if (kept->under_way)
		exchange_problem(ex, 409, "the same request is under way; ask again in a second");
	else if (!kept->status)
		exchange_problem(ex, 409,
		                 "this request was taken, but what came of it could not be told: "
		                 "look, and take a new key if it is to be done again");
	else
		give_again(ex, kept);
	return true;
}

/* The next place whose answer is there and written; those under way are few. */
static struct answer_kept *free_place(struct once *once)
{
	for (uint32_t i = 0; i < KEPT; i++) {
		struct answer_kept *kept = &once->kept[once->next];
		once->next = (once->next + 1) % KEPT;
		if (!kept->under_way && !kept->held) {
			drop(kept);
			return kept;
		}
	}
	return NULL;
}

static enum MHD_Result add_parameter(void *ctx, enum MHD_ValueKind kind, const char *key,
                                     size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	text_addf(ctx, "%zu:%s%zu:%s", key_len, key, value_len, value ? value : "");
	return MHD_YES;
}

/* Of method, path, parameters and body. */
static void digest_request(const struct exchange *ex, char out[DIGEST_TEXT])
{
	struct text rest = {0};
	MHD_get_connection_values_n(ex->connection, MHD_GET_ARGUMENT_KIND, add_parameter, &rest);
	text_add_char(&rest, '\n');
	text_add_len(&rest, text_get(&ex->body), ex->body.len);
	digest("request", ex->route->method, ex->path, &rest, out);
	text_finish(&rest);
}

bool once_answers(struct once *once, struct exchange *ex)
{
	const char *key = exchange_header(ex, "Idempotency-Key");
	const struct review_service *service = &ex->server->service;
	wall_ms now = service->now(service->ctx).wall;
	char id[DIGEST_TEXT], request[DIGEST_TEXT];
	if (!key || strcmp(ex->route->method, "GET") == 0 || ex->route->role == ROLE_NONE)
		return false;
	if (!*key || strlen(key) > KEY_MAX) {
		exchange_problem(ex, 400, "Idempotency-Key: 1 to %d bytes", KEY_MAX);
		return true;
	}
	digest("key", ex->grant.name, key, NULL, id);
	digest_request(ex, request);
	for (uint32_t i = 0; i < KEPT; i++) {
		struct answer_kept *kept = &once->kept[i];
		if (now < kept->until && strcmp(kept->key, id) == 0)
			return answer_from(ex, kept, request);
	}
	ex->kept = free_place(once);
	if (!ex->kept)
		return false;
	*ex->kept = (struct answer_kept){.until = now + DAYS(1), .under_way = ex};
	memcpy(ex->kept->key, id, sizeof id);
	memcpy(ex->kept->request, request, sizeof request);
	return false;
}

void once_acts(struct exchange *ex)
{
	if (!ex->kept)
		return;
	ex->kept->acted = true;
	remember(ex, ex->kept);
}

static void keep_answer(struct answer_kept *kept, struct exchange *ex)
{
	const char *location = MHD_get_response_header(ex->response, "Location");
	kept->status = ex->status;
	kept->location = location ? mem_copy(location) : NULL;
	kept->body = ex->answered;
	ex->answered = (struct text){0};
}

void once_hold(struct once *once, struct exchange *ex)
{
	struct answer_kept *kept = ex->kept;
	ex->kept = NULL;
	kept->under_way = NULL;
	kept->held = true;
	once->held++;
	keep_answer(kept, ex);
	remember(ex, kept);
}

void once_recorded(struct once *once)
{
	for (uint32_t i = 0; once->held && i < KEPT; i++) {
		once->held -= once->kept[i].held;
		once->kept[i].held = false;
	}
}

void once_keep(struct once *once, struct exchange *ex)
{
	struct answer_kept *kept = ex->kept;
	(void)once;
	ex->kept = NULL;
	if (!kept)
		return;
	bool failed = ex->status >= 500 || !ex->answered.len;
	bool refused = ex->status >= 400 && ex->status < 500;
	if (refused && kept->acted)
		remember_no_more(ex, kept);
	if (refused || (failed && !kept->acted)) {
		drop(kept);
		return;
	}
	kept->under_way =
	        NULL; /* what failed and may have been done has no answer to be given again */
	if (failed)
		return;
	keep_answer(kept, ex);
	if (kept->acted)
		remember(ex, kept);
}

void once_forget(struct once *once, struct exchange *ex)
{
	(void)once;
	if (ex->kept && ex->kept->acted)
		ex->kept->under_way = NULL; /* it is done, though nobody waits for the answer */
	else if (ex->kept)
		drop(ex->kept);
	ex->kept = NULL;
}
