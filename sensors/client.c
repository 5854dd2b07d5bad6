#include "client.h"

#include <errno.h>
#include <mosquitto.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"

/* ---- the address ---- */

/* What stands behind the scheme: host or [host], perhaps :port, perhaps a slash. */
static bool read_authority(const char *at, struct broker_address *out)
{
	bool bracket = *at == '[';
	at += bracket;
	size_t len = strcspn(at, bracket ? "]" : ":/@");
	if (len == 0 || len >= sizeof out->host || (bracket && at[len] != ']'))
		return false;
	memcpy(out->host, at, len);
	out->host[len] = '\0';
	at += len + bracket;
	if (*at == ':') {
		size_t digits = strspn(++at, "0123456789");
		out->port = 0;
		for (size_t i = 0; i < digits && out->port <= 65535; i++)
			out->port = out->port * 10 + (at[i] - '0');
		at += digits;
	}
	return out->port >= 1 && out->port <= 65535 && (!*at || strcmp(at, "/") == 0);
}

int broker_address_parse(const char *url, struct broker_address *out, struct problem *why)
{
	static const struct {
		const char *scheme;
		int port;
		bool tls;
	} schemes[] = {{"mqtt://", 1883, false}, {"mqtts://", 8883, true}};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t len = strlen(schemes[i].scheme);
		struct broker_address at = {.port = schemes[i].port, .tls = schemes[i].tls};
		if (strncmp(url, schemes[i].scheme, len) != 0 || !read_authority(url + len, &at))
			continue;
		*out = at;
		return 0;
	}
	return problem_set(why, -EINVAL,
	                   "the broker must be given as mqtt://host[:port] or "
	                   "mqtts://host[:port], without a login");
}

/* ---- a client ---- */

void client_id_make(char out[CLIENT_ID_ROOM])
{
	uint8_t dice[6];
	struct text id = {0};
	crypto_random(dice, sizeof dice);
	text_add(&id, "tocsin-sensor-");
	text_add_hex(&id, dice, sizeof dice);
	snprintf(out, CLIENT_ID_ROOM, "%s", text_get(&id));
	text_finish(&id);
}

int client_make(const struct sender_options *options, const char *id, void *ctx,
                struct mosquitto **out, struct problem *why)
{
	struct mosquitto *client = mosquitto_new(id, true, ctx);
	if (!client)
		return problem_set(why, -EINVAL, "no MQTT client can be made");
	int rc = mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	if (!rc && options->username)
		rc = mosquitto_username_pw_set(client, options->username, options->password);
	if (!rc && options->broker.tls)
		rc = mosquitto_tls_set(client, options->ca_file,
		                       options->ca_file ? NULL : "/etc/ssl/certs",
		                       options->cert_file, options->key_file, NULL);
	if (rc) {
		mosquitto_destroy(client);
		return problem_set(why, -EINVAL,
		                   "the login or the TLS files cannot be used (they must be "
		                   "readable, certificate and key together)");
	}
	*out = client;
	return 0;
}
