#include "review/command/speak.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/calendar.h"
#include "base/mem.h"

const char *say(const struct command_context *ctx, const char *english, const char *chinese)
{
	return strncmp(ctx->language, "zh", 2) == 0 ? chinese : english;
}

/* ---- colour ---- */

void text_add_toned(struct text *out, const struct command_context *ctx, enum tone tone,
                    const char *words)
{
	static const char *const codes[] = {
	        [TONE_PLAIN] = "",           [TONE_STRONG] = "\033[1m", [TONE_DIM] = "\033[2m",
	        [TONE_GOOD] = "\033[32m",    [TONE_WARN] = "\033[33m",  [TONE_BAD] = "\033[31m",
	        [TONE_WORST] = "\033[1;31m",
	};
	bool toned = ctx->colour && tone != TONE_PLAIN && *words;
	if (toned)
		text_add(out, codes[tone]);
	text_add(out, words);
	if (toned)
		text_add(out, "\033[0m");
}

enum tone severity_tone(enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
		return TONE_WORST;
	case SEVERITY_MAJOR:
		return TONE_BAD;
	case SEVERITY_MINOR:
		return TONE_WARN;
	case SEVERITY_WARNING:
	case SEVERITY_COUNT:
		break;
	}
	return TONE_PLAIN;
}

enum tone state_tone(enum incident_state state)
{
	switch (state) {
	case STATE_OPEN:
		return TONE_WORST;
	case STATE_ACKNOWLEDGED:
		return TONE_WARN;
	case STATE_RESOLVED:
		return TONE_GOOD;
	case STATE_COUNT:
		break;
	}
	return TONE_PLAIN;
}

/* ---- foreign text ---- */

void text_add_safe(struct text *out, const char *foreign)
{
	size_t len = strlen(foreign);
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)foreign;
	while (len) {
		utf8proc_int32_t point = 0;
		utf8proc_ssize_t step = utf8proc_iterate(at, (utf8proc_ssize_t)len, &point);
		if (step <= 0) {
			step = 1;
			text_addf(out, "\\x%02x", *at);
		} else if (point == '\n' || point == '\t') {
			text_add_char(out, ' ');
		} else if (text_is_treacherous(point)) {
			text_addf(out, "\\u%04x", (unsigned)point);
		} else {
			text_add_len(out, (const char *)at, (size_t)step);
		}
		at += step;
		len -= (size_t)step;
	}
}

/* ---- times ---- */

void text_add_ago(struct text *out, const char *language, wall_ms at, wall_ms now)
{
	static const struct {
		span_ms unit;
		const char *english, *chinese;
	} units[] = {{DAYS(1), "d", "天"},
	             {HOURS(1), "h", "小时"},
	             {MINUTES(1), "min", "分钟"},
	             {SECONDS(1), "s", "秒"}};
	bool zh = strncmp(language, "zh", 2) == 0;
	bool past = at <= now;
	span_ms span = past ? now - at : at - now;
	if (span < SECONDS(5) && past) {
		text_add(out, zh ? "刚刚" : "just now");
		return;
	}
	uint32_t i = 0;
	while (i + 1 < sizeof units / sizeof *units && span < units[i].unit)
		i++;
	long long n = (long long)(span / units[i].unit);
	if (zh)
		text_addf(out, "%lld %s%s", n, units[i].chinese, past ? "前" : "后");
	else
		text_addf(out, "%s%lld %s%s", past ? "" : "in ", n, units[i].english,
		          past ? " ago" : "");
}

void text_add_lasting(struct text *out, const char *language, span_ms span)
{
	bool zh = strncmp(language, "zh", 2) == 0;
	long long tenths = span / 100, seconds = span / 1000, minutes = seconds / 60;
	if (seconds < 60 && tenths % 10 == 0)
		text_addf(out, zh ? "%lld 秒" : "%lld s", seconds);
	else if (seconds < 60)
		text_addf(out, zh ? "%lld.%lld 秒" : "%lld.%lld s", seconds, tenths % 10);
	else if (minutes < 60 && seconds % 60 == 0)
		text_addf(out, zh ? "%lld 分钟" : "%lld min", minutes);
	else if (minutes < 60)
		text_addf(out, zh ? "%lld 分 %02lld 秒" : "%lld min %02lld s", minutes,
		          seconds % 60);
	else if (minutes % 60 == 0)
		text_addf(out, zh ? "%lld 小时" : "%lld h", minutes / 60);
	else
		text_addf(out, zh ? "%lld 小时 %02lld 分" : "%lld h %02lld min", minutes / 60,
		          minutes % 60);
}

