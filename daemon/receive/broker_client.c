#include "receive/broker_client.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "base/text.h"

/* A key with a passphrase would make OpenSSL ask on the terminal: the service has none. */
static int refuse_passphrase(char *at, int size, int for_writing, void *ctx)
{
	(void)at, (void)size, (void)for_writing, (void)ctx;
	return 0;
}

static int use_tls(struct mosquitto *client, const struct broker_options *options,
                   struct problem *why)
{
	const char *system_folder = options->ca_file ? NULL : "/etc/ssl/certs";
	int rc = mosquitto_tls_set(client, options->ca_file, system_folder, options->cert_file,
	                           options->key_file, refuse_passphrase);
	if (rc == MOSQ_ERR_SUCCESS)
		return 0;
	return problem_set(why, -EINVAL,
	                   "the broker's TLS files cannot be used: ca_file, cert_file and key_file "
	                   "must be readable, the last two come together");
}

int broker_client_make(const struct broker_options *options, void *userdata, struct mosquitto **out,
                       struct problem *why)
{
	/* Checked here: given a bad one, mosquitto_new closes file descriptor 0 on its way out. */
	const char *id = options->client_id;
	struct mosquitto *client = NULL;
	if (*id && strlen(id) <= UINT16_MAX && text_is_utf8(id, strlen(id)))
		client = mosquitto_new(id, options->only_watches || options->no_session, userdata);
	if (!client)
		return problem_set(why, -EINVAL,
		                   "the broker needs a client_id: a text of 1 to 65535 bytes");
	int r = 0, rc = MOSQ_ERR_SUCCESS;
	/* Externally threaded: packets, PUBACKs too, wait for mosquitto_loop_write. */
	rc = mosquitto_threaded_set(client, true);
	if (!rc)
		rc = mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
	if (!rc)
		rc = mosquitto_max_inflight_messages_set(client, 0);
	if (!rc && options->username)
		rc = mosquitto_username_pw_set(client, options->username, options->password);
	if (!rc && options->status_topic)
		rc = mosquitto_will_set(client, options->status_topic, 7, "offline", 1, true);
	if (rc)
		r = problem_set(why, -EINVAL, "the broker's settings cannot be used: %s",
		                mosquitto_strerror(rc));
	if (!r && options->tls)
		r = use_tls(client, options, why);
	if (r < 0)
		mosquitto_destroy(client);
	else
		*out = client;
	return r;
}

const char *broker_client_error(int rc, int error)
{
	switch (rc) {
	case MOSQ_ERR_EAI:
		return gai_strerror(error);
	case MOSQ_ERR_ERRNO:
		return error ? strerror(error) : "the connection broke";
	case MOSQ_ERR_SUCCESS:
	case MOSQ_ERR_CONN_LOST:
		return "the broker closed the connection";
	case MOSQ_ERR_KEEPALIVE:
		return "the broker has fallen silent";
	case MOSQ_ERR_TLS:
		return "TLS failed";
	default:
		return mosquitto_strerror(rc);
	}
}

const char *broker_client_refusal(int code)
{
	static const char *const words[] = {
	        "the broker refuses the session",
	        "the broker does not speak MQTT 3.1.1",
	        "the broker refuses the client id",
	        "the broker is not available",
	        "the broker refuses the username or password",
	        "the broker refuses the login: not authorised",
	};
	bool known = code >= 0 && (size_t)code < sizeof words / sizeof *words;
	return words[known ? code : 0];
}
