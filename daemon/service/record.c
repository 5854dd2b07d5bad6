/* What the service tells the record about itself: the key that signs, the configuration in force,
 * its starts and how the time before them ended; and the heads that leave the house. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/json.h"
#include "base/log.h"
#include "store/seal.h"
#include "store/unlogged.h"

static struct service_fact *add_site_fact(struct app *app, const struct site *site,
                                          enum service_event type, struct text *data)
{
	struct item *item = inbox_add(app, ITEM_FACT);
	item->site = arena_copy(&app->inbox.arena, site->def->id);
	item->fact = (struct service_fact){
	        .type = type, .data = arena_copy_len(&app->inbox.arena, text_get(data), data->len)};
	text_finish(data);
	return &item->fact;
}

/* ---- the configuration: by its hash each time, whole where the record has not seen it ---- */

static void write_channels(struct text *out, const struct site_def *def)
{
	json_open(out, "channels", '[');
	for (uint32_t i = 0; i < def->channel_count; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "id", def->channels[i].id);
		json_put_int(out, "give_up_after_ms", def->channels[i].give_up_after);
		json_put_bool(out, "outside", def->channels[i].outside);
		json_close(out, '}');
	}
	json_close(out, ']');
}

void record_configured(struct app *app, const struct site *site)
{
	const struct site_def *def = site->def;
	struct text data = {0};
	json_open(&data, NULL, '{');
	json_put_string(&data, "config", app->config->hash);
	json_open(&data, "site_file", '{');
	json_put_string(&data, "hash", def->hash);
	if (def->text && !store_has_config(app->store, site->store_id, def->hash))
		json_put_string(&data, "text", def->text);
	json_close(&data, '}');
	write_channels(&data, def);
	json_close(&data, '}');
	add_site_fact(app, site, SERVICE_CONFIGURED, &data);
}

/* What the last config entry says is what is in force now, channels included. */
static bool is_configured(struct app *app, const struct site *site)
{
	uint64_t seq;
	char *data;
	cJSON *root = NULL;
	bool same = false;
	if (store_mark(app->store, site->store_id, "config", &seq, &data) < 0)
		return false;
	if (data && json_parse(data, strlen(data), &root, NULL) == 0) {
		const char *hash = json_string(json_get(root, "site_file"), "hash");
		const char *config = json_string(root, "config");
		same = hash && config && strcmp(hash, site->def->hash) == 0 &&
		       strcmp(config, app->config->hash) == 0;
	}
	cJSON_Delete(root);
	free(data);
	return same;
}

/* ---- the key ---- */

