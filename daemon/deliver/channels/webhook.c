/* The generic webhook: Standard Webhooks 1.0 (standardwebhooks.com) around the contract's body. */
#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "deliver/parts.h"

#define KEY_PREFIX "whsec_"
#define KEY_MIN 24 /* bytes, by the standard */
#define KEY_MAX 64
#define KEY_TEXT_MAX 128

/* The next of the blank-separated keys of a secret. Returns its length in bytes, 0 behind the last
 * one, or -EINVAL. */
static int next_key(const char **at, uint8_t key[KEY_MAX])
{
	char encoded[KEY_TEXT_MAX];
	*at += strspn(*at, " ");
	size_t len = strcspn(*at, " "), prefix = strlen(KEY_PREFIX);
	if (!len)
		return 0;
	if (len <= prefix || len - prefix >= sizeof encoded ||
	    strncmp(*at, KEY_PREFIX, prefix) != 0)
		return -EINVAL;
	memcpy(encoded, *at + prefix, len - prefix);
	encoded[len - prefix] = '\0';
	*at += len;
	int n = base64_decode(encoded, key, KEY_MAX);
	return n < KEY_MIN ? -EINVAL : n;
}

static int webhook_check(const struct channel *channel, struct problem *why)
{
	uint8_t key[KEY_MAX];
	const char *at = channel->secret;
	int n = 1, count = 0;
	if (!at)
		return 0;
	while (n > 0 && (n = next_key(&at, key)) > 0)
		count++;
	explicit_bzero(key, sizeof key);
	if (n < 0 || count == 0)
		return problem_set(why, -EINVAL,
		                   "a webhook's secret is whsec_ and %d to %d bytes in base64; "
		                   "several, separated by blanks, while one replaces another",
		                   KEY_MIN, KEY_MAX);
	return 0;
}

int webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *body,
                 struct text *signatures)
{
	uint8_t key[KEY_MAX], mac[SHA256_LEN];
	struct text signed_text = {0};
	int n;
	text_addf(&signed_text, "%s.%lld.%s", id, (long long)timestamp, body);
	while ((n = next_key(&secret, key)) > 0) {
		crypto_hmac_sha256(key, (size_t)n, signed_text.at, signed_text.len, mac);
		text_add(signatures, signatures->len ? " v1," : "v1,");
		text_add_base64(signatures, mac, sizeof mac);
	}
	explicit_bzero(key, sizeof key);
	text_finish(&signed_text);
	return n;
}

static int webhook_build(const struct channel *channel, const struct letter *letter,
                         struct request *request, struct problem *why)
{
	char id[NOTIFICATION_ID_MAX];
	int64_t timestamp = letter->now.wall / 1000;
	struct text signatures = {0};
	notification_id(letter->site_id, letter->notification->number, id);
	letter_write_json(letter, &request->body);
	if (channel->secret && webhook_sign(channel->secret, id, timestamp,
	                                    text_get(&request->body), &signatures) < 0) {
		text_finish(&signatures);
		return webhook_check(channel, why);
	}
	text_add(&request->url, channel->url);
	request_is_json(request);
	request_header(request, "webhook-id", "%s", id);
	request_header(request, "webhook-timestamp", "%lld", (long long)timestamp);
	if (signatures.len)
		request_header(request, "webhook-signature", "%s", text_get(&signatures));
	if (channel->token)
		request_header(request, "Authorization", "Bearer %s", channel->token);
	text_finish(&signatures);
	return 0;
}

const struct channel_type webhook_channel = {
        .name = "webhook",
        .needs = CHANNEL_URL,
        .may = CHANNEL_SECRET | CHANNEL_TOKEN | CHANNEL_TO,
        .check = webhook_check,
        .build = webhook_build,
        .judge = judge_by_status,
};
