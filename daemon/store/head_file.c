#include "store/head_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define SLOT 512 /* a sector: written whole or not at all by most disks */
#define FILE_MAX (16 << 20)
#define SPACE '+' /* in a site's id, which has no plus */

static void path_of(struct text *out, const char *store_path, const char *ending)
{
	text_addf(out, "%s.head%s", store_path, ending);
}

/* ---- lines ---- */

static void swap(char *at, char from, char to)
{
	while ((at = strchr(at, from)))
		*at = to;
}

static void add_head(struct text *out, const char *site)
{
	size_t start = out->len + strlen("head ");
	text_addf(out, "head %s", site);
	swap(out->at + start, ' ', SPACE);
	text_add_char(out, ' ');
}

static bool read_line(const char *line, struct head_line *out)
{
	char word[8], site[ID_MAX + 1];
	int len = 0;
	if (sscanf(line, "head %64s %n", site, &len) == 1 && len) {
		if (!seal_read_line(line + len, &out->seal))
			return false;
		swap(site, SPACE, ' ');
		out->site = mem_copy(site);
		return true;
	}
	size_t digits = strspn(line, "0123456789");
	if (!digits || digits >= sizeof word || line[digits] != ' ')
		return false;
	snprintf(word, sizeof word, "%.*s", (int)digits, line);
	return text_parse_int(word, &out->number) == 0 &&
	       seal_read_line(line + digits + 1, &out->seal) && out->seal.seq;
}

static void read_lines(const char *bytes, struct head_lines *out)
{
	for (const char *line = bytes; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct head_line found = {0};
		if (!read_line(line, &found))
			continue;
		MEM_RESERVE(out->items, out->count, out->cap);
		out->items[out->count++] = found;
	}
}

int head_file_read(const char *store_path, struct head_lines *out)
{
	struct text path = {0};
	char *bytes = NULL;
	size_t len;
	int r;
	path_of(&path, store_path, "");
	do /* it grows while a site is written for the first time */
		r = file_read(text_get(&path), FILE_MAX, &bytes, &len, NULL);
	while (r == -EBUSY);
	if (r == 0) {
		for (size_t i = 0; i < len; i++)
			bytes[i] = bytes[i] ? bytes[i] : '\n'; /* a slot that was never written */
		read_lines(bytes, out);
	}
	free(bytes);
	text_finish(&path);
	return r;
}

void head_lines_finish(struct head_lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		free(lines->items[i].site);
	free(lines->items);
	*lines = (struct head_lines){0};
}

static void fill_slot(struct text *out, size_t start)
{
	size_t room = SLOT - (out->len - start);
	assert(out->len - start < SLOT);
	memset(text_add_room(out, room), ' ', room - 1);
	out->at[out->len - 1] = '\n';
}

static void write_line(struct text *out, const struct head_line *line)
{
	size_t start = out->len;
	if (line->site)
		add_head(out, line->site);
	else
		text_addf(out, "%lld ", (long long)line->number);
	seal_write_line(out, &line->seal);
	fill_slot(out, start);
}

/* ---- the file ---- */

struct place { /* of a site's two slots */
	char *site;
	uint64_t seq[2]; /* that each of them says */
	uint32_t turn;
	bool is_ours; /* written since it was opened */
};

struct head_file {
	int fd;
	struct head_lines found;
	struct place *places;
	uint32_t place_count, place_cap;
	struct text slot;
};

/* Whole under another name first, so that there is never half of it. */
static int write_whole(const char *store_path, const struct text *bytes)
{
	struct text path = {0}, temporary = {0};
	path_of(&path, store_path, "");
	path_of(&temporary, store_path, ".new");
	unlink(text_get(&temporary));
	int r = file_create_private(text_get(&temporary), bytes->at, bytes->len);
	if (r == 0 && rename(text_get(&temporary), text_get(&path)) < 0) {
		r = -errno;
		unlink(text_get(&temporary));
	}
	text_finish(&path);
	text_finish(&temporary);
	return r;
}

