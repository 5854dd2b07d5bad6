/* Parts of the record that leave with their proof: `tocsin export`, and `tocsin verify FILE`;
 * and a whole copy: `tocsin backup`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "review/command/export.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "store/ledger.h"
#include "store/seal.h"

#define LINE_MAX_BYTES ((size_t)16 * 1024 * 1024)

static void put_hex(struct text *out, const char *name, const uint8_t *bytes, size_t len)
{
	struct text hex = {0};
	text_add_hex(&hex, bytes, len);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

/* ---- backup ---- */

int run_backup(const struct command_context *ctx, const struct invocation *line)
{
	struct store *store = NULL;
	struct problem why = {0};
	int code = store_open_here(ctx, &store);
	if (code == 0 && store_backup(store, line->arguments[0], &why) < 0)
		code = complain(ctx, EXIT_FAILED, "no copy was made: %s", why.text);
	store_close(store);
	return code;
}

/* ---- export ---- */

struct exporting {
	const struct command_context *ctx;
	wall_ms since, until;
	struct text line;
	uint8_t before[SHA256_LEN]; /* of the last entry seen */
	uint64_t entries, next;     /* the seq that should come */
	struct store *store;
	bool begun, over; /* over: the checkpoint behind the last entry is out */
};

static void print_line(struct exporting *e)
{
	text_add_char(&e->line, '\n');
	fwrite(text_get(&e->line), 1, e->line.len, e->ctx->out);
	text_reset(&e->line);
}

static void print_begin(struct exporting *e, const struct ledger_row *row)
{
	json_open(&e->line, NULL, '{');
	json_put_string(&e->line, "export", "tocsin 1");
	json_put_string(&e->line, "site", row->site);
	json_put_int(&e->line, "first", (int64_t)row->seq);
	put_hex(&e->line, "before", e->before, SHA256_LEN);
	json_close(&e->line, '}');
	print_line(e);
	e->begun = true;
}

static void print_entry(struct exporting *e, const struct ledger_row *row)
{
	json_open(&e->line, NULL, '{');
	json_put_int(&e->line, "seq", (int64_t)row->seq);
	json_put_int(&e->line, "time_ms", row->time);
	json_put_int(&e->line, "received_ms", row->received);
	json_put_int(&e->line, "steady_ms", row->steady);
	json_put_string(&e->line, "boot", row->boot);
	json_put_string(&e->line, "type", row->type);
	json_put_string(&e->line, "device", row->device);
	json_put_string(&e->line, "incident", row->incident);
	json_put_string(&e->line, "by", row->by);
	json_put_string(&e->line, "data", row->data); /* as a text: its very bytes are hashed */
	put_hex(&e->line, "hash", row->hash, SHA256_LEN);
	json_close(&e->line, '}');
	print_line(e);
	e->entries++;
}

/* What was removed because it was old: the chain goes on with the hash of its last. */
static void print_removed(struct exporting *e, const struct ledger_row *row)
{
	uint64_t last;
	uint8_t hash[SHA256_LEN];
	while (e->next && e->next < row->seq &&
	       store_removed(e->store, row->site, e->next, &last, hash) == 0) {
		json_open(&e->line, NULL, '{');
		json_open(&e->line, "removed", '{');
		json_put_int(&e->line, "first", (int64_t)e->next);
		json_put_int(&e->line, "last", (int64_t)last);
		put_hex(&e->line, "hash", hash, sizeof hash);
		json_close(&e->line, '}');
		json_close(&e->line, '}');
		if (e->begun)
			print_line(e);
		text_reset(&e->line);
		memcpy(e->before, hash, sizeof hash);
		e->next = last + 1;
	}
	e->next = row->seq + 1;
}

static bool export_row(void *ctx, const struct ledger_row *row)
{
	struct exporting *e = ctx;
	print_removed(e, row);
	bool inside = row->received >= e->since && (!e->until || row->received < e->until);
	if (inside && !e->begun)
		print_begin(e, row);
	if (e->begun) {
		print_entry(e, row);
		e->over = !inside && strcmp(row->type, "checkpoint") == 0;
	}
	memcpy(e->before, row->hash, SHA256_LEN);
	return !e->over && !ferror(e->ctx->out);
}

