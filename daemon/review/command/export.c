/* Parts of the record that leave with their proof: `tocsin export`, `tocsin verify FILE`, and
 * `tocsin import`; and a whole copy: `tocsin backup`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "review/command/export.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "store/import.h"
#include "store/seal.h"

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
	return code ? code : verify_copy(ctx, line->arguments[0]);
}

/* ---- export ---- */

struct exporting {
	const struct command_context *ctx;
	wall_ms since, until;
	struct text line;
	uint8_t before[SHA256_LEN]; /* of the last entry seen */
	uint64_t entries, next;     /* the seq that should come */
	struct store *store;
	bool begun, proven; /* proven: the last line vouches for all before it */
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
	uint64_t last, entry;
	uint8_t hash[SHA256_LEN];
	while (e->next && e->next < row->seq &&
	       store_removed(e->store, row->site, e->next, &last, hash, &entry) == 0) {
		json_open(&e->line, NULL, '{');
		json_open(&e->line, "removed", '{');
		json_put_int(&e->line, "first", (int64_t)e->next);
		json_put_int(&e->line, "last", (int64_t)last);
		put_hex(&e->line, "hash", hash, sizeof hash);
		json_put_int(&e->line, "entry", (int64_t)entry);
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
	bool inside = row->received >= e->since && (!e->until || row->received < e->until);
	if (!inside && e->proven)
		return false;
	print_removed(e, row);
	if (inside && !e->begun)
		print_begin(e, row);
	if (e->begun) {
		print_entry(e, row);
		e->proven = strcmp(row->type, "checkpoint") == 0;
	}
	memcpy(e->before, row->hash, SHA256_LEN);
	return !ferror(e->ctx->out);
}

/* Behind the last checkpoint the seal of the last commit vouches for the end. */
static int print_seal(struct exporting *e, const char *site)
{
	char *words = store_last_seal(e->store, site);
	struct seal seal;
	e->proven = words && seal_read_line(words, &seal) && seal.of_commit &&
	            seal.seq == e->next - 1 && memcmp(seal.hash, e->before, SHA256_LEN) == 0;
	if (e->proven) {
		json_open(&e->line, NULL, '{');
		json_put_string(&e->line, "seal", words);
		json_close(&e->line, '}');
		print_line(e);
	}
	free(words);
	return e->proven ? EXIT_DONE
	                 : complain(e->ctx, EXIT_FAILED,
	                            "no signature vouches for the last entries: this part cannot "
	                            "be verified or imported");
}

/* The site to take a part of; heap. */
static int site_to_export(struct exporting *e, const struct invocation *line, char **site)
{
	int code = store_open_here(e->ctx, &e->store);
	if (code == 0)
		code = option_one_site_recorded(e->ctx, line, e->store, site);
	const struct site_def *def = code == 0 ? site_by_id(e->ctx, *site) : NULL;
	if (code == 0)
		code = option_time(e->ctx, line, OPTION_SINCE, def, &e->since);
	if (code == 0)
		code = option_time(e->ctx, line, OPTION_UNTIL, def, &e->until);
	return code;
}

static int export_site(struct exporting *e, const char *site)
{
	struct sha256 *sha = sha256_create();
	e->next = 1;
	ledger_genesis(sha, site, e->before);
	sha256_destroy(sha);
	int r = store_still_begin(e->store);
	if (r == 0)
		r = store_log(e->store, &(struct ledger_filter){.site = site}, export_row, e);
	int code = r < 0 ? complain(e->ctx, EXIT_FAILED, "the record cannot be read: %s",
	                            strerror(-r))
	           : !e->begun
	                   ? complain(e->ctx, EXIT_FAILED, "the record has nothing in that time")
	           : e->proven ? EXIT_DONE
	                       : print_seal(e, site);
	store_still_end(e->store);
	return code;
}

int run_export(const struct command_context *ctx, const struct invocation *line)
{
	struct exporting e = {.ctx = ctx};
	char *site = NULL;
	int code = site_to_export(&e, line, &site);
	if (code == 0)
		code = export_site(&e, site);
	store_close(e.store);
	text_finish(&e.line);
	free(site);
	return code;
}

/* ---- a file that was exported ---- */

static FILE *open_part(const struct command_context *ctx, const char *name, int *code)
{
	FILE *file = fopen(name, "re");
	*code = file ? 0 : complain(ctx, EXIT_FAILED, "%s: %s", name, strerror(errno));
	return file;
}

/* What its age took out, of which the part itself cannot show that it was that. */
static void say_unproven(const struct command_context *ctx, const struct part *part)
{
	if (part->unproven)
		fprintf(ctx->err,
		        say(ctx,
		            "tocsin: %" PRIu64 " entries were removed because of their age; the "
		            "signed entry that says so lies behind this part\n",
		            "tocsin：%" PRIu64 " 条记录因到期删除，其签名说明不在本段之内\n"),
		        part->unproven);
}

struct visiting {
	const char *site;
	ledger_visit visit;
	void *ctx;
};

static int visit_line(void *ctx, const struct part_line *line, struct problem *why)
{
	const struct visiting *visiting = ctx;
	(void)why;
	if (line->type != PART_ENTRY)
		return 0;
	struct ledger_row row = line->row;
	row.site = visiting->site;
	return visiting->visit(visiting->ctx, &row) ? 0 : -ECANCELED;
}

int export_read(const struct command_context *ctx, const char *name, ledger_visit visit,
                void *visit_ctx)
{
	struct part part = {0}, again = {0};
	struct problem why = {0};
	int code;
	FILE *file = open_part(ctx, name, &code);
	if (code)
		return code;
	if (part_read(file, NULL, &part, NULL, NULL, &why) < 0)
		code = complain(ctx, EXIT_FAILED, "%s: %s", name, why.text);
	if (code == 0) {
		struct visiting visiting = {part.site, visit, visit_ctx};
		rewind(file);
		/* Proven just now; if it has changed since, it is said again. */
		int r = part_read(file, NULL, &again, visit_line, &visiting, &why);
		if (r < 0 && r != -ECANCELED)
			code = complain(ctx, EXIT_FAILED, "%s: %s", name, why.text);
		say_unproven(ctx, &part);
	}
	part_finish(&part);
	part_finish(&again);
	fclose(file);
	return code;
}

static void print_part(const struct command_context *ctx, const struct part *part, int code,
                       bool as_json)
{
	struct text out = {0};
	if (as_json) {
		json_open(&out, NULL, '{');
		json_put_bool(&out, "ok", code == 0);
		json_put_string(&out, "site", part->site);
		json_put_int(&out, "first", (int64_t)part->first);
		json_put_int(&out, "last", part->next ? (int64_t)part->next - 1 : 0);
		json_put_int(&out, "entries", (int64_t)part->entries);
		json_put_int(&out, "checkpoints", (int64_t)part->checkpoints);
		json_put_int(&out, "removed", (int64_t)part->removed);
		json_put_int(&out, "removed_unproven", (int64_t)part->unproven);
		put_hex(&out, "key", part->key, sizeof part->key);
		json_put_bool(&out, "key_given", part->wanted != NULL);
		json_close(&out, '}');
		print_json(ctx, &out);
		return;
	}
	if (code)
		return;
	text_add_hex(&out, part->key, sizeof part->key);
	fprintf(ctx->out,
	        say(ctx,
	            "%s: good. %" PRIu64 " entries, %" PRIu64 " to %" PRIu64 ", signed by %s\n",
	            "%s：完好。共 %" PRIu64 " 条记录（第 %" PRIu64 " 至 %" PRIu64
	            " 条），签名密钥 %s\n"),
	        part->site, part->entries, part->first, part->next - 1, text_get(&out));
	text_finish(&out);
	say_unproven(ctx, part);
}

int verify_export(const struct command_context *ctx, const char *name, const uint8_t *key,
                  bool as_json)
{
	struct part part = {0};
	struct problem why = {0};
	int code;
	FILE *file = open_part(ctx, name, &code);
	if (code == 0 && part_read(file, key, &part, NULL, NULL, &why) < 0)
		code = complain(ctx, EXIT_FAILED, "%s: %s", name, why.text);
	print_part(ctx, &part, code, as_json);
	if (file)
		fclose(file);
	part_finish(&part);
	return code;
}

/* ---- import ---- */

int run_import(const struct command_context *ctx, const struct invocation *line)
{
	const char *name = line->arguments[0], *store = line->arguments[1];
	const char *words = line->options[OPTION_KEY];
	bool as_json = line->options[OPTION_JSON] != NULL;
	uint8_t key[ED25519_KEY_LEN];
	struct part part = {0};
	struct import_facts facts = {0};
	struct problem why = {0};
	int code;
	if (words &&
	    (strlen(words) != 2 * sizeof key || hex_decode(words, key, sizeof key) != sizeof key))
		return complain(ctx, EXIT_USAGE, "--key '%s' is no key: 64 hex digits", words);
	FILE *file = open_part(ctx, name, &code);
	if (code)
		return code;
	int r = store_import(store, file, words ? key : NULL, &part, &facts, &why);
	fclose(file);
	if (r == -EEXIST)
		code = complain(ctx, EXIT_FAILED, "%s; an import makes a new store", why.text);
	else if (r < 0)
		code = complain(ctx, EXIT_FAILED, "nothing was imported: %s: %s", name, why.text);
	if (r == 0 || as_json)
		print_part(ctx, &part, code, as_json);
	if (r == 0 && facts.strays)
		fprintf(ctx->err,
		        say(ctx,
		            "tocsin: %" PRIu64 " entries are of incidents that opened before this "
		            "part; they are in the log, but no incidents here\n",
		            "tocsin：%" PRIu64 " 条记录属于本段之前发生的事件，仅见于记录\n"),
		        facts.strays);
	if (r == 0 && !as_json)
		fprintf(ctx->out,
		        say(ctx, "Read it with --store %s: incidents, show, log, report, verify\n",
		            "查阅时加 --store %s：incidents、show、log、report、verify\n"),
		        store);
	part_finish(&part);
	return code;
}
