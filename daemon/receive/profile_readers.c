/* What the members of a message mean to the readers of a profile. */
#include <errno.h>
#include <string.h>

#include "receive/profile_private.h"

static bool condition_holds(const struct condition *condition, const cJSON *object)
{
	char room[WORD_ROOM], low[WORD_ROOM * 2];
	const cJSON *at = *condition->key == '/' ? json_at(object, condition->key)
	                                         : json_get(object, condition->key);
	const char *word = at ? json_word(at, room) : NULL;
	if (!condition->any_of)
		return at && !cJSON_IsNull(at);
	if (!word || !key_lower(word, low, sizeof low))
		return false;
	for (uint32_t i = 0; i < condition->count; i++)
		if (strcmp(condition->any_of[i], low) == 0)
			return true;
	return false;
}

bool conditions_hold(const struct condition *all, uint32_t count, const cJSON *object)
{
	for (uint32_t i = 0; i < count; i++)
		if (!condition_holds(&all[i], object))
			return false;
	return true;
}

static bool reader_takes(const struct reader *reader, const cJSON *object, const cJSON *value)
{
	bool typed = reader->type_bool || reader->type_number || reader->type_text;
	if (value && typed &&
	    !((reader->type_bool && cJSON_IsBool(value)) ||
	      (reader->type_number && cJSON_IsNumber(value)) ||
	      (reader->type_text && cJSON_IsString(value))))
		return false;
	if (!conditions_hold(reader->when, reader->when_count, object))
		return false;
	for (uint32_t i = 0; i < reader->unless_count; i++)
		if (condition_holds(&reader->unless[i], object))
			return false;
	return true;
}

