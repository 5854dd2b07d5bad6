#include <string.h>

#include "config/read.h"
#include "config/secret.h"
#include "config/url.h"

enum {
	S_VERSION,
	S_BROKER,
	S_STORE,
	S_HTTP,
	S_CHANNELS,
	S_HEARTBEAT,
	S_TEMPLATES,
	S_HOME_ASSISTANT,
	S_SITES,
	S_PROFILES,
	S_LISTEN,
	S_COUNT
};
static const struct key service_keys[S_COUNT] = {
        [S_VERSION] = {"version", "begin the file with 'version: 1'"},
        [S_BROKER] = {"broker", "add 'broker: {url: mqtt://127.0.0.1:1883}'"},
        [S_STORE] = {"store", "add 'store: {path: tocsin.db}'"},
        [S_HTTP] = {"http", NULL},
        [S_CHANNELS] = {"channels", "add a list of the ways to reach people"},
        [S_HEARTBEAT] = {"heartbeat", NULL},
        [S_TEMPLATES] = {"templates", NULL},
        [S_HOME_ASSISTANT] = {"home_assistant", NULL},
        [S_SITES] = {"sites", "add a list of site files, such as 'sites: [school.yaml]'"},
        [S_PROFILES] = {"profiles", NULL},
        [S_LISTEN] = {"listen", NULL},
};
static const struct shape service_shape = {"the service file", SHAPE(service_keys), false};

enum {
	B_URL,
	B_CLIENT,
	B_USER,
	B_PASSWORD,
	B_PASSWORD_FILE,
	B_CA,
	B_CERT,
	B_KEY,
	B_TROUBLE,
	B_LANE,
	B_OWN_ACCOUNTS,
	B_COUNT
};
static const struct key broker_keys[B_COUNT] = {
        [B_URL] = {"url", "add 'url: mqtt://host:1883' or 'url: mqtts://host:8883'"},
        [B_CLIENT] = {"client_id", NULL},
        [B_USER] = {"username", NULL},
        [B_PASSWORD] = {"password", NULL},
        [B_PASSWORD_FILE] = {"password_file", NULL},
        [B_CA] = {"ca_file", NULL},
        [B_CERT] = {"cert_file", NULL},
        [B_KEY] = {"key_file", NULL},
        [B_TROUBLE] = {"trouble_after", NULL},
        [B_LANE] = {"lane", NULL},
        [B_OWN_ACCOUNTS] = {"own_accounts", NULL},
};
static const struct shape broker_shape = {"the broker", SHAPE(broker_keys), true};

static void broker_url(const struct checker *c, const struct node *node, struct broker_options *out)
{
	const char *text = check_line(c, node, "the broker's url");
	struct url url;
	if (!text)
		return;
	if (url_parse(text, &url) < 0 ||
	    (strcmp(url.scheme, "mqtt") != 0 && strcmp(url.scheme, "mqtts") != 0) ||
	    (*url.rest && strcmp(url.rest, "/") != 0)) {
		check_problem(
		        c, node,
		        "this is no broker's url; write mqtt://host:port or mqtts://host:port "
		        "(ports 1883 and 8883 where none is given)");
		return;
	}
	if (url.has_user)
		check_problem(
		        c, node,
		        "no user or password in the url: give 'username' and 'password_file'");
	out->tls = strcmp(url.scheme, "mqtts") == 0;
	out->host = arena_copy(c->arena, url.host);
	out->port = url.port ? url.port : out->tls ? 8883 : 1883;
}

static void broker_tls(const struct checker *c, const struct node **v, struct broker_options *out)
{
	out->ca_file = check_file(c, v[B_CA], "ca_file");
	out->cert_file = check_file(c, v[B_CERT], "cert_file");
	out->key_file = check_file(c, v[B_KEY], "key_file");
	if (!v[B_CERT] != !v[B_KEY])
		check_problem(c, v[B_CERT] ? v[B_CERT] : v[B_KEY],
		              "cert_file and key_file come together; add the other one");
	const int files[] = {B_CA, B_CERT, B_KEY};
	for (size_t i = 0; i < 3 && out->host && !out->tls; i++)
		if (v[files[i]])
			check_problem(c, v[files[i]],
			              "'%s' needs a url that begins with mqtts://; this connection "
			              "is not encrypted",
			              broker_keys[files[i]].name);
}

