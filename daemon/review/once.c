#include "review/once.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"

#define KEPT 256
#define KEY_MAX 255
#define DAY ((uint64_t)DAYS(1))

struct answer_kept {
	uint8_t key[SHA256_LEN];     /* of who asked and their key */
	uint8_t request[SHA256_LEN]; /* of method, path and body */
	uint64_t at;                 /* 0: free */
	struct exchange *under_way;  /* NULL once it is answered */
	unsigned status;
	char *location;
	struct text body;
};

struct once {
	struct answer_kept kept[KEPT];
	uint32_t next;
};

struct once *once_create(void)
{
	return NEW(struct once);
}

static void drop(struct answer_kept *kept)
{
	text_finish(&kept->body);
	free(kept->location);
	*kept = (struct answer_kept){0};
}

void once_destroy(struct once *once)
{
	for (uint32_t i = 0; once && i < KEPT; i++)
		drop(&once->kept[i]);
	free(once);
}

static void digest(const char *what, const char *a, const char *b, const struct text *c,
                   uint8_t out[SHA256_LEN])
{
	struct text all = {0};
	text_addf(&all, "%zu:%s%zu:%s", strlen(a), a, strlen(b), b);
	if (c)
		text_add_len(&all, text_get(c), c->len);
	crypto_hmac_sha256(what, strlen(what), all.at, all.len, out);
	text_finish(&all);
}

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
                        const uint8_t request[SHA256_LEN])
{
	if (memcmp(kept->request, request, SHA256_LEN) != 0)
		exchange_problem(ex, 422,
		                 "this Idempotency-Key stood for another request; take a new one");
	else if (kept->under_way)
		exchange_problem(ex, 409, "the same request is under way; ask again in a second");
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
	uint64_t now = server_now(ex->server);
	uint8_t id[SHA256_LEN], request[SHA256_LEN];
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
		if (kept->at && now - kept->at < DAY && memcmp(kept->key, id, SHA256_LEN) == 0)
			return answer_from(ex, kept, request);
	}
	ex->kept = free_place(once);
	if (!ex->kept)
		return false;
	*ex->kept = (struct answer_kept){.at = now ? now : 1, .under_way = ex};
	memcpy(ex->kept->key, id, SHA256_LEN);
	memcpy(ex->kept->request, request, SHA256_LEN);
	return false;
}

void once_keep(struct once *once, struct exchange *ex)
{
	struct answer_kept *kept = ex->kept;
	(void)once;
	ex->kept = NULL;
	if (!kept)
		return;
	if (ex->status >= 500 || !ex->answered.len) {
		drop(kept);
		return;
	}
	const char *location = MHD_get_response_header(ex->response, "Location");
	kept->under_way = NULL;
	kept->status = ex->status;
	kept->location = location ? mem_copy(location) : NULL;
	kept->body = ex->answered;
	ex->answered = (struct text){0};
}

void once_forget(struct once *once, struct exchange *ex)
{
	(void)once;
	if (ex->kept)
		drop(ex->kept);
	ex->kept = NULL;
}
