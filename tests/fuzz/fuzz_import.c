/* floors: store */
/* An exported part of a record from anywhere. Its proof is looked for as it stands; then every line
 * that reads as one is taken into a store although nothing vouches for it, as somebody with a key
 * of his own could make the file: refused or taken, and undone without a trace. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "store/import.h"

static char folder[] = "/tmp/tocsin-fuzz-XXXXXX";
static struct store *store;

static void leave(void)
{
	char command[96];
	store_close(store);
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	HOLDS(system(command) == 0);
}

static void prepare(void)
{
	char path[64];
	struct problem why = {0};
	HOLDS(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/part.db", folder);
	HOLDS(store_open(path, STORE_WRITE, &store, &why) == 0);
	atexit(leave);
}

static void look_for_proof(FILE *file)
{
	struct part part;
	struct problem why = {0};
	int r = part_read(file, NULL, &part, NULL, NULL, &why);
	HOLDS(r <= 0 && (r == 0) == (why.text[0] == '\0'));
	HOLDS(r < 0 || (part.site && part.entries && part.checkpoints && part.keyed));
	part_finish(&part);
}

static bool count_incident(void *ctx, const char *site, const struct incident *incident)
{
	HOLDS(site && *incident->id && incident->kind < INCIDENT_KIND_COUNT);
	++*(int *)ctx;
	return true;
}

static int count_incidents(void)
{
	int count = 0;
	bool more;
	int r = store_incidents(store, &(struct incident_filter){.limit = 1000}, count_incident,
	                        &count, &more);
	HOLDS(r == count);
	return count;
}

static void take_all(FILE *file)
{
	struct import *import = import_open(store, NULL);
	char *bytes = NULL;
	size_t cap = 0;
	ssize_t len;
	int r = 0;
	while (r == 0 && (len = part_next_line(file, &bytes, &cap)) > 0) {
		struct part_line line;
		struct problem why = {0};
		if (part_line_read(bytes, (size_t)len, &line, &why) < 0) {
			HOLDS(why.text[0]);
			continue;
		}
		r = import_line(import, &line, &why);
		HOLDS((r == 0) == (why.text[0] == '\0'));
		part_line_finish(&line);
	}
	free(bytes);
	if (r == 0)
		(void)count_incidents(); /* what was made of it can be read */
	import_close(import);
	HOLDS(count_incidents() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (!store)
		prepare();
	if (len == 0)
		return 0;
	FILE *file = fmemopen((void *)(uintptr_t)bytes, len, "r");
	HOLDS(file);
	look_for_proof(file);
	rewind(file);
	take_all(file);
	fclose(file);
	return 0;
}
