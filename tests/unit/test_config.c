/* What the loader makes of files: the structs it fills, what it says and what it never says. The
 * verdicts on single keys are in tests/config/rows.yaml,
 * the parts in test_config_parts.c. */
/* floors: config */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/yaml.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

/* A folder of files, and what the loader made of it. */
struct story {
	char folder[64];
	struct service_config *config;
	struct text report;
	int result;
};

static int set_up(void **state)
{
	struct story *story = calloc(1, sizeof *story);
	snprintf(story->folder, sizeof story->folder, "/tmp/tocsin-config-XXXXXX");
	assert_non_null(mkdtemp(story->folder));
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"tocsin.yaml", "site.yaml", "other.yaml",
	                                    "a.token",     "b.token",   "password"};
	struct story *story = *state;
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", story->folder, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(story->folder), 0);
	config_destroy(story->config);
	text_finish(&story->report);
	free(story);
	return 0;
}

static void given_bytes(struct story *story, const char *name, const char *bytes, size_t len)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", story->folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void given_file(struct story *story, const char *name, const char *text)
{
	given_bytes(story, name, text, strlen(text));
}

#define HEAD                                                                                       \
	"version: 1\nbroker: {url: mqtt://127.0.0.1}\nstore: {path: a.db}\nsites: [site.yaml]\n"
#define PHONE "channels: [{id: phone, type: webhook, url: 'http://127.0.0.1/'}]\n"

static void given_service(struct story *story, const char *rest)
{
	struct text text = {0};
	text_addf(&text, "%s%s", HEAD, rest);
	given_file(story, "tocsin.yaml", text_get(&text));
	text_finish(&text);
}

#define SITE_HEAD "site: plant\ntimezone: UTC\npeople: [{id: ann, contacts: [{channel: phone}]}]\n"
#define POLICY "policies: [{id: all, steps: [{after: 0s, notify: [person:ann]}]}]\n"

static void given_site(struct story *story, const char *rest)
{
	struct text text = {0};
	text_addf(&text, "%s%s", SITE_HEAD, rest);
	given_file(story, "site.yaml", text_get(&text));
	text_finish(&text);
}

static void when_loaded(struct story *story, enum config_use use)
{
	char path[128];
	snprintf(path, sizeof path, "%s/tocsin.yaml", story->folder);
	config_destroy(story->config);
	story->config = NULL;
	text_reset(&story->report);
	story->result = config_load(path, use, &story->config, &story->report);
}

static void expect_good(struct story *story)
{
	assert_string_equal(text_get(&story->report), "");
	assert_int_equal(story->result, 0);
	assert_non_null(story->config);
}

static void expect_said(struct story *story, const char *what)
{
	if (!strstr(text_get(&story->report), what))
		fail_msg("'%s' is not in the report:\n%s", what, text_get(&story->report));
}

static void expect_not_said(struct story *story, const char *what)
{
	if (strstr(text_get(&story->report), what))
		fail_msg("'%s' is in the report:\n%s", what, text_get(&story->report));
}

static void expect_refused(struct story *story, const char *what)
{
	expect_said(story, what);
	assert_int_equal(story->result, -EINVAL);
	assert_null(story->config);
}

static int token_mode(struct story *story, const char *name)
{
	struct stat st;
	char path[128];
	snprintf(path, sizeof path, "%s/%s", story->folder, name);
	return stat(path, &st) < 0 ? -1 : (int)(st.st_mode & 0777);
}

/* ---- the contract's example ---- */

static struct service_config *load_good(const char *path, enum config_use use)
{
	struct service_config *config = NULL;
	struct text report = {0};
	assert_int_equal(config_load(path, use, &config, &report), 0);
	assert_string_equal(text_get(&report), "");
	text_finish(&report);
	return config;
}

static void the_contract_service_is_read(void **state)
{
	(void)state;
	struct service_config *config = load_good("tests/config/good/contract/tocsin.yaml",
	                                          CONFIG_CHECK);
	assert_string_equal(config->path, "tests/config/good/contract/tocsin.yaml");
	assert_string_equal(config->broker.host, "127.0.0.1");
	assert_int_equal(config->broker.port, 1883);
	assert_false(config->broker.tls);
	assert_string_equal(config->broker.client_id, "tocsin");
	assert_string_equal(config->broker.status_topic, "tocsin/service/tocsin/status");
	assert_string_equal(config->store_path, "tests/config/good/contract/tocsin.db");
	assert_int_equal(config->store_keep, DAYS(400));
	assert_string_equal(config->http.host, "127.0.0.1");
	assert_int_equal(config->http.port, 8080);
	assert_string_equal(config->http.public_url, "http://127.0.0.1:8080");
	assert_int_equal(config->http.token_count, 1);
	assert_int_equal(config->http.tokens[0].role, ROLE_ADMIN);
	assert_null(config->local_token); /* its file is not made by a check */
	assert_int_equal(config->channel_count, 3);
	assert_string_equal(config_channel(config, "phone")->secret, SECRET);
	assert_int_equal(config_channel(config, "phone")->give_up_after, SECONDS(10));
	assert_int_equal(config_channel(config, "backup")->give_up_after, SECONDS(2));
	assert_false(config_channel(config, "backup")->outside);
	assert_true(config_channel(config, "police")->outside);
	assert_null(config_channel(config, "none"));
	assert_int_equal(strlen(config->hash), 64);
	config_destroy(config);
}

