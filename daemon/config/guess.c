#include "config/guess.h"

#include <stdlib.h>
#include <string.h>

#define LOOKED_AT_MAX 2000 /* names, so that a thousand slips among a million names stay cheap */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance; both at most ID_MAX bytes. */
static unsigned slips(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][ID_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	memset(rows, 0, sizeof rows);
	for (size_t j = 0; j <= b_len; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned wrong = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(wrong, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *free_row = before;
		before = above;
		above = row;
		row = free_row;
	}
	return above[b_len];
}

/* "zigbee" for zigbee2mqtt. */
static const char *begun_name(const char *word, size_t len, const struct names *names)
{
	for (uint32_t i = 0; len >= 3 && i < names->count && i < LOOKED_AT_MAX; i++)
		if (strncmp(names->name(names->owner, i), word, len) == 0)
			return names->name(names->owner, i);
	return NULL;
}

const char *guess_name(const char *word, const struct names *names)
{
	size_t len = strlen(word);
	if (len < 2 || len > ID_MAX)
		return NULL;
	const char *best = NULL;
	unsigned best_slips = len < 6 ? 2 : least((unsigned)len / 3, 3) + 1;
	for (uint32_t i = 0; i < names->count && i < LOOKED_AT_MAX; i++) {
		const char *name = names->name(names->owner, i);
		size_t name_len = strlen(name);
		if (!name_len || name_len > ID_MAX)
			continue;
		unsigned distance = slips(word, len, name, name_len);
		if (distance < best_slips) {
			best = name;
			best_slips = distance;
		}
	}
	return best ? best : begun_name(word, len, names);
}

void guess_list(struct text *out, const struct names *names, uint32_t most)
{
	uint32_t listed = 0;
	for (uint32_t i = 0; i < names->count && listed < most; i++) {
		const char *name = names->name(names->owner, i);
		if (!*name)
			continue;
		if (listed++)
			text_add(out, ", ");
		text_add(out, name);
	}
	if (names->count > most)
		text_addf(out, ", ... (%u in all)", names->count);
}

void guess_quote(struct text *out, const char *word, size_t max)
{
	size_t len = strlen(word);
	size_t cut = len > max ? text_cut_utf8(word, max) : len;
	text_add_char(out, '\'');
	text_add_escaped(out, word, cut);
	text_add(out, cut < len ? "...'" : "'");
}
