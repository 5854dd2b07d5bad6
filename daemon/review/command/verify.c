/* Can the record be trusted: `tocsin verify` and `tocsin key`. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "review/command/export.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "store/keys.h"
#include "store/verify.h"

struct verifying {
	const struct command_context *ctx;
	bool as_json;
	const struct kept_head *kept; /* NULL: none */
	struct text json, text;
	uint64_t entries, first_seq;
	const char *first_kind; /* of the first finding of all, or NULL */
	char *first_site;
};

static void put_hex(struct text *out, const char *name, const uint8_t *bytes, size_t len)
{
	struct text hex = {0};
	text_add_hex(&hex, bytes, len);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

static void site_json(struct text *out, const struct site_verdict *site)
{
	json_open(out, NULL, '{');
	json_put_string(out, "site", site->site);
	json_put_bool(out, "ok", site->finding_count == 0);
	json_put_int(out, "entries", (int64_t)site->entries);
	json_put_int(out, "checkpoints", (int64_t)site->checkpoints);
	json_put_int(out, "removed", (int64_t)site->removed);
	json_put_int(out, "first", (int64_t)site->first);
	json_put_bool(out, "part", site->part);
	json_open(out, "head", '{');
	json_put_int(out, "seq", (int64_t)site->last);
	put_hex(out, "hash", site->head, sizeof site->head);
	json_close(out, '}');
	put_hex(out, "key", site->key, sizeof site->key);
	json_open(out, "findings", '[');
	for (uint32_t i = 0; i < site->finding_count; i++) {
		const struct finding *finding = &site->findings[i];
		json_open(out, NULL, '{');
		json_put_int(out, "seq", (int64_t)finding->seq);
		json_put_string(out, "kind", tampering_name(finding->kind));
		if (finding->incident)
			json_put_string(out, "incident", finding->incident);
		json_put_string(out, "detail", finding->detail.text);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

static const char *kind_word(const struct command_context *ctx, enum tampering kind)
{
	static const char *const chinese[] = {"被修改", "缺失", "顺序被改", "被截断", "被插入"};
	return say(ctx, tampering_name(kind), chinese[kind]);
}

static void site_text(const struct verifying *v, const struct site_verdict *site)
{
	FILE *out = v->ctx->out;
	struct text hex = {0}, safe = {0};
	text_add_hex(&hex, site->head, sizeof site->head);
	if (site->finding_count == 0)
		fprintf(out,
		        say(v->ctx,
		            "%s: good. %" PRIu64 " entries, %" PRIu64
		            " signed checkpoints, head %" PRIu64 ":%s\n",
		            "%s：完好。共 %" PRIu64 " 条记录，%" PRIu64
		            " 个签名检查点，末尾 %" PRIu64 ":%s\n"),
		        site->site, site->entries, site->checkpoints, site->last, text_get(&hex));
	if (site->part && site->finding_count == 0)
		fprintf(out,
		        say(v->ctx,
		            "%s: an imported part: what was before entry %" PRIu64
		            " and behind %" PRIu64 " is not here\n",
		            "%s：导入的片段：第 %" PRIu64 " 条之前与第 %" PRIu64
		            " 条之后不在其中\n"),
		        site->site, site->first, site->last);
	for (uint32_t i = 0; i < site->finding_count; i++) {
		const struct finding *finding = &site->findings[i];
		text_reset(&safe);
		text_add_safe(&safe, finding->detail.text);
		fprintf(out,
		        say(v->ctx, "%s: entry %" PRIu64 ": %s: %s\n",
		            "%s：第 %" PRIu64 " 条：%s：%s\n"),
		        site->site, finding->seq, kind_word(v->ctx, finding->kind),
		        text_get(&safe));
	}
	text_finish(&hex);
	text_finish(&safe);
}

static void visit_site(void *ctx, const struct site_verdict *site)
{
	struct verifying *v = ctx;
	v->entries += site->entries;
	if (site->finding_count && !v->first_kind) {
		v->first_kind = tampering_name(site->findings[0].kind);
		v->first_seq = site->findings[0].seq;
		v->first_site = mem_copy(site->site);
	}
	if (v->as_json)
		site_json(&v->json, site);
	else
		site_text(v, site);
}

/* All that was asked: the record is good, and the head that was kept is in it. */
static bool is_confirmed(const struct verifying *v, int findings)
{
	return findings == 0 && (!v->kept || v->kept->answer == KEPT_HOLDS);
}

static void kept_json(struct text *out, const struct kept_head *kept)
{
	static const char *const words[] = {[KEPT_NOT_HERE] = "not_here",
	                                    [KEPT_REMOVED] = "removed",
	                                    [KEPT_HOLDS] = "holds",
	                                    [KEPT_DIFFERS] = "differs"};
	json_open(out, "kept_head", '{');
	json_put_int(out, "seq", (int64_t)kept->seq);
	put_hex(out, "hash", kept->hash, sizeof kept->hash);
	json_put_string(out, "answer", words[kept->answer]);
	json_close(out, '}');
}

static void say_not_compared(const struct command_context *ctx, const struct kept_head *kept)
{
	if (kept->answer == KEPT_HOLDS || kept->answer == KEPT_DIFFERS)
		return;
	fprintf(ctx->err,
	        kept->answer == KEPT_REMOVED
	                ? say(ctx,
	                      "tocsin: entry %" PRIu64
	                      " was removed because of its age: the head that was kept can no "
	                      "longer be compared\n",
	                      "tocsin：第 %" PRIu64 " 条记录已到期删除，无法再与所存的链头比对\n")
	                : say(ctx,
	                      "tocsin: entry %" PRIu64
	                      " is not among what can be vouched for here: the head that was kept "
	                      "cannot be compared\n",
	                      "tocsin：第 %" PRIu64
	                      " 条记录不在此处可核对的范围内，无法与所存的链头比对\n"),
	        kept->seq);
}

static void print_verdict(struct verifying *v, int findings)
{
	struct text out = {0};
	json_open(&out, NULL, '{');
	json_put_bool(&out, "ok", is_confirmed(v, findings));
	json_put_int(&out, "entries", (int64_t)v->entries);
	if (v->first_kind) {
		json_put_string(&out, "site", v->first_site);
		json_put_int(&out, "seq", (int64_t)v->first_seq);
		json_put_string(&out, "kind", v->first_kind);
	}
	if (v->kept)
		kept_json(&out, v->kept);
	json_put_raw(&out, "sites", text_get(&v->json));
	json_close(&out, '}');
	print_json(v->ctx, &out);
}

/* "SEQ:HASH" or "SITE:SEQ:HASH" */
static int read_head(const struct command_context *ctx, const char *words, char **site,
                     struct kept_head *out)
{
	const char *colon = strrchr(words, ':'), *start = words;
	int64_t seq = 0;
	char number[24] = "";
	if (colon) {
		for (const char *at = words; at < colon; at++)
			if (*at == ':')
				start = at + 1;
		snprintf(number, sizeof number, "%.*s", (int)(colon - start), start);
	}
	if (!colon || text_parse_int(number, &seq) < 0 || seq < 1 ||
	    strlen(colon + 1) != 2 * SHA256_LEN ||
	    hex_decode(colon + 1, out->hash, SHA256_LEN) != SHA256_LEN)
		return complain(ctx, EXIT_USAGE,
		                "--head '%s' is no head: write SEQ:HASH, as in 4711:9f86... with "
		                "64 digits",
		                words);
	out->seq = (uint64_t)seq;
	if (start > words) {
		*site = mem_copy(words);
		(*site)[start - words - 1] = '\0';
		out->site = *site;
	}
	return 0;
}

struct trust {
	uint8_t key[ED25519_KEY_LEN], old[ED25519_KEY_LEN];
	bool has_key, has_old;
};

/* The key to trust: the named one, or this service's own; none where only the record is at hand.
 * While a new key waits to be recorded, the old one counts too. */
static void find_key(const struct command_context *ctx, const uint8_t *named, struct trust *trust)
{
	struct keys keys;
	struct problem why = {0};
	if (named) {
		memcpy(trust->key, named, sizeof trust->key);
		trust->has_key = true;
		return;
	}
	trust->has_key = keys_read(ctx->store_path, &keys, &why) == 0;
	if (trust->has_key)
		ed25519_public(keys.seed, trust->key);
	trust->has_old = keys_read_old(ctx->store_path, &keys) == 0;
	if (trust->has_old)
		ed25519_public(keys.seed, trust->old);
	explicit_bzero(&keys, sizeof keys);
}

static struct verify_request request_by(const struct trust *trust)
{
	return (struct verify_request){.key = trust->has_key ? trust->key : NULL,
	                               .old_key = trust->has_old ? trust->old : NULL,
	                               .indexes = true};
}

int verify_copy(const struct command_context *ctx, const char *path)
{
	struct command_context there = *ctx;
	struct verifying v = {.ctx = ctx};
	struct trust trust = {0};
	struct store *store = NULL;
	struct problem why = {0};
	there.store_path = path;
	find_key(ctx, NULL, &trust); /* of the service: the copy has none */
	int code = store_open_here(&there, &store);
	if (code)
		return code;
	struct verify_request request = request_by(&trust);
	int r = store_verify(store, &request, visit_site, &v, &why);
	store_close(store);
	free(v.first_site);
	if (r < 0)
		return complain(ctx, EXIT_FAILED, "the copy cannot be read: %s", why.text);
	return r ? complain(ctx, EXIT_FAILED,
	                    "%s is made, and the record in it is not what was written: see "
	                    "`tocsin verify`",
	                    path)
	         : EXIT_DONE;
}

int run_verify(const struct command_context *ctx, const struct invocation *line)
{
	struct verifying v = {.ctx = ctx, .as_json = line->options[OPTION_JSON] != NULL};
	struct kept_head kept = {0};
	struct trust trust = {0};
	struct store *store = NULL;
	struct problem why = {0};
	char *site = NULL;
	uint8_t key[ED25519_KEY_LEN];
	const uint8_t *named;
	const char *head = line->options[OPTION_HEAD];
	int code = option_key(ctx, line, key, &named);
	if (code == 0 && line->argument_count && head)
		return complain(
		        ctx, EXIT_USAGE,
		        "--head is compared with a record: import the file, and verify that");
	/* It may be of another service: only a key that was named is asked of it. */
	if (code == 0 && line->argument_count)
		return verify_export(ctx, line->arguments[0], named, v.as_json);
	if (code == 0 && head)
		code = read_head(ctx, head, &site, &kept);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		goto finish;
	find_key(ctx, named, &trust);
	json_open(&v.json, NULL, '[');
	struct verify_request request = request_by(&trust);
	request.kept = &kept;
	request.kept_count = head ? 1 : 0;
	v.kept = head ? &kept : NULL;
	int r = store_verify(store, &request, visit_site, &v, &why);
	json_close(&v.json, ']');
	if (r == -EINVAL)
		code = complain(ctx, EXIT_USAGE, "--head: %s", why.text);
	else if (r < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s", why.text);
	else if (v.as_json)
		print_verdict(&v, r);
	else if (!trust.has_key)
		fputs(say(ctx,
		          "The key is the one the record names; compare it with `tocsin key` of "
		          "the service, or give --key.\n",
		          "密钥以记录中所载为准；请与服务端 `tocsin key` 核对，或用 --key "
		          "指定。\n"),
		      ctx->out);
	if (r >= 0 && v.kept)
		say_not_compared(ctx, v.kept);
	if (code == 0 && !is_confirmed(&v, r))
		code = EXIT_FAILED;
finish:
	store_close(store);
	text_finish(&v.json);
	free(v.first_site);
	free(site);
	return code;
}

int run_key(const struct command_context *ctx, const struct invocation *line)
{
	struct keys keys;
	struct problem why = {0};
	uint8_t key[ED25519_KEY_LEN];
	int r = line->options[OPTION_NEW] ? keys_renew(ctx->store_path, &why) : 0;
	if (r == 0)
		r = keys_read(ctx->store_path, &keys, &why);
	if (r < 0)
		return complain(ctx, EXIT_FAILED, "%s%s", why.text,
		                r == -ENOENT ? "; the key is made when the daemon first starts"
		                             : "");
	ed25519_public(keys.seed, key);
	explicit_bzero(&keys, sizeof keys);
	struct text out = {0};
	if (line->options[OPTION_JSON]) {
		json_open(&out, NULL, '{');
		put_hex(&out, "key", key, sizeof key);
		json_put_string(&out, "algorithm", "Ed25519");
		json_close(&out, '}');
	} else {
		text_add_hex(&out, key, sizeof key);
	}
	print_json(ctx, &out);
	if (line->options[OPTION_NEW])
		fputs(say(ctx, "tocsin: it signs from the daemon's next start on\n",
		          "tocsin：服务下次启动后启用\n"),
		      ctx->err);
	return EXIT_DONE;
}
