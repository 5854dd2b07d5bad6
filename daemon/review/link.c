#include "review/link.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAC_LEN 16
#define NUMBER_DIGITS 13 /* 2^64 in base 36 */
#define TOKEN_MAX ((size_t)(7 + 2 * NUMBER_DIGITS + 3 + 22))
#define PURPOSE "tocsin acknowledge link 1\n"

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void add_number(struct text *text, uint64_t n)
{
	char reversed[NUMBER_DIGITS];
	size_t len = 0;
	do
		reversed[len++] = digits[n % 36];
	while ((n /= 36) > 0);
	while (len > 0)
		text_add_char(text, reversed[--len]);
}

/* Reads up to the dot; false for a wrong character or too many of them. */
static bool read_number(const char **at, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	const char *start = *at, *c = start;
	for (; *c && *c != '.'; c++) {
		const char *digit = strchr(digits, *c);
		if (!digit || c - start >= NUMBER_DIGITS || __builtin_mul_overflow(n, 36, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(digit - digits), &n))
			return false;
	}
	if (c == start || *c != '.' || n > max)
		return false;
	*at = c + 1;
	*out = n;
	return true;
}

void link_write_token(struct text *text, const uint8_t key[SHA256_LEN], const struct link *link)
{
	assert(link->expires >= 0);
	struct text body = {0};
	text_add(&body, PURPOSE);
	add_number(&body, link->site);
	text_add_char(&body, '.');
	add_number(&body, link->notification);
	text_add_char(&body, '.');
	/* A started second counts whole: a link never ends earlier than it was promised. */
	add_number(&body, (uint64_t)(link->expires / 1000 + (link->expires % 1000 != 0)));
	uint8_t mac[SHA256_LEN];
	crypto_hmac_sha256(key, SHA256_LEN, body.at, body.len, mac);
	text_add(text, body.at + strlen(PURPOSE));
	text_add_char(text, '.');
	text_add_base64url(text, mac, MAC_LEN);
	text_finish(&body);
}

int link_read_token(const char *token, const uint8_t key[SHA256_LEN], wall_ms now, struct link *out)
{
	size_t len = strnlen(token, TOKEN_MAX + 1);
	if (len > TOKEN_MAX)
		return -EINVAL;
	uint64_t site, notification, expires;
	const char *at = token;
	if (!read_number(&at, UINT32_MAX, &site) || !read_number(&at, UINT64_MAX, &notification) ||
	    !read_number(&at, INT64_MAX / 1000, &expires))
		return -EINVAL;
	struct link link = {.site = (uint32_t)site,
	                    .notification = notification,
	                    .expires = (wall_ms)expires * 1000};
	/* Written again and compared whole, there is one spelling only that is right. */
	struct text right = {0};
	link_write_token(&right, key, &link);
	bool equal = right.len == len && crypto_equal(right.at, token, len);
	text_finish(&right);
	if (!equal)
		return -EINVAL;
	*out = link;
	return now >= link.expires ? -ETIMEDOUT : 0;
}
