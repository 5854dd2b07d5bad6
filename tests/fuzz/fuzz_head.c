/* floors: store */
/* The file beside the store that says how it was left: whoever can write the folder can write it.
 * Its lines are read or passed over; what is taken over from it is what holds, of each site the
 * line that says most; and what is put into it afterwards is found again. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "store/head_file.h"

static char folder[] = "/tmp/tocsin-fuzz-XXXXXX";
static char beside[64], path[72];

static void leave(void)
{
	char command[96];
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	HOLDS(system(command) == 0);
}

static void prepare(void)
{
	HOLDS(mkdtemp(folder));
	snprintf(beside, sizeof beside, "%s/a.db", folder);
	snprintf(path, sizeof path, "%s.head", beside);
	atexit(leave);
}

static void look_at(const struct head_lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++) {
		const struct head_line *line = &lines->items[i];
		HOLDS(!line->site || (*line->site && strlen(line->site) <= ID_MAX));
		HOLDS(line->site || (line->number >= 0 && line->seal.seq > 0));
		HOLDS(line->seal.seq <= INT64_MAX);
	}
}

static uint64_t best_of(const struct head_lines *lines, const char *site)
{
	uint64_t best = 0;
	for (uint32_t i = 0; i < lines->count; i++)
		if (lines->items[i].site && strcmp(lines->items[i].site, site) == 0 &&
		    seal_holds(&lines->items[i].seal, site) && lines->items[i].seal.seq > best)
			best = lines->items[i].seal.seq;
	return best;
}

/* Nothing that holds is lost by taking it over, and nothing else is kept as a site's. */
static void look_at_taken(const struct head_lines *found)
{
	struct head_lines taken = {0};
	HOLDS(head_file_read(beside, &taken) == 0);
	look_at(&taken);
	for (uint32_t i = 0; i < taken.count; i++)
		HOLDS(!taken.items[i].site ||
		      seal_holds(&taken.items[i].seal, taken.items[i].site));
	for (uint32_t i = 0; i < found->count; i++)
		if (found->items[i].site)
			HOLDS(best_of(found, found->items[i].site) ==
			      best_of(&taken, found->items[i].site));
	head_lines_finish(&taken);
}

static void go_on(struct head_file *file, const char *site)
{
	struct signer signer = {.seed = {3}};
	struct head_lines now = {0};
	struct seal seal;
	struct text line = {0};
	ed25519_public(signer.seed, signer.key);
	for (uint64_t seq = 7; seq < 10; seq++) {
		seal_make(&signer, site, (struct ledger_head){.seq = seq}, 1, (uint8_t[32]){1},
		          &seal);
		text_reset(&line);
		seal_write_line(&line, &seal);
		head_file_put(file, site, seq, text_get(&line));
	}
	HOLDS(head_file_has_put(file, site));
	HOLDS(head_file_read(beside, &now) == 0);
	HOLDS(best_of(&now, site) == 9);
	head_lines_finish(&now);
	text_finish(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct head_lines lines = {0};
	struct head_file *file = NULL;
	if (!*path)
		prepare();
	unlink(path);
	HOLDS(file_create_private(path, (const char *)bytes, len) == 0);
	HOLDS(head_file_read(beside, &lines) == 0);
	look_at(&lines);
	head_lines_finish(&lines);
	HOLDS(head_file_open(beside, &file) == 0);
	look_at_taken(head_file_found(file));
	go_on(file, "binjiang");
	go_on(file, "滨江 two");
	head_file_close(file);
	return 0;
}
