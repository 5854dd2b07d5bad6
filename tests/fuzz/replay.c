/* The cases of a fuzz target without the fuzzer: replay FILE|FOLDER... */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

#define CASE_MAX (1024 * 1024)

static unsigned int replayed;

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(CASE_MAX);
	if (!file || !bytes) {
		perror(path);
		exit(1);
	}
	size_t len = fread(bytes, 1, CASE_MAX, file);
	fclose(file);
	/* A copy of just that size, so that a sanitizer sees a read behind its end. */
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, bytes, len);
	free(bytes);
	fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	replayed++;
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct dirent **names;
		int count = scandir(argv[i], &names, is_case, alphasort);
		if (count < 0) {
			replay(argv[i]);
			continue;
		}
		for (int k = 0; k < count; k++) {
			char path[4096];
			snprintf(path, sizeof path, "%s/%s", argv[i], names[k]->d_name);
			replay(path);
			free(names[k]);
		}
		free(names);
	}
	printf("%u cases\n", replayed);
	return replayed ? 0 : 1;
}
