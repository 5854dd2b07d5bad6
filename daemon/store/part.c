#include "store/part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/retention.h"
#include "store/seal.h"

/* ---- lines ---- */

/* getline, but for a limit: a line of a file from anywhere may be all of it. */
ssize_t part_next_line(FILE *file, char **bytes, size_t *cap)
{
	size_t len = 0;
	int c;
	while ((c = getc(file)) != EOF && c != '\n') {
		if (len == PART_LINE_MAX)
			return -EMSGSIZE;
		if (len + 1 >= *cap) {
			*cap = *cap ? *cap * 2 : 4096;
			*bytes = mem_grow(*bytes, *cap, 1);
		}
		(*bytes)[len++] = (char)c;
	}
	if (c == EOF && ferror(file))
		return -EIO;
	if (len == 0)
		return c == EOF ? 0 : -EINVAL; /* no line is empty */
	(*bytes)[len] = '\0';
	return (ssize_t)len;
}

/* A member that no hash covers would pass for a part of the record. */
static bool has_only(const cJSON *object, const char *const *names)
{
	const cJSON *member;
	cJSON_ArrayForEach (member, object) {
		const char *const *name = names;
		while (*name && strcmp(*name, member->string) != 0)
			name++;
		if (!*name)
			return false;
	}
	return cJSON_IsObject(object);
}

/* NULL for null, and where it is not there; false for what is no text. */
static bool read_text_or_null(const cJSON *line, const char *name, const char **out)
{
	const cJSON *member = json_get(line, name);
	*out = cJSON_GetStringValue(member);
	return *out || !member || cJSON_IsNull(member);
}

static bool read_hash_member(const cJSON *line, const char *name, uint8_t out[SHA256_LEN])
{
	const char *hex = json_string(line, name);
	return hex && strlen(hex) == 2 * SHA256_LEN &&
	       hex_decode(hex, out, SHA256_LEN) == SHA256_LEN;
}

static bool read_seq(const cJSON *line, const char *name, uint64_t *out)
{
	int64_t number = 0;
	if (!json_int(line, name, &number) || number < 1)
		return false;
	*out = (uint64_t)number;
	return true;
}

static bool read_begin(const cJSON *line, struct part_line *out)
{
	static const char *const names[] = {"export", "site", "first", "before", NULL};
	const char *format = json_string(line, "export");
	out->type = PART_BEGIN;
	out->site = json_string(line, "site");
	return format && strcmp(format, "tocsin 1") == 0 && out->site && *out->site &&
	       strlen(out->site) < INCIDENT_ID_MAX && read_seq(line, "first", &out->first) &&
	       read_hash_member(line, "before", out->before) && has_only(line, names);
}

static bool read_entry(const cJSON *line, struct part_line *out)
{
	static const char *const names[] = {"seq",  "time_ms", "received_ms", "steady_ms",
	                                    "boot", "type",    "device",      "incident",
	                                    "by",   "data",    "hash",        NULL};
	struct ledger_row *row = &out->row;
	out->type = PART_ENTRY;
	row->boot = json_string(line, "boot");
	row->type = json_string(line, "type");
	row->data = json_string(line, "data");
	return read_seq(line, "seq", &row->seq) && json_int(line, "time_ms", &row->time) &&
	       json_int(line, "received_ms", &row->received) &&
	       json_int(line, "steady_ms", &row->steady) &&
	       read_text_or_null(line, "device", &row->device) &&
	       read_text_or_null(line, "incident", &row->incident) &&
	       read_text_or_null(line, "by", &row->by) &&
	       read_hash_member(line, "hash", row->hash) && row->boot && row->type && *row->type &&
	       row->data && has_only(line, names);
}