/* A broker that takes the account for the client id tells the connections apart by their names. */
static void broker_accounts(const struct checker *c, const struct node *const v[B_COUNT],
                            struct service_config *config)
{
	const char *name = config->broker.username = check_line(c, v[B_USER], "the username");
	bool own = false;
	check_bool(c, v[B_OWN_ACCOUNTS], "own_accounts", &own);
	if (own && !v[B_USER])
		check_problem(c, v[B_OWN_ACCOUNTS], "'own_accounts' without a 'username'; add it");
	struct text beside = {0};
	text_addf(&beside, "%s-lane", name ? name : "");
	config->lane_username = own ? arena_copy(c->arena, text_get(&beside)) : name;
	text_reset(&beside);
	text_addf(&beside, "%s-unlogged", name ? name : "");
	config->unlogged_username = own ? arena_copy(c->arena, text_get(&beside)) : name;
	text_finish(&beside);
	config->broker_lane = own || !config->broker.tls;
	check_bool(c, v[B_LANE], "lane", &config->broker_lane);
}

static void broker_read(const struct checker *c, const struct node *node,
                        struct service_config *config)
{
	struct broker_options *out = &config->broker;
	config->broker_trouble_after = SECONDS(60);
	const struct node *v[B_COUNT];
	if (!check_map(c, node, &broker_shape, v))
		return;
	broker_url(c, v[B_URL], out);
	broker_tls(c, v, out);
	const char *id = check_id(c, v[B_CLIENT], "the client_id");
	out->client_id = id ? id : "tocsin";
	check_span(c, v[B_TROUBLE], "trouble_after", SPAN_LEAST, &config->broker_trouble_after);
	broker_accounts(c, v, config);
	struct text topic = {0};
	text_addf(&topic, "tocsin/service/%s/status", out->client_id);
	out->status_topic = arena_copy(c->arena, text_get(&topic));
	text_reset(&topic);
	text_addf(&topic, "tocsin/service/%s/lane", out->client_id);
	out->extra_filter = arena_copy(c->arena, text_get(&topic));
	text_finish(&topic);
	check_secret(c, "password", v[B_PASSWORD], v[B_PASSWORD_FILE], false, &out->password);
	const struct node *password = v[B_PASSWORD] ? v[B_PASSWORD] : v[B_PASSWORD_FILE];
	if (password && !v[B_USER])
		check_problem(c, password, "a password without a 'username'; add it");
}

enum { ST_PATH, ST_KEEP, ST_COUNT };
static const struct key store_keys[ST_COUNT] = {
        [ST_PATH] = {"path", "add 'path: tocsin.db', the file of the record"},
        [ST_KEEP] = {"keep", NULL},
};
static const struct shape store_shape = {"the store", SHAPE(store_keys), false};

static void store_read(const struct checker *c, const struct node *node,
                       struct service_config *config)
{
	config->store_keep = DAYS(400);
	const struct node *v[ST_COUNT];
	if (!check_map(c, node, &store_shape, v))
		return;
	config->store_path = check_path(c, v[ST_PATH], "the store's path");
	check_span(c, v[ST_KEEP], "keep", 1, &config->store_keep);
}

enum { H_LISTEN, H_URL, H_TOKENS, H_USERS, H_COUNT };
static const struct key http_keys[H_COUNT] = {
        [H_LISTEN] = {"listen", NULL},
        [H_URL] = {"public_url", NULL},
        [H_TOKENS] = {"tokens", NULL},
        [H_USERS] = {"users", NULL},
};
static const struct shape http_shape = {"http", SHAPE(http_keys), false};

static void http_listen(const struct checker *c, const struct node *node, struct http_options *out)
{
	char host[64];
	const char *text = check_line(c, node, "listen");
	if (!text)
		return;
	if (listen_parse(text, host, &out->port) < 0) {
		check_problem(c, node,
		              "'listen' is a numeric address and a port, such as 127.0.0.1:8080, "
		              "0.0.0.0:8080 (every network) or [::1]:8080");
		return;
	}
	out->host = arena_copy(c->arena, host);
}

