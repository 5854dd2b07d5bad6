#include "receive/signals_signed.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"

static void add_part(struct text *out, const void *bytes, size_t len)
{
	const char head[] = {(char)(len >> 24 & 0xff), (char)(len >> 16 & 0xff),
	                     (char)(len >> 8 & 0xff), (char)(len & 0xff)};
	text_add_len(out, head, sizeof head);
	text_add_len(out, bytes, len);
}

static void sign(const char *key, const char *site, const char *device, const char *message,
                 uint8_t out[SHA256_LEN])
{
	struct text parts = {0};
	add_part(&parts, site, strlen(site));
	add_part(&parts, device, strlen(device));
	add_part(&parts, message, strlen(message));
	crypto_hmac_sha256(key, strlen(key), text_get(&parts), parts.len, out);
	text_finish(&parts);
}

static int check_envelope(const char *key, const char *site, const char *device, const cJSON *root,
                          struct text *message, struct problem *why)
{
	uint8_t said[SHA256_LEN], right[SHA256_LEN];
	const char *inner = json_string(root, "signed"), *hmac = json_string(root, "hmac");
	if (!inner || !hmac || cJSON_GetArraySize(root) != 2)
		return problem_set(why, -EINVAL,
		                   "not signed: this device's messages are {\"signed\": text, "
		                   "\"hmac\": hex}");
	if (strlen(hmac) != (size_t)2 * SHA256_LEN ||
	    hex_decode(hmac, said, sizeof said) != SHA256_LEN)
		return problem_set(why, -EINVAL, "'hmac' must be 64 hex digits");
	if (!key)
		return problem_set(why, -EACCES, "the device's key is not known here");
	sign(key, site, device, inner, right);
	if (!crypto_equal(said, right, sizeof right))
		return problem_set(why, -EACCES, "bad signature");
	text_add(message, inner);
	return 0;
}

int signed_open(const char *key, const char *site, const char *device, const void *bytes,
                size_t len, struct text *message, struct problem *why)
{
	cJSON *root;
	if (len > SIGNED_MAX)
		return problem_set(why, -EINVAL, "the message has %zu bytes; at most %zu are read",
		                   len, SIGNED_MAX);
	if (len == 0 || json_parse(bytes, len, &root, NULL) < 0)
		return problem_set(why, -EINVAL, "not signed, and no JSON");
	int r = check_envelope(key, site, device, root, message, why);
	cJSON_Delete(root);
	return r;
}

void signed_write(const char *key, const char *site, const char *device, const char *message,
                  struct text *out)
{
	uint8_t hmac[SHA256_LEN];
	struct text hex = {0};
	sign(key, site, device, message, hmac);
	text_add_hex(&hex, hmac, sizeof hmac);
	json_open(out, NULL, '{');
	json_put_string(out, "signed", message);
	json_put_string(out, "hmac", text_get(&hex));
	json_close(out, '}');
	text_finish(&hex);
}

enum freshness signed_judge(wall_ms time, wall_ms mark, span_ms window, wall_ms now,
                            wall_ms remembers_since)
{
	bool in_time = time >= now - window && time <= now + window;
	if (time > mark || !mark)
		return in_time ? SIGNED_FRESH : SIGNED_LATE;
	/* It may have come when its time was still ahead of ours, by the window at most. */
	if (in_time && remembers_since <= time - window)
		return SIGNED_FRESH;
	return time == mark ? SIGNED_BEFORE : SIGNED_REPLAYED;
}

wall_ms signed_mark(wall_ms time, span_ms window, wall_ms now)
{
	return time < now + window ? time : now + window;
}
