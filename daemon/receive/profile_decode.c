/* A message, taken apart by the rule of a profile. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "receive/profile_private.h"
#include "receive/signals.h"

#define SCALAR_MAX 256

void statements_reset(struct statements *out)
{
	cJSON_Delete(out->tree);
	out->tree = NULL;
	out->profile = NULL;
	out->rule = NULL;
	out->count = 0;
	out->ignored = out->removed = out->repeated = false;
	out->address = NULL;
	arena_reset(&out->arena);
	text_reset(&out->scratch);
}

void statements_finish(struct statements *out)
{
	cJSON_Delete(out->tree);
	arena_finish(&out->arena);
	text_finish(&out->scratch);
	out->tree = NULL;
	out->count = 0;
}

struct statement *statement_add(struct decoding *d, enum statement_type type, const char *address)
{
	if (d->out->count == STATEMENTS_MAX) {
		(void)problem_set(d->why, -EINVAL, "more than %d things said in one message",
		                  STATEMENTS_MAX);
		return NULL;
	}
	struct statement *statement = &d->out->items[d->out->count++];
	*statement = (struct statement){.type = type, .address = address, .kind = KIND_NONE};
	return statement;
}

/* ---- values ---- */

const cJSON *json_at(const cJSON *node, const char *pointer)
{
	while (node && *pointer == '/') {
		char name[WORD_ROOM * 2];
		size_t len = strcspn(++pointer, "/");
		if (len >= sizeof name)
			return NULL;
		memcpy(name, pointer, len);
		name[len] = '\0';
		pointer += len;
		if (cJSON_IsArray(node)) {
			char *end;
			long at = strtol(name, &end, 10);
			node = end != name && !*end && at >= 0 && at < STATEMENTS_MAX
			               ? cJSON_GetArrayItem(node, (int)at)
			               : NULL;
		} else {
			node = json_get(node, name);
		}
	}
	return node;
}

const char *json_word(const cJSON *node, char room[WORD_ROOM])
{
	if (cJSON_IsBool(node))
		return cJSON_IsTrue(node) ? "true" : "false";
	if (cJSON_IsString(node))
		return node->valuestring;
	if (!cJSON_IsNumber(node))
		return NULL;
	double number = node->valuedouble;
	if (number == (double)node->valueint)
		snprintf(room, WORD_ROOM, "%d", node->valueint);
	else
		snprintf(room, WORD_ROOM, "%.15g", number);
	return room;
}

static bool lower_key(const char *key, char *out, size_t cap)
{
	size_t i = 0;
	for (; key[i] && i < cap - 1; i++)
		out[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + 32 : key[i]);
	out[i] = '\0';
	return !key[i];
}

/* ---- templates: "{device}-{/channel|1}" ---- */

static const char *capture_find(const struct decoding *d, const char *name, size_t len, size_t *out)
{
	for (uint32_t i = 0; i < d->capture_count; i++)
		if (strlen(d->captures[i].name) == len &&
		    memcmp(d->captures[i].name, name, len) == 0) {
			*out = d->captures[i].len;
			return d->captures[i].text;
		}
	return NULL;
}

/* A list stands for itself by a hash of what is in it. */
static void put_list(struct text *out, const cJSON *list)
{
	uint64_t hash = 14695981039346656037u;
	const cJSON *item;
	cJSON_ArrayForEach (item, list) {
		char room[WORD_ROOM];
		const char *word = json_word(item, room);
		hash = hash * 1099511628211u ^ index_hash(word ? word : "");
	}
	text_addf(out, "%016llx", (unsigned long long)hash);
}

static bool put_part(struct decoding *d, const cJSON *node, const char *name, size_t len)
{
	struct text *out = &d->out->scratch;
	const char *bar = memchr(name, '|', len);
	size_t name_len = bar ? (size_t)(bar - name) : len, found_len;
	if (*name != '/') {
		const char *found = capture_find(d, name, name_len, &found_len);
		if (found)
			text_add_len(out, found, found_len);
		else if (bar)
			text_add_len(out, bar + 1, len - name_len - 1);
		return found || bar;
	}
	char pointer[ADDRESS_MAX], room[WORD_ROOM];
	if (name_len >= sizeof pointer)
		return false;
	memcpy(pointer, name, name_len);
	pointer[name_len] = '\0';
	const cJSON *at = json_at(node, pointer);
	const char *word = at ? json_word(at, room) : NULL;
	if (word && *word)
		text_add(out, word);
	else if (at && cJSON_IsArray(at) && at->child)
		put_list(out, at);
	else if (bar)
		text_add_len(out, bar + 1, len - name_len - 1);
	else
		return false;
	return true;
}

