/* Importing: the file, its names, what it amounts to. */
#include "config/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "config/guess.h"
#include "config/secret.h"

void roster_problem(struct roster *r, uint32_t line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_addv(r->c->report, (struct place){.file = r->file, .line = line, .column = 1}, false,
	            format, args);
	va_end(args);
}

bool roster_add(struct roster *r, struct stretch shift)
{
	if (r->full)
		return false;
	if (r->count == ROSTER_SHIFTS_MAX) {
		r->full = true;
		roster_problem(r, shift.line,
		               "more than %d shifts come together here; give repeating ones an end",
		               ROSTER_SHIFTS_MAX);
		return false;
	}
	MEM_RESERVE(r->shifts, r->count, r->cap);
	r->shifts[r->count++] = shift;
	return true;
}

/* ---- people ---- */

static uint32_t person_find(const struct site_reading *site, const char *word)
{
	uint32_t found = ids_find(&site->people, word);
	if (found != INDEX_NONE)
		return found;
	for (uint32_t i = 0; i < site->def->person_count; i++) {
		const char *name = site->def->people[i].name;
		if (!name || strcmp(name, word) != 0)
			continue;
		if (found != INDEX_NONE)
			return INDEX_NONE; /* two of that name */
		found = i;
	}
	return found;
}

static char *trimmed(char *word)
{
	while (*word == ' ' || *word == '\t')
		word++;
	size_t len = strlen(word);
	while (len && (word[len - 1] == ' ' || word[len - 1] == '\t'))
		word[--len] = '\0';
	return word;
}

/* Ends the word at the first separator; returns what follows, or NULL. */
static char *cut(char *word)
{
	char *at = word + strcspn(word, "+/&"), *comma = strstr(word, "、");
	if (comma && comma < at) {
		*comma = '\0';
		return comma + strlen("、");
	}
	if (!*at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static bool add_member(struct roster *r, char *word, struct crew *out, struct text *unknown)
{
	word = trimmed(word);
	uint32_t person = person_find(r->site, word);
	if (person == INDEX_NONE || out->count == CREW_MAX) {
		text_reset(unknown);
		guess_quote(unknown, word, 60);
		return false;
	}
	out->people[out->count++] = person;
	return true;
}

bool roster_crew(struct roster *r, const char *text, struct crew *out, struct text *unknown)
{
	char *copy = mem_copy(text), *whole = trimmed(copy);
	*out = (struct crew){.people = ARENA_ARRAY(r->c->arena, uint32_t, CREW_MAX)};
	bool good = true;
	if (person_find(r->site, whole) != INDEX_NONE)
		good = add_member(r, whole, out, unknown);
	else
		for (char *word = whole, *next; good && word; word = next) {
			next = cut(word);
			good = add_member(r, word, out, unknown);
		}
	free(copy);
	return good && out->count;
}

/* ---- the file ---- */

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), tail = strlen(end);
	return len > tail && strcasecmp(path + len - tail, end) == 0;
}

/* The version of a definition is that of all its files. */
static void remember_version(struct site_reading *site, const char *bytes, size_t len)
{
	uint8_t digest[SHA256_LEN];
	struct sha256 *hash = sha256_create();
	sha256_begin(hash);
	sha256_add(hash, bytes, len);
	sha256_end(hash, digest);
	sha256_destroy(hash);
	text_add_hex(&site->imported, digest, sizeof digest);
}

static void file_import(const struct checker *c, const char *path, const char *bytes, size_t len,
                        struct site_reading *site, struct post *post)
{
	struct roster roster = {.c = c, .site = site, .file = report_file(c->report, path)};
	remember_version(site, bytes, len);
	if (!text_is_utf8(bytes, len))
		roster_problem(&roster, 1, "not valid UTF-8; save the file as UTF-8");
	else if (ends_with(path, ".csv"))
		roster_read_csv(&roster, bytes);
	else
		roster_read_ical(&roster, bytes);
	post->imported.items = ARENA_ARRAY(c->arena, struct stretch, roster.count);
	post->imported.count = roster.count;
	if (roster.count)
		memcpy(post->imported.items, roster.shifts, roster.count * sizeof *roster.shifts);
	stretches_arrange(&post->imported);
	free(roster.shifts);
}

void import_read(const struct checker *c, const struct node *node, struct site_reading *site,
                 struct post *post)
{
	const char *path = check_path(c, node, "import");
	char *bytes = NULL;
	size_t len = 0;
	if (!path)
		return;
	if (!ends_with(path, ".csv") && !ends_with(path, ".ics")) {
		check_problem(c, node,
		              "an import is a table of shifts (.csv) or a calendar (.ics)");
		return;
	}
	char room[FILE_ERROR_MAX];
	int r = file_read(path, ROSTER_BYTES_MAX, &bytes, &len, NULL);
	if (r < 0)
		check_problem(c, node,
		              "the import '%s' cannot be read: %s; names are relative to the "
		              "folder of this file",
		              path, file_error(r, ROSTER_BYTES_MAX, room));
	else if (site->def->timezone.count && len)
		file_import(c, path, bytes, len, site, post);
	else if (!len)
		check_problem(c, node, "the import '%s' is empty", path);
	free(bytes);
}