static bool is_every_address(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static void http_public_url(const struct checker *c, const struct node *node,
                            const struct node *listen, struct http_options *out)
{
	const char *text = check_line(c, node, "public_url");
	struct text made = {0};
	struct url url;
	if (!node && is_every_address(out->host))
		check_warning(c, listen,
		              "without 'public_url' the links in pushes lead to %s, which no phone "
		              "can open; add how phones reach this machine",
		              out->host);
	if (!text) {
		bool six = strchr(out->host, ':');
		text_addf(&made, six ? "http://[%s]:%d" : "http://%s:%d", out->host, out->port);
	} else if (url_parse(text, &url) < 0 || url.has_user || strpbrk(url.rest, "?#") ||
	           (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0)) {
		check_problem(c, node,
		              "'public_url' is how phones reach this service: http://host:port or "
		              "https://host, without '?', '#' or a user");
	} else {
		size_t len = strlen(text);
		while (text[len - 1] == '/')
			len--;
		text_add_len(&made, text, len);
	}
	out->public_url = arena_copy(c->arena, text_get(&made));
	text_finish(&made);
}

static void http_read(const struct checker *c, const struct node *node,
                      struct service_reading *reading)
{
	struct http_options *out = &reading->config->http;
	*out = (struct http_options){.host = "127.0.0.1", .port = 8080};
	const struct node *v[H_COUNT] = {0};
	if (check_map(c, node, &http_shape, v)) {
		http_listen(c, v[H_LISTEN], out);
		tokens_read(c, v[H_TOKENS], reading->config);
		users_read(c, v[H_USERS], reading);
	}
	http_public_url(c, v[H_URL], v[H_LISTEN], out);
}

enum { HB_URL, HB_URL_FILE, HB_EVERY, HB_CA, HB_PRIVATE, HB_COUNT };
static const struct key heartbeat_keys[HB_COUNT] = {
        [HB_URL] = {"url", NULL},         [HB_URL_FILE] = {"url_file", NULL},
        [HB_EVERY] = {"every", NULL},     [HB_CA] = {"ca_file", NULL},
        [HB_PRIVATE] = {"private", NULL},
};
static const struct shape heartbeat_shape = {"the heartbeat", SHAPE(heartbeat_keys), true};

static void heartbeat_read(const struct checker *c, const struct node *node, struct heartbeat *out)
{
	const struct node *v[HB_COUNT];
	struct url url;
	out->every = MINUTES(1);
	if (!node || !check_map(c, node, &heartbeat_shape, v))
		return;
	check_span(c, v[HB_EVERY], "every", SPAN_LEAST, &out->every);
	out->ca_file = check_file(c, v[HB_CA], "ca_file");
	check_bool(c, v[HB_PRIVATE], "private", &out->private_net);
	if (!v[HB_URL] && !v[HB_URL_FILE])
		check_problem(c, node,
		              "the heartbeat without 'url'; add where it goes, or 'url_file'");
	else if (check_secret(c, "url", v[HB_URL], v[HB_URL_FILE], false, &out->url) ==
	                 SECRET_THERE &&
	         (url_parse(out->url, &url) < 0 ||
	          (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0)))
		check_problem(c, v[HB_URL] ? v[HB_URL] : v[HB_URL_FILE],
		              "this is no url (not shown, it may hold a secret); write "
		              "http://host/path or https://host/path");
}

enum { HA_PREFIX, HA_COUNT };
static const struct key home_assistant_keys[HA_COUNT] = {[HA_PREFIX] = {"prefix", NULL}};
static const struct shape home_assistant_shape = {"'home_assistant'", SHAPE(home_assistant_keys),
                                                  false};

static void home_assistant_read(const struct checker *c, const struct node *node,
                                struct service_config *config)
{
	const struct node *v[HA_COUNT];
	if (!node || !check_map(c, node, &home_assistant_shape, v))
		return;
	const char *prefix = check_text(c, v[HA_PREFIX], "the prefix");
	config->home_assistant = prefix ? prefix : "homeassistant";
	if (prefix && (strpbrk(prefix, "+#") || *prefix == '$' || *prefix == '/' ||
	               prefix[strlen(prefix) - 1] == '/' || strncmp(prefix, "tocsin", 6) == 0))
		check_problem(c, v[HA_PREFIX],
		              "the prefix is Home Assistant's own (its default is homeassistant), "
		              "without '+', '#', '$' or a '/' at an end");
}

static void version_read(const struct checker *c, const struct node *node)
{
	const char *text = check_scalar(c, node, "the version");
	if (text && strcmp(text, "1") != 0)
		check_problem(c, node, "this program knows 'version: 1' of the file only");
}

void service_read(const struct checker *c, const struct node *root, struct service_reading *reading)
{
	const struct node *v[S_COUNT];
	reading->channels.unsure = true;
	if (!check_map(c, root, &service_shape, v))
		return;
	version_read(c, v[S_VERSION]);
	broker_read(c, v[S_BROKER], reading->config);
	store_read(c, v[S_STORE], reading->config);
	http_read(c, v[S_HTTP], reading);
	channels_read(c, v[S_CHANNELS], reading);
	heartbeat_read(c, v[S_HEARTBEAT], &reading->config->heartbeat);
	templates_read(c, v[S_TEMPLATES], reading->config);
	home_assistant_read(c, v[S_HOME_ASSISTANT], reading->config);
	reading->sites = v[S_SITES];
	reading->site_count = check_list(c, v[S_SITES], "sites", 1);
	reading->profiles = v[S_PROFILES];
	reading->listen = v[S_LISTEN];
}

void service_reading_finish(struct service_reading *reading)
{
	ids_finish(&reading->channels);
}