static bool read_removed(const cJSON *line, const cJSON *removed, struct part_line *out)
{
	static const char *const outside[] = {"removed", NULL};
	static const char *const names[] = {"first", "last", "hash", "entry", NULL};
	struct part_removed *run = &out->removed;
	out->type = PART_REMOVED;
	if (!read_seq(removed, "first", &run->first) || !read_seq(removed, "last", &run->last) ||
	    !read_hash_member(removed, "hash", run->hash) || run->last < run->first ||
	    !has_only(line, outside) || !has_only(removed, names))
		return false;
	return !json_get(removed, "entry") ||
	       (read_seq(removed, "entry", &run->entry) && run->entry > run->last);
}

static bool read_seal(const cJSON *line, struct part_line *out)
{
	static const char *const names[] = {"seal", NULL};
	struct seal seal;
	out->type = PART_SEAL;
	out->seal = json_string(line, "seal");
	return out->seal && seal_read_line(out->seal, &seal) && has_only(line, names);
}

int part_line_read(const char *bytes, size_t len, struct part_line *out, struct problem *why)
{
	struct part_line line = {0};
	if (json_parse(bytes, len, &line.json, NULL) < 0)
		return problem_set(why, -EINVAL, "the line is not JSON");
	const cJSON *removed = json_get(line.json, "removed");
	bool good = json_get(line.json, "export") ? read_begin(line.json, &line)
	            : json_get(line.json, "seal") ? read_seal(line.json, &line)
	            : removed                     ? read_removed(line.json, removed, &line)
	                                          : read_entry(line.json, &line);
	if (!good) {
		cJSON_Delete(line.json);
		return problem_set(why, -EINVAL, "the line is no entry");
	}
	*out = line;
	return 0;
}

void part_line_finish(struct part_line *line)
{
	cJSON_Delete(line->json);
	*line = (struct part_line){0};
}

/* ---- the proof ---- */

void part_begin(struct part *part, const uint8_t *key)
{
	*part = (struct part){.sha = sha256_create(), .wanted = key};
}

void part_finish(struct part *part)
{
	sha256_destroy(part->sha);
	free(part->site);
	free(part->runs);
	*part = (struct part){0};
}

static int edited(const struct ledger_row *row, const char *what, struct problem *why)
{
	return problem_set(why, -EINVAL, "entry %" PRIu64 ": edited: %s", row->seq, what);
}

static void set_key(struct part *part, const uint8_t key[ED25519_KEY_LEN])
{
	memcpy(part->key, key, sizeof part->key);
	part->keyed = true;
	part->trusted |= part->wanted && crypto_equal(key, part->wanted, sizeof part->key);
}

static int take_checkpoint(struct part *part, const struct ledger_row *row, struct problem *why)
{
	struct seal seal;
	if (!seal_read_json(row->data, &seal) || !seal_holds(&seal, part->site))
		return edited(row, "the checkpoint's signature does not hold", why);
	if (!part->keyed)
		set_key(part, seal.key);
	if (!crypto_equal(part->key, seal.key, sizeof seal.key))
		return edited(row, "the checkpoint is signed by another key", why);
	if (seal.seq != row->seq - 1 || memcmp(seal.hash, part->last, SHA256_LEN) != 0)
		return edited(row, "the checkpoint was made of other entries", why);
	part->sealed = row->seq;
	part->checkpoints++;
	return 0;
}

/* The first key of a part is only named; each later one is vouched for by the one before. */
static int take_key(struct part *part, const struct ledger_row *row, struct problem *why)
{
	cJSON *data = NULL;
	uint8_t key[ED25519_KEY_LEN], vow[ED25519_SIG_LEN];
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return edited(row, "no key", why);
	const char *hex = json_string(data, "key"), *words = json_string(data, "signature");
	bool good = hex && hex_decode(hex, key, sizeof key) == ED25519_KEY_LEN;
	if (good && part->keyed && !crypto_equal(key, part->key, sizeof key))
		good = words && base64_decode(words, vow, sizeof vow) == ED25519_SIG_LEN &&
		       key_vow_holds(part->key, part->site, key, vow);
	if (good)
		set_key(part, key);
	cJSON_Delete(data);
	return good ? 0 : edited(row, "a key that the key before it has not vouched for", why);
}

