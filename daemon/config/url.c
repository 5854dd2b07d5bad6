#include "config/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

static int port_parse(const char *text, size_t len, int *out)
{
	if (len < 1 || len > 5 || strspn(text, "0123456789") < len)
		return -EINVAL;
	int port = 0;
	for (size_t i = 0; i < len; i++)
		port = port * 10 + (text[i] - '0');
	if (port > 65535)
		return -EINVAL;
	*out = port;
	return 0;
}

/* host, [v6] and an optional port, in exactly len bytes. *port is left alone where there is none.
 */
static int host_parse(const char *text, size_t len, char *host, size_t room, int *port)
{
	const char *colon;
	size_t host_len;
	if (len && text[0] == '[') {
		const char *close = memchr(text, ']', len);
		if (!close)
			return -EINVAL;
		host_len = (size_t)(close - text) - 1;
		colon = close + 1;
		text++;
		if (strspn(text, "0123456789abcdefABCDEF:.") < host_len)
			return -EINVAL;
		len -= 1;
	} else {
		colon = memchr(text, ':', len);
		host_len = colon ? (size_t)(colon - text) : len;
		if (memchr(text, '[', host_len) || memchr(text, ']', host_len))
			return -EINVAL;
	}
	if (!host_len || host_len >= room)
		return -EINVAL;
	const char *end = text + len;
	if (colon && colon < end) {
		if (*colon != ':' || port_parse(colon + 1, (size_t)(end - colon) - 1, port) < 0)
			return -EINVAL;
	}
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	return 0;
}

int url_parse(const char *text, struct url *out)
{
	struct url url = {0};
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c <= 0x20 || *c == 0x7f)
			return -EINVAL;
	const char *mark = strstr(text, "://");
	size_t scheme = mark ? (size_t)(mark - text) : 0;
	if (!scheme || scheme >= sizeof url.scheme)
		return -EINVAL;
	memcpy(url.scheme, text, scheme);
	const char *host = mark + 3;
	size_t len = strcspn(host, "/?#");
	url.rest = host + len;
	const char *at = memrchr(host, '@', len);
	if (at) {
		url.has_user = true;
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	int port = -1;
	if (host_parse(host, len, url.host, sizeof url.host, &port) < 0 || port == 0)
		return -EINVAL;
	url.port = port > 0 ? port : 0;
	*out = url;
	return 0;
}

int listen_parse(const char *text, char host[64], int *port)
{
	int found = -1;
	char name[64];
	if (host_parse(text, strlen(text), name, sizeof name, &found) < 0 || found < 0)
		return -EINVAL;
	unsigned char address[sizeof(struct in6_addr)];
	bool six = text[0] == '[';
	if (!six && strcmp(name, "localhost") == 0)
		memcpy(name, "127.0.0.1", sizeof "127.0.0.1");
	if (inet_pton(six ? AF_INET6 : AF_INET, name, address) != 1)
		return -EINVAL;
	memcpy(host, name, sizeof name);
	*port = found;
	return 0;
}