static void the_contract_site_is_read(void **state)
{
	(void)state;
	struct service_config *config = load_good("tests/config/good/contract/tocsin.yaml",
	                                          CONFIG_CHECK);
	assert_int_equal(config->site_count, 1);
	const struct site_def *def = config->sites[0];
	assert_string_equal(def->id, "binjiang");
	assert_string_equal(def->name, "滨江中学");
	assert_string_equal(def->language, "zh-CN");
	assert_string_equal(def->timezone.name, "Asia/Shanghai");
	assert_int_equal(strlen(def->hash), 64);
	uint32_t dorm = site_def_zone(def, "dorm-3f");
	assert_int_equal(def->zones[dorm].in, site_def_zone(def, "dorm"));
	assert_int_equal(site_def_zone_owner(def, dorm), site_def_person(def, "zhao"));
	const struct device *device = &def->devices[site_def_device(def, "0x00158d0001a2b3c4")];
	assert_string_equal(device->profile, "zigbee2mqtt");
	assert_string_equal(device->address, "office_smoke");
	assert_int_equal(device->kind, KIND_NONE);
	device = &def->devices[site_def_device(def, "smoke-301")];
	assert_int_equal(device->kind, KIND_SMOKE);
	assert_int_equal(device->expect_every, MINUTES(60));
	assert_string_equal(device->name, "smoke-301");
	const struct person *zhao = &def->people[site_def_person(def, "zhao")];
	assert_int_equal(zhao->contact_count, 2);
	assert_string_equal(def->channels[zhao->contacts[1].channel].id, "backup");
	assert_int_equal(def->channels[zhao->contacts[1].channel].give_up_after, SECONDS(2));
	const struct rota *rota = &def->posts[site_def_post(def, "leader")].rota;
	assert_int_equal(rota->count, 2);
	assert_int_equal(rota->turns[1].count, 1);
	assert_int_equal(rota->turns[1].people[0], site_def_person(def, "zhao"));
	assert_int_equal(rota->every, DAYS(7));
	assert_int_equal(rota->from.hour, 8);
	assert_int_equal(def->arming_count, 2);
	assert_int_equal(def->armings[0].schedule, 0);
	assert_int_equal(def->armings[1].schedule, POSITION_NONE);
	config_destroy(config);
}

static void the_contract_policies_are_read(void **state)
{
	(void)state;
	struct service_config *config = load_good("tests/config/good/contract/tocsin.yaml",
	                                          CONFIG_CHECK);
	const struct site_def *def = config->sites[0];
	const struct policy *fire = policy_for(def, INCIDENT_FIRE, SEVERITY_MAJOR);
	assert_string_equal(fire->id, "fire");
	assert_int_equal(fire->count, 3);
	assert_int_equal(fire->steps[2].after, MINUTES(3));
	assert_int_equal(fire->steps[1].notify[1].kind, RECIPIENT_ZONE_OWNER);
	assert_int_equal(fire->steps[2].notify[0].kind, RECIPIENT_PERSON);
	assert_string_equal(fire->steps[2].notify[0].id, "sun");
	assert_int_equal(fire->repeat, MINUTES(1));
	assert_int_equal(fire->resolve_within, MINUTES(15));
	assert_string_equal(policy_for(def, INCIDENT_FIRE, SEVERITY_CRITICAL)->id,
	                    "fire-confirmed");
	assert_string_equal(policy_for(def, INCIDENT_PANIC, SEVERITY_CRITICAL)->id, "other");
	assert_int_equal(def->last_resort_count, 1);
	config_destroy(config);
}