int head_file_begin(const char *store_path, const struct signer *signer)
{
	struct head_lines lines = {0};
	struct text bytes = {0};
	int r = head_file_read(store_path, &lines);
	bool any = false;
	for (uint32_t i = 0; r == 0 && i < lines.count; i++)
		any |= lines.items[i].seal.seq > 0;
	head_lines_finish(&lines);
	if (any || (r < 0 && r != -ENOENT))
		return any ? 0 : r;
	struct head_line first = {.site = HEAD_OF_ALL};
	seal_make(signer, first.site, (struct ledger_head){0}, 0, (uint8_t[SHA256_LEN]){0},
	          &first.seal);
	write_line(&bytes, &first);
	r = write_whole(store_path, &bytes);
	text_finish(&bytes);
	return r;
}

static struct place *place_of(const struct head_file *file, const char *site)
{
	for (uint32_t i = 0; i < file->place_count; i++)
		if (file->places[i].site && strcmp(file->places[i].site, site) == 0)
			return &file->places[i];
	return NULL;
}

static bool is_better(const struct head_line *line, const struct head_line *than)
{
	return !than || line->seal.seq > than->seal.seq ||
	       (line->seal.seq == than->seal.seq && line->seal.time > than->seal.time);
}

/* Of each site the line that says most, and the room for another behind it. */
static void take_over(struct head_file *file, struct text *bytes)
{
	const struct head_lines *found = &file->found;
	for (uint32_t i = 0; i < found->count; i++) {
		const struct head_line *line = &found->items[i], *best = NULL;
		if (line->site && place_of(file, line->site))
			continue;
		for (uint32_t k = i; line->site && k < found->count; k++)
			if (found->items[k].site && strcmp(found->items[k].site, line->site) == 0 &&
			    seal_holds(&found->items[k].seal, line->site) &&
			    is_better(&found->items[k], best))
				best = &found->items[k];
		if (line->site && !best)
			continue;
		MEM_RESERVE(file->places, file->place_count, file->place_cap);
		file->places[file->place_count++] = (struct place){
		        .site = mem_copy(line->site),
		        .seq = {best ? best->seal.seq : line->seal.seq},
		        .turn = 1};
		write_line(bytes, best ? best : line);
		for (int blank = 0; blank < SLOT; blank++)
			text_add_char(bytes, '\n');
	}
}

int head_file_open(const char *store_path, struct head_file **out)
{
	struct head_file *file = NEW(struct head_file);
	struct text path = {0}, bytes = {0};
	path_of(&path, store_path, "");
	int r = head_file_read(store_path, &file->found);
	if (r == 0 || r == -ENOENT) {
		take_over(file, &bytes);
		r = write_whole(store_path, &bytes);
	}
	file->fd = r == 0 ? open(text_get(&path), O_WRONLY | O_CLOEXEC) : -1;
	if (r == 0 && file->fd < 0)
		r = -errno;
	text_finish(&path);
	text_finish(&bytes);
	if (r < 0)
		head_file_close(file);
	else
		*out = file;
	return r;
}

void head_file_close(struct head_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	for (uint32_t i = 0; i < file->place_count; i++)
		free(file->places[i].site);
	free(file->places);
	head_lines_finish(&file->found);
	text_finish(&file->slot);
	free(file);
}

const struct head_lines *head_file_found(const struct head_file *file)
{
	return &file->found;
}

bool head_file_has_put(const struct head_file *file, const char *site)
{
	const struct place *place = place_of(file, site);
	return place && place->is_ours;
}

static void write_slot(struct head_file *file, struct place *place, uint64_t seq)
{
	off_t at = ((off_t)(place - file->places) * 2 + place->turn) * SLOT;
	if (pwrite(file->fd, text_get(&file->slot), SLOT, at) == SLOT)
		place->seq[place->turn] = seq;
	place->turn ^= 1;
}

void head_file_put(struct head_file *file, const char *site, uint64_t seq, const char *seal)
{
	struct place *place = place_of(file, site);
	if (!place) {
		MEM_RESERVE(file->places, file->place_count, file->place_cap);
		place = &file->places[file->place_count++];
		*place = (struct place){.site = mem_copy(site)};
	}
	place->is_ours = true;
	text_reset(&file->slot);
	add_head(&file->slot, site);
	text_add(&file->slot, seal);
	fill_slot(&file->slot, 0);
	write_slot(file, place, seq);
	if (place->seq[place->turn] > seq)
		write_slot(file, place, seq);
}