int run_export(const struct command_context *ctx, const struct invocation *line)
{
	struct exporting e = {.ctx = ctx};
	const struct site_def *site = NULL;
	struct store *store = NULL;
	int code = option_site(ctx, line, &site);
	if (code == 0 && !site && ctx->site_count != 1)
		code = complain(ctx, EXIT_USAGE, "several sites: name one with --site");
	if (code)
		return code;
	site = site ? site : ctx->sites[0];
	code = option_time(ctx, line, OPTION_SINCE, site, &e.since);
	if (code == 0)
		code = option_time(ctx, line, OPTION_UNTIL, site, &e.until);
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	e.store = store;
	e.next = 1;
	struct sha256 *sha = sha256_create();
	ledger_genesis(sha, site->id, e.before);
	sha256_destroy(sha);
	int r = store_log(store, &(struct ledger_filter){.site = site->id}, export_row, &e);
	store_close(store);
	text_finish(&e.line);
	if (r < 0)
		return complain(ctx, EXIT_FAILED, "the record cannot be read: %s", strerror(-r));
	return e.begun ? EXIT_DONE
	               : complain(ctx, EXIT_FAILED, "the record has nothing in that time");
}

/* ---- verify FILE ---- */

struct checking {
	struct sha256 *sha;
	char *site;
	uint8_t before[SHA256_LEN], key[ED25519_KEY_LEN];
	uint64_t next, sealed, entries, checkpoints;
	bool has_key; /* given, or named by the first checkpoint */
	bool trusted; /* given */
};

static const char *check_seal(struct checking *c, const struct ledger_row *row)
{
	struct seal seal;
	if (!seal_read_json(row->data, &seal) || !seal_holds(&seal, c->site))
		return "edited: the checkpoint's signature does not hold";
	if (!c->has_key)
		memcpy(c->key, seal.key, sizeof c->key);
	c->has_key = true;
	if (!crypto_equal(c->key, seal.key, sizeof seal.key))
		return "edited: the checkpoint is signed by another key";
	if (seal.seq != row->seq - 1 || memcmp(seal.hash, c->before, SHA256_LEN) != 0)
		return "edited: the checkpoint was made of other entries";
	c->sealed = row->seq;
	c->checkpoints++;
	return NULL;
}

/* The row borrows from the line. */
static bool read_entry(const char *site, const cJSON *line, struct ledger_row *out)
{
	struct ledger_row row = {.site = site};
	int64_t seq = 0;
	const char *hex = json_string(line, "hash");
	bool good = json_int(line, "seq", &seq) && json_int(line, "time_ms", &row.time) &&
	            json_int(line, "received_ms", &row.received) &&
	            json_int(line, "steady_ms", &row.steady) && hex &&
	            hex_decode(hex, row.hash, SHA256_LEN) == SHA256_LEN;
	row.seq = (uint64_t)seq;
	row.boot = json_string(line, "boot");
	row.type = json_string(line, "type");
	row.device = json_string(line, "device");
	row.incident = json_string(line, "incident");
	row.by = json_string(line, "by");
	row.data = json_string(line, "data");
	*out = row;
	return good && row.type && row.data;
}

/* NULL if the line is the next entry of the chain; else what is wrong. */
static const char *check_entry(struct checking *c, const cJSON *line)
{
	struct ledger_row row;
	uint8_t hash[SHA256_LEN];
	if (!read_entry(c->site, line, &row))
		return "edited: the line is no entry";
	if (row.seq > c->next)
		return "missing";
	if (row.seq < c->next)
		return "inserted or reordered";
	ledger_hash(c->sha, &row, c->before, hash);
	if (memcmp(hash, row.hash, SHA256_LEN) != 0)
		return "edited";
	const char *wrong = strcmp(row.type, "checkpoint") == 0 ? check_seal(c, &row) : NULL;
	memcpy(c->before, row.hash, SHA256_LEN);
	c->next++;
	c->entries++;
	return wrong;
}

/* The hash of the entry behind what was removed vouches for what is said here. */
static bool check_removed(struct checking *c, const cJSON *removed)
{
	int64_t first = 0, last = 0;
	uint8_t hash[SHA256_LEN];
	const char *hex = json_string(removed, "hash");
	if (!json_int(removed, "first", &first) || !json_int(removed, "last", &last) || !hex ||
	    hex_decode(hex, hash, sizeof hash) != SHA256_LEN || (uint64_t)first != c->next ||
	    last < first)
		return false;
	c->next = (uint64_t)last + 1;
	memcpy(c->before, hash, sizeof hash);
	return true;
}

static bool read_begin(struct checking *c, const cJSON *line)
{
	const char *format = json_string(line, "export"), *site = json_string(line, "site");
	const char *before = json_string(line, "before");
	int64_t first = 0;
	if (!format || strcmp(format, "tocsin 1") != 0 || !site || !before ||
	    !json_int(line, "first", &first) || first < 1 ||
	    hex_decode(before, c->before, SHA256_LEN) != SHA256_LEN)
		return false;
	c->site = mem_copy(site);
	c->next = (uint64_t)first;
	return true;
}