/* NULL where a part is missing, or the whole is too long for an address. */
static const char *fill_template(struct decoding *d, const cJSON *node, const char *template)
{
	struct text *out = &d->out->scratch;
	text_reset(out);
	while (*template) {
		size_t plain = strcspn(template, "{");
		text_add_len(out, template, plain);
		template += plain;
		const char *close = strchr(template, '}');
		if (!*template || !close)
			break;
		if (!put_part(d, node, template + 1, (size_t)(close - template - 1)))
			return NULL;
		template = close + 1;
	}
	if (!out->len || out->len > ADDRESS_MAX)
		return NULL;
	return arena_copy_len(&d->out->arena, text_get(out), out->len);
}

/* ---- time ---- */

static wall_ms time_of_number(double number, enum time_format format)
{
	if (!isfinite(number) || number < 1e8 || number > 1e17)
		return 0;
	if (format == TIME_SECONDS || (format == TIME_AUTO && number < 1e11))
		return (wall_ms)(number * 1000);
	if (format == TIME_AUTO && number > 1e14) /* microseconds */
		return (wall_ms)(number / 1000);
	return (wall_ms)number;
}

/* The time that a message gives, or 0; a local one is left to who knows the site. */
static wall_ms read_time(struct decoding *d, const cJSON *node, const char **local)
{
	const char *pointer = d->rule->time_at;
	const cJSON *at = pointer ? json_at(node, pointer) : NULL;
	if (!at && pointer)
		at = json_at(d->out->tree, pointer);
	*local = NULL;
	if (at && cJSON_IsNumber(at))
		return time_of_number(at->valuedouble, d->rule->time_format);
	const char *word = cJSON_GetStringValue(at);
	wall_ms time = 0;
	if (!word)
		return 0;
	char *end;
	double number = strtod(word, &end);
	if (end != word && !*end)
		return time_of_number(number, d->rule->time_format);
	if (d->rule->time_format != TIME_LOCAL && time_parse(word, &time) == 0)
		return time;
	if (d->rule->time_format == TIME_AUTO || d->rule->time_format == TIME_LOCAL)
		*local = word;
	return 0;
}

/* ---- readers ---- */

static bool condition_holds(const struct condition *condition, const cJSON *object)
{
	char room[WORD_ROOM], low[WORD_ROOM * 2];
	const cJSON *at = *condition->key == '/' ? json_at(object, condition->key)
	                                         : json_get(object, condition->key);
	const char *word = at ? json_word(at, room) : NULL;
	if (!condition->any_of)
		return at && !cJSON_IsNull(at);
	if (!word || !lower_key(word, low, sizeof low))
		return false;
	for (uint32_t i = 0; i < condition->count; i++)
		if (strcmp(condition->any_of[i], low) == 0)
			return true;
	return false;
}

static bool reader_takes(const struct reader *reader, const cJSON *object, const cJSON *value)
{
	bool typed = reader->type_bool || reader->type_number || reader->type_text;
	if (value && typed &&
	    !((reader->type_bool && cJSON_IsBool(value)) ||
	      (reader->type_number && cJSON_IsNumber(value)) ||
	      (reader->type_text && cJSON_IsString(value))))
		return false;
	for (uint32_t i = 0; i < reader->when_count; i++)
		if (!condition_holds(&reader->when[i], object))
			return false;
	return true;
}

struct speaking { /* one device in one place of the message */
	const char *address;
	const cJSON *object; /* or NULL: a text payload */
	uint32_t first;      /* its first statement */
	bool test, history;
};

/* A condition that two members speak of is active if one of them says so, and a real alarm beats
 * a tested one. */
static struct statement *statement_merge(struct decoding *d, const struct speaking *s,
                                         enum statement_type type, enum kind kind, bool active,
                                         bool test)
{
	for (uint32_t i = s->first; i < d->out->count; i++) {
		struct statement *known = &d->out->items[i];
		if (known->type != type || known->kind != kind)
			continue;
		if (known->active && (!active || (test && !known->test) || test == known->test))
			return NULL;
		return known;
	}
	return statement_add(d, type, s->address);
}