static void every_key_is_read(void **state)
{
	(void)state;
	struct service_config *config = load_good("tests/config/good/full/tocsin.yaml",
	                                          CONFIG_CHECK);
	assert_true(config->broker.tls);
	assert_int_equal(config->broker.port, 8883);
	assert_string_equal(config->broker.password, "correct horse battery staple");
	assert_string_equal(config->broker.status_topic, "tocsin/service/宿舍-1/status");
	assert_string_equal(config->store_path, "/var/lib/tocsin/tocsin.db");
	assert_string_equal(config->http.host, "::1");
	assert_int_equal(config->http.port, 0);
	assert_string_equal(config->http.public_url, "https://alarm.example.org");
	/* The highest role's, not the first; the file's line end is no part of it. */
	assert_string_equal(config->local_token, "the-operators-own-token");
	uint8_t hash[SHA256_LEN];
	struct sha256 *sha = sha256_create();
	sha256_begin(sha);
	sha256_add(sha, "the-operators-own-token", 23);
	sha256_end(sha, hash);
	sha256_destroy(sha);
	assert_memory_equal(config->http.tokens[1].hash, hash, SHA256_LEN);
	const struct channel *push = config_channel(config, "007");
	assert_string_equal(push->url, "https://push.example.org/hook/of/the/school");
	assert_string_equal(push->secret, SECRET);
	assert_string_equal(push->language, "en");
	assert_int_equal(push->give_up_after, 1500);
	assert_int_equal(config->site_count, 2);
	assert_string_equal(config->sites[0]->id, "plant");
	assert_string_equal(config->sites[0]->name, "plant");
	assert_string_equal(config->sites[0]->language, "en");
	assert_string_not_equal(config->sites[0]->hash, config->sites[1]->hash);
	config_destroy(config);
}

static void defaults_stand_where_nothing_is_said(void **state)
{
	(void)state;
	struct service_config *config = load_good("tests/config/good/full/tocsin.yaml",
	                                          CONFIG_CHECK);
	const struct policy *all = &config->sites[0]->policies[0];
	assert_int_equal(all->repeat, MINUTES(2));
	assert_int_equal(all->resolve_within, MINUTES(30));
	assert_int_equal(all->kind, INCIDENT_KIND_NONE);
	assert_int_equal(all->severity, SEVERITY_NONE);
	config_destroy(config);
}

/* ---- text as written ---- */

static void ids_are_text_as_written(void **state)
{
	static const char *const ids[] = {
	        "0x00158d0001a2b3c4", "007",   "no",  "1e3", "宿舍", "null", "~", "true", "1.0",
	        "2026-01-05",         "22:30", "0o7", "-1",  "yes",  ".inf"};
	struct story *story = *state;
	struct text site = {0};
	given_service(story, PHONE);
	text_add(&site, "zones: [{id: hall}]\n" POLICY "devices:\n");
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		text_addf(&site, "  - {id: %s, zone: hall, kind: smoke}\n", ids[i]);
	given_site(story, text_get(&site));
	text_finish(&site);
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		assert_int_equal(site_def_device(story->config->sites[0], ids[i]), i);
}

static void a_mark_and_foreign_line_ends_do_no_harm(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_file(story, "site.yaml",
	           "\xef\xbb\xbfsite: plant\r\ntimezone: UTC\r\nzones: [{id: hall}]\r\n"
	           "policies: [{id: all, steps: [{after: 0s, notify: ['channel:phone']}]}]\r\n");
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	assert_string_equal(story->config->sites[0]->id, "plant");
}

/* ---- the report ---- */

static void all_is_said_in_the_order_of_the_files(void **state)
{
	struct story *story = *state;
	struct text expected = {0};
	given_service(story,
	              "channels: [{id: phone, type: webhook, url: 'http://a', outside: x}]\n");
	given_site(story, "policies: [{id: a, steps: [{after: 0s, notify: [person:bob]}]}]\n"
	                  "zones: [{id: hall, in: attic}]\n");
	when_loaded(story, CONFIG_CHECK);
	assert_int_equal(story->result, -EINVAL);
	text_addf(&expected,
	          "%s/tocsin.yaml:5:65: outside is true or false, without quotes, not 'x'\n"
	          "%s/site.yaml:4:49: unknown person 'bob'; allowed: ann\n"
	          "%s/site.yaml:5:24: unknown zone 'attic'; allowed: hall\n",
	          story->folder, story->folder, story->folder);
	assert_string_equal(text_get(&story->report), text_get(&expected));
	text_finish(&expected);
}

static void columns_count_characters(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_site(story, "zones: [{name: 宿舍, id: a, in: b}]\n" POLICY);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "site.yaml:4:31: unknown zone 'b'");
}

static void a_broken_file_does_not_hide_the_next(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE "http: {listen: x}\n");
	given_file(story, "site.yaml", "site: [plant\n");
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:6:16: 'listen' is");
	expect_said(story, "site.yaml:2:1: not valid YAML");
}

static void a_missing_service_file_is_said(void **state)
{
	struct story *story = *state;
	when_loaded(story, CONFIG_DAEMON);
	assert_int_equal(story->result, -ENOENT);
	expect_said(story, "/tocsin.yaml:1:1: the service file cannot be read: No such file");
}