void text_add_elapsed(struct text *out, span_ms span)
{
	long long s = span > 0 ? (long long)(span / 1000) : 0;
	long long days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;
	if (days)
		text_addf(out, "+%lldd %02lld:%02lld:%02lld", days, hours, minutes, s % 60);
	else if (hours)
		text_addf(out, "+%lld:%02lld:%02lld", hours, minutes, s % 60);
	else
		text_addf(out, "+%lld:%02lld", minutes, s % 60);
}

void text_add_local(struct text *out, const struct site_def *def, wall_ms at)
{
	static struct timezone_span utc_spans[1] = {{.from = INT64_MIN, .offset = 0}};
	static const struct timezone_table utc = {"UTC", utc_spans, 1};
	struct civil c = civil_from_wall(def ? &def->timezone : &utc, at);
	text_addf(out, "%04d-%02d-%02d %02d:%02d:%02d%s", c.year, c.month, c.day, c.hour, c.minute,
	          c.second, def ? "" : "Z");
}

/* ---- names ---- */

const struct site_def *site_by_id(const struct command_context *ctx, const char *id)
{
	for (uint32_t i = 0; id && i < ctx->site_count; i++)
		if (strcmp(ctx->sites[i]->id, id) == 0)
			return ctx->sites[i];
	return NULL;
}

void text_add_person(struct text *out, const struct site_def *def, const char *id)
{
	uint32_t person = def ? site_def_person(def, id) : POSITION_NONE;
	if (person == POSITION_NONE || strcmp(def->people[person].name, id) == 0)
		text_add_safe(out, id);
	else {
		text_add_safe(out, def->people[person].name);
		text_add(out, " (");
		text_add_safe(out, id);
		text_add(out, ")");
	}
}

/* ---- tables ---- */

static void add_cell(struct table *table, enum tone tone, char *words)
{
	MEM_RESERVE(table->cells, table->count, table->cap);
	table->cells[table->count++] = (struct table_cell){.text = words, .tone = tone};
}

void table_begin(struct table *table, uint32_t columns, const char *const *headings)
{
	*table = (struct table){.columns = columns};
	for (uint32_t i = 0; i < columns; i++)
		table_cell(table, TONE_DIM, headings[i]);
}

void table_cell(struct table *table, enum tone tone, const char *words)
{
	struct text safe = {0};
	text_add_safe(&safe, words);
	add_cell(table, tone, text_take(&safe));
}

void table_cellf(struct table *table, enum tone tone, const char *format, ...)
{
	char *words = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&words, format, args);
	va_end(args);
	table_cell(table, tone, len < 0 ? "" : words);
	if (len >= 0)
		free(words);
}

void table_cell_time(struct table *table, const struct command_context *ctx,
                     const struct site_def *def, wall_ms at)
{
	struct text cell = {0};
	if (at) {
		text_add_local(&cell, def, at);
		text_add(&cell, " (");
		text_add_ago(&cell, ctx->language, at, ctx->now);
		text_add(&cell, ")");
	} else {
		text_add(&cell, "-");
	}
	table_cell(table, TONE_PLAIN, text_get(&cell));
	text_finish(&cell);
}

uint32_t table_rows(const struct table *table)
{
	return table->count / table->columns - 1;
}

void table_write(const struct table *table, const struct command_context *ctx, struct text *out)
{
	size_t *widths = NEW_ARRAY(size_t, table->columns);
	for (uint32_t i = 0; i < table->count; i++) {
		size_t columns = text_columns(table->cells[i].text);
		if (columns > widths[i % table->columns])
			widths[i % table->columns] = columns;
	}
	for (uint32_t i = 0; i < table->count; i++) {
		const struct table_cell *cell = &table->cells[i];
		uint32_t column = i % table->columns;
		text_add_toned(out, ctx, cell->tone, cell->text);
		if (column + 1 == table->columns)
			text_add_char(out, '\n');
		else
			for (size_t at = text_columns(cell->text); at < widths[column] + 2; at++)
				text_add_char(out, ' ');
	}
	free(widths);
}

void table_end(struct table *table, const struct command_context *ctx)
{
	struct text out = {0};
	table_write(table, ctx, &out);
	fputs(text_get(&out), ctx->out);
	text_finish(&out);
	table_finish(table);
}

void table_finish(struct table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){0};
}
