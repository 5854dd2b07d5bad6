#include "review/command/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct client_reply *reply = ctx;
	size_t len = size * count;
	if (len > CLIENT_REPLY_MAX - reply->body.len)
		return 0; /* ends the call with CURLE_WRITE_ERROR */
	text_add_len(&reply->body, bytes, len);
	return len;
}

static struct curl_slist *headers_for(const struct command_context *ctx, bool post)
{
	struct curl_slist *list = NULL;
	if (ctx->token) {
		struct text bearer = {0};
		text_addf(&bearer, "Authorization: Bearer %s", ctx->token);
		list = curl_slist_append(list, text_get(&bearer));
		text_finish(&bearer);
	}
	if (post)
		list = curl_slist_append(list, "Content-Type: application/json");
	return curl_slist_append(list, "Accept: application/json");
}

static void set_bounds(CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CLIENT_CONNECT_MAX);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CLIENT_MAX);
}

static int explain_failure(const struct command_context *ctx, CURLcode result, CURL *curl,
                           struct problem *why)
{
	long os = 0;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os);
	if (result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST)
		return problem_set(why, -ECONNREFUSED,
		                   "the daemon does not answer at %s (%s): start its service, or "
		                   "tocsind --config %s, and ask again",
		                   ctx->api, os ? strerror((int)os) : curl_easy_strerror(result),
		                   ctx->config_path);
	if (result == CURLE_OPERATION_TIMEDOUT)
		return problem_set(
		        why, -ETIMEDOUT,
		        "the daemon at %s did not answer in time; whether it did what was "
		        "asked is not known: look before you ask again",
		        ctx->api);
	return problem_set(why, -EPROTO, "the answer from %s cannot be read (%s)", ctx->api,
	                   curl_easy_strerror(result));
}

int client_call(const struct command_context *ctx, const char *path, const char *body,
                struct client_reply *reply, struct problem *why)
{
	if (!ctx->api)
		return problem_set(why, -EINVAL, "--store only reads, and asks no service");
	CURL *curl = curl_easy_init();
	if (!curl)
		return problem_set(why, -ENOMEM, "cannot start an HTTP call");
	struct text url = {0};
	text_addf(&url, "%s%s", ctx->api, path);
	struct curl_slist *headers = headers_for(ctx, body != NULL);
	set_bounds(curl);
	curl_easy_setopt(curl, CURLOPT_URL, text_get(&url));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	CURLcode result = curl_easy_perform(curl);
	int r = 0;
	if (result == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
	else
		r = explain_failure(ctx, result, curl, why);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	text_finish(&url);
	return r;
}

void client_explain(const struct client_reply *reply, struct text *out)
{
	cJSON *problem = NULL;
	const char *words = NULL;
	if (json_parse(text_get(&reply->body), reply->body.len, &problem, NULL) == 0) {
		words = json_string(problem, "detail");
		if (!words)
			words = json_string(problem, "title");
	}
	if (words)
		text_add(out, words);
	else
		text_addf(out, "the daemon answered with HTTP status %ld", reply->status);
	cJSON_Delete(problem);
}
