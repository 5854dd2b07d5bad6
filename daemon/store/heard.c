/* What was heard before a start, of which copies may come again: the messages lately seen, and the
 * last words of each point. */
#include <string.h>

#include "base/json.h"
#include "store/sql.h"

#define SEEN_ENTRIES 65536 /* message ids remembered over a restart, as many as in memory */
#define SEEN_REACH 524288  /* ledger rows looked through for them */

/* Entries of the last turns: a turn has some thousands at most. */
#define UNACKNOWLEDGED_REACH 16384

/* Tens of thousands of signals are looked at before the service is ready. Each entry begins as
 * decide/sensing.c writes it, {"id":"...","kind":"..."; only what is escaped is parsed. */
static const char begins_with_id[] = "{\"id\":\"", goes_on_with_kind[] = ",\"kind\":\"";

/* What stands in quotation marks behind `before`: moves behind them. False: not that, or escaped.
 */
static bool take_text(const char **at, const char *before, struct text *out)
{
	size_t skip = strlen(before);
	text_reset(out);
	if (strncmp(*at, before, skip) != 0)
		return false;
	size_t len = strcspn(*at + skip, "\"\\");
	if ((*at)[skip + len] != '"')
		return false;
	text_add_len(out, *at + skip, len);
	*at += skip + len + 1;
	return true;
}

/* NULL: none. */
static const char *id_of_signal(const char *data, struct text *out)
{
	const char *at = data;
	if (!data || strncmp(data, begins_with_id, sizeof begins_with_id - 1) != 0)
		return NULL;
	if (take_text(&at, begins_with_id, out))
		return text_get(out);
	cJSON *tree;
	struct problem why;
	if (json_parse(data, strlen(data), &tree, &why) < 0)
		return NULL; /* somebody has edited it */
	const char *id = json_string(tree, "id");
	if (id)
		text_add(out, id);
	cJSON_Delete(tree);
	return id ? text_get(out) : NULL;
}

/* The row before the first of a site's entries behind seq, where at least half of all the rows from
 * there on are the site's: 1. To go through them as they lie costs less than to find each one by
 * its seq. */
static int find_rows(struct store *store, uint32_t site, uint64_t seq, int64_t *before)
{
	struct binder at = sql_bind(store, SQL_ROWS_SINCE);
	bind_int(&at, site);
	bind_int(&at, (int64_t)seq);
	int r = sql_next(store, &at);
	if (r > 0) {
		int64_t first = read_int(&at), last = read_int(&at);
		uint64_t own = store_head(store, site).seq - seq;
		*before = first - 1;
		r = first > 0 && (uint64_t)(last - first) < 2 * own;
	}
	sql_end(&at);
	return r;
}

/* Reads the site's signals among its last `reach` entries: by their rows or by their seq. */
static int begin(struct store *store, uint32_t site, uint64_t reach, enum statement by_row,
                 enum statement by_seq, struct binder *out)
{
	uint64_t last = store_head(store, site).seq;
	uint64_t behind = last > reach ? last - reach : 0;
	int64_t row;
	int r = find_rows(store, site, behind, &row);
	if (r < 0)
		return r;
	*out = sql_bind(store, r ? by_row : by_seq);
	bind_int(out, site);
	bind_int(out, r ? row : (int64_t)behind);
	return 0;
}

int heard_load(struct store *store, struct site *site)
{
	struct binder at;
	int r = begin(store, site->store_id, SEEN_REACH, SQL_MESSAGES_SEEN_BY_ROW,
	              SQL_MESSAGES_SEEN, &at);
	if (r < 0)
		return r;
	bind_int(&at, SEEN_ENTRIES);
	struct text id = {0};
	while ((r = sql_next(store, &at)) > 0) {
		const char *device = read_text(&at);
		const char *said = id_of_signal(read_text(&at), &id);
		if (device && said)
			site_recall_seen(site, device, said, read_int(&at));
	}
	text_finish(&id);
	return r;
}

/* A signal that had an id and could move a point: what it was. */
struct word {
	struct text id, kind;
};

static bool has(const cJSON *tree, const char *member)
{
	const cJSON *item = json_get(tree, member);
	return item && !cJSON_IsNull(item);
}

static bool parse_word(const char *data, struct word *out)
{
	cJSON *tree;
	struct problem why;
	if (json_parse(data, strlen(data), &tree, &why) < 0)
		return false; /* somebody has edited it */
	const char *id = json_string(tree, "id"), *kind = json_string(tree, "kind");
	const char *ignored = json_string(tree, "raises");
	bool moves = id && kind && !has(tree, "test") && !has(tree, "past") &&
	             !(ignored && strstr(ignored, "walk test"));
	text_reset(&out->id);
	text_reset(&out->kind);
	if (moves) {
		text_add(&out->id, id);
		text_add(&out->kind, kind);
	}
	cJSON_Delete(tree);
	return moves;
}

static bool read_word(const char *data, struct word *out)
{
	const char *at = data;
	if (strncmp(data, begins_with_id, sizeof begins_with_id - 1) != 0)
		return false;
	bool plain = take_text(&at, begins_with_id, &out->id) &&
	             take_text(&at, goes_on_with_kind, &out->kind) && !strstr(at, "\"test\"") &&
	             !strstr(at, "\"past\"") && !strstr(at, "walk test");
	return plain || parse_word(data, out);
}

int store_last_words(struct store *store, const struct site *site, store_word each, void *ctx)
{
	struct binder at;
	struct word said = {0};
	int r = begin(store, site->store_id, UNACKNOWLEDGED_REACH, SQL_LAST_WORDS_BY_ROW,
	              SQL_LAST_WORDS, &at);
	if (r < 0)
		return r;
	while ((r = sql_next(store, &at)) > 0) {
		struct signal word = {.device = read_text(&at)};
		const char *data = read_text(&at);
		if (!data || !read_word(data, &said))
			continue;
		word.kind = kind_from_name(text_get(&said.kind));
		word.id = text_get(&said.id);
		if (word.kind != KIND_NONE)
			each(ctx, &word, (uint64_t)read_int(&at));
	}
	text_finish(&said.id);
	text_finish(&said.kind);
	return r;
}