static struct statement *statement_merge(struct decoding *d, const struct speaking *s,
                                         enum statement_type type, enum kind kind, bool armed,
                                         bool active, bool test)
{
	for (uint32_t i = s->first; i < d->out->count; i++) {
		struct statement *known = &d->out->items[i];
		if (known->type != type || known->kind != kind || known->armed != armed)
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
	char low[16];
	if (strcasecmp(word, "none") == 0 ||
	    (key_lower(word, low, sizeof low) && word_is_unknown(low)))
		return 0;
	struct statement *statement = statement_add(d, SAID_PUZZLE, s->address);
	if (!statement)
		return -EINVAL;
	statement->key = key;
	statement->word = word;
	return 0;
}

static void test_note(struct speaking *s, enum test_word word)
{
	if (word > s->test)
		s->test = word;
}

/* What the word of one member means to one reader. */
int reader_apply(struct decoding *d, struct speaking *s, const struct reader *reader,
                 const char *key, const char *word, const double *number)
{
	enum kind mapped = KIND_NONE;
	enum meaning means = value_map_find(reader->map, word, number, &mapped);
	if (reader->reads == READS_TEST) {
		bool tells = means == MEANS_ACTIVE || means == MEANS_TEST;
		test_note(s, means == MEANS_ACTIVE  ? TEST_RUNS
		             : means == MEANS_CLEAR ? TEST_OVER
		                                    : TEST_ELSEWHERE);
		struct statement *test = tells ? statement_add(d, SAID_TEST, s->address) : NULL;
		if (test) {
			test->key = key;
			test->word = word;
		}
		return 0;
	}
	return meaning_apply(d, s, reader, means, mapped, key, word, number);
}

int meaning_apply(struct decoding *d, struct speaking *s, const struct reader *reader,
                  enum meaning means, enum kind mapped, const char *key, const char *word,
                  const double *number)
{
	enum kind kind = mapped != KIND_NONE ? mapped : reader->kind;
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
	bool armed = d->rule->armed || reader->armed;
	struct statement *statement = statement_merge(d, s, type, kind, armed, active,
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
	                                .armed = armed,
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

struct member_key { /* of one member, for all the sets it is looked for in */
	const char *key;
	char folded[MEMBER_KEY_MAX];
	uint64_t hash, letters;
};

/* False where it is too long for any reader. */
static bool member_key_make(const char *key, struct member_key *out)
{
	uint64_t hash = INDEX_HASH_BEGIN, letters = 0;
	size_t i = 0, len = 0;
	for (; key[i] && i < MEMBER_KEY_MAX - 1; i++) {
		if (parts_words(key[i]))
			continue;
		char c = letter_lower(key[i]);
		out->folded[len++] = c;
		hash = index_hash_add(hash, c);
		letters |= letter_bit(c);
	}
	out->folded[len] = '\0';
	out->key = key;
	out->hash = index_hash_end(hash);
	out->letters = letters;
	return !key[i];
}

static const struct reader *chain_find(const struct reader_set *set, uint32_t at,
                                       const cJSON *object, const cJSON *value)
{
	for (; at != INDEX_NONE; at = set->readers[at].next)
		if (reader_takes(&set->readers[at], object, value))
			return &set->readers[at];
	return NULL;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool parts_name(char c)
{
	return parts_words(c) || c == '.' || c == '/';
}

static bool begins_word(const char *name, size_t i)
{
	return !i || parts_name(name[i - 1]) || (is_upper(name[i]) && is_lower(name[i - 1])) ||
	       (unsigned char)name[i] >= 0xc0;
}

/* What a thing is its name says at the end, numbers left off: "Hall smoke 2" smokes, a "fire door"
 * is a door, 烟感3号 smokes. The longest end that is known counts; words begin after what parts
 * them or with a capital, Chinese ones anywhere. */
static const struct reader *end_find(const struct reader_set *set, const char *key,
                                     const cJSON *object, const cJSON *value)
{
	char name[MEMBER_KEY_MAX];
	bool begins[MEMBER_KEY_MAX] = {0};
	size_t len = strlen(key), count = 0;
	if (len > 3 && strcmp(key + len - 3, "号") == 0)
		len -= 3;
	while (len && strchr("0123456789_- #", key[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (parts_name(key[i]))
			continue;
		begins[count] = begins_word(key, i);
		name[count++] = letter_lower(key[i]);
	}
	name[count] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (!begins[i])
			continue;
		const struct reader *found = chain_find(
		        set, index_find(&set->ends, name + i, reader_key, set->readers), object,
		        value);
		if (found)
			return found;
	}
	return NULL;
}

static const struct reader *set_find(const struct reader_set *set, const struct member_key *key,
                                     const cJSON *object, const cJSON *value)
{
	uint32_t at = index_find_hashed(&set->index, key->hash, key->folded, reader_key,
	                                set->readers);
	const struct reader *found = chain_find(set, at, object, value);
	for (uint32_t i = 0; i < set->pattern_count && !found; i++) {
		if (set->letters[i] & ~key->letters)
			continue;
		const struct reader *reader = &set->readers[set->patterns[i]];
		if (pattern_fits(reader->key, key->folded) && reader_takes(reader, object, value))
			found = reader;
	}
	if (!found && set->ends.count)
		found = end_find(set, key->key, object, value);
	return found;
}

/* The reader of a member: the model's own come before the rule's. */
const struct reader *reader_find(const struct decoding *d, const char *key, const cJSON *object,
                                 const cJSON *value)
{
	struct member_key member;
	if (!member_key_make(key, &member))
		return NULL;
	const struct reader *found = NULL;
	for (uint32_t i = 0; d->model && i < d->model->set_count && !found; i++)
		found = set_find(&d->profile->sets[d->model->sets[i]], &member, object, value);
	for (uint32_t i = 0; i < d->set_count && !found; i++)
		found = set_find(&d->profile->sets[d->sets[i]], &member, object, value);
	return found;
}

int number_note(struct decoding *d, const struct speaking *s, const char *key, double number)
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

static int read_member(struct decoding *d, struct speaking *s, const char *key,
                       const struct reader *reader, const cJSON *value)
{
	char room[WORD_ROOM];
	const double *number = cJSON_IsNumber(value) ? &value->valuedouble : NULL;
	if (number && number_note(d, s, key, *number) < 0)
		return -EINVAL;
	const char *word = reader ? json_word(value, room) : NULL;
	if (!word && reader && reader->reads == READS_TEST)
		test_note(s, TEST_ELSEWHERE);
	if (!word)
		return 0; /* null, a list, an object: nothing is said */
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

int decode_members(struct decoding *d, struct speaking *s, const char *wrapped)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, s->object) {
		const cJSON *value = item;
		if (wrapped && cJSON_IsArray(item)) /* of several the last is how it stands */
			value = item->child ? item->child->prev : NULL;
		if (wrapped && cJSON_IsObject(value))
			value = json_get(value, wrapped);
		if (!value)
			continue;
		/* null is of no type: whatever the reader wants, it is the member's */
		const struct reader *reader = reader_find(d, item->string, s->object,
		                                          cJSON_IsNull(value) ? NULL : value);
		if (read_member(d, s, item->string, reader, value) < 0)
			return -EINVAL;
	}
	if (d->model && read_pointers(d, s, d->model->sets, d->model->set_count) < 0)
		return -EINVAL;
	return read_pointers(d, s, d->sets, d->set_count);
}
