#include <string.h>

#include "review/command/inside.h"

void usage_line(struct text *out, const struct command *command)
{
	text_addf(out, "tocsin %s", command->name);
	if (*command->arguments)
		text_addf(out, " %s", command->arguments);
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if (command->needs & OPTION_BIT(i))
			text_addf(out, " --%s %s", option_facts[i].name, option_facts[i].value);
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if ((command->takes & ~command->needs) & OPTION_BIT(i))
			text_addf(out, " [--%s%s%s]", option_facts[i].name,
			          option_facts[i].value ? " " : "",
			          option_facts[i].value ? option_facts[i].value : "");
}

static void option_line(FILE *out, enum option option)
{
	const struct option_facts *facts = &option_facts[option];
	struct text left = {0};
	text_addf(&left, "--%s%s%s", facts->name, facts->value ? " " : "",
	          facts->value ? facts->value : "");
	fprintf(out, "  %-18s  %s\n", text_get(&left), facts->help);
	text_finish(&left);
}

void help_overview(FILE *out)
{
	fputs("tocsin: sees and handles what the alarm service knows\n\n"
	      "usage: tocsin COMMAND [ARGUMENTS] [OPTIONS]\n\ncommands:\n",
	      out);
	for (uint32_t i = 0; i < command_count; i++)
		fprintf(out, "  %-11s  %s\n", commands[i].name, commands[i].summary);
	fputs("  help         tocsin help COMMAND: what it does, with examples\n\n"
	      "options everywhere, before or behind the command:\n",
	      out);
	option_line(out, OPTION_CONFIG);
	option_line(out, OPTION_JSON);
	option_line(out, OPTION_HELP);
	option_line(out, OPTION_VERSION);
	fputs("\nthe usual way through an alarm:\n"
	      "  tocsin incidents --state open\n"
	      "  tocsin show 1\n"
	      "  tocsin ack 1 --by li\n"
	      "  tocsin resolve 1 --by li --outcome false_alarm --note \"steam from a kettle\"\n\n"
	      "ends with 0 when done, 1 when it failed, 2 when asked wrongly, 78 when the\n"
	      "configuration is bad (what needs no site file goes on while one is wrong);\n"
	      "it speaks Chinese where LANG begins with zh\n",
	      out);
}

/* The examples are lines; each gets the program's name in front. */
static void example_lines(FILE *out, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		fprintf(out, "  tocsin %.*s\n", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

void help_command(FILE *out, const struct command *command)
{
	struct text usage = {0};
	usage_line(&usage, command);
	fprintf(out, "tocsin %s: %s\n\nusage: %s\n\n%s\n\noptions:\n", command->name,
	        command->summary, text_get(&usage), command->details);
	text_finish(&usage);
	for (uint32_t i = 0; i < OPTION_COUNT; i++)
		if (command->takes & OPTION_BIT(i))
			option_line(out, (enum option)i);
	option_line(out, OPTION_CONFIG);
	fputs("\nexamples:\n", out);
	example_lines(out, command->examples);
}
