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
	char request[DIGEST_TEXT]; /* of method, path and body */
	wall_ms until;
	struct exchange *under_way; /* NULL once it is answered */
	bool acted;                 /* something was handed in */
	unsigned status;            /* 0: nobody was there to be told, or we ended */
	char *location;
	struct text body;
};

struct once {
	struct answer_kept kept[KEPT];
	uint32_t next, loaded;
};

static void drop(struct answer_kept *kept)
{
	text_finish(&kept->body);
	free(kept->location);
	*kept = (struct answer_kept){0};
}

/* ---- over a restart ---- */

static void remember(const struct exchange *ex, const struct answer_kept *kept, bool forget)
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
	                                       .until = forget ? 0 : kept->until,
	                                       .value = text_get(&value)},
	                  NULL, NULL);
	text_finish(&value);
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

static bool answer_from(struct exchange *ex, const struct answer_kept *kept,
                        const char request[DIGEST_TEXT])
{
	if (strcmp(kept->request, request) != 0)
		exchange_problem(ex, 422,
		                 "this Idempotency-Key stood for another request; take a new one");
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

/* The next place whose answer is there; those under way are few. */
static struct answer_kept *free_place(struct once *once)
{
	for (uint32_t i = 0; i < KEPT; i++) {
		struct answer_kept *kept = &once->kept[once->next];
		once->next = (once->next + 1) % KEPT;
		if (!kept->under_way) {
			drop(kept);
			return kept;
		}
	}
	return NULL;
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
	digest("request", ex->route->method, ex->path, &ex->body, request);
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
	remember(ex, ex->kept, false);
}

void once_keep(struct once *once, struct exchange *ex)
{
	struct answer_kept *kept = ex->kept;
	(void)once;
	ex->kept = NULL;
	if (!kept)
		return;
	if (ex->status >= 500 || !ex->answered.len) {
		if (kept->acted)
			remember(ex, kept, true);
		drop(kept);
		return;
	}
	const char *location = MHD_get_response_header(ex->response, "Location");
	kept->under_way = NULL;
	kept->status = ex->status;
	kept->location = location ? mem_copy(location) : NULL;
	kept->body = ex->answered;
	ex->answered = (struct text){0};
	if (kept->acted)
		remember(ex, kept, false);
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