static const enum statement_type found_by[] = {
        [READS_SIGNAL] = SAID_SIGNAL,       [READS_OWN] = SAID_OWN,
        [READS_PRESS] = SAID_SIGNAL,        [READS_TEST] = SAID_SIGNAL,
        [READS_AVAILABILITY] = SAID_STATUS, [READS_ALIVE] = SAID_ALIVE,
};

static int puzzle(struct decoding *d, const struct speaking *s, const char *key, const char *word)
{
	if (!*word || strcasecmp(word, "unknown") == 0 || strcasecmp(word, "unavailable") == 0 ||
	    strcasecmp(word, "none") == 0)
		return 0;
	struct statement *statement = statement_add(d, SAID_PUZZLE, s->address);
	if (!statement)
		return -EINVAL;
	statement->key = key;
	statement->word = word;
	return 0;
}

/* What the word of one member means to one reader. */
static int reader_apply(struct decoding *d, struct speaking *s, const struct reader *reader,
                        const char *key, const char *word, const double *number)
{
	enum kind mapped = KIND_NONE;
	enum meaning means = value_map_find(reader->map, word, number, &mapped);
	enum kind kind = mapped != KIND_NONE ? mapped : reader->kind;
	if (reader->reads == READS_TEST) {
		bool tests = means == MEANS_ACTIVE || means == MEANS_TEST;
		s->test |= tests;
		struct statement *test = tests ? statement_add(d, SAID_TEST, s->address) : NULL;
		if (test) {
			test->key = key;
			test->word = word;
		}
		return 0;
	}
	if (means == MEANS_NOTHING || reader->reads == READS_ALIVE)
		return 0;
	enum statement_type type = found_by[reader->reads];
	if (reader->reads == READS_OWN && mapped != KIND_NONE)
		type = SAID_SIGNAL;
	if (reader->reads == READS_PRESS && means == MEANS_UNKNOWN && *word)
		type = SAID_PRESS;
	else if (means == MEANS_UNKNOWN)
		return puzzle(d, s, key, word);
	bool active = means == MEANS_ACTIVE || means == MEANS_TEST || means == MEANS_ONLINE ||
	              type == SAID_PRESS;
	struct statement *statement = statement_merge(d, s, type, kind, active,
	                                              means == MEANS_TEST);
	if (!statement)
		return d->out->count == STATEMENTS_MAX ? -EINVAL : 0;
	*statement = (struct statement){.type = type,
	                                .address = s->address,
	                                .kind = kind,
	                                .active = active,
	                                .test = means == MEANS_TEST,
	                                .momentary = reader->momentary ||
	                                             reader->reads == READS_PRESS,
	                                .resets = reader->resets,
	                                .history = s->history,
	                                .key = key,
	                                .word = word};
	if (number) {
		statement->has_value = true;
		statement->value = *number;
	}
	return 0;
}

static const char *reader_key(const void *owner, uint32_t i)
{
	return ((const struct reader *)owner)[i].key;
}

static const struct reader *set_find(const struct reader_set *set, const char *low,
                                     const cJSON *object, const cJSON *value)
{
	uint32_t at = index_find(&set->index, low, reader_key, set->readers);
	for (; at != INDEX_NONE; at = set->readers[at].next)
		if (reader_takes(&set->readers[at], object, value))
			return &set->readers[at];
	for (uint32_t i = 0; i < set->pattern_count; i++) {
		const struct reader *reader = &set->readers[set->patterns[i]];
		if (pattern_fits(reader->key, low) && reader_takes(reader, object, value))
			return reader;
	}
	return NULL;
}

/* The reader of a member: the model's own come before the rule's. */
static const struct reader *reader_find(const struct decoding *d, const char *key,
                                        const cJSON *object, const cJSON *value)
{
	char low[80];
	if (!lower_key(key, low, sizeof low))
		return NULL;
	const struct reader *found = NULL;
	for (uint32_t i = 0; d->model && i < d->model->set_count && !found; i++)
		found = set_find(&d->profile->sets[d->model->sets[i]], low, object, value);
	for (uint32_t i = 0; i < d->rule->set_count && !found; i++)
		found = set_find(&d->profile->sets[d->rule->sets[i]], low, object, value);
	return found;
}

