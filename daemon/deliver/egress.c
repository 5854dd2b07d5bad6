#include "deliver/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* IANA special-purpose registries, with multicast and what is reserved (RFC 6890 and later). */
static const struct {
	uint32_t net;
	int bits;
} private4[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
        {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
        {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
};

static bool is_private4(uint32_t address)
{
	for (size_t i = 0; i < sizeof private4 / sizeof *private4; i++)
		if ((address ^ private4[i].net) >> (32 - private4[i].bits) == 0)
			return true;
	return false;
}

static uint32_t four(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool is_private6(const struct in6_addr *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	const uint8_t *at = address->s6_addr;
	if (memcmp(at, mapped, sizeof mapped) == 0 || memcmp(at, nat64, sizeof nat64) == 0)
		return is_private4(four(at + 12));
	/* Of all others only what is handed out (2000::/3) is public, and in it no documentation,
	 * no tunnel of an address that we cannot judge. */
	bool documentation = four(at) == 0x20010db8, teredo = four(at) == 0x20010000;
	bool six_to_four = at[0] == 0x20 && at[1] == 0x02;
	return (at[0] & 0xe0) != 0x20 || documentation || teredo || six_to_four;
}

bool address_is_private(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_private4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_private6(&((const struct sockaddr_in6 *)address)->sin6_addr);
	return true;
}

int text_is_private(const char *address)
{
	struct sockaddr_in at4 = {.sin_family = AF_INET};
	struct sockaddr_in6 at6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, address, &at4.sin_addr) == 1)
		return address_is_private((const struct sockaddr *)&at4);
	if (inet_pton(AF_INET6, address, &at6.sin6_addr) == 1)
		return address_is_private((const struct sockaddr *)&at6);
	return -EINVAL;
}

bool url_names_private(const char *url)
{
	const char *start = strstr(url, "://");
	char host[256];
	if (!start)
		return false;
	start += 3;
	size_t authority = strcspn(start, "/?#");
	const char *user = memrchr(start, '@', authority);
	if (user) {
		authority -= (size_t)(user + 1 - start);
		start = user + 1;
	}
	size_t len = *start == '[' ? strcspn(++start, "]") : strcspn(start, ":/?#");
	if (len >= sizeof host || len > authority)
		return false;
	memcpy(host, start, len);
	host[len] = '\0';
	int by_address = text_is_private(host);
	if (by_address >= 0)
		return by_address;
	static const char local[] = "localhost";
	size_t tail = sizeof local - 1;
	return len >= tail && strcasecmp(host + len - tail, local) == 0 &&
	       (len == tail || host[len - tail - 1] == '.');
}