static void a_folder_or_a_pipe_is_no_file(void **state)
{
	struct story *story = *state;
	char path[128];
	given_service(story, PHONE);
	snprintf(path, sizeof path, "%s/site.yaml", story->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:4:9: the site file");
	expect_said(story, "cannot be read: it is no regular file (a pipe, a terminal, a device)");
}

static void a_file_that_is_too_long_says_how_long_it_may_be(void **state)
{
	struct story *story = *state;
	struct text text = {0};
	for (int i = 0; i < 70000; i++)
		text_add(&text, "# a long comment\n");
	given_service(story, text_get(&text));
	text_finish(&text);
	when_loaded(story, CONFIG_CHECK);
	expect_said(story, "tocsin.yaml:1:1: the service file cannot be read: it is longer than "
	                   "1 MiB\n");
}

static void all_of_a_vocabulary_is_listed(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY "devices: [{id: a, zone: hall, profile: "
	                  "zigbee}]\nnmae: x\n");
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "did you mean 'zigbee2mqtt'? Allowed: native, ");
	expect_said(story, "did you mean 'name'? Allowed: site, name, ");
	expect_said(story, ", outputs, second_word\n");
	expect_not_said(story, "in all)");
}

static void many_problems_are_counted(void **state)
{
	struct story *story = *state;
	struct text site = {0};
	given_service(story, PHONE);
	text_add(&site, "zones: [{id: hall}]\n" POLICY "devices:\n");
	for (int i = 0; i < 1500; i++)
		text_addf(&site, "  - {id: %d, zone: none, kind: smoke}\n", i);
	given_site(story, text_get(&site));
	text_finish(&site);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "site.yaml:7:19: unknown zone 'none'; allowed: hall\n");
	expect_said(story, "site.yaml:1007:22: from here on and elsewhere 500 more; mend");
}

static void what_no_policy_fits_is_a_warning(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_site(story,
	           "zones: [{id: hall}]\n"
	           "policies:\n"
	           "  - {id: a, for: {kind: fire}, steps: [{after: 0s, notify: [person:ann]}]}\n"
	           "  - {id: b, for: {severity: critical}, steps: [{after: 0s, notify: "
	           "[person:ann]}]}\n");
	when_loaded(story, CONFIG_CHECK);
	assert_int_equal(story->result, 0);
	expect_said(story, "site.yaml:6:3: warning: no policy fits incidents of these kinds: "
	                   "gas (warning, minor, major); panic (");
	expect_not_said(story, "fire");
	when_loaded(story, CONFIG_COMMAND);
	expect_good(story);
}

static void of_two_policies_for_the_same_the_second_is_warned_of(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_site(story,
	           "zones: [{id: hall}]\n"
	           "policies:\n"
	           "  - {id: a, steps: [{after: 0s, notify: [person:ann]}]}\n"
	           "  - {id: b, for: {kind: fire}, steps: [{after: 0s, notify: [person:ann]}]}\n"
	           "  - {id: c, steps: [{after: 0s, notify: [person:ann]}]}\n");
	when_loaded(story, CONFIG_CHECK);
	assert_int_equal(story->result, 0);
	expect_said(story, "site.yaml:8:10: warning: policy 'c' is for the same incidents as 'a', "
	                   "which comes first and always holds");
	expect_not_said(story, "policy 'b'");
}

static void links_that_no_phone_can_open_are_a_warning(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE "http: {listen: 0.0.0.0:8080}\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_loaded(story, CONFIG_CHECK);
	assert_int_equal(story->result, 0);
	expect_said(story, "tocsin.yaml:6:16: warning: without 'public_url' the links in pushes "
	                   "lead to 0.0.0.0");
	given_service(story, PHONE "http: {listen: 0.0.0.0:8080, public_url: 'http://tocsin'}\n");
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
}

static void a_rule_that_can_never_apply_is_a_warning(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_site(story,
	           "zones: [{id: hall}]\n"
	           "devices: [{id: smoke-1, zone: hall, kind: smoke}]\n" POLICY "rules:\n"
	           "  - {id: a, match: {label: kitchen}, raise: {severity: critical}}\n"
	           "  - {id: b, match: {kind: smoke}, count: 2, within: 1h, distinct: device,"
	           " raise: {severity: critical}}\n"
	           "  - {id: c, match: {kind: smoke}, raise: {severity: critical}}\n");
	when_loaded(story, CONFIG_CHECK);
	assert_int_equal(story->result, 0);
	expect_said(story, "warning: rule 'a' can never apply: no device fits its 'match'");
	expect_said(story, "warning: rule 'b' can never apply: fewer devices fit");
	expect_not_said(story, "rule 'c'");
}

/* ---- secrets ---- */

