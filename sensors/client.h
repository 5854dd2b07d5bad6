/* The login to a broker, and one MQTT client of it. */
#ifndef TOCSIN_SENSORS_CLIENT_H
#define TOCSIN_SENSORS_CLIENT_H

#include <stdbool.h>

#include "base/problem.h"

struct broker_address {
	char host[256];
	int port;
	bool tls;
};

/* "mqtt://host[:port]" or "mqtts://…"; an IPv6 address in brackets. */
int broker_address_parse(const char *url, struct broker_address *out, struct problem *why) MUST_USE;

struct sender_options { /* strings are borrowed */
	struct broker_address broker;
	const char *username, *password;
	const char *ca_file, *cert_file, *key_file;
};

#define CLIENT_ID_ROOM 40
void client_id_make(char out[CLIENT_ID_ROOM]); /* no other client has it */

struct mosquitto;
/* A client that is not connected yet; mosquitto_destroy ends it. ctx is for its callbacks. */
int client_make(const struct sender_options *, const char *id, void *ctx, struct mosquitto **out,
                struct problem *why) MUST_USE;

#endif
