/* Makes the hash of a password for http.users. */
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/password.h"
#include "review/command/inside.h"
#include "review/command/speak.h"

/* What is typed at a terminal is not shown. */
static char *read_line(const struct command_context *ctx, bool *bad)
{
	struct termios as_it_was, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &as_it_was) == 0;
	if (terminal) {
		fputs(say(ctx, "Password: ", "密码："), ctx->err);
		fflush(ctx->err);
		quiet = as_it_was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	char *line = NULL;
	size_t cap = 0;
	ssize_t len = getline(&line, &cap, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_it_was);
		fputc('\n', ctx->err);
	}
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		line[--len] = '\0';
	*bad = len < PASSWORD_MIN || len > PASSWORD_MAX || strlen(line) != (size_t)len ||
	       !text_is_utf8(line, (size_t)len);
	return line;
}

int run_password(const struct command_context *ctx, const struct invocation *line)
{
	struct text out = {0};
	bool bad;
	char *password = read_line(ctx, &bad);
	(void)line;
	if (!bad)
		password_hash(&out, password);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	if (bad)
		return complain(ctx, EXIT_FAILED,
		                "a password is one line of %d to %d bytes of text", PASSWORD_MIN,
		                PASSWORD_MAX);
	print_json(ctx, &out);
	return EXIT_DONE;
}