static void no_secret_is_ever_said(void **state)
{
	struct story *story = *state;
	given_file(story, "tocsin.yaml",
	           "version: 1\n"
	           "broker: {url: 'mqtt://u:hunter2@h/x', password: hunter2, hunter2: }\n"
	           "store: {path: a.db}\n"
	           "http: {public_url: hunter2, tokens: [hunter2, {name: a, role: admin, "
	           "token:hunter2},"
	           " {name: b, role: admin, token: [hunter2]}]}\n"
	           "channels:\n"
	           "  - {id: a, type: webhook, url: hunter2, secret: hunter2}\n"
	           "  - {id: b, type: webhook, url: 'http://a/', secret: hunter2}\n"
	           "  - {id: c, type: webhook, url: 'http://a/', secret_file: hunter2}\n"
	           "  - {id: d, type: telegram, token: hunter2, hunter2: x}\n"
	           "  - {id: e, type: webhook, url: \"hun\\nter2\"}\n"
	           "  - {id: f, type: webhook, url: 'http://hunter2@/', token: \"hunter2\\n\"}\n"
	           "sites: [site.yaml]\n");
	given_file(story, "site.yaml",
	           "site: plant\ntimezone: UTC\nzones: [{id: hall}]\n" POLICY
	           "devices: [{id: a, zone: hall, kind: panic, signed: {key:hunter2}}, "
	           "{id: b, zone: hall, kind: panic, signed: {key: hunter2}}, "
	           "{id: c, zone: hall, kind: panic, signed: {key: [hunter2], hunter2: x}}]\n"
	           "people: [{id: ann, contacts: [{channel: a, to:hunter2}, {channel: a, "
	           "to: \"hun\\nter2\"}, {channel: a, to: {hunter2: x}}]}]\n");
	when_loaded(story, CONFIG_DAEMON);
	expect_refused(story, "tocsin.yaml:2:");
	expect_said(story, "site.yaml:5:");
	expect_said(story, "site.yaml:6:");
	expect_not_said(story, "hunter2");
	expect_not_said(story, "ter2");
}

#define KEY "hunter2-0123456789-0123456789-01234"
#define BARK "channels: [{id: phone, type: bark}, {id: chat, type: telegram, token: '1:a'}]\n"

static void the_record_keeps_a_site_file_without_its_secrets(void **state)
{
	struct story *story = *state;
	char whole[65];
	static const char site[] =
	        "site: plant # 厂区\ntimezone: UTC\nzones: [{id: hall}]\n"
	        "devices:\n  - {id: a, zone: hall, kind: panic, signed: {key: %s, window: 1m}}\n"
	        "people:\n  - id: ann\n    contacts: [{channel: phone, to: %s}, {channel: chat, "
	        "to: -1001}, {channel: phone, to_file: password}]\n" POLICY;
	struct text written = {0}, kept = {0};
	text_addf(&written, site, KEY, "'hunter2,hunter3'");
	text_addf(&kept, site, TREE_HIDDEN, TREE_HIDDEN);
	given_service(story, BARK);
	given_file(story, "password", "hunter4\n");
	given_file(story, "site.yaml", text_get(&kept));
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "the key has fewer than 32 characters");
	given_file(story, "site.yaml", text_get(&written));
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	const struct site_def *def = story->config->sites[0];
	assert_string_equal(def->text, text_get(&kept));
	assert_string_equal(device_details(&def->devices[0])->signing->key, KEY);
	assert_string_equal(def->people[0].contacts[0].to, "hunter2,hunter3");
	assert_string_equal(def->people[0].contacts[2].to, "hunter4");
	/* Which file it was is told by the hash of all of it. */
	memcpy(whole, def->hash, sizeof whole);
	given_file(story, "site.yaml", text_get(&written));
	when_loaded(story, CONFIG_COMMAND);
	assert_string_equal(story->config->sites[0]->hash, whole);
	text_finish(&written);
	text_finish(&kept);
}

static void an_address_from_a_file_is_given(void **state)
{
	struct story *story = *state;
	given_service(story, "channels: [{id: phone, type: ntfy, to_file: password}]\n");
	given_site(story, "zones: [{id: hall}]\n"
	                  "policies: [{id: all, steps: [{after: 0s, notify: [channel:phone]}]}]\n");
	when_loaded(story, CONFIG_COMMAND);
	expect_good(story);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:5:45: the file of 'to_file' cannot be read");
	given_file(story, "password", "a-topic\n");
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	assert_string_equal(config_channel(story->config, "phone")->to, "a-topic");
}

static void when_put_in_force(struct story *story)
{
	when_loaded(story, CONFIG_DAEMON);
	expect_good(story);
	story->result = config_make_tokens(story->config, &story->report);
}

static void a_missing_token_file_is_made_for_what_is_put_in_force(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE "http: {tokens: [{name: a, role: viewer, token_file: a.token}, "
	                           "{name: b, role: admin, token_file: b.token}]}\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	when_loaded(story, CONFIG_COMMAND);
	expect_good(story);
	assert_int_equal(token_mode(story, "a.token"), -1);
	when_loaded(story, CONFIG_DAEMON);
	expect_good(story);
	assert_int_equal(token_mode(story, "a.token"), -1);
	umask(0);
	when_put_in_force(story);
	umask(0022);
	expect_good(story);
	assert_int_equal(token_mode(story, "a.token"), 0600);
	assert_int_equal(token_mode(story, "b.token"), 0600);
	assert_memory_not_equal(story->config->http.tokens[0].hash,
	                        story->config->http.tokens[1].hash, SHA256_LEN);
	char *made = mem_copy(story->config->local_token);
	assert_int_equal(strlen(made), 43); /* 32 bytes in base64url */
	when_loaded(story, CONFIG_COMMAND);
	assert_string_equal(story->config->local_token, made);
	free(made);
}