static int check_line(const struct command_context *ctx, struct checking *c, const char *name,
                      const char *bytes, size_t len)
{
	cJSON *line = NULL;
	int code = 0;
	if (json_parse(bytes, len, &line, NULL) < 0)
		return complain(ctx, EXIT_FAILED, "%s: entry %" PRIu64 ": edited: not JSON", name,
		                c->next);
	if (!c->site && !read_begin(c, line)) {
		code = complain(ctx, EXIT_FAILED, "%s: is nothing that `tocsin export` printed",
		                name);
	} else if (json_get(line, "removed")) {
		if (!check_removed(c, json_get(line, "removed")))
			code = complain(ctx, EXIT_FAILED, "%s: entry %" PRIu64 ": missing", name,
			                c->next);
	} else if (!json_get(line, "export")) {
		const char *wrong = check_entry(c, line);
		if (wrong)
			code = complain(ctx, EXIT_FAILED, "%s: entry %" PRIu64 ": %s", name,
			                c->next, wrong);
	}
	cJSON_Delete(line);
	return code;
}

static int check_lines(const struct command_context *ctx, struct checking *c, const char *name,
                       FILE *file)
{
	char *bytes = NULL;
	size_t cap = 0;
	ssize_t len;
	int code = 0;
	while (code == 0 && (len = getline(&bytes, &cap, file)) > 0) {
		if ((size_t)len > LINE_MAX_BYTES)
			code = complain(ctx, EXIT_FAILED, "%s: a line is too long", name);
		else
			code = check_line(ctx, c, name, bytes, (size_t)len);
	}
	free(bytes);
	if (code == 0 && !c->site)
		code = complain(ctx, EXIT_FAILED, "%s: is empty", name);
	return code;
}

/* The proof, whole: every entry follows, and the last are vouched for. */
static int check_file(const struct command_context *ctx, struct checking *c, const char *name,
                      FILE *file, const uint8_t *key)
{
	*c = (struct checking){.sha = sha256_create(), .has_key = key, .trusted = key};
	if (key)
		memcpy(c->key, key, sizeof c->key);
	int code = check_lines(ctx, c, name, file);
	if (code == 0 && c->next - 1 > c->sealed)
		code = complain(ctx, EXIT_FAILED,
		                "%s: entry %" PRIu64 ": truncated: no checkpoint vouches for the "
		                "last entries",
		                name, c->sealed ? c->sealed + 1 : c->next - c->entries);
	return code;
}

static void checking_finish(struct checking *c)
{
	sha256_destroy(c->sha);
	free(c->site);
}

static void visit_lines(const char *site, FILE *file, ledger_visit visit, void *visit_ctx)
{
	char *bytes = NULL;
	size_t cap = 0;
	ssize_t len;
	bool going = true;
	while (going && (len = getline(&bytes, &cap, file)) > 0) {
		cJSON *line = NULL;
		struct ledger_row row;
		if (json_parse(bytes, (size_t)len, &line, NULL) == 0 && json_get(line, "seq") &&
		    read_entry(site, line, &row))
			going = visit(visit_ctx, &row);
		cJSON_Delete(line);
	}
	free(bytes);
}

int export_read(const struct command_context *ctx, const char *name, ledger_visit visit,
                void *visit_ctx)
{
	struct checking c;
	FILE *file = fopen(name, "re");
	if (!file)
		return complain(ctx, EXIT_FAILED, "%s: %s", name, strerror(errno));
	int code = check_file(ctx, &c, name, file, NULL);
	if (code == 0) {
		rewind(file);
		visit_lines(c.site, file, visit, visit_ctx);
	}
	checking_finish(&c);
	fclose(file);
	return code;
}

int verify_export(const struct command_context *ctx, const char *name, const uint8_t *key,
                  bool as_json)
{
	struct checking c = {0};
	FILE *file = fopen(name, "re");
	int code = file ? check_file(ctx, &c, name, file, key)
	                : complain(ctx, EXIT_FAILED, "%s: %s", name, strerror(errno));
	struct text out = {0};
	if (as_json) {
		json_open(&out, NULL, '{');
		json_put_bool(&out, "ok", code == 0);
		json_put_string(&out, "site", c.site);
		json_put_int(&out, "entries", (int64_t)c.entries);
		json_put_int(&out, "checkpoints", (int64_t)c.checkpoints);
		put_hex(&out, "key", c.key, sizeof c.key);
		json_put_bool(&out, "key_given", c.trusted);
		json_close(&out, '}');
		print_json(ctx, &out);
	} else if (code == 0) {
		text_add_hex(&out, c.key, sizeof c.key);
		fprintf(ctx->out,
		        say(ctx, "%s: good. %" PRIu64 " entries, signed by %s\n",
		            "%s：完好。共 %" PRIu64 " 条记录，签名密钥 %s\n"),
		        c.site, c.entries, text_get(&out));
		text_finish(&out);
	}
	if (file)
		fclose(file);
	checking_finish(&c);
	return code;
}
