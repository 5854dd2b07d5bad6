/* floors: config */
/* A file of the configuration that anybody may have written: its name on the first line (of those
 * of tests/config/good/full, or mine.yaml, a profile that is heard), then its bytes. Refused with
 * places, or taken whole; no secret of the other files is ever told. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/yaml.h"
#include "fuzz.h"

static const char *const names[] = {"tocsin.yaml",    "sites/school.yaml", "sites/plant.yaml",
                                    "sites/duty.csv", "sites/duty.ics",    "mine.yaml"};
static char folder[] = "/tmp/tocsin-fuzz-XXXXXX";
static bool prepared;

static void leave(void)
{
	char command[96];
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	HOLDS(system(command) == 0);
}

/* The good files with a profile of their own, and a calendar's roster beside that of a table. */
static void prepare(void)
{
	char command[1024];
	HOLDS(mkdtemp(folder));
	prepared = true;
	atexit(leave);
	snprintf(command, sizeof command,
	         "cp -r tests/config/good/full '%s/good' && cd '%s' && "
	         "echo 'profiles: [mine.yaml]\nlisten: [mine]' >>good/tocsin.yaml && "
	         "echo 'profile: mine\ninclude: [common]\nsets: {s: [{key: smoke, kind: smoke, "
	         "values: flag}]}\n"
	         "topics: [{topic: \"mine/{device}\", payload: object, read: [s]}]' "
	         ">good/mine.yaml && "
	         "cp -r good now && "
	         "sed 's/import: duty.csv/import: duty.ics/' good/sites/school.yaml >ics.yaml",
	         folder, folder);
	HOLDS(system(command) == 0);
	/* Else nothing of a profile would be tried. */
	struct service_config *config = NULL;
	struct text report = {0};
	snprintf(command, sizeof command, "%s/now/tocsin.yaml", folder);
	HOLDS(config_load(command, CONFIG_CHECK, &config, &report) == 0);
	HOLDS(profiles_find(&config->profiles, "mine") != POSITION_NONE);
	config_destroy(config);
	text_finish(&report);
}

static void copy(const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX], bytes[65536];
	snprintf(a, sizeof a, "%s/%s", folder, from);
	snprintf(b, sizeof b, "%s/now/%s", folder, to);
	FILE *in = fopen(a, "rb"), *out = fopen(b, "wb");
	HOLDS(in && out);
	size_t n = fread(bytes, 1, sizeof bytes, in);
	HOLDS(fwrite(bytes, 1, n, out) == n);
	fclose(in);
	fclose(out);
}

static void put(const char *name, const uint8_t *bytes, size_t len)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/now/%s", folder, name);
	FILE *out = fopen(path, "wb");
	HOLDS(out && fwrite(bytes, 1, len, out) == len);
	fclose(out);
}

/* Whether the file says it in one place, and there as a token. What anybody wrote somewhere else is
 * no secret any more. */
static bool is_secret_in(const char *file, const char *secret)
{
	const char *at = strstr(file, secret);
	if (!at || strstr(at + 1, secret))
		return false;
	at -= at > file && at[-1] == '"';
	return at - file >= 7 && strncmp(at - 7, "token: ", 7) == 0;
}

/* file: tocsin.yaml where that is the one that was tried; else the good one is in force, and
 * whoever tried another has not said a secret of it. */
static void look_at_report(const char *report, const char *file, bool is_service)
{
	static const char *const secrets[] = {"123:AAEabcdefghijklmnopqrstuvwxyz0123456",
	                                      "a-token-for-the-screen"};
	HOLDS(text_is_utf8(report, strlen(report)));
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (is_service ? is_secret_in(file, secrets[i]) : !strstr(file, secrets[i]))
			HOLDS(!strstr(report, secrets[i]));
	for (const char *line = report; *line; line = strchr(line, '\n') + 1)
		HOLDS(strncmp(line, folder, strlen(folder)) == 0 && strchr(line, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *line = len ? memchr(bytes, '\n', len) : NULL;
	if (!prepared)
		prepare();
	if (!line)
		return 0;
	size_t at = 0, name_len = (size_t)(line - bytes), count = sizeof names / sizeof *names;
	while (at < count &&
	       (strlen(names[at]) != name_len || memcmp(names[at], bytes, name_len) != 0))
		at++;
	if (at == count)
		at = bytes[0] % count;
	struct tree tree = {0};
	struct yaml_error error = {0};
	size_t rest = len - name_len - 1;
	int r = tree_parse((const char *)line + 1, rest, &tree, &error);
	HOLDS(r == 0 || (r == -EINVAL && error.line && error.problem.text[0]));
	tree_finish(&tree);

	char path[PATH_MAX];
	struct service_config *config = NULL;
	struct text report = {0};
	bool calendar = strcmp(names[at], "sites/duty.ics") == 0;
	if (calendar)
		copy("ics.yaml", "sites/school.yaml");
	put(names[at], line + 1, rest);
	snprintf(path, sizeof path, "%s/now/tocsin.yaml", folder);
	r = config_load(path, CONFIG_CHECK, &config, &report);
	HOLDS(r == 0 ? config != NULL : config == NULL && report.len);
	struct text file = {0};
	text_add_len(&file, (const char *)line + 1, rest);
	look_at_report(text_get(&report), text_get(&file), at == 0);
	text_finish(&file);
	config_destroy(config);
	text_finish(&report);
	char good[PATH_MAX];
	snprintf(good, sizeof good, "good/%s", names[at]);
	if (calendar)
		copy("good/sites/school.yaml", "sites/school.yaml");
	else
		copy(good, names[at]);
	return 0;
}
