/* How the line of `tocsin` is read, and what is said where it cannot be. */
#include <string.h>

#include "review/command/command.h"
#include "review/command/inside.h"

/* Taken by every command. */
#define ALWAYS (OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION))

/* ---- hints ---- */

/* How many slips lie between two words: a letter wrong, missing, too many, or two swapped. Words
 * longer than the room are far from everything. */
static uint32_t word_distance(const char *a, const char *b)
{
	enum { ROOM = 24 };
	uint32_t d[ROOM + 1][ROOM + 1] = {0};
	size_t rows = strlen(a), columns = strlen(b);
	if (rows > ROOM || columns > ROOM)
		return ROOM;
	for (uint32_t i = 0; i <= rows; i++)
		for (uint32_t j = 0; j <= columns; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			uint32_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
			best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
			bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			               a[i - 2] == b[j - 1];
			if (swapped && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[rows][columns];
}

/* Close enough to be a slip of the finger. */
static bool is_slip(const char *typed, const char *meant)
{
	return word_distance(typed, meant) <= (strlen(meant) > 4 ? 2 : 1);
}

static const char *nearest_command(const char *typed)
{
	for (uint32_t i = 0; i < command_count; i++)
		if (is_slip(typed, commands[i].name))
			return commands[i].name;
	return NULL;
}

static const char *nearest_option(const char *typed)
{
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if (is_slip(typed, option_facts[i].name))
			return option_facts[i].name;
	return NULL;
}

/* ---- reading the line ---- */

static enum option option_find(const char *name, size_t len)
{
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(option_facts[i].name) == len &&
		    memcmp(option_facts[i].name, name, len) == 0)
			return (enum option)i;
	return OPTION_COUNT;
}

static bool is_option(const char *word)
{
	return strncmp(word, "--", 2) == 0 &&
	       (!word[2] || option_find(word + 2, strcspn(word + 2, "=")) != OPTION_COUNT);
}

/* Reads the option at argv[*i], and its value behind it. */
static int read_option(int argc, char *const *argv, int *i, struct invocation *line, FILE *err)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	enum option option = strcmp(argv[*i], "-h") == 0       ? OPTION_HELP
	                     : strncmp(argv[*i], "--", 2) == 0 ? option_find(name, len)
	                                                       : OPTION_COUNT;
	if (option == OPTION_COUNT) {
		const char *near = strlen(argv[*i]) > 2 ? nearest_option(name) : NULL;
		fprintf(err, "tocsin: unknown option '%s'", argv[*i]);
		fprintf(err, near ? "; did you mean --%s?\n" : "; tocsin --help lists them%s\n",
		        near ? near : "");
		return EXIT_USAGE;
	}
	const struct option_facts *facts = &option_facts[option];
	if (!facts->value && equals) {
		fprintf(err, "tocsin: --%s takes no value\n", facts->name);
		return EXIT_USAGE;
	}
	const char *value = equals ? equals + 1 : "";
	if (facts->value && !equals) {
		/* An option in its place is a value forgotten; --note=--by says it is meant. */
		if (*i + 1 >= argc || is_option(argv[*i + 1])) {
			fprintf(err, "tocsin: --%s needs a value: --%s %s\n", facts->name,
			        facts->name, facts->value);
			return EXIT_USAGE;
		}
		value = argv[++*i];
	}
	if (facts->value && !*value && option != OPTION_NOTE) {
		fprintf(err, "tocsin: --%s is empty; it names a %s\n", facts->name, facts->value);
		return EXIT_USAGE;
	}
	if (option == OPTION_CONFIG && line->options[option] && !line->first_config)
		line->first_config = line->options[option];
	line->options[option] = value;
	return 0;
}

