/* A roster as a table: a head that names the columns, a line for each shift. */
#include <stdlib.h>
#include <string.h>

#include "config/guess.h"
#include "config/roster.h"

#define COLUMNS_MAX 32
#define FIELD_MAX 500

enum column { COLUMN_FROM, COLUMN_TO, COLUMN_PEOPLE, COLUMN_COUNT };
static const char *const headings[COLUMN_COUNT][5] = {
        [COLUMN_FROM] = {"from", "start", "begin", "开始"},
        [COLUMN_TO] = {"to", "end", "until", "结束"},
        [COLUMN_PEOPLE] = {"people", "person", "who", "人员"},
};

struct csv {
	const char *at;
	uint32_t line; /* of the row that was read last */
	uint32_t next_line;
	char separator;
	struct text fields[COLUMNS_MAX + 1]; /* the last holds what is too much */
	uint32_t count;
	bool bad; /* too many or too long fields, or a quote without its end */
};

static void field_read(struct csv *csv, struct text *field)
{
	bool quoted = *csv->at == '"';
	csv->at += quoted;
	for (; *csv->at; csv->at++) {
		if (quoted && csv->at[0] == '"' && csv->at[1] == '"')
			csv->at++;
		else if (quoted ? *csv->at == '"'
		                : strchr("\r\n", *csv->at) || *csv->at == csv->separator)
			break;
		csv->next_line += *csv->at == '\n';
		if (field->len < FIELD_MAX)
			text_add_char(field, *csv->at);
		else
			csv->bad = true;
	}
	csv->bad |= quoted && *csv->at != '"';
	csv->at += quoted && *csv->at == '"';
}

/* False at the end. */
static bool row_read(struct csv *csv)
{
	if (!*csv->at)
		return false;
	csv->line = csv->next_line;
	csv->count = 0;
	csv->bad = false;
	for (;;) {
		struct text *field = &csv->fields[csv->count];
		text_reset(field);
		field_read(csv, field);
		csv->bad |= csv->count == COLUMNS_MAX;
		csv->count += csv->count < COLUMNS_MAX;
		if (!*csv->at || *csv->at != csv->separator)
			break;
		csv->at++;
	}
	csv->bad |= *csv->at && !strchr("\r\n", *csv->at);
	csv->at += strcspn(csv->at, "\n");
	csv->next_line += *csv->at == '\n';
	csv->at += *csv->at == '\n';
	return true;
}

/* The place of each column in a row; false, reported, if one is missing. */
static bool head_read(struct roster *r, struct csv *csv, uint32_t place[COLUMN_COUNT])
{
	for (int k = 0; k < COLUMN_COUNT; k++) {
		place[k] = COLUMNS_MAX;
		for (uint32_t i = 0; i < csv->count; i++)
			for (int w = 0; headings[k][w]; w++)
				if (strcasecmp(text_get(&csv->fields[i]), headings[k][w]) == 0)
					place[k] = i;
		if (place[k] == COLUMNS_MAX) {
			roster_problem(r, csv->line,
			               "no column '%s'; the first line names the columns: "
			               "from,to,people",
			               headings[k][0]);
			return false;
		}
	}
	return true;
}

static bool time_read(struct roster *r, const struct csv *csv, uint32_t place, bool end,
                      wall_ms *out)
{
	const struct timezone_table *zone = &r->site->def->timezone;
	const char *text = place < csv->count ? text_get(&csv->fields[place]) : "";
	struct civil local;
	if (time_parse(text, out) == 0)
		return true;
	if (civil_parse(text, &local) < 0) {
		struct text shown = {0};
		guess_quote(&shown, text, 60);
		roster_problem(r, csv->line, "%s is no time; write it like 2026-09-01T08:00",
		               text_get(&shown));
		text_finish(&shown);
		return false;
	}
	if (end && strlen(text) == strlen("2026-09-01"))
		local = civil_from_ms(civil_ms(local) + DAYS(1));
	*out = end ? civil_last(zone, local) : civil_first(zone, local);
	return true;
}

static void shift_read(struct roster *r, const struct csv *csv, const uint32_t *place)
{
	struct stretch shift = {.line = csv->line};
	struct text unknown = {0};
	const char *people = place[COLUMN_PEOPLE] < csv->count
	                             ? text_get(&csv->fields[place[COLUMN_PEOPLE]])
	                             : "";
	if (csv->bad) {
		roster_problem(r, csv->line,
		               "a quote without its end, a field of more than %d bytes or more "
		               "than %d of them",
		               FIELD_MAX, COLUMNS_MAX);
		return;
	}
	bool good = time_read(r, csv, place[COLUMN_FROM], false, &shift.from);
	good &= time_read(r, csv, place[COLUMN_TO], true, &shift.to);
	if (good && shift.to <= shift.from) {
		roster_problem(r, csv->line, "this shift ends before it starts");
		good = false;
	}
	if (!roster_crew(r, people, &shift.crew, &unknown))
		roster_problem(r, csv->line,
		               "no person %s at this site; write ids or names, several with + "
		               "between them",
		               unknown.len ? text_get(&unknown) : "''");
	else if (good)
		(void)roster_add(r, shift);
	text_finish(&unknown);
}

static bool is_blank(const struct csv *csv)
{
	for (uint32_t i = 0; i < csv->count; i++)
		if (csv->fields[i].len)
			return false;
	return true;
}

void roster_read_csv(struct roster *r, const char *bytes)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* that some programs put first */
	struct csv csv = {.at = bytes, .next_line = 1};
	uint32_t place[COLUMN_COUNT];
	if (strncmp(csv.at, mark, 3) == 0)
		csv.at += 3;
	csv.separator = csv.at[strcspn(csv.at, ",;\t\n")];
	if (csv.separator != ';' && csv.separator != '\t')
		csv.separator = ',';
	if (row_read(&csv) && head_read(r, &csv, place))
		while (!r->full && row_read(&csv))
			if (!is_blank(&csv))
				shift_read(r, &csv, place);
	for (uint32_t i = 0; i <= COLUMNS_MAX; i++)
		text_finish(&csv.fields[i]);
}
