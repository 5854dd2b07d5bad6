#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"

static void reserve(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;
	if (need <= text->cap)
		return;
	size_t cap = text->cap ? text->cap : 64;
	while (cap < need)
		cap *= 2;
	text->at = mem_grow(text->at, cap, 1);
	text->cap = cap;
}

const char *text_get(const struct text *text)
{
	return text->at ? text->at : "";
}

void text_add_len(struct text *text, const char *add, size_t len)
{
	reserve(text, len);
	if (len)
		memcpy(text->at + text->len, add, len);
	text->len += len;
	text->at[text->len] = '\0';
}

char *text_add_room(struct text *text, size_t len)
{
	reserve(text, len);
	char *room = text->at + text->len;
	text->len += len;
	text->at[text->len] = '\0';
	return room;
}

void text_add(struct text *text, const char *add)
{
	text_add_len(text, add, strlen(add));
}

void text_add_char(struct text *text, char c)
{
	reserve(text, 1);
	text->at[text->len++] = c;
	text->at[text->len] = '\0';
}

const char *int_digits(int64_t number, char room[INT_DIGITS_MAX], size_t *len)
{
	char *end = room + INT_DIGITS_MAX, *at = end;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--at = '-';
	*len = (size_t)(end - at);
	return at;
}

void text_add_int(struct text *text, int64_t number)
{
	char room[INT_DIGITS_MAX];
	size_t len;
	const char *digits = int_digits(number, room, &len);
	text_add_len(text, digits, len);
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	reserve(text, 64); /* mostly enough for once */
	size_t room = text->cap - text->len;
	int len = vsnprintf(text->at + text->len, room, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < room) {
		text->len += (size_t)len;
	} else if (len > 0) {
		reserve(text, (size_t)len);
		vsnprintf(text->at + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void text_reset(struct text *text)
{
	text->len = 0;
	if (text->at)
		text->at[0] = '\0';
}

void text_finish(struct text *text)
{
	free(text->at);
	*text = (struct text){0};
}

char *text_take(struct text *text)
{
	reserve(text, 0);
	char *out = text->at;
	out[text->len] = '\0';
	*text = (struct text){0};
	return out;
}

/* Eight bytes of plain ASCII, without a NUL. */
static bool is_plain(const utf8proc_uint8_t *at)
{
	const uint64_t high = UINT64_C(0x8080808080808080), low = UINT64_C(0x0101010101010101);
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return !((word | (word - low)) & high);
}

bool text_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_is_utf8(const void *bytes, size_t len)
{
	const utf8proc_uint8_t *at = bytes;
	while (len) {
		if (len >= 8 && is_plain(at)) {
			at += 8;
			len -= 8;
			continue;
		}
		utf8proc_int32_t point;
		if (*at > 0 && *at < 0x80) { /* nearly always */
			at++;
			len--;
			continue;
		}
		utf8proc_ssize_t step = utf8proc_iterate(at, (utf8proc_ssize_t)len, &point);
		if (step <= 0 || point == 0)
			return false;
		at += step;
		len -= (size_t)step;
	}
	return true;
}

size_t text_cut_utf8(const char *text, size_t len)
{
	size_t start = len;
	while (start > 0 && len - start < 4) {
		unsigned char c = (unsigned char)text[start - 1];
		if (c < 0x80)
			return len;
		start--;
		if (c >= 0xC0) {
			size_t want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
			return len - start >= want ? len : start;
		}
	}
	return len;
}

void text_trim_utf8(char *text)
{
	char *to = text;
	size_t len = strlen(text);
	while (len) {
		utf8proc_int32_t point;
		utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text,
		                                         (utf8proc_ssize_t)len, &point);
		size_t n = step > 0 ? (size_t)step : 1;
		if (step > 0)
			memmove(to, text, n);
		to += step > 0 ? n : 0;
		text += n;
		len -= n;
	}
	*to = '\0';
}

/* C1 controls start escape sequences on some terminals; direction overrides make a line read other
 * than it is, and the separators begin another. */
bool text_is_treacherous(int32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
	       point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

void text_add_escaped(struct text *text, const void *bytes, size_t len)
{
	const utf8proc_uint8_t *at = bytes;
	while (len) {
		utf8proc_int32_t point;
		utf8proc_ssize_t step = utf8proc_iterate(at, (utf8proc_ssize_t)len, &point);
		if (step <= 0 || text_is_treacherous(point)) {
			if (step <= 0)
				step = 1;
			for (utf8proc_ssize_t i = 0; i < step; i++)
				text_addf(text, "\\x%02x", at[i]);
		} else {
			text_add_len(text, (const char *)at, (size_t)step);
		}
		at += step;
		len -= (size_t)step;
	}
}

void text_add_encoded(struct text *text, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789-._~";
	for (size_t len; *value; value += len) {
		len = strspn(value, plain);
		text_add_len(text, value, len);
		if (!len) {
			text_addf(text, "%%%02X", (unsigned char)*value);
			len = 1;
		}
	}
}

size_t text_columns(const char *text)
{
	size_t columns = 0, len = strlen(text);
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	while (len) {
		utf8proc_int32_t point;
		utf8proc_ssize_t step = utf8proc_iterate(at, (utf8proc_ssize_t)len, &point);
		if (step <= 0) {
			step = 1;
			columns++;
		} else {
			columns += (size_t)utf8proc_charwidth(point);
		}
		at += step;
		len -= (size_t)step;
	}
	return columns;
}

int text_parse_int(const char *text, int64_t *out)
{
	char *end;
	if (!*text || strspn(text, "-0123456789") != strlen(text))
		return -EINVAL;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno || *end || end == text)
		return -EINVAL;
	*out = n;
	return 0;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
        {"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

int text_parse_span(const char *text, int64_t *span)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 12)
		return -EINVAL;
	int64_t n = 0;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (text[i] - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(text + digits, units[i].name) == 0)
			return __builtin_mul_overflow(n, units[i].ms, span) ? -ERANGE : 0;
	return -EINVAL;
}

void text_add_span(struct text *text, int64_t span)
{
	if (span == 0) {
		text_add(text, "0s");
		return;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (span % units[i].ms == 0) {
			text_addf(text, "%lld%s", (long long)(span / units[i].ms), units[i].name);
			return;
		}
}

bool text_is_id(const char *id)
{
	size_t len = strlen(id);
	if (len == 0 || len > ID_MAX || !text_is_utf8(id, len))
		return false;
	if (id[0] == ' ' || id[len - 1] == ' ')
		return false;
	for (const char *c = id; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/' || *c == '+' || *c == '#')
			return false;
	return true;
}