/* The signed entry that says what was removed names the digest of its runs. Those of them that lie
 * before the part are not here to be looked at. */
static int take_retention(struct part *part, const struct ledger_row *row, struct problem *why)
{
	cJSON *data = NULL;
	uint8_t said[SHA256_LEN], digest[SHA256_LEN];
	int64_t first = 0, runs = 0, count = 0;
	sha256_begin(part->sha);
	for (uint32_t i = 0; i < part->run_count; i++)
		if (part->runs[i].entry == row->seq) {
			struct part_removed *run = &part->runs[i];
			retention_digest_add(part->sha, run->first, run->last, run->hash);
			part->unproven -= run->last - run->first + 1;
			run->proven = true;
			count++;
		}
	sha256_end(part->sha, digest);
	bool good = json_parse(row->data, strlen(row->data), &data, NULL) == 0 &&
	            json_int(data, "first", &first) && json_int(data, "runs", &runs) &&
	            read_hash_member(data, "digest", said);
	bool whole = first >= 0 && (uint64_t)first >= part->first;
	if (good && whole)
		good = runs == count && memcmp(said, digest, sizeof said) == 0;
	cJSON_Delete(data);
	return good ? 0
	            : problem_set(why, -EINVAL,
	                          "entry %" PRIu64
	                          ": missing: what was removed is not what this entry says",
	                          row->seq);
}

static int take_entry(struct part *part, const struct ledger_row *borrowed, struct problem *why)
{
	struct ledger_row row = *borrowed;
	uint8_t hash[SHA256_LEN];
	int r = 0;
	row.site = part->site;
	if (row.seq != part->next)
		return problem_set(why, -EINVAL, "entry %" PRIu64 ": %s", part->next,
		                   row.seq > part->next ? "missing" : "inserted or reordered");
	ledger_hash(part->sha, &row, part->last, hash);
	if (memcmp(hash, row.hash, SHA256_LEN) != 0)
		return problem_set(why, -EINVAL, "entry %" PRIu64 ": edited", row.seq);
	if (strcmp(row.type, "checkpoint") == 0)
		r = take_checkpoint(part, &row, why);
	else if (strcmp(row.type, "key") == 0)
		r = take_key(part, &row, why);
	else if (strcmp(row.type, "retention") == 0)
		r = take_retention(part, &row, why);
	memcpy(part->last, row.hash, SHA256_LEN);
	part->next++;
	part->entries++;
	return r;
}

static int take_removed(struct part *part, const struct part_removed *run, struct problem *why)
{
	if (run->first != part->next)
		return problem_set(why, -EINVAL, "entry %" PRIu64 ": missing", part->next);
	if (part->run_count == PART_REMOVED_MAX)
		return problem_set(why, -EMSGSIZE, "entry %" PRIu64 ": too many removed runs",
		                   part->next);
	MEM_RESERVE(part->runs, part->run_count, part->run_cap);
	part->runs[part->run_count++] = *run;
	part->removed += run->last - run->first + 1;
	part->unproven += run->last - run->first + 1;
	part->next = run->last + 1;
	memcpy(part->last, run->hash, sizeof part->last);
	return 0;
}

/* Of the last commit: it vouches for the entry before it, and so for all. */
static int take_seal(struct part *part, const char *line, struct problem *why)
{
	struct seal seal;
	bool holds = seal_read_line(line, &seal) && seal.of_commit && seal_holds(&seal, part->site);
	if (holds && !part->keyed)
		set_key(part, seal.key);
	if (!holds || !crypto_equal(part->key, seal.key, sizeof seal.key) ||
	    seal.seq + 1 != part->next || memcmp(seal.hash, part->last, SHA256_LEN) != 0)
		return problem_set(why, -EINVAL,
		                   "entry %" PRIu64 ": edited: the last seal was made of others",
		                   part->next - 1);
	part->sealed = seal.seq;
	part->over = true;
	return 0;
}

