/* floors: config review */
/* Single words from outside, each through every reader of such: acknowledge tokens, session
 * cookies, password hashes, times, spans, addresses, encodings. A token or a cookie that was not
 * made with the key opens nothing. */
#include <errno.h>
#include <string.h>

#include "base/calendar.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/password.h"
#include "config/url.h"
#include "fuzz.h"
#include "review/link.h"
#include "review/session.h"
#include "review/when.h"

#define NOW ((wall_ms)1795305600000)

/* Forged is forged: a bit that differs from ours is refused, ours is taken. */
static void look_at_token(const char *word, const uint8_t *bytes, size_t len)
{
	static const uint8_t key[SHA256_LEN] = {7};
	struct link link = {.site = 3, .notification = 41, .expires = NOW + 1}, out = {0};
	struct text made = {0};
	link_write_token(&made, key, &link);
	HOLDS(link_read_token(text_get(&made), key, NOW, &out) == 0 && out.notification == 41);
	int r = link_read_token(word, key, NOW, &out);
	HOLDS(r == -EINVAL || strcmp(word, text_get(&made)) == 0);
	if (len > 1 && bytes[1]) { /* ours, with one character changed */
		made.at[bytes[0] % made.len] ^= (char)(bytes[1] % 0x20);
		if (bytes[1] % 0x20 && !strchr(text_get(&made), '\n'))
			HOLDS(link_read_token(text_get(&made), key, NOW, &out) < 0);
	}
	text_finish(&made);
}

/* The same of a session. */
static void look_at_cookie(const char *word, const uint8_t *bytes, size_t len)
{
	static const uint8_t key[SHA256_LEN] = {7};
	static const struct access_user user = {"li", "li", ROLE_OPERATOR, "scrypt$1"};
	static const struct http_options options = {.users = &user, .user_count = 1};
	struct session session = {.user = &user, .begun = NOW, .issued = NOW, .number = 41}, out;
	struct sessions *sessions = sessions_create(key);
	struct text made = {0};
	session_write(sessions, &session, &made);
	HOLDS(session_read(sessions, &options, text_get(&made), NOW, &out) && out.number == 41);
	HOLDS(!session_read(sessions, &options, word, NOW, &out) ||
	      strcmp(word, text_get(&made)) == 0);
	if (len > 1 && bytes[1] % 0x20) {
		made.at[bytes[0] % made.len] ^= (char)(bytes[1] % 0x20);
		HOLDS(!session_read(sessions, &options, text_get(&made), NOW, &out));
	}
	text_finish(&made);
	sessions_destroy(sessions);
}

static void look_at_encodings(const char *word)
{
	uint8_t small[16];
	int n = hex_decode(word, small, sizeof small);
	HOLDS(n == -EINVAL || (n >= 0 && n <= (int)sizeof small));
	n = base64_decode(word, small, sizeof small);
	HOLDS(n == -EINVAL || (n >= 0 && n <= (int)sizeof small));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *word = strndup((const char *)bytes, len);
	wall_ms at;
	int64_t number;
	struct url url;
	char host[64];
	int port;
	cJSON *root = NULL;
	look_at_token(word, bytes, len);
	look_at_cookie(word, bytes, len);
	look_at_encodings(word);
	if (when_parse(word, NOW, NULL, &at) == 0)
		HOLDS(at > INT64_MIN / 2 && at < INT64_MAX / 2);
	if (time_parse(word, &at) == 0)
		HOLDS(at > INT64_MIN / 2 && at < INT64_MAX / 2);
	if (text_parse_span(word, &number) == 0)
		HOLDS(number >= 0);
	(void)!text_parse_int(word, &number);
	(void)!password_hash_is_good(word);
	if (url_parse(word, &url) == 0)
		HOLDS(url.port >= 0 && url.port <= 65535 && *url.host && url.rest >= word &&
		      url.rest <= word + strlen(word));
	if (listen_parse(word, host, &port) == 0)
		HOLDS(port >= 0 && port <= 65535 && strlen(host) < sizeof host);
	if (json_parse((const char *)bytes, len, &root, NULL) == 0)
		cJSON_Delete(root);
	free(word);
	return 0;
}