static void a_token_that_cannot_be_made_is_said_with_its_place(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE "http: {tokens: [{name: a, role: admin, token_file: a.token}, "
	                           "{name: b, role: admin, token_file: /proc/none/b.token}]}\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_put_in_force(story);
	assert_int_equal(story->result, -EINVAL);
	expect_said(story, "tocsin.yaml:6:97: the file of 'token_file' cannot be made: No such");
}

static void each_token_has_a_text_that_can_be_used(void **state)
{
	struct story *story = *state;
	char path[128];
	given_service(story, PHONE "http:\n  tokens:\n"
	                           "    - {name: a, role: viewer, token: hunter2}\n"
	                           "    - {name: b, role: admin, token: hunter2}\n"
	                           "    - {name: c, role: admin, token_file: a.token}\n"
	                           "    - {name: d, role: admin, token: ' hunter3'}\n"
	                           "    - {name: e, role: admin, token_file: b.token}\n"
	                           "    - {name: f, role: admin, token_file: c.token}\n"
	                           "    - {name: g, role: admin, token_file: c.token}\n"
	                           "    - {name: h, role: admin, token_file: password}\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	given_file(story, "a.token", "hunter2\n");
	given_file(story, "b.token", "hunter4 \n");
	snprintf(path, sizeof path, "%s/password", story->folder);
	assert_int_equal(symlink("nowhere", path), 0);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:9:37: this is also the token of 'a'; each has a text");
	expect_said(story, "tocsin.yaml:10:42: this is also the token of 'a'");
	expect_said(story, "tocsin.yaml:11:37: the token begins or ends with a blank");
	expect_said(story, "tocsin.yaml:12:42: the token begins or ends with a blank");
	expect_said(story, "tocsin.yaml:14:42: this is also the token of 'f'");
	expect_said(story, "tocsin.yaml:15:42: the file of 'token_file' is a link to a file that");
	expect_not_said(story, "token of 'b'");
	expect_not_said(story, "hunter");
}

static void nothing_is_made_for_what_is_refused(void **state)
{
	struct story *story = *state;
	given_service(story,
	              PHONE "http: {tokens: [{name: a, role: admin, token_file: a.token}]}\n");
	given_site(story, "zones: [{id: hall, in: none}]\n" POLICY);
	when_loaded(story, CONFIG_DAEMON);
	expect_refused(story, "unknown zone 'none'");
	assert_int_equal(token_mode(story, "a.token"), -1);
}

static void a_command_needs_no_secrets(void **state)
{
	struct story *story = *state;
	given_file(story, "tocsin.yaml",
	           "version: 1\n"
	           "broker: {url: mqtts://h, username: u, password_file: none, ca_file: none}\n"
	           "store: {path: a.db}\n"
	           "channels: [{id: phone, type: webhook, url_file: none, secret_file: none}]\n"
	           "sites: [site.yaml]\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_loaded(story, CONFIG_COMMAND);
	expect_good(story);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:2:54: the file of 'password_file' cannot be read");
	expect_said(story, "tocsin.yaml:2:69: ca_file: the file cannot be read");
	expect_said(story, "tocsin.yaml:4:49: the file of 'url_file' cannot be read");
	expect_said(story, "tocsin.yaml:4:68: the file of 'secret_file' cannot be read");
}

static void a_command_does_without_the_files_that_are_wrong(void **state)
{
	static const char good[] = "site: other\ntimezone: UTC\nzones: [{id: hall}]\n"
	                           "policies: [{id: a, steps: [{after: 0s, notify: "
	                           "[channel:phone]}]}]\n";
	static const char *const bad[] = {"site: plant\nnonsense: 1\n", "site: [plant\n", NULL,
	                                  good};
	struct story *story = *state;
	given_file(story, "tocsin.yaml",
	           "version: 1\nbroker: {url: mqtt://127.0.0.1}\nstore: {path: a.db}\n"
	           "http: {tokens: [{name: a, role: admin, token: hunter2}]}\n" PHONE
	           "sites: [other.yaml, site.yaml]\n");
	given_file(story, "other.yaml", good);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/site.yaml", story->folder);
		unlink(path);
		if (bad[i])
			given_file(story, "site.yaml", bad[i]);
		when_loaded(story, CONFIG_COMMAND);
		expect_said(story, ".yaml:");
		assert_int_equal(story->result, 0);
		assert_true(story->config->partial);
		assert_int_equal(story->config->site_count, 1);
		assert_string_equal(story->config->sites[0]->id, "other");
		assert_string_equal(story->config->local_token, "hunter2");
		when_loaded(story, CONFIG_CHECK);
		assert_int_equal(story->result, -EINVAL);
	}
	given_file(story, "site.yaml", "profile: x\nnonsense: 1\n");
	given_file(story, "tocsin.yaml",
	           "version: 1\nbroker: {url: mqtt://127.0.0.1}\nstore: {path: a.db}\n" PHONE
	           "sites: [other.yaml]\nprofiles: [site.yaml]\n");
	when_loaded(story, CONFIG_COMMAND);
	assert_int_equal(story->result, 0);
	assert_true(story->config->partial);
	assert_int_equal(story->config->profiles.count, 0);
	given_file(story, "other.yaml", good);
	given_file(story, "tocsin.yaml", "version: 1\nnonsense: 1\nsites: [other.yaml]\n");
	when_loaded(story, CONFIG_COMMAND);
	assert_int_equal(story->result, -EINVAL);
}

static const struct profile *profile_of(const struct story *story, const char *name)
{
	const struct profiles *profiles = &story->config->profiles;
	uint32_t at = profiles_find(profiles, name);
	assert_int_not_equal(at, POSITION_NONE);
	return &profiles->items[at];
}

static void of_what_is_built_in_only_what_is_named_is_read(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE "listen: [zwave]\nprofiles: [other.yaml]\n");
	given_file(story, "other.yaml", "profile: own\nlike: tasmota\n");
	given_site(story, "zones: [{id: hall}]\n" POLICY
	                  "devices: [{id: a, zone: hall, profile: zigbee2mqtt}]\n");
	when_loaded(story, CONFIG_DAEMON);
	expect_good(story);
	uint32_t filled = 0;
	for (uint32_t i = 0; i < story->config->profiles.count; i++)
		filled += story->config->profiles.items[i].filled;
	assert_int_equal(filled, 3);
	assert_true(profile_of(story, "zwave")->heard);
	assert_true(profile_of(story, "zigbee2mqtt")->rule_count > 0);
	assert_string_equal(story->config->sites[0]->devices[0].bridge,
	                    profile_of(story, "zigbee2mqtt")->gateway);
	assert_true(profile_of(story, "own")->rule_count > 0);
	assert_int_equal(profile_of(story, "tasmota")->rule_count, 0);
}