static int number_note(struct decoding *d, const struct speaking *s, const char *key, double number)
{
	for (uint32_t i = 0; i < d->profiles->watched_count; i++) {
		if (strcmp(d->profiles->watched[i], key) != 0)
			continue;
		struct statement *statement = statement_add(d, SAID_NUMBER, s->address);
		if (!statement)
			return -EINVAL;
		statement->key = key;
		statement->value = number;
		statement->has_value = true;
		return 0;
	}
	return 0;
}

/* ---- payloads ---- */

static int read_member(struct decoding *d, struct speaking *s, const char *key,
                       const struct reader *reader, const cJSON *value)
{
	char room[WORD_ROOM];
	const char *word = json_word(value, room);
	if (!word)
		return 0; /* null, a list, an object: nothing is said */
	const double *number = cJSON_IsNumber(value) ? &value->valuedouble : NULL;
	if (number && number_note(d, s, key, *number) < 0)
		return -EINVAL;
	if (!reader)
		return 0;
	if (word == room)
		word = arena_copy(&d->out->arena, room);
	return reader_apply(d, s, reader, key, word, number);
}

static int read_pointers(struct decoding *d, struct speaking *s, const uint32_t *sets,
                         uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct reader_set *set = &d->profile->sets[sets[i]];
		for (uint32_t k = 0; k < set->pointer_count; k++) {
			const struct reader *reader = &set->readers[set->pointers[k]];
			const cJSON *value = json_at(s->object, reader->key);
			if (value && reader_takes(reader, s->object, value) &&
			    read_member(d, s, reader->key, reader, value) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

static int read_object(struct decoding *d, struct speaking *s, const char *wrapped)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, s->object) {
		const cJSON *value = item;
		if (wrapped && cJSON_IsObject(item))
			value = json_get(item, wrapped);
		if (!value)
			continue;
		const struct reader *reader = reader_find(d, item->string, s->object, value);
		if (read_member(d, s, item->string, reader, value) < 0)
			return -EINVAL;
	}
	if (d->model && read_pointers(d, s, d->model->sets, d->model->set_count) < 0)
		return -EINVAL;
	return read_pointers(d, s, d->rule->sets, d->rule->set_count);
}

static bool is_detector(enum kind kind)
{
	return kind < KIND_TAMPER || kind == KIND_NONE;
}

/* A message that came out of a cache or waited at the broker, and is older than the profile lets
 * it be, is past. */
static bool is_stale(const struct decoding *d, wall_ms time)
{
	const struct heard_message *m = d->message;
	if (!d->profile->fresh || !time || m->now - time <= d->profile->fresh)
		return false;
	return m->retained || memory_gateway_is_fresh(d->memory, d->profile->gateway, m->steady);
}

/* What holds for all that one device said in one place: test, time, identity, life. */
static int speaking_end(struct decoding *d, struct speaking *s)
{
	const char *local;
	const cJSON *node = s->object ? s->object : d->out->tree;
	wall_ms time = node ? read_time(d, node, &local) : 0;
	if (!node)
		local = NULL;
	bool stale = is_stale(d, time);
	bool lifeless = d->rule->dead || d->message->retained || s->history || stale;
	const char *id = NULL, *alias = NULL;
	if (d->rule->id && d->out->tree)
		id = fill_template(d, s->history ? node : d->out->tree, d->rule->id);
	if (s->address) {
		const struct learnt *learnt = memory_device(d->memory, d->profile, s->address);
		alias = learnt ? learnt->alias : NULL;
		if (d->rule->alias_at && node)
			alias = fill_template(d, d->out->tree, d->rule->alias_at);
	}
	for (uint32_t i = s->first; i < d->out->count; i++) {
		struct statement *f = &d->out->items[i];
		f->alias = alias;
		f->time = time;
		f->local_time = local;
		f->id = id;
		f->history |= stale;
		f->lifeless = lifeless;
		if (s->test && f->active && f->type != SAID_STATUS && is_detector(f->kind))
			f->test = true;
	}
	if (lifeless || !s->address)
		return 0;
	struct statement *alive = statement_add(d, SAID_ALIVE, s->address);
	if (!alive)
		return -EINVAL;
	alive->alias = alias;
	return 0;
}

static void choose_model(struct decoding *d, const char *address)
{
	const char *model = NULL;
	d->model = NULL;
	if (!d->profile->model_count || !address)
		return;
	if (d->rule->model_at && d->out->tree)
		model = fill_template(d, d->out->tree, d->rule->model_at);
	if (!model) {
		const struct learnt *learnt = memory_device(d->memory, d->profile, address);
		model = learnt ? learnt->model : NULL;
	}
	for (uint32_t i = 0; model && i < d->profile->model_count; i++)
		for (uint32_t k = 0; k < d->profile->models[i].model_count; k++)
			if (pattern_fits(d->profile->models[i].models[k], model)) {
				d->model = &d->profile->models[i];
				return;
			}
}

static int read_place(struct decoding *d, const struct root *root, const cJSON *object,
                      const char *address)
{
	if (!cJSON_IsObject(object))
		return 0;
	const char *template = d->rule->device;
	if (template && !(root->device && address))
		address = fill_template(d, object, template);
	if (!address && template)
		address = fill_template(d, d->out->tree, template);
	struct speaking s = {.address = address,
	                     .object = object,
	                     .first = d->out->count,
	                     .history = root->history};
	choose_model(d, address);
	if (read_object(d, &s, root->value) < 0)
		return -EINVAL;
	return speaking_end(d, &s);
}

/* Follows a root's pointer; a * stands for each part of a list or object. */
static int read_root(struct decoding *d, const struct root *root, const char *at, const cJSON *node,
                     const char *address, bool *found)
{
	const char *star = strstr(at, "/*");
	if (!star) {
		const cJSON *object = json_at(node, at);
		*found |= cJSON_IsObject(object);
		return read_place(d, root, object, address);
	}
	char way[ADDRESS_MAX];
	snprintf(way, sizeof way, "%.*s", (int)(star - at), at);
	const cJSON *item;
	cJSON_ArrayForEach (item, json_at(node, way)) {
		const char *name = root->device && item->string ? item->string : address;
		if (strlen(name ? name : "") <= ADDRESS_MAX &&
		    read_root(d, root, star + 2, item, name, found) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_json(struct decoding *d)
{
	bool found = false;
	/* Roots are alternatives, but for those that hold the past. */
	for (uint32_t i = 0; i < d->rule->root_count; i++) {
		const struct root *root = &d->rule->roots[i];
		if (found && !root->history && !strstr(root->at, "/*"))
			continue;
		if (read_root(d, root, root->at, d->out->tree, d->out->address, &found) < 0)
			return -EINVAL;
	}
	return 0;
}

/* A text payload without what stands around it; NULL when it is too long or no text. */
static const char *scalar_word(struct decoding *d)
{
	const char *bytes = d->message->bytes;
	size_t len = d->message->len;
	while (len && strchr(" \t\r\n", *bytes)) {
		bytes++;
		len--;
	}
	while (len && strchr(" \t\r\n", bytes[len - 1]))
		len--;
	if (len > 1 && *bytes == '"' && bytes[len - 1] == '"') { /* a JSON text */
		bytes++;
		len -= 2;
	}
	if (len > SCALAR_MAX || !text_is_utf8(bytes, len))
		return NULL;
	return arena_copy_len(&d->out->arena, bytes, len);
}

static int read_scalar(struct decoding *d)
{
	char room[WORD_ROOM];
	const char *word, *key = d->rule->as;
	if (d->out->tree) { /* the value stands in an object, with its time perhaps */
		const cJSON *at = json_at(d->out->tree, d->rule->value_at);
		word = at ? json_word(at, room) : NULL;
		if (!word)
			return 0;
		word = arena_copy(&d->out->arena, word);
	} else {
		word = scalar_word(d);
	}
	if (!word)
		return problem_set(d->why, -EINVAL, "the payload is no text of at most %d bytes",
		                   SCALAR_MAX);
	if (!key) {
		size_t len = 0;
		const char *at = capture_find(d, "key", 3, &len);
		key = at ? arena_copy_len(&d->out->arena, at, len) : "value";
	}
	struct speaking s = {.address = d->out->address, .first = d->out->count};
	char *end;
	double parsed = strtod(word, &end);
	const double *number = end != word && !*end && isfinite(parsed) ? &parsed : NULL;
	choose_model(d, s.address);
	const struct reader *reader = reader_find(d, key, NULL, NULL);
	if (number && number_note(d, &s, key, parsed) < 0)
		return -EINVAL;
	if (reader && reader_apply(d, &s, reader, key, word, number) < 0)
		return -EINVAL;
	return speaking_end(d, &s);
}

static int read_availability(struct decoding *d)
{
	char room[WORD_ROOM];
	const char *word, *address = d->out->address;
	bool gateway = d->rule->does == RULE_GATEWAY;
	if (d->out->tree) {
		const cJSON *at = json_at(d->out->tree,
		                          d->rule->value_at ? d->rule->value_at : "/state");
		word = at ? json_word(at, room) : NULL;
	} else {
		word = scalar_word(d);
	}
	if (gateway && !d->rule->device)
		address = d->profile->gateway;
	enum kind kind = KIND_NONE;
	enum meaning means = word ? value_map_find(d->rule->words, word, NULL, &kind)
	                          : MEANS_UNKNOWN;
	if (means != MEANS_ONLINE && means != MEANS_OFFLINE)
		return 0; /* init, sleeping, nothing at all: neither here nor gone */
	struct statement *f = statement_add(d, gateway ? SAID_GATEWAY : SAID_STATUS, address);
	f->active = means == MEANS_ONLINE;
	f->key = "availability";
	f->word = word == room ? arena_copy(&d->out->arena, room) : word;
	const struct learnt *learnt = address ? memory_device(d->memory, d->profile, address)
	                                      : NULL;
	f->alias = learnt ? learnt->alias : NULL;
	f->lifeless = true;
	if (gateway)
		memory_gateway(d->memory, address, f->active, d->message->steady);
	return 0;
}

static int read_models(struct decoding *d)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, json_at(d->out->tree, d->rule->each ? d->rule->each : "")) {
		const char *device = fill_template(d, item, d->rule->device);
		const char *alias = NULL, *model = NULL;
		if (!device)
			continue;
		if (d->rule->alias_at)
			alias = fill_template(d, item, d->rule->alias_at);
		if (d->rule->model_at)
			model = fill_template(d, item, d->rule->model_at);
		memory_learn(d->memory, d->profile, device, alias, model);
	}
	return 0;
}

/* ---- the message ---- */

static enum payload_form form_of(const struct heard_message *m)
{
	const char *bytes = m->bytes;
	for (size_t i = 0; i < m->len; i++)
		if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
			return bytes[i] == '{'   ? FORM_OBJECT
			       : bytes[i] == '[' ? FORM_ARRAY
			                         : FORM_SCALAR;
	return FORM_EMPTY;
}

static bool form_fits(enum payload_form wanted, enum payload_form form)
{
	return wanted == FORM_ANY || wanted == form ||
	       (wanted == FORM_JSON && (form == FORM_OBJECT || form == FORM_ARRAY));
}

static int apply_rule(struct decoding *d, enum payload_form form)
{
	struct statements *out = d->out;
	switch (d->rule->does) {
	case RULE_IGNORES:
		out->ignored = true;
		return 0;
	case RULE_AVAILABILITY:
	case RULE_GATEWAY:
		return read_availability(d);
	case RULE_MODELS:
		return read_models(d);
	case RULE_DISCOVERY:
		return discovery_read(d, out->tree);
	case RULE_READS:
		return form == FORM_SCALAR || d->rule->value_at ? read_scalar(d) : read_json(d);
	}
	return 0;
}

static bool needs_tree(const struct decoding *d, enum payload_form form)
{
	return d->rule->does != RULE_IGNORES && (form == FORM_OBJECT || form == FORM_ARRAY);
}

static int read_rule(struct decoding *d, enum payload_form form)
{
	struct statements *out = d->out;
	out->profile = d->profile;
	out->rule = d->rule;
	out->address = fill_template(d, NULL, d->rule->device ? d->rule->device : "{device}");
	if (form == FORM_EMPTY) {
		out->removed = true;
		if (d->rule->does == RULE_DISCOVERY)
			memory_forget(d->memory, d->message->topic);
		return 0;
	}
	if (needs_tree(d, form)) {
		int r = json_parse(d->message->bytes, d->message->len, &out->tree, d->why);
		if (r < 0)
			return r;
	}
	if (d->rule->burst && !d->message->retained &&
	    memory_repeats(d->memory, out->address ? out->address : d->message->topic,
	                   d->message->bytes, d->message->len, d->rule->burst,
	                   d->message->steady)) {
		out->repeated = true;
		return 0;
	}
	return apply_rule(d, form);
}

static void note_near(struct decoding *d, const struct topic_rule **near)
{
	if (*near)
		return;
	*near = d->rule;
	d->out->profile = d->profile;
	d->out->address = fill_template(d, NULL, d->rule->device ? d->rule->device : "{device}");
}

/* The first rule whose topic and form fit; *near: one whose topic alone did. What one profile
 * passes over another may understand. */
static bool choose_rule(struct decoding *d, uint32_t ref, const struct topic_parts *parts,
                        enum payload_form form, const struct topic_rule **near)
{
	const struct rule_ref *passed_over = NULL;
	for (; ref != POSITION_NONE; ref = d->profiles->refs[ref].next) {
		const struct rule_ref *at = &d->profiles->refs[ref];
		d->profile = &d->profiles->items[at->profile];
		d->rule = &d->profile->rules[at->rule];
		if ((passed_over && passed_over->profile == at->profile) ||
		    !topic_fits(d->rule, parts, d->captures, &d->capture_count))
			continue;
		if (!form_fits(d->rule->form, form) && form != FORM_EMPTY)
			note_near(d, near);
		else if (d->rule->does != RULE_IGNORES)
			return true;
		else
			passed_over = at;
	}
	if (!passed_over)
		return false;
	d->profile = &d->profiles->items[passed_over->profile];
	d->rule = &d->profile->rules[passed_over->rule];
	return topic_fits(d->rule, parts, d->captures, &d->capture_count);
}

static const char *chain_level(const void *owner, uint32_t i)
{
	return ((const char *const *)owner)[i];
}

static uint32_t chain_find(const struct profiles *p, const struct topic_parts *parts)
{
	char first[ADDRESS_MAX];
	if (parts->len[0] >= sizeof first)
		return POSITION_NONE;
	memcpy(first, parts->at[0], parts->len[0]);
	first[parts->len[0]] = '\0';
	uint32_t at = index_find(&p->chain_index, first, chain_level, p->first_levels);
	return at == INDEX_NONE ? POSITION_NONE : p->chains[at];
}

static const char *form_name(enum payload_form form)
{
	static const char *const names[] = {
	        [FORM_ANY] = "anything",       [FORM_OBJECT] = "a JSON object",
	        [FORM_ARRAY] = "a JSON array", [FORM_SCALAR] = "a word or number",
	        [FORM_JSON] = "JSON",          [FORM_EMPTY] = "nothing"};
	return names[form];
}

int profiles_decode(const struct profiles *profiles, struct profile_memory *memory,
                    const struct heard_message *message, struct statements *out,
                    struct problem *why)
{
	struct decoding d = {
	        .profiles = profiles, .memory = memory, .message = message, .out = out, .why = why};
	struct topic_parts parts;
	const struct topic_rule *near = NULL;
	statements_reset(out);
	if (!topic_split(message->topic, &parts))
		return 0;
	if (message->len > MESSAGE_MAX)
		return problem_set(why, -EINVAL, "the message has %zu bytes; at most %zu are read",
		                   message->len, MESSAGE_MAX);
	enum payload_form form = form_of(message);
	int r = 0;
	uint32_t entity = memory_entity(memory, message->topic);
	bool found = choose_rule(&d, chain_find(profiles, &parts), &parts, form, &near) ||
	             (entity == POSITION_NONE &&
	              choose_rule(&d, profiles->any_chain, &parts, form, &near));
	if (found)
		r = read_rule(&d, form);
	else if (near && entity == POSITION_NONE)
		r = problem_set(why, -EINVAL, "the payload is %s; the profile '%s' expects %s here",
		                form_name(form), out->profile->name, form_name(near->form));
	if (r == 0 && entity != POSITION_NONE)
		r = discovery_state(&d, entity);
	if (r < 0)
		out->count = 0; /* whole, or not at all */
	return r;
}