static void put_key(struct text *out, const char *name, const uint8_t key[ED25519_KEY_LEN])
{
	struct text hex = {0};
	text_add_hex(&hex, key, ED25519_KEY_LEN);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

static void vow(struct app *app, const struct site *site, const uint8_t was[ED25519_KEY_LEN],
                const uint8_t now[ED25519_KEY_LEN], struct text *data)
{
	struct keys old;
	struct signer signer = {0};
	uint8_t signature[ED25519_SIG_LEN];
	put_key(data, "from", was);
	if (keys_read_old(app->config->store_path, &old) == 0) {
		memcpy(signer.seed, old.seed, sizeof signer.seed);
		ed25519_public(signer.seed, signer.key);
		if (crypto_equal(signer.key, was, sizeof signer.key)) {
			struct text base64 = {0};
			key_vow(&signer, site->def->id, now, signature);
			text_add_base64(&base64, signature, sizeof signature);
			json_put_string(data, "signature", text_get(&base64));
			text_finish(&base64);
		}
		explicit_bzero(&signer, sizeof signer);
		explicit_bzero(&old, sizeof old);
	}
}

static void add_key(struct app *app, const struct site *site)
{
	uint8_t now[ED25519_KEY_LEN], was[ED25519_KEY_LEN];
	ed25519_public(app->keys.seed, now);
	bool known = store_recorded_key(app->store, site->store_id, was);
	if (known && crypto_equal(now, was, sizeof now))
		return;
	struct text data = {0};
	json_open(&data, NULL, '{');
	put_key(&data, "key", now);
	if (known)
		vow(app, site, was, now, &data);
	json_close(&data, '}');
	add_site_fact(app, site, SERVICE_KEYED, &data);
}

void record_committed(struct app *app)
{
	struct keys old;
	uint8_t now[ED25519_KEY_LEN], recorded[ED25519_KEY_LEN];
	if (app->key_is_recorded)
		return;
	ed25519_public(app->keys.seed, now);
	for (uint32_t i = 0; i < app->site_count; i++)
		if (!store_recorded_key(app->store, app->sites[i].site->store_id, recorded) ||
		    !crypto_equal(now, recorded, sizeof now))
			return;
	app->key_is_recorded = true;
	/* Where it signs still, the next change waits, or was cut short. */
	int r = keys_read_old(app->config->store_path, &old);
	if (r == -EINVAL || (r == 0 && !crypto_equal(old.seed, app->keys.seed, sizeof old.seed)))
		keys_forget_old(app->config->store_path);
	explicit_bzero(&old, sizeof old);
}

/* ---- the start ---- */

static const char *how_it_ended(struct app *app, const struct site *site)
{
	uint64_t started, stopped;
	char *data[2] = {NULL, NULL};
	const char *word = "first start";
	if (store_mark(app->store, site->store_id, "service.started", &started, &data[0]) == 0 &&
	    store_mark(app->store, site->store_id, "service.stopped", &stopped, &data[1]) == 0 &&
	    started)
		word = stopped > started ? "stop" : "crash";
	free(data[0]);
	free(data[1]);
	return word;
}

static void add_start(struct app *app, const struct site *site, bool known, span_ms downtime)
{
	struct text data = {0};
	const char *after = how_it_ended(app, site);
	json_open(&data, NULL, '{');
	json_put_string(&data, "version", TOCSIN_VERSION);
	json_put_string(&data, "config", app->config->hash);
	json_put_string(&data, "site_file", site->def->hash);
	json_put_string(&data, "after", after);
	if (known)
		json_put_int(&data, "downtime_ms", downtime);
	if (app->was_unlogged)
		json_put_bool(&data, "unlogged", true);
	json_close(&data, '}');
	add_site_fact(app, site, SERVICE_STARTED, &data)->unlogged = app->was_unlogged;
	if (strcmp(after, "crash") == 0)
		log_info("%s: the service did not end cleanly; it was down for %lld s",
		         site->def->id, (long long)(known ? downtime / 1000 : 0));
}

/* ---- the end as the start finds it ---- */

/* Of the store as it is the next commit makes what was left of it: the entry is what remains of the
 * trace, and verify goes on to say so. */
static void add_found_end(struct app *app, const struct site *site)
{
	static const char *const words[] = {
	        [STORE_END_CUT] = "cut",
	        [STORE_END_OTHER] = "other",
	        [STORE_END_UNKNOWN] = "no head file",
	};
	struct store_left left;
	struct text data = {0}, detail = {0};
	enum store_end end = store_end_found(app->store, site, &left);
	if (end == STORE_END_AS_LEFT)
		return;
	json_open(&data, NULL, '{');
	json_put_string(&data, "found", words[end]);
	json_put_int(&data, "last", (int64_t)left.last);
	if (left.head.len)
		json_put_raw(&data, "head", text_get(&left.head));
	json_close(&data, '}');
	add_site_fact(app, site, STORE_NOT_AS_LEFT, &data);
	if (end == STORE_END_UNKNOWN)
		text_add(&detail,
		         "台账旁的 .head 文件缺失 · the file .head beside the record is gone");
	else
		text_addf(&detail,
		          "第 %llu 条记录曾已写入，现已不在 · entry %llu was written and is gone",
		          (unsigned long long)left.seq, (unsigned long long)left.seq);
	log_error("%s: the record is not what was left of it (%s): it ends at entry %llu",
	          site->def->id, words[end], (unsigned long long)left.last);
	struct item *item = inbox_add(app, ITEM_TROUBLE);
	item->site = arena_copy(&app->inbox.arena, site->def->id);
	item->trouble = (struct trouble){
	        .subject = "record",
	        .active = true,
	        .detail = arena_copy(&app->inbox.arena, text_get(&detail))};
	text_finish(&left.head);
	text_finish(&detail);
}

/* ---- what a record begins with, and ends with ---- */

/* All that its record does not know already. */
static void begin(struct app *app, const struct site *site, bool known, span_ms downtime)
{
	if (!is_configured(app, site))
		record_configured(app, site);
	add_key(app, site);
	add_start(app, site, known, downtime);
	add_found_end(app, site);
}

void record_begin(struct app *app, const struct site *site)
{
	begin(app, site, false, 0);
}

void record_stop(struct app *app, const struct site *site)
{
	struct text data = {0};
	text_add(&data, "{}");
	add_site_fact(app, site, SERVICE_STOPPED, &data);
}

int record_start(struct app *app, bool known, span_ms downtime, struct problem *why)
{
	int r = store_sign_with(app->store, &app->keys, why);
	app->was_unlogged = unlogged_was(app->config->store_path);
	store_keep_for(app->store, app->config->store_keep);
	for (uint32_t i = 0; r == 0 && i < app->site_count; i++)
		begin(app, app->sites[i].site, known, downtime);
	return r;
}

/* ---- the heads that leave ---- */

void record_publish_heads(struct app *app, bool fresh_only)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		struct site_slot *slot = &app->sites[i];
		struct text topic = {0}, body = {0};
		uint64_t seq = store_seal_json(app->store, slot->site, &body);
		if (seq && (seq != slot->head_published || !fresh_only)) {
			text_addf(&topic, "tocsin/%s/ledger/head", slot->site->def->id);
			broker_publish(app->broker, text_get(&topic), text_get(&body), body.len, 1,
			               true);
			slot->head_published = seq;
		}
		text_finish(&topic);
		text_finish(&body);
	}
}