int part_take(struct part *part, const struct part_line *line, struct problem *why)
{
	if (part->over)
		return problem_set(why, -EINVAL,
		                   "entry %" PRIu64 ": inserted: behind the last seal", part->next);
	if (!part->site && line->type != PART_BEGIN)
		return problem_set(why, -EINVAL, "is nothing that `tocsin export` printed");
	if (part->site && line->type == PART_BEGIN)
		return problem_set(why, -EINVAL, "entry %" PRIu64 ": edited: a second beginning",
		                   part->next);
	switch (line->type) {
	case PART_BEGIN:
		part->site = mem_copy(line->site);
		part->first = part->next = line->first;
		memcpy(part->before, line->before, sizeof part->before);
		memcpy(part->last, line->before, sizeof part->last);
		/* The hash before the first entry of all is known. */
		if (line->first == 1)
			ledger_genesis(part->sha, part->site, part->last);
		return 0;
	case PART_ENTRY:
		return take_entry(part, &line->row, why);
	case PART_REMOVED:
		return take_removed(part, &line->removed, why);
	case PART_SEAL:
		return take_seal(part, line->seal, why);
	}
	return -EINVAL;
}

int part_end(struct part *part, struct problem *why)
{
	if (!part->site)
		return problem_set(why, -EINVAL, "is empty");
	if (!part->entries || part->next - 1 > part->sealed)
		return problem_set(why, -EINVAL,
		                   "entry %" PRIu64
		                   ": truncated: no checkpoint vouches for the last entries",
		                   part->sealed ? part->sealed + 1 : part->first);
	for (uint32_t i = 0; i < part->run_count; i++)
		if (!part->runs[i].proven && part->runs[i].entry &&
		    part->runs[i].entry < part->next)
			return problem_set(why, -EINVAL,
			                   "entry %" PRIu64
			                   ": missing: no signed entry says that it was removed",
			                   part->runs[i].first);
	if (part->wanted && !part->trusted)
		return problem_set(why, -EINVAL,
		                   "entry %" PRIu64
		                   ": edited: signed by another key than the one to trust",
		                   part->first);
	return 0;
}

static int read_line(struct part *part, const char *bytes, size_t len, part_visit visit, void *ctx,
                     struct problem *why)
{
	struct part_line line = {0};
	struct problem what = {0};
	int r = part_line_read(bytes, len, &line, &what);
	if (r < 0)
		return part->site ? problem_set(why, r, "entry %" PRIu64 ": edited: %s", part->next,
		                                what.text)
		                  : problem_set(why, r, "is nothing that `tocsin export` printed");
	r = part_take(part, &line, why);
	if (r == 0 && visit)
		r = visit(ctx, &line, why);
	part_line_finish(&line);
	return r;
}

int part_read(FILE *file, const uint8_t *key, struct part *out, part_visit visit, void *ctx,
              struct problem *why)
{
	char *bytes = NULL;
	size_t cap = 0;
	ssize_t len;
	int r = 0;
	part_begin(out, key);
	while (r == 0 && (len = part_next_line(file, &bytes, &cap)) != 0) {
		if (len == -EMSGSIZE)
			r = problem_set(why, (int)len, "entry %" PRIu64 ": its line is too long",
			                out->next);
		else if (len == -EINVAL)
			r = problem_set(why, (int)len, "entry %" PRIu64 ": edited: an empty line",
			                out->next);
		else if (len < 0)
			r = problem_set(why, (int)len, "%s", strerror((int)-len));
		else
			r = read_line(out, bytes, (size_t)len, visit, ctx, why);
	}
	free(bytes);
	return r == 0 ? part_end(out, why) : r;
}
