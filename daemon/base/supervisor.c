#include "base/supervisor.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* A path, or with '@' in front a name in the abstract space. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static uint64_t watchdog_of_environment(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t wanted = 0, whose = 0;
	if (!usec || text_parse_int(usec, &wanted) < 0 || wanted <= 0)
		return 0;
	if (pid && (text_parse_int(pid, &whose) < 0 || whose != getpid()))
		return 0; /* meant for another process */
	return (uint64_t)wanted / 1000;
}

void supervisor_open(struct supervisor *s)
{
	const char *path = getenv("NOTIFY_SOCKET");
	*s = (struct supervisor){.socket = path ? connect_to(path) : -1};
	if (s->socket >= 0)
		s->watchdog_ms = watchdog_of_environment();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void supervisor_close(struct supervisor *s)
{
	if (s->socket >= 0)
		close(s->socket);
	*s = (struct supervisor){.socket = -1};
}

void supervisor_tell(const struct supervisor *s, const char *lines)
{
	if (s->socket >= 0)
		(void)!send(s->socket, lines, strlen(lines), MSG_NOSIGNAL);
}

void supervisor_tell_reloading(const struct supervisor *s)
{
	char lines[80];
	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld\n",
	         (long long)(clock_stopwatch_ns() / 1000));
	supervisor_tell(s, lines);
}
