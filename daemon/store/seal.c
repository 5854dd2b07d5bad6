#include "store/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ledger.h's F of a text. */
static void field(struct text *out, const char *text)
{
	uint64_t len = strlen(text);
	for (int shift = 56; shift >= 0; shift -= 8)
		text_add_char(out, (char)(uint8_t)(len >> shift));
	text_add(out, text);
}

static void number(struct text *out, int64_t value)
{
	char decimal[24];
	snprintf(decimal, sizeof decimal, "%" PRId64, value);
	field(out, decimal);
}

static void hex_field(struct text *out, const uint8_t *bytes, size_t len)
{
	struct text hex = {0};
	text_add_hex(&hex, bytes, len);
	field(out, text_get(&hex));
	text_finish(&hex);
}

static void message_of(struct text *out, const char *site, const struct seal *seal)
{
	field(out, seal->of_commit ? "tocsin head 1" : "tocsin seal 1");
	field(out, site);
	number(out, (int64_t)seal->seq);
	hex_field(out, seal->hash, sizeof seal->hash);
	number(out, seal->time);
	if (seal->of_commit)
		hex_field(out, seal->state, sizeof seal->state);
}

void seal_make(const struct signer *signer, const char *site, struct ledger_head head, wall_ms time,
               const uint8_t *state, struct seal *out)
{
	struct seal seal = {.seq = head.seq, .time = time, .of_commit = state, .apart = !state};
	struct text message = {0};
	if (state)
		memcpy(seal.state, state, sizeof seal.state);
	memcpy(seal.hash, head.hash, sizeof seal.hash);
	memcpy(seal.key, signer->key, sizeof seal.key);
	message_of(&message, site, &seal);
	if (signer->ready)
		ed25519_sign_with(signer->ready, message.at, message.len, seal.signature);
	else
		ed25519_sign(signer->seed, message.at, message.len, seal.signature);
	text_finish(&message);
	*out = seal;
}

bool seal_holds(const struct seal *seal, const char *site)
{
	struct text message = {0};
	message_of(&message, site, seal);
	bool holds = ed25519_verify(seal->key, message.at, message.len, seal->signature);
	text_finish(&message);
	return holds;
}

/* ---- as texts ---- */

static void put_hex(struct text *out, const char *name, const uint8_t *bytes, size_t len)
{
	struct text hex = {0};
	text_add_hex(&hex, bytes, len);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

void seal_write_json(struct text *out, const struct seal *seal)
{
	struct text signature = {0};
	json_open(out, NULL, '{');
	json_put_int(out, "seq", (int64_t)seal->seq);
	put_hex(out, "head", seal->hash, sizeof seal->hash);
	json_put_time(out, "time", seal->time);
	json_put_int(out, "time_ms", seal->time);
	put_hex(out, "key", seal->key, sizeof seal->key);
	text_add_base64(&signature, seal->signature, sizeof seal->signature);
	json_put_string(out, "signature", text_get(&signature));
	if (seal->apart)
		json_put_bool(out, "apart", true);
	if (seal->of_commit)
		put_hex(out, "state", seal->state, sizeof seal->state);
	json_close(out, '}');
	text_finish(&signature);
}

static bool read_bytes(const char *hex, uint8_t *out, size_t len)
{
	return hex && strlen(hex) == 2 * len && hex_decode(hex, out, len) == (int)len;
}

static bool read_signature(const char *base64, uint8_t out[ED25519_SIG_LEN])
{
	return base64 && base64_decode(base64, out, ED25519_SIG_LEN) == ED25519_SIG_LEN;
}

bool seal_read_json(const char *json, struct seal *out)
{
	cJSON *root = NULL;
	struct seal seal = {0};
	int64_t seq = 0;
	if (json_parse(json, strlen(json), &root, NULL) < 0)
		return false;
	bool good = json_int(root, "seq", &seq) && seq > 0 &&
	            json_int(root, "time_ms", &seal.time) &&
	            read_bytes(json_string(root, "head"), seal.hash, sizeof seal.hash) &&
	            read_bytes(json_string(root, "key"), seal.key, sizeof seal.key) &&
	            read_signature(json_string(root, "signature"), seal.signature);
	(void)!json_bool(root, "apart", &seal.apart);
	cJSON_Delete(root);
	seal.seq = (uint64_t)seq;
	if (good)
		*out = seal;
	return good;
}

void seal_write_line(struct text *out, const struct seal *seal)
{
	text_addf(out, "%" PRIu64 " ", seal->seq);
	text_add_hex(out, seal->hash, sizeof seal->hash);
	text_addf(out, " %" PRId64 " ", seal->time);
	text_add_hex(out, seal->key, sizeof seal->key);
	text_add_char(out, ' ');
	text_add_base64(out, seal->signature, sizeof seal->signature);
	if (!seal->of_commit)
		return;
	text_add_char(out, ' ');
	text_add_hex(out, seal->state, sizeof seal->state);
}

bool seal_read_line(const char *line, struct seal *out)
{
	struct seal seal = {0};
	char words[6][160];
	int count = 0;
	for (; count < 6; count++) {
		size_t len = line ? strcspn(line, " \n") : 0;
		if (len >= sizeof words[count])
			return false;
		if (!len)
			break;
		memcpy(words[count], line, len);
		words[count][len] = '\0';
		line += len;
		line += *line == ' ';
	}
	int64_t seq;
	seal.of_commit = count == 6;
	if (count < 5 || text_parse_int(words[0], &seq) < 0 || seq < 0 ||
	    text_parse_int(words[2], &seal.time) < 0 ||
	    !read_bytes(words[1], seal.hash, sizeof seal.hash) ||
	    !read_bytes(words[3], seal.key, sizeof seal.key) ||
	    !read_signature(words[4], seal.signature) ||
	    (seal.of_commit && !read_bytes(words[5], seal.state, sizeof seal.state)))
		return false;
	seal.seq = (uint64_t)seq;
	*out = seal;
	return true;
}

bool seal_follows(const char *type)
{
	return strcmp(type, "service.started") == 0 || strcmp(type, "service.stopped") == 0 ||
	       strcmp(type, "clock") == 0;
}

/* ---- a change of keys ---- */

static void vow_of(struct text *out, const char *site, const uint8_t key[ED25519_KEY_LEN])
{
	field(out, "tocsin key 1");
	field(out, site);
	hex_field(out, key, ED25519_KEY_LEN);
}

void key_vow(const struct signer *old, const char *site, const uint8_t key[ED25519_KEY_LEN],
             uint8_t out[ED25519_SIG_LEN])
{
	struct text message = {0};
	vow_of(&message, site, key);
	ed25519_sign(old->seed, message.at, message.len, out);
	text_finish(&message);
}

bool key_vow_holds(const uint8_t old[ED25519_KEY_LEN], const char *site,
                   const uint8_t key[ED25519_KEY_LEN], const uint8_t signature[ED25519_SIG_LEN])
{
	struct text message = {0};
	vow_of(&message, site, key);
	bool holds = ed25519_verify(old, message.at, message.len, signature);
	text_finish(&message);
	return holds;
}