/* Splits argv into options, the command's name and its arguments; the names are checked later. */
static int read_words(int argc, char *const *argv, struct invocation *line, const char **name,
                      FILE *err)
{
	bool only_arguments = false;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (!text_is_utf8(word, strlen(word))) {
			fprintf(err, "tocsin: argument %d is not valid UTF-8\n", i);
			return EXIT_USAGE;
		}
		if (!only_arguments && strcmp(word, "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments && word[0] == '-' && word[1]) {
			int r = read_option(argc, argv, &i, line, err);
			if (r)
				return r;
		} else if (!*name) {
			*name = word;
		} else if (line->argument_count == COMMAND_ARGUMENTS_MAX) {
			fprintf(err, "tocsin: too many arguments from '%s' on\n", word);
			return EXIT_USAGE;
		} else {
			line->arguments[line->argument_count++] = word;
		}
	}
	return 0;
}

static int usage_failure(const struct command *command, FILE *err)
{
	struct text usage = {0};
	usage_line(&usage, command);
	fprintf(err, "usage: %s\n       tocsin %s --help says more\n", text_get(&usage),
	        command->name);
	text_finish(&usage);
	return EXIT_USAGE;
}

/* Does the command take what was given, and is what it needs there? */
static int check_line(const struct invocation *line, FILE *err)
{
	const struct command *command = line->command;
	uint64_t needs = command->needs;
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if (line->options[i] && command->unless & OPTION_BIT(i))
			needs = 0;
	for (uint32_t i = 0; i < OPTION_COUNT; i++) {
		bool given = line->options[i] != NULL;
		if (given && !((command->takes | ALWAYS) & OPTION_BIT(i))) {
			fprintf(err, "tocsin: '%s' takes no --%s\n", command->name,
			        option_facts[i].name);
			return usage_failure(command, err);
		}
		if (!given && (needs & OPTION_BIT(i))) {
			fprintf(err, "tocsin: '%s' needs --%s %s: %s\n", command->name,
			        option_facts[i].name, option_facts[i].value, option_facts[i].help);
			return usage_failure(command, err);
		}
	}
	if (line->argument_count < command->arguments_min) {
		fprintf(err, "tocsin: '%s' needs %s\n", command->name, command->arguments);
		return usage_failure(command, err);
	}
	if (line->argument_count > command->arguments_max) {
		fprintf(err, "tocsin: '%s' does not take '%s'\n", command->name,
		        line->arguments[command->arguments_max]);
		return usage_failure(command, err);
	}
	return 0;
}

static int unknown_command(const char *name, FILE *err)
{
	const char *near = nearest_command(name);
	fprintf(err, "tocsin: unknown command '%s'", name);
	fprintf(err, near ? "; did you mean '%s'?\n" : "; tocsin --help lists them%s\n",
	        near ? near : "");
	return EXIT_USAGE;
}

bool command_stands_alone(const struct invocation *line)
{
	const struct command *command = line->command;
	bool file = line->argument_count || line->options[OPTION_FILE];
	bool reads_a_file = line->options[OPTION_STORE] || (command->alone_with_file && file);
	return command->alone || (reads_a_file && !line->options[OPTION_CONFIG]);
}

bool command_parse(int argc, char *const *argv, struct invocation *line, FILE *out, FILE *err,
                   int *code)
{
	const char *name = NULL;
	*line = (struct invocation){0};
	*code = read_words(argc, argv, line, &name, err);
	if (*code)
		return false;
	if (line->options[OPTION_VERSION]) {
		fprintf(out, "tocsin %s\n", TOCSIN_VERSION);
		return false;
	}
	bool asks_help = line->options[OPTION_HELP] != NULL;
	if (name && strcmp(name, "help") == 0) {
		asks_help = true;
		name = line->argument_count ? line->arguments[0] : NULL;
	}
	if (!name) {
		help_overview(asks_help ? out : err);
		*code = asks_help ? EXIT_DONE : EXIT_USAGE;
		return false;
	}
	line->command = command_find(name);
	if (!line->command) {
		*code = unknown_command(name, err);
		return false;
	}
	if (asks_help) {
		help_command(out, line->command);
		return false;
	}
	*code = check_line(line, err);
	return *code == 0;
}