static void all_that_is_built_in_is_good(void **state)
{
	struct story *story = *state;
	struct text report = {0};
	given_service(story, PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	assert_int_equal(config_fill_profiles(story->config, &report), 0);
	assert_string_equal(text_get(&report), "");
	text_finish(&report);
	assert_true(story->config->profiles.count > 20);
	for (uint32_t i = 0; i < story->config->profiles.count; i++) {
		const struct profile *profile = &story->config->profiles.items[i];
		assert_true(profile->filled && !profile->heard);
		assert_non_null(profile->about);
		assert_true(profile->rule_count || profile->set_count);
	}
}

static void a_secret_file_is_bounded_and_one_line(void **state)
{
	struct story *story = *state;
	char *big = calloc(1, 70000);
	memset(big, 'a', 70000 - 1);
	given_file(story, "tocsin.yaml",
	           "version: 1\nbroker: {url: mqtt://h, username: u, password_file: password}\n"
	           "store: {path: a.db}\nsites: [site.yaml]\n" PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	given_bytes(story, "password", big, 70000 - 1);
	free(big);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "tocsin.yaml:2:53: the file of 'password_file' cannot be read: it is "
	                      "longer than 64 KiB");
	static const char *const bad[] = {"", "\n", "two\nlines\n", "\xff\xfe", "a\tb"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		given_file(story, "password", bad[i]);
		when_loaded(story, CONFIG_CHECK);
		expect_refused(story,
		               "tocsin.yaml:2:53: the file of 'password_file' must hold one line");
	}
	given_file(story, "password", "good one\r\n");
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	assert_string_equal(story->config->broker.password, "good one");
}

static void a_secret_that_everyone_can_read_is_a_warning(void **state)
{
	struct story *story = *state;
	char path[128];
	given_file(story, "tocsin.yaml",
	           "version: 1\nbroker: {url: mqtt://h, username: u, password_file: password}\n"
	           "store: {path: a.db}\nsites: [site.yaml]\n" PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	given_file(story, "password", "x\n");
	snprintf(path, sizeof path, "%s/password", story->folder);
	assert_int_equal(chmod(path, 0644), 0);
	when_loaded(story, CONFIG_DAEMON);
	assert_int_equal(story->result, 0);
	expect_said(story, "tocsin.yaml:2:53: warning: every user of this machine can read");
	assert_int_equal(chmod(path, 0600), 0);
	when_loaded(story, CONFIG_DAEMON);
	expect_good(story);
}

/* ---- sites ---- */

static void each_site_has_one_file(void **state)
{
	struct story *story = *state;
	given_file(story, "tocsin.yaml",
	           "version: 1\nbroker: {url: mqtt://127.0.0.1}\nstore: {path: a.db}\n"
	           "sites: [site.yaml, other.yaml]\n" PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	given_file(story, "other.yaml",
	           "timezone: UTC\nsite: plant\nzones: [{id: a}]\n"
	           "policies: [{id: all, steps: [{after: 0s, notify: ['channel:phone']}]}]\n");
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "other.yaml:2:7: site 'plant' is already described");
}

static void the_hash_knows_every_byte(void **state)
{
	struct story *story = *state;
	char before[65], site[65];
	given_service(story, PHONE);
	given_site(story, "zones: [{id: hall}]\n" POLICY);
	when_loaded(story, CONFIG_CHECK);
	memcpy(before, story->config->hash, 65);
	memcpy(site, story->config->sites[0]->hash, 65);
	when_loaded(story, CONFIG_CHECK);
	assert_string_equal(story->config->hash, before);
	given_site(story, "zones: [{id: hall}]\n" POLICY "# a word\n");
	when_loaded(story, CONFIG_CHECK);
	assert_string_not_equal(story->config->hash, before);
	assert_string_not_equal(story->config->sites[0]->hash, site);
}

static void given_nested_zones(struct story *story, int depth)
{
	struct text site = {0};
	text_add(&site, POLICY "zones:\n  - {id: z1}\n");
	for (int i = 2; i <= depth; i++)
		text_addf(&site, "  - {id: z%d, in: z%d}\n", i, i - 1);
	given_site(story, text_get(&site));
	text_finish(&site);
}

static void zones_nest_only_so_deep(void **state)
{
	struct story *story = *state;
	given_service(story, PHONE);
	given_nested_zones(story, ZONE_DEPTH_MAX);
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	given_nested_zones(story, ZONE_DEPTH_MAX + 3);
	when_loaded(story, CONFIG_CHECK);
	expect_refused(story, "site.yaml:22:19: zones nest deeper than 16 here");
	assert_null(strstr(text_get(&story->report), "site.yaml:23:")); /* said once */
}

/* Quadratic work would take minutes here. */
static void many_devices_take_linear_time(void **state)
{
	enum { MANY = 100000 };
	struct story *story = *state;
	struct text site = {0};
	given_service(story, PHONE);
	text_add(&site, "zones:\n");
	for (int i = 0; i < MANY / 10; i++)
		text_addf(&site, "  - {id: z%d}\n", i);
	text_add(&site, POLICY "devices:\n");
	for (int i = 0; i < MANY; i++)
		text_addf(&site, "  - {id: d%d, zone: z%d, kind: smoke}\n", i, i / 10);
	given_site(story, text_get(&site));
	text_finish(&site);
	when_loaded(story, CONFIG_CHECK);
	expect_good(story);
	const struct site_def *def = story->config->sites[0];
	assert_int_equal(def->device_count, MANY);
	assert_int_equal(def->devices[site_def_device(def, "d99999")].zone,
	                 site_def_zone(def, "z9999"));
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_contract_service_is_read),
	        cmocka_unit_test(the_contract_site_is_read),
	        cmocka_unit_test(the_contract_policies_are_read),
	        cmocka_unit_test(every_key_is_read),
	        cmocka_unit_test(defaults_stand_where_nothing_is_said),
	        STORY(ids_are_text_as_written),
	        STORY(a_mark_and_foreign_line_ends_do_no_harm),
	        STORY(all_is_said_in_the_order_of_the_files),
	        STORY(columns_count_characters),
	        STORY(a_broken_file_does_not_hide_the_next),
	        STORY(a_missing_service_file_is_said),
	        STORY(a_folder_or_a_pipe_is_no_file),
	        STORY(a_file_that_is_too_long_says_how_long_it_may_be),
	        STORY(all_of_a_vocabulary_is_listed),
	        STORY(many_problems_are_counted),
	        STORY(what_no_policy_fits_is_a_warning),
	        STORY(of_two_policies_for_the_same_the_second_is_warned_of),
	        STORY(links_that_no_phone_can_open_are_a_warning),
	        STORY(a_rule_that_can_never_apply_is_a_warning),
	        STORY(no_secret_is_ever_said),
	        STORY(the_record_keeps_a_site_file_without_its_secrets),
	        STORY(an_address_from_a_file_is_given),
	        STORY(a_missing_token_file_is_made_for_what_is_put_in_force),
	        STORY(a_token_that_cannot_be_made_is_said_with_its_place),
	        STORY(each_token_has_a_text_that_can_be_used),
	        STORY(nothing_is_made_for_what_is_refused),
	        STORY(a_command_needs_no_secrets),
	        STORY(a_command_does_without_the_files_that_are_wrong),
	        STORY(of_what_is_built_in_only_what_is_named_is_read),
	        STORY(all_that_is_built_in_is_good),
	        STORY(a_secret_file_is_bounded_and_one_line),
	        STORY(a_secret_that_everyone_can_read_is_a_warning),
	        STORY(each_site_has_one_file),
	        STORY(the_hash_knows_every_byte),
	        STORY(zones_nest_only_so_deep),
	        STORY(many_devices_take_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
