#include "config/report.h"

#include <stdlib.h>
#include <string.h>

uint32_t report_file(struct report *report, const char *path)
{
	MEM_RESERVE(report->files, report->file_count, report->file_cap);
	report->files[report->file_count] = arena_copy(&report->arena, path);
	return report->file_count++;
}

void report_addv(struct report *report, struct place place, bool warning, const char *format,
                 va_list args)
{
	if (!warning)
		report->problems++;
	if (report->count == REPORT_MAX) {
		if (!report->left_out++)
			report->left_out_at = place;
		return;
	}
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	char *text = arena_new(&report->arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	MEM_RESERVE(report->findings, report->count, report->cap);
	report->findings[report->count] = (struct finding){
	        .place = place, .order = report->count, .warning = warning, .text = text};
	report->count++;
}

void report_problem(struct report *report, struct place place, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_addv(report, place, false, format, args);
	va_end(args);
}

static void write_place(const struct report *report, struct place place, struct text *out)
{
	const char *file = report->files[place.file];
	text_add_escaped(out, file, strlen(file));
	text_addf(out, ":%u:%u: ", place.line, place.column);
}

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare(a->place.file, b->place.file);
	if (!order)
		order = compare(a->place.line, b->place.line);
	if (!order)
		order = compare(a->place.column, b->place.column);
	return order ? order : compare(a->order, b->order);
}

void report_write(struct report *report, struct text *out)
{
	if (report->count)
		qsort(report->findings, report->count, sizeof *report->findings, by_place);
	for (uint32_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		write_place(report, finding->place, out);
		text_add(out, finding->warning ? "warning: " : "");
		text_add_escaped(out, finding->text, strlen(finding->text));
		text_add_char(out, '\n');
	}
	if (!report->left_out)
		return;
	write_place(report, report->left_out_at, out);
	text_addf(out, "from here on and elsewhere %u more; mend those above first\n",
	          report->left_out);
}

void report_finish(struct report *report)
{
	free(report->files);
	free(report->findings);
	arena_finish(&report->arena);
	*report = (struct report){0};
}
